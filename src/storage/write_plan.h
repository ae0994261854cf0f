/* What a write comes to, over what is there: which keys change, and what the space uses then. Every backend makes its
 * writes by such a plan, so that all of them answer alike. */
#ifndef AIRSSYS_STORAGE_WRITE_PLAN_H
#define AIRSSYS_STORAGE_WRITE_PLAN_H

#include <airssys/allocator.h>

#include "core/storage_backend.h"

/* AIRS_OK or AIRS_INVALID_KEY, with what is wrong. */
airs_status_t airs_storage_check_key(airs_str_t key, airs_error_t *error);

/* What can be said of a write without looking at what is there: its keys, the sizes of its values, and whether it is
 * one at all. AIRS_INVALID_KEY, AIRS_IO, AIRS_INVALID_ARGUMENT. */
airs_status_t airs_storage_check_write(const airs_storage_write_t *write, airs_error_t *error);

/* Where a plan looks: `*found` and, if so, the value, borrowed until something is changed. */
typedef struct airs_write_view {
    airs_status_t (*find)(void *context, airs_str_t key, bool *found, airs_bytes_t *value,
                          airs_error_t *error);
    void *context;
    airs_storage_usage_t usage;
} airs_write_view_t;

typedef struct airs_planned_change {
    airs_str_t key;     /* the write's */
    airs_bytes_t value; /* the write's, or the plan's digits */
    size_t position;    /* among the changes of the write */
    bool removes;
    bool was_there;
} airs_planned_change_t;

/* Each key at most once, in byte order; what is removed was there. */
typedef struct airs_write_plan {
    const airs_allocator_t *allocator;
    airs_planned_change_t *changes;
    size_t count;
    airs_storage_usage_t usage; /* afterwards */
    airs_storage_result_t result;
    airs_planned_change_t only; /* what `changes` points to when there is one */
    char digits[24];
} airs_write_plan_t;

/* The write was checked, and lives as long as the plan, which is not moved. With AIRS_OK the plan is to be freed.
 * AIRS_NOT_FOUND, AIRS_CONFLICT, AIRS_INVALID_ARGUMENT, AIRS_QUOTA_EXCEEDED, AIRS_OUT_OF_MEMORY, and what `find`
 * answers. A write that does not make a space larger is allowed even when the space is above its quota. */
airs_status_t airs_write_plan_make(airs_write_plan_t *plan, const airs_allocator_t *allocator,
                                   const airs_storage_write_t *write, const airs_write_view_t *view,
                                   airs_error_t *error);
void airs_write_plan_free(airs_write_plan_t *plan);

#endif
