/* Why an actor that is restarted ended last, other than in order: for who looks at actors. The actor itself keeps
 * how it ended (actor.h) for its owner and its keeper alone, and every end in order replaces that. */
#ifndef AIRSSYS_ACTOR_LAST_FAILURE_H
#define AIRSSYS_ACTOR_LAST_FAILURE_H

#include "actor/actor.h"

/* The owner's: its incarnation has ended, and there will be another. Nothing is kept of an end in order, and
 * without memory what was known stays. */
void airs_last_failure_keep(airs_actor_t *actor);

/* Any thread with a reference: the time (0: it never failed), what it was ("trap", …; static) and why, cut after a
 * line if it is longer than `size`. */
uint64_t airs_last_failure_copy(airs_actor_t *actor, const char **what, char *text, size_t size);

/* With the actor's memory. */
void airs_last_failure_free(airs_actor_t *actor);

#endif
