#include "support/growth.h"

#include <math.h>
#include <stdio.h>

/* "1,048,576" */
static void write_number(uint64_t number, char out[32]) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    for (int i = 0; i < length; i++) {
        *out++ = digits[i];
        if ((length - i) % 3 == 1 && i + 1 < length) {
            *out++ = ',';
        }
    }
    *out = '\0';
}

static void table(const growth_t *growth) {
    bench_section(growth->title);
    for (size_t i = 0; i < growth->count; i++) {
        char name[32];
        write_number(growth->sizes[i], name);
        bench_row(name, &growth->costs[i], "ns");
    }
}

/* One more than the size, so that none and one have a logarithm too. */
static double log_of(uint64_t size) { return log2((double)size + 2); }

static double over_logarithm(const growth_t *growth) {
    double worst = 0;
    for (size_t i = 1; i < growth->count; i++) {
        double grown = bench_median_ratio(&growth->costs[i], &growth->costs[0]);
        double allowed = log_of(growth->sizes[i]) / log_of(growth->sizes[0]);
        double over = grown / (allowed > GROWTH_FLAT ? allowed : GROWTH_FLAT);
        worst = over > worst ? over : worst;
    }
    return worst;
}

void growth_report(const growth_t *growth) {
    table(growth);
    double grown = bench_median_ratio(&growth->costs[growth->count - 1], &growth->costs[0]);
    double over = over_logarithm(growth);
    bench_ratio_row("largest / smallest", grown, 0, false);
    bench_ratio_row("growth / the logarithm's", over, 1, false);
    printf("    %s\n", over > 1               ? "grows more than the logarithm"
                       : grown <= GROWTH_FLAT ? "flat"
                                              : "grows no more than the logarithm");
}

static double grown_ns(const growth_t *growth) {
    return bench_median(&growth->costs[growth->count - 1]) - bench_median(&growth->costs[0]);
}

void growth_report_scattered(const growth_t *growth, const growth_t *memory) {
    size_t last = growth->count - 1;
    table(growth);
    bench_ratio_row("largest / smallest", bench_median_ratio(&growth->costs[last], &growth->costs[0]), 0,
                    false);
    bench_ratio_row("its growth, in looks at such memory", grown_ns(growth) / grown_ns(memory), 0, false);
}

void growth_report_bytes(const growth_t *growth, uint64_t from) {
    table(growth);
    size_t first = 0;
    size_t last = growth->count - 1;
    while (first < last && growth->sizes[first] < from) {
        first++;
    }
    double bytes = (double)growth->sizes[last] / (double)growth->sizes[first];
    double grown = bench_median_ratio(&growth->costs[last], &growth->costs[first]);
    bench_ratio_row("a byte of the largest / of one that fits the cache", grown / bytes, 0, false);
}
