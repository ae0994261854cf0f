/* The inside of a policy, for its own files. */
#ifndef AIRSSYS_SECURITY_POLICY_STATE_H
#define AIRSSYS_SECURITY_POLICY_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "security/policy.h"

struct airs_policy {
    const airs_allocator_t *allocator;
    /* Relaxed when it goes up, for who does that has a reference already; the last one down is acquire after
     * everybody else's release, so that nothing is read after it is freed. */
    _Atomic size_t references;
    const char *name;
    airs_effect_t standard;
    airs_policy_rule_t *rules;
    size_t count;
    pthread_mutex_t lock; /* of the views' list and counts */
    airs_policy_view_t *views;
};

/* Let rule `index` speak: what it says counts if it outranks what was said before. */
void airs_ruling_hear(airs_ruling_t *ruling, const airs_policy_t *policy, size_t index, airs_action_t action,
                      const airs_resource_t *resource);

#endif
