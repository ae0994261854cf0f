#include "support/fake_clock.h"

#define START_MONOTONIC_NS UINT64_C(1000000000)
#define START_WALL_NS (UINT64_C(1767225600) * UINT64_C(1000000000))

static uint64_t fake_monotonic(airs_clock_t *clock) {
    return atomic_load(&((airs_fake_clock_t *)clock)->monotonic_now);
}

static uint64_t fake_wall(airs_clock_t *clock) {
    return atomic_load(&((airs_fake_clock_t *)clock)->wall_now);
}

void airs_fake_clock_init(airs_fake_clock_t *self) {
    self->clock = (airs_clock_t){fake_monotonic, fake_wall};
    atomic_init(&self->monotonic_now, START_MONOTONIC_NS);
    atomic_init(&self->wall_now, START_WALL_NS);
}

void airs_fake_clock_advance(airs_fake_clock_t *self, uint64_t nanoseconds) {
    atomic_fetch_add(&self->wall_now, nanoseconds);
    atomic_fetch_add(&self->monotonic_now, nanoseconds);
}
