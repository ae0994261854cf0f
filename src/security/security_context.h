/* Who a component actor is to the host, and what it may do: asked at every host import that acts on
 * something. One thread at a time, as the actor itself. */
#ifndef AIRSSYS_SECURITY_SECURITY_CONTEXT_H
#define AIRSSYS_SECURITY_SECURITY_CONTEXT_H

#include "core/component_id.h"
#include "security/authority.h"
#include "security/capability.h"

typedef struct airs_security_context airs_security_context_t;

/* For the actor `id` (a reference is kept) of the application whose namespace is the id's. `capabilities` (a reference
 * is kept; NULL: what every component has, airs_capabilities_common) is what it holds, `authority` (NULL: none, then no
 * grant may expire) what else decides and who is told of denials. AIRS_OUT_OF_MEMORY. The caller owns the
 * context. */
airs_status_t airs_security_context_create(const airs_allocator_t *allocator, airs_component_id_t *id,
                                           airs_capabilities_t *capabilities, airs_authority_t *authority,
                                           airs_security_context_t **out);

/* NULL is fine. */
void airs_security_context_destroy(airs_security_context_t *context);

/* Stands by when decisions are made: a recording that notes what was denied, or its replay, which knows it. */
typedef struct airs_security_witness airs_security_witness_t;

struct airs_security_witness {
    /* It was denied, for this reason ("" where nobody wants to know). May be NULL. */
    void (*denied)(airs_security_witness_t *witness, airs_action_t action, const airs_resource_t *resource,
                   const char *reason);
    /* Not NULL: this decides, and neither capabilities nor a policy. AIRS_OK, or AIRS_CAPABILITY_DENIED with the reason
     * in `error` (may be NULL). Nothing is remembered then. */
    airs_status_t (*decide)(airs_security_witness_t *witness, airs_action_t action,
                            const airs_resource_t *resource, airs_error_t *error);
};

/* It outlives the context. */
void airs_security_context_set_witness(airs_security_context_t *context, airs_security_witness_t *witness);

/* How long a decision in favour may be remembered: as long as the policy is the same one, and until its grant
 * expires. */
typedef struct airs_validity {
    uint64_t generation;
    uint64_t expires_at_ns; /* wall clock; AIRS_GRANT_FOREVER: never */
} airs_validity_t;

/* AIRS_OK, or AIRS_CAPABILITY_DENIED with a text that says who may not do what, and what would be right; the audit is
 * told. `resource` is of the action's kind (airs_action_resource). *validity (may be NULL) is written with AIRS_OK. */
airs_status_t airs_security_decide(airs_security_context_t *context, airs_action_t action,
                                   const airs_resource_t *resource, airs_validity_t *validity,
                                   airs_error_t *error);

/* The same, for decisions that are not remembered. */
airs_status_t airs_security_check(airs_security_context_t *context, airs_action_t action,
                                  const airs_resource_t *resource, airs_error_t *error);

/* Whether a remembered decision still holds. */
bool airs_security_holds(const airs_security_context_t *context, const airs_validity_t *validity);

/* Whether a rule of the policy denies it, whatever the component holds: asks without telling the audit. */
bool airs_security_forbids(airs_security_context_t *context, airs_action_t action,
                           const airs_resource_t *resource);

/* What a component may do with one of many things that it lists: asks without telling the audit. */
bool airs_security_sees(airs_security_context_t *context, airs_action_t action,
                        const airs_resource_t *resource);
/* The same, and if it may, for how long that may be remembered. */
bool airs_security_sees_for(airs_security_context_t *context, airs_action_t action,
                            const airs_resource_t *resource, airs_validity_t *validity);

/* Whether it may do this with anything at all. Denied as airs_security_check denies; there is no resource to tell
 * of. Policies are asked for each thing. */
airs_status_t airs_security_check_any(airs_security_context_t *context, airs_action_t action,
                                      airs_error_t *error);

/* The same, asked without telling the audit. */
bool airs_security_holds_any(const airs_security_context_t *context, airs_action_t action);

/* Whether it may do this with everything, whatever it is called: then nobody needs to ask for each thing. */
bool airs_security_sees_all(airs_security_context_t *context, airs_action_t action);

/* The actor's id and its application's namespace; valid as long as the context. */
airs_component_id_t *airs_security_context_id(const airs_security_context_t *context);
airs_str_t airs_security_context_namespace(const airs_security_context_t *context);
const airs_capabilities_t *airs_security_context_capabilities(const airs_security_context_t *context);

#endif
