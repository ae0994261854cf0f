/* Runs for ever on the message "loop"; other messages are echoed. "spin N" runs through N turns of a loop,
 * so that a time slice ends in mid-call. With LOOP_IN set to "initialize", "shutdown", "health" or "callback" it
 * runs for ever there; "request" makes a callback, from a request to itself. */
#include <airssys.h>

static volatile uint64_t turns;

static void loop(void) {
    for (;;) {
        turns = turns + 1;
    }
}

static bool loop_here(const char *where) {
    const char *wanted = airs_env("LOOP_IN");
    return wanted != NULL && strcmp(wanted, where) == 0;
}

airs_outcome_t airs_on_start(void) {
    if (loop_here("initialize")) {
        loop();
    }
    return airs_done();
}

airs_outcome_t airs_on_stop(void) {
    if (loop_here("shutdown")) {
        loop();
    }
    return airs_done();
}

airs_health_t airs_on_health(void) {
    if (loop_here("health")) {
        loop();
    }
    return AIRS_HEALTHY;
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    (void)message;
    if (loop_here("callback")) {
        loop();
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t count = 0;
    if (airs_is(message->payload, "loop")) {
        loop();
    } else if (airs_starts_with(message->payload, "spin ", &rest) && airs_parse_u64(rest, &count)) {
        for (uint64_t i = 0; i < count; i++) {
            turns = turns + 1;
        }
    } else if (airs_is(message->payload, "request")) {
        airs_status_t status = airs_request(airs_self(), airs_text("hello"), 60000, NULL);
        return status == AIRS_OK ? airs_done() : airs_fail_status(status);
    }
    return airs_answer(message->payload);
}
