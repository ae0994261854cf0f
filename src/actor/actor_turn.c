#include "actor/actor.h"

#include "actor/actor_clearing.h"
#include "actor/actor_end.h"
#include "actor/actor_links.h"
#include "actor/actor_timers.h"
#include "actor/actor_update.h"
#include "actor/health_monitor.h"
#include "actor/message_batch.h"
#include "actor/message_end.h"
#include "actor/passivation.h"
#include "actor/response_router.h"
#include "core/check.h"
#include "core/memory.h"

/* Calls in one turn, at most. */
#define BATCH 100
/* How long a turn may last before the actor goes to the back of the queue, and how many calls there are
 * between looks at the time. */
#define TURN_NS 1000000
#define LOOK_EVERY 8

/* What an actor without an instance cannot obey. */
#define NEED_INSTANCE (AIRS_SIGNAL_UPDATE | AIRS_SIGNAL_DESCRIBE | AIRS_SIGNAL_HEALTH)

/* How far the actor came. */
typedef enum airs_progress {
    GOES_ON, /* no call is in progress */
    PENDS,   /* one is, and cannot go on now */
    CLEARS,  /* the incarnation is ending, and has to be cleared away first */
    DOWN,    /* there is no incarnation */
    IDLE,    /* nothing to do: not ours any more */
    SPARES,  /* likewise, and another one may have its instance */
    ENDED,   /* not ours any more */
} airs_progress_t;

static airs_progress_t begin_stop(airs_actor_t *actor, airs_actor_end_t mode);

static void settle(airs_actor_t *actor) {
    airs_actor_pay(actor);
    if (airs_mailbox_settle(&actor->mailbox)) {
        airs_actor_tell_of_room(actor, actor->worker);
    }
}

static airs_progress_t finish(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status,
                              const char *reason) {
    if (airs_actor_clearing_begin(actor, end, status, reason)) {
        return CLEARS;
    }
    return airs_actor_finish(actor, end, status, reason) ? ENDED : DOWN;
}

/* One piece a turn, and then what was to be done at once. */
static airs_progress_t clear(airs_actor_t *actor) {
    if (!airs_actor_clearing_step(actor)) {
        return CLEARS;
    }
    const airs_allocator_t *allocator = actor->services->allocator;
    airs_actor_clearing_t *clearing = actor->clearing;
    actor->clearing = NULL;
    const char *reason = clearing->has_reason ? clearing->reason : NULL;
    bool ended = airs_actor_finish(actor, clearing->end, clearing->status, reason);
    airs_release(allocator, clearing);
    return ended ? ENDED : DOWN;
}

/* ---- how calls end ---- */

/* A call has ended well. */
static airs_progress_t carry_on(airs_actor_t *actor) {
    if (!actor->exiting) {
        return GOES_ON;
    }
    return begin_stop(actor, airs_actor_is_asked_to_stop(actor) ? AIRS_END_DROPPED : AIRS_END_EXITED);
}

static airs_progress_t fail_start(airs_actor_t *actor, const airs_call_result_t *result) {
    airs_status_t status = result->status == AIRS_GUEST_ERROR ? AIRS_INITIALIZE_FAILED : result->status;
    return finish(actor, AIRS_END_CRASHED, status, result->reason);
}

static airs_progress_t conclude_start(airs_actor_t *actor, const airs_call_result_t *result) {
    if (result->status != AIRS_OK) {
        return fail_start(actor, result);
    }
    AIRS_ASSERT(airs_actor_transition(actor, AIRS_ACTOR_RUNNING) == AIRS_OK);
    if (!actor->internal && atomic_load_explicit(&actor->restarts, memory_order_relaxed) == 0) {
        atomic_fetch_add_explicit(&actor->services->spawned, 1, memory_order_relaxed);
        airs_gate_notify(&actor->services->lives);
    }
    airs_health_monitor_begin(actor);
    airs_actor_update_started(actor);
    airs_message_batch_allow(actor);
    airs_passivation_begin(actor);
    if (actor->keeper != NULL) {
        actor->keeper->tell(actor->keeper, AIRS_LIFE_STARTED, AIRS_REASON_NORMAL);
    }
    return carry_on(actor);
}

