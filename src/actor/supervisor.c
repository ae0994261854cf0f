#include "actor/component_spawner.h"
#include "actor/component_templates.h"
#include "actor/supervisor_internal.h"

#define MS_NS UINT64_C(1000000)

static bool waits_for_start(const airs_child_t *child) {
    return child->order != NULL && child->order->starts;
}

static void conclude_child(airs_child_t *child, airs_status_t status, const char *text) {
    airs_supervisor_order_t *order = child->order;
    child->order = NULL;
    airs_supervisor_conclude(order, status, text);
}

/* ---- who looks on ---- */

/* `child` NULL: it is about none. */
static void tell(const airs_supervisor_t *self, airs_supervision_event_kind_t kind, const airs_child_t *child,
                 airs_status_t status, const char *reason) {
    const airs_supervisor_t *root = self;
    while (root->parent != NULL) {
        root = root->parent->owner;
    }
    if (root->event != NULL) {
        const airs_supervision_event_t event = {
            .kind = kind,
            .supervisor = airs_supervisor_name(self),
            .child = child != NULL ? child->name : "",
            .status = status,
            .reason = reason,
        };
        root->event(root->context, &event);
    }
}

/* An actor has ended for good: what is worth telling of that. */
static void tell_of_end(const airs_child_t *child, airs_child_state_t before) {
    const airs_supervisor_t *self = child->owner;
    if (child->nested != NULL) {
        return;
    }
    if (before == AIRS_CHILD_STARTING) {
        tell(self, AIRS_SUPERVISION_START_FAILED, child, self->error.status, self->error.text);
    } else if (before == AIRS_CHILD_STOPPING && child->overdue) {
        tell(self, AIRS_SUPERVISION_STOP_FAILED, child, AIRS_TIMEOUT, airs_status_text(AIRS_TIMEOUT));
    } else if (before == AIRS_CHILD_STOPPING && child->asked && child->actor != NULL &&
               child->actor->end_status == AIRS_SHUTDOWN_FAILED) {
        const char *reason = child->actor->end_reason;
        tell(self, AIRS_SUPERVISION_STOP_FAILED, child, AIRS_SHUTDOWN_FAILED,
             reason != NULL ? reason : airs_status_text(AIRS_SHUTDOWN_FAILED));
    }
}

/* Does the first start belong to one that is not wanted any more? */
static bool is_cancelled(const airs_supervisor_t *self) {
    const airs_supervisor_t *root = self;
    bool first = self->starting && !self->lived;
    while (root->parent != NULL) {
        root = root->parent->owner;
        first = first && root->starting && !root->lived;
    }
    return first && root->cancelled != NULL && root->cancelled(root->context);
}

/* ---- children that wait for something to be done ---- */

void airs_supervisor_set_must_stop(airs_child_t *child, bool must_stop) {
    child->owner->to_stop += (size_t)must_stop - (size_t)child->must_stop;
    child->must_stop = must_stop;
}

void airs_supervisor_mourn(airs_child_t *child, bool failed) {
    airs_supervisor_t *self = child->owner;
    airs_supervisor_let_rest(child);
    child->died = true;
    child->failed = failed;
    /* A start that failed is what a round waits for. */
    child->previous_dead = failed ? NULL : self->last_dead;
    child->next_dead = failed ? self->first_dead : NULL;
    *(child->previous_dead != NULL ? &child->previous_dead->next_dead : &self->first_dead) = child;
    *(child->next_dead != NULL ? &child->next_dead->previous_dead : &self->last_dead) = child;
}

void airs_supervisor_let_rest(airs_child_t *child) {
    airs_supervisor_t *self = child->owner;
    if (child->died) {
        *(child->previous_dead != NULL ? &child->previous_dead->next_dead : &self->first_dead) =
            child->next_dead;
        *(child->next_dead != NULL ? &child->next_dead->previous_dead : &self->last_dead) =
            child->previous_dead;
    }
    child->died = false;
    child->failed = false;
}

