/* Time, as an interface: the node's own is the system's; a test or a simulation hands in another. */
#ifndef AIRSSYS_CLOCK_H
#define AIRSSYS_CLOCK_H

#include <stdint.h>

#include <airssys/export.h>

typedef struct airs_clock airs_clock_t;

struct airs_clock {
    /* Nanoseconds since a fixed, unspecified moment; never goes back. Any thread. */
    uint64_t (*monotonic_ns)(airs_clock_t *clock);
    /* Nanoseconds since 1970-01-01T00:00:00Z. Any thread. */
    uint64_t (*wall_ns)(airs_clock_t *clock);
};

/* CLOCK_MONOTONIC and CLOCK_REALTIME. Static, never NULL. */
AIRS_API airs_clock_t *airs_clock_system(void);

static inline uint64_t airs_clock_monotonic(airs_clock_t *clock) { return clock->monotonic_ns(clock); }
static inline uint64_t airs_clock_wall(airs_clock_t *clock) { return clock->wall_ns(clock); }

#endif
