#include "runtime/host/text.h"

#include <stdarg.h>
#include <stdio.h>

void airs_host_reason(airs_ext_text_t *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(out->data, sizeof out->data, format, arguments);
    va_end(arguments);
    out->size = wanted < 0 ? 0 : (size_t)wanted;
    out->size = out->size < sizeof out->data ? out->size : sizeof out->data - 1;
}
