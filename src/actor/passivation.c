#include "actor/passivation.h"

#include "actor/deferred_replies.h"
#include "actor/health_monitor.h"
#include "actor/message_batch.h"
#include "core/check.h"
#include "core/memory.h"

#define NS_PER_MS UINT64_C(1000000)
/* Looks at the first in line after which the last one will do: where all others are about to be run, as after a
 * publication to very many, it is the one that has just been. */
#define CLAIMS 32

typedef struct airs_passivable airs_passivable_t;

/* An actor's part in it. */
struct airs_passivable {
    airs_timer_t
        timer; /* until it is looked at again; armed while it has an instance, unless it has just fired */
    airs_actor_t *actor;
    uint64_t after_ns; /* UINT64_MAX: only for want of room */
    uint64_t timed;    /* messages that it had handled when the timer was armed */
    /* Under the lock. */
    airs_passivable_t *next;
    airs_passivable_t *previous;
    uint64_t passed; /* messages that it had handled when it was put last in the line */
    bool listed;
};

/* All that have an instance stand in a line, the one that was looked at longest ago first. Who has handled something
 * since is put last and looked at another time, so that a message costs nothing here. */
struct airs_passivation {
    airs_services_t *services;
    airs_spinlock_t lock;
    airs_passivable_t *first;
    airs_passivable_t *last;
    size_t count;
};

airs_status_t airs_passivation_create(airs_services_t *services, airs_passivation_t **out) {
    airs_passivation_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->services = services;
    *out = self;
    return AIRS_OK;
}

void airs_passivation_destroy(airs_passivation_t *self) {
    if (self != NULL) {
        AIRS_ASSERT(self->first == NULL);
        airs_release(self->services->allocator, self);
    }
}

/* ---- the line ---- */

static void append(airs_passivation_t *self, airs_passivable_t *part) {
    /* Relaxed: the owner's, which counts messages; a look that comes too early only spares the actor. */
    part->passed = atomic_load_explicit(&part->actor->handled, memory_order_relaxed);
    part->next = NULL;
    part->previous = self->last;
    *(self->last != NULL ? &self->last->next : &self->first) = part;
    self->last = part;
    part->listed = true;
    self->count++;
}

static void detach(airs_passivation_t *self, airs_passivable_t *part) {
    *(part->previous != NULL ? &part->previous->next : &self->first) = part->next;
    *(part->next != NULL ? &part->next->previous : &self->last) = part->previous;
    part->listed = false;
    self->count--;
}

static void enlist(airs_actor_t *actor) {
    airs_passivation_t *self = actor->services->passivation;
    airs_spinlock_lock(&self->lock);
    append(self, actor->passivable);
    airs_spinlock_unlock(&self->lock);
}

static void strike_off(airs_actor_t *actor) {
    airs_passivation_t *self = actor->services->passivation;
    airs_spinlock_lock(&self->lock);
    if (actor->passivable->listed) {
        detach(self, actor->passivable);
    }
    airs_spinlock_unlock(&self->lock);
}

/* ---- the time ---- */

static void fire(airs_timer_t *timer) {
    airs_passivable_t *part = (airs_passivable_t *)timer;
    airs_actor_signal_between(part->actor, AIRS_SIGNAL_PASSIVATE);
}

static void arm(airs_passivable_t *part) {
    airs_services_t *services = part->actor->services;
    uint64_t now = airs_clock_monotonic(services->clock);
    if (part->after_ns >= UINT64_MAX / 2 - now) {
        return;
    }
    part->timed = atomic_load_explicit(&part->actor->handled, memory_order_relaxed);
    part->timer.deadline_ns = now + part->after_ns;
    /* The node's timers need no memory to be armed. */
    AIRS_ASSERT(services->timers->add(services->timers, &part->timer) == AIRS_OK);
}

static void disarm(airs_passivable_t *part) {
    airs_timer_service_t *timers = part->actor->services->timers;
    (void)timers->cancel(timers, &part->timer);
}

/* ---- an actor's part ---- */

