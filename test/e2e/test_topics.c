/* Topics between real guests: who hears what, in which order, and what a slow one loses. */
#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A subscriber that passes what it hears on to this sink, which has the same name but for the component. */
static void add_subscriber(stage_t *stage, sink_t *sink, const char *instance, const char *pattern) {
    char id[64];
    char target[64];
    char command[64];
    (void)snprintf(id, sizeof id, "app/subscriber/%s", instance);
    (void)snprintf(target, sizeof target, "app/sink/%s", instance);
    (void)snprintf(command, sizeof command, "subscribe %s", pattern);
    sink_init(sink);
    sink_spawn(stage, sink, target, NULL);
    stage_add(stage, "subscriber", id, target);
    stage_expect(stage, id, command, "ok");
}

static void test_patterns(void **state) {
    (void)state;
    static const char *const patterns[] = {"orders.eu.paid", "orders.*.paid", "orders.>", "*.eu.*", ">",
                                           "orders"};
    static const struct {
        const char *topic;
        const char *hearers; /* by their place above */
    } cases[] = {
        {"orders.eu.paid", "01234"},    {"orders.us.paid", "124"},
        {"orders.eu.paid.twice", "24"}, {"orders", "45"},
        {"invoices.eu.new", "34"},      {"order", "4"},
    };
    enum { PATTERNS = sizeof patterns / sizeof patterns[0], CASES = sizeof cases / sizeof cases[0] };
    stage_t stage;
    sink_t sinks[PATTERNS];
    stage_open(&stage, 2);
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    for (int i = 0; i < PATTERNS; i++) {
        char instance[24];
        (void)snprintf(instance, sizeof instance, "%d", i);
        add_subscriber(&stage, &sinks[i], instance, patterns[i]);
    }
    for (size_t i = 0; i < CASES; i++) {
        char command[64];
        char count[24];
        (void)snprintf(command, sizeof command, "%s %zu", cases[i].topic, i);
        (void)snprintf(count, sizeof count, "%zu", strlen(cases[i].hearers));
        stage_expect(&stage, "app/publisher/0", command, count);
    }
    stage_drain(&stage);
    for (size_t i = 0; i < PATTERNS; i++) {
        size_t heard = 0;
        for (size_t k = 0; k < CASES; k++) {
            if (strchr(cases[k].hearers, (int)('0' + i)) != NULL) {
                char text[24];
                (void)snprintf(text, sizeof text, "%zu", k);
                assert_string_equal((const char *)sink_heard(&sinks[i], heard++).data, text);
            }
        }
        assert_int_equal(sink_count(&sinks[i]), heard);
    }
    stage_close(&stage);
    for (size_t i = 0; i < PATTERNS; i++) {
        sink_free(&sinks[i]);
    }
}

/* What a native subscriber sees of a message: from whom, and of which kind and type. */
static void test_what_arrives(void **state) {
    (void)state;
    static const char *const pattern = "news.*";
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = &pattern;
    options.subscription_count = 1;
    sink_spawn(&stage, &sink, "app/sink/0", &options);
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    stage_expect(&stage, "app/publisher/0", "news.today all is well", "1");
    stage_expect(&stage, "app/publisher/0", "news.today ", "1");
    sink_expect(&sink, 0, "app/publisher/0", "all is well");
    sink_expect(&sink, 1, "app/publisher/0", "");
    assert_int_equal(sink_heard(&sink, 0).kind, AIRS_INCOMING_MESSAGE);
    assert_string_equal(sink_heard(&sink, 0).content_type, "text/plain");
    stage_close(&stage);
    sink_free(&sink);
}

static void test_once_whatever_matches(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    stage_open(&stage, 1);
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    add_subscriber(&stage, &sink, "0", "a.*");
    stage_expect(&stage, "app/subscriber/0", "subscribe a.*", "ok");
    stage_expect(&stage, "app/subscriber/0", "subscribe a.>", "ok");
    stage_expect(&stage, "app/subscriber/0", "subscribe a.b", "ok");
    stage_expect(&stage, "app/publisher/0", "a.b one", "1");
    stage_expect(&stage, "app/subscriber/0", "unsubscribe a.*", "ok");
    stage_expect(&stage, "app/publisher/0", "a.c two", "1");
    stage_expect(&stage, "app/subscriber/0", "unsubscribe a.>", "ok");
    stage_expect(&stage, "app/subscriber/0", "unsubscribe a.>", "ok");
    stage_expect(&stage, "app/publisher/0", "a.c nobody", "0");
    stage_expect(&stage, "app/publisher/0", "a.b three", "1");
    stage_expect(&stage, "app/subscriber/0", "unsubscribe a.b", "ok");
    stage_expect(&stage, "app/publisher/0", "a.b nobody", "0");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 3);
    sink_expect(&sink, 0, "app/subscriber/0", "one");
    sink_expect(&sink, 1, "app/subscriber/0", "two");
    sink_expect(&sink, 2, "app/subscriber/0", "three");
    stage_close(&stage);
    sink_free(&sink);
}

