/* Supervision, cell by cell of OTP's own suite: strategy, restart type, way of ending.
 *
 * Not here: what OTP calls "ignore", for a child that does not want to be started, which has no counterpart; and
 * links of a child to its supervisor, for a supervisor hears of its children's ends by no link. */
#include "actor/supervisor_fixture.h"

#include "actor/supervisor_internal.h"
#include "core/check.h"

/* ---- start ---- */

static void start_normal_in_order(void **state) {
    (void)state;
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_TRANSIENT),
                                    worker(2, AIRS_RESTART_TEMPORARY)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 3);
    assert_journal("+a +b +c");
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.specs, 3);
    assert_int_equal(counts.active, 3);
    assert_int_equal(counts.workers, 3);
    assert_int_equal(counts.supervisors, 0);
    stop(supervisor);
    assert_journal("-c ~c -b ~b -a ~a");
}

static void start_normal(void **state) {
    (void)state;
    stop(start(AIRS_ONE_FOR_ALL, NULL, 0));
    assert_journal("");
}

static void failing_start(void **state) {
    (void)state;
    for (int strategy = AIRS_ONE_FOR_ONE; strategy <= AIRS_REST_FOR_ONE; strategy++) {
        airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT),
                                        worker(2, AIRS_RESTART_PERMANENT), worker(3, AIRS_RESTART_PERMANENT)};
        workers[2].failing = 1;
        airs_supervisor_spec_t spec = spec_of((airs_strategy_t)strategy, children, 4);
        airs_supervisor_t *supervisor = NULL;
        airs_error_t error;
        assert_status(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, &error),
                      AIRS_INITIALIZE_FAILED);
        assert_string_equal(error.text, "t/c/0: internal error");
        assert_journal("+a +b !c ~c -b ~b -a ~a ~d");
        assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    }
}

static void failing_start_id_taken(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe_spawn(&fixture, &probe, "t/b/0", NULL);
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, children, 2);
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_status(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, &error),
                  AIRS_ALREADY_EXISTS);
    assert_string_equal(error.text, "t/b/0 already exists");
    assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DROP));
    probe_free(&probe);
}

static airs_status_t refused(const airs_supervisor_spec_t *spec) {
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error = {.text = ""};
    airs_status_t status = airs_actor_system_start_supervisor(fixture.system, spec, &supervisor, &error);
    assert_string_not_equal(error.text, "");
    return status;
}

static void faulty_specification(void **state) {
    (void)state;
    airs_child_spec_t one[] = {worker(0, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of((airs_strategy_t)9, one, 1);
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    spec = spec_of(AIRS_ONE_FOR_ONE, one, 1);
    spec.period_ms = 0;
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    spec = spec_of(AIRS_ONE_FOR_ONE, one, 1);
    spec.intensity = AIRS_INTENSITY_MAX + 1;
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    spec = spec_of(AIRS_SIMPLE_ONE_FOR_ONE, NULL, 0);
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    spec = spec_of(AIRS_SIMPLE_ONE_FOR_ONE, one, 1); /* a native one */
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    airs_child_spec_t twins[] = {component(0, AIRS_RESTART_PERMANENT), component(0, AIRS_RESTART_PERMANENT)};
    spec = spec_of(AIRS_ONE_FOR_ONE, twins, 2);
    assert_status(refused(&spec), AIRS_ALREADY_EXISTS);
    airs_child_spec_t neither = {.id = id_of("t/a/0")};
    spec = spec_of(AIRS_ONE_FOR_ONE, &neither, 1);
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    airs_child_spec_t significant = component(0, AIRS_RESTART_TRANSIENT);
    significant.significant = true;
    spec = spec_of(AIRS_ONE_FOR_ONE, &significant, 1);
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    significant.restart = AIRS_RESTART_PERMANENT;
    spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    /* Each native state was taken all the same. */
    assert_journal("~a ~a ~a ~a");
}

static void native_that_cannot_be_restarted_is_temporary(void **state) {
    (void)state;
    airs_native_t plain = worker_native;
    plain.restart = NULL;
    airs_child_spec_t child = worker(0, AIRS_RESTART_TRANSIENT);
    child.native = &plain;
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    assert_status(refused(&spec), AIRS_INVALID_ARGUMENT);
    child.restart = AIRS_RESTART_TEMPORARY;
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    tell("t/a/0", "crash");
    assert_journal("~a +a ~a");
    stop(supervisor);
}

/* ---- stop ---- */

static airs_scripted_next_t never_stops(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_SHUTDOWN) {
        note("-", "x", "");
        return airs_scripted_wait(call);
    }
    return airs_scripted_ok(call);
}

static uint64_t time_to_stop(uint64_t shutdown_ms) {
    airs_actor_spec_t actor = {.limits = {.max_parked_time_ms = 20000}};
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, never_stops, NULL),
                               .id = id_of("t/x/0"),
                               .actor = &actor,
                               .shutdown_ms = shutdown_ms};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    uint64_t before = airs_clock_monotonic(&fixture.clock.clock);
    stop(supervisor);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    return (airs_clock_monotonic(&fixture.clock.clock) - before) / MS;
}

static void stop_timeout(void **state) {
    (void)state;
    assert_int_equal(time_to_stop(300), 300);
    assert_journal("-x");
}

static void stop_timeout_default(void **state) {
    (void)state;
    assert_int_equal(time_to_stop(0), 5000);
}

static void stop_infinity(void **state) {
    (void)state;
    /* The parked-time limit ends it. */
    assert_int_equal(time_to_stop(AIRS_SHUTDOWN_INFINITY), 20000);
    assert_journal("-x");
}

static void stop_brutal_kill(void **state) {
    (void)state;
    assert_int_equal(time_to_stop(AIRS_SHUTDOWN_BRUTAL), 0);
    assert_journal("");
}

static void stop_drains(void **state) {
    (void)state;
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    airs_supervisor_stop(supervisor, AIRS_STOP_DRAIN, UINT64_MAX);
    assert_journal("+a a:x -a");
}

static void the_system_stops_what_is_left(void **state) {
    (void)state;
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT)};
    (void)start(AIRS_ONE_FOR_ALL, children, 2);
    airs_actor_system_stop_all(fixture.system, AIRS_STOP_DROP, 1000);
    assert_journal("+a +b -b ~b -a ~a");
}

/* ---- {permanent, transient, temporary} x {normal, shutdown, abnormal} ---- */

static void one_child(airs_restart_t restart, const char *end, const char *expected, uint32_t left) {
    airs_child_spec_t child = worker(0, restart);
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    tell("t/a/0", end);
    assert_journal(expected);
    assert_int_equal(active(supervisor), left);
    stop(supervisor);
    journal[0] = '\0';
}

