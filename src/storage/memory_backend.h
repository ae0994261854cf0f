/* Storage that lives as long as the backend: for tests, and for applications that keep nothing. */
#ifndef AIRSSYS_STORAGE_MEMORY_BACKEND_H
#define AIRSSYS_STORAGE_MEMORY_BACKEND_H

#include <airssys/allocator.h>

#include "core/storage_backend.h"

/* Behaves as core/storage_backend.h says; writes are done at once. What is stored under a name outlives the spaces
 * that were opened on it and is gone with the backend. Two spaces on one name share keys and usage, each with its own
 * quota. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_memory_backend_create(const airs_allocator_t *allocator, airs_storage_backend_t **out);

#endif
