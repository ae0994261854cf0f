/* When an actor does without its instance, what brings it back, and what others notice of it: nothing. */
#include "versions.h"

#include "actor/actor.h"
#include "actor/health_monitor.h"
#include "actor/passivation.h"
#include "actor/supervisor.h"
#include "support/failing_allocator.h"

#define S (UINT64_C(1000) * MS)

static actor_fixture_t fixture;
static version_t script;
static airs_component_handle_t component;

static const airs_actor_spec_t stateless = {.stateless = true, .passivate_after_ms = 10000};

static int set_up(void **state) {
    (void)state;
    script = (version_t)VERSION_INIT("1");
    heard[0] = '\0';
    actor_fixture_open_frozen(&fixture, 1);
    component = version_add(&fixture.engine, &script);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static airs_status_t try_spawn(const char *id, const airs_actor_spec_t *spec, airs_error_t *error) {
    return airs_actor_system_spawn_component(fixture.system, component, id_of(id), spec, error);
}

static void spawn(const char *id) { assert_ok(try_spawn(id, &stateless, NULL)); }

static void tell(const char *id, const char *payload) {
    assert_ok(actor_fixture_send(&fixture, id, payload));
    actor_fixture_run(&fixture);
}

static const char *state_of(const char *id) {
    return airs_actor_state_text(actor_fixture_counters(&fixture, id).state);
}

static uint64_t live(void) { return atomic_load(&fixture.engine.live_instances); }

static airs_node_counters_t totals(void) { return actor_fixture_totals(&fixture); }

/* It is looked at twice: what it has handled before the first look is use of it. */
static void pass_the_time(void) {
    actor_fixture_pass(&fixture, 10 * S);
    actor_fixture_pass(&fixture, 10 * S);
}

/* An actor t/a/0 that is passive. */
static void spawn_passive(void) {
    spawn("t/a/0");
    actor_fixture_pass(&fixture, 10 * S);
    assert_string_equal(state_of("t/a/0"), "passive");
    assert_int_equal(live(), 0);
}

/* ---- when ---- */

static void who_has_handled_nothing_for_a_while_is_passive(void **state) {
    (void)state;
    spawn("t/a/0");
    actor_fixture_pass(&fixture, 10 * S - 1);
    assert_string_equal(state_of("t/a/0"), "running");
    assert_int_equal(live(), 1);
    actor_fixture_pass(&fixture, 1);
    assert_string_equal(state_of("t/a/0"), "passive");
    assert_int_equal(live(), 0);
    assert_int_equal(totals().passive, 1);
    assert_int_equal(totals().passivated, 1);
    assert_int_equal(totals().actors, 1);
    /* Nothing is left to be waited for. */
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
}

static void a_message_has_it_made_and_initialized_anew(void **state) {
    (void)state;
    spawn("t/a/0");
    tell("t/a/0", "before");
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    tell("t/a/0", "after");
    assert_string_equal(heard, "1:before 1:after ");
    assert_int_equal(script.initialized, 2);
    assert_string_equal(state_of("t/a/0"), "running");
    assert_int_equal(live(), 1);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/a/0");
    assert_int_equal(counters.received, 2);
    assert_int_equal(counters.handled, 2);
    assert_int_equal(counters.restarts, 0);
    assert_int_equal(totals().returned, 1);
    assert_int_equal(totals().passive, 0);
    assert_int_equal(totals().spawned, 1);
}

static void keep_answer(void *context, airs_bytes_t payload) {
    (void)snprintf(context, 32, "%.*s", (int)payload.size, (const char *)payload.data);
}

static const char *count(void) {
    static char answer[32];
    assert_ok(airs_actor_system_call(fixture.system, id_of("t/a/0"), airs_bytes("count", 5), airs_str(NULL),
                                     1000, keep_answer, answer, NULL));
    return answer;
}

static void what_it_remembered_is_gone_with_the_instance(void **state) {
    (void)state;
    spawn("t/a/0");
    tell("t/a/0", "one");
    assert_string_equal(count(), "1");
    pass_the_time();
    assert_string_equal(count(), "0");
}

static void many_messages_that_wait_are_handled_in_order(void **state) {
    (void)state;
    spawn_passive();
    for (const char *c = "abcdefgh"; *c != '\0'; c++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", (char[]){*c, '\0'}));
    }
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:a 1:b 1:c 1:d 1:e 1:f 1:g 1:h ");
    assert_int_equal(script.initialized, 2);
}

/* The time counts from a look at it, so that a message costs nothing. */
static void who_is_used_keeps_its_instance(void **state) {
    (void)state;
    spawn("t/a/0");
    for (int i = 0; i < 10; i++) {
        actor_fixture_pass(&fixture, 6 * S);
        assert_string_equal(state_of("t/a/0"), "running");
        tell("t/a/0", "x");
    }
    assert_int_equal(script.initialized, 1);
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
}

static void by_default_that_takes_a_minute(void **state) {
    (void)state;
    const airs_actor_spec_t spec = {.stateless = true};
    assert_ok(try_spawn("t/a/0", &spec, NULL));
    actor_fixture_pass(&fixture, 60 * S - 1);
    assert_string_equal(state_of("t/a/0"), "running");
    actor_fixture_pass(&fixture, 1);
    assert_string_equal(state_of("t/a/0"), "passive");
}

static void who_is_not_stateless_keeps_its_instance(void **state) {
    (void)state;
    assert_ok(try_spawn("t/a/0", NULL, NULL));
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
    actor_fixture_pass(&fixture, 3600 * S);
    assert_string_equal(state_of("t/a/0"), "running");
    assert_int_equal(live(), 1);
}

static void who_is_recorded_keeps_its_instance(void **state) {
    (void)state;
    airs_actor_spec_t spec = stateless;
    spec.record_bytes = 4096;
    assert_ok(try_spawn("t/a/0", &spec, NULL));
    actor_fixture_pass(&fixture, 3600 * S);
    assert_string_equal(state_of("t/a/0"), "running");
}

static void a_time_beyond_all_clocks_is_never(void **state) {
    (void)state;
    airs_actor_spec_t spec = stateless;
    spec.passivate_after_ms = UINT64_MAX;
    assert_ok(try_spawn("t/a/0", &spec, NULL));
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
}

/* ---- who waits for something ---- */

static void who_awaits_an_answer_keeps_its_instance(void **state) {
    (void)state;
    spawn("t/a/0");
    spawn("t/b/0");
    tell("t/b/0", "x");
    script.parks_in = AIRS_CALL_HANDLE_MESSAGE;
    script.only = "1";
    spawn("t/a/1"); /* which never answers */
    tell("t/a/0", "ask t/a/1");
    actor_fixture_pass(&fixture, 30 * S);
    actor_fixture_pass(&fixture, 20 * S);
    assert_string_equal(state_of("t/a/0"), "running");
    assert_string_equal(state_of("t/a/1"), "running"); /* it is in a call */
    assert_string_equal(state_of("t/b/0"), "passive");
    /* The request's deadline, and a while. */
    actor_fixture_pass(&fixture, 20 * S);
    actor_fixture_pass(&fixture, 10 * S);
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
}

static void ended(void *context, const airs_answer_t *answer) {
    (void)context;
    (void)answer;
}

static airs_request_id_t take_over(void) {
    airs_request_id_t request;
    assert_ok(airs_actor_system_request(fixture.system, id_of("t/a/0"), airs_bytes("defer", 5),
                                        airs_str(NULL), 3600000, ended, NULL, &request, NULL));
    actor_fixture_run(&fixture);
    return request;
}

static void pass_two_spells(void) {
    pass_the_time();
    pass_the_time();
}

static void who_owes_an_answer_keeps_its_instance(void **state) {
    (void)state;
    spawn("t/a/0");
    (void)take_over();
    pass_two_spells();
    assert_string_equal(state_of("t/a/0"), "running");
}

/* Nobody waits for them any more, and it may never give them. */
static void answers_that_nobody_awaits_are_not_owed(void **state) {
    (void)state;
    spawn("t/a/0");
    airs_request_id_t first = take_over();
    airs_request_id_t second = take_over();
    assert_ok(airs_actor_system_cancel_request(fixture.system, &first));
    pass_two_spells();
    assert_string_equal(state_of("t/a/0"), "running");
    assert_ok(airs_actor_system_cancel_request(fixture.system, &second));
    pass_two_spells();
    assert_string_equal(state_of("t/a/0"), "passive");
    (void)take_over();
    assert_string_equal(state_of("t/a/0"), "running");
    actor_fixture_pass(&fixture, 3600 * S); /* its deadline */
    pass_two_spells();
    assert_string_equal(state_of("t/a/0"), "passive");
}

static void a_call_that_is_parked_sleeps_on(void **state) {
    (void)state;
    script.parks_in = AIRS_CALL_HANDLE_MESSAGE;
    spawn("t/a/0");
    tell("t/a/0", "x");
    uint64_t calls = atomic_load(&fixture.engine.calls);
    pass_the_time();
    assert_int_equal(live(), 1);
    script.parks_in = NEVER;
    airs_scripted_engine_release(&fixture.engine, "t/a/0");
    actor_fixture_run(&fixture);
    assert_int_equal(atomic_load(&fixture.engine.calls), calls);
    assert_string_equal(state_of("t/a/0"), "running");
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
}

/* ---- what stays ---- */

static void timers_go_on_and_bring_it_back(void **state) {
    (void)state;
    spawn("t/a/0");
    tell("t/a/0", "every 60000");
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    actor_fixture_pass(&fixture, 40 * S);
    assert_string_equal(heard, "1:every 60000 1:tick ");
    assert_string_equal(state_of("t/a/0"), "running");
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    actor_fixture_pass(&fixture, 40 * S);
    assert_string_equal(heard, "1:every 60000 1:tick 1:tick ");
}

static void subscriptions_stay(void **state) {
    (void)state;
    static const char *const patterns[] = {"topic.*"};
    airs_actor_spec_t spec = stateless;
    uint32_t reached = 0;
    spec.subscriptions = patterns;
    spec.subscription_count = 1;
    assert_ok(try_spawn("t/a/0", &spec, NULL));
    actor_fixture_pass(&fixture, 10 * S);
    assert_ok(airs_actor_system_publish(fixture.system, airs_str("topic.x"), airs_bytes("news", 4),
                                        airs_str(NULL), &reached, NULL));
    actor_fixture_run(&fixture);
    assert_int_equal(reached, 1);
    assert_string_equal(heard, "1:news ");
}

static airs_status_t watch(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    return incoming->kind == AIRS_INCOMING_MESSAGE ? airs_actor_monitor(context, id_of("t/a/0"), NULL)
                                                   : AIRS_OK;
}

static void monitors_hear_of_its_end_and_of_nothing_before(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe.then = watch;
    spawn("t/a/0");
    probe_spawn(&fixture, &probe, "t/p/0", NULL);
    tell("t/p/0", "go");
    actor_fixture_pass(&fixture, 10 * S);
    tell("t/a/0", "x");
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    assert_string_equal(probe.heard, "m:go");
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    actor_fixture_run(&fixture);
    assert_string_equal(probe.heard, "m:go d:a/0=shutdown");
    assert_ok(actor_fixture_stop(&fixture, "t/p/0", AIRS_STOP_DROP));
    probe_free(&probe);
}

/* ---- the end ---- */

static void its_end_needs_no_instance(void **state) {
    (void)state;
    static const airs_stop_mode_t modes[] = {AIRS_STOP_DRAIN, AIRS_STOP_DROP, AIRS_STOP_KILL};
    for (size_t i = 0; i < 3; i++) {
        spawn_passive();
        uint64_t calls = atomic_load(&fixture.engine.calls);
        assert_ok(actor_fixture_stop(&fixture, "t/a/0", modes[i]));
        assert_int_equal(atomic_load(&fixture.engine.calls), calls);
        assert_int_equal(totals().actors, 0);
        assert_int_equal(totals().passive, 0);
    }
}

static void what_is_to_be_drained_is_handled_first(void **state) {
    (void)state;
    spawn_passive();
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "last"));
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
    assert_string_equal(heard, "1:last ");
}

