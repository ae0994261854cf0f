#include "runtime/host/topics.h"

#include "runtime/shared_fixture.h"

static void assert_guest_error(airs_status_t status, const char *text) {
    assert_status(status, AIRS_GUEST_ERROR);
    assert_string_equal(fixture.result.reason, text);
}

static void patterns_are_passed_on_as_they_are(void **state) {
    (void)state;
    fixture_run(&fixture, "subscriber", "app/reporter/0");
    assert_ok(fixture_request(&fixture, "subscribe orders.*.paid"));
    assert_ok(fixture_request(&fixture, "subscribe caf\xc3\xa9.>"));
    assert_ok(fixture_request(&fixture, "unsubscribe orders.*.paid"));
    assert_string_equal(fixture.asked, "subscribe orders.*.paid\nsubscribe caf\xc3\xa9.>\n"
                                       "unsubscribe orders.*.paid\n");
}

static void a_guest_may_subscribe_when_it_starts(void **state) {
    (void)state;
    const airs_env_var_t env = {airs_str("SUBSCRIBE"), airs_str("orders.>")};
    fixture.env = &env;
    fixture.env_count = 1;
    fixture_run(&fixture, "subscriber", "app/reporter/0");
    assert_string_equal(fixture.asked, "subscribe orders.>\n");
}

static void publishing_tells_how_many_were_reached(void **state) {
    (void)state;
    static const uint32_t counts[] = {0, 1, UINT32_MAX};
    static const char *const texts[] = {"0", "1", "4294967295"};
    fixture_run(&fixture, "publisher", NULL);
    for (size_t i = 0; i < 3; i++) {
        fixture.reached = counts[i];
        assert_ok(fixture_request(&fixture, "orders.eu.paid 42 euros"));
        assert_string_equal(fixture_response(&fixture), texts[i]);
        assert_int_equal(fixture.last_payload_size, 8);
    }
    assert_ok(fixture_request(&fixture, "orders "));
    assert_string_equal(fixture.asked, "publish orders.eu.paid text/plain 42 euros\n"
                                       "publish orders.eu.paid text/plain 42 euros\n"
                                       "publish orders.eu.paid text/plain 42 euros\n"
                                       "publish orders text/plain\n");
}

typedef struct refusal {
    airs_status_t status;
    const char *text;
} refusal_t;

static const refusal_t refusals[] = {
    {AIRS_INVALID_ARGUMENT, "runtime-error: invalid message: invalid-argument: as the test said"},
    {AIRS_MESSAGE_TOO_LARGE, "runtime-error: invalid message: message-too-large: as the test said"},
    {AIRS_CAPABILITY_DENIED, "runtime-error: delivery failed: capability-denied: as the test said"},
    {AIRS_OUT_OF_MEMORY, "runtime-error: delivery failed: out-of-memory: as the test said"},
};

static void each_refusal_of(const char *request) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fixture.answer = refusals[i].status;
        assert_guest_error(fixture_request(&fixture, request), refusals[i].text);
    }
}

static void each_refusal_of_a_subscription_reaches_the_guest(void **state) {
    (void)state;
    fixture_run(&fixture, "subscriber", "app/reporter/0");
    each_refusal_of("subscribe a.b");
    each_refusal_of("unsubscribe a.b");
    fixture.answer = AIRS_QUOTA_EXCEEDED;
    assert_guest_error(fixture_request(&fixture, "subscribe a.b"), "runtime-error: quota exceeded");
}

static void each_refusal_to_publish_reaches_the_guest(void **state) {
    (void)state;
    fixture_run(&fixture, "publisher", NULL);
    each_refusal_of("a.b text");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(patterns_are_passed_on_as_they_are),
        TEST(a_guest_may_subscribe_when_it_starts),
        TEST(publishing_tells_how_many_were_reached),
        TEST(each_refusal_of_a_subscription_reaches_the_guest),
        TEST(each_refusal_to_publish_reaches_the_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
