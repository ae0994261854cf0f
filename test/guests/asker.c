/* Asks the actor that its configuration names, without end: each message begins one more round of requests,
 * whose payload is the message's and then the last answer's. A failed request ends its round. */
#include <airssys.h>

#define TIMEOUT_MS 60000

static airs_id_t target;

airs_outcome_t airs_on_start(void) {
    return airs_id_parse(airs_as_str(airs_config()), &target) ? airs_done()
                                                              : airs_fail_str(airs_str("no id to ask"));
}

static airs_outcome_t ask(airs_bytes_t payload) {
    airs_status_t status = airs_request(target, payload, TIMEOUT_MS, NULL);
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) { return ask(message->payload); }

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    return message->kind == AIRS_RESPONSE ? ask(message->payload) : airs_done();
}
