#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/timer_queue.h"
#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)

static airs_fake_clock_t fake;
static airs_timer_queue_t *queue;
static airs_timer_service_t *timers;

static int set_up(void **state) {
    (void)state;
    airs_fake_clock_init(&fake);
    assert_ok(airs_timer_queue_create(airs_allocator_default(), &fake.clock, false, &queue));
    timers = airs_timer_queue_service(queue);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_timer_queue_destroy(queue);
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
    return airs_timer_queue_advance(queue);
}

static void fire_in_order(void **state) {
    (void)state;
    rung[0] = '\0';
    alarm_t a, b, c, d;
    assert_int_equal(airs_timer_queue_next_deadline(queue), UINT64_MAX);
    add(&a, 'a', 30);
    add(&b, 'b', 10);
    add(&c, 'c', 20);
    add(&d, 'd', 10);
    assert_int_equal(airs_timer_queue_next_deadline(queue), b.timer.deadline_ns);
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
    assert_int_equal(airs_timer_queue_next_deadline(queue), UINT64_MAX);
}

static airs_status_t add_some(const airs_allocator_t *allocator, void *threaded) {
    airs_timer_queue_t *other = NULL;
    airs_status_t status = airs_timer_queue_create(allocator, &fake.clock, threaded != NULL, &other);
    if (status != AIRS_OK) {
        return status;
    }
    airs_timer_service_t *service = airs_timer_queue_service(other);
    alarm_t *alarms = calloc(200, sizeof *alarms);
    for (int i = 0; status == AIRS_OK && i < 200; i++) {
        alarms[i].timer = (airs_timer_t){.deadline_ns = UINT64_MAX - 1, .fire = ring};
        status = service->add(service, &alarms[i].timer);
    }
    airs_timer_queue_destroy(other);
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
    airs_timer_queue_t *threaded = NULL;
    assert_ok(airs_timer_queue_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    airs_timer_service_t *service = airs_timer_queue_service(threaded);
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
    airs_timer_queue_destroy(threaded);
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
    airs_timer_queue_t *threaded = NULL;
    assert_ok(airs_timer_queue_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    airs_timer_service_t *service = airs_timer_queue_service(threaded);
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
    airs_timer_queue_destroy(threaded);
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
    airs_timer_queue_t *threaded = NULL;
    assert_ok(airs_timer_queue_create(airs_allocator_default(), airs_clock_system(), true, &threaded));
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, add_and_cancel, airs_timer_queue_service(threaded)), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&ends), 9000);
    airs_timer_queue_destroy(threaded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fire_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelled_ones_do_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_callback_may_add_its_timer_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_adds_and_cancels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
        cmocka_unit_test(the_thread_wakes_for_an_earlier_deadline),
        cmocka_unit_test(cancel_waits_for_a_callback_that_runs),
        cmocka_unit_test(cancels_race_with_firing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
