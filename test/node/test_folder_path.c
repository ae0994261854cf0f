#include "node/folder_path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

static void expect_found(const char *path, const char *wanted) {
    char *found = NULL;
    char real[PATH_MAX];
    airs_error_t error;
    assert_non_null(realpath(wanted, real));
    assert_ok(airs_folder_find(airs_allocator_default(), path, &found, &error));
    assert_string_equal(found, real);
    airs_release(airs_allocator_default(), found);
}

static void a_folder_is_found_where_it_is(void **state) {
    (void)state;
    expect_found("in", "in");
    expect_found("./in/../in/", "in");
    expect_found("link", "in");
    expect_found(folder.path, folder.path);
}

static void what_is_none_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *path;
        airs_status_t status;
        const char *text;
    } cases[] = {
        {"none", AIRS_IO, "no such folder"},
        {"file", AIRS_IO, "is no folder"},
        {"file/x", AIRS_IO, "is no folder"},
        {"dangling", AIRS_IO, "no such folder"},
        {"*", AIRS_INVALID_ARGUMENT, "a folder is granted by its path, without wildcards"},
        {"badlink", AIRS_INVALID_ARGUMENT, "its path is not UTF-8 without control characters and stars"},
        {"bad\xff", AIRS_INVALID_ARGUMENT, "its path is not UTF-8 without control characters and stars"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *found = NULL;
        airs_error_t error;
        assert_status(airs_folder_find(airs_allocator_default(), cases[i].path, &found, &error),
                      cases[i].status);
        assert_string_equal(error.text, cases[i].text);
        assert_null(found);
    }
}

static void a_guest_may_know_it_by_some_paths(void **state) {
    (void)state;
    static const char *const good[] = {".",   "/",      "data", "/data",
                                       "a/b", "./data", "...",  "gr\xc3\xbc\xc3\x9f"};
    static const char *const bad[] = {"", "..", "../data", "/a/../b", "a\nb", "a\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(airs_folder_check_guest_path(airs_str(good[i]), NULL));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(airs_folder_check_guest_path(airs_str(bad[i]), NULL), AIRS_INVALID_ARGUMENT);
    }
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    char *found = NULL;
    airs_status_t status = airs_folder_find(allocator, "in", &found, NULL);
    airs_release(allocator, found);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_folder_make(&folder, "in");
    airs_temporary_folder_make(&folder, "bad\xff");
    airs_temporary_folder_make(&folder, "st*r");
    airs_temporary_file_write_text(&folder, "file", "");
    int result = chdir(folder.path);
    result = result == 0 ? symlink("in", "link") : result;
    result = result == 0 ? symlink("nothing", "dangling") : result;
    return result == 0 ? symlink("st*r", "badlink") : result;
}

static int tear_down(void **state) {
    (void)state;
    int result = chdir("/");
    airs_temporary_folder_remove(&folder);
    return result;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_found_where_it_is),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(a_guest_may_know_it_by_some_paths),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
