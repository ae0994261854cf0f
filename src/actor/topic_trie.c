#include "actor/topic_trie.h"

#include "core/check.h"
#include "core/memory.h"
#include "core/topic.h"

void airs_topic_trie_init(airs_topic_trie_t *trie, const airs_allocator_t *allocator, uint64_t seed) {
    *trie = (airs_topic_trie_t){.allocator = allocator, .seed = seed};
    airs_hash_table_init(&trie->steps, allocator);
    airs_hash_table_init(&trie->entries, allocator);
}

void airs_topic_trie_free(airs_topic_trie_t *trie) {
    AIRS_ASSERT(trie->entries.count == 0 && trie->root.children == 0);
    airs_hash_table_free(&trie->steps);
    airs_hash_table_free(&trie->entries);
}

/* ---- steps ---- */

typedef struct airs_step_key {
    const airs_topic_node_t *parent;
    airs_str_t token;
} airs_step_key_t;

static bool is_step(const airs_hash_entry_t *entry, const void *context) {
    const airs_topic_node_t *node = (const airs_topic_node_t *)entry;
    const airs_step_key_t *key = context;
    return node->parent == key->parent && airs_str_equal(node->token, key->token);
}

static uint64_t hash_of_step(const airs_topic_trie_t *trie, const airs_topic_node_t *from, airs_str_t token) {
    return airs_hash_bytes(airs_bytes(token.data, token.size), trie->seed + from->serial);
}

/* The step for a token that is no wildcard, or NULL. */
static airs_topic_node_t *step_by_name(airs_topic_trie_t *trie, airs_topic_node_t *from, airs_str_t token) {
    if (from->children == (size_t)(from->any != NULL) + (from->rest != NULL)) {
        return NULL;
    }
    airs_step_key_t key = {.parent = from, .token = token};
    return (airs_topic_node_t *)airs_hash_table_find(&trie->steps, hash_of_step(trie, from, token), is_step,
                                                     &key);
}

static airs_topic_node_t *step(airs_topic_trie_t *trie, airs_topic_node_t *from, airs_str_t token) {
    if (airs_topic_is_any(token)) {
        return from->any;
    }
    return airs_topic_is_rest(token) ? from->rest : step_by_name(trie, from, token);
}

static airs_topic_node_t *add_step(airs_topic_trie_t *trie, airs_topic_node_t *from, airs_str_t token) {
    airs_topic_node_t *node = airs_alloc(trie->allocator, sizeof *node + token.size);
    if (node == NULL) {
        return NULL;
    }
    *node = (airs_topic_node_t){.parent = from, .serial = ++trie->next_serial};
    node->token = airs_str_n((char *)(node + 1), token.size);
    (void)airs_copy(node + 1, token.data, token.size);
    from->children++;
    if (airs_topic_is_any(token)) {
        from->any = node;
    } else if (airs_topic_is_rest(token)) {
        from->rest = node;
    } else {
        airs_hash_table_insert(&trie->steps, &node->hashed, hash_of_step(trie, from, token));
    }
    return node;
}

/* Frees what has become of no use, from a path's end to its root. */
static void prune(airs_topic_trie_t *trie, airs_topic_node_t *node) {
    while (node != &trie->root && node->entries == 0 && node->children == 0) {
        airs_topic_node_t *from = node->parent;
        from->children--;
        if (from->any == node) {
            from->any = NULL;
        } else if (from->rest == node) {
            from->rest = NULL;
        } else {
            airs_hash_table_remove(&trie->steps, &node->hashed);
        }
        airs_release(trie->allocator, node);
        node = from;
    }
}

/* ---- entries ---- */

typedef struct airs_entry_key {
    const airs_topic_node_t *node;
    const airs_actor_t *actor;
} airs_entry_key_t;

static bool is_entry(const airs_hash_entry_t *hashed, const void *context) {
    const airs_topic_entry_t *entry = (const airs_topic_entry_t *)hashed;
    const airs_entry_key_t *key = context;
    return entry->node == key->node && entry->actor == key->actor;
}

