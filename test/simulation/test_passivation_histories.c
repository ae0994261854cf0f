/* More actors than there is room for instances, most of them stateless, and what may happen to them at random: messages that
 * take no time, or some, or ask others; crashes, ends, spawns, stops, updates, and memory that is refused. One thread, seeded;
 * AIRS_PASSIVATION_SEED=N runs that one history, AIRS_PASSIVATION_SEEDS=N so many. Whenever all has come to rest, nobody waits for room, and what is known of
 * it is right. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "actor/actor.h"
#include "actor/supervisor.h"
#include "simulation/histories.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/scripted_engine.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)
#define SEEDS 300
#define DEEDS 120
#define GROUPS 3
#define ACTORS 6 /* in a group */
#define RELEASES 2

typedef struct world {
    airs_failing_allocator_t allocator;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t scheduling;
    airs_seeded_random_t choices;
    airs_log_t log;
    airs_actor_system_t *system;
    airs_services_t *services;
    airs_supervisor_t *supervisor; /* of the last group */
    airs_component_handle_t releases[RELEASES];
    unsigned running[GROUPS]; /* which release, as far as is known */
    unsigned keepers;         /* actors that are not stateless */
    uint64_t room;
    uint64_t serial;
    uint64_t last[GROUPS][ACTORS]; /* the serial that each has heard last */
    uint64_t accepted;
    uint64_t heard;
    uint64_t digest;
    bool refuses; /* memory */
    bool starved;
} world_t;

/* In all histories together. */
static uint64_t passivated, restarts, crashed, updated, rolled_back, refused, rests;

static uint64_t choose(world_t *world, uint64_t bound) {
    return airs_seeded_random_below(&world->choices, bound);
}

static void record(world_t *world, uint64_t what) {
    world->digest = (world->digest ^ what) * UINT64_C(0x100000001b3);
}

/* ---- the guests ---- */

static void name_someone(world_t *world, char id[16], unsigned *group, unsigned *number) {
    *group = (unsigned)choose(world, GROUPS);
    *number = (unsigned)choose(world, ACTORS);
    (void)snprintf(id, 16, "t/g%u/%u", *group, *number);
}

static airs_scripted_next_t take_time(world_t *world, airs_scripted_call_t *call) {
    switch (choose(world, 4)) {
    case 0:
        return airs_scripted_sleep(call, (1 + choose(world, 50)) * MS);
    case 1:
        return airs_scripted_yield(call);
    default:
        return airs_scripted_ok(call);
    }
}

static airs_scripted_next_t ask(world_t *world, airs_scripted_call_t *call) {
    char id[16];
    unsigned group, number;
    name_someone(world, id, &group, &number);
    (void)airs_scripted_request(call, id, "question", 1 + choose(world, 200), NULL);
    return airs_scripted_ok(call);
}

static airs_scripted_next_t defer(airs_scripted_call_t *call) {
    airs_correlation_id_t owed; /* and will never be given */
    const airs_host_t *host = call->host;
    (void)host->router->ops->defer_reply(host->router, host->self, &owed, call->error);
    return airs_scripted_ok(call);
}

static airs_scripted_next_t leave(airs_scripted_call_t *call) {
    static const airs_exit_reason_t reason = {AIRS_REASON_ERROR, "enough"};
    (void)airs_actor_exit_for(call->host->self, &reason);
    return airs_scripted_ok(call);
}

/* Those of the host are "KIND serial", and come to each in the order in which they were sent. */
static void take_serial(world_t *world, const airs_scripted_call_t *call) {
    char text[32];
    char *end = NULL;
    airs_bytes_t payload = call->message->payload;
    (void)snprintf(text, sizeof text, "%.*s", (int)payload.size, (const char *)payload.data);
    const char *id = airs_component_id_text(call->host->id); /* t/gGROUP/NUMBER */
    assert_memory_equal(id, "t/g", 3);
    unsigned long group = strtoul(id + 3, &end, 10);
    assert_int_equal(*end, '/');
    unsigned long number = strtoul(end + 1, &end, 10);
    assert_int_equal(*end, '\0');
    uint64_t serial = strtoull(text + 2, NULL, 10);
    assert_true(serial > world->last[group][number]);
    world->last[group][number] = serial;
    world->heard++;
}

