/* A space for a thread that waits until its writes are done: what an actor parks for, it sleeps for. */
#ifndef AIRSSYS_STORAGE_BLOCKING_SPACE_H
#define AIRSSYS_STORAGE_BLOCKING_SPACE_H

#include <airssys/allocator.h>

#include "core/storage_backend.h"

typedef struct airs_blocking_space airs_blocking_space_t;

/* As the backend's open. AIRS_OUT_OF_MEMORY too. */
airs_status_t airs_blocking_space_open(const airs_allocator_t *allocator, airs_storage_backend_t *backend,
                                       airs_str_t name, uint64_t quota_bytes, airs_blocking_space_t **out,
                                       airs_error_t *error);

/* NULL is fine. */
void airs_blocking_space_close(airs_blocking_space_t *self);

/* For everything but writes. */
airs_storage_space_t *airs_blocking_space_of(airs_blocking_space_t *self);

/* As the backend's write, and never AIRS_PENDING. `result` may be NULL. */
airs_status_t airs_blocking_space_write(airs_blocking_space_t *self, const airs_storage_write_t *write,
                                        airs_storage_result_t *result, airs_error_t *error);

/* One key's. AIRS_NOT_FOUND when there is none to remove. */
airs_status_t airs_blocking_space_set(airs_blocking_space_t *self, airs_str_t key, airs_bytes_t value,
                                      airs_error_t *error);
airs_status_t airs_blocking_space_remove(airs_blocking_space_t *self, airs_str_t key, airs_error_t *error);

#endif
