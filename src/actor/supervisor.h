/* Supervision trees, as Erlang/OTP has them.
 *
 * A supervisor starts its children from left to right, restarts those that end and should not have, and
 * stops them from right to left. Its children are actors and supervisors. When restarts become too frequent
 * it stops its children and ends itself, which is then a matter for its own supervisor.
 *
 * A restarted actor keeps its id, its mailbox, which goes on accepting meanwhile, and its subscriptions.
 * That holds for the siblings that a strategy restarts with it too, and through the restart of a whole
 * supervisor, but not for the children of a simple-one-for-one supervisor: they end with it, and are not made
 * anew. A supervisor that is restarted starts the children that were added to it too (OTP forgets those), and
 * anew the temporary ones of its specification.
 *
 * A first start that fails makes the supervisor's start fail. A restart that fails is tried again, and
 * each try counts as a restart. Somebody's airs_actor_system_stop of a child is an end for good: as
 * airs_supervisor_stop_child, after which a child is not started with its siblings or its supervisor either,
 * but by airs_supervisor_restart_child alone (OTP starts it with its siblings). A native child that has ended
 * for good is forgotten, for its state is gone.
 *
 * Nobody waits in here: all that happens is looked at one after the other (actor/errands.h), so that a
 * child that takes its time to start or stop holds up the order of its own supervisor's children at most. */
#ifndef AIRSSYS_ACTOR_SUPERVISOR_H
#define AIRSSYS_ACTOR_SUPERVISOR_H

#include <airssys/supervisor.h>

#include <airssys/supervisor.h>

#include "actor/actor_system.h"
#include "actor/services.h"

/* Everything is borrowed for the call and copied, but what airs_actor_spec_t says must outlive the actor, and
 * `state`, which is the child's from there on, also when that fails. A component must stay loaded. Of
 * `component`, `native` and `supervisor` exactly one is set. */
typedef struct airs_child_spec {
    airs_component_handle_t component;
    const airs_native_t *native; /* restartable (airs_native_t.restart), or else temporary */
    void *state;
    const airs_supervisor_spec_t *supervisor;
    /* An actor's, which is what the child is called. A simple one's has no instance, and none at all if no
     * instances are there at first. */
    airs_id_t id;
    const char *name;               /* what a supervisor is called; unique among its siblings */
    const airs_actor_spec_t *actor; /* NULL: all defaults */
    airs_restart_t restart;
    bool significant; /* not of a permanent child, nor under AIRS_AUTO_SHUTDOWN_NEVER */
    /* How long its end in order may take; then it is killed. (5,000; of a supervisor
     * AIRS_SHUTDOWN_INFINITY) */
    uint64_t shutdown_ms;
} airs_child_spec_t;

struct airs_supervisor_spec {
    airs_strategy_t strategy;
    airs_auto_shutdown_t auto_shutdown;
    /* More than `intensity` restarts within `period_ms`: it gives up. */
    uint32_t intensity; /* at most AIRS_INTENSITY_MAX */
    uint64_t period_ms; /* above 0 */
    airs_backoff_t backoff;
    const airs_child_spec_t *children;
    size_t child_count;
    const char *name;   /* what it is called in the log, unless it is a child; NULL: "supervisor" */
    uint32_t instances; /* of a simple one: "0" and up, specified children that are there at first */
    /* Of one that is no child; may be NULL. Inside errands, so brief. */
    void (*event)(void *context, const airs_supervision_event_t *event);
    /* Likewise. Asked before each start that belongs to the first one; true breaks it off with
     * AIRS_CANCELLED. */
    bool (*cancelled)(void *context);
    void *context;
};

/* One restart in five seconds, and no children. */
#define AIRS_SUPERVISOR_SPEC_INIT {.intensity = 1, .period_ms = 5000}

/* See airs_actor_system_start_supervisor. */
airs_status_t airs_supervisor_start(airs_services_t *services, const airs_supervisor_spec_t *spec,
                                    airs_supervisor_t **out, airs_error_t *error);

/* Stop it and free it: its children in reverse, each in the time it has, all of them in `timeout_ms`
 * (UINT64_MAX: no limit of its own); what is left then is killed. Drain: each child handles what waits for it
 * first. The system's end does the same with what is left, whose handle is then no more. NULL is fine. */
