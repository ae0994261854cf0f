#include "security/wasm_sections.h"

#include "core/utf8.h"
#include "security/leb128.h"

static const uint8_t component_header[AIRS_WASM_HEADER_SIZE] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
static const uint8_t module_header[AIRS_WASM_HEADER_SIZE] = {0, 'a', 's', 'm', 1, 0, 0, 0};

static bool begins_with(airs_bytes_t binary, const uint8_t header[AIRS_WASM_HEADER_SIZE]) {
    return binary.size >= AIRS_WASM_HEADER_SIZE && memcmp(binary.data, header, AIRS_WASM_HEADER_SIZE) == 0;
}

airs_status_t airs_wasm_sections_begin(airs_bytes_t binary, airs_wasm_sections_t *out, airs_error_t *error) {
    bool is_component = begins_with(binary, component_header);
    if (!is_component && !begins_with(binary, module_header)) {
        return airs_error_set(
            error, AIRS_INVALID_COMPONENT,
            "not a WebAssembly binary: it begins with the header of neither a component nor "
            "a core module");
    }
    *out = (airs_wasm_sections_t){binary, AIRS_WASM_HEADER_SIZE, is_component};
    return AIRS_OK;
}

/* A custom section begins with its name. */
static airs_status_t split_name(airs_wasm_section_t *section, size_t offset, airs_error_t *error) {
    size_t at = 0;
    uint32_t size = 0;
    if (!airs_leb128_read(section->payload, &at, &size) || size > section->payload.size - at) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "the name of the custom section at byte %zu does not fit into it", offset);
    }
    section->name = airs_str_n((const char *)section->payload.data + at, size);
    if (!airs_utf8_valid(section->name)) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "the name of the custom section at byte %zu is not UTF-8", offset);
    }
    at += size;
    section->payload = airs_bytes(section->payload.data + at, section->payload.size - at);
    return AIRS_OK;
}

airs_status_t airs_wasm_sections_next(airs_wasm_sections_t *sections, airs_wasm_section_t *out,
                                      airs_error_t *error) {
    airs_bytes_t binary = sections->binary;
    size_t begin = sections->at;
    size_t at = begin + 1;
    uint32_t size = 0;
    if (begin == binary.size) {
        return AIRS_NOT_FOUND;
    }
    if (!airs_leb128_read(binary, &at, &size)) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT, "the section at byte %zu has no valid size",
                              begin);
    }
    if (size > binary.size - at) {
        return airs_error_set(
            error, AIRS_INVALID_COMPONENT,
            "the section at byte %zu has %u bytes by its own account, and the file %zu more", begin, size,
            binary.size - at);
    }
    *out = (airs_wasm_section_t){.id = binary.data[begin],
                                 .payload = airs_bytes(binary.data + at, size),
                                 .whole = airs_bytes(binary.data + begin, at + size - begin)};
    if (out->id == AIRS_WASM_CUSTOM_SECTION) {
        airs_status_t status = split_name(out, begin, error);
        if (status != AIRS_OK) {
            return status;
        }
    }
    sections->at = at + size;
    return AIRS_OK;
}
