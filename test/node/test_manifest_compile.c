/* The manifest's [compile] and [components.NAME.compile], and which components are compiled apart by them. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "node/application.h"
#include "node/manifest_compile.h"
#include "node/manifest_diff.h"
#include "support/guest_manifest.h"

static airs_temporary_folder_t folder;
static airs_temporary_folder_t project;

static int set_up(void **state) {
    airs_bytes_t guest;
    char path[AIRS_TEMPORARY_PATH_MAX];
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_folder_make(&folder, "project");
    airs_temporary_file_path(&folder, "project", project.path);
    assert_ok(airs_file_read(airs_allocator_default(), airs_guest_path("echo", path), (size_t)64 << 20,
                             &guest, NULL));
    airs_temporary_file_write(&folder, "elsewhere.wasm", guest.data, guest.size);
    airs_temporary_file_write(&folder, "project/own.wasm", guest.data, guest.size);
    airs_allocator_default()->release(NULL, (void *)guest.data);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static airs_status_t parse(const char *source, const char *component, const char *rest, airs_manifest_t **out,
                           airs_error_t *error) {
    char text[2048];
    (void)snprintf(text, sizeof text, "[application]\nname = \"app\"\n[components.it]\nsource = \"%s\"\n%s%s",
                   source, component, rest);
    airs_temporary_file_write_text(&project, "airssys.toml", text);
    return airs_manifest_load(airs_allocator_default(), project.path, out, error);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void a_component_says_less_or_more_than_all(void **state) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    (void)state;
    airs_status_t status = parse(
        "own.wasm", "compile = { functions = 7, time = \"2s\", function-size = \"64KiB\" }\n",
        "[compile]\napart = \"all\"\nprogram = \"tools/compile\"\nfunctions = 9\nlocals = 11\n"
        "memory = \"1GiB\"\ntime = \"1s\"\ncpu-time = \"3s\"\ncode-size = \"1MiB\"\nfile-size = \"2MiB\"\n"
        "modules = 1\nnesting = 2\ntypes = 3\nimports = 4\nexports = 5\nmemories = 6\ntables = 8\n"
        "items = 10\n",
        &manifest, &error);
    if (status != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    airs_load_limits_t limits = airs_manifest_load_limits(manifest, &manifest->components[0]);
    const airs_load_limits_t wanted = {.file_bytes = (uint64_t)2 << 20,
                                       .modules = 1,
                                       .nesting = 2,
                                       .functions = 7,
                                       .function_bytes = (uint64_t)64 << 10,
                                       .locals = 11,
                                       .types = 3,
                                       .imports = 4,
                                       .exports = 5,
                                       .memories = 6,
                                       .tables = 8,
                                       .items = 10,
                                       .compile_memory_bytes = (uint64_t)1 << 30,
                                       .compile_time_ms = 2000,
                                       .compile_cpu_ms = 3000,
                                       .code_bytes = (uint64_t)1 << 20};
    assert_memory_equal(&limits, &wanted, sizeof limits);
    assert_int_equal(manifest->compile.mode, AIRS_COMPILE_APART_ALL);
    assert_non_null(strstr(manifest->compile.program, "/project/tools/compile"));
    airs_manifest_destroy(manifest);
}

static void mistakes_are_said_with_their_place(void **state) {
    static const struct {
        const char *component;
        const char *rest;
        const char *text;
    } rows[] = {
        {"", "[compile]\napart = \"some\"\n", "airssys.toml:6:9: compile.apart: "},
        {"", "[compile]\napart = true\n",
         "compile.apart: must be \"untrusted\", \"all\" or \"none\", not a "},
        {"", "[compile]\nprogram = \"\"\n", "compile.program: must be a path"},
        {"", "[compile]\nmemory = \"1MiB\"\n", "airssys.toml:6:10: compile.memory: "},
        {"", "[compile]\ncpu-time = \"1ms\"\n", "compile.cpu-time: "},
        {"", "[compile]\nlocals = 50001\n", "compile.locals: "},
        {"", "[compile]\nfunctoins = 1\n", "functions"},
        {"compile = { apart = \"all\" }\n", "", "components.it.compile.apart"},
        {"compile = { file-size = \"1GiB\" }\n", "", "components.it.compile.file-size: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        airs_manifest_t *manifest = NULL;
        airs_error_t error = {AIRS_OK, ""};
        assert_status(parse("own.wasm", rows[i].component, rows[i].rest, &manifest, &error),
                      AIRS_MANIFEST_INVALID);
        if (strstr(error.text, rows[i].text) == NULL) {
            fail_msg("\"%s\" is not in \"%s\"", rows[i].text, error.text);
        }
    }
}

static void which_are_compiled_apart_stays_as_it_was(void **state) {
    airs_node_options_t made = AIRS_NODE_OPTIONS_INIT;
    airs_manifest_t *manifests[3] = {NULL};
    airs_error_t error;
    (void)state;
    made.max_actors = 10;
    made.max_memory_bytes = (uint64_t)256 << 20;
    assert_ok(parse("own.wasm", "", "", &manifests[0], NULL));
    assert_ok(parse("own.wasm", "", "[compile]\napart = \"none\"\n", &manifests[1], NULL));
    assert_ok(parse("own.wasm", "", "[compile]\ntime = \"1s\"\n", &manifests[2], NULL));
    assert_status(airs_manifest_check_change(manifests[0], manifests[1], &made, &error), AIRS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "compile.apart and compile.program"));
    assert_ok(airs_manifest_check_change(manifests[0], manifests[2], &made, &error));
    for (int i = 0; i < 3; i++) {
        airs_manifest_destroy(manifests[i]);
    }
}

/* ---- loading -------------------------------------------------------------------------------- */

