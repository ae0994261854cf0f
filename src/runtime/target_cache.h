/* The targets that one instance sends to, each with the decision whether it may and the way there:
 * what makes the second message to a target cheap.
 *
 * Used by whoever runs the instance, one thread at a time. Bounded: when it is full it starts anew. */
#ifndef AIRSSYS_RUNTIME_TARGET_CACHE_H
#define AIRSSYS_RUNTIME_TARGET_CACHE_H

#include <airssys/allocator.h>

#include "core/message_router.h"
#include "security/security_context.h"

/* Distinct targets remembered. */
#define AIRS_TARGET_CACHE_MAX 256

/* A bit for each decision that was made in favour. */
enum {
    AIRS_TARGET_SEND = 1,
    AIRS_TARGET_REQUEST = 2,
    AIRS_TARGET_BROADCAST = 4,
};

typedef struct airs_target {
    airs_component_id_t *id;
    airs_route_t route;
    uint8_t allowed;
    airs_validity_t validity; /* of them together */
} airs_target_t;

typedef struct airs_target_cache {
    const airs_allocator_t *allocator;
    airs_message_router_t *router;
    airs_target_t *targets; /* NULL until the first one; open addressing */
    uint32_t capacity;
    uint32_t count;
    airs_target_t *last;
} airs_target_cache_t;

void airs_target_cache_init(airs_target_cache_t *cache, const airs_allocator_t *allocator,
                            airs_message_router_t *router);

/* Releases the routes and the memory. */
void airs_target_cache_free(airs_target_cache_t *cache);

/* The target with this id, made when there is none; valid until the next call. NULL: no memory, or the
 * id is none that an actor can have. */
airs_target_t *airs_target_cache_find(airs_target_cache_t *cache, const airs_id_t *id);

#endif
