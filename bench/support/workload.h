/* A workload that is compared with what others make of it. */
#ifndef AIRSSYS_BENCH_SUPPORT_WORKLOAD_H
#define AIRSSYS_BENCH_SUPPORT_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct bench_workload {
    const char *key;   /* one word */
    const char *mode;  /* likewise, of a workload that can be done in several ways; NULL: in one */
    const char *title; /* for a table */
    const char *unit;
    /* Once, on a node of its own with so many workers (0: one for each core); `divisor` makes it that much shorter.
     * Ends the program when something goes wrong. */
    double (*run)(unsigned workers, unsigned divisor);
    /* It is about memory, so it needs a process that did nothing else before. */
    bool alone;
} bench_workload_t;

#endif
