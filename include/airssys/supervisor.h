/* Supervision trees, as Erlang/OTP has them: a supervisor starts its children from left to right, restarts
 * those that end and should not have, and stops them from right to left. Its children are actors and
 * supervisors. When restarts become too frequent it stops its children and ends itself, which is then a matter
 * for its own supervisor.
 *
 * A restarted actor keeps its id, its mailbox, which goes on accepting meanwhile, and its subscriptions; its
 * instance, its timers and its outstanding requests are gone. A first start that fails makes the supervisor's
 * start fail; a restart that fails is tried again, and each try counts as a restart. airs_node_stop of a child
 * is an end for good, after which only airs_node_restart_child starts it again. */
#ifndef AIRSSYS_SUPERVISOR_H
#define AIRSSYS_SUPERVISOR_H

#include <airssys/node.h>

typedef struct airs_supervisor airs_supervisor_t;

/* Which children are restarted with one that ended. */
typedef enum airs_strategy {
    AIRS_ONE_FOR_ONE,  /* it alone */
    AIRS_ONE_FOR_ALL,  /* all */
    AIRS_REST_FOR_ONE, /* those to its right */
    /* It alone; children are all alike (the first child of the specification says how), `instances` of them are
     * there at first, and they start, stop and restart without regard to each other. */
    AIRS_SIMPLE_ONE_FOR_ONE,
} airs_strategy_t;

/* When a child is restarted that has ended by itself. */
typedef enum airs_restart {
    AIRS_RESTART_PERMANENT, /* always */
    AIRS_RESTART_TRANSIENT, /* when it ended abnormally */
    AIRS_RESTART_TEMPORARY, /* never, and not with a sibling: then it is forgotten */
} airs_restart_t;

/* What a supervisor does when significant children have ended by themselves and are not restarted. */
typedef enum airs_auto_shutdown {
    AIRS_AUTO_SHUTDOWN_NEVER,
    AIRS_AUTO_SHUTDOWN_ANY, /* after one it stops its other children and ends, normally */
    AIRS_AUTO_SHUTDOWN_ALL, /* after the last */
} airs_auto_shutdown_t;

/* Of airs_child_options_t.shutdown_ms. */
#define AIRS_SHUTDOWN_INFINITY UINT64_MAX
#define AIRS_SHUTDOWN_BRUTAL (UINT64_MAX - 1) /* without its shutdown call */

/* Restarts wait; the time doubles with each that follows upon the last, and half of it is random. A child
 * that has run for `max_ms` begins again with `first_ms`. */
typedef struct airs_backoff {
    uint64_t first_ms; /* 0: restarts do not wait */
    uint64_t max_ms;   /* (60,000) */
} airs_backoff_t;

/* More restarts than these in a period cannot be allowed. */
#define AIRS_INTENSITY_MAX 10000

typedef enum airs_supervision_event_kind {
    /* The child, an actor, did not start, nor was there an incarnation before: status, reason. */
    AIRS_SUPERVISION_START_FAILED,
    /* The child, an actor, was to end, for good, and has. AIRS_SHUTDOWN_FAILED: its shutdown answered with an
     * error, trapped or exceeded a limit; AIRS_TIMEOUT: it did not end in the time it had, and was killed. */
    AIRS_SUPERVISION_STOP_FAILED,
    AIRS_SUPERVISION_GAVE_UP, /* the supervisor, over this child: its restarts were too frequent */
    /* The topmost supervisor has ended though nobody asked for it: it gave up (AIRS_STOPPED), or shut down
     * automatically (AIRS_OK). */
    AIRS_SUPERVISION_ENDED,
} airs_supervision_event_kind_t;

/* What has happened in a tree; borrowed for the callback. */
typedef struct airs_supervision_event {
    airs_supervision_event_kind_t kind;
    const char *supervisor; /* what it is called */
    const char *child; /* "namespace/name/instance", or what a supervisor is called; "": no child's event */
    airs_status_t status;
    const char *reason; /* for a person; "" for AIRS_OK */
} airs_supervision_event_t;

typedef struct airs_supervisor_options airs_supervisor_options_t;

