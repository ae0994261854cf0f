/* An actor's timers (airssys:actor/timers): messages to itself, once or each period.
 *
 * Their messages are exempt from the mailbox's bounds; max_timers bounds the timers that are armed or whose
 * message waits. A timer that fires once has its message from the start. A repeating one is armed again when
 * its message is taken out of the mailbox, for the next of the moments that are whole periods after its start
 * and have not passed: so what falls due while one waits coalesces with it, nothing drifts, and no burst
 * follows a stall. When there is no memory for its next message at such a moment, that one is left out.
 *
 * A timer ends with its incarnation. An armed one does not keep a system from being quiet
 * (airs_actor_system_drain). */
#ifndef AIRSSYS_ACTOR_ACTOR_TIMERS_H
#define AIRSSYS_ACTOR_ACTOR_TIMERS_H

#include "actor/actor.h"

/* These two as in core/message_router.h. A delay or period of more than 2^53 ms never comes. */
airs_status_t airs_router_start_timer(airs_message_router_t *router, airs_actor_t *self, uint64_t delay_ms,
                                      uint64_t period_ms, airs_bytes_t payload, uint64_t *out,
                                      airs_error_t *error);
bool airs_router_cancel_timer(airs_message_router_t *router, airs_actor_t *self, uint64_t id);

/* The owner has taken a timer's message out of the mailbox. False: the timer was cancelled, or was an earlier
 * incarnation's, and the message is not to be handled. */
bool airs_actor_timers_take(airs_actor_t *actor, const airs_component_message_t *message);

/* The owner's: when a timer is due next, on the monotonic clock; UINT64_MAX: never, or there is none. */
uint64_t airs_actor_timers_due(airs_actor_t *actor, uint64_t id);

/* The owner's incarnation has ended: no callback of its timers runs any more, and none will. Their messages
 * stay where they are. */
void airs_actor_timers_end(airs_actor_t *actor);

/* The same with `most` of them at most, from *place on, 0 at first (actor/actor_clearing.h). How many there were. */
size_t airs_actor_timers_end_few(airs_actor_t *actor, size_t most, size_t *place);

/* Likewise, but only of those that this incarnation began, or that all others did. */
void airs_actor_timers_end_some(airs_actor_t *actor, uint64_t incarnation, bool others);

/* With the actor's memory. */
void airs_actor_timers_free(airs_actor_t *actor);

#endif
