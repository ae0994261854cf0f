#include "support/test.h"

#include <string.h>

/* Every status of the list: its number, its text, and its name from the list in lower case with hyphens. */
typedef struct entry {
    airs_status_t status;
    int number;
    const char *name;
    const char *text;
} entry_t;

static const entry_t ENTRIES[] = {
#define ENTRY(name, number, text) {AIRS_##name, number, #name, text},
    AIRS_STATUS_MAP(ENTRY)
#undef ENTRY
};
#define COUNT (sizeof ENTRIES / sizeof ENTRIES[0])

static void names_are_those_of_the_list(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char kebab[64] = {0};
        for (size_t k = 0; ENTRIES[i].name[k] != '\0'; k++) {
            char character = ENTRIES[i].name[k];
            kebab[k] = (char)(character == '_' ? '-' : character | 0x20);
        }
        assert_string_equal(airs_status_name(ENTRIES[i].status), kebab);
        assert_string_equal(airs_status_text(ENTRIES[i].status), ENTRIES[i].text);
    }
}

static void numbers_have_no_gap_and_no_double(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(ENTRIES[i].number, i);
    }
}

static void texts_are_lower_case_without_full_stop(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const char *text = ENTRIES[i].text;
        assert_true(strlen(text) > 0);
        assert_in_range(text[0], 'a', 'z');
        assert_int_not_equal(text[strlen(text) - 1], '.');
    }
}

static void unknown_numbers_have_words_too(void **state) {
    (void)state;
    assert_string_equal(airs_status_text((airs_status_t)9999), "unknown status");
    assert_string_equal(airs_status_name((airs_status_t)9999), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_list),
        cmocka_unit_test(numbers_have_no_gap_and_no_double),
        cmocka_unit_test(texts_are_lower_case_without_full_stop),
        cmocka_unit_test(unknown_numbers_have_words_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
