/* The backtrace at the end of what an engine says of a crash: a line for each frame, "    0: name (+0x1f)", behind
 * the line that says what happened. */
#ifndef AIRSSYS_CORE_BACKTRACE_H
#define AIRSSYS_CORE_BACKTRACE_H

#include <airssys/bytes.h>

/* Where what happened ends and its backtrace begins: the text's size if it has none. */
size_t airs_backtrace_offset(airs_str_t text);

/* The frames with commas between them, for where a text has one line; as many whole ones as fit. Returns them,
 * in `out`. */
airs_str_t airs_backtrace_on_one_line(airs_str_t backtrace, char *out, size_t size);

#endif
