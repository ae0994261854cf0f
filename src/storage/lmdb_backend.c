#include "storage/lmdb_backend.h"

#include "core/memory.h"
#include "core/thread.h"
#include "storage/lmdb_state.h"
#include "storage/value_map.h"

static airs_lmdb_space_handle_t *handle_of(airs_storage_space_t *space) {
    return (airs_lmdb_space_handle_t *)(void *)space;
}

/* ---- spaces; `lock` is held ---- */

void airs_shelf_unref(airs_lmdb_backend_t *self, airs_shelf_t *shelf) {
    if (--shelf->references == 0) {
        (void)airs_ordered_map_remove(&self->shelves, airs_shelf_name(shelf));
        airs_release(self->options.allocator, shelf);
    }
}

static airs_status_t read_record(airs_lmdb_backend_t *self, airs_str_t name, airs_lmdb_space_t *out,
                                 airs_error_t *error) {
    MDB_txn *view = NULL;
    airs_status_t status = airs_lmdb_read_begin(self->env, &view, error);
    if (status == AIRS_OK) {
        status = airs_lmdb_get_space(self->env, view, name, out, error);
        airs_lmdb_read_end(self->env, view);
    }
    return status;
}

static airs_status_t no_memory(airs_str_t name, airs_error_t *error) {
    return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to open the storage space \"%.*s\"",
                          AIRS_STR_ARG(name));
}

/* A space that is not on the disk yet gets its number now and its record with its first write. */
static airs_status_t make_shelf(airs_lmdb_backend_t *self, airs_str_t name, airs_shelf_t **out,
                                airs_error_t *error) {
    airs_lmdb_space_t record;
    airs_status_t status = read_record(self, name, &record, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_shelf_t *shelf = airs_alloc_zeroed(self->options.allocator, sizeof *shelf + name.size);
    if (shelf == NULL) {
        return no_memory(name, error);
    }
    shelf->stored = record.number != 0;
    shelf->number = shelf->stored ? record.number : self->next_number;
    shelf->usage = (airs_storage_usage_t){record.used_bytes, UINT64_MAX, record.key_count};
    shelf->name_size = name.size;
    (void)airs_copy(shelf->name, name.data, name.size);
    if (airs_ordered_map_insert(&self->shelves, airs_shelf_name(shelf), shelf) != AIRS_OK) {
        airs_release(self->options.allocator, shelf);
        return no_memory(name, error);
    }
    self->next_number += !shelf->stored;
    *out = shelf;
    return AIRS_OK;
}

static airs_status_t find_shelf(airs_lmdb_backend_t *self, airs_str_t name, airs_shelf_t **out,
                                airs_error_t *error) {
    airs_ordered_entry_t *entry = airs_ordered_map_find(&self->shelves, name);
    airs_status_t status = AIRS_OK;
    if (entry != NULL) {
        *out = entry->value;
    } else {
        status = make_shelf(self, name, out, error);
    }
    if (status == AIRS_OK) {
        (*out)->references++;
    }
    return status;
}

/* ---- opening and closing ---- */

static airs_status_t open_space(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                const airs_storage_waker_t *waker, airs_storage_space_t **out,
                                airs_error_t *error) {
    airs_lmdb_backend_t *self = (airs_lmdb_backend_t *)(void *)backend;
    if (name.size == 0 || name.size > AIRS_LMDB_NAME_MAX || memchr(name.data, '\0', name.size) != NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "the name of a storage space has 1 to %d bytes, none of them zero",
                              AIRS_LMDB_NAME_MAX);
    }
    airs_lmdb_space_handle_t *space = airs_alloc_zeroed(self->options.allocator, sizeof *space);
    if (space == NULL) {
        return no_memory(name, error);
    }
    space->space.backend = backend;
    space->quota_bytes = quota_bytes;
    space->waker = *waker;
    (void)pthread_mutex_lock(&self->lock);
    airs_status_t status = find_shelf(self, name, &space->shelf, error);
    (void)pthread_mutex_unlock(&self->lock);
    if (status != AIRS_OK) {
        airs_release(self->options.allocator, space);
        return status;
    }
    *out = &space->space;
    return AIRS_OK;
}

static void close_space(airs_storage_space_t *space) {
    if (space == NULL) {
        return;
    }
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(space);
    airs_lmdb_writer_leave(handle_of(space));
    (void)pthread_mutex_lock(&self->lock);
    airs_shelf_unref(self, handle_of(space)->shelf);
    (void)pthread_mutex_unlock(&self->lock);
    airs_release(self->options.allocator, space);
}

