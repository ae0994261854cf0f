#include "actor/scheduler.h"

#include "core/thread.h"
#include "core/check.h"

/* How often a worker looks at the outside queue before its own: every other time, so that neither waits for
 * all of the other. Who hears of a timeout comes from there, and may not stand in line behind a thousand who
 * keep this worker busy. */
#define OUTSIDE_EVERY 2
/* Of short turns, how many pass between looks at what is beside the actors. */
#define BETWEEN_TURNS 16
/* How long an idle worker looks around while others run: rounds, with pauses in each; some microseconds. */
#define LOOK_ROUNDS 40
#define LOOK_PAUSES 4
/* The worker itself runs one, so that only a second one is a backlog. */
#define ONE_TO_RUN_NEXT 1
/* Of how many turns the time is taken together, since a look at the clock takes as long as a short turn. */
#define TIMED_TURNS 16
/* How long a turn is said to last that is long, or of which nothing is known. */
#define LONG_TURN_NS 1000000
/* A backlog is worth another worker when those behind the one to run next will have to wait this long, or that one
 * itself: what a worker costs that is woken, and some more. */
#define WAIT_NS 50000
#define WAIT_FOR_ONE_NS 500000
/* How many actors are taken at once. */
#define STEAL_MAX 64

struct airs_scheduler {
    airs_scheduler_options_t options;
    airs_worker_t *workers;
    unsigned count;   /* of workers; 1 when stepped, then without a thread */
    unsigned started; /* of their threads */
    airs_gate_t quiet;

    /* Workers that sleep, and workers that look around or were woken to do so. */
    _Alignas(AIRS_CACHE_LINE) _Atomic uint32_t sleepers;
    _Atomic uint32_t looking;
    atomic_bool ending;
    pthread_mutex_t sleep_lock; /* over the list and the workers' `asleep` */
    airs_worker_t *sleeping;

    /* From threads outside. */
    _Alignas(AIRS_CACHE_LINE) airs_run_queue_t outside;
    airs_tally_t outside_tally;
};

static _Thread_local airs_worker_t *current_worker;

airs_worker_t *airs_scheduler_worker(airs_scheduler_t *scheduler) {
    airs_worker_t *worker = current_worker;
    return worker != NULL && worker->scheduler == scheduler ? worker : NULL;
}

/* ---- sleeping and waking ---- */

/* Take a worker off the list of sleepers; the sleep lock is held. */
static void rouse(airs_scheduler_t *scheduler, airs_worker_t *worker) {
    airs_worker_t **link = &scheduler->sleeping;
    while (*link != worker) {
        link = &(*link)->next_sleeper;
    }
    *link = worker->next_sleeper;
    worker->asleep = false;
    atomic_fetch_sub_explicit(&scheduler->sleepers, 1, memory_order_seq_cst);
}

/* Wake one worker, unless one looks around already and will find what there is. */
static void wake_one(airs_scheduler_t *scheduler) {
    uint32_t none = 0;
    /* Counted for the one that is woken, so that a burst of work wakes one and not all. Sequentially
     * consistent: see go_to_sleep. */
    if (!atomic_compare_exchange_strong_explicit(&scheduler->looking, &none, 1, memory_order_seq_cst,
                                                 memory_order_seq_cst)) {
        return;
    }
    pthread_mutex_lock(&scheduler->sleep_lock);
    airs_worker_t *worker = scheduler->sleeping;
    if (worker != NULL) {
        rouse(scheduler, worker);
        worker->has_ticket = true;
        pthread_cond_signal(&worker->woken);
    }
    pthread_mutex_unlock(&scheduler->sleep_lock);
    if (worker == NULL) {
        atomic_fetch_sub_explicit(&scheduler->looking, 1, memory_order_seq_cst);
    }
}

/* Will those behind the one that the worker will run next have to wait for long, going by turns that are brief? Any
 * thread. */
