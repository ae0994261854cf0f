/* Who is subscribed to what: patterns as paths from a root, a step for each token.
 *
 * Of a topic only the tokens are looked up, so what it costs to find its subscribers depends on them and on
 * how many they are, not on how many other patterns there are. No locks: the subscription service has them. */
#ifndef AIRSSYS_ACTOR_TOPIC_TRIE_H
#define AIRSSYS_ACTOR_TOPIC_TRIE_H

#include <airssys/status.h>

#include "core/hash_table.h"

typedef struct airs_actor airs_actor_t;
typedef struct airs_topic_node airs_topic_node_t;
typedef struct airs_topic_entry airs_topic_entry_t;

/* One actor's place at one pattern. */
struct airs_topic_entry {
    airs_hash_entry_t hashed; /* by node and actor */
    airs_topic_node_t *node;
    airs_actor_t *actor;
    airs_topic_entry_t *next; /* at the same pattern, in the order in which they came */
    airs_topic_entry_t *previous;
    airs_topic_entry_t *own_next; /* of the same actor; whoever adds and removes entries keeps that list */
    airs_topic_entry_t *own_previous;
};

/* The end of a path. Read by whoever was handed one; written by the trie alone. */
struct airs_topic_node {
    airs_hash_entry_t hashed; /* by parent and token; not that of `*` and `>` */
    airs_topic_node_t *parent;
    airs_topic_node_t *any;  /* the step `*` */
    airs_topic_node_t *rest; /* the step `>` */
    airs_topic_entry_t *first;
    airs_topic_entry_t *last;
    size_t entries;
    size_t children;
    uint64_t serial;
    airs_str_t token; /* behind the node */
};

typedef struct airs_topic_trie {
    const airs_allocator_t *allocator;
    airs_hash_table_t steps;   /* nodes */
    airs_hash_table_t entries; /* of all */
    airs_topic_node_t root;
    uint64_t seed; /* of the hashes: tokens come from guests, who must not be able to choose who collides */
    uint64_t next_serial;
} airs_topic_trie_t;

void airs_topic_trie_init(airs_topic_trie_t *trie, const airs_allocator_t *allocator, uint64_t seed);

/* Nobody may be in it. */
void airs_topic_trie_free(airs_topic_trie_t *trie);

/* The actor's entry at a valid pattern; NULL: there is none. */
airs_topic_entry_t *airs_topic_trie_find(airs_topic_trie_t *trie, airs_str_t pattern,
                                         const airs_actor_t *actor);

/* A new entry for an actor that has none at this valid pattern. AIRS_OUT_OF_MEMORY: nothing has changed. */
airs_status_t airs_topic_trie_add(airs_topic_trie_t *trie, airs_str_t pattern, airs_actor_t *actor,
                                  airs_topic_entry_t **out);

/* Frees the entry, and the path to it as far as nobody else needs it. */
void airs_topic_trie_remove(airs_topic_trie_t *trie, airs_topic_entry_t *entry);

/* Calls each() for every pattern that matches a valid topic and has entries; false stops. True unless it was
 * stopped. */
bool airs_topic_trie_match(airs_topic_trie_t *trie, airs_str_t topic,
                           bool (*each)(void *context, const airs_topic_node_t *node), void *context);

#endif
