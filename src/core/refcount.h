/* A count of owners for what is shared between threads. */
#ifndef AIRSSYS_CORE_REFCOUNT_H
#define AIRSSYS_CORE_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/check.h"

/* 64 bits: it cannot overflow, however many messages hold one. */
typedef struct airs_refcount {
    _Atomic uint64_t owners;
} airs_refcount_t;

static inline void airs_refcount_init(airs_refcount_t *count) { atomic_init(&count->owners, 1); }

/* Relaxed: whoever adds an owner is one, so the object is already visible to it, and handing the new
 * reference to another thread synchronizes by itself. */
static inline void airs_refcount_ref(airs_refcount_t *count) {
    uint64_t before = atomic_fetch_add_explicit(&count->owners, 1, memory_order_relaxed);
    AIRS_ASSERT(before > 0);
}

/* Several owners at once, for whoever hands references out one by one. */
static inline void airs_refcount_ref_many(airs_refcount_t *count, uint64_t owners) {
    uint64_t before = atomic_fetch_add_explicit(&count->owners, owners, memory_order_relaxed);
    AIRS_ASSERT(before > 0);
}

/* True for the last owner, who must free the object. The release makes this owner's use of the object
 * happen before the end of the object; it pairs with the acquire load by whoever brings the count to zero
 * (the decrements in between belong to the same release sequence). A load and not a fence, because thread
 * sanitizers do not know fences. */
static inline bool airs_refcount_unref_many(airs_refcount_t *count, uint64_t owners) {
    uint64_t before = atomic_fetch_sub_explicit(&count->owners, owners, memory_order_release);
    AIRS_ASSERT(before >= owners);
    return before == owners && atomic_load_explicit(&count->owners, memory_order_acquire) == 0;
}

static inline bool airs_refcount_unref(airs_refcount_t *count) { return airs_refcount_unref_many(count, 1); }

#endif
