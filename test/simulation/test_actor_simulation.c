/* A whole actor system on one thread: a seed decides who runs next and what everybody does, the clock moves
 * when nothing else can. The same seed gives the same history; whatever the seed, nothing is lost, every
 * request has one end, order holds and nothing leaks. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "actor/supervisor.h"
#include "core/check.h"
#include "simulation/histories.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/scripted_engine.h"
#include "support/seeded_random.h"

#define ACTORS 12
#define MS UINT64_C(1000000)
#define DEEDS 4000
#define SEEDS 25

typedef struct world {
    airs_failing_allocator_t allocator;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t scheduling;
    airs_seeded_random_t choices;
    airs_actor_system_t *system;
    airs_component_handle_t component;
    airs_supervisor_t *alone;    /* restarts its actors one by one */
    airs_supervisor_t *together; /* restarts all of them */
    uint64_t digest;             /* of the history */
    uint64_t deeds;              /* that guests may still do */
    uint64_t accepted;           /* messages and requests, by all */
    uint64_t requested;          /* requests that were accepted */
    uint64_t cancelled;
    uint64_t heard;                      /* responses and failures that came */
    uint64_t concluded;                  /* of those that waited */
    uint64_t statuses[AIRS_PENDING + 1]; /* of sends and requests */
    uint64_t published;                  /* into mailboxes */
    uint64_t timers;                     /* that were started */
    uint64_t due;                        /* messages of timers that came */
    uint64_t side_statuses[AIRS_PENDING + 1];
    uint32_t next_sent[ACTORS];
    uint32_t last_seen[ACTORS][ACTORS]; /* by sender and receiver */
    airs_correlation_id_t owed[ACTORS]; /* the last answer that each took over */
    uint64_t ticking[ACTORS];           /* the last timer that each started */
} world_t;

static uint64_t choose(world_t *world, uint64_t bound) {
    return airs_seeded_random_below(&world->choices, bound);
}

