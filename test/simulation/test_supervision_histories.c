/* Trees of supervisors at random, and what may happen to them at random: crashes, orderly ends, starts that fail or take
 * their time, shutdowns that hang, orders from outside. One thread, seeded; AIRS_SUPERVISION_SEED=N runs that one
 * history. Whenever all has come to rest, everybody who should live does, and nobody else. */
#include "support/test.h"

#include <stdio.h>

#include "actor/actor.h"
#include "actor/supervisor.h"
#include "core/check.h"
#include "simulation/histories.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/scripted_engine.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)
#define SEEDS 300
#define TREES 8 /* in a history */
#define DEEDS 60
#define NODES 64 /* of a tree: actors and supervisors */
#define CHILDREN 4

/* A child of the tree, or its root. */
typedef struct node {
    char name[32];
    airs_restart_t restart;
    bool is_supervisor;
    bool stopped; /* somebody asked for its end */
    bool orderly; /* it may have ended by itself, and rightly stayed so */
    unsigned failing;
    unsigned parent;
    airs_supervisor_spec_t spec;
    airs_child_spec_t children[CHILDREN];
} node_t;

typedef struct world {
    airs_failing_allocator_t allocator;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t scheduling;
    airs_seeded_random_t choices;
    airs_actor_system_t *system;
    airs_component_handle_t component;
    airs_supervisor_t *root;
    node_t nodes[NODES];
    unsigned node_count;
    unsigned tree;
    uint64_t accepted;
    uint64_t digest;
    bool ended; /* the root, by itself */
} world_t;

/* In all histories together. */
static uint64_t restarts, crashed, given_up, orders_done, rests;

static uint64_t choose(world_t *world, uint64_t bound) {
    return airs_seeded_random_below(&world->choices, bound);
}

static void record(world_t *world, uint64_t what) {
    world->digest = (world->digest ^ what) * UINT64_C(0x100000001b3);
}

static node_t *find(world_t *world, const char *name) {
    for (unsigned i = 0; i < world->node_count; i++) {
        if (strcmp(world->nodes[i].name, name) == 0) {
            return &world->nodes[i];
        }
    }
    fail_msg("there is no %s", name);
    return NULL;
}

/* ---- the guests ---- */

static airs_scripted_next_t start(world_t *world, airs_scripted_call_t *call, node_t *node) {
    record(world, 1);
    if (call->round == 0 && node->failing > 0) {
        node->failing--;
        return airs_scripted_error(call, "not now");
    }
    bool slow = call->round == 0 && choose(world, 4) == 0;
    return slow ? airs_scripted_sleep(call, (1 + choose(world, 40)) * MS) : airs_scripted_ok(call);
}

static airs_scripted_next_t stop(world_t *world, airs_scripted_call_t *call) {
    record(world, 2);
    if (call->round > 0) {
        return airs_scripted_ok(call);
    }
    switch (choose(world, 8)) {
    case 0:
        return airs_scripted_sleep(call, (1 + choose(world, 200)) * MS);
    case 1:
        return airs_scripted_crash(call, AIRS_TRAP, "in its shutdown");
    default:
        return airs_scripted_ok(call);
    }
}

static airs_scripted_next_t handle(world_t *world, airs_scripted_call_t *call, node_t *node) {
    record(world, 3);
    if (call->round > 0) {
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "crash")) {
        return airs_scripted_crash(call, AIRS_TRAP, "told to");
    }
    if (airs_scripted_payload_is(call, "exit")) {
        static const airs_exit_reason_t normal = {AIRS_REASON_NORMAL, ""};
        node->orderly = true;
        assert_ok(airs_actor_exit_for(call->host->self, &normal));
    }
    if (airs_scripted_payload_is(call, "sleep")) {
        return airs_scripted_sleep(call, (1 + choose(world, 100)) * MS);
    }
    return airs_scripted_ok(call);
}

static airs_scripted_next_t live(airs_scripted_call_t *call) {
    world_t *world = call->context;
    node_t *node = find(world, airs_component_id_text(call->host->id));
    switch (call->kind) {
    case AIRS_CALL_INITIALIZE:
        return start(world, call, node);
    case AIRS_CALL_SHUTDOWN:
        return stop(world, call);
    case AIRS_CALL_HANDLE_MESSAGE:
        return handle(world, call, node);
    default:
        return airs_scripted_ok(call);
    }
}

/* ---- a tree ---- */

static node_t *add_node(world_t *world, unsigned parent, bool is_supervisor) {
    node_t *node = &world->nodes[world->node_count];
    memset(node, 0, sizeof *node);
    node->parent = parent;
    node->is_supervisor = is_supervisor;
    (void)snprintf(node->name, sizeof node->name, is_supervisor ? "s-%u-%u" : "t/%u/%u", world->tree,
                   world->node_count);
    world->node_count++;
    return node;
}

