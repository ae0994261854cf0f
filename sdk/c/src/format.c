/* What takes printf's formats; apart, so that components which use none do without printf. */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

static airs_outcome_t format_outcome(airs_outcome_t outcome, const char *format, va_list arguments) {
    char text[1024];
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(text, sizeof text, format, arguments);
    if (size > 0) {
        outcome.size = (size_t)size;
        outcome.data = airs_sdk_alloc(outcome.size + 1);
        if (outcome.data == NULL) {
            __builtin_trap();
        }
        if (outcome.size < sizeof text) {
            memcpy(outcome.data, text, outcome.size);
        } else {
            vsnprintf((char *)outcome.data, outcome.size + 1, format, again);
        }
    }
    va_end(again);
    return outcome;
}

airs_outcome_t airs_answer_text(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    airs_outcome_t outcome =
        format_outcome((airs_outcome_t){AIRS_OUTCOME_ANSWER, NULL, 0}, format, arguments);
    va_end(arguments);
    return outcome;
}

airs_outcome_t airs_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    airs_outcome_t outcome = format_outcome((airs_outcome_t){AIRS_OUTCOME_FAIL, NULL, 0}, format, arguments);
    va_end(arguments);
    return outcome;
}

airs_status_t airs_reply_fail(const airs_request_id_t *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    airs_outcome_t reason = format_outcome((airs_outcome_t){AIRS_OUTCOME_FAIL, NULL, 0}, format, arguments);
    va_end(arguments);
    airs_status_t status = airs_reply_fail_str(to, airs_str_n((const char *)reason.data, reason.size));
    airs_buffer_free(&(airs_buffer_t){reason.data, reason.size});
    return status;
}
