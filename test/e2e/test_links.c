/* Guests that make each other, end each other, and hear of it: airssys:actor/supervision. */
#include "e2e/stage.h"

#include <stdio.h>

static stage_t stage;
static sink_t reporter;
static size_t reported;

static int set_up(void **state) {
    (void)state;
    stage_open(&stage, 2);
    sink_init(&reporter);
    sink_spawn(&stage, &reporter, "fam/reporter/0", NULL);
    reported = 0;
    stage_add(&stage, "family", "fam/parent/0", NULL);
    assert_ok(airs_node_offer(stage.node, stage_guest(&stage, "family"), airs_id("fam", "kid", NULL), NULL,
                              &stage.error));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    stage_close(&stage);
    sink_free(&reporter);
    return 0;
}

/* The next thing that a guest reports. */
static void expect_report(const char *sender, const char *begins) {
    sink_await(&reporter, ++reported);
    heard_t heard = sink_heard(&reporter, reported - 1);
    assert_string_equal(heard.sender, sender);
    char cut[128];
    (void)snprintf(cut, sizeof cut, "%.*s", (int)strlen(begins), (const char *)heard.data);
    assert_string_equal(cut, begins);
}

static void tell(const char *id, const char *order) { stage_expect(&stage, id, order, "ok"); }

/* An order that ends the actor, or has it wait. */
static void send(const char *id, const char *order) { assert_ok(stage_send(&stage, id, order)); }

static bool lives(const char *id) {
    airs_actor_counters_t counters;
    return airs_node_counters(stage.node, id_of(id), &counters) == AIRS_OK;
}

/* ---- spawning ---- */

static void a_guest_spawns_others(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn kid", "fam/kid/s1");
    stage_expect(&stage, "fam/parent/0", "spawn fam/kid", "fam/kid/s2");
    stage_expect(&stage, "fam/parent/0", "spawn kid ann", "fam/kid/ann");
    stage_expect(&stage, "fam/kid/ann", "spawn kid bob", "fam/kid/bob");
    tell("fam/kid/s1", "hello");
    tell("fam/kid/bob", "hello");
    assert_int_equal(stage_totals(&stage).actors, 6);
    /* A spawner's end is nothing to those that it spawned without a link. */
    send("fam/kid/ann", "crash");
    stage_await_end(&stage, "fam/kid/ann");
    tell("fam/kid/bob", "hello");
}

static void a_spawn_can_be_refused(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn kid ann", "fam/kid/ann");
    stage_expect_error(&stage, "fam/parent/0", "spawn kid ann", "already exists");
    stage_expect_error(&stage, "fam/parent/0", "spawn nobody", "no component fam/nobody is offered here");
    stage_expect_error(&stage, "fam/parent/0", "spawn other/kid", "capability-denied: supervision.spawn");
    stage_expect_error(&stage, "fam/parent/0", "spawn kid *", "invalid");
    airs_node_withdraw(stage.node, airs_id("fam", "kid", NULL));
    stage_expect_error(&stage, "fam/parent/0", "spawn kid", "no component fam/kid is offered here");
    tell("fam/kid/ann", "hello");
}

/* An initialize that fails is told to who links or monitors. */
static void a_failed_start_is_told(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn-monitor kid a fail", "fam/kid/a");
    expect_report("fam/parent/0", "down kid/a=error:initialization-failed: told to fail");
    stage_expect(&stage, "fam/parent/0", "spawn-monitor kid b trap", "fam/kid/b");
    expect_report("fam/parent/0", "down kid/b=crash:wasm trap: wasm `unreachable`");
    tell("fam/parent/0", "trap");
    stage_expect(&stage, "fam/parent/0", "spawn-link kid c fail", "fam/kid/c");
    expect_report("fam/parent/0", "exit kid/c=error:initialization-failed: told to fail");
    tell("fam/parent/0", "untrap");
    assert_ok(stage_send(&stage, "fam/parent/0", "spawn-link kid d fail"));
    stage_await_end(&stage, "fam/parent/0");
}

