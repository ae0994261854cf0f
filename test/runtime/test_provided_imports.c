#include "runtime/provided_imports.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "runtime/component_loader.h"
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

/* ---- names ---------------------------------------------------------------------------------- */

/* All that is provided, in the first version of each. */
static const char *const provided[] = {
    "airssys:core/host-messaging@1.0.0",
    "airssys:core/host-services@1.0.0",
    "airssys:core/storage@1.0.0",
    "airssys:actor/batch@0.1.0",
    "airssys:actor/replies@0.1.0",
    "airssys:actor/timers@0.1.0",
    "airssys:actor/topics@0.1.0",
    "wasi:cli/environment@0.2.0",
    "wasi:cli/exit@0.2.0",
    "wasi:cli/stdin@0.2.0",
    "wasi:cli/stdout@0.2.0",
    "wasi:cli/stderr@0.2.0",
    "wasi:cli/terminal-input@0.2.0",
    "wasi:cli/terminal-output@0.2.0",
    "wasi:cli/terminal-stdin@0.2.0",
    "wasi:cli/terminal-stdout@0.2.0",
    "wasi:cli/terminal-stderr@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:filesystem/preopens@0.2.0",
    "wasi:filesystem/types@0.2.0",
    "wasi:io/error@0.2.0",
    "wasi:io/poll@0.2.0",
    "wasi:io/streams@0.2.0",
    "wasi:random/insecure-seed@0.2.0",
    "wasi:random/insecure@0.2.0",
    "wasi:random/random@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/udp-create-socket@0.2.0",
    "wasi:sockets/udp@0.2.0",
    "wasi:config/store@0.2.0-draft",
    "wasi:config/store@0.2.0-rc.1",
    "wasi:keyvalue/atomics@0.2.0-draft",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/batch@0.2.0-draft",
    "wasi:keyvalue/batch@0.2.0-draft2",
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:logging/logging@0.1.0-draft",
};
#define PROVIDED (sizeof provided / sizeof *provided)

static void interfaces_are_known_by_name(void **state) {
    (void)state;
    for (size_t i = 0; i < PROVIDED; i++) {
        assert_true(airs_import_is_provided(airs_str(provided[i])));
    }
    assert_true(airs_import_is_provided(airs_str("airssys:core/types@1.0.0")));
    assert_true(airs_import_is_provided(airs_str("airssys:core/errors@1.0.0")));
}

static void compatible_versions_are_the_same(void **state) {
    (void)state;
    assert_true(airs_import_is_provided(airs_str("wasi:cli/environment@0.2.3")));
    assert_true(airs_import_is_provided(airs_str("wasi:cli/environment@0.2.12")));
    assert_true(airs_import_is_provided(airs_str("airssys:core/storage@1.0.7")));
}

static void other_names_and_versions_are_not_provided(void **state) {
    (void)state;
    static const char *const others[] = {"",
                                         "wasi:cli/environment",
                                         "wasi:cli/environment@0.2",
                                         "wasi:cli/environment@0.20.0",
                                         "wasi:cli/environment@0.3.0",
                                         "wasi:cli/environments@0.2.0",
                                         "wasi:cli/environ",
                                         "WASI:cli/environment@0.2.0",
                                         "wasi:cli/run@0.2.0",
                                         "wasi:http/outgoing-handler@0.2.0",
                                         "wasi:keyvalue/store@0.2.0",
                                         "wasi:keyvalue/store@0.2.0-draft3",
                                         "wasi:keyvalue/watcher@0.2.0-draft",
                                         "wasi:config/store@0.2.0",
                                         "wasi:config/store@0.2.0-rc.2",
                                         "wasi:config/store@0.2.0-draft-2024-09-27",
                                         "wasi:config/runtime@0.2.0-draft",
                                         "wasi:logging/logging@0.1.0",
                                         "wasi:logging/logging",
                                         "airssys:core/storage@2.0.0",
                                         "airssys:core/component-lifecycle@1.0.0",
                                         "airssys:actor/timers@1.0.0",
                                         "airssys:actor/timers@0.2.0",
                                         "airssys:actor/batch@0.2.0",
                                         "somebody:cli/environment@0.2.0"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (airs_import_is_provided(airs_str(others[i]))) {
            fail_msg("\"%s\" is not provided", others[i]);
        }
    }
    /* A name is not read beyond its end. */
    assert_false(airs_import_is_provided(airs_str_n("wasi:cli/exit@0.2.0", 17)));
}

/* ---- what a component lacks ----------------------------------------------------------------- */

static void names_all_that_is_missing_in_their_order(void **state) {
    (void)state;
    wasmtime_component_t *component = compiled_text(
        engine, "(component"
                "  (import \"b:b/second@1.0.0\" (instance (export \"f\" (func))))"
                "  (import \"wasi:cli/exit@0.2.0\" (instance (export \"f\" (func))))"
                "  (import \"types:only/here@1.0.0\" (instance (type $t u32) (export \"t\" (type (eq $t)))))"
                "  (import \"a:a/first@1.0.0\" (instance (export \"r\" (type (sub resource)))))"
                "  (import \"plain\" (func)))");
    char text[256];
    assert_int_equal(airs_missing_imports(engine, component, text, sizeof text), 3);
    assert_string_equal(text, "b:b/second@1.0.0, a:a/first@1.0.0, plain");
    wasmtime_component_delete(component);
}

static void what_does_not_fit_is_cut(void **state) {
    (void)state;
    wasmtime_component_t *component =
        compiled_text(engine, "(component (import \"first\" (func)) (import \"second\" (func)))");
    for (size_t size = 1; size < 20; size++) {
        char text[20];
        memset(text, '!', sizeof text);
        assert_int_equal(airs_missing_imports(engine, component, text, size), 2);
        assert_true(memchr(text, '\0', size) != NULL);
        assert_memory_equal("first, second", text, strlen(text));
        assert_int_equal(text[size < sizeof text ? size : sizeof text - 1], '!');
    }
    wasmtime_component_delete(component);
}

