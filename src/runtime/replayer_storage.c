#include "core/memory.h"
#include "runtime/recorder_state.h"
#include "runtime/replayer_state.h"

/* As replayer_router.c, for storage. */

static airs_replayer_t *replayer_of(airs_storage_space_t *space) { return AIRS_REPLAYER_OF(space, space); }

static void detail_key(airs_replayer_t *self, airs_str_t key) {
    airs_replayer_begin_step(self);
    airs_text_append_char(&self->detail, '"');
    airs_text_append(&self->detail, key);
    airs_text_append_char(&self->detail, '"');
}

static airs_status_t finish(airs_replayer_t *self, airs_entry_t *entry, airs_status_t status,
                            const airs_error_t *error, airs_replay_step_t *step) {
    airs_replayer_tell_status(self, status, error);
    return airs_replayer_show(self, entry, step) ? status : AIRS_STOPPED;
}

static airs_status_t plain(airs_replayer_t *self, airs_entry_kind_t kind, uint32_t arguments,
                           airs_error_t *error, const airs_bytes_t *payload) {
    airs_entry_t entry;
    if (!airs_replayer_expect_with(self, kind, arguments, &entry)) {
        return airs_replayer_over(error);
    }
    airs_replay_step_t step = {.has_payload = payload != NULL};
    if (payload != NULL) {
        step.payload = *payload;
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    return finish(self, &entry, status, error, &step);
}

static airs_status_t open_space(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                const airs_storage_waker_t *waker, airs_storage_space_t **out,
                                airs_error_t *error) {
    (void)name, (void)quota_bytes, (void)waker; /* nothing waits */
    airs_replayer_t *self = AIRS_REPLAYER_OF(backend, storage);
    airs_replayer_begin_step(self);
    airs_status_t status = plain(self, AIRS_ENTRY_STORAGE_OPEN, 0, error, NULL);
    self->space.backend = backend;
    *out = status == AIRS_OK ? &self->space : NULL;
    return status;
}

static void close_space(airs_storage_space_t *space) { (void)space; }

static airs_status_t get_one(airs_replayer_t *self, airs_str_t key,
                             void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                             airs_error_t *error) {
    airs_entry_t entry;
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_STORAGE_GET, airs_journal_hash_text(0, key), &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    airs_replay_step_t step = {.has_answer = status == AIRS_OK};
    if (status == AIRS_OK) {
        step.answer = airs_entry_bytes(&entry);
    }
    status = finish(self, &entry, status, error, &step);
    if (status == AIRS_OK) {
        take(context, 0, step.answer);
    }
    return status == AIRS_NOT_FOUND ? AIRS_OK : status;
}

/* The values that follow; false: the journal has others than the guest asked for. */
static bool take_values(airs_replayer_t *self, airs_entry_t *entry, size_t count,
                        void (*take)(void *context, size_t index, airs_bytes_t value), void *context) {
    while (airs_replayer_follow(self, entry) && entry->kind == AIRS_ENTRY_VALUE) {
        uint64_t index = airs_entry_number(entry);
        airs_bytes_t value = airs_entry_bytes(entry);
        if (entry->broken || index >= count) {
            return false;
        }
        take(context, (size_t)index, value);
    }
    return true;
}

static airs_status_t get_many(airs_replayer_t *self, const airs_str_t *keys, size_t count,
                              void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                              airs_error_t *error) {
    airs_entry_t entry;
    airs_replay_step_t step = {0};
    airs_replayer_begin_step(self);
    airs_text_append_format(&self->detail, "%zu keys", count);
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_STORAGE_GET_MANY, airs_journal_hash_keys(keys, count),
                                   &entry) ||
        !airs_replayer_show(self, &entry, &step)) {
        return airs_replayer_over(error);
    }
    if (!take_values(self, &entry, count, take, context)) {
        airs_replayer_stray(self, "the values cannot be read, or are of more keys than the guest asked for");
    }
    return self->state == AIRS_REPLAYING ? airs_replayer_answer(&entry, error) : airs_replayer_over(error);
}

static airs_status_t get(airs_storage_space_t *space, const airs_str_t *keys, size_t count,
                         void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                         airs_error_t *error) {
    airs_replayer_t *self = replayer_of(space);
    if (count != 1) {
        return get_many(self, keys, count, take, context, error);
    }
    detail_key(self, keys[0]);
    return get_one(self, keys[0], take, context, error);
}

