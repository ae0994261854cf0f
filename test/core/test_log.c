#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/check.h"
#include "core/log.h"

typedef struct recorder {
    airs_log_t log;
    int count;
    airs_log_level_t level;
    char source[64];
    char message[8192];
} recorder_t;

static void record_it(airs_log_t *log, const airs_log_record_t *record) {
    recorder_t *self = (recorder_t *)log;
    self->count++;
    self->level = record->level;
    (void)snprintf(self->source, sizeof self->source, "%.*s", AIRS_STR_ARG(record->source));
    (void)snprintf(self->message, sizeof self->message, "%.*s", AIRS_STR_ARG(record->message));
    assert_int_equal(record->field_count, 0);
}

static void printf_makes_a_record(void **state) {
    (void)state;
    recorder_t recorder = {.log = {AIRS_LOG_INFO, record_it}};
    airs_log_printf(&recorder.log, AIRS_LOG_WARN, airs_str("node"), "%d of %s", 3, "four");
    assert_int_equal(recorder.count, 1);
    assert_int_equal(recorder.level, AIRS_LOG_WARN);
    assert_string_equal(recorder.source, "node");
    assert_string_equal(recorder.message, "3 of four");
}

static void records_below_the_level_are_not_made(void **state) {
    (void)state;
    recorder_t recorder = {.log = {AIRS_LOG_WARN, record_it}};
    airs_log_printf(&recorder.log, AIRS_LOG_INFO, airs_str("node"), "unseen");
    assert_int_equal(recorder.count, 0);
    airs_log_printf(&recorder.log, AIRS_LOG_ERROR, airs_str("node"), "seen");
    assert_int_equal(recorder.count, 1);
}

static void long_messages_are_cut(void **state) {
    (void)state;
    recorder_t recorder = {.log = {AIRS_LOG_INFO, record_it}};
    char message[6000];
    memset(message, 'x', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    airs_log_printf(&recorder.log, AIRS_LOG_INFO, airs_str("node"), "%s", message);
    assert_int_equal(strlen(recorder.message), 4095);
}

static void none_wants_nothing(void **state) {
    (void)state;
    assert_false(airs_log_wants(airs_log_none(), AIRS_LOG_ERROR));
    airs_log_record_t record = {.level = AIRS_LOG_ERROR};
    airs_log_none()->write(airs_log_none(), &record);
}

static void levels_have_names(void **state) {
    (void)state;
    static const char *const NAMES[] = {"trace", "debug", "info", "warn", "error", "unknown"};
    for (int i = 0; i < 6; i++) {
        assert_string_equal(airs_log_level_text((airs_log_level_t)i), NAMES[i]);
    }
}

#define THREADS 4
#define LINES 200

static void *write_lines(void *number) {
    char message[64];
    for (int i = 0; i < LINES; i++) {
        (void)snprintf(message, sizeof message, "thread %d line %03d end", *(int *)number, i);
        airs_log_printf(airs_log_stderr(), AIRS_LOG_ERROR, airs_str("t"), "%s", message);
    }
    return NULL;
}

/* Run `write` with standard error in a file, and read it back. */
static size_t capture(void (*write_something)(void), char *out, size_t size) {
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    write_something();
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    (void)close(saved);
    assert_int_equal(fseek(file, 0, SEEK_SET), 0);
    size_t got = fread(out, 1, size - 1, file);
    out[got] = '\0';
    (void)fclose(file);
    return got;
}

static void write_from_threads(void) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        AIRS_ASSERT(pthread_create(&threads[i], NULL, write_lines, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        AIRS_ASSERT(pthread_join(threads[i], NULL) == 0);
    }
}

static void lines_of_threads_do_not_mix(void **state) {
    (void)state;
    static char text[THREADS * LINES * 100];
    capture(write_from_threads, text, sizeof text);
    int next[THREADS] = {0};
    int count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const char *said = strstr(line, " ERROR t: thread ");
        assert_non_null(said);
        long thread = strtol(said + strlen(" ERROR t: thread "), NULL, 10);
        assert_in_range(thread, 0, THREADS - 1);
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, " ERROR t: thread %ld line %03d end", thread, next[thread]++);
        assert_string_equal(said, wanted);
        count++;
    }
    assert_int_equal(count, THREADS * LINES);
}

static void write_an_escape(void) {
    airs_log_printf(airs_log_stderr(), AIRS_LOG_INFO, airs_str("guest"), "\x1b]0;owned\x07");
}

static void standard_error_is_shown_no_escapes(void **state) {
    (void)state;
    char text[512];
    capture(write_an_escape, text, sizeof text);
    assert_non_null(strstr(text, " INFO  guest: \\x1b]0;owned\\x07\n"));
    assert_null(strchr(text, '\x1b'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printf_makes_a_record),
        cmocka_unit_test(records_below_the_level_are_not_made),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(none_wants_nothing),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(standard_error_is_shown_no_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
