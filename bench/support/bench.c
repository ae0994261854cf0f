#include "support/bench.h"

#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    bench_options_t options;
    json_t *root;
    json_t *rows;
    const char *section;
} report;

uint64_t bench_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t bench_processor_ns(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) {
        bench_die("no processor time");
    }
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

void bench_series_add(bench_series_t *series, double value) {
    if (series->count == BENCH_REPEATS_MAX) {
        bench_die("more than %d repetitions", BENCH_REPEATS_MAX);
    }
    series->values[series->count++] = value;
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double bench_median(const bench_series_t *series) {
    double sorted[BENCH_REPEATS_MAX];
    size_t count = series->count;
    if (count == 0) {
        bench_die("the median of nothing");
    }
    memcpy(sorted, series->values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double bench_min(const bench_series_t *series) {
    double least = series->values[0];
    for (size_t i = 1; i < series->count; i++) {
        least = series->values[i] < least ? series->values[i] : least;
    }
    return least;
}

double bench_max(const bench_series_t *series) {
    double most = series->values[0];
    for (size_t i = 1; i < series->count; i++) {
        most = series->values[i] > most ? series->values[i] : most;
    }
    return most;
}

double bench_median_ratio(const bench_series_t *a, const bench_series_t *b) {
    bench_series_t ratios = {.count = 0};
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bench_series_add(&ratios, a->values[i] / b->values[i]);
    }
    return bench_median(&ratios);
}

static size_t parse_repeats(const char *text) {
    char *end = NULL;
    unsigned long repeats = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || repeats < 1 || repeats > BENCH_REPEATS_MAX) {
        fprintf(stderr, "--repeats takes a number from 1 to %d, not \"%s\"\n", BENCH_REPEATS_MAX, text);
        exit(2);
    }
    return repeats;
}

bench_options_t bench_parse(int argc, char **argv) {
    bench_options_t options = {.repeats = 7};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            options.json = argv[++i];
        } else if (strcmp(argv[i], "--repeats") == 0 && i + 1 < argc) {
            options.repeats = parse_repeats(argv[++i]);
        } else if (strcmp(argv[i], "--quick") == 0) {
            options.quick = true;
            options.repeats = 3;
        } else {
            fprintf(stderr, "usage: %s [--json FILE] [--repeats N] [--quick]\n", argv[0]);
            exit(2);
        }
    }
    return options;
}

void bench_begin(const char *name, const char *what, const bench_options_t *options) {
    report.options = *options;
    report.root = json_object();
    report.rows = json_array();
    report.section = "";
    json_object_set_new(report.root, "benchmark", json_string(name));
    json_object_set_new(report.root, "what", json_string(what));
    json_object_set_new(report.root, "repeats", json_integer((json_int_t)options->repeats));
    json_object_set_new(report.root, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    printf("%s: %s\n", name, what);
}

void bench_section(const char *title) {
    report.section = title;
    printf("\n  %-48s %12s %12s %12s\n", title, "median", "least", "most");
}

void bench_row(const char *name, const bench_series_t *series, const char *unit) {
    double median = bench_median(series);
    int digits = median < 10 ? 3 : median < 1000 ? 1 : 0;
    printf("    %-46s %12.*f %12.*f %12.*f %s\n", name, digits, median, digits, bench_min(series), digits,
           bench_max(series), unit);
    (void)fflush(stdout);
    json_array_append_new(report.rows, json_pack("{s:s, s:s, s:s, s:f, s:f, s:f}", "section", report.section,
                                                 "name", name, "unit", unit, "median", median, "least",
                                                 bench_min(series), "most", bench_max(series)));
}

void bench_ratio_row(const char *name, double ratio, double target, bool at_least) {
    bool reached = at_least ? ratio >= target : ratio <= target;
    printf("    %-46s %12.2f", name, ratio);
    if (target > 0) {
        printf("   %s %.2f: %s", at_least ? "at least" : "at most", target, reached ? "reached" : "missed");
    }
    printf("\n");
    (void)fflush(stdout);
    json_t *row = json_pack("{s:s, s:s, s:f}", "section", report.section, "name", name, "ratio", ratio);
    if (target > 0) {
        json_object_set_new(row, at_least ? "at_least" : "at_most", json_real(target));
        json_object_set_new(row, "reached", json_boolean(reached));
    }
    json_array_append_new(report.rows, row);
}

int bench_end(void) {
    json_object_set_new(report.root, "rows", report.rows);
    int status = 0;
    if (report.options.json != NULL &&
        json_dump_file(report.root, report.options.json, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) != 0) {
        fprintf(stderr, "%s: cannot be written\n", report.options.json);
        status = 1;
    }
    json_decref(report.root);
    return status;
}

void bench_pin(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
        bench_die("cannot pin to core %d: %s", core, strerror(errno));
    }
}

uint64_t bench_resident_bytes(void) {
    /* Pages: the whole size, then what is resident. */
    char line[128];
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        bench_die("cannot read /proc/self/statm");
    }
    (void)fclose(file);
    char *resident = strchr(line, ' ');
    return resident == NULL ? 0 : strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void bench_die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("benchmark: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("\n", stderr);
    va_end(arguments);
    exit(1);
}

void bench_pause_ms(long ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

void bench_need(airs_status_t status, const airs_error_t *error) {
    if (status != AIRS_OK) {
        bench_die("%s: %s", airs_status_name(status), error->text);
    }
}
