#include "runtime/instance.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/check.h"
#include "core/memory.h"
#include "runtime/component_loader.h"
#include "runtime/host/guest_log.h"
#include "runtime/host/keyvalue.h"
#include "runtime/host/wasi.h"
#include "runtime/loaded_components.h"
#include "runtime/memory_maps.h"
#include "security/security_context.h"

/* Ticks until a call's time slice is over. */
#define SLICE_TICKS 1

/* ---- time ----------------------------------------------------------------------------------- */

static void fire(airs_timer_t *timer) {
    airs_wasm_instance_t *instance =
        (airs_wasm_instance_t *)(void *)((char *)timer - offsetof(airs_wasm_instance_t, timer));
    instance->host.wake(instance->host.wake_context);
}

static void disarm_timer(airs_wasm_instance_t *instance) {
    if (instance->timer_armed) {
        instance->host.timers->cancel(instance->host.timers, &instance->timer);
        instance->timer_armed = false;
    }
}

/* It is woken then, or before: whoever waits asks again. */
static void wake_at(airs_wasm_instance_t *instance, uint64_t deadline_ns) {
    if (instance->timer_armed && instance->timer.deadline_ns <= deadline_ns) {
        return;
    }
    disarm_timer(instance);
    instance->timer.deadline_ns = deadline_ns;
    instance->timer.fire = fire;
    if (instance->host.timers->add(instance->host.timers, &instance->timer) == AIRS_OK) {
        instance->timer_armed = true;
    } else {
        /* No memory to wait with: ask again as soon as others had their turn. */
        instance->host.wake(instance->host.wake_context);
    }
}

bool airs_wasm_instance_wait_until(airs_wasm_instance_t *instance, uint64_t deadline_ns) {
    if (airs_clock_monotonic(instance->host.clock) >= deadline_ns) {
        return true;
    }
    instance->waits = true;
    wake_at(instance, deadline_ns);
    return false;
}

static uint64_t limit_ns(const airs_wasm_instance_t *instance) {
    uint64_t ms = instance->limits.max_execution_time_ms;
    return ms == 0 || ms > UINT64_MAX / 1000000 ? UINT64_MAX : ms * 1000000;
}

static const char *overtime_text(const airs_wasm_instance_t *instance, char *out, size_t size) {
    snprintf(out, size, "the call ran longer than the execution-time limit of %" PRIu64 " ms",
             instance->limits.max_execution_time_ms);
    return out;
}

/* The deadline has passed while guest code runs: end the call, or let others have their turn. */
static wasmtime_error_t *on_epoch(wasmtime_context_t *context, void *data, uint64_t *delta,
                                  wasmtime_update_deadline_kind_t *kind) {
    (void)context;
    airs_wasm_instance_t *instance = data;
    if (instance->interrupted) {
        return wasmtime_error_new("interrupted");
    }
    uint64_t now = airs_epoch_ticker_now_ns(instance->engine->ticker);
    uint64_t slice = now > instance->slice_start_ns ? now - instance->slice_start_ns : 0;
    if (instance->running_ns + slice > limit_ns(instance)) {
        char text[128];
        instance->overtime = true;
        return wasmtime_error_new(overtime_text(instance, text, sizeof text));
    }
    *delta = SLICE_TICKS;
    *kind = WASMTIME_UPDATE_DEADLINE_YIELD;
    return NULL;
}

void airs_wasm_instance_interrupt(airs_wasm_instance_t *instance) {
    instance->interrupted = true;
    /* The running function remembers the deadline that it began with. */
    for (unsigned i = 0; i <= SLICE_TICKS; i++) {
        wasmtime_engine_increment_epoch(instance->engine->engine);
    }
}

static void begin_slice(airs_wasm_instance_t *instance) {
    instance->waits = false;
    if (instance->engine->ticker != NULL) {
        wasmtime_context_set_epoch_deadline(instance->context, SLICE_TICKS);
        instance->slice_start_ns = airs_epoch_ticker_now_ns(instance->engine->ticker);
    }
}

