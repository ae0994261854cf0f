#include "storage/backend_suite.h"

#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "support/temporary_folder.h"

static make_backend_fn *make_backend;
static int write_rounds;

typedef struct fixture {
    airs_failing_allocator_t memory;
    airs_temporary_folder_t folder;
    airs_storage_backend_t *backend;
    airs_blocking_space_t *space;
} fixture_t;

airs_blocking_space_t *open_blocking(const airs_allocator_t *allocator, airs_storage_backend_t *backend,
                                     const char *name, uint64_t quota) {
    airs_blocking_space_t *space = NULL;
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status =
        airs_blocking_space_open(allocator, backend, airs_str(name), quota, &space, &error);
    if (status != AIRS_OK) {
        fail_msg("%s: %s", name, error.text);
    }
    assert_ptr_equal(airs_blocking_space_of(space)->backend, backend);
    return space;
}

static airs_blocking_space_t *open_space(fixture_t *self, const char *name, uint64_t quota) {
    return open_blocking(&self->memory.allocator, self->backend, name, quota);
}

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    airs_failing_allocator_init(&self->memory);
    airs_temporary_folder_create(&self->folder);
    assert_ok(make_backend(&self->memory.allocator, self->folder.path, &self->backend));
    self->space = open_space(self, "shop/cart", UINT64_MAX);
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_blocking_space_close(self->space);
    self->backend->ops->destroy(self->backend);
    assert_int_equal(atomic_load(&self->memory.live_blocks), 0);
    airs_temporary_folder_remove(&self->folder);
    free(self);
    return 0;
}

airs_status_t set_text(airs_blocking_space_t *space, const char *key, const char *value) {
    return airs_blocking_space_set(space, airs_str(key), airs_bytes(value, strlen(value)), NULL);
}

static airs_status_t drop(airs_blocking_space_t *space, const char *key) {
    return airs_blocking_space_remove(space, airs_str(key), NULL);
}

static const airs_storage_backend_ops_t *ops_of(airs_blocking_space_t *space) {
    return airs_blocking_space_of(space)->backend->ops;
}

/* Of several keys: each value in brackets, or nothing. */
typedef struct got {
    char text[128];
    int calls;
    size_t last_size;
} got_t;

static void take_value(void *context, size_t index, airs_bytes_t value) {
    got_t *got = context;
    got->calls++;
    got->last_size = value.size;
    if (value.size < 32) {
        size_t size = strlen(got->text);
        (void)snprintf(got->text + size, sizeof got->text - size, "%zu[%.*s]", index, (int)value.size,
                       value.size > 0 ? (const char *)value.data : "");
    }
}

static got_t get(airs_blocking_space_t *space, const char *key) {
    got_t got = {.calls = 0};
    airs_str_t text = airs_str(key);
    assert_ok(ops_of(space)->get(airs_blocking_space_of(space), &text, 1, take_value, &got, NULL));
    return got;
}

void assert_text(airs_blocking_space_t *space, const char *key, const char *value) {
    char wanted[128] = "";
    if (value != NULL) {
        (void)snprintf(wanted, sizeof wanted, "0[%s]", value);
    }
    got_t got = get(space, key);
    assert_string_equal(got.text, wanted);
    bool exists = value == NULL;
    assert_ok(ops_of(space)->exists(airs_blocking_space_of(space), airs_str(key), &exists, NULL));
    assert_int_equal(exists, value != NULL);
}

void assert_usage(airs_blocking_space_t *space, uint64_t used, uint64_t count) {
    airs_storage_usage_t usage;
    assert_ok(ops_of(space)->usage(airs_blocking_space_of(space), &usage, NULL));
    assert_int_equal(usage.used_bytes, used);
    assert_int_equal(usage.key_count, count);
}

/* ---- one key ---- */

static void what_is_set_is_got(void **state) {
    fixture_t *self = *state;
    assert_ok(set_text(self->space, "key", "value"));
    assert_text(self->space, "key", "value");
    assert_ok(set_text(self->space, "key", "other"));
    assert_text(self->space, "key", "other");
    assert_ok(set_text(self->space, "empty", ""));
    assert_text(self->space, "empty", "");
    assert_ok(drop(self->space, "key"));
    assert_text(self->space, "key", NULL);
    assert_text(self->space, "never", NULL);
}

