#include "node/node.h"

#include <inttypes.h>
#include <pthread.h>

#include "actor/actor_spec.h"
#include "core/log.h"
#include "core/memory.h"
#include "node/cache_folder.h"
#include "node/crash_files.h"
#include "node/guard.h"
#include "node/node_storage.h"
#include "node/policy_file.h"
#include "runtime/wasm_engine.h"

/* Where the standard output of some actors goes. It may be written to until the last of them has ended,
 * and the node does not hear of each end, so it stays as long as the node; actors that share function,
 * context and whether it takes lines share it. */
typedef struct output {
    airs_output_t interface;
    struct output *next;
    airs_output_fn *function;
    void *context;
} output_t;

struct airs_node {
    const airs_allocator_t *allocator;
    airs_log_t *log;
    airs_runtime_engine_t *engine;
    airs_storage_backend_t *storage;
    airs_actor_system_t *actors;
    uint64_t max_memory_bytes;
    uint32_t max_actors;
    bool consume_fuel;
    airs_compile_mode_t compile_mode;
    airs_crash_files_t *crashes; /* NULL: nothing is recorded here */
    airs_guard_t *guard;
    pthread_mutex_t outputs_lock;
    output_t *outputs;
};

/* A copy of the options as this version knows them: what a caller built against an older header does not
 * know is zero. */
static airs_node_options_t complete_options(const airs_node_options_t *options) {
    airs_node_options_t complete = AIRS_NODE_OPTIONS_INIT;
    if (options != NULL) {
        size_t known = options->size < sizeof complete ? options->size : sizeof complete;
        memcpy(&complete, options, known);
    }
    if (complete.allocator == NULL) {
        complete.allocator = airs_allocator_default();
    }
    if (complete.clock == NULL) {
        complete.clock = airs_clock_system();
    }
    if (complete.random == NULL) {
        complete.random = airs_random_system();
    }
    if (complete.log == NULL) {
        complete.log = airs_log_stderr();
    }
    if (complete.max_actors == 0) {
        complete.max_actors = AIRS_DEFAULT_MAX_ACTORS;
    }
    if (complete.max_memory_bytes == 0) {
        complete.max_memory_bytes = AIRS_DEFAULT_ENGINE_MEMORY_BYTES;
    }
    return complete;
}

static airs_status_t make_engine(airs_node_t *node, const airs_node_options_t *options, const char *cache_dir,
                                 airs_error_t *error) {
    airs_wasm_engine_options_t engine = {
        .allocator = options->allocator,
        .clock = options->clock,
        .log = options->log,
        .max_instances = options->max_actors,
        .max_core_instances = options->max_core_instances < UINT32_MAX ? (uint32_t)options->max_core_instances
                                                                       : UINT32_MAX,
        .max_memory_bytes = options->max_memory_bytes,
        .slice_us = options->slice_us,
        .cache_dir = cache_dir,
        .compiler = options->compiler,
        .consume_fuel = options->consume_fuel,
        .record = options->record,
    };
    return airs_wasm_engine_create(&engine, &node->engine, error);
}

/* Nobody asked for this folder, so a machine on which it cannot be used is no reason not to start. */
static airs_status_t make_engine_with_default_cache(airs_node_t *node, const airs_node_options_t *options,
                                                    airs_error_t *error) {
    airs_error_t reason = {AIRS_OK, ""};
    char *folder = NULL;
    airs_status_t status = airs_cache_folder(options->allocator, &folder, &reason);
    if (status == AIRS_OK) {
        status = make_engine(node, options, folder, &reason);
    }
    airs_release(options->allocator, folder);
    if (status == AIRS_IO) {
        airs_log_printf(options->log, AIRS_LOG_WARN, airs_str("node"), "compiled code is not kept: %s",
                        reason.text);
        return make_engine(node, options, NULL, error);
    }
    return status == AIRS_OK ? AIRS_OK : airs_error_set(error, status, "%s", reason.text);
}

static airs_status_t make_crash_files(airs_node_t *node, const airs_node_options_t *options,
                                      airs_error_t *error) {
    airs_crash_files_options_t files = {
        .allocator = options->allocator,
        .log = options->log,
        .folder = options->crash_dir,
        .max_files = options->max_crash_files,
        .max_bytes = options->max_crash_bytes,
    };
    return airs_crash_files_create(&files, &node->crashes, error);
}

