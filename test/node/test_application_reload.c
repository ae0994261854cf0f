/* A manifest that is read anew while its application runs: what did not change must not notice. */
#include "node/application.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "node/application_update.h"
#include "support/failing_allocator.h"
#include "support/guest_manifest.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define APP "[application]\nname = \"app\"\n"
#define COMPONENT(name, guest) "[components." name "]\nsource = \"@" guest "\"\n"
#define COUNTER(name) COMPONENT(name, "counter")
#define SUPERVISOR(name, children) "[supervisors." name "]\nchildren = [" children "]\n"

typedef struct fixture {
    airs_manifest_t *manifest;
    airs_application_t *application;
    pthread_t thread;
    airs_error_t error;
    airs_status_t status; /* of its run */
} fixture_t;

static void *run(void *argument) {
    fixture_t *fixture = argument;
    airs_error_t error;
    fixture->status = airs_application_run(fixture->application, NULL, &error);
    return NULL;
}

static airs_status_t create(fixture_t *fixture, const airs_allocator_t *allocator) {
    char cache[AIRS_TEMPORARY_PATH_MAX]; /* what loads hundreds of times need not compile each time */
    *fixture = (fixture_t){.error = {AIRS_OK, ""}};
    airs_application_options_t options = {
        .allocator = allocator,
        .log = airs_log_none(),
        .workers = 2,
        .cache_dir = airs_temporary_file_path(&folder, "cache", cache),
    };
    airs_status_t status = airs_manifest_load(allocator, folder.path, &fixture->manifest, &fixture->error);
    if (status == AIRS_OK) {
        status = airs_application_create(fixture->manifest, &options, &fixture->application, &fixture->error);
    }
    if (status == AIRS_OK) {
        status = airs_application_load(fixture->application, &fixture->error);
    }
    return status == AIRS_OK ? airs_application_start(fixture->application, &fixture->error) : status;
}

static void let_run(fixture_t *fixture) {
    assert_int_equal(pthread_create(&fixture->thread, NULL, run, fixture), 0);
    airs_application_progress_t progress;
    do {
        airs_application_progress(fixture->application, &progress);
    } while (progress.stage != AIRS_APPLICATION_RUNNING);
}

static void begin(fixture_t *fixture, const char *manifest) {
    airs_guest_manifest_write(&folder, manifest);
    if (create(fixture, airs_allocator_default()) != AIRS_OK) {
        fail_msg("not started: %s", fixture->error.text);
    }
    let_run(fixture);
}

static void end(fixture_t *fixture) {
    airs_application_interrupt(fixture->application);
    assert_int_equal(pthread_join(fixture->thread, NULL), 0);
    airs_application_destroy(fixture->application);
    airs_manifest_destroy(fixture->manifest);
}

/* Another manifest; what was done, as text. */
static airs_status_t reload(fixture_t *fixture, const char *manifest, char done[1024]) {
    airs_reload_report_t report;
    airs_text_t text;
    airs_reload_report_init(&report, airs_allocator_default());
    airs_text_init(&text, airs_allocator_default());
    airs_guest_manifest_write(&folder, manifest);
    airs_status_t status = airs_application_reload(fixture->application, &report, &fixture->error);
    airs_reload_report_text(&report, &text);
    (void)snprintf(done, 1024, "%s", airs_text_cstr(&text));
    airs_text_free(&text);
    airs_reload_report_free(&report);
    return status;
}

static void expect_reload(fixture_t *fixture, const char *manifest, const char *expected) {
    char done[1024];
    airs_status_t status = reload(fixture, manifest, done);
    if (status != AIRS_OK) {
        fail_msg("%s: %s", airs_status_name(status), fixture->error.text);
    }
    assert_string_equal(done, expected);
}

static void keep_number(void *context, airs_bytes_t payload) {
    char text[32];
    (void)snprintf(text, sizeof text, "%.*s", (int)payload.size, (const char *)payload.data);
    *(long *)context = strtol(text, NULL, 10);
}

