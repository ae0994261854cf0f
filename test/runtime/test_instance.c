#include "runtime/instance.h"

#include <stdlib.h>

#include "runtime/shared_fixture.h"

static void answers_with_bytes(void **state) {
    (void)state;
    fixture_run(&fixture, "echo", NULL);
    assert_ok(fixture_request(&fixture, "hello"));
    assert_string_equal(fixture_response(&fixture), "hello");
    assert_ok(fixture_request(&fixture, ""));
    assert_true(fixture.result.has_response);
    assert_int_equal(fixture.result.response.size, 0);
}

static void tells_metadata_and_health(void **state) {
    (void)state;
    fixture_run(&fixture, "echo", NULL);
    assert_ok(fixture_call(&fixture, AIRS_CALL_METADATA));
    assert_string_equal(fixture.result.name, "echo");
    assert_string_equal(fixture.result.version, "1.2.3");
    assert_ok(fixture_call(&fixture, AIRS_CALL_HEALTH));
    assert_int_equal(fixture.result.health, AIRS_HEALTHY);
    assert_ok(fixture_call(&fixture, AIRS_CALL_SHUTDOWN));
}

static void keeps_state_between_calls(void **state) {
    (void)state;
    fixture_run(&fixture, "counter", NULL);
    for (int i = 0; i < 1000; i++) {
        assert_ok(fixture_message(&fixture, "tick"));
    }
    assert_ok(fixture_request(&fixture, "get"));
    assert_string_equal(fixture_response(&fixture), "1000");
}

static void an_error_is_an_answer(void **state) {
    (void)state;
    fixture_run(&fixture, "failing", NULL);
    assert_status(fixture_message(&fixture, "no good"), AIRS_GUEST_ERROR);
    assert_non_null(strstr(fixture.result.reason, "runtime-error: "));
    assert_status(fixture_message(&fixture, "again"), AIRS_GUEST_ERROR);
}

static void a_trap_has_a_reason_and_a_backtrace(void **state) {
    (void)state;
    fixture_run(&fixture, "trap", NULL);
    assert_status(fixture_message(&fixture, "trap"), AIRS_TRAP);
    assert_non_null(strstr(fixture.result.reason, "unreachable"));
    assert_non_null(strstr(fixture.result.reason, "airs_on_message"));
}

static void a_stack_that_overflows_is_told_apart(void **state) {
    (void)state;
    fixture_run(&fixture, "trap", NULL);
    assert_status(fixture_message(&fixture, "stack"), AIRS_STACK_OVERFLOW);
}

static void a_loop_ends_at_the_execution_time_limit(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20,
                                           .max_execution_time_ms = 20};
    /* The limit is on the engine's clock, which the ticker reads: the system's here. */
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "loop"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_status(fixture_message(&fixture, "loop"), AIRS_EXECUTION_TIME_EXCEEDED);
    assert_non_null(strstr(fixture.result.reason, "20 ms"));
}

static void a_long_call_is_sliced_and_goes_on(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 4, .slice_us = 1000};
    fixture_close(&fixture);
    fixture_open(&fixture, &options);
    fixture_run(&fixture, "loop", NULL);
    atomic_store(&fixture.wakes, 0);
    airs_poll_t poll = fixture_begin_message(&fixture, "spin 200000000");
    int slices = 0;
    for (; poll == AIRS_POLL_PENDING; slices++) {
        assert_true(atomic_load(&fixture.wakes) > 0);
        poll = fixture_resume(&fixture);
    }
    assert_ok(fixture.result.status);
    assert_true(slices > 0);
}

static void a_start_function_that_loops_is_ended(void **state) {
    (void)state;
    static const char text[] =
        "(component"
        "  (core module $loops (func $f (loop br 0)) (start $f))"
        "  (core instance (instantiate $loops))"
        "  (core module $m"
        "    (func (export \"i\") (param i32 i32 i32 i32 i32 i32 i64 i64 i32 i64) (result i32) unreachable)"
        "  )"
        ")";
    airs_component_handle_t component = 0;
    airs_error_t error;
    /* It lacks the exports, so it is refused before anything of it runs. */
    assert_status(fixture_load_text(&fixture, text, &component, &error), AIRS_EXPORT_NOT_FOUND);
    assert_non_null(strstr(error.text, "component-lifecycle"));
}

