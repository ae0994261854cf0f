#include "runtime/host/wasi.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/shared_fixture.h"
#include "support/seeded_random.h"

static void assert_answers(const char *command, const char *answer) {
    airs_status_t status = fixture_request(&fixture, command);
    if (status != AIRS_OK) {
        fail_msg("%s: %s", command, fixture.result.reason);
    }
    assert_string_equal(fixture_response(&fixture), answer);
}

static uint64_t answered_number(const char *command) {
    assert_ok(fixture_request(&fixture, command));
    return strtoull(fixture_response(&fixture), NULL, 10);
}

/* ---- environment, files --------------------------------------------------------------------- */

static void the_environment_is_the_given_one_and_no_other(void **state) {
    (void)state;
    const airs_env_var_t env[] = {
        {airs_str("NAME"), airs_str("value")},
        {airs_str("EMPTY"), airs_str("")},
        {airs_str("WORDS"), airs_str("gr\xc3\xbc\xc3\x9f = dich")},
    };
    assert_int_equal(setenv("AIRS_TEST_OF_THE_HOST", "secret", 1), 0);
    fixture.env = env;
    fixture.env_count = 3;
    fixture_run(&fixture, "wasi", NULL);
    assert_answers("env NAME", "value");
    assert_answers("env EMPTY", "");
    assert_answers("env WORDS", "gr\xc3\xbc\xc3\x9f = dich");
    static const char *const others[] = {"env AIRS_TEST_OF_THE_HOST", "env PATH", "env HOME", "env name"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_status(fixture_request(&fixture, others[i]), AIRS_GUEST_ERROR);
        assert_non_null(strstr(fixture.result.reason, "not set"));
    }
}

static void there_is_no_environment_where_none_is_given(void **state) {
    (void)state;
    fixture_run(&fixture, "wasi", NULL);
    assert_status(fixture_request(&fixture, "env PATH"), AIRS_GUEST_ERROR);
}

static void there_are_no_folders(void **state) {
    (void)state;
    static const char *const paths[] = {"open /etc/passwd",       "open /",         "open .",
                                        "open etc/passwd",        "open /dev/null", "open ..",
                                        "open /proc/self/environ"};
    fixture_run(&fixture, "wasi", NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_status(fixture_request(&fixture, paths[i]), AIRS_GUEST_ERROR);
        assert_null(strstr(fixture.result.reason, "not a command"));
    }
}

/* ---- clocks, sleep, random numbers ---------------------------------------------------------- */

static void time_is_the_hosts(void **state) {
    (void)state;
    fixture_run(&fixture, "wasi", NULL);
    uint64_t wall = airs_clock_wall(&fixture.clock.clock) / 1000000000U;
    uint64_t monotonic = airs_clock_monotonic(&fixture.clock.clock);
    assert_int_equal(answered_number("clock"), wall);
    assert_int_equal(answered_number("monotonic"), monotonic);
    airs_fake_clock_advance(&fixture.clock, UINT64_C(90) * 1000000000 + 5);
    assert_int_equal(answered_number("clock"), wall + 90);
    assert_int_equal(answered_number("monotonic"), monotonic + UINT64_C(90) * 1000000000 + 5);
}

static void a_sleep_waits_on_the_hosts_clock(void **state) {
    (void)state;
    fixture_run(&fixture, "wasi", NULL);
    uint64_t before = airs_clock_monotonic(&fixture.clock.clock);
    assert_int_equal(fixture_begin_message(&fixture, "sleep 1500"), AIRS_POLL_PENDING);
    assert_int_equal(airs_manual_timers_next(&fixture.timers), before + 1500000000U);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    airs_manual_timers_advance(&fixture.timers, 1499999999U);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    airs_manual_timers_advance(&fixture.timers, 1);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    assert_ok(fixture.result.status);
    assert_string_equal(fixture_response(&fixture), "ok");
    assert_answers("sleep 0", "ok");
    assert_answers("sleep 86400000", "ok");
    assert_int_equal(airs_clock_monotonic(&fixture.clock.clock), before + UINT64_C(86401500) * 1000000);
}

static void a_sleep_can_be_dropped(void **state) {
    (void)state;
    fixture_run(&fixture, "wasi", NULL);
    assert_int_equal(fixture_begin_message(&fixture, "sleep 1000000"), AIRS_POLL_PENDING);
    assert_int_equal(airs_manual_timers_count(&fixture.timers), 1);
    fixture_drop(&fixture);
    assert_int_equal(airs_manual_timers_count(&fixture.timers), 0);
}

