#include "actor/timer_wheel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "core/thread.h"
#include "actor/timer_heap.h"
#include "core/check.h"
#include "core/memory.h"

/* Of a deadline: the bits within a tick, then TURN_BITS a level, so that five levels hold all of them. */
#define TICK_BITS 18
#define TURN_BITS 9
#define LEVELS 5
/* A ring has room for this turn of its slots and for the next one: what comes soon after a turn's end must not
 * lie a level higher, where all of it would have to be moved down at that end. */
#define SLOTS ((uint64_t)2 << TURN_BITS)
#define WORDS (SLOTS / 64)
_Static_assert(TICK_BITS + TURN_BITS * LEVELS >= 63, "the highest ring reaches the last deadline");

/* Where a timer is; in slot I of level L it is FIRST_SLOT + L * SLOTS + I. */
enum { NOT_ARMED = 0, IN_HEAP = 1, FIRST_SLOT = 2 };

/* The longest the thread sleeps in one go: time_t and a clock that was handed in may disagree about
 * what is far away. */
#define LONGEST_SLEEP_NS (UINT64_C(3600) * 1000000000)

typedef struct slot {
    airs_timer_t *first; /* in no order */
    uint64_t earliest;   /* no deadline in it is before this one */
} slot_t;

typedef struct level {
    size_t armed;
    uint64_t used[WORDS]; /* a bit for each slot: it is not empty */
    slot_t slots[SLOTS];
} level_t;

struct airs_timer_wheel {
    airs_timer_service_t service;
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    pthread_mutex_t lock;
    pthread_cond_t earlier; /* a deadline came before `wakes_at`, or the end */
    pthread_cond_t fired;   /* `firing` is over */
    uint64_t wakes_at;      /* when the thread will look by itself; 0: it is awake */
    /* Not after the next deadline. Written under the lock, read by those who might help without it. */
    _Atomic uint64_t due_from;
    uint64_t next_serial;
    airs_timer_t *firing;
    bool ending;
    bool threaded;
    pthread_t thread;
    uint64_t tick; /* what is due in it or before is in `near`, all else in the levels */
    airs_timer_heap_t near;
    level_t levels[LEVELS];
};

static airs_timer_wheel_t *wheel_of(airs_timer_service_t *service) { return (airs_timer_wheel_t *)service; }

/* ---- levels and slots ---- */

static uint64_t tick_of(const airs_timer_t *timer) { return timer->deadline_ns >> TICK_BITS; }

/* What a tick is counted as in a level: its slot, and with the ring's turn in the higher bits. */
static uint64_t slot_number(uint64_t tick, unsigned level) { return tick >> (TURN_BITS * level); }

/* The lowest level whose ring, which starts with the turn of now, reaches the tick. So all that is in a level
 * comes before all that is in the next one. */
static unsigned level_for(const airs_timer_wheel_t *wheel, uint64_t tick) {
    unsigned level = 0;
    while (slot_number(tick, level + 1) - slot_number(wheel->tick, level + 1) > 1) {
        level++;
    }
    AIRS_ASSERT(level < LEVELS);
    return level;
}

static void put_in_slot(airs_timer_wheel_t *wheel, airs_timer_t *timer) {
    unsigned number = level_for(wheel, tick_of(timer));
    level_t *level = &wheel->levels[number];
    uint64_t index = slot_number(tick_of(timer), number) % SLOTS;
    slot_t *slot = &level->slots[index];
    timer->position = FIRST_SLOT + number * SLOTS + index;
    timer->previous = NULL;
    timer->next = slot->first;
    if (slot->first != NULL) {
        slot->first->previous = timer;
    }
    if (slot->first == NULL || timer->deadline_ns < slot->earliest) {
        slot->earliest = timer->deadline_ns;
    }
    slot->first = timer;
    level->used[index / 64] |= UINT64_C(1) << index % 64;
    level->armed++;
}

