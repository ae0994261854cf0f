#include "node/application.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/log.h"
#include "core/memory.h"
#include "node/input_end.h"
#include "node/input_feed.h"
#include "node/line_output.h"
#include "node/node.h"
#include "node/waiter.h"

/* How long one wait lasts before it is looked whether to go on. */
#define WAIT_MS 50

/* How often an application without input looks whether any actor still lives. */
#define IDLE_WAIT_MS 1000

#define NS_PER_MS 1000000

#define INSTANCE_TEXT_MAX 24

#define LOG_SOURCE "application"

struct airs_application {
    airs_application_options_t options;
    const airs_manifest_t *manifest;
    airs_node_t *node;
    airs_component_t *components; /* the handles, in the manifest's order */
    uint64_t started;             /* instances, in the order of their start */
    airs_line_output_t *outputs;  /* one for each instance of the output component if it has several */
    _Atomic airs_application_stage_t stage; /* this and `current`: relaxed, for display */
    _Atomic(const char *) current;
    _Atomic uint64_t stop_failures;
    _Atomic bool interrupted;       /* relaxed: says no more than that */
    airs_waiter_t waiter;           /* over what follows; told when interrupted */
    airs_input_feed_t *feed;        /* NULL: none now */
    airs_input_feed_counters_t fed; /* when there is none any more */
    uint64_t work_begin_ns;
    uint64_t work_end_ns; /* 0: not ended */
};

static bool interrupted(airs_application_t *application) {
    return atomic_load_explicit(&application->interrupted, memory_order_relaxed);
}

static void enter(airs_application_t *application, airs_application_stage_t stage, const char *component) {
    atomic_store_explicit(&application->stage, stage, memory_order_relaxed);
    atomic_store_explicit(&application->current, component, memory_order_relaxed);
}

static uint64_t now_ns(airs_application_t *application) {
    return airs_clock_monotonic(application->options.clock);
}

/* Pools for what the manifest needs: what it asks for, or the default if that is enough. */
static airs_node_options_t node_options(const airs_manifest_t *manifest,
                                        const airs_application_options_t *options) {
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    uint64_t instances = airs_manifest_instances(manifest);
    node.workers = options->workers != 0 ? options->workers : (unsigned)manifest->engine.workers;
    node.slice_us = (unsigned)manifest->engine.slice_us;
    node.max_actors = (unsigned)manifest->engine.max_actors;
    if (node.max_actors == 0) {
        node.max_actors = instances > AIRS_DEFAULT_MAX_ACTORS ? (unsigned)instances : AIRS_DEFAULT_MAX_ACTORS;
    }
    node.max_core_instances = manifest->engine.max_core_instances;
    node.max_memory_bytes = AIRS_DEFAULT_ENGINE_MEMORY_BYTES;
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_limits_t *limits = &manifest->components[i].limits;
        node.consume_fuel = node.consume_fuel || limits->fuel != 0;
        if (limits->memory_bytes > node.max_memory_bytes) {
            node.max_memory_bytes = limits->memory_bytes;
        }
    }
    node.cache_dir = options->cache_dir;
    node.allocator = options->allocator;
    node.clock = options->clock;
    node.log = options->log;
    return node;
}

/* False: no memory. */
static bool make_tables(airs_application_t *application) {
    const airs_manifest_t *manifest = application->manifest;
    const airs_application_options_t *options = &application->options;
    size_t size = manifest->component_count * sizeof *application->components;
    application->components = airs_alloc_zeroed(options->allocator, size);
    if (manifest->output == NULL || manifest->output->instances == 1 || options->output == NULL) {
        return application->components != NULL;
    }
    size_t count = (size_t)manifest->output->instances;
    application->outputs = airs_alloc_array(options->allocator, count, sizeof *application->outputs);
    for (size_t i = 0; application->outputs != NULL && i < count; i++) {
        airs_line_output_init(&application->outputs[i], options->allocator, options->output,
                              options->output_context);
    }
    return application->components != NULL && application->outputs != NULL;
}

