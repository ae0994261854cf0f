/* `airssys explain` as a shell sees it. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/child.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

static const char manifest[] =
    "[application]\nname = \"shop\"\n"
    "[policy]\nfile = \"policy.toml\"\n"
    "[components.cart]\nsource = \"@echo\"\n"
    "[components.cart.capabilities]\n"
    "messaging = { send = [\"till\"] }\n"
    "storage = { read = [\"**\"] }\n"
    "[components.till]\nsource = \"@echo\"\n"
    "[components.depot]\nsource = \"@echo\"\n"
    "[components.depot.capabilities]\n"
    "filesystem = { read = [\"data\"], write = [{ folder = \"made\", as = \"/out\" }] }\n"
    "network = { outbound = [\"*.example.org:443\"], inbound = [\"127.0.0.1:8080\"] }\n"
    "[components.past]\nsource = \"@echo\"\n"
    "[components.past.capabilities]\n"
    "storage = { read = [\"a/*\"] }\nexpires = \"2020-02-29T00:00:00Z\"\n";

static const char policy[] = "[[rules]]\ncomponent = \"shop/cart/*\"\naction = \"messaging.send\"\n"
                             "resource = \"shop/till/1\"\neffect = \"deny\"\nreason = \"closed\"\n\n"
                             "[[rules]]\ncomponent = \"**\"\naction = \"messaging.*\"\neffect = \"allow\"\n"
                             "[[rules]]\ncomponent = \"**\"\naction = \"storage.read\"\nresource = "
                             "\"secret/*\"\neffect = \"deny\"\nreason = \"\\u001b[31mred\\nAllowed: no\"\n";

static void explain(child_t *child, const char *component, const char *action, const char *resource,
                    const char *output) {
    const char *const arguments[] = {"explain", "--manifest", folder.path, "--output", output,
                                     component, action,       resource,    NULL};
    child_run(child, NULL, arguments);
}

static void what_is_allowed_is_explained(void **state) {
    (void)state;
    child_t child;
    char wanted[2048];
    explain(&child, "cart", "messaging.send", "till/0", "text");
    child_expect(&child, 0);
    snprintf(wanted, sizeof wanted,
             "messaging.send by shop/cart/0 on shop/till/0\n"
             "  1. Rules that deny, of which any wins:\n"
             "     none speaks of this\n"
             "  2. Rules that allow, within the capabilities:\n"
             "     %s/policy.toml:8: rule 2   <- decides\n"
             "     where no rule speaks, the policy allows\n"
             "  3. Its capabilities:\n"
             "     messaging.send on shop/till/*   <- decides\n"
             "Allowed: its capabilities, shop/till/*\n",
             folder.path);
    assert_string_equal(child.out, wanted);
    child_free(&child);
}

static void a_rule_that_denies_decides(void **state) {
    (void)state;
    child_t child;
    char wanted[1024];
    explain(&child, "cart/3", "messaging.send", "till", "text");
    child_expect(&child, 17);
    child_expect_text(&child, "out", "messaging.send by shop/cart/3 on shop/till/\n");
    snprintf(wanted, sizeof wanted, "     %s/policy.toml:1: rule 1, closed   <- decides\n", folder.path);
    child_expect_text(&child, "out", wanted);
    snprintf(wanted, sizeof wanted, "\nDenied: %s/policy.toml:1: rule 1, closed\n", folder.path);
    child_expect_text(&child, "out", wanted);
    child_free(&child);
}

/* As the audit of a node that runs says it. */
static void what_was_granted_until_then_is_denied_since(void **state) {
    (void)state;
    child_t child;
    explain(&child, "past", "storage.read", "a/b", "text");
    child_expect(&child, 17);
    child_expect_text(&child, "out", "     storage.read on a/* until 2020-02-29T00:00:00Z\n");
    child_expect_text(&child, "out",
                      "\nDenied: the capability that covered it ended at 2020-02-29T00:00:00Z\n");
    child_free(&child);
    explain(&child, "past", "storage.read", "b/b", "text");
    child_expect(&child, 17);
    child_expect_text(&child, "out", "\nDenied: no capability covers it\n");
    child_free(&child);
}

