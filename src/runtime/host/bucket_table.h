/* The buckets and compare-and-swaps that one instance has open, by number. One thread at a time. */
#ifndef AIRSSYS_RUNTIME_HOST_BUCKET_TABLE_H
#define AIRSSYS_RUNTIME_HOST_BUCKET_TABLE_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

#include "core/storage_backend.h"

/* Of both kinds together. */
#define AIRS_BUCKETS_MAX 1024

/* Of what swaps remember, together. */
#define AIRS_SNAPSHOTS_MAX ((uint64_t)32 << 20)

#define AIRS_BUCKET_NAME_MAX 64

/* Between the parts of a key that is in a bucket with a name, and before it. */
#define AIRS_BUCKET_MARK '\x1f'

/* Behind all keys that begin with the mark, for what follows it is UTF-8. */
#define AIRS_BUCKET_BEHIND_MARKED "\x1f\xff"

/* Whether a key, as it is stored, is in a bucket with a name. */
static inline bool airs_bucket_has_mark(airs_str_t key) {
    return key.size > 0 && key.data[0] == AIRS_BUCKET_MARK;
}

typedef struct airs_bucket {
    size_t name_size; /* 0: the component's own keys */
    char name[AIRS_BUCKET_NAME_MAX];
    /* Where a list that is read in pages by numbers has got to: so many keys, the last of them this. */
    uint64_t listed;
    size_t last_size;
    char last[AIRS_STORAGE_KEY_MAX];
} airs_bucket_t;

typedef struct airs_swap {
    size_t name_size; /* of its bucket */
    char name[AIRS_BUCKET_NAME_MAX];
    size_t key_size; /* in its bucket */
    char key[AIRS_STORAGE_KEY_MAX];
    bool has_value; /* what was there when it was last looked */
    void *value;
    size_t value_size;
} airs_swap_t;

typedef struct airs_bucket_slot airs_bucket_slot_t;

/* Zeroed but for the allocator: empty. */
typedef struct airs_bucket_table {
    const airs_allocator_t *allocator;
    airs_bucket_slot_t **slots;
    size_t size;
    size_t used;
    uint64_t snapshot_bytes;
} airs_bucket_table_t;

void airs_bucket_table_free(airs_bucket_table_t *table);

/* A zeroed one with its number. AIRS_RESOURCE_LIMIT: there are as many as there may be; AIRS_OUT_OF_MEMORY. */
airs_status_t airs_bucket_table_add_bucket(airs_bucket_table_t *table, uint32_t *number, airs_bucket_t **out);
airs_status_t airs_bucket_table_add_swap(airs_bucket_table_t *table, uint32_t *number, airs_swap_t **out);

/* NULL: there is none of this kind with this number. */
airs_bucket_t *airs_bucket_table_bucket(const airs_bucket_table_t *table, uint32_t number);
airs_swap_t *airs_bucket_table_swap(const airs_bucket_table_t *table, uint32_t number);

/* Either kind; nothing when there is none. */
void airs_bucket_table_drop(airs_bucket_table_t *table, uint32_t number);

/* What the swap saw is this now (data NULL: nothing there). AIRS_RESOURCE_LIMIT: swaps remember as much as they may;
 * AIRS_OUT_OF_MEMORY: then it remembers what it did. */
airs_status_t airs_bucket_table_remember(airs_bucket_table_t *table, airs_swap_t *swap, airs_bytes_t value);

#endif
