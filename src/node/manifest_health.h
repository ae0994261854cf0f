/* The manifest's [components.NAME.health]. */
#ifndef AIRSSYS_NODE_MANIFEST_HEALTH_H
#define AIRSSYS_NODE_MANIFEST_HEALTH_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* What holds for a component that says nothing. */
extern const airs_manifest_health_t airs_manifest_health_default;

/* For an airs_manifest_health_t, which has the defaults. */
airs_manifest_read_fn airs_manifest_read_health;

#endif
