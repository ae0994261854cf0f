/* The end of an incarnation: what becomes of the message in hand, of what waits, of its requests. */
#ifndef AIRSSYS_ACTOR_ACTOR_END_H
#define AIRSSYS_ACTOR_ACTOR_END_H

#include "actor/actor.h"

/* The incarnation has ended. The owner's. `status` and `reason` (may be NULL, valid for the call) say why;
 * AIRS_OK for an end in order. True: the actor has ended with it, the caller's ownership and the actor's own
 * reference are given up, and it must not be touched after. False: it is down and still the caller's, who
 * parks it. */
bool airs_actor_finish(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status, const char *reason);

/* The incarnation ends, and one of the component before an update begins (actor/actor_update.h), of which the keeper
 * does not hear. The owner's. `status` AIRS_OK: it was ordered. The actor is down and still the caller's. */
void airs_actor_recede(airs_actor_t *actor, airs_status_t status, const char *reason);

/* An actor that is down ends for good: as airs_actor_finish when that answers true. */
void airs_actor_give_up(airs_actor_t *actor, airs_actor_end_t end);

/* A message that is not handled and is no dead letter: counted, and gone. The owner's. */
void airs_actor_drop(airs_actor_t *actor, airs_component_message_t *message);

/* Write into the log about this actor, at most AIRS_LOG_LIMIT times a second when `limited`. */
void airs_actor_complain(airs_actor_t *actor, airs_log_level_t level, bool limited, const char *what,
                         airs_status_t status, const char *reason);

#endif
