/* `stateless` and `passivate-after` of a component in a manifest. */
#ifndef AIRSSYS_NODE_MANIFEST_PASSIVATION_H
#define AIRSSYS_NODE_MANIFEST_PASSIVATION_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* For a bool. */
airs_manifest_read_fn airs_manifest_read_stateless;

/* Complains where the one is without the other, or cannot be. */
void airs_manifest_check_passivation(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                     const airs_toml_value_t *table,
                                     const airs_manifest_component_t *component);

#endif
