#include "actor/message_broker.h"

#include <stdio.h>

#include "actor/accepted_codecs.h"
#include "actor/actor_system_subscriber.h"
#include "actor/actor_timers.h"
#include "actor/component_registry.h"
#include "actor/deferred_replies.h"
#include "actor/health_monitor.h"
#include "actor/message_batch.h"
#include "actor/response_router.h"
#include "actor/supervision_calls.h"
#include "actor/waiting_senders.h"

struct airs_message_broker {
    airs_message_router_t router;
    airs_services_t *services;
};

static airs_services_t *services_of(airs_message_router_t *router) {
    return ((airs_message_broker_t *)router)->services;
}

/* ---- one message to one mailbox ---- */

static airs_status_t too_large(const airs_actor_t *target, size_t size, airs_error_t *error) {
    return airs_error_set(error, AIRS_MESSAGE_TOO_LARGE, "%zu bytes, and %s takes %llu at most", size,
                          airs_component_id_text(target->id), (unsigned long long)target->max_message_bytes);
}

/* Is it one that this actor takes at all? */
static airs_status_t check(airs_actor_t *target, airs_bytes_t payload, airs_error_t *error) {
    airs_status_t status = payload.size > target->max_message_bytes
                               ? too_large(target, payload.size, error)
                               : airs_accepted_codecs_check(target, payload, error);
    if (status != AIRS_OK) {
        atomic_fetch_add_explicit(&target->mailbox.refused, 1, memory_order_relaxed);
    }
    return status;
}

static airs_status_t make(airs_services_t *services, airs_actor_t *sender, const airs_message_parts_t *parts,
                          airs_payload_t *shared, airs_component_message_t **out) {
    airs_status_t status = shared != NULL
                               ? airs_component_message_create_shared(services->pool, parts, shared, out)
                               : airs_component_message_create(services->pool, parts, out);
    if (status == AIRS_OK) {
        (*out)->cost_slots = 1;
        if (sender != NULL) {
            (*out)->sender = airs_actor_lend_id(sender);
        }
    }
    return status;
}

/* They made room for a newer message. */
static void bury(airs_services_t *services, airs_worker_t *worker, airs_actor_t *target,
                 airs_component_message_t *dropped) {
    while (dropped != NULL) {
        /* Relaxed: they are this thread's. */
        airs_component_message_t *next = atomic_load_explicit(&dropped->next, memory_order_relaxed);
        if (dropped->kind == AIRS_MESSAGE_REQUEST) {
            airs_response_router_leave_for(services->responses, worker, target, &dropped->correlation,
                                           AIRS_QUEUE_FULL,
                                           "it was dropped to make room for a newer message");
        }
        airs_dead_letters_put(services->dead_letters, AIRS_DEAD_LETTER_DROPPED_OLDEST, NULL, target->id,
                              dropped, airs_worker_now(worker, services->clock));
        dropped = next;
    }
}

/* What one actor gives to another. */
typedef struct airs_delivery {
    airs_actor_t *sender;
    const airs_message_parts_t *parts;
    uint64_t timeout_ms;
    airs_correlation_id_t *correlation;
    airs_error_t *error;
} airs_delivery_t;

/* Room that was taken for a moment is free again, and others may have found none because of that. */
static void look_after_room(airs_actor_t *target, airs_worker_t *worker) {
    if (airs_mailbox_awaited(&target->mailbox)) {
        airs_actor_tell_of_room(target, worker);
    }
}

