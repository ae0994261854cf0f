#include "runtime/memory_maps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define USUAL 65530

/* The program, its libraries, threads, and what the allocator asks for. */
#define SPARE 2000

/* A stack and the page that guards it; a memory and what must not be touched behind it, and where it begins with data
 * one before that and one behind. */
#define LEAST_EACH 4
#define MOST_EACH 6

uint64_t airs_memory_maps_read(const char *path) {
    FILE *file = fopen(path, "re");
    char line[32] = "";
    if (file == NULL) {
        return 0;
    }
    char *read = fgets(line, sizeof line, file);
    (void)fclose(file);
    return read != NULL ? strtoull(line, NULL, 10) : 0;
}

uint64_t airs_memory_maps_allowed(void) {
    uint64_t allowed = airs_memory_maps_read("/proc/sys/vm/max_map_count");
    return allowed != 0 ? allowed : USUAL;
}

static uint32_t fit(uint64_t allowed, uint64_t each) {
    uint64_t instances = allowed > SPARE ? (allowed - SPARE) / each : 0;
    return instances < UINT32_MAX ? (uint32_t)instances : UINT32_MAX;
}

uint32_t airs_memory_maps_fit(uint64_t allowed) { return fit(allowed, MOST_EACH); }

airs_status_t airs_memory_maps_check(uint32_t instances, uint64_t allowed, airs_error_t *error) {
    if (instances <= fit(allowed, LEAST_EACH)) {
        return AIRS_OK;
    }
    return airs_error_set(error, AIRS_RESOURCE_LIMIT,
                          "%" PRIu32 " instances need %" PRIu64
                          " memory maps, and the kernel allows a process %" PRIu64
                          " (" AIRS_MEMORY_MAPS_SETTING "): have room for %" PRIu32
                          ", let components be stateless, or allow more"
                          " with sysctl -w " AIRS_MEMORY_MAPS_SETTING "=%" PRIu64,
                          instances, (uint64_t)instances * MOST_EACH, allowed, airs_memory_maps_fit(allowed),
                          (uint64_t)instances * MOST_EACH + SPARE);
}

void airs_memory_maps_explain(airs_text_t *text) {
    airs_text_append_format(
        text,
        "the kernel gives no more memory, or no more memory maps, of which it allows a process"
        " %" PRIu64 " (" AIRS_MEMORY_MAPS_SETTING "): ",
        airs_memory_maps_allowed());
}