/* FNV-1a over what happens. */
static void record(world_t *world, uint64_t what) {
    for (int i = 0; i < 8; i++) {
        world->digest = (world->digest ^ (what >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
    }
}

static void name_of(uint64_t number, char out[32]) {
    (void)snprintf(out, 32, "s/actor/%u", (unsigned)number);
}

static unsigned number_of(airs_component_id_t *id) {
    airs_str_t instance = airs_component_id_view(id).instance;
    return (unsigned)strtoul(instance.data, NULL, 10);
}

/* Messages carry their number in the stream from this sender, whether they are sent or published. */
static void check_order(world_t *world, const airs_scripted_call_t *call) {
    if (strcmp(airs_component_id_text(call->message->sender), "airssys/host/0") == 0) {
        return;
    }
    unsigned from = number_of(call->message->sender);
    unsigned to = number_of(call->host->id);
    char text[16] = "";
    memcpy(text, call->message->payload.data, call->message->payload.size);
    uint32_t number = (uint32_t)strtoul(text, NULL, 10);
    assert_true(number > world->last_seen[from][to]);
    world->last_seen[from][to] = number;
}

/* A send or request has its outcome. */
static void conclude(world_t *world, bool request, airs_status_t status) {
    assert_true(status == AIRS_OK || status == AIRS_QUEUE_FULL || status == AIRS_TARGET_NOT_FOUND ||
                status == AIRS_NOT_RUNNING || status == AIRS_DEADLOCK || status == AIRS_STOPPED);
    world->statuses[status]++;
    if (status == AIRS_OK) {
        world->accepted++;
        world->requested += request;
    }
    record(world, 1000 + (uint64_t)status);
}

/* What a parked call remembers in its instance's memory. */
enum { WAITS, ASKS };

/* False: the call has to wait. */
static bool send_one(world_t *world, airs_scripted_call_t *call) {
    unsigned from = number_of(call->host->id);
    unsigned to = (unsigned)choose(world, ACTORS);
    char target[32];
    char payload[16];
    name_of(to, target);
    (void)snprintf(payload, sizeof payload, "%u", ++world->next_sent[from]);
    airs_status_t status;
    bool request = choose(world, 3) == 0;
    if (request) {
        airs_correlation_id_t id;
        status = airs_scripted_request(call, target, payload, choose(world, 20), &id);
        if (status == AIRS_OK && choose(world, 8) == 0) {
            airs_status_t cancelled = airs_scripted_cancel(call, &id);
            assert_ok(cancelled);
            world->cancelled++;
        }
    } else {
        status = airs_scripted_send(call, target, payload);
    }
    if (status == AIRS_PENDING) {
        world->statuses[status]++;
        call->memory[WAITS] = true;
        call->memory[ASKS] = request;
        return false;
    }
    conclude(world, request, status);
    return true;
}

/* ---- topics, timers, deferred replies ---- */

static const char *const patterns[] = {"a.*", "a.b", ">", "b.>"};
static const char *const topics[] = {"a.b", "b.c", "c"};

static airs_status_t publish(world_t *world, airs_actor_t *self, unsigned from) {
    airs_message_router_t *router = airs_actor_system_router(world->system);
    airs_str_t topic = airs_str(topics[choose(world, 3)]);
    char payload[16];
    uint32_t reached = 0;
    int size = snprintf(payload, sizeof payload, "%u", ++world->next_sent[from]);
    airs_status_t status = router->ops->publish(router, self, topic, airs_bytes(payload, (size_t)size),
                                                airs_str(NULL), &reached, NULL);
    world->published += reached;
    record(world, reached);
    return status;
}

static airs_status_t start_timer(world_t *world, airs_actor_t *self, unsigned from) {
    airs_message_router_t *router = airs_actor_system_router(world->system);
    uint64_t period = choose(world, 2) * (1 + choose(world, 20));
    world->timers++;
    return router->ops->start_timer(router, self, choose(world, 10), period, airs_bytes(NULL, 0),
                                    &world->ticking[from], NULL);
}

/* Something beside sending. */
static void do_else(world_t *world, const airs_scripted_call_t *call) {
    const airs_message_router_ops_t *ops = call->host->router->ops;
    airs_message_router_t *router = call->host->router;
    airs_actor_t *self = call->host->self;
    unsigned from = number_of(call->host->id);
    airs_str_t pattern = airs_str(patterns[choose(world, 4)]);
    airs_status_t status = AIRS_OK;
    switch (choose(world, 12)) {
    case 0:
        status = ops->subscribe(router, self, pattern, NULL);
        break;
    case 1:
        status = ops->unsubscribe(router, self, pattern, NULL);
        break;
    case 2:
        status = publish(world, self, from);
        break;
    case 3:
        status = start_timer(world, self, from);
        break;
    case 4:
    case 5:
        status = ops->cancel_timer(router, self, world->ticking[from]) ? AIRS_OK : AIRS_NOT_FOUND;
        break;
    case 6:
    case 7:
        status = ops->defer_reply(router, self, &world->owed[from], NULL);
        assert_true(status == (call->message->kind == AIRS_MESSAGE_REQUEST ? AIRS_OK : AIRS_INVALID_STATE));
        break;
    case 8:
        status = ops->reply(router, self, &world->owed[from], airs_bytes("late", 4), airs_str(NULL), NULL);
        break;
    case 9:
        status = (ops->fail)(router, self, &world->owed[from], airs_str("no"), NULL);
        break;
    default:
        break;
    }
    world->side_statuses[status]++;
    record(world, 5000 + (uint64_t)status);
}

static airs_scripted_next_t live(airs_scripted_call_t *call) {
    world_t *world = call->context;
    record(world, ((uint64_t)number_of(call->host->id) << 8) + (uint64_t)call->kind * 16 + call->round);
    record(world, airs_clock_monotonic(call->host->clock));
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        world->heard++;
        return airs_scripted_ok(call);
    }
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return choose(world, 10) == 0 && call->round == 0 ? airs_scripted_sleep(call, choose(world, 3 * MS))
                                                          : airs_scripted_ok(call);
    }
    if (call->round == 0 && call->message->kind == AIRS_MESSAGE_TIMER) {
        world->due++;
    } else if (call->round == 0) {
        check_order(world, call);
    }
    if (call->round == 0) {
        do_else(world, call);
    }
    if (call->memory[WAITS] != 0) {
        call->memory[WAITS] = false;
        world->concluded++;
        conclude(world, call->memory[ASKS] != 0, call->waited);
    }
    for (uint64_t i = choose(world, 4); i > 0 && world->deeds > 0; i--) {
        world->deeds--;
        if (!send_one(world, call)) {
            return airs_scripted_wait_for_room(call);
        }
    }
    switch (choose(world, 40)) {
    case 0:
        return airs_scripted_crash(call, AIRS_TRAP, "by chance");
    case 1:
        return airs_scripted_error(call, "by chance");
    case 2:
    case 3:
        return airs_scripted_yield(call);
    case 4:
    case 5:
        return airs_scripted_sleep(call, choose(world, 10 * MS));
    default:
        return airs_scripted_respond(call, "answer");
    }
}

