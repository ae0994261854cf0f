/* A running application that is told to read its manifest anew, by SIGHUP and by `airssys reload`. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "cli/exit_code.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;
static airs_temporary_folder_t runtime;
static child_t node;

#define APP "[application]\nname = \"shop\"\n"
#define COUNTER(name) "[components." name "]\nsource = \"@counter\"\n"

#define CLIENT(child, expected, ...)                          \
    do {                                                      \
        const char *const arguments_[] = {__VA_ARGS__, NULL}; \
        child_run(child, NULL, arguments_);                   \
        child_expect(child, expected);                        \
    } while (0)

static void start(const char *manifest) {
    const char *const arguments[] = {"run", "--no-cache", "--log", "debug", folder.path, NULL};
    airs_guest_manifest_write(&folder, manifest);
    child_start(&node, &(child_options_t){0}, arguments);
    child_wait_for(&node, "err", "listening at ");
}

static void stop(void) {
    child_signal(&node, SIGTERM);
    child_wait(&node);
    child_expect(&node, AIRS_EXIT_OK);
    child_free(&node);
}

/* What a counter answers: how many messages it has had. */
static void assert_count(const char *target, const char *expected) {
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "call", target, "x");
    assert_string_equal(child.out, expected);
    child_free(&child);
}

static const json_t *actor_of(const json_t *node_object, const char *id) {
    size_t index;
    const json_t *actor;
    json_array_foreach(json_object_get(node_object, "actors"), index, actor) {
        if (strcmp(json_string_value(json_object_get(actor, "id")), id) == 0) {
            return actor;
        }
    }
    return NULL;
}

/* What `ps` shows of an actor that a start of it, the same or another one, would change. */
static void look(const char *id, char out[256]) {
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "ps", "--output", "json");
    json_t *object = json_loads(child.out, 0, NULL);
    const json_t *actor = actor_of(object, id);
    assert_non_null(actor);
    (void)snprintf(out, 256, "%s, received %lld, restarts %lld",
                   json_string_value(json_object_get(actor, "started")),
                   json_integer_value(json_object_get(actor, "received")),
                   json_integer_value(json_object_get(actor, "restarts")));
    json_decref(object);
    child_free(&child);
}

static void a_hangup_changes_what_differs_and_nothing_else(void **state) {
    (void)state;
    char before[256];
    char after[256];
    start(APP COUNTER("a") COUNTER("b"));
    assert_count("a", "1");
    assert_count("b", "1");
    look("shop/a/0", before);
    airs_guest_manifest_write(&folder, APP COUNTER("a") COUNTER("c") "instances = 2\n");
    child_signal(&node, SIGHUP);
    child_wait_for(&node, "err", "the manifest was read anew: added c; removed b; 1 unchanged");
    look("shop/a/0", after);
    assert_string_equal(before, after);
    assert_count("a", "2");
    assert_count("c/1", "1");
    child_t child;
    CLIENT(&child, AIRS_EXIT_TARGET, "call", "b", "x");
    child_free(&child);
    stop();
}

static void a_wrong_manifest_is_told_in_the_log_and_changes_nothing(void **state) {
    (void)state;
    start(APP COUNTER("a"));
    assert_count("a", "1");
    airs_guest_manifest_write(&folder, APP COUNTER("a") "instances = -1\n" COUNTER("b") "colour = 1\n");
    child_signal(&node, SIGHUP);
    child_wait_for(&node, "err", "the manifest was read anew, and nothing was changed");
    child_wait_for(&node, "err", "components.a.instances: -1 is out of range");
    child_wait_for(&node, "err", "components.b.colour: unknown key");
    assert_count("a", "2");
    stop();
}

