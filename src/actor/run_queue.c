#include "actor/run_queue.h"

#include "actor/actor.h"

/* The lock's holder writes the length; others only look. */
static size_t set_length(airs_run_queue_t *queue, size_t length) {
    atomic_store_explicit(&queue->length, length, memory_order_relaxed);
    return length;
}

size_t airs_run_queue_push(airs_run_queue_t *queue, airs_actor_t *actor) {
    actor->run_next = NULL;
    airs_spinlock_lock(&queue->lock);
    if (queue->first == NULL) {
        queue->first = actor;
    } else {
        queue->last->run_next = actor;
    }
    queue->last = actor;
    size_t length = set_length(queue, airs_run_queue_length(queue) + 1);
    airs_spinlock_unlock(&queue->lock);
    return length;
}

airs_actor_t *airs_run_queue_pop(airs_run_queue_t *queue) {
    /* Without the lock: an actor that is pushed at this moment is seen at the next look. */
    return airs_run_queue_length(queue) > 0 ? airs_run_queue_pop_at(queue, 0) : NULL;
}

airs_actor_t *airs_run_queue_pop_at(airs_run_queue_t *queue, size_t index) {
    airs_spinlock_lock(&queue->lock);
    airs_actor_t *before = NULL;
    airs_actor_t *actor = queue->first;
    for (; actor != NULL && index > 0; index--) {
        before = actor;
        actor = actor->run_next;
    }
    if (actor != NULL) {
        if (before == NULL) {
            queue->first = actor->run_next;
        } else {
            before->run_next = actor->run_next;
        }
        if (queue->last == actor) {
            queue->last = before;
        }
        set_length(queue, airs_run_queue_length(queue) - 1);
    }
    airs_spinlock_unlock(&queue->lock);
    return actor;
}

/* Cut the oldest `count` off. */
static airs_actor_t *cut(airs_run_queue_t *queue, size_t count, airs_actor_t **last) {
    airs_actor_t *first = queue->first;
    *last = first;
    for (size_t i = 1; i < count; i++) {
        *last = (*last)->run_next;
    }
    queue->first = (*last)->run_next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    (*last)->run_next = NULL;
    set_length(queue, airs_run_queue_length(queue) - count);
    return first;
}

size_t airs_run_queue_steal(airs_run_queue_t *to, airs_run_queue_t *from, size_t max) {
    if (airs_run_queue_length(from) == 0) {
        return 0;
    }
    airs_spinlock_lock(&from->lock);
    size_t count = (airs_run_queue_length(from) + 1) / 2;
    count = count < max ? count : max;
    airs_actor_t *last = NULL;
    airs_actor_t *first = count > 0 ? cut(from, count, &last) : NULL;
    airs_spinlock_unlock(&from->lock);
    if (count == 0) {
        return 0;
    }
    /* One lock at a time: two workers may steal from each other. */
    airs_spinlock_lock(&to->lock);
    if (to->first == NULL) {
        to->first = first;
    } else {
        to->last->run_next = first;
    }
    to->last = last;
    set_length(to, airs_run_queue_length(to) + count);
    airs_spinlock_unlock(&to->lock);
    return count;
}
