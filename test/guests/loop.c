/* Runs for ever on the message "loop"; other messages are echoed. "spin N" runs through N turns of a loop,
 * so that a time slice ends in mid-call. With LOOP_IN set to "initialize", "shutdown" or "health" it runs
 * for ever there. */
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

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t count = 0;
    if (airs_is(message->payload, "loop")) {
        loop();
    } else if (airs_starts_with(message->payload, "spin ", &rest) && airs_parse_u64(rest, &count)) {
        for (uint64_t i = 0; i < count; i++) {
            turns = turns + 1;
        }
    }
    return airs_answer(message->payload);
}
