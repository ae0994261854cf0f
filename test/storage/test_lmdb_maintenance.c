#include "storage/lmdb_maintenance.h"

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/backend_suite.h"
#include "storage/lmdb_backend.h"
#include "support/temporary_folder.h"

#define MAP_BYTES ((uint64_t)1 << 28)

static airs_temporary_folder_t folder;

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static airs_storage_backend_t *open_backend(void) {
    airs_lmdb_options_t options = {.allocator = airs_allocator_default(),
                                   .log = airs_log_none(),
                                   .folder = folder.path,
                                   .map_bytes = MAP_BYTES};
    airs_storage_backend_t *backend = NULL;
    assert_ok(airs_lmdb_backend_create(&options, &backend, NULL));
    return backend;
}

static airs_lmdb_env_t *open_env(void) {
    airs_lmdb_env_t *env = NULL;
    assert_ok(airs_lmdb_env_open(airs_allocator_default(), folder.path, MAP_BYTES, &env, NULL));
    return env;
}

static void fill(void) {
    airs_storage_backend_t *backend = open_backend();
    airs_blocking_space_t *space = open_blocking(airs_allocator_default(), backend, "app/b", UINT64_MAX);
    assert_ok(set_text(space, "one", "1"));
    assert_ok(set_text(space, "two", "22"));
    airs_blocking_space_close(space);
    space = open_blocking(airs_allocator_default(), backend, "app/a", UINT64_MAX);
    assert_ok(set_text(space, "key", "value"));
    airs_blocking_space_close(space);
    backend->ops->destroy(backend);
}

static bool append_space(void *context, airs_str_t name, const airs_storage_usage_t *usage) {
    char *text = context;
    size_t size = strlen(text);
    (void)snprintf(text + size, 128 - size, "%.*s %d %d\n", AIRS_STR_ARG(name), (int)usage->key_count,
                   (int)usage->used_bytes);
    return true;
}

static void spaces_are_listed(void **state) {
    (void)state;
    char text[128] = "";
    fill();
    airs_storage_backend_t *backend = open_backend();
    assert_ok(airs_lmdb_backend_spaces(backend, append_space, text, NULL));
    assert_string_equal(text, "app/a 1 8\napp/b 2 9\n");
    backend->ops->destroy(backend);
}

static void what_is_not_there_is_not_found(void **state) {
    (void)state;
    airs_error_t error;
    assert_status(airs_lmdb_exists(folder.path, &error), AIRS_NOT_FOUND);
    assert_non_null(strstr(error.text, "there is no storage in "));
    fill();
    assert_ok(airs_lmdb_exists(folder.path, &error));
}

static void what_is_opened_to_be_read_is_not_changed(void **state) {
    (void)state;
    airs_lmdb_options_t options = {.allocator = airs_allocator_default(),
                                   .log = airs_log_none(),
                                   .folder = folder.path,
                                   .map_bytes = MAP_BYTES,
                                   .reads_only = true};
    airs_storage_backend_t *backend = NULL;
    airs_error_t error;
    assert_status(airs_lmdb_backend_create(&options, &backend, &error), AIRS_IO);
    fill();
    assert_ok(airs_lmdb_backend_create(&options, &backend, &error));
    airs_blocking_space_t *space = open_blocking(airs_allocator_default(), backend, "app/b", UINT64_MAX);
    assert_text(space, "two", "22");
    assert_usage(space, 9, 2);
    assert_status(airs_blocking_space_set(space, airs_str("two"), airs_bytes("3", 1), &error),
                  AIRS_UNSUPPORTED);
    assert_text(space, "two", "22");
    airs_blocking_space_close(space);
    backend->ops->destroy(backend);
}

static bool append_value(void *context, airs_str_t space, airs_str_t key, airs_bytes_t value) {
    char *text = context;
    size_t size = strlen(text);
    (void)snprintf(text + size, 128 - size, "%.*s %.*s=%.*s\n", AIRS_STR_ARG(space), AIRS_STR_ARG(key),
                   (int)value.size, (const char *)value.data);
    return strstr(text, "one") == NULL;
}

static void values_are_walked_through_in_order(void **state) {
    (void)state;
    char all[128] = "";
    char some[128] = "";
    airs_error_t error;
    fill();
    airs_lmdb_env_t *env = NULL;
    assert_ok(airs_lmdb_env_open_to_read(airs_allocator_default(), folder.path, MAP_BYTES, &env, NULL));
    assert_ok(airs_lmdb_each_value(env, airs_str(""), append_value, all, &error));
    assert_string_equal(all, "app/a key=value\napp/b one=1\n");
    assert_ok(airs_lmdb_each_value(env, airs_str("app/b"), append_value, some, &error));
    assert_string_equal(some, "app/b one=1\n");
    assert_status(airs_lmdb_each_value(env, airs_str("app/c"), append_value, some, &error), AIRS_NOT_FOUND);
    airs_lmdb_env_close(env);
}

