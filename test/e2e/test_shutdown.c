/* A node that ends with everything outstanding: messages, requests, answers taken over, timers, subscriptions, and
 * senders that wait. Nothing leaks, which stage_close asserts, and nothing hangs. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define EACH 5

static void add(stage_t *stage, const char *guest, int number, const char *config,
                const airs_spawn_options_t *options) {
    airs_spawn_options_t own = options != NULL ? *options : (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    char id[64];
    (void)snprintf(id, sizeof id, "app/%s/%d", guest, number);
    own.config = airs_bytes(config, strlen(config));
    if (stage_spawn(stage, guest, id, &own) != AIRS_OK) {
        fail_msg("%s: %s", id, stage->error.text);
    }
}

static void tell(stage_t *stage, const char *guest, int number, const char *text) {
    char id[64];
    (void)snprintf(id, sizeof id, "app/%s/%d", guest, number);
    airs_status_t status = stage_send(stage, id, text);
    assert_true(status == AIRS_OK || status == AIRS_QUEUE_FULL);
}

static void ask(stage_t *stage, const char *guest, int number, const char *text) {
    char command[64];
    (void)snprintf(command, sizeof command, "app/%s/%d %s", guest, number, text);
    assert_ok(stage_send(stage, "app/asker/0", command));
}

/* Much of everything; the sink is held, and so is whoever sends to it. */
static void fill(stage_t *stage, sink_t *sink, sink_t *asker) {
    static const char *const patterns[] = {"a.*", "a.>", "b"};
    airs_spawn_options_t subscribed = AIRS_SPAWN_OPTIONS_INIT;
    subscribed.subscriptions = patterns;
    subscribed.subscription_count = 3;
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_messages = 4;
    small.mailbox_policy = AIRS_MAILBOX_BLOCK;
    small.block_time_ms = PATIENCE_MS;
    sink_spawn(stage, sink, "app/sink/0", &small);
    sink_close(sink, true);
    sink_spawn(stage, asker, "app/asker/0", NULL);
    stage_add(stage, "counter", "app/counter/0", NULL);
    for (int i = 0; i < EACH; i++) {
        char to_deferrer[32];
        (void)snprintf(to_deferrer, sizeof to_deferrer, "app/deferrer/%d", i);
        add(stage, "deferrer", i, "", NULL);
        add(stage, "requester", i, to_deferrer, NULL);
        add(stage, "ticker", i, "app/counter/0", NULL);
        add(stage, "subscriber", i, "app/sink/0", &subscribed);
        add(stage, "publisher", i, "", NULL);
        add(stage, "filler", i, "app/sink/0", NULL);
        add(stage, "relay", i, "app/sink/0", NULL);
        add(stage, "sleeper", i, "", NULL);
    }
    stage_add(stage, "crowd", "app/crowd/0", "app/sleeper/0");
    for (int i = 0; i < EACH; i++) {
        tell(stage, "requester", i, "later never");
        tell(stage, "requester", i, "later 3600000 never");
        ask(stage, "relay", i, "1 never");
        ask(stage, "filler", i, "100");
        tell(stage, "ticker", i, "every 1 tick");
        tell(stage, "ticker", i, "every 3600000 never");
        tell(stage, "ticker", i, "after 3600000 never");
        tell(stage, "sleeper", i, "50");
        tell(stage, "sleeper", i, "queued");
        tell(stage, "publisher", i, "a.b hello");
        tell(stage, "publisher", i, "b hello");
    }
    tell(stage, "crowd", 0, "500");
    tell(stage, "sink", 0, "in hand");
}

/* However far it has come when the end comes. */
static void test_everything_outstanding(void **state) {
    (void)state;
    for (long round = 0; round < 4; round++) {
        stage_t stage;
        sink_t sink;
        sink_t asker;
        sink_init(&sink);
        sink_init(&asker);
        asker.then = sink_ask;
        stage_open(&stage, 2);
        fill(&stage, &sink, &asker);
        if (round > 0) {
            const struct timespec moment = {0, round * 5000000};
            (void)nanosleep(&moment, NULL);
        }
        sink_close(&sink, false);
        uint64_t begun = now_ms();
        stage_close(&stage);
        assert_true(now_ms() - begun < 9000); /* nobody was waited for until patience ended */
        assert_true(sink.ended);
        sink_free(&sink);
        sink_free(&asker);
    }
}

/* One after the other, while the others go on. */
static void test_actors_end_one_by_one(void **state) {
    (void)state;
    static const char *const guests[] = {"publisher", "deferrer", "subscriber", "requester",
                                         "ticker",    "relay",    "sleeper",    "filler"};
    stage_t stage;
    sink_t sink;
    sink_t asker;
    sink_init(&sink);
    sink_init(&asker);
    asker.then = sink_ask;
    stage_open(&stage, 2);
    fill(&stage, &sink, &asker);
    sink_close(&sink, false);
    for (int i = 0; i < EACH; i++) {
        for (size_t k = 0; k < sizeof guests / sizeof guests[0]; k++) {
            char id[64];
            (void)snprintf(id, sizeof id, "app/%s/%d", guests[k], i);
            airs_status_t status = stage_stop(&stage, id, k % 2 == 0 ? AIRS_STOP_DROP : AIRS_STOP_DRAIN);
            if (status != AIRS_OK) {
                fail_msg("%s: %s", id, stage.error.text);
            }
        }
    }
    stage_drain(&stage);
    airs_request_counters_t requests = stage_requests(&stage);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(stage_totals(&stage).actors, 4);
    assert_int_equal(stage_totals(&stage).crashed, 0);
    stage_close(&stage);
    sink_free(&sink);
    sink_free(&asker);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_outstanding),
        cmocka_unit_test(test_actors_end_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