/* ---- its start and end ---- */

/* Are its children restarted one by one, and not in rounds? */
static bool is_unordered(const airs_supervisor_t *self) {
    return airs_supervisor_is_simple(self) || self->strategy == AIRS_ONE_FOR_ONE;
}

/* It is of no use to its owner once it has ended. */
static bool is_passing(const airs_child_t *child) {
    return child->restart == AIRS_RESTART_TEMPORARY || child->is_native || child->unwanted ||
           airs_supervisor_is_simple(child->owner);
}

/* Will it be of use again when its supervisor is restarted? Then it starts as its specification says. */
static bool returns(const airs_child_t *child) {
    return child->specified && !child->is_native && !child->held && !child->unwanted &&
           child->owner->parent != NULL;
}

void airs_supervisor_begin(airs_supervisor_t *self) {
    self->state = AIRS_SUPERVISOR_ROUND;
    self->starting = true;
    self->for_good = false;
    self->halt = AIRS_HALT_KEEP;
    self->abnormal = false;
    self->intensity.count = 0;
    self->error.text[0] = '\0';
    self->verdict = NULL;
    self->gave_up = false;
    self->stop_at = NULL;
    self->start_at = self->first;
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        airs_supervisor_awaken(self, child);
        airs_supervisor_set_must_stop(child, false);
        child->must_start = !child->held && !child->dormant;
        child->tries = 0;
        child->wait_ns = 0;
    }
    airs_component_template_put_up(self->offer);
    airs_supervisor_advance(self);
}

static void announce_start(airs_supervisor_t *self) {
    self->starting = false;
    self->lived = true;
    if (self->parent != NULL) {
        airs_child_tell(self->parent, AIRS_CHILD_STARTED);
        return;
    }
    airs_supervisor_order_t *order = self->order;
    self->order = NULL;
    airs_supervisor_conclude(order, AIRS_OK, NULL);
}

static void end_child(airs_supervisor_t *self, airs_child_t *child, bool hurry) {
    airs_supervisor_let_rest(child);
    airs_supervisor_set_must_stop(child, true);
    child->must_start = false;
    child->for_good = self->for_good || child->restart == AIRS_RESTART_TEMPORARY ||
                      airs_supervisor_is_simple(self);
    if (child->state == AIRS_CHILD_DOWN || child->state == AIRS_CHILD_ENDED) {
        airs_child_cancel_timer(child);
    }
    if (child->state == AIRS_CHILD_ENDED) {
        conclude_child(child, AIRS_STOPPED, NULL);
    } else if (child->state == AIRS_CHILD_STOPPING && hurry) {
        airs_child_halt(child, AIRS_HALT_KILL);
    }
}

void airs_supervisor_end(airs_supervisor_t *self, bool for_good, airs_halt_t how) {
    bool hurry = how == AIRS_HALT_KILL && self->halt != AIRS_HALT_KILL;
    self->state = AIRS_SUPERVISOR_ENDING;
    self->for_good = self->for_good || for_good;
    self->halt = how > self->halt ? how : self->halt;
    self->stop_at = self->last;
    airs_component_template_take_down(self->offer);
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        end_child(self, child, hurry);
    }
    airs_supervisor_advance(self);
}

static void announce_end(airs_supervisor_t *self) {
    self->state = AIRS_SUPERVISOR_ENDED;
    self->starting = false;
    if (self->parent != NULL) {
        airs_child_tell(self->parent, (self->for_good ? AIRS_CHILD_GONE : AIRS_CHILD_WENT_DOWN) |
                                          (self->abnormal ? AIRS_CHILD_ABNORMAL : 0));
        return;
    }
    airs_supervisor_order_t *order = self->order;
    self->order = NULL;
    bool failed = self->error.text[0] != '\0' && !self->lived;
    if (order == NULL) {
        tell(self, AIRS_SUPERVISION_ENDED, NULL, self->gave_up ? AIRS_STOPPED : AIRS_OK,
             self->verdict != NULL ? self->verdict : "");
    }
    airs_supervisor_conclude(order, failed ? self->error.status : AIRS_STOPPED,
                             failed ? self->error.text : NULL);
}