/* How many messages a counter has had, this one included: state that a restart would lose. -1: it did not answer. */
static long count(fixture_t *fixture, const char *name, const char *instance) {
    long number = -1;
    (void)airs_node_call(airs_application_node(fixture->application), airs_id("app", name, instance),
                         airs_bytes("x", 1), airs_str(NULL), 60000, keep_number, &number, NULL);
    return number;
}

static bool append_id(void *context, const airs_actor_info_t *info) {
    char *text = context;
    size_t used = strlen(text);
    (void)snprintf(text + used, 256 - used, "%s%.*s/%.*s", used > 0 ? " " : "", AIRS_STR_ARG(info->id.name),
                   AIRS_STR_ARG(info->id.instance));
    return true;
}

static void assert_actors(fixture_t *fixture, const char *expected) {
    char text[256] = "";
    airs_node_list(airs_application_node(fixture->application), append_id, text);
    assert_string_equal(text, expected);
}

static void the_same_manifest_changes_nothing(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP COUNTER("a") COUNTER("b") SUPERVISOR("s", "\"b\""));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_int_equal(count(&fixture, "b", "0"), 1);
    for (int i = 0; i < 3; i++) {
        expect_reload(&fixture, APP COUNTER("a") COUNTER("b") SUPERVISOR("s", "\"b\""), "2 unchanged");
    }
    assert_int_equal(count(&fixture, "a", "0"), 2);
    assert_int_equal(count(&fixture, "b", "0"), 2);
    end(&fixture);
    assert_ok(fixture.status);
}

/* What the new manifest does not trust, it does not get: not even what runs already. */
static void what_is_no_longer_trusted_is_told_and_goes_on(void **state) {
    (void)state;
    fixture_t fixture;
    char done[1024];
    char path[AIRS_TEMPORARY_PATH_MAX];
    char digest[AIRS_DIGEST_TEXT_MAX];
    char pinned[1024];
    airs_bytes_t guest;
    assert_ok(airs_file_read(airs_allocator_default(), airs_guest_path("counter", path), (size_t)64 << 20,
                             &guest, NULL));
    airs_digest_t counter = airs_digest_of(guest);
    airs_allocator_default()->release(NULL, (void *)guest.data);
    begin(&fixture, APP COUNTER("a"));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_status(reload(&fixture, APP COUNTER("a") "[trust]\nmode = \"require\"\n", done), AIRS_UNTRUSTED);
    assert_non_null(strstr(fixture.error.text, "component a: "));
    assert_non_null(strstr(fixture.error.text, "it is not signed, and no key is trusted"));
    assert_status(reload(&fixture, APP COUNTER("a") COUNTER("b") "[trust]\nmode = \"require\"\n", done),
                  AIRS_UNTRUSTED);
    assert_actors(&fixture, "a/0");
    airs_digest_t other = airs_digest_of(airs_bytes("x", 1));
    (void)snprintf(pinned, sizeof pinned, "%sdigest = \"%s\"\n", APP COUNTER("a"),
                   airs_digest_text(&other, digest));
    assert_status(reload(&fixture, pinned, done), AIRS_UNTRUSTED);
    assert_non_null(strstr(fixture.error.text, "its digest is sha256:"));
    assert_int_equal(count(&fixture, "a", "0"), 2);
    (void)snprintf(pinned, sizeof pinned, "%sdigest = \"%s\"\n[trust]\nmode = \"require\"\n",
                   APP COUNTER("a"), airs_digest_text(&counter, digest));
    expect_reload(&fixture, pinned, "1 unchanged");
    assert_int_equal(count(&fixture, "a", "0"), 3);
    end(&fixture);
    assert_ok(fixture.status);
}

