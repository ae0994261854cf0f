/* An application through its functions: what the command cannot show. */
#include "node/application.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
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
    begin(&fixture, APP("") COMPONENT("trap", "trap"));
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
    airs_guest_manifest_write(&folder, COUNTER "instances = 2\n");
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
        cmocka_unit_test(an_end_that_is_answered_with_an_error_is_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
