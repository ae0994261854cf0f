/* The command line itself: verbs, options, help, and the verbs for who builds guests. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <airssys/version.h>

#include "cli/child.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

static const char core_wit[] = AIRS_TEST_SOURCE "/wit/airssys-core";

static void version_and_help_are_on_standard_output(void **state) {
    (void)state;
    child_t child;
    const char *const version[] = {"--version", NULL};
    child_run(&child, NULL, version);
    child_expect(&child, 0);
    assert_string_equal(child.out, "airssys " AIRS_VERSION "\n");
    child_free(&child);
    const char *const help[] = {"--help", NULL};
    child_run(&child, NULL, help);
    child_expect(&child, 0);
    child_expect_text(&child, "out", "Usage: airssys VERB");
    child_expect_text(&child, "out", "  inspect ");
    child_free(&child);
}

static void every_verb_has_help_with_its_options_and_exit_codes(void **state) {
    (void)state;
    static const char *const verbs[] = {"run",     "ps",           "call",         "send",
                                        "publish", "stop",         "dead-letters", "inspect",
                                        "bindgen", "componentize", "explain"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        child_t child;
        char usage[64];
        const char *const arguments[] = {verbs[i], "--help", NULL};
        snprintf(usage, sizeof usage, "Usage: airssys %s [OPTION]...", verbs[i]);
        child_run(&child, NULL, arguments);
        child_expect(&child, 0);
        assert_string_equal(child.err, "");
        child_expect_text(&child, "out", usage);
        child_expect_text(&child, "out", "  -h, --help");
        child_expect_text(&child, "out", "Exit codes:\n    0  done\n");
        child_free(&child);
    }
}

/* What is wrong with a command line, and what is said about it. */
static const struct {
    const char *arguments[5];
    const char *said;
} mistakes[] = {
    {{NULL}, "Usage: airssys VERB"},
    {{"rnu"}, "airssys: unknown verb 'rnu'; did you mean 'run'?"},
    {{"banana"}, "airssys: unknown verb 'banana'\n"},
    {{"\033[31m\xff"}, "airssys: unknown verb '\\x1b[31m\\xff'\n"},
    {{"--versoin"}, "airssys: unknown option '--versoin'"},
    {{"run", "--inptu", "x"}, "airssys run: unknown option --inptu; did you mean --input?"},
    {{"run", "--banana"}, "airssys run: unknown option --banana\n"},
    {{"run", "-z"}, "airssys run: unknown option -z"},
    {{"run", "--quiet", "-zq"}, "airssys run: unknown option -z\n"},
    {{"run", "--quiet", "-\xc3\xa9"}, "airssys run: unknown option -\\xc3\n"},
    {{"run", "--no"}, "airssys run: the option --no could be any of --no-socket, --no-cache\n"},
    {{"run", "--input"}, "airssys run: the option --input needs a value"},
    {{"run", "--quiet=yes"}, "airssys run: the option --quiet takes no value"},
    {{"run", "a", "b"}, "airssys run: unexpected argument 'b'"},
    {{"run", "--workers", "0"}, "airssys run: --workers must be a whole number from 1 to 256, not '0'"},
    {{"run", "--workers", "x"}, "airssys run: --workers must be a whole number from 1 to 256, not 'x'"},
    {{"run", "--workers", "-1"}, "airssys run: --workers must be a whole number from 1 to 256, not '-1'"},
    {{"run", "--workers", "2x"}, "airssys run: --workers must be a whole number from 1 to 256, not '2x'"},
    {{"run", "--log", "loud"},
     "airssys run: --log must be one of trace, debug, info, warn, error, not 'loud'"},
    {{"run", "--output", "xml"}, "airssys run: --output must be one of text, json, not 'xml'"},
    {{"call", "x", "y", "--timeout", "5"},
     "airssys call: --timeout must be a time of at most 24h in whole milliseconds, such as 500ms or 5s, not "
     "'5'"},
    {{"call", "x", "--timeout=25h"}, "airssys call: --timeout must be a time of at most 24h"},
    {{"call", "x", "--timeout", "100us"}, "airssys call: --timeout must be a time of at most 24h"},
    {{"call", "x", "--tiemout", "5s"}, "airssys call: unknown option --tiemout; did you mean --timeout?"},
    {{"call"}, "airssys call: an argument is missing: TARGET [PAYLOAD]"},
    {{"send", "a", "b", "c"}, "airssys send: unexpected argument 'c'"},
    {{"stop"}, "airssys stop: which actors? TARGET names some, --all stops the whole node"},
    {{"stop", "--all", "x"}, "airssys stop: either TARGET or --all, not both"},
    {{"stop", "--all", "--drop"}, "airssys stop: --drop is for actors"},
    {{"dead-letters", "--limit", "10001"}, "--limit must be a whole number from 0 to 10000, not '10001'"},
    {{"dead-letters", "--reason", "bad"}, "--reason must be one of handler-error, crashed, receiver-ended,"},
    {{"dead-letter"}, "airssys: unknown verb 'dead-letter'; did you mean 'dead-letters'?"},
    {{"inspect"}, "airssys inspect: an argument is missing: FILE"},
    {{"inspect", "--output", "x", "f"}, "airssys inspect: --output must be one of text, json, not 'x'"},
    {{"bindgen"}, "airssys bindgen: an argument is missing: WIT..."},
    {{"componentize"}, "airssys componentize: an argument is missing: MODULE"},
    {{"componentize", "x.wasm"}, "airssys componentize: --out FILE is missing"},
};

