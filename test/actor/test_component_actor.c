#include "actor_fixture.h"

#include "actor/actor.h"

static actor_fixture_t fixture;
static probe_t probe;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 1);
    probe_init(&probe);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

/* ---- states ---- */

static void every_transition_is_checked(void **state) {
    (void)state;
    static const bool allowed[6][6] = {
        [AIRS_ACTOR_CREATED] = {[AIRS_ACTOR_STARTING] = true, [AIRS_ACTOR_STOPPED] = true},
        [AIRS_ACTOR_STARTING] =
            {[AIRS_ACTOR_RUNNING] = true, [AIRS_ACTOR_STOPPED] = true, [AIRS_ACTOR_RESTARTING] = true},
        [AIRS_ACTOR_RUNNING] =
            {[AIRS_ACTOR_STOPPING] = true, [AIRS_ACTOR_STOPPED] = true, [AIRS_ACTOR_RESTARTING] = true},
        [AIRS_ACTOR_STOPPING] = {[AIRS_ACTOR_STOPPED] = true, [AIRS_ACTOR_RESTARTING] = true},
        [AIRS_ACTOR_RESTARTING] = {[AIRS_ACTOR_STARTING] = true, [AIRS_ACTOR_STOPPED] = true},
    };
    airs_actor_t actor;
    memset(&actor, 0, sizeof actor);
    for (int from = AIRS_ACTOR_CREATED; from <= AIRS_ACTOR_RESTARTING; from++) {
        for (int to = AIRS_ACTOR_CREATED; to <= AIRS_ACTOR_RESTARTING; to++) {
            atomic_store(&actor.state, (uint8_t)from);
            airs_status_t expected = allowed[from][to] ? AIRS_OK : AIRS_INVALID_STATE;
            assert_status(airs_actor_transition(&actor, (airs_actor_state_t)to), expected);
            assert_int_equal(airs_actor_state(&actor), allowed[from][to] ? to : from);
        }
    }
    assert_false(airs_actor_transition_allowed((airs_actor_state_t)99, AIRS_ACTOR_RUNNING));
}

static void states_have_names(void **state) {
    (void)state;
    assert_string_equal(airs_actor_state_text(AIRS_ACTOR_CREATED), "created");
    assert_string_equal(airs_actor_state_text(AIRS_ACTOR_STARTING), "starting");
    assert_string_equal(airs_actor_state_text(AIRS_ACTOR_RUNNING), "running");
    assert_string_equal(airs_actor_state_text(AIRS_ACTOR_STOPPING), "stopping");
    assert_string_equal(airs_actor_state_text(AIRS_ACTOR_STOPPED), "stopped");
    assert_string_equal(airs_actor_state_text(AIRS_ACTOR_RESTARTING), "restarting");
    assert_string_equal(airs_actor_state_text((airs_actor_state_t)99), "unknown");
}

/* ---- what is called ---- */

static char calls[256];

static airs_scripted_next_t recorder(airs_scripted_call_t *call) {
    static const char *const names[] = {"instantiate", "initialize", "message", "callback",
                                        "metadata",    "health",     "shutdown"};
    size_t used = strlen(calls);
    (void)snprintf(calls + used, sizeof calls - used, "%s%s", used > 0 ? " " : "", names[call->kind]);
    return airs_scripted_ok(call);
}

static void is_instantiated_initialized_and_shut_down(void **state) {
    (void)state;
    calls[0] = '\0';
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, recorder, NULL));
    assert_string_equal(calls, "instantiate initialize");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").state, AIRS_ACTOR_RUNNING);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_string_equal(calls, "instantiate initialize message shutdown");
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
}

static airs_scripted_next_t check_config(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INITIALIZE) {
        const airs_component_config_t *config = call->config;
        bool right = config->env_count == 1 && airs_str_equal(config->env[0].name, airs_str("NAME")) &&
                     airs_str_equal(config->env[0].value, airs_str("value")) && config->config.size == 3 &&
                     config->limits.max_memory_bytes == 64 << 20 &&
                     config->limits.max_execution_time_ms == 77 &&
                     config->limits.max_parked_time_ms == 60000 &&
                     airs_str_equal(call->host->storage_space, airs_str("t/a")) &&
                     config->limits.max_log_lines_per_s == 1000 && call->host->storage_quota == 256 << 20 &&
                     call->host->env_count == 1;
        return right ? airs_scripted_ok(call) : airs_scripted_error(call, "wrong configuration");
    }
    return airs_scripted_ok(call);
}

