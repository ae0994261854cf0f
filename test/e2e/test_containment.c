/* What guests do to themselves stays with them: loops, traps, hunger, sleep, and a broken ABI. */
#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static airs_spawn_options_t limited_to(uint64_t execution_ms) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_execution_time_ms = execution_ms;
    return options;
}

/* Every accepted message ended in one of the ways there are. */
static void assert_ledger(stage_t *stage, uint64_t accepted) {
    stage_drain(stage);
    airs_node_counters_t totals = stage_totals(stage);
    assert_int_equal(totals.messages + totals.dead_letters + totals.dropped, accepted);
}

/* ---- loops ---- */

static void test_loop_does_not_stop_its_neighbours(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t patient = limited_to(PATIENCE_MS);
    assert_ok(stage_spawn(&stage, "loop", "app/loop/0", &patient));
    assert_ok(stage_spawn(&stage, "loop", "app/loop/1", &patient));
    stage_add(&stage, "echo", "app/echo/0", NULL);
    assert_ok(stage_send(&stage, "app/loop/0", "loop"));
    assert_ok(stage_send(&stage, "app/loop/1", "loop"));
    for (int i = 0; i < 50; i++) {
        stage_expect(&stage, "app/echo/0", "between two slices", "between two slices");
    }
    /* Both are still at it: the answers did not wait for their ends. */
    assert_int_equal(stage_counters(&stage, "app/loop/0").handled, 0);
    assert_int_equal(stage_counters(&stage, "app/loop/1").handled, 0);
    assert_int_equal(stage_totals(&stage).crashed, 0);
    /* Not even a guest that never returns outlives a stop. */
    airs_status_t status = airs_node_stop(stage.node, id_of("app/loop/0"), AIRS_STOP_DROP, 20, &stage.error);
    assert_status(status, AIRS_TIMEOUT);
    stage_await_end(&stage, "app/loop/0");
    status = airs_node_stop(stage.node, id_of("app/loop/1"), AIRS_STOP_DRAIN, 20, &stage.error);
    assert_status(status, AIRS_TIMEOUT);
    stage_await_end(&stage, "app/loop/1");
    assert_int_equal(stage_totals(&stage).actors, 1);
    assert_ledger(&stage, 52);
    stage_close(&stage);
}

static void test_loop_ends_at_its_limit(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t brief = limited_to(BRIEF_MS);
    assert_ok(stage_spawn(&stage, "loop", "app/loop/0", &brief));
    stage_add(&stage, "loop", "app/loop/1", NULL);
    assert_status(stage_call(&stage, "app/loop/0", "loop"), AIRS_EXECUTION_TIME_EXCEEDED);
    assert_true(stage.error.text[0] != '\0');
    stage_await_end(&stage, "app/loop/0");
    assert_int_equal(stage_totals(&stage).crashed, 1);
    /* A call that takes several slices and then ends is nothing special. */
    stage_expect(&stage, "app/loop/1", "spin 20000000", "spin 20000000");
    assert_ledger(&stage, 2);
    stage_close(&stage);
}

/* ---- traps ---- */

static const struct {
    const char *how;
    airs_status_t status;
} traps[] = {
    {"trap", AIRS_TRAP},   {"divide", AIRS_TRAP}, {"bounds", AIRS_TRAP}, {"stack", AIRS_STACK_OVERFLOW},
    {"frames", AIRS_TRAP}, {"call", AIRS_TRAP},   {"abort", AIRS_TRAP},
};

#define TRAPS (sizeof traps / sizeof traps[0])

static void test_trap_ends_only_that_actor(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "counter", "app/counter/0", NULL);
    stage_add(&stage, "trap", "app/other/0", NULL);
    for (size_t i = 0; i < TRAPS; i++) {
        stage_add(&stage, "trap", "app/trap/0", NULL);
        stage_expect(&stage, "app/trap/0", "hello", "hello");
        airs_status_t status = stage_call(&stage, "app/trap/0", traps[i].how);
        if (status != traps[i].status) {
            fail_msg("%s: %s, %s", traps[i].how, airs_status_name(status), stage.error.text);
        }
        stage_await_end(&stage, "app/trap/0");
        airs_node_counters_t totals = stage_totals(&stage);
        assert_int_equal(totals.crashed, i + 1);
        assert_int_equal(totals.dead_letters, i + 1);
        assert_int_equal(totals.actors, 2);
        stage_expect(&stage, "app/other/0", "hello", "hello");
        assert_ok(stage_call(&stage, "app/counter/0", "one"));
    }
    stage_expect(&stage, "app/counter/0", "one", "8");
    assert_ledger(&stage, 4 * TRAPS + 1);
    stage_close(&stage);
}