static void reload_answers_what_was_done(void **state) {
    (void)state;
    child_t child;
    start(APP COUNTER("a") COUNTER("b"));
    CLIENT(&child, AIRS_EXIT_OK, "reload");
    assert_string_equal(child.out, "2 unchanged\n");
    child_free(&child);
    airs_guest_manifest_write(&folder, APP COUNTER("a") "instances = 3\n" COUNTER("c"));
    CLIENT(&child, AIRS_EXIT_OK, "reload");
    assert_string_equal(child.out, "removed b\nadded c\nresized a from 1 to 3\n0 unchanged\n");
    child_free(&child);
    airs_guest_manifest_write(&folder, APP COUNTER("a") COUNTER("c"));
    CLIENT(&child, AIRS_EXIT_OK, "reload", "--output", "json");
    assert_string_equal(child.out, "{\"added\":[],\"removed\":[],\"restarted\":[],\"updated\":[],"
                                   "\"resized\":[{\"name\":\"a\",\"from\":3,\"to\":1}],\"failed\":[],"
                                   "\"unchanged\":1}\n");
    child_free(&child);
    stop();
}

static void reload_tells_what_is_wrong(void **state) {
    (void)state;
    child_t child;
    start(APP COUNTER("a"));
    airs_guest_manifest_write(&folder, APP COUNTER("a") "[engine]\nslice = \"3ms\"\n");
    CLIENT(&child, AIRS_EXIT_MANIFEST, "reload");
    child_expect_text(&child, "err", "engine.slice is fixed while the application runs");
    assert_string_equal(child.out, "");
    child_free(&child);
    airs_guest_manifest_write(&folder, APP COUNTER("a") "[components.bad]\nsource = \"@initfail\"\n");
    CLIENT(&child, AIRS_EXIT_START, "reload");
    child_expect_text(&child, "err", "component bad, instance 0");
    child_expect_text(&child, "out", "failed bad: component bad, instance 0");
    child_expect_text(&child, "out", "1 unchanged");
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_START, "reload", "--output=json");
    child_expect_text(&child, "out", "\"failed\":[{\"name\":\"bad\",\"reason\":\"component bad, instance 0");
    child_expect_text(&child, "out", "\"status\":\"initialize-failed\"");
    child_free(&child);
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_int_equal(unlink(airs_temporary_file_path(&folder, "airssys.toml", path)), 0);
    CLIENT(&child, AIRS_EXIT_MANIFEST, "reload");
    child_expect_text(&child, "err", "airssys.toml: no such file");
    child_free(&child);
    airs_guest_manifest_write(&folder, "");
    CLIENT(&child, AIRS_EXIT_MANIFEST, "reload");
    child_expect_text(&child, "err", "the manifest is empty");
    child_free(&child);
    airs_temporary_file_write_text(&folder, "bad.wasm", "no component");
    airs_guest_manifest_write(&folder, APP COUNTER("a") "[components.bad]\nsource = \"bad.wasm\"\n");
    CLIENT(&child, AIRS_EXIT_COMPONENT, "reload");
    child_expect_text(&child, "err", "component bad: ");
    child_free(&child);
    stop();
}

/* One that comes while a stop is under way, or a second one, is no harm. */
static void hangups_in_a_row_are_fine(void **state) {
    (void)state;
    start(APP COUNTER("a"));
    airs_guest_manifest_write(&folder, APP COUNTER("a") COUNTER("b"));
    for (int i = 0; i < 20; i++) {
        child_signal(&node, SIGHUP);
    }
    child_wait_for(&node, "err", "the manifest was read anew: added b; 1 unchanged");
    child_signal(&node, SIGHUP);
    stop();
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_folder_create(&runtime);
    child_share_runtime_folder(runtime.path);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    child_share_runtime_folder(NULL);
    airs_temporary_folder_remove(&runtime);
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hangup_changes_what_differs_and_nothing_else),
        cmocka_unit_test(a_wrong_manifest_is_told_in_the_log_and_changes_nothing),
        cmocka_unit_test(reload_answers_what_was_done),
        cmocka_unit_test(reload_tells_what_is_wrong),
        cmocka_unit_test(hangups_in_a_row_are_fine),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
