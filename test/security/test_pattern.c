#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "security/pattern.h"
#include "support/seeded_random.h"

typedef struct example {
    const char *pattern;
    const char *name;
    bool matches;
} example_t;

/* The table of the header, row by row, and the corners around it. */
static const example_t EXAMPLES[] = {
    {"a/b", "a/b", true},
    {"a/b", "a", false},
    {"a/b", "a/b/c", false},
    {"a/b", "a/bc", false},
    {"a/*", "a/b", true},
    {"a/*", "a/", true},
    {"a/*", "a", false},
    {"a/*", "a/b/c", false},
    {"a/*", "ab/c", false},
    {"a/**", "a", true},
    {"a/**", "a/b", true},
    {"a/**", "a/b/c", true},
    {"a/**", "ab", false},
    {"a/**", "ab/c", false},
    {"**/c", "c", true},
    {"**/c", "a/c", true},
    {"**/c", "a/b/c", true},
    {"**/c", "a/bc", false},
    {"**/c", "c/d", false},
    {"a/**/c", "a/c", true},
    {"a/**/c", "a/b/c", true},
    {"a/**/c", "a/b/b/c", true},
    {"a/**/c", "a", false},
    {"a/**/c", "ac", false},
    {"a/**/c", "a/b", false},
    {"a*", "a*", true},
    {"a*", "ab", false},

    {"**", "", true},
    {"**", "a", true},
    {"**", "a/b/c", true},
    {"*", "", true},
    {"*", "a", true},
    {"*", "a/b", false},
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"/", "/", true},
    {"/", "", false},
    {"*/*", "/", true},
    {"a//b", "a//b", true},
    {"a/*/b", "a//b", true},
    {"***", "***", true},
    {"***", "abc", false},
    {"comp-a/*", "comp-ab/1", false},
    {"comp-a/*", "comp-a/1", true},
    {"**/a/**/b/**", "x/a/y/b/z", true},
    {"**/a/**/b/**", "x/b/y/a/z", false},
    {"**/**", "a", true},
    {"a/**/**/b", "a/b", true},
    {"A", "a", false},
    {"\xc3\xa4/*", "\xc3\xa4/x", true},
    {"**/a/b", "a/a/a/b", true},
    {"**/a/b", "a/b/a", false},
};

static void the_examples_hold(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        const example_t *example = &EXAMPLES[i];
        if (airs_pattern_match(airs_str(example->pattern), airs_str(example->name)) != example->matches) {
            fail_msg("\"%s\" and \"%s\"", example->pattern, example->name);
        }
    }
}

typedef struct path {
    airs_str_t segments[64];
    size_t count;
} path_t;

static path_t split(const char *text) {
    path_t path = {.count = 0};
    for (;;) {
        const char *end = strchrnul(text, '/');
        path.segments[path.count++] = airs_str_n(text, (size_t)(end - text));
        if (*end == '\0') {
            return path;
        }
        text = end + 1;
    }
}

/* The definition, word for word and as slow as it may be: segments from the i-th and the k-th on. */
static bool matches_slowly(const path_t *pattern, size_t i, const path_t *name, size_t k) {
    if (i == pattern->count) {
        return k == name->count;
    }
    if (airs_str_equal(pattern->segments[i], airs_str("**"))) {
        return matches_slowly(pattern, i + 1, name, k) ||
               (k < name->count && matches_slowly(pattern, i, name, k + 1));
    }
    bool same = k < name->count && (airs_str_equal(pattern->segments[i], airs_str("*")) ||
                                    airs_str_equal(pattern->segments[i], name->segments[k]));
    return same && matches_slowly(pattern, i + 1, name, k + 1);
}

static void make_path(airs_seeded_random_t *random, bool stars, char out[64]) {
    static const char *const SEGMENTS[] = {"a", "b", "", "*", "**"};
    size_t count = 1 + airs_seeded_random_below(random, 6);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        (void)strcat(out, i > 0 ? "/" : "");
        (void)strcat(out, SEGMENTS[airs_seeded_random_below(random, stars ? 5 : 3)]);
    }
}

