/* Blocks for messages: size classes, a small cache in each thread, batches between threads.
 *
 * A message is made on one worker and freed on another, thousands of times a millisecond, so a
 * thread's cache gives and takes whole batches of blocks through a shared list, one lock a batch.
 * Blocks above the largest class come straight from the allocator. */
#ifndef AIRSSYS_CORE_BLOCK_POOL_H
#define AIRSSYS_CORE_BLOCK_POOL_H

#include <airssys/allocator.h>
#include <airssys/status.h>

typedef struct airs_block_pool airs_block_pool_t;

/* The allocator must outlive the pool. */
airs_status_t airs_block_pool_create(const airs_allocator_t *allocator, airs_block_pool_t **out);

/* Every block must have been given back. Other threads' caches are given back too. NULL is fine. */
void airs_block_pool_destroy(airs_block_pool_t *pool);

/* At least `size` bytes, aligned to 16. NULL when there is no memory. Any thread. */
void *airs_block_pool_alloc(airs_block_pool_t *pool, size_t size);

/* Any thread, not only the one that allocated. NULL is fine. */
void airs_block_pool_free(void *block);

/* The pool a block came from. */
airs_block_pool_t *airs_block_pool_of(void *block);

#endif
