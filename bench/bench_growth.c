/* What one operation costs with few and with very many of what it works on: actors, subscribers, pending requests,
 * timers, rules of a policy; and what a hop costs with small and with large messages. Processor time, one worker; the
 * sizes in turn within each repetition. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "support/bench.h"
#include "support/decisions.h"
#include "support/driver.h"
#include "support/growth.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GROWTH(name, sizes_) {.title = (name), .sizes = (sizes_), .count = COUNT(sizes_)}

static const uint64_t thousands[] = {10, 100, 1000, 10000, 100000};
static const uint64_t guests[] = {10, 100, 1000, 10000};
static const uint64_t bytes[] = {0, 64, 1024, 16384, 262144, 1048576, 4194304, 16777216};

static uint64_t steps; /* of what takes a microsecond or less */

static airs_id_t numbered(const char *name, uint64_t number, char out[24]) {
    (void)snprintf(out, 24, "%llu", (unsigned long long)number);
    return airs_id("bench", name, out);
}

/* Some other one each time, in no order that a cache would know. */
static uint64_t any(uint64_t number, uint64_t size) { return number * UINT64_C(2654435761) % size; }

/* ---- actors ---- */

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context, (void)state, (void)incoming;
    return AIRS_OK;
}

static airs_status_t spawn_native(airs_actor_context_t *context, const airs_native_t *native,
                                  const char *name, uint64_t number) {
    char instance[24];
    airs_actor_spawn_t spawn = {.size = sizeof spawn, .id = numbered(name, number, instance)};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = 1000000;
    return airs_actor_spawn_native(context, native, NULL, &spawn, &options, NULL);
}

static const airs_native_t idle = {.size = sizeof idle, .handle = ignore};

static airs_status_t add_idle(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)number;
    return spawn_native(context, &idle, "idle", driver->size++);
}

static airs_status_t send_to_one(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    char instance[24];
    (void)driver, (void)number;
    return airs_actor_send(context, numbered("idle", 7, instance), airs_bytes("x", 1));
}

static airs_status_t send_to_any(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    char instance[24];
    return airs_actor_send(context, numbered("idle", any(number, driver->size), instance),
                           airs_bytes("x", 1));
}

static airs_status_t spawn_and_stop(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    char instance[24];
    (void)driver;
    airs_status_t status = spawn_native(context, &idle, "extra", number);
    return status != AIRS_OK
               ? status
               : airs_actor_stop_other(context, numbered("extra", number, instance), AIRS_STOP_DRAIN);
}

static const driver_job_t adding_idle = {.step = add_idle};
static const driver_job_t sending_to_one = {.step = send_to_one};
static const driver_job_t sending_to_any = {.step = send_to_any};
static const driver_job_t spawning = {.step = spawn_and_stop};

static growth_t native_one = GROWTH("Actors: a message to the same native actor", thousands);
static growth_t native_any = GROWTH("Actors: a message to any of the native actors", thousands);
static growth_t native_spawn = GROWTH("Actors: spawn one more native actor and stop it", thousands);

static void measure_actors(void) {
    driver_t driver = {0};
    airs_node_t *node = driver_node(0);
    driver_spawn(&driver, node);
    for (size_t i = 0; i < native_one.count; i++) {
        (void)driver_run(&driver, node, &adding_idle, thousands[i] - driver.size);
        (void)driver_run(&driver, node, &sending_to_any, steps / 10);
        bench_series_add(&native_one.costs[i], driver_run(&driver, node, &sending_to_one, steps));
        bench_series_add(&native_any.costs[i], driver_run(&driver, node, &sending_to_any, steps));
        bench_series_add(&native_spawn.costs[i], driver_run(&driver, node, &spawning, steps / 4));
    }
    airs_node_destroy(node);
}

/* ---- guests ---- */

static growth_t guest_one = GROWTH("Guests: a message to the same guest", guests);
static growth_t guest_any = GROWTH("Guests: a message to any of the guests", guests);
static growth_t guest_spawn = GROWTH("Guests: spawn one more and stop it", guests);

/* Of these a thousand have an instance, the others are passive (docs/guide/passivation.md). */
#define INSTANCES 1000

static growth_t stateless_one = GROWTH("Stateless guests: a message to the same guest", thousands);
static growth_t stateless_any = GROWTH("Stateless guests: a message to any of the guests", thousands);
static growth_t stateless_spawn = GROWTH("Stateless guests: spawn one more and stop it", thousands);

