/* What Wasmtime's C API lacks: typed calls on a fiber, imports that carry payload bytes, instances
 * made without linking, WASI over the host's own clocks, and a bound over all memories of a store.
 *
 * It works on the engines, linkers, components and stores that C makes through wasmtime.h. The
 * pointer that a store was created with ("the host") is what its imports are called with. Text is
 * UTF-8; what C hands in as text must be UTF-8. Functions that return a wasmtime_error_t * return NULL
 * for success; the caller deletes the error. */
#ifndef AIRS_WASMTIME_EXT_H
#define AIRS_WASMTIME_EXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasmtime.h>

/* Borrowed bytes or text; valid for the call they are an argument of unless said otherwise. */
typedef struct airs_ext_bytes {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;
} airs_ext_bytes_t;

typedef struct airs_ext_id {
    airs_ext_bytes_t ns;
    airs_ext_bytes_t name;
    airs_ext_bytes_t instance;
} airs_ext_id_t;

#define AIRS_EXT_TEXT_CAPACITY 1024

/* Where an import writes why it refuses: `size` is 0 before. */
typedef struct airs_ext_text {
    size_t size;
    char data[AIRS_EXT_TEXT_CAPACITY];
} airs_ext_text_t;

/* As wasm_engine_new_with_config, which ends the process when the configuration does not work (pools
 * larger than the address space, say). Takes the configuration. */
wasmtime_error_t *airs_ext_engine_new(wasm_config_t *config, wasm_engine_t **out);

/* Have a pool reset only the pages that an instance wrote to, where the kernel can tell them (Linux 6.7);
 * elsewhere it resets all that it keeps resident. */
void airs_ext_pool_scan_pages(wasmtime_pooling_allocation_config_t *pool);

/* ---- imports -------------------------------------------------------------------------------- */

/* messaging-error's cases, in the order of wit/airssys-core; 0 is ok. */
enum {
    AIRS_EXT_MESSAGING_OK = 0,
    AIRS_EXT_DELIVERY_FAILED = 1,
    AIRS_EXT_CORRELATION_TIMEOUT = 2,
    AIRS_EXT_INVALID_MESSAGE = 3,
    AIRS_EXT_QUEUE_FULL = 4,
    AIRS_EXT_TARGET_NOT_FOUND = 5,
};

/* Not an answer yet: the guest's call is parked, its thread is not, and `waited` is asked. */
#define AIRS_EXT_PENDING 255

/* storage-error's cases, likewise. */
enum {
    AIRS_EXT_STORAGE_OK = 0,
    AIRS_EXT_STORAGE_NOT_FOUND = 1,
    AIRS_EXT_STORAGE_ALREADY_EXISTS = 2,
    AIRS_EXT_STORAGE_QUOTA_EXCEEDED = 3,
    AIRS_EXT_STORAGE_INVALID_KEY = 4,
    AIRS_EXT_STORAGE_IO_ERROR = 5,
};

/* airssys:core/host-messaging. Payloads point into guest memory. A send or a request may answer
 * AIRS_EXT_PENDING when the message was copied; what it was handed is gone when `waited` is asked. */
typedef struct airs_ext_messaging {
    uint8_t (*send)(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload,
                    airs_ext_text_t *reason);
    /* Writes a UUID's 36 characters to `id`, also for PENDING. */
    uint8_t (*request)(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload, uint64_t timeout_ms,
                       char *id, airs_ext_text_t *reason);
    uint8_t (*cancel_request)(void *host, airs_ext_bytes_t id, airs_ext_text_t *reason);
    /* For TARGET_NOT_FOUND `first` says which one was the first. */
    uint8_t (*broadcast)(void *host, const airs_ext_id_t *targets, size_t count, airs_ext_bytes_t payload,
                         size_t *first, airs_ext_text_t *reason);
    /* Valid as long as the host. */
    airs_ext_id_t (*self_id)(void *host);
    /* How the pending send or request ended, or AIRS_EXT_PENDING: see to it then that the instance's wake
     * function is called when it has. Asked at once, and at every resume until it ended or the call is
     * dropped. */
    uint8_t (*waited)(void *host, airs_ext_text_t *reason);
} airs_ext_messaging_t;

wasmtime_error_t *airs_ext_linker_add_messaging(wasmtime_component_linker_t *linker,
                                                const airs_ext_messaging_t *host);

/* airssys:actor/replies. `to` is any text; a content type of size 0 is none. */
typedef struct airs_ext_replies {
    /* Writes a UUID's 36 characters to `id`. */
    uint8_t (*defer_reply)(void *host, char *id, airs_ext_text_t *reason);
    uint8_t (*reply)(void *host, airs_ext_bytes_t to, airs_ext_bytes_t payload, airs_ext_bytes_t content_type,
                     airs_ext_text_t *reason);
    uint8_t (*fail)(void *host, airs_ext_bytes_t to, airs_ext_bytes_t why, airs_ext_text_t *reason);
} airs_ext_replies_t;

wasmtime_error_t *airs_ext_linker_add_replies(wasmtime_component_linker_t *linker,
                                              const airs_ext_replies_t *host);

