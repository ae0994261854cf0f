#include "actor/actor.h"

#include "actor/actor_timers.h"
#include "actor/command_actor.h"
#include "actor/health_monitor.h"
#include "actor/last_failure.h"
#include "actor/passivation.h"
#include "actor/response_router.h"
#include "actor/waiting_senders.h"
#include "core/check.h"

static void park_expired(airs_timer_t *timer) {
    airs_actor_signal(((airs_park_timer_t *)timer)->actor, AIRS_SIGNAL_PARK_EXPIRED);
}

void airs_actor_bound_parking(airs_actor_t *actor, uint64_t max_parked_ms) {
    bool bounded = max_parked_ms > 0 && max_parked_ms < UINT64_MAX / 1000000;
    actor->max_parked_ns = bounded ? max_parked_ms * 1000000 : UINT64_MAX;
}

void airs_actor_init(airs_actor_t *actor, const airs_actor_setup_t *setup) {
    actor->behaviour = setup->behaviour;
    actor->services = setup->services;
    actor->id = setup->id;
    actor->keeper = setup->keeper;
    actor->at_rest = true;
    actor->max_message_bytes = setup->max_message_bytes;
    airs_actor_bound_parking(actor, setup->max_parked_ms);
    actor->block_time_ms = setup->block_time_ms;
    actor->max_requests = setup->max_requests;
    actor->max_timers = setup->max_timers;
    actor->max_subscriptions = setup->max_subscriptions;
    actor->max_deferred = setup->max_deferred;
    actor->max_monitors = setup->max_monitors;
    actor->max_links = setup->max_links;
    airs_token_bucket_init(&actor->messages, setup->max_messages_per_s);
    actor->accepts = setup->accepts;
    actor->started_ns =
        airs_worker_now(airs_scheduler_worker(setup->services->scheduler), setup->services->clock);
    actor->internal = setup->internal;
    actor->park = setup->park;
    if (actor->park != NULL) {
        *actor->park = (airs_park_timer_t){.timer = {.fire = park_expired}, .actor = actor};
    }
    airs_refcount_init(&actor->references);
    atomic_init(&actor->run_state, AIRS_RUN_ON);
    atomic_init(&actor->state, AIRS_ACTOR_CREATED);
    atomic_init(&actor->health, AIRS_HEALTH_UNKNOWN);
    atomic_init(&actor->health_asks, NULL);
    atomic_init(&actor->update, NULL);
    atomic_init(&actor->switched, false);
    airs_mailbox_init(&actor->mailbox, setup->mailbox);
    airs_response_router_attach(setup->services->responses, actor);
}

airs_actor_t *airs_actor_ref(airs_actor_t *actor) {
    airs_refcount_ref(&actor->references);
    return actor;
}

void airs_actor_unref(airs_actor_t *actor) {
    if (actor == NULL || !airs_refcount_unref(&actor->references)) {
        return;
    }
    airs_actor_timers_free(actor);
    airs_health_monitor_free(actor);
    airs_passivation_free(actor);
    airs_last_failure_free(actor);
    airs_release(actor->services->allocator, actor->end_reason);
    while (actor->said != NULL) {
        airs_actor_metadata_t *next = actor->said->next;
        airs_release(actor->services->allocator, actor->said);
        actor->said = next;
    }
    airs_component_id_unref_many(actor->id, UINT64_C(1) + actor->id_credit);
    actor->behaviour->release(actor);
}

bool airs_actor_transition_allowed(airs_actor_state_t from, airs_actor_state_t to) {
    switch (from) {
    case AIRS_ACTOR_CREATED:
        return to == AIRS_ACTOR_STARTING || to == AIRS_ACTOR_STOPPED;
    case AIRS_ACTOR_STARTING:
        return to == AIRS_ACTOR_RUNNING || to == AIRS_ACTOR_STOPPED || to == AIRS_ACTOR_RESTARTING;
    case AIRS_ACTOR_RUNNING:
        return to == AIRS_ACTOR_STOPPING || to == AIRS_ACTOR_STOPPED || to == AIRS_ACTOR_RESTARTING;
    case AIRS_ACTOR_STOPPING:
        return to == AIRS_ACTOR_STOPPED || to == AIRS_ACTOR_RESTARTING;
    case AIRS_ACTOR_RESTARTING:
        return to == AIRS_ACTOR_STARTING || to == AIRS_ACTOR_STOPPED;
    case AIRS_ACTOR_STOPPED:
    case AIRS_ACTOR_PASSIVE: /* which others are told in place of running */
        return false;
    }
    return false;
}

