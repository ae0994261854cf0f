#include "runtime/host/keyvalue.h"

#include <stdio.h>

#include "runtime/shared_fixture.h"
#include "security/capability.h"
#include "support/parking_backend.h"

static void assert_answer(const char *question, const char *answer) {
    airs_status_t status = fixture_request(&fixture, question);
    if (status != AIRS_OK) {
        fail_msg("%s: %s", question, fixture.result.reason);
    }
    if (strcmp(fixture_response(&fixture), answer) != 0) {
        fail_msg("%s: \"%s\", not \"%s\"", question, fixture_response(&fixture), answer);
    }
}

static void assert_refusal(const char *question, const char *why) {
    assert_status(fixture_request(&fixture, question), AIRS_GUEST_ERROR);
    if (strstr(fixture.result.reason, why) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", question, fixture.result.reason, why);
    }
}

/* ---- store ---- */

/* In both versions. */
static void store(const char *guest) {
    fixture_run(&fixture, guest, NULL);
    assert_answer("open ", "");
    assert_answer("get a", "none");
    assert_answer("exists a", "no");
    assert_answer("set a one", "");
    assert_answer("get a", "one");
    assert_answer("exists a", "yes");
    assert_answer("set a two", "");
    assert_answer("get a", "two");
    assert_answer("set gr\xc3\xbc\xc3\x9f \xe2\x82\xac", "");
    assert_answer("get gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac");
    assert_answer("set empty ", "");
    assert_answer("get empty", "");
    assert_answer("list", "a\nempty\ngr\xc3\xbc\xc3\x9f\n1");
    assert_answer("delete a", "");
    assert_answer("delete a", "");
    assert_answer("get a", "none");
    assert_answer("list", "empty\ngr\xc3\xbc\xc3\x9f\n1");
    assert_refusal("set  x", "other: invalid-key");
    fixture_drop(&fixture);
}

static void keys_are_set_read_and_deleted(void **state) {
    (void)state;
    store("standard/keyvalue");
}

static void keys_are_set_read_and_deleted_in_the_second_draft(void **state) {
    (void)state;
    store("standard/keyvalue2");
}

static void the_components_own_bucket_is_its_storage(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open default", "");
    assert_answer("set key value", "");
    fixture_drop(&fixture);
    fixture_run(&fixture, "store", NULL);
    assert_answer("get key", "value");
    assert_ok(fixture_request(&fixture, "set other x"));
    fixture_drop(&fixture);
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open ", "");
    assert_answer("get other", "x");
    fixture_drop(&fixture);
}

static void buckets_are_apart(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open ", "");
    assert_answer("set a own", "");
    assert_answer("set z own", "");
    assert_answer("open one", "");
    assert_answer("get a", "none");
    assert_answer("set a 1", "");
    assert_answer("set b 1", "");
    assert_answer("open two", "");
    assert_answer("set a 2", "");
    assert_answer("list", "a\n1");
    assert_answer("open one", "");
    assert_answer("get a", "1");
    assert_answer("list", "a\nb\n1");
    assert_answer("many a b c", "a=1\nb=1\n-\n");
    assert_answer("clear", "a\nb\n1");
    assert_answer("list", "1");
    assert_answer("open ", "");
    assert_answer("list", "a\nz\n1");
    assert_answer("get a", "own");
    /* What would be in another bucket is no key here. */
    assert_refusal("get \x1ftwo\x1f"
                   "a",
                   "other: invalid-key");
    assert_answer("open two", "");
    assert_answer("get a", "2");
    fixture_drop(&fixture);
}

/* Whoever may read "*" may not read "sessions/a". */
static void what_is_in_buckets_is_not_in_the_components_own_storage(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open sessions", "");
    assert_answer("set a 1", "");
    fixture_drop(&fixture);
    fixture_run(&fixture, "store", NULL);
    assert_ok(fixture_request(&fixture, "set \x01 below"));
    assert_ok(fixture_request(&fixture, "set own x"));
    assert_answer("list", "\x01\nown\n");
    assert_answer("list \x1f", "");
    assert_refusal("get \x1fsessions\x1f"
                   "a",
                   "invalid key: the key begins with U+001F");
    assert_refusal("set \x1fsessions\x1f"
                   "a 2",
                   "invalid key");
    assert_refusal("exists \x1fsessions\x1f"
                   "a",
                   "invalid key");
    assert_refusal("delete \x1fsessions\x1f"
                   "a",
                   "invalid key");
    fixture_drop(&fixture);
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open sessions", "");
    assert_answer("get a", "1");
    fixture_drop(&fixture);
}

