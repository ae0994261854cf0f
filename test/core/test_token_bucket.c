#include "core/token_bucket.h"

#include "support/fake_clock.h"
#include "support/test.h"

#define SECOND UINT64_C(1000000000)

/* How many are allowed at this moment, `most` at most. */
static uint32_t take_all(airs_token_bucket_t *bucket, airs_clock_t *clock, uint32_t most) {
    uint32_t taken = 0;
    while (taken < most && airs_token_bucket_allows(bucket, clock)) {
        airs_token_bucket_take(bucket, 1);
        taken++;
    }
    return taken;
}

static void without_a_bound_everything_is_allowed(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_token_bucket_t bucket;
    airs_fake_clock_init(&clock);
    airs_token_bucket_init(&bucket, 0);
    assert_int_equal(take_all(&bucket, &clock.clock, 100000), 100000);
}

static void a_seconds_worth_at_once_and_then_what_time_brings(void **state) {
    (void)state;
    static const uint32_t rates[] = {1, 2, 7, 16, 100, 1000, 999999};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        airs_fake_clock_t clock;
        airs_token_bucket_t bucket;
        airs_fake_clock_init(&clock);
        airs_token_bucket_init(&bucket, rates[i]);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), rates[i]);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), 0);
        airs_fake_clock_advance(&clock, SECOND / rates[i] - 1);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), 0);
        airs_fake_clock_advance(&clock, 2);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), 1);
        airs_fake_clock_advance(&clock, SECOND);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), rates[i]);
        /* No more after an hour, or after longer than a life, than after a second. */
        airs_fake_clock_advance(&clock, 3600 * SECOND);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), rates[i]);
        airs_fake_clock_advance(&clock, UINT64_MAX / 2);
        assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), rates[i]);
    }
}

/* Over a long time, looked at again and again, neither more nor less than the rate: nothing is lost by looking. */
static void looking_often_neither_gains_nor_loses(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_token_bucket_t bucket;
    airs_fake_clock_init(&clock);
    airs_token_bucket_init(&bucket, 30);
    uint64_t taken = take_all(&bucket, &clock.clock, UINT32_MAX);
    for (int i = 0; i < 100000; i++) {
        airs_fake_clock_advance(&clock, SECOND / 1000 + 1);
        taken += take_all(&bucket, &clock.clock, UINT32_MAX);
    }
    assert_in_range(taken, 30 + 30 * 100 - 1, 30 + 30 * 100 + 1);
}

static void what_was_done_beyond_it_is_owed(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_token_bucket_t bucket;
    airs_fake_clock_init(&clock);
    airs_token_bucket_init(&bucket, 10);
    assert_true(airs_token_bucket_allows(&bucket, &clock.clock));
    airs_token_bucket_take(&bucket, 35);
    assert_false(airs_token_bucket_allows(&bucket, &clock.clock));
    airs_fake_clock_advance(&clock, 2 * SECOND);
    assert_false(airs_token_bucket_allows(&bucket, &clock.clock));
    airs_fake_clock_advance(&clock, SECOND);
    assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), 5);
    /* Something that turned out to be nothing. */
    airs_fake_clock_advance(&clock, SECOND);
    assert_true(airs_token_bucket_allows(&bucket, &clock.clock));
    airs_token_bucket_take(&bucket, 0);
    assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), 10);
}

static void a_clock_that_stands_still_or_begins_at_zero(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    airs_token_bucket_t bucket;
    airs_fake_clock_init(&clock);
    airs_token_bucket_init(&bucket, 3);
    assert_int_equal(take_all(&bucket, &clock.clock, UINT32_MAX), 3);
    for (int i = 0; i < 1000; i++) {
        assert_false(airs_token_bucket_allows(&bucket, &clock.clock));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_bound_everything_is_allowed),
        cmocka_unit_test(a_seconds_worth_at_once_and_then_what_time_brings),
        cmocka_unit_test(looking_often_neither_gains_nor_loses),
        cmocka_unit_test(what_was_done_beyond_it_is_owed),
        cmocka_unit_test(a_clock_that_stands_still_or_begins_at_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
