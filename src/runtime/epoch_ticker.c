#include "runtime/epoch_ticker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "core/memory.h"

/* Periods without activity after which the thread goes to sleep. Waking it costs tens of
 * microseconds, so it does not sleep between two bursts of a conversation. */
#define IDLE_TICKS 16

/* A tick counts as so many periods at most. One that comes later than that came to a thread, or a whole process, that was
 * kept from running, and so were the guests: they are not charged for it. */
#define LATE_TICKS 16

struct airs_epoch_ticker {
    /* Read by every worker at every call, written once a period. */
    _Alignas(AIRS_CACHE_LINE) _Atomic uint64_t now_ns;
    _Atomic uint64_t count;
    /* Written by workers when they start and stop being busy. */
    _Alignas(AIRS_CACHE_LINE) _Atomic int active;
    _Atomic bool asleep;
    _Alignas(AIRS_CACHE_LINE) const airs_allocator_t *allocator;
    airs_clock_t *clock;
    void (*tick)(void *context);
    void *context;
    uint64_t period_ns;
    uint64_t seen_ns; /* the clock, when the thread last looked; the thread's alone */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    _Atomic bool stop; /* written under the lock, so that the wake-up is not missed */
};

static void sleep_for(uint64_t ns) {
    struct timespec left = {.tv_sec = (time_t)(ns / 1000000000U), .tv_nsec = (long)(ns % 1000000000U)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
}

/* What has passed since it last looked. */
static uint64_t look(airs_epoch_ticker_t *ticker) {
    uint64_t now = airs_clock_monotonic(ticker->clock);
    uint64_t passed = now > ticker->seen_ns ? now - ticker->seen_ns : 0;
    ticker->seen_ns = now;
    return passed;
}

static void advance(airs_epoch_ticker_t *ticker) {
    uint64_t passed = look(ticker);
    uint64_t most = LATE_TICKS * ticker->period_ns;
    /* Relaxed: the time is a hint on its own; nothing is published with it. */
    atomic_fetch_add_explicit(&ticker->now_ns, passed < most ? passed : most, memory_order_relaxed);
    atomic_fetch_add_explicit(&ticker->count, 1, memory_order_relaxed);
    ticker->tick(ticker->context);
}

/* Sleeps until there is activity; false when the ticker ends. */
static bool await_activity(airs_epoch_ticker_t *ticker) {
    pthread_mutex_lock(&ticker->lock);
    /* Sequentially consistent, as is `begin`: either this sees the new activity, or `begin` sees that
     * the thread is asleep and signals. */
    atomic_store(&ticker->asleep, true);
    while (!atomic_load(&ticker->stop) && atomic_load(&ticker->active) == 0) {
        pthread_cond_wait(&ticker->wake, &ticker->lock);
    }
    atomic_store(&ticker->asleep, false);
    bool go_on = !atomic_load(&ticker->stop);
    pthread_mutex_unlock(&ticker->lock);
    return go_on;
}

static void *run(void *argument) {
    airs_epoch_ticker_t *ticker = argument;
    int idle = IDLE_TICKS;
    /* Relaxed: a stale answer costs a period. It also ends while somebody is still active. */
    while (!atomic_load_explicit(&ticker->stop, memory_order_relaxed)) {
        /* Relaxed: likewise. */
        idle = atomic_load_explicit(&ticker->active, memory_order_relaxed) == 0 ? idle + 1 : 0;
        if (idle > IDLE_TICKS) {
            if (!await_activity(ticker)) {
                break;
            }
            idle = 0;
            (void)look(ticker); /* calls that start now must not be charged for the sleep */
        }
        sleep_for(ticker->period_ns);
        advance(ticker);
    }
    return NULL;
}

airs_status_t airs_epoch_ticker_create(const airs_allocator_t *allocator, airs_clock_t *clock,
                                       uint64_t period_us, void (*tick)(void *context), void *context,
                                       airs_epoch_ticker_t **out, airs_error_t *error) {
    airs_epoch_ticker_t *ticker = airs_alloc_aligned(allocator, sizeof *ticker);
    if (ticker == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the epoch ticker");
    }
    ticker->allocator = allocator;
    ticker->clock = clock;
    ticker->tick = tick;
    ticker->context = context;
    ticker->period_ns = period_us * 1000;
    ticker->seen_ns = airs_clock_monotonic(clock);
    atomic_init(&ticker->now_ns, ticker->seen_ns);
    pthread_mutex_init(&ticker->lock, NULL);
    pthread_cond_init(&ticker->wake, NULL);
    int failure = pthread_create(&ticker->thread, NULL, run, ticker);
    if (failure != 0) {
        pthread_cond_destroy(&ticker->wake);
        pthread_mutex_destroy(&ticker->lock);
        airs_release_aligned(allocator, ticker);
        return airs_error_set(error, AIRS_INTERNAL, "cannot start the epoch ticker's thread: error %d",
                              failure);
    }
    *out = ticker;
    return AIRS_OK;
}

void airs_epoch_ticker_destroy(airs_epoch_ticker_t *ticker) {
    if (ticker == NULL) {
        return;
    }
    pthread_mutex_lock(&ticker->lock);
    atomic_store(&ticker->stop, true);
    pthread_cond_signal(&ticker->wake);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    pthread_cond_destroy(&ticker->wake);
    pthread_mutex_destroy(&ticker->lock);
    airs_release_aligned(ticker->allocator, ticker);
}

void airs_epoch_ticker_begin(airs_epoch_ticker_t *ticker) {
    atomic_fetch_add(&ticker->active, 1);
    if (!atomic_load(&ticker->asleep)) {
        return;
    }
    pthread_mutex_lock(&ticker->lock);
    pthread_cond_signal(&ticker->wake);
    pthread_mutex_unlock(&ticker->lock);
}

void airs_epoch_ticker_end(airs_epoch_ticker_t *ticker) {
    atomic_fetch_sub_explicit(&ticker->active, 1, memory_order_relaxed);
}

const _Atomic uint64_t *airs_epoch_ticker_count(const airs_epoch_ticker_t *ticker) { return &ticker->count; }

uint64_t airs_epoch_ticker_now_ns(const airs_epoch_ticker_t *ticker) {
    return atomic_load_explicit(&ticker->now_ns, memory_order_relaxed);
}
