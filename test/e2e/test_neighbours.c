/* The pair of guests that others are watched with, by itself and beside guests that are none of its business. */
#include "e2e/neighbours.h"

#include "support/guests.h"

static void an_exchange_is_counted_and_timed(void **state) {
    (void)state;
    stage_t stage;
    airs_pair_t pair;
    stage_open(&stage, 1);
    neighbours_open(&stage, &pair);
    neighbours_exchange(&stage, &pair, 1);
    neighbours_exchange(&stage, &pair, 2000);
    neighbours_begin(&stage, &pair);
    neighbours_get_on(&stage, &pair, 100);
    neighbours_end(&stage, &pair);
    airs_pair_close(&pair);
    stage_close(&stage);
}

static void questions_are_asked_at_a_pace(void **state) {
    (void)state;
    stage_t stage;
    airs_pair_t pair;
    airs_pair_report_t report;
    stage_open(&stage, 1);
    assert_ok(airs_pair_open(&pair, stage.node, airs_test_guests(), "pair", 1, &stage.error));
    assert_ok(airs_pair_begin(&pair, 20, &stage.error));
    assert_ok(airs_pair_await(&pair, PATIENCE_MS, &report, &stage.error));
    assert_int_equal(report.asked, 20);
    assert_int_equal(report.answered, 20);
    assert_ok(airs_pair_begin(&pair, 0, &stage.error));
    assert_ok(airs_pair_end(&pair, PATIENCE_MS, &report, &stage.error));
    assert_int_equal(report.answered, report.asked);
    airs_pair_close(&pair);
    stage_close(&stage);
}

/* It would be no measure if it could not tell that something is wrong. */
static void what_goes_wrong_is_seen(void **state) {
    (void)state;
    stage_t stage;
    airs_pair_t pair;
    airs_pair_report_t report;
    stage_open(&stage, 1);
    assert_ok(airs_pair_open(&pair, stage.node, airs_test_guests(), "pair", 0, &stage.error));
    neighbours_begin(&stage, &pair);
    assert_ok(stage_stop(&stage, "pair/partner/0", AIRS_STOP_DROP));
    assert_ok(airs_pair_await(&pair, PATIENCE_MS, &report, &stage.error));
    /* The question that was on its way, if one was, and the one after that. */
    assert_in_range(report.failed, 1, 2);
    /* Nobody answers who is not the partner, and what is no answer to the question is seen. */
    stage_add(&stage, "counter", "pair/partner/0", NULL);
    assert_ok(airs_pair_begin(&pair, 3, &stage.error));
    assert_ok(airs_pair_await(&pair, PATIENCE_MS, &report, &stage.error));
    assert_int_equal(report.answered, 0);
    assert_int_equal(report.wrong, 3);
    airs_pair_close(&pair);
    stage_close(&stage);
}

/* Two that loop for as long as they may, and a pair between them, on one worker. */
static void a_pair_gets_on_between_loops(void **state) {
    (void)state;
    stage_t stage;
    airs_pair_t pair;
    stage_open(&stage, 1);
    neighbours_open(&stage, &pair);
    airs_spawn_options_t patient = AIRS_SPAWN_OPTIONS_INIT;
    patient.max_execution_time_ms = UINT64_C(10) * PATIENCE_MS;
    assert_ok(stage_spawn(&stage, "loop", "app/loop/0", &patient));
    assert_ok(stage_spawn(&stage, "loop", "app/loop/1", &patient));
    assert_ok(stage_send(&stage, "app/loop/0", "loop"));
    assert_ok(stage_send(&stage, "app/loop/1", "loop"));
    neighbours_exchange(&stage, &pair, 50);
    assert_int_equal(stage_counters(&stage, "app/loop/0").handled, 0);
    assert_int_equal(stage_counters(&stage, "app/loop/1").handled, 0);
    for (int i = 0; i < 2; i++) {
        const char *id = i == 0 ? "app/loop/0" : "app/loop/1";
        assert_status(airs_node_stop(stage.node, id_of(id), AIRS_STOP_DROP, 1, NULL), AIRS_TIMEOUT);
    }
    airs_pair_close(&pair);
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exchange_is_counted_and_timed),
        cmocka_unit_test(questions_are_asked_at_a_pace),
        cmocka_unit_test(what_goes_wrong_is_seen),
        cmocka_unit_test(a_pair_gets_on_between_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
