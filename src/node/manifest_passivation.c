#include "node/manifest_passivation.h"

void airs_manifest_read_stateless(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                  const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                  void *target) {
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false")) {
        (void)airs_toml_value_boolean(value, target);
    }
}

static void complain(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                     const airs_toml_value_t *table, const char *name, const char *what) {
    airs_manifest_key_t named = {key, airs_str(name)};
    airs_manifest_complain(reader, &named, airs_toml_value_offset(airs_toml_table_get(table, name)), "%s",
                           what);
}

void airs_manifest_check_passivation(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                     const airs_toml_value_t *table,
                                     const airs_manifest_component_t *component) {
    if (component->passivate_after_ms != 0 && !component->stateless) {
        complain(reader, key, table, "passivate-after",
                 "its instances are kept, for what they remember; it needs stateless = true");
    }
    if (component->stateless && component->record) {
        complain(reader, key, table, "stateless",
                 "a component that is recorded keeps its instances, for a recording begins with them");
    }
}
