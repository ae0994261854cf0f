/* What a file's content is told by: its SHA-256, written "sha256:" and 64 lower-case hexadecimal digits, as OCI
 * registries write it. */
#ifndef AIRSSYS_SECURITY_DIGEST_H
#define AIRSSYS_SECURITY_DIGEST_H

#include <airssys/bytes.h>
#include <airssys/error.h>

#define AIRS_DIGEST_SIZE 32

/* Room for a digest as text, its end included. */
#define AIRS_DIGEST_TEXT_MAX (7 + 2 * AIRS_DIGEST_SIZE + 1)

typedef struct airs_digest {
    uint8_t bytes[AIRS_DIGEST_SIZE];
} airs_digest_t;

airs_digest_t airs_digest_of(airs_bytes_t bytes);

/* AIRS_INVALID_ARGUMENT says what a digest looks like. */
airs_status_t airs_digest_parse(airs_str_t text, airs_digest_t *out, airs_error_t *error);

/* Returns `out`. */
const char *airs_digest_text(const airs_digest_t *digest, char out[AIRS_DIGEST_TEXT_MAX]);

static inline bool airs_digest_equal(const airs_digest_t *a, const airs_digest_t *b) {
    return memcmp(a->bytes, b->bytes, AIRS_DIGEST_SIZE) == 0;
}

#endif
