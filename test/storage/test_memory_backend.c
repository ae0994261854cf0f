#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "storage/memory_backend.h"
#include "support/failing_allocator.h"

typedef struct fixture {
    airs_failing_allocator_t memory;
    airs_storage_backend_t *backend;
    airs_storage_space_t *space;
} fixture_t;

static airs_storage_space_t *open_space(fixture_t *self, const char *name, uint64_t quota) {
    airs_storage_space_t *space = NULL;
    assert_ok(self->backend->ops->open(self->backend, airs_str(name), quota, &space, NULL));
    assert_ptr_equal(space->backend, self->backend);
    return space;
}

static int set_up(void **state) {
    fixture_t *self = malloc(sizeof *self);
    assert_non_null(self);
    airs_failing_allocator_init(&self->memory);
    assert_ok(airs_memory_backend_create(&self->memory.allocator, &self->backend));
    self->space = open_space(self, "shop/cart", UINT64_MAX);
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    self->backend->ops->close(self->space);
    self->backend->ops->destroy(self->backend);
    assert_int_equal(atomic_load(&self->memory.live_blocks), 0);
    free(self);
    return 0;
}

static airs_status_t set(airs_storage_space_t *space, const char *key, const char *value) {
    return space->backend->ops->set(space, airs_str(key), airs_bytes(value, strlen(value)), NULL);
}

typedef struct got {
    char text[64];
    size_t size;
    int calls;
} got_t;

static void take_value(void *context, airs_bytes_t value) {
    got_t *got = context;
    got->calls++;
    got->size = value.size;
    size_t size = value.size < sizeof got->text - 1 ? value.size : sizeof got->text - 1;
    if (size > 0) {
        memcpy(got->text, value.data, size);
    }
    got->text[size] = '\0';
}

static airs_status_t get(airs_storage_space_t *space, const char *key, got_t *got) {
    memset(got, 0, sizeof *got);
    return space->backend->ops->get(space, airs_str(key), take_value, got, NULL);
}

static void assert_value(airs_storage_space_t *space, const char *key, const char *value) {
    got_t got;
    assert_ok(get(space, key, &got));
    assert_int_equal(got.calls, 1);
    assert_string_equal(got.text, value);
}

static void assert_usage(airs_storage_space_t *space, uint64_t used, uint64_t count) {
    airs_storage_usage_t usage;
    assert_ok(space->backend->ops->usage(space, &usage, NULL));
    assert_int_equal(usage.used_bytes, used);
    assert_int_equal(usage.key_count, count);
}

static void what_is_set_is_got(void **state) {
    fixture_t *self = *state;
    assert_ok(set(self->space, "key", "value"));
    assert_value(self->space, "key", "value");
    assert_ok(set(self->space, "key", "other"));
    assert_value(self->space, "key", "other");
    assert_ok(set(self->space, "empty", ""));
    assert_value(self->space, "empty", "");
    bool exists = false;
    assert_ok(self->backend->ops->exists(self->space, airs_str("empty"), &exists, NULL));
    assert_true(exists);
    assert_ok(self->backend->ops->remove(self->space, airs_str("key"), NULL));
    got_t got;
    assert_status(get(self->space, "key", &got), AIRS_NOT_FOUND);
    assert_int_equal(got.calls, 0);
    assert_ok(self->backend->ops->exists(self->space, airs_str("key"), &exists, NULL));
    assert_false(exists);
}

static void what_is_not_there_is_not_found(void **state) {
    fixture_t *self = *state;
    airs_error_t error;
    got_t got;
    assert_status(self->backend->ops->get(self->space, airs_str("nope"), take_value, &got, &error),
                  AIRS_NOT_FOUND);
    assert_string_equal(error.text, "there is no key \"nope\"");
    assert_status(self->backend->ops->remove(self->space, airs_str("nope"), &error), AIRS_NOT_FOUND);
}

static void spaces_do_not_see_each_other(void **state) {
    fixture_t *self = *state;
    airs_storage_space_t *other = open_space(self, "shop/till", UINT64_MAX);
    assert_ok(set(self->space, "key", "mine"));
    got_t got;
    assert_status(get(other, "key", &got), AIRS_NOT_FOUND);
    assert_ok(set(other, "key", "theirs"));
    assert_value(self->space, "key", "mine");
    assert_usage(other, 9, 1);
    self->backend->ops->close(other);
}

static void a_space_outlives_its_closing(void **state) {
    fixture_t *self = *state;
    assert_ok(set(self->space, "key", "kept"));
    self->backend->ops->close(self->space);
    self->space = open_space(self, "shop/cart", 100);
    assert_value(self->space, "key", "kept");
    airs_storage_usage_t usage;
    assert_ok(self->backend->ops->usage(self->space, &usage, NULL));
    assert_int_equal(usage.quota_bytes, 100);
    self->backend->ops->close(NULL);
}

