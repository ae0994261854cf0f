/* How components are compiled: what machine code depends on beside the component. An engine takes only code that was
 * compiled with its own settings, so the program that compiles apart makes its engine from the same ones. */
#ifndef AIRSSYS_RUNTIME_CODE_SETTINGS_H
#define AIRSSYS_RUNTIME_CODE_SETTINGS_H

#include <airs_wasmtime_ext.h>

typedef struct airs_code_settings {
    uint32_t epochs; /* time slices end by the clock; else by fuel */
    uint32_t fuel;   /* it is counted */
    uint32_t record; /* NaNs are canonical, relaxed SIMD is deterministic */
} airs_code_settings_t;

/* A configuration with these settings and stacks, and without pools. */
wasm_config_t *airs_code_settings_config(const airs_code_settings_t *settings);

/* Names the settings and the engine's version, so that code of others is not looked at. Returns `out`. */
#define AIRS_CODE_SETTINGS_TEXT_MAX 128
const char *airs_code_settings_text(const airs_code_settings_t *settings,
                                    char out[AIRS_CODE_SETTINGS_TEXT_MAX]);

#endif