static bool is_line(airs_worker_t *worker, size_t waiting) {
    /* Relaxed: an estimate. */
    uint64_t turn_ns = atomic_load_explicit(&worker->turn_ns, memory_order_relaxed);
    return waiting > 0 && (waiting - 1) * turn_ns >= WAIT_NS;
}

/* Or that one itself? */
static bool is_brief_backlog(airs_worker_t *worker) {
    size_t waiting = airs_run_queue_length_at(&worker->queue, AIRS_LEVEL_BRIEF);
    uint64_t turn_ns = atomic_load_explicit(&worker->turn_ns, memory_order_relaxed);
    return is_line(worker, waiting) || waiting * turn_ns >= WAIT_FOR_ONE_NS;
}

/* Will what waits for that worker have to wait for long? Any thread. */
static bool is_backlog(airs_worker_t *worker) {
    return airs_run_queue_length_at(&worker->queue, AIRS_LEVEL_LONG) > 0 || is_brief_backlog(worker);
}

/* For that worker, which is the calling one. */
static bool work_for(airs_worker_t *worker) {
    airs_scheduler_t *scheduler = worker->scheduler;
    if (airs_run_queue_length(&scheduler->outside) > 0 || airs_run_queue_length(&worker->queue) > 0) {
        return true;
    }
    for (unsigned i = 0; i < scheduler->count; i++) {
        if (is_backlog(&scheduler->workers[i])) {
            return true;
        }
    }
    return false;
}

static void set_busy(airs_worker_t *worker, bool busy) {
    airs_runtime_engine_t *engine = worker->scheduler->options.engine;
    if (worker->busy != busy) {
        worker->busy = busy;
        worker->wall_ns = 0; /* slices are not counted while nobody is busy */
        (busy ? engine->ops->activity_begin : engine->ops->activity_end)(engine);
    }
}

static void go_to_sleep(airs_worker_t *worker) {
    airs_scheduler_t *scheduler = worker->scheduler;
    pthread_mutex_lock(&scheduler->sleep_lock);
    worker->asleep = true;
    worker->next_sleeper = scheduler->sleeping;
    scheduler->sleeping = worker;
    /* Pairs with the addition of nothing in submit_outside: either that one comes first, and then its
     * actor is seen below, or it sees a sleeper. If it does not wake because a worker looks around, that
     * worker counts itself out before it comes here, and so is the one that sees the actor below. */
    atomic_fetch_add_explicit(&scheduler->sleepers, 1, memory_order_seq_cst);
    pthread_mutex_unlock(&scheduler->sleep_lock);

    if (work_for(worker) || atomic_load_explicit(&scheduler->ending, memory_order_relaxed)) {
        pthread_mutex_lock(&scheduler->sleep_lock);
        if (worker->asleep) {
            rouse(scheduler, worker);
        }
        pthread_mutex_unlock(&scheduler->sleep_lock);
        return;
    }
    set_busy(worker, false);
    airs_gate_notify(&scheduler->quiet);
    pthread_mutex_lock(&scheduler->sleep_lock);
    while (worker->asleep) {
        pthread_cond_wait(&worker->woken, &scheduler->sleep_lock);
    }
    pthread_mutex_unlock(&scheduler->sleep_lock);
}

/* ---- whose turn it is ----
 *
 * Actors whose turns are brief go first, so that who computes without end does not stand between any two of them. They
 * have a slice, and then, if they still have something to do, one of those whose turns are long has its own. */

/* Slices as the engine counts them; where it does not, as many nanoseconds as a long turn has. */
static uint64_t slices(airs_worker_t *worker) {
    uint64_t slice = airs_worker_slice(worker);
    return slice != 0 ? slice : airs_clock_monotonic(worker->scheduler->options.clock) / LONG_TURN_NS;
}

/* Not twice in a row, however late the last one ended. */
static bool long_turn_is_due(airs_worker_t *worker) {
    return airs_run_queue_length_at(&worker->queue, AIRS_LEVEL_LONG) > 0 && !worker->runs_long &&
           slices(worker) != worker->long_ended;
}