static void permanent_normal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_PERMANENT, "exit", "+a -a +a", 1);
}
static void permanent_abnormal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_PERMANENT, "crash", "+a +a", 1);
}
static void transient_normal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TRANSIENT, "exit", "+a -a ~a", 0);
}
/* Who ends itself for good leaves nothing unaccounted for, and nobody asked for it to be dropped. */
static void what_waits_behind_an_exit(void **state) {
    (void)state;
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_TRANSIENT), worker(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 2);
    for (int i = 0; i < 2; i++) {
        const char *id = i == 0 ? "t/a/0" : "t/b/0";
        assert_ok(actor_fixture_send(&fixture, id, "exit"));
        assert_ok(actor_fixture_send(&fixture, id, "late"));
    }
    actor_fixture_run(&fixture);
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.dead_letters, 1);
    assert_int_equal(totals.dropped, 0);
    assert_int_equal(totals.messages, 3); /* the restarted one has handled its own */
    stop(supervisor);
}

static void transient_abnormal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TRANSIENT, "crash", "+a +a", 1);
}
static void temporary_normal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TEMPORARY, "exit", "+a -a ~a", 0);
}
static void temporary_abnormal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TEMPORARY, "crash", "+a ~a", 0);
}

/* With the reasons that a child gives itself. */
static void permanent_exit(void **state) {
    (void)state;
    one_child(AIRS_RESTART_PERMANENT, "normal", "+a -a +a", 1);
    one_child(AIRS_RESTART_PERMANENT, "shutdown", "+a -a +a", 1);
    one_child(AIRS_RESTART_PERMANENT, "error", "+a -a +a", 1);
}
static void transient_exit(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TRANSIENT, "normal", "+a -a ~a", 0);
    one_child(AIRS_RESTART_TRANSIENT, "shutdown", "+a -a ~a", 0);
    one_child(AIRS_RESTART_TRANSIENT, "error", "+a -a +a", 1);
}
static void temporary_exit(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TEMPORARY, "normal", "+a -a ~a", 0);
    one_child(AIRS_RESTART_TEMPORARY, "shutdown", "+a -a ~a", 0);
    one_child(AIRS_RESTART_TEMPORARY, "error", "+a -a ~a", 0);
}

/* Ends with the reason shutdown are those of supervisors that give up, or shut down automatically. */
static void child_supervisor(airs_restart_t restart, const char *expected, uint32_t left) {
    airs_child_spec_t inner[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 2);
    inner_spec.intensity = 0;
    airs_child_spec_t child = {.supervisor = &inner_spec, .name = "inner", .restart = restart};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    assert_journal("+a +b");
    tell("t/a/0", "crash");
    assert_journal(expected);
    assert_int_equal(active(supervisor), left);
    stop(supervisor);
    journal[0] = '\0';
}

static void permanent_shutdown(void **state) {
    (void)state;
    child_supervisor(AIRS_RESTART_PERMANENT, "-b +a +b", 1);
}
static void transient_shutdown(void **state) {
    (void)state;
    child_supervisor(AIRS_RESTART_TRANSIENT, "-b ~b ~a", 0);
}
static void temporary_shutdown(void **state) {
    (void)state;
    child_supervisor(AIRS_RESTART_TEMPORARY, "-b ~b ~a", 0);
}

/* ---- strategies ---- */

static airs_supervisor_t *three(airs_strategy_t strategy, uint32_t intensity) {
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT),
                                    worker(2, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(strategy, children, 3);
    spec.intensity = intensity;
    airs_supervisor_t *supervisor = start_spec(&spec);
    assert_journal("+a +b +c");
    return supervisor;
}

static void one_for_one_restart(void **state) {
    (void)state;
    (void)three(AIRS_ONE_FOR_ONE, 1);
    tell("t/b/0", "crash");
    assert_journal("+b");
}
static void one_for_all_restart(void **state) {
    (void)state;
    (void)three(AIRS_ONE_FOR_ALL, 1);
    tell("t/b/0", "crash");
    assert_journal("-c -a +a +b +c");
}
static void rest_for_one_restart(void **state) {
    (void)state;
    (void)three(AIRS_REST_FOR_ONE, 1);
    tell("t/b/0", "crash");
    assert_journal("-c +b +c");
}

static void escalates(airs_strategy_t strategy, const char *expected) {
    airs_supervisor_t *supervisor = three(strategy, 1);
    tell("t/b/0", "crash");
    journal[0] = '\0';
    tell("t/b/0", "crash");
    assert_journal(expected);
    assert_false(is_running(supervisor));
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    stop(supervisor);
}
static void one_for_one_escalation(void **state) {
    (void)state;
    escalates(AIRS_ONE_FOR_ONE, "-c ~c ~b -a ~a");
}
static void one_for_all_escalation(void **state) {
    (void)state;
    escalates(AIRS_ONE_FOR_ALL, "-c ~c ~b -a ~a");
}
static void rest_for_one_escalation(void **state) {
    (void)state;
    escalates(AIRS_REST_FOR_ONE, "-c ~c ~b -a ~a");
}

static void one_for_one_failed_restart_is_tried_again(void **state) {
    (void)state;
    (void)three(AIRS_ONE_FOR_ONE, 3);
    tell("t/b/0", "fail twice");
    assert_journal("!b !b +b");
    assert_int_equal(actor_fixture_counters(&fixture, "t/b/0").restarts, 3);
}
static void one_for_all_other_child_fails_restart(void **state) {
    (void)state;
    (void)three(AIRS_ONE_FOR_ALL, 3);
    workers[2].failing = 1;
    tell("t/a/0", "crash");
    assert_journal("-c -b +a +b !c -b -a +a +b +c");
}
static void rest_for_one_other_child_fails_restart(void **state) {
    (void)state;
    (void)three(AIRS_REST_FOR_ONE, 3);
    workers[2].failing = 1;
    tell("t/b/0", "crash");
    assert_journal("-c +b !c +c");
}
static void one_for_one_other_child_fails_restart(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = three(AIRS_ONE_FOR_ONE, 4);
    tell("t/a/0", "fail twice");
    tell("t/b/0", "crash");
    assert_journal("!a !a +a +b");
    assert_int_equal(active(supervisor), 3);
}

static void hanging_restart_loop(void **state) {
    (void)state;
    for (int strategy = AIRS_ONE_FOR_ONE; strategy <= AIRS_REST_FOR_ONE; strategy++) {
        airs_supervisor_t *supervisor = three((airs_strategy_t)strategy, 3);
        tell("t/c/0", "fail for ever");
        assert_false(is_running(supervisor));
        stop(supervisor);
        journal[0] = '\0';
    }
}

static void restarts_outside_of_the_period_do_not_count(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = three(AIRS_ONE_FOR_ONE, 1);
    for (int i = 0; i < 5; i++) {
        tell("t/b/0", "crash");
        actor_fixture_pass(&fixture, 5001 * MS);
    }
    assert_int_equal(active(supervisor), 3);
    assert_int_equal(actor_fixture_counters(&fixture, "t/b/0").restarts, 5);
    tell("t/b/0", "crash");
    actor_fixture_pass(&fixture, 5000 * MS);
    tell("t/a/0", "crash");
    assert_false(is_running(supervisor));
}

