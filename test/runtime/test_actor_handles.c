#include "runtime/actor_handles.h"

#include <stdio.h>
#include <string.h>

#include "core/component_id.h"
#include "support/failing_allocator.h"
#include "support/test.h"

/* A router that only counts which routes come back to it. */
typedef struct router {
    airs_message_router_t router;
    unsigned released;
} router_t;

static void release(airs_message_router_t *router, airs_route_t *route) {
    (void)route;
    ((router_t *)(void *)router)->released++;
}

static const airs_message_router_ops_t router_ops = {.route_release = release};

static router_t router;
static airs_actor_handles_t handles;

static int set_up(void **state) {
    (void)state;
    router = (router_t){.router = {&router_ops}};
    airs_actor_handles_init(&handles, airs_allocator_default(), &router.router);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    uint32_t count = handles.count;
    airs_actor_handles_free(&handles);
    assert_int_equal(router.released, count);
    return 0;
}

static airs_component_id_t *make_id(const char *name) {
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("app", name, "0"), &id, NULL));
    return id;
}

static uint64_t handle_of(const char *name) {
    uint64_t handle = 0;
    assert_ok(airs_actor_handles_make(&handles, airs_id("app", name, "0"), &handle));
    return handle;
}

static void an_id_has_one_handle(void **state) {
    (void)state;
    uint64_t a = handle_of("a");
    uint64_t b = handle_of("b");
    assert_int_not_equal(a, 0);
    assert_int_not_equal(a, b);
    assert_int_equal(handle_of("a"), a);
    assert_int_equal(handle_of("b"), b);
    assert_string_equal(airs_component_id_text(airs_actor_handles_get(&handles, b)->id), "app/b/0");
}

static void a_number_that_is_none_is_nothing(void **state) {
    (void)state;
    assert_null(airs_actor_handles_get(&handles, 1));
    uint64_t a = handle_of("a");
    assert_null(airs_actor_handles_get(&handles, 0));
    assert_null(airs_actor_handles_get(&handles, a + 1));
    assert_null(airs_actor_handles_get(&handles, UINT64_MAX));
}

static void an_id_that_nobody_can_have_has_none(void **state) {
    (void)state;
    uint64_t handle = 0;
    assert_status(airs_actor_handles_make(&handles, airs_id("", "a", "0"), &handle), AIRS_INVALID_ARGUMENT);
    assert_status(airs_actor_handles_make(&handles, airs_id("app", "a/b", "0"), &handle),
                  AIRS_INVALID_ARGUMENT);
    assert_int_equal(handles.count, 0);
}

static void an_actor_is_known_by_its_id(void **state) {
    (void)state;
    airs_component_id_t *a = make_id("a");
    airs_component_id_t *b = make_id("b");
    airs_component_id_t *namesake = make_id("a");
    uint64_t first = airs_actor_handles_of(&handles, a);
    assert_int_equal(airs_actor_handles_of(&handles, a), first);
    assert_int_not_equal(airs_actor_handles_of(&handles, b), first);
    assert_int_equal(airs_actor_handles_of(&handles, a), first);
    /* Another actor that came by the name of one that is gone. */
    airs_component_id_unref(a);
    assert_int_equal(airs_actor_handles_of(&handles, namesake), first);
    assert_int_equal(handle_of("a"), first);
    assert_ptr_equal(airs_actor_handles_get(&handles, first)->id, namesake);
    airs_component_id_unref(b);
    airs_component_id_unref(namesake);
}

static void there_is_a_bound_and_nothing_is_thrown_out(void **state) {
    (void)state;
    char name[16];
    for (unsigned i = 0; i < AIRS_ACTOR_HANDLES_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%u", i);
        assert_int_equal(handle_of(name), i + 1);
    }
    uint64_t handle = 0;
    assert_status(airs_actor_handles_make(&handles, airs_id("app", "more", "0"), &handle),
                  AIRS_QUOTA_EXCEEDED);
    airs_component_id_t *more = make_id("more");
    assert_int_equal(airs_actor_handles_of(&handles, more), 0);
    airs_component_id_unref(more);
    assert_int_equal(handle_of("n0"), 1);
    assert_int_equal(handle_of("n4095"), 4096);
}

/* What failed can be done again. */
static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_actor_handles_t tried;
    airs_actor_handles_init(&tried, allocator, &router.router);
    uint64_t handle = 0;
    airs_status_t status = airs_actor_handles_make(&tried, airs_id("app", "a", "0"), &handle);
    uint64_t sender = airs_actor_handles_of(&tried, context);
    for (unsigned i = 0; i < 8 && status == AIRS_OK; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%u", i);
        status = airs_actor_handles_make(&tried, airs_id("app", name, "0"), &handle);
    }
    assert_true(sender == 0 || airs_actor_handles_of(&tried, context) == sender);
    airs_actor_handles_free(&tried);
    router.released = 0;
    return sender == 0 ? AIRS_OUT_OF_MEMORY : status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_component_id_t *sender = make_id("sender");
    airs_fail_each_allocation(life, sender);
    airs_component_id_unref(sender);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_id_has_one_handle),
        TEST(a_number_that_is_none_is_nothing),
        TEST(an_id_that_nobody_can_have_has_none),
        TEST(an_actor_is_known_by_its_id),
        TEST(there_is_a_bound_and_nothing_is_thrown_out),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