static void one_that_does_not_come_back_has_crashed(void **state) {
    (void)state;
    spawn_passive();
    script.fails_in = AIRS_CALL_INITIALIZE;
    script.failure = AIRS_GUEST_ERROR;
    tell("t/a/0", "x");
    assert_string_equal(fixture.last_log, "t/a/0: the actor has crashed status=initialize-failed reason=no");
    assert_int_equal(totals().actors, 0);
    assert_int_equal(totals().passive, 0);
    assert_int_equal(totals().crashed, 1);
    assert_int_equal(totals().dead_letters, 1);
}

/* t/a/0, by a supervisor that restarts it once. */
static airs_supervisor_t *supervise(void) {
    const airs_child_spec_t child = {.id = id_of("t/a/0"), .component = component, .actor = &stateless};
    const airs_supervisor_spec_t spec = {
        .name = "s", .children = &child, .child_count = 1, .intensity = 1, .period_ms = 5000};
    airs_supervisor_t *supervisor = NULL;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    return supervisor;
}

static void its_supervisor_restarts_it(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = supervise();
    actor_fixture_pass(&fixture, 10 * S);
    assert_string_equal(state_of("t/a/0"), "passive");
    script.fails_in = AIRS_CALL_INSTANTIATE;
    script.failure = AIRS_TRAP;
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "lost"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "kept"));
    assert_true(airs_actor_system_step(fixture.system));
    script.fails_in = NEVER;
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:kept ");
    assert_string_equal(state_of("t/a/0"), "running");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 1);
    /* And so may its next incarnation be. */
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

