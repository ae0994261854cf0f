#include "actor/host_caller.h"

#include <pthread.h>

#include "actor/component_registry.h"
#include "actor/component_spawner.h"
#include "actor/message_broker.h"
#include "actor/response_router.h"

/* A thread that waits in a call. */
typedef struct airs_waiter {
    struct airs_waiter *next;
    const airs_host_call_t *call;
    airs_correlation_id_t id;
    airs_failure_note_t note;
    airs_status_t status;
    atomic_bool done; /* the end has come: the last that is written */
} airs_waiter_t;

struct airs_host_caller {
    airs_services_t *services;
    airs_actor_t *actor;
    airs_gate_t answers;
    pthread_mutex_t lock;
    airs_waiter_t *waiters;
};

/* ---- the actor's side ---- */

/* The waiter with this id, taken off the list; NULL when there is none. The lock is held. */
static airs_waiter_t *take_waiter(airs_host_caller_t *caller, const airs_correlation_id_t *id) {
    airs_waiter_t **link = &caller->waiters;
    while (*link != NULL && !airs_correlation_id_equal(&(*link)->id, id)) {
        link = &(*link)->next;
    }
    airs_waiter_t *waiter = *link;
    if (waiter != NULL) {
        *link = waiter->next;
    }
    return waiter;
}

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    airs_host_caller_t *caller = state;
    airs_correlation_id_t id;
    if (incoming->correlation_id == NULL ||
        airs_correlation_id_parse(airs_str(incoming->correlation_id), &id) != AIRS_OK) {
        return AIRS_OK;
    }
    pthread_mutex_lock(&caller->lock);
    airs_waiter_t *waiter = take_waiter(caller, &id);
    pthread_mutex_unlock(&caller->lock);
    if (waiter == NULL) {
        return AIRS_OK;
    }
    waiter->status = AIRS_OK;
    if (incoming->kind == AIRS_INCOMING_FAILURE) {
        waiter->status = waiter->note.status;
    } else if (waiter->call->answer != NULL) {
        waiter->call->answer(waiter->call->context, incoming->payload);
    }
    /* Release: pairs with is_done. The waiter may be gone right after it. */
    atomic_store_explicit(&waiter->done, true, memory_order_release);
    airs_gate_notify(&caller->answers);
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
    (void)pthread_mutex_init(&caller->lock, NULL);
    airs_spawn_t spawn = {.native = &native, .state = caller, .id = AIRS_HOST_ID, .spec = &spec};
    airs_status_t status = airs_component_spawner_spawn_internal(services, &spawn, &caller->actor);
    if (status != AIRS_OK) {
        airs_host_caller_destroy(caller);
        return status;
    }
    *out = caller;
    return AIRS_OK;
}

static bool has_ended(void *actor) { return airs_actor_state(actor) == AIRS_ACTOR_STOPPED; }

