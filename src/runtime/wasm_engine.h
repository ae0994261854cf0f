/* The one engine: Wasmtime behind core/runtime_engine.h. */
#ifndef AIRSSYS_RUNTIME_WASM_ENGINE_H
#define AIRSSYS_RUNTIME_WASM_ENGINE_H

#include <airssys/allocator.h>

#include "core/runtime_engine.h"

/* Zeroed members mean the default. */
typedef struct airs_wasm_engine_options {
    const airs_allocator_t *allocator; /* NULL: the default one */
    airs_clock_t *clock;               /* NULL: the system's; measures execution time */
    airs_log_t *log;                   /* NULL: none */
    uint32_t max_instances;            /* live at once, which sizes the pools; default 1,000 */
    uint32_t max_core_instances; /* core instances live at once; default 64 for each instance, 512 at least */
    uint64_t max_memory_bytes;   /* the largest linear memory; default 256 MiB, at most 4 GiB */
    uint64_t slice_us;           /* time slice; default 1,000, at most 1,000,000 */
    /* Not NULL and not "": compiled code is kept there; the folder is made, with mode 0700. When it cannot
     * be used safely the log says why, and everything is compiled anew. */
    const char *cache_dir;
    /* The program that compiles what is loaded as `apart`; NULL: airssys-compile beside the running program or library,
     * or where that was installed. It is looked for when it is needed first. */
    const char *compiler;
    bool consume_fuel;   /* needed for limits.max_fuel; costs about 8 % of a call */
    uint64_t slice_fuel; /* not 0: slices are counted in fuel and no thread ticks: deterministic */
    /* Needed for host.record_bytes: NaNs are canonical, relaxed SIMD is deterministic, and components' files are
     * hashed. Costs what floating-point arithmetic pays for its NaNs. */
    bool record;
} airs_wasm_engine_options_t;

/* The caller destroys it with ops->destroy, after every instance. AIRS_INVALID_ARGUMENT,
 * AIRS_OUT_OF_MEMORY, AIRS_RESOURCE_LIMIT (the pools do not fit into the address space). */
airs_status_t airs_wasm_engine_create(const airs_wasm_engine_options_t *options, airs_runtime_engine_t **out,
                                      airs_error_t *error);

#endif
