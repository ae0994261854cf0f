/* What a timer costs with a thousand, a hundred thousand and a million of them armed, and how late requests
 * time out while every worker is kept busy. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/actor_system.h"
#include "actor/timer_wheel.h"
#include "runtime/wasm_engine.h"
#include "support/bench.h"
#include "support/component.h"

#define MS UINT64_C(1000000)
#define SECOND (UINT64_C(1000) * MS)

/* ---- the cost of one ---- */

static const unsigned counts[] = {1000, 100000, 1000000};
#define COUNTS (sizeof counts / sizeof *counts)
static const char *const count_names[] = {"1,000 armed", "100,000 armed", "1,000,000 armed"};

typedef struct cost {
    bench_series_t cancelled; /* one more is added and cancelled */
    bench_series_t replaced;  /* one of the armed ones is cancelled and added again */
    bench_series_t fired;     /* one fires and is added again */
} cost_t;

static cost_t costs[COUNTS];

typedef struct stepped_clock {
    airs_clock_t clock;
    uint64_t now;
} stepped_clock_t;

static stepped_clock_t stepped;

static uint64_t stepped_now(airs_clock_t *clock) { return ((stepped_clock_t *)clock)->now; }

static uint64_t chance = 1;

static uint64_t below(uint64_t bound) {
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (chance >> 33) % bound;
}

static airs_timer_wheel_t *wheel;
static airs_timer_service_t *service;

/* As requests have them: some seconds. */
static void arm(airs_timer_t *timer) {
    timer->deadline_ns = stepped.now + SECOND + below(60000) * MS + below(1000000);
    bench_need(service->add(service, timer), NULL);
}

static void fire_again(airs_timer_t *timer) { arm(timer); }

static double cancelled_ns(uint64_t operations) {
    /* A few, as a pool of blocks hands them out again and again. */
    airs_timer_t timers[64] = {{0}};
    uint64_t start = bench_now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        airs_timer_t *timer = &timers[i % 64];
        timer->fire = fire_again;
        arm(timer);
        (void)service->cancel(service, timer);
    }
    return (double)(bench_now_ns() - start) / (double)operations;
}

static double replaced_ns(airs_timer_t *timers, unsigned count, uint64_t operations) {
    uint64_t start = bench_now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        airs_timer_t *timer = &timers[below(count)];
        (void)service->cancel(service, timer);
        arm(timer);
    }
    return (double)(bench_now_ns() - start) / (double)operations;
}

static double fired_ns(uint64_t operations, unsigned count) {
    uint64_t fired = 0;
    uint64_t start = bench_now_ns();
    while (fired < operations) {
        /* About a hundred at a time, whatever the number that is armed. */
        stepped.now += 30 * SECOND / count * 100;
        fired += airs_timer_wheel_advance(wheel);
    }
    return (double)(bench_now_ns() - start) / (double)fired;
}

static void measure_cost(size_t index, const bench_options_t *options) {
    unsigned count = counts[index];
    uint64_t operations = options->quick ? 50000 : 300000;
    airs_timer_t *timers = calloc(count, sizeof *timers);
    if (timers == NULL) {
        bench_die("no memory for %u timers", count);
    }
    stepped = (stepped_clock_t){.clock = {stepped_now, stepped_now}, .now = SECOND};
    bench_need(airs_timer_wheel_create(airs_allocator_default(), &stepped.clock, false, &wheel), NULL);
    service = airs_timer_wheel_service(wheel);
    for (unsigned i = 0; i < count; i++) {
        timers[i].fire = fire_again;
        arm(&timers[i]);
    }
    (void)fired_ns(operations / 10, count);
    bench_series_add(&costs[index].cancelled, cancelled_ns(operations));
    bench_series_add(&costs[index].replaced, replaced_ns(timers, count, operations));
    bench_series_add(&costs[index].fired, fired_ns(operations, count));
    airs_timer_wheel_destroy(wheel);
    free(timers);
}

static void bench_costs(const bench_options_t *options) {
    for (size_t i = 0; i < options->repeats; i++) {
        for (size_t j = 0; j < COUNTS; j++) {
            measure_cost(j, options);
        }
    }
    for (size_t i = 0; i < COUNTS; i++) {
        bench_section(count_names[i]);
        bench_row("add and cancel one more", &costs[i].cancelled, "ns");
        bench_row("cancel and add again one of them", &costs[i].replaced, "ns");
        bench_row("fire one and add it again", &costs[i].fired, "ns");
    }
    cost_t *few = &costs[0];
    cost_t *many = &costs[COUNTS - 1];
    bench_section("1,000,000 armed / 1,000 armed");
    bench_ratio_row("add and cancel one more", bench_median_ratio(&many->cancelled, &few->cancelled), 2,
                    false);
    /* These two go through all the timers: what a million costs here is the memory they lie in. */
    bench_ratio_row("cancel and add again one of them", bench_median_ratio(&many->replaced, &few->replaced),
                    0, false);
    bench_ratio_row("fire one and add it again", bench_median_ratio(&many->fired, &few->fired), 0, false);
}

