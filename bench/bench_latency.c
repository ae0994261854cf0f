/* How long a hop between two guests takes when they are given half of what they can do, and when a third guest
 * computes without end on the same worker.
 *
 * The program sends messages at even intervals to one guest, which sends them on to another. A hop is the time from
 * the moment that the first is called with a message, or goes on to it in a batch, to the moment that the second is or
 * does; what the first does with it is in it, and so is all the time for which the second waits for a worker. Other
 * programs that want the cores show up in the longest of them, and in how often a thread had to leave its core. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "actor/actor_system.h"
#include "actor/message_batch.h"
#include "runtime/wasm_engine.h"
#include "support/bench.h"
#include "support/component.h"

#define MESSAGE_BYTES 64
#define SLICE_US 1000
#define MS 1e6
#define MESSAGES_MAX 4000000
/* On their way at once while it is measured how many there can be. */
#define WINDOW 8192
#define GUESTS_MAX 3

/* ---- who looks on, between the actors and the engine ---- */

/* Of one message, by its number, which is what its payload begins with. Whoever has the message writes here. */
typedef struct passage {
    uint64_t sent_ns;
    uint64_t first_ns;  /* 0: it is still on the way there */
    uint64_t second_ns; /* likewise */
} passage_t;

static passage_t *passages;
static _Atomic uint64_t arrived; /* at the second one */
static const airs_runtime_engine_ops_t *engine_ops;

static void note(airs_bytes_t payload) {
    uint64_t number = 0;
    if (payload.size != MESSAGE_BYTES) {
        return;
    }
    memcpy(&number, payload.data, sizeof number);
    passage_t *passage = &passages[number];
    if (passage->first_ns == 0) {
        passage->first_ns = bench_now_ns();
    } else {
        passage->second_ns = bench_now_ns();
        /* Release: who has counted it sees when it was there. */
        atomic_fetch_add_explicit(&arrived, 1, memory_order_release);
    }
}

/* The batch that an instance has in hand. */
typedef struct watched {
    airs_instance_t *instance;
    const airs_batch_ops_t *ops;
    uint32_t count;
    uint8_t payloads[AIRS_BATCH_MAX][MESSAGE_BYTES];
    size_t sizes[AIRS_BATCH_MAX];
} watched_t;

/* Of the few guests there are; each is used by who runs its guest. */
static watched_t watched[GUESTS_MAX];
static pthread_mutex_t watched_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local watched_t *running;

static watched_t *watched_of(airs_instance_t *instance) {
    pthread_mutex_lock(&watched_lock);
    watched_t *found = NULL;
    for (size_t i = 0; i < GUESTS_MAX && found == NULL; i++) {
        if (watched[i].instance == instance || watched[i].instance == NULL) {
            found = &watched[i];
            found->instance = instance;
        }
    }
    pthread_mutex_unlock(&watched_lock);
    if (found == NULL) {
        bench_die("more than %d guests", GUESTS_MAX);
    }
    return found;
}

static void forget_all(void) {
    for (size_t i = 0; i < GUESTS_MAX; i++) {
        watched[i].instance = NULL;
    }
}

static uint32_t watched_gather(airs_instance_t *instance, const airs_component_message_t *first,
                               uint32_t count, size_t payload_bytes) {
    watched_t *batch = watched_of(instance);
    const airs_component_message_t *message = first;
    batch->count = engine_ops->gather(instance, first, count, payload_bytes);
    for (uint32_t i = 0; i < batch->count && i < AIRS_BATCH_MAX; i++, message = message->next) {
        batch->sizes[i] = message->payload.size;
        if (message->payload.size == MESSAGE_BYTES) {
            memcpy(batch->payloads[i], message->payload.data, MESSAGE_BYTES);
        }
    }
    return batch->count;
}

/* The guest goes on to a message of its batch: that is its call. */
static airs_status_t watched_begin(airs_actor_t *self, uint32_t index, bool gently) {
    airs_status_t status = running->ops->begin(self, index, gently);
    if (status == AIRS_OK && index < AIRS_BATCH_MAX) {
        note(airs_bytes(running->payloads[index], running->sizes[index]));
    }
    return status;
}

static airs_status_t watched_fail(airs_actor_t *self, const char *reason) {
    return running->ops->fail(self, reason);
}

static airs_status_t watched_answer(airs_actor_t *self, const airs_correlation_id_t *id,
                                    airs_bytes_t payload) {
    return running->ops->answer(self, id, payload);
}

static const airs_batch_ops_t watched_batch = {watched_begin, watched_fail, watched_answer};

