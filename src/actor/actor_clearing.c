#include "actor/actor_clearing.h"

#include "actor/actor_timers.h"
#include "actor/actor_update.h"
#include "actor/deferred_replies.h"
#include "actor/response_router.h"
#include "core/memory.h"

/* Of one step: with some 400 ns each, half of a time slice at most. */
#define PIECE 1000

static uint64_t count_left(airs_actor_t *actor) {
    /* Relaxed: figures, of which two are the owner's own; of requests, it matters only whether there are many. */
    return (uint64_t)atomic_load_explicit(&actor->timer_count, memory_order_relaxed) +
           atomic_load_explicit(&actor->deferred_count, memory_order_relaxed) +
           atomic_load_explicit(&actor->requests.outstanding, memory_order_relaxed);
}

bool airs_actor_clearing_begin(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status,
                               const char *reason) {
    /* What an update takes back keeps what the component before it had. */
    if (count_left(actor) < AIRS_CLEARING_LEAST || airs_actor_update_catches(actor)) {
        return false;
    }
    size_t size = reason != NULL ? strlen(reason) + 1 : 0;
    airs_actor_clearing_t *clearing = airs_alloc_zeroed(actor->services->allocator, sizeof *clearing + size);
    if (clearing == NULL) {
        return false;
    }
    clearing->end = end;
    clearing->status = status;
    clearing->has_reason = reason != NULL;
    airs_copy(clearing->reason, reason, size);
    actor->clearing = clearing;
    return true;
}

bool airs_actor_clearing_step(airs_actor_t *actor) {
    airs_actor_clearing_t *clearing = actor->clearing;
    bool crashed = clearing->end == AIRS_END_CRASHED;
    const char *reason = crashed && clearing->has_reason ? clearing->reason : NULL;
    size_t left = PIECE;
    left -= airs_deferred_replies_end_few(actor, left, crashed ? clearing->status : AIRS_STOPPED, reason);
    left -= airs_actor_timers_end_few(actor, left, &clearing->timers_place);
    left -= airs_response_router_cancel_few(actor->services->responses, actor, left);
    return left > 0;
}
