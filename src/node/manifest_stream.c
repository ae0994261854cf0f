#include "node/manifest_stream.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GIB ((uint64_t)1 << 30)

static const char what[] = "\"log\", \"null\" or { file = \"path\" }";

static bool has_folder(const char *path) {
    char folder[PATH_MAX];
    struct stat found;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return true;
    }
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return stat(folder, &found) == 0 && S_ISDIR(found.st_mode);
}

/* What would go wrong with every write; what else can is seen when it is written to. */
static const char *fault_of(const char *path) {
    struct stat found;
    if (strlen(path) >= PATH_MAX) {
        return "the path is too long";
    }
    if (stat(path, &found) != 0) {
        return has_folder(path) ? NULL : "there is no such folder";
    }
    if (S_ISDIR(found.st_mode)) {
        return "is a folder";
    }
    return S_ISREG(found.st_mode) ? NULL : "is not a regular file";
}

static void read_path(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    const char *path = airs_manifest_expect_path(reader, key, value, "the path of a file");
    (void)field;
    const char *fault = path != NULL ? fault_of(path) : NULL;
    if (fault != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "cannot write to %s: %s (a path is relative to the manifest)",
                               airs_manifest_excerpt(airs_str(path), excerpt), fault);
    }
    ((airs_manifest_stream_t *)target)->path = path;
}

static void read_append(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false")) {
        (void)airs_toml_value_boolean(value, &((airs_manifest_stream_t *)target)->append);
    }
}

static void read_file(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                      const airs_toml_value_t *value, airs_manifest_stream_t *stream) {
    static const airs_manifest_field_t fields[] = {
        {"file", read_path, 0, 0, 0, true}, /* with offset 0: of the whole */
        {"append", read_append, 0, 0, 0, false},
        {"size", airs_manifest_read_size, offsetof(airs_manifest_stream_t, max_bytes), 4096, 64 * GIB, false},
        {"keep", airs_manifest_read_integer, offsetof(airs_manifest_stream_t, kept), 0, 1000, false},
    };
    *stream =
        (airs_manifest_stream_t){.kind = AIRS_STREAM_FILE, .append = true, .max_bytes = 64U << 20, .kept = 1};
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], stream);
}

void airs_manifest_read_stream(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const char *const words[] = {"log", "null", NULL};
    airs_manifest_stream_t *stream = target;
    size_t word = 0;
    (void)field;
    if (airs_toml_value_type(value) == AIRS_TOML_TABLE) {
        read_file(reader, key, value, stream);
    } else if (airs_manifest_read_word(reader, key, value, what, "a place for a stream", words, &word)) {
        stream->kind = word == 0 ? AIRS_STREAM_LOG : AIRS_STREAM_NULL;
    }
}

void airs_manifest_check_streams(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                 const airs_toml_value_t *table, const airs_manifest_component_t *component) {
    static const char *const names[] = {"stdout", "stderr"};
    for (size_t i = 0; component->run.given && i < sizeof names / sizeof names[0]; i++) {
        const airs_toml_value_t *value = airs_toml_table_get(table, names[i]);
        airs_manifest_key_t stream_key = {key, airs_str(names[i])};
        if (value != NULL) {
            airs_manifest_complain(reader, &stream_key, airs_toml_entry_offset(value),
                                   "of a command, which `run` makes this component, it is a key of `run`");
        }
    }
}

void airs_manifest_check_output_stream(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                                       const airs_manifest_component_t *component) {
    if (component == NULL || component->run.output.kind == AIRS_STREAM_LOG) {
        return;
    }
    airs_manifest_key_t components = {NULL, airs_str("components")};
    airs_manifest_key_t own = {&components, airs_str(component->name)};
    airs_manifest_key_t run = {&own, airs_str("run")};
    airs_manifest_key_t key = {component->run.given ? &run : &own, airs_str("stdout")};
    const airs_toml_value_t *table =
        airs_toml_table_get(airs_toml_table_get(root, "components"), component->name);
    table = component->run.given ? airs_toml_table_get(table, "run") : table;
    airs_manifest_complain(reader, &key, airs_toml_value_offset(airs_toml_table_get(table, "stdout")),
                           "%s is application.output, whose standard output is the application's",
                           component->name);
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool airs_manifest_same_stream(const airs_manifest_stream_t *a, const airs_manifest_stream_t *b) {
    return a->kind == b->kind && a->append == b->append && a->max_bytes == b->max_bytes &&
           a->kept == b->kept && same_text(a->path, b->path);
}

bool airs_manifest_is_alone(const airs_manifest_t *manifest, const airs_manifest_stream_t *stream) {
    size_t count = 0;
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_run_t *run = &manifest->components[i].run;
        count += run->output.path != NULL && strcmp(run->output.path, stream->path) == 0;
        count += run->error.path != NULL && strcmp(run->error.path, stream->path) == 0;
    }
    return count <= 1;
}
