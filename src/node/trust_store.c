#include "node/trust_store.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/manifest_reader.h"

#define STORE_SIZE_MAX ((size_t)4 << 20)
#define FILE_ENDING ".toml"

/* More than any key's file has, so that what is none is told by its size. */
#define KEY_FILE_MAX 4096

airs_status_t airs_public_key_load(const airs_allocator_t *allocator, const char *path,
                                   airs_public_key_t *out, airs_error_t *error) {
    airs_bytes_t content;
    airs_status_t status = airs_file_read(allocator, path, KEY_FILE_MAX, &content, error);
    if (status == AIRS_OK) {
        status = airs_public_key_parse(content, out, error);
        airs_release(allocator, (void *)content.data);
    }
    return status;
}

/* [keys.NAME] while it is read. */
typedef struct key_section {
    bool has_key;
    airs_public_key_t key;
    const airs_str_t *patterns;
    size_t pattern_count;
} key_section_t;

static bool expect_text(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                        const airs_toml_value_t *value, const char *what) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, what)) {
        return false;
    }
    airs_str_t text = airs_toml_value_string(value);
    if (text.size > 0 && memchr(text.data, '\0', text.size) == NULL) {
        return true;
    }
    airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                           "must be %s, neither empty nor with a zero character", what);
    return false;
}

static void read_key(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                     const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    key_section_t *section = target;
    airs_error_t error;
    (void)field;
    if (!expect_text(reader, key, value, "a public key in hexadecimal")) {
        return;
    }
    if (airs_public_key_from_text(airs_toml_value_string(value), &section->key, &error) != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value), "%s", error.text);
        return;
    }
    section->has_key = true;
}

static void read_file(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    key_section_t *section = target;
    airs_error_t error;
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    (void)field;
    if (!expect_text(reader, key, value, "the path of a public key")) {
        return;
    }
    const char *path = airs_manifest_path_beside(reader, airs_toml_value_string(value));
    if (path == NULL) {
        return;
    }
    airs_status_t status = airs_public_key_load(reader->allocator, path, &section->key, &error);
    if (status == AIRS_OUT_OF_MEMORY) {
        reader->out_of_memory = true;
    } else if (status != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "cannot use %s: %s (a path is relative to this file)",
                               airs_manifest_excerpt(airs_str(path), excerpt), error.text);
    } else {
        section->has_key = true;
    }
}

static void read_namespaces(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                            const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const char what[] = "a list of patterns of namespaces, as \"acme\" or \"acme/**\"";
    key_section_t *section = target;
    size_t count = airs_toml_array_size(value);
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, what)) {
        return;
    }
    if (count == 0) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "a key that may sign for nothing is of no use; name a namespace");
        return;
    }
    airs_str_t *patterns = airs_manifest_alloc(reader, count * sizeof *patterns);
    for (size_t i = 0; patterns != NULL && i < count; i++) {
        const airs_toml_value_t *element = airs_toml_array_at(value, i);
        if (expect_text(reader, key, element, "a pattern of namespaces")) {
            patterns[section->pattern_count++] = airs_toml_value_string(element);
        }
    }
    section->patterns = patterns;
}

static void read_trusted_key(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                             const airs_toml_value_t *value, airs_trust_t *trust) {
    static const airs_manifest_field_t fields[] = {
        {"key", read_key, 0, 0, 0, false},
        {"file", read_file, 0, 0, 0, false},
        {"namespaces", read_namespaces, 0, 0, 0, true},
    };
    key_section_t section = {0};
    size_t problems = reader->problems->count;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_TABLE, "a table with a key and its namespaces")) {
        return;
    }
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], &section);
    bool has_key = airs_toml_table_get(value, "key") != NULL;
    bool has_file = airs_toml_table_get(value, "file") != NULL;
    if (has_key == has_file) {
        airs_manifest_complain(reader, key, airs_toml_entry_offset(value),
                               "needs either \"key\" or \"file\"%s",
                               has_key ? ", not both" : ": the public key");
    }
    if (problems != reader->problems->count || reader->out_of_memory || !section.has_key) {
        return;
    }
    if (airs_trust_add_key(trust, key->name, &section.key, section.patterns, section.pattern_count) !=
        AIRS_OK) {
        reader->out_of_memory = true;
    }
}

