#include "storage/memory_backend.h"

#include <pthread.h>

#include "core/memory.h"
#include "storage/ordered_map.h"
#include "storage/value_map.h"

/* What is stored under one name. */
typedef struct shelf {
    pthread_rwlock_t lock; /* over what follows */
    airs_ordered_map_t values;
    uint64_t used_bytes;
} shelf_t;

typedef struct memory_backend {
    airs_storage_backend_t backend;
    const airs_allocator_t *allocator;
    pthread_mutex_t lock; /* over `shelves` */
    airs_ordered_map_t shelves;
} memory_backend_t;

typedef struct memory_space {
    airs_storage_space_t space;
    shelf_t *shelf; /* the backend's */
    uint64_t quota_bytes;
} memory_space_t;

static shelf_t *shelf_of(airs_storage_space_t *space) { return ((memory_space_t *)space)->shelf; }

static const airs_allocator_t *allocator_of(airs_storage_space_t *space) {
    return ((memory_backend_t *)space->backend)->allocator;
}

/* ---- spaces ---- */

static shelf_t *make_shelf(memory_backend_t *self, airs_str_t name) {
    shelf_t *shelf = airs_alloc_zeroed(self->allocator, sizeof *shelf);
    if (shelf == NULL) {
        return NULL;
    }
    airs_ordered_map_init(&shelf->values, self->allocator);
    if (pthread_rwlock_init(&shelf->lock, NULL) != 0) {
        airs_release(self->allocator, shelf);
        return NULL;
    }
    if (airs_ordered_map_insert(&self->shelves, name, shelf) != AIRS_OK) {
        (void)pthread_rwlock_destroy(&shelf->lock);
        airs_release(self->allocator, shelf);
        return NULL;
    }
    return shelf;
}

static airs_status_t memory_open(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                 const airs_storage_waker_t *waker, airs_storage_space_t **out,
                                 airs_error_t *error) {
    (void)waker; /* nobody waits */
    memory_backend_t *self = (memory_backend_t *)backend;
    memory_space_t *space = airs_alloc(self->allocator, sizeof *space);
    shelf_t *shelf = NULL;
    if (space != NULL) {
        (void)pthread_mutex_lock(&self->lock);
        airs_ordered_entry_t *entry = airs_ordered_map_find(&self->shelves, name);
        shelf = entry != NULL ? entry->value : make_shelf(self, name);
        (void)pthread_mutex_unlock(&self->lock);
    }
    if (shelf == NULL) {
        airs_release(self->allocator, space);
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to open the storage space \"%.*s\"",
                              AIRS_STR_ARG(name));
    }
    *space = (memory_space_t){{backend}, shelf, quota_bytes};
    *out = &space->space;
    return AIRS_OK;
}

static void memory_close(airs_storage_space_t *space) {
    if (space != NULL) {
        airs_release(allocator_of(space), space);
    }
}

/* ---- reads ---- */

static airs_status_t memory_get(airs_storage_space_t *space, const airs_str_t *keys, size_t count,
                                void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                                airs_error_t *error) {
    for (size_t i = 0; i < count; i++) {
        airs_status_t status = airs_storage_check_key(keys[i], error);
        if (status != AIRS_OK) {
            return status;
        }
    }
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    for (size_t i = 0; i < count; i++) {
        airs_ordered_entry_t *entry = airs_ordered_map_find(&shelf->values, keys[i]);
        if (entry != NULL) {
            take(context, i, airs_stored_bytes(entry->value));
        }
    }
    (void)pthread_rwlock_unlock(&shelf->lock);
    return AIRS_OK;
}

static airs_status_t memory_exists(airs_storage_space_t *space, airs_str_t key, bool *out,
                                   airs_error_t *error) {
    airs_status_t status = airs_storage_check_key(key, error);
    if (status != AIRS_OK) {
        return status;
    }
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    *out = airs_ordered_map_find(&shelf->values, key) != NULL;
    (void)pthread_rwlock_unlock(&shelf->lock);
    return AIRS_OK;
}

static bool starts_with(airs_str_t key, airs_str_t prefix) {
    return key.size >= prefix.size && (prefix.size == 0 || memcmp(key.data, prefix.data, prefix.size) == 0);
}

/* The first entry of the range; NULL when there is none behind where it would begin. */
static airs_ordered_entry_t *first_of(const shelf_t *shelf, const airs_storage_range_t *range) {
    airs_ordered_entry_t *entry = airs_ordered_map_seek(&shelf->values, range->prefix);
    if (entry == NULL || airs_ordered_compare(range->after, entry->key) < 0) {
        return entry;
    }
    entry = airs_ordered_map_seek(&shelf->values, range->after);
    return entry != NULL && airs_str_equal(entry->key, range->after) ? entry->next[0] : entry;
}

