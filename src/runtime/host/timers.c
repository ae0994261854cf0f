#include "runtime/host/timers.h"

#include "runtime/host/messaging_error.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"

static uint8_t start(airs_wasm_instance_t *instance, uint64_t delay_ms, uint64_t period_ms,
                     airs_ext_bytes_t payload, uint64_t *id, airs_ext_text_t *reason) {
    airs_message_router_t *router = instance->host.router;
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_status_t status = router->ops->start_timer(router, instance->host.self, delay_ms, period_ms,
                                                    airs_bytes(payload.data, payload.size), id, &error);
    return airs_host_messaging_answer(status, &error, reason);
}

static uint8_t send_after(void *host, uint64_t delay_ms, airs_ext_bytes_t payload, uint64_t *id,
                          airs_ext_text_t *reason) {
    return start(host, delay_ms, 0, payload, id, reason);
}

static uint8_t send_every(void *host, uint64_t period_ms, airs_ext_bytes_t payload, uint64_t *id,
                          airs_ext_text_t *reason) {
    if (period_ms == 0) {
        airs_host_reason(reason, "the period of a repeating timer is at least 1 ms; it is 0");
        return AIRS_EXT_INVALID_MESSAGE;
    }
    return start(host, period_ms, period_ms, payload, id, reason);
}

static bool cancel_timer(void *host, uint64_t id) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    return router->ops->cancel_timer(router, instance->host.self, id);
}

wasmtime_error_t *airs_host_timers_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_timers_t host = {
        .send_after = send_after, .send_every = send_every, .cancel_timer = cancel_timer};
    return airs_ext_linker_add_timers(linker, &host);
}