/* ---- how late ---- */

static const uint64_t timeouts_ms[] = {1, 5, 20, 100, 500};
#define TIMEOUTS (sizeof timeouts_ms / sizeof *timeouts_ms)
/* Who ask with each timeout, one request after the other. */
#define ASKERS 10
#define LATE_MAX 200000
#define RING 64

typedef struct lateness {
    size_t count;
    double late_ms[LATE_MAX];
    bench_series_t median;
    bench_series_t p99;
    bench_series_t most;
} lateness_t;

typedef struct asker {
    uint64_t timeout_ms;
    uint64_t asked_ns;
    lateness_t *lateness;
    atomic_flag *writing;
} asker_t;

static atomic_bool over;

static void note(asker_t *asker, double late_ms) {
    lateness_t *lateness = asker->lateness;
    while (atomic_flag_test_and_set_explicit(asker->writing, memory_order_acquire)) {
    }
    if (lateness->count < LATE_MAX) {
        lateness->late_ms[lateness->count++] = late_ms;
    }
    atomic_flag_clear_explicit(asker->writing, memory_order_release);
}

/* Each failure is a timeout, measured where the requester hears of it; the next request follows. */
static airs_status_t ask(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    asker_t *asker = state;
    uint64_t now = bench_now_ns();
    if (atomic_load(&over)) {
        return AIRS_OK;
    }
    if (incoming->kind == AIRS_INCOMING_FAILURE) {
        note(asker, (double)(int64_t)(now - asker->asked_ns - asker->timeout_ms * MS) / (double)MS);
    }
    asker->asked_ns = bench_now_ns();
    return airs_actor_request(context, airs_id("bench", "asleep", "0"), airs_bytes("1", 1), asker->timeout_ms,
                              NULL);
}

static void spawn_askers(airs_actor_system_t *system, asker_t *askers) {
    const airs_native_t native = {.size = sizeof native, .handle = ask};
    airs_error_t error;
    for (unsigned i = 0; i < TIMEOUTS * ASKERS; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%u", i);
        airs_id_t id = airs_id("bench", "asker", instance);
        bench_need(airs_actor_system_spawn_native(system, &native, &askers[i], id, NULL, &error), &error);
        bench_need(airs_actor_system_send(system, id, airs_bytes("go", 2), airs_str(NULL), &error), &error);
    }
}

static void spawn_guest(airs_actor_system_t *system, airs_component_handle_t component, airs_id_t id,
                        const char *config) {
    airs_error_t error;
    airs_actor_spec_t spec = {.mailbox_messages = 8000000, .config = airs_bytes(config, strlen(config))};
    bench_need(airs_actor_system_spawn_component(system, component, id, &spec, &error), &error);
}

/* Rings of guests that hand messages on for ever: more of them than workers, none ever idle. */
static void spawn_load(airs_actor_system_t *system, airs_component_handle_t forwarder, unsigned actors) {
    airs_error_t error;
    uint8_t payload[64] = {0};
    for (unsigned i = 0; i < actors; i++) {
        char instance[16];
        char next[32];
        (void)snprintf(instance, sizeof instance, "%u", i);
        (void)snprintf(next, sizeof next, "bench/ring/%u", (i + 1) % actors);
        spawn_guest(system, forwarder, airs_id("bench", "ring", instance), next);
    }
    for (unsigned i = 0; i < actors * RING; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%u", i % actors);
        bench_need(airs_actor_system_send(system, airs_id("bench", "ring", instance),
                                          airs_bytes(payload, sizeof payload), airs_str(NULL), &error),
                   &error);
    }
}

typedef struct load {
    const char *name;
    unsigned guests; /* that are kept busy */
    lateness_t lateness[TIMEOUTS];
    bench_series_t messages; /* a second, of the load */
} load_t;