static void end_slice(airs_wasm_instance_t *instance) {
    if (instance->engine->ticker != NULL) {
        uint64_t now = airs_epoch_ticker_now_ns(instance->engine->ticker);
        instance->running_ns += now > instance->slice_start_ns ? now - instance->slice_start_ns : 0;
    } else if (!instance->waits) {
        instance->slices++;
        instance->running_ns = instance->slices * instance->engine->options.slice_us * 1000;
    }
}

void airs_wasm_instance_begin_message(airs_wasm_instance_t *instance) {
    instance->running_ns = 0;
    instance->slices = 0;
    if (instance->engine->ticker != NULL) {
        instance->slice_start_ns = airs_epoch_ticker_now_ns(instance->engine->ticker);
    }
}

static void fill_fuel(airs_wasm_instance_t *instance) {
    if (!instance->engine->options.consume_fuel) {
        return;
    }
    uint64_t fuel = instance->limits.max_fuel > 0 ? instance->limits.max_fuel : UINT64_MAX;
    wasmtime_error_t *failure = wasmtime_context_set_fuel(instance->context, fuel);
    AIRS_ASSERT(failure == NULL); /* only when the engine counts no fuel */
}

/* ---- creation and end ----------------------------------------------------------------------- */

static airs_status_t set_wasi(airs_wasm_instance_t *instance, airs_error_t *error) {
    return instance->component->uses_wasi ? airs_host_wasi_attach(instance, error) : AIRS_OK;
}

static airs_status_t make_store(airs_wasm_instance_t *instance, airs_error_t *error) {
    airs_wasm_engine_t *engine = instance->engine;
    instance->store = wasmtime_store_new(engine->engine, instance, NULL);
    instance->context = wasmtime_store_context(instance->store);
    instance->ext = airs_ext_instance_new(instance->component->prepared, instance->store,
                                          instance->limits.max_memory_bytes, instance->host.wake,
                                          instance->host.wake_context);
    if (engine->ticker != NULL) {
        wasmtime_store_epoch_deadline_callback(instance->store, on_epoch, instance, NULL);
    }
    if (engine->options.slice_fuel > 0) {
        fill_fuel(instance);
        wasmtime_error_t *failure =
            wasmtime_context_fuel_async_yield_interval(instance->context, engine->options.slice_fuel);
        if (failure != NULL) {
            return airs_engine_error(error, AIRS_INTERNAL, "slices by fuel", failure);
        }
    }
    return set_wasi(instance, error);
}

static airs_status_t record(airs_wasm_instance_t *instance, airs_error_t *error) {
    if (instance->host.record_bytes == 0) {
        return AIRS_OK;
    }
    if (airs_ext_component_is_command(instance->component->prepared)) {
        return airs_error_set(error, AIRS_UNSUPPORTED, "%s is a command, and only actors can be recorded",
                              airs_component_id_text(instance->host.id));
    }
    return airs_recorder_create(instance->engine, instance->component, &instance->limits, &instance->host,
                                &instance->recorder, error);
}

