#include "runtime/host/batch.h"

#include "runtime/host/messaging.h"
#include "runtime/host/messaging_error.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"

/* A call of the host ends by itself or not at all, so what it does for a guest has a bound. */
#define MESSAGES_MAX 1024

/* ---- the message in hand ---- */

static uint8_t trapped(airs_wasm_instance_t *instance) {
    instance->host_failed = true;
    return AIRS_EXT_TRAP;
}

static uint8_t mark(void *host, uint32_t index, bool gently, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    if (instance->batch == NULL) {
        airs_host_reason(reason, "message %u of a batch was marked, and there is no batch in hand", index);
        return trapped(instance);
    }
    airs_status_t status = instance->batch->begin(instance->host.self, index, gently);
    if (status == AIRS_INVALID_ARGUMENT) {
        airs_host_reason(reason, "message %u of a batch was marked, which it does not have or has passed",
                         index);
        return trapped(instance);
    }
    if (status == AIRS_OK) {
        airs_wasm_instance_begin_message(instance);
    }
    return status == AIRS_OK;
}

static bool fail(void *host, uint8_t error_case, airs_ext_bytes_t text, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_text_clear(&instance->reason);
    const char *why = airs_wasm_instance_error_text(instance, error_case, text);
    if (instance->batch == NULL || instance->batch->fail(instance->host.self, why) != AIRS_OK) {
        airs_host_reason(reason, "a message of a batch was failed, and there is none in hand");
        return trapped(instance) == 0;
    }
    airs_text_clear(&instance->reason);
    return true;
}

/* ---- handles ---- */

static uint8_t resolve(void *host, const airs_ext_id_t *id, uint64_t *handle, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = airs_actor_handles_make(&instance->handles, airs_host_id(id), handle);
    return airs_host_messaging_answer(status == AIRS_INVALID_ARGUMENT ? AIRS_TARGET_NOT_FOUND : status,
                                      &error, reason);
}

static bool identify(void *host, uint64_t handle, airs_ext_id_t *out, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    const airs_target_t *target = airs_actor_handles_get(&instance->handles, handle);
    if (target == NULL) {
        airs_host_reason(reason, "%llu is no handle of an actor", (unsigned long long)handle);
        return trapped(instance) == 0;
    }
    airs_id_t id = airs_component_id_view(target->id);
    *out = (airs_ext_id_t){airs_host_bytes_of(id.ns), airs_host_bytes_of(id.name),
                           airs_host_bytes_of(id.instance)};
    return true;
}

/* The target, if the instance may do this to it. */
static airs_status_t reach(airs_wasm_instance_t *instance, uint64_t handle, uint8_t bit, airs_action_t action,
                           airs_target_t **out, airs_error_t *error) {
    *out = airs_actor_handles_get(&instance->handles, handle);
    if (*out == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "%llu is no handle of an actor",
                              (unsigned long long)handle);
    }
    return airs_host_messaging_check(instance, *out, bit, action, error);
}

static uint8_t send_to(void *host, uint64_t handle, airs_ext_bytes_t payload, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_target_t *target = NULL;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = reach(instance, handle, AIRS_TARGET_SEND, AIRS_ACTION_SEND, &target, &error);
    if (status == AIRS_OK) {
        status = router->ops->send(router, instance->host.self, &target->route,
                                   airs_component_id_parts(target->id),
                                   airs_bytes(payload.data, payload.size), &error);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

/* Only what was decided already: a denial is told, and that once. */
static bool send_now(void *host, uint64_t handle, airs_ext_bytes_t payload) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_target_t *target = airs_actor_handles_get(&instance->handles, handle);
    return router->ops->send_now != NULL && target != NULL &&
           airs_host_messaging_may(instance, target, AIRS_TARGET_SEND) &&
           router->ops->send_now(router, instance->host.self, &target->route,
                                 airs_component_id_parts(target->id), airs_bytes(payload.data, payload.size));
}

static bool may_send_many(void *host, size_t count, airs_ext_text_t *reason) {
    if (count > MESSAGES_MAX) {
        airs_host_reason(reason, "send-many takes %d messages at most, and these were %zu", MESSAGES_MAX,
                         count);
        return trapped(host) == 0;
    }
    return true;
}

/* ---- requests ---- */

static uint64_t read_half(const uint8_t *bytes) {
    uint64_t half = 0;
    memcpy(&half, bytes, sizeof half);
    return __builtin_bswap64(half);
}

airs_ext_request_id_t airs_host_request_id(const airs_correlation_id_t *id) {
    return (airs_ext_request_id_t){read_half(id->bytes), read_half(id->bytes + 8)};
}

static airs_correlation_id_t correlation_of(const airs_ext_request_id_t *id) {
    airs_correlation_id_t correlation;
    const uint64_t halves[2] = {__builtin_bswap64(id->high), __builtin_bswap64(id->low)};
    memcpy(correlation.bytes, halves, sizeof correlation.bytes);
    return correlation;
}

static uint8_t request_to(void *host, uint64_t handle, airs_ext_bytes_t payload, uint64_t timeout_ms,
                          airs_ext_request_id_t *out, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_target_t *target = NULL;
    airs_correlation_id_t correlation;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = reach(instance, handle, AIRS_TARGET_REQUEST, AIRS_ACTION_REQUEST, &target, &error);
    if (status == AIRS_OK) {
        status = router->ops->request(
            router, instance->host.self, &target->route, airs_component_id_parts(target->id),
            airs_bytes(payload.data, payload.size), timeout_ms, &correlation, &error);
    }
    if (status == AIRS_OK || status == AIRS_PENDING) {
        *out = airs_host_request_id(&correlation);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

static uint8_t answer(void *host, const airs_ext_request_id_t *id, airs_ext_bytes_t payload,
                      airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_bytes_t bytes = airs_bytes(payload.data, payload.size);
    airs_correlation_id_t correlation = correlation_of(id);
    if (instance->batch != NULL &&
        instance->batch->answer(instance->host.self, &correlation, bytes) == AIRS_OK) {
        return AIRS_EXT_MESSAGING_OK;
    }
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status =
        router->ops->reply(router, instance->host.self, &correlation, bytes, airs_str(NULL), &error);
    if (status == AIRS_TIMEOUT) {
        char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
        airs_correlation_id_format(&correlation, text);
        airs_host_reason(reason, "%s", text);
        return AIRS_EXT_CORRELATION_TIMEOUT;
    }
    return airs_host_messaging_answer(status, &error, reason);
}

wasmtime_error_t *airs_host_batch_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_batch_t host = {
        .mark = mark,
        .fail = fail,
        .resolve = resolve,
        .identify = identify,
        .send_to = send_to,
        .send_now = send_now,
        .request_to = request_to,
        .answer = answer,
        .waited = airs_host_messaging_waited,
        .may_send_many = may_send_many,
    };
    return airs_ext_linker_add_batch(linker, &host);
}
