#include "actor/updater.h"

#include <sched.h>

#include "actor/actor_spec.h"
#include "actor/actor_update.h"
#include "actor/component_actor.h"
#include "actor/component_registry.h"
#include "actor/component_templates.h"
#include "actor/health_monitor.h"
#include "actor/supervisor_internal.h"
#include "core/hash_table.h"
#include "core/log.h"

#define NS_PER_MS UINT64_C(1000000)

typedef struct airs_update airs_update_t;
typedef struct airs_update_entry airs_update_entry_t;

struct airs_updater {
    airs_errand_t close; /* the first member: close_all finds the rest by it */
    airs_services_t *services;
    airs_update_t *first; /* those that go on; this and the next inside errands */
    bool closed;          /* they are to end */
    /* Threads in airs_updater_run, which may be still on their way out when all updates have ended. */
    _Atomic uint32_t callers;
};

/* Where an instance is. */
typedef enum airs_entry_state {
    ENTRY_WAITS,
    ENTRY_SWITCHING, /* forward was ordered */
    ENTRY_SWITCHED,
    ENTRY_GOING_BACK,
    ENTRY_SETTLING, /* the last was ordered */
    ENTRY_GONE, /* nothing is heard of it any more: it is settled, never switched, is back, or has ended */
    ENTRY_STATES,
} airs_entry_state_t;

struct airs_update_entry {
    airs_actor_switch_t change; /* the first member: they are freed as one */
    airs_update_t *update;
    airs_update_entry_t *next;
    airs_hash_entry_t by_actor;
    _Atomic uint32_t events;         /* airs_switch_event_t; what else happened is below */
    airs_update_entry_t *told_after; /* of those with events; whoever tells the first of them writes it */
    airs_entry_state_t state;
    airs_health_ask_t ask;
    bool asking;
    bool is_command;
    airs_health_t health; /* written before ENTRY_ANSWERED */
};

/* Beside airs_switch_event_t. */
#define ENTRY_ANSWERED 1024U

/* How an update is broken off. */
typedef enum airs_update_cancel {
    CANCEL_NO,
    CANCEL_STOP, /* whoever is switching comes to the end of it */
    CANCEL_KILL, /* whoever does not come to an end is killed: a stepped system stands still */
} airs_update_cancel_t;

typedef enum airs_update_stage {
    STAGE_NEW,
    STAGE_SWITCHING,
    STAGE_WATCHING, /* until the window is over */
    STAGE_ASKING,   /* how well they are */
    STAGE_GOING_BACK,
    STAGE_SETTLING, /* it is decided */
    STAGE_DONE,
} airs_update_stage_t;

struct airs_update {
    airs_errand_t errand;
    airs_timer_t timer; /* of the window */
    airs_updater_t *updater;
    airs_services_t *services;
    airs_update_t *next;
    const airs_actor_update_t *what;
    airs_actor_spec_t spec;      /* complete, if there is one */
    airs_component_handle_t old; /* of one of the instances */
    /* The instances. There may be a hundred thousand, and something is heard of each by itself: nothing goes through
     * all of them but what concerns all. */
    airs_update_entry_t *entries; /* in the order in which they switch */
    airs_update_entry_t **end;
    airs_update_entry_t *switching; /* those before it have switched, or will not; NULL: all */
    airs_hash_table_t by_actor;
    size_t count;
    size_t in_state[ENTRY_STATES];
    size_t asked;                        /* of how many an answer is awaited */
    _Atomic(airs_update_entry_t *) told; /* those with events, the last first */
    airs_update_stage_t stage;
    bool has_run; /* a command ended after it had switched, not in a crash */
    bool timed;
    bool retargeted;
    atomic_bool window_over;
    _Atomic uint8_t cancelled; /* airs_update_cancel_t */
    /* Threads that are about to post the errand: until it is 0 the update stays. */
    _Atomic uint32_t telling;
    airs_error_t error; /* its status: AIRS_OK as long as nothing has failed */
    atomic_bool done;   /* the last that is written */
};

