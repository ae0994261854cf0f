/* How the components and supervisors of a manifest hang together, once all are known: who supervises whom, and
 * what starts before what. */
#ifndef AIRSSYS_NODE_MANIFEST_TREE_H
#define AIRSSYS_NODE_MANIFEST_TREE_H

#include "node/manifest_component.h"
#include "node/manifest_supervisor.h"

/* Looks up children and `after`, checks them, makes the implicit supervisors and puts the topmost ones in order,
 * into `manifest`. `root` is the whole document. */
void airs_manifest_plant_trees(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                               const airs_manifest_component_list_t *components,
                               const airs_manifest_supervisor_list_t *supervisors, airs_manifest_t *manifest);

#endif