static void what_is_not_there_is_not_removed(void **state) {
    fixture_t *self = *state;
    airs_error_t error;
    assert_status(airs_blocking_space_remove(self->space, airs_str("nope"), &error), AIRS_NOT_FOUND);
    assert_string_equal(error.text, "there is no key \"nope\"");
}

static void spaces_do_not_see_each_other(void **state) {
    fixture_t *self = *state;
    airs_blocking_space_t *other = open_space(self, "shop/till", UINT64_MAX);
    assert_ok(set_text(self->space, "key", "mine"));
    assert_text(other, "key", NULL);
    assert_ok(set_text(other, "key", "theirs"));
    assert_text(self->space, "key", "mine");
    assert_usage(other, 9, 1);
    airs_blocking_space_close(other);
}

static void a_space_outlives_its_closing(void **state) {
    fixture_t *self = *state;
    assert_ok(set_text(self->space, "key", "kept"));
    airs_blocking_space_close(self->space);
    self->space = open_space(self, "shop/cart", 100);
    assert_text(self->space, "key", "kept");
    airs_storage_usage_t usage;
    assert_ok(self->backend->ops->usage(airs_blocking_space_of(self->space), &usage, NULL));
    assert_int_equal(usage.quota_bytes, 100);
    self->backend->ops->close(NULL);
    airs_blocking_space_close(NULL);
}

static void usage_is_exact(void **state) {
    fixture_t *self = *state;
    assert_usage(self->space, 0, 0);
    assert_ok(set_text(self->space, "abc", "12345"));
    assert_usage(self->space, 8, 1);
    assert_ok(set_text(self->space, "abc", "1"));
    assert_usage(self->space, 4, 1);
    assert_ok(set_text(self->space, "d", ""));
    assert_usage(self->space, 5, 2);
    assert_ok(drop(self->space, "abc"));
    assert_usage(self->space, 1, 1);
    assert_ok(drop(self->space, "d"));
    assert_usage(self->space, 0, 0);
}

static void the_quota_is_held_to_the_byte(void **state) {
    fixture_t *self = *state;
    airs_blocking_space_t *space = open_space(self, "small", 10);
    airs_error_t error;
    assert_ok(set_text(space, "key", "1234567"));
    assert_usage(space, 10, 1);
    assert_status(airs_blocking_space_set(space, airs_str("k"), airs_bytes(NULL, 0), &error),
                  AIRS_QUOTA_EXCEEDED);
    assert_string_equal(error.text,
                        "with this the space would use 11 bytes of keys and values; its quota is 10");
    assert_status(set_text(space, "key", "12345678"), AIRS_QUOTA_EXCEEDED);
    assert_text(space, "key", "1234567");
    assert_usage(space, 10, 1);
    assert_ok(set_text(space, "key", "7654321"));
    assert_ok(set_text(space, "key", "1"));
    assert_ok(set_text(space, "k", "12345"));
    airs_blocking_space_close(space);
    /* With a smaller quota what is there stays, and may shrink. */
    space = open_space(self, "small", 5);
    assert_status(set_text(space, "new", ""), AIRS_QUOTA_EXCEEDED);
    assert_ok(set_text(space, "k", "1234"));
    assert_ok(set_text(space, "k", "4321"));
    assert_status(set_text(space, "k", "12345"), AIRS_QUOTA_EXCEEDED);
    assert_ok(drop(space, "key"));
    assert_usage(space, 5, 1);
    airs_blocking_space_close(space);
}

