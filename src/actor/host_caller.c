#include "actor/host_caller.h"

#include "actor/component_spawner.h"
#include "actor/host_requests.h"
#include "actor/message_broker.h"
#include "core/content_type.h"
#include "core/deadline.h"
#include "core/memory.h"

struct airs_host_caller {
    airs_services_t *services;
    airs_actor_t *actor;
    airs_gate_t answers;
    airs_host_requests_t requests;
};

/* ---- the actor's side ---- */

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    airs_host_caller_t *caller = state;
    airs_host_request_t *request = airs_host_requests_find(&caller->requests, caller->actor->in_hand->ticket);
    airs_answer_t answer = {
        .status = request->note.status,
        .sender = incoming->sender,
        .payload = incoming->payload,
        .content_type = incoming->content_type,
        .message = "",
    };
    if (answer.status != AIRS_OK) {
        answer.message = request->note.text != NULL ? request->note.text : airs_status_text(answer.status);
    }
    memcpy(answer.id.text, incoming->correlation_id, sizeof answer.id.text);
    request->ended(request->context, &answer);
    airs_host_requests_forget(&caller->requests, request);
    return AIRS_OK;
}

airs_status_t airs_host_caller_create(airs_services_t *services, airs_host_caller_t **out) {
    static const airs_native_t native = {.size = sizeof native, .handle = handle};
    static const airs_actor_spec_t spec = {.max_message_bytes = AIRS_MAILBOX_BYTES_MAX,
                                           .mailbox_bytes = AIRS_MAILBOX_BYTES_MAX,
                                           .max_requests = UINT32_MAX};
    airs_host_caller_t *caller = airs_alloc_zeroed(services->allocator, sizeof *caller);
    if (caller == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    caller->services = services;
    if (airs_gate_init(&caller->answers) != AIRS_OK) {
        airs_release(services->allocator, caller);
        return AIRS_OUT_OF_MEMORY;
    }
    airs_host_requests_init(&caller->requests, services->allocator, services->pool);
    airs_spawn_t spawn = {.native = &native, .state = caller, .id = AIRS_HOST_ID, .spec = &spec};
    airs_status_t status = airs_component_spawner_spawn_internal(services, &spawn, &caller->actor);
    if (status != AIRS_OK) {
        airs_host_caller_destroy(caller);
        return status;
    }
    *out = caller;
    return AIRS_OK;
}

airs_component_id_t *airs_host_caller_id(airs_host_caller_t *caller) { return caller->actor->id; }

void airs_host_caller_destroy(airs_host_caller_t *caller) {
    if (caller == NULL) {
        return;
    }
    airs_services_t *services = caller->services;
    if (caller->actor != NULL) {
        /* With the last actor the last request has had its end, which waits in the mailbox. */
        (void)airs_services_wait_for_quiet(services, UINT64_MAX);
        airs_actor_signal(caller->actor, AIRS_SIGNAL_KILL);
        (void)airs_actor_await_end(caller->actor, UINT64_MAX);
        airs_actor_unref(caller->actor);
    }
    airs_host_requests_free(&caller->requests);
    airs_gate_destroy(&caller->answers);
    airs_release(services->allocator, caller);
}

/* ---- sending ---- */

static airs_message_parts_t parts_for(airs_host_caller_t *caller, airs_message_kind_t kind,
                                      airs_bytes_t payload, airs_str_t content_type) {
    return (airs_message_parts_t){
        .kind = kind,
        .sender = caller->actor->id,
        .payload = payload,
        .content_type = content_type,
        .timestamp_ns = airs_clock_wall(caller->services->clock),
    };
}

/* For errors that the parts below have not explained, an empty one. */
static airs_error_t *blank(airs_error_t *error) {
    if (error != NULL) {
        error->text[0] = '\0';
    }
    return error;
}

/* The delivery's own texts are kept; the others get the status's. */
static airs_status_t explain(airs_id_t target, airs_status_t status, airs_error_t *error) {
    if (status == AIRS_OK || (error != NULL && error->text[0] != '\0')) {
        return status;
    }
    if (status == AIRS_TARGET_NOT_FOUND) {
        return airs_error_set(error, status, "no actor %.*s/%.*s/%.*s", AIRS_STR_ARG(target.ns),
                              AIRS_STR_ARG(target.name), AIRS_STR_ARG(target.instance));
    }
    return airs_error_set(error, status, "%.*s/%.*s/%.*s: %s", AIRS_STR_ARG(target.ns),
                          AIRS_STR_ARG(target.name), AIRS_STR_ARG(target.instance), airs_status_text(status));
}

/* What a delivery begins with: it has found nobody yet, or may not begin. */
static airs_status_t nobody_yet(airs_str_t content_type, airs_error_t *error) {
    airs_status_t status = airs_content_type_check(content_type, blank(error));
    return status == AIRS_OK ? AIRS_TARGET_NOT_FOUND : status;
}

airs_status_t airs_host_caller_send(airs_host_caller_t *caller, airs_id_t target, airs_bytes_t payload,
                                    airs_str_t content_type, airs_error_t *error) {
    airs_services_t *services = caller->services;
    airs_message_parts_t parts = parts_for(caller, AIRS_MESSAGE_PLAIN, payload, content_type);
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_route_t route = {0};
    airs_status_t status = nobody_yet(content_type, error);
    if (status == AIRS_TARGET_NOT_FOUND && airs_message_broker_resolve(services, &route, &target) != NULL) {
        status = airs_message_broker_deliver(services, worker, NULL, route.actor, &parts, NULL, error);
    }
    airs_actor_unref(route.actor);
    return explain(target, status, error);
}

typedef struct airs_room_wait {
    airs_actor_t *target;
    size_t size;
} airs_room_wait_t;

static bool has_room(void *context) {
    const airs_room_wait_t *wait = context;
    return airs_mailbox_room(&wait->target->mailbox, wait->size);
}

/* Deliver to this very actor as soon as it has room, until the deadline on the monotonic clock. */
static airs_status_t deliver_waiting(airs_services_t *services, airs_actor_t *target,
                                     const airs_message_parts_t *parts, uint64_t deadline_ns,
                                     airs_error_t *error) {
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_status_t status = airs_message_broker_deliver(services, worker, NULL, target, parts, NULL, error);
    if (status != AIRS_QUEUE_FULL) {
        return status;
    }
    airs_room_wait_t wait = {.target = target, .size = parts->payload.size};
    uint64_t refusals = 1;
    /* Sequentially consistent: pairs with airs_mailbox_settle. */
    atomic_fetch_add_explicit(&target->mailbox.room_waiters, 1, memory_order_seq_cst);
    while (status == AIRS_QUEUE_FULL) {
        uint64_t now = airs_clock_monotonic(services->clock);
        uint64_t left_ms = deadline_ns > now ? (deadline_ns - now + 999999) / 1000000 : 0;
        if (left_ms == 0 || !airs_services_wait(services, &services->room, has_room, &wait, left_ms)) {
            break;
        }
        status = airs_message_broker_deliver(services, worker, NULL, target, parts, NULL, blank(error));
        refusals += status == AIRS_QUEUE_FULL;
    }
    atomic_fetch_sub_explicit(&target->mailbox.room_waiters, 1, memory_order_relaxed);
    /* One message is refused once, or not at all. */
    uint64_t extra = status == AIRS_QUEUE_FULL ? refusals - 1 : refusals;
    atomic_fetch_sub_explicit(&target->mailbox.refused, extra, memory_order_relaxed);
    return status;
}

airs_status_t airs_host_caller_send_wait(airs_host_caller_t *caller, airs_id_t target, airs_bytes_t payload,
                                         airs_str_t content_type, uint64_t timeout_ms, airs_error_t *error) {
    airs_services_t *services = caller->services;
    airs_message_parts_t parts = parts_for(caller, AIRS_MESSAGE_PLAIN, payload, content_type);
    uint64_t deadline = airs_deadline_in(services->clock, timeout_ms);
    airs_route_t route = {0};
    airs_status_t status = nobody_yet(content_type, error);
    /* When it ends while this waits: whoever has its name then. */
    while (status == AIRS_TARGET_NOT_FOUND &&
           airs_message_broker_resolve(services, &route, &target) != NULL) {
        status = deliver_waiting(services, route.actor, &parts, deadline, blank(error));
    }
    airs_actor_unref(route.actor);
    return explain(target, status, error);
}

/* ---- requests ---- */

/* What all of a call's attempts share. */
typedef struct airs_attempt {
    const airs_host_call_t *call;
    airs_host_request_t *request;
    airs_correlation_id_t id;
    airs_request_id_t *out; /* may be NULL */
} airs_attempt_t;

/* AIRS_OK: the request has been sent or has had its end, of which it hears either way. */
static airs_status_t attempt(airs_host_caller_t *caller, airs_actor_t *target, airs_attempt_t *self,
                             airs_error_t *error) {
    airs_services_t *services = caller->services;
    airs_request_parts_t parts = {
        .requester = caller->actor,
        .worker = airs_scheduler_worker(services->scheduler),
        .target = target,
        .timeout_ms = self->call->timeout_ms,
        .note = &self->request->note,
    };
    airs_status_t status = airs_response_router_open(services->responses, &parts, &self->id);
    if (status != AIRS_OK) {
        return status;
    }
    if (self->out != NULL) {
        airs_correlation_id_format(&self->id, self->out->text);
    }
    airs_message_parts_t message =
        parts_for(caller, AIRS_MESSAGE_REQUEST, self->call->payload, self->call->content_type);
    message.correlation = &self->id;
    status = airs_message_broker_deliver(services, parts.worker, NULL, target, &message, NULL, error);
    return status == AIRS_OK || airs_response_router_abandon(services->responses, &parts, &self->id)
               ? status
               : AIRS_OK;
}

static airs_status_t out_of_memory(airs_error_t *error) {
    return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
}

/* Send self->request, which is forgotten when that fails. */
static airs_status_t send_request(airs_host_caller_t *caller, airs_attempt_t *self, airs_error_t *error) {
    airs_route_t route = {0};
    airs_id_t target = self->call->target;
    airs_status_t status = nobody_yet(self->call->content_type, error);
    /* When it ends while this tries: once more with whoever has its name then. */
    for (unsigned attempts = 0; attempts < 2 && status == AIRS_TARGET_NOT_FOUND; attempts++) {
        if (airs_message_broker_resolve(caller->services, &route, &target) == NULL) {
            break;
        }
        status = attempt(caller, route.actor, self, blank(error));
    }
    airs_actor_unref(route.actor);
    if (status == AIRS_OK) {
        return AIRS_OK;
    }
    airs_host_requests_forget(&caller->requests, self->request);
    return explain(target, status, error);
}

airs_status_t airs_host_caller_request(airs_host_caller_t *caller, const airs_host_call_t *call,
                                       void (*ended)(void *context, const airs_answer_t *answer),
                                       void *context, airs_request_id_t *out, airs_error_t *error) {
    airs_attempt_t self = {.call = call, .request = airs_host_requests_add(&caller->requests), .out = out};
    if (self.request == NULL) {
        return out_of_memory(error);
    }
    self.request->ended = ended;
    self.request->context = context;
    return send_request(caller, &self, error);
}

static airs_host_request_t *request_of(airs_request_note_t *note) {
    return (airs_host_request_t *)((char *)note - offsetof(airs_host_request_t, note));
}

airs_status_t airs_host_caller_cancel(airs_host_caller_t *caller, const airs_request_id_t *id) {
    airs_services_t *services = caller->services;
    airs_correlation_id_t parsed;
    airs_str_t text = airs_str_n(id->text, strnlen(id->text, sizeof id->text));
    if (airs_correlation_id_parse(text, &parsed) != AIRS_OK) {
        return AIRS_NOT_FOUND;
    }
    airs_request_note_t *note = airs_response_router_withdraw(
        services->responses, caller->actor, airs_scheduler_worker(services->scheduler), &parsed);
    if (note == NULL) {
        return AIRS_NOT_FOUND;
    }
    airs_host_request_t *request = request_of(note);
    if (request->awaited) {
        airs_answer_t answer = {
            .status = AIRS_CANCELLED, .message = airs_status_text(AIRS_CANCELLED), .id = *id};
        request->ended(request->context, &answer);
    }
    airs_host_requests_forget(&caller->requests, request);
    return AIRS_OK;
}

/* ---- calling: a request whose end a thread waits for ---- */

typedef struct airs_waiter {
    airs_host_caller_t *caller;
    void (*answer)(void *context, airs_bytes_t payload);
    void *context;
    airs_error_t *error;
    airs_status_t status;
    atomic_bool done; /* the end has come: the last that is written */
} airs_waiter_t;

static void end_waiting(void *context, const airs_answer_t *answer) {
    airs_waiter_t *waiter = context;
    airs_gate_t *answers = &waiter->caller->answers;
    waiter->status = answer->status;
    if (answer->status != AIRS_OK) {
        (void)airs_error_set(waiter->error, answer->status, "%s", answer->message);
    } else if (waiter->answer != NULL) {
        waiter->answer(waiter->context, answer->payload);
    }
    /* Release: pairs with is_done. The waiter may be gone right after it. */
    atomic_store_explicit(&waiter->done, true, memory_order_release);
    airs_gate_notify(answers);
}

static bool is_done(void *context) {
    return atomic_load_explicit(&((airs_waiter_t *)context)->done, memory_order_acquire);
}

static airs_status_t await(airs_waiter_t *waiter, const airs_correlation_id_t *id) {
    airs_host_caller_t *caller = waiter->caller;
    airs_services_t *services = caller->services;
    /* The request's own deadline ends this; only a stepped system can come to a standstill before it. */
    while (!airs_services_wait(services, &caller->answers, is_done, waiter, UINT64_MAX)) {
        airs_request_note_t *note =
            airs_response_router_withdraw(services->responses, caller->actor, NULL, id);
        if (note != NULL) {
            airs_host_requests_forget(&caller->requests, request_of(note));
            return airs_error_set(waiter->error, AIRS_TIMEOUT, "the answer does not come");
        }
    }
    return waiter->status;
}

airs_status_t airs_host_caller_call(airs_host_caller_t *caller, const airs_host_call_t *call,
                                    void (*answer)(void *context, airs_bytes_t payload), void *context,
                                    airs_error_t *error) {
    airs_waiter_t waiter = {.caller = caller, .answer = answer, .context = context, .error = error};
    airs_attempt_t self = {.call = call, .request = airs_host_requests_add(&caller->requests)};
    if (self.request == NULL) {
        return out_of_memory(error);
    }
    self.request->ended = end_waiting;
    self.request->context = &waiter;
    self.request->awaited = true;
    airs_status_t status = send_request(caller, &self, error);
    return status == AIRS_OK ? await(&waiter, &self.id) : status;
}
