#include "runtime/host/messaging.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/instance.h"
#include "runtime/shared_fixture.h"

#define MANY_TARGETS 1024
#define TOO_MANY_TARGETS (MANY_TARGETS + 1)

/* The guest answers with what the runtime told it. */
static void assert_guest_error(airs_status_t status, const char *text) {
    assert_status(status, AIRS_GUEST_ERROR);
    if (strncmp(fixture.result.reason, text, strlen(text)) != 0) {
        fail_msg("\"%s\" does not begin with \"%s\"", fixture.result.reason, text);
    }
}

/* ---- send ----------------------------------------------------------------------------------- */

static void sends_exactly_what_it_is_given(void **state) {
    (void)state;
    fixture_run(&fixture, "forwarder", "app/counter/7");
    assert_ok(fixture_message(&fixture, "hello"));
    assert_int_equal(fixture.sends, 1);
    assert_string_equal(fixture.last_target, "app/counter/7");
    assert_string_equal(fixture.last_payload, "hello");
    assert_int_equal(fixture.last_payload_size, 5);
    assert_false(fixture.result.has_response);

    static const uint8_t bytes[] = {0, 1, 0, 0xff, 0xfe, '\n', 0};
    assert_ok(fixture_message_bytes(&fixture, airs_bytes(bytes, sizeof bytes)));
    assert_int_equal(fixture.last_payload_size, sizeof bytes);
    assert_memory_equal(fixture.last_payload, bytes, sizeof bytes);

    assert_ok(fixture_message(&fixture, ""));
    assert_int_equal(fixture.last_payload_size, 0);
    assert_int_equal(fixture.sends, 3);
}

static void sends_large_payloads(void **state) {
    (void)state;
    const size_t size = (size_t)1 << 20;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    }
    fixture_run(&fixture, "forwarder", "app/counter/0");
    for (int i = 0; i < 20; i++) {
        assert_ok(fixture_message_bytes(&fixture, airs_bytes(bytes, size)));
        assert_int_equal(fixture.last_payload_size, size);
        assert_memory_equal(fixture.last_payload, bytes, FIXTURE_TEXT - 1);
    }
    free(bytes);
}

static void a_target_may_have_any_instance(void **state) {
    (void)state;
    fixture_run(&fixture, "forwarder", "app/counter/");
    assert_ok(fixture_message(&fixture, "hello"));
    assert_string_equal(fixture.last_target, "app/counter/");
}

#define REQUEST_ID "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a"

typedef struct refusal {
    airs_status_t status;
    const char *text;  /* what the guest hears, when the router gives a reason */
    const char *plain; /* and when it does not */
} refusal_t;

static const refusal_t refusals[] = {
    {AIRS_QUEUE_FULL, "runtime-error: queue full", "runtime-error: queue full"},
    {AIRS_TOO_MANY_REQUESTS, "runtime-error: queue full", "runtime-error: queue full"},
    {AIRS_TARGET_NOT_FOUND, "runtime-error: target not found: counter",
     "runtime-error: target not found: counter"},
    {AIRS_MESSAGE_TOO_LARGE, "runtime-error: invalid message: message-too-large: as the test said",
     "runtime-error: invalid message: message-too-large: the message is larger than the limit"},
    {AIRS_INVALID_MESSAGE, "runtime-error: invalid message: invalid-message: as the test said",
     "runtime-error: invalid message: invalid-message: invalid message"},
    {AIRS_INVALID_ARGUMENT, "runtime-error: invalid message: invalid-argument: as the test said",
     "runtime-error: invalid message: invalid-argument: invalid argument"},
    {AIRS_UNSUPPORTED_CODEC, "runtime-error: unsupported codec: as the test said",
     "runtime-error: unsupported codec: the receiver does not accept this codec"},
    {AIRS_DEADLOCK, "runtime-error: deadlock: as the test said",
     "runtime-error: deadlock: it would wait for itself"},
    {AIRS_NOT_RUNNING, "runtime-error: delivery failed: not-running: as the test said",
     "runtime-error: delivery failed: not-running: the actor is not running"},
    {AIRS_OUT_OF_MEMORY, "runtime-error: delivery failed: out-of-memory: as the test said",
     "runtime-error: delivery failed: out-of-memory: out of memory"},
    {AIRS_CAPABILITY_DENIED, "runtime-error: delivery failed: capability-denied: as the test said",
     "runtime-error: delivery failed: capability-denied: capability denied"},
    {AIRS_STOPPED, "runtime-error: delivery failed: stopped: as the test said",
     "runtime-error: delivery failed: stopped: stopped"},
    {AIRS_INTERNAL, "runtime-error: delivery failed: internal: as the test said",
     "runtime-error: delivery failed: internal: internal error"},
};