static void initialize_is_told_the_configuration(void **state) {
    (void)state;
    airs_env_var_t env = {airs_str("NAME"), airs_str("value")};
    airs_actor_spec_t spec = {
        .env = &env, .env_count = 1, .config = airs_bytes("abc", 3), .limits = {.max_execution_time_ms = 77}};
    airs_component_handle_t component = actor_fixture_add(&fixture, check_config, NULL);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), &spec, NULL));
}

/* ---- starts that fail ---- */

typedef struct failing_start {
    airs_call_kind_t in;
    airs_status_t status;
    airs_status_t expected;
} failing_start_t;

static airs_scripted_next_t fail_start(airs_scripted_call_t *call) {
    const failing_start_t *failure = call->context;
    if (call->kind != failure->in) {
        return airs_scripted_ok(call);
    }
    return airs_scripted_crash(call, failure->status, "because");
}

static void starts_that_fail_leave_nothing(void **state) {
    (void)state;
    static failing_start_t failures[] = {
        {AIRS_CALL_INSTANTIATE, AIRS_INSTANTIATION_FAILED, AIRS_INSTANTIATION_FAILED},
        {AIRS_CALL_INSTANTIATE, AIRS_TRAP, AIRS_TRAP},
        {AIRS_CALL_INSTANTIATE, AIRS_OUT_OF_MEMORY, AIRS_OUT_OF_MEMORY},
        {AIRS_CALL_INITIALIZE, AIRS_GUEST_ERROR, AIRS_INITIALIZE_FAILED},
        {AIRS_CALL_INITIALIZE, AIRS_TRAP, AIRS_TRAP},
        {AIRS_CALL_INITIALIZE, AIRS_EXECUTION_TIME_EXCEEDED, AIRS_EXECUTION_TIME_EXCEEDED},
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        airs_component_handle_t component = actor_fixture_add(&fixture, fail_start, &failures[i]);
        airs_error_t error;
        assert_status(
            airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), NULL, &error),
            failures[i].expected);
        assert_status(error.status, failures[i].expected);
        assert_string_equal(error.text, "t/a/0: because");
        assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
        assert_status(actor_fixture_send(&fixture, "t/a/0", ""), AIRS_TARGET_NOT_FOUND);
    }
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.actors + totals.spawned + totals.crashed, 0);
}

static void a_component_that_is_not_loaded(void **state) {
    (void)state;
    airs_error_t error;
    assert_status(airs_actor_system_spawn_component(fixture.system, 99, id_of("t/a/0"), NULL, &error),
                  AIRS_NOT_LOADED);
    assert_string_equal(error.text, "t/a/0: no component 99");
}

static void ids_and_limits_are_checked(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, NULL, NULL);
    static const char *const wrong[][3] = {{"t", "a", ""}, {"t", "a", "*"},          {"", "a", "0"},
                                           {"t", "", "0"}, {"airssys", "host", "0"}, {"t", "a/b", "0"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        airs_error_t error = {.text = ""};
        airs_id_t id = airs_id(wrong[i][0], wrong[i][1], wrong[i][2]);
        assert_status(airs_actor_system_spawn_component(fixture.system, component, id, NULL, &error),
                      AIRS_INVALID_ARGUMENT);
        assert_string_not_equal(error.text, "");
    }
    airs_actor_spec_t many = {.mailbox_messages = UINT32_MAX};
    assert_status(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), &many, NULL),
                  AIRS_INVALID_ARGUMENT);
    airs_actor_spec_t large = {.mailbox_bytes = UINT64_MAX};
    assert_status(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), &large, NULL),
                  AIRS_INVALID_ARGUMENT);
    actor_fixture_spawn(&fixture, "t/a/0", component);
    airs_error_t error;
    assert_status(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), NULL, &error),
                  AIRS_ALREADY_EXISTS);
    assert_string_equal(error.text, "t/a/0 already exists");
}

/* ---- starts and stops that wait ---- */

