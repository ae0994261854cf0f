#include <airssys/allocator.h>

#include <stdlib.h>

/* malloc may answer NULL for zero bytes, which here means that there is no memory. */
static void *default_alloc(void *context, size_t size) {
    (void)context;
    return malloc(size > 0 ? size : 1);
}

static void *default_resize(void *context, void *block, size_t size) {
    (void)context;
    return realloc(block, size > 0 ? size : 1);
}

static void default_release(void *context, void *block) {
    (void)context;
    free(block);
}

const airs_allocator_t *airs_allocator_default(void) {
    static const airs_allocator_t allocator = {default_alloc, default_resize, default_release, NULL};
    return &allocator;
}
