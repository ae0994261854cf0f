#include "support/test.h"

#include <pthread.h>
#include <stdio.h>

#include "actor/actor.h"
#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

/* The scheduler knows of an actor only that it can be run and be linked into a queue. */
typedef struct task {
    airs_actor_t actor;
    _Atomic unsigned runs;
    unsigned turns; /* to run before it is gone */
    unsigned number;
    struct task *starts; /* submitted in the first turn, or in the one that is named */
    unsigned start_count;
    unsigned start_turn;
    unsigned
        settles; /* it submits, and ends, when it has had so many turns on one worker; 0: see start_turn, turns */
    unsigned stays;      /* turns on one worker so far */
    unsigned worker;     /* that ran its last turn */
    atomic_bool hold;    /* the turn in which it submits lasts until this is false */
    bool lags;           /* and says so */
    unsigned first_turn; /* how many turns of all had been taken when its first began */
    unsigned slices;     /* that pass in each of its turns */
    atomic_bool on;      /* it has turns as long as this is true */
} task_t;

static atomic_int activity;

static void activity_begin(airs_runtime_engine_t *engine) {
    (void)engine;
    atomic_fetch_add(&activity, 1);
}

static void activity_end(airs_runtime_engine_t *engine) {
    (void)engine;
    AIRS_ASSERT(atomic_fetch_sub(&activity, 1) > 0);
}

/* The engine's count; 0: it does not count, and the clock is looked at. */
static _Atomic uint64_t slice_count;

static const _Atomic uint64_t *slices(airs_runtime_engine_t *engine) {
    (void)engine;
    return &slice_count;
}

static const airs_runtime_engine_ops_t ops = {
    .activity_begin = activity_begin, .activity_end = activity_end, .slices = slices};
static airs_runtime_engine_t engine = {.ops = &ops};
static airs_seeded_random_t seeded;
static airs_scheduler_t *scheduler;
static _Atomic unsigned finished;
static _Atomic unsigned turns_taken;
static char order[64];

static airs_turn_t run(airs_worker_t *worker, airs_actor_t *actor) {
    task_t *task = (task_t *)actor;
    AIRS_ASSERT(atomic_load(&activity) > 0);
    AIRS_ASSERT(airs_scheduler_worker(scheduler) == worker);
    unsigned turn = atomic_fetch_add(&turns_taken, 1);
    unsigned runs = atomic_fetch_add(&task->runs, 1) + 1;
    task->stays = runs > 1 && task->worker == worker->index ? task->stays + 1 : 1;
    task->worker = worker->index;
    if (task->settles > 0) {
        task->turns = task->start_turn = task->stays >= task->settles ? runs : runs + 1;
    }
    if (runs == 1) {
        task->first_turn = turn;
    }
    if (runs == (task->start_turn > 0 ? task->start_turn : 1)) {
        for (unsigned i = 0; i < task->start_count; i++) {
            airs_tally_activate(airs_scheduler_tally(scheduler, worker));
            airs_scheduler_submit(scheduler, worker, &task->starts[i].actor);
        }
        if (task->lags) {
            airs_worker_lags(worker);
            airs_scheduler_share(worker, 0);
        }
        while (atomic_load(&task->hold)) {
            airs_spin_pause();
        }
    }
    if (airs_scheduler_workers(scheduler) < 2) {
        size_t used = strlen(order);
        (void)snprintf(order + used, sizeof order - used, "%u", task->number);
    }
    atomic_fetch_add(&slice_count, task->slices);
    if (runs < task->turns || atomic_load(&task->on)) {
        return AIRS_TURN_AGAIN;
    }
    atomic_fetch_add(&finished, 1);
    airs_scheduler_deactivate(scheduler, worker);
    return AIRS_TURN_GONE;
}

static _Atomic unsigned looks;
static _Atomic unsigned looks_as_worker;

static void look_beside(void *context) {
    assert_ptr_equal(context, &looks);
    atomic_fetch_add(&looks, 1);
    atomic_fetch_add(&looks_as_worker, airs_scheduler_worker(scheduler) != NULL);
}

static void open_scheduler_with(unsigned workers, bool stepped, airs_clock_t *clock) {
    airs_seeded_random_init(&seeded, 5);
    atomic_store(&finished, 0);
    atomic_store(&turns_taken, 0);
    order[0] = '\0';
    atomic_store(&slice_count, 0);
    airs_scheduler_options_t options = {
        .allocator = airs_allocator_default(),
        .engine = &engine,
        .clock = clock,
        .random = &seeded.random,
        .workers = workers,
        .stepped = stepped,
        .run = run,
        .between = look_beside,
        .context = &looks,
    };
    assert_ok(airs_scheduler_create(&options, &scheduler));
}