static void each_refusal_reaches_the_guest(const char *guest) {
    fixture_run(&fixture, guest, "app/counter/0");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fixture.answer = refusals[i].status;
        fixture.answer_without_text = false;
        assert_guest_error(fixture_message(&fixture, "hello"), refusals[i].text);
        fixture.answer_without_text = true;
        assert_guest_error(fixture_message(&fixture, "hello"), refusals[i].plain);
    }
    fixture.answer = AIRS_OK;
    assert_ok(fixture_message(&fixture, "hello"));
}

static void each_refusal_of_a_send_reaches_the_guest(void **state) {
    (void)state;
    each_refusal_reaches_the_guest("forwarder");
    assert_string_equal(fixture.last_target, "app/counter/0");
}

static void each_refusal_of_a_request_reaches_the_guest(void **state) {
    (void)state;
    each_refusal_reaches_the_guest("requester");
    assert_string_equal(fixture.last_target, "app/counter/0");
}

/* ---- sends that wait ------------------------------------------------------------------------ */

static void a_send_to_a_full_mailbox_parks_its_call(void **state) {
    (void)state;
    fixture_run(&fixture, "forwarder", "app/counter/0");
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_PENDING;
    assert_int_equal(fixture_begin_message(&fixture, "hello"), AIRS_POLL_PENDING);
    assert_int_equal(fixture.sends, 1);
    assert_string_equal(fixture.last_payload, "hello");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    }
    assert_true(fixture.waits > 100);
    assert_int_equal(fixture.wakes, 0);
    fixture.wait_answer = AIRS_OK;
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    assert_ok(fixture.result.status);
    assert_int_equal(fixture.sends, 1);

    /* The next one finds the mailbox as it is then. */
    int waits = fixture.waits;
    assert_ok(fixture_message(&fixture, "again"));
    assert_int_equal(fixture.sends, 2);
    assert_int_equal(fixture.waits, waits);
}

static airs_status_t wait_once(airs_status_t end, bool without_text) {
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_PENDING;
    fixture.answer_without_text = without_text;
    assert_int_equal(fixture_begin_message(&fixture, "hello"), AIRS_POLL_PENDING);
    fixture.wait_answer = end;
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    return fixture.result.status;
}

static void each_end_of_a_wait_reaches_the_guest(const char *guest) {
    fixture_run(&fixture, guest, "app/counter/0");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        assert_guest_error(wait_once(refusals[i].status, false), refusals[i].text);
        assert_guest_error(wait_once(refusals[i].status, true), refusals[i].plain);
    }
    assert_ok(wait_once(AIRS_OK, false));
}

static void each_end_of_a_wait_to_send_reaches_the_guest(void **state) {
    (void)state;
    each_end_of_a_wait_reaches_the_guest("forwarder");
}

static void each_end_of_a_wait_to_request_reaches_the_guest(void **state) {
    (void)state;
    each_end_of_a_wait_reaches_the_guest("requester");
    assert_int_equal(fixture.requests, 2 * (int)(sizeof refusals / sizeof *refusals) + 1);
    assert_true(fixture.result.has_response);
    assert_string_equal(fixture_response(&fixture), REQUEST_ID);
}