airs_status_t airs_wasm_instance_create(airs_runtime_engine_t *engine, airs_component_handle_t handle,
                                        const airs_host_t *host, const airs_instance_limits_t *limits,
                                        airs_instance_t **out, airs_error_t *error) {
    airs_wasm_engine_t *owner = airs_wasm_engine_of(engine);
    airs_loaded_component_t *component = airs_loaded_components_get(owner, handle);
    if (component == NULL) {
        return airs_error_set(error, AIRS_COMPONENT_NOT_FOUND,
                              "no component with handle %" PRIu64 " is loaded", handle);
    }
    if (limits->max_fuel > 0 && !owner->options.consume_fuel) {
        airs_loaded_component_unref(component);
        return airs_error_set(
            error, AIRS_UNSUPPORTED,
            "max-fuel needs an engine that counts fuel, which is fixed when the engine starts");
    }
    airs_wasm_instance_t *instance = airs_alloc_zeroed(owner->options.allocator, sizeof *instance);
    if (instance == NULL) {
        airs_loaded_component_unref(component);
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for an instance");
    }
    instance->base.engine = engine;
    instance->engine = owner;
    instance->component = component;
    instance->host = *host;
    instance->limits = *limits;
    airs_status_t status = record(instance, error);
    if (status != AIRS_OK) {
        airs_loaded_component_unref(component);
        airs_release(owner->options.allocator, instance);
        return status;
    }
    bool is_bounded = limits->max_log_lines_per_s != UINT32_MAX;
    airs_token_bucket_init(&instance->log_lines, is_bounded ? limits->max_log_lines_per_s : 0);
    airs_settings_ref(instance->host.settings);
    airs_text_init(&instance->reason, owner->options.allocator);
    airs_target_cache_init(&instance->targets, owner->options.allocator, instance->host.router);
    airs_actor_handles_init(&instance->handles, owner->options.allocator, instance->host.router);
    status = airs_security_context_create(owner->options.allocator, host->id, host->capabilities,
                                          host->authority, &instance->security);
    if (status == AIRS_OK) {
        airs_security_context_set_witness(instance->security, instance->host.witness);
    }
    status = status == AIRS_OK ? make_store(instance, error)
                               : airs_error_set(error, status, "no memory for the instance's capabilities");
    instance->host.env = NULL; /* was borrowed for this call */
    instance->host.env_count = 0;
    instance->host.arguments = airs_bytes(NULL, 0); /* likewise */
    instance->host.standard_input = airs_bytes(NULL, 0);
    if (status != AIRS_OK) {
        airs_wasm_instance_destroy(&instance->base);
        return status;
    }
    *out = &instance->base;
    return AIRS_OK;
}

void airs_wasm_instance_destroy(airs_instance_t *base) {
    if (base == NULL) {
        return;
    }
    airs_wasm_instance_t *instance = airs_wasm_instance_of(base);
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    if (instance->ext != NULL) {
        airs_ext_instance_cancel(instance->ext);
    }
    disarm_timer(instance);
    if (instance->store != NULL) {
        wasmtime_store_delete(instance->store);
    }
    if (instance->ext != NULL) {
        airs_ext_instance_delete(instance->ext);
    }
    airs_host_wasi_detach(instance);
    airs_host_keyvalue_detach(instance);
    airs_guest_log_tell_dropped(instance);
    if (instance->storage != NULL) {
        instance->storage->backend->ops->close(instance->storage);
    }
    airs_batch_arguments_free(&instance->gathered, allocator);
    airs_target_cache_free(&instance->targets);
    airs_actor_handles_free(&instance->handles);
    airs_security_context_destroy(instance->security);
    airs_settings_unref(instance->host.settings);
    airs_recorder_destroy(instance->recorder);
    airs_loaded_component_unref(instance->component);
    airs_text_free(&instance->reason);
    airs_release(allocator, instance);
}

void airs_wasm_instance_ended(airs_instance_t *base, airs_status_t status, const char *reason) {
    airs_wasm_instance_t *instance = airs_wasm_instance_of(base);
    if (instance->recorder != NULL) {
        airs_recorder_condemn(instance->recorder, status, reason);
    }
}

/* ---- the end of a call ---------------------------------------------------------------------- */

static const char *const wasm_errors[] = {
    "component-not-found",     "instantiation-failed", "export-not-found", "timeout",
    "resource-limit-exceeded", "invalid-component",    "runtime-error"};
static const char *const component_errors[] = {"initialization-failed", "already-initialized",
                                               "not-initialized", "shutdown-failed", "invalid-state"};

static airs_str_t text_of(airs_ext_bytes_t bytes) { return airs_str_n((const char *)bytes.data, bytes.size); }

static const char *reason_of(airs_wasm_instance_t *instance) {
    return instance->reason.failed ? "no memory for the reason" : airs_text_cstr(&instance->reason);
}

static const char *error_text(airs_wasm_instance_t *instance, const char *name, airs_ext_bytes_t text) {
    airs_text_append(&instance->reason, airs_str(name));
    if (text.size > 0) {
        airs_text_append(&instance->reason, airs_str(": "));
        airs_text_append(&instance->reason, text_of(text));
    }
    return reason_of(instance);
}

