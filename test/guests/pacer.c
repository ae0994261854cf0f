/* Asks the actor that its configuration names, which answers with the payload, again and again: each time the answer
 * to the one before has come, or with PACE_MS each so many milliseconds. "run N" begins, and is answered when N are
 * answered (0: when "end" comes, and what was asked is answered) with seven numbers: asked, answered, failed, answers
 * that are not what is next, and of the time from question to answer the 50th and 99th hundredth and the longest, in
 * nanoseconds. "count" answers how many were answered so far. */
#include <airssys.h>

#include <stdio.h>

#define TIMEOUT_MS 3600000

/* Times are counted in steps of a thirty-second of their power of two. */
#define STEPS 32
#define STEP_BITS 5

typedef struct question {
    uint64_t number;
    uint64_t asked_ns;
} question_t;

static airs_id_t target;
static uint64_t pace_ms;
static airs_timer_id_t timer;

static bool runs;
static airs_request_id_t asker;
static uint64_t goal; /* 0: until the end is asked for */
static uint64_t asked, answered, failed, wrong;
static uint64_t longest_ns;
static uint32_t times[(64 - STEP_BITS + 1) * STEPS];

airs_outcome_t airs_on_start(void) {
    const char *pace = airs_env("PACE_MS");
    if (!airs_id_parse(airs_as_str(airs_config()), &target) ||
        (pace != NULL && !airs_parse_u64(airs_text(pace), &pace_ms))) {
        return airs_fail_str(airs_str("the configuration is not an id, or PACE_MS no number"));
    }
    return airs_done();
}

/* ---- times ---- */

static size_t step_of(uint64_t ns) {
    if (ns < STEPS) {
        return (size_t)ns;
    }
    unsigned shift = 63U - STEP_BITS - (unsigned)__builtin_clzll(ns);
    return (size_t)(shift + 1) * STEPS + (size_t)((ns >> shift) & (STEPS - 1));
}

/* The longest time that counts in this step. */
static uint64_t longest_of(size_t step) {
    if (step < STEPS) {
        return step;
    }
    unsigned shift = (unsigned)(step / STEPS) - 1;
    return ((STEPS + step % STEPS + 1) << shift) - 1;
}

static void note_time(uint64_t ns) {
    times[step_of(ns)]++;
    longest_ns = ns > longest_ns ? ns : longest_ns;
}

/* So many of a hundred took no longer. */
static uint64_t hundredth(uint64_t part) {
    uint64_t rank = (answered * part + 99) / 100;
    uint64_t passed = 0;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        passed += times[i];
        if (passed >= rank) {
            return longest_of(i) < longest_ns ? longest_of(i) : longest_ns;
        }
    }
    return longest_ns;
}

/* ---- questions ---- */

static void conclude(void) {
    char text[160];
    int size = snprintf(text, sizeof text, "%llu %llu %llu %llu %llu %llu %llu", (unsigned long long)asked,
                        (unsigned long long)answered, (unsigned long long)failed, (unsigned long long)wrong,
                        (unsigned long long)hundredth(50), (unsigned long long)hundredth(99),
                        (unsigned long long)longest_ns);
    runs = false;
    (void)airs_cancel_timer(timer);
    (void)airs_reply(&asker, airs_bytes(text, (size_t)size), airs_str(NULL));
}

static bool asks_no_more(void) { return goal > 0 && asked >= goal; }

static void conclude_if_done(void) {
    if (runs && asks_no_more() && answered + failed + wrong >= asked) {
        conclude();
    }
}

/* A question that cannot be asked has failed, and nobody will answer it; at no pace that is the end. */
static void ask(void) {
    question_t question = {asked++, airs_now_ns()};
    if (airs_request(target, airs_bytes(&question, sizeof question), TIMEOUT_MS, NULL) != AIRS_OK) {
        failed++;
        goal = pace_ms == 0 ? asked : goal;
        conclude_if_done();
    }
}

airs_outcome_t airs_on_callback(const airs_message_t *message) {
    question_t question;
    if (!runs) {
        return airs_done();
    }
    bool is_next = message->kind == AIRS_RESPONSE && message->payload.size == sizeof question;
    if (is_next) {
        memcpy(&question, message->payload.data, sizeof question);
        is_next = question.number == answered + failed + wrong;
    }
    if (is_next) {
        uint64_t now = airs_now_ns();
        answered++;
        note_time(now > question.asked_ns ? now - question.asked_ns : 0);
    } else if (message->kind == AIRS_FAILURE) {
        failed++;
    } else {
        wrong++;
    }
    if (pace_ms == 0 && !asks_no_more()) {
        ask();
    }
    conclude_if_done();
    return airs_done();
}

static airs_outcome_t run(uint64_t count) {
    if (runs) {
        return airs_fail_str(airs_str("it runs already"));
    }
    airs_status_t status = airs_defer_reply(&asker);
    if (status == AIRS_OK && pace_ms > 0) {
        status = airs_send_every(pace_ms, airs_text("tick"), &timer);
    }
    if (status != AIRS_OK) {
        return airs_fail_status(status);
    }
    runs = true;
    goal = count;
    asked = answered = failed = wrong = longest_ns = 0;
    memset(times, 0, sizeof times);
    if (pace_ms == 0) {
        ask();
    }
    return airs_done();
}

static void end(void) {
    goal = asked > 0 ? asked : 1;
    if (asked == 0) {
        ask();
    }
    conclude_if_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    uint64_t count = 0;
    if (airs_is(message->payload, "tick") && airs_id_equal(message->sender, airs_self())) {
        if (runs && !asks_no_more()) {
            ask();
        }
        return airs_done();
    } else if (airs_starts_with(message->payload, "run ", &rest) && airs_parse_u64(rest, &count)) {
        return run(count);
    } else if (airs_is(message->payload, "end")) {
        if (runs) {
            end();
        }
        return airs_done();
    } else if (airs_is(message->payload, "count")) {
        return airs_answer_text("%llu", (unsigned long long)answered);
    }
    return airs_fail_str(airs_str("not a command"));
}
