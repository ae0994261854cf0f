/* What native actors in C do among themselves, 64 bytes a message, mailboxes bounded: the workloads of bench_host,
 * and of bench/peers, where other actor runtimes do the same. */
#ifndef AIRSSYS_BENCH_SUPPORT_HOST_PATH_H
#define AIRSSYS_BENCH_SUPPORT_HOST_PATH_H

#include "support/workload.h"

extern const bench_workload_t host_workloads[];
extern const size_t host_workload_count;

#endif
