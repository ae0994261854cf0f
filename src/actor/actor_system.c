#include "actor/actor_system.h"

#include "actor/actor_links.h"
#include "actor/actor_system_subscriber.h"
#include "actor/component_registry.h"
#include "actor/component_spawner.h"
#include "actor/component_templates.h"
#include "actor/cpu_count.h"
#include "actor/host_caller.h"
#include "actor/host_monitors.h"
#include "actor/host_subscriptions.h"
#include "actor/instance_room.h"
#include "actor/message_broker.h"
#include "actor/passivation.h"
#include "actor/response_router.h"
#include "actor/supervisor.h"
#include "actor/timer_wheel.h"
#include "actor/updater.h"
#include "actor/waiting_senders.h"
#include "core/deadline.h"

/* How long stop_all at the end takes, and what it gives each actor when that is used up: one that does not
 * end must not cost the others their shutdown call. */
#define LAST_STOP_MS 10000
#define LEAST_STOP_MS 10
/* How long a stop waits for an actor it has killed: a guest gives way at the end of its slice. */
#define KILL_MS 1000
#define DEAD_LETTERS 1000
#define DEAD_LETTER_BYTES ((size_t)16 << 20)

struct airs_actor_system {
    airs_services_t services;
    airs_timer_wheel_t *timers;
    airs_message_broker_t *broker;
    airs_host_caller_t *host;
    airs_host_subscriptions_t subscriptions;
    airs_host_monitors_t monitors;
    bool owns_pool;
    bool has_gates;
};

/* ---- beginning and end ---- */

static airs_status_t take_options(airs_actor_system_t *system, const airs_actor_system_options_t *options,
                                  airs_error_t *error) {
    if (options->engine == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "an actor system needs an engine");
    }
    airs_services_t *services = &system->services;
    services->engine = options->engine;
    services->clock = options->clock != NULL ? options->clock : airs_clock_system();
    services->random = options->random != NULL ? options->random : airs_random_system();
    services->log = options->log != NULL ? options->log : airs_log_none();
    services->storage = options->storage;
    services->crashes = options->crashes;
    services->authority = options->authority;
    services->pool = options->pool;
    services->stepped = options->stepped;
    services->idle = options->idle;
    services->idle_context = options->idle_context;
    return AIRS_OK;
}

static airs_status_t make_gates(airs_actor_system_t *system) {
    if (airs_gate_init(&system->services.lives) != AIRS_OK) {
        return AIRS_OUT_OF_MEMORY;
    }
    if (airs_gate_init(&system->services.room) != AIRS_OK) {
        airs_gate_destroy(&system->services.lives);
        return AIRS_OUT_OF_MEMORY;
    }
    system->has_gates = true;
    return AIRS_OK;
}

static airs_status_t make_pool(airs_actor_system_t *system) {
    if (system->services.pool != NULL) {
        return AIRS_OK;
    }
    airs_status_t status = airs_block_pool_create(system->services.allocator, &system->services.pool);
    system->owns_pool = status == AIRS_OK;
    return status;
}

/* A worker is on a core; the timers' thread may have to wait for one. */
static void help_with_timers(void *timers) { (void)airs_timer_wheel_help(timers); }

static airs_status_t make_scheduler(airs_actor_system_t *system, const airs_actor_system_options_t *options) {
    airs_services_t *services = &system->services;
    airs_scheduler_options_t scheduler = {
        .allocator = services->allocator,
        .engine = services->engine,
        .clock = services->clock,
        .random = services->random,
        .workers = options->workers > 0 ? options->workers : airs_cpu_count(),
        .stepped = options->stepped,
        .run = airs_actor_turn,
        .between = help_with_timers,
        .context = system->timers,
    };
    return airs_scheduler_create(&scheduler, &services->scheduler);
}