void airs_supervisor_stop(airs_supervisor_t *supervisor, airs_stop_mode_t mode, uint64_t timeout_ms);

/* The functions below answer AIRS_STOPPED when the supervisor has ended, and AIRS_NOT_FOUND when there is no
 * such child, AIRS_INVALID_STATE also when another of them waits for the same child. They are for threads
 * from outside. */

/* One more, to the right. AIRS_INVALID_ARGUMENT, AIRS_ALREADY_EXISTS, AIRS_UNSUPPORTED (a simple one),
 * AIRS_OUT_OF_MEMORY, or why it did not start: then it is forgotten. */
airs_status_t airs_supervisor_start_child(airs_supervisor_t *supervisor, const airs_child_spec_t *spec,
                                          airs_error_t *error);

/* One more of a simple one's, with this id, and with this configuration unless `config.data` is NULL.
 * AIRS_UNSUPPORTED: it is no simple one. */
airs_status_t airs_supervisor_start_like(airs_supervisor_t *supervisor, airs_id_t id, airs_bytes_t config,
                                         airs_error_t *error);

/* Stop a child for good and wait for it. It is still known, and can be restarted or deleted, unless it is
 * temporary or a simple one's. */
airs_status_t airs_supervisor_stop_child(airs_supervisor_t *supervisor, const char *name,
                                         airs_error_t *error);

/* Start one that has ended for good, as for the first time. AIRS_INVALID_STATE: it has not. When it fails it
 * is still known. */
airs_status_t airs_supervisor_restart_child(airs_supervisor_t *supervisor, const char *name,
                                            airs_error_t *error);

/* Forget one that has ended for good. AIRS_INVALID_STATE: it has not. */
airs_status_t airs_supervisor_delete_child(airs_supervisor_t *supervisor, const char *name,
                                           airs_error_t *error);

/* Nothing is counted in one that has ended. */
airs_status_t airs_supervisor_count_children(airs_supervisor_t *supervisor, airs_child_counts_t *out);

/* Are there actors below it, or may some come though nobody asks for it: is one, or a supervisor, to be restarted? When
 * that becomes false, airs_actor_system_on_empty is told if there are no other actors. */
bool airs_supervisor_goes_on(airs_supervisor_t *supervisor);

/* The supervisor that is called `name` somewhere below this one. Valid until it is deleted, or this one is
 * stopped. */
airs_status_t airs_supervisor_find(airs_supervisor_t *supervisor, const char *name, airs_supervisor_t **out);

/* What is below it, at depth 1 its children, each followed by what is below it; false stops. Inside an errand, so
 * brief. AIRS_STOPPED. */
airs_status_t airs_supervisor_list(airs_supervisor_t *supervisor,
                                   bool (*each)(void *context, const airs_child_info_t *info), void *context);

/* ---- for the system ---- */

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_supervisors_create(airs_services_t *services, airs_supervisors_t **out);

/* All of them have been stopped; what is left of them is freed. NULL is fine. */
void airs_supervisors_destroy(airs_supervisors_t *supervisors);

/* All that have not ended, the first started first, at depth 0, each followed by what is below it. */
void airs_supervisors_list(airs_supervisors_t *supervisors,
                           bool (*each)(void *context, const airs_child_info_t *info), void *context);

/* As airs_supervisor_stop, with all of them, the last started first, but for the freeing. */
void airs_supervisors_stop_all(airs_supervisors_t *supervisors, airs_stop_mode_t mode, uint64_t timeout_ms);

/* What follows is done inside errands (actor/updater.h): an update changes what children are started of. */

/* Of the children of the component that `group` names, and of the models of simple ones that have the component
 * `old`: `component` from here on. */
void airs_supervisors_retarget(airs_supervisors_t *supervisors, airs_id_t group, airs_component_handle_t old,
                               airs_component_handle_t component);

/* It is over: back to what they were, or not. Then those that are no models are told and bound by `spec` (complete;
 * NULL: as before) when they are made anew, if there is memory for it. */
void airs_supervisors_settle_target(airs_supervisors_t *supervisors, airs_id_t group,
                                    airs_component_handle_t old, bool back, const airs_actor_spec_t *spec);

#endif
