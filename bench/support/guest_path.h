/* What guests do among themselves, for bench/peers: as support/host_path.h. */
#ifndef AIRSSYS_BENCH_SUPPORT_GUEST_PATH_H
#define AIRSSYS_BENCH_SUPPORT_GUEST_PATH_H

#include "support/workload.h"

extern const bench_workload_t guest_workloads[];
extern const size_t guest_workload_count;

#endif
