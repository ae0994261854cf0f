/* A request and its response between two guests, against the floor: the same two calls through the
 * extension alone. */
#include "actor/actor_system.h"
#include "support/bench.h"
#include "support/component.h"
#include "support/floor.h"
#include "support/pace.h"

/* Rounds that are on their way at once; no mailbox fills. */
#define ROUNDS 64

static const size_t sizes[] = {64, 1024, 65536};
#define SIZES (sizeof sizes / sizeof *sizes)

static const char *const size_names[] = {"64 B", "1 KiB", "64 KiB"};

typedef struct figures {
    bench_series_t floor;  /* handle-message of who answers, and handle-callback of who asks again */
    bench_series_t trip;   /* a round trip, many on their way */
    bench_series_t single; /* likewise, one at a time */
    bench_series_t cores;  /* the wall time of a round trip on all cores */
} figures_t;

static figures_t figures[SIZES];
static uint8_t payload[65536];

static double floor_ns(floor_engine_t *floor, const airs_ext_component_t *asker,
                       const airs_ext_component_t *answerer, size_t size, uint64_t calls) {
    floor_instance_t asks;
    floor_instance_t answers;
    airs_runtime_engine_t *engine = &floor->engine->base;
    floor_instance_open(floor, asker, &asks);
    floor_instance_open(floor, answerer, &answers);
    floor_initialize(&asks, "bench/echo/0");
    floor_initialize(&answers, NULL);
    engine->ops->activity_begin(engine);
    uint64_t start = 0;
    for (uint64_t i = 0; i < calls + calls / 10; i++) {
        if (i == calls / 10) {
            start = bench_now_ns();
        }
        floor_request(&answers, payload, size);
        floor_response(&asks, payload, size);
    }
    uint64_t end = bench_now_ns();
    engine->ops->activity_end(engine);
    floor_instance_close(&asks);
    floor_instance_close(&answers);
    return (double)(end - start) / (double)calls;
}

static uint64_t completed(airs_actor_system_t *system) {
    airs_request_counters_t requests;
    airs_actor_system_requests(system, &requests);
    if (requests.failed + requests.timed_out > 0) {
        bench_die("%llu requests failed, %llu timed out", (unsigned long long)requests.failed,
                  (unsigned long long)requests.timed_out);
    }
    return requests.completed;
}

typedef struct guests {
    airs_runtime_engine_t *engine;
    airs_component_handle_t asker;
    airs_component_handle_t answerer;
} guests_t;

/* A guest that asks another one, `rounds` requests between them, for `ms`. */
static double trip_ns(const guests_t *guests, unsigned workers, unsigned rounds, size_t size, long ms) {
    static const char target[] = "bench/echo/0";
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = guests->engine, .workers = workers};
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    airs_actor_spec_t spec = {.config = airs_bytes(target, sizeof target - 1)};
    bench_need(airs_actor_system_spawn_component(system, guests->answerer, airs_id("bench", "echo", "0"),
                                                 NULL, &error),
               &error);
    bench_need(airs_actor_system_spawn_component(system, guests->asker, airs_id("bench", "asker", "0"), &spec,
                                                 &error),
               &error);
    for (unsigned i = 0; i < rounds; i++) {
        bench_need(airs_actor_system_send(system, airs_id("bench", "asker", "0"), airs_bytes(payload, size),
                                          airs_str(NULL), &error),
                   &error);
    }
    double pace = bench_pace_ns(system, completed, ms, 500);
    airs_actor_system_destroy(system);
    return pace;
}

static void measure(floor_engine_t *floor, const guests_t *guests, size_t index,
                    const bench_options_t *options) {
    airs_ext_component_t *asker = floor_load(floor, BENCH_GUESTS "/single/asker.wasm");
    airs_ext_component_t *answerer = floor_load(floor, BENCH_GUESTS "/single/echo.wasm");
    size_t size = sizes[index];
    figures_t *figure = &figures[index];
    long ms = options->quick ? 60 : 300;
    uint64_t calls = (uint64_t)(options->quick ? 1 : 4) * (size > 4096 ? 10000U : 50000U);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&figure->floor, floor_ns(floor, asker, answerer, size, calls));
        bench_series_add(&figure->trip, trip_ns(guests, 1, ROUNDS, size, ms));
        bench_series_add(&figure->single, trip_ns(guests, 1, 1, size, ms));
        bench_series_add(&figure->cores, trip_ns(guests, 0, ROUNDS, size, ms));
    }
    airs_ext_component_delete(asker);
    airs_ext_component_delete(answerer);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    airs_runtime_engine_t *engine = NULL;
    airs_error_t error;
    airs_wasm_engine_options_t settings = {.max_instances = 16};
    floor_engine_t floor;
    bench_begin("request", "a request and its response between guests, against the same two calls alone",
                &options);
    bench_need(airs_wasm_engine_create(&settings, &engine, &error), &error);
    floor_open(&floor, engine);
    guests_t guests = {engine, bench_component_load(engine, BENCH_GUESTS "/single/asker.wasm"),
                       bench_component_load(engine, BENCH_GUESTS "/single/echo.wasm")};
    for (size_t i = 0; i < SIZES; i++) {
        measure(&floor, &guests, i, &options);
        bench_section(size_names[i]);
        bench_row("floor: the answer's call and the callback's", &figures[i].floor, "ns");
        bench_row("round trip, one worker, 64 on their way", &figures[i].trip, "ns");
        bench_row("round trip, one worker, one at a time", &figures[i].single, "ns");
        bench_row("round trip, all cores, 64 on their way", &figures[i].cores, "ns");
        bench_ratio_row("round trip / two floor calls",
                        bench_median_ratio(&figures[i].trip, &figures[i].floor), i == 0 ? 1.6 : 0, false);
        bench_ratio_row("round trip one at a time / two floor calls",
                        bench_median_ratio(&figures[i].single, &figures[i].floor), 0, false);
    }
    engine->ops->unload(engine, guests.asker);
    engine->ops->unload(engine, guests.answerer);
    floor_close(&floor);
    engine->ops->destroy(engine);
    return bench_end();
}
