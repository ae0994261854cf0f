#include "node/application.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/log.h"
#include "core/memory.h"
#include "node/application_tree.h"
#include "node/cache_folder.h"
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

#define LOG_SOURCE "application"

/* A component that is loaded. */
typedef struct loaded {
    const airs_manifest_component_t *plan;
    airs_component_t handle;
} loaded_t;

struct airs_application {
    airs_application_options_t options;
    const airs_manifest_t *manifest;
    airs_node_t *node;
    loaded_t *components; /* in the manifest's order */
    airs_tree_scene_t scene;
    airs_tree_t **trees; /* in the order of their start */
    size_t tree_count;
    airs_line_output_t *outputs; /* one for each instance of the output component if it has several */
    _Atomic(const airs_manifest_supervisor_t *) fallen; /* that gave up, and is no component's own */
    _Atomic airs_application_stage_t stage;             /* this and `current`: relaxed, for display */
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
        node.record = node.record || manifest->components[i].record_bytes != 0;
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

/* Where instance `number` of the output component writes: lines of several instances must not mix. */
static void set_output(airs_application_t *application, uint64_t number, airs_spawn_options_t *options) {
    if (application->outputs == NULL || number == UINT64_MAX) {
        options->standard_output = application->options.output;
        options->output_context = application->options.output_context;
    } else {
        options->standard_output = airs_line_output_write;
        options->output_context = &application->outputs[number];
    }
}

static bool describe_component(void *context, const airs_manifest_component_t *component, uint64_t number,
                               airs_component_t *out, airs_spawn_options_t *spawn) {
    airs_application_t *application = context;
    size_t i = 0;
    while (application->components[i].plan != component) {
        i++;
    }
    *out = application->components[i].handle;
    if (component == application->manifest->output) {
        set_output(application, number, spawn);
    }
    return true;
}

static bool is_cancelled(void *context) { return interrupted(context); }

static void note_stop_failure(void *context) {
    airs_application_t *application = context;
    atomic_fetch_add_explicit(&application->stop_failures, 1, memory_order_relaxed);
}

/* A component's own supervisor ends alone; any other takes the application with it. */
static void note_tree_end(void *context, const airs_manifest_supervisor_t *plan, bool gave_up) {
    airs_application_t *application = context;
    if (gave_up && !plan->implicit) {
        /* Release: pairs with airs_application_run. */
        atomic_store_explicit(&application->fallen, plan, memory_order_release);
        airs_application_interrupt(application);
    }
    airs_waiter_lock(&application->waiter);
    airs_waiter_wake(&application->waiter);
    airs_waiter_unlock(&application->waiter);
}

static airs_status_t make_node(airs_application_t *application, airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    airs_node_options_t node = node_options(manifest, &application->options);
    char *folder = NULL;
    airs_status_t status = AIRS_OK;
    if (node.record && manifest->crashes.folder == NULL) {
        status = airs_crash_folder(node.allocator, manifest->name, &folder, error);
    }
    node.crash_dir = folder != NULL ? folder : manifest->crashes.folder;
    node.max_crash_files = (uint32_t)manifest->crashes.max_files;
    node.max_crash_bytes = manifest->crashes.max_bytes;
    status = status == AIRS_OK ? airs_node_create(&node, &application->node, error) : status;
    airs_release(node.allocator, folder);
    return status;
}

/* False: no memory. */
static bool make_tables(airs_application_t *application) {
    const airs_manifest_t *manifest = application->manifest;
    const airs_application_options_t *options = &application->options;
    application->components =
        airs_alloc_array(options->allocator, manifest->component_count, sizeof *application->components);
    application->trees = airs_alloc_array(options->allocator, manifest->root_count, sizeof(airs_tree_t *));
    if (application->components == NULL || application->trees == NULL) {
        return false;
    }
    for (size_t i = 0; i < manifest->component_count; i++) {
        application->components[i] = (loaded_t){.plan = &manifest->components[i]};
    }
    if (manifest->output == NULL || manifest->output->instances <= 1 || options->output == NULL) {
        return true;
    }
    size_t count = (size_t)manifest->output->instances;
    application->outputs = airs_alloc_array(options->allocator, count, sizeof *application->outputs);
    for (size_t i = 0; application->outputs != NULL && i < count; i++) {
        airs_line_output_init(&application->outputs[i], options->allocator, options->output,
                              options->output_context);
    }
    return application->outputs != NULL;
}

static airs_tree_scene_t make_scene(airs_application_t *application) {
    return (airs_tree_scene_t){
        .allocator = application->options.allocator,
        .log = application->options.log,
        .node = application->node,
        .ns = application->manifest->ns,
        .stop_time_ms = application->manifest->shutdown.stop_time_ms,
        .component = describe_component,
        .cancelled = is_cancelled,
        .stop_failed = note_stop_failure,
        .ended = note_tree_end,
        .context = application,
    };
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
        status = make_node(application, error);
    }
    if (status != AIRS_OK) {
        airs_application_destroy(application);
        return status;
    }
    application->scene = make_scene(application);
    *out = application;
    return AIRS_OK;
}

