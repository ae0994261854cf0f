/* Hot update with real guests: what goes on, what goes back, and that nothing is lost under load. */
#include "e2e/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static airs_status_t update(stage_t *stage, const char *guest, uint64_t window_ms, bool together) {
    airs_update_options_t options = AIRS_UPDATE_OPTIONS_INIT;
    options.window_ms = window_ms;
    options.together = together;
    return airs_node_update(stage->node, id_of("app/u/0"), stage_guest(stage, guest), &options,
                            &stage->error);
}

static const char *version_now(stage_t *stage, const char *id) {
    assert_ok(stage_call(stage, id, "get"));
    return stage->answer;
}

static void test_state_is_carried_on(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    for (int i = 0; i < 3; i++) {
        stage_expect(&stage, "app/u/0", "one", "one");
    }
    assert_ok(update(&stage, "update_second", 20, false));
    assert_string_equal(version_now(&stage, "app/u/0"), "2.0.0 3");
    stage_expect(&stage, "app/u/0", "from", "1.0.0");
    stage_expect(&stage, "app/u/0", "four", "four");
    assert_ok(update(&stage, "update_plain", 20, false));
    assert_string_equal(version_now(&stage, "app/u/0"), "3.0.0 0");
    stage_expect(&stage, "app/u/0", "one", "one");
    /* What has no state to give is followed by what begins anew, whether it takes states or not. */
    assert_ok(update(&stage, "update_importfail", 20, false));
    assert_string_equal(version_now(&stage, "app/u/0"), "5.0.0 0");
    assert_int_equal(stage_counters(&stage, "app/u/0").restarts, 0);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_timer_outlives_the_version_that_began_it(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    assert_ok(stage_send(&stage, "app/u/0", "tick 200"));
    assert_string_equal(version_now(&stage, "app/u/0"), "1.0.0 0");
    assert_ok(update(&stage, "update_second", AIRS_UPDATE_NO_WINDOW, false));
    sink_await(&sink, 1);
    assert_string_equal((const char *)sink_heard(&sink, 0).data, "tock");
    assert_string_equal(version_now(&stage, "app/u/0"), "2.0.0 1");
    stage_close(&stage);
    sink_free(&sink);
}

static void expect_rollback(stage_t *stage, const char *guest, const char *text) {
    assert_status(update(stage, guest, 20, false), AIRS_ROLLED_BACK);
    if (strstr(stage->error.text, text) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", guest, stage->error.text, text);
    }
    assert_string_equal(version_now(stage, "app/u/0"), "1.0.0 2");
    assert_string_equal(version_now(stage, "app/u/1"), "1.0.0 0");
}

static void test_bad_versions_are_taken_back(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    stage_add(&stage, "update_first", "app/u/1", NULL);
    stage_expect(&stage, "app/u/0", "one", "one");
    stage_expect(&stage, "app/u/0", "two", "two");
    expect_rollback(&stage, "update_initfail", "initialize: initialization-failed: not today");
    expect_rollback(&stage, "update_importfail", "import-state: invalid-state: too old");
    expect_rollback(&stage, "update_sick", "health: it is unhealthy");
    assert_int_equal(stage_totals(&stage).crashed, 0);
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_version_that_keeps_its_state_to_itself_stays(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "update_stuck", "app/u/0", NULL);
    assert_status(update(&stage, "update_second", 20, false), AIRS_ROLLED_BACK);
    assert_non_null(strstr(stage.error.text, "export-state: invalid-state: busy"));
    assert_string_equal(version_now(&stage, "app/u/0"), "8.0.0 0");
    stage_close(&stage);
}

/* The window is long, but a crash in it does not wait for its end. */
typedef struct attempt {
    stage_t *stage;
    const char *guest;
    airs_status_t status;
} attempt_t;

static void *try_update(void *argument) {
    attempt_t *attempt = argument;
    attempt->status = update(attempt->stage, attempt->guest, PATIENCE_MS, false);
    return NULL;
}

static void await_version(stage_t *stage, const char *id, const char *text) {
    const struct timespec moment = {0, 1000000};
    uint64_t begin = now_ms();
    while (strcmp(version_now(stage, id), text) != 0) {
        assert_true(now_ms() - begin < PATIENCE_MS);
        (void)nanosleep(&moment, NULL);
    }
}

static void test_trap_in_the_window_takes_all_back(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    pthread_t thread;
    sink_init(&sink);
    stage_open(&stage, 2);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    stage_add(&stage, "update_first", "app/u/1", NULL);
    stage_expect(&stage, "app/u/0", "one", "one");
    (void)stage_guest(&stage, "update_traps");
    attempt_t attempt = {.stage = &stage, .guest = "update_traps"};
    assert_int_equal(pthread_create(&thread, NULL, try_update, &attempt), 0);
    await_version(&stage, "app/u/1", "7.0.0 0");
    assert_ok(stage_send(&stage, "app/u/1", "trap"));
    assert_ok(stage_send(&stage, "app/u/1", "behind it"));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_status(attempt.status, AIRS_ROLLED_BACK);
    assert_non_null(strstr(stage.error.text, "app/u/1: "));
    assert_non_null(strstr(stage.error.text, "airs_on_message"));
    assert_string_equal(version_now(&stage, "app/u/0"), "1.0.0 1");
    assert_string_equal(version_now(&stage, "app/u/1"), "1.0.0 1");
    sink_await(&sink, 2);
    assert_string_equal((const char *)sink_heard(&sink, 1).data, "behind it");
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED), 1);
    assert_int_equal(stage_totals(&stage).actors, 3);
    stage_close(&stage);
    sink_free(&sink);
}

