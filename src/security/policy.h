/* A policy: rules of the operator's, over what components were granted.
 *
 * A rule says of which components (a pattern over ids), which actions on which resources are allowed or denied, and
 * why. Any rule that denies wins, wherever it stands; then a rule that allows; where none speaks, the policy's
 * default. What a policy allows must be within the component's capabilities all the same: it never grants. */
#ifndef AIRSSYS_SECURITY_POLICY_H
#define AIRSSYS_SECURITY_POLICY_H

#include <airssys/allocator.h>

#include "security/permission.h"

typedef enum airs_effect {
    AIRS_EFFECT_NONE, /* no rule speaks */
    AIRS_EFFECT_ALLOW,
    AIRS_EFFECT_DENY,
} airs_effect_t;

typedef struct airs_policy_rule {
    airs_str_t component; /* a pattern over ids */
    uint32_t actions;     /* bits; at least one */
    airs_str_t resource;  /* a pattern for the actions; size 0: any */
    airs_effect_t effect; /* ALLOW or DENY */
    airs_str_t reason;    /* for people; may be empty */
    uint32_t line;        /* of the file; 0: none */
} airs_policy_rule_t;

/* More are refused. */
#define AIRS_POLICY_RULES_MAX 100000

/* Immutable, counted. */
typedef struct airs_policy airs_policy_t;

/* Copies the rules and `name`, which explanations show (the file's path). `standard` (ALLOW or DENY) is what holds
 * where no rule speaks. AIRS_OUT_OF_MEMORY; AIRS_INVALID_ARGUMENT with the number of the rule, from 1, that is
 * wrong. The caller owns one reference. */
airs_status_t airs_policy_create(const airs_allocator_t *allocator, const char *name,
                                 const airs_policy_rule_t *rules, size_t count, airs_effect_t standard,
                                 airs_policy_t **out, airs_error_t *error);

/* Any thread. `ref` returns its argument; `unref` takes NULL. */
airs_policy_t *airs_policy_ref(airs_policy_t *policy);
void airs_policy_unref(airs_policy_t *policy);

const char *airs_policy_name(const airs_policy_t *policy);
airs_effect_t airs_policy_standard(const airs_policy_t *policy);
size_t airs_policy_count(const airs_policy_t *policy);
const airs_policy_rule_t *airs_policy_at(const airs_policy_t *policy, size_t index);

/* What a policy says. */
typedef struct airs_ruling {
    airs_effect_t effect;           /* NONE: no rule speaks */
    const airs_policy_rule_t *rule; /* the first that decides, NULL without one */
    size_t number;                  /* its place, from 1 */
} airs_ruling_t;

/* Whether one rule is about this component. */
bool airs_policy_rule_names(const airs_policy_rule_t *rule, airs_str_t component);

/* Whether one rule speaks of this: one that allows must cover all of it, one that denies any of it. */
bool airs_policy_rule_speaks(const airs_policy_rule_t *rule, airs_action_t action,
                             const airs_resource_t *resource);

/* Rule by rule, for `component` (an id as text). */
airs_ruling_t airs_policy_ask(const airs_policy_t *policy, airs_str_t component, airs_action_t action,
                              const airs_resource_t *resource);

/* The rules that name one component, put in order for quick answers. Components of which the same rules speak share
 * one. Immutable, counted by the policy, which it keeps. */
typedef struct airs_policy_view airs_policy_view_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_policy_view(airs_policy_t *policy, airs_str_t component, airs_policy_view_t **out);
/* NULL is fine. */
void airs_policy_view_release(airs_policy_view_t *view);

/* What airs_policy_ask says, in a time that hardly grows with the number of rules. (Subscriptions, and patterns that
 * are wild at both ends, are asked one by one.) Any thread, no memory. */
airs_ruling_t airs_policy_view_ask(const airs_policy_view_t *view, airs_action_t action,
                                   const airs_resource_t *resource);

#endif
