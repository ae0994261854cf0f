/* What it costs to publish to so many subscribers, and whether it depends on how many subscriptions there are
 * besides. Native actors on one worker, so that nothing but the runtime is measured. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <airssys/airssys.h>

#include "support/bench.h"

/* Publications in one call are so many, and deliveries about as many as this. The next burst follows when a
 * subscriber has handled this one, so that no mailbox fills. */
#define BURST_MAX 64
#define IN_FLIGHT 1000
#define OTHERS 100000

static const unsigned crowds[] = {1, 10, 100, 1000};
#define CROWDS (sizeof crowds / sizeof *crowds)

static uint8_t payload[64];

typedef struct publisher {
    unsigned crowd;
    unsigned burst;
    uint64_t bursts; /* to come */
    uint64_t published_ns;
} publisher_t;

/* What this thread has run, whatever else the machine does meanwhile. */
static uint64_t thread_ns(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static airs_status_t publish(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)incoming;
    publisher_t *self = state;
    uint64_t start = thread_ns();
    for (unsigned i = 0; i < self->burst; i++) {
        uint32_t reached = 0;
        airs_status_t status = airs_actor_publish(context, airs_str("bench.topic.crowd"),
                                                  airs_bytes(payload, sizeof payload), airs_str(NULL),
                                                  &reached);
        if (status != AIRS_OK || reached != self->crowd) {
            bench_die("reached %u of %u subscribers: %s", reached, self->crowd, airs_status_text(status));
        }
    }
    self->published_ns += thread_ns() - start;
    return --self->bursts == 0
               ? AIRS_OK
               : airs_actor_send(context, airs_id("bench", "subscriber", "0"), airs_bytes(NULL, 0));
}

static airs_status_t hear(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)state;
    return incoming->payload.size == 0 ? airs_actor_send(context, incoming->sender, incoming->payload)
                                       : AIRS_OK;
}

static void spawn_crowd(airs_node_t *node, unsigned crowd) {
    static const airs_native_t native = {.size = sizeof native, .handle = hear};
    static const char *const patterns[] = {"bench.topic.crowd"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = patterns;
    options.subscription_count = 1;
    airs_error_t error;
    for (unsigned i = 0; i < crowd; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%u", i);
        bench_need(airs_node_spawn_native(node, &native, NULL, airs_id("bench", "subscriber", instance),
                                          &options, &error),
                   &error);
    }
}

/* Subscriptions that match nothing that is published, most of them to the first token of what is. */
static void subscribe_others(airs_node_t *node) {
    static const airs_native_t native = {.size = sizeof native, .handle = hear};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    airs_id_t id = airs_id("bench", "other", "0");
    airs_error_t error;
    options.max_subscriptions = OTHERS;
    bench_need(airs_node_spawn_native(node, &native, NULL, id, &options, &error), &error);
    for (unsigned i = 0; i < OTHERS; i++) {
        static const char *const forms[] = {"bench.%u", "bench.topic.%u", "*.topic.%u", "bench.*.%u.>"};
        char pattern[64];
        (void)snprintf(pattern, sizeof pattern, forms[i % 4], i);
        bench_need(airs_node_subscribe_actor(node, id, airs_str(pattern), &error), &error);
    }
}

typedef struct figures {
    bench_series_t publish; /* the publisher's part of a delivery */
    bench_series_t whole;   /* a delivery, handled */
} figures_t;

static void measure(unsigned crowd, bool others, uint64_t deliveries, figures_t *out) {
    static const airs_native_t native = {.size = sizeof native, .handle = publish};
    unsigned burst = crowd * BURST_MAX < IN_FLIGHT ? BURST_MAX : IN_FLIGHT / crowd;
    uint64_t bursts = deliveries / ((uint64_t)burst * crowd) + 1;
    publisher_t publisher = {.crowd = crowd, .burst = burst, .bursts = bursts / 10 + 1};
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_id_t id = airs_id("bench", "publisher", "0");
    airs_node_t *node = NULL;
    airs_error_t error;
    options.workers = 1;
    options.max_actors = 1;
    options.cache_dir = "";
    bench_need(airs_node_create(&options, &node, &error), &error);
    spawn_crowd(node, crowd);
    if (others) {
        subscribe_others(node);
    }
    bench_need(airs_node_spawn_native(node, &native, &publisher, id, NULL, &error), &error);
    bench_need(airs_node_send(node, id, airs_bytes(NULL, 0), &error), &error);
    bench_need(airs_node_drain(node, 60000), NULL);
    publisher.bursts = bursts;
    publisher.published_ns = 0;
    uint64_t start = bench_now_ns();
    bench_need(airs_node_send(node, id, airs_bytes(NULL, 0), &error), &error);
    bench_need(airs_node_drain(node, 60000), NULL);
    uint64_t end = bench_now_ns();
    airs_node_destroy(node);
    double count = (double)(bursts * burst * crowd);
    bench_series_add(&out->publish, (double)publisher.published_ns / count);
    bench_series_add(&out->whole, (double)(end - start) / count);
}

int main(int argc, char **argv) {
    static figures_t alone[CROWDS];
    static figures_t among[CROWDS];
    bench_options_t options = bench_parse(argc, argv);
    uint64_t deliveries = options.quick ? 200000 : 1000000;
    bench_begin("publish", "publishing 64 B to native subscribers on one worker, for each delivery",
                &options);
    for (size_t i = 0; i < CROWDS; i++) {
        for (size_t repeat = 0; repeat < options.repeats; repeat++) {
            measure(crowds[i], false, deliveries, &alone[i]);
            measure(crowds[i], true, deliveries, &among[i]);
        }
        char title[64];
        (void)snprintf(title, sizeof title, "%u subscriber%s", crowds[i], crowds[i] > 1 ? "s" : "");
        bench_section(title);
        bench_row("published, a delivery", &alone[i].publish, "ns");
        bench_row("published and handled, a delivery", &alone[i].whole, "ns");
        bench_row("published among 100,000 other subscriptions", &among[i].publish, "ns");
        bench_ratio_row("published among others / alone",
                        bench_median_ratio(&among[i].publish, &alone[i].publish), 1.2, false);
    }
    return bench_end();
}