/* Only when the actors have ended. */
static void finish_outputs(airs_application_t *application) {
    for (uint64_t i = 0; application->outputs != NULL && i < application->manifest->output->instances; i++) {
        airs_line_output_finish(&application->outputs[i]);
    }
}

airs_status_t airs_application_create(const airs_manifest_t *manifest,
                                      const airs_application_options_t *options, airs_application_t **out,
                                      airs_error_t *error) {
    airs_application_options_t complete = options != NULL ? *options : (airs_application_options_t){0};
    if (complete.allocator == NULL) {
        complete.allocator = airs_allocator_default();
    }
    if (complete.clock == NULL) {
        complete.clock = airs_clock_system();
    }
    if (complete.log == NULL) {
        complete.log = airs_log_stderr();
    }
    airs_application_t *application = airs_alloc_zeroed(complete.allocator, sizeof *application);
    if (application == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    application->options = complete;
    application->manifest = manifest;
    airs_waiter_init(&application->waiter);
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (!make_tables(application)) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    } else {
        airs_node_options_t node = node_options(manifest, &complete);
        status = airs_node_create(&node, &application->node, error);
    }
    if (status != AIRS_OK) {
        airs_application_destroy(application);
        return status;
    }
    *out = application;
    return AIRS_OK;
}

void airs_application_destroy(airs_application_t *application) {
    if (application == NULL) {
        return;
    }
    const airs_allocator_t *allocator = application->options.allocator;
    airs_node_destroy(application->node);
    finish_outputs(application);
    airs_release(allocator, application->outputs);
    airs_waiter_free(&application->waiter);
    airs_release(allocator, application->components);
    airs_release(allocator, application);
}

airs_node_t *airs_application_node(airs_application_t *application) { return application->node; }

static airs_status_t cancel(airs_error_t *error) {
    return airs_error_set(error, AIRS_CANCELLED, "interrupted");
}

airs_status_t airs_application_load(airs_application_t *application, airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_component_t *component = &manifest->components[i];
        if (interrupted(application)) {
            return cancel(error);
        }
        enter(application, AIRS_APPLICATION_LOADING, component->name);
        airs_status_t status =
            airs_node_load(application->node, component->source, &application->components[i], error);
        if (status != AIRS_OK) {
            airs_error_prefix(error, "component %s", component->name);
            return status;
        }
    }
    return AIRS_OK;
}

/* The instance that was started as number `serial`: instances of the first component come first. */
static const airs_manifest_component_t *find_instance(const airs_application_t *application, uint64_t serial,
                                                      size_t *index, uint64_t *number) {
    const airs_manifest_t *manifest = application->manifest;
    size_t i = 0;
    while (serial >= manifest->components[i].instances) {
        serial -= manifest->components[i].instances;
        i++;
    }
    *index = i;
    *number = serial;
    return &manifest->components[i];
}

static airs_id_t instance_id(const airs_application_t *application, const char *name, uint64_t number,
                             char text[INSTANCE_TEXT_MAX]) {
    snprintf(text, INSTANCE_TEXT_MAX, "%" PRIu64, number);
    return airs_id(application->manifest->ns, name, text);
}

/* Where instance `number` of the output component writes: lines of several instances must not mix. */
static void set_output(airs_application_t *application, uint64_t number, airs_spawn_options_t *options) {
    if (application->outputs == NULL) {
        options->standard_output = application->options.output;
        options->output_context = application->options.output_context;
    } else {
        options->standard_output = airs_line_output_write;
        options->output_context = &application->outputs[number];
    }
}

