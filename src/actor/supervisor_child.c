#include "actor/supervisor_internal.h"

#include "actor/actor_spec.h"
#include "actor/component_spawner.h"
#include "core/utf8.h"

#define WORKER_SHUTDOWN_MS 5000

/* What is kept of why one has ended. */
#define END_TEXT_MAX 200

/* ---- specifications ---- */

static airs_status_t check(const airs_child_spec_t *spec, bool model, airs_error_t *error) {
    int kinds = (spec->component != 0) + (spec->native != NULL) + (spec->supervisor != NULL);
    if (kinds != 1) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a child is one of a component, a native actor and a supervisor");
    }
    if ((unsigned)spec->restart > AIRS_RESTART_TEMPORARY) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no restart type %d",
                              (int)spec->restart);
    }
    if (spec->significant && spec->restart == AIRS_RESTART_PERMANENT) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a permanent child cannot be significant: it never ends by itself");
    }
    if (spec->supervisor != NULL && (spec->name == NULL || model)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              model ? "the children of a simple-one-for-one supervisor are actors"
                                    : "a child that is a supervisor needs a name");
    }
    bool restartable = spec->native == NULL || (spec->native->size > offsetof(airs_native_t, restart) &&
                                                spec->native->restart != NULL);
    if (!restartable && spec->restart != AIRS_RESTART_TEMPORARY) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a native actor without a restart function can only be a temporary child");
    }
    if (model && spec->native != NULL) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "the children of a simple-one-for-one supervisor are components: a native actor's "
            "state is one actor's alone");
    }
    return AIRS_OK;
}

void airs_child_spec_drop(const airs_child_spec_t *spec) {
    if (spec->native != NULL && spec->native->destroy != NULL) {
        spec->native->destroy(spec->state);
    }
    if (spec->supervisor != NULL) {
        airs_supervisor_spec_drop(spec->supervisor);
    }
}