/* airssys:actor/topics. */
typedef struct airs_ext_topics {
    uint8_t (*subscribe)(void *host, airs_ext_bytes_t pattern, airs_ext_text_t *reason);
    uint8_t (*unsubscribe)(void *host, airs_ext_bytes_t pattern, airs_ext_text_t *reason);
    uint8_t (*publish)(void *host, airs_ext_bytes_t topic, airs_ext_bytes_t payload,
                       airs_ext_bytes_t content_type, uint32_t *reached, airs_ext_text_t *reason);
} airs_ext_topics_t;

wasmtime_error_t *airs_ext_linker_add_topics(wasmtime_component_linker_t *linker,
                                             const airs_ext_topics_t *host);

/* airssys:actor/timers. */
typedef struct airs_ext_timers {
    uint8_t (*send_after)(void *host, uint64_t delay_ms, airs_ext_bytes_t payload, uint64_t *id,
                          airs_ext_text_t *reason);
    uint8_t (*send_every)(void *host, uint64_t period_ms, airs_ext_bytes_t payload, uint64_t *id,
                          airs_ext_text_t *reason);
    bool (*cancel_timer)(void *host, uint64_t id);
} airs_ext_timers_t;

wasmtime_error_t *airs_ext_linker_add_timers(wasmtime_component_linker_t *linker,
                                             const airs_ext_timers_t *host);

/* Takes what `get` found (once) or the keys that `list_keys` found. */
typedef struct airs_ext_collector airs_ext_collector_t;
void airs_ext_collect(airs_ext_collector_t *into, airs_ext_bytes_t bytes);

/* airssys:core/storage. */
typedef struct airs_ext_storage {
    /* Nothing collected: there is no such key. */
    uint8_t (*get)(void *host, airs_ext_bytes_t key, airs_ext_collector_t *into, airs_ext_text_t *reason);
    uint8_t (*set)(void *host, airs_ext_bytes_t key, airs_ext_bytes_t value, airs_ext_text_t *reason);
    uint8_t (*remove)(void *host, airs_ext_bytes_t key, airs_ext_text_t *reason);
    uint8_t (*exists)(void *host, airs_ext_bytes_t key, bool *out, airs_ext_text_t *reason);
    uint8_t (*list_keys)(void *host, airs_ext_bytes_t prefix, airs_ext_collector_t *into,
                         airs_ext_text_t *reason);
    /* used bytes, quota bytes, key count */
    uint8_t (*usage)(void *host, uint64_t out[3], airs_ext_text_t *reason);
} airs_ext_storage_t;

wasmtime_error_t *airs_ext_linker_add_storage(wasmtime_component_linker_t *linker,
                                              const airs_ext_storage_t *host);

/* How calls wait. */
typedef struct airs_ext_waiting {
    /* When a sleep of this length ends, on the host's monotonic clock; false (with a reason) traps. */
    bool (*sleep_deadline)(void *host, uint64_t duration_ms, uint64_t *deadline_ns, airs_ext_text_t *reason);
    /* Has the moment come? If not, see to it that the instance's wake function is called when it has.
     * Asked again at every resume; several moments may be waited for at once. */
    bool (*wait_until)(void *host, uint64_t deadline_ns);
} airs_ext_waiting_t;

/* airssys:core/host-services.sleep-millis, and only that. */
wasmtime_error_t *airs_ext_linker_add_sleep(wasmtime_component_linker_t *linker,
                                            const airs_ext_waiting_t *host);

/* WASI 0.2 over these; no folders, no sockets, no name look-up. */
typedef struct airs_ext_wasi {
    uint64_t (*monotonic_ns)(void *host);
    uint64_t (*wall_ns)(void *host);
    void (*random)(void *host, uint8_t *out, size_t size);
    /* stream 1: standard output, 2: standard error */
    void (*write)(void *host, uint8_t stream, airs_ext_bytes_t bytes);
    bool (*wait_until)(void *host, uint64_t deadline_ns);
} airs_ext_wasi_t;

wasmtime_error_t *airs_ext_linker_add_wasi(wasmtime_component_linker_t *linker, const airs_ext_wasi_t *wasi);

/* Needed once for every store whose component uses WASI, before it is instantiated. `env` is pairs of
 * name and value. */
wasmtime_error_t *airs_ext_store_set_wasi(wasmtime_store_t *store, void *host, const airs_ext_wasi_t *wasi,
                                          const airs_ext_bytes_t (*env)[2], size_t env_count,
                                          const airs_ext_bytes_t *args, size_t arg_count);

/* ---- components ----------------------------------------------------------------------------- */

/* A component with its imports resolved and its exports found and checked (InstancePre). */
typedef struct airs_ext_component airs_ext_component_t;

typedef enum airs_ext_verdict {
    AIRS_EXT_FITS = 0,
    AIRS_EXT_EXPORT_MISSING = 1,
    AIRS_EXT_EXPORT_MISTYPED = 2,
    AIRS_EXT_IMPORT_MISSING = 3,
} airs_ext_verdict_t;

