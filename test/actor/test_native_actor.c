#include "actor_fixture.h"

static actor_fixture_t fixture;
static probe_t a;
static probe_t b;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 1);
    probe_init(&a);
    probe_init(&b);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static void lives_from_start_to_destroy(void **state) {
    (void)state;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    assert_true(a.started);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").state, AIRS_ACTOR_RUNNING);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "one"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "two"));
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_string_equal(a.heard, "m:one m:two");
    assert_string_equal(a.last_sender, "airssys/host/0");
    assert_string_equal(a.last_correlation, "");
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_true(a.stopped);
    probe_free(&a);
}

static void content_type_and_time_arrive(void **state) {
    (void)state;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    assert_ok(airs_actor_system_send(fixture.system, id_of("t/a/0"), airs_bytes("x", 1),
                                     airs_str("text/plain"), NULL));
    actor_fixture_run(&fixture);
    assert_string_equal(a.last_content_type, "text/plain");
}

static void a_failing_start_fails_the_spawn(void **state) {
    (void)state;
    a.start_answer = AIRS_IO;
    airs_error_t error;
    assert_status(
        airs_actor_system_spawn_native(fixture.system, &probe_native, &a, id_of("t/a/0"), NULL, &error),
        AIRS_INITIALIZE_FAILED);
    assert_string_equal(error.text, "t/a/0: input or output failed");
    assert_false(a.stopped);
    probe_free(&a);
    assert_status(actor_fixture_send(&fixture, "t/a/0", ""), AIRS_TARGET_NOT_FOUND);
    assert_int_equal(actor_fixture_totals(&fixture).spawned, 0);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

static void a_failing_handle_is_a_crash(void **state) {
    (void)state;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    a.answer = AIRS_IO;
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "one"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "two"));
    actor_fixture_run(&fixture);
    assert_string_equal(a.heard, "m:one");
    assert_false(a.stopped);
    probe_free(&a);
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.crashed, 1);
    assert_int_equal(totals.dead_letters, 2);
    assert_int_equal(totals.dropped, 0);
    assert_int_equal(totals.messages, 0);
}

/* An error answer is what guests have; a native actor that says so crashes like with any other status. */
static void a_guest_error_of_a_native_actor_is_a_crash_too(void **state) {
    (void)state;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    a.answer = AIRS_GUEST_ERROR;
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "one"));
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
}

static void its_state_is_destroyed_though_nothing_was_made(void **state) {
    (void)state;
    airs_id_t nameless = airs_id("t", "", "0");
    assert_status(airs_actor_system_spawn_native(fixture.system, &probe_native, &a, nameless, NULL, NULL),
                  AIRS_INVALID_ARGUMENT);
    probe_free(&a);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    probe_init(&a);
    assert_status(
        airs_actor_system_spawn_native(fixture.system, &probe_native, &a, id_of("t/b/0"), NULL, NULL),
        AIRS_ALREADY_EXISTS);
    assert_false(a.started);
    probe_free(&a);
    airs_actor_counters_t counters;
    assert_status(airs_actor_system_counters(fixture.system, id_of("t/a/0"), &counters),
                  AIRS_TARGET_NOT_FOUND);
}

static airs_status_t pass_on(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    return airs_actor_send(context, id_of(probe->user), incoming->payload);
}

static void sends_and_remembers_its_targets(void **state) {
    (void)state;
    a.then = pass_on;
    a.user = "t/b/0";
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    for (int i = 0; i < 3; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    actor_fixture_run(&fixture);
    assert_string_equal(b.heard, "m:x m:x m:x");
    assert_string_equal(b.last_sender, "t/a/0");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").sent, 3);
    /* Another actor under the remembered name gets what comes after. */
    assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DRAIN));
    probe_t second;
    probe_init(&second);
    probe_spawn(&fixture, &second, "t/b/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "y"));
    actor_fixture_run(&fixture);
    assert_string_equal(second.heard, "m:y");
    actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DROP);
    probe_free(&second);
}

static airs_status_t fan_out(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    (void)incoming;
    for (int round = 0; round < 2; round++) {
        for (int i = '0'; i < '9'; i++) {
            char instance[2] = {(char)i, '\0'};
            airs_status_t status =
                airs_actor_send(context, airs_id("t", "many", instance), airs_bytes("x", 1));
            if (status != AIRS_OK) {
                return status;
            }
        }
    }
    return AIRS_OK;
}

static void more_targets_than_it_remembers(void **state) {
    (void)state;
    probe_t many[9];
    for (int i = 0; i < 9; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/many/%d", i);
        probe_init(&many[i]);
        probe_spawn(&fixture, &many[i], id, NULL);
    }
    a.then = fan_out;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", ""));
    actor_fixture_run(&fixture);
    for (int i = 0; i < 9; i++) {
        assert_string_equal(many[i].heard, "m:x m:x");
    }
    airs_actor_system_stop_all(fixture.system, AIRS_STOP_DROP, PATIENCE_MS);
    for (int i = 0; i < 9; i++) {
        probe_free(&many[i]);
    }
}

static airs_status_t ask(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    static airs_request_id_t id;
    if (incoming->kind == AIRS_INCOMING_MESSAGE) {
        probe->user = &id;
        return airs_actor_request(context, id_of("t/b/0"), incoming->payload, 1000, &id);
    }
    return AIRS_OK;
}

static void requests_are_answered(void **state) {
    (void)state;
    a.then = ask;
    b.response = "pong";
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "ping"));
    actor_fixture_run(&fixture);
    assert_string_equal(b.heard, "q:ping");
    assert_string_equal(a.heard, "m:ping r:pong");
    assert_string_equal(a.last_correlation, ((airs_request_id_t *)a.user)->text);
    assert_string_equal(b.last_correlation, a.last_correlation);
    assert_string_equal(a.last_sender, "t/b/0");
}

