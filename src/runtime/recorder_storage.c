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

static airs_status_t noted(airs_recorder_t *self, airs_entry_kind_t kind, uint32_t arguments,
                           airs_status_t status, const airs_error_t *error) {
    const airs_field_t fields[] = {airs_field_number(arguments), airs_field_number(status),
                                   airs_recorder_text(status, error)};
    airs_recorder_note(self, kind, fields, 3);
    return status;
}

static airs_status_t open_space(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                                airs_storage_space_t **out, airs_error_t *error) {
    airs_recorder_t *self = AIRS_RECORDER_OF(backend, storage);
    airs_recorded_space_t *space = &self->space;
    airs_status_t status =
        self->real.storage->ops->open(self->real.storage, name, quota_bytes, &space->real, error);
    if (status == AIRS_OK) {
        space->base.backend = backend;
        space->recorder = self;
        *out = &space->base;
    }
    return noted(self, AIRS_ENTRY_STORAGE_OPEN, 0, status, error);
}

static void close_space(airs_storage_space_t *base) {
    airs_recorded_space_t *space = space_of(base);
    real(space)->close(space->real);
}

typedef struct taken {
    airs_recorder_t *recorder;
    uint32_t arguments;
    bool is_noted;
    void (*take)(void *context, airs_bytes_t value);
    void *context;
} taken_t;

static void note_value(void *context, airs_bytes_t value) {
    taken_t *taken = context;
    const airs_field_t fields[] = {airs_field_number(taken->arguments), airs_field_number(AIRS_OK),
                                   airs_field_text(airs_str(NULL)), airs_field_bytes(value)};
    airs_recorder_note(taken->recorder, AIRS_ENTRY_STORAGE_GET, fields, 4);
    taken->is_noted = true;
    taken->take(taken->context, value);
}

static airs_status_t get(airs_storage_space_t *base, airs_str_t key,
                         void (*take)(void *context, airs_bytes_t value), void *context,
                         airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    taken_t taken = {space->recorder, airs_journal_hash_text(0, key), false, take, context};
    airs_status_t status = real(space)->get(space->real, key, note_value, &taken, error);
    return taken.is_noted ? status
                          : noted(space->recorder, AIRS_ENTRY_STORAGE_GET, taken.arguments, status, error);
}

static airs_status_t set(airs_storage_space_t *base, airs_str_t key, airs_bytes_t value,
                         airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    airs_status_t status = real(space)->set(space->real, key, value, error);
    uint32_t arguments = airs_journal_hash(airs_journal_hash_text(0, key), value);
    return noted(space->recorder, AIRS_ENTRY_STORAGE_SET, arguments, status, error);
}

static airs_status_t remove_key(airs_storage_space_t *base, airs_str_t key, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    airs_status_t status = real(space)->remove(space->real, key, error);
    return noted(space->recorder, AIRS_ENTRY_STORAGE_REMOVE, airs_journal_hash_text(0, key), status, error);
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

static airs_status_t list(airs_storage_space_t *base, airs_str_t prefix,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error) {
    airs_recorded_space_t *space = space_of(base);
    keys_t keys = {space->recorder, each, context};
    airs_field_t arguments = airs_field_number(airs_journal_hash_text(0, prefix));
    airs_recorder_note(space->recorder, AIRS_ENTRY_STORAGE_LIST, &arguments, 1);
    airs_status_t status = real(space)->list(space->real, prefix, note_key, &keys, error);
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

/* An instance does not own its storage. */
static void destroy(airs_storage_backend_t *backend) { (void)backend; }

const airs_storage_backend_ops_t airs_recorder_storage_ops = {
    .open = open_space,
    .close = close_space,
    .get = get,
    .set = set,
    .remove = remove_key,
    .exists = exists,
    .list = list,
    .usage = usage,
    .destroy = destroy,
};
