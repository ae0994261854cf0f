#include "runtime/wasm_engine.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/log.h"
#include "core/memory.h"
#include "runtime/component_loader.h"
#include "runtime/engine_state.h"
#include "runtime/host/batch.h"
#include "runtime/host/config.h"
#include "runtime/host/keyvalue.h"
#include "runtime/host/logging.h"
#include "runtime/host/messaging.h"
#include "runtime/host/replies.h"
#include "runtime/host/services.h"
#include "runtime/host/storage.h"
#include "runtime/host/supervision.h"
#include "runtime/host/timers.h"
#include "runtime/host/topics.h"
#include "runtime/host/wasi.h"
#include "runtime/instance.h"
#include "runtime/loaded_components.h"
#include "runtime/memory_maps.h"
#include "runtime/resource_limits.h"

static void tick(void *context) { wasmtime_engine_increment_epoch(((airs_wasm_engine_t *)context)->engine); }

static airs_status_t make_engine(airs_wasm_engine_t *engine, airs_error_t *error) {
    engine->code = (airs_code_settings_t){.epochs = engine->options.slice_fuel == 0,
                                          .fuel = engine->options.consume_fuel,
                                          .record = engine->options.record};
    wasm_config_t *config = airs_code_settings_config(&engine->code);
    airs_engine_configure_limits(config, &engine->options);
    wasmtime_error_t *failure = airs_ext_engine_new(config, &engine->engine);
    if (failure != NULL) {
        char prefix[160];
        snprintf(prefix, sizeof prefix, "the engine's pools for %" PRIu32 " instances cannot be made",
                 engine->options.max_instances);
        return airs_engine_error(error, AIRS_RESOURCE_LIMIT, prefix, failure);
    }
    return AIRS_OK;
}

static airs_status_t make_linker(airs_wasm_engine_t *engine, airs_error_t *error) {
    engine->linker = wasmtime_component_linker_new(engine->engine);
    wasmtime_error_t *(*const parts[])(wasmtime_component_linker_t *) = {
        airs_host_config_link,  airs_host_keyvalue_link, airs_host_logging_link, airs_host_messaging_link,
        airs_host_replies_link, airs_host_services_link, airs_host_storage_link, airs_host_supervision_link,
        airs_host_timers_link,  airs_host_topics_link,   airs_host_wasi_link,    airs_host_batch_link,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        wasmtime_error_t *failure = parts[i](engine->linker);
        if (failure != NULL) {
            return airs_engine_error(error, AIRS_INTERNAL, "the host's imports cannot be linked", failure);
        }
    }
    return AIRS_OK;
}

static void open_cache(airs_wasm_engine_t *engine) {
    const char *folder = engine->options.cache_dir;
    airs_error_t error;
    if (folder == NULL || *folder == '\0' ||
        airs_code_cache_open(engine->options.allocator, folder, &engine->cache, &error) == AIRS_OK) {
        return;
    }
    airs_error_prefix(&error, "compiled code is not cached");
    airs_log_record_t record = {
        .level = AIRS_LOG_WARN, .source = airs_str("engine"), .message = airs_str(error.text)};
    engine->options.log->write(engine->options.log, &record);
}

/* That as many instances as there is room for may not be had is known now, and not only when one fails. */
static airs_status_t check_maps(airs_wasm_engine_t *engine, airs_error_t *error) {
    uint64_t allowed = airs_memory_maps_allowed();
    uint32_t instances = engine->options.max_instances;
    uint32_t fit = airs_memory_maps_fit(allowed);
    airs_status_t status = airs_memory_maps_check(instances, allowed, error);
    if (status == AIRS_OK && instances > fit) {
        airs_log_printf(engine->options.log, AIRS_LOG_WARN, airs_str("engine"),
                        "there is room for %" PRIu32
                        " instances, but the kernel allows memory maps for some %" PRIu32
                        "; sysctl -w " AIRS_MEMORY_MAPS_SETTING " lifts that from %" PRIu64,
                        instances, fit, allowed);
    }
    return status;
}

static airs_status_t start(airs_wasm_engine_t *engine, airs_error_t *error) {
    airs_status_t status = check_maps(engine, error);
    if (status == AIRS_OK) {
        status = make_engine(engine, error);
    }
    if (status == AIRS_OK) {
        status = make_linker(engine, error);
    }
    if (status == AIRS_OK && engine->options.slice_fuel == 0) {
        status = airs_epoch_ticker_create(engine->options.allocator, engine->options.clock,
                                          engine->options.slice_us, tick, engine, &engine->ticker, error);
    }
    if (status == AIRS_OK) {
        /* The engine itself refuses code of another configuration or version; this keeps the entries apart. */
        airs_code_settings_text(&engine->code, engine->settings);
        open_cache(engine);
        status = airs_compiler_create(engine->options.allocator, engine->options.compiler, &engine->compiler,
                                      error);
    }
    return status;
}

static void destroy(airs_runtime_engine_t *base) {
    if (base == NULL) {
        return;
    }
    airs_wasm_engine_t *engine = airs_wasm_engine_of(base);
    airs_epoch_ticker_destroy(engine->ticker);
    airs_loaded_components_clear(engine);
    if (engine->linker != NULL) {
        wasmtime_component_linker_delete(engine->linker);
    }
    if (engine->engine != NULL) {
        wasm_engine_delete(engine->engine);
    }
    airs_code_cache_close(engine->cache);
    airs_compiler_destroy(engine->compiler);
    pthread_rwlock_destroy(&engine->lock);
    airs_release(engine->options.allocator, engine);
}

