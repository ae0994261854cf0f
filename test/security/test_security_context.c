#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "security/security_context.h"
#include "support/failing_allocator.h"

typedef struct fixture {
    airs_component_id_t *id;
    airs_security_context_t *context;
} fixture_t;

static int set_up(void **state) {
    fixture_t *self = malloc(sizeof *self);
    assert_non_null(self);
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("org/shop", "cart", "0"), &self->id,
                                       NULL));
    assert_ok(airs_security_context_create(airs_allocator_default(), self->id, &self->context));
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
    assert_ok(airs_security_context_create(airs_allocator_default(), id, &context));
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

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_security_context_t *made = NULL;
    airs_status_t status = airs_security_context_create(allocator, context, &made);
    airs_security_context_destroy(made);
    return status;
}

static void every_allocation_may_fail(void **state) {
    fixture_t *self = *state;
    airs_fail_each_allocation(life, self->id);
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
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
