#include "node/manifest_supervisor.h"

#include "core/memory.h"
#include "node/manifest_component.h"
#include "node/quantity.h"

#define DAY_MS AIRS_MANIFEST_PLACE_TIME_MAX_MS

/* ---- of components and supervisors ---- */

void airs_manifest_read_restart(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    static const char *const words[] = {
        [AIRS_RESTART_PERMANENT] = "permanent",
        [AIRS_RESTART_TRANSIENT] = "transient",
        [AIRS_RESTART_TEMPORARY] = "temporary",
        NULL,
    };
    (void)field;
    size_t word;
    if (airs_manifest_read_word(reader, key, value, "\"permanent\", \"transient\" or \"temporary\"",
                                "a kind of restart", words, &word)) {
        *(airs_restart_t *)target = (airs_restart_t)word;
    }
}

void airs_manifest_read_child_shutdown(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                       const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                       void *target) {
    static const char *const words[] = {"brutal", "infinity", NULL};
    static const uint64_t times[] = {AIRS_SHUTDOWN_BRUTAL, AIRS_SHUTDOWN_INFINITY};
    airs_str_t text = airs_toml_value_string(value);
    size_t word;
    if (text.size > 0 && (text.data[0] < '0' || text.data[0] > '9')) {
        if (airs_manifest_read_word(reader, key, value, "a time", "a time like \"5s\"", words, &word)) {
            *(uint64_t *)target = times[word];
        }
        return;
    }
    airs_manifest_read_time_ms(reader, field, key, value, target);
}

void airs_manifest_read_significant(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                    const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                    void *target) {
    (void)field;
    bool significant;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false") &&
        airs_toml_value_boolean(value, &significant)) {
        *(bool *)target = significant;
    }
}

void airs_manifest_read_after(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                              const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_manifest_place_t *place = target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "an array like [\"database\"]")) {
        return;
    }
    size_t count = airs_toml_array_size(value);
    const char **names = airs_manifest_alloc(reader, count * sizeof *names);
    if (names == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const airs_toml_value_t *name = airs_toml_array_at(value, i);
        if (airs_manifest_expect(reader, key, name, AIRS_TOML_STRING,
                                 "the name of a component or supervisor")) {
            names[i] = airs_manifest_copy(reader, airs_toml_value_string(name));
        }
    }
    place->after = names;
    place->after_count = count;
}

/* ---- of supervisors ---- */

static void read_strategy(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const char *const words[] = {
        [AIRS_ONE_FOR_ONE] = "one-for-one",
        [AIRS_ONE_FOR_ALL] = "one-for-all",
        [AIRS_REST_FOR_ONE] = "rest-for-one",
        [AIRS_SIMPLE_ONE_FOR_ONE] = "simple-one-for-one",
        NULL,
    };
    (void)field;
    size_t word;
    if (airs_manifest_read_word(reader, key, value, "a strategy like \"one-for-one\"", "a strategy", words,
                                &word)) {
        *(airs_strategy_t *)target = (airs_strategy_t)word;
    }
}

static void read_auto_shutdown(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const char *const words[] = {
        [AIRS_AUTO_SHUTDOWN_NEVER] = "never",
        [AIRS_AUTO_SHUTDOWN_ANY] = "any-significant",
        [AIRS_AUTO_SHUTDOWN_ALL] = "all-significant",
        NULL,
    };
    (void)field;
    size_t word;
    if (airs_manifest_read_word(reader, key, value, "\"never\", \"any-significant\" or \"all-significant\"",
                                "a kind of automatic shutdown", words, &word)) {
        *(airs_auto_shutdown_t *)target = (airs_auto_shutdown_t)word;
    }
}

/* Their names are looked up when all are known. */
static void read_children(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    (void)target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "an array like [\"database\", \"web\"]")) {
        return;
    }
    if (airs_toml_array_size(value) == 0) {
        airs_manifest_complain(
            reader, key, airs_toml_value_offset(value),
            "names no child; leave the supervisor out, or name components and supervisors");
    }
}

#define MEMBER(name) offsetof(airs_manifest_supervisor_t, name)

static void read_backoff(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"first", airs_manifest_read_time_ms, MEMBER(backoff_first_ms), 1, DAY_MS, true},
        {"max", airs_manifest_read_time_ms, MEMBER(backoff_max_ms), 1, DAY_MS, false},
    };
    (void)field;
    airs_manifest_supervisor_t *supervisor = target;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], supervisor);
    if (supervisor->backoff_max_ms != 0 && supervisor->backoff_max_ms < supervisor->backoff_first_ms) {
        char first[AIRS_QUANTITY_TEXT_MAX];
        airs_manifest_key_t max = {key, airs_str("max")};
        airs_manifest_complain(reader, &max, airs_toml_value_offset(airs_toml_table_get(value, "max")),
                               "is below \"first\" (%s), which it bounds",
                               airs_duration_format(supervisor->backoff_first_ms * 1000, first));
    }
}

static const airs_manifest_field_t supervisor_fields[] = {
    {"strategy", read_strategy, MEMBER(strategy), 0, 0, false},
    {"children", read_children, 0, 0, 0, true},
    {"intensity", airs_manifest_read_integer, MEMBER(intensity), 0, AIRS_INTENSITY_MAX, false},
    {"period", airs_manifest_read_time_ms, MEMBER(period_ms), 1, DAY_MS, false},
    {"auto-shutdown", read_auto_shutdown, MEMBER(auto_shutdown), 0, 0, false},
    {"backoff", read_backoff, 0, 0, 0, false}, /* fills two members */
    AIRS_MANIFEST_PLACE_FIELDS(MEMBER(place)),
};

static void read_supervisor(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                            const airs_toml_value_t *value, airs_manifest_supervisor_t *supervisor) {
    if (!airs_manifest_is_name(key->name)) {
        airs_manifest_complain(reader, key, airs_toml_entry_offset(value),
                               "cannot be the name of a supervisor; a name is " AIRS_MANIFEST_NAME_RULE);
    }
    *supervisor = (airs_manifest_supervisor_t)AIRS_MANIFEST_SUPERVISOR_INIT;
    supervisor->name = airs_manifest_copy(reader, key->name);
    airs_manifest_read_table(reader, key, value, supervisor_fields,
                             sizeof supervisor_fields / sizeof supervisor_fields[0], supervisor);
}

void airs_manifest_read_supervisors(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                    const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                    void *target) {
    (void)field;
    airs_manifest_supervisor_list_t *list = target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_TABLE, "a table of supervisors")) {
        return;
    }
    size_t count = airs_toml_table_size(value);
    const airs_toml_value_t **entries = airs_manifest_entries(reader, value);
    list->items = airs_manifest_alloc(reader, count * sizeof *list->items);
    if (entries == NULL || list->items == NULL) {
        return;
    }
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        airs_manifest_key_t supervisor_key = {key, airs_toml_entry_key(entries[i])};
        read_supervisor(reader, &supervisor_key, entries[i], &list->items[i]);
    }
}
