/* Messages and requests between real guests: whole, in order, bounded, and never silently lost. */
#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- payloads ---- */

static uint8_t *make_payload(size_t size, uint32_t seed) {
    uint8_t *bytes = malloc(size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    return bytes;
}

static void assert_payload(const heard_t *heard, const uint8_t *bytes, size_t size) {
    assert_int_equal(heard->size, size);
    assert_true(memcmp(heard->data, bytes, size) == 0);
}

static void test_payloads_arrive_byte_for_byte(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 4096, 65536, 65537, 1 << 20, 16 << 20};
    const size_t count = sizeof sizes / sizeof sizes[0];
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "forwarder", "app/c/0", "app/sink/0");
    stage_add(&stage, "forwarder", "app/b/0", "app/c/0");
    stage_add(&stage, "forwarder", "app/a/0", "app/b/0");
    for (size_t i = 0; i < count; i++) {
        uint8_t *bytes = make_payload(sizes[i], (uint32_t)i);
        assert_ok(airs_node_send(stage.node, id_of("app/a/0"), airs_bytes(bytes, sizes[i]), &stage.error));
        sink_await(&sink, i + 1);
        heard_t heard = sink_heard(&sink, i);
        assert_payload(&heard, bytes, sizes[i]);
        assert_int_equal(heard.kind, AIRS_INCOMING_MESSAGE);
        assert_string_equal(heard.sender, "app/c/0");
        free(bytes);
    }
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/b/0").sent, count);
    assert_int_equal(stage_totals(&stage).messages, 4 * count);
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    stage_close(&stage);
    sink_free(&sink);
}

typedef struct answer {
    uint8_t *data;
    size_t size;
    int calls;
} answer_t;

static void take_answer(void *context, airs_bytes_t payload) {
    answer_t *answer = context;
    answer->calls++;
    answer->size = payload.size;
    answer->data = malloc(payload.size + 1);
    if (answer->data != NULL && payload.size > 0) {
        memcpy(answer->data, payload.data, payload.size);
    }
}

static void test_answers_arrive_byte_for_byte(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65536, 1 << 20, 16 << 20};
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *bytes = make_payload(sizes[i], (uint32_t)i);
        answer_t answer = {NULL, 0, 0};
        assert_ok(airs_node_call(stage.node, id_of("app/echo/0"), airs_bytes(bytes, sizes[i]), airs_str(NULL),
                                 PATIENCE_MS, take_answer, &answer, &stage.error));
        assert_int_equal(answer.calls, 1);
        assert_int_equal(answer.size, sizes[i]);
        assert_true(memcmp(answer.data, bytes, sizes[i]) == 0);
        free(answer.data);
        free(bytes);
    }
    stage_close(&stage);
}

static void test_message_over_the_limit_is_refused(void **state) {
    (void)state;
    const size_t limit = 16 << 20;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    uint8_t *bytes = make_payload(limit + 1, 1);
    airs_id_t echo = id_of("app/echo/0");
    airs_status_t status = airs_node_send(stage.node, echo, airs_bytes(bytes, limit + 1), &stage.error);
    assert_status(status, AIRS_MESSAGE_TOO_LARGE);
    assert_non_null(strstr(stage.error.text, "16777217"));
    assert_ok(airs_node_send(stage.node, echo, airs_bytes(bytes, limit), &stage.error));
    status = airs_node_call(stage.node, echo, airs_bytes(bytes, limit + 1), airs_str(NULL), PATIENCE_MS, NULL,
                            NULL, &stage.error);
    assert_status(status, AIRS_MESSAGE_TOO_LARGE);
    /* From one guest to another, whose limit is lower: an error in the sender's hands. */
    airs_spawn_options_t narrow = AIRS_SPAWN_OPTIONS_INIT;
    narrow.max_message_bytes = 100;
    assert_ok(stage_spawn(&stage, "echo", "app/narrow/0", &narrow));
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/narrow/0");
    airs_id_t forwarder = id_of("app/forwarder/0");
    assert_ok(airs_node_call(stage.node, forwarder, airs_bytes(bytes, 100), airs_str(NULL), PATIENCE_MS, NULL,
                             NULL, &stage.error));
    status = airs_node_call(stage.node, forwarder, airs_bytes(bytes, 101), airs_str(NULL), PATIENCE_MS, NULL,
                            NULL, &stage.error);
    assert_status(status, AIRS_HANDLE_MESSAGE_FAILED);
    assert_non_null(strstr(stage.error.text, "invalid"));
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/narrow/0").received, 1);
    assert_int_equal(stage_counters(&stage, "app/narrow/0").refused, 1);
    assert_int_equal(stage_counters(&stage, "app/echo/0").refused, 2);
    free(bytes);
    stage_close(&stage);
}