/* What its instance was needed for, is in hand or to be looked at again. */
static airs_progress_t conclude_return(airs_actor_t *actor, const airs_call_result_t *result) {
    if (result->status != AIRS_OK) {
        return fail_start(actor, result);
    }
    airs_passivation_returned(actor);
    return carry_on(actor);
}

static airs_progress_t conclude_stop(airs_actor_t *actor, const airs_call_result_t *result) {
    airs_status_t status = AIRS_OK;
    if (result->status != AIRS_OK) {
        status = AIRS_SHUTDOWN_FAILED;
        airs_actor_complain(actor, AIRS_LOG_WARN, false, "the shutdown call failed", result->status,
                            result->reason);
    }
    return finish(actor, (airs_actor_end_t)actor->stop_mode, status, result->reason);
}

static airs_progress_t conclude_describe(airs_actor_t *actor, const airs_call_result_t *result) {
    if (result->status != AIRS_OK && result->status != AIRS_GUEST_ERROR) {
        return finish(actor, AIRS_END_CRASHED, result->status, result->reason);
    }
    if (result->status == AIRS_OK && result->name != NULL && result->version != NULL) {
        airs_actor_keep_metadata(actor, result->name, result->version);
    }
    return carry_on(actor);
}

static airs_progress_t conclude_health(airs_actor_t *actor, const airs_call_result_t *result) {
    char reason[AIRS_HEALTH_REASON_MAX];
    if (result->status != AIRS_OK) {
        return finish(actor, AIRS_END_CRASHED, result->status, result->reason);
    }
    if (airs_health_monitor_answer(actor, result->health, reason)) {
        return finish(actor, AIRS_END_CRASHED, AIRS_HEALTH_CHECKS_FAILED, reason);
    }
    return carry_on(actor);
}

static airs_progress_t conclude_update(airs_actor_t *actor, const airs_call_result_t *result) {
    return airs_actor_update_conclude(actor, result)
               ? carry_on(actor)
               : finish(actor, AIRS_END_CRASHED, result->status, result->reason);
}

static airs_progress_t conclude_handle(airs_actor_t *actor, const airs_call_result_t *result) {
    if (result->status != AIRS_OK && result->status != AIRS_GUEST_ERROR) {
        return finish(actor, AIRS_END_CRASHED, result->status, result->reason);
    }
    if (actor->batch.count > 0) {
        airs_message_batch_end(actor);
    } else {
        airs_message_end(actor, result);
    }
    return carry_on(actor);
}

static airs_progress_t conclude(airs_actor_t *actor, airs_poll_t poll, const airs_call_result_t *result) {
    airs_actor_put_out(actor);
    if (poll == AIRS_POLL_PENDING) {
        airs_message_batch_interrupt(actor);
        actor->pending = true;
        return PENDS;
    }
    actor->pending = false;
    airs_actor_step_t step = (airs_actor_step_t)actor->step;
    actor->step = AIRS_STEP_NONE;
    switch (step) {
    case AIRS_STEP_START:
        return conclude_start(actor, result);
    case AIRS_STEP_HANDLE:
        return conclude_handle(actor, result);
    case AIRS_STEP_STOP:
        return conclude_stop(actor, result);
    case AIRS_STEP_DESCRIBE:
        return conclude_describe(actor, result);
    case AIRS_STEP_HEALTH:
        return conclude_health(actor, result);
    case AIRS_STEP_UPDATE:
        return conclude_update(actor, result);
    case AIRS_STEP_RETURN:
        return conclude_return(actor, result);
    case AIRS_STEP_NONE:
        break;
    }
    AIRS_ASSERT(false);
    return GOES_ON;
}

/* ---- how calls begin ---- */

static void begin_step(airs_actor_t *actor, airs_actor_step_t step) {
    actor->step = (uint8_t)step;
    actor->parked_left_ns = actor->max_parked_ns;
}

static airs_progress_t begin_start(airs_actor_t *actor) {
    actor->incarnation = airs_services_next_incarnation(actor->services);
    if (!airs_actor_update_continues(actor)) {
        airs_actor_begin_tickets(actor);
    }
    actor->at_rest = false;
    AIRS_ASSERT(airs_actor_transition(actor, AIRS_ACTOR_STARTING) == AIRS_OK);
    begin_step(actor, AIRS_STEP_START);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->start(actor, &result);
    return conclude(actor, poll, &result);
}

