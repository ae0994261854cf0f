#include "actor/errands.h"

#include "actor/actor.h"

struct airs_errands {
    airs_actor_t actor;
    airs_spinlock_t lock;
    airs_errand_t *first; /* under the lock, with `queued` of each */
    airs_errand_t *last;
};

static airs_errand_t *take(airs_errands_t *self) {
    airs_spinlock_lock(&self->lock);
    airs_errand_t *errand = self->first;
    if (errand != NULL) {
        self->first = errand->next;
        if (self->first == NULL) {
            self->last = NULL;
        }
        errand->queued = false;
    }
    airs_spinlock_unlock(&self->lock);
    return errand;
}

static void attend(airs_actor_t *actor) {
    airs_errand_t *errand = NULL;
    while ((errand = take((airs_errands_t *)actor)) != NULL) {
        errand->run(errand);
    }
}

/* ---- the actor, which gets no messages ---- */

static airs_poll_t done(airs_actor_t *actor, airs_call_result_t *result) {
    (void)actor;
    *result = (airs_call_result_t){.status = AIRS_OK};
    return AIRS_POLL_DONE;
}

static airs_poll_t handle(airs_actor_t *actor, const airs_component_message_t *message,
                          airs_call_result_t *result) {
    (void)message;
    return done(actor, result);
}

static void discard(airs_actor_t *actor) { (void)actor; }

static void release(airs_actor_t *actor) { airs_release_aligned(actor->services->allocator, actor); }

airs_status_t airs_errands_create(airs_services_t *services, airs_errands_t **out) {
    static const airs_behaviour_t behaviour = {
        .start = done,
        .handle = handle,
        .stop = done,
        .resume = done,
        .attend = attend,
        .discard = discard,
        .release = release,
    };
    airs_component_id_t *id = NULL;
    airs_id_t name = airs_id("airssys", "errands", "0");
    airs_status_t status = airs_component_id_create(services->allocator, name, &id, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    airs_errands_t *self = airs_alloc_aligned(services->allocator, sizeof *self);
    if (self == NULL) {
        airs_component_id_unref(id);
        return AIRS_OUT_OF_MEMORY;
    }
    airs_actor_setup_t setup = {.behaviour = &behaviour,
                                .services = services,
                                .id = id,
                                .mailbox = {.messages = 1},
                                .internal = true};
    airs_actor_init(&self->actor, &setup);
    (void)airs_actor_ref(&self->actor);
    airs_actor_before_push(services, NULL);
    airs_actor_start_here(&self->actor);
    *out = self;
    return AIRS_OK;
}

void airs_errands_destroy(airs_errands_t *errands) {
    if (errands == NULL) {
        return;
    }
    airs_actor_t *actor = &errands->actor;
    (void)airs_services_wait_for_quiet(actor->services, UINT64_MAX);
    airs_actor_signal(actor, AIRS_SIGNAL_KILL);
    (void)airs_actor_await_end(actor, UINT64_MAX);
    airs_actor_unref(actor);
}

void airs_errands_post(airs_errands_t *errands, airs_errand_t *errand) {
    airs_spinlock_lock(&errands->lock);
    bool queued = errand->queued;
    if (!queued) {
        errand->queued = true;
        errand->next = NULL;
        if (errands->last != NULL) {
            errands->last->next = errand;
        } else {
            errands->first = errand;
        }
        errands->last = errand;
    }
    airs_spinlock_unlock(&errands->lock);
    /* The errand may be gone by now. */
    if (!queued) {
        airs_actor_signal(&errands->actor, AIRS_SIGNAL_ATTEND);
    }
}

void airs_errands_withdraw(airs_errands_t *errands, airs_errand_t *errand) {
    airs_spinlock_lock(&errands->lock);
    airs_errand_t *before = NULL;
    airs_errand_t *at = errand->queued ? errands->first : NULL;
    while (at != NULL && at != errand) {
        before = at;
        at = at->next;
    }
    if (at != NULL) {
        *(before != NULL ? &before->next : &errands->first) = at->next;
        errands->last = errands->last == at ? before : errands->last;
        at->queued = false;
    }
    airs_spinlock_unlock(&errands->lock);
}
