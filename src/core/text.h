/* A text that grows as it is written to. The first failure to get memory sticks, so that a run of
 * appends is checked once, at its end. */
#ifndef AIRSSYS_CORE_TEXT_H
#define AIRSSYS_CORE_TEXT_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/status.h>

typedef struct airs_text {
    const airs_allocator_t *allocator;
    char *data; /* zero-terminated when not NULL; NULL: nothing was written */
    size_t size;
    size_t capacity; /* end included */
    bool failed;
} airs_text_t;

/* Takes no memory yet. The allocator must outlive the text. */
void airs_text_init(airs_text_t *text, const airs_allocator_t *allocator);

/* Gives the memory back; `text` is as after airs_text_init. */
void airs_text_free(airs_text_t *text);

/* Forgets what was written, a failure too, and keeps the memory. */
void airs_text_clear(airs_text_t *text);

void airs_text_append(airs_text_t *text, airs_str_t part);
void airs_text_append_char(airs_text_t *text, char character);
void airs_text_append_format(airs_text_t *text, const char *format, ...) AIRS_PRINTF(2, 3);

/* A JSON string (RFC 8259), quotes included. Control characters are escaped, what is not UTF-8 becomes
 * U+FFFD, so that the result is always valid. */
void airs_text_append_json(airs_text_t *text, airs_str_t part);

/* AIRS_OUT_OF_MEMORY when an append failed. */
airs_status_t airs_text_status(const airs_text_t *text);

/* What was written; valid until the next append. */
airs_str_t airs_text_view(const airs_text_t *text);

/* Zero-terminated, never NULL; valid until the next append. */
const char *airs_text_cstr(const airs_text_t *text);

#endif
