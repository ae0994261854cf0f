#include "runtime/resource_limits.h"

#include <stdio.h>

#include "runtime/engine_fixture.h"
#include "runtime/memory_maps.h"

static void assert_refused(const airs_wasm_engine_options_t *options, airs_status_t status,
                           const char *text) {
    airs_runtime_engine_t *engine = NULL;
    airs_error_t error;
    assert_status(airs_wasm_engine_create(options, &engine, &error), status);
    assert_null(engine);
    assert_status(error.status, status);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" does not have \"%s\"", error.text, text);
    }
}

static void assert_made(const airs_wasm_engine_options_t *options) {
    airs_runtime_engine_t *engine = NULL;
    airs_error_t error;
    if (airs_wasm_engine_create(options, &engine, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    engine->ops->destroy(engine);
}

static void defaults_are_filled_in(void **state) {
    (void)state;
    airs_wasm_engine_options_t options = {0};
    assert_ok(airs_engine_options_resolve(&options, NULL));
    assert_ptr_equal(options.allocator, airs_allocator_default());
    assert_ptr_equal(options.clock, airs_clock_system());
    assert_ptr_equal(options.log, airs_log_none());
    assert_int_equal(options.max_instances, 1000);
    assert_int_equal(options.max_core_instances, 64000);
    assert_int_equal(options.max_memory_bytes, (uint64_t)256 << 20);
    assert_int_equal(options.slice_us, 1000);
    assert_false(options.consume_fuel);
}

static void what_is_asked_for_is_kept(void **state) {
    (void)state;
    airs_wasm_engine_options_t options = {
        .max_instances = 7, .max_core_instances = 5, .max_memory_bytes = 1, .slice_us = 1000000};
    assert_ok(airs_engine_options_resolve(&options, NULL));
    assert_int_equal(options.max_instances, 7);
    assert_int_equal(options.max_core_instances, 5);
    assert_int_equal(options.max_memory_bytes, 1);
    assert_int_equal(options.slice_us, 1000000);
}

static void slices_by_fuel_count_fuel(void **state) {
    (void)state;
    airs_wasm_engine_options_t options = {.slice_fuel = 1};
    assert_ok(airs_engine_options_resolve(&options, NULL));
    assert_true(options.consume_fuel);
}

/* Of which two maps each are a stack, and two at least a memory. */
static void instances_need_maps(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {
        .max_instances = (uint32_t)(airs_memory_maps_allowed() / 4 + 1)};
    assert_refused(&options, AIRS_RESOURCE_LIMIT, "sysctl -w vm.max_map_count=");
}

static void few_instances_may_have_many_parts(void **state) {
    (void)state;
    airs_wasm_engine_options_t options = {.max_instances = 1};
    assert_ok(airs_engine_options_resolve(&options, NULL));
    assert_int_equal(options.max_core_instances, 512);
}

static void more_parts_than_can_be_counted_are_all_there_are(void **state) {
    (void)state;
    airs_wasm_engine_options_t options = {.max_instances = UINT32_MAX};
    assert_ok(airs_engine_options_resolve(&options, NULL));
    assert_int_equal(options.max_core_instances, UINT32_MAX);
}

static void a_memory_larger_than_a_memory_can_be_is_refused(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 1, .max_memory_bytes = (uint64_t)5 << 30};
    assert_refused(&options, AIRS_INVALID_ARGUMENT,
                   "max_memory_bytes is 5368709120; a linear memory has 4294967296 bytes at most");
    const airs_wasm_engine_options_t more = {.max_instances = 1, .max_memory_bytes = UINT64_MAX};
    assert_refused(&more, AIRS_INVALID_ARGUMENT, "max_memory_bytes is 18446744073709551615");
    const airs_wasm_engine_options_t largest = {.max_instances = 1, .max_memory_bytes = (uint64_t)4 << 30};
    assert_made(&largest);
}

static void a_slice_that_would_not_end_is_refused(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 1, .slice_us = 1000001};
    assert_refused(&options, AIRS_INVALID_ARGUMENT,
                   "slice_us is 1000001; a time slice has 1000000 microseconds at most");
    const airs_wasm_engine_options_t more = {.max_instances = 1, .slice_us = UINT64_MAX};
    assert_refused(&more, AIRS_INVALID_ARGUMENT, "slice_us is 18446744073709551615");
}

static void pools_larger_than_the_address_space_are_refused(void **state) {
    (void)state;
    const airs_wasm_engine_options_t many = {.max_instances = 10000000};
    assert_refused(&many, AIRS_RESOURCE_LIMIT, "10000000 instances ");
    const airs_wasm_engine_options_t all = {.max_instances = UINT32_MAX};
    assert_refused(&all, AIRS_RESOURCE_LIMIT, "4294967295 instances ");
    /* And an engine of usual size can be made after that. */
    const airs_wasm_engine_options_t usual = {0};
    assert_made(&usual);
}

/* A memory of the pool's largest size fits, one page more does not; a limit of an instance may be lower. */
static void the_largest_memory_is_the_pools(void **state) {
    (void)state;
    static fixture_t fixture;
    const airs_wasm_engine_options_t options = {.max_instances = 2, .max_memory_bytes = (uint64_t)8 << 20};
    const airs_instance_limits_t limits = {.max_memory_bytes = UINT64_MAX, .max_execution_time_ms = 5000};
    fixture_open(&fixture, &options);
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "hog"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_request(&fixture, "take 4000000"));
    assert_string_equal(fixture_response(&fixture), "ok");
    assert_ok(fixture_request(&fixture, "take 8000000"));
    assert_string_equal(fixture_response(&fixture), "no");
    fixture_close(&fixture);
}

/* A guest in C with imports takes three core instances. */
static void too_few_core_instances_are_an_error_of_the_start(void **state) {
    (void)state;
    static fixture_t fixture;
    const airs_wasm_engine_options_t options = {.max_instances = 2, .max_core_instances = 2};
    fixture_open(&fixture, &options);
    assert_status(fixture_start(&fixture, fixture_load(&fixture, "forwarder"), NULL), AIRS_RESOURCE_LIMIT);
    assert_non_null(strstr(fixture.result.reason, "a larger engine.max-core-instances makes room"));
    fixture_drop(&fixture);
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "bad/quiet"), NULL));
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(what_is_asked_for_is_kept),
        cmocka_unit_test(slices_by_fuel_count_fuel),
        cmocka_unit_test(instances_need_maps),
        cmocka_unit_test(few_instances_may_have_many_parts),
        cmocka_unit_test(more_parts_than_can_be_counted_are_all_there_are),
        cmocka_unit_test(a_memory_larger_than_a_memory_can_be_is_refused),
        cmocka_unit_test(a_slice_that_would_not_end_is_refused),
        cmocka_unit_test(pools_larger_than_the_address_space_are_refused),
        cmocka_unit_test(the_largest_memory_is_the_pools),
        cmocka_unit_test(too_few_core_instances_are_an_error_of_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
