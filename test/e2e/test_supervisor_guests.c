/* Supervisors of real guests: the cells of OTP's suite that a guest can cause; those that need no guest are in
 * test/actor/test_supervisor.c. What counts as a crash is in test_crashes.c, what a restart keeps in test_restart.c. */
#include "e2e/tree.h"

#include <stdio.h>
#include <string.h>

#include "node/node.h"

/* ---- starts ---- */

static void failing_start(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 1);
    static const char *const guests[] = {"initfail", "bad/start-traps"};
    for (size_t i = 0; i < 2; i++) {
        airs_child_spec_t children[] = {tree_child(&stage, "echo", "app/echo/0", AIRS_RESTART_PERMANENT),
                                        tree_child(&stage, guests[i], "app/it/0", AIRS_RESTART_PERMANENT)};
        airs_supervisor_spec_t spec = tree_spec(AIRS_ONE_FOR_ONE, children, 2);
        airs_supervisor_t *supervisor = NULL;
        airs_status_t status = airs_actor_system_start_supervisor(airs_node_actors(stage.node), &spec,
                                                                  &supervisor, &stage.error);
        assert_true(status == AIRS_INITIALIZE_FAILED || status == AIRS_TRAP);
        assert_non_null(strstr(stage.error.text, "app/it/0: "));
        assert_int_equal(stage_totals(&stage).actors, 0);
    }
    stage_close(&stage);
}

static airs_supervisor_t *three(stage_t *stage, airs_strategy_t strategy, uint32_t intensity) {
    static const char *const ids[] = {"app/frail/a", "app/frail/b", "app/frail/c"};
    airs_child_spec_t children[3];
    for (size_t i = 0; i < 3; i++) {
        children[i] = tree_child(stage, "frail", ids[i], AIRS_RESTART_PERMANENT);
    }
    airs_supervisor_t *supervisor = tree_of(stage, strategy, intensity, children, 3);
    for (size_t i = 0; i < 3; i++) {
        stage_expect(stage, ids[i], "hello", "1");
    }
    return supervisor;
}

