/* Actors in C: write airs_on_message, and the rest has a default.
 *
 *     #include <airssys.h>
 *
 *     airs_outcome_t airs_on_message(const airs_message_t *message) {
 *         return airs_answer(message->payload);
 *     }
 *
 * Your functions are called one at a time, and what they keep in static variables is the actor's state;
 * it ends with the actor. What a message points to is yours to read until the function returns.
 * A component imports only what it calls: without printf and the like it needs nothing of WASI. What you
 * print is written out at the end of each call.
 *
 * The functions are those of wit/airssys-core and wit/airssys-actor, where each is described; names that
 * begin with AIRS_ or airs_ are this header's. The generated bindings are beside it as <guest.h>, for what
 * a world of your own adds. */
#ifndef AIRSSYS_GUEST_H
#define AIRSSYS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AIRS_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))

/* ---- Bytes and text: borrowed views that own nothing ---- */

typedef struct airs_bytes {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;
} airs_bytes_t;

/* UTF-8 without a terminating zero. */
typedef struct airs_str {
    const char *data; /* may be NULL when size is 0 */
    size_t size;
} airs_str_t;

static inline airs_bytes_t airs_bytes(const void *data, size_t size) {
    return (airs_bytes_t){(const uint8_t *)data, size};
}

static inline airs_str_t airs_str(const char *text) {
    return (airs_str_t){text, text != NULL ? strlen(text) : 0};
}

static inline airs_str_t airs_str_n(const char *text, size_t size) { return (airs_str_t){text, size}; }

/* Bytes as text and back: no check, no copy. */
static inline airs_str_t airs_as_str(airs_bytes_t bytes) {
    return (airs_str_t){(const char *)bytes.data, bytes.size};
}

static inline airs_bytes_t airs_as_bytes(airs_str_t text) {
    return (airs_bytes_t){(const uint8_t *)text.data, text.size};
}

/* The bytes of a C string. */
static inline airs_bytes_t airs_text(const char *text) { return airs_as_bytes(airs_str(text)); }

