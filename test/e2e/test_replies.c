/* Deferred replies of real guests: answered later, failed, too late, and when their actor ends first. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>

/* A deferrer, and a requester of it with this timeout that reports to the sink. */
static void open(stage_t *stage, sink_t *sink, const char *timeout_ms) {
    sink_init(sink);
    stage_open(stage, 1);
    sink_spawn(stage, sink, "app/sink/0", NULL);
    stage_add(stage, "deferrer", "app/deferrer/0", NULL);
    assert_ok(stage_add_requester(stage, "app/requester/0", "app/deferrer/0", timeout_ms));
}

static void close_all(stage_t *stage, sink_t *sink) {
    assert_int_equal(stage_requests(stage).pending, 0);
    stage_close(stage);
    sink_free(sink);
}

static void test_answered_later(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    stage_ask(&stage, "app/requester/0", "later hello");
    stage_await_handled(&stage, "app/deferrer/0", 1);
    assert_int_equal(sink_count(&sink), 0);
    assert_int_equal(stage_requests(&stage).pending, 1);
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    sink_expect_report(&stage, &sink, 0, "response", "hello");
    /* Once. */
    stage_expect_error(&stage, "app/deferrer/0", "again", "not found");
    stage_expect_error(&stage, "app/deferrer/0", "answer", "not found");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    close_all(&stage, &sink);
}

/* In whichever order; each answer, its content type and its id are those of its request. */
static void test_answered_in_another_order(void **state) {
    (void)state;
    stage_t stage;
    sink_t sinks[3];
    airs_request_id_t ids[3];
    char names[3][32];
    stage_open(&stage, 2);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    for (int i = 0; i < 3; i++) {
        char text[64];
        sink_init(&sinks[i]);
        sinks[i].then = sink_ask;
        sinks[i].user = &ids[i];
        (void)snprintf(names[i], sizeof names[i], "app/asker/%d", i);
        sink_spawn(&stage, &sinks[i], names[i], NULL);
        (void)snprintf(text, sizeof text, "app/deferrer/0 later number-%d", i);
        assert_ok(stage_send(&stage, names[i], text));
        stage_await_handled(&stage, "app/deferrer/0", (uint64_t)i + 1);
    }
    static const char *const commands[] = {"newest", "answer", "answer"};
    static const int order[] = {2, 0, 1};
    for (int i = 0; i < 3; i++) {
        char text[32];
        stage_expect(&stage, "app/deferrer/0", commands[i], "ok");
        (void)snprintf(text, sizeof text, "number-%d", order[i]);
        sink_expect(&sinks[order[i]], 1, "app/deferrer/0", text);
        heard_t heard = sink_heard(&sinks[order[i]], 1);
        assert_int_equal(heard.kind, AIRS_INCOMING_RESPONSE);
        assert_string_equal(heard.correlation_id, ids[order[i]].text);
        assert_string_equal(heard.content_type, "text/plain");
        for (int k = i + 1; k < 3; k++) {
            assert_int_equal(sink_count(&sinks[order[k]]), 1);
        }
    }
    stage_close(&stage);
    for (int i = 0; i < 3; i++) {
        sink_free(&sinks[i]);
    }
}

static void test_failed_later(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    stage_ask(&stage, "app/requester/0", "later hello");
    stage_await_handled(&stage, "app/deferrer/0", 1);
    stage_expect(&stage, "app/deferrer/0", "fail it was not to be", "ok");
    sink_expect_report(&stage, &sink, 0, "failure", "\"handle-message-failed\"");
    sink_expect_report(&stage, &sink, 0, "failure", "it was not to be");
    assert_int_equal(stage_requests(&stage).failed, 1);
    close_all(&stage, &sink);
}

static void test_too_late(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "20");
    stage_ask(&stage, "app/requester/0", "later hello");
    sink_expect_report(&stage, &sink, 0, "failure", "\"timeout\"");
    stage_expect_error(&stage, "app/deferrer/0", "answer", "timed out");
    assert_int_equal(stage_requests(&stage).late, 1);
    /* It is closed by that. */
    stage_expect_error(&stage, "app/deferrer/0", "again", "not found");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    close_all(&stage, &sink);
}

static void test_cancelled_meanwhile(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    stage_ask(&stage, "app/requester/0", "later hello");
    stage_await_handled(&stage, "app/deferrer/0", 1);
    stage_expect(&stage, "app/requester/0", "cancel", "ok");
    stage_expect_error(&stage, "app/deferrer/0", "answer", "timed out");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 0);
    assert_int_equal(stage_requests(&stage).cancelled, 1);
    close_all(&stage, &sink);
}

static void test_deferrer_ends(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    char ids[3][40];
    for (int i = 0; i < 3; i++) {
        stage_ask(&stage, "app/requester/0", "later hello");
        memcpy(ids[i], stage.request, sizeof ids[i]);
    }
    stage_await_handled(&stage, "app/deferrer/0", 3);
    assert_ok(stage_stop(&stage, "app/deferrer/0", AIRS_STOP_DRAIN));
    sink_await(&sink, 3);
    bool told[3] = {false};
    for (size_t i = 0; i < 3; i++) {
        const char *report = (const char *)sink_heard(&sink, i).data;
        assert_non_null(strstr(report, "\"stopped\""));
        for (int k = 0; k < 3; k++) {
            told[k] = told[k] || strncmp(report + strlen("failure "), ids[k], 36) == 0;
        }
    }
    assert_true(told[0] && told[1] && told[2]);
    close_all(&stage, &sink);
}

static void test_deferrer_crashes(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    stage_ask(&stage, "app/requester/0", "later hello");
    stage_await_handled(&stage, "app/deferrer/0", 1);
    assert_ok(stage_send(&stage, "app/deferrer/0", "trap"));
    sink_expect_report(&stage, &sink, 0, "failure", "\"trap\"");
    /* A successor knows nothing of it. */
    stage_await_end(&stage, "app/deferrer/0");
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    stage_expect_error(&stage, "app/deferrer/0", "answer", "not found");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    close_all(&stage, &sink);
}

static void test_nothing_to_take_over(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    stage_expect(&stage, "app/deferrer/0", "twice", "invalid state");
    assert_ok(stage_send(&stage, "app/deferrer/0", "later hello"));
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/deferrer/0").errors, 1);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_HANDLER_ERROR), 1);
    close_all(&stage, &sink);
}

static void test_limit(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink, "60000");
    assert_ok(stage_stop(&stage, "app/deferrer/0", AIRS_STOP_DRAIN));
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_deferred = 2;
    assert_ok(stage_spawn(&stage, "deferrer", "app/deferrer/0", &options));
    stage_ask(&stage, "app/requester/0", "later one");
    stage_ask(&stage, "app/requester/0", "later two");
    stage_ask(&stage, "app/requester/0", "later three");
    sink_expect_report(&stage, &sink, 0, "failure", "quota exceeded");
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    stage_ask(&stage, "app/requester/0", "later four");
    stage_await_handled(&stage, "app/deferrer/0", 5);
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    stage_expect(&stage, "app/deferrer/0", "newest", "ok");
    sink_await(&sink, 4);
    assert_non_null(strstr((const char *)sink_heard(&sink, 3).data, " four"));
    close_all(&stage, &sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answered_later),
        cmocka_unit_test(test_answered_in_another_order),
        cmocka_unit_test(test_failed_later),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_cancelled_meanwhile),
        cmocka_unit_test(test_deferrer_ends),
        cmocka_unit_test(test_deferrer_crashes),
        cmocka_unit_test(test_nothing_to_take_over),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
