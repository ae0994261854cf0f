#include "runtime/wasm_engine.h"

#include <pthread.h>
#include <stdio.h>

#include "core/check.h"
#include "runtime/engine_fixture.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

#define THREADS 4
#define INSTANCES_EACH 10

static fixture_t fixture;
static airs_temporary_folder_t folder;

static int setup(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 16, .slice_us = 1000};
    airs_temporary_folder_create(&folder);
    fixture_open(&fixture, &options);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_close(&fixture);
    airs_temporary_folder_remove(&folder);
    return 0;
}

/* ---- an engine's life ----------------------------------------------------------------------- */

static void ends_with_components_that_are_still_loaded(void **state) {
    (void)state;
    airs_runtime_engine_t *engine = NULL;
    const airs_wasm_engine_options_t options = {.max_instances = 2};
    const airs_component_source_t source = {.path = fixture_guest("bad/quiet")};
    airs_component_handle_t component = 0;
    assert_ok(airs_wasm_engine_create(&options, &engine, NULL));
    for (int i = 0; i < 3; i++) {
        assert_ok(engine->ops->load(engine, &source, &component, NULL));
    }
    engine->ops->destroy(engine);
}

static void errors_may_be_left_out(void **state) {
    (void)state;
    airs_runtime_engine_t *engine = NULL;
    const airs_wasm_engine_options_t absurd = {.max_instances = UINT32_MAX};
    const airs_component_source_t missing = {.path = "/nowhere/at-all.wasm"};
    const airs_component_source_t text = {.bytes = airs_bytes("(", 1)};
    airs_component_handle_t component = 0;
    assert_status(airs_wasm_engine_create(&absurd, &engine, NULL), AIRS_RESOURCE_LIMIT);
    assert_status(fixture.engine->ops->load(fixture.engine, &missing, &component, NULL), AIRS_IO);
    assert_status(fixture.engine->ops->load(fixture.engine, &text, &component, NULL), AIRS_INVALID_COMPONENT);
}

static void several_engines_live_side_by_side(void **state) {
    (void)state;
    static fixture_t other;
    const airs_wasm_engine_options_t options = {.max_instances = 2, .consume_fuel = true};
    fixture_open(&other, &options);
    fixture_run(&fixture, "counter", NULL);
    fixture_run(&other, "counter", NULL);
    assert_ok(fixture_request(&fixture, "one"));
    assert_ok(fixture_request(&fixture, "two"));
    assert_ok(fixture_request(&other, "one"));
    assert_string_equal(fixture_response(&other), "1");
    fixture_close(&other);
    assert_ok(fixture_request(&fixture, "three"));
    assert_string_equal(fixture_response(&fixture), "3");
}

/* ---- threads -------------------------------------------------------------------------------- */

static void ignore_wake(void *context) { (void)context; }

/* Starts, calls and ends instances of one component beside others that do the same. */
static void *run_instances(void *component) {
    airs_runtime_engine_t *engine = fixture.engine;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20,
                                           .max_execution_time_ms = 60000};
    const airs_host_t host = {.id = fixture.id,
                              .router = &fixture.router,
                              .timers = &fixture.timers.service,
                              .clock = &fixture.clock.clock,
                              .random = airs_random_system(),
                              .log = airs_log_none(),
                              .wake = ignore_wake};
    const airs_component_config_t config = {.limits = limits};
    const airs_call_t calls[] = {{.kind = AIRS_CALL_INSTANTIATE},
                                 {.kind = AIRS_CALL_INITIALIZE, .config = &config},
                                 {.kind = AIRS_CALL_METADATA},
                                 {.kind = AIRS_CALL_HEALTH},
                                 {.kind = AIRS_CALL_SHUTDOWN}};
    for (int i = 0; i < INSTANCES_EACH; i++) {
        airs_instance_t *instance = NULL;
        airs_call_result_t result;
        AIRS_ASSERT(engine->ops->instance_create(engine, *(airs_component_handle_t *)component, &host,
                                                 &limits, &instance, NULL) == AIRS_OK);
        engine->ops->activity_begin(engine);
        for (size_t call = 0; call < sizeof calls / sizeof *calls; call++) {
            airs_poll_t poll = engine->ops->call(instance, &calls[call], &result);
            while (poll == AIRS_POLL_PENDING) {
                poll = engine->ops->resume(instance, &result);
            }
            AIRS_ASSERT(result.status == AIRS_OK);
        }
        engine->ops->activity_end(engine);
        engine->ops->instance_destroy(instance);
    }
    return NULL;
}

static void threads_run_instances_of_one_component(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    airs_component_handle_t component = fixture_load(&fixture, "counter");
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_instances, &component), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

/* A call that is longer than a slice is as long as some. */
static void slices_pass_while_there_is_activity(void **state) {
    (void)state;
    airs_runtime_engine_t *engine = fixture.engine;
    fixture_run(&fixture, "loop", NULL);
    uint64_t before = atomic_load(engine->ops->slices(engine));
    assert_ok(fixture_message(&fixture, "spin 200000000"));
    assert_true(atomic_load(engine->ops->slices(engine)) > before);
}

/* ---- memory --------------------------------------------------------------------------------- */

static airs_status_t engine_life(const airs_allocator_t *allocator, void *cache) {
    const airs_wasm_engine_options_t options = {
        .allocator = allocator, .max_instances = 2, .cache_dir = cache};
    airs_runtime_engine_t *engine = NULL;
    airs_status_t status = airs_wasm_engine_create(&options, &engine, NULL);
    if (status == AIRS_OK) {
        engine->ops->destroy(engine);
    }
    return status;
}

static void an_engine_can_be_without_memory(void **state) {
    (void)state;
    airs_fail_each_allocation(engine_life, NULL);
    airs_fail_each_allocation(engine_life, folder.path);
}

