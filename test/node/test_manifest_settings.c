/* [components.NAME.settings], .secrets and .env of a manifest: where their texts come from. */
#include "node/manifest_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/settings.h"
#include "node/manifests.h"
#include "node/manifest_diff.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define APP "[application]\nname = \"shop\"\n"
#define CART APP "[components.cart]\nsource = \"a.wasm\"\n"

static void expect_setting(const airs_manifest_t *manifest, const char *name, const char *value,
                           bool secret) {
    const airs_manifest_component_t *component = &manifest->components[0];
    for (size_t i = 0; i < component->setting_count; i++) {
        if (strcmp(component->settings[i].name, name) == 0) {
            assert_string_equal(component->settings[i].value, value);
            assert_int_equal(component->settings[i].secret, secret);
            return;
        }
    }
    fail_msg("there is no %s", name);
}

static void who_says_nothing_has_none(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(CART);
    assert_int_equal(manifest->components[0].setting_count, 0);
    airs_manifest_destroy(manifest);
    manifest = manifest_of(CART "settings = {}\nsecrets = {}\nrecord = true\n");
    assert_int_equal(manifest->components[0].setting_count, 0);
    airs_manifest_destroy(manifest);
}

static void texts_come_from_here_the_environment_and_files(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(
        CART "[components.cart.settings]\n"
             "currency = \"\xe2\x82\xac\"\n\"a.b/c d\" = \"\"\nregion = { env = \"SHOP_REGION\" }\n"
             "terms = { file = \"terms.txt\" }\n"
             "[components.cart.secrets]\n"
             "password = { file = \"sub/password\" }\ntoken = { env = \"SHOP_TOKEN\" }\n");
    assert_int_equal(manifest->components[0].setting_count, 6);
    expect_setting(manifest, "currency", "\xe2\x82\xac", false);
    expect_setting(manifest, "a.b/c d", "", false);
    expect_setting(manifest, "region", "north", false);
    /* One line break at the end is the editor's; what stands before it is kept. */
    expect_setting(manifest, "terms", "one\ntwo\n", false);
    expect_setting(manifest, "password", "hush", true);
    expect_setting(manifest, "token", "psst", true);
    airs_manifest_destroy(manifest);
}

static void variables_come_from_there_too(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(
        CART "env = { A = \"x\", B = { env = \"SHOP_REGION\" }, C = { file = \"sub/password\" } }\n");
    const airs_manifest_component_t *component = &manifest->components[0];
    assert_int_equal(component->env_count, 3);
    assert_string_equal(component->env[0].value, "x");
    assert_string_equal(component->env[1].value, "north");
    assert_string_equal(component->env[2].value, "hush");
    airs_manifest_destroy(manifest);
}

static void every_mistake_is_told_and_no_secret(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"settings = \"x\"\n", "must be a table of texts"},
        {"settings = { a = 1 }\n",
         "components.cart.settings.a: must be \"text\", { env = \"NAME\" } or { file = \"path\" }"},
        {"settings = { a = {} }\n", "names one place: { env = \"NAME\" } or { file = \"path\" }"},
        {"settings = { a = { env = \"SHOP_REGION\", file = \"terms.txt\" } }\n", "names one place"},
        {"settings = { a = { environment = \"SHOP_REGION\" } }\n", "settings.a.environment: "},
        {"settings = { a = { env = 7 } }\n", "must be the name of a variable"},
        {"settings = { a = { env = \"A=B\" } }\n", "must not have \"=\""},
        {"settings = { a = { env = \"SHOP_NOTHING\" } }\n",
         "components.cart.settings.a: the environment has no variable SHOP_NOTHING"},
        {"settings = { a = { env = \"SHOP_BYTES\" } }\n", "no text in UTF-8"},
        {"settings = { a = { file = \"nothing\" } }\n", "cannot read nothing: no such file"},
        {"settings = { a = { file = \"sub\" } }\n", "cannot read sub: is a directory"},
        {"settings = { a = { file = \"\" } }\n", "must be a path, neither empty"},
        {"settings = { a = { file = \"zero\" } }\n", "must not have a zero character"},
        {"settings = { a = { file = \"long\" } }\n", "longer than 64KiB"},
        {"settings = { a = { file = \"huge\" } }\n", "cannot read huge: has more than the"},
        {"settings = { a = \"x\\u0000y\" }\n", "must not have a zero character"},
        {"settings = { \"\" = \"x\" }\n", "1 to 256 bytes"},
        {"secrets = { a = \"hush\" }\n",
         "components.cart.secrets.a: a secret is not written into the manifest: it is { env = \"NAME\" } or "
         "{ file = \"path\" }"},
        {"secrets = { a = [\"hush\"] }\n", "a secret is not written into the manifest"},
        {"secrets = { a = { file = \"quiet-zero\" } }\n", "must not have a zero character"},
        {"secrets = { a = { env = \"SHOP_TOKEN\" } }\nsettings = { a = \"x\" }\n",
         "a: there is a setting and a secret of this name"},
        {"record = true\nsecrets = { a = { env = \"SHOP_TOKEN\" } }\n",
         "components.cart.record: a component with secrets is not recorded"},
        {"capabilities = { config = \"x\" }\n", "must be a list of patterns"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        airs_manifest_t *manifest = NULL;
        airs_error_t error = {AIRS_OK, ""};
        (void)snprintf(text, sizeof text, "%s%s", CART, cases[i].text);
        assert_status(
            airs_manifest_parse(airs_allocator_default(), airs_str(text), "airssys.toml", &manifest, &error),
            AIRS_MANIFEST_INVALID);
        if (strstr(error.text, cases[i].expected) == NULL) {
            fail_msg("%s says \"%s\", not \"%s\"", cases[i].text, error.text, cases[i].expected);
        }
        assert_null(strstr(error.text, "hush"));
        assert_null(strstr(error.text, "psst"));
    }
}

