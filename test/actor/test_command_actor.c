#include "actor_fixture.h"

#include "actor/command_actor.h"
#include "support/failing_allocator.h"

static actor_fixture_t fixture;

/* What a command is to do, and what became of it. */
typedef struct script {
    uint64_t takes_ns;     /* of waiting, each run */
    int32_t code;          /* it exits with */
    airs_status_t crashes; /* instead */
    unsigned fails_from;   /* the run from which on it exits so or crashes; 0: from the first */
    unsigned runs;
    uint64_t began_ms[16]; /* since the clock's zero */
    char arguments[64];    /* of the last run, with a slash for each zero */
    char input[32];
} script_t;

static script_t script;

static void note_run(airs_scripted_call_t *call) {
    airs_bytes_t arguments = call->host->arguments;
    if (script.runs < 16) {
        script.began_ms[script.runs] = airs_clock_monotonic(&fixture.clock.clock) / MS;
    }
    script.runs++;
    for (size_t i = 0; i < arguments.size && i < sizeof script.arguments - 1; i++) {
        script.arguments[i] = (char)(arguments.data[i] != 0 ? arguments.data[i] : (uint8_t)'/');
    }
    (void)snprintf(script.input, sizeof script.input, "%.*s", (int)call->host->standard_input.size,
                   (const char *)call->host->standard_input.data);
}

static airs_scripted_next_t guest(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INSTANTIATE) {
        return airs_scripted_ok(call);
    }
    if (call->round == 0) {
        note_run(call);
        if (script.takes_ns > 0) {
            return airs_scripted_sleep(call, script.takes_ns);
        }
    }
    if (script.runs < script.fails_from) {
        return airs_scripted_exit(call, 0);
    }
    return script.crashes != AIRS_OK ? airs_scripted_crash(call, script.crashes, "it crashed")
                                     : airs_scripted_exit(call, script.code);
}

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    memset(&script, 0, sizeof script);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static airs_status_t spawn(const airs_actor_spec_t *spec) {
    airs_component_handle_t component = actor_fixture_add(&fixture, guest, NULL);
    airs_scripted_engine_set_command(&fixture.engine, component);
    return airs_actor_system_spawn_component(fixture.system, component, id_of("t/job/0"), spec, NULL);
}

static bool is_there(void) {
    airs_actor_counters_t counters;
    return airs_actor_system_counters(fixture.system, id_of("t/job/0"), &counters) == AIRS_OK;
}

static void one_runs_once_when_it_has_started(void **state) {
    (void)state;
    static const char *const args[] = {"--fast", "", "x"};
    const airs_actor_spec_t spec = {.args = args, .arg_count = 3, .standard_input = airs_bytes("text", 4)};
    assert_ok(spawn(&spec));
    actor_fixture_pass(&fixture, 0);
    assert_int_equal(script.runs, 1);
    assert_string_equal(script.arguments, "--fast//x/");
    assert_string_equal(script.input, "text");
    assert_false(is_there());
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
    assert_int_equal(fixture.engine.live_instances, 0);
    actor_fixture_pass(&fixture, 1000000 * MS);
    assert_int_equal(script.runs, 1);
}

static void an_interval_is_kept_by_the_clock(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.every_ms = 10};
    uint64_t start = airs_clock_monotonic(&fixture.clock.clock) / MS;
    assert_ok(spawn(&spec));
    actor_fixture_pass(&fixture, 0);
    assert_int_equal(script.runs, 1);
    /* Between two runs there is no instance. */
    assert_int_equal(fixture.engine.live_instances, 0);
    actor_fixture_pass(&fixture, 10 * MS - 1);
    assert_int_equal(script.runs, 1);
    actor_fixture_pass(&fixture, 1);
    assert_int_equal(script.runs, 2);
    for (int i = 0; i < 3; i++) {
        actor_fixture_pass(&fixture, 10 * MS);
    }
    assert_int_equal(script.runs, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(script.began_ms[i] - start, 10 * i);
    }
    assert_int_equal(fixture.engine.instances_made, 5);
    assert_int_equal(actor_fixture_counters(&fixture, "t/job/0").handled, 5);
    assert_ok(actor_fixture_stop(&fixture, "t/job/0", AIRS_STOP_DRAIN));
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_int_equal(script.runs, 5);
}

static void what_falls_due_in_a_long_run_is_one_run(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.every_ms = 10};
    script.takes_ns = 35 * MS;
    uint64_t start = airs_clock_monotonic(&fixture.clock.clock) / MS;
    assert_ok(spawn(&spec));
    for (int i = 0; i < 100; i++) {
        actor_fixture_pass(&fixture, MS);
    }
    assert_int_equal(script.runs, 3);
    /* One begins when the one before has ended, to the step of this clock. */
    assert_in_range(script.began_ms[1] - start, 35, 36);
    assert_in_range(script.began_ms[2] - start, 70, 72);
    /* In the middle of a run, while this clock stands still. */
    assert_status(actor_fixture_stop(&fixture, "t/job/0", AIRS_STOP_DROP), AIRS_TIMEOUT);
    assert_false(is_there());
}