static void one_for_one_fails_twice(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_ONE_FOR_ONE, 3);
    assert_status(stage_call(&stage, "app/frail/b", "fail 2"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/b", 3);
    stage_expect(&stage, "app/frail/a", "hello", "2");
    stage_expect(&stage, "app/frail/b", "hello", "1");
    tree_stop(supervisor);
    stage_close(&stage);
}

static void one_for_one_other_child_fails_restart(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_ONE_FOR_ONE, 6);
    assert_ok(stage_send(&stage, "app/frail/a", "fail 4"));
    assert_ok(stage_send(&stage, "app/frail/b", "trap"));
    tree_await_restarts(&stage, "app/frail/a", 5);
    tree_await_restarts(&stage, "app/frail/b", 1);
    stage_expect(&stage, "app/frail/c", "hello", "2");
    assert_int_equal(tree_active(supervisor), 3);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void one_for_all_other_child_fails_restart(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_ONE_FOR_ALL, 3);
    /* b crashes, and its start fails in the round. */
    assert_status(stage_call(&stage, "app/frail/b", "fail 1"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/c", 1);
    stage_expect(&stage, "app/frail/a", "hello", "1");
    /* a was started in both rounds, c in the second alone. */
    assert_int_equal(stage_counters(&stage, "app/frail/a").restarts, 2);
    assert_int_equal(stage_counters(&stage, "app/frail/b").restarts, 2);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void rest_for_one_other_child_fails_restart(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_REST_FOR_ONE, 3);
    assert_status(stage_call(&stage, "app/frail/b", "fail 1"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/c", 1);
    stage_expect(&stage, "app/frail/a", "hello", "2");
    stage_expect(&stage, "app/frail/c", "hello", "1");
    assert_int_equal(stage_counters(&stage, "app/frail/b").restarts, 2);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void hanging_restart_loop(void **state) {
    (void)state;
    for (int strategy = AIRS_ONE_FOR_ONE; strategy <= AIRS_REST_FOR_ONE; strategy++) {
        stage_t stage;
        tree_open(&stage, 2);
        airs_supervisor_t *supervisor = three(&stage, (airs_strategy_t)strategy, 20);
        assert_ok(stage_send(&stage, "app/frail/b", "fail 1000000"));
        tree_await_end(&stage, supervisor);
        assert_int_equal(stage_totals(&stage).actors, 0);
        tree_stop(supervisor);
        stage_close(&stage);
    }
}

/* Nothing is counted: it goes on until somebody stops it, which works at any time. */
static void a_restart_loop_is_stopped(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t child = tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t spec = tree_spec(AIRS_ONE_FOR_ONE, &child, 1);
    spec.intensity = AIRS_INTENSITY_MAX;
    spec.period_ms = 1;
    airs_supervisor_t *supervisor = tree_start(&stage, &spec);
    assert_ok(stage_send(&stage, "app/frail/a", "fail 1000000000"));
    while (stage_totals(&stage).restarts < 1000) {
        assert_true(tree_is_running(supervisor));
    }
    tree_stop(supervisor);
    assert_int_equal(stage_totals(&stage).actors, 0);
    stage_close(&stage);
}

static void a_restart_hangs_and_others_go_on(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 1);
    airs_supervisor_t *supervisor = three(&stage, AIRS_ONE_FOR_ONE, 3);
    assert_status(stage_call(&stage, "app/frail/b", "hang 3600000"), AIRS_TRAP);
    tree_await_state(&stage, "app/frail/b", AIRS_ACTOR_STARTING);
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/a", 1);
    stage_expect(&stage, "app/frail/c", "hello", "2");
    assert_ok(stage_send(&stage, "app/frail/b", "wait for it")); /* its mailbox is open */
    /* A stop need not wait for the start. */
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, 100);
    assert_int_equal(stage_totals(&stage).actors, 0);
    stage_close(&stage);
}

static void a_restart_that_runs_for_ever_is_tried_again(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 1);
    airs_actor_spec_t brief = {.limits = {.max_execution_time_ms = BRIEF_MS}};
    airs_child_spec_t child = tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT);
    child.actor = &brief;
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_REST_FOR_ONE, 2, &child, 1);
    assert_status(stage_call(&stage, "app/frail/a", "spin"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/a", 2);
    assert_int_equal(stage_totals(&stage).crashed, 2);
    tree_stop(supervisor);
    stage_close(&stage);
}

/* ---- strategies ---- */

static void one_for_one_restart(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_ONE_FOR_ONE, 1);
    assert_status(stage_call(&stage, "app/frail/b", "trap"), AIRS_TRAP);
    stage_expect(&stage, "app/frail/b", "hello", "1");
    stage_expect(&stage, "app/frail/a", "hello", "2");
    stage_expect(&stage, "app/frail/c", "hello", "2");
    tree_stop(supervisor);
    stage_close(&stage);
}

static void one_for_all_restart(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_ONE_FOR_ALL, 1);
    assert_status(stage_call(&stage, "app/frail/b", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/c", 1);
    stage_expect(&stage, "app/frail/a", "hello", "1");
    stage_expect(&stage, "app/frail/b", "hello", "1");
    stage_expect(&stage, "app/frail/c", "hello", "1");
    tree_stop(supervisor);
    stage_close(&stage);
}

static void rest_for_one_restart(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_supervisor_t *supervisor = three(&stage, AIRS_REST_FOR_ONE, 1);
    assert_status(stage_call(&stage, "app/frail/b", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/c", 1);
    stage_expect(&stage, "app/frail/a", "hello", "2");
    stage_expect(&stage, "app/frail/b", "hello", "1");
    stage_expect(&stage, "app/frail/c", "hello", "1");
    tree_stop(supervisor);
    stage_close(&stage);
}

/* All within one turn, so that on one worker all of them wait before the first is handled. */
static airs_status_t send_two_traps(airs_actor_context_t *context, sink_t *sink,
                                    const airs_incoming_t *incoming) {
    (void)sink;
    (void)incoming;
    static const char *const texts[] = {"trap", "trap", "never read"};
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < 3 && status == AIRS_OK; i++) {
        status =
            airs_actor_send(context, airs_id("app", "frail", "b"), airs_bytes(texts[i], strlen(texts[i])));
    }
    return status;
}

static void escalation(void **state) {
    (void)state;
    for (int strategy = AIRS_ONE_FOR_ONE; strategy <= AIRS_REST_FOR_ONE; strategy++) {
        stage_t stage;
        sink_t sink;
        sink_init(&sink);
        sink.then = send_two_traps;
        tree_open(&stage, 1);
        airs_supervisor_t *supervisor = three(&stage, (airs_strategy_t)strategy, 1);
        stage_add(&stage, "counter", "app/neighbour/0", NULL);
        sink_spawn(&stage, &sink, "app/sink/0", NULL);
        assert_ok(stage_send(&stage, "app/sink/0", "go"));
        tree_await_end(&stage, supervisor);
        assert_ok(stage_stop(&stage, "app/sink/0", AIRS_STOP_DRAIN));
        assert_int_equal(stage_totals(&stage).actors, 1);
        assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 2);
        assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_RECEIVER_ENDED), 1);
        stage_expect(&stage, "app/neighbour/0", "one", "1");
        tree_stop(supervisor);
        stage_close(&stage);
        sink_free(&sink);
    }
}

