#include "node/waiter.h"

#include <time.h>

#define NS_PER_S 1000000000
#define LONGEST_S (UINT64_C(1) << 32)

/* None of these fails: the attributes are valid, and no mutex is taken twice by one thread. */

void airs_waiter_init(airs_waiter_t *waiter) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&waiter->mutex, NULL);
}

void airs_waiter_free(airs_waiter_t *waiter) {
    pthread_cond_destroy(&waiter->woken);
    pthread_mutex_destroy(&waiter->mutex);
}

void airs_waiter_lock(airs_waiter_t *waiter) { pthread_mutex_lock(&waiter->mutex); }

void airs_waiter_unlock(airs_waiter_t *waiter) { pthread_mutex_unlock(&waiter->mutex); }

void airs_waiter_wait(airs_waiter_t *waiter, uint64_t timeout_ms) {
    struct timespec deadline;
    uint64_t seconds = timeout_ms / 1000;
    (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += (time_t)(seconds < LONGEST_S ? seconds : LONGEST_S);
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= NS_PER_S) {
        deadline.tv_sec++;
        deadline.tv_nsec -= NS_PER_S;
    }
    (void)pthread_cond_timedwait(&waiter->woken, &waiter->mutex, &deadline);
}

void airs_waiter_wake(airs_waiter_t *waiter) { pthread_cond_broadcast(&waiter->woken); }
