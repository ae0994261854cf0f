#include "runtime/host/bucket_table.h"

#include <string.h>

#include "support/failing_allocator.h"
#include "support/test.h"

static void numbers_are_used_again(void **state) {
    (void)state;
    airs_bucket_table_t table = {.allocator = airs_allocator_default()};
    uint32_t numbers[3];
    airs_bucket_t *bucket = NULL;
    airs_swap_t *swap = NULL;
    assert_ok(airs_bucket_table_add_bucket(&table, &numbers[0], &bucket));
    assert_ok(airs_bucket_table_add_swap(&table, &numbers[1], &swap));
    assert_ptr_equal(airs_bucket_table_bucket(&table, numbers[0]), bucket);
    assert_ptr_equal(airs_bucket_table_swap(&table, numbers[1]), swap);
    /* One kind is not the other, and what is not there is neither. */
    assert_null(airs_bucket_table_swap(&table, numbers[0]));
    assert_null(airs_bucket_table_bucket(&table, numbers[1]));
    assert_null(airs_bucket_table_bucket(&table, 77));
    airs_bucket_table_drop(&table, numbers[0]);
    airs_bucket_table_drop(&table, numbers[0]);
    assert_null(airs_bucket_table_bucket(&table, numbers[0]));
    assert_ok(airs_bucket_table_add_bucket(&table, &numbers[2], &bucket));
    assert_int_equal(numbers[2], numbers[0]);
    airs_bucket_table_free(&table);
    assert_int_equal(table.used, 0);
}

static void there_are_so_many_at_most(void **state) {
    (void)state;
    airs_bucket_table_t table = {.allocator = airs_allocator_default()};
    uint32_t number = 0;
    airs_bucket_t *bucket = NULL;
    airs_swap_t *swap = NULL;
    for (int i = 0; i < AIRS_BUCKETS_MAX; i++) {
        assert_ok(airs_bucket_table_add_bucket(&table, &number, &bucket));
    }
    assert_status(airs_bucket_table_add_bucket(&table, &number, &bucket), AIRS_RESOURCE_LIMIT);
    assert_status(airs_bucket_table_add_swap(&table, &number, &swap), AIRS_RESOURCE_LIMIT);
    airs_bucket_table_drop(&table, 500);
    assert_ok(airs_bucket_table_add_swap(&table, &number, &swap));
    assert_int_equal(number, 500);
    airs_bucket_table_free(&table);
}

static void what_swaps_remember_is_bounded(void **state) {
    (void)state;
    static char large[AIRS_STORAGE_VALUE_MAX];
    airs_bucket_table_t table = {.allocator = airs_allocator_default()};
    uint32_t numbers[3];
    airs_swap_t *swaps[3];
    for (int i = 0; i < 3; i++) {
        assert_ok(airs_bucket_table_add_swap(&table, &numbers[i], &swaps[i]));
    }
    assert_ok(airs_bucket_table_remember(&table, swaps[0], airs_bytes(large, sizeof large)));
    assert_ok(airs_bucket_table_remember(&table, swaps[1], airs_bytes(large, sizeof large)));
    assert_status(airs_bucket_table_remember(&table, swaps[2], airs_bytes("x", 1)), AIRS_RESOURCE_LIMIT);
    assert_false(swaps[2]->has_value);
    assert_ok(airs_bucket_table_remember(&table, swaps[2], airs_bytes("", 0)));
    assert_true(swaps[2]->has_value);
    assert_ok(airs_bucket_table_remember(&table, swaps[2], airs_bytes(NULL, 0)));
    assert_false(swaps[2]->has_value);
    /* The same once more instead of what it was. */
    assert_ok(airs_bucket_table_remember(&table, swaps[0], airs_bytes(large, sizeof large)));
    airs_bucket_table_drop(&table, numbers[1]);
    assert_ok(airs_bucket_table_remember(&table, swaps[2], airs_bytes("x", 1)));
    assert_memory_equal(swaps[2]->value, "x", 1);
    airs_bucket_table_free(&table);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_bucket_table_t table = {.allocator = allocator};
    uint32_t number = 0;
    airs_bucket_t *bucket = NULL;
    airs_swap_t *swap = NULL;
    airs_status_t status = airs_bucket_table_add_swap(&table, &number, &swap);
    if (status == AIRS_OK) {
        status = airs_bucket_table_remember(&table, swap, airs_bytes("value", 5));
    }
    for (int i = 0; i < 8 && status == AIRS_OK; i++) {
        status = airs_bucket_table_add_bucket(&table, &number, &bucket);
    }
    airs_bucket_table_free(&table);
    return status;
}

static void failing_allocations(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_used_again),
        cmocka_unit_test(there_are_so_many_at_most),
        cmocka_unit_test(what_swaps_remember_is_bounded),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
