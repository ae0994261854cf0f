/* Actors that are commands: components that export wasi:cli/run instead of what an actor exports. Each run is an
 * instance of its own, once or at an interval, and takes no messages. */
#ifndef AIRSSYS_ACTOR_COMMAND_ACTOR_H
#define AIRSSYS_ACTOR_COMMAND_ACTOR_H

#include "actor/component_actor.h"

/* Of an airs_component_actor_t. A run that ends with code 0 is the end of one that runs once, for the reason `normal`;
 * any other code ends it for the reason `error`, and whatever ends an actor's call in a crash ends it so. */
const airs_behaviour_t *airs_command_actor_behaviour(void);

static inline bool airs_actor_is_command(const airs_actor_t *actor) {
    return actor->behaviour == airs_command_actor_behaviour();
}

/* Any thread with a reference: when its next run is due, now or later, and when the last one ended, both since 1970; 0:
 * there is none, or it is no command. */
void airs_command_actor_times(airs_actor_t *actor, uint64_t *next_ns, uint64_t *ran_ns);

#endif
