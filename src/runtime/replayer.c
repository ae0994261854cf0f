#include "runtime/replayer.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/backtrace.h"
#include "core/memory.h"
#include "core/timestamp.h"
#include "core/utf8.h"
#include "runtime/component_loader.h"
#include "runtime/recorder_state.h"
#include "runtime/replayer_state.h"
#include "runtime/resource_limits.h"

/* A slice: there is nobody else who would want a turn, but the end of the engine waits for one. */
#define SLICE_US 10000

/* What is slow here may have been quick there: a call that did not end by time gets so much more. */
#define TIME_FACTOR 20
#define TIME_MORE_MS 60000

/* Resumptions in which a call neither gets an answer from the journal nor computes for a slice: one that is still there
 * after so many waits for what will not come. */
#define IDLE_RESUMES_MAX 1000

/* ---- over ----------------------------------------------------------------------------------- */

static void end(airs_replayer_t *self, airs_replay_state_t state) {
    if (self->state == AIRS_REPLAYING) {
        self->state = state;
        if (self->instance != NULL) {
            airs_wasm_instance_interrupt(airs_wasm_instance_of(self->instance));
        }
    }
}

void airs_replayer_stray(airs_replayer_t *self, const char *format, ...) {
    char text[512];
    if (self->state != AIRS_REPLAYING) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    airs_text_append_format(&self->trouble, "entry %" PRIu64 ": %s", self->number, text);
    end(self, AIRS_REPLAY_ASTRAY);
}

airs_status_t airs_replayer_over(airs_error_t *error) {
    return airs_error_set(error, AIRS_STOPPED, "the replay is over");
}

/* ---- the journal ---------------------------------------------------------------------------- */

/* The journal has ended, and the guest wants more of it. */
static void run_out(airs_replayer_t *self, const char *wants) {
    if (!airs_crash_comes_again(self->record.status)) {
        end(self, AIRS_REPLAYED_TO_END);
    } else {
        airs_replayer_stray(self, "after it the guest asks for %s; in the recording it ended there (%s)",
                            wants, airs_status_name(self->record.status));
    }
}

bool airs_replayer_expect(airs_replayer_t *self, airs_entry_kind_t kind, airs_entry_t *entry) {
    if (self->state != AIRS_REPLAYING) {
        return false;
    }
    if (!airs_journal_next(&self->reader, entry)) {
        run_out(self, airs_entry_text(kind));
        return false;
    }
    if (entry->kind != kind) {
        /* A call's end and what belongs to another entry have no number of their own. */
        self->number = entry->number;
        airs_replayer_stray(self, "the guest asks for %s; in the recording there is %s",
                            airs_entry_text(kind), airs_entry_text(entry->kind));
        return false;
    }
    self->number = entry->number;
    self->answers++;
    return true;
}

bool airs_replayer_expect_with(airs_replayer_t *self, airs_entry_kind_t kind, uint32_t arguments,
                               airs_entry_t *entry) {
    if (!airs_replayer_expect(self, kind, entry)) {
        return false;
    }
    if (airs_entry_number(entry) != arguments) {
        airs_replayer_stray(self, "the guest asks for %s with other arguments than in the recording",
                            airs_entry_text(kind));
        return false;
    }
    return true;
}

bool airs_replayer_follow(airs_replayer_t *self, airs_entry_t *entry) {
    if (self->state != AIRS_REPLAYING) {
        return false;
    }
    if (!airs_journal_next(&self->reader, entry)) {
        airs_replayer_stray(self, "the recording ends within a list");
        return false;
    }
    return true;
}

airs_status_t airs_replayer_answer(airs_entry_t *entry, airs_error_t *error) {
    airs_status_t status = (airs_status_t)airs_entry_number(entry);
    airs_bytes_t text = airs_entry_bytes(entry);
    if (status != AIRS_OK && error != NULL) {
        error->status = status;
        size_t size = text.size < sizeof error->text ? text.size : sizeof error->text - 1;
        airs_copy(error->text, text.data, size);
        error->text[size] = '\0';
    }
    return status;
}

