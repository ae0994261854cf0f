/* Requests that go through several guests: chains, rings and circles of actors that each ask the next one before
 * they answer, by deferred replies. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>

static void test_chain_and_back(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    stage_add(&stage, "relay", "app/c/0", "app/nobody/0");
    stage_add(&stage, "relay", "app/b/0", "app/c/0");
    stage_add(&stage, "relay", "app/a/0", "app/b/0");
    for (int i = 0; i < 100; i++) {
        stage_expect(&stage, "app/a/0", "2 hello", "hello..");
    }
    /* The request, and the answer to its own. */
    assert_int_equal(stage_counters(&stage, "app/a/0").handled, 200);
    assert_int_equal(stage_counters(&stage, "app/b/0").handled, 200);
    assert_int_equal(stage_counters(&stage, "app/c/0").handled, 100);
    /* A failure at the end of the chain comes back all the way. */
    stage_expect_error(&stage, "app/a/0", "3 hello", "handle-message-failed");
    assert_ok(stage_stop(&stage, "app/c/0", AIRS_STOP_DRAIN));
    stage_expect_error(&stage, "app/b/0", "1 hello", "target not found");
    airs_request_counters_t requests = stage_requests(&stage);
    assert_int_equal(requests.completed, 300);
    assert_int_equal(requests.pending, 0);
    stage_close(&stage);
}

static void test_ring_of_requests(void **state) {
    (void)state;
    enum { RING = 1000 };
    stage_t stage;
    stage_open(&stage, 2);
    char expected[RING + 2] = "x";
    memset(expected + 1, '.', RING);
    for (int i = 0; i < RING; i++) {
        char id[32];
        char next[32];
        (void)snprintf(id, sizeof id, "app/ring/%d", i);
        (void)snprintf(next, sizeof next, "app/ring/%d", (i + 1) % RING);
        stage_add(&stage, "relay", id, next);
    }
    /* All the way round, to where it began: that one has asked, and is asked meanwhile. */
    stage_expect(&stage, "app/ring/0", "1000 x", expected);
    assert_int_equal(stage_counters(&stage, "app/ring/0").handled, 3);
    assert_int_equal(stage_counters(&stage, "app/ring/1").handled, 2);
    stage_close(&stage);
}

/* Nobody waits inside a call, so those who ask each other, or themselves, do not wait for one another. */
static void test_circles(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "relay", "app/a/0", "app/b/0");
    stage_add(&stage, "relay", "app/b/0", "app/a/0");
    stage_add(&stage, "relay", "app/self/0", "app/self/0");
    stage_expect(&stage, "app/a/0", "1 x", "x.");
    stage_expect(&stage, "app/a/0", "2 x", "x..");
    stage_expect(&stage, "app/b/0", "15 x", "x...............");
    stage_expect(&stage, "app/self/0", "10 x", "x..........");
    assert_int_equal(stage_totals(&stage).crashed, 0);
    assert_int_equal(stage_requests(&stage).pending, 0);
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_and_back),
        cmocka_unit_test(test_ring_of_requests),
        cmocka_unit_test(test_circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
