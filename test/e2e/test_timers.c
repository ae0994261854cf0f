/* Timers of real guests: once and repeating, cancelled, and what becomes of them when their actor ends. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>

static void open(stage_t *stage, sink_t *sink) {
    sink_init(sink);
    stage_open(stage, 2);
    sink_spawn(stage, sink, "app/sink/0", NULL);
    stage_add(stage, "ticker", "app/ticker/0", "app/sink/0");
}

static void close_all(stage_t *stage, sink_t *sink) {
    stage_close(stage);
    sink_free(sink);
}

/* Begin a timer; *cancel is the command that cancels it. */
static void begin(stage_t *stage, const char *command, char cancel[40]) {
    uint64_t id = 0;
    assert_ok(stage_call(stage, "app/ticker/0", command));
    assert_true(parse_numbers(stage->answer, &id, 1));
    assert_true(id > 0);
    (void)snprintf(cancel, 40, "cancel %llu", (unsigned long long)id);
}

static void test_once(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    char cancel[40];
    open(&stage, &sink);
    uint64_t begun = now_ms();
    begin(&stage, "after 40 hello", cancel);
    sink_expect(&sink, 0, "app/ticker/0", "hello");
    assert_true(now_ms() - begun >= 40);
    stage_expect(&stage, "app/ticker/0", cancel, "no");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    /* Its message, and two commands. */
    assert_int_equal(stage_counters(&stage, "app/ticker/0").handled, 3);
    close_all(&stage, &sink);
}

/* Which one is due first is certain if they were begun soon enough after each other, as they will be in one of the
 * tries. */
static void test_by_their_time(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    size_t heard = 0;
    bool certain = false;
    open(&stage, &sink);
    for (int i = 0; i < 20 && !certain; i++) {
        uint64_t begun = now_ms();
        assert_ok(stage_call(&stage, "app/ticker/0", "after 400 third"));
        assert_ok(stage_call(&stage, "app/ticker/0", "after 250 second"));
        certain = now_ms() - begun < 100;
        assert_ok(stage_call(&stage, "app/ticker/0", "after 0 first"));
        assert_ok(stage_call(&stage, "app/ticker/0", "after 18446744073709551615 never"));
        certain = certain && now_ms() - begun < 200;
        sink_await(&sink, heard + 3);
        if (certain) {
            sink_expect(&sink, heard, "app/ticker/0", "first");
            sink_expect(&sink, heard + 1, "app/ticker/0", "second");
            sink_expect(&sink, heard + 2, "app/ticker/0", "third");
        }
        heard += 3;
    }
    assert_true(certain);
    assert_int_equal(sink_count(&sink), heard);
    close_all(&stage, &sink);
}

static void test_cancelled(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    char first[40];
    char second[40];
    char brief[40];
    open(&stage, &sink);
    stage_expect(&stage, "app/ticker/0", "cancel 1234567", "no");
    stage_expect(&stage, "app/ticker/0", "cancel 0", "no");
    begin(&stage, "after 3600000 never", first);
    begin(&stage, "after 2000 never", brief);
    begin(&stage, "after 2500 hello", second);
    assert_string_not_equal(first, second);
    stage_expect(&stage, "app/ticker/0", brief, "yes");
    stage_expect(&stage, "app/ticker/0", first, "yes");
    stage_expect(&stage, "app/ticker/0", first, "no");
    sink_expect(&sink, 0, "app/ticker/0", "hello");
    stage_expect(&stage, "app/ticker/0", brief, "no");
    /* Another's are out of reach. */
    begin(&stage, "after 3600000 never", first);
    stage_add(&stage, "ticker", "app/ticker/1", "app/sink/0");
    stage_expect(&stage, "app/ticker/1", first, "no");
    stage_expect(&stage, "app/ticker/0", first, "yes");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    close_all(&stage, &sink);
}

static void test_repeating(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    char cancel[40];
    open(&stage, &sink);
    uint64_t begun = now_ms();
    begin(&stage, "every 10 tick", cancel);
    for (size_t i = 0; i < 10; i++) {
        sink_expect(&sink, i, "app/ticker/0", "tick");
        assert_true(now_ms() - begun >= 10 * (i + 1));
    }
    stage_expect(&stage, "app/ticker/0", cancel, "yes");
    stage_expect(&stage, "app/ticker/0", cancel, "no");
    /* Nothing of it comes any more, also of what was due. */
    stage_drain(&stage);
    size_t heard = sink_count(&sink);
    assert_ok(stage_call(&stage, "app/ticker/0", "after 50 the end"));
    sink_expect(&sink, heard, "app/ticker/0", "the end");
    stage_expect_error(&stage, "app/ticker/0", "every 0 never", "invalid message");
    close_all(&stage, &sink);
}