static airs_scripted_next_t handle(world_t *world, airs_scripted_call_t *call) {
    if (call->round > 0) {
        return call->message->kind == AIRS_MESSAGE_REQUEST ? airs_scripted_respond(call, "answer")
                                                           : airs_scripted_ok(call);
    }
    if (call->message->kind == AIRS_MESSAGE_REQUEST) {
        return choose(world, 3) == 0 ? defer(call) : take_time(world, call);
    }
    take_serial(world, call);
    switch (*(const char *)call->message->payload.data) {
    case 'c':
        return airs_scripted_crash(call, AIRS_TRAP, "told to");
    case 'a':
        return ask(world, call);
    case 'l':
        return leave(call);
    default:
        return take_time(world, call);
    }
}

static airs_scripted_next_t live(airs_scripted_call_t *call) {
    world_t *world = call->context;
    record(world, (uint64_t)call->kind);
    world->services = ((airs_actor_t *)call->host->self)->services;
    assert_true(atomic_load(&world->engine.live_instances) <= world->room + 1); /* one is being tried */
    switch (call->kind) {
    case AIRS_CALL_HANDLE_MESSAGE:
        return handle(world, call);
    case AIRS_CALL_INITIALIZE:
        if (call->round == 0 && choose(world, 12) == 0) {
            return airs_scripted_error(call, "not now");
        }
        return call->round == 0 ? take_time(world, call) : airs_scripted_ok(call);
    case AIRS_CALL_EXPORT_STATE:
        return airs_scripted_respond(call, "state");
    case AIRS_CALL_METADATA:
        (void)airs_scripted_ok(call);
        call->result->name = "live";
        call->result->version = "1";
        return AIRS_SCRIPTED_DONE;
    default:
        return airs_scripted_ok(call);
    }
}

static void take_log(airs_log_t *log, const airs_log_record_t *entry) {
    world_t *world = (world_t *)((char *)log - offsetof(world_t, log));
    for (size_t i = 0; i < entry->field_count; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%.*s", AIRS_STR_ARG(entry->fields[i].value));
        world->starved = world->starved || strstr(text, "for too long") != NULL;
    }
}

/* ---- what happens ---- */

static airs_id_t id_of(const char *text) {
    airs_id_t id;
    assert_ok(airs_id_parse(airs_str(text), &id, NULL));
    return id;
}

static void send(world_t *world) {
    char id[16];
    char text[32];
    unsigned group, number;
    name_someone(world, id, &group, &number);
    static const char kinds[] = "hhhhhhaaacl";
    int size = snprintf(text, sizeof text, "%c %llu", kinds[choose(world, sizeof kinds - 1)],
                        (unsigned long long)++world->serial);
    airs_status_t status = airs_actor_system_send(world->system, id_of(id), airs_bytes(text, (size_t)size),
                                                  airs_str(NULL), NULL);
    world->accepted += status == AIRS_OK;
    record(world, 100 + (uint64_t)status);
}

static const airs_actor_spec_t *stateless(void) {
    static const char *const patterns[] = {"news"};
    static airs_actor_spec_t spec = {
        .stateless = true, .passivate_after_ms = 100, .subscriptions = patterns, .subscription_count = 1};
    return &spec;
}

/* But in the supervised group. */
static void spawn(world_t *world) {
    char id[16];
    unsigned group, number;
    name_someone(world, id, &group, &number);
    if (group == GROUPS - 1) {
        return;
    }
    /* Some are not stateless, but not as many as there is room for. */
    bool keeps = world->keepers + 1 < world->room && choose(world, 8) == 0;
    if (keeps) {
        (void)snprintf(id, sizeof id, "t/g0/k%u", world->keepers);
    }
    airs_status_t status = airs_actor_system_spawn_component(
        world->system, world->releases[world->running[group]], id_of(id), keeps ? NULL : stateless(), NULL);
    world->keepers += keeps && status == AIRS_OK;
    record(world, 200 + (uint64_t)status);
}

