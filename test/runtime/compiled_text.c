#include "runtime/compiled_text.h"

#include "support/test.h"

wasmtime_component_t *compiled_text(const wasm_engine_t *engine, const char *text) {
    wasm_byte_vec_t binary = {0};
    wasmtime_component_t *component = NULL;
    assert_null(wasmtime_wat2wasm(text, strlen(text), &binary));
    assert_null(wasmtime_component_new(engine, (const uint8_t *)binary.data, binary.size, &component));
    wasm_byte_vec_delete(&binary);
    return component;
}
