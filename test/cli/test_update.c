/* `airssys update` and `airssys run --watch`, with real guests. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "cli/exit_code.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder; /* the manifest's, the components', and what XDG_RUNTIME_DIR says */
static child_t node;

static const char manifest[] = "[application]\n"
                               "name = \"app\"\n"
                               "[components.counter]\n"
                               "source = \"counter.wasm\"\n"
                               "instances = 2\n"
                               "update = { window = \"50ms\" }\n"
                               "[components.sink]\n"
                               "source = \"@counter\"\n"
                               "[components.echo]\n"
                               "source = \"@echo\"\n"
                               "update = { window = \"0s\", together = true }\n";

/* A copy of a guest in the folder, put in place as a whole. */
static void place(const char *guest, const char *name) {
    char from[AIRS_TEMPORARY_PATH_MAX];
    char beside[AIRS_TEMPORARY_PATH_MAX];
    char to[AIRS_TEMPORARY_PATH_MAX];
    static char bytes[1 << 20];
    FILE *file = fopen(airs_guest_path(guest, from), "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_in_range(size, 8, sizeof bytes - 1);
    assert_int_equal(fclose(file), 0);
    airs_temporary_file_write(&folder, "beside", bytes, size);
    airs_temporary_file_path(&folder, "beside", beside);
    assert_int_equal(rename(beside, airs_temporary_file_path(&folder, name, to)), 0);
}

static void start(bool watch) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_create(&folder);
    child_share_runtime_folder(folder.path);
    place("update_first", "counter.wasm");
    airs_guest_manifest_write(&folder, manifest);
    airs_temporary_file_path(&folder, "airssys.toml", path);
    const char *const arguments[] = {"run", "--log", "info", path, watch ? "--watch" : NULL, NULL};
    const child_options_t options = {.input = NULL};
    child_start(&node, &options, arguments);
}

/* Until it answers. */
static void await_node(void) {
    const struct timespec moment = {0, 20000000};
    for (int i = 0; i < 3000; i++) {
        child_t child;
        const char *const arguments[] = {"call", "counter/0", "get", NULL};
        child_run(&child, NULL, arguments);
        bool there = child.exit_code == AIRS_EXIT_OK;
        child_free(&child);
        if (there) {
            return;
        }
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("the node does not answer");
}

static int set_up(void **state) {
    (void)state;
    start(false);
    await_node();
    return 0;
}

static int set_up_watching(void **state) {
    (void)state;
    start(true);
    await_node();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    child_signal(&node, SIGTERM);
    child_wait(&node);
    child_free(&node);
    child_share_runtime_folder(NULL);
    airs_temporary_folder_remove(&folder);
    return 0;
}

static void expect(int exit_code, const char *stream, const char *text, const char *const *arguments) {
    child_t child;
    child_run(&child, NULL, arguments);
    child_expect(&child, exit_code);
    child_expect_text(&child, stream, text);
    child_free(&child);
}

#define SAYS(exit_code, stream, text, ...)               \
    do {                                                 \
        const char *const list_[] = {__VA_ARGS__, NULL}; \
        expect(exit_code, stream, text, list_);          \
    } while (0)

static const char *guest(const char *name) {
    static char path[AIRS_TEMPORARY_PATH_MAX];
    return airs_guest_path(name, path);
}

static void a_component_goes_on_with_another_file(void **state) {
    (void)state;
    SAYS(AIRS_EXIT_OK, "out", "1.0.0 0", "call", "counter/0", "get");
    SAYS(AIRS_EXIT_OK, "out", "hello", "call", "counter/0", "hello");
    SAYS(AIRS_EXIT_OK, "out", "updated counter to version 2.0.0 (2 instances)", "update", "counter",
         guest("update_second"));
    SAYS(AIRS_EXIT_OK, "out", "2.0.0 1", "call", "counter/0", "get");
    SAYS(AIRS_EXIT_OK, "out", "2.0.0 0", "call", "counter/1", "get");
    SAYS(AIRS_EXIT_OK, "out", "2.0.0", "ps", "--output", "json");
}

static void the_answer_is_json_when_asked_for(void **state) {
    (void)state;
    child_t child;
    const char *const arguments[] = {"update",   "counter", guest("update_plain"),
                                     "--window", "10ms",    "--together",
                                     "--output", "json",    NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, AIRS_EXIT_OK);
    json_t *object = json_loadb(child.out, child.out_size, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(object, "component")), "counter");
    const json_t *instances = json_object_get(object, "instances");
    assert_int_equal(json_array_size(instances), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(instances, 0), "version")), "3.0.0");
    assert_true(json_is_array(json_object_get(object, "new_imports")));
    json_decref(object);
    child_free(&child);
}

