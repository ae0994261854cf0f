#include "runtime/component_form.h"

#include "runtime/engine_error.h"

/* What binaries begin with; behind it the version and the layer, two bytes each. */
static const uint8_t magic[] = {0, 'a', 's', 'm'};
#define HEADER_SIZE 8

airs_wasm_kind_t airs_wasm_kind_of(airs_bytes_t bytes) {
    if (bytes.size >= HEADER_SIZE && memcmp(bytes.data, magic, sizeof magic) == 0) {
        /* After the version, the layer: 0 is a module, 1 a component. */
        return bytes.data[6] == 0 ? AIRS_WASM_CORE_MODULE : AIRS_WASM_COMPONENT;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        if (c == '(' || (c == ';' && i + 1 < bytes.size && bytes.data[i + 1] == ';')) {
            return AIRS_WASM_TEXT;
        }
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            break;
        }
    }
    return AIRS_WASM_UNKNOWN;
}

static airs_status_t refuse_kind(const char *name, airs_wasm_kind_t kind, airs_bytes_t bytes,
                                 airs_error_t *error) {
    if (bytes.size == 0) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT, "%s: it is empty, not a WebAssembly component",
                              name);
    }
    if (kind == AIRS_WASM_CORE_MODULE) {
        return airs_error_set(
            error, AIRS_INVALID_COMPONENT,
            "%s: it is a core module, not a component; `airssys componentize` makes a component of it", name);
    }
    if (bytes.size < HEADER_SIZE && memcmp(bytes.data, magic, bytes.size < 4 ? bytes.size : 4) == 0) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "%s: it ends after %zu bytes, within the header of a WebAssembly component",
                              name, bytes.size);
    }
    return airs_error_set(error, AIRS_INVALID_COMPONENT,
                          "%s: it is not a WebAssembly component: it begins neither with the four bytes "
                          "\\0asm nor like the text form",
                          name);
}

/* "what", a new line, "     --> <anon>:2:13", and a picture of the line, as "name:2:13: what". */
static airs_status_t refuse_text(const char *name, wasmtime_error_t *failure, airs_error_t *error) {
    static const char mark[] = "--> <anon>:";
    wasm_name_t text;
    airs_error_t whole;
    wasmtime_error_message(failure, &text);
    airs_error_set(&whole, AIRS_INVALID_COMPONENT, "%.*s", (int)text.size, text.data);
    wasm_byte_vec_delete(&text);
    const char *place = strstr(whole.text, mark);
    if (place == NULL) {
        return airs_engine_error(error, AIRS_INVALID_COMPONENT, name, failure);
    }
    wasmtime_error_delete(failure);
    place += sizeof mark - 1;
    return airs_error_set(error, AIRS_INVALID_COMPONENT, "%s:%.*s: %.*s", name,
                          (int)strspn(place, "0123456789:"), place, (int)strcspn(whole.text, "\n"),
                          whole.text);
}

airs_status_t airs_component_binary(const char *name, airs_bytes_t bytes, wasm_byte_vec_t *binary,
                                    airs_bytes_t *out, airs_error_t *error) {
    airs_wasm_kind_t kind = airs_wasm_kind_of(bytes);
    *out = bytes;
    if (kind == AIRS_WASM_TEXT) {
        wasmtime_error_t *failure = wasmtime_wat2wasm((const char *)bytes.data, bytes.size, binary);
        if (failure != NULL) {
            return refuse_text(name, failure, error);
        }
        *out = airs_bytes(binary->data, binary->size);
        kind = airs_wasm_kind_of(*out);
    }
    return kind == AIRS_WASM_COMPONENT ? AIRS_OK : refuse_kind(name, kind, bytes, error);
}

/* Whether the engine says so of what is larger than its pools. Only how a reason begins is the engine's own word: behind
 * that may stand names out of the component. */
static bool is_too_large(const char *reason) {
    static const char *const beginnings[] = {
        "The component transitively contains ",
        "component instance size does not fit",
        "module instance size does not fit",
        "module memory does not fit",
        "module table does not fit",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (strncmp(reason, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Valid or not: what is larger than the engine's pools is refused when it is compiled, too. */
airs_status_t airs_component_refuse(const char *name, wasmtime_error_t *failure, airs_error_t *error) {
    airs_error_t reason;
    airs_engine_error(&reason, AIRS_INVALID_COMPONENT, "", failure);
    const char *text = reason.text + strlen(": ");
    bool too_large = is_too_large(text);
    return airs_error_set(error, too_large ? AIRS_RESOURCE_LIMIT : AIRS_INVALID_COMPONENT, "%s: %s: %s", name,
                          too_large ? "it is larger than an instance may be" : "it is not a valid component",
                          text);
}
