#include "support/test.h"

#include <string.h>

#include "security/capability.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"

#define SECOND UINT64_C(1000000000)

static airs_permission_t permission(uint32_t actions, const char *pattern) {
    return (airs_permission_t){actions, AIRS_SCOPE_PATTERN, airs_str(pattern), {0}};
}

static const airs_permission_t *find(const airs_capabilities_t *capabilities, const char *key,
                                     airs_fake_clock_t *clock, uint64_t *expires) {
    airs_resource_t resource = airs_resource_key(airs_str(key));
    return airs_capabilities_find(capabilities, airs_str("shop"), AIRS_ACTION_STORAGE_READ, &resource,
                                  &clock->clock, expires);
}

static void what_is_granted_is_copied(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_fake_clock_init(&clock);
    airs_capabilities_t *capabilities = NULL;
    char pattern[] = "a/**";
    airs_permission_t permissions[] = {permission(AIRS_ACTION_BIT(STORAGE_READ), pattern)};
    airs_capability_grant_t grant = {permissions, 1, 7, AIRS_GRANT_FOREVER};
    assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 4096, &capabilities, NULL));
    memset(pattern, 'x', sizeof pattern - 1);
    memset(permissions, 0, sizeof permissions);
    grant.granted_at_ns = 0;
    uint64_t expires = 0;
    assert_non_null(find(capabilities, "a/b", &clock, &expires));
    assert_true(expires == AIRS_GRANT_FOREVER);
    assert_null(find(capabilities, "b", &clock, &expires));
    assert_true(expires == 0);
    assert_int_equal(airs_capabilities_count(capabilities), 1);
    assert_int_equal(airs_capabilities_at(capabilities, 0)->granted_at_ns, 7);
    assert_int_equal(airs_capabilities_storage_quota(capabilities), 4096);
    assert_ptr_equal(airs_capabilities_ref(capabilities), capabilities);
    airs_capabilities_unref(capabilities);
    assert_non_null(find(capabilities, "a/b", &clock, NULL));
    airs_capabilities_unref(capabilities);
    airs_capabilities_unref(NULL);
}

static void nothing_is_held_by_who_was_granted_nothing(void **state) {
    (void)state;
    airs_capabilities_t *capabilities = NULL;
    assert_ok(airs_capabilities_create(airs_allocator_default(), NULL, 0, 0, &capabilities, NULL));
    airs_resource_t resources[] = {
        [AIRS_RESOURCE_NONE] = airs_resource_none(),
        [AIRS_RESOURCE_ID] = airs_resource_id(airs_id("shop", "a", "0")),
        [AIRS_RESOURCE_KEY] = airs_resource_key(airs_str("a")),
        [AIRS_RESOURCE_TOPIC] = airs_resource_topic(airs_str("a")),
        [AIRS_RESOURCE_PATH] = airs_resource_path(airs_str("/a")),
        [AIRS_RESOURCE_HOST] = airs_resource_host(airs_str("a"), 1),
        [AIRS_RESOURCE_VARIABLE] = airs_resource_variable(airs_str("A")),
    };
    for (int i = 0; i < AIRS_ACTION_COUNT; i++) {
        airs_action_t action = (airs_action_t)i;
        assert_null(airs_capabilities_find(capabilities, airs_str("shop"), action,
                                           &resources[airs_action_resource(action)], airs_clock_system(),
                                           NULL));
        assert_false(airs_capabilities_hold(capabilities, action, airs_clock_system()));
        assert_false(airs_capabilities_hold_all(capabilities, action));
    }
    airs_capabilities_unref(capabilities);
}