static airs_status_t make_parts(airs_node_t *node, const airs_node_options_t *options, airs_error_t *error) {
    airs_status_t status = options->cache_dir != NULL ? make_engine(node, options, options->cache_dir, error)
                                                      : make_engine_with_default_cache(node, options, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_node_storage_create(options, &node->storage, error);
    if (status == AIRS_OK && options->record) {
        status = make_crash_files(node, options, error);
    }
    if (status == AIRS_OK) {
        status = airs_guard_create(options, &node->guard, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    airs_actor_system_options_t actors = {
        .engine = node->engine,
        .allocator = options->allocator,
        .clock = options->clock,
        .random = options->random,
        .log = options->log,
        .storage = node->storage,
        .crashes = node->crashes != NULL ? airs_crash_files_sink(node->crashes) : NULL,
        .authority = airs_guard_authority(node->guard),
        .workers = options->workers,
    };
    return airs_actor_system_create(&actors, &node->actors, error);
}

airs_status_t airs_node_create(const airs_node_options_t *options, airs_node_t **out, airs_error_t *error) {
    airs_node_options_t complete = complete_options(options);
    airs_node_t *node = airs_alloc_zeroed(complete.allocator, sizeof *node);
    if (node == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    node->allocator = complete.allocator;
    node->log = complete.log;
    node->max_memory_bytes = complete.max_memory_bytes;
    node->max_actors = complete.max_actors;
    node->consume_fuel = complete.consume_fuel;
    node->compile_mode = complete.compile_mode;
    pthread_mutex_init(&node->outputs_lock, NULL); /* cannot fail without attributes */
    airs_status_t status = make_parts(node, &complete, error);
    if (status != AIRS_OK) {
        airs_node_destroy(node);
        return status;
    }
    *out = node;
    return AIRS_OK;
}

void airs_node_destroy(airs_node_t *node) {
    if (node == NULL) {
        return;
    }
    airs_actor_system_destroy(node->actors);
    if (node->storage != NULL) {
        node->storage->ops->destroy(node->storage);
    }
    if (node->engine != NULL) {
        node->engine->ops->destroy(node->engine);
    }
    airs_crash_files_destroy(node->crashes);
    airs_guard_destroy(node->guard);
    while (node->outputs != NULL) {
        output_t *next = node->outputs->next;
        airs_release(node->allocator, node->outputs);
        node->outputs = next;
    }
    pthread_mutex_destroy(&node->outputs_lock);
    airs_release(node->allocator, node);
}

/* Ready for `tell`; not an initializer, which would clear two kilobytes at each message. */
static void forget(airs_error_t *found) {
    found->status = AIRS_OK;
    found->text[0] = '\0';
}

/* The caller's error, with a text whatever failed: where a status says everything, the parts below leave the
 * text out. */
static airs_status_t tell(airs_status_t status, const airs_error_t *found, airs_error_t *error) {
    if (status == AIRS_OK || error == NULL) {
        return status;
    }
    return airs_error_set(error, status, "%s",
                          found->status != AIRS_OK ? found->text : airs_status_text(status));
}

airs_status_t airs_node_open_storage(airs_node_t *node, airs_error_t *error) {
    return airs_node_storage_open(node->storage, error);
}

airs_actor_system_t *airs_node_actors(airs_node_t *node) { return node->actors; }

const airs_allocator_t *airs_node_allocator(airs_node_t *node) { return node->allocator; }

airs_guard_t *airs_node_guard(airs_node_t *node) { return node->guard; }

airs_status_t airs_node_set_policy(airs_node_t *node, const char *path, airs_error_t *error) {
    airs_policy_file_t *file = NULL;
    airs_status_t status = path != NULL ? airs_policy_file_load(node->allocator, path, &file, error)
                                        : AIRS_OK;
    if (status == AIRS_OK) {
        airs_authority_set_policy(airs_guard_authority(node->guard),
                                  file != NULL ? airs_policy_file_policy(file) : NULL);
    }
    airs_policy_file_destroy(file);
    return status;
}

static airs_status_t load(airs_node_t *node, const airs_component_source_t *source, airs_component_t *out,
                          airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    return tell(node->engine->ops->load(node->engine, source, out, &found), &found, error);
}

static airs_load_options_t complete_load_options(const airs_load_options_t *options) {
    airs_load_options_t complete = AIRS_LOAD_OPTIONS_INIT;
    memcpy(&complete, options, options->size < sizeof complete ? options->size : sizeof complete);
    return complete;
}

airs_status_t airs_node_load_with(airs_node_t *node, const airs_load_options_t *options,
                                  airs_component_t *out, airs_error_t *error) {
    const airs_load_options_t complete = complete_load_options(options);
    if (complete.path != NULL && complete.path[0] == '\0') {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "the path of the component is empty");
    }
    airs_component_source_t source = {
        .path = complete.path,
        .bytes = complete.bytes,
        .name = complete.name,
        .apart = node->compile_mode == AIRS_COMPILE_APART_ALL ||
                 (node->compile_mode == AIRS_COMPILE_APART_UNTRUSTED && complete.untrusted),
        .limits = &complete.limits,
    };
    return load(node, &source, out, error);
}

airs_status_t airs_node_load(airs_node_t *node, const char *path, airs_component_t *out,
                             airs_error_t *error) {
    airs_load_options_t options = AIRS_LOAD_OPTIONS_INIT;
    options.path = path != NULL ? path : "";
    return airs_node_load_with(node, &options, out, error);
}

airs_status_t airs_node_load_bytes(airs_node_t *node, airs_bytes_t bytes, const char *name,
                                   airs_component_t *out, airs_error_t *error) {
    airs_load_options_t options = AIRS_LOAD_OPTIONS_INIT;
    options.bytes = bytes;
    options.name = name;
    return airs_node_load_with(node, &options, out, error);
}

void airs_node_unload(airs_node_t *node, airs_component_t component) {
    node->engine->ops->unload(node->engine, component);
}

static void write_output(airs_output_t *interface, airs_bytes_t bytes) {
    output_t *output = (output_t *)interface;
    output->function(output->context, bytes);
}

/* *out for this function (NULL: none) and context. False: no memory. */
static bool find_output(airs_node_t *node, airs_output_fn *function, void *context, bool whole_lines,
                        airs_output_t **out) {
    *out = NULL;
    if (function == NULL) {
        return true;
    }
    pthread_mutex_lock(&node->outputs_lock);
    output_t *output = node->outputs;
    while (output != NULL && (output->function != function || output->context != context ||
                              output->interface.whole_lines != whole_lines)) {
        output = output->next;
    }
    if (output == NULL) {
        output = airs_alloc(node->allocator, sizeof *output);
        if (output != NULL) {
            *output = (output_t){{write_output, whole_lines}, node->outputs, function, context};
            node->outputs = output;
        }
    }
    pthread_mutex_unlock(&node->outputs_lock);
    *out = output != NULL ? &output->interface : NULL;
    return output != NULL;
}

static airs_spawn_options_t complete_spawn_options(const airs_spawn_options_t *options) {
    airs_spawn_options_t complete = AIRS_SPAWN_OPTIONS_INIT;
    if (options != NULL) {
        memcpy(&complete, options, options->size < sizeof complete ? options->size : sizeof complete);
    }
    return complete;
}

/* What this node cannot give, because its engine was made otherwise. */
static airs_status_t check_limits(const airs_node_t *node, const airs_spawn_options_t *options,
                                  airs_error_t *error) {
    if (options->max_fuel != 0 && !node->consume_fuel) {
        return airs_error_set(error, AIRS_UNSUPPORTED,
                              "max_fuel needs a node that was created with consume_fuel");
    }
    if (options->record_bytes != 0 && node->crashes == NULL) {
        return airs_error_set(error, AIRS_UNSUPPORTED,
                              "record_bytes needs a node that was created with record");
    }
    if (options->max_memory_bytes > node->max_memory_bytes) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "max_memory_bytes is %" PRIu64 ", more than the %" PRIu64
                              " that the node was created with",
                              options->max_memory_bytes, node->max_memory_bytes);
    }
    return AIRS_OK;
}

uint32_t airs_node_standard_instances(uint32_t max_actors) { return max_actors > 1 ? max_actors / 2 : 1; }

static airs_actor_spec_t make_spec(const airs_spawn_options_t *options, const airs_env_var_t *env) {
    airs_actor_spec_t spec = airs_actor_spec_of(options);
    spec.env = env;
    spec.env_count = options->env_count;
    spec.config = options->config;
    spec.limits = (airs_instance_limits_t){
        .max_memory_bytes = options->max_memory_bytes,
        .max_execution_time_ms = options->max_execution_time_ms,
        .max_parked_time_ms = options->max_parked_time_ms,
        .max_fuel = options->max_fuel,
        .max_log_lines_per_s = options->max_log_lines_per_s,
    };
    spec.record_bytes = options->record_bytes;
    spec.storage_quota = options->storage_quota;
    spec.storage_by_instance = options->storage_by_instance;
    spec.stateless = options->stateless;
    spec.passivate_after_ms = options->passivate_after_ms;
    return spec;
}

/* As views; NULL: no memory. Released by the caller. */
static airs_env_var_t *copy_env(const airs_allocator_t *allocator, const airs_spawn_options_t *options) {
    airs_env_var_t *env = airs_alloc_array(allocator, options->env_count + 1, sizeof *env);
    for (size_t i = 0; env != NULL && i < options->env_count; i++) {
        env[i] = (airs_env_var_t){airs_str(options->env[i].name), airs_str(options->env[i].value)};
    }
    return env;
}

static airs_status_t make_settings(const airs_allocator_t *allocator, const airs_spawn_options_t *options,
                                   airs_settings_t **out, airs_error_t *error) {
    size_t count = options->setting_count;
    *out = NULL;
    if (count == 0) {
        return AIRS_OK;
    }
    airs_setting_view_t *views = airs_alloc_array(allocator, count, sizeof *views);
    if (views == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    for (size_t i = 0; i < count; i++) {
        const airs_setting_t *setting = &options->settings[i];
        views[i] = (airs_setting_view_t){airs_str(setting->name), airs_str(setting->value), setting->secret};
    }
    airs_status_t status = airs_settings_create(allocator, views, count, out, error);
    airs_release(allocator, views);
    return status;
}

airs_status_t airs_node_plan_guest(airs_node_t *node, const airs_spawn_options_t *options,
                                   airs_spawn_plan_t *out, airs_error_t *error) {
    airs_spawn_options_t complete = complete_spawn_options(options);
    airs_status_t status = check_limits(node, &complete, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_output_t *output = NULL;
    airs_output_t *errors = NULL;
    bool has_outputs =
        find_output(node, complete.standard_output, complete.output_context, complete.whole_lines, &output) &&
        find_output(node, complete.standard_error, complete.error_context, complete.whole_lines, &errors);
    airs_capabilities_t *capabilities = NULL;
    status = airs_guard_capabilities(node->guard, &complete, &capabilities, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_env_var_t *env = copy_env(node->allocator, &complete);
    airs_settings_t *settings = NULL;
    if (env == NULL || !has_outputs) {
        status = airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    } else {
        status = make_settings(node->allocator, &complete, &settings, error);
    }
    if (status != AIRS_OK) {
        airs_release(node->allocator, env);
        return status;
    }
    *out = (airs_spawn_plan_t){make_spec(&complete, env), env};
    out->spec.standard_output = output;
    out->spec.standard_error = errors;
    out->spec.capabilities = capabilities;
    if (out->spec.max_instances == 0) {
        out->spec.max_instances = airs_node_standard_instances(node->max_actors);
    }
    out->spec.settings = settings;
    return AIRS_OK;
}

void airs_spawn_plan_release(const airs_allocator_t *allocator, airs_spawn_plan_t *plan) {
    airs_settings_unref(plan->spec.settings);
    airs_release(allocator, plan->env);
}

void airs_node_plan_native(const airs_spawn_options_t *options, airs_spawn_plan_t *out) {
    airs_spawn_options_t complete = complete_spawn_options(options);
    complete.env_count = 0; /* a native actor has its state instead */
    *out = (airs_spawn_plan_t){make_spec(&complete, NULL), NULL};
}

airs_status_t airs_node_spawn(airs_node_t *node, airs_component_t component, airs_id_t id,
                              const airs_spawn_options_t *options, airs_error_t *error) {
    airs_spawn_plan_t plan;
    airs_status_t status = airs_node_plan_guest(node, options, &plan, error);
    if (status == AIRS_OK) {
        airs_error_t found;
        forget(&found);
        status = tell(airs_actor_system_spawn_component(node->actors, component, id, &plan.spec, &found),
                      &found, error);
        airs_spawn_plan_release(node->allocator, &plan);
    }
    return status;
}

static airs_update_options_t complete_update_options(const airs_update_options_t *options) {
    airs_update_options_t complete = AIRS_UPDATE_OPTIONS_INIT;
    if (options != NULL) {
        memcpy(&complete, options, options->size < sizeof complete ? options->size : sizeof complete);
    }
    if (complete.window_ms == 0) {
        complete.window_ms = AIRS_DEFAULT_UPDATE_WINDOW_MS;
    } else if (complete.window_ms == AIRS_UPDATE_NO_WINDOW) {
        complete.window_ms = 0;
    }
    return complete;
}

static airs_status_t update(airs_node_t *node, airs_id_t group, airs_component_t component,
                            const airs_update_options_t *options, const airs_actor_spec_t *spec,
                            airs_error_t *error) {
    airs_actor_update_t update = {.group = group,
                                  .component = component,
                                  .spec = spec,
                                  .window_ms = options->window_ms,
                                  .together = options->together};
    airs_error_t found;
    forget(&found);
    return tell(airs_actor_system_update(node->actors, &update, &found), &found, error);
}

static bool stop_at_first(void *context, airs_str_t interface) {
    (void)context;
    (void)interface;
    return false;
}

airs_status_t airs_node_update(airs_node_t *node, airs_id_t group, airs_component_t component,
                               const airs_update_options_t *options, airs_error_t *error) {
    airs_update_options_t complete = complete_update_options(options);
    if (airs_node_imports(node, component, stop_at_first, NULL) != AIRS_OK) {
        return airs_error_set(error, AIRS_NOT_LOADED, "%s", airs_status_text(AIRS_NOT_LOADED));
    }
    if (complete.spawn == NULL) {
        return update(node, group, component, &complete, NULL, error);
    }
    airs_spawn_plan_t plan;
    airs_status_t status = airs_node_plan_guest(node, complete.spawn, &plan, error);
    if (status == AIRS_OK) {
        /* The node may be gone when the update has ended. */
        const airs_allocator_t *allocator = node->allocator;
        status = update(node, group, component, &complete, &plan.spec, error);
        airs_spawn_plan_release(allocator, &plan);
    }
    return status;
}

bool airs_node_is_command(airs_node_t *node, airs_component_t component) {
    return node->engine->ops->is_command(node->engine, component);
}

airs_status_t airs_node_imports(airs_node_t *node, airs_component_t component,
                                bool (*each)(void *context, airs_str_t interface), void *context) {
    airs_status_t status = node->engine->ops->imports(node->engine, component, each, context);
    return status == AIRS_COMPONENT_NOT_FOUND ? AIRS_NOT_LOADED : status;
}

airs_status_t airs_node_imported_functions(airs_node_t *node, airs_component_t component,
                                           bool (*each)(void *context, airs_str_t interface,
                                                        airs_str_t function),
                                           void *context) {
    airs_status_t status = node->engine->ops->imported_functions(node->engine, component, each, context);
    return status == AIRS_COMPONENT_NOT_FOUND ? AIRS_NOT_LOADED : status;
}

airs_status_t airs_node_offer(airs_node_t *node, airs_component_t component, airs_id_t id,
                              const airs_spawn_options_t *options, airs_error_t *error) {
    airs_spawn_plan_t plan;
    airs_status_t status = airs_node_plan_guest(node, options, &plan, error);
    if (status == AIRS_OK) {
        airs_error_t found;
        forget(&found);
        status = tell(airs_actor_system_offer_component(node->actors, id, component, &plan.spec, &found),
                      &found, error);
        airs_spawn_plan_release(node->allocator, &plan);
    }
    return status;
}

void airs_node_withdraw(airs_node_t *node, airs_id_t id) {
    airs_actor_system_withdraw_component(node->actors, id);
}

airs_status_t airs_node_monitor(airs_node_t *node, airs_id_t target,
                                void (*down)(void *context, const airs_down_t *down), void *context,
                                airs_host_monitor_t **out, airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    return tell(airs_actor_system_monitor(node->actors, target, down, context, out, &found), &found, error);
}

void airs_node_demonitor(airs_node_t *node, airs_host_monitor_t *monitor) {
    airs_actor_system_demonitor(node->actors, monitor);
}

airs_status_t airs_node_spawn_native(airs_node_t *node, const airs_native_t *native, void *state,
                                     airs_id_t id, const airs_spawn_options_t *options, airs_error_t *error) {
    airs_spawn_plan_t plan;
    airs_error_t found;
    forget(&found);
    airs_node_plan_native(options, &plan);
    if (plan.spec.record_bytes != 0) {
        if (native->destroy != NULL) {
            native->destroy(state);
        }
        return airs_error_set(
            error, AIRS_UNSUPPORTED,
            "a native actor cannot be recorded: what it is told and does passes by the node");
    }
    airs_status_t status =
        airs_actor_system_spawn_native(node->actors, native, state, id, &plan.spec, &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_send(airs_node_t *node, airs_id_t target, airs_bytes_t payload, airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    airs_status_t status = airs_actor_system_send(node->actors, target, payload, airs_str_n(NULL, 0), &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_send_wait(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                                  airs_str_t content_type, uint64_t timeout_ms, airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    airs_status_t status =
        airs_actor_system_send_wait(node->actors, target, payload, content_type, timeout_ms, &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_call(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                             airs_str_t content_type, uint64_t timeout_ms,
                             void (*answer)(void *context, airs_bytes_t payload), void *context,
                             airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    airs_status_t status = airs_actor_system_call(node->actors, target, payload, content_type, timeout_ms,
                                                  answer, context, &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_request(airs_node_t *node, airs_id_t target, airs_bytes_t payload,
                                airs_str_t content_type, uint64_t timeout_ms,
                                void (*ended)(void *context, const airs_answer_t *answer), void *context,
                                airs_request_id_t *out, airs_error_t *error) {
    if (ended == NULL) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "a request needs a function that is told of its end; airs_node_send needs none");
    }
    airs_error_t found;
    forget(&found);
    airs_status_t status = airs_actor_system_request(node->actors, target, payload, content_type, timeout_ms,
                                                     ended, context, out, &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_cancel_request(airs_node_t *node, const airs_request_id_t *id) {
    return airs_actor_system_cancel_request(node->actors, id);
}

airs_status_t airs_node_publish(airs_node_t *node, airs_str_t topic, airs_bytes_t payload,
                                airs_str_t content_type, uint32_t *reached, airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    airs_status_t status =
        airs_actor_system_publish(node->actors, topic, payload, content_type, reached, &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_subscribe_actor(airs_node_t *node, airs_id_t id, airs_str_t pattern,
                                        airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    return tell(airs_actor_system_subscribe(node->actors, id, pattern, &found), &found, error);
}

airs_status_t airs_node_unsubscribe_actor(airs_node_t *node, airs_id_t id, airs_str_t pattern,
                                          airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    return tell(airs_actor_system_unsubscribe(node->actors, id, pattern, &found), &found, error);
}

airs_status_t airs_node_subscribe(airs_node_t *node, airs_str_t pattern,
                                  void (*message)(void *context, const airs_incoming_t *incoming),
                                  void *context, airs_subscription_t **out, airs_error_t *error) {
    if (message == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a subscription needs a function that is given the messages");
    }
    airs_error_t found;
    forget(&found);
    airs_status_t status =
        airs_actor_system_subscribe_function(node->actors, pattern, message, context, out, &found);
    return tell(status, &found, error);
}

void airs_node_unsubscribe(airs_node_t *node, airs_subscription_t *subscription) {
    airs_actor_system_unsubscribe_function(node->actors, subscription);
}

airs_status_t airs_node_stop(airs_node_t *node, airs_id_t id, airs_stop_mode_t mode, uint64_t timeout_ms,
                             airs_error_t *error) {
    airs_error_t found;
    forget(&found);
    airs_status_t status = airs_actor_system_stop(node->actors, id, mode, timeout_ms, &found);
    return tell(status, &found, error);
}

airs_status_t airs_node_drain(airs_node_t *node, uint64_t timeout_ms) {
    return airs_actor_system_drain(node->actors, timeout_ms);
}

airs_status_t airs_node_counters(airs_node_t *node, airs_id_t id, airs_actor_counters_t *out) {
    return airs_actor_system_counters(node->actors, id, out);
}

void airs_node_totals(airs_node_t *node, airs_node_counters_t *out) {
    airs_actor_system_totals(node->actors, out);
}

void airs_node_list(airs_node_t *node, bool (*each)(void *context, const airs_actor_info_t *info),
                    void *context) {
    airs_actor_system_list(node->actors, each, context);
}

void airs_node_requests(airs_node_t *node, airs_request_counters_t *out) {
    airs_actor_system_requests(node->actors, out);
}

void airs_node_dead_letters(airs_node_t *node, bool (*each)(void *context, const airs_dead_letter_t *letter),
                            void *context) {
    airs_dead_letters_each(airs_actor_system_dead_letters(node->actors), each, context);
}

void airs_node_dead_letter_counts(airs_node_t *node, uint64_t out[AIRS_DEAD_LETTER_REASONS]) {
    airs_dead_letters_t *letters = airs_actor_system_dead_letters(node->actors);
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        out[reason] = airs_dead_letters_count(letters, (airs_dead_letter_reason_t)reason);
    }
}