/* ---- rounds ---- */

/* Right to left. False: it takes time. */
static bool stop_children(airs_supervisor_t *self) {
    /* Those that go on their own do not wait for each other. */
    bool together = airs_supervisor_is_simple(self) || self->halt == AIRS_HALT_KILL;
    for (airs_child_t *child = self->stop_at; child != NULL; child = child->previous) {
        if (!child->must_stop) {
            continue;
        }
        if (child->state == AIRS_CHILD_UP || child->state == AIRS_CHILD_STARTING) {
            airs_child_halt(child, self->halt);
        } else if (child->state == AIRS_CHILD_DOWN && child->for_good) {
            airs_child_release(child);
        }
        if (child->state != AIRS_CHILD_STOPPING) {
            airs_supervisor_let_rest(child);
            airs_supervisor_set_must_stop(child, false);
        } else if (!together) {
            self->stop_at = child;
            return false;
        }
    }
    self->stop_at = NULL;
    return self->to_stop == 0;
}

static void begin_in_turn(airs_child_t *child) {
    bool can_begin = child->state == AIRS_CHILD_DOWN || child->state == AIRS_CHILD_ENDED;
    if (!can_begin || child->timed) {
        return;
    }
    if (child->wait_ns > 0) {
        airs_child_set_timer(child, child->wait_ns);
    } else {
        airs_child_begin(child);
    }
}

/* Its first start is not wanted any more. */
static void break_off(airs_supervisor_t *self) {
    (void)airs_error_set(&self->error, AIRS_CANCELLED, "interrupted");
    self->abnormal = true;
    airs_supervisor_end(self, true, AIRS_HALT_KEEP);
}

/* Left to right. False: it takes time. */
static bool start_children(airs_supervisor_t *self) {
    for (airs_child_t *child = self->start_at; child != NULL; child = child->next) {
        self->start_at = child;
        if (child->must_start && is_cancelled(self)) {
            break_off(self);
            return false;
        }
        if (child->must_start) {
            begin_in_turn(child);
            return false;
        }
        if (child->state == AIRS_CHILD_STARTING) {
            return false;
        }
    }
    self->start_at = NULL;
    return true;
}

/* Does the round only wait for the time of a restart to come? */
static bool bides_its_time(const airs_supervisor_t *self) {
    const airs_child_t *child = self->start_at;
    return self->state == AIRS_SUPERVISOR_ROUND && self->to_stop == 0 && child != NULL && child->must_start &&
           child->timed;
}

/* ---- restarts ---- */

static uint64_t back_off(airs_supervisor_t *self, airs_child_t *child) {
    if (self->backoff.first_ms == 0) {
        return 0;
    }
    uint64_t most = self->backoff.max_ms * MS_NS;
    uint64_t now = airs_clock_monotonic(self->services->clock);
    if (child->up_ns != 0 && now - child->up_ns >= most) {
        child->tries = 0;
    }
    child->up_ns = 0;
    uint64_t wait = self->backoff.first_ms * MS_NS;
    for (unsigned i = 0; i < child->tries && wait < most; i++) {
        wait = wait <= most / 2 ? wait * 2 : most;
    }
    wait = wait < most ? wait : most;
    child->tries += wait < most;
    uint64_t random = 0;
    airs_random_fill(self->services->random, &random, sizeof random);
    return wait - random % (wait / 2 + 1);
}

/* A round with these and all to their right. */
static void set_up_round(airs_supervisor_t *self, airs_child_t *first) {
    self->state = AIRS_SUPERVISOR_ROUND;
    self->stop_at = self->last;
    self->start_at = self->first;
    for (airs_child_t *child = first; child != NULL; child = child->next) {
        airs_supervisor_set_must_stop(child, true);
        child->for_good = child->restart == AIRS_RESTART_TEMPORARY;
        child->must_start = !child->for_good && !child->held && !child->dormant;
    }
}

