/* Each limit of a component: a guest that wants more is told so, and a pair of neighbours gets on meanwhile, each of
 * its answers in order and soon. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/neighbours.h"
#include "node/application.h"
#include "support/guest_manifest.h"

/* ---- a scene: a greedy guest, and a pair ---------------------------------------------------------- */

/* Time stands still for what counts things a second, and goes on for the pair, which takes the wall's. */
typedef struct still_clock {
    airs_clock_t clock;
    _Atomic uint64_t now;
} still_clock_t;

static uint64_t still_ns(airs_clock_t *clock) { return atomic_load(&((still_clock_t *)(void *)clock)->now); }

static uint64_t wall_ns(airs_clock_t *clock) {
    (void)clock;
    return airs_clock_wall(airs_clock_system());
}

typedef struct scene {
    still_clock_t clock;
    stage_t stage;
    airs_pair_t pair;
} scene_t;

#define SECOND_NS UINT64_C(1000000000)

/* Exchanged by the pair while the guest is greedy, at least. */
#define EXCHANGES 200

static void open_scene(scene_t *scene, airs_node_options_t options) {
    scene->clock = (still_clock_t){{still_ns, wall_ns}, SECOND_NS};
    options.workers = 1;
    options.cache_dir = "";
    options.clock = &scene->clock.clock;
    stage_open_with(&scene->stage, options);
    neighbours_open(&scene->stage, &scene->pair);
}

/* It sleeps for longer than a node waits for it. */
static void end_sleeper(scene_t *scene) {
    (void)airs_node_stop(scene->stage.node, id_of("app/sleeper/0"), AIRS_STOP_DROP, 1, NULL);
    stage_await_end(&scene->stage, "app/sleeper/0");
}

static void close_scene(scene_t *scene) {
    airs_pair_close(&scene->pair);
    stage_close(&scene->stage);
}

static void add_greedy(scene_t *scene, const airs_spawn_options_t *options) {
    if (stage_spawn(&scene->stage, "greedy", "app/greedy/0", options) != AIRS_OK) {
        fail_msg("%s", scene->stage.error.text);
    }
}

/* What it answers while the pair is at it: so many done, so many refused, and why the first was. */
static void be_greedy(scene_t *scene, const char *command, uint64_t done, uint64_t refused, const char *why) {
    char expected[64];
    neighbours_begin(&scene->stage, &scene->pair);
    if (stage_call(&scene->stage, "app/greedy/0", command) != AIRS_OK) {
        fail_msg("%s: %s", command, scene->stage.error.text);
    }
    (void)snprintf(expected, sizeof expected, "%llu %llu ", (unsigned long long)done,
                   (unsigned long long)refused);
    if (strncmp(scene->stage.answer, expected, strlen(expected)) != 0 ||
        strstr(scene->stage.answer, why) == NULL) {
        fail_msg("%s: \"%s\", not \"%s...%s\"", command, scene->stage.answer, expected, why);
    }
    neighbours_get_on(&scene->stage, &scene->pair, EXCHANGES);
    neighbours_end(&scene->stage, &scene->pair);
}

/* Between calls, and by less than one may last: what runs now would have run for so long. */
static void advance(scene_t *scene, uint64_t ns) {
    stage_drain(&scene->stage);
    atomic_fetch_add(&scene->clock.now, ns);
}

static void open_plain(scene_t *scene) { open_scene(scene, (airs_node_options_t)AIRS_NODE_OPTIONS_INIT); }

/* ---- messages a second ----------------------------------------------------------------------------- */

static void messages_a_second(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_messages_per_s = 100;
    open_plain(&scene);
    stage_add(&scene.stage, "echo", "app/echo/0", NULL);
    add_greedy(&scene, &options);
    be_greedy(&scene, "send 1000 app/echo/0", 100, 900, "queue full");
    be_greedy(&scene, "send 1 app/echo/0", 0, 1, "full");
    be_greedy(&scene, "request 1 app/echo/0", 0, 1, "full");
    be_greedy(&scene, "broadcast 1 app/echo/0", 0, 1, "full");
    be_greedy(&scene, "publish 1 nobody.listens", 0, 1, "full");
    /* Half a second brings half of them, whichever way they are sent. */
    advance(&scene, SECOND_NS / 2);
    be_greedy(&scene, "request 20 app/echo/0", 20, 0, "-");
    be_greedy(&scene, "broadcast 20 app/echo/0", 20, 0, "-");
    be_greedy(&scene, "send 20 app/echo/0", 10, 10, "full");
    /* It was quiet for longer: that is no more than a second's worth. */
    advance(&scene, 3 * SECOND_NS);
    be_greedy(&scene, "send 1000 app/echo/0", 100, 900, "full");
    /* Who has no bound is not bothered. */
    assert_ok(stage_spawn(&scene.stage, "greedy", "app/greedy/1", NULL));
    stage_expect(&scene.stage, "app/greedy/1", "send 500 app/echo/0", "500 0 -");
    close_scene(&scene);
}

