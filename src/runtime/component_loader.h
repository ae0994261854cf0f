/* From bytes or a file, binary or text, to a component that is ready to be instantiated. */
#ifndef AIRSSYS_RUNTIME_COMPONENT_LOADER_H
#define AIRSSYS_RUNTIME_COMPONENT_LOADER_H

#include "runtime/component_form.h"
#include "runtime/engine_state.h"

/* Reads a whole file into memory that the caller releases; `limits` are resolved; NULL: whatever can be
 * read at all. AIRS_IO, AIRS_OUT_OF_MEMORY, AIRS_COMPONENT_TOO_LARGE. */
airs_status_t airs_component_read(const airs_allocator_t *allocator, const char *path,
                                  const airs_load_limits_t *limits, void **block, airs_bytes_t *bytes,
                                  airs_error_t *error);

/* The two halves of a load: measure a component and compile it, or take it from the cache (the caller deletes it); and
 * check it, imports and exports, and make it ready for instances (the caller owns one reference). The first is done
 * here, or by the other process; `bytes` may be text, which is then translated there as well. `limits` are resolved. As
 * airs_component_shape_check, airs_compiler_run. */
airs_status_t airs_component_compile_here(airs_wasm_engine_t *engine, const char *name, airs_bytes_t bytes,
                                          const airs_load_limits_t *limits, wasmtime_component_t **out,
                                          airs_error_t *error);
airs_status_t airs_component_compile_apart(airs_wasm_engine_t *engine, const char *name, airs_bytes_t bytes,
                                           const airs_load_limits_t *limits, wasmtime_component_t **out,
                                           airs_error_t *error);
airs_status_t airs_component_prepare(airs_wasm_engine_t *engine, const char *name,
                                     const wasmtime_component_t *component, airs_loaded_component_t **out,
                                     airs_error_t *error);

/* Compile, or take from the cache, and check. See airs_runtime_engine_ops_t.load. The caller owns one
 * reference. */
airs_status_t airs_component_load(airs_wasm_engine_t *engine, const airs_component_source_t *source,
                                  airs_loaded_component_t **out, airs_error_t *error);

airs_loaded_component_t *airs_loaded_component_ref(airs_loaded_component_t *component);
void airs_loaded_component_unref(airs_loaded_component_t *component);

#endif
