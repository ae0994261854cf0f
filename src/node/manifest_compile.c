#include "node/manifest_compile.h"

#include <stddef.h>

#include "core/runtime_engine.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

/* A function's size is one, the others are numbers. */
static void read_limit(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                       const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    bool is_size = strcmp(field->name, "function-size") == 0;
    (is_size ? airs_manifest_read_size : airs_manifest_read_integer)(reader, field, key, value, target);
}

#define COMPONENT_LIMIT(member, standard, most, key, what) \
    {key, read_limit, offsetof(airs_load_limits_t, member), 1, (most), false},

/* The bounds are those of the engine, and what is still sensible. */
#define LOAD_LIMIT_FIELDS                                                                                      \
    {"file-size", airs_manifest_read_size, offsetof(airs_load_limits_t, file_bytes),                           \
     KIB,         AIRS_COMPONENT_FILE_MAX, false},                                                             \
        {"memory",                                                                                             \
         airs_manifest_read_size,                                                                              \
         offsetof(airs_load_limits_t, compile_memory_bytes),                                                   \
         256 * MIB,                                                                                            \
         1024 * GIB,                                                                                           \
         false},                                                                                               \
        {"time", airs_manifest_read_time_ms, offsetof(airs_load_limits_t, compile_time_ms), 1, DAY_MS, false}, \
        {"cpu-time", airs_manifest_read_time_ms, offsetof(airs_load_limits_t, compile_cpu_ms), 1000, DAY_MS,   \
         false},                                                                                               \
        {"code-size", airs_manifest_read_size, offsetof(airs_load_limits_t, code_bytes), 64 * KIB, 2 * GIB,    \
         false},                                                                                               \
        AIRS_COMPONENT_LIMIT_MAP(COMPONENT_LIMIT)

void airs_manifest_read_load_limits(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                    const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                    void *target) {
    static const airs_manifest_field_t fields[] = {LOAD_LIMIT_FIELDS};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], target);
}

static void read_mode(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    /* In the order of airs_compile_mode_t. */
    static const char *const words[] = {"untrusted", "all", "none", NULL};
    size_t word = 0;
    (void)field;
    if (airs_manifest_read_word(reader, key, value, "\"untrusted\", \"all\" or \"none\"",
                                "a choice of what is compiled apart", words, &word)) {
        ((airs_manifest_compile_t *)target)->mode = (airs_compile_mode_t)word;
    }
}

static void read_program(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "the path of airssys-compile")) {
        return;
    }
    airs_str_t text = airs_toml_value_string(value);
    if (text.size == 0 || memchr(text.data, '\0', text.size) != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "must be a path, neither empty nor with a zero character");
        return;
    }
    ((airs_manifest_compile_t *)target)->program = airs_manifest_path_beside(reader, text);
}

/* The limits are the first member, so that their places are the same in both tables. */
_Static_assert(offsetof(airs_manifest_compile_t, limits) == 0, "the limits come first");

void airs_manifest_read_compile(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    static const airs_manifest_field_t fields[] = {
        {"apart", read_mode, 0, 0, 0, false}, {"program", read_program, 0, 0, 0, false}, LOAD_LIMIT_FIELDS};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], target);
}

static void take_over(uint64_t *own, uint64_t common) { *own = *own != 0 ? *own : common; }

airs_load_limits_t airs_manifest_load_limits(const airs_manifest_t *manifest,
                                             const airs_manifest_component_t *component) {
    const airs_load_limits_t *common = &manifest->compile.limits;
    airs_load_limits_t limits = component->compile;
    take_over(&limits.file_bytes, common->file_bytes);
    take_over(&limits.compile_memory_bytes, common->compile_memory_bytes);
    take_over(&limits.compile_time_ms, common->compile_time_ms);
    take_over(&limits.compile_cpu_ms, common->compile_cpu_ms);
    take_over(&limits.code_bytes, common->code_bytes);
#define TAKE_OVER(member, standard, most, key, what) take_over(&limits.member, common->member);
    AIRS_COMPONENT_LIMIT_MAP(TAKE_OVER)
#undef TAKE_OVER
    return limits;
}
