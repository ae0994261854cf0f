#include "actor/command_actor.h"

#include <inttypes.h>
#include <stdio.h>

#include "actor/actor_end.h"
#include "actor/actor_timers.h"
#include "actor/actor_update.h"
#include "actor/instance_room.h"

static airs_component_actor_t *component_of(airs_actor_t *actor) { return (airs_component_actor_t *)actor; }

static const airs_runtime_engine_ops_t *ops_of(airs_component_actor_t *self) {
    return self->actor.services->engine->ops;
}

static void show_next(airs_component_actor_t *self, uint64_t due_ns) {
    atomic_store_explicit(&self->next_run_ns, due_ns != UINT64_MAX ? due_ns : 0, memory_order_relaxed);
}

/* It has started when its timer has: the first run is at once. */
static airs_poll_t command_start(airs_actor_t *actor, airs_call_result_t *result) {
    airs_component_actor_t *self = component_of(actor);
    airs_error_t error;
    uint64_t timer = 0;
    error.text[0] = '\0';
    self->phase = PHASE_STARTED;
    airs_status_t status = airs_router_start_timer(actor->services->router, actor, 0, self->code->every_ms,
                                                   airs_bytes(NULL, 0), &timer, &error);
    if (status != AIRS_OK) {
        return airs_component_actor_refuse(self, status, &error, result);
    }
    show_next(self, airs_actor_timers_due(actor, timer));
    *result = (airs_call_result_t){.status = AIRS_OK};
    return AIRS_POLL_DONE;
}

/* The instance is of no use to another run. */
static void drop_instance(airs_component_actor_t *self) {
    ops_of(self)->instance_destroy(self->instance);
    self->instance = NULL;
    self->phase = PHASE_STARTED;
    airs_instance_room_vacate(&self->actor);
}

/* How the actor goes on after a run; without memory for the reason it crashes. */
static airs_status_t end_run(airs_component_actor_t *self, int32_t code, const char *failure) {
    airs_exit_reason_t reason = {.kind = AIRS_REASON_NORMAL, .text = ""};
    if (code == 0 && self->code->every_ms != 0) {
        return AIRS_OK;
    }
    if (code != 0) {
        reason = (airs_exit_reason_t){.kind = AIRS_REASON_ERROR, .text = failure};
        airs_actor_complain(&self->actor, AIRS_LOG_ERROR, false, "the command has failed", AIRS_GUEST_ERROR,
                            failure);
    }
    return airs_actor_exit_for(&self->actor, &reason);
}

/* What its code says; to an update that is on trial a failure is a crash. */
static void conclude_run(airs_component_actor_t *self, airs_call_result_t *result) {
    int32_t code = result->exit_code;
    uint64_t now = airs_clock_wall(self->actor.services->clock);
    atomic_store_explicit(&self->ran_ns, now, memory_order_relaxed);
    drop_instance(self);
    (void)snprintf(self->failure, sizeof self->failure, "the command exited with code %" PRId32, code);
    if (code != 0 && airs_actor_update_catches(&self->actor)) {
        *result = (airs_call_result_t){.status = AIRS_COMMAND_FAILED, .reason = self->failure};
    } else {
        *result = (airs_call_result_t){.status = end_run(self, code, self->failure)};
    }
}

static airs_poll_t advance(airs_component_actor_t *self, airs_poll_t poll, airs_call_result_t *result) {
    if (poll == AIRS_POLL_DONE && result->status == AIRS_OK && self->phase == PHASE_INSTANTIATE) {
        self->phase = PHASE_RUN;
        airs_call_t run = {.kind = AIRS_CALL_RUN};
        poll = airs_component_actor_call(self, &run, result);
    }
    if (poll == AIRS_POLL_DONE && result->status == AIRS_OK) {
        conclude_run(self, result);
    }
    return poll;
}

static airs_poll_t begin_run(airs_component_actor_t *self, airs_call_result_t *result) {
    airs_poll_t poll;
    return airs_component_actor_begin(self, &poll, result) ? advance(self, poll, result) : poll;
}

/* Only its timer's messages come to it. */
static airs_poll_t command_handle(airs_actor_t *actor, const airs_component_message_t *message,
                                  airs_call_result_t *result) {
    airs_component_actor_t *self = component_of(actor);
    if (message->kind != AIRS_MESSAGE_TIMER) {
        *result = (airs_call_result_t){.status = AIRS_GUEST_ERROR, .reason = "a command takes no messages"};
        return AIRS_POLL_DONE;
    }
    show_next(self, airs_actor_timers_due(actor, message->timer_id));
    return begin_run(self, result);
}

/* Between two runs there is nothing to be told. */
static airs_poll_t command_stop(airs_actor_t *actor, airs_call_result_t *result) {
    (void)actor;
    *result = (airs_call_result_t){.status = AIRS_OK};
    return AIRS_POLL_DONE;
}

static airs_poll_t command_resume(airs_actor_t *actor, airs_call_result_t *result) {
    airs_component_actor_t *self = component_of(actor);
    if (actor->step == AIRS_STEP_UPDATE) {
        return airs_actor_update_resume(actor, result);
    }
    if (self->phase == PHASE_AWAIT_ROOM) {
        return begin_run(self, result);
    }
    return advance(self, ops_of(self)->resume(self->instance, result), result);
}

static void command_discard(airs_actor_t *actor) {
    show_next(component_of(actor), UINT64_MAX);
    airs_component_actor_discard(actor);
}

void airs_command_actor_times(airs_actor_t *actor, uint64_t *next_ns, uint64_t *ran_ns) {
    *next_ns = 0;
    *ran_ns = 0;
    if (!airs_actor_is_command(actor)) {
        return;
    }
    airs_component_actor_t *self = component_of(actor);
    uint64_t due = atomic_load_explicit(&self->next_run_ns, memory_order_relaxed);
    *ran_ns = atomic_load_explicit(&self->ran_ns, memory_order_relaxed);
    if (due != 0) {
        uint64_t now = airs_clock_monotonic(actor->services->clock);
        *next_ns = airs_clock_wall(actor->services->clock) + (due > now ? due - now : 0);
    }
}

const airs_behaviour_t *airs_command_actor_behaviour(void) {
    static const airs_behaviour_t behaviour = {
        .uses_engine = true,
        .can_wait = true,
        .start = command_start,
        .handle = command_handle,
        .stop = command_stop,
        .resume = command_resume,
        .overdue = airs_component_actor_overdue,
        .discard = command_discard,
        .release = airs_component_actor_release,
    };
    return &behaviour;
}