/* Until there is room. */
static airs_status_t wait_for_room(airs_services_t *services, airs_actor_t *target,
                                   const airs_delivery_t *delivery) {
    airs_wait_t wait = {
        .sender = delivery->sender, .target = target, .request_timeout_ms = delivery->timeout_ms};
    airs_status_t status = make(services, delivery->sender, delivery->parts, NULL, &wait.message);
    if (status != AIRS_OK) {
        return status;
    }
    /* It is refused once, or not at all. */
    atomic_fetch_sub_explicit(&target->mailbox.refused, 1, memory_order_relaxed);
    status = airs_waiting_senders_wait(services->waiting_senders, &wait, delivery->error);
    if (status != AIRS_OK && status != AIRS_PENDING) {
        atomic_fetch_add_explicit(&target->mailbox.refused, 1, memory_order_relaxed);
        airs_component_message_destroy(wait.message);
    }
    return status;
}

/* It was not let in. With `waits` the sender can wait for it. */
static airs_status_t turned_away(airs_services_t *services, airs_worker_t *worker, airs_actor_t *target,
                                 airs_status_t status, const airs_delivery_t *waits) {
    look_after_room(target, worker);
    if (status == AIRS_QUEUE_FULL && waits != NULL && target->mailbox.limits.policy == AIRS_MAILBOX_BLOCK &&
        waits->sender->behaviour->can_wait) {
        return wait_for_room(services, target, waits);
    }
    return status == AIRS_NOT_RUNNING && airs_mailbox_closed(&target->mailbox) ? AIRS_TARGET_NOT_FOUND
                                                                               : status;
}

/* Into a mailbox in which room was taken for it. */
static inline airs_status_t put(airs_services_t *services, airs_worker_t *worker, airs_actor_t *sender,
                                airs_actor_t *target, const airs_message_parts_t *parts,
                                airs_payload_t *shared) {
    airs_component_message_t *message = NULL;
    airs_status_t status = make(services, sender, parts, shared, &message);
    size_t size = shared != NULL ? airs_payload_bytes(shared).size : parts->payload.size;
    if (status != AIRS_OK) {
        airs_mailbox_unreserve(&target->mailbox, size);
        look_after_room(target, worker);
        return status;
    }
    airs_component_message_t *dropped = NULL;
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_push_bounded(&target->mailbox, message, &dropped);
    airs_actor_after_push(services, worker, target, push);
    if (push != AIRS_PUSH_CLOSED) {
        if (dropped != NULL) {
            bury(services, worker, target, dropped);
        }
        return AIRS_OK;
    }
    airs_component_message_destroy(message);
    airs_mailbox_unreserve(&target->mailbox, size);
    return AIRS_TARGET_NOT_FOUND;
}

