/* Native actors: actors written in C that live beside guests, under the same rules.
 *
 * One call at a time, on a worker thread; a mailbox bounded in messages and bytes; at most once;
 * in order from each sender. A callback that fails ends the actor as a trap ends a guest. A callback
 * must not block: it holds its worker. */
#ifndef AIRSSYS_ACTOR_H
#define AIRSSYS_ACTOR_H

#include <airssys/bytes.h>
#include <airssys/error.h>
#include <airssys/health.h>
#include <airssys/id.h>

#include <stdbool.h>
#include <stdint.h>

/* Why an actor ended, or an incarnation of one that is restarted (variant exit-reason). */
typedef enum airs_reason_kind {
    AIRS_REASON_NORMAL,   /* of its own will, having done what it was to do */
    AIRS_REASON_SHUTDOWN, /* it was stopped in order: by its supervisor, by the program, by another actor */
    AIRS_REASON_KILLED,   /* it was ended without being asked */
    AIRS_REASON_ERROR,    /* it said so itself, or its start or its shutdown call failed */
    AIRS_REASON_CRASH,    /* it trapped, exceeded a limit, broke the rules, or a native callback failed */
    AIRS_REASON_NO_ACTOR, /* there was none with this id */
} airs_reason_kind_t;

typedef struct airs_exit_reason {
    airs_reason_kind_t kind;
    const char *text; /* what happened, of AIRS_REASON_ERROR and _CRASH; else "". Borrowed, never NULL */
} airs_exit_reason_t;

/* "normal", "shutdown", "killed", "error", "crash", "no-actor"; "unknown" for another number. Static. Any
 * thread. */
AIRS_API const char *airs_reason_text(airs_reason_kind_t kind);

/* What a native actor's callbacks call back into; valid inside the callback it was handed to. */
typedef struct airs_actor_context airs_actor_context_t;

/* How an actor is stopped. */
typedef enum airs_stop_mode {
    AIRS_STOP_DRAIN, /* after what is queued now */
    AIRS_STOP_DROP,  /* after the message in hand; the rest is dropped and counted */
    AIRS_STOP_KILL,  /* at once, without its shutdown call; what is queued is dropped and counted */
} airs_stop_mode_t;

/* A request's id: a UUID as text, zero-terminated. */
typedef struct airs_request_id {
    char text[37];
} airs_request_id_t;

typedef enum airs_incoming_kind {
    AIRS_INCOMING_MESSAGE,  /* fire and forget */
    AIRS_INCOMING_REQUEST,  /* the sender awaits an answer */
    AIRS_INCOMING_RESPONSE, /* the answer to a request of this actor */
    AIRS_INCOMING_FAILURE,  /* a request of this actor that failed or timed out: payload is a JSON object */
    AIRS_INCOMING_DOWN,     /* an actor that it monitors, `sender`, has ended; payload is a JSON object */
    AIRS_INCOMING_EXIT,     /* likewise one that it was linked to, and it traps exits */
} airs_incoming_kind_t;

/* Names a monitor of the calling actor; never 0. */
typedef uint64_t airs_monitor_t;

/* A message as its receiver sees it (record component-message); borrowed for the callback. */
typedef struct airs_incoming {
    airs_incoming_kind_t kind;
    airs_id_t sender;
    airs_bytes_t payload;
    airs_str_t content_type;    /* size 0: none */
    uint64_t timestamp_ns;      /* when it was sent, since 1970 */
    const char *correlation_id; /* NULL for AIRS_INCOMING_MESSAGE */
    uint64_t timer_id;          /* of the timer whose message this is; 0: of none */
    airs_monitor_t monitor;     /* AIRS_INCOMING_DOWN: whose message this is */
    airs_exit_reason_t reason;  /* AIRS_INCOMING_DOWN and _EXIT: why `sender` has ended */
} airs_incoming_t;

/* What a native actor is. Only `handle` is mandatory. */
typedef struct airs_native {
    size_t size; /* sizeof(airs_native_t) */
    /* Runs before the first message. Anything but AIRS_OK: the spawn fails. */
    airs_status_t (*start)(airs_actor_context_t *context, void *state);
    /* A message, request, response or failure. Anything but AIRS_OK ends the actor (a crash). */
    airs_status_t (*handle)(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming);
    /* Runs after the last message of an orderly stop, not after a crash. */
    void (*stop)(airs_actor_context_t *context, void *state);
    /* Always runs, last; the actor's state is not used again. */
    void (*destroy)(void *state);
    /* Make the state again what it was before the first start, from whatever an incarnation left; then `start`
     * runs. Anything but AIRS_OK: the restart has failed. NULL: the actor cannot be restarted. */
    airs_status_t (*restart)(void *state);
    /* How well it is: asked between two other calls, at the interval that its spawn options say. NULL: unknown. */
    airs_health_t (*health)(airs_actor_context_t *context, void *state);
} airs_native_t;

