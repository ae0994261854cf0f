#include "runtime/host/bucket_table.h"

#include "core/memory.h"

struct airs_bucket_slot {
    bool is_swap;
    union {
        airs_bucket_t bucket;
        airs_swap_t swap;
    } of;
};

static airs_bucket_slot_t *slot_of(const airs_bucket_table_t *table, uint32_t number) {
    return number < table->size ? table->slots[number] : NULL;
}

static void forget(airs_bucket_table_t *table, airs_swap_t *swap) {
    table->snapshot_bytes -= swap->value_size;
    airs_release(table->allocator, swap->value);
    swap->value = NULL;
    swap->value_size = 0;
    swap->has_value = false;
}

void airs_bucket_table_drop(airs_bucket_table_t *table, uint32_t number) {
    airs_bucket_slot_t *slot = slot_of(table, number);
    if (slot != NULL) {
        if (slot->is_swap) {
            forget(table, &slot->of.swap);
        }
        airs_release(table->allocator, slot);
        table->slots[number] = NULL;
        table->used--;
    }
}

void airs_bucket_table_free(airs_bucket_table_t *table) {
    for (uint32_t i = 0; i < table->size; i++) {
        airs_bucket_table_drop(table, i);
    }
    airs_release(table->allocator, (void *)table->slots);
    *table = (airs_bucket_table_t){.allocator = table->allocator};
}

/* Where the next one goes: a place that was left, or one more. */
static airs_status_t find_place(airs_bucket_table_t *table, uint32_t *number) {
    if (table->used == AIRS_BUCKETS_MAX) {
        return AIRS_RESOURCE_LIMIT;
    }
    for (uint32_t i = 0; table->used < table->size && i < table->size; i++) {
        if (table->slots[i] == NULL) {
            *number = i;
            return AIRS_OK;
        }
    }
    size_t size = table->size == 0 ? 4 : 2 * table->size;
    airs_bucket_slot_t **slots =
        airs_resize_array(table->allocator, (void *)table->slots, size, sizeof(airs_bucket_slot_t *));
    if (slots == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    for (size_t i = table->size; i < size; i++) {
        slots[i] = NULL;
    }
    *number = (uint32_t)table->size;
    table->slots = slots;
    table->size = size;
    return AIRS_OK;
}

static airs_status_t add(airs_bucket_table_t *table, bool is_swap, uint32_t *number,
                         airs_bucket_slot_t **out) {
    airs_status_t status = find_place(table, number);
    if (status != AIRS_OK) {
        return status;
    }
    airs_bucket_slot_t *slot = airs_alloc_zeroed(table->allocator, sizeof *slot);
    if (slot == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    slot->is_swap = is_swap;
    table->slots[*number] = slot;
    table->used++;
    *out = slot;
    return AIRS_OK;
}

airs_status_t airs_bucket_table_add_bucket(airs_bucket_table_t *table, uint32_t *number,
                                           airs_bucket_t **out) {
    airs_bucket_slot_t *slot = NULL;
    airs_status_t status = add(table, false, number, &slot);
    *out = status == AIRS_OK ? &slot->of.bucket : NULL;
    return status;
}

airs_status_t airs_bucket_table_add_swap(airs_bucket_table_t *table, uint32_t *number, airs_swap_t **out) {
    airs_bucket_slot_t *slot = NULL;
    airs_status_t status = add(table, true, number, &slot);
    *out = status == AIRS_OK ? &slot->of.swap : NULL;
    return status;
}

airs_bucket_t *airs_bucket_table_bucket(const airs_bucket_table_t *table, uint32_t number) {
    airs_bucket_slot_t *slot = slot_of(table, number);
    return slot != NULL && !slot->is_swap ? &slot->of.bucket : NULL;
}

airs_swap_t *airs_bucket_table_swap(const airs_bucket_table_t *table, uint32_t number) {
    airs_bucket_slot_t *slot = slot_of(table, number);
    return slot != NULL && slot->is_swap ? &slot->of.swap : NULL;
}

airs_status_t airs_bucket_table_remember(airs_bucket_table_t *table, airs_swap_t *swap, airs_bytes_t value) {
    if (table->snapshot_bytes - swap->value_size + value.size > AIRS_SNAPSHOTS_MAX) {
        return AIRS_RESOURCE_LIMIT;
    }
    void *copy = NULL;
    if (value.size > 0) {
        copy = airs_alloc(table->allocator, value.size);
        if (copy == NULL) {
            return AIRS_OUT_OF_MEMORY;
        }
        memcpy(copy, value.data, value.size);
    }
    forget(table, swap);
    swap->has_value = value.data != NULL;
    swap->value = copy;
    swap->value_size = value.size;
    table->snapshot_bytes += value.size;
    return AIRS_OK;
}