static airs_scripted_next_t slow(airs_scripted_call_t *call) {
    bool waits = call->kind == AIRS_CALL_INSTANTIATE || call->kind == AIRS_CALL_INITIALIZE ||
                 call->kind == AIRS_CALL_SHUTDOWN;
    if (!waits || call->round == 2) {
        return airs_scripted_ok(call);
    }
    return call->round == 0 ? airs_scripted_yield(call) : airs_scripted_sleep(call, 5 * MS);
}

static void pending_starts_and_stops_go_on_on_workers(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, slow, NULL));
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").state, AIRS_ACTOR_RUNNING);
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static airs_scripted_next_t initialize_for_ever(airs_scripted_call_t *call) {
    return call->kind == AIRS_CALL_INITIALIZE ? airs_scripted_wait(call) : airs_scripted_ok(call);
}

static void a_start_that_waits_for_ever_ends_at_the_parked_limit(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, initialize_for_ever, NULL);
    airs_error_t error;
    assert_status(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), NULL, &error),
                  AIRS_PARKED_TIME_EXCEEDED);
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
}

/* A stepped system whose clock nobody moves: the spawn gives up and leaves nothing behind. */
static void a_start_that_cannot_go_on_is_given_up(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    actor_fixture_open_frozen(&fixture, 1);
    airs_component_handle_t component = actor_fixture_add(&fixture, initialize_for_ever, NULL);
    assert_status(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), NULL, NULL),
                  AIRS_TIMEOUT);
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static airs_scripted_next_t check_space(airs_scripted_call_t *call) {
    bool right = airs_str_equal(call->host->storage_space, airs_str("shared")) &&
                 call->host->storage_quota == 7;
    return right ? airs_scripted_ok(call) : airs_scripted_error(call, "wrong space");
}

static void the_storage_space_may_be_given(void **state) {
    (void)state;
    airs_actor_spec_t spec = {.storage_space = airs_str("shared"), .storage_quota = 7};
    airs_component_handle_t component = actor_fixture_add(&fixture, check_space, NULL);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), &spec, NULL));
}

static airs_scripted_next_t echo_start(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INITIALIZE) {
        return airs_scripted_send(call, "t/probe/0", "initializing") == AIRS_OK &&
                       airs_scripted_send(call, "t/a/0", "to myself") == AIRS_OK
                   ? airs_scripted_ok(call)
                   : airs_scripted_error(call, "cannot send");
    }
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        (void)airs_scripted_send(call, "t/probe/0", "handled");
    }
    return airs_scripted_ok(call);
}

static void may_send_while_it_initializes(void **state) {
    (void)state;
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, echo_start, NULL));
    actor_fixture_run(&fixture);
    assert_string_equal(probe.heard, "m:initializing m:handled");
}

/* ---- errors, crashes, limits ---- */

static airs_scripted_next_t misbehave(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "error")) {
        return airs_scripted_error(call, "runtime-error: no");
    }
    if (airs_scripted_payload_is(call, "trap")) {
        return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
    }
    if (airs_scripted_payload_is(call, "loop")) {
        return airs_scripted_yield(call);
    }
    if (airs_scripted_payload_is(call, "wait")) {
        return call->round == 0 ? airs_scripted_wait(call) : airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "naps")) {
        return airs_scripted_sleep(call, 25000 * MS);
    }
    return airs_scripted_ok(call);
}

typedef struct letters {
    unsigned count;
    char text[512];
} letters_t;

static bool note_letter(void *context, const airs_dead_letter_t *letter) {
    letters_t *letters = context;
    size_t used = strlen(letters->text);
    (void)snprintf(letters->text + used, sizeof letters->text - used, "%s%s(%.*s: %s)", used > 0 ? " " : "",
                   airs_dead_letter_reason_text(letter->reason), (int)letter->payload.size,
                   (const char *)letter->payload.data, letter->detail);
    letters->count++;
    return true;
}

static const char *letters(void) {
    static letters_t noted;
    memset(&noted, 0, sizeof noted);
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), note_letter, &noted);
    return noted.text;
}

static void an_error_answer_is_logged_counted_and_kept(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "error"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "fine"));
    actor_fixture_run(&fixture);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/a/0");
    assert_int_equal(counters.received, 2);
    assert_int_equal(counters.handled, 2);
    assert_int_equal(counters.errors, 1);
    assert_string_equal(letters(), "handler-error(error: runtime-error: no)");
    assert_string_equal(fixture.last_log,
                        "t/a/0: a message was answered with an error status=handle-message-failed "
                        "reason=runtime-error: no");
    /* It was handled: not among the node's dead letters. */
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 0);
}