void airs_host_caller_destroy(airs_host_caller_t *caller) {
    if (caller == NULL) {
        return;
    }
    airs_services_t *services = caller->services;
    if (caller->actor != NULL) {
        airs_actor_signal(caller->actor, AIRS_SIGNAL_KILL);
        (void)airs_services_wait(services, &services->lives, has_ended, caller->actor, UINT64_MAX);
        airs_actor_unref(caller->actor);
    }
    pthread_mutex_destroy(&caller->lock);
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

static airs_status_t not_found(airs_id_t target, airs_error_t *error) {
    return airs_error_set(error, AIRS_TARGET_NOT_FOUND, "no actor %.*s/%.*s/%.*s", AIRS_STR_ARG(target.ns),
                          AIRS_STR_ARG(target.name), AIRS_STR_ARG(target.instance));
}

/* The delivery's own texts are kept; the others get the status's. */
static airs_status_t explain(airs_id_t target, airs_status_t status, airs_error_t *error) {
    if (status == AIRS_OK || status == AIRS_MESSAGE_TOO_LARGE || status == AIRS_UNSUPPORTED_CODEC) {
        return status;
    }
    if (status == AIRS_TARGET_NOT_FOUND) {
        return not_found(target, error);
    }
    return airs_error_set(error, status, "%.*s/%.*s/%.*s: %s", AIRS_STR_ARG(target.ns),
                          AIRS_STR_ARG(target.name), AIRS_STR_ARG(target.instance), airs_status_text(status));
}

airs_status_t airs_host_caller_send(airs_host_caller_t *caller, airs_id_t target, airs_bytes_t payload,
                                    airs_str_t content_type, airs_error_t *error) {
    airs_services_t *services = caller->services;
    airs_message_parts_t parts = parts_for(caller, AIRS_MESSAGE_PLAIN, payload, content_type);
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_route_t route = {0};
    airs_status_t status = AIRS_TARGET_NOT_FOUND;
    if (airs_message_broker_resolve(services, &route, target) != NULL) {
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
        status = airs_message_broker_deliver(services, worker, NULL, target, parts, NULL, error);
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
    uint64_t now = airs_clock_monotonic(services->clock);
    uint64_t deadline = timeout_ms < (UINT64_MAX - now) / 1000000 ? now + timeout_ms * 1000000 : UINT64_MAX;
    airs_route_t route = {0};
    airs_status_t status = AIRS_TARGET_NOT_FOUND;
    /* When it ends while this waits: whoever has its name then. */
    while (status == AIRS_TARGET_NOT_FOUND && airs_message_broker_resolve(services, &route, target) != NULL) {
        status = deliver_waiting(services, route.actor, &parts, deadline, error);
    }
    airs_actor_unref(route.actor);
    return explain(target, status, error);
}

/* ---- calling ---- */

static bool is_done(void *context) {
    return atomic_load_explicit(&((airs_waiter_t *)context)->done, memory_order_acquire);
}

/* Register the request and the waiter as one: the answer may come before this returns. */
static airs_status_t open_call(airs_host_caller_t *caller, const airs_request_parts_t *parts,
                               airs_waiter_t *waiter) {
    pthread_mutex_lock(&caller->lock);
    airs_status_t status = airs_response_router_open(caller->services->responses, parts, &waiter->id);
    if (status == AIRS_OK) {
        waiter->next = caller->waiters;
        caller->waiters = waiter;
    }
    pthread_mutex_unlock(&caller->lock);
    return status;
}

/* Take the request back; false when its end is on its way to the waiter. */
static bool close_call(airs_host_caller_t *caller, const airs_request_parts_t *parts, airs_waiter_t *waiter) {
    if (!airs_response_router_abandon(caller->services->responses, parts, &waiter->id)) {
        return false;
    }
    pthread_mutex_lock(&caller->lock);
    (void)take_waiter(caller, &waiter->id);
    pthread_mutex_unlock(&caller->lock);
    return true;
}

static airs_status_t await(airs_host_caller_t *caller, const airs_request_parts_t *parts,
                           airs_waiter_t *waiter) {
    airs_services_t *services = caller->services;
    /* The request's own deadline ends this; only a stepped system can come to a standstill before it. */
    while (!airs_services_wait(services, &caller->answers, is_done, waiter, UINT64_MAX)) {
        if (close_call(caller, parts, waiter)) {
            return airs_error_set(waiter->note.error, AIRS_TIMEOUT, "the answer does not come");
        }
    }
    return waiter->status;
}

static airs_status_t call_actor(airs_host_caller_t *caller, airs_actor_t *target,
                                const airs_host_call_t *call, airs_error_t *error) {
    airs_waiter_t waiter = {.call = call, .note = {.error = error}};
    airs_request_parts_t parts = {
        .requester = caller->actor,
        .worker = airs_scheduler_worker(caller->services->scheduler),
        .target = target,
        .timeout_ms = call->timeout_ms,
        .note = &waiter.note,
    };
    airs_status_t status = open_call(caller, &parts, &waiter);
    if (status != AIRS_OK) {
        return status;
    }
    airs_message_parts_t message = parts_for(caller, AIRS_MESSAGE_REQUEST, call->payload, call->content_type);
    message.correlation = &waiter.id;
    status = airs_message_broker_deliver(caller->services, parts.worker, NULL, target, &message, NULL, error);
    if (status != AIRS_OK && close_call(caller, &parts, &waiter)) {
        return status;
    }
    return await(caller, &parts, &waiter);
}

airs_status_t airs_host_caller_call(airs_host_caller_t *caller, const airs_host_call_t *call,
                                    airs_error_t *error) {
    airs_route_t route = {0};
    airs_status_t status = AIRS_TARGET_NOT_FOUND;
    airs_error_t own;
    airs_error_t *text = error != NULL ? error : &own;
    text->text[0] = '\0';
    for (unsigned attempts = 0; attempts < 2 && status == AIRS_TARGET_NOT_FOUND; attempts++) {
        if (airs_message_broker_resolve(caller->services, &route, call->target) == NULL) {
            break;
        }
        status = call_actor(caller, route.actor, call, text);
    }
    airs_actor_unref(route.actor);
    return text->text[0] != '\0' ? status : explain(call->target, status, text);
}
