#include "security/policy.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/memory.h"
#include "security/pattern.h"
#include "security/policy_state.h"

airs_policy_t *airs_policy_ref(airs_policy_t *policy) {
    atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void airs_policy_unref(airs_policy_t *policy) {
    if (policy != NULL && atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) == 1) {
        pthread_mutex_destroy(&policy->lock);
        airs_release(policy->allocator, policy);
    }
}

static airs_status_t check_rule(const airs_policy_rule_t *rule, airs_error_t *error) {
    airs_status_t status = airs_permission_check_pattern(AIRS_ACTION_SEND, rule->component, error);
    if (status != AIRS_OK) {
        return airs_error_prefix(error, "component");
    }
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        if (rule->resource.size > 0 && (rule->actions & (UINT32_C(1) << i)) != 0 &&
            airs_permission_check_pattern((airs_action_t)i, rule->resource, error) != AIRS_OK) {
            return airs_error_prefix(error, "resource of %s", airs_action_text((airs_action_t)i));
        }
    }
    if (rule->actions == 0 || (rule->actions >> AIRS_ACTION_COUNT) != 0) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "it has no action");
    }
    if (rule->effect != AIRS_EFFECT_ALLOW && rule->effect != AIRS_EFFECT_DENY) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "it neither allows nor denies");
    }
    return AIRS_OK;
}

static airs_status_t measure(const airs_policy_rule_t *rules, size_t count, size_t *text,
                             airs_error_t *error) {
    if (count > AIRS_POLICY_RULES_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a policy has %d rules at most, and this one %zu",
                              AIRS_POLICY_RULES_MAX, count);
    }
    for (size_t i = 0; i < count; i++) {
        airs_status_t status = check_rule(&rules[i], error);
        if (status != AIRS_OK) {
            airs_error_prefix(error, "rule %zu", i + 1);
            return status;
        }
        *text += rules[i].component.size + rules[i].resource.size + rules[i].reason.size;
    }
    return AIRS_OK;
}

static airs_str_t keep(char **text, airs_str_t given) {
    airs_str_t kept = airs_str_n(*text, given.size);
    *text = airs_copy(*text, given.data, given.size);
    return kept;
}

airs_status_t airs_policy_create(const airs_allocator_t *allocator, const char *name,
                                 const airs_policy_rule_t *rules, size_t count, airs_effect_t standard,
                                 airs_policy_t **out, airs_error_t *error) {
    size_t text_size = strlen(name) + 1;
    airs_status_t status = measure(rules, count, &text_size, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_policy_t *self = airs_alloc(allocator, sizeof *self + count * sizeof *rules + text_size);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for a policy of %zu rules", count);
    }
    *self = (airs_policy_t){.allocator = allocator, .references = 1, .standard = standard, .count = count};
    pthread_mutex_init(&self->lock, NULL);
    self->rules = (airs_policy_rule_t *)(void *)(self + 1);
    char *text = (char *)(self->rules + count);
    for (size_t i = 0; i < count; i++) {
        self->rules[i] = rules[i];
        self->rules[i].component = keep(&text, rules[i].component);
        self->rules[i].resource = keep(&text, rules[i].resource);
        self->rules[i].reason = keep(&text, rules[i].reason);
    }
    self->name = text;
    memcpy(text, name, strlen(name) + 1);
    *out = self;
    return AIRS_OK;
}

const char *airs_policy_name(const airs_policy_t *policy) { return policy->name; }
airs_effect_t airs_policy_standard(const airs_policy_t *policy) { return policy->standard; }
size_t airs_policy_count(const airs_policy_t *policy) { return policy->count; }
const airs_policy_rule_t *airs_policy_at(const airs_policy_t *policy, size_t index) {
    return &policy->rules[index];
}

bool airs_policy_rule_names(const airs_policy_rule_t *rule, airs_str_t component) {
    return airs_pattern_match(rule->component, component);
}

bool airs_policy_rule_speaks(const airs_policy_rule_t *rule, airs_action_t action,
                             const airs_resource_t *resource) {
    airs_permission_t permission = {.actions = rule->actions,
                                    .scope = rule->resource.size > 0 ? AIRS_SCOPE_PATTERN : AIRS_SCOPE_ANY,
                                    .pattern = rule->resource};
    return rule->effect == AIRS_EFFECT_DENY
               ? airs_permission_touches(&permission, airs_str(""), action, resource)
               : airs_permission_covers(&permission, airs_str(""), action, resource);
}

void airs_ruling_hear(airs_ruling_t *ruling, const airs_policy_t *policy, size_t index, airs_action_t action,
                      const airs_resource_t *resource) {
    const airs_policy_rule_t *rule = &policy->rules[index];
    bool decides = rule->effect == ruling->effect ? index + 1 < ruling->number
                                                  : rule->effect > ruling->effect;
    if (decides && airs_policy_rule_speaks(rule, action, resource)) {
        *ruling = (airs_ruling_t){rule->effect, rule, index + 1};
    }
}

airs_ruling_t airs_policy_ask(const airs_policy_t *policy, airs_str_t component, airs_action_t action,
                              const airs_resource_t *resource) {
    airs_ruling_t ruling = {AIRS_EFFECT_NONE, NULL, 0};
    for (size_t i = 0; i < policy->count; i++) {
        if (airs_policy_rule_names(&policy->rules[i], component)) {
            airs_ruling_hear(&ruling, policy, i, action, resource);
        }
    }
    return ruling;
}