const char *airs_wasm_instance_error_text(airs_wasm_instance_t *instance, uint8_t error_case,
                                          airs_ext_bytes_t text) {
    return error_text(instance, wasm_errors[error_case], text);
}

static void set_guest_error(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                            airs_call_result_t *result) {
    bool message = instance->call == AIRS_CALL_HANDLE_MESSAGE || instance->call == AIRS_CALL_HANDLE_CALLBACK;
    const char *name = message ? wasm_errors[outcome->error_case] : component_errors[outcome->error_case];
    result->status = AIRS_GUEST_ERROR;
    result->reason = error_text(instance, name, outcome->text);
}

static uint64_t refused_growths(const airs_wasm_instance_t *instance) {
    uint64_t used = 0;
    uint64_t refused = 0;
    airs_ext_instance_memory(instance->ext, &used, &refused);
    return refused - instance->refused_before;
}

static airs_status_t failure_status(const airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome) {
    if (instance->overtime) {
        return AIRS_EXECUTION_TIME_EXCEEDED;
    }
    if (instance->out_of_memory) {
        return AIRS_OUT_OF_MEMORY;
    }
    switch (outcome->trap) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
        return AIRS_STACK_OVERFLOW;
    case WASMTIME_TRAP_CODE_OUT_OF_FUEL:
        return AIRS_OUT_OF_FUEL;
    case AIRS_EXT_TRAP_NONE:
        break;
    default:
        return AIRS_TRAP;
    }
    if (instance->host_failed) {
        return AIRS_TRAP;
    }
    if (instance->call == AIRS_CALL_INSTANTIATE) {
        return refused_growths(instance) > 0 ? AIRS_RESOURCE_LIMIT : AIRS_INSTANTIATION_FAILED;
    }
    return AIRS_INVALID_RESULT;
}

/* It could not be made, for a reason that says this. */
static bool fails_for(const airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                      const char *mark) {
    return instance->call == AIRS_CALL_INSTANTIATE && outcome->trap == AIRS_EXT_TRAP_NONE &&
           memmem(outcome->text.data, outcome->text.size, mark, strlen(mark)) != NULL;
}

/* The pools are used up, for instances or what belongs to one, or the kernel has nothing left. */
static bool has_no_room(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome) {
    if (fails_for(instance, outcome, "maximum concurrent")) {
        airs_text_append_format(
            &instance->reason,
            "the engine has no room for one more instance; a larger engine.%s makes room: ",
            fails_for(instance, outcome, "core instances") ? "max-core-instances" : "max-actors");
        return true;
    }
    if (fails_for(instance, outcome, "(os error 12)")) { /* ENOMEM */
        airs_memory_maps_explain(&instance->reason);
        return true;
    }
    return false;
}

static void set_failure(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                        airs_call_result_t *result) {
    result->status = failure_status(instance, outcome);
    uint64_t refused = refused_growths(instance);
    if (refused > 0) {
        airs_text_append_format(&instance->reason,
                                "its memory was not let grow beyond the limit of %" PRIu64 " bytes (%" PRIu64
                                " times); ",
                                instance->limits.max_memory_bytes, refused);
    }
    if (has_no_room(instance, outcome)) {
        result->status = AIRS_RESOURCE_LIMIT;
        result->no_room = true;
    }
    airs_text_append(&instance->reason, text_of(outcome->text));
    result->reason = reason_of(instance);
}

static void set_metadata(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                         airs_call_result_t *result) {
    airs_text_append(&instance->reason, text_of(outcome->text));
    airs_text_append_char(&instance->reason, '\0');
    size_t version = instance->reason.size;
    airs_text_append(&instance->reason, text_of(outcome->version));
    if (airs_text_status(&instance->reason) != AIRS_OK) {
        result->name = "";
        result->version = "";
        return;
    }
    result->name = airs_text_cstr(&instance->reason);
    result->version = airs_text_cstr(&instance->reason) + version;
}

