/* An application through its functions: what the command cannot show. */
#include "node/application.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/guest_manifest.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define APP(inside) "[application]\nname = \"app\"\n" inside
#define COMPONENT(name, guest) "[components." name "]\nsource = \"@" guest "\"\n"
#define COUNTER APP("input = \"counter\"\noutput = \"counter\"\n") COMPONENT("counter", "counter")

/* What the output component wrote and answered. */
typedef struct output {
    pthread_mutex_t lock;
    char text[4096];
    size_t size;
} output_t;

static void take_output(void *context, airs_bytes_t bytes) {
    output_t *output = context;
    pthread_mutex_lock(&output->lock);
    size_t room = sizeof output->text - 1 - output->size;
    size_t taken = bytes.size < room ? bytes.size : room;
    memcpy(output->text + output->size, bytes.data, taken);
    output->size += taken;
    output->text[output->size] = '\0';
    pthread_mutex_unlock(&output->lock);
}

typedef struct fixture {
    airs_manifest_t *manifest;
    airs_application_t *application;
    output_t output;
    airs_error_t error;
} fixture_t;

static airs_status_t create(fixture_t *fixture, const airs_allocator_t *allocator) {
    *fixture = (fixture_t){.output = {.lock = PTHREAD_MUTEX_INITIALIZER}, .error = {AIRS_OK, ""}};
    airs_application_options_t options = {
        .allocator = allocator,
        .log = airs_log_none(),
        .workers = 2,
        .cache_dir = "",
        .output = take_output,
        .output_context = &fixture->output,
    };
    airs_status_t status = airs_manifest_load(allocator, folder.path, &fixture->manifest, &fixture->error);
    if (status == AIRS_OK) {
        status = airs_application_create(fixture->manifest, &options, &fixture->application, &fixture->error);
    }
    return status;
}

static void destroy(fixture_t *fixture) {
    airs_application_destroy(fixture->application);
    airs_manifest_destroy(fixture->manifest);
}

static void begin(fixture_t *fixture, const char *manifest) {
    airs_guest_manifest_write(&folder, manifest);
    if (create(fixture, airs_allocator_default()) != AIRS_OK) {
        fail_msg("not created: %s", fixture->error.text);
    }
}

static airs_status_t load_and_start(fixture_t *fixture) {
    airs_status_t status = airs_application_load(fixture->application, &fixture->error);
    return status == AIRS_OK ? airs_application_start(fixture->application, &fixture->error) : status;
}

static int open_input(const char *text) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_write_text(&folder, "input", text);
    int file = open(airs_temporary_file_path(&folder, "input", path), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    return file;
}

static airs_status_t run_input(fixture_t *fixture, int file) {
    airs_application_input_t input = {file, "input"};
    airs_status_t status = airs_application_run(fixture->application, &input, &fixture->error);
    close(file);
    return status;
}

static bool keep_info(void *context, const airs_actor_info_t *info) {
    *(airs_actor_info_t *)context = *info; /* what is borrowed is not looked at */
    return true;
}

/* What the manifest says of messages is what its actors are made with. */
static void actors_are_bounded_as_the_manifest_says(void **state) {
    (void)state;
    fixture_t fixture;
    airs_actor_info_t info = {.native = true};
    airs_error_t error;
    uint32_t reached = 0;
    begin(&fixture, APP("") COMPONENT("counter", "counter") "subscribe = [\"a.*\", \"b\"]\n"
                                                            "accepts = [\"json\", \"raw\"]\n"
                                                            "limits.mailbox-policy = \"drop-oldest\"\n"
                                                            "limits.mailbox-messages = 5\n"
                                                            "limits.subscriptions = 2\n");
    assert_ok(load_and_start(&fixture));
    airs_node_t *node = airs_application_node(fixture.application);
    airs_id_t id = airs_id("app", "counter", "0");
    airs_node_list(node, keep_info, &info);
    assert_false(info.native);
    assert_int_equal(info.mailbox_policy, AIRS_MAILBOX_DROP_OLDEST);
    assert_int_equal(info.mailbox_messages, 5);
    assert_int_equal(info.subscriptions, 2);
    assert_status(airs_node_subscribe_actor(node, id, airs_str("c"), NULL), AIRS_QUOTA_EXCEEDED);
    assert_ok(
        airs_node_publish(node, airs_str("a.b"), airs_bytes("\x55", 1), airs_str(NULL), &reached, NULL));
    assert_int_equal(reached, 1);
    assert_status(airs_node_send(node, id, airs_bytes("\x51", 1), &error), AIRS_UNSUPPORTED_CODEC);
    assert_string_equal(error.text, "app/counter/0 accepts json, raw; this message is cbor (0x51)");
    destroy(&fixture);
}

