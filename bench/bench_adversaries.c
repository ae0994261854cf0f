/* What guests that try to do harm cost others: two well-behaved guests exchange messages all the while, and the 99th
 * percentile of their round trips is compared with that of the quiet time just before, in the same process.
 *
 * Who keeps a processor busy does so without a pause, and has its time slice between any two turns of the pair; its figure
 * is set against the slice. Who is done at once strikes a hundred times a second, and its figure is set against quiet.
 *
 * With one worker the round trips are measured a second time by the worker's own processor time, which does not count
 * while other programs have the processor: so a machine that is busy with something else still shows what the node does
 * in one piece. (Slices end by the clock, so they look shorter then, or longer where the thread that ends them is late.)
 *
 * BENCH_ADVERSARY in the environment measures only those whose names have this in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <airssys/airssys.h>

#include "support/adversaries.h"
#include "support/bench.h"
#include "support/pair.h"

#define SLICE_US 1000
#define PACE_MS 10
#define PATIENCE_MS 60000

typedef struct setting {
    bench_options_t options;
    airs_node_t *node;
    airs_pair_t pair;
    uint64_t window_ns;
} setting_t;

typedef struct figures {
    bench_series_t quiet, struck; /* 99th percentiles, in microseconds */
    bench_series_t longest;       /* beside the adversary */
} figures_t;

/* Does nothing: what is logged is no part of what is measured, but that it is made is. */
static void swallow(airs_log_t *log, const airs_log_record_t *record) { (void)log, (void)record; }

static airs_log_t quiet_log = {.write = swallow};

static uint64_t monotonic(airs_clock_t *clock) {
    (void)clock;
    return airs_clock_monotonic(airs_clock_system());
}

/* What guests are told the time is: the processor time of the thread that they run on. */
static uint64_t processor(airs_clock_t *clock) {
    struct timespec now;
    (void)clock;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static airs_clock_t processor_clock = {.monotonic_ns = monotonic, .wall_ns = processor};

static void begin(setting_t *setting) {
    airs_error_t error;
    bench_need(airs_pair_begin(&setting->pair, 0, &error), &error);
}

static airs_pair_report_t end(setting_t *setting) {
    airs_error_t error;
    airs_pair_report_t report;
    bench_need(airs_pair_end(&setting->pair, PATIENCE_MS, &report, &error), &error);
    if (report.failed != 0 || report.wrong != 0) {
        bench_die("of %llu questions %llu failed, and %llu answers were wrong",
                  (unsigned long long)report.asked, (unsigned long long)report.failed,
                  (unsigned long long)report.wrong);
    }
    return report;
}

static airs_pair_report_t quiet(setting_t *setting) {
    begin(setting);
    bench_pause_ms((long)(setting->window_ns / 1000000));
    return end(setting);
}

static airs_pair_report_t struck(setting_t *setting, airs_attack_t *attack) {
    const airs_adversary_t *adversary = attack->adversary;
    airs_error_t error = {AIRS_OK, ""};
    uint64_t until = bench_now_ns() + setting->window_ns;
    begin(setting);
    while (bench_now_ns() < until) {
        airs_status_t status = airs_attack_strike(attack, &error);
        if (status != adversary->status) {
            bench_die("%s: %s, %s", adversary->name, airs_status_name(status), error.text);
        }
        if (!adversary->burns) {
            bench_pause_ms(PACE_MS);
        }
    }
    return end(setting);
}

static void measure(setting_t *setting, const airs_adversary_t *adversary, figures_t *figures) {
    airs_attack_t attack;
    airs_error_t error;
    bench_need(airs_attack_open(&attack, setting->node, BENCH_GUESTS, adversary, &error), &error);
    bench_series_add(&figures->quiet, (double)quiet(setting).p99_ns / 1000);
    airs_pair_report_t report = struck(setting, &attack);
    bench_series_add(&figures->struck, (double)report.p99_ns / 1000);
    bench_series_add(&figures->longest, (double)report.longest_ns / 1000);
    airs_attack_close(&attack);
}

static bool is_wanted(const airs_adversary_t *adversary) {
    const char *wanted = getenv("BENCH_ADVERSARY");
    return wanted == NULL || strstr(adversary->name, wanted) != NULL;
}

static void report(const airs_adversary_t *adversary, const figures_t *figures) {
    char name[96];
    (void)snprintf(name, sizeof name, "%s: 99 %% within", adversary->name);
    bench_row(name, &figures->struck, "us");
    (void)snprintf(name, sizeof name, "%s: longest", adversary->name);
    bench_row(name, &figures->longest, "us");
    (void)snprintf(name, sizeof name, "%s: / %s", adversary->name, adversary->burns ? "slice" : "quiet");
    double ratio = adversary->burns ? bench_median(&figures->struck) / SLICE_US
                                    : bench_median_ratio(&figures->struck, &figures->quiet);
    bench_ratio_row(name, ratio, 3.0, false);
}

static void watch(setting_t *setting, unsigned workers, airs_clock_t *clock) {
    airs_error_t error;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    bench_series_t quiet_times = {.count = 0};
    char title[64];
    figures_t *figures = calloc(airs_adversary_count, sizeof *figures);
    if (figures == NULL) {
        bench_die("no memory");
    }
    options.workers = workers;
    options.slice_us = SLICE_US;
    options.log = &quiet_log;
    options.clock = clock;
    bench_need(airs_node_create(&options, &setting->node, &error), &error);
    bench_need(airs_pair_open(&setting->pair, setting->node, BENCH_GUESTS, "pair", 0, &error), &error);
    for (size_t i = 0; i < setting->options.repeats; i++) {
        for (size_t k = 0; k < airs_adversary_count; k++) {
            if (is_wanted(&airs_adversaries[k])) {
                measure(setting, &airs_adversaries[k], &figures[k]);
            }
        }
    }
    (void)snprintf(title, sizeof title, "%u worker%s%s", workers, workers > 1 ? "s" : "",
                   clock != NULL ? ", by its processor time" : "");
    bench_section(title);
    for (size_t i = 0; i < setting->options.repeats; i++) {
        bench_series_t times = {.count = 0};
        for (size_t k = 0; k < airs_adversary_count; k++) {
            if (is_wanted(&airs_adversaries[k])) {
                bench_series_add(&times, figures[k].quiet.values[i]);
            }
        }
        bench_series_add(&quiet_times, bench_median(&times));
    }
    bench_row("quiet: 99 % within", &quiet_times, "us");
    for (size_t k = 0; k < airs_adversary_count; k++) {
        if (is_wanted(&airs_adversaries[k])) {
            report(&airs_adversaries[k], &figures[k]);
        }
    }
    free(figures);
    airs_pair_close(&setting->pair);
    airs_node_destroy(setting->node);
}

int main(int argc, char **argv) {
    setting_t setting = {.options = bench_parse(argc, argv)};
    setting.window_ns = setting.options.quick ? 100000000 : 400000000;
    bench_begin("adversaries", "round trips of two guests beside one that tries to do harm",
                &setting.options);
    watch(&setting, 1, NULL);
    watch(&setting, 1, &processor_clock);
    watch(&setting, 2, NULL);
    return bench_end();
}
