/* What the tests of manifests do with texts, which are read as if they were "airssys.toml". */
#ifndef AIRSSYS_TEST_NODE_MANIFESTS_H
#define AIRSSYS_TEST_NODE_MANIFESTS_H

#include "node/manifest.h"

/* Fails the test, with the error, when it is refused. The caller destroys it. */
airs_manifest_t *manifest_of(const char *text);

/* Fails the test unless it is refused with just that text. */
void manifest_expect_refused(const char *text, const char *error);

/* Fails the test unless the first components of each two of the texts have just that difference
 * (airs_manifest_component_difference), and those of the same text none. */
void manifest_expect_differences(const char *const *texts, size_t count, unsigned difference);

/* For airs_fail_each_allocation: `text`, a string, is read and forgotten. */
airs_status_t manifest_life(const airs_allocator_t *allocator, void *text);

#endif