static airs_spawn_options_t spawn_options(airs_application_t *application,
                                          const airs_manifest_component_t *component, uint64_t number) {
    const airs_manifest_limits_t *limits = &component->limits;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = component->env;
    options.env_count = component->env_count;
    options.config = component->config;
    options.max_memory_bytes = limits->memory_bytes;
    options.max_execution_time_ms = limits->execution_time_ms;
    options.max_parked_time_ms = limits->parked_time_ms;
    options.max_fuel = limits->fuel;
    options.mailbox_messages = (uint32_t)limits->mailbox_messages;
    options.mailbox_bytes = limits->mailbox_bytes;
    options.max_message_bytes = limits->message_bytes;
    options.max_requests = (uint32_t)limits->outstanding_requests;
    options.mailbox_policy = limits->mailbox_policy;
    options.block_time_ms = limits->block_time_ms;
    options.accepts = component->accepts;
    options.max_timers = (uint32_t)limits->timers;
    options.max_subscriptions = (uint32_t)limits->subscriptions;
    options.max_deferred = (uint32_t)limits->deferred_replies;
    options.health_interval_ms = component->health.interval_ms;
    options.health_timeout_ms = component->health.timeout_ms;
    options.unhealthy_after = (uint32_t)component->health.unhealthy_after;
    options.subscriptions = component->subscriptions;
    options.subscription_count = component->subscription_count;
    if (component == application->manifest->output) {
        set_output(application, number, &options);
    }
    return options;
}

static airs_status_t start_instance(airs_application_t *application, uint64_t serial, airs_error_t *error) {
    size_t index;
    uint64_t number;
    char text[INSTANCE_TEXT_MAX];
    const airs_manifest_component_t *component = find_instance(application, serial, &index, &number);
    enter(application, AIRS_APPLICATION_STARTING, component->name);
    airs_spawn_options_t options = spawn_options(application, component, number);
    airs_status_t status = airs_node_spawn(application->node, application->components[index],
                                           instance_id(application, component->name, number, text), &options,
                                           error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "component %s, instance %" PRIu64, component->name, number);
    }
    return status;
}

static void note_stop_failure(airs_application_t *application, const char *component, uint64_t number,
                              const airs_error_t *error) {
    atomic_fetch_add_explicit(&application->stop_failures, 1, memory_order_relaxed);
    airs_log_printf(application->options.log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                    "component %s, instance %" PRIu64 ": shutdown: %s", component, number, error->text);
}

/* Stop what was started, the last first. An actor that has ended meanwhile is no failure of the stop. */
static void stop_all(airs_application_t *application, airs_stop_mode_t mode) {
    uint64_t limit_ms = application->manifest->shutdown.stop_time_ms;
    while (application->started > 0) {
        size_t index;
        uint64_t number;
        char text[INSTANCE_TEXT_MAX];
        airs_error_t error = {AIRS_OK, ""};
        const airs_manifest_component_t *component =
            find_instance(application, --application->started, &index, &number);
        enter(application, AIRS_APPLICATION_STOPPING, component->name);
        airs_status_t status = airs_node_stop(application->node,
                                              instance_id(application, component->name, number, text), mode,
                                              limit_ms, &error);
        if (status == AIRS_TIMEOUT) {
            airs_error_set(&error, status, "it was ended after the %" PRIu64 " ms of shutdown.stop-time",
                           limit_ms);
        }
        if (status != AIRS_OK && status != AIRS_TARGET_NOT_FOUND) {
            note_stop_failure(application, component->name, number, &error);
        }
    }
    finish_outputs(application);
    enter(application, AIRS_APPLICATION_ENDED, NULL);
}

airs_status_t airs_application_start(airs_application_t *application, airs_error_t *error) {
    uint64_t instances = airs_manifest_instances(application->manifest);
    airs_status_t status = AIRS_OK;
    while (application->started < instances) {
        status = interrupted(application) ? cancel(error)
                                          : start_instance(application, application->started, error);
        if (status != AIRS_OK) {
            stop_all(application, AIRS_STOP_DROP);
            return status;
        }
        application->started++;
    }
    /* So that who looks at the actors sees who they are. */
    airs_actor_system_ask_metadata(airs_node_actors(application->node));
    airs_log_printf(application->options.log, AIRS_LOG_DEBUG, airs_str(LOG_SOURCE),
                    "%s runs with %" PRIu64 " actors", application->manifest->name, instances);
    return AIRS_OK;
}

