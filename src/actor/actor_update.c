#include "actor/actor_update.h"

#include <stdio.h>

#include "actor/actor_timers.h"
#include "actor/command_actor.h"
#include "actor/component_actor.h"
#include "actor/deferred_replies.h"
#include "actor/message_batch.h"
#include "actor/passivation.h"
#include "actor/response_router.h"
#include "actor/waiting_senders.h"
#include "core/check.h"

static airs_component_actor_t *component_of(airs_actor_t *actor) { return (airs_component_actor_t *)actor; }

static const airs_runtime_engine_ops_t *ops_of(airs_actor_t *actor) { return actor->services->engine->ops; }

static airs_actor_switch_t *switch_of(airs_actor_t *actor) {
    /* Acquire: pairs with airs_actor_switch_attach. */
    return atomic_load_explicit(&actor->update, memory_order_acquire);
}

/* ---- the updater's ---- */

void airs_actor_switch_attach(airs_actor_switch_t *self) {
    /* Release: pairs with switch_of. */
    self->seeker.actor = self->actor;
    self->seeker.goes_on = true;
    atomic_store_explicit(&self->actor->update, self, memory_order_release);
}

/* The next attempt was the last, or there will be none. */
static void end_waiting(airs_actor_switch_t *self) {
    airs_timer_service_t *timers = self->actor->services->timers;
    airs_instance_room_leave(&self->seeker);
    self->put_off = false;
    if (self->timed) {
        self->timed = false;
        (void)timers->cancel(timers, &self->patience);
    }
}

/* The actor has no part in it any more. Whoever takes it away tells the last that is heard of it: the actor's owner, or
 * the updater when it finds that the actor has ended. It may be gone afterwards. */
static void detach(airs_actor_switch_t *self, uint32_t last_events) {
    airs_actor_switch_t *expected = self;
    if (atomic_compare_exchange_strong_explicit(&self->actor->update, &expected, NULL, memory_order_acq_rel,
                                                memory_order_relaxed)) {
        end_waiting(self);
        self->tell(self, last_events);
    }
}

void airs_actor_switch_give(airs_actor_switch_t *self, airs_switch_order_t order) {
    airs_actor_t *actor = airs_actor_ref(self->actor);
    airs_services_t *services = actor->services;
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    /* Release: pairs with the exchange in airs_actor_update_obey. */
    atomic_store_explicit(&self->order, (uint8_t)order, memory_order_release);
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_signal(&actor->mailbox, AIRS_SIGNAL_UPDATE);
    if (push == AIRS_PUSH_QUEUED) {
        airs_actor_wake(actor); /* it may be down */
    } else if (push == AIRS_PUSH_CLOSED) {
        detach(self, AIRS_SWITCH_GONE);
    }
    airs_actor_after_push(services, worker, actor, push);
    airs_actor_unref(actor);
}

static void drop_state(airs_actor_switch_t *self) {
    airs_release(self->actor->services->allocator, self->state);
    self->state = NULL;
    self->has_state = false;
}

void airs_actor_switch_free(airs_actor_switch_t *self) {
    const airs_allocator_t *allocator = self->actor->services->allocator;
    AIRS_ASSERT(self->instance == NULL);
    drop_state(self);
    airs_release(allocator, self->reason);
    airs_actor_code_unref(self->old);
    airs_actor_code_unref(self->next);
    airs_actor_unref(self->actor);
    airs_release(allocator, self);
}

/* ---- what both ways have in common ---- */

/* Relaxed: who has an actor give way that does not own it asks again when it does. */
static void show_switched(airs_actor_t *actor, bool switched) {
    atomic_store_explicit(&actor->switched, switched, memory_order_relaxed);
}

static bool migrates(const airs_actor_switch_t *self) { return self->old_migrates && self->next_migrates; }