/* How a command ended by itself, if it did. Its code is 1 when it only says that it failed. */
static bool has_exited(const airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                       int32_t *code) {
    bool failed = outcome->kind == AIRS_EXT_CALL_GUEST_ERROR;
    bool exited = outcome->kind == AIRS_EXT_CALL_FAILED && outcome->trap == AIRS_EXT_TRAP_EXIT &&
                  !instance->overtime;
    *code = exited ? outcome->exit_code : failed;
    return instance->call == AIRS_CALL_RUN && (failed || exited);
}

static void conclude(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                     airs_call_result_t *result) {
    result->status = AIRS_OK;
    result->reason = "";
    result->no_room = false;
    result->has_response = false;
    if (has_exited(instance, outcome, &result->exit_code)) {
        return;
    }
    if (outcome->kind == AIRS_EXT_CALL_GUEST_ERROR) {
        set_guest_error(instance, outcome, result);
    } else if (outcome->kind == AIRS_EXT_CALL_FAILED) {
        set_failure(instance, outcome, result);
    } else if (instance->call == AIRS_CALL_HANDLE_MESSAGE || instance->call == AIRS_CALL_EXPORT_STATE) {
        result->has_response = outcome->has_payload;
        result->response = airs_bytes(outcome->payload.data, outcome->payload.size);
    } else if (instance->call == AIRS_CALL_HEALTH) {
        result->health = (airs_health_t)outcome->health;
    } else if (instance->call == AIRS_CALL_METADATA) {
        set_metadata(instance, outcome, result);
    }
}

/* Where slices are counted in fuel nothing interrupts a call, so its limit is looked at between slices. */
static bool is_overtime(const airs_wasm_instance_t *instance) {
    return instance->engine->ticker == NULL && instance->running_ns > limit_ns(instance);
}

/* Who waits for the other end of a connection takes no step until something comes, and the connection would stay open
 * meanwhile. The wall clock may be set while it waits, so that the moment is only one to look again. */
static void wake_when_a_grant_ends(airs_wasm_instance_t *instance) {
    uint64_t ends_ns = airs_network_access_expires_at(instance->network);
    if (ends_ns == AIRS_GRANT_FOREVER) {
        return;
    }
    uint64_t wall_ns = airs_clock_wall(instance->host.clock);
    uint64_t left_ns = ends_ns > wall_ns ? ends_ns - wall_ns : 0;
    uint64_t deadline_ns = 0;
    if (!__builtin_add_overflow(airs_clock_monotonic(instance->host.clock), left_ns, &deadline_ns)) {
        wake_at(instance, deadline_ns);
    }
}

static airs_poll_t conclude_poll(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                                 airs_call_result_t *result) {
    if (outcome->kind != AIRS_EXT_CALL_PENDING) {
        conclude(instance, outcome, result);
        return AIRS_POLL_DONE;
    }
    end_slice(instance);
    if (!is_overtime(instance)) {
        wake_when_a_grant_ends(instance);
        return AIRS_POLL_PENDING;
    }
    char text[128];
    *result = (airs_call_result_t){.status = AIRS_EXECUTION_TIME_EXCEEDED};
    airs_text_append(&instance->reason, airs_str(overtime_text(instance, text, sizeof text)));
    result->reason = reason_of(instance);
    return AIRS_POLL_DONE;
}

