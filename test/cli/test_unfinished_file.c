/* What is left of a file when a signal ends the command while it writes it: nothing. Each command is a child of ours that
 * raises the signal itself, in the middle. */
#include "cli/unfinished_file.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/key_file.h"
#include "cli/output_file.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

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

static char *path_of(const char *name, char out[AIRS_TEMPORARY_PATH_MAX]) {
    (void)airs_temporary_file_path(&folder, name, out);
    return out;
}

static unsigned files_left(void) {
    unsigned count = 0;
    DIR *opened = opendir(folder.path);
    assert_non_null(opened);
    for (const struct dirent *entry = readdir(opened); entry != NULL; entry = readdir(opened)) {
        count += entry->d_name[0] != '.';
    }
    closedir(opened);
    return count;
}

/* What wait(2) says of a child that does this, and is ended by nothing else. */
static int status_of(void (*work)(int number), int number) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        work(number);
        _exit(77); /* no signal ended it */
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void write_half(int number) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_output_file_t output;
    if (airs_output_file_open(&output, path_of("half", path), NULL) != AIRS_OK ||
        fputs("the first half", output.file) < 0 || fflush(output.file) != 0) {
        _exit(78);
    }
    (void)raise(number);
}

static void write_all(int number) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    if (airs_output_file_write(path_of("whole", path), airs_bytes("all", 3), NULL) != AIRS_OK) {
        _exit(78);
    }
    (void)raise(number);
}

static void make_one_key(int number) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    if (airs_key_file_create(path_of("new.key", path), airs_bytes("secret", 6), true, NULL) != AIRS_OK) {
        _exit(78);
    }
    (void)raise(number);
}

/* That the key is there is no reason to remove it. */
static void make_a_key_that_is_there(int number) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_status_t status =
        airs_key_file_create(path_of("old.key", path), airs_bytes("secret", 6), true, NULL);
    if (status != AIRS_ALREADY_EXISTS) {
        _exit(78);
    }
    (void)raise(number);
}

/* As LMDB makes its copy. */
static void have_it_made(int number) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_unfinished_file_expect(path_of("copy", path));
    airs_temporary_file_write_text(&folder, "copy", "half");
    (void)raise(number);
}

static void write_half_in_spite_of(int number) {
    (void)signal(number, SIG_IGN);
    write_half(number);
}

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};

static void expect_ends_by(void (*work)(int number), unsigned left) {
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int status = status_of(work, signals[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_int_equal(files_left(), left);
    }
}

static void a_half_written_file_goes(void **state) {
    (void)state;
    expect_ends_by(write_half, 0);
}

static void half_a_pair_of_keys_goes(void **state) {
    (void)state;
    expect_ends_by(make_one_key, 0);
}

static void what_something_else_makes_goes(void **state) {
    (void)state;
    expect_ends_by(have_it_made, 0);
}

static void what_is_complete_stays(void **state) {
    (void)state;
    expect_ends_by(write_all, 1);
}

static void what_others_wrote_stays(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "old.key", "old");
    expect_ends_by(make_a_key_that_is_there, 1);
}

/* As under nohup. */
static void a_signal_that_is_ignored_ends_nothing(void **state) {
    (void)state;
    int status = status_of(write_half_in_spite_of, SIGHUP);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 77);
    assert_int_equal(files_left(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_half_written_file_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_a_pair_of_keys_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_something_else_makes_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_complete_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_wrote_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_that_is_ignored_ends_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