static void set_code(airs_actor_t *actor, airs_actor_code_t *code) {
    airs_component_actor_t *component = component_of(actor);
    airs_actor_code_ref(code);
    airs_actor_code_unref(component->code);
    component->code = code;
    airs_actor_bound_parking(actor, code->config.limits.max_parked_time_ms);
}

static void set_reason(airs_actor_switch_t *self, airs_status_t status, const char *what,
                       const char *reason) {
    const airs_allocator_t *allocator = self->actor->services->allocator;
    const char *text = reason != NULL && reason[0] != '\0' ? reason : airs_status_text(status);
    size_t size = strlen(what) + strlen(text) + 3;
    char *whole = airs_alloc(allocator, size);
    if (whole != NULL) {
        (void)snprintf(whole, size, "%s%s%s", what, what[0] != '\0' ? ": " : "", text);
    }
    airs_release(allocator, self->reason); /* `text` may be in it */
    self->status = status;
    self->reason = whole;
}

/* What was begun under one number ends; or all that was not. */
static void end_some(airs_actor_t *actor, uint64_t incarnation, bool others, airs_status_t status,
                     const char *reason) {
    airs_deferred_replies_end_some(actor, incarnation, others, status, reason);
    airs_actor_timers_end_some(actor, incarnation, others);
    airs_response_router_cancel_some(actor->services->responses, actor, incarnation, others);
}

/* ---- forward ---- */

static const char *const phases[] = {
    [AIRS_SWITCH_IDLE] = "",
    [AIRS_SWITCH_DESCRIBE_OLD] = "metadata of the old version",
    [AIRS_SWITCH_EXPORT] = "export-state",
    [AIRS_SWITCH_INSTANTIATE] = "instantiation",
    [AIRS_SWITCH_INITIALIZE] = "initialize",
    [AIRS_SWITCH_IMPORT] = "import-state",
    [AIRS_SWITCH_DESCRIBE] = "metadata",
    [AIRS_SWITCH_HEALTH] = "health",
    [AIRS_SWITCH_DONE] = "",
};

static bool is_needed(const airs_actor_switch_t *self, airs_switch_phase_t phase) {
    /* It has an instance in its runs only, and no state: what it is tried with is that an instance can be made. */
    if (airs_actor_is_command(self->actor)) {
        return phase == AIRS_SWITCH_INSTANTIATE;
    }
    switch (phase) {
    case AIRS_SWITCH_DESCRIBE_OLD:
        return self->old_migrates && airs_actor_known_metadata(self->actor) == NULL;
    case AIRS_SWITCH_EXPORT:
        return self->old_migrates;
    case AIRS_SWITCH_IMPORT:
        return migrates(self);
    default:
        return true;
    }
}

static bool is_of_old(const airs_actor_switch_t *self) {
    return self->phase == AIRS_SWITCH_DESCRIBE_OLD || self->phase == AIRS_SWITCH_EXPORT;
}

/* What is to be called with; from here on what the new instance begins carries its own number. */
static airs_status_t make_instance(airs_actor_switch_t *self, airs_error_t *error) {
    airs_actor_t *actor = self->actor;
    airs_status_t status =
        airs_component_actor_instance(component_of(actor), self->next, &self->instance, error);
    if (status == AIRS_OK) {
        self->incarnation_before = actor->incarnation;
        actor->incarnation = airs_services_next_incarnation(actor->services);
    } else {
        self->instance = NULL;
    }
    return status;
}