static inline bool airs_str_equal(airs_str_t a, airs_str_t b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Whether the bytes are exactly this C string. */
static inline bool airs_is(airs_bytes_t bytes, const char *text) {
    return airs_str_equal(airs_as_str(bytes), airs_str(text));
}

/* Whether the bytes begin with this C string; *rest (may be NULL) is then what follows. */
bool airs_starts_with(airs_bytes_t bytes, const char *text, airs_bytes_t *rest);

/* The bytes as a decimal number; false when they are anything else or do not fit. */
bool airs_parse_u64(airs_bytes_t bytes, uint64_t *out);

/* For printf: airs_log(AIRS_LOG_INFO, "%.*s", AIRS_STR_ARG(name)). */
#define AIRS_STR_ARG(s) (int)(s).size, ((s).data != NULL ? (const char *)(s).data : "")

/* Bytes that a function handed out: yours, until airs_buffer_free. */
typedef struct airs_buffer {
    uint8_t *data;
    size_t size;
} airs_buffer_t;

/* Frees and zeroes. A zeroed buffer is fine. */
void airs_buffer_free(airs_buffer_t *buffer);

static inline airs_bytes_t airs_buffer_bytes(airs_buffer_t buffer) {
    return (airs_bytes_t){buffer.data, buffer.size};
}

/* ---- Who is who ---- */

/* An actor's id, written as text "namespace/name/instance". In a target, the empty instance means any
 * live instance of the component. */
typedef struct airs_id {
    airs_str_t ns;
    airs_str_t name;
    airs_str_t instance;
} airs_id_t;

static inline airs_id_t airs_id(const char *ns, const char *name, const char *instance) {
    return (airs_id_t){airs_str(ns), airs_str(name), airs_str(instance)};
}

/* Split "namespace/name/instance"; the id points into `text`. The last two parts have no slashes. False
 * when there are fewer than two slashes, or no namespace or name. */
bool airs_id_parse(airs_str_t text, airs_id_t *out);

bool airs_id_equal(airs_id_t a, airs_id_t b);

/* The caller's own id; it lives as long as the actor. */
airs_id_t airs_self(void);

/* ---- How calls of the runtime end ---- */

typedef enum airs_status {
    AIRS_OK,
    AIRS_DELIVERY_FAILED, /* or the capability was denied: airs_error_text says which */
    AIRS_TIMED_OUT,
    AIRS_INVALID_MESSAGE, /* too large, or no topic, for two */
    AIRS_QUEUE_FULL,      /* the mailbox, or the limit on outstanding requests, or on messages a second */
    AIRS_TARGET_NOT_FOUND,
    AIRS_NOT_FOUND,
    AIRS_ALREADY_EXISTS,
    AIRS_QUOTA_EXCEEDED, /* of storage, timers, subscriptions, answers taken over */
    AIRS_INVALID_KEY,
    AIRS_IO_ERROR,
    AIRS_OUT_OF_MEMORY,
    AIRS_INVALID_STATE,     /* no request is in hand, or it is answered */
    AIRS_UNSUPPORTED_CODEC, /* the receiver does not accept what the payload's prefix names */
    AIRS_DEADLOCK,          /* this actor would wait for itself */
    AIRS_DENIED,            /* the capability was denied: airs_error_text says which */
    AIRS_INVALID_ARGUMENT,
    AIRS_FAILED, /* there is no memory, or the node is being stopped */
} airs_status_t;

/* In words. Never NULL, static. */
const char *airs_status_text(airs_status_t status);

/* What the runtime said about the last call of this header that failed; "" when it said nothing. Cut at
 * 255 bytes, valid until the next call that fails. */
const char *airs_error_text(void);

/* ---- What an actor is told, and what it answers ---- */

typedef enum airs_kind {
    AIRS_MESSAGE,  /* fire and forget */
    AIRS_REQUEST,  /* the sender awaits an answer */
    AIRS_RESPONSE, /* to airs_on_callback: the answer to a request of this actor */
    AIRS_FAILURE,  /* to airs_on_callback: why there is none; see airs_failure_is */
} airs_kind_t;

typedef struct airs_message {
    airs_kind_t kind;
    airs_id_t sender;
    airs_bytes_t payload;
    airs_str_t content_type;   /* size 0: none */
    airs_str_t correlation_id; /* size 0: none */
    airs_id_t reply_to;        /* all sizes 0: none */
    uint64_t timestamp_ns;     /* when it was sent, since 1970 */
} airs_message_t;

/* Why a request failed, in one word: "timeout", "stopped", "trap", "handle-message-failed" (its answer was an
 * error), "target-not-found", … Size 0 when the message is no failure. The payload is a JSON object {error,
 * message, correlation-id}, and this points to the first of these. */
airs_str_t airs_failure_reason(const airs_message_t *message);

/* Whether it is a failure of this kind: airs_failure_is(message, "timeout"). */
bool airs_failure_is(const airs_message_t *message, const char *reason);

/* Whether this is how an application's input ends: an empty message after its last line. */
bool airs_is_end(const airs_message_t *message);

/* How a call ends; made by the functions below and returned at once, each one once. */
typedef struct airs_outcome {
    enum { AIRS_OUTCOME_DONE, AIRS_OUTCOME_ANSWER, AIRS_OUTCOME_FAIL } kind;
    uint8_t *data;
    size_t size;
} airs_outcome_t;

/* Well, and with nothing to say. A request gets an empty response. */
airs_outcome_t airs_done(void);

/* Well, with an answer, which only a request's sender hears. The bytes are copied, or passed on as they
 * are when they are the payload of the message in hand. From airs_on_message only. */
airs_outcome_t airs_answer(airs_bytes_t bytes);
airs_outcome_t airs_answer_text(const char *format, ...) AIRS_PRINTF(1, 2);

/* With an error, which a request's sender gets as a failure. The actor lives on, except that a
 * failed airs_on_start means that there is no actor. */
airs_outcome_t airs_fail(const char *format, ...) AIRS_PRINTF(1, 2);
airs_outcome_t airs_fail_str(airs_str_t text);

/* With the error of a call that failed: the status in words, and what the runtime said. */
airs_outcome_t airs_fail_status(airs_status_t status);

typedef enum airs_health { AIRS_HEALTHY, AIRS_DEGRADED, AIRS_UNHEALTHY, AIRS_HEALTH_UNKNOWN } airs_health_t;

typedef struct airs_metadata {
    const char *name;
    const char *version;
    const char *description;
    const char *author;
    const char *license;
    const char *const *operations; /* what requests it understands; `operation_count` of them */
    size_t operation_count;
    bool stateful;
} airs_metadata_t;

/* ---- Yours to write; all but the first have a default ---- */

/* A message or a request. */
airs_outcome_t airs_on_message(const airs_message_t *message);

/* The end of a request of this actor. Default: nothing. */
airs_outcome_t airs_on_callback(const airs_message_t *message);

/* Before the first message. Default: well. */
airs_outcome_t airs_on_start(void);

/* After the last message of a stop in order. Default: well. */
airs_outcome_t airs_on_stop(void);

/* Default: healthy. */
airs_health_t airs_on_health(void);

/* Only in a guest that is built with MIGRATES (airssys_add_guest), which then has both: hot update.
 *
 * What the actor's state is, with airs_answer; it is between two messages, and about to be replaced. Nothing may
 * end by this, for the update can still fail: then the actor goes on. airs_fail: it cannot be updated now. */
airs_outcome_t airs_on_export_state(void);

/* After airs_on_start: go on with this state, which the actor of version `from_version` (of its airs_metadata) had.
 * Its timers are still armed, its requests still awaited, the answers it took over still owed. airs_fail: this
 * state is of no use, and the update is rolled back. */
airs_outcome_t airs_on_import_state(airs_str_t from_version, airs_bytes_t state);

/* Default: named "component". */
extern const airs_metadata_t airs_metadata;

/* ---- What the manifest says ---- */

/* An environment variable, or NULL. It lives as long as the actor. */
const char *airs_env(const char *name);

/* The configuration; size 0 when there is none. It lives as long as the actor. */
airs_bytes_t airs_config(void);

/* ---- Calls of the runtime ---- */

/* Into the target's mailbox, or an error. */
airs_status_t airs_send(airs_id_t target, airs_bytes_t payload);

/* The same, waiting up to `timeout_ms` while the mailbox is full; only this actor waits. AIRS_QUEUE_FULL
 * when it still was. */
airs_status_t airs_send_wait(airs_id_t target, airs_bytes_t payload, uint64_t timeout_ms);

typedef struct airs_request_id {
    char text[37];
} airs_request_id_t;

/* A request, whose end comes to airs_on_callback with the same id. `out` may be NULL. */
airs_status_t airs_request(airs_id_t target, airs_bytes_t payload, uint64_t timeout_ms,
                           airs_request_id_t *out);

/* Nobody will hear of it any more. Fails when it has ended. */
airs_status_t airs_cancel_request(const airs_request_id_t *id);

/* To all that can be reached; when some cannot, the first one's error. A target's instance "*" stands for
 * all instances of its component. 1,024 targets at most. */
airs_status_t airs_broadcast(const airs_id_t *targets, size_t count, airs_bytes_t payload);

/* ---- Answers given later ---- */

/* Take over the answer to the request in hand: how airs_on_message returns is then no answer, and the request
 * stays open until airs_reply or airs_reply_fail, from any later call of this actor. It fails when this actor
 * ends first, and ends at its timeout in any case. AIRS_INVALID_STATE when no request is in hand, or its
 * answer was taken over already. AIRS_QUOTA_EXCEEDED. */
airs_status_t airs_defer_reply(airs_request_id_t *out);

/* The answer to a request that was taken over, once. `content_type` may be airs_str(NULL). AIRS_NOT_FOUND when
 * no such request is open here; AIRS_TIMED_OUT, or AIRS_NOT_FOUND after a while, when it ended without this
 * answer (its time was up, or its sender is gone). AIRS_INVALID_MESSAGE (too large) and AIRS_UNSUPPORTED_CODEC
 * leave it open. */
airs_status_t airs_reply(const airs_request_id_t *to, airs_bytes_t payload, airs_str_t content_type);

/* The same with a failure ("handle-message-failed") whose text is the reason. */
airs_status_t airs_reply_fail(const airs_request_id_t *to, const char *format, ...) AIRS_PRINTF(2, 3);
airs_status_t airs_reply_fail_str(const airs_request_id_t *to, airs_str_t reason);

/* ---- Topics ---- */

/* A topic is tokens with dots between them, "orders.eu.paid". In a pattern "*" is any one token, and ">" at
 * its end one or more. What is published comes to airs_on_message as a message of its publisher's, once for
 * each subscriber. Subscriptions end with the actor; what one is subscribed to already may be subscribed to
 * again, which changes nothing. AIRS_INVALID_MESSAGE: no pattern. AIRS_QUOTA_EXCEEDED. */
airs_status_t airs_subscribe(airs_str_t pattern);
airs_status_t airs_unsubscribe(airs_str_t pattern);

/* To all subscribers whose mailboxes take it, which *reached (may be NULL) counts. Nobody waits: a subscriber
 * whose mailbox is full loses it. `content_type` may be airs_str(NULL). */
airs_status_t airs_publish(airs_str_t topic, airs_bytes_t payload, airs_str_t content_type,
                           uint32_t *reached);

/* ---- Timers ---- */

/* Names a timer of this actor; never 0. */
typedef uint64_t airs_timer_id_t;

/* A message to oneself: airs_on_message gets the payload, with this actor as its sender, after `delay_ms`, or
 * each `period_ms` (not 0) until the timer is cancelled; one that has not been handled yet stands for those
 * after it. Timers end with the actor. `out` may be NULL. AIRS_QUOTA_EXCEEDED. */
airs_status_t airs_send_after(uint64_t delay_ms, airs_bytes_t payload, airs_timer_id_t *out);
airs_status_t airs_send_every(uint64_t period_ms, airs_bytes_t payload, airs_timer_id_t *out);

/* True when nothing comes of it any more; false when it had fired already, or never was. */
bool airs_cancel_timer(airs_timer_id_t id);

/* ---- Making actors, ending them, and hearing of their ends ---- */

/* Why an actor ended. */
typedef enum airs_reason_kind {
    AIRS_REASON_NORMAL,   /* of its own will, having done what it was to do */
    AIRS_REASON_SHUTDOWN, /* it was stopped in order */
    AIRS_REASON_KILLED,   /* it was ended without being asked */
    AIRS_REASON_ERROR,    /* it said so itself, or airs_on_start or airs_on_stop failed */
    AIRS_REASON_CRASH,    /* it trapped, or exceeded a limit */
    AIRS_REASON_NO_ACTOR, /* there was none with this id */
} airs_reason_kind_t;

/* Zeroed: a name that is not used yet, and the configuration that the manifest has for the component. */
typedef struct airs_spawn_options {
    airs_str_t instance; /* size 0: one that is not used yet */
    airs_bytes_t config; /* data NULL: the component's own */
} airs_spawn_options_t;

/* The id of an actor that was spawned, as text. */
typedef struct airs_spawned {
    char text[258];
} airs_spawned_t;

/* The same in its parts, which point into it. */
airs_id_t airs_spawned_id(const airs_spawned_t *spawned);

/* Names a monitor of this actor; never 0. */
typedef uint64_t airs_monitor_t;

/* Make an actor of a component of the application, by its name, "worker", or "shop/worker". It can be sent to when this
 * returns, and starts soon; if that fails, who links or monitors is told AIRS_REASON_ERROR. `options` and `out` may
 * be NULL. AIRS_TARGET_NOT_FOUND (no such component), AIRS_ALREADY_EXISTS, AIRS_DENIED, AIRS_INVALID_ARGUMENT,
 * AIRS_QUOTA_EXCEEDED (it has as many instances as it may), AIRS_FAILED. */
airs_status_t airs_spawn(airs_str_t component, const airs_spawn_options_t *options, airs_spawned_t *out);

/* The same, and link or monitor it before it runs. AIRS_QUOTA_EXCEEDED. */
airs_status_t airs_spawn_link(airs_str_t component, const airs_spawn_options_t *options, airs_spawned_t *out);
airs_status_t airs_spawn_monitor(airs_str_t component, const airs_spawn_options_t *options,
                                 airs_spawned_t *out, airs_monitor_t *monitor);

typedef enum airs_stop_mode {
    AIRS_STOP_DRAIN, /* after what waits for it now */
    AIRS_STOP_DROP,  /* after the message in hand; what waits is dropped */
    AIRS_STOP_KILL,  /* at once, without its airs_on_stop */
} airs_stop_mode_t;

/* Ask an actor to end for good, whatever its supervisor would do. Does not wait for it: monitor it for that.
 * AIRS_TARGET_NOT_FOUND, AIRS_DENIED. */
airs_status_t airs_stop(airs_id_t id, airs_stop_mode_t mode);

/* End this actor once the call in hand returns, for this reason: after AIRS_REASON_NORMAL and _SHUTDOWN a transient
 * child is not restarted. What still waits in the mailbox is for the next incarnation, or becomes dead letters when there
 * is none. `text` (may be NULL) goes with AIRS_REASON_ERROR and _CRASH. AIRS_INVALID_ARGUMENT: it is ending, or the reason is AIRS_REASON_NO_ACTOR. */
airs_status_t airs_exit(airs_reason_kind_t reason, const char *text);

/* Hear once, in airs_on_message, when the actor ends, or an incarnation of it that is restarted; at once when there is
 * none. With an empty instance: any one of the component. AIRS_QUOTA_EXCEEDED, AIRS_DENIED. */
airs_status_t airs_monitor(airs_id_t id, airs_monitor_t *out);

/* Nothing of it comes any more. False: there was no such monitor, or its message was handled. */
bool airs_demonitor(airs_monitor_t monitor);

/* When one of the two ends, but for AIRS_REASON_NORMAL, the other ends with it, at once, unless it traps exits: then
 * it is told, of any end. AIRS_TARGET_NOT_FOUND, AIRS_QUOTA_EXCEEDED, AIRS_DENIED. */
airs_status_t airs_link(airs_id_t id);
void airs_unlink(airs_id_t id);

/* From here on be told of the ends of linked actors (airs_is_exit) instead of ending with them, or not any more. */
airs_status_t airs_trap_exits(bool traps);

/* Whether the message tells of the end of its sender: to one that monitors it, or to one that is linked to it. */
bool airs_is_down(const airs_message_t *message);
bool airs_is_exit(const airs_message_t *message);

/* Of such a message: the monitor (0: it is of a link), why the sender ended, and the reason's text, cut to what fits
 * `size` bytes with the terminating zero. Of another message 0, AIRS_REASON_NO_ACTOR and "". */
airs_monitor_t airs_down_monitor(const airs_message_t *message);
airs_reason_kind_t airs_reason(const airs_message_t *message);
const char *airs_reason_text(const airs_message_t *message, char *buffer, size_t size);

/* "normal", "shutdown", "killed", "error", "crash", "no-actor". Static. */
const char *airs_reason_name(airs_reason_kind_t reason);

/* ---- Services ---- */

typedef enum airs_log_level {
    AIRS_LOG_TRACE,
    AIRS_LOG_DEBUG,
    AIRS_LOG_INFO,
    AIRS_LOG_WARN,
    AIRS_LOG_ERROR,
} airs_log_level_t;

/* Into the node's log. `airs_log` formats, at most 1,020 bytes; `airs_log_str` takes text as it is and
 * keeps printf out of the component. */
void airs_log(airs_log_level_t level, const char *format, ...) AIRS_PRINTF(2, 3);
void airs_log_str(airs_log_level_t level, airs_str_t text);

/* Only this actor sleeps. Its next message waits. 0: others that have something to do have their turn, and it goes on. */
void airs_sleep(uint64_t milliseconds);

/* Since 1970. */
uint64_t airs_now_ns(void);
uint64_t airs_now_ms(void);

/* Calls each(context, id) for every actor; false stops. The id is borrowed for the call. */
void airs_list(bool (*each)(void *context, airs_id_t id), void *context);

typedef struct airs_info {
    airs_str_t name;
    airs_str_t version;
    airs_str_t health; /* "healthy", "degraded", "unhealthy", "unknown" */
} airs_info_t;

/* Calls take(context, info) once, with texts borrowed for the call. */
airs_status_t airs_describe(airs_id_t id, void (*take)(void *context, const airs_info_t *info),
                            void *context);

/* ---- Storage: keys and values that outlive the actor, its own ---- */

/* The value is yours: airs_buffer_free. AIRS_NOT_FOUND. */
airs_status_t airs_storage_get(airs_str_t key, airs_buffer_t *out);
airs_status_t airs_storage_set(airs_str_t key, airs_bytes_t value);
/* AIRS_NOT_FOUND when there was none. */
airs_status_t airs_storage_delete(airs_str_t key);
airs_status_t airs_storage_exists(airs_str_t key, bool *out);

/* Calls each(context, key) for the keys that begin with `prefix`, in order; false stops. The key is
 * borrowed for the call. */
airs_status_t airs_storage_list(airs_str_t prefix, bool (*each)(void *context, airs_str_t key),
                                void *context);

typedef struct airs_storage_usage {
    uint64_t used_bytes;
    uint64_t quota_bytes;
    uint64_t key_count;
} airs_storage_usage_t;

airs_status_t airs_storage_usage(airs_storage_usage_t *out);

#ifdef __cplusplus
}
#endif

#endif
