#include "node/manifest_trust.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "node/trust_store.h"

static void read_mode(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const char what[] = "\"require\", \"warn\" or \"off\"";
    static const struct {
        const char *name;
        airs_trust_mode_t mode;
    } modes[] = {{"require", AIRS_TRUST_REQUIRE}, {"warn", AIRS_TRUST_WARN}, {"off", AIRS_TRUST_OFF}};
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, what)) {
        return;
    }
    airs_str_t text = airs_toml_value_string(value);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (airs_str_equal(text, airs_str(modes[i].name))) {
            *(airs_trust_mode_t *)target = modes[i].mode;
            return;
        }
    }
    airs_manifest_complain(reader, key, airs_toml_value_offset(value), "must be %s, not \"%s\"", what,
                           airs_manifest_excerpt(text, excerpt));
}

static void read_own_folder(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                            const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    bool own = true;
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false") &&
        airs_toml_value_boolean(value, &own)) {
        *(bool *)target = !own;
    }
}

static void read_store(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                       const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_manifest_trust_section_t *section = target;
    (void)field;
    section->store = airs_manifest_expect_path(reader, key, value, "the path of a trust store");
    section->store_offset = airs_toml_value_offset(value);
}

void airs_manifest_read_trust(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                              const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"mode", read_mode, offsetof(airs_manifest_trust_section_t, mode), 0, 0, false},
        {"own-folder", read_own_folder, offsetof(airs_manifest_trust_section_t, other_folder), 0, 0, false},
        {"store", read_store, 0, 0, 0, false}, /* fills several members */
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], target);
}

void airs_manifest_read_digest(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_error_t error;
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "a digest, as \"sha256:...\"")) {
        return;
    }
    airs_digest_t *digest = airs_manifest_alloc(reader, sizeof *digest);
    if (digest != NULL && airs_digest_parse(airs_toml_value_string(value), digest, &error) != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value), "%s", error.text);
        return;
    }
    *(const airs_digest_t **)target = digest;
}

/* The folder that the manifest is in, as it is without links; where it is not to be told, none is trusted. */
static airs_status_t set_folder(const airs_manifest_reader_t *reader, airs_trust_t *trust) {
    char folder[PATH_MAX];
    char resolved[PATH_MAX];
    const char *slash = strrchr(reader->path, '/');
    size_t size = slash != NULL ? (size_t)(slash - reader->path) + 1 : 0;
    if (size >= sizeof folder - 1) {
        return AIRS_OK;
    }
    memcpy(folder, reader->path, size);
    memcpy(folder + size, ".", 2);
    return realpath(folder, resolved) != NULL ? airs_trust_set_folder(trust, resolved) : AIRS_OK;
}

/* Problems of the store are the manifest's: it cannot be run without. */
static airs_status_t add_keys(airs_manifest_reader_t *reader, const airs_manifest_trust_section_t *section,
                              airs_trust_t *trust) {
    airs_manifest_key_t table = {NULL, airs_str("trust")};
    airs_manifest_key_t key = {&table, airs_str("store")};
    airs_error_t error;
    airs_status_t status = airs_trust_store_read(reader->allocator, section->store, trust, &error);
    if (status != AIRS_OK && status != AIRS_OUT_OF_MEMORY) {
        airs_manifest_complain(reader, &key, section->store_offset, "%s", error.text);
    }
    return status;
}

airs_trust_t *airs_manifest_make_trust(airs_manifest_reader_t *reader,
                                       const airs_manifest_trust_section_t *section) {
    airs_trust_t *trust = NULL;
    airs_status_t status = airs_trust_create(reader->allocator, section->mode, &trust);
    if (status == AIRS_OK && !section->other_folder) {
        status = set_folder(reader, trust);
    }
    if (status == AIRS_OK && section->store != NULL) {
        status = add_keys(reader, section, trust);
    }
    if (status != AIRS_OK) {
        reader->out_of_memory = reader->out_of_memory || status == AIRS_OUT_OF_MEMORY;
        airs_trust_destroy(trust);
        return NULL;
    }
    return trust;
}