static void open_scheduler(unsigned workers, bool stepped) {
    open_scheduler_with(workers, stepped, airs_clock_system());
}

static void close_scheduler(void) {
    airs_scheduler_destroy(scheduler);
    assert_int_equal(atomic_load(&activity), 0);
}

static void submit(task_t *task) {
    airs_tally_activate(airs_scheduler_tally(scheduler, NULL));
    airs_scheduler_submit(scheduler, NULL, &task->actor);
}

static bool is_quiet(void *context) {
    (void)context;
    return airs_scheduler_quiet(scheduler);
}

static void await_quiet(void) {
    assert_true(airs_gate_wait(airs_scheduler_quiet_gate(scheduler), is_quiet, NULL, 60000));
}

#define TASKS 200

/* A worker knows how long its turns last after fewer. */
#define SETTLED_TURNS 100

static task_t *make_tasks(unsigned turns) {
    static task_t tasks[TASKS];
    for (unsigned i = 0; i < TASKS; i++) {
        memset(&tasks[i], 0, sizeof tasks[i]);
        tasks[i].turns = turns;
        tasks[i].number = i;
    }
    return tasks;
}

/* Of 200 actors each has 20 turns, of which all but the last are long. */
static void something_else_is_looked_at_between_turns(void **state) {
    (void)state;
    atomic_store(&looks, 0);
    atomic_store(&looks_as_worker, 0);
    open_scheduler(2, false);
    task_t *tasks = make_tasks(20);
    for (unsigned i = 0; i < TASKS; i++) {
        submit(&tasks[i]);
    }
    await_quiet();
    close_scheduler();
    assert_in_range(atomic_load(&looks), TASKS * 19, TASKS * 20);
    assert_int_equal(atomic_load(&looks_as_worker), 0);
}

static void all_run_until_they_are_gone(void **state) {
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        open_scheduler(workers, false);
        assert_int_equal(airs_scheduler_workers(scheduler), workers);
        assert_true(airs_scheduler_quiet(scheduler));
        task_t *tasks = make_tasks(20);
        for (unsigned i = 0; i < TASKS; i++) {
            submit(&tasks[i]);
        }
        await_quiet();
        assert_int_equal(atomic_load(&finished), TASKS);
        for (unsigned i = 0; i < TASKS; i++) {
            assert_int_equal(atomic_load(&tasks[i].runs), 20);
        }
        close_scheduler();
    }
}

static void await_runs(task_t *task) {
    while (atomic_load(&task->runs) == 0) {
        airs_spin_pause();
    }
}

/* Who hears of a timeout comes from outside, and does not wait for all that keep the worker busy. */
static void what_comes_from_outside_takes_turns_with_the_rest(void **state) {
    (void)state;
    open_scheduler(1, false);
    task_t *tasks = make_tasks(1000);
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = TASKS - 3;
    atomic_store(&tasks[0].hold, true);
    submit(&tasks[0]);
    await_runs(&tasks[0]);
    submit(&tasks[TASKS - 2]);
    submit(&tasks[TASKS - 1]);
    atomic_store(&tasks[0].hold, false);
    await_quiet();
    assert_true(tasks[TASKS - 2].first_turn <= 2);
    assert_true(tasks[TASKS - 1].first_turn <= 4);
    close_scheduler();
}

/* What gathers behind a turn that lasts is taken over by another worker. */
static void a_backlog_is_stolen(void **state) {
    (void)state;
    open_scheduler(2, false);
    task_t *tasks = make_tasks(1);
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = TASKS - 1;
    atomic_store(&tasks[0].hold, true);
    submit(&tasks[0]);
    /* All but the one that the held worker would run next, if nobody else looked. */
    while (atomic_load(&finished) < TASKS - 2) {
        (void)sched_yield();
    }
    atomic_store(&tasks[0].hold, false);
    await_quiet();
    assert_int_equal(atomic_load(&finished), TASKS);
    close_scheduler();
}

/* By a clock of the test's, turns take no time: so many of them are no work for another worker. That is known of a worker
 * once it has run some, which another may keep it from at first by taking what it runs. */
