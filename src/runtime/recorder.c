#include "runtime/recorder.h"

#include <inttypes.h>
#include <stdio.h>

#include <airssys/version.h>

#include "core/log.h"
#include "core/check.h"
#include "core/memory.h"
#include "runtime/crash_record.h"
#include "runtime/recorder_state.h"
#include "runtime/resource_limits.h"

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "other"
#endif

/* ---- hashes --------------------------------------------------------------------------------- */

uint32_t airs_journal_hash_text(uint32_t before, airs_str_t text) {
    return airs_journal_hash(before, airs_bytes(text.data, text.size));
}

uint32_t airs_journal_hash_id(uint32_t before, airs_id_t id) {
    return airs_journal_hash_text(airs_journal_hash_text(airs_journal_hash_text(before, id.ns), id.name),
                                  id.instance);
}

uint32_t airs_journal_hash_number(uint32_t before, uint64_t number) {
    return airs_journal_hash(before, airs_bytes(&number, sizeof number));
}

uint32_t airs_journal_hash_deed(airs_action_t action, const airs_resource_t *resource) {
    uint32_t deed = airs_journal_hash_number(airs_journal_hash_number(0, action), resource->kind);
    deed = airs_journal_hash_text(airs_journal_hash_number(deed, resource->port), resource->text);
    return airs_journal_hash_id(deed, resource->id);
}

uint32_t airs_journal_hash_result(airs_call_kind_t kind, const airs_call_result_t *result) {
    if (result->status != AIRS_OK) {
        return airs_journal_hash_text(1, airs_str(result->reason));
    }
    switch (kind) {
    case AIRS_CALL_HANDLE_MESSAGE:
    case AIRS_CALL_EXPORT_STATE:
        return result->has_response ? airs_journal_hash(2, result->response) : 0;
    case AIRS_CALL_METADATA:
        return airs_journal_hash_text(airs_journal_hash_text(0, airs_str(result->name)),
                                      airs_str(result->version));
    case AIRS_CALL_HEALTH:
        return (uint32_t)result->health;
    default:
        return 0;
    }
}

/* ---- the journal ---------------------------------------------------------------------------- */

static void warn(airs_recorder_t *self, const char *what, const char *why) {
    airs_log_t *log = self->real.log;
    if (airs_log_wants(log, AIRS_LOG_WARN)) {
        airs_log_printf(log, AIRS_LOG_WARN, airs_str(airs_component_id_text(self->real.id)), "%s: %s", what,
                        why);
    }
}

static const char *stop_reason(const airs_recorder_t *self, char *out, size_t size) {
    if (self->journal.status == AIRS_QUOTA_EXCEEDED) {
        (void)snprintf(out, size,
                       "the journal has reached its bound of %" PRIu64 " bytes after %" PRIu64 " entries",
                       self->journal.limit, self->journal.counted);
    } else {
        (void)snprintf(out, size, "no memory for the journal after %" PRIu64 " entries",
                       self->journal.counted);
    }
    return out;
}

void airs_recorder_note(airs_recorder_t *self, airs_entry_kind_t kind, const airs_field_t *fields,
                        size_t count) {
    if (self->journal.status != AIRS_OK) {
        return;
    }
    airs_journal_append(&self->journal, kind, fields, count);
    if (self->journal.status != AIRS_OK) {
        char why[160];
        warn(self, "recording has stopped, until the actor starts anew", stop_reason(self, why, sizeof why));
    }
}

airs_status_t airs_recorder_noted(airs_recorder_t *self, airs_entry_kind_t kind, uint32_t arguments,
                                  airs_status_t status, const airs_error_t *error) {
    const airs_field_t fields[] = {airs_field_number(arguments), airs_field_number(status),
                                   airs_recorder_text(status, error)};
    airs_recorder_note(self, kind, fields, 3);
    return status;
}

