#include "support/test.h"

#include <stdio.h>

#include <airssys/version.h>

static void the_text_and_the_numbers_agree(void **state) {
    (void)state;
    char text[64];
    (void)snprintf(text, sizeof text, "%d.%d.%d", AIRS_VERSION_MAJOR, AIRS_VERSION_MINOR, AIRS_VERSION_PATCH);
    assert_string_equal(AIRS_VERSION, text);
    assert_string_equal(airs_version(), AIRS_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_text_and_the_numbers_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
