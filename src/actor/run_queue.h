/* Actors that have something to do and wait for a worker: lists under a lock, oldest first, that its
 * worker takes from and idle workers steal from. (Locked run queues took the place of lock-free ones in
 * Erlang's runtime and in others: the lock is free nearly always.)
 *
 * There is a list for each level: actors whose turns are brief, and actors that used up their time slices lately. Which
 * of them is next is the scheduler's to say. */
#ifndef AIRSSYS_ACTOR_RUN_QUEUE_H
#define AIRSSYS_ACTOR_RUN_QUEUE_H

#include <stddef.h>

#include "actor/spinlock.h"
#include "core/message_router.h"

/* Where an actor waits; see airs_actor_level. */
typedef enum airs_run_level {
    AIRS_LEVEL_BRIEF,
    AIRS_LEVEL_LONG,
    AIRS_LEVELS,
} airs_run_level_t;

typedef struct airs_run_list {
    airs_actor_t *first;
    airs_actor_t *last;
    _Atomic size_t length;
} airs_run_list_t;

/* Zeroed: empty. */
typedef struct airs_run_queue {
    airs_spinlock_t lock;
    airs_run_list_t lists[AIRS_LEVELS];
} airs_run_queue_t;

/* Any thread. The actor must be in no queue; it goes to its level. Returns the length with it, of all levels. */
size_t airs_run_queue_push(airs_run_queue_t *queue, airs_actor_t *actor);

/* Any thread. The oldest of a level; NULL when there is none. */
airs_actor_t *airs_run_queue_pop(airs_run_queue_t *queue, airs_run_level_t level);

/* Any thread. The one at `index`, 0 the oldest of the first level; NULL when there are fewer. */
airs_actor_t *airs_run_queue_pop_at(airs_run_queue_t *queue, size_t index);

/* Move the older half of a level of `from`, at least one and at most `max`, to `to`. Returns how many. */
size_t airs_run_queue_steal(airs_run_queue_t *to, airs_run_queue_t *from, airs_run_level_t level, size_t max);

/* Any thread, at once out of date: of one level, of all. */
static inline size_t airs_run_queue_length_at(airs_run_queue_t *queue, airs_run_level_t level) {
    return atomic_load_explicit(&queue->lists[level].length, memory_order_relaxed);
}

static inline size_t airs_run_queue_length(airs_run_queue_t *queue) {
    return airs_run_queue_length_at(queue, AIRS_LEVEL_BRIEF) +
           airs_run_queue_length_at(queue, AIRS_LEVEL_LONG);
}

#endif
