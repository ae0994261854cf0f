/* How a host import reaches mailboxes: the actor layer implements it, the runtime layer calls it, on
 * the worker that runs the calling actor and inside that actor's call. */
#ifndef AIRSSYS_CORE_MESSAGE_ROUTER_H
#define AIRSSYS_CORE_MESSAGE_ROUTER_H

#include <airssys/actor.h>

#include "core/component_id.h"
#include "core/correlation_id.h"

typedef struct airs_actor airs_actor_t;
typedef struct airs_message_router airs_message_router_t;

/* A target looked up once and remembered by the caller, per calling actor. Zeroed: not looked up.
 * The router fills it, checks it at each use (an actor that ended is looked up again by id) and
 * releases what it holds. A route is used by one thread at a time. */
typedef struct airs_route {
    airs_actor_t *actor; /* a reference, or NULL */
} airs_route_t;

typedef struct airs_peer_info {
    airs_component_id_t *id; /* borrowed for the callback */
    const char *name;        /* as the component's metadata say, or the id's name before it was asked */
    const char *version;     /* likewise; "" when unknown */
    const char *health;      /* "healthy", "degraded", "unhealthy", "unknown" */
} airs_peer_info_t;

/* What a guest asks to be spawned: airs_actor_spawn_t. */
typedef struct airs_spawn_order {
    airs_id_t id;        /* instance empty: one that is not used yet */
    airs_bytes_t config; /* data NULL: as the component was offered */
    bool link;
    bool monitor;
} airs_spawn_order_t;

