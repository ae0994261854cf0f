/* When actors are asked how well they are, how their answers are timed, and what follows from them. */
#include "actor_fixture.h"

#include <stdlib.h>

#include "actor/actor.h"
#include "actor/health_monitor.h"
#include "actor/supervisor.h"
#include "core/check.h"
#include "support/failing_allocator.h"

#define S (UINT64_C(1000) * MS)

static actor_fixture_t fixture;

/* What the guest does when it is asked, and what it wrote of its calls: "h" health, "m" a message, "i" initialize. */
typedef struct script {
    airs_health_t health;
    uint64_t sleeps_ns;  /* before it answers */
    uint64_t works_ns;   /* on the fake clock, a millisecond a slice */
    bool waits;          /* for a release, in place of an answer */
    bool loops;          /* and never answers */
    airs_status_t fails; /* in place of an answer */
    unsigned asked;
    char calls[256];
    airs_actor_t *self; /* a reference */
} script_t;

static script_t script;

static void note(char what) {
    size_t used = strlen(script.calls);
    if (used + 1 < sizeof script.calls) {
        script.calls[used] = what;
        script.calls[used + 1] = '\0';
    }
}

static void assert_calls(const char *expected) {
    assert_string_equal(script.calls, expected);
    script.calls[0] = '\0';
}

static airs_scripted_next_t say(airs_scripted_call_t *call) {
    (void)airs_scripted_ok(call);
    call->result->health = script.health;
    return AIRS_SCRIPTED_DONE;
}

static airs_scripted_next_t answer_health(airs_scripted_call_t *call) {
    if (call->round == 0) {
        note('h');
        script.asked++;
        if (script.fails != AIRS_OK) {
            return airs_scripted_crash(call, script.fails, "because");
        }
        if (script.sleeps_ns > 0) {
            return airs_scripted_sleep(call, script.sleeps_ns);
        }
        if (script.waits) {
            return airs_scripted_wait(call);
        }
    }
    if (script.loops || call->round * MS < script.works_ns) {
        airs_fake_clock_advance(&fixture.clock, MS);
        return airs_scripted_yield(call);
    }
    return say(call);
}

static airs_scripted_next_t guest(airs_scripted_call_t *call) {
    switch (call->kind) {
    case AIRS_CALL_INITIALIZE:
        note('i');
        airs_actor_unref(script.self);
        script.self = airs_actor_ref(call->host->self);
        return airs_scripted_ok(call);
    case AIRS_CALL_HEALTH:
        return answer_health(call);
    case AIRS_CALL_HANDLE_MESSAGE:
        if (call->round == 0) {
            note('m');
            if (airs_scripted_payload_is(call, "nap")) {
                return airs_scripted_sleep(call, 50 * S);
            }
            if (airs_scripted_payload_is(call, "trap")) {
                return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
            }
        }
        if (airs_scripted_payload_is(call, "work") && call->round < 4000) {
            airs_fake_clock_advance(&fixture.clock, 5 * MS);
            return airs_scripted_yield(call);
        }
        return airs_scripted_ok(call);
    default:
        return airs_scripted_ok(call);
    }
}

static int set_up(void **state) {
    (void)state;
    script = (script_t){.health = AIRS_HEALTHY};
    actor_fixture_open_stepped(&fixture, 3);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_actor_unref(script.self);
    script.self = NULL;
    actor_fixture_close(&fixture);
    return 0;
}

static const airs_actor_spec_t each_ten = {
    .health_interval_ms = 10000, .health_timeout_ms = 2000, .unhealthy_after = 3};

static void spawn_with(const airs_actor_spec_t *spec) {
    assert_ok(airs_actor_system_spawn_component(fixture.system, actor_fixture_add(&fixture, guest, NULL),
                                                id_of("t/a/0"), spec, NULL));
    actor_fixture_run(&fixture);
}

static void spawn(void) { spawn_with(&each_ten); }

static bool note_health(void *context, const airs_actor_info_t *info) {
    *(const char **)context = info->health;
    return true;
}

