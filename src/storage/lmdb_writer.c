#include <errno.h>
#include <time.h>

#include "core/log.h"
#include "core/memory.h"
#include "storage/lmdb_state.h"

/* Bytes of one group: more dirty pages than LMDB takes in a transaction would be too many. */
#define GROUP_BYTES_MAX ((size_t)64 << 20)

/* ---- what both ways of writing do ---- */

int airs_lmdb_apply(airs_lmdb_backend_t *self, MDB_txn *txn, const airs_shelf_t *shelf,
                    const airs_write_plan_t *plan) {
    char buffer[AIRS_LMDB_KEY_SIZE];
    int code = 0;
    for (size_t i = 0; i < plan->count && code == 0; i++) {
        const airs_planned_change_t *change = &plan->changes[i];
        MDB_val key = airs_lmdb_key(shelf->number, change->key, buffer);
        MDB_val value = {change->value.size, (void *)(uintptr_t)change->value.data};
        code = change->removes ? mdb_del(txn, airs_lmdb_values(self->env), &key, NULL)
                               : mdb_put(txn, airs_lmdb_values(self->env), &key, &value, 0);
    }
    return code;
}

static uint32_t next_number(airs_lmdb_backend_t *self) {
    (void)pthread_mutex_lock(&self->lock);
    uint32_t number = self->next_number;
    (void)pthread_mutex_unlock(&self->lock);
    return number;
}

int airs_lmdb_put_records(airs_lmdb_backend_t *self, MDB_txn *txn, const airs_shelf_t *staged) {
    bool is_new = false;
    int code = 0;
    for (const airs_shelf_t *shelf = staged; shelf != NULL && code == 0; shelf = shelf->next_staged) {
        airs_lmdb_space_t record = {shelf->number, shelf->staged.used_bytes, shelf->staged.key_count};
        is_new = is_new || !shelf->stored;
        code = airs_lmdb_put_space(self->env, txn, airs_shelf_name(shelf), &record);
    }
    return code == 0 && is_new ? airs_lmdb_put_next(self->env, txn, next_number(self)) : code;
}

/* ---- a group of orders, in one transaction ---- */

typedef struct group {
    airs_lmdb_backend_t *self;
    MDB_txn *txn;
    airs_shelf_t *staged;
    airs_shelf_t *shelf; /* of the order in hand */
} group_t;

static airs_status_t find_in_group(void *context, airs_str_t key, bool *found, airs_bytes_t *value,
                                   airs_error_t *error) {
    const group_t *group = context;
    return airs_lmdb_find(group->self->env, group->txn, group->shelf->number, key, found, value, error);
}

/* The usage that the group has come to; nobody but the writer changes what it begins with. */
static airs_storage_usage_t usage_for(group_t *group, const airs_write_order_t *order) {
    airs_storage_usage_t usage = group->shelf->touched ? group->shelf->staged : group->shelf->usage;
    usage.quota_bytes = order->quota_bytes;
    return usage;
}

static void touch(group_t *group, const airs_storage_usage_t *usage) {
    airs_shelf_t *shelf = group->shelf;
    shelf->staged = *usage;
    if (!shelf->touched) {
        shelf->touched = true;
        shelf->next_staged = group->staged;
        group->staged = shelf;
    }
}

/* False: the transaction is of no use any more, for the reason in `error`. What is wrong with the order alone is the
 * order's answer. */
static bool add_to_group(group_t *group, airs_write_order_t *order, airs_error_t *error) {
    group->shelf = order->shelf;
    order->status = AIRS_OK;
    airs_write_view_t view = {find_in_group, group, usage_for(group, order)};
    airs_write_plan_t plan;
    airs_status_t status = airs_write_plan_make(&plan, order->allocator, &order->write, &view, error);
    if (status != AIRS_OK) {
        airs_write_order_fail(order, status, error);
        return true;
    }
    int code = airs_lmdb_apply(group->self, group->txn, group->shelf, &plan);
    if (code == 0 && plan.count > 0) {
        touch(group, &plan.usage);
    }
    order->result = plan.result;
    airs_write_plan_free(&plan);
    return airs_lmdb_error(group->self->env, code, "write", error) == AIRS_OK;
}