static uint64_t hash_of_entry(const airs_topic_node_t *node, const airs_actor_t *actor) {
    return airs_hash_number((uintptr_t)actor + airs_hash_number(node->serial));
}

airs_topic_entry_t *airs_topic_trie_find(airs_topic_trie_t *trie, airs_str_t pattern,
                                         const airs_actor_t *actor) {
    airs_topic_node_t *node = &trie->root;
    while (pattern.size > 0 && node != NULL) {
        node = step(trie, node, airs_topic_first_token(pattern, &pattern));
    }
    if (node == NULL) {
        return NULL;
    }
    airs_entry_key_t key = {.node = node, .actor = actor};
    return (airs_topic_entry_t *)airs_hash_table_find(&trie->entries, hash_of_entry(node, actor), is_entry,
                                                      &key);
}

/* Walks to the pattern's end, adding what is missing. Without memory *end is how far it came. */
static airs_status_t reach(airs_topic_trie_t *trie, airs_str_t pattern, airs_topic_node_t **end) {
    *end = &trie->root;
    while (pattern.size > 0) {
        airs_str_t token = airs_topic_first_token(pattern, &pattern);
        airs_topic_node_t *next = step(trie, *end, token);
        next = next != NULL ? next : add_step(trie, *end, token);
        if (next == NULL) {
            return AIRS_OUT_OF_MEMORY;
        }
        *end = next;
    }
    return AIRS_OK;
}

airs_status_t airs_topic_trie_add(airs_topic_trie_t *trie, airs_str_t pattern, airs_actor_t *actor,
                                  airs_topic_entry_t **out) {
    airs_topic_node_t *node = NULL;
    airs_status_t status = reach(trie, pattern, &node);
    airs_topic_entry_t *entry = status == AIRS_OK ? airs_alloc_zeroed(trie->allocator, sizeof *entry) : NULL;
    if (entry == NULL) {
        prune(trie, node);
        return AIRS_OUT_OF_MEMORY;
    }
    entry->node = node;
    entry->actor = actor;
    entry->previous = node->last;
    if (node->last != NULL) {
        node->last->next = entry;
    } else {
        node->first = entry;
    }
    node->last = entry;
    node->entries++;
    airs_hash_table_insert(&trie->entries, &entry->hashed, hash_of_entry(node, actor));
    *out = entry;
    return AIRS_OK;
}

void airs_topic_trie_remove(airs_topic_trie_t *trie, airs_topic_entry_t *entry) {
    airs_topic_node_t *node = entry->node;
    if (entry->previous != NULL) {
        entry->previous->next = entry->next;
    } else {
        node->first = entry->next;
    }
    if (entry->next != NULL) {
        entry->next->previous = entry->previous;
    } else {
        node->last = entry->previous;
    }
    node->entries--;
    airs_hash_table_remove(&trie->entries, &entry->hashed);
    airs_release(trie->allocator, entry);
    prune(trie, node);
}

/* ---- matching ---- */

typedef struct airs_topic_walk {
    airs_topic_trie_t *trie;
    bool (*each)(void *context, const airs_topic_node_t *node);
    void *context;
} airs_topic_walk_t;

/* As deep as a topic has tokens. */
static bool walk(const airs_topic_walk_t *self, airs_topic_node_t *node, airs_str_t topic) {
    if (topic.size == 0) {
        return node->entries == 0 || self->each(self->context, node);
    }
    if (node->rest != NULL && !self->each(self->context, node->rest)) {
        return false;
    }
    airs_str_t token = airs_topic_first_token(topic, &topic);
    airs_topic_node_t *next = step_by_name(self->trie, node, token);
    if (next != NULL && !walk(self, next, topic)) {
        return false;
    }
    return node->any == NULL || walk(self, node->any, topic);
}

bool airs_topic_trie_match(airs_topic_trie_t *trie, airs_str_t topic,
                           bool (*each)(void *context, const airs_topic_node_t *node), void *context) {
    airs_topic_walk_t self = {.trie = trie, .each = each, .context = context};
    return walk(&self, &trie->root, topic);
}
