/* The engine's loaded components by their handles. */
#ifndef AIRSSYS_RUNTIME_LOADED_COMPONENTS_H
#define AIRSSYS_RUNTIME_LOADED_COMPONENTS_H

#include "runtime/engine_state.h"

/* Takes the reference and gives it a handle that was never used before. AIRS_OUT_OF_MEMORY: the
 * reference stays the caller's. */
airs_status_t airs_loaded_components_add(airs_wasm_engine_t *engine, airs_loaded_component_t *component,
                                         airs_component_handle_t *out);

/* A reference for the caller, or NULL. */
airs_loaded_component_t *airs_loaded_components_get(airs_wasm_engine_t *engine,
                                                    airs_component_handle_t handle);

/* Unknown handles are fine. */
void airs_loaded_components_remove(airs_wasm_engine_t *engine, airs_component_handle_t handle);

/* Removes all, and the table's memory. */
void airs_loaded_components_clear(airs_wasm_engine_t *engine);

#endif
