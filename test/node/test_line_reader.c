#include "node/line_reader.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

static int open_file(const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    int descriptor = open(airs_temporary_file_path(&folder, name, path), O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    return descriptor;
}

static airs_line_reader_t *reader_of(int descriptor, size_t max_line) {
    airs_line_reader_t *reader = NULL;
    airs_line_reader_options_t options = {airs_allocator_default(), descriptor, "input", max_line};
    assert_ok(airs_line_reader_create(&options, &reader, NULL));
    return reader;
}

static void assert_line(airs_line_reader_t *reader, const char *expected) {
    airs_bytes_t line;
    airs_error_t error = {AIRS_OK, ""};
    assert_ok(airs_line_reader_next(reader, &line, &error));
    assert_int_equal(line.size, strlen(expected));
    if (line.size > 0) {
        assert_memory_equal(line.data, expected, line.size);
    }
}

static void assert_end(airs_line_reader_t *reader) {
    airs_bytes_t line;
    assert_status(airs_line_reader_next(reader, &line, NULL), AIRS_NOT_FOUND);
    assert_status(airs_line_reader_next(reader, &line, NULL), AIRS_NOT_FOUND);
}

static void lines_come_without_their_newline(void **state) {
    (void)state;
    static const struct {
        const char *content;
        const char *lines[5];
    } cases[] = {
        {"", {NULL}},
        {"\n", {"", NULL}},
        {"one\n", {"one", NULL}},
        {"one", {"one", NULL}},
        {"one\n\ntwo", {"one", "", "two", NULL}},
        {"one\r\n\r\n", {"one\r", "\r", NULL}},
        {"\n\n\n", {"", "", "", NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        airs_temporary_file_write_text(&folder, "lines", cases[i].content);
        int descriptor = open_file("lines");
        airs_line_reader_t *reader = reader_of(descriptor, 1000);
        size_t count = 0;
        for (; cases[i].lines[count] != NULL; count++) {
            assert_line(reader, cases[i].lines[count]);
            assert_int_equal(airs_line_reader_number(reader), count + 1);
        }
        assert_end(reader);
        assert_int_equal(airs_line_reader_number(reader), count);
        airs_line_reader_destroy(reader);
        close(descriptor);
    }
}

/* Lines of every length around the buffer's size, so that each falls differently over its ends. */
static void lines_longer_than_the_buffer_are_whole(void **state) {
    (void)state;
    enum { LONGEST = 700000, STEP = 65521 };
    char *content = malloc(8 * (size_t)LONGEST);
    assert_non_null(content);
    size_t size = 0;
    size_t lengths[16];
    size_t count = 0;
    for (size_t length = 0; length <= LONGEST; length += STEP) {
        memset(content + size, 'a' + (int)count, length);
        size += length;
        content[size++] = '\n';
        lengths[count++] = length;
    }
    airs_temporary_file_write(&folder, "long", content, size);
    free(content);
    int descriptor = open_file("long");
    airs_line_reader_t *reader = reader_of(descriptor, LONGEST);
    for (size_t i = 0; i < count; i++) {
        airs_bytes_t line;
        assert_ok(airs_line_reader_next(reader, &line, NULL));
        assert_int_equal(line.size, lengths[i]);
        for (size_t at = 0; at < line.size; at += 97) {
            assert_int_equal(line.data[at], 'a' + (int)i);
        }
    }
    assert_end(reader);
    airs_line_reader_destroy(reader);
    close(descriptor);
}

static void a_line_above_the_limit_is_named_and_ends_the_reading(void **state) {
    (void)state;
    airs_bytes_t line;
    airs_error_t error;
    airs_temporary_file_write_text(&folder, "limit", "12345\n123456\n1\n");
    int descriptor = open_file("limit");
    airs_line_reader_t *reader = reader_of(descriptor, 5);
    assert_line(reader, "12345");
    assert_status(airs_line_reader_next(reader, &line, &error), AIRS_MESSAGE_TOO_LARGE);
    assert_string_equal(error.text, "input:2: the line has more than the 5 bytes allowed");
    assert_end(reader);
    airs_line_reader_destroy(reader);
    close(descriptor);
}

static void the_limit_holds_for_a_last_line_without_newline(void **state) {
    (void)state;
    airs_bytes_t line;
    airs_temporary_file_write_text(&folder, "limit", "123456");
    int descriptor = open_file("limit");
    airs_line_reader_t *reader = reader_of(descriptor, 5);
    assert_status(airs_line_reader_next(reader, &line, NULL), AIRS_MESSAGE_TOO_LARGE);
    airs_line_reader_destroy(reader);
    close(descriptor);
}

/* An endless line must not be read to its end before it is refused. */
static void an_endless_line_is_refused_in_bounded_memory(void **state) {
    (void)state;
    airs_failing_allocator_t allocator;
    airs_failing_allocator_init(&allocator);
    int descriptor = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    airs_line_reader_t *reader = NULL;
    airs_line_reader_options_t options = {&allocator.allocator, descriptor, "input", 1 << 20};
    assert_ok(airs_line_reader_create(&options, &reader, NULL));
    airs_bytes_t line;
    assert_status(airs_line_reader_next(reader, &line, NULL), AIRS_MESSAGE_TOO_LARGE);
    assert_in_range(allocator.peak_bytes, 1, 4 << 20);
    airs_line_reader_destroy(reader);
    assert_int_equal(allocator.live_blocks, 0);
    close(descriptor);
}

static void a_pipe_is_waited_for(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    airs_line_reader_t *reader = reader_of(ends[0], 100);
    assert_int_equal(write(ends[1], "one\ntw", 6), 6);
    assert_line(reader, "one");
    assert_int_equal(write(ends[1], "o\n\nlast", 7), 7);
    assert_line(reader, "two");
    assert_line(reader, "");
    close(ends[1]);
    assert_line(reader, "last");
    assert_end(reader);
    airs_line_reader_destroy(reader);
    close(ends[0]);
}

static void a_pipe_that_does_not_block_is_waited_for_too(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    airs_line_reader_t *reader = reader_of(ends[0], 100);
    assert_int_equal(write(ends[1], "one\n", 4), 4);
    assert_line(reader, "one");
    close(ends[1]);
    assert_end(reader);
    airs_line_reader_destroy(reader);
    close(ends[0]);
}

static void *read_one(void *argument) {
    airs_bytes_t line;
    return (void *)(uintptr_t)airs_line_reader_next(argument, &line, NULL);
}

static void an_interruption_ends_a_wait_and_all_later_reading(void **state) {
    (void)state;
    int ends[2];
    pthread_t thread;
    void *status;
    airs_bytes_t line;
    assert_int_equal(pipe(ends), 0);
    airs_line_reader_t *reader = reader_of(ends[0], 100);
    assert_int_equal(pthread_create(&thread, NULL, read_one, reader), 0);
    airs_line_reader_interrupt(reader);
    assert_int_equal(pthread_join(thread, &status), 0);
    assert_status((airs_status_t)(uintptr_t)status, AIRS_CANCELLED);
    assert_int_equal(write(ends[1], "one\n", 4), 4);
    assert_status(airs_line_reader_next(reader, &line, NULL), AIRS_CANCELLED);
    airs_line_reader_destroy(reader);
    close(ends[0]);
    close(ends[1]);
}

static void what_cannot_be_read_is_an_error(void **state) {
    (void)state;
    airs_bytes_t line;
    airs_error_t error;
    int descriptor = open(folder.path, O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    airs_line_reader_t *reader = reader_of(descriptor, 100);
    assert_status(airs_line_reader_next(reader, &line, &error), AIRS_IO);
    assert_string_equal(error.text, "input: cannot read: Is a directory");
    airs_line_reader_destroy(reader);
    close(descriptor);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    int descriptor = open_file("long");
    airs_line_reader_t *reader = NULL;
    airs_line_reader_options_t options = {allocator, descriptor, "input", 1 << 20};
    airs_status_t status = airs_line_reader_create(&options, &reader, NULL);
    while (status == AIRS_OK) {
        airs_bytes_t line;
        status = airs_line_reader_next(reader, &line, NULL);
    }
    airs_line_reader_destroy(reader);
    close(descriptor);
    return status == AIRS_NOT_FOUND ? AIRS_OK : status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_without_their_newline),
        cmocka_unit_test(lines_longer_than_the_buffer_are_whole),
        cmocka_unit_test(a_line_above_the_limit_is_named_and_ends_the_reading),
        cmocka_unit_test(the_limit_holds_for_a_last_line_without_newline),
        cmocka_unit_test(an_endless_line_is_refused_in_bounded_memory),
        cmocka_unit_test(a_pipe_is_waited_for),
        cmocka_unit_test(a_pipe_that_does_not_block_is_waited_for_too),
        cmocka_unit_test(an_interruption_ends_a_wait_and_all_later_reading),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
