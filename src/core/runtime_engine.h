/* The engine as actors know it: load components, make instances, call them. `runtime/wasm_engine`
 * implements it with Wasmtime, a scripted engine does in tests and simulations.
 *
 * A call that cannot finish at once (its time slice is over, or it waits) is PENDING: the caller
 * resumes it later, from any thread, one at a time. Every PENDING call is announced by the waker,
 * once or more, possibly before the function that returned PENDING has returned: a slice that is
 * over wakes at once, a wait when it has ended. */
#ifndef AIRSSYS_CORE_RUNTIME_ENGINE_H
#define AIRSSYS_CORE_RUNTIME_ENGINE_H

#include <stdatomic.h>

#include <airssys/clock.h>
#include <airssys/health.h>
#include <airssys/load.h>
#include <airssys/log.h>
#include <airssys/random.h>

#include "core/component_message.h"
#include "core/crash_sink.h"
#include "core/message_router.h"
#include "core/settings.h"
#include "core/storage_backend.h"
#include "core/timer_service.h"

typedef struct airs_runtime_engine airs_runtime_engine_t;
typedef struct airs_instance airs_instance_t;

/* Names a loaded component for one engine; never reused, 0 is none. */
typedef uint64_t airs_component_handle_t;

/* The largest component file that can be read, in bytes. */
#define AIRS_COMPONENT_FILE_MAX ((uint64_t)256 << 20)

/* Where a component comes from: exactly one of `path` and `bytes`. Binary or text (.wat) is told
 * from the content. */
typedef struct airs_component_source {
    const char *path;
    airs_bytes_t bytes;
    const char *name; /* for messages; NULL: the path, or "component" */
    bool apart;       /* not compiled in this process, but by the program that is there for it */
    const airs_load_limits_t *limits; /* NULL: the defaults */
} airs_component_source_t;

/* record resource-limits, and what else bounds one instance. */
typedef struct airs_instance_limits {
    uint64_t max_memory_bytes;      /* over all memories and tables of the instance */
    uint64_t max_execution_time_ms; /* running, not parked, of one call; 0: no limit */
    uint64_t max_parked_time_ms;    /* parked, of one call; 0: no limit */
    uint64_t max_fuel;              /* of one call; 0: none asked for */
    uint32_t
        max_log_lines_per_s; /* what it logs, and writes to a standard stream that is logged; 0: no limit */
} airs_instance_limits_t;

typedef struct airs_env_var {
    airs_str_t name;
    airs_str_t value;
} airs_env_var_t;

/* record component-config: what `initialize` is told. */
typedef struct airs_component_config {
    const airs_env_var_t *env;
    size_t env_count;
    airs_bytes_t config; /* data NULL: none */
    airs_instance_limits_t limits;
} airs_component_config_t;

/* Takes what a guest writes to its standard output or error, as it comes. */
typedef struct airs_output airs_output_t;
struct airs_output {
    void (*write)(airs_output_t *output, airs_bytes_t bytes);
    /* It gets whole lines, however they came: the longest (core/line_output.h) in pieces, and one without an end, when
     * the instance ends, with one. */
    bool whole_lines;
};

/* What an instance may reach. All pointers outlive the instance. */
typedef struct airs_host {
    airs_actor_t *self; /* whose calls these are; handed to the router */
    airs_component_id_t *id;
    airs_message_router_t *router;
    airs_timer_service_t *timers;
    airs_storage_backend_t *storage;
    airs_str_t storage_space; /* the space's name: the component's, or the instance's */
    bool
        storage_by_instance; /* that is an instance's id, and not a component's that happens to look like one */
    uint64_t storage_quota;
    airs_clock_t *clock;
    airs_random_t *random;
    airs_log_t *log;
    /* Of the layer security, of which core knows no more: what the actor holds (NULL: what every component has), and
     * what decides beside it (NULL: nothing does). */
    struct airs_capabilities *capabilities;
    struct airs_authority *authority;
    /* Likewise, NULL: none. Stands by when it is decided what the instance may do. */
    struct airs_security_witness *witness;
    airs_output_t *standard_output; /* NULL: lines into the log at info */
    airs_output_t *standard_error;  /* likewise */
    /* Of a command, borrowed for `instance_create` only: its arguments behind its own name, each with a zero behind it,
     * and what it reads. */
    airs_bytes_t arguments;
    airs_bytes_t standard_input;
    const airs_env_var_t *env; /* the WASI environment; borrowed for `instance_create` only */
    size_t env_count;
    airs_settings_t
        *settings; /* what wasi:config/store answers with; NULL: nothing. The instance keeps a reference */
    /* Told when the call in hand may go on; any thread, also after the instance began to end, never
     * after `instance_destroy` returned. */
    void (*wake)(void *wake_context);
    void *wake_context;
    /* Not 0: what goes into the instance is recorded in a journal of so many bytes at most, and a crash goes to
     * `crashes`, which outlives the instance. AIRS_UNSUPPORTED where the engine was not made for it. */
    uint64_t record_bytes;
    airs_crash_sink_t *crashes;
} airs_host_t;