/* Their usage is what was written, or what it was. */
static void settle(group_t *group, bool written) {
    (void)pthread_mutex_lock(&group->self->lock);
    for (airs_shelf_t *shelf = group->staged; shelf != NULL; shelf = shelf->next_staged) {
        shelf->touched = false;
        shelf->stored = shelf->stored || written;
        if (written) {
            shelf->usage = shelf->staged;
        }
    }
    (void)pthread_mutex_unlock(&group->self->lock);
}

static airs_status_t finish_group(group_t *group, airs_error_t *error) {
    if (group->staged == NULL) {
        mdb_txn_abort(group->txn); /* nothing is to be written */
        return AIRS_OK;
    }
    int code = airs_lmdb_put_records(group->self, group->txn, group->staged);
    if (code != 0) {
        mdb_txn_abort(group->txn);
        return airs_lmdb_error(group->self->env, code, "write", error);
    }
    return airs_lmdb_write_commit(group->self->env, group->txn, error);
}

/* `count` orders: all that could be made are on the disk, or none is, for the reason answered. */
static airs_status_t try_group(airs_lmdb_backend_t *self, airs_write_order_t *first, size_t count,
                               airs_error_t *error) {
    group_t group = {.self = self};
    airs_status_t status = airs_lmdb_write_begin(self->env, &group.txn, error);
    if (status != AIRS_OK) {
        return status;
    }
    bool usable = true;
    for (airs_write_order_t *order = first; count > 0 && usable; order = order->next, count--) {
        usable = add_to_group(&group, order, error);
    }
    if (usable) {
        status = finish_group(&group, error);
    } else {
        mdb_txn_abort(group.txn);
        status = error->status;
    }
    settle(&group, status == AIRS_OK);
    return status;
}

/* What fails for all may work for some: a removal has room where a large value has none. */
static void write_group(airs_lmdb_backend_t *self, airs_write_order_t *first, size_t count) {
    airs_error_t error = {AIRS_OK, ""};
    if (count > 1 && try_group(self, first, count, &error) == AIRS_OK) {
        return;
    }
    for (airs_write_order_t *order = first; order != NULL; order = order->next) {
        airs_status_t status = try_group(self, order, 1, &error);
        if (status != AIRS_OK) {
            airs_write_order_fail(order, status, &error);
        }
    }
}

/* ---- the queue; `lock` is held ---- */

/* As many as go into one transaction, cut off from the rest. */
static airs_write_order_t *take_group(airs_lmdb_backend_t *self, size_t *count) {
    airs_write_order_t *first = self->first;
    airs_write_order_t *last = first;
    size_t bytes = first->size;
    *count = 1;
    while (last->next != NULL && bytes + last->next->size <= GROUP_BYTES_MAX) {
        last = last->next;
        bytes += last->size;
        (*count)++;
    }
    self->first = last->next;
    self->last = self->first != NULL ? self->last : NULL;
    last->next = NULL;
    return first;
}

static void wake(const airs_lmdb_space_handle_t *space) {
    if (space->waker.wake != NULL) {
        space->waker.wake(space->waker.context);
    }
}

static void end_group(airs_lmdb_backend_t *self, airs_write_order_t *first) {
    while (first != NULL) {
        airs_write_order_t *order = first;
        first = order->next;
        self->queued_bytes -= order->size;
        airs_shelf_unref(self, order->shelf);
        order->ended = true;
        if (order->space != NULL) {
            wake(order->space);
        } else {
            airs_write_order_destroy(order);
        }
    }
}

static void write_queue(airs_lmdb_backend_t *self) {
    size_t count = 0;
    airs_write_order_t *group = take_group(self, &count);
    (void)pthread_mutex_unlock(&self->lock);
    write_group(self, group, count);
    (void)pthread_mutex_lock(&self->lock);
    end_group(self, group);
}

/* ---- the thread; `lock` is held ---- */

static void end_waiting(airs_lmdb_backend_t *self) {
    airs_lmdb_space_handle_t *waiting = self->waiting;
    self->waiting = NULL;
    self->attempts++;
    while (waiting != NULL) {
        airs_lmdb_space_handle_t *space = waiting;
        waiting = space->next_waiting;
        wake(space);
    }
}

/* Let more gather until the interval is over, or there is a reason not to. */
static void wait_interval(airs_lmdb_backend_t *self) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + self->options.interval_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(self->options.interval_ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    while (!self->stopping && !self->hurry &&
           pthread_cond_timedwait(&self->work, &self->lock, &until) != ETIMEDOUT) {
    }
}

