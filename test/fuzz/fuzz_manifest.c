/* Text as a manifest, with the files that it names (input_files.h): whatever it is, reading ends, and says where and what
 * is wrong with it, or makes an application: with every component below exactly one supervisor, with capabilities that
 * can be made; and the same text makes the same application. */
#include "core/check.h"
#include "input_files.h"
#include "node/guard.h"
#include "node/manifest.h"
#include "node/manifest_diff.h"
#include "said.h"

#define PATH INPUT_FOLDER AIRS_MANIFEST_FILE_NAME

static airs_manifest_t *parse(airs_str_t text) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status = airs_manifest_parse(airs_allocator_default(), text, PATH, &manifest, &error);
    AIRS_ASSERT(status == AIRS_OK || (status == AIRS_MANIFEST_INVALID && error.status == status));
    if (status != AIRS_OK) {
        said_where(&error, INPUT_FOLDER);
    }
    return manifest;
}

/* How many components are below it, all of which know it. */
static size_t count_below(const airs_manifest_supervisor_t *supervisor) {
    size_t count = 0;
    AIRS_ASSERT(supervisor->name != NULL && supervisor->child_count > 0);
    for (size_t i = 0; i < supervisor->child_count; i++) {
        const airs_manifest_child_t *child = &supervisor->children[i];
        AIRS_ASSERT((child->component == NULL) != (child->supervisor == NULL));
        const airs_manifest_place_t *place = child->component != NULL ? &child->component->place
                                                                      : &child->supervisor->place;
        AIRS_ASSERT(place->supervisor == supervisor);
        count += child->component != NULL ? 1 : count_below(child->supervisor);
    }
    return count;
}

static void check_component(const airs_manifest_component_t *component) {
    airs_capabilities_t *capabilities = NULL;
    const airs_manifest_capabilities_t *given = &component->capabilities;
    AIRS_ASSERT(component->name != NULL && component->source != NULL && component->place.supervisor != NULL);
    AIRS_ASSERT(component->instances > 0 || component->place.supervisor->strategy == AIRS_SIMPLE_ONE_FOR_ONE);
    AIRS_ASSERT(airs_guard_make_capabilities(airs_allocator_default(), given->grants, given->grant_count,
                                             given->storage_quota, 0, &capabilities, NULL) == AIRS_OK);
    airs_capabilities_unref(capabilities);
}

static void check(const airs_manifest_t *manifest) {
    size_t count = 0;
    AIRS_ASSERT(manifest->component_count > 0 && manifest->trust != NULL);
    for (size_t i = 0; i < manifest->root_count; i++) {
        AIRS_ASSERT(manifest->roots[i]->place.supervisor == NULL);
        count += count_below(manifest->roots[i]);
    }
    AIRS_ASSERT(count == manifest->component_count);
    for (size_t i = 0; i < manifest->component_count; i++) {
        check_component(&manifest->components[i]);
    }
}

static void check_same(const airs_manifest_t *one, const airs_manifest_t *other) {
    airs_node_options_t made = AIRS_NODE_OPTIONS_INIT;
    made.consume_fuel = true;
    made.record = true;
    made.max_memory_bytes = UINT64_MAX;
    made.max_actors = UINT32_MAX;
    AIRS_ASSERT(airs_manifest_check_change(one, other, &made, NULL) == AIRS_OK);
    AIRS_ASSERT(one->root_count == other->root_count && one->component_count == other->component_count);
    for (size_t i = 0; i < one->root_count; i++) {
        AIRS_ASSERT(airs_manifest_same_supervision(one->roots[i], other->roots[i]));
    }
    for (size_t i = 0; i < one->component_count; i++) {
        AIRS_ASSERT(airs_manifest_component_difference(&one->components[i], &other->components[i]) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    input_files_set(airs_bytes(bytes, size), AIRS_MANIFEST_FILE_NAME);
    airs_str_t text = input_file(AIRS_MANIFEST_FILE_NAME);
    airs_manifest_t *manifest = parse(text);
    if (manifest != NULL) {
        airs_manifest_t *again = parse(text);
        AIRS_ASSERT(again != NULL);
        check(manifest);
        check_same(manifest, again);
        airs_manifest_destroy(again);
    }
    airs_manifest_destroy(manifest);
    input_files_end();
    return 0;
}
