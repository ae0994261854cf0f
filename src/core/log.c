#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <airssys/clock.h>

#include "core/log_line.h"

#define MESSAGE_MAX 4096

/* A line goes out in one write, so that lines of several threads, and of several processes on one
 * terminal or pipe, do not mix. */
static void stderr_write(airs_log_t *log, const airs_log_record_t *record) {
    (void)log;
    char line[AIRS_LOG_LINE_MAX];
    size_t size = airs_log_line_format(record, airs_clock_wall(airs_clock_system()), line);
    for (size_t at = 0; at < size;) {
        ssize_t written = write(STDERR_FILENO, line + at, size - at);
        if (written > 0) {
            at += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            return; /* standard error is closed or full: there is nowhere to say so */
        }
    }
}

airs_log_t *airs_log_stderr(void) {
    static airs_log_t log = {AIRS_LOG_INFO, stderr_write};
    return &log;
}

static void none_write(airs_log_t *log, const airs_log_record_t *record) {
    (void)log;
    (void)record;
}

airs_log_t *airs_log_none(void) {
    /* Above every level. NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange) */
    static airs_log_t log = {AIRS_LOG_ERROR + 1, none_write};
    return &log;
}

void airs_log_printf(airs_log_t *log, airs_log_level_t level, airs_str_t source, const char *format, ...) {
    if (!airs_log_wants(log, level)) {
        return;
    }
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    size = size < sizeof message ? size : sizeof message - 1;
    airs_log_record_t record = {.level = level, .source = source, .message = airs_str_n(message, size)};
    log->write(log, &record);
}

const char *airs_log_level_text(airs_log_level_t level) {
    static const char *const TEXTS[] = {"trace", "debug", "info", "warn", "error"};
    return (unsigned)level < sizeof TEXTS / sizeof TEXTS[0] ? TEXTS[level] : "unknown";
}