/* A publisher that is subscribed hears itself. */
static void test_publisher_hears_itself(void **state) {
    (void)state;
    static const char *const pattern = "one";
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = &pattern;
    options.subscription_count = 1;
    assert_ok(stage_spawn(&stage, "publisher", "app/publisher/0", &options));
    /* What it hears it publishes again, to nobody. */
    stage_expect(&stage, "app/publisher/0", "one two three", "1");
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/publisher/0").handled, 2);
    assert_int_equal(stage_counters(&stage, "app/publisher/0").errors, 0);
    stage_close(&stage);
}

static void test_subscriptions_end_with_the_actor(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    stage_open(&stage, 1);
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    add_subscriber(&stage, &sink, "0", "a");
    stage_expect(&stage, "app/publisher/0", "a one", "1");
    stage_drain(&stage);
    assert_ok(stage_stop(&stage, "app/subscriber/0", AIRS_STOP_DRAIN));
    stage_expect(&stage, "app/publisher/0", "a nobody", "0");
    const airs_variable_t pattern = {"SUBSCRIBE", "*"};
    stage_add(&stage, "subscriber", "app/subscriber/0", "app/sink/0");
    stage_expect(&stage, "app/publisher/0", "a nobody", "0");
    assert_ok(stage_stop(&stage, "app/subscriber/0", AIRS_STOP_DRAIN));
    /* Where it starts, it can subscribe. */
    stage_add_with(&stage, "subscriber", "app/subscriber/0", "app/sink/0", &pattern);
    stage_expect(&stage, "app/publisher/0", "a two", "1");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 2);
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_what_is_no_topic(void **state) {
    (void)state;
    static const char *const patterns[] = {"", ".", "a..b", "a.", ".a", ">.a", "a.>.b"};
    static const char *const topics[] = {"", "a.*", "*", ">", "a.>", "a..b"};
    stage_t stage;
    sink_t sink;
    stage_open(&stage, 1);
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    add_subscriber(&stage, &sink, "0", "a");
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char command[64];
        (void)snprintf(command, sizeof command, "subscribe %s", patterns[i]);
        stage_expect_error(&stage, "app/subscriber/0", command, "invalid message: ");
    }
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        char command[64];
        (void)snprintf(command, sizeof command, "%s text", topics[i]);
        stage_expect_error(&stage, "app/publisher/0", command, "invalid message: ");
    }
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 0);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_limit(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_subscriptions = 2;
    options.config = airs_bytes("app/sink/0", 10);
    assert_ok(stage_spawn(&stage, "subscriber", "app/subscriber/0", &options));
    stage_expect(&stage, "app/subscriber/0", "subscribe a", "ok");
    stage_expect(&stage, "app/subscriber/0", "subscribe b", "ok");
    stage_expect(&stage, "app/subscriber/0", "subscribe a", "ok");
    stage_expect_error(&stage, "app/subscriber/0", "subscribe c", "quota exceeded");
    stage_expect(&stage, "app/subscriber/0", "unsubscribe a", "ok");
    stage_expect(&stage, "app/subscriber/0", "subscribe c", "ok");
    stage_close(&stage);
}

static bool is_letter_of_the_slow_one(void *context, const airs_dead_letter_t *letter) {
    size_t *count = context;
    *count += letter->reason == AIRS_DEAD_LETTER_SUBSCRIBER_FULL && letter->payload.size > 0 &&
              airs_str_equal(letter->target.name, airs_str("subscriber")) &&
              airs_str_equal(letter->sender.name, airs_str("publisher"));
    return true;
}