static airs_poll_t call_phase(airs_actor_switch_t *self, airs_call_result_t *result) {
    airs_actor_t *actor = self->actor;
    airs_instance_t *instance = is_of_old(self) ? component_of(actor)->instance : self->instance;
    airs_call_t call = {0};
    switch ((airs_switch_phase_t)self->phase) {
    case AIRS_SWITCH_EXPORT:
        call.kind = AIRS_CALL_EXPORT_STATE;
        break;
    case AIRS_SWITCH_INSTANTIATE:
        call.kind = AIRS_CALL_INSTANTIATE;
        break;
    case AIRS_SWITCH_INITIALIZE:
        call.kind = AIRS_CALL_INITIALIZE;
        call.config = &self->next->config;
        break;
    case AIRS_SWITCH_IMPORT:
        call.kind = AIRS_CALL_IMPORT_STATE;
        call.state = airs_bytes(self->state, self->state_size);
        call.from_version = airs_str(self->version);
        break;
    case AIRS_SWITCH_HEALTH:
        call.kind = AIRS_CALL_HEALTH;
        break;
    default:
        call.kind = AIRS_CALL_METADATA;
        break;
    }
    actor->parked_left_ns = actor->max_parked_ns;
    return ops_of(actor)->call(instance, &call, result);
}

static bool is_crash(const airs_call_result_t *result) {
    return result->status != AIRS_OK && result->status != AIRS_GUEST_ERROR;
}

static void fail(airs_call_result_t *result, airs_status_t status, const char *reason) {
    *result = (airs_call_result_t){.status = status, .reason = reason};
}

static void keep_state(airs_actor_switch_t *self, airs_call_result_t *result) {
    airs_bytes_t state = result->has_response ? result->response : airs_bytes(NULL, 0);
    self->state = airs_alloc(self->actor->services->allocator, state.size + 1);
    if (self->state == NULL) {
        fail(result, AIRS_OUT_OF_MEMORY, "no memory for the state");
        return;
    }
    airs_copy(self->state, state.data, state.size);
    self->state_size = state.size;
    self->has_state = true;
    self->version = airs_actor_known_metadata(self->actor)->version;
}

static void keep_metadata(airs_actor_switch_t *self, airs_call_result_t *result) {
    self->metadata = airs_actor_make_metadata(self->actor, result->name, result->version);
    if (self->metadata == NULL) {
        fail(result, AIRS_OUT_OF_MEMORY, "no memory for the metadata");
    }
}

/* A call has ended well: what comes of it. The result becomes a failure if that is none. */
static void take_result(airs_actor_switch_t *self, airs_call_result_t *result) {
    switch ((airs_switch_phase_t)self->phase) {
    case AIRS_SWITCH_DESCRIBE_OLD:
        keep_metadata(self, result);
        airs_actor_show_metadata(self->actor, self->metadata);
        break;
    case AIRS_SWITCH_EXPORT:
        keep_state(self, result);
        break;
    case AIRS_SWITCH_DESCRIBE:
        keep_metadata(self, result);
        break;
    case AIRS_SWITCH_HEALTH:
        if (result->health == AIRS_UNHEALTHY) {
            fail(result, AIRS_HEALTH_CHECKS_FAILED, "it is unhealthy");
        }
        break;
    default:
        break;
    }
}

/* To the next phase that is needed; false: that was the last. */
static bool next_phase(airs_actor_switch_t *self) {
    do {
        self->phase++;
    } while (self->phase < AIRS_SWITCH_DONE && !is_needed(self, (airs_switch_phase_t)self->phase));
    return self->phase < AIRS_SWITCH_DONE;
}

static void make_or_fail(airs_actor_switch_t *self, airs_call_result_t *result) {
    airs_error_t error;
    error.text[0] = '\0';
    airs_status_t status = make_instance(self, &error);
    if (status != AIRS_OK) {
        set_reason(self, status, "", error.text);
        fail(result, status, self->reason);
    }
}

/* There was no room for the new instance: it is dropped. */
static void drop_refused(airs_actor_switch_t *self, airs_call_result_t *result) {
    airs_actor_t *actor = self->actor;
    set_reason(self, result->status, "", result->reason); /* which is gone with it */
    ops_of(actor)->instance_destroy(self->instance);
    self->instance = NULL;
    actor->incarnation = self->incarnation_before;
    *result = (airs_call_result_t){.status = AIRS_RESOURCE_LIMIT, .reason = self->reason, .no_room = true};
}

