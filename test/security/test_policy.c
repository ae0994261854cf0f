#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "security/policy.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

#define DENY AIRS_EFFECT_DENY
#define ALLOW AIRS_EFFECT_ALLOW

static airs_policy_rule_t rule(const char *component, uint32_t actions, const char *resource,
                               airs_effect_t effect) {
    return (airs_policy_rule_t){airs_str(component), actions, airs_str(resource), effect, airs_str("so"), 0};
}

static airs_policy_t *make(const airs_policy_rule_t *rules, size_t count) {
    airs_policy_t *policy = NULL;
    airs_error_t error = {.text = ""};
    airs_status_t status =
        airs_policy_create(airs_allocator_default(), "policy", rules, count, ALLOW, &policy, &error);
    assert_string_equal(error.text, "");
    assert_ok(status);
    return policy;
}

/* Rule by rule and by the view, which must agree. */
static airs_ruling_t ask(airs_policy_t *policy, const char *component, airs_action_t action,
                         airs_resource_t resource) {
    airs_policy_view_t *view = NULL;
    assert_ok(airs_policy_view(policy, airs_str(component), &view));
    airs_ruling_t slow = airs_policy_ask(policy, airs_str(component), action, &resource);
    airs_ruling_t quick = airs_policy_view_ask(view, action, &resource);
    assert_int_equal(slow.effect, quick.effect);
    assert_int_equal(slow.number, quick.number);
    assert_ptr_equal(slow.rule, quick.rule);
    airs_policy_view_release(view);
    return slow;
}

