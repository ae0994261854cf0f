#include "node/manifest_run.h"

#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/manifest_stream.h"

#define INPUT_MAX ((size_t)16 << 20)
#define YEAR_MS (UINT64_C(365) * 24 * 3600 * 1000)

static void read_args(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_manifest_run_t *run = target;
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "a list of arguments")) {
        return;
    }
    size_t count = airs_toml_array_size(value);
    const char **args = airs_manifest_alloc(reader, (count + 1) * sizeof *args);
    for (size_t i = 0; args != NULL && i < count; i++) {
        const airs_toml_value_t *element = airs_toml_array_at(value, i);
        if (!airs_manifest_expect(reader, key, element, AIRS_TOML_STRING, "an argument")) {
            continue;
        }
        airs_str_t text = airs_toml_value_string(element);
        if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
            airs_manifest_complain(reader, key, airs_toml_value_offset(element),
                                   "an argument must not have a zero character");
            continue;
        }
        const char *copy = airs_manifest_copy(reader, text);
        if (copy != NULL) {
            args[run->arg_count++] = copy;
        }
    }
    run->args = args;
}

static void set_input(airs_manifest_reader_t *reader, airs_manifest_run_t *run, airs_str_t bytes) {
    const char *copy = airs_manifest_copy(reader, bytes);
    if (copy != NULL) {
        run->standard_input = airs_bytes(copy, bytes.size);
    }
}

static void read_input_file(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                            const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_error_t error;
    airs_bytes_t content;
    (void)field;
    const char *path = airs_manifest_expect_path(reader, key, value, "the path of a file");
    if (path == NULL) {
        return;
    }
    airs_status_t status = airs_file_read(reader->allocator, path, INPUT_MAX, &content, &error);
    if (status == AIRS_OK) {
        set_input(reader, target, airs_str_n((const char *)content.data, content.size));
        airs_release(reader->allocator, (void *)content.data);
    } else if (status == AIRS_OUT_OF_MEMORY) {
        reader->out_of_memory = true;
    } else {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "cannot read %s: %s (a path is relative to the manifest)",
                               airs_manifest_excerpt(airs_str(path), excerpt), error.text);
    }
}

static void read_input(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                       const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {.name = "file", .read = read_input_file, .required = true}};
    (void)field;
    if (airs_toml_value_type(value) == AIRS_TOML_TABLE) {
        airs_manifest_read_table(reader, key, value, fields, 1, target);
    } else if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING,
                                    "a string or { file = \"path\" }")) {
        set_input(reader, target, airs_toml_value_string(value));
    }
}

void airs_manifest_read_run(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                            const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"args", read_args, 0, 0, 0, false}, /* with offset 0: fills several members */
        {"every", airs_manifest_read_time_ms, offsetof(airs_manifest_run_t, every_ms), 1, YEAR_MS, false},
        {"stdin", read_input, 0, 0, 0, false},
        {"stdout", airs_manifest_read_stream, offsetof(airs_manifest_run_t, output), 0, 0, false},
        {"stderr", airs_manifest_read_stream, offsetof(airs_manifest_run_t, error), 0, 0, false},
    };
    airs_manifest_run_t *run = target;
    (void)field;
    run->given = true;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], run);
}

void airs_manifest_complete_run(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                const airs_toml_value_t *table, airs_manifest_component_t *component) {
    static const char *const actors[] = {"subscribe", "accepts", "health", "record", "stateless"};
    if (!component->run.given) {
        return;
    }
    for (size_t i = 0; i < sizeof actors / sizeof actors[0]; i++) {
        const airs_toml_value_t *value = airs_toml_table_get(table, actors[i]);
        airs_manifest_key_t actor_key = {key, airs_str(actors[i])};
        if (value != NULL) {
            airs_manifest_complain(
                reader, &actor_key, airs_toml_entry_offset(value),
                "a command, which `run` makes this component, takes no messages and has no "
                "\"%s\"",
                actors[i]);
        }
    }
    if (component->run.every_ms == 0 && airs_toml_table_get(table, "restart") == NULL) {
        component->place.restart = AIRS_RESTART_TRANSIENT;
    }
}
