/* Randomness, as an interface: the node's own is the kernel's; a simulation hands in a seeded one. */
#ifndef AIRSSYS_RANDOM_H
#define AIRSSYS_RANDOM_H

#include <stddef.h>

#include <airssys/export.h>

typedef struct airs_random airs_random_t;

struct airs_random {
    /* Fill `size` bytes. Any thread. Does not fail. */
    void (*fill)(airs_random_t *random, void *out, size_t size);
};

/* A generator that the kernel seeds (getrandom), buffered for each thread. Static, never NULL. */
AIRS_API airs_random_t *airs_random_system(void);

static inline void airs_random_fill(airs_random_t *random, void *out, size_t size) {
    random->fill(random, out, size);
}

#endif
