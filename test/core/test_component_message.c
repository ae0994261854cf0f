#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/block_pool.h"
#include "core/component_message.h"
#include "support/failing_allocator.h"

typedef struct fixture {
    airs_failing_allocator_t memory;
    airs_block_pool_t *pool;
    airs_component_id_t *sender;
} fixture_t;

static int set_up(void **state) {
    fixture_t *self = malloc(sizeof *self);
    assert_non_null(self);
    airs_failing_allocator_init(&self->memory);
    assert_ok(airs_block_pool_create(&self->memory.allocator, &self->pool));
    assert_ok(
        airs_component_id_create(&self->memory.allocator, airs_id("shop", "cart", "0"), &self->sender, NULL));
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_component_id_unref(self->sender);
    airs_block_pool_destroy(self->pool);
    assert_int_equal(atomic_load(&self->memory.live_blocks), 0);
    free(self);
    return 0;
}

static void it_is_a_copy(void **state) {
    fixture_t *self = *state;
    char payload[] = "payload";
    char type[] = "text/plain";
    airs_correlation_id_t id = {{1, 2, 3}};
    airs_message_parts_t parts = {AIRS_MESSAGE_REQUEST, self->sender, airs_bytes(payload, 7),
                                  airs_str(type),       1234,         &id};
    airs_component_message_t *message = NULL;
    assert_ok(airs_component_message_create(self->pool, &parts, &message));
    memset(payload, '#', sizeof payload - 1);
    memset(type, '#', sizeof type - 1);
    assert_int_equal(message->payload.size, 7);
    assert_memory_equal(message->payload.data, "payload", 7);
    assert_true(airs_str_equal(message->content_type, airs_str("text/plain")));
    assert_ptr_equal(message->sender, self->sender);
    assert_int_equal(message->timestamp_ns, 1234);
    assert_int_equal(message->kind, AIRS_MESSAGE_REQUEST);
    assert_true(airs_correlation_id_equal(&message->correlation, &id));
    assert_true(airs_component_message_has_correlation(message));
    assert_null(message->shared);
    assert_int_equal(message->cost_slots, 0);
    assert_int_equal(message->system, 0);
    assert_ptr_equal(airs_block_pool_of(message), self->pool);
    airs_component_message_destroy(message);
}

static void everything_may_be_absent(void **state) {
    fixture_t *self = *state;
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_SYSTEM};
    airs_component_message_t *message = NULL;
    assert_ok(airs_component_message_create(self->pool, &parts, &message));
    assert_null(message->sender);
    assert_int_equal(message->payload.size, 0);
    assert_int_equal(message->content_type.size, 0);
    assert_false(airs_component_message_has_correlation(message));
    airs_component_message_destroy(message);
    airs_component_message_destroy(NULL);
}

static void only_three_kinds_have_a_correlation(void **state) {
    (void)state;
    static const bool HAS[] = {false, true, true, true, false};
    for (uint8_t kind = 0; kind < 5; kind++) {
        airs_component_message_t message = {.kind = kind};
        assert_int_equal(airs_component_message_has_correlation(&message), HAS[kind]);
    }
}

static void a_payload_is_shared_by_many(void **state) {
    fixture_t *self = *state;
    airs_payload_t *payload = NULL;
    static const uint8_t BYTES[1000] = {7};
    assert_ok(airs_payload_create(self->pool, airs_bytes(BYTES, sizeof BYTES), airs_str("a/b"), &payload));
    airs_component_message_t *messages[3];
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_PLAIN, .sender = self->sender};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(airs_component_message_create_shared(self->pool, &parts, payload, &messages[i]));
        assert_ptr_equal(messages[i]->payload.data, airs_payload_bytes(payload).data);
    }
    airs_payload_unref(payload);
    airs_component_message_destroy(messages[0]);
    airs_component_message_destroy(messages[2]);
    assert_memory_equal(messages[1]->payload.data, BYTES, sizeof BYTES);
    assert_true(airs_str_equal(messages[1]->content_type, airs_str("a/b")));
    airs_component_message_destroy(messages[1]);
}

static void large_payloads_are_whole(void **state) {
    fixture_t *self = *state;
    const size_t size = (size_t)3 << 20;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 0x5b, size);
    airs_message_parts_t parts = {.sender = self->sender, .payload = airs_bytes(bytes, size)};
    airs_component_message_t *message = NULL;
    assert_ok(airs_component_message_create(self->pool, &parts, &message));
    assert_memory_equal(message->payload.data, bytes, size);
    airs_component_message_destroy(message);
    free(bytes);
}

static void sizes_that_overflow_are_refused(void **state) {
    fixture_t *self = *state;
    airs_message_parts_t parts = {
        .sender = self->sender, .payload = {(const uint8_t *)"", SIZE_MAX - 20}, .content_type = {"", 40}};
    airs_component_message_t *message = NULL;
    assert_status(airs_component_message_create(self->pool, &parts, &message), AIRS_OUT_OF_MEMORY);
    parts.content_type.size = 0;
    assert_status(airs_component_message_create(self->pool, &parts, &message), AIRS_OUT_OF_MEMORY);
    airs_payload_t *payload = NULL;
    assert_status(airs_payload_create(self->pool, parts.payload, airs_str(""), &payload), AIRS_OUT_OF_MEMORY);
    assert_null(message);
}

static airs_status_t make_both(airs_block_pool_t *pool, airs_component_id_t *sender) {
    airs_message_parts_t parts = {.sender = sender, .payload = airs_bytes("x", 1)};
    airs_component_message_t *message = NULL;
    airs_component_message_t *of_many = NULL;
    airs_payload_t *payload = NULL;
    airs_status_t status = airs_component_message_create(pool, &parts, &message);
    if (status == AIRS_OK) {
        status = airs_payload_create(pool, airs_bytes("yy", 2), airs_str("t"), &payload);
    }
    if (status == AIRS_OK) {
        status = airs_component_message_create_shared(pool, &parts, payload, &of_many);
    }
    airs_payload_unref(payload);
    airs_component_message_destroy(of_many);
    airs_component_message_destroy(message);
    return status;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_block_pool_t *pool = NULL;
    airs_component_id_t *sender = NULL;
    airs_status_t status = airs_block_pool_create(allocator, &pool);
    if (status == AIRS_OK) {
        status = airs_component_id_create(allocator, airs_id("a", "b", "c"), &sender, NULL);
    }
    if (status == AIRS_OK) {
        status = make_both(pool, sender);
    }
    airs_component_id_unref(sender);
    airs_block_pool_destroy(pool);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_is_a_copy),
        TEST(everything_may_be_absent),
        cmocka_unit_test(only_three_kinds_have_a_correlation),
        TEST(a_payload_is_shared_by_many),
        TEST(large_payloads_are_whole),
        TEST(sizes_that_overflow_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
