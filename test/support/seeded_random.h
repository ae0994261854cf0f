/* Randomness that is the same for the same seed. Not for secrets. */
#ifndef AIRSSYS_TEST_SUPPORT_SEEDED_RANDOM_H
#define AIRSSYS_TEST_SUPPORT_SEEDED_RANDOM_H

#include <stdatomic.h>
#include <stdint.h>

#include <airssys/random.h>

typedef struct airs_seeded_random {
    airs_random_t random; /* hand out &x.random */
    _Atomic uint64_t state;
} airs_seeded_random_t;

/* Any thread may use it afterwards; the same on every run as long as one thread does. */
void airs_seeded_random_init(airs_seeded_random_t *self, uint64_t seed);

uint64_t airs_seeded_random_next(airs_seeded_random_t *self);

/* Uniform enough in [0, bound); bound > 0. */
uint64_t airs_seeded_random_below(airs_seeded_random_t *self, uint64_t bound);

#endif