/* What a component is updated to is held to the same: its pin, and the manifest's trust. */
static void updates_are_held_to_what_the_manifest_trusts(void **state) {
    (void)state;
    fixture_t fixture;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char digest[AIRS_DIGEST_TEXT_MAX];
    char pinned[1024];
    airs_bytes_t guest;
    assert_ok(airs_file_read(airs_allocator_default(), airs_guest_path("counter", path), (size_t)64 << 20,
                             &guest, NULL));
    airs_digest_t counter = airs_digest_of(guest);
    airs_allocator_default()->release(NULL, (void *)guest.data);
    (void)snprintf(pinned, sizeof pinned, "%sdigest = \"%s\"\n[trust]\nmode = \"require\"\n",
                   APP COUNTER("a"), airs_digest_text(&counter, digest));
    begin(&fixture, pinned);
    assert_int_equal(count(&fixture, "a", "0"), 1);
    airs_application_update_t update = {.component = airs_str("a"), .file = airs_guest_path("echo", path)};
    assert_status(airs_application_update(fixture.application, &update, &fixture.error), AIRS_UNTRUSTED);
    assert_non_null(strstr(fixture.error.text, "echo.wasm: its digest is sha256:"));
    assert_int_equal(count(&fixture, "a", "0"), 2);
    end(&fixture);
    assert_ok(fixture.status);
}

static void what_is_added_and_removed_leaves_the_rest_alone(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP COUNTER("a") COUNTER("b"));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    expect_reload(&fixture, APP COUNTER("c") "after = [\"d\"]\n" COUNTER("a") COUNTER("d"),
                  "added d, c; removed b; 1 unchanged");
    assert_actors(&fixture, "a/0 d/0 c/0");
    assert_int_equal(count(&fixture, "a", "0"), 2);
    assert_int_equal(count(&fixture, "b", "0"), -1);
    assert_int_equal(count(&fixture, "c", "0"), 1);
    expect_reload(&fixture, APP COUNTER("a"), "removed c, d; 1 unchanged");
    assert_actors(&fixture, "a/0");
    assert_int_equal(count(&fixture, "a", "0"), 3);
    end(&fixture);
}

static void only_the_difference_of_instances_starts_and_stops(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP COUNTER("a") "instances = 2\n" COUNTER("b"));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_int_equal(count(&fixture, "a", "1"), 1);
    expect_reload(&fixture, APP COUNTER("a") "instances = 4\n" COUNTER("b"),
                  "resized a (2 to 4); 1 unchanged");
    assert_actors(&fixture, "a/0 a/1 b/0 a/2 a/3");
    assert_int_equal(count(&fixture, "a", "1"), 2);
    expect_reload(&fixture, APP COUNTER("a") COUNTER("b"), "resized a (4 to 1); 1 unchanged");
    assert_actors(&fixture, "a/0 b/0");
    assert_int_equal(count(&fixture, "a", "0"), 2);
    expect_reload(&fixture, APP COUNTER("a") "instances = 2\n" COUNTER("b"),
                  "resized a (1 to 2); 1 unchanged");
    assert_int_equal(count(&fixture, "a", "1"), 1);
    assert_int_equal(count(&fixture, "a", "0"), 3);
    end(&fixture);
}

static void instances_below_other_supervisors_are_resized_too(void **state) {
    (void)state;
    fixture_t fixture;
#define TREE SUPERVISOR("inner", "\"a\"") SUPERVISOR("top", "\"b\", \"inner\", \"like\"")
#define LIKE SUPERVISOR("like", "\"c\"") "strategy = \"simple-one-for-one\"\n"
    begin(&fixture, APP COUNTER("a") COUNTER("b") COUNTER("c") "instances = 0\n" TREE LIKE);
    assert_int_equal(count(&fixture, "b", "0"), 1);
    expect_reload(&fixture,
                  APP COUNTER("a") "instances = 2\n" COUNTER("b") COUNTER("c") "instances = 2\n" TREE LIKE,
                  "resized a (1 to 2), c (0 to 2); 1 unchanged");
    assert_actors(&fixture, "b/0 a/0 a/1 c/0 c/1");
    expect_reload(&fixture, APP COUNTER("a") COUNTER("b") COUNTER("c") TREE LIKE,
                  "resized a (2 to 1), c (2 to 1); 1 unchanged");
    assert_actors(&fixture, "b/0 a/0 c/0");
    assert_int_equal(count(&fixture, "b", "0"), 2);
    end(&fixture);
}

