#include "runtime/host/wasi.h"

#include <stdio.h>

#include "core/memory.h"
#include "runtime/host/guest_log.h"
#include "runtime/host/folder.h"
#include "runtime/host/network.h"
#include "runtime/host/function.h"
#include "runtime/host/text.h"
#include "runtime/host/values.h"

enum { STANDARD_OUTPUT = 1, STANDARD_ERROR = 2 };

/* Files, sockets, streams and what else of WASI one guest may hold at once: each may be a descriptor of the process. */
#define HANDLES_MAX 1024

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
        airs_guest_log_write(instance, &record);
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

static airs_output_t *output_of(const airs_wasm_instance_t *instance, uint8_t stream) {
    return stream == STANDARD_OUTPUT ? instance->host.standard_output : instance->host.standard_error;
}

static void hand_on(void *context, airs_bytes_t bytes) {
    airs_output_t *output = context;
    output->write(output, bytes);
}

static void write_stream(void *host, uint8_t stream, airs_ext_bytes_t bytes) {
    airs_wasm_instance_t *instance = host;
    airs_output_t *output = output_of(instance, stream);
    if (output == NULL) {
        write_to_log(instance, stream, bytes);
    } else if (output->whole_lines) {
        airs_line_output_t *lines = &instance->outputs[stream - 1U];
        lines->allocator = instance->engine->options.allocator;
        lines->output = hand_on;
        lines->context = output;
        airs_line_output_write(lines, airs_bytes(bytes.data, bytes.size));
    } else {
        output->write(output, airs_bytes(bytes.data, bytes.size));
    }
}

static const airs_ext_wasi_t wasi = {
    .monotonic_ns = monotonic_ns,
    .wall_ns = wall_ns,
    .random = random_bytes,
    .write = write_stream,
    .wait_until = wait_until,
    .may_have_sockets = airs_host_network_may_have_sockets,
    .may_use = airs_host_network_may_use,
    .opened = airs_host_network_opened,
    .closed = airs_host_network_closed,
    .begin_to_hear = airs_host_network_begin_to_hear,
    .hears = airs_host_network_hears,
    .may_look_up = airs_host_network_may_look_up,
    .look_up = airs_host_network_look_up,
    .may_know = airs_host_network_may_know,
};

/* Wasmtime's own would be a number of the system's, which nobody could record or choose. */
static wasmtime_error_t *insecure_seed(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                       wasmtime_component_val_t *results) {
    (void)args;
    uint64_t seed[2];
    random_bytes(instance, (uint8_t *)seed, sizeof seed);
    results[0] = airs_value_pair(airs_value_u64(seed[0]), airs_value_u64(seed[1]));
    return NULL;
}

static const airs_host_function_t seed_functions[] = {
    {.name = "insecure-seed", .type = "func() -> tuple<u64, u64>", .call = insecure_seed},
};

const airs_host_interface_t airs_host_seed_interface = {"wasi:random/insecure-seed@0.2.12", seed_functions,
                                                        1};

wasmtime_error_t *airs_host_wasi_link(wasmtime_component_linker_t *linker) {
    wasmtime_error_t *failure = airs_ext_linker_add_wasi(linker, &wasi);
    if (failure == NULL) {
        wasmtime_component_linker_allow_shadowing(linker, true);
        failure = airs_host_interface_link(linker, &airs_host_seed_interface);
        wasmtime_component_linker_allow_shadowing(linker, false);
    }
    return failure;
}

/* What the engine is handed, in one block. */
typedef struct start {
    airs_ext_bytes_t (*env)[2];
    airs_ext_folder_t *folders;
    airs_ext_bytes_t *args;
    char (*paths)[32]; /* of the open folders */
} start_t;

/* Its own name, and what ends in zeros behind it. */
static size_t count_args(airs_bytes_t arguments) {
    size_t count = 1;
    for (size_t i = 0; i < arguments.size; i++) {
        count += arguments.data[i] == '\0';
    }
    return count;
}

static void split_args(airs_str_t program, airs_bytes_t arguments, airs_ext_bytes_t *out) {
    out[0] = airs_host_bytes_of(program);
    for (size_t at = 0, i = 1; at < arguments.size; i++) {
        airs_str_t text = airs_str((const char *)arguments.data + at);
        out[i] = airs_host_bytes_of(text);
        at += text.size + 1;
    }
}

