/* "N" sends the numbers from 0 to N-1 to the actor that its configuration names, until one is not accepted, and
 * answers "COUNT STATUS": how many were, and why not more. "got" answers how many other messages came. */
#include <airssys.h>

#include <stdio.h>

static airs_id_t target;
static unsigned long long got;

airs_outcome_t airs_on_start(void) {
    return airs_id_parse(airs_as_str(airs_config()), &target)
               ? airs_done()
               : airs_fail_str(airs_str("the configuration is not an id"));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    uint64_t count = 0;
    if (airs_is(message->payload, "got")) {
        return airs_answer_text("%llu", got);
    } else if (message->kind == AIRS_MESSAGE || !airs_parse_u64(message->payload, &count)) {
        got++;
        return airs_done();
    }
    airs_status_t status = AIRS_OK;
    unsigned long long sent = 0;
    while (sent < count && status == AIRS_OK) {
        char text[24];
        size_t size = (size_t)snprintf(text, sizeof text, "%llu", sent);
        status = airs_send(target, airs_bytes(text, size));
        sent += status == AIRS_OK;
    }
    return airs_answer_text("%llu %s", sent, airs_status_text(status));
}
