#include "runtime/component_loader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/check.h"
#include "runtime/engine_fixture.h"
#include "support/seeded_random.h"
#include "support/temporary_folder.h"

/* How long calls of components that may do anything may take. */
#define BRIEF_MS 20

#define FLIPS 300
#define FLIPS_OF_ECHO 40
#define TRUNCATION_STEP 100

#define LOADERS 4
#define LOADS_EACH 6

static fixture_t fixture;
static airs_temporary_folder_t folder;

static int setup(void **state) {
    (void)state;
    fixture_open(&fixture, NULL);
    airs_temporary_folder_create(&folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    fixture_close(&fixture);
    return 0;
}

static airs_status_t load(const airs_component_source_t *source, airs_component_handle_t *out,
                          airs_error_t *error) {
    memset(error, 0, sizeof *error);
    return fixture.engine->ops->load(fixture.engine, source, out, error);
}

/* Whatever happened before: the engine goes on. */
static void assert_echo_works(void) {
    fixture_drop(&fixture);
    fixture_run(&fixture, "echo", NULL);
    assert_ok(fixture_request(&fixture, "still there"));
    assert_string_equal(fixture_response(&fixture), "still there");
    fixture_drop(&fixture);
}

static void assert_refused(const airs_component_source_t *source, airs_status_t status, const char *text) {
    airs_component_handle_t component = 77;
    airs_error_t error;
    airs_status_t got = load(source, &component, &error);
    if (got != status || strstr(error.text, text) == NULL) {
        fail_msg("%s: \"%s\"; wanted %s: \"%s\"", airs_status_name(got), error.text, airs_status_name(status),
                 text);
    }
    assert_status(error.status, status);
    assert_int_equal(component, 77);
    /* A person reads it: one line, and without what only the engine's makers understand. */
    assert_null(strchr(error.text, '\n'));
}

static void assert_bytes_refused(const char *bytes, size_t size, airs_status_t status, const char *text) {
    airs_component_source_t source = {.bytes = airs_bytes(bytes, size), .name = "some.wasm"};
    assert_refused(&source, status, text);
}

static void assert_text_refused(const char *bytes, airs_status_t status, const char *text) {
    assert_bytes_refused(bytes, strlen(bytes), status, text);
}

static void assert_file_refused(const char *name, airs_status_t status, const char *text) {
    char path[1024];
    snprintf(path, sizeof path, "%s/bad/%s", AIRS_TEST_GUESTS, name);
    airs_component_source_t source = {.path = path};
    assert_refused(&source, status, text);
    airs_error_t error;
    airs_component_handle_t component = 0;
    load(&source, &component, &error);
    /* It begins with the file, so that one knows which. */
    assert_memory_equal(error.text, path, strlen(path));
    assert_echo_works();
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void bytes_that_are_no_component_are_refused(void **state) {
    (void)state;
    assert_text_refused("", AIRS_INVALID_COMPONENT, "some.wasm: it is empty, not a WebAssembly component");
    assert_text_refused("\x7f"
                        "ELF and so on",
                        AIRS_INVALID_COMPONENT,
                        "some.wasm: it is not a WebAssembly component: it begins neither with the four bytes "
                        "\\0asm nor like the text form");
    assert_text_refused("hello", AIRS_INVALID_COMPONENT, "it is not a WebAssembly component");
    assert_bytes_refused("\0\0\0\0\0\0\0\0\0\0", 10, AIRS_INVALID_COMPONENT,
                         "it is not a WebAssembly component");
    assert_bytes_refused("\0asm", 4, AIRS_INVALID_COMPONENT, "it ends after 4 bytes, within the header");
    assert_bytes_refused("\0", 1, AIRS_INVALID_COMPONENT, "it ends after 1 bytes, within the header");
    assert_bytes_refused(
        "\0asm\x01\0\0\0", 8, AIRS_INVALID_COMPONENT,
        "it is a core module, not a component; `airssys componentize` makes a component of it");
    assert_bytes_refused("\0asm\x0d\0\x01", 7, AIRS_INVALID_COMPONENT, "it ends after 7 bytes");
    /* A version that does not exist, and a component with nothing in it. */
    assert_bytes_refused("\0asm\x63\0\x01\0", 8, AIRS_INVALID_COMPONENT, "it is not a valid component");
    assert_bytes_refused("\0asm\x0d\0\x01\0", 8, AIRS_EXPORT_NOT_FOUND, "component-lifecycle");
    assert_echo_works();
}

static void text_that_does_not_parse_is_refused_with_its_place(void **state) {
    (void)state;
    assert_text_refused("(", AIRS_INVALID_COMPONENT, "some.wasm:1:2: ");
    assert_text_refused("(component\n  (import 5))", AIRS_INVALID_COMPONENT, "some.wasm:2:11: ");
    assert_text_refused(";; nothing but a comment\n", AIRS_INVALID_COMPONENT, "some.wasm:2:1: ");
    assert_text_refused("(component $\xff\xfe)", AIRS_INVALID_COMPONENT, "some.wasm: ");
    assert_text_refused("(module)", AIRS_INVALID_COMPONENT, "it is a core module");
    assert_text_refused("(component (core module (func (result i32) (i32.add (i32.const 1)))))",
                        AIRS_INVALID_COMPONENT, "it is not a valid component: ");
    assert_file_refused("not-wat.wat", AIRS_INVALID_COMPONENT, "not-wat.wat:2:13: ");
    assert_file_refused("not-valid.wat", AIRS_INVALID_COMPONENT, "it is not a valid component: ");
    assert_file_refused("core-module.wat", AIRS_INVALID_COMPONENT, "it is a core module, not a component");
}

/* Recursion in whatever reads it would end on the stack. */
static void text_nested_without_end_is_refused(void **state) {
    (void)state;
    static const char *const beginnings[] = {"(", "(component ", "(component (core module (func (block "};
    const size_t size = 200000;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        size_t length = strlen(beginnings[i]);
        for (size_t at = 0; at < size; at++) {
            text[at] = beginnings[i][at % length];
        }
        assert_bytes_refused(text, size, AIRS_INVALID_COMPONENT, "some.wasm");
    }
    free(text);
    assert_echo_works();
}

static void files_that_cannot_be_read_are_refused(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_component_source_t source = {.path = airs_temporary_file_path(&folder, "missing.wasm", path)};
    assert_refused(&source, AIRS_IO, "missing.wasm: No such file or directory");
    source.path = folder.path;
    assert_refused(&source, AIRS_IO, ": not a file");
    source.path = "/dev/null";
    assert_refused(&source, AIRS_IO, "/dev/null: not a file");
    source.path = "";
    assert_refused(&source, AIRS_IO, "No such file or directory");
    source.path = airs_temporary_file_path(&folder, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(&source, AIRS_IO, "pipe: not a file");
    airs_temporary_file_write(&folder, "empty.wasm", "", 0);
    source.path = airs_temporary_file_path(&folder, "empty.wasm", path);
    assert_refused(&source, AIRS_INVALID_COMPONENT, "empty.wasm: it is empty");
    assert_echo_works();
}

/* A file with a hole, so that it takes no room on the disk. */
static void a_file_larger_than_any_component_is_not_read(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_write_text(&folder, "large.wasm", "");
    airs_component_source_t source = {.path = airs_temporary_file_path(&folder, "large.wasm", path)};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fseeko(file, (off_t)AIRS_COMPONENT_FILE_MAX, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_refused(&source, AIRS_COMPONENT_TOO_LARGE,
                   "large.wasm: it has 268435457 bytes, and may have 67108864 (compile.file-size raises it)");
    /* Nor by who asks for more than there can be. */
    const airs_load_limits_t limits = {.file_bytes = UINT64_MAX};
    source.limits = &limits;
    assert_refused(&source, AIRS_COMPONENT_TOO_LARGE, "it has 268435457 bytes, and may have 268435456 (");
}

static void bytes_are_bounded_as_files_are(void **state) {
    (void)state;
    const airs_load_limits_t limits = {.file_bytes = 10};
    airs_component_source_t source = {
        .bytes = airs_bytes("(component)", 11), .name = "some.wat", .limits = &limits};
    assert_refused(&source, AIRS_COMPONENT_TOO_LARGE, "some.wat: it has 11 bytes, and may have 10 (");
}

/* Before it is compiled; text when it has become binary. */
static void what_has_too_much_in_it_is_refused(void **state) {
    (void)state;
    const airs_load_limits_t limits = {.functions = 2, .nesting = 1};
    static const char text[] = "(component (core module (func) (func) (func)))";
    static const char deep[] = "(component (component (component)))";
    airs_component_source_t source = {
        .bytes = airs_bytes(text, sizeof text - 1), .name = "some.wat", .limits = &limits};
    assert_refused(&source, AIRS_COMPONENT_TOO_COMPLEX,
                   "some.wat: it has 3 functions or more, and may have 2 (compile.functions raises it)");
    source.bytes = airs_bytes(deep, sizeof deep - 1);
    assert_refused(&source, AIRS_COMPONENT_TOO_COMPLEX,
                   "some.wat: it has 2 components within components or more, and may have 1");
    source = (airs_component_source_t){.path = fixture_guest("echo"), .limits = &limits};
    assert_refused(&source, AIRS_COMPONENT_TOO_COMPLEX, "echo.wasm: it has ");
}

static void exports_that_do_not_fit_are_refused(void **state) {
    (void)state;
    assert_file_refused("no-lifecycle.wat", AIRS_EXPORT_NOT_FOUND,
                        ": the interface airssys:core/component-lifecycle@1.0.0 is not exported");
    assert_file_refused("missing-function.wasm", AIRS_EXPORT_NOT_FOUND,
                        ": airssys:core/component-lifecycle@1.0.0 lacks the function `health`");
    assert_file_refused("mistyped-function.wasm", AIRS_EXPORT_TYPE_MISMATCH,
                        ": airssys:core/component-lifecycle@1.0.0: `health` has another type: ");
    assert_text_refused(
        "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))"
        "  (func $f (canon lift (core func $i \"f\")))"
        "  (export \"airssys:core/component-lifecycle@1.0.0\" (func $f)))",
        AIRS_EXPORT_NOT_FOUND, "airssys:core/component-lifecycle@1.0.0 lacks the function `initialize`");
}

static void an_import_that_nobody_provides_is_named(void **state) {
    (void)state;
    assert_file_refused("unknown-import.wasm", AIRS_IMPORT_NOT_PROVIDED,
                        ": it imports what nobody provides: test:bad/nobody@1.2.3");
}

static void what_is_larger_than_the_pools_is_refused(void **state) {
    (void)state;
    assert_file_refused("huge-memory.wasm", AIRS_RESOURCE_LIMIT,
                        ": it is larger than an instance may be: module memory does not fit");
    assert_file_refused("huge-table.wasm", AIRS_RESOURCE_LIMIT,
                        ": it is larger than an instance may be: module table does not fit");
}

/* What is wrong with a component is told with names out of it, which decide nothing. */
static void what_a_component_calls_itself_decides_nothing(void **state) {
    (void)state;
    static const char *const names[] = {"the pooling allocator", "module memory does not fit",
                                        "The component transitively contains 9 tables"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "(component (core module $m) (core instance $i (instantiate $m))"
                       " (alias core export $i \"%s\" (core func)))",
                       names[i]);
        assert_text_refused(text, AIRS_INVALID_COMPONENT, "it is not a valid component: ");
        assert_text_refused(text, AIRS_INVALID_COMPONENT, names[i]);
    }
}

/* ---- damaged components --------------------------------------------------------------------- */

/* Anything may come of a component that somebody changed, but it comes in order: a status and a reason. */
static void use_whatever_it_is(const uint8_t *bytes, size_t size) {
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)4 << 20,
                                           .max_execution_time_ms = BRIEF_MS};
    airs_component_source_t source = {.bytes = airs_bytes(bytes, size), .name = "damaged"};
    airs_component_handle_t component = 0;
    airs_error_t error;
    airs_status_t status = load(&source, &component, &error);
    if (status != AIRS_OK) {
        assert_status(error.status, status);
        assert_memory_equal(error.text, "damaged", 7);
        return;
    }
    status = fixture_start(&fixture, component, &limits);
    status = status == AIRS_OK ? fixture_initialize(&fixture, "x") : status;
    status = status == AIRS_OK ? fixture_request(&fixture, "hello") : status;
    status = status == AIRS_OK ? fixture_call(&fixture, AIRS_CALL_METADATA) : status;
    status = status == AIRS_OK ? fixture_call(&fixture, AIRS_CALL_HEALTH) : status;
    if (status != AIRS_OK && fixture.instance != NULL) {
        assert_non_null(fixture.result.reason);
    }
    fixture_drop(&fixture);
    fixture.engine->ops->unload(fixture.engine, component);
}