static airs_status_t load(airs_runtime_engine_t *base, const airs_component_source_t *source,
                          airs_component_handle_t *out, airs_error_t *error) {
    airs_wasm_engine_t *engine = airs_wasm_engine_of(base);
    airs_loaded_component_t *component = NULL;
    airs_status_t status = airs_component_load(engine, source, &component, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_loaded_components_add(engine, component, out);
    if (status != AIRS_OK) {
        airs_loaded_component_unref(component);
        return airs_error_set(error, status, "no memory for a loaded component");
    }
    return AIRS_OK;
}

static void unload(airs_runtime_engine_t *base, airs_component_handle_t handle) {
    airs_loaded_components_remove(airs_wasm_engine_of(base), handle);
}

static bool migrates(airs_runtime_engine_t *base, airs_component_handle_t handle) {
    airs_loaded_component_t *component = airs_loaded_components_get(airs_wasm_engine_of(base), handle);
    bool answer = component != NULL && airs_ext_component_migrates(component->prepared);
    airs_loaded_component_unref(component);
    return answer;
}

static bool is_command(airs_runtime_engine_t *base, airs_component_handle_t handle) {
    airs_loaded_component_t *component = airs_loaded_components_get(airs_wasm_engine_of(base), handle);
    bool answer = component != NULL && airs_ext_component_is_command(component->prepared);
    airs_loaded_component_unref(component);
    return answer;
}

static airs_status_t imports(airs_runtime_engine_t *base, airs_component_handle_t handle,
                             bool (*each)(void *context, airs_str_t interface), void *context) {
    airs_loaded_component_t *component = airs_loaded_components_get(airs_wasm_engine_of(base), handle);
    if (component == NULL) {
        return AIRS_COMPONENT_NOT_FOUND;
    }
    bool go_on = true;
    for (size_t at = 0; go_on && at < component->imports.size;) {
        airs_str_t name = airs_str(component->imports.data + at);
        go_on = each(context, name);
        at += name.size + 1;
    }
    airs_loaded_component_unref(component);
    return AIRS_OK;
}

static airs_status_t imported_functions(airs_runtime_engine_t *base, airs_component_handle_t handle,
                                        bool (*each)(void *context, airs_str_t interface,
                                                     airs_str_t function),
                                        void *context) {
    airs_loaded_component_t *component = airs_loaded_components_get(airs_wasm_engine_of(base), handle);
    if (component == NULL) {
        return AIRS_COMPONENT_NOT_FOUND;
    }
    bool go_on = true;
    for (size_t at = 0; go_on && at < component->functions.size;) {
        airs_str_t interface = airs_str(component->functions.data + at);
        airs_str_t function = airs_str(component->functions.data + at + interface.size + 1);
        go_on = each(context, interface, function);
        at += interface.size + function.size + 2;
    }
    airs_loaded_component_unref(component);
    return AIRS_OK;
}

static void activity_begin(airs_runtime_engine_t *base) {
    airs_wasm_engine_t *engine = airs_wasm_engine_of(base);
    if (engine->ticker != NULL) {
        airs_epoch_ticker_begin(engine->ticker);
    }
}

static void activity_end(airs_runtime_engine_t *base) {
    airs_wasm_engine_t *engine = airs_wasm_engine_of(base);
    if (engine->ticker != NULL) {
        airs_epoch_ticker_end(engine->ticker);
    }
}

static const _Atomic uint64_t *slices(airs_runtime_engine_t *base) {
    airs_wasm_engine_t *engine = airs_wasm_engine_of(base);
    return engine->ticker != NULL ? airs_epoch_ticker_count(engine->ticker) : NULL;
}

static const airs_runtime_engine_ops_t ops = {
    .load = load,
    .unload = unload,
    .migrates = migrates,
    .is_command = is_command,
    .imports = imports,
    .imported_functions = imported_functions,
    .instance_create = airs_wasm_instance_create,
    .instance_destroy = airs_wasm_instance_destroy,
    .instance_ended = airs_wasm_instance_ended,
    .batches = airs_wasm_instance_batches,
    .gather = airs_wasm_instance_gather,
    .call = airs_wasm_instance_call,
    .resume = airs_wasm_instance_resume,
    .activity_begin = activity_begin,
    .activity_end = activity_end,
    .slices = slices,
    .destroy = destroy,
};

airs_status_t airs_wasm_engine_create(const airs_wasm_engine_options_t *options, airs_runtime_engine_t **out,
                                      airs_error_t *error) {
    airs_wasm_engine_options_t resolved = *options;
    airs_status_t status = airs_engine_options_resolve(&resolved, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_wasm_engine_t *engine = airs_alloc_zeroed(resolved.allocator, sizeof *engine);
    if (engine == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the engine");
    }
    engine->base.ops = &ops;
    engine->options = resolved;
    pthread_rwlock_init(&engine->lock, NULL);
    status = start(engine, error);
    engine->options.cache_dir = NULL; /* was borrowed */
    engine->options.compiler = NULL;  /* likewise */
    if (status != AIRS_OK) {
        destroy(&engine->base);
        return status;
    }
    *out = &engine->base;
    return AIRS_OK;
}