static void random_numbers_are_the_hosts(void **state) {
    (void)state;
    airs_seeded_random_t random;
    char first[64];
    fixture.random = &random.random;
    airs_seeded_random_init(&random, 7);
    fixture_run(&fixture, "wasi", NULL);
    assert_ok(fixture_request(&fixture, "random"));
    snprintf(first, sizeof first, "%s", fixture_response(&fixture));
    assert_int_equal(strlen(first), 32);
    assert_ok(fixture_request(&fixture, "random"));
    assert_string_not_equal(fixture_response(&fixture), first);
    fixture_drop(&fixture);

    airs_seeded_random_init(&random, 7);
    fixture_run(&fixture, "wasi", NULL);
    assert_answers("random", first);
    fixture_drop(&fixture);

    airs_seeded_random_init(&random, 8);
    fixture_run(&fixture, "wasi", NULL);
    assert_ok(fixture_request(&fixture, "random"));
    assert_string_not_equal(fixture_response(&fixture), first);
}

typedef struct counted_random {
    airs_random_t random;
    unsigned fills;
    size_t size; /* of the last */
} counted_random_t;

static void count_fill(airs_random_t *random, void *out, size_t size) {
    counted_random_t *counted = (counted_random_t *)random;
    counted->fills++;
    counted->size = size;
    memset(out, 1, size);
}

/* A call that asked the host for each byte would keep a worker for seconds. */
static void random_bytes_come_at_once_and_in_bounds(void **state) {
    (void)state;
    counted_random_t counted = {.random = {.fill = count_fill}};
    fixture.random = &counted.random;
    fixture_run(&fixture, "wasi", NULL);
    counted.fills = 0;
    assert_answers("draw 100000", "100000");
    assert_int_equal(counted.fills, 1);
    assert_int_equal(counted.size, 100000);
    assert_answers("draw 4194304", "4194304");
    assert_int_equal(counted.fills, 2);
    assert_status(fixture_request(&fixture, "draw 4194305"), AIRS_INVALID_RESULT);
    assert_non_null(strstr(fixture.result.reason, "4194305 random bytes at once; there may be 4194304"));
    assert_int_equal(counted.fills, 2);
}

/* ---- exit ----------------------------------------------------------------------------------- */

static void an_exit_is_a_crash_that_says_so(void **state) {
    (void)state;
    fixture_run(&fixture, "wasi", NULL);
    assert_status(fixture_message(&fixture, "exit 3"), AIRS_TRAP);
    assert_non_null(strstr(fixture.result.reason, "exit"));
    fixture_drop(&fixture);
    fixture_run(&fixture, "wasi", NULL);
    assert_status(fixture_message(&fixture, "exit 0"), AIRS_TRAP);
    assert_non_null(strstr(fixture.result.reason, "exit"));
}

/* ---- standard streams ----------------------------------------------------------------------- */

static void output_goes_where_the_node_says(void **state) {
    (void)state;
    fixture.use_output = true;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "one"));
    assert_string_equal(fixture.printed, "one\n");
    assert_ok(fixture_message(&fixture, "raw: half a "));
    assert_ok(fixture_message(&fixture, "two"));
    /* As it comes, without waiting for the end of a line. */
    assert_string_equal(fixture.printed, "one\nhalf a two\n");
    assert_string_equal(fixture.logged, "");
}

static void errors_go_to_the_log_when_nobody_takes_them(void **state) {
    (void)state;
    fixture.use_output = true;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "error: bad"));
    assert_string_equal(fixture.printed, "");
    assert_string_equal(fixture.logged, "info app/tested/0: bad stream=stderr\n");
}

static void errors_go_where_the_node_says_too(void **state) {
    (void)state;
    fixture.use_errors = true;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "error: bad"));
    assert_string_equal(fixture.printed, "bad\n");
    assert_ok(fixture_message(&fixture, "good"));
    assert_string_equal(fixture.logged, "info app/tested/0: good stream=stdout\n");
}

static void a_place_may_take_whole_lines(void **state) {
    (void)state;
    fixture.use_output = true;
    fixture.use_errors = true;
    fixture.output.whole_lines = true;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "raw: half a "));
    assert_string_equal(fixture.printed, "");
    assert_ok(fixture_message(&fixture, "error: bad"));
    assert_string_equal(fixture.printed, "bad\n");
    assert_ok(fixture_message(&fixture, "raw: line\nand ano"));
    assert_string_equal(fixture.printed, "bad\nhalf a line\n");
    fixture_drop(&fixture);
    /* With an end, for others may go on there. */
    assert_string_equal(fixture.printed, "bad\nhalf a line\nand ano\n");
    fixture.output.whole_lines = false;
}

