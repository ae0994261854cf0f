#include "support/host_path.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <airssys/airssys.h>

#include "support/bench.h"

#define MESSAGE_BYTES 64
#define WINDOW 1024       /* messages on their way to one receiver, at most */
#define ROOM (2 * WINDOW) /* in a mailbox, which gives back the room of what was taken a turn at a time */
#define GROUPS_MAX 8
#define SENDERS_MAX 8
#define RING_ACTORS 1000
#define LIVE_MAX 1000 /* children at once, of those that are spawned and end */
#define PATIENCE_S 60

static const uint8_t body[MESSAGE_BYTES];

/* One run of a workload. */
typedef struct run {
    airs_node_t *node;
    sem_t done; /* posted by actors, awaited by the thread that measures */
} run_t;

static airs_bytes_t message(void) { return airs_bytes(body, sizeof body); }

static void begin(run_t *run, unsigned workers) {
    airs_error_t error;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = workers;
    options.max_actors = 1; /* there are no guests */
    options.cache_dir = "";
    bench_need(airs_node_create(&options, &run->node, &error), &error);
    if (sem_init(&run->done, 0, 0) != 0) {
        bench_die("sem_init: %s", strerror(errno));
    }
}

static void end(run_t *run) {
    airs_node_destroy(run->node);
    (void)sem_destroy(&run->done);
}

static void spawn(run_t *run, const airs_native_t *native, void *state, airs_id_t id, uint32_t room) {
    airs_error_t error;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = room;
    bench_need(airs_node_spawn_native(run->node, native, state, id, &options, &error), &error);
}

static void post(run_t *run, airs_id_t target) {
    airs_error_t error;
    bench_need(airs_node_send(run->node, target, message(), &error), &error);
}

/* Until actors have said `count` times that they are done. */
static void await(run_t *run, unsigned count) {
    struct timespec limit;
    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE_S;
    while (count > 0) {
        if (sem_timedwait(&run->done, &limit) == 0) {
            count--;
        } else if (errno != EINTR) {
            bench_die("the actors did not come to an end within %d s", PATIENCE_S);
        }
    }
}

static double per_second(double count, uint64_t start) {
    return count / (double)(bench_now_ns() - start) * 1e9;
}

/* A name of an actor that lives as long as the run. */
typedef struct name {
    char instance[24];
} name_t;

static airs_id_t number(const char *kind, unsigned long number, name_t *name) {
    (void)snprintf(name->instance, sizeof name->instance, "%lu", number);
    return airs_id("bench", kind, name->instance);
}

/* ---- senders and receivers: the window of a sender opens again by half when the receiver took so many ---- */

/* On lines of its own, as it would be in an actor of its own. */
typedef struct receiver {
    _Alignas(128) run_t *run;
    unsigned long left;
    unsigned half;
    unsigned taken[SENDERS_MAX];
} receiver_t;

typedef struct sender {
    _Alignas(128) name_t target_name;
    airs_id_t target;
    unsigned long left;
    unsigned window;
    bool started;
    uint8_t number;
} sender_t;

static airs_status_t take(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    receiver_t *receiver = state;
    uint8_t from = incoming->payload.data[0];
    airs_status_t status = AIRS_OK;
    if (++receiver->taken[from] == receiver->half) {
        receiver->taken[from] = 0;
        status = airs_actor_send(context, incoming->sender, airs_bytes(body, 1));
    }
    if (--receiver->left == 0) {
        sem_post(&receiver->run->done);
    }
    return status;
}

static airs_status_t send_part(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)incoming;
    sender_t *sender = state;
    uint8_t text[MESSAGE_BYTES] = {sender->number};
    unsigned long count = sender->started ? sender->window / 2 : sender->window;
    sender->started = true;
    count = count < sender->left ? count : sender->left;
    sender->left -= count;
    airs_status_t status = AIRS_OK;
    while (status == AIRS_OK && count-- > 0) {
        status = airs_actor_send(context, sender->target, airs_bytes(text, sizeof text));
    }
    return status;
}