static airs_status_t load(const char *source, const char *component, const char *rest, const char *compiler,
                          airs_error_t *error) {
    const airs_application_options_t options = {
        .log = airs_log_none(), .workers = 1, .cache_dir = "", .compiler = compiler};
    airs_manifest_t *manifest = NULL;
    airs_application_t *application = NULL;
    *error = (airs_error_t){AIRS_OK, ""};
    if (parse(source, component, rest, &manifest, error) != AIRS_OK) {
        fail_msg("%s", error->text);
    }
    assert_ok(airs_application_create(manifest, &options, &application, error));
    airs_status_t status = airs_application_load(application, error);
    airs_application_destroy(application);
    airs_manifest_destroy(manifest);
    return status;
}

#define WARN "[trust]\nmode = \"warn\"\n"
#define OFF "[trust]\nmode = \"off\"\n"

/* Who is compiled apart is seen by who needs the program for it. */
static void what_nobody_vouches_for_is_compiled_apart(void **state) {
    static const struct {
        const char *source;
        const char *rest;
        bool apart;
    } rows[] = {
        {"own.wasm", "", false},
        {"own.wasm", OFF, false},
        {"own.wasm", "[compile]\napart = \"all\"\n", true},
        {"../elsewhere.wasm", WARN, true},
        {"../elsewhere.wasm", OFF, true},
        {"../elsewhere.wasm", WARN "[compile]\napart = \"untrusted\"\n", true},
        {"../elsewhere.wasm", WARN "[compile]\napart = \"none\"\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        airs_error_t error;
        if (load(rows[i].source, "", rows[i].rest, AIRS_TEST_COMPILER, &error) != AIRS_OK) {
            fail_msg("%zu: %s", i, error.text);
        }
        airs_status_t status = load(rows[i].source, "", rows[i].rest, "/nowhere", &error);
        assert_status(status, rows[i].apart ? AIRS_COMPILER_MISSING : AIRS_OK);
        if (rows[i].apart && strstr(error.text, "component it: ") == NULL) {
            fail_msg("%zu: %s", i, error.text);
        }
    }
}

static void a_pinned_component_is_trusted(void **state) {
    char digest[AIRS_DIGEST_TEXT_MAX];
    char path[AIRS_TEMPORARY_PATH_MAX];
    char line[256];
    airs_bytes_t guest;
    airs_error_t error;
    (void)state;
    assert_ok(airs_file_read(airs_allocator_default(), airs_guest_path("echo", path), (size_t)64 << 20,
                             &guest, NULL));
    airs_digest_t is = airs_digest_of(guest);
    airs_allocator_default()->release(NULL, (void *)guest.data);
    (void)snprintf(line, sizeof line, "digest = \"%s\"\n", airs_digest_text(&is, digest));
    assert_ok(load("../elsewhere.wasm", line, "", "/nowhere", &error));
}

static void the_manifest_says_where_the_program_is(void **state) {
    char rest[1024];
    airs_error_t error;
    (void)state;
    (void)snprintf(rest, sizeof rest, WARN "[compile]\nprogram = \"%s\"\n", AIRS_TEST_COMPILER);
    assert_ok(load("../elsewhere.wasm", "", rest, NULL, &error));
    assert_status(load("../elsewhere.wasm", "", WARN "[compile]\nprogram = \"missing\"\n", NULL, &error),
                  AIRS_COMPILER_MISSING);
    assert_non_null(strstr(error.text, "/project/missing"));
}

static void limits_hold_for_what_is_trusted_too(void **state) {
    airs_error_t error;
    (void)state;
    assert_status(load("own.wasm", "compile = { functions = 3 }\n", "", NULL, &error),
                  AIRS_COMPONENT_TOO_COMPLEX);
    assert_non_null(strstr(error.text, "component it: "));
    assert_non_null(strstr(error.text, "own.wasm: it has "));
    assert_status(load("own.wasm", "", "[compile]\nfile-size = \"2KiB\"\n", NULL, &error),
                  AIRS_COMPONENT_TOO_LARGE);
    assert_non_null(strstr(error.text, "bytes, and may have 2048 (compile.file-size raises it)"));
    assert_ok(load("own.wasm", "compile = { file-size = \"1MiB\" }\n", "[compile]\nfile-size = \"2KiB\"\n",
                   NULL, &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_component_says_less_or_more_than_all),
        cmocka_unit_test(mistakes_are_said_with_their_place),
        cmocka_unit_test(which_are_compiled_apart_stays_as_it_was),
        cmocka_unit_test(what_nobody_vouches_for_is_compiled_apart),
        cmocka_unit_test(a_pinned_component_is_trusted),
        cmocka_unit_test(the_manifest_says_where_the_program_is),
        cmocka_unit_test(limits_hold_for_what_is_trusted_too),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
