#include "support/test.h"

#include <pthread.h>
#include <string.h>

#include "core/block_pool.h"
#include "core/check.h"
#include "core/payload.h"
#include "support/failing_allocator.h"

static void it_holds_bytes_and_type(void **state) {
    (void)state;
    airs_block_pool_t *pool = NULL;
    assert_ok(airs_block_pool_create(airs_allocator_default(), &pool));
    airs_payload_t *payload = NULL;
    char bytes[] = "12345";
    assert_ok(airs_payload_create(pool, airs_bytes(bytes, 5), airs_str("a/b"), &payload));
    bytes[0] = '#';
    assert_int_equal(airs_payload_bytes(payload).size, 5);
    assert_memory_equal(airs_payload_bytes(payload).data, "12345", 5);
    assert_true(airs_str_equal(airs_payload_content_type(payload), airs_str("a/b")));
    airs_payload_unref(payload);
    assert_ok(airs_payload_create(pool, airs_bytes(NULL, 0), airs_str(NULL), &payload));
    assert_int_equal(airs_payload_bytes(payload).size, 0);
    assert_int_equal(airs_payload_content_type(payload).size, 0);
    airs_payload_unref(payload);
    airs_payload_unref(NULL);
    airs_block_pool_destroy(pool);
}

static void *drop(void *payload) {
    for (int i = 0; i < 10000; i++) {
        airs_payload_unref(airs_payload_ref(payload));
    }
    AIRS_ASSERT(airs_payload_bytes(payload).data[0] == 9);
    airs_payload_unref(payload);
    return NULL;
}

/* The pool's end asserts that the last owner gave it back. */
static void the_last_of_many_threads_frees_it(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_block_pool_t *pool = NULL;
    assert_ok(airs_block_pool_create(&memory.allocator, &pool));
    airs_payload_t *payload = NULL;
    assert_ok(airs_payload_create(pool, airs_bytes("\x09", 1), airs_str(""), &payload));
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, drop, airs_payload_ref(payload)), 0);
    }
    airs_payload_unref(payload);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    airs_block_pool_destroy(pool);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_bytes_and_type),
        cmocka_unit_test(the_last_of_many_threads_frees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