static void detail_write(airs_replayer_t *self, const airs_storage_write_t *write) {
    if (write->count == 1) {
        detail_key(self, write->changes[0].key);
    } else {
        airs_replayer_begin_step(self);
        airs_text_append_format(&self->detail, "%zu keys", write->count);
    }
}

static airs_status_t increment(airs_replayer_t *self, const airs_storage_write_t *write,
                               airs_storage_result_t *result, airs_error_t *error) {
    airs_entry_t entry;
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_STORAGE_INCREMENT, airs_journal_hash_write(write),
                                   &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    result->number = airs_entry_number(&entry);
    airs_text_append_format(&self->outcome, "%llu, ", (unsigned long long)result->number);
    airs_replay_step_t step = {0};
    return finish(self, &entry, status, error, &step);
}

static airs_status_t write_keys(airs_storage_space_t *space, const airs_storage_write_t *write,
                                airs_storage_result_t *result, airs_error_t *error) {
    airs_replayer_t *self = replayer_of(space);
    *result = (airs_storage_result_t){0};
    detail_write(self, write);
    airs_entry_kind_t kind = airs_journal_write_kind(write);
    if (kind == AIRS_ENTRY_STORAGE_INCREMENT) {
        return increment(self, write, result, error);
    }
    bool has_value = write->count == 1 && !write->changes[0].removes;
    return plain(self, kind, airs_journal_hash_write(write), error,
                 has_value && kind != AIRS_ENTRY_STORAGE_REMOVE ? &write->changes[0].value : NULL);
}

static airs_status_t waited(airs_storage_space_t *space, airs_storage_result_t *result, airs_error_t *error) {
    (void)space, (void)result;
    return airs_error_set(error, AIRS_INVALID_STATE, "no write is pending in a replay");
}

static airs_status_t exists(airs_storage_space_t *space, airs_str_t key, bool *out, airs_error_t *error) {
    airs_replayer_t *self = replayer_of(space);
    airs_entry_t entry;
    detail_key(self, key);
    *out = false;
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_STORAGE_EXISTS, airs_journal_hash_text(0, key), &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    *out = airs_entry_number(&entry) != 0;
    airs_text_append(&self->outcome, airs_str(*out ? "yes, " : "no, "));
    airs_replay_step_t step = {0};
    return finish(self, &entry, status, error, &step);
}

static airs_status_t list(airs_storage_space_t *space, const airs_storage_range_t *range,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error) {
    airs_replayer_t *self = replayer_of(space);
    airs_entry_t entry;
    detail_key(self, range->prefix);
    airs_replay_step_t step = {0};
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_STORAGE_LIST, airs_journal_hash_range(range), &entry) ||
        !airs_replayer_show(self, &entry, &step)) {
        return airs_replayer_over(error);
    }
    bool goes_on = true;
    while (airs_replayer_follow(self, &entry) && entry.kind == AIRS_ENTRY_KEY) {
        airs_str_t key = airs_entry_string(&entry);
        if (!goes_on || entry.broken) {
            airs_replayer_stray(self, "the list of keys cannot be read, or has more than the guest took");
            break;
        }
        goes_on = each(context, key);
    }
    return self->state == AIRS_REPLAYING ? airs_replayer_answer(&entry, error) : airs_replayer_over(error);
}

static airs_status_t usage(airs_storage_space_t *space, airs_storage_usage_t *out, airs_error_t *error) {
    airs_replayer_t *self = replayer_of(space);
    airs_entry_t entry;
    airs_replayer_begin_step(self);
    *out = (airs_storage_usage_t){0};
    if (!airs_replayer_expect_with(self, AIRS_ENTRY_STORAGE_USAGE, 0, &entry)) {
        return airs_replayer_over(error);
    }
    airs_status_t status = airs_replayer_answer(&entry, error);
    out->used_bytes = airs_entry_number(&entry);
    out->quota_bytes = airs_entry_number(&entry);
    out->key_count = airs_entry_number(&entry);
    airs_text_append_format(&self->outcome, "%llu bytes in %llu keys, ", (unsigned long long)out->used_bytes,
                            (unsigned long long)out->key_count);
    airs_replay_step_t step = {0};
    return finish(self, &entry, status, error, &step);
}

/* It is the replayer's. */
static void destroy(airs_storage_backend_t *backend) { (void)backend; }

const airs_storage_backend_ops_t airs_replayer_storage_ops = {
    .open = open_space,
    .close = close_space,
    .get = get,
    .exists = exists,
    .list = list,
    .usage = usage,
    .write = write_keys,
    .waited = waited,
    .destroy = destroy,
};
