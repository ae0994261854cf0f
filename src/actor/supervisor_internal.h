/* What the parts of the supervisor share: its making (supervisor_spec.c), the machine (supervisor.c), what it says
 * in the log (supervisor_log.c), the orders from outside (supervisor_orders.c). But for the making and freeing
 * everything is done inside errands.
 *
 * What happens to one child must not cost a look at all of them, for there may be very many: those that are to be
 * seen to stand in a list, a round remembers how far it has come, and names are in a table. */
#ifndef AIRSSYS_ACTOR_SUPERVISOR_INTERNAL_H
#define AIRSSYS_ACTOR_SUPERVISOR_INTERNAL_H

#include "actor/log_limiter.h"
#include "actor/restart_intensity.h"
#include "actor/supervisor_child.h"
#include "core/check.h"

typedef enum airs_supervisor_state {
    AIRS_SUPERVISOR_ENDED, /* or not started; children may be down */
    AIRS_SUPERVISOR_ROUND, /* children are stopped and started in order */
    AIRS_SUPERVISOR_RUNNING,
    AIRS_SUPERVISOR_ENDING,
} airs_supervisor_state_t;

struct airs_supervisor {
    airs_services_t *services;
    airs_child_t *parent; /* what it is to its own supervisor; NULL: it has none */
    airs_supervisor_t *next_root;
    airs_strategy_t strategy;
    airs_auto_shutdown_t auto_shutdown;
    airs_backoff_t backoff;
    airs_restart_intensity_t intensity;
    char *name; /* of one without a parent, in the log */
    airs_child_t *first;
    airs_child_t *last;
    airs_child_t *model; /* of a simple one: what its children are like */
    struct airs_component_template
        *offer; /* likewise, for actors that spawn others; NULL: its children have no name */
    /* Children that actors have spawned and handed over, and that it has not seen yet: it does not end before.
     * Counted up under the lock of the offers, while its own is up. */
    _Atomic uint32_t coming;
    airs_hash_table_t names;  /* of its children */
    airs_child_t *first_dead; /* those that have ended by themselves, failed starts before the others */
    airs_child_t *last_dead;
    airs_child_t *stop_at;  /* of those to its right none is to be told to stop any more */
    airs_child_t *start_at; /* those to its left have been started */
    size_t to_stop;         /* children of which must_stop holds */
    airs_supervisor_state_t state;
    bool starting;       /* the round is its start */
    bool lived;          /* it has been running */
    bool found;          /* somebody was given a handle to it, though it has a parent */
    bool for_good;       /* ending, it is not to come back */
    bool abnormal;       /* how it ends */
    airs_halt_t halt;    /* ending: how */
    airs_error_t error;  /* of the last start that failed */
    const char *verdict; /* why it has ended, if not for an order */
    bool gave_up;        /* that was for too many restarts */
    airs_log_limiter_t complaints;
    airs_supervisor_order_t *order; /* that waits for its start or end */
    uint64_t restarts;              /* of its children */
    void (*event)(void *context, const airs_supervision_event_t *event);
    bool (*cancelled)(void *context);
    void *context; /* of both */
};

/* What it is called. */
static inline const char *airs_supervisor_name(const airs_supervisor_t *self) {
    const char *own = self->name != NULL ? self->name : "supervisor";
    return self->parent != NULL ? self->parent->name : own;
}

static inline bool airs_supervisor_is_simple(const airs_supervisor_t *self) {
    return self->strategy == AIRS_SIMPLE_ONE_FOR_ONE;
}

/* It takes no more orders. */
static inline bool airs_supervisor_has_ended(const airs_supervisor_t *self) {
    return self->state == AIRS_SUPERVISOR_ENDED || self->state == AIRS_SUPERVISOR_ENDING;
}

/* ---- making it ---- */

/* As airs_child_create, with all that is below. */
airs_status_t airs_supervisor_create(airs_services_t *services, const airs_supervisor_spec_t *spec,
                                     airs_supervisor_t **out, airs_error_t *error);
void airs_supervisor_free(airs_supervisor_t *self);
/* As airs_child_spec_drop. */
void airs_supervisor_spec_drop(const airs_supervisor_spec_t *spec);

/* NULL: there is none of that name. */
airs_child_t *airs_supervisor_find_child(const airs_supervisor_t *self, const char *name);
/* Whether the child can be this supervisor's, whatever else it has. */
airs_status_t airs_supervisor_check_child(const airs_supervisor_t *self, const airs_child_t *child,
                                          airs_error_t *error);
