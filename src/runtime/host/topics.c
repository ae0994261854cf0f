#include "runtime/host/topics.h"

#include "runtime/host/messaging_error.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"
#include "security/security_context.h"

static airs_status_t check(const airs_wasm_instance_t *instance, airs_action_t action, airs_ext_bytes_t topic,
                           airs_error_t *error) {
    airs_resource_t resource = airs_resource_topic(airs_host_str(topic));
    return airs_security_check(instance->security, action, &resource, error);
}

static uint8_t subscribe(void *host, airs_ext_bytes_t pattern, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = check(instance, AIRS_ACTION_TOPIC_SUBSCRIBE, pattern, &error);
    if (status == AIRS_OK) {
        status = router->ops->subscribe(router, instance->host.self, airs_host_str(pattern), &error);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

/* Needs no grant: it gives back what was granted. */
static uint8_t unsubscribe(void *host, airs_ext_bytes_t pattern, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status =
        router->ops->unsubscribe(router, instance->host.self, airs_host_str(pattern), &error);
    return airs_host_messaging_answer(status, &error, reason);
}

static uint8_t publish(void *host, airs_ext_bytes_t topic, airs_ext_bytes_t payload,
                       airs_ext_bytes_t content_type, uint32_t *reached, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = check(instance, AIRS_ACTION_TOPIC_PUBLISH, topic, &error);
    if (status == AIRS_OK) {
        status = router->ops->publish(router, instance->host.self, airs_host_str(topic),
                                      airs_bytes(payload.data, payload.size), airs_host_str(content_type),
                                      reached, &error);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

wasmtime_error_t *airs_host_topics_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_topics_t host = {
        .subscribe = subscribe, .unsubscribe = unsubscribe, .publish = publish};
    return airs_ext_linker_add_topics(linker, &host);
}
