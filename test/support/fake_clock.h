/* A clock that moves only when it is told to. */
#ifndef AIRSSYS_TEST_SUPPORT_FAKE_CLOCK_H
#define AIRSSYS_TEST_SUPPORT_FAKE_CLOCK_H

#include <stdatomic.h>

#include <airssys/clock.h>

typedef struct airs_fake_clock {
    airs_clock_t clock; /* hand out &x.clock */
    _Atomic uint64_t monotonic_now;
    _Atomic uint64_t wall_now;
} airs_fake_clock_t;

/* Begins at one second on the monotonic clock and at 2026-01-01T00:00:00Z on the wall. */
void airs_fake_clock_init(airs_fake_clock_t *self);

/* Moves both. Timers do not hear of it: see airs_manual_timers_advance. Any thread. */
void airs_fake_clock_advance(airs_fake_clock_t *self, uint64_t nanoseconds);

#endif