/* In the order in which they need each other. */
static airs_status_t make_parts(airs_actor_system_t *system, const airs_actor_system_options_t *options) {
    airs_services_t *services = &system->services;
    const airs_allocator_t *allocator = services->allocator;
    size_t letters = options->dead_letters > 0 ? options->dead_letters : DEAD_LETTERS;
    size_t bytes = options->dead_letter_bytes > 0 ? options->dead_letter_bytes : DEAD_LETTER_BYTES;
    airs_status_t status = make_gates(system);
    if (status == AIRS_OK) {
        status = make_pool(system);
    }
    if (status == AIRS_OK) {
        status = airs_timer_wheel_create(allocator, services->clock, !options->stepped, &system->timers);
    }
    if (status == AIRS_OK) {
        services->timers = airs_timer_wheel_service(system->timers);
        status = airs_dead_letters_create(allocator, letters, bytes, &services->dead_letters);
    }
    if (status == AIRS_OK) {
        status = airs_component_registry_create(allocator, services->random, &services->registry);
    }
    if (status == AIRS_OK) {
        status = airs_response_router_create(services, &services->responses);
    }
    if (status == AIRS_OK) {
        status = airs_actor_links_create(services, &services->links);
    }
    if (status == AIRS_OK) {
        status = airs_component_templates_create(services, &services->templates);
    }
    if (status == AIRS_OK) {
        status = airs_waiting_senders_create(services, &services->waiting_senders);
    }
    if (status == AIRS_OK) {
        status = airs_passivation_create(services, &services->passivation);
    }
    if (status == AIRS_OK) {
        status = airs_instance_room_create(services, &services->instance_room);
    }
    if (status == AIRS_OK) {
        status = airs_actor_system_subscriber_create(services, &services->subscriber);
    }
    if (status == AIRS_OK) {
        status = airs_message_broker_create(services, &system->broker);
    }
    if (status == AIRS_OK) {
        services->router = airs_message_broker_router(system->broker);
        status = make_scheduler(system, options);
    }
    if (status == AIRS_OK) {
        status = airs_host_caller_create(services, &system->host);
    }
    if (status == AIRS_OK) {
        status = airs_supervisors_create(services, &services->supervisors);
    }
    if (status == AIRS_OK) {
        status = airs_updater_create(services, &services->updater);
    }
    return status;
}

airs_status_t airs_actor_system_create(const airs_actor_system_options_t *options, airs_actor_system_t **out,
                                       airs_error_t *error) {
    const airs_allocator_t *allocator = options->allocator != NULL ? options->allocator
                                                                   : airs_allocator_default();
    airs_actor_system_t *system = airs_alloc_zeroed(allocator, sizeof *system);
    if (system == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "out of memory");
    }
    system->services.allocator = allocator;
    airs_host_subscriptions_init(&system->subscriptions, &system->services);
    airs_host_monitors_init(&system->monitors, &system->services);
    airs_status_t status = take_options(system, options, error);
    if (status == AIRS_OK) {
        status = make_parts(system, options);
        if (status != AIRS_OK) {
            airs_error_set(error, status, "the actor system cannot be started: %s", airs_status_text(status));
        }
    }
    if (status != AIRS_OK) {
        airs_actor_system_destroy(system);
        return status;
    }
    *out = system;
    return AIRS_OK;
}

void airs_actor_system_destroy(airs_actor_system_t *system) {
    if (system == NULL) {
        return;
    }
    airs_services_t *services = &system->services;
    if (services->registry != NULL) {
        airs_actor_system_stop_all(system, AIRS_STOP_DROP, LAST_STOP_MS);
    }
    airs_host_monitors_free(&system->monitors);
    airs_host_subscriptions_free(&system->subscriptions);
    airs_actor_system_subscriber_stop(services->subscriber);
    airs_supervisors_destroy(services->supervisors);
    airs_updater_destroy(services->updater);
    airs_host_caller_destroy(system->host);
    /* The last request may have ended by its deadline, in a callback that is not over yet. */
    airs_timer_wheel_stop(system->timers);
    airs_scheduler_destroy(services->scheduler);
    airs_message_broker_destroy(system->broker);
    airs_actor_system_subscriber_destroy(services->subscriber);
    airs_instance_room_destroy(services->instance_room);
    airs_passivation_destroy(services->passivation);
    airs_waiting_senders_destroy(services->waiting_senders);
    airs_component_templates_destroy(services->templates);
    airs_actor_links_destroy(services->links);
    airs_response_router_destroy(services->responses);
    airs_component_registry_destroy(services->registry);
    airs_dead_letters_destroy(services->dead_letters);
    airs_timer_wheel_destroy(system->timers);
    if (system->owns_pool) {
        airs_block_pool_destroy(services->pool);
    }
    if (system->has_gates) {
        airs_gate_destroy(&services->room);
        airs_gate_destroy(&services->lives);
    }
    airs_release(services->allocator, system);
}

