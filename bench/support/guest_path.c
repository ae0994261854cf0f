#include "support/guest_path.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <airssys/airssys.h>

#include "support/bench.h"

#define MESSAGE_BYTES 64
#define IN_FLIGHT 512 /* of messages between two guests, half of what a mailbox takes */
#define LIVE_MAX 448  /* guests at once, of those that are spawned and end */
#define IDLE_GUESTS 1000

/* The same guest twice: handed what waits for it in batches, and one by one. */
#define BATCHED BENCH_GUESTS "/forwarder.wasm"
#define SINGLE BENCH_GUESTS "/single/forwarder.wasm"

static const uint8_t body[MESSAGE_BYTES];

static airs_node_t *node_with(unsigned workers, unsigned guests) {
    airs_error_t error;
    airs_node_t *node = NULL;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = workers;
    options.max_actors = guests;
    options.cache_dir = "";
    bench_need(airs_node_create(&options, &node, &error), &error);
    return node;
}

static airs_component_t load(airs_node_t *node, const char *path) {
    airs_error_t error;
    airs_component_t component = 0;
    bench_need(airs_node_load(node, path, &component, &error), &error);
    return component;
}

static airs_node_counters_t totals(airs_node_t *node) {
    airs_node_counters_t counters;
    airs_node_totals(node, &counters);
    if (counters.crashed > 0) {
        bench_die("a guest has crashed");
    }
    return counters;
}

/* ---- messages to and fro between two guests that send on what they get ---- */

static double hops(const char *guest, unsigned workers, unsigned divisor, unsigned in_flight) {
    static const char *const instances[] = {"0", "1"};
    static const char *const targets[] = {"bench/forwarder/1", "bench/forwarder/0"};
    airs_error_t error;
    airs_node_t *node = node_with(workers, 2);
    airs_component_t component = load(node, guest);
    for (size_t i = 0; i < 2; i++) {
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.config = airs_bytes(targets[i], strlen(targets[i]));
        bench_need(
            airs_node_spawn(node, component, airs_id("bench", "forwarder", instances[i]), &options, &error),
            &error);
    }
    for (unsigned i = 0; i < in_flight; i++) {
        bench_need(
            airs_node_send(node, airs_id("bench", "forwarder", "0"), airs_bytes(body, sizeof body), &error),
            &error);
    }
    bench_pause_ms(50);
    uint64_t before = totals(node).messages;
    uint64_t start = bench_now_ns();
    bench_pause_ms(1000 / (long)divisor + 1);
    double count = (double)(totals(node).messages - before);
    double rate = count / (double)(bench_now_ns() - start) * 1e9;
    airs_node_destroy(node);
    return rate;
}

static double many_batched(unsigned workers, unsigned divisor) {
    return hops(BATCHED, workers, divisor, IN_FLIGHT);
}

static double many_single(unsigned workers, unsigned divisor) {
    return hops(SINGLE, workers, divisor, IN_FLIGHT);
}

static double ping_pong_batched(unsigned workers, unsigned divisor) {
    return hops(BATCHED, workers, divisor, 1) / 2;
}

static double ping_pong_single(unsigned workers, unsigned divisor) {
    return hops(SINGLE, workers, divisor, 1) / 2;
}

/* ---- guests that are spawned and end: a native actor spawns the next when one has ended ---- */

typedef struct parent {
    unsigned long next;
    unsigned long count;
} parent_t;

static airs_status_t spawn_one(airs_actor_context_t *context, parent_t *parent) {
    char instance[24];
    (void)snprintf(instance, sizeof instance, "%lu", parent->next++);
    airs_actor_spawn_t what = {
        .size = sizeof what, .id = airs_id("bench", "child", instance), .monitor = true};
    airs_status_t status = airs_actor_spawn(context, &what, NULL);
    return status == AIRS_OK ? airs_actor_stop_other(context, what.id, AIRS_STOP_DRAIN) : status;
}