static const char *health(void) {
    const char *text = "";
    airs_actor_system_list(fixture.system, note_health, &text);
    return text;
}

/* To the next check, and what it says. */
static const char *check(void) {
    uint64_t next = airs_actor_system_next_deadline(fixture.system);
    assert_true(next != UINT64_MAX);
    uint64_t now = airs_clock_monotonic(&fixture.clock.clock);
    actor_fixture_pass(&fixture, next > now ? next - now : 0);
    return health();
}

static uint64_t crashed(void) { return actor_fixture_totals(&fixture).crashed; }

/* ---- when ---- */

static void who_is_not_configured_is_never_asked(void **state) {
    (void)state;
    spawn_with(NULL);
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
    actor_fixture_pass(&fixture, 3600 * S);
    assert_calls("i");
    assert_string_equal(health(), "unknown");
}

static void is_unknown_until_it_has_answered(void **state) {
    (void)state;
    spawn();
    assert_string_equal(health(), "unknown");
    assert_string_equal(check(), "healthy");
    assert_calls("ih");
}

static void is_asked_within_a_second_then_within_an_interval_then_at_the_interval(void **state) {
    (void)state;
    uint64_t began = airs_clock_monotonic(&fixture.clock.clock);
    spawn();
    uint64_t at[5];
    for (size_t i = 0; i < 5; i++) {
        (void)check();
        assert_int_equal(script.asked, i + 1);
        at[i] = airs_clock_monotonic(&fixture.clock.clock);
    }
    uint64_t step = 10 * S / 32;
    assert_in_range(at[0] - began, 0, 1 * S + step);
    assert_in_range(at[1] - at[0], 0, 10 * S + step);
    for (size_t i = 2; i < 5; i++) {
        assert_int_equal(at[i] - at[i - 1], 10 * S);
    }
}

static void all_states_are_shown(void **state) {
    (void)state;
    static const struct {
        airs_health_t health;
        const char *text;
    } states[] = {{AIRS_DEGRADED, "degraded"},
                  {AIRS_UNHEALTHY, "unhealthy"},
                  {AIRS_HEALTH_UNKNOWN, "unknown"},
                  {AIRS_HEALTHY, "healthy"}};
    spawn();
    for (size_t i = 0; i < 4; i++) {
        script.health = states[i].health;
        assert_string_equal(check(), states[i].text);
    }
    assert_string_equal(airs_health_text((airs_health_t)99), "unknown");
}

#define CROWD 10000
static size_t asked_count;

static airs_scripted_next_t one_of_many(airs_scripted_call_t *call) {
    asked_count += call->kind == AIRS_CALL_HEALTH;
    return airs_scripted_ok(call);
}

/* Over the moments of an interval, in each its share, give or take half of it. */
static void checks_of_ten_thousand_are_spread(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, one_of_many, NULL);
    const airs_actor_spec_t spec = {.health_interval_ms = 30000, .mailbox_messages = 1};
    char id[24];
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of(id), &spec, NULL));
    }
    /* All have been asked twice: the third is one interval of steady state. */
    actor_fixture_pass(&fixture, 1500 * MS);
    for (int i = 0; i < 64; i++) {
        actor_fixture_pass(&fixture, 30 * S / 64);
    }
    asked_count = 0;
    unsigned moments = 0;
    while (asked_count < CROWD) {
        size_t before = asked_count;
        (void)check();
        assert_in_range(asked_count - before, CROWD / 64, CROWD / 32 + CROWD / 64);
        moments++;
    }
    assert_int_equal(moments, 32);
}

static void an_overloaded_mailbox_does_not_delay_it(void **state) {
    (void)state;
    spawn();
    assert_calls("i");
    for (int i = 0; i < 1000; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    airs_fake_clock_advance(&fixture.clock, 2 * S);
    (void)airs_actor_system_advance(fixture.system);
    assert_true(airs_actor_system_step(fixture.system));
    assert_memory_equal(script.calls, "hm", 2);
    assert_true(actor_fixture_counters(&fixture, "t/a/0").queued > 800);
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 1000);
    assert_int_equal(script.asked, 1);
}