static void a_flood_of_errors_does_not_flood_the_log(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    unsigned before = fixture.logged;
    for (int i = 0; i < 500; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "error"));
    }
    actor_fixture_run(&fixture);
    assert_int_equal(fixture.logged - before, AIRS_LOG_LIMIT);
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "error"));
    actor_fixture_run(&fixture);
    assert_int_equal(fixture.logged - before, AIRS_LOG_LIMIT + 1);
    assert_non_null(strstr(fixture.last_log, "suppressed=495"));
}

static void a_trap_ends_the_actor_and_accounts_for_its_messages(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "fine"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "trap"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "queued"));
    actor_fixture_run(&fixture);
    assert_string_equal(letters(), "crashed(trap: unreachable) receiver-ended(queued: )");
    assert_string_equal(fixture.last_log, "t/a/0: the actor has crashed status=trap reason=unreachable");
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.crashed, 1);
    assert_int_equal(totals.messages, 1);
    assert_int_equal(totals.dead_letters, 2);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
    assert_status(actor_fixture_send(&fixture, "t/a/0", "late"), AIRS_TARGET_NOT_FOUND);
}

static void a_looping_guest_stops_nobody_and_is_ended(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, misbehave, NULL);
    airs_actor_spec_t spec = {.limits = {.max_execution_time_ms = 50}};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/loop/0"), &spec, NULL));
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/loop/0", "loop"));
    assert_true(airs_actor_system_step(fixture.system));
    for (int i = 0; i < 5; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/probe/0", "x"));
    }
    actor_fixture_run(&fixture);
    assert_int_equal(probe_count(&probe), 5);
    assert_string_equal(letters(), "crashed(loop: the call ran for too long)");
    assert_non_null(strstr(fixture.last_log, "status=execution-time-exceeded"));
}

static void nothing_else_runs_while_a_call_is_parked(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "wait"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "next"));
    actor_fixture_run(&fixture);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/a/0");
    assert_int_equal(counters.handled, 0);
    assert_int_equal(counters.queued, 1);
    /* Being woken for nothing changes nothing. */
    airs_scripted_engine_wake(&fixture.engine, "t/a/0");
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 0);
    airs_scripted_engine_release(&fixture.engine, "t/a/0");
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 2);
}

static void the_parked_limit_ends_the_incarnation(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "wait"));
    actor_fixture_run(&fixture);
    actor_fixture_pass(&fixture, 59999 * MS);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 1);
    actor_fixture_pass(&fixture, 1 * MS);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    assert_string_equal(letters(), "crashed(wait: the parked-time limit was exceeded)");
}

/* Several sleeps in one call add up. */
static void parked_time_is_that_of_the_whole_call(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "naps"));
    actor_fixture_run(&fixture);
    actor_fixture_pass(&fixture, 25000 * MS);
    actor_fixture_pass(&fixture, 25000 * MS);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 1);
    actor_fixture_pass(&fixture, 10000 * MS);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static airs_scripted_next_t naps_briefly(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE || call->round == 1) {
        return airs_scripted_ok(call);
    }
    return airs_scripted_sleep(call, 40000 * MS);
}

static void every_call_has_its_own_parked_time(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, naps_briefly, NULL));
    for (int i = 0; i < 3; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    actor_fixture_run(&fixture);
    for (int i = 0; i < 3; i++) {
        actor_fixture_pass(&fixture, 40000 * MS);
    }
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 3);
}

/* A call that takes a slice, by the engine's count. */
static airs_scripted_next_t takes_a_slice(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        atomic_fetch_add(&fixture.engine.slices, 1);
    }
    return airs_scripted_ok(call);
}

static void a_turn_ends_with_its_slices(void **state) {
    (void)state;
    atomic_store(&fixture.engine.slices, 1);
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, takes_a_slice, NULL));
    for (int i = 0; i < 10; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    assert_true(airs_actor_system_step(fixture.system));
    assert_in_range(actor_fixture_counters(&fixture, "t/a/0").handled, 1, 3);
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 10);
}

static void a_turn_ends_after_a_batch(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, NULL, NULL));
    for (int i = 0; i < 150; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    assert_true(airs_actor_system_step(fixture.system));
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 100);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").queued, 50);
    actor_fixture_run(&fixture);
}

