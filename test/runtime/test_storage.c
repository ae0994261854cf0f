#include "runtime/host/storage.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/shared_fixture.h"
#include "support/parking_backend.h"

static void assert_answers(const char *command, const char *answer) {
    airs_status_t status = fixture_request(&fixture, command);
    if (status != AIRS_OK) {
        fail_msg("%s: %s", command, fixture.result.reason);
    }
    assert_string_equal(fixture_response(&fixture), answer);
}

static void assert_fails(const char *command, const char *text) {
    assert_status(fixture_request(&fixture, command), AIRS_GUEST_ERROR);
    if (strncmp(fixture.result.reason, text, strlen(text)) != 0) {
        fail_msg("%s: \"%s\" does not begin with \"%s\"", command, fixture.result.reason, text);
    }
}

static void keeps_what_is_set(void **state) {
    (void)state;
    fixture_run(&fixture, "store", NULL);
    assert_answers("set name some value", "ok");
    assert_answers("get name", "some value");
    assert_answers("set name another", "ok");
    assert_answers("get name", "another");
    assert_answers("set empty ", "ok");
    assert_answers("get empty", "");
    assert_answers("exists empty", "yes");
    assert_answers("exists nothing", "no");
    assert_answers("set gr\xc3\xbc\xc3\x9f x", "ok");
    assert_answers("get gr\xc3\xbc\xc3\x9f", "x");
}

static void keeps_any_bytes(void **state) {
    (void)state;
    static const uint8_t command[] = {'s', 'e', 't', ' ', 'k', ' ', 0, 1, 0xff, '\n', 0};
    fixture_run(&fixture, "store", NULL);
    assert_ok(fixture_message_bytes(&fixture, airs_bytes(command, sizeof command)));
    assert_ok(fixture_request(&fixture, "get k"));
    assert_int_equal(fixture.result.response.size, sizeof command - 6);
    assert_memory_equal(fixture.result.response.data, command + 6, sizeof command - 6);
}

static void what_is_not_there_is_not_found(void **state) {
    (void)state;
    fixture_run(&fixture, "store", NULL);
    assert_fails("get nothing", "runtime-error: not found: nothing");
    assert_fails("delete nothing", "runtime-error: not found: there is no key \"nothing\"");
    assert_answers("set name value", "ok");
    assert_answers("delete name", "ok");
    assert_fails("delete name", "runtime-error: not found");
    assert_fails("get name", "runtime-error: not found");
    assert_answers("exists name", "no");
}

static void lists_keys_in_order(void **state) {
    (void)state;
    fixture_run(&fixture, "store", NULL);
    assert_answers("list", "");
    assert_answers("set b 1", "ok");
    assert_answers("set a/2 1", "ok");
    assert_answers("set a/10 1", "ok");
    assert_answers("set a 1", "ok");
    assert_answers("list", "a\na/10\na/2\nb\n");
    assert_answers("list a", "a\na/10\na/2\n");
    assert_answers("list a/", "a/10\na/2\n");
    assert_answers("list c", "");
}

static void lists_very_many(void **state) {
    (void)state;
    fixture_run(&fixture, "store", NULL);
    for (int i = 0; i < 2000; i++) {
        char command[32];
        snprintf(command, sizeof command, "set key%04d x", i);
        assert_ok(fixture_message(&fixture, command));
    }
    assert_ok(fixture_request(&fixture, "list"));
    assert_int_equal(fixture.result.response.size, 2000 * 8);
    assert_memory_equal(fixture.result.response.data, "key0000\nkey0001\n", 16);
    assert_ok(fixture_request(&fixture, "list key19"));
    assert_int_equal(fixture.result.response.size, 100 * 8);
}

static void tells_usage(void **state) {
    (void)state;
    fixture_run(&fixture, "store", NULL);
    assert_answers("usage", "0 18446744073709551615 0");
    assert_answers("set name value", "ok");
    assert_answers("usage", "9 18446744073709551615 1");
    assert_answers("delete name", "ok");
    assert_answers("usage", "0 18446744073709551615 0");
}