static double spawn_guests_ns(airs_node_t *node, airs_component_t component,
                              const airs_spawn_options_t *options, uint64_t count) {
    airs_id_t id = airs_id("bench", "extra", "0");
    airs_error_t error;
    uint64_t began = bench_processor_ns();
    for (uint64_t i = 0; i < count; i++) {
        bench_need(airs_node_spawn(node, component, id, options, &error), &error);
        bench_need(airs_node_stop(node, id, AIRS_STOP_DRAIN, 60000, &error), &error);
    }
    return (double)(bench_processor_ns() - began) / (double)count;
}

static void add_guests(airs_node_t *node, airs_component_t component, const airs_spawn_options_t *options,
                       driver_t *driver, uint64_t count) {
    airs_error_t error;
    for (; driver->size < count; driver->size++) {
        char instance[24];
        airs_id_t id = numbered("idle", driver->size, instance);
        bench_need(airs_node_spawn(node, component, id, options, &error), &error);
    }
}

/* Every one of them handles a message. */
static void tell_all(airs_node_t *node, driver_t *driver) {
    airs_error_t error;
    for (uint64_t i = 0; i < driver->size; i++) {
        char instance[24];
        bench_need(airs_node_call(node, numbered("idle", i, instance), airs_bytes("x", 1), airs_str(NULL),
                                  60000, NULL, NULL, &error),
                   &error);
    }
}

static void measure_stateless(void) {
    driver_t driver = {0};
    airs_node_t *node = driver_node(INSTANCES);
    airs_component_t component = 0;
    airs_error_t error;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.stateless = true;
    bench_need(airs_node_load(node, BENCH_GUESTS "/counter.wasm", &component, &error), &error);
    driver_spawn(&driver, node);
    for (size_t i = 0; i < stateless_one.count; i++) {
        add_guests(node, component, &options, &driver, thousands[i]);
        tell_all(node, &driver);
        bench_series_add(&stateless_one.costs[i], driver_run(&driver, node, &sending_to_one, steps / 2));
        (void)driver_run(&driver, node, &sending_to_any, steps / 10);
        bench_series_add(&stateless_any.costs[i], driver_run(&driver, node, &sending_to_any, steps / 4));
        (void)spawn_guests_ns(node, component, &options, steps / 400);
        bench_series_add(&stateless_spawn.costs[i], spawn_guests_ns(node, component, &options, steps / 40));
    }
    airs_node_destroy(node);
}

static void measure_guests(void) {
    driver_t driver = {0};
    airs_node_t *node = driver_node(guests[COUNT(guests) - 1] + 2);
    airs_component_t component = 0;
    airs_error_t error;
    bench_need(airs_node_load(node, BENCH_GUESTS "/counter.wasm", &component, &error), &error);
    driver_spawn(&driver, node);
    for (size_t i = 0; i < guest_one.count; i++) {
        add_guests(node, component, NULL, &driver, guests[i]);
        (void)driver_run(&driver, node, &sending_to_any, steps / 10 + 2 * guests[i]);
        bench_series_add(&guest_one.costs[i], driver_run(&driver, node, &sending_to_one, steps / 2));
        bench_series_add(&guest_any.costs[i], driver_run(&driver, node, &sending_to_any, steps / 2));
        bench_series_add(&guest_spawn.costs[i], spawn_guests_ns(node, component, NULL, steps / 200));
    }
    airs_node_destroy(node);
}

/* ---- memory ---- */

/* About what an idle one of each takes (bench_memory). */
#define NATIVE_BYTES 1280
#define GUEST_BYTES 20480

static growth_t native_memory =
    GROWTH("Actors: a look at any of so many places, 1,280 bytes apart", thousands);
static growth_t guest_memory = GROWTH("Guests: a look at any of so many places, 20,480 bytes apart", guests);

/* Each look has to wait for the one before. */
static double look_ns(const uint8_t *memory, uint64_t places, uint64_t apart) {
    uint64_t began = bench_processor_ns();
    uint64_t at = 0;
    for (uint64_t i = 0; i < steps; i++) {
        at = any(i + memory[at], places) * apart;
    }
    double cost = (double)(bench_processor_ns() - began) / (double)steps;
    if (memory[at] != 0) {
        bench_die("memory is not what it was");
    }
    return cost;
}

static void measure_memory(growth_t *growth, uint64_t apart) {
    size_t size = growth->sizes[growth->count - 1] * apart;
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* What actors lie in is not made of huge pages either. */
    if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE) != 0) {
        bench_die("no memory");
    }
    memset(memory, 0, size);
    for (size_t i = 0; i < growth->count; i++) {
        (void)look_ns(memory, growth->sizes[i], apart);
        bench_series_add(&growth->costs[i], look_ns(memory, growth->sizes[i], apart));
    }
    (void)munmap(memory, size);
}

