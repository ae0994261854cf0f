/* A child of a supervisor: an actor, or a supervisor itself. What is here is done inside errands, but for the
 * making and freeing. */
#ifndef AIRSSYS_ACTOR_SUPERVISOR_CHILD_H
#define AIRSSYS_ACTOR_SUPERVISOR_CHILD_H

#include "actor/actor.h"
#include "actor/errands.h"
#include "core/hash_table.h"
#include "actor/supervisor.h"

typedef struct airs_child airs_child_t;
typedef struct airs_supervisor_order airs_supervisor_order_t;

/* How a child is ended. */
typedef enum airs_halt {
    AIRS_HALT_KEEP,  /* in order; its mailbox is kept, and becomes dead letters if it is not to come back */
    AIRS_HALT_DRAIN, /* somebody asked for it: after what waits, if it is not to come back */
    AIRS_HALT_DROP,  /* likewise, and what waits is dropped */
    AIRS_HALT_KILL,  /* at once */
} airs_halt_t;

/* For who looks at it. */
typedef struct airs_child_end {
    uint64_t ended_ns; /* since 1970 */
    airs_reason_kind_t kind;
    char text[]; /* some of the reason's */
} airs_child_end_t;

struct airs_child {
    airs_keeper_t keeper;
    airs_errand_t errand;    /* to look at `events` */
    _Atomic uint32_t events; /* what has happened; by any thread */
    airs_timer_t timer;      /* of a stop, or of a restart that waits */
    bool timed;              /* it runs */
    airs_services_t *services;
    airs_supervisor_t *owner; /* whose child this is */
    airs_child_t *next;
    airs_child_t *previous;
    airs_child_t *next_dead; /* among its supervisor's children that are to be seen to */
    airs_child_t *previous_dead;
    airs_hash_entry_t by_name; /* in its supervisor's table, unless dormant */
    char *name;

    /* What it is. */
    _Atomic airs_component_handle_t component; /* changed by an update; written inside errands */
    airs_component_handle_t component_before;  /* while an update goes on that may be taken back; 0: none */
    airs_native_t native;
    void *state_of_native;
    bool owns_state; /* it has not been spawned yet */
    bool is_native;
    airs_actor_spec_t spec;
    void *spec_memory;
    airs_supervisor_t *nested; /* NULL: an actor */
    airs_restart_t restart;
    bool significant;
    uint64_t shutdown_ms;

    airs_actor_t *actor;   /* a reference, unless ENDED */
    airs_child_end_t *end; /* how that ended; NULL: it has not, or there was no memory for it */
    airs_child_state_t state;
    bool specified;   /* by its supervisor's specification, and not added later */
    bool dormant;     /* it has ended and is not known any more, until its supervisor is restarted */
    bool buried;      /* likewise, and for ever: somebody may have a handle to what it was */
    bool adopted;     /* an actor has spawned it, who does not wait for its first start */
    bool lived;       /* it has been running since it was made */
    bool leaving;     /* it was told not to come back */
    bool unwanted;    /* somebody added it, and was told that it failed: to be forgotten when it has ended */
    bool held;        /* somebody asked for its end: it starts again when somebody asks for that */
    bool for_good;    /* being stopped, it is not to come back */
    bool must_stop;   /* in its supervisor's round */
    bool must_start;  /* likewise */
    bool died;        /* it has ended by itself, which is to be seen to */
    bool failed;      /* and that was a start */
    bool abnormal;    /* how it ended */
    bool asked;       /* it was asked to end, or told to, and has not begun again */
    bool overdue;     /* and was killed, though its end in order had been wanted */
    unsigned tries;   /* restarts that followed upon each other */
    uint64_t up_ns;   /* when it was running last */
    uint64_t wait_ns; /* before it is restarted */
    airs_supervisor_order_t *order; /* that waits for it */
};

static inline airs_component_handle_t airs_child_component(const airs_child_t *child) {
    /* Relaxed: a handle says all by itself. */
    return atomic_load_explicit(&child->component, memory_order_relaxed);
}

static inline void airs_child_set_component(airs_child_t *child, airs_component_handle_t component) {
    atomic_store_explicit(&child->component, component, memory_order_relaxed);
}

/* Checks and copies a specification; a simple one's model has no id. Takes the native states in it in any
 * case. */
airs_status_t airs_child_create(airs_services_t *services, const airs_child_spec_t *spec, bool model,
                                airs_child_t **out, airs_error_t *error);
/* Of a specification of which nothing is made: drop the native states that came with it. */
void airs_child_spec_drop(const airs_child_spec_t *spec);
/* ENDED, and linked nowhere. */
void airs_child_free(airs_child_t *child);

/* Its actor has ended for good: it is kept how. */
void airs_child_keep_end(airs_child_t *child);

/* Starts it, for the first time or again. Its owner hears how that went. */
void airs_child_begin(airs_child_t *child);
/* One that is starting, up or stopping: end it, in the time that it has. */
void airs_child_halt(airs_child_t *child, airs_halt_t how);
/* One that is down: it does not come back. */
void airs_child_release(airs_child_t *child);

void airs_child_set_timer(airs_child_t *child, uint64_t delay_ns);
void airs_child_cancel_timer(airs_child_t *child);

/* Something has happened to it; any thread. */
#define AIRS_CHILD_STARTED 1U
#define AIRS_CHILD_WENT_DOWN 2U
#define AIRS_CHILD_GONE 4U
#define AIRS_CHILD_ABNORMAL 8U /* with one of these two */
#define AIRS_CHILD_TIMED 16U
#define AIRS_CHILD_ADOPTED 32U /* its actor is made, and is to be started */
void airs_child_tell(airs_child_t *child, uint32_t events);

#endif