static void nothing_in_it_steers_a_terminal(void **state) {
    (void)state;
    child_t child;
    explain(&child, "cart", "storage.read", "secret/\x1b[2J", "text");
    child_expect(&child, 17);
    assert_null(strchr(child.out, '\x1b'));
    child_expect_text(&child, "out", "storage.read by shop/cart/0 on secret/\\x1b[2J\n");
    child_expect_text(&child, "out", "rule 3, \\x1b[31mred\\x0aAllowed: no\n");
    child_free(&child);
}

static void what_nobody_granted_is_denied(void **state) {
    (void)state;
    child_t child;
    explain(&child, "cart", "services.log", NULL, "text");
    child_expect(&child, 17);
    child_expect_text(&child, "out",
                      "  3. Its capabilities:\n     none for this action\n"
                      "Denied: no capability covers it\n");
    child_free(&child);
    explain(&child, "till", "messaging.request", "cart", "text");
    child_expect(&child, 0);
    child_expect_text(&child, "out",
                      "  3. What every component has:\n     messaging.request on shop/*/*   <- decides\n"
                      "Allowed: what every component has, shop/*/*\n");
    child_free(&child);
}

/* What is granted decides, or nothing does. */
static void expect_of_depot(const char *action, const char *resource, const char *granted, bool allowed) {
    child_t child;
    char wanted[1024];
    explain(&child, "depot", action, resource, "text");
    child_expect(&child, allowed ? 0 : 17);
    (void)snprintf(wanted, sizeof wanted, "%s by shop/depot/0 on %s\n", action, resource);
    child_expect_text(&child, "out", wanted);
    (void)snprintf(wanted, sizeof wanted, "  3. Its capabilities:\n     %s on %s%s\n", action, granted,
                   allowed ? "   <- decides" : "");
    child_expect_text(&child, "out", wanted);
    (void)snprintf(wanted, sizeof wanted, "\n%s%s\n",
                   allowed ? "Allowed: its capabilities, " : "Denied: no capability covers it",
                   allowed ? granted : "");
    child_expect_text(&child, "out", wanted);
    child_free(&child);
}

static void folders_are_explained_by_their_paths(void **state) {
    (void)state;
    char data[AIRS_TEMPORARY_PATH_MAX];
    char made[AIRS_TEMPORARY_PATH_MAX];
    char inside[AIRS_TEMPORARY_PATH_MAX];
    char beside[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_path(&folder, "data", data);
    airs_temporary_file_path(&folder, "made", made);
    airs_temporary_file_path(&folder, "data/a/b", inside);
    airs_temporary_file_path(&folder, "database", beside);
    expect_of_depot("filesystem.read", data, data, true);
    expect_of_depot("filesystem.read", inside, data, true);
    expect_of_depot("filesystem.read", beside, data, false);
    expect_of_depot("filesystem.read", "/", data, false);
    expect_of_depot("filesystem.write", made, made, true);
    expect_of_depot("filesystem.write", data, made, false);
    child_t child;
    explain(&child, "depot", "filesystem.read", "data", "text");
    child_expect(&child, 2);
    child_expect_text(&child, "err", "a path must begin with \"/\"");
    child_free(&child);
}

static void hosts_are_explained_with_their_ports(void **state) {
    (void)state;
    static const char api[] = "*.example.org:443";
    expect_of_depot("network.outbound", "api.example.org:443", api, true);
    expect_of_depot("network.outbound", "api.example.org:80", api, false);
    expect_of_depot("network.outbound", "example.com:443", api, false);
    expect_of_depot("network.outbound", "10.0.0.1:443", api, false);
    expect_of_depot("network.inbound", "127.0.0.1:8080", "127.0.0.1:8080", true);
    expect_of_depot("network.inbound", "0.0.0.0:8080", "127.0.0.1:8080", false);
}

static void the_same_as_json(void **state) {
    (void)state;
    child_t child;
    explain(&child, "cart", "messaging.send", "till/1", "json");
    child_expect(&child, 17);
    json_t *answer = json_loads(child.out, 0, NULL);
    assert_non_null(answer);
    assert_string_equal(json_string_value(json_object_get(answer, "component")), "shop/cart/0");
    assert_string_equal(json_string_value(json_object_get(answer, "action")), "messaging.send");
    assert_string_equal(json_string_value(json_object_get(answer, "resource")), "shop/till/1");
    assert_string_equal(json_string_value(json_object_get(answer, "default")), "allow");
    assert_string_equal(json_string_value(json_object_get(answer, "decision")), "denied");
    assert_non_null(
        strstr(json_string_value(json_object_get(answer, "rule")), "policy.toml:1: rule 1, closed"));
    assert_true(json_is_true(json_object_get(answer, "capability")));
    const json_t *rules = json_object_get(answer, "rules");
    assert_int_equal(json_array_size(rules), 2);
    const json_t *first = json_array_get(rules, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "number")), 1);
    assert_string_equal(json_string_value(json_object_get(first, "effect")), "deny");
    assert_string_equal(json_string_value(json_object_get(first, "reason")), "closed");
    assert_true(json_is_true(json_object_get(first, "decides")));
    assert_true(json_is_false(json_object_get(json_array_get(rules, 1), "decides")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(rules, 1), "resource")), "**");
    json_decref(answer);
    child_free(&child);
}