static void it_is_asked_between_two_messages_of_a_turn(void **state) {
    (void)state;
    spawn();
    for (int i = 0; i < 3; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", i == 0 ? "work" : "x"));
    }
    /* The first one works for 20 s of the clock, slice by slice, in which the check becomes due. */
    while (script.asked == 0 && airs_actor_system_step(fixture.system)) {
        (void)airs_actor_system_advance(fixture.system);
    }
    actor_fixture_run(&fixture);
    assert_calls("imhmm");
    assert_string_equal(health(), "healthy");
}

/* ---- how its answer is timed ---- */

static void a_late_answer_is_unhealthy_whatever_it_says(void **state) {
    (void)state;
    spawn();
    script.works_ns = 1999 * MS;
    assert_string_equal(check(), "healthy");
    script.works_ns = 2001 * MS;
    assert_string_equal(check(), "unhealthy");
    assert_int_equal(crashed(), 0);
    script.works_ns = 0;
    assert_string_equal(check(), "healthy");
}

static void an_answer_that_is_overdue_is_seen_before_it_comes(void **state) {
    (void)state;
    spawn();
    script.loops = true;
    airs_fake_clock_advance(&fixture.clock, 2 * S);
    (void)airs_actor_system_advance(fixture.system);
    uint64_t began = airs_clock_monotonic(&fixture.clock.clock);
    while (strcmp(health(), "unhealthy") != 0) {
        assert_true(airs_actor_system_step(fixture.system));
        assert_true(airs_clock_monotonic(&fixture.clock.clock) - began < 2100 * MS);
    }
    script.loops = false;
    actor_fixture_run(&fixture);
    assert_string_equal(health(), "unhealthy");
    assert_string_equal(check(), "healthy");
}

/* It never answers: that counts as a check at the timeout, and again each interval. */
static void an_answer_that_never_comes_ends_it(void **state) {
    (void)state;
    airs_actor_spec_t spec = each_ten;
    spec.limits.max_execution_time_ms = 3600000;
    spawn_with(&spec);
    script.loops = true;
    uint64_t began = airs_clock_monotonic(&fixture.clock.clock);
    (void)check();
    assert_int_equal(crashed(), 1);
    uint64_t took = airs_clock_monotonic(&fixture.clock.clock) - began;
    assert_in_range(took, 22 * S, 24 * S);
    assert_string_equal(
        fixture.last_log,
        "t/a/0: the actor has crashed status=health-checks-failed reason=3 health checks in a row "
        "found it unhealthy; the last had no answer in 2000 ms");
}

static void its_execution_time_limit_ends_it_before(void **state) {
    (void)state;
    spawn();
    script.loops = true;
    (void)check();
    assert_int_equal(crashed(), 1);
    assert_non_null(strstr(fixture.last_log, "status=execution-time-exceeded"));
}

static void parked_time_does_not_count(void **state) {
    (void)state;
    spawn();
    script.sleeps_ns = 50 * S;
    script.works_ns = 1000 * MS;
    (void)check();
    assert_string_equal(health(), "unknown");
    actor_fixture_pass(&fixture, 50 * S);
    assert_string_equal(health(), "healthy");
    assert_int_equal(crashed(), 0);
}

static void it_may_not_be_parked_for_ever(void **state) {
    (void)state;
    spawn();
    script.waits = true;
    (void)check();
    actor_fixture_pass(&fixture, 61 * S);
    assert_int_equal(crashed(), 1);
    assert_non_null(strstr(fixture.last_log, "status=parked-time-exceeded"));
}

/* From when it is free to be asked. */
static void a_long_message_is_not_unhealthy(void **state) {
    (void)state;
    spawn();
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "nap"));
    actor_fixture_run(&fixture);
    /* A check is due in the middle of the nap: it does not even wake the sleeper. */
    uint64_t before = atomic_load(&fixture.engine.calls);
    actor_fixture_pass(&fixture, 20 * S);
    assert_int_equal(atomic_load(&fixture.engine.calls), before);
    assert_string_equal(health(), "unknown");
    actor_fixture_pass(&fixture, 31 * S);
    assert_string_equal(health(), "healthy");
    assert_calls("imh");
    assert_int_equal(crashed(), 0);
}