/* With an error `verdict` says what is wrong and its message says where. Nothing is kept of the linker. */
wasmtime_error_t *airs_ext_component_new(const wasm_engine_t *engine, wasmtime_component_linker_t *linker,
                                         const wasmtime_component_t *component, airs_ext_component_t **out,
                                         airs_ext_verdict_t *verdict);

/* After its instances. NULL is fine. */
void airs_ext_component_delete(airs_ext_component_t *component);

/* Does it export airssys:actor/migration? */
bool airs_ext_component_migrates(const airs_ext_component_t *component);

/* What one instance takes of the engine's pools. */
typedef struct airs_ext_resources {
    uint32_t memories;
    uint32_t tables;
    uint64_t max_initial_memory_pages; /* the largest memory's, as it starts; bytes / 64 KiB */
    uint64_t max_initial_table_elements;
} airs_ext_resources_t;

/* False when it cannot be told. */
bool airs_ext_component_resources(const wasmtime_component_t *component, airs_ext_resources_t *out);

/* ---- instances and calls -------------------------------------------------------------------- */

typedef struct airs_ext_instance airs_ext_instance_t;

/* One for each store, which it borrows; the component outlives it. `max_memory_bytes` bounds all memories
 * and tables of the store together. `wake` is called on any thread when a pending call may go on, until
 * airs_ext_instance_cancel has returned. */
airs_ext_instance_t *airs_ext_instance_new(const airs_ext_component_t *component, wasmtime_store_t *store,
                                           uint64_t max_memory_bytes, void (*wake)(void *context),
                                           void *wake_context);

/* The end, in this order: cancel (drops a pending call), wasmtime_store_delete, delete. */
void airs_ext_instance_cancel(airs_ext_instance_t *instance);
void airs_ext_instance_delete(airs_ext_instance_t *instance);

/* Bytes of memories and tables in use, and how many growths were refused so far. */
void airs_ext_instance_memory(const airs_ext_instance_t *instance, uint64_t *used, uint64_t *refused);

enum {
    AIRS_EXT_CALL_OK = 0,
    AIRS_EXT_CALL_PENDING = 1,
    AIRS_EXT_CALL_GUEST_ERROR = 2, /* the export answered with its error */
    AIRS_EXT_CALL_FAILED = 3,      /* a trap, or a value that breaks the canonical ABI: never call it again */
};

#define AIRS_EXT_TRAP_NONE 255
#define AIRS_EXT_TRAP_EXIT 254 /* the guest asked WASI to end it, which an actor cannot survive */

/* How a call ended; what it points to is valid until the instance's next call or end. */
typedef struct airs_ext_outcome {
    uint8_t kind;       /* AIRS_EXT_CALL_* */
    uint8_t trap;       /* FAILED: a wasmtime_trap_code_t, or AIRS_EXT_TRAP_* */
    uint8_t error_case; /* GUEST_ERROR: the case's place in its variant in wit/airssys-core, from 0 */
    uint8_t health;     /* health: the case's place */
    bool has_payload;   /* handle-message answered some, or export-state */
    airs_ext_bytes_t payload;
    airs_ext_bytes_t
        text; /* GUEST_ERROR: its text; FAILED: what happened, and the backtrace; metadata: the name */
    airs_ext_bytes_t version; /* metadata */
} airs_ext_outcome_t;

/* record component-message; borrowed until the call has ended. */
typedef struct airs_ext_message {
    airs_ext_id_t sender;
    airs_ext_bytes_t payload;
    airs_ext_bytes_t correlation_id;
    bool has_correlation_id;
    bool has_reply_to;
    bool has_content_type;
    airs_ext_id_t reply_to;
    airs_ext_bytes_t content_type;
    uint64_t seconds;
    uint32_t nanoseconds;
} airs_ext_message_t;

/* record component-config; borrowed until the call has ended. */
typedef struct airs_ext_config {
    const airs_ext_bytes_t (*env)[2];
    size_t env_count;
    airs_ext_bytes_t config;
    bool has_config;
    bool has_max_fuel;
    uint64_t max_memory_bytes;
    uint64_t max_execution_time_ms;
    uint64_t max_fuel;
} airs_ext_config_t;

/* Each starts a call on a fiber and polls it once; one call of an instance at a time. The epoch
 * deadline must be armed before each, and before each resume. */
void airs_ext_instantiate(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_initialize(airs_ext_instance_t *instance, const airs_ext_config_t *config,
                         airs_ext_outcome_t *out);
void airs_ext_handle_message(airs_ext_instance_t *instance, const airs_ext_message_t *message,
                             airs_ext_outcome_t *out);
void airs_ext_handle_callback(airs_ext_instance_t *instance, const airs_ext_message_t *message,
                              airs_ext_outcome_t *out);
void airs_ext_metadata(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_health(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_shutdown(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
/* Of a component that migrates. The version and the state are borrowed until the call has ended. */
void airs_ext_export_state(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_import_state(airs_ext_instance_t *instance, airs_ext_bytes_t from_version,
                           airs_ext_bytes_t state, airs_ext_outcome_t *out);

/* Poll the pending call again, on any thread. */
void airs_ext_resume(airs_ext_instance_t *instance, airs_ext_outcome_t *out);

#endif
