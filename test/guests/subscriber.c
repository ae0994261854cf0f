/* "subscribe PATTERN", "unsubscribe PATTERN": "ok", or what the runtime says. "sleep MS" keeps it busy. What
 * else it hears it sends on to the actor that its configuration names; SUBSCRIBE names a pattern that it
 * subscribes to when it starts. */
#include <airssys.h>

static airs_id_t target;

static airs_outcome_t said(airs_status_t status) {
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}

airs_outcome_t airs_on_start(void) {
    if (!airs_id_parse(airs_as_str(airs_config()), &target)) {
        return airs_fail_str(airs_str("the configuration is not an id"));
    }
    const char *pattern = airs_env("SUBSCRIBE");
    airs_status_t status = pattern != NULL ? airs_subscribe(airs_str(pattern)) : AIRS_OK;
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t milliseconds = 0;
    if (airs_starts_with(message->payload, "subscribe ", &rest)) {
        return said(airs_subscribe(airs_as_str(rest)));
    } else if (airs_starts_with(message->payload, "unsubscribe ", &rest)) {
        return said(airs_unsubscribe(airs_as_str(rest)));
    } else if (airs_starts_with(message->payload, "sleep ", &rest) && airs_parse_u64(rest, &milliseconds)) {
        airs_sleep(milliseconds);
        return airs_done();
    }
    return said(airs_send(target, message->payload));
}
