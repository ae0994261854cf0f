#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "security/security_context.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

typedef struct fixture {
    airs_component_id_t *id;
    airs_security_context_t *context;
} fixture_t;

static int set_up(void **state) {
    fixture_t *self = malloc(sizeof *self);
    assert_non_null(self);
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("org/shop", "cart", "0"), &self->id,
                                       NULL));
    assert_ok(airs_security_context_create(airs_allocator_default(), self->id, NULL, NULL, &self->context));
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_security_context_destroy(self->context);
    airs_component_id_unref(self->id);
    free(self);
    return 0;
}

static const airs_action_t MESSAGING[] = {AIRS_ACTION_SEND, AIRS_ACTION_REQUEST, AIRS_ACTION_BROADCAST};

static airs_status_t check_id(fixture_t *self, airs_action_t action, airs_id_t id, airs_error_t *error) {
    airs_resource_t resource = airs_resource_id(id);
    return airs_security_check(self->context, action, &resource, error);
}

static void it_knows_who_it_is_for(void **state) {
    fixture_t *self = *state;
    assert_ptr_equal(airs_security_context_id(self->context), self->id);
    assert_true(airs_str_equal(airs_security_context_namespace(self->context), airs_str("org/shop")));
}

static void components_of_one_application_may_message_each_other(void **state) {
    fixture_t *self = *state;
    for (size_t i = 0; i < 3; i++) {
        assert_ok(check_id(self, MESSAGING[i], airs_id("org/shop", "till", "7"), NULL));
        assert_ok(check_id(self, MESSAGING[i], airs_id("org/shop", "till", ""), NULL));
        assert_ok(check_id(self, MESSAGING[i], airs_id("org/shop", "cart", "0"), NULL));
    }
}

static void nobody_else_may_be_messaged(void **state) {
    fixture_t *self = *state;
    static const char *const OTHERS[] = {"org",     "org/shop2", "org/shop/sub", "bank", "",
                                         "airssys", "*",         "**",           "org/*"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < sizeof OTHERS / sizeof OTHERS[0]; k++) {
            airs_error_t error;
            assert_status(check_id(self, MESSAGING[i], airs_id(OTHERS[k], "till", "7"), &error),
                          AIRS_CAPABILITY_DENIED);
            assert_status(check_id(self, MESSAGING[i], airs_id(OTHERS[k], "till", "7"), NULL),
                          AIRS_CAPABILITY_DENIED);
        }
    }
}

static void a_denial_says_who_whom_and_what_would_be_right(void **state) {
    fixture_t *self = *state;
    airs_error_t error;
    assert_status(check_id(self, AIRS_ACTION_REQUEST, airs_id("bank", "vault", "3"), &error),
                  AIRS_CAPABILITY_DENIED);
    assert_status(error.status, AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text,
                        "messaging.request by org/shop/cart/0 to bank/vault/3 is not granted: a component "
                        "may message components of its own application only, whose ids begin with "
                        "\"org/shop/\"");
}

static void a_namespace_of_stars_is_no_pattern(void **state) {
    (void)state;
    airs_component_id_t *id = NULL;
    airs_security_context_t *context = NULL;
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("**", "x", "0"), &id, NULL));
    assert_ok(airs_security_context_create(airs_allocator_default(), id, NULL, NULL, &context));
    airs_resource_t resource = airs_resource_id(airs_id("bank", "vault", "0"));
    assert_status(airs_security_check(context, AIRS_ACTION_SEND, &resource, NULL), AIRS_CAPABILITY_DENIED);
    airs_security_context_destroy(context);
    airs_component_id_unref(id);
}

