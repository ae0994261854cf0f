/* A node: one engine, worker threads, and the actors that live on them.
 *
 * Every function may be called from any thread but the node's own workers (inside a native actor's
 * callbacks use airs_actor_*), unless it says otherwise. */
#ifndef AIRSSYS_NODE_H
#define AIRSSYS_NODE_H

#include <airssys/actor.h>
#include <airssys/allocator.h>
#include <airssys/clock.h>
#include <airssys/codec.h>
#include <airssys/dead_letter.h>
#include <airssys/grant.h>
#include <airssys/load.h>
#include <airssys/log.h>
#include <airssys/random.h>

typedef struct airs_node airs_node_t;

/* A loaded component; 0 is none. */
typedef uint64_t airs_component_t;

/* When a guest that stores something is answered. */
typedef enum airs_storage_sync {
    AIRS_STORAGE_SYNC_COMMIT,   /* when it is on the disk, and outlives a crash of the machine */
    AIRS_STORAGE_SYNC_INTERVAL, /* at once; a crash loses what was stored within the last interval */
} airs_storage_sync_t;

/* Zeroed members mean the default. Set `size` with AIRS_NODE_OPTIONS_INIT. */
typedef struct airs_node_options {
    size_t size;
    unsigned workers;            /* 0: one for each core that affinity and cgroup quota allow */
    unsigned slice_us;           /* time slice of a guest; default 1,000 */
    unsigned max_actors;         /* live guests, which sizes the engine's pools; default 1,000 */
    uint64_t max_memory_bytes;   /* the largest memory limit an actor may ask for; default 256 MiB */
    uint64_t max_core_instances; /* core instances; 0: 64 for each of max_actors */
    /* Compiled code; NULL: airssys/compiled in $XDG_CACHE_HOME or ~/.cache, none where that cannot be used;
     * "": none. */
    const char *cache_dir;
    bool consume_fuel; /* needed by actors with max_fuel; costs about 8 % of a call */
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    airs_random_t *random;
    airs_log_t *log; /* default: standard error */
    /* Needed by actors with record_bytes: guests' NaNs are then canonical and their relaxed SIMD deterministic, which
     * costs floating-point arithmetic a little. */
    bool record;
    /* Where crash files go, with record; it is made, with mode 0700. NULL: airssys/crashes in $XDG_STATE_HOME or
     * ~/.local/state. The oldest are removed when there are more than `max_crash_files` (default 100) or they have
     * more than `max_crash_bytes` together (default 1 GiB). */
    const char *crash_dir;
    uint32_t max_crash_files;
    uint64_t max_crash_bytes;
    /* What is granted and denied is written to this file, as JSON lines, readable by its user alone; when it has more
     * than `audit_bytes` (default 16 MiB) another is begun, and `audit_kept` (default 4) older ones stay, as FILE.1,
     * FILE.2, … NULL: nowhere. */
    const char *audit_file;
    uint64_t audit_bytes;
    uint32_t audit_kept;
    /* Where what guests store is kept (docs/guide/storage.md); the folder is made, with mode 0700, when a guest first
     * asks for storage or airs_node_open_storage is called, and belongs to one node at a time. NULL: in memory, as
     * long as the node. */
    const char *storage_dir;
    airs_storage_sync_t storage_sync; /* with storage_dir */
    uint64_t storage_interval_ms;     /* of AIRS_STORAGE_SYNC_INTERVAL; default 1,000 */
    uint64_t
        storage_max_bytes; /* how large the folder may become; takes address space only; default 64 GiB */
    /* The program that compiles components apart, airssys-compile; NULL: it is looked for beside the running program, or
     * this library, and where that was installed. It must belong to root or to the user who runs this, and nobody else
     * may be able to write to it. */
    const char *compiler;
    airs_compile_mode_t compile_mode;
} airs_node_options_t;

#define AIRS_NODE_OPTIONS_INIT {.size = sizeof(airs_node_options_t)}

/* Starts the workers. Options and strings are borrowed for the call; what they point to as objects
 * (allocator, clock, random, log) must outlive the node. */
AIRS_API airs_status_t airs_node_create(const airs_node_options_t *options, airs_node_t **out,
                                        airs_error_t *error);