static void it_agrees_with_the_definition(void **state) {
    (void)state;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 5);
    size_t matched = 0;
    for (int i = 0; i < 200000; i++) {
        char pattern[64];
        char name[64];
        make_path(&random, true, pattern);
        make_path(&random, false, name);
        path_t pattern_path = split(pattern);
        path_t name_path = split(name);
        bool wanted = matches_slowly(&pattern_path, 0, &name_path, 0);
        matched += wanted;
        if (airs_pattern_match(airs_str(pattern), airs_str(name)) != wanted) {
            fail_msg("\"%s\" and \"%s\"", pattern, name);
        }
    }
    assert_in_range(matched, 1000, 200000);
}

/* Two patterns overlap when some name matches both: the definition again, over segments. */
static bool overlap_slowly(const path_t *one, size_t i, const path_t *other, size_t k) {
    bool one_ended = i == one->count;
    bool other_ended = k == other->count;
    if (one_ended && other_ended) {
        return true;
    }
    if (!one_ended && airs_segment_is_run(one->segments[i])) {
        return overlap_slowly(one, i + 1, other, k) || (!other_ended && overlap_slowly(one, i, other, k + 1));
    }
    if (!other_ended && airs_segment_is_run(other->segments[k])) {
        return overlap_slowly(one, i, other, k + 1) || (!one_ended && overlap_slowly(one, i + 1, other, k));
    }
    return !one_ended && !other_ended &&
           (airs_segment_is_one(one->segments[i]) || airs_segment_is_one(other->segments[k]) ||
            airs_str_equal(one->segments[i], other->segments[k])) &&
           overlap_slowly(one, i + 1, other, k + 1);
}

static void overlaps_agree_with_the_definition(void **state) {
    (void)state;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 6);
    size_t overlapped = 0;
    for (int i = 0; i < 200000; i++) {
        char one[64];
        char other[64];
        make_path(&random, true, one);
        make_path(&random, i % 2 == 0, other);
        path_t one_path = split(one);
        path_t other_path = split(other);
        bool wanted = overlap_slowly(&one_path, 0, &other_path, 0);
        overlapped += wanted;
        if (airs_pattern_overlap('/', airs_str(one), airs_str(other)) != wanted ||
            airs_pattern_overlap('/', airs_str(other), airs_str(one)) != wanted) {
            fail_msg("\"%s\" and \"%s\"", one, other);
        }
        if (i % 2 == 1 && wanted != airs_pattern_match(airs_str(one), airs_str(other))) {
            fail_msg("\"%s\" and the name \"%s\"", one, other);
        }
    }
    assert_in_range(overlapped, 1000, 199000);
}

static void too_many_segments_may_always_overlap(void **state) {
    (void)state;
    char text[2 * AIRS_PATTERN_SEGMENTS_MAX + 2];
    memset(text, '/', sizeof text);
    assert_false(airs_pattern_overlap('/', airs_str("a"), airs_str_n(text, AIRS_PATTERN_SEGMENTS_MAX - 1)));
    assert_true(airs_pattern_overlap('/', airs_str("a"), airs_str_n(text, AIRS_PATTERN_SEGMENTS_MAX)));
}

/* What would take a backtracking matcher ages. */
static void hostile_patterns_are_quick(void **state) {
    (void)state;
    static char pattern[4000];
    static char name[4000];
    for (size_t i = 0; i + 5 < sizeof pattern; i += 5) {
        memcpy(pattern + i, "**/a/", 5);
    }
    memcpy(pattern + 3990, "**/b", 5);
    for (size_t i = 0; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "a/", 2);
    }
    assert_false(airs_pattern_match(airs_str(pattern), airs_str(name)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_hold),
        cmocka_unit_test(it_agrees_with_the_definition),
        cmocka_unit_test(overlaps_agree_with_the_definition),
        cmocka_unit_test(too_many_segments_may_always_overlap),
        cmocka_unit_test(hostile_patterns_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