airs_component_id_t *airs_replayer_read_id(airs_replayer_t *self, airs_entry_t *entry) {
    airs_id_t view;
    airs_component_id_t *id = NULL;
    airs_str_t text = airs_entry_string(entry);
    if (entry->broken || airs_id_parse(text, &view, NULL) != AIRS_OK ||
        airs_component_id_create(self->allocator, view, &id, NULL) != AIRS_OK) {
        return NULL;
    }
    return id;
}

/* ---- what is shown -------------------------------------------------------------------------- */

void airs_replayer_begin_step(airs_replayer_t *self) {
    airs_text_clear(&self->detail);
    airs_text_clear(&self->outcome);
}

void airs_replayer_tell_status(airs_replayer_t *self, airs_status_t status, const airs_error_t *error) {
    airs_text_append(&self->outcome, airs_str(airs_status_name(status)));
    if (status != AIRS_OK && status != AIRS_PENDING && error != NULL && error->text[0] != '\0') {
        airs_text_append_format(&self->outcome, ": %s", error->text);
    }
}

void airs_replayer_tell_id(airs_replayer_t *self, airs_id_t id) {
    airs_text_append(&self->detail, id.ns);
    airs_text_append_char(&self->detail, '/');
    airs_text_append(&self->detail, id.name);
    airs_text_append_char(&self->detail, '/');
    airs_text_append(&self->detail, id.instance);
}

static void show(airs_replayer_t *self, airs_replay_step_t *step) {
    if (self->options.step != NULL) {
        step->detail = airs_text_view(&self->detail);
        step->outcome = airs_text_view(&self->outcome);
        self->options.step(self->options.context, step);
    }
}

bool airs_replayer_show(airs_replayer_t *self, airs_entry_t *entry, airs_replay_step_t *step) {
    if (!airs_entry_is_whole(entry)) {
        airs_replayer_stray(self, "it cannot be read, though the file is not damaged");
        return false;
    }
    step->number = entry->number;
    step->name = airs_entry_text(entry->kind);
    step->is_call = airs_entry_is_call(entry->kind);
    show(self, step);
    if (self->options.until != 0 && entry->number >= self->options.until) {
        end(self, AIRS_REPLAYED_UNTIL);
    }
    return self->state == AIRS_REPLAYING;
}

/* ---- time, chance, and the log -------------------------------------------------------------- */

static void tell_date(airs_replayer_t *self, uint64_t wall_ns) {
    char text[AIRS_TIMESTAMP_MAX];
    airs_text_append(&self->outcome, airs_str(airs_timestamp_text(wall_ns, 9, text)));
}

/* A clock that is over is beyond every deadline. */
static uint64_t clock_answer(airs_replayer_t *self, airs_entry_kind_t kind) {
    airs_entry_t entry;
    airs_replayer_begin_step(self);
    if (!airs_replayer_expect(self, kind, &entry)) {
        return UINT64_MAX;
    }
    uint64_t now = airs_entry_number(&entry);
    if (kind == AIRS_ENTRY_WALL) {
        tell_date(self, now);
    } else {
        airs_text_append_format(&self->outcome, "%" PRIu64 " ns", now);
    }
    airs_replay_step_t step = {0};
    return airs_replayer_show(self, &entry, &step) ? now : UINT64_MAX;
}

static uint64_t monotonic_ns(airs_clock_t *clock) {
    return clock_answer(AIRS_REPLAYER_OF(clock, clock), AIRS_ENTRY_MONOTONIC);
}

static uint64_t wall_ns(airs_clock_t *clock) {
    return clock_answer(AIRS_REPLAYER_OF(clock, clock), AIRS_ENTRY_WALL);
}

static void fill(airs_random_t *random, void *out, size_t size) {
    airs_replayer_t *self = AIRS_REPLAYER_OF(random, random);
    airs_entry_t entry;
    memset(out, 0, size);
    airs_replayer_begin_step(self);
    if (!airs_replayer_expect(self, AIRS_ENTRY_RANDOM, &entry)) {
        return;
    }
    airs_bytes_t bytes = airs_entry_bytes(&entry);
    if (!entry.broken && bytes.size != size) {
        airs_replayer_stray(self, "the guest asks for %zu random bytes; in the recording there are %zu", size,
                            bytes.size);
        return;
    }
    airs_text_append_format(&self->outcome, "%zu bytes", bytes.size);
    airs_replay_step_t step = {.has_answer = true, .answer = bytes};
    if (airs_replayer_show(self, &entry, &step)) {
        airs_copy(out, bytes.data, size);
    }
}

