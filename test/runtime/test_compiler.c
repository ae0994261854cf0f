#include "runtime/compiler.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/file.h"
#include "runtime/compile_protocol.h"
#include "runtime/engine_fixture.h"
#include "runtime/engine_state.h"
#include "support/compile_bomb.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

#define MIB ((uint64_t)1 << 20)
#define PROGRAM_MAX ((size_t)256 << 20)

static fixture_t fixture;
static airs_temporary_folder_t folder;

static int setup(void **state) {
    const airs_wasm_engine_options_t options = {.max_instances = 16, .compiler = AIRS_TEST_COMPILER};
    (void)state;
    fixture_open(&fixture, &options);
    airs_temporary_folder_create(&folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    fixture_close(&fixture);
    return 0;
}

static airs_status_t load(const airs_component_source_t *source, airs_error_t *error) {
    airs_component_handle_t component = 0;
    *error = (airs_error_t){AIRS_OK, ""};
    airs_status_t status = fixture.engine->ops->load(fixture.engine, source, &component, error);
    assert_int_equal(component != 0, status == AIRS_OK);
    return status;
}

static airs_status_t load_apart(airs_bytes_t bytes, const airs_load_limits_t *limits, airs_error_t *error) {
    airs_component_source_t source = {.bytes = bytes, .name = "some.wasm", .apart = true, .limits = limits};
    return load(&source, error);
}

static void assert_error(airs_status_t got, const airs_error_t *error, airs_status_t wanted,
                         const char *text) {
    if (got != wanted || error->status != wanted || strstr(error->text, text) == NULL) {
        fail_msg("%s: \"%s\"; wanted %s: \"%s\"", airs_status_name(got), error->text,
                 airs_status_name(wanted), text);
    }
    assert_null(strchr(error->text, '\n'));
}

/* Whatever happened before: the engine goes on, apart too. */
static void assert_echo_works(void) {
    airs_component_source_t source = {.path = fixture_guest("echo"), .apart = true};
    airs_component_handle_t component = 0;
    airs_error_t error = {AIRS_OK, ""};
    if (fixture.engine->ops->load(fixture.engine, &source, &component, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    fixture_drop(&fixture);
    assert_ok(fixture_start(&fixture, component, NULL));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_ok(fixture_request(&fixture, "still there"));
    assert_string_equal(fixture_response(&fixture), "still there");
    fixture_drop(&fixture);
    fixture.engine->ops->unload(fixture.engine, component);
}

/* ---- what works ----------------------------------------------------------------------------- */

static void what_is_compiled_apart_runs_here(void **state) {
    (void)state;
    assert_echo_works();
}

static void text_is_translated_there(void **state) {
    airs_error_t error;
    (void)state;
    assert_error(load_apart(airs_bytes("(component)", 11), NULL, &error), &error, AIRS_EXPORT_NOT_FOUND,
                 "some.wasm: ");
    assert_error(load_apart(airs_bytes("(component\n (import 5))", 23), NULL, &error), &error,
                 AIRS_INVALID_COMPONENT, "some.wasm:2:10: ");
}

static void what_does_not_compile_is_said_as_if_it_was_compiled_here(void **state) {
    static const char *const texts[] = {
        "(component (core module (func (result i32) (i32.add (i32.const 1)))))", "(module)", "(",
        "(component (import \"x:y/z\" (instance (export \"f\" (func)))))"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        airs_bytes_t bytes = airs_bytes(texts[i], strlen(texts[i]));
        airs_component_source_t here = {.bytes = bytes, .name = "some.wasm"};
        airs_error_t apart_error;
        airs_error_t error;
        assert_status(load_apart(bytes, NULL, &apart_error), load(&here, &error));
        assert_string_equal(apart_error.text, error.text);
    }
    airs_error_t error;
    assert_error(load_apart(airs_bytes("hello", 5), NULL, &error), &error, AIRS_INVALID_COMPONENT,
                 "some.wasm: it is not a WebAssembly component");
    assert_error(load_apart(airs_bytes("\0asm\x0d\0\x01\0\x07\x7f", 10), NULL, &error), &error,
                 AIRS_INVALID_COMPONENT, "some.wasm: it is not a valid component: ");
}

static void each_kind_of_engine_gets_code_for_itself(void **state) {
    static const airs_wasm_engine_options_t kinds[] = {
        {.max_instances = 4, .compiler = AIRS_TEST_COMPILER, .consume_fuel = true},
        {.max_instances = 4, .compiler = AIRS_TEST_COMPILER, .record = true},
        {.max_instances = 4, .compiler = AIRS_TEST_COMPILER, .slice_fuel = 10000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        fixture_close(&fixture);
        fixture_open(&fixture, &kinds[i]);
        airs_component_source_t source = {.path = fixture_guest("echo"), .apart = true};
        airs_error_t error;
        if (load(&source, &error) != AIRS_OK) {
            fail_msg("%zu: %s", i, error.text);
        }
    }
}

static void what_was_compiled_apart_is_kept(void **state) {
    char cache[AIRS_TEMPORARY_PATH_MAX];
    (void)state;
    airs_temporary_file_path(&folder, "compiled", cache);
    for (int i = 0; i < 2; i++) {
        /* The second one has nothing to compile with, and nothing to compile. */
        const airs_wasm_engine_options_t options = {
            .max_instances = 4, .cache_dir = cache, .compiler = i == 0 ? AIRS_TEST_COMPILER : "/nowhere"};
        fixture_close(&fixture);
        fixture_open(&fixture, &options);
        assert_echo_works();
    }
    struct stat about;
    assert_int_equal(stat(cache, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
}

/* ---- bombs ---------------------------------------------------------------------------------- */

static void expect_bomb(const airs_compile_bomb_t *bomb, const airs_load_limits_t *limits,
                        airs_status_t status, const char *text) {
    airs_error_t error;
    airs_bytes_t bytes = airs_compile_bomb_make(bomb);
    assert_error(load_apart(bytes, limits, &error), &error, status, text);
    free((void *)bytes.data);
    assert_echo_works();
}

/* Of 56 KB: it takes more than 2 GB and half a minute, when it is let. */
static const airs_compile_bomb_t deep_bomb = {.functions = 1, .steps = 3, .blocks = 1000, .locals = 1000};

static void memory_is_bounded(void **state) {
    const airs_load_limits_t limits = {
        .compile_memory_bytes = 256 * MIB, .compile_time_ms = 600000, .compile_cpu_ms = 600000};
    (void)state;
    expect_bomb(&deep_bomb, &limits, AIRS_COMPILE_MEMORY_EXCEEDED,
                "some.wasm: compiling it takes more than 256 MiB of memory (compile.memory raises that)");
}

static void time_is_bounded(void **state) {
    const airs_load_limits_t limits = {.compile_time_ms = 300};
    (void)state;
    expect_bomb(&deep_bomb, &limits, AIRS_COMPILE_TIME_EXCEEDED,
                "some.wasm: compiling it takes longer than 300 ms (compile.time raises that)");
}

static void processor_time_is_bounded(void **state) {
    const airs_load_limits_t limits = {.compile_cpu_ms = 1000};
    (void)state;
    expect_bomb(
        &deep_bomb, &limits, AIRS_COMPILE_TIME_EXCEEDED,
        "some.wasm: compiling it takes more than 1000 ms of processor time (compile.cpu-time raises that)");
}

static void machine_code_is_bounded(void **state) {
    const airs_compile_bomb_t bomb = {.functions = 200, .steps = 100};
    const airs_load_limits_t limits = {.code_bytes = MIB / 16};
    (void)state;
    expect_bomb(&bomb, &limits, AIRS_COMPONENT_TOO_LARGE, "some.wasm: its machine code has ");
}

/* Text is small and becomes large: its limits are looked at there. */
static void text_is_measured_when_it_is_translated(void **state) {
    const airs_load_limits_t limits = {.functions = 2};
    static const char text[] = "(component (core module (func) (func) (func)))";
    airs_error_t error;
    (void)state;
    assert_error(load_apart(airs_bytes(text, sizeof text - 1), &limits, &error), &error,
                 AIRS_COMPONENT_TOO_COMPLEX, "some.wasm: it has 3 functions or more, and may have 2");
}

/* ---- a program that fails ------------------------------------------------------------------- */

static pid_t child_of_thread(pid_t thread) {
    char path[64];
    char line[32];
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)thread);
    FILE *file = fopen(path, "r");
    AIRS_ASSERT(file != NULL);
    long child = fgets(line, sizeof line, file) != NULL ? strtol(line, NULL, 10) : 0;
    (void)fclose(file);
    return (pid_t)child;
}

typedef struct killer {
    pid_t thread;
    int signal;
} killer_t;

/* As soon as it is there: it takes much longer than that. Not by a signal that the engine handles: what has no fault
 * behind it is passed over there. */
static void *kill_child(void *context) {
    const killer_t *killer = context;
    pid_t child = 0;
    while (child == 0) {
        sched_yield();
        child = child_of_thread(killer->thread);
    }
    AIRS_ASSERT(kill(child, killer->signal) == 0);
    return NULL;
}

static void its_end_by_a_signal_is_an_error_here(void **state) {
    static const struct {
        int signal;
        const char *text;
    } ends[] = {{SIGABRT, " was ended by SIGABRT"},
                {SIGKILL, " was ended by SIGKILL, by somebody, or because the machine has no memory left"}};
    airs_bytes_t bytes = airs_compile_bomb_make(&deep_bomb);
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        killer_t killer = {gettid(), ends[i].signal};
        airs_error_t error;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, kill_child, &killer), 0);
        airs_status_t status = load_apart(bytes, NULL, &error);
        (void)pthread_join(thread, NULL);
        assert_error(status, &error, AIRS_COMPILER_FAILED, ends[i].text);
    }
    free((void *)bytes.data);
    assert_echo_works();
}

static void expect_program(const char *program, airs_status_t status, const char *text) {
    const airs_wasm_engine_options_t options = {.max_instances = 4, .compiler = program};
    airs_component_source_t source = {.path = fixture_guest("echo"), .apart = true};
    airs_error_t error;
    fixture_close(&fixture);
    fixture_open(&fixture, &options);
    assert_error(load(&source, &error), &error, status, text);
    source.apart = false;
    assert_ok(load(&source, &error));
}

/* A copy of a program in the test's folder, with `from` replaced by `to`, of the same length; NULL: as it is. */
static const char *copy_program(const char *program, const char *from, const char *to, mode_t mode) {
    static char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t content;
    assert_ok(airs_file_read(airs_allocator_default(), program, PROGRAM_MAX, &content, NULL));
    uint8_t *bytes = (uint8_t *)content.data;
    size_t replaced = 0;
    for (uint8_t *at = bytes; from != NULL && at != NULL;) {
        at = memmem(at, content.size - (size_t)(at - bytes), from, strlen(from));
        if (at != NULL) {
            memcpy(at, to, strlen(to));
            replaced++;
        }
    }
    assert_int_equal(replaced > 0, from != NULL);
    airs_temporary_file_write(&folder, "program", bytes, content.size);
    airs_allocator_default()->release(NULL, bytes);
    airs_temporary_file_path(&folder, "program", path);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void a_program_that_is_missing_is_said_so(void **state) {
    (void)state;
    expect_program(
        "/nowhere/airssys-compile", AIRS_COMPILER_MISSING,
        "echo.wasm: there is no /nowhere/airssys-compile, which was to compile what is not trusted");
    /* A test program has none beside it. */
    expect_program(NULL, AIRS_COMPILER_MISSING,
                   "the program airssys-compile, and it is not installed beside this one; install it");
    expect_program(folder.path, AIRS_COMPILER_MISSING, ": not a program");
}

static void a_program_that_others_may_write_to_is_not_believed(void **state) {
    static const mode_t modes[] = {0775, 0757};
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        expect_program(
            copy_program(AIRS_TEST_COMPILER, NULL, NULL, modes[i]), AIRS_COMPILER_MISSING,
            "others may write to it, and what it compiles is run; take that from them (chmod go-w)");
    }
    expect_program(copy_program("/bin/true", NULL, NULL, 0644), AIRS_COMPILER_MISSING,
                   "/program cannot be started: Permission denied");
    if (geteuid() == 0) {
        const char *path = copy_program(AIRS_TEST_COMPILER, NULL, NULL, 0755);
        assert_int_equal(chown(path, 12345, 12345), 0);
        expect_program(path, AIRS_COMPILER_MISSING,
                       " belongs to user 12345: what it compiles is run, so it must be yours or root's");
    }
}

static void what_another_program_writes_is_not_believed(void **state) {
    (void)state;
    expect_program(copy_program("/bin/true", NULL, NULL, 0755), AIRS_COMPILER_FAILED,
                   " ended with 0 and without an answer; is it the program of this version?");
    /* Gives back what it gets: a component that looks like an answer would be one. */
    expect_program(copy_program("/bin/cat", NULL, NULL, 0755), AIRS_COMPILER_FAILED,
                   " ended with 0 and without an answer");
}

static void a_program_of_another_build_is_noticed(void **state) {
    (void)state;
    expect_program(copy_program(AIRS_TEST_COMPILER, AIRS_COMPILE_BUILD, "9.9.9", 0755), AIRS_COMPILER_MISSING,
                   "is of another build (9.9.9");
}

/* The engine looks at code before it takes it. */
static void code_for_another_engine_is_refused(void **state) {
    airs_component_source_t source = {.path = fixture_guest("echo"), .apart = true};
    airs_wasm_engine_t *engine = airs_wasm_engine_of(fixture.engine);
    airs_error_t error;
    (void)state;
    engine->code.fuel = 1;
    assert_error(load(&source, &error), &error, AIRS_COMPILER_FAILED,
                 "echo.wasm: what the compiler made of it does not fit this engine: ");
    engine->code.fuel = 0;
    assert_echo_works();
}

static void an_answer_is_believed_only_with_its_key(void **state) {
    uint8_t key[AIRS_COMPILE_KEY_SIZE] = {1, 2, 3};
    uint8_t other[AIRS_COMPILE_KEY_SIZE] = {1, 2, 4};
    airs_compile_answer_t answer = {.status = AIRS_OK, .size = 4};
    (void)state;
    airs_compile_answer_authenticate(&answer, key, airs_bytes("code", 4));
    assert_true(airs_compile_answer_verify(&answer, key, airs_bytes("code", 4)));
    assert_false(airs_compile_answer_verify(&answer, other, airs_bytes("code", 4)));
    assert_false(airs_compile_answer_verify(&answer, key, airs_bytes("cod_", 4)));
    answer.status = AIRS_INVALID_COMPONENT;
    assert_false(airs_compile_answer_verify(&answer, key, airs_bytes("code", 4)));
}

/* ---- several, and memory -------------------------------------------------------------------- */

#define LOADERS 3

static void *load_echo(void *context) {
    airs_component_source_t source = {.path = context, .apart = true};
    airs_component_handle_t component = 0;
    AIRS_ASSERT(fixture.engine->ops->load(fixture.engine, &source, &component, NULL) == AIRS_OK);
    return NULL;
}

static void several_threads_take_turns(void **state) {
    pthread_t threads[LOADERS];
    char path[1024];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", fixture_guest("echo"));
    for (size_t i = 0; i < LOADERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load_echo, path), 0);
    }
    for (size_t i = 0; i < LOADERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

/* The program must be told apart from the test's own descriptors, and leave none. */
static void nothing_is_left_open(void **state) {
    (void)state;
    assert_echo_works();
    int before = dup(0);
    assert_true(before >= 0);
    close(before);
    for (int i = 0; i < 3; i++) {
        assert_echo_works();
    }
    expect_program("/nowhere", AIRS_COMPILER_MISSING, "");
    int after = dup(0);
    assert_int_equal(after, before);
    close(after);
}

static airs_status_t live(const airs_allocator_t *allocator, void *context) {
    airs_compiler_t *compiler = NULL;
    airs_status_t status = airs_compiler_create(allocator, context, &compiler, NULL);
    airs_compiler_destroy(compiler);
    return status;
}

static void every_allocation_may_fail(void **state) {
    static char program[] = "/some/where";
    (void)state;
    airs_fail_each_allocation(live, program);
    airs_fail_each_allocation(live, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_compiled_apart_runs_here, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_translated_there, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_compile_is_said_as_if_it_was_compiled_here, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_kind_of_engine_gets_code_for_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_compiled_apart_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(time_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(processor_time_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(machine_code_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_measured_when_it_is_translated, setup, teardown),
        cmocka_unit_test_setup_teardown(its_end_by_a_signal_is_an_error_here, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_that_is_missing_is_said_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_that_others_may_write_to_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_another_program_writes_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_of_another_build_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(code_for_another_engine_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_believed_only_with_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(several_threads_take_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_left_open, setup, teardown),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
