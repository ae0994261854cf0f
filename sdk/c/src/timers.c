#include "messaging_error.h"

airs_status_t airs_send_after(uint64_t delay_ms, airs_bytes_t payload, airs_timer_id_t *out) {
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    airs_timer_id_t id = 0;
    airssys_core_errors_messaging_error_t error;
    if (!airssys_actor_timers_send_after(delay_ms, &bytes, &id, &error)) {
        return airs_sdk_limit_failed(&error);
    }
    if (out != NULL) {
        *out = id;
    }
    return AIRS_OK;
}

airs_status_t airs_send_every(uint64_t period_ms, airs_bytes_t payload, airs_timer_id_t *out) {
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    airs_timer_id_t id = 0;
    airssys_core_errors_messaging_error_t error;
    if (!airssys_actor_timers_send_every(period_ms, &bytes, &id, &error)) {
        return airs_sdk_limit_failed(&error);
    }
    if (out != NULL) {
        *out = id;
    }
    return AIRS_OK;
}

bool airs_cancel_timer(airs_timer_id_t id) { return airssys_actor_timers_cancel_timer(id); }
