/* AIRS_SYNC_INTERVAL: writes that were answered and are not on the disk yet. */
#include <inttypes.h>

#include "core/log.h"
#include "core/memory.h"
#include "storage/lmdb_state.h"
#include "storage/value_map.h"

/* ---- finding ---- */

bool airs_lmdb_pending_find(const airs_lmdb_backend_t *self, uint32_t number, airs_str_t key, bool *found,
                            airs_bytes_t *value) {
    char buffer[AIRS_LMDB_KEY_SIZE];
    MDB_val whole = airs_lmdb_key(number, key, buffer);
    airs_str_t text = airs_str_n(whole.mv_data, whole.mv_size);
    const airs_ordered_entry_t *entry = airs_ordered_map_find(&self->active, text);
    if (entry == NULL) {
        entry = airs_ordered_map_find(&self->committing, text);
    }
    if (entry == NULL) {
        return false;
    }
    const airs_stored_value_t *stored = entry->value;
    *found = !stored->removed;
    *value = airs_stored_bytes(stored);
    return true;
}

typedef struct look {
    airs_lmdb_backend_t *self;
    const airs_shelf_t *shelf;
    MDB_txn *view;
} look_t;

static airs_status_t find_value(void *context, airs_str_t key, bool *found, airs_bytes_t *value,
                                airs_error_t *error) {
    const look_t *look = context;
    uint32_t number = look->shelf->number;
    return airs_lmdb_pending_find(look->self, number, key, found, value)
               ? AIRS_OK
               : airs_lmdb_find(look->self->env, look->view, number, key, found, value, error);
}

/* ---- writing; write_lock is held ---- */

static airs_storage_usage_t usage_for(airs_lmdb_space_handle_t *space) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    (void)pthread_mutex_lock(&self->lock);
    airs_storage_usage_t usage = space->shelf->usage;
    (void)pthread_mutex_unlock(&self->lock);
    usage.quota_bytes = space->quota_bytes;
    return usage;
}

/* Under `lock`. */
static void touch(airs_lmdb_backend_t *self, airs_shelf_t *shelf) {
    if (!shelf->touched) {
        shelf->touched = true;
        shelf->references++;
        shelf->next_touched = self->touched;
        self->touched = shelf;
    }
}

/* AIRS_PENDING: so much has gathered that the caller is to wait until it is written. */
static airs_status_t take_over(airs_lmdb_space_handle_t *space, const airs_write_plan_t *plan) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    bool waits = self->active_bytes > AIRS_STORAGE_PENDING_MAX;
    (void)pthread_mutex_lock(&self->lock);
    space->shelf->usage = plan->usage;
    touch(self, space->shelf);
    if (waits) {
        space->awaited = self->attempts + 1;
        space->result = plan->result;
        space->next_waiting = self->waiting;
        self->waiting = space;
        self->hurry = true;
    }
    if (waits || !self->has_pending) {
        self->has_pending = true;
        (void)pthread_cond_signal(&self->work);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return waits ? AIRS_PENDING : AIRS_OK;
}

static airs_status_t keep(airs_lmdb_space_handle_t *space, const airs_write_plan_t *plan,
                          airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    if (plan->count == 0) {
        return AIRS_OK;
    }
    char prefix[AIRS_LMDB_PREFIX_SIZE];
    airs_lmdb_prefix(space->shelf->number, prefix);
    (void)pthread_rwlock_wrlock(&self->pending_lock);
    bool kept = airs_value_map_apply(&self->active, plan, airs_str_n(prefix, sizeof prefix), true,
                                     &self->active_bytes);
    (void)pthread_rwlock_unlock(&self->pending_lock);
    return kept ? take_over(space, plan)
                : airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to write %zu keys", plan->count);
}