static airs_progress_t begin_stop(airs_actor_t *actor, airs_actor_end_t mode) {
    AIRS_ASSERT(airs_actor_transition(actor, AIRS_ACTOR_STOPPING) == AIRS_OK);
    if (actor->keeper == NULL) {
        airs_actor_refuse(actor);
    }
    actor->stop_mode = (uint8_t)mode;
    begin_step(actor, AIRS_STEP_STOP);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->stop(actor, &result);
    return conclude(actor, poll, &result);
}

static airs_progress_t begin_describe(airs_actor_t *actor) {
    begin_step(actor, AIRS_STEP_DESCRIBE);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->describe(actor, &result);
    return conclude(actor, poll, &result);
}

static airs_progress_t begin_health(airs_actor_t *actor) {
    begin_step(actor, AIRS_STEP_HEALTH);
    airs_health_monitor_called(actor);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->health(actor, &result);
    return conclude(actor, poll, &result);
}

static airs_progress_t begin_update(airs_actor_t *actor) {
    (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_UPDATE);
    airs_update_task_t task = airs_actor_update_obey(actor);
    if (task == AIRS_UPDATE_RECEDE) {
        airs_actor_recede(actor, AIRS_OK, NULL);
        return DOWN;
    }
    if (task == AIRS_UPDATE_NOTHING) {
        return GOES_ON;
    }
    begin_step(actor, AIRS_STEP_UPDATE);
    airs_call_result_t result = {0};
    airs_poll_t poll = airs_actor_update_begin(actor, &result);
    return conclude(actor, poll, &result);
}

static airs_progress_t call_handle(airs_actor_t *actor) {
    begin_step(actor, AIRS_STEP_HANDLE);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->handle(actor, actor->in_hand, &result);
    return conclude(actor, poll, &result);
}

/* A passive actor has got its instance, or any other call has ended. */
static airs_progress_t handle_in_hand(airs_actor_t *actor, airs_progress_t progress) {
    return progress == GOES_ON && actor->in_hand != NULL ? call_handle(actor) : progress;
}

/* A passive actor gets its instance. */
static airs_progress_t begin_return(airs_actor_t *actor) {
    begin_step(actor, AIRS_STEP_RETURN);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->start(actor, &result);
    return handle_in_hand(actor, conclude(actor, poll, &result));
}

static airs_progress_t begin_handle(airs_actor_t *actor, airs_component_message_t *message) {
    if (message->kind == AIRS_MESSAGE_SYSTEM) {
        AIRS_ASSERT(message->system == AIRS_SYSTEM_STOP);
        airs_component_message_destroy(message);
        return begin_stop(actor, AIRS_END_DRAINED);
    }
    if (message->kind == AIRS_MESSAGE_TIMER && !airs_actor_timers_take(actor, message)) {
        airs_actor_drop(actor, message);
        return GOES_ON;
    }
    if (airs_component_message_is_end(message) && !airs_actor_links_take(actor, message)) {
        airs_actor_drop(actor, message);
        return GOES_ON;
    }
    if (airs_component_message_is_callback(message)) {
        /* Before the call, which may ask anew. */
        airs_response_router_settle(actor);
        if (airs_response_router_is_stale(actor, message)) {
            airs_actor_drop(actor, message);
            return GOES_ON;
        }
    }
    actor->in_hand = message;
    actor->answered = false;
    return airs_actor_is_passive(actor) ? begin_return(actor) : call_handle(actor);
}

/* Several messages at once: the first of the mailbox, which were gathered. */
static airs_progress_t begin_batch(airs_actor_t *actor) {
    begin_step(actor, AIRS_STEP_HANDLE);
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->handle_batch(actor, actor->in_hand, &result);
    return conclude(actor, poll, &result);
}

/* ---- parking ---- */

static void disarm(airs_actor_t *actor) {
    if (!actor->park_armed) {
        return;
    }
    airs_services_t *services = actor->services;
    actor->park_armed = false;
    (void)services->timers->cancel(services->timers, &actor->park->timer);
    uint64_t parked = airs_clock_monotonic(services->clock) - actor->parked_since_ns;
    actor->parked_left_ns = parked < actor->parked_left_ns ? actor->parked_left_ns - parked : 0;
    if (actor->step == AIRS_STEP_HEALTH) {
        airs_health_monitor_parked(actor, parked);
    }
}