static airs_child_spec_t make_actor(world_t *world, unsigned parent) {
    node_t *node = add_node(world, parent, false);
    node->restart = (airs_restart_t)choose(world, 3);
    airs_child_spec_t child = {.component = world->component, .restart = node->restart};
    child.shutdown_ms = choose(world, 3) == 0 ? AIRS_SHUTDOWN_BRUTAL : 1 + choose(world, 100);
    assert_ok(airs_id_parse(airs_str(node->name), &child.id, NULL));
    return child;
}

static void make_spec(world_t *world, unsigned number, unsigned depth);

static airs_child_spec_t make_child(world_t *world, unsigned parent, unsigned depth) {
    if (depth == 3 || choose(world, 3) > 0 || world->node_count > NODES - 2 * CHILDREN) {
        return make_actor(world, parent);
    }
    unsigned number = world->node_count;
    node_t *node = add_node(world, parent, true);
    node->restart = (airs_restart_t)choose(world, 3);
    make_spec(world, number, depth);
    airs_child_spec_t child = {.supervisor = &node->spec, .name = node->name, .restart = node->restart};
    child.shutdown_ms = choose(world, 3) == 0 ? 1 + choose(world, 300) : 0;
    return child;
}

static void make_spec(world_t *world, unsigned number, unsigned depth) {
    node_t *node = &world->nodes[number];
    node->spec = (airs_supervisor_spec_t)AIRS_SUPERVISOR_SPEC_INIT;
    node->spec.strategy = (airs_strategy_t)choose(world, 3);
    node->spec.auto_shutdown = (airs_auto_shutdown_t)choose(world, 3);
    node->spec.intensity = (uint32_t)choose(world, 6);
    node->spec.period_ms = 1 + choose(world, 200);
    node->spec.backoff.first_ms = choose(world, 2) * choose(world, 20);
    node->spec.children = node->children;
    node->spec.child_count = 1 + choose(world, CHILDREN);
    for (size_t i = 0; i < node->spec.child_count; i++) {
        node->children[i] = make_child(world, number, depth + 1);
        node->children[i].significant = node->children[i].restart != AIRS_RESTART_PERMANENT &&
                                        node->spec.auto_shutdown != AIRS_AUTO_SHUTDOWN_NEVER &&
                                        choose(world, 3) == 0;
    }
}

static void take_event(void *context, const airs_supervision_event_t *event) {
    world_t *world = context;
    given_up += event->kind == AIRS_SUPERVISION_GAVE_UP;
    world->ended = world->ended || event->kind == AIRS_SUPERVISION_ENDED;
}

static void plant(world_t *world) {
    world->tree++;
    world->node_count = 0;
    world->ended = false;
    node_t *root = add_node(world, 0, true);
    make_spec(world, 0, 0);
    root->spec.event = take_event;
    root->spec.context = world;
    assert_ok(airs_actor_system_start_supervisor(world->system, &root->spec, &world->root, NULL));
}

/* ---- what happens ---- */

static void send(world_t *world, const node_t *node, const char *what) {
    airs_id_t id;
    assert_ok(airs_id_parse(airs_str(node->name), &id, NULL));
    airs_status_t status =
        airs_actor_system_send(world->system, id, airs_bytes(what, strlen(what)), airs_str(NULL), NULL);
    world->accepted += status == AIRS_OK;
    record(world, 100 + (uint64_t)status);
}

/* Of a child that is known no more nothing is expected. */
static void order(world_t *world, node_t *node) {
    airs_supervisor_t *supervisor = world->root;
    const node_t *parent = &world->nodes[node->parent];
    if (node->parent != 0 && airs_supervisor_find(world->root, parent->name, &supervisor) != AIRS_OK) {
        return;
    }
    airs_status_t status = AIRS_OK;
    if (choose(world, 2) == 0) {
        node->stopped = true;
        status = airs_supervisor_stop_child(supervisor, node->name, NULL);
    } else {
        status = airs_supervisor_restart_child(supervisor, node->name, NULL);
        node->stopped = node->stopped && status != AIRS_OK;
    }
    orders_done += status == AIRS_OK;
    record(world, 200 + (uint64_t)status);
}

static void stop_actor(world_t *world, node_t *node) {
    airs_id_t id;
    assert_ok(airs_id_parse(airs_str(node->name), &id, NULL));
    node->stopped = true;
    airs_stop_mode_t mode = choose(world, 2) == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP;
    record(world, 300 + (uint64_t)airs_actor_system_stop(world->system, id, mode, 1000, NULL));
}

