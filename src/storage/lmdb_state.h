/* What the parts of the LMDB backend share.
 *
 * Locks, in the order in which they are taken: `write_lock`, `pending_lock`, `lock`. None is held while something is
 * written to the disk. */
#ifndef AIRSSYS_STORAGE_LMDB_STATE_H
#define AIRSSYS_STORAGE_LMDB_STATE_H

#include <pthread.h>

#include "storage/lmdb_backend.h"
#include "storage/lmdb_env.h"
#include "storage/ordered_map.h"
#include "storage/write_order.h"
#include "storage/write_plan.h"

/* One space, however many have it open. It is there while somebody has it open or something of it is to be
 * written. */
typedef struct airs_shelf airs_shelf_t;
struct airs_shelf {
    size_t references;           /* under `lock` */
    airs_storage_usage_t usage;  /* likewise: what is answered; its quota is not used */
    airs_storage_usage_t staged; /* the writer's: what the record will say */
    bool stored;                 /* likewise: there is a record */
    bool touched;                /* it is in a list of those whose record is to be written */
    airs_shelf_t *next_touched;  /* in the list of what is pending, under `lock` */
    airs_shelf_t *next_staged;   /* in the writer's */
    uint32_t number;
    size_t name_size;
    char name[];
};

typedef struct airs_lmdb_backend {
    airs_storage_backend_t backend;
    airs_lmdb_options_t options;
    airs_lmdb_env_t *env;
    pthread_t writer;
    bool has_writer;

    pthread_mutex_t lock; /* over what follows, and how orders ended */
    pthread_cond_t work;
    bool stopping;
    airs_ordered_map_t shelves;
    uint32_t next_number;
    airs_write_order_t *first; /* the queue */
    airs_write_order_t *last;
    size_t queued_bytes;                    /* in the queue and in the writer's hand */
    bool hurry;                             /* what is pending is to be written now */
    bool has_pending;                       /* something is */
    uint64_t attempts;                      /* how often what is pending was written, or could not be */
    airs_shelf_t *touched;                  /* by what is pending; a reference each */
    struct airs_lmdb_space_handle *waiting; /* for an attempt to write what is pending */

    /* What is pending (AIRS_SYNC_INTERVAL): values by prefix and key. Whoever changes `active` holds both locks, so
     * either is enough to read it. */
    pthread_mutex_t write_lock;
    pthread_rwlock_t pending_lock;
    airs_ordered_map_t active;
    airs_ordered_map_t committing; /* being written, or to be tried again */
    size_t active_bytes;
    /* Why the last attempt failed; then nothing more is taken. Changed by the writer's thread, under write_lock. */
    airs_status_t failing;
    airs_error_t failure;
} airs_lmdb_backend_t;

/* What was handed out. */
typedef struct airs_lmdb_space_handle {
    airs_storage_space_t space;
    airs_shelf_t *shelf;
    uint64_t quota_bytes;
    airs_storage_waker_t waker;
    airs_write_order_t *order; /* pending, or ended and not told */
    uint64_t awaited;          /* not 0: the write ended, and is told when there were so many attempts */
    airs_storage_result_t result;
    struct airs_lmdb_space_handle *next_waiting;
} airs_lmdb_space_handle_t;

static inline airs_lmdb_backend_t *airs_lmdb_backend_of(airs_storage_space_t *space) {
    return (airs_lmdb_backend_t *)(void *)space->backend;
}

static inline airs_str_t airs_shelf_name(const airs_shelf_t *shelf) {
    return airs_str_n(shelf->name, shelf->name_size);
}

/* Under `lock`. */
void airs_shelf_unref(airs_lmdb_backend_t *self, airs_shelf_t *shelf);

/* The thread that writes; `argument` is the backend. */
void *airs_lmdb_writer_run(void *argument);

/* See airs_storage_backend_ops_t; the write was checked. */
airs_status_t airs_lmdb_writer_write(airs_lmdb_space_handle_t *space, const airs_storage_write_t *write,
                                     airs_storage_result_t *result, airs_error_t *error);
airs_status_t airs_lmdb_writer_waited(airs_lmdb_space_handle_t *space, airs_storage_result_t *result,
                                      airs_error_t *error);

/* Nobody waits any more. */
void airs_lmdb_writer_leave(airs_lmdb_space_handle_t *space);

/* The planned changes of a shelf into a transaction. An LMDB error number. */
int airs_lmdb_apply(airs_lmdb_backend_t *self, MDB_txn *txn, const airs_shelf_t *shelf,
                    const airs_write_plan_t *plan);

/* The records of the listed shelves, as staged; likewise. */
int airs_lmdb_put_records(airs_lmdb_backend_t *self, MDB_txn *txn, const airs_shelf_t *staged);

/* ---- AIRS_SYNC_INTERVAL ---- */

airs_status_t airs_lmdb_pending_write(airs_lmdb_space_handle_t *space, const airs_storage_write_t *write,
                                      airs_storage_result_t *result, airs_error_t *error);

/* The writer's: write what is pending, or try again. */
void airs_lmdb_pending_commit(airs_lmdb_backend_t *self);
/* After the last commit: says what is lost if that one failed too. */
void airs_lmdb_pending_give_up(airs_lmdb_backend_t *self);

/* Is anything pending under this key? With one of the locks. `*found` false, and true returned: it is to be gone. */
bool airs_lmdb_pending_find(const airs_lmdb_backend_t *self, uint32_t number, airs_str_t key, bool *found,
                            airs_bytes_t *value);

#endif