/* Stops every actor in order of their start, last first, dropping what is queued, then the workers. After
 * ten seconds, calls that still run or sleep are broken off. NULL is fine. */
AIRS_API void airs_node_destroy(airs_node_t *node);

/* Open the storage now, which otherwise happens when a guest first asks for it: so that what is wrong with it is known
 * before anything runs. AIRS_IO; AIRS_INVALID_STATE when another process has it, which the error names;
 * AIRS_OUT_OF_MEMORY. */
AIRS_API airs_status_t airs_node_open_storage(airs_node_t *node, airs_error_t *error);

/* Compile a component from a file (.wasm or .wat, told from the content) or from bytes. */
AIRS_API airs_status_t airs_node_load(airs_node_t *node, const char *path, airs_component_t *out,
                                      airs_error_t *error);
AIRS_API airs_status_t airs_node_load_bytes(airs_node_t *node, airs_bytes_t bytes, const char *name,
                                            airs_component_t *out, airs_error_t *error);

/* The same with more said about it. The two above vouch for what they load: it is compiled apart only when the node
 * compiles all components so. Apart, compiling is bounded in memory and time, and what goes wrong is an error:
 * AIRS_COMPILE_MEMORY_EXCEEDED, AIRS_COMPILE_TIME_EXCEEDED, AIRS_COMPILER_FAILED, AIRS_COMPILER_MISSING. In any case:
 * AIRS_COMPONENT_TOO_LARGE, AIRS_COMPONENT_TOO_COMPLEX say which limit. The actors of the node run on meanwhile. */
AIRS_API airs_status_t airs_node_load_with(airs_node_t *node, const airs_load_options_t *options,
                                           airs_component_t *out, airs_error_t *error);

/* Actors made from it live on. An unknown handle is fine. */
AIRS_API void airs_node_unload(airs_node_t *node, airs_component_t component);

typedef struct airs_variable {
    const char *name;
    const char *value;
} airs_variable_t;

/* What wasi:config/store tells a guest. A name has 1 to 256 bytes; a value up to 64 KiB; both are UTF-8. Values are kept
 * in memory that is wiped when they are not needed any more, and are in no log, listing or error. */
typedef struct airs_setting {
    const char *name;
    const char *value;
    bool secret; /* a guest that has secrets cannot be recorded */
} airs_setting_t;

/* Where a guest's standard output or error goes, a chunk at a time; called on worker threads, of several instances at
 * the same time. The guest waits for it, and so does its worker: it must not block for long. */
typedef void airs_output_fn(void *context, airs_bytes_t bytes);

/* What a mailbox does with a message for which it has no room. */
typedef enum airs_mailbox_policy {
    AIRS_MAILBOX_REJECT,      /* the sender gets AIRS_QUEUE_FULL */
    AIRS_MAILBOX_DROP_OLDEST, /* what has waited longest becomes a dead letter; a request fails */
    /* A guest that sends waits (the guest, not its worker) until there is room, for `block_time_ms` at
     * most; then it gets AIRS_QUEUE_FULL. Native actors and threads from outside get that at once. */
    AIRS_MAILBOX_BLOCK,
} airs_mailbox_policy_t;