static bool keep_version(void *context, const airs_actor_info_t *info) {
    (void)snprintf(context, 32, "%s %s", info->name, info->version);
    return true;
}

/* Nobody asked for it before it is looked at. */
static void actors_have_said_who_they_are(void **state) {
    (void)state;
    fixture_t fixture;
    char version[32] = "";
    begin(&fixture, APP("") COMPONENT("mirror", "echo"));
    assert_ok(load_and_start(&fixture));
    airs_node_t *node = airs_application_node(fixture.application);
    assert_ok(airs_node_drain(node, 60000));
    airs_node_list(node, keep_version, version);
    assert_string_equal(version, "echo 1.2.3");
    destroy(&fixture);
}

static void progress_follows_the_stages(void **state) {
    (void)state;
    fixture_t fixture;
    airs_application_progress_t progress;
    begin(&fixture, COUNTER);
    airs_application_progress(fixture.application, &progress);
    assert_int_equal(progress.stage, AIRS_APPLICATION_CREATED);
    assert_ok(airs_application_load(fixture.application, &fixture.error));
    airs_application_progress(fixture.application, &progress);
    assert_int_equal(progress.stage, AIRS_APPLICATION_LOADING);
    assert_string_equal(progress.component, "counter");
    assert_ok(airs_application_start(fixture.application, &fixture.error));
    assert_ok(run_input(&fixture, open_input("a\nbc\n")));
    airs_application_progress(fixture.application, &progress);
    assert_int_equal(progress.stage, AIRS_APPLICATION_ENDED);
    assert_null(progress.component);
    assert_int_equal(progress.lines, 2);
    assert_int_equal(progress.bytes, 5);
    assert_int_equal(progress.totals.messages, 3);
    assert_int_equal(progress.totals.actors, 0);
    assert_true(progress.work_ns > 0);
    assert_string_equal(fixture.output.text, "3");
    destroy(&fixture);
}

static void each_instance_answers_the_end(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, COUNTER "instances = 3\n");
    assert_ok(load_and_start(&fixture));
    assert_ok(run_input(&fixture, open_input("")));
    assert_string_equal(fixture.output.text, "111");
    destroy(&fixture);
}

static void an_interruption_before_each_stage_is_noticed(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, COUNTER);
    airs_application_interrupt(fixture.application);
    airs_application_interrupt(fixture.application);
    assert_status(airs_application_load(fixture.application, &fixture.error), AIRS_CANCELLED);
    destroy(&fixture);

    begin(&fixture, COUNTER);
    assert_ok(airs_application_load(fixture.application, &fixture.error));
    airs_application_interrupt(fixture.application);
    assert_status(airs_application_start(fixture.application, &fixture.error), AIRS_CANCELLED);
    destroy(&fixture);

    begin(&fixture, COUNTER);
    assert_ok(load_and_start(&fixture));
    airs_application_interrupt(fixture.application);
    assert_status(run_input(&fixture, open_input("a\n")), AIRS_CANCELLED);
    assert_string_equal(fixture.output.text, "");
    destroy(&fixture);

    begin(&fixture, COUNTER);
    assert_ok(load_and_start(&fixture));
    airs_application_interrupt(fixture.application);
    assert_ok(airs_application_run(fixture.application, NULL, &fixture.error));
    destroy(&fixture);
}

static void it_can_be_destroyed_at_every_stage(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, COUNTER);
    destroy(&fixture);
    begin(&fixture, COUNTER);
    assert_ok(airs_application_load(fixture.application, &fixture.error));
    destroy(&fixture);
    begin(&fixture, COUNTER);
    assert_ok(load_and_start(&fixture));
    destroy(&fixture);
    airs_application_destroy(NULL);
}

static void *run_without_input(void *argument) {
    fixture_t *fixture = argument;
    return (void *)(uintptr_t)airs_application_run(fixture->application, NULL, &fixture->error);
}