/* Sends the target a trap with messages before and behind it, all within one turn of its own. */
static airs_status_t send_a_trap(airs_actor_context_t *context, sink_t *sink,
                                 const airs_incoming_t *incoming) {
    (void)sink;
    static const char *const texts[] = {"one", "two", "trap", "three", "four", "five"};
    airs_id_t target = airs_id("app", "trap", "0");
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    airs_status_t status = airs_actor_request(context, target, airs_bytes("before", 6), PATIENCE_MS, NULL);
    for (size_t i = 0; i < 6 && status == AIRS_OK; i++) {
        status = airs_actor_send(context, target, airs_bytes(texts[i], strlen(texts[i])));
    }
    return status == AIRS_OK ? airs_actor_request(context, target, airs_bytes("behind", 6), PATIENCE_MS, NULL)
                             : status;
}

static void test_what_was_queued_behind_a_trap(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    sink.then = send_a_trap;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "trap", "app/trap/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", "go"));
    sink_await(&sink, 3);
    /* The one in front was answered; the one behind hears of the end, long before its time is up. */
    assert_int_equal(sink_heard(&sink, 1).kind, AIRS_INCOMING_RESPONSE);
    assert_string_equal((const char *)sink_heard(&sink, 1).data, "before");
    assert_int_equal(sink_heard(&sink, 2).kind, AIRS_INCOMING_FAILURE);
    stage_await_end(&stage, "app/trap/0");
    stage_drain(&stage);
    airs_node_counters_t totals = stage_totals(&stage);
    /* The message to the sink, two callbacks, and what the other one did: a request and two messages. */
    assert_int_equal(totals.messages, 6);
    /* The trap, and what waited behind it: three messages and a request. */
    assert_int_equal(totals.dead_letters, 5);
    assert_int_equal(totals.dropped, 0);
    assert_status(stage_send(&stage, "app/trap/0", "late"), AIRS_TARGET_NOT_FOUND);
    stage_close(&stage);
    sink_free(&sink);
}

/* Other guests go on sending to the one that traps: each hears how far it came, and everything that was accepted has
 * its end. */
static void test_trap_while_others_send(void **state) {
    (void)state;
    const size_t senders = 4;
    uint64_t cut = 0;
    for (int round = 0; round < 10; round++) {
        stage_t stage;
        sink_t asker;
        sink_init(&asker);
        asker.then = sink_ask;
        stage_open(&stage, 2);
        sink_spawn(&stage, &asker, "app/asker/0", NULL);
        airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
        wide.mailbox_messages = 100000;
        assert_ok(stage_spawn(&stage, "trap", "app/trap/0", &wide));
        for (size_t i = 0; i < senders; i++) {
            char id[32];
            (void)snprintf(id, sizeof id, "app/filler/%zu", i);
            stage_add(&stage, "filler", id, "app/trap/0");
        }
        if (round % 2 == 0) {
            assert_ok(stage_send(&stage, "app/trap/0", "trap"));
        }
        for (size_t i = 0; i < senders; i++) {
            char command[64];
            (void)snprintf(command, sizeof command, "app/filler/%zu 2000", i);
            assert_ok(stage_send(&stage, "app/asker/0", command));
        }
        if (round % 2 != 0) {
            assert_ok(stage_send(&stage, "app/trap/0", "trap"));
        }
        sink_await(&asker, 2 * senders);
        stage_await_end(&stage, "app/trap/0");
        stage_drain(&stage);
        uint64_t accepted = 0;
        for (size_t i = 0; i < 2 * senders; i++) {
            heard_t heard = sink_heard(&asker, i);
            if (heard.kind == AIRS_INCOMING_RESPONSE) {
                char *rest = NULL;
                uint64_t count = strtoull((const char *)heard.data, &rest, 10);
                assert_true(count == 2000 ? strcmp(rest, " ok") == 0
                                          : strcmp(rest, " target not found") == 0 ||
                                                strcmp(rest, " delivery failed") == 0);
                accepted += count;
                cut += count < 2000;
            }
        }
        /* The commands, the requests made of them and their answers, and the trap. */
        assert_ledger(&stage, accepted + 3 * senders + 1);
        assert_int_equal(stage_totals(&stage).crashed, 1);
        stage_close(&stage);
        sink_free(&asker);
    }
    assert_true(cut > 0);
}

