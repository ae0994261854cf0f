#include "runtime/batch_arguments.h"

#include "core/memory.h"
#include "runtime/host/batch.h"

static uint8_t kind_of(const airs_component_message_t *message) {
    switch ((airs_message_kind_t)message->kind) {
    case AIRS_MESSAGE_REQUEST:
        return AIRS_EXT_ITEM_REQUEST;
    case AIRS_MESSAGE_RESPONSE:
        return AIRS_EXT_ITEM_RESPONSE;
    case AIRS_MESSAGE_FAILURE:
        return AIRS_EXT_ITEM_FAILURE;
    default:
        return AIRS_EXT_ITEM_MESSAGE;
    }
}

/* Where the next payload begins. What is left free before it is zero, so that nothing of others gets there. */
static size_t put_payload(uint8_t *at, airs_bytes_t payload) {
    size_t size = (payload.size + 7) & ~(size_t)7;
    if (size != payload.size) {
        memset(at + size - 8, 0, 8);
    }
    (void)airs_copy(at, payload.data, payload.size);
    return size;
}

void airs_batch_arguments_make(airs_batch_arguments_t *arguments, airs_actor_handles_t *handles,
                               const airs_component_message_t *first, uint32_t count, size_t payload_bytes) {
    *arguments = (airs_batch_arguments_t){0};
    airs_ext_item_t *items = airs_alloc(handles->allocator, count * sizeof(airs_ext_item_t) + payload_bytes);
    if (items == NULL) {
        return;
    }
    arguments->items = items;
    arguments->payloads = (uint8_t *)(items + count);
    const airs_component_message_t *message = first;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t sender = airs_actor_handles_of(handles, message->sender);
        if (sender == 0) {
            return;
        }
        bool has_correlation = airs_component_message_has_correlation(message);
        items[i] = (airs_ext_item_t){
            .kind = kind_of(message),
            .sender = sender,
            .correlation = has_correlation ? airs_host_request_id(&message->correlation)
                                           : (airs_ext_request_id_t){0, 0},
            .sent = message->timestamp_ns,
            .size = (uint32_t)message->payload.size,
        };
        arguments->payload_size +=
            put_payload(arguments->payloads + arguments->payload_size, message->payload);
        arguments->count++;
        /* Relaxed: it is in the owner's part of its mailbox. */
        message = atomic_load_explicit(&message->next, memory_order_relaxed);
    }
}

void airs_batch_arguments_free(airs_batch_arguments_t *arguments, const airs_allocator_t *allocator) {
    airs_release(allocator, arguments->items);
    *arguments = (airs_batch_arguments_t){0};
}