static void write_log(airs_log_t *log, const airs_log_record_t *record) {
    airs_replayer_t *self = AIRS_REPLAYER_OF(log, log);
    if (self->state == AIRS_REPLAYING && self->options.log != NULL) {
        self->options.log->write(self->options.log, record);
    }
}

/* Only what was denied is in the journal: if the next entry is not that, it was allowed. */
static airs_status_t decide(airs_security_witness_t *witness, airs_action_t action,
                            const airs_resource_t *resource, airs_error_t *error) {
    airs_replayer_t *self = AIRS_REPLAYER_OF(witness, witness);
    airs_journal_reader_t ahead = self->reader;
    airs_entry_t entry;
    if (self->state != AIRS_REPLAYING || !airs_journal_next(&ahead, &entry) ||
        entry.kind != AIRS_ENTRY_DENIED ||
        airs_entry_number(&entry) != airs_journal_hash_deed(action, resource)) {
        return AIRS_OK;
    }
    self->reader = ahead;
    self->number = entry.number;
    self->answers++;
    airs_bytes_t reason = airs_entry_bytes(&entry);
    airs_error_set(error, AIRS_CAPABILITY_DENIED, "%.*s",
                   (int)(reason.size < INT_MAX ? reason.size : INT_MAX),
                   reason.size > 0 ? (const char *)reason.data : "");
    airs_replayer_begin_step(self);
    airs_text_append(&self->detail, airs_str(airs_action_text(action)));
    airs_text_append(&self->outcome, airs_str_n((const char *)reason.data, reason.size));
    airs_replay_step_t step = {0};
    (void)airs_replayer_show(self, &entry, &step);
    return AIRS_CAPABILITY_DENIED;
}

/* A call that waits is resumed at once: the journal says how often it asked the time. */
static airs_status_t add_timer(airs_timer_service_t *service, airs_timer_t *timer) {
    (void)service, (void)timer;
    return AIRS_OK;
}

static bool cancel_timer(airs_timer_service_t *service, airs_timer_t *timer) {
    (void)service, (void)timer;
    return true;
}

static void wake(void *context) { (void)context; }

/* ---- its life ------------------------------------------------------------------------------- */

/* `count` pairs in the array's two halves of names and values. */
static airs_status_t read_variables(airs_replayer_t *self, airs_entry_t *entry, airs_env_var_t **out,
                                    size_t *count) {
    uint64_t wanted = airs_entry_number(entry);
    /* Each takes two bytes at least. */
    if (entry->broken || wanted > (uint64_t)(entry->end - entry->at) / 2) {
        entry->broken = true;
        return AIRS_OK;
    }
    airs_env_var_t *env = wanted > 0 ? airs_alloc_array(self->allocator, (size_t)wanted, sizeof *env) : NULL;
    if (wanted > 0 && env == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < wanted; i++) {
        env[i].name = airs_entry_string(entry);
        env[i].value = airs_entry_string(entry);
    }
    *out = env;
    *count = (size_t)wanted;
    return AIRS_OK;
}

static airs_status_t refuse_journal(airs_error_t *error, uint64_t number, const char *why) {
    return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                          "the crash file's journal, behind entry %" PRIu64
                          ": %s, though the file is not damaged: it "
                          "was made by something else",
                          number, why);
}

static airs_status_t read_begin(airs_replayer_t *self, bool *has_storage, airs_error_t *error) {
    airs_entry_t entry;
    if (!airs_journal_next(&self->reader, &entry) || entry.kind != AIRS_ENTRY_BEGIN) {
        return refuse_journal(error, 0, "it does not say what it began with");
    }
    self->started_ns = airs_entry_number(&entry);
    *has_storage = airs_entry_number(&entry) != 0;
    airs_status_t status = read_variables(self, &entry, &self->env, &self->env_count);
    if (status != AIRS_OK) {
        return airs_error_set(error, status, "%s", airs_status_text(status));
    }
    return airs_entry_is_whole(&entry) ? AIRS_OK
                                       : refuse_journal(error, 0, "it does not say what it began with");
}