static void test_trap_in_a_callback(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    const airs_variable_t variable = {"TRAP_IN", "callback"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = &variable;
    options.env_count = 1;
    assert_ok(stage_spawn(&stage, "trap", "app/trap/0", &options));
    assert_ok(stage_call(&stage, "app/trap/0", "request"));
    stage_await_end(&stage, "app/trap/0");
    /* The message and the request were handled; the callback is the dead letter. */
    airs_node_counters_t totals = stage_totals(&stage);
    assert_int_equal(totals.messages, 2);
    assert_int_equal(totals.dead_letters, 1);
    assert_int_equal(totals.crashed, 1);
    stage_close(&stage);
}

/* WASI 0.2 knows well and not well. */
static void test_exit_of_a_program(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    for (int i = 0; i < 2; i++) {
        stage_add(&stage, "wasi", "app/wasi/0", NULL);
        assert_status(stage_call(&stage, "app/wasi/0", i == 0 ? "exit 0" : "exit 3"), AIRS_TRAP);
        if (strstr(stage.error.text, i == 0 ? "exit status 0" : "exit status 1") == NULL) {
            fail_msg("\"%s\" does not name the exit status", stage.error.text);
        }
        stage_await_end(&stage, "app/wasi/0");
    }
    assert_int_equal(stage_totals(&stage).crashed, 2);
    stage_close(&stage);
}

/* ---- hunger ---- */

static void test_memory_is_bounded(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_memory_bytes = 16 << 20;
    assert_ok(stage_spawn(&stage, "hog", "app/hog/0", &options));
    stage_add(&stage, "echo", "app/echo/0", NULL);
    assert_ok(stage_call(&stage, "app/hog/0", "fill"));
    uint64_t taken = 0;
    assert_true(parse_numbers(stage.answer, &taken, 1));
    assert_in_range(taken, 8 << 20, 16 << 20);
    /* It goes on, and has its memory again. */
    stage_expect(&stage, "app/hog/0", "free", "free");
    stage_expect(&stage, "app/hog/0", "take 8000000", "ok");
    stage_expect(&stage, "app/hog/0", "take 17000000", "no");
    stage_expect(&stage, "app/hog/0", "free", "free");
    assert_ok(stage_call(&stage, "app/hog/0", "fill"));
    assert_int_equal(stage_totals(&stage).crashed, 0);
    assert_status(stage_call(&stage, "app/hog/0", "trap"), AIRS_TRAP);
    stage_await_end(&stage, "app/hog/0");
    stage_expect(&stage, "app/echo/0", "hello", "hello");
    /* The next one has all of it. */
    assert_ok(stage_spawn(&stage, "hog", "app/hog/0", &options));
    stage_expect(&stage, "app/hog/0", "take 8000000", "ok");
    stage_close(&stage);
}

/* What a guest finds no room for: the message itself, or what it grows by. */
static void test_no_room_for_a_message(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_memory_bytes = 1 << 20;
    assert_ok(stage_spawn(&stage, "echo", "app/echo/0", &options));
    static uint8_t large[4 << 20];
    airs_status_t status = airs_node_call(stage.node, id_of("app/echo/0"), airs_bytes(large, sizeof large),
                                          airs_str(NULL), PATIENCE_MS, NULL, NULL, &stage.error);
    assert_true(status == AIRS_TRAP || status == AIRS_RESOURCE_LIMIT);
    stage_await_end(&stage, "app/echo/0");
    stage_add(&stage, "bad/grows-memory", "app/grower/0", NULL);
    status = stage_call(&stage, "app/grower/0", "grow");
    assert_true(status == AIRS_TRAP || status == AIRS_RESOURCE_LIMIT);
    stage_add(&stage, "bad/grows-table", "app/grower/1", NULL);
    status = stage_call(&stage, "app/grower/1", "grow");
    assert_true(status == AIRS_TRAP || status == AIRS_RESOURCE_LIMIT);
    assert_int_equal(stage_totals(&stage).crashed, 3);
    /* Eight memories, each below the limit, all together above it. */
    assert_status(stage_spawn(&stage, "bad/memories", "app/memories/0", NULL), AIRS_RESOURCE_LIMIT);
    assert_int_equal(stage_totals(&stage).actors, 0);
    stage_close(&stage);
}

/* ---- sleep ---- */

#define SLEEPERS 50
#define NAP_MS (2 * BRIEF_MS)

/* All at once on one worker: one after the other would take NAP_MS times SLEEPERS, which is 50 seconds. */
static void sleep_together(const char *guest, const char *message) {
    stage_t stage;
    char id[32];
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    for (int i = 0; i < SLEEPERS; i++) {
        (void)snprintf(id, sizeof id, "app/sleeper/%d", i);
        /* Parked time is not running time. */
        airs_spawn_options_t brief = limited_to(BRIEF_MS);
        assert_ok(stage_spawn(&stage, guest, id, &brief));
    }
    uint64_t began = now_ms();
    for (int i = 0; i < SLEEPERS; i++) {
        (void)snprintf(id, sizeof id, "app/sleeper/%d", i);
        assert_ok(stage_send(&stage, id, message));
    }
    stage_expect(&stage, "app/echo/0", "awake", "awake");
    stage_drain(&stage);
    assert_in_range(now_ms() - began, NAP_MS - 1, NAP_MS * SLEEPERS / 2);
    assert_int_equal(stage_totals(&stage).messages, SLEEPERS + 1);
    assert_int_equal(stage_totals(&stage).crashed, 0);
    stage_close(&stage);
}

static void test_sleepers_do_not_hold_the_worker(void **state) {
    (void)state;
    sleep_together("sleeper", "1000");
}

static void test_wasi_sleepers_do_not_hold_the_worker(void **state) {
    (void)state;
    sleep_together("wasi", "sleep 1000");
}

static void test_parked_time_has_a_limit(void **state) {
    (void)state;
    static const struct {
        const char *guest;
        const char *message;
    } sleeps[] = {{"sleeper", "3600000"}, {"wasi", "sleep 3600000"}};
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_parked_time_ms = 50;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(stage_spawn(&stage, sleeps[i].guest, "app/it/0", &options));
        assert_status(stage_call(&stage, "app/it/0", sleeps[i].message), AIRS_PARKED_TIME_EXCEEDED);
        stage_await_end(&stage, "app/it/0");
        assert_int_equal(stage_totals(&stage).crashed, i + 1);
    }
    assert_ledger(&stage, 2);
    stage_close(&stage);
}

