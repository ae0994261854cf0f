#include "support/test.h"

#include <jansson.h>
#include <string.h>

#include "core/text.h"
#include "support/failing_allocator.h"

static void it_grows_as_it_is_written_to(void **state) {
    (void)state;
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    assert_string_equal(airs_text_cstr(&text), "");
    airs_text_append(&text, airs_str(""));
    airs_text_append_format(&text, "%d", 1);
    for (int i = 2; i <= 300; i++) {
        airs_text_append_char(&text, ',');
        airs_text_append_format(&text, "%d", i);
    }
    assert_ok(airs_text_status(&text));
    assert_int_equal(text.size, 9 + 90 * 2 + 201 * 3 + 299);
    assert_int_equal(strlen(airs_text_cstr(&text)), text.size);
    assert_string_equal(airs_text_cstr(&text) + text.size - 8, ",299,300");
    airs_text_clear(&text);
    assert_string_equal(airs_text_cstr(&text), "");
    airs_text_free(&text);
    airs_text_free(&text);
}

/* What is written as JSON reads back the same, for every byte and for what is not UTF-8. */
static void json_strings_are_valid(void **state) {
    (void)state;
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    char all[256];
    for (size_t i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    airs_text_append_json(&text, airs_str_n(all, 128));
    json_t *value = json_loadb(text.data, text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(value);
    assert_int_equal(json_string_length(value), 128);
    assert_memory_equal(json_string_value(value), all, 128);
    json_decref(value);

    airs_text_clear(&text);
    airs_text_append_json(&text, airs_str_n(all + 128, 128));
    value = json_loadb(text.data, text.size, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_int_equal(json_string_length(value), 128 * 3); /* U+FFFD each */
    json_decref(value);

    airs_text_clear(&text);
    airs_text_append_json(&text, airs_str("\"\\\b\f\n\r\t\x01\x7f\xc2\x85/\xe2\x82\xac"));
    assert_string_equal(airs_text_cstr(&text),
                        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\\u0085/\xe2\x82\xac\"");
    airs_text_free(&text);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_text_t text;
    airs_text_init(&text, allocator);
    for (int i = 0; i < 40; i++) {
        airs_text_append(&text, airs_str("some words, "));
        airs_text_append_format(&text, "%d %s", i, "and more");
        airs_text_append_json(&text, airs_str("\"quoted\""));
    }
    airs_status_t status = airs_text_status(&text);
    airs_text_free(&text);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

static void a_failure_sticks_until_cleared(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_text_t text;
    airs_text_init(&text, &memory.allocator);
    airs_text_append(&text, airs_str("kept"));
    airs_failing_allocator_fail(&memory, 1, 1);
    char long_part[500] = {'x'};
    airs_text_append(&text, airs_str_n(long_part, sizeof long_part));
    airs_text_append(&text, airs_str("!"));
    assert_status(airs_text_status(&text), AIRS_OUT_OF_MEMORY);
    assert_string_equal(airs_text_cstr(&text), "kept");
    airs_text_clear(&text);
    airs_text_append(&text, airs_str("again"));
    assert_ok(airs_text_status(&text));
    assert_true(airs_str_equal(airs_text_view(&text), airs_str("again")));
    airs_text_free(&text);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_as_it_is_written_to),
        cmocka_unit_test(json_strings_are_valid),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_failure_sticks_until_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
