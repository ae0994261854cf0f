#include "runtime/host/messaging.h"

#include "core/memory.h"
#include "runtime/host/messaging_error.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"
#include "security/security_context.h"

/* Targets of one broadcast whose ids fit on the stack; more take memory. */
#define SMALL_BROADCAST 16

/* A call of the host ends by itself or not at all, so what it does for a guest has a bound. */
#define BROADCAST_TARGETS_MAX 1024

/* What was decided for a target holds as long as each of its decisions does. */
static void remember(airs_target_t *target, uint8_t bit, const airs_validity_t *validity) {
    if (target->allowed == 0 || validity->expires_at_ns < target->validity.expires_at_ns) {
        target->validity = *validity;
    }
    target->allowed |= bit;
}

bool airs_host_messaging_may(const airs_wasm_instance_t *instance, airs_target_t *target, uint8_t bit) {
    if (target->allowed != 0 && !airs_security_holds(instance->security, &target->validity)) {
        target->allowed = 0;
    }
    return (target->allowed & bit) != 0;
}

airs_status_t airs_host_messaging_check(airs_wasm_instance_t *instance, airs_target_t *target, uint8_t bit,
                                        airs_action_t action, airs_error_t *error) {
    if (airs_host_messaging_may(instance, target, bit)) {
        return AIRS_OK;
    }
    airs_validity_t validity;
    airs_resource_t resource = airs_resource_id(airs_component_id_view(target->id));
    airs_status_t status = airs_security_decide(instance->security, action, &resource, &validity, error);
    if (status == AIRS_OK) {
        remember(target, bit, &validity);
    }
    return status;
}

static airs_target_t *find_target(airs_wasm_instance_t *instance, const airs_id_t *id) {
    return airs_target_cache_find(&instance->targets, id);
}

/* Ids that nobody can have are not remembered. */
static airs_status_t no_target(airs_id_t id) {
    return airs_id_check(id, NULL) == AIRS_OK ? AIRS_OUT_OF_MEMORY : AIRS_TARGET_NOT_FOUND;
}