/* True: there was none for the new instance. */
static bool attempt(airs_actor_switch_t *self, airs_poll_t *poll, airs_call_result_t *result) {
    airs_actor_t *actor = self->actor;
    int32_t spare = airs_instance_room_spare(actor->services);
    *poll = AIRS_POLL_DONE;
    *result = (airs_call_result_t){.status = AIRS_OK};
    make_or_fail(self, result);
    if (result->status != AIRS_OK) {
        return false;
    }
    *poll = call_phase(self, result);
    if (!airs_component_actor_found_none(*poll, result)) {
        airs_instance_room_took(actor->services);
        return false;
    }
    airs_instance_room_found_none(actor->services, spare);
    drop_refused(self, result);
    return true;
}

/* The actor's own instance gives way to the new one, or an idle actor's. */
static bool make_room(airs_actor_switch_t *self) {
    airs_actor_t *actor = self->actor;
    return airs_passivation_give_up(actor) || airs_passivation_make_room(actor->services, actor->worker);
}

static airs_poll_t instantiate(airs_actor_switch_t *self, airs_call_result_t *result) {
    airs_actor_t *actor = self->actor;
    airs_services_t *services = actor->services;
    airs_poll_t poll = AIRS_POLL_DONE;
    bool is_others = !airs_instance_room_may_try(&self->seeker, services);
    if (is_others && !airs_passivation_could_give_up(actor)) {
        set_reason(self, AIRS_RESOURCE_LIMIT, "", "no room for one more instance");
        *result =
            (airs_call_result_t){.status = AIRS_RESOURCE_LIMIT, .reason = self->reason, .no_room = true};
        return AIRS_POLL_DONE;
    }
    airs_instance_room_expect(actor);
    if (is_others) {
        (void)airs_passivation_give_up(actor);
    } else if (airs_instance_room_is_full(services)) {
        (void)make_room(self);
    }
    bool found_none;
    do {
        found_none = attempt(self, &poll, result);
    } while (found_none && make_room(self));
    if (self->instance != NULL) {
        airs_instance_room_served(&self->seeker, actor->worker);
        return poll;
    }
    airs_instance_room_expect_no_more(actor);
    if (!found_none) {
        airs_instance_room_serve(services); /* somebody may have given way in vain */
    }
    return poll;
}

/* From the end of one call to the next, until one pends or fails, or all are done. */
static airs_poll_t advance(airs_actor_switch_t *self, airs_poll_t poll, airs_call_result_t *result) {
    while (poll == AIRS_POLL_DONE && result->status == AIRS_OK) {
        take_result(self, result);
        if (result->status != AIRS_OK || !next_phase(self)) {
            break;
        }
        if (self->phase == AIRS_SWITCH_INSTANTIATE) {
            poll = instantiate(self, result);
        } else {
            poll = call_phase(self, result);
            self->spent = is_of_old(self) && poll == AIRS_POLL_DONE && is_crash(result);
        }
    }
    return poll;
}

airs_poll_t airs_actor_update_begin(airs_actor_t *actor, airs_call_result_t *result) {
    airs_actor_switch_t *self = switch_of(actor);
    self->phase = AIRS_SWITCH_IDLE;
    self->on_trial = true;
    self->spent = false;
    self->put_off = false;
    *result = (airs_call_result_t){.status = AIRS_OK};
    return advance(self, AIRS_POLL_DONE, result);
}

airs_poll_t airs_actor_update_resume(airs_actor_t *actor, airs_call_result_t *result) {
    airs_actor_switch_t *self = switch_of(actor);
    airs_instance_t *instance = is_of_old(self) ? component_of(actor)->instance : self->instance;
    airs_poll_t poll = ops_of(actor)->resume(instance, result);
    self->spent = is_of_old(self) && poll == AIRS_POLL_DONE && is_crash(result);
    return advance(self, poll, result);
}

void airs_actor_update_interrupt(airs_actor_t *actor) {
    airs_actor_switch_t *self = switch_of(actor);
    self->spent = is_of_old(self);
}

