#include "actor/run_queue.h"

#include "actor/actor.h"

static size_t length_of(airs_run_list_t *list) {
    return atomic_load_explicit(&list->length, memory_order_relaxed);
}

/* The lock's holder writes the length; others only look. */
static void set_length(airs_run_list_t *list, size_t length) {
    atomic_store_explicit(&list->length, length, memory_order_relaxed);
}

static void append(airs_run_list_t *list, airs_actor_t *first, airs_actor_t *last, size_t count) {
    if (list->first == NULL) {
        list->first = first;
    } else {
        list->last->run_next = first;
    }
    list->last = last;
    set_length(list, length_of(list) + count);
}

size_t airs_run_queue_push(airs_run_queue_t *queue, airs_actor_t *actor) {
    actor->run_next = NULL;
    airs_spinlock_lock(&queue->lock);
    append(&queue->lists[airs_actor_level(actor)], actor, actor, 1);
    size_t length = airs_run_queue_length(queue);
    airs_spinlock_unlock(&queue->lock);
    return length;
}

/* Take out the one at `index`; NULL when there are fewer. */
static airs_actor_t *take_at(airs_run_list_t *list, size_t index) {
    airs_actor_t *before = NULL;
    airs_actor_t *actor = list->first;
    for (; actor != NULL && index > 0; index--) {
        before = actor;
        actor = actor->run_next;
    }
    if (actor == NULL) {
        return NULL;
    }
    if (before == NULL) {
        list->first = actor->run_next;
    } else {
        before->run_next = actor->run_next;
    }
    if (list->last == actor) {
        list->last = before;
    }
    set_length(list, length_of(list) - 1);
    return actor;
}

airs_actor_t *airs_run_queue_pop(airs_run_queue_t *queue, airs_run_level_t level) {
    /* Without the lock: an actor that is pushed at this moment is seen at the next look. */
    if (airs_run_queue_length_at(queue, level) == 0) {
        return NULL;
    }
    airs_spinlock_lock(&queue->lock);
    airs_actor_t *actor = take_at(&queue->lists[level], 0);
    airs_spinlock_unlock(&queue->lock);
    return actor;
}

airs_actor_t *airs_run_queue_pop_at(airs_run_queue_t *queue, size_t index) {
    airs_spinlock_lock(&queue->lock);
    size_t brief = length_of(&queue->lists[AIRS_LEVEL_BRIEF]);
    airs_actor_t *actor = index < brief ? take_at(&queue->lists[AIRS_LEVEL_BRIEF], index)
                                        : take_at(&queue->lists[AIRS_LEVEL_LONG], index - brief);
    airs_spinlock_unlock(&queue->lock);
    return actor;
}

/* Cut the oldest `count` off. */
static airs_actor_t *cut(airs_run_list_t *list, size_t count, airs_actor_t **last) {
    airs_actor_t *first = list->first;
    *last = first;
    for (size_t i = 1; i < count; i++) {
        *last = (*last)->run_next;
    }
    list->first = (*last)->run_next;
    if (list->first == NULL) {
        list->last = NULL;
    }
    (*last)->run_next = NULL;
    set_length(list, length_of(list) - count);
    return first;
}

size_t airs_run_queue_steal(airs_run_queue_t *to, airs_run_queue_t *from, airs_run_level_t level,
                            size_t max) {
    if (airs_run_queue_length_at(from, level) == 0) {
        return 0;
    }
    airs_spinlock_lock(&from->lock);
    airs_run_list_t *list = &from->lists[level];
    size_t count = (length_of(list) + 1) / 2;
    count = count < max ? count : max;
    airs_actor_t *last = NULL;
    airs_actor_t *first = count > 0 ? cut(list, count, &last) : NULL;
    airs_spinlock_unlock(&from->lock);
    if (count == 0) {
        return 0;
    }
    /* One lock at a time: two workers may steal from each other. */
    airs_spinlock_lock(&to->lock);
    append(&to->lists[level], first, last, count);
    airs_spinlock_unlock(&to->lock);
    return count;
}
