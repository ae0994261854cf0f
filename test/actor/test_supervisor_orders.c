/* Children that come and go, and the other orders from outside. */
#include "actor/supervisor_fixture.h"

static void children_are_added_stopped_restarted_and_deleted(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, NULL, 0);
    airs_child_spec_t child = component(0, AIRS_RESTART_PERMANENT);
    assert_ok(airs_supervisor_start_child(supervisor, &child, NULL));
    assert_status(airs_supervisor_start_child(supervisor, &child, NULL), AIRS_ALREADY_EXISTS);
    assert_status(airs_supervisor_restart_child(supervisor, "t/a/0", NULL), AIRS_INVALID_STATE);
    assert_status(airs_supervisor_delete_child(supervisor, "t/a/0", NULL), AIRS_INVALID_STATE);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_ok(airs_supervisor_restart_child(supervisor, "t/a/0", NULL));
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_ok(airs_supervisor_delete_child(supervisor, "t/a/0", NULL));
    assert_status(airs_supervisor_stop_child(supervisor, "t/a/0", NULL), AIRS_NOT_FOUND);
    assert_journal("+a -a +a -a");
    stop(supervisor);
}

typedef struct seen_end {
    uint64_t ended_ns;
    char end[32];
    char reason[32];
} seen_end_t;

static bool note_end(void *context, const airs_child_info_t *info) {
    seen_end_t *seen = context;
    seen->ended_ns = info->ended_ns;
    (void)snprintf(seen->end, sizeof seen->end, "%s", info->end);
    (void)snprintf(seen->reason, sizeof seen->reason, "%s", info->end_reason);
    return true;
}

/* Of the last child. */
static void assert_end(airs_supervisor_t *supervisor, const char *end, bool has_ended) {
    seen_end_t seen = {UINT64_MAX, "nothing", "listed"};
    uint64_t now = airs_clock_wall(&fixture.clock.clock);
    assert_ok(airs_supervisor_list(supervisor, note_end, &seen));
    assert_string_equal(seen.end, end);
    assert_string_equal(seen.reason, "");
    assert_int_equal(seen.ended_ns, has_ended ? now : 0);
}

static void how_a_child_ended_is_told_until_it_starts_again(void **state) {
    (void)state;
    airs_child_spec_t child = component(0, AIRS_RESTART_TRANSIENT);
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    assert_end(supervisor, "", false);
    tell("t/a/0", "crash");
    assert_end(supervisor, "", false);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_end(supervisor, "shutdown", true);
    assert_ok(airs_supervisor_restart_child(supervisor, "t/a/0", NULL));
    assert_end(supervisor, "", false);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_end(supervisor, "shutdown", true);
    stop(supervisor);
}

static void a_child_that_does_not_start_is_forgotten(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, NULL, 0);
    airs_child_spec_t child = worker(0, AIRS_RESTART_PERMANENT);
    workers[0].failing = 1;
    airs_error_t error;
    assert_status(airs_supervisor_start_child(supervisor, &child, &error), AIRS_INITIALIZE_FAILED);
    assert_string_equal(error.text, "t/a/0: internal error");
    assert_journal("!a ~a");
    assert_status(airs_supervisor_delete_child(supervisor, "t/a/0", NULL), AIRS_NOT_FOUND);
    stop(supervisor);
}

static void names_are_found_among_many(void **state) {
    (void)state;
    airs_child_spec_t children[WORKERS];
    for (unsigned i = 0; i < WORKERS; i++) {
        children[i] = component(i, AIRS_RESTART_PERMANENT);
    }
    airs_supervisor_t *supervisor = start(AIRS_REST_FOR_ONE, children, WORKERS);
    journal[0] = '\0';
    assert_ok(airs_supervisor_stop_child(supervisor, "t/c/0", NULL));
    assert_ok(airs_supervisor_delete_child(supervisor, "t/c/0", NULL));
    assert_status(airs_supervisor_start_child(supervisor, &children[3], NULL), AIRS_ALREADY_EXISTS);
    assert_ok(airs_supervisor_start_child(supervisor, &children[2], NULL)); /* the last now */
    tell("t/h/0", "crash");
    assert_journal("-c +c -c +h +c");
    stop(supervisor);
}

