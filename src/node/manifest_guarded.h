/* What a manifest is made of, kept from the components that it grants folders to. */
#ifndef AIRSSYS_NODE_MANIFEST_GUARDED_H
#define AIRSSYS_NODE_MANIFEST_GUARDED_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* A folder that a component may write to must have none of these in it: the manifest, its policy, `trust_store` (may be
 * NULL), the audit, the storage, or a component of the application. Whoever may change them may change what is granted.
 * Once all of the manifest has been read. */
void airs_manifest_check_guarded(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                                 const airs_manifest_t *manifest, const char *trust_store);

#endif