/* ---- order ---- */

#define SENDERS 8
#define EACH ((size_t)2000)

typedef struct sender {
    stage_t *stage;
    const char *target;
    int number;
    airs_status_t failed;
} sender_t;

static void *send_numbers(void *context) {
    sender_t *sender = context;
    airs_id_t target;
    (void)airs_id_parse(airs_str(sender->target), &target, NULL);
    for (size_t i = 0; i < EACH && sender->failed == AIRS_OK; i++) {
        char text[32];
        int size = snprintf(text, sizeof text, "%d %zu", sender->number, i);
        sender->failed = airs_node_send_wait(sender->stage->node, target, airs_bytes(text, (size_t)size),
                                             airs_str(NULL), PATIENCE_MS, NULL);
    }
    return NULL;
}

static void send_from_threads(stage_t *stage, const char *const *targets) {
    pthread_t threads[SENDERS];
    sender_t senders[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (sender_t){stage, targets[i], i, AIRS_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, send_numbers, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(senders[i].failed);
    }
}

/* Each sender's numbers came in their order, all of them. */
static void assert_order(sink_t *sink) {
    uint64_t next[SENDERS] = {0};
    sink_await(sink, SENDERS * EACH);
    for (size_t i = 0; i < SENDERS * EACH; i++) {
        uint64_t numbers[2]; /* the sender's, and its message's */
        assert_true(parse_numbers((const char *)sink_heard(sink, i).data, numbers, 2));
        assert_in_range(numbers[0], 0, SENDERS - 1);
        assert_int_equal(numbers[1], next[numbers[0]]++);
    }
}

static void test_threads_are_heard_in_order(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_messages = 16;
    sink_spawn(&stage, &sink, "app/sink/0", &small);
    const char *targets[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        targets[i] = "app/sink/0";
    }
    send_from_threads(&stage, targets);
    assert_order(&sink);
    stage_close(&stage);
    sink_free(&sink);
}

/* Several guests that send to one, each fed by a thread. */
static void test_guests_are_heard_in_order(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    static const char *const targets[SENDERS] = {"app/f/0", "app/f/1", "app/f/2", "app/f/3",
                                                 "app/f/4", "app/f/5", "app/f/6", "app/f/7"};
    for (int i = 0; i < SENDERS; i++) {
        stage_add(&stage, "forwarder", targets[i], "app/sink/0");
    }
    send_from_threads(&stage, targets);
    assert_order(&sink);
    stage_drain(&stage);
    assert_int_equal(stage_totals(&stage).messages, 2 * EACH * SENDERS);
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- targets ---- */

static void test_nobody_is_there(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/nobody/0");
    stage_add(&stage, "requester", "app/requester/0", "app/nobody/0");
    assert_status(stage_send(&stage, "app/nobody/0", "hello"), AIRS_TARGET_NOT_FOUND);
    assert_status(stage_call(&stage, "app/nobody/0", "hello"), AIRS_TARGET_NOT_FOUND);
    assert_status(stage_call(&stage, "app/forwarder/0", "hello"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_status(stage_call(&stage, "app/requester/0", "hello"), AIRS_HANDLE_MESSAGE_FAILED);
    /* It appears, goes, and another comes: the sender has not kept the first. */
    for (int i = 0; i < 3; i++) {
        stage_add(&stage, "counter", "app/nobody/0", NULL);
        assert_ok(stage_call(&stage, "app/forwarder/0", "hello"));
        stage_expect(&stage, "app/nobody/0", "get", "1");
        assert_ok(stage_stop(&stage, "app/nobody/0", AIRS_STOP_DRAIN));
        assert_status(stage_call(&stage, "app/forwarder/0", "hello"), AIRS_HANDLE_MESSAGE_FAILED);
    }
    stage_close(&stage);
}

static void test_any_instance_will_do(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "echo", "app/echo/1", NULL);
    airs_id_t any = airs_id("app", "echo", "");
    for (int i = 0; i < 2; i++) {
        assert_ok(airs_node_send(stage.node, any, airs_bytes("x", 1), &stage.error));
        char id[64];
        (void)snprintf(id, sizeof id, "app/echo/%d", i);
        stage_drain(&stage);
        assert_ok(stage_stop(&stage, id, AIRS_STOP_DRAIN));
    }
    assert_status(airs_node_send(stage.node, any, airs_bytes("x", 1), &stage.error), AIRS_TARGET_NOT_FOUND);
    assert_int_equal(stage_totals(&stage).messages, 2);
    stage_close(&stage);
}

static void test_another_application_is_out_of_reach(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "other/sink/0", NULL);
    stage_add(&stage, "forwarder", "app/forwarder/0", "other/sink/0");
    stage_add(&stage, "requester", "app/requester/0", "other/sink/0");
    stage_add(&stage, "broadcaster", "app/broadcaster/0", "other/sink/0");
    static const char *const senders[] = {"app/forwarder/0", "app/requester/0", "app/broadcaster/0"};
    for (size_t i = 0; i < 3; i++) {
        assert_status(stage_call(&stage, senders[i], "hello"), AIRS_HANDLE_MESSAGE_FAILED);
        if (strstr(stage.error.text, "capability") == NULL) {
            fail_msg("%s: %s", senders[i], stage.error.text);
        }
    }
    /* The host's own messages need no capability, and nothing else has come. */
    assert_ok(stage_send(&stage, "other/sink/0", "from the host"));
    sink_await(&sink, 1);
    assert_string_equal((const char *)sink_heard(&sink, 0).data, "from the host");
    assert_string_equal(sink_heard(&sink, 0).sender, "airssys/host/0");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- bounds ---- */

static void test_full_mailbox(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_messages = 8;
    sink_spawn(&stage, &sink, "app/sink/0", &small);
    stage_add(&stage, "forwarder", "app/forwarder/0", "app/sink/0");
    sink_close(&sink, true);
    assert_ok(stage_call(&stage, "app/forwarder/0", "in hand"));
    sink_await(&sink, 1);
    size_t accepted = 1;
    airs_status_t status = AIRS_OK;
    while (accepted < 100 && (status = stage_call(&stage, "app/forwarder/0", "queued")) == AIRS_OK) {
        accepted++;
    }
    assert_status(status, AIRS_HANDLE_MESSAGE_FAILED);
    assert_non_null(strstr(stage.error.text, "full"));
    /* Room for what is in hand is given back with the next few. */
    assert_in_range(accepted, 8, 9);
    assert_status(stage_send(&stage, "app/sink/0", "one more"), AIRS_QUEUE_FULL);
    airs_status_t waited = airs_node_send_wait(stage.node, id_of("app/sink/0"), airs_bytes("x", 1),
                                               airs_str(NULL), 20, &stage.error);
    assert_status(waited, AIRS_QUEUE_FULL);
    airs_actor_counters_t counters = stage_counters(&stage, "app/sink/0");
    assert_int_equal(counters.received, accepted);
    assert_int_equal(counters.refused, 3);
    assert_int_equal(stage_counters(&stage, "app/forwarder/0").sent, accepted);
    assert_int_equal(stage_counters(&stage, "app/forwarder/0").errors, 1);
    sink_close(&sink, false);
    sink_await(&sink, accepted);
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/sink/0").handled, accepted);
    assert_ok(stage_call(&stage, "app/forwarder/0", "room again"));
    sink_await(&sink, accepted + 1);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_mailbox_is_bounded_in_bytes(void **state) {
    (void)state;
    stage_t stage;
    sink_t door;
    sink_init(&door);
    stage_open(&stage, 2);
    (void)sink_spawn_full(&stage, &door, "app/door/0");
    airs_spawn_options_t small = AIRS_SPAWN_OPTIONS_INIT;
    small.mailbox_bytes = 1000;
    small.config = airs_bytes("app/door/0", 10);
    assert_ok(stage_spawn(&stage, "sleeper", "app/sleeper/0", &small));
    assert_ok(stage_send(&stage, "app/sleeper/0", "0"));
    stage_await_taken(&stage, "app/sleeper/0");
    uint8_t *bytes = make_payload(400, 1);
    airs_id_t sleeper = id_of("app/sleeper/0");
    int accepted = 0;
    while (accepted < 10 &&
           airs_node_send(stage.node, sleeper, airs_bytes(bytes, 400), &stage.error) == AIRS_OK) {
        accepted++;
    }
    assert_int_equal(accepted, 2);
    /* It waits for the sleeper. */
    sink_close(&door, false);
    assert_ok(airs_node_send_wait(stage.node, sleeper, airs_bytes(bytes, 400), airs_str(NULL), PATIENCE_MS,
                                  &stage.error));
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/sleeper/0").handled, 4);
    assert_int_equal(stage_counters(&stage, "app/sleeper/0").errors, 3);
    assert_int_equal(stage_counters(&stage, "app/sleeper/0").refused, 1);
    free(bytes);
    stage_close(&stage);
    sink_free(&door);
}

/* ---- many actors ---- */

#define RING 1000
#define ROUNDS 5

/* Counts rounds: forwards what comes round until it has seen enough. */
static airs_status_t begin_next_round(airs_actor_context_t *context, sink_t *sink,
                                      const airs_incoming_t *incoming) {
    (void)sink;
    return sink_count(sink) % ROUNDS != 0
               ? airs_actor_send(context, airs_id("app", "ring", "0"), incoming->payload)
               : AIRS_OK;
}

static void test_ring(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    sink.then = begin_next_round;
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    for (int i = 0; i < RING; i++) {
        char id[32];
        char next[64];
        (void)snprintf(id, sizeof id, "app/ring/%d", i);
        (void)snprintf(next, sizeof next, i == RING - 1 ? "app/sink/0" : "app/ring/%d", i + 1);
        stage_add(&stage, "forwarder", id, next);
    }
    assert_ok(stage_send(&stage, "app/ring/0", "round and round"));
    sink_await(&sink, ROUNDS);
    stage_drain(&stage);
    assert_int_equal(stage_totals(&stage).messages, ROUNDS * (RING + 1));
    for (size_t i = 0; i < ROUNDS; i++) {
        assert_string_equal((const char *)sink_heard(&sink, i).data, "round and round");
    }
    stage_close(&stage);
    sink_free(&sink);
}

#define LISTENERS 50

static void test_broadcast(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 2);
    char config[LISTENERS * 32];
    size_t size = 0;
    for (int i = 0; i < LISTENERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/counter/%d", i);
        stage_add(&stage, "counter", id, NULL);
        size += (size_t)snprintf(config + size, sizeof config - size, "%s%s", i == 0 ? "" : "\n", id);
    }
    stage_add(&stage, "broadcaster", "app/broadcaster/0", config);
    for (int i = 0; i < 10; i++) {
        stage_expect(&stage, "app/broadcaster/0", "all of you", "ok");
    }
    for (int i = 0; i < LISTENERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/counter/%d", i);
        stage_expect(&stage, id, "get", "10");
    }
    assert_int_equal(stage_counters(&stage, "app/broadcaster/0").sent, 10 * LISTENERS);
    /* One is missing: the sender hears of it, the others of the message. */
    assert_ok(stage_stop(&stage, "app/counter/7", AIRS_STOP_DRAIN));
    assert_status(stage_call(&stage, "app/broadcaster/0", "the rest of you"), AIRS_HANDLE_MESSAGE_FAILED);
    stage_expect(&stage, "app/counter/49", "get", "11");
    stage_expect(&stage, "app/counter/0", "get", "11");
    stage_close(&stage);
}

/* ---- requests ---- */

static void test_requests_end_each_in_its_way(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t door;
    sink_init(&sink);
    sink_init(&door);
    stage_open(&stage, 2);
    (void)sink_spawn_full(&stage, &door, "app/door/0");
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "failing", "app/failing/0", NULL);
    stage_add(&stage, "trap", "app/trap/0", NULL);
    stage_add(&stage, "sleeper", "app/sleeper/0", "app/door/0");
    assert_ok(stage_add_requester(&stage, "app/r/0", "app/echo/0", "60000"));
    assert_ok(stage_add_requester(&stage, "app/r/1", "app/failing/0", "60000"));
    assert_ok(stage_add_requester(&stage, "app/r/2", "app/trap/0", "60000"));
    assert_ok(stage_add_requester(&stage, "app/r/3", "app/sleeper/0", "20"));
    assert_ok(stage_add_requester(&stage, "app/r/4", "app/sleeper/0", "60000"));
    stage_ask(&stage, "app/r/0", "hello");
    sink_expect_report(&stage, &sink, 0, "response", "hello");
    stage_ask(&stage, "app/r/1", "no good");
    sink_expect_report(&stage, &sink, 1, "failure", "no good");
    sink_expect_report(&stage, &sink, 1, "failure", "\"handle-message-failed\"");
    stage_ask(&stage, "app/r/2", "trap");
    sink_expect_report(&stage, &sink, 2, "failure", "\"trap\"");
    sink_expect_report(&stage, &sink, 2, "failure", stage.request);
    /* Timed out; the late answer is nobody's. */
    stage_ask(&stage, "app/r/3", "0");
    sink_expect_report(&stage, &sink, 3, "failure", "\"timeout\"");
    /* Cancelled: nobody hears. */
    stage_ask(&stage, "app/r/4", "0");
    stage_expect(&stage, "app/r/4", "cancel", "ok");
    assert_status(stage_call(&stage, "app/r/4", "cancel"), AIRS_HANDLE_MESSAGE_FAILED);
    sink_close(&door, false);
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/sleeper/0").handled, 2);
    /* Its target is stopped. */
    stage_ask(&stage, "app/r/4", "3600000");
    (void)airs_node_stop(stage.node, id_of("app/sleeper/0"), AIRS_STOP_DROP, 200, &stage.error);
    sink_expect_report(&stage, &sink, 4, "failure", "\"stopped\"");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 5);
    stage_close(&stage);
    sink_free(&door);
    sink_free(&sink);
}

/* A requester that asks itself hears its own message and its own answer; two that ask each other do not wait
 * for each other, for a request does not block. */
static void test_requests_in_circles(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "trap", "app/self/0", NULL);
    for (int i = 0; i < 10; i++) {
        stage_expect(&stage, "app/self/0", "request", "");
    }
    stage_drain(&stage);
    /* The message, the request and the callback. */
    assert_int_equal(stage_counters(&stage, "app/self/0").handled, 30);
    assert_int_equal(stage_counters(&stage, "app/self/0").errors, 0);
    /* The end of a chain of requesters that ends where it began: the last one's request times out or is
     * answered with an id, and none hangs. */
    assert_ok(stage_add_requester(&stage, "app/a/0", "app/b/0", "60000"));
    assert_ok(stage_add_requester(&stage, "app/b/0", "app/a/0", "60000"));
    assert_ok(stage_call(&stage, "app/a/0", "cancel me not"));
    /* Each answers at once with the id of a request it makes of the other; a stop ends the circle. */
    assert_true(stage.answer[0] != '\0');
    assert_ok(stage_stop(&stage, "app/a/0", AIRS_STOP_DROP));
    assert_ok(stage_stop(&stage, "app/b/0", AIRS_STOP_DROP));
    stage_drain(&stage);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_limit_on_requests(void **state) {
    (void)state;
    stage_t stage;
    sink_t door;
    sink_init(&door);
    stage_open(&stage, 2);
    (void)sink_spawn_full(&stage, &door, "app/door/0");
    stage_add(&stage, "sleeper", "app/sleeper/0", "app/door/0");
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_requests = 3;
    options.config = airs_bytes("app/sleeper/0", 13);
    const airs_variable_t timeout = {"TIMEOUT_MS", "60000"};
    options.env = &timeout;
    options.env_count = 1;
    assert_ok(stage_spawn(&stage, "requester", "app/requester/0", &options));
    stage_ask(&stage, "app/requester/0", "0");
    stage_ask(&stage, "app/requester/0", "0");
    stage_ask(&stage, "app/requester/0", "0");
    assert_status(stage_call(&stage, "app/requester/0", "0"), AIRS_HANDLE_MESSAGE_FAILED);
    assert_non_null(strstr(stage.error.text, "full"));
    sink_close(&door, false);
    stage_drain(&stage);
    stage_ask(&stage, "app/requester/0", "0");
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/sleeper/0").handled, 4);
    stage_close(&stage);
    sink_free(&door);
}

/* ---- ids ---- */

#define REQUESTS 10000
#define TARGETS 8

/* What one native requester asked, by the order in which it asked. */
typedef struct asked {
    airs_request_id_t ids[REQUESTS];
    airs_status_t failed;
} asked_t;

/* On its first message it asks everybody at once, each with a number of its own; answers are kept by the sink. */
static airs_status_t ask_everybody(airs_actor_context_t *context, sink_t *sink,
                                   const airs_incoming_t *incoming) {
    asked_t *asked = sink->user;
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    for (int i = 0; i < REQUESTS && asked->failed == AIRS_OK; i++) {
        char text[32];
        char instance[8];
        /* Of different length, so that answers overtake each other. */
        int size = snprintf(text, sizeof text, "spin %d", i % 50 * REQUESTS + i);
        (void)snprintf(instance, sizeof instance, "%d", i % TARGETS);
        if (i % 2 == 0) {
            size = snprintf(text, sizeof text, "number %d", i);
        }
        asked->failed = airs_actor_request(context, airs_id("app", "target", instance),
                                           airs_bytes(text, (size_t)size), PATIENCE_MS, &asked->ids[i]);
    }
    return asked->failed;
}

typedef struct indexed {
    const char *id;
    int number;
} indexed_t;

static int compare_ids(const void *left, const void *right) {
    return strcmp(((const indexed_t *)left)->id, ((const indexed_t *)right)->id);
}

/* Of "number N" and of "spin N"; -1: of neither. */
static int number_of(const char *payload) {
    uint64_t number = 0;
    const char *space = strchr(payload, ' ');
    return space != NULL && parse_numbers(space + 1, &number, 1) ? (int)(number % REQUESTS) : -1;
}

static void test_correlation_ids_are_never_mixed(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    asked_t *asked = calloc(1, sizeof *asked);
    indexed_t *index = calloc(REQUESTS, sizeof *index);
    bool *answered = calloc(REQUESTS, sizeof *answered);
    assert_true(asked != NULL && index != NULL && answered != NULL);
    sink_init(&sink);
    sink.then = ask_everybody;
    sink.user = asked;
    stage_open(&stage, 2);
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    wide.mailbox_messages = REQUESTS;
    for (int i = 0; i < TARGETS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/target/%d", i);
        assert_ok(stage_spawn(&stage, "loop", id, &wide));
    }
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    assert_ok(stage_send(&stage, "app/sink/0", "go"));
    sink_await(&sink, REQUESTS + 1);
    assert_ok(asked->failed);
    for (int i = 0; i < REQUESTS; i++) {
        index[i] = (indexed_t){asked->ids[i].text, i};
    }
    qsort(index, REQUESTS, sizeof *index, compare_ids);
    bool interleaved = false;
    for (size_t i = 0; i < REQUESTS; i++) {
        heard_t heard = sink_heard(&sink, i + 1);
        assert_int_equal(heard.kind, AIRS_INCOMING_RESPONSE);
        indexed_t key = {heard.correlation_id, 0};
        const indexed_t *found = bsearch(&key, index, REQUESTS, sizeof *index, compare_ids);
        assert_non_null(found);
        assert_int_equal(number_of((const char *)heard.data), found->number);
        char sender[32];
        (void)snprintf(sender, sizeof sender, "app/target/%d", found->number % TARGETS);
        assert_string_equal(heard.sender, sender);
        assert_false(answered[found->number]);
        answered[found->number] = true;
        interleaved = interleaved || found->number != (int)i;
    }
    assert_true(interleaved);
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), REQUESTS + 1);
    stage_close(&stage);
    sink_free(&sink);
    free(answered);
    free(index);
    free(asked);
}

