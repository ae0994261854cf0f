/* What a restart keeps and what it drops, clause by clause. The guest is test/guests/phoenix.c, which counts its
 * starts: what reaches the sink says which incarnation it comes from. */
#include "e2e/supervised.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PHOENIX "app/phoenix/0"
#define BEHIND 20

static void open_with(stage_t *stage, sink_t *sink, const char *guest, uint64_t parked_ms, airs_log_t *log) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.cache_dir = "";
    options.log = log;
    sink_init(sink);
    stage_open_with(stage, options);
    sink_spawn(stage, sink, "app/sink/0", NULL);
    airs_actor_spec_t spec = {.config = airs_bytes("app/sink/0", 10),
                              .limits = {.max_parked_time_ms = parked_ms}};
    airs_child_spec_t child = child_of(stage, guest, PHOENIX, &spec);
    assert_ok(stage_supervise(stage, &child, 1));
}

static void open(stage_t *stage, sink_t *sink) { open_with(stage, sink, "phoenix", 0, NULL); }

static void close_all(stage_t *stage, sink_t *sink) {
    stage_drain(stage);
    assert_int_equal(stage_requests(stage).pending, 0);
    stage_close(stage);
    sink_free(sink);
}

/* Ends the first incarnation, and waits for the second. */
static told_t die(stage_t *stage) {
    assert_status(stage_call(stage, PHOENIX, "trap"), AIRS_TRAP);
    told_t told = stage_await_restarts(stage, PHOENIX, 1);
    stage_expect(stage, PHOENIX, "starts", "2");
    return told;
}

static void assert_says(const char *text, const char *part) {
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    }
}

/* ---- what it keeps ---- */

/* The id is taken all the while, and messages to it find their way without being addressed anew. */
static void test_keeps_its_id(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_add(&stage, "forwarder", "app/forwarder/0", PHOENIX);
    assert_ok(stage_send(&stage, "app/forwarder/0", "before"));
    sink_expect(&sink, 0, PHOENIX, "1 before");
    (void)die(&stage);
    assert_status(stage_spawn(&stage, "echo", PHOENIX, NULL), AIRS_ALREADY_EXISTS);
    assert_ok(stage_send(&stage, "app/forwarder/0", "after"));
    sink_expect(&sink, 1, PHOENIX, "2 after");
    airs_actor_counters_t counters = stage_counters(&stage, PHOENIX);
    assert_int_equal(counters.restarts, 1);
    assert_int_equal(counters.refused, 0);
    close_all(&stage, &sink);
}

/* What waited behind the message that it died of is handled by the next one, all of it and in order. */
static void test_keeps_its_mailbox(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    assert_ok(stage_send(&stage, PHOENIX, "trap"));
    for (int i = 0; i < BEHIND; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        assert_ok(stage_send(&stage, PHOENIX, text));
    }
    sink_await(&sink, BEHIND);
    for (size_t i = 0; i < BEHIND; i++) {
        heard_t heard = sink_heard(&sink, i);
        uint64_t number = 0;
        assert_memory_equal(heard.data, "2 ", 2);
        assert_true(parse_numbers((const char *)heard.data + 2, &number, 1));
        assert_int_equal(number, i);
    }
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 1);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_RECEIVER_ENDED), 0);
    assert_int_equal(stage_counters(&stage, PHOENIX).dropped, 0);
    close_all(&stage, &sink);
}

static void test_keeps_requests_that_are_queued(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    sink_t asker;
    sink_init(&asker);
    asker.then = sink_ask;
    sink_spawn(&stage, &asker, "app/asker/0", NULL);
    assert_ok(stage_send(&stage, "app/asker/0", PHOENIX " trap"));
    assert_ok(stage_send(&stage, "app/asker/0", PHOENIX " starts"));
    /* The two commands, and how their requests ended, the first one's first. */
    sink_await(&asker, 4);
    const char *ends[2] = {"", ""};
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        heard_t heard = sink_heard(&asker, i);
        if (heard.kind != AIRS_INCOMING_MESSAGE) {
            assert_int_equal(heard.kind, count == 0 ? AIRS_INCOMING_FAILURE : AIRS_INCOMING_RESPONSE);
            ends[count++] = (const char *)heard.data;
        }
    }
    assert_says(ends[0], "\"error\":\"trap\"");
    assert_string_equal(ends[1], "2");
    close_all(&stage, &sink);
    sink_free(&asker);
}

static void test_keeps_its_subscriptions(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_expect(&stage, PHOENIX, "subscribe news.*", "ok");
    assert_int_equal(stage_told(&stage, PHOENIX).subscriptions, 1);
    (void)die(&stage);
    assert_int_equal(stage_told(&stage, PHOENIX).subscriptions, 1);
    uint32_t reached = 0;
    assert_ok(airs_node_publish(stage.node, airs_str("news.today"), airs_bytes("good", 4), airs_str(NULL),
                                &reached, NULL));
    assert_int_equal(reached, 1);
    sink_expect(&sink, 0, PHOENIX, "2 good");
    close_all(&stage, &sink);
}

