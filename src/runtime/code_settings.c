#include "runtime/code_settings.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/resource_limits.h"

/* Address space for each linear memory: with 4 GiB and guard pages the engine needs no bounds checks
 * (32-bit memories). */
#define MEMORY_RESERVATION ((uint64_t)4 << 30)

wasm_config_t *airs_code_settings_config(const airs_code_settings_t *settings) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_wasm_component_model_set(config, true);
    wasmtime_config_concurrency_support_set(config, false);
    wasmtime_config_epoch_interruption_set(config, settings->epochs != 0);
    wasmtime_config_consume_fuel_set(config, settings->fuel != 0);
    wasmtime_config_parallel_compilation_set(config, true);
    wasmtime_config_cranelift_nan_canonicalization_set(config, settings->record != 0);
    wasmtime_config_wasm_relaxed_simd_deterministic_set(config, settings->record != 0);
    wasmtime_config_memory_reservation_set(config, MEMORY_RESERVATION);
    wasmtime_config_max_wasm_stack_set(config, AIRS_GUEST_STACK_BYTES);
    wasmtime_config_async_stack_size_set(config, AIRS_FIBER_STACK_BYTES);
    return config;
}

const char *airs_code_settings_text(const airs_code_settings_t *settings,
                                    char out[AIRS_CODE_SETTINGS_TEXT_MAX]) {
    (void)snprintf(out, AIRS_CODE_SETTINGS_TEXT_MAX,
                   "wasmtime %s fuel %" PRIu32 " epoch %" PRIu32 " record %" PRIu32, WASMTIME_VERSION,
                   settings->fuel, settings->epochs, settings->record);
    return out;
}