static double many(unsigned workers, unsigned groups, unsigned senders, unsigned long total) {
    const airs_native_t receiving = {.size = sizeof receiving, .handle = take};
    const airs_native_t sending = {.size = sizeof sending, .handle = send_part};
    static receiver_t receivers[GROUPS_MAX];
    static sender_t all[GROUPS_MAX * SENDERS_MAX];
    unsigned long each = total / ((unsigned long)groups * senders);
    unsigned window = WINDOW / senders;
    run_t run;
    name_t name;
    begin(&run, workers);
    for (unsigned g = 0; g < groups; g++) {
        receivers[g] = (receiver_t){.run = &run, .left = each * senders, .half = window / 2};
        spawn(&run, &receiving, &receivers[g], number("receiver", g, &name), ROOM);
        for (unsigned s = 0; s < senders; s++) {
            unsigned index = g * senders + s;
            sender_t *sender = &all[index];
            *sender = (sender_t){.left = each, .window = window, .number = (uint8_t)s};
            sender->target = number("receiver", g, &sender->target_name);
            spawn(&run, &sending, sender, number("sender", index, &name), ROOM);
        }
    }
    bench_pause_ms(50);
    uint64_t start = bench_now_ns();
    for (unsigned i = 0; i < groups * senders; i++) {
        post(&run, number("sender", i, &name));
    }
    await(&run, groups);
    double rate = per_second((double)each * groups * senders, start);
    end(&run);
    return rate;
}

static double one_to_one(unsigned workers, unsigned divisor) {
    return many(workers, 1, 1, 5000000 / divisor);
}

static double eight_to_one(unsigned workers, unsigned divisor) {
    return many(workers, 1, SENDERS_MAX, 5000000 / divisor);
}

static double pairs(unsigned workers, unsigned divisor) {
    return many(workers, GROUPS_MAX, 1, 5000000 / divisor);
}

/* ---- one message to and fro ---- */

typedef struct player {
    run_t *run;
    airs_id_t other;
    unsigned long left;
} player_t;

static airs_status_t ping(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    player_t *player = state;
    if (player->left == 0) {
        sem_post(&player->run->done);
        return AIRS_OK;
    }
    player->left--;
    return airs_actor_send(context, player->other, incoming->payload);
}

static airs_status_t pong(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)state;
    return airs_actor_send(context, incoming->sender, incoming->payload);
}

static double ping_pong(unsigned workers, unsigned divisor) {
    const airs_native_t pinging = {.size = sizeof pinging, .handle = ping};
    const airs_native_t ponging = {.size = sizeof ponging, .handle = pong};
    unsigned long trips = 500000 / divisor;
    run_t run;
    begin(&run, workers);
    player_t player = {.run = &run, .other = airs_id("bench", "pong", "0"), .left = trips};
    spawn(&run, &ponging, NULL, player.other, 0);
    spawn(&run, &pinging, &player, airs_id("bench", "ping", "0"), 0);
    uint64_t start = bench_now_ns();
    post(&run, airs_id("bench", "ping", "0"));
    await(&run, 1);
    double rate = per_second((double)trips, start);
    end(&run);
    return rate;
}

/* ---- one message round a ring ---- */

typedef struct place {
    _Alignas(128) run_t *run;
    name_t next_name;
    airs_id_t next;
    unsigned long *left; /* of the whole ring: there is one message */
} place_t;

static airs_status_t pass_on(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    place_t *place = state;
    if (*place->left == 0) {
        sem_post(&place->run->done);
        return AIRS_OK;
    }
    --*place->left;
    return airs_actor_send(context, place->next, incoming->payload);
}

static double ring(unsigned workers, unsigned divisor) {
    const airs_native_t passing = {.size = sizeof passing, .handle = pass_on};
    static place_t places[RING_ACTORS];
    unsigned long hops = 2000000 / divisor;
    unsigned long left = hops;
    run_t run;
    name_t name;
    begin(&run, workers);
    for (unsigned i = 0; i < RING_ACTORS; i++) {
        places[i] = (place_t){.run = &run, .left = &left};
        places[i].next = number("ring", (i + 1) % RING_ACTORS, &places[i].next_name);
        spawn(&run, &passing, &places[i], number("ring", i, &name), 0);
    }
    bench_pause_ms(50);
    uint64_t start = bench_now_ns();
    post(&run, airs_id("bench", "ring", "0"));
    await(&run, 1);
    double rate = per_second((double)hops, start);
    end(&run);
    return rate;
}

/* ---- actors that answer one message and end ---- */

typedef struct parent {
    run_t *run;
    unsigned long next;
    unsigned long count;
    unsigned live;
} parent_t;

static airs_status_t answer_and_end(airs_actor_context_t *context, void *state,
                                    const airs_incoming_t *incoming) {
    (void)state;
    airs_status_t status = airs_actor_send(context, incoming->sender, incoming->payload);
    airs_actor_exit(context);
    return status;
}

static airs_status_t spawn_child(airs_actor_context_t *context, unsigned long index) {
    const airs_native_t child = {.size = sizeof child, .handle = answer_and_end};
    name_t name;
    airs_actor_spawn_t what = {.size = sizeof what, .id = number("child", index, &name)};
    airs_status_t status = airs_actor_spawn_native(context, &child, NULL, &what, NULL, NULL);
    return status == AIRS_OK ? airs_actor_send(context, what.id, message()) : status;
}