static void a_request_without_an_answer_gets_an_empty_one(void **state) {
    (void)state;
    a.then = ask;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "ping"));
    actor_fixture_run(&fixture);
    assert_string_equal(a.heard, "m:ping r:");
}

static airs_status_t answer_twice(airs_actor_context_t *context, probe_t *probe,
                                  const airs_incoming_t *incoming) {
    (void)incoming;
    (void)probe;
    return airs_actor_respond(context, airs_bytes("again", 5)) == AIRS_INVALID_STATE ? AIRS_OK
                                                                                     : AIRS_INTERNAL;
}

static void one_answer_and_only_to_a_request(void **state) {
    (void)state;
    a.then = ask;
    b.response = "once";
    b.then = answer_twice;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "ping"));
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "no request"));
    actor_fixture_run(&fixture);
    assert_string_equal(a.heard, "m:ping r:once");
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

static airs_status_t leave(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    (void)incoming;
    airs_actor_exit(context);
    return AIRS_OK;
}

static void exits_by_itself(void **state) {
    (void)state;
    a.then = leave;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "one"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "two"));
    actor_fixture_run(&fixture);
    assert_string_equal(a.heard, "m:one");
    assert_true(a.stopped);
    probe_free(&a);
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.dropped, 0);
    assert_int_equal(totals.dead_letters, 1); /* nobody asked for "two" to be dropped */
    assert_int_equal(totals.crashed, 0);
    assert_int_equal(totals.actors, 0);
}

static airs_status_t cancel(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_INTERNAL;
    }
    airs_request_id_t id;
    airs_status_t status = airs_actor_request(context, id_of("t/b/0"), airs_bytes(NULL, 0), 1000, &id);
    if (status == AIRS_OK) {
        status = airs_actor_cancel_request(context, &id);
    }
    if (status == AIRS_OK && airs_actor_cancel_request(context, &id) != AIRS_NOT_FOUND) {
        status = AIRS_INTERNAL;
    }
    airs_request_id_t nonsense = {"nonsense"};
    if (status == AIRS_OK && airs_actor_cancel_request(context, &nonsense) != AIRS_NOT_FOUND) {
        status = AIRS_INTERNAL;
    }
    return status;
}

static void cancelled_requests_are_silent(void **state) {
    (void)state;
    a.then = cancel;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "go"));
    actor_fixture_run(&fixture);
    assert_string_equal(a.heard, "m:go");
    assert_string_equal(b.heard, "q:");
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.cancelled, 1);
    assert_int_equal(requests.late, 1);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

typedef struct broadcast {
    airs_status_t status;
    size_t failed_first;
} broadcast_t;

static airs_status_t tell_all(airs_actor_context_t *context, probe_t *probe,
                              const airs_incoming_t *incoming) {
    broadcast_t *out = probe->user;
    const airs_id_t targets[] = {airs_id("t", "b", "*"), airs_id("t", "nobody", "0"), airs_id("t", "a", "0")};
    if (!airs_id_equal(incoming->sender, airs_actor_self(context))) {
        out->failed_first = 7;
        out->status = airs_actor_broadcast(context, targets, incoming->payload.size, airs_bytes("hi", 2),
                                           &out->failed_first);
    }
    return AIRS_OK;
}

static void broadcasts_reach_whom_they_can(void **state) {
    (void)state;
    broadcast_t broadcast = {.status = AIRS_INTERNAL};
    static probe_t second;
    probe_init(&second);
    a.then = tell_all;
    a.user = &broadcast;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    probe_spawn(&fixture, &second, "t/b/1", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "1"));
    actor_fixture_run(&fixture);
    assert_ok(broadcast.status);
    assert_int_equal(broadcast.failed_first, 7);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").sent, 2);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "333"));
    actor_fixture_run(&fixture);
    assert_status(broadcast.status, AIRS_TARGET_NOT_FOUND);
    assert_int_equal(broadcast.failed_first, 1);
    assert_string_equal(a.heard, "m:1 m:333 m:hi");
    assert_string_equal(b.heard, "m:hi m:hi");
    assert_string_equal(second.heard, "m:hi m:hi");
    assert_ok(actor_fixture_stop(&fixture, "t/b/1", AIRS_STOP_DROP));
    probe_free(&second);
}

static void only_handle_is_mandatory(void **state) {
    (void)state;
    static const airs_native_t bare = {.size = sizeof bare, .handle = NULL};
    assert_status(airs_actor_system_spawn_native(fixture.system, &bare, NULL, id_of("t/a/0"), NULL, NULL),
                  AIRS_INVALID_ARGUMENT);
    airs_native_t lean = {.size = offsetof(airs_native_t, stop), .handle = probe_native.handle};
    assert_ok(airs_actor_system_spawn_native(fixture.system, &lean, &a, id_of("t/a/0"), NULL, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_string_equal(a.heard, "m:x");
    assert_false(a.destroyed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lives_from_start_to_destroy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_type_and_time_arrive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failing_start_fails_the_spawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failing_handle_is_a_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guest_error_of_a_native_actor_is_a_crash_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_state_is_destroyed_though_nothing_was_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_and_remembers_its_targets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_targets_than_it_remembers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_are_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_without_an_answer_gets_an_empty_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_answer_and_only_to_a_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exits_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelled_requests_are_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broadcasts_reach_whom_they_can, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_handle_is_mandatory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
