/* UTF-8 as Unicode 15, table 3-7 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef AIRSSYS_CORE_UTF8_H
#define AIRSSYS_CORE_UTF8_H

#include <airssys/bytes.h>

/* The length (1 to 4) of the character that `text` begins with, and the character in *out; 0 when it
 * does not begin with one (or is empty). */
size_t airs_utf8_decode(airs_str_t text, uint32_t *out);

bool airs_utf8_valid(airs_str_t text);

/* How many bytes at its beginning are printable ASCII, at least; looked at eight at a time. */
size_t airs_utf8_plain(airs_str_t text);

/* The largest length <= `size` at which `text` can be cut without splitting a character. */
size_t airs_utf8_cut(airs_str_t text, size_t size);

/* The same, and at the end of a line if the text has one up to there. */
size_t airs_utf8_cut_lines(airs_str_t text, size_t size);

/* Characters that steer a terminal or forge the look of a line instead of standing in it: C0 and C1
 * controls, DEL, line and paragraph separators, and direction overrides. */
bool airs_utf8_is_control(uint32_t character);

#endif
