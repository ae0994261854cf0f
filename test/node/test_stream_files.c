/* Files that standard streams go to. */
#include "node/stream_files.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"
#include "core/memory.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;
static char path[AIRS_TEMPORARY_PATH_MAX];
static char logged[4096];

static void take_record(airs_log_t *log, const airs_log_record_t *record) {
    size_t used = strlen(logged);
    (void)log;
    (void)snprintf(logged + used, sizeof logged - used, "%s %.*s: %.*s\n", airs_log_level_text(record->level),
                   AIRS_STR_ARG(record->source), AIRS_STR_ARG(record->message));
}

static airs_log_t log_of_test = {.write = take_record, .level = AIRS_LOG_INFO};

static airs_stream_files_t none(void) {
    logged[0] = '\0';
    return (airs_stream_files_t){.allocator = airs_allocator_default(), .log = &log_of_test};
}

static airs_manifest_stream_t stream_to(const char *file) {
    return (airs_manifest_stream_t){
        .kind = AIRS_STREAM_FILE, .path = file, .append = true, .max_bytes = 1 << 20, .kept = 1};
}

static void put(airs_stream_file_t *file, const char *text) {
    airs_stream_file_write(file, airs_bytes(text, strlen(text)));
}

static char *content(void) {
    airs_bytes_t bytes;
    assert_ok(airs_file_read(airs_allocator_default(), path, 1 << 22, &bytes, NULL));
    char *text = strndup((const char *)bytes.data, bytes.size);
    assert_non_null(text);
    airs_release(airs_allocator_default(), (void *)(uintptr_t)bytes.data);
    return text;
}

static void expect_content(const char *wanted) {
    char *text = content();
    assert_string_equal(text, wanted);
    free(text);
}

static void one_path_is_one_file(void **state) {
    (void)state;
    airs_stream_files_t files = none();
    airs_manifest_stream_t stream = stream_to(path);
    airs_temporary_file_write_text(&folder, "file", "old\n");
    stream.append = false;
    airs_stream_file_t *file = airs_stream_files_get(&files, &stream);
    put(file, "one\n");
    /* It is emptied for the first only. */
    assert_ptr_equal(airs_stream_files_get(&files, &stream), file);
    put(file, "two\n");
    put(file, "");
    expect_content("one\ntwo\n");
    airs_stream_drop(NULL, airs_bytes("x", 1));
    assert_string_equal(logged, "");
    airs_stream_files_free(&files);
}

static void it_is_bounded_as_it_was_named_last(void **state) {
    (void)state;
    airs_stream_files_t files = none();
    airs_manifest_stream_t stream = stream_to(path);
    airs_stream_file_t *file = airs_stream_files_get(&files, &stream);
    put(file, "one\n");
    stream.max_bytes = 4;
    stream.kept = 0;
    (void)airs_stream_files_get(&files, &stream);
    put(file, "two\n");
    expect_content("two\n");
    airs_stream_files_free(&files);
}

static void what_was_moved_away_is_let_go_of(void **state) {
    (void)state;
    char moved[AIRS_TEMPORARY_PATH_MAX];
    airs_stream_files_t files = none();
    airs_manifest_stream_t stream = stream_to(path);
    airs_stream_file_t *file = airs_stream_files_get(&files, &stream);
    put(file, "one\n");
    assert_int_equal(rename(path, airs_temporary_file_path(&folder, "moved", moved)), 0);
    airs_stream_files_reopen(&files);
    put(file, "two\n");
    expect_content("two\n");
    airs_stream_files_free(&files);
}

static void what_cannot_be_written_is_a_warning(void **state) {
    (void)state;
    char wanted[3 * AIRS_TEMPORARY_PATH_MAX];
    airs_stream_files_t files = none();
    airs_manifest_stream_t stream = stream_to(path);
    airs_temporary_folder_make(&folder, "file");
    airs_stream_file_t *file = airs_stream_files_get(&files, &stream);
    assert_non_null(file);
    put(file, "one\n");
    put(file, "two\n");
    (void)snprintf(
        wanted, sizeof wanted,
        "warn application: %s, where a standard stream goes, cannot be written: Is a directory; what "
        "comes is lost until it can be\n",
        path);
    assert_string_equal(logged, wanted);
    assert_int_equal(rmdir(path), 0);
    put(file, "three\n");
    size_t used = strlen(wanted);
    (void)snprintf(wanted + used, sizeof wanted - used,
                   "warn application: %s is written to again; 8 bytes were lost\n", path);
    assert_string_equal(logged, wanted);
    expect_content("three\n");
    airs_stream_files_free(&files);
}

enum { WRITERS = 4, LINES = 2000, WIDTH = 50 };

typedef struct writer {
    pthread_t thread;
    airs_stream_file_t *file;
    char letter;
} writer_t;

static void *write_lines(void *context) {
    const writer_t *writer = context;
    char line[WIDTH + 1];
    memset(line, writer->letter, WIDTH);
    line[WIDTH] = '\n';
    for (size_t i = 0; i < LINES; i++) {
        airs_stream_file_write(writer->file, airs_bytes(line, sizeof line));
    }
    return NULL;
}

static void lines_of_many_writers_are_whole(void **state) {
    (void)state;
    airs_stream_files_t files = none();
    airs_manifest_stream_t stream = stream_to(path);
    writer_t writers[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i].file = airs_stream_files_get(&files, &stream);
        writers[i].letter = (char)('a' + i);
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_lines, &writers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
    }
    char *text = content();
    size_t counts[WRITERS] = {0};
    assert_int_equal(strlen(text), (size_t)WRITERS * LINES * (WIDTH + 1));
    for (const char *at = text; *at != '\0'; at += WIDTH + 1) {
        char same[2] = {*at, '\0'};
        assert_int_equal(strspn(at, same), WIDTH);
        assert_int_equal(at[WIDTH], '\n');
        counts[*at - 'a']++;
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(counts[i], LINES);
    }
    free(text);
    airs_stream_files_free(&files);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_stream_files_t files = {.allocator = allocator, .log = &log_of_test};
    airs_manifest_stream_t stream = stream_to(path);
    (void)context;
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (airs_stream_files_get(&files, &stream) != NULL) {
        stream.path = "/dev/null";
        status = airs_stream_files_get(&files, &stream) != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    }
    airs_stream_files_free(&files);
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
        TEST(one_path_is_one_file),
        TEST(it_is_bounded_as_it_was_named_last),
        TEST(what_was_moved_away_is_let_go_of),
        TEST(what_cannot_be_written_is_a_warning),
        TEST(lines_of_many_writers_are_whole),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
