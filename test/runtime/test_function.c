#include "runtime/host/function.h"

#include <stdio.h>

#include "runtime/compiled_text.h"
#include "runtime/engine_fixture.h"

static fixture_t fixture;
static const wasm_engine_t *engine;

static int setup(void **state) {
    (void)state;
    fixture_open(&fixture, NULL);
    engine = airs_wasm_engine_of(fixture.engine)->engine;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_close(&fixture);
    return 0;
}

/* ---- types as text ---- */

static void assert_text(const char *wat, const char *text) {
    char source[4096];
    char out[AIRS_HOST_TYPE_TEXT_MAX];
    wasmtime_component_item_t item;
    snprintf(source, sizeof source, "(component %s (import \"f\" (func (type $f))))", wat);
    wasmtime_component_t *component = compiled_text(engine, source);
    wasmtime_component_type_t *type = wasmtime_component_type(component);
    assert_true(wasmtime_component_type_import_get(type, engine, "f", 1, &item));
    assert_int_equal(item.kind, WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC);
    assert_string_equal(airs_host_type_text(item.of.component_func, out), text);
    wasmtime_component_item_delete(&item);
    wasmtime_component_type_delete(type);
    wasmtime_component_delete(component);
}

static void types_are_told_as_wit_has_them(void **state) {
    (void)state;
    assert_text("(type $f (func))", "func()");
    assert_text("(type $f (func (param \"a\" bool) (param \"b\" s8) (param \"c\" u64) (result string)))",
                "func(bool, s8, u64) -> string");
    assert_text("(type $l (list u8)) (type $o (option $l)) (type $r (result $o (error string)))"
                "(type $f (func (param \"a\" (list char)) (result $r)))",
                "func(list<char>) -> result<option<list<u8>>, string>");
    assert_text("(type $a (result)) (type $b (result u8)) (type $t (tuple $a $b f32 f64))"
                "(type $f (func (result $t)))",
                "func() -> tuple<result<_, _>, result<u8, _>, f32, f64>");
}

/* Named types have to be named from outside. */
static void named_types_are_spelled_out(void **state) {
    (void)state;
    assert_text("(import \"types\" (instance $i"
                " (type $e (enum \"red\" \"green\")) (export \"e\" (type $x (eq $e)))"
                " (type $v (variant (case \"none\") (case \"some\" $x))) (export \"v\" (type $y (eq $v)))"
                " (type $r (record (field \"one\" $y) (field \"two\" u32))) (export \"r\" (type (eq $r)))))"
                "(alias export $i \"r\" (type $r))"
                "(type $f (func (param \"a\" $r)))",
                "func(record{one: variant{none, some(enum{red, green})}, two: u32})");
}

static void what_we_do_not_use_is_another_type(void **state) {
    (void)state;
    assert_text("(import \"r\" (type $r (sub resource)))"
                "(type $f (func (param \"a\" (borrow $r)) (result (own $r))))",
                "func(another type) -> another type");
    assert_text("(type $a (list u8)) (type $b (list $a)) (type $c (list $b)) (type $d (list $c))"
                "(type $e (list $d)) (type $g (list $e)) (type $h (list $g)) (type $i (list $h))"
                "(type $j (list $i)) (type $f (func (param \"a\" $j)))",
                "func(list<list<list<list<list<list<list<list<...>>>>>>>>)");
}

static void what_is_too_long_is_cut(void **state) {
    (void)state;
    char wat[3500] = "(type $f (func";
    for (int i = 0; i < 100; i++) {
        size_t used = strlen(wat);
        snprintf(wat + used, sizeof wat - used, " (param \"p%d\" (list string))", i);
    }
    strcat(wat, "))");
    char text[AIRS_HOST_TYPE_TEXT_MAX + sizeof "list<string>, "] = "func(";
    while (strlen(text) < AIRS_HOST_TYPE_TEXT_MAX) {
        strcat(text, "list<string>, ");
    }
    text[AIRS_HOST_TYPE_TEXT_MAX - 1] = '\0';
    assert_text(wat, text);
}

/* ---- what a component declares ---- */

static airs_status_t check(const char *wat, airs_error_t *error) {
    wasmtime_component_t *component = compiled_text(engine, wat);
    airs_status_t status = airs_host_functions_check(engine, component, "some.wasm", error);
    wasmtime_component_delete(component);
    return status;
}

static void assert_refused(const char *wat, const char *why) {
    airs_error_t error = {.text = ""};
    assert_status(check(wat, &error), AIRS_IMPORT_NOT_PROVIDED);
    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }
}

static void a_function_of_another_type_is_refused(void **state) {
    (void)state;
    assert_refused("(component (import \"airssys:core/host-services@1.0.0\""
                   " (instance (export \"log\" (func)))))",
                   "some.wasm: it imports log of airssys:core/host-services@1.0.0 as func(); here it is "
                   "func(enum{trace, debug");
    /* A result where there is none, none where there is one, and an argument more. */
    assert_refused("(component (import \"airssys:actor/supervision@0.1.0\""
                   " (instance (export \"demonitor\" (func (param \"m\" u64))))))",
                   "as func(u64); here it is func(u64) -> bool");
    assert_refused("(component (import \"airssys:core/host-services@1.0.0\""
                   " (instance (export \"current-time-millis\" (func (param \"a\" u8) (result u64))))))",
                   "as func(u8) -> u64; here it is func() -> u64");
    assert_refused("(component (import \"wasi:random/insecure-seed@0.2.0\""
                   " (instance (export \"insecure-seed\" (func (result u64))))))",
                   "as func() -> u64; here it is func() -> tuple<u64, u64>");
    assert_refused("(component (import \"wasi:config/store@0.2.0-draft\""
                   " (instance (export \"get\" (func (param \"key\" string) (result string))))))",
                   "as func(string) -> string; here it is func(string) -> result<option<string>, ");
    assert_refused("(component (import \"wasi:logging/logging@0.1.0-draft\""
                   " (instance (export \"log\" (func (param \"l\" u8))))))",
                   "as func(u8); here it is");
}

/* What a linker takes for compatible is looked at as well. */
static void the_version_does_not_matter(void **state) {
    (void)state;
    assert_refused("(component (import \"airssys:core/host-services@1.7.3\""
                   " (instance (export \"log\" (func)))))",
                   "log of airssys:core/host-services@1.7.3 as func()");
    assert_refused("(component (import \"wasi:random/insecure-seed@0.2.99\""
                   " (instance (export \"insecure-seed\" (func)))))",
                   "as func(); here");
}

static void what_fits_and_what_is_not_ours_passes(void **state) {
    (void)state;
    airs_error_t error;
    assert_ok(check("(component)", &error));
    assert_ok(check("(component (import \"log\" (func)))", &error));
    assert_ok(check("(component (import \"other:core/host-services@1.0.0\""
                    " (instance (export \"log\" (func)))))",
                    &error));
    assert_ok(check("(component (import \"airssys:core/host-services@1.0.0\""
                    " (instance (export \"current-time-millis\" (func (result u64)))"
                    " (export \"nope\" (func)))))",
                    &error));
    assert_ok(
        check("(component (import \"wasi:config/store@0.2.0-draft\" (instance"
              " (type $o (option string)) (export \"get\" (func (param \"key\" string) (result $o))))))",
              &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_are_told_as_wit_has_them, setup, teardown),
        cmocka_unit_test_setup_teardown(named_types_are_spelled_out, setup, teardown),
        cmocka_unit_test_setup_teardown(what_we_do_not_use_is_another_type, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(a_function_of_another_type_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_version_does_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(what_fits_and_what_is_not_ours_passes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