static void work_before_it_does_not_count_either(void **state) {
    (void)state;
    airs_actor_spec_t spec = each_ten;
    spec.limits.max_execution_time_ms = 3600000;
    spec.unhealthy_after = 1;
    spawn_with(&spec);
    for (int i = 0; i < 5; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "work"));
    }
    while (airs_actor_system_step(fixture.system)) {
        (void)airs_actor_system_advance(fixture.system);
    }
    assert_true(script.asked > 3);
    assert_string_equal(health(), "healthy");
    assert_int_equal(crashed(), 0);
}

/* ---- what follows ---- */

static void some_in_a_row_end_it(void **state) {
    (void)state;
    spawn();
    script.health = AIRS_UNHEALTHY;
    assert_string_equal(check(), "unhealthy");
    assert_string_equal(check(), "unhealthy");
    assert_int_equal(crashed(), 0);
    (void)check();
    assert_int_equal(crashed(), 1);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    assert_string_equal(
        fixture.last_log,
        "t/a/0: the actor has crashed status=health-checks-failed reason=3 health checks in a row "
        "found it unhealthy");
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
}

static void one_may_be_enough(void **state) {
    (void)state;
    airs_actor_spec_t spec = each_ten;
    spec.unhealthy_after = 1;
    spawn_with(&spec);
    script.health = AIRS_UNHEALTHY;
    (void)check();
    assert_non_null(strstr(fixture.last_log, "reason=1 health check in a row found it unhealthy"));
}

static void recovery_begins_the_count_anew(void **state) {
    (void)state;
    spawn();
    for (int round = 0; round < 5; round++) {
        script.health = AIRS_UNHEALTHY;
        (void)check();
        (void)check();
        script.health = round % 2 == 0 ? AIRS_HEALTHY : AIRS_HEALTH_UNKNOWN;
        (void)check();
    }
    assert_int_equal(crashed(), 0);
    assert_int_equal(script.asked, 15);
}

static void degraded_never_ends_it(void **state) {
    (void)state;
    spawn();
    script.health = AIRS_DEGRADED;
    for (int i = 0; i < 10; i++) {
        assert_string_equal(check(), "degraded");
    }
    assert_int_equal(crashed(), 0);
}

static void a_trap_in_it_is_a_crash_as_any(void **state) {
    (void)state;
    spawn();
    script.fails = AIRS_TRAP;
    (void)check();
    assert_int_equal(crashed(), 1);
    assert_string_equal(fixture.last_log, "t/a/0: the actor has crashed status=trap reason=because");
}

/* ---- from one incarnation to the next ---- */

static airs_supervisor_t *supervise(void) {
    airs_child_spec_t child = {
        .component = actor_fixture_add(&fixture, guest, NULL), .id = id_of("t/a/0"), .actor = &each_ten};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    airs_supervisor_t *supervisor = NULL;
    spec.intensity = 10;
    spec.children = &child;
    spec.child_count = 1;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    actor_fixture_run(&fixture);
    return supervisor;
}

static void the_next_one_begins_unknown_and_from_nothing(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = supervise();
    script.health = AIRS_UNHEALTHY;
    (void)check();
    (void)check();
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "trap"));
    actor_fixture_run(&fixture);
    assert_int_equal(crashed(), 1);
    assert_string_equal(health(), "unknown");
    (void)check();
    assert_string_equal(check(), "unhealthy");
    assert_int_equal(crashed(), 1);
    (void)check();
    assert_int_equal(crashed(), 2);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 2);
    assert_string_equal(health(), "unknown");
    script.health = AIRS_HEALTHY;
    assert_string_equal(check(), "healthy");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, UINT64_MAX);
}

