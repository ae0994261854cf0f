#include "runtime/host/logging.h"

#include "runtime/shared_fixture.h"
#include "security/capability.h"

static void every_level_reaches_the_log(void **state) {
    (void)state;
    static const char *const messages[] = {"log 0 c a", "log 1 c b", "log 2 c c",
                                           "log 3 c d", "log 4 c e", "log 5 c f"};
    fixture_run(&fixture, "standard/settings", NULL);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        assert_ok(fixture_message(&fixture, messages[i]));
    }
    assert_string_equal(fixture.logged, "trace app/tested/0: a context=c\n"
                                        "debug app/tested/0: b context=c\n"
                                        "info app/tested/0: c context=c\n"
                                        "warn app/tested/0: d context=c\n"
                                        "error app/tested/0: e context=c\n"
                                        "error app/tested/0: f context=c critical=true\n");
}

static void no_context_is_no_field(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_ok(fixture_message(&fixture, "log 2  gr\xc3\xbc\xc3\x9f"));
    assert_ok(fixture_message(&fixture, "log 5  "));
    assert_string_equal(fixture.logged, "info app/tested/0: gr\xc3\xbc\xc3\x9f\n"
                                        "error app/tested/0:  critical=true\n");
}

static void what_is_below_the_logs_level_is_dropped(void **state) {
    (void)state;
    fixture.log.level = AIRS_LOG_ERROR;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_ok(fixture_message(&fixture, "log 3 c a"));
    assert_string_equal(fixture.logged, "");
    assert_ok(fixture_message(&fixture, "log 5 c b"));
    assert_string_equal(fixture.logged, "error app/tested/0: b context=c critical=true\n");
}

static void who_may_not_log_is_not_heard(void **state) {
    (void)state;
    airs_capabilities_t *nothing = NULL;
    assert_ok(airs_capabilities_create(airs_allocator_default(), NULL, 0, 0, &nothing, NULL));
    fixture.capabilities = nothing;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_ok(fixture_message(&fixture, "log 4 c a"));
    assert_string_equal(fixture.logged, "");
    fixture_drop(&fixture);
    airs_capabilities_unref(nothing);
}

static void text_that_is_not_utf8_ends_the_call(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_status(fixture_message(&fixture, "log 2 c \xff\xfe"), AIRS_INVALID_RESULT);
    assert_string_equal(fixture.logged, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_level_reaches_the_log, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(no_context_is_no_field, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_below_the_logs_level_is_dropped, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(who_may_not_log_is_not_heard, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_not_utf8_ends_the_call, fixture_set_up,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
