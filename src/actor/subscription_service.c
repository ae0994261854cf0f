#include "actor/subscription_service.h"

#include <pthread.h>

#include "actor/topic_trie.h"
#include "core/check.h"
#include "core/topic.h"

/* A lock for readers in as many parts, each on a line of its own: a reader takes one, its worker's, so that
 * readers share nothing; a writer takes all. Part 0 is for threads from outside. */
#define PARTS 16

typedef struct airs_lock_part {
    _Alignas(AIRS_CACHE_LINE) pthread_mutex_t lock;
} airs_lock_part_t;

struct airs_subscription_service {
    airs_lock_part_t parts[PARTS];
    airs_services_t *services;
    airs_topic_trie_t trie;
};

static pthread_mutex_t *begin_reading(airs_subscription_service_t *service, const airs_worker_t *worker) {
    size_t part = worker != NULL ? 1 + worker->index % (PARTS - 1) : 0;
    (void)pthread_mutex_lock(&service->parts[part].lock);
    return &service->parts[part].lock;
}

static void end_reading(pthread_mutex_t *part) { (void)pthread_mutex_unlock(part); }

static void begin_writing(airs_subscription_service_t *service) {
    for (size_t i = 0; i < PARTS; i++) {
        (void)pthread_mutex_lock(&service->parts[i].lock);
    }
}

static void end_writing(airs_subscription_service_t *service) {
    for (size_t i = PARTS; i > 0; i--) {
        (void)pthread_mutex_unlock(&service->parts[i - 1].lock);
    }
}

airs_status_t airs_subscription_service_create(airs_services_t *services, airs_subscription_service_t **out) {
    airs_subscription_service_t *service = airs_alloc_aligned(services->allocator, sizeof *service);
    if (service == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < PARTS; i++) {
        (void)pthread_mutex_init(&service->parts[i].lock, NULL);
    }
    uint64_t seed = 0;
    airs_random_fill(services->random, &seed, sizeof seed);
    service->services = services;
    airs_topic_trie_init(&service->trie, services->allocator, seed);
    *out = service;
    return AIRS_OK;
}

void airs_subscription_service_destroy(airs_subscription_service_t *service) {
    if (service == NULL) {
        return;
    }
    airs_topic_trie_free(&service->trie);
    for (size_t i = 0; i < PARTS; i++) {
        (void)pthread_mutex_destroy(&service->parts[i].lock);
    }
    airs_release_aligned(service->services->allocator, service);
}

/* ---- subscribing ---- */

/* Relaxed, here and below: written under the lock, and read by others as a mere figure. */
static uint32_t count_of(airs_actor_t *actor) {
    return atomic_load_explicit(&actor->subscription_count, memory_order_relaxed);
}

static void own(airs_actor_t *actor, airs_topic_entry_t *entry) {
    entry->own_next = actor->subscriptions;
    if (actor->subscriptions != NULL) {
        actor->subscriptions->own_previous = entry;
    }
    actor->subscriptions = entry;
    atomic_store_explicit(&actor->subscription_count, count_of(actor) + 1, memory_order_relaxed);
}

static void drop(airs_subscription_service_t *service, airs_topic_entry_t *entry) {
    airs_actor_t *actor = entry->actor;
    if (entry->own_previous != NULL) {
        entry->own_previous->own_next = entry->own_next;
    } else {
        actor->subscriptions = entry->own_next;
    }
    if (entry->own_next != NULL) {
        entry->own_next->own_previous = entry->own_previous;
    }
    atomic_store_explicit(&actor->subscription_count, count_of(actor) - 1, memory_order_relaxed);
    airs_topic_trie_remove(&service->trie, entry);
}

static airs_status_t add(airs_subscription_service_t *service, airs_actor_t *actor, airs_str_t pattern,
                         airs_error_t *error) {
    if (airs_topic_trie_find(&service->trie, pattern, actor) != NULL) {
        return AIRS_OK;
    }
    if (count_of(actor) >= actor->max_subscriptions) {
        return airs_error_set(error, AIRS_QUOTA_EXCEEDED,
                              "%s is subscribed to %u patterns, which is its limit (max-subscriptions)",
                              airs_component_id_text(actor->id), actor->max_subscriptions);
    }
    airs_topic_entry_t *entry = NULL;
    airs_status_t status = airs_topic_trie_add(&service->trie, pattern, actor, &entry);
    if (status == AIRS_OK) {
        own(actor, entry);
    }
    return status;
}

airs_status_t airs_subscription_service_subscribe(airs_subscription_service_t *service, airs_actor_t *actor,
                                                  airs_str_t pattern, airs_error_t *error) {
    airs_status_t status = airs_topic_check_pattern(pattern, error);
    if (status != AIRS_OK) {
        return status;
    }
    begin_writing(service);
    /* Under the lock, which the end takes after it has closed the mailbox: a subscription made before is
     * found by the end, and none is made after. */
    if (!airs_actor_keep(actor, AIRS_KEPT_SUBSCRIPTIONS)) {
        status =
            airs_error_set(error, AIRS_TARGET_NOT_FOUND, "%s has ended", airs_component_id_text(actor->id));
    } else {
        status = add(service, actor, pattern, error);
    }
    end_writing(service);
    return status;
}

airs_status_t airs_subscription_service_unsubscribe(airs_subscription_service_t *service, airs_actor_t *actor,
                                                    airs_str_t pattern, airs_error_t *error) {
    airs_status_t status = airs_topic_check_pattern(pattern, error);
    if (status != AIRS_OK) {
        return status;
    }
    begin_writing(service);
    airs_topic_entry_t *entry = airs_topic_trie_find(&service->trie, pattern, actor);
    if (entry != NULL) {
        drop(service, entry);
    }
    end_writing(service);
    return AIRS_OK;
}

