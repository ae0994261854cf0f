/* Where memory comes from. The library takes an allocator at creation and uses no other (Wasmtime
 * and the third-party libraries have their own). */
#ifndef AIRSSYS_ALLOCATOR_H
#define AIRSSYS_ALLOCATOR_H

#include <stddef.h>

#include <airssys/export.h>

/* All three may be called from any thread at once. `alloc` and `resize` answer NULL when there is
 * none; what `resize` was given then stays valid. Alignment is that of max_align_t. `release` takes NULL. */
typedef struct airs_allocator {
    void *(*alloc)(void *context, size_t size);
    void *(*resize)(void *context, void *block, size_t size);
    void (*release)(void *context, void *block);
    void *context;
} airs_allocator_t;

/* The C library's malloc, realloc and free. Static, never NULL. */
AIRS_API const airs_allocator_t *airs_allocator_default(void);

#endif
