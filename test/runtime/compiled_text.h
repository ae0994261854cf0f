/* Components as text, for tests that look at what Wasmtime makes of them. */
#ifndef AIRSSYS_TEST_RUNTIME_COMPILED_TEXT_H
#define AIRSSYS_TEST_RUNTIME_COMPILED_TEXT_H

#include <wasmtime.h>

/* Fails the test when it is none. The caller deletes it. */
wasmtime_component_t *compiled_text(const wasm_engine_t *engine, const char *text);

#endif
