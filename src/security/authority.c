#include "security/authority.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/memory.h"

struct airs_authority {
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    airs_audit_t *audit;
    pthread_mutex_t lock;
    airs_policy_t *policy; /* with the lock */
    /* Written with the lock, after the policy: who sees the new number (acquire) and then takes the lock gets that
     * policy or a later one. */
    _Atomic uint64_t generation;
};

airs_status_t airs_authority_create(const airs_allocator_t *allocator, airs_clock_t *clock,
                                    airs_audit_t *audit, airs_authority_t **out) {
    airs_authority_t *self = airs_alloc_zeroed(allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->allocator = allocator;
    self->clock = clock;
    self->audit = audit;
    pthread_mutex_init(&self->lock, NULL);
    *out = self;
    return AIRS_OK;
}

void airs_authority_destroy(airs_authority_t *authority) {
    if (authority != NULL) {
        airs_policy_unref(authority->policy);
        pthread_mutex_destroy(&authority->lock);
        airs_release(authority->allocator, authority);
    }
}

void airs_authority_set_policy(airs_authority_t *authority, airs_policy_t *policy) {
    pthread_mutex_lock(&authority->lock);
    airs_policy_t *before = authority->policy;
    authority->policy = policy != NULL ? airs_policy_ref(policy) : NULL;
    atomic_fetch_add_explicit(&authority->generation, 1, memory_order_release);
    pthread_mutex_unlock(&authority->lock);
    airs_policy_unref(before);
}

airs_policy_t *airs_authority_policy(airs_authority_t *authority, uint64_t *generation) {
    pthread_mutex_lock(&authority->lock);
    airs_policy_t *policy = authority->policy != NULL ? airs_policy_ref(authority->policy) : NULL;
    /* Relaxed: the lock orders it. */
    *generation = atomic_load_explicit(&authority->generation, memory_order_relaxed);
    pthread_mutex_unlock(&authority->lock);
    return policy;
}

uint64_t airs_authority_generation(const airs_authority_t *authority) {
    return atomic_load_explicit(&authority->generation, memory_order_acquire);
}

airs_clock_t *airs_authority_clock(const airs_authority_t *authority) { return authority->clock; }
airs_audit_t *airs_authority_audit(const airs_authority_t *authority) { return authority->audit; }
