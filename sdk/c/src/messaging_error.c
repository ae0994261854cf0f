#include "messaging_error.h"

/* The variant has two cases for most of what can go wrong; the runtime then begins their text with the name of
 * the status that it means. */
static const struct {
    const char *name;
    airs_status_t status;
} named[] = {
    {"not-found: ", AIRS_NOT_FOUND}, {"invalid-state: ", AIRS_INVALID_STATE},
    {"timeout: ", AIRS_TIMED_OUT},   {"unsupported-codec: ", AIRS_UNSUPPORTED_CODEC},
    {"deadlock: ", AIRS_DEADLOCK},
};

/* The name is then cut off, for airs_status_text says it too. */
static airs_status_t named_status(airs_str_t *text, airs_status_t otherwise) {
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        airs_bytes_t rest;
        if (airs_starts_with(airs_as_bytes(*text), named[i].name, &rest)) {
            *text = airs_as_str(rest);
            return named[i].status;
        }
    }
    return otherwise;
}

airs_status_t airs_sdk_messaging_failed(airssys_core_errors_messaging_error_t *error) {
    airs_status_t status = AIRS_DELIVERY_FAILED;
    airs_str_t text = {NULL, 0};
    switch (error->tag) {
    case AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_DELIVERY_FAILED:
        text = airs_sdk_str(error->val.delivery_failed);
        status = named_status(&text, AIRS_DELIVERY_FAILED);
        break;
    case AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_CORRELATION_TIMEOUT:
        status = AIRS_TIMED_OUT;
        text = airs_sdk_str(error->val.correlation_timeout);
        break;
    case AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_INVALID_MESSAGE:
        text = airs_sdk_str(error->val.invalid_message);
        status = named_status(&text, AIRS_INVALID_MESSAGE);
        break;
    case AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_QUEUE_FULL:
        status = AIRS_QUEUE_FULL;
        break;
    case AIRSSYS_CORE_ERRORS_MESSAGING_ERROR_TARGET_NOT_FOUND:
        status = AIRS_TARGET_NOT_FOUND;
        text = airs_sdk_str(error->val.target_not_found.name);
        break;
    default:
        break;
    }
    airs_sdk_fail(status, text);
    airssys_core_errors_messaging_error_free(error);
    return status;
}

airs_status_t airs_sdk_limit_failed(airssys_core_errors_messaging_error_t *error) {
    airs_status_t status = airs_sdk_messaging_failed(error);
    return status == AIRS_QUEUE_FULL ? AIRS_QUOTA_EXCEEDED : status;
}
