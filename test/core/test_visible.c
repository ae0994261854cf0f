#include "core/visible.h"

#include <string.h>

#include "support/test.h"

static void each_character_is_shown(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"", ""},
        {"plain \"text\" \\ \xC3\xA9", "plain \"text\" \\ \xC3\xA9"},
        {"a\tb\x1b[0m\x7f", "a\\x09b\\x1b[0m\\x7f"},
        {"\xC2\x85\xE2\x80\xAE", "\\xc2\\x85\\xe2\\x80\\xae"}, /* a C1 control, a direction override */
        {"\xFF\xC3", "\\xff\\xc3"},                            /* no UTF-8 */
        {"a\nb", "a\\x0ab"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        assert_int_equal(airs_visible(airs_str(cases[i].text), false, out, sizeof out),
                         strlen(cases[i].shown));
        assert_string_equal(out, cases[i].shown);
    }
}

static void lines_are_kept_when_asked_for(void **state) {
    (void)state;
    char out[16];
    assert_int_equal(airs_visible(airs_str("a\n\rb"), true, out, sizeof out), 7);
    assert_string_equal(out, "a\n\\x0db");
}

/* Neither a character nor what stands for one is split, nor is anything put behind what did not fit. */
static void what_does_not_fit_is_left_out_whole(void **state) {
    (void)state;
    static const char *const fitting[] = {
        "", "", "a", "a", "a", "a", "a\\x09", "a\\x09", "a\\x09\xC3\xA9", "a\\x09\xC3\xA9z"};
    for (size_t size = 1; size < sizeof fitting / sizeof fitting[0]; size++) {
        char out[16];
        memset(out, '#', sizeof out);
        assert_int_equal(airs_visible(airs_str("a\t\xC3\xA9z"), false, out, size), 8);
        assert_string_equal(out, fitting[size]);
        assert_int_equal(out[size], '#');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_character_is_shown),
        cmocka_unit_test(lines_are_kept_when_asked_for),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
