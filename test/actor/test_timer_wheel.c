#include "support/test.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/timer_wheel.h"
#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)

static airs_fake_clock_t fake;
static airs_timer_wheel_t *wheel;
static airs_timer_service_t *timers;

static int set_up(void **state) {
    (void)state;
    airs_fake_clock_init(&fake);
    assert_ok(airs_timer_wheel_create(airs_allocator_default(), &fake.clock, false, &wheel));
    timers = airs_timer_wheel_service(wheel);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_timer_wheel_destroy(wheel);
    return 0;
}

typedef struct alarm {
    airs_timer_t timer;
    char letter;
    uint64_t again_in;
} alarm_t;

static char rung[64];

static void ring(airs_timer_t *timer) {
    alarm_t *alarm = (alarm_t *)timer;
    size_t used = strlen(rung);
    (void)snprintf(rung + used, sizeof rung - used, "%c", alarm->letter);
    if (alarm->again_in > 0) {
        timer->deadline_ns += alarm->again_in;
        assert_ok(timers->add(timers, timer));
    }
}

static void add(alarm_t *alarm, char letter, uint64_t in_ns) {
    *alarm = (alarm_t){.timer = {.deadline_ns = airs_clock_monotonic(&fake.clock) + in_ns, .fire = ring},
                       .letter = letter};
    assert_ok(timers->add(timers, &alarm->timer));
}

static size_t pass(uint64_t nanoseconds) {
    airs_fake_clock_advance(&fake, nanoseconds);
    return airs_timer_wheel_advance(wheel);
}

static void fire_in_order(void **state) {
    (void)state;
    rung[0] = '\0';
    alarm_t a, b, c, d;
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), UINT64_MAX);
    add(&a, 'a', 30);
    add(&b, 'b', 10);
    add(&c, 'c', 20);
    add(&d, 'd', 10);
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), b.timer.deadline_ns);
    assert_int_equal(pass(9), 0);
    assert_int_equal(pass(1), 2);
    assert_string_equal(rung, "bd");
    assert_int_equal(pass(100), 2);
    assert_string_equal(rung, "bdca");
}

static void cancelled_ones_do_not(void **state) {
    (void)state;
    rung[0] = '\0';
    alarm_t a, b;
    alarm_t never = {.letter = 'n'};
    assert_false(timers->cancel(timers, &never.timer));
    add(&a, 'a', 10);
    add(&b, 'b', 20);
    assert_true(timers->cancel(timers, &a.timer));
    assert_false(timers->cancel(timers, &a.timer));
    pass(20);
    assert_string_equal(rung, "b");
    assert_false(timers->cancel(timers, &b.timer));
    /* It can be used again. */
    add(&a, 'a', 10);
    pass(10);
    assert_string_equal(rung, "ba");
}

static void a_callback_may_add_its_timer_again(void **state) {
    (void)state;
    rung[0] = '\0';
    alarm_t a;
    add(&a, 'a', 10);
    a.again_in = 10;
    pass(35);
    assert_string_equal(rung, "aaa");
    assert_true(timers->cancel(timers, &a.timer));
    pass(100);
    assert_string_equal(rung, "aaa");
}

enum { MANY = 2000 };
static alarm_t many[MANY];
static uint64_t last_fired;
static unsigned fired;

static void check_order(airs_timer_t *timer) {
    assert_true(timer->deadline_ns >= last_fired);
    last_fired = timer->deadline_ns;
    fired++;
}

/* Against what sorting would say. */
static void random_adds_and_cancels(void **state) {
    (void)state;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 42);
    unsigned cancelled = 0;
    last_fired = 0;
    fired = 0;
    for (int i = 0; i < MANY; i++) {
        uint64_t deadline = airs_clock_monotonic(&fake.clock) + airs_seeded_random_below(&random, 1000);
        many[i] = (alarm_t){.timer = {.deadline_ns = deadline, .fire = check_order}};
        assert_ok(timers->add(timers, &many[i].timer));
        if (airs_seeded_random_below(&random, 3) == 0) {
            cancelled +=
                timers->cancel(timers, &many[airs_seeded_random_below(&random, (uint64_t)i + 1)].timer);
        }
    }
    assert_true(cancelled > 100);
    pass(2000);
    assert_int_equal(fired + cancelled, MANY);
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), UINT64_MAX);
}

/* ---- against a model: what is armed, looked through from end to end ---- */

enum { MODEL_TIMERS = 200, MODEL_STEPS = 3000, MODEL_SEEDS = 40 };

typedef struct entry {
    airs_timer_t timer;
    bool armed;
    uint64_t order; /* of adding */
} entry_t;