static void invalid_keys_are_told_why(void **state) {
    fixture_t *self = *state;
    static char key[AIRS_STORAGE_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    const airs_storage_backend_ops_t *ops = self->backend->ops;
    const struct {
        airs_str_t key;
        const char *why;
    } CASES[] = {
        {airs_str(""), "the key is empty"},
        {airs_str_n(key, sizeof key), "the key has 401 bytes; it may have 400"},
        {airs_str_n("a\0b", 3), "zero byte at 1"},
    };
    airs_storage_space_t *space = airs_blocking_space_of(self->space);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        airs_error_t error;
        got_t got = {.calls = 0};
        bool exists = false;
        airs_str_t keys[] = {airs_str("fine"), CASES[i].key};
        assert_status(airs_blocking_space_set(self->space, CASES[i].key, airs_bytes("v", 1), &error),
                      AIRS_INVALID_KEY);
        assert_non_null(strstr(error.text, CASES[i].why));
        assert_status(ops->get(space, keys, 2, take_value, &got, &error), AIRS_INVALID_KEY);
        assert_status(airs_blocking_space_remove(self->space, CASES[i].key, &error), AIRS_INVALID_KEY);
        assert_status(ops->exists(space, CASES[i].key, &exists, &error), AIRS_INVALID_KEY);
        assert_int_equal(got.calls, 0);
    }
    assert_ok(airs_blocking_space_set(self->space, airs_str_n(key, AIRS_STORAGE_KEY_MAX), airs_bytes("v", 1),
                                      NULL));
    assert_usage(self->space, AIRS_STORAGE_KEY_MAX + 1, 1);
}

static void values_have_a_largest_size(void **state) {
    fixture_t *self = *state;
    uint8_t *value = calloc(1, AIRS_STORAGE_VALUE_MAX + 1);
    assert_non_null(value);
    airs_error_t error;
    assert_status(airs_blocking_space_set(self->space, airs_str("k"),
                                          airs_bytes(value, AIRS_STORAGE_VALUE_MAX + 1), &error),
                  AIRS_IO);
    assert_non_null(strstr(error.text, "16777217 bytes; it may have 16777216"));
    assert_usage(self->space, 0, 0);
    assert_ok(airs_blocking_space_set(self->space, airs_str("k"), airs_bytes(value, AIRS_STORAGE_VALUE_MAX),
                                      &error));
    assert_int_equal(get(self->space, "k").last_size, AIRS_STORAGE_VALUE_MAX);
    assert_usage(self->space, AIRS_STORAGE_VALUE_MAX + 1, 1);
    /* And all of one write together. */
    airs_storage_change_t changes[5];
    char keys[5][2] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        changes[i] = (airs_storage_change_t){.key = airs_str(keys[i]),
                                             .value = airs_bytes(value, AIRS_STORAGE_VALUE_MAX)};
    }
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = 5};
    assert_status(airs_blocking_space_write(self->space, &write, NULL, &error), AIRS_IO);
    assert_non_null(strstr(error.text, "67108864 bytes together"));
    free(value);
}

/* ---- lists ---- */

typedef struct listed {
    char text[256];
    int stop_after;
} listed_t;

static bool list_key(void *context, airs_str_t key) {
    listed_t *listed = context;
    size_t size = strlen(listed->text);
    (void)snprintf(listed->text + size, sizeof listed->text - size, "%.*s ", AIRS_STR_ARG(key));
    return --listed->stop_after != 0;
}

static void assert_range(airs_blocking_space_t *space, airs_str_t prefix, airs_str_t after, int stop_after,
                         const char *wanted) {
    listed_t listed = {.stop_after = stop_after};
    airs_storage_range_t range = {prefix, after};
    assert_ok(ops_of(space)->list(airs_blocking_space_of(space), &range, list_key, &listed, NULL));
    assert_string_equal(listed.text, wanted);
}

static void assert_listed(airs_blocking_space_t *space, airs_str_t prefix, int stop_after,
                          const char *wanted) {
    assert_range(space, prefix, airs_str(""), stop_after, wanted);
}

static void set_many_keys(fixture_t *self) {
    static const char *const KEYS[] = {"user/2", "user/10", "use",    "user",
                                       "users",  "zebra",   "user/1", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        assert_ok(set_text(self->space, KEYS[i], "v"));
    }
}

static void keys_are_listed_in_order_by_prefix(void **state) {
    fixture_t *self = *state;
    /* Neighbours on both sides, whose keys are not listed. */
    airs_blocking_space_t *before = open_space(self, "a", UINT64_MAX);
    airs_blocking_space_t *behind = open_space(self, "z", UINT64_MAX);
    assert_ok(set_text(before, "user/5", "v"));
    assert_ok(set_text(behind, "user/5", "v"));
    assert_listed(self->space, airs_str(""), -1, "");
    set_many_keys(self);
    assert_listed(self->space, airs_str(""), -1, "use user user/1 user/10 user/2 users zebra \xc3\xa4 ");
    assert_listed(self->space, airs_str("user/"), -1, "user/1 user/10 user/2 ");
    assert_listed(self->space, airs_str("user/"), 2, "user/1 user/10 ");
    assert_listed(self->space, airs_str("user/1"), -1, "user/1 user/10 ");
    assert_listed(self->space, airs_str("user/3"), -1, "");
    assert_listed(self->space, airs_str("zz"), -1, "");
    assert_listed(self->space, airs_str_n("u\0", 2), -1, "");
    static char prefix[AIRS_STORAGE_KEY_MAX * 2];
    assert_listed(self->space, airs_str_n(prefix, sizeof prefix), -1, "");
    airs_blocking_space_close(before);
    airs_blocking_space_close(behind);
}