static void read_keys(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_TABLE, "a table of keys")) {
        return;
    }
    for (size_t i = 0; i < airs_toml_table_size(value); i++) {
        const airs_toml_value_t *entry = airs_toml_table_at(value, i);
        airs_manifest_key_t entry_key = {key, airs_toml_entry_key(entry)};
        read_trusted_key(reader, &entry_key, entry, target);
    }
}

typedef struct syntax_context {
    airs_manifest_problems_t *problems;
} syntax_context_t;

static void on_syntax_error(void *context, size_t offset, size_t length, airs_str_t message) {
    syntax_context_t *syntax = context;
    (void)length;
    airs_manifest_problems_add(syntax->problems, offset, "not valid TOML: %.*s", AIRS_STR_ARG(message));
}

static airs_status_t read_text(airs_manifest_reader_t *reader, airs_str_t text, airs_trust_t *trust,
                               airs_error_t *error) {
    static const airs_manifest_field_t fields[] = {{"keys", read_keys, 0, 0, 0, true}};
    syntax_context_t syntax = {reader->problems};
    airs_toml_document_t *document = NULL;
    airs_status_t status =
        airs_toml_document_parse(reader->allocator, text, on_syntax_error, &syntax, &document);
    if (status == AIRS_OK) {
        airs_manifest_read_table(reader, NULL, airs_toml_document_root(document), fields, 1, trust);
    }
    airs_toml_document_destroy(document);
    if (reader->out_of_memory) {
        status = AIRS_OUT_OF_MEMORY;
    }
    if (status != AIRS_OK && status != AIRS_MANIFEST_INVALID) {
        return airs_manifest_file_error(error, status, reader->path, airs_status_text(status));
    }
    return airs_manifest_problems_report(reader->problems, text, reader->path, error);
}

static airs_status_t read_store_file(const airs_allocator_t *allocator, const char *path, airs_trust_t *trust,
                                     airs_error_t *error) {
    airs_bytes_t content;
    airs_manifest_block_t *blocks = NULL;
    airs_status_t status = airs_file_read(allocator, path, STORE_SIZE_MAX, &content, error);
    if (status != AIRS_OK) {
        return airs_manifest_file_error(error, status, path, NULL);
    }
    airs_manifest_problems_t *problems = airs_alloc_zeroed(allocator, sizeof *problems);
    if (problems == NULL) {
        status = AIRS_OUT_OF_MEMORY;
        airs_manifest_file_error(error, status, path, airs_status_text(status));
    } else {
        airs_manifest_reader_t reader = {allocator, &blocks, problems, path, false};
        status = read_text(&reader, airs_str_n((const char *)content.data, content.size), trust, error);
    }
    airs_manifest_blocks_release(allocator, blocks);
    airs_release(allocator, problems);
    airs_release(allocator, (void *)content.data);
    return status;
}

static int is_store_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    size_t ending = sizeof FILE_ENDING - 1;
    return entry->d_name[0] != '.' && length > ending &&
           strcmp(entry->d_name + length - ending, FILE_ENDING) == 0;
}

static airs_status_t read_store_entry(const airs_allocator_t *allocator, const char *folder, const char *name,
                                      airs_trust_t *trust, airs_error_t *error) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = airs_alloc(allocator, size);
    if (path == NULL) {
        return airs_manifest_file_error(error, AIRS_OUT_OF_MEMORY, folder,
                                        airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    (void)snprintf(path, size, "%s/%s", folder, name);
    airs_status_t status = read_store_file(allocator, path, trust, error);
    airs_release(allocator, path);
    return status;
}

static airs_status_t read_store_folder(const airs_allocator_t *allocator, const char *path,
                                       airs_trust_t *trust, airs_error_t *error) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_store_file, alphasort);
    airs_status_t status = AIRS_OK;
    if (count < 0) {
        return airs_manifest_file_error(error, AIRS_IO, path, strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        if (status == AIRS_OK) {
            status = read_store_entry(allocator, path, entries[i]->d_name, trust, error);
        }
        free(entries[i]);
    }
    free((void *)entries);
    if (count == 0) {
        return airs_manifest_file_error(error, AIRS_IO, path,
                                        "there is no file in it whose name ends in " FILE_ENDING);
    }
    return status;
}

airs_status_t airs_trust_store_read(const airs_allocator_t *allocator, const char *path, airs_trust_t *trust,
                                    airs_error_t *error) {
    struct stat about;
    bool is_folder = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    return is_folder ? read_store_folder(allocator, path, trust, error)
                     : read_store_file(allocator, path, trust, error);
}