static void own_storage_and_services_are_granted(void **state) {
    fixture_t *self = *state;
    static const airs_action_t STORAGE[] = {AIRS_ACTION_STORAGE_READ, AIRS_ACTION_STORAGE_WRITE,
                                            AIRS_ACTION_STORAGE_DELETE};
    static const airs_action_t SERVICES[] = {AIRS_ACTION_LOG, AIRS_ACTION_CLOCK, AIRS_ACTION_LIST_COMPONENTS,
                                             AIRS_ACTION_SLEEP};
    airs_resource_t key = airs_resource_key(airs_str("any/key"));
    airs_resource_t none = airs_resource_none();
    for (size_t i = 0; i < 3; i++) {
        assert_ok(airs_security_check(self->context, STORAGE[i], &key, NULL));
    }
    for (size_t i = 0; i < 4; i++) {
        assert_ok(airs_security_check(self->context, SERVICES[i], &none, NULL));
    }
    assert_ok(check_id(self, AIRS_ACTION_METADATA, airs_id("bank", "vault", "0"), NULL));
}

static void all_topics_are_granted(void **state) {
    fixture_t *self = *state;
    static const char *const topics[] = {"org.shop.sold", "bank", "*.sold", ">"};
    for (size_t i = 0; i < 4; i++) {
        airs_resource_t topic = airs_resource_topic(airs_str(topics[i]));
        assert_ok(airs_security_check(self->context, AIRS_ACTION_TOPIC_PUBLISH, &topic, NULL));
        assert_ok(airs_security_check(self->context, AIRS_ACTION_TOPIC_SUBSCRIBE, &topic, NULL));
    }
}

static void the_wrong_kind_of_resource_is_denied(void **state) {
    fixture_t *self = *state;
    airs_error_t error;
    airs_resource_t key = airs_resource_key(airs_str("org/shop/till/7"));
    assert_status(airs_security_check(self->context, AIRS_ACTION_SEND, &key, &error), AIRS_CAPABILITY_DENIED);
    assert_non_null(strstr(error.text, "wrong kind"));
    airs_resource_t none = airs_resource_none();
    assert_status(airs_security_check(self->context, (airs_action_t)77, &none, &error),
                  AIRS_CAPABILITY_DENIED);
    assert_non_null(strstr(error.text, "unknown by org/shop/cart/0"));
    assert_status(airs_security_check(self->context, AIRS_ACTION_TOPIC_PUBLISH, &key, &error),
                  AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text,
                        "topics.publish by org/shop/cart/0 is asked for on the wrong kind of resource");
}

static void a_guest_cannot_flood_the_text(void **state) {
    fixture_t *self = *state;
    static char text[100000];
    memset(text, 'x', sizeof text);
    airs_str_t part = airs_str_n(text, sizeof text);
    airs_error_t error;
    assert_status(check_id(self, AIRS_ACTION_SEND, (airs_id_t){part, part, part}, &error),
                  AIRS_CAPABILITY_DENIED);
    assert_in_range(strlen(error.text), 1, 800);
}

/* ---- grants, policies, audit ------------------------------------------------------------------ */

typedef struct world {
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_fake_clock_t clock;
    airs_audit_t *audit;
    airs_authority_t *authority;
} world_t;

static void world_begin(world_t *world) {
    airs_temporary_folder_create(&world->folder);
    airs_temporary_file_path(&world->folder, "audit", world->path);
    airs_fake_clock_init(&world->clock);
    const airs_audit_options_t options = {world->path, 1 << 20, 0, &world->clock.clock, true};
    assert_ok(airs_audit_create(airs_allocator_default(), &options, &world->audit, NULL));
    assert_ok(airs_authority_create(airs_allocator_default(), &world->clock.clock, world->audit,
                                    &world->authority));
    assert_ptr_equal(airs_authority_audit(world->authority), world->audit);
}

static void world_end(world_t *world) {
    airs_authority_destroy(world->authority);
    airs_audit_destroy(world->audit);
    airs_temporary_folder_remove(&world->folder);
}

static void expect_audit(world_t *world, const char *part) {
    airs_bytes_t content;
    airs_audit_flush(world->audit, true);
    assert_ok(airs_file_read(airs_allocator_default(), world->path, 1 << 20, &content, NULL));
    assert_non_null(memmem(content.data, content.size, part, strlen(part)));
    airs_release(airs_allocator_default(), (void *)content.data);
}

static airs_policy_t *policy_of(airs_policy_rule_t rule, airs_effect_t standard) {
    airs_policy_t *policy = NULL;
    assert_ok(airs_policy_create(airs_allocator_default(), "policy.toml", &rule, 1, standard, &policy, NULL));
    return policy;
}

