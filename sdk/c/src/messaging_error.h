/* What messaging-error becomes: a status, and the text for airs_error_text. */
#ifndef AIRS_SDK_MESSAGING_ERROR_H
#define AIRS_SDK_MESSAGING_ERROR_H

#include "memory.h"

/* Keeps the error's text, frees the error, and returns the status that says the same. */
airs_status_t airs_sdk_messaging_failed(airssys_core_errors_messaging_error_t *error);

static inline airssys_core_types_message_payload_t airs_sdk_payload(airs_bytes_t bytes) {
    return (airssys_core_types_message_payload_t){(uint8_t *)(uintptr_t)bytes.data, bytes.size};
}

/* A copy of an id's text, cut to what an id has. */
static inline airs_request_id_t airs_sdk_request_id(guest_string_t text) {
    airs_request_id_t id;
    size_t size = text.len < sizeof id.text - 1 ? text.len : sizeof id.text - 1;
    memcpy(id.text, text.ptr, size);
    id.text[size] = '\0';
    return id;
}

/* The same for calls that put nothing into a mailbox: "full" is then a limit of this actor's. */
airs_status_t airs_sdk_limit_failed(airssys_core_errors_messaging_error_t *error);

#endif