static void escalation_in_a_tree(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t inner[] = {tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT),
                                 tree_child(&stage, "counter", "app/counter/0", AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t inner_spec = tree_spec(AIRS_ONE_FOR_ONE, inner, 2);
    inner_spec.intensity = 0;
    airs_child_spec_t outer[] = {{.supervisor = &inner_spec, .name = "inner"},
                                 tree_child(&stage, "counter", "app/counter/1", AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ONE, 1, outer, 2);
    stage_expect(&stage, "app/counter/0", "one", "1");
    stage_expect(&stage, "app/counter/1", "one", "1");
    assert_ok(stage_send(&stage, "app/frail/a", "trap"));
    assert_ok(stage_send(&stage, "app/frail/a", "hello"));
    tree_await_restarts(&stage, "app/counter/0", 1);
    stage_expect(&stage, "app/counter/0", "one", "1");
    stage_expect(&stage, "app/counter/1", "two", "2");
    /* Its mailbox outlived the restart of the whole supervisor. */
    stage_expect(&stage, "app/frail/a", "hello", "2");
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    tree_await_end(&stage, supervisor);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void simple_one_for_one(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t model = {.component = stage_guest(&stage, "frail")};
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_SIMPLE_ONE_FOR_ONE, 100, &model, 1);
    for (int i = 0; i < 100; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/frail/%d", i);
        assert_ok(airs_supervisor_start_like(supervisor, id_of(id), airs_bytes(NULL, 0), &stage.error));
        assert_ok(stage_send(&stage, id, "trap"));
        assert_ok(stage_send(&stage, id, "hello"));
    }
    stage_drain(&stage);
    assert_int_equal(tree_active(supervisor), 100);
    assert_int_equal(stage_totals(&stage).restarts, 100);
    assert_int_equal(stage_totals(&stage).messages, 100);
    assert_ok(stage_send(&stage, "app/frail/50", "trap"));
    tree_await_end(&stage, supervisor);
    assert_int_equal(stage_totals(&stage).actors, 0);
    tree_stop(supervisor);
    stage_close(&stage);
}

/* ---- restart types ---- */

/* Does it come back after such an end? */
static void one_child(airs_restart_t restart, const char *end, bool returns) {
    stage_t stage;
    tree_open(&stage, 1);
    airs_child_spec_t child = tree_child(&stage, "frail", "app/frail/a", restart);
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ONE, 1, &child, 1);
    assert_ok(stage_send(&stage, "app/frail/a", end));
    if (returns) {
        tree_await_restarts(&stage, "app/frail/a", 1);
        stage_expect(&stage, "app/frail/a", "hello", "1");
    } else {
        stage_await_end(&stage, "app/frail/a");
    }
    stage_drain(&stage);
    assert_int_equal(tree_active(supervisor), returns);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void permanent_normal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_PERMANENT, "exit", true);
}
static void permanent_shutdown(void **state) {
    (void)state;
    one_child(AIRS_RESTART_PERMANENT, "exit shutdown", true);
}
static void permanent_abnormal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_PERMANENT, "exit error", true);
    one_child(AIRS_RESTART_PERMANENT, "trap", true);
}
static void transient_normal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TRANSIENT, "exit", false);
}
static void transient_shutdown(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TRANSIENT, "exit shutdown", false);
}
static void transient_abnormal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TRANSIENT, "exit error", true);
    one_child(AIRS_RESTART_TRANSIENT, "trap", true);
}
static void temporary_normal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TEMPORARY, "exit", false);
}
static void temporary_shutdown(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TEMPORARY, "exit shutdown", false);
}
static void temporary_abnormal(void **state) {
    (void)state;
    one_child(AIRS_RESTART_TEMPORARY, "exit error", false);
    one_child(AIRS_RESTART_TEMPORARY, "trap", false);
}

/* What mail there is outlives an orderly end too, if the child comes back. */
static void mailbox_outlives_an_exit(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 1);
    airs_child_spec_t child = tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT);
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ONE, 1, &child, 1);
    assert_ok(stage_send(&stage, "app/frail/a", "sleep 20"));
    assert_ok(stage_send(&stage, "app/frail/a", "exit"));
    assert_ok(stage_send(&stage, "app/frail/a", "hello"));
    stage_expect(&stage, "app/frail/a", "hello", "2");
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    tree_stop(supervisor);
    stage_close(&stage);
}

