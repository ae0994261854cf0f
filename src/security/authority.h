/* What decides for all components of a node beside their capabilities: the policy, which can be exchanged while
 * components run, and the audit that is told. */
#ifndef AIRSSYS_SECURITY_AUTHORITY_H
#define AIRSSYS_SECURITY_AUTHORITY_H

#include <airssys/allocator.h>
#include <airssys/clock.h>

#include "security/audit.h"
#include "security/policy.h"

typedef struct airs_authority airs_authority_t;

/* `clock` (grants expire by its wall time) and `audit` (NULL: nobody is told) outlive it. AIRS_OUT_OF_MEMORY. The
 * caller owns it; it outlives what is made with it. */
airs_status_t airs_authority_create(const airs_allocator_t *allocator, airs_clock_t *clock,
                                    airs_audit_t *audit, airs_authority_t **out);

/* NULL is fine. */
void airs_authority_destroy(airs_authority_t *authority);

/* From now on this policy holds (a reference is kept), NULL: none; also for decisions that were remembered. Any
 * thread. */
void airs_authority_set_policy(airs_authority_t *authority, airs_policy_t *policy);

/* The policy, with a reference for the caller, or NULL; and in *generation which one it is. Any thread. */
airs_policy_t *airs_authority_policy(airs_authority_t *authority, uint64_t *generation);

/* Another number whenever the policy is another one. Costs a load. Any thread. */
uint64_t airs_authority_generation(const airs_authority_t *authority);

airs_clock_t *airs_authority_clock(const airs_authority_t *authority);
airs_audit_t *airs_authority_audit(const airs_authority_t *authority);

#endif