/* ---- what is heard ---- */

/* Before what is told is written. */
static void begin_to_tell(airs_update_t *self) {
    /* Relaxed: pairs with the release below, by the same thread; it is seen before that. */
    atomic_fetch_add_explicit(&self->telling, 1, memory_order_relaxed);
}

static void finish_telling(airs_update_t *self) {
    airs_errands_post(airs_supervisors_errands(self->services->supervisors), &self->errand);
    /* Release: pairs with `is_told`; the update may be gone after this. */
    atomic_fetch_sub_explicit(&self->telling, 1, memory_order_release);
}

static bool is_told(airs_update_t *self) {
    return atomic_load_explicit(&self->telling, memory_order_acquire) == 0;
}

static void tell(airs_update_entry_t *entry, uint32_t events) {
    airs_update_t *self = entry->update;
    begin_to_tell(self);
    /* Release: pairs with `hear_all`. */
    if (atomic_fetch_or_explicit(&entry->events, events, memory_order_release) == 0) {
        /* Until it has been heard nobody else puts it in. */
        airs_update_entry_t *first = atomic_load_explicit(&self->told, memory_order_relaxed);
        do {
            entry->told_after = first;
        } while (!atomic_compare_exchange_weak_explicit(&self->told, &first, entry, memory_order_release,
                                                        memory_order_relaxed));
    }
    finish_telling(self);
}

static void told(airs_actor_switch_t *change, uint32_t events) {
    tell((airs_update_entry_t *)change, events);
}

static void answered(airs_health_ask_t *ask, airs_health_t health, airs_status_t status) {
    airs_update_entry_t *entry = (airs_update_entry_t *)((char *)ask - offsetof(airs_update_entry_t, ask));
    (void)status; /* a crash is told otherwise */
    entry->health = health;
    tell(entry, ENTRY_ANSWERED);
}

static void window_over(airs_timer_t *timer) {
    airs_update_t *self = (airs_update_t *)((char *)timer - offsetof(airs_update_t, timer));
    begin_to_tell(self);
    atomic_store_explicit(&self->window_over, true, memory_order_relaxed);
    finish_telling(self);
}

/* ---- the instances ---- */

static void set_state(airs_update_entry_t *entry, airs_entry_state_t state) {
    entry->update->in_state[entry->state]--;
    entry->update->in_state[state]++;
    entry->state = state;
}

static bool any(const airs_update_t *self, airs_entry_state_t state) { return self->in_state[state] > 0; }

static uint64_t hash_of(const airs_actor_t *actor) { return airs_hash_number((uint64_t)(uintptr_t)actor); }

static bool is_of(const airs_hash_entry_t *by_actor, const void *actor) {
    const airs_update_entry_t *entry =
        (const airs_update_entry_t *)((const char *)by_actor - offsetof(airs_update_entry_t, by_actor));
    return entry->change.actor == actor;
}

static bool has_entry(const airs_update_t *self, const airs_actor_t *actor) {
    return airs_hash_table_find(&self->by_actor, hash_of(actor), is_of, actor) != NULL;
}

/* At the end, so that they switch in the order of the registry. */
static void append(airs_update_t *self, airs_update_entry_t *entry, airs_entry_state_t state) {
    *self->end = entry;
    self->end = &entry->next;
    self->switching = self->switching != NULL ? self->switching : entry;
    airs_hash_table_insert(&self->by_actor, &entry->by_actor, hash_of(entry->change.actor));
    self->count++;
    entry->state = state;
    self->in_state[state]++;
}

static airs_actor_code_t *code_of(airs_actor_t *actor) { return ((airs_component_actor_t *)actor)->code; }

static bool is_command(airs_runtime_engine_t *engine, airs_component_handle_t component) {
    return engine->ops->is_command != NULL && engine->ops->is_command(engine, component);
}