static struct {
    airs_seeded_random_t random;
    entry_t entries[MODEL_TIMERS];
    uint64_t added;
    uint64_t fired;
} model;

static uint64_t below(uint64_t bound) { return airs_seeded_random_below(&model.random, bound); }

static uint64_t model_now(void) { return airs_clock_monotonic(&fake.clock); }

static entry_t *model_first(void) {
    entry_t *first = NULL;
    for (size_t i = 0; i < MODEL_TIMERS; i++) {
        entry_t *entry = &model.entries[i];
        if (entry->armed &&
            (first == NULL || entry->timer.deadline_ns < first->timer.deadline_ns ||
             (entry->timer.deadline_ns == first->timer.deadline_ns && entry->order < first->order))) {
            first = entry;
        }
    }
    return first;
}

/* Of any magnitude below 2^bits ns, small ones as often as great ones. */
static uint64_t any_span(uint64_t bits) { return below(UINT64_C(1) << below(bits + 1)); }

static uint64_t any_deadline(void) {
    uint64_t now = model_now();
    switch (below(8)) {
    case 0:
        return now; /* many at once */
    case 1:
        return below(2) == 0 ? below(now + 1) : now - (now < 1000 ? now : below(1000)); /* in the past */
    case 2:
        return UINT64_MAX - below(3);
    case 3:
        /* At the seams of the wheels. */
        return (((now >> 18) + below(3000)) << 18) - below(2);
    case 4:
        return (now | ((UINT64_C(1) << below(64)) - 1)) + below(2);
    default:
        return now + any_span(62);
    }
}

static void model_fired(airs_timer_t *timer);

static void model_add(entry_t *entry) {
    uint64_t deadline = any_deadline();
    /* Now and then one that there is already. */
    entry_t *other = &model.entries[below(MODEL_TIMERS)];
    if (other->armed && below(5) == 0) {
        deadline = other->timer.deadline_ns;
    }
    entry->timer.deadline_ns = deadline;
    entry->timer.fire = model_fired;
    entry->armed = true;
    entry->order = model.added++;
    assert_ok(timers->add(timers, &entry->timer));
}

/* Arm or disarm one of them, if it is not `busy`. */
static void model_change(const entry_t *busy) {
    entry_t *entry = &model.entries[below(MODEL_TIMERS)];
    if (entry == busy) {
        return;
    }
    if (entry->armed || below(4) == 0) {
        assert_int_equal(timers->cancel(timers, &entry->timer), entry->armed);
        entry->armed = false;
    }
    if (below(3) != 0) {
        model_add(entry);
    }
}

static void model_fired(airs_timer_t *timer) {
    entry_t *entry = (entry_t *)timer;
    assert_ptr_equal(entry, model_first());
    assert_true(timer->deadline_ns <= model_now());
    entry->armed = false;
    model.fired++;
    if (below(3) == 0) {
        model_change(entry);
    }
    /* Not for ever: seldom enough to come to an end at any moment. */
    if (below(4) == 0) {
        model_add(entry);
    }
}

static void model_pass(void) {
    uint64_t now = model_now();
    uint64_t span = any_span(50); /* so that the clock stays far from its end */
    uint64_t next = airs_timer_wheel_next_deadline(wheel);
    next = next < now + (UINT64_C(1) << 50) ? next : now;
    switch (below(6)) {
    case 0:
        span = below(1000);
        break;
    case 1:
        span = next > now ? next - now : 0;
        break;
    case 2:
        span = next > now ? next - now - 1 : 0;
        break;
    default:
        break;
    }
    uint64_t before = model.fired;
    size_t told = pass(span);
    assert_int_equal(told, model.fired - before);
}

static void model_check(void) {
    entry_t *first = model_first();
    assert_int_equal(airs_timer_wheel_next_deadline(wheel),
                     first != NULL ? first->timer.deadline_ns : UINT64_MAX);
}

static void model_run(uint64_t seed) {
    memset(&model, 0, sizeof model);
    airs_seeded_random_init(&model.random, seed);
    for (int i = 0; i < MODEL_STEPS; i++) {
        if (below(8) == 0) {
            model_pass();
            entry_t *first = model_first();
            assert_true(first == NULL || first->timer.deadline_ns > model_now());
        } else {
            model_change(NULL);
        }
        if (below(4) == 0) {
            model_check();
        }
    }
    for (size_t i = 0; i < MODEL_TIMERS; i++) {
        assert_int_equal(timers->cancel(timers, &model.entries[i].timer), model.entries[i].armed);
        model.entries[i].armed = false;
    }
    model_check();
    assert_true(model.fired > 100);
}