static airs_poll_t watched_call(airs_instance_t *instance, const airs_call_t *call,
                                airs_call_result_t *result) {
    airs_call_t copy = *call;
    running = watched_of(instance);
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        note(call->message->payload);
    } else if (call->kind == AIRS_CALL_HANDLE_BATCH) {
        running->ops = call->batch;
        copy.batch = &watched_batch;
    }
    return engine_ops->call(instance, &copy, result);
}

static airs_poll_t watched_resume(airs_instance_t *instance, airs_call_result_t *result) {
    running = watched_of(instance);
    return engine_ops->resume(instance, result);
}

/* ---- the actors ---- */

typedef struct setting {
    airs_runtime_engine_t *engine;
    airs_component_handle_t forwarder;
    airs_component_handle_t sink;
    airs_component_handle_t burner;
} setting_t;

typedef struct shape {
    const char *name;
    unsigned workers;
    bool burns;
    double target_ms; /* of the 999th of 1,000 hops */
    bench_series_t most;
    bench_series_t given;
    bench_series_t lost; /* that a thread that could run had to leave its core */
    bench_series_t hop[4];
    bench_series_t entry[4]; /* from the program to the first guest */
} shape_t;

static void spawn(airs_actor_system_t *system, airs_component_handle_t component, const char *name,
                  const char *config) {
    airs_error_t error;
    airs_actor_spec_t spec = {.mailbox_messages = 8000000,
                              .config = airs_bytes(config, strlen(config)),
                              .limits = {.max_execution_time_ms = 3600000}};
    bench_need(
        airs_actor_system_spawn_component(system, component, airs_id("bench", name, "0"), &spec, &error),
        &error);
}

static void send(airs_actor_system_t *system, uint64_t number) {
    uint8_t payload[MESSAGE_BYTES] = {0};
    airs_error_t error;
    if (number >= MESSAGES_MAX) {
        bench_die("more than %d messages", MESSAGES_MAX);
    }
    memcpy(payload, &number, sizeof number);
    passages[number] = (passage_t){.sent_ns = bench_now_ns()};
    bench_need(airs_actor_system_send(system, airs_id("bench", "first", "0"),
                                      airs_bytes(payload, sizeof payload), airs_str(NULL), &error),
               &error);
}

static uint64_t arrivals(void) { return atomic_load_explicit(&arrived, memory_order_acquire); }

/* How many there can be a second: as many as come through while there are always some on their way. */
static double most_per_s(airs_actor_system_t *system, uint64_t *number, long ms) {
    uint64_t first = arrivals();
    uint64_t began = bench_now_ns();
    uint64_t now = began;
    while (now - began < (uint64_t)ms * 1000000) {
        if (*number - arrivals() < WINDOW) {
            send(system, (*number)++);
        } else {
            struct timespec pause = {.tv_nsec = 20000};
            nanosleep(&pause, NULL);
        }
        now = bench_now_ns();
    }
    return (double)(arrivals() - first) * 1e9 / (double)(now - began);
}

static void wait_for(uint64_t number) {
    for (int i = 0; arrivals() < number; i++) {
        if (i == 60000) {
            bench_die("messages do not arrive");
        }
        bench_pause_ms(1);
    }
}

/* Each when it is due, or as soon after as this thread is let. */
static double send_evenly(airs_actor_system_t *system, uint64_t *number, double per_s, long ms) {
    uint64_t began = bench_now_ns();
    uint64_t sent = 0;
    uint64_t passed = 0;
    while (passed < (uint64_t)ms * 1000000) {
        uint64_t due = (uint64_t)((double)passed * per_s / 1e9);
        for (; sent < due; sent++) {
            send(system, (*number)++);
        }
        struct timespec pause = {.tv_nsec = 20000};
        nanosleep(&pause, NULL);
        passed = bench_now_ns() - began;
    }
    return (double)sent * 1e9 / (double)passed;
}

/* ---- figures ---- */

