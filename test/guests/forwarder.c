/* Sends each payload on to the actor that its configuration names ("namespace/name/instance"). */
#include <airssys.h>

static airs_id_t target;

airs_outcome_t airs_on_start(void) {
    if (!airs_id_parse(airs_as_str(airs_config()), &target)) {
        return airs_fail_str(airs_str("the configuration is not an id"));
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_status_t status = airs_send(target, message->payload);
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}