static airs_poll_t after_poll(airs_wasm_instance_t *instance, const airs_ext_outcome_t *outcome,
                              airs_call_result_t *result) {
    airs_poll_t poll = conclude_poll(instance, outcome, result);
    if (instance->batch != NULL && poll == AIRS_POLL_DONE) {
        instance->batch = NULL;
        airs_batch_arguments_free(&instance->gathered, instance->engine->options.allocator);
    }
    if (instance->recorder != NULL && poll == AIRS_POLL_DONE) {
        airs_recorder_end(instance->recorder, (airs_call_kind_t)instance->call, result);
    }
    return poll;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static airs_ext_bytes_t ext_bytes(airs_bytes_t bytes) { return (airs_ext_bytes_t){bytes.data, bytes.size}; }

static airs_ext_bytes_t ext_text(airs_str_t text) {
    return (airs_ext_bytes_t){(const uint8_t *)text.data, text.size};
}

static airs_ext_id_t ext_id(const airs_component_id_t *id) {
    const airs_id_t *parts = airs_component_id_parts(id);
    return (airs_ext_id_t){ext_text(parts->ns), ext_text(parts->name), ext_text(parts->instance)};
}

/* The argument stays where it is until the call has ended. */
static airs_ext_message_t *fill_message(airs_wasm_instance_t *instance,
                                        const airs_component_message_t *message) {
    airs_ext_message_t *out = &instance->message;
    out->sender = ext_id(message->sender);
    out->payload = ext_bytes(message->payload);
    out->has_correlation_id = airs_component_message_has_correlation(message);
    out->has_reply_to = message->kind == AIRS_MESSAGE_REQUEST;
    out->has_content_type = message->content_type.size > 0;
    out->content_type = ext_text(message->content_type);
    out->seconds = message->timestamp_ns / 1000000000U;
    out->nanoseconds = (uint32_t)(message->timestamp_ns % 1000000000U);
    if (out->has_correlation_id) {
        airs_correlation_id_format(&message->correlation, instance->correlation);
        out->correlation_id =
            (airs_ext_bytes_t){(const uint8_t *)instance->correlation, AIRS_CORRELATION_ID_TEXT_SIZE};
    }
    if (out->has_reply_to) {
        out->reply_to = out->sender;
    }
    return out;
}

static void call_message(airs_wasm_instance_t *instance, const airs_call_t *call,
                         airs_ext_outcome_t *outcome) {
    const airs_ext_message_t *message = fill_message(instance, call->message);
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        airs_ext_handle_message(instance->ext, message, outcome);
    } else {
        airs_ext_handle_callback(instance->ext, message, outcome);
    }
}

static void call_batch(airs_wasm_instance_t *instance, const airs_call_t *call, airs_ext_outcome_t *outcome) {
    const airs_batch_arguments_t *gathered = &instance->gathered;
    instance->batch = call->batch;
    airs_ext_handle_batch(instance->ext, gathered->items, gathered->count,
                          (airs_ext_bytes_t){gathered->payloads, gathered->payload_size}, outcome);
}

static void out_of_memory(airs_wasm_instance_t *instance, airs_ext_outcome_t *outcome) {
    static const char text[] = "no memory for the call's arguments";
    instance->out_of_memory = true;
    *outcome = (airs_ext_outcome_t){.kind = AIRS_EXT_CALL_FAILED,
                                    .trap = AIRS_EXT_TRAP_NONE,
                                    .text = {(const uint8_t *)text, sizeof text - 1}};
}

static void call_initialize(airs_wasm_instance_t *instance, const airs_call_t *call,
                            airs_ext_outcome_t *outcome) {
    const airs_component_config_t *config = call->config;
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    airs_ext_bytes_t(*env)[2] = NULL;
    if (config->env_count > 0) {
        env = airs_alloc_array(allocator, config->env_count, sizeof *env);
        if (env == NULL) {
            out_of_memory(instance, outcome);
            return;
        }
    }
    for (size_t i = 0; i < config->env_count; i++) {
        env[i][0] = ext_text(config->env[i].name);
        env[i][1] = ext_text(config->env[i].value);
    }
    airs_ext_config_t ext = {
        .env = (const airs_ext_bytes_t(*)[2])env,
        .env_count = config->env_count,
        .config = ext_bytes(config->config),
        .has_config = config->config.data != NULL,
        .has_max_fuel = config->limits.max_fuel > 0,
        .max_memory_bytes = config->limits.max_memory_bytes,
        .max_execution_time_ms = config->limits.max_execution_time_ms,
        .max_fuel = config->limits.max_fuel,
    };
    airs_ext_initialize(instance->ext, &ext, outcome);
    airs_release(allocator, env);
}