typedef enum airs_call_kind {
    AIRS_CALL_INSTANTIATE, /* the first call of every instance: start functions run */
    AIRS_CALL_INITIALIZE,
    AIRS_CALL_HANDLE_MESSAGE,
    AIRS_CALL_HANDLE_CALLBACK,
    AIRS_CALL_METADATA,
    AIRS_CALL_HEALTH,
    AIRS_CALL_SHUTDOWN,
    AIRS_CALL_EXPORT_STATE, /* this and the next: of a component that migrates */
    AIRS_CALL_IMPORT_STATE,
    AIRS_CALL_RUN, /* of a command, which has only this and the first; the last call of an instance */
    AIRS_CALL_HANDLE_BATCH, /* of the messages that `gather` has gathered */
} airs_call_kind_t;

/* What a guest says of its batch while it is called with it, on the worker that runs it. */
typedef struct airs_batch_ops {
    /* It goes on to message `index` of the batch: those before it have ended. `gently`: unless it is better left alone.
     * AIRS_OK, AIRS_STOPPED (gently only: this one and those after it stay where they are), AIRS_INVALID_ARGUMENT when
     * there is none, or it was passed. */
    airs_status_t (*begin)(airs_actor_t *self, uint32_t index, bool gently);
    /* The message in hand ends with this error. AIRS_INVALID_STATE: there is none. */
    airs_status_t (*fail)(airs_actor_t *self, const char *reason);
    /* The message in hand, if it is this request and has no answer, is answered. Else AIRS_NOT_FOUND. */
    airs_status_t (*answer)(airs_actor_t *self, const airs_correlation_id_t *id, airs_bytes_t payload);
} airs_batch_ops_t;

typedef struct airs_call {
    airs_call_kind_t kind;
    const airs_component_message_t *message; /* HANDLE_*: kept by the caller until the call is done */
    const airs_batch_ops_t *batch;           /* HANDLE_BATCH: its messages are kept until they are passed */
    const airs_component_config_t *config;   /* INITIALIZE: likewise */
    airs_bytes_t state;                      /* IMPORT_STATE: likewise */
    airs_str_t from_version;                 /* likewise: of the component that exported the state */
} airs_call_t;

typedef enum airs_poll { AIRS_POLL_DONE, AIRS_POLL_PENDING } airs_poll_t;

/* How a call ended. After any status but AIRS_OK and AIRS_GUEST_ERROR the instance is spent: destroy it. */
typedef struct airs_call_result {
    airs_status_t status;
    /* GUEST_ERROR: the error's case and text ("runtime-error: …"); a crash: the reason and the guest's
     * backtrace. Zero-terminated, valid until the instance's next call or end; never NULL when the
     * status is not AIRS_OK. */
    const char *reason;
    bool no_room;      /* INSTANTIATE with AIRS_RESOURCE_LIMIT: there would be room with fewer instances */
    bool has_response; /* HANDLE_MESSAGE answered some(payload) */
    airs_bytes_t response; /* also EXPORT_STATE's state; valid until the instance's next call or end */
    airs_health_t health;  /* HEALTH */
    int32_t exit_code;     /* RUN with AIRS_OK: what the command ended with, 0 for success */
    const char *name;      /* METADATA, valid until the instance's next call or end */
    const char *version;   /* likewise */
} airs_call_result_t;

