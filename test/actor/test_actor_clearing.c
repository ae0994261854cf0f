/* An end with very much to clear away comes in pieces, between the turns of others; with little, at once. */
#include "actor_fixture.h"

#include "actor/actor_clearing.h"
#include "actor/actor_spec.h"
#include "core/check.h"
#include "support/failing_allocator.h"

#define HOUR_MS UINT64_C(3600000)
#define MANY 5000
/* No piece is larger. */
#define PIECE 1000

static actor_fixture_t fixture;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

/* ---- who hoards ---- */

typedef struct hoarder {
    unsigned asked;
    unsigned failed; /* of what it asked */
} hoarder_t;

static airs_status_t start_timers(airs_actor_context_t *context, unsigned count) {
    airs_status_t status = AIRS_OK;
    for (unsigned i = 0; i < count && status == AIRS_OK; i++) {
        status = airs_actor_send_after(context, HOUR_MS, airs_bytes("late", 4), NULL);
    }
    return status;
}

static airs_status_t make_requests(airs_actor_context_t *context, hoarder_t *self, const char *target) {
    airs_status_t status = AIRS_OK;
    for (unsigned i = 0; i < MANY && status == AIRS_OK; i++) {
        status = airs_actor_request(context, id_of(target), airs_bytes("q", 1), HOUR_MS, NULL);
        self->asked += status == AIRS_OK;
    }
    return status;
}

/* "t" starts many timers, "f" few; "a" asks t/mute/0 many times, "h" t/hoarder/0; a request is taken over; "e" ends it. */
static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    hoarder_t *self = state;
    if (incoming->kind == AIRS_INCOMING_REQUEST) {
        return airs_actor_defer_reply(context, NULL);
    }
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        self->failed += incoming->kind == AIRS_INCOMING_FAILURE;
        return AIRS_OK;
    }
    switch (incoming->payload.data[0]) {
    case 't':
        return start_timers(context, MANY);
    case 'f':
        return start_timers(context, AIRS_CLEARING_LEAST - 1);
    case 'a':
        return make_requests(context, self, "t/mute/0");
    case 'h':
        return make_requests(context, self, "t/hoarder/0");
    default:
        return AIRS_INTERNAL;
    }
}

static const airs_native_t native = {.size = sizeof native, .handle = handle};

static void spawn(airs_actor_system_t *system, const char *id, hoarder_t *hoarder) {
    airs_actor_spec_t spec = {.mailbox_messages = 2 * MANY};
    spec = airs_actor_spec_complete(&spec);
    *hoarder = (hoarder_t){0};
    assert_ok(airs_actor_system_spawn_native(system, &native, hoarder, id_of(id), &spec, NULL));
}

static void tell(const char *id, const char *what) {
    assert_ok(actor_fixture_send(&fixture, id, what));
    actor_fixture_run(&fixture);
}

/* ---- what it has ---- */

typedef struct belongings {
    bool lives;
    uint64_t count;
} belongings_t;

static bool look(void *context, const airs_actor_info_t *info) {
    belongings_t *belongings = context;
    if (!airs_str_equal(info->id.name, airs_str("hoarder"))) {
        return true;
    }
    belongings->lives = true;
    belongings->count = info->timers + info->deferred + info->requests;
    return false;
}

static belongings_t belongings(airs_actor_system_t *system) {
    belongings_t found = {0};
    airs_actor_system_list(system, look, &found);
    return found;
}

/* Have it end, and look at what it has after each turn of anybody. In how many pieces that went. */
static unsigned end_in_pieces(airs_actor_system_t *system) {
    unsigned pieces = 0;
    belongings_t before = belongings(system);
    assert_true(before.lives);
    assert_ok(airs_actor_system_send(system, id_of("t/hoarder/0"), airs_bytes("e", 1), airs_str(NULL), NULL));
    while (airs_actor_system_step(system)) {
        belongings_t now = belongings(system);
        pieces += now.count < before.count;
        assert_true(!now.lives || before.count - now.count <= PIECE);
        before = now;
    }
    assert_false(before.lives);
    return pieces;
}

