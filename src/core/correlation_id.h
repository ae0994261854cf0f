/* A request's id: a random UUID (version 4, RFC 9562), 16 bytes inside and 36 characters outside. */
#ifndef AIRSSYS_CORE_CORRELATION_ID_H
#define AIRSSYS_CORE_CORRELATION_ID_H

#include <airssys/bytes.h>
#include <airssys/random.h>
#include <airssys/status.h>

#define AIRS_CORRELATION_ID_TEXT_SIZE 36

typedef struct airs_correlation_id {
    uint8_t bytes[16];
} airs_correlation_id_t;

airs_correlation_id_t airs_correlation_id_make(airs_random_t *random);

/* Lower case, 36 characters and a terminating zero. */
void airs_correlation_id_format(const airs_correlation_id_t *id, char out[AIRS_CORRELATION_ID_TEXT_SIZE + 1]);

/* Reads either case; AIRS_INVALID_ARGUMENT for anything but a UUID's 8-4-4-4-12 form. */
airs_status_t airs_correlation_id_parse(airs_str_t text, airs_correlation_id_t *out);

static inline bool airs_correlation_id_equal(const airs_correlation_id_t *a, const airs_correlation_id_t *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

#endif
