/* Guests that do without their instance: far more of them than the node has instances for. */
#include "e2e/stage.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A node with so much room, and a stateless guest's options. */
static airs_spawn_options_t open_small(stage_t *stage, unsigned workers, unsigned actors,
                                       uint64_t passivate_after_ms) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = workers;
    options.cache_dir = "";
    options.max_actors = actors;
    stage_open_with(stage, options);
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    spawn.stateless = true;
    spawn.passivate_after_ms = passivate_after_ms;
    return spawn;
}

static void more_guests_than_instances_all_answer(void **state) {
    (void)state;
    stage_t stage;
    char id[64];
    airs_spawn_options_t options = open_small(&stage, 2, 8, 0);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(id, sizeof id, "app/echo/%d", i);
        assert_ok(stage_spawn(&stage, "echo", id, &options));
    }
    assert_int_equal(stage_totals(&stage).actors, 500);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof id, "app/echo/%d", i * 37 % 500);
        stage_expect(&stage, id, id, id);
    }
    airs_node_counters_t totals = stage_totals(&stage);
    assert_int_equal(totals.messages, 1000);
    assert_int_equal(totals.crashed, 0);
    assert_int_equal(totals.dead_letters, 0);
    assert_in_range(totals.passive, 492, 499);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(id, sizeof id, "app/echo/%d", i);
        assert_ok(stage_stop(&stage, id, i % 2 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP));
    }
    assert_int_equal(stage_totals(&stage).actors, 0);
    assert_int_equal(stage_totals(&stage).passive, 0);
    stage_close(&stage);
}

static void await_passive(stage_t *stage, uint64_t count) {
    uint64_t until = now_ms() + PATIENCE_MS;
    while (stage_totals(stage).passive != count) {
        assert_true(now_ms() < until);
        sched_yield();
    }
}

static void an_idle_one_gives_its_instance_back_by_itself(void **state) {
    (void)state;
    stage_t stage;
    airs_spawn_options_t options = open_small(&stage, 1, 8, 1);
    assert_ok(stage_spawn(&stage, "counter", "app/counter/0", &options));
    await_passive(&stage, 1);
    assert_string_equal(airs_actor_state_text(stage_counters(&stage, "app/counter/0").state), "passive");
    /* It counts from nothing each time, with its configuration. */
    for (int i = 0; i < 3; i++) {
        stage_expect(&stage, "app/counter/0", "one", "1");
        await_passive(&stage, 1);
    }
    assert_true(stage_totals(&stage).returned >= 3);
    assert_true(stage_totals(&stage).passivated >= 4);
    stage_close(&stage);
}

/* Those that are not stateless, and nothing else, hold the pool; room comes with a stop. */
static void who_keeps_its_instance_does_not_give_way(void **state) {
    (void)state;
    stage_t stage;
    airs_spawn_options_t options = open_small(&stage, 1, 4, 0);
    char id[64];
    int kept = 0;
    do {
        (void)snprintf(id, sizeof id, "app/counter/%d", kept);
        kept++;
    } while (stage_spawn(&stage, "counter", id, NULL) == AIRS_OK);
    assert_status(stage_spawn(&stage, "echo", "app/echo/0", &options), AIRS_RESOURCE_LIMIT);
    assert_ok(stage_stop(&stage, "app/counter/1", AIRS_STOP_DRAIN));
    assert_ok(stage_spawn(&stage, "echo", "app/echo/0", &options));
    stage_drain(&stage); /* it gives way as soon as it is idle */
    assert_ok(stage_spawn(&stage, "echo", "app/echo/1", &options));
    stage_expect(&stage, "app/echo/0", "a", "a");
    stage_expect(&stage, "app/echo/1", "b", "b");
    stage_expect(&stage, "app/counter/0", "one", "1");
    stage_expect(&stage, "app/counter/0", "one", "2");
    stage_close(&stage);
}

static void it_sends_as_before(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    airs_spawn_options_t options = open_small(&stage, 2, 8, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    options.config = airs_bytes("app/sink/0", 10);
    assert_ok(stage_spawn(&stage, "forwarder", "app/forwarder/0", &options));
    await_passive(&stage, 1);
    assert_ok(stage_send(&stage, "app/forwarder/0", "onward"));
    sink_expect(&sink, 0, "app/forwarder/0", "onward");
    await_passive(&stage, 1);
    assert_ok(stage_send(&stage, "app/forwarder/0", "again"));
    sink_expect(&sink, 1, "app/forwarder/0", "again");
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- what the kernel allows ---- */

static size_t count_maps(void) {
    FILE *file = fopen("/proc/self/maps", "re");
    size_t count = 0;
    assert_non_null(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        count += c == '\n';
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

static size_t allowed_maps(void) {
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    char line[32];
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(fclose(file), 0);
    return strtoul(line, NULL, 10);
}

/* Take what there is of them, but for `left`: every other page may be read. */
static void *take_maps(size_t left, size_t *size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t taken = allowed_maps() - count_maps() - left;
    *size = (taken + 2) * page;
    char *pages = mmap(NULL, *size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    for (size_t i = 1; i < taken; i += 2) {
        assert_int_equal(mprotect(pages + i * page, page, PROT_READ), 0);
    }
    return pages;
}

static void the_kernel_has_no_more_maps(void **state) {
    (void)state;
    if (is_sanitized() || allowed_maps() > 2000000) {
        skip(); /* a sanitizer needs maps of its own, and so many take too long to use up */
    }
    stage_t stage;
    char id[64];
    int live = 0;
    size_t size = 0;
    airs_spawn_options_t options = open_small(&stage, 1, 500, 0);
    assert_ok(stage_spawn(&stage, "counter", "app/first/0", &options));
    void *maps = take_maps(400, &size);
    airs_status_t status = AIRS_OK;
    while (live < 400 && status == AIRS_OK) {
        (void)snprintf(id, sizeof id, "app/counter/%d", live);
        status = stage_spawn(&stage, "counter", id, NULL);
        live += status == AIRS_OK;
    }
    /* The stateless one has given way before that, and comes back when there is room. */
    assert_int_equal(stage_totals(&stage).passivated, 1);
    assert_status(status, AIRS_RESOURCE_LIMIT);
    assert_non_null(strstr(stage.error.text, "vm.max_map_count"));
    assert_in_range(live, 50, 399);
    assert_int_equal(munmap(maps, size), 0);
    assert_ok(stage_spawn(&stage, "counter", id, NULL));
    stage_expect(&stage, id, "one", "1");
    stage_expect(&stage, "app/first/0", "one", "1");
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_guests_than_instances_all_answer),
        cmocka_unit_test(an_idle_one_gives_its_instance_back_by_itself),
        cmocka_unit_test(who_keeps_its_instance_does_not_give_way),
        cmocka_unit_test(it_sends_as_before),
        cmocka_unit_test(the_kernel_has_no_more_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