/* Zeroed members mean the default. Set `size` with AIRS_SPAWN_OPTIONS_INIT. */
typedef struct airs_spawn_options {
    size_t size;
    const airs_variable_t *env; /* initialize's env-vars, and the WASI environment */
    size_t env_count;
    airs_bytes_t config;             /* initialize's config-data; data NULL: none */
    uint64_t max_memory_bytes;       /* default 64 MiB */
    uint64_t max_execution_time_ms;  /* of one call; default 5,000 */
    uint64_t max_parked_time_ms;     /* of one call; default 60,000 */
    uint64_t max_fuel;               /* of one call; default none */
    uint32_t mailbox_messages;       /* default 1,024 */
    uint64_t mailbox_bytes;          /* default 64 MiB */
    uint64_t max_message_bytes;      /* default 16 MiB */
    uint32_t max_requests;           /* outstanding at once; default 100,000 */
    airs_output_fn *standard_output; /* default: into the log */
    void *output_context;
    airs_mailbox_policy_t mailbox_policy;
    uint64_t block_time_ms;     /* of AIRS_MAILBOX_BLOCK; default 10,000 */
    airs_codecs_t accepts;      /* codecs of messages and answers it takes; 0: any, without looking */
    uint32_t max_timers;        /* default 100,000 */
    uint32_t max_subscriptions; /* patterns it is subscribed to; default 1,000 */
    uint32_t max_deferred;      /* answers it has taken over; default 100,000 */
    /* Patterns that it is subscribed to before it starts. */
    const char *const *subscriptions;
    size_t subscription_count;
    /* It is asked how well it is, at this interval; 0: never. An answer that is late is AIRS_UNHEALTHY, and so many
     * checks in a row that find it unhealthy end it (AIRS_HEALTH_CHECKS_FAILED). */
    uint64_t health_interval_ms;
    uint64_t health_timeout_ms; /* for an answer; default 5,000 */
    uint32_t unhealthy_after;   /* default 3 */
    /* Not 0: what goes into the guest is recorded, so many bytes at most since it started, and when it crashes that
     * becomes a crash file for `airssys replay`, which has all that was sent to it. Needs a node with `record`. */
    uint64_t record_bytes;
    uint32_t max_monitors; /* of its own, until their message is handled; default 100,000 */
    uint32_t max_links;    /* likewise, whoever made them; default 100,000 */
    /* `confined`: it may do what `grants` say and nothing else. Otherwise it may do what every component may: message
     * and supervise components of its own namespace, use its storage, the host's services, and all topics. */
    bool confined;
    const airs_grant_t *grants;
    size_t grant_count;
    uint64_t storage_quota; /* of its component's keys and values, in bytes; default 256 MiB */
    /* Messages that it puts into mailboxes in a second: each send and request is one, a broadcast or what is published as
     * many as took it. Who was quiet may send a second's worth at once. Beyond it, AIRS_QUOTA_EXCEEDED (a guest:
     * queue-full). Answers, and what its timers bring it, do not count. Default: no bound */
    uint32_t max_messages_per_s;
    /* Lines that a guest logs, or writes to a standard stream that is logged, in a second; what is more is dropped, and
     * the log says how many were. Default 1,000; UINT32_MAX: no bound. */
    uint32_t max_log_lines_per_s;
    /* Of what is offered (airs_node_offer): how many instances of the component may live when a guest spawns another;
     * AIRS_QUOTA_EXCEEDED. Default half of the node's max_actors. */
    uint32_t max_instances;
    /* What it stores is its id's alone; otherwise all instances of a component ("namespace/name") share their keys. */
    bool storage_by_instance;
    const airs_setting_t *settings; /* at most 1,024, no two of one name */
    size_t setting_count;
    /* Of a command (airs_node_is_command): its arguments behind its own name, which is the id's; what it reads from its
     * standard input, data NULL: nothing; and how often it runs, 0: once. It runs when it has started, and its actor ends
     * with the one run, or with the first that fails: AIRS_REASON_NORMAL when it exited with code 0, AIRS_REASON_ERROR
     * otherwise. A run that takes longer than the interval delays the next one, and what was due meanwhile is one. */
    const char *const *args;
    size_t arg_count;
    airs_bytes_t standard_input;
    uint64_t every_ms;
    airs_output_fn *standard_error; /* of any component; default: into the log */
    void *error_context;
    /* The two output functions get whole lines, however the guest wrote them, so that several instances can share a place:
     * a line longer than 64 KiB comes in pieces, and one without an end comes, with one, when the instance ends. */
    bool whole_lines;
    /* A guest that keeps nothing in its instance between messages, which may therefore be dropped while it has nothing to
     * do, and is made and initialized anew for the next message: once it has handled nothing for `passivate_after_ms`
     * (default 60,000; not longer than twice that), or when the node has no room for another one's instance. It stays the
     * same actor, with its mailbox, subscriptions, timers and links, and there is no shutdown call for an instance that
     * goes so. While it awaits or owes answers, is being updated, or is recorded, its instance stays. */
    bool stateless;
    uint64_t passivate_after_ms;
} airs_spawn_options_t;

#define AIRS_SPAWN_OPTIONS_INIT {.size = sizeof(airs_spawn_options_t)}

