#include "node/manifest_component.h"

#include <inttypes.h>
#include <stddef.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/manifest_health.h"
#include "node/manifest_update.h"
#include "node/manifest_capabilities.h"
#include "node/manifest_compile.h"
#include "node/manifest_limits.h"
#include "node/manifest_messaging.h"
#include "node/manifest_passivation.h"
#include "node/manifest_supervisor.h"
#include "node/manifest_record.h"
#include "node/manifest_storage.h"
#include "node/manifest_settings.h"
#include "node/manifest_run.h"
#include "node/manifest_stream.h"
#include "node/manifest_trust.h"
#include "node/node.h"

/* As large as a message may be by default. */
#define CONFIG_FILE_MAX ((size_t)16 << 20)

#define INSTANCES_MAX 100000
#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

static bool is_name_character(char c, bool first) {
    bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || (!first && (c == '-' || c == '_' || c == '.'));
}

bool airs_manifest_is_name(airs_str_t name) {
    for (size_t i = 0; i < name.size; i++) {
        if (!is_name_character(name.data[i], i == 0)) {
            return false;
        }
    }
    return name.size > 0 && name.size <= AIRS_MANIFEST_NAME_MAX;
}

/* A string that can name a file. NULL: a problem is noted, or there is no memory. */
static char *read_path(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                       const airs_toml_value_t *value) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "the path of a file")) {
        return NULL;
    }
    airs_str_t text = airs_toml_value_string(value);
    if (text.size == 0 || memchr(text.data, '\0', text.size) != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "must be the path of a file, not %s",
                               text.size == 0 ? "an empty string" : "a text with a zero character");
        return NULL;
    }
    return airs_manifest_path_beside(reader, text);
}

static void complain_file(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                          const airs_toml_value_t *value, const char *path, const airs_error_t *error) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                           "cannot read %s: %s (a path is relative to the manifest)",
                           airs_manifest_excerpt(airs_str(path), excerpt), error->text);
}

static void read_source(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_error_t error;
    char *path = read_path(reader, key, value);
    if (path == NULL) {
        return;
    }
    if (airs_file_check(path, &error) != AIRS_OK) {
        complain_file(reader, key, value, path, &error);
    }
    *(const char **)target = path;
}

static bool check_variable(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                           const airs_toml_value_t *entry) {
    airs_str_t name = key->name;
    if (name.size == 0 || memchr(name.data, '=', name.size) != NULL ||
        memchr(name.data, '\0', name.size) != NULL) {
        airs_manifest_complain(
            reader, key, airs_toml_entry_offset(entry),
            "the name of a variable must not be empty and must not have \"=\" or a zero character");
        return false;
    }
    return true;
}

static void read_env(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                     const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_manifest_component_t *component = target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_TABLE, "a table of strings")) {
        return;
    }
    size_t count = airs_toml_table_size(value);
    airs_variable_t *env = airs_manifest_alloc(reader, count * sizeof *env);
    if (env == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const airs_toml_value_t *entry = airs_toml_table_at(value, i);
        airs_manifest_key_t entry_key = {key, airs_toml_entry_key(entry)};
        if (!check_variable(reader, &entry_key, entry)) {
            continue;
        }
        const char *text = airs_manifest_read_text(reader, &entry_key, entry, AIRS_TEXT_HERE_OR_ELSEWHERE);
        if (text != NULL) {
            env[component->env_count++] = (airs_variable_t){airs_manifest_copy(reader, entry_key.name), text};
        }
    }
    component->env = env;
}

static void set_config(airs_manifest_reader_t *reader, airs_manifest_component_t *component,
                       airs_str_t bytes) {
    const char *copy = airs_manifest_copy(reader, bytes);
    if (copy != NULL) {
        component->config = airs_bytes(copy, bytes.size);
    }
}

static void read_config_file(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_error_t error;
    airs_bytes_t content;
    char *path = read_path(reader, key, value);
    if (path == NULL) {
        return;
    }
    airs_status_t status = airs_file_read(reader->allocator, path, CONFIG_FILE_MAX, &content, &error);
    if (status == AIRS_OUT_OF_MEMORY) {
        reader->out_of_memory = true;
    } else if (status != AIRS_OK) {
        complain_file(reader, key, value, path, &error);
    } else {
        set_config(reader, target, airs_str_n((const char *)content.data, content.size));
        airs_release(reader->allocator, (void *)content.data);
    }
}

static void read_config(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t file_fields[] = {
        {.name = "file", .read = read_config_file, .required = true},
    };
    (void)field;
    if (airs_toml_value_type(value) == AIRS_TOML_TABLE) {
        airs_manifest_read_table(reader, key, value, file_fields, 1, target);
    } else if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING,
                                    "a string or { file = \"path\" }")) {
        set_config(reader, target, airs_toml_value_string(value));
    }
}

