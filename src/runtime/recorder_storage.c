#include "runtime/recorder_state.h"

/* As recorder_router.c, for storage. */

_Static_assert(sizeof(airs_storage_backend_ops_t) == 9 * sizeof(void (*)(void)),
               "a new operation of storage is recorded here, replayed in replayer_storage.c, and in the "
               "journal's table");

static airs_recorded_space_t *space_of(airs_storage_space_t *space) {
    return (airs_recorded_space_t *)(void *)space;
}

static const airs_storage_backend_ops_t *real(const airs_recorded_space_t *space) {
    return space->real->backend->ops;
}

uint32_t airs_journal_hash_keys(const airs_str_t *keys, size_t count) {
    uint32_t hash = 0;
    for (size_t i = 0; i < count; i++) {
        hash = airs_journal_hash_text(hash, keys[i]);
    }
    return hash;
}

uint32_t airs_journal_hash_range(const airs_storage_range_t *range) {
    uint32_t hash = airs_journal_hash_text(0, range->prefix);
    return range->after.size == 0 ? hash : airs_journal_hash_text(hash, range->after);
}

/* The kind of entry tells one removal from one value; where there are several, each is told apart. */
static uint32_t hash_change(uint32_t hash, const airs_storage_write_t *write, size_t index) {
    const airs_storage_change_t *change = &write->changes[index];
    hash = airs_journal_hash_text(hash, change->key);
    if (write->count > 1) {
        hash = airs_journal_hash_number(hash, change->removes);
    }
    bool has_value = !change->removes && write->kind != AIRS_STORAGE_REMOVE;
    return has_value && write->kind != AIRS_STORAGE_INCREMENT ? airs_journal_hash(hash, change->value) : hash;
}

uint32_t airs_journal_hash_write(const airs_storage_write_t *write) {
    uint32_t hash = 0;
    for (size_t i = 0; i < write->count; i++) {
        hash = hash_change(hash, write, i);
    }
    if (write->kind == AIRS_STORAGE_SWAP && write->expects_value) {
        hash = airs_journal_hash(hash, write->expected);
    } else if (write->kind == AIRS_STORAGE_INCREMENT) {
        hash = airs_journal_hash_number(airs_journal_hash_number(hash, write->is_signed), write->delta);
    }
    return hash;
}

static airs_status_t open_space(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                const airs_storage_waker_t *waker, airs_storage_space_t **out,
                                airs_error_t *error) {
    airs_recorder_t *self = AIRS_RECORDER_OF(backend, storage);
    airs_recorded_space_t *space = &self->space;
    airs_status_t status =
        self->real.storage->ops->open(self->real.storage, name, quota_bytes, waker, &space->real, error);
    if (status == AIRS_OK) {
        space->base.backend = backend;
        space->recorder = self;
        *out = &space->base;
    }
    return airs_recorder_noted(self, AIRS_ENTRY_STORAGE_OPEN, 0, status, error);
}

static void close_space(airs_storage_space_t *base) {
    airs_recorded_space_t *space = space_of(base);
    real(space)->close(space->real);
}

/* ---- reads ---- */

typedef struct taken {
    airs_recorder_t *recorder;
    uint32_t arguments;
    bool is_many;
    bool is_noted;
    void (*take)(void *context, size_t index, airs_bytes_t value);
    void *context;
} taken_t;

static void note_value(void *context, size_t index, airs_bytes_t value) {
    taken_t *taken = context;
    const airs_field_t one[] = {airs_field_number(taken->arguments), airs_field_number(AIRS_OK),
                                airs_field_text(airs_str(NULL)), airs_field_bytes(value)};
    const airs_field_t of_many[] = {airs_field_number(index), airs_field_bytes(value)};
    if (taken->is_many) {
        airs_recorder_note(taken->recorder, AIRS_ENTRY_VALUE, of_many, 2);
    } else {
        airs_recorder_note(taken->recorder, AIRS_ENTRY_STORAGE_GET, one, 4);
    }
    taken->is_noted = true;
    taken->take(taken->context, index, value);
}

/* What is not there is noted as not found. */
static airs_status_t get_one(airs_recorded_space_t *space, const airs_str_t *key, taken_t *taken,
                             airs_error_t *error) {
    airs_status_t status = real(space)->get(space->real, key, 1, note_value, taken, error);
    if (!taken->is_noted) {
        airs_status_t answer = status == AIRS_OK ? AIRS_NOT_FOUND : status;
        (void)airs_recorder_noted(space->recorder, AIRS_ENTRY_STORAGE_GET, taken->arguments, answer,
                                  status == AIRS_OK ? NULL : error);
    }
    return status;
}

