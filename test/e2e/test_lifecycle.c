/* The life of guests in a node: from load to destroy, and what goes wrong on the way. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void test_component_lives(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    stage_add(&stage, "counter", "app/counter/0", NULL);
    assert_int_equal(stage_totals(&stage).actors, 1);
    assert_int_equal(stage_totals(&stage).spawned, 1);
    for (int i = 0; i < 10; i++) {
        assert_ok(stage_send(&stage, "app/counter/0", "one"));
    }
    stage_expect(&stage, "app/counter/0", "get", "10");
    stage_drain(&stage);
    airs_actor_counters_t counters = stage_counters(&stage, "app/counter/0");
    assert_string_equal(airs_actor_state_text(counters.state), "running");
    assert_int_equal(counters.received, 11);
    assert_int_equal(counters.handled, 11);
    assert_int_equal(counters.errors, 0);
    assert_int_equal(counters.sent, 0);
    assert_int_equal(counters.refused, 0);
    assert_int_equal(counters.dropped, 0);
    assert_int_equal(counters.queued, 0);
    assert_ok(stage_stop(&stage, "app/counter/0", AIRS_STOP_DRAIN));
    assert_status(airs_node_counters(stage.node, id_of("app/counter/0"), &counters), AIRS_TARGET_NOT_FOUND);
    assert_status(stage_send(&stage, "app/counter/0", "late"), AIRS_TARGET_NOT_FOUND);
    assert_status(stage_call(&stage, "app/counter/0", "late"), AIRS_TARGET_NOT_FOUND);
    assert_non_null(strstr(stage.error.text, "app/counter/0"));
    assert_status(stage_stop(&stage, "app/counter/0", AIRS_STOP_DRAIN), AIRS_TARGET_NOT_FOUND);
    airs_node_counters_t totals = stage_totals(&stage);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(totals.messages, 11);
    assert_int_equal(totals.crashed, 0);
    assert_int_equal(totals.dead_letters, 0);
    assert_int_equal(totals.dropped, 0);
    stage_close(&stage);
}

static void test_component_is_loaded_from_bytes_and_text(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(AIRS_TEST_GUESTS "/echo.wasm", "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    assert_in_range(size, 8, sizeof bytes - 1);
    airs_component_t component = 0;
    assert_ok(airs_node_load_bytes(stage.node, airs_bytes(bytes, size), "echo", &component, &stage.error));
    assert_ok(airs_node_spawn(stage.node, component, id_of("app/echo/0"), NULL, &stage.error));
    stage_expect(&stage, "app/echo/0", "hello", "hello");
    assert_ok(airs_node_load(stage.node, AIRS_TEST_GUESTS "/bad/quiet.wat", &component, &stage.error));
    assert_ok(airs_node_spawn(stage.node, component, id_of("app/quiet/0"), NULL, &stage.error));
    stage_expect(&stage, "app/quiet/0", "hello", "");
    stage_close(&stage);
}

static void test_unload_leaves_actors_alone(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    airs_component_t component = stage_guest(&stage, "echo");
    airs_node_unload(stage.node, component);
    airs_node_unload(stage.node, component);
    airs_node_unload(stage.node, 0);
    airs_node_unload(stage.node, UINT64_MAX);
    stage_expect(&stage, "app/echo/0", "still here", "still here");
    airs_status_t status = airs_node_spawn(stage.node, component, id_of("app/echo/1"), NULL, &stage.error);
    assert_status(status, AIRS_NOT_LOADED);
    assert_status(airs_node_spawn(stage.node, 0, id_of("app/echo/1"), NULL, &stage.error), AIRS_NOT_LOADED);
    stage_stop(&stage, "app/echo/0", AIRS_STOP_DRAIN);
    stage_close(&stage);
}

static void test_same_id_exists_already(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    stage_add(&stage, "counter", "app/it/0", NULL);
    stage_expect(&stage, "app/it/0", "one", "1");
    assert_status(stage_spawn(&stage, "echo", "app/it/0", NULL), AIRS_ALREADY_EXISTS);
    assert_non_null(strstr(stage.error.text, "app/it/0"));
    stage_expect(&stage, "app/it/0", "two", "2");
    /* Another one under the name, with a state of its own. */
    for (int i = 0; i < 20; i++) {
        assert_ok(stage_stop(&stage, "app/it/0", i % 2 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP));
        stage_add(&stage, "counter", "app/it/0", NULL);
        stage_expect(&stage, "app/it/0", "one", "1");
    }
    assert_int_equal(stage_totals(&stage).actors, 1);
    assert_int_equal(stage_totals(&stage).spawned, 21);
    stage_close(&stage);
}