static void an_application_whose_actors_have_all_ended_ends(void **state) {
    (void)state;
    fixture_t fixture;
    pthread_t thread;
    void *status;
    begin(&fixture, APP("") COMPONENT("trap", "trap") "restart = \"temporary\"\n");
    assert_ok(load_and_start(&fixture));
    assert_int_equal(pthread_create(&thread, NULL, run_without_input, &fixture), 0);
    assert_ok(airs_node_send(airs_application_node(fixture.application), airs_id("app", "trap", "0"),
                             airs_bytes("trap", 4), NULL));
    assert_int_equal(pthread_join(thread, &status), 0);
    assert_ok((airs_status_t)(uintptr_t)status);
    airs_application_progress_t progress;
    airs_application_progress(fixture.application, &progress);
    assert_int_equal(progress.totals.crashed, 1);
    destroy(&fixture);
}

/* ---- supervision ---- */

#define ECHO(name) COMPONENT(name, "echo")
#define SUPERVISOR(name, children) "[supervisors." name "]\nchildren = [" children "]\n"

static bool append_id(void *context, const airs_actor_info_t *info) {
    char *text = context;
    size_t used = strlen(text);
    (void)snprintf(text + used, 256 - used, "%s%.*s/%.*s", used > 0 ? " " : "", AIRS_STR_ARG(info->id.name),
                   AIRS_STR_ARG(info->id.instance));
    return true;
}

/* Who lives, in the order of their start. */
static void assert_actors(fixture_t *fixture, const char *expected) {
    char text[256] = "";
    airs_node_list(airs_application_node(fixture->application), append_id, text);
    assert_string_equal(text, expected);
}

static airs_status_t say(fixture_t *fixture, const char *name, const char *instance, const char *text) {
    return airs_node_call(airs_application_node(fixture->application), airs_id("app", name, instance),
                          airs_bytes(text, strlen(text)), airs_str(NULL), 60000, NULL, NULL, NULL);
}

static void actors_start_after_what_they_need(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP("") ECHO("web") "after = [\"db\"]\ninstances = 2\n" ECHO("log") ECHO("db")
                        ECHO("cache") SUPERVISOR("stores", "\"cache\", \"db\""));
    assert_ok(load_and_start(&fixture));
    assert_actors(&fixture, "log/0 cache/0 db/0 web/0 web/1");
    destroy(&fixture);
}

static void who_crashes_comes_back_and_the_others_never_notice(void **state) {
    (void)state;
    fixture_t fixture;
    airs_actor_counters_t counters;
    begin(&fixture, APP("") COMPONENT("trap", "trap") "instances = 2\n" ECHO("echo"));
    assert_ok(load_and_start(&fixture));
    airs_node_t *node = airs_application_node(fixture.application);
    assert_status(say(&fixture, "trap", "0", "trap"), AIRS_TRAP);
    assert_ok(say(&fixture, "trap", "0", "fine"));
    assert_ok(airs_node_counters(node, airs_id("app", "trap", "0"), &counters));
    assert_int_equal(counters.restarts, 1);
    assert_ok(airs_node_counters(node, airs_id("app", "trap", "1"), &counters));
    assert_int_equal(counters.restarts, 0);
    assert_ok(airs_node_counters(node, airs_id("app", "echo", "0"), &counters));
    assert_int_equal(counters.restarts, 0);
    destroy(&fixture);
}

/* Each incarnation is recorded anew, and what is not asked to be recorded is not. */
static void crash_files_go_to_the_applications_own_folder(void **state) {
    (void)state;
    fixture_t fixture;
    char path[AIRS_TEMPORARY_PATH_MAX];
    struct dirent **entries = NULL;
    const char *before = getenv("XDG_STATE_HOME");
    char *saved = before != NULL ? strdup(before) : NULL;
    assert_int_equal(setenv("XDG_STATE_HOME", airs_temporary_file_path(&folder, "state", path), 1), 0);
    begin(&fixture, APP("") COMPONENT("trap", "trap") "record = true\n" COMPONENT("other", "trap"));
    assert_ok(load_and_start(&fixture));
    assert_status(say(&fixture, "trap", "0", "trap"), AIRS_TRAP);
    assert_status(say(&fixture, "trap", "0", "divide"), AIRS_TRAP);
    assert_status(say(&fixture, "other", "0", "trap"), AIRS_TRAP);
    destroy(&fixture);
    airs_temporary_file_path(&folder, "state/airssys/crashes/app", path);
    int count = scandir(path, &entries, NULL, alphasort);
    assert_int_equal(count, 4);
    for (int i = 0; i < count; i++) {
        /* The first two are the folder itself and the one above. */
        assert_true(i < 2 || strstr(entries[i]->d_name, "-app_trap_0.crash") != NULL);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(saved != NULL ? setenv("XDG_STATE_HOME", saved, 1) : unsetenv("XDG_STATE_HOME"), 0);
    free(saved);
}

static void a_component_of_its_own_gives_up_alone(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP("") COMPONENT("trap", "trap") ECHO("echo"));
    assert_ok(load_and_start(&fixture));
    for (int i = 0; i <= AIRS_IMPLICIT_INTENSITY; i++) {
        assert_status(say(&fixture, "trap", "0", "trap"), AIRS_TRAP);
    }
    airs_node_t *node = airs_application_node(fixture.application);
    assert_ok(airs_node_drain(node, 60000));
    assert_status(say(&fixture, "trap", "0", "fine"), AIRS_TARGET_NOT_FOUND);
    assert_actors(&fixture, "echo/0");
    assert_ok(say(&fixture, "echo", "0", "fine"));
    airs_application_interrupt(fixture.application);
    assert_ok(airs_application_run(fixture.application, NULL, &fixture.error));
    destroy(&fixture);
}