static void a_wait_may_have_ended_when_it_is_first_asked_about(void **state) {
    (void)state;
    fixture_run(&fixture, "forwarder", "app/counter/0");
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_OK;
    assert_int_equal(fixture_begin_message(&fixture, "hello"), AIRS_POLL_DONE);
    assert_ok(fixture.result.status);
    assert_int_equal(fixture.waits, 1);
}

static void an_instance_may_end_while_its_send_waits(void **state) {
    (void)state;
    static const char *const guests[] = {"forwarder", "requester"};
    for (size_t i = 0; i < 2; i++) {
        fixture_run(&fixture, guests[i], "app/counter/0");
        fixture.answer = AIRS_PENDING;
        fixture.wait_answer = AIRS_PENDING;
        assert_int_equal(fixture_begin_message(&fixture, "hello"), AIRS_POLL_PENDING);
        int waits = fixture.waits;
        fixture_drop(&fixture);
        assert_int_equal(fixture.waits, waits);
        fixture.answer = AIRS_OK;
    }
}

/* Where slices are counted in fuel, each return of a call that runs is a slice; a wait is none. */
static void a_wait_is_not_charged_as_execution_time(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {
        .max_instances = 4, .consume_fuel = true, .slice_fuel = 1000000, .slice_us = 1000};
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)16 << 20,
                                           .max_execution_time_ms = 20};
    fixture_close(&fixture);
    fixture_open(&fixture, &options);
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "forwarder"), &limits));
    assert_ok(fixture_initialize(&fixture, "app/counter/0"));
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_PENDING;
    assert_int_equal(fixture_begin_message(&fixture, "hello"), AIRS_POLL_PENDING);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    }
    fixture.wait_answer = AIRS_OK;
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    assert_ok(fixture.result.status);
}

static void another_application_is_out_of_reach(void **state) {
    (void)state;
    static const char *const targets[] = {"other/counter/0", "application/counter/0", "app/deeper/counter/0"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        fixture_run(&fixture, "forwarder", targets[i]);
        for (int again = 0; again < 3; again++) {
            assert_guest_error(fixture_message(&fixture, "hello"),
                               "runtime-error: delivery failed: capability-denied: ");
            assert_non_null(strstr(fixture.result.reason, targets[i]));
        }
        fixture_drop(&fixture);
        fixture_run(&fixture, "requester", targets[i]);
        assert_guest_error(fixture_message(&fixture, "hello"),
                           "runtime-error: delivery failed: capability-denied: ");
        fixture_drop(&fixture);
    }
    assert_int_equal(fixture.sends, 0);
    assert_int_equal(fixture.requests, 0);
}

/* The reason is cut, and still is text. */
static void a_long_namespace_is_denied_with_a_reason(void **state) {
    (void)state;
    char target[256] = "x";
    for (size_t i = 0; i < 100; i++) {
        strcat(target, "\xc3\xa9");
    }
    strcat(target, "/counter/0");
    fixture_run(&fixture, "forwarder", target);
    assert_guest_error(fixture_message(&fixture, "hello"),
                       "runtime-error: delivery failed: capability-denied: ");
}

static void ids_that_nobody_can_have_are_not_found(void **state) {
    (void)state;
    char longest[400];
    memset(longest, 'n', sizeof longest);
    memcpy(longest, "app/", 4);
    memcpy(longest + sizeof longest - 3, "/0", 3);
    const char *const targets[] = {"app/na\nme/0", longest};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        fixture_run(&fixture, "forwarder", targets[i]);
        assert_guest_error(fixture_message(&fixture, "hello"), "runtime-error: target not found");
        fixture_drop(&fixture);
        fixture_run(&fixture, "requester", targets[i]);
        assert_guest_error(fixture_message(&fixture, "hello"), "runtime-error: target not found");
        fixture_drop(&fixture);
    }
    assert_int_equal(fixture.sends, 0);
    assert_int_equal(fixture.requests, 0);
}

static void routes_are_given_back_with_the_instance(void **state) {
    (void)state;
    fixture_run(&fixture, "forwarder", "app/counter/0");
    assert_ok(fixture_message(&fixture, "a"));
    assert_ok(fixture_message(&fixture, "b"));
    assert_int_equal(fixture.routes_released, 0);
    fixture_drop(&fixture);
    assert_int_equal(fixture.routes_released, 1);
}

