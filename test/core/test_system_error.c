#include "core/system_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "support/test.h"

static void says_what_the_system_says(void **state) {
    (void)state;
    char text[AIRS_SYSTEM_ERROR_MAX];
    assert_string_equal(airs_system_error_text(ENOENT, text), strerror(ENOENT));
    assert_string_equal(airs_system_error_text(EACCES, text), strerror(EACCES));
}

static void says_how_many_files_may_be_open(void **state) {
    (void)state;
    char text[AIRS_SYSTEM_ERROR_MAX];
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){57, before.rlim_max}), 0);
    (void)airs_system_error_text(EMFILE, text);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_string_equal(text, "Too many open files: this process may have 57 (ulimit -n)");
    assert_string_equal(airs_system_error_text(ENFILE, text),
                        "Too many open files in system: all processes together (sysctl fs.file-max)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_system_says),
        cmocka_unit_test(says_how_many_files_may_be_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
