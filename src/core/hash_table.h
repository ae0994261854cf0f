/* A table of things that carry their own entry: to put one in needs no memory, so it cannot fail. The table
 * grows and shrinks when there is memory for it; without, its chains get longer.
 *
 * Not for several threads at once. */
#ifndef AIRSSYS_CORE_HASH_TABLE_H
#define AIRSSYS_CORE_HASH_TABLE_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>

/* Embedded in what is put in. */
typedef struct airs_hash_entry airs_hash_entry_t;
struct airs_hash_entry {
    airs_hash_entry_t *next;
    uint64_t hash;
};

typedef struct airs_hash_table {
    const airs_allocator_t *allocator;
    airs_hash_entry_t **buckets; /* NULL: everything is in `only` */
    size_t mask;                 /* buckets - 1; their number is a power of two */
    size_t count;                /* entries */
    airs_hash_entry_t *only;
} airs_hash_table_t;

/* Takes no memory yet. */
void airs_hash_table_init(airs_hash_table_t *table, const airs_allocator_t *allocator);

/* Gives the table's memory back; what is in it is not looked at. */
void airs_hash_table_free(airs_hash_table_t *table);

/* The entry with this hash of which same(entry, key) holds, or NULL. */
airs_hash_entry_t *airs_hash_table_find(const airs_hash_table_t *table, uint64_t hash,
                                        bool (*same)(const airs_hash_entry_t *entry, const void *key),
                                        const void *key);

/* `entry` is in no table; its other fields are filled here. */
void airs_hash_table_insert(airs_hash_table_t *table, airs_hash_entry_t *entry, uint64_t hash);

/* `entry` is in this table. */
void airs_hash_table_remove(airs_hash_table_t *table, airs_hash_entry_t *entry);

/* Takes out every entry of which out(entry, context) says so; it may free it. */
void airs_hash_table_sweep(airs_hash_table_t *table, bool (*out)(airs_hash_entry_t *entry, void *context),
                           void *context);

/* Takes out `most` entries at most, whichever, and calls out(entry, context) for each, which may free it. *place is where
 * to go on, 0 at first; in between nothing is put in. How many there were: fewer than `most` when there are no more. */
size_t airs_hash_table_sweep_few(airs_hash_table_t *table, size_t *place, size_t most,
                                 void (*out)(airs_hash_entry_t *entry, void *context), void *context);

/* Hash of bytes (xxHash3). Not for storage: it may differ between versions. */
uint64_t airs_hash_bytes(airs_bytes_t bytes, uint64_t seed);

/* Hash of a number that differs in few bits from others. */
static inline uint64_t airs_hash_number(uint64_t number) {
    number = (number ^ (number >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return number ^ (number >> 29);
}

#endif