static airs_status_t arm(airs_actor_t *actor) {
    if (actor->parked_left_ns == UINT64_MAX) {
        return AIRS_OK;
    }
    airs_services_t *services = actor->services;
    actor->parked_since_ns = airs_clock_monotonic(services->clock);
    AIRS_ASSERT(actor->park != NULL);
    actor->park->timer.deadline_ns = actor->parked_since_ns + actor->parked_left_ns;
    airs_status_t status = services->timers->add(services->timers, &actor->park->timer);
    actor->park_armed = status == AIRS_OK;
    return status;
}

/* Let go of the actor until it is woken, or keep it when that has happened. */
static airs_turn_t let_go(airs_actor_t *actor) {
    uint8_t on = AIRS_RUN_ON;
    /* Release: pairs with the exchange in airs_actor_wake, whose thread hands the actor on. */
    return atomic_compare_exchange_strong_explicit(&actor->run_state, &on, AIRS_RUN_PARKED,
                                                   memory_order_acq_rel, memory_order_relaxed)
               ? AIRS_TURN_GONE
               : AIRS_TURN_AGAIN;
}

/* It is the worker's again. Acquire: pairs with airs_actor_wake. */
static void take_up(airs_actor_t *actor) {
    atomic_exchange_explicit(&actor->run_state, AIRS_RUN_ON, memory_order_acq_rel);
}

/* There is no incarnation: until its keeper has decided. Its mailbox goes on filling. */
static airs_turn_t lie_down(airs_actor_t *actor) {
    settle(actor);
    return let_go(actor);
}

/* A call pends. Let go of the actor until it is woken, or keep it when that has happened. */
static airs_turn_t park(airs_actor_t *actor) {
    settle(actor);
    /* Relaxed: only spares the timer; the exchange below and in go_on decide. */
    if (atomic_load_explicit(&actor->run_state, memory_order_relaxed) == AIRS_RUN_NOTIFIED) {
        return AIRS_TURN_AGAIN;
    }
    airs_status_t status = arm(actor);
    if (status != AIRS_OK) {
        /* Nothing may wait without a bound. */
        actor->pending = false;
        bool ended =
            airs_actor_finish(actor, AIRS_END_CRASHED, status, "no memory for the parked call's deadline");
        return ended ? AIRS_TURN_GONE : lie_down(actor);
    }
    airs_turn_t turn = let_go(actor);
    if (turn == AIRS_TURN_AGAIN) {
        disarm(actor);
    }
    return turn;
}

/* One that it is linked to has ended. */
static airs_progress_t obey_exit(airs_actor_t *actor) {
    airs_services_t *services = actor->services;
    airs_reason_kind_t kind = AIRS_REASON_NORMAL;
    char *text = NULL;
    airs_component_id_t *by = NULL;
    (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_EXIT);
    if (!airs_actor_links_take_exit(actor, &kind, &text, &by)) {
        return GOES_ON;
    }
    airs_actor_complain(actor, AIRS_LOG_INFO, false, "the actor ends with one that it is linked to",
                        AIRS_STOPPED, airs_component_id_text(by));
    airs_component_id_unref(by);
    actor->pending = false;
    actor->end_kind = (uint8_t)kind;
    airs_progress_t progress = finish(actor, AIRS_END_LINKED, AIRS_STOPPED, text);
    airs_release(services->allocator, text);
    return progress;
}

