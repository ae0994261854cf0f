/* How large the engine's pools are, worked out from how many instances are to live at once. */
#ifndef AIRSSYS_RUNTIME_RESOURCE_LIMITS_H
#define AIRSSYS_RUNTIME_RESOURCE_LIMITS_H

#include <airs_wasmtime_ext.h>
#include <airssys/error.h>

#include "runtime/wasm_engine.h"

/* A guest's stack, and the whole stack of a fiber, which the host's functions run on too. */
#define AIRS_GUEST_STACK_BYTES ((size_t)512 << 10)
#define AIRS_FIBER_STACK_BYTES ((size_t)1 << 20)

/* Fill in the defaults. AIRS_INVALID_ARGUMENT. */
airs_status_t airs_engine_options_resolve(airs_wasm_engine_options_t *options, airs_error_t *error);

/* Give a configuration its pooling allocator. */
void airs_engine_configure_limits(wasm_config_t *config, const airs_wasm_engine_options_t *options);

#endif
