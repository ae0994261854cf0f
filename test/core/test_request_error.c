#include "support/test.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/correlation_tracker.h"
#include "core/request_error.h"
#include "support/failing_allocator.h"
#include "support/manual_timers.h"

static const airs_correlation_id_t ID = {
    {0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x43, 0x20, 0x9b, 0xac, 0xf8, 0x47, 0xdb, 0x41, 0x48, 0xa8}};
#define ID_TEXT "919108f7-52d1-4320-9bac-f847db4148a8"

static void assert_member(const json_t *object, const char *key, const char *value) {
    assert_string_equal(json_string_value(json_object_get(object, key)), value);
}

static void it_is_the_object_that_is_documented(void **state) {
    (void)state;
    char out[AIRS_REQUEST_ERROR_MAX];
    size_t size = airs_request_error_format(AIRS_QUEUE_FULL, airs_str("1,024 messages \"wait\"\n"), &ID, out,
                                            sizeof out);
    static const char WANTED[] = "{\"error\":\"queue-full\",\"message\":\"1,024 messages \\\"wait\\\"\\n\","
                                 "\"correlation-id\":\"" ID_TEXT "\"}";
    assert_int_equal(size, sizeof WANTED - 1);
    assert_memory_equal(out, WANTED, size);
}

static void every_status_fits_the_smallest_buffer(void **state) {
    (void)state;
#define STATUS(name, number, text) AIRS_##name,
    static const airs_status_t STATUSES[] = {AIRS_STATUS_MAP(STATUS)};
#undef STATUS
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        char out[AIRS_REQUEST_ERROR_MIN + 1];
        out[AIRS_REQUEST_ERROR_MIN] = '#';
        size_t size = airs_request_error_format(STATUSES[i],
                                                airs_str("far too long for this, whatever the status"), &ID,
                                                out, AIRS_REQUEST_ERROR_MIN);
        assert_int_equal(out[AIRS_REQUEST_ERROR_MIN], '#');
        json_t *object = json_loadb(out, size, 0, NULL);
        assert_non_null(object);
        assert_member(object, "error", airs_status_name(STATUSES[i]));
        assert_member(object, "correlation-id", ID_TEXT);
        json_decref(object);
    }
}

/* Whatever the bytes and wherever the cut falls, it stays JSON. */
static void cut_messages_stay_json(void **state) {
    (void)state;
    static const char MESSAGE[] =
        "\"\\\n\x01\xe2\x82\xac\xf0\x9f\x98\x80\xff\x7f text \"\"\"\"\x02\x03\xc3\xa4\xc3";
    char out[400];
    for (size_t capacity = AIRS_REQUEST_ERROR_MIN; capacity < 300; capacity++) {
        for (size_t length = 0; length < sizeof MESSAGE; length++) {
            memset(out, '#', sizeof out);
            size_t size =
                airs_request_error_format(AIRS_TIMEOUT, airs_str_n(MESSAGE, length), &ID, out, capacity);
            assert_in_range(size, 1, capacity);
            assert_int_equal(out[size], '#');
            json_t *object = json_loadb(out, size, 0, NULL);
            assert_non_null(object);
            assert_member(object, "error", "timeout");
            assert_member(object, "correlation-id", ID_TEXT);
            json_decref(object);
        }
    }
}

static void a_cut_message_ends_in_an_ellipsis(void **state) {
    (void)state;
    char message[AIRS_REQUEST_ERROR_MAX * 2];
    memset(message, 'm', sizeof message);
    char out[AIRS_REQUEST_ERROR_MAX];
    size_t size =
        airs_request_error_format(AIRS_TRAP, airs_str_n(message, sizeof message), &ID, out, sizeof out);
    assert_int_equal(size, sizeof out);
    assert_non_null(memmem(out, size, "mmm...\",\"correlation-id\"", 24));
}

/* ---- the message ---- */

typedef struct fixture {
    airs_failing_allocator_t memory;
    airs_fake_clock_t clock;
    airs_manual_timers_t timers;
    airs_block_pool_t *pool;
    airs_component_id_t *asker;
    airs_component_id_t *asked;
    airs_correlation_tracker_t *tracker;
    airs_pending_list_t list;
} fixture_t;