/* Set `size` with AIRS_CHILD_OPTIONS_INIT. Of `component`, `native` and `supervisor` exactly one is set.
 * Everything is borrowed for the call and copied, but `state`, which is the child's from there on, also when
 * that fails, and `output_context` and `error_context` of `spawn`. */
typedef struct airs_child_options {
    size_t size;
    airs_component_t component;  /* must stay loaded */
    const airs_native_t *native; /* with `restart`, or else the child can only be temporary */
    void *state;
    const airs_supervisor_options_t *supervisor;
    /* An actor's, which is what the child is called. The model of a simple-one-for-one supervisor has no
     * instance, and needs no id when no instances are there at first. With an id its component is offered to actors
     * that spawn others (airs_actor_spawn) while the supervisor runs; what they spawn are its children. */
    airs_id_t id;
    const airs_spawn_options_t *spawn; /* NULL: all defaults */
    airs_restart_t restart;
    bool significant; /* not of a permanent child, nor under AIRS_AUTO_SHUTDOWN_NEVER */
    /* How long its end in order may take; then it is killed. (5,000; of a supervisor AIRS_SHUTDOWN_INFINITY) */
    uint64_t shutdown_ms;
} airs_child_options_t;

#define AIRS_CHILD_OPTIONS_INIT {.size = sizeof(airs_child_options_t)}

/* Set `size` and the defaults, one restart in five seconds, with AIRS_SUPERVISOR_OPTIONS_INIT. */
struct airs_supervisor_options {
    size_t size;
    const char *name; /* in logs and lists; unique among siblings; NULL, not of a nested one: "supervisor" */
    airs_strategy_t strategy;
    airs_auto_shutdown_t auto_shutdown;
    /* More than `intensity` restarts within `period_ms`: it gives up. */
    uint32_t intensity; /* at most AIRS_INTENSITY_MAX */
    uint64_t period_ms; /* above 0 */
    airs_backoff_t backoff;
    const airs_child_options_t *const *children;
    size_t child_count;
    /* Of a simple-one-for-one supervisor: so many children, "0" and up, start with it, and again when it is
     * restarted. */
    uint32_t instances;
    /* May be NULL. Called on workers, one event at a time, for this tree; it must be brief, and use none of the
     * node's functions. Not looked at in a nested supervisor. */
    void (*event)(void *context, const airs_supervision_event_t *event);
    /* Likewise. Asked before each start of a child that belongs to the first start of the whole; true breaks that
     * off with AIRS_CANCELLED. */
    bool (*cancelled)(void *context);
    void *context; /* of both */
};

#define AIRS_SUPERVISOR_OPTIONS_INIT \
    {.size = sizeof(airs_supervisor_options_t), .intensity = 1, .period_ms = 5000}

/* Make a supervisor and wait until its children run. AIRS_INVALID_ARGUMENT, AIRS_ALREADY_EXISTS (two children
 * of one name), AIRS_UNSUPPORTED, AIRS_OUT_OF_MEMORY, or what the first start that failed answered (as
 * airs_node_spawn): the children started before it are then stopped, and nothing is left. AIRS_STOPPED: the node
 * was destroyed meanwhile. */
AIRS_API airs_status_t airs_node_start_supervisor(airs_node_t *node, const airs_supervisor_options_t *options,
                                                  airs_supervisor_t **out, airs_error_t *error);

/* Stop it and free it: its children in reverse, each in the time it has, all of them in `timeout_ms`
 * (UINT64_MAX: no limit of its own); what is left then is killed. Drain: each child handles what waits for it
 * first. The node's end does the same with what is left, whose handle is then no more. NULL is fine. */
AIRS_API void airs_node_stop_supervisor(airs_node_t *node, airs_supervisor_t *supervisor,
                                        airs_stop_mode_t mode, uint64_t timeout_ms);

/* The functions below answer AIRS_STOPPED when the supervisor has ended, AIRS_NOT_FOUND when there is no such
 * child, and AIRS_INVALID_STATE when another of them waits for the same child. */

/* The supervisor that is called `name` somewhere below this one. It is valid until it is deleted, or this one
 * is stopped. */
AIRS_API airs_status_t airs_node_find_supervisor(airs_node_t *node, airs_supervisor_t *supervisor,
                                                 const char *name, airs_supervisor_t **out);

