#include "security/component_shape.h"

#include <inttypes.h>

#include "core/runtime_engine.h"
#include "security/leb128.h"
#include "security/wasm_sections.h"

/* As deep as any limit goes, the outermost included. */
#define DEPTH_MAX 65

enum component_section {
    COMPONENT_CORE_MODULE = 1,
    COMPONENT_CORE_INSTANCE,
    COMPONENT_CORE_TYPE,
    COMPONENT_COMPONENT,
    COMPONENT_INSTANCE,
    COMPONENT_ALIAS,
    COMPONENT_TYPE,
    COMPONENT_CANON,
    COMPONENT_START,
    COMPONENT_IMPORT,
    COMPONENT_EXPORT,
    COMPONENT_VALUE,
};

enum module_section {
    MODULE_TYPE = 1,
    MODULE_IMPORT,
    MODULE_FUNCTION,
    MODULE_TABLE,
    MODULE_MEMORY,
    MODULE_GLOBAL,
    MODULE_EXPORT,
    MODULE_START,
    MODULE_ELEMENT,
    MODULE_CODE,
    MODULE_DATA,
    MODULE_DATA_COUNT,
    MODULE_TAG,
};

/* The types of locals that are followed by a number that says more. */
#define TYPE_REFERENCE_NULL 0x63
#define TYPE_REFERENCE 0x64

typedef struct walk {
    const airs_load_limits_t *limits;
    airs_component_shape_t shape;
    airs_error_t *error;
    /* Where in what: the outermost component first. */
    airs_wasm_sections_t levels[DEPTH_MAX];
    size_t depth;
} walk_t;

void airs_load_limits_resolve(airs_load_limits_t *limits) {
    if (limits->file_bytes == 0) {
        limits->file_bytes = AIRS_COMPONENT_FILE_DEFAULT;
    }
    if (limits->file_bytes > AIRS_COMPONENT_FILE_MAX) {
        limits->file_bytes = AIRS_COMPONENT_FILE_MAX;
    }
#define RESOLVE(member, standard, most, key, what) \
    if (limits->member == 0) {                     \
        limits->member = (standard);               \
    }                                              \
    if (limits->member > (most)) {                 \
        limits->member = (most);                   \
    }
    AIRS_COMPONENT_LIMIT_MAP(RESOLVE)
#undef RESOLVE
}

airs_status_t airs_component_check_size(uint64_t size, const airs_load_limits_t *limits,
                                        airs_error_t *error) {
    return size <= limits->file_bytes ? AIRS_OK
                                      : airs_error_set(error, AIRS_COMPONENT_TOO_LARGE,
                                                       "it has %" PRIu64 " bytes, and may have %" PRIu64
                                                       " (compile.file-size raises it)",
                                                       size, limits->file_bytes);
}

/* Looked at whenever something is added, so that nothing is read for long that is too much already. */
static airs_status_t check(const walk_t *walk) {
#define CHECK(member, standard, most, key, what)                                                      \
    if (walk->shape.member > walk->limits->member) {                                                  \
        return airs_error_set(walk->error, AIRS_COMPONENT_TOO_COMPLEX,                                \
                              "it has %" PRIu64 " %s or more, and may have %" PRIu64 " (compile." key \
                              " raises it)",                                                          \
                              walk->shape.member, what, walk->limits->member);                        \
    }
    AIRS_COMPONENT_LIMIT_MAP(CHECK)
#undef CHECK
    return AIRS_OK;
}

static airs_status_t damaged(const walk_t *walk, const char *what) {
    return airs_error_set(walk->error, AIRS_INVALID_COMPONENT, "it is not a valid component: %s", what);
}

/* What a section says of itself: so many entries. Each takes a byte at least. */
static airs_status_t read_count(const walk_t *walk, const airs_wasm_section_t *section, size_t *at,
                                uint32_t *out) {
    if (!airs_leb128_read(section->payload, at, out) || *out > section->payload.size - *at) {
        return damaged(walk, "a section says that it has more entries than bytes");
    }
    return AIRS_OK;
}

static void raise_to(uint64_t *largest, uint64_t value) { *largest = value > *largest ? value : *largest; }

/* The type of a local variable. */
static bool skip_type(airs_bytes_t body, size_t *at) {
    uint32_t heap = 0;
    if (*at >= body.size) {
        return false;
    }
    uint8_t type = body.data[(*at)++];
    if (type != TYPE_REFERENCE && type != TYPE_REFERENCE_NULL) {
        return true;
    }
    /* Signed and of 33 bits; its length is all that counts. */
    while (*at < body.size && (body.data[*at] & 0x80) != 0 && heap < AIRS_LEB128_MAX) {
        (*at)++;
        heap++;
    }
    return (*at)++ < body.size;
}

static airs_status_t count_locals(walk_t *walk, airs_bytes_t body) {
    size_t at = 0;
    uint32_t groups = 0;
    uint64_t locals = 0;
    if (!airs_leb128_read(body, &at, &groups)) {
        return damaged(walk, "a function's local variables cannot be read");
    }
    for (uint32_t i = 0; i < groups && locals <= walk->limits->locals; i++) {
        uint32_t count = 0;
        if (!airs_leb128_read(body, &at, &count) || !skip_type(body, &at)) {
            return damaged(walk, "a function's local variables cannot be read");
        }
        locals += count;
    }
    raise_to(&walk->shape.locals, locals);
    return AIRS_OK;
}

