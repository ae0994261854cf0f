/* Armed timers in the order in which they fire: by deadline, then by serial. A pairing heap (Fredman,
 * Sedgewick, Sleator and Tarjan, 1986) through the timers' own links: adding is one comparison, taking one
 * out costs the logarithm of what is in it, on average over a run of them. */
#ifndef AIRSSYS_ACTOR_TIMER_HEAP_H
#define AIRSSYS_ACTOR_TIMER_HEAP_H

#include "core/timer_service.h"

/* Zeroed: empty. */
typedef struct airs_timer_heap {
    airs_timer_t *first;
} airs_timer_heap_t;

void airs_timer_heap_add(airs_timer_heap_t *heap, airs_timer_t *timer);

/* One that is in it. */
void airs_timer_heap_remove(airs_timer_heap_t *heap, airs_timer_t *timer);

#endif
