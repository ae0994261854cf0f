#include "support/test.h"

#include <string.h>

#include "security/capability.h"

static void actions_have_names_and_kinds(void **state) {
    (void)state;
    assert_string_equal(airs_action_text(AIRS_ACTION_SEND), "messaging.send");
    assert_string_equal(airs_action_text(AIRS_ACTION_STORAGE_DELETE), "storage.delete");
    assert_string_equal(airs_action_text(AIRS_ACTION_LIST_COMPONENTS), "services.list-components");
    assert_string_equal(airs_action_text((airs_action_t)31), "unknown");
    assert_int_equal(airs_action_resource(AIRS_ACTION_BROADCAST), AIRS_RESOURCE_ID);
    assert_int_equal(airs_action_resource(AIRS_ACTION_STORAGE_READ), AIRS_RESOURCE_KEY);
    assert_int_equal(airs_action_resource(AIRS_ACTION_SLEEP), AIRS_RESOURCE_NONE);
    assert_string_equal(airs_action_text(AIRS_ACTION_TOPIC_PUBLISH), "topics.publish");
    assert_string_equal(airs_action_text(AIRS_ACTION_TOPIC_SUBSCRIBE), "topics.subscribe");
    assert_int_equal(airs_action_resource(AIRS_ACTION_TOPIC_PUBLISH), AIRS_RESOURCE_TOPIC);
    assert_int_equal(airs_action_resource(AIRS_ACTION_TOPIC_SUBSCRIBE), AIRS_RESOURCE_TOPIC);
    assert_int_equal(airs_action_resource((airs_action_t)31), AIRS_RESOURCE_NONE);
}

static bool covers(const airs_capability_t *capability, airs_action_t action, airs_resource_t resource) {
    return airs_capability_covers(capability, airs_str("shop"), action, &resource);
}

static void only_its_actions_are_covered(void **state) {
    (void)state;
    airs_capability_t capability = {AIRS_ACTION_BIT(SEND) | AIRS_ACTION_BIT(LOG), AIRS_SCOPE_ANY, {0}};
    assert_true(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("x", "y", "z"))));
    assert_true(covers(&capability, AIRS_ACTION_LOG, airs_resource_none()));
    assert_false(covers(&capability, AIRS_ACTION_REQUEST, airs_resource_id(airs_id("x", "y", "z"))));
    assert_false(covers(&capability, AIRS_ACTION_SLEEP, airs_resource_none()));
    assert_false(covers(&capability, (airs_action_t)32, airs_resource_none()));
    assert_false(covers(&capability, (airs_action_t)-1, airs_resource_none()));
}

static void the_resource_must_be_of_the_actions_kind(void **state) {
    (void)state;
    airs_capability_t capability = {UINT32_MAX, AIRS_SCOPE_ANY, {0}};
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_none()));
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_key(airs_str("shop/a/0"))));
    assert_false(covers(&capability, AIRS_ACTION_STORAGE_READ, airs_resource_id(airs_id("shop", "a", "0"))));
}

static void the_own_application_is_the_own_namespace(void **state) {
    (void)state;
    airs_capability_t capability = {UINT32_MAX, AIRS_SCOPE_OWN_APPLICATION, {0}};
    assert_true(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "0"))));
    assert_true(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", ""))));
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop2", "a", "0"))));
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop/sub", "a", "0"))));
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("sho", "p", "0"))));
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("", "a", "0"))));
    assert_false(covers(&capability, AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop"))));
}

static void patterns_are_over_the_text_of_ids_and_over_keys(void **state) {
    (void)state;
    airs_capability_t capability = {UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str("shop/*/0")};
    assert_true(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "0"))));
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "1"))));
    /* A slash in a part cannot make two of it: such an id does not exist, and here is one segment more. */
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a/b", "0"))));
    assert_true(covers(&capability, AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop/x/0"))));
    assert_false(covers(&capability, AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop/x"))));
    assert_false(covers(&capability, AIRS_ACTION_LOG, airs_resource_none()));
}

static void topics_are_granted_all_or_not_at_all(void **state) {
    (void)state;
    const airs_resource_t topic = airs_resource_topic(airs_str("shop/x/0"));
    airs_capability_t capability = {UINT32_MAX, AIRS_SCOPE_ANY, {0}};
    assert_true(covers(&capability, AIRS_ACTION_TOPIC_PUBLISH, topic));
    assert_true(covers(&capability, AIRS_ACTION_TOPIC_SUBSCRIBE, topic));
    assert_false(covers(&capability, AIRS_ACTION_STORAGE_READ, topic));
    assert_false(covers(&capability, AIRS_ACTION_TOPIC_PUBLISH, airs_resource_key(airs_str("shop/x/0"))));
    capability = (airs_capability_t){UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str("**")};
    assert_false(covers(&capability, AIRS_ACTION_TOPIC_PUBLISH, topic));
    capability = (airs_capability_t){UINT32_MAX, AIRS_SCOPE_OWN_APPLICATION, {0}};
    assert_false(covers(&capability, AIRS_ACTION_TOPIC_PUBLISH, topic));
}

static void ids_that_are_too_long_are_nobodys(void **state) {
    (void)state;
    static char text[AIRS_ID_MAX + 10];
    memset(text, 'x', sizeof text);
    airs_capability_t capability = {UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str("**")};
    airs_id_t id = {airs_str_n(text, 200), airs_str_n(text, 54), airs_str_n(text, 1)};
    assert_true(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(id)));
    id.name.size++;
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(id)));
    id.name.size = SIZE_MAX;
    assert_false(covers(&capability, AIRS_ACTION_SEND, airs_resource_id(id)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_have_names_and_kinds),
        cmocka_unit_test(only_its_actions_are_covered),
        cmocka_unit_test(the_resource_must_be_of_the_actions_kind),
        cmocka_unit_test(the_own_application_is_the_own_namespace),
        cmocka_unit_test(patterns_are_over_the_text_of_ids_and_over_keys),
        cmocka_unit_test(topics_are_granted_all_or_not_at_all),
        cmocka_unit_test(ids_that_are_too_long_are_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