static void a_supervisor_of_the_manifest_takes_the_application_with_it(void **state) {
    (void)state;
    fixture_t fixture;
    pthread_t thread;
    void *status;
    begin(&fixture,
          APP("") COMPONENT("trap", "trap") ECHO("echo") SUPERVISOR("all", "\"trap\"") "intensity = 0\n");
    assert_ok(load_and_start(&fixture));
    assert_int_equal(pthread_create(&thread, NULL, run_without_input, &fixture), 0);
    assert_status(say(&fixture, "trap", "0", "trap"), AIRS_TRAP);
    assert_int_equal(pthread_join(thread, &status), 0);
    assert_status((airs_status_t)(uintptr_t)status, AIRS_STOPPED);
    assert_string_equal(fixture.error.text,
                        "supervisor all has given up: its children were restarted too often");
    assert_actors(&fixture, "");
    destroy(&fixture);
}

/* A supervisor below another is restarted by it, with all that it has. */
static void what_gives_up_below_another_comes_back_with_it(void **state) {
    (void)state;
    fixture_t fixture;
    airs_actor_counters_t counters;
    begin(&fixture,
          APP("") COMPONENT("trap", "trap") ECHO("echo") ECHO("other") SUPERVISOR(
              "inner", "\"trap\", \"echo\"") "intensity = 0\n" SUPERVISOR("top", "\"other\", \"inner\""));
    assert_ok(load_and_start(&fixture));
    airs_node_t *node = airs_application_node(fixture.application);
    assert_status(say(&fixture, "trap", "0", "trap"), AIRS_TRAP);
    assert_ok(say(&fixture, "trap", "0", "fine"));
    assert_ok(airs_node_drain(node, 60000));
    assert_ok(airs_node_counters(node, airs_id("app", "echo", "0"), &counters));
    assert_int_equal(counters.restarts, 1);
    assert_ok(airs_node_counters(node, airs_id("app", "other", "0"), &counters));
    assert_int_equal(counters.restarts, 0);
    destroy(&fixture);
}

static void a_start_that_fails_names_who_and_stops_those_before(void **state) {
    (void)state;
    fixture_t fixture;
    static const char *const trees[] = {
        "",
        SUPERVISOR("s", "\"echo\", \"bad\""),
        SUPERVISOR("inner", "\"echo\", \"bad\"") SUPERVISOR("top", "\"inner\""),
        SUPERVISOR("s", "\"bad\"") "strategy = \"simple-one-for-one\"\n",
    };
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "%s%s",
                       APP("") ECHO("first") ECHO("echo") COMPONENT("bad", "initfail") "instances = 2\n",
                       trees[i]);
        begin(&fixture, text);
        assert_status(load_and_start(&fixture), AIRS_INITIALIZE_FAILED);
        assert_string_equal(
            fixture.error.text,
            "component bad, instance 0: app/bad/0: initialization-failed: this component never starts");
        assert_actors(&fixture, "");
        destroy(&fixture);
    }
}

static void instances_that_are_all_alike_start_with_their_supervisor(void **state) {
    (void)state;
    fixture_t fixture;
    begin(
        &fixture,
        APP("") COMPONENT("trap", "trap") "instances = 3\n" SUPERVISOR(
            "s", "\"trap\"") "strategy = \"simple-one-for-one\"\nintensity = 0\n" SUPERVISOR("top", "\"s\""));
    assert_ok(load_and_start(&fixture));
    assert_actors(&fixture, "trap/0 trap/1 trap/2");
    /* And start with it again. */
    assert_status(say(&fixture, "trap", "1", "trap"), AIRS_TRAP);
    assert_ok(airs_node_drain(airs_application_node(fixture.application), 60000));
    assert_actors(&fixture, "trap/0 trap/1 trap/2");
    assert_ok(say(&fixture, "trap", "1", "fine"));
    destroy(&fixture);
}