static void lists_go_on_behind_a_key(void **state) {
    fixture_t *self = *state;
    set_many_keys(self);
    airs_str_t user = airs_str("user/");
    assert_range(self->space, user, airs_str("user/1"), -1, "user/10 user/2 ");
    assert_range(self->space, user, airs_str("user/11"), -1, "user/2 "); /* it need not be there */
    assert_range(self->space, user, airs_str("user/2"), -1, "");
    assert_range(self->space, user, airs_str("a"), 1, "user/1 ");
    assert_range(self->space, user, airs_str("zz"), -1, "");
    assert_range(self->space, airs_str(""), airs_str("users"), -1, "zebra \xc3\xa4 ");
    assert_range(self->space, airs_str(""), airs_str("\xff"), -1, "");
    assert_ok(drop(self->space, "user/10"));
    assert_range(self->space, user, airs_str("user/1"), -1, "user/2 ");
}

/* ---- several keys at once ---- */

static airs_storage_change_t to(const char *key, const char *value) {
    return (airs_storage_change_t){.key = airs_str(key),
                                   .value = airs_bytes(value, value != NULL ? strlen(value) : 0),
                                   .removes = value == NULL};
}

static airs_status_t change(airs_blocking_space_t *space, const airs_storage_change_t *changes, size_t count,
                            airs_error_t *error) {
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = count};
    return airs_blocking_space_write(space, &write, NULL, error);
}

static void several_are_got_at_once(void **state) {
    fixture_t *self = *state;
    assert_ok(set_text(self->space, "a", "1"));
    assert_ok(set_text(self->space, "b", ""));
    const airs_str_t keys[] = {airs_str("b"), airs_str("c"), airs_str("a"), airs_str("a")};
    got_t got = {.calls = 0};
    assert_ok(self->backend->ops->get(airs_blocking_space_of(self->space), keys, 4, take_value, &got, NULL));
    assert_string_equal(got.text, "0[]2[1]3[1]");
    assert_ok(self->backend->ops->get(airs_blocking_space_of(self->space), keys, 0, take_value, &got, NULL));
}

static void several_are_changed_at_once(void **state) {
    fixture_t *self = *state;
    assert_ok(set_text(self->space, "old", "1"));
    const airs_storage_change_t changes[] = {to("b", "2"), to("a", "1"), to("old", NULL), to("gone", NULL),
                                             to("b", "3"), to("c", "4"), to("c", NULL)};
    assert_ok(change(self->space, changes, sizeof changes / sizeof *changes, NULL));
    assert_text(self->space, "a", "1");
    assert_text(self->space, "b", "3");
    assert_text(self->space, "c", NULL);
    assert_text(self->space, "old", NULL);
    assert_usage(self->space, 4, 2);
    assert_ok(change(self->space, NULL, 0, NULL));
}

static void of_several_all_are_changed_or_none(void **state) {
    fixture_t *self = *state;
    airs_blocking_space_t *space = open_space(self, "small", 8);
    assert_ok(set_text(space, "a", "1"));
    const airs_storage_change_t large[] = {to("a", NULL), to("b", "123"), to("c", "1234")};
    airs_error_t error;
    assert_status(change(space, large, 3, &error), AIRS_QUOTA_EXCEEDED);
    assert_text(space, "a", "1");
    assert_text(space, "b", NULL);
    assert_usage(space, 2, 1);
    const airs_storage_change_t wrong[] = {to("a", "2"), to("", "2")};
    assert_status(change(space, wrong, 2, &error), AIRS_INVALID_KEY);
    assert_text(space, "a", "1");
    /* What is removed makes room for what comes. */
    assert_ok(change(space, large, 2, NULL));
    assert_usage(space, 4, 1);
    airs_blocking_space_close(space);
}

