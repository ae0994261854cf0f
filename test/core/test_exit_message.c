#include "core/exit_message.h"

#include "support/failing_allocator.h"
#include "support/test.h"

static airs_failing_allocator_t memory;
static airs_block_pool_t *pool;
static airs_component_id_t *actor;

static int set_up(void **state) {
    (void)state;
    airs_failing_allocator_init(&memory);
    assert_ok(airs_block_pool_create(&memory.allocator, &pool));
    assert_ok(airs_component_id_create(&memory.allocator, airs_id("shop", "ca\"rt", "0"), &actor, NULL));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_component_id_unref(actor);
    airs_block_pool_destroy(pool);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
    return 0;
}

static airs_component_message_t *tell(airs_message_kind_t kind, uint64_t number, airs_reason_kind_t reason,
                                      const char *text) {
    airs_component_message_t *message = NULL;
    assert_ok(airs_exit_message_reserve(pool, kind, actor, number, &message));
    airs_exit_reason_t why = {.kind = reason, .text = text};
    message = airs_exit_message_fill(message, &why, 1234);
    assert_int_equal(message->kind, kind);
    assert_int_equal(message->timestamp_ns, 1234);
    assert_ptr_equal(message->sender, actor);
    assert_int_equal(message->watch, number);
    assert_true(airs_component_message_is_end(message));
    return message;
}

static void assert_says(airs_component_message_t *message, const char *json, airs_reason_kind_t kind,
                        const char *text) {
    assert_true(airs_str_equal(airs_str_n((const char *)message->payload.data, message->payload.size),
                               airs_str(json)));
    airs_exit_reason_t reason = airs_exit_message_reason(message);
    assert_int_equal(reason.kind, kind);
    assert_string_equal(reason.text, text);
    airs_component_message_destroy(message);
}

static void a_monitor_is_named(void **state) {
    (void)state;
    airs_component_message_t *message = tell(AIRS_MESSAGE_DOWN, UINT64_MAX, AIRS_REASON_SHUTDOWN, "");
    assert_true(airs_str_equal(message->content_type, airs_str(AIRS_DOWN_CONTENT_TYPE)));
    assert_says(message,
                "{\"monitor\":18446744073709551615,\"actor\":\"shop/ca\\\"rt/0\",\"reason\":\"shutdown\","
                "\"text\":\"\"}",
                AIRS_REASON_SHUTDOWN, "");
}

static void a_link_is_not(void **state) {
    (void)state;
    airs_component_message_t *message = tell(AIRS_MESSAGE_EXIT, 9, AIRS_REASON_NO_ACTOR, "");
    assert_true(airs_str_equal(message->content_type, airs_str(AIRS_EXIT_CONTENT_TYPE)));
    assert_says(message, "{\"actor\":\"shop/ca\\\"rt/0\",\"reason\":\"no-actor\",\"text\":\"\"}",
                AIRS_REASON_NO_ACTOR, "");
}

static void texts_are_escaped_for_json_alone(void **state) {
    (void)state;
    assert_says(
        tell(AIRS_MESSAGE_DOWN, 1, AIRS_REASON_CRASH, "a \"b\"\n"),
        "{\"monitor\":1,\"actor\":\"shop/ca\\\"rt/0\",\"reason\":\"crash\",\"text\":\"a \\\"b\\\"\\n\"}",
        AIRS_REASON_CRASH, "a \"b\"\n");
    /* Reasons that explain themselves have none. */
    assert_says(tell(AIRS_MESSAGE_DOWN, 1, AIRS_REASON_KILLED, "ignored"),
                "{\"monitor\":1,\"actor\":\"shop/ca\\\"rt/0\",\"reason\":\"killed\",\"text\":\"\"}",
                AIRS_REASON_KILLED, "");
}

static void long_texts_are_cut_between_characters(void **state) {
    (void)state;
    char text[AIRS_REASON_TEXT_MAX + 3];
    memset(text, 'x', sizeof text);
    memcpy(&text[AIRS_REASON_TEXT_MAX - 1], "\xc3\xa4", 3);
    assert_int_equal(airs_reason_text_size(text), AIRS_REASON_TEXT_MAX - 1);
    airs_component_message_t *message = tell(AIRS_MESSAGE_EXIT, 1, AIRS_REASON_ERROR, text);
    assert_int_equal(strlen(airs_exit_message_reason(message).text), AIRS_REASON_TEXT_MAX - 1);
    airs_component_message_destroy(message);
    text[AIRS_REASON_TEXT_MAX - 1] = '\0';
    assert_int_equal(airs_reason_text_size(text), AIRS_REASON_TEXT_MAX - 1);
}

static void without_memory_the_text_is_missing(void **state) {
    (void)state;
    /* Too long for a block that the pool has already. */
    char text[AIRS_REASON_TEXT_MAX + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    airs_component_message_t *message = NULL;
    assert_ok(airs_exit_message_reserve(pool, AIRS_MESSAGE_EXIT, actor, 1, &message));
    airs_failing_allocator_fail(&memory, 1, UINT64_MAX);
    airs_exit_reason_t why = {.kind = AIRS_REASON_ERROR, .text = text};
    message = airs_exit_message_fill(message, &why, 0);
    airs_failing_allocator_fail(&memory, 0, 0);
    assert_says(message, "{\"actor\":\"shop/ca\\\"rt/0\",\"reason\":\"error\",\"text\":\"\"}",
                AIRS_REASON_ERROR, "");
    airs_failing_allocator_fail(&memory, 1, UINT64_MAX);
    airs_status_t status = AIRS_OK;
    airs_component_message_t *reserved[64] = {NULL};
    size_t count = 0;
    while (status == AIRS_OK && count < 64) {
        status = airs_exit_message_reserve(pool, AIRS_MESSAGE_DOWN, actor, 1, &reserved[count++]);
    }
    assert_int_equal(status, AIRS_OUT_OF_MEMORY);
    airs_failing_allocator_fail(&memory, 0, 0);
    for (size_t i = 0; i + 1 < count; i++) {
        airs_component_message_destroy(reserved[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_monitor_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_escaped_for_json_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_between_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_the_text_is_missing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
