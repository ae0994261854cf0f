/* A hop between two guests that are given messages one by one, against the floor: the same calls through the extension
 * alone. What a hop cannot do without is that the bytes are copied into one guest and out of the other, so the floor
 * that it is held to does that as well, with as many payloads in turn as are on their way: many large ones do not stay
 * in a processor's nearer caches, whoever handles them. */
#include <stdlib.h>

#include "support/bench.h"
#include "support/component.h"
#include "support/floor.h"
#include "support/ring.h"

/* Messages on their way round the ring of two; the mailboxes never fill. */
#define IN_FLIGHT 64

static const size_t sizes[] = {64, 1024, 65536};
#define SIZES (sizeof sizes / sizeof *sizes)

static const char *const size_names[] = {"64 B", "1 KiB", "64 KiB"};

/* What a hop may be to the floor with as many payloads; 0: not said. */
static const double aims[] = {1.15, 0, 1.05};

typedef struct figures {
    bench_series_t call;     /* handle-message of a guest that does nothing with it */
    bench_series_t forward;  /* handle-message of a guest that sends it on; the bytes stay where they are */
    bench_series_t carry;    /* likewise, and they are taken out of the guest */
    bench_series_t rotate;   /* likewise, of as many payloads in turn as are on their way below */
    bench_series_t hop;      /* one guest to the other, many on their way */
    bench_series_t single;   /* likewise, one at a time */
    bench_series_t parallel; /* the wall time of a hop on all cores */
} figures_t;

typedef struct pairs_figures {
    bench_series_t one; /* the wall time of a hop of any of them, on one worker */
    bench_series_t two;
} pairs_figures_t;

static figures_t figures[SIZES];
static pairs_figures_t pairs_figures[2];

/* Where the floor finds payloads and puts them: one that is sent on goes where the last one came from. */
typedef struct lanes {
    uint8_t *block;
    uint8_t *payloads[IN_FLIGHT];
    uint8_t *spare;
} lanes_t;

/* As far from each other as messages are, which have a header: at distances that are a power of two they would be in
 * each other's way in the caches. */
static void lanes_open(lanes_t *lanes, size_t size) {
    size_t distance = (size + 191) / 64 * 64;
    lanes->block = calloc(IN_FLIGHT + 1, distance);
    if (lanes->block == NULL) {
        bench_die("no memory for %d payloads", IN_FLIGHT + 1);
    }
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        lanes->payloads[i] = lanes->block + i * distance;
    }
    lanes->spare = lanes->block + IN_FLIGHT * distance;
}

/* The next of the first `count` payloads, which the guest sends on to where the outbox is. */
static void carry_one(floor_instance_t *instance, lanes_t *lanes, uint64_t turn, size_t count, size_t size) {
    uint8_t **payload = &lanes->payloads[turn % count];
    uint8_t *empty = *payload;
    instance->outbox = lanes->spare;
    floor_message(instance, empty, size);
    *payload = lanes->spare;
    lanes->spare = empty;
}

/* With no lanes the bytes are left where they are. */
static void run_floor(floor_instance_t *instance, lanes_t *lanes, size_t count, size_t size, uint64_t calls) {
    static const uint8_t still[RING_PAYLOAD_MAX];
    for (uint64_t i = 0; i < calls; i++) {
        if (lanes != NULL) {
            carry_one(instance, lanes, i, count, size);
        } else {
            floor_message(instance, still, size);
        }
    }
}

static double floor_ns(floor_engine_t *floor, const airs_ext_component_t *component, const char *config,
                       lanes_t *lanes, size_t count, size_t size, uint64_t calls) {
    floor_instance_t instance;
    airs_runtime_engine_t *engine = &floor->engine->base;
    floor_instance_open(floor, component, &instance);
    floor_initialize(&instance, config);
    engine->ops->activity_begin(engine);
    run_floor(&instance, lanes, count, size, calls / 10);
    uint64_t start = bench_now_ns();
    run_floor(&instance, lanes, count, size, calls);
    uint64_t end = bench_now_ns();
    engine->ops->activity_end(engine);
    floor_instance_close(&instance);
    return (double)(end - start) / (double)calls;
}

