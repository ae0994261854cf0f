#include "runtime/host/replies.h"

#include <stdlib.h>

#include "runtime/shared_fixture.h"

/* What the fixture's router answers to defer-reply. */
#define DEFERRED "a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5"

static void assert_guest_error(airs_status_t status, const char *text) {
    assert_status(status, AIRS_GUEST_ERROR);
    assert_string_equal(fixture.result.reason, text);
}

static void a_reply_is_taken_over_and_given_later(void **state) {
    (void)state;
    fixture_run(&fixture, "deferrer", NULL);
    assert_ok(fixture_request(&fixture, "later on"));
    assert_false(fixture.result.has_response);
    assert_string_equal(fixture.asked, "defer\n");
    assert_ok(fixture_request(&fixture, "answer"));
    assert_string_equal(fixture.asked, "defer\nreply " DEFERRED " text/plain on\n");
    assert_int_equal(fixture.last_payload_size, 2);
}

static void a_reply_may_have_no_content_type(void **state) {
    (void)state;
    fixture_run(&fixture, "deferrer", NULL);
    assert_ok(fixture_request(&fixture, "twice"));
    assert_non_null(strstr(fixture.asked, "reply " DEFERRED " ok\n"));
}

static void a_large_reply_comes_as_it_is(void **state) {
    (void)state;
    const size_t size = (size_t)1 << 20;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, "later ", 6);
    text[size] = '\0';
    fixture_run(&fixture, "deferrer", NULL);
    assert_ok(fixture_request(&fixture, text));
    assert_ok(fixture_request(&fixture, "answer"));
    assert_int_equal(fixture.last_payload_size, size - 6);
    assert_memory_equal(fixture.last_payload, text + 6, FIXTURE_TEXT - 1);
    free(text);
}

static void a_reply_may_be_a_failure(void **state) {
    (void)state;
    fixture_run(&fixture, "deferrer", NULL);
    assert_ok(fixture_request(&fixture, "later on"));
    assert_ok(fixture_request(&fixture, "fail out of stock"));
    assert_string_equal(fixture.asked, "defer\nfail " DEFERRED " out of stock\n");
}

typedef struct refusal {
    airs_status_t status;
    const char *text;
} refusal_t;

static void each_refusal_to_defer_reaches_the_guest(void **state) {
    (void)state;
    static const refusal_t refusals[] = {
        {AIRS_INVALID_STATE, "runtime-error: invalid state: as the test said"},
        {AIRS_TOO_MANY_REQUESTS, "runtime-error: quota exceeded"},
        {AIRS_OUT_OF_MEMORY, "runtime-error: delivery failed: out-of-memory: as the test said"},
    };
    fixture_run(&fixture, "deferrer", NULL);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fixture.answer = refusals[i].status;
        assert_guest_error(fixture_request(&fixture, "later on"), refusals[i].text);
    }
}

static const refusal_t refusals[] = {
    {AIRS_TIMEOUT, "runtime-error: timed out: " DEFERRED},
    {AIRS_NOT_FOUND, "runtime-error: not found: as the test said"},
    {AIRS_MESSAGE_TOO_LARGE, "runtime-error: invalid message: message-too-large: as the test said"},
    {AIRS_UNSUPPORTED_CODEC, "runtime-error: unsupported codec: as the test said"},
    {AIRS_NOT_RUNNING, "runtime-error: delivery failed: not-running: as the test said"},
    {AIRS_OUT_OF_MEMORY, "runtime-error: delivery failed: out-of-memory: as the test said"},
};

static void each_refusal_of(const char *verb) {
    fixture_run(&fixture, "deferrer", NULL);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fixture.answer = AIRS_OK;
        assert_ok(fixture_request(&fixture, "later on"));
        fixture.answer = refusals[i].status;
        assert_guest_error(fixture_request(&fixture, verb), refusals[i].text);
    }
}

static void each_refusal_of_a_reply_reaches_the_guest(void **state) {
    (void)state;
    each_refusal_of("answer");
}

static void each_refusal_of_a_failure_reaches_the_guest(void **state) {
    (void)state;
    each_refusal_of("fail it");
}

static void what_is_no_id_is_an_invalid_message(void **state) {
    (void)state;
    fixture_run(&fixture, "deferrer", NULL);
    /* It answered none yet, so the last one's id is empty. */
    assert_guest_error(fixture_request(&fixture, "again"),
                       "runtime-error: invalid message: not a request id: it has the form of a UUID");
    assert_string_equal(fixture.asked, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_reply_is_taken_over_and_given_later),
        TEST(a_reply_may_have_no_content_type),
        TEST(a_large_reply_comes_as_it_is),
        TEST(a_reply_may_be_a_failure),
        TEST(each_refusal_to_defer_reaches_the_guest),
        TEST(each_refusal_of_a_reply_reaches_the_guest),
        TEST(each_refusal_of_a_failure_reaches_the_guest),
        TEST(what_is_no_id_is_an_invalid_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
