#include "support/test.h"

#include "actor/log_limiter.h"

#define SECOND UINT64_C(1000000000)

static void a_few_a_second_pass(void **state) {
    (void)state;
    airs_log_limiter_t limiter = {0};
    uint32_t suppressed = 99;
    for (int i = 0; i < AIRS_LOG_LIMIT; i++) {
        assert_true(airs_log_limiter_pass(&limiter, 0, &suppressed));
        assert_int_equal(suppressed, 0);
    }
    for (int i = 0; i < 10; i++) {
        assert_false(airs_log_limiter_pass(&limiter, SECOND - 1, &suppressed));
    }
}

static void the_next_one_tells_how_many_did_not(void **state) {
    (void)state;
    airs_log_limiter_t limiter = {0};
    uint32_t suppressed = 0;
    for (int i = 0; i < AIRS_LOG_LIMIT + 7; i++) {
        (void)airs_log_limiter_pass(&limiter, 5 * SECOND, &suppressed);
    }
    assert_true(airs_log_limiter_pass(&limiter, 6 * SECOND, &suppressed));
    assert_int_equal(suppressed, 7);
    assert_true(airs_log_limiter_pass(&limiter, 6 * SECOND, &suppressed));
    assert_int_equal(suppressed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_a_second_pass),
        cmocka_unit_test(the_next_one_tells_how_many_did_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
