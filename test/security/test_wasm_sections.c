#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "security/leb128.h"
#include "security/wasm_builder.h"
#include "security/wasm_sections.h"

static airs_wasm_builder_t builder;

/* Reads to the end; how it ended. */
static airs_status_t read_all(airs_bytes_t binary, size_t *count, airs_error_t *error) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    airs_status_t status = airs_wasm_sections_begin(binary, &sections, error);
    *count = 0;
    while (status == AIRS_OK) {
        status = airs_wasm_sections_next(&sections, &section, error);
        *count += status == AIRS_OK;
    }
    return status;
}

static void expect_refused(const char *text) {
    airs_error_t error;
    size_t count;
    assert_status(read_all(airs_wasm_built(&builder), &count, &error), AIRS_INVALID_COMPONENT);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
    }
    assert_status(read_all(airs_wasm_built(&builder), &count, NULL), AIRS_INVALID_COMPONENT);
}

static void headers_tell_components_from_modules(void **state) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    (void)state;
    airs_wasm_begin_component(&builder);
    assert_ok(airs_wasm_sections_begin(airs_wasm_built(&builder), &sections, NULL));
    assert_true(sections.is_component);
    assert_status(airs_wasm_sections_next(&sections, &section, NULL), AIRS_NOT_FOUND);
    airs_wasm_begin_module(&builder);
    assert_ok(airs_wasm_sections_begin(airs_wasm_built(&builder), &sections, NULL));
    assert_false(sections.is_component);
}

static void no_other_header_is_taken(void **state) {
    static const uint8_t good[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    (void)state;
    for (size_t size = 0; size < sizeof good; size++) {
        builder.size = 0;
        airs_wasm_add(&builder, good, size);
        expect_refused("not a WebAssembly binary");
    }
    for (size_t i = 0; i < 8 * sizeof good; i++) {
        airs_wasm_begin_component(&builder);
        builder.bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
        expect_refused("not a WebAssembly binary");
    }
    builder.size = 0;
    airs_wasm_add(&builder, "(component)", 11);
    expect_refused("not a WebAssembly binary");
}

static void sections_come_as_they_lie_there(void **state) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    (void)state;
    airs_wasm_begin_component(&builder);
    airs_wasm_section(&builder, 7, "abc", 3);
    airs_wasm_custom(&builder, "note", "xy", 2);
    airs_wasm_custom(&builder, "", NULL, 0);
    airs_wasm_section(&builder, 255, NULL, 0);
    assert_ok(airs_wasm_sections_begin(airs_wasm_built(&builder), &sections, NULL));
    assert_ok(airs_wasm_sections_next(&sections, &section, NULL));
    assert_int_equal(section.id, 7);
    assert_int_equal(section.payload.size, 3);
    assert_memory_equal(section.payload.data, "abc", 3);
    assert_ptr_equal(section.whole.data, builder.bytes + 8);
    assert_int_equal(section.whole.size, 5);
    assert_false(airs_wasm_section_is(&section, ""));
    assert_ok(airs_wasm_sections_next(&sections, &section, NULL));
    assert_true(airs_wasm_section_is(&section, "note"));
    assert_false(airs_wasm_section_is(&section, "not"));
    assert_false(airs_wasm_section_is(&section, "notes"));
    assert_int_equal(section.payload.size, 2);
    assert_memory_equal(section.payload.data, "xy", 2);
    assert_int_equal(section.whole.size, 2 + 5 + 2);
    assert_ok(airs_wasm_sections_next(&sections, &section, NULL));
    assert_true(airs_wasm_section_is(&section, ""));
    assert_ok(airs_wasm_sections_next(&sections, &section, NULL));
    assert_int_equal(section.id, 255);
    assert_int_equal(section.whole.size, 2);
    assert_status(airs_wasm_sections_next(&sections, &section, NULL), AIRS_NOT_FOUND);
    assert_status(airs_wasm_sections_next(&sections, &section, NULL), AIRS_NOT_FOUND);
}

