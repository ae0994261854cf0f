/* `stdout` and `stderr` of a manifest: where a component's standard streams go. */
#ifndef AIRSSYS_NODE_MANIFEST_STREAM_H
#define AIRSSYS_NODE_MANIFEST_STREAM_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* Reads a word or a table into an airs_manifest_stream_t. */
airs_manifest_read_fn airs_manifest_read_stream;

/* Of a command the streams are with what else its `run` says. */
void airs_manifest_check_streams(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                 const airs_toml_value_t *table, const airs_manifest_component_t *component);

bool airs_manifest_same_stream(const airs_manifest_stream_t *a, const airs_manifest_stream_t *b);

/* The output component's standard output is the application's. `key`: of all components; `components`: their table. */
void airs_manifest_check_output_stream(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                                       const airs_manifest_component_t *component);

/* Whether what one instance writes to its stream comes to a place that nobody else in the manifest writes to. */
bool airs_manifest_is_alone(const airs_manifest_t *manifest, const airs_manifest_stream_t *stream);

#endif
