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

/* The guest did what it must not: its call traps. */
#define AIRS_EXT_TRAP 254

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

/* record request-id, both 0: none. */
typedef struct airs_ext_request_id {
    uint64_t high;
    uint64_t low;
} airs_ext_request_id_t;

/* airssys:actor/batch. What is not said here is as in airs_ext_messaging_t. */
typedef struct airs_ext_batch {
    /* 1: it is marked; 0: it is to be left alone; AIRS_EXT_TRAP, with a reason. `gently` is proceed, else begin. */
    uint8_t (*mark)(void *host, uint32_t index, bool gently, airs_ext_text_t *reason);
    /* `error_case` is the case's place in wasm-error. False traps, with a reason. */
    bool (*fail)(void *host, uint8_t error_case, airs_ext_bytes_t text, airs_ext_text_t *reason);
    uint8_t (*resolve)(void *host, const airs_ext_id_t *id, uint64_t *handle, airs_ext_text_t *reason);
    /* False traps, with a reason. The id is valid as long as the host. */
    bool (*identify)(void *host, uint64_t handle, airs_ext_id_t *id, airs_ext_text_t *reason);
    uint8_t (*send_to)(void *host, uint64_t target, airs_ext_bytes_t payload, airs_ext_text_t *reason);
    /* False: not sent. */
    bool (*send_now)(void *host, uint64_t target, airs_ext_bytes_t payload);
    uint8_t (*request_to)(void *host, uint64_t target, airs_ext_bytes_t payload, uint64_t timeout_ms,
                          airs_ext_request_id_t *id, airs_ext_text_t *reason);
    uint8_t (*answer)(void *host, const airs_ext_request_id_t *id, airs_ext_bytes_t payload,
                      airs_ext_text_t *reason);
    /* As in airs_ext_messaging_t, of send_to and request_to. */
    uint8_t (*waited)(void *host, airs_ext_text_t *reason);
    /* So many by one send-many? False traps, with a reason. */
    bool (*may_send_many)(void *host, size_t count, airs_ext_text_t *reason);
} airs_ext_batch_t;

wasmtime_error_t *airs_ext_linker_add_batch(wasmtime_component_linker_t *linker,
                                            const airs_ext_batch_t *host);

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

/* Takes what `get` found. Called again: what it took before is gone. */
typedef struct airs_ext_value airs_ext_value_t;
void airs_ext_put_value(airs_ext_value_t *into, airs_ext_bytes_t bytes);

/* Takes the keys that `list_keys` found. */
typedef struct airs_ext_collector airs_ext_collector_t;
void airs_ext_collect(airs_ext_collector_t *into, airs_ext_bytes_t bytes);

/* airssys:core/storage. Values point into guest memory. A set or a remove may answer AIRS_EXT_PENDING when what it
 * was handed was copied. */
typedef struct airs_ext_storage {
    /* No value put: there is no such key. */
    uint8_t (*get)(void *host, airs_ext_bytes_t key, airs_ext_value_t *into, airs_ext_text_t *reason);
    uint8_t (*set)(void *host, airs_ext_bytes_t key, airs_ext_bytes_t value, airs_ext_text_t *reason);
    uint8_t (*remove)(void *host, airs_ext_bytes_t key, airs_ext_text_t *reason);
    uint8_t (*exists)(void *host, airs_ext_bytes_t key, bool *out, airs_ext_text_t *reason);
    uint8_t (*list_keys)(void *host, airs_ext_bytes_t prefix, airs_ext_collector_t *into,
                         airs_ext_text_t *reason);
    /* used bytes, quota bytes, key count */
    uint8_t (*usage)(void *host, uint64_t out[3], airs_ext_text_t *reason);
    /* As in airs_ext_messaging_t, of the pending set or remove. */
    uint8_t (*waited)(void *host, airs_ext_text_t *reason);
} airs_ext_storage_t;

wasmtime_error_t *airs_ext_linker_add_storage(wasmtime_component_linker_t *linker,
                                              const airs_ext_storage_t *host);

/* What an import of wasi:keyvalue answers: the cases of its error, and beyond them. */
enum {
    AIRS_EXT_KEYVALUE_OK = 0,
    AIRS_EXT_KEYVALUE_NO_SUCH_STORE = 1,
    AIRS_EXT_KEYVALUE_ACCESS_DENIED = 2,
    AIRS_EXT_KEYVALUE_OTHER = 3,
    AIRS_EXT_KEYVALUE_CAS_FAILED = 4, /* of a swap: it stays, by what is there now */
};