/* It loses what does not fit, alone, and nobody waits for it. */
static void test_slow_subscriber(void **state) {
    (void)state;
    enum { COUNT = 50, ROOM = 4 };
    stage_t stage;
    sink_t quick;
    sink_t slow;
    sink_init(&slow);
    stage_open(&stage, 2);
    size_t before = sink_spawn_full(&stage, &slow, "app/sink/slow");
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    add_subscriber(&stage, &quick, "quick", "a");
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_messages = ROOM;
    small.config = airs_bytes("app/sink/slow", 13);
    assert_ok(stage_spawn(&stage, "subscriber", "app/subscriber/slow", &small));
    stage_expect(&stage, "app/subscriber/slow", "subscribe a", "ok");
    assert_ok(stage_send(&stage, "app/subscriber/slow", "in hand"));
    stage_await_taken(&stage, "app/subscriber/slow");
    before++;
    size_t reached = 0;
    for (int i = 0; i < COUNT; i++) {
        char command[16];
        uint64_t count = 0;
        (void)snprintf(command, sizeof command, "a %d", i);
        assert_ok(stage_call(&stage, "app/publisher/0", command));
        assert_true(parse_numbers(stage.answer, &count, 1));
        assert_in_range(count, 1, 2);
        reached += count;
    }
    /* All of this without an end of what the slow one does. */
    sink_await(&quick, COUNT);
    sink_close(&slow, false);
    stage_drain(&stage);
    /* Room for what is in hand is given back late, so it has one message less room, or not. */
    size_t came = sink_count(&slow) - before;
    assert_in_range(came, ROOM - 1, ROOM);
    assert_int_equal(sink_count(&quick), COUNT);
    assert_int_equal(reached, came + sink_count(&quick));
    for (size_t i = 0; i < COUNT; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", i);
        sink_expect(&quick, i, "app/subscriber/quick", text);
    }
    size_t lost = COUNT - came;
    size_t letters = 0;
    airs_node_dead_letters(stage.node, is_letter_of_the_slow_one, &letters);
    assert_int_equal(letters, lost);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_SUBSCRIBER_FULL), lost);
    assert_int_equal(stage_counters(&stage, "app/subscriber/slow").refused, lost);
    stage_close(&stage);
    sink_free(&slow);
    sink_free(&quick);
}

/* What one actor publishes and what it sends keep their order. */
static airs_status_t alternate(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming) {
    (void)incoming;
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < 500 && status == AIRS_OK; i++) {
        char text[24];
        airs_bytes_t payload = airs_bytes(text, (size_t)snprintf(text, sizeof text, "%zu", i));
        status = i % 2 == 0 ? airs_actor_send(context, airs_id("app", "subscriber", "0"), payload)
                            : airs_actor_publish(context, airs_str("a"), payload, airs_str(NULL), sink->user);
    }
    return status;
}

static void test_order(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t source;
    uint32_t reached = 0;
    stage_open(&stage, 2);
    add_subscriber(&stage, &sink, "0", "a");
    sink_init(&source);
    source.then = alternate;
    source.user = &reached;
    sink_spawn(&stage, &source, "app/source/0", NULL);
    assert_ok(stage_send(&stage, "app/source/0", "go"));
    sink_await(&sink, 500);
    for (size_t i = 0; i < 500; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", i);
        sink_expect(&sink, i, "app/subscriber/0", text);
    }
    stage_drain(&stage);
    assert_int_equal(reached, 1);
    stage_close(&stage);
    sink_free(&source);
    sink_free(&sink);
}

/* Every size, to several at once, and they share it. */
static void test_payloads(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65536, 16 << 20};
    enum { SINKS = 5 };
    static const char *const pattern = ">";
    stage_t stage;
    sink_t sinks[SINKS];
    stage_open(&stage, 2);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = &pattern;
    options.subscription_count = 1;
    for (int i = 0; i < SINKS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/sink/%d", i);
        sink_init(&sinks[i]);
        sink_spawn(&stage, &sinks[i], id, &options);
    }
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    wide.max_message_bytes = 17 << 20;
    assert_ok(stage_spawn(&stage, "publisher", "app/publisher/0", &wide));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *command = malloc(sizes[i] + 2);
        assert_non_null(command);
        for (size_t k = 0; k < sizes[i]; k++) {
            command[2 + k] = (uint8_t)(k * 2654435761u >> 13);
        }
        command[0] = 'a';
        command[1] = ' ';
        assert_ok(airs_node_send(stage.node, id_of("app/publisher/0"), airs_bytes(command, sizes[i] + 2),
                                 &stage.error));
        for (int k = 0; k < SINKS; k++) {
            sink_await(&sinks[k], i + 1);
            heard_t heard = sink_heard(&sinks[k], i);
            assert_int_equal(heard.size, sizes[i]);
            assert_memory_equal(heard.data, command + 2, sizes[i]);
        }
        free(command);
    }
    stage_close(&stage);
    for (int i = 0; i < SINKS; i++) {
        sink_free(&sinks[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_what_arrives),
        cmocka_unit_test(test_once_whatever_matches),
        cmocka_unit_test(test_publisher_hears_itself),
        cmocka_unit_test(test_subscriptions_end_with_the_actor),
        cmocka_unit_test(test_what_is_no_topic),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_slow_subscriber),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_payloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
