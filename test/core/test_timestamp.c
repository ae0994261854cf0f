#include "core/timestamp.h"

#include "support/test.h"

static void a_moment_has_a_text(void **state) {
    (void)state;
    static const struct {
        uint64_t wall_ns;
        unsigned digits;
        const char *text;
    } cases[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {0, 3, "1970-01-01T00:00:00.000Z"},
        {UINT64_C(1709210096987654321), 0, "2024-02-29T12:34:56Z"},
        {UINT64_C(1709210096987654321), 1, "2024-02-29T12:34:56.9Z"},
        {UINT64_C(1709210096987654321), 3, "2024-02-29T12:34:56.987Z"},
        {UINT64_C(1709210096987654321), 6, "2024-02-29T12:34:56.987654Z"},
        {UINT64_C(1709210096987654321), 9, "2024-02-29T12:34:56.987654321Z"},
        {UINT64_C(1709210096000000001), 3, "2024-02-29T12:34:56.000Z"},
        {UINT64_MAX, 9, "2554-07-21T23:34:33.709551615Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[AIRS_TIMESTAMP_MAX];
        assert_ptr_equal(airs_timestamp_text(cases[i].wall_ns, cases[i].digits, text), text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_moment_has_a_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