static void multiple_restarts(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = three(AIRS_ONE_FOR_ONE, 3);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/c/0", "crash"));
    actor_fixture_run(&fixture);
    assert_int_equal(active(supervisor), 3);
    assert_int_equal(actor_fixture_totals(&fixture).restarts, 3);
}

static void deaths_of_several_one_for_all(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = three(AIRS_ONE_FOR_ALL, 3);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/c/0", "crash"));
    actor_fixture_run(&fixture);
    /* Those that had not crashed when they were stopped come to their message in a later round. */
    assert_int_equal(active(supervisor), 3);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 3);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/a/0");
    assert_int_equal(counters.queued, 0);
    assert_in_range(counters.restarts, 1, 3);
    assert_int_equal(counters.restarts, actor_fixture_counters(&fixture, "t/c/0").restarts);
}

static void temporary_bystander(void **state) {
    (void)state;
    static const airs_strategy_t strategies[] = {AIRS_ONE_FOR_ALL, AIRS_REST_FOR_ONE};
    for (size_t i = 0; i < 2; i++) {
        airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_TEMPORARY)};
        airs_supervisor_t *supervisor = start(strategies[i], children, 2);
        tell("t/a/0", "crash");
        assert_journal("+a +b -b ~b +a");
        airs_child_counts_t counts;
        assert_ok(count(supervisor, &counts));
        assert_int_equal(counts.specs, 1);
        stop(supervisor);
        journal[0] = '\0';
    }
}

static void specification_of_temporary_children_not_kept(void **state) {
    (void)state;
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_TEMPORARY),
                                    component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 2);
    tell("t/a/0", "crash");
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.specs, 1);
    assert_int_equal(counts.workers, 1);
    assert_status(airs_supervisor_restart_child(supervisor, "t/a/0", NULL), AIRS_NOT_FOUND);
    assert_ok(airs_supervisor_start_child(supervisor, &children[0], NULL));
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_status(airs_supervisor_delete_child(supervisor, "t/a/0", NULL), AIRS_NOT_FOUND);
    stop(supervisor);
}

/* As OTP's, whose restarted supervisor is a new one. */
static void temporary_children_return_with_their_supervisor(void **state) {
    (void)state;
    airs_child_spec_t inner[] = {component(0, AIRS_RESTART_TEMPORARY), component(1, AIRS_RESTART_PERMANENT),
                                 component(2, AIRS_RESTART_TEMPORARY)};
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 3);
    inner_spec.intensity = 0;
    airs_child_spec_t child = {.supervisor = &inner_spec, .name = "inner"};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.intensity = 2;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/a/0", "crash");
    assert_journal("+a +b +c");
    tell("t/b/0", "crash");
    assert_journal("-c +a +b +c");
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP)); /* which is for good */
    tell("t/b/0", "crash");
    assert_journal("-a -c +b +c");
    stop(supervisor);
}

/* ---- what survives ---- */

static unsigned letters_crashed;
static char last_detail[64];

static bool look(void *context, const airs_dead_letter_t *letter) {
    (void)context;
    letters_crashed += letter->reason == AIRS_DEAD_LETTER_CRASHED;
    (void)snprintf(last_detail, sizeof last_detail, "%s", letter->detail);
    return true;
}

static void mailbox_and_subscriptions_survive(void **state) {
    (void)state;
    static const char *const topics[] = {"news.*"};
    airs_actor_spec_t actor = {
        .subscriptions = topics, .subscription_count = 1, .config = airs_bytes("cfg", 3)};
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    child.actor = &actor;
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    memset(&actor, 0, sizeof actor); /* it was copied */
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "y"));
    actor_fixture_run(&fixture);
    uint32_t reached = 0;
    assert_ok(airs_actor_system_publish(fixture.system, airs_str("news.today"), airs_bytes("z", 1),
                                        airs_str(NULL), &reached, NULL));
    assert_int_equal(reached, 1);
    actor_fixture_run(&fixture);
    assert_journal("+a=cfg +a=cfg a:x a:y a:z");
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/a/0");
    assert_int_equal(counters.restarts, 1);
    assert_int_equal(counters.received, 4);
    assert_int_equal(counters.handled, 3);
    assert_int_equal(counters.state, AIRS_ACTOR_RUNNING);
    letters_crashed = 0;
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), look, NULL);
    assert_int_equal(letters_crashed, 1);
    assert_string_equal(last_detail, "trap: because");
    stop(supervisor);
}

static void mailboxes_of_siblings_survive(void **state) {
    (void)state;
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                    component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ALL, children, 2);
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "wait"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "x"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
    actor_fixture_run(&fixture);
    airs_scripted_engine_release(&fixture.engine, "t/b/0");
    actor_fixture_run(&fixture);
    assert_journal("+a +b -b +a +b b:x");
    stop(supervisor);
}

static void mailboxes_survive_the_restart_of_a_supervisor(void **state) {
    (void)state;
    airs_child_spec_t inner[] = {component(0, AIRS_RESTART_PERMANENT), component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 2);
    inner_spec.intensity = 0;
    airs_child_spec_t child = {.supervisor = &inner_spec, .name = "inner"};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    actor_fixture_run(&fixture);
    /* Those that run already do not wait for the others. */
    assert_true(strcmp(journal, "+a +b -b +a +b a:x") == 0 || strcmp(journal, "+a +b -b +a a:x +b") == 0);
    stop(supervisor);
}

static void requests_and_callbacks_end_with_the_incarnation(void **state) {
    (void)state;
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                    component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 2);
    tell("t/b/0", "wait");
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "ask b"));
    actor_fixture_run(&fixture);
    tell("t/a/0", "crash");
    airs_scripted_engine_release(&fixture.engine, "t/b/0");
    actor_fixture_run(&fixture);
    /* b answered an incarnation that is no more. */
    assert_journal("+a +b +a b:question");
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(requests.orphaned, 1);
    stop(supervisor);
}

static void a_queued_callback_is_discarded(void **state) {
    (void)state;
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                    component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 2);
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "wait"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "ask b"));
    actor_fixture_run(&fixture);
    /* The answer comes while a is parked in a call that is killed for its time. */
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "wait"));
    actor_fixture_run(&fixture);
    airs_scripted_engine_release(&fixture.engine, "t/b/0");
    actor_fixture_run(&fixture);
    assert_journal("+a +b b:question");
    actor_fixture_pass(&fixture, 60001 * MS);
    assert_journal("+a");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").dropped, 1);
    tell("t/a/0", "ask b");
    assert_journal("b:question a:response");
    stop(supervisor);
}

static void a_request_in_hand_fails_and_a_queued_one_stays(void **state) {
    (void)state;
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.intensity = 2;
    airs_supervisor_t *supervisor = start_spec(&spec);
    airs_error_t error;
    assert_status(airs_actor_system_call(fixture.system, id_of("t/a/0"), airs_bytes("crash", 5),
                                         airs_str(NULL), 1000, NULL, NULL, &error),
                  AIRS_TRAP);
    assert_string_equal(error.text, "t/a/0: trap: because");
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
    assert_ok(airs_actor_system_call(fixture.system, id_of("t/a/0"), airs_bytes("q", 1), airs_str(NULL), 1000,
                                     NULL, NULL, &error));
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 2);
    stop(supervisor);
}