static void a_value_is_swapped_only_for_the_expected_one(void **state) {
    fixture_t *self = *state;
    airs_storage_change_t next = to("k", "new");
    airs_storage_write_t swap = {.kind = AIRS_STORAGE_SWAP, .changes = &next, .count = 1};
    airs_error_t error;
    assert_ok(airs_blocking_space_write(self->space, &swap, NULL, &error));
    assert_status(airs_blocking_space_write(self->space, &swap, NULL, &error), AIRS_CONFLICT);
    assert_string_equal(error.text, "the value of \"k\" is not the expected one");
    swap.expects_value = true;
    swap.expected = airs_bytes("old", 3);
    assert_status(airs_blocking_space_write(self->space, &swap, NULL, &error), AIRS_CONFLICT);
    swap.expected = airs_bytes("new", 3);
    next = to("k", "newer");
    assert_ok(airs_blocking_space_write(self->space, &swap, NULL, &error));
    assert_text(self->space, "k", "newer");
    swap.expected = airs_bytes("newer", 5);
    next = to("k", NULL);
    assert_ok(airs_blocking_space_write(self->space, &swap, NULL, &error));
    assert_text(self->space, "k", NULL);
    assert_status(airs_blocking_space_write(self->space, &swap, NULL, &error), AIRS_CONFLICT);
    assert_usage(self->space, 0, 0);
}

static airs_status_t increment(airs_blocking_space_t *space, bool is_signed, uint64_t delta, uint64_t *sum,
                               airs_error_t *error) {
    airs_storage_change_t counter = {.key = airs_str("n")};
    airs_storage_write_t write = {.kind = AIRS_STORAGE_INCREMENT,
                                  .changes = &counter,
                                  .count = 1,
                                  .is_signed = is_signed,
                                  .delta = delta};
    airs_storage_result_t result = {0};
    airs_status_t status = airs_blocking_space_write(space, &write, &result, error);
    *sum = result.number;
    return status;
}

static void numbers_are_counted_up(void **state) {
    fixture_t *self = *state;
    uint64_t sum = 0;
    airs_error_t error;
    assert_ok(increment(self->space, false, 41, &sum, &error));
    assert_ok(increment(self->space, false, 1, &sum, &error));
    assert_int_equal(sum, 42);
    assert_text(self->space, "n", "42");
    assert_ok(increment(self->space, true, (uint64_t)-50, &sum, &error));
    assert_int_equal((int64_t)sum, -8);
    assert_text(self->space, "n", "-8");
    assert_status(increment(self->space, false, 1, &sum, &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "its value is not a number from 0 to 2^64-1 in decimal digits");
    assert_ok(set_text(self->space, "n", "-9223372036854775808"));
    assert_status(increment(self->space, true, (uint64_t)-1, &sum, &error), AIRS_INVALID_ARGUMENT);
    assert_ok(increment(self->space, true, (uint64_t)INT64_MAX, &sum, &error));
    assert_text(self->space, "n", "-1");
    assert_ok(set_text(self->space, "n", "18446744073709551614"));
    assert_ok(increment(self->space, false, 1, &sum, &error));
    assert_status(increment(self->space, false, 1, &sum, &error), AIRS_INVALID_ARGUMENT);
    assert_text(self->space, "n", "18446744073709551615");
    assert_usage(self->space, 21, 1);
    static const char *const NOT_NUMBERS[] = {"",
                                              "-",
                                              "x1",
                                              "1x",
                                              " 1",
                                              "+1",
                                              "18446744073709551616",
                                              "9223372036854775808",
                                              "123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof NOT_NUMBERS / sizeof *NOT_NUMBERS; i++) {
        assert_ok(set_text(self->space, "n", NOT_NUMBERS[i]));
        assert_status(increment(self->space, true, 1, &sum, &error), AIRS_INVALID_ARGUMENT);
        assert_text(self->space, "n", NOT_NUMBERS[i]);
    }
}

static void writes_that_are_none_are_refused(void **state) {
    fixture_t *self = *state;
    const airs_storage_change_t two[] = {to("a", "1"), to("b", "1")};
    static const airs_storage_write_kind_t KINDS[] = {AIRS_STORAGE_REMOVE, AIRS_STORAGE_SWAP,
                                                      AIRS_STORAGE_INCREMENT};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        airs_storage_write_t write = {.kind = KINDS[i], .changes = two, .count = 2};
        assert_status(airs_blocking_space_write(self->space, &write, NULL, NULL), AIRS_INVALID_ARGUMENT);
        write.count = 0;
        assert_status(airs_blocking_space_write(self->space, &write, NULL, NULL), AIRS_INVALID_ARGUMENT);
    }
    airs_storage_result_t result;
    airs_error_t error;
    assert_status(self->backend->ops->waited(airs_blocking_space_of(self->space), &result, &error),
                  AIRS_INVALID_STATE);
}

