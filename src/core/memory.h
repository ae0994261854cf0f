/* Short forms for the allocator that every structure carries. */
#ifndef AIRSSYS_CORE_MEMORY_H
#define AIRSSYS_CORE_MEMORY_H

#include <stdint.h>
#include <string.h>

#include <airssys/allocator.h>
#include <airssys/bytes.h>

/* What a core writes without disturbing its neighbours: fields that different threads write live
 * this far apart. */
#define AIRS_CACHE_LINE 64

/* NULL when there is no memory. */
static inline void *airs_alloc(const airs_allocator_t *allocator, size_t size) {
    return allocator->alloc(allocator->context, size);
}

/* The same, zeroed. */
static inline void *airs_alloc_zeroed(const airs_allocator_t *allocator, size_t size) {
    void *block = airs_alloc(allocator, size);
    return block != NULL ? memset(block, 0, size) : NULL;
}

/* `count` elements of `size` bytes, not zeroed. NULL also when the product overflows. */
static inline void *airs_alloc_array(const airs_allocator_t *allocator, size_t count, size_t size) {
    size_t total = 0;
    return __builtin_mul_overflow(count, size, &total) ? NULL : airs_alloc(allocator, total);
}

/* Changes an array's length; `block` NULL makes one. What was given stays valid when this answers NULL. */
static inline void *airs_resize_array(const airs_allocator_t *allocator, void *block, size_t count,
                                      size_t size) {
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    return block == NULL ? airs_alloc(allocator, total) : allocator->resize(allocator->context, block, total);
}

/* NULL is fine. */
static inline void airs_release(const airs_allocator_t *allocator, void *block) {
    if (block != NULL) {
        allocator->release(allocator->context, block);
    }
}

/* Zeroed memory aligned to a cache line, for structures with fields on lines of their own. Give it back
 * with airs_release_aligned. */
static inline void *airs_alloc_aligned(const airs_allocator_t *allocator, size_t size) {
    size_t total = 0;
    if (__builtin_add_overflow(size, (size_t)AIRS_CACHE_LINE + sizeof(void *), &total)) {
        return NULL;
    }
    char *base = airs_alloc(allocator, total);
    if (base == NULL) {
        return NULL;
    }
    uintptr_t first = (uintptr_t)base + sizeof(void *);
    char *block = base + sizeof(void *) + (-first & (AIRS_CACHE_LINE - 1));
    memcpy(block - sizeof(void *), &base, sizeof(void *));
    return memset(block, 0, size);
}

static inline void airs_release_aligned(const airs_allocator_t *allocator, void *block) {
    if (block != NULL) {
        void *base = NULL;
        memcpy(&base, (char *)block - sizeof(void *), sizeof(void *));
        allocator->release(allocator->context, base);
    }
}

/* memcpy that takes the NULL of an empty view. Returns the end of what was written. */
static inline void *airs_copy(void *to, const void *from, size_t size) {
    return size > 0 ? (char *)memcpy(to, from, size) + size : to;
}

/* Zeroes, which the compiler cannot leave out because nobody reads them. NULL with size 0 is fine. */
static inline void airs_wipe(void *block, size_t size) {
    if (size > 0) {
        memset(block, 0, size);
        __asm__ volatile("" : : "r"(block) : "memory");
    }
}

#endif