/* An entry for it. Takes the reference. */
static airs_status_t add_entry(airs_update_t *self, airs_actor_t *actor, bool started_new) {
    airs_services_t *services = self->services;
    const airs_actor_update_t *what = self->what;
    bool commands = is_command(services->engine, what->component);
    if (is_command(services->engine, code_of(actor)->component) != commands) {
        airs_actor_unref(actor);
        return AIRS_UNSUPPORTED;
    }
    airs_update_entry_t *entry = airs_alloc_zeroed(services->allocator, sizeof *entry);
    if (entry == NULL) {
        airs_actor_unref(actor);
        return AIRS_OUT_OF_MEMORY;
    }
    airs_actor_switch_t *change = &entry->change;
    airs_actor_code_t *code = code_of(actor);
    airs_runtime_engine_t *engine = services->engine;
    entry->update = self;
    entry->is_command = commands;
    entry->ask.answered = answered;
    change->tell = told;
    change->actor = actor;
    if (started_new) {
        change->next = airs_actor_code_ref(code);
        change->old = airs_actor_code_derive(code, self->old, NULL);
    } else {
        change->old = airs_actor_code_ref(code);
        change->old_migrates = engine->ops->migrates(engine, code->component);
        change->next_migrates = engine->ops->migrates(engine, what->component);
        change->next = airs_actor_code_derive(code, what->component, what->spec != NULL ? &self->spec : NULL);
    }
    bool whole = change->next != NULL && change->old != NULL;
    append(self, entry, whole ? ENTRY_WAITS : ENTRY_GONE);
    return whole ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

/* Entries for the instances that have none, and run an older component; or that were started of the new one. *found:
 * whether there are any such. */
static airs_status_t find_instances(airs_update_t *self, bool started_new, bool *found) {
    airs_services_t *services = self->services;
    airs_actor_t **actors = NULL;
    size_t count = 0;
    *found = false;
    airs_status_t status =
        airs_component_registry_instances(services->registry, self->what->group, &actors, &count);
    if (status != AIRS_OK) {
        return status == AIRS_TARGET_NOT_FOUND ? AIRS_OK : status;
    }
    for (size_t i = 0; i < count; i++) {
        airs_actor_t *actor = actors[i];
        bool is_new = status == AIRS_OK && airs_actor_is_component(actor) && !has_entry(self, actor) &&
                      (code_of(actor)->component == self->what->component) == started_new;
        if (is_new) {
            *found = true;
            status = add_entry(self, actor, started_new);
        } else {
            airs_actor_unref(actor);
        }
    }
    airs_release(services->allocator, actors);
    return status;
}

static void give(airs_update_entry_t *entry, airs_switch_order_t order, airs_entry_state_t state) {
    set_state(entry, state);
    airs_actor_switch_give(&entry->change, order);
}

/* ---- decisions ---- */

static bool has_failed(const airs_update_t *self) { return self->error.status != AIRS_OK; }

/* The first reason is the one. */
static void fail(airs_update_t *self, airs_status_t status, const char *who, const char *why) {
    if (!has_failed(self)) {
        const char *text = why != NULL ? why : airs_status_text(status);
        (void)airs_error_set(&self->error, status, "%s%s%s", who, who[0] != '\0' ? ": " : "", text);
    }
}

static void fail_with(airs_update_t *self, const airs_update_entry_t *entry) {
    const airs_actor_switch_t *change = &entry->change;
    fail(self, AIRS_ROLLED_BACK, airs_component_id_text(change->actor->id),
         change->reason != NULL ? change->reason : airs_status_text(change->status));
}

static void hear(airs_update_t *self, airs_update_entry_t *entry, uint32_t events) {
    if ((events & ENTRY_ANSWERED) != 0) {
        entry->asking = false;
        self->asked--;
        if (entry->health == AIRS_UNHEALTHY && self->stage == STAGE_ASKING) {
            fail(self, AIRS_ROLLED_BACK, airs_component_id_text(entry->change.actor->id),
                 "it is unhealthy at the end of the window");
        }
    }
    if ((events & AIRS_SWITCH_SWITCHED) != 0 && entry->state == ENTRY_SWITCHING) {
        set_state(entry, ENTRY_SWITCHED);
    }
    if ((events & AIRS_SWITCH_FAILED) != 0) {
        fail_with(self, entry);
    }
    if ((events & AIRS_SWITCH_CRASHED) != 0) {
        fail_with(self, entry);
        set_state(entry, entry->state == ENTRY_SETTLING ? entry->state : ENTRY_GOING_BACK);
    }
    if ((events & (AIRS_SWITCH_SETTLED | AIRS_SWITCH_GONE)) != 0) {
        self->has_run |= entry->is_command && entry->state == ENTRY_SWITCHED;
        set_state(entry, ENTRY_GONE);
    }
}

/* Those of which something was told, in the order in which it was. */
static airs_update_entry_t *take_told(airs_update_t *self) {
    /* Acquire: pairs with `tell`. */
    airs_update_entry_t *last = atomic_exchange_explicit(&self->told, NULL, memory_order_acquire);
    airs_update_entry_t *first = NULL;
    while (last != NULL) {
        airs_update_entry_t *before = last->told_after;
        last->told_after = first;
        first = last;
        last = before;
    }
    return first;
}

static void hear_all(airs_update_t *self) {
    for (airs_update_entry_t *entry = take_told(self), *next; entry != NULL; entry = next) {
        next = entry->told_after; /* it may be told of again from the next line on */
        /* Acquire: pairs with `tell`. */
        hear(self, entry, atomic_exchange_explicit(&entry->events, 0, memory_order_acquire));
    }
}

/* ---- stages ---- */

static void log_end(const airs_update_t *self) {
    airs_log_t *log = self->services->log;
    airs_log_level_t level = has_failed(self) ? AIRS_LOG_ERROR : AIRS_LOG_INFO;
    if (level < log->level) {
        return;
    }
    airs_id_t group = self->what->group;
    airs_error_t name;
    (void)airs_error_set(&name, AIRS_OK, "%.*s/%.*s", AIRS_STR_ARG(group.ns), AIRS_STR_ARG(group.name));
    const airs_log_field_t fields[] = {{airs_str("reason"), airs_str(self->error.text)}};
    airs_log_record_t record = {
        .level = level,
        .source = airs_str(name.text),
        .message = airs_str(!has_failed(self)                        ? "the component was updated"
                            : self->error.status == AIRS_ROLLED_BACK ? "the update was rolled back"
                                                                     : "the update was broken off"),
        .fields = fields,
        .field_count = has_failed(self) ? 1 : 0,
    };
    log->write(log, &record);
}

static void complain(const airs_update_t *self, const char *what) {
    airs_log_printf(self->services->log, AIRS_LOG_ERROR, airs_str("updater"), "%s", what);
}

static void begin_settling(airs_update_t *self, bool back) {
    self->stage = STAGE_SETTLING;
    log_end(self);
    if (self->retargeted) {
        if (back) {
            (void)airs_component_templates_change(self->services->templates, self->what->group, self->old);
        }
        airs_supervisors_settle_target(self->services->supervisors, self->what->group, self->old, back,
                                       self->what->spec != NULL ? &self->spec : NULL);
        self->retargeted = false;
    }
    for (airs_update_entry_t *entry = self->entries; entry != NULL; entry = entry->next) {
        if (entry->state == ENTRY_WAITS) {
            set_state(entry, ENTRY_GONE);
        } else if (entry->state != ENTRY_GONE) {
            give(entry, AIRS_SWITCH_SETTLE, ENTRY_SETTLING);
        }
    }
}

/* One that waits: was it started of the new component? */
static bool runs_new(const airs_update_t *self, const airs_update_entry_t *entry) {
    return code_of(entry->change.actor)->component == self->what->component;
}

static void begin_going_back(airs_update_t *self) {
    self->stage = STAGE_GOING_BACK;
    bool found = false;
    if (find_instances(self, true, &found) != AIRS_OK) {
        complain(self, "no memory to take back instances that were started during the update");
    }
    for (airs_update_entry_t *entry = self->entries; entry != NULL; entry = entry->next) {
        bool started_new = entry->state == ENTRY_WAITS && runs_new(self, entry);
        if (started_new) {
            airs_actor_switch_attach(&entry->change);
        }
        if (started_new || entry->state == ENTRY_SWITCHED || entry->state == ENTRY_SWITCHING) {
            give(entry, AIRS_SWITCH_BACK, ENTRY_GOING_BACK);
        }
    }
}

/* False: nothing is to be done before something is heard. */
static bool step_switching(airs_update_t *self) {
    for (; self->switching != NULL; self->switching = self->switching->next) {
        airs_update_entry_t *entry = self->switching;
        if (entry->state == ENTRY_WAITS) {
            airs_actor_switch_attach(&entry->change);
            give(entry, AIRS_SWITCH_FORWARD, ENTRY_SWITCHING);
        }
        if (entry->state == ENTRY_SWITCHING && !self->what->together) {
            return false;
        }
    }
    if (any(self, ENTRY_SWITCHING)) {
        return false;
    }
    /* Those that were started of the old component since then. */
    bool found = false;
    if (find_instances(self, false, &found) != AIRS_OK) {
        complain(self, "no memory to update instances that were started during the update");
    } else if (found) {
        return true;
    }
    self->stage = STAGE_WATCHING;
    uint64_t now = airs_clock_monotonic(self->services->clock);
    uint64_t window = self->what->window_ms;
    if (window > 0 && window < UINT64_MAX / NS_PER_MS - now / NS_PER_MS) {
        airs_timer_service_t *timers = self->services->timers;
        self->timer.deadline_ns = now + window * NS_PER_MS;
        /* The node's timers need no memory to be armed. */
        AIRS_ASSERT(timers->add(timers, &self->timer) == AIRS_OK);
        self->timed = true;
    }
    return true;
}

static bool step_watching(airs_update_t *self) {
    bool over = self->what->window_ms == 0 ||
                atomic_load_explicit(&self->window_over, memory_order_relaxed) || !any(self, ENTRY_SWITCHED);
    if (!over) {
        return false;
    }
    if (self->what->window_ms == 0) {
        begin_settling(self, false); /* they were asked when they switched */
        return false;
    }
    if (!any(self, ENTRY_SWITCHED) && self->has_run) {
        begin_settling(self, false); /* those that run once have */
        return false;
    }
    if (!any(self, ENTRY_SWITCHED)) {
        fail(self, AIRS_STOPPED, "", "all its instances ended before the window was over");
        begin_settling(self, true);
        return false;
    }
    self->stage = STAGE_ASKING;
    for (airs_update_entry_t *entry = self->entries; entry != NULL; entry = entry->next) {
        if (entry->state == ENTRY_SWITCHED) {
            entry->asking = true;
            self->asked++;
            airs_actor_ask_health(entry->change.actor, &entry->ask);
        }
    }
    return true;
}

static void clean_up(airs_update_t *self) {
    airs_timer_service_t *timers = self->services->timers;
    if (self->timed) {
        (void)timers->cancel(timers, &self->timer);
        self->timed = false;
    }
    while (self->entries != NULL) {
        airs_update_entry_t *next = self->entries->next;
        airs_actor_switch_free(&self->entries->change);
        self->entries = next;
    }
    airs_hash_table_free(&self->by_actor);
    airs_update_t **link = &self->updater->first;
    while (*link != NULL && *link != self) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = self->next;
    }
}

