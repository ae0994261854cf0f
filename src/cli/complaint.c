#include "cli/complaint.h"

#include <stdarg.h>
#include <stdio.h>

#include <airssys/error.h>

#include "cli/visible_text.h"

/* An error's text and what is said around it. */
#define COMPLAINT_MAX (AIRS_ERROR_TEXT_MAX + 512)

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
    airs_visible_print(whole, true, stderr);
    (void)fputc('\n', stderr);
    funlockfile(stderr);
}