/* The same from guests, by several threads: what a requester reports of an id is what was asked under it. */
#define CALLERS ((size_t)4)
#define CALLS ((size_t)1000)

typedef struct caller {
    stage_t *stage;
    size_t number;
    airs_status_t failed;
    char ids[CALLS][40];
} caller_t;

static void keep_id(void *context, airs_bytes_t payload) {
    char *id = context;
    size_t size = payload.size < 39 ? payload.size : 39;
    memcpy(id, payload.data, size);
    id[size] = '\0';
}

static void *call_requester(void *context) {
    caller_t *caller = context;
    char target[64];
    char text[64];
    airs_id_t id;
    (void)snprintf(target, sizeof target, "app/requester/%zu", caller->number);
    (void)airs_id_parse(airs_str(target), &id, NULL);
    for (size_t i = 0; i < CALLS && caller->failed == AIRS_OK; i++) {
        int size = snprintf(text, sizeof text, "%zu %zu", caller->number, i);
        caller->failed = airs_node_call(caller->stage->node, id, airs_bytes(text, (size_t)size),
                                        airs_str(NULL), PATIENCE_MS, keep_id, caller->ids[i], NULL);
    }
    return NULL;
}

static void test_guests_never_mix_requests(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    pthread_t threads[CALLERS];
    caller_t *callers = calloc(CALLERS, sizeof *callers);
    assert_non_null(callers);
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    for (size_t i = 0; i < CALLERS; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, "app/requester/%zu", i);
        assert_ok(stage_add_requester(&stage, id, "app/echo/0", "60000"));
        callers[i].stage = &stage;
        callers[i].number = i;
    }
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_requester, &callers[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(callers[i].failed);
    }
    sink_await(&sink, CALLERS * CALLS);
    for (size_t i = 0; i < CALLERS * CALLS; i++) {
        static const char word[] = "response ";
        uint64_t numbers[2]; /* the caller's, and its call's */
        const char *report = (const char *)sink_heard(&sink, i).data;
        assert_memory_equal(report, word, sizeof word - 1);
        const char *id = report + sizeof word - 1;
        assert_true(strlen(id) > 37 && parse_numbers(id + 37, numbers, 2));
        assert_true(numbers[0] < CALLERS && numbers[1] < CALLS);
        char *asked = callers[numbers[0]].ids[numbers[1]];
        assert_int_equal(strlen(asked), 36);
        assert_memory_equal(asked, id, 36);
        asked[0] = '\0';
    }
    stage_close(&stage);
    sink_free(&sink);
    free(callers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payloads_arrive_byte_for_byte),
        cmocka_unit_test(test_answers_arrive_byte_for_byte),
        cmocka_unit_test(test_message_over_the_limit_is_refused),
        cmocka_unit_test(test_threads_are_heard_in_order),
        cmocka_unit_test(test_guests_are_heard_in_order),
        cmocka_unit_test(test_nobody_is_there),
        cmocka_unit_test(test_any_instance_will_do),
        cmocka_unit_test(test_another_application_is_out_of_reach),
        cmocka_unit_test(test_full_mailbox),
        cmocka_unit_test(test_mailbox_is_bounded_in_bytes),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_requests_end_each_in_its_way),
        cmocka_unit_test(test_requests_in_circles),
        cmocka_unit_test(test_limit_on_requests),
        cmocka_unit_test(test_correlation_ids_are_never_mixed),
        cmocka_unit_test(test_guests_never_mix_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
