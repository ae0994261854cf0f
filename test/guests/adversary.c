/* Tries to do harm, in the way that the message says, and answers what came of it:
 *
 * "loop-in-callback" asks itself and never returns from the callback; "flood ID N" sends N messages ("SENT STATUS": how
 * many were accepted, and what the last refusal was); "ask ID N" makes N requests, as "flood"; "forge N" answers, refuses
 * and cancels N requests that it made up ids for ("N": how many of these had an effect); "take ID" does so with this one;
 * "log N" logs N lines; "store N" stores N values of 64 KiB under keys of their own ("STORED STATUS"); "not-utf8" sends to a
 * name that is not UTF-8; "answer N" answers with N bytes; "hoard ID N" makes N requests and N timers, and traps. */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS 3600000
#define VALUE_SIZE 65536

static volatile int zero;
static uint64_t state = 88172645463325252u;

static void loop(void) {
    while (zero == 0) {
    }
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    if (message->kind == AIRS_RESPONSE && airs_is(message->payload, "loop")) {
        loop();
    }
    return airs_done();
}

/* The request in hand is open for as long as this actor lives: who asked hears how it ended. */
static airs_outcome_t loop_in_callback(void) {
    airs_request_id_t in_hand;
    airs_status_t status = airs_defer_reply(&in_hand);
    if (status == AIRS_OK) {
        status = airs_request(airs_self(), airs_text("loop"), HOUR_MS, NULL);
    }
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

/* "ID N" */
static bool read_target(airs_bytes_t rest, airs_id_t *id, uint64_t *count) {
    const uint8_t *space = rest.size != 0 ? memchr(rest.data, ' ', rest.size) : NULL;
    size_t size = space != NULL ? (size_t)(space - rest.data) : 0;
    return size > 0 && airs_id_parse(airs_str_n((const char *)rest.data, size), id) &&
           airs_parse_u64(airs_bytes(space + 1, rest.size - size - 1), count);
}

static airs_outcome_t bother(airs_bytes_t rest, bool asks) {
    airs_id_t id;
    uint64_t count = 0;
    uint64_t accepted = 0;
    airs_status_t refusal = AIRS_OK;
    if (!read_target(rest, &id, &count)) {
        return airs_fail("not a command");
    }
    for (uint64_t i = 0; i < count; i++) {
        airs_status_t status = asks ? airs_request(id, airs_text("later x"), HOUR_MS, NULL)
                                    : airs_send(id, airs_text("x"));
        accepted += status == AIRS_OK;
        refusal = status == AIRS_OK ? refusal : status;
    }
    return airs_answer_text("%llu %s", (unsigned long long)accepted, airs_status_text(refusal));
}

/* What it has is the runtime's to clear away when it ends. */
static airs_outcome_t hoard(airs_bytes_t rest) {
    airs_id_t id;
    uint64_t count = 0;
    if (!read_target(rest, &id, &count)) {
        return airs_fail("not a command");
    }
    for (uint64_t i = 0; i < count; i++) {
        airs_timer_id_t timer;
        (void)airs_request(id, airs_text("later x"), HOUR_MS, NULL);
        (void)airs_send_after(HOUR_MS, airs_text("x"), &timer);
    }
    __builtin_trap();
}

static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* As the runtime makes them: UUIDs of version 4. */
static void make_up(airs_request_id_t *out) {
    uint64_t high = (next() & ~(uint64_t)0xF000) | 0x4000;
    uint64_t low = (next() >> 2) | (uint64_t)1 << 63;
    (void)snprintf(out->text, sizeof out->text, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
                   (unsigned long long)(low & 0xFFFFFFFFFFFF));
}

/* How many of three tries had an effect. */
static uint64_t try_id(const airs_request_id_t *id) {
    return (uint64_t)(airs_reply(id, airs_text("forged"), airs_str(NULL)) == AIRS_OK) +
           (uint64_t)(airs_reply_fail(id, "forged") == AIRS_OK) +
           (uint64_t)(airs_cancel_request(id) == AIRS_OK);
}

static airs_outcome_t forge(uint64_t count) {
    uint64_t effects = 0;
    for (uint64_t i = 0; i < count; i++) {
        airs_request_id_t id;
        make_up(&id);
        effects += try_id(&id);
    }
    return airs_answer_text("%llu", (unsigned long long)effects);
}

static airs_outcome_t take(airs_bytes_t rest) {
    airs_request_id_t id;
    if (rest.size != sizeof id.text - 1) {
        return airs_fail("not an id");
    }
    memcpy(id.text, rest.data, rest.size);
    id.text[rest.size] = '\0';
    return airs_answer_text("%llu", (unsigned long long)try_id(&id));
}

static airs_outcome_t log_lines(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        airs_log(AIRS_LOG_INFO, "line %llu of a flood", (unsigned long long)i);
    }
    return airs_answer(airs_text("ok"));
}

static airs_outcome_t store(uint64_t count) {
    static uint8_t value[VALUE_SIZE];
    uint64_t stored = 0;
    airs_status_t refusal = AIRS_OK;
    for (uint64_t i = 0; i < count; i++) {
        char key[32];
        int size = snprintf(key, sizeof key, "flood/%llu", (unsigned long long)i);
        airs_status_t status =
            airs_storage_set(airs_str_n(key, (size_t)size), airs_bytes(value, sizeof value));
        stored += status == AIRS_OK;
        refusal = status == AIRS_OK ? refusal : status;
    }
    return airs_answer_text("%llu %s", (unsigned long long)stored, airs_status_text(refusal));
}

static airs_outcome_t answer(uint64_t size) {
    char *bytes = calloc(1, (size_t)size);
    if (bytes == NULL) {
        return airs_fail("no memory");
    }
    airs_outcome_t outcome = airs_answer(airs_bytes(bytes, (size_t)size));
    free(bytes);
    return outcome;
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    static const char not_utf8[] = {(char)0xC3, (char)0x28, '\0'};
    airs_bytes_t what = message->payload;
    airs_bytes_t rest;
    uint64_t count = 0;
    if (airs_is(what, "loop-in-callback")) {
        return loop_in_callback();
    } else if (airs_starts_with(what, "flood ", &rest)) {
        return bother(rest, false);
    } else if (airs_starts_with(what, "ask ", &rest)) {
        return bother(rest, true);
    } else if (airs_starts_with(what, "hoard ", &rest)) {
        return hoard(rest);
    } else if (airs_starts_with(what, "take ", &rest)) {
        return take(rest);
    } else if (airs_starts_with(what, "forge ", &rest) && airs_parse_u64(rest, &count)) {
        return forge(count);
    } else if (airs_starts_with(what, "log ", &rest) && airs_parse_u64(rest, &count)) {
        return log_lines(count);
    } else if (airs_starts_with(what, "store ", &rest) && airs_parse_u64(rest, &count)) {
        return store(count);
    } else if (airs_starts_with(what, "answer ", &rest) && airs_parse_u64(rest, &count)) {
        return answer(count);
    } else if (airs_is(what, "not-utf8")) {
        airs_status_t status = airs_send(airs_id("app", not_utf8, "0"), airs_text("x"));
        return airs_answer(airs_text(airs_status_text(status)));
    }
    return airs_answer(what);
}