/* A message to many counts as many: what it was above the limit is owed. */
static void messages_to_many_count_each(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_messages_per_s = 10;
    open_plain(&scene);
    for (int i = 0; i < 15; i++) {
        char id[32];
        const char *const patterns[] = {"news"};
        airs_spawn_options_t subscribed = AIRS_SPAWN_OPTIONS_INIT;
        subscribed.subscriptions = patterns;
        subscribed.subscription_count = 1;
        (void)snprintf(id, sizeof id, "app/echo/%d", i);
        assert_ok(stage_spawn(&scene.stage, "echo", id, &subscribed));
    }
    add_greedy(&scene, &options);
    be_greedy(&scene, "publish 2 nobody", 2, 0, "-");
    be_greedy(&scene, "broadcast 2 app/echo/*", 1, 1, "full");
    advance(&scene, SECOND_NS);
    be_greedy(&scene, "publish 2 news", 1, 1, "full");
    advance(&scene, SECOND_NS);
    be_greedy(&scene, "send 1 app/echo/0", 0, 1, "full");
    advance(&scene, SECOND_NS);
    be_greedy(&scene, "send 20 app/echo/0", 10, 10, "full");
    close_scene(&scene);
}

static airs_status_t send_twice(airs_actor_context_t *context, sink_t *sink,
                                const airs_incoming_t *incoming) {
    (void)incoming;
    airs_status_t *statuses = sink->user;
    statuses[0] = airs_actor_send(context, airs_id("app", "echo", "0"), airs_bytes("x", 1));
    statuses[1] = airs_actor_send(context, airs_id("app", "echo", "0"), airs_bytes("x", 1));
    return AIRS_OK;
}

static void a_native_actor_may_be_bounded_too(void **state) {
    (void)state;
    static scene_t scene;
    sink_t sink;
    airs_status_t statuses[2] = {AIRS_INTERNAL, AIRS_INTERNAL};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_messages_per_s = 1;
    sink_init(&sink);
    sink.then = send_twice;
    sink.user = statuses;
    open_plain(&scene);
    stage_add(&scene.stage, "echo", "app/echo/0", NULL);
    sink_spawn(&scene.stage, &sink, "app/sink/0", &options);
    assert_ok(stage_send(&scene.stage, "app/sink/0", "go"));
    stage_drain(&scene.stage);
    assert_status(statuses[0], AIRS_OK);
    assert_status(statuses[1], AIRS_QUOTA_EXCEEDED);
    close_scene(&scene);
    sink_free(&sink);
}

/* ---- log lines a second ------------------------------------------------------------------------------ */

typedef struct counting_log {
    airs_log_t log;
    _Atomic uint64_t lines; /* of the greedy one */
    _Atomic uint64_t told;  /* how many were dropped, by what the log was told */
} counting_log_t;

static void count_line(airs_log_t *log, const airs_log_record_t *record) {
    counting_log_t *self = (counting_log_t *)(void *)log;
    if (!airs_str_equal(record->source, airs_str("app/greedy/0"))) {
        return;
    }
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", AIRS_STR_ARG(record->message));
    if (strstr(text, "log lines were dropped") != NULL) {
        atomic_fetch_add(&self->told, strtoull(text, NULL, 10));
    } else {
        atomic_fetch_add(&self->lines, 1);
    }
}