static void mistakes_are_told_with_what_would_be_right(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        child_t child;
        const char *arguments[6] = {NULL};
        memcpy(arguments, mistakes[i].arguments, sizeof mistakes[i].arguments);
        child_run(&child, NULL, arguments);
        child_expect(&child, 2);
        assert_string_equal(child.out, "");
        child_expect_text(&child, "err", mistakes[i].said);
        child_free(&child);
    }
}

static void help_has_a_letter_too(void **state) {
    (void)state;
    child_t child;
    const char *const arguments[] = {"ps", "-h", NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 0);
    child_expect_text(&child, "out", "  -h, --help");
    child_free(&child);
}

static void bindings_are_generated_from_wit(void **state) {
    (void)state;
    static const char *const files[] = {"bindings/guest.h", "bindings/guest.c",
                                        "bindings/guest_component_type.o"};
    child_t child;
    char out[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_path(&folder, "bindings", out);
    const char *const arguments[] = {"bindgen", "--world", "runtime-host", "--rename", "guest",
                                     "--out",   out,       core_wit,       NULL};
    for (int again = 0; again < 2; again++) {
        child_run(&child, NULL, arguments);
        child_expect(&child, 0);
        assert_string_equal(child.err, "");
        child_free(&child);
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            struct stat information;
            char path[AIRS_TEMPORARY_PATH_MAX];
            assert_int_equal(stat(airs_temporary_file_path(&folder, files[i], path), &information), 0);
            assert_true(information.st_size > 100);
        }
    }
}

static void wit_that_is_wrong_is_told_with_its_place(void **state) {
    (void)state;
    child_t child;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_write_text(&folder, "wrong.wit", "package a:b;\nworld w {\n  improt x;\n}\n");
    const char *const arguments[] = {"bindgen", "--out", folder.path,
                                     airs_temporary_file_path(&folder, "wrong.wit", path), NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 4);
    child_expect_text(&child, "err", "wrong.wit:3:");
    child_free(&child);
    const char *const missing[] = {"bindgen", "no-such.wit", NULL};
    child_run(&child, NULL, missing);
    child_expect(&child, 4);
    child_expect_text(&child, "err", "no-such.wit");
    child_free(&child);
}