/* ---- payload ---- */

/* Natives and guests alike: two that send what they get to each other, two messages on their way. */
static airs_status_t forward(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    airs_status_t status = airs_actor_send(context, airs_id("bench", "ring", state), incoming->payload);
    return status == AIRS_TARGET_NOT_FOUND || status == AIRS_NOT_RUNNING ? AIRS_OK : status;
}

static void spawn_ring(airs_node_t *node, airs_component_t component) {
    static char *const others[] = {"1", "0"};
    static const char *const targets[] = {"bench/ring/1", "bench/ring/0"};
    static const airs_native_t native = {.size = sizeof native, .handle = forward};
    airs_error_t error;
    for (int i = 0; i < 2; i++) {
        airs_id_t id = airs_id("bench", "ring", others[1 - i]);
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.config = airs_bytes(targets[i], strlen(targets[i]));
        options.max_memory_bytes = UINT64_C(128) << 20;
        bench_need(component == 0 ? airs_node_spawn_native(node, &native, others[i], id, &options, &error)
                                  : airs_node_spawn(node, component, id, &options, &error),
                   &error);
    }
}

static uint64_t handled(airs_node_t *node) {
    airs_node_counters_t counters;
    airs_node_totals(node, &counters);
    return counters.messages;
}

static double hop_ns(bool of_guests, uint64_t size, long ms) {
    static uint8_t payload[16777216];
    airs_node_t *node = driver_node(4);
    airs_component_t component = 0;
    airs_error_t error;
    if (of_guests) {
        bench_need(airs_node_load(node, BENCH_GUESTS "/forwarder.wasm", &component, &error), &error);
    }
    spawn_ring(node, component);
    for (int i = 0; i < 2; i++) {
        bench_need(airs_node_send(node, airs_id("bench", "ring", "0"), airs_bytes(payload, size), &error),
                   &error);
    }
    bench_pause_ms(ms / 4);
    uint64_t first = handled(node);
    uint64_t began = bench_processor_ns();
    uint64_t hops = 0;
    for (int i = 0; i < 100 && hops < 20; i++) {
        bench_pause_ms(ms);
        hops = handled(node) - first;
    }
    double cost = (double)(bench_processor_ns() - began) / (double)hops;
    airs_node_destroy(node);
    if (hops < 20) {
        bench_die("messages of %llu bytes do not go round", (unsigned long long)size);
    }
    return cost;
}

static growth_t native_hop = GROWTH("Payload: a hop between native actors", bytes);
static growth_t guest_hop = GROWTH("Payload: a hop between guests", bytes);

static void measure_payload(long ms) {
    for (size_t i = 0; i < COUNT(bytes); i++) {
        bench_series_add(&native_hop.costs[i], hop_ns(false, bytes[i], ms));
        bench_series_add(&guest_hop.costs[i], hop_ns(true, bytes[i], ms));
    }
}

/* ---- subscribers ---- */

static airs_status_t join(airs_actor_context_t *context, void *state) {
    (void)state;
    return airs_actor_subscribe(context, airs_str("bench.crowd"));
}

static const airs_native_t subscriber = {.size = sizeof subscriber, .start = join, .handle = ignore};

static airs_status_t add_subscriber(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)number;
    return spawn_native(context, &subscriber, "subscriber", driver->size++);
}

/* What matches nothing that is published, but for its first token. */
static airs_status_t subscribe_other(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    static const char *const forms[] = {"bench.%llu", "bench.alone.%llu", "*.alone.%llu", "bench.*.%llu.>"};
    char pattern[64];
    (void)number;
    (void)snprintf(pattern, sizeof pattern, forms[driver->size % 4], (unsigned long long)driver->size);
    driver->size++;
    return airs_actor_subscribe(context, airs_str(pattern));
}

static airs_status_t publish(airs_actor_context_t *context, const char *topic, uint64_t expected) {
    static const uint8_t payload[64];
    uint32_t reached = 0;
    airs_status_t status = airs_actor_publish(context, airs_str(topic), airs_bytes(payload, sizeof payload),
                                              airs_str(NULL), &reached);
    if (status == AIRS_OK && reached != expected) {
        bench_die("reached %u of %llu subscribers", reached, (unsigned long long)expected);
    }
    return status;
}

static airs_status_t publish_to_crowd(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)number;
    return publish(context, "bench.crowd", driver->size);
}

static airs_status_t publish_to_one(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)driver, (void)number;
    return publish(context, "bench.crowd", 1);
}

