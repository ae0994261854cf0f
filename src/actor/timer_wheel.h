/* The node's timers: a hierarchy of wheels under a lock (Varghese and Lauck, 1987), and one thread that
 * sleeps until the next deadline.
 *
 * A level is a ring of slots, each as wide in time as half a ring of the level below; a timer lies in the
 * lowest level that reaches its deadline and moves down as time goes on, at most once a level. What is due
 * within the tick of 0.26 ms lies in a heap, which gives the exact order and the exact moment. So adding and
 * cancelling cost the same whatever the number of timers that are armed, and firing costs what is due in the
 * same tick.
 *
 * Without a thread (a stepped system) timers fire inside airs_timer_wheel_advance. */
#ifndef AIRSSYS_ACTOR_TIMER_WHEEL_H
#define AIRSSYS_ACTOR_TIMER_WHEEL_H

#include <airssys/allocator.h>
#include <airssys/clock.h>

#include "core/timer_service.h"

typedef struct airs_timer_wheel airs_timer_wheel_t;

/* AIRS_OUT_OF_MEMORY; AIRS_INTERNAL when the thread cannot be started. */
airs_status_t airs_timer_wheel_create(const airs_allocator_t *allocator, airs_clock_t *clock, bool threaded,
                                      airs_timer_wheel_t **out);

/* End the thread, after the callback that it may be in: what callbacks use can go afterwards. Timers still
 * armed never fire; `cancel` goes on working. NULL is fine, and so is a second time. */
void airs_timer_wheel_stop(airs_timer_wheel_t *wheel);

/* Stops it, too. NULL is fine. */
void airs_timer_wheel_destroy(airs_timer_wheel_t *wheel);

/* Its `add` takes no memory and never fails. */
airs_timer_service_t *airs_timer_wheel_service(airs_timer_wheel_t *wheel);

/* Fire what is due, on this thread. Any thread, not from a timer's callback. Returns how many. */
size_t airs_timer_wheel_advance(airs_timer_wheel_t *wheel);

/* The same for a thread that runs anyway while the wheel's own waits for a core, which under load takes the kernel
 * some milliseconds: costs a look at the clock when nothing is due, and never waits. Any thread that holds
 * nothing that callbacks want, not from a timer's callback. */
size_t airs_timer_wheel_help(airs_timer_wheel_t *wheel);

/* Exactly when the next one is due; UINT64_MAX: none is armed. Looks at every timer of a slot: for a stepped
 * system. */
uint64_t airs_timer_wheel_next_deadline(airs_timer_wheel_t *wheel);

#endif
