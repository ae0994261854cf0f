/* Moments that are so far away. */
#ifndef AIRSSYS_CORE_DEADLINE_H
#define AIRSSYS_CORE_DEADLINE_H

#include <airssys/clock.h>

/* The moment of the monotonic clock in so many milliseconds; UINT64_MAX, which is never, when the clock could not
 * tell it. */
static inline uint64_t airs_deadline_in(airs_clock_t *clock, uint64_t milliseconds) {
    uint64_t deadline = 0;
    if (__builtin_mul_overflow(milliseconds, UINT64_C(1000000), &deadline) ||
        __builtin_add_overflow(deadline, airs_clock_monotonic(clock), &deadline)) {
        return UINT64_MAX;
    }
    return deadline;
}

#endif
