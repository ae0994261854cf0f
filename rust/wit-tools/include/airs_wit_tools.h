/* Bindings for C guests, components from core modules, and the WIT text of a component: the
 * wasm-tools crates wit-bindgen-c, wit-component and wit-parser behind C functions.
 *
 * Nothing here keeps state or aborts on bad input; any thread may call. A function answers
 * true, or false with a text in *error that says what was wrong (and where, for WIT). `error` may be
 * NULL. What a function hands out in *out or *error is the caller's, to be freed with
 * airs_wit_output_free; neither is touched otherwise.
 *
 * WIT comes from `paths`: folders (with their `deps` folder, if any) or files, each one package, a
 * package before those that use it. `world` is the name of a world of the last one, or a full name as
 * "airssys:core/runtime-host"; NULL is the last package's only world. */
#ifndef AIRS_WIT_TOOLS_H
#define AIRS_WIT_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes with a zero after them that `size` does not count, so that text is a C string too. */
typedef struct airs_wit_output {
    uint8_t *data;
    size_t size;
} airs_wit_output_t;

/* Frees and zeroes. A zeroed output and NULL are fine. */
void airs_wit_output_free(airs_wit_output_t *output);

/* A generated file: its name, without folders, and its bytes, borrowed for the call. Returning false
 * ends the generation, which then answers false with the text "stopped". */
typedef bool airs_wit_file_fn(void *context, const char *name, const uint8_t *data, size_t size);

/* C bindings of a world: NAME.h, NAME.c and NAME_component_type.o. NAME, which also begins the names
 * of the strings and lists, is `rename`, or the world's own name in snake case when that is NULL. */
bool airs_wit_bindgen_c(const char *const *paths, size_t path_count, const char *world, const char *rename,
                        airs_wit_file_fn *file, void *context, airs_wit_output_t *error);

typedef enum airs_wit_adapter {
    AIRS_WIT_ADAPTER_REACTOR, /* for a module whose exports are called one by one */
    AIRS_WIT_ADAPTER_COMMAND, /* for a module with a `_start`, which becomes wasi:cli/run */
} airs_wit_adapter_t;

/* A component from a core module (binary or text). The world is what the module's own
 * component-type section says (a linked NAME_component_type.o) when `path_count` is 0, otherwise
 * `world` of `paths`. The adapter serves imports of wasi_snapshot_preview1; a module without such
 * imports gets none. One that would take the adapter's memory for its own (it asks for the size of its memory, and
 * exports no cabi_realloc) is told the size as far as it has grown it itself. The component has been validated. */
bool airs_wit_componentize(const uint8_t *module, size_t module_size, const char *const *paths,
                           size_t path_count, const char *world, airs_wit_adapter_t adapter,
                           airs_wit_output_t *out, airs_wit_output_t *error);

/* The imports and exports of a component (binary or text), or the package of an encoded WIT package,
 * as WIT text. */
bool airs_wit_print(const uint8_t *component, size_t size, airs_wit_output_t *out, airs_wit_output_t *error);

/* The binary form of WebAssembly text; `name` (may be NULL) is what an error calls it. */
bool airs_wit_parse_text(const char *text, size_t size, const char *name, airs_wit_output_t *out,
                         airs_wit_output_t *error);

#endif
