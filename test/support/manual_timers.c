#include "support/manual_timers.h"

#include <stdlib.h>
#include <string.h>

static bool earlier(const airs_timer_t *a, const airs_timer_t *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->serial < b->serial;
}

/* A timer's position is its place in the heap plus one; zero is not armed. */
static void put(airs_manual_timers_t *self, size_t index, airs_timer_t *timer) {
    self->heap[index] = timer;
    timer->position = index + 1;
}

static void sift_up(airs_manual_timers_t *self, size_t index, airs_timer_t *timer) {
    while (index > 0 && earlier(timer, self->heap[(index - 1) / 2])) {
        put(self, index, self->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(self, index, timer);
}

static void sift_down(airs_manual_timers_t *self, size_t index, airs_timer_t *timer) {
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= self->count) {
            break;
        }
        if (child + 1 < self->count && earlier(self->heap[child + 1], self->heap[child])) {
            child++;
        }
        if (!earlier(self->heap[child], timer)) {
            break;
        }
        put(self, index, self->heap[child]);
        index = child;
    }
    put(self, index, timer);
}

static void take_out(airs_manual_timers_t *self, airs_timer_t *timer) {
    size_t index = timer->position - 1;
    timer->position = 0;
    airs_timer_t *last = self->heap[--self->count];
    if (last == timer) {
        return;
    }
    if (index > 0 && earlier(last, self->heap[(index - 1) / 2])) {
        sift_up(self, index, last);
    } else {
        sift_down(self, index, last);
    }
}

static bool make_room(airs_manual_timers_t *self) {
    if (self->count < self->capacity) {
        return true;
    }
    size_t capacity = self->capacity == 0 ? 64 : self->capacity * 2;
    airs_timer_t **heap = realloc(self->heap, capacity * sizeof *heap);
    if (heap == NULL) {
        return false;
    }
    self->heap = heap;
    self->capacity = capacity;
    return true;
}

static airs_status_t manual_add(airs_timer_service_t *service, airs_timer_t *timer) {
    airs_manual_timers_t *self = (airs_manual_timers_t *)service;
    pthread_mutex_lock(&self->lock);
    if (timer->position != 0) {
        abort(); /* it is armed already: the caller's error */
    }
    bool fails = self->fail_add == 1 || !make_room(self);
    self->fail_add -= self->fail_add > 0;
    if (!fails) {
        timer->serial = ++self->next_serial;
        sift_up(self, self->count++, timer);
    }
    pthread_mutex_unlock(&self->lock);
    return fails ? AIRS_OUT_OF_MEMORY : AIRS_OK;
}

static bool manual_cancel(airs_timer_service_t *service, airs_timer_t *timer) {
    airs_manual_timers_t *self = (airs_manual_timers_t *)service;
    pthread_mutex_lock(&self->lock);
    while (self->firing == timer) {
        if (pthread_equal(self->firing_thread, pthread_self())) {
            abort(); /* from its own callback: the caller's error, it would wait for itself */
        }
        pthread_cond_wait(&self->fired, &self->lock);
    }
    bool armed = timer->position != 0;
    if (armed) {
        take_out(self, timer);
    }
    pthread_mutex_unlock(&self->lock);
    return armed;
}

void airs_manual_timers_init(airs_manual_timers_t *self, airs_fake_clock_t *clock) {
    memset(self, 0, sizeof *self);
    self->service = (airs_timer_service_t){manual_add, manual_cancel};
    self->clock = clock;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->fired, NULL);
}

void airs_manual_timers_free(airs_manual_timers_t *self) {
    free(self->heap);
    pthread_cond_destroy(&self->fired);
    pthread_mutex_destroy(&self->lock);
}

/* The clock is moved under the lock, so that a timer added by another thread is either seen here or
 * computed from the new time. */
static airs_timer_t *begin_fire(airs_manual_timers_t *self, uint64_t until_ns) {
    uint64_t now = airs_clock_monotonic(&self->clock->clock);
    if (self->count == 0 || self->heap[0]->deadline_ns > until_ns) {
        if (until_ns > now) {
            airs_fake_clock_advance(self->clock, until_ns - now);
        }
        return NULL;
    }
    airs_timer_t *timer = self->heap[0];
    if (timer->deadline_ns > now) {
        airs_fake_clock_advance(self->clock, timer->deadline_ns - now);
    }
    take_out(self, timer);
    self->firing = timer;
    self->firing_thread = pthread_self();
    return timer;
}

size_t airs_manual_timers_advance(airs_manual_timers_t *self, uint64_t nanoseconds) {
    size_t count = 0;
    uint64_t until_ns = airs_clock_monotonic(&self->clock->clock) + nanoseconds;
    pthread_mutex_lock(&self->lock);
    for (airs_timer_t *timer = begin_fire(self, until_ns); timer != NULL;
         timer = begin_fire(self, until_ns)) {
        pthread_mutex_unlock(&self->lock);
        timer->fire(timer); /* `timer` may be gone afterwards */
        count++;
        pthread_mutex_lock(&self->lock);
        self->firing = NULL;
        pthread_cond_broadcast(&self->fired);
    }
    pthread_mutex_unlock(&self->lock);
    return count;
}

size_t airs_manual_timers_count(airs_manual_timers_t *self) {
    pthread_mutex_lock(&self->lock);
    size_t count = self->count;
    pthread_mutex_unlock(&self->lock);
    return count;
}

uint64_t airs_manual_timers_next(airs_manual_timers_t *self) {
    pthread_mutex_lock(&self->lock);
    uint64_t next = self->count > 0 ? self->heap[0]->deadline_ns : UINT64_MAX;
    pthread_mutex_unlock(&self->lock);
    return next;
}