typedef struct airs_runtime_engine_ops {
    /* Compile (or take from the cache), check imports and exports and their types. The handle is
     * counted: each load is a new one. AIRS_LOAD_FAILED, AIRS_INVALID_COMPONENT, AIRS_EXPORT_NOT_FOUND,
     * AIRS_EXPORT_TYPE_MISMATCH, AIRS_IMPORT_NOT_PROVIDED, AIRS_RESOURCE_LIMIT (larger than the engine's
     * pools), AIRS_COMPONENT_TOO_LARGE, AIRS_COMPONENT_TOO_COMPLEX, AIRS_IO; apart also AIRS_COMPILE_MEMORY_EXCEEDED,
     * AIRS_COMPILE_TIME_EXCEEDED, AIRS_COMPILER_FAILED, AIRS_COMPILER_MISSING. Any thread. */
    airs_status_t (*load)(airs_runtime_engine_t *engine, const airs_component_source_t *source,
                          airs_component_handle_t *out, airs_error_t *error);
    /* Unknown handles are fine. Instances made from it live on. Any thread. */
    void (*unload)(airs_runtime_engine_t *engine, airs_component_handle_t handle);
    /* Does it export airssys:actor/migration? False for unknown handles, too. Any thread. */
    bool (*migrates)(airs_runtime_engine_t *engine, airs_component_handle_t handle);
    /* Is it a command (wasi:cli/run) and no actor? False for unknown handles, too. NULL: there are none. Any thread. */
    bool (*is_command)(airs_runtime_engine_t *engine, airs_component_handle_t handle);
    /* Calls each() with the name of every interface that it imports functions of, in its order; false stops.
     * AIRS_COMPONENT_NOT_FOUND. Any thread. */
    airs_status_t (*imports)(airs_runtime_engine_t *engine, airs_component_handle_t handle,
                             bool (*each)(void *context, airs_str_t interface), void *context);
    /* The same for every function, with its interface ("": none). NULL: this engine has no functions to tell of. */
    airs_status_t (*imported_functions)(airs_runtime_engine_t *engine, airs_component_handle_t handle,
                                        bool (*each)(void *context, airs_str_t interface,
                                                     airs_str_t function),
                                        void *context);
    /* A store with its limits; runs no guest code yet. AIRS_COMPONENT_NOT_FOUND, AIRS_OUT_OF_MEMORY.
     * `host` and `limits` are copied. */
    airs_status_t (*instance_create)(airs_runtime_engine_t *engine, airs_component_handle_t handle,
                                     const airs_host_t *host, const airs_instance_limits_t *limits,
                                     airs_instance_t **out, airs_error_t *error);
    /* Also in the middle of a pending call, which is dropped. NULL is fine. Not from inside one of its
     * own calls. */
    void (*instance_destroy)(airs_instance_t *instance);
    /* The instance is about to be destroyed because its incarnation has ended so, which the engine may not have seen:
     * it was parked for too long, say. AIRS_OK and AIRS_STOPPED: not a crash. `reason` may be NULL, and may be that of
     * the last call's result. NULL: this engine does not want to know. */
    void (*instance_ended)(airs_instance_t *instance, airs_status_t status, const char *reason);
    /* May it be called with batches? Always the same answer for one instance. NULL: none of this engine may. */
    bool (*batches)(airs_instance_t *instance);
    /* Get ready for a HANDLE_BATCH, which has to be the next call, with these messages, linked through `next`; of them
     * `payload_bytes` together, rounded up to 8 each. Returns with how many of them: fewer than two, no such call. */
    uint32_t (*gather)(airs_instance_t *instance, const airs_component_message_t *first, uint32_t count,
                       size_t payload_bytes);
    /* Start a call and run it until it is done, waits, or its time slice is over. */
    airs_poll_t (*call)(airs_instance_t *instance, const airs_call_t *call, airs_call_result_t *result);
    /* Go on with the pending call. Resuming early is fine: it answers PENDING. */
    airs_poll_t (*resume)(airs_instance_t *instance, airs_call_result_t *result);
    /* A thread is about to run calls, or has none left: time slices are kept only in between. Counted. */
    void (*activity_begin)(airs_runtime_engine_t *engine);
    void (*activity_end)(airs_runtime_engine_t *engine);
    /* Where it counts time slices while there is activity, as long as it lives: two values that differ by two or more
     * are at least a slice apart; 0: they are not timed now. NULL, either: they never are. */
    const _Atomic uint64_t *(*slices)(airs_runtime_engine_t *engine);
    void (*destroy)(airs_runtime_engine_t *engine);
} airs_runtime_engine_ops_t;

struct airs_runtime_engine {
    const airs_runtime_engine_ops_t *ops;
};

/* An instance begins with its engine, so that calls need no other argument. */
struct airs_instance {
    airs_runtime_engine_t *engine;
};

#endif