/* ---- links ---- */

static void linked_guests_die_together(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn-link kid a", "fam/kid/a");
    stage_expect(&stage, "fam/kid/a", "spawn-link kid b", "fam/kid/b");
    stage_expect(&stage, "fam/parent/0", "spawn kid watcher", "fam/kid/watcher");
    tell("fam/kid/watcher", "monitor fam/parent/0");
    /* One sleeps, which does not hold up its end. */
    send("fam/parent/0", "sleep");
    stage_await_taken(&stage, "fam/parent/0");
    send("fam/kid/b", "crash");
    stage_await_end(&stage, "fam/parent/0");
    stage_await_end(&stage, "fam/kid/a");
    stage_await_end(&stage, "fam/kid/b");
    expect_report("fam/kid/watcher", "down parent/0=crash:wasm trap: wasm `unreachable`");
    assert_int_equal(stage_totals(&stage).crashed, 1);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 2);
}

static void a_loop_is_broken_off_by_a_link(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn-link kid a", "fam/kid/a");
    send("fam/parent/0", "loop");
    send("fam/kid/a", "crash");
    stage_await_end(&stage, "fam/parent/0");
    /* By the link, and not by its execution-time limit: that would be a crash of its own. */
    assert_int_equal(stage_totals(&stage).crashed, 1);
}

static void a_trapping_guest_spawns_anew(void **state) {
    (void)state;
    tell("fam/parent/0", "trap");
    tell("fam/parent/0", "again kid");
    stage_expect(&stage, "fam/parent/0", "spawn-link kid", "fam/kid/s1");
    send("fam/kid/s1", "crash");
    expect_report("fam/parent/0", "exit kid/s1=crash:wasm trap: wasm `unreachable`");
    stage_expect(&stage, "fam/parent/0", "hello", "ok");
    tell("fam/kid/s2", "hello");
    tell("fam/kid/s2", "exit error enough");
    expect_report("fam/parent/0", "exit kid/s2=error:enough");
    stage_expect(&stage, "fam/parent/0", "hello", "ok");
    tell("fam/kid/s3", "exit normal");
    expect_report("fam/parent/0", "exit kid/s3=normal");
    assert_false(lives("fam/kid/s4"));
}

static void unlinked_guests_do_not(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn-link kid a", "fam/kid/a");
    tell("fam/kid/a", "unlink fam/parent/0");
    send("fam/kid/a", "crash");
    stage_await_end(&stage, "fam/kid/a");
    tell("fam/parent/0", "hello");
    stage_expect_error(&stage, "fam/parent/0", "link fam/kid/a", "target not found");
    stage_expect_error(&stage, "fam/parent/0", "link other/kid/a", "capability-denied: supervision.link");
}

static void kill_cannot_be_trapped(void **state) {
    (void)state;
    stage_expect(&stage, "fam/parent/0", "spawn-link kid a", "fam/kid/a");
    tell("fam/kid/a", "trap");
    tell("fam/parent/0", "trap");
    send("fam/kid/a", "sleep");
    tell("fam/parent/0", "kill fam/kid/a");
    stage_await_end(&stage, "fam/kid/a");
    expect_report("fam/parent/0", "exit kid/a=killed");
}

/* ---- monitors ---- */