airs_status_t airs_passivation_attach(airs_actor_t *actor, uint64_t after_ms) {
    airs_passivable_t *part = airs_alloc_zeroed(actor->services->allocator, sizeof *part);
    if (part == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    part->timer.fire = fire;
    part->actor = actor;
    part->after_ns = after_ms < UINT64_MAX / NS_PER_MS ? after_ms * NS_PER_MS : UINT64_MAX;
    actor->passivable = part;
    return AIRS_OK;
}

void airs_passivation_free(airs_actor_t *actor) {
    airs_release(actor->services->allocator, actor->passivable);
    actor->passivable = NULL;
}

void airs_passivation_begin(airs_actor_t *actor) {
    if (actor->passivable != NULL) {
        enlist(actor);
        arm(actor->passivable);
    }
}

/* One more or one less of them is passive. */
static void show(airs_actor_t *actor, bool passive) {
    if (airs_actor_is_passive(actor) != passive) {
        atomic_store_explicit(&actor->passive, passive, memory_order_relaxed);
        atomic_fetch_add_explicit(&actor->services->passive, passive ? 1 : UINT64_MAX, memory_order_relaxed);
    }
}

void airs_passivation_end(airs_actor_t *actor) {
    if (actor->passivable != NULL) {
        strike_off(actor);
        disarm(actor->passivable);
        show(actor, false);
    }
}

void airs_passivation_returned(airs_actor_t *actor) {
    show(actor, false);
    atomic_fetch_add_explicit(&actor->services->returned, 1, memory_order_relaxed);
    airs_health_monitor_begin(actor);
    airs_message_batch_allow(actor);
    airs_passivation_begin(actor);
}

static void rest(airs_actor_t *actor) {
    strike_off(actor);
    disarm(actor->passivable);
    airs_health_monitor_pause(actor);
    actor->batches = false;
    actor->behaviour->passivate(actor);
    airs_instance_room_gave(actor);
    show(actor, true);
    atomic_fetch_add_explicit(&actor->services->passivated, 1, memory_order_relaxed);
}

void airs_passivation_obey(airs_actor_t *actor) {
    airs_passivable_t *part = actor->passivable;
    (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_PASSIVATE);
    if (part == NULL || airs_actor_is_passive(actor)) {
        return;
    }
    bool used = part->timed != atomic_load_explicit(&actor->handled, memory_order_relaxed) ||
                airs_mailbox_waiting(&actor->mailbox) > 0;
    /* Requests whose answers it has taken over may have ended without it. */
    if (!used && !airs_deferred_replies_owed(actor) && airs_passivation_is_dispensable(actor)) {
        rest(actor);
        airs_instance_room_serve(actor->services);
    } else {
        /* It has fired, or somebody else has given the signal. */
        disarm(part);
        arm(part);
    }
}

bool airs_passivation_could_give_up(airs_actor_t *actor) {
    return actor->passivable != NULL && !airs_deferred_replies_owed(actor) &&
           airs_passivation_is_free_inside(actor);
}

bool airs_passivation_give_up(airs_actor_t *actor) {
    bool gives = airs_passivation_could_give_up(actor);
    if (gives) {
        rest(actor);
    }
    return gives;
}

void airs_passivation_take_turns(airs_actor_t *actor) {
    airs_services_t *services = actor->services;
    /* Relaxed: who comes at this moment waits for the end of the next turn. */
    bool awaited = actor->passivable != NULL &&
                   atomic_load_explicit(&services->room_waiting, memory_order_relaxed) != 0;
    if (awaited && !airs_deferred_replies_owed(actor) && airs_passivation_is_dispensable(actor)) {
        rest(actor);
        airs_instance_room_serve(services);
    }
}

/* ---- want of room ---- */

/* One that is in the line, so that it has not ended. */
static airs_actor_t *claim(const airs_passivable_t *part) {
    airs_actor_t *actor = part->actor;
    return airs_passivation_is_dispensable(actor) && airs_mailbox_claim(&actor->mailbox) ? actor : NULL;
}

/* The first in line that can be had, which is the caller's then; NULL: none. */
static airs_actor_t *claim_first(airs_passivation_t *self) {
    airs_actor_t *claimed = NULL;
    airs_spinlock_lock(&self->lock);
    airs_passivable_t *latest = self->last;
    /* Once round for those that have handled something meanwhile, and once more. */
    size_t looks = 2 * self->count;
    for (size_t i = 0; i < looks && claimed == NULL; i++) {
        airs_passivable_t *part = self->first;
        bool used = part->passed != atomic_load_explicit(&part->actor->handled, memory_order_relaxed);
        detach(self, part);
        append(self, part);
        claimed = used ? NULL : claim(part);
        if (claimed == NULL && i == CLAIMS) {
            claimed = claim(latest);
        }
    }
    airs_spinlock_unlock(&self->lock);
    return claimed;
}

/* It is idle again, unless something came for it meanwhile. */
static void give_back(airs_actor_t *actor, airs_worker_t *worker) {
    airs_scheduler_t *scheduler = actor->services->scheduler;
    if (airs_mailbox_release_ownership(&actor->mailbox)) {
        airs_scheduler_deactivate(scheduler, worker);
    } else {
        airs_scheduler_submit(scheduler, worker, actor);
    }
}

bool airs_passivation_make_room(airs_services_t *services, airs_worker_t *worker) {
    for (;;) {
        airs_actor_before_push(services, worker);
        airs_actor_t *actor = claim_first(services->passivation);
        if (actor == NULL) {
            if (worker == NULL) {
                airs_scheduler_deactivate(services->scheduler, NULL);
            }
            return false;
        }
        if (worker != NULL) {
            airs_tally_activate(airs_scheduler_tally(services->scheduler, worker));
        }
        actor->worker = worker;
        bool given = airs_passivation_is_dispensable(actor);
        if (given) {
            rest(actor);
        }
        give_back(actor, worker);
        if (given) {
            return true;
        }
    }
}
