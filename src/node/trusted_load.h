/* Loading a component that a manifest names: read once, held to what the manifest trusts, loaded from those very bytes,
 * and a command or an actor as the manifest says. Everything that loads a manifest's components, at the start or for an
 * update, comes through here. */
#ifndef AIRSSYS_NODE_TRUSTED_LOAD_H
#define AIRSSYS_NODE_TRUSTED_LOAD_H

#include "node/manifest.h"

/* `component` is the manifest's. AIRS_UNTRUSTED says what would be right; what the manifest has only warned of, and
 * which key has signed, goes to `log`. AIRS_EXPORT_NOT_FOUND: it is a command without a `run`, or no command and has one.
 * Else the statuses of airs_node_load. */
airs_status_t airs_trusted_load(airs_node_t *node, const airs_manifest_t *manifest,
                                const airs_manifest_component_t *component, const airs_allocator_t *allocator,
                                airs_log_t *log, airs_component_t *out, airs_error_t *error);

/* The same without loading it: whether the file that is there is trusted. */
airs_status_t airs_trusted_check(const airs_manifest_t *manifest, const airs_manifest_component_t *component,
                                 const airs_allocator_t *allocator, airs_log_t *log, airs_error_t *error);

#endif
