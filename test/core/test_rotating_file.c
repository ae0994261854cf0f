/* A file of lines that is bounded. */
#include "core/rotating_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;
static char path[AIRS_TEMPORARY_PATH_MAX];

static airs_rotating_file_t opened(airs_rotating_file_options_t options) {
    airs_rotating_file_t file;
    airs_error_t error;
    options.path = path;
    assert_ok(airs_rotating_file_init(&file, airs_allocator_default(), &options, &error));
    if (airs_rotating_file_open(&file, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return file;
}

static void expect_content(const char *suffix, const char *wanted) {
    char name[AIRS_TEMPORARY_PATH_MAX + 8];
    airs_bytes_t bytes;
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    assert_ok(airs_file_read(airs_allocator_default(), name, 1 << 20, &bytes, NULL));
    assert_int_equal(bytes.size, strlen(wanted));
    assert_memory_equal(bytes.data, wanted, bytes.size);
    airs_release(airs_allocator_default(), (void *)(uintptr_t)bytes.data);
}

static void expect_none(const char *suffix) {
    char name[AIRS_TEMPORARY_PATH_MAX + 8];
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    assert_int_equal(access(name, F_OK), -1);
}

static void put(airs_rotating_file_t *file, const char *line) {
    assert_true(airs_rotating_file_write(file, airs_str(line)));
}

static void it_goes_on_behind_what_is_there(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "file", "old\n");
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 100});
    put(&file, "new\n");
    expect_content("", "old\nnew\n");
    airs_rotating_file_free(&file);
}

static void or_begins_empty_the_first_time(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "file", "old\n");
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 100, .truncate = true});
    put(&file, "one\n");
    airs_rotating_file_close(&file);
    put(&file, "two\n");
    expect_content("", "one\ntwo\n");
    airs_rotating_file_free(&file);
}

static void a_full_one_becomes_an_older_one(void **state) {
    (void)state;
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 8, .kept = 2});
    static const char *const lines[] = {"aaa\n", "bbb\n", "ccc\n", "ddd\n", "eee\n", "fff\n", "ggg\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        put(&file, lines[i]);
    }
    expect_content("", "ggg\n");
    expect_content(".1", "eee\nfff\n");
    expect_content(".2", "ccc\nddd\n");
    expect_none(".3");
    put(&file, "longer than eight\n");
    expect_content("", "longer than eight\n");
    airs_rotating_file_free(&file);
}

static void none_is_kept_where_none_is_to_be(void **state) {
    (void)state;
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 8});
    put(&file, "aaa\n");
    put(&file, "bbb\n");
    put(&file, "ccc\n");
    expect_content("", "ccc\n");
    expect_none(".1");
    airs_rotating_file_free(&file);
}

static void what_was_moved_away_is_let_go_of(void **state) {
    (void)state;
    char moved[AIRS_TEMPORARY_PATH_MAX];
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 100});
    put(&file, "one\n");
    assert_int_equal(rename(path, airs_temporary_file_path(&folder, "moved", moved)), 0);
    airs_rotating_file_close(&file);
    put(&file, "two\n");
    expect_content("", "two\n");
    airs_rotating_file_free(&file);
}

static mode_t mode_of(void) {
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    return found.st_mode & 0777;
}

static void who_may_read_it(void **state) {
    (void)state;
    mode_t before = umask(027);
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 100});
    assert_int_equal(mode_of(), 0640);
    airs_rotating_file_free(&file);
    file = opened((airs_rotating_file_options_t){.max_bytes = 100, .is_private = true});
    assert_int_equal(mode_of(), 0600);
    airs_rotating_file_free(&file);
    umask(before);
    /* What is there already keeps what its owner gave it, unless it is private. */
    assert_int_equal(chmod(path, 0644), 0);
    file = opened((airs_rotating_file_options_t){.max_bytes = 100});
    assert_int_equal(mode_of(), 0644);
    airs_rotating_file_free(&file);
}

static void expect_refused(const char *why) {
    const airs_rotating_file_options_t options = {.path = path, .max_bytes = 100};
    airs_rotating_file_t file;
    airs_error_t error;
    char wanted[AIRS_TEMPORARY_PATH_MAX + 64];
    assert_ok(airs_rotating_file_init(&file, airs_allocator_default(), &options, &error));
    assert_status(airs_rotating_file_open(&file, &error), AIRS_IO);
    (void)snprintf(wanted, sizeof wanted, "%s: %s", path, why);
    assert_string_equal(error.text, wanted);
    assert_false(airs_rotating_file_write(&file, airs_str("line\n")));
    airs_rotating_file_free(&file);
}

static void what_is_no_file_is_refused(void **state) {
    (void)state;
    assert_int_equal(symlink("elsewhere", path), 0);
    expect_refused("is a symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    expect_refused("is not a regular file");
    assert_int_equal(close(reader), 0);
    assert_int_equal(unlink(path), 0);
    airs_temporary_folder_make(&folder, "file");
    expect_refused("Is a directory");
    assert_int_equal(rmdir(path), 0);
}

static void a_failure_is_tried_again(void **state) {
    (void)state;
    struct rlimit before;
    airs_rotating_file_t file = opened((airs_rotating_file_options_t){.max_bytes = 1000});
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = 6, .rlim_max = before.rlim_max};
    put(&file, "one\n");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(airs_rotating_file_write(&file, airs_str("two\n")));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    /* Two bytes of it were taken, and taken back. */
    put(&file, "three\n");
    expect_content("", "one\nthree\n");
    assert_int_equal(file.size, 10);
    airs_rotating_file_free(&file);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    const airs_rotating_file_options_t options = {.path = path, .max_bytes = 100};
    airs_rotating_file_t file;
    (void)context;
    airs_status_t status = airs_rotating_file_init(&file, allocator, &options, NULL);
    if (status == AIRS_OK) {
        airs_rotating_file_free(&file);
    }
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "file", path);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_goes_on_behind_what_is_there),  TEST(or_begins_empty_the_first_time),
        TEST(a_full_one_becomes_an_older_one),  TEST(none_is_kept_where_none_is_to_be),
        TEST(what_was_moved_away_is_let_go_of), TEST(who_may_read_it),
        TEST(what_is_no_file_is_refused),       TEST(a_failure_is_tried_again),
        TEST(every_allocation_may_fail),
    };
    /* What goes beyond the limit of a file's size is an error, and no signal. */
    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