static void keys_that_are_none_are_refused(void **state) {
    (void)state;
    char command[600] = "set ";
    fixture_run(&fixture, "store", NULL);
    assert_fails("set ", "runtime-error: invalid key: the key is empty");
    assert_fails("get ", "runtime-error: invalid key: the key is empty");
    assert_fails("delete ", "runtime-error: invalid key: the key is empty");
    assert_fails("exists ", "runtime-error: invalid key: the key is empty");
    memset(command + 4, 'k', AIRS_STORAGE_KEY_MAX + 1);
    strcpy(command + 4 + AIRS_STORAGE_KEY_MAX + 1, " x");
    assert_fails(command, "runtime-error: invalid key: the key has 401 bytes; it may have 400");
    strcpy(command + 4 + AIRS_STORAGE_KEY_MAX, " x");
    assert_answers(command, "ok");
    static const uint8_t zero[] = {'s', 'e', 't', ' ', 'a', 0, 'b', ' ', 'x'};
    assert_status(fixture_message_bytes(&fixture, airs_bytes(zero, sizeof zero)), AIRS_GUEST_ERROR);
    assert_non_null(strstr(fixture.result.reason, "invalid key"));
}

static void values_that_are_too_large_are_refused(void **state) {
    (void)state;
    const airs_instance_limits_t limits = {.max_memory_bytes = (uint64_t)128 << 20,
                                           .max_execution_time_ms = 30000};
    const size_t size = sizeof "set k " - 1 + AIRS_STORAGE_VALUE_MAX;
    char *command = malloc(size + 1);
    assert_non_null(command);
    memset(command, 'v', size + 1);
    memcpy(command, "set k ", 6);
    assert_ok(fixture_start(&fixture, fixture_load(&fixture, "store"), &limits));
    assert_ok(fixture_initialize(&fixture, NULL));
    assert_status(fixture_message_bytes(&fixture, airs_bytes(command, size + 1)), AIRS_GUEST_ERROR);
    assert_non_null(strstr(fixture.result.reason, "io: the value has 16777217 bytes; it may have 16777216"));
    assert_answers("exists k", "no");
    assert_ok(fixture_message_bytes(&fixture, airs_bytes(command, size)));
    free(command);
    assert_answers("usage", "16777217 18446744073709551615 1");
    assert_ok(fixture_request(&fixture, "get k"));
    assert_int_equal(fixture.result.response.size, AIRS_STORAGE_VALUE_MAX);
}

static void the_quota_is_kept(void **state) {
    (void)state;
    fixture.storage_quota = 20;
    fixture_run(&fixture, "store", NULL);
    assert_answers("usage", "0 20 0");
    assert_answers("set key 12345678901234567", "ok");
    assert_fails("set key 123456789012345678", "runtime-error: quota exceeded");
    assert_fails("set b x", "runtime-error: quota exceeded");
    assert_answers("get key", "12345678901234567");
    assert_answers("delete key", "ok");
    assert_answers("set b x", "ok");
    assert_answers("usage", "2 20 1");
}

static void spaces_do_not_see_each_other(void **state) {
    (void)state;
    fixture.storage_space = "app/first";
    fixture_run(&fixture, "store", NULL);
    assert_answers("set name of the first", "ok");
    fixture_drop(&fixture);

    fixture.storage_space = "app/second";
    fixture_run(&fixture, "store", NULL);
    assert_fails("get name", "runtime-error: not found");
    assert_answers("list", "");
    assert_answers("usage", "0 18446744073709551615 0");
    assert_answers("set name of the second", "ok");
    fixture_drop(&fixture);

    /* It outlives the instance. */
    fixture.storage_space = "app/first";
    fixture_run(&fixture, "store", NULL);
    assert_answers("get name", "of the first");
    assert_answers("list", "name\n");
}

