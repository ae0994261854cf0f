/* The ends of requests between real guests: in time or not, by an actor's end, and of very many at once.
 * test_messaging.c has the simple ones, test_ring.c those that go through several actors. */
#include "e2e/stage.h"

#include <stdio.h>

/* ---- in time, and not ---- */

static void test_zero_and_enormous_timeouts(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "sleeper", "app/sleeper/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/hasty/0", "app/sleeper/0", "0"));
    assert_ok(stage_add_requester(&stage, "app/patient/0", "app/sleeper/0", "18446744073709551615"));
    stage_ask(&stage, "app/hasty/0", "100");
    sink_expect_report(&stage, &sink, 0, "failure", "\"timeout\"");
    stage_ask(&stage, "app/patient/0", "1");
    sink_expect_report(&stage, &sink, 1, "response", "1");
    stage_drain(&stage);
    airs_request_counters_t requests = stage_requests(&stage);
    assert_int_equal(requests.timed_out, 1);
    assert_int_equal(requests.late, 1);
    assert_int_equal(sink_count(&sink), 2);
    stage_close(&stage);
    sink_free(&sink);
}

/* The target is in the middle of its call when the time is up, and never learns of that. */
static void test_timeout_during_handling(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t door;
    sink_init(&sink);
    sink_init(&door);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    size_t before = sink_spawn_full(&stage, &door, "app/door/0");
    static const char *const sleepers[] = {"app/sleeper/0", "app/sleeper/1", "app/sleeper/2"};
    static const char *const requesters[] = {"app/requester/0", "app/requester/1", "app/requester/2"};
    for (size_t i = 0; i < 3; i++) {
        stage_add(&stage, "sleeper", sleepers[i], "app/door/0");
        assert_ok(stage_add_requester(&stage, requesters[i], sleepers[i], "20"));
        stage_ask(&stage, requesters[i], "0");
        stage_await_taken(&stage, sleepers[i]);
        sink_expect_report(&stage, &sink, i, "failure", "\"timeout\"");
    }
    sink_close(&door, false);
    stage_drain(&stage);
    assert_int_equal(sink_count(&door), before + 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stage_counters(&stage, sleepers[i]).handled, 1);
        assert_int_equal(stage_counters(&stage, sleepers[i]).errors, 0);
    }
    airs_request_counters_t requests = stage_requests(&stage);
    assert_int_equal(requests.timed_out, 3);
    assert_int_equal(requests.late, 3);
    assert_int_equal(sink_count(&sink), 3);
    stage_close(&stage);
    sink_free(&door);
    sink_free(&sink);
}

/* A callback is a call as any other: it has its time, and whoever exceeds it ends. */
static void test_timeout_of_a_callback(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    const airs_variable_t variable = {"LOOP_IN", "callback"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = &variable;
    options.env_count = 1;
    options.max_execution_time_ms = BRIEF_MS;
    assert_ok(stage_spawn(&stage, "loop", "app/loop/0", &options));
    stage_add(&stage, "echo", "app/echo/0", NULL);
    assert_ok(stage_call(&stage, "app/loop/0", "request"));
    stage_await_end(&stage, "app/loop/0");
    stage_expect(&stage, "app/echo/0", "still here", "still here");
    assert_int_equal(stage_totals(&stage).crashed, 1);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 1);
    stage_close(&stage);
}

/* Answers and deadlines meet: each request has one end, whichever comes first. */
static void test_answers_race_deadlines(void **state) {
    (void)state;
    enum { ROUNDS = 10, EACH = 1000 };
    stage_t stage;
    stage_open(&stage, 2);
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    wide.mailbox_messages = 2 * EACH;
    assert_ok(stage_spawn(&stage, "crowd", "app/target/0", &wide));
    const airs_variable_t brief = {"TIMEOUT_MS", "1"};
    stage_add_with(&stage, "crowd", "app/crowd/0", "app/target/0", &brief);
    for (int i = 0; i < ROUNDS; i++) {
        stage_expect(&stage, "app/crowd/0", "1000", "1000");
        stage_drain(&stage);
    }
    uint64_t ends[3]; /* responses, timeouts, others */
    assert_ok(stage_call(&stage, "app/crowd/0", "report"));
    assert_true(parse_numbers(stage.answer, ends, 3));
    assert_int_equal(ends[0] + ends[1], ROUNDS * EACH);
    assert_int_equal(ends[2], 0);
    airs_request_counters_t requests = stage_requests(&stage);
    assert_int_equal(requests.timed_out, ends[1]);
    assert_int_equal(requests.late, ends[1]);
    assert_int_equal(requests.pending, 0);
    stage_close(&stage);
}

