/* How well an actor is: when it is asked, how long it may take to answer, and what follows from what it says.
 *
 * To be asked is control (AIRS_SIGNAL_HEALTH): it comes before the next message, however many wait, but not into a
 * call that is in progress. The call itself is a step of the actor's turn; what is here owns everything around it.
 *
 * Those that are configured for it are asked at their interval: first within a second of their start, then, so
 * that those that started together spread, somewhere within an interval, and from then on each interval. A check
 * need not be punctual, so deadlines lie on a grid of 32 an interval, and an idle node wakes up that often at most,
 * whatever the number of its actors. Without an interval there is neither a timer nor memory.
 *
 * The time to answer counts from when the call begins; while it is parked no time passes. An answer that is late is
 * AIRS_UNHEALTHY, whatever it says, and so is each interval for which it is later still. */
#ifndef AIRSSYS_ACTOR_HEALTH_MONITOR_H
#define AIRSSYS_ACTOR_HEALTH_MONITOR_H

#include "actor/actor.h"

/* Somebody who wants to know, once. Embedded in what it belongs to, which stays until it is answered. */
typedef struct airs_health_ask airs_health_ask_t;
struct airs_health_ask {
    /* Called once; must be brief, and may ask again. `status` is AIRS_OK when the actor has answered, in time or
     * not. Otherwise `health` is AIRS_HEALTH_UNKNOWN, and `status` AIRS_UNSUPPORTED (it has no such call), what
     * its incarnation ended with (AIRS_TRAP, …), or AIRS_STOPPED (it ended otherwise, or has ended for good). */
    void (*answered)(airs_health_ask_t *ask, airs_health_t health, airs_status_t status);
    airs_health_ask_t *next; /* the actor's, until then */
};

/* Any thread with a reference: ask it once, whether or not it is asked at an interval. `answered` is called by the
 * actor's owner, or in here when it cannot be asked any more. Asked of one that is starting or down it waits until
 * that one runs. There is no limit in time but those of the call (execution and parked time), unless the actor is
 * asked at an interval: then also its timeout. The answer is shown, but is not counted as a check. */
void airs_actor_ask_health(airs_actor_t *actor, airs_health_ask_t *ask);

/* What it was found last; AIRS_HEALTH_UNKNOWN before the first answer of an incarnation. Any thread. */
static inline airs_health_t airs_actor_health(airs_actor_t *actor) {
    /* Relaxed: says no more than that. */
    return (airs_health_t)atomic_load_explicit(&actor->health, memory_order_relaxed);
}

typedef struct airs_health_settings {
    uint64_t interval_ms;     /* above 0 */
    uint64_t timeout_ms;      /* above 0 */
    uint32_t unhealthy_after; /* checks in a row that end the incarnation, at least 1 */
} airs_health_settings_t;

/* An actor that is not known to others yet: have it asked at an interval. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_health_monitor_attach(airs_actor_t *actor, const airs_health_settings_t *settings);

/* With the actor's memory. */
void airs_health_monitor_free(airs_actor_t *actor);

/* ---- the owner's, for the actor's turn ---- */

/* Why an incarnation is ended. */
#define AIRS_HEALTH_REASON_MAX 128

/* It is running: its checks begin. */
void airs_health_monitor_begin(airs_actor_t *actor);

/* It is not checked until the next airs_health_monitor_begin. What was found stays. */
void airs_health_monitor_pause(airs_actor_t *actor);

/* AIRS_SIGNAL_HEALTH came: is it to be called? */
bool airs_health_monitor_due(airs_actor_t *actor);

/* It is called now. */
void airs_health_monitor_called(airs_actor_t *actor);

/* That call was parked for so long. */
void airs_health_monitor_parked(airs_actor_t *actor, uint64_t parked_ns);

/* That call goes on. True: it is so late, so often, that the incarnation is to end, which `reason` says. */
bool airs_health_monitor_overdue(airs_actor_t *actor, char reason[AIRS_HEALTH_REASON_MAX]);

/* That call has ended with an answer. True: likewise. */
bool airs_health_monitor_answer(airs_actor_t *actor, airs_health_t health,
                                char reason[AIRS_HEALTH_REASON_MAX]);

/* The incarnation is over. Nothing of it comes any more, and who waits is told `status`. */
void airs_health_monitor_end(airs_actor_t *actor, airs_status_t status);

/* And there is no other. */
void airs_health_monitor_close(airs_actor_t *actor);

#endif