/* A transient child that has ended in order starts again with its siblings (as OTP's does). */
static void transient_bystander(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t children[] = {tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT),
                                    tree_child(&stage, "frail", "app/frail/b", AIRS_RESTART_TRANSIENT)};
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ALL, 1, children, 2);
    assert_ok(stage_send(&stage, "app/frail/b", "exit"));
    stage_await_end(&stage, "app/frail/b");
    stage_drain(&stage);
    assert_int_equal(tree_active(supervisor), 1);
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/a", 1);
    stage_drain(&stage);
    stage_expect(&stage, "app/frail/b", "hello", "1");
    tree_stop(supervisor);
    stage_close(&stage);
}

/* A supervisor hears of its child's end by no link that anybody could undo; siblings that are linked end together,
 * each of which is a restart. */
static void child_unlink(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t children[] = {tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT),
                                    tree_child(&stage, "frail", "app/frail/b", AIRS_RESTART_PERMANENT)};
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ONE, 3, children, 2);
    assert_ok(stage_call(&stage, "app/frail/a", "link app/frail/b"));
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/a", 1);
    tree_await_restarts(&stage, "app/frail/b", 1);
    assert_ok(stage_call(&stage, "app/frail/a", "link app/frail/b"));
    assert_ok(stage_call(&stage, "app/frail/a", "unlink app/frail/b"));
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/a", 2);
    stage_drain(&stage);
    assert_int_equal(stage_counters(&stage, "app/frail/b").restarts, 1);
    assert_true(tree_is_running(supervisor));
    tree_stop(supervisor);
    stage_close(&stage);
}

static void temporary_bystander(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t children[] = {tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT),
                                    tree_child(&stage, "frail", "app/frail/b", AIRS_RESTART_TEMPORARY)};
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ALL, 1, children, 2);
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    stage_await_end(&stage, "app/frail/b");
    tree_await_restarts(&stage, "app/frail/a", 1);
    assert_int_equal(tree_active(supervisor), 1);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void auto_shutdown_all_significant(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t children[] = {tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_TRANSIENT),
                                    tree_child(&stage, "frail", "app/frail/b", AIRS_RESTART_TRANSIENT),
                                    tree_child(&stage, "frail", "app/frail/c", AIRS_RESTART_PERMANENT)};
    children[0].significant = children[1].significant = true;
    airs_supervisor_spec_t spec = tree_spec(AIRS_ONE_FOR_ONE, children, 3);
    spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ALL;
    airs_supervisor_t *supervisor = tree_start(&stage, &spec);
    assert_ok(stage_send(&stage, "app/frail/a", "exit"));
    stage_await_end(&stage, "app/frail/a");
    stage_expect(&stage, "app/frail/c", "hello", "1");
    assert_ok(stage_send(&stage, "app/frail/b", "exit shutdown"));
    tree_await_end(&stage, supervisor);
    assert_int_equal(stage_totals(&stage).actors, 0);
    tree_stop(supervisor);
    stage_close(&stage);
}

static void auto_shutdown_any_significant(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 2);
    airs_child_spec_t children[] = {tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT),
                                    tree_child(&stage, "frail", "app/frail/b", AIRS_RESTART_TEMPORARY)};
    children[1].significant = true;
    airs_supervisor_spec_t spec = tree_spec(AIRS_ONE_FOR_ONE, children, 2);
    spec.auto_shutdown = AIRS_AUTO_SHUTDOWN_ANY;
    airs_supervisor_t *supervisor = tree_start(&stage, &spec);
    assert_status(stage_call(&stage, "app/frail/a", "trap"), AIRS_TRAP);
    tree_await_restarts(&stage, "app/frail/a", 1);
    assert_status(stage_call(&stage, "app/frail/b", "trap"), AIRS_TRAP);
    tree_await_end(&stage, supervisor);
    assert_int_equal(stage_totals(&stage).actors, 0);
    tree_stop(supervisor);
    stage_close(&stage);
}

/* ---- stops ---- */

