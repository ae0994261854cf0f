/* What counts as a crash: each way of ending badly ends the incarnation with a status and a reason of its own, its
 * supervisor brings it back, and the node and its other actors go on. */
#include "e2e/supervised.h"

#include <stdio.h>
#include <string.h>

/* Long enough for what is not meant to end that way, short enough to wait for. */
#define EXECUTION_MS 500
#define PARKED_MS 500
#define MEMORY ((uint64_t)16 << 20)
#define FUEL 2000000

typedef struct crash {
    const char *guest;
    const char *message;
    airs_status_t status;
    const char *reason; /* in the text of it */
    const char *then;   /* asked of the next incarnation; NULL: it would end of that too */
} crash_t;

static airs_actor_spec_t narrow(void) {
    return (airs_actor_spec_t){.limits = {.max_memory_bytes = MEMORY,
                                          .max_execution_time_ms = EXECUTION_MS,
                                          .max_parked_time_ms = PARKED_MS}};
}

static void open(stage_t *stage, airs_log_t *log, bool fuel) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.cache_dir = "";
    options.consume_fuel = fuel;
    options.log = log;
    stage_open_with(stage, options);
    stage_add(stage, "echo", "app/neighbour/0", NULL);
}

/* The node is as well as ever. */
static void close_well(stage_t *stage) {
    stage_expect(stage, "app/neighbour/0", "well", "well");
    stage_drain(stage);
    stage_close(stage);
}

static void expect_text(const char *where, const char *text, const char *part) {
    if (strstr(text, part) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", where, text, part);
    }
}

/* It ends with the message in hand, as a request so that the end can be heard, and comes back. */
static void crash_and_come_back(stage_t *stage, const crash_t *crash, const airs_actor_spec_t *spec) {
    airs_child_spec_t child = child_of(stage, crash->guest, "app/it/0", spec);
    assert_ok(stage_supervise(stage, &child, 1));
    uint64_t crashed = stage_totals(stage).crashed;
    airs_status_t status = stage_call(stage, "app/it/0", crash->message);
    if (status != crash->status) {
        fail_msg("%s, told \"%s\": %s, %s", crash->guest, crash->message, airs_status_name(status),
                 stage->error.text);
    }
    told_t told = stage_await_restarts(stage, "app/it/0", 1);
    assert_int_equal(stage_totals(stage).crashed, crashed + 1);
    assert_string_equal(told.failure, airs_status_name(crash->status));
    expect_text(crash->guest, told.failure_reason, crash->reason);
    assert_true(told.failed_ns > 0);
    letter_t letter = stage_newest_letter(stage);
    assert_int_equal(letter.reason, AIRS_DEAD_LETTER_CRASHED);
    assert_string_equal(letter.target, "app/it/0");
    assert_string_equal(letter.payload, crash->message);
    expect_text(crash->guest, letter.detail, crash->reason);
    if (crash->then != NULL) {
        stage_expect(stage, "app/it/0", crash->then, crash->then);
    }
    stage_expect(stage, "app/neighbour/0", "well", "well");
    assert_ok(stage_stop(stage, "app/it/0", AIRS_STOP_DRAIN));
}

static void come_back_from(const crash_t *crashes, size_t count) {
    stage_t stage;
    airs_actor_spec_t spec = narrow();
    open(&stage, NULL, false);
    for (size_t i = 0; i < count; i++) {
        crash_and_come_back(&stage, &crashes[i], &spec);
    }
    close_well(&stage);
}

static void test_trap(void **state) {
    (void)state;
    static const crash_t crashes[] = {
        {"trap", "trap", AIRS_TRAP, "wasm `unreachable` instruction executed", "hello"},
        {"trap", "divide", AIRS_TRAP, "integer divide by zero", "hello"},
        {"trap", "bounds", AIRS_TRAP, "out of bounds memory access", "hello"},
        {"trap", "call", AIRS_TRAP, "indirect call type mismatch", "hello"},
        {"trap", "abort", AIRS_TRAP, "wasm `unreachable` instruction executed", "hello"},
        {"wasi", "exit 3", AIRS_TRAP, "exit", NULL},
    };
    come_back_from(crashes, sizeof crashes / sizeof crashes[0]);
}

