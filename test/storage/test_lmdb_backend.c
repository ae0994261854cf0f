#include "storage/lmdb_backend.h"

#include "support/test.h"

#include "storage/backend_suite.h"

static airs_status_t make(const airs_allocator_t *allocator, const char *folder, airs_sync_t sync,
                          airs_storage_backend_t **out) {
    airs_lmdb_options_t options = {.allocator = allocator,
                                   .log = airs_log_none(),
                                   .folder = folder,
                                   .sync = sync,
                                   .interval_ms = 1,
                                   .map_bytes = (uint64_t)1 << 30};
    return airs_lmdb_backend_create(&options, out, NULL);
}

static airs_status_t make_committing(const airs_allocator_t *allocator, const char *folder,
                                     airs_storage_backend_t **out) {
    return make(allocator, folder, AIRS_SYNC_COMMIT, out);
}

static airs_status_t make_gathering(const airs_allocator_t *allocator, const char *folder,
                                    airs_storage_backend_t **out) {
    return make(allocator, folder, AIRS_SYNC_INTERVAL, out);
}

int main(void) {
    int failed = run_backend_suite("lmdb, commit", make_committing, 100);
    return failed + run_backend_suite("lmdb, interval", make_gathering, 1000);
}
