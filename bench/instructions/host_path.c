/* One way through the host, so often and on one thread: host_path hop|spawn|request|publish COUNT. For check.sh, which has
 * valgrind count the instructions of it. Nothing here depends on time or chance, so that the count is the same each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/actor_system.h"
#include "support/fake_clock.h"
#include "support/scripted_engine.h"
#include "support/seeded_random.h"

#define MESSAGE_BYTES 64
#define IN_FLIGHT 64
#define SUBSCRIBERS 8
#define TOPIC "count.up"

static uint8_t payload[MESSAGE_BYTES];

/* A world of native actors, stepped. */
typedef struct world {
    airs_fake_clock_t clock;
    airs_seeded_random_t random;
    airs_scripted_engine_t engine;
    airs_actor_system_t *system;
    uint64_t left; /* of what is counted */
    uint64_t seen;
} world_t;

typedef struct player {
    world_t *world;
    airs_id_t other;
} player_t;

static airs_bytes_t message(void) { return airs_bytes(payload, sizeof payload); }

static void need(airs_status_t status, const airs_error_t *error) {
    if (status != AIRS_OK) {
        (void)fprintf(stderr, "host_path: %s: %s\n", airs_status_text(status), error->text);
        exit(1);
    }
}

static void spawn(world_t *world, const airs_native_t *native, player_t *player, airs_id_t id) {
    airs_error_t error;
    need(airs_actor_system_spawn_native(world->system, native, player, id, NULL, &error), &error);
}

/* Have `id` begin, with so many messages, and wait for the end of all that follows. */
static void play(world_t *world, airs_id_t id, unsigned messages) {
    airs_error_t error;
    for (unsigned i = 0; i < messages; i++) {
        need(airs_actor_system_send(world->system, id, message(), airs_str(NULL), &error), &error);
    }
    while (airs_actor_system_step(world->system)) {
    }
}

/* ---- a message from one to the other and back ---- */

static airs_status_t forward(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    player_t *player = state;
    if (player->world->left == 0) {
        return AIRS_OK;
    }
    player->world->left--;
    player->world->seen++;
    return airs_actor_send(context, player->other, incoming->payload);
}

static void hop(world_t *world) {
    const airs_native_t native = {.size = sizeof native, .handle = forward};
    player_t players[] = {{world, airs_id("count", "player", "1")}, {world, airs_id("count", "player", "0")}};
    spawn(world, &native, &players[0], players[1].other);
    spawn(world, &native, &players[1], players[0].other);
    play(world, players[0].other, IN_FLIGHT);
}

/* ---- a request and its answer ---- */

static airs_status_t ask(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    player_t *player = state;
    if (incoming->kind == AIRS_INCOMING_RESPONSE) {
        player->world->seen++;
    }
    if (player->world->left == 0) {
        return AIRS_OK;
    }
    player->world->left--;
    return airs_actor_request(context, player->other, message(), 1000, NULL);
}

static airs_status_t answer(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)state;
    return airs_actor_respond(context, incoming->payload);
}

static void request(world_t *world) {
    const airs_native_t asking = {.size = sizeof asking, .handle = ask};
    const airs_native_t answering = {.size = sizeof answering, .handle = answer};
    player_t asker = {world, airs_id("count", "answerer", "0")};
    spawn(world, &answering, NULL, asker.other);
    spawn(world, &asking, &asker, airs_id("count", "asker", "0"));
    play(world, airs_id("count", "asker", "0"), 1);
}

/* ---- a message to a topic with subscribers ---- */

static airs_status_t publish_next(airs_actor_context_t *context, void *state,
                                  const airs_incoming_t *incoming) {
    player_t *player = state;
    uint32_t reached = 0;
    if (player->world->left == 0) {
        return AIRS_OK;
    }
    player->world->left--;
    airs_status_t status =
        airs_actor_publish(context, airs_str(TOPIC), incoming->payload, airs_str(NULL), &reached);
    player->world->seen += reached == SUBSCRIBERS;
    return status == AIRS_OK ? airs_actor_send(context, airs_actor_self(context), incoming->payload) : status;
}

static airs_status_t subscribe(airs_actor_context_t *context, void *state) {
    (void)state;
    return airs_actor_subscribe(context, airs_str(TOPIC));
}

static airs_status_t take(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    (void)state;
    (void)incoming;
    return AIRS_OK;
}

static void publish(world_t *world) {
    const airs_native_t publishing = {.size = sizeof publishing, .handle = publish_next};
    const airs_native_t subscribed = {.size = sizeof subscribed, .start = subscribe, .handle = take};
    player_t publisher = {.world = world};
    for (unsigned i = 0; i < SUBSCRIBERS; i++) {
        char instance[8];
        (void)snprintf(instance, sizeof instance, "%u", i);
        spawn(world, &subscribed, NULL, airs_id("count", "subscriber", instance));
    }
    spawn(world, &publishing, &publisher, airs_id("count", "publisher", "0"));
    play(world, airs_id("count", "publisher", "0"), 1);
}

/* ---- an actor's whole life ---- */

static void live_and_end(world_t *world) {
    const airs_native_t native = {.size = sizeof native, .handle = take};
    const airs_id_t id = airs_id("count", "mayfly", "0");
    for (; world->left > 0; world->left--) {
        airs_error_t error;
        spawn(world, &native, NULL, id);
        need(airs_actor_system_stop(world->system, id, AIRS_STOP_DRAIN, 1000, &error), &error);
        world->seen++;
    }
}

typedef struct way {
    const char *name;
    void (*go)(world_t *world);
} way_t;

static const way_t ways[] = {
    {"hop", hop}, {"request", request}, {"publish", publish}, {"spawn", live_and_end}};

static void go(const way_t *way, uint64_t count) {
    world_t world = {.left = count};
    airs_error_t error;
    airs_fake_clock_init(&world.clock);
    airs_seeded_random_init(&world.random, 1);
    airs_scripted_engine_init(&world.engine, airs_allocator_default());
    airs_actor_system_options_t options = {
        .engine = &world.engine.engine,
        .clock = &world.clock.clock,
        .random = &world.random.random,
        .stepped = true,
    };
    need(airs_actor_system_create(&options, &world.system, &error), &error);
    way->go(&world);
    if (world.seen != count) {
        (void)fprintf(stderr, "host_path: %s was done %llu times and not %llu\n", way->name,
                      (unsigned long long)world.seen, (unsigned long long)count);
        exit(1);
    }
    airs_actor_system_destroy(world.system);
    airs_scripted_engine_free(&world.engine);
}

int main(int argc, char **argv) {
    char *end = NULL;
    uint64_t count = argc == 3 ? strtoull(argv[2], &end, 10) : 0;
    for (size_t i = 0; count > 0 && *end == '\0' && i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(argv[1], ways[i].name) == 0) {
            go(&ways[i], count);
            return 0;
        }
    }
    (void)fprintf(stderr, "usage: host_path hop|request|publish|spawn COUNT\n");
    return 2;
}
