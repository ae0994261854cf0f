#include <airssys/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

#define ELLIPSIS "..."
#define KEPT_MAX (AIRS_ERROR_TEXT_MAX - sizeof ELLIPSIS)

/* `text` holds AIRS_ERROR_TEXT_MAX bytes; the last one's place is taken when it did not fit. */
static void mark_cut(char text[AIRS_ERROR_TEXT_MAX]) {
    size_t cut = airs_utf8_cut(airs_str(text), KEPT_MAX);
    memcpy(text + cut, ELLIPSIS, sizeof ELLIPSIS);
}

/* Formats into `out`, cut if need be; returns the length. */
static size_t format_text(char out[AIRS_ERROR_TEXT_MAX], const char *format, va_list arguments) {
    int length = vsnprintf(out, AIRS_ERROR_TEXT_MAX, format, arguments);
    if (length < 0) { /* an encoding error, the only one there is: the format itself still says something */
        length = snprintf(out, AIRS_ERROR_TEXT_MAX, "%s", format);
    }
    if ((size_t)length >= AIRS_ERROR_TEXT_MAX) {
        mark_cut(out);
        return strlen(out);
    }
    return (size_t)length;
}

airs_status_t airs_error_set(airs_error_t *error, airs_status_t status, const char *format, ...) {
    if (error == NULL) {
        return status;
    }
    /* Not into error->text at once: the arguments may point there. */
    char text[AIRS_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_text(text, format, arguments);
    va_end(arguments);
    error->status = status;
    memcpy(error->text, text, length + 1);
    return status;
}

airs_status_t airs_error_prefix(airs_error_t *error, const char *format, ...) {
    if (error == NULL) {
        return AIRS_INTERNAL;
    }
    char prefix[AIRS_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)format_text(prefix, format, arguments);
    va_end(arguments);
    return airs_error_set(error, error->status, "%s: %s", prefix, error->text);
}