static void measure(floor_engine_t *floor, size_t index, const bench_options_t *options) {
    static const char target[] = "bench/ring/1";
    airs_runtime_engine_t *engine = &floor->engine->base;
    airs_ext_component_t *sink = floor_load(floor, BENCH_GUESTS "/single/counter.wasm");
    airs_ext_component_t *forwarder = floor_load(floor, BENCH_GUESTS "/single/forwarder.wasm");
    airs_component_handle_t component = bench_component_load(engine, BENCH_GUESTS "/single/forwarder.wasm");
    size_t size = sizes[index];
    figures_t *figure = &figures[index];
    lanes_t lanes;
    lanes_open(&lanes, size);
    long ms = options->quick ? 60 : 300;
    uint64_t calls = (uint64_t)(options->quick ? 1 : 4) * (size > 4096 ? 10000U : 50000U);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&figure->call, floor_ns(floor, sink, NULL, NULL, 0, size, calls));
        bench_series_add(&figure->forward, floor_ns(floor, forwarder, target, NULL, 0, size, calls));
        bench_series_add(&figure->carry, floor_ns(floor, forwarder, target, &lanes, 1, size, calls));
        bench_series_add(&figure->single, ring_hop_ns(engine, component, 1, 1, size, ms));
        bench_series_add(&figure->rotate, floor_ns(floor, forwarder, target, &lanes, IN_FLIGHT, size, calls));
        bench_series_add(&figure->hop, ring_hop_ns(engine, component, 1, IN_FLIGHT, size, ms));
        bench_series_add(&figure->parallel, ring_hop_ns(engine, component, 0, IN_FLIGHT, size, ms));
    }
    free(lanes.block);
    engine->ops->unload(engine, component);
    airs_ext_component_delete(sink);
    airs_ext_component_delete(forwarder);
}

static void report(size_t index) {
    const figures_t *figure = &figures[index];
    bench_section(size_names[index]);
    bench_row("floor: call of handle-message", &figure->call, "ns");
    bench_row("floor: that sends, the bytes not touched", &figure->forward, "ns");
    bench_row("floor: that sends, the bytes taken out", &figure->carry, "ns");
    bench_row("floor: likewise, 64 payloads in turn", &figure->rotate, "ns");
    bench_row("hop, one worker, one at a time", &figure->single, "ns");
    bench_row("hop, one worker, 64 on their way", &figure->hop, "ns");
    bench_row("hop, all cores, 64 on their way", &figure->parallel, "ns");
    bench_ratio_row("hop / floor, 64 payloads", bench_median_ratio(&figure->hop, &figure->rotate),
                    aims[index], false);
    bench_ratio_row("hop / floor, one payload", bench_median_ratio(&figure->single, &figure->carry), 0,
                    false);
    bench_ratio_row("hop / floor, the bytes not touched", bench_median_ratio(&figure->hop, &figure->forward),
                    0, false);
}

/* Pairs have nothing to do with each other, so a second worker should be worth nearly as much as the first. */
static void measure_pairs(airs_runtime_engine_t *engine, const bench_options_t *options) {
    static const char *const guests[] = {BENCH_GUESTS "/single/forwarder.wasm",
                                         BENCH_GUESTS "/forwarder.wasm"};
    static const char *const titles[] = {"8 pairs, 64 B, one by one", "8 pairs, 64 B, in batches"};
    long ms = options->quick ? 100 : 300;
    for (size_t kind = 0; kind < 2; kind++) {
        pairs_figures_t *figure = &pairs_figures[kind];
        airs_component_handle_t component = bench_component_load(engine, guests[kind]);
        for (size_t i = 0; i < options->repeats; i++) {
            bench_series_add(&figure->one,
                             ring_pairs_ns(engine, component, 1, RING_PAIRS_MAX, IN_FLIGHT, 64, ms));
            bench_series_add(&figure->two,
                             ring_pairs_ns(engine, component, 2, RING_PAIRS_MAX, IN_FLIGHT, 64, ms));
        }
        engine->ops->unload(engine, component);
        bench_section(titles[kind]);
        bench_row("hop, one worker", &figure->one, "ns");
        bench_row("hop, two workers", &figure->two, "ns");
        bench_ratio_row("two workers / one, messages a second",
                        bench_median_ratio(&figure->one, &figure->two), 1.8, true);
    }
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    airs_runtime_engine_t *engine = NULL;
    airs_error_t error;
    airs_wasm_engine_options_t settings = {.max_instances = 4 * RING_PAIRS_MAX};
    floor_engine_t floor;
    bench_begin("hop",
                "a message from one guest to another, against the same calls with no runtime around them",
                &options);
    bench_need(airs_wasm_engine_create(&settings, &engine, &error), &error);
    floor_open(&floor, engine);
    for (size_t i = 0; i < SIZES; i++) {
        measure(&floor, i, &options);
        report(i);
    }
    measure_pairs(engine, &options);
    floor_close(&floor);
    engine->ops->destroy(engine);
    return bench_end();
}
