#include "core/hash_table.h"

#include <xxhash.h>

#include "core/check.h"
#include "core/memory.h"

#define FIRST_BUCKETS 16

void airs_hash_table_init(airs_hash_table_t *table, const airs_allocator_t *allocator) {
    *table = (airs_hash_table_t){.allocator = allocator};
}

void airs_hash_table_free(airs_hash_table_t *table) {
    airs_release(table->allocator, table->buckets);
    airs_hash_table_init(table, table->allocator);
}

static airs_hash_entry_t **bucket_for(airs_hash_table_t *table, uint64_t hash) {
    return table->buckets != NULL ? &table->buckets[hash & table->mask] : &table->only;
}

static void put(airs_hash_table_t *table, airs_hash_entry_t *entry) {
    airs_hash_entry_t **bucket = bucket_for(table, entry->hash);
    entry->next = *bucket;
    *bucket = entry;
}

/* Moves everything into so many buckets, if there is memory for them. */
static void resize(airs_hash_table_t *table, size_t bucket_count) {
    airs_hash_entry_t **buckets =
        airs_alloc_array(table->allocator, bucket_count, sizeof(airs_hash_entry_t *));
    if (buckets == NULL) {
        return;
    }
    memset(buckets, 0, bucket_count * sizeof(airs_hash_entry_t *));
    airs_hash_table_t old = *table;
    size_t old_count = old.buckets != NULL ? old.mask + 1 : 1;
    table->buckets = buckets;
    table->mask = bucket_count - 1;
    table->only = NULL;
    for (size_t i = 0; i < old_count; i++) {
        airs_hash_entry_t *entry = *bucket_for(&old, i);
        while (entry != NULL) {
            airs_hash_entry_t *next = entry->next;
            put(table, entry);
            entry = next;
        }
    }
    airs_release(table->allocator, old.buckets);
}

static void shrink(airs_hash_table_t *table) {
    size_t bucket_count = table->mask + 1;
    if (bucket_count > FIRST_BUCKETS && table->count < bucket_count / 8) {
        resize(table, bucket_count / 2);
    }
}

airs_hash_entry_t *airs_hash_table_find(const airs_hash_table_t *table, uint64_t hash,
                                        bool (*same)(const airs_hash_entry_t *entry, const void *key),
                                        const void *key) {
    airs_hash_entry_t *entry = table->buckets != NULL ? table->buckets[hash & table->mask] : table->only;
    while (entry != NULL && !(entry->hash == hash && same(entry, key))) {
        entry = entry->next;
    }
    return entry;
}

void airs_hash_table_insert(airs_hash_table_t *table, airs_hash_entry_t *entry, uint64_t hash) {
    if (table->buckets == NULL ? table->count == 1 : table->count > table->mask) {
        resize(table, table->buckets == NULL ? FIRST_BUCKETS : 2 * (table->mask + 1));
    }
    entry->hash = hash;
    put(table, entry);
    table->count++;
}

void airs_hash_table_remove(airs_hash_table_t *table, airs_hash_entry_t *entry) {
    airs_hash_entry_t **link = bucket_for(table, entry->hash);
    while (*link != entry) {
        AIRS_ASSERT(*link != NULL);
        link = &(*link)->next;
    }
    *link = entry->next;
    table->count--;
    shrink(table);
}

void airs_hash_table_sweep(airs_hash_table_t *table, bool (*out)(airs_hash_entry_t *entry, void *context),
                           void *context) {
    size_t bucket_count = table->buckets != NULL ? table->mask + 1 : 1;
    for (size_t i = 0; i < bucket_count; i++) {
        airs_hash_entry_t **link = bucket_for(table, i);
        while (*link != NULL) {
            airs_hash_entry_t *entry = *link;
            airs_hash_entry_t *next = entry->next;
            if (out(entry, context)) {
                *link = next;
                table->count--;
            } else {
                link = &entry->next;
            }
        }
    }
    shrink(table);
}

size_t airs_hash_table_sweep_few(airs_hash_table_t *table, size_t *place, size_t most,
                                 void (*out)(airs_hash_entry_t *entry, void *context), void *context) {
    size_t bucket_count = table->buckets != NULL ? table->mask + 1 : 1;
    size_t taken = 0;
    while (*place < bucket_count && taken < most) {
        airs_hash_entry_t **bucket = bucket_for(table, *place);
        airs_hash_entry_t *entry = *bucket;
        if (entry == NULL) {
            ++*place;
            continue;
        }
        *bucket = entry->next;
        table->count--;
        out(entry, context);
        taken++;
    }
    return taken;
}

uint64_t airs_hash_bytes(airs_bytes_t bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data, bytes.size, seed);
}
