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
#include "actor/instance_room.h"

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

/* An instance is to be made for it in place of the one that it has, which is dropped if nothing depends on it: then it
 * is passive. False: it is not, or already was. */
bool airs_passivation_give_up(airs_actor_t *actor);

/* Could it? */
bool airs_passivation_could_give_up(airs_actor_t *actor);

/* Could another one have its instance, once it is idle? Any thread; who does not own the actor asks again when it does. */
static inline bool airs_passivation_is_dispensable(airs_actor_t *actor);

/* Its turn ends, though it has more to do. If others wait for room it gives way to them as if it were idle. */
void airs_passivation_take_turns(airs_actor_t *actor);

/* The engine has no room for another instance: have an actor give way that is idle and has been so for longest, or
 * nearly. False: there is none. Any thread, which may own other actors; `worker` is the calling one. */
bool airs_passivation_make_room(airs_services_t *services, airs_worker_t *worker);

/* Any thread: has it an instance that knows of nothing that goes on? Likewise. */
static inline bool airs_passivation_is_free_inside(airs_actor_t *actor);

/* Any thread: is it passive? */
static inline bool airs_actor_is_passive(const airs_actor_t *actor) {
    /* Relaxed: the owner reads what owners wrote, others only tell of it. */
    return atomic_load_explicit(&actor->passive, memory_order_relaxed);
}

static inline bool airs_passivation_is_free_inside(airs_actor_t *actor) {
    return actor->passivable != NULL && !airs_actor_is_passive(actor) &&
           airs_actor_state(actor) == AIRS_ACTOR_RUNNING &&
           atomic_load_explicit(&actor->requests.outstanding, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&actor->deferred_count, memory_order_relaxed) == 0;
}

static inline bool airs_passivation_is_dispensable(airs_actor_t *actor) {
    return airs_passivation_is_free_inside(actor) &&
           (atomic_load_explicit(&actor->update, memory_order_relaxed) == NULL ||
            atomic_load_explicit(&actor->switched, memory_order_relaxed));
}

#endif