/* ---- stops ---- */

static void stop_drains(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, naps_briefly, NULL));
    for (int i = 0; i < 3; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.messages, 3);
    assert_int_equal(totals.dropped + totals.dead_letters, 0);
}

static void stop_drops(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, naps_briefly, NULL));
    for (int i = 0; i < 3; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.messages, 1); /* the one in hand */
    assert_int_equal(totals.dropped, 2);
    assert_int_equal(totals.dead_letters, 0);
}

static airs_scripted_next_t bad_shutdown(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_SHUTDOWN) {
        return airs_scripted_ok(call);
    }
    return call->context != NULL ? airs_scripted_crash(call, AIRS_TRAP, "trapped in shutdown")
                                 : airs_scripted_error(call, "shutdown-failed: no");
}

static void a_shutdown_that_fails_ends_it_all_the_same(void **state) {
    (void)state;
    for (int trap = 0; trap <= 1; trap++) {
        actor_fixture_spawn(&fixture, "t/a/0",
                            actor_fixture_add(&fixture, bad_shutdown, trap ? &fixture : NULL));
        airs_error_t error;
        assert_status(airs_actor_system_stop(fixture.system, id_of("t/a/0"), AIRS_STOP_DRAIN, 1000, &error),
                      AIRS_SHUTDOWN_FAILED);
        assert_string_equal(error.text, trap ? "t/a/0: trapped in shutdown" : "t/a/0: shutdown-failed: no");
        assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
        assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
    }
}

static void a_stop_that_takes_too_long_kills(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    actor_fixture_open_frozen(&fixture, 1);
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, misbehave, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "wait"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "queued"));
    actor_fixture_run(&fixture);
    assert_status(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN), AIRS_TIMEOUT);
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(totals.dropped, 2);
    assert_int_equal(totals.dead_letters, 0);
    assert_int_equal(totals.crashed, 0);
}

static airs_scripted_next_t slow_shutdown(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_SHUTDOWN && call->round == 0) {
        return airs_scripted_wait(call);
    }
    return airs_scripted_ok(call);
}

static airs_status_t refused_with;
static airs_actor_state_t seen_state;

static bool try_to_send(void *context) {
    actor_fixture_t *self = context;
    airs_scripted_engine_release(&self->engine, "t/a/0");
    refused_with = actor_fixture_send(self, "t/a/0", "too late");
    seen_state = actor_fixture_counters(self, "t/a/0").state;
    return true;
}

static void a_stopping_actor_refuses_messages(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    actor_fixture_open_stepped(&fixture, 1);
    airs_actor_system_destroy(fixture.system);
    airs_actor_system_options_t options = {.engine = &fixture.engine.engine,
                                           .clock = &fixture.clock.clock,
                                           .random = &fixture.random.random,
                                           .stepped = true,
                                           .idle = try_to_send,
                                           .idle_context = &fixture};
    assert_ok(airs_actor_system_create(&options, &fixture.system, NULL));
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, slow_shutdown, NULL));
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_status(refused_with, AIRS_NOT_RUNNING);
    assert_int_equal(seen_state, AIRS_ACTOR_STOPPING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_is_checked),
        cmocka_unit_test(states_have_names),
        cmocka_unit_test_setup_teardown(is_instantiated_initialized_and_shut_down, set_up, tear_down),
        cmocka_unit_test_setup_teardown(initialize_is_told_the_configuration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(starts_that_fail_leave_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_component_that_is_not_loaded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_and_limits_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pending_starts_and_stops_go_on_on_workers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_start_that_waits_for_ever_ends_at_the_parked_limit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_start_that_cannot_go_on_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_storage_space_may_be_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_turn_ends_with_its_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_turn_ends_after_a_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(may_send_while_it_initializes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_answer_is_logged_counted_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_of_errors_does_not_flood_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trap_ends_the_actor_and_accounts_for_its_messages, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_looping_guest_stops_nobody_and_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_else_runs_while_a_call_is_parked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_parked_limit_ends_the_incarnation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parked_time_is_that_of_the_whole_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_call_has_its_own_parked_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stop_drains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stop_drops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shutdown_that_fails_ends_it_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_that_takes_too_long_kills, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stopping_actor_refuses_messages, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
