/* Counters of the whole system, kept apart by who writes them: each worker its own without locked
 * operations, and all outside threads together one. A reader adds them up.
 *
 * `activated` and `deactivated` count what keeps the system from being quiet: actors that turned from
 * idle to owned, and requests that began; then their ends. */
#ifndef AIRSSYS_ACTOR_TALLY_H
#define AIRSSYS_ACTOR_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/memory.h"

typedef struct airs_tally {
    _Alignas(AIRS_CACHE_LINE) _Atomic uint64_t activated;
    _Atomic uint64_t deactivated;
    _Atomic uint64_t handled; /* calls that ended */
    _Atomic uint64_t dropped;
    bool shared; /* several threads write it */
} airs_tally_t;

/* Add to a counter that only this thread writes. */
static inline void airs_count(_Atomic uint64_t *counter, uint64_t count) {
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    /* Release: a reader that sees an end sees the beginning before it too, which another thread may have
     * counted (see airs_scheduler_quiet). It costs nothing on x86. */
    atomic_store_explicit(counter, before + count, memory_order_release);
}

static inline void airs_tally_add(const airs_tally_t *tally, _Atomic uint64_t *counter, uint64_t count) {
    if (tally->shared) {
        atomic_fetch_add_explicit(counter, count, memory_order_acq_rel);
    } else {
        airs_count(counter, count);
    }
}

#endif
