#include "actor/actor_end.h"

#include <stdio.h>

#include "actor/actor_links.h"
#include "actor/actor_system_subscriber.h"
#include "actor/actor_timers.h"
#include "actor/actor_update.h"
#include "actor/component_registry.h"
#include "actor/deferred_replies.h"
#include "actor/health_monitor.h"
#include "actor/last_failure.h"
#include "actor/message_batch.h"
#include "actor/passivation.h"
#include "actor/response_router.h"
#include "actor/waiting_senders.h"
#include "core/backtrace.h"
#include "core/check.h"
#include "core/exit_message.h"

/* Of a backtrace in the log; what is longer ends with its last whole frame. */
#define BACKTRACE_MAX 4096

void airs_actor_complain(airs_actor_t *actor, airs_log_level_t level, bool limited, const char *what,
                         airs_status_t status, const char *reason) {
    airs_log_t *log = actor->services->log;
    uint32_t suppressed = 0;
    if (level < log->level ||
        (limited && !airs_log_limiter_pass(&actor->complaints, airs_clock_monotonic(actor->services->clock),
                                           &suppressed))) {
        return;
    }
    char count[16];
    char backtrace[BACKTRACE_MAX];
    (void)snprintf(count, sizeof count, "%u", suppressed);
    airs_str_t text = airs_str(reason != NULL ? reason : airs_status_text(status));
    size_t traced = airs_backtrace_offset(text);
    airs_log_field_t fields[4] = {{airs_str("status"), airs_str(airs_status_name(status))},
                                  {airs_str("reason"), airs_str_n(text.data, traced)}};
    size_t field_count = 2;
    if (traced < text.size) {
        airs_str_t frames = airs_str_n(text.data + traced, text.size - traced);
        fields[field_count++] = (airs_log_field_t){
            airs_str("backtrace"), airs_backtrace_on_one_line(frames, backtrace, sizeof backtrace)};
    }
    if (suppressed > 0) {
        fields[field_count++] = (airs_log_field_t){airs_str("suppressed"), airs_str(count)};
    }
    airs_log_record_t record = {
        .level = level,
        .source = airs_str(airs_component_id_text(actor->id)),
        .message = airs_str(what),
        .fields = fields,
        .field_count = field_count,
    };
    log->write(log, &record);
}

void airs_actor_drop(airs_actor_t *actor, airs_component_message_t *message) {
    airs_count(&actor->dropped, 1);
    airs_tally_t *tally = airs_actor_tally(actor);
    airs_tally_add(tally, &tally->dropped, 1);
    airs_component_message_destroy(message);
}

static void bury(airs_actor_t *actor, airs_component_message_t *message, airs_dead_letter_reason_t reason,
                 const char *detail) {
    uint64_t now = airs_worker_now(actor->worker, actor->services->clock);
    airs_dead_letters_put(actor->services->dead_letters, reason, detail, actor->id, message, now);
}

/* Has it been started so far that a failure is no longer that of its first start? */
static bool has_lived(airs_actor_t *actor) {
    return airs_actor_state(actor) != AIRS_ACTOR_STARTING ||
           atomic_load_explicit(&actor->restarts, memory_order_relaxed) > 0;
}

/* What there can be another incarnation of. */
static bool outlives_it(airs_actor_t *actor) {
    return actor->keeper != NULL && has_lived(actor) && !airs_mailbox_refuses(&actor->mailbox);
}

/* The message whose call did not come to its end. */
static void end_in_hand(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status, const char *reason) {
    airs_component_message_t *message = actor->in_hand;
    if (message == NULL) {
        return;
    }
    actor->in_hand = NULL;
    if (message->kind == AIRS_MESSAGE_REQUEST && !actor->answered) {
        bool crashed = end == AIRS_END_CRASHED;
        airs_response_router_leave(actor->services->responses, actor, &message->correlation,
                                   crashed ? status : AIRS_STOPPED, crashed ? reason : NULL);
    }
    if (end == AIRS_END_CRASHED || end == AIRS_END_LINKED || outlives_it(actor)) {
        bury(actor, message, AIRS_DEAD_LETTER_CRASHED, reason != NULL ? reason : airs_status_text(status));
    } else {
        airs_actor_drop(actor, message);
    }
}