/* The instance that was made, and what it may have begun; the actor is again as it was before. */
static void drop_made(airs_actor_switch_t *self) {
    airs_actor_t *actor = self->actor;
    if (self->instance == NULL) {
        return;
    }
    airs_waiting_senders_withdraw(actor->services->waiting_senders, actor);
    airs_actor_update_discard(actor);
    end_some(actor, actor->incarnation, false, AIRS_STOPPED, NULL);
    airs_actor_void_tickets(actor);
    actor->incarnation = self->incarnation_before;
    actor->exiting = false;
}

/* The new instance takes the old one's place. Of a command its next run makes one. */
static void commit(airs_actor_switch_t *self) {
    airs_actor_t *actor = self->actor;
    airs_component_actor_t *component = component_of(actor);
    self->on_trial = true;
    if (airs_actor_is_command(actor)) {
        drop_made(self);
        set_code(actor, self->next);
        return;
    }
    if (component->instance != NULL) {
        ops_of(actor)->instance_destroy(component->instance);
        airs_instance_room_vacate(actor);
    }
    component->instance = self->instance;
    show_switched(actor, true);
    self->instance = NULL;
    if (airs_actor_is_passive(actor)) {
        airs_passivation_returned(actor);
    }
    airs_message_batch_allow(actor);
    set_code(actor, self->next);
    if (!migrates(self)) {
        end_some(actor, actor->incarnation, true, AIRS_STOPPED, "the component was updated");
        airs_actor_begin_tickets(actor);
    }
    self->metadata_before = airs_actor_known_metadata(actor);
    airs_actor_show_metadata(actor, self->metadata);
}

/* The new instance did not come as far. */
static void withdraw(airs_actor_switch_t *self) {
    if (self->instance != NULL && ops_of(self->actor)->instance_ended != NULL) {
        ops_of(self->actor)->instance_ended(self->instance, self->status, self->reason);
    }
    drop_made(self);
    drop_state(self);
}

static void lose_patience(airs_timer_t *timer) {
    airs_actor_switch_t *self =
        (airs_actor_switch_t *)((char *)timer - offsetof(airs_actor_switch_t, patience));
    /* Relaxed: the signal orders it. */
    atomic_store_explicit(&self->out_of_patience, true, memory_order_relaxed);
    airs_actor_signal_between(self->actor, AIRS_SIGNAL_UPDATE);
}

static void begin_patience(airs_actor_switch_t *self) {
    airs_services_t *services = self->actor->services;
    uint64_t now = airs_clock_monotonic(services->clock);
    if (!self->timed && self->actor->max_parked_ns < UINT64_MAX / 2 - now) {
        self->patience.fire = lose_patience;
        self->patience.deadline_ns = now + self->actor->max_parked_ns;
        /* The node's timers need no memory to be armed. */
        AIRS_ASSERT(services->timers->add(services->timers, &self->patience) == AIRS_OK);
        self->timed = true;
    }
}

/* There was no room for the new instance. False: there is no use in waiting for it any more. */
static bool put_off(airs_actor_switch_t *self) {
    airs_actor_t *actor = self->actor;
    if (atomic_load_explicit(&self->out_of_patience, memory_order_relaxed) ||
        !(actor->passivable != NULL || airs_instance_room_is_hoped_for(actor->services))) {
        return false;
    }
    drop_state(self);
    self->phase = AIRS_SWITCH_IDLE;
    self->on_trial = false;
    self->put_off = true;
    begin_patience(self);
    (void)airs_instance_room_await(&self->seeker, actor->worker); /* the call is a signal */
    return true;
}

bool airs_actor_update_is_due(airs_actor_t *actor) {
    /* Relaxed: the owner's look; one that was put off is there until the owner hears of the next order. */
    const airs_actor_switch_t *self = atomic_load_explicit(&actor->update, memory_order_relaxed);
    return self != NULL && switch_of(actor)->put_off && airs_passivation_could_give_up(actor);
}

