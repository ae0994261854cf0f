/* Values in memory by key, changed by a plan: all of it or, when there is no memory, nothing. */
#ifndef AIRSSYS_STORAGE_VALUE_MAP_H
#define AIRSSYS_STORAGE_VALUE_MAP_H

#include "storage/ordered_map.h"
#include "storage/write_plan.h"

/* What the entries of the map point to. */
typedef struct airs_stored_value {
    size_t size;
    bool removed; /* there is none: the key is known to be gone */
    uint8_t data[];
} airs_stored_value_t;

static inline airs_bytes_t airs_stored_bytes(const airs_stored_value_t *value) {
    return airs_bytes(value->data, value->size);
}

/* Each key of the map is `prefix` (at most AIRS_VALUE_PREFIX_MAX bytes) and a key of the plan. With `keep_removed`
 * what the plan removes stays as an entry that says so. False: no memory, and the map is as before. Adds what the map
 * holds more than before to `*bytes` (may be NULL). */
#define AIRS_VALUE_PREFIX_MAX 8
bool airs_value_map_apply(airs_ordered_map_t *map, const airs_write_plan_t *plan, airs_str_t prefix,
                          bool keep_removed, size_t *bytes);

/* All of it. */
void airs_value_map_free(airs_ordered_map_t *map);

#endif