static void usage_is_exact(void **state) {
    fixture_t *self = *state;
    assert_usage(self->space, 0, 0);
    assert_ok(set(self->space, "abc", "12345"));
    assert_usage(self->space, 8, 1);
    assert_ok(set(self->space, "abc", "1"));
    assert_usage(self->space, 4, 1);
    assert_ok(set(self->space, "d", ""));
    assert_usage(self->space, 5, 2);
    assert_ok(self->backend->ops->remove(self->space, airs_str("abc"), NULL));
    assert_usage(self->space, 1, 1);
    assert_ok(self->backend->ops->remove(self->space, airs_str("d"), NULL));
    assert_usage(self->space, 0, 0);
}

static void the_quota_is_held_to_the_byte(void **state) {
    fixture_t *self = *state;
    airs_storage_space_t *space = open_space(self, "small", 10);
    airs_error_t error;
    assert_ok(set(space, "key", "1234567"));
    assert_usage(space, 10, 1);
    assert_status(self->backend->ops->set(space, airs_str("k"), airs_bytes(NULL, 0), &error),
                  AIRS_QUOTA_EXCEEDED);
    assert_string_equal(error.text,
                        "with this the space would use 11 bytes of keys and values; its quota is 10");
    assert_status(set(space, "key", "12345678"), AIRS_QUOTA_EXCEEDED);
    assert_value(space, "key", "1234567");
    assert_usage(space, 10, 1);
    assert_ok(set(space, "key", "7654321"));
    assert_ok(set(space, "key", "1"));
    assert_ok(set(space, "k", "12345"));
    self->backend->ops->close(space);
    /* With a smaller quota what is there stays, and may shrink. */
    space = open_space(self, "small", 5);
    assert_status(set(space, "new", ""), AIRS_QUOTA_EXCEEDED);
    assert_ok(set(space, "k", "1234"));
    assert_ok(set(space, "k", "4321"));
    assert_status(set(space, "k", "12345"), AIRS_QUOTA_EXCEEDED);
    assert_ok(self->backend->ops->remove(space, airs_str("key"), NULL));
    assert_usage(space, 5, 1);
    self->backend->ops->close(space);
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
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        airs_error_t error;
        got_t got = {0};
        bool exists = false;
        assert_status(ops->set(self->space, CASES[i].key, airs_bytes("v", 1), &error), AIRS_INVALID_KEY);
        assert_non_null(strstr(error.text, CASES[i].why));
        assert_status(ops->get(self->space, CASES[i].key, take_value, &got, &error), AIRS_INVALID_KEY);
        assert_status(ops->remove(self->space, CASES[i].key, &error), AIRS_INVALID_KEY);
        assert_status(ops->exists(self->space, CASES[i].key, &exists, &error), AIRS_INVALID_KEY);
        assert_int_equal(got.calls, 0);
    }
    assert_ok(ops->set(self->space, airs_str_n(key, AIRS_STORAGE_KEY_MAX), airs_bytes("v", 1), NULL));
    assert_usage(self->space, AIRS_STORAGE_KEY_MAX + 1, 1);
}

static void values_have_a_largest_size(void **state) {
    fixture_t *self = *state;
    uint8_t *value = calloc(1, AIRS_STORAGE_VALUE_MAX + 1);
    assert_non_null(value);
    airs_error_t error;
    assert_status(self->backend->ops->set(self->space, airs_str("k"),
                                          airs_bytes(value, AIRS_STORAGE_VALUE_MAX + 1), &error),
                  AIRS_IO);
    assert_non_null(strstr(error.text, "16777217 bytes; it may have 16777216"));
    assert_usage(self->space, 0, 0);
    assert_ok(
        self->backend->ops->set(self->space, airs_str("k"), airs_bytes(value, AIRS_STORAGE_VALUE_MAX), NULL));
    free(value);
}

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

static void assert_listed(airs_storage_space_t *space, airs_str_t prefix, int stop_after,
                          const char *wanted) {
    listed_t listed = {.stop_after = stop_after};
    assert_ok(space->backend->ops->list(space, prefix, list_key, &listed, NULL));
    assert_string_equal(listed.text, wanted);
}

