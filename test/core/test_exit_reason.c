#include "core/exit_reason.h"

#include "support/test.h"

static void names_every_reason(void **state) {
    (void)state;
    static const char *const names[] = {"normal", "shutdown", "killed", "error",
                                        "crash",  "no-actor", "unknown"};
    for (int kind = AIRS_REASON_NORMAL; kind <= AIRS_REASON_NO_ACTOR + 1; kind++) {
        assert_string_equal(airs_reason_text((airs_reason_kind_t)kind), names[kind]);
    }
}

static void tells_orderly_ends_from_others(void **state) {
    (void)state;
    for (int kind = AIRS_REASON_NORMAL; kind <= AIRS_REASON_NO_ACTOR; kind++) {
        airs_reason_kind_t reason = (airs_reason_kind_t)kind;
        assert_int_equal(airs_reason_is_normal(reason), kind == AIRS_REASON_NORMAL);
        assert_int_equal(airs_reason_is_orderly(reason), kind <= AIRS_REASON_SHUTDOWN);
        assert_int_equal(airs_reason_has_text(reason),
                         kind == AIRS_REASON_ERROR || kind == AIRS_REASON_CRASH);
    }
}

static void tells_failed_starts_from_crashes(void **state) {
    (void)state;
    static const airs_status_t errors[] = {AIRS_NOT_LOADED, AIRS_INSTANTIATION_FAILED, AIRS_INITIALIZE_FAILED,
                                           AIRS_SHUTDOWN_FAILED};
    static const airs_status_t crashes[] = {
        AIRS_TRAP,           AIRS_EXECUTION_TIME_EXCEEDED, AIRS_PARKED_TIME_EXCEEDED,
        AIRS_STACK_OVERFLOW, AIRS_INVALID_RESULT,          AIRS_OUT_OF_FUEL};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        assert_int_equal(airs_reason_of_status(errors[i]), AIRS_REASON_ERROR);
    }
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        assert_int_equal(airs_reason_of_status(crashes[i]), AIRS_REASON_CRASH);
    }
    assert_int_equal(airs_reason_of_status(AIRS_STOPPED), AIRS_REASON_SHUTDOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_reason),
        cmocka_unit_test(tells_orderly_ends_from_others),
        cmocka_unit_test(tells_failed_starts_from_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
