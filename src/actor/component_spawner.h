/* Makes actors: mailbox, registration, start; and sees to it that nothing is left of one that fails. */
#ifndef AIRSSYS_ACTOR_COMPONENT_SPAWNER_H
#define AIRSSYS_ACTOR_COMPONENT_SPAWNER_H

#include "actor/actor.h"
#include "actor/actor_spec.h"

/* What is to be spawned: a component, or with `native` set a native actor with its state. */
typedef struct airs_spawn {
    airs_component_handle_t component;
    const airs_native_t *native;
    void *state;
    airs_id_t id;
    const airs_actor_spec_t *spec; /* NULL: all defaults */
    uint32_t max_instances;        /* of its component, this one included; 0: no bound */
} airs_spawn_t;

/* How a new actor is tied to the one that asked for it. */
typedef struct airs_spawn_tie {
    airs_actor_t *parent;
    bool link;
    bool monitor;
    uint64_t number; /* of the monitor: to be filled */
} airs_spawn_tie_t;

/* airs_actor_system_spawn_component and _spawn_native. */
airs_status_t airs_component_spawner_spawn(airs_services_t *services, const airs_spawn_t *spawn,
                                           airs_error_t *error);

/* The same of an actor with a keeper, which hears of the rest: it is registered, and starts on the workers. Its
 * spec is complete (actor/actor_spec.h) and borrowed until it has ended for good. `worker` is the calling one. A
 * reference besides the actor's own for the caller. */
airs_status_t airs_component_spawner_spawn_kept(airs_services_t *services, const airs_spawn_t *spawn,
                                                airs_keeper_t *keeper, airs_worker_t *worker,
                                                airs_actor_t **out, airs_error_t *error);

/* The same without its start: it is registered, tied to its parent and the caller's, who has it start by
 * airs_component_spawner_start, or lets go of it by airs_component_spawner_abandon. For a parent's owner, in one of its calls. */
airs_status_t airs_component_spawner_prepare(airs_services_t *services, const airs_spawn_t *spawn,
                                             airs_keeper_t *keeper, airs_spawn_tie_t *tie, airs_actor_t **out,
                                             airs_error_t *error);
void airs_component_spawner_start(airs_actor_t *actor, airs_worker_t *worker);
/* It ends without having started. Its keeper does not hear of it; the caller's reference stays. */
void airs_component_spawner_abandon(airs_actor_t *actor, airs_worker_t *worker, airs_status_t status,
                                    const char *reason);

/* A native actor that is not registered and not counted, for the runtime's own use; started. A reference
 * besides the actor's own for the caller. */
airs_status_t airs_component_spawner_spawn_internal(airs_services_t *services, const airs_spawn_t *spawn,
                                                    airs_actor_t **out);

#endif
