#include "node/manifest_health.h"

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

#define MEMBER(name) offsetof(airs_manifest_health_t, name)

const airs_manifest_health_t airs_manifest_health_default = {
    .interval_ms = 30000, .timeout_ms = 5000, .unhealthy_after = 3};

static const airs_manifest_field_t health_fields[] = {
    {"interval", airs_manifest_read_time_ms, MEMBER(interval_ms), 0, DAY_MS, false},
    {"timeout", airs_manifest_read_time_ms, MEMBER(timeout_ms), 1, DAY_MS, false},
    {"unhealthy-after", airs_manifest_read_integer, MEMBER(unhealthy_after), 1, 1000000, false},
};

/* Who says what follows from checks that are never made has mistaken what `interval` does. */
static void check_interval(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                           const airs_toml_value_t *table, const airs_manifest_health_t *health) {
    static const char *const others[] = {"timeout", "unhealthy-after"};
    for (size_t i = 0; i < 2 && health->interval_ms == 0; i++) {
        const airs_toml_value_t *value = airs_toml_table_get(table, others[i]);
        if (value != NULL) {
            airs_manifest_key_t other_key = {key, airs_str(others[i])};
            airs_manifest_complain(
                reader, &other_key, airs_toml_value_offset(value),
                "this component is never asked how well it is; it needs an interval above 0");
        }
    }
}

void airs_manifest_read_health(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_manifest_read_table(reader, key, value, health_fields,
                             sizeof health_fields / sizeof health_fields[0], target);
    check_interval(reader, key, value, target);
}
