#include "node/application_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/log.h"
#include "core/memory.h"
#include "node/cache_folder.h"
#include "node/guard.h"
#include "node/input_end.h"
#include "node/manifest_stream.h"
#include "node/node.h"
#include "node/trusted_load.h"

/* How long one wait lasts before it is looked whether to go on. */
#define WAIT_MS 50

#define NS_PER_MS 1000000

/* Instances that components are given room for by default, as far as they can do without. */
#define STATELESS_ACTORS 8000

#define LOG_SOURCE "application"

static void enter(airs_application_t *application, airs_application_stage_t stage, const char *component) {
    atomic_store_explicit(&application->stage, stage, memory_order_relaxed);
    atomic_store_explicit(&application->current, component, memory_order_relaxed);
}

static uint64_t now_ns(airs_application_t *application) {
    return airs_clock_monotonic(application->options.clock);
}

/* Of the component's instance `number`, UINT64_MAX: of all of them. */
static void lower_limits(const airs_policy_file_t *policy, const airs_manifest_t *manifest,
                         const airs_manifest_component_t *component, uint64_t number,
                         airs_spawn_options_t *spawn) {
    char id[AIRS_ID_MAX + 32];
    if (policy == NULL) {
        return;
    }
    if (number == UINT64_MAX) {
        (void)snprintf(id, sizeof id, "%s/%s/*", manifest->ns, component->name);
    } else {
        (void)snprintf(id, sizeof id, "%s/%s/%" PRIu64, manifest->ns, component->name, number);
    }
    airs_policy_file_lower(policy, airs_str(id), spawn);
}

bool airs_application_asks_for_fuel(const airs_manifest_t *manifest,
                                    const airs_manifest_component_t *component,
                                    const airs_policy_file_t *policy) {
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    lower_limits(policy, manifest, component, UINT64_MAX, &spawn);
    return spawn.max_fuel != 0;
}

/* Room for all instances, and one more for one that is updated; but stateless ones get by with less. */
static unsigned standard_actors(const airs_manifest_t *manifest) {
    uint64_t kept = airs_manifest_kept_instances(manifest) + 1;
    uint64_t wanted = airs_manifest_instances(manifest) + 1;
    wanted = wanted < STATELESS_ACTORS ? wanted : STATELESS_ACTORS;
    wanted = wanted > kept ? wanted : kept;
    return wanted > AIRS_DEFAULT_MAX_ACTORS ? (unsigned)wanted : AIRS_DEFAULT_MAX_ACTORS;
}

/* Pools for what the manifest needs: what it asks for, or the default if that is enough. */
static airs_node_options_t node_options(const airs_manifest_t *manifest, const airs_policy_file_t *policy,
                                        const airs_application_options_t *options) {
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = options->workers != 0 ? options->workers : (unsigned)manifest->engine.workers;
    node.slice_us = (unsigned)manifest->engine.slice_us;
    node.max_actors = (unsigned)manifest->engine.max_actors;
    if (node.max_actors == 0) {
        node.max_actors = standard_actors(manifest);
    }
    node.max_core_instances = manifest->engine.max_core_instances;
    node.max_memory_bytes = AIRS_DEFAULT_ENGINE_MEMORY_BYTES;
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_limits_t *limits = &manifest->components[i].limits;
        node.consume_fuel = node.consume_fuel || limits->fuel != 0 ||
                            airs_application_asks_for_fuel(manifest, &manifest->components[i], policy);
        node.record = node.record || manifest->components[i].record_bytes != 0;
        if (limits->memory_bytes > node.max_memory_bytes) {
            node.max_memory_bytes = limits->memory_bytes;
        }
    }
    node.cache_dir = options->cache_dir;
    node.compiler = options->compiler != NULL ? options->compiler : manifest->compile.program;
    node.compile_mode = manifest->compile.mode;
    node.audit_file = manifest->audit.file;
    node.audit_bytes = manifest->audit.max_bytes;
    node.audit_kept = (uint32_t)manifest->audit.kept;
    node.allocator = options->allocator;
    node.clock = options->clock;
    node.log = options->log;
    return node;
}

/* False: no memory. */
static bool set_stream(airs_application_t *application, const airs_manifest_stream_t *stream,
                       airs_output_fn **function, void **context) {
    *context = NULL;
    switch (stream->kind) {
    case AIRS_STREAM_LOG:
        return true;
    case AIRS_STREAM_NULL:
        *function = airs_stream_drop;
        return true;
    case AIRS_STREAM_FILE:
        *function = airs_stream_file_write;
        *context = airs_stream_files_get(&application->streams, stream);
        return *context != NULL;
    }
    return false;
}

