/* The library's front: include/airssys/node.h over the real engine. */
#include "node/node.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

#define CALL_MS 20000
#define GUEST(name) AIRS_TEST_GUESTS "/" name ".wasm"

static airs_node_t *node_with(const airs_node_options_t *options) {
    airs_node_t *node = NULL;
    airs_error_t error = {AIRS_OK, ""};
    if (airs_node_create(options, &node, &error) != AIRS_OK) {
        fail_msg("no node: %s", error.text);
    }
    return node;
}

static airs_node_options_t quiet_options(void) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.max_actors = 20;
    options.cache_dir = "";
    options.log = airs_log_none();
    return options;
}

static airs_node_t *quiet_node(void) {
    airs_node_options_t options = quiet_options();
    return node_with(&options);
}

static airs_component_t load(airs_node_t *node, const char *path) {
    airs_component_t component = 0;
    airs_error_t error = {AIRS_OK, ""};
    if (airs_node_load(node, path, &component, &error) != AIRS_OK) {
        fail_msg("not loaded: %s", error.text);
    }
    assert_int_not_equal(component, 0);
    return component;
}

typedef struct answer {
    char text[256];
    size_t size;
    int calls;
} answer_t;

static void take_answer(void *context, airs_bytes_t payload) {
    answer_t *answer = context;
    answer->calls++;
    answer->size = payload.size;
    snprintf(answer->text, sizeof answer->text, "%.*s", (int)payload.size,
             payload.data != NULL ? (const char *)payload.data : "");
}

static airs_status_t call(airs_node_t *node, airs_id_t id, const char *text, answer_t *answer,
                          airs_error_t *error) {
    memset(answer, 0, sizeof *answer);
    return airs_node_call(node, id, airs_bytes(text, strlen(text)), airs_str(""), CALL_MS, take_answer,
                          answer, error);
}

static void an_actor_lives_from_load_to_stop(void **state) {
    (void)state;
    airs_node_t *node = quiet_node();
    airs_component_t component = load(node, GUEST("counter"));
    airs_id_t id = airs_id("test", "counter", "0");
    airs_actor_counters_t counters;
    answer_t answer;
    assert_ok(airs_node_spawn(node, component, id, NULL, NULL));
    assert_status(airs_node_spawn(node, component, id, NULL, NULL), AIRS_ALREADY_EXISTS);
    assert_ok(airs_node_send(node, id, airs_bytes("x", 1), NULL));
    assert_ok(airs_node_send_wait(node, id, airs_bytes("x", 1), airs_str("text/plain"), CALL_MS, NULL));
    assert_ok(call(node, id, "x", &answer, NULL));
    assert_int_equal(answer.calls, 1);
    assert_string_equal(answer.text, "3");
    assert_ok(airs_node_drain(node, CALL_MS));
    assert_ok(airs_node_counters(node, id, &counters));
    assert_int_equal(counters.state, AIRS_ACTOR_RUNNING);
    assert_int_equal(counters.received, 3);
    assert_int_equal(counters.handled, 3);
    airs_node_unload(node, component);
    assert_ok(call(node, id, "get", &answer, NULL)); /* actors made from it live on */
    assert_ok(airs_node_stop(node, id, AIRS_STOP_DRAIN, CALL_MS, NULL));
    assert_status(airs_node_counters(node, id, &counters), AIRS_TARGET_NOT_FOUND);
    assert_status(airs_node_send(node, id, airs_bytes("x", 1), NULL), AIRS_TARGET_NOT_FOUND);
    airs_node_counters_t totals;
    airs_node_totals(node, &totals);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(totals.spawned, 1);
    assert_int_equal(totals.crashed, 0);
    assert_int_equal(totals.messages, 4);
    airs_node_destroy(node);
}

