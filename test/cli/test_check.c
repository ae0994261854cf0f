/* `airssys check` as a shell sees it. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/child.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static void check(child_t *child, const char *manifest, const char *first, const char *second) {
    const char *const arguments[] = {"check", folder.path, first, second, NULL};
    airs_guest_manifest_write(&folder, manifest);
    child_run(child, NULL, arguments);
}

static const char confined[] = "[application]\nname = \"shop\"\n"
                               "[components.cart]\nsource = \"@forwarder\"\n"
                               "capabilities = { messaging = { request = [\"**\"] } }\n"
                               "[components.till]\nsource = \"@echo\"\n";

static void imports_that_are_not_granted_are_listed(void **state) {
    (void)state;
    child_t child;
    check(&child, confined, NULL, NULL);
    child_expect(&child, 0);
    assert_string_equal(child.out, "cart: loads\n"
                                   "  imports what it was not granted, and is refused when it calls it:\n"
                                   "    airssys:core/host-messaging@1.0.0 send needs messaging.send\n"
                                   "till: loads\n"
                                   "2 components: 2 load, 1 import not granted\n");
    assert_string_equal(child.err, "");
    child_free(&child);
    check(&child, confined, "--strict", NULL);
    child_expect(&child, 17);
    child_free(&child);
}

static void as_json_for_programs(void **state) {
    (void)state;
    child_t child;
    check(&child, confined, "--output", "json");
    child_expect(&child, 0);
    json_t *whole = json_loads(child.out, 0, NULL);
    assert_non_null(whole);
    assert_int_equal(json_integer_value(json_object_get(whole, "failed")), 0);
    assert_int_equal(json_integer_value(json_object_get(whole, "ungranted")), 1);
    json_t *cart = json_array_get(json_object_get(whole, "components"), 0);
    assert_string_equal(json_string_value(json_object_get(cart, "name")), "cart");
    assert_true(json_is_true(json_object_get(cart, "loads")));
    assert_string_equal(json_string_value(json_object_get(cart, "status")), "ok");
    json_t *import = json_array_get(json_object_get(cart, "ungranted"), 0);
    assert_string_equal(json_string_value(json_object_get(import, "interface")),
                        "airssys:core/host-messaging@1.0.0");
    assert_string_equal(json_string_value(json_object_get(import, "function")), "send");
    assert_string_equal(json_string_value(json_array_get(json_object_get(import, "needs"), 0)),
                        "messaging.send");
    json_t *till = json_array_get(json_object_get(whole, "components"), 1);
    assert_int_equal(json_array_size(json_object_get(till, "ungranted")), 0);
    assert_true(json_is_array(json_object_get(till, "imports")));
    json_decref(whole);
    child_free(&child);
}

/* All of them are looked at, and none is run: the second would crash when it starts. */
static void what_does_not_load_is_said_for_each(void **state) {
    (void)state;
    child_t child;
    check(&child,
          "[application]\nname = \"shop\"\n[components.small]\nsource = \"@echo\"\n"
          "compile = { functions = 2 }\n"
          "[components.fails]\nsource = \"@initfail\"\n"
          "[components.report]\nsource = \"@commands/job\"\n"
          "[components.clock]\nsource = \"@echo\"\nrun = { every = \"1h\" }\n"
          "[components.odd]\nsource = \"@echo\"\ndigest = "
          "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n",
          NULL, NULL);
    child_expect(&child, 4);
    child_expect_text(&child, "out", "small: DOES NOT LOAD: ");
    child_expect_text(&child, "out", "functions or more, and may have 2 (compile.functions raises it)\n");
    child_expect_text(&child, "out", "fails: loads\n");
    child_expect_text(&child, "out", "report: DOES NOT LOAD: it is a command (it exports wasi:cli/run), so ");
    child_expect_text(&child, "out",
                      "clock: DOES NOT LOAD: the manifest has a `run` for it, but it is an actor ");
    child_expect_text(&child, "out", "odd: DOES NOT LOAD: ");
    child_expect_text(&child, "out", "5 components: 1 loads, 0 imports not granted\n");
    child_free(&child);
}

/* The command finds the program that is beside it. */
static void what_is_not_trusted_is_compiled_apart(void **state) {
    (void)state;
    child_t child;
    static const char manifest[] = "[application]\nname = \"shop\"\n[components.it]\nsource = \"@echo\"\n"
                                   "[trust]\nmode = \"off\"\n[compile]\napart = \"untrusted\"\n";
    check(&child, manifest, "--no-cache", NULL);
    child_expect(&child, 0);
    child_free(&child);
    check(&child, manifest, "--no-cache", "--compiler=/nowhere/airssys-compile");
    child_expect(&child, 4);
    child_expect_text(&child, "out", "there is no /nowhere/airssys-compile");
    child_free(&child);
}

static void mistakes_are_told(void **state) {
    (void)state;
    child_t child;
    check(&child, "[application]\n", NULL, NULL);
    child_expect(&child, 3);
    child_free(&child);
    check(&child, confined, "--strikt", NULL);
    child_expect(&child, 2);
    child_free(&child);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_that_are_not_granted_are_listed),
        cmocka_unit_test(as_json_for_programs),
        cmocka_unit_test(what_does_not_load_is_said_for_each),
        cmocka_unit_test(what_is_not_trusted_is_compiled_apart),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