/* What it may do, and what it may not, stays: its own application, its own storage (which counts its starts). */
static void test_keeps_its_capabilities(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_add(&stage, "echo", "elsewhere/echo/0", NULL);
    for (int i = 0; i < 2; i++) {
        stage_expect(&stage, PHOENIX, "tell app/sink/0 hello", "ok");
        stage_expect_error(&stage, PHOENIX, "tell elsewhere/echo/0 hello", "capability-denied");
        stage_expect_error(&stage, PHOENIX, "ask elsewhere/echo/0 hello", "capability-denied");
        if (i == 0) {
            (void)die(&stage);
        }
    }
    sink_await(&sink, 2);
    close_all(&stage, &sink);
}

/* ---- what it drops ---- */

static void test_drops_its_instance(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    for (int i = 1; i <= 5; i++) {
        char count[4];
        (void)snprintf(count, sizeof count, "%d", i);
        stage_expect(&stage, PHOENIX, "heard", count);
    }
    (void)die(&stage);
    stage_expect(&stage, PHOENIX, "heard", "2"); /* "starts" was the first */
    close_all(&stage, &sink);
}

static void test_drops_its_timers(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_expect(&stage, PHOENIX, "tick 1", "ok");
    assert_int_equal(stage_told(&stage, PHOENIX).timers, 1);
    sink_expect(&sink, 2, PHOENIX, "1 tick");
    (void)die(&stage);
    assert_int_equal(stage_told(&stage, PHOENIX).timers, 0);
    /* Nothing is armed, so nothing else can come of it. */
    stage_drain(&stage);
    for (size_t i = 0; i < sink_count(&sink); i++) {
        assert_string_equal((const char *)sink_heard(&sink, i).data, "1 tick");
    }
    close_all(&stage, &sink);
}

/* They end as orphans: the answer that comes later is late, and the next incarnation hears nothing of it. */
static void test_cancels_its_outstanding_requests(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    stage_expect(&stage, PHOENIX, "ask app/deferrer/0 later hello", "ok");
    stage_await_handled(&stage, "app/deferrer/0", 1);
    assert_int_equal(stage_requests(&stage).pending, 1);
    (void)die(&stage);
    assert_int_equal(stage_requests(&stage).pending, 0);
    assert_int_equal(stage_requests(&stage).orphaned, 1);
    stage_expect_error(&stage, "app/deferrer/0", "answer", "");
    /* What the next one asks it hears. */
    stage_expect(&stage, PHOENIX, "ask app/deferrer/0 later again", "ok");
    stage_await_handled(&stage, "app/deferrer/0", 3);
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    sink_expect(&sink, 0, PHOENIX, "2 callback again");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    close_all(&stage, &sink);
}

/* What its requests and timers had brought already is not for the next one: it is dropped and counted. */
static void test_drops_callbacks_and_timer_messages_that_are_queued(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    /* It sleeps for so long that both come meanwhile, and is ended by its limit. */
    open_with(&stage, &sink, "phoenix", 5000, NULL);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    stage_expect(&stage, PHOENIX, "ask app/deferrer/0 later hello", "ok");
    stage_await_handled(&stage, "app/deferrer/0", 1);
    stage_expect(&stage, PHOENIX, "tick 1000", "ok");
    assert_ok(stage_send(&stage, PHOENIX, "sleep 3600000"));
    assert_ok(stage_send(&stage, PHOENIX, "behind"));
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    (void)stage_await_restarts(&stage, PHOENIX, 1);
    stage_drain(&stage);
    bool came = false;
    for (size_t i = 0; i < sink_count(&sink); i++) {
        const char *text = (const char *)sink_heard(&sink, i).data;
        assert_true(strcmp(text, "1 tick") == 0 || strcmp(text, "2 behind") == 0);
        came = came || strcmp(text, "2 behind") == 0;
    }
    assert_true(came);
    assert_int_equal(stage_counters(&stage, PHOENIX).dropped, 2);
    close_all(&stage, &sink);
}

/* ---- what it ends at once ---- */

static void test_fails_the_request_in_hand(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    uint64_t began = now_ms();
    assert_status(stage_call(&stage, PHOENIX, "trap"), AIRS_TRAP);
    assert_true(now_ms() - began < PATIENCE_MS);
    assert_says(stage.error.text, "unreachable");
    assert_says(stage.error.text, "fall_into_the_fire");
    close_all(&stage, &sink);
}

static void test_fails_its_deferred_replies(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    sink_t asker;
    sink_init(&asker);
    asker.then = sink_ask;
    sink_spawn(&stage, &asker, "app/asker/0", NULL);
    for (int i = 0; i < 3; i++) {
        assert_ok(stage_send(&stage, "app/asker/0", PHOENIX " defer"));
    }
    stage_await_handled(&stage, PHOENIX, 3);
    assert_int_equal(stage_requests(&stage).pending, 3);
    (void)die(&stage);
    sink_await(&asker, 6);
    for (size_t i = 3; i < 6; i++) {
        heard_t heard = sink_heard(&asker, i);
        assert_int_equal(heard.kind, AIRS_INCOMING_FAILURE);
        assert_says((const char *)heard.data, "\"error\":\"trap\"");
    }
    close_all(&stage, &sink);
    sink_free(&asker);
}

