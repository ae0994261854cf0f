#include "core/request_error.h"

#include "core/block_pool.h"
#include "core/check.h"
#include "core/json_escape.h"
#include "core/memory.h"

#define HEAD "{\"error\":\""
#define BEFORE_MESSAGE "\",\"message\":\""
#define BEFORE_ID "\",\"correlation-id\":\""
#define TAIL "\"}"
#define ELLIPSIS "..."

#define TEXT_SIZE(literal) (sizeof(literal) - 1)

/* "execution-time-exceeded" is the longest name of a status. */
#define NAME_MAX_SIZE 23

_Static_assert(TEXT_SIZE(HEAD) + NAME_MAX_SIZE + TEXT_SIZE(BEFORE_MESSAGE) + TEXT_SIZE(BEFORE_ID) +
                       AIRS_CORRELATION_ID_TEXT_SIZE + TEXT_SIZE(TAIL) <=
                   AIRS_REQUEST_ERROR_MIN,
               "the smallest buffer has room for all but the message");

static char *put(char *at, const char *text, size_t size) { return airs_copy(at, text, size); }

/* Escapes `message` up to `end`; what does not fit is replaced by an ellipsis, as far as that fits. */
static char *put_message(char *at, const char *end, airs_str_t message) {
    char *cut = at; /* the last place where the ellipsis fits behind */
    while (message.size > 0) {
        char escaped[AIRS_JSON_ESCAPE_MAX];
        size_t size = airs_json_escape_next(&message, escaped);
        if ((size_t)(end - at) < size) {
            bool marked = (size_t)(end - cut) >= TEXT_SIZE(ELLIPSIS);
            return marked ? put(cut, ELLIPSIS, TEXT_SIZE(ELLIPSIS)) : cut;
        }
        at = put(at, escaped, size);
        cut = (size_t)(end - at) >= TEXT_SIZE(ELLIPSIS) ? at : cut;
    }
    return at;
}

size_t airs_request_error_format(airs_status_t status, airs_str_t message, const airs_correlation_id_t *id,
                                 char *out, size_t capacity) {
    AIRS_ASSERT(capacity >= AIRS_REQUEST_ERROR_MIN);
    const char *name = airs_status_name(status);
    char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    airs_correlation_id_format(id, text);
    char *at = put(out, HEAD, TEXT_SIZE(HEAD));
    at = put(at, name, strlen(name));
    at = put(at, BEFORE_MESSAGE, TEXT_SIZE(BEFORE_MESSAGE));
    const size_t behind = TEXT_SIZE(BEFORE_ID) + AIRS_CORRELATION_ID_TEXT_SIZE + TEXT_SIZE(TAIL);
    at = put_message(at, out + capacity - behind, message);
    at = put(at, BEFORE_ID, TEXT_SIZE(BEFORE_ID));
    at = put(at, text, AIRS_CORRELATION_ID_TEXT_SIZE);
    at = put(at, TAIL, TEXT_SIZE(TAIL));
    return (size_t)(at - out);
}

/* The request's block becomes the message. */
static airs_component_message_t *make_in_place(airs_pending_request_t *request, airs_status_t status,
                                               airs_str_t message, uint64_t timestamp_ns) {
    static const char CONTENT_TYPE[] = AIRS_REQUEST_ERROR_CONTENT_TYPE;
    const airs_pending_request_t taken = {
        .id = request->id, .requester_id = request->requester_id, .target_id = request->target_id};
    void *block = request;
    airs_component_message_t *self = block;
    char *json = (char *)(self + 1);
    size_t size = airs_request_error_format(status, message, &taken.id, json, AIRS_REQUEST_ERROR_SHORT);
    *self = (airs_component_message_t){.sender = taken.target_id, /* the reference moves over */
                                       .payload = airs_bytes(json, size),
                                       .content_type = airs_str_n(CONTENT_TYPE, sizeof CONTENT_TYPE - 1),
                                       .timestamp_ns = timestamp_ns,
                                       .correlation = taken.id,
                                       .kind = AIRS_MESSAGE_FAILURE};
    airs_component_id_unref(taken.requester_id);
    return self;
}

airs_component_message_t *airs_request_error_message(airs_pending_request_t *request, airs_status_t status,
                                                     airs_str_t message, uint64_t timestamp_ns) {
    char json[AIRS_REQUEST_ERROR_MAX];
    size_t size = airs_request_error_format(status, message, &request->id, json, sizeof json);
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_FAILURE,
                                  .sender = request->target_id,
                                  .payload = airs_bytes(json, size),
                                  .content_type = airs_str(AIRS_REQUEST_ERROR_CONTENT_TYPE),
                                  .timestamp_ns = timestamp_ns,
                                  .correlation = &request->id};
    airs_component_message_t *self = NULL;
    if (airs_component_message_create(airs_block_pool_of(request), &parts, &self) != AIRS_OK) {
        return make_in_place(request, status, message, timestamp_ns);
    }
    airs_pending_request_destroy(request);
    return self;
}
