/* The actors of a node and what they live on: workers, registry, timers, requests, dead letters.
 *
 * Every function may be called from any thread but the system's own workers (native actors use
 * airs_actor_*), unless it says otherwise. Times are on the clock that was handed in. */
#ifndef AIRSSYS_ACTOR_ACTOR_SYSTEM_H
#define AIRSSYS_ACTOR_ACTOR_SYSTEM_H

#include <airssys/node.h>
#include <airssys/supervisor.h>

#include "actor/dead_letters.h"
#include "core/block_pool.h"
#include "core/message_router.h"
#include "core/runtime_engine.h"
#include "core/storage_backend.h"
#include "core/timer_service.h"

typedef struct airs_actor_system airs_actor_system_t;
typedef struct airs_supervisor_spec airs_supervisor_spec_t;

/* Everything is borrowed and must outlive the system. */
typedef struct airs_actor_system_options {
    airs_runtime_engine_t *engine;     /* mandatory; not destroyed by the system */
    const airs_allocator_t *allocator; /* NULL: the default one */
    airs_clock_t *clock;               /* NULL: the system's */
    airs_random_t *random;             /* NULL: the system's */
    airs_log_t *log;                   /* NULL: none */
    airs_storage_backend_t *storage;   /* what guests' storage calls reach; NULL: their engine gets none */
    airs_crash_sink_t *crashes; /* takes crashes of guests with record_bytes; NULL: they cannot be spawned */
    struct airs_authority
        *authority; /* what decides beside guests' capabilities (security/authority.h); NULL: nothing */
    airs_block_pool_t *pool;  /* NULL: one of its own, from `allocator` */
    unsigned workers;         /* 0: as many as airs_cpu_count says; ignored when stepped */
    size_t dead_letters;      /* how many are kept; 0: 1,000 */
    size_t dead_letter_bytes; /* of payload kept with them; 0: 16 MiB */

    /* No threads at all: actors run, one turn at a time and chosen by `random`, inside
     * airs_actor_system_step, and inside the functions below that wait; timers fire inside
     * airs_actor_system_advance. One thread uses the system. */
    bool stepped;
    /* Stepped only, may be NULL: a function that waits has nothing left to run. Move the clock and
     * call airs_actor_system_advance, and return true to go on; false: the function answers
     * AIRS_TIMEOUT. */
    bool (*idle)(void *context);
    void *idle_context;
} airs_actor_system_options_t;

/* Starts the workers. AIRS_INVALID_ARGUMENT (no engine), AIRS_OUT_OF_MEMORY, AIRS_INTERNAL (a thread
 * could not be started). */
airs_status_t airs_actor_system_create(const airs_actor_system_options_t *options, airs_actor_system_t **out,
                                       airs_error_t *error);

/* airs_actor_system_stop_all (dropping, in ten seconds), then the workers end. The program's requests that
 * are outstanding fail with AIRS_STOPPED before this returns. A native callback that never returns is waited
 * for. NULL is fine. */
void airs_actor_system_destroy(airs_actor_system_t *system);

/* Have `emptied` called whenever the last actor has ended, and when supervisors have decided something while there are
 * none: whoever waits for the end of all looks again (airs_actor_system_totals, airs_supervisor_goes_on). It may be
 * called more often than that, on any worker, also at the same time; it must be brief, and use no supervisor. To be
 * said before the first actor is made; NULL: nobody is told. */
void airs_actor_system_on_empty(airs_actor_system_t *system, void (*emptied)(void *context), void *context);

