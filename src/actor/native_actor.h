/* Actors written in C (include/airssys/actor.h). */
#ifndef AIRSSYS_ACTOR_NATIVE_ACTOR_H
#define AIRSSYS_ACTOR_NATIVE_ACTOR_H

#include "actor/actor.h"

/* A created actor, owned by the caller. `native` is copied; on failure `state` is still the caller's.
 * `setup` comes without its behaviour; the reference to the id is taken over on success. NULL when there is
 * no memory. */
airs_actor_t *airs_native_actor_create(const airs_actor_setup_t *setup, const airs_native_t *native,
                                       void *state);

#endif