/* "namespace/name/instance", or what a supervisor is called. */
static airs_status_t take_name(airs_child_t *self, const airs_allocator_t *allocator, const char *name) {
    size_t size = strlen(name) + 1;
    self->name = airs_alloc(allocator, size);
    if (self->name == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    memcpy(self->name, name, size);
    return AIRS_OK;
}

static airs_status_t take_id(airs_child_t *self, const airs_allocator_t *allocator, airs_id_t id,
                             airs_error_t *error) {
    airs_component_id_t *checked = NULL;
    airs_status_t status = airs_component_id_create(allocator, id, &checked, error);
    if (status == AIRS_OK) {
        status = take_name(self, allocator, airs_component_id_text(checked));
        airs_component_id_unref(checked);
    }
    return status;
}

static airs_status_t fill(airs_child_t *self, airs_services_t *services, const airs_child_spec_t *spec,
                          bool model, airs_error_t *error) {
    const airs_allocator_t *allocator = services->allocator;
    airs_status_t status = check(spec, model, error);
    if (status == AIRS_OK && !model) {
        status = spec->supervisor != NULL ? take_name(self, allocator, spec->name)
                                          : take_id(self, allocator, spec->id, error);
    }
    if (status != AIRS_OK && spec->supervisor != NULL) {
        airs_supervisor_spec_drop(spec->supervisor);
    } else if (status == AIRS_OK && spec->supervisor != NULL) {
        status = airs_supervisor_create(services, spec->supervisor, &self->nested, error);
    } else if (status == AIRS_OK) {
        status = airs_actor_spec_copy(allocator, spec->actor, &self->spec, &self->spec_memory);
    }
    if (self->nested != NULL) {
        self->nested->parent = self;
    }
    return status;
}

static void run(airs_errand_t *errand);
static void timed(airs_timer_t *timer);
static void told(airs_keeper_t *keeper, airs_life_event_t event, airs_reason_kind_t reason);

airs_status_t airs_child_create(airs_services_t *services, const airs_child_spec_t *spec, bool model,
                                airs_child_t **out, airs_error_t *error) {
    airs_child_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        airs_child_spec_drop(spec);
        return AIRS_OUT_OF_MEMORY;
    }
    self->keeper.tell = told;
    self->errand.run = run;
    self->timer.fire = timed;
    self->services = services;
    atomic_init(&self->component, spec->component);
    if (spec->native != NULL) {
        size_t size = spec->native->size < sizeof self->native ? spec->native->size : sizeof self->native;
        memcpy(&self->native, spec->native, size);
        self->native.size = sizeof self->native;
        self->is_native = true;
        self->state_of_native = spec->state;
        self->owns_state = true;
    }
    self->restart = spec->restart;
    self->significant = spec->significant;
    uint64_t shutdown = spec->supervisor != NULL ? AIRS_SHUTDOWN_INFINITY : WORKER_SHUTDOWN_MS;
    self->shutdown_ms = spec->shutdown_ms != 0 ? spec->shutdown_ms : shutdown;
    airs_status_t status = fill(self, services, spec, model, error);
    if (status != AIRS_OK) {
        airs_child_free(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_child_free(airs_child_t *child) {
    if (child == NULL) {
        return;
    }
    AIRS_ASSERT(child->state == AIRS_CHILD_ENDED && !child->timed);
    const airs_allocator_t *allocator = child->services->allocator;
    airs_errands_withdraw(airs_supervisors_errands(child->services->supervisors), &child->errand);
    if (child->owns_state && child->native.destroy != NULL) {
        child->native.destroy(child->state_of_native);
    }
    airs_supervisor_free(child->nested);
    airs_actor_spec_release(allocator, &child->spec, child->spec_memory);
    airs_release(allocator, child->end);
    airs_release(allocator, child->name);
    airs_release(allocator, child);
}

/* ---- what happens to it ---- */

void airs_child_tell(airs_child_t *child, uint32_t events) {
    airs_errands_t *errands = airs_supervisors_errands(child->services->supervisors);
    /* Release: pairs with `run`, which then sees how the actor ended. */
    atomic_fetch_or_explicit(&child->events, events, memory_order_release);
    /* The child may be gone after this. */
    airs_errands_post(errands, &child->errand);
}

static void run(airs_errand_t *errand) {
    airs_child_t *child = (airs_child_t *)((char *)errand - offsetof(airs_child_t, errand));
    /* Acquire: pairs with airs_child_tell. */
    airs_supervisor_hear(child, atomic_exchange_explicit(&child->events, 0, memory_order_acquire));
}

static void told(airs_keeper_t *keeper, airs_life_event_t event, airs_reason_kind_t reason) {
    static const uint32_t events[] = {AIRS_CHILD_STARTED, AIRS_CHILD_WENT_DOWN, AIRS_CHILD_GONE};
    airs_child_tell((airs_child_t *)keeper,
                    events[event] | (airs_reason_is_orderly(reason) ? 0 : AIRS_CHILD_ABNORMAL));
}

static void timed(airs_timer_t *timer) {
    airs_child_tell((airs_child_t *)((char *)timer - offsetof(airs_child_t, timer)), AIRS_CHILD_TIMED);
}

void airs_child_set_timer(airs_child_t *child, uint64_t delay_ns) {
    airs_services_t *services = child->services;
    AIRS_ASSERT(!child->timed);
    uint64_t now = airs_clock_monotonic(services->clock);
    if (__builtin_add_overflow(now, delay_ns, &child->timer.deadline_ns)) {
        return; /* never */
    }
    /* The node's timers need no memory to be armed. */
    AIRS_ASSERT(services->timers->add(services->timers, &child->timer) == AIRS_OK);
    child->timed = true;
}

void airs_child_cancel_timer(airs_child_t *child) {
    airs_services_t *services = child->services;
    if (child->timed) {
        (void)services->timers->cancel(services->timers, &child->timer);
        child->timed = false;
        /* It may have fired before. Relaxed: nothing comes with it. */
        atomic_fetch_and_explicit(&child->events, ~AIRS_CHILD_TIMED, memory_order_relaxed);
    }
}

/* ---- what is done with it ---- */

static airs_status_t spawn(airs_child_t *child, airs_error_t *error) {
    airs_services_t *services = child->services;
    airs_spawn_t spawn = {.component = airs_child_component(child), .spec = &child->spec};
    if (child->is_native) {
        spawn.native = &child->native;
        spawn.state = child->state_of_native;
    }
    AIRS_ASSERT(airs_id_parse(airs_str(child->name), &spawn.id, NULL) == AIRS_OK);
    child->owns_state = false;
    return airs_component_spawner_spawn_kept(
        services, &spawn, &child->keeper, airs_scheduler_worker(services->scheduler), &child->actor, error);
}

static void drop_end(airs_child_t *child) {
    airs_release(child->services->allocator, child->end);
    child->end = NULL;
}

void airs_child_keep_end(airs_child_t *child) {
    airs_services_t *services = child->services;
    drop_end(child);
    if (child->actor == NULL) {
        return; /* it was never made */
    }
    airs_exit_reason_t reason = airs_actor_reason(child->actor);
    size_t size = airs_utf8_cut_lines(airs_str(reason.text), END_TEXT_MAX);
    child->end = airs_alloc(services->allocator, sizeof *child->end + size + 1);
    if (child->end != NULL) {
        *child->end = (airs_child_end_t){.ended_ns = airs_clock_wall(services->clock), .kind = reason.kind};
        *(char *)airs_copy(child->end->text, reason.text, size) = '\0';
    }
}

void airs_child_begin(airs_child_t *child) {
    child->lived = child->lived && child->state == AIRS_CHILD_DOWN;
    child->leaving = false;
    child->state = AIRS_CHILD_STARTING;
    child->asked = false;
    child->overdue = false;
    child->for_good = false;
    child->held = false;
    child->must_start = false;
    child->wait_ns = 0;
    drop_end(child);
    if (child->nested != NULL) {
        airs_supervisor_begin(child->nested);
        return;
    }
    if (child->actor != NULL) {
        airs_actor_restart(child->actor);
        return;
    }
    airs_error_t *error = &child->owner->error;
    error->text[0] = '\0';
    airs_status_t status = spawn(child, error);
    if (status != AIRS_OK) {
        if (error->text[0] == '\0') {
            airs_error_set(error, status, "%s: %s", child->name, airs_status_text(status));
        }
        airs_child_tell(child, AIRS_CHILD_GONE | AIRS_CHILD_ABNORMAL);
    }
}

static void kill_actor(airs_child_t *child) {
    if (child->for_good) {
        airs_actor_refuse(child->actor);
    }
    airs_actor_signal(child->actor, AIRS_SIGNAL_KILL);
}

static void stop_actor(airs_child_t *child, airs_halt_t how) {
    airs_stop_mode_t mode = how == AIRS_HALT_DRAIN ? AIRS_STOP_DRAIN : AIRS_STOP_DROP;
    if (how == AIRS_HALT_KEEP || !child->for_good) {
        airs_actor_signal(child->actor, AIRS_SIGNAL_STOP);
    } else if (airs_actor_ask_to_stop(child->actor, mode) != AIRS_OK) {
        /* No memory to stand in line with. */
        AIRS_ASSERT(airs_actor_ask_to_stop(child->actor, AIRS_STOP_DROP) == AIRS_OK);
    }
}

void airs_child_halt(airs_child_t *child, airs_halt_t how) {
    airs_child_cancel_timer(child);
    child->state = AIRS_CHILD_STOPPING;
    child->leaving = child->leaving || child->for_good;
    child->asked = true;
    child->overdue = how == AIRS_HALT_KILL && child->shutdown_ms != AIRS_SHUTDOWN_BRUTAL;
    if (child->shutdown_ms == AIRS_SHUTDOWN_BRUTAL) {
        how = AIRS_HALT_KILL;
    }
    if (child->nested != NULL) {
        airs_supervisor_end(child->nested, child->for_good, how);
    } else if (child->actor == NULL) {
        return; /* it could not be spawned, which is still to be heard */
    } else if (how == AIRS_HALT_KILL) {
        kill_actor(child);
    } else {
        stop_actor(child, how);
    }
    if (how != AIRS_HALT_KILL && child->shutdown_ms <= UINT64_MAX / 1000000) {
        airs_child_set_timer(child, child->shutdown_ms * 1000000);
    }
}

void airs_child_release(airs_child_t *child) {
    airs_child_cancel_timer(child);
    child->state = AIRS_CHILD_STOPPING;
    child->for_good = true;
    child->leaving = true;
    if (child->nested != NULL) {
        airs_supervisor_end(child->nested, true, AIRS_HALT_KEEP);
        return;
    }
    airs_actor_refuse(child->actor);
    /* Nobody asked for what waits to be dropped, if it ended by itself. */
    bool ended_itself = child->abnormal || !child->asked;
    airs_actor_signal(child->actor, ended_itself ? AIRS_SIGNAL_KILL : AIRS_SIGNAL_STOP);
}
