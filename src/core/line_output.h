/* An output that hands on whole lines: for one of several writers that share a place. */
#ifndef AIRSSYS_CORE_LINE_OUTPUT_H
#define AIRSSYS_CORE_LINE_OUTPUT_H

#include <airssys/node.h>

/* A line longer than this is handed on in pieces. */
#define AIRS_LINE_OUTPUT_MAX ((size_t)64 << 10)

/* Used by one thread at a time. Takes memory only while a line is not complete. */
typedef struct airs_line_output {
    const airs_allocator_t *allocator;
    airs_output_fn *output;
    void *context;
    uint8_t *held; /* the beginning of a line; NULL: none */
    size_t size;
    size_t capacity;
} airs_line_output_t;

void airs_line_output_init(airs_line_output_t *self, const airs_allocator_t *allocator,
                           airs_output_fn *output, void *context);

/* airs_output_fn: `self` is an airs_line_output_t. Nothing is ever lost: without memory, what should be held
 * back is handed on at once. */
void airs_line_output_write(void *self, airs_bytes_t bytes);

/* Hand on what is held, and free it. */
void airs_line_output_finish(airs_line_output_t *self);

#endif