static void never(void *context, airs_pending_request_t *request) {
    (void)context;
    airs_pending_request_destroy(request);
    fail();
}

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    airs_failing_allocator_init(&self->memory);
    airs_fake_clock_init(&self->clock);
    airs_manual_timers_init(&self->timers, &self->clock);
    const airs_allocator_t *allocator = &self->memory.allocator;
    assert_ok(airs_block_pool_create(allocator, &self->pool));
    assert_ok(airs_component_id_create(allocator, airs_id("a", "asker", "0"), &self->asker, NULL));
    assert_ok(airs_component_id_create(allocator, airs_id("a", "asked", "0"), &self->asked, NULL));
    airs_correlation_tracker_options_t options = {.allocator = allocator,
                                                  .pool = self->pool,
                                                  .random = airs_random_system(),
                                                  .timers = &self->timers.service,
                                                  .timed_out = never};
    assert_ok(airs_correlation_tracker_create(&options, &self->tracker));
    airs_pending_list_init(&self->list, self->tracker);
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_correlation_tracker_destroy(self->tracker);
    airs_component_id_unref(self->asker);
    airs_component_id_unref(self->asked);
    airs_block_pool_destroy(self->pool);
    airs_manual_timers_free(&self->timers);
    assert_int_equal(atomic_load(&self->memory.live_blocks), 0);
    free(self);
    return 0;
}

static airs_pending_request_t *ask_and_take(fixture_t *self) {
    airs_pending_parts_t parts = {
        .requester_id = self->asker, .target_id = self->asked, .deadline_ns = UINT64_MAX - 1, .limit = 1000};
    airs_correlation_id_t id;
    assert_ok(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &id));
    airs_pending_request_t *request = airs_correlation_tracker_take(self->tracker, &id, AIRS_REQUEST_FAILED);
    assert_non_null(request);
    return request;
}

/* Fails a request and checks the message that came of it; returns whether the request's block became it. */
static bool fail_one(fixture_t *self, const char *reason) {
    airs_pending_request_t *request = ask_and_take(self);
    const void *block = request;
    airs_correlation_id_t id = request->id;
    airs_component_message_t *message =
        airs_request_error_message(request, AIRS_STOPPED, airs_str(reason), 77);
    assert_non_null(message);
    assert_int_equal(message->kind, AIRS_MESSAGE_FAILURE);
    assert_ptr_equal(message->sender, self->asked);
    assert_int_equal(message->timestamp_ns, 77);
    assert_true(airs_correlation_id_equal(&message->correlation, &id));
    assert_true(airs_str_equal(message->content_type, airs_str("application/vnd.airssys.error+json")));
    json_t *object = json_loadb((const char *)message->payload.data, message->payload.size, 0, NULL);
    assert_non_null(object);
    char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    airs_correlation_id_format(&id, text);
    assert_member(object, "error", "stopped");
    assert_member(object, "correlation-id", text);
    const char *told = json_string_value(json_object_get(object, "message"));
    size_t same = strcspn(told, ".");
    assert_memory_equal(told, reason, same);
    json_decref(object);
    airs_component_message_destroy(message);
    return message == block;
}

static void a_taken_request_becomes_a_failure_message(void **state) {
    fixture_t *self = *state;
    assert_false(fail_one(self, "the target has stopped"));
}

static void a_failure_message_needs_no_memory(void **state) {
    fixture_t *self = *state;
    for (int i = 0; i < 3; i++) {
        airs_pending_request_t *request = ask_and_take(self); /* the block is there before memory ends */
        airs_failing_allocator_fail(&self->memory, 1, UINT64_MAX);
        void *held[200];
        size_t count = 0;
        while (count < 200 && (held[count] = airs_block_pool_alloc(self->pool, 250)) != NULL) {
            count++;
        }
        /* The message needs a block of 250 bytes or more now, and there is none. */
        static const char REASON[] =
            "a reason that is much longer than what has room in the block of a request, so "
            "that it is cut somewhere and nothing else suffers from that";
        const void *block = request;
        airs_component_message_t *message =
            airs_request_error_message(request, AIRS_TRAP, airs_str(REASON), 1);
        assert_ptr_equal(message, block);
        assert_ptr_equal(message->sender, self->asked);
        json_t *object = json_loadb((const char *)message->payload.data, message->payload.size, 0, NULL);
        assert_member(object, "error", "trap");
        assert_non_null(
            strstr(json_string_value(json_object_get(object, "message")), "a reason that is much"));
        json_decref(object);
        airs_component_message_destroy(message);
        for (size_t k = 0; k < count; k++) {
            airs_block_pool_free(held[k]);
        }
        airs_failing_allocator_fail(&self->memory, 0, 0);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_object_that_is_documented),
        cmocka_unit_test(every_status_fits_the_smallest_buffer),
        cmocka_unit_test(cut_messages_stay_json),
        cmocka_unit_test(a_cut_message_ends_in_an_ellipsis),
        TEST(a_taken_request_becomes_a_failure_message),
        TEST(a_failure_message_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
