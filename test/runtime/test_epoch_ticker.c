#include "runtime/epoch_ticker.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/test.h"

/* Short, so that the tests are; nothing here depends on how exactly it is kept. */
#define PERIOD_US 200

/* Nothing takes this long unless it never happens. */
#define PATIENCE_MS 20000

#define HOUR_NS (UINT64_C(3600) * 1000000000)

/* More than a tick may count as. */
#define LATE_NS_MAX (UINT64_C(50) * PERIOD_US * 1000)

#define BUSY_THREADS 8
#define BUSY_ROUNDS 2000

typedef struct ticked {
    airs_epoch_ticker_t *ticker;
    _Atomic uint64_t ticks;
} ticked_t;

static ticked_t ticked;
static airs_fake_clock_t fake_clock;

static void count_tick(void *context) { atomic_fetch_add(&((ticked_t *)context)->ticks, 1); }

static void pause_for(uint64_t microseconds) {
    struct timespec time = {(time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000};
    nanosleep(&time, NULL);
}

static uint64_t now_ms(void) { return airs_clock_monotonic(airs_clock_system()) / 1000000; }

static void open_ticker(airs_clock_t *clock) {
    airs_error_t error;
    atomic_store(&ticked.ticks, 0);
    if (airs_epoch_ticker_create(airs_allocator_default(), clock, PERIOD_US, count_tick, &ticked,
                                 &ticked.ticker, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
}

static int setup(void **state) {
    (void)state;
    open_ticker(airs_clock_system());
    return 0;
}

static int teardown(void **state) {
    (void)state;
    airs_epoch_ticker_destroy(ticked.ticker);
    return 0;
}

/* True when `more` further ticks came within the patience. */
static bool await_ticks(uint64_t more) {
    uint64_t until = now_ms() + PATIENCE_MS;
    uint64_t wanted = atomic_load(&ticked.ticks) + more;
    while (atomic_load(&ticked.ticks) < wanted) {
        if (now_ms() > until) {
            return false;
        }
        pause_for(PERIOD_US);
    }
    return true;
}

/* True when it fell asleep: no tick in a hundred periods, tried again while a busy machine lets a late one through. */
static bool await_sleep(void) {
    uint64_t until = now_ms() + PATIENCE_MS;
    while (now_ms() < until) {
        uint64_t before = atomic_load(&ticked.ticks);
        pause_for(UINT64_C(100) * PERIOD_US);
        if (atomic_load(&ticked.ticks) == before) {
            return true;
        }
    }
    return false;
}

static void ticks_while_there_is_activity(void **state) {
    (void)state;
    airs_epoch_ticker_begin(ticked.ticker);
    uint64_t before = atomic_load(airs_epoch_ticker_count(ticked.ticker));
    assert_true(await_ticks(50));
    assert_true(atomic_load(airs_epoch_ticker_count(ticked.ticker)) >= before + 50);
    airs_epoch_ticker_end(ticked.ticker);
}

static void sleeps_when_the_activity_ends_and_wakes_for_more(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        airs_epoch_ticker_begin(ticked.ticker);
        assert_true(await_ticks(3));
        airs_epoch_ticker_end(ticked.ticker);
        assert_true(await_sleep());
        assert_int_equal(atomic_load(airs_epoch_ticker_count(ticked.ticker)), atomic_load(&ticked.ticks));
    }
}

static void sleeps_from_the_start(void **state) {
    (void)state;
    assert_true(await_sleep());
}

static void activity_is_counted(void **state) {
    (void)state;
    airs_epoch_ticker_begin(ticked.ticker);
    airs_epoch_ticker_begin(ticked.ticker);
    airs_epoch_ticker_begin(ticked.ticker);
    airs_epoch_ticker_end(ticked.ticker);
    airs_epoch_ticker_end(ticked.ticker);
    /* More than it waits for before it sleeps. */
    assert_true(await_ticks(100));
    airs_epoch_ticker_end(ticked.ticker);
    assert_true(await_sleep());
}

/* With a clock that stands still unless it is moved on. */
static uint64_t open_still(void) {
    airs_fake_clock_init(&fake_clock);
    airs_epoch_ticker_destroy(ticked.ticker);
    open_ticker(&fake_clock.clock);
    return airs_epoch_ticker_now_ns(ticked.ticker);
}

static void its_time_is_that_of_the_last_tick(void **state) {
    (void)state;
    uint64_t start = open_still();
    airs_epoch_ticker_begin(ticked.ticker);
    assert_true(await_ticks(2)); /* it has woken, and looked at the clock */
    assert_int_equal(airs_epoch_ticker_now_ns(ticked.ticker), start);
    airs_fake_clock_advance(&fake_clock, 1500);
    assert_true(await_ticks(2));
    assert_int_equal(airs_epoch_ticker_now_ns(ticked.ticker), start + 1500);
    airs_epoch_ticker_end(ticked.ticker);
}

/* What slept is not charged to whoever wakes it. */
static void a_sleep_takes_no_time(void **state) {
    (void)state;
    uint64_t start = open_still();
    assert_true(await_sleep());
    airs_fake_clock_advance(&fake_clock, HOUR_NS);
    airs_epoch_ticker_begin(ticked.ticker);
    assert_true(await_ticks(3));
    assert_in_range(airs_epoch_ticker_now_ns(ticked.ticker) - start, 0, LATE_NS_MAX);
    airs_epoch_ticker_end(ticked.ticker);
}

/* Nor is a guest charged for what nobody ran for: a process that was stopped, or a thread that had no core. */
static void a_tick_that_comes_late_is_not_charged(void **state) {
    (void)state;
    uint64_t start = open_still();
    airs_epoch_ticker_begin(ticked.ticker);
    assert_true(await_ticks(2));
    airs_fake_clock_advance(&fake_clock, HOUR_NS);
    assert_true(await_ticks(2));
    assert_in_range(airs_epoch_ticker_now_ns(ticked.ticker) - start, 1, LATE_NS_MAX);
    airs_epoch_ticker_end(ticked.ticker);
}

static void ends_while_it_ticks_and_while_it_sleeps(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        airs_epoch_ticker_begin(ticked.ticker);
        if (i % 2 == 0) {
            assert_true(await_ticks(1));
        }
        airs_epoch_ticker_destroy(ticked.ticker);
        open_ticker(airs_clock_system());
    }
    assert_true(await_sleep());
    airs_epoch_ticker_destroy(ticked.ticker);
    ticked.ticker = NULL;
    airs_epoch_ticker_destroy(NULL);
}

static void *be_busy(void *context) {
    (void)context;
    for (int i = 0; i < BUSY_ROUNDS; i++) {
        airs_epoch_ticker_begin(ticked.ticker);
        if (i % 64 == 0) {
            sched_yield();
        }
        airs_epoch_ticker_end(ticked.ticker);
        if (i % 256 == 0) {
            /* Long enough for it to fall asleep now and then. */
            pause_for(UINT64_C(30) * PERIOD_US);
        }
    }
    return NULL;
}

/* However begin and end race with falling asleep, a begin is never missed. */
static void many_threads_come_and_go(void **state) {
    (void)state;
    pthread_t threads[BUSY_THREADS];
    for (int i = 0; i < BUSY_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, be_busy, NULL), 0);
    }
    for (int i = 0; i < BUSY_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_true(await_sleep());
    airs_epoch_ticker_begin(ticked.ticker);
    assert_true(await_ticks(10));
    airs_epoch_ticker_end(ticked.ticker);
    assert_true(await_sleep());
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_epoch_ticker_t *ticker = NULL;
    airs_status_t status = airs_epoch_ticker_create(allocator, airs_clock_system(), PERIOD_US, count_tick,
                                                    context, &ticker, NULL);
    if (status == AIRS_OK) {
        airs_epoch_ticker_begin(ticker);
        airs_epoch_ticker_end(ticker);
    }
    airs_epoch_ticker_destroy(ticker);
    return status;
}

static void says_when_there_is_no_memory(void **state) {
    (void)state;
    airs_fail_each_allocation(life, &ticked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ticks_while_there_is_activity, setup, teardown),
        cmocka_unit_test_setup_teardown(sleeps_when_the_activity_ends_and_wakes_for_more, setup, teardown),
        cmocka_unit_test_setup_teardown(sleeps_from_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(activity_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(its_time_is_that_of_the_last_tick, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sleep_takes_no_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tick_that_comes_late_is_not_charged, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_while_it_ticks_and_while_it_sleeps, setup, teardown),
        cmocka_unit_test_setup_teardown(many_threads_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(says_when_there_is_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
