#include "actor/timer_heap.h"

static bool before(const airs_timer_t *a, const airs_timer_t *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->serial < b->serial;
}

/* A node's children are a list; the first one's `previous` is the parent. */
static airs_timer_t *adopt(airs_timer_t *parent, airs_timer_t *child) {
    child->next = parent->child;
    child->previous = parent;
    if (child->next != NULL) {
        child->next->previous = child;
    }
    parent->child = child;
    return parent;
}

static airs_timer_t *join(airs_timer_t *a, airs_timer_t *b) {
    return before(b, a) ? adopt(b, a) : adopt(a, b);
}

/* One heap of a list of them: by pairs, then the pairs from the last to the first, which is what the cost
 * rests on. */
static airs_timer_t *join_all(airs_timer_t *list) {
    airs_timer_t *pairs = NULL;
    while (list != NULL) {
        airs_timer_t *one = list;
        airs_timer_t *other = one->next;
        list = other != NULL ? other->next : NULL;
        airs_timer_t *pair = other != NULL ? join(one, other) : one;
        pair->next = pairs;
        pairs = pair;
    }
    airs_timer_t *joined = pairs;
    pairs = pairs != NULL ? pairs->next : NULL;
    while (pairs != NULL) {
        airs_timer_t *pair = pairs;
        pairs = pair->next;
        joined = join(joined, pair);
    }
    return joined;
}

static void set_first(airs_timer_heap_t *heap, airs_timer_t *timer) {
    heap->first = timer;
    if (timer != NULL) {
        timer->next = NULL;
        timer->previous = NULL;
    }
}

void airs_timer_heap_add(airs_timer_heap_t *heap, airs_timer_t *timer) {
    timer->child = NULL;
    set_first(heap, heap->first != NULL ? join(heap->first, timer) : timer);
}

void airs_timer_heap_remove(airs_timer_heap_t *heap, airs_timer_t *timer) {
    airs_timer_t *below = join_all(timer->child);
    if (timer == heap->first) {
        set_first(heap, below);
        return;
    }
    if (timer->previous->child == timer) {
        timer->previous->child = timer->next;
    } else {
        timer->previous->next = timer->next;
    }
    if (timer->next != NULL) {
        timer->next->previous = timer->previous;
    }
    if (below != NULL) {
        set_first(heap, join(heap->first, below));
    }
}
