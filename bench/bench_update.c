/* The pause that a hot update makes, for one actor and for each of a thousand, against what the engine itself takes
 * to make and drop an instance.
 *
 * One actor, whose mailbox is never empty: the time from the end of the last message that the old instance handles
 * to the beginning of the first that the new one does. With state, both versions migrate: it is exported, taken and
 * imported. A thousand idle ones: the whole update, without its window, divided by their number. */
#include <stdio.h>

#include "actor/actor_system.h"
#include "support/bench.h"
#include "support/floor.h"

#define MESSAGES 800 /* that wait when an update is asked for; less than a mailbox holds */

/* ---- a stopwatch between the actors and the engine; of one worker ---- */

static const airs_runtime_engine_ops_t *engine_ops;
static airs_instance_t
    *last_instance; /* that handled a message; NULL: none did since the update was asked for */
static uint64_t last_end_ns, pause_ns, pauses;
static bool handling;

static void note_begin(airs_instance_t *instance) {
    if (last_instance != NULL && last_instance != instance) {
        pause_ns += bench_now_ns() - last_end_ns;
        pauses++;
    }
    last_instance = instance;
}

static airs_poll_t note_end(airs_poll_t poll) {
    if (handling && poll == AIRS_POLL_DONE) {
        last_end_ns = bench_now_ns();
    }
    return poll;
}

static airs_poll_t timed_call(airs_instance_t *instance, const airs_call_t *call,
                              airs_call_result_t *result) {
    handling = call->kind == AIRS_CALL_HANDLE_MESSAGE;
    if (handling) {
        note_begin(instance);
    }
    return note_end(engine_ops->call(instance, call, result));
}

static airs_poll_t timed_resume(airs_instance_t *instance, airs_call_result_t *result) {
    return note_end(engine_ops->resume(instance, result));
}

/* ---- the actors ---- */

typedef struct setting {
    airs_runtime_engine_t *engine;
    floor_engine_t floor;
    airs_ext_component_t *prepared;
    airs_component_handle_t first, second, plain,
        anew; /* two that migrate, and one that does not, loaded twice */
    bench_options_t options;
} setting_t;

static double bare_ns(setting_t *setting, unsigned count) {
    engine_ops->activity_begin(setting->engine);
    uint64_t start = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        floor_instance_t instance;
        floor_instance_open(&setting->floor, setting->prepared, &instance);
        floor_instance_close(&instance);
    }
    uint64_t end = bench_now_ns();
    engine_ops->activity_end(setting->engine);
    return (double)(end - start) / count;
}

static airs_actor_system_t *open_system(setting_t *setting, airs_component_handle_t component,
                                        unsigned actors) {
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = setting->engine, .workers = 1};
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    for (unsigned i = 0; i < actors; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%u", i);
        bench_need(airs_actor_system_spawn_component(system, component, airs_id("bench", "u", instance), NULL,
                                                     &error),
                   &error);
    }
    return system;
}

static uint64_t update(airs_actor_system_t *system, airs_component_handle_t component, bool together) {
    airs_error_t error;
    airs_actor_update_t what = {
        .group = airs_id("bench", "u", NULL), .component = component, .together = together};
    uint64_t start = bench_now_ns();
    bench_need(airs_actor_system_update(system, &what, &error), &error);
    return bench_now_ns() - start;
}

/* With messages waiting, back and forth; the mean pause. */
static double pause_of(airs_actor_system_t *system, const airs_component_handle_t versions[2],
                       unsigned updates) {
    airs_error_t error;
    pause_ns = pauses = 0;
    for (unsigned i = 0; i < updates; i++) {
        last_instance = NULL;
        for (unsigned k = 0; k < MESSAGES; k++) {
            bench_need(airs_actor_system_send_wait(system, airs_id("bench", "u", "0"), airs_bytes("get", 3),
                                                   airs_str(NULL), 60000, &error),
                       &error);
        }
        (void)update(system, versions[(i + 1) % 2], false);
        bench_need(airs_actor_system_drain(system, 60000), &error);
    }
    if (pauses < updates / 4) {
        bench_die("only %llu of %u updates came between two messages", (unsigned long long)pauses, updates);
    }
    return (double)pause_ns / (double)pauses;
}

