#include "actor/component_spawner.h"

#include "actor/actor_end.h"
#include "actor/actor_links.h"
#include "actor/actor_spec.h"
#include "actor/actor_system_subscriber.h"
#include "actor/component_actor.h"
#include "actor/component_registry.h"
#include "actor/health_monitor.h"
#include "actor/host_caller.h"
#include "actor/native_actor.h"
#include "actor/passivation.h"
#include "core/check.h"
#include "core/topic.h"

static const airs_codecs_t all_codecs = 0
#define OR_CODEC(name, bit, code, text) | AIRS_CODEC_##name
    AIRS_CODEC_MAP(OR_CODEC)
#undef OR_CODEC
    ;

static airs_status_t check_mailbox(const airs_actor_spec_t *spec, airs_error_t *error) {
    if ((unsigned)spec->mailbox_policy > AIRS_MAILBOX_BLOCK) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no mailbox policy %d",
                              (int)spec->mailbox_policy);
    }
    if (spec->mailbox_messages > AIRS_MAILBOX_MESSAGES_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a mailbox of %u messages: at most %u are possible", spec->mailbox_messages,
                              AIRS_MAILBOX_MESSAGES_MAX);
    }
    if (spec->mailbox_bytes > AIRS_MAILBOX_BYTES_MAX) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT, "a mailbox of %llu bytes: at most %llu are possible",
            (unsigned long long)spec->mailbox_bytes, (unsigned long long)AIRS_MAILBOX_BYTES_MAX);
    }
    return AIRS_OK;
}

static airs_status_t check_messaging(const airs_actor_spec_t *spec, airs_error_t *error) {
    if ((spec->accepts & ~all_codecs) != 0) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "accepts has bits that stand for no codec: 0x%x",
                              spec->accepts & ~all_codecs);
    }
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < spec->subscription_count && status == AIRS_OK; i++) {
        status = airs_topic_check_pattern(airs_str(spec->subscriptions[i]), error);
    }
    return status;
}

static airs_status_t check(const airs_spawn_t *spawn, const airs_actor_spec_t *spec, bool internal,
                           airs_error_t *error) {
    if (spawn->native != NULL && spawn->native->handle == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a native actor needs a handle function");
    }
    if (spawn->id.instance.size == 0 || airs_str_equal(spawn->id.instance, airs_str("*"))) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "an actor's instance is neither empty nor \"*\": those name groups");
    }
    if (!internal && airs_id_equal(spawn->id, AIRS_HOST_ID)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "airssys/host/0 is the program around the node");
    }
    airs_status_t status = check_mailbox(spec, error);
    return status == AIRS_OK ? check_messaging(spec, error) : status;
}

static airs_actor_t *make(airs_services_t *services, const airs_spawn_t *spawn, const airs_actor_spec_t *spec,
                          airs_component_id_t *id, bool internal, airs_keeper_t *keeper) {
    airs_actor_setup_t setup = {
        .services = services,
        .id = id,
        .mailbox = {.messages = spec->mailbox_messages,
                    .policy = spec->mailbox_policy,
                    .bytes = spec->mailbox_bytes},
        .max_message_bytes = spec->max_message_bytes,
        .max_parked_ms = spec->limits.max_parked_time_ms,
        .block_time_ms = spec->block_time_ms,
        .max_requests = spec->max_requests,
        .max_timers = spec->max_timers,
        .max_subscriptions = spec->max_subscriptions,
        .max_deferred = spec->max_deferred,
        .max_monitors = spec->max_monitors,
        .max_links = spec->max_links,
        .max_messages_per_s = spec->max_messages_per_s,
        .accepts = spec->accepts,
        .keeper = keeper,
        .internal = internal,
    };
    return spawn->native != NULL ? airs_native_actor_create(&setup, spawn->native, spawn->state)
                                 : airs_component_actor_create(&setup, spawn->component, spec);
}

/* Nothing has been made of it yet: the state is the actor's all the same. */
static void discard_state(const airs_spawn_t *spawn) {
    if (spawn->native != NULL && spawn->native->destroy != NULL) {
        spawn->native->destroy(spawn->state);
    }
}

/* It was never started. */
static void discard(airs_actor_t *actor) {
    actor->behaviour->discard(actor);
    if (actor->behaviour->retire != NULL) {
        actor->behaviour->retire(actor);
    }
}