static airs_status_t keep_spawning(airs_actor_context_t *context, void *state,
                                   const airs_incoming_t *incoming) {
    parent_t *parent = state;
    bool from_child = airs_str_equal(incoming->sender.name, airs_str("child"));
    parent->live -= from_child ? 1 : 0;
    airs_status_t status = AIRS_OK;
    while (status == AIRS_OK && parent->next < parent->count && parent->live < LIVE_MAX) {
        status = spawn_child(context, parent->next++);
        parent->live++;
    }
    if (parent->next == parent->count && parent->live == 0) {
        sem_post(&parent->run->done);
    }
    return status;
}

/* The last ones have answered, and end. */
static void await_actors(run_t *run, uint64_t count) {
    airs_node_counters_t totals;
    airs_node_totals(run->node, &totals);
    while (totals.actors > count) {
        struct timespec moment = {.tv_nsec = 100000};
        nanosleep(&moment, NULL);
        airs_node_totals(run->node, &totals);
    }
}

static double spawn_and_stop(unsigned workers, unsigned divisor) {
    const airs_native_t native = {.size = sizeof native, .handle = keep_spawning};
    run_t run;
    begin(&run, workers);
    parent_t parent = {.run = &run, .count = 200000 / divisor};
    spawn(&run, &native, &parent, airs_id("bench", "parent", "0"), 2 * LIVE_MAX);
    uint64_t start = bench_now_ns();
    post(&run, airs_id("bench", "parent", "0"));
    await(&run, 1);
    await_actors(&run, 1);
    double rate = per_second((double)parent.count, start);
    end(&run);
    return rate;
}

/* ---- actors that wait ---- */

typedef struct crowd {
    run_t *run;
    unsigned long count;
    atomic_ulong started;
} crowd_t;

static airs_status_t count_in(airs_actor_context_t *context, void *state) {
    (void)context;
    crowd_t *crowd = state;
    /* relaxed: the semaphore orders what the measuring thread then reads */
    if (atomic_fetch_add_explicit(&crowd->started, 1, memory_order_relaxed) + 1 == crowd->count) {
        sem_post(&crowd->run->done);
    }
    return AIRS_OK;
}

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    (void)state;
    (void)incoming;
    return AIRS_OK;
}

static airs_status_t spawn_crowd(airs_actor_context_t *context, void *state,
                                 const airs_incoming_t *incoming) {
    const airs_native_t idler = {.size = sizeof idler, .start = count_in, .handle = ignore};
    (void)incoming;
    crowd_t *crowd = state;
    airs_status_t status = AIRS_OK;
    for (unsigned long i = 0; status == AIRS_OK && i < crowd->count; i++) {
        name_t name;
        airs_actor_spawn_t what = {.size = sizeof what, .id = number("idler", i, &name)};
        status = airs_actor_spawn_native(context, &idler, crowd, &what, NULL, NULL);
    }
    return status;
}

static double idle_bytes(unsigned workers, unsigned divisor) {
    const airs_native_t native = {.size = sizeof native, .handle = spawn_crowd};
    run_t run;
    begin(&run, workers);
    crowd_t crowd = {.run = &run, .count = 100000 / divisor};
    spawn(&run, &native, &crowd, airs_id("bench", "parent", "0"), 0);
    uint64_t before = bench_resident_bytes();
    post(&run, airs_id("bench", "parent", "0"));
    await(&run, 1);
    bench_pause_ms(100);
    double bytes = (double)(bench_resident_bytes() - before) / (double)crowd.count;
    end(&run);
    return bytes;
}

const bench_workload_t host_workloads[] = {
    {.key = "one2one", .title = "one sender to one receiver", .unit = "messages/s", .run = one_to_one},
    {.key = "many2one", .title = "8 senders to one receiver", .unit = "messages/s", .run = eight_to_one},
    {.key = "pairs", .title = "8 pairs", .unit = "messages/s", .run = pairs},
    {.key = "pingpong", .title = "ping-pong", .unit = "round trips/s", .run = ping_pong},
    {.key = "ring", .title = "a message round 1,000 actors", .unit = "hops/s", .run = ring},
    {.key = "churn", .title = "spawn, one answer, stop", .unit = "actors/s", .run = spawn_and_stop},
    {.key = "idle", .title = "an idle actor", .unit = "resident bytes", .run = idle_bytes, .alone = true},
};
const size_t host_workload_count = sizeof host_workloads / sizeof *host_workloads;