static void log_lines_a_second(void **state) {
    (void)state;
    static const char *const ways[] = {"log", "print"};
    for (size_t i = 0; i < 2; i++) {
        static scene_t scene;
        char command[32];
        static counting_log_t log;
        log = (counting_log_t){.log = {.level = AIRS_LOG_INFO, .write = count_line}};
        airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
        node.log = &log.log;
        open_scene(&scene, node);
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.max_log_lines_per_s = 50;
        add_greedy(&scene, &options);
        (void)snprintf(command, sizeof command, "%s 2000", ways[i]);
        be_greedy(&scene, command, 2000, 0, "-");
        assert_int_equal(atomic_load(&log.lines), 50);
        assert_int_equal(atomic_load(&log.told), 0);
        /* What was dropped is told with the next line that is not. */
        advance(&scene, SECOND_NS);
        (void)snprintf(command, sizeof command, "%s 60", ways[i]);
        be_greedy(&scene, command, 60, 0, "-");
        assert_int_equal(atomic_load(&log.lines), 100);
        assert_int_equal(atomic_load(&log.told), 1950);
        /* Or when it ends. */
        assert_ok(stage_stop(&scene.stage, "app/greedy/0", AIRS_STOP_DRAIN));
        assert_int_equal(atomic_load(&log.told), 1960);
        close_scene(&scene);
    }
}

static void log_lines_have_a_default_and_may_be_unbounded(void **state) {
    (void)state;
    static scene_t scene;
    static counting_log_t log;
    log = (counting_log_t){.log = {.level = AIRS_LOG_INFO, .write = count_line}};
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.log = &log.log;
    open_scene(&scene, node);
    add_greedy(&scene, NULL);
    stage_expect(&scene.stage, "app/greedy/0", "log 1500", "1500 0 -");
    assert_int_equal(atomic_load(&log.lines), 1000);
    assert_ok(stage_stop(&scene.stage, "app/greedy/0", AIRS_STOP_DRAIN));
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_log_lines_per_s = UINT32_MAX;
    add_greedy(&scene, &options);
    stage_expect(&scene.stage, "app/greedy/0", "log 1500", "1500 0 -");
    assert_int_equal(atomic_load(&log.lines), 2500);
    close_scene(&scene);
}

/* ---- instances --------------------------------------------------------------------------------------- */

static void offer_echo(scene_t *scene, const airs_spawn_options_t *options) {
    assert_ok(airs_node_offer(scene->stage.node, stage_guest(&scene->stage, "echo"),
                              airs_id("app", "worker", ""), options, NULL));
}

static void instances(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_instances = 5;
    open_plain(&scene);
    offer_echo(&scene, &options);
    add_greedy(&scene, NULL);
    be_greedy(&scene, "spawn 20 worker", 5, 15, "app/worker has 5 instances, as many as it may");
    /* One that ends makes room for one. */
    assert_ok(stage_stop(&scene.stage, "app/worker/s1", AIRS_STOP_DRAIN));
    be_greedy(&scene, "spawn 3 worker", 1, 2, "as many as it may");
    /* The program itself is not bound by it. */
    assert_ok(stage_spawn(&scene.stage, "echo", "app/worker/mine", NULL));
    close_scene(&scene);
}

/* Half of what the node has room for, so that others can still be started. */
static void instances_have_a_default(void **state) {
    (void)state;
    static scene_t scene;
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.max_actors = 20;
    open_scene(&scene, node);
    offer_echo(&scene, NULL);
    add_greedy(&scene, NULL);
    be_greedy(&scene, "spawn 30 worker", 10, 20, "app/worker has 10 instances, as many as it may");
    assert_ok(stage_spawn(&scene.stage, "echo", "app/other/0", NULL));
    stage_expect(&scene.stage, "app/other/0", "hello", "hello");
    close_scene(&scene);
}

/* ---- storage, messages, requests, timers, subscriptions ------------------------------------------------- */

static void storage_quota(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.storage_quota = UINT64_C(10) * 1010;
    open_plain(&scene);
    add_greedy(&scene, &options);
    be_greedy(&scene, "write 100", 10, 90, "quota");
    /* Of one that is confined likewise. */
    assert_ok(stage_stop(&scene.stage, "app/greedy/0", AIRS_STOP_DRAIN));
    static const airs_grant_t grants[] = {{.action = "storage.*"}};
    options.confined = true;
    options.grants = grants;
    options.grant_count = 1;
    options.storage_quota = UINT64_C(15) * 1010;
    add_greedy(&scene, &options);
    be_greedy(&scene, "write 100", 15, 85, "quota");
    close_scene(&scene);
}

static void message_size(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_message_bytes = 1 << 20;
    open_plain(&scene);
    assert_ok(stage_spawn(&scene.stage, "echo", "app/echo/0", &options));
    add_greedy(&scene, NULL);
    be_greedy(&scene, "large 1048576 app/echo/0", 1, 0, "-");
    be_greedy(&scene, "large 1048577 app/echo/0", 0, 1, "message-too-large");
    close_scene(&scene);
}

