#include "storage/lmdb_env.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/check.h"
#include "core/memory.h"
#include "storage/lmdb_readers.h"
#include "storage/storage_folder.h"

/* The version of what is in the tables. */
#define FORMAT 1

/* Page size of LMDB everywhere that we run; a map has a whole number of them. */
#define PAGE_BYTES ((uint64_t)4096)
/* With less than this a disk is full. */
#define FULL_BYTES ((uint64_t)64 << 10)

/* Transactions between two looks for readers that are gone. */
#define WRITES_UNTIL_CHECK 256

struct airs_lmdb_env {
    const airs_allocator_t *allocator;
    char *folder;
    uint64_t map_bytes;
    int lock; /* the folder's; -1: not taken */
    bool reads_only;
    MDB_dbi spaces;
    MDB_dbi values;
    bool broken;     /* LMDB gave the environment up; the writer's */
    unsigned writes; /* likewise: transactions begun */

    MDB_env *mdb; /* the writer's; NULL: it could not be opened again */
    airs_lmdb_readers_t readers;
};

/* The record of the whole; in the file the low byte first. */
typedef struct header {
    uint32_t format;
    uint32_t next;
} header_t;

typedef struct record {
    uint32_t number;
    uint32_t unused;
    uint64_t used_bytes;
    uint64_t key_count;
} record_t;

static MDB_val header_name(void) {
    static char name[] = {0};
    return (MDB_val){sizeof name, name};
}

/* ---- errors ---- */

/* A disk that is full may take a part of a write, which LMDB has no other number for than that of a broken disk. */
static bool is_full(const airs_lmdb_env_t *env) {
    struct statvfs about;
    return statvfs(env->folder, &about) == 0 && about.f_bavail * about.f_frsize < FULL_BYTES;
}

airs_status_t airs_lmdb_error(const airs_lmdb_env_t *env, int code, const char *doing, airs_error_t *error) {
    code = code == EIO && is_full(env) ? ENOSPC : code;
    switch (code) {
    case MDB_SUCCESS:
        return AIRS_OK;
    case MDB_MAP_FULL:
        return airs_error_set(error, AIRS_IO,
                              "cannot %s: the storage in %s has reached its largest size, %" PRIu64
                              " bytes (map-size in the manifest)",
                              doing, env->folder, env->map_bytes);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return airs_error_set(error, AIRS_IO, "cannot %s: the disk of %s is full (%s)", doing, env->folder,
                              mdb_strerror(code));
    case ENOMEM:
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to %s", doing);
    default:
        return airs_error_set(error, AIRS_IO, "cannot %s in the storage in %s: %s", doing, env->folder,
                              mdb_strerror(code));
    }
}

/* ---- damage ---- */

static void (*when_damaged)(void);

void airs_lmdb_when_damaged(void (*function)(void)) { when_damaged = function; }

static void on_assertion(MDB_env *mdb, const char *text) {
    (void)mdb, (void)text;
    if (when_damaged != NULL) {
        when_damaged();
    }
}

/* ---- opening ---- */

static int read_header(const airs_lmdb_env_t *env, MDB_txn *txn, header_t *out) {
    MDB_val name = header_name();
    MDB_val value;
    int code = mdb_get(txn, env->spaces, &name, &value);
    if (code == 0 && value.mv_size != sizeof *out) {
        code = MDB_INVALID;
    }
    if (code == 0) {
        memcpy(out, value.mv_data, sizeof *out);
        out->format = le32toh(out->format);
        out->next = le32toh(out->next);
        code = out->format == FORMAT ? 0 : MDB_VERSION_MISMATCH;
    }
    return code;
}

int airs_lmdb_put_next(airs_lmdb_env_t *env, MDB_txn *txn, uint32_t number) {
    header_t header = {htole32(FORMAT), htole32(number)};
    MDB_val name = header_name();
    MDB_val value = {sizeof header, &header};
    return mdb_put(txn, env->spaces, &name, &value, 0);
}

