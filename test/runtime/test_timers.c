#include "runtime/host/timers.h"

#include "runtime/shared_fixture.h"

static void assert_guest_error(airs_status_t status, const char *text) {
    assert_status(status, AIRS_GUEST_ERROR);
    assert_string_equal(fixture.result.reason, text);
}

static void a_timer_once_has_no_period(void **state) {
    (void)state;
    fixture_run(&fixture, "ticker", "app/reporter/0");
    fixture.timer_id = 7;
    assert_ok(fixture_request(&fixture, "after 250 tick"));
    assert_string_equal(fixture_response(&fixture), "7");
    assert_ok(fixture_request(&fixture, "after 0 "));
    assert_ok(fixture_request(&fixture, "after 18446744073709551615 never"));
    assert_string_equal(fixture.asked, "timer 250 0 tick\ntimer 0 0\ntimer 18446744073709551615 0 never\n");
}

static void a_repeating_timer_waits_a_period_first(void **state) {
    (void)state;
    fixture_run(&fixture, "ticker", "app/reporter/0");
    fixture.timer_id = UINT64_MAX;
    assert_ok(fixture_request(&fixture, "every 1 tick"));
    assert_string_equal(fixture_response(&fixture), "18446744073709551615");
    assert_ok(fixture_request(&fixture, "every 18446744073709551615 never"));
    assert_string_equal(fixture.asked,
                        "timer 1 1 tick\ntimer 18446744073709551615 18446744073709551615 never\n");
}

static void a_period_of_nothing_is_refused(void **state) {
    (void)state;
    fixture_run(&fixture, "ticker", "app/reporter/0");
    assert_guest_error(
        fixture_request(&fixture, "every 0 tick"),
        "runtime-error: invalid message: the period of a repeating timer is at least 1 ms; it is 0");
    assert_string_equal(fixture.asked, "");
}

static void a_cancelled_timer_says_whether_it_ran(void **state) {
    (void)state;
    fixture_run(&fixture, "ticker", "app/reporter/0");
    fixture.timer_id = 7;
    assert_ok(fixture_request(&fixture, "cancel 7"));
    assert_string_equal(fixture_response(&fixture), "yes");
    assert_ok(fixture_request(&fixture, "cancel 8"));
    assert_string_equal(fixture_response(&fixture), "no");
    assert_string_equal(fixture.asked, "cancel 7\ncancel 8\n");
}

static void each_refusal_reaches_the_guest(void **state) {
    (void)state;
    static const struct {
        airs_status_t status;
        const char *text;
    } refusals[] = {
        {AIRS_QUOTA_EXCEEDED, "runtime-error: quota exceeded"},
        {AIRS_MESSAGE_TOO_LARGE, "runtime-error: invalid message: message-too-large: as the test said"},
        {AIRS_OUT_OF_MEMORY, "runtime-error: delivery failed: out-of-memory: as the test said"},
    };
    fixture_run(&fixture, "ticker", "app/reporter/0");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fixture.answer = refusals[i].status;
        assert_guest_error(fixture_request(&fixture, "after 1 tick"), refusals[i].text);
        assert_guest_error(fixture_request(&fixture, "every 1 tick"), refusals[i].text);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_timer_once_has_no_period),     TEST(a_repeating_timer_waits_a_period_first),
        TEST(a_period_of_nothing_is_refused), TEST(a_cancelled_timer_says_whether_it_ran),
        TEST(each_refusal_reaches_the_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