static uint8_t *read_guest(const char *name, size_t *size) {
    airs_bytes_t bytes;
    void *block = NULL;
    airs_error_t error;
    if (airs_component_read(airs_allocator_default(), fixture_guest(name), NULL, &block, &bytes, &error) !=
        AIRS_OK) {
        fail_msg("%s", error.text);
    }
    *size = bytes.size;
    return block;
}

static void truncated_components_are_refused(void **state) {
    (void)state;
    static const char *const guests[] = {"bad/quiet", "echo"};
    for (size_t i = 0; i < 2; i++) {
        size_t size = 0;
        uint8_t *bytes = read_guest(guests[i], &size);
        for (size_t length = 0; length < size; length += TRUNCATION_STEP) {
            use_whatever_it_is(bytes, length);
        }
        use_whatever_it_is(bytes, size - 1);
        free(bytes);
    }
    assert_echo_works();
}

static void flip_bits(const char *guest, int count, uint64_t seed) {
    airs_seeded_random_t random;
    size_t size = 0;
    uint8_t *bytes = read_guest(guest, &size);
    airs_seeded_random_init(&random, seed);
    for (int i = 0; i < count; i++) {
        uint64_t bit = airs_seeded_random_below(&random, 8 * size);
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        use_whatever_it_is(bytes, size);
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    free(bytes);
    assert_echo_works();
}

static void flipped_bits_do_no_harm(void **state) {
    (void)state;
    flip_bits("bad/quiet", FLIPS, 1);
    flip_bits("echo", FLIPS_OF_ECHO, 2);
}

static void random_bytes_behind_a_good_header_do_no_harm(void **state) {
    (void)state;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 3);
    for (int i = 0; i < FLIPS; i++) {
        uint8_t bytes[64] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
        airs_random_fill(&random.random, bytes + 8, sizeof bytes - 8);
        use_whatever_it_is(bytes, 8 + airs_seeded_random_below(&random, sizeof bytes - 8));
    }
    assert_echo_works();
}

