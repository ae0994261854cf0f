/* An LMDB environment on a folder: transactions, what is kept where, and what its errors mean.
 *
 * There are two tables. `spaces` has a record for each space by its name: its number and what it uses; and one for
 * the whole, under a name that no space can have. `values` has the values, by the space's number (four bytes, the
 * high one first, so that a space's keys stand together) and the key. */
#ifndef AIRSSYS_STORAGE_LMDB_ENV_H
#define AIRSSYS_STORAGE_LMDB_ENV_H

#include <airssys/allocator.h>
#include <lmdb.h>

#include "core/storage_backend.h"

/* The longest name of a space. */
#define AIRS_LMDB_NAME_MAX 480

#define AIRS_LMDB_PREFIX_SIZE 4
#define AIRS_LMDB_KEY_SIZE (AIRS_LMDB_PREFIX_SIZE + AIRS_STORAGE_KEY_MAX)

typedef struct airs_lmdb_env airs_lmdb_env_t;

/* A space's record. */
typedef struct airs_lmdb_space {
    uint32_t number; /* from 1 */
    uint64_t used_bytes;
    uint64_t key_count;
} airs_lmdb_space_t;

/* Takes the folder for this process: made if it is missing, refused when it is another user's or open to others, or
 * when another process has it. `map_bytes` is how large the data may ever become; address space is taken for that,
 * and disk space only for what is there. AIRS_IO, AIRS_INVALID_STATE (in use; the error says by which process),
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_lmdb_env_open(const airs_allocator_t *allocator, const char *folder, uint64_t map_bytes,
                                 airs_lmdb_env_t **out, airs_error_t *error);

/* To look at what is there, also while another process has it and writes: nothing is made, locked or changed. Not in
 * a process that has the folder already. AIRS_IO, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_lmdb_env_open_to_read(const airs_allocator_t *allocator, const char *folder,
                                         uint64_t map_bytes, airs_lmdb_env_t **out, airs_error_t *error);

/* Nobody reads any more. NULL is fine. */
void airs_lmdb_env_close(airs_lmdb_env_t *env);

/* What an LMDB or system error number means, with what it happened in ("write"). */
airs_status_t airs_lmdb_error(const airs_lmdb_env_t *env, int code, const char *doing, airs_error_t *error);

/* What to call when LMDB finds a page that cannot be so, for all environments of the process; it does not return. Without
 * one, or when it does, LMDB says what it found on standard error and aborts. */
void airs_lmdb_when_damaged(void (*function)(void));

/* A view of everything as it was last committed; any thread. Never waits for a writer. */
airs_status_t airs_lmdb_read_begin(airs_lmdb_env_t *env, MDB_txn **out, airs_error_t *error);
void airs_lmdb_read_end(airs_lmdb_env_t *env, MDB_txn *view);

/* One thread writes. An environment whose last commit failed so badly that LMDB gave it up is opened again first,
 * for which those who read are waited for. */
airs_status_t airs_lmdb_write_begin(airs_lmdb_env_t *env, MDB_txn **out, airs_error_t *error);

/* The transaction is gone, however that ends. AIRS_OK: it is on the disk, all of it. */
airs_status_t airs_lmdb_write_commit(airs_lmdb_env_t *env, MDB_txn *txn, airs_error_t *error);

/* ---- what is kept; within a transaction of either kind ---- */

/* `*number` is what the next new space will have. */
airs_status_t airs_lmdb_get_next(airs_lmdb_env_t *env, MDB_txn *txn, uint32_t *number, airs_error_t *error);
int airs_lmdb_put_next(airs_lmdb_env_t *env, MDB_txn *txn, uint32_t number);

/* Number 0: there is no such space. */
airs_status_t airs_lmdb_get_space(airs_lmdb_env_t *env, MDB_txn *txn, airs_str_t name, airs_lmdb_space_t *out,
                                  airs_error_t *error);
int airs_lmdb_put_space(airs_lmdb_env_t *env, MDB_txn *txn, airs_str_t name, const airs_lmdb_space_t *space);

/* Calls each(context, name, space) in order of the names; false stops. */
airs_status_t airs_lmdb_each_space(airs_lmdb_env_t *env, MDB_txn *txn,
                                   bool (*each)(void *context, airs_str_t name,
                                                const airs_lmdb_space_t *space),
                                   void *context, airs_error_t *error);

/* Writes the prefix of a space's keys into `out`. */
void airs_lmdb_prefix(uint32_t number, char out[AIRS_LMDB_PREFIX_SIZE]);

/* The key as it is in the table; `buffer` is where it is put together. */
MDB_val airs_lmdb_key(uint32_t number, airs_str_t key, char buffer[AIRS_LMDB_KEY_SIZE]);

airs_status_t airs_lmdb_find(airs_lmdb_env_t *env, MDB_txn *txn, uint32_t number, airs_str_t key, bool *found,
                             airs_bytes_t *value, airs_error_t *error);

/* The table of values. */
MDB_dbi airs_lmdb_values(const airs_lmdb_env_t *env);

/* The open environment; for what only looks at the files. */
MDB_env *airs_lmdb_handle(const airs_lmdb_env_t *env);
const char *airs_lmdb_folder(const airs_lmdb_env_t *env);

#endif
