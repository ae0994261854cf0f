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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_long_is_cut_between_characters),
        cmocka_unit_test(what_just_fits_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
