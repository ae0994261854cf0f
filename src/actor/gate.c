#include "actor/gate.h"

#include <time.h>

/* Further away than any wait; keeps time_t from overflowing. */
#define LONGEST_WAIT_MS (UINT64_C(1000) * 3600 * 24 * 365)

airs_status_t airs_gate_init(airs_gate_t *gate) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return AIRS_OUT_OF_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    atomic_init(&gate->waiters, 0);
    int failed = pthread_mutex_init(&gate->lock, NULL);
    failed |= pthread_cond_init(&gate->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return failed == 0 ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

void airs_gate_destroy(airs_gate_t *gate) {
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

static struct timespec deadline_in(uint64_t timeout_ms) {
    timeout_ms = timeout_ms < LONGEST_WAIT_MS ? timeout_ms : LONGEST_WAIT_MS;
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t nanoseconds = (uint64_t)until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    return until;
}

bool airs_gate_wait(airs_gate_t *gate, bool (*condition)(void *context), void *context, uint64_t timeout_ms) {
    struct timespec until = deadline_in(timeout_ms);
    pthread_mutex_lock(&gate->lock);
    /* Pairs with the addition of nothing in notify: one of the two comes first. If notify's does, this one
     * reads what it released, and the condition below sees what was written before it; if this one does,
     * notify sees a waiter. */
    atomic_fetch_add_explicit(&gate->waiters, 1, memory_order_acq_rel);
    bool held = condition(context);
    int failed = 0;
    while (!held && failed == 0) {
        failed = pthread_cond_timedwait(&gate->changed, &gate->lock, &until);
        held = condition(context);
    }
    atomic_fetch_sub_explicit(&gate->waiters, 1, memory_order_relaxed);
    pthread_mutex_unlock(&gate->lock);
    return held;
}

void airs_gate_notify(airs_gate_t *gate) {
    if (atomic_fetch_add_explicit(&gate->waiters, 0, memory_order_acq_rel) == 0) {
        return;
    }
    /* The lock: a waiter between its look at the condition and its sleep holds it. */
    pthread_mutex_lock(&gate->lock);
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}