static airs_status_t watch_health(airs_actor_t *actor, const airs_actor_spec_t *spec) {
    if (spec->health_interval_ms == 0 || actor->behaviour->health == NULL) {
        return AIRS_OK;
    }
    airs_health_settings_t settings = {.interval_ms = spec->health_interval_ms,
                                       .timeout_ms = spec->health_timeout_ms,
                                       .unhealthy_after = spec->unhealthy_after};
    return airs_health_monitor_attach(actor, &settings);
}

static airs_status_t allow_passivation(airs_actor_t *actor, const airs_actor_spec_t *spec) {
    if (!spec->stateless || spec->record_bytes > 0 || actor->behaviour->passivate == NULL) {
        return AIRS_OK;
    }
    return airs_passivation_attach(actor, spec->passivate_after_ms);
}

/* A created actor with a reference besides its own for the caller. */
static airs_status_t create(airs_services_t *services, const airs_spawn_t *spawn,
                            const airs_actor_spec_t *spec, bool internal, airs_keeper_t *keeper,
                            airs_actor_t **out, airs_error_t *error) {
    airs_component_id_t *id = NULL;
    airs_status_t status = check(spawn, spec, internal, error);
    if (status == AIRS_OK) {
        status = airs_component_id_create(services->allocator, spawn->id, &id, error);
    }
    airs_actor_t *actor = status == AIRS_OK ? make(services, spawn, spec, id, internal, keeper) : NULL;
    if (actor == NULL) {
        airs_component_id_unref(id);
        discard_state(spawn);
        return status != AIRS_OK ? status : AIRS_OUT_OF_MEMORY;
    }
    status = watch_health(actor, spec);
    if (status == AIRS_OK) {
        status = allow_passivation(actor, spec);
    }
    if (status != AIRS_OK) {
        discard(actor);
        airs_actor_unref(actor);
        return status;
    }
    *out = airs_actor_ref(actor);
    return AIRS_OK;
}

static airs_status_t subscribe(airs_actor_t *actor, const airs_actor_spec_t *spec, airs_error_t *error) {
    airs_services_t *services = actor->services;
    airs_subscription_service_t *service = airs_actor_system_subscriber_service(services->subscriber);
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < spec->subscription_count && status == AIRS_OK; i++) {
        status = airs_subscription_service_subscribe(service, actor, airs_str(spec->subscriptions[i]), error);
    }
    if (status != AIRS_OK) {
        /* It is known to others, who may have sent it something. */
        actor->keeper = NULL; /* who hears of it from the caller */
        AIRS_ASSERT(airs_actor_finish(actor, AIRS_END_DROPPED, status, NULL));
    }
    return status;
}

static airs_status_t tie_up(airs_actor_t *actor, airs_spawn_tie_t *tie, airs_error_t *error) {
    if (!tie->link && !tie->monitor) {
        return AIRS_OK;
    }
    return airs_actor_links_tie(tie->parent, actor, tie->link, tie->monitor, &tie->number, error);
}

static bool has_started_or_ended(void *context) {
    airs_actor_state_t state = airs_actor_state(context);
    return state != AIRS_ACTOR_CREATED && state != AIRS_ACTOR_STARTING;
}

/* It has ended; did it start before that? A native actor may end itself in its very start. */
static airs_status_t status_of(airs_actor_t *actor, airs_error_t *error) {
    if (airs_actor_state(actor) != AIRS_ACTOR_STOPPED || actor->end_status == AIRS_OK) {
        return AIRS_OK;
    }
    const char *reason = actor->end_reason != NULL ? actor->end_reason : airs_status_text(actor->end_status);
    return airs_error_set(error, actor->end_status, "%s: %s", airs_component_id_text(actor->id), reason);
}

static void explain_refusal(const airs_spawn_t *spawn, airs_status_t status, airs_error_t *error) {
    if (status == AIRS_ALREADY_EXISTS) {
        (void)airs_error_set(error, status, "%.*s/%.*s/%.*s already exists", AIRS_STR_ARG(spawn->id.ns),
                             AIRS_STR_ARG(spawn->id.name), AIRS_STR_ARG(spawn->id.instance));
    } else if (status == AIRS_QUOTA_EXCEEDED) {
        (void)airs_error_set(error, status, "%.*s/%.*s has %u instances, as many as it may",
                             AIRS_STR_ARG(spawn->id.ns), AIRS_STR_ARG(spawn->id.name), spawn->max_instances);
    }
}