static void what_is_done_soon_is_not_stolen(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_fake_clock_init(&clock);
    open_scheduler_with(2, false, &clock.clock);
    task_t *tasks = make_tasks(10);
    tasks[0].settles = SETTLED_TURNS;
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = TASKS - 1;
    submit(&tasks[0]);
    await_quiet();
    close_scheduler();
    for (unsigned i = 0; i < TASKS; i++) {
        assert_int_equal(tasks[i].worker, tasks[0].worker);
    }
}

/* What waits behind a turn that lasts is taken over, however short the turns before it were. */
static void what_waits_behind_a_long_turn_is_stolen(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_fake_clock_init(&clock);
    open_scheduler_with(2, false, &clock.clock);
    task_t *tasks = make_tasks(1);
    tasks[0].settles = SETTLED_TURNS;
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = 2;
    tasks[0].lags = true;
    atomic_store(&tasks[0].hold, true);
    submit(&tasks[0]);
    while (atomic_load(&finished) < 1) {
        (void)sched_yield();
    }
    atomic_store(&tasks[0].hold, false);
    await_quiet();
    close_scheduler();
}

/* ---- brief and long turns ---- */

/* The first of so many tasks is held while it submits the others; those with even numbers have long turns. */
static void submit_behind_one(task_t *tasks, unsigned count) {
    for (unsigned i = 0; i < count; i += 2) {
        tasks[i].actor.long_turns = AIRS_LONG_FROM;
    }
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = count - 1;
    submit(&tasks[0]);
}

static void brief_turns_go_first(void **state) {
    (void)state;
    open_scheduler(1, false);
    atomic_store(&slice_count, 1);
    task_t *tasks = make_tasks(2);
    submit_behind_one(tasks, 8);
    await_quiet();
    assert_string_equal(order, "0135713572460246");
    close_scheduler();
}

/* With each turn of 3 a slice ends: then the next one of 0, 2 and 4 has a turn, and 1, 3 and 5 go on. */
static void long_turns_are_not_starved(void **state) {
    (void)state;
    open_scheduler(1, false);
    atomic_store(&slice_count, 1);
    task_t *tasks = make_tasks(3);
    tasks[1].turns = 10;
    tasks[3].turns = 10;
    tasks[3].slices = 1;
    tasks[5].turns = 10;
    submit_behind_one(tasks, 6);
    await_quiet();
    assert_string_equal(order, "013251345130513251345130513251345135135");
    close_scheduler();
}

/* Where the engine does not count slices, the clock says when a long turn is due. */
static void long_turns_are_not_starved_by_the_clock_either(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_fake_clock_init(&clock);
    open_scheduler_with(1, false, &clock.clock);
    task_t *tasks = make_tasks(3);
    atomic_store(&tasks[1].on, true);
    atomic_store(&tasks[1].hold, true);
    submit_behind_one(tasks, 3);
    await_runs(&tasks[1]);
    assert_int_equal(atomic_load(&tasks[0].runs), 1);
    atomic_store(&tasks[1].hold, false);
    while (atomic_load(&finished) < 2) {
        airs_fake_clock_advance(&clock, 1000000);
        (void)sched_yield();
    }
    atomic_store(&tasks[1].on, false);
    await_quiet();
    close_scheduler();
}

/* What takes a whole slice is worth another worker, however short other turns are. */
static void long_turns_are_stolen(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_fake_clock_init(&clock);
    open_scheduler_with(2, false, &clock.clock);
    task_t *tasks = make_tasks(1);
    tasks[0].turns = 100;
    tasks[0].start_turn = 100;
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = 2;
    atomic_store(&tasks[0].hold, true);
    tasks[1].actor.long_turns = AIRS_LONG_FROM;
    tasks[2].actor.long_turns = AIRS_LONG_FROM;
    submit(&tasks[0]);
    while (atomic_load(&finished) < 2) {
        (void)sched_yield();
    }
    assert_int_equal(tasks[1].worker, 1 - tasks[0].worker);
    assert_int_equal(tasks[2].worker, 1 - tasks[0].worker);
    atomic_store(&tasks[0].hold, false);
    await_quiet();
    close_scheduler();
}

