/* Reasons for which actors end, as supervisors, links and monitors tell them apart. */
#ifndef AIRSSYS_CORE_EXIT_REASON_H
#define AIRSSYS_CORE_EXIT_REASON_H

#include <airssys/actor.h>

/* Does it end those who are linked to it, and is a transient child restarted after it? A shutdown does only the
 * former. */
static inline bool airs_reason_is_normal(airs_reason_kind_t kind) { return kind == AIRS_REASON_NORMAL; }
static inline bool airs_reason_is_orderly(airs_reason_kind_t kind) {
    return kind == AIRS_REASON_NORMAL || kind == AIRS_REASON_SHUTDOWN;
}

/* Does a text belong to it? */
static inline bool airs_reason_has_text(airs_reason_kind_t kind) {
    return kind == AIRS_REASON_ERROR || kind == AIRS_REASON_CRASH;
}

/* The kind that an incarnation ends with by itself when it ends with this status: a start or shutdown call that
 * fails is an error, what the guest runs into a crash. AIRS_STOPPED: it was stopped before it was started. */
airs_reason_kind_t airs_reason_of_status(airs_status_t status);

#endif
