#include "storage/blocking_space.h"

#include <pthread.h>

#include "core/memory.h"

struct airs_blocking_space {
    const airs_allocator_t *allocator;
    airs_storage_space_t *space;
    pthread_mutex_t lock; /* over `woken` */
    pthread_cond_t ended;
    bool woken;
};

static void wake(void *context) {
    airs_blocking_space_t *self = context;
    (void)pthread_mutex_lock(&self->lock);
    self->woken = true;
    (void)pthread_cond_signal(&self->ended);
    (void)pthread_mutex_unlock(&self->lock);
}

static void release(airs_blocking_space_t *self) {
    (void)pthread_cond_destroy(&self->ended);
    (void)pthread_mutex_destroy(&self->lock);
    airs_release(self->allocator, self);
}

airs_status_t airs_blocking_space_open(const airs_allocator_t *allocator, airs_storage_backend_t *backend,
                                       airs_str_t name, uint64_t quota_bytes, airs_blocking_space_t **out,
                                       airs_error_t *error) {
    airs_blocking_space_t *self = airs_alloc_zeroed(allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to open the storage space \"%.*s\"",
                              AIRS_STR_ARG(name));
    }
    self->allocator = allocator;
    (void)pthread_mutex_init(&self->lock, NULL); /* cannot fail without attributes, nor can the next */
    (void)pthread_cond_init(&self->ended, NULL);
    airs_storage_waker_t waker = {wake, self};
    airs_status_t status = backend->ops->open(backend, name, quota_bytes, &waker, &self->space, error);
    if (status != AIRS_OK) {
        release(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_blocking_space_close(airs_blocking_space_t *self) {
    if (self != NULL) {
        self->space->backend->ops->close(self->space);
        release(self);
    }
}

airs_storage_space_t *airs_blocking_space_of(airs_blocking_space_t *self) { return self->space; }

static void sleep_until_woken(airs_blocking_space_t *self) {
    (void)pthread_mutex_lock(&self->lock);
    while (!self->woken) {
        (void)pthread_cond_wait(&self->ended, &self->lock);
    }
    self->woken = false;
    (void)pthread_mutex_unlock(&self->lock);
}

airs_status_t airs_blocking_space_write(airs_blocking_space_t *self, const airs_storage_write_t *write,
                                        airs_storage_result_t *result, airs_error_t *error) {
    const airs_storage_backend_ops_t *ops = self->space->backend->ops;
    airs_storage_result_t found = {0};
    airs_status_t status = ops->write(self->space, write, &found, error);
    while (status == AIRS_PENDING) {
        sleep_until_woken(self);
        status = ops->waited(self->space, &found, error);
    }
    if (result != NULL) {
        *result = found;
    }
    return status;
}

airs_status_t airs_blocking_space_set(airs_blocking_space_t *self, airs_str_t key, airs_bytes_t value,
                                      airs_error_t *error) {
    airs_storage_change_t change = {.key = key, .value = value};
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = &change, .count = 1};
    return airs_blocking_space_write(self, &write, NULL, error);
}

airs_status_t airs_blocking_space_remove(airs_blocking_space_t *self, airs_str_t key, airs_error_t *error) {
    airs_storage_change_t change = {.key = key, .removes = true};
    airs_storage_write_t write = {.kind = AIRS_STORAGE_REMOVE, .changes = &change, .count = 1};
    return airs_blocking_space_write(self, &write, NULL, error);
}
