/* What bounds an actor, made whole and kept: for those that are started more than once. */
#ifndef AIRSSYS_ACTOR_ACTOR_SPEC_H
#define AIRSSYS_ACTOR_ACTOR_SPEC_H

#include "actor/actor_system.h"

/* The spec (NULL: all defaults) with its defaults filled in; what it borrows is borrowed still. */
airs_actor_spec_t airs_actor_spec_complete(const airs_actor_spec_t *given);

/* The same with copies of all that is borrowed, but for standard_output, in one block, *memory, which is the
 * caller's to release. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_spec_copy(const airs_allocator_t *allocator, const airs_actor_spec_t *given,
                                   airs_actor_spec_t *out, void **memory);

#endif