/* ---- reads ---- */

/* What is pending and what is on the disk at one moment: what is pending stays so while the lock is held, and what
 * was pending before is in the view. */
static airs_status_t begin_read(airs_lmdb_backend_t *self, MDB_txn **view, airs_error_t *error) {
    if (self->options.sync == AIRS_SYNC_INTERVAL) {
        (void)pthread_rwlock_rdlock(&self->pending_lock);
    }
    airs_status_t status = airs_lmdb_read_begin(self->env, view, error);
    if (status != AIRS_OK && self->options.sync == AIRS_SYNC_INTERVAL) {
        (void)pthread_rwlock_unlock(&self->pending_lock);
    }
    return status;
}

static void end_read(airs_lmdb_backend_t *self, MDB_txn *view) {
    airs_lmdb_read_end(self->env, view);
    if (self->options.sync == AIRS_SYNC_INTERVAL) {
        (void)pthread_rwlock_unlock(&self->pending_lock);
    }
}

static airs_status_t find_value(airs_lmdb_backend_t *self, MDB_txn *view, const airs_shelf_t *shelf,
                                airs_str_t key, bool *found, airs_bytes_t *value, airs_error_t *error) {
    if (self->options.sync == AIRS_SYNC_INTERVAL &&
        airs_lmdb_pending_find(self, shelf->number, key, found, value)) {
        return AIRS_OK;
    }
    return airs_lmdb_find(self->env, view, shelf->number, key, found, value, error);
}

static airs_status_t get(airs_storage_space_t *space, const airs_str_t *keys, size_t count,
                         void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                         airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(space);
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        status = airs_storage_check_key(keys[i], error);
    }
    MDB_txn *view = NULL;
    if (status == AIRS_OK) {
        status = begin_read(self, &view, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        bool found = false;
        airs_bytes_t value = {NULL, 0};
        status = find_value(self, view, handle_of(space)->shelf, keys[i], &found, &value, error);
        if (found) {
            take(context, i, value);
        }
    }
    end_read(self, view);
    return status;
}

static airs_status_t exists(airs_storage_space_t *space, airs_str_t key, bool *out, airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(space);
    MDB_txn *view = NULL;
    airs_bytes_t value;
    airs_status_t status = airs_storage_check_key(key, error);
    if (status == AIRS_OK) {
        status = begin_read(self, &view, error);
    }
    if (status == AIRS_OK) {
        status = find_value(self, view, handle_of(space)->shelf, key, out, &value, error);
        end_read(self, view);
    }
    return status;
}

static airs_status_t usage(airs_storage_space_t *space, airs_storage_usage_t *out, airs_error_t *error) {
    (void)error;
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(space);
    (void)pthread_mutex_lock(&self->lock);
    *out = handle_of(space)->shelf->usage;
    (void)pthread_mutex_unlock(&self->lock);
    out->quota_bytes = handle_of(space)->quota_bytes;
    return AIRS_OK;
}

/* ---- lists: the keys of the disk and those that are pending, merged ---- */

typedef struct list {
    airs_lmdb_backend_t *self;
    MDB_cursor *cursor;
    char first[AIRS_LMDB_KEY_SIZE]; /* nothing before it is listed; without `skip`, it is not either */
    size_t first_size;
    bool skips_first;
    char prefix[AIRS_LMDB_KEY_SIZE]; /* what all have in common */
    size_t prefix_size;

    /* Where each source is; a key of size 0: at its end. */
    airs_str_t stored;
    const airs_ordered_entry_t *active;
    const airs_ordered_entry_t *committing;
} list_t;

static bool is_listed(const list_t *list, airs_str_t key) {
    return key.size >= list->prefix_size && memcmp(key.data, list->prefix, list->prefix_size) == 0;
}