static void it_does_as_the_model_does(void **state) {
    for (uint64_t seed = 1; seed <= MODEL_SEEDS; seed++) {
        print_message("seed %" PRIu64 "\n", seed);
        set_up(state);
        model_run(seed);
        tear_down(state);
    }
}

/* ---- the corners ---- */

static void far_and_past_deadlines(void **state) {
    (void)state;
    rung[0] = '\0';
    alarm_t last, far, past, older;
    add(&last, 'l', UINT64_MAX - model_now());
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), UINT64_MAX);
    add(&far, 'f', UINT64_C(1) << 62);
    pass(0);
    add(&past, 'p', 0);
    past.timer.deadline_ns = 0;
    assert_true(timers->cancel(timers, &past.timer));
    past.timer.deadline_ns = 7;
    older = past;
    older.letter = 'o';
    older.timer.deadline_ns = 6;
    assert_ok(timers->add(timers, &past.timer));
    assert_ok(timers->add(timers, &older.timer));
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), 6);
    pass(0);
    assert_string_equal(rung, "op");
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), far.timer.deadline_ns);
    pass((UINT64_C(1) << 62) - 1);
    assert_string_equal(rung, "op");
    pass(1);
    assert_string_equal(rung, "opf");
    pass(UINT64_MAX - 1 - model_now());
    assert_string_equal(rung, "opf");
    pass(1);
    assert_string_equal(rung, "opfl");
}

enum { HEAP_OF_THEM = 200000 };

/* All in one tick, and in the worst order: far from what a quadratic order would take. */
static void a_crowd_in_one_tick(void **state) {
    (void)state;
    alarm_t *crowd = calloc(HEAP_OF_THEM, sizeof *crowd);
    assert_non_null(crowd);
    uint64_t start = ((model_now() >> 18) + 5000) << 18;
    fired = 0;
    last_fired = 0;
    for (uint64_t i = 0; i < HEAP_OF_THEM; i++) {
        crowd[i].timer = (airs_timer_t){.deadline_ns = start + HEAP_OF_THEM - i, .fire = check_order};
        assert_ok(timers->add(timers, &crowd[i].timer));
    }
    assert_int_equal(airs_timer_wheel_next_deadline(wheel), start + 1);
    pass(start - model_now());
    assert_int_equal(fired, 0);
    for (uint64_t i = 1; i < HEAP_OF_THEM; i += 2) {
        assert_true(timers->cancel(timers, &crowd[i].timer));
    }
    pass(HEAP_OF_THEM);
    assert_int_equal(fired, HEAP_OF_THEM / 2);
    free(crowd);
}

static airs_status_t add_some(const airs_allocator_t *allocator, void *threaded) {
    airs_timer_wheel_t *other = NULL;
    airs_status_t status = airs_timer_wheel_create(allocator, &fake.clock, threaded != NULL, &other);
    if (status != AIRS_OK) {
        return status;
    }
    airs_timer_service_t *service = airs_timer_wheel_service(other);
    alarm_t *alarms = calloc(200, sizeof *alarms);
    for (int i = 0; status == AIRS_OK && i < 200; i++) {
        alarms[i].timer = (airs_timer_t){.deadline_ns = UINT64_MAX - 1, .fire = ring};
        status = service->add(service, &alarms[i].timer);
    }
    airs_timer_wheel_destroy(other);
    free(alarms);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(add_some, NULL);
}

/* ---- with a thread and the system's clock ---- */

typedef struct alarm_clock {
    airs_timer_t timer;
    pthread_mutex_t lock;
    pthread_cond_t rang;
    unsigned count;
    bool hold; /* the callback waits until this is false */
    bool inside;
} alarm_clock_t;

static void ring_clock(airs_timer_t *timer) {
    alarm_clock_t *clock = (alarm_clock_t *)timer;
    pthread_mutex_lock(&clock->lock);
    clock->count++;
    clock->inside = true;
    pthread_cond_broadcast(&clock->rang);
    while (clock->hold) {
        pthread_cond_wait(&clock->rang, &clock->lock);
    }
    clock->inside = false;
    pthread_mutex_unlock(&clock->lock);
}

static void init_clock(alarm_clock_t *clock) {
    memset(clock, 0, sizeof *clock);
    pthread_mutex_init(&clock->lock, NULL);
    pthread_cond_init(&clock->rang, NULL);
    clock->timer.fire = ring_clock;
}