void airs_actor_system_on_empty(airs_actor_system_t *system, void (*emptied)(void *context), void *context) {
    system->services.emptied = emptied;
    system->services.emptied_context = context;
}

/* ---- spawning ---- */

airs_status_t airs_actor_system_spawn_component(airs_actor_system_t *system,
                                                airs_component_handle_t component, airs_id_t id,
                                                const airs_actor_spec_t *spec, airs_error_t *error) {
    airs_spawn_t spawn = {.component = component, .id = id, .spec = spec};
    return airs_component_spawner_spawn(&system->services, &spawn, error);
}

airs_status_t airs_actor_system_spawn_native(airs_actor_system_t *system, const airs_native_t *native,
                                             void *state, airs_id_t id, const airs_actor_spec_t *spec,
                                             airs_error_t *error) {
    airs_spawn_t spawn = {.native = native, .state = state, .id = id, .spec = spec};
    return airs_component_spawner_spawn(&system->services, &spawn, error);
}

airs_status_t airs_actor_system_start_supervisor(airs_actor_system_t *system,
                                                 const airs_supervisor_spec_t *spec, airs_supervisor_t **out,
                                                 airs_error_t *error) {
    return airs_supervisor_start(&system->services, spec, out, error);
}

void airs_actor_system_supervisors(airs_actor_system_t *system,
                                   bool (*each)(void *context, const airs_child_info_t *info),
                                   void *context) {
    airs_supervisors_list(system->services.supervisors, each, context);
}

airs_status_t airs_actor_system_update(airs_actor_system_t *system, const airs_actor_update_t *update,
                                       airs_error_t *error) {
    return airs_updater_run(system->services.updater, update, error);
}

airs_status_t airs_actor_system_offer_component(airs_actor_system_t *system, airs_id_t id,
                                                airs_component_handle_t component,
                                                const airs_actor_spec_t *spec, airs_error_t *error) {
    return airs_component_templates_offer(system->services.templates, id, component, spec, error);
}

airs_status_t airs_actor_system_change_component(airs_actor_system_t *system, airs_id_t id,
                                                 airs_component_handle_t component) {
    return airs_component_templates_change(system->services.templates, id, component);
}

void airs_actor_system_withdraw_component(airs_actor_system_t *system, airs_id_t id) {
    airs_component_templates_withdraw(system->services.templates, id);
}

/* ---- messages from outside ---- */

airs_status_t airs_actor_system_send(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                     airs_str_t content_type, airs_error_t *error) {
    return airs_host_caller_send(system->host, target, payload, content_type, error);
}

airs_status_t airs_actor_system_send_wait(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                          airs_str_t content_type, uint64_t timeout_ms, airs_error_t *error) {
    return airs_host_caller_send_wait(system->host, target, payload, content_type, timeout_ms, error);
}

airs_status_t airs_actor_system_call(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                     airs_str_t content_type, uint64_t timeout_ms,
                                     void (*answer)(void *context, airs_bytes_t payload), void *context,
                                     airs_error_t *error) {
    airs_host_call_t call = {
        .target = target, .payload = payload, .content_type = content_type, .timeout_ms = timeout_ms};
    return airs_host_caller_call(system->host, &call, answer, context, error);
}

airs_status_t airs_actor_system_request(airs_actor_system_t *system, airs_id_t target, airs_bytes_t payload,
                                        airs_str_t content_type, uint64_t timeout_ms,
                                        void (*ended)(void *context, const airs_answer_t *answer),
                                        void *context, airs_request_id_t *out, airs_error_t *error) {
    airs_host_call_t call = {
        .target = target, .payload = payload, .content_type = content_type, .timeout_ms = timeout_ms};
    return airs_host_caller_request(system->host, &call, ended, context, out, error);
}

