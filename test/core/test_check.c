#include "support/test.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/check.h"

static int evaluated;

static void what_holds_costs_one_evaluation(void **state) {
    (void)state;
    evaluated = 0;
    AIRS_ASSERT(++evaluated == 1);
    assert_int_equal(evaluated, 1);
}

static void fail_in_child(int standard_error) {
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(SIGABRT, SIG_DFL);
    (void)dup2(standard_error, STDERR_FILENO);
    AIRS_ASSERT(1 + 1 == 3);
    _exit(0);
}

static void what_does_not_hold_says_where_and_aborts(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fail_in_child(ends[1]);
    }
    (void)close(ends[1]);
    char text[512] = {0};
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < sizeof text - 1; size += got > 0 ? (size_t)got : 0) {
        got = read(ends[0], text + size, sizeof text - 1 - size);
    }
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "test_check.c:"));
    assert_non_null(strstr(text, ": fail_in_child: assertion failed: 1 + 1 == 3\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_costs_one_evaluation),
        cmocka_unit_test(what_does_not_hold_says_where_and_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
