#include "actor/timer_queue.h"

#include <pthread.h>
#include <time.h>

#include "actor/thread.h"
#include "core/check.h"
#include "core/memory.h"

#define FIRST_CAPACITY 64
/* The longest the thread sleeps in one go: time_t and a clock that was handed in may disagree about
 * what is far away. */
#define LONGEST_SLEEP_NS (UINT64_C(3600) * 1000000000)

struct airs_timer_queue {
    airs_timer_service_t service;
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    pthread_mutex_t lock;
    pthread_cond_t earlier; /* the first deadline moved forward, or the end */
    pthread_cond_t fired;   /* `firing` is over */
    airs_timer_t **heap;    /* heap[0] is unused: position 0 says that a timer is not armed */
    size_t count;
    size_t capacity;
    uint64_t next_serial;
    airs_timer_t *firing;
    bool ending;
    bool threaded;
    pthread_t thread;
};

static airs_timer_queue_t *queue_of(airs_timer_service_t *service) { return (airs_timer_queue_t *)service; }

static bool before(const airs_timer_t *a, const airs_timer_t *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->serial < b->serial;
}

static void put(airs_timer_queue_t *queue, size_t position, airs_timer_t *timer) {
    queue->heap[position] = timer;
    timer->position = position;
}

static void sift_up(airs_timer_queue_t *queue, size_t position, airs_timer_t *timer) {
    while (position > 1 && before(timer, queue->heap[position / 2])) {
        put(queue, position, queue->heap[position / 2]);
        position /= 2;
    }
    put(queue, position, timer);
}

static void sift_down(airs_timer_queue_t *queue, size_t position, airs_timer_t *timer) {
    for (;;) {
        size_t child = position * 2;
        if (child > queue->count) {
            break;
        }
        if (child < queue->count && before(queue->heap[child + 1], queue->heap[child])) {
            child++;
        }
        if (!before(queue->heap[child], timer)) {
            break;
        }
        put(queue, position, queue->heap[child]);
        position = child;
    }
    put(queue, position, timer);
}

static void remove_at(airs_timer_queue_t *queue, size_t position) {
    AIRS_ASSERT(position > 0 && position <= queue->count);
    queue->heap[position]->position = 0;
    airs_timer_t *last = queue->heap[queue->count--];
    if (position > queue->count) {
        return;
    }
    if (position > 1 && before(last, queue->heap[position / 2])) {
        sift_up(queue, position, last);
    } else {
        sift_down(queue, position, last);
    }
}

/* The next timer if it is due; otherwise NULL. Under the lock. */
static airs_timer_t *due(airs_timer_queue_t *queue) {
    if (queue->count == 0 || queue->heap[1]->deadline_ns > airs_clock_monotonic(queue->clock)) {
        return NULL;
    }
    return queue->heap[1];
}

/* Fire one due timer with the lock dropped. Under the lock, nobody else firing. */
static void fire(airs_timer_queue_t *queue, airs_timer_t *timer) {
    remove_at(queue, timer->position);
    queue->firing = timer;
    pthread_mutex_unlock(&queue->lock);
    timer->fire(timer); /* may free the timer */
    pthread_mutex_lock(&queue->lock);
    queue->firing = NULL;
    pthread_cond_broadcast(&queue->fired);
}

static void wait_for_firing(airs_timer_queue_t *queue) {
    while (queue->firing != NULL) {
        pthread_cond_wait(&queue->fired, &queue->lock);
    }
}

/* Sleep until the first deadline, or until it moves forward. */
static void sleep_until_due(airs_timer_queue_t *queue) {
    if (queue->count == 0) {
        pthread_cond_wait(&queue->earlier, &queue->lock);
        return;
    }
    uint64_t now = airs_clock_monotonic(queue->clock);
    uint64_t deadline = queue->heap[1]->deadline_ns;
    uint64_t left = deadline > now ? deadline - now : 0;
    left = left < LONGEST_SLEEP_NS ? left : LONGEST_SLEEP_NS;
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    left += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(left / 1000000000);
    until.tv_nsec = (long)(left % 1000000000);
    pthread_cond_timedwait(&queue->earlier, &queue->lock, &until);
}

