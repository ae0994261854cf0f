/* From a crash to the next message that is handled, against what the engine itself takes to make and drop an
 * instance.
 *
 * The guest traps on every second message of its mailbox. One actor: the time from the trap (and from the call
 * that traps, which the engine takes apart and describes) to the end of the next call. A thousand: restarts a
 * second, with what each costs of a core. */
#include <stdatomic.h>
#include <stdio.h>

#include "actor/actor_system.h"
#include "actor/supervisor.h"
#include "support/bench.h"
#include "support/floor.h"

/* ---- a stopwatch between the actors and the engine; of one worker ---- */

static const airs_runtime_engine_ops_t *engine_ops;
static bool handling;                        /* the call in hand is of handle-message */
static uint64_t call_began_ns;               /* likewise */
static uint64_t crashed_call_ns, trapped_ns; /* of the last trap; 0: another message has been handled since */
static uint64_t from_call_ns, from_trap_ns, restarts;

static airs_poll_t look(airs_poll_t poll, const airs_call_result_t *result) {
    if (poll != AIRS_POLL_DONE || !handling) {
        return poll;
    }
    uint64_t now = bench_now_ns();
    if (result->status != AIRS_OK) {
        crashed_call_ns = call_began_ns;
        trapped_ns = now;
    } else if (trapped_ns != 0) {
        from_call_ns += now - crashed_call_ns;
        from_trap_ns += now - trapped_ns;
        restarts++;
        trapped_ns = 0;
    }
    return poll;
}

static airs_poll_t timed_call(airs_instance_t *instance, const airs_call_t *call,
                              airs_call_result_t *result) {
    handling = call->kind == AIRS_CALL_HANDLE_MESSAGE;
    if (handling) {
        call_began_ns = bench_now_ns();
    }
    return look(engine_ops->call(instance, call, result), result);
}

static airs_poll_t timed_resume(airs_instance_t *instance, airs_call_result_t *result) {
    return look(engine_ops->resume(instance, result), result);
}

/* ---- the actors ---- */

static airs_supervisor_t *supervise(airs_actor_system_t *system, airs_component_handle_t component,
                                    unsigned actors) {
    airs_error_t error;
    airs_supervisor_t *supervisor = NULL;
    airs_child_spec_t model = {.component = component};
    airs_supervisor_spec_t spec = {.strategy = AIRS_SIMPLE_ONE_FOR_ONE,
                                   .intensity = AIRS_INTENSITY_MAX,
                                   .period_ms = 1,
                                   .children = &model,
                                   .child_count = 1};
    bench_need(airs_actor_system_start_supervisor(system, &spec, &supervisor, &error), &error);
    for (unsigned i = 0; i < actors; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%u", i);
        bench_need(airs_supervisor_start_like(supervisor, airs_id("bench", "fragile", instance),
                                              airs_bytes(NULL, 0), &error),
                   &error);
    }
    return supervisor;
}

/* Nanoseconds until all have handled so many pairs: of messages, or of a message that traps and one that does
 * not. */
static uint64_t run(airs_actor_system_t *system, unsigned actors, unsigned pairs, const char *first) {
    airs_error_t error;
    uint64_t start = bench_now_ns();
    for (unsigned pair = 0; pair < pairs; pair++) {
        for (unsigned i = 0; i < actors; i++) {
            char instance[16];
            (void)snprintf(instance, sizeof instance, "%u", i);
            airs_id_t id = airs_id("bench", "fragile", instance);
            bench_need(airs_actor_system_send_wait(system, id, airs_bytes(first, strlen(first)),
                                                   airs_str(NULL), 60000, &error),
                       &error);
            bench_need(
                airs_actor_system_send_wait(system, id, airs_bytes("x", 1), airs_str(NULL), 60000, &error),
                &error);
        }
    }
    bench_need(airs_actor_system_drain(system, 60000), &error);
    return bench_now_ns() - start;
}

typedef struct setting {
    airs_runtime_engine_t *engine;
    floor_engine_t floor;
    airs_ext_component_t *prepared;
    airs_component_handle_t component;
    bench_options_t options;
    bench_series_t trap; /* of one_at_a_time */
} setting_t;

static double bare_ns(setting_t *setting, unsigned count, bool initialize) {
    engine_ops->activity_begin(setting->engine);
    uint64_t start = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        floor_instance_t instance;
        floor_instance_open(&setting->floor, setting->prepared, &instance);
        if (initialize) {
            floor_initialize(&instance, NULL);
        }
        floor_instance_close(&instance);
    }
    uint64_t end = bench_now_ns();
    engine_ops->activity_end(setting->engine);
    return (double)(end - start) / count;
}

