/* `airssys inspect` as a shell sees it. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/child.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

static void inspect(child_t *child, const char *path, const char *output) {
    const char *const arguments[] = {"inspect", path, "--output", output, NULL};
    child_run(child, NULL, arguments);
}

static void inspect_guest(child_t *child, const char *name, const char *output) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    inspect(child, airs_guest_path(name, path), output);
}

static void imports_and_exports_are_shown_as_wit(void **state) {
    (void)state;
    child_t child;
    inspect_guest(&child, "forwarder", "text");
    child_expect(&child, 0);
    child_expect_text(&child, "out", "import airssys:core/host-messaging@1.0.0;");
    child_expect_text(&child, "out", "export airssys:core/component-lifecycle@1.0.0;");
    child_expect_text(&child, "out", "handle-message: func(");
    child_expect_text(&child, "out", "Takes messages: yes\n");
    child_expect_text(&child, "out", "Runs here: yes\n");
    assert_string_equal(child.err, "");
    child_free(&child);
}

static const char *need_of(const json_t *report, const char *prefix) {
    size_t index;
    json_t *import;
    json_array_foreach(json_object_get(report, "imports"), index, import) {
        const char *name = json_string_value(json_object_get(import, "name"));
        if (strncmp(name, prefix, strlen(prefix)) == 0) {
            return json_string_value(json_object_get(import, "need"));
        }
    }
    return "";
}

static void json_has_the_same_for_programs(void **state) {
    (void)state;
    child_t child;
    inspect_guest(&child, "forwarder", "json");
    child_expect(&child, 0);
    json_t *report = json_loads(child.out, 0, NULL);
    assert_non_null(report);
    assert_true(json_is_true(json_object_get(report, "runs")));
    assert_true(json_is_true(json_object_get(report, "takes_messages")));
    assert_true(json_integer_value(json_object_get(report, "bytes")) > 0);
    assert_true(json_integer_value(json_object_get(report, "memories")) > 0);
    assert_true(json_integer_value(json_object_get(report, "initial_memory_bytes")) >= 65536);
    assert_string_equal(need_of(report, "airssys:core/host-messaging@"), "provided");
    assert_non_null(strstr(json_string_value(json_object_get(report, "wit")), "component-lifecycle"));
    json_decref(report);
    child_free(&child);
}

/* The world of a guest in C has every interface; of them it imports what it calls. */
static void guests_import_only_what_they_call(void **state) {
    (void)state;
    static const struct {
        const char *guest;
        const char *imports; /* of these */
    } cases[] = {
        {"echo", ""}, {"forwarder", "messaging"}, {"publisher", "topics"}, {"deferrer", "replies timers"}};
    static const char *const interfaces[][2] = {{"messaging", "airssys:core/host-messaging@"},
                                                {"storage", "airssys:core/storage@"},
                                                {"topics", "airssys:actor/topics@"},
                                                {"replies", "airssys:actor/replies@"},
                                                {"timers", "airssys:actor/timers@"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        child_t child;
        inspect_guest(&child, cases[i].guest, "json");
        json_t *report = json_loads(child.out, 0, NULL);
        assert_non_null(report);
        for (size_t j = 0; j < sizeof interfaces / sizeof interfaces[0]; j++) {
            bool expected = strstr(cases[i].imports, interfaces[j][0]) != NULL;
            if ((need_of(report, interfaces[j][1])[0] != '\0') != expected) {
                fail_msg("%s: %s", cases[i].guest, interfaces[j][1]);
            }
        }
        json_decref(report);
        child_free(&child);
    }
}

static void what_the_actor_interfaces_offer_is_provided(void **state) {
    (void)state;
    static const struct {
        const char *guest;
        const char *import;
    } imports[] = {
        {"deferrer", "airssys:actor/replies@0.1.0"},
        {"publisher", "airssys:actor/topics@0.1.0"},
        {"ticker", "airssys:actor/timers@0.1.0"},
    };
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++) {
        child_t child;
        inspect_guest(&child, imports[i].guest, "json");
        child_expect(&child, 0);
        json_t *report = json_loads(child.out, 0, NULL);
        assert_non_null(report);
        assert_true(json_is_true(json_object_get(report, "runs")));
        assert_string_equal(need_of(report, imports[i].import), "provided");
        assert_non_null(strstr(json_string_value(json_object_get(report, "wit")), imports[i].import));
        json_decref(report);
        child_free(&child);
    }
}

