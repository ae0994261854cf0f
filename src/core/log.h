/* Writing to a log from inside the library. */
#ifndef AIRSSYS_CORE_LOG_H
#define AIRSSYS_CORE_LOG_H

#include <airssys/log.h>

/* Whether the log wants records of this level; ask before making one that costs something. */
static inline bool airs_log_wants(const airs_log_t *log, airs_log_level_t level) {
    /* Relaxed: a level that changes while threads run may take effect a record later. */
    return level >= __atomic_load_n(&log->level, __ATOMIC_RELAXED);
}

/* A record without fields. Texts beyond 4 KiB are cut. */
void airs_log_printf(airs_log_t *log, airs_log_level_t level, airs_str_t source, const char *format, ...)
    AIRS_PRINTF(4, 5);

/* "trace", "debug", "info", "warn", "error"; "unknown" for another number. Static. */
const char *airs_log_level_text(airs_log_level_t level);

#endif