/* The last; the update is gone then. */
static void conclude(airs_update_t *self) {
    airs_services_t *services = self->services;
    clean_up(self);
    if (!is_told(self)) {
        /* Somebody is still in `finish_telling`. */
        airs_errands_post(airs_supervisors_errands(services->supervisors), &self->errand);
        return;
    }
    airs_errands_withdraw(airs_supervisors_errands(services->supervisors), &self->errand);
    self->stage = STAGE_DONE;
    /* Release: pairs with is_done. */
    atomic_store_explicit(&self->done, true, memory_order_release);
    airs_gate_notify(&services->lives);
}

static bool is_settled(const airs_update_t *self) {
    return self->in_state[ENTRY_GONE] == self->count && self->asked == 0;
}

/* One step. False: nothing is to be done before something is heard. */
static bool step(airs_update_t *self) {
    bool decided = self->stage == STAGE_GOING_BACK || self->stage == STAGE_SETTLING;
    if (!decided && has_failed(self)) {
        begin_going_back(self);
        return true;
    }
    switch (self->stage) {
    case STAGE_SWITCHING:
        return step_switching(self);
    case STAGE_WATCHING:
        return step_watching(self);
    case STAGE_ASKING:
        if (self->asked > 0) {
            return false;
        }
        begin_settling(self, false);
        return false;
    case STAGE_GOING_BACK:
        if (any(self, ENTRY_GOING_BACK)) {
            return false;
        }
        begin_settling(self, true);
        return false;
    default:
        return false;
    }
}