static void without_storage_every_function_is_an_error(void **state) {
    (void)state;
    static const char *const commands[] = {"set a b", "get a", "delete a", "exists a", "list", "usage"};
    airs_storage_backend_t *backend = fixture.storage;
    fixture.storage = NULL;
    fixture_run(&fixture, "store", NULL);
    fixture.storage = backend;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_fails(commands[i],
                     "runtime-error: input or output failed: unsupported: this node has no storage");
    }
}

/* The fixture's backend with pending writes in between; puts it back. */
static void park_writes(airs_parking_backend_t *parking) {
    airs_parking_backend_init(parking, fixture.storage);
    fixture.storage = &parking->backend;
    fixture_run(&fixture, "store", NULL);
    fixture.storage = parking->real;
}

static airs_status_t end_parked(airs_parking_backend_t *parking) {
    atomic_store(&fixture.wakes, 0);
    airs_parking_backend_finish(parking);
    assert_int_equal(fixture.wakes, 1);
    assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
    return fixture.result.status;
}

static void a_write_parks_the_call_until_it_is_done(void **state) {
    (void)state;
    static airs_parking_backend_t parking;
    park_writes(&parking);
    assert_int_equal(fixture_begin_message(&fixture, "set name value"), AIRS_POLL_PENDING);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
    }
    assert_int_equal(parking.asked, 4); /* once when it began to wait */
    assert_ok(end_parked(&parking));
    assert_answers("get name", "value");
    assert_int_equal(fixture_begin_message(&fixture, "delete name"), AIRS_POLL_PENDING);
    assert_ok(end_parked(&parking));
    assert_answers("exists name", "no");
    fixture_drop(&fixture);
}

static void a_write_that_fails_late_is_an_error(void **state) {
    (void)state;
    static airs_parking_backend_t parking;
    park_writes(&parking);
    parking.fails = AIRS_IO;
    assert_int_equal(fixture_begin_message(&fixture, "set name value"), AIRS_POLL_PENDING);
    assert_status(end_parked(&parking), AIRS_GUEST_ERROR);
    assert_string_equal(fixture.result.reason,
                        "runtime-error: input or output failed: io: the write was made to fail");
    parking.fails = AIRS_QUOTA_EXCEEDED;
    assert_int_equal(fixture_begin_message(&fixture, "set name value"), AIRS_POLL_PENDING);
    assert_status(end_parked(&parking), AIRS_GUEST_ERROR);
    assert_string_equal(fixture.result.reason, "runtime-error: quota exceeded");
    parking.fails = AIRS_OK;
    assert_int_equal(fixture_begin_message(&fixture, "delete name"), AIRS_POLL_PENDING);
    assert_status(end_parked(&parking), AIRS_GUEST_ERROR);
    assert_non_null(strstr(fixture.result.reason, "not found: there is no key"));
    fixture_drop(&fixture);
}

static void an_instance_may_end_while_it_is_parked(void **state) {
    (void)state;
    static airs_parking_backend_t parking;
    park_writes(&parking);
    assert_int_equal(fixture_begin_message(&fixture, "set name value"), AIRS_POLL_PENDING);
    fixture_drop(&fixture);
    assert_int_equal(parking.pending, 0);
    fixture_run(&fixture, "store", NULL);
    assert_answers("get name", "value");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_what_is_set, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(keeps_any_bytes, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(lists_keys_in_order, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(lists_very_many, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(tells_usage, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(keys_that_are_none_are_refused, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(values_that_are_too_large_are_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(the_quota_is_kept, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(spaces_do_not_see_each_other, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_write_parks_the_call_until_it_is_done, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_write_that_fails_late_is_an_error, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_instance_may_end_while_it_is_parked, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(without_storage_every_function_is_an_error, fixture_set_up,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
