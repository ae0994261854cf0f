/* Spawn and stop of a guest actor, against what the engine itself takes to make and drop an instance. */
#include "actor/actor_system.h"
#include "support/bench.h"
#include "support/floor.h"

/* Store creation, instantiation through InstancePre, drop; with `initialize`, the call that an actor's life
 * has at least. */
static double bare_ns(floor_engine_t *floor, const airs_ext_component_t *component, unsigned count,
                      bool initialize) {
    airs_runtime_engine_t *engine = &floor->engine->base;
    engine->ops->activity_begin(engine);
    uint64_t start = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        floor_instance_t instance;
        floor_instance_open(floor, component, &instance);
        if (initialize) {
            floor_initialize(&instance, NULL);
        }
        floor_instance_close(&instance);
    }
    uint64_t end = bench_now_ns();
    engine->ops->activity_end(engine);
    return (double)(end - start) / count;
}

/* Mailbox, registry, instance, initialize; then stop, with its shutdown call. */
static double full_ns(airs_actor_system_t *system, airs_component_handle_t component, unsigned count) {
    airs_error_t error;
    airs_id_t id = airs_id("bench", "spawned", "0");
    uint64_t start = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        bench_need(airs_actor_system_spawn_component(system, component, id, NULL, &error), &error);
        bench_need(airs_actor_system_stop(system, id, AIRS_STOP_DRAIN, 1000, &error), &error);
    }
    return (double)(bench_now_ns() - start) / count;
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    airs_runtime_engine_t *engine = NULL;
    airs_actor_system_t *system = NULL;
    airs_component_handle_t component = 0;
    airs_error_t error;
    airs_wasm_engine_options_t settings = {.max_instances = 16};
    floor_engine_t floor;
    bench_series_t bare = {.count = 0};
    bench_series_t called = {.count = 0};
    bench_series_t full = {.count = 0};
    unsigned count = options.quick ? 3000 : 20000;
    bench_begin("spawn", "spawn and stop of an echo actor, against store, instantiation and drop alone",
                &options);
    bench_need(airs_wasm_engine_create(&settings, &engine, &error), &error);
    floor_open(&floor, engine);
    airs_ext_component_t *prepared = floor_load(&floor, BENCH_GUESTS "/echo.wasm");
    airs_component_source_t source = {.path = BENCH_GUESTS "/echo.wasm"};
    bench_need(engine->ops->load(engine, &source, &component, &error), &error);
    airs_actor_system_options_t actors = {.engine = engine, .workers = 1};
    bench_need(airs_actor_system_create(&actors, &system, &error), &error);
    (void)bare_ns(&floor, prepared, count / 10, false);
    (void)full_ns(system, component, count / 10);
    for (size_t i = 0; i < options.repeats; i++) {
        bench_series_add(&bare, bare_ns(&floor, prepared, count, false));
        bench_series_add(&called, bare_ns(&floor, prepared, count, true));
        bench_series_add(&full, full_ns(system, component, count));
    }
    bench_section("echo, one thread");
    bench_row("floor: store, instantiation, drop", &bare, "ns");
    bench_row("floor: the same with initialize", &called, "ns");
    bench_row("spawn and stop", &full, "ns");
    bench_ratio_row("spawn and stop / floor", bench_median_ratio(&full, &bare), 1.5, false);
    airs_actor_system_destroy(system);
    engine->ops->unload(engine, component);
    airs_ext_component_delete(prepared);
    floor_close(&floor);
    engine->ops->destroy(engine);
    return bench_end();
}
