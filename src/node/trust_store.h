/* A trust store: a file, or a folder of files, with public keys and the namespaces that each may sign for.
 * docs/reference/trust.md describes it. */
#ifndef AIRSSYS_NODE_TRUST_STORE_H
#define AIRSSYS_NODE_TRUST_STORE_H

#include <airssys/error.h>

#include "security/trust.h"

/* Add the keys of the store at `path` to `trust`: a file, or all files of a folder whose names end in ".toml", in the
 * order of their names. AIRS_IO when something cannot be read, AIRS_MANIFEST_INVALID with a line for each problem,
 * AIRS_OUT_OF_MEMORY; `trust` may then have some of the keys. */
airs_status_t airs_trust_store_read(const airs_allocator_t *allocator, const char *path, airs_trust_t *trust,
                                    airs_error_t *error);

/* The public key in the file at `path`. AIRS_IO, AIRS_INVALID_ARGUMENT, AIRS_OUT_OF_MEMORY; the error does not repeat
 * the path. */
airs_status_t airs_public_key_load(const airs_allocator_t *allocator, const char *path,
                                   airs_public_key_t *out, airs_error_t *error);

#endif