static void another_supervision_restarts_its_tree_alone(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP COUNTER("a") COUNTER("b") COUNTER("c") SUPERVISOR("s", "\"b\", \"c\""));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_int_equal(count(&fixture, "b", "0"), 1);
    expect_reload(&fixture,
                  APP COUNTER("a") COUNTER("b") COUNTER("c")
                      SUPERVISOR("s", "\"c\", \"b\"") "intensity = 3\n",
                  "restarted s; 1 unchanged");
    assert_actors(&fixture, "a/0 c/0 b/0");
    assert_int_equal(count(&fixture, "a", "0"), 2);
    assert_int_equal(count(&fixture, "b", "0"), 1);
    /* From one tree to another. */
    expect_reload(&fixture, APP COUNTER("a") COUNTER("b") COUNTER("c"), "added b, c; removed s; 1 unchanged");
    assert_actors(&fixture, "a/0 b/0 c/0");
    assert_int_equal(count(&fixture, "a", "0"), 3);
    end(&fixture);
}

static void a_bad_manifest_changes_nothing_and_tells_all(void **state) {
    (void)state;
    fixture_t fixture;
    char done[1024];
    begin(&fixture, APP COUNTER("a"));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_status(reload(&fixture, "[application\n", done), AIRS_MANIFEST_INVALID);
    assert_status(reload(&fixture, APP COUNTER("a") "instances = -1\ncolour = 3\n", done),
                  AIRS_MANIFEST_INVALID);
    assert_non_null(strstr(fixture.error.text, ":5:13: components.a.instances: -1 is out of range"));
    assert_non_null(strstr(fixture.error.text, ":6:1: components.a.colour: unknown key"));
    assert_status(reload(&fixture, APP COUNTER("b") "[engine]\nslice = \"2ms\"\n", done), AIRS_UNSUPPORTED);
    assert_string_equal(fixture.error.text, "engine.slice is fixed while the application runs; restart it");
    airs_temporary_file_write_text(&folder, "bad.wasm", "no component");
    assert_status(reload(&fixture, APP COUNTER("b") "[components.bad]\nsource = \"bad.wasm\"\n", done),
                  AIRS_INVALID_COMPONENT);
    assert_memory_equal(fixture.error.text, "component bad: ", 15);
    assert_string_equal(done, "0 unchanged");
    assert_actors(&fixture, "a/0");
    assert_int_equal(count(&fixture, "a", "0"), 2);
    end(&fixture);
}

/* An engine counts fuel from its start on or never. */
static void fuel_in_a_policy_needs_an_engine_that_counts_it(void **state) {
    (void)state;
    fixture_t fixture;
    char done[1024];
#define POLICY APP "[policy]\nfile = \"policy.toml\"\n" COUNTER("a")
    airs_temporary_file_write_text(&folder, "policy.toml", "");
    begin(&fixture, POLICY);
    assert_int_equal(count(&fixture, "a", "0"), 1);
    airs_temporary_file_write_text(&folder, "policy.toml",
                                   "[[limits]]\ncomponent = \"other/**\"\nfuel = 1000\n");
    assert_ok(reload(&fixture, POLICY, done));
    airs_temporary_file_write_text(&folder, "policy.toml",
                                   "[[limits]]\ncomponent = \"app/a/*\"\nfuel = 1000\n");
    assert_status(reload(&fixture, POLICY, done), AIRS_UNSUPPORTED);
    assert_non_null(strstr(fixture.error.text,
                           "limits.fuel for components.a needs an engine that counts fuel, "
                           "which is fixed while the application runs; restart it"));
    assert_int_equal(count(&fixture, "a", "0"), 2);
    end(&fixture);
    /* From the start on it is just a limit, of those that it names. */
    airs_temporary_file_write_text(&folder, "policy.toml",
                                   "[[limits]]\ncomponent = \"app/a/*\"\nfuel = 1000000\n");
    begin(&fixture,
          APP "[policy]\nfile = \"policy.toml\"\n[components.a]\nsource = \"@loop\"\n" COUNTER("b"));
    airs_node_t *node = airs_application_node(fixture.application);
    assert_status(airs_node_call(node, airs_id("app", "a", "0"), airs_bytes("loop", 4), airs_str(NULL), 60000,
                                 NULL, NULL, &fixture.error),
                  AIRS_OUT_OF_FUEL);
    assert_int_equal(count(&fixture, "b", "0"), 1);
    end(&fixture);
#undef POLICY
}

