#include "runtime/target_cache.h"

#include <stdio.h>
#include <string.h>

#include "core/component_id.h"
#include "support/failing_allocator.h"
#include "support/test.h"

/* A router that only counts which routes come back to it. */
typedef struct router {
    airs_message_router_t router;
    int released;
    int released_with_actor;
} router_t;

static void release(airs_message_router_t *router, airs_route_t *route) {
    router_t *self = (router_t *)(void *)router;
    self->released++;
    self->released_with_actor += route->actor != NULL;
    route->actor = NULL;
}

static const airs_message_router_ops_t router_ops = {.route_release = release};

static router_t router;
static airs_target_cache_t cache;
/* Somewhere for a route to point to. */
static int somebody;

static int setup(void **state) {
    (void)state;
    router = (router_t){.router = {&router_ops}};
    airs_target_cache_init(&cache, airs_allocator_default(), &router.router);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    airs_target_cache_free(&cache);
    return 0;
}

static airs_target_t *find_id(airs_id_t id) { return airs_target_cache_find(&cache, &id); }

static airs_target_t *find_numbered(unsigned number) {
    char name[32];
    snprintf(name, sizeof name, "n%u", number);
    return find_id(airs_id("app", name, "0"));
}

static void one_that_was_never_used_has_nothing_to_release(void **state) {
    (void)state;
    airs_target_cache_free(&cache);
    assert_int_equal(router.released, 0);
}

static void finds_the_same_target_again(void **state) {
    (void)state;
    airs_target_t *first = find_id(airs_id("app", "counter", "0"));
    assert_non_null(first);
    assert_string_equal(airs_component_id_text(first->id), "app/counter/0");
    assert_null(first->route.actor);
    assert_int_equal(first->allowed, 0);
    first->allowed = AIRS_TARGET_SEND;
    assert_ptr_equal(find_id(airs_id("app", "counter", "0")), first);

    airs_target_t *other = find_id(airs_id("app", "counter", "1"));
    assert_ptr_not_equal(other, first);
    assert_int_equal(other->allowed, 0);
    assert_int_equal(find_id(airs_id("app", "counter", "0"))->allowed, AIRS_TARGET_SEND);
    assert_int_equal(cache.count, 2);
}

static void tells_ids_apart_whose_parts_join_to_the_same_text(void **state) {
    (void)state;
    airs_target_t *first = find_id(airs_id("a", "bc", ""));
    assert_non_null(first);
    first->allowed = AIRS_TARGET_SEND;
    assert_int_equal(find_id(airs_id("ab", "c", ""))->allowed, 0);
    assert_int_equal(find_id(airs_id("a", "b", "c"))->allowed, 0);
    assert_int_equal(find_id(airs_id("a", "bc", ""))->allowed, AIRS_TARGET_SEND);
}

static void copies_the_id_it_is_asked_for(void **state) {
    (void)state;
    char name[] = "first";
    assert_non_null(find_id(airs_id("app", name, "0")));
    memcpy(name, "other", sizeof name);
    assert_int_equal(cache.count, 1);
    assert_non_null(find_id(airs_id("app", "first", "0")));
    assert_int_equal(cache.count, 1);
}

static void remembers_as_many_as_it_promises_while_it_grows(void **state) {
    (void)state;
    for (unsigned i = 0; i < AIRS_TARGET_CACHE_MAX; i++) {
        airs_target_t *target = find_numbered(i);
        assert_non_null(target);
        target->allowed = (uint8_t)(1 + i % 255);
        target->route.actor = (airs_actor_t *)(void *)&somebody;
    }
    assert_int_equal(router.released, 0);
    assert_int_equal(cache.count, AIRS_TARGET_CACHE_MAX);
    for (unsigned i = 0; i < AIRS_TARGET_CACHE_MAX; i++) {
        airs_target_t *target = find_numbered(i);
        assert_int_equal(target->allowed, 1 + i % 255);
        assert_ptr_equal(target->route.actor, &somebody);
    }
    assert_int_equal(cache.count, AIRS_TARGET_CACHE_MAX);
    airs_target_cache_free(&cache);
    assert_int_equal(router.released_with_actor, AIRS_TARGET_CACHE_MAX);
    airs_target_cache_free(&cache);
    assert_int_equal(router.released_with_actor, AIRS_TARGET_CACHE_MAX);
}

static void begins_anew_when_it_is_full(void **state) {
    (void)state;
    for (unsigned i = 0; i < AIRS_TARGET_CACHE_MAX; i++) {
        find_numbered(i)->route.actor = (airs_actor_t *)(void *)&somebody;
    }
    airs_target_t *target = find_numbered(AIRS_TARGET_CACHE_MAX);
    assert_non_null(target);
    assert_string_equal(airs_component_id_text(target->id), "app/n256/0");
    assert_int_equal(router.released_with_actor, AIRS_TARGET_CACHE_MAX);
    assert_int_equal(cache.count, 1);
    /* One that it had forgotten is as new. */
    assert_null(find_numbered(0)->route.actor);
    /* However many there are, it never holds more. */
    for (unsigned i = 0; i < 20 * AIRS_TARGET_CACHE_MAX; i++) {
        assert_non_null(find_numbered(i));
        assert_in_range(cache.count, 1, AIRS_TARGET_CACHE_MAX);
    }
}

static void refuses_ids_that_nobody_can_have(void **state) {
    (void)state;
    char longest[AIRS_ID_MAX + 1];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const airs_id_t impossible[] = {
        airs_id("", "name", "0"),        airs_id("app", "", "0"),     airs_id("app", "a/b", "0"),
        airs_id("app", "name", "0/1"),   airs_id("app", "a\nb", "0"), airs_id("app", longest, "0"),
        airs_id("app", "\xff\xfe", "0"),
    };
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        assert_null(find_id(impossible[i]));
        assert_int_equal(cache.count, 0);
    }
    /* And goes on. */
    assert_non_null(find_id(airs_id("app", "name", "0")));
    assert_null(find_id(impossible[0]));
    assert_int_equal(cache.count, 1);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_target_cache_t failing;
    airs_status_t status = AIRS_OK;
    airs_target_cache_init(&failing, allocator, &router.router);
    for (unsigned i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%u", i % 20);
        airs_id_t id = airs_id("app", name, "0");
        airs_target_t *target = airs_target_cache_find(&failing, &id);
        if (target == NULL) {
            status = AIRS_OUT_OF_MEMORY;
        } else {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "app/%s/0", name);
            assert_string_equal(airs_component_id_text(target->id), wanted);
        }
    }
    airs_target_cache_free(&failing);
    return status;
}

static void goes_on_without_memory(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_was_never_used_has_nothing_to_release, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_the_same_target_again, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_ids_apart_whose_parts_join_to_the_same_text, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_the_id_it_is_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(remembers_as_many_as_it_promises_while_it_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(begins_anew_when_it_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_ids_that_nobody_can_have, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_without_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
