#include "support/test.h"

#include <time.h>

#include "support/fake_clock.h"

static void monotonic_never_goes_back(void **state) {
    (void)state;
    airs_clock_t *clock = airs_clock_system();
    uint64_t last = airs_clock_monotonic(clock);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = airs_clock_monotonic(clock);
        assert_true(now >= last);
        last = now;
    }
}

static void wall_is_between_two_readings_of_the_system(void **state) {
    (void)state;
    struct timespec before;
    struct timespec after;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
    uint64_t now = airs_clock_wall(airs_clock_system());
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
    assert_in_range(now, (uint64_t)before.tv_sec * 1000000000 + (uint64_t)before.tv_nsec,
                    (uint64_t)after.tv_sec * 1000000000 + (uint64_t)after.tv_nsec);
}

static void a_fake_clock_moves_when_told(void **state) {
    (void)state;
    airs_fake_clock_t fake;
    airs_fake_clock_init(&fake);
    uint64_t monotonic = airs_clock_monotonic(&fake.clock);
    uint64_t wall = airs_clock_wall(&fake.clock);
    assert_int_equal(airs_clock_monotonic(&fake.clock), monotonic);
    airs_fake_clock_advance(&fake, 5);
    assert_int_equal(airs_clock_monotonic(&fake.clock), monotonic + 5);
    assert_int_equal(airs_clock_wall(&fake.clock), wall + 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_never_goes_back),
        cmocka_unit_test(wall_is_between_two_readings_of_the_system),
        cmocka_unit_test(a_fake_clock_moves_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
