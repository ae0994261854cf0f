#include "support/floor.h"

#include "runtime/component_loader.h"
#include "runtime/epoch_ticker.h"
#include "runtime/host/replies.h"
#include "runtime/host/services.h"
#include "runtime/host/storage.h"
#include "runtime/host/timers.h"
#include "support/bench.h"

#define FLOOR_MEMORY_BYTES ((uint64_t)64 << 20)
#define FLOOR_REQUEST_ID "01234567-89ab-4cde-8f01-23456789abcd"

static void need(wasmtime_error_t *error, const char *what) {
    if (error != NULL) {
        airs_error_t text;
        airs_engine_error(&text, AIRS_INTERNAL, what, error);
        bench_die("%s", text.text);
    }
}

static uint8_t keep_payload(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload,
                            airs_ext_text_t *reason) {
    (void)target, (void)reason;
    const floor_instance_t *instance = host;
    if (instance->outbox != NULL) {
        memcpy(instance->outbox, payload.data, payload.size);
    }
    return AIRS_EXT_MESSAGING_OK;
}

static uint8_t request_nothing(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload,
                               uint64_t timeout_ms, char *id, airs_ext_text_t *reason) {
    (void)host, (void)target, (void)payload, (void)timeout_ms, (void)reason;
    memcpy(id, FLOOR_REQUEST_ID, sizeof FLOOR_REQUEST_ID - 1);
    return AIRS_EXT_MESSAGING_OK;
}

static uint8_t cancel_nothing(void *host, airs_ext_bytes_t id, airs_ext_text_t *reason) {
    (void)host, (void)id, (void)reason;
    return AIRS_EXT_DELIVERY_FAILED;
}

static uint8_t broadcast_nothing(void *host, const airs_ext_id_t *targets, size_t count,
                                 airs_ext_bytes_t payload, size_t *first, airs_ext_text_t *reason) {
    (void)host, (void)targets, (void)count, (void)payload, (void)first, (void)reason;
    return AIRS_EXT_DELIVERY_FAILED;
}

static airs_ext_id_t no_self(void *host) {
    (void)host;
    return (airs_ext_id_t){0};
}

static uint8_t never_waits(void *host, airs_ext_text_t *reason) {
    (void)host, (void)reason;
    return AIRS_EXT_DELIVERY_FAILED;
}

static uint8_t mark_all(void *host, uint32_t index, bool gently, airs_ext_text_t *reason) {
    (void)host, (void)index, (void)gently, (void)reason;
    return 1;
}

static bool fail_never(void *host, uint8_t error_case, airs_ext_bytes_t text, airs_ext_text_t *reason) {
    (void)host, (void)error_case, (void)text, (void)reason;
    return false;
}

static uint8_t resolve_all(void *host, const airs_ext_id_t *id, uint64_t *handle, airs_ext_text_t *reason) {
    (void)host, (void)id, (void)reason;
    *handle = 1;
    return AIRS_EXT_MESSAGING_OK;
}

static bool identify_all(void *host, uint64_t handle, airs_ext_id_t *id, airs_ext_text_t *reason) {
    (void)host, (void)handle, (void)reason;
    *id = (airs_ext_id_t){0};
    return true;
}

static uint8_t send_nothing_to(void *host, uint64_t target, airs_ext_bytes_t payload,
                               airs_ext_text_t *reason) {
    (void)host, (void)target, (void)payload, (void)reason;
    return AIRS_EXT_MESSAGING_OK;
}

static bool send_nothing_now(void *host, uint64_t target, airs_ext_bytes_t payload) {
    (void)host, (void)target, (void)payload;
    return true;
}

static bool allow_many(void *host, size_t count, airs_ext_text_t *reason) {
    (void)host, (void)count, (void)reason;
    return true;
}

static uint8_t request_nothing_to(void *host, uint64_t target, airs_ext_bytes_t payload, uint64_t timeout_ms,
                                  airs_ext_request_id_t *id, airs_ext_text_t *reason) {
    (void)host, (void)target, (void)payload, (void)timeout_ms, (void)reason;
    *id = (airs_ext_request_id_t){1, 1};
    return AIRS_EXT_MESSAGING_OK;
}

static uint8_t answer_nothing(void *host, const airs_ext_request_id_t *id, airs_ext_bytes_t payload,
                              airs_ext_text_t *reason) {
    (void)host, (void)id, (void)payload, (void)reason;
    return AIRS_EXT_MESSAGING_OK;
}

void floor_open(floor_engine_t *floor, airs_runtime_engine_t *engine) {
    static const airs_ext_messaging_t messaging = {
        .send = keep_payload,
        .request = request_nothing,
        .cancel_request = cancel_nothing,
        .broadcast = broadcast_nothing,
        .self_id = no_self,
        .waited = never_waits,
    };
    static const airs_ext_batch_t batch = {
        .mark = mark_all,
        .fail = fail_never,
        .resolve = resolve_all,
        .identify = identify_all,
        .send_to = send_nothing_to,
        .send_now = send_nothing_now,
        .request_to = request_nothing_to,
        .answer = answer_nothing,
        .waited = never_waits,
        .may_send_many = allow_many,
    };
    floor->engine = airs_wasm_engine_of(engine);
    floor->linker = wasmtime_component_linker_new(floor->engine->engine);
    need(airs_ext_linker_add_messaging(floor->linker, &messaging), "messaging");
    need(airs_ext_linker_add_batch(floor->linker, &batch), "batch");
    need(airs_host_services_link(floor->linker), "services");
    need(airs_host_storage_link(floor->linker), "storage");
    /* Of guests that are only instantiated. */
    need(airs_host_replies_link(floor->linker), "replies");
    need(airs_host_timers_link(floor->linker), "timers");
}

