/* Keeps one source of identical complaints from flooding the log: a few a second are written, the rest
 * counted, and the count is told with the next one that is written. */
#ifndef AIRSSYS_ACTOR_LOG_LIMITER_H
#define AIRSSYS_ACTOR_LOG_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

/* Complaints written in a second. */
#define AIRS_LOG_LIMIT 5

/* Zeroed: nothing was written yet. */
typedef struct airs_log_limiter {
    uint64_t second; /* of the monotonic clock */
    uint32_t written;
    uint32_t suppressed;
} airs_log_limiter_t;

/* May a complaint be written at this moment of the monotonic clock? If so, *suppressed is how many were
 * not since the last one that was. */
static inline bool airs_log_limiter_pass(airs_log_limiter_t *limiter, uint64_t now_ns, uint32_t *suppressed) {
    uint64_t second = now_ns / 1000000000 + 1;
    if (limiter->second != second) {
        limiter->second = second;
        limiter->written = 0;
    }
    if (limiter->written >= AIRS_LOG_LIMIT) {
        limiter->suppressed++;
        return false;
    }
    limiter->written++;
    *suppressed = limiter->suppressed;
    limiter->suppressed = 0;
    return true;
}

#endif
