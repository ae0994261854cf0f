/* The handles of one instance (airssys:actor/batch): numbers that stand for ids of actors, each with the decision
 * whether the instance may send there and the way there.
 *
 * A handle is good as long as the instance, so nothing is ever thrown out, and there is a bound: who is not known by
 * then gets none. Used by whoever runs the instance, one thread at a time. */
#ifndef AIRSSYS_RUNTIME_ACTOR_HANDLES_H
#define AIRSSYS_RUNTIME_ACTOR_HANDLES_H

#include "runtime/target_cache.h"

#define AIRS_ACTOR_HANDLES_MAX 4096

typedef struct airs_actor_handles {
    const airs_allocator_t *allocator;
    airs_message_router_t *router;
    airs_target_t *targets; /* the handle is the index plus 1; NULL until the first one */
    uint32_t *slots;        /* handles by the hashes of their ids, 0: free; twice `capacity` of them */
    uint32_t capacity;
    uint32_t count;
    uint32_t last; /* handle of an actor that was asked for; 0: none was */
} airs_actor_handles_t;

void airs_actor_handles_init(airs_actor_handles_t *handles, const airs_allocator_t *allocator,
                             airs_message_router_t *router);

/* Releases the routes and the memory. */
void airs_actor_handles_free(airs_actor_handles_t *handles);

/* The handle for an id, made when there is none. AIRS_QUOTA_EXCEEDED: there are as many as there may be.
 * AIRS_INVALID_ARGUMENT: no actor can have this id. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_handles_make(airs_actor_handles_t *handles, airs_id_t id, uint64_t *out);

/* The same for an actor's own id, which gets a reference; 0 for every failure. */
uint64_t airs_actor_handles_of(airs_actor_handles_t *handles, airs_component_id_t *id);

/* What a handle stands for, valid until the next one is made; NULL: it is none. */
static inline airs_target_t *airs_actor_handles_get(airs_actor_handles_t *handles, uint64_t handle) {
    return handle - 1 < handles->count ? &handles->targets[handle - 1] : NULL;
}

#endif
