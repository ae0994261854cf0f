/* How the cost of one operation grows with a size: a table of it, and whether it grows with the size at all, no more
 * than its logarithm, or worse. */
#ifndef AIRSSYS_BENCH_SUPPORT_GROWTH_H
#define AIRSSYS_BENCH_SUPPORT_GROWTH_H

#include "support/bench.h"

#define GROWTH_SIZES_MAX 8

typedef struct growth {
    const char *title; /* "Picture: operation"; bench/pictures.sh draws what has one picture together */
    const uint64_t *sizes;
    size_t count;
    bench_series_t costs[GROWTH_SIZES_MAX]; /* nanoseconds of one operation */
} growth_t;

/* How much more of the same the caches can be blamed for: a cost within this factor of the smallest size's is flat. */
#define GROWTH_FLAT 1.5

/* A table, and what it comes to: the cost at the largest size over that at the smallest, and the worst growth over
 * what the logarithm of the size would allow (1 or less: no worse). */
void growth_report(const growth_t *growth);

/* Likewise for what goes to another one each time, so that with many of them nothing is in a cache: how many looks at
 * `memory` of that many places the growth comes to. */
void growth_report_scattered(const growth_t *growth, const growth_t *memory);

/* Likewise for what has to grow with the size, bytes that are copied: from `from` on, the cost of a byte. */
void growth_report_bytes(const growth_t *growth, uint64_t from);

#endif
