/* What a `signature` section holds, as the WebAssembly tool-conventions ("Signatures") have it: sets of hashes, each
 * with the signatures of those who signed it.
 *
 *     01 version, 01 a WebAssembly binary, 01 SHA-256, count of sets, sets
 *     set:        count of hashes, hashes, count of signatures, signatures
 *     signature:  size and bytes of the key's id, 01 Ed25519, size and bytes of the signature
 *
 * The conventions' reference tool, wasmsign2, puts the size in bytes before each set and before each signature, which
 * the text of the conventions does not mention. Both forms are read; the tool's is written. */
#ifndef AIRSSYS_SECURITY_SIGNATURE_DATA_H
#define AIRSSYS_SECURITY_SIGNATURE_DATA_H

#include "core/text.h"
#include "security/digest.h"
#include "security/signing_key.h"

#define AIRS_SIGNATURE_ED25519 0x01

/* At most; what has more is refused, so that a file cannot make its reader work for long. */
#define AIRS_SIGNED_SETS_MAX 64
#define AIRS_SIGNED_HASHES_MAX 64 /* in one set: as many as a binary may have parts */
#define AIRS_SIGNATURES_MAX 256   /* in all sets */

typedef struct airs_signature {
    airs_bytes_t key_id; /* may be empty. Nobody signs it: a hint, no more */
    airs_bytes_t bytes;
    uint8_t algorithm; /* signatures of others than AIRS_SIGNATURE_ED25519 are kept, and prove nothing */
} airs_signature_t;

typedef struct airs_signed_set {
    airs_bytes_t hashes; /* `hash_count` of AIRS_DIGEST_SIZE bytes */
    size_t hash_count;
    size_t first; /* of the signatures below */
    size_t count;
} airs_signed_set_t;

/* Views into what was read, or into what the signer has. */
typedef struct airs_signature_data {
    airs_signed_set_t sets[AIRS_SIGNED_SETS_MAX];
    size_t set_count;
    airs_signature_t signatures[AIRS_SIGNATURES_MAX];
    size_t signature_count;
} airs_signature_data_t;

/* Read the payload of a section. AIRS_INVALID_COMPONENT says what is wrong with it. */
airs_status_t airs_signature_data_parse(airs_bytes_t payload, airs_signature_data_t *out,
                                        airs_error_t *error);

/* Add a signature of `hashes`: to the set that has them, or in a new one at the end. AIRS_ALREADY_EXISTS when it is
 * there, AIRS_RESOURCE_LIMIT when there is no room. */
airs_status_t airs_signature_data_add(airs_signature_data_t *data, airs_bytes_t hashes,
                                      const airs_signature_t *signature, airs_error_t *error);

/* Append the payload of a section. Memory: see airs_text_status. */
void airs_signature_data_write(const airs_signature_data_t *data, airs_text_t *out);

/* What is signed: "wasmsig", version, content type, hash function, and the hashes. Returns its size. */
#define AIRS_SIGNED_MESSAGE_MAX (10 + AIRS_SIGNED_HASHES_MAX * AIRS_DIGEST_SIZE)
size_t airs_signed_message(airs_bytes_t hashes, uint8_t out[AIRS_SIGNED_MESSAGE_MAX]);

#endif
