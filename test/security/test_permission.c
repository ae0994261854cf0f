#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "security/permission.h"

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

static bool covers(const airs_permission_t *permission, airs_action_t action, airs_resource_t resource) {
    return airs_permission_covers(permission, airs_str("shop"), action, &resource);
}

static void only_its_actions_are_covered(void **state) {
    (void)state;
    airs_permission_t permission = {AIRS_ACTION_BIT(SEND) | AIRS_ACTION_BIT(LOG), AIRS_SCOPE_ANY, {0}, {0}};
    assert_true(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("x", "y", "z"))));
    assert_true(covers(&permission, AIRS_ACTION_LOG, airs_resource_none()));
    assert_false(covers(&permission, AIRS_ACTION_REQUEST, airs_resource_id(airs_id("x", "y", "z"))));
    assert_false(covers(&permission, AIRS_ACTION_SLEEP, airs_resource_none()));
    assert_false(covers(&permission, (airs_action_t)32, airs_resource_none()));
    assert_false(covers(&permission, (airs_action_t)-1, airs_resource_none()));
}

static void the_resource_must_be_of_the_actions_kind(void **state) {
    (void)state;
    airs_permission_t permission = {UINT32_MAX, AIRS_SCOPE_ANY, {0}, {0}};
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_none()));
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_key(airs_str("shop/a/0"))));
    assert_false(covers(&permission, AIRS_ACTION_STORAGE_READ, airs_resource_id(airs_id("shop", "a", "0"))));
}

