/* What the benchmarks share: time, medians over interleaved repetitions, a table, a JSON file.
 *
 * Every figure is the median of at least five repetitions; what is compared is run in turn within one
 * process, A B A B …, so that a machine that slows down slows both. */
#ifndef AIRSSYS_BENCH_SUPPORT_BENCH_H
#define AIRSSYS_BENCH_SUPPORT_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <airssys/error.h>

#define BENCH_REPEATS_MAX 31

/* Monotonic nanoseconds. */
uint64_t bench_now_ns(void);

/* Processor time of the whole process: what other programs do meanwhile does not count. */
uint64_t bench_processor_ns(void);

/* One measured thing: a figure for each repetition. */
typedef struct bench_series {
    double values[BENCH_REPEATS_MAX];
    size_t count;
} bench_series_t;

void bench_series_add(bench_series_t *series, double value);
double bench_median(const bench_series_t *series);
double bench_min(const bench_series_t *series);
double bench_max(const bench_series_t *series);

/* The median of the ratios of each repetition of `a` to the same one of `b`. */
double bench_median_ratio(const bench_series_t *a, const bench_series_t *b);

/* The command line: --json FILE, --repeats N (default 7), --quick (shorter repetitions, three of them). */
typedef struct bench_options {
    const char *json;
    size_t repeats;
    bool quick;
} bench_options_t;

/* Exits with status 2 and a word when the line is wrong. */
bench_options_t bench_parse(int argc, char **argv);

/* Rows of a report: printed as they come, written as JSON at the end. */
void bench_begin(const char *name, const char *what, const bench_options_t *options);
/* A heading for the rows that follow. */
void bench_section(const char *title);
void bench_row(const char *name, const bench_series_t *series, const char *unit);
/* A ratio, with the target it is to stay under (or reach, when `at_least`); target 0: none. */
void bench_ratio_row(const char *name, double ratio, double target, bool at_least);
/* Writes the JSON file when one was asked for. Returns the program's exit status: missing a target is
 * reported, not a failure. */
int bench_end(void);

/* Pin this thread, and those it starts from now on, to one core. */
void bench_pin(int core);

/* Resident bytes of this process. */
uint64_t bench_resident_bytes(void);

/* Let the time pass while others work. */
void bench_pause_ms(long ms);

/* Ends the program with what went wrong, if something did. */
void bench_need(airs_status_t status, const airs_error_t *error);

/* Ends the program with a message. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