static void a_loop_in_initialize_is_ended(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20,
                                           .max_execution_time_ms = 20};
    const airs_env_var_t env = {airs_str("LOOP_IN"), airs_str("initialize")};
    fixture.env = &env;
    fixture.env_count = 1;
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "loop"), &limits));
    assert_status(fixture_initialize(&fixture, NULL), AIRS_EXECUTION_TIME_EXCEEDED);
}

static void a_failing_initialize_says_why(void **state) {
    (void)state;
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "initfail"), NULL));
    assert_status(fixture_initialize(&fixture, NULL), AIRS_GUEST_ERROR);
    assert_non_null(strstr(fixture.result.reason, "initialization-failed"));
}

static void memory_is_bounded(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)4 << 20,
                                           .max_execution_time_ms = 5000};
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "hog"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_request(&fixture, "fill"));
    unsigned long long got = strtoull(fixture_response(&fixture), NULL, 10);
    assert_in_range(got, 2 << 20, 4 << 20);
    assert_ok(fixture_request(&fixture, "free"));
    assert_status(fixture_message(&fixture, "trap"), AIRS_TRAP);
    assert_non_null(strstr(fixture.result.reason, "4194304"));
}

static void less_memory_than_it_starts_with_is_a_limit(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = 65536, .max_execution_time_ms = 5000};
    assert_status(fixture_start(&fixture, fixture_load(&fixture, "echo"), &limits), AIRS_RESOURCE_LIMIT);
}

static void a_sleep_waits_for_the_clock(void **state) {
    (void)state;
    fixture_run(&fixture, "sleeper", NULL);
    uint64_t before = airs_clock_monotonic(&fixture.clock.clock);
    assert_int_equal(fixture_begin_message(&fixture, "1500"), AIRS_POLL_PENDING);
    assert_int_equal(atomic_load(&fixture.wakes), 0);
    assert_int_equal(airs_manual_timers_next(&fixture.timers), before + 1500000000U);
    /* Resuming early is fine. */
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    airs_manual_timers_advance(&fixture.timers, 1499999999U);
    assert_int_equal(atomic_load(&fixture.wakes), 0);
    airs_manual_timers_advance(&fixture.timers, 1);
    assert_int_equal(atomic_load(&fixture.wakes), 1);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    assert_ok(fixture.result.status);
}

static void a_sleep_without_end_can_be_dropped(void **state) {
    (void)state;
    fixture_run(&fixture, "sleeper", NULL);
    assert_int_equal(fixture_begin_message(&fixture, "18446744073709551615"), AIRS_POLL_PENDING);
    fixture_drop(&fixture);
    assert_int_equal(airs_manual_timers_count(&fixture.timers), 0);
}

static void a_sleep_without_memory_for_its_timer_asks_again(void **state) {
    (void)state;
    fixture_run(&fixture, "sleeper", NULL);
    fixture.timers.fail_add = 1;
    atomic_store(&fixture.wakes, 0);
    assert_int_equal(fixture_begin_message(&fixture, "10"), AIRS_POLL_PENDING);
    assert_int_equal(atomic_load(&fixture.wakes), 1);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    airs_manual_timers_advance(&fixture.timers, 10000000);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
}

static void an_unknown_component_is_refused(void **state) {
    (void)state;
    assert_status(fixture_start(&fixture, 77, NULL), AIRS_COMPONENT_NOT_FOUND);
    airs_component_handle_t component = fixture_load(&fixture, "echo");
    fixture.engine->ops->unload(fixture.engine, component);
    fixture.engine->ops->unload(fixture.engine, component);
    fixture.engine->ops->unload(fixture.engine, 12345);
    assert_status(fixture_start(&fixture, component, NULL), AIRS_COMPONENT_NOT_FOUND);
}

