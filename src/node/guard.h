/* What decides in a node what actors may do: their capabilities, the policy, and the audit of both. */
#ifndef AIRSSYS_NODE_GUARD_H
#define AIRSSYS_NODE_GUARD_H

#include <airssys/node.h>

#include "security/authority.h"
#include "security/capability.h"

typedef struct airs_guard airs_guard_t;

/* With an audit when the options name a file for it. AIRS_IO, AIRS_OUT_OF_MEMORY, AIRS_INTERNAL. The caller owns it;
 * it outlives the actors. */
airs_status_t airs_guard_create(const airs_node_options_t *options, airs_guard_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_guard_destroy(airs_guard_t *guard);

airs_authority_t *airs_guard_authority(const airs_guard_t *guard);

/* What an actor with these options holds; the guard's, as long as that lives, and the same for the same grants. NULL in
 * *out: nobody says, so it is what every component has. AIRS_INVALID_ARGUMENT, AIRS_OUT_OF_MEMORY. Any thread. */
airs_status_t airs_guard_capabilities(airs_guard_t *guard, const airs_spawn_options_t *options,
                                      airs_capabilities_t **out, airs_error_t *error);

/* Grants as a capability; without a guard, for who only explains. The caller owns one reference. */
airs_status_t airs_guard_make_capabilities(const airs_allocator_t *allocator, const airs_grant_t *grants,
                                           size_t count, uint64_t storage_quota, uint64_t now_ns,
                                           airs_capabilities_t **out, airs_error_t *error);

#endif