/* Takes the values that `get` found, each with the place of its key. */
typedef struct airs_ext_values airs_ext_values_t;
void airs_ext_collect_value(airs_ext_values_t *into, size_t index, airs_ext_bytes_t value);

typedef struct airs_ext_change {
    airs_ext_bytes_t key;
    airs_ext_bytes_t value;
    bool removes;
} airs_ext_change_t;

/* Where a list goes on, one of two ways: behind a key, or after so many keys. */
typedef struct airs_ext_page {
    airs_ext_bytes_t after;
    uint64_t skip;
    bool has_more; /* written, as is the next */
    uint64_t next; /* what `skip` is for the page behind this one */
} airs_ext_page_t;

/* wasi:keyvalue, store, atomics and batch, 0.2.0-draft and 0.2.0-draft2. C hands out numbers for buckets and
 * compare-and-swaps, and is told when the guest has none of them any more, unless it ends before. A write, an
 * increment and a swap may answer AIRS_EXT_PENDING, as in airs_ext_messaging_t. */
typedef struct airs_ext_keyvalue {
    uint8_t (*open)(void *host, airs_ext_bytes_t name, uint32_t *bucket, airs_ext_text_t *reason);
    void (*drop_bucket)(void *host, uint32_t bucket);
    /* Whether so many keys may be asked for at once; asked before they are looked at. */
    uint8_t (*check_count)(void *host, size_t count, airs_ext_text_t *reason);
    uint8_t (*get)(void *host, uint32_t bucket, const airs_ext_bytes_t *keys, size_t count,
                   airs_ext_values_t *into, airs_ext_text_t *reason);
    uint8_t (*exists)(void *host, uint32_t bucket, airs_ext_bytes_t key, bool *out, airs_ext_text_t *reason);
    uint8_t (*list_keys)(void *host, uint32_t bucket, airs_ext_page_t *page, airs_ext_collector_t *into,
                         airs_ext_text_t *reason);
    uint8_t (*write)(void *host, uint32_t bucket, const airs_ext_change_t *changes, size_t count,
                     airs_ext_text_t *reason);
    /* An int64_t's bits where it is signed. */
    uint8_t (*increment)(void *host, uint32_t bucket, airs_ext_bytes_t key, uint64_t delta, bool is_signed,
                         uint64_t *sum, airs_ext_text_t *reason);
    uint8_t (*cas_new)(void *host, uint32_t bucket, airs_ext_bytes_t key, uint32_t *cas,
                       airs_ext_text_t *reason);
    uint8_t (*cas_current)(void *host, uint32_t cas, airs_ext_values_t *into, airs_ext_text_t *reason);
    /* The guest has it no more, unless the answer is AIRS_EXT_KEYVALUE_CAS_FAILED. */
    uint8_t (*swap)(void *host, uint32_t cas, airs_ext_bytes_t value, airs_ext_text_t *reason);
    void (*drop_cas)(void *host, uint32_t cas);
    uint8_t (*waited)(void *host, uint64_t *number, airs_ext_text_t *reason);
} airs_ext_keyvalue_t;

wasmtime_error_t *airs_ext_linker_add_keyvalue(wasmtime_component_linker_t *linker,
                                               const airs_ext_keyvalue_t *host);

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

/* Where a socket is, or is to go: 4 or 16 bytes in network order. */
typedef struct airs_ext_address {
    uint8_t bytes[16];
    uint8_t size;
    uint16_t port;
} airs_ext_address_t;

/* What an address is used for; of BIND and LISTEN it is the local one. */
enum {
    AIRS_EXT_TCP_BIND = 0,
    AIRS_EXT_TCP_LISTEN = 1,
    AIRS_EXT_TCP_ACCEPT = 2,
    AIRS_EXT_TCP_CONNECT = 3,
    AIRS_EXT_UDP_BIND = 4,
    AIRS_EXT_UDP_SEND = 5,
};

