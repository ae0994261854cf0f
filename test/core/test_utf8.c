#include "support/test.h"

#include "core/utf8.h"

/* The code points around every change of length, and both sides of the surrogates. */
static void valid_characters_are_decoded(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t character;
    } CASES[] = {
        {"a", 'a'},
        {"\x7f", 0x7f},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xe2\x82\xac", 0x20ac},
        {"\xed\x9f\xbf", 0xd7ff},
        {"\xee\x80\x80", 0xe000},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint32_t character = 0;
        airs_str_t text = airs_str(CASES[i].bytes);
        assert_int_equal(airs_utf8_decode(text, &character), text.size);
        assert_int_equal(character, CASES[i].character);
        assert_true(airs_utf8_valid(text));
        /* Without its last byte it is none. */
        assert_int_equal(airs_utf8_decode(airs_str_n(text.data, text.size - 1), &character), 0);
    }
    uint32_t zero = 1;
    assert_int_equal(airs_utf8_decode(airs_str_n("\0", 1), &zero), 1);
    assert_int_equal(zero, 0);
    assert_true(airs_utf8_valid(airs_str("")));
}

static void what_is_not_utf8_is_refused(void **state) {
    (void)state;
    static const char *const CASES[] = {
        "\x80",             /* a continuation alone */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* the first surrogate */
        "\xed\xbf\xbf",     /* the last one */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc2"
        "a",
        "\xe2\x82"
        "a",
        "\xf0\x90\x80"
        "a",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint32_t character = 0;
        assert_int_equal(airs_utf8_decode(airs_str(CASES[i]), &character), 0);
        assert_false(airs_utf8_valid(airs_str(CASES[i])));
    }
}

static void cuts_split_no_character(void **state) {
    (void)state;
    airs_str_t text = airs_str("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
    static const size_t CUTS[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t i = 0; i < sizeof CUTS / sizeof CUTS[0]; i++) {
        assert_int_equal(airs_utf8_cut(text, i), CUTS[i]);
    }
    /* Nothing to hold on to: it is cut where it was asked to be. */
    assert_int_equal(airs_utf8_cut(airs_str("\x80\x80\x80\x80\x80\x80"), 4), 4);
}

static void cuts_are_made_after_a_line(void **state) {
    (void)state;
    airs_str_t text = airs_str("one\ntwo\nthr\xc3\xa4");
    static const size_t CUTS[] = {0, 1, 2, 3, 3, 3, 3, 7, 7, 7, 7, 7, 7, 13, 13};
    for (size_t i = 0; i < sizeof CUTS / sizeof CUTS[0]; i++) {
        assert_int_equal(airs_utf8_cut_lines(text, i), CUTS[i]);
    }
    assert_int_equal(airs_utf8_cut_lines(airs_str("thr\xc3\xa4x"), 4), 3);
    assert_int_equal(airs_utf8_cut_lines(airs_str("\nx"), 1), 1);
    assert_int_equal(airs_utf8_cut_lines(airs_str(""), 5), 0);
}

/* Each byte at each place of a text that is longer than what is looked at in one go. */
static void the_plain_beginning_ends_before_what_is_not(void **state) {
    (void)state;
    char text[19];
    for (size_t at = 0; at < sizeof text; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(text, 'x', sizeof text);
            text[at] = (char)byte;
            bool plain = byte >= 0x20 && byte < 0x7f;
            assert_int_equal(airs_utf8_plain(airs_str_n(text, sizeof text)), plain ? sizeof text : at);
            assert_int_equal(airs_utf8_plain(airs_str_n(text, at)), at);
        }
    }
    assert_int_equal(airs_utf8_plain(airs_str(NULL)), 0);
}

static void controls_are_known(void **state) {
    (void)state;
    static const uint32_t CONTROLS[] = {0,    0x1b,   0x1f,   0x7f,   0x80,  0x9b,
                                        0x9f, 0x2028, 0x202e, 0x2066, 0x2069};
    static const uint32_t OTHERS[] = {' ', '~', 0xa0, 0x2027, 0x202f, 0x2065, 0x206a, 0x1f600};
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0]; i++) {
        assert_true(airs_utf8_is_control(CONTROLS[i]));
    }
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        assert_false(airs_utf8_is_control(OTHERS[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_characters_are_decoded),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(cuts_split_no_character),
        cmocka_unit_test(cuts_are_made_after_a_line),
        cmocka_unit_test(controls_are_known),
        cmocka_unit_test(the_plain_beginning_ends_before_what_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
