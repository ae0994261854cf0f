#include "support/seeded_random.h"

#include <string.h>

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): its state is
 * a counter, so one atomic addition makes it safe for threads. */
uint64_t airs_seeded_random_next(airs_seeded_random_t *self) {
    const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = atomic_fetch_add_explicit(&self->state, step, memory_order_relaxed) + step;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void seeded_fill(airs_random_t *random, void *out, size_t size) {
    unsigned char *at = out;
    while (size > 0) {
        uint64_t value = airs_seeded_random_next((airs_seeded_random_t *)random);
        size_t part = size < sizeof value ? size : sizeof value;
        memcpy(at, &value, part);
        at += part;
        size -= part;
    }
}

void airs_seeded_random_init(airs_seeded_random_t *self, uint64_t seed) {
    self->random.fill = seeded_fill;
    atomic_init(&self->state, seed);
}

uint64_t airs_seeded_random_below(airs_seeded_random_t *self, uint64_t bound) {
    return airs_seeded_random_next(self) % bound;
}
