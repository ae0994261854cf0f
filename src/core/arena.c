#include "core/arena.h"

#include "core/memory.h"

struct airs_arena_block {
    airs_arena_block_t *next;
    max_align_t memory[];
};

void *airs_arena_alloc(airs_arena_t *arena, size_t count, size_t size) {
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole) ||
        __builtin_add_overflow(whole, sizeof(airs_arena_block_t), &whole)) {
        return NULL;
    }
    airs_arena_block_t *block = airs_alloc_zeroed(arena->allocator, whole);
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return block->memory;
}

void airs_arena_free(airs_arena_t *arena) {
    while (arena->blocks != NULL) {
        airs_arena_block_t *next = arena->blocks->next;
        airs_release(arena->allocator, arena->blocks);
        arena->blocks = next;
    }
}
