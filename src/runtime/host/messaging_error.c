#include "runtime/host/messaging_error.h"

#include <string.h>

#include "runtime/host/text.h"

/* "queue-full: why" for the cases with a text. */
static void explain(airs_status_t status, const airs_error_t *error, airs_ext_text_t *reason) {
    const char *why = error->text[0] != '\0' ? error->text : airs_status_text(status);
    airs_host_reason(reason, "%s: %s", airs_status_name(status), why);
}

uint8_t airs_host_messaging_answer(airs_status_t status, const airs_error_t *error, airs_ext_text_t *reason) {
    switch (status) {
    case AIRS_OK:
        return AIRS_EXT_MESSAGING_OK;
    case AIRS_PENDING:
        return AIRS_EXT_PENDING;
    case AIRS_QUEUE_FULL:
    case AIRS_TOO_MANY_REQUESTS:
    case AIRS_QUOTA_EXCEEDED:
        return AIRS_EXT_QUEUE_FULL;
    case AIRS_TARGET_NOT_FOUND:
        return AIRS_EXT_TARGET_NOT_FOUND;
    case AIRS_MESSAGE_TOO_LARGE:
    case AIRS_UNSUPPORTED_CODEC:
    case AIRS_INVALID_MESSAGE:
    case AIRS_INVALID_ARGUMENT:
    case AIRS_NOT_FOUND:
        explain(status, error, reason);
        return AIRS_EXT_INVALID_MESSAGE;
    default:
        explain(status, error, reason);
        return AIRS_EXT_DELIVERY_FAILED;
    }
}

bool airs_host_read_correlation(airs_ext_bytes_t text, airs_correlation_id_t *out, airs_ext_text_t *reason) {
    if (airs_correlation_id_parse(airs_host_str(text), out) == AIRS_OK) {
        return true;
    }
    airs_host_reason(reason, "not a request id: it has the form of a UUID");
    return false;
}

void airs_host_write_correlation(const airs_correlation_id_t *id, char *out) {
    char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    airs_correlation_id_format(id, text);
    memcpy(out, text, AIRS_CORRELATION_ID_TEXT_SIZE);
}