static void write_pending(airs_lmdb_backend_t *self) {
    wait_interval(self);
    self->hurry = false;
    (void)pthread_mutex_unlock(&self->lock);
    airs_lmdb_pending_commit(self);
    (void)pthread_mutex_lock(&self->lock);
    end_waiting(self);
}

void *airs_lmdb_writer_run(void *argument) {
    airs_lmdb_backend_t *self = argument;
    (void)pthread_mutex_lock(&self->lock);
    for (;;) {
        if (self->first != NULL) {
            write_queue(self);
        } else if (self->has_pending) {
            bool last_try = self->stopping;
            write_pending(self);
            if (last_try) {
                break; /* what cannot be written now cannot be kept */
            }
        } else if (self->stopping) {
            break;
        } else {
            (void)pthread_cond_wait(&self->work, &self->lock);
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (self->options.sync == AIRS_SYNC_INTERVAL) {
        airs_lmdb_pending_give_up(self);
    }
    return NULL;
}

/* ---- those who write ---- */

/* Under `lock`. */
static airs_status_t enqueue(airs_lmdb_backend_t *self, airs_write_order_t *order, airs_error_t *error) {
    if (self->queued_bytes > 0 && order->size > AIRS_STORAGE_QUEUE_MAX - self->queued_bytes) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY,
                              "%zu bytes wait to be written already; the disk does not keep up",
                              self->queued_bytes);
    }
    self->queued_bytes += order->size;
    *(self->last != NULL ? &self->last->next : &self->first) = order;
    self->last = order;
    (void)pthread_cond_signal(&self->work);
    return AIRS_OK;
}

airs_status_t airs_lmdb_writer_write(airs_lmdb_space_handle_t *space, const airs_storage_write_t *write,
                                     airs_storage_result_t *result, airs_error_t *error) {
    (void)result; /* told by `waited` */
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    airs_write_order_t *order = airs_write_order_create(self->options.allocator, write);
    if (order == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to write %zu keys", write->count);
    }
    order->quota_bytes = space->quota_bytes;
    order->shelf = space->shelf;
    order->space = space;
    (void)pthread_mutex_lock(&self->lock);
    airs_status_t status = enqueue(self, order, error);
    if (status == AIRS_OK) {
        space->shelf->references++;
        space->order = order;
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (status != AIRS_OK) {
        airs_write_order_destroy(order);
        return status;
    }
    return AIRS_PENDING;
}

static airs_status_t order_ended(airs_lmdb_space_handle_t *space, airs_storage_result_t *result,
                                 airs_error_t *error) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    (void)pthread_mutex_lock(&self->lock);
    bool ended = space->order->ended;
    (void)pthread_mutex_unlock(&self->lock);
    if (!ended) {
        return AIRS_PENDING;
    }
    airs_status_t status = airs_write_order_answer(space->order, result, error);
    airs_write_order_destroy(space->order);
    space->order = NULL;
    return status;
}

static airs_status_t attempt_ended(airs_lmdb_space_handle_t *space, airs_storage_result_t *result) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    (void)pthread_mutex_lock(&self->lock);
    bool ended = self->attempts >= space->awaited;
    (void)pthread_mutex_unlock(&self->lock);
    if (!ended) {
        return AIRS_PENDING;
    }
    *result = space->result;
    space->awaited = 0;
    return AIRS_OK;
}

airs_status_t airs_lmdb_writer_waited(airs_lmdb_space_handle_t *space, airs_storage_result_t *result,
                                      airs_error_t *error) {
    if (space->order != NULL) {
        return order_ended(space, result, error);
    }
    return space->awaited != 0 ? attempt_ended(space, result)
                               : airs_error_set(error, AIRS_INVALID_STATE, "no write is pending");
}

void airs_lmdb_writer_leave(airs_lmdb_space_handle_t *space) {
    airs_lmdb_backend_t *self = airs_lmdb_backend_of(&space->space);
    airs_write_order_t *order = space->order;
    (void)pthread_mutex_lock(&self->lock);
    if (order != NULL && !order->ended) {
        order->space = NULL; /* the writer's now */
        order = NULL;
    }
    for (airs_lmdb_space_handle_t **at = &self->waiting; *at != NULL; at = &(*at)->next_waiting) {
        if (*at == space) {
            *at = space->next_waiting;
            break;
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    airs_write_order_destroy(order);
}
