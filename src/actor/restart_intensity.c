#include "actor/restart_intensity.h"

#include "core/memory.h"

airs_status_t airs_restart_intensity_init(airs_restart_intensity_t *self, const airs_allocator_t *allocator,
                                          uint32_t most, uint64_t period_ns) {
    *self = (airs_restart_intensity_t){.most = most, .period_ns = period_ns};
    if (most > 0) {
        self->moments = airs_alloc_array(allocator, most, sizeof *self->moments);
    }
    return most == 0 || self->moments != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

void airs_restart_intensity_free(airs_restart_intensity_t *self, const airs_allocator_t *allocator) {
    airs_release(allocator, self->moments);
}

bool airs_restart_intensity_add(airs_restart_intensity_t *self, uint64_t now_ns) {
    if (self->most == 0) {
        return false;
    }
    uint64_t *oldest = &self->moments[self->count % self->most];
    bool allowed = self->count < self->most || now_ns - *oldest > self->period_ns;
    *oldest = now_ns;
    self->count++;
    return allowed;
}

uint32_t airs_restart_intensity_count(const airs_restart_intensity_t *self, uint64_t now_ns) {
    uint64_t known = self->count < self->most ? self->count : self->most;
    uint32_t recent = 0;
    while (recent < known &&
           now_ns - self->moments[(self->count - 1 - recent) % self->most] <= self->period_ns) {
        recent++;
    }
    return recent;
}
