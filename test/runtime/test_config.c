#include "runtime/host/config.h"

#include "core/settings.h"
#include "runtime/shared_fixture.h"
#include "security/capability.h"

static airs_settings_t *settings;

static int set_up(void **state) {
    const airs_setting_view_t given[] = {
        {airs_str("database.url"), airs_str("db://here"), false},
        {airs_str("database.password"), airs_str("hush"), true},
        {airs_str("empty"), airs_str(""), false},
        {airs_str("gr\xc3\xbc\xc3\x9f"), airs_str("\xe2\x82\xac"), false},
    };
    assert_ok(airs_settings_create(airs_allocator_default(), given, 4, &settings, NULL));
    (void)fixture_set_up(state);
    fixture.settings = settings;
    return 0;
}

static int tear_down(void **state) {
    (void)fixture_tear_down(state);
    airs_settings_unref(settings);
    return 0;
}

static void assert_answer(const char *question, const char *answer) {
    assert_ok(fixture_request(&fixture, question));
    assert_string_equal(fixture_response(&fixture), answer);
}

static void assert_refusal(const char *question, const char *why) {
    assert_status(fixture_request(&fixture, question), AIRS_GUEST_ERROR);
    if (strstr(fixture.result.reason, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fixture.result.reason, why);
    }
}

static void settings_are_read_by_name_in_both_versions(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_answer("rc1 database.url", "database.url=db://here");
    assert_answer("draft database.url", "database.url=db://here");
    assert_answer("rc1 database.password", "database.password=hush");
    assert_answer("draft empty", "empty=");
    assert_answer("rc1 gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f=\xe2\x82\xac");
    assert_answer("rc1 database", "none");
    assert_answer("draft nothing", "none");
    assert_answer("rc1 ", "none");
}

static const char all[] = "database.password=hush\ndatabase.url=db://here\nempty=\n"
                          "gr\xc3\xbc\xc3\x9f=\xe2\x82\xac\n";

static void all_settings_come_by_name(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_answer("rc1", all);
    assert_answer("draft", all);
}

static void who_has_no_settings_reads_none(void **state) {
    (void)state;
    fixture.settings = NULL;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_answer("rc1 database.url", "none");
    assert_answer("rc1", "");
    assert_answer("draft", "");
}

/* The shape without errors. */
static void the_later_shape_of_the_draft_is_served_too(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/plain_settings", NULL);
    assert_answer("database.url", "db://here");
    assert_answer("empty", "");
    assert_answer("nothing", "none");
    assert_answer("", "4");
}

/* ---- capabilities ---- */

static airs_capabilities_t *grant(uint32_t actions, const char *pattern) {
    airs_capabilities_t *capabilities = NULL;
    const airs_permission_t permission = {
        .actions = actions, .scope = AIRS_SCOPE_PATTERN, .pattern = airs_str(pattern)};
    const airs_capability_grant_t made = {&permission, 1, 0, AIRS_GRANT_FOREVER};
    assert_ok(airs_capabilities_create(airs_allocator_default(), &made, 1, 0, &capabilities, NULL));
    return capabilities;
}

static void only_what_is_granted_is_read(void **state) {
    (void)state;
    fixture.capabilities = grant(AIRS_ACTION_BIT(CONFIG_READ), "database.url");
    fixture_run(&fixture, "standard/settings", NULL);
    assert_answer("rc1 database.url", "database.url=db://here");
    assert_refusal("rc1 database.password", "upstream: config.read by app/tested/0");
    assert_refusal("draft database.password", "config.read");
    assert_null(strstr(fixture.result.reason, "hush"));
    /* The same whether there is one or not. */
    assert_refusal("rc1 nothing", "upstream: config.read by app/tested/0");
    assert_answer("rc1", "database.url=db://here\n");
    assert_answer("draft", "database.url=db://here\n");
    fixture_drop(&fixture);
    fixture_run(&fixture, "standard/plain_settings", NULL);
    assert_answer("database.url", "db://here");
    assert_answer("database.password", "none");
    assert_answer("", "1");
    fixture_drop(&fixture);
    airs_capabilities_unref(fixture.capabilities);
}

static void who_is_granted_nothing_reads_nothing(void **state) {
    (void)state;
    fixture.capabilities = grant(AIRS_ACTION_BIT(STORAGE_READ), "**");
    fixture_run(&fixture, "standard/settings", NULL);
    assert_refusal("rc1 database.url", "upstream: ");
    assert_refusal("rc1", "upstream: ");
    assert_refusal("draft", "upstream: ");
    fixture_drop(&fixture);
    fixture_run(&fixture, "standard/plain_settings", NULL);
    assert_answer("database.url", "none");
    assert_answer("", "0");
    fixture_drop(&fixture);
    airs_capabilities_unref(fixture.capabilities);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_are_read_by_name_in_both_versions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_settings_come_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_no_settings_reads_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_later_shape_of_the_draft_is_served_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_granted_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_granted_nothing_reads_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
