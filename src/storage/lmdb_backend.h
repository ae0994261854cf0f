/* Storage on disk, in LMDB: what is answered is durable, and no reader ever waits for a writer.
 *
 * One thread writes. With AIRS_SYNC_COMMIT it takes all writes that have gathered, makes them in one transaction, and
 * when that is on the disk their callers are woken; meanwhile the next ones gather. With AIRS_SYNC_INTERVAL a write is
 * answered at once and kept in memory, where reads find it; everything that came within the interval is then made in
 * one transaction. A crash loses what came since; what is on the disk is always a whole transaction, and never
 * damaged by a crash. */
#ifndef AIRSSYS_STORAGE_LMDB_BACKEND_H
#define AIRSSYS_STORAGE_LMDB_BACKEND_H

#include <airssys/allocator.h>
#include <airssys/log.h>

#include "core/storage_backend.h"

typedef enum airs_sync {
    AIRS_SYNC_COMMIT,
    AIRS_SYNC_INTERVAL,
} airs_sync_t;

#define AIRS_STORAGE_DEFAULT_MAP_BYTES ((uint64_t)64 << 30)
#define AIRS_STORAGE_DEFAULT_INTERVAL_MS 1000

/* With AIRS_SYNC_INTERVAL: when so much has gathered it is written without waiting for the interval's end, and who
 * writes more waits for an attempt to. */
#define AIRS_STORAGE_PENDING_MAX ((size_t)32 << 20)

/* With AIRS_SYNC_COMMIT: when so much waits to be written, further writes are refused. */
#define AIRS_STORAGE_QUEUE_MAX ((size_t)256 << 20)

typedef struct airs_lmdb_options {
    const airs_allocator_t *allocator;
    airs_log_t *log;
    const char *folder; /* see airs_storage_folder_take */
    airs_sync_t sync;
    uint64_t interval_ms; /* 0: AIRS_STORAGE_DEFAULT_INTERVAL_MS */
    uint64_t map_bytes;   /* 0: AIRS_STORAGE_DEFAULT_MAP_BYTES */
    bool reads_only; /* what is there is looked at, whoever has the folder; a write is AIRS_UNSUPPORTED */
} airs_lmdb_options_t;

/* AIRS_IO, AIRS_INVALID_STATE (another process has the folder), AIRS_OUT_OF_MEMORY, AIRS_INTERNAL (no thread). Its
 * `destroy` writes what is pending, and says so in the log when that fails. */
airs_status_t airs_lmdb_backend_create(const airs_lmdb_options_t *options, airs_storage_backend_t **out,
                                       airs_error_t *error);

#endif
