/* The interfaces that a component may import here, and what a component imports beyond them. */
#ifndef AIRSSYS_RUNTIME_PROVIDED_IMPORTS_H
#define AIRSSYS_RUNTIME_PROVIDED_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>

#include <wasmtime.h>

#include <airssys/bytes.h>

/* Is an interface of this name ("wasi:cli/environment@0.2.3") provided? Types alone need no provider. */
bool airs_import_is_provided(airs_str_t name);

/* Does an import (or a part of one) ask for a function or a resource, and not for types alone? */
bool airs_import_asks_for_something(const wasm_engine_t *engine, const wasmtime_component_item_t *item);

/* Calls visit() for each import, in the component's order, until it returns false. */
void airs_each_import(const wasm_engine_t *engine, const wasmtime_component_t *component,
                      bool (*visit)(void *context, airs_str_t name, const wasmtime_component_item_t *item),
                      void *context);

/* Writes the names of a component's imports that nobody provides, separated by commas, and returns how
 * many there are. Interfaces of types alone do not count. */
size_t airs_missing_imports(const wasm_engine_t *engine, const wasmtime_component_t *component, char *out,
                            size_t size);

/* Does it import anything of WASI 0.2, which needs what the engine keeps for that? The drafts beside it do not. */
bool airs_imports_wasi(const wasm_engine_t *engine, const wasmtime_component_t *component);

/* Calls visit() for every function that a component imports, of instances within instances too, with the name of the
 * outermost interface; false stops. */
void airs_each_imported_function(const wasm_engine_t *engine, const wasmtime_component_t *component,
                                 bool (*visit)(void *context, airs_str_t interface, airs_str_t function),
                                 void *context);

#endif