/* Read a policy from a file (docs/reference/capabilities.md) and have it hold from now on, for whatever runs and
 * whatever comes, instead of the one before; NULL: none. AIRS_IO, AIRS_MANIFEST_INVALID with a line for each problem,
 * AIRS_OUT_OF_MEMORY: the one before holds. The limits in the file count for components of a manifest. */
AIRS_API airs_status_t airs_node_set_policy(airs_node_t *node, const char *path, airs_error_t *error);

/* Make the actor `id` and wait until it has initialized. `options` may be NULL. AIRS_ALREADY_EXISTS,
 * AIRS_NOT_LOADED, AIRS_INSTANTIATION_FAILED, AIRS_INITIALIZE_FAILED, or what ended it. AIRS_INVALID_ARGUMENT,
 * AIRS_UNSUPPORTED: an option that cannot be. AIRS_QUOTA_EXCEEDED: more subscriptions than max_subscriptions. While
 * stateless guests are at work with all the instances that there is room for it waits for one of them, and
 * AIRS_PARKED_TIME_EXCEEDED when that takes longer than a call may be parked; AIRS_RESOURCE_LIMIT at once when there is
 * nobody to wait for. */
AIRS_API airs_status_t airs_node_spawn(airs_node_t *node, airs_component_t component, airs_id_t id,
                                       const airs_spawn_options_t *options, airs_error_t *error);

/* The same with a native actor. `state` belongs to the actor from here on, also when this fails. */
AIRS_API airs_status_t airs_node_spawn_native(airs_node_t *node, const airs_native_t *native, void *state,
                                              airs_id_t id, const airs_spawn_options_t *options,
                                              airs_error_t *error);

/* Of airs_update_options_t.window_ms: there is no window. */
#define AIRS_UPDATE_NO_WINDOW UINT64_MAX

/* Zeroed members mean the default. Set `size` with AIRS_UPDATE_OPTIONS_INIT. */
typedef struct airs_update_options {
    size_t size;
    /* For how long after the last instance has switched the update is taken back if an instance crashes, or is
     * unhealthy at its end; default 10,000. */
    uint64_t window_ms;
    bool together; /* the instances do not wait for each other; the node needs room for all of them twice */
    /* Their environment, configuration and limits of calls and memory from here on, and nothing else of it; NULL:
     * each instance keeps its own. */
    const airs_spawn_options_t *spawn;
} airs_update_options_t;

#define AIRS_UPDATE_OPTIONS_INIT {.size = sizeof(airs_update_options_t)}

/* A hot update: have all instances of the component `group` (its instance is not looked at) go on with another
 * component, and wait until that is certain, which takes the window. An instance finishes the message in hand; the
 * new one is made and initialized while the old one is still there, and told the old one's state if both export
 * airssys:actor/migration; it must not be unhealthy. Of a command the run in hand comes to its end, and the next one is the
 * new component's, if an instance of it can be made. Id, mailbox and what waits in it, subscriptions, capabilities
 * and supervision stay. With migration timers, outstanding requests and answers taken over stay as well; without,
 * they end as in a restart. The old instance gets no shutdown call.
 *
 * AIRS_ROLLED_BACK: an instance could not switch, crashed within the window, or was unhealthy at its end; all run the
 * old component again, with their state as it was when they switched if that migrates, and nothing was lost from a
 * mailbox (the message that was in hand when an instance crashed is a dead letter). `error` says which and why.
 * AIRS_INVALID_STATE (an update of it goes on), AIRS_TARGET_NOT_FOUND (it has no instance of another component),
 * AIRS_NOT_LOADED, AIRS_UNSUPPORTED and AIRS_INVALID_ARGUMENT (a limit that this node was not made for, or an actor in
 * place of a command, or the other way round), AIRS_STOPPED (the node stops, or all instances have ended before the
 * window was over), AIRS_OUT_OF_MEMORY: nothing has changed, but for AIRS_STOPPED.
 *
 * Both components stay loaded; unload the one that is of no use any more. airs_node_destroy ends an update that goes
 * on. */
AIRS_API airs_status_t airs_node_update(airs_node_t *node, airs_id_t group, airs_component_t component,
                                        const airs_update_options_t *options, airs_error_t *error);

