/* Actors that have something to do and wait for a worker: a list under a lock, oldest first, that its
 * worker takes from and idle workers steal from. (Locked run queues took the place of lock-free ones in
 * Erlang's runtime and in others: the lock is free nearly always.) */
#ifndef AIRSSYS_ACTOR_RUN_QUEUE_H
#define AIRSSYS_ACTOR_RUN_QUEUE_H

#include <stddef.h>

#include "actor/spinlock.h"
#include "core/message_router.h"

/* Zeroed: empty. */
typedef struct airs_run_queue {
    airs_spinlock_t lock;
    airs_actor_t *first;
    airs_actor_t *last;
    _Atomic size_t length;
} airs_run_queue_t;

/* Any thread. The actor must be in no queue. Returns the length with it. */
size_t airs_run_queue_push(airs_run_queue_t *queue, airs_actor_t *actor);

/* Any thread. The oldest; NULL when there is none. */
airs_actor_t *airs_run_queue_pop(airs_run_queue_t *queue);

/* Any thread. The one at `index`, 0 the oldest; NULL when there are fewer. */
airs_actor_t *airs_run_queue_pop_at(airs_run_queue_t *queue, size_t index);

/* Move the older half of `from`, at least one and at most `max`, to `to`. Returns how many. */
size_t airs_run_queue_steal(airs_run_queue_t *to, airs_run_queue_t *from, size_t max);

/* Any thread, at once out of date. */
static inline size_t airs_run_queue_length(airs_run_queue_t *queue) {
    return atomic_load_explicit(&queue->length, memory_order_relaxed);
}

#endif