/* While its actor is busy, one message of it waits, and stands for those after it. */
static void test_repeating_coalesces(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t other;
    char cancel[40];
    sink_init(&sink);
    sink_init(&other);
    stage_open(&stage, 2);
    size_t before = sink_spawn_full(&stage, &sink, "app/sink/0");
    sink_spawn(&stage, &other, "app/sink/1", NULL);
    stage_add(&stage, "ticker", "app/ticker/0", "app/sink/0");
    stage_add(&stage, "ticker", "app/ticker/1", "app/sink/1");
    begin(&stage, "every 5 tick", cancel);
    /* It waits in the middle of the first one, for forty periods and more. */
    assert_ok(stage_call(&stage, "app/ticker/1", "after 200 by now"));
    sink_expect(&other, 0, "app/ticker/1", "by now");
    assert_ok(stage_send(&stage, "app/ticker/0", cancel));
    sink_close(&sink, false);
    stage_drain(&stage);
    /* The one in hand, and the one that waited. */
    assert_int_equal(sink_count(&sink), before + 2);
    close_all(&stage, &sink);
    sink_free(&other);
}

/* Whoever comes after has not asked for it. */
static void test_actor_ends(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    char cancel[40];
    open(&stage, &sink);
    stage_add(&stage, "ticker", "app/ticker/1", "app/sink/0");
    begin(&stage, "after 60 of the one that stopped", cancel);
    begin(&stage, "every 20 of the one that stopped", cancel);
    assert_ok(stage_stop(&stage, "app/ticker/0", AIRS_STOP_DROP));
    stage_drain(&stage);
    size_t heard = sink_count(&sink);
    stage_add(&stage, "ticker", "app/ticker/0", "app/sink/0");
    stage_expect(&stage, "app/ticker/0", cancel, "no");
    assert_ok(stage_call(&stage, "app/ticker/1", "after 100 the end"));
    sink_expect(&sink, heard, "app/ticker/1", "the end");
    assert_int_equal(stage_counters(&stage, "app/ticker/0").handled, 1);
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    close_all(&stage, &sink);
}

static void test_limit(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    assert_ok(stage_stop(&stage, "app/ticker/0", AIRS_STOP_DRAIN));
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_timers = 2;
    options.config = airs_bytes("app/sink/0", 10);
    assert_ok(stage_spawn(&stage, "ticker", "app/ticker/0", &options));
    char cancel[40];
    begin(&stage, "after 3600000 never", cancel);
    begin(&stage, "every 3600000 never", cancel);
    stage_expect_error(&stage, "app/ticker/0", "after 1 never", "quota exceeded");
    stage_expect(&stage, "app/ticker/0", cancel, "yes");
    assert_ok(stage_call(&stage, "app/ticker/0", "after 0 hello"));
    sink_expect(&sink, 0, "app/ticker/0", "hello");
    /* One that has fired has given its place back. */
    assert_ok(stage_call(&stage, "app/ticker/0", "after 0 again"));
    sink_expect(&sink, 1, "app/ticker/0", "again");
    close_all(&stage, &sink);
}

/* Each once, whatever the number. */
static void test_many(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    static bool fired[COUNT];
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    memset(fired, 0, sizeof fired);
    for (int i = 0; i < COUNT; i++) {
        char command[40];
        (void)snprintf(command, sizeof command, "after %d %d", i * 7 % 97, i);
        assert_ok(stage_call(&stage, "app/ticker/0", command));
    }
    sink_await(&sink, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t number = COUNT;
        assert_true(parse_numbers((const char *)sink_heard(&sink, i).data, &number, 1));
        assert_true(number < COUNT && !fired[number]);
        fired[number] = true;
    }
    close_all(&stage, &sink);
}

/* What a server does that must wait before it knows: the answer is taken over, and a timer ends the wait. */
static void test_answer_by_a_timer(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    open(&stage, &sink);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/deferrer/0", "60000"));
    uint64_t begun = now_ms();
    stage_ask(&stage, "app/requester/0", "later 30 hello");
    sink_expect_report(&stage, &sink, 0, "response", "hello");
    assert_true(now_ms() - begun >= 30);
    close_all(&stage, &sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_by_their_time),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_repeating),
        cmocka_unit_test(test_repeating_coalesces),
        cmocka_unit_test(test_actor_ends),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_answer_by_a_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
