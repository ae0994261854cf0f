/* A node with nothing to do does nothing. */
#include "e2e/stage.h"

#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define ACTORS 200

/* For a second: how long this process may have run, and how often it may have woken. Its own sleep is one
 * wake-up. */
#define CPU_US_MAX 20000
#define WAKES_MAX 10

static void sleep_ms(long milliseconds) {
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static long microseconds(struct timeval time) { return (long)time.tv_sec * 1000000 + (long)time.tv_usec; }

/* Who was kept from a core may be looking around for work later, and may give up in the middle of a second: one that has
 * nothing to do is quiet in some second, one that polls is in none. */
static void assert_idle_but_for(const char *when, long wakes_max) {
    long cpu = LONG_MAX;
    long wakes = LONG_MAX;
    for (int i = 0; i < 10 && (cpu > CPU_US_MAX || wakes > wakes_max); i++) {
        struct rusage before;
        struct rusage after;
        sleep_ms(300); /* who looks around for work gives up */
        assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
        sleep_ms(1000);
        assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
        cpu = microseconds(after.ru_utime) + microseconds(after.ru_stime) - microseconds(before.ru_utime) -
              microseconds(before.ru_stime);
        wakes = after.ru_nvcsw - before.ru_nvcsw;
        print_message("%s: %ld us of CPU and %ld wake-ups in a second\n", when, cpu, wakes);
    }
    assert_in_range(cpu, 0, CPU_US_MAX);
    assert_in_range(wakes, 0, wakes_max);
}

static void assert_idle(const char *when) { assert_idle_but_for(when, WAKES_MAX); }

static void test_idle_node_does_nothing(void **state) {
    (void)state;
    stage_t stage;
    char id[32];
    stage_open(&stage, 0);
    assert_idle("empty");
    for (int i = 0; i < ACTORS; i++) {
        (void)snprintf(id, sizeof id, "app/echo/%d", i);
        stage_add(&stage, "echo", id, NULL);
    }
    assert_idle("200 guests");
    for (int i = 0; i < 10 * ACTORS; i++) {
        (void)snprintf(id, sizeof id, "app/echo/%d", i % ACTORS);
        assert_ok(stage_send(&stage, id, "work"));
    }
    stage_drain(&stage);
    assert_idle("after work");
    /* Calls that are parked, and requests that wait for them, cost nothing either. */
    stage_add(&stage, "sleeper", "app/sleeper/0", NULL);
    stage_add(&stage, "wasi", "app/wasi/0", NULL);
    const airs_variable_t patience = {"TIMEOUT_MS", "3600000"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = &patience;
    options.env_count = 1;
    options.config = airs_bytes("app/sleeper/0", 13);
    assert_ok(stage_spawn(&stage, "requester", "app/requester/0", &options));
    assert_ok(stage_send(&stage, "app/sleeper/0", "3600000"));
    assert_ok(stage_send(&stage, "app/wasi/0", "sleep 3600000"));
    assert_ok(stage_send(&stage, "app/requester/0", "0"));
    assert_idle("with sleepers");
    static const char *const sleepers[] = {"app/sleeper/0", "app/wasi/0"};
    for (size_t i = 0; i < 2; i++) {
        (void)airs_node_stop(stage.node, id_of(sleepers[i]), AIRS_STOP_DROP, 10, &stage.error);
    }
    stage_drain(&stage);
    assert_idle("after their ends");
    stage_close(&stage);
}

/* Being asked how well one is: at 32 moments in 30 seconds, with a few wake-ups of three threads each. */
#define CHECK_WAKES_MAX 100

static void test_checks_of_health_hardly_wake_a_node(void **state) {
    (void)state;
    stage_t stage;
    char id[32];
    stage_open(&stage, 0);
    for (int i = 0; i < ACTORS; i++) {
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.health_interval_ms = 30000;
        (void)snprintf(id, sizeof id, "app/echo/%d", i);
        assert_ok(stage_spawn(&stage, "echo", id, &options));
    }
    sleep_ms(1500); /* the first checks of all */
    assert_idle_but_for("with health", CHECK_WAKES_MAX);
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_node_does_nothing),
        cmocka_unit_test(test_checks_of_health_hardly_wake_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
