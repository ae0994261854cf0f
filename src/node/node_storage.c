#include "node/node_storage.h"

#include <pthread.h>

#include "core/memory.h"
#include "storage/lmdb_backend.h"
#include "storage/memory_backend.h"

typedef struct node_storage {
    airs_storage_backend_t backend;
    airs_lmdb_options_t options;
    char *folder; /* NULL: in memory */
    pthread_mutex_t lock;
    airs_storage_backend_t *real; /* under the lock until it is there; NULL: not yet */
} node_storage_t;

/* ---- the real one ---- */

/* Under the lock. */
static airs_status_t open_real(node_storage_t *self, airs_error_t *error) {
    if (self->real != NULL) {
        return AIRS_OK;
    }
    if (self->folder != NULL) {
        return airs_lmdb_backend_create(&self->options, &self->real, error);
    }
    airs_status_t status = airs_memory_backend_create(self->options.allocator, &self->real);
    return status == AIRS_OK ? AIRS_OK : airs_error_set(error, status, "%s", airs_status_text(status));
}

airs_status_t airs_node_storage_open(airs_storage_backend_t *storage, airs_error_t *error) {
    node_storage_t *self = (node_storage_t *)(void *)storage;
    pthread_mutex_lock(&self->lock);
    airs_status_t status = open_real(self, error);
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* ---- the interface: a space knows whose it is ---- */

static airs_status_t open_space(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                const airs_storage_waker_t *waker, airs_storage_space_t **out,
                                airs_error_t *error) {
    airs_status_t status = airs_node_storage_open(backend, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_storage_backend_t *real = ((node_storage_t *)(void *)backend)->real;
    return real->ops->open(real, name, quota_bytes, waker, out, error);
}

static void close_space(airs_storage_space_t *space) {
    if (space != NULL) {
        space->backend->ops->close(space);
    }
}

static airs_status_t get(airs_storage_space_t *space, const airs_str_t *keys, size_t count,
                         void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                         airs_error_t *error) {
    return space->backend->ops->get(space, keys, count, take, context, error);
}

static airs_status_t exists(airs_storage_space_t *space, airs_str_t key, bool *out, airs_error_t *error) {
    return space->backend->ops->exists(space, key, out, error);
}

static airs_status_t list(airs_storage_space_t *space, const airs_storage_range_t *range,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error) {
    return space->backend->ops->list(space, range, each, context, error);
}

static airs_status_t usage(airs_storage_space_t *space, airs_storage_usage_t *out, airs_error_t *error) {
    return space->backend->ops->usage(space, out, error);
}

static airs_status_t write_keys(airs_storage_space_t *space, const airs_storage_write_t *write,
                                airs_storage_result_t *result, airs_error_t *error) {
    return space->backend->ops->write(space, write, result, error);
}

static airs_status_t waited(airs_storage_space_t *space, airs_storage_result_t *result, airs_error_t *error) {
    return space->backend->ops->waited(space, result, error);
}

/* ---- its life ---- */

static void destroy(airs_storage_backend_t *backend) {
    node_storage_t *self = (node_storage_t *)(void *)backend;
    if (self == NULL) {
        return;
    }
    if (self->real != NULL) {
        self->real->ops->destroy(self->real);
    }
    pthread_mutex_destroy(&self->lock);
    airs_release(self->options.allocator, self->folder);
    airs_release(self->options.allocator, self);
}

static bool copy_folder(node_storage_t *self, const char *folder) {
    if (folder == NULL) {
        return true;
    }
    size_t size = strlen(folder) + 1;
    self->folder = airs_alloc(self->options.allocator, size);
    self->options.folder = self->folder;
    return self->folder != NULL && memcpy(self->folder, folder, size) != NULL;
}

airs_status_t airs_node_storage_create(const airs_node_options_t *options, airs_storage_backend_t **out,
                                       airs_error_t *error) {
    static const airs_storage_backend_ops_t OPS = {
        .open = open_space,
        .close = close_space,
        .get = get,
        .exists = exists,
        .list = list,
        .usage = usage,
        .write = write_keys,
        .waited = waited,
        .destroy = destroy,
    };
    node_storage_t *self = airs_alloc_zeroed(options->allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    self->backend.ops = &OPS;
    self->options = (airs_lmdb_options_t){
        .allocator = options->allocator,
        .log = options->log,
        .sync = options->storage_sync == AIRS_STORAGE_SYNC_INTERVAL ? AIRS_SYNC_INTERVAL : AIRS_SYNC_COMMIT,
        .interval_ms = options->storage_interval_ms,
        .map_bytes = options->storage_max_bytes,
    };
    pthread_mutex_init(&self->lock, NULL); /* cannot fail without attributes */
    if (!copy_folder(self, options->storage_dir)) {
        destroy(&self->backend);
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    *out = &self->backend;
    return AIRS_OK;
}
