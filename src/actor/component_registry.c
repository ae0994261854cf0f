#include "actor/component_registry.h"

#include "actor/spinlock.h"
#include "core/check.h"

#define SHARDS 64
#define FIRST_BUCKETS 8
#define FIRST_MEMBERS 4

/* The live instances of one component. */
struct airs_actor_group {
    struct airs_actor_group *next; /* in its bucket */
    airs_component_id_t *id;       /* of a member: its first two parts name the group */
    uint64_t hash;
    airs_actor_t **members; /* `few`, or an array of its own */
    size_t count;
    size_t capacity;
    airs_actor_t *few[FIRST_MEMBERS];
};

typedef struct airs_actor_group group_t;

/* Two tables, one after the other: actors by their id's hash, and groups by that of the id without its
 * instance. An actor and its group are usually in different shards. */
typedef struct shard {
    _Alignas(AIRS_CACHE_LINE) airs_spinlock_t actors_lock;
    airs_hash_table_t actors;
    pthread_mutex_t lock; /* over the groups: some of what is done with them takes longer */
    group_t **groups;
    size_t group_count;
    size_t group_buckets; /* a power of two, or 0 */
} shard_t;

struct airs_component_registry {
    const airs_allocator_t *allocator;
    airs_random_t *random;
    _Atomic uint64_t count;
    _Alignas(AIRS_CACHE_LINE) airs_spinlock_t roster_lock;
    airs_roster_node_t roster; /* a ring; the oldest is its next one */
    shard_t shards[SHARDS];
};

static shard_t *shard_of(airs_component_registry_t *registry, uint64_t hash) {
    return &registry->shards[hash >> 58];
}

/* ---- actors by id ---- */

static airs_actor_t *actor_of(const airs_hash_entry_t *entry) {
    return (airs_actor_t *)((uintptr_t)entry - offsetof(airs_actor_t, registered));
}

static bool is_called(const airs_hash_entry_t *entry, const void *id) {
    return airs_component_id_is(actor_of(entry)->id, id);
}

static airs_actor_t *find_actor(const shard_t *shard, uint64_t hash, airs_id_t id) {
    airs_hash_entry_t *entry = airs_hash_table_find(&shard->actors, hash, is_called, &id);
    return entry != NULL ? actor_of(entry) : NULL;
}

static airs_status_t insert_actor(airs_component_registry_t *registry, airs_actor_t *actor) {
    uint64_t hash = airs_component_id_hash(actor->id);
    shard_t *shard = shard_of(registry, hash);
    airs_status_t status = AIRS_ALREADY_EXISTS;
    airs_spinlock_lock(&shard->actors_lock);
    if (find_actor(shard, hash, airs_component_id_view(actor->id)) == NULL) {
        airs_hash_table_insert(&shard->actors, &actor->registered, hash);
        status = AIRS_OK;
    }
    airs_spinlock_unlock(&shard->actors_lock);
    return status;
}

static void remove_actor(airs_component_registry_t *registry, airs_actor_t *actor) {
    shard_t *shard = shard_of(registry, actor->registered.hash);
    airs_spinlock_lock(&shard->actors_lock);
    airs_hash_table_remove(&shard->actors, &actor->registered);
    airs_spinlock_unlock(&shard->actors_lock);
}

/* ---- instances by component ---- */

static bool same_component(airs_id_t a, airs_id_t b) {
    return airs_str_equal(a.ns, b.ns) && airs_str_equal(a.name, b.name);
}

static group_t **find_group(const shard_t *shard, uint64_t hash, airs_id_t id) {
    if (shard->group_buckets == 0) {
        return NULL;
    }
    group_t **link = &shard->groups[hash & (shard->group_buckets - 1)];
    while (*link != NULL &&
           !((*link)->hash == hash && same_component(airs_component_id_view((*link)->id), id))) {
        link = &(*link)->next;
    }
    return *link != NULL ? link : NULL;
}

