/* The manifest's [trust], and what a component is pinned to. */
#ifndef AIRSSYS_NODE_MANIFEST_TRUST_H
#define AIRSSYS_NODE_MANIFEST_TRUST_H

#include "node/manifest.h"
#include "node/manifest_reader.h"
#include "security/trust.h"

typedef struct airs_manifest_trust_section {
    airs_trust_mode_t mode;
    bool other_folder; /* files in the manifest's own folder are as any other */
    const char *store; /* a path that can be opened from where the process is; NULL: none */
    size_t store_offset;
} airs_manifest_trust_section_t;

/* For an airs_manifest_trust_section_t, zeroed. */
airs_manifest_read_fn airs_manifest_read_trust;

/* For a member of the type const struct airs_digest *. */
airs_manifest_read_fn airs_manifest_read_digest;

/* What the section says, with the keys of its store. NULL: a problem is noted, or there is no memory. The caller
 * owns it. */
airs_trust_t *airs_manifest_make_trust(airs_manifest_reader_t *reader,
                                       const airs_manifest_trust_section_t *section);

#endif