static void without_a_supervisor_a_crash_is_the_end(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, guest, NULL));
    tell("t/a/0", "crash");
    assert_journal("+a");
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static void the_users_stop_is_an_end_for_good(void **state) {
    (void)state;
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                    component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ALL, children, 2);
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DROP));
    assert_journal("+a +b -a -b");
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.specs, 2);
    assert_int_equal(counts.active, 0);
    assert_ok(airs_supervisor_restart_child(supervisor, "t/b/0", NULL));
    tell("t/b/0", "crash");
    assert_journal("+b +b");
    stop(supervisor);
}

/* Between a crash and the running again there are several moments; at each of them the stop holds. */
static void the_users_stop_during_a_restart_is_an_end_for_good(void **state) {
    for (unsigned moment = 0; moment < 12; moment++) {
        (void)tear_down(state);
        (void)set_up(state);
        airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                        component(1, AIRS_RESTART_PERMANENT)};
        airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 2);
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "crash"));
        for (unsigned step = 0; step < moment; step++) {
            (void)airs_actor_system_step(fixture.system);
        }
        assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
        actor_fixture_run(&fixture);
        assert_int_equal(active(supervisor), 1);
        assert_true(is_running(supervisor));
        assert_ok(airs_supervisor_restart_child(supervisor, "t/a/0", NULL));
        assert_int_equal(active(supervisor), 2);
        stop(supervisor);
    }
}

/* ---- starts that take their time ---- */

static unsigned starts;

/* Starts once; then its start hangs. */
static airs_scripted_next_t hangs(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INITIALIZE && call->round == 0 && starts++ > 0) {
        note("?", "x", "");
        return airs_scripted_wait(call);
    }
    return call->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_crash(call, AIRS_TRAP, "trap: because")
                                                  : airs_scripted_ok(call);
}

static airs_supervisor_t *with_one_that_hangs(airs_strategy_t strategy, uint32_t intensity) {
    starts = 0;
    airs_child_spec_t children[] = {
        component(0, AIRS_RESTART_PERMANENT),
        {.component = actor_fixture_add(&fixture, hangs, NULL), .id = id_of("t/x/0")},
        component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(strategy, children, 3);
    spec.intensity = intensity;
    airs_supervisor_t *supervisor = start_spec(&spec);
    assert_journal("+a +b");
    tell("t/x/0", "crash");
    return supervisor;
}

static void a_restart_that_hangs_holds_up_nobody_one_for_one(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = with_one_that_hangs(AIRS_ONE_FOR_ONE, 3);
    assert_journal("?x");
    tell("t/a/0", "crash");
    tell("t/b/0", "hello");
    assert_journal("+a b:hello");
    assert_int_equal(active(supervisor), 3);
    uint64_t before = airs_clock_monotonic(&fixture.clock.clock);
    stop(supervisor);
    assert_int_equal((airs_clock_monotonic(&fixture.clock.clock) - before) / MS, 5000);
    assert_journal("-b -a");
}

static void a_restart_that_hangs_holds_up_those_after_it(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = with_one_that_hangs(AIRS_REST_FOR_ONE, 3);
    assert_journal("-b ?x");
    tell("t/a/0", "crash"); /* seen to when the round is over */
    assert_journal("");
    airs_scripted_engine_release(&fixture.engine, "t/x/0");
    actor_fixture_run(&fixture);
    assert_journal("+b -b +a ?x");
    stop(supervisor);
    assert_journal("-a");
}

static void a_restart_that_hangs_is_tried_again_after_its_parked_time(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = with_one_that_hangs(AIRS_ONE_FOR_ONE, 1);
    assert_journal("?x");
    actor_fixture_pass(&fixture, 60001 * MS);
    assert_journal("?x");
    actor_fixture_pass(&fixture, 60001 * MS);
    assert_journal("?x");
    assert_int_equal(active(supervisor), 3);
    stop(supervisor);
}

/* Its start has a crash; it takes some time, or for ever with `context`; the next start works. */
static airs_scripted_next_t has_a_crash(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_INITIALIZE) {
        return airs_scripted_ok(call);
    }
    if (call->round == 0 && starts++ == 0) {
        assert_ok(airs_scripted_send(call, "t/a/0", "crash"));
        return call->context != NULL ? airs_scripted_wait(call) : airs_scripted_sleep(call, 10 * MS);
    }
    note("+", "x", "");
    return airs_scripted_ok(call);
}

static airs_scripted_next_t has_a_crash_and_fails(airs_scripted_call_t *call) {
    airs_scripted_next_t next = has_a_crash(call);
    return call->kind == AIRS_CALL_INITIALIZE && call->round == 0 && starts++ > 1
               ? airs_scripted_error(call, "not again")
               : next;
}

static airs_supervisor_t *one_for_all_of_a(void) {
    starts = 0;
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ALL, &child, 1);
    spec.intensity = 3;
    return start_spec(&spec);
}

static void a_child_that_starts_is_restarted_with_its_siblings(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = one_for_all_of_a();
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, has_a_crash, NULL),
                               .id = id_of("t/x/0")};
    assert_ok(airs_supervisor_start_child(supervisor, &child, NULL));
    assert_journal("+a +x +a +x");
    stop(supervisor);
}

static void a_child_that_does_not_start_again_in_a_round_is_forgotten(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = one_for_all_of_a();
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, has_a_crash_and_fails, NULL),
                               .id = id_of("t/x/0")};
    airs_error_t error;
    assert_status(airs_supervisor_start_child(supervisor, &child, &error), AIRS_INITIALIZE_FAILED);
    assert_string_equal(error.text, "t/x/0: not again");
    actor_fixture_run(&fixture);
    assert_status(airs_supervisor_delete_child(supervisor, "t/x/0", NULL), AIRS_NOT_FOUND);
    assert_int_equal(active(supervisor), 1);
    stop(supervisor);
}

static void a_first_start_that_is_cut_short_in_a_round_is_made_again(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = one_for_all_of_a();
    airs_child_spec_t inner = {.component = actor_fixture_add(&fixture, has_a_crash, &starts),
                               .id = id_of("t/x/0"),
                               .shutdown_ms = AIRS_SHUTDOWN_BRUTAL};
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, &inner, 1);
    airs_child_spec_t child = {.supervisor = &inner_spec, .name = "inner"};
    assert_ok(airs_supervisor_start_child(supervisor, &child, NULL));
    assert_journal("+a +a +x");
    assert_ok(airs_supervisor_stop_child(supervisor, "inner", NULL));
    child.supervisor = NULL;
    starts = 0;
    inner.id = id_of("t/y/0");
    assert_ok(airs_supervisor_start_child(supervisor, &inner, NULL));
    assert_journal("+a +x");
    assert_int_equal(active(supervisor), 2);
    stop(supervisor);
}

/* ---- backoff ---- */