void floor_close(floor_engine_t *floor) { wasmtime_component_linker_delete(floor->linker); }

airs_ext_component_t *floor_load(floor_engine_t *floor, const char *path) {
    void *block = NULL;
    airs_bytes_t bytes;
    airs_error_t error;
    wasmtime_component_t *component = NULL;
    airs_ext_component_t *prepared = NULL;
    airs_ext_verdict_t verdict;
    if (airs_component_read(airs_allocator_default(), path, NULL, &block, &bytes, &error) != AIRS_OK) {
        bench_die("%s", error.text);
    }
    need(wasmtime_component_new(floor->engine->engine, bytes.data, bytes.size, &component), path);
    airs_allocator_default()->release(NULL, block);
    need(airs_ext_component_new(floor->engine->engine, floor->linker, component, &prepared, &verdict), path);
    wasmtime_component_delete(component);
    return prepared;
}

static wasmtime_error_t *yield(wasmtime_context_t *context, void *data, uint64_t *delta,
                               wasmtime_update_deadline_kind_t *kind) {
    (void)context, (void)data;
    *delta = 1;
    *kind = WASMTIME_UPDATE_DEADLINE_YIELD;
    return NULL;
}

static void ignore_wake(void *context) { (void)context; }

/* Slices end; the only thing to do on this thread is to go on. */
static void finish(floor_instance_t *instance, airs_ext_outcome_t *outcome) {
    while (outcome->kind == AIRS_EXT_CALL_PENDING) {
        wasmtime_context_set_epoch_deadline(instance->context, 1);
        airs_ext_resume(instance->ext, outcome);
    }
    if (outcome->kind != AIRS_EXT_CALL_OK) {
        bench_die("the floor's call failed: %.*s", (int)outcome->text.size, (const char *)outcome->text.data);
    }
}

void floor_instance_open(floor_engine_t *floor, const airs_ext_component_t *component,
                         floor_instance_t *out) {
    airs_ext_outcome_t outcome;
    out->outbox = NULL;
    out->store = wasmtime_store_new(floor->engine->engine, out, NULL);
    out->context = wasmtime_store_context(out->store);
    wasmtime_store_epoch_deadline_callback(out->store, yield, NULL, NULL);
    out->ext = airs_ext_instance_new(component, out->store, FLOOR_MEMORY_BYTES, ignore_wake, NULL);
    wasmtime_context_set_epoch_deadline(out->context, 1);
    airs_ext_instantiate(out->ext, &outcome);
    finish(out, &outcome);
}

void floor_instance_close(floor_instance_t *instance) {
    airs_ext_instance_cancel(instance->ext);
    wasmtime_store_delete(instance->store);
    airs_ext_instance_delete(instance->ext);
}

void floor_batch(floor_instance_t *instance, uint32_t count, size_t size) {
    static airs_ext_item_t items[64];
    static uint8_t payloads[65536];
    airs_ext_outcome_t outcome;
    for (uint32_t i = 0; i < count; i++) {
        items[i] = (airs_ext_item_t){.kind = AIRS_EXT_ITEM_MESSAGE, .sender = 1, .size = (uint32_t)size};
    }
    wasmtime_context_set_epoch_deadline(instance->context, 1);
    airs_ext_handle_batch(instance->ext, items, count,
                          (airs_ext_bytes_t){payloads, count * ((size + 7) & ~(size_t)7)}, &outcome);
    finish(instance, &outcome);
}

void floor_initialize(floor_instance_t *instance, const char *config) {
    airs_ext_outcome_t outcome;
    airs_ext_config_t settings = {
        .config = {(const uint8_t *)config, config != NULL ? strlen(config) : 0},
        .has_config = config != NULL,
        .max_memory_bytes = FLOOR_MEMORY_BYTES,
        .max_execution_time_ms = 5000,
    };
    wasmtime_context_set_epoch_deadline(instance->context, 1);
    airs_ext_initialize(instance->ext, &settings, &outcome);
    finish(instance, &outcome);
}

static airs_ext_bytes_t text(const char *words) {
    return (airs_ext_bytes_t){(const uint8_t *)words, strlen(words)};
}

static airs_ext_message_t message_of(const uint8_t *payload, size_t size) {
    return (airs_ext_message_t){
        .sender = {text("bench"), text("sender"), text("0")},
        .payload = {payload, size},
        .seconds = 1,
    };
}

static airs_ext_message_t correlated(const uint8_t *payload, size_t size) {
    airs_ext_message_t message = message_of(payload, size);
    message.correlation_id = text(FLOOR_REQUEST_ID);
    message.has_correlation_id = true;
    return message;
}

void floor_message(floor_instance_t *instance, const uint8_t *payload, size_t size) {
    airs_ext_outcome_t outcome;
    airs_ext_message_t message = message_of(payload, size);
    wasmtime_context_set_epoch_deadline(instance->context, 1);
    airs_ext_handle_message(instance->ext, &message, &outcome);
    finish(instance, &outcome);
}

void floor_request(floor_instance_t *instance, const uint8_t *payload, size_t size) {
    airs_ext_outcome_t outcome;
    airs_ext_message_t message = correlated(payload, size);
    message.has_reply_to = true;
    message.reply_to = message.sender;
    wasmtime_context_set_epoch_deadline(instance->context, 1);
    airs_ext_handle_message(instance->ext, &message, &outcome);
    finish(instance, &outcome);
}

void floor_response(floor_instance_t *instance, const uint8_t *payload, size_t size) {
    airs_ext_outcome_t outcome;
    airs_ext_message_t message = correlated(payload, size);
    wasmtime_context_set_epoch_deadline(instance->context, 1);
    airs_ext_handle_callback(instance->ext, &message, &outcome);
    finish(instance, &outcome);
}
