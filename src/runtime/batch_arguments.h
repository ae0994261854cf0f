/* The arguments of one handle-batch: the items, and the payloads behind each other, in one block. */
#ifndef AIRSSYS_RUNTIME_BATCH_ARGUMENTS_H
#define AIRSSYS_RUNTIME_BATCH_ARGUMENTS_H

#include <airs_wasmtime_ext.h>

#include "core/component_message.h"
#include "runtime/actor_handles.h"

typedef struct airs_batch_arguments {
    airs_ext_item_t *items; /* NULL: there are none */
    uint8_t *payloads;
    size_t payload_size;
    uint32_t count;
} airs_batch_arguments_t;

/* Of so many messages, linked through `next`, whose payloads take `payload_bytes`, each rounded up to eight. It ends
 * before a sender for whom there is no handle. Without memory there are none. */
void airs_batch_arguments_make(airs_batch_arguments_t *arguments, airs_actor_handles_t *handles,
                               const airs_component_message_t *first, uint32_t count, size_t payload_bytes);

void airs_batch_arguments_free(airs_batch_arguments_t *arguments, const airs_allocator_t *allocator);

#endif