static void what_cannot_be_asked_is_told(void **state) {
    (void)state;
    static const struct {
        const char *component;
        const char *action;
        const char *resource;
        int exit_code;
        const char *text;
    } wrong[] = {
        {"purse", "messaging.send", "till", 10, "has no component for purse"},
        {"bank/cart/0", "messaging.send", "till", 10, "has no component for bank/cart/0"},
        {"cart", "messaging.shout", "till", 2, "'messaging.shout' is no single action"},
        {"cart", "messaging.*", "till", 2, "'messaging.*' is no single action"},
        {"cart", "services.log", "x", 2, "services.log is on nothing in particular, so it takes no resource"},
        {"cart", "storage.read", NULL, 2, "storage.read needs a resource"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        child_t child;
        explain(&child, wrong[i].component, wrong[i].action, wrong[i].resource, "text");
        child_expect(&child, wrong[i].exit_code);
        child_expect_text(&child, "err", wrong[i].text);
        child_free(&child);
    }
}

/* `run` says so as well, with the same code. */
static void a_wrong_policy_is_an_error_of_the_manifest(void **state) {
    (void)state;
    child_t child;
    airs_temporary_file_write_text(&folder, "policy.toml", "[[rules]]\ncomponent = \"**\"\n");
    explain(&child, "cart", "services.log", NULL, "text");
    child_expect(&child, 3);
    child_expect_text(&child, "err", "policy.toml:1:1: rules: the key \"action\" is missing");
    child_free(&child);
    const char *const run[] = {"run", "--no-socket", folder.path, NULL};
    child_run(&child, NULL, run);
    child_expect(&child, 3);
    child_expect_text(&child, "err", "policy.toml:1:1: rules: the key \"action\" is missing");
    child_free(&child);
    airs_temporary_file_write_text(&folder, "policy.toml", policy);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_folder_make(&folder, "data");
    airs_temporary_folder_make(&folder, "made");
    airs_temporary_file_write_text(&folder, "policy.toml", policy);
    airs_guest_manifest_write(&folder, manifest);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allowed_is_explained),
        cmocka_unit_test(a_rule_that_denies_decides),
        cmocka_unit_test(what_was_granted_until_then_is_denied_since),
        cmocka_unit_test(nothing_in_it_steers_a_terminal),
        cmocka_unit_test(what_nobody_granted_is_denied),
        cmocka_unit_test(folders_are_explained_by_their_paths),
        cmocka_unit_test(hosts_are_explained_with_their_ports),
        cmocka_unit_test(the_same_as_json),
        cmocka_unit_test(what_cannot_be_asked_is_told),
        cmocka_unit_test(a_wrong_policy_is_an_error_of_the_manifest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
