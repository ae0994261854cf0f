/* Why an actor that is restarted ended last: kept of failures alone, and shown cut after a line. */
#include "actor_fixture.h"

#include "actor/actor.h"
#include "actor/last_failure.h"
#include "actor/supervisor.h"
#include "core/check.h"
#include "support/failing_allocator.h"

static actor_fixture_t fixture;
static airs_actor_t *actor; /* a reference, of its last start */
static char reason[4096];   /* of the next crash */

static airs_scripted_next_t guest(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INITIALIZE) {
        airs_actor_unref(actor);
        actor = airs_actor_ref(call->host->self);
    }
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "exit")) {
        const airs_exit_reason_t error = {AIRS_REASON_ERROR, "no more to do"};
        AIRS_ASSERT(airs_actor_exit_for(actor, &error) == AIRS_OK);
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "leave")) {
        const airs_exit_reason_t normal = {AIRS_REASON_NORMAL, ""};
        AIRS_ASSERT(airs_actor_exit_for(actor, &normal) == AIRS_OK);
        return airs_scripted_ok(call);
    }
    call->result->status = AIRS_TRAP;
    call->result->reason = reason;
    return AIRS_SCRIPTED_DONE;
}

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 5);
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, guest, NULL), .id = id_of("t/a/0")};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    airs_supervisor_t *supervisor = NULL;
    spec.intensity = 100;
    spec.children = &child;
    spec.child_count = 1;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_actor_unref(actor);
    actor = NULL;
    actor_fixture_close(&fixture);
    return 0;
}

static void end_with(const char *how, const char *said) {
    (void)snprintf(reason, sizeof reason, "%s", said);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", how));
    actor_fixture_run(&fixture);
}

static void assert_failure(const char *what, const char *text) {
    char shown[2048];
    const char *told = NULL;
    uint64_t at = airs_last_failure_copy(actor, &told, shown, sizeof shown);
    assert_int_equal(at > 0, what[0] != '\0');
    assert_string_equal(told, what);
    assert_string_equal(shown, text);
}

static void there_is_none_at_first(void **state) {
    (void)state;
    assert_failure("", "");
}

static void the_last_one_is_kept(void **state) {
    (void)state;
    char shown[8];
    const char *told = NULL;
    end_with("crash", "first\n    0: f");
    assert_failure("trap", "first\n    0: f");
    uint64_t first = airs_last_failure_copy(actor, &told, shown, sizeof shown);
    assert_string_equal(shown, "first"); /* whole lines */
    airs_fake_clock_advance(&fixture.clock, 5 * MS);
    end_with("crash", "second");
    assert_failure("trap", "second");
    assert_true(airs_last_failure_copy(actor, &told, shown, sizeof shown) > first);
    assert_string_equal(shown, "second");
}

static void an_error_of_its_own_is_one_too(void **state) {
    (void)state;
    end_with("exit", "");
    assert_failure("error", "no more to do");
}

static void an_end_in_order_is_none(void **state) {
    (void)state;
    end_with("crash", "first");
    end_with("leave", "");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 2);
    assert_failure("trap", "first");
}

static void a_long_one_is_cut(void **state) {
    (void)state;
    char said[3000];
    memset(said, 'x', sizeof said - 1);
    said[sizeof said - 1] = '\0';
    said[900] = '\n';
    end_with("crash", said);
    said[900] = '\0';
    assert_failure("trap", said);
}

/* Nothing is lost but what is to be shown. */
static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_fake_clock_t clock;
    airs_scripted_engine_t engine;
    airs_actor_system_t *system = NULL;
    airs_fake_clock_init(&clock);
    airs_scripted_engine_init(&engine, allocator);
    airs_actor_system_options_t options = {.engine = &engine.engine,
                                           .allocator = allocator,
                                           .clock = &clock.clock,
                                           .random = &fixture.random.random,
                                           .stepped = true};
    airs_supervisor_t *supervisor = NULL;
    airs_status_t status = airs_actor_system_create(&options, &system, NULL);
    if (status == AIRS_OK) {
        airs_child_spec_t child = {.component = airs_scripted_engine_add(&engine, "script", guest, NULL),
                                   .id = id_of("t/a/0")};
        airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
        spec.intensity = 100;
        spec.children = &child;
        spec.child_count = 1;
        status = airs_actor_system_start_supervisor(system, &spec, &supervisor, NULL);
    }
    for (int i = 0; status == AIRS_OK && i < 2; i++) {
        (void)snprintf(reason, sizeof reason, "why");
        status = airs_actor_system_send(system, id_of("t/a/0"), airs_bytes("x", 1), airs_str(NULL), NULL);
        while (airs_actor_system_step(system)) {
        }
    }
    if (status == AIRS_TARGET_NOT_FOUND) {
        status = AIRS_OUT_OF_MEMORY; /* for all of its restarts */
    }
    airs_actor_unref(actor);
    actor = NULL;
    airs_actor_system_destroy(system);
    airs_scripted_engine_free(&engine);
    return status;
}

static void without_memory_none_is_kept(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_is_none_at_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_one_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_of_its_own_is_one_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_in_order_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_one_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_none_is_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
