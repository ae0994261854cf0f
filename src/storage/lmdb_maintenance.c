#include "storage/lmdb_maintenance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/lmdb_state.h"

static airs_status_t system_error(const char *doing, const char *path, airs_error_t *error) {
    return airs_error_set(error, AIRS_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

airs_status_t airs_lmdb_exists(const char *folder, airs_error_t *error) {
    char path[PATH_MAX];
    struct stat about;
    int size = snprintf(path, sizeof path, "%s/data.mdb", folder);
    if (size < 0 || (size_t)size >= sizeof path) {
        return airs_error_set(error, AIRS_IO, "the path of the storage is too long: %s", folder);
    }
    bool there = stat(path, &about) == 0;
    if (there && about.st_size > 0) {
        return AIRS_OK;
    }
    /* Who made it and was ended at once has left an empty one. */
    return there || errno == ENOENT || errno == ENOTDIR
               ? airs_error_set(error, AIRS_NOT_FOUND, "there is no storage in %s", folder)
               : system_error("look at", path, error);
}

/* ---- spaces ---- */

typedef struct spaces {
    bool (*each)(void *context, airs_str_t name, const airs_storage_usage_t *usage);
    void *context;
} spaces_t;

static bool tell_space(void *context, airs_str_t name, const airs_lmdb_space_t *space) {
    const spaces_t *spaces = context;
    airs_storage_usage_t usage = {space->used_bytes, UINT64_MAX, space->key_count};
    return spaces->each(spaces->context, name, &usage);
}

airs_status_t airs_lmdb_backend_spaces(airs_storage_backend_t *backend,
                                       bool (*each)(void *context, airs_str_t name,
                                                    const airs_storage_usage_t *usage),
                                       void *context, airs_error_t *error) {
    airs_lmdb_env_t *env = ((airs_lmdb_backend_t *)(void *)backend)->env;
    MDB_txn *view = NULL;
    spaces_t spaces = {each, context};
    airs_status_t status = airs_lmdb_read_begin(env, &view, error);
    if (status == AIRS_OK) {
        status = airs_lmdb_each_space(env, view, tell_space, &spaces, error);
        airs_lmdb_read_end(env, view);
    }
    return status;
}

/* ---- values ---- */

typedef struct walk {
    airs_lmdb_env_t *env;
    MDB_cursor *cursor; /* over all values */
    airs_str_t only;
    bool found;
    bool (*each)(void *context, airs_str_t space, airs_str_t key, airs_bytes_t value);
    void *context;
    airs_error_t *error;
    airs_status_t status;
} walk_t;

static bool has_prefix(MDB_val key, const char *prefix) {
    return key.mv_size >= AIRS_LMDB_PREFIX_SIZE && memcmp(key.mv_data, prefix, AIRS_LMDB_PREFIX_SIZE) == 0;
}

/* What comes behind the prefix. */
static airs_str_t own_key(MDB_val key) {
    return airs_str_n((const char *)key.mv_data + AIRS_LMDB_PREFIX_SIZE, key.mv_size - AIRS_LMDB_PREFIX_SIZE);
}

static bool walk_space(void *context, airs_str_t name, const airs_lmdb_space_t *space) {
    walk_t *walk = context;
    if (walk->only.size > 0 && !airs_str_equal(walk->only, name)) {
        return true;
    }
    char prefix[AIRS_LMDB_PREFIX_SIZE];
    airs_lmdb_prefix(space->number, prefix);
    MDB_val key = {sizeof prefix, prefix};
    MDB_val value;
    bool goes_on = true;
    int code = mdb_cursor_get(walk->cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && goes_on && has_prefix(key, prefix)) {
        goes_on = walk->each(walk->context, name, own_key(key), airs_bytes(value.mv_data, value.mv_size));
        code = mdb_cursor_get(walk->cursor, &key, &value, MDB_NEXT);
    }
    walk->found = true;
    walk->status = airs_lmdb_error(walk->env, code == MDB_NOTFOUND ? 0 : code, "read", walk->error);
    return walk->status == AIRS_OK && goes_on;
}

airs_status_t airs_lmdb_each_value(airs_lmdb_env_t *env, airs_str_t only,
                                   bool (*each)(void *context, airs_str_t space, airs_str_t key,
                                                airs_bytes_t value),
                                   void *context, airs_error_t *error) {
    walk_t walk = {.env = env, .only = only, .each = each, .context = context, .error = error};
    MDB_txn *view = NULL;
    airs_status_t status = airs_lmdb_read_begin(env, &view, error);
    if (status != AIRS_OK) {
        return status;
    }
    int code = mdb_cursor_open(view, airs_lmdb_values(env), &walk.cursor);
    status = airs_lmdb_error(env, code, "read", error);
    if (status == AIRS_OK) {
        status = airs_lmdb_each_space(env, view, walk_space, &walk, error);
        status = status == AIRS_OK ? walk.status : status;
        mdb_cursor_close(walk.cursor);
    }
    airs_lmdb_read_end(env, view);
    return status == AIRS_OK && only.size > 0 && !walk.found
               ? airs_error_set(error, AIRS_NOT_FOUND, "there is no space \"%.*s\"", AIRS_STR_ARG(only))
               : status;
}

/* ---- check ---- */

typedef struct check {
    airs_lmdb_env_t *env;
    MDB_txn *view;
    MDB_cursor *cursor; /* over all values */
    const airs_lmdb_watcher_t *watcher;
    airs_lmdb_findings_t *found;
    uint32_t next;                 /* the number of the next new space */
    char last[AIRS_LMDB_KEY_SIZE]; /* the key before, with its space's number */
    size_t last_size;
    airs_error_t *error;
    airs_status_t status;
} check_t;

static void complain(check_t *check, const char *format, ...) AIRS_PRINTF(2, 3);

static void complain(check_t *check, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check->found->problems++;
    check->watcher->problem(check->watcher->context, text);
}

/* Each byte is read, so that a page that cannot be is found. */
static void read_value(MDB_val value) {
    volatile uint8_t sum = 0;
    const uint8_t *bytes = value.mv_data;
    for (size_t i = 0; i < value.mv_size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
}

/* Keys that stand in another order are not found, or found twice. */
static void check_order(check_t *check, airs_str_t name, MDB_val key) {
    size_t common = key.mv_size < check->last_size ? key.mv_size : check->last_size;
    int order = memcmp(check->last, key.mv_data, common);
    if (order > 0 || (order == 0 && key.mv_size <= check->last_size)) {
        complain(check, "%.*s: its keys are not in order", AIRS_STR_ARG(name));
    }
    check->last_size = key.mv_size < sizeof check->last ? key.mv_size : sizeof check->last;
    memcpy(check->last, key.mv_data, check->last_size);
}

static void note_key(check_t *check, airs_str_t name, MDB_val key, MDB_val value) {
    airs_error_t error;
    airs_str_t own =
        airs_str_n((const char *)key.mv_data + AIRS_LMDB_PREFIX_SIZE, key.mv_size - AIRS_LMDB_PREFIX_SIZE);
    if (airs_storage_check_key(own, &error) != AIRS_OK) {
        complain(check, "%.*s: %s", AIRS_STR_ARG(name), error.text);
    }
    if (value.mv_size > AIRS_STORAGE_VALUE_MAX) {
        complain(check, "%.*s: a value has %zu bytes, more than one may have", AIRS_STR_ARG(name),
                 value.mv_size);
    }
    check_order(check, name, key);
    read_value(value);
    check->found->keys++;
    check->found->bytes += own.size + value.mv_size;
    if (check->watcher->progress != NULL) {
        check->watcher->progress(check->watcher->context, check->found->keys);
    }
}

static bool check_space(void *context, airs_str_t name, const airs_lmdb_space_t *space) {
    check_t *check = context;
    airs_lmdb_findings_t before = *check->found;
    char prefix[AIRS_LMDB_PREFIX_SIZE];
    airs_lmdb_prefix(space->number, prefix);
    MDB_val key = {sizeof prefix, prefix};
    MDB_val value;
    check->last_size = 0;
    int code = mdb_cursor_get(check->cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && has_prefix(key, prefix)) {
        note_key(check, name, key, value);
        code = mdb_cursor_get(check->cursor, &key, &value, MDB_NEXT);
    }
    check->status = airs_lmdb_error(check->env, code == MDB_NOTFOUND ? 0 : code, "read", check->error);
    uint64_t keys = check->found->keys - before.keys;
    uint64_t bytes = check->found->bytes - before.bytes;
    if (check->status == AIRS_OK && (keys != space->key_count || bytes != space->used_bytes)) {
        complain(check,
                 "%.*s: there are %" PRIu64 " keys with %" PRIu64 " bytes; recorded are %" PRIu64
                 " with %" PRIu64,
                 AIRS_STR_ARG(name), keys, bytes, space->key_count, space->used_bytes);
    }
    if (space->number == 0 || space->number >= check->next) {
        complain(check, "%.*s: its number is %" PRIu32 ", which was never given", AIRS_STR_ARG(name),
                 space->number);
    }
    check->found->spaces++;
    return check->status == AIRS_OK;
}

/* What belongs to no space was not counted. */
static airs_status_t check_rest(check_t *check) {
    MDB_stat about;
    int code = mdb_stat(check->view, airs_lmdb_values(check->env), &about);
    if (code == 0 && about.ms_entries != check->found->keys) {
        complain(check, "there are %zu values in all, of which %" PRIu64 " belong to a space",
                 about.ms_entries, check->found->keys);
    }
    return airs_lmdb_error(check->env, code, "read", check->error);
}

airs_status_t airs_lmdb_check(airs_lmdb_env_t *env, const airs_lmdb_watcher_t *watcher,
                              airs_lmdb_findings_t *out, airs_error_t *error) {
    check_t check = {.env = env, .watcher = watcher, .found = out, .error = error};
    *out = (airs_lmdb_findings_t){0};
    airs_status_t status = airs_lmdb_read_begin(env, &check.view, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_lmdb_get_next(env, check.view, &check.next, error);
    if (status == AIRS_OK) {
        int code = mdb_cursor_open(check.view, airs_lmdb_values(env), &check.cursor);
        status = airs_lmdb_error(env, code, "read", error);
    }
    if (status == AIRS_OK) {
        status = airs_lmdb_each_space(env, check.view, check_space, &check, error);
        status = status == AIRS_OK ? check.status : status;
        mdb_cursor_close(check.cursor);
    }
    status = status == AIRS_OK ? check_rest(&check) : status;
    airs_lmdb_read_end(env, check.view);
    return status;
}

/* ---- compact ---- */

static uint64_t size_of(int folder, const char *name) {
    struct stat about;
    return fstatat(folder, name, &about, 0) == 0 ? (uint64_t)about.st_size : 0;
}

/* The new file is on the disk before it takes the old one's place. */
static airs_status_t write_copy(airs_lmdb_env_t *env, int file, airs_error_t *error) {
    int code = mdb_env_copyfd2(airs_lmdb_handle(env), file, MDB_CP_COMPACT);
    if (code != 0) {
        return airs_lmdb_error(env, code, "write a copy", error);
    }
    return fsync(file) == 0 ? AIRS_OK : system_error("write a copy in", airs_lmdb_folder(env), error);
}

static airs_status_t replace(airs_lmdb_env_t *env, int folder, uint64_t *before, uint64_t *after,
                             airs_error_t *error) {
    static const char copy[] = AIRS_LMDB_COPY_NAME;
    int file = openat(folder, copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return system_error("make a copy in", airs_lmdb_folder(env), error);
    }
    airs_status_t status = write_copy(env, file, error);
    (void)close(file);
    *before = size_of(folder, "data.mdb");
    *after = size_of(folder, copy);
    if (status == AIRS_OK && (renameat(folder, copy, folder, "data.mdb") != 0 || fsync(folder) != 0)) {
        status = system_error("replace the file in", airs_lmdb_folder(env), error);
    }
    if (status != AIRS_OK) {
        (void)unlinkat(folder, copy, 0);
    }
    return status;
}

airs_status_t airs_lmdb_compact(airs_lmdb_env_t *env, uint64_t *before, uint64_t *after,
                                airs_error_t *error) {
    int folder = open(airs_lmdb_folder(env), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    airs_status_t status = folder < 0 ? system_error("open", airs_lmdb_folder(env), error)
                                      : replace(env, folder, before, after, error);
    if (folder >= 0) {
        (void)close(folder);
    }
    airs_lmdb_env_close(env);
    return status;
}