static void backoff_doubles_and_is_capped(void **state) {
    (void)state;
    airs_child_spec_t child = worker(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.intensity = 100;
    spec.backoff = (airs_backoff_t){.first_ms = 100, .max_ms = 350};
    airs_supervisor_t *supervisor = start_spec(&spec);
    static const uint64_t most[] = {100, 200, 350, 350};
    for (size_t i = 0; i < 4; i++) {
        tell("t/a/0", "crash");
        assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").state, AIRS_ACTOR_RESTARTING);
        actor_fixture_pass(&fixture, (most[i] / 2 - 1) * MS);
        assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, i);
        actor_fixture_pass(&fixture, (most[i] / 2 + 2) * MS);
        assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, i + 1);
    }
    actor_fixture_pass(&fixture, 350 * MS);
    tell("t/a/0", "crash");
    actor_fixture_pass(&fixture, 101 * MS);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 5);
    tell("t/a/0", "crash");
    stop(supervisor); /* while it waits */
}

static void backoff_in_a_round(void **state) {
    (void)state;
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ALL, children, 2);
    spec.backoff.first_ms = 100;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/a/0", "crash");
    assert_journal("+a +b -b");
    actor_fixture_pass(&fixture, 101 * MS);
    assert_journal("+a +b");
    stop(supervisor);
}

static void a_backoff_is_no_reason_for_others_to_wait(void **state) {
    (void)state;
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(AIRS_REST_FOR_ONE, children, 2);
    spec.intensity = 2;
    spec.backoff.first_ms = 10000;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/b/0", "crash");
    actor_fixture_pass(&fixture, 1000 * MS);
    tell("t/a/0", "crash");
    assert_journal("+a +b");
    actor_fixture_pass(&fixture, 10001 * MS);
    assert_journal("+a +b");
    stop(supervisor);
}

static void a_child_that_waits_is_stopped(void **state) {
    (void)state;
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    spec.backoff.first_ms = 1000;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/a/0", "crash");
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    actor_fixture_pass(&fixture, 2000 * MS);
    assert_int_equal(active(supervisor), 0);
    assert_ok(airs_supervisor_restart_child(supervisor, "t/a/0", NULL));
    tell("t/a/0", "crash");
    assert_false(is_running(supervisor)); /* the second in five seconds */
    stop(supervisor);
    assert_journal("+a +a");
}

/* ---- simple-one-for-one ---- */

static airs_supervisor_t *simple(airs_restart_t restart, uint32_t intensity) {
    airs_child_spec_t model = component(0, restart);
    airs_supervisor_spec_t spec = spec_of(AIRS_SIMPLE_ONE_FOR_ONE, &model, 1);
    spec.intensity = intensity;
    return start_spec(&spec);
}

static void grow(airs_supervisor_t *supervisor, const char *id) {
    assert_ok(airs_supervisor_start_like(supervisor, id_of(id), airs_bytes(NULL, 0), NULL));
}

static void simple_one_for_one_restart(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = simple(AIRS_RESTART_PERMANENT, 1);
    assert_journal("");
    grow(supervisor, "t/a/0");
    grow(supervisor, "t/b/0");
    tell("t/a/0", "crash");
    assert_journal("+a +b +a");
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.specs, 1);
    assert_int_equal(counts.active, 2);
    assert_status(airs_supervisor_start_like(supervisor, id_of("t/a/0"), airs_bytes(NULL, 0), NULL),
                  AIRS_ALREADY_EXISTS);
    stop(supervisor);
}
static void simple_one_for_one_escalation(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = simple(AIRS_RESTART_PERMANENT, 1);
    grow(supervisor, "t/a/0");
    grow(supervisor, "t/b/0");
    tell("t/a/0", "crash");
    tell("t/a/0", "crash");
    assert_false(is_running(supervisor));
    assert_status(airs_supervisor_start_like(supervisor, id_of("t/c/0"), airs_bytes(NULL, 0), NULL),
                  AIRS_STOPPED);
    stop(supervisor);
}
static void simple_one_for_one_extra_arguments(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = simple(AIRS_RESTART_TRANSIENT, 1);
    assert_ok(airs_supervisor_start_like(supervisor, id_of("t/a/0"), airs_bytes("more", 4), NULL));
    tell("t/a/0", "crash");
    assert_journal("+a=more +a=more");
    stop(supervisor);
}
static void simple_one_for_one_shutdown_is_together(void **state) {
    (void)state;
    airs_child_spec_t model = {.component = actor_fixture_add(&fixture, never_stops, NULL),
                               .shutdown_ms = 300};
    airs_supervisor_t *supervisor = start(AIRS_SIMPLE_ONE_FOR_ONE, &model, 1);
    for (size_t i = 0; i < WORKERS; i++) {
        grow(supervisor, ids[i]);
    }
    uint64_t before = airs_clock_monotonic(&fixture.clock.clock);
    stop(supervisor);
    assert_int_equal((airs_clock_monotonic(&fixture.clock.clock) - before) / MS, 300);
}
static void simple_children_that_end_are_forgotten(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = simple(AIRS_RESTART_TEMPORARY, 1);
    grow(supervisor, "t/a/0");
    grow(supervisor, "t/b/0");
    tell("t/a/0", "crash");
    assert_int_equal(active(supervisor), 1);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/b/0", NULL));
    assert_status(airs_supervisor_restart_child(supervisor, "t/b/0", NULL), AIRS_NOT_FOUND);
    grow(supervisor, "t/a/0");
    stop(supervisor);
}

static airs_scripted_next_t fails_for_ever(airs_scripted_call_t *call) {
    bool fails = call->kind == AIRS_CALL_INITIALIZE && starts++ > 1;
    return fails ? airs_scripted_error(call, "no") : guest(call);
}

static airs_supervisor_t *simple_with_one_that_fails(uint32_t intensity) {
    starts = 0;
    airs_child_spec_t model = {.component = actor_fixture_add(&fixture, fails_for_ever, NULL)};
    airs_supervisor_spec_t spec = spec_of(AIRS_SIMPLE_ONE_FOR_ONE, &model, 1);
    spec.intensity = intensity;
    airs_supervisor_t *supervisor = start_spec(&spec);
    grow(supervisor, "t/a/0");
    grow(supervisor, "t/b/0");
    assert_journal("+a +b");
    return supervisor;
}

static void hanging_restart_loop_simple(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = simple_with_one_that_fails(100);
    tell("t/a/0", "crash");
    assert_int_equal(starts, 2 + 100);
    assert_false(is_running(supervisor));
    assert_journal("-b");
    stop(supervisor);
}
static void simple_one_for_one_other_child_fails_restart(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = simple_with_one_that_fails(4);
    airs_status_t status = actor_fixture_send(&fixture, "t/a/0", "crash");
    assert_ok(status);
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "x"));
    actor_fixture_run(&fixture);
    assert_int_equal(starts, 2 + 4);
    assert_journal("b:x -b");
    assert_false(is_running(supervisor));
    stop(supervisor);
}

#define MANY 10000