/* The pending call's turn has come. */
static airs_progress_t go_on(airs_actor_t *actor) {
    take_up(actor);
    disarm(actor);
    uint32_t signals = airs_mailbox_signals(&actor->mailbox);
    actor->pending = (signals & (AIRS_SIGNAL_KILL | AIRS_SIGNAL_PARK_EXPIRED)) == 0;
    if ((signals & AIRS_SIGNAL_KILL) != 0) {
        return finish(actor, AIRS_END_KILLED, AIRS_STOPPED, NULL);
    }
    airs_progress_t progress = (signals & AIRS_SIGNAL_EXIT) != 0 ? obey_exit(actor) : GOES_ON;
    if (progress != GOES_ON) {
        return progress;
    }
    if ((signals & AIRS_SIGNAL_PARK_EXPIRED) != 0 && actor->step == AIRS_STEP_UPDATE) {
        (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_PARK_EXPIRED);
        airs_actor_update_interrupt(actor);
        airs_call_result_t expired = {.status = AIRS_PARKED_TIME_EXCEEDED};
        return conclude(actor, AIRS_POLL_DONE, &expired);
    }
    if ((signals & AIRS_SIGNAL_PARK_EXPIRED) != 0) {
        const char *why = actor->behaviour->overdue != NULL ? actor->behaviour->overdue(actor) : NULL;
        return finish(actor, AIRS_END_CRASHED, AIRS_PARKED_TIME_EXCEEDED, why);
    }
    char reason[AIRS_HEALTH_REASON_MAX];
    if (actor->step == AIRS_STEP_HEALTH && airs_health_monitor_overdue(actor, reason)) {
        actor->pending = false;
        return finish(actor, AIRS_END_CRASHED, AIRS_HEALTH_CHECKS_FAILED, reason);
    }
    airs_call_result_t result = {0};
    airs_poll_t poll = actor->behaviour->resume(actor, &result);
    return handle_in_hand(actor, conclude(actor, poll, &result));
}

/* ---- from one incarnation to the next ---- */

static airs_progress_t begin_restart(airs_actor_t *actor) {
    (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_RESTART);
    airs_count(&actor->restarts, 1);
    atomic_fetch_add_explicit(&actor->services->restarts, 1, memory_order_relaxed);
    actor->exiting = false;
    return begin_start(actor);
}

/* There is no incarnation: begin one, if that is wanted. */
static airs_progress_t rise(airs_actor_t *actor) {
    if (airs_actor_state(actor) == AIRS_ACTOR_CREATED) {
        return begin_start(actor);
    }
    take_up(actor);
    uint32_t signals = airs_mailbox_signals(&actor->mailbox);
    bool asked = (signals & (AIRS_SIGNAL_KILL | AIRS_SIGNAL_STOP)) != 0;
    /* A stop that is no end for good came too late for the last incarnation. */
    if (asked && airs_mailbox_refuses(&actor->mailbox)) {
        bool killed = (signals & AIRS_SIGNAL_KILL) != 0;
        airs_actor_give_up(actor, killed ? AIRS_END_CRASHED : AIRS_END_DROPPED);
        return ENDED;
    }
    if ((signals & AIRS_SIGNAL_UPDATE) != 0) {
        (void)begin_update(actor); /* of one that is at rest it is done with that */
    }
    return (signals & AIRS_SIGNAL_RESTART) != 0 ? begin_restart(actor) : DOWN;
}

/* ---- the turn ---- */

/* The control lane, between calls. */
static airs_progress_t obey(airs_actor_t *actor, uint32_t signals) {
    if ((signals & AIRS_SIGNAL_KILL) != 0) {
        return finish(actor, AIRS_END_KILLED, AIRS_STOPPED, NULL);
    }
    airs_progress_t progress = (signals & AIRS_SIGNAL_EXIT) != 0 ? obey_exit(actor) : GOES_ON;
    if (progress != GOES_ON) {
        return progress;
    }
    if ((signals & AIRS_SIGNAL_STOP) != 0) {
        return begin_stop(actor, AIRS_END_DROPPED);
    }
    bool passive = airs_actor_is_passive(actor);
    bool updates = (signals & AIRS_SIGNAL_UPDATE) != 0 &&
                   !(passive && airs_actor_update_needs_instance(actor));
    if ((signals & NEED_INSTANCE) != 0 && passive && !updates) {
        return begin_return(actor);
    }
    if (updates) {
        (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_PARK_EXPIRED);
        return begin_update(actor);
    }
    /* A parked call's deadline is of no interest once the call has ended. */
    (void)airs_mailbox_clear_signals(&actor->mailbox,
                                     AIRS_SIGNAL_PARK_EXPIRED | AIRS_SIGNAL_DESCRIBE | AIRS_SIGNAL_ATTEND);
    if ((signals & AIRS_SIGNAL_ATTEND) != 0) {
        actor->behaviour->attend(actor);
    }
    if ((signals & AIRS_SIGNAL_DESCRIBE) != 0) {
        return begin_describe(actor);
    }
    if ((signals & AIRS_SIGNAL_HEALTH) == 0) {
        if ((signals & AIRS_SIGNAL_PASSIVATE) != 0) {
            airs_passivation_obey(actor);
        }
        return GOES_ON;
    }
    /* Before it is perhaps passive. */
    (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_HEALTH);
    return airs_health_monitor_due(actor) ? begin_health(actor) : GOES_ON;
}