/* The calling actor's id. */
AIRS_API airs_id_t airs_actor_self(airs_actor_context_t *context);

/* host-messaging.send. See airs_node_send for the statuses. */
AIRS_API airs_status_t airs_actor_send(airs_actor_context_t *context, airs_id_t target, airs_bytes_t payload);

/* host-messaging.request: the answer, failure or time-out comes to `handle` with the same id.
 * `timeout_ms` 0 times out at once, unless the answer is faster. `out` may be NULL. */
AIRS_API airs_status_t airs_actor_request(airs_actor_context_t *context, airs_id_t target,
                                          airs_bytes_t payload, uint64_t timeout_ms, airs_request_id_t *out);

/* host-messaging.cancel-request. AIRS_NOT_FOUND when it has ended. */
AIRS_API airs_status_t airs_actor_cancel_request(airs_actor_context_t *context, const airs_request_id_t *id);

/* Answer the request in hand, once, inside `handle`; a request that `handle` does not answer gets an
 * empty response. AIRS_INVALID_STATE when there is none in hand or it was answered. */
AIRS_API airs_status_t airs_actor_respond(airs_actor_context_t *context, airs_bytes_t payload);

/* host-messaging.broadcast: to all that can be reached, a target's instance "*" to all instances of its
 * component. When some cannot, the first one's status; its index is then in *failed_first (may be NULL). */
AIRS_API airs_status_t airs_actor_broadcast(airs_actor_context_t *context, const airs_id_t *targets,
                                            size_t count, airs_bytes_t payload, size_t *failed_first);

/* airssys:actor/replies.defer-reply: take over the answer to the request in hand, to be given later from
 * any callback of this actor. *out is its id, that of airs_incoming_t (`out` may be NULL). When the actor ends,
 * the request fails at once. AIRS_INVALID_STATE when there is none in hand, or it was answered or taken over;
 * AIRS_TOO_MANY_REQUESTS. */
AIRS_API airs_status_t airs_actor_defer_reply(airs_actor_context_t *context, airs_request_id_t *out);

/* replies.reply, replies.fail. AIRS_NOT_FOUND when this actor took over no such request or has answered it;
 * AIRS_TIMEOUT when it had ended otherwise; AIRS_MESSAGE_TOO_LARGE and AIRS_UNSUPPORTED_CODEC leave it to be
 * answered. */
AIRS_API airs_status_t airs_actor_reply(airs_actor_context_t *context, const airs_request_id_t *to,
                                        airs_bytes_t payload, airs_str_t content_type);
AIRS_API airs_status_t airs_actor_fail(airs_actor_context_t *context, const airs_request_id_t *to,
                                       airs_str_t reason);

/* airssys:actor/topics. A topic is tokens with dots between them; in a pattern `*` is one token and a last
 * `>` one or more. Subscriptions end with the actor. AIRS_INVALID_ARGUMENT, AIRS_QUOTA_EXCEEDED. */
AIRS_API airs_status_t airs_actor_subscribe(airs_actor_context_t *context, airs_str_t pattern);
AIRS_API airs_status_t airs_actor_unsubscribe(airs_actor_context_t *context, airs_str_t pattern);

/* topics.publish: once to every subscriber. `content_type` size 0: none. *reached (may be NULL): how many
 * mailboxes took it; those that were full lose it (dead letters). AIRS_INVALID_ARGUMENT. */
AIRS_API airs_status_t airs_actor_publish(airs_actor_context_t *context, airs_str_t topic,
                                          airs_bytes_t payload, airs_str_t content_type, uint32_t *reached);

/* Names a timer of the calling actor; never 0. */
typedef uint64_t airs_timer_id_t;

/* airssys:actor/timers: a message to oneself, later, or each period. Messages of a repeating timer coalesce
 * while one waits. `out` may be NULL. AIRS_INVALID_ARGUMENT (period 0), AIRS_QUOTA_EXCEEDED,
 * AIRS_MESSAGE_TOO_LARGE. */
AIRS_API airs_status_t airs_actor_send_after(airs_actor_context_t *context, uint64_t delay_ms,
                                             airs_bytes_t payload, airs_timer_id_t *out);
AIRS_API airs_status_t airs_actor_send_every(airs_actor_context_t *context, uint64_t period_ms,
                                             airs_bytes_t payload, airs_timer_id_t *out);

/* True if it had not fired yet, or repeats; nothing of it comes any more then. */
AIRS_API bool airs_actor_cancel_timer(airs_actor_context_t *context, airs_timer_id_t id);

/* airssys:actor/supervision. Links and monitors are of an incarnation: they end with it, also when the actor is
 * restarted then. Their messages come behind what the actor that ended sent before, and do not count against the
 * mailbox's bounds. */

