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
        cmocka_unit_test(hostile_patterns_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