/* OTP's simple_one_for_one_scale_many_temporary_children, and of other kinds. */
static void scale_many(airs_strategy_t strategy, airs_restart_t restart) {
    airs_child_spec_t model = component(0, restart);
    airs_supervisor_spec_t spec = spec_of(strategy, &model, strategy == AIRS_SIMPLE_ONE_FOR_ONE ? 1 : 0);
    spec.intensity = MANY;
    airs_supervisor_t *supervisor = start_spec(&spec);
    char id[32];
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "t/many/%u", i);
        model.id = id_of(id);
        assert_ok(strategy == AIRS_SIMPLE_ONE_FOR_ONE
                      ? airs_supervisor_start_like(supervisor, model.id, airs_bytes(NULL, 0), NULL)
                      : airs_supervisor_start_child(supervisor, &model, NULL));
        assert_ok(actor_fixture_send(&fixture, id, "crash"));
    }
    actor_fixture_run(&fixture);
    bool comes_back = restart != AIRS_RESTART_TEMPORARY;
    assert_int_equal(actor_fixture_totals(&fixture).actors, comes_back ? MANY : 0);
    assert_int_equal(active(supervisor), comes_back ? MANY : 0);
    stop(supervisor);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    journal[0] = '\0';
}

static void simple_one_for_one_scale_many_temporary_children(void **state) {
    (void)state;
    scale_many(AIRS_SIMPLE_ONE_FOR_ONE, AIRS_RESTART_TEMPORARY);
}
static void simple_one_for_one_scale_many_permanent_children(void **state) {
    (void)state;
    scale_many(AIRS_SIMPLE_ONE_FOR_ONE, AIRS_RESTART_PERMANENT);
}
static void one_for_one_scale_many_permanent_children(void **state) {
    (void)state;
    scale_many(AIRS_ONE_FOR_ONE, AIRS_RESTART_PERMANENT);
}

/* ---- trees ---- */

static void tree(void **state) {
    (void)state;
    airs_child_spec_t left[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_PERMANENT)};
    airs_child_spec_t right[] = {worker(2, AIRS_RESTART_PERMANENT), worker(3, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t left_spec = spec_of(AIRS_ONE_FOR_ONE, left, 2);
    airs_supervisor_spec_t right_spec = spec_of(AIRS_ONE_FOR_ALL, right, 2);
    left_spec.intensity = 0;
    airs_child_spec_t children[] = {{.supervisor = &left_spec, .name = "left"},
                                    {.supervisor = &right_spec, .name = "right"},
                                    worker(4, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(AIRS_REST_FOR_ONE, children, 3);
    airs_supervisor_t *supervisor = start_spec(&spec);
    assert_journal("+a +b +c +d +e");
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.supervisors, 2);
    assert_int_equal(counts.workers, 1);
    tell("t/c/0", "crash");
    assert_journal("-d +c +d");
    tell("t/a/0", "crash"); /* left gives up, and takes what is right of it down */
    assert_journal("-b -e -d -c +a +b +c +d +e");
    tell("t/a/0", "crash"); /* which is one too many for the root */
    assert_journal("-b -e ~e -d ~d -c ~c ~b ~a");
    assert_false(is_running(supervisor));
    stop(supervisor);
}

static void a_tree_that_does_not_start(void **state) {
    (void)state;
    airs_child_spec_t inner[] = {worker(1, AIRS_RESTART_PERMANENT), worker(2, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 2);
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT),
                                    {.supervisor = &inner_spec, .name = "inner"}};
    workers[2].failing = 1;
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, children, 2);
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_status(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, &error),
                  AIRS_INITIALIZE_FAILED);
    assert_string_equal(error.text, "t/c/0: internal error");
    assert_journal("+a +b !c ~c -b ~b -a ~a");
}

/* ---- significance ---- */

static airs_supervisor_t *significant(airs_auto_shutdown_t when) {
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_TRANSIENT), worker(1, AIRS_RESTART_TEMPORARY),
                                    worker(2, AIRS_RESTART_PERMANENT)};
    children[0].significant = true;
    children[1].significant = true;
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, children, 3);
    spec.auto_shutdown = when;
    airs_supervisor_t *supervisor = start_spec(&spec);
    assert_journal("+a +b +c");
    return supervisor;
}

static void auto_shutdown_any_significant(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = significant(AIRS_AUTO_SHUTDOWN_ANY);
    tell("t/a/0", "crash"); /* which a transient child comes back from */
    assert_int_equal(active(supervisor), 3);
    tell("t/a/0", "exit");
    assert_false(is_running(supervisor));
    stop(supervisor);
}
static void auto_shutdown_any_temporary_abnormal(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = significant(AIRS_AUTO_SHUTDOWN_ANY);
    tell("t/b/0", "crash");
    assert_false(is_running(supervisor));
    stop(supervisor);
}
static void auto_shutdown_any_but_not_by_a_stop(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = significant(AIRS_AUTO_SHUTDOWN_ANY);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_true(is_running(supervisor));
    stop(supervisor);
}
static void auto_shutdown_all_significant(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = significant(AIRS_AUTO_SHUTDOWN_ALL);
    tell("t/a/0", "exit");
    assert_true(is_running(supervisor));
    tell("t/b/0", "crash");
    assert_false(is_running(supervisor));
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    stop(supervisor);
}

/* In every strategy, with the significant one in the middle. */
static void auto_shuts_down(airs_strategy_t strategy, airs_auto_shutdown_t when, const char *expected) {
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_TRANSIENT),
                                    worker(2, AIRS_RESTART_TRANSIENT)};
    children[1].significant = true;
    airs_supervisor_spec_t spec = spec_of(strategy, children, 3);
    spec.auto_shutdown = when;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/c/0", "exit"); /* which is not significant */
    assert_true(is_running(supervisor));
    assert_journal("+a +b +c -c ~c");
    tell("t/b/0", "exit");
    assert_journal(expected);
    assert_false(is_running(supervisor));
    stop(supervisor);
}

static void auto_shutdown_one_for_one(void **state) {
    (void)state;
    auto_shuts_down(AIRS_ONE_FOR_ONE, AIRS_AUTO_SHUTDOWN_ANY, "-b ~b -a ~a");
    auto_shuts_down(AIRS_ONE_FOR_ONE, AIRS_AUTO_SHUTDOWN_ALL, "-b ~b -a ~a");
}
static void auto_shutdown_one_for_all(void **state) {
    (void)state;
    auto_shuts_down(AIRS_ONE_FOR_ALL, AIRS_AUTO_SHUTDOWN_ANY, "-b ~b -a ~a");
    auto_shuts_down(AIRS_ONE_FOR_ALL, AIRS_AUTO_SHUTDOWN_ALL, "-b ~b -a ~a");
}
static void auto_shutdown_rest_for_one(void **state) {
    (void)state;
    auto_shuts_down(AIRS_REST_FOR_ONE, AIRS_AUTO_SHUTDOWN_ANY, "-b ~b -a ~a");
    auto_shuts_down(AIRS_REST_FOR_ONE, AIRS_AUTO_SHUTDOWN_ALL, "-b ~b -a ~a");
}