static void monitors_tell_of_every_end(void **state) {
    (void)state;
    static const struct {
        const char *order;
        const char *report;
    } ends[] = {
        {"exit normal", "down kid/a=normal"},
        {"exit shutdown", "down kid/a=shutdown"},
        {"exit killed", "down kid/a=killed"},
        {"exit error out of \"tea\"", "down kid/a=error:out of \"tea\""},
        {"exit crash boom", "down kid/a=crash:boom"},
        {"crash", "down kid/a=crash:wasm trap"},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        stage_expect(&stage, "fam/parent/0", "spawn-monitor kid a", "fam/kid/a");
        send("fam/kid/a", ends[i].order);
        expect_report("fam/parent/0", ends[i].report);
    }
    tell("fam/parent/0", "monitor fam/kid/a");
    expect_report("fam/parent/0", "down kid/a=no-actor");
    stage_expect_error(&stage, "fam/parent/0", "monitor other/kid/a",
                       "capability-denied: supervision.monitor");
    stage_expect_error(&stage, "fam/parent/0", "exit no-actor", "no actor ends for the reason");
    stage_expect(&stage, "fam/parent/0", "spawn-monitor kid a", "fam/kid/a");
    stage_expect(&stage, "fam/parent/0", "demonitor", "yes");
    stage_expect(&stage, "fam/parent/0", "demonitor", "no");
    tell("fam/parent/0", "stop fam/kid/a");
    stage_await_end(&stage, "fam/kid/a");
    stage_expect_error(&stage, "fam/parent/0", "stop fam/kid/a", "target not found");
    stage_expect_error(&stage, "fam/parent/0", "stop other/kid/a", "capability-denied: supervision.stop");
    stage_drain(&stage);
    assert_int_equal(sink_count(&reporter), reported);
}

/* ---- the program ---- */

typedef struct told {
    pthread_mutex_t lock;
    char text[160];
    int count;
} told_t;

static void note_down(void *context, const airs_down_t *down) {
    told_t *told = context;
    pthread_mutex_lock(&told->lock);
    (void)snprintf(told->text, sizeof told->text, "%.*s/%.*s %s %s", AIRS_STR_ARG(down->actor.name),
                   AIRS_STR_ARG(down->actor.instance), airs_reason_text(down->reason.kind),
                   down->reason.text);
    told->count++;
    pthread_mutex_unlock(&told->lock);
}

static void assert_told(told_t *told, int count, const char *text) {
    stage_drain(&stage);
    pthread_mutex_lock(&told->lock);
    assert_int_equal(told->count, count);
    assert_string_equal(told->text, text);
    pthread_mutex_unlock(&told->lock);
}

static void the_program_monitors_too(void **state) {
    (void)state;
    told_t told = {.lock = PTHREAD_MUTEX_INITIALIZER};
    airs_host_monitor_t *monitors[3] = {NULL};
    stage_expect(&stage, "fam/parent/0", "spawn kid a", "fam/kid/a");
    assert_ok(airs_node_monitor(stage.node, id_of("fam/kid/a"), note_down, &told, &monitors[0], NULL));
    assert_ok(airs_node_monitor(stage.node, id_of("fam/kid/a"), note_down, &told, &monitors[1], NULL));
    airs_node_demonitor(stage.node, monitors[1]);
    tell("fam/kid/a", "exit error done");
    stage_await_end(&stage, "fam/kid/a");
    assert_told(&told, 1, "kid/a error done");
    assert_ok(airs_node_monitor(stage.node, id_of("fam/kid/a"), note_down, &told, &monitors[1], NULL));
    assert_told(&told, 2, "kid/a no-actor ");
    assert_int_equal(airs_node_monitor(stage.node, airs_id("", "", ""), note_down, &told, &monitors[2], NULL),
                     AIRS_INVALID_ARGUMENT);
    airs_node_demonitor(stage.node, monitors[0]);
    airs_node_demonitor(stage.node, NULL);
    /* monitors[1] is left to the node's end. */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_guest_spawns_others),          TEST(a_spawn_can_be_refused),
        TEST(a_failed_start_is_told),         TEST(linked_guests_die_together),
        TEST(a_loop_is_broken_off_by_a_link), TEST(a_trapping_guest_spawns_anew),
        TEST(unlinked_guests_do_not),         TEST(kill_cannot_be_trapped),
        TEST(monitors_tell_of_every_end),     TEST(the_program_monitors_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