/* The one that is sent to does not come to its turn while the other one's lasts. */
static void mailbox(void **state) {
    (void)state;
    static scene_t scene;
    sink_t sink;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = 10;
    sink_init(&sink);
    open_plain(&scene);
    assert_ok(stage_spawn(&scene.stage, "sleeper", "app/sleeper/0", &options));
    add_greedy(&scene, NULL);
    assert_ok(stage_send(&scene.stage, "app/sleeper/0", "3600000"));
    while (stage_counters(&scene.stage, "app/sleeper/0").queued > 0) {
    }
    be_greedy(&scene, "send 100000 app/sleeper/0", 10, 99990, "full");
    assert_int_equal(stage_counters(&scene.stage, "app/sleeper/0").queued, 10);
    end_sleeper(&scene);
    close_scene(&scene);
    sink_free(&sink);
}

static void outstanding_requests(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    airs_spawn_options_t wide = AIRS_SPAWN_OPTIONS_INIT;
    options.max_requests = 7;
    wide.mailbox_messages = 100000;
    open_plain(&scene);
    assert_ok(stage_spawn(&scene.stage, "sleeper", "app/sleeper/0", &wide));
    add_greedy(&scene, &options);
    assert_ok(stage_send(&scene.stage, "app/sleeper/0", "3600000"));
    be_greedy(&scene, "request 5000 app/sleeper/0", 7, 4993, "full");
    end_sleeper(&scene);
    close_scene(&scene);
}

static void timers_and_subscriptions(void **state) {
    (void)state;
    static scene_t scene;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_timers = 12;
    options.max_subscriptions = 13;
    open_plain(&scene);
    add_greedy(&scene, &options);
    be_greedy(&scene, "timer 5000", 12, 4988, "quota");
    be_greedy(&scene, "subscribe 5000", 13, 4987, "");
    close_scene(&scene);
}

/* ---- what one call may take ----------------------------------------------------------------------------- */

/* The call that takes too much ends its actor, and the pair has not noticed. */
static void expect_end(scene_t *scene, const char *guest, const airs_spawn_options_t *options,
                       const char *command, airs_status_t expected) {
    if (stage_spawn(&scene->stage, guest, "app/greedy/0", options) != AIRS_OK) {
        fail_msg("%s", scene->stage.error.text);
    }
    neighbours_begin(&scene->stage, &scene->pair);
    airs_status_t status = stage_call(&scene->stage, "app/greedy/0", command);
    if (status != expected) {
        fail_msg("%s: %s, %s", command, airs_status_name(status), scene->stage.error.text);
    }
    stage_await_end(&scene->stage, "app/greedy/0");
    neighbours_get_on(&scene->stage, &scene->pair, EXCHANGES);
    neighbours_end(&scene->stage, &scene->pair);
}

/* All its memories and tables together, each of which is below the limit. */
static void memory_of_all_kinds(void **state) {
    (void)state;
    static scene_t scene;
    static const struct {
        const char *guest;
        const char *command; /* NULL: it does not come as far as that */
    } bombs[] = {{"bad/memories", NULL}, {"bad/grows-memory", "grow"}, {"bad/grows-table", "grow"}};
    open_plain(&scene);
    neighbours_begin(&scene.stage, &scene.pair);
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        airs_status_t status = stage_spawn(&scene.stage, bombs[i].guest, "app/bomb/0", NULL);
        if (bombs[i].command != NULL) {
            assert_ok(status);
            status = stage_call(&scene.stage, "app/bomb/0", bombs[i].command);
        }
        assert_true(status == AIRS_RESOURCE_LIMIT || (bombs[i].command != NULL && status == AIRS_TRAP));
        stage_await_end(&scene.stage, "app/bomb/0");
        neighbours_get_on(&scene.stage, &scene.pair, EXCHANGES);
    }
    /* Or it is told no, and goes on. */
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_memory_bytes = 16 << 20;
    assert_ok(stage_spawn(&scene.stage, "hog", "app/hog/0", &options));
    uint64_t taken = 0;
    assert_ok(stage_call(&scene.stage, "app/hog/0", "fill"));
    assert_true(parse_numbers(scene.stage.answer, &taken, 1));
    assert_in_range(taken, 8 << 20, 16 << 20);
    neighbours_get_on(&scene.stage, &scene.pair, EXCHANGES);
    neighbours_end(&scene.stage, &scene.pair);
    close_scene(&scene);
}

