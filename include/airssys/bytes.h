/* Borrowed views of bytes and of text. They own nothing: whoever hands one out says how long it lives. */
#ifndef AIRSSYS_BYTES_H
#define AIRSSYS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct airs_bytes {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;
} airs_bytes_t;

/* UTF-8 text without a terminating zero. */
typedef struct airs_str {
    const char *data; /* may be NULL when size is 0 */
    size_t size;
} airs_str_t;

static inline airs_bytes_t airs_bytes(const void *data, size_t size) {
    return (airs_bytes_t){(const uint8_t *)data, size};
}

static inline airs_str_t airs_str(const char *text) {
    return (airs_str_t){text, text != NULL ? strlen(text) : 0};
}

static inline airs_str_t airs_str_n(const char *text, size_t size) { return (airs_str_t){text, size}; }

static inline bool airs_str_equal(airs_str_t a, airs_str_t b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* For printf: printf("%.*s", AIRS_STR_ARG(s)). */
#define AIRS_STR_ARG(s) (int)(s).size, ((s).data != NULL ? (s).data : "")

#endif