static void what_does_not_start_is_told_and_what_was_there_runs_again(void **state) {
    (void)state;
    fixture_t fixture;
    char done[1024];
    begin(&fixture, APP COUNTER("a") COUNTER("b"));
    assert_int_equal(count(&fixture, "b", "0"), 1);
    assert_status(reload(&fixture,
                         APP COMPONENT("a", "initfail") "limits.timers = 5\n" COUNTER("b")
                             COMPONENT("c", "initfail"),
                         done),
                  AIRS_INITIALIZE_FAILED);
    assert_string_equal(
        fixture.error.text,
        "component a, instance 0: app/a/0: initialization-failed: this component never starts");
    assert_non_null(strstr(done, "failed a (component a, instance 0"));
    assert_non_null(strstr(done, ", c (component c, instance 0"));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_int_equal(count(&fixture, "b", "0"), 2);
    /* And what was wrong can be made good. */
    expect_reload(&fixture, APP COUNTER("a") COUNTER("b") COUNTER("c"), "added c; 2 unchanged");
    assert_int_equal(count(&fixture, "a", "0"), 2);
    assert_int_equal(count(&fixture, "c", "0"), 1);
    end(&fixture);
}

#define AT_ONCE "update.window = 0\n"

/* Files and settings change while the actors go on: what they have counted as actors stays. */
static void another_file_or_setting_updates_what_runs(void **state) {
    (void)state;
    fixture_t fixture;
    airs_actor_counters_t counters;
    begin(&fixture, APP COUNTER("a") "instances = 2\n" AT_ONCE COUNTER("b"));
    airs_node_t *node = airs_application_node(fixture.application);
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_int_equal(count(&fixture, "b", "0"), 1);
    expect_reload(&fixture, APP COUNTER("a") "instances = 2\nconfig = \"x\"\n" AT_ONCE COUNTER("b"),
                  "updated a; 1 unchanged");
    assert_int_equal(count(&fixture, "a", "0"), 1);
    assert_ok(airs_node_counters(node, airs_id("app", "a", "0"), &counters));
    assert_int_equal(counters.received, 2);
    assert_int_equal(counters.restarts, 0);
    expect_reload(&fixture, APP COMPONENT("a", "echo") "instances = 3\nconfig = \"x\"\n" AT_ONCE COUNTER("b"),
                  "updated a; resized a (2 to 3); 1 unchanged");
    assert_int_equal(count(&fixture, "a", "0"), 0); /* which is what an echo makes of it */
    assert_int_equal(count(&fixture, "a", "2"), 0);
    expect_reload(&fixture, APP COMPONENT("a", "echo") "instances = 3\nconfig = \"x\"\n" AT_ONCE COUNTER("b"),
                  "2 unchanged");
    assert_int_equal(count(&fixture, "b", "0"), 2);
    end(&fixture);
}

static void keep_text(void *context, airs_bytes_t payload) {
    (void)snprintf(context, 64, "%.*s", (int)payload.size, (const char *)payload.data);
}

