/* Actors that are instances of a component, on the engine. */
#ifndef AIRSSYS_ACTOR_COMPONENT_ACTOR_H
#define AIRSSYS_ACTOR_COMPONENT_ACTOR_H

#include "actor/actor.h"
#include "actor/actor_system.h"

/* A created actor, owned by the caller. `spec` (complete, see airs_component_spawner) is borrowed until the
 * actor is running or has ended; if it has a keeper, until it has ended for good. `setup` comes without its
 * behaviour; the reference to the id is taken over on success. NULL when there is no memory. */
airs_actor_t *airs_component_actor_create(const airs_actor_setup_t *setup, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec);

#endif