static void give_up(airs_supervisor_t *self, const airs_child_t *child, bool failed) {
    self->verdict = "too many restarts";
    self->gave_up = true;
    tell(self, AIRS_SUPERVISION_GAVE_UP, child, AIRS_STOPPED, self->verdict);
    airs_supervisor_log_end(self, child, failed);
    airs_supervisor_end(self, self->parent == NULL, AIRS_HALT_KEEP);
}

static void restart(airs_supervisor_t *self, airs_child_t *child, bool failed) {
    if (!airs_restart_intensity_add(&self->intensity, airs_clock_monotonic(self->services->clock))) {
        give_up(self, child, failed);
        return;
    }
    self->restarts++;
    child->wait_ns = back_off(self, child);
    airs_supervisor_log_restart(self, child, failed);
    if (!is_unordered(self)) {
        set_up_round(self, self->strategy == AIRS_ONE_FOR_ALL ? self->first : child);
    } else if (child->wait_ns > 0) {
        airs_child_set_timer(child, child->wait_ns);
    } else {
        airs_child_begin(child);
    }
}

static bool any_significant(const airs_supervisor_t *self, const airs_child_t *but) {
    for (const airs_child_t *child = self->first; child != NULL; child = child->next) {
        if (child != but && child->significant && child->state != AIRS_CHILD_ENDED &&
            !(child->state == AIRS_CHILD_STOPPING && child->for_good)) {
            return true;
        }
    }
    return false;
}

static void let_go(airs_supervisor_t *self, airs_child_t *child) {
    bool shuts_down = child->significant &&
                      (self->auto_shutdown == AIRS_AUTO_SHUTDOWN_ANY || !any_significant(self, child));
    airs_supervisor_log_loss(self, child, shuts_down);
    airs_child_release(child);
    if (shuts_down) {
        self->verdict = "a significant child has ended";
        airs_supervisor_end(self, self->parent == NULL, AIRS_HALT_KEEP);
    }
}

/* One has ended by itself. */
static void see_to(airs_supervisor_t *self, airs_child_t *child) {
    bool failed = child->failed;
    airs_supervisor_let_rest(child);
    if (failed && self->starting) {
        self->abnormal = true;
        airs_supervisor_end(self, !self->lived, AIRS_HALT_KEEP);
    } else if (failed || child->restart == AIRS_RESTART_PERMANENT ||
               (child->restart == AIRS_RESTART_TRANSIENT && child->abnormal)) {
        restart(self, child, failed);
    } else {
        let_go(self, child);
    }
}

/* In a round only starts that failed are seen to at once: they are what it waits for. But one that waits to
 * restart a child is no reason for others to wait. */
static airs_child_t *next_dead(const airs_supervisor_t *self) {
    airs_child_t *child = self->first_dead;
    bool at_once = self->state == AIRS_SUPERVISOR_RUNNING || (bides_its_time(self) && !self->starting);
    return child != NULL && (child->failed || at_once) ? child : NULL;
}

/* One step. False: nothing is to be done before something happens. */
static bool step(airs_supervisor_t *self) {
    if (self->state == AIRS_SUPERVISOR_ENDED) {
        return false;
    }
    if (self->state == AIRS_SUPERVISOR_ENDING) {
        /* Relaxed: the offer is down, so it is not counted up any more, and down only in here. */
        if (stop_children(self) && atomic_load_explicit(&self->coming, memory_order_relaxed) == 0) {
            announce_end(self);
        }
        return false;
    }
    airs_child_t *dead = next_dead(self);
    if (dead != NULL) {
        see_to(self, dead);
        return true;
    }
    if (self->state == AIRS_SUPERVISOR_RUNNING || !stop_children(self) || !start_children(self)) {
        return false;
    }
    self->state = AIRS_SUPERVISOR_RUNNING;
    if (self->starting) {
        announce_start(self);
    }
    return true;
}

