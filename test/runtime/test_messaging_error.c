#include "runtime/host/messaging_error.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static const struct {
    airs_status_t status;
    uint8_t answer;
    const char *text; /* NULL: the case has none */
} answers[] = {
    {AIRS_OK, AIRS_EXT_MESSAGING_OK, NULL},
    {AIRS_PENDING, AIRS_EXT_PENDING, NULL},
    {AIRS_QUEUE_FULL, AIRS_EXT_QUEUE_FULL, NULL},
    {AIRS_TOO_MANY_REQUESTS, AIRS_EXT_QUEUE_FULL, NULL},
    {AIRS_QUOTA_EXCEEDED, AIRS_EXT_QUEUE_FULL, NULL},
    {AIRS_TARGET_NOT_FOUND, AIRS_EXT_TARGET_NOT_FOUND, NULL},
    {AIRS_MESSAGE_TOO_LARGE, AIRS_EXT_INVALID_MESSAGE, "message-too-large: "},
    {AIRS_UNSUPPORTED_CODEC, AIRS_EXT_INVALID_MESSAGE, "unsupported-codec: "},
    {AIRS_INVALID_MESSAGE, AIRS_EXT_INVALID_MESSAGE, "invalid-message: "},
    {AIRS_INVALID_ARGUMENT, AIRS_EXT_INVALID_MESSAGE, "invalid-argument: "},
    {AIRS_NOT_FOUND, AIRS_EXT_INVALID_MESSAGE, "not-found: "},
    {AIRS_CAPABILITY_DENIED, AIRS_EXT_DELIVERY_FAILED, "capability-denied: "},
    {AIRS_INVALID_STATE, AIRS_EXT_DELIVERY_FAILED, "invalid-state: "},
    {AIRS_NOT_RUNNING, AIRS_EXT_DELIVERY_FAILED, "not-running: "},
    {AIRS_DEADLOCK, AIRS_EXT_DELIVERY_FAILED, "deadlock: "},
    {AIRS_TIMEOUT, AIRS_EXT_DELIVERY_FAILED, "timeout: "},
    {AIRS_OUT_OF_MEMORY, AIRS_EXT_DELIVERY_FAILED, "out-of-memory: "},
    {AIRS_INTERNAL, AIRS_EXT_DELIVERY_FAILED, "internal: "},
};

static void assert_reason(const airs_ext_text_t *reason, const char *prefix, const char *why) {
    char expected[256];
    snprintf(expected, sizeof expected, "%s%s", prefix != NULL ? prefix : "", prefix != NULL ? why : "");
    assert_int_equal(reason->size, strlen(expected));
    assert_memory_equal(reason->data, expected, reason->size);
}

static void each_status_has_its_case(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        airs_ext_text_t reason = {0};
        airs_error_t error;
        airs_host_messaging_prepare(&error);
        assert_int_equal(airs_host_messaging_answer(answers[i].status, &error, &reason), answers[i].answer);
        assert_reason(&reason, answers[i].text, airs_status_text(answers[i].status));
        airs_error_set(&error, answers[i].status, "why");
        assert_int_equal(airs_host_messaging_answer(answers[i].status, &error, &reason), answers[i].answer);
        assert_reason(&reason, answers[i].text, "why");
    }
}

static void correlation_ids_are_read_and_written_as_uuids(void **state) {
    (void)state;
    static const char text[] = "01234567-89ab-4cde-8f01-23456789abcd";
    static const char *const others[] = {"", "0", "01234567-89ab-4cde-8f01-23456789abc",
                                         "01234567-89ab-4cde-8f01-23456789abcde",
                                         "g1234567-89ab-4cde-8f01-23456789abcd"};
    char out[AIRS_CORRELATION_ID_TEXT_SIZE];
    airs_correlation_id_t id;
    airs_ext_text_t reason = {0};
    assert_true(
        airs_host_read_correlation((airs_ext_bytes_t){(const uint8_t *)text, strlen(text)}, &id, &reason));
    assert_int_equal(reason.size, 0);
    airs_host_write_correlation(&id, out);
    assert_memory_equal(out, text, sizeof out);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const airs_ext_bytes_t other = {(const uint8_t *)others[i], strlen(others[i])};
        assert_false(airs_host_read_correlation(other, &id, &reason));
        assert_reason(&reason, "", "not a request id: it has the form of a UUID");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_case),
        cmocka_unit_test(correlation_ids_are_read_and_written_as_uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