static void an_exit_code_ends_it(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.every_ms = 10};
    script.code = 3;
    script.fails_from = 3;
    assert_ok(spawn(&spec));
    for (int i = 0; i < 5; i++) {
        actor_fixture_pass(&fixture, 10 * MS);
    }
    assert_int_equal(script.runs, 3);
    assert_false(is_there());
    assert_non_null(strstr(fixture.last_log, "the command has failed"));
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

static void a_crash_is_one(void **state) {
    (void)state;
    script.crashes = AIRS_TRAP;
    assert_ok(spawn(NULL));
    actor_fixture_pass(&fixture, 0);
    assert_int_equal(script.runs, 1);
    assert_false(is_there());
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
}

static void a_run_may_not_wait_for_ever(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.limits = {.max_parked_time_ms = 50}};
    script.takes_ns = 1000 * MS;
    assert_ok(spawn(&spec));
    actor_fixture_pass(&fixture, 0);
    assert_true(is_there());
    actor_fixture_pass(&fixture, 50 * MS);
    assert_false(is_there());
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
}

static void it_takes_no_messages(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.every_ms = 10};
    assert_ok(spawn(&spec));
    assert_status(actor_fixture_send(&fixture, "t/job/0", "hello"), AIRS_UNSUPPORTED);
    actor_fixture_pass(&fixture, 10 * MS);
    assert_int_equal(actor_fixture_counters(&fixture, "t/job/0").received,
                     actor_fixture_counters(&fixture, "t/job/0").handled);
    assert_ok(actor_fixture_stop(&fixture, "t/job/0", AIRS_STOP_DRAIN));
}

/* ---- what is shown of it ---- */

typedef struct times {
    uint64_t next_ms; /* from now; UINT64_MAX: it has none */
    uint64_t ran_ms;  /* ago; likewise */
} times_t;

static bool note_times(void *context, const airs_actor_info_t *info) {
    times_t *times = context;
    uint64_t now = airs_clock_wall(&fixture.clock.clock);
    times->next_ms = info->next_run_ns != 0 ? (info->next_run_ns - now) / MS : UINT64_MAX;
    times->ran_ms = info->ran_ns != 0 ? (now - info->ran_ns) / MS : UINT64_MAX;
    return false;
}

static times_t times_of_it(void) {
    times_t times = {0, 0};
    airs_actor_system_list(fixture.system, note_times, &times);
    return times;
}

static void the_next_run_is_shown(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.every_ms = 10};
    script.takes_ns = 3 * MS;
    assert_ok(spawn(&spec));
    actor_fixture_pass(&fixture, 0);
    /* The first goes on. */
    assert_int_equal(times_of_it().next_ms, 10);
    assert_int_equal(times_of_it().ran_ms, UINT64_MAX);
    actor_fixture_pass(&fixture, 3 * MS);
    assert_int_equal(times_of_it().next_ms, 7);
    assert_int_equal(times_of_it().ran_ms, 0);
    actor_fixture_pass(&fixture, 2 * MS);
    assert_int_equal(times_of_it().next_ms, 5);
    assert_int_equal(times_of_it().ran_ms, 2);
    actor_fixture_pass(&fixture, 5 * MS);
    assert_int_equal(script.runs, 2);
    assert_int_equal(times_of_it().next_ms, 10);
    assert_int_equal(times_of_it().ran_ms, 7);
    assert_status(actor_fixture_stop(&fixture, "t/job/0", AIRS_STOP_DROP), AIRS_TIMEOUT);
}

/* What is due in the middle of a run waits for its end. */
static void a_run_that_is_due_is_shown_as_now(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.every_ms = 10};
    script.takes_ns = 35 * MS;
    assert_ok(spawn(&spec));
    actor_fixture_pass(&fixture, 0);
    actor_fixture_pass(&fixture, 20 * MS);
    assert_int_equal(script.runs, 1);
    assert_int_equal(times_of_it().next_ms, 0);
    assert_status(actor_fixture_stop(&fixture, "t/job/0", AIRS_STOP_DROP), AIRS_TIMEOUT);
}

static void one_that_runs_once_has_no_next_run(void **state) {
    (void)state;
    script.takes_ns = 3 * MS;
    assert_ok(spawn(NULL));
    actor_fixture_pass(&fixture, 0);
    assert_int_equal(script.runs, 1);
    assert_int_equal(times_of_it().next_ms, UINT64_MAX);
    actor_fixture_pass(&fixture, 3 * MS);
    assert_false(is_there());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_runs_once_when_it_has_started, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interval_is_kept_by_the_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_falls_due_in_a_long_run_is_one_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exit_code_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_may_not_wait_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_takes_no_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_run_is_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_is_due_is_shown_as_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_runs_once_has_no_next_run, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