static void auto_shutdown_simple_one_for_one(void **state) {
    (void)state;
    static const airs_auto_shutdown_t when[] = {AIRS_AUTO_SHUTDOWN_ANY, AIRS_AUTO_SHUTDOWN_ALL};
    for (size_t i = 0; i < 2; i++) {
        airs_child_spec_t model = component(0, AIRS_RESTART_TEMPORARY);
        model.significant = true;
        airs_supervisor_spec_t spec = spec_of(AIRS_SIMPLE_ONE_FOR_ONE, &model, 1);
        spec.auto_shutdown = when[i];
        airs_supervisor_t *supervisor = start_spec(&spec);
        grow(supervisor, "t/a/0");
        grow(supervisor, "t/b/0");
        tell("t/a/0", "crash");
        assert_int_equal(is_running(supervisor), when[i] == AIRS_AUTO_SHUTDOWN_ALL);
        if (when[i] == AIRS_AUTO_SHUTDOWN_ALL) {
            tell("t/b/0", "crash");
        }
        assert_false(is_running(supervisor));
        assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
        stop(supervisor);
    }
}

/* One that a sibling takes down has not ended by itself. */
static void significant_bystander(void **state) {
    (void)state;
    airs_child_spec_t children[] = {worker(0, AIRS_RESTART_PERMANENT), worker(1, AIRS_RESTART_TEMPORARY),
                                    worker(2, AIRS_RESTART_PERMANENT)};
    children[1].significant = true;
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ALL, children, 3);
    spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    airs_supervisor_t *supervisor = start_spec(&spec);
    tell("t/a/0", "crash");
    assert_journal("+a +b +c -c -b ~b +a +c");
    assert_int_equal(active(supervisor), 2);
    stop(supervisor);
}

/* Significance climbs a tree: a significant supervisor that shuts down automatically is one that has ended. */
static void significant_escalation(void **state) {
    (void)state;
    airs_child_spec_t inner[] = {worker(0, AIRS_RESTART_TRANSIENT), worker(1, AIRS_RESTART_PERMANENT)};
    inner[0].significant = true;
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 2);
    inner_spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    airs_child_spec_t children[] = {
        worker(2, AIRS_RESTART_PERMANENT),
        {.supervisor = &inner_spec, .name = "inner", .restart = AIRS_RESTART_TRANSIENT, .significant = true}};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, children, 2);
    spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ALL;
    airs_supervisor_t *supervisor = start_spec(&spec);
    assert_journal("+c +a +b");
    tell("t/a/0", "exit");
    assert_journal("-a ~a -b ~b -c ~c");
    assert_false(is_running(supervisor));
    stop(supervisor);
}

/* The supervisor is restarted by its own, and then its significant child as well. */
static void auto_shutdown_of_a_permanent_supervisor_is_a_restart(void **state) {
    (void)state;
    airs_child_spec_t inner[] = {component(0, AIRS_RESTART_TEMPORARY), component(1, AIRS_RESTART_PERMANENT)};
    inner[0].significant = true;
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 2);
    inner_spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    airs_child_spec_t child = {.supervisor = &inner_spec, .name = "inner"};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    assert_journal("+a +b");
    tell("t/a/0", "crash");
    assert_journal("-b +a +b");
    assert_true(is_running(supervisor));
    tell("t/a/0", "crash");
    assert_journal("-b");
    assert_false(is_running(supervisor));
    stop(supervisor);
}

/* ---- whether anything is still to come ---- */

/* Who waits for the end of all: what there was to see when it was told to look. */
typedef struct onlooker {
    const airs_supervisor_t *supervisor;
    unsigned told;
    bool at_work;
} onlooker_t;

static void look_on(void *context) {
    onlooker_t *self = context;
    self->told++;
    self->at_work = airs_supervisor_is_at_work(self->supervisor);
}

/* A supervisor of a supervisor of a temporary child, with whose end that one ends. */
static airs_supervisor_t *start_onion(airs_restart_t restart, onlooker_t *onlooker) {
    airs_child_spec_t core = component(0, AIRS_RESTART_TEMPORARY);
    core.significant = true;
    airs_supervisor_spec_t inner = spec_of(AIRS_ONE_FOR_ONE, &core, 1);
    inner.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    airs_child_spec_t child = {.supervisor = &inner, .name = "inner", .restart = restart};
    airs_supervisor_spec_t outer = spec_of(AIRS_ONE_FOR_ONE, &child, 1);
    outer.backoff.first_ms = 100;
    *onlooker = (onlooker_t){0};
    airs_actor_system_on_empty(fixture.system, look_on, onlooker);
    airs_supervisor_t *supervisor = start_spec(&outer);
    onlooker->supervisor = supervisor;
    assert_journal("+a");
    assert_int_equal(onlooker->told, 0);
    assert_true(airs_supervisor_goes_on(supervisor));
    return supervisor;
}

static void end_onion(airs_supervisor_t *supervisor) {
    airs_actor_system_on_empty(fixture.system, NULL, NULL);
    stop(supervisor);
}

/* That there is no actor now does not mean that it was the last. */
static void what_waits_for_a_restart_goes_on(void **state) {
    (void)state;
    onlooker_t onlooker;
    airs_supervisor_t *supervisor = start_onion(AIRS_RESTART_PERMANENT, &onlooker);
    tell("t/a/0", "crash");
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    assert_int_not_equal(onlooker.told, 0);
    assert_true(onlooker.at_work);
    assert_true(airs_supervisor_goes_on(supervisor));
    actor_fixture_pass(&fixture, 101 * MS);
    assert_journal("+a");
    tell("t/a/0", "crash"); /* the second in five seconds */
    assert_false(is_running(supervisor));
    assert_false(onlooker.at_work);
    assert_false(airs_supervisor_goes_on(supervisor));
    end_onion(supervisor);
}

/* The last look comes after the last decision, which comes after the last actor's end. */
static void what_runs_without_children_does_not_go_on(void **state) {
    (void)state;
    onlooker_t onlooker;
    airs_supervisor_t *supervisor = start_onion(AIRS_RESTART_TEMPORARY, &onlooker);
    tell("t/a/0", "crash");
    assert_true(is_running(supervisor));
    assert_int_not_equal(onlooker.told, 0);
    assert_false(onlooker.at_work);
    assert_false(airs_supervisor_goes_on(supervisor));
    end_onion(supervisor);
}

/* ---- with threads ---- */

#define CROWD 100
#define STORM_MESSAGES 20000
#define SENDERS 2

static airs_scripted_next_t fragile(airs_scripted_call_t *call) {
    bool crashes = call->kind == AIRS_CALL_HANDLE_MESSAGE && airs_scripted_payload_is(call, "crash");
    return crashes ? airs_scripted_crash(call, AIRS_TRAP, "by chance") : airs_scripted_ok(call);
}

typedef struct sender {
    pthread_t thread;
    airs_seeded_random_t random;
    uint64_t accepted;
} sender_t;

