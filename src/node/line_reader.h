/* Lines of a file or pipe of any length, one after the other, through a bounded buffer. */
#ifndef AIRSSYS_NODE_LINE_READER_H
#define AIRSSYS_NODE_LINE_READER_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

typedef struct airs_line_reader airs_line_reader_t;

typedef struct airs_line_reader_options {
    const airs_allocator_t *allocator;
    int descriptor;   /* stays open; whoever made the reader closes it, after it */
    const char *name; /* for messages; must outlive the reader */
    size_t max_line;  /* bytes, the newline not counted */
} airs_line_reader_options_t;

/* AIRS_OUT_OF_MEMORY, AIRS_IO. */
airs_status_t airs_line_reader_create(const airs_line_reader_options_t *options, airs_line_reader_t **out,
                                      airs_error_t *error);

/* NULL is fine. */
void airs_line_reader_destroy(airs_line_reader_t *reader);

/* The next line without its newline, valid until the next call; waits for it. A last line needs no
 * newline. AIRS_NOT_FOUND: there are no more lines. AIRS_CANCELLED: interrupted. AIRS_MESSAGE_TOO_LARGE:
 * the line is longer than max_line. AIRS_IO, AIRS_OUT_OF_MEMORY. After anything but AIRS_OK there is
 * nothing more to read. */
airs_status_t airs_line_reader_next(airs_line_reader_t *reader, airs_bytes_t *line, airs_error_t *error);

/* The number of the line that `next` gave last, or failed at; counts from 1. */
uint64_t airs_line_reader_number(const airs_line_reader_t *reader);

/* A `next` that waits, and every later one, ends with AIRS_CANCELLED. Any thread; also in a signal
 * handler. */
void airs_line_reader_interrupt(airs_line_reader_t *reader);

#endif
