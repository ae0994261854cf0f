#include "runtime/host/wasi.h"

#include "core/memory.h"
#include "runtime/host/text.h"
#include "runtime/host/values.h"

enum { STANDARD_OUTPUT = 1, STANDARD_ERROR = 2 };

static uint64_t monotonic_ns(void *host) {
    return airs_clock_monotonic(((airs_wasm_instance_t *)host)->host.clock);
}

static uint64_t wall_ns(void *host) { return airs_clock_wall(((airs_wasm_instance_t *)host)->host.clock); }

static void random_bytes(void *host, uint8_t *out, size_t size) {
    airs_random_fill(((airs_wasm_instance_t *)host)->host.random, out, size);
}

static bool wait_until(void *host, uint64_t deadline_ns) {
    return airs_wasm_instance_wait_until(host, deadline_ns);
}

static void log_line(airs_wasm_instance_t *instance, uint8_t stream, const char *line, size_t size) {
    airs_log_t *log = instance->host.log;
    airs_log_field_t field = {airs_str("stream"), airs_str(stream == STANDARD_ERROR ? "stderr" : "stdout")};
    airs_log_record_t record = {
        .level = AIRS_LOG_INFO,
        .source = airs_str(airs_component_id_text(instance->host.id)),
        .message = airs_str_n(line, size),
        .fields = &field,
        .field_count = 1,
    };
    if (record.level >= log->level) {
        log->write(log, &record);
    }
}

static void end_line(airs_wasm_instance_t *instance, uint8_t stream) {
    size_t index = stream - 1U;
    log_line(instance, stream, instance->lines[index], instance->line_sizes[index]);
    instance->line_sizes[index] = 0;
}

/* Lines go to the log one by one, the longest ones in pieces. */
static void write_to_log(airs_wasm_instance_t *instance, uint8_t stream, airs_ext_bytes_t bytes) {
    size_t index = stream - 1U;
    if (instance->lines[index] == NULL) {
        instance->lines[index] = airs_alloc(instance->engine->options.allocator, AIRS_STREAM_LINE_MAX);
        if (instance->lines[index] == NULL) {
            log_line(instance, stream, (const char *)bytes.data, bytes.size);
            return;
        }
    }
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == '\n') {
            end_line(instance, stream);
            continue;
        }
        if (instance->line_sizes[index] == AIRS_STREAM_LINE_MAX) {
            end_line(instance, stream);
        }
        instance->lines[index][instance->line_sizes[index]++] = (char)bytes.data[i];
    }
}

static void write_stream(void *host, uint8_t stream, airs_ext_bytes_t bytes) {
    airs_wasm_instance_t *instance = host;
    airs_output_t *output = instance->host.standard_output;
    if (stream == STANDARD_OUTPUT && output != NULL) {
        output->write(output, airs_bytes(bytes.data, bytes.size));
    } else {
        write_to_log(instance, stream, bytes);
    }
}

static const airs_ext_wasi_t wasi = {
    .monotonic_ns = monotonic_ns,
    .wall_ns = wall_ns,
    .random = random_bytes,
    .write = write_stream,
    .wait_until = wait_until,
};

/* Wasmtime's own would be a number of the system's, which nobody could record or choose. */
static wasmtime_error_t *insecure_seed(void *data, wasmtime_context_t *context,
                                       const wasmtime_component_func_type_t *type,
                                       wasmtime_component_val_t *args, size_t arg_count,
                                       wasmtime_component_val_t *results, size_t result_count) {
    (void)data, (void)type, (void)args, (void)arg_count, (void)result_count;
    uint64_t seed[2];
    random_bytes(wasmtime_context_get_data(context), (uint8_t *)seed, sizeof seed);
    results[0].kind = WASMTIME_COMPONENT_TUPLE;
    wasmtime_component_valtuple_new_uninit(&results[0].of.tuple, 2);
    results[0].of.tuple.data[0] = airs_value_u64(seed[0]);
    results[0].of.tuple.data[1] = airs_value_u64(seed[1]);
    return NULL;
}

static wasmtime_error_t *replace_seed(wasmtime_component_linker_t *linker) {
    static const char interface_name[] = "wasi:random/insecure-seed@0.2.12";
    static const char name[] = "insecure-seed";
    wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
    wasmtime_component_linker_instance_t *interface = NULL;
    wasmtime_error_t *failure = wasmtime_component_linker_instance_add_instance(
        root, interface_name, sizeof interface_name - 1, &interface);
    if (failure == NULL) {
        failure = wasmtime_component_linker_instance_add_func(interface, name, sizeof name - 1, insecure_seed,
                                                              NULL, NULL);
        wasmtime_component_linker_instance_delete(interface);
    }
    wasmtime_component_linker_instance_delete(root);
    return failure;
}

wasmtime_error_t *airs_host_wasi_link(wasmtime_component_linker_t *linker) {
    wasmtime_error_t *failure = airs_ext_linker_add_wasi(linker, &wasi);
    if (failure == NULL) {
        wasmtime_component_linker_allow_shadowing(linker, true);
        failure = replace_seed(linker);
        wasmtime_component_linker_allow_shadowing(linker, false);
    }
    return failure;
}

airs_status_t airs_host_wasi_attach(airs_wasm_instance_t *instance, airs_error_t *error) {
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    size_t count = instance->host.env_count;
    airs_ext_bytes_t(*env)[2] = NULL;
    if (count > 0) {
        env = airs_alloc_array(allocator, count, sizeof *env);
        if (env == NULL) {
            return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the environment");
        }
    }
    for (size_t i = 0; i < count; i++) {
        env[i][0] = airs_host_bytes_of(instance->host.env[i].name);
        env[i][1] = airs_host_bytes_of(instance->host.env[i].value);
    }
    airs_ext_bytes_t program = airs_host_bytes_of(airs_component_id_view(instance->host.id).name);
    wasmtime_error_t *failure = airs_ext_store_set_wasi(
        instance->store, instance, &wasi, (const airs_ext_bytes_t(*)[2])env, count, &program, 1);
    airs_release(allocator, env);
    return failure == NULL ? AIRS_OK : airs_engine_error(error, AIRS_INSTANTIATION_FAILED, "WASI", failure);
}

void airs_host_wasi_detach(airs_wasm_instance_t *instance) {
    static const uint8_t streams[] = {STANDARD_OUTPUT, STANDARD_ERROR};
    for (size_t index = 0; index < sizeof streams; index++) {
        if (instance->lines[index] != NULL && instance->line_sizes[index] > 0) {
            end_line(instance, streams[index]);
        }
        airs_release(instance->engine->options.allocator, instance->lines[index]);
        instance->lines[index] = NULL;
    }
}
