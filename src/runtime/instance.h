/* One instance of a component: its store, its limits, the call in hand, and what its imports may reach. */
#ifndef AIRSSYS_RUNTIME_INSTANCE_H
#define AIRSSYS_RUNTIME_INSTANCE_H

#include "core/text.h"
#include "runtime/engine_state.h"
#include "runtime/recorder.h"
#include "runtime/target_cache.h"
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
    airs_storage_space_t *storage; /* opened when it is first used */
    airs_recorder_t *recorder;     /* NULL: it is not recorded */

    /* The call in hand. */
    uint8_t call;            /* airs_call_kind_t */
    bool overtime;           /* it was ended by the execution-time limit */
    bool out_of_memory;      /* it could not be made */
    bool host_failed;        /* an import ended it; the reason is the trap's text */
    bool interrupted;        /* it is to end as soon as the guest gets to it */
    bool waits;              /* it asked to be woken at a moment */
    uint64_t running_ns;     /* of its slices that are over */
    uint64_t slice_start_ns; /* on the ticker's clock */
    uint64_t slices;         /* when they are counted in fuel */
    uint64_t refused_before; /* memory growths refused before it */
    airs_timer_t timer;      /* the moment it waits for */
    bool timer_armed;
    airs_text_t reason;
    char correlation[AIRS_CORRELATION_ID_TEXT_SIZE + 1];

    /* What came of a line on standard output and standard error; NULL until something did. */
    char *lines[2];
    size_t line_sizes[2];
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
airs_poll_t airs_wasm_instance_resume(airs_instance_t *instance, airs_call_result_t *result);

/* Inside an import: have the guest end, with a trap, as soon as it loops or calls a function. Only where slices are
 * counted in time, and for an engine with no other instance at work. */
void airs_wasm_instance_interrupt(airs_wasm_instance_t *instance);

/* Has this moment of the monotonic clock come? If not, the instance is woken when it has. */
bool airs_wasm_instance_wait_until(airs_wasm_instance_t *instance, uint64_t deadline_ns);

#endif