void airs_subscription_service_end(airs_subscription_service_t *service, airs_actor_t *actor) {
    AIRS_ASSERT(airs_mailbox_closed(&actor->mailbox));
    if (!airs_actor_keeps(actor, AIRS_KEPT_SUBSCRIPTIONS)) {
        return;
    }
    /* Those that have none any more need not stop all publishers. */
    pthread_mutex_t *part = begin_reading(service, actor->worker);
    bool none = actor->subscriptions == NULL;
    end_reading(part);
    if (none) {
        return;
    }
    begin_writing(service);
    while (actor->subscriptions != NULL) {
        drop(service, actor->subscriptions);
    }
    end_writing(service);
}

/* ---- looking ---- */

#define FEW_NODES 16

/* What matches a topic: the patterns first, then who is subscribed to them. */
typedef struct airs_gathering {
    airs_block_pool_t *pool;
    const airs_topic_node_t **nodes;
    size_t count;
    size_t capacity;
    size_t entries; /* of all nodes */
    const airs_topic_node_t *few[FEW_NODES];
} airs_gathering_t;

static bool more_room(airs_gathering_t *gathering) {
    const airs_topic_node_t **nodes =
        airs_block_pool_alloc(gathering->pool, 2 * gathering->capacity * sizeof *nodes);
    if (nodes == NULL) {
        return false;
    }
    memcpy(nodes, gathering->nodes, gathering->count * sizeof *nodes);
    if (gathering->nodes != gathering->few) {
        airs_block_pool_free(gathering->nodes);
    }
    gathering->nodes = nodes;
    gathering->capacity *= 2;
    return true;
}

static bool gather(void *context, const airs_topic_node_t *node) {
    airs_gathering_t *gathering = context;
    if (gathering->count == gathering->capacity && !more_room(gathering)) {
        return false;
    }
    gathering->nodes[gathering->count++] = node;
    gathering->entries += node->entries;
    return true;
}

/* The actors that were found by several patterns: open addressing, at most half full. */
typedef struct airs_actor_set {
    const airs_actor_t **slots;
    size_t mask;
} airs_actor_set_t;

static bool set_make(airs_actor_set_t *set, airs_block_pool_t *pool, size_t members) {
    size_t slots = 4;
    while (slots < 2 * members) {
        slots *= 2;
    }
    set->slots = airs_block_pool_alloc(pool, slots * sizeof *set->slots);
    if (set->slots == NULL) {
        return false;
    }
    memset(set->slots, 0, slots * sizeof *set->slots);
    set->mask = slots - 1;
    return true;
}

/* False when it was in it already. */
static bool set_add(const airs_actor_set_t *set, const airs_actor_t *actor) {
    size_t slot = airs_hash_number((uintptr_t)actor) & set->mask;
    while (set->slots[slot] != NULL) {
        if (set->slots[slot] == actor) {
            return false;
        }
        slot = (slot + 1) & set->mask;
    }
    set->slots[slot] = actor;
    return true;
}

/* Who has one subscription is found once. */
static void take_all(const airs_topic_node_t *node, const airs_actor_set_t *set, airs_subscribers_t *out) {
    for (const airs_topic_entry_t *entry = node->first; entry != NULL; entry = entry->next) {
        airs_actor_t *actor = entry->actor;
        if (set->slots == NULL || count_of(actor) == 1 || set_add(set, actor)) {
            out->actors[out->count++] = airs_actor_ref(actor);
        }
    }
}

static airs_status_t collect(const airs_gathering_t *gathering, airs_subscribers_t *out) {
    if (gathering->entries > AIRS_SUBSCRIBERS_FEW) {
        out->actors = airs_block_pool_alloc(gathering->pool, gathering->entries * sizeof(airs_actor_t *));
        if (out->actors == NULL) {
            return AIRS_OUT_OF_MEMORY;
        }
    }
    airs_actor_set_t set = {0};
    if (gathering->count > 1 && !set_make(&set, gathering->pool, gathering->entries)) {
        return AIRS_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < gathering->count; i++) {
        take_all(gathering->nodes[i], &set, out);
    }
    airs_block_pool_free(set.slots);
    return AIRS_OK;
}

airs_status_t airs_subscription_service_get_subscribers(airs_subscription_service_t *service,
                                                        airs_worker_t *worker, airs_str_t topic,
                                                        airs_subscribers_t *out) {
    airs_gathering_t gathering = {.pool = service->services->pool, .capacity = FEW_NODES};
    gathering.nodes = gathering.few;
    out->actors = out->few;
    out->count = 0;
    pthread_mutex_t *part = begin_reading(service, worker);
    airs_status_t status = airs_topic_trie_match(&service->trie, topic, gather, &gathering)
                               ? collect(&gathering, out)
                               : AIRS_OUT_OF_MEMORY;
    end_reading(part);
    if (gathering.nodes != gathering.few) {
        airs_block_pool_free(gathering.nodes);
    }
    if (status != AIRS_OK) {
        airs_subscribers_release(out);
    }
    return status;
}

void airs_subscribers_release(airs_subscribers_t *subscribers) {
    for (size_t i = 0; i < subscribers->count; i++) {
        airs_actor_unref(subscribers->actors[i]);
    }
    if (subscribers->actors != subscribers->few) {
        airs_block_pool_free(subscribers->actors);
    }
    subscribers->actors = subscribers->few;
    subscribers->count = 0;
}