static void to_come_back_may_take_time_but_not_too_much(void **state) {
    (void)state;
    spawn_passive();
    script.parks_in = AIRS_CALL_INITIALIZE;
    tell("t/a/0", "x");
    assert_string_equal(heard, "");
    airs_scripted_engine_release(&fixture.engine, "t/a/0");
    script.parks_in = NEVER;
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:x ");
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    script.parks_in = AIRS_CALL_INITIALIZE;
    tell("t/a/0", "y");
    actor_fixture_pass(&fixture, 60 * S);
    assert_int_equal(totals().crashed, 1);
    assert_int_equal(totals().dead_letters, 1);
    assert_int_equal(live(), 0);
}

/* ---- questions ---- */

static void questions_bring_it_back(void **state) {
    (void)state;
    spawn_passive();
    airs_actor_system_ask_metadata(fixture.system);
    actor_fixture_run(&fixture);
    assert_string_equal(state_of("t/a/0"), "running");
    assert_int_equal(script.initialized, 2);
    actor_fixture_pass(&fixture, 10 * S);
    assert_string_equal(state_of("t/a/0"), "passive");
}

static bool note_health(void *context, const airs_actor_info_t *info) {
    *(const char **)context = info->health;
    return true;
}

static const char *health(void) {
    const char *text = "";
    airs_actor_system_list(fixture.system, note_health, &text);
    return text;
}