/* Hear once (AIRS_INCOMING_DOWN) when the actor `target` ends, at once with AIRS_REASON_NO_ACTOR if there is none.
 * With an empty instance: any one of the component. Between two incarnations of `target`: when the next one ends.
 * `out` may be NULL. AIRS_INVALID_ARGUMENT, AIRS_QUOTA_EXCEEDED (max_monitors), AIRS_OUT_OF_MEMORY. */
AIRS_API airs_status_t airs_actor_monitor(airs_actor_context_t *context, airs_id_t target,
                                          airs_monitor_t *out);

/* Nothing of it comes from here on, though it may have been sent already. AIRS_NOT_FOUND: there is no such
 * monitor, or its message was handled. */
AIRS_API airs_status_t airs_actor_demonitor(airs_actor_context_t *context, airs_monitor_t monitor);

/* Tie the two together: if one ends for another reason than AIRS_REASON_NORMAL, so does the other, at once, for
 * the same reason; unless that one traps exits, which is then told (AIRS_INCOMING_EXIT). Linking twice is as good
 * as once, and with oneself it does nothing. AIRS_TARGET_NOT_FOUND, AIRS_QUOTA_EXCEEDED (max_links, of either),
 * AIRS_OUT_OF_MEMORY. */
AIRS_API airs_status_t airs_actor_link(airs_actor_context_t *context, airs_id_t target);

/* Undo it; nothing of it comes from here on. Fine when they are not linked. */
AIRS_API void airs_actor_unlink(airs_actor_context_t *context, airs_id_t target);

/* From here on be told of the ends of those that this actor is linked to, the normal ones too, instead of ending
 * with them; or not any more. AIRS_OUT_OF_MEMORY. */
AIRS_API airs_status_t airs_actor_trap_exits(airs_actor_context_t *context, bool traps);

/* What is to be spawned by an actor, and how it is tied to it. */
typedef struct airs_actor_spawn {
    size_t size; /* sizeof(airs_actor_spawn_t) */
    /* A component that was offered (airs_node_offer, or one of the manifest's), and the new actor's instance; empty:
     * one that is not used yet. */
    airs_id_t id;
    airs_bytes_t config; /* initialize's config-data; data NULL: as the component was offered */
    bool link;           /* as airs_actor_link with the new actor, before it runs */
    bool monitor;        /* as airs_actor_monitor, likewise */
} airs_actor_spawn_t;

/* What came of it. */
typedef struct airs_spawned {
    char id[AIRS_ID_MAX + 3]; /* "namespace/name/instance", zero-terminated */
    airs_monitor_t monitor;   /* 0: none was asked for */
} airs_spawned_t;

/* Make another actor, of a component. AIRS_OK: it has its name and can be sent to, and starts soon; if it fails to,
 * links and monitors tell. Nobody restarts it, unless its component was offered with a supervisor. `out` may be
 * NULL. AIRS_COMPONENT_NOT_FOUND, AIRS_ALREADY_EXISTS, AIRS_INVALID_ARGUMENT, AIRS_QUOTA_EXCEEDED,
 * AIRS_OUT_OF_MEMORY, AIRS_STOPPED (the node is being stopped). */
AIRS_API airs_status_t airs_actor_spawn(airs_actor_context_t *context, const airs_actor_spawn_t *spawn,
                                        airs_spawned_t *out);

struct airs_spawn_options;

/* The same with a native actor of any name; `spawn->config` is not used. `state` belongs to it from here on, also
 * when this fails. `options` may be NULL (airs_spawn_options_t; only the limits count). */
AIRS_API airs_status_t airs_actor_spawn_native(airs_actor_context_t *context, const airs_native_t *native,
                                               void *state, const airs_actor_spawn_t *spawn,
                                               const struct airs_spawn_options *options, airs_spawned_t *out);

/* Ask the actor `target` (no group) to end for good; a supervisor does not bring it back. Does not wait for it:
 * monitor it to hear of that. AIRS_TARGET_NOT_FOUND, AIRS_OUT_OF_MEMORY (drain). */
AIRS_API airs_status_t airs_actor_stop_other(airs_actor_context_t *context, airs_id_t target,
                                             airs_stop_mode_t mode);

/* End this actor in order once `handle` returns. Messages still queued become dead letters (receiver-ended), unless its
 * supervisor restarts it: then they are its next incarnation's. */
AIRS_API void airs_actor_exit(airs_actor_context_t *context);

/* The same with a reason other than AIRS_REASON_NORMAL, which is what a supervisor, links and monitors see:
 * after AIRS_REASON_NORMAL and _SHUTDOWN a transient child is not restarted. The text is copied; NULL is "". The
 * last call in a callback counts; in the stop callback it is too late, and nothing happens.
 * AIRS_INVALID_ARGUMENT: AIRS_REASON_NO_ACTOR, or another number. AIRS_OUT_OF_MEMORY: without its text it is not
 * done. */
AIRS_API airs_status_t airs_actor_exit_with(airs_actor_context_t *context, const airs_exit_reason_t *reason);

#endif