static bool is_shared(const airs_manifest_t *manifest, const airs_manifest_stream_t *stream) {
    return stream->kind == AIRS_STREAM_FILE && !airs_manifest_is_alone(manifest, stream);
}

static bool is_output(const airs_application_t *application, const airs_manifest_component_t *component) {
    const airs_manifest_component_t *output = application->manifest->output;
    return application->options.output != NULL && output != NULL &&
           strcmp(component->name, output->name) == 0;
}

/* What comes from one instance that nobody shares a place with is there byte for byte, and at once; what comes from
 * several, or from actors, of which others may spawn more, comes in lines. */
static bool needs_lines(const airs_application_t *application, const airs_manifest_component_t *component,
                        uint64_t number) {
    const airs_manifest_t *manifest = application->manifest;
    const airs_manifest_run_t *run = &component->run;
    bool is_one = component->instances == 1 && number != UINT64_MAX;
    return !is_one || !(run->given || is_output(application, component)) ||
           is_shared(manifest, &run->output) || is_shared(manifest, &run->error);
}

/* False: no memory. */
static bool set_streams(airs_application_t *application, const airs_manifest_component_t *component,
                        uint64_t number, airs_spawn_options_t *spawn) {
    const airs_manifest_run_t *run = &component->run;
    spawn->whole_lines = needs_lines(application, component, number);
    if (!set_stream(application, &run->output, &spawn->standard_output, &spawn->output_context) ||
        !set_stream(application, &run->error, &spawn->standard_error, &spawn->error_context)) {
        return false;
    }
    if (is_output(application, component)) {
        spawn->standard_output = application->options.output;
        spawn->output_context = application->options.output_context;
    }
    return true;
}

void airs_application_lower_limits(const airs_application_t *application,
                                   const airs_manifest_component_t *component, uint64_t number,
                                   airs_spawn_options_t *spawn) {
    if (spawn->max_instances == 0) {
        /* As many as the manifest itself says are not too many. */
        uint64_t standard = airs_node_standard_instances(application->made.max_actors);
        spawn->max_instances = (uint32_t)(component->instances > standard ? component->instances : standard);
    }
    lower_limits(application->policy, application->manifest, component, number, spawn);
}

static bool describe_component(void *context, const airs_manifest_component_t *component, uint64_t number,
                               airs_component_t *out, airs_spawn_options_t *spawn) {
    airs_application_t *application = context;
    size_t i = 0;
    while (application->components[i].plan != component) {
        i++;
    }
    *out = application->components[i].handle;
    airs_application_lower_limits(application, component, number, spawn);
    return set_streams(application, component, number, spawn);
}

static bool is_cancelled(void *context) { return airs_application_is_interrupted(context); }

static void note_stop_failure(void *context) {
    airs_application_t *application = context;
    atomic_fetch_add_explicit(&application->stop_failures, 1, memory_order_relaxed);
}

/* Whether there are actors, or may be some, has changed perhaps. */
static void look_again(void *context) {
    airs_application_t *application = context;
    airs_waiter_lock(&application->waiter);
    application->told = true;
    airs_waiter_wake(&application->waiter);
    airs_waiter_unlock(&application->waiter);
}

/* A component's own supervisor ends alone; any other takes the application with it. */
static void note_tree_end(void *context, const airs_manifest_supervisor_t *plan, bool gave_up) {
    airs_application_t *application = context;
    if (gave_up && !plan->implicit) {
        /* Release: pairs with airs_application_run. */
        atomic_store_explicit(&application->fallen, plan, memory_order_release);
        airs_application_interrupt(application);
    }
    look_again(application);
}

airs_status_t airs_application_load_policy(const airs_application_t *application,
                                           const airs_manifest_t *manifest, airs_policy_file_t **out,
                                           airs_error_t *error) {
    *out = NULL;
    return manifest->policy != NULL
               ? airs_policy_file_load(application->options.allocator, manifest->policy, out, error)
               : AIRS_OK;
}

void airs_application_set_policy(airs_application_t *application, airs_policy_file_t *policy) {
    airs_policy_file_t *before = application->policy;
    application->policy = policy;
    airs_authority_set_policy(airs_guard_authority(airs_node_guard(application->node)),
                              policy != NULL ? airs_policy_file_policy(policy) : NULL);
    airs_policy_file_destroy(before);
}

/* What the manifest says, or the application's own folder. Where there is no such place, that matters only when a
 * component stores something. */
