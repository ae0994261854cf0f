#include "support/test.h"

#include <pthread.h>
#include <stdio.h>

#include "actor/dead_letters.h"
#include "core/block_pool.h"
#include "core/check.h"
#include "support/failing_allocator.h"

static airs_failing_allocator_t allocator;
static airs_block_pool_t *pool;
static airs_component_id_t *sender;
static airs_component_id_t *target;
static airs_dead_letters_t *letters;

static int set_up(void **state) {
    (void)state;
    airs_failing_allocator_init(&allocator);
    assert_ok(airs_block_pool_create(&allocator.allocator, &pool));
    assert_ok(airs_component_id_create(&allocator.allocator, airs_id("t", "from", "0"), &sender, NULL));
    assert_ok(airs_component_id_create(&allocator.allocator, airs_id("t", "to", "1"), &target, NULL));
    assert_ok(airs_dead_letters_create(&allocator.allocator, 3, 100, &letters));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_dead_letters_destroy(letters);
    airs_component_id_unref(sender);
    airs_component_id_unref(target);
    airs_block_pool_destroy(pool);
    assert_int_equal(atomic_load(&allocator.live_blocks), 0);
    return 0;
}

static airs_component_message_t *make(const char *payload, size_t size) {
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_PLAIN,
                                  .sender = sender,
                                  .payload = airs_bytes(payload, size),
                                  .content_type = airs_str("text/plain"),
                                  .timestamp_ns = 7};
    airs_component_message_t *message = NULL;
    AIRS_ASSERT(airs_component_message_create(pool, &parts, &message) == AIRS_OK);
    return message;
}

static void put(const char *payload, airs_dead_letter_reason_t reason, const char *detail) {
    airs_dead_letters_put(letters, reason, detail, target, make(payload, strlen(payload)), 9);
}

static char read[512];

static bool note(void *context, const airs_dead_letter_t *letter) {
    size_t used = strlen(read);
    (void)snprintf(read + used, sizeof read - used, "%llu %s %.*s [%s] ", (unsigned long long)letter->serial,
                   airs_dead_letter_reason_text(letter->reason), (int)letter->payload.size,
                   (const char *)letter->payload.data, letter->detail);
    assert_true(airs_id_equal(letter->sender, airs_id("t", "from", "0")));
    assert_true(airs_id_equal(letter->target, airs_id("t", "to", "1")));
    assert_int_equal(letter->sent_ns, 7);
    assert_int_equal(letter->died_ns, 9);
    assert_string_equal(letter->kind, "message");
    assert_true(airs_str_equal(letter->content_type, airs_str("text/plain")));
    return context == NULL;
}

static const char *read_all(void) {
    read[0] = '\0';
    airs_dead_letters_each(letters, note, NULL);
    return read;
}

static void keep_what_a_reader_needs(void **state) {
    (void)state;
    put("one", AIRS_DEAD_LETTER_CRASHED, "trap: unreachable");
    put("two", AIRS_DEAD_LETTER_HANDLER_ERROR, NULL);
    assert_string_equal(read_all(), "1 crashed one [trap: unreachable] 2 handler-error two [] ");
    read[0] = '\0';
    airs_dead_letters_each(letters, note, &letters);
    assert_string_equal(read, "1 crashed one [trap: unreachable] ");
}

static void the_oldest_go_first(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) {
        char payload[2] = {(char)('a' + i), '\0'};
        put(payload, AIRS_DEAD_LETTER_STOPPED, NULL);
    }
    assert_string_equal(read_all(), "3 stopped c [] 4 stopped d [] 5 stopped e [] ");
    assert_int_equal(airs_dead_letters_total(letters), 5);
    assert_int_equal(airs_dead_letters_count(letters, AIRS_DEAD_LETTER_STOPPED), 5);
    assert_int_equal(airs_dead_letters_count(letters, AIRS_DEAD_LETTER_CRASHED), 0);
}

static void payloads_are_bounded_together(void **state) {
    (void)state;
    char large[101];
    memset(large, 'x', sizeof large);
    put("small", AIRS_DEAD_LETTER_STOPPED, NULL);
    airs_dead_letters_put(letters, AIRS_DEAD_LETTER_STOPPED, NULL, target, make(large, 60), 9);
    airs_dead_letters_put(letters, AIRS_DEAD_LETTER_STOPPED, NULL, target, make(large, 50), 9);
    assert_null(strstr(read_all(), "small"));
    assert_non_null(strstr(read_all(), "3 stopped"));
    /* Larger than all of it: counted, and the others stay. */
    airs_dead_letters_put(letters, AIRS_DEAD_LETTER_STOPPED, NULL, target, make(large, 101), 9);
    assert_non_null(strstr(read_all(), "3 stopped"));
    assert_int_equal(airs_dead_letters_total(letters), 4);
}

static bool note_detail_size(void *context, const airs_dead_letter_t *letter) {
    *(size_t *)context = strlen(letter->detail);
    return true;
}

/* After a line, so that a backtrace has whole ones. */
static void a_long_detail_is_cut(void **state) {
    (void)state;
    char detail[4000];
    size_t size = 0;
    memset(detail, 'd', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    put("x", AIRS_DEAD_LETTER_CRASHED, detail);
    airs_dead_letters_each(letters, note_detail_size, &size);
    assert_int_equal(size, 2000);
    detail[1900] = '\n';
    put("y", AIRS_DEAD_LETTER_CRASHED, detail);
    airs_dead_letters_each(letters, note_detail_size, &size);
    assert_int_equal(size, 1900);
}

static void without_memory_only_the_detail_is_lost(void **state) {
    (void)state;
    airs_component_message_t *message = make("x", 1);
    airs_failing_allocator_fail(&allocator, 1, UINT64_MAX);
    airs_dead_letters_put(letters, AIRS_DEAD_LETTER_CRASHED, "detail", target, message, 9);
    airs_failing_allocator_fail(&allocator, 0, 0);
    assert_string_equal(read_all(), "1 crashed x [] ");
}

static airs_status_t create(const airs_allocator_t *failing, void *context) {
    (void)context;
    airs_dead_letters_t *other = NULL;
    airs_status_t status = airs_dead_letters_create(failing, 3, 100, &other);
    airs_dead_letters_destroy(other);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(create, NULL);
}

static void *put_many(void *argument) {
    (void)argument;
    for (int i = 0; i < 2000; i++) {
        put("x", AIRS_DEAD_LETTER_STOPPED, "y");
    }
    return NULL;
}

static bool pass_over(void *context, const airs_dead_letter_t *letter) {
    (void)context;
    (void)letter;
    return true;
}

static void writers_and_readers_at_once(void **state) {
    (void)state;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, NULL), 0);
    }
    for (int i = 0; i < 500; i++) {
        airs_dead_letters_each(letters, pass_over, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(airs_dead_letters_total(letters), 4000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keep_what_a_reader_needs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_go_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(payloads_are_bounded_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_detail_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_only_the_detail_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writers_and_readers_at_once, set_up, tear_down),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
