/* Codecs between real guests: a receiver that declares what it accepts is sent nothing else, and whoever tries is
 * told the names of both sides'. */
#include "e2e/stage.h"

#include <string.h>

/* Prefixes: https://github.com/multiformats/multicodec */
#define JSON "\x80\x04"
#define MESSAGEPACK "\x81\x04"
#define CBOR "\x51"
#define BORSH "\x81\x0e"

static void add_accepting(stage_t *stage, const char *guest, const char *id, const char *config,
                          airs_codecs_t accepts) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.config = airs_bytes(config, strlen(config));
    options.accepts = accepts;
    assert_ok(stage_spawn(stage, guest, id, &options));
}

static void test_messages(void **state) {
    (void)state;
    static const char *const refused[][2] = {
        {MESSAGEPACK "\x01", "messagepack"}, {BORSH, "borsh"}, {"{}", "codec"}, {"", "no codec"}};
    stage_t stage;
    stage_open(&stage, 1);
    add_accepting(&stage, "counter", "app/receiver/0", "", AIRS_CODEC_JSON | AIRS_CODEC_CBOR);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/receiver/0");
    stage_add(&stage, "requester", "app/requester/0", "app/receiver/0");
    stage_add(&stage, "broadcaster", "app/broadcaster/0", "app/receiver/0");
    static const char *const senders[] = {"app/forwarder/0", "app/requester/0", "app/broadcaster/0"};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        assert_ok(stage_call(&stage, senders[i], JSON "{}"));
        assert_ok(stage_call(&stage, senders[i], CBOR "\x01"));
        for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
            stage_expect_error(&stage, senders[i], refused[k][0], refused[k][1]);
            stage_expect_error(&stage, senders[i], refused[k][0], "json, cbor");
            stage_expect_error(&stage, senders[i], refused[k][0], "app/receiver/0");
        }
    }
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/receiver/0").handled, 6);
    assert_int_equal(stage_counters(&stage, "app/receiver/0").refused, 3 * 4 * 3);
    /* It does not hold for what it sends. */
    assert_status(stage_send(&stage, "app/receiver/0", "{}"), AIRS_UNSUPPORTED_CODEC);
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    stage_close(&stage);
}

/* Nobody looks where nothing is declared. */
static void test_nothing_declared(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_expect(&stage, "app/echo/0", "{}", "{}");
    stage_expect(&stage, "app/echo/0", BORSH "x", BORSH "x");
    stage_expect(&stage, "app/echo/0", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    stage_close(&stage);
}

/* Told in json, whom to ask what: "TARGET TEXT". */
static airs_status_t ask(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming) {
    (void)sink;
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    const char *target = (const char *)incoming->payload.data + strlen(JSON);
    const char *space = memchr(target, ' ', incoming->payload.size - strlen(JSON));
    size_t size = (size_t)(space - target);
    return airs_actor_request(context, (airs_id_t){airs_str("app"), {target, size}, airs_str("0")},
                              airs_bytes(space + 1, incoming->payload.size - strlen(JSON) - size - 1),
                              PATIENCE_MS, NULL);
}

/* An answer is for the requester to accept. When it does not, that is the end of the request, which says so. */
static void test_answers(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    sink.then = ask;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.accepts = AIRS_CODEC_JSON;
    sink_spawn(&stage, &sink, "app/sink/0", &options);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", JSON "echo " JSON "{}"));
    sink_expect(&sink, 1, "app/echo/0", JSON "{}");
    assert_ok(stage_send(&stage, "app/sink/0", JSON "echo " CBOR "x"));
    sink_await(&sink, 4);
    heard_t heard = sink_heard(&sink, 3);
    assert_int_equal(heard.kind, AIRS_INCOMING_FAILURE);
    assert_non_null(strstr((const char *)heard.data, "\"unsupported-codec\""));
    assert_non_null(strstr((const char *)heard.data, "json"));
    assert_non_null(strstr((const char *)heard.data, "cbor"));
    /* No content has no codec. */
    assert_ok(stage_send(&stage, "app/sink/0", JSON "echo "));
    sink_await(&sink, 6);
    assert_int_equal(sink_heard(&sink, 5).kind, AIRS_INCOMING_RESPONSE);
    stage_close(&stage);
    sink_free(&sink);
}

/* Whoever has taken over the answer hears of it, and still owes one. */
static void test_deferred_answers(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    sink.then = ask;
    stage_open(&stage, 1);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.accepts = AIRS_CODEC_JSON;
    sink_spawn(&stage, &sink, "app/sink/0", &options);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", JSON "deferrer later " CBOR "x"));
    stage_await_handled(&stage, "app/deferrer/0", 1);
    stage_expect_error(&stage, "app/deferrer/0", "answer", "cbor");
    stage_expect_error(&stage, "app/deferrer/0", "answer", "unsupported codec: app/sink/0 accepts json");
    assert_int_equal(sink_count(&sink), 1);
    stage_expect(&stage, "app/deferrer/0", "fail no answer in json", "ok");
    sink_await(&sink, 2);
    assert_int_equal(sink_heard(&sink, 1).kind, AIRS_INCOMING_FAILURE);
    assert_non_null(strstr((const char *)sink_heard(&sink, 1).data, "no answer in json"));
    stage_close(&stage);
    sink_free(&sink);
}

/* A subscriber that does not accept it loses it alone. */
static void test_topics(void **state) {
    (void)state;
    static const char *const pattern = "a";
    stage_t stage;
    sink_t sinks[2];
    stage_open(&stage, 1);
    stage_add(&stage, "publisher", "app/publisher/0", NULL);
    for (int i = 0; i < 2; i++) {
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.subscriptions = &pattern;
        options.subscription_count = 1;
        options.accepts = i == 0 ? AIRS_CODEC_JSON : 0;
        sink_init(&sinks[i]);
        sink_spawn(&stage, &sinks[i], i == 0 ? "app/sink/0" : "app/sink/1", &options);
    }
    stage_expect(&stage, "app/publisher/0", "a " CBOR "x", "1");
    stage_expect(&stage, "app/publisher/0", "a " JSON "{}", "2");
    stage_drain(&stage);
    sink_expect(&sinks[0], 0, "app/publisher/0", JSON "{}");
    sink_expect(&sinks[1], 0, "app/publisher/0", CBOR "x");
    sink_expect(&sinks[1], 1, "app/publisher/0", JSON "{}");
    assert_int_equal(sink_count(&sinks[0]), 1);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_SUBSCRIBER_FULL), 1);
    stage_close(&stage);
    sink_free(&sinks[0]);
    sink_free(&sinks[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages), cmocka_unit_test(test_nothing_declared),
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_deferred_answers),
        cmocka_unit_test(test_topics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