static airs_actor_t *next_long(airs_worker_t *worker) {
    airs_actor_t *actor = airs_run_queue_pop(&worker->queue, AIRS_LEVEL_LONG);
    worker->runs_long = actor != NULL;
    return actor;
}

static airs_actor_t *next_brief(airs_worker_t *worker, bool outside_first) {
    airs_run_queue_t *outside = &worker->scheduler->outside;
    airs_actor_t *actor = outside_first ? airs_run_queue_pop(outside, AIRS_LEVEL_BRIEF) : NULL;
    if (actor == NULL) {
        actor = airs_run_queue_pop(&worker->queue, AIRS_LEVEL_BRIEF);
    }
    if (actor == NULL && airs_run_queue_steal(&worker->queue, outside, AIRS_LEVEL_BRIEF, STEAL_MAX) > 0) {
        actor = airs_run_queue_pop(&worker->queue, AIRS_LEVEL_BRIEF);
    }
    return actor;
}

/* Whoever has only long turns left is free for others' brief ones. */
static airs_actor_t *help(airs_worker_t *worker) {
    airs_scheduler_t *scheduler = worker->scheduler;
    for (unsigned i = 1; i < scheduler->count; i++) {
        airs_worker_t *other = &scheduler->workers[(worker->index + i) % scheduler->count];
        if (is_line(other, airs_run_queue_length_at(&other->queue, AIRS_LEVEL_BRIEF)) &&
            airs_run_queue_steal(&worker->queue, &other->queue, AIRS_LEVEL_BRIEF, STEAL_MAX) > 0) {
            return airs_run_queue_pop(&worker->queue, AIRS_LEVEL_BRIEF);
        }
    }
    return NULL;
}

static airs_actor_t *next_here(airs_worker_t *worker) {
    bool outside_first = ++worker->turns % OUTSIDE_EVERY == 0;
    if (outside_first) {
        (void)airs_run_queue_steal(&worker->queue, &worker->scheduler->outside, AIRS_LEVEL_LONG, STEAL_MAX);
    }
    airs_actor_t *actor = long_turn_is_due(worker) ? next_long(worker) : NULL;
    if (actor != NULL) {
        return actor;
    }
    worker->runs_long = false;
    actor = next_brief(worker, outside_first);
    if (actor == NULL && airs_run_queue_length_at(&worker->queue, AIRS_LEVEL_LONG) > 0) {
        actor = help(worker);
        actor = actor != NULL ? actor : next_long(worker);
    }
    return actor;
}

/* ---- finding work elsewhere ---- */

/* Long turns rather than brief ones: they are worth it in any case, and leave those that send to each other together. */
static bool steal_from(airs_worker_t *worker, airs_worker_t *victim) {
    return airs_run_queue_steal(&worker->queue, &victim->queue, AIRS_LEVEL_LONG, STEAL_MAX) > 0 ||
           (is_brief_backlog(victim) &&
            airs_run_queue_steal(&worker->queue, &victim->queue, AIRS_LEVEL_BRIEF, STEAL_MAX) > 0);
}

static bool steal(airs_worker_t *worker) {
    airs_scheduler_t *scheduler = worker->scheduler;
    for (unsigned i = 1; i < scheduler->count; i++) {
        if (steal_from(worker, &scheduler->workers[(worker->index + i) % scheduler->count])) {
            return true;
        }
    }
    return false;
}

/* Is another worker running something, so that there may soon be work here? */
static bool others_run(airs_scheduler_t *scheduler) {
    uint32_t idle = atomic_load_explicit(&scheduler->sleepers, memory_order_relaxed) +
                    atomic_load_explicit(&scheduler->looking, memory_order_relaxed);
    return idle < scheduler->count;
}