airs_status_t airs_actor_transition(airs_actor_t *actor, airs_actor_state_t to) {
    /* Relaxed: the owner reads what owners wrote. */
    airs_actor_state_t from = (airs_actor_state_t)atomic_load_explicit(&actor->state, memory_order_relaxed);
    if (!airs_actor_transition_allowed(from, to)) {
        return AIRS_INVALID_STATE;
    }
    /* Release: pairs with airs_actor_state. */
    atomic_store_explicit(&actor->state, (uint8_t)to, memory_order_release);
    return AIRS_OK;
}

const char *airs_actor_state_text(airs_actor_state_t state) {
    switch (state) {
    case AIRS_ACTOR_CREATED:
        return "created";
    case AIRS_ACTOR_STARTING:
        return "starting";
    case AIRS_ACTOR_RUNNING:
        return "running";
    case AIRS_ACTOR_STOPPING:
        return "stopping";
    case AIRS_ACTOR_STOPPED:
        return "stopped";
    case AIRS_ACTOR_RESTARTING:
        return "restarting";
    case AIRS_ACTOR_PASSIVE:
        return "passive";
    }
    return "unknown";
}

/* References taken at once. */
#define CREDIT 256

airs_component_id_t *airs_actor_lend_id(airs_actor_t *actor) {
    if (actor->id_credit == 0) {
        airs_component_id_ref_many(actor->id, CREDIT);
        actor->id_credit = CREDIT;
    }
    actor->id_credit--;
    return actor->id;
}

void airs_actor_pay(airs_actor_t *actor) {
    if (actor->owed > 0) {
        airs_component_id_unref_many(actor->owed_id, actor->owed);
        actor->owed = 0;
    }
    actor->owed_id = NULL;
}

void airs_actor_discharge(airs_actor_t *actor, airs_component_message_t *message) {
    if (message->sender != actor->owed_id) {
        airs_actor_pay(actor);
        actor->owed_id = message->sender;
    }
    actor->owed++;
    message->sender = NULL;
    airs_component_message_destroy(message);
}

void airs_actor_after_push(airs_services_t *services, airs_worker_t *worker, airs_actor_t *actor,
                           airs_push_t push) {
    airs_scheduler_t *scheduler = services->scheduler;
    if (push == AIRS_PUSH_CLAIMED) {
        if (worker != NULL) {
            airs_tally_activate(airs_scheduler_tally(scheduler, worker));
        }
        airs_scheduler_submit(scheduler, worker, actor);
    } else if (worker == NULL) {
        airs_scheduler_deactivate(scheduler, NULL);
    }
}

void airs_actor_refuse(airs_actor_t *actor) {
    if (airs_mailbox_refuse(&actor->mailbox)) {
        airs_actor_tell_of_room(actor, airs_scheduler_worker(actor->services->scheduler));
    }
}

/* In line behind what is queued. */
static airs_status_t push_stop(airs_actor_t *actor) {
    airs_services_t *services = actor->services;
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_SYSTEM,
                                  .timestamp_ns = airs_clock_wall(services->clock)};
    airs_component_message_t *message = NULL;
    airs_status_t status = airs_component_message_create(services->pool, &parts, &message);
    if (status != AIRS_OK) {
        return status;
    }
    message->system = AIRS_SYSTEM_STOP;
    airs_actor_refuse(actor);
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_push(&actor->mailbox, message);
    airs_actor_after_push(services, worker, actor, push);
    if (push == AIRS_PUSH_CLOSED) {
        airs_component_message_destroy(message);
    }
    return AIRS_OK;
}

