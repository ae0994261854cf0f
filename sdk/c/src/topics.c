#include "messaging_error.h"

airs_status_t airs_subscribe(airs_str_t pattern) {
    guest_string_t text = airs_sdk_string(pattern);
    airssys_core_errors_messaging_error_t error;
    return airssys_actor_topics_subscribe(&text, &error) ? AIRS_OK : airs_sdk_limit_failed(&error);
}

airs_status_t airs_unsubscribe(airs_str_t pattern) {
    guest_string_t text = airs_sdk_string(pattern);
    airssys_core_errors_messaging_error_t error;
    return airssys_actor_topics_unsubscribe(&text, &error) ? AIRS_OK : airs_sdk_messaging_failed(&error);
}

airs_status_t airs_publish(airs_str_t topic, airs_bytes_t payload, airs_str_t content_type,
                           uint32_t *reached) {
    guest_string_t name = airs_sdk_string(topic);
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    guest_string_t type = airs_sdk_string(content_type);
    uint32_t count = 0;
    airssys_core_errors_messaging_error_t error;
    if (!airssys_actor_topics_publish(&name, &bytes, type.len != 0 ? &type : NULL, &count, &error)) {
        return airs_sdk_messaging_failed(&error);
    }
    if (reached != NULL) {
        *reached = count;
    }
    return AIRS_OK;
}