static void take_from_slot(airs_timer_wheel_t *wheel, airs_timer_t *timer) {
    size_t place = timer->position - FIRST_SLOT;
    AIRS_ASSERT(place < LEVELS * SLOTS);
    level_t *level = &wheel->levels[place / SLOTS];
    slot_t *slot = &level->slots[place % SLOTS];
    if (timer->next != NULL) {
        timer->next->previous = timer->previous;
    }
    if (timer->previous != NULL) {
        timer->previous->next = timer->next;
    } else {
        slot->first = timer->next;
    }
    if (slot->first == NULL) {
        level->used[place % SLOTS / 64] &= ~(UINT64_C(1) << place % 64);
    }
    level->armed--;
}

/* The first slot that is in use, counted from `start` round the ring. There must be one. */
static uint64_t first_used(const level_t *level, uint64_t start) {
    uint64_t word = start % SLOTS / 64;
    uint64_t bits = level->used[word] & UINT64_MAX << start % 64;
    /* Once round, and the part of the first word before `start` at the end. */
    while (bits == 0) {
        word = (word + 1) % WORDS;
        bits = level->used[word];
    }
    uint64_t index = word * 64 + (uint64_t)__builtin_ctzll(bits);
    return start + (index - start) % SLOTS;
}

/* ---- timers ---- */

static void put(airs_timer_wheel_t *wheel, airs_timer_t *timer) {
    if (tick_of(timer) <= wheel->tick) {
        timer->position = IN_HEAP;
        airs_timer_heap_add(&wheel->near, timer);
    } else {
        put_in_slot(wheel, timer);
    }
}

static void take(airs_timer_wheel_t *wheel, airs_timer_t *timer) {
    if (timer->position == IN_HEAP) {
        airs_timer_heap_remove(&wheel->near, timer);
    } else {
        take_from_slot(wheel, timer);
    }
    timer->position = NOT_ARMED;
}

static void empty_slot(airs_timer_wheel_t *wheel, level_t *level, uint64_t index) {
    airs_timer_t *timer = level->slots[index].first;
    level->slots[index].first = NULL;
    level->used[index / 64] &= ~(UINT64_C(1) << index % 64);
    while (timer != NULL) {
        airs_timer_t *next = timer->next;
        level->armed--;
        put(wheel, timer);
        timer = next;
    }
}

/* Move what a lower level or the heap reaches now. From the lowest level up: what moves down must not meet
 * what was there in the last turn. */
static void turn_to(airs_timer_wheel_t *wheel, uint64_t tick) {
    uint64_t before = wheel->tick;
    if (tick <= before) {
        return;
    }
    wheel->tick = tick;
    for (unsigned i = 0; i < LEVELS && slot_number(tick, i) != slot_number(before, i); i++) {
        level_t *level = &wheel->levels[i];
        uint64_t start = slot_number(before, i) + 1;
        uint64_t last = slot_number(tick, i) + (i > 0);
        while (level->armed > 0) {
            uint64_t number = first_used(level, start);
            if (number > last) {
                break;
            }
            empty_slot(wheel, level, number % SLOTS);
        }
    }
}

/* The slot of the timers that come after those in the heap; NULL: there are none. */
static slot_t *first_slot(airs_timer_wheel_t *wheel) {
    for (unsigned i = 0; i < LEVELS; i++) {
        level_t *level = &wheel->levels[i];
        if (level->armed > 0) {
            return &level->slots[first_used(level, slot_number(wheel->tick, i) + 1) % SLOTS];
        }
    }
    return NULL;
}

/* Not after the next deadline. Under the lock. */
static uint64_t nothing_before(airs_timer_wheel_t *wheel) {
    if (wheel->near.first != NULL) {
        return wheel->near.first->deadline_ns;
    }
    slot_t *slot = first_slot(wheel);
    return slot != NULL ? slot->earliest : UINT64_MAX;
}

/* Relaxed, here and in `add` and `help`: who reads it looks at the timers under the lock, and who misses a change
 * leaves them to the thread. */
static void expect_next(airs_timer_wheel_t *wheel, uint64_t moment) {
    atomic_store_explicit(&wheel->due_from, moment, memory_order_relaxed);
}

