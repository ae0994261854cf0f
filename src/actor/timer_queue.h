/* The node's timers: a binary heap under a lock, and one thread that sleeps until the next deadline.
 *
 * A heap costs the logarithm of what is armed. Timers of one deadline fire in the order they were
 * added. Without a thread (a stepped system) they fire inside airs_timer_queue_advance. */
#ifndef AIRSSYS_ACTOR_TIMER_QUEUE_H
#define AIRSSYS_ACTOR_TIMER_QUEUE_H

#include <airssys/allocator.h>
#include <airssys/clock.h>

#include "core/timer_service.h"

typedef struct airs_timer_queue airs_timer_queue_t;

/* AIRS_OUT_OF_MEMORY; AIRS_INTERNAL when the thread cannot be started. */
airs_status_t airs_timer_queue_create(const airs_allocator_t *allocator, airs_clock_t *clock, bool threaded,
                                      airs_timer_queue_t **out);

/* End the thread, after the callback that it may be in: what callbacks use can go afterwards. Timers still
 * armed never fire; `cancel` goes on working. NULL is fine, and so is a second time. */
void airs_timer_queue_stop(airs_timer_queue_t *queue);

/* Stops it, too. NULL is fine. */
void airs_timer_queue_destroy(airs_timer_queue_t *queue);

airs_timer_service_t *airs_timer_queue_service(airs_timer_queue_t *queue);

/* Fire what is due, on this thread. Any thread, not from a timer's callback. Returns how many. */
size_t airs_timer_queue_advance(airs_timer_queue_t *queue);

/* UINT64_MAX: none is armed. */
uint64_t airs_timer_queue_next_deadline(airs_timer_queue_t *queue);

#endif