static airs_status_t memory_list(airs_storage_space_t *space, const airs_storage_range_t *range,
                                 bool (*each)(void *context, airs_str_t key), void *context,
                                 airs_error_t *error) {
    (void)error;
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    airs_ordered_entry_t *entry = first_of(shelf, range);
    while (entry != NULL && starts_with(entry->key, range->prefix) && each(context, entry->key)) {
        entry = entry->next[0];
    }
    (void)pthread_rwlock_unlock(&shelf->lock);
    return AIRS_OK;
}

static airs_storage_usage_t usage_of(const memory_space_t *space) {
    const shelf_t *shelf = space->shelf;
    return (airs_storage_usage_t){shelf->used_bytes, space->quota_bytes, shelf->values.count};
}

static airs_status_t memory_usage(airs_storage_space_t *space, airs_storage_usage_t *out,
                                  airs_error_t *error) {
    (void)error;
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    *out = usage_of((memory_space_t *)space);
    (void)pthread_rwlock_unlock(&shelf->lock);
    return AIRS_OK;
}

/* ---- writes; the lock is held ---- */

static airs_status_t find_value(void *context, airs_str_t key, bool *found, airs_bytes_t *value,
                                airs_error_t *error) {
    (void)error;
    const shelf_t *shelf = context;
    airs_ordered_entry_t *entry = airs_ordered_map_find(&shelf->values, key);
    *found = entry != NULL;
    if (entry != NULL) {
        *value = airs_stored_bytes(entry->value);
    }
    return AIRS_OK;
}

static airs_status_t write_locked(memory_space_t *space, const airs_storage_write_t *write,
                                  airs_storage_result_t *result, airs_error_t *error) {
    memory_backend_t *self = (memory_backend_t *)space->space.backend;
    airs_write_view_t view = {find_value, space->shelf, usage_of(space)};
    airs_write_plan_t plan;
    airs_status_t status = airs_write_plan_make(&plan, self->allocator, write, &view, error);
    if (status != AIRS_OK) {
        return status;
    }
    if (airs_value_map_apply(&space->shelf->values, &plan, airs_str(""), false, NULL)) {
        space->shelf->used_bytes = plan.usage.used_bytes;
    } else {
        status = airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to store %zu keys", plan.count);
    }
    *result = plan.result;
    airs_write_plan_free(&plan);
    return status;
}

static airs_status_t memory_write(airs_storage_space_t *space, const airs_storage_write_t *write,
                                  airs_storage_result_t *result, airs_error_t *error) {
    airs_status_t status = airs_storage_check_write(write, error);
    if (status != AIRS_OK) {
        return status;
    }
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_wrlock(&shelf->lock);
    status = write_locked((memory_space_t *)space, write, result, error);
    (void)pthread_rwlock_unlock(&shelf->lock);
    return status;
}

static airs_status_t memory_waited(airs_storage_space_t *space, airs_storage_result_t *result,
                                   airs_error_t *error) {
    (void)space, (void)result;
    return airs_error_set(error, AIRS_INVALID_STATE, "no write is pending: they are done at once here");
}

/* ---- the backend's life ---- */

static void free_shelf(void *allocator, void *value) {
    shelf_t *shelf = value;
    airs_value_map_free(&shelf->values);
    (void)pthread_rwlock_destroy(&shelf->lock);
    airs_release(allocator, shelf);
}

static void memory_destroy(airs_storage_backend_t *backend) {
    memory_backend_t *self = (memory_backend_t *)backend;
    if (self == NULL) {
        return;
    }
    airs_ordered_map_free(&self->shelves, free_shelf, (void *)(uintptr_t)self->allocator);
    (void)pthread_mutex_destroy(&self->lock);
    airs_release(self->allocator, self);
}

airs_status_t airs_memory_backend_create(const airs_allocator_t *allocator, airs_storage_backend_t **out) {
    static const airs_storage_backend_ops_t OPS = {
        .open = memory_open,
        .close = memory_close,
        .get = memory_get,
        .exists = memory_exists,
        .list = memory_list,
        .usage = memory_usage,
        .write = memory_write,
        .waited = memory_waited,
        .destroy = memory_destroy,
    };
    memory_backend_t *self = airs_alloc(allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->backend.ops = &OPS;
    self->allocator = allocator;
    (void)pthread_mutex_init(&self->lock, NULL);
    airs_ordered_map_init(&self->shelves, allocator);
    *out = &self->backend;
    return AIRS_OK;
}
