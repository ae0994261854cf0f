/* Rows of text in columns that are as wide as their widest cell. */
#ifndef AIRSSYS_CLI_TABLE_H
#define AIRSSYS_CLI_TABLE_H

#include <stdio.h>

#include "core/text.h"

#define AIRS_TABLE_COLUMNS_MAX 20

typedef struct airs_table_column {
    const char *heading;
    bool right; /* aligned, as numbers are */
} airs_table_column_t;

typedef struct airs_table {
    const airs_table_column_t *columns;
    size_t column_count;
    airs_text_t cells; /* each with a zero behind it, row by row */
    size_t widths[AIRS_TABLE_COLUMNS_MAX];
    size_t filled; /* cells of all rows */
} airs_table_t;

/* The columns are borrowed. */
void airs_table_init(airs_table_t *table, const airs_table_column_t *columns, size_t column_count);
void airs_table_free(airs_table_t *table);

/* The next cell, from left to right; what is a control character in it is made visible when it is printed. */
void airs_table_add(airs_table_t *table, const char *text);
void airs_table_add_number(airs_table_t *table, uint64_t number);

/* Headings and rows, two spaces between columns: the first `least` columns, and as many more as `width` characters
 * have room for. AIRS_OUT_OF_MEMORY when a cell could not be kept. */
airs_status_t airs_table_print(const airs_table_t *table, size_t least, size_t width, FILE *stream);

#endif
