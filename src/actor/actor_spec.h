/* What bounds an actor, made whole and kept: for those that are started more than once. */
#ifndef AIRSSYS_ACTOR_ACTOR_SPEC_H
#define AIRSSYS_ACTOR_ACTOR_SPEC_H

#include "actor/actor_system.h"

/* All defaults. Static. */
const airs_actor_spec_t *airs_actor_spec_default(void);

/* The spec (NULL: all defaults) with its defaults filled in; what it borrows is borrowed still. */
airs_actor_spec_t airs_actor_spec_complete(const airs_actor_spec_t *given);

/* The same with copies of all that is borrowed, but for the outputs, in one block, *memory, and a reference to the
 * settings, all of which the caller gives back with airs_actor_spec_release. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_spec_copy(const airs_allocator_t *allocator, const airs_actor_spec_t *given,
                                   airs_actor_spec_t *out, void **memory);

void airs_actor_spec_release(const airs_allocator_t *allocator, airs_actor_spec_t *spec, void *memory);

/* The same, counted, for actors whose spawner does not wait for them. */
typedef struct airs_kept_spec airs_kept_spec_t;

airs_status_t airs_kept_spec_create(const airs_allocator_t *allocator, const airs_actor_spec_t *given,
                                    airs_kept_spec_t **out);
airs_kept_spec_t *airs_kept_spec_ref(airs_kept_spec_t *kept);
/* NULL is fine. */
void airs_kept_spec_unref(airs_kept_spec_t *kept);
/* Valid as long as the reference. */
const airs_actor_spec_t *airs_kept_spec_view(const airs_kept_spec_t *kept);

/* The limits among a spawn's options (NULL: all defaults), and its subscriptions, borrowed. */
airs_actor_spec_t airs_actor_spec_of(const airs_spawn_options_t *options);

#endif