static void without_a_place_output_goes_to_the_log_by_lines(void **state) {
    (void)state;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "one"));
    assert_ok(fixture_message(&fixture, "error: bad"));
    assert_ok(fixture_message(&fixture, "raw: two\n\nthree\nfo"));
    assert_string_equal(fixture.logged, "info app/tested/0: one stream=stdout\n"
                                        "info app/tested/0: bad stream=stderr\n"
                                        "info app/tested/0: two stream=stdout\n"
                                        "info app/tested/0:  stream=stdout\n"
                                        "info app/tested/0: three stream=stdout\n");
    fixture.logged[0] = '\0';
    /* The rest of a line, with one on the other stream in between. */
    assert_ok(fixture_message(&fixture, "error: again"));
    assert_ok(fixture_message(&fixture, "raw: ur\n"));
    assert_string_equal(fixture.logged, "info app/tested/0: again stream=stderr\n"
                                        "info app/tested/0: four stream=stdout\n");
}

static void a_line_without_an_end_is_told_when_the_instance_ends(void **state) {
    (void)state;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "raw: last words"));
    assert_string_equal(fixture.logged, "");
    fixture_drop(&fixture);
    assert_string_equal(fixture.logged, "info app/tested/0: last words stream=stdout\n");
}

static void long_lines_come_in_pieces(void **state) {
    (void)state;
    const size_t size = 2 * AIRS_STREAM_LINE_MAX + 100;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'x', size);
    text[size] = '\0';
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, text));
    free(text);
    static const size_t pieces[] = {AIRS_STREAM_LINE_MAX, AIRS_STREAM_LINE_MAX, 100};
    const char *at = fixture.logged;
    for (size_t i = 0; i < 3; i++) {
        static const char before[] = "info app/tested/0: ";
        static const char after[] = " stream=stdout\n";
        assert_memory_equal(at, before, sizeof before - 1);
        at += sizeof before - 1;
        assert_int_equal(strspn(at, "x"), pieces[i]);
        at += pieces[i];
        assert_memory_equal(at, after, sizeof after - 1);
        at += sizeof after - 1;
    }
    assert_int_equal(*at, '\0');
}

static void a_line_of_exactly_the_longest_length_is_one(void **state) {
    (void)state;
    char text[AIRS_STREAM_LINE_MAX + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, text));
    const char *first = strchr(fixture.logged, '\n');
    assert_non_null(first);
    assert_int_equal(first[1], '\0');
}

static void output_below_the_logs_level_is_dropped(void **state) {
    (void)state;
    fixture.log.level = AIRS_LOG_WARN;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "one"));
    assert_ok(fixture_message(&fixture, "error: two"));
    fixture_drop(&fixture);
    assert_string_equal(fixture.logged, "");
}

/* What a guest prints while it is ended is not lost. */
static void what_was_printed_before_a_crash_is_told(void **state) {
    (void)state;
    fixture_run(&fixture, "printer", NULL);
    assert_ok(fixture_message(&fixture, "raw: before"));
    airs_status_t status = fixture_message(&fixture, "raw: \xff\xfe");
    assert_ok(status);
    fixture_drop(&fixture);
    assert_string_equal(fixture.logged, "info app/tested/0: before\xff\xfe stream=stdout\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_environment_is_the_given_one_and_no_other, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(there_is_no_environment_where_none_is_given, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(there_are_no_folders, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(time_is_the_hosts, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_waits_on_the_hosts_clock, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_can_be_dropped, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(random_numbers_are_the_hosts, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(random_bytes_come_at_once_and_in_bounds, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_exit_is_a_crash_that_says_so, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(output_goes_where_the_node_says, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(errors_go_to_the_log_when_nobody_takes_them, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(errors_go_where_the_node_says_too, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_place_may_take_whole_lines, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(without_a_place_output_goes_to_the_log_by_lines, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_line_without_an_end_is_told_when_the_instance_ends, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(long_lines_come_in_pieces, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_line_of_exactly_the_longest_length_is_one, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(output_below_the_logs_level_is_dropped, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_was_printed_before_a_crash_is_told, fixture_set_up,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
