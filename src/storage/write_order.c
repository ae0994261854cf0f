#include "storage/write_order.h"

#include "core/memory.h"

static size_t size_of(const airs_storage_write_t *write) {
    size_t size = sizeof(airs_write_order_t) + write->count * sizeof *write->changes + write->expected.size;
    for (size_t i = 0; i < write->count; i++) {
        size += write->changes[i].key.size + write->changes[i].value.size;
    }
    return size;
}

/* Moves `*at` behind the copy. */
static airs_bytes_t copy(char **at, const void *data, size_t size) {
    char *begin = *at;
    *at = airs_copy(begin, data, size);
    return airs_bytes(begin, size);
}

airs_write_order_t *airs_write_order_create(const airs_allocator_t *allocator,
                                            const airs_storage_write_t *write) {
    size_t size = size_of(write);
    airs_write_order_t *order = airs_alloc(allocator, size);
    if (order == NULL) {
        return NULL;
    }
    *order = (airs_write_order_t){.allocator = allocator, .write = *write, .size = size};
    airs_storage_change_t *changes = (airs_storage_change_t *)(void *)(order + 1);
    char *at = (char *)(changes + write->count);
    order->write.changes = changes;
    for (size_t i = 0; i < write->count; i++) {
        const airs_storage_change_t *from = &write->changes[i];
        airs_bytes_t key = copy(&at, from->key.data, from->key.size);
        changes[i] = (airs_storage_change_t){.key = airs_str_n((const char *)key.data, key.size),
                                             .value = copy(&at, from->value.data, from->value.size),
                                             .removes = from->removes};
    }
    order->write.expected = copy(&at, write->expected.data, write->expected.size);
    return order;
}

void airs_write_order_destroy(airs_write_order_t *order) {
    if (order != NULL) {
        airs_release(order->allocator, order->text);
        airs_release(order->allocator, order);
    }
}

void airs_write_order_fail(airs_write_order_t *order, airs_status_t status, const airs_error_t *error) {
    size_t size = strlen(error->text) + 1;
    airs_release(order->allocator, order->text); /* of a try before */
    order->status = status;
    order->text = airs_alloc(order->allocator, size);
    if (order->text != NULL) {
        memcpy(order->text, error->text, size);
    }
}

airs_status_t airs_write_order_answer(const airs_write_order_t *order, airs_storage_result_t *result,
                                      airs_error_t *error) {
    *result = order->result;
    if (order->status == AIRS_OK) {
        return AIRS_OK;
    }
    return airs_error_set(error, order->status, "%s",
                          order->text != NULL ? order->text : airs_status_text(order->status));
}
