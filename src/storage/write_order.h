/* A write that somebody else will make: a copy of it, and how it ended. */
#ifndef AIRSSYS_STORAGE_WRITE_ORDER_H
#define AIRSSYS_STORAGE_WRITE_ORDER_H

#include <airssys/allocator.h>

#include "core/storage_backend.h"

typedef struct airs_write_order airs_write_order_t;

struct airs_write_order {
    airs_write_order_t *next;
    const airs_allocator_t *allocator;
    airs_storage_write_t write; /* into the order's own memory */
    size_t size;                /* of the whole, in bytes */
    uint64_t quota_bytes;       /* the space's */
    void *shelf;                /* whose keys these are; the backend's */
    void *space;                /* who waits for it; NULL: nobody does any more */
    bool ended;
    airs_status_t status;
    airs_storage_result_t result;
    char *text; /* of a failure; NULL: there was no memory for it, or the status says it all */
};

/* NULL: there is no memory. */
airs_write_order_t *airs_write_order_create(const airs_allocator_t *allocator,
                                            const airs_storage_write_t *write);

/* NULL is fine. */
void airs_write_order_destroy(airs_write_order_t *order);

/* How it went; `error` has the text of a failure. */
void airs_write_order_fail(airs_write_order_t *order, airs_status_t status, const airs_error_t *error);

/* What `waited` answers for it. */
airs_status_t airs_write_order_answer(const airs_write_order_t *order, airs_storage_result_t *result,
                                      airs_error_t *error);

#endif
