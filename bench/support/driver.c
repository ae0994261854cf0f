#include "support/driver.h"

#include <errno.h>

#define UNBOUNDED 4000000

airs_node_t *driver_node(unsigned max_guests) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_node_t *node = NULL;
    airs_error_t error;
    options.workers = 1;
    options.max_actors = max_guests > 0 ? max_guests : 1;
    options.cache_dir = "";
    options.log = airs_log_none(); /* messages still go round when a ring is taken away */
    bench_need(airs_node_create(&options, &node, &error), &error);
    return node;
}

static airs_status_t next_burst(airs_actor_context_t *context, driver_t *driver) {
    unsigned burst = driver->job->burst > 0 ? driver->job->burst : DRIVER_BURST;
    while (burst > 0 && driver->number < driver->last) {
        airs_status_t status = driver->job->step(context, driver, driver->number);
        if (status == AIRS_QUEUE_FULL) {
            break;
        }
        if (status != AIRS_OK) {
            bench_die("step %llu: %s", (unsigned long long)driver->number, airs_status_text(status));
        }
        driver->number++;
        driver->awaited += driver->job->answered ? 1 : 0;
        burst--;
    }
    return driver->awaited > 0 ? AIRS_OK
                               : airs_actor_send(context, airs_actor_self(context), airs_bytes("", 0));
}

static airs_status_t drive(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    driver_t *driver = state;
    /* What stays outstanding fails at the end. */
    if (incoming->kind == AIRS_INCOMING_FAILURE && driver->awaited > 0) {
        bench_die("a request failed: %.*s", (int)incoming->payload.size,
                  (const char *)incoming->payload.data);
    }
    /* What comes back: an answer, or the message of a timer. The others are its own, to go on. */
    if (incoming->kind == AIRS_INCOMING_RESPONSE || incoming->timer_id != 0) {
        driver->awaited -= driver->awaited > 0 ? 1 : 0;
        if (driver->awaited > 0) {
            return AIRS_OK;
        }
    }
    if (driver->number < driver->last) {
        return next_burst(context, driver);
    }
    (void)sem_post(&driver->done);
    return AIRS_OK;
}

void driver_spawn(driver_t *driver, airs_node_t *node) {
    static const airs_native_t native = {.size = sizeof native, .handle = drive};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    airs_error_t error;
    options.max_requests = UNBOUNDED;
    options.max_timers = UNBOUNDED;
    options.max_subscriptions = UNBOUNDED;
    options.mailbox_messages = UNBOUNDED;
    if (sem_init(&driver->done, 0, 0) != 0) {
        bench_die("no semaphore");
    }
    bench_need(
        airs_node_spawn_native(node, &native, driver, airs_id("bench", "driver", "0"), &options, &error),
        &error);
}

double driver_run(driver_t *driver, airs_node_t *node, const driver_job_t *job, uint64_t count) {
    airs_error_t error;
    driver->job = job;
    driver->last = driver->number + count;
    uint64_t began = bench_processor_ns();
    bench_need(airs_node_send(node, airs_id("bench", "driver", "0"), airs_bytes("", 0), &error), &error);
    while (sem_wait(&driver->done) != 0 && errno == EINTR) {
    }
    if (!job->answered && !job->undrained) {
        bench_need(airs_node_drain(node, 60000), NULL);
    }
    return (double)(bench_processor_ns() - began) / (double)count;
}