/* ---- what loads, and ends badly ------------------------------------------------------------- */

static const airs_instance_limits_t brief = {.max_memory_bytes = (uint64_t)16 << 20,
                                             .max_execution_time_ms = BRIEF_MS};

static airs_component_handle_t load_bad(const char *name) {
    char guest[64];
    snprintf(guest, sizeof guest, "bad/%s", name);
    return fixture_load(&fixture, guest);
}

static void assert_reason(const char *text) {
    if (strstr(fixture.result.reason, text) == NULL) {
        fail_msg("\"%s\" does not have \"%s\"", fixture.result.reason, text);
    }
}

/* Start and initialize must work, the message ends with this. */
static void assert_message_ends(const char *name, airs_status_t status, const char *reason) {
    assert_ok(fixture_start(&fixture, load_bad(name), &brief));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_status(fixture_message(&fixture, "hello"), status);
    assert_reason(reason);
    assert_echo_works();
}

static void start_functions_that_end_badly_are_ended(void **state) {
    (void)state;
    assert_status(fixture_start(&fixture, load_bad("start-loops"), &brief), AIRS_EXECUTION_TIME_EXCEEDED);
    assert_reason("20 ms");
    assert_echo_works();
    assert_status(fixture_start(&fixture, load_bad("start-traps"), &brief), AIRS_TRAP);
    assert_reason("unreachable");
    assert_echo_works();
}