/* Who has only long turns left takes brief ones over from whoever has too many. */
static void who_computes_helps_with_brief_turns(void **state) {
    (void)state;
    open_scheduler(2, false);
    task_t *tasks = make_tasks(1);
    task_t *computes = &tasks[TASKS - 1];
    computes->actor.long_turns = AIRS_LONG_FROM;
    atomic_store(&computes->on, true);
    submit(computes);
    await_runs(computes);
    tasks[0].starts = &tasks[1];
    tasks[0].start_count = TASKS - 2;
    atomic_store(&tasks[0].hold, true);
    submit(&tasks[0]);
    /* All but the one that the held worker would run next. */
    while (atomic_load(&finished) < TASKS - 3) {
        (void)sched_yield();
    }
    atomic_store(&computes->on, false);
    atomic_store(&tasks[0].hold, false);
    await_quiet();
    close_scheduler();
}

/* ---- waking ---- */

static void *submit_slowly(void *argument) {
    task_t *tasks = argument;
    for (unsigned i = 0; i < TASKS / 2; i++) {
        submit(&tasks[i]);
        for (unsigned pause = 0; pause < i * 50; pause++) {
            airs_spin_pause(); /* workers are caught at every stage of going to sleep */
        }
    }
    return NULL;
}

static void no_wake_up_is_lost(void **state) {
    (void)state;
    for (int round = 0; round < 10; round++) {
        open_scheduler(3, false);
        task_t *tasks = make_tasks(1);
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) {
            assert_int_equal(
                pthread_create(&threads[i], NULL, submit_slowly, i == 0 ? tasks : tasks + TASKS / 2), 0);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
        }
        await_quiet();
        assert_int_equal(atomic_load(&finished), TASKS);
        close_scheduler();
    }
}

static void quiet_is_not_reported_too_early(void **state) {
    (void)state;
    open_scheduler(2, false);
    task_t *tasks = make_tasks(1);
    atomic_store(&tasks[0].hold, true);
    submit(&tasks[0]);
    assert_false(airs_scheduler_quiet(scheduler));
    assert_false(airs_gate_wait(airs_scheduler_quiet_gate(scheduler), is_quiet, NULL, 5));
    atomic_store(&tasks[0].hold, false);
    await_quiet();
    close_scheduler();
}

/* The same seed chooses the same order, another seed another one; every task gets its turns. */
static void steps_are_chosen_by_the_seed(void **state) {
    (void)state;
    char first[64] = "";
    for (int round = 0; round < 2; round++) {
        open_scheduler(0, true);
        assert_int_equal(airs_scheduler_workers(scheduler), 0);
        assert_false(airs_scheduler_step(scheduler));
        task_t *tasks = make_tasks(3);
        for (unsigned i = 0; i < 9; i++) {
            submit(&tasks[i]);
        }
        unsigned steps = 0;
        while (airs_scheduler_step(scheduler)) {
            steps++;
        }
        assert_int_equal(steps, 27);
        assert_true(airs_scheduler_quiet(scheduler));
        if (round == 0) {
            memcpy(first, order, sizeof first);
        } else {
            assert_string_equal(order, first);
        }
        close_scheduler();
    }
    assert_string_not_equal(first, "012345678012345678012345678");
}

static airs_status_t create(const airs_allocator_t *allocator, void *stepped) {
    airs_scheduler_options_t options = {.allocator = allocator,
                                        .engine = &engine,
                                        .clock = airs_clock_system(),
                                        .random = &seeded.random,
                                        .workers = 2,
                                        .stepped = stepped != NULL,
                                        .run = run};
    airs_scheduler_t *made = NULL;
    airs_status_t status = airs_scheduler_create(&options, &made);
    airs_scheduler_destroy(made);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    bool stepped = true;
    airs_fail_each_allocation(create, &stepped);
    airs_fail_each_allocation(create, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_run_until_they_are_gone),
        cmocka_unit_test(something_else_is_looked_at_between_turns),
        cmocka_unit_test(a_backlog_is_stolen),
        cmocka_unit_test(what_is_done_soon_is_not_stolen),
        cmocka_unit_test(what_waits_behind_a_long_turn_is_stolen),
        cmocka_unit_test(what_comes_from_outside_takes_turns_with_the_rest),
        cmocka_unit_test(brief_turns_go_first),
        cmocka_unit_test(long_turns_are_not_starved),
        cmocka_unit_test(long_turns_are_not_starved_by_the_clock_either),
        cmocka_unit_test(long_turns_are_stolen),
        cmocka_unit_test(who_computes_helps_with_brief_turns),
        cmocka_unit_test(no_wake_up_is_lost),
        cmocka_unit_test(quiet_is_not_reported_too_early),
        cmocka_unit_test(steps_are_chosen_by_the_seed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
