#include "support/test.h"

#include <pthread.h>
#include <stdio.h>

#include "actor/actor.h"
#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

/* The scheduler knows of an actor only that it can be run and be linked into a queue. */
typedef struct task {
    airs_actor_t actor;
    _Atomic unsigned runs;
    unsigned turns; /* to run before it is gone */
    unsigned number;
    struct task *starts; /* submitted in the first turn */
    unsigned start_count;
    atomic_bool hold;    /* the turn lasts until this is false */
    unsigned first_turn; /* how many turns of all had been taken when its first began */
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

static const airs_runtime_engine_ops_t ops = {.activity_begin = activity_begin, .activity_end = activity_end};
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
    if (runs == 1) {
        task->first_turn = turn;
        for (unsigned i = 0; i < task->start_count; i++) {
            airs_tally_activate(airs_scheduler_tally(scheduler, worker));
            airs_scheduler_submit(scheduler, worker, &task->starts[i].actor);
        }
    }
    while (atomic_load(&task->hold)) {
        airs_spin_pause();
    }
    if (airs_scheduler_workers(scheduler) == 0) {
        size_t used = strlen(order);
        (void)snprintf(order + used, sizeof order - used, "%u", task->number);
    }
    if (runs < task->turns) {
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

static void open_scheduler(unsigned workers, bool stepped) {
    airs_seeded_random_init(&seeded, 5);
    atomic_store(&finished, 0);
    atomic_store(&turns_taken, 0);
    order[0] = '\0';
    airs_scheduler_options_t options = {
        .allocator = airs_allocator_default(),
        .engine = &engine,
        .clock = airs_clock_system(),
        .random = &seeded.random,
        .workers = workers,
        .stepped = stepped,
        .run = run,
        .between = look_beside,
        .context = &looks,
    };
    assert_ok(airs_scheduler_create(&options, &scheduler));
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
        cmocka_unit_test(what_comes_from_outside_takes_turns_with_the_rest),
        cmocka_unit_test(no_wake_up_is_lost),
        cmocka_unit_test(quiet_is_not_reported_too_early),
        cmocka_unit_test(steps_are_chosen_by_the_seed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