static void assert_told(fixture_t *fixture, const char *question, airs_status_t status, const char *answer) {
    char text[64] = "";
    assert_status(airs_node_call(airs_application_node(fixture->application), airs_id("app", "a", "0"),
                                 airs_bytes(question, strlen(question)), airs_str(NULL), 60000, keep_text,
                                 text, NULL),
                  status);
    if (answer != NULL) {
        assert_string_equal(text, answer);
    }
}

/* Ends it by a trap; it is started anew as it is now. */
static void let_crash(fixture_t *fixture) {
    airs_actor_counters_t counters = {0};
    assert_told(fixture, "trap", AIRS_TRAP, NULL);
    for (int i = 0; i < 60000 && counters.restarts == 0; i++) {
        (void)airs_node_counters(airs_application_node(fixture->application), airs_id("app", "a", "0"),
                                 &counters);
        (void)usleep(1000);
    }
    assert_int_equal(counters.restarts, 1);
}

#define SETTINGS APP COMPONENT("a", "standard/settings") AT_ONCE

static void changed_settings_and_secrets_reach_what_runs(void **state) {
    (void)state;
    fixture_t fixture;
    airs_temporary_file_write_text(&folder, "token", "one\n");
    const char manifest[] = SETTINGS "secrets = { token = { file = \"token\" } }\nsettings = { a = \"x\" }\n";
    begin(&fixture, manifest);
    assert_told(&fixture, "rc1 token", AIRS_OK, "token=one");
    expect_reload(&fixture, manifest, "1 unchanged");
    airs_temporary_file_write_text(&folder, "token", "two\n");
    expect_reload(&fixture, manifest, "updated a; 0 unchanged");
    assert_told(&fixture, "rc1 token", AIRS_OK, "token=two");
    assert_told(&fixture, "draft a", AIRS_OK, "a=x");
    let_crash(&fixture);
    assert_told(&fixture, "rc1 token", AIRS_OK, "token=two");
    end(&fixture);
}

/* What is taken away does not come back with a restart. */
static void changed_capabilities_outlive_a_crash(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, SETTINGS "settings = { a = \"x\" }\n");
    assert_told(&fixture, "rc1 a", AIRS_OK, "a=x");
    expect_reload(&fixture, SETTINGS "settings = { a = \"x\" }\ncapabilities = { config = [\"b\"] }\n",
                  "updated a; 0 unchanged");
    assert_told(&fixture, "rc1 a", AIRS_HANDLE_MESSAGE_FAILED, NULL);
    let_crash(&fixture);
    assert_told(&fixture, "rc1 a", AIRS_HANDLE_MESSAGE_FAILED, NULL);
    end(&fixture);
}

static void an_update_that_fails_is_taken_back_and_tried_again_next_time(void **state) {
    (void)state;
    fixture_t fixture;
    char done[1024];
    begin(&fixture, APP COUNTER("a") AT_ONCE COUNTER("b"));
    assert_int_equal(count(&fixture, "a", "0"), 1);
    for (int i = 0; i < 2; i++) {
        assert_status(reload(&fixture, APP COMPONENT("a", "initfail") AT_ONCE COUNTER("b"), done),
                      AIRS_ROLLED_BACK);
        assert_memory_equal(fixture.error.text, "component a: ", 13);
        assert_memory_equal(done, "failed a (component a: ", 23);
        assert_int_equal(count(&fixture, "a", "0"), 2 + i);
    }
    expect_reload(&fixture, APP COUNTER("a") AT_ONCE COUNTER("b"), "updated a; 1 unchanged");
    assert_int_equal(count(&fixture, "a", "0"), 1);
    end(&fixture);
}

/* Of a component without a living instance there is nothing to update: it is started. */
static void what_has_ended_by_itself_is_started_as_it_is_now(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP COMPONENT("a", "trap") "restart = \"temporary\"\n" COUNTER("b"));
    airs_node_t *node = airs_application_node(fixture.application);
    (void)airs_node_call(node, airs_id("app", "a", "0"), airs_bytes("trap", 4), airs_str(NULL), 60000, NULL,
                         NULL, NULL);
    assert_ok(airs_node_drain(node, 60000));
    assert_actors(&fixture, "b/0");
    expect_reload(&fixture, APP COUNTER("a") "restart = \"temporary\"\n" COUNTER("b"),
                  "restarted a; 1 unchanged");
    assert_int_equal(count(&fixture, "a", "0"), 1);
    end(&fixture);
}

