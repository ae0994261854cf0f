#include "security/component_shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "security/wasm_builder.h"
#include "support/compile_bomb.h"
#include "support/seeded_random.h"
#include "support/test.h"

#define MUTATIONS 20000

static airs_wasm_builder_t built;

static airs_load_limits_t standard(void) {
    airs_load_limits_t limits = {0};
    airs_load_limits_resolve(&limits);
    return limits;
}

static void expect(airs_bytes_t binary, const airs_load_limits_t *limits, airs_status_t status,
                   const char *text) {
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t got = airs_component_shape_check(binary, limits, NULL, &error);
    if (got != status || strcmp(error.text, text) != 0) {
        fail_msg("%s: \"%s\"; wanted %s: \"%s\"", airs_status_name(got), error.text, airs_status_name(status),
                 text);
    }
}

static airs_component_shape_t shape_of(airs_bytes_t binary) {
    airs_load_limits_t limits = standard();
    airs_component_shape_t shape;
    airs_error_t error = {AIRS_OK, ""};
    if (airs_component_shape_check(binary, &limits, &shape, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return shape;
}

/* ---- what is counted ------------------------------------------------------------------------ */

static void limits_that_are_not_given_have_defaults(void **state) {
    airs_load_limits_t limits = {.functions = 7, .locals = 1000000000};
    (void)state;
    airs_load_limits_resolve(&limits);
    assert_int_equal(limits.file_bytes, 64 << 20);
    assert_int_equal(limits.functions, 7);
    assert_int_equal(limits.locals, 50000); /* more than the engine takes is not to be had */
    assert_int_equal(limits.modules, 1000);
    assert_int_equal(limits.nesting, 16);
    assert_int_equal(limits.function_bytes, 1 << 20);
}

static void an_empty_component_has_nothing(void **state) {
    static const airs_component_shape_t nothing;
    (void)state;
    airs_wasm_begin_component(&built);
    airs_component_shape_t shape = shape_of(airs_wasm_built(&built));
    assert_memory_equal(&shape, &nothing, sizeof shape);
}

static void sections_of_a_component_are_counted(void **state) {
    static const uint8_t three[] = {3, 0, 0, 0};
    (void)state;
    airs_wasm_begin_component(&built);
    for (uint8_t id = 2; id <= 12; id++) {
        if (id != 4 && id != 9) {
            airs_wasm_section(&built, id, three, sizeof three);
        }
    }
    airs_wasm_custom(&built, "name", three, sizeof three);
    airs_component_shape_t shape = shape_of(airs_wasm_built(&built));
    assert_int_equal(shape.types, 6);
    assert_int_equal(shape.imports, 3);
    assert_int_equal(shape.exports, 3);
    assert_int_equal(shape.items, 15);
    assert_int_equal(shape.modules, 0);
    assert_int_equal(shape.nesting, 0);
}

static void sections_of_a_module_are_counted(void **state) {
    static const struct {
        uint8_t section;
        size_t counter;
    } rows[] = {
        {1, offsetof(airs_component_shape_t, types)},  {2, offsetof(airs_component_shape_t, imports)},
        {4, offsetof(airs_component_shape_t, tables)}, {5, offsetof(airs_component_shape_t, memories)},
        {6, offsetof(airs_component_shape_t, items)},  {7, offsetof(airs_component_shape_t, exports)},
        {9, offsetof(airs_component_shape_t, items)},  {11, offsetof(airs_component_shape_t, items)},
        {13, offsetof(airs_component_shape_t, items)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        airs_bytes_t hollow = airs_hollow_component_make(rows[i].section, 5, 2);
        airs_component_shape_t shape = shape_of(hollow);
        uint64_t count = 0;
        memcpy(&count, (const uint8_t *)&shape + rows[i].counter, sizeof count);
        assert_int_equal(count, 5);
        assert_int_equal(shape.modules, 1);
        assert_int_equal(shape.nesting, 2);
        free((void *)hollow.data);
    }
}

static void functions_are_counted_with_their_size_and_locals(void **state) {
    const airs_compile_bomb_t bomb = {.functions = 12, .steps = 20, .locals = 300};
    airs_bytes_t binary = airs_compile_bomb_make(&bomb);
    (void)state;
    airs_component_shape_t shape = shape_of(binary);
    assert_int_equal(shape.functions, 12);
    assert_int_equal(shape.locals, 300);
    assert_in_range(shape.function_bytes, 1000, 3000);
    free((void *)binary.data);
}

/* (local (ref null 5)) (local i32): a type with a number behind it. */
static void types_of_locals_may_have_a_number(void **state) {
    static const uint8_t code[] = {1, 7, 2, 3, 0x63, 0x85, 0x00, 4, 0x7f};
    uint8_t module[64] = {0, 'a', 's', 'm', 1, 0, 0, 0, 10, sizeof code};
    memcpy(module + 10, code, sizeof code);
    (void)state;
    airs_wasm_begin_component(&built);
    airs_wasm_section(&built, 1, module, 10 + sizeof code);
    assert_int_equal(shape_of(airs_wasm_built(&built)).locals, 7);
}

/* ---- limits --------------------------------------------------------------------------------- */

static void each_limit_names_itself(void **state) {
    const airs_compile_bomb_t bomb = {.functions = 12, .steps = 20, .locals = 300};
    (void)state;
    airs_bytes_t code = airs_compile_bomb_make(&bomb);
    airs_load_limits_t limits = standard();
    limits.functions = 11;
    expect(code, &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 12 functions or more, and may have 11 (compile.functions raises it)");
    limits = standard();
    limits.locals = 299;
    expect(code, &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 300 local variables in one function or more, and may have 299 (compile.locals raises it)");
    free((void *)code.data);
    static const struct {
        uint8_t section;
        size_t limit;
        const char *text;
    } rows[] = {
        {1, offsetof(airs_load_limits_t, types),
         "it has 5 types or more, and may have 4 (compile.types raises it)"},
        {2, offsetof(airs_load_limits_t, imports),
         "it has 5 imports or more, and may have 4 (compile.imports raises it)"},
        {7, offsetof(airs_load_limits_t, exports),
         "it has 5 exports or more, and may have 4 (compile.exports raises it)"},
        {4, offsetof(airs_load_limits_t, tables),
         "it has 5 tables or more, and may have 4 (compile.tables raises it)"},
        {5, offsetof(airs_load_limits_t, memories),
         "it has 5 memories or more, and may have 4 (compile.memories raises it)"},
        {11, offsetof(airs_load_limits_t, items),
         "it has 5 instances, aliases, adapted functions, globals, segments, elements of tables and "
         "exceptions "
         "or more, and may have 4 (compile.items raises it)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        airs_bytes_t hollow = airs_hollow_component_make(rows[i].section, 5, 0);
        const uint64_t four = 4;
        const uint64_t five = 5;
        limits = standard();
        memcpy((uint8_t *)&limits + rows[i].limit, &five, sizeof five);
        expect(hollow, &limits, AIRS_OK, "");
        memcpy((uint8_t *)&limits + rows[i].limit, &four, sizeof four);
        expect(hollow, &limits, AIRS_COMPONENT_TOO_COMPLEX, rows[i].text);
        free((void *)hollow.data);
    }
}

static void function_sizes_and_modules_are_bounded(void **state) {
    static const uint8_t module[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    const airs_compile_bomb_t bomb = {.functions = 1, .steps = 20};
    airs_load_limits_t limits = standard();
    (void)state;
    airs_bytes_t code = airs_compile_bomb_make(&bomb);
    limits.function_bytes = 100;
    expect(code, &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 209 bytes in one function or more, and may have 100 (compile.function-size raises it)");
    free((void *)code.data);
    limits.modules = 2;
    airs_wasm_begin_component(&built);
    for (int i = 0; i < 3; i++) {
        airs_wasm_section(&built, 1, module, sizeof module);
    }
    expect(airs_wasm_built(&built), &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 3 core modules or more, and may have 2 (compile.modules raises it)");
}

static void nesting_is_bounded(void **state) {
    airs_load_limits_t limits = standard();
    (void)state;
    airs_bytes_t deep = airs_hollow_component_make(1, 1, 16);
    expect(deep, &limits, AIRS_OK, "");
    free((void *)deep.data);
    deep = airs_hollow_component_make(1, 1, 17);
    expect(deep, &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 17 components within components or more, and may have 16 (compile.nesting raises it)");
    limits.nesting = 64;
    expect(deep, &limits, AIRS_OK, "");
    free((void *)deep.data);
    /* However deep it is, and whoever raises the limit. */
    limits.nesting = 1000000;
    airs_load_limits_resolve(&limits);
    deep = airs_hollow_component_make(1, 1, 3000);
    expect(deep, &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 65 components within components or more, and may have 64 (compile.nesting raises it)");
    free((void *)deep.data);
}

static void files_are_bounded(void **state) {
    airs_load_limits_t limits = standard();
    airs_error_t error;
    (void)state;
    assert_ok(airs_component_check_size((uint64_t)64 << 20, &limits, &error));
    assert_status(airs_component_check_size(((uint64_t)64 << 20) + 1, &limits, &error),
                  AIRS_COMPONENT_TOO_LARGE);
    assert_string_equal(error.text,
                        "it has 67108865 bytes, and may have 67108864 (compile.file-size raises it)");
}

/* ---- what is not to be believed ------------------------------------------------------------- */

static void what_claims_more_than_it_has_is_refused(void **state) {
    airs_load_limits_t limits = standard();
    static const struct {
        uint8_t bytes[16];
        size_t size;
        const char *text;
    } rows[] = {
        {{7, 2, 0xff, 0x7f}, 4, "a section says that it has more entries than bytes"},
        {{7, 1, 0x80}, 3, "a section says that it has more entries than bytes"},
        {{7, 9, 1}, 3, "the section at byte 8 has 9 bytes by its own account, and the file 1 more"},
        {{7, 0xff}, 2, "the section at byte 8 has no valid size"},
        {{1, 3, 0, 'a', 's'}, 5, "what it has as a core module is none"},
        {{4, 3, 0, 'a', 's'}, 5, "what it has as a component is none"},
        /* A component where a module is due, and the other way round. */
        {{1, 8, 0, 'a', 's', 'm', 0x0d, 0, 1, 0}, 10, "what it has as a core module is none"},
        {{4, 8, 0, 'a', 's', 'm', 1, 0, 0, 0}, 10, "what it has as a component is none"},
        {{1, 12, 0, 'a', 's', 'm', 1, 0, 0, 0, 10, 2, 1, 9}, 14, "a function does not fit into its section"},
        {{1, 12, 0, 'a', 's', 'm', 1, 0, 0, 0, 10, 2, 1, 0},
         14,
         "a function's local variables cannot be read"},
        {{1, 14, 0, 'a', 's', 'm', 1, 0, 0, 0, 10, 4, 1, 2, 1, 5},
         16,
         "a function's local variables cannot be read"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        airs_wasm_begin_component(&built);
        airs_wasm_add(&built, rows[i].bytes, rows[i].size);
        (void)snprintf(text, sizeof text, "it is not a valid component: %s", rows[i].text);
        expect(airs_wasm_built(&built), &limits, AIRS_INVALID_COMPONENT, text);
    }
    expect(airs_bytes("\0asm\x01\0\0\0", 8), &limits, AIRS_INVALID_COMPONENT,
           "it is not a valid component: it begins with the header of another kind or version");
}

/* Locals by the thousand million in a few bytes. */
static void counts_do_not_overflow(void **state) {
    airs_load_limits_t limits = standard();
    uint8_t module[128] = {0, 'a', 's', 'm', 1, 0, 0, 0, 10, 64, 1, 62, 10};
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        memcpy(module + 13 + 6 * i, "\xff\xff\xff\xff\x0f\x7f", 6);
    }
    airs_wasm_begin_component(&built);
    airs_wasm_section(&built, 1, module, 74);
    expect(airs_wasm_built(&built), &limits, AIRS_COMPONENT_TOO_COMPLEX,
           "it has 4294967295 local variables in one function or more, and may have 20000 (compile.locals "
           "raises it)");
}

/* Whatever the bytes are, there is an answer, and nothing is read beside them. */
static void damaged_components_are_answered(void **state) {
    const airs_compile_bomb_t bomb = {.functions = 3, .steps = 4, .locals = 5};
    airs_bytes_t good = airs_compile_bomb_make(&bomb);
    airs_load_limits_t limits = standard();
    airs_seeded_random_t random;
    (void)state;
    airs_seeded_random_init(&random, 7);
    for (size_t i = 0; i < MUTATIONS; i++) {
        size_t size = good.size - (airs_seeded_random_below(&random, 3) == 0
                                       ? (size_t)airs_seeded_random_below(&random, good.size)
                                       : 0);
        uint8_t *bytes = airs_exact_copy(airs_bytes(good.data, size));
        for (size_t k = 0; k < 3; k++) {
            bytes[airs_seeded_random_below(&random, size)] ^=
                (uint8_t)(1 + airs_seeded_random_below(&random, 255));
        }
        airs_error_t error = {AIRS_OK, ""};
        airs_status_t status = airs_component_shape_check(airs_bytes(bytes, size), &limits, NULL, &error);
        assert_true(status == AIRS_OK || status == AIRS_INVALID_COMPONENT ||
                    status == AIRS_COMPONENT_TOO_COMPLEX);
        assert_int_equal(error.status, status);
        free(bytes);
    }
    free((void *)good.data);
}

/* ---- what it costs -------------------------------------------------------------------------- */

static uint64_t cpu_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The smallest entries that there are, as many as a file of the largest size can have: seconds would be a way to stop a
 * node. */
static void the_costliest_file_is_read_in_a_moment(void **state) {
    airs_load_limits_t limits = standard();
    (void)state;
    limits.functions = 10000000;
    const airs_compile_bomb_t bomb = {.functions = 2000000};
    airs_bytes_t binary = airs_compile_bomb_make(&bomb);
    airs_component_shape_t shape;
    airs_error_t error = {AIRS_OK, ""};
    uint64_t begin = cpu_ns();
    airs_status_t status = airs_component_shape_check(binary, &limits, &shape, &error);
    uint64_t took = cpu_ns() - begin;
    assert_ok(status);
    assert_int_equal(shape.functions, 2000000);
    print_message("%zu bytes with %llu functions in %llu us\n", binary.size,
                  (unsigned long long)shape.functions, (unsigned long long)took / 1000);
    assert_true(took / binary.size < 1000); /* nanoseconds for each byte, with a sanitizer too */
    free((void *)binary.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_that_are_not_given_have_defaults),
        cmocka_unit_test(an_empty_component_has_nothing),
        cmocka_unit_test(sections_of_a_component_are_counted),
        cmocka_unit_test(sections_of_a_module_are_counted),
        cmocka_unit_test(functions_are_counted_with_their_size_and_locals),
        cmocka_unit_test(types_of_locals_may_have_a_number),
        cmocka_unit_test(each_limit_names_itself),
        cmocka_unit_test(function_sizes_and_modules_are_bounded),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(what_claims_more_than_it_has_is_refused),
        cmocka_unit_test(counts_do_not_overflow),
        cmocka_unit_test(damaged_components_are_answered),
        cmocka_unit_test(the_costliest_file_is_read_in_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
