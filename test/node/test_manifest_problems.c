#include "node/manifest_problems.h"

#include <string.h>

#include "core/utf8.h"
#include "support/test.h"

static void what_is_too_long_is_cut_between_characters(void **state) {
    (void)state;
    static const char two[] = "\xC3\xA9"; /* of two bytes */
    char text[2 * AIRS_MANIFEST_PROBLEM_TEXT_MAX + 1];
    /* With one more byte in front the cut would split one. */
    for (size_t before = 0; before < 2; before++) {
        airs_manifest_problems_t problems = {0};
        airs_error_t error;
        memset(text, 'x', before);
        for (size_t i = before; i + 2 < sizeof text; i += 2) {
            memcpy(text + i, two, sizeof two);
        }
        airs_manifest_problems_add(&problems, 0, "%s", text);
        assert_status(airs_manifest_problems_report(&problems, airs_str("a"), "m.toml", &error),
                      AIRS_MANIFEST_INVALID);
        assert_true(airs_utf8_valid(airs_str(error.text)));
        assert_string_equal(error.text + strlen(error.text) - 5, "\xC3\xA9...");
    }
}

static void what_just_fits_is_not_cut(void **state) {
    (void)state;
    char text[AIRS_MANIFEST_PROBLEM_TEXT_MAX];
    airs_manifest_problems_t problems = {0};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    airs_manifest_problems_add(&problems, 0, "%s", text);
    assert_string_equal(problems.kept[0].text, text);
}

/* A path may have any character but zero; the report has a line for each problem all the same. */
static void what_would_steer_a_terminal_is_shown(void **state) {
    (void)state;
    airs_manifest_problems_t problems = {0};
    airs_error_t error;
    airs_manifest_problems_add(&problems, 0, "b\tc: no such file\nd\x1b: likewise");
    assert_status(airs_manifest_problems_report(&problems, airs_str("a"), "m\n\x1b.toml", &error),
                  AIRS_MANIFEST_INVALID);
    assert_string_equal(error.text, "m\\x0a\\x1b.toml:1:1: b\\x09c: no such file\nd\\x1b: likewise");
}

/* What grows by being shown is cut like all that is too long. */
static void what_becomes_too_long_by_being_shown_is_cut(void **state) {
    (void)state;
    char text[AIRS_MANIFEST_PROBLEM_TEXT_MAX];
    airs_manifest_problems_t problems = {0};
    memset(text, '\t', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    airs_manifest_problems_add(&problems, 0, "%s", text);
    size_t size = strlen(problems.kept[0].text);
    assert_string_equal(problems.kept[0].text + size - 3, "...");
    assert_null(strchr(problems.kept[0].text, '\t'));
}

static void an_error_about_a_file_is_one_line(void **state) {
    (void)state;
    airs_error_t error;
    airs_error_set(&error, AIRS_IO, "no such file");
    assert_status(airs_manifest_file_error(&error, AIRS_IO, "a\nb", NULL), AIRS_IO);
    assert_string_equal(error.text, "a\\x0ab: no such file");
    assert_status(airs_manifest_file_error(&error, AIRS_MANIFEST_INVALID, "a", "is none"),
                  AIRS_MANIFEST_INVALID);
    assert_string_equal(error.text, "a: is none");
    assert_status(airs_manifest_file_error(NULL, AIRS_IO, "a", NULL), AIRS_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_long_is_cut_between_characters),
        cmocka_unit_test(what_just_fits_is_not_cut),
        cmocka_unit_test(what_would_steer_a_terminal_is_shown),
        cmocka_unit_test(what_becomes_too_long_by_being_shown_is_cut),
        cmocka_unit_test(an_error_about_a_file_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