/* The last started first. */
static void stop_trees(airs_application_t *application, airs_stop_mode_t mode) {
    while (application->tree_count > 0) {
        airs_tree_t *tree = application->trees[--application->tree_count];
        enter(application, AIRS_APPLICATION_STOPPING, airs_tree_plan(tree)->name);
        airs_tree_stop(tree, mode);
    }
}

void airs_application_destroy(airs_application_t *application) {
    if (application == NULL) {
        return;
    }
    const airs_allocator_t *allocator = application->options.allocator;
    stop_trees(application, AIRS_STOP_DROP);
    airs_node_destroy(application->node);
    finish_outputs(application);
    airs_release(allocator, application->outputs);
    airs_release(allocator, (void *)application->trees);
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
            airs_node_load(application->node, component->source, &application->components[i].handle, error);
        if (status != AIRS_OK) {
            airs_error_prefix(error, "component %s", component->name);
            return status;
        }
    }
    return AIRS_OK;
}

/* Stop what was started. An actor that has ended meanwhile is no failure of the stop. */
static void stop_all(airs_application_t *application, airs_stop_mode_t mode) {
    stop_trees(application, mode);
    finish_outputs(application);
    enter(application, AIRS_APPLICATION_ENDED, NULL);
}

airs_status_t airs_application_start(airs_application_t *application, airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    while (application->tree_count < manifest->root_count) {
        const airs_manifest_supervisor_t *plan = manifest->roots[application->tree_count];
        enter(application, AIRS_APPLICATION_STARTING, plan->name);
        airs_status_t status = interrupted(application)
                                   ? cancel(error)
                                   : airs_tree_start(&application->scene, plan,
                                                     &application->trees[application->tree_count], error);
        if (status != AIRS_OK) {
            stop_all(application, AIRS_STOP_DROP);
            return status;
        }
        application->tree_count++;
    }
    /* So that who looks at the actors sees who they are. */
    airs_actor_system_ask_metadata(airs_node_actors(application->node));
    airs_log_printf(application->options.log, AIRS_LOG_DEBUG, airs_str(LOG_SOURCE),
                    "%s runs with %" PRIu64 " actors", manifest->name, airs_manifest_instances(manifest));
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

/* Is there an actor, or something that could get one? */
static bool is_alive(airs_application_t *application) {
    airs_node_counters_t totals;
    airs_node_totals(application->node, &totals);
    bool alive = totals.actors > 0;
    for (size_t i = 0; i < application->tree_count && !alive; i++) {
        const airs_tree_t *tree = application->trees[i];
        alive = !airs_tree_has_ended(tree) && airs_tree_can_grow(airs_tree_plan(tree));
    }
    return alive;
}

static void wait_until_told(airs_application_t *application) {
    airs_waiter_lock(&application->waiter);
    while (!interrupted(application) && is_alive(application)) {
        airs_waiter_wait(&application->waiter, IDLE_WAIT_MS);
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
    /* Acquire: pairs with `note_tree_end`. */
    const airs_manifest_supervisor_t *fallen =
        atomic_load_explicit(&application->fallen, memory_order_acquire);
    if (fallen != NULL) {
        status = airs_error_set(error, AIRS_STOPPED,
                                "supervisor %s has given up: its children were restarted too often",
                                fallen->name);
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
