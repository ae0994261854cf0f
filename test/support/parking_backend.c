#include "support/parking_backend.h"

#include "core/check.h"

static airs_parking_backend_t *backend_of(airs_storage_space_t *space) {
    return (airs_parking_backend_t *)(void *)space->backend;
}

static airs_storage_space_t *real_of(airs_storage_space_t *space) { return backend_of(space)->space.real; }

static airs_status_t open_space(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                const airs_storage_waker_t *waker, airs_storage_space_t **out,
                                airs_error_t *error) {
    airs_parking_backend_t *self = (airs_parking_backend_t *)(void *)backend;
    AIRS_ASSERT(self->space.real == NULL);
    self->space.base.backend = backend;
    self->space.waker = *waker;
    *out = &self->space.base;
    return self->real->ops->open(self->real, name, quota_bytes, waker, &self->space.real, error);
}

static void close_space(airs_storage_space_t *space) {
    airs_parking_backend_t *self = backend_of(space);
    if (self->pending > 0) {
        self->space.waker.wake = NULL;
        airs_parking_backend_finish(self);
    }
    self->real->ops->close(self->space.real);
    self->space.real = NULL;
}

static airs_status_t get(airs_storage_space_t *space, const airs_str_t *keys, size_t count,
                         void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                         airs_error_t *error) {
    return backend_of(space)->real->ops->get(real_of(space), keys, count, take, context, error);
}

static airs_status_t exists(airs_storage_space_t *space, airs_str_t key, bool *out, airs_error_t *error) {
    return backend_of(space)->real->ops->exists(real_of(space), key, out, error);
}

static airs_status_t list(airs_storage_space_t *space, const airs_storage_range_t *range,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error) {
    return backend_of(space)->real->ops->list(real_of(space), range, each, context, error);
}

static airs_status_t usage(airs_storage_space_t *space, airs_storage_usage_t *out, airs_error_t *error) {
    return backend_of(space)->real->ops->usage(real_of(space), out, error);
}

/* What the guest handed in is gone when the write is made. */
static airs_bytes_t copy(airs_parking_backend_t *self, airs_bytes_t bytes) {
    AIRS_ASSERT(bytes.size <= sizeof self->copies - self->copied);
    char *into = self->copies + self->copied;
    if (bytes.size > 0) {
        memcpy(into, bytes.data, bytes.size);
    }
    self->copied += bytes.size;
    return airs_bytes(into, bytes.size);
}

static airs_status_t write_keys(airs_storage_space_t *space, const airs_storage_write_t *write,
                                airs_storage_result_t *result, airs_error_t *error) {
    (void)result, (void)error;
    airs_parking_backend_t *self = backend_of(space);
    AIRS_ASSERT(self->pending == 0 && write->count <= sizeof self->changes / sizeof *self->changes);
    self->copied = 0;
    self->write = *write;
    self->write.changes = self->changes;
    self->write.expected = copy(self, write->expected);
    for (size_t i = 0; i < write->count; i++) {
        airs_bytes_t key = copy(self, airs_bytes(write->changes[i].key.data, write->changes[i].key.size));
        self->changes[i] = (airs_storage_change_t){.key = airs_str_n((const char *)key.data, key.size),
                                                   .value = copy(self, write->changes[i].value),
                                                   .removes = write->changes[i].removes};
    }
    self->pending = 1;
    self->status = AIRS_PENDING;
    return AIRS_PENDING;
}

static airs_status_t waited(airs_storage_space_t *space, airs_storage_result_t *result, airs_error_t *error) {
    airs_parking_backend_t *self = backend_of(space);
    airs_status_t status = self->status;
    self->asked++;
    if (status != AIRS_PENDING) {
        *result = self->result;
        *error = self->error;
        self->status = AIRS_INVALID_STATE;
    }
    return status;
}

static void destroy(airs_storage_backend_t *backend) { (void)backend; }

void airs_parking_backend_init(airs_parking_backend_t *self, airs_storage_backend_t *real) {
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
    *self = (airs_parking_backend_t){.backend = {&OPS}, .real = real, .status = AIRS_INVALID_STATE};
}

void airs_parking_backend_finish(airs_parking_backend_t *self) {
    AIRS_ASSERT(self->pending == 1);
    self->pending = 0;
    self->error = (airs_error_t){AIRS_OK, ""};
    self->result = (airs_storage_result_t){0};
    self->status = self->fails != AIRS_OK
                       ? airs_error_set(&self->error, self->fails, "the write was made to fail")
                       : self->real->ops->write(self->space.real, &self->write, &self->result, &self->error);
    if (self->space.waker.wake != NULL) {
        self->space.waker.wake(self->space.waker.context);
    }
}
