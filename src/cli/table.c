#include "cli/table.h"

#include <string.h>

#include "cli/progress.h"
#include "cli/visible_text.h"
#include "core/check.h"
#include "core/visible.h"

/* Blanks between columns. */
#define GAP 2

/* How many characters a text has: each is taken to be as wide as any other. */
static size_t width_of(const char *text) {
    airs_str_t rest = airs_str(text);
    size_t width = 0;
    while (rest.size > 0) {
        char shown[AIRS_VISIBLE_MAX];
        size_t size = airs_visible_next(&rest, shown);
        width += shown[0] == '\\' ? size : 1; /* \xNN, of which each byte is a character */
    }
    return width;
}

void airs_table_init(airs_table_t *table, const airs_table_column_t *columns, size_t column_count) {
    AIRS_ASSERT(column_count <= AIRS_TABLE_COLUMNS_MAX);
    *table = (airs_table_t){.columns = columns, .column_count = column_count};
    airs_text_init(&table->cells, airs_allocator_default());
    for (size_t i = 0; i < column_count; i++) {
        table->widths[i] = width_of(columns[i].heading);
    }
}

void airs_table_free(airs_table_t *table) { airs_text_free(&table->cells); }

void airs_table_add(airs_table_t *table, const char *text) {
    size_t *width = &table->widths[table->filled % table->column_count];
    size_t own = width_of(text);
    *width = own > *width ? own : *width;
    airs_text_append(&table->cells, airs_str(text));
    airs_text_append_char(&table->cells, '\0');
    table->filled++;
}

void airs_table_add_number(airs_table_t *table, uint64_t number) {
    char text[AIRS_COUNT_TEXT_MAX];
    airs_table_add(table, airs_count_text(number, text));
}

static void pad(size_t count, FILE *stream) {
    for (size_t i = 0; i < count; i++) {
        (void)fputc(' ', stream);
    }
}

/* Nothing stands behind the last cell of a row. */
static void print_cell(const airs_table_t *table, size_t column, bool last, const char *text, FILE *stream) {
    size_t blanks = table->widths[column] - width_of(text);
    pad(table->columns[column].right ? blanks : 0, stream);
    airs_visible_print(airs_str(text), false, stream);
    if (last) {
        (void)fputc('\n', stream);
    } else {
        pad((table->columns[column].right ? 0 : blanks) + GAP, stream);
    }
}

static size_t columns_within(const airs_table_t *table, size_t least, size_t width) {
    size_t used = 0;
    size_t count = 0;
    while (count < table->column_count) {
        used += table->widths[count] + (count > 0 ? GAP : 0);
        if (count >= least && used > width) {
            break;
        }
        count++;
    }
    return count;
}

airs_status_t airs_table_print(const airs_table_t *table, size_t least, size_t width, FILE *stream) {
    AIRS_ASSERT(table->filled % table->column_count == 0);
    if (airs_text_status(&table->cells) != AIRS_OK) {
        return AIRS_OUT_OF_MEMORY;
    }
    size_t shown = columns_within(table, least, width);
    for (size_t i = 0; i < shown; i++) {
        print_cell(table, i, i + 1 == shown, table->columns[i].heading, stream);
    }
    const char *cell = airs_text_cstr(&table->cells);
    for (size_t i = 0; i < table->filled; i++) {
        size_t column = i % table->column_count;
        if (column < shown) {
            print_cell(table, column, column + 1 == shown, cell, stream);
        }
        cell += strlen(cell) + 1;
    }
    return AIRS_OK;
}
