#include "node/manifest_update.h"

#include "node/node.h"

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

#define MEMBER(name) offsetof(airs_manifest_update_t, name)

const airs_manifest_update_t airs_manifest_update_default = {.window_ms = AIRS_DEFAULT_UPDATE_WINDOW_MS};

static void read_together(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false")) {
        (void)airs_toml_value_boolean(value, target);
    }
}

static const airs_manifest_field_t update_fields[] = {
    {"window", airs_manifest_read_time_ms, MEMBER(window_ms), 0, DAY_MS, false},
    {"together", read_together, MEMBER(together), 0, 0, false},
};

void airs_manifest_read_update(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_manifest_read_table(reader, key, value, update_fields,
                             sizeof update_fields / sizeof update_fields[0], target);
}
