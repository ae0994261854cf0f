#include "support/test.h"

#include <string.h>
#include <unistd.h>

#include "node/policy_file.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

static airs_temporary_folder_t folder;

static void write_policy(const char *text) { airs_temporary_file_write_text(&folder, "p.toml", text); }

static airs_policy_file_t *loaded(const char *text) {
    airs_policy_file_t *file = NULL;
    airs_error_t error = {AIRS_OK, ""};
    write_policy(text);
    if (airs_policy_file_load(airs_allocator_default(), "p.toml", &file, &error) != AIRS_OK) {
        fail_msg("refused: %s", error.text);
    }
    return file;
}

#define DENY "component = \"**\"\neffect = \"deny\"\n"

static void rules_are_read_with_their_lines(void **state) {
    (void)state;
    airs_policy_file_t *file = loaded("default = \"deny\"\n\n"
                                      "[[rules]]\ncomponent = \"shop/cart/*\"\naction = \"messaging.*\"\n"
                                      "resource = \"shop/**\"\neffect = \"allow\"\n\n"
                                      "[[rules]]\n" DENY "action = [\"storage.write\", \"services.log\"]\n"
                                      "resource = \"**\"\nreason = \"read only\"\n");
    airs_policy_t *policy = airs_policy_file_policy(file);
    assert_int_equal(airs_policy_standard(policy), AIRS_EFFECT_DENY);
    assert_string_equal(airs_policy_name(policy), "p.toml");
    assert_int_equal(airs_policy_count(policy), 2);
    const airs_policy_rule_t *rule = airs_policy_at(policy, 0);
    assert_true(airs_str_equal(rule->component, airs_str("shop/cart/*")));
    assert_int_equal(rule->actions,
                     AIRS_ACTION_BIT(SEND) | AIRS_ACTION_BIT(REQUEST) | AIRS_ACTION_BIT(BROADCAST));
    assert_true(airs_str_equal(rule->resource, airs_str("shop/**")));
    assert_int_equal(rule->effect, AIRS_EFFECT_ALLOW);
    assert_int_equal(rule->reason.size, 0);
    assert_int_equal(rule->line, 3);
    rule = airs_policy_at(policy, 1);
    assert_int_equal(rule->actions, AIRS_ACTION_BIT(STORAGE_WRITE) | AIRS_ACTION_BIT(LOG));
    assert_int_equal(rule->resource.size, 0); /* anything */
    assert_true(airs_str_equal(rule->reason, airs_str("read only")));
    assert_int_equal(rule->line, 9);
    airs_policy_file_destroy(file);
    file = loaded("");
    assert_int_equal(airs_policy_standard(airs_policy_file_policy(file)), AIRS_EFFECT_ALLOW);
    assert_int_equal(airs_policy_count(airs_policy_file_policy(file)), 0);
    airs_policy_file_destroy(file);
}

static void limits_only_become_lower(void **state) {
    (void)state;
    airs_policy_file_t *file =
        loaded("[[limits]]\ncomponent = \"shop/**\"\nmemory = \"128MiB\"\nexecution-time = \"1s\"\n"
               "mailbox-messages = 100\ntimers = 5\n"
               "[[limits]]\ncomponent = \"shop/cart/*\"\nmemory = \"1MiB\"\nmessage-size = 4096\n"
               "mailbox-bytes = \"1MiB\"\nparked-time = \"2s\"\noutstanding-requests = 6\n"
               "subscriptions = 7\ndeferred-replies = 8\nfuel = 9\nmessages-per-second = 10\n"
               "log-lines-per-second = 11\ninstances = 12\nstorage-quota = 13\nmonitors = 14\nlinks = 15\n");
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    airs_policy_file_lower(file, airs_str("bank/vault/0"), &spawn);
    static const airs_spawn_options_t untouched = AIRS_SPAWN_OPTIONS_INIT;
    assert_memory_equal(&spawn, &untouched, sizeof spawn);
    airs_policy_file_lower(file, airs_str("shop/till/0"), &spawn);
    assert_int_equal(spawn.max_memory_bytes, 0); /* the default, 64 MiB, is lower than the policy's */
    assert_int_equal(spawn.max_execution_time_ms, 1000);
    assert_int_equal(spawn.mailbox_messages, 100);
    assert_int_equal(spawn.max_timers, 5);
    spawn = untouched;
    spawn.max_memory_bytes = 200 << 20;
    spawn.mailbox_messages = 10;
    airs_policy_file_lower(file, airs_str("shop/cart/0"), &spawn);
    assert_int_equal(spawn.max_memory_bytes, 1 << 20);
    assert_int_equal(spawn.mailbox_messages, 10);
    assert_int_equal(spawn.max_message_bytes, 4096);
    assert_int_equal(spawn.mailbox_bytes, 1 << 20);
    assert_int_equal(spawn.max_parked_time_ms, 2000);
    assert_int_equal(spawn.max_requests, 6);
    assert_int_equal(spawn.max_subscriptions, 7);
    assert_int_equal(spawn.max_deferred, 8);
    assert_int_equal(spawn.max_fuel, 9);
    assert_int_equal(spawn.max_messages_per_s, 10);
    assert_int_equal(spawn.max_log_lines_per_s, 11);
    assert_int_equal(spawn.max_instances, 12);
    assert_int_equal(spawn.storage_quota, 13);
    assert_int_equal(spawn.max_monitors, 14);
    assert_int_equal(spawn.max_links, 15);
    /* What is lower stays, and what has no bound gets one. */
    spawn = untouched;
    spawn.max_fuel = 5;
    spawn.max_messages_per_s = 1;
    spawn.max_log_lines_per_s = UINT32_MAX;
    spawn.storage_quota = UINT64_MAX;
    airs_policy_file_lower(file, airs_str("shop/cart/0"), &spawn);
    assert_int_equal(spawn.max_fuel, 5);
    assert_int_equal(spawn.max_messages_per_s, 1);
    assert_int_equal(spawn.max_log_lines_per_s, 11);
    assert_int_equal(spawn.storage_quota, 13);
    /* All instances together have what the strictest of them has. */
    spawn = untouched;
    airs_policy_file_lower(file, airs_str("shop/*/*"), &spawn);
    assert_int_equal(spawn.max_memory_bytes, 1 << 20);
    airs_policy_file_destroy(file);
    file = loaded("[[limits]]\ncomponent = \"shop/cart/0\"\ntimers = 5\n");
    spawn = untouched;
    airs_policy_file_lower(file, airs_str("shop/cart/1"), &spawn);
    assert_int_equal(spawn.max_timers, 0);
    airs_policy_file_lower(file, airs_str("shop/cart/*"), &spawn);
    assert_int_equal(spawn.max_timers, 5);
    airs_policy_file_destroy(file);
}

