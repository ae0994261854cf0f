#include "actor/supervisor_internal.h"

struct airs_supervisors {
    airs_services_t *services;
    airs_errands_t *errands;
    airs_supervisor_t *first; /* the last started; inside errands */
};

airs_errands_t *airs_supervisors_errands(airs_supervisors_t *supervisors) { return supervisors->errands; }

airs_supervisor_t *airs_supervisors_first(airs_supervisors_t *supervisors) { return supervisors->first; }

/* ---- waiting ---- */

static bool is_done(void *order) {
    /* Acquire: pairs with airs_supervisor_conclude. */
    return atomic_load_explicit(&((airs_supervisor_order_t *)order)->done, memory_order_acquire);
}

void airs_supervisor_conclude(airs_supervisor_order_t *order, airs_status_t status, const char *text) {
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

static airs_supervisor_order_t *order_of(airs_errand_t *errand) {
    return (airs_supervisor_order_t *)((char *)errand - offsetof(airs_supervisor_order_t, errand));
}

static void end_at_once(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_end(order->supervisor, true, AIRS_HALT_KILL);
    airs_supervisor_conclude(order, AIRS_OK, NULL);
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

/* ---- orders, carried out ---- */

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
    airs_supervisor_conclude(self->order, AIRS_STOPPED, NULL);
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
    airs_supervisor_conclude(order, AIRS_OK, NULL);
}

static void run_find(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->all->first;
    while (self != NULL && self->state == AIRS_SUPERVISOR_ENDED) {
        self = self->next_root;
    }
    order->supervisor = self;
    airs_supervisor_conclude(order, AIRS_OK, NULL);
}

/* The child is to start: at once, or in a round in its turn. */
static void begin_child(airs_supervisor_t *self, airs_child_t *child, airs_supervisor_order_t *order) {
    order->starts = true;
    child->order = order;
    child->held = false; /* also for a round that is set up before its turn has come */
    if (self->state == AIRS_SUPERVISOR_RUNNING) {
        airs_child_begin(child);
    } else {
        child->must_start = true;
        self->start_at = self->first;
    }
}

static void run_add(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->supervisor;
    airs_status_t status = AIRS_STOPPED;
    airs_error_t error = {.text = ""};
    if (!airs_supervisor_has_ended(self)) {
        status = airs_supervisor_check_child(self, order->child, &error);
    }
    if (status != AIRS_OK) {
        airs_child_free(order->child);
        airs_supervisor_conclude(order, status, error.text[0] != '\0' ? error.text : NULL);
        return;
    }
    if (self->model != NULL) {
        airs_child_set_component(order->child, airs_child_component(self->model));
    }
    airs_supervisor_link_child(self, order->child);
    order->forgets = true;
    begin_child(self, order->child, order);
}

/* The child that an order is about; NULL: the order is concluded. */
static airs_child_t *child_for(airs_supervisor_order_t *order) {
    airs_supervisor_t *self = order->supervisor;
    airs_child_t *child = airs_supervisor_has_ended(self) ? NULL
                                                          : airs_supervisor_find_child(self, order->name);
    if (child != NULL && child->order == NULL) {
        return child;
    }
    airs_status_t status = airs_supervisor_has_ended(self) ? AIRS_STOPPED
                           : child == NULL                 ? AIRS_NOT_FOUND
                                                           : AIRS_INVALID_STATE;
    airs_supervisor_conclude(order, status, NULL);
    return NULL;
}

static void run_stop_child(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_child_t *child = child_for(order);
    if (child == NULL) {
        return;
    }
    child->must_start = false;
    airs_supervisor_let_rest(child);
    airs_child_cancel_timer(child);
    if (child->state == AIRS_CHILD_ENDED) {
        airs_supervisor_conclude(order, AIRS_OK, NULL);
        airs_supervisor_advance(child->owner);
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

/* As child_for, of a child that has ended for good. */
static airs_child_t *ended_child_for(airs_supervisor_order_t *order) {
    airs_child_t *child = child_for(order);
    if (child != NULL && (child->state != AIRS_CHILD_ENDED || child->must_start || child->timed)) {
        airs_supervisor_conclude(order, AIRS_INVALID_STATE, NULL);
        return NULL;
    }
    return child;
}

static void run_restart_child(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_child_t *child = ended_child_for(order);
    if (child == NULL) {
        return;
    }
    begin_child(order->supervisor, child, order);
    airs_supervisor_advance(order->supervisor);
}

static void run_delete_child(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_child_t *child = ended_child_for(order);
    if (child == NULL) {
        return;
    }
    airs_supervisor_forget_child(order->supervisor, child);
    airs_supervisor_conclude(order, AIRS_OK, NULL);
}

static void run_count(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *self = order->supervisor;
    if (airs_supervisor_has_ended(self)) {
        airs_supervisor_conclude(order, AIRS_STOPPED, NULL);
        return;
    }
    airs_child_counts_t counts = {.specs = self->model != NULL ? 1 : 0};
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        counts.specs += self->model == NULL && !child->dormant;
        counts.active += child->state != AIRS_CHILD_ENDED;
        counts.supervisors += child->nested != NULL && !child->dormant;
        counts.workers += child->nested == NULL && !child->dormant;
    }
    *order->counts = counts;
    airs_supervisor_conclude(order, AIRS_OK, NULL);
}

static void run_look(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    order->at_work = airs_supervisor_is_at_work(order->supervisor);
    airs_supervisor_conclude(order, AIRS_OK, NULL);
}

static void run_find_below(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    airs_supervisor_t *found = airs_supervisor_below(order->supervisor, order->name);
    order->supervisor = found;
    if (found != NULL) {
        found->found = true;
    }
    airs_supervisor_conclude(order, found != NULL ? AIRS_OK : AIRS_NOT_FOUND, NULL);
}

static void run_list(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    bool ended = airs_supervisor_has_ended(order->supervisor);
    if (!ended) {
        (void)airs_supervisor_walk(order->supervisor, 0, order->walk);
    }
    airs_supervisor_conclude(order, ended ? AIRS_STOPPED : AIRS_OK, NULL);
}

/* The roots are kept with the last one first. */
static void run_list_all(airs_errand_t *errand) {
    airs_supervisor_order_t *order = order_of(errand);
    size_t count = 0;
    for (airs_supervisor_t *root = order->all->first; root != NULL; root = root->next_root) {
        count++;
    }
    bool go_on = true;
    for (; count > 0 && go_on; count--) {
        airs_supervisor_t *root = order->all->first;
        for (size_t i = 1; i < count; i++) {
            root = root->next_root;
        }
        go_on = root->state == AIRS_SUPERVISOR_ENDED || airs_supervisor_walk_root(root, order->walk);
    }
    airs_supervisor_conclude(order, AIRS_OK, NULL);
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
    static const airs_halt_t halts[] = {AIRS_HALT_DRAIN, AIRS_HALT_DROP, AIRS_HALT_KILL};
    order.halt = halts[mode];
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
    if (airs_supervisor_is_simple(supervisor)) {
        airs_child_spec_drop(spec);
        return airs_error_set(error, AIRS_UNSUPPORTED,
                              "the children of a simple-one-for-one supervisor are all alike");
    }
    airs_child_t *child = NULL;
    airs_status_t status = airs_child_create(services, spec, false, &child, error);
    return status == AIRS_OK ? add(supervisor, child, error) : status;
}

airs_status_t airs_supervisor_start_like(airs_supervisor_t *supervisor, airs_id_t id, airs_bytes_t config,
                                         airs_error_t *error) {
    airs_component_handle_t component = supervisor->model != NULL ? airs_child_component(supervisor->model)
                                                                  : 0;
    airs_child_t *child = NULL;
    airs_status_t status = airs_supervisor_make_like(supervisor, component, id, config, &child, error);
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

bool airs_supervisor_goes_on(airs_supervisor_t *supervisor) {
    airs_supervisor_order_t order = {.all = supervisor->services->supervisors, .supervisor = supervisor};
    (void)carry_out(&order, run_look, UINT64_MAX);
    return order.at_work;
}

airs_status_t airs_supervisor_find(airs_supervisor_t *supervisor, const char *name, airs_supervisor_t **out) {
    airs_supervisor_order_t order = {
        .all = supervisor->services->supervisors, .supervisor = supervisor, .name = name};
    airs_status_t status = carry_out(&order, run_find_below, UINT64_MAX);
    if (status == AIRS_OK) {
        *out = order.supervisor;
    }
    return status;
}

airs_status_t airs_supervisor_list(airs_supervisor_t *supervisor,
                                   bool (*each)(void *context, const airs_child_info_t *info),
                                   void *context) {
    const airs_supervisor_walk_t walk = {each, context};
    airs_supervisor_order_t order = {
        .all = supervisor->services->supervisors, .supervisor = supervisor, .walk = &walk};
    return carry_out(&order, run_list, UINT64_MAX);
}

/* ---- all of them ---- */

void airs_supervisors_list(airs_supervisors_t *supervisors,
                           bool (*each)(void *context, const airs_child_info_t *info), void *context) {
    const airs_supervisor_walk_t walk = {each, context};
    airs_supervisor_order_t order = {.all = supervisors, .walk = &walk};
    (void)carry_out(&order, run_list_all, UINT64_MAX);
}

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