/* In the system's time, which a call's limits go by. */
static void what_one_call_may_take(void **state) {
    (void)state;
    static scene_t scene;
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = 1;
    node.cache_dir = "";
    node.consume_fuel = true;
    stage_open_with(&scene.stage, node);
    neighbours_open(&scene.stage, &scene.pair);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.max_execution_time_ms = BRIEF_MS;
    expect_end(&scene, "loop", &options, "loop", AIRS_EXECUTION_TIME_EXCEEDED);
    options = (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    options.max_fuel = 10000000;
    expect_end(&scene, "loop", &options, "loop", AIRS_OUT_OF_FUEL);
    options = (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    options.max_parked_time_ms = 20;
    expect_end(&scene, "sleeper", &options, "3600000", AIRS_PARKED_TIME_EXCEEDED);
    options = (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    options.max_memory_bytes = 16 << 20;
    expect_end(&scene, "hog", &options, "trap", AIRS_TRAP);
    close_scene(&scene);
}

/* ---- from a manifest ------------------------------------------------------------------------------------- */

/* So many were done, and the others refused; time goes on meanwhile, which allows a few more. */
static void expect_done(stage_t *stage, const char *command, uint64_t least, uint64_t most) {
    if (stage_call(stage, "app/greedy/0", command) != AIRS_OK) {
        fail_msg("%s: %s", command, stage->error.text);
    }
    uint64_t done = strtoull(stage->answer, NULL, 10);
    if (done < least || done > most) {
        fail_msg("%s: \"%s\"", command, stage->answer);
    }
}

static void a_manifest_and_a_policy_say_them(void **state) {
    (void)state;
    airs_temporary_folder_t folder;
    airs_manifest_t *manifest = NULL;
    airs_application_t *application = NULL;
    airs_error_t error = {.text = ""};
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write_text(
        &folder, "policy.toml",
        "[[limits]]\ncomponent = \"app/greedy/*\"\n"
        "messages-per-second = 1000000\nstorage-quota = \"3KiB\"\ntimers = 4\n"
        "[[limits]]\ncomponent = \"app/clerk/*\"\ninstances = 3\nfuel = 1000000000\n");
    airs_guest_manifest_write(&folder, "[application]\nname = \"app\"\n"
                                       "[policy]\nfile = \"policy.toml\"\n"
                                       "[storage]\nfolder = \"storage\"\n"
                                       "[engine]\nmax-actors = 30\n"
                                       "[components.worker]\nsource = \"@echo\"\n"
                                       "[components.clerk]\nsource = \"@echo\"\n"
                                       "[components.greedy]\nsource = \"@greedy\"\n"
                                       "[components.greedy.limits]\n"
                                       "messages-per-second = 20\nstorage-quota = \"5KiB\"\n"
                                       "subscriptions = 6\noutstanding-requests = 7\n");
    airs_application_options_t options = {.cache_dir = "", .log = airs_log_none(), .workers = 1};
    if (airs_manifest_load(airs_allocator_default(), folder.path, &manifest, &error) != AIRS_OK ||
        airs_application_create(manifest, &options, &application, &error) != AIRS_OK ||
        airs_application_load(application, &error) != AIRS_OK ||
        airs_application_start(application, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    stage_t stage = {.node = airs_application_node(application)};
    expect_done(&stage, "send 100000 app/worker/0", 20, 2000);
    expect_done(&stage, "write 10", 3, 3);
    expect_done(&stage, "timer 10", 4, 4);
    expect_done(&stage, "subscribe 10", 6, 6);
    /* Half of max-actors, with the one that is there; and what the policy says. */
    expect_done(&stage, "spawn 30 worker", 14, 14);
    expect_done(&stage, "spawn 30 clerk", 2, 2);
    airs_application_destroy(application);
    airs_manifest_destroy(manifest);
    airs_temporary_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_a_second),
        cmocka_unit_test(messages_to_many_count_each),
        cmocka_unit_test(a_native_actor_may_be_bounded_too),
        cmocka_unit_test(log_lines_a_second),
        cmocka_unit_test(log_lines_have_a_default_and_may_be_unbounded),
        cmocka_unit_test(instances),
        cmocka_unit_test(instances_have_a_default),
        cmocka_unit_test(storage_quota),
        cmocka_unit_test(message_size),
        cmocka_unit_test(mailbox),
        cmocka_unit_test(outstanding_requests),
        cmocka_unit_test(timers_and_subscriptions),
        cmocka_unit_test(memory_of_all_kinds),
        cmocka_unit_test(what_one_call_may_take),
        cmocka_unit_test(a_manifest_and_a_policy_say_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
