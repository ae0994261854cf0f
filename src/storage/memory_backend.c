#include "storage/memory_backend.h"

#include <pthread.h>

#include "core/memory.h"
#include "storage/ordered_map.h"

/* What is stored under one name. */
typedef struct shelf {
    pthread_rwlock_t lock; /* over what follows */
    airs_ordered_map_t values;
    uint64_t used_bytes;
} shelf_t;

typedef struct value {
    size_t size;
    uint8_t data[];
} value_t;

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
                                 airs_storage_space_t **out, airs_error_t *error) {
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

/* ---- keys and values ---- */

static airs_status_t check_key(airs_str_t key, airs_error_t *error) {
    if (key.size == 0) {
        return airs_error_set(error, AIRS_INVALID_KEY, "the key is empty; it must have 1 to %d bytes",
                              AIRS_STORAGE_KEY_MAX);
    }
    if (key.size > AIRS_STORAGE_KEY_MAX) {
        return airs_error_set(error, AIRS_INVALID_KEY, "the key has %zu bytes; it may have %d", key.size,
                              AIRS_STORAGE_KEY_MAX);
    }
    const char *zero = memchr(key.data, '\0', key.size);
    if (zero != NULL) {
        return airs_error_set(error, AIRS_INVALID_KEY,
                              "the key has a zero byte at %zu; it may have any other",
                              (size_t)(zero - key.data));
    }
    return AIRS_OK;
}

static airs_status_t no_such_key(airs_str_t key, airs_error_t *error) {
    return airs_error_set(error, AIRS_NOT_FOUND, "there is no key \"%.*s\"", AIRS_STR_ARG(key));
}

static airs_status_t memory_get(airs_storage_space_t *space, airs_str_t key,
                                void (*take)(void *context, airs_bytes_t value), void *context,
                                airs_error_t *error) {
    airs_status_t status = check_key(key, error);
    if (status != AIRS_OK) {
        return status;
    }
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    airs_ordered_entry_t *entry = airs_ordered_map_find(&shelf->values, key);
    if (entry != NULL) {
        const value_t *value = entry->value;
        take(context, airs_bytes(value->data, value->size));
    }
    (void)pthread_rwlock_unlock(&shelf->lock);
    return entry != NULL ? AIRS_OK : no_such_key(key, error);
}

static value_t *make_value(const airs_allocator_t *allocator, airs_bytes_t bytes) {
    value_t *value = airs_alloc(allocator, sizeof *value + bytes.size);
    if (value != NULL) {
        value->size = bytes.size;
        (void)airs_copy(value->data, bytes.data, bytes.size);
    }
    return value;
}

static airs_status_t check_quota(const memory_space_t *space, uint64_t before, uint64_t after,
                                 airs_error_t *error) {
    if (after <= before || after <= space->quota_bytes) {
        return AIRS_OK;
    }
    return airs_error_set(error, AIRS_QUOTA_EXCEEDED,
                          "with this the space would use %llu bytes of keys and values; its quota is %llu",
                          (unsigned long long)after, (unsigned long long)space->quota_bytes);
}

/* Under the lock. Takes `*value` when it succeeds and leaves the value that it replaced there (or NULL). */
static airs_status_t put(const memory_space_t *space, airs_str_t key, value_t **value, airs_error_t *error) {
    shelf_t *shelf = space->shelf;
    airs_ordered_entry_t *entry = airs_ordered_map_find(&shelf->values, key);
    value_t *old = entry != NULL ? entry->value : NULL;
    uint64_t before = shelf->used_bytes;
    uint64_t after = before + (*value)->size + (old == NULL ? key.size : 0) - (old != NULL ? old->size : 0);
    airs_status_t status = check_quota(space, before, after, error);
    if (status != AIRS_OK) {
        return status;
    }
    if (entry == NULL && airs_ordered_map_insert(&shelf->values, key, *value) != AIRS_OK) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to store a key of %zu bytes", key.size);
    }
    if (entry != NULL) {
        entry->value = *value;
    }
    shelf->used_bytes = after;
    *value = old;
    return AIRS_OK;
}

static airs_status_t memory_set(airs_storage_space_t *space, airs_str_t key, airs_bytes_t bytes,
                                airs_error_t *error) {
    airs_status_t status = check_key(key, error);
    if (status != AIRS_OK) {
        return status;
    }
    if (bytes.size > AIRS_STORAGE_VALUE_MAX) {
        return airs_error_set(error, AIRS_IO, "the value has %zu bytes; it may have %zu", bytes.size,
                              AIRS_STORAGE_VALUE_MAX);
    }
    const airs_allocator_t *allocator = allocator_of(space);
    shelf_t *shelf = shelf_of(space);
    value_t *value = make_value(allocator, bytes); /* before the lock: it may be large */
    if (value == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to store a value of %zu bytes",
                              bytes.size);
    }
    (void)pthread_rwlock_wrlock(&shelf->lock);
    status = put((memory_space_t *)space, key, &value, error);
    (void)pthread_rwlock_unlock(&shelf->lock);
    airs_release(allocator, value); /* the one that was replaced, or refused */
    return status;
}

static airs_status_t memory_remove(airs_storage_space_t *space, airs_str_t key, airs_error_t *error) {
    airs_status_t status = check_key(key, error);
    if (status != AIRS_OK) {
        return status;
    }
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_wrlock(&shelf->lock);
    value_t *value = airs_ordered_map_remove(&shelf->values, key);
    if (value != NULL) {
        shelf->used_bytes -= key.size + value->size;
    }
    (void)pthread_rwlock_unlock(&shelf->lock);
    airs_release(allocator_of(space), value);
    return value != NULL ? AIRS_OK : no_such_key(key, error);
}

static airs_status_t memory_exists(airs_storage_space_t *space, airs_str_t key, bool *out,
                                   airs_error_t *error) {
    airs_status_t status = check_key(key, error);
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

static airs_status_t memory_list(airs_storage_space_t *space, airs_str_t prefix,
                                 bool (*each)(void *context, airs_str_t key), void *context,
                                 airs_error_t *error) {
    (void)error;
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    airs_ordered_entry_t *entry = airs_ordered_map_seek(&shelf->values, prefix);
    while (entry != NULL && starts_with(entry->key, prefix) && each(context, entry->key)) {
        entry = entry->next[0];
    }
    (void)pthread_rwlock_unlock(&shelf->lock);
    return AIRS_OK;
}

static airs_status_t memory_usage(airs_storage_space_t *space, airs_storage_usage_t *out,
                                  airs_error_t *error) {
    (void)error;
    shelf_t *shelf = shelf_of(space);
    (void)pthread_rwlock_rdlock(&shelf->lock);
    out->used_bytes = shelf->used_bytes;
    out->key_count = shelf->values.count;
    (void)pthread_rwlock_unlock(&shelf->lock);
    out->quota_bytes = ((memory_space_t *)space)->quota_bytes;
    return AIRS_OK;
}

/* ---- the backend's life ---- */

static void free_value(void *allocator, void *value) { airs_release(allocator, value); }

static void free_shelf(void *allocator, void *value) {
    shelf_t *shelf = value;
    airs_ordered_map_free(&shelf->values, free_value, allocator);
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
        .set = memory_set,
        .remove = memory_remove,
        .exists = memory_exists,
        .list = memory_list,
        .usage = memory_usage,
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
