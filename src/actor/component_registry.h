/* Which actors live: by id, by component (the instances of one name), and in the order of their start.
 *
 * Look-ups take a lock of one of many shards and are rare, for senders remember what they found
 * (airs_route_t). */
#ifndef AIRSSYS_ACTOR_COMPONENT_REGISTRY_H
#define AIRSSYS_ACTOR_COMPONENT_REGISTRY_H

#include "actor/actor.h"

/* AIRS_OUT_OF_MEMORY. `random` picks among instances. */
airs_status_t airs_component_registry_create(const airs_allocator_t *allocator, airs_random_t *random,
                                             airs_component_registry_t **out);

/* No actor may be left. NULL is fine. */
void airs_component_registry_destroy(airs_component_registry_t *registry);

/* From here on the actor is found. The registry holds no reference: its owner removes it before the actor
 * gives up its own. AIRS_ALREADY_EXISTS, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_component_registry_insert(airs_component_registry_t *registry, airs_actor_t *actor);

/* The same, if its component has fewer than so many instances (0: no bound). AIRS_QUOTA_EXCEEDED. */
airs_status_t airs_component_registry_insert_bounded(airs_component_registry_t *registry, airs_actor_t *actor,
                                                     uint32_t max_instances);

/* The id is free from here on. */
void airs_component_registry_remove(airs_component_registry_t *registry, airs_actor_t *actor);

/* The actor with this id, or with an empty instance any live one of the component: of two picked at random
 * the one with less waiting. A reference for the caller, or NULL. */
airs_actor_t *airs_component_registry_find(airs_component_registry_t *registry, airs_id_t id);

/* The same for an id that is not a view, and so has its hash; it has an instance. */
airs_actor_t *airs_component_registry_find_known(airs_component_registry_t *registry,
                                                 const airs_component_id_t *id);

/* All instances of the component that `id` names (its instance is not looked at), a reference each, in an
 * array of the allocator's for the caller to release. AIRS_TARGET_NOT_FOUND, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_component_registry_instances(airs_component_registry_t *registry, airs_id_t id,
                                                airs_actor_t ***out, size_t *count);

/* Calls each() for all, in the order of their start; false stops. Actors that come or go meanwhile are seen
 * or not; no lock is held during the call, and the actor stays while it lasts. */
void airs_component_registry_each(airs_component_registry_t *registry,
                                  bool (*each)(void *context, airs_actor_t *actor), void *context);

/* The one that was started last, a reference for the caller, or NULL. */
airs_actor_t *airs_component_registry_last(airs_component_registry_t *registry);

size_t airs_component_registry_count(airs_component_registry_t *registry);

#endif