/* No memory for an entry: as if the journal itself had found none. */
static void give_up(airs_recorder_t *self) {
    airs_journal_free(&self->journal);
    self->journal.status = AIRS_OUT_OF_MEMORY;
}

/* The fields in `before`, then a count, names and values. */
static void note_with_variables(airs_recorder_t *self, airs_entry_kind_t kind, const airs_field_t *before,
                                size_t count, const airs_env_var_t *env, size_t env_count) {
    const airs_allocator_t *allocator = self->journal.allocator;
    size_t total = count + 1 + 2 * env_count;
    airs_field_t *fields = airs_alloc_array(allocator, total, sizeof *fields);
    if (fields == NULL) {
        give_up(self);
        return;
    }
    airs_copy(fields, before, count * sizeof *fields);
    fields[count] = airs_field_number(env_count);
    for (size_t i = 0; i < env_count; i++) {
        fields[count + 1 + 2 * i] = airs_field_text(env[i].name);
        fields[count + 2 + 2 * i] = airs_field_text(env[i].value);
    }
    airs_recorder_note(self, kind, fields, total);
    airs_release(allocator, fields);
}

static void note_settings(airs_recorder_t *self, const airs_settings_t *settings) {
    const airs_allocator_t *allocator = self->journal.allocator;
    size_t count = airs_settings_count(settings);
    if (count == 0) {
        return;
    }
    airs_env_var_t *pairs = airs_alloc_array(allocator, count, sizeof *pairs);
    if (pairs == NULL) {
        give_up(self);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const airs_setting_view_t *setting = airs_settings_at(settings, i);
        pairs[i] = (airs_env_var_t){setting->name, setting->value};
    }
    note_with_variables(self, AIRS_ENTRY_SETTINGS, NULL, 0, pairs, count);
    airs_release(allocator, pairs);
}

/* ---- time and chance ------------------------------------------------------------------------ */

static uint64_t monotonic_ns(airs_clock_t *clock) {
    airs_recorder_t *self = AIRS_RECORDER_OF(clock, clock);
    airs_field_t now = airs_field_number(airs_clock_monotonic(self->real.clock));
    airs_recorder_note(self, AIRS_ENTRY_MONOTONIC, &now, 1);
    return now.number;
}

static uint64_t wall_ns(airs_clock_t *clock) {
    airs_recorder_t *self = AIRS_RECORDER_OF(clock, clock);
    airs_field_t now = airs_field_number(airs_clock_wall(self->real.clock));
    airs_recorder_note(self, AIRS_ENTRY_WALL, &now, 1);
    return now.number;
}

static void fill(airs_random_t *random, void *out, size_t size) {
    airs_recorder_t *self = AIRS_RECORDER_OF(random, random);
    airs_random_fill(self->real.random, out, size);
    airs_field_t bytes = airs_field_bytes(airs_bytes(out, size));
    airs_recorder_note(self, AIRS_ENTRY_RANDOM, &bytes, 1);
}

/* ---- what it may not do --------------------------------------------------------------------- */

static void note_denial(airs_security_witness_t *witness, airs_action_t action,
                        const airs_resource_t *resource, const char *reason) {
    airs_recorder_t *self = AIRS_RECORDER_OF(witness, witness);
    const airs_field_t fields[] = {airs_field_number(airs_journal_hash_deed(action, resource)),
                                   airs_field_text(airs_str(reason))};
    airs_recorder_note(self, AIRS_ENTRY_DENIED, fields, 2);
}

/* ---- its life ------------------------------------------------------------------------------- */