airs_status_t airs_actor_system_cancel_request(airs_actor_system_t *system, const airs_request_id_t *id) {
    return airs_host_caller_cancel(system->host, id);
}

/* ---- topics ---- */

airs_status_t airs_actor_system_publish(airs_actor_system_t *system, airs_str_t topic, airs_bytes_t payload,
                                        airs_str_t content_type, uint32_t *reached, airs_error_t *error) {
    airs_services_t *services = &system->services;
    airs_publication_t publication = {
        .sender = airs_host_caller_id(system->host),
        .worker = airs_scheduler_worker(services->scheduler),
        .topic = topic,
        .payload = payload,
        .content_type = content_type,
    };
    return airs_actor_system_subscriber_publish(services->subscriber, &publication, reached, error);
}

/* The actor with this id, no group; a reference, or NULL. */
static airs_actor_t *find(airs_services_t *services, airs_id_t id, airs_error_t *error) {
    airs_actor_t *actor = id.instance.size > 0 ? airs_component_registry_find(services->registry, id) : NULL;
    if (actor == NULL) {
        airs_error_set(error, AIRS_TARGET_NOT_FOUND, "no actor %.*s/%.*s/%.*s", AIRS_STR_ARG(id.ns),
                       AIRS_STR_ARG(id.name), AIRS_STR_ARG(id.instance));
    }
    return actor;
}

typedef airs_status_t change_subscriptions_fn(airs_subscription_service_t *service, airs_actor_t *actor,
                                              airs_str_t pattern, airs_error_t *error);

