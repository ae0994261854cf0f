#include <airssys/clock.h>

#include <time.h>

#include "core/check.h"

static uint64_t read_clock(clockid_t which) {
    struct timespec now;
    int result = clock_gettime(which, &now);
    AIRS_ASSERT(result == 0); /* it fails only for a clock that does not exist */
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t system_monotonic(airs_clock_t *clock) {
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

static uint64_t system_wall(airs_clock_t *clock) {
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

airs_clock_t *airs_clock_system(void) {
    static airs_clock_t system = {system_monotonic, system_wall};
    return &system;
}
