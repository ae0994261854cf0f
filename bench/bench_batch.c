/* Messages in batches against messages one by one: the same guest, built both ways. */
#include "support/bench.h"
#include "support/component.h"
#include "support/floor.h"
#include "support/ring.h"

/* Messages of one call on the engine alone, and on their way round the ring of two. */
#define BATCH 64
#define IN_FLIGHT 128

static const size_t sizes[] = {64, 1024};
static const char *const size_names[] = {"64 B", "1 KiB"};

typedef struct figures {
    bench_series_t single_call; /* of a message that is sent on, on the engine alone */
    bench_series_t taken;       /* a message of a batch, likewise */
    bench_series_t forwarded;   /* and sent on */
    bench_series_t single[2];   /* a hop: one worker, all cores */
    bench_series_t batched[2];
} figures_t;

typedef struct setting {
    floor_engine_t floor;
    airs_ext_component_t *alone;
    airs_ext_component_t *sink;
    airs_ext_component_t *forwarder;
    airs_component_handle_t single;
    airs_component_handle_t batched;
} setting_t;

/* A message of `batch` in one call; 1: of one that comes alone. */
static double floor_ns(setting_t *setting, const airs_ext_component_t *component, uint32_t batch, size_t size,
                       uint64_t messages) {
    static uint8_t payload[RING_PAYLOAD_MAX];
    airs_runtime_engine_t *engine = &setting->floor.engine->base;
    floor_instance_t instance;
    floor_instance_open(&setting->floor, component, &instance);
    floor_initialize(&instance, "bench/ring/1");
    engine->ops->activity_begin(engine);
    uint64_t start = 0;
    for (uint64_t i = 0; i < messages + messages / 10; i += batch) {
        if (start == 0 && i >= messages / 10) {
            start = bench_now_ns();
        }
        if (batch == 1) {
            floor_message(&instance, payload, size);
        } else {
            floor_batch(&instance, batch, size);
        }
    }
    uint64_t end = bench_now_ns();
    engine->ops->activity_end(engine);
    floor_instance_close(&instance);
    return (double)(end - start) / (double)messages;
}

static void measure(setting_t *setting, size_t size, const bench_options_t *options, figures_t *figures) {
    airs_runtime_engine_t *engine = &setting->floor.engine->base;
    long ms = options->quick ? 60 : 300;
    uint64_t messages = options->quick ? 100000 : 400000;
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&figures->single_call, floor_ns(setting, setting->alone, 1, size, messages));
        bench_series_add(&figures->taken, floor_ns(setting, setting->sink, BATCH, size, messages));
        bench_series_add(&figures->forwarded, floor_ns(setting, setting->forwarder, BATCH, size, messages));
        for (unsigned all = 0; all < 2; all++) {
            unsigned workers = all == 0 ? 1 : 0;
            bench_series_add(&figures->single[all],
                             ring_hop_ns(engine, setting->single, workers, IN_FLIGHT, size, ms));
            bench_series_add(&figures->batched[all],
                             ring_hop_ns(engine, setting->batched, workers, IN_FLIGHT, size, ms));
        }
    }
}

static void report(const char *title, const figures_t *figures) {
    bench_section(title);
    bench_row("engine alone: a message that comes alone, sent on", &figures->single_call, "ns");
    bench_row("engine alone: a message of a batch", &figures->taken, "ns");
    bench_row("engine alone: a message of a batch, sent on", &figures->forwarded, "ns");
    bench_row("hop one by one, one worker", &figures->single[0], "ns");
    bench_row("hop in batches, one worker", &figures->batched[0], "ns");
    bench_row("hop one by one, all cores", &figures->single[1], "ns");
    bench_row("hop in batches, all cores", &figures->batched[1], "ns");
    bench_ratio_row("one by one / in batches, one worker",
                    bench_median_ratio(&figures->single[0], &figures->batched[0]), 5, true);
    bench_ratio_row("one by one / in batches, all cores",
                    bench_median_ratio(&figures->single[1], &figures->batched[1]), 5, true);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    airs_runtime_engine_t *engine = NULL;
    airs_error_t error;
    airs_wasm_engine_options_t engine_options = {.max_instances = 16};
    setting_t setting;
    bench_begin("batch", "a message from one guest to another, in batches and one by one", &options);
    bench_need(airs_wasm_engine_create(&engine_options, &engine, &error), &error);
    floor_open(&setting.floor, engine);
    setting.alone = floor_load(&setting.floor, BENCH_GUESTS "/single/forwarder.wasm");
    setting.sink = floor_load(&setting.floor, BENCH_GUESTS "/counter.wasm");
    setting.forwarder = floor_load(&setting.floor, BENCH_GUESTS "/forwarder.wasm");
    setting.single = bench_component_load(engine, BENCH_GUESTS "/single/forwarder.wasm");
    setting.batched = bench_component_load(engine, BENCH_GUESTS "/forwarder.wasm");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        figures_t figures = {0};
        measure(&setting, sizes[i], &options, &figures);
        report(size_names[i], &figures);
    }
    airs_ext_component_delete(setting.alone);
    airs_ext_component_delete(setting.sink);
    airs_ext_component_delete(setting.forwarder);
    engine->ops->unload(engine, setting.single);
    engine->ops->unload(engine, setting.batched);
    floor_close(&setting.floor);
    engine->ops->destroy(engine);
    return bench_end();
}