/* How long a stop takes whose guest does this when it is shut down. */
static uint64_t time_to_stop(const char *how, uint64_t shutdown_ms) {
    stage_t stage;
    tree_open(&stage, 1);
    const airs_env_var_t variable = {airs_str("STOP"), airs_str(how)};
    const airs_actor_spec_t actor = {.env = &variable, .env_count = 1, .limits = {.max_parked_time_ms = 400}};
    airs_child_spec_t children[] = {tree_child(&stage, "echo", "app/echo/0", AIRS_RESTART_PERMANENT),
                                    tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT)};
    children[1].actor = &actor;
    children[1].shutdown_ms = shutdown_ms;
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ONE, 0, children, 2);
    uint64_t before = now_ms();
    tree_stop(supervisor);
    uint64_t took = now_ms() - before;
    assert_int_equal(stage_totals(&stage).actors, 0);
    stage_close(&stage);
    return took;
}

static void stop_timeout(void **state) {
    (void)state;
    assert_in_range(time_to_stop("sleep", 100), 99, PATIENCE_MS / 2);
    assert_in_range(time_to_stop("loop", 100), 99, PATIENCE_MS / 2);
}

static void stop_brutal_kill(void **state) {
    (void)state;
    /* It would take an hour, and is not even begun. */
    assert_in_range(time_to_stop("loop", AIRS_SHUTDOWN_BRUTAL), 0, PATIENCE_MS / 2);
}

static void stop_infinity(void **state) {
    (void)state;
    /* The limits of a call end it: a guest cannot hold up a stop for ever. */
    assert_in_range(time_to_stop("sleep", AIRS_SHUTDOWN_INFINITY), 399, PATIENCE_MS / 2);
    assert_in_range(time_to_stop("trap", AIRS_SHUTDOWN_INFINITY), 0, PATIENCE_MS / 2);
}

static void stop_of_one_that_sleeps(void **state) {
    (void)state;
    stage_t stage;
    tree_open(&stage, 1);
    airs_child_spec_t child = tree_child(&stage, "frail", "app/frail/a", AIRS_RESTART_PERMANENT);
    child.shutdown_ms = 50;
    airs_supervisor_t *supervisor = tree_of(&stage, AIRS_ONE_FOR_ONE, 0, &child, 1);
    assert_ok(stage_send(&stage, "app/frail/a", "sleep 3600000"));
    assert_ok(stage_send(&stage, "app/frail/a", "hello"));
    tree_stop(supervisor);
    airs_node_counters_t totals = stage_totals(&stage);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(totals.messages + totals.dead_letters + totals.dropped, 2);
    stage_close(&stage);
}

/* The whole node ends while supervisors are at work. */
static void the_node_ends_in_the_middle(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        stage_t stage;
        tree_open(&stage, 2);
        (void)three(&stage, AIRS_ONE_FOR_ALL, 1000);
        (void)stage_send(&stage, "app/frail/b", i % 2 == 0 ? "fail 5" : "hang 3600000");
        (void)stage_send(&stage, "app/frail/a", "trap");
        (void)stage_send(&stage, "app/frail/c", "sleep 100");
        while (i < 5 && stage_totals(&stage).restarts < 2) {
        }
        airs_actor_system_stop_all(airs_node_actors(stage.node), AIRS_STOP_DROP, 200);
        stage_close(&stage);
    }
}

#define ENTRY(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        ENTRY(failing_start),
        ENTRY(one_for_one_fails_twice),
        ENTRY(one_for_one_other_child_fails_restart),
        ENTRY(one_for_all_other_child_fails_restart),
        ENTRY(rest_for_one_other_child_fails_restart),
        ENTRY(hanging_restart_loop),
        ENTRY(a_restart_loop_is_stopped),
        ENTRY(a_restart_hangs_and_others_go_on),
        ENTRY(a_restart_that_runs_for_ever_is_tried_again),
        ENTRY(one_for_one_restart),
        ENTRY(one_for_all_restart),
        ENTRY(rest_for_one_restart),
        ENTRY(escalation),
        ENTRY(escalation_in_a_tree),
        ENTRY(simple_one_for_one),
        ENTRY(permanent_normal),
        ENTRY(permanent_shutdown),
        ENTRY(permanent_abnormal),
        ENTRY(transient_normal),
        ENTRY(transient_shutdown),
        ENTRY(transient_abnormal),
        ENTRY(temporary_normal),
        ENTRY(temporary_shutdown),
        ENTRY(temporary_abnormal),
        ENTRY(mailbox_outlives_an_exit),
        ENTRY(transient_bystander),
        ENTRY(child_unlink),
        ENTRY(temporary_bystander),
        ENTRY(auto_shutdown_all_significant),
        ENTRY(auto_shutdown_any_significant),
        ENTRY(stop_timeout),
        ENTRY(stop_brutal_kill),
        ENTRY(stop_infinity),
        ENTRY(stop_of_one_that_sleeps),
        ENTRY(the_node_ends_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
