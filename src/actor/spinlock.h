/* A lock for critical sections of a few instructions that never block: run queues, registry shards.
 *
 * Taking it when it is free is one exchange and giving it back one store, a third of a mutex. A holder
 * can be preempted all the same, so whoever waits yields the processor soon. */
#ifndef AIRSSYS_ACTOR_SPINLOCK_H
#define AIRSSYS_ACTOR_SPINLOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Zeroed: free. */
typedef struct airs_spinlock {
    atomic_bool held;
} airs_spinlock_t;

/* Tell the processor that this thread waits for another one. */
static inline void airs_spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline void airs_spinlock_lock(airs_spinlock_t *lock) {
    /* Acquire: pairs with the release in unlock, so that what the last holder wrote is seen. */
    while (atomic_exchange_explicit(&lock->held, true, memory_order_acquire)) {
        for (unsigned spins = 0; atomic_load_explicit(&lock->held, memory_order_relaxed); spins++) {
            if (spins < 64) {
                airs_spin_pause();
            } else {
                sched_yield();
            }
        }
    }
}

static inline void airs_spinlock_unlock(airs_spinlock_t *lock) {
    /* Release: pairs with the acquire in lock. */
    atomic_store_explicit(&lock->held, false, memory_order_release);
}

#endif