static void *run(void *argument) {
    airs_timer_queue_t *queue = argument;
    pthread_mutex_lock(&queue->lock);
    while (!queue->ending) {
        airs_timer_t *timer = due(queue);
        if (timer == NULL) {
            sleep_until_due(queue);
        } else if (queue->firing != NULL) {
            wait_for_firing(queue);
        } else {
            fire(queue, timer);
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

static airs_status_t grow(airs_timer_queue_t *queue) {
    size_t capacity = queue->capacity == 0 ? FIRST_CAPACITY : queue->capacity * 2;
    airs_timer_t **heap = airs_resize_array(queue->allocator, queue->heap, capacity, sizeof(airs_timer_t *));
    if (heap == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    queue->heap = heap;
    queue->capacity = capacity;
    return AIRS_OK;
}

static airs_status_t add(airs_timer_service_t *service, airs_timer_t *timer) {
    airs_timer_queue_t *queue = queue_of(service);
    pthread_mutex_lock(&queue->lock);
    AIRS_ASSERT(timer->position == 0);
    airs_status_t status = queue->count + 1 < queue->capacity ? AIRS_OK : grow(queue);
    if (status == AIRS_OK) {
        timer->serial = queue->next_serial++;
        queue->count++;
        sift_up(queue, queue->count, timer);
        if (queue->threaded && timer->position == 1) {
            pthread_cond_signal(&queue->earlier);
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return status;
}

static bool cancel(airs_timer_service_t *service, airs_timer_t *timer) {
    airs_timer_queue_t *queue = queue_of(service);
    pthread_mutex_lock(&queue->lock);
    /* First: its callback may add it again. */
    while (queue->firing == timer) {
        pthread_cond_wait(&queue->fired, &queue->lock);
    }
    bool armed = timer->position != 0;
    if (armed) {
        remove_at(queue, timer->position);
    }
    pthread_mutex_unlock(&queue->lock);
    return armed;
}

static airs_status_t init_locks(airs_timer_queue_t *queue) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return AIRS_OUT_OF_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_mutex_init(&queue->lock, NULL);
    failed |= pthread_cond_init(&queue->earlier, &attributes);
    failed |= pthread_cond_init(&queue->fired, NULL);
    pthread_condattr_destroy(&attributes);
    return failed == 0 ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

static void release(airs_timer_queue_t *queue) {
    pthread_cond_destroy(&queue->fired);
    pthread_cond_destroy(&queue->earlier);
    pthread_mutex_destroy(&queue->lock);
    airs_release(queue->allocator, queue->heap);
    airs_release(queue->allocator, queue);
}

airs_status_t airs_timer_queue_create(const airs_allocator_t *allocator, airs_clock_t *clock, bool threaded,
                                      airs_timer_queue_t **out) {
    airs_timer_queue_t *queue = airs_alloc_zeroed(allocator, sizeof *queue);
    if (queue == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    queue->service = (airs_timer_service_t){.add = add, .cancel = cancel};
    queue->allocator = allocator;
    queue->clock = clock;
    airs_status_t status = init_locks(queue);
    if (status == AIRS_OK && threaded) {
        queue->threaded = true;
        status = airs_thread_start(&queue->thread, run, queue);
    }
    if (status != AIRS_OK) {
        release(queue);
        return status;
    }
    *out = queue;
    return AIRS_OK;
}

void airs_timer_queue_stop(airs_timer_queue_t *queue) {
    if (queue == NULL || !queue->threaded) {
        return;
    }
    pthread_mutex_lock(&queue->lock);
    queue->ending = true;
    queue->threaded = false;
    pthread_cond_signal(&queue->earlier);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->thread, NULL);
}

void airs_timer_queue_destroy(airs_timer_queue_t *queue) {
    if (queue != NULL) {
        airs_timer_queue_stop(queue);
        release(queue);
    }
}

airs_timer_service_t *airs_timer_queue_service(airs_timer_queue_t *queue) { return &queue->service; }

size_t airs_timer_queue_advance(airs_timer_queue_t *queue) {
    size_t fired = 0;
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        wait_for_firing(queue);
        airs_timer_t *timer = due(queue);
        if (timer == NULL) {
            break;
        }
        fire(queue, timer);
        fired++;
    }
    pthread_mutex_unlock(&queue->lock);
    return fired;
}

uint64_t airs_timer_queue_next_deadline(airs_timer_queue_t *queue) {
    pthread_mutex_lock(&queue->lock);
    uint64_t next = queue->count > 0 ? queue->heap[1]->deadline_ns : UINT64_MAX;
    pthread_mutex_unlock(&queue->lock);
    return next;
}
