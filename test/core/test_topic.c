#include "support/test.h"

#include <string.h>

#include "core/topic.h"

/* What is valid as a topic and as a pattern; a text that is neither has a word of why. */
typedef struct example {
    const char *text;
    bool topic;
    bool pattern;
    const char *topic_word;
    const char *pattern_word;
} example_t;

static const example_t examples[] = {
    {"orders", true, true, NULL, NULL},
    {"orders.eu.created", true, true, NULL, NULL},
    {"Orders.EU", true, true, NULL, NULL},
    {"a b.c-d_e/f:0", true, true, NULL, NULL},
    {"gr\xc3\xb6\xc3\x9f"
     "e.\xe2\x82\xac.\xf0\x9f\x98\x80",
     true, true, NULL, NULL},
    {"*", false, true, "without `*` and `>`", NULL},
    {">", false, true, "without `*` and `>`", NULL},
    {"*.*", false, true, "without `*` and `>`", NULL},
    {"*.>", false, true, "without `*` and `>`", NULL},
    {"a.*.c", false, true, "\"a.*.c\" has a wildcard", NULL},
    {"a.>", false, true, "without `*` and `>`", NULL},
    {"a.>.c", false, false, "without `*` and `>`", "for one token write `*`"},
    {">.a", false, false, "without `*` and `>`", "`>` is not the last token"},
    {">.>", false, false, "without `*` and `>`", "`>` is not the last token"},
    {"a*", false, false, "without `*` and `>`", "the token \"a*\" of the pattern \"a*\""},
    {"a.b>", false, false, "without `*` and `>`", "a wildcard is a token of its own"},
    {"**", false, false, "without `*` and `>`", "a wildcard is a token of its own"},
    {"", false, false, "an empty topic", "an empty pattern"},
    {".", false, false, "an empty token", "an empty token"},
    {".a", false, false, "the topic \".a\" has an empty token", "the pattern \".a\" has an empty token"},
    {"a.", false, false, "an empty token", "an empty token"},
    {"a..b", false, false, "an empty token", "an empty token"},
    {"*..>", false, false, "without `*` and `>`", "an empty token"},
    {"a\nb", false, false, "U+000A at byte 2", "U+000A at byte 2"},
    {"a.\x7f", false, false, "U+007F at byte 3", "a pattern has no control characters"},
    {"\xc2\x85", false, false, "U+0085", "U+0085"},
    {"\xe2\x80\xae", false, false, "U+202E", "U+202E"},
    {"a\xff", false, false, "must be UTF-8; byte 2 is not", "a pattern must be UTF-8"},
    {"\xed\xa0\x80", false, false, "byte 1 is not", "byte 1 is not"},
};

static void check(airs_status_t (*function)(airs_str_t text, airs_error_t *error), const char *text,
                  bool valid, const char *word) {
    airs_error_t error = {.text = ""};
    airs_status_t status = function(airs_str(text), &error);
    if (valid) {
        assert_string_equal(error.text, "");
        assert_ok(status);
    } else {
        assert_status(status, AIRS_INVALID_ARGUMENT);
        assert_status(error.status, AIRS_INVALID_ARGUMENT);
        if (strstr(error.text, word) == NULL) {
            assert_string_equal(error.text, word);
        }
    }
    assert_status(function(airs_str(text), NULL), status);
}

static void the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const example_t *example = &examples[i];
        check(airs_topic_check, example->text, example->topic, example->topic_word);
        check(airs_topic_check_pattern, example->text, example->pattern, example->pattern_word);
    }
    assert_status(airs_topic_check(airs_str_n("a\0b", 3), NULL), AIRS_INVALID_ARGUMENT);
}

static void the_limits(void **state) {
    (void)state;
    char text[AIRS_TOPIC_MAX + 1];
    airs_error_t error;
    memset(text, 'x', sizeof text);
    assert_ok(airs_topic_check(airs_str_n(text, AIRS_TOPIC_MAX), NULL));
    assert_status(airs_topic_check(airs_str_n(text, AIRS_TOPIC_MAX + 1), &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a topic of 256 bytes: at most 255 are possible");
    for (size_t i = 1; i < sizeof text; i += 2) {
        text[i] = '.';
    }
    assert_ok(airs_topic_check_pattern(airs_str_n(text, 2 * AIRS_TOPIC_TOKENS_MAX - 1), NULL));
    assert_status(airs_topic_check_pattern(airs_str_n(text, 2 * AIRS_TOPIC_TOKENS_MAX + 1), &error),
                  AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "has more than 32 tokens"));
}

static void tokens_one_by_one(void **state) {
    (void)state;
    airs_str_t rest = airs_str("ab.c.>");
    assert_true(airs_str_equal(airs_topic_first_token(rest, &rest), airs_str("ab")));
    assert_true(airs_str_equal(airs_topic_first_token(rest, &rest), airs_str("c")));
    airs_str_t last = airs_topic_first_token(rest, &rest);
    assert_true(airs_topic_is_rest(last));
    assert_false(airs_topic_is_any(last));
    assert_int_equal(rest.size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(the_limits),
        cmocka_unit_test(tokens_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
