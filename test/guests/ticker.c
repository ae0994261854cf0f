/* Timers: "after MS TEXT" and "every MS TEXT" answer the timer's number, "cancel NUMBER" "yes" or "no". What the
 * timers bring it sends on to the actor that its configuration names. "sleep MS" keeps it busy. */
#include <airssys.h>

static airs_id_t target;

airs_outcome_t airs_on_start(void) {
    return airs_id_parse(airs_as_str(airs_config()), &target)
               ? airs_done()
               : airs_fail_str(airs_str("the configuration is not an id"));
}

typedef airs_status_t start_t(uint64_t milliseconds, airs_bytes_t payload, airs_timer_id_t *out);

/* "MS TEXT" */
static airs_outcome_t begin(start_t *start, airs_bytes_t rest) {
    const uint8_t *space = rest.size != 0 ? memchr(rest.data, ' ', rest.size) : NULL;
    uint64_t milliseconds = 0;
    if (space == NULL || !airs_parse_u64(airs_bytes(rest.data, (size_t)(space - rest.data)), &milliseconds)) {
        return airs_fail_str(airs_str("not a command"));
    }
    airs_timer_id_t id = 0;
    size_t size = rest.size - (size_t)(space + 1 - rest.data);
    airs_status_t status = start(milliseconds, airs_bytes(space + 1, size), &id);
    return status == AIRS_OK ? airs_answer_text("%llu", (unsigned long long)id) : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t number = 0;
    if (airs_id_equal(message->sender, airs_self())) {
        airs_status_t status = airs_send(target, message->payload);
        return status == AIRS_OK ? airs_done() : airs_fail_status(status);
    } else if (airs_starts_with(message->payload, "after ", &rest)) {
        return begin(airs_send_after, rest);
    } else if (airs_starts_with(message->payload, "every ", &rest)) {
        return begin(airs_send_every, rest);
    } else if (airs_starts_with(message->payload, "cancel ", &rest) && airs_parse_u64(rest, &number)) {
        return airs_answer(airs_text(airs_cancel_timer(number) ? "yes" : "no"));
    } else if (airs_starts_with(message->payload, "sleep ", &rest) && airs_parse_u64(rest, &number)) {
        airs_sleep(number);
        return airs_done();
    }
    return airs_fail_str(airs_str("not a command"));
}