static void count_children(void **state) {
    (void)state;
    airs_child_spec_t inner = component(2, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, &inner, 1);
    airs_child_spec_t children[] = {component(0, AIRS_RESTART_PERMANENT),
                                    {.supervisor = &inner_spec, .name = "inner"},
                                    component(1, AIRS_RESTART_TEMPORARY)};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, children, 3);
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.specs, 3);
    assert_int_equal(counts.active, 3);
    assert_int_equal(counts.supervisors, 1);
    assert_int_equal(counts.workers, 2);
    assert_ok(airs_supervisor_stop_child(supervisor, "inner", NULL));
    tell("t/b/0", "crash");
    assert_ok(count(supervisor, &counts));
    assert_int_equal(counts.specs, 2);
    assert_int_equal(counts.active, 1);
    assert_int_equal(counts.supervisors, 1);
    assert_int_equal(counts.workers, 1);
    assert_ok(airs_supervisor_restart_child(supervisor, "inner", NULL));
    assert_int_equal(active(supervisor), 2);
    stop(supervisor);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static unsigned starts;

/* Its second start fails; told "crash" it does. */
static airs_scripted_next_t starts_and_fails(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_crash(call, AIRS_TRAP, "trap: because");
    }
    if (call->kind == AIRS_CALL_INITIALIZE) {
        bool fails = starts++ == 1;
        note(fails ? "!" : "+", "x", "");
        return fails ? airs_scripted_error(call, "not now") : airs_scripted_ok(call);
    }
    return airs_scripted_ok(call);
}

static airs_scripted_next_t starts_once(airs_scripted_call_t *call) {
    bool fails = call->kind == AIRS_CALL_INITIALIZE && starts++ > 0;
    return fails ? airs_scripted_error(call, "no more") : airs_scripted_ok(call);
}

static void a_child_that_could_not_be_restarted_is_left_alone(void **state) {
    (void)state;
    starts = 0;
    airs_child_spec_t children[] = {
        component(0, AIRS_RESTART_PERMANENT),
        {.component = actor_fixture_add(&fixture, starts_once, NULL), .id = id_of("t/x/0")}};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ALL, children, 2);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/x/0", NULL));
    airs_error_t error;
    assert_status(airs_supervisor_restart_child(supervisor, "t/x/0", &error), AIRS_INITIALIZE_FAILED);
    assert_string_equal(error.text, "t/x/0: no more");
    tell("t/a/0", "crash");
    assert_journal("+a +a");
    assert_int_equal(starts, 2);
    assert_ok(airs_supervisor_delete_child(supervisor, "t/x/0", NULL));
    stop(supervisor);
}

/* A supervisor whose children cannot be made drops the states that came with it, however deep. */
static void states_of_what_is_not_made(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, NULL, 0);
    airs_child_spec_t deepest = worker(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t deep_spec = spec_of(AIRS_ONE_FOR_ONE, &deepest, 1);
    airs_child_spec_t deep[] = {worker(1, AIRS_RESTART_PERMANENT),
                                {.supervisor = &deep_spec, .name = "deep"}};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ONE, deep, 2);
    airs_child_spec_t nameless = {.supervisor = &spec};
    assert_status(airs_supervisor_start_child(supervisor, &nameless, NULL), AIRS_INVALID_ARGUMENT);
    assert_journal("~b ~a");
    stop(supervisor);
    airs_child_spec_t model = component(0, AIRS_RESTART_PERMANENT);
    supervisor = start(AIRS_SIMPLE_ONE_FOR_ONE, &model, 1);
    airs_child_spec_t named = {.supervisor = &spec, .name = "named"};
    assert_status(airs_supervisor_start_child(supervisor, &named, NULL), AIRS_UNSUPPORTED);
    assert_journal("~b ~a");
    stop(supervisor);
}

/* ---- orders beside rounds ---- */

/* Starts slowly the second time, and has a crash then. */
static airs_scripted_next_t starts_slowly(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INITIALIZE && call->round == 0 && starts++ == 1) {
        assert_ok(airs_scripted_send(call, "t/a/0", "crash"));
        return airs_scripted_sleep(call, 10 * MS);
    }
    if (call->kind == AIRS_CALL_INITIALIZE) {
        note("+", "x", "");
    }
    return airs_scripted_ok(call);
}

static airs_scripted_next_t stops_slowly(airs_scripted_call_t *call) {
    bool stops = call->kind == AIRS_CALL_SHUTDOWN && call->round == 0;
    return stops ? airs_scripted_sleep(call, 50 * MS) : airs_scripted_ok(call);
}

