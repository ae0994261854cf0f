/* Text as the inside of a JSON string (RFC 8259, section 7), one character at a time, so that both a
 * growing text and a buffer of fixed size can be written. */
#ifndef AIRSSYS_CORE_JSON_ESCAPE_H
#define AIRSSYS_CORE_JSON_ESCAPE_H

#include <airssys/bytes.h>

/* The longest that one character becomes: \u and four digits. */
#define AIRS_JSON_ESCAPE_MAX 6

/* Writes the first character of *text (not empty), escaped if it must be, to `out` and moves *text behind
 * it. A byte that is not UTF-8 becomes U+FFFD. Returns the number of bytes written. */
size_t airs_json_escape_next(airs_str_t *text, char out[AIRS_JSON_ESCAPE_MAX]);

#endif
