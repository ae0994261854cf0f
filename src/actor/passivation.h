/* Actors whose instance is dropped while they have nothing to do, and made anew when they have.
 *
 * That is for actors that keep nothing in their instance between messages, which their spec says (`stateless`). Such
 * an actor is passive once it has handled nothing for a while, or when the engine has no room for another instance
 * and this one has been looked at last and had nothing to do since. It stays what it is to everybody else: the same
 * incarnation, with its mailbox, subscriptions, timers, links and monitors. What makes an instance necessary (a
 * message, a question, an update) has one made and initialized first; what ends the actor does not. There is no
 * shutdown call before an instance is dropped so: the actor has not ended.
 *
 * An actor that waits for something keeps its instance: one that awaits answers, owes some, is parked in a call, or
 * is being switched to another component; but not one that has been, while it is not decided whether that stays. One
 * that is recorded keeps it too, for its journal begins with its start. */
#ifndef AIRSSYS_ACTOR_PASSIVATION_H
#define AIRSSYS_ACTOR_PASSIVATION_H

#include "actor/actor.h"

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_passivation_create(airs_services_t *services, airs_passivation_t **out);

/* No actor may be left. NULL is fine. */
void airs_passivation_destroy(airs_passivation_t *self);

/* A created actor: it may be passive, once it has handled nothing for `after_ms` (and no longer than twice that), or
 * for want of room. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_passivation_attach(airs_actor_t *actor, uint64_t after_ms);

/* With the actor's memory. */
void airs_passivation_free(airs_actor_t *actor);

/* What follows is the owner's. Its instance is initialized: from here on it may be dropped. */
void airs_passivation_begin(airs_actor_t *actor);

/* The incarnation ends. */
void airs_passivation_end(airs_actor_t *actor);

/* AIRS_SIGNAL_PASSIVATE came: it is passive afterwards unless it has something to do. */
void airs_passivation_obey(airs_actor_t *actor);

/* There is an instance again. */
void airs_passivation_returned(airs_actor_t *actor);

/* The actor wants its instance, for which there is no room, and nobody could give way: it is woken (airs_actor_wake)
 * when that may have changed. False: it has changed already. */
bool airs_passivation_await_room(airs_actor_t *actor);

/* And it does not wait for that any more. */
void airs_passivation_await_no_longer(airs_actor_t *actor);

/* Any thread: an actor has become idle, or an instance is gone. */
void airs_passivation_serve_first(airs_services_t *services);
static inline void airs_passivation_serve(airs_services_t *services) {
    /* Sequentially consistent, after airs_mailbox_release_ownership: pairs with airs_passivation_await_room. Either
     * this thread sees who waits, or that one finds the actor idle. */
    if (atomic_load_explicit(&services->room_seekers, memory_order_seq_cst) != 0) {
        airs_passivation_serve_first(services);
    }
}

/* The engine has no room for another instance: have an actor give way that is idle and has been so for longest, or
 * nearly. False: there is none. Any thread, which may own other actors; `worker` is the calling one. */
bool airs_passivation_make_room(airs_services_t *services, airs_worker_t *worker);

/* Any thread: what is known of the room for instances, so that none is begun in vain when there is none. It need not be
 * right: an instance that finds no room says so. One was made, one is gone, one has found no room. */
static inline void airs_passivation_took(airs_services_t *services) {
    if (atomic_load_explicit(&services->spare_instances, memory_order_relaxed) > 0) {
        atomic_fetch_sub_explicit(&services->spare_instances, 1, memory_order_relaxed);
    }
}
static inline void airs_passivation_gave(airs_services_t *services) {
    if (atomic_load_explicit(&services->spare_instances, memory_order_relaxed) >= 0) {
        atomic_fetch_add_explicit(&services->spare_instances, 1, memory_order_relaxed);
    }
}
static inline void airs_passivation_found_none(airs_services_t *services) {
    atomic_store_explicit(&services->spare_instances, 0, memory_order_relaxed);
}

/* And so another one's should give way before one is made. */
static inline bool airs_passivation_is_full(const airs_services_t *services) {
    return atomic_load_explicit(&services->spare_instances, memory_order_relaxed) == 0;
}

/* Any thread: is it passive? */
static inline bool airs_actor_is_passive(const airs_actor_t *actor) {
    /* Relaxed: the owner reads what owners wrote, others only tell of it. */
    return atomic_load_explicit(&actor->passive, memory_order_relaxed);
}

#endif
