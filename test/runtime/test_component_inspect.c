#include "runtime/component_inspect.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "runtime/engine_fixture.h"
#include "support/compile_bomb.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

#define LIFECYCLE "airssys:core/component-lifecycle@1.0.0"

static const airs_inspect_options_t standard = {.compiler = AIRS_TEST_COMPILER};

static airs_component_report_t *inspect(const char *path) {
    airs_component_report_t *report = NULL;
    airs_error_t error;
    if (airs_component_inspect(airs_allocator_default(), path, &standard, &report, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return report;
}

static const char *bad(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/bad/%s", AIRS_TEST_GUESTS, name);
    return path;
}

static const airs_component_import_t *import_of(const airs_component_report_t *report, const char *name) {
    for (size_t i = 0; i < report->import_count; i++) {
        if (strncmp(report->imports[i].name, name, strlen(name)) == 0) {
            return &report->imports[i];
        }
    }
    return NULL;
}

static bool exports(const airs_component_report_t *report, const char *name) {
    for (size_t i = 0; i < report->export_count; i++) {
        if (strcmp(report->exports[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void tells_what_a_component_has_and_needs(void **state) {
    (void)state;
    airs_component_report_t *report = inspect(bad("quiet.wasm"));
    assert_ok(report->verdict);
    assert_string_equal(report->reason, "");
    assert_true(exports(report, LIFECYCLE));
    assert_true(report->has_resources);
    assert_int_equal(report->memories, 1);
    assert_int_equal(report->initial_memory_bytes, 65536);
    assert_true(report->binary.size > 100);
    airs_component_report_destroy(report);
}

static void tells_what_its_imports_need(void **state) {
    (void)state;
    airs_component_report_t *report = inspect(fixture_guest("wasi"));
    assert_ok(report->verdict);
    const airs_component_import_t *import = import_of(report, "wasi:cli/environment@0.2.");
    assert_non_null(import);
    assert_int_equal(import->need, AIRS_IMPORT_PROVIDED);
    import = import_of(report, "airssys:core/types@1.0.0");
    assert_non_null(import);
    assert_int_not_equal(import->need, AIRS_IMPORT_MISSING);
    for (size_t i = 0; i < report->import_count; i++) {
        assert_int_not_equal(report->imports[i].need, AIRS_IMPORT_MISSING);
    }
    assert_true(report->tables > 0);
    airs_component_report_destroy(report);
}

static void what_could_not_run_here_is_said_and_no_error(void **state) {
    (void)state;
    airs_component_report_t *report = inspect(bad("unknown-import.wasm"));
    assert_status(report->verdict, AIRS_IMPORT_NOT_PROVIDED);
    assert_non_null(strstr(report->reason,
                           "unknown-import.wasm: it imports what nobody provides: test:bad/nobody@1.2.3"));
    const airs_component_import_t *import = import_of(report, "test:bad/nobody@1.2.3");
    assert_non_null(import);
    assert_int_equal(import->need, AIRS_IMPORT_MISSING);
    airs_component_report_destroy(report);

    report = inspect(bad("no-lifecycle.wat"));
    assert_status(report->verdict, AIRS_EXPORT_NOT_FOUND);
    assert_int_equal(report->import_count, 0);
    assert_int_equal(report->export_count, 0);
    airs_component_report_destroy(report);

    report = inspect(bad("mistyped-function.wasm"));
    assert_status(report->verdict, AIRS_EXPORT_TYPE_MISMATCH);
    assert_true(exports(report, LIFECYCLE));
    airs_component_report_destroy(report);
}

static void resources_are_counted(void **state) {
    (void)state;
    airs_component_report_t *report = inspect(bad("memories.wasm"));
    assert_int_equal(report->memories, 8);
    assert_int_equal(report->initial_memory_bytes, (uint64_t)48 << 20);
    airs_component_report_destroy(report);
    /* As large as a memory can be: what runs it must allow as much. */
    report = inspect(bad("huge-memory.wasm"));
    assert_ok(report->verdict);
    assert_int_equal(report->initial_memory_bytes, (uint64_t)4 << 30);
    airs_component_report_destroy(report);
}

static void assert_refused(const char *path, airs_status_t status, const char *text) {
    airs_component_report_t *report = NULL;
    airs_error_t error;
    assert_status(airs_component_inspect(airs_allocator_default(), path, &standard, &report, &error), status);
    assert_null(report);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" does not have \"%s\"", error.text, text);
    }
}

static void what_is_no_component_is_an_error(void **state) {
    (void)state;
    assert_refused(bad("missing.wasm"), AIRS_IO, "missing.wasm: No such file or directory");
    assert_refused(AIRS_TEST_GUESTS, AIRS_IO, ": not a file");
    assert_refused(bad("core-module.wat"), AIRS_INVALID_COMPONENT, "it is a core module");
    assert_refused(bad("not-wat.wat"), AIRS_INVALID_COMPONENT, "not-wat.wat:2:13: ");
    assert_refused(bad("not-valid.wat"), AIRS_INVALID_COMPONENT, "it is not a valid component");
    assert_refused(bad("huge-table.wasm"), AIRS_RESOURCE_LIMIT, "it is larger than an instance may be");
}

/* As a load has it, and before the work of compiling it. */
static void what_has_too_much_in_it_is_an_error(void **state) {
    (void)state;
    enum { NESTED = 18 };
    static const char open[] = "(component ";
    char text[NESTED * sizeof open + NESTED];
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_t folder;
    size_t used = 0;
    for (int i = 0; i < NESTED; i++) {
        memcpy(text + used, open, sizeof open - 1);
        used += sizeof open - 1;
    }
    memset(text + used, ')', NESTED);
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write(&folder, "deep.wat", text, used + NESTED);
    assert_refused(airs_temporary_file_path(&folder, "deep.wat", path), AIRS_COMPONENT_TOO_COMPLEX,
                   "deep.wat: it has 17 components within components or more, and may have 16");
    airs_temporary_folder_remove(&folder);
}

static void nothing_is_destroyed(void **state) {
    (void)state;
    airs_component_report_destroy(NULL);
}

/* ---- the cache ------------------------------------------------------------------------------ */

/* What was compiled for looking at it runs only where it fits. */
static void code_kept_by_an_inspection_is_checked_again(void **state) {
    (void)state;
    static fixture_t fixture;
    airs_temporary_folder_t folder;
    airs_component_report_t *report = NULL;
    airs_component_handle_t component = 0;
    airs_error_t error;
    airs_temporary_folder_create(&folder);
    const airs_inspect_options_t kept = {.cache_dir = folder.path, .compiler = AIRS_TEST_COMPILER};
    assert_ok(
        airs_component_inspect(airs_allocator_default(), bad("huge-memory.wasm"), &kept, &report, &error));
    airs_component_report_destroy(report);
    const airs_wasm_engine_options_t options = {.max_instances = 2, .cache_dir = folder.path};
    fixture_open(&fixture, &options);
    const airs_component_source_t source = {.path = bad("huge-memory.wasm")};
    assert_status(fixture.engine->ops->load(fixture.engine, &source, &component, &error),
                  AIRS_RESOURCE_LIMIT);
    assert_non_null(strstr(error.text, "larger than an instance may be"));
    fixture_close(&fixture);
    airs_temporary_folder_remove(&folder);
}

/* ---- the binary form ------------------------------------------------------------------------ */

static void text_has_the_binary_form_that_it_was_made_of(void **state) {
    (void)state;
    airs_component_report_t *binary = inspect(bad("quiet.wasm"));
    airs_component_report_t *text = inspect(bad("quiet.wat"));
    assert_int_equal(binary->binary.size, text->binary.size);
    assert_memory_equal(binary->binary.data, text->binary.data, binary->binary.size);
    airs_component_report_destroy(binary);
    airs_component_report_destroy(text);
}

/* ---- what costs too much -------------------------------------------------------------------- */

#define MIB ((uint64_t)1 << 20)

static void expect_bounded(const airs_compile_bomb_t *bomb, const airs_load_limits_t *limits,
                           airs_status_t wanted, const char *text) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_t folder;
    airs_component_report_t *report = NULL;
    airs_error_t error;
    airs_bytes_t bytes = airs_compile_bomb_make(bomb);
    const airs_inspect_options_t options = {.compiler = AIRS_TEST_COMPILER, .limits = limits};
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write(&folder, "bomb.wasm", bytes.data, bytes.size);
    free((void *)(uintptr_t)bytes.data);
    airs_temporary_file_path(&folder, "bomb.wasm", path);
    assert_status(airs_component_inspect(airs_allocator_default(), path, &options, &report, &error), wanted);
    assert_null(report);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" does not have \"%s\"", error.text, text);
    }
    airs_temporary_folder_remove(&folder);
}

/* As nobody has looked at it before it is inspected, a bomb goes off elsewhere and within bounds. */
static void bombs_go_off_elsewhere(void **state) {
    (void)state;
    static const airs_compile_bomb_t deep = {.functions = 1, .steps = 3, .blocks = 1000, .locals = 1000};
    static const airs_compile_bomb_t many = {.functions = 100000, .steps = 30};
    const airs_load_limits_t memory = {
        .compile_memory_bytes = 256 * MIB, .compile_time_ms = 600000, .compile_cpu_ms = 600000};
    const airs_load_limits_t time = {.compile_time_ms = 1000};
    const airs_load_limits_t processor = {.compile_cpu_ms = 1000};
    expect_bounded(&deep, &memory, AIRS_COMPILE_MEMORY_EXCEEDED,
                   "bomb.wasm: compiling it takes more than 256 MiB of memory");
    expect_bounded(&deep, &time, AIRS_COMPILE_TIME_EXCEEDED,
                   "bomb.wasm: compiling it takes longer than 1000 ms");
    expect_bounded(&many, &processor, AIRS_COMPILE_TIME_EXCEEDED,
                   "bomb.wasm: compiling it takes more than 1000 ms of processor time");
}

/* ---- memory --------------------------------------------------------------------------------- */

static airs_status_t life(const airs_allocator_t *allocator, void *path) {
    airs_component_report_t *report = NULL;
    const airs_inspect_options_t options = {.here = true};
    airs_status_t status = airs_component_inspect(allocator, path, &options, &report, NULL);
    if (status == AIRS_OK) {
        assert_status(report->verdict, AIRS_OK);
    }
    airs_component_report_destroy(report);
    return status;
}

static void says_when_there_is_no_memory(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", bad("quiet.wat"));
    airs_fail_each_allocation(life, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_a_component_has_and_needs),
        cmocka_unit_test(tells_what_its_imports_need),
        cmocka_unit_test(what_could_not_run_here_is_said_and_no_error),
        cmocka_unit_test(resources_are_counted),
        cmocka_unit_test(what_is_no_component_is_an_error),
        cmocka_unit_test(what_has_too_much_in_it_is_an_error),
        cmocka_unit_test(nothing_is_destroyed),
        cmocka_unit_test(code_kept_by_an_inspection_is_checked_again),
        cmocka_unit_test(text_has_the_binary_form_that_it_was_made_of),
        cmocka_unit_test(bombs_go_off_elsewhere),
        cmocka_unit_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
