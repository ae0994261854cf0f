/* What the parts of the supervisor share: its making (supervisor_spec.c), the machine (supervisor.c), the orders
 * from outside (supervisor_orders.c). But for the making and freeing everything is done inside errands. */
#ifndef AIRSSYS_ACTOR_SUPERVISOR_INTERNAL_H
#define AIRSSYS_ACTOR_SUPERVISOR_INTERNAL_H

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
    airs_child_t *first;
    airs_child_t *last;
    airs_child_t *model; /* of a simple one: what its children are like */
    airs_supervisor_state_t state;
    bool starting;                  /* the round is its start */
    bool lived;                     /* it has been running */
    bool for_good;                  /* ending, it is not to come back */
    bool abnormal;                  /* how it ends */
    airs_halt_t halt;               /* ending: how */
    airs_error_t error;             /* of the last start that failed */
    airs_supervisor_order_t *order; /* that waits for its start or end */
};

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

/* NULL: there is none of that name. */
airs_child_t *airs_supervisor_find_child(const airs_supervisor_t *self, const char *name);
/* Whether the child can be this supervisor's, whatever else it has. */
airs_status_t airs_supervisor_check_child(const airs_supervisor_t *self, const airs_child_t *child,
                                          airs_error_t *error);
/* The last from here on. */
void airs_supervisor_link_child(airs_supervisor_t *self, airs_child_t *child);
/* One that has ended: unlink and free it. */
void airs_supervisor_forget_child(airs_supervisor_t *self, airs_child_t *child);

/* ---- the machine ---- */

/* Start it, for the first time or again. */
void airs_supervisor_begin(airs_supervisor_t *self);
/* End it; `for_good`: it does not come back. Said of one that is ending: in this way from now on, if that is
 * quicker. */
void airs_supervisor_end(airs_supervisor_t *self, bool for_good, airs_halt_t how);
/* Do what can be done before something else happens. */
void airs_supervisor_advance(airs_supervisor_t *self);
/* What has happened to a child. */
void airs_supervisor_hear(airs_child_t *child, uint32_t events);

/* ---- orders ---- */

airs_errands_t *airs_supervisors_errands(airs_supervisors_t *supervisors);

/* An order from outside, on the stack of who waits for it. */
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

/* Tell who waits; the order is gone then. `text` NULL: the status's. `order` NULL: nobody waits. */
void airs_supervisor_conclude(airs_supervisor_order_t *order, airs_status_t status, const char *text);

#endif
