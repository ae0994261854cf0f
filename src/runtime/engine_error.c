#include "runtime/engine_error.h"

#include <string.h>

/* "a\n\nCaused by:\n    0: b\n    1: c" as "a: b: c". */
static void flatten(const char *from, size_t size, char *to, size_t capacity) {
    size_t length = 0;
    for (size_t i = 0; i < size && length + 3 < capacity;) {
        if (from[i] != '\n') {
            to[length++] = from[i++];
            continue;
        }
        while (i < size && (from[i] == '\n' || from[i] == ' ')) {
            i++;
        }
        if (size - i >= 10 && memcmp(from + i, "Caused by:", 10) == 0) {
            i += 10;
            continue;
        }
        size_t digits = i;
        while (digits < size && from[digits] >= '0' && from[digits] <= '9') {
            digits++;
        }
        if (digits > i && digits + 1 < size && from[digits] == ':') {
            i = digits + 2;
        }
        if (i < size) {
            to[length++] = ':';
            to[length++] = ' ';
        }
    }
    to[length] = '\0';
}

airs_status_t airs_engine_error(airs_error_t *error, airs_status_t status, const char *prefix,
                                wasmtime_error_t *cause) {
    wasm_name_t text;
    char flat[AIRS_ERROR_TEXT_MAX];
    wasmtime_error_message(cause, &text);
    flatten(text.data, text.size, flat, sizeof flat);
    wasm_byte_vec_delete(&text);
    wasmtime_error_delete(cause);
    return airs_error_set(error, status, "%s: %s", prefix, flat);
}
