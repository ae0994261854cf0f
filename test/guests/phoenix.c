/* Ends and comes back. It counts its starts in its storage, which outlives them. FAIL_AT, TRAP_AT and LOOP_AT name
 * a start that fails in this way. What it hears it sends on to the actor that its configuration names, with the
 * number of the start before it ("2 hello"); callbacks as "2 callback hello". Other messages are commands:
 *
 *   "starts"           answers the number of the start
 *   "heard"            answers how many messages this incarnation was given
 *   "trap", "loop"     ends it
 *   "sleep MS"         keeps it busy
 *   "subscribe TOPIC"  and "tick MS", "ask ID TEXT" (a request), "tell ID TEXT" (a message), "defer" (takes over
 *                      the answer): "ok", or what the runtime says */
#include <airssys.h>

#include <stdio.h>

static airs_id_t target;
static uint64_t starts;
static uint64_t heard;
static volatile uint64_t turns;

static void loop(void) {
    for (;;) {
        turns = turns + 1;
    }
}

/* A name to be found in the backtrace. */
__attribute__((noinline)) static void fall_into_the_fire(void) {
    turns = turns + 1;
    __builtin_trap();
}

static airs_status_t count_start(void) {
    airs_buffer_t value = {NULL, 0};
    airs_status_t status = airs_storage_get(airs_str("starts"), &value);
    if (status == AIRS_OK) {
        (void)airs_parse_u64(airs_buffer_bytes(value), &starts);
        airs_buffer_free(&value);
    }
    starts++;
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)starts);
    return airs_storage_set(airs_str("starts"), airs_text(text));
}

static bool is_this_start(const char *variable) {
    const char *text = airs_env(variable);
    uint64_t number = 0;
    return text != NULL && airs_parse_u64(airs_text(text), &number) && number == starts;
}

airs_outcome_t airs_on_start(void) {
    airs_status_t status = count_start();
    if (status != AIRS_OK) {
        return airs_fail_status(status);
    }
    if (is_this_start("FAIL_AT")) {
        return airs_fail("start %llu is one that fails", (unsigned long long)starts);
    }
    if (is_this_start("TRAP_AT")) {
        fall_into_the_fire();
    }
    if (is_this_start("LOOP_AT")) {
        loop();
    }
    return airs_config().size == 0 || airs_id_parse(airs_as_str(airs_config()), &target)
               ? airs_done()
               : airs_fail_str(airs_str("the configuration is not an id"));
}

static airs_outcome_t said(airs_status_t status) {
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}

static airs_outcome_t send_on(const char *what, airs_bytes_t payload) {
    char text[256];
    airs_str_t rest = airs_as_str(payload);
    (void)snprintf(text, sizeof text, "%llu %s%.*s", (unsigned long long)starts, what, AIRS_STR_ARG(rest));
    return said(airs_config().size != 0 ? airs_send(target, airs_text(text)) : AIRS_OK);
}

/* "ID TEXT" */
static airs_outcome_t reach(airs_bytes_t rest, bool ask) {
    const uint8_t *space = rest.size != 0 ? memchr(rest.data, ' ', rest.size) : NULL;
    airs_id_t id;
    if (space == NULL ||
        !airs_id_parse(airs_str_n((const char *)rest.data, (size_t)(space - rest.data)), &id)) {
        return airs_fail_str(airs_str("not a command"));
    }
    airs_bytes_t text = airs_bytes(space + 1, rest.size - (size_t)(space + 1 - rest.data));
    return said(ask ? airs_request(id, text, 60000, NULL) : airs_send(id, text));
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    return send_on("callback ", message->payload);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t payload = message->payload;
    airs_bytes_t rest = {NULL, 0};
    uint64_t number = 0;
    airs_request_id_t deferred;
    heard++;
    if (airs_is(payload, "starts")) {
        return airs_answer_text("%llu", (unsigned long long)starts);
    } else if (airs_is(payload, "heard")) {
        return airs_answer_text("%llu", (unsigned long long)heard);
    } else if (airs_is(payload, "trap")) {
        fall_into_the_fire();
    } else if (airs_is(payload, "loop")) {
        loop();
    } else if (airs_starts_with(payload, "subscribe ", &rest)) {
        return said(airs_subscribe(airs_as_str(rest)));
    } else if (airs_starts_with(payload, "tick ", &rest) && airs_parse_u64(rest, &number)) {
        return said(airs_send_every(number, airs_text("tick"), NULL));
    } else if (airs_starts_with(payload, "sleep ", &rest) && airs_parse_u64(rest, &number)) {
        airs_sleep(number);
        return airs_done();
    } else if (airs_starts_with(payload, "ask ", &rest)) {
        return reach(rest, true);
    } else if (airs_starts_with(payload, "tell ", &rest)) {
        return reach(rest, false);
    } else if (airs_is(payload, "defer")) {
        airs_status_t status = airs_defer_reply(&deferred);
        return status == AIRS_OK ? airs_done() : airs_fail_status(status);
    }
    return send_on("", payload);
}
