/* How many memory maps the kernel allows a process, which is what very many instances run out of first. */
#ifndef AIRSSYS_RUNTIME_MEMORY_MAPS_H
#define AIRSSYS_RUNTIME_MEMORY_MAPS_H

#include <stdint.h>

#include <airssys/error.h>

#include "core/text.h"

/* The setting, as it is called. */
#define AIRS_MEMORY_MAPS_SETTING "vm.max_map_count"

/* What the kernel allows at the moment; what is usual, where it does not say. */
uint64_t airs_memory_maps_allowed(void);

/* What a kernel's file says; 0: nothing that can be read. */
uint64_t airs_memory_maps_read(const char *path);

/* So many instances with a memory of two maps each, and a stack of two, the least that there is: AIRS_RESOURCE_LIMIT
 * when they cannot fit where `allowed` maps are, with the number that might and the setting that lifts it. */
airs_status_t airs_memory_maps_check(uint32_t instances, uint64_t allowed, airs_error_t *error);

/* How many instances fit whose memory begins with data, as those of nearly all toolchains do. */
uint32_t airs_memory_maps_fit(uint64_t allowed);

/* Put behind what is in the text: that there may be no maps left, and what lifts that. */
void airs_memory_maps_explain(airs_text_t *text);

#endif