static airs_actor_t *look_around(airs_worker_t *worker) {
    airs_scheduler_t *scheduler = worker->scheduler;
    if (!worker->has_ticket) {
        atomic_fetch_add_explicit(&scheduler->looking, 1, memory_order_seq_cst);
        worker->has_ticket = true;
    }
    airs_actor_t *actor = NULL;
    for (unsigned round = 0; round < LOOK_ROUNDS && actor == NULL; round++) {
        actor = next_here(worker);
        if (actor == NULL && steal(worker)) {
            actor = next_here(worker);
        }
        if (actor == NULL && !others_run(scheduler)) {
            break;
        }
        for (unsigned i = 0; actor == NULL && i < LOOK_PAUSES; i++) {
            airs_spin_pause();
        }
    }
    worker->has_ticket = false;
    atomic_fetch_sub_explicit(&scheduler->looking, 1, memory_order_seq_cst);
    return actor;
}

/* ---- how long turns last ---- */

static void say_turn(airs_worker_t *worker, uint64_t turn_ns) {
    uint32_t said = turn_ns < LONG_TURN_NS ? (uint32_t)turn_ns : LONG_TURN_NS;
    if (said != atomic_load_explicit(&worker->turn_ns, memory_order_relaxed)) {
        atomic_store_explicit(&worker->turn_ns, said, memory_order_relaxed);
    }
}

void airs_worker_lags(airs_worker_t *worker) { say_turn(worker, LONG_TURN_NS); }

/* A turn is over. */
static void time_turns(airs_worker_t *worker) {
    if (worker->timed_ns != 0 && ++worker->timed_turns < TIMED_TURNS) {
        return;
    }
    uint64_t now = airs_clock_monotonic(worker->scheduler->options.clock);
    if (worker->timed_ns != 0) {
        say_turn(worker, (now - worker->timed_ns) / TIMED_TURNS);
    }
    worker->timed_ns = now;
    worker->timed_turns = 0;
}

/* Whether it was a long one: the actor has more to do. */
static bool run_turn(airs_worker_t *worker, airs_actor_t *actor) {
    bool again = worker->scheduler->options.run(worker, actor) == AIRS_TURN_AGAIN;
    if (again) {
        (void)airs_run_queue_push(&worker->queue, actor);
    }
    if (worker->runs_long) {
        worker->long_ended = slices(worker);
        worker->timed_ns = 0; /* those are not timed */
    }
    airs_scheduler_share(worker, ONE_TO_RUN_NEXT);
    return again;
}

static void look_beside(airs_worker_t *worker, bool was_long) {
    const airs_scheduler_options_t *options = &worker->scheduler->options;
    if (options->between != NULL && (was_long || worker->turns % BETWEEN_TURNS == 0)) {
        /* As if from outside: who is woken by it must not stand in this worker's line behind all that is busy. */
        current_worker = NULL;
        options->between(options->context);
        current_worker = worker;
    }
}

static void *work(void *argument) {
    airs_worker_t *worker = argument;
    airs_scheduler_t *scheduler = worker->scheduler;
    current_worker = worker;
    while (!atomic_load_explicit(&scheduler->ending, memory_order_relaxed)) {
        airs_actor_t *actor = worker->has_ticket ? NULL : next_here(worker);
        if (actor == NULL) {
            worker->timed_ns = 0; /* what follows is no turn */
            actor = look_around(worker);
            airs_scheduler_share(worker, ONE_TO_RUN_NEXT);
        }
        if (actor == NULL) {
            go_to_sleep(worker);
        } else {
            set_busy(worker, true);
            look_beside(worker, run_turn(worker, actor));
            if (!worker->runs_long) {
                time_turns(worker);
            }
        }
    }
    set_busy(worker, false);
    return NULL;
}

void airs_scheduler_share(airs_worker_t *worker, size_t backlog) {
    airs_scheduler_t *scheduler = worker->scheduler;
    size_t waiting = airs_run_queue_length(&worker->queue);
    /* Relaxed, and it may miss a worker that is just going to sleep: what is queued here is run here in
     * any case, and this is looked at again after every turn. */
    if (waiting > backlog && is_backlog(worker) &&
        atomic_load_explicit(&scheduler->sleepers, memory_order_relaxed) > 0 &&
        atomic_load_explicit(&scheduler->looking, memory_order_relaxed) == 0) {
        wake_one(scheduler);
    }
}