static void one_actor(setting_t *setting) {
    airs_runtime_engine_ops_t timed = *engine_ops;
    timed.call = timed_call;
    timed.resume = timed_resume;
    setting->engine->ops = &timed;
    const airs_component_handle_t migrating[2] = {setting->first, setting->second};
    const airs_component_handle_t anew[2] = {setting->plain, setting->anew};
    airs_actor_system_t *systems[2] = {open_system(setting, setting->plain, 1),
                                       open_system(setting, setting->first, 1)};
    unsigned updates = setting->options.quick ? 100 : 500;
    bench_series_t bare = {.count = 0};
    bench_series_t without = {.count = 0};
    bench_series_t with = {.count = 0};
    for (size_t i = 0; i < setting->options.repeats; i++) {
        bench_series_add(&bare, bare_ns(setting, 2000));
        bench_series_add(&without, pause_of(systems[0], anew, updates));
        bench_series_add(&with, pause_of(systems[1], migrating, updates));
    }
    bench_section("one actor with messages waiting, one worker");
    bench_row("floor: store, instantiation, drop", &bare, "ns");
    bench_row("pause without state", &without, "ns");
    bench_row("pause with state", &with, "ns");
    bench_ratio_row("pause without state / floor", bench_median_ratio(&without, &bare), 3.0, false);
    bench_ratio_row("pause with state / floor", bench_median_ratio(&with, &bare), 4.0, false);
    airs_actor_system_destroy(systems[0]);
    airs_actor_system_destroy(systems[1]);
    setting->engine->ops = engine_ops;
}

static void many(setting_t *setting, unsigned actors) {
    const airs_component_handle_t migrating[2] = {setting->first, setting->second};
    const airs_component_handle_t anew[2] = {setting->plain, setting->anew};
    airs_actor_system_t *systems[2] = {open_system(setting, setting->plain, actors),
                                       open_system(setting, setting->first, actors)};
    bench_series_t bare = {.count = 0};
    bench_series_t each[4] = {{.count = 0}};
    for (size_t i = 0; i < 2 * setting->options.repeats; i++) {
        double times[4];
        for (size_t k = 0; k < 4; k++) {
            const airs_component_handle_t *versions = k % 2 == 0 ? anew : migrating;
            /* To and fro in each repetition, so that both orders begin from the same version. */
            times[k] = (double)update(systems[k % 2], versions[k < 2 ? 1 : 0], k >= 2) / actors;
        }
        if (i % 2 == 1) {
            bench_series_add(&bare, bare_ns(setting, 2000));
            for (size_t k = 0; k < 4; k++) {
                bench_series_add(&each[k], times[k]);
            }
        }
    }
    char title[64];
    (void)snprintf(title, sizeof title, "%u idle actors, one worker: an update, divided by them", actors);
    bench_section(title);
    bench_row("floor: store, instantiation, drop", &bare, "ns");
    bench_row("one after the other, without state", &each[0], "ns");
    bench_row("one after the other, with state", &each[1], "ns");
    bench_row("together, without state", &each[2], "ns");
    bench_row("together, with state", &each[3], "ns");
    bench_ratio_row("one after the other, with state / floor", bench_median_ratio(&each[1], &bare), 0, false);
    bench_ratio_row("together, with state / floor", bench_median_ratio(&each[3], &bare), 0, false);
    airs_actor_system_destroy(systems[0]);
    airs_actor_system_destroy(systems[1]);
}

static airs_component_handle_t load(setting_t *setting, const char *path) {
    airs_error_t error;
    airs_component_handle_t component = 0;
    airs_component_source_t source = {.path = path};
    bench_need(engine_ops->load(setting->engine, &source, &component, &error), &error);
    return component;
}

int main(int argc, char **argv) {
    setting_t setting = {.options = bench_parse(argc, argv)};
    airs_error_t error;
    airs_wasm_engine_options_t engine = {.max_instances = 4096};
    bench_begin("update", "a hot update, until an actor's next message is handled", &setting.options);
    bench_need(airs_wasm_engine_create(&engine, &setting.engine, &error), &error);
    engine_ops = setting.engine->ops;
    floor_open(&setting.floor, setting.engine);
    setting.prepared = floor_load(&setting.floor, BENCH_GUESTS "/update_first.wasm");
    setting.first = load(&setting, BENCH_GUESTS "/update_first.wasm");
    setting.second = load(&setting, BENCH_GUESTS "/update_second.wasm");
    setting.plain = load(&setting, BENCH_GUESTS "/update_plain.wasm");
    setting.anew = load(&setting, BENCH_GUESTS "/update_plain.wasm");
    one_actor(&setting);
    many(&setting, 1000);
    airs_ext_component_delete(setting.prepared);
    floor_close(&setting.floor);
    engine_ops->destroy(setting.engine);
    return bench_end();
}