static void test_second_update_waits_for_nobody(void **state) {
    (void)state;
    stage_t stage;
    pthread_t thread;
    stage_open(&stage, 2);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    (void)stage_guest(&stage, "update_traps");
    (void)stage_guest(&stage, "update_second");
    attempt_t attempt = {.stage = &stage, .guest = "update_second"};
    assert_int_equal(pthread_create(&thread, NULL, try_update, &attempt), 0);
    await_version(&stage, "app/u/0", "2.0.0 0");
    airs_error_t error;
    airs_update_options_t options = AIRS_UPDATE_OPTIONS_INIT;
    assert_status(
        airs_node_update(stage.node, id_of("app/u/0"), stage_guest(&stage, "update_traps"), &options, &error),
        AIRS_INVALID_STATE);
    assert_string_equal(error.text, "app/u: an update of it is going on");
    /* Its actors' end is that of an update, too. */
    assert_ok(stage_stop(&stage, "app/u/0", AIRS_STOP_DRAIN));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_status(attempt.status, AIRS_STOPPED);
    stage_close(&stage);
}

/* As many as there may be: a switch needs room for one more. */
static void test_full_pool_has_no_room_for_a_switch(void **state) {
    (void)state;
    stage_t stage;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.max_actors = 2;
    options.cache_dir = "";
    stage_open_with(&stage, options);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    stage_add(&stage, "update_first", "app/u/1", NULL);
    assert_status(update(&stage, "update_second", 20, false), AIRS_ROLLED_BACK);
    if (strstr(stage.error.text, "the engine has no room for one more instance") == NULL) {
        fail_msg("%s", stage.error.text);
    }
    assert_string_equal(version_now(&stage, "app/u/0"), "1.0.0 0");
    stage_close(&stage);
}

static void test_configuration_goes_with_the_update(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "update_first", "app/u/0", NULL);
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    spawn.max_fuel = 1000;
    airs_update_options_t options = AIRS_UPDATE_OPTIONS_INIT;
    options.window_ms = 20;
    options.spawn = &spawn;
    airs_component_t second = stage_guest(&stage, "update_second");
    assert_status(airs_node_update(stage.node, id_of("app/u/0"), second, &options, &stage.error),
                  AIRS_UNSUPPORTED);
    assert_non_null(strstr(stage.error.text, "consume_fuel"));
    spawn.max_fuel = 0;
    spawn.max_memory_bytes = UINT64_C(1) << 40;
    assert_status(airs_node_update(stage.node, id_of("app/u/0"), second, &options, &stage.error),
                  AIRS_INVALID_ARGUMENT);
    spawn.max_memory_bytes = 0;
    assert_ok(airs_node_update(stage.node, id_of("app/u/0"), second, &options, &stage.error));
    assert_string_equal(version_now(&stage, "app/u/0"), "2.0.0 0");
    assert_status(airs_node_update(stage.node, id_of("app/u/0"), 999, NULL, &stage.error), AIRS_NOT_LOADED);
    stage_close(&stage);
}

