#include "runtime/host/replies.h"

#include "runtime/host/messaging_error.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"

static uint8_t defer_reply(void *host, char *out, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_correlation_id_t id;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = router->ops->defer_reply(router, instance->host.self, &id, &error);
    if (status == AIRS_OK) {
        airs_host_write_correlation(&id, out);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

/* A request that ended before it was answered is the one thing that this error has an id for. */
static uint8_t answer(airs_status_t status, const airs_error_t *error, airs_ext_bytes_t to,
                      airs_ext_text_t *reason) {
    if (status == AIRS_TIMEOUT) {
        airs_host_reason(reason, "%.*s", AIRS_STR_ARG(airs_host_str(to)));
        return AIRS_EXT_CORRELATION_TIMEOUT;
    }
    return airs_host_messaging_answer(status, error, reason);
}

static uint8_t reply(void *host, airs_ext_bytes_t to, airs_ext_bytes_t payload, airs_ext_bytes_t content_type,
                     airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_correlation_id_t id;
    airs_error_t error;
    if (!airs_host_read_correlation(to, &id, reason)) {
        return AIRS_EXT_INVALID_MESSAGE;
    }
    airs_host_messaging_prepare(&error);
    airs_status_t status = router->ops->reply(router, instance->host.self, &id,
                                              airs_bytes(payload.data, payload.size),
                                              airs_host_str(content_type), &error);
    return answer(status, &error, to, reason);
}

static uint8_t fail(void *host, airs_ext_bytes_t to, airs_ext_bytes_t why, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_correlation_id_t id;
    airs_error_t error;
    if (!airs_host_read_correlation(to, &id, reason)) {
        return AIRS_EXT_INVALID_MESSAGE;
    }
    airs_host_messaging_prepare(&error);
    airs_status_t status = router->ops->fail(router, instance->host.self, &id, airs_host_str(why), &error);
    return answer(status, &error, to, reason);
}

wasmtime_error_t *airs_host_replies_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_replies_t host = {.defer_reply = defer_reply, .reply = reply, .fail = fail};
    return airs_ext_linker_add_replies(linker, &host);
}
