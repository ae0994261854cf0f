/* Who waits for room for an instance, when all that fit are in use, and for how long; on a clock that goes on by itself. */
#include "actor_fixture.h"

#include <stdlib.h>

#include "actor/actor.h"
#include "actor/supervisor.h"

#define S (UINT64_C(1000) * MS)

static actor_fixture_t fixture;
static airs_error_t error;
static char heard[8192]; /* "VERSION:payload " */

/* Messages, to be put together as text: "sleep N" takes N milliseconds, "more" has another one like it sent, "ask ID" sends
 * a request, "boom" is a trap. A request is answered after a second. */
typedef struct release {
    const char *version;
    bool migrates;
    airs_call_kind_t sleeps_in; /* for a second */
} release_t;

#define NEVER ((airs_call_kind_t)99)

static release_t one, two;
static airs_component_handle_t old, next;

static const airs_actor_spec_t stateless = {.stateless = true, .passivate_after_ms = 3600000};

static airs_scripted_next_t handle(const release_t *self, airs_scripted_call_t *call) {
    char text[64];
    airs_bytes_t payload = call->message->payload;
    (void)snprintf(text, sizeof text, "%.*s", (int)payload.size, (const char *)payload.data);
    if (call->round > 0) {
        return call->message->kind == AIRS_MESSAGE_REQUEST ? airs_scripted_respond(call, "late")
                                                           : airs_scripted_ok(call);
    }
    size_t used = strlen(heard);
    bool is_known = strcmp(text, "more") == 0;
    if (!is_known) {
        (void)snprintf(heard + used, sizeof heard - used, "%s:%s ", self->version, text);
    }
    if (strncmp(text, "sleep ", 6) == 0) {
        return airs_scripted_sleep(call, strtoull(text + 6, NULL, 10) * MS);
    }
    if (is_known) {
        (void)airs_scripted_send(call, airs_component_id_text(call->host->id), text);
    } else if (strncmp(text, "ask ", 4) == 0) {
        (void)airs_scripted_request(call, text + 4, "question", 30000, NULL);
    } else if (strcmp(text, "boom") == 0) {
        return airs_scripted_crash(call, AIRS_TRAP, "bad luck");
    }
    return call->message->kind == AIRS_MESSAGE_REQUEST ? airs_scripted_sleep(call, S)
                                                       : airs_scripted_ok(call);
}

static airs_scripted_next_t live(airs_scripted_call_t *call) {
    const release_t *self = call->context;
    if (call->kind == self->sleeps_in && call->round == 0) {
        return airs_scripted_sleep(call, S);
    }
    switch (call->kind) {
    case AIRS_CALL_HANDLE_MESSAGE:
        return handle(self, call);
    case AIRS_CALL_METADATA:
        (void)airs_scripted_ok(call);
        call->result->name = "released";
        call->result->version = self->version;
        return AIRS_SCRIPTED_DONE;
    case AIRS_CALL_EXPORT_STATE:
        return airs_scripted_respond(call, "nothing");
    default:
        return airs_scripted_ok(call);
    }
}

static airs_component_handle_t add(actor_fixture_t *to, release_t *what) {
    airs_component_handle_t handle = airs_scripted_engine_add(&to->engine, what->version, live, what);
    if (what->migrates) {
        airs_scripted_engine_set_migrates(&to->engine, handle);
    }
    return handle;
}

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 1);
    one = (release_t){.version = "1", .sleeps_in = NEVER};
    two = (release_t){.version = "2", .sleeps_in = NEVER};
    old = add(&fixture, &one);
    next = add(&fixture, &two);
    heard[0] = '\0';
    error.text[0] = '\0';
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static void bound(uint64_t instances) { atomic_store(&fixture.engine.max_live, instances); }

static airs_status_t try_spawn(const char *id, const airs_actor_spec_t *spec) {
    return airs_actor_system_spawn_component(fixture.system, old, id_of(id), spec, &error);
}

static void spawn(const char *id) { assert_ok(try_spawn(id, &stateless)); }

static void send(const char *id, const char *payload) {
    assert_ok(actor_fixture_send(&fixture, id, payload));
}

static void tell(const char *id, const char *payload) {
    send(id, payload);
    actor_fixture_run(&fixture);
}

static const char *state_of(const char *id) {
    return airs_actor_state_text(actor_fixture_counters(&fixture, id).state);
}

static airs_status_t update_in(const char *id, bool together) {
    airs_actor_update_t what = {.group = id_of(id), .component = next, .together = together};
    return airs_actor_system_update(fixture.system, &what, &error);
}

static uint64_t now(void) { return airs_clock_monotonic(&fixture.clock.clock); }