static void test_stack_overflow(void **state) {
    (void)state;
    static const crash_t crashes[] = {
        {"trap", "stack", AIRS_STACK_OVERFLOW, "call stack exhausted", "hello"},
        /* The component's own stack, below all else in its memory. */
        {"trap", "frames", AIRS_TRAP, "out of bounds memory access", "hello"},
    };
    come_back_from(crashes, sizeof crashes / sizeof crashes[0]);
}

static void test_execution_time_limit(void **state) {
    (void)state;
    static const crash_t crash = {"loop", "loop", AIRS_EXECUTION_TIME_EXCEEDED,
                                  "ran longer than the execution-time limit of 500 ms", "hello"};
    come_back_from(&crash, 1);
}

static void test_parked_time_limit(void **state) {
    (void)state;
    static const crash_t crashes[] = {
        {"sleeper", "3600000", AIRS_PARKED_TIME_EXCEEDED, "the parked-time limit was exceeded", NULL},
        {"wasi", "sleep 3600000", AIRS_PARKED_TIME_EXCEEDED, "the parked-time limit was exceeded", NULL},
    };
    come_back_from(crashes, 2);
}

static void test_result_that_breaks_the_abi(void **state) {
    (void)state;
    static const crash_t crashes[] = {
        {"bad/result-outside", "hello", AIRS_INVALID_RESULT, "list pointer/length out of bounds", NULL},
        {"bad/result-huge", "hello", AIRS_INVALID_RESULT, "list pointer/length out of bounds", NULL},
        {"bad/result-not-utf8", "hello", AIRS_INVALID_RESULT, "utf-8", NULL},
    };
    come_back_from(crashes, sizeof crashes / sizeof crashes[0]);
}

static void test_out_of_fuel(void **state) {
    (void)state;
    static const crash_t crash = {"loop", "spin 100000000", AIRS_OUT_OF_FUEL, "all fuel consumed", "hello"};
    stage_t stage;
    airs_actor_spec_t spec = narrow();
    spec.limits.max_execution_time_ms = 60000;
    spec.limits.max_fuel = FUEL;
    open(&stage, NULL, true);
    crash_and_come_back(&stage, &crash, &spec);
    close_well(&stage);
}

/* Refused memory is an answer; only the trap that follows is a crash, and says what went before it. */
static void test_memory_refused_and_then_a_trap(void **state) {
    (void)state;
    static const crash_t crash = {"hog", "trap", AIRS_TRAP,
                                  "its memory was not let grow beyond the limit of 16777216 bytes", "hello"};
    stage_t stage;
    airs_actor_spec_t spec = narrow();
    spec.limits.max_execution_time_ms = 60000;
    open(&stage, NULL, false);
    airs_child_spec_t child = child_of(&stage, "hog", "app/hog/0", &spec);
    assert_ok(stage_supervise(&stage, &child, 1));
    assert_ok(stage_call(&stage, "app/hog/0", "fill"));
    stage_expect(&stage, "app/hog/0", "take 17000000", "no");
    assert_int_equal(stage_told(&stage, "app/hog/0").restarts, 0);
    assert_int_equal(stage_totals(&stage).crashed, 0);
    crash_and_come_back(&stage, &crash, &spec);
    close_well(&stage);
}

/* ---- starts ---- */

/* The first start that fails is the supervisor's, and nobody's crash. */
static void test_initialize_that_fails_at_the_first_start(void **state) {
    (void)state;
    static const struct {
        const char *variable;
        airs_status_t status;
        const char *reason;
    } cases[] = {
        {"FAIL_AT", AIRS_INITIALIZE_FAILED, "start 1 is one that fails"},
        {"TRAP_AT", AIRS_TRAP, "unreachable"},
        {"LOOP_AT", AIRS_EXECUTION_TIME_EXCEEDED, "500 ms"},
    };
    stage_t stage;
    open(&stage, NULL, false);
    for (size_t i = 0; i < 3; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/phoenix-%zu/0", i);
        const airs_env_var_t variable = {airs_str(cases[i].variable), airs_str("1")};
        airs_actor_spec_t spec = narrow();
        spec.env = &variable;
        spec.env_count = 1;
        airs_child_spec_t child = child_of(&stage, "phoenix", id, &spec);
        assert_status(stage_supervise(&stage, &child, 1), cases[i].status);
        expect_text(id, stage.error.text, cases[i].reason);
        assert_false(stage_told(&stage, id).known);
    }
    assert_int_equal(stage_totals(&stage).crashed, 0);
    assert_int_equal(stage_totals(&stage).actors, 1);
    close_well(&stage);
}

