#include "core/backtrace.h"

#include "support/test.h"

static void a_backtrace_begins_behind_what_happened(void **state) {
    (void)state;
    assert_int_equal(airs_backtrace_offset(airs_str("a trap\n    0: f (+0x1)\n    1: g")), 6);
    assert_int_equal(airs_backtrace_offset(airs_str("two\nlines\n    0: f")), 9);
    assert_int_equal(airs_backtrace_offset(airs_str("\n    0: f")), 0);
    static const char *const none[] = {"", "a trap", "a trap\n    1: f", "a trap\n   0: f", "a trap\n    0:"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(airs_backtrace_offset(airs_str(none[i])), strlen(none[i]));
    }
}

static void assert_line(const char *backtrace, size_t size, const char *expected) {
    char out[64];
    memset(out, '#', sizeof out);
    airs_str_t line = airs_backtrace_on_one_line(airs_str(backtrace), out, size);
    assert_int_equal(line.size, strlen(expected));
    assert_memory_equal(line.data, expected, line.size);
    assert_true(size == sizeof out || out[size] == '#');
}

static void its_frames_fit_on_one_line(void **state) {
    (void)state;
    static const char frames[] = "\n    0: f (+0x1)\n    1: g\n    2: h";
    assert_line(frames, 64, "0: f (+0x1), 1: g, 2: h");
    assert_line(frames, 23, "0: f (+0x1), 1: g, 2: h");
    assert_line(frames, 22, "0: f (+0x1), 1: g");
    assert_line(frames, 11, "0: f (+0x1)");
    assert_line(frames, 10, "");
    assert_line(frames, 0, "");
    assert_line("", 64, "");
    assert_line("\n  \n", 64, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backtrace_begins_behind_what_happened),
        cmocka_unit_test(its_frames_fit_on_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