static void what_is_new_of_its_imports_is_told(void **state) {
    (void)state;
    SAYS(AIRS_EXIT_OK, "out", "it imports airssys:core/storage@1.0.0, which the one before did not", "update",
         "echo", guest("store"));
}

static void a_bad_version_is_taken_back_and_why(void **state) {
    (void)state;
    SAYS(AIRS_EXIT_FAILED, "err", "initialize: initialization-failed: not today", "update", "counter",
         guest("update_initfail"));
    SAYS(AIRS_EXIT_FAILED, "out", "\"status\":\"rolled-back\"", "update", "counter", guest("update_sick"),
         "--output", "json");
    SAYS(AIRS_EXIT_OK, "out", "1.0.0 0", "call", "counter/0", "get");
}

static void what_cannot_be_loaded_is_refused(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_write(&folder, "half.wasm", "\0asm\x0d\0\1\0half", 12);
    airs_temporary_file_path(&folder, "half.wasm", path);
    SAYS(AIRS_EXIT_COMPONENT, "err", "half.wasm", "update", "counter", path);
    SAYS(AIRS_EXIT_COMPONENT, "err", "No such file", "update", "counter", "/nowhere/x.wasm");
    SAYS(AIRS_EXIT_COMPONENT, "err", "it imports what nobody provides", "update", "counter",
         guest("bad/unknown-import"));
    SAYS(AIRS_EXIT_TARGET, "err", "did you mean counter?", "update", "conter", guest("update_second"));
    SAYS(AIRS_EXIT_USAGE, "err", "update", "update", "counter");
    SAYS(AIRS_EXIT_OK, "out", "1.0.0 0", "call", "counter/0", "get");
}

static void a_node_that_stops_does_not_wait_for_the_window(void **state) {
    (void)state;
    child_t update;
    const char *const arguments[] = {"update", "counter", guest("update_second"), "--window", "1h", NULL};
    const child_options_t options = {.input = NULL};
    child_start(&update, &options, arguments);
    const struct timespec moment = {0, 20000000};
    for (bool switched = false; !switched;) {
        child_t child;
        const char *const get[] = {"call", "counter/1", "get", NULL};
        child_run(&child, NULL, get);
        switched = strstr(child.out, "2.0.0") != NULL;
        child_free(&child);
        (void)nanosleep(&moment, NULL);
    }
    child_signal(&node, SIGTERM);
    child_wait(&update);
    child_expect(&update, AIRS_EXIT_FAILED);
    child_wait(&node);
    child_expect(&node, AIRS_EXIT_OK);
    child_free(&update);
    child_free(&node);
    child_share_runtime_folder(NULL);
    airs_temporary_folder_remove(&folder);
}

/* ---- watching ---- */

static void a_file_that_changes_is_taken(void **state) {
    (void)state;
    SAYS(AIRS_EXIT_OK, "out", "hello", "call", "counter/0", "hello");
    place("update_second", "counter.wasm");
    child_wait_for(&node, "err", "component counter is updated");
    SAYS(AIRS_EXIT_OK, "out", "2.0.0 1", "call", "counter/0", "get");
}

static void a_file_that_is_no_component_is_not(void **state) {
    (void)state;
    airs_temporary_file_write(&folder, "counter.wasm", "\0asm", 4);
    child_wait_for(&node, "err", "component counter stays as it is");
    SAYS(AIRS_EXIT_OK, "out", "1.0.0 0", "call", "counter/0", "get");
    place("update_sick", "counter.wasm");
    child_wait_for(&node, "err", "it is unhealthy");
    SAYS(AIRS_EXIT_OK, "out", "1.0.0 0", "call", "counter/0", "get");
    place("update_second", "counter.wasm");
    child_wait_for(&node, "err", "component counter is updated");
    SAYS(AIRS_EXIT_OK, "out", "2.0.0 0", "call", "counter/0", "get");
}

int main(void) {
#define CASE(name, begin) cmocka_unit_test_setup_teardown(name, begin, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_component_goes_on_with_another_file, set_up),
        CASE(the_answer_is_json_when_asked_for, set_up),
        CASE(what_is_new_of_its_imports_is_told, set_up),
        CASE(a_bad_version_is_taken_back_and_why, set_up),
        CASE(what_cannot_be_loaded_is_refused, set_up),
        cmocka_unit_test_setup(a_node_that_stops_does_not_wait_for_the_window, set_up),
        CASE(a_file_that_changes_is_taken, set_up_watching),
        CASE(a_file_that_is_no_component_is_not, set_up_watching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
