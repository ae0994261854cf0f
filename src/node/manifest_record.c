#include "node/manifest_record.h"

#include <limits.h>

#include "security/permission.h"

#define TIB ((uint64_t)1 << 40)

static void read_folder(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    char *path = airs_manifest_expect_path(reader, key, value, "the path of a folder");
    if (path != NULL && strlen(path) >= PATH_MAX) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "the path has %zu bytes, too many for a path", strlen(path));
    } else if (path != NULL) {
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

/* What files and sockets answer is in no journal. NULL: there is nothing such. */
static const char *find_unrecordable(const airs_manifest_capabilities_t *capabilities) {
    const uint32_t beyond = AIRS_ACTION_BIT(FILE_READ) | AIRS_ACTION_BIT(FILE_WRITE) |
                            AIRS_ACTION_BIT(OUTBOUND) | AIRS_ACTION_BIT(INBOUND);
    for (size_t i = 0; i < capabilities->grant_count; i++) {
        const char *action = capabilities->grants[i].action;
        if ((airs_action_parse(airs_str(action)) & beyond) != 0) {
            return action;
        }
    }
    return NULL;
}

static void check_recordable(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                             const airs_toml_value_t *table, const airs_manifest_component_t *component) {
    const char *action = find_unrecordable(&component->capabilities);
    airs_manifest_key_t record_key = {key, airs_str("record")};
    if (component->record && action != NULL) {
        airs_manifest_complain(
            reader, &record_key, airs_toml_value_offset(airs_toml_table_get(table, "record")),
            "a component that is granted %s cannot be recorded: what files and sockets answer "
            "is in no journal, so a replay would not be the same",
            action);
    }
}

void airs_manifest_complete_record(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                   const airs_toml_value_t *table, airs_manifest_component_t *component) {
    check_recordable(reader, key, table, component);
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