static inline airs_status_t deliver(airs_services_t *services, airs_worker_t *worker, airs_actor_t *sender,
                                    airs_actor_t *target, const airs_message_parts_t *parts,
                                    airs_payload_t *shared, const airs_delivery_t *waits,
                                    airs_error_t *error) {
    airs_bytes_t payload = shared != NULL ? airs_payload_bytes(shared) : parts->payload;
    airs_status_t status = check(target, payload, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_mailbox_reserve(&target->mailbox, payload.size);
    return status == AIRS_OK ? put(services, worker, sender, target, parts, shared)
                             : turned_away(services, worker, target, status, waits);
}

airs_status_t airs_message_broker_deliver(airs_services_t *services, airs_worker_t *worker,
                                          airs_actor_t *sender, airs_actor_t *target,
                                          const airs_message_parts_t *parts, airs_payload_t *shared,
                                          airs_error_t *error) {
    return deliver(services, worker, sender, target, parts, shared, NULL, error);
}

/* ---- routes ---- */

static void release_route(airs_route_t *route) {
    airs_actor_unref(route->actor);
    route->actor = NULL;
}

airs_actor_t *airs_message_broker_resolve(airs_services_t *services, airs_route_t *route,
                                          const airs_id_t *target) {
    if (route->actor != NULL && target->instance.size > 0 && !airs_mailbox_closed(&route->actor->mailbox)) {
        return route->actor;
    }
    release_route(route);
    route->actor = airs_component_registry_find(services->registry, *target);
    return route->actor;
}

/* Something done with an actor that may turn out to have ended: once more with the one that has its name
 * now, if there is one. */
static airs_status_t deliver_to(airs_services_t *services, airs_route_t *route, const airs_id_t *target,
                                const airs_delivery_t *delivery,
                                airs_status_t (*attempt)(airs_services_t *services, airs_actor_t *actor,
                                                         const airs_delivery_t *delivery)) {
    airs_status_t status = AIRS_TARGET_NOT_FOUND;
    for (unsigned attempts = 0; attempts < 2 && status == AIRS_TARGET_NOT_FOUND; attempts++) {
        airs_actor_t *actor = airs_message_broker_resolve(services, route, target);
        if (actor == NULL) {
            return AIRS_TARGET_NOT_FOUND;
        }
        status = attempt(services, actor, delivery);
    }
    return status;
}

static airs_message_parts_t parts_of(airs_actor_t *sender, airs_message_kind_t kind, airs_bytes_t payload) {
    return (airs_message_parts_t){
        .kind = kind, /* the sender is added in `make` */
        .payload = payload,
        .timestamp_ns = airs_worker_now(sender->worker, sender->services->clock),
    };
}

/* ---- how many ---- */

/* A broadcast and what is published count once for each mailbox that took it, so that how many that are is known only
 * afterwards: with anything left it is allowed, and what it was more is owed. */
bool airs_message_broker_allows(airs_actor_t *sender, airs_error_t *error) {
    if (airs_token_bucket_allows(&sender->messages, sender->services->clock)) {
        return true;
    }
    (void)airs_error_set(error, AIRS_QUOTA_EXCEEDED, "%s sends more than %u messages a second",
                         airs_component_id_text(sender->id), sender->messages.per_second);
    return false;
}

void airs_message_broker_count(airs_actor_t *sender, uint32_t count) {
    airs_count(&sender->sent, count);
    airs_token_bucket_take(&sender->messages, count);
}

/* ---- send ---- */

static airs_status_t attempt_send(airs_services_t *services, airs_actor_t *actor,
                                  const airs_delivery_t *delivery) {
    return deliver(services, delivery->sender->worker, delivery->sender, actor, delivery->parts, NULL,
                   delivery, delivery->error);
}

static airs_status_t send(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                          const airs_id_t *target, airs_bytes_t payload, airs_error_t *error) {
    airs_actor_put_out(sender);
    if (!airs_message_broker_allows(sender, error)) {
        return AIRS_QUOTA_EXCEEDED;
    }
    airs_message_parts_t parts = parts_of(sender, AIRS_MESSAGE_PLAIN, payload);
    airs_delivery_t delivery = {.sender = sender, .parts = &parts, .error = error};
    airs_status_t status = deliver_to(services_of(router), route, target, &delivery, attempt_send);
    if (status == AIRS_OK) {
        airs_message_broker_count(sender, 1);
    }
    return status;
}

static bool takes(airs_actor_t *actor, airs_bytes_t payload) {
    return payload.size <= actor->max_message_bytes &&
           airs_accepted_codecs_check(actor, payload, NULL) == AIRS_OK;
}

/* Can it be put in later, with others? */
static bool is_kept_back(airs_actor_t *sender, airs_actor_t *target, size_t bytes) {
    return sender->worker != NULL && sender->batch.count > 0 &&
           airs_outbox_open(&sender->worker->outbox, target, bytes, airs_message_batch_lot(sender));
}

static airs_status_t keep_back(airs_services_t *services, airs_actor_t *sender,
                               const airs_message_parts_t *parts) {
    airs_component_message_t *message = NULL;
    airs_status_t status = make(services, sender, parts, NULL, &message);
    if (status == AIRS_OK) {
        airs_outbox_add(&sender->worker->outbox, message);
    }
    return status;
}

static airs_status_t put_now(airs_services_t *services, airs_actor_t *sender, airs_actor_t *target,
                             const airs_message_parts_t *parts) {
    airs_status_t status = airs_mailbox_try_reserve(&target->mailbox, parts->payload.size);
    if (status != AIRS_OK) {
        look_after_room(target, sender->worker);
        return status;
    }
    return put(services, sender->worker, sender, target, parts, NULL);
}

static bool send_now(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                     const airs_id_t *target, airs_bytes_t payload) {
    airs_services_t *services = services_of(router);
    airs_actor_t *actor = airs_message_broker_resolve(services, route, target);
    if (actor == NULL || !takes(actor, payload) || !airs_message_broker_allows(sender, NULL)) {
        return false;
    }
    airs_message_parts_t parts = parts_of(sender, AIRS_MESSAGE_PLAIN, payload);
    airs_status_t status = is_kept_back(sender, actor, payload.size)
                               ? keep_back(services, sender, &parts)
                               : put_now(services, sender, actor, &parts);
    if (status == AIRS_OK) {
        airs_message_broker_count(sender, 1);
    }
    return status == AIRS_OK;
}

/* ---- request ---- */

static airs_status_t attempt_request(airs_services_t *services, airs_actor_t *actor,
                                     const airs_delivery_t *delivery) {
    airs_actor_t *sender = delivery->sender;
    airs_request_parts_t parts = {
        .requester = sender,
        .worker = sender->worker,
        .target = actor,
        .timeout_ms = delivery->timeout_ms,
    };
    airs_status_t status = airs_response_router_open(services->responses, &parts, delivery->correlation);
    if (status == AIRS_TOO_MANY_REQUESTS) {
        return airs_error_set(delivery->error, status, "%s has %u requests outstanding, as many as it may",
                              airs_component_id_text(sender->id), sender->max_requests);
    }
    if (status != AIRS_OK) {
        return status;
    }
    status =
        deliver(services, sender->worker, sender, actor, delivery->parts, NULL, delivery, delivery->error);
    if (status != AIRS_OK && status != AIRS_PENDING &&
        !airs_response_router_abandon(services->responses, &parts, delivery->correlation)) {
        return AIRS_OK;
    }
    return status;
}

static airs_status_t request(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                             const airs_id_t *target, airs_bytes_t payload, uint64_t timeout_ms,
                             airs_correlation_id_t *out, airs_error_t *error) {
    airs_actor_put_out(sender);
    if (!airs_message_broker_allows(sender, error)) {
        return AIRS_QUOTA_EXCEEDED;
    }
    airs_message_parts_t parts = parts_of(sender, AIRS_MESSAGE_REQUEST, payload);
    parts.correlation = out;
    airs_delivery_t delivery = {
        .sender = sender, .parts = &parts, .timeout_ms = timeout_ms, .correlation = out, .error = error};
    airs_status_t status = deliver_to(services_of(router), route, target, &delivery, attempt_request);
    if (status == AIRS_OK) {
        airs_message_broker_count(sender, 1);
    }
    return status;
}

static airs_status_t waited(airs_message_router_t *router, airs_actor_t *sender, airs_error_t *error) {
    return airs_waiting_senders_outcome(services_of(router)->waiting_senders, sender, error);
}

static airs_status_t cancel_request(airs_message_router_t *router, airs_actor_t *sender,
                                    const airs_correlation_id_t *id) {
    return airs_response_router_cancel(services_of(router)->responses, sender, id);
}

/* ---- broadcast ---- */

typedef struct airs_broadcast {
    airs_services_t *services;
    airs_actor_t *sender;
    const airs_message_parts_t *parts;
    airs_payload_t *payload;
    size_t index;   /* of the target in hand */
    size_t reached; /* actors that have it */
    size_t failed;  /* and that could not be reached */
    size_t first_failed;
    airs_status_t first_status;
    airs_error_t first_error; /* its text is empty when the status says all */
    char first_target[AIRS_ID_MAX + 3];
} airs_broadcast_t;

static bool names_all(airs_id_t target) {
    return target.instance.size == 1 && target.instance.data[0] == '*';
}

static void count_target(airs_broadcast_t *broadcast, airs_id_t target, airs_status_t status) {
    if (status == AIRS_OK) {
        broadcast->reached++;
        airs_message_broker_count(broadcast->sender, 1);
        return;
    }
    if (broadcast->failed++ == 0) {
        broadcast->first_failed = broadcast->index;
        broadcast->first_status = status;
        (void)snprintf(broadcast->first_target, sizeof broadcast->first_target, "%.*s/%.*s/%.*s",
                       AIRS_STR_ARG(target.ns), AIRS_STR_ARG(target.name), AIRS_STR_ARG(target.instance));
    }
}

/* Only the first failure is told. Emptied here, for not every failure has more to say than its status. */
static airs_error_t *error_of_next(airs_broadcast_t *broadcast) {
    if (broadcast->failed > 0) {
        return NULL;
    }
    broadcast->first_error.text[0] = '\0';
    return &broadcast->first_error;
}

static airs_status_t give(airs_broadcast_t *broadcast, airs_actor_t *actor) {
    return airs_message_broker_deliver(broadcast->services, broadcast->sender->worker, broadcast->sender,
                                       actor, broadcast->parts, broadcast->payload, error_of_next(broadcast));
}

/* An ended instance is none of "all": it is not a failure. */
static void give_all(airs_broadcast_t *broadcast, airs_id_t target) {
    airs_actor_t **actors = NULL;
    size_t count = 0;
    airs_status_t status =
        airs_component_registry_instances(broadcast->services->registry, target, &actors, &count);
    if (status != AIRS_OK) {
        count_target(broadcast, target, status);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        status = give(broadcast, actors[i]);
        if (status != AIRS_TARGET_NOT_FOUND) {
            count_target(broadcast, airs_component_id_view(actors[i]->id), status);
        }
        airs_actor_unref(actors[i]);
    }
    airs_release(broadcast->services->allocator, actors);
}

static void give_one(airs_broadcast_t *broadcast, airs_id_t target) {
    airs_actor_t *actor = airs_component_registry_find(broadcast->services->registry, target);
    count_target(broadcast, target, actor != NULL ? give(broadcast, actor) : AIRS_TARGET_NOT_FOUND);
    airs_actor_unref(actor);
}

static airs_status_t conclude_broadcast(const airs_broadcast_t *broadcast, size_t *failed_first,
                                        airs_error_t *error) {
    if (broadcast->failed == 0) {
        return AIRS_OK;
    }
    if (failed_first != NULL) {
        *failed_first = broadcast->first_failed;
    }
    const char *reason = broadcast->first_error.text[0] != '\0' ? broadcast->first_error.text
                                                                : airs_status_text(broadcast->first_status);
    return airs_error_set(error, broadcast->first_status,
                          "%zu of %zu targets were not reached; the first, %s: %s", broadcast->failed,
                          broadcast->failed + broadcast->reached, broadcast->first_target, reason);
}

static airs_status_t broadcast(airs_message_router_t *router, airs_actor_t *sender, const airs_id_t *targets,
                               const uint8_t *allowed, size_t count, airs_bytes_t payload,
                               size_t *failed_first, airs_error_t *error) {
    airs_actor_put_out(sender);
    if (!airs_message_broker_allows(sender, error)) {
        return AIRS_QUOTA_EXCEEDED;
    }
    airs_services_t *services = services_of(router);
    airs_message_parts_t parts = parts_of(sender, AIRS_MESSAGE_PLAIN, airs_bytes(NULL, 0));
    airs_broadcast_t all;
    all.services = services;
    all.sender = sender;
    all.parts = &parts;
    all.reached = 0;
    all.failed = 0;
    airs_status_t status = airs_payload_create(services->pool, payload, airs_str(NULL), &all.payload);
    if (status != AIRS_OK) {
        return status;
    }
    for (all.index = 0; all.index < count; all.index++) {
        (void)error_of_next(&all);
        if (allowed != NULL && allowed[all.index] == 0) {
            count_target(&all, targets[all.index], AIRS_CAPABILITY_DENIED);
        } else if (names_all(targets[all.index])) {
            give_all(&all, targets[all.index]);
        } else {
            give_one(&all, targets[all.index]);
        }
    }
    airs_payload_unref(all.payload);
    return conclude_broadcast(&all, failed_first, error);
}

/* ---- who lives ---- */

static airs_peer_info_t info_of(airs_actor_t *actor, const airs_actor_metadata_t *metadata,
                                char name[AIRS_ID_MAX + 1]) {
    return (airs_peer_info_t){
        .id = actor->id,
        .name = airs_actor_name(actor, metadata, name),
        .version = metadata != NULL ? metadata->version : "",
        .health = airs_health_text(airs_actor_health(actor)),
    };
}

typedef struct airs_listing {
    bool (*each)(void *context, const airs_peer_info_t *info);
    void *context;
} airs_listing_t;

static bool list_one(void *context, airs_actor_t *actor) {
    const airs_listing_t *listing = context;
    char name[AIRS_ID_MAX + 1];
    airs_peer_info_t info = info_of(actor, airs_actor_known_metadata(actor), name);
    return listing->each(listing->context, &info);
}

static void list(airs_message_router_t *router, bool (*each)(void *context, const airs_peer_info_t *info),
                 void *context) {
    airs_listing_t listing = {.each = each, .context = context};
    airs_component_registry_each(services_of(router)->registry, list_one, &listing);
}

static airs_status_t describe(airs_message_router_t *router, airs_id_t id,
                              void (*take)(void *context, const airs_peer_info_t *info), void *context) {
    airs_actor_t *actor = airs_component_registry_find(services_of(router)->registry, id);
    if (actor == NULL) {
        return AIRS_TARGET_NOT_FOUND;
    }
    char name[AIRS_ID_MAX + 1];
    airs_peer_info_t info = info_of(actor, airs_actor_metadata(actor), name);
    take(context, &info);
    airs_actor_unref(actor);
    return AIRS_OK;
}

static void route_release(airs_message_router_t *router, airs_route_t *route) {
    (void)router;
    release_route(route);
}

/* ---- the broker ---- */

airs_status_t airs_message_broker_create(airs_services_t *services, airs_message_broker_t **out) {
    static const airs_message_router_ops_t ops = {
        .send = send,
        .send_now = send_now,
        .request = request,
        .waited = waited,
        .cancel_request = cancel_request,
        .broadcast = broadcast,
        .defer_reply = airs_router_defer_reply,
        .reply = airs_router_reply,
        .fail = airs_router_fail,
        .start_timer = airs_router_start_timer,
        .cancel_timer = airs_router_cancel_timer,
        .subscribe = airs_router_subscribe,
        .unsubscribe = airs_router_unsubscribe,
        .publish = airs_router_publish,
        .spawn = airs_router_spawn,
        .stop = airs_router_stop,
        .exit = airs_router_exit,
        .monitor = airs_router_monitor,
        .demonitor = airs_router_demonitor,
        .link = airs_router_link,
        .unlink = airs_router_unlink,
        .trap_exits = airs_router_trap_exits,
        .list = list,
        .describe = describe,
        .route_release = route_release,
    };
    airs_message_broker_t *broker = airs_alloc_zeroed(services->allocator, sizeof *broker);
    if (broker == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    broker->router.ops = &ops;
    broker->services = services;
    *out = broker;
    return AIRS_OK;
}

void airs_message_broker_destroy(airs_message_broker_t *broker) {
    if (broker != NULL) {
        airs_release(broker->services->allocator, broker);
    }
}

airs_message_router_t *airs_message_broker_router(airs_message_broker_t *broker) { return &broker->router; }