static void set_storage(airs_application_t *application, airs_node_options_t *node, char **folder) {
    const airs_manifest_storage_t *storage = &application->manifest->storage;
    node->storage_sync = storage->sync == AIRS_MANIFEST_SYNC_INTERVAL ? AIRS_STORAGE_SYNC_INTERVAL
                                                                      : AIRS_STORAGE_SYNC_COMMIT;
    node->storage_interval_ms = storage->interval_ms;
    node->storage_max_bytes = storage->map_bytes;
    if (storage->sync == AIRS_MANIFEST_SYNC_NONE) {
        return;
    }
    node->storage_dir = storage->folder;
    if (storage->folder == NULL) {
        application->storage_status = airs_storage_folder(node->allocator, application->manifest->name,
                                                          folder, &application->storage_problem);
        node->storage_dir = *folder;
    }
}

static airs_status_t make_node(airs_application_t *application, airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    airs_policy_file_t *policy = NULL;
    airs_status_t status = airs_application_load_policy(application, manifest, &policy, error);
    airs_node_options_t node = node_options(manifest, policy, &application->options);
    char *folder = NULL;
    char *storage = NULL;
    set_storage(application, &node, &storage);
    if (status == AIRS_OK && node.record && manifest->crashes.folder == NULL) {
        status = airs_crash_folder(node.allocator, manifest->name, &folder, error);
        if (status != AIRS_OK) {
            airs_error_prefix(error, "crash files have no folder; crashes.folder names one");
        }
    }
    node.crash_dir = folder != NULL ? folder : manifest->crashes.folder;
    node.max_crash_files = (uint32_t)manifest->crashes.max_files;
    node.max_crash_bytes = manifest->crashes.max_bytes;
    status = status == AIRS_OK ? airs_node_create(&node, &application->node, error) : status;
    airs_release(node.allocator, folder);
    airs_release(node.allocator, storage);
    node.crash_dir = NULL;
    node.storage_dir = NULL;
    node.audit_file = NULL;
    node.compiler = NULL;
    application->made = node;
    if (status == AIRS_OK) {
        airs_actor_system_on_empty(airs_node_actors(application->node), look_again, application);
        airs_application_set_policy(application, policy);
    } else {
        airs_policy_file_destroy(policy);
    }
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
    application->component_count = manifest->component_count;
    for (size_t i = 0; i < manifest->component_count; i++) {
        application->components[i] = (airs_application_component_t){.plan = &manifest->components[i]};
    }
    return true;
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
    application->streams = (airs_stream_files_t){.allocator = complete.allocator, .log = complete.log};
    application->manifest = manifest;
    application->path = manifest->path;
    airs_waiter_init(&application->waiter);
    pthread_mutex_init(&application->change, NULL); /* cannot fail without attributes */
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
    pthread_mutex_lock(&application->change);
    while (application->tree_count > 0) {
        airs_tree_t *tree = application->trees[--application->tree_count];
        enter(application, AIRS_APPLICATION_STOPPING, airs_tree_plan(tree)->name);
        airs_tree_stop(tree, mode);
    }
    pthread_mutex_unlock(&application->change);
}

static void release_manifests(airs_application_t *application) {
    while (application->manifests != NULL) {
        airs_application_manifest_t *next = application->manifests->next;
        airs_manifest_destroy(application->manifests->manifest);
        airs_release(application->options.allocator, application->manifests);
        application->manifests = next;
    }
}

void airs_application_destroy(airs_application_t *application) {
    if (application == NULL) {
        return;
    }
    const airs_allocator_t *allocator = application->options.allocator;
    stop_trees(application, AIRS_STOP_DROP);
    airs_node_destroy(application->node);
    airs_policy_file_destroy(application->policy);
    airs_stream_files_free(&application->streams);
    airs_release(allocator, (void *)application->trees);
    airs_waiter_free(&application->waiter);
    pthread_mutex_destroy(&application->change);
    airs_release(allocator, application->components);
    release_manifests(application);
    airs_release(allocator, application);
}

airs_node_t *airs_application_node(airs_application_t *application) { return application->node; }

static airs_status_t cancel(airs_error_t *error) {
    return airs_error_set(error, AIRS_CANCELLED, "interrupted");
}

airs_file_stamp_t airs_file_stamp(const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) {
        return (airs_file_stamp_t){0};
    }
    return (airs_file_stamp_t){
        .device = (uint64_t)about.st_dev,
        .file = (uint64_t)about.st_ino,
        .size = (uint64_t)about.st_size,
        .written = about.st_mtim,
    };
}

