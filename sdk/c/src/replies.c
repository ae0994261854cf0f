#include "lifecycle.h"
#include "messaging_error.h"

bool airs_sdk_deferred;

airs_status_t airs_defer_reply(airs_request_id_t *out) {
    airssys_core_types_correlation_id_t id;
    airssys_core_errors_messaging_error_t error;
    if (!airssys_actor_replies_defer_reply(&id, &error)) {
        return airs_sdk_limit_failed(&error);
    }
    *out = airs_sdk_request_id(id);
    airssys_core_types_correlation_id_free(&id);
    airs_sdk_deferred = true;
    return AIRS_OK;
}

airs_status_t airs_reply(const airs_request_id_t *to, airs_bytes_t payload, airs_str_t content_type) {
    guest_string_t id = airs_sdk_string(airs_str(to->text));
    airssys_core_types_message_payload_t bytes = airs_sdk_payload(payload);
    guest_string_t type = airs_sdk_string(content_type);
    airssys_core_errors_messaging_error_t error;
    bool replied = airssys_actor_replies_reply(&id, &bytes, type.len != 0 ? &type : NULL, &error);
    return replied ? AIRS_OK : airs_sdk_messaging_failed(&error);
}

airs_status_t airs_reply_fail_str(const airs_request_id_t *to, airs_str_t reason) {
    guest_string_t id = airs_sdk_string(airs_str(to->text));
    guest_string_t text = airs_sdk_string(reason);
    airssys_core_errors_messaging_error_t error;
    return airssys_actor_replies_fail(&id, &text, &error) ? AIRS_OK : airs_sdk_messaging_failed(&error);
}