static void the_own_application_is_the_own_namespace(void **state) {
    (void)state;
    airs_permission_t permission = {UINT32_MAX, AIRS_SCOPE_OWN_APPLICATION, {0}, {0}};
    assert_true(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "0"))));
    assert_true(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", ""))));
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop2", "a", "0"))));
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop/sub", "a", "0"))));
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("sho", "p", "0"))));
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("", "a", "0"))));
    assert_false(covers(&permission, AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop"))));
}

static void patterns_are_over_the_text_of_ids_and_over_keys(void **state) {
    (void)state;
    airs_permission_t permission = {UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str("shop/*/0"), {0}};
    assert_true(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "0"))));
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "1"))));
    /* A slash in a part cannot make two of it: such an id does not exist, and here is one segment more. */
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a/b", "0"))));
    assert_true(covers(&permission, AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop/x/0"))));
    assert_false(covers(&permission, AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop/x"))));
    assert_false(covers(&permission, AIRS_ACTION_LOG, airs_resource_none()));
}

static void actions_are_parsed_by_name_and_by_group(void **state) {
    (void)state;
    assert_int_equal(airs_action_parse(airs_str("messaging.send")), AIRS_ACTION_BIT(SEND));
    assert_int_equal(airs_action_parse(airs_str("messaging.*")),
                     AIRS_ACTION_BIT(SEND) | AIRS_ACTION_BIT(REQUEST) | AIRS_ACTION_BIT(BROADCAST));
    assert_int_equal(airs_action_parse(airs_str("network.*")),
                     AIRS_ACTION_BIT(OUTBOUND) | AIRS_ACTION_BIT(INBOUND));
    assert_int_equal(airs_action_parse(airs_str("*")), (UINT32_C(1) << AIRS_ACTION_COUNT) - 1);
    static const char *const NONE[] = {
        "",    "send",   "messaging", "messaging.", "messaging.**", "Messaging.send", "messaging.send ",
        "*.*", "unknown"};
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        assert_int_equal(airs_action_parse(airs_str(NONE[i])), 0);
    }
    for (int i = 0; i < AIRS_ACTION_COUNT; i++) {
        assert_int_equal(airs_action_parse(airs_str(airs_action_text((airs_action_t)i))), UINT32_C(1) << i);
    }
}

static bool touches(const char *pattern, airs_action_t action, airs_resource_t resource) {
    airs_permission_t permission = {UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str(pattern), {0}};
    bool touches_it = airs_permission_touches(&permission, airs_str("shop"), action, &resource);
    /* Who covers all of something covers some of it. */
    assert_true(touches_it || !airs_permission_covers(&permission, airs_str("shop"), action, &resource));
    return touches_it;
}

static void a_group_is_touched_by_each_of_its_instances(void **state) {
    (void)state;
    assert_true(touches("shop/a/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", ""))));
    assert_true(touches("shop/a/0", AIRS_ACTION_BROADCAST, airs_resource_id(airs_id("shop", "a", "*"))));
    assert_true(touches("shop/*/*", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", ""))));
    assert_true(touches("**/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", ""))));
    assert_true(touches("shop/a/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "0"))));
    assert_false(touches("shop/a/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "a", "1"))));
    assert_false(touches("shop/a/0", AIRS_ACTION_SEND, airs_resource_id(airs_id("shop", "b", ""))));
    assert_false(touches("shop/a/0", AIRS_ACTION_STORAGE_READ, airs_resource_key(airs_str("shop/a"))));
}

static void a_subscription_is_touched_by_each_topic_that_it_brings(void **state) {
    (void)state;
    static const char *const TOUCHED[] = {"secret.keys", "secret.*", ">", "*.keys", "*.>", "secret.>"};
    static const char *const LEFT_ALONE[] = {"secret", "secret.other", "*", "public.>", "secret.keys.x"};
    for (size_t i = 0; i < sizeof TOUCHED / sizeof TOUCHED[0]; i++) {
        assert_true(
            touches("secret.keys", AIRS_ACTION_TOPIC_SUBSCRIBE, airs_resource_topic(airs_str(TOUCHED[i]))));
    }
    for (size_t i = 0; i < sizeof LEFT_ALONE / sizeof LEFT_ALONE[0]; i++) {
        assert_false(touches("secret.keys", AIRS_ACTION_TOPIC_SUBSCRIBE,
                             airs_resource_topic(airs_str(LEFT_ALONE[i]))));
    }
    assert_true(touches("secret.>", AIRS_ACTION_TOPIC_SUBSCRIBE, airs_resource_topic(airs_str("*.*.x"))));
    assert_false(touches("secret.>", AIRS_ACTION_TOPIC_SUBSCRIBE, airs_resource_topic(airs_str("*"))));
}

static void a_folder_is_touched_by_what_is_inside(void **state) {
    (void)state;
    assert_true(touches("/srv/a", AIRS_ACTION_FILE_READ, airs_resource_path(airs_str("/srv"))));
    assert_true(touches("/srv/a", AIRS_ACTION_FILE_READ, airs_resource_path(airs_str("/srv/a/b"))));
    assert_false(touches("/srv/a", AIRS_ACTION_FILE_READ, airs_resource_path(airs_str("/srv/b"))));
    /* What is no plain path is everywhere. */
    assert_true(touches("/srv/a", AIRS_ACTION_FILE_READ, airs_resource_path(airs_str("/srv/b/../a"))));
    assert_true(touches("/srv/a", AIRS_ACTION_FILE_READ, airs_resource_path(airs_str("srv"))));
}

typedef struct complaint {
    airs_action_t action;
    const char *pattern;
    const char *text; /* NULL: it is fine */
} complaint_t;

#define THREE_PARTS "an actor's id has three parts, namespace/name/instance, and this pattern has "
#define HOST_RULE                                                                                  \
    "must be a host and a port from 1 to 65535, like \"example.org:443\", \"*.example.org:*\" or " \
    "\"[::1]:8080\""

static const complaint_t COMPLAINTS[] = {
    {AIRS_ACTION_SEND, "shop/cart/*", NULL},
    {AIRS_ACTION_SEND, "shop/**", NULL},
    {AIRS_ACTION_SEND, "", "a pattern has between 1 and 257 bytes"},
    {AIRS_ACTION_SEND, "shop/cart", THREE_PARTS "2; all instances of a component are \"shop/cart/*\""},
    {AIRS_ACTION_SEND, "shop/c*/0",
     "a star stands alone: \"*\" is any one part between \"/\", \"**\" any number of parts; in \"c*\" it "
     "would "
     "only be a star"},
    {AIRS_ACTION_SEND, "shop/\x01/0", "a pattern is UTF-8 without control characters"},
    {AIRS_ACTION_SEND, "shop/\xff/0", "a pattern is UTF-8 without control characters"},
    {AIRS_ACTION_STORAGE_READ, "a", NULL},
    {AIRS_ACTION_STORAGE_READ, "a***",
     "a star stands alone: \"*\" is any one part between \"/\", \"**\" any number of parts; in \"a***\" it "
     "would "
     "only be a star"},
    {AIRS_ACTION_TOPIC_PUBLISH, "a.**.b", NULL},
    {AIRS_ACTION_TOPIC_PUBLISH, "a.>", NULL},
    {AIRS_ACTION_TOPIC_PUBLISH, "a..b", "a topic has no empty tokens between its dots"},
    {AIRS_ACTION_TOPIC_PUBLISH, "a.>.b",
     "\">\" stands for the rest of a topic, alone and at the end, as in \"orders.>\""},
    {AIRS_ACTION_TOPIC_SUBSCRIBE, "a.b>",
     "\">\" stands for the rest of a topic, alone and at the end, as in \"orders.>\""},
    {AIRS_ACTION_TOPIC_SUBSCRIBE, "a.b*",
     "a star stands alone: \"*\" is any one token, \"**\" any number of tokens"},
    {AIRS_ACTION_FILE_READ, "/srv/*", NULL},
    {AIRS_ACTION_FILE_READ, "srv", "a folder is an absolute path without \".\" and \"..\""},
    {AIRS_ACTION_FILE_WRITE, "/srv/..", "a folder is an absolute path without \".\" and \"..\""},
    {AIRS_ACTION_OUTBOUND, "**.example.org:443", NULL},
    {AIRS_ACTION_OUTBOUND, "*", NULL},
    {AIRS_ACTION_OUTBOUND, "[::1]", NULL},
    {AIRS_ACTION_OUTBOUND, "::1", HOST_RULE},
    {AIRS_ACTION_OUTBOUND, "[::1", HOST_RULE},
    {AIRS_ACTION_OUTBOUND, "[::1]x", HOST_RULE},
    {AIRS_ACTION_OUTBOUND, "a:0", HOST_RULE},
    {AIRS_ACTION_OUTBOUND, "a:65536", HOST_RULE},
    {AIRS_ACTION_OUTBOUND, "a:", HOST_RULE},
    {AIRS_ACTION_INBOUND, ":80", HOST_RULE},
    {AIRS_ACTION_INBOUND, "http://a", HOST_RULE},
    {AIRS_ACTION_INBOUND, "a*.org",
     "a star stands alone: \"*\" is any one label of a host, \"**\" any number"},
    {AIRS_ACTION_ENVIRONMENT, "HOME", NULL},
    {AIRS_ACTION_ENVIRONMENT, "A=B", "the name of a variable has no \"=\""},
    {AIRS_ACTION_LOG, "x", "services.log is on nothing in particular, so there is no pattern for it"},
};

static void patterns_that_are_surely_not_meant_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof COMPLAINTS / sizeof COMPLAINTS[0]; i++) {
        const complaint_t *complaint = &COMPLAINTS[i];
        airs_error_t error = {.text = ""};
        airs_status_t status =
            airs_permission_check_pattern(complaint->action, airs_str(complaint->pattern), &error);
        assert_status(status, complaint->text == NULL ? AIRS_OK : AIRS_INVALID_ARGUMENT);
        assert_string_equal(error.text, complaint->text == NULL ? "" : complaint->text);
    }
}

static void resources_are_parsed_and_shown(void **state) {
    (void)state;
    static const struct {
        airs_action_t action;
        const char *text;
        bool is_good;
    } RESOURCES[] = {
        {AIRS_ACTION_SEND, "shop/cart/0", true},
        {AIRS_ACTION_SEND, "cart", false},
        {AIRS_ACTION_STORAGE_READ, "a/b", true},
        {AIRS_ACTION_STORAGE_READ, "", false},
        {AIRS_ACTION_TOPIC_PUBLISH, "a.b", true},
        {AIRS_ACTION_TOPIC_PUBLISH, "a.*", false},
        {AIRS_ACTION_TOPIC_SUBSCRIBE, "a.*", true},
        {AIRS_ACTION_TOPIC_SUBSCRIBE, "a..b", false},
        {AIRS_ACTION_FILE_READ, "/srv", true},
        {AIRS_ACTION_FILE_READ, "srv", false},
        {AIRS_ACTION_OUTBOUND, "example.org:443", true},
        {AIRS_ACTION_OUTBOUND, "[::1]:80", true},
        {AIRS_ACTION_OUTBOUND, "example.org", false},
        {AIRS_ACTION_LOG, "", true},
        {AIRS_ACTION_LOG, "x", false},
        {AIRS_ACTION_ENVIRONMENT, "HOME", true},
    };
    for (size_t i = 0; i < sizeof RESOURCES / sizeof RESOURCES[0]; i++) {
        airs_resource_t resource;
        char text[AIRS_RESOURCE_TEXT_MAX];
        airs_status_t status =
            airs_resource_parse(RESOURCES[i].action, airs_str(RESOURCES[i].text), &resource, NULL);
        assert_status(status, RESOURCES[i].is_good ? AIRS_OK : AIRS_INVALID_ARGUMENT);
        if (RESOURCES[i].is_good) {
            assert_string_equal(airs_resource_text(&resource, text), RESOURCES[i].text);
        }
    }
}

/* ---- the reference's tables ------------------------------------------------------------------- */

typedef struct table {
    airs_action_t action;
    bool in_table;
    size_t examples;
} table_t;

/* The next text between backticks in a cell, which ends at a bar; NULL: none is left. */
static char *next_quoted(char **at) {
    char *begin = *at + strcspn(*at, "`|");
    if (*begin != '`') {
        return NULL;
    }
    char *end = strchr(begin + 1, '`');
    assert_non_null(end);
    *end = '\0';
    *at = end + 1;
    return begin + 1;
}

static void check_example(table_t *table, const char *pattern, const char *name, bool matches) {
    airs_error_t error = {.text = ""};
    airs_resource_t resource;
    airs_permission_t permission = {UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str(pattern), {0}};
    if (airs_permission_check_pattern(table->action, permission.pattern, &error) != AIRS_OK) {
        fail_msg("%s: \"%s\": %s", airs_action_text(table->action), pattern, error.text);
    }
    /* Some names of the right column are none at all: then nobody may have them. */
    bool is_name = airs_resource_parse(table->action, airs_str(name), &resource, &error) == AIRS_OK;
    bool covered = is_name && airs_permission_covers(&permission, airs_str("x"), table->action, &resource);
    if (covered != matches) {
        fail_msg("%s: \"%s\" and \"%s\": %s", airs_action_text(table->action), pattern, name, error.text);
    }
    table->examples++;
}

static void check_row(table_t *table, char *line) {
    char *at = line + 1;
    char *pattern = next_quoted(&at);
    if (pattern == NULL) {
        return; /* the head of the table */
    }
    for (int column = 0; column < 2; column++) {
        char *name = NULL;
        at = strchr(at, '|') + 1;
        while ((name = next_quoted(&at)) != NULL) {
            check_example(table, pattern, name, column == 0);
        }
    }
}

static void the_reference_says_what_is_so(void **state) {
    (void)state;
    static const char MARK[] = "<!-- examples: ";
    table_t table = {.action = AIRS_ACTION_SEND};
    char line[1000];
    FILE *file = fopen(AIRS_TEST_SOURCE "/docs/reference/capabilities.md", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, MARK, sizeof MARK - 1) == 0) {
            uint32_t bit =
                airs_action_parse(airs_str_n(line + sizeof MARK - 1, strcspn(line + sizeof MARK - 1, " ")));
            assert_int_equal(__builtin_popcount(bit), 1);
            table.action = (airs_action_t)__builtin_ctz(bit);
            table.in_table = true;
        } else if (line[0] == '|' && table.in_table) {
            check_row(&table, line);
        } else if (line[0] != '\n') {
            table.in_table = false;
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_in_range(table.examples, 120, 1000);
}

static void ids_that_are_too_long_are_nobodys(void **state) {
    (void)state;
    static char text[AIRS_ID_MAX + 10];
    memset(text, 'x', sizeof text);
    airs_permission_t permission = {UINT32_MAX, AIRS_SCOPE_PATTERN, airs_str("**"), {0}};
    airs_id_t id = {airs_str_n(text, 200), airs_str_n(text, 54), airs_str_n(text, 1)};
    assert_true(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(id)));
    id.name.size++;
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(id)));
    id.name.size = SIZE_MAX;
    assert_false(covers(&permission, AIRS_ACTION_SEND, airs_resource_id(id)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_have_names_and_kinds),
        cmocka_unit_test(only_its_actions_are_covered),
        cmocka_unit_test(the_resource_must_be_of_the_actions_kind),
        cmocka_unit_test(the_own_application_is_the_own_namespace),
        cmocka_unit_test(patterns_are_over_the_text_of_ids_and_over_keys),
        cmocka_unit_test(actions_are_parsed_by_name_and_by_group),
        cmocka_unit_test(a_group_is_touched_by_each_of_its_instances),
        cmocka_unit_test(a_subscription_is_touched_by_each_topic_that_it_brings),
        cmocka_unit_test(a_folder_is_touched_by_what_is_inside),
        cmocka_unit_test(patterns_that_are_surely_not_meant_are_refused),
        cmocka_unit_test(resources_are_parsed_and_shown),
        cmocka_unit_test(the_reference_says_what_is_so),
        cmocka_unit_test(ids_that_are_too_long_are_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