static airs_status_t grow_groups(const airs_allocator_t *allocator, shard_t *shard) {
    size_t count = shard->group_buckets == 0 ? FIRST_BUCKETS : shard->group_buckets * 2;
    group_t **buckets = airs_alloc_array(allocator, count, sizeof(group_t *));
    if (buckets == NULL) {
        return shard->group_buckets == 0 ? AIRS_OUT_OF_MEMORY : AIRS_OK;
    }
    memset(buckets, 0, count * sizeof(group_t *));
    for (size_t i = 0; i < shard->group_buckets; i++) {
        for (group_t *group = shard->groups[i]; group != NULL;) {
            group_t *next = group->next;
            group->next = buckets[group->hash & (count - 1)];
            buckets[group->hash & (count - 1)] = group;
            group = next;
        }
    }
    airs_release(allocator, shard->groups);
    shard->groups = buckets;
    shard->group_buckets = count;
    return AIRS_OK;
}

/* A group without members, in the table. */
static airs_status_t add_group(const airs_allocator_t *allocator, shard_t *shard, uint64_t hash,
                               airs_component_id_t *id, group_t **out) {
    if (shard->group_count >= shard->group_buckets && grow_groups(allocator, shard) != AIRS_OK) {
        return AIRS_OUT_OF_MEMORY;
    }
    group_t *group = airs_alloc_zeroed(allocator, sizeof *group);
    if (group == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    group_t **bucket = &shard->groups[hash & (shard->group_buckets - 1)];
    *group = (group_t){.next = *bucket,
                       .id = airs_component_id_ref(id),
                       .hash = hash,
                       .members = group->few,
                       .capacity = FIRST_MEMBERS};
    *bucket = group;
    shard->group_count++;
    *out = group;
    return AIRS_OK;
}

static airs_status_t add_member(const airs_allocator_t *allocator, group_t *group, airs_actor_t *actor) {
    if (group->count == group->capacity) {
        airs_actor_t **own = group->members != group->few ? group->members : NULL;
        airs_actor_t **members =
            airs_resize_array(allocator, own, group->capacity * 2, sizeof(airs_actor_t *));
        if (members == NULL) {
            return AIRS_OUT_OF_MEMORY;
        }
        if (own == NULL) {
            memcpy(members, group->few, sizeof group->few);
        }
        group->members = members;
        group->capacity *= 2;
    }
    actor->group = group;
    actor->group_index = group->count;
    group->members[group->count++] = actor;
    return AIRS_OK;
}

static airs_status_t join_group(airs_component_registry_t *registry, airs_actor_t *actor,
                                uint32_t max_instances) {
    airs_id_t id = airs_component_id_view(actor->id);
    uint64_t hash = airs_component_id_component_hash(actor->id);
    shard_t *shard = shard_of(registry, hash);
    airs_status_t status = AIRS_OK;
    pthread_mutex_lock(&shard->lock);
    group_t **link = find_group(shard, hash, id);
    group_t *group = link != NULL ? *link : NULL;
    if (group == NULL) {
        status = add_group(registry->allocator, shard, hash, actor->id, &group);
    } else if (max_instances > 0 && group->count >= max_instances) {
        status = AIRS_QUOTA_EXCEEDED;
    }
    if (status == AIRS_OK) {
        status = add_member(registry->allocator, group, actor);
    }
    pthread_mutex_unlock(&shard->lock);
    return status;
}

static void remove_group(const airs_allocator_t *allocator, shard_t *shard, group_t *group) {
    group_t **link = &shard->groups[group->hash & (shard->group_buckets - 1)];
    while (*link != group) {
        link = &(*link)->next;
    }
    *link = group->next;
    shard->group_count--;
    airs_component_id_unref(group->id);
    if (group->members != group->few) {
        airs_release(allocator, group->members);
    }
    airs_release(allocator, group);
}

static void leave_group(airs_component_registry_t *registry, airs_actor_t *actor) {
    shard_t *shard = shard_of(registry, actor->group->hash);
    pthread_mutex_lock(&shard->lock);
    group_t *group = actor->group;
    airs_actor_t *last = group->members[--group->count];
    group->members[actor->group_index] = last;
    last->group_index = actor->group_index;
    if (group->count == 0) {
        remove_group(registry->allocator, shard, group);
    }
    pthread_mutex_unlock(&shard->lock);
}

/* ---- all, in order ---- */

static void link_before(airs_roster_node_t *place, airs_roster_node_t *node) {
    node->next = place;
    node->previous = place->previous;
    place->previous->next = node;
    place->previous = node;
}

static void unlink_node(airs_roster_node_t *node) {
    node->previous->next = node->next;
    node->next->previous = node->previous;
}

/* Under the roster's lock; others only look. */
static void add_to_count(airs_component_registry_t *registry, int change) {
    uint64_t count = atomic_load_explicit(&registry->count, memory_order_relaxed);
    atomic_store_explicit(&registry->count, count + (uint64_t)(int64_t)change, memory_order_relaxed);
}

/* ---- the registry ---- */

airs_status_t airs_component_registry_create(const airs_allocator_t *allocator, airs_random_t *random,
                                             airs_component_registry_t **out) {
    airs_component_registry_t *registry = airs_alloc_aligned(allocator, sizeof *registry);
    if (registry == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    registry->allocator = allocator;
    registry->random = random;
    registry->roster.next = &registry->roster;
    registry->roster.previous = &registry->roster;
    for (size_t i = 0; i < SHARDS; i++) {
        (void)pthread_mutex_init(&registry->shards[i].lock, NULL);
        airs_hash_table_init(&registry->shards[i].actors, allocator);
    }
    *out = registry;
    return AIRS_OK;
}

void airs_component_registry_destroy(airs_component_registry_t *registry) {
    if (registry == NULL) {
        return;
    }
    for (size_t i = 0; i < SHARDS; i++) {
        shard_t *shard = &registry->shards[i];
        AIRS_ASSERT(shard->actors.count == 0 && shard->group_count == 0);
        airs_hash_table_free(&shard->actors);
        airs_release(registry->allocator, shard->groups);
        pthread_mutex_destroy(&shard->lock);
    }
    airs_release_aligned(registry->allocator, registry);
}

airs_status_t airs_component_registry_insert(airs_component_registry_t *registry, airs_actor_t *actor) {
    return airs_component_registry_insert_bounded(registry, actor, 0);
}

airs_status_t airs_component_registry_insert_bounded(airs_component_registry_t *registry, airs_actor_t *actor,
                                                     uint32_t max_instances) {
    airs_status_t status = insert_actor(registry, actor);
    if (status != AIRS_OK) {
        return status;
    }
    status = join_group(registry, actor, max_instances);
    if (status != AIRS_OK) {
        remove_actor(registry, actor);
        return status;
    }
    airs_spinlock_lock(&registry->roster_lock);
    actor->roster.actor = actor;
    link_before(&registry->roster, &actor->roster);
    add_to_count(registry, 1);
    airs_spinlock_unlock(&registry->roster_lock);
    return AIRS_OK;
}

void airs_component_registry_remove(airs_component_registry_t *registry, airs_actor_t *actor) {
    airs_spinlock_lock(&registry->roster_lock);
    unlink_node(&actor->roster);
    add_to_count(registry, -1);
    airs_spinlock_unlock(&registry->roster_lock);
    leave_group(registry, actor);
    remove_actor(registry, actor);
}

/* Of two members picked at random, the one with less waiting. Not the same one twice. */
static airs_actor_t *pick(airs_component_registry_t *registry, const group_t *group) {
    if (group->count == 1) {
        return group->members[0];
    }
    uint32_t random[2];
    airs_random_fill(registry->random, random, sizeof random);
    size_t first = random[0] % group->count;
    size_t second = (first + 1 + random[1] % (group->count - 1)) % group->count;
    airs_actor_t *a = group->members[first];
    airs_actor_t *b = group->members[second];
    return airs_mailbox_waiting(&b->mailbox) < airs_mailbox_waiting(&a->mailbox) ? b : a;
}

static airs_actor_t *find_instance(airs_component_registry_t *registry, airs_id_t id) {
    uint64_t hash = airs_id_hash_component(id);
    shard_t *shard = shard_of(registry, hash);
    pthread_mutex_lock(&shard->lock);
    group_t **link = find_group(shard, hash, id);
    airs_actor_t *actor = link != NULL ? airs_actor_ref(pick(registry, *link)) : NULL;
    pthread_mutex_unlock(&shard->lock);
    return actor;
}

static airs_actor_t *find_hashed(airs_component_registry_t *registry, uint64_t hash, airs_id_t id) {
    shard_t *shard = shard_of(registry, hash);
    airs_spinlock_lock(&shard->actors_lock);
    airs_actor_t *actor = find_actor(shard, hash, id);
    /* Those in the table have their own reference, which they give up after they left it. */
    if (actor != NULL) {
        (void)airs_actor_ref(actor);
    }
    airs_spinlock_unlock(&shard->actors_lock);
    return actor;
}

airs_actor_t *airs_component_registry_find(airs_component_registry_t *registry, airs_id_t id) {
    if (id.instance.size == 0) {
        return find_instance(registry, id);
    }
    return find_hashed(registry, airs_id_hash(id), id);
}

airs_actor_t *airs_component_registry_find_known(airs_component_registry_t *registry,
                                                 const airs_component_id_t *id) {
    return find_hashed(registry, airs_component_id_hash(id), airs_component_id_view(id));
}

airs_status_t airs_component_registry_instances(airs_component_registry_t *registry, airs_id_t id,
                                                airs_actor_t ***out, size_t *count) {
    uint64_t hash = airs_id_hash_component(id);
    shard_t *shard = shard_of(registry, hash);
    airs_status_t status = AIRS_TARGET_NOT_FOUND;
    pthread_mutex_lock(&shard->lock);
    group_t **link = find_group(shard, hash, id);
    if (link != NULL) {
        const group_t *group = *link;
        airs_actor_t **actors = airs_alloc_array(registry->allocator, group->count, sizeof(airs_actor_t *));
        status = actors != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
        for (size_t i = 0; actors != NULL && i < group->count; i++) {
            actors[i] = airs_actor_ref(group->members[i]);
        }
        *out = actors;
        *count = group->count;
    }
    pthread_mutex_unlock(&shard->lock);
    return status;
}

/* Move the reader's node behind the next actor. */
static airs_actor_t *advance(airs_component_registry_t *registry, airs_roster_node_t *reader) {
    airs_spinlock_lock(&registry->roster_lock);
    airs_roster_node_t *node = reader->next;
    while (node != &registry->roster && node->actor == NULL) {
        node = node->next;
    }
    unlink_node(reader);
    link_before(node == &registry->roster ? node : node->next, reader);
    airs_actor_t *actor = node != &registry->roster ? airs_actor_ref(node->actor) : NULL;
    airs_spinlock_unlock(&registry->roster_lock);
    return actor;
}

void airs_component_registry_each(airs_component_registry_t *registry,
                                  bool (*each)(void *context, airs_actor_t *actor), void *context) {
    airs_roster_node_t reader = {0};
    airs_spinlock_lock(&registry->roster_lock);
    link_before(registry->roster.next, &reader);
    airs_spinlock_unlock(&registry->roster_lock);
    bool more = true;
    while (more) {
        airs_actor_t *actor = advance(registry, &reader);
        more = actor != NULL && each(context, actor);
        airs_actor_unref(actor);
    }
    airs_spinlock_lock(&registry->roster_lock);
    unlink_node(&reader);
    airs_spinlock_unlock(&registry->roster_lock);
}

airs_actor_t *airs_component_registry_last(airs_component_registry_t *registry) {
    airs_spinlock_lock(&registry->roster_lock);
    airs_roster_node_t *node = registry->roster.previous;
    while (node != &registry->roster && node->actor == NULL) {
        node = node->previous;
    }
    airs_actor_t *actor = node != &registry->roster ? airs_actor_ref(node->actor) : NULL;
    airs_spinlock_unlock(&registry->roster_lock);
    return actor;
}

size_t airs_component_registry_count(airs_component_registry_t *registry) {
    return atomic_load_explicit(&registry->count, memory_order_relaxed);
}
