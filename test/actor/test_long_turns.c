/* Who computes without end stands behind those that have little to do: a round trip between two others waits for one slice
 * of one of them at most at a time, however many they are, and they all go on. */
#include "actor_fixture.h"

#include "actor/actor.h"

#define COMPUTING 8
#define HOPS 400
/* Hops in the time of a slice. */
#define HOPS_A_SLICE 4
/* Slices after which an actor's turns are seen to be long. */
#define SLICES_SEEN 2

static actor_fixture_t fixture;
static unsigned numbers[COMPUTING];

/* Nobody computes before. */
static atomic_bool all_told;

/* By the one worker. */
static struct {
    bool begun;       /* it is seen who computes */
    unsigned hops;    /* since then */
    unsigned waited;  /* slices of others since the last hop */
    unsigned longest; /* of these */
    unsigned each[COMPUTING];
} seen;

static int set_up(void **state) {
    (void)state;
    memset(&seen, 0, sizeof seen);
    atomic_store(&all_told, false);
    actor_fixture_open(&fixture, 1);
    atomic_store(&fixture.engine.slices, 1);
    for (unsigned i = 0; i < COMPUTING; i++) {
        numbers[i] = i;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

/* ---- who computes ---- */

static void compute(unsigned who, unsigned slices) {
    while (!atomic_load(&all_told)) {
        (void)sched_yield();
    }
    atomic_fetch_add(&fixture.engine.slices, slices);
    seen.waited++;
    seen.each[who]++;
}

static bool is_over(void) { return seen.hops == HOPS; }

/* In one call, which is interrupted at the end of each slice. */
static airs_scripted_next_t computes(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE || is_over()) {
        return airs_scripted_ok(call);
    }
    compute(*(unsigned *)call->context, 1);
    return airs_scripted_yield(call);
}

static void spawn_computing_guests(void) {
    for (unsigned i = 0; i < COMPUTING; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/computes/%u", i);
        actor_fixture_spawn(&fixture, id, actor_fixture_add(&fixture, computes, &numbers[i]));
    }
}

/* In a call for each message, which nothing interrupts, and after which it has nothing to do: two of them take turns. */
static airs_status_t labours(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    unsigned number = *(unsigned *)state;
    char other[32];
    if (is_over()) {
        return AIRS_OK;
    }
    compute(number, 2);
    (void)snprintf(other, sizeof other, "t/computes/%u", number ^ 1);
    return airs_actor_send(context, id_of(other), incoming->payload);
}

static void spawn_computing_natives(void) {
    static const airs_native_t native = {.size = sizeof native, .handle = labours};
    for (unsigned i = 0; i < COMPUTING; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/computes/%u", i);
        assert_ok(
            airs_actor_system_spawn_native(fixture.system, &native, &numbers[i], id_of(id), NULL, NULL));
    }
}

/* ---- who does not ---- */

static bool all_are_seen(void) {
    for (unsigned i = 0; i < COMPUTING; i++) {
        if (seen.each[i] < SLICES_SEEN) {
            return false;
        }
    }
    return true;
}

static airs_scripted_next_t bounces(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (seen.begun) {
        seen.hops++;
        seen.longest = seen.waited > seen.longest ? seen.waited : seen.longest;
        atomic_fetch_add(&fixture.engine.slices, seen.hops % HOPS_A_SLICE == 0);
    }
    if (!seen.begun && all_are_seen()) {
        seen.begun = true;
        memset(seen.each, 0, sizeof seen.each);
    }
    seen.waited = 0;
    if (!is_over()) {
        assert_ok(airs_scripted_send(call, call->context, "x"));
    }
    return airs_scripted_ok(call);
}

/* Every so many of those that compute are told to. */
static void bounce(unsigned apart) {
    actor_fixture_spawn(&fixture, "t/ping/0", actor_fixture_add(&fixture, bounces, "t/pong/0"));
    actor_fixture_spawn(&fixture, "t/pong/0", actor_fixture_add(&fixture, bounces, "t/ping/0"));
    for (unsigned i = 0; i < COMPUTING; i += apart) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/computes/%u", i);
        assert_ok(actor_fixture_send(&fixture, id, "x"));
    }
    assert_ok(actor_fixture_send(&fixture, "t/ping/0", "x"));
    atomic_store(&all_told, true);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(seen.hops, HOPS);
}

/* A hop waits for one of them at most, and of what is theirs each has the same. */
static void a_hop_waits_for_one(unsigned apart) {
    bounce(apart);

    assert_int_equal(seen.longest, 1);
    for (unsigned i = 0; i < COMPUTING; i++) {
        assert_in_range(seen.each[i], HOPS / HOPS_A_SLICE / COMPUTING, HOPS);
    }
}

static void a_hop_waits_for_one_of_many_guests(void **state) {
    (void)state;
    spawn_computing_guests();
    a_hop_waits_for_one(1);
}

static void a_hop_waits_for_one_of_many_natives(void **state) {
    (void)state;
    spawn_computing_natives();
    a_hop_waits_for_one(2);
}

/* ---- whose turns are long ---- */

static void turn(airs_actor_t *actor, bool was_long) {
    airs_actor_turn_begins(actor);
    if (was_long) {
        airs_actor_turn_was_long(actor);
    }
}

static void one_long_turn_makes_no_difference(void **state) {
    (void)state;
    airs_actor_t actor = {0};
    assert_int_equal(airs_actor_level(&actor), AIRS_LEVEL_BRIEF);
    for (unsigned i = 0; i < 40; i++) {
        turn(&actor, i % 4 == 0);
        assert_int_equal(airs_actor_level(&actor), AIRS_LEVEL_BRIEF);
    }
    turn(&actor, true);
    turn(&actor, true);
    assert_int_equal(airs_actor_level(&actor), AIRS_LEVEL_LONG);
}

static void brief_turns_in_between_are_no_way_out(void **state) {
    (void)state;
    airs_actor_t actor = {0};
    for (unsigned i = 0; i < 40; i++) {
        turn(&actor, i % 2 == 0);
    }
    for (unsigned i = 0; i < 40; i++) {
        turn(&actor, i % 2 == 0);
        assert_int_equal(airs_actor_level(&actor), AIRS_LEVEL_LONG);
    }
}

static void brief_turns_are_soon_forgiven(void **state) {
    (void)state;
    airs_actor_t actor = {0};
    for (unsigned i = 0; i < 1000; i++) {
        turn(&actor, true);
    }
    unsigned turns = 0;
    for (; airs_actor_level(&actor) == AIRS_LEVEL_LONG; turns++) {
        turn(&actor, false);
    }
    assert_int_equal(turns, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hop_waits_for_one_of_many_guests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hop_waits_for_one_of_many_natives, set_up, tear_down),
        cmocka_unit_test(one_long_turn_makes_no_difference),
        cmocka_unit_test(brief_turns_in_between_are_no_way_out),
        cmocka_unit_test(brief_turns_are_soon_forgiven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
