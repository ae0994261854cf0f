#include "actor/supervisor.h"

#include "actor/supervisor_child.h"
#include "core/check.h"

#define BACKOFF_MAX_MS 60000
#define MS_NS UINT64_C(1000000)

struct airs_supervisors {
    airs_services_t *services;
    airs_errands_t *errands;
    airs_supervisor_t *first; /* the last started; inside errands */
};

airs_errands_t *airs_supervisors_errands(airs_supervisors_t *supervisors) { return supervisors->errands; }

/* ---- specifications ---- */

static airs_status_t check(const airs_supervisor_spec_t *spec, airs_error_t *error) {
    if ((unsigned)spec->strategy > AIRS_SIMPLE_ONE_FOR_ONE) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no strategy %d", (int)spec->strategy);
    }
    if ((unsigned)spec->auto_shutdown > AIRS_AUTO_SHUTDOWN_ALL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no auto-shutdown %d",
                              (int)spec->auto_shutdown);
    }
    if (spec->intensity > AIRS_INTENSITY_MAX || spec->period_ms == 0 ||
        spec->period_ms > UINT64_MAX / MS_NS) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "at most %d restarts in a period above 0 can be allowed", AIRS_INTENSITY_MAX);
    }
    if (spec->backoff.first_ms > UINT64_MAX / MS_NS || spec->backoff.max_ms > UINT64_MAX / MS_NS) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a restart cannot wait for so long");
    }
    if (spec->strategy == AIRS_SIMPLE_ONE_FOR_ONE && spec->child_count != 1) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "a simple-one-for-one supervisor has one child specification, for all its children");
    }
    return AIRS_OK;
}

static airs_child_t *find(const airs_supervisor_t *self, const char *name) {
    airs_child_t *child = self->first;
    while (child != NULL && strcmp(child->name, name) != 0) {
        child = child->next;
    }
    return child;
}

/* Whether the child can be this supervisor's, whatever else it has. */
static airs_status_t check_child(const airs_supervisor_t *self, const airs_child_t *child,
                                 airs_error_t *error) {
    if (child->significant && self->auto_shutdown == AIRS_AUTO_SHUTDOWN_NEVER) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "a child can only be significant to a supervisor that shuts down automatically");
    }
    if (child->name != NULL && find(self, child->name) != NULL) {
        return airs_error_set(error, AIRS_ALREADY_EXISTS, "the supervisor has a child %s already",
                              child->name);
    }
    return AIRS_OK;
}

static void link_child(airs_supervisor_t *self, airs_child_t *child) {
    child->owner = self;
    child->previous = self->last;
    child->next = NULL;
    *(self->last != NULL ? &self->last->next : &self->first) = child;
    self->last = child;
}

static void forget(airs_supervisor_t *self, airs_child_t *child) {
    *(child->previous != NULL ? &child->previous->next : &self->first) = child->next;
    *(child->next != NULL ? &child->next->previous : &self->last) = child->previous;
    airs_child_free(child);
}