static void checks_of_its_health_rest_with_it(void **state) {
    (void)state;
    airs_actor_spec_t spec = stateless;
    spec.health_interval_ms = 2000;
    assert_ok(try_spawn("t/a/0", &spec, NULL));
    for (int i = 0; i < 5; i++) {
        actor_fixture_pass(&fixture, 2 * S);
    }
    /* To be asked is no use of it. */
    assert_string_equal(state_of("t/a/0"), "passive");
    assert_string_equal(health(), "healthy");
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
    tell("t/a/0", "x");
    script.health = AIRS_DEGRADED;
    actor_fixture_pass(&fixture, 3 * S);
    assert_string_equal(health(), "degraded");
}

/* Both at the same moment, the end of an update's window: the answer comes first. */
static void who_is_asked_how_well_it_is_still_has_its_instance(void **state) {
    (void)state;
    static version_t next;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        actor_fixture_close(&fixture);
        actor_fixture_open_stepped(&fixture, seed);
        component = version_add(&fixture.engine, &script);
        next = (version_t)VERSION_INIT("2");
        spawn("t/a/0");
        airs_actor_update_t update = {.group = id_of("t/a/0"),
                                      .component = version_add(&fixture.engine, &next),
                                      .window_ms = stateless.passivate_after_ms};
        assert_ok(airs_actor_system_update(fixture.system, &update, NULL));
        assert_int_equal(totals().crashed, 0);
    }
}

static void it_is_updated_like_any_other(void **state) {
    (void)state;
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    airs_component_handle_t next = version_add(&fixture.engine, &two);
    spawn_passive();
    airs_actor_update_t update = {.group = id_of("t/a/0"), .component = next};
    assert_ok(airs_actor_system_update(fixture.system, &update, NULL));
    assert_int_equal(two.initialized, 1);
    pass_the_time();
    assert_string_equal(state_of("t/a/0"), "passive");
    tell("t/a/0", "x");
    assert_string_equal(heard, "2:x ");
}