/* Even an empty list is given memory. */
static void memory_for_arguments_that_is_none_ends_the_call(void **state) {
    (void)state;
    assert_ok(fixture_start(&fixture, load_bad("realloc-loops"), &brief));
    assert_status(fixture_initialize(&fixture, NULL), AIRS_EXECUTION_TIME_EXCEEDED);
    assert_reason("20 ms");
    assert_echo_works();
    assert_ok(fixture_start(&fixture, load_bad("realloc-outside"), &brief));
    assert_status(fixture_initialize(&fixture, NULL), AIRS_INVALID_RESULT);
    assert_reason("realloc return: beyond end of memory");
    assert_echo_works();
}

static void results_that_break_the_canonical_abi_end_the_call(void **state) {
    (void)state;
    assert_message_ends("result-outside", AIRS_INVALID_RESULT, "list pointer/length out of bounds");
    assert_message_ends("result-huge", AIRS_INVALID_RESULT, "list pointer/length out of bounds");
    assert_message_ends("result-not-utf8", AIRS_INVALID_RESULT, "utf-8");
    assert_ok(fixture_start(&fixture, load_bad("result-not-a-case"), &brief));
    assert_status(fixture_call(&fixture, AIRS_CALL_HEALTH), AIRS_INVALID_RESULT);
    assert_reason("unexpected discriminant: 77");
    assert_echo_works();
}