static void *send_all(void *context) {
    sender_t *self = context;
    for (int i = 0; i < STORM_MESSAGES; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/crowd/%u", (unsigned)airs_seeded_random_below(&self->random, CROWD));
        const char *what = airs_seeded_random_below(&self->random, 20) == 0 ? "crash" : "x";
        airs_status_t status = airs_actor_system_send_wait(
            fixture.system, id_of(id), airs_bytes(what, strlen(what)), airs_str(NULL), PATIENCE_MS, NULL);
        self->accepted += status == AIRS_OK;
    }
    return NULL;
}

static void storm(airs_strategy_t strategy, airs_backoff_t backoff) {
    journal[0] = '\0';
    actor_fixture_open(&fixture, 2);
    airs_child_spec_t model = {.component = actor_fixture_add(&fixture, fragile, NULL)};
    airs_supervisor_spec_t spec = {.strategy = strategy,
                                   .intensity = AIRS_INTENSITY_MAX,
                                   .period_ms = 1,
                                   .backoff = backoff,
                                   .children = &model,
                                   .child_count = strategy == AIRS_SIMPLE_ONE_FOR_ONE ? 1 : 0};
    airs_supervisor_t *supervisor = start_spec(&spec);
    for (unsigned i = 0; i < CROWD; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/crowd/%u", i);
        model.id = id_of(id);
        assert_ok(strategy == AIRS_SIMPLE_ONE_FOR_ONE
                      ? airs_supervisor_start_like(supervisor, model.id, airs_bytes(NULL, 0), NULL)
                      : airs_supervisor_start_child(supervisor, &model, NULL));
    }
    sender_t senders[SENDERS] = {{0}};
    for (int i = 0; i < SENDERS; i++) {
        airs_seeded_random_init(&senders[i].random, (uint64_t)i + 1);
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    uint64_t accepted = 0;
    for (int i = 0; i < SENDERS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
        accepted += senders[i].accepted;
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(accepted, STORM_MESSAGES * SENDERS);
    assert_int_equal(totals.actors, CROWD);
    assert_int_equal(active(supervisor), CROWD);
    assert_true(totals.crashed > 0 && totals.restarts >= totals.crashed);
    /* What was in hand at a crash is a dead letter, and nothing else is. */
    assert_int_equal(totals.dead_letters, totals.crashed);
    assert_int_equal(totals.messages + totals.dead_letters, accepted);
    assert_int_equal(totals.dropped, 0);
    assert_int_equal(atomic_load(&fixture.engine.live_instances), CROWD);
    stop(supervisor);
    actor_fixture_close(&fixture);
}

static void a_storm_loses_nothing(void **state) {
    (void)state;
    storm(AIRS_SIMPLE_ONE_FOR_ONE, (airs_backoff_t){0});
    storm(AIRS_ONE_FOR_ONE, (airs_backoff_t){.first_ms = 1, .max_ms = 2});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(start_normal_in_order),
        TEST(start_normal),
        TEST(failing_start),
        TEST(failing_start_id_taken),
        TEST(faulty_specification),
        TEST(native_that_cannot_be_restarted_is_temporary),
        TEST(stop_timeout),
        TEST(stop_timeout_default),
        TEST(stop_infinity),
        TEST(stop_brutal_kill),
        TEST(stop_drains),
        TEST(the_system_stops_what_is_left),
        TEST(permanent_normal),
        TEST(permanent_abnormal),
        TEST(transient_normal),
        TEST(what_waits_behind_an_exit),
        TEST(transient_abnormal),
        TEST(temporary_normal),
        TEST(temporary_abnormal),
        TEST(permanent_exit),
        TEST(transient_exit),
        TEST(temporary_exit),
        TEST(permanent_shutdown),
        TEST(transient_shutdown),
        TEST(temporary_shutdown),
        TEST(one_for_one_restart),
        TEST(one_for_all_restart),
        TEST(rest_for_one_restart),
        TEST(one_for_one_escalation),
        TEST(one_for_all_escalation),
        TEST(rest_for_one_escalation),
        TEST(one_for_one_failed_restart_is_tried_again),
        TEST(one_for_all_other_child_fails_restart),
        TEST(rest_for_one_other_child_fails_restart),
        TEST(one_for_one_other_child_fails_restart),
        TEST(hanging_restart_loop),
        TEST(restarts_outside_of_the_period_do_not_count),
        TEST(multiple_restarts),
        TEST(deaths_of_several_one_for_all),
        TEST(temporary_bystander),
        TEST(specification_of_temporary_children_not_kept),
        TEST(temporary_children_return_with_their_supervisor),
        TEST(mailbox_and_subscriptions_survive),
        TEST(mailboxes_of_siblings_survive),
        TEST(mailboxes_survive_the_restart_of_a_supervisor),
        TEST(requests_and_callbacks_end_with_the_incarnation),
        TEST(a_queued_callback_is_discarded),
        TEST(a_request_in_hand_fails_and_a_queued_one_stays),
        TEST(without_a_supervisor_a_crash_is_the_end),
        TEST(the_users_stop_is_an_end_for_good),
        TEST(the_users_stop_during_a_restart_is_an_end_for_good),
        TEST(a_restart_that_hangs_holds_up_nobody_one_for_one),
        TEST(a_restart_that_hangs_holds_up_those_after_it),
        TEST(a_restart_that_hangs_is_tried_again_after_its_parked_time),
        TEST(a_child_that_starts_is_restarted_with_its_siblings),
        TEST(a_child_that_does_not_start_again_in_a_round_is_forgotten),
        TEST(a_first_start_that_is_cut_short_in_a_round_is_made_again),
        TEST(backoff_doubles_and_is_capped),
        TEST(backoff_in_a_round),
        TEST(a_backoff_is_no_reason_for_others_to_wait),
        TEST(a_child_that_waits_is_stopped),
        TEST(simple_one_for_one_restart),
        TEST(simple_one_for_one_escalation),
        TEST(simple_one_for_one_extra_arguments),
        TEST(simple_one_for_one_shutdown_is_together),
        TEST(simple_children_that_end_are_forgotten),
        TEST(hanging_restart_loop_simple),
        TEST(simple_one_for_one_other_child_fails_restart),
        TEST(simple_one_for_one_scale_many_temporary_children),
        TEST(simple_one_for_one_scale_many_permanent_children),
        TEST(one_for_one_scale_many_permanent_children),
        TEST(tree),
        TEST(a_tree_that_does_not_start),
        TEST(auto_shutdown_any_significant),
        TEST(auto_shutdown_any_temporary_abnormal),
        TEST(auto_shutdown_any_but_not_by_a_stop),
        TEST(auto_shutdown_all_significant),
        TEST(auto_shutdown_one_for_one),
        TEST(auto_shutdown_one_for_all),
        TEST(auto_shutdown_rest_for_one),
        TEST(auto_shutdown_simple_one_for_one),
        TEST(significant_bystander),
        TEST(significant_escalation),
        TEST(auto_shutdown_of_a_permanent_supervisor_is_a_restart),
        TEST(what_waits_for_a_restart_goes_on),
        TEST(what_runs_without_children_does_not_go_on),
        cmocka_unit_test(a_storm_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
