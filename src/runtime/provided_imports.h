/* The interfaces that a component may import here, and what a component imports beyond them. */
#ifndef AIRSSYS_RUNTIME_PROVIDED_IMPORTS_H
#define AIRSSYS_RUNTIME_PROVIDED_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>

#include <wasmtime.h>

#include <airssys/bytes.h>

/* Is an interface of this name ("wasi:cli/environment@0.2.3") provided? Types alone need no provider. */
bool airs_import_is_provided(airs_str_t name);

/* Writes the names of a component's imports that nobody provides, separated by commas, and returns how
 * many there are. Interfaces of types alone do not count. */
size_t airs_missing_imports(const wasm_engine_t *engine, const wasmtime_component_t *component, char *out, size_t size);

/* Does it import anything of WASI? */
bool airs_imports_wasi(const wasm_engine_t *engine, const wasmtime_component_t *component);

#endif
