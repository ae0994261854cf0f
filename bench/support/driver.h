/* A native actor that does one thing again and again, between the turns of others, and tells what it cost the process
 * in processor time. So nothing is measured that other programs do meanwhile. */
#ifndef AIRSSYS_BENCH_SUPPORT_DRIVER_H
#define AIRSSYS_BENCH_SUPPORT_DRIVER_H

#include <airssys/airssys.h>

#include <semaphore.h>

#include "support/bench.h"

/* What is done in one turn, and so on its way at once. */
#define DRIVER_BURST 100

typedef struct driver driver_t;

typedef struct driver_job {
    /* Does it once, the `number`th time. AIRS_QUEUE_FULL: it is done again in the next turn. */
    airs_status_t (*step)(airs_actor_context_t *context, driver_t *driver, uint64_t number);
    /* Each step has something come back to the driver; the next burst follows when all of this one came. */
    bool answered;
    /* What it does need not be over when the job is: requests stay outstanding. */
    bool undrained;
    unsigned burst; /* 0: DRIVER_BURST */
} driver_job_t;

struct driver {
    const driver_job_t *job;
    uint64_t number; /* of the next step; counts on over all jobs */
    uint64_t last;   /* where this job ends */
    unsigned awaited;
    sem_t done;
    uint64_t size; /* for the steps: how many there are of what they work on */
};

/* A node with one worker. */
airs_node_t *driver_node(unsigned max_guests);

/* As bench/driver/0 of the node; `driver` must outlive that. Everything that it may have is as good as unbounded. */
void driver_spawn(driver_t *driver, airs_node_t *node);

/* Does the job `count` times, waits until all is handled, and returns the processor's nanoseconds for each. */
double driver_run(driver_t *driver, airs_node_t *node, const driver_job_t *job, uint64_t count);

#endif