static bool allocate_start(start_t *start, const airs_allocator_t *allocator, size_t variables, size_t args,
                           size_t folders) {
    size_t env_size = variables * sizeof *start->env;
    size_t args_size = args * sizeof *start->args;
    size_t folders_size = folders * sizeof *start->folders;
    uint8_t *block =
        airs_alloc(allocator, env_size + args_size + folders_size + folders * sizeof *start->paths);
    if (block == NULL) {
        return false;
    }
    start->env = (airs_ext_bytes_t(*)[2])(void *)block;
    start->args = (airs_ext_bytes_t *)(void *)(block + env_size);
    start->folders = (airs_ext_folder_t *)(void *)(block + env_size + args_size);
    start->paths = (char(*)[32])(void *)(block + env_size + args_size + folders_size);
    return true;
}

/* The engine opens a folder by a path, and this one cannot become another's. */
static airs_ext_folder_t describe(const airs_folder_t *folder, char path[32]) {
    (void)snprintf(path, 32, "/proc/self/fd/%d", folder->descriptor);
    return (airs_ext_folder_t){airs_host_bytes_of(airs_str(path)), airs_host_bytes_of(folder->guest_path),
                               folder->writable};
}

static airs_status_t set_wasi(airs_wasm_instance_t *instance, airs_error_t *error) {
    const airs_folders_t *folders = &instance->folders;
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    size_t count = instance->host.env_count;
    size_t arg_count = count_args(instance->host.arguments);
    start_t start;
    if (!allocate_start(&start, allocator, count, arg_count, folders->count)) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the environment");
    }
    for (size_t i = 0; i < count; i++) {
        start.env[i][0] = airs_host_bytes_of(instance->host.env[i].name);
        start.env[i][1] = airs_host_bytes_of(instance->host.env[i].value);
    }
    for (size_t i = 0; i < folders->count; i++) {
        start.folders[i] = describe(&folders->items[i], start.paths[i]);
    }
    split_args(airs_component_id_view(instance->host.id).name, instance->host.arguments, start.args);
    const airs_ext_wasi_options_t options = {
        .env = (const airs_ext_bytes_t(*)[2])start.env,
        .env_count = count,
        .args = start.args,
        .arg_count = arg_count,
        .folders = start.folders,
        .folder_count = folders->count,
        .max_handles = HANDLES_MAX,
        .standard_input = {instance->host.standard_input.data, instance->host.standard_input.size},
    };
    wasmtime_error_t *failure = airs_ext_store_set_wasi(instance->store, instance, &wasi, &options);
    airs_release(allocator, start.env);
    return failure == NULL ? AIRS_OK : airs_engine_error(error, AIRS_INSTANTIATION_FAILED, "WASI", failure);
}

airs_status_t airs_host_wasi_attach(airs_wasm_instance_t *instance, airs_error_t *error) {
    airs_status_t status = airs_host_network_attach(instance, error);
    if (status == AIRS_OK) {
        status = airs_folders_open(instance->engine->options.allocator, instance->security,
                                   &instance->folders, error);
    }
    if (status == AIRS_OK) {
        status = set_wasi(instance, error);
        airs_folders_close(&instance->folders);
    }
    return status;
}

/* In one piece with its end, so that nobody writes in between. */
static void end_output(airs_line_output_t *lines) {
    if (lines->size > 0) {
        airs_line_output_write(lines, airs_bytes("\n", 1));
    }
}

void airs_host_wasi_detach(airs_wasm_instance_t *instance) {
    airs_host_network_detach(instance);
    airs_folders_free(&instance->folders);
    static const uint8_t streams[] = {STANDARD_OUTPUT, STANDARD_ERROR};
    for (size_t index = 0; index < sizeof streams; index++) {
        if (instance->lines[index] != NULL && instance->line_sizes[index] > 0) {
            end_line(instance, streams[index]);
        }
        airs_release(instance->engine->options.allocator, instance->lines[index]);
        instance->lines[index] = NULL;
        end_output(&instance->outputs[index]);
    }
}
