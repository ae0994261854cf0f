/* A backend whose writes are pending until the test has them made, over another one. */
#ifndef AIRSSYS_TEST_SUPPORT_PARKING_BACKEND_H
#define AIRSSYS_TEST_SUPPORT_PARKING_BACKEND_H

#include "core/storage_backend.h"

/* One space at a time, used by the test's thread. */
typedef struct airs_parking_space {
    airs_storage_space_t base;
    airs_storage_space_t *real;
    airs_storage_waker_t waker;
} airs_parking_space_t;

typedef struct airs_parking_backend {
    airs_storage_backend_t backend; /* hand out &x.backend */
    airs_storage_backend_t *real;   /* the owner's; its writes are made at once */
    airs_parking_space_t space;
    airs_status_t fails; /* not AIRS_OK: writes end so, and are not made */
    int pending;         /* writes that have not ended: 0 or 1 */
    int asked;           /* calls of `waited` */
    airs_status_t status;
    airs_storage_result_t result;
    airs_error_t error;
    /* The write's copy. */
    airs_storage_write_t write;
    airs_storage_change_t changes[16];
    size_t copied;
    char copies[4096];
} airs_parking_backend_t;

void airs_parking_backend_init(airs_parking_backend_t *self, airs_storage_backend_t *real);

/* Makes the pending write and wakes whoever waits for it. */
void airs_parking_backend_finish(airs_parking_backend_t *self);

#endif
