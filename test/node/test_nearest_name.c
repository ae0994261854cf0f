#include "node/nearest_name.h"
#include "support/test.h"

static const char *const names[] = {"instances", "source",           "env", "config",
                                    "limits",    "mailbox-messages", NULL};

static const char *nearest(const char *word) {
    return airs_nearest_name(airs_str(word), airs_name_at_in_list, names);
}

static void one_slip_finds_the_name(void **state) {
    (void)state;
    assert_string_equal(nearest("instnaces"), "instances"); /* neighbours swapped */
    assert_string_equal(nearest("instance"), "instances");  /* one missing */
    assert_string_equal(nearest("sourcee"), "source");      /* one too many */
    assert_string_equal(nearest("cinfig"), "config");       /* one other */
    assert_string_equal(nearest("Env"), "env");             /* another case */
    assert_string_equal(nearest("mailbox_mesages"), "mailbox-messages");
    assert_string_equal(nearest("env"), "env");
}

static void another_word_finds_nothing(void **state) {
    (void)state;
    assert_null(nearest("banana"));
    assert_null(nearest(""));
    assert_null(nearest("x"));
    assert_null(nearest("abc"));
    assert_null(nearest("a-word-that-is-far-longer-than-every-name-that-anybody-would-give-a-key"));
}

static void an_empty_list_has_no_nearest(void **state) {
    (void)state;
    static const char *const none[] = {NULL};
    assert_null(airs_nearest_name(airs_str("env"), airs_name_at_in_list, none));
}

static void the_first_of_equally_near_ones_is_given(void **state) {
    (void)state;
    static const char *const pair[] = {"worker1", "worker2", NULL};
    assert_string_equal(airs_nearest_name(airs_str("worker3"), airs_name_at_in_list, pair), "worker1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_finds_the_name),
        cmocka_unit_test(another_word_finds_nothing),
        cmocka_unit_test(an_empty_list_has_no_nearest),
        cmocka_unit_test(the_first_of_equally_near_ones_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
