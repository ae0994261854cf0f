#include "core/content_type.h"

#include <string.h>

#include "support/test.h"

static airs_status_t check(const char *text, airs_error_t *error) {
    return airs_content_type_check(airs_str(text), error);
}

static void types_are_taken_as_they_are(void **state) {
    (void)state;
    static const char *const types[] = {"", "text/plain", "application/json; charset=utf-8", "caf\xc3\xa9",
                                        "no type at all"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_ok(check(types[i], NULL));
    }
    assert_ok(airs_content_type_check(airs_str_n(NULL, 0), NULL));
}

static void they_are_short(void **state) {
    (void)state;
    char text[AIRS_CONTENT_TYPE_MAX + 1];
    airs_error_t error;
    memset(text, 'x', sizeof text);
    assert_ok(airs_content_type_check(airs_str_n(text, AIRS_CONTENT_TYPE_MAX), &error));
    assert_status(airs_content_type_check(airs_str_n(text, AIRS_CONTENT_TYPE_MAX + 1), &error),
                  AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a content type of 256 bytes, and it has 255 at most");
}

static void they_are_one_line_of_text(void **state) {
    (void)state;
    airs_error_t error;
    assert_status(check("text/plain\r\nX: y", &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a content type has no control characters; there is U+000D at byte 11");
    assert_status(airs_content_type_check(airs_str_n("a\0b", 3), &error), AIRS_INVALID_ARGUMENT);
    assert_status(check("text/\xff", &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a content type is UTF-8; its byte 6 is not");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_taken_as_they_are),
        cmocka_unit_test(they_are_short),
        cmocka_unit_test(they_are_one_line_of_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
