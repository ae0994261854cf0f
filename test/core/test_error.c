#include "support/test.h"

#include <string.h>

#include <airssys/error.h>

#include "core/utf8.h"

static void set_fills_status_and_text(void **state) {
    (void)state;
    airs_error_t error;
    assert_status(airs_error_set(&error, AIRS_IO, "%s: %d", "file", 7), AIRS_IO);
    assert_status(error.status, AIRS_IO);
    assert_string_equal(error.text, "file: 7");
}

static void null_is_fine(void **state) {
    (void)state;
    assert_status(airs_error_set(NULL, AIRS_IO, "unseen"), AIRS_IO);
    assert_status(airs_error_prefix(NULL, "unseen"), AIRS_INTERNAL);
}

static void prefix_keeps_the_status(void **state) {
    (void)state;
    airs_error_t error;
    (void)airs_error_set(&error, AIRS_LOAD_FAILED, "not wasm");
    assert_status(airs_error_prefix(&error, "component %s", "echo"), AIRS_LOAD_FAILED);
    assert_string_equal(error.text, "component echo: not wasm");
}

static void set_may_quote_its_own_text(void **state) {
    (void)state;
    airs_error_t error;
    (void)airs_error_set(&error, AIRS_IO, "inner");
    (void)airs_error_set(&error, AIRS_INTERNAL, "<%s>", error.text);
    assert_string_equal(error.text, "<inner>");
}

/* At every shift of a run of three-byte characters against the limit. */
static void long_texts_are_cut_at_a_character(void **state) {
    (void)state;
    char text[AIRS_ERROR_TEXT_MAX * 2];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        size_t size = shift;
        while (size + 4 < sizeof text) {
            memcpy(text + size, "\xe2\x82\xac", 3);
            size += 3;
        }
        text[size] = '\0';
        airs_error_t error;
        (void)airs_error_set(&error, AIRS_IO, "%s", text);
        size_t kept = strlen(error.text);
        assert_in_range(kept, AIRS_ERROR_TEXT_MAX - 8, AIRS_ERROR_TEXT_MAX - 1);
        assert_string_equal(error.text + kept - 3, "...");
        assert_true(airs_utf8_valid(airs_str_n(error.text, kept)));
    }
}

static void the_longest_text_that_fits_is_whole(void **state) {
    (void)state;
    char text[AIRS_ERROR_TEXT_MAX];
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    airs_error_t error;
    (void)airs_error_set(&error, AIRS_IO, "%s", text);
    assert_string_equal(error.text, text);
}

static void a_prefix_of_a_long_text_cuts_its_end(void **state) {
    (void)state;
    char text[AIRS_ERROR_TEXT_MAX];
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    airs_error_t error;
    (void)airs_error_set(&error, AIRS_IO, "%s", text);
    assert_status(airs_error_prefix(&error, "where"), AIRS_IO);
    assert_memory_equal(error.text, "where: yyy", 10);
    assert_string_equal(error.text + strlen(error.text) - 4, "y...");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_status_and_text),
        cmocka_unit_test(null_is_fine),
        cmocka_unit_test(prefix_keeps_the_status),
        cmocka_unit_test(set_may_quote_its_own_text),
        cmocka_unit_test(long_texts_are_cut_at_a_character),
        cmocka_unit_test(the_longest_text_that_fits_is_whole),
        cmocka_unit_test(a_prefix_of_a_long_text_cuts_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
