/* The manifest's [compile] and [components.NAME.compile]: what a component's file may be, and how it is compiled. */
#ifndef AIRSSYS_NODE_MANIFEST_COMPILE_H
#define AIRSSYS_NODE_MANIFEST_COMPILE_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* For an airs_manifest_compile_t. */
airs_manifest_read_fn airs_manifest_read_compile;

/* For an airs_load_limits_t. */
airs_manifest_read_fn airs_manifest_read_load_limits;

/* What holds for a component: what it says itself, and for the rest what the manifest says for all. */
airs_load_limits_t airs_manifest_load_limits(const airs_manifest_t *manifest,
                                             const airs_manifest_component_t *component);

#endif
