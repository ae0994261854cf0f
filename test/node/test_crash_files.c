#include "node/crash_files.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

/* A crash whose content is its number. */
typedef struct made_crash {
    airs_crash_t base;
    airs_bytes_t parts[2];
    char text[32];
} made_crash_t;

static _Atomic unsigned released;

static const airs_bytes_t *content(airs_crash_t *base, size_t *count) {
    made_crash_t *crash = (made_crash_t *)(void *)base;
    crash->parts[0] = airs_bytes("crash ", 6);
    crash->parts[1] = airs_bytes(crash->text, strlen(crash->text));
    *count = 2;
    return crash->parts;
}

static void release(airs_crash_t *base) {
    airs_component_id_unref(base->id);
    free(base);
    released++;
}

static airs_crash_t *make_crash(const char *name, unsigned number, uint64_t wall_ns) {
    made_crash_t *crash = calloc(1, sizeof *crash);
    assert_non_null(crash);
    (void)snprintf(crash->text, sizeof crash->text, "%u", number);
    crash->base =
        (airs_crash_t){.status = AIRS_TRAP, .wall_ns = wall_ns, .content = content, .release = release};
    crash->base.size = 6 + strlen(crash->text);
    assert_ok(
        airs_component_id_create(airs_allocator_default(), airs_id("app", name, "0"), &crash->base.id, NULL));
    return &crash->base;
}

/* ---- a log that is kept ---- */

typedef struct kept_log {
    airs_log_t log;
    pthread_mutex_t lock;
    char text[65536];
} kept_log_t;

static void write_log(airs_log_t *log, const airs_log_record_t *record) {
    kept_log_t *self = (kept_log_t *)(void *)log;
    pthread_mutex_lock(&self->lock);
    size_t used = strlen(self->text);
    (void)snprintf(self->text + used, sizeof self->text - used, "%.*s: %.*s\n", AIRS_STR_ARG(record->source),
                   AIRS_STR_ARG(record->message));
    pthread_mutex_unlock(&self->lock);
}

static kept_log_t kept = {.log = {.level = AIRS_LOG_INFO, .write = write_log},
                          .lock = PTHREAD_MUTEX_INITIALIZER};

static airs_crash_files_options_t options_in(const char *folder) {
    kept.text[0] = '\0';
    return (airs_crash_files_options_t){
        .allocator = airs_allocator_default(), .log = &kept.log, .folder = folder};
}

/* The files of a folder, sorted by name, a line each; returns how many. */
static unsigned list(const char *path, char *out, size_t size) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    unsigned files = 0;
    out[0] = '\0';
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
            size_t used = strlen(out);
            (void)snprintf(out + used, size - used, "%s\n", entries[i]->d_name);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    return files;
}

static void hand_in(airs_crash_files_t *files, airs_crash_t *crash) {
    airs_crash_sink_t *sink = airs_crash_files_sink(files);
    sink->take(sink, crash);
}

static void crashes_become_files_that_are_the_owners_alone(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char names[4096];
    airs_bytes_t bytes;
    struct stat about;
    airs_crash_files_t *files = NULL;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "deep/er/crashes/", path);
    airs_crash_files_options_t options = options_in(path);
    assert_ok(airs_crash_files_create(&options, &files, NULL));
    /* One that is twice in the same microsecond, and an id that is no file's name. */
    hand_in(files, make_crash("counter", 1, 1795957455123456789));
    hand_in(files, make_crash("counter", 2, 1795957455123456789));
    hand_in(files, make_crash("a b\xc3\xa9", 3, 1795957455123457789));
    airs_crash_files_destroy(files);
    assert_int_equal(list(path, names, sizeof names), 3);
    assert_string_equal(names, "20261129T130415.123456Z-app_counter_0-2.crash\n"
                               "20261129T130415.123456Z-app_counter_0.crash\n"
                               "20261129T130415.123457Z-app_a_b___0.crash\n");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    airs_temporary_file_path(&folder, "deep/er/crashes/20261129T130415.123456Z-app_counter_0.crash", path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_ok(airs_file_read(airs_allocator_default(), path, 100, &bytes, NULL));
    assert_int_equal(bytes.size, 7);
    assert_memory_equal(bytes.data, "crash 1", 7);
    airs_release(airs_allocator_default(), (void *)bytes.data);
    assert_non_null(strstr(kept.text, "app/counter/0: its crash is recorded: airssys replay "));
    airs_temporary_folder_remove(&folder);
}

