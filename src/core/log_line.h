/* A log record as one line of text, safe to show on a terminal. */
#ifndef AIRSSYS_CORE_LOG_LINE_H
#define AIRSSYS_CORE_LOG_LINE_H

#include <airssys/log.h>

/* Longer lines are cut and say how much is missing. */
#define AIRS_LOG_LINE_MAX 8192

/* Writes "2026-01-31T23:59:59.123456Z INFO  source: message key=value\n" to `out` and returns its length
 * (no terminating zero). Control characters, direction overrides and bytes that are not UTF-8 appear as
 * \xNN, so that one record is one line and no guest can steer a terminal; a value that is empty or has a
 * space, a quote or "=" stands in quotes. `wall_ns` is since 1970. */
size_t airs_log_line_format(const airs_log_record_t *record, uint64_t wall_ns, char out[AIRS_LOG_LINE_MAX]);

#endif
