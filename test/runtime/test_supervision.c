#include "runtime/host/supervision.h"

#include <stdio.h>

#include "runtime/shared_fixture.h"

#define HEAD "runtime-error: "

static void assert_answer(const char *order, const char *expected) {
    assert_ok(fixture_request(&fixture, order));
    assert_string_equal(fixture_response(&fixture), expected);
}

static void assert_refused(const char *order, const char *reason) {
    assert_status(fixture_request(&fixture, order), AIRS_GUEST_ERROR);
    char start[512];
    (void)snprintf(start, sizeof start, "%.*s", (int)strlen(reason), fixture.result.reason);
    assert_string_equal(start, reason);
}

static void orders_are_passed_on(void **state) {
    (void)state;
    fixture.timer_id = 77;
    fixture_run(&fixture, "family", NULL);
    assert_answer("spawn kid", "app/made/s1");
    assert_answer("spawn app/kid", "app/made/s1");
    assert_answer("spawn-link kid ann", "app/made/s1");
    assert_answer("spawn-monitor kid ann with this", "app/made/s1");
    assert_answer("demonitor", "yes");
    assert_answer("stop app/kid/ann", "ok");
    assert_answer("kill app/kid/ann", "ok");
    assert_answer("monitor app/kid/", "ok");
    assert_answer("link app/kid/ann", "ok");
    assert_answer("unlink app/kid/ann", "ok");
    assert_answer("trap", "ok");
    assert_answer("untrap", "ok");
    assert_string_equal(fixture.asked, "spawn app/kid/ (no config)\n"
                                       "spawn app/kid/ (no config)\n"
                                       "spawn-link app/kid/ann (no config)\n"
                                       "spawn-monitor app/kid/ann with this\n"
                                       "demonitor 77\n"
                                       "stop app/kid/ann drop\n"
                                       "stop app/kid/ann kill\n"
                                       "monitor app/kid/\n"
                                       "link app/kid/ann\n"
                                       "unlink app/kid/ann\n"
                                       "trap\n"
                                       "untrap\n");
}

static void every_reason_is_told_apart(void **state) {
    (void)state;
    fixture_run(&fixture, "family", NULL);
    static const char *const orders[] = {"exit normal", "exit shutdown", "exit killed", "exit error no tea",
                                         "exit crash caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        fixture.asked[0] = '\0';
        assert_answer(orders[i], "ok");
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%s\n", orders[i]);
        assert_string_equal(fixture.asked, expected);
    }
    fixture.answer = AIRS_INVALID_ARGUMENT;
    assert_refused("exit no-actor", HEAD "invalid argument: no actor ends for the reason");
    fixture.answer = AIRS_INVALID_STATE;
    assert_refused("exit normal", HEAD "invalid argument: this actor is ending already");
}

static const struct {
    airs_status_t status;
    const char *text;
} refusals[] = {
    {AIRS_COMPONENT_NOT_FOUND, HEAD "target not found: as the test said"},
    {AIRS_TARGET_NOT_FOUND, HEAD "target not found: as the test said"},
    {AIRS_ALREADY_EXISTS, HEAD "already exists: as the test said"},
    {AIRS_INVALID_ARGUMENT, HEAD "invalid argument: as the test said"},
    {AIRS_QUOTA_EXCEEDED, HEAD "quota exceeded: as the test said"},
    {AIRS_OUT_OF_MEMORY, HEAD "failed: as the test said"},
    {AIRS_STOPPED, HEAD "failed: as the test said"},
    {AIRS_CAPABILITY_DENIED, HEAD "denied: capability-denied: as the test said"},
};

static void every_refusal_reaches_the_guest(void **state) {
    (void)state;
    static const char *const orders[] = {"spawn kid",        "spawn-link kid",    "spawn-monitor kid",
                                         "stop app/kid/ann", "monitor app/kid/a", "link app/kid/ann"};
    fixture_run(&fixture, "family", NULL);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fixture.answer = refusals[i].status;
        for (size_t j = 0; j < sizeof orders / sizeof *orders; j++) {
            assert_refused(orders[j], refusals[i].text);
        }
    }
    fixture.answer_without_text = true;
    fixture.answer = AIRS_TARGET_NOT_FOUND;
    assert_refused("link app/kid/ann", HEAD "target not found: no actor with this id");
    fixture.answer = AIRS_OUT_OF_MEMORY;
    assert_refused("trap", HEAD "failed: out of memory");
}

static void other_applications_are_denied(void **state) {
    (void)state;
    static const struct {
        const char *order;
        const char *what;
    } cases[] = {
        {"spawn other/kid", "spawn"},         {"spawn-link other/kid", "spawn"},
        {"spawn-monitor other/kid", "spawn"}, {"stop other/kid/a", "stop"},
        {"monitor other/kid/a", "monitor"},   {"link other/kid/a", "link"},
        {"kill other/kid/a", "stop"},
    };
    fixture_run(&fixture, "family", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[160];
        (void)snprintf(expected, sizeof expected,
                       HEAD "denied: capability-denied: supervision.%s by app/tested/0 to ", cases[i].what);
        assert_refused(cases[i].order, expected);
    }
    assert_string_equal(fixture.asked, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(orders_are_passed_on),
        TEST(every_reason_is_told_apart),
        TEST(every_refusal_reaches_the_guest),
        TEST(other_applications_are_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