static void bytes_are_loaded_as_files_are(void **state) {
    (void)state;
    static char bytes[4 << 20];
    airs_node_t *node = quiet_node();
    airs_component_t component = 0;
    answer_t answer;
    FILE *file = fopen(GUEST("echo"), "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    assert_ok(airs_node_load_bytes(node, airs_bytes(bytes, size), "echo", &component, NULL));
    assert_ok(airs_node_spawn(node, component, airs_id("test", "echo", "0"), NULL, NULL));
    assert_ok(call(node, airs_id("test", "echo", "0"), "hello", &answer, NULL));
    assert_string_equal(answer.text, "hello");
    airs_node_destroy(node);
}

static void what_is_no_component_is_refused_and_the_node_goes_on(void **state) {
    (void)state;
    airs_node_t *node = quiet_node();
    airs_component_t component = 7;
    airs_error_t error;
    assert_status(airs_node_load(node, "/no/such/file.wasm", &component, &error), AIRS_IO);
    assert_non_null(strstr(error.text, "/no/such/file.wasm"));
    assert_status(airs_node_load(node, NULL, &component, &error), AIRS_INVALID_ARGUMENT);
    assert_status(airs_node_load(node, "", &component, &error), AIRS_INVALID_ARGUMENT);
    assert_status(airs_node_load_bytes(node, airs_bytes("(module)", 8), "module", &component, &error),
                  AIRS_INVALID_COMPONENT);
    assert_status(airs_node_load_bytes(node, airs_bytes(NULL, 0), NULL, &component, &error),
                  AIRS_INVALID_COMPONENT);
    assert_int_equal(component, 7);
    airs_node_unload(node, 99);
    assert_status(airs_node_spawn(node, 99, airs_id("test", "x", "0"), NULL, &error), AIRS_NOT_LOADED);
    component = load(node, GUEST("echo"));
    assert_ok(airs_node_spawn(node, component, airs_id("test", "x", "0"), NULL, &error));
    airs_node_destroy(node);
}

static void limits_that_the_engine_was_not_made_for_are_refused_by_name(void **state) {
    (void)state;
    airs_node_t *node = quiet_node();
    airs_component_t component = load(node, GUEST("echo"));
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    airs_error_t error;
    options.max_fuel = 1000;
    assert_status(airs_node_spawn(node, component, airs_id("test", "x", "0"), &options, &error),
                  AIRS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "consume_fuel"));
    options.max_fuel = 0;
    options.record_bytes = 1 << 20;
    assert_status(airs_node_spawn(node, component, airs_id("test", "x", "0"), &options, &error),
                  AIRS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "record_bytes needs a node that was created with record"));
    options.record_bytes = 0;
    options.max_memory_bytes = UINT64_C(1) << 40;
    assert_status(airs_node_spawn(node, component, airs_id("test", "x", "0"), &options, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "max_memory_bytes"));
    airs_node_destroy(node);
}

static void environment_and_output_reach_the_guest_and_back(void **state) {
    (void)state;
    static const airs_variable_t env[] = {{"COLOUR", "green"}};
    airs_node_t *node = quiet_node();
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    answer_t output = {.calls = 0};
    answer_t answer;
    options.env = env;
    options.env_count = 1;
    assert_ok(airs_node_spawn(node, load(node, GUEST("wasi")), airs_id("test", "wasi", "0"), &options, NULL));
    assert_ok(call(node, airs_id("test", "wasi", "0"), "env COLOUR", &answer, NULL));
    assert_string_equal(answer.text, "green");
    options.standard_output = take_answer;
    options.output_context = &output;
    assert_ok(
        airs_node_spawn(node, load(node, GUEST("printer")), airs_id("test", "printer", "0"), &options, NULL));
    assert_ok(call(node, airs_id("test", "printer", "0"), "raw: printed", &answer, NULL));
    assert_int_equal(output.calls, 1);
    assert_string_equal(output.text, "printed");
    airs_node_destroy(node);
}

static void a_crash_is_contained_and_counted(void **state) {
    (void)state;
    airs_node_t *node = quiet_node();
    airs_component_t component = load(node, GUEST("trap"));
    airs_node_counters_t totals;
    answer_t answer;
    airs_error_t error;
    assert_ok(airs_node_spawn(node, component, airs_id("test", "trap", "0"), NULL, NULL));
    assert_ok(airs_node_spawn(node, component, airs_id("test", "trap", "1"), NULL, NULL));
    assert_status(call(node, airs_id("test", "trap", "0"), "trap", &answer, &error), AIRS_TRAP);
    assert_non_null(strstr(error.text, "unreachable"));
    assert_ok(call(node, airs_id("test", "trap", "1"), "still here", &answer, NULL));
    airs_node_totals(node, &totals);
    assert_int_equal(totals.crashed, 1);
    assert_int_equal(totals.actors, 1);
    airs_node_destroy(node);
}

static void options_of_an_older_header_are_enough(void **state) {
    (void)state;
    airs_node_options_t options = quiet_options();
    options.size = offsetof(airs_node_options_t, consume_fuel);
    options.consume_fuel = true; /* behind what the caller's header had: not looked at */
    options.log = (airs_log_t *)(uintptr_t)1;
    options.size = offsetof(airs_node_options_t, allocator);
    airs_node_t *node = node_with(&options);
    airs_node_destroy(node);
    airs_node_destroy(NULL);
}