/* What bounds one actor. Zeroed members mean the default in parentheses. */
typedef struct airs_actor_spec {
    uint32_t mailbox_messages;  /* (1,024), at most 8,388,607 */
    uint64_t mailbox_bytes;     /* of payload (64 MiB), at most 256 GiB */
    uint64_t max_message_bytes; /* (16 MiB); never more than mailbox_bytes */
    uint32_t max_requests;      /* outstanding at once (100,000) */
    uint32_t max_timers;        /* armed at once (100,000) */
    uint32_t max_subscriptions; /* patterns (1,000) */
    uint32_t max_deferred;      /* answers taken over (100,000) */
    uint32_t max_monitors;      /* of its own, until their message is handled (100,000) */
    uint32_t max_links;         /* likewise, whoever made them (100,000) */
    /* That it puts into mailboxes: core/token_bucket.h. (no bound) */
    uint32_t max_messages_per_s;
    /* Of its component, live, when an actor asks for another one by airs_actor_spawn. (no bound) */
    uint32_t max_instances;
    airs_mailbox_policy_t mailbox_policy;
    uint64_t block_time_ms; /* of a full mailbox that has its senders wait (10,000) */
    airs_codecs_t accepts;  /* 0: any, without looking */

    /* How well it is, asked at an interval (actor/health_monitor.h). 0: never. */
    uint64_t health_interval_ms;
    uint64_t health_timeout_ms; /* for its answer (5,000) */
    uint32_t unhealthy_after;   /* checks in a row that end it (3) */

    /* Patterns that it is subscribed to before it starts. Borrowed for the spawn. */
    const char *const *subscriptions;
    size_t subscription_count;

    /* Guests only. Borrowed for the spawn. */
    const airs_env_var_t *env;
    size_t env_count;
    airs_bytes_t config;       /* data NULL: none */
    airs_settings_t *settings; /* NULL: none; whoever keeps the specification has a reference of its own */

    /* Commands only, likewise: what they are called with and what they read; how often they run (0: once). */
    const char *const *args;
    size_t arg_count;
    airs_bytes_t standard_input;
    uint64_t every_ms;

    /* Guests only: memory (64 MiB), execution (5,000 ms) and parked time (60,000 ms) of one call; log lines a second
     * (1,000; UINT32_MAX: no bound). */
    airs_instance_limits_t limits;
    airs_output_t *standard_output; /* NULL: into the log; must outlive the actor */
    airs_output_t *standard_error;  /* likewise */
    uint64_t record_bytes;          /* of the journal of one incarnation; (0: it is not recorded) */
    airs_str_t storage_space;       /* must outlive the actor; (the id's "namespace/name") */
    uint64_t storage_quota;         /* (256 MiB) */
    bool storage_by_instance;       /* without a space: the whole id, not "namespace/name" */
    bool stateless;                 /* it may be passive (actor/passivation.h), unless it is recorded */
    uint64_t passivate_after_ms;    /* of that: once it has handled nothing for so long (60,000) */
    /* What it may do (security/capability.h); must outlive the actor. (What every component has) */
    struct airs_capabilities *capabilities;
} airs_actor_spec_t;

/* Make the actor `id` and wait until it has initialized; `spec` may be NULL. AIRS_INVALID_ARGUMENT,
 * AIRS_ALREADY_EXISTS, AIRS_NOT_LOADED (no such component), AIRS_INSTANTIATION_FAILED,
 * AIRS_INITIALIZE_FAILED (it answered with an error), what ended it (AIRS_TRAP, …), AIRS_OUT_OF_MEMORY,
 * AIRS_STOPPED (somebody stopped it meanwhile). When it fails no actor is left behind. */
airs_status_t airs_actor_system_spawn_component(airs_actor_system_t *system,
                                                airs_component_handle_t component, airs_id_t id,
                                                const airs_actor_spec_t *spec, airs_error_t *error);

/* The same with a native actor. `state` belongs to the actor from here on, also when this fails:
 * native->destroy has then been called. AIRS_INITIALIZE_FAILED when native->start fails. */
airs_status_t airs_actor_system_spawn_native(airs_actor_system_t *system, const airs_native_t *native,
                                             void *state, airs_id_t id, const airs_actor_spec_t *spec,
                                             airs_error_t *error);

/* Make a supervisor (actor/supervisor.h) and wait until its children run. AIRS_INVALID_ARGUMENT,
 * AIRS_ALREADY_EXISTS (two children of one name), AIRS_OUT_OF_MEMORY, or what the first start that failed
 * answered (as above): then nothing is left. AIRS_STOPPED: the system stopped it meanwhile. */
airs_status_t airs_actor_system_start_supervisor(airs_actor_system_t *system,
                                                 const airs_supervisor_spec_t *spec, airs_supervisor_t **out,
                                                 airs_error_t *error);

/* See airs_supervisors_list. */
void airs_actor_system_supervisors(airs_actor_system_t *system,
                                   bool (*each)(void *context, const airs_child_info_t *info), void *context);

/* A hot update: what the instances of a component are made of. Borrowed for the call. */
typedef struct airs_actor_update {
    airs_id_t group; /* its instance is not looked at */
    airs_component_handle_t component;
    /* The environment, configuration and limits are those of this specification, and nothing else of it counts;
     * NULL: each instance keeps its own. */
    const airs_actor_spec_t *spec;
    uint64_t window_ms; /* for how long it can be taken back; 0: not once all have switched */
    bool together;      /* the instances do not wait for each other */
} airs_actor_update_t;

/* Have all instances go from what they are to this component, and wait until that is certain: until the window is
 * over, or all are back (AIRS_ROLLED_BACK; `error` says why, and of which). Nothing is lost from any mailbox either
 * way. Both components must stay loaded meanwhile; afterwards nothing uses the one that was left. See
 * actor/actor_update.h for what becomes of an instance. AIRS_INVALID_STATE (an update of it goes on),
 * AIRS_TARGET_NOT_FOUND (there is none of another component), AIRS_STOPPED (the system stops, or all
 * instances have ended; some may have switched), AIRS_OUT_OF_MEMORY: nothing has changed. */
