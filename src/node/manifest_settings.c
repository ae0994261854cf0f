#include "node/manifest_settings.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/settings.h"
#include "core/utf8.h"

#define FORMS "\"text\", { env = \"NAME\" } or { file = \"path\" }"

/* ---- texts ---- */

/* A name of where it is instead of the text itself. */
typedef struct elsewhere {
    const char *env;
    size_t env_offset;
    const char *file;
    size_t file_offset;
} elsewhere_t;

/* Nothing of the text is shown: it may be a secret, or the end of one. */
static const char *take(airs_manifest_reader_t *reader, const airs_manifest_key_t *key, size_t offset,
                        airs_str_t text) {
    const char *why = NULL;
    if (text.size > AIRS_SETTING_VALUE_MAX) {
        why = "the text is longer than 64KiB; larger ones fit into `config`";
    } else if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        why = "the text must not have a zero character";
    } else if (!airs_utf8_valid(text)) {
        why = "what is there is no text in UTF-8";
    }
    if (why != NULL) {
        airs_manifest_complain(reader, key, offset, "%s", why);
        return NULL;
    }
    return airs_manifest_copy(reader, text);
}

static const char *from_environment(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                    const elsewhere_t *where) {
    /* The process itself never changes its environment. */
    const char *value = getenv(where->env);
    if (value == NULL) {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(reader, key, where->env_offset,
                               "the environment has no variable %s; it is set where the node is started",
                               airs_manifest_excerpt(airs_str(where->env), excerpt));
        return NULL;
    }
    return take(reader, key, where->env_offset, airs_str(value));
}

/* Whoever writes a line into a file does not mean the break at its end. */
static airs_str_t without_line_break(airs_str_t text) {
    text.size -= text.size > 0 && text.data[text.size - 1] == '\n';
    text.size -= text.size > 0 && text.data[text.size - 1] == '\r';
    return text;
}

static const char *from_file(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                             const elsewhere_t *where) {
    airs_error_t error;
    airs_bytes_t content;
    /* One byte more than is taken, for what is too long to be told from what cannot be read; and a line break. */
    airs_status_t status =
        airs_file_read(reader->allocator, where->file, AIRS_SETTING_VALUE_MAX + 3, &content, &error);
    if (status == AIRS_OUT_OF_MEMORY) {
        reader->out_of_memory = true;
        return NULL;
    }
    if (status != AIRS_OK) {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(reader, key, where->file_offset,
                               "cannot read %s: %s (a path is relative to the manifest)",
                               airs_manifest_excerpt(airs_str(where->file), excerpt), error.text);
        return NULL;
    }
    const char *text = take(reader, key, where->file_offset,
                            without_line_break(airs_str_n((const char *)content.data, content.size)));
    airs_wipe((void *)content.data, content.size);
    airs_release(reader->allocator, (void *)content.data);
    return text;
}

static void read_env_name(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    elsewhere_t *where = target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "the name of a variable")) {
        return;
    }
    airs_str_t name = airs_toml_value_string(value);
    if (name.size == 0 || memchr(name.data, '=', name.size) != NULL ||
        memchr(name.data, '\0', name.size) != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "the name of a variable must not be empty and must not have \"=\" or a zero "
                               "character");
        return;
    }
    where->env = airs_manifest_copy(reader, name);
    where->env_offset = airs_toml_value_offset(value);
}

static void read_file_name(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                           const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    elsewhere_t *where = target;
    where->file = airs_manifest_expect_path(reader, key, value, "the path of a file");
    where->file_offset = airs_toml_value_offset(value);
}

static const char *read_elsewhere(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                  const airs_toml_value_t *value) {
    static const airs_manifest_field_t fields[] = {
        {"env", read_env_name, 0, 0, 0, false},
        {"file", read_file_name, 0, 0, 0, false},
    };
    elsewhere_t where = {0};
    if (airs_toml_table_size(value) != 1) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "names one place: { env = \"NAME\" } or { file = \"path\" }");
        return NULL;
    }
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof *fields, &where);
    if (where.env != NULL) {
        return from_environment(reader, key, &where);
    }
    return where.file != NULL ? from_file(reader, key, &where) : NULL;
}

