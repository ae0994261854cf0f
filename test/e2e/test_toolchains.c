/* Actors that other toolchains made, from Python, JavaScript and Rust, beside actors in C.
 *
 * The build scripts of test/guests make them where their toolchains can be had. Without them these tests are
 * skipped, except where the environment says CI=true. */
#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *language;

static bool is_made(void) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.wasm", AIRS_TEST_GUESTS, language);
    return access(path, R_OK) == 0;
}

/* A node, and an actor that `language` reports to. The components take long to compile, so the code is kept where
 * the command keeps it. */
static void open(stage_t *stage, sink_t *sink) {
    if (!is_made()) {
        const char *ci = getenv("CI");
        if (ci != NULL && strcmp(ci, "true") == 0) {
            fail_msg("the %s guest has not been made", language);
        }
        print_message("skipped: the %s guest has not been made\n", language);
        skip();
    }
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    stage_open_with(stage, options);
    sink_init(sink);
    sink_spawn(stage, sink, "app/sink/0", NULL);
}

static void close_all(stage_t *stage, sink_t *sink) {
    stage_close(stage);
    sink_free(sink);
}

static void add(stage_t *stage, const char *id) {
    const airs_variable_t report = {"REPORT_TO", "app/sink/0"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = &report;
    options.env_count = 1;
    options.max_memory_bytes = 256 << 20;
    options.max_execution_time_ms = PATIENCE_MS;
    if (stage_spawn(stage, language, id, &options) != AIRS_OK) {
        fail_msg("%s: %s", id, stage->error.text);
    }
}

static void test_answers(void **state) {
    language = *state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    add(&stage, "app/it/0");
    stage_expect(&stage, "app/it/0",
                 "upper gr\xc3\xbc\xc3\x9f"
                 "e",
                 "GR\xc3\x9cSSE");
    stage_expect(&stage, "app/it/0", "count", "2");
    assert_status(stage_call(&stage, "app/it/0", "dance"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_non_null(strstr(stage.error.text, "not a command: dance"));
    stage_expect(&stage, "app/it/0", "count", "4");
    airs_actor_counters_t counters = stage_counters(&stage, "app/it/0");
    assert_int_equal(counters.handled, 4);
    assert_int_equal(counters.errors, 1);
    /* A second instance has a state of its own. */
    add(&stage, "app/it/1");
    stage_expect(&stage, "app/it/1", "count", "1");
    assert_ok(stage_stop(&stage, "app/it/1", AIRS_STOP_DRAIN));
    add(&stage, "app/it/1");
    stage_expect(&stage, "app/it/1", "count", "1");
    assert_ok(stage_stop(&stage, "app/it/0", AIRS_STOP_DRAIN));
    close_all(&stage, &sink);
}

static void test_messages_and_requests(void **state) {
    language = *state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    add(&stage, "app/it/0");
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "failing", "app/failing/0", NULL);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/it/0");
    stage_expect(&stage, "app/it/0", "send app/sink/0 hello", "ok");
    sink_expect(&sink, 0, "app/it/0", "hello");
    /* From a guest in C to it, and on. */
    assert_ok(stage_call(&stage, "app/forwarder/0", "send app/sink/0 passed on"));
    sink_expect(&sink, 1, "app/it/0", "passed on");
    assert_ok(stage_call(&stage, "app/it/0", "request app/echo/0 question"));
    assert_int_equal(strlen(stage.answer), 36);
    sink_expect(&sink, 2, "app/it/0", "response question");
    assert_ok(stage_call(&stage, "app/it/0", "request app/failing/0 no"));
    sink_await(&sink, 4);
    const char *failure = (const char *)sink_heard(&sink, 3).data;
    assert_memory_equal(failure, "failure {", 9);
    assert_non_null(strstr(failure, stage.answer));
    /* Errors of the runtime are errors of its own kind there. */
    assert_status(stage_call(&stage, "app/it/0", "send app/nobody/0 hello"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_status(stage_call(&stage, "app/it/0", "send other/sink/0 hello"), AIRS_HANDLE_MESSAGE_FAILED);
    stage_expect(&stage, "app/it/0", "set colour green", "ok");
    stage_expect(&stage, "app/it/0", "get colour", "green");
    assert_int_equal(stage_totals(&stage).crashed, 0);
    close_all(&stage, &sink);
}

static void test_topics_and_replies(void **state) {
    language = *state;
    static const char *const pattern = "reports.>";
    stage_t stage;
    sink_t sink;
    sink_t reports;
    open(&stage, &sink);
    sink_init(&reports);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = &pattern;
    options.subscription_count = 1;
    sink_spawn(&stage, &reports, "app/reports/0", &options);
    add(&stage, "app/it/0");
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    stage_expect(&stage, "app/it/0", "subscribe news.*", "ok");
    stage_expect(&stage, "app/publisher/0", "news.today send app/sink/0 heard", "1");
    sink_expect(&sink, 0, "app/it/0", "heard");
    stage_expect(&stage, "app/it/0", "unsubscribe news.*", "ok");
    stage_expect(&stage, "app/publisher/0", "news.today send app/sink/0 heard", "0");
    stage_expect(&stage, "app/it/0", "publish reports.eu all is done", "1");
    sink_expect(&reports, 0, "app/it/0", "all is done");
    assert_string_equal(sink_heard(&reports, 0).content_type, "text/plain");
    assert_status(stage_call(&stage, "app/it/0", "subscribe a..b"), AIRS_HANDLE_MESSAGE_FAILED);
    /* Answers that come later, after other messages. */
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/it/0", "60000"));
    stage_ask(&stage, "app/requester/0", "later at last");
    stage_expect(&stage, "app/it/0", "upper meanwhile", "MEANWHILE");
    stage_expect(&stage, "app/it/0", "answer", "ok");
    sink_expect_report(&stage, &sink, 1, "response", "at last");
    stage_ask(&stage, "app/requester/0", "later never");
    stage_expect(&stage, "app/it/0", "upper meanwhile", "MEANWHILE");
    stage_expect(&stage, "app/it/0", "fail it was not to be", "ok");
    sink_expect_report(&stage, &sink, 2, "failure", "it was not to be");
    assert_int_equal(stage_totals(&stage).crashed, 0);
    close_all(&stage, &sink);
    sink_free(&reports);
}

static void test_timers(void **state) {
    language = *state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    add(&stage, "app/it/0");
    uint64_t begun = now_ms();
    assert_ok(stage_call(&stage, "app/it/0", "after 30 send app/sink/0 ding"));
    sink_expect(&sink, 0, "app/it/0", "ding");
    assert_true(now_ms() - begun >= 30);
    char cancel[64];
    assert_ok(stage_call(&stage, "app/it/0", "every 5 send app/sink/0 tick"));
    (void)snprintf(cancel, sizeof cancel, "cancel %.20s", stage.answer);
    for (size_t i = 1; i <= 3; i++) {
        sink_expect(&sink, i, "app/it/0", "tick");
    }
    stage_expect(&stage, "app/it/0", cancel, "yes");
    stage_expect(&stage, "app/it/0", cancel, "no");
    assert_status(stage_call(&stage, "app/it/0", "every 0 never"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_int_equal(stage_totals(&stage).crashed, 0);
    close_all(&stage, &sink);
}

static void test_many_messages(void **state) {
    language = *state;
    enum { COUNT = 2000 };
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    add(&stage, "app/it/0");
    for (int i = 0; i < COUNT; i++) {
        char text[64];
        int size = snprintf(text, sizeof text, "send app/sink/0 %d", i);
        assert_ok(airs_node_send_wait(stage.node, id_of("app/it/0"), airs_bytes(text, (size_t)size),
                                      airs_str(NULL), PATIENCE_MS, &stage.error));
    }
    sink_await(&sink, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        assert_string_equal((const char *)sink_heard(&sink, (size_t)i).data, text);
    }
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/it/0").handled, COUNT);
    close_all(&stage, &sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"python: answers", test_answers, NULL, NULL, "python"},
        {"python: messages and requests", test_messages_and_requests, NULL, NULL, "python"},
        {"python: topics and replies", test_topics_and_replies, NULL, NULL, "python"},
        {"python: timers", test_timers, NULL, NULL, "python"},
        {"python: many messages", test_many_messages, NULL, NULL, "python"},
        {"javascript: answers", test_answers, NULL, NULL, "javascript"},
        {"javascript: messages and requests", test_messages_and_requests, NULL, NULL, "javascript"},
        {"javascript: topics and replies", test_topics_and_replies, NULL, NULL, "javascript"},
        {"javascript: timers", test_timers, NULL, NULL, "javascript"},
        {"javascript: many messages", test_many_messages, NULL, NULL, "javascript"},
        {"rust: answers", test_answers, NULL, NULL, "rust"},
        {"rust: messages and requests", test_messages_and_requests, NULL, NULL, "rust"},
        {"rust: topics and replies", test_topics_and_replies, NULL, NULL, "rust"},
        {"rust: timers", test_timers, NULL, NULL, "rust"},
        {"rust: many messages", test_many_messages, NULL, NULL, "rust"},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
