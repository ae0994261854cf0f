/* Tables for a person, and text that cannot steer a terminal. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/table.h"
#include "cli/visible_text.h"
#include "support/test.h"

static const airs_table_column_t columns[] = {{"ID", false}, {"COUNT", true}, {"NOTE", false}};

/* What is printed with this room; to be freed. */
static char *printed(size_t least, size_t width) {
    char *text = NULL;
    size_t size = 0;
    airs_table_t table;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    airs_table_init(&table, columns, 3);
    airs_table_add(&table, "a");
    airs_table_add_number(&table, 1234567);
    airs_table_add(&table, "first");
    airs_table_add(&table, "\xc3\xa4\xc3\xb6\033");
    airs_table_add_number(&table, 0);
    airs_table_add(&table, "");
    assert_ok(airs_table_print(&table, least, width, stream));
    airs_table_free(&table);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state) {
    (void)state;
    char *text = printed(3, 0);
    assert_string_equal(text, "ID          COUNT  NOTE\n"
                              "a       1,234,567  first\n"
                              "\xc3\xa4\xc3\xb6\\x1b          0  \n");
    free(text);
}

/* The three are 6, 9 and 5 characters wide, with two blanks between them. */
static void as_many_columns_are_shown_as_there_is_room_for(void **state) {
    (void)state;
    static const struct {
        size_t least;
        size_t width;
        const char *heading;
    } cases[] = {
        {1, 0, "ID\n"},
        {1, 6, "ID\n"},
        {1, 16, "ID\n"},
        {1, 17, "ID          COUNT\n"},
        {2, 0, "ID          COUNT\n"},
        {1, 23, "ID          COUNT\n"},
        {1, 24, "ID          COUNT  NOTE\n"},
        {3, 10, "ID          COUNT  NOTE\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = printed(cases[i].least, cases[i].width);
        assert_memory_equal(text, cases[i].heading, strlen(cases[i].heading));
        free(text);
    }
}

static void control_characters_and_bytes_are_shown_as_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *as_line;
        const char *as_lines;
    } cases[] = {
        {"plain \xc3\xa4", "plain \xc3\xa4", "plain \xc3\xa4"},
        {"a\n\tb", "a\\x0a\\x09b", "a\n\tb"},
        {"\033[2J\r\x7f", "\\x1b[2J\\x0d\\x7f", "\\x1b[2J\\x0d\\x7f"},
        {"\xff\xc3", "\\xff\\xc3", "\\xff\\xc3"},
        {"\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b"},               /* CSI as one character */
        {"\xe2\x80\xae", "\\xe2\\x80\\xae", "\\xe2\\x80\\xae"}, /* from right to left */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int lines = 0; lines < 2; lines++) {
            char *text = NULL;
            size_t size = 0;
            FILE *stream = open_memstream(&text, &size);
            assert_non_null(stream);
            airs_visible_print(airs_str(cases[i].text), lines != 0, stream);
            assert_int_equal(fclose(stream), 0);
            assert_string_equal(text, lines != 0 ? cases[i].as_lines : cases[i].as_line);
            free(text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(as_many_columns_are_shown_as_there_is_room_for),
        cmocka_unit_test(control_characters_and_bytes_are_shown_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
