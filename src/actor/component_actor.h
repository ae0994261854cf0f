/* Actors that are instances of a component, on the engine. */
#ifndef AIRSSYS_ACTOR_COMPONENT_ACTOR_H
#define AIRSSYS_ACTOR_COMPONENT_ACTOR_H

#include "actor/actor.h"
#include "actor/actor_code.h"
#include "actor/actor_system.h"
#include "actor/instance_room.h"

/* What `start` is doing. */
typedef enum airs_start_phase {
    PHASE_AWAIT_ROOM, /* for the instance */
    PHASE_INSTANTIATE,
    PHASE_INITIALIZE,
    PHASE_IMPORT,
    PHASE_RUN, /* of a command, whose start is only that of its timer */
    PHASE_STARTED,
} airs_start_phase_t;

/* For actor/actor_update.c, too. */
typedef struct airs_component_actor {
    airs_actor_t actor;
    airs_actor_code_t
        *code; /* what its instance was made of, or the next will be; read by the updater when no
                                update of it goes on */
    airs_instance_t *instance;
    airs_start_phase_t phase;
    char *refusal; /* why there is no instance */
    airs_room_seeker_t seeker;
    /* Of a command: how its last run ended; when the next is due, on the monotonic clock, and when the last one ended,
     * since 1970 (0: there is none). The times are for others to look at: relaxed. */
    char failure[64];
    _Atomic uint64_t next_run_ns;
    _Atomic uint64_t ran_ns;
    airs_park_timer_t park;
} airs_component_actor_t;

/* An instance of this code for the actor; as instance_create of the engine, but AIRS_NOT_LOADED. */
airs_status_t airs_component_actor_instance(airs_component_actor_t *self, const airs_actor_code_t *code,
                                            airs_instance_t **out, airs_error_t *error);

/* What the kinds of such actors have in common: going on with a call that pends, and the end of an incarnation and of
 * the actor. */
airs_poll_t airs_component_actor_call(airs_component_actor_t *self, const airs_call_t *what,
                                      airs_call_result_t *result);
airs_poll_t airs_component_actor_refuse(airs_component_actor_t *self, airs_status_t status,
                                        const airs_error_t *error, airs_call_result_t *result);
/* An instance has begun with its start functions: did it find no room? */
static inline bool airs_component_actor_found_none(airs_poll_t poll, const airs_call_result_t *result) {
    return poll == AIRS_POLL_DONE && result->status == AIRS_RESOURCE_LIMIT && result->no_room;
}
/* Make the instance, for which another actor's may have to give way, and begin with its start functions; *poll is how
 * far they came. False: there is no instance, and `result` says why; or *poll is PENDING, because it waits for room, and
 * this is to be called again when the actor is woken. */
bool airs_component_actor_begin(airs_component_actor_t *self, airs_poll_t *poll, airs_call_result_t *result);
const char *airs_component_actor_overdue(const airs_actor_t *actor);
void airs_component_actor_discard(airs_actor_t *actor);
void airs_component_actor_release(airs_actor_t *actor);

/* Is the actor one? Else it is native. */
static inline bool airs_actor_is_component(const airs_actor_t *actor) {
    return actor->behaviour->uses_engine;
}

/* A created actor, owned by the caller. `spec` (complete, see airs_component_spawner) is borrowed for the call, but
 * for what airs_actor_spec_t says must outlive the actor. `setup` comes without its behaviour; the reference to the
 * id is taken over on success. NULL when there is no memory. */
airs_actor_t *airs_component_actor_create(const airs_actor_setup_t *setup, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec);

#endif