static uint8_t send_message(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload,
                            airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_host_id(target);
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_target_t *known = find_target(instance, &id);
    airs_status_t status =
        known != NULL ? airs_host_messaging_check(instance, known, AIRS_TARGET_SEND, AIRS_ACTION_SEND, &error)
                      : no_target(id);
    if (status == AIRS_OK) {
        status = router->ops->send(router, instance->host.self, &known->route, &id,
                                   airs_bytes(payload.data, payload.size), &error);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

static uint8_t request(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload, uint64_t timeout_ms,
                       char *out, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_host_id(target);
    airs_correlation_id_t correlation;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_target_t *known = find_target(instance, &id);
    airs_status_t status = known != NULL ? airs_host_messaging_check(instance, known, AIRS_TARGET_REQUEST,
                                                                     AIRS_ACTION_REQUEST, &error)
                                         : no_target(id);
    if (status == AIRS_OK) {
        status = router->ops->request(router, instance->host.self, &known->route, &id,
                                      airs_bytes(payload.data, payload.size), timeout_ms, &correlation,
                                      &error);
    }
    if (status == AIRS_OK || status == AIRS_PENDING) {
        airs_host_write_correlation(&correlation, out);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

static uint8_t cancel_request(void *host, airs_ext_bytes_t id, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_correlation_id_t correlation;
    if (!airs_host_read_correlation(id, &correlation, reason)) {
        return AIRS_EXT_INVALID_MESSAGE;
    }
    if (router->ops->cancel_request(router, instance->host.self, &correlation) != AIRS_OK) {
        airs_host_reason(reason, "not-found: no request of this component with this id is outstanding");
        return AIRS_EXT_DELIVERY_FAILED;
    }
    return AIRS_EXT_MESSAGING_OK;
}

typedef struct targets {
    airs_id_t small_ids[SMALL_BROADCAST];
    uint8_t small_allowed[SMALL_BROADCAST];
    airs_id_t *ids;
    uint8_t *allowed;
} targets_t;

static bool hold_targets(const airs_allocator_t *allocator, targets_t *targets, size_t count) {
    targets->ids = targets->small_ids;
    targets->allowed = targets->small_allowed;
    if (count > SMALL_BROADCAST) {
        targets->ids = airs_alloc_array(allocator, count, sizeof *targets->ids + 1);
        targets->allowed = targets->ids != NULL ? (uint8_t *)(targets->ids + count) : NULL;
    }
    return targets->ids != NULL;
}

static void drop_targets(const airs_allocator_t *allocator, targets_t *targets) {
    if (targets->ids != targets->small_ids) {
        airs_release(allocator, targets->ids);
    }
}

/* Targets of one broadcast for which decisions are remembered: of more, one would make the others be forgotten. */
#define REMEMBERED_BROADCAST (AIRS_TARGET_CACHE_MAX / 4)

static bool may_broadcast(airs_wasm_instance_t *instance, airs_id_t id, size_t count) {
    airs_target_t *known = count <= REMEMBERED_BROADCAST ? find_target(instance, &id) : NULL;
    if (known != NULL) {
        return airs_host_messaging_check(instance, known, AIRS_TARGET_BROADCAST, AIRS_ACTION_BROADCAST,
                                         NULL) == AIRS_OK;
    }
    airs_resource_t resource = airs_resource_id(id);
    return airs_security_check(instance->security, AIRS_ACTION_BROADCAST, &resource, NULL) == AIRS_OK;
}

/* All instances of a component. */
static bool is_group(const airs_ext_id_t *id) {
    return airs_str_equal(airs_host_id(id).instance, airs_str("*"));
}

static uint8_t broadcast(void *host, const airs_ext_id_t *ids, size_t count, airs_ext_bytes_t payload,
                         size_t *first, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    targets_t targets;
    airs_host_messaging_prepare(&error);
    if (count > BROADCAST_TARGETS_MAX) {
        airs_status_t status = airs_error_set(
            &error, AIRS_INVALID_ARGUMENT,
            "a broadcast has %d targets at most, and this one has %zu; the instance * stands for all of a"
            " component",
            BROADCAST_TARGETS_MAX, count);
        return airs_host_messaging_answer(status, &error, reason);
    }
    if (!hold_targets(allocator, &targets, count)) {
        airs_error_set(&error, AIRS_OUT_OF_MEMORY, "no memory for %zu targets", count);
        return airs_host_messaging_answer(AIRS_OUT_OF_MEMORY, &error, reason);
    }
    for (size_t i = 0; i < count; i++) {
        targets.ids[i] = airs_host_id(&ids[i]);
        targets.allowed[i] = may_broadcast(instance, targets.ids[i], count);
    }
    airs_status_t status = router->ops->broadcast(router, instance->host.self, targets.ids, targets.allowed,
                                                  count, airs_bytes(payload.data, payload.size), first,
                                                  &error);
    drop_targets(allocator, &targets);
    /* The error says how many failed; the cases for one actor have no room for that. */
    if ((status == AIRS_QUEUE_FULL && (count > 1 || is_group(&ids[0]))) ||
        (status == AIRS_TARGET_NOT_FOUND && count > 1)) {
        airs_host_reason(reason, "%s: %s", airs_status_name(status), error.text);
        return AIRS_EXT_DELIVERY_FAILED;
    }
    return airs_host_messaging_answer(status, &error, reason);
}

static airs_ext_id_t self_id(void *host) {
    airs_wasm_instance_t *instance = host;
    airs_id_t id = airs_component_id_view(instance->host.id);
    return (airs_ext_id_t){airs_host_bytes_of(id.ns), airs_host_bytes_of(id.name),
                           airs_host_bytes_of(id.instance)};
}

uint8_t airs_host_messaging_waited(void *host, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = router->ops->waited(router, instance->host.self, &error);
    instance->waits = instance->waits || status == AIRS_PENDING;
    return airs_host_messaging_answer(status, &error, reason);
}

wasmtime_error_t *airs_host_messaging_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_messaging_t host = {
        .send = send_message,
        .request = request,
        .cancel_request = cancel_request,
        .broadcast = broadcast,
        .self_id = self_id,
        .waited = airs_host_messaging_waited,
    };
    return airs_ext_linker_add_messaging(linker, &host);
}
