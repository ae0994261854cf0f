/* Signing a WebAssembly binary, and telling who signed it and how much of it (WebAssembly tool-conventions,
 * "Signatures").
 *
 * `signature_delimiter` sections cut the binary into parts. The hash of a part is that of everything from the first
 * section behind the signatures to the end of that part, so that one hash stands for all parts up to its own. The
 * eight bytes of the header are not signed; they have only one form for a component. */
#ifndef AIRSSYS_SECURITY_COMPONENT_SIGNATURE_H
#define AIRSSYS_SECURITY_COMPONENT_SIGNATURE_H

#include <airssys/allocator.h>
#include <airssys/random.h>

#include "security/signature_data.h"

/* A binary with its parts and its signatures. */
typedef struct airs_signed_binary airs_signed_binary_t;

/* Read a binary (borrowed) and hash its parts. One without signatures is fine too. AIRS_INVALID_COMPONENT says why it
 * is not a binary, or what is wrong with its signatures; AIRS_OUT_OF_MEMORY. The caller owns *out. */
airs_status_t airs_signed_binary_read(const airs_allocator_t *allocator, airs_bytes_t binary,
                                      airs_signed_binary_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_signed_binary_destroy(airs_signed_binary_t *binary);

/* What it is, and how many parts it has (at least one). */
bool airs_signed_binary_is_component(const airs_signed_binary_t *binary);
size_t airs_signed_binary_parts(const airs_signed_binary_t *binary);

/* Its signatures, not checked; NULL when it has no signature section. */
const airs_signature_data_t *airs_signed_binary_signatures(const airs_signed_binary_t *binary);

/* How much of a binary a key has signed. */
typedef struct airs_signed_extent {
    bool whole;   /* exactly this binary, with all of its parts and no others */
    size_t parts; /* so many of its parts, from the first on; 0: none */
} airs_signed_extent_t;

/* What valid signatures of this key cover. Key ids decide nothing: nobody signs them. */
airs_signed_extent_t airs_signed_binary_extent(const airs_signed_binary_t *binary,
                                               const airs_public_key_t *key);

/* The binary with a signature of `key` over the whole of it, in a signature section at its beginning that keeps what
 * signatures there are; everything else stays byte for byte. With `random`, a binary that does not end in a delimiter
 * gets one, so that sections can be added later without an end of this signature; one that is signed already does
 * not, since that would spoil those signatures: AIRS_INVALID_STATE.
 * AIRS_INVALID_COMPONENT, AIRS_ALREADY_EXISTS, AIRS_RESOURCE_LIMIT (parts or signatures), AIRS_OUT_OF_MEMORY. The
 * caller releases out->data. */
airs_status_t airs_component_sign(const airs_allocator_t *allocator, airs_bytes_t binary,
                                  const airs_signing_key_t *key, airs_random_t *random, airs_bytes_t *out,
                                  airs_error_t *error);

#endif