static void the_oldest_go(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char names[4096];
    airs_crash_files_t *files = NULL;
    airs_temporary_folder_create(&folder);
    /* What is not one of them stays. */
    airs_temporary_file_write_text(&folder, "00-notes.txt", "mine");
    airs_crash_files_options_t options = options_in(folder.path);
    options.max_files = 3;
    assert_ok(airs_crash_files_create(&options, &files, NULL));
    for (unsigned i = 0; i < 8; i++) {
        hand_in(files, make_crash("counter", i, 1795957455000000000 + i * UINT64_C(1000)));
    }
    airs_crash_files_destroy(files);
    assert_int_equal(list(folder.path, names, sizeof names), 4);
    assert_string_equal(names, "00-notes.txt\n"
                               "20261129T130415.000005Z-app_counter_0.crash\n"
                               "20261129T130415.000006Z-app_counter_0.crash\n"
                               "20261129T130415.000007Z-app_counter_0.crash\n");
    /* Of each 7 bytes: two fit. */
    options.max_files = 0;
    options.max_bytes = 15;
    assert_ok(airs_crash_files_create(&options, &files, NULL));
    hand_in(files, make_crash("counter", 9, 1795957455000008000));
    airs_crash_files_destroy(files);
    assert_int_equal(list(folder.path, names, sizeof names), 3);
    /* The newest stays, whatever its size. */
    options.max_bytes = 1;
    assert_ok(airs_crash_files_create(&options, &files, NULL));
    hand_in(files, make_crash("counter", 9, 1795957455000009000));
    airs_crash_files_destroy(files);
    assert_int_equal(list(folder.path, names, sizeof names), 2);
    assert_non_null(strstr(names, "20261129T130415.000009Z-app_counter_0.crash\n"));
    airs_temporary_folder_remove(&folder);
}

static void what_cannot_be_written_is_told(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_crash_files_t *files = NULL;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "crashes", path);
    airs_crash_files_options_t options = options_in(path);
    assert_ok(airs_crash_files_create(&options, &files, NULL));
    unsigned before = released;
    assert_int_equal(rmdir(path), 0);
    hand_in(files, make_crash("counter", 1, 0));
    airs_crash_files_destroy(files);
    assert_int_equal(released, before + 1);
    assert_non_null(strstr(kept.text, "app/counter/0: this crash has no crash file: "));
    airs_temporary_folder_remove(&folder);
}

static void folders_that_others_may_write_are_refused(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_error_t error;
    airs_crash_files_t *files = NULL;
    airs_temporary_folder_create(&folder);
    airs_temporary_folder_make(&folder, "open");
    airs_temporary_file_path(&folder, "open", path);
    assert_int_equal(chmod(path, 0777), 0);
    airs_crash_files_options_t options = options_in(path);
    assert_status(airs_crash_files_create(&options, &files, &error), AIRS_IO);
    assert_non_null(strstr(error.text, "others may write into it; make it 0700"));
    airs_temporary_file_write_text(&folder, "file", "");
    options.folder = airs_temporary_file_path(&folder, "file", path);
    assert_status(airs_crash_files_create(&options, &files, &error), AIRS_IO);
    options.folder = "";
    assert_status(airs_crash_files_create(&options, &files, &error), AIRS_IO);
    airs_temporary_folder_remove(&folder);
}

static void without_a_folder_the_state_folder_is_used(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char names[1024];
    airs_crash_files_t *files = NULL;
    const char *before = getenv("XDG_STATE_HOME");
    char *saved = before != NULL ? strdup(before) : NULL;
    airs_temporary_folder_create(&folder);
    assert_int_equal(setenv("XDG_STATE_HOME", folder.path, 1), 0);
    airs_crash_files_options_t options = options_in(NULL);
    assert_ok(airs_crash_files_create(&options, &files, NULL));
    hand_in(files, make_crash("counter", 1, 1795957455000000000));
    airs_crash_files_destroy(files);
    assert_int_equal(list(airs_temporary_file_path(&folder, "airssys/crashes", path), names, sizeof names),
                     1);
    assert_int_equal(saved != NULL ? setenv("XDG_STATE_HOME", saved, 1) : unsetenv("XDG_STATE_HOME"), 0);
    free(saved);
    airs_temporary_folder_remove(&folder);
}

static airs_status_t open_and_close(const airs_allocator_t *allocator, void *context) {
    airs_crash_files_t *files = NULL;
    airs_crash_files_options_t options = options_in(context);
    options.allocator = allocator;
    airs_status_t status = airs_crash_files_create(&options, &files, NULL);
    airs_crash_files_destroy(status == AIRS_OK ? files : NULL);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    airs_temporary_folder_create(&folder);
    airs_fail_each_allocation(open_and_close, folder.path);
    airs_temporary_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crashes_become_files_that_are_the_owners_alone),
        cmocka_unit_test(the_oldest_go),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(folders_that_others_may_write_are_refused),
        cmocka_unit_test(without_a_folder_the_state_folder_is_used),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
