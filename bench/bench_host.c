/* The host path alone: native actors in C instead of guests, 64 bytes a message, bounded mailboxes. A sender
 * keeps a window of messages on their way: it sends the next part when the receiver has told that it took the
 * last one. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <airssys/airssys.h>

#include "support/bench.h"

#define MESSAGE_BYTES 64
#define WINDOW 1024
#define PART (WINDOW / 4)
#define PAIRS 8

/* Counts what comes; every PART messages of a sender it tells that sender so. */
typedef struct receiver {
    unsigned waiting[PAIRS];
    atomic_ulong *received;
    unsigned long own;
} receiver_t;

typedef struct sender {
    char target[8];
    uint8_t number;
} sender_t;

static uint8_t body[MESSAGE_BYTES];

static airs_status_t receive(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    receiver_t *receiver = state;
    uint8_t from = incoming->payload.data[0];
    receiver->own++;
    if (++receiver->waiting[from] < PART) {
        return AIRS_OK;
    }
    receiver->waiting[from] = 0;
    atomic_fetch_add_explicit(receiver->received, receiver->own, memory_order_relaxed);
    receiver->own = 0;
    /* At the end the sender may be gone already. */
    (void)airs_actor_send(context, incoming->sender, airs_bytes(body, 1));
    return AIRS_OK;
}

static airs_status_t send_part(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    sender_t *sender = state;
    uint8_t message[MESSAGE_BYTES] = {sender->number};
    airs_id_t target = airs_id("bench", "receiver", sender->target);
    /* The first message, from outside, opens the window; the others keep it open. */
    unsigned count = incoming->payload.size == MESSAGE_BYTES ? WINDOW : PART;
    for (unsigned i = 0; i < count; i++) {
        airs_status_t status = airs_actor_send(context, target, airs_bytes(message, sizeof message));
        if (status == AIRS_TARGET_NOT_FOUND || status == AIRS_NOT_RUNNING) {
            return AIRS_OK; /* the end */
        }
        if (status != AIRS_OK) {
            return status;
        }
    }
    return AIRS_OK;
}

static void spawn(airs_node_t *node, const airs_native_t *native, void *state, const char *name,
                  unsigned number) {
    char instance[8];
    airs_error_t error;
    airs_spawn_options_t options = {.size = sizeof options, .mailbox_messages = 2 * PAIRS * WINDOW};
    snprintf(instance, sizeof instance, "%u", number);
    bench_need(
        airs_node_spawn_native(node, native, state, airs_id("bench", name, instance), &options, &error),
        &error);
}

/* Messages a second from `senders` to `receivers` (one, or one for each). */
static double rate(unsigned workers, unsigned senders, unsigned receivers, long ms) {
    const airs_native_t receiving = {.size = sizeof receiving, .handle = receive};
    const airs_native_t sending = {.size = sizeof sending, .handle = send_part};
    static receiver_t receiver_states[PAIRS];
    static sender_t sender_states[PAIRS];
    atomic_ulong received = 0;
    airs_error_t error;
    airs_node_t *node = NULL;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = workers;
    options.max_actors = 1;
    options.cache_dir = "";
    bench_need(airs_node_create(&options, &node, &error), &error);
    for (unsigned i = 0; i < receivers; i++) {
        receiver_states[i] = (receiver_t){.received = &received};
        spawn(node, &receiving, &receiver_states[i], "receiver", i);
    }
    for (unsigned i = 0; i < senders; i++) {
        sender_states[i] = (sender_t){.number = (uint8_t)i};
        snprintf(sender_states[i].target, sizeof sender_states[i].target, "%u", receivers == 1 ? 0 : i);
        spawn(node, &sending, &sender_states[i], "sender", i);
        char instance[8];
        snprintf(instance, sizeof instance, "%u", i);
        bench_need(
            airs_node_send(node, airs_id("bench", "sender", instance), airs_bytes(body, sizeof body), &error),
            &error);
    }
    bench_pause_ms(ms / 5);
    unsigned long first = atomic_load(&received);
    uint64_t start = bench_now_ns();
    bench_pause_ms(ms);
    unsigned long last = atomic_load(&received);
    uint64_t end = bench_now_ns();
    airs_node_destroy(node);
    return (double)(last - first) / (double)(end - start) * 1e9;
}

typedef struct shape {
    const char *name;
    unsigned senders;
    unsigned receivers;
    bench_series_t pinned;
    bench_series_t all;
} shape_t;

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    static shape_t shapes[] = {
        {.name = "one sender to one receiver", .senders = 1, .receivers = 1},
        {.name = "8 senders to one receiver", .senders = PAIRS, .receivers = 1},
        {.name = "8 pairs", .senders = PAIRS, .receivers = PAIRS},
    };
    long ms = options.quick ? 100 : 400;
    bench_begin("host", "messages of 64 bytes between native actors, a window of 1,024 for each sender",
                &options);
    for (size_t i = 0; i < options.repeats; i++) {
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            bench_series_add(&shapes[s].pinned, rate(1, shapes[s].senders, shapes[s].receivers, ms));
            bench_series_add(&shapes[s].all, rate(0, shapes[s].senders, shapes[s].receivers, ms));
        }
    }
    bench_section("one worker");
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        bench_row(shapes[s].name, &shapes[s].pinned, "messages/s");
    }
    bench_section("a worker for each core");
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        bench_row(shapes[s].name, &shapes[s].all, "messages/s");
    }
    return bench_end();
}