static airs_status_t come_and_go(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)driver, (void)number;
    airs_status_t status = airs_actor_subscribe(context, airs_str("bench.crowd"));
    return status != AIRS_OK ? status : airs_actor_unsubscribe(context, airs_str("bench.crowd"));
}

static const driver_job_t adding_subscribers = {.step = add_subscriber};
static const driver_job_t adding_others = {.step = subscribe_other};
static const driver_job_t publishing_to_crowd = {.step = publish_to_crowd, .burst = 1};
static const driver_job_t publishing_to_one = {.step = publish_to_one};
static const driver_job_t coming_and_going = {.step = come_and_go};

static growth_t delivery = GROWTH("Subscribers: a delivery, of a message to all of them", thousands);
static growth_t coming = GROWTH("Subscribers: one more subscribes and leaves", thousands);
static growth_t among = GROWTH("Subscribers: a message to one among so many other subscriptions", thousands);

static void measure_crowd(void) {
    driver_t driver = {0};
    airs_node_t *node = driver_node(0);
    driver_spawn(&driver, node);
    for (size_t i = 0; i < delivery.count; i++) {
        (void)driver_run(&driver, node, &adding_subscribers, thousands[i] - driver.size);
        uint64_t count = steps / thousands[i] + 2;
        (void)driver_run(&driver, node, &publishing_to_crowd, count / 10 + 1);
        bench_series_add(&delivery.costs[i],
                         driver_run(&driver, node, &publishing_to_crowd, count) / (double)thousands[i]);
        bench_series_add(&coming.costs[i], driver_run(&driver, node, &coming_and_going, steps / 4));
    }
    airs_node_destroy(node);
}

static void measure_among(void) {
    driver_t driver = {0};
    airs_node_t *node = driver_node(0);
    driver_spawn(&driver, node);
    (void)driver_run(&driver, node, &adding_subscribers, 1);
    for (size_t i = 0; i < among.count; i++) {
        (void)driver_run(&driver, node, &adding_others, thousands[i] - driver.size);
        bench_series_add(&among.costs[i], driver_run(&driver, node, &publishing_to_one, steps));
    }
    airs_node_destroy(node);
}

/* ---- requests ---- */

/* Keeps what it is asked. */
static airs_status_t keep(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)state, (void)incoming;
    return airs_actor_defer_reply(context, NULL);
}

static airs_status_t ask(airs_actor_context_t *context, const char *whom, airs_request_id_t *out) {
    return airs_actor_request(context, airs_id("bench", whom, "0"), airs_bytes("x", 1), 3600000, out);
}

static airs_status_t ask_keeper(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)number;
    airs_status_t status = ask(context, "keeper", NULL);
    driver->size += status == AIRS_OK ? 1 : 0;
    return status;
}

static airs_status_t ask_and_hear(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)driver, (void)number;
    return ask(context, "idle", NULL);
}

static airs_status_t ask_and_cancel(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    airs_request_id_t id;
    (void)driver, (void)number;
    airs_status_t status = ask(context, "idle", &id);
    return status != AIRS_OK ? status : airs_actor_cancel_request(context, &id);
}

static const driver_job_t asking_keeper = {.step = ask_keeper, .undrained = true};
static const driver_job_t asking = {.step = ask_and_hear, .answered = true};
static const driver_job_t cancelling = {.step = ask_and_cancel, .undrained = true};

static growth_t round_trip = GROWTH("Requests: ask and hear, with so many pending", thousands);
static growth_t cancelled = GROWTH("Requests: ask and cancel, with so many pending", thousands);

static void measure_requests(void) {
    static const airs_native_t keeper = {.size = sizeof keeper, .handle = keep};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    driver_t driver = {0};
    airs_node_t *node = driver_node(0);
    airs_error_t error;
    options.max_deferred = 1000000;
    driver_spawn(&driver, node);
    bench_need(airs_node_spawn_native(node, &keeper, NULL, airs_id("bench", "keeper", "0"), &options, &error),
               &error);
    bench_need(airs_node_spawn_native(node, &idle, NULL, airs_id("bench", "idle", "0"), NULL, &error),
               &error);
    for (size_t i = 0; i < round_trip.count; i++) {
        (void)driver_run(&driver, node, &asking_keeper, thousands[i] - driver.size);
        (void)driver_run(&driver, node, &asking, steps / 10);
        bench_series_add(&round_trip.costs[i], driver_run(&driver, node, &asking, steps / 2));
        bench_series_add(&cancelled.costs[i], driver_run(&driver, node, &cancelling, steps / 2));
    }
    airs_node_destroy(node);
}