/* ---- want of room ---- */

/* t/a/0 and so on. */
static void spawn_many(int count) {
    char id[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        spawn(id);
    }
}

/* All of them say so, and there is no instance too many. */
static void check_all_run(const char *version, int count) {
    char id[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        heard[0] = '\0';
        tell(id, "x");
        assert_string_equal(heard, version);
    }
    assert_int_equal(totals().crashed, 0);
    assert_int_equal(totals().actors, count);
    assert_int_equal(live(), 3);
}

static void who_was_idle_for_longest_gives_way(void **state) {
    (void)state;
    atomic_store(&fixture.engine.max_live, 2);
    spawn("t/a/0");
    spawn("t/b/0");
    spawn("t/c/0");
    assert_string_equal(state_of("t/a/0"), "passive");
    assert_string_equal(state_of("t/b/0"), "running");
    tell("t/b/0", "x");
    tell("t/a/0", "x"); /* comes back in place of c, since b was used */
    assert_string_equal(state_of("t/b/0"), "running");
    assert_string_equal(state_of("t/c/0"), "passive");
    assert_int_equal(live(), 2);
    assert_string_equal(heard, "1:x 1:x ");
}

static void more_actors_than_instances_all_handle_their_messages(void **state) {
    (void)state;
    char id[16];
    atomic_store(&fixture.engine.max_live, 3);
    spawn_many(50);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i * 7 % 50);
        assert_ok(actor_fixture_send(&fixture, id, "x"));
        if (i % 5 == 0) {
            actor_fixture_run(&fixture);
        }
    }
    actor_fixture_run(&fixture);
    assert_int_equal(totals().messages, 200);
    assert_int_equal(totals().crashed, 0);
    assert_int_equal(totals().actors, 50);
    assert_true(live() <= 3);
    assert_int_equal(totals().passive, 50 - live());
}

/* It is found out once that there is no room; from then on others give way before. */
static void no_instance_is_begun_in_vain(void **state) {
    (void)state;
    char id[16];
    atomic_store(&fixture.engine.max_live, 3);
    for (int i = 0; i < 10; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        spawn(id);
    }
    uint64_t made = atomic_load(&fixture.engine.instances_made);
    assert_int_equal(made, 11);
    for (int i = 0; i < 10; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        tell(id, "x");
    }
    assert_int_equal(atomic_load(&fixture.engine.instances_made), made + 10);
    /* Room that comes is known, too. */
    assert_ok(actor_fixture_stop(&fixture, "t/a/9", AIRS_STOP_DRAIN));
    uint64_t passivated = totals().passivated;
    spawn("t/b/0");
    assert_int_equal(totals().passivated, passivated);
    assert_int_equal(atomic_load(&fixture.engine.instances_made), made + 11);
}

/* All that have an instance are about to be run, so that nobody is idle. */
static void who_finds_no_room_waits_for_it(void **state) {
    (void)state;
    char id[16];
    atomic_store(&fixture.engine.max_live, 3);
    spawn_many(50);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            (void)snprintf(id, sizeof id, "t/a/%d", i);
            assert_ok(actor_fixture_send(&fixture, id, "x"));
        }
        actor_fixture_run(&fixture);
        assert_int_equal(totals().messages, 50 * (round + 1));
    }
    assert_int_equal(totals().crashed, 0);
    assert_int_equal(totals().actors, 50);
}

/* Far more than have an instance, all of them about to be run: the one that has just been gives way. */
static void a_publication_reaches_all(void **state) {
    (void)state;
    static const char *const patterns[] = {"news"};
    airs_actor_spec_t spec = stateless;
    char id[16];
    uint32_t reached = 0;
    spec.subscriptions = patterns;
    spec.subscription_count = 1;
    atomic_store(&fixture.engine.max_live, 100);
    for (int i = 0; i < 400; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        assert_ok(try_spawn(id, &spec, NULL));
    }
    for (int round = 0; round < 3; round++) {
        assert_ok(airs_actor_system_publish(fixture.system, airs_str("news"), airs_bytes("x", 1),
                                            airs_str(NULL), &reached, NULL));
        assert_int_equal(reached, 400);
        actor_fixture_run(&fixture);
        assert_int_equal(totals().messages, 400 * (round + 1));
    }
    assert_int_equal(totals().crashed, 0);
    assert_int_equal(totals().passive, 300);
}