static void compiled_code_is_kept_in_the_folder_that_is_given(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    struct stat information;
    airs_temporary_folder_create(&folder);
    airs_node_options_t options = quiet_options();
    options.cache_dir = airs_temporary_file_path(&folder, "cache", path);
    for (int run = 0; run < 2; run++) {
        airs_node_t *node = node_with(&options);
        answer_t answer;
        assert_ok(airs_node_spawn(node, load(node, GUEST("echo")), airs_id("test", "x", "0"), NULL, NULL));
        assert_ok(call(node, airs_id("test", "x", "0"), "hi", &answer, NULL));
        assert_string_equal(answer.text, "hi");
        airs_node_destroy(node);
    }
    assert_int_equal(stat(path, &information), 0);
    assert_int_equal(information.st_mode & 0777, 0700);
    airs_temporary_folder_remove(&folder);
}

/* Where no folder for it can be made, the node works without, and says so. */
static _Atomic int warnings;

static void count_warning(airs_log_t *log, const airs_log_record_t *record) {
    (void)log;
    warnings += record->level == AIRS_LOG_WARN;
}

static void without_a_place_for_compiled_code_it_works_too(void **state) {
    (void)state;
    airs_log_t log = {AIRS_LOG_WARN, count_warning};
    airs_node_options_t options = quiet_options();
    options.cache_dir = NULL;
    options.log = &log;
    assert_int_equal(setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1), 0);
    airs_node_t *node = node_with(&options);
    load(node, GUEST("echo"));
    airs_node_destroy(node);
    assert_int_equal(warnings, 1);
    assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
}

/* A native actor that answers with what it was told, and ends its life in `destroy`. */
static airs_status_t native_handle(airs_actor_context_t *context, void *state,
                                   const airs_incoming_t *incoming) {
    (void)state;
    return incoming->kind == AIRS_INCOMING_REQUEST ? airs_actor_respond(context, incoming->payload) : AIRS_OK;
}

static void native_destroy(void *state) { ++*(int *)state; }

static void native_actors_live_beside_guests(void **state) {
    (void)state;
    static const airs_native_t native = {
        .size = sizeof native, .handle = native_handle, .destroy = native_destroy};
    int destroyed = 0;
    answer_t answer;
    airs_node_t *node = quiet_node();
    airs_id_t id = airs_id("test", "native", "0");
    assert_ok(airs_node_spawn_native(node, &native, &destroyed, id, NULL, NULL));
    assert_ok(call(node, id, "to a native actor", &answer, NULL));
    assert_string_equal(answer.text, "to a native actor");
    assert_ok(airs_node_stop(node, id, AIRS_STOP_DRAIN, CALL_MS, NULL));
    assert_int_equal(destroyed, 1);
    airs_node_destroy(node);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    const airs_spawn_options_t *spawn = context;
    airs_node_options_t options = quiet_options();
    airs_node_t *node = NULL;
    airs_component_t component = 0;
    options.workers = 1;
    options.max_actors = 2;
    options.allocator = allocator;
    airs_status_t status = airs_node_create(&options, &node, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_node_load(node, GUEST("printer"), &component, NULL);
    if (status == AIRS_OK) {
        status = airs_node_spawn(node, component, airs_id("test", "printer", "0"), spawn, NULL);
    }
    if (status == AIRS_OK) {
        status = airs_node_send(node, airs_id("test", "printer", "0"), airs_bytes("x", 1), NULL);
    }
    airs_node_destroy(node);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    answer_t output;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.standard_output = take_answer;
    options.output_context = &output;
    airs_fail_each_allocation(life, &options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_lives_from_load_to_stop),
        cmocka_unit_test(bytes_are_loaded_as_files_are),
        cmocka_unit_test(what_is_no_component_is_refused_and_the_node_goes_on),
        cmocka_unit_test(limits_that_the_engine_was_not_made_for_are_refused_by_name),
        cmocka_unit_test(environment_and_output_reach_the_guest_and_back),
        cmocka_unit_test(a_crash_is_contained_and_counted),
        cmocka_unit_test(options_of_an_older_header_are_enough),
        cmocka_unit_test(compiled_code_is_kept_in_the_folder_that_is_given),
        cmocka_unit_test(without_a_place_for_compiled_code_it_works_too),
        cmocka_unit_test(native_actors_live_beside_guests),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