static void keys_are_listed_in_order_by_prefix(void **state) {
    fixture_t *self = *state;
    static const char *const KEYS[] = {"user/2", "user/10", "use",    "user",
                                       "users",  "zebra",   "user/1", "\xc3\xa4"};
    assert_listed(self->space, airs_str(""), -1, "");
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        assert_ok(set(self->space, KEYS[i], "v"));
    }
    assert_listed(self->space, airs_str(""), -1, "use user user/1 user/10 user/2 users zebra \xc3\xa4 ");
    assert_listed(self->space, airs_str("user/"), -1, "user/1 user/10 user/2 ");
    assert_listed(self->space, airs_str("user/"), 2, "user/1 user/10 ");
    assert_listed(self->space, airs_str("user/1"), -1, "user/1 user/10 ");
    assert_listed(self->space, airs_str("user/3"), -1, "");
    assert_listed(self->space, airs_str("zz"), -1, "");
    assert_listed(self->space, airs_str_n("u\0", 2), -1, "");
    static char prefix[AIRS_STORAGE_KEY_MAX * 2];
    assert_listed(self->space, airs_str_n(prefix, sizeof prefix), -1, "");
}

static airs_status_t use_space(airs_storage_space_t *space) {
    const airs_storage_backend_ops_t *ops = space->backend->ops;
    airs_error_t error;
    got_t got;
    airs_status_t status = ops->set(space, airs_str("a"), airs_bytes("1", 1), &error);
    if (status == AIRS_OK) {
        status = ops->set(space, airs_str("a"), airs_bytes("22", 2), &error);
    }
    if (status == AIRS_OK) {
        status = ops->get(space, airs_str("a"), take_value, &got, &error);
    }
    if (status == AIRS_OK) {
        status = ops->remove(space, airs_str("a"), &error);
    }
    return status;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_storage_backend_t *backend = NULL;
    airs_status_t status = airs_memory_backend_create(allocator, &backend);
    if (status != AIRS_OK) {
        return status;
    }
    airs_storage_space_t *space = NULL;
    airs_error_t error;
    status = backend->ops->open(backend, airs_str("s"), UINT64_MAX, &space, &error);
    if (status == AIRS_OK) {
        status = use_space(space);
        backend->ops->close(space);
    }
    backend->ops->destroy(backend);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

static void a_failed_set_changes_nothing(void **state) {
    fixture_t *self = *state;
    assert_ok(set(self->space, "key", "old"));
    airs_failing_allocator_fail(&self->memory, 1, UINT64_MAX);
    assert_status(set(self->space, "key", "new"), AIRS_OUT_OF_MEMORY);
    assert_status(set(self->space, "other", "new"), AIRS_OUT_OF_MEMORY);
    airs_failing_allocator_fail(&self->memory, 2, UINT64_MAX);
    assert_status(set(self->space, "other", "new"), AIRS_OUT_OF_MEMORY);
    assert_value(self->space, "key", "old");
    assert_usage(self->space, 6, 1);
}

/* ---- threads ---- */

#define WRITERS 3
#define ROUNDS 3000

typedef struct party {
    airs_storage_backend_t *backend;
    _Atomic int next;
    _Atomic int writers_left;
} party_t;

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
    const airs_storage_backend_ops_t *ops = party->backend->ops;
    airs_storage_space_t *space = NULL;
    AIRS_ASSERT(ops->open(party->backend, airs_str("party"), UINT64_MAX, &space, NULL) == AIRS_OK);
    int me = atomic_fetch_add(&party->next, 1);
    char a[32];
    char b[32];
    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(a, sizeof a, "x/%d/%d/a", me, i % 10);
        (void)snprintf(b, sizeof b, "x/%d/%d/b", me, i % 10);
        AIRS_ASSERT(set(space, a, "1") == AIRS_OK);
        AIRS_ASSERT(set(space, b, "2") == AIRS_OK);
        AIRS_ASSERT(ops->remove(space, airs_str(b), NULL) == AIRS_OK);
        AIRS_ASSERT(ops->remove(space, airs_str(a), NULL) == AIRS_OK);
    }
    ops->close(space);
    atomic_fetch_sub(&party->writers_left, 1);
    return NULL;
}

static void a_list_is_one_consistent_view(void **state) {
    fixture_t *self = *state;
    party_t party = {.backend = self->backend};
    atomic_store(&party.writers_left, WRITERS);
    pthread_t threads[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_pairs, &party), 0);
    }
    airs_storage_space_t *space = open_space(self, "party", UINT64_MAX);
    while (atomic_load(&party.writers_left) > 0) {
        char last[32] = {0};
        assert_ok(self->backend->ops->list(space, airs_str("x/"), check_pair, last, NULL));
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_usage(space, 0, 0);
    self->backend->ops->close(space);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_set_is_got),
        TEST(what_is_not_there_is_not_found),
        TEST(spaces_do_not_see_each_other),
        TEST(a_space_outlives_its_closing),
        TEST(usage_is_exact),
        TEST(the_quota_is_held_to_the_byte),
        TEST(invalid_keys_are_told_why),
        TEST(values_have_a_largest_size),
        TEST(keys_are_listed_in_order_by_prefix),
        TEST(a_failed_set_changes_nothing),
        TEST(a_list_is_one_consistent_view),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