/* Two have an instance and sleep in a call; a third waits. */
static void fill_with_sleepers(void) {
    atomic_store(&fixture.engine.max_live, 2);
    spawn("t/c/0");
    spawn("t/a/0");
    spawn("t/b/0");
    script.parks_in = AIRS_CALL_HANDLE_MESSAGE;
    tell("t/a/0", "x");
    tell("t/b/0", "x");
    script.parks_in = NEVER;
    tell("t/c/0", "late");
    assert_string_equal(state_of("t/c/0"), "passive");
    assert_int_equal(totals().crashed, 0);
}

static void room_comes_when_a_call_ends(void **state) {
    (void)state;
    fill_with_sleepers();
    airs_scripted_engine_release(&fixture.engine, "t/a/0");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:x 1:late ");
    assert_string_equal(state_of("t/a/0"), "passive");
}

static void room_comes_when_an_actor_ends(void **state) {
    (void)state;
    fill_with_sleepers();
    assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_KILL));
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:late ");
}

/* It is no new actor, and there is nothing wrong with it that a supervisor could mend. */
static void who_is_restarted_waits_for_room(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = supervise();
    spawn("t/b/0");
    script.parks_in = AIRS_CALL_HANDLE_MESSAGE;
    tell("t/b/0", "x");
    script.parks_in = NEVER;
    atomic_store(&fixture.engine.max_live, 1);
    script.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    script.failure = AIRS_TRAP;
    tell("t/a/0", "boom");
    script.fails_in = NEVER;
    tell("t/a/0", "kept");
    assert_int_equal(totals().crashed, 1);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 1);
    airs_scripted_engine_release(&fixture.engine, "t/b/0");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:x 1:kept ");
    assert_string_equal(state_of("t/a/0"), "running");
    assert_string_equal(state_of("t/b/0"), "passive");
    assert_int_equal(totals().crashed, 1);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

static void who_waits_for_room_can_be_ended(void **state) {
    (void)state;
    fill_with_sleepers();
    assert_ok(actor_fixture_stop(&fixture, "t/c/0", AIRS_STOP_KILL));
    assert_int_equal(totals().actors, 2);
    airs_scripted_engine_release(&fixture.engine, "t/a/0");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:x ");
}

static void room_is_not_waited_for_without_end(void **state) {
    (void)state;
    airs_actor_spec_t patient = stateless;
    patient.limits.max_parked_time_ms = 3600000;
    atomic_store(&fixture.engine.max_live, 1);
    spawn("t/c/0");
    assert_ok(try_spawn("t/a/0", &patient, NULL));
    script.parks_in = AIRS_CALL_HANDLE_MESSAGE;
    tell("t/a/0", "x");
    script.parks_in = NEVER;
    tell("t/c/0", "late");
    actor_fixture_pass(&fixture, 60 * S - 1);
    assert_int_equal(totals().crashed, 0);
    actor_fixture_pass(&fixture, 1);
    assert_int_equal(totals().crashed, 1);
    assert_int_equal(totals().dead_letters, 1);
    assert_non_null(strstr(fixture.last_log, "status=parked-time-exceeded"));
}

static void nobody_gives_way_who_needs_its_instance(void **state) {
    (void)state;
    airs_error_t error = {.text = ""};
    atomic_store(&fixture.engine.max_live, 2);
    assert_ok(try_spawn("t/a/0", NULL, NULL)); /* is not stateless */
    script.parks_in = AIRS_CALL_HANDLE_MESSAGE;
    spawn("t/b/0");
    tell("t/b/0", "x"); /* is in a call, whose end does not come here */
    assert_int_equal(try_spawn("t/c/0", &stateless, &error), AIRS_TIMEOUT);
    assert_int_equal(totals().actors, 2);
    script.parks_in = NEVER;
    airs_scripted_engine_release(&fixture.engine, "t/b/0");
    actor_fixture_run(&fixture);
    spawn("t/c/0");
    assert_string_equal(state_of("t/b/0"), "passive");
}