static void its_messages_wait_for_the_next_one(void **state) {
    (void)state;
    airs_supervisor_t *supervisor = supervise();
    script.health = AIRS_UNHEALTHY;
    (void)check();
    (void)check();
    airs_fake_clock_advance(&fixture.clock, 11 * S);
    (void)airs_actor_system_advance(fixture.system);
    for (int i = 0; i < 3; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    }
    actor_fixture_run(&fixture);
    assert_calls("ihhhimmm");
    assert_int_equal(crashed(), 1);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, UINT64_MAX);
}

/* ---- asked once ---- */

typedef struct asker {
    airs_health_ask_t ask;
    unsigned answers;
    airs_health_t health;
    airs_status_t status;
} asker_t;

static void take_answer(airs_health_ask_t *ask, airs_health_t health_now, airs_status_t status) {
    asker_t *self = (asker_t *)ask;
    self->answers++;
    self->health = health_now;
    self->status = status;
}

static void assert_answer(const asker_t *self, airs_health_t health_now, airs_status_t status) {
    assert_int_equal(self->answers, 1);
    assert_int_equal(self->health, health_now);
    assert_status(self->status, status);
}

static void asked_once_it_answers_before_its_messages(void **state) {
    (void)state;
    spawn_with(NULL);
    asker_t askers[2] = {{.ask = {.answered = take_answer}}, {.ask = {.answered = take_answer}}};
    script.health = AIRS_DEGRADED;
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "x"));
    airs_actor_ask_health(script.self, &askers[0].ask);
    airs_actor_ask_health(script.self, &askers[1].ask);
    assert_int_equal(askers[0].answers + askers[1].answers, 0);
    actor_fixture_run(&fixture);
    assert_answer(&askers[0], AIRS_DEGRADED, AIRS_OK);
    assert_answer(&askers[1], AIRS_DEGRADED, AIRS_OK);
    assert_calls("ihm");
    assert_string_equal(health(), "degraded");
    assert_true(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX);
}

static void asked_once_is_not_a_check(void **state) {
    (void)state;
    spawn();
    script.health = AIRS_UNHEALTHY;
    for (int i = 0; i < 5; i++) {
        asker_t asker = {.ask = {.answered = take_answer}};
        airs_actor_ask_health(script.self, &asker.ask);
        actor_fixture_run(&fixture);
        assert_answer(&asker, AIRS_UNHEALTHY, AIRS_OK);
        assert_string_equal(health(), "unhealthy");
    }
    assert_int_equal(crashed(), 0);
    (void)check();
    (void)check();
    assert_int_equal(crashed(), 0);
    (void)check();
    assert_int_equal(crashed(), 1);
}

static void asked_once_a_late_answer_is_unhealthy_too(void **state) {
    (void)state;
    spawn();
    asker_t asker = {.ask = {.answered = take_answer}};
    script.works_ns = 2500 * MS;
    airs_actor_ask_health(script.self, &asker.ask);
    actor_fixture_run(&fixture);
    assert_answer(&asker, AIRS_UNHEALTHY, AIRS_OK);
}

static void who_asks_hears_of_its_end(void **state) {
    (void)state;
    spawn_with(NULL);
    asker_t trapped = {.ask = {.answered = take_answer}};
    script.fails = AIRS_TRAP;
    airs_actor_ask_health(script.self, &trapped.ask);
    actor_fixture_run(&fixture);
    assert_answer(&trapped, AIRS_HEALTH_UNKNOWN, AIRS_TRAP);
    asker_t late = {.ask = {.answered = take_answer}};
    airs_actor_ask_health(script.self, &late.ask);
    assert_answer(&late, AIRS_HEALTH_UNKNOWN, AIRS_STOPPED);
}

static void who_asks_hears_of_its_stop(void **state) {
    (void)state;
    spawn_with(NULL);
    asker_t asker = {.ask = {.answered = take_answer}};
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "nap"));
    actor_fixture_run(&fixture);
    airs_actor_ask_health(script.self, &asker.ask);
    assert_int_equal(asker.answers, 0);
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    assert_answer(&asker, AIRS_HEALTH_UNKNOWN, AIRS_STOPPED);
}

