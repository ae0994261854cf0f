/* Our own side of the comparison: one workload, once. peer WORKLOAD MODE WORKERS [DIVISOR], like the other programs
 * here; the mode matters where guests can take their messages in batches or one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/bench.h"
#include "support/guest_path.h"
#include "support/host_path.h"

static const bench_workload_t *find(const bench_workload_t *workloads, size_t count, const char *key,
                                    const char *mode) {
    for (size_t i = 0; i < count; i++) {
        const bench_workload_t *workload = &workloads[i];
        if (strcmp(workload->key, key) == 0 &&
            (workload->mode == NULL || strcmp(workload->mode, mode) == 0)) {
            return &workloads[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    unsigned divisor = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
    if (argc < 4 || divisor == 0) {
        bench_die("usage: %s WORKLOAD MODE WORKERS [DIVISOR]", argv[0]);
    }
    const bench_workload_t *workload = find(host_workloads, host_workload_count, argv[1], argv[2]);
    if (workload == NULL) {
        workload = find(guest_workloads, guest_workload_count, argv[1], argv[2]);
    }
    if (workload == NULL) {
        bench_die("there is no workload '%s', or it has no mode '%s'", argv[1], argv[2]);
    }
    double value = workload->run((unsigned)strtoul(argv[3], NULL, 10), divisor);
    printf("RESULT airssys %s %s %.0f %s\n", argv[1], argv[2], value, workload->unit);
    return 0;
}
