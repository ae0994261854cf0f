#include "support/test.h"

#include <pthread.h>
#include <string.h>

#include "core/check.h"
#include "core/component_id.h"
#include "support/failing_allocator.h"

static void it_is_a_copy(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    char ns[] = "org/shop";
    char name[] = "cart";
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(&memory.allocator, airs_id(ns, name, "0"), &id, NULL));
    memset(ns, '#', sizeof ns - 1);
    memset(name, '#', sizeof name - 1);
    assert_true(airs_id_equal(airs_component_id_view(id), airs_id("org/shop", "cart", "0")));
    assert_string_equal(airs_component_id_text(id), "org/shop/cart/0");
    assert_int_equal(airs_component_id_hash(id), airs_id_hash(airs_id("org/shop", "cart", "0")));
    uint64_t component = airs_id_hash_component(airs_id("org/shop", "cart", "7"));
    assert_int_equal(airs_component_id_component_hash(id), component);
    assert_int_equal(airs_component_id_hash(id), airs_id_hash_instance(component, airs_str("0")));
    assert_int_not_equal(component, airs_id_hash_component(airs_id("org/shop", "cash", "0")));
    airs_component_id_unref(id);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

static void an_empty_instance_names_a_group(void **state) {
    (void)state;
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("a", "b", NULL), &id, NULL));
    assert_string_equal(airs_component_id_text(id), "a/b/");
    assert_int_equal(airs_component_id_view(id).instance.size, 0);
    airs_component_id_unref(id);
}

static void what_is_not_an_id_is_refused(void **state) {
    (void)state;
    airs_component_id_t *id = NULL;
    airs_error_t error;
    assert_status(airs_component_id_create(airs_allocator_default(), airs_id("a", "b/c", "0"), &id, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "slash"));
    assert_null(id);
}

static void the_last_reference_frees_it(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(&memory.allocator, airs_id("a", "b", "c"), &id, NULL));
    assert_ptr_equal(airs_component_id_ref(id), id);
    airs_component_id_unref(id);
    assert_int_equal(atomic_load(&memory.live_blocks), 1);
    airs_component_id_unref(id);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
    airs_component_id_unref(NULL);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_component_id_t *id = NULL;
    airs_error_t error;
    airs_status_t status = airs_component_id_create(allocator, airs_id("a", "b", "c"), &id, &error);
    airs_component_id_unref(id);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

#define ROUNDS 20000

static void *ref_and_unref(void *id) {
    for (int i = 0; i < ROUNDS; i++) {
        airs_component_id_t *mine = airs_component_id_ref(id);
        AIRS_ASSERT(airs_component_id_text(mine)[0] == 'a');
        airs_component_id_unref(mine);
    }
    airs_component_id_unref(id);
    return NULL;
}

static void threads_share_it(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(&memory.allocator, airs_id("a", "b", "c"), &id, NULL));
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, airs_component_id_ref(id)), 0);
    }
    airs_component_id_unref(id);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

/* Parts of each length, which differ in one place. */
static void a_view_is_known_again(void **state) {
    (void)state;
    static const airs_id_t same = {{"name/of/space", 13}, {"name", 4}, {"1234567", 7}};
    char text[40];
    memset(text, 'x', sizeof text);
    for (size_t size = 1; size <= 30; size++) {
        airs_id_t view = {same.ns, same.name, airs_str_n(text, size)};
        airs_component_id_t *id = NULL;
        assert_ok(airs_component_id_create(airs_allocator_default(), view, &id, NULL));
        assert_true(airs_component_id_is(id, &view));
        airs_id_t longer = {same.ns, same.name, airs_str_n(text, size + 1)};
        assert_false(airs_component_id_is(id, &longer));
        for (size_t at = 0; at < size; at++) {
            text[at] = 'y';
            assert_false(airs_component_id_is(id, &view));
            text[at] = 'x';
        }
        airs_component_id_unref(id);
    }
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(airs_allocator_default(), same, &id, NULL));
    const airs_id_t others[] = {{airs_str("name/of/spare"), same.name, same.instance},
                                {same.ns, airs_str("same"), same.instance},
                                {same.ns, same.name, airs_str(NULL)}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(airs_component_id_is(id, &others[i]));
    }
    airs_component_id_unref(id);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_copy),
        cmocka_unit_test(an_empty_instance_names_a_group),
        cmocka_unit_test(what_is_not_an_id_is_refused),
        cmocka_unit_test(the_last_reference_frees_it),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(threads_share_it),
        cmocka_unit_test(a_view_is_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