/* What files and sockets answer goes by no interface of the host's. */
static airs_status_t check_grants(const airs_host_t *host, airs_error_t *error) {
    static const airs_action_t beyond[] = {AIRS_ACTION_FILE_READ, AIRS_ACTION_FILE_WRITE,
                                           AIRS_ACTION_OUTBOUND, AIRS_ACTION_INBOUND};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond && host->capabilities != NULL; i++) {
        if (airs_capabilities_hold(host->capabilities, beyond[i], host->clock)) {
            return airs_error_set(
                error, AIRS_UNSUPPORTED,
                "%s is granted %s and cannot be recorded: what files and sockets answer is in no "
                "journal; take away the grant or `record`",
                airs_component_id_text(host->id), airs_action_text(beyond[i]));
        }
    }
    return AIRS_OK;
}

/* A crash file has all that a guest was answered, as it was. */
static airs_status_t check_settings(const airs_host_t *host, airs_error_t *error) {
    return airs_settings_have_secret(host->settings)
               ? airs_error_set(
                     error, AIRS_UNSUPPORTED,
                     "%s has secrets and cannot be recorded: a crash file would show them; take away "
                     "the secrets or `record`",
                     airs_component_id_text(host->id))
               : AIRS_OK;
}

static airs_status_t check(const airs_wasm_engine_t *engine, const airs_host_t *host, airs_error_t *error) {
    if (!engine->options.record) {
        return airs_error_set(
            error, AIRS_UNSUPPORTED,
            "recording needs an engine with `record`, which is fixed when the engine starts");
    }
    if (host->crashes == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "recording needs somebody who takes the crash file");
    }
    airs_status_t status = check_settings(host, error);
    return status == AIRS_OK ? check_grants(host, error) : status;
}

static void attach(airs_recorder_t *self, airs_host_t *host) {
    self->clock = (airs_clock_t){.monotonic_ns = monotonic_ns, .wall_ns = wall_ns};
    self->random = (airs_random_t){.fill = fill};
    self->router = (airs_message_router_t){.ops = &airs_recorder_router_ops};
    self->storage = (airs_storage_backend_t){.ops = &airs_recorder_storage_ops};
    self->witness = (airs_security_witness_t){.denied = note_denial};
    host->witness = &self->witness;
    host->clock = &self->clock;
    host->random = &self->random;
    host->router = &self->router;
    if (host->storage != NULL) {
        host->storage = &self->storage;
    }
}

