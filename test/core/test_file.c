#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;
static char path[AIRS_TEMPORARY_PATH_MAX];
static char large[300000];

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    memset(large, 'x', sizeof large);
    airs_temporary_file_write(&folder, "large", large, sizeof large);
    (void)airs_temporary_file_path(&folder, "large", path);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static void a_file_is_read_whole(void **state) {
    (void)state;
    airs_bytes_t content;
    assert_ok(airs_file_check(path, NULL));
    assert_ok(airs_file_read(airs_allocator_default(), path, sizeof large, &content, NULL));
    assert_int_equal(content.size, sizeof large);
    assert_memory_equal(content.data, large, sizeof large);
    airs_release(airs_allocator_default(), (void *)content.data);
    assert_ok(airs_file_read(airs_allocator_default(), "/dev/null", 0, &content, NULL));
    assert_int_equal(content.size, 0);
    assert_non_null(content.data);
    airs_release(airs_allocator_default(), (void *)content.data);
}

static void what_is_in_the_way_is_said(void **state) {
    (void)state;
    airs_bytes_t content;
    airs_error_t error;
    const airs_allocator_t *allocator = airs_allocator_default();
    assert_status(airs_file_read(allocator, path, sizeof large - 1, &content, &error), AIRS_IO);
    assert_string_equal(error.text, "has more than the 299999 bytes allowed");
    assert_status(airs_file_read(allocator, "/no/such/file", 1, &content, &error), AIRS_IO);
    assert_string_equal(error.text, "no such file");
    assert_status(airs_file_read(allocator, folder.path, 1, &content, &error), AIRS_IO);
    assert_string_equal(error.text, "is a directory, not a file");
    assert_status(airs_file_check("/no/such/file", &error), AIRS_IO);
    assert_string_equal(error.text, "no such file");
    assert_status(airs_file_check(folder.path, &error), AIRS_IO);
    assert_string_equal(error.text, "is a directory, not a file");
    assert_status(airs_file_check("/dev/null", &error), AIRS_IO);
    assert_string_equal(error.text, "is not a regular file");
}

static void so_many_bytes_or_none(void **state) {
    (void)state;
    static char into[sizeof large];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_true(airs_file_read_fully(file, into, 10));
    assert_true(airs_file_read_fully(file, into, sizeof large - 10));
    assert_memory_equal(into, large, sizeof large - 10);
    assert_true(airs_file_read_fully(file, into, 0));
    errno = 0;
    assert_false(airs_file_read_fully(file, into, 1));
    assert_int_equal(errno, EIO);
    assert_int_equal(close(file), 0);
    assert_false(airs_file_read_fully(file, into, 1));
    assert_int_equal(errno, EBADF);
}

static void all_is_written_or_the_reason_is_said(void **state) {
    (void)state;
    char copy[AIRS_TEMPORARY_PATH_MAX];
    (void)airs_temporary_file_path(&folder, "copy", copy);
    int file = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_true(airs_file_write_fully(file, airs_bytes(large, sizeof large)));
    assert_true(airs_file_write_fully(file, airs_bytes(NULL, 0)));
    assert_int_equal(close(file), 0);
    airs_bytes_t content;
    assert_ok(airs_file_read(airs_allocator_default(), copy, sizeof large, &content, NULL));
    assert_int_equal(content.size, sizeof large);
    assert_memory_equal(content.data, large, sizeof large);
    airs_release(airs_allocator_default(), (void *)content.data);
    assert_int_equal(unlink(copy), 0);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_false(airs_file_write_fully(full, airs_bytes(large, 10)));
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(close(full), 0);
}

typedef struct names {
    unsigned count;
    bool has_large;
} names_t;

static void take_name(void *context, const char *name) {
    names_t *names = context;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
        names->count++;
        names->has_large = names->has_large || strcmp(name, "large") == 0;
    }
}

/* As often as somebody asks: the descriptor's own place in the folder is not moved. */
static void each_name_in_a_folder_is_told(void **state) {
    (void)state;
    int open_folder = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(open_folder >= 0);
    for (int i = 0; i < 2; i++) {
        names_t names = {0};
        airs_folder_each(open_folder, take_name, &names);
        assert_int_equal(names.count, 1);
        assert_true(names.has_large);
    }
    assert_int_equal(close(open_folder), 0);
    names_t names = {0};
    airs_folder_each(open_folder, take_name, &names);
    assert_int_equal(names.count, 0);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_bytes_t content;
    airs_error_t error;
    airs_status_t status = airs_file_read(allocator, context, sizeof large, &content, &error);
    if (status == AIRS_OK) {
        airs_release(allocator, (void *)content.data);
    }
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(what_is_in_the_way_is_said),
        cmocka_unit_test(so_many_bytes_or_none),
        cmocka_unit_test(all_is_written_or_the_reason_is_said),
        cmocka_unit_test(each_name_in_a_folder_is_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