airs_status_t airs_lmdb_get_next(airs_lmdb_env_t *env, MDB_txn *txn, uint32_t *number, airs_error_t *error) {
    header_t header = {0, 0};
    int code = read_header(env, txn, &header);
    *number = header.next;
    return airs_lmdb_error(env, code, "read the header", error);
}

/* The tables of a new environment, or those that are there. */
static int open_tables(airs_lmdb_env_t *env, MDB_txn *txn) {
    unsigned make = env->reads_only ? 0 : MDB_CREATE;
    header_t header;
    int code = mdb_dbi_open(txn, "spaces", make, &env->spaces);
    if (code == 0) {
        code = mdb_dbi_open(txn, "values", make, &env->values);
    }
    if (code == 0) {
        code = read_header(env, txn, &header);
    }
    if (code == MDB_NOTFOUND) {
        code = env->reads_only ? MDB_INVALID : airs_lmdb_put_next(env, txn, 1);
    }
    return code;
}

/* Everything is synced by each commit: first what is new, then the page that says it is there. A view belongs to its
 * transaction and not to a thread, so that workers share them. */
static int open_mdb(airs_lmdb_env_t *env) {
    MDB_env *mdb = NULL;
    MDB_txn *txn = NULL;
    unsigned reads = env->reads_only ? MDB_RDONLY : 0;
    int code = mdb_env_create(&mdb);
    code = code == 0 ? mdb_env_set_assert(mdb, on_assertion) : code;
    code = code == 0 ? mdb_env_set_maxdbs(mdb, 2) : code;
    code = code == 0 ? mdb_env_set_maxreaders(mdb, AIRS_LMDB_READERS_MAX + 2) : code;
    code = code == 0 ? mdb_env_set_mapsize(mdb, (size_t)(env->map_bytes / PAGE_BYTES * PAGE_BYTES)) : code;
    code = code == 0 ? mdb_env_open(mdb, env->folder, MDB_NOTLS | reads, 0600) : code;
    code = code == 0 ? mdb_txn_begin(mdb, NULL, reads, &txn) : code;
    if (code == 0) {
        code = open_tables(env, txn);
        if (code == 0) {
            code = mdb_txn_commit(txn);
        } else {
            mdb_txn_abort(txn);
        }
    }
    if (code == 0) {
        env->mdb = mdb;
        airs_lmdb_readers_open(&env->readers, mdb);
    } else if (mdb != NULL) {
        mdb_env_close(mdb);
    }
    return code;
}

static airs_status_t open_error(const airs_lmdb_env_t *env, int code, airs_error_t *error) {
    switch (code) {
    case MDB_VERSION_MISMATCH:
        return airs_error_set(error, AIRS_IO,
                              "the storage in %s was written by another version of airssys, in a format that "
                              "this one does not know",
                              env->folder);
    case MDB_INVALID:
        return airs_error_set(error, AIRS_IO, "what is in %s is not the storage of airssys, or is damaged",
                              env->folder);
    default:
        return airs_lmdb_error(env, code, "open", error);
    }
}

static airs_status_t open_env(const airs_allocator_t *allocator, const char *folder, uint64_t map_bytes,
                              bool reads_only, airs_lmdb_env_t **out, airs_error_t *error) {
    airs_lmdb_env_t *env = airs_alloc_zeroed(allocator, sizeof *env);
    size_t size = strlen(folder) + 1;
    if (env != NULL) {
        env->allocator = allocator;
        env->map_bytes = map_bytes;
        env->lock = -1;
        airs_lmdb_readers_init(&env->readers);
        env->folder = airs_alloc(allocator, size);
    }
    if (env == NULL || env->folder == NULL) {
        airs_lmdb_env_close(env);
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to open the storage in %s", folder);
    }
    memcpy(env->folder, folder, size);
    env->reads_only = reads_only;
    airs_status_t status = reads_only ? AIRS_OK : airs_storage_folder_take(folder, &env->lock, error);
    if (status == AIRS_OK) {
        status = open_error(env, open_mdb(env), error);
    }
    if (status == AIRS_OK) {
        *out = env;
    } else {
        airs_lmdb_env_close(env);
    }
    return status;
}