/* A component that has given up is back with the next reading. */
static void what_had_given_up_is_started_again(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP COMPONENT("trap", "trap") COUNTER("b"));
    airs_node_t *node = airs_application_node(fixture.application);
    for (int i = 0; i <= AIRS_IMPLICIT_INTENSITY; i++) {
        (void)airs_node_call(node, airs_id("app", "trap", "0"), airs_bytes("trap", 4), airs_str(NULL), 60000,
                             NULL, NULL, NULL);
    }
    assert_ok(airs_node_drain(node, 60000));
    assert_actors(&fixture, "b/0");
    expect_reload(&fixture, APP COMPONENT("trap", "trap") COUNTER("b"), "added trap; 1 unchanged");
    assert_actors(&fixture, "b/0 trap/0");
    end(&fixture);
}

static void an_application_that_stops_is_not_changed(void **state) {
    (void)state;
    fixture_t fixture;
    char done[1024];
    begin(&fixture, APP COUNTER("a"));
    airs_application_interrupt(fixture.application);
    assert_status(reload(&fixture, APP COUNTER("b"), done), AIRS_INVALID_STATE);
    assert_string_equal(fixture.error.text, "the application is starting or stopping");
    end(&fixture);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    fixture_t fixture;
    airs_reload_report_t report;
    airs_error_t error = {AIRS_OK, ""};
    airs_guest_manifest_write(&folder, APP COUNTER("a") COUNTER("b"));
    airs_reload_report_init(&report, allocator);
    airs_status_t status = create(&fixture, allocator);
    if (status == AIRS_OK) {
        let_run(&fixture);
        airs_guest_manifest_write(&folder, APP COUNTER("a") "instances = 2\n" COUNTER("c"));
        status = airs_application_reload(fixture.application, &report, &error);
        if (status != error.status) {
            fail_msg("%s without a text", airs_status_name(status));
        }
        airs_application_interrupt(fixture.application);
        assert_int_equal(pthread_join(fixture.thread, NULL), 0);
        status = status == AIRS_OK ? fixture.status : status;
    }
    airs_reload_report_free(&report);
    airs_application_destroy(fixture.application);
    airs_manifest_destroy(fixture.manifest);
    return status;
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
        cmocka_unit_test(the_same_manifest_changes_nothing),
        cmocka_unit_test(what_is_no_longer_trusted_is_told_and_goes_on),
        cmocka_unit_test(updates_are_held_to_what_the_manifest_trusts),
        cmocka_unit_test(what_is_added_and_removed_leaves_the_rest_alone),
        cmocka_unit_test(only_the_difference_of_instances_starts_and_stops),
        cmocka_unit_test(instances_below_other_supervisors_are_resized_too),
        cmocka_unit_test(another_supervision_restarts_its_tree_alone),
        cmocka_unit_test(a_bad_manifest_changes_nothing_and_tells_all),
        cmocka_unit_test(fuel_in_a_policy_needs_an_engine_that_counts_it),
        cmocka_unit_test(what_does_not_start_is_told_and_what_was_there_runs_again),
        cmocka_unit_test(another_file_or_setting_updates_what_runs),
        cmocka_unit_test(changed_settings_and_secrets_reach_what_runs),
        cmocka_unit_test(changed_capabilities_outlive_a_crash),
        cmocka_unit_test(an_update_that_fails_is_taken_back_and_tried_again_next_time),
        cmocka_unit_test(what_has_ended_by_itself_is_started_as_it_is_now),
        cmocka_unit_test(what_had_given_up_is_started_again),
        cmocka_unit_test(an_application_that_stops_is_not_changed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