static uint64_t message_limit(const airs_manifest_component_t *component) {
    const airs_manifest_limits_t *limits = &component->limits;
    uint64_t mailbox = limits->mailbox_bytes != 0 ? limits->mailbox_bytes : AIRS_DEFAULT_MAILBOX_BYTES;
    uint64_t message = limits->message_bytes != 0 ? limits->message_bytes : AIRS_DEFAULT_MESSAGE_BYTES;
    return message < mailbox ? message : mailbox;
}

/* Show the feed to those who interrupt and who look at progress, or take it away from them. */
static void publish_feed(airs_application_t *application, airs_input_feed_t *feed) {
    airs_waiter_lock(&application->waiter);
    if (feed == NULL && application->feed != NULL) {
        application->fed = airs_input_feed_counters(application->feed);
    }
    application->feed = feed;
    if (feed != NULL && interrupted(application)) {
        airs_input_feed_interrupt(feed);
    }
    airs_waiter_unlock(&application->waiter);
}

static airs_status_t feed(airs_application_t *application, const airs_application_input_t *input,
                          airs_error_t *error) {
    const airs_manifest_component_t *component = application->manifest->input;
    airs_input_feed_options_t options = {
        .allocator = application->options.allocator,
        .node = application->node,
        .target = airs_id(application->manifest->ns, component->name, NULL),
        .instances = component->instances,
        .max_line = message_limit(component),
        .descriptor = input->descriptor,
        .name = input->name,
    };
    airs_input_feed_t *made = NULL;
    airs_status_t status = airs_input_feed_create(&options, &made, error);
    if (status != AIRS_OK) {
        return status;
    }
    publish_feed(application, made);
    status = airs_input_feed_run(made, error);
    publish_feed(application, NULL);
    airs_input_feed_destroy(made);
    airs_log_printf(application->options.log, AIRS_LOG_DEBUG, airs_str(LOG_SOURCE),
                    "the input has ended after %" PRIu64 " lines", application->fed.lines);
    /* Ctrl-C also ends what writes into our pipe: an end of the input that comes with it is none. */
    bool cut = status == AIRS_CANCELLED || (status == AIRS_OK && interrupted(application));
    return cut ? cancel(error) : status;
}

/* When waiting has to end: never, or drain-time after the interruption was noticed. */
typedef struct patience {
    bool limited;
    uint64_t deadline_ns;
} patience_t;

/* How long to wait now; 0: no longer. */
static uint64_t wait_ms(airs_application_t *application, patience_t *patience) {
    if (!interrupted(application)) {
        return WAIT_MS;
    }
    uint64_t now = now_ns(application);
    if (!patience->limited) {
        patience->limited = true;
        patience->deadline_ns = now + application->manifest->shutdown.drain_time_ms * NS_PER_MS;
    }
    uint64_t left_ms = now < patience->deadline_ns ? (patience->deadline_ns - now) / NS_PER_MS + 1 : 0;
    return left_ms < WAIT_MS ? left_ms : WAIT_MS;
}

/* Tell the input component that there is no more. *out is to be destroyed when the actors have been stopped:
 * only then is it certain that nobody waits for an answer. */
static airs_status_t end_input(airs_application_t *application, patience_t *patience, airs_input_end_t **out,
                               airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    airs_input_end_options_t options = {
        .allocator = application->options.allocator,
        .node = application->node,
        .target = airs_id(manifest->ns, manifest->input->name, NULL),
        .instances = manifest->input->instances,
    };
    if (manifest->input == manifest->output) {
        options.answer = application->options.output;
        options.answer_context = application->options.output_context;
    }
    airs_status_t status = airs_input_end_start(&options, out, error);
    if (status != AIRS_OK) {
        return status;
    }
    do {
        uint64_t limit_ms = wait_ms(application, patience);
        status = limit_ms > 0 ? airs_input_end_wait(*out, limit_ms, error) : cancel(error);
    } while (status == AIRS_TIMEOUT);
    return status;
}