static void there_are_so_many_at_most(void **state) {
    (void)state;
    static char text[64 * 1024];
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    size_t used = (size_t)snprintf(text, sizeof text, "%s[components.cart.settings]\n", CART);
    for (int i = 0; i < AIRS_SETTINGS_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "k%d = \"v\"\n", i);
    }
    airs_manifest_destroy(manifest_of(text));
    (void)snprintf(text + used, sizeof text - used, "more = \"v\"\n");
    assert_status(
        airs_manifest_parse(airs_allocator_default(), airs_str(text), "airssys.toml", &manifest, &error),
        AIRS_MANIFEST_INVALID);
    assert_non_null(strstr(error.text, "at most 1024 settings and secrets"));
}

static void configuration_is_granted_by_name(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(CART "capabilities = { config = [\"db/*\", \"**\"] }\n");
    const airs_manifest_capabilities_t *capabilities = &manifest->components[0].capabilities;
    assert_string_equal(capabilities->grants[0].action, "config.read");
    assert_string_equal(capabilities->grants[0].pattern, "db/*");
    assert_string_equal(capabilities->grants[1].pattern, "**");
    airs_manifest_destroy(manifest);
}

static unsigned difference(const char *before, const char *after) {
    airs_manifest_t *old = manifest_of(before);
    airs_manifest_t *now = manifest_of(after);
    unsigned answer = airs_manifest_component_difference(&old->components[0], &now->components[0]);
    airs_manifest_destroy(old);
    airs_manifest_destroy(now);
    return answer;
}

static void another_text_is_a_difference(void **state) {
    (void)state;
#define A "settings = { a = \"x\" }\n"
    assert_int_equal(difference(CART A, CART A), 0);
    assert_int_equal(difference(CART A, CART), AIRS_DIFFERS_SETTINGS);
    assert_int_equal(difference(CART A, CART "settings = { a = \"y\" }\n"), AIRS_DIFFERS_SETTINGS);
    assert_int_equal(difference(CART A, CART "settings = { b = \"x\" }\n"), AIRS_DIFFERS_SETTINGS);
    assert_int_equal(difference(CART "settings = { a = \"hush\" }\n",
                                CART "secrets = { a = { file = \"sub/password\" } }\n"),
                     AIRS_DIFFERS_SETTINGS);
    /* Where a text comes from makes none. */
    assert_int_equal(difference(CART "settings = { a = \"hush\" }\n",
                                CART "settings = { a = { file = \"sub/password\" } }\n"),
                     0);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static char text[] = CART "env = { B = { env = \"SHOP_REGION\" } }\n"
                              "settings = { a = \"x\", b = { file = \"terms.txt\" } }\n"
                              "secrets = { c = { file = \"sub/password\" }, d = { env = \"SHOP_TOKEN\" } }\n";
    airs_fail_each_allocation(manifest_life, text);
}

static int set_up(void **state) {
    (void)state;
    static char text[AIRS_SETTING_VALUE_MAX + 4];
    memset(text, 'v', sizeof text);
    airs_temporary_folder_create(&folder);
    airs_temporary_folder_make(&folder, "sub");
    airs_temporary_file_write_text(&folder, "a.wasm", "");
    airs_temporary_file_write_text(&folder, "terms.txt", "one\ntwo\n\n");
    airs_temporary_file_write_text(&folder, "sub/password", "hush\r\n");
    airs_temporary_file_write(&folder, "zero", "a\0b", 3);
    airs_temporary_file_write(&folder, "quiet-zero", "hush\0b", 6);
    airs_temporary_file_write(&folder, "long", text, AIRS_SETTING_VALUE_MAX + 1);
    airs_temporary_file_write(&folder, "huge", text, AIRS_SETTING_VALUE_MAX + 4);
    (void)setenv("SHOP_REGION", "north", 1);
    (void)setenv("SHOP_TOKEN", "psst", 1);
    (void)setenv("SHOP_BYTES", "\xff", 1);
    (void)unsetenv("SHOP_NOTHING");
    return chdir(folder.path);
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_nothing_has_none),
        cmocka_unit_test(texts_come_from_here_the_environment_and_files),
        cmocka_unit_test(variables_come_from_there_too),
        cmocka_unit_test(every_mistake_is_told_and_no_secret),
        cmocka_unit_test(there_are_so_many_at_most),
        cmocka_unit_test(configuration_is_granted_by_name),
        cmocka_unit_test(another_text_is_a_difference),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