/* ---- the message that it died of ---- */

static void test_the_message_in_hand_is_a_dead_letter_with_a_backtrace(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    told_t told = die(&stage);
    letter_t letter = stage_newest_letter(&stage);
    assert_int_equal(letter.reason, AIRS_DEAD_LETTER_CRASHED);
    assert_string_equal(letter.target, PHOENIX);
    assert_string_equal(letter.payload, "trap");
    /* What happened, and then where: the innermost first. */
    assert_says(letter.detail,
                "wasm trap: wasm `unreachable` instruction executed\n    0: fall_into_the_fire (+0x");
    assert_says(letter.detail, "\n    1: airs_on_message (+0x");
    /* So does who looks at the actor. */
    assert_string_equal(told.failure, "trap");
    assert_string_equal(told.failure_reason, letter.detail);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 1);
    close_all(&stage, &sink);
}

static void test_a_component_without_names_has_numbers(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open_with(&stage, &sink, "phoenix-nameless", 0, NULL);
    (void)die(&stage);
    letter_t letter = stage_newest_letter(&stage);
    assert_says(letter.detail, "wasm trap: wasm `unreachable` instruction executed\n    0: function ");
    assert_says(letter.detail, "\n    1: function ");
    assert_null(strstr(letter.detail, "fall_into_the_fire"));
    close_all(&stage, &sink);
}

/* The log's line says the same on one line. */
typedef struct crash_log {
    airs_log_t log;
    pthread_mutex_t lock;
    unsigned count;
    char reason[256];
    char backtrace[1024];
} crash_log_t;

static void take_log(airs_log_t *log, const airs_log_record_t *record) {
    crash_log_t *self = (crash_log_t *)log;
    if (!airs_str_equal(record->message, airs_str("the actor has crashed"))) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->count++;
    for (size_t i = 0; i < record->field_count; i++) {
        const airs_log_field_t *field = &record->fields[i];
        if (airs_str_equal(field->key, airs_str("reason"))) {
            (void)snprintf(self->reason, sizeof self->reason, "%.*s", AIRS_STR_ARG(field->value));
        } else if (airs_str_equal(field->key, airs_str("backtrace"))) {
            (void)snprintf(self->backtrace, sizeof self->backtrace, "%.*s", AIRS_STR_ARG(field->value));
        }
    }
    pthread_mutex_unlock(&self->lock);
}

static void test_the_log_has_it_too(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    crash_log_t log = {.log = {.level = AIRS_LOG_ERROR, .write = take_log}};
    pthread_mutex_init(&log.lock, NULL);
    open_with(&stage, &sink, "phoenix", 0, &log.log);
    (void)die(&stage);
    close_all(&stage, &sink);
    assert_int_equal(log.count, 1);
    assert_string_equal(log.reason, "wasm trap: wasm `unreachable` instruction executed");
    assert_memory_equal(log.backtrace, "0: fall_into_the_fire (+0x", 26);
    assert_says(log.backtrace, "), 1: airs_on_message (+0x");
    assert_null(strchr(log.backtrace, '\n'));
    pthread_mutex_destroy(&log.lock);
}

/* ---- again and again ---- */

static void test_it_comes_back_each_time(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_expect(&stage, PHOENIX, "subscribe news.*", "ok");
    for (uint64_t i = 1; i <= 50; i++) {
        char expected[32];
        assert_status(stage_call(&stage, PHOENIX, "trap"), AIRS_TRAP);
        assert_ok(stage_send(&stage, PHOENIX, "up"));
        (void)snprintf(expected, sizeof expected, "%llu up", (unsigned long long)i + 1);
        sink_expect(&sink, i - 1, PHOENIX, expected);
    }
    (void)stage_await_restarts(&stage, PHOENIX, 50);
    assert_int_equal(stage_told(&stage, PHOENIX).subscriptions, 1);
    assert_int_equal(stage_totals(&stage).crashed, 50);
    assert_int_equal(stage_totals(&stage).restarts, 50);
    close_all(&stage, &sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_its_id),
        cmocka_unit_test(test_keeps_its_mailbox),
        cmocka_unit_test(test_keeps_requests_that_are_queued),
        cmocka_unit_test(test_keeps_its_subscriptions),
        cmocka_unit_test(test_keeps_its_capabilities),
        cmocka_unit_test(test_drops_its_instance),
        cmocka_unit_test(test_drops_its_timers),
        cmocka_unit_test(test_cancels_its_outstanding_requests),
        cmocka_unit_test(test_drops_callbacks_and_timer_messages_that_are_queued),
        cmocka_unit_test(test_fails_the_request_in_hand),
        cmocka_unit_test(test_fails_its_deferred_replies),
        cmocka_unit_test(test_the_message_in_hand_is_a_dead_letter_with_a_backtrace),
        cmocka_unit_test(test_a_component_without_names_has_numbers),
        cmocka_unit_test(test_the_log_has_it_too),
        cmocka_unit_test(test_it_comes_back_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
