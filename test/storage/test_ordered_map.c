#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/ordered_map.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

static void keys_come_in_byte_order(void **state) {
    (void)state;
    static const char *const IN[] = {"b", "", "a/b", "ab", "a", "\xff", "a\x01", "B", "abc"};
    static const char *const OUT[] = {"", "B", "a", "a\x01", "a/b", "ab", "abc", "b", "\xff"};
    airs_ordered_map_t map;
    airs_ordered_map_init(&map, airs_allocator_default());
    for (size_t i = 0; i < 9; i++) {
        assert_ok(airs_ordered_map_insert(&map, airs_str(IN[i]), NULL));
    }
    size_t at = 0;
    for (airs_ordered_entry_t *entry = airs_ordered_map_seek(&map, airs_str("")); entry != NULL;
         entry = entry->next[0]) {
        assert_true(airs_str_equal(entry->key, airs_str(OUT[at++])));
    }
    assert_int_equal(at, 9);
    assert_int_equal(map.count, 9);
    assert_true(airs_str_equal(airs_ordered_map_seek(&map, airs_str("aa"))->key, airs_str("ab")));
    assert_null(airs_ordered_map_seek(&map, airs_str("\xff\xff")));
    assert_null(airs_ordered_map_find(&map, airs_str("aa")));
    airs_ordered_map_free(&map, NULL, NULL);
    assert_int_equal(map.count, 0);
}

enum { KEYS = 2000, TURNS = 60000 };

static char some_value;

/* Against an array that says for each key what it should hold. */
static void it_agrees_with_a_plain_array(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_ordered_map_t map;
    airs_ordered_map_init(&map, &memory.allocator);
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 9);
    static char there[KEYS];
    memset(there, 0, sizeof there);
    size_t count = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        size_t number = airs_seeded_random_below(&random, KEYS);
        char key[16];
        (void)snprintf(key, sizeof key, "%zu", number);
        airs_ordered_entry_t *entry = airs_ordered_map_find(&map, airs_str(key));
        assert_int_equal(entry != NULL, there[number]);
        if (entry != NULL) {
            assert_ptr_equal(entry->value, &there[number]);
            assert_ptr_equal(airs_ordered_map_remove(&map, airs_str(key)), &there[number]);
            count--;
        } else {
            assert_null(airs_ordered_map_remove(&map, airs_str(key)));
            assert_ok(airs_ordered_map_insert(&map, airs_str(key), &there[number]));
            count++;
        }
        there[number] = there[number] == 0 ? 1 : 0;
        assert_int_equal(map.count, count);
    }
    airs_ordered_map_free(&map, NULL, NULL);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

static void count_value(void *context, void *value) {
    assert_ptr_equal(value, &some_value);
    (*(size_t *)context)++;
}

static void values_are_freed_by_their_owner(void **state) {
    (void)state;
    airs_ordered_map_t map;
    airs_ordered_map_init(&map, airs_allocator_default());
    assert_ok(airs_ordered_map_insert(&map, airs_str("a"), &some_value));
    assert_ok(airs_ordered_map_insert(&map, airs_str("b"), &some_value));
    size_t count = 0;
    airs_ordered_map_free(&map, count_value, &count);
    assert_int_equal(count, 2);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_ordered_map_t map;
    airs_ordered_map_init(&map, allocator);
    airs_status_t status = AIRS_OK;
    for (char key = 'a'; key <= 'h' && status == AIRS_OK; key++) {
        status = airs_ordered_map_insert(&map, airs_str_n(&key, 1), NULL);
    }
    airs_ordered_map_free(&map, NULL, NULL);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_in_byte_order),
        cmocka_unit_test(it_agrees_with_a_plain_array),
        cmocka_unit_test(values_are_freed_by_their_owner),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
