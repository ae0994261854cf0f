/* Room for instances, of which the engine has only so many at once: how much there is, as far as is known, and who
 * waits for it.
 *
 * Whoever finds none stands in one line, be it a passive actor with a message, one that is started or restarted, a
 * command's run or the switch of an update; the first in line is called when there may be some. Who comes while others
 * stand there, or have been called and did not come to it yet, stands behind them, and who was called in vain goes back to
 * the front: so nobody who keeps coming keeps another one out. Room comes when an instance is gone, or when an actor
 * that can give way (actor/passivation.h) becomes idle. */
#ifndef AIRSSYS_ACTOR_INSTANCE_ROOM_H
#define AIRSSYS_ACTOR_INSTANCE_ROOM_H

#include "actor/services.h"

typedef struct airs_room_seeker airs_room_seeker_t;

/* One place in the line; zero at first but for `actor` and `goes_on`. */
struct airs_room_seeker {
    airs_actor_t *actor;
    airs_room_seeker_t *next; /* this and the next under the line's lock */
    airs_room_seeker_t *previous;
    _Atomic uint8_t place; /* airs_room_place_t; others only call it */
    /* The actor does other things meanwhile: it is called by AIRS_SIGNAL_UPDATE, between two of its calls. Otherwise it is
     * parked, and woken. */
    bool goes_on;
};

typedef enum airs_room_place {
    AIRS_PLACE_NONE,
    AIRS_PLACE_WAITS,
    AIRS_PLACE_CALLED, /* it is its turn */
} airs_room_place_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_instance_room_create(airs_services_t *services, airs_instance_room_t **out);

/* No actor may be left. NULL is fine. */
void airs_instance_room_destroy(airs_instance_room_t *self);

/* ---- who waits; what is said of a seeker is its actor's owner's ---- */

static inline airs_room_place_t airs_room_seeker_place(const airs_room_seeker_t *seeker) {
    /* Acquire: pairs with the call, whose caller may have dropped an instance before. */
    return (airs_room_place_t)atomic_load_explicit(&seeker->place, memory_order_acquire);
}

/* May it try, or are others before it? */
bool airs_instance_room_may_try(const airs_room_seeker_t *seeker, const airs_services_t *services);

/* It has tried in vain, or may not: it stands in line until it is called. True: it has been, and nobody needs to wait.
 * `worker` is the calling one. */
bool airs_instance_room_await(airs_room_seeker_t *seeker, airs_worker_t *worker);

/* It has its instance, or does not want it any more. */
void airs_instance_room_served(airs_room_seeker_t *seeker, airs_worker_t *worker);
void airs_instance_room_leave(airs_room_seeker_t *seeker);

/* Any thread: there may be room. */
void airs_instance_room_call_first(airs_services_t *services);
static inline void airs_instance_room_serve(airs_services_t *services) {
    /* Sequentially consistent, after airs_mailbox_release_ownership: pairs with airs_instance_room_await. Either
     * this thread sees who waits, or that one finds the actor idle. */
    if (atomic_load_explicit(&services->room_waiting, memory_order_seq_cst) != 0) {
        airs_instance_room_call_first(services);
    }
}

/* ---- how much there is; any thread ----
 *
 * What is known of it need not be right: an instance that finds no room says so. It is known so that none is begun in
 * vain when there is none. */

static inline int32_t airs_instance_room_spare(const airs_services_t *services) {
    return atomic_load_explicit(&services->spare_instances, memory_order_relaxed);
}

/* And so another one's should give way before one is made. */
static inline bool airs_instance_room_is_full(const airs_services_t *services) {
    return airs_instance_room_spare(services) == 0;
}

/* An instance is to be made for the actor, in place of another one's perhaps; none was. */
void airs_instance_room_expect(airs_actor_t *actor);
void airs_instance_room_expect_no_more(airs_actor_t *actor);

/* It was made; or it found no room, `spare_before` being what there was just before that. */
void airs_instance_room_took(airs_services_t *services);
void airs_instance_room_found_none(airs_services_t *services, int32_t spare_before);

/* The actor's instance is gone; and it is for who waits, not for the caller. */
void airs_instance_room_gave(airs_actor_t *actor);
void airs_instance_room_vacate(airs_actor_t *actor);

/* Is there any hope of room, because an actor has an instance, or may have one, that it could give up sooner or later? */
bool airs_instance_room_is_hoped_for(const airs_services_t *services);

#endif