static bool jump(void *context) {
    world_t *world = context;
    uint64_t next = airs_actor_system_next_deadline(world->system);
    if (next == UINT64_MAX) {
        return false;
    }
    uint64_t now = airs_clock_monotonic(&world->clock.clock);
    airs_fake_clock_advance(&world->clock, next > now ? next - now : 0);
    (void)airs_actor_system_advance(world->system);
    return true;
}

/* Restarts as often as need be, sometimes later. */
static airs_supervisor_t *supervise(world_t *world, airs_strategy_t strategy) {
    airs_child_spec_t model = {.component = world->component};
    airs_supervisor_spec_t spec = {.strategy = strategy,
                                   .intensity = AIRS_INTENSITY_MAX,
                                   .period_ms = 1,
                                   .backoff = {.first_ms = choose(world, 2) * 5},
                                   .children = &model,
                                   .child_count = strategy == AIRS_SIMPLE_ONE_FOR_ONE ? 1 : 0};
    airs_supervisor_t *supervisor = NULL;
    assert_ok(airs_actor_system_start_supervisor(world->system, &spec, &supervisor, NULL));
    return supervisor;
}

/* An actor comes to life under a supervisor, or leaves it. */
static void change_children(world_t *world, const char *id) {
    airs_child_spec_t child = {.component = world->component,
                               .restart = (airs_restart_t)choose(world, 3),
                               .shutdown_ms = choose(world, 3) == 0 ? AIRS_SHUTDOWN_BRUTAL
                                                                    : 1 + choose(world, 20)};
    airs_status_t status = airs_id_parse(airs_str(id), &child.id, NULL);
    assert_ok(status);
    switch (choose(world, 5)) {
    case 0:
    case 1:
        status = airs_supervisor_start_like(world->alone, child.id, airs_bytes(NULL, 0), NULL);
        break;
    case 2:
    case 3:
        status = airs_supervisor_start_child(world->together, &child, NULL);
        break;
    default:
        status = airs_supervisor_stop_child(world->together, id, NULL);
        record(world, 5000 + (uint64_t)status);
        status = airs_supervisor_delete_child(world->together, id, NULL);
        break;
    }
    record(world, 5000 + (uint64_t)status);
}

static void open_world(world_t *world, uint64_t seed) {
    memset(world, 0, sizeof *world);
    world->deeds = DEEDS;
    airs_failing_allocator_init(&world->allocator);
    airs_scripted_engine_init(&world->engine, &world->allocator.allocator);
    airs_fake_clock_init(&world->clock);
    airs_seeded_random_init(&world->scheduling, seed);
    airs_seeded_random_init(&world->choices, ~seed);
    airs_actor_system_options_t options = {
        .engine = &world->engine.engine,
        .allocator = &world->allocator.allocator,
        .clock = &world->clock.clock,
        .random = &world->scheduling.random,
        .stepped = true,
        .idle = jump,
        .idle_context = world,
    };
    assert_ok(airs_actor_system_create(&options, &world->system, NULL));
    world->component = airs_scripted_engine_add(&world->engine, "live", live, world);
    world->alone = supervise(world, AIRS_SIMPLE_ONE_FOR_ONE);
    world->together = supervise(world, AIRS_ONE_FOR_ALL);
}

static void close_world(world_t *world) {
    airs_actor_system_destroy(world->system);
    airs_scripted_engine_free(&world->engine);
    assert_int_equal(atomic_load(&world->allocator.live_blocks), 0);
}

/* What the program around the system does, between turns. */
static void interfere(world_t *world) {
    char id[32];
    uint64_t number = choose(world, ACTORS);
    name_of(number, id);
    airs_id_t target;
    assert_ok(airs_id_parse(airs_str(id), &target, NULL));
    switch (choose(world, 8)) {
    case 6:
    case 7:
        change_children(world, id);
        break;
    case 0: {
        airs_stop_mode_t mode = choose(world, 2) == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP;
        record(world, 2000 + (uint64_t)airs_actor_system_stop(world->system, target, mode, 1000, NULL));
        break;
    }
    case 1: {
        airs_actor_spec_t spec = {.mailbox_messages = 1 + (uint32_t)choose(world, 20),
                                  .mailbox_policy = (airs_mailbox_policy_t)choose(world, 3),
                                  .block_time_ms = 1 + choose(world, 50),
                                  .subscriptions = patterns,
                                  .subscription_count = choose(world, 3)};
        airs_status_t status =
            airs_actor_system_spawn_component(world->system, world->component, target, &spec, NULL);
        record(world, 3000 + (uint64_t)status);
        break;
    }
    default: {
        airs_status_t status =
            airs_actor_system_send(world->system, target, airs_bytes("0", 1), airs_str(NULL), NULL);
        world->accepted += status == AIRS_OK;
        record(world, 4000 + (uint64_t)status);
        break;
    }
    }
}

