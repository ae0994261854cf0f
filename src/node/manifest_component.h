/* The [components] table of a manifest. */
#ifndef AIRSSYS_NODE_MANIFEST_COMPONENT_H
#define AIRSSYS_NODE_MANIFEST_COMPONENT_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* airs_manifest_read_fn: reads the table into an airs_manifest_component_list_t. */
typedef struct airs_manifest_component_list {
    airs_manifest_component_t *items; /* in the order of the file; the manifest's memory */
    size_t count;
} airs_manifest_component_list_t;

airs_manifest_read_fn airs_manifest_read_components;

/* Whether `name` can be one segment of an id that a manifest gives: a letter or digit, then letters,
 * digits, "-", "_" and ".", AIRS_MANIFEST_NAME_MAX bytes at most. */
#define AIRS_MANIFEST_NAME_MAX 64
bool airs_manifest_is_name(airs_str_t name);

/* What a name must be, for messages. */
#define AIRS_MANIFEST_NAME_RULE \
    "up to 64 letters, digits, \"-\", \"_\" and \".\", the first a letter or digit"

#endif
