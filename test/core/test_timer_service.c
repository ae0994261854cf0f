/* What core/timer_service.h promises, held by the service that tests drive by hand. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/check.h"
#include "support/manual_timers.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)

typedef struct fixture {
    airs_fake_clock_t clock;
    airs_manual_timers_t timers;
} fixture_t;

typedef struct alarm {
    airs_timer_t timer;
    fixture_t *fixture;
    uint64_t fired_at;
    int order;
    uint64_t again_in; /* adds itself again */
    struct alarm *cancels;
} alarm_t;

static fixture_t self;
static int fired;

static int set_up(void **state) {
    (void)state;
    airs_fake_clock_init(&self.clock);
    airs_manual_timers_init(&self.timers, &self.clock);
    fired = 0;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_manual_timers_free(&self.timers);
    return 0;
}

static airs_status_t add(airs_timer_t *timer) { return self.timers.service.add(&self.timers.service, timer); }

static bool cancel(airs_timer_t *timer) { return self.timers.service.cancel(&self.timers.service, timer); }

static void ring(airs_timer_t *timer) {
    alarm_t *mine = (alarm_t *)timer;
    mine->fired_at = airs_clock_monotonic(&self.clock.clock);
    mine->order = ++fired;
    if (mine->cancels != NULL) {
        assert_true(cancel(&mine->cancels->timer));
    }
    if (mine->again_in > 0) {
        timer->deadline_ns += mine->again_in;
        assert_ok(add(timer));
    }
}

static void prepare(alarm_t *alarm, uint64_t in_ns) {
    memset(alarm, 0, sizeof *alarm);
    alarm->timer =
        (airs_timer_t){.deadline_ns = airs_clock_monotonic(&self.clock.clock) + in_ns, .fire = ring};
}

static void timers_fire_in_order_at_their_deadline(void **state) {
    (void)state;
    alarm_t alarms[200];
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 3);
    for (size_t i = 0; i < 200; i++) {
        prepare(&alarms[i], airs_seeded_random_below(&random, 50) * MS);
        assert_ok(add(&alarms[i].timer));
    }
    for (size_t i = 0; i < 200; i += 3) {
        assert_true(cancel(&alarms[i].timer));
        assert_false(cancel(&alarms[i].timer));
    }
    assert_int_equal(airs_manual_timers_count(&self.timers), 133);
    assert_int_equal(airs_manual_timers_advance(&self.timers, 50 * MS), 133);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(alarms[i].order == 0, i % 3 == 0);
        for (size_t k = 0; k < i; k++) {
            bool before = alarms[k].timer.deadline_ns <= alarms[i].timer.deadline_ns;
            assert_true(alarms[i].order == 0 || alarms[k].order == 0 ||
                        (alarms[k].order < alarms[i].order) == before);
        }
        assert_true(alarms[i].order == 0 || alarms[i].fired_at == alarms[i].timer.deadline_ns);
    }
    assert_int_equal(airs_manual_timers_next(&self.timers), UINT64_MAX);
}

static void nothing_fires_before_its_time(void **state) {
    (void)state;
    alarm_t alarm;
    prepare(&alarm, 10 * MS);
    assert_ok(add(&alarm.timer));
    assert_int_equal(airs_manual_timers_next(&self.timers), alarm.timer.deadline_ns);
    assert_int_equal(airs_manual_timers_advance(&self.timers, 10 * MS - 1), 0);
    assert_int_equal(airs_manual_timers_advance(&self.timers, 1), 1);
    assert_int_equal(airs_manual_timers_advance(&self.timers, 1000 * MS), 0);
}

static void a_callback_may_add_and_cancel(void **state) {
    (void)state;
    alarm_t repeating;
    alarm_t victim;
    alarm_t killer;
    prepare(&repeating, 10 * MS);
    repeating.again_in = 10 * MS;
    prepare(&victim, 25 * MS);
    prepare(&killer, 24 * MS);
    killer.cancels = &victim;
    assert_ok(add(&repeating.timer));
    assert_ok(add(&victim.timer));
    assert_ok(add(&killer.timer));
    assert_int_equal(airs_manual_timers_advance(&self.timers, 35 * MS), 4);
    assert_int_equal(victim.order, 0);
    assert_int_equal(airs_manual_timers_count(&self.timers), 1);
    assert_true(cancel(&repeating.timer));
}

static void cancelling_what_was_never_added_is_fine(void **state) {
    (void)state;
    airs_timer_t timer = {0};
    assert_false(cancel(&timer));
}

static void the_nth_add_can_be_refused(void **state) {
    (void)state;
    alarm_t alarms[3];
    self.timers.fail_add = 2;
    for (size_t i = 0; i < 3; i++) {
        prepare(&alarms[i], MS);
        assert_status(add(&alarms[i].timer), i == 1 ? AIRS_OUT_OF_MEMORY : AIRS_OK);
    }
    assert_int_equal(airs_manual_timers_advance(&self.timers, MS), 2);
}

typedef struct slow {
    airs_timer_t timer;
    pthread_barrier_t inside;
    _Atomic bool ended;
} slow_t;

static void take_long(airs_timer_t *timer) {
    slow_t *slow = (slow_t *)timer;
    (void)pthread_barrier_wait(&slow->inside);
    for (int i = 0; i < 1000; i++) {
        (void)sched_yield();
    }
    atomic_store(&slow->ended, true);
}

static void *advance(void *unused) {
    (void)unused;
    AIRS_ASSERT(airs_manual_timers_advance(&self.timers, MS) == 1);
    return NULL;
}

static void cancel_waits_for_a_callback_that_runs(void **state) {
    (void)state;
    slow_t slow = {.timer = {.fire = take_long}};
    assert_int_equal(pthread_barrier_init(&slow.inside, NULL, 2), 0);
    assert_ok(add(&slow.timer));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, advance, NULL), 0);
    (void)pthread_barrier_wait(&slow.inside);
    assert_false(cancel(&slow.timer));
    assert_true(atomic_load(&slow.ended));
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_barrier_destroy(&slow.inside);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_order_at_their_deadline),
        TEST(nothing_fires_before_its_time),
        TEST(a_callback_may_add_and_cancel),
        TEST(cancelling_what_was_never_added_is_fine),
        TEST(the_nth_add_can_be_refused),
        TEST(cancel_waits_for_a_callback_that_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