static void test_node_ends_in_the_middle_of_an_update(void **state) {
    (void)state;
    for (int all = 0; all < 2; all++) {
        stage_t stage;
        pthread_t thread;
        stage_open(&stage, 2);
        stage_add(&stage, "update_first", "app/u/0", NULL);
        stage_add(&stage, "update_first", "app/u/1", NULL);
        (void)stage_guest(&stage, "update_second");
        attempt_t attempt = {.stage = &stage, .guest = "update_second"};
        assert_int_equal(pthread_create(&thread, NULL, try_update, &attempt), 0);
        await_version(&stage, "app/u/1", "2.0.0 0");
        if (all == 0) {
            /* The end of its actors is that of an update, too. */
            assert_ok(stage_stop(&stage, "app/u/0", AIRS_STOP_DRAIN));
            assert_ok(stage_stop(&stage, "app/u/1", AIRS_STOP_DRAIN));
            assert_int_equal(pthread_join(thread, NULL), 0);
        }
        stage_close(&stage);
        if (all != 0) {
            assert_int_equal(pthread_join(thread, NULL), 0);
        }
        assert_status(attempt.status, AIRS_STOPPED);
    }
}

/* ---- under load ---- */

#define SENDERS 4
#define INSTANCES 3
#define UPDATES 100

/* What each sender sends at least, however little it gets to run meanwhile. */
#define SENT_AT_LEAST 200

/* What came of each sender's messages. */
typedef struct ledger {
    pthread_mutex_t lock;
    int64_t last[SENDERS]; /* the highest number that came; -1: none did */
    uint64_t came[SENDERS];
    uint64_t disorder;
} ledger_t;

typedef struct sender {
    stage_t *stage;
    unsigned number;
    bool asks; /* with requests, whose answers it checks */
    atomic_bool *stop;
    uint64_t sent;
    uint64_t failed; /* requests that came to no answer */
    uint64_t wrong;  /* that came to another one */
} sender_t;

static airs_status_t enter(airs_actor_context_t *context, void *user, const airs_incoming_t *incoming) {
    ledger_t *ledger = user;
    (void)context;
    char text[32];
    (void)snprintf(text, sizeof text, "%.*s", (int)incoming->payload.size,
                   (const char *)incoming->payload.data);
    char *end = NULL;
    unsigned long sender = strtoul(text, &end, 10);
    int64_t number = strtoll(end + 1, NULL, 10);
    (void)pthread_mutex_lock(&ledger->lock);
    if (*end != ':' || sender >= SENDERS || number <= ledger->last[sender]) {
        ledger->disorder++;
    } else {
        ledger->last[sender] = number;
        ledger->came[sender]++;
    }
    (void)pthread_mutex_unlock(&ledger->lock);
    return AIRS_OK;
}

static const airs_native_t ledger_native = {.size = sizeof(airs_native_t), .handle = enter};

static void check_answer(void *context, airs_bytes_t payload) {
    char *expected = context;
    bool right = payload.size == strlen(expected) && memcmp(payload.data, expected, payload.size) == 0;
    expected[0] = right ? '\0' : '!';
}

static void *send_on(void *argument) {
    sender_t *self = argument;
    char target[16];
    (void)snprintf(target, sizeof target, "app/u/%u", self->number % INSTANCES);
    airs_id_t id;
    if (airs_id_parse(airs_str(target), &id, NULL) != AIRS_OK) {
        return NULL;
    }
    while (!atomic_load(self->stop) || self->sent < SENT_AT_LEAST) {
        char text[32];
        int size = snprintf(text, sizeof text, "%u:%llu", self->number, (unsigned long long)self->sent);
        airs_bytes_t payload = airs_bytes(text, (size_t)size);
        airs_error_t error;
        airs_status_t status = self->asks ? airs_node_call(self->stage->node, id, payload, airs_str(NULL),
                                                           PATIENCE_MS, check_answer, text, &error)
                                          : airs_node_send_wait(self->stage->node, id, payload,
                                                                airs_str(NULL), PATIENCE_MS, &error);
        if (status == AIRS_QUEUE_FULL) {
            continue; /* a request does not wait for room: it was not accepted */
        }
        self->failed += status != AIRS_OK;
        self->wrong += status == AIRS_OK && self->asks && text[0] != '\0';
        self->sent++;
    }
    return NULL;
}