static int compare(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void conclude(const char *name, lateness_t *lateness) {
    if (lateness->count == 0) {
        bench_die("no request of %s timed out", name);
    }
    qsort(lateness->late_ms, lateness->count, sizeof *lateness->late_ms, compare);
    if (lateness->late_ms[0] < 0) {
        bench_die("a request timed out %f ms early", -lateness->late_ms[0]);
    }
    bench_series_add(&lateness->median, lateness->late_ms[lateness->count / 2]);
    bench_series_add(&lateness->p99, lateness->late_ms[lateness->count * 99 / 100]);
    bench_series_add(&lateness->most, lateness->late_ms[lateness->count - 1]);
    lateness->count = 0;
}

static uint64_t handled(airs_actor_system_t *system) {
    airs_node_counters_t totals;
    airs_actor_system_totals(system, &totals);
    return totals.messages;
}

static void measure_lateness(airs_runtime_engine_t *engine, airs_component_handle_t sleeper,
                             airs_component_handle_t forwarder, load_t *load, long ms) {
    static asker_t askers[TIMEOUTS * ASKERS];
    static atomic_flag writing[TIMEOUTS];
    for (unsigned i = 0; i < TIMEOUTS * ASKERS; i++) {
        unsigned which = i % TIMEOUTS;
        askers[i] = (asker_t){
            .timeout_ms = timeouts_ms[which], .lateness = &load->lateness[which], .writing = &writing[which]};
    }
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = engine};
    atomic_store(&over, false);
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    spawn_guest(system, sleeper, airs_id("bench", "asleep", "0"), "");
    bench_need(airs_actor_system_send(system, airs_id("bench", "asleep", "0"), airs_bytes("50000", 5),
                                      airs_str(NULL), &error),
               &error);
    spawn_load(system, forwarder, load->guests);
    spawn_askers(system, askers);
    uint64_t first = handled(system);
    bench_pause_ms(ms);
    bench_series_add(&load->messages, (double)(handled(system) - first) * 1000 / (double)ms);
    atomic_store(&over, true);
    /* It would be waited for. */
    (void)airs_actor_system_stop(system, airs_id("bench", "asleep", "0"), AIRS_STOP_DROP, 1, &error);
    airs_actor_system_destroy(system);
    for (unsigned i = 0; i < TIMEOUTS; i++) {
        conclude(load->name, &load->lateness[i]);
    }
}

static void report_lateness(load_t *load) {
    bench_section(load->name);
    bench_row("messages a second besides", &load->messages, "");
    for (unsigned i = 0; i < TIMEOUTS; i++) {
        lateness_t *lateness = &load->lateness[i];
        double allowed_ms = 2 + (double)timeouts_ms[i] / 100;
        char name[64];
        (void)snprintf(name, sizeof name, "timeout of %u ms: late, median", (unsigned)timeouts_ms[i]);
        bench_row(name, &lateness->median, "ms");
        bench_row("  99 of 100 are less late than", &lateness->p99, "ms");
        bench_row("  the latest", &lateness->most, "ms");
        bench_ratio_row("  99 of 100 / (2 ms + 1 %)", bench_median(&lateness->p99) / allowed_ms, 1, false);
    }
}

static void bench_lateness(const bench_options_t *options) {
    static load_t loads[] = {
        {.name = "requests that time out, nothing else runs"},
        {.name = "while 2 guests send without end", .guests = 2},
        {.name = "while 64 guests send without end", .guests = 64},
        {.name = "while 1,000 guests send without end", .guests = 1000},
    };
    airs_runtime_engine_t *engine = NULL;
    airs_wasm_engine_options_t settings = {.max_instances = 1100};
    airs_error_t error;
    bench_need(airs_wasm_engine_create(&settings, &engine, &error), &error);
    airs_component_handle_t sleeper = bench_component_load(engine, BENCH_GUESTS "/sleeper.wasm");
    airs_component_handle_t forwarder = bench_component_load(engine, BENCH_GUESTS "/forwarder.wasm");
    for (size_t i = 0; i < options->repeats; i++) {
        for (size_t j = 0; j < sizeof loads / sizeof *loads; j++) {
            measure_lateness(engine, sleeper, forwarder, &loads[j], options->quick ? 1100 : 2600);
        }
    }
    for (size_t j = 0; j < sizeof loads / sizeof *loads; j++) {
        report_lateness(&loads[j]);
    }
    engine->ops->unload(engine, sleeper);
    engine->ops->unload(engine, forwarder);
    engine->ops->destroy(engine);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    bench_begin("timers", "the cost of a timer, and how late requests time out", &options);
    bench_costs(&options);
    bench_lateness(&options);
    return bench_end();
}