/* ---- check ---- */

typedef struct told {
    char text[1024];
    uint64_t progress;
} told_t;

static void take_problem(void *context, const char *text) {
    told_t *told = context;
    size_t size = strlen(told->text);
    (void)snprintf(told->text + size, sizeof told->text - size, "%s\n", text);
}

static void take_progress(void *context, uint64_t keys) { ((told_t *)context)->progress = keys; }

static airs_lmdb_findings_t check(told_t *told) {
    airs_lmdb_env_t *env = open_env();
    airs_lmdb_watcher_t watcher = {take_problem, take_progress, told};
    airs_lmdb_findings_t found;
    *told = (told_t){.progress = 0};
    assert_ok(airs_lmdb_check(env, &watcher, &found, NULL));
    airs_lmdb_env_close(env);
    return found;
}

static void what_is_whole_has_no_problems(void **state) {
    (void)state;
    told_t told;
    fill();
    airs_lmdb_findings_t found = check(&told);
    assert_string_equal(told.text, "");
    assert_int_equal(found.problems, 0);
    assert_int_equal(found.spaces, 2);
    assert_int_equal(found.keys, 3);
    assert_int_equal(found.bytes, 17);
    assert_int_equal(told.progress, 3);
}

static void what_does_not_agree_is_told(void **state) {
    (void)state;
    told_t told;
    fill();
    airs_lmdb_env_t *env = open_env();
    MDB_txn *txn = NULL;
    char buffer[AIRS_LMDB_KEY_SIZE];
    airs_lmdb_space_t wrong = {1, 10, 2};
    airs_lmdb_space_t unknown = {9, 0, 0};
    MDB_val value = {1, "x"};
    assert_ok(airs_lmdb_write_begin(env, &txn, NULL));
    assert_int_equal(airs_lmdb_put_space(env, txn, airs_str("app/b"), &wrong), 0);
    assert_int_equal(airs_lmdb_put_space(env, txn, airs_str("app/c"), &unknown), 0);
    MDB_val nobodys = airs_lmdb_key(7, airs_str("key"), buffer);
    assert_int_equal(mdb_put(txn, airs_lmdb_values(env), &nobodys, &value, 0), 0);
    MDB_val bad = airs_lmdb_key(2, airs_str_n("a\0", 2), buffer);
    assert_int_equal(mdb_put(txn, airs_lmdb_values(env), &bad, &value, 0), 0);
    assert_ok(airs_lmdb_write_commit(env, txn, NULL));
    airs_lmdb_env_close(env);
    airs_lmdb_findings_t found = check(&told);
    assert_string_equal(told.text, "app/a: the key has a zero byte at 1; it may have any other\n"
                                   "app/a: there are 2 keys with 11 bytes; recorded are 1 with 8\n"
                                   "app/b: there are 2 keys with 9 bytes; recorded are 2 with 10\n"
                                   "app/c: its number is 9, which was never given\n"
                                   "there are 5 values in all, of which 4 belong to a space\n");
    assert_int_equal(found.problems, 5);
}

/* ---- compact ---- */

static void what_was_removed_gives_its_room_back(void **state) {
    (void)state;
    static char large[1 << 20];
    told_t told;
    uint64_t before = 0;
    uint64_t after = 0;
    fill();
    airs_storage_backend_t *backend = open_backend();
    airs_blocking_space_t *space = open_blocking(airs_allocator_default(), backend, "app/b", UINT64_MAX);
    assert_ok(airs_blocking_space_set(space, airs_str("large"), airs_bytes(large, sizeof large), NULL));
    assert_ok(airs_blocking_space_remove(space, airs_str("large"), NULL));
    airs_blocking_space_close(space);
    backend->ops->destroy(backend);
    assert_ok(airs_lmdb_compact(open_env(), &before, &after, NULL));
    assert_true(before > sizeof large);
    assert_true(after < 100000 && after > 0);
    struct stat about;
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_int_equal(stat(airs_temporary_file_path(&folder, "data.mdb", path), &about), 0);
    assert_int_equal(about.st_size, after);
    assert_int_equal(about.st_mode & 07777, 0600);
    airs_lmdb_findings_t found = check(&told);
    assert_string_equal(told.text, "");
    assert_int_equal(found.keys, 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(spaces_are_listed),
        TEST(what_is_not_there_is_not_found),
        TEST(what_is_opened_to_be_read_is_not_changed),
        TEST(values_are_walked_through_in_order),
        TEST(what_is_whole_has_no_problems),
        TEST(what_does_not_agree_is_told),
        TEST(what_was_removed_gives_its_room_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
