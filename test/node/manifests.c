#include "node/manifests.h"

#include "node/manifest_diff.h"
#include "support/test.h"

#define PATH "airssys.toml"

airs_manifest_t *manifest_of(const char *text) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    if (airs_manifest_parse(airs_allocator_default(), airs_str(text), PATH, &manifest, &error) != AIRS_OK) {
        fail_msg("refused: %s", error.text);
    }
    return manifest;
}

void manifest_expect_refused(const char *text, const char *error_text) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    assert_status(airs_manifest_parse(airs_allocator_default(), airs_str(text), PATH, &manifest, &error),
                  AIRS_MANIFEST_INVALID);
    assert_string_equal(error.text, error_text);
}

void manifest_expect_differences(const char *const *texts, size_t count, unsigned difference) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            airs_manifest_t *one = manifest_of(texts[i]);
            airs_manifest_t *other = manifest_of(texts[k]);
            assert_int_equal(airs_manifest_component_difference(&one->components[0], &other->components[0]),
                             i == k ? 0 : difference);
            airs_manifest_destroy(one);
            airs_manifest_destroy(other);
        }
    }
}

airs_status_t manifest_life(const airs_allocator_t *allocator, void *text) {
    airs_manifest_t *manifest = NULL;
    airs_status_t status = airs_manifest_parse(allocator, airs_str(text), PATH, &manifest, NULL);
    airs_manifest_destroy(manifest);
    return status;
}
