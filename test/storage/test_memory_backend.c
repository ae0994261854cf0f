#include "storage/memory_backend.h"

#include "support/test.h"

#include "storage/backend_suite.h"

static airs_status_t make(const airs_allocator_t *allocator, const char *folder,
                          airs_storage_backend_t **out) {
    (void)folder;
    return airs_memory_backend_create(allocator, out);
}

int main(void) { return run_backend_suite("memory", make, 3000); }
