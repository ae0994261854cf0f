/* Components that are made to stop a node when it loads them, loaded by a node that has other things to do. */
#include "e2e/neighbours.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/compile_bomb.h"

#define MIB ((uint64_t)1 << 20)

typedef struct scene {
    stage_t stage;
    airs_pair_t pair;
} scene_t;

static int set_up(void **state) {
    static scene_t scene;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.cache_dir = "";
    options.compiler = AIRS_TEST_COMPILER;
    stage_open_with(&scene.stage, options);
    neighbours_open(&scene.stage, &scene.pair);
    *state = &scene;
    return 0;
}

static int tear_down(void **state) {
    scene_t *scene = *state;
    airs_pair_close(&scene->pair);
    stage_close(&scene->stage);
    return 0;
}

/* The neighbours exchange messages before, meanwhile and afterwards; all answers come, in order and soon enough. */
static void expect_harmless(scene_t *scene, const airs_compile_bomb_t *bomb, const airs_load_limits_t *limits,
                            airs_status_t wanted, const char *text) {
    stage_t *stage = &scene->stage;
    airs_bytes_t bytes = airs_compile_bomb_make(bomb);
    airs_load_options_t options = AIRS_LOAD_OPTIONS_INIT;
    airs_component_t component = 0;
    uint64_t before = 0;
    uint64_t after = 0;
    options.bytes = bytes;
    options.name = "bomb.wasm";
    options.untrusted = true;
    options.limits = *limits;
    neighbours_begin(stage, &scene->pair);
    neighbours_get_on(stage, &scene->pair, 10);
    assert_ok(airs_pair_answered(&scene->pair, &before, &stage->error));
    airs_status_t status = airs_node_load_with(stage->node, &options, &component, &stage->error);
    airs_error_t error = stage->error;
    assert_ok(airs_pair_answered(&scene->pair, &after, &stage->error));
    neighbours_get_on(stage, &scene->pair, 10);
    neighbours_end(stage, &scene->pair);
    if (status != wanted || strstr(error.text, text) == NULL) {
        fail_msg("%s: \"%s\"; wanted %s: \"%s\"", airs_status_name(status), error.text,
                 airs_status_name(wanted), text);
    }
    assert_int_equal(component, 0);
    assert_true(after > before + 10);
    print_message("%zu bytes: %s; %llu answers meanwhile\n", bytes.size, error.text,
                  (unsigned long long)(after - before));
    free((void *)bytes.data);
}

static const airs_compile_bomb_t deep = {.functions = 1, .steps = 3, .blocks = 1000, .locals = 1000};
static const airs_compile_bomb_t many = {.functions = 100000, .steps = 30};

static void a_bomb_of_memory_goes_off_elsewhere(void **state) {
    const airs_load_limits_t limits = {
        .compile_memory_bytes = 256 * MIB, .compile_time_ms = 600000, .compile_cpu_ms = 600000};
    expect_harmless(*state, &deep, &limits, AIRS_COMPILE_MEMORY_EXCEEDED,
                    "bomb.wasm: compiling it takes more than 256 MiB of memory");
}

static void a_bomb_of_time_goes_off_elsewhere(void **state) {
    const airs_load_limits_t limits = {.compile_time_ms = 1000};
    expect_harmless(*state, &deep, &limits, AIRS_COMPILE_TIME_EXCEEDED,
                    "bomb.wasm: compiling it takes longer than 1000 ms");
}

static void a_hundred_thousand_functions_take_their_time_elsewhere(void **state) {
    const airs_load_limits_t limits = {.compile_cpu_ms = 1000};
    expect_harmless(*state, &many, &limits, AIRS_COMPILE_TIME_EXCEEDED,
                    "bomb.wasm: compiling it takes more than 1000 ms of processor time");
}

/* Nothing of what went before is left. */
static void a_good_component_is_loaded_after_a_bomb(void **state) {
    scene_t *scene = *state;
    const airs_load_limits_t limits = {.compile_time_ms = 1000};
    expect_harmless(scene, &deep, &limits, AIRS_COMPILE_TIME_EXCEEDED, "bomb.wasm: ");
    airs_load_options_t options = AIRS_LOAD_OPTIONS_INIT;
    airs_component_t component = 0;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/echo.wasm", AIRS_TEST_GUESTS);
    options.path = path;
    options.untrusted = true;
    assert_ok(airs_node_load_with(scene->stage.node, &options, &component, &scene->stage.error));
    assert_ok(airs_node_spawn(scene->stage.node, component, id_of("app/guest/0"), NULL, &scene->stage.error));
    stage_expect(&scene->stage, "app/guest/0", "hello", "hello");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bomb_of_memory_goes_off_elsewhere),
        cmocka_unit_test(a_bomb_of_time_goes_off_elsewhere),
        cmocka_unit_test(a_hundred_thousand_functions_take_their_time_elsewhere),
        cmocka_unit_test(a_good_component_is_loaded_after_a_bomb),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
