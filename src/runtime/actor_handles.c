#include "runtime/actor_handles.h"

#include "core/memory.h"

#define FIRST_CAPACITY 8

void airs_actor_handles_init(airs_actor_handles_t *handles, const airs_allocator_t *allocator,
                             airs_message_router_t *router) {
    *handles = (airs_actor_handles_t){.allocator = allocator, .router = router};
}

void airs_actor_handles_free(airs_actor_handles_t *handles) {
    for (uint32_t i = 0; i < handles->count; i++) {
        handles->router->ops->route_release(handles->router, &handles->targets[i].route);
        airs_component_id_unref(handles->targets[i].id);
    }
    airs_release(handles->allocator, handles->targets);
    airs_release(handles->allocator, handles->slots);
}

/* Where the handle for this id is, or would be. */
static uint32_t *slot_of(const airs_target_t *targets, uint32_t *slots, uint32_t capacity, airs_id_t id,
                         uint64_t hash) {
    uint32_t mask = 2 * capacity - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (slots[at] != 0 && !airs_id_equal(airs_component_id_view(targets[slots[at] - 1].id), id)) {
        at = (at + 1) & mask;
    }
    return &slots[at];
}

static airs_status_t grow(airs_actor_handles_t *handles) {
    uint32_t capacity = handles->capacity == 0 ? FIRST_CAPACITY : 2 * handles->capacity;
    if (capacity > AIRS_ACTOR_HANDLES_MAX) {
        return AIRS_QUOTA_EXCEEDED;
    }
    airs_target_t *targets = airs_alloc_zeroed(handles->allocator, capacity * sizeof *targets);
    uint32_t *slots = airs_alloc_zeroed(handles->allocator, 2 * (size_t)capacity * sizeof *slots);
    if (targets == NULL || slots == NULL) {
        airs_release(handles->allocator, targets);
        airs_release(handles->allocator, slots);
        return AIRS_OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < handles->count; i++) {
        targets[i] = handles->targets[i];
        const airs_component_id_t *id = targets[i].id;
        *slot_of(targets, slots, capacity, airs_component_id_view(id), airs_component_id_hash(id)) = i + 1;
    }
    airs_release(handles->allocator, handles->targets);
    airs_release(handles->allocator, handles->slots);
    handles->targets = targets;
    handles->slots = slots;
    handles->capacity = capacity;
    return AIRS_OK;
}

static uint32_t find(const airs_actor_handles_t *handles, airs_id_t id, uint64_t hash) {
    return handles->capacity > 0 ? *slot_of(handles->targets, handles->slots, handles->capacity, id, hash)
                                 : 0;
}

/* Room for one more. */
static airs_status_t make_room(airs_actor_handles_t *handles) {
    return handles->count == handles->capacity ? grow(handles) : AIRS_OK;
}

/* Takes the reference. */
static uint32_t add(airs_actor_handles_t *handles, airs_component_id_t *id) {
    uint32_t *slot = slot_of(handles->targets, handles->slots, handles->capacity, airs_component_id_view(id),
                             airs_component_id_hash(id));
    handles->targets[handles->count].id = id;
    return *slot = ++handles->count;
}

airs_status_t airs_actor_handles_make(airs_actor_handles_t *handles, airs_id_t id, uint64_t *out) {
    *out = find(handles, id, airs_id_hash(id));
    if (*out != 0) {
        return AIRS_OK;
    }
    airs_component_id_t *copy = NULL;
    airs_status_t status = make_room(handles);
    if (status == AIRS_OK) {
        status = airs_component_id_create(handles->allocator, id, &copy, NULL);
    }
    if (status == AIRS_OK) {
        *out = add(handles, copy);
    }
    return status;
}

uint64_t airs_actor_handles_of(airs_actor_handles_t *handles, airs_component_id_t *id) {
    /* Most messages come from the sender of the one before. */
    if (handles->last != 0 && handles->targets[handles->last - 1].id == id) {
        return handles->last;
    }
    uint32_t handle = find(handles, airs_component_id_view(id), airs_component_id_hash(id));
    if (handle == 0) {
        if (make_room(handles) != AIRS_OK) {
            return 0;
        }
        handle = add(handles, airs_component_id_ref(id));
    } else if (handles->targets[handle - 1].id != id) {
        /* Its own, so that it is known at a glance next time. */
        airs_component_id_unref(handles->targets[handle - 1].id);
        handles->targets[handle - 1].id = airs_component_id_ref(id);
    }
    handles->last = handle;
    return handle;
}
