/* Sleeps for as many milliseconds as the message says, then answers with the message, and sends it on when
 * its configuration names somebody. */
#include <airssys.h>

static airs_id_t target;
static bool has_target;

airs_outcome_t airs_on_start(void) {
    has_target = airs_id_parse(airs_as_str(airs_config()), &target);
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    uint64_t milliseconds = 0;
    if (!airs_parse_u64(message->payload, &milliseconds)) {
        return airs_fail_str(airs_str("not a number"));
    }
    airs_sleep(milliseconds);
    airs_status_t status = has_target ? airs_send(target, message->payload) : AIRS_OK;
    return status == AIRS_OK ? airs_answer(message->payload) : airs_fail_status(status);
}
