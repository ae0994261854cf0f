#include "actor/instance_room.h"

#include "actor/actor.h"
#include "actor/passivation.h"
#include "core/check.h"
#include "core/memory.h"

struct airs_instance_room {
    airs_services_t *services;
    airs_spinlock_t lock;
    airs_room_seeker_t *first;
    airs_room_seeker_t *last;
};

airs_status_t airs_instance_room_create(airs_services_t *services, airs_instance_room_t **out) {
    airs_instance_room_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->services = services;
    atomic_init(&services->spare_instances, -1);
    *out = self;
    return AIRS_OK;
}

void airs_instance_room_destroy(airs_instance_room_t *self) {
    if (self != NULL) {
        AIRS_ASSERT(self->first == NULL);
        AIRS_ASSERT(atomic_load_explicit(&self->services->room_waiting, memory_order_relaxed) == 0);
        AIRS_ASSERT(atomic_load_explicit(&self->services->room_called, memory_order_relaxed) == 0);
        airs_release(self->services->allocator, self);
    }
}

/* ---- the line; its lock is held ---- */

static void set_place(airs_room_seeker_t *seeker, airs_room_place_t place) {
    /* Release: pairs with airs_room_seeker_place. */
    atomic_store_explicit(&seeker->place, (uint8_t)place, memory_order_release);
}

static void insert(airs_instance_room_t *self, airs_room_seeker_t *seeker, bool in_front) {
    seeker->previous = in_front ? NULL : self->last;
    seeker->next = in_front ? self->first : NULL;
    *(seeker->previous != NULL ? &seeker->previous->next : &self->first) = seeker;
    *(seeker->next != NULL ? &seeker->next->previous : &self->last) = seeker;
    set_place(seeker, AIRS_PLACE_WAITS);
    /* Sequentially consistent, before the look for an idle actor: see airs_instance_room_serve. */
    atomic_fetch_add_explicit(&self->services->room_waiting, 1, memory_order_seq_cst);
}

static void take_out(airs_instance_room_t *self, airs_room_seeker_t *seeker) {
    *(seeker->previous != NULL ? &seeker->previous->next : &self->first) = seeker->next;
    *(seeker->next != NULL ? &seeker->next->previous : &self->last) = seeker->previous;
    /* Release: who finds nobody waiting finds who was called; see airs_instance_room_may_try. */
    atomic_fetch_sub_explicit(&self->services->room_waiting, 1, memory_order_release);
}

static void set_called(airs_instance_room_t *self, airs_room_seeker_t *seeker) {
    /* Who goes on with other things may take long to come: others do not wait for it. */
    if (!seeker->goes_on) {
        atomic_fetch_add_explicit(&self->services->room_called, 1, memory_order_relaxed);
    }
    set_place(seeker, AIRS_PLACE_CALLED);
}

static void end_call(airs_instance_room_t *self, const airs_room_seeker_t *seeker) {
    if (!seeker->goes_on) {
        atomic_fetch_sub_explicit(&self->services->room_called, 1, memory_order_relaxed);
    }
}

static uint32_t called(const airs_services_t *services) {
    return atomic_load_explicit(&services->room_called, memory_order_relaxed);
}

/* Room that came when nobody was in line, or while others were called, has called nobody. */
static bool is_to_look(const airs_instance_room_t *self) {
    return self->first != NULL && called(self->services) == 0;
}

/* ---- calls ---- */

void airs_instance_room_call_first(airs_services_t *services) {
    airs_instance_room_t *self = services->instance_room;
    bool goes_on = false;
    do {
        airs_actor_t *actor = NULL;
        airs_spinlock_lock(&self->lock);
        airs_room_seeker_t *seeker = self->first;
        if (seeker != NULL) {
            /* Who waits here has not ended. */
            actor = airs_actor_ref(seeker->actor);
            goes_on = seeker->goes_on;
            set_called(self, seeker);
            take_out(self, seeker);
        }
        airs_spinlock_unlock(&self->lock);
        if (actor == NULL) {
            return;
        }
        if (goes_on) {
            airs_actor_signal_between(actor, AIRS_SIGNAL_UPDATE);
        } else {
            airs_actor_wake(actor);
        }
        airs_actor_unref(actor);
    } while (goes_on);
}

/* Call the first if there is room, or somebody can be had that gives way. */
static void look(airs_services_t *services, airs_worker_t *worker) {
    int32_t spare = airs_instance_room_spare(services);
    if (spare > 0 || airs_passivation_make_room(services, worker)) {
        airs_instance_room_call_first(services);
    }
}

bool airs_instance_room_may_try(const airs_room_seeker_t *seeker, const airs_services_t *services) {
    if (airs_room_seeker_place(seeker) == AIRS_PLACE_CALLED) {
        return true;
    }
    /* Acquire: pairs with `take_out`. */
    return atomic_load_explicit(&services->room_waiting, memory_order_acquire) == 0 && called(services) == 0;
}