static airs_status_t get(airs_storage_space_t *base, const airs_str_t *keys, size_t count,
                         void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                         airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    taken_t taken = {space->recorder, airs_journal_hash_keys(keys, count), count != 1, false, take, context};
    if (count == 1) {
        return get_one(space, keys, &taken, error);
    }
    airs_field_t arguments = airs_field_number(taken.arguments);
    airs_recorder_note(space->recorder, AIRS_ENTRY_STORAGE_GET_MANY, &arguments, 1);
    airs_status_t status = real(space)->get(space->real, keys, count, note_value, &taken, error);
    const airs_field_t fields[] = {airs_field_number(status), airs_recorder_text(status, error)};
    airs_recorder_note(space->recorder, AIRS_ENTRY_LIST_END, fields, 2);
    return status;
}

static airs_status_t exists(airs_storage_space_t *base, airs_str_t key, bool *out, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    bool there = false;
    airs_status_t status = real(space)->exists(space->real, key, &there, error);
    const airs_field_t fields[] = {airs_field_number(airs_journal_hash_text(0, key)),
                                   airs_field_number(status), airs_recorder_text(status, error),
                                   airs_field_number(there)};
    airs_recorder_note(space->recorder, AIRS_ENTRY_STORAGE_EXISTS, fields, 4);
    *out = there;
    return status;
}

typedef struct keys {
    airs_recorder_t *recorder;
    bool (*each)(void *context, airs_str_t key);
    void *context;
} keys_t;

static bool note_key(void *context, airs_str_t key) {
    keys_t *keys = context;
    airs_field_t field = airs_field_text(key);
    airs_recorder_note(keys->recorder, AIRS_ENTRY_KEY, &field, 1);
    return keys->each(keys->context, key);
}

static airs_status_t list(airs_storage_space_t *base, const airs_storage_range_t *range,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    keys_t keys = {space->recorder, each, context};
    airs_field_t arguments = airs_field_number(airs_journal_hash_range(range));
    airs_recorder_note(space->recorder, AIRS_ENTRY_STORAGE_LIST, &arguments, 1);
    airs_status_t status = real(space)->list(space->real, range, note_key, &keys, error);
    const airs_field_t fields[] = {airs_field_number(status), airs_recorder_text(status, error)};
    airs_recorder_note(space->recorder, AIRS_ENTRY_LIST_END, fields, 2);
    return status;
}

static airs_status_t usage(airs_storage_space_t *base, airs_storage_usage_t *out, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    airs_storage_usage_t used = {0};
    airs_status_t status = real(space)->usage(space->real, &used, error);
    const airs_field_t fields[] = {airs_field_number(0),
                                   airs_field_number(status),
                                   airs_recorder_text(status, error),
                                   airs_field_number(used.used_bytes),
                                   airs_field_number(used.quota_bytes),
                                   airs_field_number(used.key_count)};
    airs_recorder_note(space->recorder, AIRS_ENTRY_STORAGE_USAGE, fields, sizeof fields / sizeof *fields);
    *out = used;
    return status;
}

/* ---- writes ---- */

airs_entry_kind_t airs_journal_write_kind(const airs_storage_write_t *write) {
    switch (write->kind) {
    case AIRS_STORAGE_REMOVE:
        return AIRS_ENTRY_STORAGE_REMOVE;
    case AIRS_STORAGE_SWAP:
        return AIRS_ENTRY_STORAGE_SWAP;
    case AIRS_STORAGE_INCREMENT:
        return AIRS_ENTRY_STORAGE_INCREMENT;
    case AIRS_STORAGE_CHANGE:
        break;
    }
    return write->count == 1 && !write->changes[0].removes ? AIRS_ENTRY_STORAGE_SET
                                                           : AIRS_ENTRY_STORAGE_CHANGE;
}

static airs_status_t note_write(airs_recorded_space_t *space, airs_status_t status,
                                const airs_storage_result_t *result, const airs_error_t *error) {
    const airs_field_t fields[] = {airs_field_number(space->arguments), airs_field_number(status),
                                   airs_recorder_text(status, error), airs_field_number(result->number)};
    bool has_number = space->kind == AIRS_ENTRY_STORAGE_INCREMENT;
    airs_recorder_note(space->recorder, space->kind, fields, has_number ? 4 : 3);
    return status;
}

/* A write that is pending is noted when it has ended, for nothing comes in between: the guest is parked. So a
 * replay has none that is. */
static airs_status_t write_keys(airs_storage_space_t *base, const airs_storage_write_t *write,
                                airs_storage_result_t *result, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    *result = (airs_storage_result_t){0};
    space->kind = airs_journal_write_kind(write);
    space->arguments = airs_journal_hash_write(write);
    airs_status_t status = real(space)->write(space->real, write, result, error);
    return status == AIRS_PENDING ? status : note_write(space, status, result, error);
}

static airs_status_t waited(airs_storage_space_t *base, airs_storage_result_t *result, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    *result = (airs_storage_result_t){0};
    airs_status_t status = real(space)->waited(space->real, result, error);
    return status == AIRS_PENDING ? status : note_write(space, status, result, error);
}

/* An instance does not own its storage. */
static void destroy(airs_storage_backend_t *backend) { (void)backend; }

const airs_storage_backend_ops_t airs_recorder_storage_ops = {
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