/* Is it a command, which exports wasi:cli/run instead of what an actor exports? It is spawned like an actor, takes no
 * messages (AIRS_UNSUPPORTED), and is updated between two runs; only to another command. */
AIRS_API bool airs_node_is_command(airs_node_t *node, airs_component_t component);

/* Calls each() with the name of every interface of which the component imports functions; false stops.
 * AIRS_NOT_LOADED. */
AIRS_API airs_status_t airs_node_imports(airs_node_t *node, airs_component_t component,
                                         bool (*each)(void *context, airs_str_t interface), void *context);

/* The same for every function that it imports: "airssys:core/host-messaging@1.0.0" and "send"; an interface "" is none. */
AIRS_API airs_status_t airs_node_imported_functions(airs_node_t *node, airs_component_t component,
                                                    bool (*each)(void *context, airs_str_t interface,
                                                                 airs_str_t function),
                                                    void *context);

/* A message from outside; its sender is airssys/host/0. AIRS_OK: it is in the target's mailbox.
 * AIRS_TARGET_NOT_FOUND, AIRS_NOT_RUNNING, AIRS_QUEUE_FULL, AIRS_MESSAGE_TOO_LARGE,
 * AIRS_UNSUPPORTED_CODEC. */
AIRS_API airs_status_t airs_node_send(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                                      airs_error_t *error);

/* The same with a content type (here and below one line of UTF-8, 255 bytes at most; size 0: none), and waiting
 * up to `timeout_ms` for room in the mailbox. */
AIRS_API airs_status_t airs_node_send_wait(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                                           airs_str_t content_type, uint64_t timeout_ms, airs_error_t *error);

/* Send and wait for the answer. `answer` (may be NULL) is called once, on another thread, with the
 * payload borrowed, before this returns AIRS_OK. AIRS_TIMEOUT, or what made the request fail. */
AIRS_API airs_status_t airs_node_call(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                                      airs_str_t content_type, uint64_t timeout_ms,
                                      void (*answer)(void *context, airs_bytes_t payload), void *context,
                                      airs_error_t *error);

/* How a request ended; borrowed for the callback. */
typedef struct airs_answer {
    airs_status_t status; /* AIRS_OK, AIRS_TIMEOUT, or what made it fail */
    airs_id_t sender;     /* who was asked; the instance that was picked for an empty one */
    airs_bytes_t payload; /* of a response; of a failure the JSON object {error, message, correlation-id} */
    airs_str_t content_type; /* size 0: none */
    const char *message;     /* what happened, for a person; "" for AIRS_OK */
    airs_request_id_t id;
} airs_answer_t;

/* Send a request; `ended` is called once with how it ended, unless the request is cancelled or this fails.
 * It runs on a thread of the node's, one of all such calls at a time, so it must be brief; it may use the
 * node's functions that do not wait. It may run before this returns. `out` (may be NULL) is filled before the
 * message is sent, but a time-out may come before that: `ended` finds the id in its answer. What is
 * outstanding when the node is destroyed ends with AIRS_STOPPED before airs_node_destroy returns. */
AIRS_API airs_status_t airs_node_request(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                                         airs_str_t content_type, uint64_t timeout_ms,
                                         void (*ended)(void *context, const airs_answer_t *answer),
                                         void *context, airs_request_id_t *out, airs_error_t *error);

/* AIRS_OK: `ended` was not called and will not be. AIRS_NOT_FOUND: it was, or is being. */
AIRS_API airs_status_t airs_node_cancel_request(airs_node_t *node, const airs_request_id_t *id);

/* Publish to a topic: see airs_actor_publish. */
AIRS_API airs_status_t airs_node_publish(airs_node_t *node, airs_str_t topic, airs_bytes_t payload,
                                         airs_str_t content_type, uint32_t *reached, airs_error_t *error);

/* Subscribe or unsubscribe the actor `id`. AIRS_TARGET_NOT_FOUND, AIRS_INVALID_ARGUMENT,
 * AIRS_QUOTA_EXCEEDED. */
AIRS_API airs_status_t airs_node_subscribe_actor(airs_node_t *node, airs_id_t id, airs_str_t pattern,
                                                 airs_error_t *error);