airs_status_t airs_recorder_create(const airs_wasm_engine_t *engine, const airs_loaded_component_t *component,
                                   const airs_instance_limits_t *limits, airs_host_t *host,
                                   airs_recorder_t **out, airs_error_t *error) {
    airs_status_t status = check(engine, host, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_recorder_t *self = airs_alloc_zeroed(engine->options.allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to record with");
    }
    airs_journal_init(&self->journal, engine->options.allocator, host->record_bytes);
    self->engine = engine;
    self->component = component;
    self->limits = *limits;
    self->real = *host;
    const airs_field_t began[] = {airs_field_number(airs_clock_wall(host->clock)),
                                  airs_field_number(host->storage != NULL)};
    note_with_variables(self, AIRS_ENTRY_BEGIN, began, 2, host->env, host->env_count);
    note_settings(self, host->settings);
    attach(self, host);
    *out = self;
    return AIRS_OK;
}

void airs_recorder_destroy(airs_recorder_t *self) {
    if (self != NULL) {
        airs_journal_free(&self->journal);
        airs_release(self->engine->options.allocator, self);
    }
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void note_message(airs_recorder_t *self, airs_entry_kind_t kind,
                         const airs_component_message_t *message) {
    bool has_id = airs_component_message_has_correlation(message);
    const airs_field_t fields[] = {
        airs_field_number(message->kind),
        airs_field_number(message->timestamp_ns),
        airs_field_text(airs_str(airs_component_id_text(message->sender))),
        airs_field_text(message->content_type),
        airs_field_bytes(
            airs_bytes(message->correlation.bytes, has_id ? sizeof message->correlation.bytes : 0)),
        airs_field_bytes(message->payload),
    };
    airs_recorder_note(self, kind, fields, sizeof fields / sizeof *fields);
}

static void note_config(airs_recorder_t *self, const airs_component_config_t *config) {
    const airs_field_t fields[] = {
        airs_field_number(config->config.data != NULL),
        airs_field_bytes(config->config),
        airs_field_number(config->limits.max_memory_bytes),
        airs_field_number(config->limits.max_execution_time_ms),
        airs_field_number(config->limits.max_parked_time_ms),
        airs_field_number(config->limits.max_fuel),
    };
    note_with_variables(self, AIRS_ENTRY_INITIALIZE, fields, sizeof fields / sizeof *fields, config->env,
                        config->env_count);
}

static void note_state(airs_recorder_t *self, const airs_call_t *call) {
    const airs_field_t fields[] = {airs_field_text(call->from_version), airs_field_bytes(call->state)};
    airs_recorder_note(self, AIRS_ENTRY_IMPORT_STATE, fields, sizeof fields / sizeof *fields);
}

void airs_recorder_call(airs_recorder_t *self, const airs_call_t *call) {
    switch (call->kind) {
    case AIRS_CALL_INSTANTIATE:
        airs_recorder_note(self, AIRS_ENTRY_INSTANTIATE, NULL, 0);
        break;
    case AIRS_CALL_INITIALIZE:
        note_config(self, call->config);
        break;
    case AIRS_CALL_HANDLE_MESSAGE:
        note_message(self, AIRS_ENTRY_HANDLE_MESSAGE, call->message);
        break;
    case AIRS_CALL_HANDLE_CALLBACK:
        note_message(self, AIRS_ENTRY_HANDLE_CALLBACK, call->message);
        break;
    case AIRS_CALL_HANDLE_BATCH: /* an instance that is recorded is given none */
        AIRS_ASSERT(false);
        break;
    case AIRS_CALL_METADATA:
        airs_recorder_note(self, AIRS_ENTRY_METADATA, NULL, 0);
        break;
    case AIRS_CALL_HEALTH:
        airs_recorder_note(self, AIRS_ENTRY_HEALTH, NULL, 0);
        break;
    case AIRS_CALL_SHUTDOWN:
        airs_recorder_note(self, AIRS_ENTRY_SHUTDOWN, NULL, 0);
        break;
    case AIRS_CALL_EXPORT_STATE:
        airs_recorder_note(self, AIRS_ENTRY_EXPORT_STATE, NULL, 0);
        break;
    case AIRS_CALL_RUN: /* commands are not recorded */
        break;
    case AIRS_CALL_IMPORT_STATE:
        note_state(self, call);
        break;
    }
}

/* ---- the crash ------------------------------------------------------------------------------ */

/* The header, the journal's chunks, the checksum. */
typedef struct recorded_crash {
    airs_crash_t base;
    airs_journal_t journal;
    uint8_t *header;
    bool sealed;
    uint8_t checksum[AIRS_CRASH_CHECKSUM_SIZE];
    size_t part_count;
    airs_bytes_t parts[];
} recorded_crash_t;

static const airs_bytes_t *content(airs_crash_t *base, size_t *count) {
    recorded_crash_t *crash = (recorded_crash_t *)(void *)base;
    if (!crash->sealed) {
        crash->sealed = true;
        airs_crash_record_seal(crash->parts, crash->part_count, crash->checksum);
    }
    *count = crash->part_count;
    return crash->parts;
}

static void release(airs_crash_t *base) {
    recorded_crash_t *crash = (recorded_crash_t *)(void *)base;
    const airs_allocator_t *allocator = crash->journal.allocator;
    airs_journal_free(&crash->journal);
    airs_component_id_unref(crash->base.id);
    airs_release(allocator, crash->header);
    airs_release(allocator, crash);
}

static airs_status_t encode(airs_recorder_t *self, airs_status_t status, const char *reason, uint64_t now,
                            uint8_t **header, size_t *size) {
    const airs_wasm_engine_options_t *options = &self->engine->options;
    airs_crash_record_t record = {
        .airssys_version = airs_str(AIRS_VERSION),
        .engine_version = airs_str(WASMTIME_VERSION),
        .machine = airs_str(MACHINE),
        .digest = self->component->digest,
        .source = airs_str(self->component->source != NULL ? self->component->source : "component"),
        .id = airs_str(airs_component_id_text(self->real.id)),
        .crashed_ns = now,
        .limits = self->limits,
        .engine_memory_bytes = options->max_memory_bytes,
        .slice_fuel = options->slice_fuel,
        .consume_fuel = options->consume_fuel,
        .guest_stack_bytes = AIRS_GUEST_STACK_BYTES,
        .fiber_stack_bytes = AIRS_FIBER_STACK_BYTES,
        .status = status,
        .reason = airs_str(reason),
        .entries = self->journal.counted,
    };
    return airs_crash_record_encode(options->allocator, &record, header, size);
}

static void add_part(recorded_crash_t *crash, const void *data, size_t size) {
    crash->parts[crash->part_count++] = airs_bytes(data, size);
    crash->base.size += size;
}

/* Takes the journal over. NULL: no memory. */
static recorded_crash_t *make_crash(airs_recorder_t *self, airs_status_t status, const char *reason) {
    const airs_allocator_t *allocator = self->journal.allocator;
    uint64_t now = airs_clock_wall(self->real.clock);
    size_t header_size = 0;
    uint8_t *header = NULL;
    recorded_crash_t *crash =
        airs_alloc_zeroed(allocator, sizeof *crash + (self->journal.chunks + 2) * sizeof *crash->parts);
    if (crash == NULL || encode(self, status, reason, now, &header, &header_size) != AIRS_OK) {
        airs_release(allocator, crash);
        return NULL;
    }
    crash->base = (airs_crash_t){.id = airs_component_id_ref(self->real.id),
                                 .status = status,
                                 .wall_ns = now,
                                 .content = content,
                                 .release = release};
    crash->header = header;
    crash->journal = self->journal;
    airs_journal_init(&self->journal, allocator, 0);
    add_part(crash, header, header_size);
    for (airs_journal_chunk_t *chunk = crash->journal.first; chunk != NULL; chunk = chunk->next) {
        add_part(crash, chunk->bytes, chunk->size);
    }
    add_part(crash, crash->checksum, sizeof crash->checksum);
    return crash;
}

static void crash(airs_recorder_t *self, airs_status_t status, const char *reason) {
    char why[160];
    self->told = true;
    if (self->journal.status != AIRS_OK) {
        warn(self, "this crash has no crash file", stop_reason(self, why, sizeof why));
        return;
    }
    recorded_crash_t *made = make_crash(self, status, reason != NULL ? reason : airs_status_text(status));
    if (made == NULL) {
        warn(self, "this crash has no crash file", "no memory for it");
        return;
    }
    self->real.crashes->take(self->real.crashes, &made->base);
}

void airs_recorder_end(airs_recorder_t *self, airs_call_kind_t kind, const airs_call_result_t *result) {
    if (result->status == AIRS_OK || (result->status == AIRS_GUEST_ERROR && kind != AIRS_CALL_INITIALIZE)) {
        const airs_field_t fields[] = {airs_field_number(result->status),
                                       airs_field_number(airs_journal_hash_result(kind, result))};
        airs_recorder_note(self, AIRS_ENTRY_END, fields, 2);
    } else {
        crash(self, result->status == AIRS_GUEST_ERROR ? AIRS_INITIALIZE_FAILED : result->status,
              result->reason);
    }
}

void airs_recorder_condemn(airs_recorder_t *self, airs_status_t status, const char *reason) {
    bool is_stop = status == AIRS_OK || status == AIRS_STOPPED || status == AIRS_SHUTDOWN_FAILED;
    if (!self->told && !is_stop) {
        crash(self, status, reason);
    }
}
