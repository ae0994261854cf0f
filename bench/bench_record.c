/* What it costs to be recorded, and what it costs not to be: calls of handle-message of one instance, of a guest that
 * answers with what it gets and of one that sends it on. In the thread's own processor time: it waits for nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/block_pool.h"
#include "core/crash_sink.h"
#include "core/runtime_engine.h"
#include "runtime/instance.h"
#include "runtime/recorder_state.h"
#include "runtime/wasm_engine.h"
#include "support/bench.h"

#define JOURNAL_BYTES ((uint64_t)4 << 30)

typedef struct scene {
    airs_runtime_engine_t *engine;
    airs_component_handle_t echo;
    airs_component_handle_t forwarder;
} scene_t;

static airs_block_pool_t *pool;
static airs_component_id_t *id;
static airs_component_id_t *sender;

/* Takes whatever is sent. */
static airs_status_t take(airs_message_router_t *router, airs_actor_t *actor, airs_route_t *route,
                          const airs_id_t *target, airs_bytes_t payload, airs_error_t *error) {
    (void)router, (void)actor, (void)route, (void)target, (void)payload, (void)error;
    return AIRS_OK;
}

static void release_route(airs_message_router_t *router, airs_route_t *route) { (void)router, (void)route; }

static airs_message_router_t router = {
    .ops = &(const airs_message_router_ops_t){.send = take, .route_release = release_route}};

static void drop_crash(airs_crash_sink_t *sink, airs_crash_t *crash) {
    (void)sink;
    crash->release(crash);
}

static airs_crash_sink_t crashes = {.take = drop_crash};

static airs_status_t add_timer(airs_timer_service_t *service, airs_timer_t *timer) {
    (void)service, (void)timer;
    return AIRS_OK;
}

static bool cancel_timer(airs_timer_service_t *service, airs_timer_t *timer) {
    (void)service, (void)timer;
    return true;
}

static airs_timer_service_t timers = {.add = add_timer, .cancel = cancel_timer};

static void wake(void *context) { (void)context; }

static void open_scene(scene_t *scene, bool record) {
    airs_error_t error;
    airs_wasm_engine_options_t options = {.max_instances = 4, .record = record};
    airs_component_source_t echo = {.path = BENCH_GUESTS "/single/echo.wasm"};
    airs_component_source_t forwarder = {.path = BENCH_GUESTS "/single/forwarder.wasm"};
    bench_need(airs_wasm_engine_create(&options, &scene->engine, &error), &error);
    bench_need(scene->engine->ops->load(scene->engine, &echo, &scene->echo, &error), &error);
    bench_need(scene->engine->ops->load(scene->engine, &forwarder, &scene->forwarder, &error), &error);
}

/* To its end: nothing here waits, but a time slice may be over. */
static void call(airs_instance_t *instance, const airs_call_t *what) {
    airs_call_result_t result = {0};
    airs_poll_t poll = instance->engine->ops->call(instance, what, &result);
    while (poll == AIRS_POLL_PENDING) {
        poll = instance->engine->ops->resume(instance, &result);
    }
    if (result.status != AIRS_OK) {
        bench_die("%s: %s", airs_status_name(result.status), result.reason);
    }
}

static airs_instance_t *start(const scene_t *scene, airs_component_handle_t component, bool record) {
    airs_error_t error;
    airs_instance_t *instance = NULL;
    airs_instance_limits_t limits = {.max_memory_bytes = 64 << 20, .max_execution_time_ms = 5000};
    airs_host_t host = {
        .id = id,
        .router = &router,
        .timers = &timers,
        .clock = airs_clock_system(),
        .random = airs_random_system(),
        .log = airs_log_none(),
        .wake = wake,
        .record_bytes = record ? JOURNAL_BYTES : 0,
        .crashes = &crashes,
    };
    airs_component_config_t config = {.config = airs_bytes("bench/other/0", 13), .limits = limits};
    airs_call_t instantiate = {.kind = AIRS_CALL_INSTANTIATE};
    airs_call_t initialize = {.kind = AIRS_CALL_INITIALIZE, .config = &config};
    bench_need(
        scene->engine->ops->instance_create(scene->engine, component, &host, &limits, &instance, &error),
        &error);
    call(instance, &instantiate);
    call(instance, &initialize);
    return instance;
}

