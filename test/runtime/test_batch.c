/* handle-batch and airssys:actor/batch, with a guest that does what an SDK does not (test/guests/batcher). */
#include "runtime/batch_arguments.h"

#include <stdio.h>

#include "core/memory.h"
#include "runtime/instance.h"
#include "runtime/shared_fixture.h"
#include "support/failing_allocator.h"

/* ---- an actor with a batch: it notes what it is told ---- */

static char noted[1024];
static airs_status_t begin_answer;
static airs_status_t in_hand_answer;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...) {
    size_t used = strlen(noted);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(noted + used, sizeof noted - used, format, arguments);
    va_end(arguments);
}

static airs_status_t begin(airs_actor_t *self, uint32_t index, bool gently) {
    (void)self;
    note("%s %u\n", gently ? "proceed" : "begin", index);
    return begin_answer;
}

static airs_status_t fail_message(airs_actor_t *self, const char *reason) {
    (void)self;
    note("fail %s\n", reason);
    return in_hand_answer;
}

static airs_status_t answer(airs_actor_t *self, const airs_correlation_id_t *id, airs_bytes_t payload) {
    (void)self;
    note("answer %02x%02x.. %.*s\n", id->bytes[0], id->bytes[1], (int)payload.size,
         (const char *)payload.data);
    return in_hand_answer;
}

static const airs_batch_ops_t ops = {.begin = begin, .fail = fail_message, .answer = answer};

#define MOST 8

static airs_component_message_t *messages[MOST];
static uint32_t message_count;

static void add(airs_message_kind_t kind, const char *payload) {
    airs_correlation_id_t correlation = {.bytes = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9}};
    airs_message_parts_t parts = {
        .kind = kind,
        .sender = fixture.sender,
        .payload = airs_bytes(payload, strlen(payload)),
        .timestamp_ns = UINT64_C(1234567890123456789),
        .correlation = &correlation,
    };
    assert_ok(airs_component_message_create(fixture.pool, &parts, &messages[message_count]));
    if (message_count > 0) {
        atomic_store(&messages[message_count - 1]->next, messages[message_count]);
    }
    message_count++;
}

static size_t payload_bytes(void) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < message_count; i++) {
        bytes += (messages[i]->payload.size + 7) & ~(size_t)7;
    }
    return bytes;
}

/* All that were added, in one call, to its end. */
static airs_status_t handle_batch(void) {
    airs_runtime_engine_t *engine = fixture.engine;
    assert_int_equal(engine->ops->gather(fixture.instance, messages[0], message_count, payload_bytes()),
                     message_count);
    airs_call_t made = {.kind = AIRS_CALL_HANDLE_BATCH, .message = messages[0], .batch = &ops};
    engine->ops->activity_begin(engine);
    airs_poll_t poll = engine->ops->call(fixture.instance, &made, &fixture.result);
    while (poll == AIRS_POLL_PENDING) {
        poll = engine->ops->resume(fixture.instance, &fixture.result);
    }
    engine->ops->activity_end(engine);
    for (uint32_t i = 0; i < message_count; i++) {
        airs_component_message_destroy(messages[i]);
    }
    message_count = 0;
    return fixture.result.status;
}

static airs_status_t tell(const char *first, const char *second) {
    noted[0] = '\0';
    fixture.logged[0] = '\0';
    add(AIRS_MESSAGE_PLAIN, first);
    add(AIRS_MESSAGE_PLAIN, second);
    return handle_batch();
}

static int set_up(void **state) {
    begin_answer = in_hand_answer = AIRS_OK;
    noted[0] = '\0';
    int answer_of_fixture = fixture_set_up(state);
    fixture_run(&fixture, "batcher/batcher", NULL);
    return answer_of_fixture;
}

#define LOG(text) "info app/tested/0: " text "\n"

static void assert_trap(airs_status_t status, const char *text) {
    assert_status(status, AIRS_TRAP);
    assert_non_null(strstr(fixture.result.reason, text));
}

/* ---- what it is handed ---- */

static void an_item_says_all_of_its_message(void **state) {
    (void)state;
    add(AIRS_MESSAGE_PLAIN, "one");
    add(AIRS_MESSAGE_REQUEST, "longer than eight");
    add(AIRS_MESSAGE_RESPONSE, "");
    add(AIRS_MESSAGE_FAILURE, "12345678");
    add(AIRS_MESSAGE_PLAIN, "who");
    assert_ok(handle_batch());
    assert_string_equal(fixture.logged, LOG("0 0 0 1234567890123456789 one")
                                            LOG("1 72623859790382856 9 1234567890123456789 longer than eight")
                                                LOG("2 72623859790382856 9 1234567890123456789 ")
                                                    LOG("3 72623859790382856 9 1234567890123456789 12345678")
                                                        LOG("app/sender/3"));
}

static void who_has_no_handler_takes_no_batches(void **state) {
    (void)state;
    assert_true(fixture.engine->ops->batches(fixture.instance));
    fixture_drop(&fixture);
    fixture_run(&fixture, "single/echo", NULL);
    assert_false(fixture.engine->ops->batches(fixture.instance));
    fixture_drop(&fixture);
    fixture_run(&fixture, "echo", NULL);
    assert_true(fixture.engine->ops->batches(fixture.instance));
}