void airs_supervisor_advance(airs_supervisor_t *self) {
    while (step(self)) {
    }
}

/* ---- what children tell ---- */

static void hear_start(airs_child_t *child) {
    if (child->state == AIRS_CHILD_STARTING) {
        child->state = AIRS_CHILD_UP;
        child->lived = true;
        child->adopted = false;
        child->up_ns = airs_clock_monotonic(child->services->clock);
        if (waits_for_start(child)) {
            conclude_child(child, AIRS_OK, NULL);
        }
    }
}

static void keep_error(airs_child_t *child) {
    airs_error_t *error = &child->owner->error;
    if (child->nested != NULL) {
        *error = child->nested->error;
    } else if (child->actor != NULL) {
        airs_status_t status = child->actor->end_status;
        const char *reason = child->actor->end_reason;
        (void)airs_error_set(error, status != AIRS_OK ? status : AIRS_STOPPED, "%s: %s", child->name,
                             reason != NULL ? reason : airs_status_text(status));
    }
}

static void hear_down(airs_child_t *child, bool abnormal) {
    airs_child_state_t before = child->state;
    airs_child_cancel_timer(child);
    child->state = AIRS_CHILD_DOWN;
    /* One that was stopped did not ask for its end: what waits for it must not be dropped if it does not come
     * back after all. */
    child->abnormal = abnormal || before == AIRS_CHILD_STOPPING;
    if (before == AIRS_CHILD_STARTING) {
        keep_error(child);
    }
    if (before == AIRS_CHILD_STARTING && waits_for_start(child)) {
        child->unwanted = child->order->forgets;
        child->held = true;
        conclude_child(child, child->owner->error.status, child->owner->error.text);
        airs_child_release(child);
    } else if (before != AIRS_CHILD_STOPPING) {
        airs_supervisor_mourn(child, before == AIRS_CHILD_STARTING);
    } else if (child->for_good) {
        airs_child_release(child);
    } else {
        airs_supervisor_set_must_stop(child, false);
    }
}

static bool has_handles(const airs_supervisor_t *self) {
    bool has = self->found;
    for (const airs_child_t *child = self->first; child != NULL && !has; child = child->next) {
        has = child->nested != NULL && has_handles(child->nested);
    }
    return has;
}

/* It is in no state to be told anything any more. */
static void drop(airs_supervisor_t *self, airs_child_t *child) {
    child->buried = !returns(child);
    if (!child->buried || (child->nested != NULL && has_handles(child->nested))) {
        airs_supervisor_put_to_sleep(self, child);
    } else {
        airs_supervisor_forget_child(self, child);
    }
}

/* A restart that fails leaves the actor down. One that has gone was asked to end for good. */
static bool was_being_restarted(const airs_child_t *child) { return child->actor != NULL && child->lived; }

static void hear_end(airs_child_t *child) {
    airs_supervisor_t *self = child->owner;
    airs_child_state_t before = child->state;
    bool starting = before == AIRS_CHILD_STARTING && !was_being_restarted(child);
    bool ordered = waits_for_start(child);
    airs_child_cancel_timer(child);
    if (starting) {
        keep_error(child);
    }
    tell_of_end(child, before);
    airs_child_keep_end(child);
    airs_actor_unref(child->actor);
    child->actor = NULL;
    child->state = AIRS_CHILD_ENDED;
    airs_supervisor_let_rest(child);
    airs_supervisor_set_must_stop(child, false);
    /* Did somebody else ask for its end? Nobody has to when a first start is cut short. */
    child->held = child->held || (!starting && child->lived && !child->leaving && !child->for_good);
    child->must_start = child->must_start && !starting && !child->held && !is_passing(child);
    if (child->must_start) {
        return; /* its turn comes in the round */
    }
    if (starting && !ordered && !child->adopted) {
        airs_supervisor_mourn(child, true);
        return;
    }
    if (ordered) {
        child->unwanted = child->order->forgets;
        child->held = true;
    }
    if (ordered && starting) {
        conclude_child(child, self->error.status, self->error.text);
    } else {
        conclude_child(child, ordered ? AIRS_STOPPED : AIRS_OK, NULL);
    }
    if (is_passing(child)) {
        drop(self, child);
    }
}