static void await_ring(alarm_clock_t *clock) {
    pthread_mutex_lock(&clock->lock);
    while (clock->count == 0) {
        pthread_cond_wait(&clock->rang, &clock->lock);
    }
    pthread_mutex_unlock(&clock->lock);
}

static uint64_t now(void) { return airs_clock_monotonic(airs_clock_system()); }

static void the_thread_wakes_for_an_earlier_deadline(void **state) {
    (void)state;
    airs_timer_wheel_t *threaded = NULL;
    assert_ok(airs_timer_wheel_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    airs_timer_service_t *service = airs_timer_wheel_service(threaded);
    alarm_clock_t late;
    alarm_clock_t early;
    init_clock(&late);
    init_clock(&early);
    late.timer.deadline_ns = now() + 3600 * UINT64_C(1000) * MS;
    early.timer.deadline_ns = now() + 5 * MS;
    assert_ok(service->add(service, &late.timer));
    assert_ok(service->add(service, &early.timer));
    await_ring(&early);
    assert_true(now() >= early.timer.deadline_ns);
    assert_true(service->cancel(service, &late.timer));
    assert_int_equal(late.count, 0);
    assert_false(service->cancel(service, &early.timer));
    airs_timer_wheel_destroy(threaded);
}

static void *let_go(void *argument) {
    alarm_clock_t *clock = argument;
    pthread_mutex_lock(&clock->lock);
    clock->hold = false;
    pthread_cond_broadcast(&clock->rang);
    pthread_mutex_unlock(&clock->lock);
    return NULL;
}

/* After cancel the callback does not run any more, so its memory may go. */
static void cancel_waits_for_a_callback_that_runs(void **state) {
    (void)state;
    airs_timer_wheel_t *threaded = NULL;
    assert_ok(airs_timer_wheel_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    airs_timer_service_t *service = airs_timer_wheel_service(threaded);
    alarm_clock_t clock;
    init_clock(&clock);
    clock.hold = true;
    clock.timer.deadline_ns = now();
    assert_ok(service->add(service, &clock.timer));
    await_ring(&clock);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, let_go, &clock), 0);
    assert_false(service->cancel(service, &clock.timer));
    assert_false(clock.inside);
    pthread_join(thread, NULL);
    airs_timer_wheel_destroy(threaded);
}

static _Atomic unsigned ends;

static void count_end(airs_timer_t *timer) {
    (void)timer;
    atomic_fetch_add(&ends, 1);
}

static void *add_and_cancel(void *argument) {
    airs_timer_service_t *service = argument;
    unsigned cancelled = 0;
    for (int i = 0; i < 3000; i++) {
        airs_timer_t timer = {.deadline_ns = now() + (uint64_t)(i % 3) * 1000, .fire = count_end};
        AIRS_ASSERT(service->add(service, &timer) == AIRS_OK);
        cancelled += service->cancel(service, &timer);
    }
    atomic_fetch_add(&ends, cancelled);
    return NULL;
}

/* Each is fired or cancelled, never both, on a stack that is gone afterwards. */
static void cancels_race_with_firing(void **state) {
    (void)state;
    airs_timer_wheel_t *threaded = NULL;
    assert_ok(airs_timer_wheel_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, add_and_cancel, airs_timer_wheel_service(threaded)), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&ends), 9000);
    airs_timer_wheel_destroy(threaded);
}

typedef struct counted_clock {
    airs_clock_t clock;
    _Atomic unsigned looked;
} counted_clock_t;

static uint64_t counted_now(airs_clock_t *clock) {
    atomic_fetch_add(&((counted_clock_t *)clock)->looked, 1);
    return now();
}

/* Requests that are answered in time arm and disarm a timer each: the thread must not hear of them. */
static void the_thread_sleeps_through_later_deadlines(void **state) {
    (void)state;
    counted_clock_t counted = {.clock = {counted_now, counted_now}};
    airs_timer_wheel_t *threaded = NULL;
    assert_ok(airs_timer_wheel_create(airs_allocator_default(), &counted.clock, true, &threaded));
    airs_timer_service_t *service = airs_timer_wheel_service(threaded);
    /* The one that it waits for does not come while the others do, however slow they are. */
    airs_timer_t early = {.deadline_ns = now() + 3600 * UINT64_C(1000) * MS, .fire = count_end};
    assert_ok(service->add(service, &early));
    for (uint64_t i = 0; i < 20000; i++) {
        airs_timer_t later = {.deadline_ns = now() + 7200 * UINT64_C(1000) * MS - i, .fire = count_end};
        assert_ok(service->add(service, &later));
        assert_true(service->cancel(service, &later));
    }
    assert_true(service->cancel(service, &early));
    airs_timer_wheel_destroy(threaded);
    /* It looks when it starts, when it is woken and before it sleeps. */
    assert_true(atomic_load(&counted.looked) < 100);
}