/* 0 is for children of a simple-one-for-one supervisor, which are not known yet. */
static void read_instances(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                           const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    int64_t number = 1;
    if (airs_toml_value_integer(value, &number) && number == 0) {
        *(uint64_t *)target = 0;
    } else {
        airs_manifest_read_integer(reader, field, key, value, target);
    }
}

#define MEMBER(name) offsetof(airs_manifest_component_t, name)

static const airs_manifest_field_t component_fields[] = {
    {"source", read_source, MEMBER(source), 0, 0, true},
    {"digest", airs_manifest_read_digest, MEMBER(digest), 0, 0, false},
    {"instances", read_instances, MEMBER(instances), 1, INSTANCES_MAX, false},
    {"env", read_env, 0, 0, 0, false}, /* with offset 0: fills several members */
    {"config", read_config, 0, 0, 0, false},
    {"settings", airs_manifest_read_settings, 0, 0, 0, false},
    {"secrets", airs_manifest_read_secrets, 0, 0, 0, false},
    {"subscribe", airs_manifest_read_subscriptions, 0, 0, 0, false},
    {"accepts", airs_manifest_read_codecs, MEMBER(accepts), 0, 0, false},
    {"limits", airs_manifest_read_limits, MEMBER(limits), 0, 0, false},
    {"capabilities", airs_manifest_read_capabilities, MEMBER(capabilities), 0, 0, false},
    {"compile", airs_manifest_read_load_limits, MEMBER(compile), 0, 0, false},
    {"health", airs_manifest_read_health, MEMBER(health), 0, 0, false},
    {"update", airs_manifest_read_update, MEMBER(update), 0, 0, false},
    AIRS_MANIFEST_PLACE_FIELDS(MEMBER(place)),
    {"storage", airs_manifest_read_storage_owner, MEMBER(storage_by_instance), 0, 0, false},
    {"run", airs_manifest_read_run, MEMBER(run), 0, 0, false},
    {"stdout", airs_manifest_read_stream, MEMBER(run.output), 0, 0, false},
    {"stderr", airs_manifest_read_stream, MEMBER(run.error), 0, 0, false},
    {"record", airs_manifest_read_record, MEMBER(record), 0, 0, false},
    {"record-size", airs_manifest_read_size, MEMBER(record_bytes), 4096, (uint64_t)4 << 30, false},
    {"stateless", airs_manifest_read_stateless, MEMBER(stateless), 0, 0, false},
    {"passivate-after", airs_manifest_read_time_ms, MEMBER(passivate_after_ms), 1, DAY_MS, false},
};

/* What every instance would be refused with. */
static void check_subscription_count(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                     const airs_toml_value_t *table,
                                     const airs_manifest_component_t *component) {
    uint64_t limit = component->limits.subscriptions != 0 ? component->limits.subscriptions
                                                          : AIRS_DEFAULT_SUBSCRIPTIONS;
    if (component->subscription_count > limit) {
        airs_manifest_key_t subscribe = {key, airs_str("subscribe")};
        airs_manifest_complain(reader, &subscribe,
                               airs_toml_value_offset(airs_toml_table_get(table, "subscribe")),
                               "%zu patterns, more than an instance may have; raise limits.subscriptions"
                               " (now %" PRIu64 ")",
                               component->subscription_count, limit);
    }
}

static void read_component(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                           const airs_toml_value_t *value, airs_manifest_component_t *component) {
    if (!airs_manifest_is_name(key->name)) {
        airs_manifest_complain(reader, key, airs_toml_entry_offset(value),
                               "cannot be the name of a component; a name is " AIRS_MANIFEST_NAME_RULE);
    }
    component->name = airs_manifest_copy(reader, key->name);
    component->instances = 1;
    component->health = airs_manifest_health_default;
    component->update = airs_manifest_update_default;
    airs_manifest_read_table(reader, key, value, component_fields,
                             sizeof component_fields / sizeof component_fields[0], component);
    check_subscription_count(reader, key, value, component);
    airs_manifest_complete_record(reader, key, value, component);
    airs_manifest_check_passivation(reader, key, value, component);
    airs_manifest_check_secrets(reader, key, value, component);
    airs_manifest_complete_run(reader, key, value, component);
    airs_manifest_check_streams(reader, key, value, component);
}

void airs_manifest_read_components(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                   const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                   void *target) {
    (void)field;
    airs_manifest_component_list_t *list = target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_TABLE, "a table of components")) {
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
        airs_manifest_key_t component_key = {key, airs_toml_entry_key(entries[i])};
        read_component(reader, &component_key, entries[i], &list->items[i]);
    }
}