/* How long a turn has lasted. With an engine that counts time slices that costs a load; otherwise the clock
 * is looked at, less often. */
typedef struct airs_stopwatch {
    uint64_t slice; /* the count when the turn began; 0: not timed by the engine */
    uint64_t began_ns;
    unsigned look_every;
} airs_stopwatch_t;

static airs_stopwatch_t start_stopwatch(airs_actor_t *actor) {
    airs_stopwatch_t watch = {.look_every = LOOK_EVERY};
    if (actor->worker != NULL) {
        watch.slice = airs_worker_slice(actor->worker);
    }
    if (watch.slice != 0 && actor->behaviour->uses_engine) {
        watch.look_every = 1;
    }
    return watch;
}

/* Has the turn lasted long enough? Meanwhile: another worker may help with what has gathered here. */
static bool turn_over(airs_actor_t *actor, airs_stopwatch_t *watch) {
    airs_worker_t *worker = actor->worker;
    if (worker == NULL) {
        return false;
    }
    uint64_t slice = airs_worker_slice(worker);
    if (slice != 0) {
        if (slice != watch->slice) {
            airs_scheduler_share(worker, 0);
        }
        bool over = slice - watch->slice >= 2;
        if (over) {
            airs_worker_lags(worker);
        }
        return over;
    }
    uint64_t now = airs_clock_monotonic(actor->services->clock);
    if (watch->began_ns == 0) {
        watch->began_ns = now;
    }
    bool is_long = now - watch->began_ns > TURN_NS / 10;
    if (is_long) {
        airs_worker_lags(worker);
    }
    airs_scheduler_share(worker, is_long ? 0 : 1);
    return now - watch->began_ns >= TURN_NS;
}

/* By the engine's count, which the end of a guest's slice moves on. */
static bool slices_passed(airs_actor_t *actor, const airs_stopwatch_t *watch, uint64_t count) {
    return watch->slice != 0 && airs_worker_slice(actor->worker) - watch->slice >= count;
}

/* One that was put off; before the actor does nothing, and not later than at the end of a turn. */
static void go_on_with_update(airs_actor_t *actor) {
    if (airs_actor_update_is_due(actor)) {
        (void)airs_mailbox_signal(&actor->mailbox, AIRS_SIGNAL_UPDATE);
    }
}

/* Let go of it; GOES_ON: something has come for it. */
static airs_progress_t let_rest(airs_actor_t *actor) {
    /* Before it may be gone. */
    airs_progress_t progress = airs_passivation_is_dispensable(actor) ? SPARES : IDLE;
    return airs_mailbox_release_ownership(&actor->mailbox) ? progress : GOES_ON;
}

/* There is nothing left to do. Of a guest it is known already how long it took: a look is taken after each call. */
static airs_progress_t rest(airs_actor_t *actor, const airs_stopwatch_t *watch) {
    settle(actor);
    go_on_with_update(actor);
    if (!actor->behaviour->uses_engine && slices_passed(actor, watch, 2)) {
        airs_actor_turn_was_long(actor);
    }
    return let_rest(actor);
}

static airs_progress_t run_batch(airs_actor_t *actor, airs_stopwatch_t *watch) {
    for (unsigned calls = 1;; calls++) {
        uint32_t signals = airs_mailbox_signals(&actor->mailbox);
        airs_progress_t progress = signals != 0 ? obey(actor, signals) : GOES_ON;
        if (progress != GOES_ON) {
            return progress;
        }
        if (actor->batches && airs_message_batch_begin(actor, BATCH - calls + 1)) {
            calls += actor->batch.count - 1U;
            progress = begin_batch(actor);
        } else {
            airs_component_message_t *message = airs_mailbox_take(&actor->mailbox);
            if (message == NULL) {
                progress = rest(actor, watch);
                if (progress != GOES_ON) {
                    return progress;
                }
                continue;
            }
            if (airs_mailbox_settle_due(&actor->mailbox)) {
                settle(actor);
            }
            progress = begin_handle(actor, message);
        }
        if (progress != GOES_ON) {
            return progress;
        }
        bool over = calls % watch->look_every == 0 && turn_over(actor, watch);
        if (over) {
            airs_actor_turn_was_long(actor);
        }
        if (over || calls >= BATCH) {
            settle(actor);
            return GOES_ON;
        }
    }
}

