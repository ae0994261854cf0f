/* The manifest's [crashes], and `record` and `record-size` of a component. */
#ifndef AIRSSYS_NODE_MANIFEST_RECORD_H
#define AIRSSYS_NODE_MANIFEST_RECORD_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* What the journal of one incarnation may have when a component says no more than that it is to be recorded. */
#define AIRS_DEFAULT_RECORD_BYTES ((uint64_t)16 << 20)

/* For an airs_manifest_crashes_t. */
airs_manifest_read_fn airs_manifest_read_crashes;

/* For a bool. */
airs_manifest_read_fn airs_manifest_read_record;

/* Puts the default where `record` is alone, and complains where `record-size` is. */
void airs_manifest_complete_record(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                   const airs_toml_value_t *table, airs_manifest_component_t *component);

#endif
