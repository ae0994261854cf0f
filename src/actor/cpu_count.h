/* How many cores this process may use: the layer's one file that asks Linux, not POSIX. */
#ifndef AIRSSYS_ACTOR_CPU_COUNT_H
#define AIRSSYS_ACTOR_CPU_COUNT_H

#include <stddef.h>

/* The affinity mask's cores, and no more than the CPU quota of the process's cgroup (version 2 or 1, and
 * of those above it) pays for, rounded up. At least 1. Any thread; not cheap. */
unsigned airs_cpu_count(void);

/* What airs_cpu_count reads of the quotas, for tests: the cores that the quotas allow, or 0 for no bound.
 * `proc_cgroup` stands for /proc/self/cgroup, `mount` for /sys/fs/cgroup. */
unsigned airs_cpu_quota(const char *proc_cgroup, const char *mount);

#endif
