/* Actors written in C beside guests: both ways, under the same rules. */
#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static airs_bytes_t bytes_of(const char *text) { return airs_bytes(text, strlen(text)); }

static void assert_heard(sink_t *sink, size_t nth, airs_incoming_kind_t kind, const char *sender,
                         const char *text) {
    heard_t heard = sink_heard(sink, nth);
    assert_int_equal(heard.kind, kind);
    assert_string_equal(heard.sender, sender);
    assert_string_equal((const char *)heard.data, text);
    assert_int_equal(strlen(heard.correlation_id), kind == AIRS_INCOMING_MESSAGE ? 0 : 36);
}

/* ---- to guests ---- */

static airs_status_t send_on(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming) {
    return airs_actor_send(context, id_of(sink->user), incoming->payload);
}

static void test_messages_both_ways(void **state) {
    (void)state;
    stage_t stage;
    sink_t first;
    sink_t last;
    sink_init(&first);
    sink_init(&last);
    first.then = send_on;
    first.user = "app/forwarder/0";
    stage_open(&stage, 2);
    sink_spawn(&stage, &first, "app/first/0", NULL);
    sink_spawn(&stage, &last, "app/last/0", NULL);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/last/0");
    enum { COUNT = 1000 };
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        assert_ok(stage_send(&stage, "app/first/0", text));
        if (i % 500 == 499) {
            sink_await(&last, (size_t)i + 1); /* the forwarder's mailbox is smaller */
        }
    }
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        assert_heard(&first, (size_t)i, AIRS_INCOMING_MESSAGE, "airssys/host/0", text);
        assert_heard(&last, (size_t)i, AIRS_INCOMING_MESSAGE, "app/forwarder/0", text);
    }
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/first/0").sent, COUNT);
    assert_int_equal(stage_counters(&stage, "app/first/0").handled, COUNT);
    assert_int_equal(stage_totals(&stage).messages, 3 * COUNT);
    stage_close(&stage);
    assert_true(first.started && first.stopped && first.ended);
    sink_free(&first);
    sink_free(&last);
}

/* ---- requests ---- */

/* "TIMEOUT TARGET TEXT" is a request; the status of making it, when it cannot be made, is in sink->user. */
static airs_status_t request_as_told(airs_actor_context_t *context, sink_t *sink,
                                     const airs_incoming_t *incoming) {
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    char command[256];
    (void)snprintf(command, sizeof command, "%.*s", (int)incoming->payload.size,
                   (const char *)incoming->payload.data);
    char *target = NULL;
    unsigned long long timeout = strtoull(command, &target, 10);
    char *text = *target == ' ' ? strchr(++target, ' ') : NULL;
    if (text == NULL) {
        return AIRS_INVALID_ARGUMENT;
    }
    *text++ = '\0';
    *(airs_status_t *)sink->user = airs_actor_request(context, id_of(target), bytes_of(text), timeout, NULL);
    return AIRS_OK;
}

static void test_requests_to_guests(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    airs_status_t made = AIRS_OK;
    sink_init(&sink);
    sink.then = request_as_told;
    sink.user = &made;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "failing", "app/failing/0", NULL);
    stage_add(&stage, "trap", "app/trap/0", NULL);
    stage_add(&stage, "sleeper", "app/sleeper/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", "60000 app/echo/0 hello"));
    sink_await(&sink, 2);
    assert_heard(&sink, 1, AIRS_INCOMING_RESPONSE, "app/echo/0", "hello");
    assert_ok(stage_send(&stage, "app/sink/0", "60000 app/failing/0 out of order"));
    sink_await(&sink, 4);
    assert_int_equal(sink_heard(&sink, 3).kind, AIRS_INCOMING_FAILURE);
    assert_string_equal(sink_heard(&sink, 3).sender, "app/failing/0");
    assert_non_null(strstr((const char *)sink_heard(&sink, 3).data, "out of order"));
    assert_non_null(strstr((const char *)sink_heard(&sink, 3).data, sink_heard(&sink, 3).correlation_id));
    assert_ok(stage_send(&stage, "app/sink/0", "60000 app/trap/0 trap"));
    sink_await(&sink, 6);
    assert_int_equal(sink_heard(&sink, 5).kind, AIRS_INCOMING_FAILURE);
    assert_non_null(strstr((const char *)sink_heard(&sink, 5).data, "\"trap\""));
    assert_ok(stage_send(&stage, "app/sink/0", "20 app/sleeper/0 2000"));
    sink_await(&sink, 8);
    assert_int_equal(sink_heard(&sink, 7).kind, AIRS_INCOMING_FAILURE);
    assert_non_null(strstr((const char *)sink_heard(&sink, 7).data, "\"timeout\""));
    /* No time at all. */
    assert_ok(stage_send(&stage, "app/sink/0", "0 app/sleeper/0 0"));
    sink_await(&sink, 10);
    assert_non_null(strstr((const char *)sink_heard(&sink, 9).data, "\"timeout\""));
    assert_ok(made);
    assert_ok(stage_send(&stage, "app/sink/0", "60000 app/nobody/0 hello"));
    sink_await(&sink, 11);
    stage_drain(&stage);
    assert_status(made, AIRS_TARGET_NOT_FOUND);
    assert_int_equal(sink_count(&sink), 11);
    stage_close(&stage);
    sink_free(&sink);
}