static void nothing_is_missing_where_nothing_is_imported(void **state) {
    (void)state;
    wasmtime_component_t *component = compiled_text(engine, "(component)");
    char text[16] = "before";
    assert_int_equal(airs_missing_imports(engine, component, text, sizeof text), 0);
    assert_string_equal(text, "");
    wasmtime_component_delete(component);
}

static void what_imports_wasi_is_told(void **state) {
    (void)state;
    static const char *const texts[] = {
        "(component)",
        "(component (import \"wasi\" (func)))",
        "(component (import \"a:b/c@1.0.0\" (instance)))",
        "(component (import \"wasi:logging/logging@0.1.0-draft\" (instance)))",
        "(component (import \"a:b/c@1.0.0\" (instance)) (import \"wasi:io/poll@0.2.0\" (instance)))",
    };
    for (size_t i = 0; i < 5; i++) {
        wasmtime_component_t *component = compiled_text(engine, texts[i]);
        assert_int_equal(airs_imports_wasi(engine, component), i == 4);
        wasmtime_component_delete(component);
    }
}

static bool note_first(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    (void)item;
    *(int *)context += 1;
    assert_true(airs_str_equal(name, airs_str("first")));
    return false;
}

static void a_visit_can_end_early(void **state) {
    (void)state;
    int visited = 0;
    wasmtime_component_t *component =
        compiled_text(engine, "(component (import \"first\" (func)) (import \"second\" (func)))");
    airs_each_import(engine, component, note_first, &visited);
    assert_int_equal(visited, 1);
    wasmtime_component_delete(component);
}

/* ---- the list and the linker ---------------------------------------------------------------- */

#define APPENDED_MAX 128

/* A good component with an import behind it, of an interface with one function "nope" of no arguments; the
 * instance type that this adds has the number `type`. */
static size_t append_import(uint8_t *to, const char *name, uint32_t type) {
    static const uint8_t instance_type[] = {0x07, 18,   1, 0x42, 2,   0x01, 0x40, 0x00, 0x01, 0x00,
                                            0x04, 0x00, 4, 'n',  'o', 'p',  'e',  0x01, 0x00};
    size_t size = 0;
    memcpy(to, instance_type, sizeof instance_type);
    to[1] = sizeof instance_type - 2;
    size += sizeof instance_type;
    uint8_t *length = &to[size + 1];
    to[size++] = 0x0a;
    size++;
    to[size++] = 1;
    to[size++] = 0x00;
    to[size++] = (uint8_t)strlen(name);
    size = (size_t)((uint8_t *)airs_copy(to + size, name, strlen(name)) - to);
    to[size++] = 0x05;
    to[size++] = (uint8_t)(type & 0x7f) | (type > 0x7f ? 0x80 : 0);
    if (type > 0x7f) {
        to[size++] = (uint8_t)(type >> 7);
    }
    *length = (uint8_t)(to + size - length - 1);
    return size;
}

static airs_status_t load_with_import(const uint8_t *good, size_t size, const char *name, uint32_t type,
                                      airs_error_t *error) {
    uint8_t *bytes = malloc(size + APPENDED_MAX);
    assert_non_null(bytes);
    memcpy(bytes, good, size);
    airs_component_source_t source = {
        .bytes = airs_bytes(bytes, size + append_import(bytes + size, name, type)), .name = "grown"};
    airs_component_handle_t component = 0;
    airs_status_t status = fixture.engine->ops->load(fixture.engine, &source, &component, error);
    free(bytes);
    return status;
}

/* How many types the component has, found by trying: the number above is none. */
static uint32_t count_types(const uint8_t *good, size_t size) {
    airs_error_t error;
    uint32_t type = 2000;
    while (load_with_import(good, size, "some:interface/here@1.0.0", type, &error) ==
           AIRS_INVALID_COMPONENT) {
        assert_true(type-- > 0);
    }
    return type;
}

static void every_interface_of_the_list_is_in_the_linker_and_is_refused_for_what_it_lacks(void **state) {
    (void)state;
    void *block = NULL;
    airs_bytes_t good;
    airs_error_t error;
    assert_ok(
        airs_component_read(airs_allocator_default(), fixture_guest("bad/quiet"), NULL, &block, &good, NULL));
    uint32_t type = count_types(good.data, good.size);
    assert_status(load_with_import(good.data, good.size, "some:interface/here@1.0.0", type, &error),
                  AIRS_IMPORT_NOT_PROVIDED);
    assert_string_equal(error.text, "grown: it imports what nobody provides: some:interface/here@1.0.0");
    for (size_t i = 0; i < PROVIDED; i++) {
        assert_status(load_with_import(good.data, good.size, provided[i], type, &error),
                      AIRS_IMPORT_NOT_PROVIDED);
        /* The interface is there, the function is not, and both are named. */
        if (strstr(error.text, provided[i]) == NULL || strstr(error.text, "`nope`") == NULL) {
            fail_msg("%s", error.text);
        }
    }
    airs_release(airs_allocator_default(), block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(interfaces_are_known_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(compatible_versions_are_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(other_names_and_versions_are_not_provided, setup, teardown),
        cmocka_unit_test_setup_teardown(names_all_that_is_missing_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_missing_where_nothing_is_imported, setup, teardown),
        cmocka_unit_test_setup_teardown(what_imports_wasi_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_visit_can_end_early, setup, teardown),
        cmocka_unit_test_setup_teardown(
            every_interface_of_the_list_is_in_the_linker_and_is_refused_for_what_it_lacks, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
