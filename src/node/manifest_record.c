#include "node/manifest_record.h"

#include <limits.h>

#define TIB ((uint64_t)1 << 40)

static void read_folder(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "the path of a folder")) {
        return;
    }
    airs_str_t text = airs_toml_value_string(value);
    char *path = airs_manifest_path_beside(reader, text);
    if (text.size == 0 || memchr(text.data, '\0', text.size) != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "must be a path, neither empty nor with a zero character");
    } else if (path != NULL && strlen(path) >= PATH_MAX) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "the path has %zu bytes, too many for a path", strlen(path));
    } else {
        *(const char **)target = path;
    }
}

void airs_manifest_read_crashes(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    static const airs_manifest_field_t fields[] = {
        {"folder", read_folder, offsetof(airs_manifest_crashes_t, folder), 0, 0, false},
        {"keep", airs_manifest_read_integer, offsetof(airs_manifest_crashes_t, max_files), 1, 100000, false},
        {"keep-size", airs_manifest_read_size, offsetof(airs_manifest_crashes_t, max_bytes), 1, TIB, false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], target);
}

void airs_manifest_read_record(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false")) {
        (void)airs_toml_value_boolean(value, target);
    }
}

void airs_manifest_complete_record(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                   const airs_toml_value_t *table, airs_manifest_component_t *component) {
    if (component->record && component->record_bytes == 0) {
        component->record_bytes = AIRS_DEFAULT_RECORD_BYTES;
    }
    if (component->record || component->record_bytes == 0) {
        return;
    }
    airs_manifest_key_t size_key = {key, airs_str("record-size")};
    airs_manifest_complain(reader, &size_key,
                           airs_toml_value_offset(airs_toml_table_get(table, "record-size")),
                           "this component is not recorded; it needs record = true");
}