static void test_hundred_updates_under_load_lose_nothing(void **state) {
    (void)state;
    static const char *const good[] = {"update_second", "update_first"};
    static const char *const bad[] = {"update_initfail", "update_importfail", "update_traps", "update_sick"};
    stage_t stage;
    ledger_t ledger = {.lock = PTHREAD_MUTEX_INITIALIZER};
    for (unsigned i = 0; i < SENDERS; i++) {
        ledger.last[i] = -1;
    }
    stage_open(&stage, 3);
    airs_spawn_options_t deep = AIRS_SPAWN_OPTIONS_INIT;
    deep.mailbox_messages = 1 << 20;
    assert_ok(airs_node_spawn_native(stage.node, &ledger_native, &ledger, id_of("app/sink/0"), &deep,
                                     &stage.error));
    for (unsigned i = 0; i < INSTANCES; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "app/u/%u", i);
        stage_add(&stage, "update_first", id, NULL);
    }
    for (size_t i = 0; i < 4; i++) {
        (void)stage_guest(&stage, bad[i]);
    }
    (void)stage_guest(&stage, good[0]);

    atomic_bool stop = false;
    sender_t senders[SENDERS];
    pthread_t threads[SENDERS];
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (sender_t){.stage = &stage, .number = i, .asks = i % 2 == 1, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, send_on, &senders[i]), 0);
    }
    unsigned went_well = 0;
    for (unsigned i = 0; i < UPDATES; i++) {
        const char *guest = i % 2 == 0 ? good[i / 2 % 2] : bad[i / 2 % 4];
        bool traps = strcmp(guest, "update_traps") == 0;
        airs_status_t expected = i % 2 == 0 ? AIRS_OK : AIRS_ROLLED_BACK;
        airs_status_t status = update(&stage, guest, traps ? PATIENCE_MS : 2, i % 3 == 0);
        if (status != expected) {
            fail_msg("update %u to %s: %s: %s", i, guest, airs_status_name(status), stage.error.text);
        }
        went_well += status == AIRS_OK;
    }
    atomic_store(&stop, true);
    uint64_t sent = 0;
    uint64_t failed = 0;
    for (unsigned i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(senders[i].wrong, 0);
        sent += senders[i].sent;
        failed += senders[i].failed;
    }
    stage_drain(&stage);
    assert_int_equal(went_well, UPDATES / 2);
    assert_int_equal(ledger.disorder, 0);
    uint64_t came = 0;
    for (unsigned i = 0; i < SENDERS; i++) {
        came += ledger.came[i];
        assert_true(ledger.came[i] > (senders[i].asks ? 0 : 100));
    }
    /* What was in hand when a version trapped, and nothing else. */
    uint64_t crashed = stage_dead_letters(&stage, AIRS_DEAD_LETTER_CRASHED);
    airs_node_counters_t totals = stage_totals(&stage);
    assert_int_equal(came + crashed, sent);
    assert_int_equal(totals.dead_letters, crashed);
    assert_int_equal(totals.crashed, crashed);
    assert_int_equal(totals.dropped, 0);
    assert_true(crashed >= UPDATES / 8);
    assert_true(failed <= crashed);
    assert_int_equal(stage_requests(&stage).pending, 0);
    assert_int_equal(stage_requests(&stage).timed_out, 0);
    /* And the state has come along each time: who trapped had not counted. */
    uint64_t counted = 0;
    for (unsigned i = 0; i < INSTANCES; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "app/u/%u", i);
        const char *text = version_now(&stage, id);
        counted += strtoull(strchr(text, ' ') + 1, NULL, 10);
    }
    assert_int_equal(counted, came);
    stage_close(&stage);
    pthread_mutex_destroy(&ledger.lock);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_is_carried_on),
        cmocka_unit_test(test_timer_outlives_the_version_that_began_it),
        cmocka_unit_test(test_bad_versions_are_taken_back),
        cmocka_unit_test(test_version_that_keeps_its_state_to_itself_stays),
        cmocka_unit_test(test_trap_in_the_window_takes_all_back),
        cmocka_unit_test(test_second_update_waits_for_nobody),
        cmocka_unit_test(test_full_pool_has_no_room_for_a_switch),
        cmocka_unit_test(test_configuration_goes_with_the_update),
        cmocka_unit_test(test_node_ends_in_the_middle_of_an_update),
        cmocka_unit_test(test_hundred_updates_under_load_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