typedef struct airs_message_router_ops {
    /* AIRS_OK: in the target's mailbox. AIRS_TARGET_NOT_FOUND, AIRS_QUEUE_FULL,
     * AIRS_MESSAGE_TOO_LARGE, AIRS_UNSUPPORTED_CODEC, AIRS_NOT_RUNNING (it is stopping),
     * AIRS_OUT_OF_MEMORY. AIRS_PENDING: the mailbox is full and has its senders wait; the message was
     * copied, and the caller parks its call and asks `waited` each time it is woken. AIRS_DEADLOCK: it
     * would have to wait for itself. `error` is filled only for statuses whose text adds something; NULL
     * is fine. */
    airs_status_t (*send)(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                          const airs_id_t *target, airs_bytes_t payload, airs_error_t *error);
    /* As send, at once or not at all. False: nothing was sent, noted or counted, and `send` may be called for it. What
     * it sends is in the target's mailbox when the sender's call in hand has returned or pends, and before anything
     * else that the sender does through these. NULL: everything goes by send. */
    bool (*send_now)(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                     const airs_id_t *target, airs_bytes_t payload);
    /* As send; the answer comes to the sender's handle-callback. AIRS_TOO_MANY_REQUESTS. A target that
     * cannot be reached is an error of this call, not a later failure callback. `timeout_ms` 0: the
     * request times out at the next turn of the timers; one too long for the clock: never. */
    airs_status_t (*request)(airs_message_router_t *router, airs_actor_t *sender, airs_route_t *route,
                             const airs_id_t *target, airs_bytes_t payload, uint64_t timeout_ms,
                             airs_correlation_id_t *out, airs_error_t *error);
    /* How the send or request that answered AIRS_PENDING ended, told once: AIRS_OK (for a request also that its
     * timeout passed first, of which the sender hears as usual), AIRS_QUEUE_FULL (it waited in vain until its
     * deadline), AIRS_STOPPED (the sender is asked to stop), or why it failed; AIRS_PENDING when it has not
     * ended, AIRS_INVALID_STATE when there is none. An actor has one such call at a time; when its incarnation
     * ends, what it waited with is dropped. */
    airs_status_t (*waited)(airs_message_router_t *router, airs_actor_t *sender, airs_error_t *error);
    /* Only the sender's own. AIRS_NOT_FOUND when it has ended already or never was. */
    airs_status_t (*cancel_request)(airs_message_router_t *router, airs_actor_t *sender,
                                    const airs_correlation_id_t *id);
    /* One shared payload to all that can be reached. When some cannot: the first one's status, and in
     * `error` how many of how many failed and the first one's id and reason. `failed_first` (may be
     * NULL) is its index. `allowed` has one byte a target: 0 counts as AIRS_CAPABILITY_DENIED. */
    airs_status_t (*broadcast)(airs_message_router_t *router, airs_actor_t *sender, const airs_id_t *targets,
                               const uint8_t *allowed, size_t count, airs_bytes_t payload,
                               size_t *failed_first, airs_error_t *error);

    /* airssys:actor/replies. Take over the answer to the request in hand. AIRS_INVALID_STATE when none is
     * in hand or it was answered or taken over; AIRS_TOO_MANY_REQUESTS at the limit. */
    airs_status_t (*defer_reply)(airs_message_router_t *router, airs_actor_t *self,
                                 airs_correlation_id_t *out, airs_error_t *error);
    /* Answer a request that was taken over. AIRS_NOT_FOUND: this incarnation took over no such request, or
     * has answered it, or it ended so long ago that it was forgotten. AIRS_TIMEOUT: it had ended otherwise,
     * which counts as a late reply. AIRS_MESSAGE_TOO_LARGE, AIRS_UNSUPPORTED_CODEC and AIRS_OUT_OF_MEMORY: it
     * is still to be answered. */
    airs_status_t (*reply)(airs_message_router_t *router, airs_actor_t *self, const airs_correlation_id_t *to,
                           airs_bytes_t payload, airs_str_t content_type, airs_error_t *error);
    /* The same with a failure. */
    airs_status_t (*fail)(airs_message_router_t *router, airs_actor_t *self, const airs_correlation_id_t *to,
                          airs_str_t reason, airs_error_t *error);

    /* airssys:actor/topics; see core/topic.h for what is valid. AIRS_INVALID_ARGUMENT (with a text), and
     * for subscribe AIRS_QUOTA_EXCEEDED at the limit, AIRS_OUT_OF_MEMORY. Unsubscribing from what one is
     * not subscribed to is fine. */
    airs_status_t (*subscribe)(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                               airs_error_t *error);
    airs_status_t (*unsubscribe)(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                 airs_error_t *error);
    /* Once to every subscriber, whatever the number of its patterns that match, the publisher included;
     * never waits. `reached`: how many mailboxes took it. That one did not is no error.
     * AIRS_OUT_OF_MEMORY: some that should have it do not. */
    airs_status_t (*publish)(airs_message_router_t *router, airs_actor_t *self, airs_str_t topic,
                             airs_bytes_t payload, airs_str_t content_type, uint32_t *reached,
                             airs_error_t *error);

    /* airssys:actor/timers. A message to oneself after `delay_ms`, or with `period_ms` above 0 again each
     * period after that. AIRS_QUOTA_EXCEEDED at the limit, AIRS_MESSAGE_TOO_LARGE, AIRS_OUT_OF_MEMORY. */
    airs_status_t (*start_timer)(airs_message_router_t *router, airs_actor_t *self, uint64_t delay_ms,
                                 uint64_t period_ms, airs_bytes_t payload, uint64_t *out,
                                 airs_error_t *error);
    /* True if it had not fired yet, or repeats; nothing of it comes any more then. */
    bool (*cancel_timer)(airs_message_router_t *router, airs_actor_t *self, uint64_t id);

    /* airssys:actor/supervision. See airs_actor_spawn and its neighbours in airssys/actor.h for the statuses;
     * `error` (may be NULL) is filled where a text adds something. */
    airs_status_t (*spawn)(airs_message_router_t *router, airs_actor_t *self, const airs_spawn_order_t *order,
                           airs_spawned_t *out, airs_error_t *error);
    airs_status_t (*stop)(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                          airs_stop_mode_t mode, airs_error_t *error);
    /* AIRS_INVALID_ARGUMENT, AIRS_INVALID_STATE (it is stopping), AIRS_OUT_OF_MEMORY. */
    airs_status_t (*exit)(airs_message_router_t *router, airs_actor_t *self,
                          const airs_exit_reason_t *reason);
    airs_status_t (*monitor)(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                             uint64_t *out, airs_error_t *error);
    airs_status_t (*demonitor)(airs_message_router_t *router, airs_actor_t *self, uint64_t monitor);
    airs_status_t (*link)(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                          airs_error_t *error);
    void (*unlink)(airs_message_router_t *router, airs_actor_t *self, airs_id_t target);
    airs_status_t (*trap_exits)(airs_message_router_t *router, airs_actor_t *self, bool traps);

    /* Calls each() for every registered actor; false stops. */
    void (*list)(airs_message_router_t *router, bool (*each)(void *context, const airs_peer_info_t *info),
                 void *context);
    /* Calls take() with the one actor's information. AIRS_TARGET_NOT_FOUND. */
    airs_status_t (*describe)(airs_message_router_t *router, airs_id_t id,
                              void (*take)(void *context, const airs_peer_info_t *info), void *context);
    void (*route_release)(airs_message_router_t *router, airs_route_t *route);
} airs_message_router_ops_t;

struct airs_message_router {
    const airs_message_router_ops_t *ops;
};

#endif