airs_status_t airs_actor_system_update(airs_actor_system_t *system, const airs_actor_update_t *update,
                                       airs_error_t *error);

/* Let actors spawn others of this component, by the name `id` (its instance is not looked at): each with this
 * spec, which is copied, but what must outlive an actor. Nobody restarts them; a simple-one-for-one supervisor whose
 * child specification has an id offers its component itself while it runs, and has them as its children. The component
 * must stay loaded until airs_actor_system_withdraw_component. Offering anew what is offered replaces that.
 * AIRS_INVALID_ARGUMENT, AIRS_OUT_OF_MEMORY. Any thread. */
airs_status_t airs_actor_system_offer_component(airs_actor_system_t *system, airs_id_t id,
                                                airs_component_handle_t component,
                                                const airs_actor_spec_t *spec, airs_error_t *error);

/* What is spawned from here on is of another component, also if a supervisor offers it: an update.
 * AIRS_COMPONENT_NOT_FOUND: it is not offered. Any thread. */
airs_status_t airs_actor_system_change_component(airs_actor_system_t *system, airs_id_t id,
                                                 airs_component_handle_t component);

/* Nothing is spawned of it any more. Fine when it is not offered. Any thread. */
void airs_actor_system_withdraw_component(airs_actor_system_t *system, airs_id_t id);

/* A message from outside; its sender is airssys/host/0. `content_type` size 0: none.
 * AIRS_TARGET_NOT_FOUND, AIRS_NOT_RUNNING, AIRS_QUEUE_FULL, AIRS_MESSAGE_TOO_LARGE,
 * AIRS_UNSUPPORTED_CODEC, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_system_send(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                     airs_str_t content_type, airs_error_t *error);

/* The same, waiting up to `timeout_ms` for room in the mailbox; then AIRS_QUEUE_FULL. */
airs_status_t airs_actor_system_send_wait(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                          airs_str_t content_type, uint64_t timeout_ms, airs_error_t *error);

/* Send and wait for the answer. `answer` (may be NULL) is called once, on another thread, with the
 * payload borrowed, before this returns AIRS_OK. AIRS_TIMEOUT, what the send answered, or what made the
 * request fail (AIRS_HANDLE_MESSAGE_FAILED, AIRS_STOPPED, AIRS_TRAP, …, with its text in `error`). */
airs_status_t airs_actor_system_call(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                     airs_str_t content_type, uint64_t timeout_ms,
                                     void (*answer)(void *context, airs_bytes_t payload), void *context,
                                     airs_error_t *error);

/* Send a request; `ended` (mandatory) is called once, on a worker, with how it ended, unless it is cancelled
 * or this fails. One at a time: it holds up the ends of other requests and must be brief. See
 * airs_node_request. */
airs_status_t airs_actor_system_request(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                        airs_str_t content_type, uint64_t timeout_ms,
                                        void (*ended)(void *context, const airs_answer_t *answer),
                                        void *context, airs_request_id_t *out, airs_error_t *error);

/* AIRS_OK: `ended` was not called and will not be. AIRS_NOT_FOUND: it was, or is being, or the request is not
 * the program's. Any thread, the workers included. */
airs_status_t airs_actor_system_cancel_request(airs_actor_system_t *system, const airs_request_id_t *id);

/* To every subscriber of the topic, from airssys/host/0 (see actor/actor_system_subscriber.h). *reached (may
 * be NULL): how many mailboxes took it; that one did not is no error. AIRS_INVALID_ARGUMENT,
 * AIRS_OUT_OF_MEMORY. Any thread, the workers included. */
airs_status_t airs_actor_system_publish(airs_actor_system_t *system, airs_str_t topic, airs_bytes_t payload,
                                        airs_str_t content_type, uint32_t *reached, airs_error_t *error);

/* Subscribe or unsubscribe the actor `id` (no group). Subscribing twice is fine, and so is unsubscribing from
 * what it is not subscribed to. AIRS_TARGET_NOT_FOUND, AIRS_INVALID_ARGUMENT (see core/topic.h),
 * AIRS_QUOTA_EXCEEDED, AIRS_OUT_OF_MEMORY. Any thread, the workers included. */
airs_status_t airs_actor_system_subscribe(airs_actor_system_t *system, airs_id_t id, airs_str_t pattern,
                                          airs_error_t *error);
airs_status_t airs_actor_system_unsubscribe(airs_actor_system_t *system, airs_id_t id, airs_str_t pattern,
                                            airs_error_t *error);