/* A call that can go on at once and does not has used up its slice, if one has ended meanwhile. */
static airs_turn_t pend(airs_actor_t *actor, const airs_stopwatch_t *watch) {
    airs_turn_t turn = park(actor);
    if (turn == AIRS_TURN_AGAIN && slices_passed(actor, watch, 1)) {
        airs_actor_turn_was_long(actor);
    }
    return turn;
}

airs_turn_t airs_actor_turn(airs_worker_t *worker, airs_actor_t *actor) {
    airs_services_t *services = actor->services;
    actor->worker = worker;
    airs_actor_turn_begins(actor);
    airs_stopwatch_t watch = start_stopwatch(actor);
    airs_progress_t progress = GOES_ON;
    if (actor->clearing != NULL) {
        progress = clear(actor);
    } else if (actor->pending) {
        bool returns = actor->step == AIRS_STEP_RETURN;
        progress = go_on(actor);
        /* So much was one turn as to the room that others wait for, but for one that has waited itself. */
        if (progress == GOES_ON && !returns) {
            airs_passivation_take_turns(actor);
        }
    } else if (actor->at_rest) {
        progress = rise(actor);
    }
    if (progress == GOES_ON) {
        progress = run_batch(actor, &watch);
    }
    switch (progress) {
    case CLEARS:
        airs_actor_turn_was_long(actor); /* so will be the next ones */
        return AIRS_TURN_AGAIN;
    case GOES_ON:
        go_on_with_update(actor);
        airs_passivation_take_turns(actor);
        return AIRS_TURN_AGAIN;
    case PENDS:
        return pend(actor, &watch);
    case DOWN:
        return lie_down(actor);
    case SPARES:
        airs_instance_room_serve(services);
        airs_scheduler_deactivate(services->scheduler, worker);
        return AIRS_TURN_GONE;
    case IDLE:
        airs_scheduler_deactivate(services->scheduler, worker);
        return AIRS_TURN_GONE;
    case ENDED:
        break;
    }
    return AIRS_TURN_GONE;
}

/* ---- on threads from outside ---- */

/* The worker's part, done by an outside thread after a first call that it made itself. */
static void leave(airs_actor_t *actor, airs_progress_t progress) {
    airs_services_t *services = actor->services;
    airs_scheduler_t *scheduler = services->scheduler;
    progress = progress == GOES_ON ? let_rest(actor) : progress;
    if (progress == SPARES) {
        airs_instance_room_serve(services);
    }
    if (progress == SPARES || progress == IDLE) {
        airs_scheduler_deactivate(scheduler, NULL);
    } else if (progress == GOES_ON || progress == CLEARS ||
               (progress == PENDS && park(actor) == AIRS_TURN_AGAIN) ||
               (progress == DOWN && lie_down(actor) == AIRS_TURN_AGAIN)) {
        airs_scheduler_submit(scheduler, NULL, actor);
    }
}

static void run_here(airs_actor_t *actor, airs_progress_t (*begin)(airs_actor_t *actor)) {
    airs_runtime_engine_t *engine = actor->behaviour->uses_engine ? actor->services->engine : NULL;
    actor->worker = NULL;
    if (engine != NULL) {
        engine->ops->activity_begin(engine);
    }
    leave(actor, begin(actor));
    if (engine != NULL) {
        engine->ops->activity_end(engine);
    }
}

void airs_actor_start_here(airs_actor_t *actor) { run_here(actor, begin_start); }

static airs_progress_t begin_stop_drained(airs_actor_t *actor) { return begin_stop(actor, AIRS_END_DRAINED); }

static airs_progress_t begin_stop_dropped(airs_actor_t *actor) { return begin_stop(actor, AIRS_END_DROPPED); }

void airs_actor_stop_here(airs_actor_t *actor, airs_actor_end_t mode) {
    run_here(actor, mode == AIRS_END_DRAINED ? begin_stop_drained : begin_stop_dropped);
}