/* ---- memory ---- */

static airs_status_t use_space(airs_blocking_space_t *space) {
    airs_error_t error;
    const airs_storage_change_t several[] = {to("a", "22"), to("b", "3"), to("c", NULL), to("d", "4")};
    const airs_storage_change_t others[] = {to("a", NULL), to("b", "33"), to("e", "4")};
    airs_status_t status = set_text(space, "a", "1");
    status = status == AIRS_OK ? change(space, several, 4, &error) : status;
    status = status == AIRS_OK ? change(space, others, 3, &error) : status;
    if (status == AIRS_OK) {
        got_t got = {.calls = 0};
        const airs_str_t keys[] = {airs_str("b"), airs_str("e")};
        status = ops_of(space)->get(airs_blocking_space_of(space), keys, 2, take_value, &got, &error);
        AIRS_ASSERT(status != AIRS_OK || got.calls == 2);
    }
    if (status == AIRS_OK) {
        listed_t listed = {.stop_after = -1};
        airs_storage_range_t range = {airs_str(""), airs_str("")};
        status = ops_of(space)->list(airs_blocking_space_of(space), &range, list_key, &listed, &error);
        AIRS_ASSERT(status != AIRS_OK || strcmp(listed.text, "b d e ") == 0);
    }
    return status == AIRS_OK ? drop(space, "b") : status;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_temporary_folder_t folder;
    airs_temporary_folder_create(&folder);
    airs_storage_backend_t *backend = NULL;
    airs_status_t status = make_backend(allocator, folder.path, &backend);
    if (status == AIRS_OK) {
        airs_blocking_space_t *space = NULL;
        airs_error_t error;
        status = airs_blocking_space_open(allocator, backend, airs_str("s"), UINT64_MAX, &space, &error);
        if (status == AIRS_OK) {
            status = use_space(space);
            airs_blocking_space_close(space);
        }
        backend->ops->destroy(backend);
    }
    airs_temporary_folder_remove(&folder);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

/* Whichever allocation of a write fails, all of it was made or nothing. */
static void a_failed_write_changes_nothing(void **state) {
    fixture_t *self = *state;
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    for (uint64_t nth = 1; status != AIRS_OK; nth++) {
        assert_ok(set_text(self->space, "a", "old"));
        assert_ok(set_text(self->space, "b", "old"));
        assert_status(drop(self->space, "c"), AIRS_NOT_FOUND);
        const airs_storage_change_t changes[] = {to("a", "new"), to("b", NULL), to("c", "new")};
        airs_failing_allocator_fail(&self->memory, nth, 1);
        status = change(self->space, changes, 3, NULL);
        airs_failing_allocator_fail(&self->memory, 0, 0);
        if (status != AIRS_OK) {
            assert_status(status, AIRS_OUT_OF_MEMORY);
            assert_text(self->space, "a", "old");
            assert_text(self->space, "b", "old");
            assert_usage(self->space, 8, 2);
        }
        assert_true(nth < 1000);
    }
    assert_text(self->space, "a", "new");
    assert_text(self->space, "b", NULL);
    assert_usage(self->space, 8, 2);
}

/* ---- threads ---- */

#define WRITERS 3

typedef struct party {
    const airs_allocator_t *allocator;
    airs_storage_backend_t *backend;
    _Atomic int next;
    _Atomic int writers_left;
} party_t;

static airs_blocking_space_t *join_party(party_t *party) {
    airs_blocking_space_t *space = NULL;
    AIRS_ASSERT(airs_blocking_space_open(party->allocator, party->backend, airs_str("party"), UINT64_MAX,
                                         &space, NULL) == AIRS_OK);
    return space;
}

static bool check_pair(void *context, airs_str_t key) {
    /* Each writer adds "x/…/a" before "x/…/b" and removes b before a: a view with b has a just before. */
    char *last = context;
    AIRS_ASSERT(key.size < 32);
    if (key.data[key.size - 1] == 'b') {
        AIRS_ASSERT(last[key.size - 1] == 'a' && memcmp(last, key.data, key.size - 1) == 0);
    }
    memcpy(last, key.data, key.size);
    return true;
}

static void *write_pairs(void *argument) {
    party_t *party = argument;
    airs_blocking_space_t *space = join_party(party);
    int me = atomic_fetch_add(&party->next, 1);
    char a[32];
    char b[32];
    for (int i = 0; i < write_rounds; i++) {
        (void)snprintf(a, sizeof a, "x/%d/%d/a", me, i % 10);
        (void)snprintf(b, sizeof b, "x/%d/%d/b", me, i % 10);
        AIRS_ASSERT(set_text(space, a, "1") == AIRS_OK);
        AIRS_ASSERT(set_text(space, b, "2") == AIRS_OK);
        AIRS_ASSERT(drop(space, b) == AIRS_OK);
        AIRS_ASSERT(drop(space, a) == AIRS_OK);
    }
    airs_blocking_space_close(space);
    atomic_fetch_sub(&party->writers_left, 1);
    return NULL;
}

static void a_list_is_one_consistent_view(void **state) {
    fixture_t *self = *state;
    party_t party = {.allocator = &self->memory.allocator, .backend = self->backend};
    atomic_store(&party.writers_left, WRITERS);
    pthread_t threads[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_pairs, &party), 0);
    }
    airs_blocking_space_t *space = open_space(self, "party", UINT64_MAX);
    airs_storage_range_t range = {airs_str("x/"), airs_str("")};
    while (atomic_load(&party.writers_left) > 0) {
        char last[32] = {0};
        assert_ok(self->backend->ops->list(airs_blocking_space_of(space), &range, check_pair, last, NULL));
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_usage(space, 0, 0);
    airs_blocking_space_close(space);
}

