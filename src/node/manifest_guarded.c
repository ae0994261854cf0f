#include "node/manifest_guarded.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Both are real paths. */
static bool is_in(const char *path, const char *folder) {
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 &&
           (path[size] == '/' || path[size] == '\0' || (size > 0 && folder[size - 1] == '/'));
}

/* What is not there is not guarded: other checks have told of it, or it will be made by the node. */
static bool holds(const char *folder, const char *path) {
    char real[PATH_MAX];
    return path != NULL && realpath(path, real) != NULL && is_in(real, folder);
}

/* The first that is in the folder; NULL: none is. `path` is the manifest's. */
static const char *find_guarded(const char *path, const airs_manifest_t *manifest, const char *trust_store,
                                const char *folder) {
    const char *const files[] = {path, manifest->policy, trust_store, manifest->audit.file,
                                 manifest->storage.folder};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (holds(folder, files[i])) {
            return files[i];
        }
    }
    for (size_t i = 0; i < manifest->component_count; i++) {
        if (holds(folder, manifest->components[i].source)) {
            return manifest->components[i].source;
        }
    }
    return NULL;
}

static void complain(airs_manifest_reader_t *reader, const airs_toml_value_t *root, const char *name,
                     const char *folder, const char *guarded) {
    airs_manifest_key_t components = {NULL, airs_str("components")};
    airs_manifest_key_t own = {&components, airs_str(name)};
    airs_manifest_key_t capabilities = {&own, airs_str("capabilities")};
    airs_manifest_key_t filesystem = {&capabilities, airs_str("filesystem")};
    airs_manifest_key_t key = {&filesystem, airs_str("write")};
    const airs_toml_value_t *value = airs_toml_table_get(airs_toml_table_get(root, "components"), name);
    value = airs_toml_table_get(airs_toml_table_get(value, "capabilities"), "filesystem");
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    char other[AIRS_MANIFEST_EXCERPT_MAX];
    airs_manifest_complain(reader, &key, airs_toml_value_offset(airs_toml_table_get(value, "write")),
                           "%s has %s in it: who may write there may change what is granted, whose code "
                           "runs, or what others store; "
                           "grant a folder of its own",
                           airs_manifest_excerpt(airs_str(folder), excerpt),
                           airs_manifest_excerpt(airs_str(guarded), other));
}

void airs_manifest_check_guarded(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                                 const airs_manifest_t *manifest, const char *trust_store) {
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_component_t *component = &manifest->components[i];
        for (size_t k = 0; k < component->capabilities.grant_count; k++) {
            const airs_grant_t *grant = &component->capabilities.grants[k];
            bool writes = grant->pattern != NULL && strcmp(grant->action, "filesystem.write") == 0;
            const char *guarded = writes ? find_guarded(reader->path, manifest, trust_store, grant->pattern)
                                         : NULL;
            if (guarded != NULL) {
                complain(reader, root, component->name, grant->pattern, guarded);
            }
        }
    }
}