airs_status_t airs_actor_ask_to_stop(airs_actor_t *actor, airs_stop_mode_t mode) {
    if (mode == AIRS_STOP_DRAIN) {
        return push_stop(actor);
    }
    airs_signal_t signal = mode == AIRS_STOP_KILL ? AIRS_SIGNAL_KILL : AIRS_SIGNAL_STOP;
    /* Refused first: whoever obeys the signal looks at it. Told last: whoever waits for room and hears that
     * there will be none finds the stop asked for. */
    bool awaited = airs_mailbox_refuse(&actor->mailbox);
    airs_actor_signal(actor, signal);
    if (awaited) {
        airs_actor_tell_of_room(actor, airs_scheduler_worker(actor->services->scheduler));
    }
    return AIRS_OK;
}

void airs_actor_tell_of_room(airs_actor_t *actor, airs_worker_t *worker) {
    airs_services_t *services = actor->services;
    airs_waiting_senders_admit(services->waiting_senders, actor, worker);
    airs_gate_notify(&services->room);
}

void airs_actor_signal(airs_actor_t *actor, airs_signal_t signal) {
    airs_services_t *services = actor->services;
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_signal(&actor->mailbox, signal);
    if (push == AIRS_PUSH_QUEUED) {
        airs_actor_wake(actor);
    }
    airs_actor_after_push(services, worker, actor, push);
}

void airs_actor_signal_between(airs_actor_t *actor, airs_signal_t signal) {
    airs_services_t *services = actor->services;
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_actor_before_push(services, worker);
    airs_push_t push = airs_mailbox_signal(&actor->mailbox, signal);
    airs_actor_after_push(services, worker, actor, push);
}

void airs_actor_restart(airs_actor_t *actor) {
    /* What its last incarnation did not live to obey is not for the next one, unless it is to end for good. */
    uint32_t stale = airs_mailbox_clear_signals(&actor->mailbox, AIRS_SIGNAL_STOP | AIRS_SIGNAL_KILL);
    if (stale != 0 && airs_mailbox_refuses(&actor->mailbox)) {
        airs_actor_signal(actor, AIRS_SIGNAL_STOP);
    }
    airs_actor_signal(actor, AIRS_SIGNAL_RESTART);
}

static bool has_ended(void *actor) { return airs_actor_state(actor) == AIRS_ACTOR_STOPPED; }

bool airs_actor_await_end(airs_actor_t *actor, uint64_t timeout_ms) {
    airs_services_t *services = actor->services;
    return has_ended(actor) || airs_services_wait(services, &services->lives, has_ended, actor, timeout_ms);
}

void airs_actor_wake(void *context) {
    airs_actor_t *actor = context;
    /* Acquire and release: what the waker wrote is seen by whoever resumes the call, which begins by
     * taking the notice away (airs_actor_turn); and this thread sees what the owner wrote before it
     * parked, if it is to hand the actor on. */
    uint8_t before = atomic_exchange_explicit(&actor->run_state, AIRS_RUN_NOTIFIED, memory_order_acq_rel);
    if (before == AIRS_RUN_PARKED) {
        airs_scheduler_t *scheduler = actor->services->scheduler;
        airs_scheduler_submit(scheduler, airs_scheduler_worker(scheduler), actor);
    }
}

const airs_actor_metadata_t *airs_actor_metadata(airs_actor_t *actor) {
    const airs_actor_metadata_t *metadata = airs_actor_known_metadata(actor);
    if (metadata == NULL && actor->behaviour->describe != NULL &&
        !atomic_exchange_explicit(&actor->metadata_asked, true, memory_order_relaxed)) {
        airs_actor_signal(actor, AIRS_SIGNAL_DESCRIBE);
    }
    return metadata;
}

static bool says(const airs_actor_metadata_t *metadata, const char *name, const char *version) {
    return strcmp(metadata->name, name) == 0 && strcmp(metadata->version, version) == 0;
}

