/* Meddles in what is others': "reply REQUEST TEXT", "fail REQUEST", "cancel REQUEST" with a request's id, "stop-timer
 * NUMBER", "unsubscribe PATTERN". Answers "ok", or what the runtime says. Others are echoed. */
#include <airssys.h>

static airs_outcome_t said(airs_status_t status) {
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}

/* "REQUEST REST": the id, and *rest becomes what follows it. */
static bool request_of(airs_bytes_t *rest, airs_request_id_t *out) {
    const size_t size = sizeof out->text - 1;
    if (rest->size < size) {
        return false;
    }
    memcpy(out->text, rest->data, size);
    out->text[size] = '\0';
    size_t skip = rest->size > size ? size + 1 : size;
    *rest = airs_bytes(rest->data + skip, rest->size - skip);
    return true;
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    airs_request_id_t request;
    uint64_t timer = 0;
    if (airs_starts_with(message->payload, "reply ", &rest) && request_of(&rest, &request)) {
        return said(airs_reply(&request, rest, airs_str(NULL)));
    } else if (airs_starts_with(message->payload, "fail ", &rest) && request_of(&rest, &request)) {
        return said(airs_reply_fail(&request, "because I say so"));
    } else if (airs_starts_with(message->payload, "cancel ", &rest) && request_of(&rest, &request)) {
        return said(airs_cancel_request(&request));
    } else if (airs_starts_with(message->payload, "stop-timer ", &rest) && airs_parse_u64(rest, &timer)) {
        return airs_answer(airs_text(airs_cancel_timer(timer) ? "ok" : "no such timer"));
    } else if (airs_starts_with(message->payload, "unsubscribe ", &rest)) {
        return said(airs_unsubscribe(airs_as_str(rest)));
    }
    return airs_answer(message->payload);
}