/* ---- request -------------------------------------------------------------------------------- */

static void requests_answer_with_their_id(void **state) {
    (void)state;
    fixture_run(&fixture, "requester", "app/counter/0");
    assert_ok(fixture_request(&fixture, "question"));
    assert_string_equal(fixture_response(&fixture), REQUEST_ID);
    assert_int_equal(fixture.requests, 1);
    assert_string_equal(fixture.last_target, "app/counter/0");
    assert_string_equal(fixture.last_payload, "question");
    assert_int_equal(fixture.last_timeout, 1000);
}

static void timeouts_are_passed_on_as_they_are(void **state) {
    (void)state;
    static const char *const timeouts[] = {"0", "1", "18446744073709551615"};
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        const airs_env_var_t env = {airs_str("TIMEOUT_MS"), airs_str(timeouts[i])};
        fixture.env = &env;
        fixture.env_count = 1;
        fixture_run(&fixture, "requester", "app/counter/0");
        assert_ok(fixture_request(&fixture, "question"));
        assert_int_equal(fixture.last_timeout, strtoull(timeouts[i], NULL, 10));
        fixture_drop(&fixture);
        fixture.env = NULL;
        fixture.env_count = 0;
    }
}

static void cancels_by_id(void **state) {
    (void)state;
    fixture_run(&fixture, "requester", "app/counter/0");
    assert_ok(fixture_request(&fixture, "question"));
    assert_ok(fixture_request(&fixture, "cancel"));
    assert_string_equal(fixture_response(&fixture), "ok");
    assert_int_equal(fixture.cancels, 1);
    static const uint8_t id[16] = {0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a,
                                   0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a};
    assert_memory_equal(fixture.last_cancelled.bytes, id, sizeof id);
}

static void what_cannot_be_cancelled_is_an_error(void **state) {
    (void)state;
    fixture_run(&fixture, "requester", "app/counter/0");
    /* It made none yet, so its newest id is empty. */
    assert_guest_error(fixture_message(&fixture, "cancel"),
                       "runtime-error: invalid message: not a request id: it has the form of a UUID");
    assert_int_equal(fixture.cancels, 0);
    assert_ok(fixture_request(&fixture, "question"));
    fixture.answer = AIRS_NOT_FOUND;
    assert_guest_error(fixture_message(&fixture, "cancel"), "runtime-error: not found: no request of this ");
    assert_int_equal(fixture.cancels, 1);
}

/* The correlation id that the fixture's messages have. */
#define CORRELATION_ID "01020300-0000-0000-0000-000000000000"

static void ends_of_requests_come_to_the_callback(void **state) {
    (void)state;
    const airs_env_var_t env = {airs_str("REPORT_TO"), airs_str("app/reporter/0")};
    fixture.env = &env;
    fixture.env_count = 1;
    fixture_run(&fixture, "requester", "app/counter/0");
    assert_ok(fixture_callback(&fixture, AIRS_MESSAGE_RESPONSE, "the answer"));
    assert_string_equal(fixture.last_target, "app/reporter/0");
    assert_string_equal(fixture.last_payload, "response " CORRELATION_ID " the answer");
    assert_false(fixture.result.has_response);
    fixture.answer = AIRS_QUEUE_FULL;
    assert_guest_error(fixture_callback(&fixture, AIRS_MESSAGE_RESPONSE, "x"), "runtime-error: queue full");
}

/* ---- broadcast ------------------------------------------------------------------------------ */