static void a_grant_ends_when_its_time_has_come(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_fake_clock_init(&clock);
    uint64_t now = airs_clock_wall(&clock.clock);
    airs_capabilities_t *capabilities = NULL;
    airs_permission_t brief = permission(AIRS_ACTION_BIT(STORAGE_READ), "**");
    airs_permission_t longer = permission(AIRS_ACTION_BIT(STORAGE_READ), "a/*");
    airs_capability_grant_t grants[] = {{&brief, 1, now, now + SECOND}, {&longer, 1, now, now + 3 * SECOND}};
    assert_ok(airs_capabilities_create(airs_allocator_default(), grants, 2, 0, &capabilities, NULL));
    uint64_t expires = 0;
    assert_non_null(find(capabilities, "b", &clock, &expires));
    assert_true(expires == now + SECOND);
    /* Of two that cover it, the one that does so for longer. */
    assert_non_null(find(capabilities, "a/b", &clock, &expires));
    assert_true(expires == now + 3 * SECOND);
    airs_fake_clock_advance(&clock, SECOND - 1);
    assert_non_null(find(capabilities, "b", &clock, NULL));
    airs_fake_clock_advance(&clock, 1);
    assert_null(find(capabilities, "b", &clock, NULL));
    assert_non_null(find(capabilities, "a/b", &clock, NULL));
    assert_true(airs_capabilities_hold(capabilities, AIRS_ACTION_STORAGE_READ, &clock.clock));
    airs_fake_clock_advance(&clock, 2 * SECOND);
    assert_null(find(capabilities, "a/b", &clock, NULL));
    assert_false(airs_capabilities_hold(capabilities, AIRS_ACTION_STORAGE_READ, &clock.clock));
    airs_capabilities_unref(capabilities);
}

static void everything_for_ever_needs_no_second_question(void **state) {
    (void)state;
    airs_capabilities_t *common = airs_capabilities_common();
    assert_true(airs_capabilities_hold_all(common, AIRS_ACTION_STORAGE_READ));
    assert_false(airs_capabilities_hold_all(common, AIRS_ACTION_SEND));
    assert_true(airs_capabilities_hold(common, AIRS_ACTION_SEND, airs_clock_system()));
    assert_false(airs_capabilities_hold(common, AIRS_ACTION_FILE_READ, airs_clock_system()));
    assert_false(airs_capabilities_hold(common, AIRS_ACTION_OUTBOUND, airs_clock_system()));
    assert_false(airs_capabilities_hold(common, AIRS_ACTION_ENVIRONMENT, airs_clock_system()));
    assert_ptr_equal(airs_capabilities_ref(common), common);
    airs_capabilities_unref(common);
    airs_capabilities_unref(common);
    airs_permission_t any = {AIRS_ACTION_BIT(STORAGE_READ), AIRS_SCOPE_ANY, {0}, {0}};
    airs_capability_grant_t grant = {&any, 1, 0, UINT64_MAX - 1};
    airs_capabilities_t *ending = NULL;
    assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &ending, NULL));
    assert_false(airs_capabilities_hold_all(ending, AIRS_ACTION_STORAGE_READ));
    airs_capabilities_unref(ending);
}

static void patterns_are_checked(void **state) {
    (void)state;
    airs_error_t error;
    airs_capabilities_t *capabilities = NULL;
    airs_permission_t bad = permission(AIRS_ACTION_BIT(STORAGE_READ) | AIRS_ACTION_BIT(SEND), "a/b");
    airs_capability_grant_t grant = {&bad, 1, 0, AIRS_GRANT_FOREVER};
    assert_status(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &capabilities, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "three parts"));
    assert_null(capabilities);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_capabilities_t *capabilities = NULL;
    airs_permission_t good = permission(AIRS_ACTION_BIT(STORAGE_READ), "a/b");
    airs_capability_grant_t grant = {&good, 1, 0, AIRS_GRANT_FOREVER};
    airs_status_t status = airs_capabilities_create(allocator, &grant, 1, 0, &capabilities, NULL);
    airs_capabilities_unref(capabilities);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_granted_is_copied),
        cmocka_unit_test(nothing_is_held_by_who_was_granted_nothing),
        cmocka_unit_test(a_grant_ends_when_its_time_has_come),
        cmocka_unit_test(everything_for_ever_needs_no_second_question),
        cmocka_unit_test(patterns_are_checked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
