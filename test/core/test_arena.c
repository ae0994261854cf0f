#include "core/arena.h"

#include <string.h>

#include "support/failing_allocator.h"
#include "support/test.h"

static airs_status_t fill(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_arena_t arena = {.allocator = allocator};
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < 5 && status == AIRS_OK; i++) {
        unsigned char *memory = airs_arena_alloc(&arena, i, 24);
        if (memory == NULL) {
            status = AIRS_OUT_OF_MEMORY;
            continue;
        }
        for (size_t k = 0; k < i * 24; k++) {
            assert_int_equal(memory[k], 0);
        }
        memset(memory, 0xff, i * 24);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
    }
    airs_arena_free(&arena);
    assert_null(arena.blocks);
    airs_arena_free(&arena);
    return status;
}

static void what_is_allocated_is_zeroed_and_freed_together(void **state) {
    (void)state;
    airs_fail_each_allocation(fill, NULL);
}

static void what_cannot_be_counted_is_refused(void **state) {
    (void)state;
    airs_arena_t arena = {.allocator = airs_allocator_default()};
    assert_null(airs_arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(airs_arena_alloc(&arena, 1, SIZE_MAX));
    airs_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allocated_is_zeroed_and_freed_together),
        cmocka_unit_test(what_cannot_be_counted_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