static uint64_t own_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Nanoseconds a call; and what a call takes of the journal. */
static double call_ns(const scene_t *scene, airs_component_handle_t component, bool record, size_t size,
                      unsigned count, double *journal_bytes) {
    airs_component_message_t *message = NULL;
    uint8_t *payload = calloc(1, size);
    airs_instance_t *instance = start(scene, component, record);
    airs_message_parts_t parts = {.kind = AIRS_MESSAGE_REQUEST,
                                  .sender = sender,
                                  .payload = {payload, size},
                                  .timestamp_ns = bench_now_ns()};
    airs_correlation_id_t correlation = {{1}};
    parts.correlation = &correlation;
    bench_need(airs_component_message_create(pool, &parts, &message), NULL);
    airs_call_t handle = {.kind = AIRS_CALL_HANDLE_MESSAGE, .message = message};
    scene->engine->ops->activity_begin(scene->engine);
    uint64_t begin = own_ns();
    for (unsigned i = 0; i < count; i++) {
        call(instance, &handle);
    }
    uint64_t end = own_ns();
    scene->engine->ops->activity_end(scene->engine);
    if (record && journal_bytes != NULL) {
        *journal_bytes = (double)airs_wasm_instance_of(instance)->recorder->journal.size / count;
    }
    airs_component_message_destroy(message);
    scene->engine->ops->instance_destroy(instance);
    free(payload);
    return (double)(end - begin) / count;
}

static void compare(const scene_t *plain, const scene_t *made, bool forwards, size_t size,
                    const bench_options_t *options) {
    char title[96];
    char name[96];
    bench_series_t before = {.count = 0};
    bench_series_t idle = {.count = 0};
    bench_series_t recorded = {.count = 0};
    bench_series_t speed = {.count = 0};
    double bytes = 0;
    unsigned count = options->quick ? 5000 : 40000;
    airs_component_handle_t one = forwards ? plain->forwarder : plain->echo;
    airs_component_handle_t other = forwards ? made->forwarder : made->echo;
    (void)call_ns(plain, one, false, size, count / 10, NULL);
    (void)call_ns(made, other, true, size, count / 10, NULL);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&before, call_ns(plain, one, false, size, count, NULL));
        bench_series_add(&idle, call_ns(made, other, false, size, count, NULL));
        bench_series_add(&recorded, call_ns(made, other, true, size, count, &bytes));
        bench_series_add(&speed, bytes * 1000.0 / recorded.values[i]);
    }
    (void)snprintf(title, sizeof title, "%zu bytes, %s", size, forwards ? "sent on" : "answered");
    bench_section(title);
    bench_row("a call, in an engine that does not record", &before, "ns");
    bench_row("a call, not recorded, in one that does", &idle, "ns");
    bench_row("a call, recorded", &recorded, "ns");
    (void)snprintf(name, sizeof name, "journal written (%.0f bytes a call)", bytes);
    bench_row(name, &speed, "MB/s");
    bench_ratio_row("not recorded / engine that does not record", bench_median_ratio(&idle, &before), 1.05,
                    false);
    bench_ratio_row("recorded / not recorded", bench_median_ratio(&recorded, &idle), 0, false);
}

int main(int argc, char **argv) {
    static const size_t sizes[] = {64, 1024, 65536};
    bench_options_t options = bench_parse(argc, argv);
    airs_error_t error;
    scene_t plain;
    scene_t made;
    bench_begin("record", "calls of a guest that is recorded, and of one that is not", &options);
    bench_need(airs_block_pool_create(airs_allocator_default(), &pool), NULL);
    bench_need(
        airs_component_id_create(airs_allocator_default(), airs_id("bench", "tested", "0"), &id, &error),
        &error);
    bench_need(
        airs_component_id_create(airs_allocator_default(), airs_id("bench", "sender", "0"), &sender, &error),
        &error);
    open_scene(&plain, false);
    open_scene(&made, true);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        compare(&plain, &made, false, sizes[i], &options);
        compare(&plain, &made, true, sizes[i], &options);
    }
    plain.engine->ops->destroy(plain.engine);
    made.engine->ops->destroy(made.engine);
    airs_component_id_unref(id);
    airs_component_id_unref(sender);
    airs_block_pool_destroy(pool);
    return bench_end();
}