/* Nobody is there yet: that is no reason to end. */
static void an_application_that_waits_for_children_goes_on(void **state) {
    (void)state;
    fixture_t fixture;
    pthread_t thread;
    void *status;
    begin(&fixture, APP("") ECHO("echo") "instances = 0\n" SUPERVISOR(
                        "s", "\"echo\"") "strategy = \"simple-one-for-one\"\n");
    assert_ok(load_and_start(&fixture));
    assert_actors(&fixture, "");
    assert_int_equal(pthread_create(&thread, NULL, run_without_input, &fixture), 0);
    airs_application_progress_t progress;
    do {
        airs_application_progress(fixture.application, &progress);
    } while (progress.stage < AIRS_APPLICATION_RUNNING);
    assert_int_equal(progress.stage, AIRS_APPLICATION_RUNNING);
    airs_application_interrupt(fixture.application);
    assert_int_equal(pthread_join(thread, &status), 0);
    assert_ok((airs_status_t)(uintptr_t)status);
    destroy(&fixture);
}

/* A restart that waits does not hold up the end. */
static void it_stops_while_a_restart_waits(void **state) {
    (void)state;
    fixture_t fixture;
    begin(
        &fixture,
        APP("") COMPONENT("trap", "trap") ECHO("echo") SUPERVISOR(
            "s",
            "\"trap\", \"echo\"") "backoff = { first = \"1h\", max = \"2h\" }\n[shutdown]\ndrain-time = 0\n");
    assert_ok(load_and_start(&fixture));
    assert_status(say(&fixture, "trap", "0", "trap"), AIRS_TRAP);
    airs_application_interrupt(fixture.application);
    assert_status(airs_application_run(fixture.application, NULL, &fixture.error), AIRS_CANCELLED);
    assert_actors(&fixture, "");
    destroy(&fixture);
}

static void an_end_that_is_answered_with_an_error_is_told(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture, APP("input = \"failing\"\noutput = \"failing\"\n") COMPONENT("failing", "failing"));
    assert_ok(load_and_start(&fixture));
    assert_int_not_equal(run_input(&fixture, open_input("")), AIRS_OK);
    assert_memory_equal(fixture.error.text, "app/failing/0, told that the input has ended: ", 46);
    destroy(&fixture);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    fixture_t fixture;
    airs_status_t status = create(&fixture, allocator);
    if (status == AIRS_OK) {
        status = load_and_start(&fixture);
    }
    if (status == AIRS_OK) {
        status = run_input(&fixture, open_input("a\nb\n"));
    }
    if (status != fixture.error.status) {
        fail_msg("%s without a text", airs_status_name(status));
    }
    destroy(&fixture);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_guest_manifest_write(
        &folder,
        COUNTER ECHO("echo") SUPERVISOR("inner", "\"echo\"") "strategy = \"simple-one-for-one\"\n" SUPERVISOR(
            "top", "\"counter\", \"inner\""));
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
        cmocka_unit_test(actors_are_bounded_as_the_manifest_says),
        cmocka_unit_test(actors_have_said_who_they_are),
        cmocka_unit_test(progress_follows_the_stages),
        cmocka_unit_test(each_instance_answers_the_end),
        cmocka_unit_test(an_interruption_before_each_stage_is_noticed),
        cmocka_unit_test(it_can_be_destroyed_at_every_stage),
        cmocka_unit_test(an_application_whose_actors_have_all_ended_ends),
        cmocka_unit_test(actors_start_after_what_they_need),
        cmocka_unit_test(who_crashes_comes_back_and_the_others_never_notice),
        cmocka_unit_test(crash_files_go_to_the_applications_own_folder),
        cmocka_unit_test(a_component_of_its_own_gives_up_alone),
        cmocka_unit_test(a_supervisor_of_the_manifest_takes_the_application_with_it),
        cmocka_unit_test(what_gives_up_below_another_comes_back_with_it),
        cmocka_unit_test(a_start_that_fails_names_who_and_stops_those_before),
        cmocka_unit_test(instances_that_are_all_alike_start_with_their_supervisor),
        cmocka_unit_test(an_application_that_waits_for_children_goes_on),
        cmocka_unit_test(it_stops_while_a_restart_waits),
        cmocka_unit_test(an_end_that_is_answered_with_an_error_is_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