static void a_component_that_cannot_run_here_is_explained(void **state) {
    (void)state;
    child_t child;
    airs_temporary_file_write_text(&folder, "empty.wat", "(component)");
    char path[AIRS_TEMPORARY_PATH_MAX];
    inspect(&child, airs_temporary_file_path(&folder, "empty.wat", path), "text");
    child_expect(&child, 0);
    child_expect_text(&child, "out", "Imports: none\n");
    child_expect_text(&child, "out", "Exports: none\n");
    child_expect_text(&child, "out",
                      "Takes messages: no, it does not export airssys:core/component-lifecycle\n");
    child_expect_text(&child, "out", "Runs here: no, ");
    child_free(&child);
}

static void an_import_that_nobody_provides_is_named(void **state) {
    (void)state;
    child_t child;
    airs_temporary_file_write_text(&folder, "strange.wat",
                                   "(component (import \"strange:world/thing@1.0.0\" (instance"
                                   " (export \"act\" (func)))))");
    char path[AIRS_TEMPORARY_PATH_MAX];
    inspect(&child, airs_temporary_file_path(&folder, "strange.wat", path), "json");
    child_expect(&child, 0);
    json_t *report = json_loads(child.out, 0, NULL);
    assert_non_null(report);
    assert_string_equal(need_of(report, "strange:world/thing@1.0.0"), "missing");
    assert_true(json_is_false(json_object_get(report, "runs")));
    assert_non_null(json_string_value(json_object_get(report, "reason")));
    json_decref(report);
    child_free(&child);
}

static void what_is_no_component_is_an_error(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *content;
        const char *said;
    } cases[] = {
        {"text.wasm", "this is only text\n", "text.wasm"},
        {"empty.wasm", "", "empty.wasm"},
        {"module.wat", "(module)", "core module"},
        {"broken.wat", "(component", "broken.wat"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        child_t child;
        char path[AIRS_TEMPORARY_PATH_MAX];
        airs_temporary_file_write_text(&folder, cases[i].name, cases[i].content);
        inspect(&child, airs_temporary_file_path(&folder, cases[i].name, path), "text");
        child_expect(&child, 4);
        assert_string_equal(child.out, "");
        child_expect_text(&child, "err", "airssys inspect: ");
        child_expect_text(&child, "err", cases[i].said);
        child_free(&child);
    }
}

static size_t read_guest(const char *name, char *bytes, size_t room) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    FILE *file = fopen(airs_guest_path(name, path), "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, room, file);
    assert_int_equal(fclose(file), 0);
    assert_in_range(size, 1000, room - 1);
    return size;
}

static void a_truncated_component_is_an_error(void **state) {
    (void)state;
    static char bytes[8 << 20];
    size_t size = read_guest("echo", bytes, sizeof bytes);
    const size_t cuts[] = {7, 8, 100, size / 2, size - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        child_t child;
        char path[AIRS_TEMPORARY_PATH_MAX];
        airs_temporary_file_write(&folder, "cut.wasm", bytes, cuts[i]);
        inspect(&child, airs_temporary_file_path(&folder, "cut.wasm", path), "text");
        /* What is cut right after the header is an empty component. */
        child_expect(&child, cuts[i] == 8 ? 0 : 4);
        child_free(&child);
    }
}

static void files_that_cannot_be_read_are_told(void **state) {
    (void)state;
    child_t child;
    inspect(&child, "no-such-file.wasm", "text");
    child_expect(&child, 4);
    child_expect_text(&child, "err", "no-such-file.wasm");
    child_free(&child);
    inspect(&child, folder.path, "text");
    child_expect(&child, 4);
    child_expect_text(&child, "err", folder.path);
    child_free(&child);
}

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

/* By whom it is compiled. */
static void it_is_compiled_by_another_process(void **state) {
    (void)state;
    child_t child;
    char path[AIRS_TEMPORARY_PATH_MAX];
    const char *const arguments[] = {"inspect",    airs_guest_path("echo", path), "--no-cache",
                                     "--compiler", "/no/such/compiler",           NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 4);
    child_expect_text(&child, "err", "/no/such/compiler");
    child_free(&child);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_and_exports_are_shown_as_wit),
        cmocka_unit_test(json_has_the_same_for_programs),
        cmocka_unit_test(guests_import_only_what_they_call),
        cmocka_unit_test(what_the_actor_interfaces_offer_is_provided),
        cmocka_unit_test(a_component_that_cannot_run_here_is_explained),
        cmocka_unit_test(an_import_that_nobody_provides_is_named),
        cmocka_unit_test(what_is_no_component_is_an_error),
        cmocka_unit_test(a_truncated_component_is_an_error),
        cmocka_unit_test(files_that_cannot_be_read_are_told),
        cmocka_unit_test(it_is_compiled_by_another_process),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