static airs_status_t make_settings(airs_replayer_t *self, const airs_env_var_t *pairs, size_t count,
                                   airs_error_t *error) {
    airs_setting_view_t *views = airs_alloc_array(self->allocator, count, sizeof *views);
    if (views == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    for (size_t i = 0; i < count; i++) {
        views[i] = (airs_setting_view_t){.name = pairs[i].name, .value = pairs[i].value};
    }
    airs_status_t status = airs_settings_create(self->allocator, views, count, &self->settings, error);
    airs_release(self->allocator, views);
    return status == AIRS_INVALID_ARGUMENT ? refuse_journal(error, 0, "its settings are none") : status;
}

/* Who has no settings has no entry for them. */
static airs_status_t read_settings(airs_replayer_t *self, airs_error_t *error) {
    airs_journal_reader_t ahead = self->reader;
    airs_entry_t entry;
    airs_env_var_t *pairs = NULL;
    size_t count = 0;
    if (!airs_journal_next(&ahead, &entry) || entry.kind != AIRS_ENTRY_SETTINGS) {
        return AIRS_OK;
    }
    self->reader = ahead;
    airs_status_t status = read_variables(self, &entry, &pairs, &count);
    if (status != AIRS_OK) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    } else if (!airs_entry_is_whole(&entry) || count == 0) {
        status = refuse_journal(error, 0, "its settings are none");
    } else {
        status = make_settings(self, pairs, count, error);
    }
    airs_release(self->allocator, pairs);
    return status;
}

/* Where its last call is, and whether calls and ends take turns. */
static airs_status_t look_through(airs_replayer_t *self, airs_error_t *error) {
    airs_journal_reader_t reader = self->reader;
    airs_entry_t entry;
    bool in_call = false;
    while (airs_journal_next(&reader, &entry)) {
        bool is_end = entry.kind == AIRS_ENTRY_END;
        bool is_call = airs_entry_is_call(entry.kind);
        if (is_call == in_call && (is_call || is_end || !in_call)) {
            return refuse_journal(error, entry.number, "there is something between two calls or two in one");
        }
        in_call = (in_call || is_call) && !is_end;
        self->last_call = is_call ? entry.number : self->last_call;
    }
    self->last_call_ended = !in_call;
    if (reader.broken) {
        return refuse_journal(error, reader.counted, "what follows is no entry");
    }
    if (reader.counted != self->record.entries) {
        return refuse_journal(error, reader.counted, "the header says that there are more or fewer");
    }
    return AIRS_OK;
}

static void make_world(airs_replayer_t *self) {
    self->clock = (airs_clock_t){.monotonic_ns = monotonic_ns, .wall_ns = wall_ns};
    self->random = (airs_random_t){.fill = fill};
    self->log = (airs_log_t){.level = AIRS_LOG_TRACE, .write = write_log};
    self->timers = (airs_timer_service_t){.add = add_timer, .cancel = cancel_timer};
    self->router = (airs_message_router_t){.ops = &airs_replayer_router_ops};
    self->witness = (airs_security_witness_t){.decide = decide};
}