static void growth_beyond_the_limit_is_refused(void **state) {
    (void)state;
    assert_message_ends("grows-memory", AIRS_TRAP, "limit of 16777216 bytes");
    assert_message_ends("grows-table", AIRS_TRAP, "unreachable");
}

static void memories_are_bounded_together(void **state) {
    (void)state;
    airs_component_handle_t component = load_bad("memories");
    airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)64 << 20, .max_execution_time_ms = 5000};
    assert_status(fixture_start(&fixture, component, &limits), AIRS_RESOURCE_LIMIT);
    assert_reason("limit of 67108864 bytes");
    fixture_drop(&fixture);
    limits.max_memory_bytes = (uint64_t)8 * 48 << 20;
    assert_ok(fixture_start(&fixture, component, &limits));
    assert_echo_works();
}

/* ---- what loads well ------------------------------------------------------------------------ */

static void text_loads(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s/bad/quiet.wat", AIRS_TEST_GUESTS);
    airs_component_source_t source = {.path = path};
    airs_component_handle_t component = 0;
    airs_error_t error;
    assert_ok(load(&source, &component, &error));
    assert_ok(fixture_start(&fixture, component, NULL));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_message(&fixture, "hello"));
    assert_false(fixture.result.has_response);
}

static void bytes_load_as_files_do(void **state) {
    (void)state;
    size_t size = 0;
    uint8_t *bytes = read_guest("echo", &size);
    airs_component_source_t source = {.bytes = airs_bytes(bytes, size)};
    airs_component_handle_t component = 0;
    airs_error_t error;
    assert_ok(load(&source, &component, &error));
    /* They were borrowed. */
    memset(bytes, 0, size);
    free(bytes);
    assert_ok(fixture_start(&fixture, component, NULL));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_request(&fixture, "hello"));
    assert_string_equal(fixture_response(&fixture), "hello");
}