static int compare(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median, the 99th hundredth, the 999th thousandth, the longest. */
static void conclude(double *times_ms, size_t count, bench_series_t out[4]) {
    qsort(times_ms, count, sizeof *times_ms, compare);
    bench_series_add(&out[0], times_ms[count / 2]);
    bench_series_add(&out[1], times_ms[count * 99 / 100]);
    bench_series_add(&out[2], times_ms[count * 999 / 1000]);
    bench_series_add(&out[3], times_ms[count - 1]);
}

static void conclude_all(shape_t *shape, uint64_t first, uint64_t end) {
    size_t count = (size_t)(end - first);
    if (count < 1000) {
        bench_die("only %zu messages", count);
    }
    double *times = calloc(count, sizeof *times);
    if (times == NULL) {
        bench_die("no memory");
    }
    for (size_t i = 0; i < count; i++) {
        const passage_t *passage = &passages[first + i];
        times[i] = (double)(passage->second_ns - passage->first_ns) / MS;
    }
    conclude(times, count, shape->hop);
    for (size_t i = 0; i < count; i++) {
        const passage_t *passage = &passages[first + i];
        times[i] = (double)(passage->first_ns - passage->sent_ns) / MS;
    }
    conclude(times, count, shape->entry);
    free(times);
}

static double cores_lost(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_nivcsw;
}

static void measure(const setting_t *setting, shape_t *shape, long ms) {
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = setting->engine, .workers = shape->workers};
    forget_all();
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    spawn(system, setting->sink, "second", "");
    spawn(system, setting->forwarder, "first", "bench/second/0");
    if (shape->burns) {
        spawn(system, setting->burner, "burner", "");
        bench_need(airs_actor_system_send(system, airs_id("bench", "burner", "0"), airs_bytes("loop", 4),
                                          airs_str(NULL), &error),
                   &error);
    }
    uint64_t number = 0;
    atomic_store(&arrived, 0);
    (void)most_per_s(system, &number, ms / 10);
    double most = most_per_s(system, &number, ms / 4);
    wait_for(number);
    uint64_t first = number;
    double lost = cores_lost();
    bench_series_add(&shape->most, most);
    bench_series_add(&shape->given, send_evenly(system, &number, most / 2, ms));
    wait_for(number);
    bench_series_add(&shape->lost, (cores_lost() - lost) * 1000 / (double)ms);
    conclude_all(shape, first, number);
    if (shape->burns) {
        bench_need(
            airs_actor_system_stop(system, airs_id("bench", "burner", "0"), AIRS_STOP_KILL, 10000, &error),
            &error);
    }
    airs_actor_system_destroy(system);
}

static void report_times(const char *what, const bench_series_t times[4]) {
    static const char *const names[] = {"median", "99 of 100 take no longer than",
                                        "999 of 1,000 take no longer than", "the longest"};
    bench_section(what);
    for (int i = 0; i < 4; i++) {
        bench_row(names[i], &times[i], "ms");
    }
}

static void report(const shape_t *shape) {
    bench_section(shape->name);
    bench_row("at most, through both guests", &shape->most, "messages/s");
    bench_row("given", &shape->given, "messages/s");
    bench_row("a thread had to leave its core", &shape->lost, "times/s");
    report_times("  from the program to the first guest", shape->entry);
    report_times("  hop from the first guest to the second", shape->hop);
    bench_ratio_row(shape->burns ? "999 of 1,000 / three slices" : "999 of 1,000 / 1 ms",
                    bench_median(&shape->hop[2]) / shape->target_ms, 1, false);
}

int main(int argc, char **argv) {
    static shape_t shapes[] = {
        {.name = "one worker, at half of what it can do", .workers = 1, .target_ms = 1},
        {.name = "a worker for each core, at half of what they can do", .target_ms = 1},
        {.name = "one worker, on which another guest computes without end",
         .workers = 1,
         .burns = true,
         .target_ms = 3.0 * SLICE_US / 1000},
    };
    bench_options_t options = bench_parse(argc, argv);
    airs_wasm_engine_options_t engine_options = {.max_instances = 16, .slice_us = SLICE_US};
    airs_error_t error;
    setting_t setting = {0};
    bench_begin("latency", "a hop between two guests, 64 B, at half of what can be done", &options);
    passages = calloc(MESSAGES_MAX, sizeof *passages);
    if (passages == NULL) {
        bench_die("no memory");
    }
    /* Pauses of 20 µs are to be so, not 70. */
    (void)prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    bench_need(airs_wasm_engine_create(&engine_options, &setting.engine, &error), &error);
    setting.forwarder = bench_component_load(setting.engine, BENCH_GUESTS "/forwarder.wasm");
    setting.sink = bench_component_load(setting.engine, BENCH_GUESTS "/counter.wasm");
    setting.burner = bench_component_load(setting.engine, BENCH_GUESTS "/loop.wasm");
    engine_ops = setting.engine->ops;
    airs_runtime_engine_ops_t watched_ops = *engine_ops;
    watched_ops.call = watched_call;
    watched_ops.resume = watched_resume;
    watched_ops.gather = watched_gather;
    setting.engine->ops = &watched_ops;
    for (size_t i = 0; i < options.repeats; i++) {
        for (size_t j = 0; j < sizeof shapes / sizeof *shapes; j++) {
            measure(&setting, &shapes[j], options.quick ? 800 : 3000);
        }
    }
    for (size_t j = 0; j < sizeof shapes / sizeof *shapes; j++) {
        report(&shapes[j]);
    }
    setting.engine->ops = engine_ops;
    engine_ops->unload(setting.engine, setting.forwarder);
    engine_ops->unload(setting.engine, setting.sink);
    engine_ops->unload(setting.engine, setting.burner);
    engine_ops->destroy(setting.engine);
    free(passages);
    return bench_end();
}