static airs_status_t read_file(airs_replayer_t *self, airs_bytes_t file, airs_error_t *error) {
    airs_bytes_t journal;
    airs_id_t id;
    bool has_storage = false;
    airs_status_t status = airs_crash_record_decode(file, &self->record, &journal, error);
    if (status != AIRS_OK) {
        return status;
    }
    self->reader = airs_journal_reader(journal);
    status = read_begin(self, &has_storage, error);
    if (status == AIRS_OK) {
        status = read_settings(self, error);
    }
    if (status == AIRS_OK) {
        status = look_through(self, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    if (airs_id_parse(self->record.id, &id, NULL) != AIRS_OK) {
        return refuse_journal(error, 0, "the actor's id is none");
    }
    if (has_storage) {
        self->storage = (airs_storage_backend_t){.ops = &airs_replayer_storage_ops};
    }
    status = airs_component_id_create(self->allocator, id, &self->id, NULL);
    return status == AIRS_OK ? status : airs_error_set(error, status, "%s", airs_status_text(status));
}

airs_status_t airs_replayer_create(const airs_allocator_t *allocator, airs_bytes_t file,
                                   airs_replayer_t **out, airs_error_t *error) {
    airs_replayer_t *self = airs_alloc_zeroed(allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    self->allocator = allocator;
    airs_text_init(&self->trouble, allocator);
    airs_text_init(&self->detail, allocator);
    airs_text_init(&self->outcome, allocator);
    airs_text_init(&self->reason, allocator);
    make_world(self);
    airs_status_t status = read_file(self, file, error);
    if (status != AIRS_OK) {
        airs_replayer_destroy(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_replayer_destroy(airs_replayer_t *self) {
    if (self == NULL) {
        return;
    }
    if (self->engine != NULL) {
        self->engine->ops->instance_destroy(self->instance);
        self->engine->ops->destroy(self->engine);
    }
    airs_component_id_unref(self->id);
    airs_release(self->allocator, self->env);
    airs_settings_unref(self->settings);
    airs_text_free(&self->trouble);
    airs_text_free(&self->detail);
    airs_text_free(&self->outcome);
    airs_text_free(&self->reason);
    airs_release(self->allocator, self);
}

const airs_crash_record_t *airs_replayer_record(const airs_replayer_t *self) { return &self->record; }

uint64_t airs_replayer_started_ns(const airs_replayer_t *self) { return self->started_ns; }

/* ---- an engine and an instance as they were ------------------------------------------------- */

static airs_status_t check_digest(const airs_replayer_t *self, const char *path, airs_bytes_t bytes,
                                  airs_error_t *error) {
    airs_digest_t digest = airs_digest_of(bytes);
    char here[AIRS_DIGEST_TEXT_MAX];
    char there[AIRS_DIGEST_TEXT_MAX];
    if (airs_digest_equal(&digest, &self->record.digest)) {
        return AIRS_OK;
    }
    return airs_error_set(error, AIRS_INVALID_COMPONENT,
                          "%s is not the component that crashed: it is %s, and that was %s", path,
                          airs_digest_text(&digest, here), airs_digest_text(&self->record.digest, there));
}

static airs_status_t load(airs_replayer_t *self, airs_error_t *error) {
    char recorded[4096];
    const char *path = self->options.component;
    if (path == NULL) {
        (void)snprintf(recorded, sizeof recorded, "%.*s", AIRS_STR_ARG(self->record.source));
        path = recorded;
    }
    void *block = NULL;
    airs_bytes_t bytes;
    airs_status_t status = airs_component_read(self->allocator, path, NULL, &block, &bytes, error);
    if (status != AIRS_OK) {
        return status;
    }
    /* The crash file says which one it is, and nobody vouches for that. */
    airs_component_source_t source = {.bytes = bytes, .name = path, .apart = true};
    status = check_digest(self, path, bytes, error);
    if (status == AIRS_OK) {
        status = self->engine->ops->load(self->engine, &source, &self->component, error);
    }
    airs_release(self->allocator, block);
    return status;
}

static airs_status_t make_engine(airs_replayer_t *self, airs_error_t *error) {
    airs_wasm_engine_options_t options = {
        .allocator = self->allocator,
        .max_instances = 1,
        .max_memory_bytes = self->record.engine_memory_bytes,
        .slice_us = SLICE_US,
        .cache_dir = self->options.cache_dir,
        .compiler = self->options.compiler,
        .consume_fuel = self->record.consume_fuel,
        .slice_fuel = self->record.slice_fuel,
        .record = true,
    };
    return airs_wasm_engine_create(&options, &self->engine, error);
}

/* For calls that came to their end in time. */
static uint64_t patience_ms(const airs_replayer_t *self) {
    uint64_t limit = self->record.limits.max_execution_time_ms;
    return limit > UINT32_MAX ? limit : limit * TIME_FACTOR + TIME_MORE_MS;
}

static airs_status_t make_instance(airs_replayer_t *self, airs_error_t *error) {
    airs_host_t host = {
        .id = self->id,
        .router = &self->router,
        .timers = &self->timers,
        .storage = self->storage.ops != NULL ? &self->storage : NULL,
        .clock = &self->clock,
        .random = &self->random,
        .log = &self->log,
        .witness = &self->witness,
        .env = self->env,
        .env_count = self->env_count,
        .settings = self->settings,
        .wake = wake,
    };
    airs_instance_limits_t limits = self->record.limits;
    limits.max_execution_time_ms = patience_ms(self);
    return self->engine->ops->instance_create(self->engine, self->component, &host, &limits, &self->instance,
                                              error);
}

/* ---- calls ---------------------------------------------------------------------------------- */

/* What a call is made of; its texts are the journal's. */
typedef struct call {
    airs_call_t call;
    airs_component_message_t message;
    airs_component_config_t config;
    airs_env_var_t *env;
    size_t env_count;
    bool out_of_memory;
} call_t;

static void read_message(airs_replayer_t *self, airs_entry_t *entry, call_t *out) {
    airs_component_message_t *message = &out->message;
    uint64_t kind = airs_entry_number(entry);
    message->kind = (uint8_t)kind;
    message->timestamp_ns = airs_entry_number(entry);
    message->sender = airs_replayer_read_id(self, entry);
    message->content_type = airs_entry_string(entry);
    airs_bytes_t id = airs_entry_bytes(entry);
    message->payload = airs_entry_bytes(entry);
    bool has_id = airs_component_message_has_correlation(message);
    if (kind > AIRS_MESSAGE_EXIT || message->sender == NULL ||
        id.size != (has_id ? sizeof message->correlation.bytes : 0)) {
        entry->broken = true;
        return;
    }
    airs_copy(message->correlation.bytes, id.data, id.size);
    out->call.message = message;
    airs_text_append_format(&self->detail, "%s from %s", airs_message_kind_text((airs_message_kind_t)kind),
                            airs_component_id_text(message->sender));
    if (message->content_type.size > 0) {
        airs_text_append(&self->detail, airs_str(", "));
        airs_text_append(&self->detail, message->content_type);
    }
}

static void read_config(airs_replayer_t *self, airs_entry_t *entry, call_t *out) {
    airs_component_config_t *config = &out->config;
    bool has_config = airs_entry_number(entry) != 0;
    airs_bytes_t bytes = airs_entry_bytes(entry);
    config->config = has_config ? airs_bytes(bytes.data != NULL ? (const void *)bytes.data : "", bytes.size)
                                : airs_bytes(NULL, 0);
    config->limits.max_memory_bytes = airs_entry_number(entry);
    config->limits.max_execution_time_ms = airs_entry_number(entry);
    config->limits.max_parked_time_ms = airs_entry_number(entry);
    config->limits.max_fuel = airs_entry_number(entry);
    out->out_of_memory = read_variables(self, entry, &out->env, &out->env_count) != AIRS_OK;
    config->env = out->env;
    config->env_count = out->env_count;
    out->call.config = config;
    airs_text_append_format(&self->detail, "%zu variables", out->env_count);
}

/* The call of this entry; false when the entry is broken. Freed in either case. */
static bool read_call(airs_replayer_t *self, airs_entry_t *entry, call_t *out, airs_replay_step_t *step) {
    *out = (call_t){0};
    switch (entry->kind) {
    case AIRS_ENTRY_INSTANTIATE:
        out->call.kind = AIRS_CALL_INSTANTIATE;
        break;
    case AIRS_ENTRY_INITIALIZE:
        out->call.kind = AIRS_CALL_INITIALIZE;
        read_config(self, entry, out);
        step->has_payload = out->config.config.data != NULL;
        step->payload = out->config.config;
        break;
    case AIRS_ENTRY_HANDLE_MESSAGE:
    case AIRS_ENTRY_HANDLE_CALLBACK:
        out->call.kind = entry->kind == AIRS_ENTRY_HANDLE_MESSAGE ? AIRS_CALL_HANDLE_MESSAGE
                                                                  : AIRS_CALL_HANDLE_CALLBACK;
        read_message(self, entry, out);
        step->has_payload = true;
        step->payload = out->message.payload;
        break;
    case AIRS_ENTRY_METADATA:
        out->call.kind = AIRS_CALL_METADATA;
        break;
    case AIRS_ENTRY_HEALTH:
        out->call.kind = AIRS_CALL_HEALTH;
        break;
    case AIRS_ENTRY_SHUTDOWN:
        out->call.kind = AIRS_CALL_SHUTDOWN;
        break;
    case AIRS_ENTRY_EXPORT_STATE:
        out->call.kind = AIRS_CALL_EXPORT_STATE;
        break;
    case AIRS_ENTRY_IMPORT_STATE:
        out->call.kind = AIRS_CALL_IMPORT_STATE;
        out->call.from_version = airs_entry_string(entry);
        out->call.state = airs_entry_bytes(entry);
        step->has_payload = true;
        step->payload = out->call.state;
        airs_text_append_format(&self->detail, "of version %.*s", AIRS_STR_ARG(out->call.from_version));
        break;
    default:
        entry->broken = true;
    }
    return !entry->broken;
}

static void free_call(airs_replayer_t *self, call_t *call) {
    airs_component_id_unref(call->message.sender);
    airs_release(self->allocator, call->env);
}

/* Run it until it is done; false when the replay is over before that. */
static bool perform(airs_replayer_t *self, const airs_call_t *call, airs_call_result_t *result) {
    const airs_runtime_engine_ops_t *ops = self->engine->ops;
    const airs_wasm_instance_t *instance = airs_wasm_instance_of(self->instance);
    unsigned idle = 0;
    *result = (airs_call_result_t){0};
    airs_text_clear(&self->reason);
    airs_poll_t poll = ops->call(self->instance, call, result);
    while (poll == AIRS_POLL_PENDING && self->state == AIRS_REPLAYING && idle < IDLE_RESUMES_MAX) {
        uint64_t answers = self->answers;
        uint64_t ran_ns = instance->running_ns;
        poll = ops->resume(self->instance, result);
        idle = self->answers == answers && instance->running_ns == ran_ns ? idle + 1 : 0;
    }
    if (poll == AIRS_POLL_PENDING && self->state == AIRS_REPLAYING) {
        run_out(self, "what does not come");
    }
    if (poll == AIRS_POLL_DONE && self->state == AIRS_REPLAYED_UNTIL && result->status != AIRS_OK) {
        /* Where the guest is when it is stopped, a little behind that entry. */
        airs_str_t reason = airs_str(result->reason);
        size_t traced = airs_backtrace_offset(reason);
        airs_text_append(&self->reason, airs_str_n(reason.data + traced, reason.size - traced));
    }
    return poll == AIRS_POLL_DONE && self->state == AIRS_REPLAYING;
}

static void keep_result(airs_replayer_t *self, airs_call_kind_t kind, const airs_call_result_t *result) {
    bool no_start = kind == AIRS_CALL_INITIALIZE && result->status == AIRS_GUEST_ERROR;
    self->status = no_start ? AIRS_INITIALIZE_FAILED : result->status;
    airs_text_clear(&self->reason);
    airs_text_append(&self->reason, airs_str(result->status != AIRS_OK ? result->reason : ""));
}

/* The call that did not end in the recording has ended here. */
static void conclude_last(airs_replayer_t *self) {
    bool is_same = self->status == self->record.status &&
                   airs_str_equal(airs_text_view(&self->reason), self->record.reason);
    if (is_same) {
        return;
    }
    if (!airs_crash_comes_again(self->record.status)) {
        end(self, AIRS_REPLAYED_TO_END);
    } else if (self->status != self->record.status) {
        airs_replayer_stray(self, "in the recording this call ended with %s, here with %s",
                            airs_status_name(self->record.status), airs_status_name(self->status));
    } else {
        airs_replayer_stray(self, "the call ended with %s as in the recording, but elsewhere",
                            airs_status_name(self->status));
    }
}

static void show_end(airs_replayer_t *self, airs_call_kind_t kind, const airs_call_result_t *result) {
    airs_replayer_begin_step(self);
    airs_text_append(&self->outcome, airs_str(airs_status_name(self->status)));
    if (result->status != AIRS_OK) {
        airs_text_append_format(&self->outcome, ": %s", result->reason);
    }
    airs_replay_step_t step = {.number = self->number, .name = "end", .is_end = true};
    if (result->status == AIRS_OK && kind == AIRS_CALL_HANDLE_MESSAGE && result->has_response) {
        step.has_answer = true;
        step.answer = result->response;
    }
    show(self, &step);
}

/* The call has ended here: the journal must say so too, and with what. */
static void compare_end(airs_replayer_t *self, airs_call_kind_t kind, const airs_call_result_t *result) {
    airs_entry_t entry;
    if (!airs_journal_next(&self->reader, &entry)) {
        conclude_last(self);
        return;
    }
    self->number = entry.number;
    if (entry.kind != AIRS_ENTRY_END) {
        airs_replayer_stray(self, "the call has ended with %s; in the recording there is %s",
                            airs_status_name(self->status), airs_entry_text(entry.kind));
        return;
    }
    airs_status_t status = (airs_status_t)airs_entry_number(&entry);
    uint64_t hash = airs_entry_number(&entry);
    if (status != result->status) {
        airs_replayer_stray(self, "the call has ended with %s; in the recording it ended with %s",
                            airs_status_name(result->status), airs_status_name(status));
    } else if (hash != airs_journal_hash_result(kind, result)) {
        airs_replayer_stray(self, "the call has answered something else than in the recording");
    }
}

static airs_status_t run_call(airs_replayer_t *self, airs_entry_t *entry, airs_error_t *error) {
    call_t call;
    airs_call_result_t result;
    airs_replay_step_t step = {0};
    self->number = entry->number;
    airs_replayer_begin_step(self);
    bool readable = read_call(self, entry, &call, &step);
    airs_status_t status = call.out_of_memory ? AIRS_OUT_OF_MEMORY : AIRS_OK;
    if (entry->number == self->last_call && self->record.status == AIRS_EXECUTION_TIME_EXCEEDED) {
        airs_wasm_instance_of(self->instance)->limits.max_execution_time_ms =
            self->record.limits.max_execution_time_ms;
    }
    if (status == AIRS_OK && airs_replayer_show(self, entry, &step) && readable &&
        perform(self, &call.call, &result)) {
        keep_result(self, call.call.kind, &result);
        show_end(self, call.call.kind, &result);
        compare_end(self, call.call.kind, &result);
    }
    free_call(self, &call);
    return status == AIRS_OK ? status : airs_error_set(error, status, "%s", airs_status_text(status));
}

/* ---- the run -------------------------------------------------------------------------------- */

/* The last call's entry is behind us, and nothing follows. */
static bool has_ended(const airs_replayer_t *self, const airs_entry_t *entry) {
    return entry->number == self->last_call && !self->last_call_ended;
}

static airs_status_t run_journal(airs_replayer_t *self, airs_error_t *error) {
    airs_entry_t entry;
    airs_status_t status = AIRS_OK;
    while (status == AIRS_OK && self->state == AIRS_REPLAYING && airs_journal_next(&self->reader, &entry)) {
        status = run_call(self, &entry, error);
        if (has_ended(self, &entry)) {
            return status;
        }
    }
    /* Between two calls: somebody's decision. */
    if (status == AIRS_OK) {
        end(self, AIRS_REPLAYED_TO_END);
    }
    return status;
}

static airs_replay_end_t end_of(const airs_replayer_t *self) {
    switch (self->state) {
    case AIRS_REPLAYED_TO_END:
        return AIRS_REPLAY_AS_RECORDED;
    case AIRS_REPLAYED_UNTIL:
        return AIRS_REPLAY_STOPPED;
    case AIRS_REPLAY_ASTRAY:
        return AIRS_REPLAY_DIVERGED;
    case AIRS_REPLAYING:
        break;
    }
    return AIRS_REPLAY_SAME;
}

static airs_status_t check_memory(const airs_replayer_t *self, airs_error_t *error) {
    bool failed = self->trouble.failed || self->detail.failed || self->outcome.failed || self->reason.failed;
    return failed ? airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY))
                  : AIRS_OK;
}

airs_status_t airs_replayer_run(airs_replayer_t *self, const airs_replay_options_t *options,
                                airs_replay_result_t *out, airs_error_t *error) {
    self->options = *options;
    airs_status_t status = make_engine(self, error);
    if (status == AIRS_OK) {
        status = load(self, error);
    }
    if (status == AIRS_OK) {
        status = make_instance(self, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    self->engine->ops->activity_begin(self->engine);
    status = run_journal(self, error);
    self->engine->ops->activity_end(self->engine);
    if (status == AIRS_OK) {
        status = check_memory(self, error);
    }
    *out = (airs_replay_result_t){
        .end = end_of(self),
        .status = self->state == AIRS_REPLAYED_UNTIL ? AIRS_OK : self->status,
        .reason = airs_text_cstr(&self->reason),
        .number = self->number,
        .trouble = airs_text_cstr(&self->trouble),
    };
    return status;
}
