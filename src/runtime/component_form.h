/* What the bytes of a component are: binary or text, or something else altogether. Shared by the node and by the program
 * that compiles what the node does not trust. */
#ifndef AIRSSYS_RUNTIME_COMPONENT_FORM_H
#define AIRSSYS_RUNTIME_COMPONENT_FORM_H

#include <airs_wasmtime_ext.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

/* What some bytes are, told from their beginning. */
typedef enum airs_wasm_kind {
    AIRS_WASM_COMPONENT,
    AIRS_WASM_CORE_MODULE,
    AIRS_WASM_TEXT,
    AIRS_WASM_UNKNOWN,
} airs_wasm_kind_t;

airs_wasm_kind_t airs_wasm_kind_of(airs_bytes_t bytes);

/* The component's binary form: `bytes` as they are, or, for text, a translation that the caller deletes
 * (`binary`, to be zeroed before). AIRS_INVALID_COMPONENT says what they are instead. */
airs_status_t airs_component_binary(const char *name, airs_bytes_t bytes, wasm_byte_vec_t *binary,
                                    airs_bytes_t *out, airs_error_t *error);

/* Takes what the engine said when it would not have a component: AIRS_RESOURCE_LIMIT when it is larger than the pools,
 * else AIRS_INVALID_COMPONENT. */
airs_status_t airs_component_refuse(const char *name, wasmtime_error_t *failure, airs_error_t *error);

#endif