static void cancel(airs_update_t *self, airs_update_cancel_t how) {
    if (self->stage != STAGE_SETTLING) {
        fail(self, AIRS_STOPPED, "", "the node stops");
        begin_settling(self, true);
    }
    for (airs_update_entry_t *entry = self->entries; how == CANCEL_KILL && entry != NULL;
         entry = entry->next) {
        if (entry->state != ENTRY_GONE) {
            airs_actor_signal(entry->change.actor, AIRS_SIGNAL_KILL);
        }
    }
}

static bool goes_on_for(const airs_updater_t *updater, airs_id_t group) {
    for (const airs_update_t *other = updater->first; other != NULL; other = other->next) {
        if (airs_str_equal(other->what->group.ns, group.ns) &&
            airs_str_equal(other->what->group.name, group.name)) {
            return true;
        }
    }
    return false;
}

/* Refused: nothing was done. */
static void refuse(airs_update_t *self, airs_status_t status, const char *why) {
    airs_id_t group = self->what->group;
    (void)airs_error_set(&self->error, status, "%.*s/%.*s: %s", AIRS_STR_ARG(group.ns),
                         AIRS_STR_ARG(group.name), why);
    conclude(self);
}

/* False: it was refused. */
static bool begin(airs_update_t *self) {
    airs_updater_t *updater = self->updater;
    airs_services_t *services = self->services;
    if (updater->closed) {
        refuse(self, AIRS_STOPPED, "the node stops");
        return false;
    }
    if (goes_on_for(updater, self->what->group)) {
        refuse(self, AIRS_INVALID_STATE, "an update of it is going on");
        return false;
    }
    bool found = false;
    airs_status_t status = find_instances(self, false, &found);
    if (status == AIRS_UNSUPPORTED) {
        refuse(self, status,
               is_command(services->engine, self->what->component)
                   ? "it is an actor, and the new component is a command; the application has to be started "
                     "with it"
                   : "it is a command, and the new component is none; the application has to be started with "
                     "it");
        return false;
    }
    if (status != AIRS_OK || !found) {
        refuse(self, status != AIRS_OK ? status : AIRS_TARGET_NOT_FOUND,
               status != AIRS_OK ? airs_status_text(status) : "no instance of it runs an older version");
        return false;
    }
    self->next = updater->first;
    updater->first = self;
    self->stage = STAGE_SWITCHING;
    self->old = self->entries->change.old->component;
    airs_supervisors_retarget(services->supervisors, self->what->group, self->old, self->what->component);
    (void)airs_component_templates_change(services->templates, self->what->group, self->what->component);
    self->retargeted = true;
    return true;
}