/* Have `message` called with what is published to topics that match, one at a time, on a worker. Up to 1,024
 * wait, of 64 MiB; what comes beyond is lost as for any subscriber that is full. The subscriber is an actor
 * airssys/subscriber/N that is not listed. As airs_actor_system_subscribe. */
airs_status_t airs_actor_system_subscribe_function(airs_actor_system_t *system, airs_str_t pattern,
                                                   void (*message)(void *context,
                                                                   const airs_incoming_t *incoming),
                                                   void *context, airs_subscription_t **out,
                                                   airs_error_t *error);

/* After this `message` is not called any more; what waits for it is dropped and counted. Not inside
 * `message`, nor on a worker. NULL is fine. The system's end ends what is left, whose handle is then no
 * more. */
void airs_actor_system_unsubscribe_function(airs_actor_system_t *system, airs_subscription_t *subscription);

/* Have `down` called once, on a worker, when `target` ends, at once when there is nobody; see airs_actor_monitor.
 * It is one that is monitored by an actor airssys/monitor/N that is not listed. AIRS_INVALID_ARGUMENT,
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_system_monitor(airs_actor_system_t *system, airs_id_t target,
                                        void (*down)(void *context, const airs_down_t *down), void *context,
                                        airs_host_monitor_t **out, airs_error_t *error);

/* After this `down` is not called any more. Not inside `down`, nor on a worker. NULL is fine. The system's end ends
 * what is left, whose handle is then no more. */
void airs_actor_system_demonitor(airs_actor_system_t *system, airs_host_monitor_t *monitor);

/* Stop one actor and wait, `timeout_ms` at most; then it is ended without its shutdown call and this
 * returns AIRS_TIMEOUT. From the moment of the call it accepts no messages. AIRS_SHUTDOWN_FAILED: its
 * shutdown answered with an error, trapped or exceeded a limit; it has ended all the same.
 * AIRS_TARGET_NOT_FOUND. AIRS_OUT_OF_MEMORY: nothing was changed. Stopping what is being stopped waits
 * for the same end, and AIRS_STOP_DROP hurries it. */
airs_status_t airs_actor_system_stop(airs_actor_system_t *system, airs_id_t id, airs_stop_mode_t mode,
                                     uint64_t timeout_ms, airs_error_t *error);

/* Stop every supervisor and every actor, the last started first, in about `timeout_ms` for all: when it is
 * used up, those that do not end at once are ended without their shutdown call. */
void airs_actor_system_stop_all(airs_actor_system_t *system, airs_stop_mode_t mode, uint64_t timeout_ms);

/* Wait until nothing runs, nothing is queued, no call is parked and no request is outstanding, the program's
 * own included; timers of actors may be armed. AIRS_TIMEOUT. */
airs_status_t airs_actor_system_drain(airs_actor_system_t *system, uint64_t timeout_ms);

/* AIRS_TARGET_NOT_FOUND when it has ended. Any thread, the workers included. */
airs_status_t airs_actor_system_counters(airs_actor_system_t *system, airs_id_t id,
                                         airs_actor_counters_t *out);

/* Any thread, the workers included. */
void airs_actor_system_totals(airs_actor_system_t *system, airs_node_counters_t *out);

/* Calls each() for every registered actor in the order of their start; false stops. each() may use the
 * system. Any thread, the workers included. */
void airs_actor_system_list(airs_actor_system_t *system,
                            bool (*each)(void *context, const airs_actor_info_t *info), void *context);

/* How many workers there are; 0 when stepped. */
unsigned airs_actor_system_workers(airs_actor_system_t *system);

/* The parts that others use; they live as long as the system. */
airs_message_router_t *airs_actor_system_router(airs_actor_system_t *system);
airs_timer_service_t *airs_actor_system_timers(airs_actor_system_t *system);
airs_dead_letters_t *airs_actor_system_dead_letters(airs_actor_system_t *system);
airs_block_pool_t *airs_actor_system_pool(airs_actor_system_t *system);

/* Have every actor that was never asked say its metadata, between two of its calls, for
 * airs_actor_system_list to tell. Does not wait for it. Any thread, the workers included. */
void airs_actor_system_ask_metadata(airs_actor_system_t *system);

/* See airs_node_requests. */
void airs_actor_system_requests(airs_actor_system_t *system, airs_request_counters_t *out);

/* Stepped only: run one turn of one actor; false when none can run. */
bool airs_actor_system_step(airs_actor_system_t *system);

/* A clock moved by hand has moved: fire the timers that are due. Returns how many fired. */
size_t airs_actor_system_advance(airs_actor_system_t *system);

/* The deadline of the next timer; UINT64_MAX: none is armed. */
uint64_t airs_actor_system_next_deadline(airs_actor_system_t *system);

#endif