/* One that fails at a restart is tried again, and each try is a crash that counts. */
static void test_initialize_that_fails_at_a_restart(void **state) {
    (void)state;
    static const struct {
        const char *variable;
        const char *failure;
        const char *reason;
    } cases[] = {
        {"FAIL_AT", "initialize-failed", "start 2 is one that fails"},
        {"TRAP_AT", "trap", "fall_into_the_fire"},
        {"LOOP_AT", "execution-time-exceeded", "500 ms"},
    };
    stage_t stage;
    open(&stage, NULL, false);
    for (size_t i = 0; i < 3; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/phoenix-%zu/0", i);
        const airs_env_var_t variable = {airs_str(cases[i].variable), airs_str("2")};
        airs_actor_spec_t spec = narrow();
        spec.env = &variable;
        spec.env_count = 1;
        airs_child_spec_t child = child_of(&stage, "phoenix", id, &spec);
        assert_ok(stage_supervise(&stage, &child, 1));
        assert_status(stage_call(&stage, id, "trap"), AIRS_TRAP);
        told_t told = stage_await_restarts(&stage, id, 2);
        assert_string_equal(told.failure, cases[i].failure);
        expect_text(id, told.failure_reason, cases[i].reason);
        assert_int_equal(stage_totals(&stage).crashed, 2 * (i + 1));
        stage_expect(&stage, id, "starts", "3");
    }
    close_well(&stage);
}

/* ---- health ---- */

typedef struct sickness {
    const char *guest;
    airs_env_var_t variable;
    airs_status_t status;
    const char *reason;
    uint64_t timeout_ms; /* to answer in */
} sickness_t;

static void fall_ill(stage_t *stage, const sickness_t *sickness, uint32_t unhealthy_after) {
    airs_actor_spec_t spec = narrow();
    spec.limits.max_execution_time_ms = PATIENCE_MS;
    spec.env = &sickness->variable;
    spec.env_count = sickness->variable.name.size > 0;
    spec.health_interval_ms = 20;
    spec.health_timeout_ms = sickness->timeout_ms;
    spec.unhealthy_after = unhealthy_after;
    airs_child_spec_t child = child_of(stage, sickness->guest, "app/it/0", &spec);
    assert_ok(stage_supervise(stage, &child, 1));
    const char *name = airs_status_name(sickness->status);
    told_t told = {.failure = ""};
    for (uint64_t began = now_ms(); told.failed_ns == 0 && now_ms() - began < PATIENCE_MS;) {
        told = stage_told(stage, "app/it/0");
    }
    assert_string_equal(told.failure, name);
    expect_text(sickness->guest, told.failure_reason, sickness->reason);
    assert_ok(stage_stop(stage, "app/it/0", AIRS_STOP_DROP));
}

static void test_unhealthy_for_some_checks(void **state) {
    (void)state;
    static const sickness_t says_so = {"failing",
                                       {{"HEALTH", 6}, {"unhealthy", 9}},
                                       AIRS_HEALTH_CHECKS_FAILED,
                                       "3 health checks in a row found it unhealthy",
                                       PATIENCE_MS};
    stage_t stage;
    open(&stage, NULL, false);
    fall_ill(&stage, &says_so, 3);
    close_well(&stage);
}

static void test_health_that_is_not_answered_in_time(void **state) {
    (void)state;
    static const sickness_t loops = {
        "loop",
        {{"LOOP_IN", 7}, {"health", 6}},
        AIRS_HEALTH_CHECKS_FAILED,
        "2 health checks in a row found it unhealthy; the last had no answer in 50 ms",
        50};
    stage_t stage;
    open(&stage, NULL, false);
    fall_ill(&stage, &loops, 2);
    close_well(&stage);
}

