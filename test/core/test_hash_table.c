#include "support/test.h"

#include "core/hash_table.h"
#include "support/failing_allocator.h"

#define ITEMS 5000

typedef struct item {
    airs_hash_entry_t entry;
    unsigned number;
    bool in;
} item_t;

static item_t items[ITEMS];

static bool is_number(const airs_hash_entry_t *entry, const void *key) {
    return ((const item_t *)entry)->number == *(const unsigned *)key;
}

/* Many share a hash. */
static uint64_t hash_of(unsigned number) { return airs_hash_number(number / 3); }

static item_t *find(const airs_hash_table_t *table, unsigned number) {
    return (item_t *)airs_hash_table_find(table, hash_of(number), is_number, &number);
}

static void put(airs_hash_table_t *table, unsigned number) {
    items[number] = (item_t){.number = number, .in = true};
    airs_hash_table_insert(table, &items[number].entry, hash_of(number));
}

static void check_all(const airs_hash_table_t *table) {
    size_t count = 0;
    for (unsigned i = 0; i < ITEMS; i++) {
        assert_ptr_equal(find(table, i), items[i].in ? &items[i] : NULL);
        count += items[i].in;
    }
    assert_int_equal(table->count, count);
}

static bool is_odd(airs_hash_entry_t *entry, void *context) {
    item_t *item = (item_t *)entry;
    bool out = item->number % 2 == 1;
    if (out) {
        item->in = false;
        (*(unsigned *)context)++;
    }
    return out;
}

static void fill_and_empty(airs_hash_table_t *table) {
    memset(items, 0, sizeof items);
    check_all(table);
    for (unsigned i = 0; i < ITEMS; i++) {
        put(table, i);
    }
    check_all(table);
    unsigned removed = 0;
    airs_hash_table_sweep(table, is_odd, &removed);
    assert_int_equal(removed, ITEMS / 2);
    check_all(table);
    for (unsigned i = 0; i < ITEMS; i += 2) {
        airs_hash_table_remove(table, &items[i].entry);
        items[i].in = false;
        if (i % 512 == 0) {
            check_all(table);
        }
    }
    check_all(table);
}

static void count_out(airs_hash_entry_t *entry, void *context) {
    item_t *item = (item_t *)entry;
    assert_true(item->in);
    item->in = false;
    (*(unsigned *)context)++;
}

static void a_few_at_a_time_come_out(void **state) {
    (void)state;
    airs_hash_table_t table;
    /* Without memory for buckets there is one chain. */
    for (int i = 0; i < 2; i++) {
        airs_failing_allocator_t allocator;
        airs_failing_allocator_init(&allocator);
        airs_failing_allocator_fail(&allocator, (uint64_t)i, UINT64_MAX);
        airs_hash_table_init(&table, &allocator.allocator);
        memset(items, 0, sizeof items);
        for (unsigned k = 0; k < ITEMS; k++) {
            put(&table, k);
        }
        size_t place = 0;
        unsigned taken = 0;
        assert_int_equal(airs_hash_table_sweep_few(&table, &place, 0, count_out, &taken), 0);
        while (taken < ITEMS - ITEMS % 7) {
            assert_int_equal(airs_hash_table_sweep_few(&table, &place, 7, count_out, &taken), 7);
            assert_int_equal(table.count, ITEMS - taken);
        }
        assert_int_equal(airs_hash_table_sweep_few(&table, &place, 7, count_out, &taken), ITEMS % 7);
        assert_int_equal(airs_hash_table_sweep_few(&table, &place, 7, count_out, &taken), 0);
        check_all(&table);
        airs_hash_table_free(&table);
        assert_int_equal(allocator.live_blocks, 0);
    }
}

static void what_is_in_it_is_found(void **state) {
    (void)state;
    airs_failing_allocator_t allocator;
    airs_failing_allocator_init(&allocator);
    airs_hash_table_t table;
    airs_hash_table_init(&table, &allocator.allocator);
    fill_and_empty(&table);
    fill_and_empty(&table);
    assert_in_range(table.mask + 1, 1, 64); /* small again */
    airs_hash_table_free(&table);
    assert_int_equal(allocator.live_blocks, 0);
}

static void without_memory_it_works_too(void **state) {
    (void)state;
    airs_failing_allocator_t allocator;
    airs_failing_allocator_init(&allocator);
    airs_failing_allocator_fail(&allocator, 1, UINT64_MAX);
    airs_hash_table_t table;
    airs_hash_table_init(&table, &allocator.allocator);
    memset(items, 0, sizeof items);
    for (unsigned i = 0; i < 100; i++) {
        put(&table, i);
    }
    check_all(&table);
    unsigned removed = 0;
    airs_hash_table_sweep(&table, is_odd, &removed);
    check_all(&table);
    for (unsigned i = 0; i < 100; i += 2) {
        airs_hash_table_remove(&table, &items[i].entry);
        items[i].in = false;
    }
    check_all(&table);
    assert_true(allocator.refused > 0);
    airs_hash_table_free(&table);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_it_is_found),
        cmocka_unit_test(a_few_at_a_time_come_out),
        cmocka_unit_test(without_memory_it_works_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