/* The last from here on. */
void airs_supervisor_link_child(airs_supervisor_t *self, airs_child_t *child);
/* One that has ended: it is not known by its name any more, or again. */
void airs_supervisor_put_to_sleep(airs_supervisor_t *self, airs_child_t *child);
void airs_supervisor_awaken(airs_supervisor_t *self, airs_child_t *child);
/* One that has ended: unlink and free it. */
void airs_supervisor_forget_child(airs_supervisor_t *self, airs_child_t *child);

/* A child of a simple one's with this id, and with this configuration unless `config.data` is NULL; not linked
 * yet. Any thread. */
airs_status_t airs_supervisor_make_like(airs_supervisor_t *supervisor, airs_component_handle_t component,
                                        airs_id_t id, airs_bytes_t config, airs_child_t **out,
                                        airs_error_t *error);

/* ---- the machine ---- */

/* In the round, or the end, that is going on the child is to be stopped, or has been. */
void airs_supervisor_set_must_stop(airs_child_t *child, bool must_stop);
/* It has ended by itself, which is to be seen to; `failed`: that was a start. */
void airs_supervisor_mourn(airs_child_t *child, bool failed);
/* Nothing is to be seen to any more. */
void airs_supervisor_let_rest(airs_child_t *child);

/* Start it, for the first time or again. */
void airs_supervisor_begin(airs_supervisor_t *self);
/* End it; `for_good`: it does not come back. Said of one that is ending: in this way from now on, if that is
 * quicker. */
void airs_supervisor_end(airs_supervisor_t *self, bool for_good, airs_halt_t how);
/* Do what can be done before something else happens. */
void airs_supervisor_advance(airs_supervisor_t *self);
/* What has happened to a child. */
void airs_supervisor_hear(airs_child_t *child, uint32_t events);
/* Below it are actors, or some may come though nobody asks for it. */
bool airs_supervisor_is_at_work(const airs_supervisor_t *self);

/* ---- the log ---- */

/* It ended by itself and is restarted, or its start failed and is tried again. */
void airs_supervisor_log_restart(airs_supervisor_t *self, const airs_child_t *child, bool failed);
/* It would have to be restarted once too often. */
void airs_supervisor_log_end(airs_supervisor_t *self, const airs_child_t *child, bool failed);
/* It ended by itself and is not restarted; `shuts_down`: nor does the supervisor go on. */
void airs_supervisor_log_loss(airs_supervisor_t *self, const airs_child_t *child, bool shuts_down);

/* ---- looking at it ---- */

/* What is below it, or `self` too; `depth` is that of `self`. False: each() has stopped it. */
typedef struct airs_supervisor_walk {
    bool (*each)(void *context, const airs_child_info_t *info);
    void *context;
} airs_supervisor_walk_t;
bool airs_supervisor_walk(const airs_supervisor_t *self, unsigned depth, const airs_supervisor_walk_t *walk);
bool airs_supervisor_walk_root(const airs_supervisor_t *self, const airs_supervisor_walk_t *walk);
/* NULL: there is none of that name below it. */
airs_supervisor_t *airs_supervisor_below(const airs_supervisor_t *self, const char *name);

/* ---- orders ---- */

airs_errands_t *airs_supervisors_errands(airs_supervisors_t *supervisors);
/* Of those without a supervisor of their own, the last started; `next_root` leads on. Inside errands. */
airs_supervisor_t *airs_supervisors_first(airs_supervisors_t *supervisors);

/* An order from outside, on the stack of who waits for it. */
struct airs_supervisor_order {
    airs_errand_t errand;
    airs_supervisors_t *all;
    airs_supervisor_t *supervisor;
    airs_child_t *child; /* to be added */
    const char *name;    /* of the child that it is about */
    airs_child_counts_t *counts;
    const airs_supervisor_walk_t *walk;
    bool starts;  /* it waits for a start of the child */
    bool forgets; /* the child, if it does not start */
    bool at_work; /* what was seen */
    airs_halt_t halt;
    airs_status_t status;
    airs_error_t *error;
    atomic_bool done; /* the last that is written */
};

/* Tell who waits; the order is gone then. `text` NULL: the status's. `order` NULL: nobody waits. */
void airs_supervisor_conclude(airs_supervisor_order_t *order, airs_status_t status, const char *text);

#endif