static void it_may_do_what_it_was_granted(void **state) {
    fixture_t *self = *state;
    const airs_permission_t permissions[] = {
        {AIRS_ACTION_BIT(SEND), AIRS_SCOPE_PATTERN, airs_str("bank/vault/*"), {0}},
        {AIRS_ACTION_BIT(STORAGE_READ), AIRS_SCOPE_PATTERN, airs_str("public/**"), {0}},
    };
    const airs_capability_grant_t grant = {permissions, 2, 0, AIRS_GRANT_FOREVER};
    airs_capabilities_t *capabilities = NULL;
    airs_error_t error;
    assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &capabilities, NULL));
    airs_security_context_destroy(self->context);
    assert_ok(
        airs_security_context_create(airs_allocator_default(), self->id, capabilities, NULL, &self->context));
    airs_capabilities_unref(capabilities);
    assert_ptr_equal(airs_security_context_capabilities(self->context), capabilities);
    assert_ok(check_id(self, AIRS_ACTION_SEND, airs_id("bank", "vault", "3"), NULL));
    assert_status(check_id(self, AIRS_ACTION_REQUEST, airs_id("bank", "vault", "3"), NULL),
                  AIRS_CAPABILITY_DENIED);
    /* Its own application is nothing special any more. */
    assert_status(check_id(self, AIRS_ACTION_SEND, airs_id("org/shop", "till", "0"), &error),
                  AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text, "messaging.send by org/shop/cart/0 to org/shop/till/0 is not granted");
    airs_resource_t key = airs_resource_key(airs_str("secret"));
    assert_ok(airs_security_check_any(self->context, AIRS_ACTION_STORAGE_READ, NULL));
    assert_false(airs_security_sees(self->context, AIRS_ACTION_STORAGE_READ, &key));
    assert_false(airs_security_sees_all(self->context, AIRS_ACTION_STORAGE_READ));
    key.text = airs_str("public/x");
    assert_true(airs_security_sees(self->context, AIRS_ACTION_STORAGE_READ, &key));
    assert_status(airs_security_check_any(self->context, AIRS_ACTION_STORAGE_WRITE, &error),
                  AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text, "storage.write by org/shop/cart/0 is not granted");
}

static void a_decision_holds_until_its_grant_expires(void **state) {
    fixture_t *self = *state;
    world_t world;
    world_begin(&world);
    const airs_permission_t permission = {
        AIRS_ACTION_BIT(SEND), AIRS_SCOPE_PATTERN, airs_str("bank/**"), {0}};
    const airs_capability_grant_t grant = {&permission, 1, 0, airs_clock_wall(&world.clock.clock) + 1000};
    airs_capabilities_t *capabilities = NULL;
    airs_security_context_t *context = NULL;
    airs_validity_t validity;
    airs_resource_t vault = airs_resource_id(airs_id("bank", "vault", "3"));
    assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &capabilities, NULL));
    assert_ok(airs_security_context_create(airs_allocator_default(), self->id, capabilities, world.authority,
                                           &context));
    assert_ok(airs_security_decide(context, AIRS_ACTION_SEND, &vault, &validity, NULL));
    assert_true(validity.expires_at_ns == grant.expires_at_ns);
    airs_fake_clock_advance(&world.clock, 999);
    assert_true(airs_security_holds(context, &validity));
    airs_fake_clock_advance(&world.clock, 1);
    assert_false(airs_security_holds(context, &validity));
    assert_status(airs_security_decide(context, AIRS_ACTION_SEND, &vault, &validity, NULL),
                  AIRS_CAPABILITY_DENIED);
    expect_audit(&world, "\"component\":\"org/shop/cart\",\"instance\":\"0\",\"action\":\"messaging.send\","
                         "\"resource\":\"bank/vault/3\",\"decision\":\"denied\","
                         "\"rule\":\"the capability that covered it ended at 2026-01-01T00:00:00Z\"}");
    airs_error_t error;
    assert_status(airs_security_check(context, AIRS_ACTION_SEND, &vault, &error), AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text,
                        "messaging.send by org/shop/cart/0 to bank/vault/3 is not granted any more: "
                        "that ended at 2026-01-01T00:00:00Z");
    airs_resource_t other = airs_resource_id(airs_id("shed", "rake", "0"));
    assert_status(airs_security_check(context, AIRS_ACTION_SEND, &other, &error), AIRS_CAPABILITY_DENIED);
    expect_audit(
        &world, "\"resource\":\"shed/rake/0\",\"decision\":\"denied\",\"rule\":\"no capability covers it\"}");
    airs_security_context_destroy(context);
    airs_capabilities_unref(capabilities);
    world_end(&world);
}