/* It has started before its turn to be stopped comes, and is restarted all the same. */
static void a_child_that_starts_while_a_round_stops_others(void **state) {
    (void)state;
    starts = 0;
    airs_child_spec_t children[] = {
        component(0, AIRS_RESTART_PERMANENT),
        {.component = actor_fixture_add(&fixture, starts_slowly, NULL), .id = id_of("t/x/0")},
        {.component = actor_fixture_add(&fixture, stops_slowly, NULL), .id = id_of("t/y/0")}};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ALL, children, 3);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/x/0", NULL));
    assert_journal("+a +x");
    assert_ok(airs_supervisor_restart_child(supervisor, "t/x/0", NULL));
    actor_fixture_pass(&fixture, 100 * MS);
    assert_journal("+x +a +x");
    assert_int_equal(active(supervisor), 3);
    assert_int_equal(actor_fixture_counters(&fixture, "t/x/0").state, AIRS_ACTOR_RUNNING);
    stop(supervisor);
}

/* An order that waits for its turn in a round gets it in the round that takes that one's place. */
static void an_order_in_a_round_that_another_follows(void **state) {
    (void)state;
    starts = 0;
    airs_child_spec_t children[] = {
        {.component = actor_fixture_add(&fixture, starts_and_fails, NULL), .id = id_of("t/x/0")},
        component(0, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t spec = spec_of(AIRS_ONE_FOR_ALL, children, 2);
    spec.intensity = 3;
    spec.backoff.first_ms = 100;
    airs_supervisor_t *supervisor = start_spec(&spec);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/0", NULL));
    assert_journal("+x +a -a");
    tell("t/x/0", "crash"); /* and waits, and fails once more */
    assert_ok(airs_supervisor_restart_child(supervisor, "t/a/0", NULL));
    assert_journal("!x +x +a");
    assert_int_equal(active(supervisor), 2);
    stop(supervisor);
}

/* A wait that a restarted supervisor did not live to end is not waited for by its next self. */
static void a_wait_ends_with_the_supervisor(void **state) {
    (void)state;
    airs_child_spec_t inner[] = {component(0, AIRS_RESTART_PERMANENT), component(1, AIRS_RESTART_PERMANENT)};
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, inner, 2);
    inner_spec.backoff.first_ms = 10000;
    airs_child_spec_t child = {.supervisor = &inner_spec, .name = "inner"};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    tell("t/b/0", "crash"); /* and waits */
    tell("t/a/0", "crash"); /* one too many */
    assert_journal("+a +b +a +b");
    stop(supervisor);
}

/* A handle outlives a temporary supervisor, which is forgotten when it ends by itself. */
static void a_handle_to_one_that_has_been_forgotten(void **state) {
    (void)state;
    airs_child_spec_t inner = component(0, AIRS_RESTART_PERMANENT);
    airs_supervisor_spec_t inner_spec = spec_of(AIRS_ONE_FOR_ONE, &inner, 1);
    inner_spec.intensity = 0;
    airs_child_spec_t middle = {.supervisor = &inner_spec, .name = "inner"};
    airs_supervisor_spec_t middle_spec = spec_of(AIRS_ONE_FOR_ONE, &middle, 1);
    middle_spec.intensity = 0;
    airs_child_spec_t child = {
        .supervisor = &middle_spec, .name = "middle", .restart = AIRS_RESTART_TEMPORARY};
    airs_supervisor_t *supervisor = start(AIRS_ONE_FOR_ONE, &child, 1);
    airs_supervisor_t *found = NULL;
    airs_supervisor_t *again = NULL;
    assert_ok(airs_supervisor_find(supervisor, "inner", &found));
    assert_status(airs_supervisor_restart_child(found, "t/a/0", NULL), AIRS_INVALID_STATE);
    tell("t/a/0", "crash");
    assert_int_equal(active(supervisor), 0);
    assert_status(airs_supervisor_find(supervisor, "inner", &again), AIRS_NOT_FOUND);
    assert_status(airs_supervisor_restart_child(found, "t/a/0", NULL), AIRS_STOPPED);
    assert_status(airs_supervisor_restart_child(supervisor, "middle", NULL), AIRS_NOT_FOUND);
    /* Its name is free. */
    assert_ok(airs_supervisor_start_child(supervisor, &child, NULL));
    assert_ok(airs_supervisor_find(supervisor, "inner", &again));
    assert_ptr_not_equal(found, again);
    stop(supervisor);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(children_are_added_stopped_restarted_and_deleted),
        TEST(how_a_child_ended_is_told_until_it_starts_again),
        TEST(a_child_that_does_not_start_is_forgotten),
        TEST(names_are_found_among_many),
        TEST(count_children),
        TEST(a_child_that_could_not_be_restarted_is_left_alone),
        TEST(states_of_what_is_not_made),
        TEST(a_child_that_starts_while_a_round_stops_others),
        TEST(an_order_in_a_round_that_another_follows),
        TEST(a_wait_ends_with_the_supervisor),
        TEST(a_handle_to_one_that_has_been_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