AIRS_API airs_status_t airs_node_unsubscribe_actor(airs_node_t *node, airs_id_t id, airs_str_t pattern,
                                                   airs_error_t *error);

/* A subscription of the program's own. */
typedef struct airs_subscription airs_subscription_t;

/* Have `message` called with what is published to topics that match, one at a time, on a thread of the
 * node's. It must not block, and may use the node's functions that do not wait. Up to 1,024 messages of
 * together 64 MiB wait; what comes then is lost to this subscription alone and becomes a dead letter, whose
 * target is airssys/subscriber/N. AIRS_INVALID_ARGUMENT, AIRS_OUT_OF_MEMORY. */
AIRS_API airs_status_t airs_node_subscribe(airs_node_t *node, airs_str_t pattern,
                                           void (*message)(void *context, const airs_incoming_t *incoming),
                                           void *context, airs_subscription_t **out, airs_error_t *error);

/* After this returns `message` is not called any more; what waited is dropped. Not inside `message`, nor
 * inside what else the node calls. NULL is fine. airs_node_destroy ends what is left, handle included. */
AIRS_API void airs_node_unsubscribe(airs_node_t *node, airs_subscription_t *subscription);

/* Let actors spawn others of this component (airs_actor_spawn, airssys:actor/supervision), by the name `id`, whose
 * instance is not looked at, with these options (may be NULL). The component must stay loaded until it is withdrawn.
 * Offering anew what is offered changes it for what is spawned then. As airs_node_spawn. */
AIRS_API airs_status_t airs_node_offer(airs_node_t *node, airs_component_t component, airs_id_t id,
                                       const airs_spawn_options_t *options, airs_error_t *error);

/* Nothing is spawned of it any more; what was lives on. Fine when it is not offered. */
AIRS_API void airs_node_withdraw(airs_node_t *node, airs_id_t id);

/* A monitor of the program's own. */
typedef struct airs_host_monitor airs_host_monitor_t;

/* How an actor has ended; borrowed for the callback. */
typedef struct airs_down {
    airs_id_t actor;
    airs_exit_reason_t reason;
} airs_down_t;

/* Have `down` called once, on a thread of the node's, when the actor `target` ends, or an incarnation of it: at
 * once, with AIRS_REASON_NO_ACTOR, if there is none. It must be brief, and may use the node's functions that do not
 * wait. It may run before this returns. AIRS_INVALID_ARGUMENT, AIRS_OUT_OF_MEMORY. */
AIRS_API airs_status_t airs_node_monitor(airs_node_t *node, airs_id_t target,
                                         void (*down)(void *context, const airs_down_t *down), void *context,
                                         airs_host_monitor_t **out, airs_error_t *error);

/* After this returns `down` is not called any more. Every monitor ends so, told or not. Not inside `down`, nor
 * inside what else the node calls. NULL is fine. airs_node_destroy ends what is left, handle included. */
AIRS_API void airs_node_demonitor(airs_node_t *node, airs_host_monitor_t *monitor);

/* Stop one actor and wait, `timeout_ms` at most; then it is ended without its shutdown call and this
 * returns AIRS_TIMEOUT. AIRS_TARGET_NOT_FOUND. The reason that others hear (airs_exit_reason_t) is
 * AIRS_REASON_SHUTDOWN, or _KILLED. */
AIRS_API airs_status_t airs_node_stop(airs_node_t *node, airs_id_t id, airs_stop_mode_t mode,
                                      uint64_t timeout_ms, airs_error_t *error);

/* Wait until nothing runs, nothing is queued, no call is parked and no request is outstanding, those of
 * airs_node_request included; timers of actors may be armed. AIRS_TIMEOUT. */
AIRS_API airs_status_t airs_node_drain(airs_node_t *node, uint64_t timeout_ms);

typedef enum airs_actor_state {
    AIRS_ACTOR_CREATED,
    AIRS_ACTOR_STARTING,
    AIRS_ACTOR_RUNNING,
    AIRS_ACTOR_STOPPING,
    AIRS_ACTOR_STOPPED,
    AIRS_ACTOR_RESTARTING, /* its incarnation has ended and the next has not begun; messages are accepted */
    AIRS_ACTOR_PASSIVE,    /* running, without an instance until it is needed; see `stateless` */
} airs_actor_state_t;