static void stop(world_t *world) {
    static const airs_stop_mode_t modes[] = {AIRS_STOP_DRAIN, AIRS_STOP_DROP, AIRS_STOP_KILL};
    char id[16];
    unsigned group, number;
    name_someone(world, id, &group, &number);
    if (group < GROUPS - 1) {
        record(world, 300 + (uint64_t)airs_actor_system_stop(world->system, id_of(id),
                                                             modes[choose(world, 3)], 1000, NULL));
    }
}

static void update(world_t *world) {
    char id[16];
    unsigned group, number;
    name_someone(world, id, &group, &number);
    unsigned release = 1 - world->running[group];
    airs_error_t error = {.text = ""};
    airs_actor_update_t what = {.group = id_of(id),
                                .component = world->releases[release],
                                .window_ms = choose(world, 2) * 20,
                                .together = choose(world, 2) == 0};
    airs_status_t status = airs_actor_system_update(world->system, &what, &error);
    if (status == AIRS_OK) {
        world->running[group] = release;
    }
    updated += status == AIRS_OK;
    rolled_back += status == AIRS_ROLLED_BACK;
    if (group > 0 && strstr(error.text, "no room") != NULL) {
        fail_msg("an update found no room: %s", error.text);
    }
    record(world, 400 + (uint64_t)status);
}

static void refuse_memory(world_t *world, bool refuse) {
    refused += atomic_exchange(&world->allocator.refused, 0);
    airs_failing_allocator_fail(&world->allocator, refuse ? 1 + choose(world, 60) : 0,
                                refuse ? 1 + choose(world, 3) : 0);
}

static void advance(world_t *world, uint64_t nanoseconds) {
    airs_fake_clock_advance(&world->clock, nanoseconds);
    (void)airs_actor_system_advance(world->system);
}

static bool jump(world_t *world) {
    uint64_t next = airs_actor_system_next_deadline(world->system);
    uint64_t now = airs_clock_monotonic(&world->clock.clock);
    if (next != UINT64_MAX) {
        advance(world, next > now ? next - now : 0);
    }
    return next != UINT64_MAX;
}

/* A deed waits, and nobody has anything to do: others go on meanwhile. */
static bool go_on(void *context) {
    world_t *world = context;
    if (choose(world, 4) == 0) {
        send(world);
    }
    return jump(world);
}

static void run_a_while(world_t *world) {
    uint64_t steps = choose(world, 30);
    while (steps-- > 0 && airs_actor_system_step(world->system)) {
    }
}

static void do_something(world_t *world) {
    uint64_t dice = choose(world, 100);
    if (world->refuses && choose(world, 10) == 0) {
        refuse_memory(world, true);
    }
    if (dice < 60) {
        uint64_t count = 1 + choose(world, 8);
        while (count-- > 0) {
            send(world);
        }
    } else if (dice < 75) {
        spawn(world);
    } else if (dice < 79) {
        stop(world);
    } else if (dice < 85) {
        update(world);
    } else if (dice < 87) {
        airs_actor_system_ask_metadata(world->system);
    } else {
        advance(world, choose(world, 60) * MS);
    }
    run_a_while(world);
}

/* ---- at rest ---- */

typedef struct look {
    uint64_t instances;
    uint64_t passive;
} look_t;

static bool look_at(void *context, const airs_actor_info_t *info) {
    look_t *look = context;
    if (!info->native) {
        assert_true(info->counters.state == AIRS_ACTOR_RUNNING || info->counters.state == AIRS_ACTOR_PASSIVE);
        look->passive += info->counters.state == AIRS_ACTOR_PASSIVE;
        look->instances += info->counters.state == AIRS_ACTOR_RUNNING;
    }
    return true;
}

static void check_room(world_t *world, uint64_t instances) {
    airs_services_t *services = world->services;
    assert_int_equal(atomic_load(&services->room_waiting), 0);
    assert_int_equal(atomic_load(&services->room_called), 0);
    assert_int_equal(atomic_load(&services->stateless_instances), 0); /* time has passed */
    int32_t spare = atomic_load(&services->spare_instances);
    assert_true(spare < 0 || (uint64_t)spare == world->room - instances);
}