const char *airs_manifest_read_text(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                    const airs_toml_value_t *value, airs_text_source_t source) {
    if (airs_toml_value_type(value) == AIRS_TOML_TABLE) {
        return read_elsewhere(reader, key, value);
    }
    if (source == AIRS_TEXT_ELSEWHERE) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "a secret is not written into the manifest: it is { env = \"NAME\" } or "
                               "{ file = \"path\" }");
        return NULL;
    }
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, FORMS)) {
        return NULL;
    }
    return take(reader, key, airs_toml_value_offset(value), airs_toml_value_string(value));
}

/* ---- settings ---- */

static bool has_setting(const airs_setting_t *settings, size_t count, airs_str_t name) {
    for (size_t i = 0; i < count; i++) {
        if (settings[i].name != NULL && airs_str_equal(airs_str(settings[i].name), name)) {
            return true;
        }
    }
    return false;
}

/* `before`: what was there before this table. */
static bool check_name(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                       const airs_toml_value_t *entry, const airs_setting_t *settings, size_t before) {
    const char *why = NULL;
    if (key->name.size == 0 || key->name.size > AIRS_SETTING_NAME_MAX ||
        memchr(key->name.data, '\0', key->name.size) != NULL) {
        why = "a setting's name has 1 to 256 bytes and no zero character";
    } else if (has_setting(settings, before, key->name)) {
        why = "there is a setting and a secret of this name; a component reads both by their names";
    }
    if (why != NULL) {
        airs_manifest_complain(reader, key, airs_toml_entry_offset(entry), "%s", why);
    }
    return why == NULL;
}

static void read_table(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                       const airs_toml_value_t *value, airs_manifest_component_t *component, bool secret) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_TABLE, "a table of texts")) {
        return;
    }
    size_t before = component->setting_count;
    size_t count = airs_toml_table_size(value);
    if (before + count > AIRS_SETTINGS_MAX) {
        airs_manifest_complain(reader, key, airs_toml_entry_offset(value),
                               "a component has at most %d settings and secrets", AIRS_SETTINGS_MAX);
        return;
    }
    airs_setting_t *settings = airs_manifest_alloc(reader, (before + count) * sizeof *settings);
    if (settings == NULL) {
        return;
    }
    airs_copy(settings, component->settings, before * sizeof *settings);
    for (size_t i = 0; i < count; i++) {
        const airs_toml_value_t *entry = airs_toml_table_at(value, i);
        airs_manifest_key_t entry_key = {key, airs_toml_entry_key(entry)};
        if (!check_name(reader, &entry_key, entry, settings, before)) {
            continue;
        }
        const char *text = airs_manifest_read_text(
            reader, &entry_key, entry, secret ? AIRS_TEXT_ELSEWHERE : AIRS_TEXT_HERE_OR_ELSEWHERE);
        if (text != NULL) {
            settings[component->setting_count++] =
                (airs_setting_t){airs_manifest_copy(reader, entry_key.name), text, secret};
        }
    }
    component->settings = settings;
}

void airs_manifest_read_settings(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                 const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                 void *target) {
    (void)field;
    read_table(reader, key, value, target, false);
}

void airs_manifest_read_secrets(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    (void)field;
    read_table(reader, key, value, target, true);
}

void airs_manifest_check_secrets(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                 const airs_toml_value_t *table, const airs_manifest_component_t *component) {
    const airs_toml_value_t *secrets = airs_toml_table_get(table, "secrets");
    if (component->record && secrets != NULL && airs_toml_table_size(secrets) > 0) {
        airs_manifest_key_t record_key = {key, airs_str("record")};
        airs_manifest_complain(reader, &record_key,
                               airs_toml_value_offset(airs_toml_table_get(table, "record")),
                               "a component with secrets is not recorded: a crash file has all that it was "
                               "answered");
    }
}