/* What happens when each of these is asked; what the calls said is kept. */
typedef struct responder {
    airs_status_t first;
    airs_status_t second;
} responder_t;

static airs_status_t respond(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming) {
    responder_t *responder = sink->user;
    if (incoming->payload.size != 6 || memcmp(incoming->payload.data, "silent", 6) != 0) {
        responder->first = airs_actor_respond(context, bytes_of("an answer"));
        responder->second = airs_actor_respond(context, bytes_of("another"));
    }
    return AIRS_OK;
}

static void test_requests_of_guests(void **state) {
    (void)state;
    stage_t stage;
    sink_t server;
    sink_t reports;
    responder_t responder = {AIRS_OK, AIRS_OK};
    sink_init(&server);
    sink_init(&reports);
    server.then = respond;
    server.user = &responder;
    stage_open(&stage, 2);
    sink_spawn(&stage, &server, "app/server/0", NULL);
    sink_spawn(&stage, &reports, "app/reports/0", NULL);
    const airs_variable_t variables[] = {{"REPORT_TO", "app/reports/0"}, {"TIMEOUT_MS", "60000"}};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = variables;
    options.env_count = 2;
    options.config = bytes_of("app/server/0");
    assert_ok(stage_spawn(&stage, "requester", "app/requester/0", &options));
    assert_ok(stage_call(&stage, "app/requester/0", "question"));
    char expected[STAGE_ANSWER_TEXT + 32];
    (void)snprintf(expected, sizeof expected, "response %s an answer", stage.answer);
    sink_await(&reports, 1);
    assert_heard(&reports, 0, AIRS_INCOMING_MESSAGE, "app/requester/0", expected);
    assert_heard(&server, 0, AIRS_INCOMING_REQUEST, "app/requester/0", "question");
    stage_drain(&stage);
    assert_ok(responder.first);
    assert_status(responder.second, AIRS_INVALID_STATE);
    /* Who says nothing answers with nothing. */
    assert_ok(stage_call(&stage, "app/requester/0", "silent"));
    (void)snprintf(expected, sizeof expected, "response %s ", stage.answer);
    sink_await(&reports, 2);
    assert_heard(&reports, 1, AIRS_INCOMING_MESSAGE, "app/requester/0", expected);
    /* There is nothing to answer in a message. */
    assert_ok(stage_send(&stage, "app/server/0", "message"));
    stage_drain(&stage);
    assert_status(responder.first, AIRS_INVALID_STATE);
    stage_expect(&stage, "app/server/0", "from the host", "an answer");
    stage_close(&stage);
    sink_free(&server);
    sink_free(&reports);
}

static airs_status_t request_and_cancel(airs_actor_context_t *context, sink_t *sink,
                                        const airs_incoming_t *incoming) {
    airs_status_t *statuses = sink->user;
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    airs_request_id_t id;
    statuses[0] =
        airs_actor_request(context, airs_id("app", "sleeper", "0"), bytes_of("20"), PATIENCE_MS, &id);
    statuses[1] = airs_actor_cancel_request(context, &id);
    statuses[2] = airs_actor_cancel_request(context, &id);
    return AIRS_OK;
}

static void test_cancel(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    airs_status_t statuses[3];
    sink_init(&sink);
    sink.then = request_and_cancel;
    sink.user = statuses;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "sleeper", "app/sleeper/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", "go"));
    stage_drain(&stage);
    assert_ok(statuses[0]);
    assert_ok(statuses[1]);
    assert_status(statuses[2], AIRS_NOT_FOUND);
    assert_int_equal(sink_count(&sink), 1);
    /* It was in the mailbox, and was handled for nobody. */
    assert_int_equal(stage_counters(&stage, "app/sleeper/0").handled, 1);
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- ends ---- */

static airs_status_t exit_at_once(airs_actor_context_t *context, sink_t *sink,
                                  const airs_incoming_t *incoming) {
    (void)incoming;
    /* Several to itself, which wait behind this one. */
    for (int i = 0; i < 5; i++) {
        airs_status_t status = airs_actor_send(context, airs_actor_self(context), bytes_of("behind"));
        if (status != AIRS_OK) {
            *(airs_status_t *)sink->user = status;
        }
    }
    airs_actor_exit(context);
    return AIRS_OK;
}

