/* Why a request failed, read from the JSON object that the runtime makes of it. */
#include "memory.h"

#define KEY "\"error\":\""

/* The runtime writes {"error":"NAME",… without spaces, the name first and of letters and hyphens only. */
airs_str_t airs_failure_reason(const airs_message_t *message) {
    airs_bytes_t rest;
    if (message->kind != AIRS_FAILURE || !airs_starts_with(message->payload, "{" KEY, &rest)) {
        return airs_str(NULL);
    }
    const uint8_t *end = rest.size != 0 ? memchr(rest.data, '"', rest.size) : NULL;
    return end != NULL ? airs_str_n((const char *)rest.data, (size_t)(end - rest.data)) : airs_str(NULL);
}

bool airs_failure_is(const airs_message_t *message, const char *reason) {
    return airs_str_equal(airs_failure_reason(message), airs_str(reason));
}