static void a_guest_is_told_what_a_message_is(void **state) {
    (void)state;
    static const struct {
        airs_message_kind_t kind;
        const char *told;
    } messages[] = {
        {AIRS_MESSAGE_PLAIN, "message|app/sender/3|text/plain||//|hello"},
        {AIRS_MESSAGE_TIMER, "message|app/sender/3|text/plain||//|hello"},
        {AIRS_MESSAGE_REQUEST, "request|app/sender/3|text/plain|" CORRELATION_ID "|app/sender/3|hello"},
        {AIRS_MESSAGE_RESPONSE, "response|app/sender/3|text/plain|" CORRELATION_ID "|//|hello"},
    };
    fixture_run(&fixture, "witness", "app/reporter/0");
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        bool callback = messages[i].kind == AIRS_MESSAGE_RESPONSE;
        assert_ok(callback ? fixture_callback(&fixture, messages[i].kind, "hello")
                           : fixture_deliver(&fixture, messages[i].kind, "hello"));
        assert_string_equal(messages[i].kind == AIRS_MESSAGE_REQUEST ? fixture_response(&fixture)
                                                                     : fixture.last_payload,
                            messages[i].told);
    }
}

static void broadcasts_to_all_in_their_order(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "app/a/0\napp/b/1\napp/a/2");
    assert_ok(fixture_request(&fixture, "news"));
    assert_string_equal(fixture_response(&fixture), "ok");
    assert_int_equal(fixture.broadcasts, 1);
    assert_int_equal(fixture.broadcast_targets, 3);
    assert_string_equal(fixture.broadcast_ids, "app/a/0\napp/b/1\napp/a/2\n");
    assert_string_equal(fixture.broadcast_allowed, "111");
    assert_string_equal(fixture.last_payload, "news");
    assert_int_equal(fixture.last_payload_size, 4);
}

static char many_targets[TOO_MANY_TARGETS * 16];

static void name_many(int count) {
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(many_targets + used, sizeof many_targets - used, "app/t/%d\n", i);
    }
}

static void broadcasts_to_very_many(void **state) {
    (void)state;
    name_many(MANY_TARGETS);
    fixture_run(&fixture, "broadcaster", many_targets);
    assert_ok(fixture_request(&fixture, "news"));
    assert_int_equal(fixture.broadcast_targets, MANY_TARGETS);
    assert_string_equal(fixture.broadcast_ids, many_targets);
}

/* Nobody can interrupt a call of the host: neither the guest's time limit nor who wants to end it. */
static void a_broadcast_to_too_many_is_refused(void **state) {
    (void)state;
    name_many(TOO_MANY_TARGETS);
    fixture_run(&fixture, "broadcaster", many_targets);
    assert_guest_error(
        fixture_message(&fixture, "news"),
        "runtime-error: invalid message: invalid-argument: a broadcast has 1024 targets at most,"
        " and this one has 1025; the instance * stands for all of a component");
    assert_int_equal(fixture.broadcasts, 0);
}

static void a_broadcast_to_nobody_is_fine(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "");
    assert_ok(fixture_request(&fixture, "news"));
    assert_string_equal(fixture_response(&fixture), "ok");
    assert_int_equal(fixture.broadcast_targets, 0);
}

static const airs_target_t *remembered(const char *name) {
    airs_wasm_instance_t *instance = airs_wasm_instance_of(fixture.instance);
    airs_id_t id = airs_id("app", name, "0");
    return airs_target_cache_find(&instance->targets, &id);
}

static bool is_remembered(const char *name) {
    const airs_target_t *target = remembered(name);
    return target != NULL && (target->allowed & AIRS_TARGET_BROADCAST) != 0;
}

/* What was decided for a target is not decided anew; that it may be broadcast to says nothing of the rest. */
static void what_was_decided_for_a_broadcast_is_remembered(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "app/a/0\napp/b/0");
    assert_false(is_remembered("a"));
    assert_ok(fixture_request(&fixture, "news"));
    assert_true(is_remembered("a"));
    assert_true(is_remembered("b"));
    assert_false(is_remembered("c"));
    assert_int_equal(remembered("a")->allowed, AIRS_TARGET_BROADCAST);
    assert_ok(fixture_request(&fixture, "news"));
    assert_string_equal(fixture.broadcast_allowed, "1111"); /* of both */
    /* So many that one would make the others be forgotten are decided each time. */
    name_many(MANY_TARGETS);
    fixture_drop(&fixture);
    fixture_run(&fixture, "broadcaster", many_targets);
    assert_ok(fixture_request(&fixture, "news"));
    airs_wasm_instance_t *instance = airs_wasm_instance_of(fixture.instance);
    assert_int_equal(instance->targets.count, 0);
}