/* The next timer if it is due; otherwise NULL. Under the lock. */
static airs_timer_t *due(airs_timer_wheel_t *wheel) {
    uint64_t now = airs_clock_monotonic(wheel->clock);
    turn_to(wheel, now >> TICK_BITS);
    airs_timer_t *first = wheel->near.first;
    return first != NULL && first->deadline_ns <= now ? first : NULL;
}

/* Fire one due timer with the lock dropped. Under the lock, nobody else firing. */
static void fire(airs_timer_wheel_t *wheel, airs_timer_t *timer) {
    take(wheel, timer);
    wheel->firing = timer;
    pthread_mutex_unlock(&wheel->lock);
    timer->fire(timer); /* may free the timer */
    pthread_mutex_lock(&wheel->lock);
    wheel->firing = NULL;
    pthread_cond_broadcast(&wheel->fired);
}

static void wait_for_firing(airs_timer_wheel_t *wheel) {
    while (wheel->firing != NULL) {
        pthread_cond_wait(&wheel->fired, &wheel->lock);
    }
}

/* Sleep until the first deadline, or until an earlier one comes. */
static void sleep_until_due(airs_timer_wheel_t *wheel) {
    wheel->wakes_at = nothing_before(wheel);
    expect_next(wheel, wheel->wakes_at);
    if (wheel->wakes_at == UINT64_MAX) {
        pthread_cond_wait(&wheel->earlier, &wheel->lock);
    } else {
        uint64_t now = airs_clock_monotonic(wheel->clock);
        uint64_t left = wheel->wakes_at > now ? wheel->wakes_at - now : 0;
        left = left < LONGEST_SLEEP_NS ? left : LONGEST_SLEEP_NS;
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        left += (uint64_t)until.tv_nsec;
        until.tv_sec += (time_t)(left / 1000000000);
        until.tv_nsec = (long)(left % 1000000000);
        pthread_cond_timedwait(&wheel->earlier, &wheel->lock, &until);
    }
    wheel->wakes_at = 0;
}

static void *run(void *argument) {
    airs_timer_wheel_t *wheel = argument;
    pthread_mutex_lock(&wheel->lock);
    while (!wheel->ending) {
        airs_timer_t *timer = due(wheel);
        if (timer == NULL) {
            sleep_until_due(wheel);
        } else if (wheel->firing != NULL) {
            wait_for_firing(wheel);
        } else {
            fire(wheel, timer);
        }
    }
    pthread_mutex_unlock(&wheel->lock);
    return NULL;
}

static airs_status_t add(airs_timer_service_t *service, airs_timer_t *timer) {
    airs_timer_wheel_t *wheel = wheel_of(service);
    pthread_mutex_lock(&wheel->lock);
    AIRS_ASSERT(timer->position == NOT_ARMED);
    timer->serial = wheel->next_serial++;
    put(wheel, timer);
    if (timer->deadline_ns < atomic_load_explicit(&wheel->due_from, memory_order_relaxed)) {
        expect_next(wheel, timer->deadline_ns);
    }
    if (timer->deadline_ns < wheel->wakes_at) {
        wheel->wakes_at = 0; /* once is enough */
        pthread_cond_signal(&wheel->earlier);
    }
    pthread_mutex_unlock(&wheel->lock);
    return AIRS_OK;
}

static bool cancel(airs_timer_service_t *service, airs_timer_t *timer) {
    airs_timer_wheel_t *wheel = wheel_of(service);
    pthread_mutex_lock(&wheel->lock);
    /* First: its callback may add it again. */
    while (wheel->firing == timer) {
        pthread_cond_wait(&wheel->fired, &wheel->lock);
    }
    bool armed = timer->position != NOT_ARMED;
    if (armed) {
        take(wheel, timer);
    }
    pthread_mutex_unlock(&wheel->lock);
    return armed;
}

static airs_status_t init_locks(airs_timer_wheel_t *wheel) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return AIRS_OUT_OF_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_mutex_init(&wheel->lock, NULL);
    failed |= pthread_cond_init(&wheel->earlier, &attributes);
    failed |= pthread_cond_init(&wheel->fired, NULL);
    pthread_condattr_destroy(&attributes);
    return failed == 0 ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