/* It is down while its restart waits: the next incarnation answers. */
static void asked_of_one_that_is_down_the_next_one_answers(void **state) {
    (void)state;
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, guest, NULL), .id = id_of("t/a/0")};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    airs_supervisor_t *supervisor = NULL;
    spec.backoff = (airs_backoff_t){.first_ms = 1000, .max_ms = 1000};
    spec.children = &child;
    spec.child_count = 1;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "trap"));
    actor_fixture_run(&fixture);
    asker_t asker = {.ask = {.answered = take_answer}};
    airs_actor_ask_health(script.self, &asker.ask);
    actor_fixture_run(&fixture);
    assert_int_equal(asker.answers, 0);
    actor_fixture_pass(&fixture, 2 * S);
    assert_answer(&asker, AIRS_HEALTHY, AIRS_OK);
    assert_calls("imih");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, UINT64_MAX);
}

/* ---- from several threads ---- */

#define ASKERS 4
#define ASKED 2000

typedef struct crowd {
    airs_actor_t *actor;
    _Atomic uint64_t answers;
    _Atomic uint64_t well;
} crowd_t;

typedef struct crowd_ask {
    airs_health_ask_t ask;
    crowd_t *crowd;
} crowd_ask_t;

static void take_crowd_answer(airs_health_ask_t *ask, airs_health_t health_now, airs_status_t status) {
    crowd_ask_t *self = (crowd_ask_t *)ask;
    bool well = status == AIRS_OK && health_now == AIRS_HEALTHY;
    AIRS_ASSERT(well || (health_now == AIRS_HEALTH_UNKNOWN && status != AIRS_OK));
    atomic_fetch_add(&self->crowd->well, well);
    atomic_fetch_add(&self->crowd->answers, 1);
    free(self);
}

static void *ask_often(void *context) {
    crowd_t *crowd = context;
    for (int i = 0; i < ASKED; i++) {
        crowd_ask_t *one = malloc(sizeof *one);
        AIRS_ASSERT(one != NULL);
        *one = (crowd_ask_t){.ask = {.answered = take_crowd_answer}, .crowd = crowd};
        airs_actor_ask_health(crowd->actor, &one->ask);
    }
    return NULL;
}

static airs_scripted_next_t fragile(airs_scripted_call_t *call) {
    crowd_t *crowd = call->context;
    if (call->kind == AIRS_CALL_INITIALIZE && crowd->actor == NULL) {
        crowd->actor = airs_actor_ref(call->host->self);
    }
    return call->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_crash(call, AIRS_TRAP, "fragile")
                                                  : airs_scripted_ok(call);
}

/* It crashes, comes back, and in the end is gone, while others ask: each is answered once. */
static void everybody_who_asks_is_answered_once(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    actor_fixture_open(&fixture, 2);
    crowd_t crowd = {.actor = NULL};
    const airs_actor_spec_t often = {.health_interval_ms = 1};
    airs_child_spec_t child = {
        .component = actor_fixture_add(&fixture, fragile, &crowd), .id = id_of("t/a/0"), .actor = &often};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    airs_supervisor_t *supervisor = NULL;
    spec.intensity = AIRS_INTENSITY_MAX;
    spec.children = &child;
    spec.child_count = 1;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    pthread_t threads[ASKERS];
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &crowd), 0);
    }
    for (int i = 0; i < 20; i++) {
        assert_ok(airs_actor_system_send_wait(fixture.system, id_of("t/a/0"), airs_bytes("x", 1),
                                              airs_str(NULL), PATIENCE_MS, NULL));
        (void)health();
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, UINT64_MAX);
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&crowd.answers), ASKERS * ASKED);
    assert_int_equal(crashed(), 20);
    airs_actor_unref(crowd.actor);
}

/* ---- native actors ---- */

static airs_health_t probe_health(airs_actor_context_t *context, void *state) {
    (void)context;
    (void)state;
    script.asked++;
    return AIRS_DEGRADED;
}

static void native_actors_are_asked_too(void **state) {
    (void)state;
    airs_native_t native = probe_native;
    probe_t probe;
    probe_init(&probe);
    native.health = probe_health;
    assert_ok(
        airs_actor_system_spawn_native(fixture.system, &native, &probe, id_of("t/a/0"), &each_ten, NULL));
    assert_string_equal(check(), "degraded");
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    probe_free(&probe);
}

