/* The `run` of a component in a manifest: how a command is run. */
#ifndef AIRSSYS_NODE_MANIFEST_RUN_H
#define AIRSSYS_NODE_MANIFEST_RUN_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* Reads the table into an airs_manifest_run_t. */
airs_manifest_read_fn airs_manifest_read_run;

/* When the component's table was read: a command that runs once is not run again when it has succeeded, unless the
 * manifest says so, and what is only for actors is no command's. */
void airs_manifest_complete_run(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                const airs_toml_value_t *table, airs_manifest_component_t *component);

#endif
