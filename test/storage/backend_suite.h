/* What every backend must do, as tests: a backend's own program runs them over itself. */
#ifndef AIRSSYS_TEST_STORAGE_BACKEND_SUITE_H
#define AIRSSYS_TEST_STORAGE_BACKEND_SUITE_H

#include "storage/blocking_space.h"
#include "support/failing_allocator.h"

/* Makes the backend that is tested, on a folder that is empty at first. */
typedef airs_status_t make_backend_fn(const airs_allocator_t *allocator, const char *folder,
                                      airs_storage_backend_t **out);

/* The number of tests that failed. `rounds` is how often threads write that look for races. */
int run_backend_suite(const char *name, make_backend_fn *make, int rounds);

/* For tests beside the suite. */
airs_blocking_space_t *open_blocking(const airs_allocator_t *allocator, airs_storage_backend_t *backend,
                                     const char *name, uint64_t quota);
airs_status_t set_text(airs_blocking_space_t *space, const char *key, const char *value);

/* `value` NULL: the key is not there. */
void assert_text(airs_blocking_space_t *space, const char *key, const char *value);
void assert_usage(airs_blocking_space_t *space, uint64_t used, uint64_t count);

#endif