static void test_exit(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    airs_status_t failed = AIRS_OK;
    sink_init(&sink);
    sink.then = exit_at_once;
    sink.user = &failed;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", "go"));
    stage_await_end(&stage, "app/sink/0");
    stage_drain(&stage);
    assert_ok(failed);
    airs_node_counters_t totals = stage_totals(&stage);
    assert_int_equal(totals.messages, 1);
    assert_int_equal(totals.dropped, 0);
    assert_int_equal(totals.dead_letters, 5); /* nobody asked for them to be dropped */
    assert_int_equal(totals.crashed, 0);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(sink_count(&sink), 1);
    stage_close(&stage);
    assert_true(sink.stopped && sink.ended);
    sink_free(&sink);
}

static airs_status_t fail_at_four(airs_actor_context_t *context, sink_t *sink,
                                  const airs_incoming_t *incoming) {
    (void)context;
    (void)sink;
    return incoming->payload.size == 4 ? AIRS_IO : AIRS_OK;
}

static void test_failing_handle(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    sink.then = fail_at_four;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/sink/0");
    assert_ok(stage_call(&stage, "app/forwarder/0", "goes well"));
    assert_status(stage_call(&stage, "app/sink/0", "fail"), AIRS_IO);
    stage_await_end(&stage, "app/sink/0");
    assert_int_equal(stage_totals(&stage).crashed, 1);
    assert_int_equal(stage_totals(&stage).dead_letters, 1);
    /* The guest beside it hears of it as of any that is gone. */
    assert_status(stage_call(&stage, "app/forwarder/0", "nobody"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_non_null(strstr(stage.error.text, "target not found"));
    stage_close(&stage);
    assert_true(sink.ended && !sink.stopped);
    sink_free(&sink);
}

static airs_status_t start_and_fail(airs_actor_context_t *context, void *state) {
    (void)context;
    (void)state;
    return AIRS_IO;
}

static void count_destroy(void *state) { ++*(int *)state; }

static airs_status_t handle_nothing(airs_actor_context_t *context, void *state,
                                    const airs_incoming_t *incoming) {
    (void)context;
    (void)state;
    (void)incoming;
    return AIRS_OK;
}

static void test_failing_spawns(void **state) {
    (void)state;
    stage_t stage;
    int destroyed = 0;
    airs_native_t native = {.size = sizeof native, .handle = handle_nothing, .destroy = count_destroy};
    airs_id_t id = id_of("app/native/0");
    stage_open(&stage, 1);
    assert_ok(airs_node_spawn_native(stage.node, &native, &destroyed, id, NULL, &stage.error));
    assert_status(airs_node_spawn_native(stage.node, &native, &destroyed, id, NULL, &stage.error),
                  AIRS_ALREADY_EXISTS);
    assert_int_equal(destroyed, 1);
    assert_ok(stage_stop(&stage, "app/native/0", AIRS_STOP_DRAIN));
    assert_int_equal(destroyed, 2);
    native.start = start_and_fail;
    assert_status(airs_node_spawn_native(stage.node, &native, &destroyed, id, NULL, &stage.error),
                  AIRS_INITIALIZE_FAILED);
    assert_int_equal(destroyed, 3);
    assert_int_equal(stage_totals(&stage).actors, 0);
    native.start = NULL;
    native.handle = NULL;
    assert_status(airs_node_spawn_native(stage.node, &native, &destroyed, id, NULL, &stage.error),
                  AIRS_INVALID_ARGUMENT);
    assert_int_equal(destroyed, 4);
    stage_close(&stage);
}

/* A slow native actor is held back by the same bounds as a guest. */
static void test_bounds(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = 4;
    options.max_message_bytes = 10;
    sink_spawn(&stage, &sink, "app/sink/0", &options);
    sink_close(&sink, true);
    assert_status(stage_send(&stage, "app/sink/0", "eleven byte"), AIRS_MESSAGE_TOO_LARGE);
    unsigned accepted = 0;
    while (accepted < 100 && stage_send(&stage, "app/sink/0", "ten bytes.") == AIRS_OK) {
        accepted++;
    }
    assert_in_range(accepted, 4, 5);
    assert_int_equal(stage_counters(&stage, "app/sink/0").refused, 2);
    sink_close(&sink, false);
    sink_await(&sink, accepted);
    stage_close(&stage);
    sink_free(&sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_both_ways),
        cmocka_unit_test(test_requests_to_guests),
        cmocka_unit_test(test_requests_of_guests),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_failing_handle),
        cmocka_unit_test(test_failing_spawns),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
