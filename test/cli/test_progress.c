#include "cli/progress.h"

#include <string.h>

#include "support/test.h"

#define S UINT64_C(1000000000)

static void counts_have_groups_of_digits(void **state) {
    (void)state;
    char out[AIRS_COUNT_TEXT_MAX];
    assert_string_equal(airs_count_text(0, out), "0");
    assert_string_equal(airs_count_text(999, out), "999");
    assert_string_equal(airs_count_text(1000, out), "1,000");
    assert_string_equal(airs_count_text(1234567, out), "1,234,567");
    assert_string_equal(airs_count_text(UINT64_MAX, out), "18,446,744,073,709,551,615");
}

static void times_are_as_exact_as_they_are_short(void **state) {
    (void)state;
    char out[AIRS_SECONDS_TEXT_MAX];
    assert_string_equal(airs_seconds_text(0, out), "0.00 s");
    assert_string_equal(airs_seconds_text(S / 1000 * 32 / 10, out), "3.2 ms");
    assert_string_equal(airs_seconds_text(S / 10, out), "0.10 s");
    assert_string_equal(airs_seconds_text(S / 2, out), "0.50 s");
    assert_string_equal(airs_seconds_text(42 * S + S / 4, out), "42.2 s");
    assert_string_equal(airs_seconds_text(125 * S, out), "2:05 min");
    assert_string_equal(airs_seconds_text(3723 * S, out), "1:02:03 h");
}

static void rates_are_by_the_second(void **state) {
    (void)state;
    assert_int_equal(airs_rate(1000, 2 * S), 500);
    assert_int_equal(airs_rate(1, 3 * S), 0);
    assert_int_equal(airs_rate(2, 3 * S), 1);
    assert_int_equal(airs_rate(1000, 0), 0);
}

static void the_line_says_what_is_done(void **state) {
    (void)state;
    const airs_progress_input_t unknown = {true, 0};
    const airs_progress_input_t file = {true, 1000};
    const airs_progress_input_t none = {false, 0};
    char out[AIRS_PROGRESS_LINE_MAX];
    airs_application_progress_t progress = {.stage = AIRS_APPLICATION_LOADING, .component = "splitter"};
    assert_string_equal(airs_progress_line(&progress, unknown, out), "loading splitter");
    progress.stage = AIRS_APPLICATION_STARTING;
    assert_string_equal(airs_progress_line(&progress, unknown, out), "starting splitter");
    progress.stage = AIRS_APPLICATION_RUNNING;
    progress.work_ns = 2 * S;
    progress.totals.messages = 5000;
    progress.bytes = 250;
    assert_string_equal(airs_progress_line(&progress, unknown, out),
                        "5,000 messages, 2,500 a second, 2.00 s");
    assert_string_equal(airs_progress_line(&progress, file, out),
                        "5,000 messages, 2,500 a second, 2.00 s, 25 % of the input");
    progress.totals.actors = 12;
    assert_string_equal(airs_progress_line(&progress, none, out), "5,000 messages, 12 actors, 2.00 s");
    progress.bytes = 1001; /* a last line without newline counts one */
    assert_string_equal(airs_progress_line(&progress, file, out),
                        "5,000 messages, 2,500 a second, 2.00 s, 100 % of the input");
    progress.stage = AIRS_APPLICATION_DRAINING;
    assert_string_equal(airs_progress_line(&progress, file, out),
                        "5,000 messages, 2,500 a second, 2.00 s, handling what is queued");
    progress.stage = AIRS_APPLICATION_STOPPING;
    assert_string_equal(airs_progress_line(&progress, file, out), "stopping splitter");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_groups_of_digits),
        cmocka_unit_test(times_are_as_exact_as_they_are_short),
        cmocka_unit_test(rates_are_by_the_second),
        cmocka_unit_test(the_line_says_what_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
