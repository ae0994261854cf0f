#include "core/backtrace.h"

#include "core/memory.h"

static const char first_frame[] = "\n    0: ";

size_t airs_backtrace_offset(airs_str_t text) {
    size_t size = sizeof first_frame - 1;
    for (size_t at = 0; at + size <= text.size; at++) {
        if (memcmp(text.data + at, first_frame, size) == 0) {
            return at;
        }
    }
    return text.size;
}

/* Past line ends and indentation. */
static airs_str_t skip_blanks(airs_str_t text) {
    while (text.size > 0 && (text.data[0] == '\n' || text.data[0] == ' ')) {
        text = airs_str_n(text.data + 1, text.size - 1);
    }
    return text;
}

static size_t line_size(airs_str_t text) {
    const char *newline = text.size > 0 ? memchr(text.data, '\n', text.size) : NULL;
    return newline != NULL ? (size_t)(newline - text.data) : text.size;
}

airs_str_t airs_backtrace_on_one_line(airs_str_t backtrace, char *out, size_t size) {
    size_t used = 0;
    for (airs_str_t rest = skip_blanks(backtrace); rest.size > 0; rest = skip_blanks(rest)) {
        size_t comma = used > 0 ? 2 : 0;
        size_t frame = line_size(rest);
        if (frame > size || comma > size - frame || used > size - frame - comma) {
            break;
        }
        (void)airs_copy(out + used, ", ", comma);
        (void)airs_copy(out + used + comma, rest.data, frame);
        used += comma + frame;
        rest = airs_str_n(rest.data + frame, rest.size - frame);
    }
    return airs_str_n(out, used);
}
