#include "node/quantity.h"
#include "support/test.h"

static void sizes_are_read_in_binary_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"0B", 0},
        {"17B", 17},
        {"1KiB", 1024},
        {"64MiB", UINT64_C(64) << 20},
        {"4GiB", UINT64_C(4) << 30},
        {"0064MiB", UINT64_C(64) << 20},
        {"99999999999GiB", UINT64_MAX},
        {"99999999999999999999999B", UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t bytes = 1;
        assert_ok(airs_size_parse(airs_str(cases[i].text), &bytes));
        assert_int_equal(bytes, cases[i].bytes);
    }
}

static void durations_are_read_in_microseconds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t us;
    } cases[] = {
        {"250us", 250},
        {"100ms", 100000},
        {"5s", 5000000},
        {"2m", 120000000},
        {"24h", UINT64_C(86400000000)},
        {"9999999999999h", UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t us = 1;
        assert_ok(airs_duration_parse(airs_str(cases[i].text), &us));
        assert_int_equal(us, cases[i].us);
    }
}

static void what_is_no_quantity_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"",       "MiB",   "64",     "64MB",   "64mib",
                                        "64 MiB", "-1MiB", "1.5MiB", "64MiBs", "+1B"};
    uint64_t out = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_status(airs_size_parse(airs_str(wrong[i]), &out), AIRS_INVALID_ARGUMENT);
        assert_status(airs_duration_parse(airs_str(wrong[i]), &out), AIRS_INVALID_ARGUMENT);
    }
    assert_int_equal(out, 7);
}

static void quantities_are_written_as_they_are_read(void **state) {
    (void)state;
    char out[AIRS_QUANTITY_TEXT_MAX];
    assert_string_equal(airs_size_format(0, out), "0B");
    assert_string_equal(airs_size_format(1000, out), "1000B");
    assert_string_equal(airs_size_format(65536, out), "64KiB");
    assert_string_equal(airs_size_format(UINT64_C(4) << 30, out), "4GiB");
    assert_string_equal(airs_size_format(UINT64_MAX, out), "18446744073709551615B");
    assert_string_equal(airs_duration_format(1500000, out), "1500ms");
    assert_string_equal(airs_duration_format(UINT64_C(86400000000), out), "24h");
    assert_string_equal(airs_duration_format(90000000, out), "90s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read_in_binary_units),
        cmocka_unit_test(durations_are_read_in_microseconds),
        cmocka_unit_test(what_is_no_quantity_is_refused),
        cmocka_unit_test(quantities_are_written_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