static void release(airs_timer_wheel_t *wheel) {
    pthread_cond_destroy(&wheel->fired);
    pthread_cond_destroy(&wheel->earlier);
    pthread_mutex_destroy(&wheel->lock);
    airs_release(wheel->allocator, wheel);
}

airs_status_t airs_timer_wheel_create(const airs_allocator_t *allocator, airs_clock_t *clock, bool threaded,
                                      airs_timer_wheel_t **out) {
    airs_timer_wheel_t *wheel = airs_alloc_zeroed(allocator, sizeof *wheel);
    if (wheel == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    wheel->service = (airs_timer_service_t){.add = add, .cancel = cancel};
    wheel->allocator = allocator;
    wheel->clock = clock;
    wheel->tick = airs_clock_monotonic(clock) >> TICK_BITS;
    atomic_init(&wheel->due_from, UINT64_MAX);
    airs_status_t status = init_locks(wheel);
    if (status == AIRS_OK && threaded) {
        wheel->threaded = true;
        status = airs_thread_start(&wheel->thread, run, wheel);
    }
    if (status != AIRS_OK) {
        release(wheel);
        return status;
    }
    *out = wheel;
    return AIRS_OK;
}

void airs_timer_wheel_stop(airs_timer_wheel_t *wheel) {
    if (wheel == NULL || !wheel->threaded) {
        return;
    }
    pthread_mutex_lock(&wheel->lock);
    wheel->ending = true;
    wheel->threaded = false;
    pthread_cond_signal(&wheel->earlier);
    pthread_mutex_unlock(&wheel->lock);
    pthread_join(wheel->thread, NULL);
    /* Nor may one who helps be in a callback. */
    pthread_mutex_lock(&wheel->lock);
    wait_for_firing(wheel);
    pthread_mutex_unlock(&wheel->lock);
}

void airs_timer_wheel_destroy(airs_timer_wheel_t *wheel) {
    if (wheel != NULL) {
        airs_timer_wheel_stop(wheel);
        release(wheel);
    }
}

airs_timer_service_t *airs_timer_wheel_service(airs_timer_wheel_t *wheel) { return &wheel->service; }

size_t airs_timer_wheel_advance(airs_timer_wheel_t *wheel) {
    size_t fired = 0;
    pthread_mutex_lock(&wheel->lock);
    for (;;) {
        wait_for_firing(wheel);
        airs_timer_t *timer = due(wheel);
        if (timer == NULL) {
            break;
        }
        fire(wheel, timer);
        fired++;
    }
    pthread_mutex_unlock(&wheel->lock);
    return fired;
}

size_t airs_timer_wheel_help(airs_timer_wheel_t *wheel) {
    size_t fired = 0;
    uint64_t due_from = atomic_load_explicit(&wheel->due_from, memory_order_relaxed);
    if (due_from == UINT64_MAX || due_from > airs_clock_monotonic(wheel->clock) ||
        pthread_mutex_trylock(&wheel->lock) != 0) {
        return 0;
    }
    /* In the order of the deadlines, so one at a time: while another fires there is nothing to help with. */
    while (!wheel->ending && wheel->firing == NULL) {
        airs_timer_t *timer = due(wheel);
        if (timer == NULL) {
            expect_next(wheel, nothing_before(wheel));
            break;
        }
        fire(wheel, timer);
        fired++;
    }
    pthread_mutex_unlock(&wheel->lock);
    return fired;
}

uint64_t airs_timer_wheel_next_deadline(airs_timer_wheel_t *wheel) {
    pthread_mutex_lock(&wheel->lock);
    uint64_t next = nothing_before(wheel);
    slot_t *slot = wheel->near.first == NULL ? first_slot(wheel) : NULL;
    if (slot != NULL) {
        /* The earliest there was may have been cancelled. */
        next = UINT64_MAX;
        for (const airs_timer_t *timer = slot->first; timer != NULL; timer = timer->next) {
            next = timer->deadline_ns < next ? timer->deadline_ns : next;
        }
        slot->earliest = next;
    }
    pthread_mutex_unlock(&wheel->lock);
    return next;
}