static void fuel_is_for_one_message(void **state) {
    (void)state;
    fixture_t other;
    airs_wasm_engine_options_t options = {.max_instances = 4, .consume_fuel = true};
    airs_instance_limits_t limits = {
        .max_memory_bytes = (uint64_t)16 << 20, .max_execution_time_ms = 5000, .max_fuel = 100000000};
    fixture_open(&other, &options);
    airs_component_handle_t echo = fixture_load(&other, "echo");
    assert_ok(fixture_start(&other, echo, &limits));
    assert_false(other.engine->ops->batches(other.instance));
    fixture_close(&other);
}

static void what_is_too_much_memory_is_no_batch(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_actor_handles_t handles;
    airs_actor_handles_init(&handles, &memory.allocator, &fixture.router);
    add(AIRS_MESSAGE_PLAIN, "a");
    add(AIRS_MESSAGE_PLAIN, "b");
    for (uint64_t nth = 1; nth <= 4; nth++) {
        airs_batch_arguments_t arguments;
        airs_failing_allocator_fail(&memory, nth, 1);
        airs_batch_arguments_make(&arguments, &handles, messages[0], 2, payload_bytes());
        /* The block, then the tables of the first sender's handle. */
        assert_int_equal(arguments.count, nth <= 3 ? 0 : 2);
        airs_batch_arguments_free(&arguments, &memory.allocator);
    }
    airs_actor_handles_free(&handles);
    assert_int_equal(memory.live_blocks, 0);
    while (message_count > 0) {
        airs_component_message_destroy(messages[--message_count]);
    }
}

/* ---- marks ---- */

static void marks_reach_the_actor(void **state) {
    (void)state;
    assert_ok(tell("begin 0", "proceed 1"));
    assert_string_equal(noted, "begin 0\nproceed 1\n");
    assert_string_equal(fixture.logged, LOG("goes on"));
    begin_answer = AIRS_STOPPED;
    assert_ok(tell("proceed 1", "x"));
    assert_non_null(strstr(fixture.logged, LOG("rests")));
}

static void a_mark_that_is_none_traps(void **state) {
    (void)state;
    begin_answer = AIRS_INVALID_ARGUMENT;
    assert_trap(tell("begin 7", "x"),
                "message 7 of a batch was marked, which it does not have or has passed");
}

static void a_mark_outside_of_a_batch_traps(void **state) {
    (void)state;
    assert_trap(fixture_message(&fixture, "begin 0"),
                "message 0 of a batch was marked, and there is no batch in hand");
}

/* The actor knows the last batch no more. */
static void a_mark_after_a_batch_traps(void **state) {
    (void)state;
    assert_ok(tell("begin 0", "begin 1"));
    assert_trap(fixture_message(&fixture, "proceed 1"), "there is no batch in hand");
    assert_string_equal(noted, "begin 0\nbegin 1\n");
}

static void an_error_reaches_the_actor(void **state) {
    (void)state;
    assert_ok(tell("fail out of stock", "x"));
    assert_string_equal(noted, "fail runtime-error: out of stock\n");
}

static void an_error_of_nothing_traps(void **state) {
    (void)state;
    in_hand_answer = AIRS_INVALID_STATE;
    assert_trap(tell("fail it", "x"), "a message of a batch was failed, and there is none in hand");
}

static void an_error_outside_of_a_batch_traps(void **state) {
    (void)state;
    assert_trap(fixture_message(&fixture, "fail it"),
                "a message of a batch was failed, and there is none in hand");
}

static void a_trap_says_where(void **state) {
    (void)state;
    assert_trap(tell("begin 0", "trap"), "handle_batch");
    assert_string_equal(noted, "begin 0\n");
}

/* ---- handles ---- */

static void who_is_no_handle_traps(void **state) {
    (void)state;
    assert_trap(tell("unknown", "x"), "4000000000 is no handle of an actor");
}

static void an_id_that_nobody_can_have_is_an_error(void **state) {
    (void)state;
    assert_ok(tell("nobody", "x"));
    assert_non_null(strstr(fixture.logged, LOG("target-not-found: a/b")));
}

static void sends_to_a_handle(void **state) {
    (void)state;
    assert_ok(tell("send one", "send two"));
    assert_string_equal(fixture.logged, LOG("ok") LOG("ok"));
    assert_int_equal(fixture.sends, 2);
    assert_string_equal(fixture.last_target, "app/sender/3");
    assert_string_equal(fixture.last_payload, "two");
}

/* Whether it may send there is asked by a send that can tell. */
static void sends_at_once_what_it_may(void **state) {
    (void)state;
    fixture.takes_at_once = true;
    assert_ok(tell("now one", "never two"));
    assert_string_equal(fixture.logged, LOG("not sent") LOG("not sent"));
    assert_int_equal(fixture.sends_at_once, 0);
    assert_ok(tell("send three", "now four"));
    assert_string_equal(fixture.logged, LOG("ok") LOG("sent"));
    assert_int_equal(fixture.sends, 2);
    assert_string_equal(fixture.last_payload, "four");
    fixture.takes_at_once = false;
    assert_ok(tell("now five", "never six"));
    assert_string_equal(fixture.logged, LOG("not sent") LOG("not sent"));
    assert_int_equal(fixture.sends_at_once, 2);
    assert_int_equal(fixture.sends, 2);
}

