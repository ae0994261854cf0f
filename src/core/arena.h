/* Memory that is freed together. */
#ifndef AIRSSYS_CORE_ARENA_H
#define AIRSSYS_CORE_ARENA_H

#include <airssys/allocator.h>

#include <stddef.h>

typedef struct airs_arena_block airs_arena_block_t;

/* Zeroed but for the allocator: empty. */
typedef struct airs_arena {
    const airs_allocator_t *allocator;
    airs_arena_block_t *blocks;
} airs_arena_t;

/* Zeroed, aligned for anything; NULL: no memory, or count * size overflows. */
void *airs_arena_alloc(airs_arena_t *arena, size_t count, size_t size);

/* All that was allocated; the arena is empty again. */
void airs_arena_free(airs_arena_t *arena);

#endif