const airs_actor_metadata_t *airs_actor_make_metadata(airs_actor_t *actor, const char *name,
                                                      const char *version) {
    for (const airs_actor_metadata_t *said = actor->said; said != NULL; said = said->next) {
        if (says(said, name, version)) {
            return said;
        }
    }
    size_t name_size = strlen(name) + 1;
    size_t version_size = strlen(version) + 1;
    airs_actor_metadata_t *metadata =
        airs_alloc(actor->services->allocator, sizeof *metadata + name_size + version_size);
    if (metadata == NULL) {
        return NULL;
    }
    char *text = (char *)(metadata + 1);
    memcpy(text, name, name_size);
    memcpy(text + name_size, version, version_size);
    *metadata = (airs_actor_metadata_t){.name = text, .version = text + name_size, .next = actor->said};
    actor->said = metadata;
    return metadata;
}

void airs_actor_show_metadata(airs_actor_t *actor, const airs_actor_metadata_t *metadata) {
    if (metadata == NULL) {
        atomic_store_explicit(&actor->metadata_asked, false, memory_order_relaxed);
    }
    /* Release: pairs with airs_actor_known_metadata. */
    atomic_store_explicit(&actor->metadata, metadata, memory_order_release);
}

void airs_actor_keep_metadata(airs_actor_t *actor, const char *name, const char *version) {
    const airs_actor_metadata_t *metadata = airs_actor_make_metadata(actor, name, version);
    if (metadata != NULL) {
        airs_actor_show_metadata(actor, metadata);
    }
}

const char *airs_actor_name(airs_actor_t *actor, const airs_actor_metadata_t *metadata,
                            char buffer[AIRS_ID_MAX + 1]) {
    if (metadata != NULL) {
        return metadata->name;
    }
    airs_str_t name = airs_component_id_view(actor->id).name;
    memcpy(buffer, name.data, name.size);
    buffer[name.size] = '\0';
    return buffer;
}

static uint64_t relaxed(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static airs_actor_state_t shown_state(airs_actor_t *actor) {
    airs_actor_state_t state = airs_actor_state(actor);
    return state == AIRS_ACTOR_RUNNING && airs_actor_is_passive(actor) ? AIRS_ACTOR_PASSIVE : state;
}

void airs_actor_counters(airs_actor_t *actor, airs_actor_counters_t *out) {
    *out = (airs_actor_counters_t){
        .state = shown_state(actor),
        .received = airs_mailbox_received(&actor->mailbox),
        .handled = relaxed(&actor->handled),
        .errors = relaxed(&actor->errors),
        .sent = relaxed(&actor->sent),
        .refused = relaxed(&actor->mailbox.refused),
        .dropped = relaxed(&actor->dropped) + relaxed(&actor->mailbox.dropped),
        .queued = airs_mailbox_waiting(&actor->mailbox),
        .restarts = relaxed(&actor->restarts),
    };
}

void airs_actor_info(airs_actor_t *actor, airs_actor_texts_t *texts, airs_actor_info_t *out) {
    /* Not asked for what it has not said: to look at actors does not have them run. */
    const airs_actor_metadata_t *metadata = airs_actor_known_metadata(actor);
    *out = (airs_actor_info_t){
        .id = airs_component_id_view(actor->id),
        .native = !actor->behaviour->uses_engine,
        .name = airs_actor_name(actor, metadata, texts->name),
        .version = metadata != NULL ? metadata->version : "",
        .health = airs_health_text(airs_actor_health(actor)),
        .started_ns = actor->started_ns,
        .mailbox_messages = actor->mailbox.limits.messages,
        .mailbox_policy = actor->mailbox.limits.policy,
        .requests = relaxed(&actor->requests.outstanding),
        .deferred = atomic_load_explicit(&actor->deferred_count, memory_order_relaxed),
        .timers = atomic_load_explicit(&actor->timer_count, memory_order_relaxed),
        .subscriptions = atomic_load_explicit(&actor->subscription_count, memory_order_relaxed),
    };
    airs_actor_counters(actor, &out->counters);
    airs_command_actor_times(actor, &out->next_run_ns, &out->ran_ns);
    out->failed_ns = airs_last_failure_copy(actor, &out->failure, texts->failure, sizeof texts->failure);
    out->failure_reason = texts->failure;
}