airs_status_t airs_application_load_component(airs_application_t *application,
                                              const airs_manifest_t *manifest,
                                              const airs_manifest_component_t *plan,
                                              airs_application_component_t *out, airs_error_t *error) {
    /* Before the file is read: when it changes meanwhile, that is seen later. */
    *out = (airs_application_component_t){.plan = plan, .stamp = airs_file_stamp(plan->source)};
    const airs_application_options_t *options = &application->options;
    airs_status_t status = airs_trusted_load(application->node, manifest, plan, options->allocator,
                                             options->log, &out->handle, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "component %s", plan->name);
    }
    return status;
}

static bool is_no_storage(void *context, airs_str_t interface) {
    static const char *const names[] = {"airssys:core/storage", "wasi:keyvalue/"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (interface.size >= size && memcmp(interface.data, names[i], size) == 0) {
            *(bool *)context = true;
            return false;
        }
    }
    return true;
}

/* Before anything runs, so that a folder that is in use or cannot be written to is not found out in the middle. */
static airs_status_t open_storage(airs_application_t *application, airs_error_t *error) {
    bool stores = false;
    for (size_t i = 0; i < application->component_count && !stores; i++) {
        (void)airs_node_imports(application->node, application->components[i].handle, is_no_storage, &stores);
    }
    if (!stores) {
        return AIRS_OK;
    }
    if (application->storage_status != AIRS_OK) {
        return airs_error_set(error, application->storage_status,
                              "storage has no folder; storage.folder names one: %s",
                              application->storage_problem.text);
    }
    return airs_node_open_storage(application->node, error);
}

airs_status_t airs_application_load(airs_application_t *application, airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < manifest->component_count && status == AIRS_OK; i++) {
        const airs_manifest_component_t *component = &manifest->components[i];
        if (airs_application_is_interrupted(application)) {
            return cancel(error);
        }
        enter(application, AIRS_APPLICATION_LOADING, component->name);
        status = airs_application_load_component(application, manifest, component,
                                                 &application->components[i], error);
    }
    return status == AIRS_OK ? open_storage(application, error) : status;
}

/* Stop what was started. An actor that has ended meanwhile is no failure of the stop. */
static void stop_all(airs_application_t *application, airs_stop_mode_t mode) {
    stop_trees(application, mode);
    enter(application, AIRS_APPLICATION_ENDED, NULL);
}

airs_status_t airs_application_start(airs_application_t *application, airs_error_t *error) {
    const airs_manifest_t *manifest = application->manifest;
    while (application->tree_count < manifest->root_count) {
        const airs_manifest_supervisor_t *plan = manifest->roots[application->tree_count];
        enter(application, AIRS_APPLICATION_STARTING, plan->name);
        airs_status_t status = airs_application_is_interrupted(application)
                                   ? cancel(error)
                                   : airs_tree_start(&application->scene, plan,
                                                     &application->trees[application->tree_count], error);
        if (status != AIRS_OK) {
            stop_all(application, AIRS_STOP_DROP);
            return status;
        }
        application->tree_count++;
    }
    enter(application, AIRS_APPLICATION_RUNNING, NULL);
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
    if (feed != NULL && airs_application_is_interrupted(application)) {
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
    bool cut = status == AIRS_CANCELLED ||
               (status == AIRS_OK && airs_application_is_interrupted(application));
    return cut ? cancel(error) : status;
}

/* When waiting has to end: never, or drain-time after the interruption was noticed. */
typedef struct patience {
    bool limited;
    uint64_t deadline_ns;
} patience_t;

/* How long to wait now; 0: no longer. */
static uint64_t wait_ms(airs_application_t *application, patience_t *patience) {
    if (!airs_application_is_interrupted(application)) {
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
    pthread_mutex_lock(&application->change);
    airs_node_totals(application->node, &totals);
    bool alive = totals.actors > 0;
    for (size_t i = 0; i < application->tree_count && !alive; i++) {
        alive = airs_tree_goes_on(application->trees[i]);
    }
    pthread_mutex_unlock(&application->change);
    return alive;
}

/* Whoever makes is_alive false says so: the last actor, a supervisor that does not restart it, a tree at its end. */
static void wait_until_told(airs_application_t *application) {
    airs_waiter_lock(&application->waiter);
    application->told = true;
    while (!airs_application_is_interrupted(application)) {
        if (!application->told) {
            airs_waiter_wait(&application->waiter, UINT64_MAX);
            continue;
        }
        application->told = false;
        airs_waiter_unlock(&application->waiter);
        bool alive = is_alive(application);
        airs_waiter_lock(&application->waiter);
        if (!alive) {
            break;
        }
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