/* ---- updates ---- */

/* A passive one of t/c, and two that sleep with the only instances, the second for ten times as long. */
static void fill_with_sleepers(const char *payload) {
    char longer[32];
    (void)snprintf(longer, sizeof longer, "%s0", payload);
    bound(2);
    spawn("t/c/0");
    spawn("t/a/0");
    spawn("t/b/0");
    tell("t/a/0", payload);
    tell("t/b/0", longer);
    assert_string_equal(state_of("t/c/0"), "passive");
}

static void an_update_waits_for_room(void **state) {
    (void)state;
    fill_with_sleepers("sleep 5000");
    uint64_t began = now();
    assert_status(update_in("t/c/0", false), AIRS_OK);
    assert_int_equal((now() - began) / S, 5);
    heard[0] = '\0';
    tell("t/c/0", "x");
    assert_string_equal(heard, "2:x ");
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

static void but_not_longer_than_a_call_may_be_parked(void **state) {
    (void)state;
    airs_actor_spec_t patient = stateless;
    patient.limits.max_parked_time_ms = 3600000;
    bound(1);
    spawn("t/c/0");
    assert_ok(try_spawn("t/a/0", &patient));
    tell("t/a/0", "sleep 100000");
    uint64_t began = now();
    assert_status(update_in("t/c/0", false), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/c/0: instantiation: no room for one more instance");
    assert_int_equal((now() - began) / S, 60);
    /* Nothing has happened to it. */
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
    actor_fixture_pass(&fixture, 100 * S);
    heard[0] = '\0';
    tell("t/c/0", "x");
    assert_string_equal(heard, "1:x ");
}

/* What is to be switched may itself be what all the room is taken by. */
static void a_stateless_one_needs_room_for_one_instance(void **state) {
    (void)state;
    for (int migrates = 0; migrates < 2; migrates++) {
        tear_down(state);
        set_up(state);
        one.migrates = two.migrates = migrates != 0;
        old = add(&fixture, &one);
        next = add(&fixture, &two);
        bound(1);
        spawn("t/a/0");
        tell("t/a/0", "x");
        assert_status(update_in("t/a/0", false), AIRS_OK);
        tell("t/a/0", "y");
        assert_string_equal(heard, "1:x 2:y ");
        assert_int_equal(atomic_load(&fixture.engine.live_instances), 1);
    }
}

static void a_passive_one_is_not_brought_back_first(void **state) {
    (void)state;
    bound(1);
    spawn("t/a/0");
    spawn("t/b/0");
    assert_string_equal(state_of("t/a/0"), "passive");
    uint64_t made = atomic_load(&fixture.engine.instances_made);
    assert_status(update_in("t/a/0", false), AIRS_OK);
    assert_int_equal(atomic_load(&fixture.engine.instances_made), made + 1);
    assert_string_equal(state_of("t/a/0"), "running");
}

static void one_that_fails_leaves_a_stateless_one_passive(void **state) {
    (void)state;
    bound(1);
    spawn("t/a/0");
    airs_actor_update_t what = {.group = id_of("t/a/0"), .component = 31}; /* there is none */
    assert_status(airs_actor_system_update(fixture.system, &what, &error), AIRS_ROLLED_BACK);
    tell("t/a/0", "x");
    assert_string_equal(heard, "1:x ");
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

/* Each holds its instance until its answer comes, and wants one more. */
static void those_who_await_answers_do_not_wait_for_each_other(void **state) {
    (void)state;
    bound(4);
    assert_ok(try_spawn("t/s/0", NULL));
    char id[16];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        spawn(id);
        send(id, "ask t/s/0");
    }
    uint64_t began = now();
    assert_status(update_in("t/a/0", true), AIRS_OK);
    assert_true(now() - began < 10 * S); /* and not when somebody gave it up */
    for (int i = 0; i < 3; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        heard[0] = '\0';
        tell(id, "x");
        assert_string_equal(heard, "2:x ");
    }
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

/* What is no stateless one keeps its instance, and its work goes on meanwhile. */
static void others_wait_for_room_too_and_work_meanwhile(void **state) {
    (void)state;
    bound(2);
    assert_ok(try_spawn("t/a/0", NULL));
    spawn("t/b/0");
    tell("t/b/0", "sleep 5000");
    send("t/a/0", "x");
    uint64_t began = now();
    assert_status(update_in("t/a/0", false), AIRS_OK);
    assert_int_equal((now() - began) / S, 5);
    tell("t/a/0", "y");
    assert_string_equal(heard, "1:sleep 5000 1:x 2:y ");
    assert_string_equal(state_of("t/b/0"), "passive");
}

static void an_update_without_hope_is_refused_at_once(void **state) {
    (void)state;
    bound(2);
    assert_ok(try_spawn("t/a/0", NULL));
    assert_ok(try_spawn("t/b/0", NULL));
    uint64_t began = now();
    assert_status(update_in("t/a/0", false), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/0: instantiation: no room for one more instance");
    assert_int_equal(now(), began);
}

/* Its own wish for room does not keep it from handling messages, for which it needs some too. */
static void one_that_is_put_off_comes_back_for_its_messages(void **state) {
    (void)state;
    fill_with_sleepers("sleep 5000");
    send("t/c/0", "x");
    assert_status(update_in("t/c/0", false), AIRS_OK);
    tell("t/c/0", "y");
    assert_string_equal(heard, "1:sleep 5000 1:sleep 50000 1:x 2:y ");
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

/* ---- the end of an incarnation in the middle of a switch ---- */

static airs_status_t fall(airs_actor_context_t *context, void *user, const airs_incoming_t *incoming) {
    (void)user;
    bool is_timers = incoming->payload.size == 3;
    return is_timers ? AIRS_TRAP : airs_actor_link(context, id_of("t/a/0"));
}

static airs_status_t fall_later(airs_actor_context_t *context, void *user) {
    (void)user;
    return airs_actor_send_after(context, 500, airs_bytes("now", 3), NULL);
}

/* Crashes half a second from now, linked to t/a/0 by any message. */
static const airs_native_t falling = {.size = sizeof(airs_native_t), .start = fall_later, .handle = fall};

static void who_ends_in_the_middle_of_it_comes_up_as_the_new_one(void **state) {
    (void)state;
    const airs_child_spec_t child = {.id = id_of("t/a/0"), .component = old, .actor = &stateless};
    const airs_supervisor_spec_t spec = {
        .name = "s", .children = &child, .child_count = 1, .intensity = 3, .period_ms = 5000};
    airs_supervisor_t *supervisor = NULL;
    two.sleeps_in = AIRS_CALL_INITIALIZE;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    assert_ok(airs_actor_system_spawn_native(fixture.system, &falling, NULL, id_of("t/f/0"), NULL, NULL));
    tell("t/f/0", "link");
    assert_status(update_in("t/a/0", false), AIRS_OK);
    tell("t/a/0", "x");
    actor_fixture_pass(&fixture, 2 * S);
    assert_string_equal(heard, "2:x ");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 1);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

/* ---- who is spawned ---- */

static void who_is_spawned_waits_for_room(void **state) {
    (void)state;
    fill_with_sleepers("sleep 5000");
    uint64_t began = now();
    spawn("t/d/0");
    assert_int_equal((now() - began) / S, 5);
    assert_string_equal(state_of("t/d/0"), "running");
    /* It need not be stateless, when others are. */
    tell("t/d/0", "sleep 5000");
    assert_ok(try_spawn("t/e/0", NULL));
    assert_int_equal((now() - began) / S, 10);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

static void and_not_without_end(void **state) {
    (void)state;
    airs_actor_spec_t patient = stateless;
    patient.limits.max_parked_time_ms = 3600000;
    bound(1);
    assert_ok(try_spawn("t/a/0", &patient));
    tell("t/a/0", "sleep 100000");
    uint64_t began = now();
    assert_status(try_spawn("t/d/0", &stateless), AIRS_PARKED_TIME_EXCEEDED);
    assert_string_equal(error.text, "t/d/0: no room for its instance came for too long: all that fit, "
                                    "engine.max-actors, are in use");
    assert_int_equal((now() - began) / S, 60);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 1);
}

static void without_hope_it_is_refused_at_once(void **state) {
    (void)state;
    bound(2);
    assert_ok(try_spawn("t/a/0", NULL));
    assert_ok(try_spawn("t/b/0", NULL));
    uint64_t began = now();
    assert_status(try_spawn("t/c/0", &stateless), AIRS_RESOURCE_LIMIT);
    assert_string_equal(error.text, "t/c/0: no room for one more instance");
    assert_int_equal(now(), began);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 2);
}

/* A restart is no spawn: what it had was taken by one who waited for it. */
static void one_that_keeps_its_instance_is_restarted_when_there_is_room(void **state) {
    (void)state;
    const airs_child_spec_t child = {.id = id_of("t/a/0"), .component = old};
    const airs_supervisor_spec_t spec = {
        .name = "s", .children = &child, .child_count = 1, .intensity = 1, .period_ms = 5000};
    airs_supervisor_t *supervisor = NULL;
    bound(2);
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    spawn("t/c/0");
    spawn("t/b/0");
    tell("t/b/0", "sleep 3000");
    tell("t/c/0", "sleep 3000"); /* waits for room */
    assert_string_equal(state_of("t/c/0"), "passive");
    tell("t/a/0", "boom");
    assert_string_equal(state_of("t/a/0"), "starting");
    actor_fixture_pass(&fixture, 4 * S);
    assert_string_equal(state_of("t/a/0"), "running");
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 1);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

/* ---- in order, and in turn ---- */

static void the_first_is_served_first(void **state) {
    (void)state;
    char id[16];
    bound(1);
    for (int i = 0; i < 8; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        spawn(id);
    }
    tell("t/a/7", "sleep 1000");
    for (int i = 0; i < 7; i++) {
        char payload[16];
        (void)snprintf(id, sizeof id, "t/a/%d", i * 3 % 7);
        (void)snprintf(payload, sizeof payload, "%d", i);
        tell(id, payload);
    }
    /* They are woken, which does not cost them their places. */
    airs_actor_system_ask_metadata(fixture.system);
    actor_fixture_run(&fixture);
    actor_fixture_pass(&fixture, S);
    assert_string_equal(heard, "1:sleep 1000 1:0 1:1 1:2 1:3 1:4 1:5 1:6 ");
}

/* Those who always have something to do give way at the end of a turn. */
static void who_is_never_idle_takes_turns(void **state) {
    (void)state;
    bound(2);
    spawn("t/a/0");
    spawn("t/b/0");
    spawn("t/c/0");
    send("t/a/0", "more");
    send("t/b/0", "more");
    for (int i = 0; i < 50; i++) {
        assert_true(airs_actor_system_step(fixture.system));
    }
    for (int round = 0; round < 3; round++) {
        heard[0] = '\0';
        send("t/c/0", "x");
        for (int i = 0; i < 50; i++) {
            assert_true(airs_actor_system_step(fixture.system));
        }
        assert_string_equal(heard, "1:x ");
    }
    uint64_t handled[] = {actor_fixture_counters(&fixture, "t/a/0").handled,
                          actor_fixture_counters(&fixture, "t/b/0").handled};
    assert_true(handled[0] > 1000 && handled[1] > 1000);
}

/* The same of calls that are parked, at whose ends there is always another message. */
static void who_sleeps_all_the_time_takes_turns(void **state) {
    (void)state;
    bound(1);
    spawn("t/c/0");
    spawn("t/a/0");
    for (int i = 0; i < 5; i++) {
        send("t/a/0", "sleep 1000");
    }
    actor_fixture_run(&fixture);
    tell("t/c/0", "x");
    if (!fixture.engine.batches) {
        actor_fixture_pass(&fixture, S);
        assert_string_equal(heard, "1:sleep 1000 1:x 1:sleep 1000 ");
        return;
    }
    /* A batch is one call. */
    for (int i = 0; i < 5; i++) {
        actor_fixture_pass(&fixture, S);
    }
    assert_non_null(strstr(heard, "1:x "));
}

/* Nobody waits: no instance is given up. */
static void without_others_nobody_gives_way(void **state) {
    (void)state;
    spawn("t/a/0");
    for (int i = 0; i < 500; i++) {
        send("t/a/0", "x");
    }
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_totals(&fixture).passivated, 0);
}

/* ---- commands ---- */

static airs_scripted_next_t job(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_RUN) {
        (void)strcat(heard, "run ");
        return airs_scripted_exit(call, 0);
    }
    return airs_scripted_ok(call);
}

static void the_run_of_a_command_waits_for_room(void **state) {
    (void)state;
    airs_component_handle_t command = actor_fixture_add(&fixture, job, NULL);
    airs_scripted_engine_set_command(&fixture.engine, command);
    bound(1);
    spawn("t/a/0");
    tell("t/a/0", "sleep 1000");
    const airs_actor_spec_t spec = {.every_ms = 3600000};
    assert_ok(airs_actor_system_spawn_component(fixture.system, command, id_of("t/j/0"), &spec, NULL));
    actor_fixture_pass(&fixture, 0);
    assert_string_equal(heard, "1:sleep 1000 ");
    actor_fixture_pass(&fixture, S);
    assert_string_equal(heard, "1:sleep 1000 run ");
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
    /* And leaves it to others. */
    tell("t/a/0", "x");
    assert_string_equal(heard, "1:sleep 1000 run 1:x ");
}

/* ---- threads ---- */

#define CROWD 16
#define SENT 3000
#define UPDATES 20
#define SPAWNS 300

static actor_fixture_t threads;
static airs_component_handle_t releases[2];
static _Atomic(airs_services_t *) services;

static airs_scripted_next_t quiet(airs_scripted_call_t *call) {
    atomic_store(&services, ((airs_actor_t *)call->host->self)->services);
    if (call->kind == AIRS_CALL_METADATA) {
        (void)airs_scripted_ok(call);
        call->result->name = "quiet";
        call->result->version = "1";
        return AIRS_SCRIPTED_DONE;
    }
    return call->kind == AIRS_CALL_HANDLE_MESSAGE && call->round == 0 ? airs_scripted_yield(call)
                                                                      : airs_scripted_ok(call);
}

static airs_status_t spawn_there(const char *id) {
    return airs_actor_system_spawn_component(threads.system, releases[0], id_of(id), &stateless, NULL);
}

static void *send_many(void *failures) {
    char id[16];
    for (int i = 0; i < SENT; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i * 7 % CROWD);
        airs_status_t status = airs_actor_system_send_wait(threads.system, id_of(id), airs_bytes("x", 1),
                                                           airs_str(NULL), PATIENCE_MS, NULL);
        *(int *)failures += status != AIRS_OK;
    }
    return NULL;
}

static void *update_often(void *failures) {
    for (int i = 0; i < UPDATES; i++) {
        airs_actor_update_t what = {
            .group = id_of("t/a/0"), .component = releases[1 - i % 2], .together = i % 4 < 2};
        *(int *)failures += airs_actor_system_update(threads.system, &what, NULL) != AIRS_OK;
    }
    return NULL;
}

static void *spawn_and_stop(void *failures) {
    for (int i = 0; i < SPAWNS; i++) {
        *(int *)failures += spawn_there("t/b/0") != AIRS_OK;
        *(int *)failures += airs_actor_system_stop(threads.system, id_of("t/b/0"), AIRS_STOP_DRAIN,
                                                   PATIENCE_MS, NULL) != AIRS_OK;
    }
    return NULL;
}

static void all_of_that_at_once(void **state) {
    (void)state;
    char id[16];
    void *(*const works[])(void *) = {send_many, update_often, spawn_and_stop};
    pthread_t runs[3];
    int failures[3] = {0};
    actor_fixture_open(&threads, 4);
    atomic_store(&threads.engine.max_live, 4);
    releases[0] = actor_fixture_add(&threads, quiet, NULL);
    releases[1] = actor_fixture_add(&threads, quiet, NULL);
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        assert_ok(spawn_there(id));
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&runs[i], NULL, works[i], &failures[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        (void)pthread_join(runs[i], NULL);
        assert_int_equal(failures[i], 0);
    }
    assert_ok(airs_actor_system_drain(threads.system, PATIENCE_MS));
    airs_node_counters_t counters = actor_fixture_totals(&threads);
    assert_int_equal(counters.messages, SENT);
    assert_int_equal(counters.crashed, 0);
    assert_int_equal(counters.actors, CROWD);
    assert_int_equal(counters.passive, CROWD - atomic_load(&threads.engine.live_instances));
    airs_services_t *known = atomic_load(&services);
    assert_int_equal(atomic_load(&known->room_waiting), 0);
    assert_int_equal(atomic_load(&known->room_called), 0);
    assert_int_equal(atomic_load(&known->stateless_instances), atomic_load(&threads.engine.live_instances));
    actor_fixture_close(&threads);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_update_waits_for_room),
        TEST(but_not_longer_than_a_call_may_be_parked),
        TEST(a_stateless_one_needs_room_for_one_instance),
        TEST(a_passive_one_is_not_brought_back_first),
        TEST(one_that_fails_leaves_a_stateless_one_passive),
        TEST(those_who_await_answers_do_not_wait_for_each_other),
        TEST(others_wait_for_room_too_and_work_meanwhile),
        TEST(an_update_without_hope_is_refused_at_once),
        TEST(one_that_is_put_off_comes_back_for_its_messages),
        TEST(who_ends_in_the_middle_of_it_comes_up_as_the_new_one),
        TEST(who_is_spawned_waits_for_room),
        TEST(and_not_without_end),
        TEST(without_hope_it_is_refused_at_once),
        TEST(one_that_keeps_its_instance_is_restarted_when_there_is_room),
        TEST(the_first_is_served_first),
        TEST(who_is_never_idle_takes_turns),
        TEST(who_sleeps_all_the_time_takes_turns),
        TEST(without_others_nobody_gives_way),
        TEST(the_run_of_a_command_waits_for_room),
        cmocka_unit_test(all_of_that_at_once),
    };
    return cmocka_run_group_tests_name("instance_room", tests, NULL, NULL);
}
