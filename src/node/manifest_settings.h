/* What a component is configured with by name: `settings` and `secrets`, and where texts of a manifest come from. */
#ifndef AIRSSYS_NODE_MANIFEST_SETTINGS_H
#define AIRSSYS_NODE_MANIFEST_SETTINGS_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* Where a text may come from. */
typedef enum airs_text_source {
    AIRS_TEXT_HERE_OR_ELSEWHERE, /* "text", { env = "NAME" } or { file = "path" } */
    AIRS_TEXT_ELSEWHERE,         /* only the latter two: it is a secret */
} airs_text_source_t;

/* The text that a value stands for, in the manifest's memory: UTF-8 of at most AIRS_SETTING_VALUE_MAX bytes, without
 * zero character; of a file without the line break at its end. NULL: a problem is noted, which shows nothing of the
 * text, or there is no memory. */
const char *airs_manifest_read_text(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                    const airs_toml_value_t *value, airs_text_source_t source);

/* Both for an airs_manifest_component_t: add to its settings. */
airs_manifest_read_fn airs_manifest_read_settings;
airs_manifest_read_fn airs_manifest_read_secrets;

/* Complains where a component is recorded that has secrets. */
void airs_manifest_check_secrets(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                 const airs_toml_value_t *table, const airs_manifest_component_t *component);

#endif
