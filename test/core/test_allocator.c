#include "support/test.h"

#include <string.h>

#include "core/memory.h"
#include "support/failing_allocator.h"

static void the_default_gives_and_takes(void **state) {
    (void)state;
    const airs_allocator_t *allocator = airs_allocator_default();
    char *block = airs_alloc(allocator, 4);
    assert_non_null(block);
    memcpy(block, "abc", 4);
    block = airs_resize_array(allocator, block, 100, 10);
    assert_non_null(block);
    assert_string_equal(block, "abc");
    airs_release(allocator, block);
    airs_release(allocator, NULL);
    allocator->release(allocator->context, NULL);
}

static void zero_bytes_are_a_block(void **state) {
    (void)state;
    const airs_allocator_t *allocator = airs_allocator_default();
    void *block = airs_alloc(allocator, 0);
    assert_non_null(block);
    block = allocator->resize(allocator->context, block, 0);
    assert_non_null(block);
    airs_release(allocator, block);
}

static void products_that_overflow_are_refused(void **state) {
    (void)state;
    const airs_allocator_t *allocator = airs_allocator_default();
    assert_null(airs_alloc_array(allocator, SIZE_MAX / 2, 3));
    assert_null(airs_resize_array(allocator, NULL, SIZE_MAX / 2, 3));
    assert_null(airs_alloc_aligned(allocator, SIZE_MAX - 8));
}

static void aligned_blocks_are_aligned_and_zeroed(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    void *blocks[32];
    for (size_t i = 0; i < 32; i++) {
        blocks[i] = airs_alloc_aligned(&memory.allocator, 1 + i * 7);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % AIRS_CACHE_LINE, 0);
        for (size_t k = 0; k < 1 + i * 7; k++) {
            assert_int_equal(((char *)blocks[i])[k], 0);
        }
    }
    for (size_t i = 0; i < 32; i++) {
        airs_release_aligned(&memory.allocator, blocks[i]);
    }
    airs_release_aligned(&memory.allocator, NULL);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

static void refused_requests_leave_the_block_as_it_was(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    char *block = airs_alloc_zeroed(&memory.allocator, 8);
    airs_failing_allocator_fail(&memory, 1, UINT64_MAX);
    assert_null(airs_resize_array(&memory.allocator, block, 1000, 1));
    assert_null(airs_alloc_zeroed(&memory.allocator, 8));
    assert_null(airs_alloc_aligned(&memory.allocator, 8));
    assert_int_equal(block[7], 0);
    airs_release(&memory.allocator, block);
    assert_int_equal(atomic_load(&memory.live_bytes), 0);
    assert_int_equal(atomic_load(&memory.refused), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_gives_and_takes),
        cmocka_unit_test(zero_bytes_are_a_block),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(aligned_blocks_are_aligned_and_zeroed),
        cmocka_unit_test(refused_requests_leave_the_block_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
