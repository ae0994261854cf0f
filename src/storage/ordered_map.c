#include "storage/ordered_map.h"

#include "core/check.h"
#include "core/memory.h"

void airs_ordered_map_init(airs_ordered_map_t *map, const airs_allocator_t *allocator) {
    *map = (airs_ordered_map_t){.allocator = allocator, .dice = UINT64_C(0x9e3779b97f4a7c15)};
}

void airs_ordered_map_free(airs_ordered_map_t *map, void (*free_value)(void *context, void *value),
                           void *context) {
    for (airs_ordered_entry_t *entry = map->first[0]; entry != NULL;) {
        airs_ordered_entry_t *next = entry->next[0];
        if (free_value != NULL) {
            free_value(context, entry->value);
        }
        airs_release(map->allocator, entry);
        entry = next;
    }
    airs_ordered_map_init(map, map->allocator);
}

int airs_ordered_compare(airs_str_t a, airs_str_t b) {
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* The links that lead past `key` at each level, in `links`; the lowest leads to the first entry not before it. */
static void find_links(airs_ordered_map_t *map, airs_str_t key,
                       airs_ordered_entry_t **links[AIRS_ORDERED_MAP_LEVELS]) {
    airs_ordered_entry_t **row = map->first;
    for (size_t level = AIRS_ORDERED_MAP_LEVELS; level-- > 0;) {
        while (row[level] != NULL && airs_ordered_compare(row[level]->key, key) < 0) {
            row = row[level]->next;
        }
        links[level] = &row[level];
    }
}

airs_ordered_entry_t *airs_ordered_map_seek(const airs_ordered_map_t *map, airs_str_t key) {
    airs_ordered_entry_t *const *row = map->first;
    for (size_t level = AIRS_ORDERED_MAP_LEVELS; level-- > 0;) {
        while (row[level] != NULL && airs_ordered_compare(row[level]->key, key) < 0) {
            row = row[level]->next;
        }
    }
    return row[0];
}

airs_ordered_entry_t *airs_ordered_map_find(const airs_ordered_map_t *map, airs_str_t key) {
    airs_ordered_entry_t *entry = airs_ordered_map_seek(map, key);
    return entry != NULL && airs_str_equal(entry->key, key) ? entry : NULL;
}

/* One level more with a chance of one in four. The dice need not be fair to an adversary: keys do not
 * influence them. (Marsaglia's xorshift64.) */
static size_t roll_levels(airs_ordered_map_t *map) {
    map->dice ^= map->dice << 13;
    map->dice ^= map->dice >> 7;
    map->dice ^= map->dice << 17;
    uint64_t bits = map->dice >> 8;
    size_t levels = 1;
    while (levels < AIRS_ORDERED_MAP_LEVELS && (bits & 3) == 0) {
        bits >>= 2;
        levels++;
    }
    return levels;
}

airs_status_t airs_ordered_map_insert(airs_ordered_map_t *map, airs_str_t key, void *value) {
    size_t levels = roll_levels(map);
    size_t links_size = levels * sizeof(airs_ordered_entry_t *);
    airs_ordered_entry_t *entry = airs_alloc(map->allocator, sizeof *entry + links_size + key.size);
    if (entry == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    char *copy = (char *)entry->next + links_size;
    (void)airs_copy(copy, key.data, key.size);
    entry->key = airs_str_n(copy, key.size);
    entry->value = value;
    airs_ordered_entry_t **links[AIRS_ORDERED_MAP_LEVELS];
    find_links(map, key, links);
    AIRS_ASSERT(*links[0] == NULL || !airs_str_equal((*links[0])->key, key));
    for (size_t level = 0; level < levels; level++) {
        entry->next[level] = *links[level];
        *links[level] = entry;
    }
    map->count++;
    return AIRS_OK;
}

void *airs_ordered_map_remove(airs_ordered_map_t *map, airs_str_t key) {
    airs_ordered_entry_t **links[AIRS_ORDERED_MAP_LEVELS];
    find_links(map, key, links);
    airs_ordered_entry_t *entry = *links[0];
    if (entry == NULL || !airs_str_equal(entry->key, key)) {
        return NULL;
    }
    for (size_t level = 0; level < AIRS_ORDERED_MAP_LEVELS && *links[level] == entry; level++) {
        *links[level] = entry->next[level];
    }
    void *value = entry->value;
    airs_release(map->allocator, entry);
    map->count--;
    return value;
}