static void a_source_without_a_name_has_one_in_errors(void **state) {
    (void)state;
    airs_component_source_t source = {.bytes = airs_bytes("hello", 5)};
    assert_refused(&source, AIRS_INVALID_COMPONENT, "component: it is not");
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_write_text(&folder, "x.wasm", "hello");
    source =
        (airs_component_source_t){.path = airs_temporary_file_path(&folder, "x.wasm", path), .name = "echo"};
    assert_refused(&source, AIRS_INVALID_COMPONENT, "echo: it is not");
}

static void handles_are_never_used_again(void **state) {
    (void)state;
    airs_component_handle_t before = 0;
    for (int i = 0; i < 40; i++) {
        airs_component_handle_t component = load_bad("quiet");
        assert_true(component > before);
        before = component;
        if (i % 3 != 0) {
            fixture.engine->ops->unload(fixture.engine, component);
            assert_status(fixture_start(&fixture, component, NULL), AIRS_COMPONENT_NOT_FOUND);
            assert_null(fixture.instance);
        }
    }
    fixture.engine->ops->unload(fixture.engine, 0);
    fixture.engine->ops->unload(fixture.engine, UINT64_MAX);
    assert_status(fixture_start(&fixture, 0, NULL), AIRS_COMPONENT_NOT_FOUND);
    assert_status(fixture_start(&fixture, UINT64_MAX, NULL), AIRS_COMPONENT_NOT_FOUND);
}

static void instances_outlive_the_unloading_of_their_component(void **state) {
    (void)state;
    airs_component_handle_t component = fixture_load(&fixture, "counter");
    assert_ok(fixture_start(&fixture, component, NULL));
    fixture.engine->ops->unload(fixture.engine, component);
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_request(&fixture, "one"));
    assert_string_equal(fixture_response(&fixture), "1");
}

static void *load_and_unload(void *context) {
    airs_component_source_t source = {.path = context};
    for (int i = 0; i < LOADS_EACH; i++) {
        airs_component_handle_t component = 0;
        AIRS_ASSERT(fixture.engine->ops->load(fixture.engine, &source, &component, NULL) == AIRS_OK);
        AIRS_ASSERT(component != 0);
        fixture.engine->ops->unload(fixture.engine, component);
    }
    return NULL;
}

static void threads_load_at_once(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", fixture_guest("bad/quiet"));
    pthread_t threads[LOADERS];
    for (int i = 0; i < LOADERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load_and_unload, path), 0);
    }
    for (int i = 0; i < LOADERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_true(load_bad("quiet") > (airs_component_handle_t)LOADERS * LOADS_EACH);
    assert_echo_works();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_that_are_no_component_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(text_that_does_not_parse_is_refused_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(text_nested_without_end_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_larger_than_any_component_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_bounded_as_files_are, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_too_much_in_it_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(exports_that_do_not_fit_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_import_that_nobody_provides_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_larger_than_the_pools_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_component_calls_itself_decides_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_components_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(flipped_bits_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(random_bytes_behind_a_good_header_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(start_functions_that_end_badly_are_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_for_arguments_that_is_none_ends_the_call, setup, teardown),
        cmocka_unit_test_setup_teardown(results_that_break_the_canonical_abi_end_the_call, setup, teardown),
        cmocka_unit_test_setup_teardown(growth_beyond_the_limit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(memories_are_bounded_together, setup, teardown),
        cmocka_unit_test_setup_teardown(text_loads, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_load_as_files_do, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_without_a_name_has_one_in_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(handles_are_never_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(instances_outlive_the_unloading_of_their_component, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_load_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
