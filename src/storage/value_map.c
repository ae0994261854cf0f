#include "storage/value_map.h"

#include "core/memory.h"

/* One change of the plan, on its way into the map. */
typedef struct step {
    airs_stored_value_t *value; /* NULL: the entry goes, if there is one */
    bool inserted;              /* the key was not in the map, and is now */
} step_t;

typedef struct work {
    airs_ordered_map_t *map;
    const airs_write_plan_t *plan;
    airs_str_t prefix;
    bool keep_removed;
    step_t *steps;
    char key[AIRS_VALUE_PREFIX_MAX + AIRS_STORAGE_KEY_MAX];
} work_t;

static airs_str_t key_of(work_t *work, size_t index) {
    airs_str_t key = work->plan->changes[index].key;
    (void)airs_copy(work->key, work->prefix.data, work->prefix.size);
    (void)airs_copy(work->key + work->prefix.size, key.data, key.size);
    return airs_str_n(work->key, work->prefix.size + key.size);
}

static airs_stored_value_t *make_value(const airs_allocator_t *allocator,
                                       const airs_planned_change_t *change) {
    size_t size = change->removes ? 0 : change->value.size;
    airs_stored_value_t *value = airs_alloc(allocator, sizeof *value + size);
    if (value != NULL) {
        value->size = size;
        value->removed = change->removes;
        (void)airs_copy(value->data, change->value.data, size);
    }
    return value;
}

static bool prepare_one(work_t *work, size_t index) {
    const airs_planned_change_t *change = &work->plan->changes[index];
    step_t *step = &work->steps[index];
    *step = (step_t){NULL, false};
    if (change->removes && !work->keep_removed) {
        return true;
    }
    step->value = make_value(work->map->allocator, change);
    if (step->value == NULL) {
        return false;
    }
    airs_str_t key = key_of(work, index);
    if (airs_ordered_map_find(work->map, key) == NULL) {
        step->inserted = airs_ordered_map_insert(work->map, key, step->value) == AIRS_OK;
        if (!step->inserted) {
            airs_release(work->map->allocator, step->value);
            return false;
        }
    }
    return true;
}

/* Everything that needs memory, before anything that is there is changed. False: it was all undone. */
static bool prepare(work_t *work) {
    size_t done = 0;
    while (done < work->plan->count && prepare_one(work, done)) {
        done++;
    }
    if (done == work->plan->count) {
        return true;
    }
    while (done-- > 0) {
        if (work->steps[done].inserted) {
            (void)airs_ordered_map_remove(work->map, key_of(work, done));
        }
        airs_release(work->map->allocator, work->steps[done].value);
    }
    return false;
}

static size_t size_of(airs_str_t key, const airs_stored_value_t *value) { return key.size + value->size; }

/* What the map holds more (or, in two's complement, less) than before. */
static size_t carry_out(work_t *work) {
    size_t more = 0;
    for (size_t i = 0; i < work->plan->count; i++) {
        airs_stored_value_t *value = work->steps[i].value;
        airs_str_t key = key_of(work, i);
        airs_stored_value_t *old = NULL;
        if (value == NULL) {
            old = airs_ordered_map_remove(work->map, key);
        } else if (!work->steps[i].inserted) {
            airs_ordered_entry_t *entry = airs_ordered_map_find(work->map, key);
            old = entry->value;
            entry->value = value;
        }
        more += value != NULL ? size_of(key, value) : 0;
        more -= old != NULL ? size_of(key, old) : 0;
        airs_release(work->map->allocator, old);
    }
    return more;
}

bool airs_value_map_apply(airs_ordered_map_t *map, const airs_write_plan_t *plan, airs_str_t prefix,
                          bool keep_removed, size_t *bytes) {
    step_t only;
    work_t work = {.map = map, .plan = plan, .prefix = prefix, .keep_removed = keep_removed, .steps = &only};
    if (plan->count > 1) {
        work.steps = airs_alloc_array(map->allocator, plan->count, sizeof *work.steps);
    }
    bool done = work.steps != NULL && prepare(&work);
    size_t more = done ? carry_out(&work) : 0;
    if (bytes != NULL) {
        *bytes += more;
    }
    if (work.steps != &only) {
        airs_release(map->allocator, work.steps);
    }
    return done;
}

static void free_value(void *context, void *value) {
    const airs_ordered_map_t *map = context;
    airs_release(map->allocator, value);
}

void airs_value_map_free(airs_ordered_map_t *map) { airs_ordered_map_free(map, free_value, map); }