static void names_that_can_be_no_bucket_are_no_such_store(void **state) {
    (void)state;
    static const char *const names[] = {"a/b", "/", "x\x1fy", "\x7f"};
    char command[128];
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(command, sizeof command, "open %s", names[i]);
        assert_refusal(command, "no-such-store");
    }
    snprintf(command, sizeof command, "open %065d", 1);
    assert_refusal(command, "no-such-store");
    snprintf(command, sizeof command, "open %064d", 1);
    assert_answer(command, "");
    fixture_drop(&fixture);
}

static void without_storage_there_is_no_store(void **state) {
    (void)state;
    airs_storage_backend_t *storage = fixture.storage;
    fixture.storage = NULL;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_refusal("open ", "no-such-store");
    fixture_drop(&fixture);
    fixture.storage = storage;
}

static void keys_and_values_are_bounded(void **state) {
    (void)state;
    char command[512];
    fixture.storage_quota = 100;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open b", "");
    snprintf(command, sizeof command, "get %0397d", 1);
    assert_answer(command, "none");
    snprintf(command, sizeof command, "get %0398d", 1);
    assert_refusal(command, "other: invalid-key: a key of the bucket \"b\" has at most 397 bytes");
    snprintf(command, sizeof command, "set a %0100d", 1);
    assert_refusal(command, "other: quota-exceeded");
    assert_answer("get a", "none");
    fixture_drop(&fixture);
    fixture.storage_quota = 0;
}

/* ---- listing ---- */

static void lists(const char *guest) {
    fixture_run(&fixture, guest, NULL);
    assert_answer("open other", "");
    assert_answer("set x 1", "");
    assert_answer("open ", "");
    assert_answer("fill 10000 k", "");
    assert_answer("count", "10000 1");
    assert_answer("fill 2500 m", "");
    assert_answer("count", "12500 2");
    /* Deleting what was listed leaves nothing out. */
    assert_ok(fixture_request(&fixture, "clear"));
    assert_answer("list", "1");
    assert_answer("open other", "");
    assert_answer("list", "x\n1");
    assert_refusal("fill 10001 k", "other: 10001 keys at once; there may be 10000");
    fixture_drop(&fixture);
}

static void many_keys_come_in_pages(void **state) {
    (void)state;
    lists("standard/keyvalue");
}

static void many_keys_come_in_pages_by_their_names(void **state) {
    (void)state;
    lists("standard/keyvalue2");
}

static void a_list_goes_on_where_it_ended_though_nothing_was_there(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open ", "");
    assert_answer("put a 1 b 2", "");
    assert_answer("list", "a\nb\n1");
    assert_answer("from 2", "");
    assert_answer("from 2", "");
    assert_answer("set c 3", "");
    assert_answer("from 2", "c\n");
    assert_answer("from 3", "");
    assert_answer("from 1", "b\nc\n");
    fixture_drop(&fixture);
}

/* ---- batch ---- */

static void batch(const char *guest) {
    fixture_run(&fixture, guest, NULL);
    assert_answer("open b", "");
    assert_answer("many", "");
    assert_answer("put a 1 b 2 a 3", "");
    assert_answer("many a b c a", "a=3\nb=2\n-\na=3\n");
    assert_answer("many a", "a=3\n");
    assert_answer("many c", "-\n");
    assert_answer("drop a c", "");
    assert_answer("many a b", "-\nb=2\n");
    assert_answer("put", "");
    assert_answer("drop", "");
    /* All or nothing. */
    assert_refusal("put x 1  2", "other: invalid-key");
    assert_answer("get x", "none");
    fixture_drop(&fixture);
}

