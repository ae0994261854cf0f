/* Errors that a person will read: what was wrong, where, and what would be right.
 *
 * The caller owns the structure, usually on its stack, and passes it as the last parameter; a
 * function that takes one also takes NULL. It is written only when the function fails. */
#ifndef AIRSSYS_ERROR_H
#define AIRSSYS_ERROR_H

#include <airssys/export.h>
#include <airssys/status.h>

/* Bytes of text kept, its end included; a longer text is cut at a character boundary and ends in "...". */
#define AIRS_ERROR_TEXT_MAX 2048

typedef struct airs_error {
    airs_status_t status;
    char text[AIRS_ERROR_TEXT_MAX];
} airs_error_t;

/* Set *error (NULL is fine) and return `status`, so that a failing function ends in one line:
 *     return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(errno)); */
AIRS_API airs_status_t airs_error_set(airs_error_t *error, airs_status_t status, const char *format, ...)
    AIRS_PRINTF(3, 4);

/* Put "prefix: " before the text that is there; what no longer fits is cut. Returns error->status
 * (AIRS_INTERNAL for NULL). */
AIRS_API airs_status_t airs_error_prefix(airs_error_t *error, const char *format, ...) AIRS_PRINTF(2, 3);

#endif
