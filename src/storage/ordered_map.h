/* Keys of bytes in order, each with a pointer: a skip list (Pugh, 1990). One thread at a time may change
 * it, or several read it. */
#ifndef AIRSSYS_STORAGE_ORDERED_MAP_H
#define AIRSSYS_STORAGE_ORDERED_MAP_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/status.h>

/* Enough for 4^12 keys at full speed. */
#define AIRS_ORDERED_MAP_LEVELS 12

typedef struct airs_ordered_entry airs_ordered_entry_t;

struct airs_ordered_entry {
    airs_str_t key; /* the entry's own copy */
    void *value;    /* the owner's, who may change it */
    airs_ordered_entry_t *next[];
};

typedef struct airs_ordered_map {
    const airs_allocator_t *allocator;
    airs_ordered_entry_t *first[AIRS_ORDERED_MAP_LEVELS];
    uint64_t dice;
    size_t count;
} airs_ordered_map_t;

/* Byte order, as of memcmp; a key comes before the longer ones that begin with it. */
int airs_ordered_compare(airs_str_t a, airs_str_t b);

/* Takes no memory yet. */
void airs_ordered_map_init(airs_ordered_map_t *map, const airs_allocator_t *allocator);

/* Frees the entries, `free_value` (may be NULL) their values. */
void airs_ordered_map_free(airs_ordered_map_t *map, void (*free_value)(void *context, void *value),
                           void *context);

/* NULL when there is no such key. */
airs_ordered_entry_t *airs_ordered_map_find(const airs_ordered_map_t *map, airs_str_t key);

/* The first entry whose key is `key` or behind it; entry->next[0] is the one after it. NULL: none. */
airs_ordered_entry_t *airs_ordered_map_seek(const airs_ordered_map_t *map, airs_str_t key);

/* Adds a key that is not there. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_ordered_map_insert(airs_ordered_map_t *map, airs_str_t key, void *value);

/* Removes a key and returns its value; NULL when there was none. */
void *airs_ordered_map_remove(airs_ordered_map_t *map, airs_str_t key);

#endif
