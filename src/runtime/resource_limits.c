#include "runtime/resource_limits.h"

#include <inttypes.h>

#include "core/memory.h"

#define DEFAULT_INSTANCES 1000
#define DEFAULT_MEMORY_BYTES ((uint64_t)256 << 20)
#define MEMORY_BYTES_MAX ((uint64_t)4 << 30)
#define DEFAULT_SLICE_US 1000
/* The end of the engine waits for a slice to end. */
#define SLICE_US_MAX ((uint64_t)1000000)

/* Kept resident when a slot is given back, so that its next user finds pages that are there
 * (docs/decisions/2026-11-20-page-scan.md). */
#define KEEP_RESIDENT ((size_t)64 << 10)

/* A guest in C takes three core instances and two tables, five core instances if it prints, one in Python 38. Core
 * instances are only counted: nothing is set aside for them, so the number is what one that is made of many modules may
 * take and leave the others theirs. */
#define CORE_INSTANCES_EACH 64
#define CORE_INSTANCES_LEAST 512
#define TABLES_EACH 3
#define TABLES_LEAST 512
#define SPARE_MEMORIES 16

#define TABLE_ELEMENTS_MAX 100000
#define MEMORIES_OF_A_COMPONENT 16
#define TABLES_OF_A_COMPONENT 64
#define CORE_INSTANCES_OF_A_COMPONENT 1000
#define TABLES_OF_A_MODULE 16
#define INSTANCE_BYTES_MAX ((size_t)4 << 20)

airs_status_t airs_engine_options_resolve(airs_wasm_engine_options_t *options, airs_error_t *error) {
    options->allocator = options->allocator != NULL ? options->allocator : airs_allocator_default();
    options->clock = options->clock != NULL ? options->clock : airs_clock_system();
    options->log = options->log != NULL ? options->log : airs_log_none();
    options->max_instances = options->max_instances > 0 ? options->max_instances : DEFAULT_INSTANCES;
    options->max_memory_bytes = options->max_memory_bytes > 0 ? options->max_memory_bytes
                                                              : DEFAULT_MEMORY_BYTES;
    options->slice_us = options->slice_us > 0 ? options->slice_us : DEFAULT_SLICE_US;
    options->consume_fuel = options->consume_fuel || options->slice_fuel > 0;
    if (options->max_core_instances == 0) {
        uint64_t wanted = (uint64_t)options->max_instances * CORE_INSTANCES_EACH;
        wanted = wanted > CORE_INSTANCES_LEAST ? wanted : CORE_INSTANCES_LEAST;
        options->max_core_instances = wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX;
    }
    if (options->max_memory_bytes > MEMORY_BYTES_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "max_memory_bytes is %" PRIu64 "; a linear memory has %" PRIu64
                              " bytes at most",
                              options->max_memory_bytes, MEMORY_BYTES_MAX);
    }
    if (options->slice_us > SLICE_US_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "slice_us is %" PRIu64 "; a time slice has %" PRIu64 " microseconds at most",
                              options->slice_us, SLICE_US_MAX);
    }
    return AIRS_OK;
}

static uint32_t at_least(uint64_t wanted, uint32_t least) {
    wanted = wanted > least ? wanted : least;
    return wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX;
}

void airs_engine_configure_limits(wasm_config_t *config, const airs_wasm_engine_options_t *options) {
    wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
    uint64_t instances = options->max_instances;
    wasmtime_pooling_allocation_config_total_component_instances_set(pool, options->max_instances);
    wasmtime_pooling_allocation_config_total_core_instances_set(pool, options->max_core_instances);
    wasmtime_pooling_allocation_config_total_memories_set(pool, at_least(instances + SPARE_MEMORIES, 0));
    wasmtime_pooling_allocation_config_total_tables_set(pool,
                                                        at_least(instances * TABLES_EACH, TABLES_LEAST));
    wasmtime_pooling_allocation_config_total_stacks_set(pool, options->max_instances);
    wasmtime_pooling_allocation_config_max_memory_size_set(pool, (size_t)options->max_memory_bytes);
    wasmtime_pooling_allocation_config_table_elements_set(pool, TABLE_ELEMENTS_MAX);
    wasmtime_pooling_allocation_config_max_memories_per_component_set(pool, MEMORIES_OF_A_COMPONENT);
    wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, MEMORIES_OF_A_COMPONENT);
    wasmtime_pooling_allocation_config_max_tables_per_component_set(pool, TABLES_OF_A_COMPONENT);
    wasmtime_pooling_allocation_config_max_core_instances_per_component_set(pool,
                                                                            CORE_INSTANCES_OF_A_COMPONENT);
    wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, TABLES_OF_A_MODULE);
    wasmtime_pooling_allocation_config_max_component_instance_size_set(pool, INSTANCE_BYTES_MAX);
    wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, INSTANCE_BYTES_MAX);
    wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, KEEP_RESIDENT);
    wasmtime_pooling_allocation_config_table_keep_resident_set(pool, KEEP_RESIDENT);
    airs_ext_pool_scan_pages(pool);
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_pooling_allocation_config_delete(pool);
}