static void come_to_rest(world_t *world) {
    refuse_memory(world, false);
    do {
        assert_ok(airs_actor_system_drain(world->system, 0));
    } while (jump(world));
    look_t look = {0};
    airs_node_counters_t totals;
    airs_actor_system_list(world->system, look_at, &look);
    airs_actor_system_totals(world->system, &totals);
    assert_int_equal(totals.passive, look.passive);
    assert_int_equal(atomic_load(&world->engine.live_instances), look.instances);
    assert_true(look.instances <= world->keepers);
    if (world->services != NULL) {
        check_room(world, look.instances);
    }
    assert_true(world->heard <= world->accepted);
    assert_true(world->heard + totals.dead_letters + totals.dropped >= world->accepted);
    assert_false(world->starved);
    record(world, look.passive);
    rests++;
}

static void supervise(world_t *world) {
    static airs_child_spec_t children[ACTORS];
    static char names[ACTORS][16];
    for (unsigned i = 0; i < ACTORS; i++) {
        (void)snprintf(names[i], sizeof names[i], "t/g%d/%u", GROUPS - 1, i);
        children[i] =
            (airs_child_spec_t){.id = id_of(names[i]), .component = world->releases[0], .actor = stateless()};
    }
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.children = children;
    spec.child_count = ACTORS;
    spec.intensity = 1000;
    spec.period_ms = 1000;
    /* Their first start may fail. */
    if (airs_actor_system_start_supervisor(world->system, &spec, &world->supervisor, NULL) != AIRS_OK) {
        world->supervisor = NULL;
    }
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
    world->log = (airs_log_t){.level = AIRS_LOG_INFO, .write = take_log};
    world->room = 1 + choose(world, 5);
    world->refuses = choose(world, 2) == 0;
    atomic_store(&world->engine.max_live, world->room);
    airs_actor_system_options_t options = {
        .engine = &world->engine.engine,
        .allocator = &world->allocator.allocator,
        .clock = &world->clock.clock,
        .random = &world->scheduling.random,
        .log = &world->log,
        .stepped = true,
        .idle = go_on,
        .idle_context = world,
    };
    assert_ok(airs_actor_system_create(&options, &world->system, NULL));
    bool migrates = choose(world, 2) == 0;
    for (unsigned i = 0; i < RELEASES; i++) {
        world->releases[i] = airs_scripted_engine_add(&world->engine, "live", live, world);
        if (migrates) {
            airs_scripted_engine_set_migrates(&world->engine, world->releases[i]);
        }
    }
    supervise(world);
    for (unsigned deed = 0; deed < DEEDS; deed++) {
        do_something(world);
        if (deed % 30 == 29) {
            come_to_rest(world);
        }
    }
    refuse_memory(world, false);
    airs_node_counters_t totals;
    airs_actor_system_totals(world->system, &totals);
    passivated += totals.passivated;
    restarts += totals.restarts;
    crashed += totals.crashed;
    airs_actor_system_destroy(world->system);
    airs_scripted_engine_free(&world->engine);
    assert_int_equal(atomic_load(&world->allocator.live_blocks), 0);
    return world->digest;
}

static void whoever_waits_for_room_gets_some(void **state) {
    (void)state;
    if (histories_run("AIRS_PASSIVATION_SEED", SEEDS, run)) {
        /* Everything happened that can. */
        assert_true(passivated > 10000 && restarts > 100 && crashed > 1000 && updated > 100 &&
                    rolled_back > 100 && refused > 500 && rests > 1000);
    }
}

static void the_same_seed_gives_the_same_history(void **state) {
    (void)state;
    histories_repeat(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whoever_waits_for_room_gets_some, histories_tell),
        cmocka_unit_test(the_same_seed_gives_the_same_history),
    };
    return cmocka_run_group_tests_name("passivation_histories", tests, NULL, NULL);
}