/* ---- no room ---- */

/* A request that its target's mailbox does not take is an error of the call, and no callback comes. */
static void test_full_mailbox(void **state) {
    (void)state;
    stage_t stage;
    sink_t held;
    sink_init(&held);
    stage_open(&stage, 2);
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_messages = 4;
    sink_spawn(&stage, &held, "app/held/0", &small);
    stage_add(&stage, "crowd", "app/crowd/0", "app/held/0");
    sink_close(&held, true);
    assert_ok(stage_send(&stage, "app/held/0", "in hand"));
    sink_await(&held, 1);
    uint64_t accepted = 0;
    assert_ok(stage_call(&stage, "app/crowd/0", "20"));
    assert_true(parse_numbers(stage.answer, &accepted, 1));
    assert_in_range(accepted, 3, 4); /* room for what is in hand is given back late */
    stage_expect(&stage, "app/crowd/0", "20", "0");
    assert_int_equal(stage_requests(&stage).pending, accepted);
    sink_close(&held, false);
    stage_drain(&stage);
    assert_int_equal(sink_count(&held), 1 + accepted);
    uint64_t ends[3]; /* responses, timeouts, others: a sink's answers have no number */
    assert_ok(stage_call(&stage, "app/crowd/0", "report"));
    assert_true(parse_numbers(stage.answer, ends, 3));
    assert_int_equal(ends[2], accepted);
    assert_int_equal(ends[0] + ends[1], 0);
    stage_close(&stage);
    sink_free(&held);
}

/* ---- ends of actors ---- */

/* While its requests are in the hands of somebody who does not answer. */
static void test_requester_ends(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t held;
    sink_init(&sink);
    sink_init(&held);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    sink_spawn(&stage, &held, "app/held/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/held/0", "60000"));
    sink_close(&held, true);
    for (int i = 0; i < 5; i++) {
        stage_ask(&stage, "app/requester/0", "hello");
    }
    assert_int_equal(stage_requests(&stage).pending, 5);
    assert_ok(stage_stop(&stage, "app/requester/0", AIRS_STOP_DROP));
    assert_int_equal(stage_requests(&stage).pending, 0);
    assert_int_equal(stage_requests(&stage).orphaned, 5);
    /* Its successor hears nothing of them. */
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/held/0", "60000"));
    sink_close(&held, false);
    stage_drain(&stage);
    assert_int_equal(sink_count(&held), 5);
    assert_int_equal(stage_counters(&stage, "app/requester/0").handled, 0);
    assert_int_equal(stage_requests(&stage).completed, 5); /* the test's own */
    assert_int_equal(stage_requests(&stage).late, 5);
    assert_int_equal(sink_count(&sink), 0);
    stage_close(&stage);
    sink_free(&held);
    sink_free(&sink);
}

/* ---- very many ---- */

/* All are made within one call of the one who is to answer them, so all are outstanding at once. */
static void test_hundred_thousand_outstanding(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    wide.mailbox_messages = 200000;
    wide.max_execution_time_ms = PATIENCE_MS;
    assert_ok(stage_spawn(&stage, "crowd", "app/crowd/0", &wide));
    /* And no more than the limit. */
    stage_expect(&stage, "app/crowd/0", "100001", "100000");
    stage_drain(&stage);
    stage_expect(&stage, "app/crowd/0", "report", "100000 0 0");
    assert_int_equal(stage_requests(&stage).pending, 0);
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    stage_close(&stage);
}

static void test_many_requesters(void **state) {
    (void)state;
    enum { CROWDS = 8 };
    stage_t stage;
    stage_open(&stage, 2);
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    wide.mailbox_messages = 100000;
    assert_ok(stage_spawn(&stage, "crowd", "app/target/0", &wide));
    char ids[CROWDS][32];
    for (int i = 0; i < CROWDS; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "app/crowd/%d", i);
        stage_add(&stage, "crowd", ids[i], "app/target/0");
    }
    for (int i = 0; i < CROWDS; i++) {
        assert_ok(stage_send(&stage, ids[i], "2000"));
    }
    stage_drain(&stage);
    for (int i = 0; i < CROWDS; i++) {
        stage_expect(&stage, ids[i], "report", "2000 0 0");
    }
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_and_enormous_timeouts),
        cmocka_unit_test(test_timeout_during_handling),
        cmocka_unit_test(test_timeout_of_a_callback),
        cmocka_unit_test(test_answers_race_deadlines),
        cmocka_unit_test(test_full_mailbox),
        cmocka_unit_test(test_requester_ends),
        cmocka_unit_test(test_hundred_thousand_outstanding),
        cmocka_unit_test(test_many_requesters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