static airs_status_t keep_spawning(airs_actor_context_t *context, void *state,
                                   const airs_incoming_t *incoming) {
    parent_t *parent = state;
    unsigned long count = incoming->kind == AIRS_INCOMING_DOWN ? 1 : LIVE_MAX;
    airs_status_t status = AIRS_OK;
    while (status == AIRS_OK && count-- > 0 && parent->next < parent->count) {
        status = spawn_one(context, parent);
    }
    return status;
}

static double spawn_and_stop(unsigned workers, unsigned divisor) {
    const airs_native_t native = {.size = sizeof native, .handle = keep_spawning};
    airs_error_t error;
    airs_node_t *node = node_with(workers, 2 * LIVE_MAX);
    airs_component_t component = load(node, BENCH_GUESTS "/echo.wasm");
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_instances = 2 * LIVE_MAX;
    parent_t parent = {.count = 100000 / divisor};
    bench_need(airs_node_offer(node, component, airs_id("bench", "child", ""), &options, &error), &error);
    airs_id_t id = airs_id("bench", "parent", "0");
    bench_need(airs_node_spawn_native(node, &native, &parent, id, NULL, &error), &error);
    uint64_t start = bench_now_ns();
    bench_need(airs_node_send(node, id, airs_bytes(body, sizeof body), &error), &error);
    for (airs_node_counters_t now = totals(node); now.spawned <= parent.count || now.actors > 1;
         now = totals(node)) {
        struct timespec moment = {.tv_nsec = 200000};
        nanosleep(&moment, NULL);
    }
    double rate = (double)parent.count / (double)(bench_now_ns() - start) * 1e9;
    airs_node_destroy(node);
    return rate;
}

/* ---- guests that wait, having handled a message ---- */

static double idle_bytes(unsigned workers, unsigned divisor) {
    (void)divisor;
    airs_error_t error;
    airs_node_t *node = node_with(workers, IDLE_GUESTS);
    airs_component_t component = load(node, BENCH_GUESTS "/echo.wasm");
    uint64_t before = bench_resident_bytes();
    for (unsigned i = 0; i < IDLE_GUESTS; i++) {
        char instance[24];
        (void)snprintf(instance, sizeof instance, "%u", i);
        airs_id_t id = airs_id("bench", "idler", instance);
        bench_need(airs_node_spawn(node, component, id, NULL, &error), &error);
        bench_need(airs_node_send(node, id, airs_bytes(body, sizeof body), &error), &error);
    }
    airs_status_t drained = airs_node_drain(node, 60000);
    if (drained != AIRS_OK) {
        bench_die("idle guests: %s", airs_status_name(drained));
    }
    bench_pause_ms(300);
    double bytes = (double)(bench_resident_bytes() - before) / IDLE_GUESTS;
    airs_node_destroy(node);
    return bytes;
}

const bench_workload_t guest_workloads[] = {
    {.key = "guest-hops",
     .mode = "batched",
     .title = "guest to guest",
     .unit = "messages/s",
     .run = many_batched},
    {.key = "guest-hops",
     .mode = "single",
     .title = "guest to guest",
     .unit = "messages/s",
     .run = many_single},
    {.key = "guest-pingpong",
     .mode = "batched",
     .title = "guest to guest and back",
     .unit = "round trips/s",
     .run = ping_pong_batched},
    {.key = "guest-pingpong",
     .mode = "single",
     .title = "guest to guest and back",
     .unit = "round trips/s",
     .run = ping_pong_single},
    {.key = "guest-churn", .title = "guests spawned and stopped", .unit = "guests/s", .run = spawn_and_stop},
    {.key = "guest-idle",
     .title = "an idle guest",
     .unit = "resident bytes",
     .run = idle_bytes,
     .alone = true},
};
const size_t guest_workload_count = sizeof guest_workloads / sizeof *guest_workloads;