/* One that was built before there was such a function, and one that has none. */
static void native_actors_without_it_are_unknown(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        airs_native_t native = probe_native;
        probe_t probe;
        probe_init(&probe);
        if (i == 0) {
            native.size = offsetof(airs_native_t, health);
            native.health = probe_health;
        }
        assert_ok(
            airs_actor_system_spawn_native(fixture.system, &native, &probe, id_of("t/a/0"), &each_ten, NULL));
        assert_string_equal(check(), "unknown");
        assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
        probe_free(&probe);
    }
    assert_int_equal(script.asked, 0);
}

/* ---- without memory ---- */

/* Made, asked at its interval and once, found unhealthy, ended. */
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
    airs_status_t status = airs_actor_system_create(&options, &system, NULL);
    if (status == AIRS_OK) {
        airs_component_handle_t component = airs_scripted_engine_add(&engine, "script", guest, NULL);
        status = airs_actor_system_spawn_component(system, component, id_of("t/a/0"), &each_ten, NULL);
    }
    script.asked = 0;
    if (status == AIRS_OK) {
        asker_t asker = {.ask = {.answered = take_answer}};
        airs_actor_ask_health(script.self, &asker.ask);
        while (airs_actor_system_step(system)) { /* before the first check, which would answer it as well */
        }
        for (int i = 0; i < 400; i++) {
            airs_fake_clock_advance(&clock, 100 * MS);
            (void)airs_actor_system_advance(system);
            while (airs_actor_system_step(system)) {
            }
        }
        AIRS_ASSERT(asker.answers == 1);
        AIRS_ASSERT(script.asked == 4);
        airs_node_counters_t totals;
        airs_actor_system_totals(system, &totals);
        AIRS_ASSERT(totals.crashed == 1);
    }
    airs_actor_unref(script.self);
    script.self = NULL;
    airs_actor_system_destroy(system);
    airs_scripted_engine_free(&engine);
    return status;
}

static void without_memory_it_is_not_made(void **state) {
    (void)state;
    script.health = AIRS_UNHEALTHY;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(who_is_not_configured_is_never_asked),
        TEST(is_unknown_until_it_has_answered),
        TEST(is_asked_within_a_second_then_within_an_interval_then_at_the_interval),
        TEST(all_states_are_shown),
        TEST(checks_of_ten_thousand_are_spread),
        TEST(an_overloaded_mailbox_does_not_delay_it),
        TEST(it_is_asked_between_two_messages_of_a_turn),
        TEST(a_late_answer_is_unhealthy_whatever_it_says),
        TEST(an_answer_that_is_overdue_is_seen_before_it_comes),
        TEST(an_answer_that_never_comes_ends_it),
        TEST(its_execution_time_limit_ends_it_before),
        TEST(parked_time_does_not_count),
        TEST(it_may_not_be_parked_for_ever),
        TEST(a_long_message_is_not_unhealthy),
        TEST(work_before_it_does_not_count_either),
        TEST(some_in_a_row_end_it),
        TEST(one_may_be_enough),
        TEST(recovery_begins_the_count_anew),
        TEST(degraded_never_ends_it),
        TEST(a_trap_in_it_is_a_crash_as_any),
        TEST(the_next_one_begins_unknown_and_from_nothing),
        TEST(its_messages_wait_for_the_next_one),
        TEST(asked_once_it_answers_before_its_messages),
        TEST(asked_once_is_not_a_check),
        TEST(asked_once_a_late_answer_is_unhealthy_too),
        TEST(who_asks_hears_of_its_end),
        TEST(who_asks_hears_of_its_stop),
        TEST(asked_of_one_that_is_down_the_next_one_answers),
        TEST(everybody_who_asks_is_answered_once),
        TEST(native_actors_are_asked_too),
        TEST(native_actors_without_it_are_unknown),
        TEST(without_memory_it_is_not_made),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
