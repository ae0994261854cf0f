/* A hop between two guests, against the floor: the same calls through the extension alone. */
#include "actor/actor_system.h"
#include "support/bench.h"
#include "support/floor.h"
#include "support/pace.h"

/* Messages on their way round the ring of two; the mailboxes never fill. */
#define IN_FLIGHT 64

static const size_t sizes[] = {64, 1024, 65536};
#define SIZES (sizeof sizes / sizeof *sizes)

static const char *const size_names[] = {"64 B", "1 KiB", "64 KiB"};

typedef struct figures {
    bench_series_t call;    /* handle-message of a guest that does nothing with it */
    bench_series_t forward; /* handle-message of a guest that sends it on */
    bench_series_t hop;     /* one guest to the other, many on their way */
    bench_series_t single;  /* likewise, one at a time */
    bench_series_t batched; /* the wall time of a hop on all cores */
} figures_t;

static figures_t figures[SIZES];
static uint8_t payload[65536];

static double floor_ns(floor_engine_t *floor, const airs_ext_component_t *component, const char *config,
                       size_t size, uint64_t calls) {
    floor_instance_t instance;
    airs_runtime_engine_t *engine = &floor->engine->base;
    floor_instance_open(floor, component, &instance);
    floor_initialize(&instance, config);
    engine->ops->activity_begin(engine);
    for (uint64_t i = 0; i < calls / 10; i++) {
        floor_message(&instance, payload, size);
    }
    uint64_t start = bench_now_ns();
    for (uint64_t i = 0; i < calls; i++) {
        floor_message(&instance, payload, size);
    }
    uint64_t end = bench_now_ns();
    engine->ops->activity_end(engine);
    floor_instance_close(&instance);
    return (double)(end - start) / (double)calls;
}

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

/* Two forwarders that send to each other, `in_flight` messages between them, for `ms`. */
static double hop_ns(airs_runtime_engine_t *engine, airs_component_handle_t component, unsigned workers,
                     unsigned in_flight, size_t size, long ms) {
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = engine, .workers = workers};
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    spawn_forwarder(system, component, "0", "bench/ring/1");
    spawn_forwarder(system, component, "1", "bench/ring/0");
    for (unsigned i = 0; i < in_flight; i++) {
        bench_need(airs_actor_system_send(system, airs_id("bench", "ring", "0"), airs_bytes(payload, size),
                                          airs_str(NULL), &error),
                   &error);
    }
    double pace = bench_pace_ns(system, handled, ms, 1000);
    airs_actor_system_destroy(system);
    return pace;
}

static void measure(floor_engine_t *floor, size_t index, const bench_options_t *options) {
    airs_runtime_engine_t *engine = &floor->engine->base;
    airs_ext_component_t *sink = floor_load(floor, BENCH_GUESTS "/counter.wasm");
    airs_ext_component_t *forwarder = floor_load(floor, BENCH_GUESTS "/forwarder.wasm");
    airs_component_source_t source = {.path = BENCH_GUESTS "/forwarder.wasm"};
    airs_component_handle_t component = 0;
    airs_error_t error;
    bench_need(engine->ops->load(engine, &source, &component, &error), &error);
    size_t size = sizes[index];
    figures_t *figure = &figures[index];
    long ms = options->quick ? 60 : 300;
    uint64_t calls = (uint64_t)(options->quick ? 1 : 4) * (size > 4096 ? 20000U : 100000U);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&figure->call, floor_ns(floor, sink, NULL, size, calls));
        bench_series_add(&figure->forward, floor_ns(floor, forwarder, "bench/ring/1", size, calls));
        bench_series_add(&figure->hop, hop_ns(engine, component, 1, IN_FLIGHT, size, ms));
        bench_series_add(&figure->single, hop_ns(engine, component, 1, 1, size, ms));
        bench_series_add(&figure->batched, hop_ns(engine, component, 0, IN_FLIGHT, size, ms));
    }
    engine->ops->unload(engine, component);
    airs_ext_component_delete(sink);
    airs_ext_component_delete(forwarder);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    airs_runtime_engine_t *engine = NULL;
    airs_error_t error;
    airs_wasm_engine_options_t settings = {.max_instances = 16};
    floor_engine_t floor;
    bench_begin("hop",
                "a message from one guest to another, against the same calls with no runtime around them",
                &options);
    bench_need(airs_wasm_engine_create(&settings, &engine, &error), &error);
    floor_open(&floor, engine);
    for (size_t i = 0; i < SIZES; i++) {
        measure(&floor, i, &options);
        bench_section(size_names[i]);
        bench_row("floor: call of handle-message", &figures[i].call, "ns");
        bench_row("floor: call that forwards through send", &figures[i].forward, "ns");
        bench_row("hop, one worker, 64 on their way", &figures[i].hop, "ns");
        bench_row("hop, one worker, one at a time", &figures[i].single, "ns");
        bench_row("hop, all cores, 64 on their way", &figures[i].batched, "ns");
        bench_ratio_row("hop / floor", bench_median_ratio(&figures[i].hop, &figures[i].forward),
                        i == 0 ? 1.35 : 0, false);
        bench_ratio_row("hop one at a time / floor",
                        bench_median_ratio(&figures[i].single, &figures[i].forward), 0, false);
    }
    floor_close(&floor);
    engine->ops->destroy(engine);
    return bench_end();
}