static void fuel_needs_an_engine_that_counts_it(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20, .max_fuel = 1000};
    assert_status(fixture_start(&fixture, fixture_load(&fixture, "echo"), &limits), AIRS_UNSUPPORTED);
}

static void fuel_runs_out(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 4, .consume_fuel = true};
    const airs_instance_limits_t limits = {
        .max_memory_bytes = (uint64_t)16 << 20, .max_execution_time_ms = 5000, .max_fuel = 100000};
    fixture_close(&fixture);
    fixture_open(&fixture, &options);
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "loop"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    /* It is for one call: many small ones do not use it up. */
    for (int i = 0; i < 1000; i++) {
        assert_ok(fixture_message(&fixture, "hello"));
    }
    assert_status(fixture_message(&fixture, "spin 100000"), AIRS_OUT_OF_FUEL);
}

static void slices_counted_in_fuel_are_the_same_every_time(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 4, .slice_us = 1000, .slice_fuel = 10000};
    int slices[2] = {0, 0};
    for (int run = 0; run < 2; run++) {
        fixture_close(&fixture);
        fixture_open(&fixture, &options);
        fixture_run(&fixture, "loop", NULL);
        airs_poll_t poll = fixture_begin_message(&fixture, "spin 100000");
        for (; poll == AIRS_POLL_PENDING; slices[run]++) {
            poll = fixture_resume(&fixture);
        }
        assert_ok(fixture.result.status);
    }
    assert_true(slices[0] > 10);
    assert_int_equal(slices[0], slices[1]);
}

static void a_loop_ends_where_slices_are_counted_in_fuel(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 4, .slice_fuel = 10000};
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20,
                                           .max_execution_time_ms = 50};
    fixture_close(&fixture);
    fixture_open(&fixture, &options);
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "loop"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_status(fixture_message(&fixture, "loop"), AIRS_EXECUTION_TIME_EXCEEDED);
}

static void many_come_and_go(void **state) {
    (void)state;
    airs_component_handle_t component = fixture_load(&fixture, "echo");
    /* More than the pools hold: what ended must have given its slots back. */
    for (int i = 0; i < 200; i++) {
        assert_ok(fixture_start(&fixture, component, NULL));
        assert_ok(fixture_initialize(&fixture, NULL));
        assert_ok(fixture_request(&fixture, "x"));
        fixture_drop(&fixture);
    }
}

static void a_full_pool_is_an_error(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 1};
    fixture_close(&fixture);
    fixture_open(&fixture, &options);
    airs_component_handle_t component = fixture_load(&fixture, "echo");
    assert_ok(fixture_start(&fixture, component, NULL));
    airs_instance_t *first = fixture.instance;
    assert_status(fixture_start(&fixture, component, NULL), AIRS_RESOURCE_LIMIT);
    assert_non_null(strstr(fixture.result.reason, "limit"));
    fixture_drop(&fixture);
    fixture.instance = first;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_with_bytes, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(tells_metadata_and_health, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(keeps_state_between_calls, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_error_is_an_answer, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_trap_has_a_reason_and_a_backtrace, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_stack_that_overflows_is_told_apart, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_loop_ends_at_the_execution_time_limit, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_long_call_is_sliced_and_goes_on, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_start_function_that_loops_is_ended, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_loop_in_initialize_is_ended, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_failing_initialize_says_why, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(memory_is_bounded, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(less_memory_than_it_starts_with_is_a_limit, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_waits_for_the_clock, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_without_end_can_be_dropped, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_without_memory_for_its_timer_asks_again, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_component_is_refused, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(fuel_needs_an_engine_that_counts_it, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(fuel_runs_out, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(slices_counted_in_fuel_are_the_same_every_time, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_loop_ends_where_slices_are_counted_in_fuel, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(many_come_and_go, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_full_pool_is_an_error, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