static void batches_take_several_keys(void **state) {
    (void)state;
    batch("standard/keyvalue");
}

static void batches_take_several_keys_in_the_second_draft(void **state) {
    (void)state;
    batch("standard/keyvalue2");
}

static void get_many_is_answered_as_the_component_declares_it(void **state) {
    (void)state;
    batch("standard/keyvalue_pairs");
}

/* ---- atomics ---- */

static void numbers_are_counted_up(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open b", "");
    assert_answer("increment n 5", "5");
    assert_answer("increment n 18446744073709551610", "18446744073709551615");
    assert_answer("get n", "18446744073709551615");
    /* Which key it is the component knows, by another name than the storage has for it. */
    assert_refusal("increment n 1",
                   "other: invalid-argument: its value cannot become larger or smaller by so much");
    assert_answer("set n text", "");
    assert_refusal("increment n 1", "other: invalid-argument: its value is not a number from 0 to 2^64-1");
    assert_answer("get n", "text");
    fixture_drop(&fixture);
}

static void numbers_have_a_sign_in_the_second_draft(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open b", "");
    assert_answer("increment n 5", "5");
    assert_answer("increment n -8", "-3");
    assert_answer("get n", "-3");
    fixture_drop(&fixture);
}

static void a_swap_fails_when_another_was_faster(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open b", "");
    assert_answer("swap a one", "swapped");
    assert_answer("get a", "one");
    assert_answer("swap a two", "swapped");
    assert_answer("race a three", "failed: other, then swapped");
    assert_answer("get a", "three");
    assert_answer("race new x", "failed: other, then swapped");
    assert_refusal("swap  x", "other: invalid-key");
    fixture_drop(&fixture);
}

/* ---- what is open ---- */

static void what_may_be_open_is_bounded_and_given_back(void **state) {
    (void)state;
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("churn 5000", "5000");
    assert_answer("open b", "");
    assert_answer("set a 1", "");
    assert_answer("hold 5000", "1023");
    assert_refusal("open c", "other: resource-limit: 1024 buckets");
    assert_answer("snap a 10", "0");
    /* A new instance begins anew. */
    fixture_drop(&fixture);
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open b", "");
    assert_answer("snap a 5000", "1023");
    fixture_drop(&fixture);
}

/* ---- waiting ---- */

static airs_status_t end_parked(airs_parking_backend_t *parking) {
    atomic_store(&fixture.wakes, 0);
    airs_parking_backend_finish(parking);
    assert_int_equal(fixture.wakes, 1);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    return fixture.result.status;
}

static void begin_parked(const char *command) {
    assert_int_equal(fixture_begin_message(&fixture, command), AIRS_POLL_PENDING);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
}

static void writes_park_the_call(void **state) {
    (void)state;
    static airs_parking_backend_t parking;
    airs_storage_backend_t *real = fixture.storage;
    airs_parking_backend_init(&parking, real);
    fixture.storage = &parking.backend;
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open b", "");
    begin_parked("set a 1");
    assert_ok(end_parked(&parking));
    begin_parked("increment a 6");
    assert_ok(end_parked(&parking));
    assert_answer("get a", "7");
    begin_parked("swap a 8");
    assert_ok(end_parked(&parking));
    assert_answer("get a", "8");
    begin_parked("put c 1 d 2");
    assert_ok(end_parked(&parking));
    assert_answer("many a c d", "a=8\nc=1\nd=2\n");
    parking.fails = AIRS_IO;
    begin_parked("delete a");
    assert_status(end_parked(&parking), AIRS_GUEST_ERROR);
    assert_non_null(strstr(fixture.result.reason, "other: io: the write was made to fail"));
    begin_parked("swap a 9");
    assert_status(end_parked(&parking), AIRS_GUEST_ERROR);
    parking.fails = AIRS_OK;
    /* It may end in between. */
    begin_parked("swap a 9");
    fixture_drop(&fixture);
    assert_int_equal(parking.pending, 0);
    fixture.storage = real;
}

/* ---- capabilities ---- */

