#include "actor/response_router.h"

#include "actor/accepted_codecs.h"
#include "core/content_type.h"
#include "core/deadline.h"
#include "core/memory.h"
#include "core/request_error.h"

struct airs_response_router {
    airs_services_t *services;
    airs_correlation_tracker_t *tracker;
};

/* What the end of a request is marked with: the requester's own mark, or else its incarnation, of which the
 * lower bits tell those apart that messages can be under way for at the same time. */
static uint32_t ticket_of(const airs_pending_request_t *request) {
    const airs_request_note_t *note = request->user;
    return note != NULL ? note->ticket : (uint32_t)request->incarnation;
}

bool airs_response_router_is_stale(const airs_actor_t *requester, const airs_component_message_t *message) {
    if (requester->keeper == NULL && !requester->behaviour->uses_engine) {
        return false; /* what nobody restarts may use marks of its own */
    }
    uint32_t now = (uint32_t)requester->incarnation;
    return now - message->ticket > now - requester->tickets_since ||
           (requester->tickets_void != 0 && message->ticket == requester->tickets_void);
}

/* Give the end of a request, which was taken, to its requester. Takes the message. */
static void deliver(airs_response_router_t *router, airs_actor_t *requester, airs_worker_t *worker,
                    uint32_t ticket, airs_component_message_t *message) {
    message->ticket = ticket;
    airs_scheduler_t *scheduler = router->services->scheduler;
    airs_tally_t *tally = NULL;
    airs_actor_before_push(router->services, worker);
    airs_push_t push = airs_mailbox_push(&requester->mailbox, message);
    airs_actor_after_push(router->services, worker, requester, push);
    if (push == AIRS_PUSH_CLOSED) {
        /* It ended after the request was taken, or asked itself: the callback is discarded and counted. */
        airs_component_message_destroy(message);
        tally = airs_scheduler_tally(scheduler, worker);
        airs_tally_add(tally, &tally->dropped, 1);
        airs_pending_list_settle(&requester->requests);
    }
    airs_actor_unref(requester); /* the request's reference */
    airs_scheduler_deactivate(scheduler, worker);
}

static uint64_t now(airs_response_router_t *router, airs_worker_t *worker) {
    return airs_worker_now(worker, router->services->clock);
}

/* "who was asked: what happened"; NULL: no memory. */
static char *explain(airs_response_router_t *router, const airs_pending_request_t *request, airs_str_t text) {
    airs_error_t whole;
    (void)airs_error_set(&whole, AIRS_OK, "%s: %.*s", airs_component_id_text(request->target_id),
                         AIRS_STR_ARG(text));
    size_t size = strlen(whole.text) + 1;
    char *out = airs_alloc(router->services->allocator, size);
    if (out != NULL) {
        memcpy(out, whole.text, size);
    }
    return out;
}

static void deliver_failure(airs_response_router_t *router, airs_pending_request_t *request,
                            airs_worker_t *worker, airs_status_t status, airs_str_t reason) {
    airs_actor_t *requester = request->requester;
    airs_str_t text = reason.size > 0 ? reason : airs_str(airs_status_text(status));
    airs_request_note_t *note = request->user;
    if (note != NULL) {
        note->status = status;
        note->text = explain(router, request, text);
    }
    uint32_t ticket = ticket_of(request);
    deliver(router, requester, worker, ticket,
            airs_request_error_message(request, status, text, now(router, worker)));
}

static void timed_out(void *context, airs_pending_request_t *request) {
    airs_response_router_t *router = context;
    deliver_failure(router, request, airs_scheduler_worker(router->services->scheduler), AIRS_TIMEOUT,
                    airs_str(NULL));
}

