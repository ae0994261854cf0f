/* From bytes or a file, binary or text, to a component that is ready to be instantiated. */
#ifndef AIRSSYS_RUNTIME_COMPONENT_LOADER_H
#define AIRSSYS_RUNTIME_COMPONENT_LOADER_H

#include "runtime/engine_state.h"

/* What some bytes are, told from their beginning. */
typedef enum airs_wasm_kind {
    AIRS_WASM_COMPONENT,
    AIRS_WASM_CORE_MODULE,
    AIRS_WASM_TEXT,
    AIRS_WASM_UNKNOWN,
} airs_wasm_kind_t;

airs_wasm_kind_t airs_wasm_kind_of(airs_bytes_t bytes);

/* Reads a whole file into memory that the caller releases. AIRS_IO, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_component_read(const airs_allocator_t *allocator, const char *path, void **block,
                                  airs_bytes_t *bytes, airs_error_t *error);

/* The component's binary form: `bytes` as they are, or, for text, a translation that the caller deletes
 * (`binary`, to be zeroed before). AIRS_INVALID_COMPONENT says what they are instead. */
airs_status_t airs_component_binary(const char *name, airs_bytes_t bytes, wasm_byte_vec_t *binary,
                                    airs_bytes_t *out, airs_error_t *error);

/* The two halves of a load: compile a binary component, or take it from the cache (the caller deletes it);
 * and check it, imports and exports, and make it ready for instances (the caller owns one reference). */
airs_status_t airs_component_compile(airs_wasm_engine_t *engine, const char *name, airs_bytes_t binary,
                                     wasmtime_component_t **out, airs_error_t *error);
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
