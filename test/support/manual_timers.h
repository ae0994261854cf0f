/* A timer service that is driven by a fake clock: time passes, and timers fire, inside
 * airs_manual_timers_advance, on the thread that calls it. */
#ifndef AIRSSYS_TEST_SUPPORT_MANUAL_TIMERS_H
#define AIRSSYS_TEST_SUPPORT_MANUAL_TIMERS_H

#include <pthread.h>

#include "core/timer_service.h"
#include "support/fake_clock.h"

typedef struct airs_manual_timers {
    airs_timer_service_t service; /* hand out &x.service */
    airs_fake_clock_t *clock;
    /* 0: `add` always works; 1: the next one answers AIRS_OUT_OF_MEMORY; N: the N-th from now. */
    uint64_t fail_add;
    pthread_mutex_t lock; /* over what follows, and over fail_add */
    pthread_cond_t fired;
    airs_timer_t *firing;
    pthread_t firing_thread;
    airs_timer_t **heap; /* the earliest first; equal deadlines in the order they were added */
    size_t count;
    size_t capacity;
    uint64_t next_serial;
} airs_manual_timers_t;

void airs_manual_timers_init(airs_manual_timers_t *self, airs_fake_clock_t *clock);

/* Timers that are still armed are forgotten. */
void airs_manual_timers_free(airs_manual_timers_t *self);

/* Move the clock forward, firing what falls due in order, each with the clock at its deadline; what the
 * callbacks add and falls due in that time fires too. advance(0) fires what is due now. Returns how
 * many fired. One thread at a time; `add` and `cancel` from any. */
size_t airs_manual_timers_advance(airs_manual_timers_t *self, uint64_t nanoseconds);

/* How many are armed. */
size_t airs_manual_timers_count(airs_manual_timers_t *self);

/* When the next one is due, on the fake clock's monotonic time; UINT64_MAX: none is armed. */
uint64_t airs_manual_timers_next(airs_manual_timers_t *self);

#endif