static void bindings_that_cannot_be_written_are_told(void **state) {
    (void)state;
    child_t child;
    const char *const arguments[] = {"bindgen", "--world", "runtime-host", "--out", "/dev/null/x",
                                     core_wit,  NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 1);
    child_expect_text(&child, "err", "/dev/null/x");
    child_free(&child);
}

static void a_module_becomes_a_component(void **state) {
    (void)state;
    child_t child;
    char module[AIRS_TEMPORARY_PATH_MAX];
    char wit[AIRS_TEMPORARY_PATH_MAX];
    char out[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_write_text(&folder, "tiny.wit",
                                   "package a:tiny;\nworld tiny { export answer: func() -> u32; }\n");
    airs_temporary_file_write_text(&folder, "tiny.wat",
                                   "(module (func (export \"answer\") (result i32) i32.const 42))");
    airs_temporary_file_path(&folder, "tiny.wat", module);
    airs_temporary_file_path(&folder, "tiny.wit", wit);
    airs_temporary_file_path(&folder, "tiny.wasm", out);
    const char *const arguments[] = {"componentize", "--wit", wit, module, "-o", out, NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 0);
    child_free(&child);
    const char *const inspect[] = {"inspect", out, NULL};
    child_run(&child, NULL, inspect);
    child_expect(&child, 0);
    child_expect_text(&child, "out", "export answer: func() -> u32;");
    child_free(&child);
}

static void a_component_is_taken_for_what_it_is(void **state) {
    (void)state;
    child_t child;
    char path[AIRS_TEMPORARY_PATH_MAX];
    static const uint8_t component[] = {0, 'a', 's', 'm', 13, 0, 1, 0};
    airs_temporary_file_write(&folder, "made.wasm", component, sizeof component);
    airs_temporary_file_path(&folder, "made.wasm", path);
    const char *const componentize[] = {"componentize", path, "-o", "-", NULL};
    child_run(&child, NULL, componentize);
    child_expect(&child, 4);
    child_expect_text(&child, "err", "made.wasm: is a component already");
    child_free(&child);
    const char *const run[] = {"run", path, NULL};
    child_run(&child, NULL, run);
    child_expect(&child, 3);
    child_expect_text(&child, "err", "made.wasm: is WebAssembly and no manifest");
    child_free(&child);
}

static void a_module_that_fits_no_world_is_refused(void **state) {
    (void)state;
    child_t child;
    char module[AIRS_TEMPORARY_PATH_MAX];
    char out[AIRS_TEMPORARY_PATH_MAX];
    struct stat information;
    airs_temporary_file_path(&folder, "never.wasm", out);
    airs_temporary_file_write_text(&folder, "bad.wat", "(module (func (export \"other\")))");
    airs_temporary_file_path(&folder, "bad.wat", module);
    const char *const arguments[] = {"componentize", "--wit", core_wit, module, "-o", out, NULL};
    child_run(&child, NULL, arguments);
    child_expect(&child, 4);
    child_expect_text(&child, "err", "bad.wat");
    child_free(&child);
    assert_int_not_equal(stat(out, &information), 0);
    const char *const missing[] = {"componentize", "no-such.wasm", "-o", out, NULL};
    child_run(&child, NULL, missing);
    child_expect(&child, 4);
    child_expect_text(&child, "err", "no-such.wasm");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_help_are_on_standard_output),
        cmocka_unit_test(every_verb_has_help_with_its_options_and_exit_codes),
        cmocka_unit_test(mistakes_are_told_with_what_would_be_right),
        cmocka_unit_test(help_has_a_letter_too),
        cmocka_unit_test(bindings_are_generated_from_wit),
        cmocka_unit_test(wit_that_is_wrong_is_told_with_its_place),
        cmocka_unit_test(bindings_that_cannot_be_written_are_told),
        cmocka_unit_test(a_module_becomes_a_component),
        cmocka_unit_test(a_component_is_taken_for_what_it_is),
        cmocka_unit_test(a_module_that_fits_no_world_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