bool airs_instance_room_await(airs_room_seeker_t *seeker, airs_worker_t *worker) {
    airs_services_t *services = seeker->actor->services;
    airs_instance_room_t *self = services->instance_room;
    airs_spinlock_lock(&self->lock);
    airs_room_place_t place = airs_room_seeker_place(seeker);
    bool looks = false;
    if (place == AIRS_PLACE_CALLED) {
        end_call(self, seeker);
        looks = called(services) == 0;
    } else if (place == AIRS_PLACE_NONE) {
        looks = self->first == NULL;
    }
    if (place != AIRS_PLACE_WAITS) {
        insert(self, seeker, place == AIRS_PLACE_CALLED);
    }
    looks = looks && is_to_look(self);
    airs_spinlock_unlock(&self->lock);
    if (looks) {
        look(services, worker);
    }
    return airs_room_seeker_place(seeker) == AIRS_PLACE_CALLED;
}

void airs_instance_room_served(airs_room_seeker_t *seeker, airs_worker_t *worker) {
    airs_room_place_t place = airs_room_seeker_place(seeker);
    if (place == AIRS_PLACE_NONE) {
        return;
    }
    airs_services_t *services = seeker->actor->services;
    airs_instance_room_t *self = services->instance_room;
    airs_spinlock_lock(&self->lock);
    place = airs_room_seeker_place(seeker); /* it may have been called meanwhile */
    if (place == AIRS_PLACE_CALLED) {
        end_call(self, seeker);
    } else {
        take_out(self, seeker);
    }
    set_place(seeker, AIRS_PLACE_NONE);
    bool looks = is_to_look(self);
    airs_spinlock_unlock(&self->lock);
    if (looks) {
        look(services, worker);
    }
}

void airs_instance_room_leave(airs_room_seeker_t *seeker) {
    if (airs_room_seeker_place(seeker) == AIRS_PLACE_NONE) {
        return;
    }
    airs_services_t *services = seeker->actor->services;
    airs_instance_room_t *self = services->instance_room;
    airs_spinlock_lock(&self->lock);
    bool was_called = airs_room_seeker_place(seeker) == AIRS_PLACE_CALLED;
    if (was_called) {
        end_call(self, seeker);
    } else {
        take_out(self, seeker);
    }
    set_place(seeker, AIRS_PLACE_NONE);
    airs_spinlock_unlock(&self->lock);
    if (was_called) {
        /* It does not need what it was called for. */
        airs_instance_room_serve(services);
    }
}

/* ---- how much ---- */

/* One more or one less, but not below `least`, and if it is known. */
static void count_spare(airs_services_t *services, int32_t change, int32_t least) {
    int32_t spare = airs_instance_room_spare(services);
    /* Release: pairs with airs_instance_room_is_hoped_for. */
    while (spare >= least &&
           !atomic_compare_exchange_weak_explicit(&services->spare_instances, &spare, spare + change,
                                                  memory_order_release, memory_order_relaxed)) {
    }
}

void airs_instance_room_expect(airs_actor_t *actor) {
    /* Before anybody gives way to it: while instances change hands there are not fewer of them for others to hope for. */
    if (actor->passivable != NULL) {
        atomic_fetch_add_explicit(&actor->services->stateless_instances, 1, memory_order_relaxed);
    }
}

void airs_instance_room_expect_no_more(airs_actor_t *actor) {
    if (actor->passivable != NULL) {
        /* Release: pairs with airs_instance_room_is_hoped_for. */
        atomic_fetch_sub_explicit(&actor->services->stateless_instances, 1, memory_order_release);
    }
}

void airs_instance_room_took(airs_services_t *services) { count_spare(services, -1, 1); }

void airs_instance_room_found_none(airs_services_t *services, int32_t spare_before) {
    /* Unless some came or went meanwhile: what was found is of before, and to count room as taken that is there would be
     * believed for good. */
    (void)atomic_compare_exchange_strong_explicit(&services->spare_instances, &spare_before, 0,
                                                  memory_order_relaxed, memory_order_relaxed);
}

void airs_instance_room_gave(airs_actor_t *actor) {
    count_spare(actor->services, 1, 0);
    airs_instance_room_expect_no_more(actor);
}

void airs_instance_room_vacate(airs_actor_t *actor) {
    airs_instance_room_gave(actor);
    airs_instance_room_serve(actor->services);
}

bool airs_instance_room_is_hoped_for(const airs_services_t *services) {
    /* Acquire, all: one that gives way shows its room before it is counted no more, and one that takes it is counted before
     * the room is shown no more. So an instance that changes hands is seen by one of these. */
    return atomic_load_explicit(&services->stateless_instances, memory_order_acquire) > 0 ||
           atomic_load_explicit(&services->spare_instances, memory_order_acquire) > 0 ||
           atomic_load_explicit(&services->stateless_instances, memory_order_acquire) > 0;
}
