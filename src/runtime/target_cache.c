#include "runtime/target_cache.h"

#include "core/memory.h"

#define FIRST_CAPACITY 4
/* A power of two that AIRS_TARGET_CACHE_MAX fills to half. */
#define LAST_CAPACITY (2 * AIRS_TARGET_CACHE_MAX)

void airs_target_cache_init(airs_target_cache_t *cache, const airs_allocator_t *allocator,
                            airs_message_router_t *router) {
    *cache = (airs_target_cache_t){.allocator = allocator, .router = router};
}

static void forget_all(airs_target_cache_t *cache) {
    for (uint32_t i = 0; i < cache->capacity; i++) {
        airs_target_t *target = &cache->targets[i];
        if (target->id != NULL) {
            cache->router->ops->route_release(cache->router, &target->route);
            airs_component_id_unref(target->id);
        }
    }
    airs_release(cache->allocator, cache->targets);
    cache->targets = NULL;
    cache->last = NULL;
    cache->capacity = 0;
    cache->count = 0;
}

void airs_target_cache_free(airs_target_cache_t *cache) { forget_all(cache); }

static airs_target_t *slot_of(airs_target_t *targets, uint32_t capacity, const airs_id_t *id, uint64_t hash) {
    uint32_t at = (uint32_t)hash & (capacity - 1);
    while (targets[at].id != NULL && !airs_component_id_is(targets[at].id, id)) {
        at = (at + 1) & (capacity - 1);
    }
    return &targets[at];
}

static bool grow(airs_target_cache_t *cache) {
    uint32_t capacity = cache->capacity == 0 ? FIRST_CAPACITY : 2 * cache->capacity;
    if (capacity > LAST_CAPACITY) {
        forget_all(cache);
        capacity = FIRST_CAPACITY;
    }
    airs_target_t *targets = airs_alloc_zeroed(cache->allocator, capacity * sizeof *targets);
    if (targets == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < cache->capacity; i++) {
        airs_component_id_t *id = cache->targets[i].id;
        if (id != NULL) {
            *slot_of(targets, capacity, airs_component_id_parts(id), airs_component_id_hash(id)) =
                cache->targets[i];
        }
    }
    airs_release(cache->allocator, cache->targets);
    cache->targets = targets;
    cache->capacity = capacity;
    cache->last = NULL;
    return true;
}

airs_target_t *airs_target_cache_find(airs_target_cache_t *cache, const airs_id_t *id) {
    /* Most instances send to the same target again. */
    if (cache->last != NULL && airs_component_id_is(cache->last->id, id)) {
        return cache->last;
    }
    uint64_t hash = airs_id_hash(*id);
    if (cache->capacity > 0) {
        airs_target_t *known = slot_of(cache->targets, cache->capacity, id, hash);
        if (known->id != NULL) {
            return cache->last = known;
        }
    }
    if (2 * (cache->count + 1) > cache->capacity && !grow(cache)) {
        return NULL;
    }
    airs_target_t *target = slot_of(cache->targets, cache->capacity, id, hash);
    if (airs_component_id_create(cache->allocator, *id, &target->id, NULL) != AIRS_OK) {
        target->id = NULL;
        return NULL;
    }
    cache->count++;
    return cache->last = target;
}
