#include "core/payload.h"

#include "core/block_pool.h"
#include "core/memory.h"
#include "core/refcount.h"

struct airs_payload {
    airs_refcount_t refcount;
    airs_bytes_t bytes;      /* into `data` */
    airs_str_t content_type; /* likewise, behind the bytes */
    _Alignas(16) uint8_t data[];
};

airs_status_t airs_payload_create(airs_block_pool_t *pool, airs_bytes_t bytes, airs_str_t content_type,
                                  airs_payload_t **out) {
    size_t size = 0;
    if (__builtin_add_overflow(bytes.size, content_type.size, &size) ||
        __builtin_add_overflow(size, sizeof(airs_payload_t), &size)) {
        return AIRS_OUT_OF_MEMORY;
    }
    airs_payload_t *self = airs_block_pool_alloc(pool, size);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    airs_refcount_init(&self->refcount);
    self->bytes = airs_bytes(self->data, bytes.size);
    char *behind = airs_copy(self->data, bytes.data, bytes.size);
    self->content_type = airs_str_n(behind, content_type.size);
    (void)airs_copy(behind, content_type.data, content_type.size);
    *out = self;
    return AIRS_OK;
}

airs_payload_t *airs_payload_ref(airs_payload_t *payload) {
    airs_refcount_ref(&payload->refcount);
    return payload;
}

void airs_payload_unref(airs_payload_t *payload) {
    if (payload != NULL && airs_refcount_unref(&payload->refcount)) {
        airs_block_pool_free(payload);
    }
}

airs_bytes_t airs_payload_bytes(const airs_payload_t *payload) { return payload->bytes; }

airs_str_t airs_payload_content_type(const airs_payload_t *payload) { return payload->content_type; }