static airs_status_t change_subscriptions(airs_actor_system_t *system, airs_id_t id, airs_str_t pattern,
                                          change_subscriptions_fn *change, airs_error_t *error) {
    airs_actor_t *actor = find(&system->services, id, error);
    if (actor == NULL) {
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_status_t status =
        change(airs_actor_system_subscriber_service(system->services.subscriber), actor, pattern, error);
    airs_actor_unref(actor);
    return status;
}

airs_status_t airs_actor_system_subscribe(airs_actor_system_t *system, airs_id_t id, airs_str_t pattern,
                                          airs_error_t *error) {
    return change_subscriptions(system, id, pattern, airs_subscription_service_subscribe, error);
}

airs_status_t airs_actor_system_unsubscribe(airs_actor_system_t *system, airs_id_t id, airs_str_t pattern,
                                            airs_error_t *error) {
    return change_subscriptions(system, id, pattern, airs_subscription_service_unsubscribe, error);
}

airs_status_t airs_actor_system_subscribe_function(airs_actor_system_t *system, airs_str_t pattern,
                                                   void (*message)(void *context,
                                                                   const airs_incoming_t *incoming),
                                                   void *context, airs_subscription_t **out,
                                                   airs_error_t *error) {
    return airs_host_subscriptions_add(&system->subscriptions, pattern, message, context, out, error);
}

void airs_actor_system_unsubscribe_function(airs_actor_system_t *system, airs_subscription_t *subscription) {
    if (subscription != NULL) {
        airs_host_subscriptions_end(&system->subscriptions, subscription);
    }
}

/* ---- monitors of the program ---- */

airs_status_t airs_actor_system_monitor(airs_actor_system_t *system, airs_id_t target,
                                        void (*down)(void *context, const airs_down_t *down), void *context,
                                        airs_host_monitor_t **out, airs_error_t *error) {
    return airs_host_monitors_add(&system->monitors, target, down, context, out, error);
}

void airs_actor_system_demonitor(airs_actor_system_t *system, airs_host_monitor_t *monitor) {
    if (monitor != NULL) {
        airs_host_monitors_end(&system->monitors, monitor);
    }
}

/* ---- stopping ---- */

static airs_status_t ask_to_stop(airs_actor_t *actor, airs_stop_mode_t mode) {
    airs_services_t *services = actor->services;
    if (mode == AIRS_STOP_KILL) {
        return airs_actor_ask_to_stop(actor, mode);
    }
    airs_actor_before_push(services, NULL);
    /* An idle actor is stopped right here, which spares two hand-overs between threads. */
    if (airs_mailbox_claim(&actor->mailbox)) {
        airs_actor_refuse(actor);
        airs_actor_stop_here(actor, mode == AIRS_STOP_DRAIN ? AIRS_END_DRAINED : AIRS_END_DROPPED);
        return AIRS_OK;
    }
    airs_actor_after_push(services, NULL, actor, AIRS_PUSH_QUEUED);
    return airs_actor_ask_to_stop(actor, mode);
}

static airs_status_t stop_actor(airs_actor_t *actor, airs_stop_mode_t mode, uint64_t timeout_ms) {
    airs_status_t status = ask_to_stop(actor, mode);
    if (status != AIRS_OK) {
        return status;
    }
    if (airs_actor_await_end(actor, timeout_ms)) {
        return actor->end_status == AIRS_SHUTDOWN_FAILED ? AIRS_SHUTDOWN_FAILED : AIRS_OK;
    }
    airs_actor_signal(actor, AIRS_SIGNAL_KILL);
    (void)airs_actor_await_end(actor, KILL_MS);
    return AIRS_TIMEOUT;
}

airs_status_t airs_actor_system_stop(airs_actor_system_t *system, airs_id_t id, airs_stop_mode_t mode,
                                     uint64_t timeout_ms, airs_error_t *error) {
    airs_actor_t *actor = find(&system->services, id, error);
    if (actor == NULL) {
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_status_t status = stop_actor(actor, mode, timeout_ms);
    if (status != AIRS_OK) {
        const char *reason = status == AIRS_SHUTDOWN_FAILED && actor->end_reason != NULL
                                 ? actor->end_reason
                                 : airs_status_text(status);
        airs_error_set(error, status, "%s: %s", airs_component_id_text(actor->id), reason);
    }
    airs_actor_unref(actor);
    return status;
}

/* Milliseconds until the deadline, and LEAST_STOP_MS at least. */
static uint64_t stop_time(const airs_services_t *services, uint64_t deadline_ns) {
    uint64_t now = airs_clock_monotonic(services->clock);
    uint64_t left_ms = deadline_ns > now ? (deadline_ns - now) / 1000000 : 0;
    return left_ms > LEAST_STOP_MS ? left_ms : LEAST_STOP_MS;
}

static void stop_all(airs_services_t *services, airs_stop_mode_t mode, uint64_t timeout_ms) {
    uint64_t deadline = airs_deadline_in(services->clock, timeout_ms);
    if (services->updater != NULL) {
        airs_updater_cancel_all(services->updater);
    }
    if (services->supervisors != NULL) {
        airs_supervisors_stop_all(services->supervisors, mode, timeout_ms);
    }
    for (;;) {
        airs_actor_t *actor = airs_component_registry_last(services->registry);
        if (actor == NULL) {
            return;
        }
        airs_status_t status = stop_actor(actor, mode, stop_time(services, deadline));
        if (status == AIRS_OUT_OF_MEMORY) {
            /* No memory to stand in line with. */
            (void)stop_actor(actor, AIRS_STOP_DROP, stop_time(services, deadline));
        }
        /* A callback that does not return, or a stop that others began: nothing else can be done. */
        (void)airs_actor_await_end(actor, UINT64_MAX);
        airs_actor_unref(actor);
    }
}

void airs_actor_system_stop_all(airs_actor_system_t *system, airs_stop_mode_t mode, uint64_t timeout_ms) {
    airs_services_t *services = &system->services;
    /* Relaxed: an actor that is made at this very moment is found like the others. */
    atomic_fetch_add_explicit(&services->stopping, 1, memory_order_relaxed);
    stop_all(services, mode, timeout_ms);
    atomic_fetch_sub_explicit(&services->stopping, 1, memory_order_relaxed);
}

/* ---- waiting for quiet ---- */

airs_status_t airs_actor_system_drain(airs_actor_system_t *system, uint64_t timeout_ms) {
    return airs_services_wait_for_quiet(&system->services, timeout_ms) ? AIRS_OK : AIRS_TIMEOUT;
}

/* ---- looking ---- */

airs_status_t airs_actor_system_counters(airs_actor_system_t *system, airs_id_t id,
                                         airs_actor_counters_t *out) {
    airs_actor_t *actor = find(&system->services, id, NULL);
    if (actor == NULL) {
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_actor_counters(actor, out);
    airs_actor_unref(actor);
    return AIRS_OK;
}

static void add_tally(void *context, const airs_tally_t *tally) {
    airs_node_counters_t *out = context;
    out->messages += atomic_load_explicit(&tally->handled, memory_order_relaxed);
    out->dropped += atomic_load_explicit(&tally->dropped, memory_order_relaxed);
}

void airs_actor_system_totals(airs_actor_system_t *system, airs_node_counters_t *out) {
    airs_services_t *services = &system->services;
    airs_dead_letters_t *letters = services->dead_letters;
    *out = (airs_node_counters_t){
        .actors = airs_component_registry_count(services->registry),
        .spawned = atomic_load_explicit(&services->spawned, memory_order_relaxed),
        .crashed = atomic_load_explicit(&services->crashed, memory_order_relaxed),
        .restarts = atomic_load_explicit(&services->restarts, memory_order_relaxed),
        .passive = atomic_load_explicit(&services->passive, memory_order_relaxed),
        .passivated = atomic_load_explicit(&services->passivated, memory_order_relaxed),
        .returned = atomic_load_explicit(&services->returned, memory_order_relaxed),
        /* A message that was answered with an error was handled. */
        .dead_letters = airs_dead_letters_total(letters) -
                        airs_dead_letters_count(letters, AIRS_DEAD_LETTER_HANDLER_ERROR),
    };
    airs_scheduler_tallies(services->scheduler, add_tally, out);
}

typedef struct airs_list_context {
    bool (*each)(void *context, const airs_actor_info_t *info);
    void *context;
} airs_list_context_t;

static bool list_one(void *context, airs_actor_t *actor) {
    const airs_list_context_t *list = context;
    airs_actor_texts_t texts;
    airs_actor_info_t info;
    airs_actor_info(actor, &texts, &info);
    return list->each(list->context, &info);
}

void airs_actor_system_list(airs_actor_system_t *system,
                            bool (*each)(void *context, const airs_actor_info_t *info), void *context) {
    airs_list_context_t list = {.each = each, .context = context};
    airs_component_registry_each(system->services.registry, list_one, &list);
}

static bool ask_one(void *context, airs_actor_t *actor) {
    (void)context;
    (void)airs_actor_metadata(actor);
    return true;
}

void airs_actor_system_ask_metadata(airs_actor_system_t *system) {
    airs_component_registry_each(system->services.registry, ask_one, NULL);
}

void airs_actor_system_requests(airs_actor_system_t *system, airs_request_counters_t *out) {
    airs_response_router_counters(system->services.responses, out);
}

unsigned airs_actor_system_workers(airs_actor_system_t *system) {
    return airs_scheduler_workers(system->services.scheduler);
}

airs_message_router_t *airs_actor_system_router(airs_actor_system_t *system) {
    return system->services.router;
}

airs_timer_service_t *airs_actor_system_timers(airs_actor_system_t *system) {
    return system->services.timers;
}

airs_dead_letters_t *airs_actor_system_dead_letters(airs_actor_system_t *system) {
    return system->services.dead_letters;
}

airs_block_pool_t *airs_actor_system_pool(airs_actor_system_t *system) { return system->services.pool; }

/* ---- by hand ---- */

bool airs_actor_system_step(airs_actor_system_t *system) {
    return airs_scheduler_step(system->services.scheduler);
}

size_t airs_actor_system_advance(airs_actor_system_t *system) {
    return airs_timer_wheel_advance(system->timers);
}

uint64_t airs_actor_system_next_deadline(airs_actor_system_t *system) {
    return airs_timer_wheel_next_deadline(system->timers);
}
