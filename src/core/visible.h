/* Text that came from elsewhere as a person can look at it, one character at a time, so that a stream, a line and a
 * buffer of fixed size can be written. */
#ifndef AIRSSYS_CORE_VISIBLE_H
#define AIRSSYS_CORE_VISIBLE_H

#include <airssys/bytes.h>

/* The longest that one character becomes: four bytes, as \xNN each. */
#define AIRS_VISIBLE_MAX 16

/* Writes the first character of *text (not empty) to `out` and moves *text behind it: control characters
 * (airs_utf8_is_control) and what is not UTF-8 as \xNN for each byte. Returns the number of bytes written. */
size_t airs_visible_next(airs_str_t *text, char out[AIRS_VISIBLE_MAX]);

/* Writes what fits of `text` to `out`, whole characters and a zero at the end; `lines`: with line breaks as they are.
 * `size` is at least 1. Returns the size that all of it has, without the zero, as snprintf does. */
size_t airs_visible(airs_str_t text, bool lines, char *out, size_t size);

#endif
