/* The end of an incarnation that has very many timers, requests and answers taken over: clearing them away at once would
 * hold its worker for tens of milliseconds, so it is done a piece a turn, and only then does the incarnation end. */
#ifndef AIRSSYS_ACTOR_ACTOR_CLEARING_H
#define AIRSSYS_ACTOR_ACTOR_CLEARING_H

#include "actor/actor.h"

/* So many of them together are cleared away as part of the end. */
#define AIRS_CLEARING_LEAST 2000

/* How it is to end. */
typedef struct airs_actor_clearing {
    airs_actor_end_t end;
    airs_status_t status;
    size_t timers_place;
    bool has_reason;
    char reason[];
} airs_actor_clearing_t;

/* The owner's, as airs_actor_finish, of which these are the arguments. True: there are so many that this is kept in
 * actor->clearing, and the actor does nothing else until airs_actor_clearing_step is through. False, also without memory
 * for it: finish at once. */
bool airs_actor_clearing_begin(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status,
                               const char *reason);

/* One piece. True: that was the last one. */
bool airs_actor_clearing_step(airs_actor_t *actor);

#endif
