/* `airssys replay` as a shell sees it: a crash that `airssys run` recorded. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "core/file.h"
#include "core/memory.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;
static char crash[AIRS_TEMPORARY_PATH_MAX + 256];

/* The only crash file there is, into `crash`. */
static void find_crash(const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    unsigned files = 0;
    DIR *entries = opendir(airs_temporary_file_path(&folder, name, path));
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strstr(entry->d_name, ".crash") != NULL) {
            (void)snprintf(crash, sizeof crash, "%s/%s", path, entry->d_name);
            files++;
        }
    }
    closedir(entries);
    assert_int_equal(files, 1);
}

static int record_a_crash(void **state) {
    (void)state;
    char guest[AIRS_TEMPORARY_PATH_MAX];
    char text[4 * AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_create(&folder);
    (void)snprintf(text, sizeof text,
                   "[application]\nname = \"demo\"\ninput = \"faulty\"\n"
                   "[components.faulty]\nsource = \"%s\"\nrecord = true\nrestart = \"temporary\"\n"
                   "[crashes]\nfolder = \"crashes\"\n[trust]\nmode = \"off\"\n",
                   airs_guest_path("faulty", guest));
    airs_temporary_file_write_text(&folder, "airssys.toml", text);
    child_t child;
    char manifest[AIRS_TEMPORARY_PATH_MAX];
    const char *const arguments[] = {
        "run", airs_temporary_file_path(&folder, "airssys.toml", manifest), "--input", "-", "--no-cache",
        NULL};
    child_run(&child, "note this\nset key value\nrandom\nlog a \x1b line\nsleep 1\nfall divide\n", arguments);
    child_expect(&child, 7);
    child_expect_text(&child, "err", "its crash is recorded: airssys replay ");
    child_free(&child);
    find_crash("crashes");
    return 0;
}

static int forget_it(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static void replay(child_t *child, const char *file, const char *option, const char *value) {
    const char *const arguments[] = {"replay", file, "--no-cache", option, value, NULL};
    child_run(child, NULL, arguments);
}

static void the_same_end_comes_again(void **state) {
    (void)state;
    child_t child;
    replay(&child, crash, NULL, NULL);
    child_expect(&child, 0);
    child_expect_text(&child, "out", "demo/faulty/0 crashed at 2");
    child_expect_text(&child, "out",
                      "  ended      trap: wasm trap: integer divide by zero\n                 0: fall");
    child_expect_text(&child, "out",
                      "The same end again: trap: wasm trap: integer divide by zero\n    0: fall");
    assert_null(strstr(child.out, "note this"));
    assert_string_equal(child.err, "");
    child_free(&child);
}

/* It is found again from anywhere, however the manifest named it. */
static void the_component_is_where_it_was(void **state) {
    (void)state;
    airs_temporary_folder_t other;
    char guest[AIRS_TEMPORARY_PATH_MAX];
    char path[AIRS_TEMPORARY_PATH_MAX];
    char before[sizeof crash];
    child_t child;
    airs_temporary_folder_create(&other);
    assert_int_equal(
        symlink(airs_guest_path("faulty", guest), airs_temporary_file_path(&other, "faulty.wasm", path)), 0);
    airs_temporary_file_write_text(&other, "airssys.toml",
                                   "[application]\nname = \"demo\"\ninput = \"faulty\"\n"
                                   "[components.faulty]\nsource = \"faulty.wasm\"\nrecord = true\n"
                                   "restart = \"temporary\"\n"
                                   "[crashes]\nfolder = \"crashes\"\n[trust]\nmode = \"off\"\n");
    const char *const arguments[] = {"run", "--input", "-", "--no-cache", NULL};
    child_start(&child, &(child_options_t){.input = "fall divide\n", .folder = other.path}, arguments);
    child_wait(&child);
    child_expect(&child, 7);
    child_free(&child);
    memcpy(before, crash, sizeof crash);
    airs_temporary_folder_t first = folder;
    folder = other;
    find_crash("crashes");
    replay(&child, crash, NULL, NULL);
    child_expect(&child, 0);
    child_free(&child);
    folder = first;
    memcpy(crash, before, sizeof crash);
    airs_temporary_folder_remove(&other);
}

static void everything_is_listed_when_asked(void **state) {
    (void)state;
    child_t child;
    replay(&child, crash, "--verbose", NULL);
    child_expect(&child, 0);
    child_expect_text(&child, "out", "     1  instantiate\n        = ok\n     2  initialize 0 variables\n");
    child_expect_text(&child, "out", "  handle-message message from airssys/host/0, 9B \"note this\"\n");
    child_expect_text(&child, "out", "    storage.set \"key\", 5B \"value\" = ok\n");
    child_expect_text(&child, "out", "    monotonic-clock = ");
    /* What was not in the node's log, and cannot do anything to a terminal. */
    child_expect_text(&child, "out", "        | debug: a \\x1b line\n");
    child_expect_text(&child, "out", "        = trap: wasm trap: integer divide by zero\n");
    child_free(&child);
}

static void it_stops_where_it_is_told(void **state) {
    (void)state;
    child_t child;
    const char *const arguments[] = {"replay", crash, "--no-cache", "--until", "4", NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 0);
    child_expect_text(&child, "out", "     4  ");
    child_expect_text(&child, "out", "Stopped before entry 4.");
    assert_null(strstr(child.out, "     5  "));
    assert_null(strstr(child.out, "The same end"));
    child_free(&child);
}

static void json_has_the_same_for_programs(void **state) {
    (void)state;
    child_t child;
    const char *const arguments[] = {"replay", crash, "--no-cache", "-v", "--output", "json", NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 0);
    json_t *last = NULL;
    json_int_t entries = 0;
    for (char *line = strtok(child.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_decref(last);
        last = json_loads(line, 0, NULL);
        assert_non_null(last);
        const char *kind = json_string_value(json_object_get(last, "kind"));
        bool counted = strcmp(kind, "call") == 0 || strcmp(kind, "import") == 0;
        entries += counted;
        assert_true(!counted || json_integer_value(json_object_get(last, "entry")) == entries);
    }
    assert_string_equal(json_string_value(json_object_get(last, "kind")), "result");
    assert_string_equal(json_string_value(json_object_get(last, "end")), "same");
    assert_string_equal(json_string_value(json_object_get(last, "status")), "trap");
    json_t *told = json_object_get(last, "crash");
    assert_string_equal(json_string_value(json_object_get(told, "id")), "demo/faulty/0");
    assert_int_equal(json_integer_value(json_object_get(told, "entries")), entries);
    assert_string_equal(json_string_value(json_object_get(told, "reason")),
                        json_string_value(json_object_get(last, "reason")));
    json_decref(last);
    child_free(&child);
}

static void another_component_is_refused(void **state) {
    (void)state;
    child_t child;
    char guest[AIRS_TEMPORARY_PATH_MAX];
    replay(&child, crash, "--component", airs_guest_path("echo", guest));
    child_expect(&child, 4);
    child_expect_text(&child, "err", "echo.wasm is not the component that crashed: it is sha256:");
    child_free(&child);
    replay(&child, crash, "--component", "/nowhere/faulty.wasm");
    child_expect(&child, 4);
    child_expect_text(&child, "err", "/nowhere/faulty.wasm: No such file or directory");
    child_free(&child);
}

static void what_is_no_crash_file_is_refused(void **state) {
    (void)state;
    child_t child;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t whole;
    assert_ok(airs_file_read(airs_allocator_default(), crash, 1 << 20, &whole, NULL));
    airs_temporary_file_write(&folder, "cut", whole.data, whole.size - 1);
    replay(&child, airs_temporary_file_path(&folder, "cut", path), NULL, NULL);
    child_expect(&child, 16);
    child_expect_text(&child, "err", "cut: the crash file is cut off or damaged");
    assert_string_equal(child.out, "");
    child_free(&child);
    replay(&child, airs_temporary_file_path(&folder, "airssys.toml", path), NULL, NULL);
    child_expect(&child, 16);
    child_expect_text(&child, "err", "not a crash file");
    child_free(&child);
    replay(&child, "/nowhere/at-all.crash", NULL, NULL);
    child_expect(&child, 16);
    child_expect_text(&child, "err", "/nowhere/at-all.crash: ");
    child_free(&child);
    airs_release(airs_allocator_default(), (void *)whole.data);
}

/* Only the user may read what was sent to the component. */
static void crash_files_are_their_owners_alone(void **state) {
    (void)state;
    struct stat about;
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_int_equal(stat(crash, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(stat(airs_temporary_file_path(&folder, "crashes", path), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_end_comes_again),
        cmocka_unit_test(the_component_is_where_it_was),
        cmocka_unit_test(everything_is_listed_when_asked),
        cmocka_unit_test(it_stops_where_it_is_told),
        cmocka_unit_test(json_has_the_same_for_programs),
        cmocka_unit_test(another_component_is_refused),
        cmocka_unit_test(what_is_no_crash_file_is_refused),
        cmocka_unit_test(crash_files_are_their_owners_alone),
    };
    return cmocka_run_group_tests(tests, record_a_crash, forget_it);
}