static airs_status_t count_code(walk_t *walk, const airs_wasm_section_t *section, size_t at, uint32_t count) {
    airs_bytes_t payload = section->payload;
    airs_status_t status = AIRS_OK;
    walk->shape.functions += count;
    for (uint32_t i = 0; i < count && status == AIRS_OK; i++) {
        uint32_t size = 0;
        if (!airs_leb128_read(payload, &at, &size) || size > payload.size - at) {
            return damaged(walk, "a function does not fit into its section");
        }
        raise_to(&walk->shape.function_bytes, size);
        status = count_locals(walk, airs_bytes(payload.data + at, size));
        status = status == AIRS_OK ? check(walk) : status;
        at += size;
    }
    return status;
}

/* Where the entries of a module's section are counted; NULL: it has none that are. */
static uint64_t *module_counter(walk_t *walk, uint8_t id) {
    switch (id) {
    case MODULE_TYPE:
        return &walk->shape.types;
    case MODULE_IMPORT:
        return &walk->shape.imports;
    case MODULE_TABLE:
        return &walk->shape.tables;
    case MODULE_MEMORY:
        return &walk->shape.memories;
    case MODULE_EXPORT:
        return &walk->shape.exports;
    case MODULE_GLOBAL:
    case MODULE_ELEMENT:
    case MODULE_DATA:
    case MODULE_TAG:
        return &walk->shape.items;
    default:
        return NULL; /* functions are counted with their code */
    }
}

static uint64_t *component_counter(walk_t *walk, uint8_t id) {
    switch (id) {
    case COMPONENT_CORE_TYPE:
    case COMPONENT_TYPE:
        return &walk->shape.types;
    case COMPONENT_IMPORT:
        return &walk->shape.imports;
    case COMPONENT_EXPORT:
        return &walk->shape.exports;
    case COMPONENT_CORE_INSTANCE:
    case COMPONENT_INSTANCE:
    case COMPONENT_ALIAS:
    case COMPONENT_CANON:
    case COMPONENT_VALUE:
        return &walk->shape.items;
    default:
        return NULL;
    }
}

static airs_status_t count_module(walk_t *walk, airs_bytes_t binary) {
    airs_wasm_sections_t sections;
    airs_status_t status = airs_wasm_sections_begin(binary, &sections, NULL);
    walk->shape.modules++;
    if (status != AIRS_OK || sections.is_component) {
        return damaged(walk, "what it has as a core module is none");
    }
    while (status == AIRS_OK) {
        airs_wasm_section_t section;
        uint32_t count = 0;
        size_t at = 0;
        airs_error_t reason;
        airs_status_t next = airs_wasm_sections_next(&sections, &section, &reason);
        if (next != AIRS_OK) {
            return next == AIRS_NOT_FOUND ? check(walk) : damaged(walk, reason.text);
        }
        uint64_t *counter = module_counter(walk, section.id);
        if (counter != NULL || section.id == MODULE_CODE) {
            status = read_count(walk, &section, &at, &count);
        }
        if (counter != NULL) {
            *counter += count;
        }
        if (status == AIRS_OK && section.id == MODULE_CODE) {
            status = count_code(walk, &section, at, count);
        }
        status = status == AIRS_OK ? check(walk) : status;
    }
    return status;
}

static airs_status_t enter(walk_t *walk, airs_bytes_t binary) {
    raise_to(&walk->shape.nesting, walk->depth);
    airs_status_t status = check(walk);
    if (status != AIRS_OK) {
        return status;
    }
    airs_wasm_sections_t *level = &walk->levels[walk->depth];
    if (airs_wasm_sections_begin(binary, level, NULL) != AIRS_OK || !level->is_component) {
        return damaged(walk, walk->depth == 0 ? "it begins with the header of another kind or version"
                                              : "what it has as a component is none");
    }
    walk->depth++;
    return AIRS_OK;
}

static airs_status_t count_section(walk_t *walk, const airs_wasm_section_t *section) {
    uint32_t count = 0;
    size_t at = 0;
    if (section->id == COMPONENT_CORE_MODULE) {
        return count_module(walk, section->payload);
    }
    if (section->id == COMPONENT_COMPONENT) {
        return enter(walk, section->payload);
    }
    uint64_t *counter = component_counter(walk, section->id);
    airs_status_t status = counter != NULL ? read_count(walk, section, &at, &count) : AIRS_OK;
    if (status == AIRS_OK && counter != NULL) {
        *counter += count;
        status = check(walk);
    }
    return status;
}

airs_status_t airs_component_shape_check(airs_bytes_t binary, const airs_load_limits_t *limits,
                                         airs_component_shape_t *out, airs_error_t *error) {
    walk_t walk = {.limits = limits, .error = error};
    airs_status_t status = enter(&walk, binary);
    while (status == AIRS_OK && walk.depth > 0) {
        airs_wasm_section_t section;
        airs_error_t reason;
        airs_status_t next = airs_wasm_sections_next(&walk.levels[walk.depth - 1], &section, &reason);
        if (next == AIRS_OK) {
            status = count_section(&walk, &section);
        } else if (next == AIRS_NOT_FOUND) {
            walk.depth--;
        } else {
            status = damaged(&walk, reason.text);
        }
    }
    if (out != NULL) {
        *out = walk.shape;
    }
    return status;
}