airs_status_t airs_response_router_create(airs_services_t *services, airs_response_router_t **out) {
    airs_response_router_t *router = airs_alloc_zeroed(services->allocator, sizeof *router);
    if (router == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    router->services = services;
    airs_correlation_tracker_options_t options = {
        .allocator = services->allocator,
        .pool = services->pool,
        .random = services->random,
        .timers = services->timers,
        .timed_out = timed_out,
        .context = router,
    };
    airs_status_t status = airs_correlation_tracker_create(&options, &router->tracker);
    if (status != AIRS_OK) {
        airs_release(services->allocator, router);
        return status;
    }
    *out = router;
    return AIRS_OK;
}

void airs_response_router_destroy(airs_response_router_t *router) {
    if (router != NULL) {
        airs_correlation_tracker_destroy(router->tracker);
        airs_release(router->services->allocator, router);
    }
}

void airs_response_router_attach(airs_response_router_t *router, airs_actor_t *requester) {
    airs_pending_list_init(&requester->requests, router->tracker);
}

airs_status_t airs_response_router_open(airs_response_router_t *router, const airs_request_parts_t *parts,
                                        airs_correlation_id_t *out) {
    airs_services_t *services = router->services;
    airs_actor_t *requester = parts->requester;
    airs_pending_parts_t pending = {
        .requester = airs_actor_ref(requester),
        .incarnation = requester->incarnation,
        .requester_id = requester->id,
        .target_id = parts->target->id,
        .deadline_ns = airs_deadline_in(services->clock, parts->timeout_ms),
        .user = parts->note,
        .limit = requester->max_requests,
    };
    /* First: its end may come before this returns. */
    airs_tally_activate(airs_scheduler_tally(services->scheduler, parts->worker));
    airs_status_t status =
        airs_correlation_tracker_register(router->tracker, &requester->requests, &pending, out);
    if (status != AIRS_OK) {
        airs_actor_unref(requester);
        airs_scheduler_deactivate(services->scheduler, parts->worker);
    }
    return status;
}

/* A request that its requester took back ends silently. */
static void forget(airs_response_router_t *router, airs_actor_t *requester, airs_worker_t *worker,
                   airs_pending_request_t *request) {
    airs_pending_request_destroy(request);
    airs_pending_list_settle(&requester->requests);
    airs_actor_unref(requester); /* the request's reference; the caller has one too */
    airs_scheduler_deactivate(router->services->scheduler, worker);
}

/* *note (may be NULL): what it was opened with. */
static bool take_back(airs_response_router_t *router, airs_actor_t *requester, airs_worker_t *worker,
                      const airs_correlation_id_t *id, airs_request_end_t end, airs_request_note_t **note) {
    airs_pending_request_t *request =
        airs_correlation_tracker_take_own(router->tracker, &requester->requests, id, end);
    if (request == NULL) {
        return false;
    }
    if (note != NULL) {
        *note = request->user;
    }
    forget(router, requester, worker, request);
    return true;
}

bool airs_response_router_abandon(airs_response_router_t *router, const airs_request_parts_t *parts,
                                  const airs_correlation_id_t *id) {
    if (take_back(router, parts->requester, parts->worker, id, AIRS_REQUEST_UNSENT, NULL)) {
        return true;
    }
    airs_response_router_count_unsent(router, parts->worker);
    return false;
}

void airs_response_router_count_unsent(airs_response_router_t *router, airs_worker_t *worker) {
    airs_tally_t *tally = airs_scheduler_tally(router->services->scheduler, worker);
    airs_tally_add(tally, &tally->dropped, 1);
}

airs_status_t airs_response_router_cancel(airs_response_router_t *router, airs_actor_t *requester,
                                          const airs_correlation_id_t *id) {
    return take_back(router, requester, requester->worker, id, AIRS_REQUEST_CANCELLED, NULL) ? AIRS_OK
                                                                                             : AIRS_NOT_FOUND;
}

airs_request_note_t *airs_response_router_withdraw(airs_response_router_t *router, airs_actor_t *requester,
                                                   airs_worker_t *worker, const airs_correlation_id_t *id) {
    airs_request_note_t *note = NULL;
    (void)take_back(router, requester, worker, id, AIRS_REQUEST_CANCELLED, &note);
    return note;
}

void airs_response_router_settle(airs_actor_t *requester) { airs_pending_list_settle(&requester->requests); }

void airs_response_router_cancel_all(airs_response_router_t *router, airs_actor_t *requester) {
    /* Relaxed: only the owner adds to it. Most actors await nothing, and there is a lock to be spared. */
    while (atomic_load_explicit(&requester->requests.outstanding, memory_order_relaxed) > 0) {
        airs_pending_request_t *request =
            airs_correlation_tracker_take_next(router->tracker, &requester->requests, AIRS_REQUEST_ORPHANED);
        if (request == NULL) {
            return;
        }
        forget(router, requester, requester->worker, request);
    }
}

size_t airs_response_router_cancel_few(airs_response_router_t *router, airs_actor_t *requester, size_t most) {
    size_t cancelled = 0;
    while (cancelled < most) {
        airs_pending_request_t *request =
            airs_correlation_tracker_take_next(router->tracker, &requester->requests, AIRS_REQUEST_ORPHANED);
        if (request == NULL) {
            return cancelled;
        }
        forget(router, requester, requester->worker, request);
        cancelled++;
    }
    return cancelled;
}

void airs_response_router_cancel_some(airs_response_router_t *router, airs_actor_t *requester,
                                      uint64_t incarnation, bool others) {
    /* Relaxed: as above. */
    while (atomic_load_explicit(&requester->requests.outstanding, memory_order_relaxed) > 0) {
        airs_pending_request_t *request = airs_correlation_tracker_take_of(
            router->tracker, &requester->requests, incarnation, others, AIRS_REQUEST_ORPHANED);
        if (request == NULL) {
            return;
        }
        forget(router, requester, requester->worker, request);
    }
}

/* ---- answers ---- */

/* Who answers what; what is found out under the tracker's lock. */
typedef struct airs_answering {
    airs_actor_t *responder;
    airs_bytes_t payload;
    airs_error_t *error;
    airs_status_t status;
} airs_answering_t;

/* Only who was asked may end a request. Ids are compared as objects: another actor of the same name is
 * another one. */
static bool was_asked(const airs_pending_request_t *request, void *context) {
    const airs_answering_t *answering = context;
    return request->target_id == answering->responder->id;
}

/* And only with what its requester takes. */
static bool takes_answer(const airs_pending_request_t *request, void *context) {
    airs_answering_t *answering = context;
    airs_actor_t *requester = request->requester;
    size_t size = answering->payload.size;
    if (!was_asked(request, context)) {
        answering->status = AIRS_NOT_FOUND;
    } else if (size > requester->max_message_bytes) {
        answering->status = airs_error_set(
            answering->error, AIRS_MESSAGE_TOO_LARGE, "an answer of %zu bytes, and %s takes %llu at most",
            size, airs_component_id_text(requester->id), (unsigned long long)requester->max_message_bytes);
    } else {
        answering->status =
            airs_accepted_codecs_check_answer(requester, answering->payload, answering->error);
    }
    return answering->status == AIRS_OK;
}

airs_status_t airs_response_router_reply(airs_response_router_t *router, airs_actor_t *responder,
                                         const airs_correlation_id_t *id, airs_bytes_t payload,
                                         airs_str_t content_type, airs_error_t *error) {
    airs_worker_t *worker = responder->worker;
    airs_status_t status = airs_content_type_check(content_type, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_actor_put_out(responder);
    airs_message_parts_t parts = {
        .kind = AIRS_MESSAGE_RESPONSE,
        .sender = responder->id,
        .payload = payload,
        .content_type = content_type,
        .timestamp_ns = now(router, worker),
        .correlation = id,
    };
    /* First: who has taken a request must be able to end it as he said. */
    airs_component_message_t *message = NULL;
    status = airs_component_message_create(router->services->pool, &parts, &message);
    if (status != AIRS_OK) {
        return status;
    }
    airs_answering_t answering = {
        .responder = responder, .payload = payload, .error = error, .status = AIRS_TIMEOUT};
    airs_pending_request_t *request = airs_correlation_tracker_take_if(router->tracker, id, takes_answer,
                                                                       &answering, AIRS_REQUEST_COMPLETED);
    if (request == NULL) {
        airs_component_message_destroy(message);
        return answering.status;
    }
    airs_actor_t *requester = request->requester;
    uint32_t ticket = ticket_of(request);
    airs_pending_request_destroy(request);
    deliver(router, requester, worker, ticket, message);
    return AIRS_OK;
}

static airs_status_t fail(airs_response_router_t *router, airs_worker_t *worker, airs_actor_t *responder,
                          const airs_correlation_id_t *id, airs_request_end_t end, airs_status_t status,
                          airs_str_t reason) {
    if (worker != NULL) {
        airs_outbox_close(&worker->outbox);
    }
    airs_answering_t answering = {.responder = responder};
    airs_pending_request_t *request =
        airs_correlation_tracker_take_if(router->tracker, id, was_asked, &answering, end);
    if (request == NULL) {
        return AIRS_TIMEOUT;
    }
    deliver_failure(router, request, worker, status, reason);
    return AIRS_OK;
}

void airs_response_router_respond(airs_response_router_t *router, airs_actor_t *responder,
                                  const airs_correlation_id_t *id, airs_bytes_t payload,
                                  airs_str_t content_type) {
    airs_error_t error;
    error.text[0] = '\0';
    airs_status_t status = airs_response_router_reply(router, responder, id, payload, content_type, &error);
    if (status != AIRS_OK && status != AIRS_TIMEOUT) {
        (void)fail(router, responder->worker, responder, id, AIRS_REQUEST_FAILED, status,
                   airs_str(error.text));
    }
}

void airs_response_router_fail(airs_response_router_t *router, airs_actor_t *responder,
                               const airs_correlation_id_t *id, airs_status_t status, const char *reason) {
    (void)fail(router, responder->worker, responder, id, AIRS_REQUEST_FAILED, status, airs_str(reason));
}

airs_status_t airs_response_router_refuse(airs_response_router_t *router, airs_actor_t *responder,
                                          const airs_correlation_id_t *id, airs_str_t reason) {
    return fail(router, responder->worker, responder, id, AIRS_REQUEST_FAILED, AIRS_HANDLE_MESSAGE_FAILED,
                reason);
}

void airs_response_router_leave(airs_response_router_t *router, airs_actor_t *responder,
                                const airs_correlation_id_t *id, airs_status_t status, const char *reason) {
    airs_response_router_leave_for(router, responder->worker, responder, id, status, reason);
}

bool airs_response_router_awaited(airs_response_router_t *router, const airs_correlation_id_t *id) {
    return airs_correlation_tracker_pending(router->tracker, id);
}

void airs_response_router_leave_for(airs_response_router_t *router, airs_worker_t *worker,
                                    airs_actor_t *responder, const airs_correlation_id_t *id,
                                    airs_status_t status, const char *reason) {
    (void)fail(router, worker, responder, id, AIRS_REQUEST_LEFT, status, airs_str(reason));
}

void airs_response_router_counters(airs_response_router_t *router, airs_request_counters_t *out) {
    airs_correlation_statistics_t statistics;
    airs_correlation_tracker_statistics(router->tracker, &statistics);
    *out = (airs_request_counters_t){
        .pending = statistics.pending,
        .completed = statistics.completed,
        .failed = statistics.failed,
        .timed_out = statistics.timed_out,
        .cancelled = statistics.cancelled,
        .orphaned = statistics.orphaned,
        .late = statistics.late,
    };
}
