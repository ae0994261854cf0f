/* The [components.NAME.capabilities] table of a manifest, and its [policy] and [audit]. */
#ifndef AIRSSYS_NODE_MANIFEST_CAPABILITIES_H
#define AIRSSYS_NODE_MANIFEST_CAPABILITIES_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* Reads the table into an airs_manifest_capabilities_t. */
airs_manifest_read_fn airs_manifest_read_capabilities;

/* When the application's namespace is known: patterns that name a component of the application get it, and the
 * variables that the component may read join its `env`. */
void airs_manifest_complete_capabilities(airs_manifest_reader_t *reader, const char *ns,
                                         airs_manifest_component_t *component);

/* Reads the table into an airs_manifest_audit_t. */
airs_manifest_read_fn airs_manifest_read_audit;

/* Reads the table into a `const char *`: the path of the policy. */
airs_manifest_read_fn airs_manifest_read_policy;

#endif