static void test_health_that_crashes(void **state) {
    (void)state;
    static const sickness_t sicknesses[] = {
        {"trap", {{"TRAP_IN", 7}, {"health", 6}}, AIRS_TRAP, "airs_on_health", PATIENCE_MS},
        {"bad/result-not-a-case",
         {{NULL, 0}, {NULL, 0}},
         AIRS_INVALID_RESULT,
         "unexpected discriminant: 77",
         PATIENCE_MS},
    };
    stage_t stage;
    open(&stage, NULL, false);
    fall_ill(&stage, &sicknesses[0], 1);
    fall_ill(&stage, &sicknesses[1], 1);
    close_well(&stage);
}

/* It is shown, and goes on. */
static void test_degraded_is_no_crash(void **state) {
    (void)state;
    stage_t stage;
    open(&stage, NULL, false);
    const airs_variable_t variable = {"HEALTH", "degraded"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = &variable;
    options.env_count = 1;
    options.health_interval_ms = 5;
    options.unhealthy_after = 1;
    assert_ok(stage_spawn(&stage, "failing", "app/it/0", &options));
    for (uint64_t began = now_ms(); strcmp(stage_told(&stage, "app/it/0").health, "degraded") != 0;) {
        assert_true(now_ms() - began < PATIENCE_MS);
    }
    /* What other guests see of it. */
    stage_add(&stage, "lister", "app/lister/0", NULL);
    assert_ok(stage_call(&stage, "app/lister/0", "describe app/it/0"));
    expect_text("lister", stage.answer, "degraded");
    assert_int_equal(stage_totals(&stage).crashed, 0);
    close_well(&stage);
}

/* ---- what is none ---- */

static void test_an_error_is_an_answer(void **state) {
    (void)state;
    stage_t stage;
    open(&stage, NULL, false);
    airs_child_spec_t child = child_of(&stage, "failing", "app/it/0", NULL);
    assert_ok(stage_supervise(&stage, &child, 1));
    for (int i = 0; i < 10; i++) {
        assert_status(stage_call(&stage, "app/it/0", "no good"), AIRS_HANDLE_MESSAGE_FAILED);
        assert_ok(stage_send(&stage, "app/it/0", "no good"));
    }
    stage_drain(&stage);
    airs_actor_counters_t counters = stage_counters(&stage, "app/it/0");
    assert_int_equal(counters.errors, 20);
    assert_int_equal(counters.handled, 20);
    assert_int_equal(counters.restarts, 0);
    assert_int_equal(stage_totals(&stage).crashed, 0);
    assert_int_equal(stage_told(&stage, "app/it/0").failed_ns, 0);
    close_well(&stage);
}

static void test_the_kinds_are_told_apart(void **state) {
    (void)state;
    static const airs_status_t kinds[] = {
        AIRS_TRAP,
        AIRS_STACK_OVERFLOW,
        AIRS_EXECUTION_TIME_EXCEEDED,
        AIRS_PARKED_TIME_EXCEEDED,
        AIRS_INVALID_RESULT,
        AIRS_INITIALIZE_FAILED,
        AIRS_OUT_OF_FUEL,
        AIRS_HEALTH_CHECKS_FAILED,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(airs_status_name(kinds[i]), airs_status_name(kinds[k]));
            assert_string_not_equal(airs_status_text(kinds[i]), airs_status_text(kinds[k]));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trap),
        cmocka_unit_test(test_stack_overflow),
        cmocka_unit_test(test_execution_time_limit),
        cmocka_unit_test(test_parked_time_limit),
        cmocka_unit_test(test_result_that_breaks_the_abi),
        cmocka_unit_test(test_out_of_fuel),
        cmocka_unit_test(test_memory_refused_and_then_a_trap),
        cmocka_unit_test(test_initialize_that_fails_at_the_first_start),
        cmocka_unit_test(test_initialize_that_fails_at_a_restart),
        cmocka_unit_test(test_unhealthy_for_some_checks),
        cmocka_unit_test(test_health_that_is_not_answered_in_time),
        cmocka_unit_test(test_health_that_crashes),
        cmocka_unit_test(test_degraded_is_no_crash),
        cmocka_unit_test(test_an_error_is_an_answer),
        cmocka_unit_test(test_the_kinds_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
