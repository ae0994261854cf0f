/* The sections of a WebAssembly binary, component or core module, as they lie in the file: what a signature is
 * made over. Only the outermost ones, and nothing of what they say is believed: each size is held to what there
 * is. */
#ifndef AIRSSYS_SECURITY_WASM_SECTIONS_H
#define AIRSSYS_SECURITY_WASM_SECTIONS_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* The magic number, the version and the layer. */
#define AIRS_WASM_HEADER_SIZE 8

#define AIRS_WASM_CUSTOM_SECTION 0

typedef struct airs_wasm_section {
    uint8_t id;
    airs_str_t name;      /* of a custom section, UTF-8; else empty */
    airs_bytes_t payload; /* what it holds; of a custom section what is behind the name */
    airs_bytes_t whole;   /* its number and size included */
} airs_wasm_section_t;

/* Where a reader is. */
typedef struct airs_wasm_sections {
    airs_bytes_t binary; /* borrowed */
    size_t at;
    bool is_component; /* else a core module */
} airs_wasm_sections_t;

/* Begin before the first section. AIRS_INVALID_COMPONENT when the header is none that is known. */
airs_status_t airs_wasm_sections_begin(airs_bytes_t binary, airs_wasm_sections_t *out, airs_error_t *error);

/* The next section, as views into the binary. AIRS_NOT_FOUND at the end, without an error; AIRS_INVALID_COMPONENT
 * when it does not fit into what is left or its name is no text. */
airs_status_t airs_wasm_sections_next(airs_wasm_sections_t *sections, airs_wasm_section_t *out,
                                      airs_error_t *error);

/* Whether it is a custom section of this name. */
static inline bool airs_wasm_section_is(const airs_wasm_section_t *section, const char *name) {
    return section->id == AIRS_WASM_CUSTOM_SECTION && airs_str_equal(section->name, airs_str(name));
}

#endif