static void submit_outside(airs_scheduler_t *scheduler, airs_actor_t *actor) {
    (void)airs_run_queue_push(&scheduler->outside, actor);
    /* Adds nothing, but as a write it has its place among the additions of go_to_sleep. */
    if (atomic_fetch_add_explicit(&scheduler->sleepers, 0, memory_order_seq_cst) > 0) {
        wake_one(scheduler);
    }
}

void airs_scheduler_submit(airs_scheduler_t *scheduler, airs_worker_t *worker, airs_actor_t *actor) {
    if (scheduler->options.stepped) {
        (void)airs_run_queue_push(&scheduler->workers[0].queue, actor);
    } else if (worker == NULL) {
        submit_outside(scheduler, actor);
    } else if (airs_run_queue_push(&worker->queue, actor) > ONE_TO_RUN_NEXT) {
        airs_scheduler_share(worker, ONE_TO_RUN_NEXT);
    }
}

bool airs_scheduler_step(airs_scheduler_t *scheduler) {
    AIRS_ASSERT(scheduler->options.stepped);
    airs_worker_t *worker = &scheduler->workers[0];
    size_t ready = airs_run_queue_length(&worker->queue);
    if (ready == 0) {
        return false;
    }
    uint64_t choice = 0;
    if (ready > 1) {
        airs_random_fill(scheduler->options.random, &choice, sizeof choice);
    }
    airs_actor_t *actor = airs_run_queue_pop_at(&worker->queue, (size_t)(choice % ready));
    airs_worker_t *outer = current_worker; /* a callback of another system may run this one */
    current_worker = worker;
    set_busy(worker, true);
    (void)run_turn(worker, actor);
    set_busy(worker, false);
    current_worker = outer;
    return true;
}

/* ---- counting ---- */

airs_tally_t *airs_scheduler_tally(airs_scheduler_t *scheduler, airs_worker_t *worker) {
    return worker != NULL ? &worker->tally : &scheduler->outside_tally;
}

void airs_scheduler_deactivate(airs_scheduler_t *scheduler, airs_worker_t *worker) {
    airs_tally_t *tally = airs_scheduler_tally(scheduler, worker);
    airs_tally_add(tally, &tally->deactivated, 1);
    /* A worker tells the gate when it goes to sleep, which it does once all is quiet. */
    if (worker == NULL) {
        airs_gate_notify(&scheduler->quiet);
    }
}

void airs_scheduler_tallies(airs_scheduler_t *scheduler,
                            void (*each)(void *context, const airs_tally_t *tally), void *context) {
    for (unsigned i = 0; i < scheduler->count; i++) {
        each(context, &scheduler->workers[i].tally);
    }
    each(context, &scheduler->outside_tally);
}

static void add_activated(void *context, const airs_tally_t *tally) {
    *(uint64_t *)context += atomic_load_explicit(&tally->activated, memory_order_acquire);
}

static void add_deactivated(void *context, const airs_tally_t *tally) {
    *(uint64_t *)context += atomic_load_explicit(&tally->deactivated, memory_order_acquire);
}

bool airs_scheduler_quiet(airs_scheduler_t *scheduler) {
    /* Ends first, then beginnings: every end that is counted had its beginning, which is seen because
     * reading the end acquires what came before it. The sums only grow, so if they are equal, they were
     * at the moment between the two readings. */
    uint64_t ended = 0;
    uint64_t begun = 0;
    airs_scheduler_tallies(scheduler, add_deactivated, &ended);
    airs_scheduler_tallies(scheduler, add_activated, &begun);
    return begun == ended;
}

