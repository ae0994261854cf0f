/* A lock with something to wait for: a mutex and a condition variable on the monotonic clock. */
#ifndef AIRSSYS_NODE_WAITER_H
#define AIRSSYS_NODE_WAITER_H

#include <pthread.h>
#include <stdint.h>

typedef struct airs_waiter {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
} airs_waiter_t;

void airs_waiter_init(airs_waiter_t *waiter);
void airs_waiter_free(airs_waiter_t *waiter);

void airs_waiter_lock(airs_waiter_t *waiter);
void airs_waiter_unlock(airs_waiter_t *waiter);

/* Locked. Returns when woken, after `timeout_ms` at the latest, and sometimes for no reason: check what
 * you wait for. */
void airs_waiter_wait(airs_waiter_t *waiter, uint64_t timeout_ms);

/* Locked. Wakes all. */
void airs_waiter_wake(airs_waiter_t *waiter);

#endif