airs_status_t airs_lmdb_env_open(const airs_allocator_t *allocator, const char *folder, uint64_t map_bytes,
                                 airs_lmdb_env_t **out, airs_error_t *error) {
    return open_env(allocator, folder, map_bytes, false, out, error);
}

airs_status_t airs_lmdb_env_open_to_read(const airs_allocator_t *allocator, const char *folder,
                                         uint64_t map_bytes, airs_lmdb_env_t **out, airs_error_t *error) {
    return open_env(allocator, folder, map_bytes, true, out, error);
}

/* Waits for those who read. */
static void close_mdb(airs_lmdb_env_t *env) {
    airs_lmdb_readers_close(&env->readers);
    if (env->mdb != NULL) {
        mdb_env_close(env->mdb);
        env->mdb = NULL;
    }
}

void airs_lmdb_env_close(airs_lmdb_env_t *env) {
    if (env == NULL) {
        return;
    }
    close_mdb(env);
    if (env->lock >= 0) {
        (void)close(env->lock);
    }
    airs_lmdb_readers_destroy(&env->readers);
    airs_release(env->allocator, env->folder);
    airs_release(env->allocator, env);
}

/* ---- reading ---- */

airs_status_t airs_lmdb_read_begin(airs_lmdb_env_t *env, MDB_txn **out, airs_error_t *error) {
    return airs_lmdb_error(env, airs_lmdb_readers_lend(&env->readers, out), "read", error);
}

void airs_lmdb_read_end(airs_lmdb_env_t *env, MDB_txn *view) {
    airs_lmdb_readers_take_back(&env->readers, view);
}

/* ---- writing ---- */

static int reopen(airs_lmdb_env_t *env) {
    close_mdb(env);
    int code = open_mdb(env);
    env->broken = code != 0;
    if (env->broken) {
        airs_lmdb_readers_give_up(&env->readers);
    }
    return code;
}

/* Other processes that read may have been killed: what they looked at could not be used again. */
static void forget_dead_readers(airs_lmdb_env_t *env) {
    int dead = 0;
    if (env->writes++ % WRITES_UNTIL_CHECK == 0) {
        (void)mdb_reader_check(env->mdb, &dead);
    }
}

airs_status_t airs_lmdb_write_begin(airs_lmdb_env_t *env, MDB_txn **out, airs_error_t *error) {
    int code = env->broken ? reopen(env) : 0;
    if (code == 0) {
        forget_dead_readers(env);
    }
    if (code == 0) {
        code = mdb_txn_begin(env->mdb, NULL, 0, out);
    }
    if (code == MDB_PANIC) {
        env->broken = true;
        code = reopen(env);
        code = code == 0 ? mdb_txn_begin(env->mdb, NULL, 0, out) : code;
    }
    return airs_lmdb_error(env, code, "write", error);
}

/* When the page that says what is there could not be written, LMDB lets nobody read any more either. */
static bool is_given_up(airs_lmdb_env_t *env) {
    MDB_txn *probe = NULL;
    int code = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &probe);
    if (code == 0) {
        mdb_txn_abort(probe);
    }
    return code == MDB_PANIC;
}

airs_status_t airs_lmdb_write_commit(airs_lmdb_env_t *env, MDB_txn *txn, airs_error_t *error) {
    int code = mdb_txn_commit(txn);
    if (code != 0 && is_given_up(env)) {
        (void)reopen(env);
    }
    return airs_lmdb_error(env, code, "write", error);
}

/* ---- what is kept ---- */