static void *count_up(void *argument) {
    party_t *party = argument;
    airs_blocking_space_t *space = join_party(party);
    for (int i = 0; i < write_rounds; i++) {
        uint64_t sum = 0;
        AIRS_ASSERT(increment(space, false, 1, &sum, NULL) == AIRS_OK);
        AIRS_ASSERT(sum > (uint64_t)i);
    }
    airs_blocking_space_close(space);
    return NULL;
}

static void no_count_is_lost(void **state) {
    fixture_t *self = *state;
    party_t party = {.allocator = &self->memory.allocator, .backend = self->backend};
    pthread_t threads[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &party), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    airs_blocking_space_t *space = open_space(self, "party", UINT64_MAX);
    char sum[24];
    (void)snprintf(sum, sizeof sum, "%d", WRITERS * write_rounds);
    assert_text(space, "n", sum);
    airs_blocking_space_close(space);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int run_backend_suite(const char *name, make_backend_fn *make, int rounds) {
    make_backend = make;
    write_rounds = rounds;
    const struct CMUnitTest tests[] = {
        TEST(what_is_set_is_got),
        TEST(what_is_not_there_is_not_removed),
        TEST(spaces_do_not_see_each_other),
        TEST(a_space_outlives_its_closing),
        TEST(usage_is_exact),
        TEST(the_quota_is_held_to_the_byte),
        TEST(invalid_keys_are_told_why),
        TEST(values_have_a_largest_size),
        TEST(keys_are_listed_in_order_by_prefix),
        TEST(lists_go_on_behind_a_key),
        TEST(several_are_got_at_once),
        TEST(several_are_changed_at_once),
        TEST(of_several_all_are_changed_or_none),
        TEST(a_value_is_swapped_only_for_the_expected_one),
        TEST(numbers_are_counted_up),
        TEST(writes_that_are_none_are_refused),
        TEST(a_failed_write_changes_nothing),
        TEST(a_list_is_one_consistent_view),
        TEST(no_count_is_lost),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
