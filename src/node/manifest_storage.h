/* The manifest's [storage], and `storage` of a component. */
#ifndef AIRSSYS_NODE_MANIFEST_STORAGE_H
#define AIRSSYS_NODE_MANIFEST_STORAGE_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* For an airs_manifest_storage_t. */
airs_manifest_read_fn airs_manifest_read_storage;

/* For a bool: does each instance have keys of its own? */
airs_manifest_read_fn airs_manifest_read_storage_owner;

#endif