static void test_messages_wait_for_a_sleeper(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "sleeper", "app/sleeper/0", "app/sink/0");
    static const char *const naps[] = {"60", "5", "30", "0", "1"};
    for (size_t i = 0; i < 5; i++) {
        assert_ok(stage_send(&stage, "app/sleeper/0", naps[i]));
    }
    sink_await(&sink, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal((const char *)sink_heard(&sink, i).data, naps[i]);
    }
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- a broken ABI ---- */

static void test_broken_abi(void **state) {
    (void)state;
    static const struct {
        const char *guest;
        airs_status_t status;
    } cases[] = {
        {"bad/result-outside", AIRS_INVALID_RESULT},
        {"bad/result-huge", AIRS_INVALID_RESULT},
        {"bad/result-not-utf8", AIRS_INVALID_RESULT},
    };
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage_add(&stage, cases[i].guest, "app/bad/0", NULL);
        airs_status_t status = stage_call(&stage, "app/bad/0", "hello");
        if (status != cases[i].status) {
            fail_msg("%s: %s, %s", cases[i].guest, airs_status_name(status), stage.error.text);
        }
        stage_await_end(&stage, "app/bad/0");
        assert_int_equal(stage_totals(&stage).crashed, i + 1);
        stage_expect(&stage, "app/echo/0", "well", "well");
    }
    /* Where the arguments go is the guest's to say, and it is asked before initialize. */
    airs_spawn_options_t options = limited_to(BRIEF_MS);
    options.config = airs_bytes("configuration", 13);
    assert_status(stage_spawn(&stage, "bad/realloc-outside", "app/bad/0", &options), AIRS_INVALID_RESULT);
    assert_status(stage_spawn(&stage, "bad/realloc-loops", "app/bad/0", &options),
                  AIRS_EXECUTION_TIME_EXCEEDED);
    stage_close(&stage);
}

/* ---- a storm ---- */

#define CRASHERS 3
#define CRASHES ((size_t)40)
#define PAIR_MESSAGES ((size_t)3000)

typedef struct crasher {
    stage_t *stage;
    airs_component_t component;
    int number;
    uint64_t accepted;
    uint64_t refused;
    airs_status_t failed;
} crasher_t;

