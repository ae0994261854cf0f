/* How many restarts there may be in how much time. */
#ifndef AIRSSYS_ACTOR_RESTART_INTENSITY_H
#define AIRSSYS_ACTOR_RESTART_INTENSITY_H

#include <airssys/allocator.h>
#include <airssys/status.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct airs_restart_intensity {
    uint32_t most;
    uint64_t period_ns;
    uint64_t *moments; /* of the last restarts, a ring of `most` */
    uint64_t count;    /* of all so far */
} airs_restart_intensity_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_restart_intensity_init(airs_restart_intensity_t *self, const airs_allocator_t *allocator,
                                          uint32_t most, uint64_t period_ns);
void airs_restart_intensity_free(airs_restart_intensity_t *self, const airs_allocator_t *allocator);

/* There is one more, now. False: it is one too many. The clock never goes back. */
bool airs_restart_intensity_add(airs_restart_intensity_t *self, uint64_t now_ns);

/* How many of those that were allowed count at this moment. */
uint32_t airs_restart_intensity_count(const airs_restart_intensity_t *self, uint64_t now_ns);

#endif
