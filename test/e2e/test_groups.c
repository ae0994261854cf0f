/* Many at once: any instance of a component, all of them, and lists of targets of which some cannot be reached. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>

/* ---- any of them ---- */

static void test_any_instance(void **state) {
    (void)state;
    enum { COUNT = 3, MESSAGES = 300 };
    stage_t stage;
    stage_open(&stage, 2);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/counter/");
    stage_add(&stage, "requester", "app/requester/0", "app/counter/");
    stage_expect_error(&stage, "app/forwarder/0", "hello", "target not found");
    stage_expect_error(&stage, "app/requester/0", "hello", "target not found");
    uint64_t total = 0;
    for (int round = 0; round < COUNT; round++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/counter/%d", round);
        stage_add(&stage, "counter", id, NULL);
        for (int i = 0; i < MESSAGES; i++) {
            assert_ok(stage_call(&stage, i % 2 == 0 ? "app/forwarder/0" : "app/requester/0", "hello"));
        }
        stage_drain(&stage);
        uint64_t before = total;
        total = 0;
        for (int i = 0; i <= round; i++) {
            (void)snprintf(id, sizeof id, "app/counter/%d", i);
            uint64_t count = stage_counters(&stage, id).handled;
            assert_true(count > 0); /* of 300, each gets some: otherwise once in 10^50 */
            total += count;
        }
        assert_int_equal(total, before + MESSAGES);
    }
    /* Who has ended gets nothing any more. */
    assert_ok(stage_stop(&stage, "app/counter/0", AIRS_STOP_DRAIN));
    assert_ok(stage_stop(&stage, "app/counter/2", AIRS_STOP_DRAIN));
    uint64_t before = stage_counters(&stage, "app/counter/1").handled;
    for (int i = 0; i < MESSAGES; i++) {
        assert_ok(stage_call(&stage, "app/forwarder/0", "hello"));
    }
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/counter/1").handled, before + MESSAGES);
    stage_close(&stage);
}

/* Of two it is the one with less waiting. */
static void test_shorter_mailbox(void **state) {
    (void)state;
    stage_t stage;
    sink_t busy;
    sink_t idle;
    sink_init(&busy);
    sink_init(&idle);
    stage_open(&stage, 2);
    sink_spawn(&stage, &busy, "app/sink/busy", NULL);
    sink_close(&busy, true);
    for (size_t i = 0; i < 3; i++) {
        assert_ok(stage_send(&stage, "app/sink/busy", "work"));
    }
    sink_spawn(&stage, &idle, "app/sink/idle", NULL);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/sink/");
    for (size_t i = 0; i < 100; i++) {
        assert_ok(stage_call(&stage, "app/forwarder/0", "hello"));
        sink_await(&idle, i + 1);
    }
    sink_close(&busy, false);
    stage_drain(&stage);
    assert_int_equal(sink_count(&busy), 3);
    stage_close(&stage);
    sink_free(&busy);
    sink_free(&idle);
}

/* The answer says who it was. */
static void test_request_to_any(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    sink.then = sink_ask;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "echo", "app/echo/7", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", "app/echo/ hello"));
    sink_expect(&sink, 1, "app/echo/7", "hello");
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- all of them ---- */

#define LISTENERS 20

/* What each has counted; 0 for one that is not there. */
static void assert_counts(stage_t *stage, const char *name, uint64_t count) {
    for (int i = 0; i < LISTENERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/%s/%d", name, i);
        assert_int_equal(stage_counters(stage, id).handled, count);
    }
}

static void add_counters(stage_t *stage, const char *name) {
    for (int i = 0; i < LISTENERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/%s/%d", name, i);
        stage_add(stage, "counter", id, NULL);
    }
}

static void test_all_instances(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    add_counters(&stage, "some");
    add_counters(&stage, "other");
    stage_add(&stage, "broadcaster", "app/all/0", "app/some/*");
    stage_add(&stage, "broadcaster", "app/both/0", "app/some/*\napp/other/*");
    stage_add(&stage, "broadcaster", "app/nobody/0", "app/nothing/*");
    stage_expect(&stage, "app/all/0", "hello", "ok");
    stage_drain(&stage);
    assert_counts(&stage, "some", 1);
    assert_counts(&stage, "other", 0);
    stage_expect(&stage, "app/both/0", "hello", "ok");
    stage_drain(&stage);
    assert_counts(&stage, "some", 2);
    assert_counts(&stage, "other", 1);
    assert_int_equal(stage_counters(&stage, "app/both/0").sent, 2 * LISTENERS);
    stage_expect_error(&stage, "app/nobody/0", "hello", "target not found");
    /* A message has one receiver: there it stands for nothing. */
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/some/*");
    stage_expect_error(&stage, "app/forwarder/0", "hello", "target not found");
    stage_close(&stage);
}

/* ---- some of them ---- */

static void test_part_failures(void **state) {
    (void)state;
    stage_t stage;
    sink_t full;
    sink_init(&full);
    stage_open(&stage, 2);
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_messages = 1;
    sink_spawn(&stage, &full, "app/full/0", &small);
    sink_close(&full, true);
    assert_ok(stage_send(&stage, "app/full/0", "in hand"));
    sink_await(&full, 1);
    while (stage_send(&stage, "app/full/0", "waits") == AIRS_OK) {
    }
    stage_add(&stage, "counter", "app/counter/0", NULL);
    stage_add(&stage, "counter", "app/counter/1", NULL);
    stage_add(&stage, "broadcaster", "app/one/0", "app/counter/0\napp/missing/0\napp/counter/1");
    stage_add(&stage, "broadcaster", "app/three/0",
              "app/counter/0\napp/full/0\napp/missing/0\nother/app/0\napp/counter/1");
    /* All that can be reached are; the error counts, and names the first. */
    stage_expect_error(&stage, "app/one/0", "hello", "1 of 3");
    stage_expect_error(&stage, "app/one/0", "hello", "app/missing/0");
    stage_expect_error(&stage, "app/three/0", "hello", "3 of 5");
    stage_expect_error(&stage, "app/three/0", "hello", "app/full/0");
    stage_expect_error(&stage, "app/three/0", "hello", "full");
    stage_expect(&stage, "app/counter/0", "get", "5");
    stage_expect(&stage, "app/counter/1", "get", "5");
    sink_close(&full, false);
    stage_close(&stage);
    sink_free(&full);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_instance),   cmocka_unit_test(test_shorter_mailbox),
        cmocka_unit_test(test_request_to_any), cmocka_unit_test(test_all_instances),
        cmocka_unit_test(test_part_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