static bool read_record(MDB_val value, airs_lmdb_space_t *out) {
    record_t record;
    if (value.mv_size != sizeof record) {
        return false;
    }
    memcpy(&record, value.mv_data, sizeof record);
    *out = (airs_lmdb_space_t){le32toh(record.number), le64toh(record.used_bytes), le64toh(record.key_count)};
    return true;
}

airs_status_t airs_lmdb_get_space(airs_lmdb_env_t *env, MDB_txn *txn, airs_str_t name, airs_lmdb_space_t *out,
                                  airs_error_t *error) {
    MDB_val key = {name.size, (void *)(uintptr_t)name.data};
    MDB_val value;
    *out = (airs_lmdb_space_t){0, 0, 0};
    int code = mdb_get(txn, env->spaces, &key, &value);
    if (code == MDB_NOTFOUND) {
        return AIRS_OK;
    }
    if (code == 0 && !read_record(value, out)) {
        code = MDB_CORRUPTED;
    }
    return airs_lmdb_error(env, code, "find a space", error);
}

int airs_lmdb_put_space(airs_lmdb_env_t *env, MDB_txn *txn, airs_str_t name, const airs_lmdb_space_t *space) {
    record_t record = {htole32(space->number), 0, htole64(space->used_bytes), htole64(space->key_count)};
    MDB_val key = {name.size, (void *)(uintptr_t)name.data};
    MDB_val value = {sizeof record, &record};
    return mdb_put(txn, env->spaces, &key, &value, 0);
}

airs_status_t airs_lmdb_each_space(airs_lmdb_env_t *env, MDB_txn *txn,
                                   bool (*each)(void *context, airs_str_t name,
                                                const airs_lmdb_space_t *space),
                                   void *context, airs_error_t *error) {
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    airs_lmdb_space_t space;
    int code = mdb_cursor_open(txn, env->spaces, &cursor);
    code = code == 0 ? mdb_cursor_get(cursor, &key, &value, MDB_FIRST) : code; /* the header */
    while (code == 0 && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        if (!read_record(value, &space)) {
            code = MDB_CORRUPTED;
        } else if (!each(context, airs_str_n(key.mv_data, key.mv_size), &space)) {
            break;
        }
    }
    if (cursor != NULL) {
        mdb_cursor_close(cursor);
    }
    return airs_lmdb_error(env, code == MDB_NOTFOUND ? 0 : code, "list the spaces", error);
}

void airs_lmdb_prefix(uint32_t number, char out[AIRS_LMDB_PREFIX_SIZE]) {
    uint32_t big = htobe32(number);
    memcpy(out, &big, sizeof big);
}

MDB_val airs_lmdb_key(uint32_t number, airs_str_t key, char buffer[AIRS_LMDB_KEY_SIZE]) {
    airs_lmdb_prefix(number, buffer);
    (void)airs_copy(buffer + AIRS_LMDB_PREFIX_SIZE, key.data, key.size);
    return (MDB_val){AIRS_LMDB_PREFIX_SIZE + key.size, buffer};
}

airs_status_t airs_lmdb_find(airs_lmdb_env_t *env, MDB_txn *txn, uint32_t number, airs_str_t key, bool *found,
                             airs_bytes_t *value, airs_error_t *error) {
    char buffer[AIRS_LMDB_KEY_SIZE];
    MDB_val wanted = airs_lmdb_key(number, key, buffer);
    MDB_val data;
    int code = mdb_get(txn, env->values, &wanted, &data);
    *found = code == 0;
    if (code == 0) {
        *value = airs_bytes(data.mv_data, data.mv_size);
    }
    return airs_lmdb_error(env, code == MDB_NOTFOUND ? 0 : code, "read", error);
}

MDB_dbi airs_lmdb_values(const airs_lmdb_env_t *env) { return env->values; }

MDB_env *airs_lmdb_handle(const airs_lmdb_env_t *env) { return env->mdb; }

const char *airs_lmdb_folder(const airs_lmdb_env_t *env) { return env->folder; }