/* The others get it. */
static void a_broadcast_that_is_denied_in_part_says_so(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "app/a/0\nother/b/0\napp/c/0\nother/d/0");
    assert_guest_error(fixture_message(&fixture, "news"),
                       "runtime-error: delivery failed: capability-denied: target 1 of 4");
    assert_int_equal(fixture.broadcasts, 1);
    assert_string_equal(fixture.broadcast_allowed, "1010");
}

static void a_broadcast_of_which_one_failed_says_what_the_router_says(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "app/a/0\napp/b/0");
    fixture.answer = AIRS_QUEUE_FULL;
    assert_guest_error(fixture_message(&fixture, "news"),
                       "runtime-error: delivery failed: queue-full: as the test said");
    fixture.answer = AIRS_TARGET_NOT_FOUND;
    assert_guest_error(fixture_message(&fixture, "news"),
                       "runtime-error: delivery failed: target-not-found: as the test said");
    fixture.answer = AIRS_MESSAGE_TOO_LARGE;
    assert_guest_error(fixture_message(&fixture, "news"),
                       "runtime-error: invalid message: message-too-large: as the test said");
}

static void a_broadcast_to_all_instances_of_which_one_failed_says_so_too(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "app/a/*");
    fixture.answer = AIRS_QUEUE_FULL;
    assert_guest_error(fixture_message(&fixture, "news"),
                       "runtime-error: delivery failed: queue-full: as the test said");
    fixture.answer = AIRS_TARGET_NOT_FOUND;
    assert_guest_error(fixture_message(&fixture, "news"), "runtime-error: target not found: a");
}

static void a_broadcast_to_one_fails_as_a_send_does(void **state) {
    (void)state;
    fixture_run(&fixture, "broadcaster", "app/only/0");
    fixture.answer = AIRS_QUEUE_FULL;
    assert_guest_error(fixture_message(&fixture, "news"), "runtime-error: queue full");
    fixture.answer = AIRS_TARGET_NOT_FOUND;
    assert_guest_error(fixture_message(&fixture, "news"), "runtime-error: target not found: only");
}

/* ---- who am I ------------------------------------------------------------------------------- */

static void a_guest_knows_its_id(void **state) {
    (void)state;
    fixture_run(&fixture, "lister", NULL);
    assert_ok(fixture_request(&fixture, "self"));
    assert_string_equal(fixture_response(&fixture), "app/tested/0\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sends_exactly_what_it_is_given, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(sends_large_payloads, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_target_may_have_any_instance, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(each_refusal_of_a_send_reaches_the_guest, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(each_refusal_of_a_request_reaches_the_guest, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_send_to_a_full_mailbox_parks_its_call, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(each_end_of_a_wait_to_send_reaches_the_guest, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(each_end_of_a_wait_to_request_reaches_the_guest, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_wait_may_have_ended_when_it_is_first_asked_about, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_instance_may_end_while_its_send_waits, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_wait_is_not_charged_as_execution_time, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(another_application_is_out_of_reach, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_long_namespace_is_denied_with_a_reason, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(ids_that_nobody_can_have_are_not_found, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(routes_are_given_back_with_the_instance, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(requests_answer_with_their_id, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(timeouts_are_passed_on_as_they_are, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(cancels_by_id, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_cancelled_is_an_error, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(ends_of_requests_come_to_the_callback, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_guest_is_told_what_a_message_is, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(broadcasts_to_all_in_their_order, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(broadcasts_to_very_many, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_to_too_many_is_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_to_nobody_is_fine, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_was_decided_for_a_broadcast_is_remembered, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_that_is_denied_in_part_says_so, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_of_which_one_failed_says_what_the_router_says,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_to_all_instances_of_which_one_failed_says_so_too,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_to_one_fails_as_a_send_does, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_guest_knows_its_id, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