/* In all histories together. */
static uint64_t restarts;
static uint64_t all_statuses[AIRS_PENDING + 1];
static uint64_t all_side_statuses[AIRS_PENDING + 1];
static uint64_t all_published;
static uint64_t all_due;
static uint64_t dropped_oldest;
static uint64_t subscribers_full;

static uint64_t run(uint64_t seed) {
    world_t world;
    open_world(&world, seed);
    while (world.deeds > 0) {
        if (choose(&world, 10) == 0) {
            interfere(&world);
        }
        if (!airs_actor_system_step(world.system)) {
            (void)jump(&world);
            interfere(&world);
        }
    }
    assert_ok(airs_actor_system_drain(world.system, 0));
    airs_actor_system_stop_all(world.system, AIRS_STOP_DRAIN, 1000);

    airs_node_counters_t totals;
    airs_actor_system_totals(world.system, &totals);
    airs_request_counters_t requests;
    airs_actor_system_requests(world.system, &requests);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(requests.pending, 0);
    /* Who ended while it waited may have been let in, or have asked, without having been told. */
    uint64_t untold = world.statuses[AIRS_PENDING] - world.concluded;
    /* Every request that was accepted ended once. */
    uint64_t all_ends = requests.completed + requests.failed + requests.timed_out + requests.cancelled +
                        requests.orphaned;
    assert_in_range(all_ends - world.requested, 0, untold);
    uint64_t ends = requests.completed + requests.failed + requests.timed_out;
    /* Every end was heard, crashed upon or dropped with its requester: callbacks are handled or dropped. */
    assert_true(world.heard <= ends);
    /* Messages and callbacks together: handled, dead or dropped. */
    uint64_t gone = totals.messages + totals.dead_letters + totals.dropped;
    uint64_t put_in = world.accepted + ends + world.published +
                      airs_dead_letters_count(airs_actor_system_dead_letters(world.system),
                                              AIRS_DEAD_LETTER_SUBSCRIBER_FULL);
    /* Of each timer one message may have waited in vain. */
    assert_in_range(gone - put_in, world.due, world.due + world.timers + untold);
    for (size_t i = 0; i <= AIRS_PENDING; i++) {
        all_statuses[i] += world.statuses[i];
        all_side_statuses[i] += world.side_statuses[i];
    }
    dropped_oldest += airs_dead_letters_count(airs_actor_system_dead_letters(world.system),
                                              AIRS_DEAD_LETTER_DROPPED_OLDEST);
    subscribers_full += airs_dead_letters_count(airs_actor_system_dead_letters(world.system),
                                                AIRS_DEAD_LETTER_SUBSCRIBER_FULL);
    all_published += world.published;
    all_due += world.due;
    restarts += totals.restarts;
    record(&world, gone);
    uint64_t digest = world.digest;
    close_world(&world);
    return digest;
}

static void nothing_is_lost_whatever_the_seed(void **state) {
    (void)state;
    if (!histories_run("AIRS_SIMULATION_SEED", SEEDS, run)) {
        return;
    }
    /* Everything happened that can. */
    static const airs_status_t expected[] = {AIRS_OK,      AIRS_QUEUE_FULL, AIRS_TARGET_NOT_FOUND,
                                             AIRS_PENDING, AIRS_DEADLOCK,   AIRS_NOT_RUNNING};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(all_statuses[expected[i]] > 0);
    }
    assert_true(dropped_oldest > 0);
    assert_true(subscribers_full > 0);
    assert_true(all_published > 1000);
    assert_true(all_due > 1000);
    static const airs_status_t beside[] = {AIRS_OK, AIRS_NOT_FOUND, AIRS_INVALID_STATE, AIRS_TIMEOUT};
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        assert_true(all_side_statuses[beside[i]] > 0);
    }
    assert_true(restarts > 100);
}

static void the_same_seed_gives_the_same_history(void **state) {
    (void)state;
    histories_repeat(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_is_lost_whatever_the_seed, histories_tell),
        cmocka_unit_test(the_same_seed_gives_the_same_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
