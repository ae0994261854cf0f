#include "runtime/component_inspect.h"

#include <stdio.h>

#include "core/memory.h"
#include "runtime/engine_fixture.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

#define LIFECYCLE "airssys:core/component-lifecycle@1.0.0"

static airs_component_report_t *inspect(const char *path) {
    airs_component_report_t *report = NULL;
    airs_error_t error;
    if (airs_component_inspect(airs_allocator_default(), path, NULL, &report, &error) != AIRS_OK) {
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
    assert_true(report->file_bytes > 100);
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
    assert_status(airs_component_inspect(airs_allocator_default(), path, NULL, &report, &error), status);
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
    assert_ok(airs_component_inspect(airs_allocator_default(), bad("huge-memory.wasm"), folder.path, &report,
                                     &error));
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

static airs_bytes_t read_binary(const char *path, void **block) {
    airs_bytes_t binary;
    airs_error_t error;
    if (airs_component_read_binary(airs_allocator_default(), path, block, &binary, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return binary;
}

static void text_has_the_binary_form_that_it_was_made_of(void **state) {
    (void)state;
    void *blocks[2];
    airs_bytes_t binary = read_binary(bad("quiet.wasm"), &blocks[0]);
    airs_bytes_t translated = read_binary(bad("quiet.wat"), &blocks[1]);
    assert_int_equal(binary.size, translated.size);
    assert_memory_equal(binary.data, translated.data, binary.size);
    airs_release(airs_allocator_default(), blocks[0]);
    airs_release(airs_allocator_default(), blocks[1]);

    airs_error_t error;
    assert_status(airs_component_read_binary(airs_allocator_default(), bad("core-module.wat"), &blocks[0],
                                             &binary, &error),
                  AIRS_INVALID_COMPONENT);
}

/* ---- memory --------------------------------------------------------------------------------- */

static airs_status_t life(const airs_allocator_t *allocator, void *path) {
    airs_component_report_t *report = NULL;
    airs_status_t status = airs_component_inspect(allocator, path, NULL, &report, NULL);
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
        cmocka_unit_test(nothing_is_destroyed),
        cmocka_unit_test(code_kept_by_an_inspection_is_checked_again),
        cmocka_unit_test(text_has_the_binary_form_that_it_was_made_of),
        cmocka_unit_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
