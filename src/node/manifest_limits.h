/* The [components.NAME.limits] table of a manifest. */
#ifndef AIRSSYS_NODE_MANIFEST_LIMITS_H
#define AIRSSYS_NODE_MANIFEST_LIMITS_H

#include "node/manifest_reader.h"

/* Reads the table into an airs_manifest_limits_t. */
airs_manifest_read_fn airs_manifest_read_limits;

#endif