static void start(airs_wasm_instance_t *instance, const airs_call_t *call, airs_ext_outcome_t *outcome) {
    switch (call->kind) {
    case AIRS_CALL_INSTANTIATE:
        airs_ext_instantiate(instance->ext, outcome);
        break;
    case AIRS_CALL_INITIALIZE:
        call_initialize(instance, call, outcome);
        break;
    case AIRS_CALL_HANDLE_MESSAGE:
    case AIRS_CALL_HANDLE_CALLBACK:
        call_message(instance, call, outcome);
        break;
    case AIRS_CALL_HANDLE_BATCH:
        call_batch(instance, call, outcome);
        break;
    case AIRS_CALL_METADATA:
        airs_ext_metadata(instance->ext, outcome);
        break;
    case AIRS_CALL_HEALTH:
        airs_ext_health(instance->ext, outcome);
        break;
    case AIRS_CALL_SHUTDOWN:
        airs_ext_shutdown(instance->ext, outcome);
        break;
    case AIRS_CALL_RUN:
        airs_ext_run(instance->ext, outcome);
        break;
    case AIRS_CALL_EXPORT_STATE:
        airs_ext_export_state(instance->ext, outcome);
        break;
    case AIRS_CALL_IMPORT_STATE:
        airs_ext_import_state(instance->ext, ext_text(call->from_version), ext_bytes(call->state), outcome);
        break;
    }
}

/* A journal has one message in each call, and fuel is for one message. */
bool airs_wasm_instance_batches(airs_instance_t *base) {
    const airs_wasm_instance_t *instance = airs_wasm_instance_of(base);
    return instance->component->batches && instance->recorder == NULL && instance->limits.max_fuel == 0;
}

uint32_t airs_wasm_instance_gather(airs_instance_t *base, const airs_component_message_t *first,
                                   uint32_t count, size_t payload_bytes) {
    airs_wasm_instance_t *instance = airs_wasm_instance_of(base);
    airs_batch_arguments_free(&instance->gathered, instance->engine->options.allocator);
    airs_batch_arguments_make(&instance->gathered, &instance->handles, first, count, payload_bytes);
    return instance->gathered.count;
}

/* What a guest has open stays open, so when a folder or a connection is taken away the instance has to end. */
static bool lost_what_is_open(airs_wasm_instance_t *instance, airs_call_result_t *result) {
    airs_error_t error;
    const char *what = "a folder that it has open is its no longer: ";
    airs_status_t status = airs_folders_check(&instance->folders, instance->security, &error);
    if (status == AIRS_OK) {
        what = "a connection that it has open is its no longer: ";
        status = airs_network_access_hold(instance->network, &error);
    }
    if (status == AIRS_OK) {
        return false;
    }
    *result = (airs_call_result_t){.status = status};
    airs_text_append(&instance->reason, airs_str(what));
    airs_text_append(&instance->reason, airs_str(error.text));
    result->reason = reason_of(instance);
    return true;
}

airs_poll_t airs_wasm_instance_call(airs_instance_t *base, const airs_call_t *call,
                                    airs_call_result_t *result) {
    airs_wasm_instance_t *instance = airs_wasm_instance_of(base);
    airs_ext_outcome_t outcome;
    uint64_t used = 0;
    instance->call = (uint8_t)call->kind;
    instance->running_ns = 0;
    instance->slices = 0;
    airs_text_clear(&instance->reason);
    airs_ext_instance_memory(instance->ext, &used, &instance->refused_before);
    if (instance->recorder != NULL) {
        airs_recorder_call(instance->recorder, call);
    }
    if (lost_what_is_open(instance, result)) {
        return AIRS_POLL_DONE;
    }
    fill_fuel(instance);
    begin_slice(instance);
    start(instance, call, &outcome);
    return after_poll(instance, &outcome, result);
}

airs_poll_t airs_wasm_instance_resume(airs_instance_t *base, airs_call_result_t *result) {
    airs_wasm_instance_t *instance = airs_wasm_instance_of(base);
    airs_ext_outcome_t outcome;
    disarm_timer(instance);
    if (lost_what_is_open(instance, result)) {
        return AIRS_POLL_DONE;
    }
    begin_slice(instance);
    airs_ext_resume(instance->ext, &outcome);
    return after_poll(instance, &outcome, result);
}
