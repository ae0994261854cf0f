#include "cli/complaint.h"

#include <stdarg.h>
#include <stdio.h>

#include <airssys/error.h>

#include "core/utf8.h"

/* An error's text and what is said around it. */
#define COMPLAINT_MAX (AIRS_ERROR_TEXT_MAX + 512)

static bool is_shown_as_it_is(uint32_t character) {
    return character == '\n' || character == '\t' || !airs_utf8_is_control(character);
}

static void print_visibly(airs_str_t text, FILE *stream) {
    while (text.size > 0) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(text, &character);
        if (length > 0 && is_shown_as_it_is(character)) {
            (void)fwrite(text.data, 1, length, stream);
        } else {
            length = length > 0 ? length : 1;
            for (size_t i = 0; i < length; i++) {
                (void)fprintf(stream, "\\x%02x", (unsigned char)text.data[i]);
            }
        }
        text = airs_str_n(text.data + length, text.size - length);
    }
}

void airs_complain(const char *verb, const char *format, ...) {
    char text[COMPLAINT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    airs_str_t whole = airs_str_n(text, size < sizeof text ? size : sizeof text - 1);
    flockfile(stderr);
    (void)fprintf(stderr, "airssys%s%s: ", verb != NULL ? " " : "", verb != NULL ? verb : "");
    print_visibly(whole, stderr);
    (void)fputc('\n', stderr);
    funlockfile(stderr);
}