static void a_policy_takes_effect_at_once_also_on_what_was_decided(void **state) {
    fixture_t *self = *state;
    world_t world;
    world_begin(&world);
    airs_security_context_t *context = NULL;
    airs_validity_t validity;
    airs_error_t error;
    airs_resource_t till = airs_resource_id(airs_id("org/shop", "till", ""));
    assert_ok(
        airs_security_context_create(airs_allocator_default(), self->id, NULL, world.authority, &context));
    assert_ok(airs_security_decide(context, AIRS_ACTION_SEND, &till, &validity, NULL));
    assert_true(airs_security_holds(context, &validity));
    assert_true(airs_security_sees_all(context, AIRS_ACTION_STORAGE_READ));
    airs_policy_rule_t rule = {airs_str("org/shop/cart/*"),  AIRS_ACTION_BIT(SEND),
                               airs_str("org/shop/till/0"),  AIRS_EFFECT_DENY,
                               airs_str("tills are closed"), 12};
    airs_policy_t *policy = policy_of(rule, AIRS_EFFECT_ALLOW);
    airs_authority_set_policy(world.authority, policy);
    airs_policy_unref(policy);
    assert_false(airs_security_holds(context, &validity));
    assert_false(airs_security_sees_all(context, AIRS_ACTION_STORAGE_READ));
    assert_status(airs_security_decide(context, AIRS_ACTION_SEND, &till, &validity, &error),
                  AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text,
                        "messaging.send by org/shop/cart/0 to org/shop/till/ is denied by the policy, "
                        "policy.toml:12: rule 1, tills are closed");
    expect_audit(&world, "\"rule\":\"policy.toml:12: rule 1, tills are closed\"}");
    assert_ok(airs_security_decide(context, AIRS_ACTION_REQUEST, &till, &validity, NULL));
    airs_authority_set_policy(world.authority, NULL);
    assert_false(airs_security_holds(context, &validity));
    assert_ok(airs_security_decide(context, AIRS_ACTION_SEND, &till, &validity, NULL));
    airs_security_context_destroy(context);
    world_end(&world);
}

static void a_policy_that_denies_by_default_allows_only_what_is_held(void **state) {
    fixture_t *self = *state;
    world_t world;
    world_begin(&world);
    airs_security_context_t *context = NULL;
    airs_error_t error;
    airs_policy_rule_t rule = {airs_str("**"),    AIRS_ACTION_BIT(SEND), airs_str(""),
                               AIRS_EFFECT_ALLOW, airs_str(""),          0};
    airs_policy_t *policy = policy_of(rule, AIRS_EFFECT_DENY);
    airs_authority_set_policy(world.authority, policy);
    airs_policy_unref(policy);
    assert_ok(
        airs_security_context_create(airs_allocator_default(), self->id, NULL, world.authority, &context));
    airs_resource_t till = airs_resource_id(airs_id("org/shop", "till", "0"));
    airs_resource_t vault = airs_resource_id(airs_id("bank", "vault", "0"));
    assert_ok(airs_security_check(context, AIRS_ACTION_SEND, &till, NULL));
    assert_status(airs_security_check(context, AIRS_ACTION_REQUEST, &till, &error), AIRS_CAPABILITY_DENIED);
    assert_string_equal(error.text,
                        "messaging.request by org/shop/cart/0 to org/shop/till/0 is denied by the "
                        "policy, policy.toml: denies whatever no rule allows");
    /* What a policy allows, it does not grant. */
    assert_status(airs_security_check(context, AIRS_ACTION_SEND, &vault, &error), AIRS_CAPABILITY_DENIED);
    assert_non_null(strstr(error.text, "is not granted"));
    airs_security_context_destroy(context);
    world_end(&world);
}