static airs_status_t load_life(const airs_allocator_t *allocator, void *path) {
    const airs_wasm_engine_options_t options = {
        .allocator = allocator, .max_instances = 2, .cache_dir = folder.path};
    const airs_component_source_t source = {.path = path};
    airs_component_handle_t handles[20] = {0};
    airs_runtime_engine_t *engine = NULL;
    airs_status_t status = airs_wasm_engine_create(&options, &engine, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    /* More than the table has room for at first. */
    for (size_t i = 0; i < 20; i++) {
        airs_status_t loaded = engine->ops->load(engine, &source, &handles[i], NULL);
        status = loaded != AIRS_OK ? loaded : status;
    }
    for (size_t i = 0; i < 20; i += 2) {
        engine->ops->unload(engine, handles[i]);
    }
    engine->ops->destroy(engine);
    return status;
}

static void a_load_can_be_without_memory(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", fixture_guest("bad/quiet"));
    airs_fail_each_allocation(load_life, path);
}

static void a_load_of_what_is_refused_gives_all_back(void **state) {
    (void)state;
    static const char *const refused[] = {"bad/core-module.wat", "bad/not-wat.wat", "bad/no-lifecycle.wat",
                                          "bad/unknown-import.wasm", "bad/mistyped-function.wasm"};
    airs_failing_allocator_t counting;
    airs_failing_allocator_init(&counting);
    const airs_wasm_engine_options_t options = {
        .allocator = &counting.allocator, .max_instances = 2, .cache_dir = folder.path};
    airs_runtime_engine_t *engine = NULL;
    assert_ok(airs_wasm_engine_create(&options, &engine, NULL));
    uint64_t before = atomic_load(&counting.live_blocks);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char path[1024];
        airs_component_handle_t component = 0;
        snprintf(path, sizeof path, "%s/%s", AIRS_TEST_GUESTS, refused[i]);
        const airs_component_source_t source = {.path = path};
        assert_int_not_equal(engine->ops->load(engine, &source, &component, NULL), AIRS_OK);
        assert_int_equal(atomic_load(&counting.live_blocks), before);
    }
    engine->ops->destroy(engine);
    assert_int_equal(atomic_load(&counting.live_blocks), 0);
}

/* What one actor does, whose guest may hear that there was no memory. */
typedef struct errand {
    const char *guest;
    const char *config;
    const char *message;
} errand_t;

static airs_status_t heard(airs_status_t status) {
    const char *reason = fixture.result.reason;
    bool told = status == AIRS_GUEST_ERROR &&
                (strstr(reason, "out-of-memory") != NULL || strcmp(reason, "no memory for the reason") == 0);
    return told ? AIRS_OUT_OF_MEMORY : status;
}

static airs_status_t run_errand(const errand_t *errand, airs_component_handle_t component) {
    airs_status_t status = fixture_start(&fixture, component, NULL);
    if (status == AIRS_OK) {
        status = fixture_initialize(&fixture, errand->config);
    }
    for (int i = 0; i < 3 && status == AIRS_OK; i++) {
        status = heard(fixture_message(&fixture, errand->message));
    }
    if (status == AIRS_OK) {
        status = fixture_call(&fixture, AIRS_CALL_METADATA);
    }
    if (status == AIRS_OK) {
        status = fixture_call(&fixture, AIRS_CALL_HEALTH);
    }
    fixture_drop(&fixture);
    return status;
}

static airs_status_t instance_life(const airs_allocator_t *allocator, void *context) {
    const errand_t *errand = context;
    const airs_wasm_engine_options_t options = {
        .allocator = allocator, .max_instances = 2, .cache_dir = folder.path};
    const airs_component_source_t source = {.path = fixture_guest(errand->guest)};
    airs_component_handle_t component = 0;
    airs_runtime_engine_t *usual = fixture.engine;
    airs_runtime_engine_t *engine = NULL;
    airs_status_t status = airs_wasm_engine_create(&options, &engine, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    fixture.engine = engine;
    status = engine->ops->load(engine, &source, &component, NULL);
    if (status == AIRS_OK) {
        status = run_errand(errand, component);
    }
    engine->ops->destroy(engine);
    fixture.engine = usual;
    return status;
}

static void an_instance_can_be_without_memory(void **state) {
    (void)state;
    static errand_t errands[] = {
        {"echo", NULL, "hello"},
        {"forwarder", "app/next/0", "hello"},
        {"broadcaster",
         "app/a/0\napp/a/1\napp/a/2\napp/a/3\napp/a/4\napp/a/5\napp/a/6\napp/a/7\napp/a/8\napp/a/9\n"
         "app/a/10\napp/a/11\napp/a/12\napp/a/13\napp/a/14\napp/a/15\napp/a/16\n",
         "hello"},
        {"lister", NULL, "list"},
        {"printer", NULL, "raw: some of a line"},
        {"store", NULL, "set key value"},
        {"sleeper", NULL, "1"},
    };
    const airs_env_var_t env = {airs_str("NAME"), airs_str("value")};
    fixture.env = &env;
    fixture.env_count = 1;
    for (size_t i = 0; i < sizeof errands / sizeof *errands; i++) {
        airs_fail_each_allocation(instance_life, &errands[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_with_components_that_are_still_loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_may_be_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(several_engines_live_side_by_side, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_run_instances_of_one_component, setup, teardown),
        cmocka_unit_test_setup_teardown(slices_pass_while_there_is_activity, setup, teardown),
        cmocka_unit_test_setup_teardown(an_engine_can_be_without_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_load_can_be_without_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_load_of_what_is_refused_gives_all_back, setup, teardown),
        cmocka_unit_test_setup_teardown(an_instance_can_be_without_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