static void a_message_that_waits_keeps_it_from_giving_way(void **state) {
    (void)state;
    atomic_store(&fixture.engine.max_live, 2);
    spawn("t/a/0");
    spawn("t/b/0");
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    spawn("t/c/0");
    assert_string_equal(state_of("t/b/0"), "passive");
    actor_fixture_run(&fixture);
    assert_int_equal(script.initialized, 3);
}

static void an_update_finds_room(void **state) {
    (void)state;
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    airs_component_handle_t next = version_add(&fixture.engine, &two);
    atomic_store(&fixture.engine.max_live, 2);
    assert_ok(try_spawn("t/a/0", NULL, NULL));
    spawn("t/b/0");
    airs_actor_update_t update = {.group = id_of("t/a/0"), .component = next};
    assert_ok(airs_actor_system_update(fixture.system, &update, NULL));
    assert_string_equal(state_of("t/b/0"), "passive");
    tell("t/a/0", "x");
    assert_string_equal(heard, "2:x ");
}

static version_t two;

/* Version 2. NULL, or the only actor of t/a whose `initialize` fails with it. */
static airs_component_handle_t add_two(const char *fails_for) {
    two = (version_t)VERSION_INIT("2");
    if (fails_for != NULL) {
        two.fails_in = AIRS_CALL_INITIALIZE;
        two.failure = AIRS_GUEST_ERROR;
        two.only = fails_for;
    }
    return version_add(&fixture.engine, &two);
}

/* Each keeps its instance while it switches, and not until all have. */
static void more_actors_than_instances_are_updated(void **state) {
    (void)state;
    airs_component_handle_t next = add_two(NULL);
    atomic_store(&fixture.engine.max_live, 3);
    spawn_many(10);
    airs_actor_update_t update = {.group = id_of("t/a/0"), .component = next};
    assert_ok(airs_actor_system_update(fixture.system, &update, NULL));
    check_all_run("2:x ", 10);
}

/* The last does not: those that have switched and given way go back without. */
static void who_has_switched_and_given_way_goes_back(void **state) {
    (void)state;
    airs_component_handle_t next = add_two("9");
    atomic_store(&fixture.engine.max_live, 3);
    spawn_many(10);
    airs_actor_update_t update = {.group = id_of("t/a/0"), .component = next};
    assert_int_equal(airs_actor_system_update(fixture.system, &update, NULL), AIRS_ROLLED_BACK);
    assert_int_equal(two.initialized, 10);
    check_all_run("1:x ", 10);
}

/* Far more go back than there is room for: also those that were started of the new component. */
static void who_has_gone_back_gives_way(void **state) {
    (void)state;
    airs_component_handle_t next = add_two("1");
    char id[16];
    atomic_store(&fixture.engine.max_live, 3);
    spawn("t/a/0");
    spawn("t/a/1");
    for (int i = 2; i < 10; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        assert_ok(airs_actor_system_spawn_component(fixture.system, next, id_of(id), &stateless, NULL));
    }
    airs_actor_update_t update = {.group = id_of("t/a/0"), .component = next};
    assert_int_equal(airs_actor_system_update(fixture.system, &update, NULL), AIRS_ROLLED_BACK);
    check_all_run("1:x ", 10);
}

/* ---- memory, threads ---- */

static airs_status_t live_passively(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t random;
    airs_actor_system_t *system = NULL;
    airs_scripted_engine_init(&engine, allocator);
    airs_fake_clock_init(&clock);
    airs_seeded_random_init(&random, 1);
    airs_actor_system_options_t options = {.engine = &engine.engine,
                                           .allocator = allocator,
                                           .clock = &clock.clock,
                                           .random = &random.random,
                                           .stepped = true};
    airs_status_t status = airs_actor_system_create(&options, &system, NULL);
    if (status == AIRS_OK) {
        static version_t version;
        version = (version_t)VERSION_INIT("1");
        airs_component_handle_t handle = version_add(&engine, &version);
        status = airs_actor_system_spawn_component(system, handle, id_of("t/a/0"), &stateless, NULL);
        airs_fake_clock_advance(&clock, 10 * S);
        (void)airs_actor_system_advance(system);
        while (airs_actor_system_step(system)) {
        }
        airs_status_t sent =
            airs_actor_system_send(system, id_of("t/a/0"), airs_bytes("x", 1), airs_str(NULL), NULL);
        while (airs_actor_system_step(system)) {
        }
        airs_node_counters_t counters;
        airs_actor_system_totals(system, &counters);
        if (status == AIRS_OK && sent == AIRS_OK && counters.crashed > 0) {
            status = AIRS_OUT_OF_MEMORY; /* it did not come back */
        }
        status = status == AIRS_OK ? sent : status;
    }
    airs_actor_system_destroy(system);
    airs_scripted_engine_free(&engine);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(live_passively, NULL);
}