static void run_a_while(world_t *world) {
    uint64_t steps = choose(world, 20);
    while (steps-- > 0 && airs_actor_system_step(world->system)) {
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

static void do_something(world_t *world) {
    node_t *node = &world->nodes[1 + choose(world, world->node_count - 1)];
    uint64_t dice = choose(world, 100);
    if (dice < 5) {
        order(world, node);
    } else if (dice < 20) {
        (void)jump(world);
    } else if (node->is_supervisor) {
        run_a_while(world);
    } else if (dice < 55) {
        send(world, node, "crash");
    } else if (dice < 65) {
        node->failing = (unsigned)choose(world, 4);
        send(world, node, "crash");
    } else if (dice < 75) {
        send(world, node, "exit");
    } else if (dice < 85) {
        send(world, node, "sleep");
    } else if (dice < 87) {
        stop_actor(world, node);
    } else {
        send(world, node, "hello");
    }
    run_a_while(world);
}

/* ---- at rest ---- */

typedef struct look {
    world_t *world;
    uint64_t actors; /* that run */
} look_t;

/* May it have ended, and stay so? */
static bool may_be_gone(const node_t *node) {
    return node->stopped || node->restart == AIRS_RESTART_TEMPORARY ||
           (node->restart == AIRS_RESTART_TRANSIENT && (node->orderly || node->is_supervisor));
}

/* An errand: may not use the system. */
static bool look_at(void *context, const airs_child_info_t *info) {
    look_t *look = context;
    const node_t *node = find(look->world, info->name);
    assert_true(info->state == AIRS_CHILD_UP || info->state == AIRS_CHILD_ENDED);
    if (info->state == AIRS_CHILD_UP) {
        look->actors += !info->is_supervisor;
    } else if (info->depth > 0 && !may_be_gone(node)) {
        /* It may be below one that has ended. */
        const node_t *above = &look->world->nodes[node->parent];
        while (above != look->world->nodes && !may_be_gone(above)) {
            above = &look->world->nodes[above->parent];
        }
        if (above == look->world->nodes) {
            fail_msg("%s has ended, and should not have", info->name);
        }
    }
    return true;
}

static void come_to_rest(world_t *world) {
    do {
        assert_ok(airs_actor_system_drain(world->system, 0));
    } while (jump(world));
    look_t look = {.world = world};
    airs_status_t status = airs_supervisor_list(world->root, look_at, &look);
    assert_true(status == AIRS_OK || (status == AIRS_STOPPED && world->ended));
    airs_node_counters_t totals;
    airs_actor_system_totals(world->system, &totals);
    assert_int_equal(totals.actors, look.actors);
    assert_int_equal(atomic_load(&world->engine.live_instances), look.actors);
    assert_int_equal(totals.messages + totals.dead_letters + totals.dropped, world->accepted);
    record(world, look.actors);
    rests++;
}

static uint64_t run(uint64_t seed) {
    static world_t storage;
    world_t *world = &storage;
    memset(world, 0, sizeof *world);
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
    for (unsigned tree = 0; tree < TREES; tree++) {
        plant(world);
        for (unsigned deed = 0; deed < DEEDS && !world->ended; deed++) {
            do_something(world);
            if (deed % 20 == 19) {
                come_to_rest(world);
            }
        }
        if (choose(world, 2) == 0) {
            come_to_rest(world);
        }
        airs_stop_mode_t mode = choose(world, 2) == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP;
        airs_supervisor_stop(world->root, mode, choose(world, 2) == 0 ? 100 : UINT64_MAX);
    }
    airs_node_counters_t totals;
    airs_actor_system_totals(world->system, &totals);
    assert_int_equal(totals.actors, 0);
    assert_int_equal(totals.messages + totals.dead_letters + totals.dropped, world->accepted);
    restarts += totals.restarts;
    crashed += totals.crashed;
    airs_actor_system_destroy(world->system);
    airs_scripted_engine_free(&world->engine);
    assert_int_equal(atomic_load(&world->allocator.live_blocks), 0);
    return world->digest;
}

static void whoever_should_live_does(void **state) {
    (void)state;
    if (histories_run("AIRS_SUPERVISION_SEED", SEEDS, run)) {
        /* Everything happened that can. */
        assert_true(crashed > 1000 && restarts > 1000 && given_up > 100 && orders_done > 100 && rests > 1000);
    }
}

static void the_same_seed_gives_the_same_history(void **state) {
    (void)state;
    histories_repeat(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whoever_should_live_does, histories_tell),
        cmocka_unit_test(the_same_seed_gives_the_same_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