static size_t helped_inside;

static void help_inside(airs_timer_t *timer) {
    ring(timer);
    helped_inside += airs_timer_wheel_help(wheel);
}

/* As advance does, but not while somebody fires. */
static void who_helps_fires_what_is_due(void **state) {
    (void)state;
    rung[0] = '\0';
    helped_inside = 0;
    alarm_t a, b, c, d;
    assert_int_equal(airs_timer_wheel_help(wheel), 0);
    add(&c, 'c', 30 * MS);
    add(&b, 'b', 30 * MS - 1);
    add(&a, 'a', 10);
    add(&d, 'd', 5);
    assert_true(timers->cancel(timers, &d.timer));
    b.timer.fire = help_inside;
    airs_fake_clock_advance(&fake, 9);
    assert_int_equal(airs_timer_wheel_help(wheel), 0);
    airs_fake_clock_advance(&fake, 1);
    assert_int_equal(airs_timer_wheel_help(wheel), 1);
    assert_string_equal(rung, "a");
    airs_fake_clock_advance(&fake, 40 * MS);
    assert_int_equal(airs_timer_wheel_help(wheel), 2);
    assert_string_equal(rung, "abc");
    assert_int_equal(helped_inside, 0);
    assert_int_equal(airs_timer_wheel_help(wheel), 0);
    add(&d, 'd', 7);
    airs_fake_clock_advance(&fake, 7);
    assert_int_equal(airs_timer_wheel_help(wheel), 1);
    assert_string_equal(rung, "abcd");
}

typedef struct racing {
    airs_timer_t timer;
    _Atomic unsigned fired;
} racing_t;

static void note_fired(airs_timer_t *timer) { atomic_fetch_add(&((racing_t *)timer)->fired, 1); }

static atomic_bool racing_over;

static void *help_all_the_time(void *threaded) {
    while (!atomic_load(&racing_over)) {
        (void)airs_timer_wheel_help(threaded);
    }
    return NULL;
}

/* Two who help, the wheel's thread and who cancels: each timer fires once or was cancelled, and none fires after
 * the stop. */
static void helpers_race_with_the_thread(void **state) {
    (void)state;
    static racing_t timer[64];
    airs_timer_wheel_t *threaded = NULL;
    pthread_t helpers[2];
    assert_ok(airs_timer_wheel_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    airs_timer_service_t *service = airs_timer_wheel_service(threaded);
    atomic_store(&racing_over, false);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&helpers[i], NULL, help_all_the_time, threaded), 0);
    }
    size_t doubled = 0;
    size_t lost = 0;
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 64; i++) {
            memset(&timer[i], 0, sizeof timer[i]);
            timer[i].timer.fire = note_fired;
            timer[i].timer.deadline_ns = now() + UINT64_C(500) * i;
            (void)service->add(service, &timer[i].timer);
        }
        for (unsigned i = 0; i < 64; i++) {
            unsigned times = service->cancel(service, &timer[i].timer) ? 1 : 0;
            times += atomic_load(&timer[i].fired);
            doubled += times > 1;
            lost += times == 0;
        }
    }
    racing_t late = {.timer = {.deadline_ns = now() + 5 * MS, .fire = note_fired}};
    (void)service->add(service, &late.timer);
    airs_timer_wheel_stop(threaded);
    unsigned before = atomic_load(&late.fired);
    (void)service->cancel(service, &late.timer);
    assert_int_equal(atomic_load(&late.fired), before);
    atomic_store(&racing_over, true);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(helpers[i], NULL);
    }
    airs_timer_wheel_destroy(threaded);
    assert_int_equal(doubled, 0);
    assert_int_equal(lost, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fire_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelled_ones_do_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_callback_may_add_its_timer_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_adds_and_cancels, set_up, tear_down),
        cmocka_unit_test(it_does_as_the_model_does),
        cmocka_unit_test_setup_teardown(far_and_past_deadlines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_in_one_tick, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
        cmocka_unit_test(the_thread_wakes_for_an_earlier_deadline),
        cmocka_unit_test(the_thread_sleeps_through_later_deadlines),
        cmocka_unit_test(cancel_waits_for_a_callback_that_runs),
        cmocka_unit_test(cancels_race_with_firing),
        cmocka_unit_test_setup_teardown(who_helps_fires_what_is_due, set_up, tear_down),
        cmocka_unit_test(helpers_race_with_the_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