static void any_denial_wins_and_the_first_is_named(void **state) {
    (void)state;
    const uint32_t send = AIRS_ACTION_BIT(SEND);
    const airs_policy_rule_t rules[] = {
        rule("shop/**", send, "shop/**", ALLOW),     rule("shop/cart/*", send, "shop/vault/*", DENY),
        rule("shop/cart/*", send, "shop/**", ALLOW), rule("**", send, "shop/vault/0", DENY),
        rule("bank/**", send, "**", DENY),
    };
    airs_policy_t *policy = make(rules, 5);
    airs_resource_t vault = airs_resource_id(airs_id("shop", "vault", "0"));
    airs_resource_t till = airs_resource_id(airs_id("shop", "till", "0"));
    airs_ruling_t ruling = ask(policy, "shop/cart/0", AIRS_ACTION_SEND, vault);
    assert_int_equal(ruling.effect, DENY);
    assert_int_equal(ruling.number, 2);
    assert_true(airs_str_equal(ruling.rule->reason, airs_str("so")));
    ruling = ask(policy, "shop/till/0", AIRS_ACTION_SEND, vault);
    assert_int_equal(ruling.effect, DENY);
    assert_int_equal(ruling.number, 4);
    ruling = ask(policy, "shop/cart/0", AIRS_ACTION_SEND, till);
    assert_int_equal(ruling.effect, ALLOW);
    assert_int_equal(ruling.number, 1);
    ruling = ask(policy, "shop/cart/0", AIRS_ACTION_REQUEST, till);
    assert_int_equal(ruling.effect, AIRS_EFFECT_NONE);
    assert_null(ruling.rule);
    ruling = ask(policy, "shop/cart/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("bank", "vault", "0")));
    assert_int_equal(ruling.effect, AIRS_EFFECT_NONE);
    ruling = ask(policy, "shop/cart/0", (airs_action_t)99, till);
    assert_int_equal(ruling.effect, AIRS_EFFECT_NONE);
    airs_policy_unref(policy);
}

static void what_denies_a_part_denies_the_whole(void **state) {
    (void)state;
    const airs_policy_rule_t rules[] = {
        rule("**", AIRS_ACTION_BIT(SEND), "shop/vault/0", DENY),
        rule("**", AIRS_ACTION_BIT(SEND), "shop/till/0", ALLOW),
        rule("**", AIRS_ACTION_BIT(TOPIC_SUBSCRIBE), "secret.keys", DENY),
    };
    airs_policy_t *policy = make(rules, 3);
    airs_ruling_t ruling =
        ask(policy, "a/b/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "vault", "")));
    assert_int_equal(ruling.effect, DENY);
    ruling = ask(policy, "a/b/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "vault", "*")));
    assert_int_equal(ruling.effect, DENY);
    ruling = ask(policy, "a/b/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "till", "")));
    assert_int_equal(ruling.effect, AIRS_EFFECT_NONE);
    ruling = ask(policy, "a/b/0", AIRS_ACTION_TOPIC_SUBSCRIBE, airs_resource_topic(airs_str("*.>")));
    assert_int_equal(ruling.effect, DENY);
    ruling = ask(policy, "a/b/0", AIRS_ACTION_TOPIC_SUBSCRIBE, airs_resource_topic(airs_str("public.>")));
    assert_int_equal(ruling.effect, AIRS_EFFECT_NONE);
    airs_policy_unref(policy);
}

static void rules_may_be_about_anything(void **state) {
    (void)state;
    const airs_policy_rule_t rules[] = {
        rule("**", AIRS_ACTION_BIT(LOG) | AIRS_ACTION_BIT(SEND), "", DENY),
        rule("**", AIRS_ACTION_BIT(OUTBOUND), "*.example.org:443", DENY),
        rule("**", AIRS_ACTION_BIT(FILE_WRITE), "/srv/data", DENY),
    };
    airs_policy_t *policy = make(rules, 3);
    assert_int_equal(ask(policy, "a/b/0", AIRS_ACTION_LOG, airs_resource_none()).effect, DENY);
    assert_int_equal(ask(policy, "a/b/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("x", "y", "z"))).effect,
                     DENY);
    assert_int_equal(
        ask(policy, "a/b/0", AIRS_ACTION_OUTBOUND, airs_resource_host(airs_str("a.example.org"), 443)).number,
        2);
    assert_int_equal(
        ask(policy, "a/b/0", AIRS_ACTION_FILE_WRITE, airs_resource_path(airs_str("/srv"))).number, 3);
    assert_int_equal(airs_policy_count(policy), 3);
    assert_int_equal(airs_policy_standard(policy), ALLOW);
    assert_string_equal(airs_policy_name(policy), "policy");
    assert_int_equal(airs_policy_at(policy, 2)->effect, DENY);
    airs_policy_unref(policy);
}

static void components_of_which_the_same_rules_speak_share_a_view(void **state) {
    (void)state;
    const airs_policy_rule_t rules[] = {rule("shop/**", AIRS_ACTION_BIT(LOG), "", DENY),
                                        rule("shop/cart/*", AIRS_ACTION_BIT(CLOCK), "", DENY)};
    airs_policy_t *policy = make(rules, 2);
    airs_policy_view_t *views[4] = {NULL};
    static const char *const IDS[] = {"shop/cart/0", "shop/cart/1", "shop/till/0", "bank/vault/0"};
    for (size_t i = 0; i < 4; i++) {
        assert_ok(airs_policy_view(policy, airs_str(IDS[i]), &views[i]));
    }
    assert_ptr_equal(views[0], views[1]);
    assert_ptr_not_equal(views[0], views[2]);
    assert_ptr_not_equal(views[2], views[3]);
    airs_policy_unref(policy); /* the views keep it */
    airs_resource_t none = airs_resource_none();
    airs_policy_view_release(views[0]);
    assert_int_equal(airs_policy_view_ask(views[1], AIRS_ACTION_CLOCK, &none).effect, DENY);
    assert_int_equal(airs_policy_view_ask(views[2], AIRS_ACTION_CLOCK, &none).effect, AIRS_EFFECT_NONE);
    assert_int_equal(airs_policy_view_ask(views[3], AIRS_ACTION_LOG, &none).effect, AIRS_EFFECT_NONE);
    for (size_t i = 1; i < 4; i++) {
        airs_policy_view_release(views[i]);
    }
    airs_policy_view_release(NULL);
    airs_policy_unref(NULL);
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    const struct {
        airs_policy_rule_t rule;
        const char *text;
    } WRONG[] = {
        {rule("shop/cart", 1, "", DENY),
         "rule 1: component: an actor's id has three parts, "
         "namespace/name/instance, and this pattern has 2; all instances of a "
         "component are \"shop/cart/*\""},
        {rule("**", AIRS_ACTION_BIT(LOG), "x", DENY),
         "rule 1: resource of services.log: services.log is on nothing in particular, so there is no pattern "
         "for it"},
        {rule("**", 0, "", DENY), "rule 1: it has no action"},
        {rule("**", UINT32_C(1) << 31, "", DENY), "rule 1: it has no action"},
        {rule("**", 1, "", AIRS_EFFECT_NONE), "rule 1: it neither allows nor denies"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        airs_policy_t *policy = NULL;
        airs_error_t error;
        assert_status(
            airs_policy_create(airs_allocator_default(), "", &WRONG[i].rule, 1, ALLOW, &policy, &error),
            AIRS_INVALID_ARGUMENT);
        assert_string_equal(error.text, WRONG[i].text);
        assert_null(policy);
    }
}

/* ---- many seeds ------------------------------------------------------------------------------- */

static const char *pick(airs_seeded_random_t *random, const char *const *from, size_t count) {
    return from[airs_seeded_random_below(random, count)];
}

#define PICK(list) pick(random, list, sizeof(list) / sizeof(list)[0])

/* Segments with a separator between; `count` of them. */
static const char *join(airs_seeded_random_t *random, const char *const *segments, size_t kinds,
                        char separator, size_t count, char out[64]) {
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(out);
        snprintf(out + size, 64 - size, "%.*s%s", i > 0, &separator, pick(random, segments, kinds));
    }
    return out;
}

static const char *const PATTERN_SEGMENTS[] = {"a", "b", "c", "*", "**"};

typedef struct random_rules {
    airs_policy_rule_t rules[40];
    char text[40][2][64];
    size_t count;
} random_rules_t;

static void make_rules(airs_seeded_random_t *random, airs_action_t action, char separator,
                       random_rules_t *out) {
    static const char *const COMPONENTS[] = {"**", "a/**", "a/a/0", "*/b/*"};
    out->count = 1 + airs_seeded_random_below(random, 40);
    for (size_t i = 0; i < out->count; i++) {
        size_t least = action == AIRS_ACTION_SEND ? 3 : 1;
        join(random, PATTERN_SEGMENTS, 5, separator, least + airs_seeded_random_below(random, 4),
             out->text[i][0]);
        airs_effect_t effect = airs_seeded_random_below(random, 3) == 0 ? DENY : ALLOW;
        bool any = airs_seeded_random_below(random, 20) == 0;
        uint32_t actions = UINT32_C(1) << (unsigned)action;
        out->rules[i] = rule(PICK(COMPONENTS), actions, any ? "" : out->text[i][0], effect);
    }
}

static airs_resource_t make_resource(airs_seeded_random_t *random, airs_action_t action, char out[64]) {
    static const char *const INSTANCES[] = {"a", "b", "", "*"};
    size_t count = 1 + airs_seeded_random_below(random, 6);
    if (action == AIRS_ACTION_SEND) {
        join(random, PATTERN_SEGMENTS, 3, '/', 1 + airs_seeded_random_below(random, 3), out);
        return airs_resource_id(airs_id(out, PICK(PATTERN_SEGMENTS), PICK(INSTANCES)));
    }
    if (action == AIRS_ACTION_STORAGE_READ) {
        return airs_resource_key(airs_str(join(random, PATTERN_SEGMENTS, 3, '/', count, out)));
    }
    size_t kinds = action == AIRS_ACTION_TOPIC_SUBSCRIBE ? 4 : 3;
    join(random, PATTERN_SEGMENTS, kinds, '.', count, out);
    if (kinds == 4 && airs_seeded_random_below(random, 3) == 0) {
        strcat(out, ".>");
    }
    return airs_resource_topic(airs_str(out));
}

static void views_agree_with_the_rules(void **state) {
    (void)state;
    static const airs_action_t ACTIONS[] = {AIRS_ACTION_SEND, AIRS_ACTION_STORAGE_READ,
                                            AIRS_ACTION_TOPIC_PUBLISH, AIRS_ACTION_TOPIC_SUBSCRIBE};
    static const char *const IDS[] = {"a/a/0", "a/b/1", "b/b/0"};
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 11);
    size_t spoken[3] = {0};
    for (int i = 0; i < 2000; i++) {
        random_rules_t rules;
        airs_action_t action = ACTIONS[i % 4];
        make_rules(&random, action, i % 4 < 2 ? '/' : '.', &rules);
        airs_policy_t *policy = make(rules.rules, rules.count);
        for (int k = 0; k < 20; k++) {
            char text[64];
            airs_resource_t resource = make_resource(&random, action, text);
            spoken[ask(policy, IDS[k % 3], action, resource).effect]++;
        }
        airs_policy_unref(policy);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(spoken[i], 1000, 40000);
    }
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    const airs_policy_rule_t rules[] = {rule("shop/**", AIRS_ACTION_BIT(LOG), "", DENY),
                                        rule("**", AIRS_ACTION_BIT(SEND), "shop/**", DENY)};
    airs_policy_t *policy = NULL;
    airs_policy_view_t *views[2] = {NULL, NULL};
    airs_status_t status = airs_policy_create(allocator, "policy", rules, 2, ALLOW, &policy, NULL);
    for (size_t i = 0; i < 2 && status == AIRS_OK; i++) {
        status = airs_policy_view(policy, airs_str("shop/cart/0"), &views[i]);
    }
    airs_policy_view_release(views[0]);
    airs_policy_view_release(views[1]);
    airs_policy_unref(policy);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_denial_wins_and_the_first_is_named),
        cmocka_unit_test(what_denies_a_part_denies_the_whole),
        cmocka_unit_test(rules_may_be_about_anything),
        cmocka_unit_test(components_of_which_the_same_rules_speak_share_a_view),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(views_agree_with_the_rules),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