/* AIRS_OK: nothing is left. AIRS_CANCELLED: interrupted, and drain-time is over. */
static airs_status_t drain(airs_application_t *application, patience_t *patience, airs_error_t *error) {
    enter(application, AIRS_APPLICATION_DRAINING, NULL);
    for (;;) {
        uint64_t limit_ms = wait_ms(application, patience);
        airs_status_t status = airs_node_drain(application->node, limit_ms);
        if (status != AIRS_TIMEOUT) {
            return status == AIRS_OK ? status : airs_error_set(error, status, "%s", airs_status_text(status));
        }
        if (limit_ms == 0) {
            return cancel(error);
        }
    }
}

static void wait_until_told(airs_application_t *application) {
    airs_node_counters_t totals;
    airs_node_totals(application->node, &totals);
    airs_waiter_lock(&application->waiter);
    while (!interrupted(application) && totals.actors > 0) {
        airs_waiter_wait(&application->waiter, IDLE_WAIT_MS);
        airs_node_totals(application->node, &totals);
    }
    airs_waiter_unlock(&application->waiter);
}

static void mark_work(airs_application_t *application, uint64_t *moment) {
    uint64_t now = now_ns(application);
    airs_waiter_lock(&application->waiter);
    *moment = now;
    airs_waiter_unlock(&application->waiter);
}

airs_status_t airs_application_run(airs_application_t *application, const airs_application_input_t *input,
                                   airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    airs_input_end_t *end = NULL;
    patience_t patience = {false, 0};
    if (input != NULL && application->manifest->input == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "%s: application.input names no component to take %s",
                              application->manifest->path, input->name);
    }
    enter(application, AIRS_APPLICATION_RUNNING, NULL);
    mark_work(application, &application->work_begin_ns);
    if (input == NULL) {
        wait_until_told(application);
    } else {
        status = feed(application, input, error);
        if (status == AIRS_OK) {
            status = end_input(application, &patience, &end, error);
        }
    }
    airs_error_t drain_error;
    airs_status_t drained = drain(application, &patience, &drain_error);
    mark_work(application, &application->work_end_ns);
    stop_all(application, drained == AIRS_OK ? AIRS_STOP_DRAIN : AIRS_STOP_DROP);
    airs_input_end_destroy(end);
    if (status == AIRS_OK && drained != AIRS_OK) {
        status = airs_error_set(error, drained, "%s", drain_error.text);
    }
    return status;
}

void airs_application_interrupt(airs_application_t *application) {
    airs_waiter_lock(&application->waiter);
    atomic_store_explicit(&application->interrupted, true, memory_order_relaxed);
    if (application->feed != NULL) {
        airs_input_feed_interrupt(application->feed);
    }
    airs_waiter_wake(&application->waiter);
    airs_waiter_unlock(&application->waiter);
}

void airs_application_progress(airs_application_t *application, airs_application_progress_t *out) {
    uint64_t now = now_ns(application);
    airs_waiter_lock(&application->waiter);
    airs_input_feed_counters_t fed = application->feed != NULL ? airs_input_feed_counters(application->feed)
                                                               : application->fed;
    uint64_t begin = application->work_begin_ns;
    uint64_t end = application->work_end_ns != 0 ? application->work_end_ns : now;
    airs_waiter_unlock(&application->waiter);
    *out = (airs_application_progress_t){
        .stage = atomic_load_explicit(&application->stage, memory_order_relaxed),
        .component = atomic_load_explicit(&application->current, memory_order_relaxed),
        .lines = fed.lines,
        .bytes = fed.bytes,
        .work_ns = begin != 0 && end > begin ? end - begin : 0,
        .stop_failures = atomic_load_explicit(&application->stop_failures, memory_order_relaxed),
    };
    airs_node_totals(application->node, &out->totals);
}
