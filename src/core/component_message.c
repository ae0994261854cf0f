#include "core/component_message.h"

#include "core/block_pool.h"
#include "core/memory.h"

/* Everything but payload, content type and `shared`. */
static void fill(airs_component_message_t *self, const airs_message_parts_t *parts) {
    atomic_init(&self->next, NULL);
    self->sender = parts->sender != NULL ? airs_component_id_ref(parts->sender) : NULL;
    self->timestamp_ns = parts->timestamp_ns;
    if (parts->correlation != NULL) {
        self->correlation = *parts->correlation;
    } else {
        self->correlation = (airs_correlation_id_t){{0}};
    }
    self->kind = (uint8_t)parts->kind;
    self->system = 0;
    self->cost_slots = 0;
}

airs_status_t airs_component_message_create(airs_block_pool_t *pool, const airs_message_parts_t *parts,
                                            airs_component_message_t **out) {
    size_t size = 0;
    if (__builtin_add_overflow(parts->payload.size, parts->content_type.size, &size) ||
        __builtin_add_overflow(size, sizeof(airs_component_message_t), &size)) {
        return AIRS_OUT_OF_MEMORY;
    }
    airs_component_message_t *self = airs_block_pool_alloc(pool, size);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    fill(self, parts);
    self->shared = NULL;
    uint8_t *data = (uint8_t *)(self + 1);
    self->payload = airs_bytes(data, parts->payload.size);
    char *behind = airs_copy(data, parts->payload.data, parts->payload.size);
    self->content_type = airs_str_n(behind, parts->content_type.size);
    (void)airs_copy(behind, parts->content_type.data, parts->content_type.size);
    *out = self;
    return AIRS_OK;
}

airs_status_t airs_component_message_create_shared(airs_block_pool_t *pool, const airs_message_parts_t *parts,
                                                   airs_payload_t *shared, airs_component_message_t **out) {
    airs_component_message_t *self = airs_block_pool_alloc(pool, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    fill(self, parts);
    self->shared = airs_payload_ref(shared);
    self->payload = airs_payload_bytes(shared);
    self->content_type = airs_payload_content_type(shared);
    *out = self;
    return AIRS_OK;
}

void airs_component_message_destroy(airs_component_message_t *message) {
    if (message == NULL) {
        return;
    }
    airs_component_id_unref(message->sender);
    airs_payload_unref(message->shared);
    airs_block_pool_free(message);
}

const char *airs_message_kind_text(airs_message_kind_t kind) {
    switch (kind) {
    case AIRS_MESSAGE_PLAIN:
        return "message";
    case AIRS_MESSAGE_REQUEST:
        return "request";
    case AIRS_MESSAGE_RESPONSE:
        return "response";
    case AIRS_MESSAGE_FAILURE:
        return "failure";
    case AIRS_MESSAGE_SYSTEM:
        return "system";
    case AIRS_MESSAGE_TIMER:
        return "timer";
    case AIRS_MESSAGE_DOWN:
        return "down";
    case AIRS_MESSAGE_EXIT:
        return "exit";
    }
    return "unknown";
}