/* ---- timers ---- */

static airs_status_t arm(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    driver->size++;
    /* Within an hour, and none within this run. */
    return airs_actor_send_after(context, 1800000 + any(number, 1800000), airs_bytes("x", 1), NULL);
}

static airs_status_t arm_and_cancel(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    airs_timer_id_t id = 0;
    (void)driver;
    airs_status_t status = airs_actor_send_after(context, 1000 + any(number, 60000), airs_bytes("x", 1), &id);
    return status == AIRS_OK && !airs_actor_cancel_timer(context, id) ? AIRS_NOT_FOUND : status;
}

static airs_status_t arm_briefly(airs_actor_context_t *context, driver_t *driver, uint64_t number) {
    (void)driver, (void)number;
    return airs_actor_send_after(context, 1, airs_bytes("x", 1), NULL);
}

static const driver_job_t arming = {.step = arm};
static const driver_job_t arming_and_cancelling = {.step = arm_and_cancel};
static const driver_job_t firing = {.step = arm_briefly, .answered = true, .burst = 1000};

static growth_t timer_cancelled = GROWTH("Timers: arm one more and cancel it, with so many armed", thousands);
static growth_t timer_fired = GROWTH("Timers: arm one more and hear of it, with so many armed", thousands);

static void measure_timers(void) {
    driver_t driver = {0};
    airs_node_t *node = driver_node(0);
    driver_spawn(&driver, node);
    for (size_t i = 0; i < timer_cancelled.count; i++) {
        (void)driver_run(&driver, node, &arming, thousands[i] - driver.size);
        bench_series_add(&timer_cancelled.costs[i],
                         driver_run(&driver, node, &arming_and_cancelling, steps / 2));
        bench_series_add(&timer_fired.costs[i], driver_run(&driver, node, &firing, steps / 4));
    }
    airs_node_destroy(node);
}

/* ---- rules ---- */

static growth_t rules[] = {
    [FOR_OTHERS] = GROWTH("Rules: a decision under so many, each for another component", thousands),
    [FOR_TARGETS] = GROWTH("Rules: a decision under so many for it, each on another target", thousands),
    [BY_ENDINGS] = GROWTH("Rules: a decision under so many for it that begin with a wildcard", thousands),
};

static void measure_rules(size_t repeats) {
    for (int mixture = FOR_OTHERS; mixture <= BY_ENDINGS; mixture++) {
        decisions_t decisions[COUNT(thousands)];
        for (size_t i = 0; i < COUNT(thousands); i++) {
            decisions_open(&decisions[i], (mixture_t)mixture, (unsigned)thousands[i], NULL);
        }
        for (size_t repeat = 0; repeat < repeats; repeat++) {
            for (size_t i = 0; i < COUNT(thousands); i++) {
                bench_series_add(&rules[mixture].costs[i],
                                 decisions_make(&decisions[i], (long)steps / 4, AIRS_OK, "shop"));
            }
        }
        for (size_t i = 0; i < COUNT(thousands); i++) {
            decisions_close(&decisions[i]);
        }
    }
}

/* ---- all ---- */

static void report(void) {
    static const growth_t *const all[] = {
        &native_one,    &native_spawn,    &guest_one,       &guest_spawn, &stateless_one,
        &stateless_any, &stateless_spawn, &delivery,        &coming,      &among,
        &round_trip,    &cancelled,       &timer_cancelled, &timer_fired,
    };
    growth_report_scattered(&native_memory, &native_memory);
    growth_report_scattered(&guest_memory, &guest_memory);
    growth_report_scattered(&native_any, &native_memory);
    growth_report_scattered(&guest_any, &guest_memory);
    for (size_t i = 0; i < COUNT(all); i++) {
        growth_report(all[i]);
    }
    for (int mixture = FOR_OTHERS; mixture <= BY_ENDINGS; mixture++) {
        growth_report(&rules[mixture]);
    }
    growth_report_bytes(&native_hop, 65536);
    growth_report_bytes(&guest_hop, 65536);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    steps = options.quick ? 40000 : 400000;
    bench_begin("growth", "what one operation costs with few and with many, in processor time, one worker",
                &options);
    for (size_t i = 0; i < options.repeats; i++) {
        measure_actors();
        measure_guests();
        measure_stateless();
        measure_memory(&native_memory, NATIVE_BYTES);
        measure_memory(&guest_memory, GUEST_BYTES);
        measure_payload(options.quick ? 50 : 200);
        measure_crowd();
        measure_among();
        measure_requests();
        measure_timers();
    }
    measure_rules(options.repeats);
    report();
    return bench_end();
}