static airs_capabilities_t *grant(const airs_permission_t *permissions, size_t count) {
    airs_capabilities_t *capabilities = NULL;
    const airs_capability_grant_t made = {permissions, count, 0, AIRS_GRANT_FOREVER};
    assert_ok(airs_capabilities_create(airs_allocator_default(), &made, 1, 0, &capabilities, NULL));
    return capabilities;
}

#define READ AIRS_ACTION_BIT(STORAGE_READ)
#define WRITE AIRS_ACTION_BIT(STORAGE_WRITE)
#define DELETE AIRS_ACTION_BIT(STORAGE_DELETE)
#define PERMISSION(bits, text) \
    {.actions = (bits), .scope = AIRS_SCOPE_PATTERN, .pattern = {(text), sizeof(text) - 1}}

static void keys_of_buckets_are_granted_by_their_buckets(void **state) {
    (void)state;
    const airs_permission_t permissions[] = {PERMISSION(READ, "b/**"), PERMISSION(WRITE, "b/may"),
                                             PERMISSION(READ | WRITE | DELETE, "own")};
    airs_capabilities_t *capabilities = grant(permissions, 3);
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open b", "");
    assert_answer("put may 1 not 2", "");
    assert_answer("open ", "");
    assert_answer("put own 1 other 2", "");
    fixture_drop(&fixture);
    fixture.capabilities = capabilities;
    fixture_run(&fixture, "standard/keyvalue2", NULL);
    assert_answer("open b", "");
    assert_answer("get not", "2");
    assert_answer("set may 3", "");
    assert_refusal("set not 3", "access-denied");
    assert_refusal("delete may", "access-denied");
    assert_refusal("put may 4 not 4", "access-denied");
    assert_answer("get may", "3");
    assert_refusal("increment not 1", "access-denied");
    assert_refusal("swap not 1", "access-denied");
    assert_answer("swap may 5", "swapped");
    assert_answer("list", "may\nnot\n1");
    assert_answer("open ", "");
    assert_answer("list", "own\n1");
    assert_refusal("get other", "access-denied");
    assert_refusal("many own other", "access-denied");
    assert_answer("get own", "1");
    assert_answer("delete own", "");
    fixture_drop(&fixture);
    airs_capabilities_unref(capabilities);
}

static void who_may_do_nothing_opens_nothing(void **state) {
    (void)state;
    airs_capabilities_t *nothing = grant(NULL, 0);
    fixture.capabilities = nothing;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_refusal("open b", "access-denied");
    fixture_drop(&fixture);
    const airs_permission_t deletes[] = {PERMISSION(DELETE, "**")};
    airs_capabilities_t *some = grant(deletes, 1);
    fixture.capabilities = some;
    fixture_run(&fixture, "standard/keyvalue", NULL);
    assert_answer("open b", "");
    assert_refusal("list", "access-denied");
    assert_refusal("exists a", "access-denied");
    assert_answer("delete a", "");
    fixture_drop(&fixture);
    airs_capabilities_unref(nothing);
    airs_capabilities_unref(some);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(keys_are_set_read_and_deleted),
        TEST(keys_are_set_read_and_deleted_in_the_second_draft),
        TEST(the_components_own_bucket_is_its_storage),
        TEST(buckets_are_apart),
        TEST(what_is_in_buckets_is_not_in_the_components_own_storage),
        TEST(names_that_can_be_no_bucket_are_no_such_store),
        TEST(without_storage_there_is_no_store),
        TEST(keys_and_values_are_bounded),
        TEST(many_keys_come_in_pages),
        TEST(many_keys_come_in_pages_by_their_names),
        TEST(a_list_goes_on_where_it_ended_though_nothing_was_there),
        TEST(batches_take_several_keys),
        TEST(batches_take_several_keys_in_the_second_draft),
        TEST(get_many_is_answered_as_the_component_declares_it),
        TEST(numbers_are_counted_up),
        TEST(numbers_have_a_sign_in_the_second_draft),
        TEST(a_swap_fails_when_another_was_faster),
        TEST(what_may_be_open_is_bounded_and_given_back),
        TEST(writes_park_the_call),
        TEST(keys_of_buckets_are_granted_by_their_buckets),
        TEST(who_may_do_nothing_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
