#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/log_line.h"
#include "core/utf8.h"

/* 2026-11-20T17:42:01.000123456Z */
#define WHEN UINT64_C(1795196521000123456)

static const char *format(const airs_log_record_t *record, char out[AIRS_LOG_LINE_MAX]) {
    static char text[AIRS_LOG_LINE_MAX + 1];
    size_t size = airs_log_line_format(record, WHEN, out);
    assert_in_range(size, 1, AIRS_LOG_LINE_MAX);
    memcpy(text, out, size);
    text[size] = '\0';
    return text;
}

static const char *format_message(airs_str_t message) {
    static char line[AIRS_LOG_LINE_MAX];
    airs_log_record_t record = {.level = AIRS_LOG_INFO, .source = airs_str("s"), .message = message};
    const char *text = format(&record, line);
    return strchr(text, ':') != NULL ? strstr(text, " s: ") + 4 : "";
}

static void a_line_has_time_level_source_message_fields(void **state) {
    (void)state;
    char line[AIRS_LOG_LINE_MAX];
    airs_log_field_t fields[] = {{airs_str("n"), airs_str("3")},
                                 {airs_str("path"), airs_str("a b")},
                                 {airs_str("empty"), airs_str("")},
                                 {airs_str("a=b"), airs_str("say \"x\\\"")}};
    airs_log_record_t record = {AIRS_LOG_WARN, airs_str("shop/cart/0"), airs_str("low on memory"), fields, 4};
    assert_string_equal(format(&record, line),
                        "2026-11-20T17:42:01.000123Z WARN  shop/cart/0: low on memory n=3 "
                        "path=\"a b\" empty=\"\" \"a=b\"=\"say \\\"x\\\\\\\"\"\n");
}

static void every_level_has_its_column(void **state) {
    (void)state;
    static const char *const COLUMNS[] = {"TRACE s", "DEBUG s", "INFO  s", "WARN  s", "ERROR s", "?     s"};
    char line[AIRS_LOG_LINE_MAX];
    for (int level = 0; level < 6; level++) {
        airs_log_record_t record = {.level = (airs_log_level_t)level, .source = airs_str("s")};
        assert_non_null(strstr(format(&record, line), COLUMNS[level]));
    }
}

static void a_guest_cannot_steer_the_terminal(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"\x1b[31mred", "\\x1b[31mred\n"},
        {"two\nlines\r", "two\\x0alines\\x0d\n"},
        {"tab\there", "tab\\x09here\n"},
        {"\x7f", "\\x7f\n"},
        {"\xc2\x9b"
         "2J",
         "\\xc2\\x9b2J\n"},                                  /* CSI as one C1 character */
        {"\xe2\x80\xaegpj.exe", "\\xe2\\x80\\xaegpj.exe\n"}, /* right-to-left override */
        {"bad \xff\xfe utf-8", "bad \\xff\\xfe utf-8\n"},
        {"cut \xe2\x82", "cut \\xe2\\x82\n"},
        {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\n"},
        {"", "\n"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_string_equal(format_message(airs_str(CASES[i][0])), CASES[i][1]);
    }
    assert_string_equal(format_message(airs_str_n("a\0b", 3)), "a\\x00b\n");
}

static void a_guest_cannot_forge_a_line_in_source_or_fields(void **state) {
    (void)state;
    char line[AIRS_LOG_LINE_MAX];
    airs_log_field_t field = {airs_str("k\n"), airs_str("v\n2026 INFO node: all is well")};
    airs_log_record_t record = {AIRS_LOG_INFO, airs_str("s\n"), airs_str("m"), &field, 1};
    const char *text = format(&record, line);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_long_line_is_cut_and_says_so(void **state) {
    (void)state;
    static char message[AIRS_LOG_LINE_MAX * 3];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(message, 'x', shift);
        for (size_t at = shift; at + 3 <= sizeof message; at += 3) {
            memcpy(message + at, "\xe2\x82\xac", 3);
        }
        const char *text = format_message(airs_str_n(message, sizeof message - 4));
        size_t size = strlen(text);
        const char *tail = strstr(text, " ... (");
        assert_non_null(tail);
        assert_string_equal(text + size - strlen(" more bytes)\n"), " more bytes)\n");
        size_t kept = (size_t)(tail - text);
        assert_true(airs_utf8_valid(airs_str_n(text, kept)));
        /* What is missing and what is there are all of it. */
        assert_int_equal(strtoul(tail + 6, NULL, 10) + kept, sizeof message - 4);
    }
}

static void escapes_cannot_overrun_the_line(void **state) {
    (void)state;
    static char message[AIRS_LOG_LINE_MAX * 2];
    memset(message, 0x1b, sizeof message);
    const char *text = format_message(airs_str_n(message, sizeof message));
    assert_non_null(strstr(text, " more bytes)\n"));
}

static void the_longest_line_fits(void **state) {
    (void)state;
    static char message[AIRS_LOG_LINE_MAX];
    memset(message, 'm', sizeof message);
    for (size_t size = AIRS_LOG_LINE_MAX - 120; size < AIRS_LOG_LINE_MAX; size++) {
        (void)format_message(airs_str_n(message, size));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_source_message_fields),
        cmocka_unit_test(every_level_has_its_column),
        cmocka_unit_test(a_guest_cannot_steer_the_terminal),
        cmocka_unit_test(a_guest_cannot_forge_a_line_in_source_or_fields),
        cmocka_unit_test(a_long_line_is_cut_and_says_so),
        cmocka_unit_test(escapes_cannot_overrun_the_line),
        cmocka_unit_test(the_longest_line_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