static void test_ids_are_checked(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_component_t echo = stage_guest(&stage, "echo");
    const airs_id_t wrong[] = {airs_id("", "echo", "0"), airs_id("app", "", "0"), airs_id("app", "echo", ""),
                               airs_id("app", "ec/ho", "0"), airs_id("app", "echo", "0\n")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_status(airs_node_spawn(stage.node, echo, wrong[i], NULL, &stage.error), AIRS_INVALID_ARGUMENT);
        assert_true(stage.error.text[0] != '\0');
    }
    assert_int_equal(stage_totals(&stage).actors, 0);
    stage_close(&stage);
}

/* A spawn that must fail and leave nobody behind; then one that works under the same name. */
static void refuse(stage_t *stage, const char *guest, const airs_spawn_options_t *options,
                   airs_status_t expected, const char *text) {
    airs_status_t status = stage_spawn(stage, guest, "app/it/0", options);
    assert_status(status, expected);
    if (strstr(stage->error.text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", stage->error.text, text);
    }
    assert_int_equal(stage_totals(stage).actors, 0);
    assert_status(stage_send(stage, "app/it/0", "hello"), AIRS_TARGET_NOT_FOUND);
    stage_add(stage, "echo", "app/it/0", NULL);
    stage_expect(stage, "app/it/0", "hello", "hello");
    assert_ok(stage_stop(stage, "app/it/0", AIRS_STOP_DRAIN));
}

static void test_failing_starts(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    const airs_variable_t fail = {"FAIL_IN", "initialize"};
    const airs_variable_t trap = {"TRAP_IN", "initialize"};
    const airs_variable_t loop = {"LOOP_IN", "initialize"};
    options.env_count = 1;
    options.max_execution_time_ms = BRIEF_MS;
    refuse(&stage, "initfail", NULL, AIRS_INITIALIZE_FAILED, "this component never starts");
    options.env = &fail;
    refuse(&stage, "failing", &options, AIRS_INITIALIZE_FAILED, "asked to fail");
    options.env = &trap;
    refuse(&stage, "trap", &options, AIRS_TRAP, "unreachable");
    options.env = &loop;
    refuse(&stage, "loop", &options, AIRS_EXECUTION_TIME_EXCEEDED, "");
    options.env_count = 0;
    refuse(&stage, "bad/start-loops", &options, AIRS_EXECUTION_TIME_EXCEEDED, "");
    refuse(&stage, "bad/start-traps", NULL, AIRS_TRAP, "unreachable");
    options.max_memory_bytes = 65536;
    refuse(&stage, "echo", &options, AIRS_RESOURCE_LIMIT, "");
    options.max_memory_bytes = UINT64_C(1) << 40;
    refuse(&stage, "echo", &options, AIRS_INVALID_ARGUMENT, "max_memory_bytes");
    options.max_memory_bytes = 0;
    options.max_fuel = 1;
    refuse(&stage, "echo", &options, AIRS_UNSUPPORTED, "consume_fuel");
    assert_int_equal(stage_totals(&stage).crashed, 0);
    stage_close(&stage);
}

static void test_fuel_is_for_one_call(void **state) {
    (void)state;
    stage_t stage;
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = 1;
    node.cache_dir = "";
    node.consume_fuel = true;
    stage_open_with(&stage, node);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_fuel = 1000000;
    assert_ok(stage_spawn(&stage, "loop", "app/loop/0", &options));
    stage_add(&stage, "loop", "app/loop/1", NULL);
    for (int i = 0; i < 50; i++) {
        stage_expect(&stage, "app/loop/0", "spin 10000", "spin 10000");
    }
    assert_status(stage_call(&stage, "app/loop/0", "loop"), AIRS_OUT_OF_FUEL);
    stage_expect(&stage, "app/loop/1", "spin 3000000", "spin 3000000");
    assert_int_equal(stage_totals(&stage).crashed, 1);
    stage_close(&stage);
}

static void expect_load(stage_t *stage, const char *file, airs_status_t expected, const char *text) {
    char path[1024];
    airs_component_t component = 0;
    (void)snprintf(path, sizeof path, "%s/bad/%s", AIRS_TEST_GUESTS, file);
    stage->error.text[0] = '\0';
    airs_status_t status = airs_node_load(stage->node, path, &component, &stage->error);
    if (status != expected || strstr(stage->error.text, text) == NULL) {
        fail_msg("%s: %s, \"%s\"", file, airs_status_name(status), stage->error.text);
    }
    assert_int_equal(component, 0);
}

static void test_what_cannot_be_loaded(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    expect_load(&stage, "no-such-file.wasm", AIRS_IO, "no-such-file.wasm");
    expect_load(&stage, "not-wat.wat", AIRS_INVALID_COMPONENT, "");
    expect_load(&stage, "not-valid.wat", AIRS_INVALID_COMPONENT, "");
    expect_load(&stage, "core-module.wat", AIRS_INVALID_COMPONENT, "core module");
    expect_load(&stage, "no-lifecycle.wat", AIRS_EXPORT_NOT_FOUND, "component-lifecycle");
    expect_load(&stage, "missing-function.wasm", AIRS_EXPORT_NOT_FOUND, "health");
    expect_load(&stage, "mistyped-function.wasm", AIRS_EXPORT_TYPE_MISMATCH, "health");
    expect_load(&stage, "unknown-import.wasm", AIRS_IMPORT_NOT_PROVIDED, "test:bad/nobody@1.2.3");
    airs_component_t component = 0;
    assert_status(airs_node_load_bytes(stage.node, airs_bytes("", 0), "nothing", &component, &stage.error),
                  AIRS_INVALID_COMPONENT);
    assert_status(airs_node_load_bytes(stage.node, airs_bytes("\0asm", 4), "short", &component, &stage.error),
                  AIRS_INVALID_COMPONENT);
    assert_status(airs_node_load(stage.node, "", &component, &stage.error), AIRS_INVALID_ARGUMENT);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_expect(&stage, "app/echo/0", "the node goes on", "the node goes on");
    stage_close(&stage);
}

/* Bytes flipped and cut: an error or a component, never a crash, and the node goes on. */
static void test_damaged_bytes(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    static uint8_t bytes[65536];
    FILE *file = fopen(AIRS_TEST_GUESTS "/bad/quiet.wasm", "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    assert_in_range(size, 8, sizeof bytes - 1);
    airs_component_t component = 0;
    for (size_t cut = 0; cut < size; cut += 1 + size / 64) {
        airs_status_t status =
            airs_node_load_bytes(stage.node, airs_bytes(bytes, cut), "cut", &component, &stage.error);
        assert_true(status != AIRS_OK && stage.error.text[0] != '\0');
    }
    unsigned refused = 0;
    for (size_t i = 0; i < 300; i++) {
        size_t bit = i * 2654435761u % (size * 8);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (airs_node_load_bytes(stage.node, airs_bytes(bytes, size), "bent", &component, &stage.error) ==
            AIRS_OK) {
            airs_node_unload(stage.node, component);
        } else {
            refused++;
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 0);
    assert_ok(airs_node_load_bytes(stage.node, airs_bytes(bytes, size), "whole", &component, &stage.error));
    stage_close(&stage);
}

/* What is queued when a stop comes, behind a message that takes its time. */
#define QUEUED 50

typedef struct stop {
    stage_t stage;
    airs_stop_mode_t mode;
    airs_status_t status;
    uint64_t sent;
} stop_t;

static void *stop_it(void *context) {
    stop_t *stop = context;
    stop->status = airs_node_stop(stop->stage.node, id_of("app/it/0"), stop->mode, PATIENCE_MS, NULL);
    return NULL;
}

static void fill(stop_t *stop, const char *first) {
    assert_ok(stage_send(&stop->stage, "app/it/0", first));
    for (stop->sent = 1; stop->sent <= QUEUED; stop->sent++) {
        assert_ok(stage_send(&stop->stage, "app/it/0", "0"));
    }
}

/* Until it takes nothing any more, which is the first that others see of its stop. */
static void begin_stop(stop_t *stop, airs_stop_mode_t mode, pthread_t *thread) {
    stop->mode = mode;
    assert_int_equal(pthread_create(thread, NULL, stop_it, stop), 0);
    airs_status_t status = AIRS_OK;
    while (status == AIRS_OK || status == AIRS_QUEUE_FULL) {
        const struct timespec moment = {0, 1000000};
        (void)nanosleep(&moment, NULL);
        status = stage_send(&stop->stage, "app/it/0", "0");
        stop->sent += status == AIRS_OK;
    }
    assert_true(status == AIRS_NOT_RUNNING || status == AIRS_TARGET_NOT_FOUND);
}

static void end_stop(stop_t *stop, pthread_t thread) {
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ok(stop->status);
    stage_drain(&stop->stage);
    assert_int_equal(stage_totals(&stop->stage).dead_letters, 0);
}

static void test_stop_drains(void **state) {
    (void)state;
    stop_t stop;
    sink_t door;
    pthread_t thread;
    sink_init(&door);
    stage_open(&stop.stage, 2);
    (void)sink_spawn_full(&stop.stage, &door, "app/door/0");
    stage_add(&stop.stage, "sleeper", "app/it/0", "app/door/0");
    fill(&stop, "0");
    begin_stop(&stop, AIRS_STOP_DRAIN, &thread);
    sink_close(&door, false);
    end_stop(&stop, thread);
    assert_int_equal(stage_totals(&stop.stage).messages - sink_count(&door), stop.sent);
    assert_int_equal(stage_totals(&stop.stage).dropped, 0);
    stage_close(&stop.stage);
    sink_free(&door);
}

/* It is asked to stop before the first has had its time, as it will be in one of the tries. */
static void test_stop_drops(void **state) {
    (void)state;
    bool in_time = false;
    for (int i = 0; i < 20 && !in_time; i++) {
        stop_t stop;
        pthread_t thread;
        stage_open(&stop.stage, 1);
        stage_add(&stop.stage, "sleeper", "app/it/0", NULL);
        uint64_t begun = now_ms();
        fill(&stop, "300");
        begin_stop(&stop, AIRS_STOP_DROP, &thread);
        in_time = now_ms() - begun < 300;
        end_stop(&stop, thread);
        airs_node_counters_t totals = stage_totals(&stop.stage);
        /* The first is handled when it was in hand already. */
        assert_true(!in_time || totals.messages <= 1);
        assert_int_equal(totals.messages + totals.dropped, stop.sent);
        stage_close(&stop.stage);
    }
    assert_true(in_time);
}

static void test_stop_has_a_bound(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "sleeper", "app/it/0", NULL);
    assert_ok(stage_send(&stage, "app/it/0", "3600000"));
    assert_ok(stage_send(&stage, "app/it/0", "0"));
    airs_status_t status = airs_node_stop(stage.node, id_of("app/it/0"), AIRS_STOP_DRAIN, 50, &stage.error);
    assert_status(status, AIRS_TIMEOUT);
    stage_await_end(&stage, "app/it/0");
    assert_int_equal(stage_totals(&stage).messages, 0);
    stage_add(&stage, "echo", "app/it/0", NULL);
    stage_expect(&stage, "app/it/0", "anew", "anew");
    stage_close(&stage);
}

static void test_failing_shutdowns(void **state) {
    (void)state;
    const struct {
        const char *guest;
        const char *name;
        const char *value;
    } cases[] = {
        {"failing", "FAIL_IN", "shutdown"}, {"trap", "TRAP_IN", "shutdown"}, {"loop", "LOOP_IN", "shutdown"}};
    stage_t stage;
    stage_open(&stage, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const airs_variable_t variable = {cases[i].name, cases[i].value};
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.env = &variable;
        options.env_count = 1;
        options.max_execution_time_ms = BRIEF_MS;
        assert_ok(stage_spawn(&stage, cases[i].guest, "app/it/0", &options));
        assert_status(stage_stop(&stage, "app/it/0", AIRS_STOP_DRAIN), AIRS_SHUTDOWN_FAILED);
        assert_int_equal(stage_totals(&stage).actors, 0);
    }
    stage_close(&stage);
}

static void test_environment_and_configuration(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    const airs_variable_t variables[] = {{"COLOUR", "green"}, {"EMPTY", ""}};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = variables;
    options.env_count = 2;
    assert_ok(stage_spawn(&stage, "wasi", "app/wasi/0", &options));
    stage_expect(&stage, "app/wasi/0", "env COLOUR", "green");
    stage_expect(&stage, "app/wasi/0", "env EMPTY", "");
    /* Nothing of the host's own. */
    assert_status(stage_call(&stage, "app/wasi/0", "env PATH"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_status(stage_call(&stage, "app/wasi/0", "open /etc/passwd"), AIRS_HANDLE_MESSAGE_FAILED);
    /* A component that needs its configuration and has none. */
    assert_status(stage_spawn(&stage, "forwarder", "app/forwarder/0", NULL), AIRS_INITIALIZE_FAILED);
    stage_close(&stage);
}

typedef struct output {
    pthread_mutex_t lock;
    char text[1024];
    size_t size;
} output_t;

static void take_output(void *context, airs_bytes_t bytes) {
    output_t *output = context;
    pthread_mutex_lock(&output->lock);
    if (bytes.size < sizeof output->text - output->size) {
        memcpy(output->text + output->size, bytes.data, bytes.size);
        output->size += bytes.size;
    }
    pthread_mutex_unlock(&output->lock);
}

static void test_standard_output(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    output_t output = {.lock = PTHREAD_MUTEX_INITIALIZER};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.standard_output = take_output;
    options.output_context = &output;
    assert_ok(stage_spawn(&stage, "printer", "app/printer/0", &options));
    stage_expect(&stage, "app/printer/0", "first", "");
    stage_expect(&stage, "app/printer/0", "raw: second", "");
    stage_expect(&stage, "app/printer/0", "error: into the log", "");
    stage_close(&stage);
    assert_string_equal(output.text, "first\nsecond");
}

/* Everything still at work when the node is destroyed: queued messages, a call that runs, calls that are
 * parked, requests without an answer, a spawn's memory. */
static void test_destroy_in_full_flight(void **state) {
    (void)state;
    for (int round = 0; round < 5; round++) {
        /* Calls that outlast the destroy's patience, in one of the rounds. */
        const char *nap = round == 0 ? "3600000" : "20";
        stage_t stage;
        sink_t sink;
        sink_init(&sink);
        stage_open(&stage, 2);
        sink_spawn(&stage, &sink, "app/sink/0", NULL);
        for (int i = 0; i < 10; i++) {
            char id[64];
            (void)snprintf(id, sizeof id, "app/sleeper/%d", i);
            stage_add(&stage, "sleeper", id, NULL);
            assert_ok(stage_send(&stage, id, nap));
            assert_ok(stage_send(&stage, id, "1"));
            (void)snprintf(id, sizeof id, "app/requester/%d", i);
            stage_add(&stage, "requester", id, "app/sleeper/0");
            assert_ok(stage_send(&stage, id, "1"));
            (void)snprintf(id, sizeof id, "app/forwarder/%d", i);
            stage_add(&stage, "forwarder", id, "app/sink/0");
            for (int k = 0; k < 100; k++) {
                assert_ok(stage_send(&stage, id, "onward"));
            }
        }
        stage_add(&stage, "loop", "app/loop/0", NULL);
        assert_ok(stage_send(&stage, "app/loop/0", "spin 100000000"));
        stage_close(&stage);
        assert_true(sink.ended);
        sink_free(&sink);
    }
}

static void test_two_nodes(void **state) {
    (void)state;
    stage_t one;
    stage_t two;
    stage_open(&one, 1);
    stage_open(&two, 2);
    stage_add(&one, "counter", "app/it/0", NULL);
    stage_add(&two, "counter", "app/it/0", NULL);
    for (int i = 0; i < 5; i++) {
        assert_ok(stage_send(&one, "app/it/0", "one"));
    }
    stage_expect(&two, "app/it/0", "one", "1");
    stage_expect(&one, "app/it/0", "one", "6");
    stage_close(&one);
    /* The one that is left has not noticed. */
    stage_expect(&two, "app/it/0", "one", "2");
    stage_add(&two, "trap", "app/trap/0", NULL);
    assert_status(stage_call(&two, "app/trap/0", "trap"), AIRS_TRAP);
    stage_open(&one, 1);
    stage_add(&one, "echo", "app/it/0", NULL);
    stage_expect(&one, "app/it/0", "back", "back");
    stage_close(&two);
    stage_expect(&one, "app/it/0", "still", "still");
    stage_close(&one);
}

typedef struct spawner {
    stage_t *stage;
    airs_component_t component;
    int number;
    unsigned won;
    airs_status_t failed;
} spawner_t;

/* Races others for the same names. */
static void *spawn_and_stop(void *context) {
    spawner_t *spawner = context;
    for (int i = 0; i < 100; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, "app/it/%d", (i * 7 + spawner->number) % 5);
        airs_id_t parsed;
        (void)airs_id_parse(airs_str(id), &parsed, NULL);
        airs_status_t status = airs_node_spawn(spawner->stage->node, spawner->component, parsed, NULL, NULL);
        if (status == AIRS_OK) {
            spawner->won++;
            status = airs_node_stop(spawner->stage->node, parsed, AIRS_STOP_DRAIN, PATIENCE_MS, NULL);
        }
        if (status != AIRS_OK && status != AIRS_ALREADY_EXISTS) {
            spawner->failed = status;
        }
    }
    return NULL;
}

static void test_spawns_from_many_threads(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    airs_component_t echo = stage_guest(&stage, "echo");
    pthread_t threads[4];
    spawner_t spawners[4];
    for (int i = 0; i < 4; i++) {
        spawners[i] = (spawner_t){&stage, echo, i, 0, AIRS_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, spawn_and_stop, &spawners[i]), 0);
    }
    unsigned won = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(spawners[i].failed);
        won += spawners[i].won;
    }
    assert_true(won >= 100);
    assert_int_equal(stage_totals(&stage).actors, 0);
    assert_int_equal(stage_totals(&stage).spawned, won);
    stage_close(&stage);
}

/* More live guests than the pool has room for: a typed error, and room again after a stop. */
static void test_pool_is_full(void **state) {
    (void)state;
    stage_t stage;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 1;
    options.cache_dir = "";
    options.max_actors = 4;
    stage_open_with(&stage, options);
    char id[64];
    airs_status_t status = AIRS_OK;
    int live = 0;
    while (live < 100 && status == AIRS_OK) {
        (void)snprintf(id, sizeof id, "app/echo/%d", live);
        status = stage_spawn(&stage, "echo", id, NULL);
        live += status == AIRS_OK;
    }
    assert_in_range(live, 4, 99);
    assert_status(status, AIRS_RESOURCE_LIMIT);
    assert_true(stage.error.text[0] != '\0');
    assert_ok(stage_stop(&stage, "app/echo/0", AIRS_STOP_DRAIN));
    assert_ok(stage_spawn(&stage, "echo", id, NULL));
    stage_expect(&stage, id, "in", "in");
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_component_lives),
        cmocka_unit_test(test_component_is_loaded_from_bytes_and_text),
        cmocka_unit_test(test_unload_leaves_actors_alone),
        cmocka_unit_test(test_same_id_exists_already),
        cmocka_unit_test(test_ids_are_checked),
        cmocka_unit_test(test_failing_starts),
        cmocka_unit_test(test_fuel_is_for_one_call),
        cmocka_unit_test(test_what_cannot_be_loaded),
        cmocka_unit_test(test_damaged_bytes),
        cmocka_unit_test(test_stop_drains),
        cmocka_unit_test(test_stop_drops),
        cmocka_unit_test(test_stop_has_a_bound),
        cmocka_unit_test(test_failing_shutdowns),
        cmocka_unit_test(test_environment_and_configuration),
        cmocka_unit_test(test_standard_output),
        cmocka_unit_test(test_destroy_in_full_flight),
        cmocka_unit_test(test_two_nodes),
        cmocka_unit_test(test_spawns_from_many_threads),
        cmocka_unit_test(test_pool_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