static void a_forged_handle_is_an_error(void **state) {
    (void)state;
    assert_ok(tell("forged one", "x"));
    assert_non_null(strstr(fixture.logged,
                           LOG("invalid-message: invalid-argument: 4000000000 is no handle of an actor")));
    assert_int_equal(fixture.sends, 0);
}

static void each_refusal_reaches_the_guest(void **state) {
    (void)state;
    fixture.answer = AIRS_TARGET_NOT_FOUND;
    assert_ok(tell("send one", "ask two"));
    assert_string_equal(fixture.logged, LOG("target-not-found: sender") LOG("target-not-found: sender"));
    fixture.answer = AIRS_QUEUE_FULL;
    assert_ok(tell("send one", "ask two"));
    assert_string_equal(fixture.logged, LOG("queue-full") LOG("queue-full"));
}

static void a_send_that_waits_parks_the_call(void **state) {
    (void)state;
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_OK;
    assert_ok(tell("send one", "x"));
    assert_int_equal(fixture.waits, 1);
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_QUEUE_FULL;
    assert_ok(tell("many", "x"));
    assert_int_equal(fixture.waits, 2);
    assert_non_null(strstr(fixture.logged, "refused 0=queue-full 1=invalid-message"));
}

static void many_are_sent_and_some_refused(void **state) {
    (void)state;
    assert_ok(tell("many", "x"));
    assert_int_equal(fixture.sends, 2);
    assert_string_equal(fixture.last_payload, "third");
    assert_non_null(
        strstr(fixture.logged,
               LOG("2 refused 1=invalid-message: invalid-argument: 4000000000 is no handle of an actor "
                   "3=invalid-message: invalid-argument: 0 is no handle of an actor")));
}

static void too_many_trap(void **state) {
    (void)state;
    assert_trap(tell("flood", "x"), "send-many takes 1024 messages at most, and these were 1025");
    assert_int_equal(fixture.sends, 0);
}

/* ---- requests ---- */

static void asks_a_handle(void **state) {
    (void)state;
    assert_ok(tell("ask one", "x"));
    assert_int_equal(fixture.requests, 1);
    assert_int_equal(fixture.last_timeout, 250);
    assert_non_null(strstr(fixture.logged, LOG("6510615555426900570 6510615555426900570 ok"))); /* 0x5a5a.. */
}

static void the_request_in_hand_is_answered(void **state) {
    (void)state;
    add(AIRS_MESSAGE_REQUEST, "begin 0");
    add(AIRS_MESSAGE_PLAIN, "answer yes");
    assert_ok(handle_batch());
    assert_string_equal(noted, "begin 0\nanswer 0102.. yes\n");
    assert_string_equal(fixture.asked, "");
}

static void one_that_was_passed_is_answered_as_one_that_was_deferred(void **state) {
    (void)state;
    in_hand_answer = AIRS_NOT_FOUND;
    add(AIRS_MESSAGE_REQUEST, "begin 0");
    add(AIRS_MESSAGE_PLAIN, "answer yes");
    assert_ok(handle_batch());
    assert_string_equal(fixture.asked, "reply 01020304-0506-0708-0000-000000000009 yes\n");
    fixture.answer = AIRS_TIMEOUT;
    add(AIRS_MESSAGE_REQUEST, "begin 0");
    add(AIRS_MESSAGE_PLAIN, "answer yes");
    assert_ok(handle_batch());
    assert_non_null(
        strstr(fixture.logged, "1 refused 0=correlation-timeout: 01020304-0506-0708-0000-000000000009"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_item_says_all_of_its_message),
        TEST(who_has_no_handler_takes_no_batches),
        TEST(fuel_is_for_one_message),
        TEST(what_is_too_much_memory_is_no_batch),
        TEST(marks_reach_the_actor),
        TEST(a_mark_that_is_none_traps),
        TEST(a_mark_outside_of_a_batch_traps),
        TEST(a_mark_after_a_batch_traps),
        TEST(an_error_reaches_the_actor),
        TEST(an_error_of_nothing_traps),
        TEST(an_error_outside_of_a_batch_traps),
        TEST(a_trap_says_where),
        TEST(who_is_no_handle_traps),
        TEST(an_id_that_nobody_can_have_is_an_error),
        TEST(sends_to_a_handle),
        TEST(sends_at_once_what_it_may),
        TEST(a_forged_handle_is_an_error),
        TEST(each_refusal_reaches_the_guest),
        TEST(a_send_that_waits_parks_the_call),
        TEST(many_are_sent_and_some_refused),
        TEST(too_many_trap),
        TEST(asks_a_handle),
        TEST(the_request_in_hand_is_answered),
        TEST(one_that_was_passed_is_answered_as_one_that_was_deferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
