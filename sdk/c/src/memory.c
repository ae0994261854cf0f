#include "memory.h"

#include <stdlib.h>

/* What the runtime writes into this component for one call (a message's parts, an error's text) comes
 * here first: a region that is filled from the front and is empty again when all of it was freed, which
 * is the end of the call. That takes a few instructions for each, where malloc takes dozens. What does not
 * fit comes from malloc; so does everything else while somebody keeps a block of the region. */
#define REGION_SIZE 4096
#define REGION_BLOCK_MAX 1024

/* In a segment of its own, which the linker puts behind all others: mostly it is used at its front alone, and that is
 * then in the page of memory where all else is. */
static _Alignas(16) uint8_t region[REGION_SIZE] __attribute__((section(".bss_region")));
static size_t region_used;
static size_t region_blocks;
static size_t region_last; /* where the newest block begins; giving back that one makes room at once */

static void *region_alloc(size_t size) {
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded > REGION_BLOCK_MAX || rounded > REGION_SIZE - region_used) {
        return NULL;
    }
    region_last = region_used;
    region_used += rounded;
    region_blocks++;
    return region + region_last;
}

void *airs_sdk_alloc(size_t size) {
    if (size > REGION_BLOCK_MAX) {
        return malloc(size);
    }
    void *block = region_alloc(size);
    return block != NULL ? block : malloc(size);
}

void airs_sdk_free(void *block) {
    uintptr_t offset = (uintptr_t)block - (uintptr_t)region;
    if (offset >= REGION_SIZE) {
        free(block);
        return;
    }
    if (--region_blocks == 0) {
        region_used = 0;
    } else if (offset == region_last) {
        region_used = region_last;
    }
}

bool airs_sdk_copy(const void *data, size_t size, uint8_t **out) {
    *out = NULL;
    if (size == 0) {
        return true;
    }
    *out = airs_sdk_alloc(size);
    if (*out == NULL) {
        return false;
    }
    memcpy(*out, data, size);
    return true;
}

char *airs_sdk_keep(airs_str_t text) {
    char *kept = malloc(text.size + 1);
    if (kept == NULL) {
        __builtin_trap();
    }
    if (text.size != 0) {
        memcpy(kept, text.data, text.size);
    }
    kept[text.size] = '\0';
    return kept;
}

/* How the runtime allocates here, in place of the generated one. There is no way to say that memory is
 * short but to trap. */
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t new_size)
    __attribute__((export_name("cabi_realloc")));

void *cabi_realloc(void *old, size_t old_size, size_t align, size_t new_size) {
    if (new_size == 0) {
        return (void *)align;
    }
    void *block = airs_sdk_alloc(new_size);
    if (block == NULL) {
        __builtin_trap();
    }
    if (old_size != 0) {
        memcpy(block, old, old_size < new_size ? old_size : new_size);
        airs_sdk_free(old);
    }
    return block;
}

void airs_buffer_free(airs_buffer_t *buffer) {
    if (buffer->size != 0) {
        airs_sdk_free(buffer->data);
    }
    *buffer = (airs_buffer_t){NULL, 0};
}