#define CROWD 64
#define ROUNDS 200

static airs_scripted_next_t quiet(airs_scripted_call_t *call) { return airs_scripted_ok(call); }

/* Actors on several threads take each other's instances. */
static void threads_take_instances_from_each_other(void **state) {
    (void)state;
    actor_fixture_t threads;
    actor_fixture_open(&threads, 4);
    atomic_store(&threads.engine.max_live, 8);
    airs_component_handle_t handle = actor_fixture_add(&threads, quiet, NULL);
    const airs_actor_spec_t spec = {.stateless = true, .passivate_after_ms = 1};
    char id[16];
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        assert_ok(airs_actor_system_spawn_component(threads.system, handle, id_of(id), &spec, NULL));
    }
    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i * 29 % CROWD);
        assert_ok(actor_fixture_send(&threads, id, "x"));
        /* At most as many are at work at once as there are instances. */
        if (i % 4 == 3) {
            assert_ok(airs_actor_system_drain(threads.system, PATIENCE_MS));
        }
    }
    assert_ok(airs_actor_system_drain(threads.system, PATIENCE_MS));
    airs_node_counters_t counters = actor_fixture_totals(&threads);
    assert_int_equal(counters.messages, ROUNDS);
    assert_int_equal(counters.crashed, 0);
    assert_int_equal(counters.actors, CROWD);
    actor_fixture_close(&threads);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(who_has_handled_nothing_for_a_while_is_passive),
        TEST(a_message_has_it_made_and_initialized_anew),
        TEST(what_it_remembered_is_gone_with_the_instance),
        TEST(many_messages_that_wait_are_handled_in_order),
        TEST(who_is_used_keeps_its_instance),
        TEST(by_default_that_takes_a_minute),
        TEST(who_is_not_stateless_keeps_its_instance),
        TEST(who_is_recorded_keeps_its_instance),
        TEST(a_time_beyond_all_clocks_is_never),
        TEST(who_awaits_an_answer_keeps_its_instance),
        TEST(who_owes_an_answer_keeps_its_instance),
        TEST(answers_that_nobody_awaits_are_not_owed),
        TEST(a_call_that_is_parked_sleeps_on),
        TEST(timers_go_on_and_bring_it_back),
        TEST(subscriptions_stay),
        TEST(monitors_hear_of_its_end_and_of_nothing_before),
        TEST(its_end_needs_no_instance),
        TEST(what_is_to_be_drained_is_handled_first),
        TEST(one_that_does_not_come_back_has_crashed),
        TEST(its_supervisor_restarts_it),
        TEST(to_come_back_may_take_time_but_not_too_much),
        TEST(questions_bring_it_back),
        TEST(checks_of_its_health_rest_with_it),
        TEST(who_is_asked_how_well_it_is_still_has_its_instance),
        TEST(it_is_updated_like_any_other),
        TEST(who_was_idle_for_longest_gives_way),
        TEST(more_actors_than_instances_all_handle_their_messages),
        TEST(no_instance_is_begun_in_vain),
        TEST(who_finds_no_room_waits_for_it),
        TEST(a_publication_reaches_all),
        TEST(room_comes_when_a_call_ends),
        TEST(room_comes_when_an_actor_ends),
        TEST(who_is_restarted_waits_for_room),
        TEST(who_waits_for_room_can_be_ended),
        TEST(room_is_not_waited_for_without_end),
        TEST(nobody_gives_way_who_needs_its_instance),
        TEST(a_message_that_waits_keeps_it_from_giving_way),
        TEST(an_update_finds_room),
        TEST(more_actors_than_instances_are_updated),
        TEST(who_has_switched_and_given_way_goes_back),
        TEST(who_has_gone_back_gives_way),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(threads_take_instances_from_each_other),
    };
    return cmocka_run_group_tests_name("passivation", tests, NULL, NULL);
}