/* A message that was still waiting. */
static void end_waiting(airs_actor_t *actor, airs_actor_end_t end, airs_component_message_t *message) {
    if (message->kind == AIRS_MESSAGE_SYSTEM) {
        airs_component_message_destroy(message);
        return;
    }
    if (message->kind == AIRS_MESSAGE_REQUEST) {
        airs_response_router_leave(actor->services->responses, actor, &message->correlation, AIRS_STOPPED,
                                   NULL);
    }
    bool callback = airs_component_message_is_callback(message);
    if (callback) {
        airs_response_router_settle(actor);
    }
    bool ends_with_it = callback || message->kind == AIRS_MESSAGE_TIMER ||
                        airs_component_message_is_end(message);
    if (ends_with_it || end == AIRS_END_DROPPED || end == AIRS_END_KILLED) {
        airs_actor_drop(actor, message);
        return;
    }
    /* A drop to the actor's own counters, a dead letter to the system's. */
    airs_count(&actor->dropped, 1);
    bury(actor, message, end == AIRS_END_DRAINED ? AIRS_DEAD_LETTER_STOPPED : AIRS_DEAD_LETTER_RECEIVER_ENDED,
         NULL);
}

/* NULL is no reason, of the others the first `size` bytes are. False: no memory for it. */
static bool set_reason(airs_actor_t *actor, const char *reason, size_t size) {
    const airs_allocator_t *allocator = actor->services->allocator;
    char *copy = reason != NULL ? airs_alloc(allocator, size + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, reason, size);
        copy[size] = '\0';
    }
    airs_release(allocator, actor->end_reason);
    actor->end_reason = copy;
    return copy != NULL || reason == NULL;
}

static airs_reason_kind_t kind_of(const airs_actor_t *actor, airs_actor_end_t end, airs_status_t status) {
    if (end == AIRS_END_KILLED) {
        return AIRS_REASON_KILLED;
    }
    if (end == AIRS_END_LINKED) {
        return (airs_reason_kind_t)actor->end_kind;
    }
    if (end == AIRS_END_CRASHED || status != AIRS_OK) {
        return airs_reason_of_status(status);
    }
    return actor->exiting ? (airs_reason_kind_t)actor->end_kind : AIRS_REASON_SHUTDOWN;
}

static void keep_reason(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status, const char *reason) {
    actor->end_kind = (uint8_t)kind_of(actor, end, status);
    actor->end_status = status;
    /* One that exits has said why. */
    if (status != AIRS_OK || !actor->exiting) {
        const char *why = status != AIRS_OK ? reason : NULL;
        (void)set_reason(actor, why, why != NULL ? strlen(why) : 0);
    }
}

airs_status_t airs_actor_exit_for(airs_actor_t *actor, const airs_exit_reason_t *reason) {
    if ((unsigned)reason->kind >= AIRS_REASON_NO_ACTOR) {
        return AIRS_INVALID_ARGUMENT;
    }
    if (airs_actor_state(actor) == AIRS_ACTOR_STOPPING) {
        return AIRS_INVALID_STATE;
    }
    const char *text = airs_reason_has_text(reason->kind) ? reason->text : NULL;
    if (!set_reason(actor, text, text != NULL ? airs_reason_text_size(text) : 0)) {
        return AIRS_OUT_OF_MEMORY;
    }
    actor->exiting = true;
    actor->end_kind = (uint8_t)reason->kind;
    return AIRS_OK;
}

airs_exit_reason_t airs_actor_reason(const airs_actor_t *actor) {
    airs_exit_reason_t reason = {.kind = (airs_reason_kind_t)actor->end_kind, .text = ""};
    if (airs_reason_has_text(reason.kind)) {
        const char *status = actor->end_status != AIRS_OK ? airs_status_text(actor->end_status) : "";
        reason.text = actor->end_reason != NULL ? actor->end_reason : status;
    }
    return reason;
}

/* `recedes`: the next one goes back to the component before an update. */
static void end_incarnation(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status,
                            const char *reason, bool recedes) {
    airs_services_t *services = actor->services;
    bool crashed = end == AIRS_END_CRASHED;
    airs_waiting_senders_withdraw(services->waiting_senders, actor);
    airs_actor_pay(actor);
    keep_reason(actor, end, status, reason);
    airs_message_batch_drop(actor);
    end_in_hand(actor, end, status, reason);
    if (recedes) {
        airs_actor_update_end_own(actor, crashed ? status : AIRS_STOPPED, reason);
    } else {
        airs_deferred_replies_end(actor, crashed ? status : AIRS_STOPPED, crashed ? reason : NULL);
        airs_actor_timers_end(actor);
    }
    airs_health_monitor_end(actor, status);
    airs_passivation_end(actor);
    actor->behaviour->discard(actor); /* `reason` is gone with it */
}

