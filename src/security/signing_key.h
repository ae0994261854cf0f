/* Ed25519 keys (RFC 8032), in memory and as the files that the WebAssembly tool-conventions ("Signatures")
 * describe: a public key is 01 and 32 bytes, a key pair 81 and 64 bytes, the secret half first. */
#ifndef AIRSSYS_SECURITY_SIGNING_KEY_H
#define AIRSSYS_SECURITY_SIGNING_KEY_H

#include <airssys/bytes.h>
#include <airssys/error.h>

#define AIRS_PUBLIC_KEY_SIZE 32
#define AIRS_PUBLIC_KEY_FILE_SIZE (1 + AIRS_PUBLIC_KEY_SIZE)
#define AIRS_SIGNING_KEY_SIZE 64
#define AIRS_SIGNING_KEY_FILE_SIZE (1 + AIRS_SIGNING_KEY_SIZE)
#define AIRS_SIGNATURE_SIZE 64

/* How signatures name the key that made them: the first bytes of a hash of the public key. */
#define AIRS_KEY_ID_SIZE 12

/* Room for a public key as text, and for a key id, ends included. */
#define AIRS_PUBLIC_KEY_TEXT_MAX (2 * AIRS_PUBLIC_KEY_FILE_SIZE + 1)
#define AIRS_KEY_ID_TEXT_MAX (2 * AIRS_KEY_ID_SIZE + 1)

typedef struct airs_public_key {
    uint8_t bytes[AIRS_PUBLIC_KEY_SIZE];
} airs_public_key_t;

/* A key pair. Whoever has one erases it when it is no longer needed. */
typedef struct airs_signing_key {
    uint8_t bytes[AIRS_SIGNING_KEY_SIZE];
} airs_signing_key_t;

typedef struct airs_key_id {
    uint8_t bytes[AIRS_KEY_ID_SIZE];
} airs_key_id_t;

/* A new pair from the kernel's randomness. AIRS_INTERNAL when libsodium cannot be initialized. */
airs_status_t airs_signing_key_generate(airs_signing_key_t *out, airs_error_t *error);
void airs_signing_key_erase(airs_signing_key_t *key);
airs_public_key_t airs_signing_key_public(const airs_signing_key_t *key);

/* From what a file holds. AIRS_INVALID_ARGUMENT says what it holds instead; the halves of a pair must belong
 * together, and a public key must be one that no two different secrets can have. */
airs_status_t airs_signing_key_parse(airs_bytes_t file, airs_signing_key_t *out, airs_error_t *error);
airs_status_t airs_public_key_parse(airs_bytes_t file, airs_public_key_t *out, airs_error_t *error);

/* What a file holds. The pair's bytes are to be erased by who asked for them. */
void airs_signing_key_write(const airs_signing_key_t *key, uint8_t out[AIRS_SIGNING_KEY_FILE_SIZE]);
void airs_public_key_write(const airs_public_key_t *key, uint8_t out[AIRS_PUBLIC_KEY_FILE_SIZE]);

/* A public key as text is the bytes of its file in hexadecimal. AIRS_INVALID_ARGUMENT. */
airs_status_t airs_public_key_from_text(airs_str_t text, airs_public_key_t *out, airs_error_t *error);
const char *airs_public_key_text(const airs_public_key_t *key, char out[AIRS_PUBLIC_KEY_TEXT_MAX]);

/* The id that the wasmsign2 tool gives a key: the beginning of HMAC-SHA256 of "key_id" with the public key as its key. */
airs_key_id_t airs_key_id_of(const airs_public_key_t *key);
const char *airs_key_id_text(const airs_key_id_t *id, char out[AIRS_KEY_ID_TEXT_MAX]);

static inline bool airs_public_key_equal(const airs_public_key_t *a, const airs_public_key_t *b) {
    return memcmp(a->bytes, b->bytes, AIRS_PUBLIC_KEY_SIZE) == 0;
}

/* The signature of a message, and whether `signature` is one by this key. */
void airs_signing_key_sign(const airs_signing_key_t *key, airs_bytes_t message,
                           uint8_t out[AIRS_SIGNATURE_SIZE]);
bool airs_public_key_verify(const airs_public_key_t *key, airs_bytes_t message, airs_bytes_t signature);

#endif