/* What is there is not to be freed meanwhile, which the writer's thread does with pending_lock alone. */
static airs_status_t make_plan(airs_lmdb_space_handle_t *space, const airs_storage_write_t *write,
                               airs_write_plan_t *plan, airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    look_t look = {self, space->shelf, NULL};
    (void)pthread_rwlock_rdlock(&self->pending_lock);
    airs_status_t status = airs_lmdb_read_begin(self->env, &look.view, error);
    if (status == AIRS_OK) {
        airs_write_view_t view = {find_value, &look, usage_for(space)};
        status = airs_write_plan_make(plan, self->options.allocator, write, &view, error);
        airs_lmdb_read_end(self->env, look.view);
    }
    (void)pthread_rwlock_unlock(&self->pending_lock);
    return status;
}

static airs_status_t write_locked(airs_lmdb_space_handle_t *space, const airs_storage_write_t *write,
                                  airs_storage_result_t *result, airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    if (self->failing != AIRS_OK) {
        return airs_error_set(error, self->failing, "%s", self->failure.text);
    }
    airs_write_plan_t plan;
    airs_status_t status = make_plan(space, write, &plan, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = keep(space, &plan, error);
    *result = plan.result;
    airs_write_plan_free(&plan);
    return status;
}

airs_status_t airs_lmdb_pending_write(airs_lmdb_space_handle_t *space, const airs_storage_write_t *write,
                                      airs_storage_result_t *result, airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    (void)pthread_mutex_lock(&self->write_lock);
    airs_status_t status = write_locked(space, write, result, error);
    (void)pthread_mutex_unlock(&self->write_lock);
    return status;
}

/* ---- the writer's ---- */

/* What has gathered is to be written now, and what comes gathers anew. After an attempt that failed there is what it
 * was about, and what came meanwhile stays where it is: nothing more does. */
static airs_shelf_t *swap(airs_lmdb_backend_t *self) {
    (void)pthread_mutex_lock(&self->write_lock);
    (void)pthread_rwlock_wrlock(&self->pending_lock);
    if (self->failing == AIRS_OK) {
        airs_ordered_map_t empty = self->committing;
        self->committing = self->active;
        self->active = empty;
        self->active_bytes = 0;
    }
    (void)pthread_mutex_lock(&self->lock);
    airs_shelf_t *staged = self->touched;
    self->touched = NULL;
    self->has_pending = false;
    for (airs_shelf_t *shelf = staged; shelf != NULL; shelf = shelf->next_staged) {
        shelf->touched = false;
        shelf->staged = shelf->usage;
        shelf->next_staged = shelf->next_touched;
    }
    (void)pthread_mutex_unlock(&self->lock);
    (void)pthread_rwlock_unlock(&self->pending_lock);
    (void)pthread_mutex_unlock(&self->write_lock);
    return staged;
}

static int put_values(airs_lmdb_backend_t *self, MDB_txn *txn, const airs_ordered_map_t *map) {
    MDB_dbi values = airs_lmdb_values(self->env);
    int code = 0;
    for (airs_ordered_entry_t *entry = map->first[0]; entry != NULL && code == 0; entry = entry->next[0]) {
        const airs_stored_value_t *stored = entry->value;
        MDB_val key = {entry->key.size, (void *)(uintptr_t)entry->key.data};
        MDB_val value = {stored->size, (void *)(uintptr_t)stored->data};
        code = stored->removed ? mdb_del(txn, values, &key, NULL) : mdb_put(txn, values, &key, &value, 0);
        /* What came and went within the interval was never there. */
        code = stored->removed && code == MDB_NOTFOUND ? 0 : code;
    }
    return code;
}

static airs_status_t commit(airs_lmdb_backend_t *self, const airs_shelf_t *staged, airs_error_t *error) {
    MDB_txn *txn = NULL;
    airs_status_t status = airs_lmdb_write_begin(self->env, &txn, error);
    if (status != AIRS_OK) {
        return status;
    }
    /* `committing` is this thread's; and while the last attempt has failed nothing comes into `active`. */
    int code = put_values(self, txn, &self->committing);
    if (code == 0 && self->failing != AIRS_OK) {
        code = put_values(self, txn, &self->active);
    }
    code = code == 0 ? airs_lmdb_put_records(self, txn, staged) : code;
    if (code != 0) {
        mdb_txn_abort(txn);
        return airs_lmdb_error(self->env, code, "write", error);
    }
    return airs_lmdb_write_commit(self->env, txn, error);
}

static void forget(airs_lmdb_backend_t *self, airs_shelf_t *written) {
    (void)pthread_rwlock_wrlock(&self->pending_lock);
    airs_value_map_free(&self->committing);
    if (self->failing != AIRS_OK) {
        airs_value_map_free(&self->active);
        self->active_bytes = 0;
    }
    (void)pthread_rwlock_unlock(&self->pending_lock);
    (void)pthread_mutex_lock(&self->lock);
    while (written != NULL) {
        airs_shelf_t *shelf = written;
        written = shelf->next_staged;
        shelf->stored = true;
        airs_shelf_unref(self, shelf);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

/* It stays pending. */
static void put_back(airs_lmdb_backend_t *self, airs_shelf_t *staged) {
    (void)pthread_mutex_lock(&self->lock);
    while (staged != NULL) {
        airs_shelf_t *shelf = staged;
        staged = shelf->next_staged;
        touch(self, shelf);
        airs_shelf_unref(self, shelf); /* `touch` took its own, or there was one */
    }
    self->has_pending = true;
    (void)pthread_mutex_unlock(&self->lock);
}

static void set_failing(airs_lmdb_backend_t *self, airs_status_t status, const airs_error_t *error) {
    (void)pthread_mutex_lock(&self->write_lock);
    bool changed = (self->failing == AIRS_OK) != (status == AIRS_OK);
    self->failing = status;
    self->failure = *error;
    (void)pthread_mutex_unlock(&self->write_lock);
    if (changed && status != AIRS_OK) {
        airs_log_printf(self->options.log, AIRS_LOG_ERROR, airs_str("storage"),
                        "what was answered in the last %" PRIu64
                        " ms is kept in memory, and writes are refused, until it can be written: %s",
                        self->options.interval_ms, error->text);
    } else if (changed) {
        airs_log_printf(self->options.log, AIRS_LOG_INFO, airs_str("storage"),
                        "what was kept in memory is written");
    }
}

void airs_lmdb_pending_commit(airs_lmdb_backend_t *self) {
    airs_error_t error = {AIRS_OK, ""};
    airs_shelf_t *staged = swap(self);
    airs_status_t status = commit(self, staged, &error);
    if (status == AIRS_OK) {
        forget(self, staged);
    } else {
        put_back(self, staged);
    }
    set_failing(self, status, &error);
}

/* Of both together. */
static size_t count_keys(const airs_lmdb_backend_t *self) {
    size_t count = 0;
    for (const airs_ordered_entry_t *entry = self->active.first[0]; entry != NULL; entry = entry->next[0]) {
        count++;
    }
    for (const airs_ordered_entry_t *entry = self->committing.first[0]; entry != NULL;
         entry = entry->next[0]) {
        count += airs_ordered_map_find(&self->active, entry->key) == NULL;
    }
    return count;
}

void airs_lmdb_pending_give_up(airs_lmdb_backend_t *self) {
    (void)pthread_mutex_lock(&self->write_lock);
    bool lost = self->failing != AIRS_OK;
    airs_error_t why = self->failure;
    (void)pthread_rwlock_rdlock(&self->pending_lock);
    size_t count = count_keys(self);
    (void)pthread_rwlock_unlock(&self->pending_lock);
    (void)pthread_mutex_unlock(&self->write_lock);
    if (lost) {
        airs_log_printf(self->options.log, AIRS_LOG_ERROR, airs_str("storage"),
                        "%zu keys whose writes were answered are lost with this end: %s", count, why.text);
    }
}