static const struct {
    const char *text;
    const char *error;
} mistakes[] = {
    {"x = 1\n", "p.toml:1:1: x: unknown key; known here: default, rules, limits"},
    {"default = \"maybe\"\n", "p.toml:1:11: default: must be \"allow\" or \"deny\", not \"maybe\""},
    {"default = 1\n", "p.toml:1:11: default: must be \"allow\" or \"deny\", not an integer"},
    {"rules = 1\n", "p.toml:1:9: rules: must be a list of tables, not an integer"},
    {"[[rules]]\n" DENY, "p.toml:1:1: rules: the key \"action\" is missing"},
    {"[[rules]]\n" DENY "action = \"send\"\n", "p.toml:4:10: rules.action: there is no action \"send\"; "
                                               "actions are like \"messaging.send\", \"storage.*\" or "
                                               "\"*\""},
    {"[[rules]]\n" DENY "action = []\n", "p.toml:4:10: rules.action: names no action"},
    {"[[rules]]\n" DENY "action = [1]\n",
     "p.toml:4:11: rules.action: must be an action, or a list of actions, not an integer"},
    {"[[rules]]\n" DENY "action = \"messaging.send\"\nresource = \"shop\"\n",
     "p.toml:5:12: rules.resource: for messaging.send: an actor's id has three parts, "
     "namespace/name/instance, and "
     "this pattern has 1; all instances of a component are \"shop/*\""},
    {"[[rules]]\n" DENY "action = \"services.log\"\nresource = \"x\"\n",
     "p.toml:5:12: rules.resource: for services.log: services.log is on nothing in particular, so there is "
     "no pattern "
     "for it"},
    {"[[rules]]\ncomponent = \"cart\"\naction = \"*\"\neffect = \"deny\"\n",
     "p.toml:2:13: rules.component: an actor's id has three parts, namespace/name/instance, and this pattern "
     "has 1; "
     "all instances of a component are \"cart/*\""},
    {"[[limits]]\nmemory = \"1MiB\"\n", "p.toml:1:1: limits: the key \"component\" is missing"},
    {"[[limits]]\ncomponent = \"**\"\nblock-time = 5\n",
     "p.toml:3:1: limits.block-time: unknown key; known here: component, memory, execution-time, "
     "parked-time, "
     "mailbox-messages, mailbox-bytes, message-size, outstanding-requests, timers, subscriptions, "
     "deferred-replies, monitors, links, fuel, messages-per-second, log-lines-per-second, instances, "
     "storage-quota"},
};

static void every_mistake_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        airs_policy_file_t *file = NULL;
        airs_error_t error;
        write_policy(mistakes[i].text);
        assert_status(airs_policy_file_load(airs_allocator_default(), "p.toml", &file, &error),
                      AIRS_MANIFEST_INVALID);
        assert_string_equal(error.text, mistakes[i].error);
    }
}

static void what_cannot_be_read_is_told(void **state) {
    (void)state;
    airs_policy_file_t *file = NULL;
    airs_error_t error;
    assert_status(airs_policy_file_load(airs_allocator_default(), "none.toml", &file, &error), AIRS_IO);
    assert_string_equal(error.text, "none.toml: no such file");
    write_policy("[[rules]\n");
    assert_status(airs_policy_file_load(airs_allocator_default(), "p.toml", &file, &error),
                  AIRS_MANIFEST_INVALID);
    assert_non_null(strstr(error.text, "p.toml:1:"));
    assert_non_null(strstr(error.text, "not valid TOML"));
    airs_policy_file_destroy(NULL);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_policy_file_t *file = NULL;
    airs_status_t status = airs_policy_file_load(allocator, "p.toml", &file, NULL);
    airs_policy_file_destroy(file);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    write_policy("[[rules]]\n" DENY "action = \"*\"\nreason = \"so\"\n[[limits]]\ncomponent = \"**\"\n");
    airs_fail_each_allocation(life, NULL);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    return chdir(folder.path);
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read_with_their_lines), cmocka_unit_test(limits_only_become_lower),
        cmocka_unit_test(every_mistake_is_told),           cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
