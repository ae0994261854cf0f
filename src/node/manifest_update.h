/* The manifest's [components.NAME.update]. */
#ifndef AIRSSYS_NODE_MANIFEST_UPDATE_H
#define AIRSSYS_NODE_MANIFEST_UPDATE_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* What holds for a component that says nothing. */
extern const airs_manifest_update_t airs_manifest_update_default;

/* For an airs_manifest_update_t, which has the defaults. */
airs_manifest_read_fn airs_manifest_read_update;

#endif
