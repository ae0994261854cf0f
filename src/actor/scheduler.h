/* Worker threads and what they run next.
 *
 * Actors that used up their time slices lately (airs_actor_level) wait behind those that did not, at each worker: who has
 * little to do is not to wait for a slice of each that computes. They are not starved either: after a slice of brief turns
 * the oldest of them has its own, and what brief turns leave is theirs.
 *
 * Each worker has a run queue; an actor that a message made ready goes to the queue of the worker that
 * sent it, where it is run next to free. Waking another worker costs a hundred times as much, and so does it to
 * have two cores pass messages to each other that one could have kept in its cache. So another worker is woken, and
 * takes something over, only where a backlog is worth it: where as many actors wait as will keep this worker for some
 * time, going by how long its turns lasted lately. It steals half of them. Threads from outside put actors into a queue of their
 * own and wake a worker. A worker that has nothing to do looks around briefly while others run, and then
 * sleeps until somebody wakes it: there is no polling. */
#ifndef AIRSSYS_ACTOR_SCHEDULER_H
#define AIRSSYS_ACTOR_SCHEDULER_H

#include <pthread.h>

#include "actor/gate.h"
#include "actor/outbox.h"
#include "actor/run_queue.h"
#include "actor/tally.h"
#include "core/runtime_engine.h"

typedef struct airs_scheduler airs_scheduler_t;
typedef struct airs_worker airs_worker_t;

/* What became of an actor's turn. */
typedef enum airs_turn {
    AIRS_TURN_GONE,  /* idle, parked or ended: not ours any more, perhaps freed */
    AIRS_TURN_AGAIN, /* there is more to do */
} airs_turn_t;

struct airs_worker {
    airs_tally_t tally;
    /* Thieves write the queue, so it has a line of its own. */
    _Alignas(AIRS_CACHE_LINE) airs_run_queue_t queue;
    /* The worker's own. */
    _Alignas(AIRS_CACHE_LINE) airs_scheduler_t *scheduler;
    const _Atomic uint64_t *slices; /* the engine's count */
    uint64_t wall_ns;               /* the time, read in this slice; 0: to be read (airs_worker_now) */
    uint64_t slice;                 /* the engine's count when it was looked at last */
    unsigned index;
    unsigned turns;
    unsigned timed_turns;     /* since `timed_ns` */
    uint64_t timed_ns;        /* when the turns that are being timed began; 0: none are */
    _Atomic uint32_t turn_ns; /* how long a brief turn lasted lately; others read it */
    uint64_t
        long_ended;  /* the count of slices when an actor's turn ended that had waited among the long ones */
    bool runs_long;  /* that is whose turn it is */
    bool has_ticket; /* counted as looking around */
    bool busy;       /* between the engine's activity_begin and activity_end */
    airs_outbox_t outbox;
    uint64_t batch_began_ns; /* of the actor whose turn it is; 0: it has none, or none that is timed */
    pthread_t thread;
    /* Under the scheduler's sleep lock. */
    pthread_cond_t woken;
    airs_worker_t *next_sleeper;
    bool asleep;
};

typedef struct airs_scheduler_options {
    const airs_allocator_t *allocator;
    airs_runtime_engine_t *engine;
    airs_clock_t *clock;
    airs_random_t *random; /* chooses, when stepped */
    unsigned workers;      /* at least 1; ignored when stepped */
    bool stepped;
    /* Run an actor for a turn on the calling worker. */
    airs_turn_t (*run)(airs_worker_t *worker, airs_actor_t *actor);
    /* Called on a worker's thread between turns, after each that was long and some of the others, as a thread from
     * outside. May be NULL. */
    void (*between)(void *context);
    void *context;
} airs_scheduler_options_t;

/* AIRS_OUT_OF_MEMORY, AIRS_INTERNAL (a thread cannot be started). */
airs_status_t airs_scheduler_create(const airs_scheduler_options_t *options, airs_scheduler_t **out);

/* Ends the workers after their turn in hand; no actor may be left. NULL is fine. */
void airs_scheduler_destroy(airs_scheduler_t *scheduler);

/* The worker that the calling thread is; NULL for other threads. */
airs_worker_t *airs_scheduler_worker(airs_scheduler_t *scheduler);

/* Have an actor run that the caller owns. `worker` is the calling one, NULL for a thread from outside. */
void airs_scheduler_submit(airs_scheduler_t *scheduler, airs_worker_t *worker, airs_actor_t *actor);

/* When more than `backlog` actors wait for the calling worker, and it is worth it, see to it that another one helps. */
void airs_scheduler_share(airs_worker_t *worker, size_t backlog);

/* The turn that the calling worker is at is a long one: what waits behind it is worth another worker. */
void airs_worker_lags(airs_worker_t *worker);

/* The counters that the caller writes: the calling worker's, or those of outside threads (NULL). */
airs_tally_t *airs_scheduler_tally(airs_scheduler_t *scheduler, airs_worker_t *worker);

/* One more, one less thing that keeps the system from being quiet. */
static inline void airs_tally_activate(airs_tally_t *tally) { airs_tally_add(tally, &tally->activated, 1); }
void airs_scheduler_deactivate(airs_scheduler_t *scheduler, airs_worker_t *worker);

/* Was there a moment, not before this call began, at which nothing was active? Any thread. */
bool airs_scheduler_quiet(airs_scheduler_t *scheduler);

/* Where to wait for that. */
airs_gate_t *airs_scheduler_quiet_gate(airs_scheduler_t *scheduler);

/* Calls each() with every tally. */
void airs_scheduler_tallies(airs_scheduler_t *scheduler,
                            void (*each)(void *context, const airs_tally_t *tally), void *context);

unsigned airs_scheduler_workers(airs_scheduler_t *scheduler);

/* Stepped only: run one turn of an actor chosen at random; false when none is ready. */
bool airs_scheduler_step(airs_scheduler_t *scheduler);

/* Look at the engine's count of time slices, which costs less than a clock, and forget what was read of the
 * time in an earlier one. Returns the count; 0 when slices are not timed. The calling worker's. */
static inline uint64_t airs_worker_slice(airs_worker_t *worker) {
    /* Relaxed: the count is all that is read. */
    uint64_t slice = atomic_load_explicit(worker->slices, memory_order_relaxed);
    if (slice == 0 || slice != worker->slice) {
        worker->slice = slice;
        worker->wall_ns = 0;
    }
    return slice;
}

/* Nanoseconds since 1970, at most about a slice old; `worker` NULL: read now. */
static inline uint64_t airs_worker_now(airs_worker_t *worker, airs_clock_t *clock) {
    if (worker == NULL) {
        return airs_clock_wall(clock);
    }
    if (worker->wall_ns == 0) {
        worker->wall_ns = airs_clock_wall(clock);
    }
    return worker->wall_ns;
}

#endif