static void run(airs_errand_t *errand) {
    airs_update_t *self = (airs_update_t *)errand;
    if (self->stage == STAGE_NEW && !begin(self)) {
        return; /* it is gone */
    }
    hear_all(self);
    airs_update_cancel_t how =
        (airs_update_cancel_t)atomic_load_explicit(&self->cancelled, memory_order_relaxed);
    if (how != CANCEL_NO) {
        cancel(self, how);
    }
    while (step(self)) {
        hear_all(self);
    }
    if (self->stage == STAGE_SETTLING && is_settled(self)) {
        conclude(self);
    }
}

/* ---- from outside ---- */

static void close_all(airs_errand_t *errand) {
    airs_updater_t *updater = (airs_updater_t *)errand;
    updater->closed = true;
    for (airs_update_t *update = updater->first; update != NULL; update = update->next) {
        atomic_store_explicit(&update->cancelled, CANCEL_STOP, memory_order_relaxed);
        airs_errands_post(airs_supervisors_errands(updater->services->supervisors), &update->errand);
    }
}

airs_status_t airs_updater_create(airs_services_t *services, airs_updater_t **out) {
    airs_updater_t *updater = airs_alloc_zeroed(services->allocator, sizeof *updater);
    if (updater == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    updater->close.run = close_all;
    updater->services = services;
    *out = updater;
    return AIRS_OK;
}

void airs_updater_destroy(airs_updater_t *updater) {
    if (updater != NULL) {
        AIRS_ASSERT(updater->first == NULL);
        /* Acquire: pairs with the release at the end of airs_updater_run. */
        while (atomic_load_explicit(&updater->callers, memory_order_acquire) > 0) {
            (void)sched_yield();
        }
        airs_release(updater->services->allocator, updater);
    }
}

static bool is_done(void *update) {
    /* Acquire: pairs with `conclude`. */
    return atomic_load_explicit(&((airs_update_t *)update)->done, memory_order_acquire);
}

static bool await(airs_update_t *self) {
    airs_services_t *services = self->services;
    return airs_services_wait(services, &services->lives, is_done, self, UINT64_MAX);
}

static void carry_out(airs_update_t *self) {
    airs_errands_t *errands = airs_supervisors_errands(self->services->supervisors);
    airs_errands_post(errands, &self->errand);
    /* Only a stepped system gives up: nothing can run any more. */
    for (uint8_t how = CANCEL_STOP; !await(self); how = CANCEL_KILL) {
        atomic_store_explicit(&self->cancelled, how, memory_order_relaxed);
        airs_errands_post(errands, &self->errand);
    }
}

airs_status_t airs_updater_run(airs_updater_t *updater, const airs_actor_update_t *update,
                               airs_error_t *error) {
    airs_services_t *services = updater->services;
    airs_update_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for an update");
    }
    /* Relaxed: whoever destroys the system knows that it is in use. */
    atomic_fetch_add_explicit(&updater->callers, 1, memory_order_relaxed);
    self->errand.run = run;
    self->timer.fire = window_over;
    self->updater = updater;
    self->services = services;
    self->what = update;
    self->end = &self->entries;
    airs_hash_table_init(&self->by_actor, services->allocator);
    if (update->spec != NULL) {
        self->spec = airs_actor_spec_complete(update->spec);
    }
    carry_out(self);
    airs_status_t status = self->error.status;
    if (status != AIRS_OK) {
        (void)airs_error_set(error, status, "%s", self->error.text);
    }
    airs_release(services->allocator, self);
    /* Release: pairs with airs_updater_destroy. The system may be gone after this. */
    atomic_fetch_sub_explicit(&updater->callers, 1, memory_order_release);
    return status;
}

void airs_updater_cancel_all(airs_updater_t *updater) {
    airs_errands_post(airs_supervisors_errands(updater->services->supervisors), &updater->close);
}
