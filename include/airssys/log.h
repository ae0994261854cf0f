/* The node's log, as an interface: one record at a time, structured. */
#ifndef AIRSSYS_LOG_H
#define AIRSSYS_LOG_H

#include <airssys/bytes.h>
#include <airssys/export.h>

/* enum log-level in wit/airssys-core, same order. */
typedef enum airs_log_level {
    AIRS_LOG_TRACE = 0,
    AIRS_LOG_DEBUG = 1,
    AIRS_LOG_INFO = 2,
    AIRS_LOG_WARN = 3,
    AIRS_LOG_ERROR = 4,
} airs_log_level_t;

typedef struct airs_log_field {
    airs_str_t key;
    airs_str_t value;
} airs_log_field_t;

typedef struct airs_log_record {
    airs_log_level_t level;
    airs_str_t source; /* the actor's id as text, or a part of the runtime ("node", "scheduler") */
    airs_str_t message;
    const airs_log_field_t *fields;
    size_t field_count;
} airs_log_record_t;

typedef struct airs_log airs_log_t;

struct airs_log {
    /* Records below this level are not even made. Written before threads start, or atomically. */
    airs_log_level_t level;
    /* Take one record, borrowed for the call. Any thread, several at once. */
    void (*write)(airs_log_t *log, const airs_log_record_t *record);
};

/* Lines on standard error: time, level, source, message, fields; control characters and terminal
 * escapes in what a guest wrote are shown as \xNN. Level info. Static, never NULL. */
AIRS_API airs_log_t *airs_log_stderr(void);

/* Drops everything. Static, never NULL. */
AIRS_API airs_log_t *airs_log_none(void);

#endif
