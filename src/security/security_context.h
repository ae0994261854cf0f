/* Who a component actor is to the host, and what it may do: asked at every host import that acts on
 * something. Immutable, so any thread may ask at any time. */
#ifndef AIRSSYS_SECURITY_SECURITY_CONTEXT_H
#define AIRSSYS_SECURITY_SECURITY_CONTEXT_H

#include "core/component_id.h"
#include "security/capability.h"

typedef struct airs_security_context airs_security_context_t;

/* For the actor `id` (a reference is kept) of the application whose namespace is the id's. It is granted what
 * every component has: messages to components of its own application, its own storage, the host's
 * services, and all topics. AIRS_OUT_OF_MEMORY. The caller owns the context. */
airs_status_t airs_security_context_create(const airs_allocator_t *allocator, airs_component_id_t *id,
                                           airs_security_context_t **out);

/* NULL is fine. */
void airs_security_context_destroy(airs_security_context_t *context);

/* AIRS_OK, or AIRS_CAPABILITY_DENIED with a text that says who may not do what, and what would be right.
 * `resource` is of the action's kind (airs_action_resource). */
airs_status_t airs_security_check(const airs_security_context_t *context, airs_action_t action,
                                  const airs_resource_t *resource, airs_error_t *error);

/* The actor's id and its application's namespace; valid as long as the context. */
airs_component_id_t *airs_security_context_id(const airs_security_context_t *context);
airs_str_t airs_security_context_namespace(const airs_security_context_t *context);

#endif
