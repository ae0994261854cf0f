/* The bad end of a request, as its requester's handle-callback hears of it: a JSON object
 *     {"error": "timeout", "message": "…", "correlation-id": "8f14e45f-…"}
 * whose error is the status's name (airs_status_name). */
#ifndef AIRSSYS_CORE_REQUEST_ERROR_H
#define AIRSSYS_CORE_REQUEST_ERROR_H

#include "core/component_message.h"
#include "core/pending_request.h"

#define AIRS_REQUEST_ERROR_CONTENT_TYPE "application/vnd.airssys.error+json"

/* The longest object that is made; a longer message is cut and ends in "...". */
#define AIRS_REQUEST_ERROR_MAX 4096

/* The shortest buffer to write one to: everything but the message. */
#define AIRS_REQUEST_ERROR_MIN 112

/* Writes the object to `out` (no terminating zero), with as much of the message as `capacity`
 * (>= AIRS_REQUEST_ERROR_MIN) allows, and returns its length. It is valid JSON whatever `message` holds. */
size_t airs_request_error_format(airs_status_t status, airs_str_t message, const airs_correlation_id_t *id,
                                 char *out, size_t capacity);

/* What a pending request's memory must hold, so that it can become a failure message itself. With this much
 * room for the object the block pool's header makes it 256 bytes. */
#define AIRS_REQUEST_ERROR_SHORT 152
#define AIRS_REQUEST_ERROR_BLOCK (sizeof(airs_component_message_t) + AIRS_REQUEST_ERROR_SHORT)

/* The failure message for the requester of a request that was taken, sent by who was asked. Takes
 * `request`. It cannot fail, so that every request has an end: without memory for the whole message it is
 * made of the request's own block, and then says as much as has room there. */
airs_component_message_t *airs_request_error_message(airs_pending_request_t *request, airs_status_t status,
                                                     airs_str_t message, uint64_t timestamp_ns);

#endif
