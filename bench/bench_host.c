/* The host path alone: native actors in C instead of guests, 64 bytes a message, bounded mailboxes. bench/peers sets
 * the same beside other actor runtimes. */
#include "support/bench.h"
#include "support/host_path.h"

#define WORKLOADS_MAX 16

typedef struct placement {
    const char *title;
    unsigned workers;
    bench_series_t series[WORKLOADS_MAX];
} placement_t;

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    static placement_t placements[] = {{.title = "one worker", .workers = 1},
                                       {.title = "a worker for each core", .workers = 0}};
    size_t count = sizeof placements / sizeof *placements;
    bench_begin("host", "native actors, messages of 64 bytes, at most 1,024 on their way to a receiver",
                &options);
    if (host_workload_count > WORKLOADS_MAX) {
        bench_die("more than %d workloads", WORKLOADS_MAX);
    }
    for (size_t i = 0; i < options.repeats; i++) {
        for (size_t w = 0; w < host_workload_count; w++) {
            for (size_t p = 0; p < count && !host_workloads[w].alone; p++) {
                placement_t *placement = &placements[p];
                bench_series_add(&placement->series[w],
                                 host_workloads[w].run(placement->workers, options.quick ? 10 : 1));
            }
        }
    }
    for (size_t p = 0; p < count; p++) {
        bench_section(placements[p].title);
        for (size_t w = 0; w < host_workload_count; w++) {
            if (!host_workloads[w].alone) {
                bench_row(host_workloads[w].title, &placements[p].series[w], host_workloads[w].unit);
            }
        }
    }
    return bench_end();
}