/* WASI 0.2 over these. */
typedef struct airs_ext_wasi {
    uint64_t (*monotonic_ns)(void *host);
    uint64_t (*wall_ns)(void *host);
    void (*random)(void *host, uint8_t *out, size_t size);
    /* stream 1: standard output, 2: standard error */
    void (*write)(void *host, uint8_t stream, airs_ext_bytes_t bytes);
    bool (*wait_until)(void *host, uint64_t deadline_ns);
    /* May the guest have sockets? */
    bool (*may_have_sockets)(void *host);
    /* May a socket of its be used so? Any thread, one at a time; not after the store was deleted. */
    bool (*may_use)(void *host, uint8_t use, const airs_ext_address_t *address);
    /* A TCP socket goes by this number until it is closed: it is on its way to that address, or was accepted at it. */
    void (*opened)(void *host, uint32_t number, uint8_t use, const airs_ext_address_t *address);
    void (*closed)(void *host, uint32_t number);
    /* The stream of datagrams of a socket that is bound to this address goes by this number, until another one has it. */
    void (*begin_to_hear)(void *host, uint32_t number, const airs_ext_address_t *local);
    /* May the guest see a datagram that came from there by this stream? */
    bool (*hears)(void *host, uint32_t number, const airs_ext_address_t *from);
    /* May it look up this name? */
    bool (*may_look_up)(void *host, airs_ext_bytes_t name);
    /* The look-up that was allowed goes by this number, until another one has it. */
    void (*look_up)(void *host, uint32_t number, airs_ext_bytes_t name);
    /* May it know that the look-up found this address? */
    bool (*may_know)(void *host, uint32_t number, const airs_ext_address_t *address);
} airs_ext_wasi_t;

wasmtime_error_t *airs_ext_linker_add_wasi(wasmtime_component_linker_t *linker, const airs_ext_wasi_t *wasi);

/* A folder that a guest finds already open. */
typedef struct airs_ext_folder {
    airs_ext_bytes_t path;       /* of the host; opened in the call */
    airs_ext_bytes_t guest_path; /* what the guest knows it as */
    bool writable;               /* otherwise it can only be read */
} airs_ext_folder_t;

/* What one store's WASI begins with. */
typedef struct airs_ext_wasi_options {
    const airs_ext_bytes_t (*env)[2]; /* pairs of name and value */
    size_t env_count;
    const airs_ext_bytes_t *args;
    size_t arg_count;
    const airs_ext_folder_t *folders;
    size_t folder_count;
    size_t max_handles; /* files, sockets, streams and what else the guest holds at once; one more traps */
    airs_ext_bytes_t standard_input; /* copied */
} airs_ext_wasi_options_t;

/* Needed once for every store whose component uses WASI, before it is instantiated. */
wasmtime_error_t *airs_ext_store_set_wasi(wasmtime_store_t *store, void *host, const airs_ext_wasi_t *wasi,
                                          const airs_ext_wasi_options_t *options);

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

/* Is it a command: does it export wasi:cli/run, and not what an actor exports? */
bool airs_ext_component_is_command(const airs_ext_component_t *component);

/* Does it export airssys:actor/batch-handler? */
bool airs_ext_component_batches(const airs_ext_component_t *component);

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
    int32_t exit_code;  /* FAILED with AIRS_EXT_TRAP_EXIT: what the guest ended itself with */
    airs_ext_bytes_t payload;
    airs_ext_bytes_t
        text; /* GUEST_ERROR: its text; FAILED: what happened, and the backtrace; metadata: the name */
    airs_ext_bytes_t version; /* metadata */
} airs_ext_outcome_t;

/* record component-message; borrowed, all of it, until the call has ended. */
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

/* enum item-kind */
enum {
    AIRS_EXT_ITEM_MESSAGE = 0,
    AIRS_EXT_ITEM_REQUEST = 1,
    AIRS_EXT_ITEM_RESPONSE = 2,
    AIRS_EXT_ITEM_FAILURE = 3,
};

/* record item */
typedef struct airs_ext_item {
    uint8_t kind;
    uint64_t sender;
    airs_ext_request_id_t correlation;
    uint64_t sent;
    uint32_t size;
} airs_ext_item_t;

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
/* Of a component that takes batches. All is borrowed until the call has ended. */
void airs_ext_handle_batch(airs_ext_instance_t *instance, const airs_ext_item_t *items, size_t count,
                           airs_ext_bytes_t payloads, airs_ext_outcome_t *out);
void airs_ext_metadata(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_health(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_shutdown(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
/* Of a command, after airs_ext_instantiate, and nothing else. GUEST_ERROR: it failed. */
void airs_ext_run(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
/* Of a component that migrates. The version and the state are borrowed until the call has ended. */
void airs_ext_export_state(airs_ext_instance_t *instance, airs_ext_outcome_t *out);
void airs_ext_import_state(airs_ext_instance_t *instance, airs_ext_bytes_t from_version,
                           airs_ext_bytes_t state, airs_ext_outcome_t *out);

/* Poll the pending call again, on any thread. */
void airs_ext_resume(airs_ext_instance_t *instance, airs_ext_outcome_t *out);

#endif