static airs_actor_system_t *open_system(setting_t *setting) {
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = setting->engine, .workers = 1};
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    return system;
}

static void one_at_a_time(setting_t *setting) {
    airs_runtime_engine_ops_t timed = *engine_ops;
    timed.call = timed_call;
    timed.resume = timed_resume;
    setting->engine->ops = &timed;
    airs_actor_system_t *system = open_system(setting);
    airs_supervisor_t *supervisor = supervise(system, setting->component, 1);
    unsigned count = setting->options.quick ? 2000 : 10000;
    bench_series_t bare = {.count = 0};
    bench_series_t called = {.count = 0};
    bench_series_t from_call = {.count = 0};
    bench_series_t from_trap = {.count = 0};
    (void)run(system, 1, count / 10, "trap");
    for (size_t i = 0; i < setting->options.repeats; i++) {
        bench_series_add(&bare, bare_ns(setting, count, false));
        bench_series_add(&called, bare_ns(setting, count, true));
        from_call_ns = from_trap_ns = restarts = 0;
        (void)run(system, 1, count, "trap");
        if (restarts != count) {
            bench_die("%u restarts were asked for, and %llu happened", count, (unsigned long long)restarts);
        }
        bench_series_add(&from_call, (double)from_call_ns / (double)restarts);
        bench_series_add(&from_trap, (double)from_trap_ns / (double)restarts);
        bench_series_add(&setting->trap, (double)(from_call_ns - from_trap_ns) / (double)restarts);
    }
    bench_section("one actor, one worker");
    bench_row("floor: store, instantiation, drop", &bare, "ns");
    bench_row("floor: the same with initialize", &called, "ns");
    bench_row("the call that traps, with its backtrace", &setting->trap, "ns");
    bench_row("from its beginning to the next call's end", &from_call, "ns");
    bench_row("from the trap to the next call's end", &from_trap, "ns");
    bench_ratio_row("crash to running again / floor", bench_median_ratio(&from_trap, &bare), 3.0, false);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, 10000);
    airs_actor_system_destroy(system);
    setting->engine->ops = engine_ops;
}

static void many(setting_t *setting, unsigned actors) {
    airs_actor_system_t *system = open_system(setting);
    airs_supervisor_t *supervisor = supervise(system, setting->component, actors);
    unsigned pairs = setting->options.quick ? 5 : 20;
    bench_series_t bare = {.count = 0};
    bench_series_t each = {.count = 0};
    bench_series_t rate = {.count = 0};
    (void)run(system, actors, 2, "trap");
    for (size_t i = 0; i < setting->options.repeats; i++) {
        bench_series_add(&bare, bare_ns(setting, 2000, false));
        double plain = (double)run(system, actors, pairs, "x");
        double crashing = (double)run(system, actors, pairs, "trap");
        double count = (double)actors * pairs;
        bench_series_add(&each, (crashing - plain) / count - bench_median(&setting->trap));
        bench_series_add(&rate, count / crashing * 1e9);
    }
    char title[64];
    (void)snprintf(title, sizeof title, "%u actors under one supervisor, one worker", actors);
    bench_section(title);
    bench_row("floor: store, instantiation, drop", &bare, "ns");
    bench_row("a restart, without trap and messages", &each, "ns");
    bench_row("restarts", &rate, "/s");
    bench_ratio_row("a restart / floor", bench_median_ratio(&each, &bare), 3.0, false);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, 10000);
    airs_actor_system_destroy(system);
}

int main(int argc, char **argv) {
    setting_t setting = {.options = bench_parse(argc, argv)};
    airs_error_t error;
    airs_wasm_engine_options_t engine = {.max_instances = 1024};
    bench_begin("restart", "a crash of a supervised guest, until its next message is handled",
                &setting.options);
    bench_need(airs_wasm_engine_create(&engine, &setting.engine, &error), &error);
    engine_ops = setting.engine->ops;
    floor_open(&setting.floor, setting.engine);
    setting.prepared = floor_load(&setting.floor, BENCH_GUESTS "/trap.wasm");
    airs_component_source_t source = {.path = BENCH_GUESTS "/trap.wasm"};
    bench_need(engine_ops->load(setting.engine, &source, &setting.component, &error), &error);
    one_at_a_time(&setting);
    many(&setting, 1000);
    engine_ops->unload(setting.engine, setting.component);
    airs_ext_component_delete(setting.prepared);
    floor_close(&setting.floor);
    engine_ops->destroy(setting.engine);
    return bench_end();
}