bool airs_actor_update_conclude(airs_actor_t *actor, const airs_call_result_t *result) {
    airs_actor_switch_t *self = switch_of(actor);
    if (airs_component_actor_found_none(AIRS_POLL_DONE, result) && put_off(self)) {
        return true;
    }
    if (result->status == AIRS_OK) {
        self->phase = AIRS_SWITCH_IDLE;
        end_waiting(self);
        commit(self);
        self->tell(self, AIRS_SWITCH_SWITCHED);
        return true;
    }
    set_reason(self, result->status, phases[self->phase], result->reason);
    if (self->spent) {
        return false;
    }
    withdraw(self);
    self->phase = AIRS_SWITCH_IDLE;
    self->on_trial = false;
    detach(self, AIRS_SWITCH_FAILED | AIRS_SWITCH_SETTLED);
    return true;
}

void airs_actor_update_discard(airs_actor_t *actor) {
    airs_actor_switch_t *self = switch_of(actor);
    if (self != NULL && self->instance != NULL) {
        ops_of(actor)->instance_destroy(self->instance);
        self->instance = NULL;
        airs_instance_room_vacate(actor);
    }
}

/* ---- back ---- */

bool airs_actor_update_catches(airs_actor_t *actor) {
    const airs_actor_switch_t *self = switch_of(actor);
    /* One that does not take its own state is made once more without. */
    return self != NULL && self->on_trial && (!self->going_back || self->imports);
}

bool airs_actor_update_continues(airs_actor_t *actor) {
    const airs_actor_switch_t *self = switch_of(actor);
    return self != NULL && self->going_back && self->imports && migrates(self);
}

void airs_actor_update_end_own(airs_actor_t *actor, airs_status_t status, const char *reason) {
    const airs_actor_switch_t *self = switch_of(actor);
    bool spares = migrates(self) && self->has_state && !self->going_back &&
                  component_of(actor)->code == self->next;
    if (spares) {
        end_some(actor, actor->incarnation, false, status, reason);
        airs_actor_void_tickets(actor);
        return;
    }
    airs_deferred_replies_end(actor, status, reason);
    airs_actor_timers_end(actor);
    airs_response_router_cancel_all(actor->services->responses, actor);
}

void airs_actor_update_receded(airs_actor_t *actor, airs_status_t status, const char *reason) {
    airs_actor_switch_t *self = switch_of(actor);
    if (self->going_back) {
        drop_state(self);
        self->imports = false;
        return;
    }
    bool said = self->phase != AIRS_SWITCH_IDLE && self->spent; /* by `conclude` */
    self->phase = AIRS_SWITCH_IDLE;
    self->has_switched = component_of(actor)->code == self->next;
    set_code(actor, self->old);
    self->going_back = true;
    self->imports = self->has_state;
    if (status != AIRS_OK) {
        if (!said) {
            set_reason(self, status, "", reason);
        }
        self->tell(self, AIRS_SWITCH_CRASHED);
    }
}

bool airs_actor_update_kept_state(airs_actor_t *actor, airs_call_t *call) {
    const airs_actor_switch_t *self = switch_of(actor);
    if (self == NULL || !self->imports) {
        return false;
    }
    *call = (airs_call_t){.kind = AIRS_CALL_IMPORT_STATE,
                          .state = airs_bytes(self->state, self->state_size),
                          .from_version = airs_str(self->version)};
    return true;
}

/* It runs the old component again, or is in its keeper's hands; there is no way from there, and so it need not keep an
 * instance until all others have come as far. */
static void end_trial(airs_actor_switch_t *self) {
    self->going_back = false;
    self->imports = false;
    self->on_trial = false;
    show_switched(self->actor, false);
    drop_state(self);
    detach(self, AIRS_SWITCH_SETTLED);
}