static int next_stored(list_t *list, MDB_cursor_op how) {
    MDB_val key = {list->first_size, list->first};
    MDB_val value;
    int code = mdb_cursor_get(list->cursor, &key, &value, how);
    list->stored = code == 0 ? airs_str_n(key.mv_data, key.mv_size) : airs_str("");
    if (!is_listed(list, list->stored)) {
        list->stored = airs_str("");
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

static const airs_ordered_entry_t *listed_entry(const list_t *list, const airs_ordered_entry_t *entry) {
    return entry != NULL && is_listed(list, entry->key) ? entry : NULL;
}

/* The key that comes next; empty: none does. What is pending last decides whether it is there. */
static airs_str_t pick(const list_t *list, bool *there) {
    const airs_ordered_entry_t *pending = list->active;
    if (list->committing != NULL &&
        (pending == NULL || airs_ordered_compare(list->committing->key, pending->key) < 0)) {
        pending = list->committing;
    }
    *there = true;
    if (pending == NULL || (list->stored.size > 0 && airs_ordered_compare(list->stored, pending->key) < 0)) {
        return list->stored;
    }
    *there = !((const airs_stored_value_t *)pending->value)->removed;
    return pending->key;
}

/* Every source past this key. */
static int pass(list_t *list, airs_str_t key) {
    if (list->active != NULL && airs_str_equal(list->active->key, key)) {
        list->active = listed_entry(list, list->active->next[0]);
    }
    if (list->committing != NULL && airs_str_equal(list->committing->key, key)) {
        list->committing = listed_entry(list, list->committing->next[0]);
    }
    return list->stored.size > 0 && airs_str_equal(list->stored, key) ? next_stored(list, MDB_NEXT) : 0;
}

static int walk(list_t *list, bool (*each)(void *context, airs_str_t key), void *context) {
    bool there = false;
    int code = next_stored(list, MDB_SET_RANGE);
    airs_str_t first = airs_str_n(list->first, list->first_size);
    if (list->self->options.sync == AIRS_SYNC_INTERVAL) {
        list->active = listed_entry(list, airs_ordered_map_seek(&list->self->active, first));
        list->committing = listed_entry(list, airs_ordered_map_seek(&list->self->committing, first));
    }
    if (code == 0 && list->skips_first) {
        code = pass(list, first);
    }
    while (code == 0) {
        airs_str_t key = pick(list, &there);
        if (key.size == 0 || (there && !each(context, airs_str_n(key.data + AIRS_LMDB_PREFIX_SIZE,
                                                                 key.size - AIRS_LMDB_PREFIX_SIZE)))) {
            break;
        }
        code = pass(list, key);
    }
    return code;
}

/* False: no key can be in this range. */
static bool set_range(list_t *list, const airs_shelf_t *shelf, const airs_storage_range_t *range) {
    if (range->prefix.size > AIRS_STORAGE_KEY_MAX) {
        return false;
    }
    airs_str_t first = range->prefix;
    if (range->after.size > 0 && airs_ordered_compare(range->after, first) >= 0) {
        first = range->after;
        list->skips_first = true;
    }
    if (first.size > AIRS_STORAGE_KEY_MAX) {
        /* Longer than any key: those behind it are behind its beginning, and none is between. */
        first.size = AIRS_STORAGE_KEY_MAX;
    }
    list->prefix_size = airs_lmdb_key(shelf->number, range->prefix, list->prefix).mv_size;
    list->first_size = airs_lmdb_key(shelf->number, first, list->first).mv_size;
    return true;
}

static airs_status_t list_keys(airs_storage_space_t *space, const airs_storage_range_t *range,
                               bool (*each)(void *context, airs_str_t key), void *context,
                               airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(space);
    list_t list = {.self = self};
    MDB_txn *view = NULL;
    if (!set_range(&list, handle_of(space)->shelf, range)) {
        return AIRS_OK;
    }
    airs_status_t status = begin_read(self, &view, error);
    if (status != AIRS_OK) {
        return status;
    }
    int code = mdb_cursor_open(view, airs_lmdb_values(self->env), &list.cursor);
    if (code == 0) {
        code = walk(&list, each, context);
        mdb_cursor_close(list.cursor);
    }
    end_read(self, view);
    return airs_lmdb_error(self->env, code, "list keys", error);
}

/* ---- writes ---- */

static airs_status_t write_keys(airs_storage_space_t *space, const airs_storage_write_t *write,
                                airs_storage_result_t *result, airs_error_t *error) {
    airs_status_t status = airs_storage_check_write(write, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(space);
    if (!self->has_writer) {
        return airs_error_set(error, AIRS_UNSUPPORTED, "the storage in %s was opened to be read only",
                              airs_lmdb_folder(self->env));
    }
    return self->options.sync == AIRS_SYNC_INTERVAL
               ? airs_lmdb_pending_write(handle_of(space), write, result, error)
               : airs_lmdb_writer_write(handle_of(space), write, result, error);
}

static airs_status_t waited(airs_storage_space_t *space, airs_storage_result_t *result, airs_error_t *error) {
    return airs_lmdb_writer_waited(handle_of(space), result, error);
}

/* ---- the backend's life ---- */

static void stop_writer(airs_lmdb_backend_t *self) {
    (void)pthread_mutex_lock(&self->lock);
    self->stopping = true;
    (void)pthread_cond_signal(&self->work);
    (void)pthread_mutex_unlock(&self->lock);
    (void)pthread_join(self->writer, NULL);
}

/* What could not be written is lost, and was in the log. */
static void forget_pending(airs_lmdb_backend_t *self) {
    airs_value_map_free(&self->active);
    airs_value_map_free(&self->committing);
    while (self->touched != NULL) {
        airs_shelf_t *shelf = self->touched;
        self->touched = shelf->next_touched;
        airs_shelf_unref(self, shelf);
    }
}

static void destroy(airs_storage_backend_t *backend) {
    airs_lmdb_backend_t *self = (airs_lmdb_backend_t *)(void *)backend;
    if (self == NULL) {
        return;
    }
    if (self->has_writer) {
        stop_writer(self);
    }
    forget_pending(self);
    airs_ordered_map_free(&self->shelves, NULL, NULL);
    airs_lmdb_env_close(self->env);
    (void)pthread_cond_destroy(&self->work);
    (void)pthread_mutex_destroy(&self->lock);
    (void)pthread_mutex_destroy(&self->write_lock);
    (void)pthread_rwlock_destroy(&self->pending_lock);
    airs_release(self->options.allocator, self);
}

/* None of these fails with such attributes. */
static void make_locks(airs_lmdb_backend_t *self) {
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&self->work, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_mutex_init(&self->write_lock, NULL);
    /* Readers that follow each other closely would keep a writer out for ever. */
    pthread_rwlockattr_t fair;
    (void)pthread_rwlockattr_init(&fair);
    (void)pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&self->pending_lock, &fair);
    (void)pthread_rwlockattr_destroy(&fair);
}

static airs_status_t start(airs_lmdb_backend_t *self, airs_error_t *error) {
    MDB_txn *view = NULL;
    const airs_lmdb_options_t *options = &self->options;
    airs_status_t status =
        options->reads_only
            ? airs_lmdb_env_open_to_read(options->allocator, options->folder, options->map_bytes, &self->env,
                                         error)
            : airs_lmdb_env_open(options->allocator, options->folder, options->map_bytes, &self->env, error);
    if (status == AIRS_OK) {
        status = airs_lmdb_read_begin(self->env, &view, error);
    }
    if (status == AIRS_OK) {
        status = airs_lmdb_get_next(self->env, view, &self->next_number, error);
        airs_lmdb_read_end(self->env, view);
    }
    if (status == AIRS_OK && !options->reads_only) {
        status = airs_thread_start(&self->writer, airs_lmdb_writer_run, self);
        self->has_writer = status == AIRS_OK;
        if (!self->has_writer) {
            airs_error_set(error, status, "cannot start the thread that writes to the storage");
        }
    }
    return status;
}

airs_status_t airs_lmdb_backend_create(const airs_lmdb_options_t *options, airs_storage_backend_t **out,
                                       airs_error_t *error) {
    static const airs_storage_backend_ops_t OPS = {
        .open = open_space,
        .close = close_space,
        .get = get,
        .exists = exists,
        .list = list_keys,
        .usage = usage,
        .write = write_keys,
        .waited = waited,
        .destroy = destroy,
    };
    airs_lmdb_backend_t *self = airs_alloc_zeroed(options->allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to open the storage in %s",
                              options->folder);
    }
    self->backend.ops = &OPS;
    self->options = *options;
    self->options.interval_ms = options->interval_ms != 0 ? options->interval_ms
                                                          : AIRS_STORAGE_DEFAULT_INTERVAL_MS;
    self->options.map_bytes = options->map_bytes != 0 ? options->map_bytes : AIRS_STORAGE_DEFAULT_MAP_BYTES;
    airs_ordered_map_init(&self->shelves, options->allocator);
    airs_ordered_map_init(&self->active, options->allocator);
    airs_ordered_map_init(&self->committing, options->allocator);
    make_locks(self);
    airs_status_t status = start(self, error);
    if (status != AIRS_OK) {
        destroy(&self->backend);
        return status;
    }
    *out = &self->backend;
    return AIRS_OK;
}