/* "created", "starting", … Static. */
AIRS_API const char *airs_actor_state_text(airs_actor_state_t state);

typedef struct airs_actor_counters {
    airs_actor_state_t state;
    uint64_t received; /* accepted into the mailbox */
    uint64_t handled;  /* handle-message and handle-callback calls that ended, error answers included */
    uint64_t errors;   /* of these: answered with an error */
    uint64_t sent;     /* messages and requests of this actor that were accepted */
    uint64_t refused;  /* messages to this actor that were not accepted */
    uint64_t dropped;  /* queued messages that were dropped at a stop or crash, or to make room */
    uint64_t queued;   /* waiting now */
    uint64_t restarts; /* tries that failed included */
} airs_actor_counters_t;

/* AIRS_TARGET_NOT_FOUND when it has ended. Callable inside native actors too. */
AIRS_API airs_status_t airs_node_counters(airs_node_t *node, airs_id_t id, airs_actor_counters_t *out);

/* The whole node, actors that have ended included. */
typedef struct airs_node_counters {
    uint64_t actors; /* live now */
    uint64_t spawned;
    uint64_t crashed;
    uint64_t messages;     /* handled by all */
    uint64_t dead_letters; /* accepted but not handled, drops at a stop not included */
    uint64_t dropped;      /* dropped at a stop */
    uint64_t restarts;     /* of all, tries that failed included */
    uint64_t passive;      /* of the live ones: passive now */
    uint64_t passivated;   /* how often one became passive */
    uint64_t returned;     /* how often one got an instance again */
} airs_node_counters_t;

AIRS_API void airs_node_totals(airs_node_t *node, airs_node_counters_t *out);

/* An actor as `airssys ps` shows it; borrowed for the callback. */
typedef struct airs_actor_info {
    airs_id_t id;
    bool native;
    const char *name;    /* as its metadata say, or its id's name before it was asked */
    const char *version; /* likewise; "" when unknown */
    const char *health;  /* "healthy", "degraded", "unhealthy", or while it has not answered "unknown" */
    airs_actor_counters_t counters;
    uint64_t started_ns; /* since 1970 */
    uint32_t mailbox_messages;
    airs_mailbox_policy_t mailbox_policy;
    uint64_t requests;      /* of its own, outstanding now */
    uint64_t deferred;      /* answers it has taken over and owes */
    uint64_t timers;        /* that are armed */
    uint64_t subscriptions; /* patterns */
    /* Of one that has been restarted: when an incarnation ended last otherwise than in order (since 1970; 0: none
     * has), what that was ("trap", "initialize-failed", …; "" for none), and why, with a guest's backtrace in further
     * lines. */
    uint64_t failed_ns;
    const char *failure;
    const char *failure_reason;
    /* Of a command: when its next run is due, now or later (0: it has none, which one that runs once has not), and when the
     * last one ended (0: none has); since 1970. */
    uint64_t next_run_ns;
    uint64_t ran_ns;
} airs_actor_info_t;

/* Calls each() for every live actor in the order of their start; false stops. Callable inside native actors
 * too. */
AIRS_API void airs_node_list(airs_node_t *node, bool (*each)(void *context, const airs_actor_info_t *info),
                             void *context);

/* Calls each() for the dead letters that are kept, the oldest first; false stops. New ones wait meanwhile:
 * each() must be brief and must not use the node. */
AIRS_API void airs_node_dead_letters(airs_node_t *node,
                                     bool (*each)(void *context, const airs_dead_letter_t *letter),
                                     void *context);

/* How many there were for each reason, those no longer kept included. */
AIRS_API void airs_node_dead_letter_counts(airs_node_t *node, uint64_t out[AIRS_DEAD_LETTER_REASONS]);

/* How requests ended so far; `pending` now. */
typedef struct airs_request_counters {
    uint64_t pending;
    uint64_t completed; /* by a response */
    uint64_t failed;
    uint64_t timed_out;
    uint64_t cancelled; /* by the requester */
    uint64_t orphaned;  /* the requester ended */
    uint64_t late;      /* answers to requests that had ended */
} airs_request_counters_t;

AIRS_API void airs_node_requests(airs_node_t *node, airs_request_counters_t *out);

#endif
