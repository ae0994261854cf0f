#include "actor/cpu_count.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* The first line of a small file, without its newline. */
static bool read_line(const char *path, char *line, size_t size) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool read = fgets(line, (int)size, file) != NULL;
    (void)fclose(file);
    if (read) {
        line[strcspn(line, "\n")] = '\0';
    }
    return read;
}

static unsigned smaller(unsigned a, unsigned b) {
    if (a == 0 || b == 0) {
        return a + b; /* 0 is no bound */
    }
    return a < b ? a : b;
}

/* Cores for `quota` microseconds in each `period`; 0 for no bound. */
static unsigned cores_of(long long quota, long long period) {
    if (quota <= 0 || period <= 0) {
        return 0;
    }
    long long cores = (quota + period - 1) / period;
    return cores > 1024 ? 0 : (unsigned)cores;
}

/* Version 2: "max 100000" or "150000 100000". */
static unsigned quota_v2(const char *folder) {
    char path[PATH_SIZE];
    char line[128];
    int length = snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (length < 0 || (size_t)length >= sizeof path || !read_line(path, line, sizeof line)) {
        return 0;
    }
    char *end = NULL;
    long long quota = strtoll(line, &end, 10);
    return end == line ? 0 : cores_of(quota, strtoll(end, NULL, 10));
}

static long long read_number(const char *folder, const char *name) {
    char path[PATH_SIZE];
    char line[128];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path || !read_line(path, line, sizeof line)) {
        return 0;
    }
    return strtoll(line, NULL, 10);
}

/* Version 1: -1 is no bound. */
static unsigned quota_v1(const char *folder) {
    return cores_of(read_number(folder, "cpu.cfs_quota_us"), read_number(folder, "cpu.cfs_period_us"));
}

/* The group's own quota and those of the groups above it, up to and with the mount's root. Inside a
 * container the named folder is often not there while the root's own files are the container's. */
static unsigned quota_upwards(const char *root, const char *group, unsigned (*quota_in)(const char *folder)) {
    char folder[PATH_SIZE];
    int length = snprintf(folder, sizeof folder, "%s%s", root, group);
    if (length < 0 || (size_t)length >= sizeof folder) {
        return quota_in(root);
    }
    unsigned cores = 0;
    size_t root_size = strlen(root);
    for (;;) {
        cores = smaller(cores, quota_in(folder));
        char *slash = strrchr(folder, '/');
        if (slash == NULL || (size_t)(slash - folder) < root_size) {
            return cores;
        }
        *slash = '\0';
    }
}

/* Is "cpu" one of the names between the commas? */
static bool names_cpu(const char *controllers, size_t size) {
    for (size_t start = 0; start < size;) {
        const char *comma = memchr(controllers + start, ',', size - start);
        size_t end = comma != NULL ? (size_t)(comma - controllers) : size;
        if (end - start == 3 && memcmp(controllers + start, "cpu", 3) == 0) {
            return true;
        }
        start = end + 1;
    }
    return false;
}

/* A line is "hierarchy:controllers:group"; version 2 has no controllers. */
static unsigned quota_of_line(const char *line, const char *mount) {
    const char *controllers = strchr(line, ':');
    const char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL || group[1] != '/') {
        return 0;
    }
    size_t size = (size_t)(group - controllers - 1);
    if (size == 0) {
        return quota_upwards(mount, group + 1, quota_v2);
    }
    if (!names_cpu(controllers + 1, size)) {
        return 0;
    }
    char root[PATH_SIZE];
    int length = snprintf(root, sizeof root, "%s/%.*s", mount, (int)size, controllers + 1);
    unsigned cores = 0;
    if (length > 0 && (size_t)length < sizeof root) {
        cores = quota_upwards(root, group + 1, quota_v1);
    }
    length = snprintf(root, sizeof root, "%s/cpu", mount);
    if (cores == 0 && length > 0 && (size_t)length < sizeof root) {
        cores = quota_upwards(root, group + 1, quota_v1);
    }
    return cores;
}

unsigned airs_cpu_quota(const char *proc_cgroup, const char *mount) {
    FILE *file = fopen(proc_cgroup, "re");
    if (file == NULL) {
        return 0;
    }
    unsigned cores = 0;
    char line[PATH_SIZE];
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        cores = smaller(cores, quota_of_line(line, mount));
    }
    (void)fclose(file);
    return cores;
}

static unsigned affinity_count(void) {
    /* A machine may have more cores than cpu_set_t has bits: the kernel then says EINVAL. */
    for (int bits = CPU_SETSIZE; bits <= CPU_SETSIZE * 64; bits *= 2) {
        cpu_set_t *set = CPU_ALLOC(bits);
        if (set == NULL) {
            break;
        }
        size_t size = CPU_ALLOC_SIZE(bits);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) {
            return (unsigned)count;
        }
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

unsigned airs_cpu_count(void) {
    unsigned cores = affinity_count();
    return smaller(cores, airs_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup"));
}