static void sizes_may_be_written_at_length(void **state) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    (void)state;
    airs_wasm_begin_component(&builder);
    airs_wasm_add(&builder,
                  "\x07\x83\x80\x80\x80\x00"
                  "abc",
                  9);
    assert_ok(airs_wasm_sections_begin(airs_wasm_built(&builder), &sections, NULL));
    assert_ok(airs_wasm_sections_next(&sections, &section, NULL));
    assert_int_equal(section.payload.size, 3);
    assert_int_equal(section.whole.size, 9);
}

typedef struct lie {
    const char *bytes;
    size_t size;
    const char *text;
} lie_t;

static void lies_about_sizes_are_refused(void **state) {
    static const lie_t lies[] = {
        {"\x07", 1, "the section at byte 8 has no valid size"},
        {"\x07\x80", 2, "has no valid size"},
        {"\x07\x80\x80\x80\x80\x80", 6, "has no valid size"},
        {"\x07\x80\x80\x80\x80\x10", 6, "has no valid size"},
        {"\x07\xff\xff\xff\xff\x0f", 6, "has 4294967295 bytes by its own account, and the file 0 more"},
        {"\x07\x01", 2, "has 1 bytes by its own account, and the file 0 more"},
        {"\x07\x03"
         "ab",
         4, "has 3 bytes by its own account, and the file 2 more"},
        {"\x00\x00", 2, "the name of the custom section at byte 8 does not fit"},
        {"\x00\x01\x80", 3, "does not fit"},
        {"\x00\x01\x01", 3, "does not fit"},
        {"\x00\x05\xff\xff\xff\xff\x0f", 7, "does not fit"},
        {"\x00\x02\x01\xff", 4, "is not UTF-8"},
        {"\x00\x04\x03\xed\xa0\x80", 6, "is not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        airs_wasm_begin_component(&builder);
        airs_wasm_add(&builder, lies[i].bytes, lies[i].size);
        expect_refused(lies[i].text);
    }
}

/* Cut anywhere but between sections it is refused, and nothing is read beyond the cut. */
static void cuts_are_seen(void **state) {
    (void)state;
    static const uint8_t zeros[200];
    size_t ends[4] = {8};
    airs_wasm_begin_component(&builder);
    airs_wasm_section(&builder, 1, "0123456789", 10);
    ends[1] = builder.size;
    airs_wasm_custom(&builder, "name", "abc", 3);
    ends[2] = builder.size;
    airs_wasm_section(&builder, 2, zeros, sizeof zeros);
    ends[3] = builder.size;
    for (size_t size = 0; size <= builder.size; size++) {
        size_t count;
        airs_error_t error;
        uint8_t *cut = airs_exact_copy(airs_bytes(builder.bytes, size));
        airs_status_t status = read_all(airs_bytes(cut, size), &count, &error);
        bool whole = false;
        for (size_t i = 0; i < 4; i++) {
            whole = whole || ends[i] == size;
        }
        assert_status(status, whole ? AIRS_NOT_FOUND : AIRS_INVALID_COMPONENT);
        free(cut);
    }
}

static void numbers_are_read_and_written(void **state) {
    static const uint32_t numbers[] = {0,     1,       127,     128,       255,       16383,
                                       16384, 2097151, 2097152, 268435455, 268435456, UINT32_MAX};
    static const size_t sizes[] = {1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint8_t bytes[AIRS_LEB128_MAX];
        uint32_t value = 7;
        size_t at = 0;
        assert_int_equal(airs_leb128_write(numbers[i], bytes), sizes[i]);
        assert_true(airs_leb128_read(airs_bytes(bytes, sizes[i]), &at, &value));
        assert_int_equal(value, numbers[i]);
        assert_int_equal(at, sizes[i]);
        for (size_t size = 0; size < sizes[i]; size++) {
            at = 0;
            assert_false(airs_leb128_read(airs_bytes(bytes, size), &at, &value));
            assert_int_equal(at, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_tell_components_from_modules),
        cmocka_unit_test(no_other_header_is_taken),
        cmocka_unit_test(sections_come_as_they_lie_there),
        cmocka_unit_test(sizes_may_be_written_at_length),
        cmocka_unit_test(lies_about_sizes_are_refused),
        cmocka_unit_test(cuts_are_seen),
        cmocka_unit_test(numbers_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
