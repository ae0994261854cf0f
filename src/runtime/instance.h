/* One instance of a component: its store, its limits, the call in hand, and what its imports may reach. */
#ifndef AIRSSYS_RUNTIME_INSTANCE_H
#define AIRSSYS_RUNTIME_INSTANCE_H

#include "core/line_output.h"
#include "core/text.h"
#include "core/token_bucket.h"
#include "runtime/engine_state.h"
#include "runtime/host/bucket_table.h"
#include "runtime/host/folder.h"
#include "runtime/actor_handles.h"
#include "runtime/batch_arguments.h"
#include "runtime/recorder.h"
#include "runtime/target_cache.h"
#include "security/network_access.h"
#include "security/security_context.h"

/* A guest's standard stream into the log: lines, put together from what comes. */
#define AIRS_STREAM_LINE_MAX 4096

typedef struct airs_wasm_instance {
    airs_instance_t base;
    airs_wasm_engine_t *engine;
    airs_loaded_component_t *component;
    wasmtime_store_t *store;
    wasmtime_context_t *context;
    airs_ext_instance_t *ext;
    airs_host_t host;
    airs_instance_limits_t limits;
    airs_security_context_t *security;
    airs_target_cache_t targets;
    airs_actor_handles_t handles;
    airs_storage_space_t *storage; /* opened when it is first used */
    airs_recorder_t *recorder;     /* NULL: it is not recorded */
    airs_bucket_table_t buckets;   /* without allocator until one is opened */
    bool swaps;                    /* what is waited for is the swap of this number */
    uint32_t swapping;
    airs_folders_t folders;         /* that its WASI began with */
    airs_network_access_t *network; /* NULL: it does not use WASI */

    /* The call in hand. */
    uint8_t call;                  /* airs_call_kind_t */
    const airs_batch_ops_t *batch; /* NULL: it is not about a batch */
    airs_batch_arguments_t gathered;
    bool overtime;           /* it was ended by the execution-time limit */
    bool out_of_memory;      /* it could not be made */
    bool host_failed;        /* an import ended it; the reason is the trap's text */
    bool interrupted;        /* it is to end as soon as the guest gets to it */
    bool waits;              /* it asked to be woken at a moment */
    bool yields;             /* it is to be asked again when others had their turn */
    uint64_t running_ns;     /* of its slices that are over */
    uint64_t slice_start_ns; /* on the ticker's clock */
    uint64_t slices;         /* when they are counted in fuel */
    uint64_t refused_before; /* memory growths refused before it */
    airs_timer_t timer;      /* the moment it waits for */
    bool timer_armed;
    airs_text_t reason;
    char correlation[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    airs_ext_message_t message; /* what the call in hand is given */

    airs_token_bucket_t log_lines; /* that it may write */
    uint64_t log_dropped;          /* lines, since that was last told */

    /* What came of a line on standard output and standard error; NULL until something did. */
    char *lines[2];
    size_t line_sizes[2];
    airs_line_output_t outputs[2]; /* the same for where lines are handed on whole */
} airs_wasm_instance_t;

static inline airs_wasm_instance_t *airs_wasm_instance_of(airs_instance_t *instance) {
    return (airs_wasm_instance_t *)(void *)instance;
}

/* See airs_runtime_engine_ops_t for these. */
airs_status_t airs_wasm_instance_create(airs_runtime_engine_t *engine, airs_component_handle_t handle,
                                        const airs_host_t *host, const airs_instance_limits_t *limits,
                                        airs_instance_t **out, airs_error_t *error);
void airs_wasm_instance_destroy(airs_instance_t *instance);
void airs_wasm_instance_ended(airs_instance_t *instance, airs_status_t status, const char *reason);
airs_poll_t airs_wasm_instance_call(airs_instance_t *instance, const airs_call_t *call,
                                    airs_call_result_t *result);
bool airs_wasm_instance_batches(airs_instance_t *instance);
uint32_t airs_wasm_instance_gather(airs_instance_t *instance, const airs_component_message_t *first,
                                   uint32_t count, size_t payload_bytes);
airs_poll_t airs_wasm_instance_resume(airs_instance_t *instance, airs_call_result_t *result);

/* Inside an import: have the guest end, with a trap, as soon as it loops or calls a function. Only where slices are
 * counted in time, and for an engine with no other instance at work. */
void airs_wasm_instance_interrupt(airs_wasm_instance_t *instance);

/* In the middle of a call: it goes on to another message, whose time and parking count anew. */
void airs_wasm_instance_begin_message(airs_wasm_instance_t *instance);

/* An error result as it is told, put behind what is in `reason`: its case in wasm-error, and its text. */
const char *airs_wasm_instance_error_text(airs_wasm_instance_t *instance, uint8_t error_case,
                                          airs_ext_bytes_t text);

/* Has this moment of the monotonic clock come? If not, the instance is woken when it has. */
bool airs_wasm_instance_wait_until(airs_wasm_instance_t *instance, uint64_t deadline_ns);

#endif