static airs_status_t add_child(airs_supervisor_t *self, const airs_child_spec_t *spec, airs_error_t *error) {
    bool model = self->strategy == AIRS_SIMPLE_ONE_FOR_ONE;
    airs_child_t *child = NULL;
    airs_status_t status = airs_child_create(self->services, spec, model, &child, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = check_child(self, child, error);
    if (status != AIRS_OK) {
        airs_child_free(child);
    } else if (model) {
        child->owner = self;
        self->model = child;
    } else {
        link_child(self, child);
    }
    return status;
}

/* Of the children from this one on, of which nothing was made. */
static void drop_states(const airs_supervisor_spec_t *spec, size_t from) {
    for (size_t i = from; i < spec->child_count; i++) {
        const airs_child_spec_t *child = &spec->children[i];
        if (child->native != NULL && child->native->destroy != NULL) {
            child->native->destroy(child->state);
        } else if (child->supervisor != NULL) {
            drop_states(child->supervisor, 0);
        }
    }
}

airs_status_t airs_supervisor_create(airs_services_t *services, const airs_supervisor_spec_t *spec,
                                     airs_supervisor_t **out, airs_error_t *error) {
    airs_status_t status = check(spec, error);
    airs_supervisor_t *self = NULL;
    if (status == AIRS_OK) {
        self = airs_alloc_zeroed(services->allocator, sizeof *self);
        status = self != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    }
    if (status != AIRS_OK) {
        drop_states(spec, 0);
        return status;
    }
    self->services = services;
    self->strategy = spec->strategy;
    self->auto_shutdown = spec->auto_shutdown;
    self->backoff = spec->backoff;
    if (self->backoff.max_ms == 0) {
        self->backoff.max_ms = BACKOFF_MAX_MS;
    }
    status = airs_restart_intensity_init(&self->intensity, services->allocator, spec->intensity,
                                         spec->period_ms * MS_NS);
    size_t made = 0;
    while (made < spec->child_count && status == AIRS_OK) {
        status = add_child(self, &spec->children[made++], error);
    }
    if (status != AIRS_OK) {
        drop_states(spec, made);
        airs_supervisor_free(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_supervisor_free(airs_supervisor_t *self) {
    if (self == NULL) {
        return;
    }
    while (self->first != NULL) {
        forget(self, self->first);
    }
    airs_child_free(self->model);
    airs_restart_intensity_free(&self->intensity, self->services->allocator);
    airs_release(self->services->allocator, self);
}

/* ---- orders from outside ---- */

/* On the stack of who waits for it. */
struct airs_supervisor_order {
    airs_errand_t errand;
    airs_supervisors_t *all;
    airs_supervisor_t *supervisor;
    airs_child_t *child; /* to be added */
    const char *name;    /* of the child that it is about */
    airs_child_counts_t *counts;
    bool starts;  /* it waits for a start of the child */
    bool forgets; /* the child, if it does not start */
    airs_halt_t halt;
    airs_status_t status;
    airs_error_t *error;
    atomic_bool done; /* the last that is written */
};

static bool is_done(void *order) {
    /* Acquire: pairs with `conclude`. */
    return atomic_load_explicit(&((airs_supervisor_order_t *)order)->done, memory_order_acquire);
}

/* NULL: nobody waits. */
static void conclude(airs_supervisor_order_t *order, airs_status_t status, const char *text) {
    if (order == NULL) {
        return;
    }
    airs_services_t *services = order->all->services;
    order->status = status;
    if (status != AIRS_OK) {
        airs_error_set(order->error, status, "%s", text != NULL ? text : airs_status_text(status));
    }
    /* Release: pairs with is_done. The order is gone right after it. */
    atomic_store_explicit(&order->done, true, memory_order_release);
    airs_gate_notify(&services->lives);
}

static bool waits_for_start(const airs_child_t *child) {
    return child->order != NULL && child->order->starts;
}

static void conclude_child(airs_child_t *child, airs_status_t status, const char *text) {
    airs_supervisor_order_t *order = child->order;
    child->order = NULL;
    conclude(order, status, text);
}

static void complain(airs_supervisor_t *self, const char *what, const char *child) {
    airs_log_t *log = self->services->log;
    if (AIRS_LOG_ERROR < log->level) {
        return;
    }
    const airs_log_field_t fields[] = {{airs_str("child"), airs_str(child)}};
    airs_log_record_t record = {
        .level = AIRS_LOG_ERROR,
        .source = airs_str(self->parent != NULL ? self->parent->name : "supervisor"),
        .message = airs_str(what),
        .fields = fields,
        .field_count = 1,
    };
    log->write(log, &record);
}

/* ---- its start and end ---- */

static void advance(airs_supervisor_t *self);

static bool is_simple(const airs_supervisor_t *self) { return self->strategy == AIRS_SIMPLE_ONE_FOR_ONE; }

/* Are its children restarted one by one, and not in rounds? */
static bool is_unordered(const airs_supervisor_t *self) {
    return is_simple(self) || self->strategy == AIRS_ONE_FOR_ONE;
}

/* It is of no use to its owner once it has ended. */
static bool is_passing(const airs_child_t *child) {
    return child->restart == AIRS_RESTART_TEMPORARY || child->is_native || is_simple(child->owner);
}

void airs_supervisor_begin(airs_supervisor_t *self) {
    self->state = AIRS_SUPERVISOR_ROUND;
    self->starting = true;
    self->for_good = false;
    self->halt = AIRS_HALT_KEEP;
    self->abnormal = false;
    self->intensity.count = 0;
    self->error.text[0] = '\0';
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        child->must_start = !child->held;
        child->must_stop = false;
        child->tries = 0;
    }
    advance(self);
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
    conclude(order, AIRS_OK, NULL);
}

static void end_child(airs_supervisor_t *self, airs_child_t *child, bool hurry) {
    child->must_stop = true;
    child->must_start = false;
    child->died = false;
    child->failed = false;
    child->for_good = self->for_good || child->restart == AIRS_RESTART_TEMPORARY;
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
    self->for_good = self->for_good || for_good || is_simple(self);
    self->halt = how > self->halt ? how : self->halt;
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        end_child(self, child, hurry);
    }
    advance(self);
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
    conclude(order, failed ? self->error.status : AIRS_STOPPED, failed ? self->error.text : NULL);
}

/* ---- rounds ---- */

/* Right to left. False: it takes time. */
static bool stop_children(airs_supervisor_t *self) {
    bool all = true;
    /* Those that go on their own do not wait for each other. */
    bool together = is_simple(self) || self->halt == AIRS_HALT_KILL;
    for (airs_child_t *child = self->last; child != NULL && (all || together); child = child->previous) {
        if (!child->must_stop) {
            continue;
        }
        if (child->state == AIRS_CHILD_UP || child->state == AIRS_CHILD_STARTING) {
            airs_child_halt(child, self->halt);
        } else if (child->state == AIRS_CHILD_DOWN && child->for_good) {
            airs_child_release(child);
        }
        if (child->state == AIRS_CHILD_STOPPING) {
            all = false;
        } else {
            child->must_stop = false;
            child->died = false;
            child->failed = false;
        }
    }
    return all;
}

/* Left to right. False: it takes time. */
static bool start_children(airs_supervisor_t *self) {
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        if (!child->must_start) {
            if (child->state == AIRS_CHILD_STARTING) {
                return false;
            }
            continue;
        }
        if (child->state != AIRS_CHILD_DOWN && child->state != AIRS_CHILD_ENDED) {
            return false;
        }
        if (child->timed) {
            return false;
        }
        if (child->wait_ns > 0) {
            airs_child_set_timer(child, child->wait_ns);
        } else {
            airs_child_begin(child);
        }
        return false;
    }
    return true;
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
    for (airs_child_t *child = first; child != NULL; child = child->next) {
        child->must_stop = true;
        child->for_good = child->restart == AIRS_RESTART_TEMPORARY;
        child->must_start = !child->for_good && !child->held;
    }
}

static void give_up(airs_supervisor_t *self, const airs_child_t *child) {
    complain(self, "too many restarts: the supervisor gives up", child->name);
    airs_supervisor_end(self, self->parent == NULL, AIRS_HALT_KEEP);
}

static void restart(airs_supervisor_t *self, airs_child_t *child) {
    if (!airs_restart_intensity_add(&self->intensity, airs_clock_monotonic(self->services->clock))) {
        give_up(self, child);
        return;
    }
    child->wait_ns = back_off(self, child);
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
    airs_child_release(child);
    if (shuts_down) {
        airs_supervisor_end(self, self->parent == NULL, AIRS_HALT_KEEP);
    }
}

/* One has ended by itself. */
static void see_to(airs_supervisor_t *self, airs_child_t *child) {
    bool failed = child->failed;
    child->died = false;
    child->failed = false;
    if (failed && self->starting) {
        self->abnormal = true;
        airs_supervisor_end(self, !self->lived, AIRS_HALT_KEEP);
    } else if (failed || child->restart == AIRS_RESTART_PERMANENT ||
               (child->restart == AIRS_RESTART_TRANSIENT && child->abnormal)) {
        restart(self, child);
    } else {
        let_go(self, child);
    }
}

/* In a round only starts that failed are seen to at once: they are what it waits for. */
static airs_child_t *next_dead(const airs_supervisor_t *self) {
    airs_child_t *child = self->first;
    while (child != NULL && !(child->died && (child->failed || self->state == AIRS_SUPERVISOR_RUNNING))) {
        child = child->next;
    }
    return child;
}

/* One step. False: nothing is to be done before something happens. */
static bool step(airs_supervisor_t *self) {
    if (self->state == AIRS_SUPERVISOR_ENDED) {
        return false;
    }
    if (self->state == AIRS_SUPERVISOR_ENDING) {
        if (stop_children(self)) {
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

static void advance(airs_supervisor_t *self) {
    while (step(self)) {
    }
}

/* ---- what children tell ---- */

static void hear_start(airs_child_t *child) {
    if (child->state == AIRS_CHILD_STARTING) {
        child->state = AIRS_CHILD_UP;
        child->must_start = false;
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
    if (before == AIRS_CHILD_STARTING && waits_for_start(child)) {
        keep_error(child);
        conclude_child(child, child->owner->error.status, child->owner->error.text);
        airs_child_release(child);
    } else if (before == AIRS_CHILD_STOPPING) {
        if (child->for_good) {
            airs_child_release(child);
        }
    } else {
        child->died = true;
        child->failed = before == AIRS_CHILD_STARTING;
    }
}

static void hear_end(airs_child_t *child) {
    airs_supervisor_t *self = child->owner;
    airs_child_state_t before = child->state;
    bool starting = before == AIRS_CHILD_STARTING;
    bool ordered = waits_for_start(child);
    bool forgets = is_passing(child) || (ordered && child->order->forgets);
    airs_child_cancel_timer(child);
    if (starting) {
        keep_error(child);
    }
    airs_actor_unref(child->actor);
    child->actor = NULL;
    child->state = AIRS_CHILD_ENDED;
    child->must_stop = false;
    /* Somebody else asked for its end. */
    child->must_start = false;
    child->held = child->held || (!starting && !child->for_good);
    child->died = starting && !ordered;
    child->failed = child->died;
    if (!ordered) {
        conclude_child(child, AIRS_OK, NULL);
    } else if (starting) {
        conclude_child(child, self->error.status, self->error.text);
    } else {
        conclude_child(child, AIRS_STOPPED, NULL);
    }
    if (!child->died && forgets) {
        forget(self, child);
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

void airs_supervisor_hear(airs_child_t *child, uint32_t events) {
    airs_supervisor_t *self = child->owner;
    bool abnormal = (events & AIRS_CHILD_ABNORMAL) != 0;
    if ((events & AIRS_CHILD_TIMED) != 0 && child->timed) {
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
    advance(self);
}

/* ---- orders, carried out ---- */

static airs_supervisor_order_t *order_of(airs_errand_t *errand) {
    return (airs_supervisor_order_t *)((char *)errand - offsetof(airs_supervisor_order_t, errand));
}

static void end_at_once(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_end(order->supervisor, true, AIRS_HALT_KILL);
    conclude(order, AIRS_OK, NULL);
}

/* Post it, and wait until it is done, or return false. */
static bool await_order(airs_supervisor_order_t *order, uint64_t timeout_ms) {
    airs_services_t *services = order->all->services;
    return airs_services_wait(services, &services->lives, is_done, order, timeout_ms);
}

static airs_status_t carry_out(airs_supervisor_order_t *order, void (*run)(airs_errand_t *errand),
                               uint64_t timeout_ms) {
    atomic_init(&order->done, false);
    order->errand.run = run;
    airs_errands_post(order->all->errands, &order->errand);
    /* A stepped system can come to a standstill, whatever the time. */
    while (!await_order(order, timeout_ms)) {
        airs_supervisor_order_t end = {.all = order->all, .supervisor = order->supervisor};
        end.errand.run = end_at_once;
        airs_errands_post(order->all->errands, &end.errand);
        (void)await_order(&end, UINT64_MAX);
        timeout_ms = UINT64_MAX;
    }
    return order->status;
}

static void run_start(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->supervisor;
    self->next_root = order->all->first;
    order->all->first = self;
    self->order = order;
    airs_supervisor_begin(self);
}

static void run_end(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->supervisor;
    /* Somebody who waits for its start hears of it now. */
    conclude(self->order, AIRS_STOPPED, NULL);
    self->order = order;
    airs_supervisor_end(self, true, order->halt);
}

static void run_free(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t **link = &order->all->first;
    while (*link != order->supervisor) {
        link = &(*link)->next_root;
    }
    *link = order->supervisor->next_root;
    airs_supervisor_free(order->supervisor);
    conclude(order, AIRS_OK, NULL);
}

static void run_find(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->all->first;
    while (self != NULL && self->state == AIRS_SUPERVISOR_ENDED) {
        self = self->next_root;
    }
    order->supervisor = self;
    conclude(order, AIRS_OK, NULL);
}

static bool has_ended(const airs_supervisor_t *self) {
    return self->state == AIRS_SUPERVISOR_ENDED || self->state == AIRS_SUPERVISOR_ENDING;
}

/* The child is to start: at once, or in a round in its turn. */
static void begin_child(airs_supervisor_t *self, airs_child_t *child, airs_supervisor_order_t *order) {
    order->starts = true;
    child->order = order;
    if (self->state == AIRS_SUPERVISOR_RUNNING) {
        airs_child_begin(child);
    } else {
        child->must_start = true;
    }
}

static void run_add(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->supervisor;
    airs_status_t status = AIRS_STOPPED;
    airs_error_t error = {.text = ""};
    if (!has_ended(self)) {
        status = check_child(self, order->child, &error);
    }
    if (status != AIRS_OK) {
        airs_child_free(order->child);
        conclude(order, status, error.text[0] != '\0' ? error.text : NULL);
        return;
    }
    link_child(self, order->child);
    order->forgets = true;
    begin_child(self, order->child, order);
}

/* The child that an order is about; NULL: the order is concluded. */
static airs_child_t *child_for(airs_supervisor_order_t *order) {
    airs_supervisor_t *self = order->supervisor;
    airs_child_t *child = has_ended(self) ? NULL : find(self, order->name);
    if (child != NULL && child->order == NULL) {
        return child;
    }
    airs_status_t status = has_ended(self) ? AIRS_STOPPED
                           : child == NULL ? AIRS_NOT_FOUND
                                           : AIRS_INVALID_STATE;
    conclude(order, status, NULL);
    return NULL;
}

static void run_stop_child(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_child_t *child = child_for(order);
    if (child == NULL) {
        return;
    }
    child->must_start = false;
    child->died = false;
    child->failed = false;
    airs_child_cancel_timer(child);
    if (child->state == AIRS_CHILD_ENDED) {
        conclude(order, AIRS_OK, NULL);
        advance(child->owner);
        return;
    }
    child->order = order;
    child->for_good = true;
    child->held = true;
    if (child->state == AIRS_CHILD_DOWN) {
        airs_child_release(child);
    } else {
        airs_child_halt(child, AIRS_HALT_DROP);
    }
}

static void run_restart_child(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_child_t *child = child_for(order);
    if (child == NULL) {
        return;
    }
    if (child->state != AIRS_CHILD_ENDED || child->must_start || child->timed) {
        conclude(order, AIRS_INVALID_STATE, NULL);
        return;
    }
    begin_child(order->supervisor, child, order);
    advance(order->supervisor);
}

static void run_delete_child(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_child_t *child = child_for(order);
    if (child == NULL) {
        return;
    }
    if (child->state != AIRS_CHILD_ENDED || child->must_start || child->timed) {
        conclude(order, AIRS_INVALID_STATE, NULL);
        return;
    }
    forget(order->supervisor, child);
    conclude(order, AIRS_OK, NULL);
}

static void run_count(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->supervisor;
    if (has_ended(self)) {
        conclude(order, AIRS_STOPPED, NULL);
        return;
    }
    airs_child_counts_t counts = {.specs = self->model != NULL ? 1 : 0};
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        counts.specs += self->model == NULL;
        counts.active += child->state != AIRS_CHILD_ENDED;
        counts.supervisors += child->nested != NULL;
        counts.workers += child->nested == NULL;
    }
    *order->counts = counts;
    conclude(order, AIRS_OK, NULL);
}

/* ---- orders, given ---- */

static void free_root(airs_supervisors_t *all, airs_supervisor_t *self) {
    airs_supervisor_order_t order = {.all = all, .supervisor = self};
    (void)carry_out(&order, run_free, UINT64_MAX);
}

airs_status_t airs_supervisor_start(airs_services_t *services, const airs_supervisor_spec_t *spec,
                                    airs_supervisor_t **out, airs_error_t *error) {
    airs_supervisor_t *self = NULL;
    airs_error_t why = {.text = ""};
    airs_status_t status = airs_supervisor_create(services, spec, &self, &why);
    if (status != AIRS_OK) {
        return airs_error_set(error, status, "%s", why.text[0] != '\0' ? why.text : airs_status_text(status));
    }
    airs_supervisor_order_t order = {.all = services->supervisors, .supervisor = self, .error = error};
    status = carry_out(&order, run_start, UINT64_MAX);
    if (status != AIRS_OK) {
        free_root(services->supervisors, self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

static void end_root(airs_supervisors_t *all, airs_supervisor_t *self, airs_stop_mode_t mode,
                     uint64_t timeout_ms) {
    airs_supervisor_order_t order = {.all = all, .supervisor = self};
    order.halt = mode == AIRS_STOP_DRAIN ? AIRS_HALT_DRAIN : AIRS_HALT_DROP;
    (void)carry_out(&order, run_end, timeout_ms);
}

void airs_supervisor_stop(airs_supervisor_t *supervisor, airs_stop_mode_t mode, uint64_t timeout_ms) {
    if (supervisor != NULL) {
        airs_supervisors_t *all = supervisor->services->supervisors;
        end_root(all, supervisor, mode, timeout_ms);
        free_root(all, supervisor);
    }
}

static airs_status_t add(airs_supervisor_t *supervisor, airs_child_t *child, airs_error_t *error) {
    airs_supervisor_order_t order = {
        .all = supervisor->services->supervisors, .supervisor = supervisor, .child = child, .error = error};
    return carry_out(&order, run_add, UINT64_MAX);
}

airs_status_t airs_supervisor_start_child(airs_supervisor_t *supervisor, const airs_child_spec_t *spec,
                                          airs_error_t *error) {
    airs_services_t *services = supervisor->services;
    if (is_simple(supervisor)) {
        if (spec->native != NULL && spec->native->destroy != NULL) {
            spec->native->destroy(spec->state);
        }
        return airs_error_set(error, AIRS_UNSUPPORTED,
                              "the children of a simple-one-for-one supervisor are all alike");
    }
    airs_child_t *child = NULL;
    airs_status_t status = airs_child_create(services, spec, false, &child, error);
    return status == AIRS_OK ? add(supervisor, child, error) : status;
}

airs_status_t airs_supervisor_start_like(airs_supervisor_t *supervisor, airs_id_t id, airs_bytes_t config,
                                         airs_error_t *error) {
    if (!is_simple(supervisor)) {
        return airs_error_set(error, AIRS_UNSUPPORTED,
                              "only the children of a simple-one-for-one supervisor are all alike");
    }
    /* The model does not change. */
    const airs_child_t *model = supervisor->model;
    airs_actor_spec_t actor = model->spec;
    if (config.data != NULL) {
        actor.config = config;
    }
    airs_child_spec_t spec = {
        .component = model->component,
        .id = id,
        .actor = &actor,
        .restart = model->restart,
        .significant = model->significant,
        .shutdown_ms = model->shutdown_ms,
    };
    airs_child_t *child = NULL;
    airs_status_t status = airs_child_create(supervisor->services, &spec, false, &child, error);
    return status == AIRS_OK ? add(supervisor, child, error) : status;
}

static airs_status_t about_child(airs_supervisor_t *supervisor, const char *name,
                                 void (*run)(airs_errand_t *errand), airs_error_t *error) {
    airs_supervisor_order_t order = {
        .all = supervisor->services->supervisors, .supervisor = supervisor, .name = name, .error = error};
    return carry_out(&order, run, UINT64_MAX);
}

airs_status_t airs_supervisor_stop_child(airs_supervisor_t *supervisor, const char *name,
                                         airs_error_t *error) {
    return about_child(supervisor, name, run_stop_child, error);
}

airs_status_t airs_supervisor_restart_child(airs_supervisor_t *supervisor, const char *name,
                                            airs_error_t *error) {
    return about_child(supervisor, name, run_restart_child, error);
}

airs_status_t airs_supervisor_delete_child(airs_supervisor_t *supervisor, const char *name,
                                           airs_error_t *error) {
    return about_child(supervisor, name, run_delete_child, error);
}

airs_status_t airs_supervisor_count_children(airs_supervisor_t *supervisor, airs_child_counts_t *out) {
    *out = (airs_child_counts_t){0};
    airs_supervisor_order_t order = {
        .all = supervisor->services->supervisors, .supervisor = supervisor, .counts = out};
    return carry_out(&order, run_count, UINT64_MAX);
}

/* ---- all of them ---- */

airs_status_t airs_supervisors_create(airs_services_t *services, airs_supervisors_t **out) {
    airs_supervisors_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->services = services;
    airs_status_t status = airs_errands_create(services, &self->errands);
    if (status != AIRS_OK) {
        airs_release(services->allocator, self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_supervisors_destroy(airs_supervisors_t *supervisors) {
    if (supervisors == NULL) {
        return;
    }
    while (supervisors->first != NULL) {
        free_root(supervisors, supervisors->first);
    }
    airs_errands_destroy(supervisors->errands);
    airs_release(supervisors->services->allocator, supervisors);
}

void airs_supervisors_stop_all(airs_supervisors_t *supervisors, airs_stop_mode_t mode, uint64_t timeout_ms) {
    for (;;) {
        airs_supervisor_order_t order = {.all = supervisors};
        (void)carry_out(&order, run_find, UINT64_MAX);
        if (order.supervisor == NULL) {
            return;
        }
        end_root(supervisors, order.supervisor, mode, timeout_ms);
    }
}
