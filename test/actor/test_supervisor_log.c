/* What an operator reads of it: which supervisor, which child, why, and how near the supervisor is to giving up. */
#include "actor/supervisor_fixture.h"

#include "actor/log_limiter.h"

static void assert_logged(const char *expected) {
    assert_string_equal(fixture.last_log, expected);
    fixture.last_log[0] = '\0';
}

static airs_supervisor_t *two(airs_strategy_t strategy, const char *name, uint64_t backoff_ms) {
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                    component(1, AIRS_RESTART_TEMPORARY)};
    airs_supervisor_spec_t spec = spec_of(strategy, children, 2);
    spec.name = name;
    spec.backoff.first_ms = backoff_ms;
    return start_spec(&spec);
}

static void a_restart(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = two(AIRS_ONE_FOR_ONE, NULL, 0);
    tell("t/a/0", "crash");
    assert_logged("supervisor: a child has ended: it is restarted child=t/a/0 reason=crash: trap: because "
                  "restarts=1 of at most 1 in 5000 ms");
    stop(supervisor);
    supervisor = two(AIRS_REST_FOR_ONE, "top", 0);
    tell("t/a/0", "crash");
    assert_logged("top: a child has ended: it is restarted, and those after it child=t/a/0 "
                  "reason=crash: trap: because restarts=1 of at most 1 in 5000 ms");
    stop(supervisor);
    supervisor = two(AIRS_ONE_FOR_ALL, "top", 0);
    tell("t/a/0", "crash");
    assert_logged(
        "top: a child has ended: all children are restarted child=t/a/0 reason=crash: trap: because "
        "restarts=1 of at most 1 in 5000 ms");
    stop(supervisor);
}

static void a_restart_that_waits(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = two(AIRS_ONE_FOR_ONE, "top", 1);
    tell("t/a/0", "crash");
    assert_non_null(strstr(fixture.last_log, " wait="));
    assert_non_null(strstr(fixture.last_log, " ms"));
    stop(supervisor);
}

static void a_loss(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = two(AIRS_ONE_FOR_ONE, "top", 0);
    tell("t/b/0", "crash");
    assert_logged("top: a child has ended and is not restarted child=t/b/0 reason=crash: trap: because");
    stop(supervisor);
}

static void a_start_that_fails_and_giving_up(void **state) {
    (void)state;
    airs_child_spec_t inner = worker(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, &inner, 1);
    inner_spec.intensity = 2;
    airs_child_spec_t middle = {.supervisor = &inner_spec, .name = "inner"};
    airs_supervisor_spec_t middle_spec = spec_of(AIRS_ONE_FOR_ONE, &middle, 1);
    middle_spec.intensity = 0;
    airs_child_spec_t child = {.supervisor = &middle_spec, .name = "middle"};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.name = "top";
    airs_supervisor_t *supervisor = start_spec(&spec);
    workers[0].failing = 1;
    tell("t/a/0", "crash");
    assert_logged("top/middle/inner: a child could not be started: it is tried again child=t/a/0 "
                  "reason=t/a/0: internal error restarts=2 of at most 2 in 5000 ms");
    tell("t/a/0", "crash");
    assert_logged("top: a child has ended: it is restarted child=middle reason=shutdown: too many restarts "
                  "restarts=1 of at most 1 in 5000 ms");
    tell("t/a/0", "fail for ever");
    assert_logged("top: too many restarts: the supervisor stops its children and ends child=middle "
                  "reason=shutdown: too many restarts restarts=more than 1 in 5000 ms");
    assert_false(is_running(supervisor));
    stop(supervisor);
}

static void an_automatic_shutdown(void **state) {
    (void)state;
    airs_child_spec_t child = worker(0, AIRS_RESTART_TRANSIENT);
    child.significant = true;
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/a/0", "exit");
    assert_logged("supervisor: a significant child has ended: the supervisor shuts down child=t/a/0 "
                  "reason=normal");
    stop(supervisor);
}

static void many_restarts_do_not_flood_it(void **state) {
    (void)state;
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.intensity = 1000;
    airs_supervisor_t *supervisor = start_spec(&spec);
    for (unsigned i = 0; i < 100; i++) {
        tell("t/a/0", "crash");
    }
    /* Each crash is said; of its restarts a few in a second are. */
    assert_int_equal(fixture.logged, 100 + AIRS_LOG_LIMIT);
    actor_fixture_pass(&fixture, 1000 * MS);
    tell("t/a/0", "crash");
    assert_logged("supervisor: a child has ended: it is restarted child=t/a/0 reason=crash: trap: because "
                  "restarts=101 of at most 1000 in 5000 ms suppressed=95");
    stop(supervisor);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_restart),
        TEST(a_restart_that_waits),
        TEST(a_loss),
        TEST(a_start_that_fails_and_giving_up),
        TEST(an_automatic_shutdown),
        TEST(many_restarts_do_not_flood_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