static void timers_end_in_pieces(void **state) {
    (void)state;
    hoarder_t hoarder;
    spawn(fixture.system, "t/hoarder/0", &hoarder);
    tell("t/hoarder/0", "t");
    assert_int_equal(belongings(fixture.system).count, MANY);
    assert_int_equal(end_in_pieces(fixture.system), MANY / PIECE);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

static void requests_end_in_pieces(void **state) {
    (void)state;
    hoarder_t hoarder;
    hoarder_t mute;
    airs_request_counters_t requests;
    spawn(fixture.system, "t/hoarder/0", &hoarder);
    spawn(fixture.system, "t/mute/0", &mute);
    tell("t/hoarder/0", "a");
    assert_int_equal(belongings(fixture.system).count, MANY);
    assert_int_equal(end_in_pieces(fixture.system), MANY / PIECE);
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.orphaned, MANY);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

static void answers_taken_over_fail_in_pieces(void **state) {
    (void)state;
    hoarder_t hoarder;
    hoarder_t asker;
    spawn(fixture.system, "t/hoarder/0", &hoarder);
    spawn(fixture.system, "t/asker/0", &asker);
    tell("t/asker/0", "h");
    assert_int_equal(belongings(fixture.system).count, MANY);
    assert_int_equal(end_in_pieces(fixture.system), MANY / PIECE);
    assert_int_equal(asker.failed, MANY);
}

/* Others have their turns in between, and what comes meanwhile waits, as in any end. */
static void others_go_on_meanwhile(void **state) {
    (void)state;
    hoarder_t hoarder;
    probe_t probe;
    probe_init(&probe);
    spawn(fixture.system, "t/hoarder/0", &hoarder);
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    tell("t/hoarder/0", "t");
    assert_ok(actor_fixture_send(&fixture, "t/hoarder/0", "e"));
    while (belongings(fixture.system).count == MANY) {
        assert_true(airs_actor_system_step(fixture.system));
    }
    uint64_t heard = probe_count(&probe);
    assert_ok(actor_fixture_send(&fixture, "t/probe/0", "hello"));
    bool meanwhile = false;
    while (belongings(fixture.system).lives) {
        assert_true(airs_actor_system_step(fixture.system));
        meanwhile = meanwhile || (probe_count(&probe) > heard && belongings(fixture.system).count > 0);
    }
    assert_true(meanwhile);
    actor_fixture_run(&fixture);
    assert_status(actor_fixture_send(&fixture, "t/hoarder/0", "late"), AIRS_TARGET_NOT_FOUND);
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DROP));
    probe_free(&probe);
}

/* A kill finds it ending, and a stop with everything waits for it. */
static void it_ends_once_whatever_else_is_asked(void **state) {
    (void)state;
    hoarder_t hoarder;
    spawn(fixture.system, "t/hoarder/0", &hoarder);
    tell("t/hoarder/0", "t");
    assert_ok(actor_fixture_send(&fixture, "t/hoarder/0", "e"));
    while (belongings(fixture.system).count == MANY) {
        assert_true(airs_actor_system_step(fixture.system));
    }
    assert_true(belongings(fixture.system).lives);
    (void)actor_fixture_stop(&fixture, "t/hoarder/0", AIRS_STOP_DROP);
    actor_fixture_run(&fixture);
    assert_false(belongings(fixture.system).lives);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
}

static void a_few_end_at_once(void **state) {
    (void)state;
    hoarder_t hoarder;
    spawn(fixture.system, "t/hoarder/0", &hoarder);
    tell("t/hoarder/0", "f");
    assert_ok(actor_fixture_send(&fixture, "t/hoarder/0", "e"));
    assert_true(airs_actor_system_step(fixture.system));
    assert_false(belongings(fixture.system).lives);
}

/* Without memory to remember how, all at once. */
static void memory_may_be_refused(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t random;
    airs_actor_system_t *system = NULL;
    hoarder_t hoarder;
    airs_failing_allocator_init(&memory);
    airs_scripted_engine_init(&engine, &memory.allocator);
    airs_fake_clock_init(&clock);
    airs_seeded_random_init(&random, 1);
    airs_actor_system_options_t options = {.engine = &engine.engine,
                                           .allocator = &memory.allocator,
                                           .clock = &clock.clock,
                                           .random = &random.random,
                                           .stepped = true};
    assert_ok(airs_actor_system_create(&options, &system, NULL));
    spawn(system, "t/hoarder/0", &hoarder);
    assert_ok(airs_actor_system_send(system, id_of("t/hoarder/0"), airs_bytes("t", 1), airs_str(NULL), NULL));
    assert_true(airs_actor_system_step(system));
    assert_int_equal(belongings(system).count, MANY);
    assert_ok(airs_actor_system_send(system, id_of("t/hoarder/0"), airs_bytes("e", 1), airs_str(NULL), NULL));
    airs_failing_allocator_fail(&memory, 1, UINT64_MAX);
    while (belongings(system).count == MANY) {
        assert_true(airs_actor_system_step(system));
    }
    airs_failing_allocator_fail(&memory, 0, 0);
    assert_false(belongings(system).lives);
    airs_actor_system_destroy(system);
    airs_scripted_engine_free(&engine);
    assert_int_equal(memory.live_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_end_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_end_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_taken_over_fail_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(others_go_on_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_ends_once_whatever_else_is_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_few_end_at_once, set_up, tear_down),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