airs_gate_t *airs_scheduler_quiet_gate(airs_scheduler_t *scheduler) { return &scheduler->quiet; }

unsigned airs_scheduler_workers(airs_scheduler_t *scheduler) {
    return scheduler->options.stepped ? 0 : scheduler->count;
}

/* ---- beginning and end ---- */

/* Of an engine that does not time slices. */
static const _Atomic uint64_t never;

static airs_status_t init_worker(airs_scheduler_t *scheduler, unsigned index) {
    airs_worker_t *worker = &scheduler->workers[index];
    worker->scheduler = scheduler;
    worker->index = index;
    airs_runtime_engine_t *engine = scheduler->options.engine;
    worker->slices = engine->ops->slices != NULL ? engine->ops->slices(engine) : NULL;
    worker->slices = worker->slices != NULL ? worker->slices : &never;
    atomic_init(&worker->turn_ns, LONG_TURN_NS);
    return pthread_cond_init(&worker->woken, NULL) == 0 ? AIRS_OK : AIRS_OUT_OF_MEMORY;
}

static airs_status_t start(airs_scheduler_t *scheduler) {
    for (unsigned i = 0; i < scheduler->count; i++) {
        airs_status_t status = init_worker(scheduler, i);
        if (status != AIRS_OK) {
            return status;
        }
    }
    for (unsigned i = 0; !scheduler->options.stepped && i < scheduler->count; i++) {
        airs_status_t status = airs_thread_start(&scheduler->workers[i].thread, work, &scheduler->workers[i]);
        if (status != AIRS_OK) {
            return status;
        }
        scheduler->started++;
    }
    return AIRS_OK;
}

airs_status_t airs_scheduler_create(const airs_scheduler_options_t *options, airs_scheduler_t **out) {
    AIRS_ASSERT(options->stepped || options->workers > 0);
    airs_scheduler_t *scheduler = airs_alloc_aligned(options->allocator, sizeof *scheduler);
    if (scheduler == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    scheduler->options = *options;
    scheduler->count = options->stepped ? 1 : options->workers;
    scheduler->outside_tally.shared = true;
    scheduler->workers =
        airs_alloc_aligned(options->allocator, scheduler->count * sizeof *scheduler->workers);
    if (scheduler->workers == NULL || airs_gate_init(&scheduler->quiet) != AIRS_OK) {
        airs_release_aligned(options->allocator, scheduler->workers);
        airs_release_aligned(options->allocator, scheduler);
        return AIRS_OUT_OF_MEMORY;
    }
    airs_status_t status = pthread_mutex_init(&scheduler->sleep_lock, NULL) == 0 ? start(scheduler)
                                                                                 : AIRS_OUT_OF_MEMORY;
    if (status != AIRS_OK) {
        airs_scheduler_destroy(scheduler);
        return status;
    }
    *out = scheduler;
    return AIRS_OK;
}

void airs_scheduler_destroy(airs_scheduler_t *scheduler) {
    if (scheduler == NULL) {
        return;
    }
    const airs_allocator_t *allocator = scheduler->options.allocator;
    atomic_store_explicit(&scheduler->ending, true, memory_order_relaxed);
    pthread_mutex_lock(&scheduler->sleep_lock);
    while (scheduler->sleeping != NULL) {
        airs_worker_t *worker = scheduler->sleeping;
        rouse(scheduler, worker);
        pthread_cond_signal(&worker->woken);
    }
    pthread_mutex_unlock(&scheduler->sleep_lock);
    for (unsigned i = 0; i < scheduler->started; i++) {
        pthread_join(scheduler->workers[i].thread, NULL);
    }
    for (unsigned i = 0; i < scheduler->count; i++) {
        pthread_cond_destroy(&scheduler->workers[i].woken);
    }
    pthread_mutex_destroy(&scheduler->sleep_lock);
    airs_gate_destroy(&scheduler->quiet);
    airs_release_aligned(allocator, scheduler->workers);
    airs_release_aligned(allocator, scheduler);
}
