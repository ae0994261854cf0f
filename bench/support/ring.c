#include "support/ring.h"

#include <stdio.h>

#include "actor/actor_system.h"
#include "support/bench.h"
#include "support/pace.h"

static uint8_t payload[RING_PAYLOAD_MAX];

static uint64_t handled(airs_actor_system_t *system) {
    airs_node_counters_t totals;
    airs_actor_system_totals(system, &totals);
    return totals.messages;
}

static void spawn_forwarder(airs_actor_system_t *system, airs_component_handle_t component,
                            const char *instance, const char *target) {
    airs_error_t error;
    airs_actor_spec_t spec = {.config = airs_bytes(target, strlen(target))};
    bench_need(airs_actor_system_spawn_component(system, component, airs_id("bench", "ring", instance), &spec,
                                                 &error),
               &error);
}

static void start_pair(airs_actor_system_t *system, airs_component_handle_t component, unsigned index,
                       unsigned in_flight, size_t size) {
    airs_error_t error;
    char instances[2][16];
    char targets[2][32];
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(instances[i], sizeof instances[i], "%u", 2 * index + i);
        (void)snprintf(targets[i], sizeof targets[i], "bench/ring/%u", 2 * index + 1 - i);
        spawn_forwarder(system, component, instances[i], targets[i]);
    }
    for (unsigned i = 0; i < in_flight; i++) {
        bench_need(airs_actor_system_send(system, airs_id("bench", "ring", instances[0]),
                                          airs_bytes(payload, size), airs_str(NULL), &error),
                   &error);
    }
}

double ring_pairs_ns(airs_runtime_engine_t *engine, airs_component_handle_t component, unsigned workers,
                     unsigned pairs, unsigned in_flight, size_t size, long ms) {
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = engine, .workers = workers};
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    for (unsigned i = 0; i < pairs; i++) {
        start_pair(system, component, i, in_flight, size);
    }
    double pace = bench_pace_ns(system, handled, ms, 1000);
    airs_actor_system_destroy(system);
    return pace;
}

double ring_hop_ns(airs_runtime_engine_t *engine, airs_component_handle_t component, unsigned workers,
                   unsigned in_flight, size_t size, long ms) {
    return ring_pairs_ns(engine, component, workers, 1, in_flight, size, ms);
}