static void hear_timer(airs_child_t *child) {
    airs_supervisor_t *self = child->owner;
    child->timed = false;
    if (child->state == AIRS_CHILD_STOPPING) {
        airs_child_halt(child, AIRS_HALT_KILL);
    } else if (child->state == AIRS_CHILD_DOWN || child->state == AIRS_CHILD_ENDED) {
        child->wait_ns = 0;
        if (self->state == AIRS_SUPERVISOR_RUNNING) {
            airs_child_begin(child);
        }
    }
}

/* An actor that exists and has not started. False: nobody wants it, and it is gone with its child. */
static bool adopt(airs_child_t *child) {
    airs_supervisor_t *self = child->owner;
    airs_worker_t *worker = airs_scheduler_worker(self->services->scheduler);
    /* Relaxed: see `step`. */
    atomic_fetch_sub_explicit(&self->coming, 1, memory_order_relaxed);
    if (airs_supervisor_has_ended(self)) {
        airs_component_spawner_abandon(child->actor, worker, AIRS_STOPPED, NULL);
        airs_actor_unref(child->actor);
        child->actor = NULL;
        airs_child_free(child);
        return false;
    }
    /* An update may have come in between; what the actor itself is made of the updater sees to. */
    airs_child_set_component(child, airs_child_component(self->model));
    airs_supervisor_link_child(self, child);
    child->adopted = true;
    child->state = AIRS_CHILD_STARTING;
    airs_component_spawner_start(child->actor, worker);
    return true;
}

static void hear(airs_child_t *child, uint32_t events) {
    airs_supervisor_t *self = child->owner;
    if ((events & AIRS_CHILD_ADOPTED) != 0 && !adopt(child)) {
        airs_supervisor_advance(self); /* its end may have waited for that */
        return;
    }
    bool abnormal = (events & AIRS_CHILD_ABNORMAL) != 0;
    /* A time that was up when it ended is of no interest, and to end it once more would have it tell of it twice. */
    bool ended = (events & (AIRS_CHILD_GONE | AIRS_CHILD_WENT_DOWN)) != 0;
    if ((events & AIRS_CHILD_TIMED) != 0 && child->timed && !ended) {
        hear_timer(child);
    }
    if ((events & AIRS_CHILD_STARTED) != 0) {
        hear_start(child);
    }
    if ((events & AIRS_CHILD_GONE) != 0) {
        hear_end(child);
    } else if ((events & AIRS_CHILD_WENT_DOWN) != 0) {
        hear_down(child, abnormal);
    }
    airs_supervisor_advance(self);
}

void airs_supervisor_hear(airs_child_t *child, uint32_t events) {
    const airs_services_t *services = child->services;
    hear(child, events); /* the child may be gone after this */
    /* Its last actor has told of its end before this one knew what it does about it. */
    airs_services_tell_if_empty(services);
}

/* Supervisors that run do no more by themselves than what they have begun. */
bool airs_supervisor_is_at_work(const airs_supervisor_t *self) {
    bool at_work = self->state == AIRS_SUPERVISOR_ROUND || self->state == AIRS_SUPERVISOR_ENDING;
    if (self->state != AIRS_SUPERVISOR_RUNNING) {
        return at_work;
    }
    for (const airs_child_t *child = self->first; child != NULL && !at_work; child = child->next) {
        bool runs = child->state == AIRS_CHILD_UP && child->nested != NULL;
        at_work = runs ? airs_supervisor_is_at_work(child->nested)
                       : child->state != AIRS_CHILD_ENDED || child->timed || child->died;
    }
    return at_work;
}