/* One more, to the right. AIRS_INVALID_ARGUMENT, AIRS_ALREADY_EXISTS, AIRS_UNSUPPORTED (a simple-one-for-one
 * supervisor), AIRS_OUT_OF_MEMORY, or why it did not start: then it is forgotten. */
AIRS_API airs_status_t airs_node_start_child(airs_node_t *node, airs_supervisor_t *supervisor,
                                             const airs_child_options_t *options, airs_error_t *error);

/* One more of a simple-one-for-one supervisor's, with this id, and with this configuration unless `config.data`
 * is NULL. AIRS_UNSUPPORTED: it is none. */
AIRS_API airs_status_t airs_node_start_like(airs_node_t *node, airs_supervisor_t *supervisor, airs_id_t id,
                                            airs_bytes_t config, airs_error_t *error);

/* Stop a child for good and wait for it, by what it is called. It is still known, and can be restarted or
 * deleted, unless it is temporary, native, or was started by airs_node_start_like. */
AIRS_API airs_status_t airs_node_stop_child(airs_node_t *node, airs_supervisor_t *supervisor,
                                            const char *name, airs_error_t *error);

/* Start one that has ended for good, as for the first time. AIRS_INVALID_STATE: it has not. When it fails it
 * is still known. */
AIRS_API airs_status_t airs_node_restart_child(airs_node_t *node, airs_supervisor_t *supervisor,
                                               const char *name, airs_error_t *error);

/* Forget one that has ended for good. AIRS_INVALID_STATE: it has not. */
AIRS_API airs_status_t airs_node_delete_child(airs_node_t *node, airs_supervisor_t *supervisor,
                                              const char *name, airs_error_t *error);

typedef struct airs_child_counts {
    uint32_t specs;  /* known; of a simple-one-for-one supervisor always one */
    uint32_t active; /* that run, or are on their way to */
    uint32_t supervisors;
    uint32_t workers;
} airs_child_counts_t;

/* Nothing is counted in one that has ended. */
AIRS_API airs_status_t airs_node_count_children(airs_node_t *node, airs_supervisor_t *supervisor,
                                                airs_child_counts_t *out);

typedef enum airs_child_state {
    AIRS_CHILD_ENDED, /* or never started */
    AIRS_CHILD_STARTING,
    AIRS_CHILD_UP,
    AIRS_CHILD_STOPPING, /* it was asked to end, for good or not */
    AIRS_CHILD_DOWN,     /* it has ended, and waits for its restart */
} airs_child_state_t;

/* "ended", "starting", "running", "stopping", "restarting". Static. */
AIRS_API const char *airs_child_state_text(airs_child_state_t state);

/* A child, or a topmost supervisor; borrowed for the callback. */
typedef struct airs_child_info {
    const char *name;       /* "namespace/name/instance", or what a supervisor is called */
    const char *supervisor; /* what its own is called; "": it has none */
    unsigned depth;         /* 0: a topmost supervisor */
    bool is_supervisor;
    airs_strategy_t strategy; /* a supervisor's */
    airs_child_state_t state;
    uint64_t restarts;      /* an actor's; tries that failed included. A supervisor's: of its children. */
    airs_restart_t restart; /* nothing of a topmost supervisor, as the next */
    bool significant;
    /* Of an actor that has ended for good: when (since 1970; 0: it has not, or there was no memory to keep it), for what kind
     * of reason ("normal", "error", …), and its text, cut after a line; "": there is none. */
    uint64_t ended_ns;
    const char *end;
    const char *end_reason;
} airs_child_info_t;

/* Calls each() for every supervisor of the node and all that is below it, the topmost in the order of their start
 * and each followed by its children; false stops. each() runs on a worker while this waits; it must be brief
 * and must not use the node. Callable from outside threads only. */
AIRS_API void airs_node_supervisors(airs_node_t *node,
                                    bool (*each)(void *context, const airs_child_info_t *info),
                                    void *context);

/* The same for what is below one supervisor, at depth 1 its children. AIRS_STOPPED. */
AIRS_API airs_status_t airs_node_list_children(airs_node_t *node, airs_supervisor_t *supervisor,
                                               bool (*each)(void *context, const airs_child_info_t *info),
                                               void *context);

#endif