static void await_end(crasher_t *crasher, airs_id_t id) {
    const struct timespec moment = {0, 200000};
    airs_actor_counters_t counters;
    for (unsigned i = 0; i < 100000; i++) {
        if (airs_node_counters(crasher->stage->node, id, &counters) != AIRS_OK) {
            return;
        }
        (void)nanosleep(&moment, NULL);
    }
    crasher->failed = AIRS_TIMEOUT;
}

static void tell(crasher_t *crasher, airs_id_t id, const char *text) {
    airs_status_t status = airs_node_send(crasher->stage->node, id, airs_bytes(text, strlen(text)), NULL);
    if (status == AIRS_OK) {
        crasher->accepted++;
    } else if (status == AIRS_TARGET_NOT_FOUND || status == AIRS_NOT_RUNNING) {
        crasher->refused++;
    } else {
        crasher->failed = status;
    }
}

/* An actor that lives for a few messages, again and again. */
static void *crash(void *context) {
    crasher_t *crasher = context;
    char text[32];
    airs_id_t id;
    (void)snprintf(text, sizeof text, "app/crasher/%d", crasher->number);
    (void)airs_id_parse(airs_str(text), &id, NULL);
    airs_spawn_options_t options = limited_to(PATIENCE_MS);
    for (size_t i = 0; i < CRASHES && crasher->failed == AIRS_OK; i++) {
        crasher->failed = airs_node_spawn(crasher->stage->node, crasher->component, id, &options, NULL);
        for (int k = 0; k < 5; k++) {
            tell(crasher, id, "hello");
        }
        tell(crasher, id, traps[i % TRAPS].how);
        for (int k = 0; k < 5; k++) {
            tell(crasher, id, "behind");
        }
        await_end(crasher, id);
    }
    return NULL;
}

static void *feed(void *context) {
    crasher_t *feeder = context;
    airs_id_t id = airs_id("app", "pair", "0");
    for (size_t i = 0; i < PAIR_MESSAGES && feeder->failed == AIRS_OK; i++) {
        char text[24];
        int size = snprintf(text, sizeof text, "%zu", i);
        feeder->failed = airs_node_send_wait(feeder->stage->node, id, airs_bytes(text, (size_t)size),
                                             airs_str(NULL), PATIENCE_MS, NULL);
    }
    return NULL;
}

static void test_storm_of_crashes(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "forwarder", "app/pair/0", "app/sink/0");
    airs_component_t component = stage_guest(&stage, "trap");
    pthread_t threads[CRASHERS + 1];
    crasher_t crashers[CRASHERS + 1];
    for (int i = 0; i <= CRASHERS; i++) {
        crashers[i] = (crasher_t){.stage = &stage, .component = component, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, i < CRASHERS ? crash : feed, &crashers[i]), 0);
    }
    uint64_t accepted = 0;
    uint64_t refused = 0;
    for (int i = 0; i <= CRASHERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(crashers[i].failed);
        accepted += crashers[i].accepted;
        refused += crashers[i].refused;
    }
    sink_await(&sink, PAIR_MESSAGES);
    for (size_t i = 0; i < PAIR_MESSAGES; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", i);
        assert_string_equal((const char *)sink_heard(&sink, i).data, text);
    }
    assert_int_equal(accepted + refused, CRASHERS * CRASHES * 11);
    assert_ledger(&stage, accepted + 2 * PAIR_MESSAGES);
    assert_int_equal(stage_totals(&stage).crashed, CRASHERS * CRASHES);
    assert_int_equal(stage_totals(&stage).actors, 2);
    /* Whatever was handled and whatever was not: the five in front always were. */
    assert_true(stage_totals(&stage).messages >= 2 * PAIR_MESSAGES + CRASHERS * CRASHES * 5);
    stage_close(&stage);
    sink_free(&sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_does_not_stop_its_neighbours),
        cmocka_unit_test(test_loop_ends_at_its_limit),
        cmocka_unit_test(test_trap_ends_only_that_actor),
        cmocka_unit_test(test_what_was_queued_behind_a_trap),
        cmocka_unit_test(test_trap_while_others_send),
        cmocka_unit_test(test_trap_in_a_callback),
        cmocka_unit_test(test_exit_of_a_program),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_no_room_for_a_message),
        cmocka_unit_test(test_sleepers_do_not_hold_the_worker),
        cmocka_unit_test(test_wasi_sleepers_do_not_hold_the_worker),
        cmocka_unit_test(test_parked_time_has_a_limit),
        cmocka_unit_test(test_messages_wait_for_a_sleeper),
        cmocka_unit_test(test_broken_abi),
        cmocka_unit_test(test_storm_of_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
