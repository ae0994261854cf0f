#include "runtime/host/services.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/shared_fixture.h"

static uint64_t answered_number(const char *question) {
    assert_ok(fixture_request(&fixture, question));
    return strtoull(fixture_response(&fixture), NULL, 10);
}

/* ---- log ------------------------------------------------------------------------------------ */

static void logs_at_every_level_with_its_id(void **state) {
    (void)state;
    fixture_run(&fixture, "clock", NULL);
    static const char *const messages[] = {"log 0 a", "log 1 b", "log 2 c", "log 3 d", "log 4 e"};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        assert_ok(fixture_message(&fixture, messages[i]));
    }
    assert_string_equal(fixture.logged, "trace app/tested/0: a\n"
                                        "debug app/tested/0: b\n"
                                        "info app/tested/0: c\n"
                                        "warn app/tested/0: d\n"
                                        "error app/tested/0: e\n");
}

static void what_is_below_the_logs_level_is_dropped(void **state) {
    (void)state;
    fixture.log.level = AIRS_LOG_WARN;
    fixture_run(&fixture, "clock", NULL);
    assert_ok(fixture_message(&fixture, "log 0 a"));
    assert_ok(fixture_message(&fixture, "log 2 c"));
    assert_string_equal(fixture.logged, "");
    assert_ok(fixture_message(&fixture, "log 3 d"));
    assert_ok(fixture_message(&fixture, "log 4 e"));
    assert_string_equal(fixture.logged, "warn app/tested/0: d\nerror app/tested/0: e\n");
}

/* The log's writer makes it safe to show; here it comes as it is. */
static void log_text_comes_as_it_is(void **state) {
    (void)state;
    fixture_run(&fixture, "clock", NULL);
    assert_ok(fixture_message(&fixture, "log 2 "));
    assert_ok(fixture_message(&fixture, "log 2 one\ntwo \x1b[31m gr\xc3\xbc\xc3\x9f"));
    assert_string_equal(fixture.logged,
                        "info app/tested/0: \ninfo app/tested/0: one\ntwo \x1b[31m gr\xc3\xbc\xc3\x9f\n");
}

static void log_text_that_is_not_utf8_ends_the_call(void **state) {
    (void)state;
    fixture_run(&fixture, "clock", NULL);
    assert_status(fixture_message(&fixture, "log 2 \xff\xfe"), AIRS_INVALID_RESULT);
    assert_non_null(strstr(fixture.result.reason, "utf-8"));
    assert_string_equal(fixture.logged, "");
}

static void log_fields_come_in_order(void **state) {
    (void)state;
    fixture_run(&fixture, "logger", NULL);
    assert_ok(fixture_message(&fixture, "0 none"));
    assert_ok(fixture_message(&fixture, "3 three"));
    assert_string_equal(fixture.logged,
                        "warn app/tested/0: none\nwarn app/tested/0: three k0=v0 k1=v1 k2=v2\n");
}

static void log_fields_are_bounded(void **state) {
    (void)state;
    fixture_run(&fixture, "logger", NULL);
    assert_ok(fixture_message(&fixture, "64 many"));
    assert_non_null(strstr(fixture.logged, "many k0=v0 "));
    assert_non_null(strstr(fixture.logged, " k31=v31\n"));
    assert_null(strstr(fixture.logged, "k32"));
}

/* ---- clock ---------------------------------------------------------------------------------- */

static void time_is_the_hosts(void **state) {
    (void)state;
    fixture_run(&fixture, "clock", NULL);
    uint64_t wall = airs_clock_wall(&fixture.clock.clock);
    assert_int_equal(answered_number("nanoseconds"), wall);
    assert_int_equal(answered_number("milliseconds"), wall / 1000000);
    airs_fake_clock_advance(&fixture.clock, 1999999999);
    assert_int_equal(answered_number("nanoseconds"), wall + 1999999999);
    assert_int_equal(answered_number("milliseconds"), (wall + 1999999999) / 1000000);
}

/* ---- sleep ---------------------------------------------------------------------------------- */

/* It is asked again as soon as others had their turn, and waits for no moment. */
static void a_sleep_of_no_time_lets_others_go_first(void **state) {
    (void)state;
    fixture_run(&fixture, "sleeper", NULL);
    atomic_store(&fixture.wakes, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_begin_message(&fixture, "0"), AIRS_POLL_PENDING);
        assert_int_equal(atomic_load(&fixture.wakes), i + 1);
        assert_int_equal(airs_manual_timers_count(&fixture.timers), 0);
        assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
        assert_ok(fixture.result.status);
    }
}

static void goes_on_after_a_sleep(void **state) {
    (void)state;
    fixture_run(&fixture, "sleeper", "app/next/0");
    uint64_t before = airs_clock_monotonic(&fixture.clock.clock);
    assert_ok(fixture_request(&fixture, "250"));
    assert_string_equal(fixture_response(&fixture), "250");
    assert_int_equal(airs_clock_monotonic(&fixture.clock.clock), before + 250000000);
    assert_int_equal(fixture.sends, 1);
    assert_string_equal(fixture.last_payload, "250");
    /* And again: nothing is left of the first. */
    assert_ok(fixture_request(&fixture, "1"));
    assert_int_equal(airs_clock_monotonic(&fixture.clock.clock), before + 251000000);
}

/* Time that it sleeps is not time that it runs. */
static void a_sleep_is_not_charged_as_execution_time(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20,
                                           .max_execution_time_ms = 2000};
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "sleeper"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_request(&fixture, "3600000"));
}

/* ---- other components ----------------------------------------------------------------------- */

static void lists_who_is_there(void **state) {
    (void)state;
    fixture_run(&fixture, "lister", NULL);
    for (int i = 0; i < 3; i++) {
        assert_ok(fixture_request(&fixture, "list"));
        assert_string_equal(fixture_response(&fixture), "app/tested/0\napp/sender/3\n");
    }
}

static void describes_a_component(void **state) {
    (void)state;
    fixture_run(&fixture, "lister", NULL);
    assert_ok(fixture_request(&fixture, "describe app/tested/0"));
    assert_string_equal(fixture_response(&fixture), "tested 1.0 healthy\n");
}

static void says_who_is_not_there(void **state) {
    (void)state;
    static const char *const nobody[] = {"app/nobody/0", "other/tested/0", "app/tested/"};
    fixture_run(&fixture, "lister", NULL);
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        char question[64];
        snprintf(question, sizeof question, "describe %s", nobody[i]);
        assert_status(fixture_request(&fixture, question), AIRS_GUEST_ERROR);
        assert_non_null(strstr(fixture.result.reason, nobody[i]));
        assert_non_null(strstr(fixture.result.reason, "no actor with this id"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(logs_at_every_level_with_its_id, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_below_the_logs_level_is_dropped, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(log_text_comes_as_it_is, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(log_text_that_is_not_utf8_ends_the_call, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(log_fields_come_in_order, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(log_fields_are_bounded, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(time_is_the_hosts, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_of_no_time_lets_others_go_first, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(goes_on_after_a_sleep, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_is_not_charged_as_execution_time, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(lists_who_is_there, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(describes_a_component, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(says_who_is_not_there, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