static void end_actor(airs_actor_t *actor, airs_actor_end_t end, const airs_exit_reason_t *reason) {
    airs_services_t *services = actor->services;
    airs_worker_t *worker = actor->worker;
    if (!actor->internal) {
        airs_component_registry_remove(services->registry, actor);
    }
    airs_component_message_t *message = airs_mailbox_close(&actor->mailbox);
    if (airs_mailbox_refuse(&actor->mailbox)) {
        airs_actor_tell_of_room(actor, worker);
    }
    airs_health_monitor_close(actor);
    airs_subscription_service_end(airs_actor_system_subscriber_service(services->subscriber), actor);
    while (message != NULL) {
        airs_component_message_t *next = atomic_load_explicit(&message->next, memory_order_relaxed);
        end_waiting(actor, end, message);
        message = next;
    }
    airs_response_router_cancel_all(services->responses, actor);
    airs_actor_links_end(actor, reason);
    if (actor->behaviour->retire != NULL) {
        actor->behaviour->retire(actor);
    }
    AIRS_ASSERT(airs_actor_transition(actor, AIRS_ACTOR_STOPPED) == AIRS_OK);
    airs_gate_notify(&services->lives);
    airs_actor_update_gone(actor);
    if (actor->keeper != NULL) {
        actor->keeper->tell(actor->keeper, AIRS_LIFE_GONE, (airs_reason_kind_t)actor->end_kind);
    }
    if (!actor->internal) {
        airs_services_tell_if_empty(services);
    }
    airs_actor_unref(actor);
    airs_scheduler_deactivate(services->scheduler, worker);
}

void airs_actor_recede(airs_actor_t *actor, airs_status_t status, const char *reason) {
    end_incarnation(actor, status != AIRS_OK ? AIRS_END_CRASHED : AIRS_END_DROPPED, status, reason, true);
    (void)airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_PARK_EXPIRED);
    if (status != AIRS_OK) {
        airs_exit_reason_t why = airs_actor_reason(actor);
        airs_last_failure_keep(actor);
        airs_actor_links_end(actor, &why);
    }
    actor->at_rest = true;
    AIRS_ASSERT(airs_actor_transition(actor, AIRS_ACTOR_RESTARTING) == AIRS_OK);
    airs_actor_update_receded(actor, status, actor->end_reason);
    airs_actor_signal(actor, AIRS_SIGNAL_RESTART);
}

/* By the update that it is on trial for. */
static bool is_taken_back(airs_actor_t *actor) {
    return airs_actor_update_catches(actor) && airs_actor_state(actor) != AIRS_ACTOR_STOPPING &&
           !airs_mailbox_refuses(&actor->mailbox);
}

bool airs_actor_finish(airs_actor_t *actor, airs_actor_end_t end, airs_status_t status, const char *reason) {
    airs_services_t *services = actor->services;
    AIRS_ASSERT(!actor->park_armed);
    if (end == AIRS_END_CRASHED && has_lived(actor)) {
        atomic_fetch_add_explicit(&services->crashed, 1, memory_order_relaxed);
        airs_actor_complain(actor, AIRS_LOG_ERROR, false, "the actor has crashed", status, reason);
    }
    if (end == AIRS_END_CRASHED && is_taken_back(actor)) {
        airs_actor_recede(actor, status, reason);
        return false;
    }
    if (!outlives_it(actor)) {
        (void)airs_mailbox_refuse(&actor->mailbox);
    }
    end_incarnation(actor, end, status, reason, false);
    /* Cleared first: an end for good that is asked for meanwhile is seen by its refusal, or later by its signal. */
    (void)airs_mailbox_clear_signals(&actor->mailbox,
                                     AIRS_SIGNAL_KILL | AIRS_SIGNAL_STOP | AIRS_SIGNAL_PARK_EXPIRED);
    airs_exit_reason_t why = airs_actor_reason(actor);
    if (!outlives_it(actor)) {
        end_actor(actor, end, &why);
        return true;
    }
    airs_response_router_cancel_all(services->responses, actor);
    airs_last_failure_keep(actor);
    airs_actor_links_end(actor, &why);
    airs_actor_update_lost(actor);
    actor->at_rest = true;
    AIRS_ASSERT(airs_actor_transition(actor, AIRS_ACTOR_RESTARTING) == AIRS_OK);
    actor->keeper->tell(actor->keeper, AIRS_LIFE_DOWN, (airs_reason_kind_t)actor->end_kind);
    return false;
}

void airs_actor_give_up(airs_actor_t *actor, airs_actor_end_t end) {
    /* Who asked after it since its last incarnation waits for one that will not come. */
    static const airs_exit_reason_t nobody = {.kind = AIRS_REASON_NO_ACTOR, .text = ""};
    end_actor(actor, end, &nobody);
}