void airs_actor_update_started(airs_actor_t *actor) {
    airs_actor_switch_t *self = switch_of(actor);
    if (self != NULL && self->going_back) {
        if (self->has_switched) {
            airs_actor_show_metadata(actor, self->metadata_before);
        }
        end_trial(self);
    }
}

void airs_actor_update_lost(airs_actor_t *actor) {
    airs_actor_switch_t *self = switch_of(actor);
    if (self != NULL && self->going_back) {
        end_trial(self);
    } else if (self != NULL && (self->put_off || self->phase != AIRS_SWITCH_IDLE)) {
        /* The order is carried out all the same, and at rest. */
        drop_state(self);
        self->phase = AIRS_SWITCH_IDLE;
        self->on_trial = false;
        self->put_off = true;
        airs_actor_signal(actor, AIRS_SIGNAL_UPDATE);
    }
}

/* ---- orders ---- */

static void settle(airs_actor_switch_t *self) {
    self->on_trial = false;
    show_switched(self->actor, false);
    drop_state(self);
    detach(self, AIRS_SWITCH_SETTLED);
}

/* There is no instance, or none that could not be made of the other code: also of a command between two runs. */
static void obey_at_rest(airs_actor_t *actor, airs_actor_switch_t *self, airs_switch_order_t order) {
    if (order == AIRS_SWITCH_FORWARD) {
        end_waiting(self);
        set_code(actor, self->next);
        self->on_trial = true;
        show_switched(actor, true);
        self->tell(self, AIRS_SWITCH_SWITCHED);
    } else if (order == AIRS_SWITCH_BACK && !self->going_back) {
        set_code(actor, self->old);
        end_trial(self);
    } else if (order == AIRS_SWITCH_SETTLE) {
        settle(self);
    }
}

bool airs_actor_update_needs_instance(airs_actor_t *actor) {
    airs_actor_switch_t *self = switch_of(actor);
    /* Relaxed: only a look. A later order than this one is no order to go forward. */
    uint8_t order = self != NULL ? atomic_load_explicit(&self->order, memory_order_relaxed)
                                 : (uint8_t)AIRS_SWITCH_NONE;
    bool goes_forward = order == AIRS_SWITCH_FORWARD ||
                        (order == AIRS_SWITCH_NONE && self != NULL && self->put_off);
    return goes_forward && self->old_migrates;
}

airs_update_task_t airs_actor_update_obey(airs_actor_t *actor) {
    airs_actor_switch_t *self = switch_of(actor);
    if (self == NULL) {
        return AIRS_UPDATE_NOTHING;
    }
    /* Acquire: pairs with airs_actor_switch_give. */
    airs_switch_order_t order =
        (airs_switch_order_t)atomic_exchange_explicit(&self->order, AIRS_SWITCH_NONE, memory_order_acquire);
    if (order == AIRS_SWITCH_NONE && self->put_off) {
        order = AIRS_SWITCH_FORWARD;
    }
    bool goes_back = order == AIRS_SWITCH_BACK && airs_actor_is_command(actor);
    if (actor->at_rest || goes_back) {
        obey_at_rest(actor, self, order);
    } else if (order == AIRS_SWITCH_FORWARD) {
        return AIRS_UPDATE_SWITCH;
    } else if (order == AIRS_SWITCH_BACK && component_of(actor)->code == self->next) {
        return AIRS_UPDATE_RECEDE;
    } else if (order == AIRS_SWITCH_BACK) {
        end_trial(self);
    } else if (order == AIRS_SWITCH_SETTLE) {
        settle(self);
    }
    return AIRS_UPDATE_NOTHING;
}

void airs_actor_update_gone(airs_actor_t *actor) {
    /* As in `detach`. */
    airs_actor_switch_t *self = atomic_exchange_explicit(&actor->update, NULL, memory_order_acq_rel);
    if (self != NULL) {
        end_waiting(self);
        self->tell(self, AIRS_SWITCH_GONE);
    }
}
