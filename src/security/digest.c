#include "security/digest.h"

#include <sodium.h>

#define PREFIX "sha256:"
#define PREFIX_SIZE (sizeof PREFIX - 1)
#define HEX_SIZE ((size_t)2 * AIRS_DIGEST_SIZE)

_Static_assert(AIRS_DIGEST_SIZE == crypto_hash_sha256_BYTES, "a digest is a SHA-256");
_Static_assert(AIRS_DIGEST_TEXT_MAX == PREFIX_SIZE + HEX_SIZE + 1, "the text has room");

airs_digest_t airs_digest_of(airs_bytes_t bytes) {
    airs_digest_t digest;
    crypto_hash_sha256(digest.bytes, bytes.data, bytes.size);
    return digest;
}

static bool is_lower_hex(airs_str_t text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

airs_status_t airs_digest_parse(airs_str_t text, airs_digest_t *out, airs_error_t *error) {
    bool has_prefix = text.size >= PREFIX_SIZE && memcmp(text.data, PREFIX, PREFIX_SIZE) == 0;
    if (!has_prefix || text.size != PREFIX_SIZE + HEX_SIZE ||
        !is_lower_hex(airs_str_n(text.data + PREFIX_SIZE, HEX_SIZE)) ||
        sodium_hex2bin(out->bytes, sizeof out->bytes, text.data + PREFIX_SIZE, HEX_SIZE, NULL, NULL, NULL) !=
            0) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "not a digest: it is \"" PREFIX "\" and %zu lower-case hexadecimal digits, as "
                              "sha256sum prints them",
                              HEX_SIZE);
    }
    return AIRS_OK;
}

const char *airs_digest_text(const airs_digest_t *digest, char out[AIRS_DIGEST_TEXT_MAX]) {
    memcpy(out, PREFIX, PREFIX_SIZE);
    return sodium_bin2hex(out + PREFIX_SIZE, HEX_SIZE + 1, digest->bytes, sizeof digest->bytes) - PREFIX_SIZE;
}