/* A created, registered and subscribed actor, with a reference for the caller. */
static airs_status_t settle_in(airs_services_t *services, const airs_spawn_t *spawn,
                               const airs_actor_spec_t *spec, airs_keeper_t *keeper, airs_actor_t **out,
                               airs_error_t *error) {
    airs_actor_t *actor = NULL;
    airs_status_t status = create(services, spawn, spec, false, keeper, &actor, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_worker_t *worker = airs_scheduler_worker(services->scheduler);
    airs_tally_activate(airs_scheduler_tally(services->scheduler, worker));
    status = airs_component_registry_insert_bounded(services->registry, actor, spawn->max_instances);
    if (status != AIRS_OK) {
        airs_scheduler_deactivate(services->scheduler, worker);
        explain_refusal(spawn, status, error);
        discard(actor);
        airs_actor_unref(actor); /* its own */
        airs_actor_unref(actor);
        return status;
    }
    status = subscribe(actor, spec, error);
    if (status != AIRS_OK) {
        airs_actor_unref(actor);
        return status;
    }
    *out = actor;
    return AIRS_OK;
}

airs_status_t airs_component_spawner_spawn_kept(airs_services_t *services, const airs_spawn_t *spawn,
                                                airs_keeper_t *keeper, airs_worker_t *worker,
                                                airs_actor_t **out, airs_error_t *error) {
    airs_status_t status = settle_in(services, spawn, spawn->spec, keeper, out, error);
    if (status == AIRS_OK) {
        airs_scheduler_submit(services->scheduler, worker, *out);
    }
    return status;
}

void airs_component_spawner_start(airs_actor_t *actor, airs_worker_t *worker) {
    airs_scheduler_submit(actor->services->scheduler, worker, actor);
}

void airs_component_spawner_abandon(airs_actor_t *actor, airs_worker_t *worker, airs_status_t status,
                                    const char *reason) {
    actor->worker = worker;
    actor->keeper = NULL;
    AIRS_ASSERT(airs_actor_finish(actor, AIRS_END_DROPPED, status, reason));
}

airs_status_t airs_component_spawner_prepare(airs_services_t *services, const airs_spawn_t *spawn,
                                             airs_keeper_t *keeper, airs_spawn_tie_t *tie, airs_actor_t **out,
                                             airs_error_t *error) {
    /* Relaxed: who is about to spawn at the moment at which the stop begins may come before it. */
    if (atomic_load_explicit(&services->stopping, memory_order_relaxed) != 0) {
        discard_state(spawn);
        return airs_error_set(error, AIRS_STOPPED, "the node is being stopped");
    }
    airs_actor_t *actor = NULL;
    airs_status_t status = settle_in(services, spawn, spawn->spec, keeper, &actor, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = tie_up(actor, tie, error);
    if (status != AIRS_OK) {
        /* Others may have found it. */
        airs_component_spawner_abandon(actor, tie->parent->worker, status, NULL);
        airs_actor_unref(actor);
        return status;
    }
    *out = actor;
    return AIRS_OK;
}

airs_status_t airs_component_spawner_spawn(airs_services_t *services, const airs_spawn_t *spawn,
                                           airs_error_t *error) {
    airs_actor_spec_t spec = airs_actor_spec_complete(spawn->spec);
    airs_actor_t *actor = NULL;
    airs_status_t status = settle_in(services, spawn, &spec, NULL, &actor, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_actor_start_here(actor);
    if (!has_started_or_ended(actor) &&
        !airs_services_wait(services, &services->lives, has_started_or_ended, actor, UINT64_MAX)) {
        /* Only a stepped system gives up: nothing can run any more. The spec must not be used after this. */
        airs_actor_signal(actor, AIRS_SIGNAL_KILL);
        (void)airs_services_wait(services, &services->lives, has_started_or_ended, actor, UINT64_MAX);
        airs_actor_unref(actor);
        return airs_error_set(error, AIRS_TIMEOUT, "initialize waits for what does not come");
    }
    status = status_of(actor, error);
    airs_actor_unref(actor);
    return status;
}

airs_status_t airs_component_spawner_spawn_internal(airs_services_t *services, const airs_spawn_t *spawn,
                                                    airs_actor_t **out) {
    airs_actor_spec_t spec = airs_actor_spec_complete(spawn->spec);
    airs_status_t status = create(services, spawn, &spec, true, NULL, out, NULL);
    if (status == AIRS_OK) {
        airs_actor_before_push(services, NULL);
        airs_actor_start_here(*out);
    }
    return status;
}
