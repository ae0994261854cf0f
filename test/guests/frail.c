/* Ends in many ways, and remembers in its storage how its next incarnations are to start. "trap" traps; before it
 * does, "fail N" has its next N starts fail, "hang MS" has the next one sleep, "spin" has it run for ever. "sleep MS"
 * sleeps. "timer" starts one of an hour, "ask ID" sends a request "hello" to an actor if that works, "defer" takes over the answer
 * and never gives it; "exit", "exit shutdown" and "exit error" end it in order, for that reason; "link ID" and
 * "unlink ID" tie it to an actor or not, "watch ID" monitors one, if that works; "state" answers how many timers and deferred answers this incarnation has. What is not a
 * command is answered with how many messages this incarnation has handled. STOP may be "sleep", "loop" or "trap":
 * what it does when it is shut down. */
#include <airssys.h>

#include <stdio.h>

static unsigned timers;
static unsigned deferred;
static unsigned handled;
static volatile uint64_t turns;

static void loop(void) {
    for (;;) {
        turns = turns + 1;
    }
}

/* All instances of a component share their storage. */
static airs_str_t key_of(const char *what) {
    static char key[128];
    airs_str_t instance = airs_self().instance;
    int size = snprintf(key, sizeof key, "%s/%.*s", what, AIRS_STR_ARG(instance));
    return airs_str_n(key, (size_t)size);
}

static uint64_t recall(const char *what) {
    airs_buffer_t buffer = {0};
    uint64_t number = 0;
    if (airs_storage_get(key_of(what), &buffer) == AIRS_OK) {
        (void)airs_parse_u64(airs_buffer_bytes(buffer), &number);
        airs_buffer_free(&buffer);
    }
    return number;
}

static void remember(const char *what, uint64_t number) {
    char text[24];
    int size = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    if (airs_storage_set(key_of(what), airs_bytes(text, (size_t)size)) != AIRS_OK) {
        __builtin_trap();
    }
}

airs_outcome_t airs_on_start(void) {
    uint64_t fails = recall("fail");
    if (fails > 0) {
        remember("fail", fails - 1);
        return airs_fail("not yet: %llu more", (unsigned long long)(fails - 1));
    }
    uint64_t milliseconds = recall("hang");
    if (milliseconds > 0) {
        remember("hang", 0);
        airs_sleep(milliseconds);
    }
    if (recall("spin") > 0) {
        remember("spin", 0);
        loop();
    }
    airs_status_t status = airs_subscribe(airs_str("frail.own"));
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_stop(void) {
    const char *how = airs_env("STOP");
    if (how != NULL && strcmp(how, "sleep") == 0) {
        airs_sleep(3600000);
    } else if (how != NULL && strcmp(how, "loop") == 0) {
        loop();
    } else if (how != NULL && strcmp(how, "trap") == 0) {
        __builtin_trap();
    }
    return airs_done();
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    (void)message;
    return airs_done();
}

static airs_outcome_t outcome_of(airs_status_t status) {
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t number = 0;
    airs_id_t id;
    handled++;
    if (airs_is(message->payload, "trap")) {
        __builtin_trap();
    } else if (airs_starts_with(message->payload, "fail ", &rest) && airs_parse_u64(rest, &number)) {
        remember("fail", number);
        __builtin_trap();
    } else if (airs_starts_with(message->payload, "hang ", &rest) && airs_parse_u64(rest, &number)) {
        remember("hang", number);
        __builtin_trap();
    } else if (airs_is(message->payload, "spin")) {
        remember("spin", 1);
        __builtin_trap();
    } else if (airs_starts_with(message->payload, "sleep ", &rest) && airs_parse_u64(rest, &number)) {
        airs_sleep(number);
    } else if (airs_is(message->payload, "timer")) {
        timers++;
        return outcome_of(airs_send_after(3600000, airs_text("late"), NULL));
    } else if (airs_starts_with(message->payload, "ask ", &rest) && airs_id_parse(airs_as_str(rest), &id)) {
        (void)airs_request(id, airs_text("hello"), 60000, NULL);
        return airs_done();
    } else if (airs_is(message->payload, "defer")) {
        airs_request_id_t owed;
        deferred++;
        return outcome_of(airs_defer_reply(&owed));
    } else if (airs_is(message->payload, "exit")) {
        return outcome_of(airs_exit(AIRS_REASON_NORMAL, NULL));
    } else if (airs_is(message->payload, "exit shutdown")) {
        return outcome_of(airs_exit(AIRS_REASON_SHUTDOWN, NULL));
    } else if (airs_is(message->payload, "exit error")) {
        return outcome_of(airs_exit(AIRS_REASON_ERROR, "asked to"));
    } else if (airs_starts_with(message->payload, "link ", &rest) && airs_id_parse(airs_as_str(rest), &id)) {
        (void)airs_link(id);
        return airs_done();
    } else if (airs_starts_with(message->payload, "unlink ", &rest) &&
               airs_id_parse(airs_as_str(rest), &id)) {
        airs_unlink(id);
    } else if (airs_starts_with(message->payload, "watch ", &rest) && airs_id_parse(airs_as_str(rest), &id)) {
        (void)airs_monitor(id, NULL);
        return airs_done();
    } else if (airs_is(message->payload, "state")) {
        return airs_answer_text("%u %u", timers, deferred);
    }
    return airs_answer_text("%u", handled);
}