/* Without memory to put a new policy in order it is asked all the same. */
static void a_policy_holds_without_memory_for_it(void **state) {
    fixture_t *self = *state;
    airs_failing_allocator_t failing;
    airs_failing_allocator_init(&failing);
    airs_authority_t *authority = NULL;
    airs_security_context_t *context = NULL;
    airs_policy_t *policy = NULL;
    const airs_policy_rule_t rule = {airs_str("**"),   AIRS_ACTION_BIT(SLEEP), airs_str(""),
                                     AIRS_EFFECT_DENY, airs_str(""),           1};
    airs_resource_t none = airs_resource_none();
    assert_ok(airs_authority_create(airs_allocator_default(), airs_clock_system(), NULL, &authority));
    assert_ok(airs_security_context_create(airs_allocator_default(), self->id, NULL, authority, &context));
    assert_ok(airs_policy_create(&failing.allocator, "p", &rule, 1, AIRS_EFFECT_ALLOW, &policy, NULL));
    airs_failing_allocator_fail(&failing, 1, UINT64_MAX);
    airs_authority_set_policy(authority, policy);
    assert_status(airs_security_check(context, AIRS_ACTION_SLEEP, &none, NULL), AIRS_CAPABILITY_DENIED);
    assert_ok(airs_security_check(context, AIRS_ACTION_CLOCK, &none, NULL));
    assert_true(failing.refused > 0);
    airs_failing_allocator_fail(&failing, 0, 0);
    airs_security_context_destroy(context);
    airs_authority_destroy(authority);
    airs_policy_unref(policy);
    assert_int_equal(failing.live_blocks, 0);
}

static airs_status_t life_with_authority(const airs_allocator_t *allocator, void *id) {
    airs_security_context_t *made = NULL;
    airs_authority_t *authority = NULL;
    airs_policy_t *policy = NULL;
    const airs_policy_rule_t rule = {airs_str("**"),   AIRS_ACTION_BIT(SLEEP), airs_str(""),
                                     AIRS_EFFECT_DENY, airs_str(""),           1};
    airs_status_t status = airs_authority_create(allocator, airs_clock_system(), NULL, &authority);
    if (status == AIRS_OK) {
        status = airs_policy_create(allocator, "p", &rule, 1, AIRS_EFFECT_ALLOW, &policy, NULL);
    }
    if (status == AIRS_OK) {
        airs_authority_set_policy(authority, policy);
        status = airs_security_context_create(allocator, id, NULL, authority, &made);
    }
    airs_security_context_destroy(made);
    airs_authority_destroy(authority);
    airs_policy_unref(policy);
    return status;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_security_context_t *made = NULL;
    airs_status_t status = airs_security_context_create(allocator, context, NULL, NULL, &made);
    airs_security_context_destroy(made);
    return status;
}

static void every_allocation_may_fail(void **state) {
    fixture_t *self = *state;
    airs_fail_each_allocation(life, self->id);
    airs_fail_each_allocation(life_with_authority, self->id);
    airs_authority_destroy(NULL);
    airs_security_context_destroy(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_knows_who_it_is_for),
        TEST(components_of_one_application_may_message_each_other),
        TEST(nobody_else_may_be_messaged),
        TEST(a_denial_says_who_whom_and_what_would_be_right),
        cmocka_unit_test(a_namespace_of_stars_is_no_pattern),
        TEST(own_storage_and_services_are_granted),
        TEST(all_topics_are_granted),
        TEST(the_wrong_kind_of_resource_is_denied),
        TEST(a_guest_cannot_flood_the_text),
        TEST(it_may_do_what_it_was_granted),
        TEST(a_decision_holds_until_its_grant_expires),
        TEST(a_policy_takes_effect_at_once_also_on_what_was_decided),
        TEST(a_policy_that_denies_by_default_allows_only_what_is_held),
        TEST(a_policy_holds_without_memory_for_it),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
