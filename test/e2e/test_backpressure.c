/* Full mailboxes of real guests: refused (test_messaging.c), the oldest dropped, or the sender waits. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>

#define ROOM 4

static airs_spawn_options_t with_policy(airs_mailbox_policy_t policy, const char *config) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = ROOM;
    options.mailbox_policy = policy;
    options.block_time_ms = PATIENCE_MS;
    options.config = airs_bytes(config, strlen(config));
    return options;
}

/* ---- the oldest is dropped ---- */

typedef struct letters {
    size_t count;
    bool good;
} letters_t;

/* The numbers from 0 on, from the filler to the one who was busy. */
static bool check_letter(void *context, const airs_dead_letter_t *letter) {
    letters_t *letters = context;
    char text[24];
    (void)snprintf(text, sizeof text, "%zu", letters->count++);
    letters->good = letters->good && letter->reason == AIRS_DEAD_LETTER_DROPPED_OLDEST &&
                    airs_str_equal(letter->sender.name, airs_str("filler")) &&
                    airs_str_equal(letter->target.name, airs_str("receiver")) &&
                    letter->payload.size == strlen(text) &&
                    memcmp(letter->payload.data, text, strlen(text)) == 0;
    return true;
}

/* A receiver that is busy until the door is opened, with an empty mailbox of which the oldest is dropped, and who fills
 * it. How much the door hears before anything else. */
static size_t open_busy(stage_t *stage, sink_t *door) {
    sink_init(door);
    stage_open(stage, 2);
    size_t before = sink_spawn_full(stage, door, "app/door/0");
    airs_spawn_options_t options = with_policy(AIRS_MAILBOX_DROP_OLDEST, "app/door/0");
    assert_ok(stage_spawn(stage, "subscriber", "app/receiver/0", &options));
    stage_add(stage, "filler", "app/filler/0", "app/receiver/0");
    assert_ok(stage_send(stage, "app/receiver/0", "in hand"));
    stage_await_taken(stage, "app/receiver/0");
    return before + 1;
}

static void test_oldest_is_dropped(void **state) {
    (void)state;
    stage_t stage;
    sink_t door;
    size_t before = open_busy(&stage, &door);
    stage_expect(&stage, "app/filler/0", "20", "20 ok");
    sink_close(&door, false);
    stage_drain(&stage);
    assert_int_equal(sink_count(&door), before + ROOM);
    for (size_t i = 0; i < ROOM; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", 20 - ROOM + i);
        sink_expect(&door, before + i, "app/receiver/0", text);
    }
    letters_t letters = {0, true};
    airs_node_dead_letters(stage.node, check_letter, &letters);
    assert_int_equal(letters.count, 20 - ROOM);
    assert_true(letters.good);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_DROPPED_OLDEST), 20 - ROOM);
    assert_int_equal(stage_counters(&stage, "app/receiver/0").refused, 0);
    stage_close(&stage);
    sink_free(&door);
}

/* Whoever asked hears of it at once. */
static void test_dropped_request_fails(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t door;
    sink_init(&sink);
    size_t before = open_busy(&stage, &door);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/receiver/0", "60000"));
    stage_ask(&stage, "app/requester/0", "hello");
    stage_expect(&stage, "app/filler/0", "4", "4 ok");
    sink_expect_report(&stage, &sink, 0, "failure", "\"queue-full\"");
    sink_close(&door, false);
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    assert_int_equal(sink_count(&door), before + ROOM);
    stage_close(&stage);
    sink_free(&door);
    sink_free(&sink);
}

/* ---- the sender waits ---- */

/* On one worker: whoever waits does not hold it. */
static void test_sender_waits(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    airs_spawn_options_t options = with_policy(AIRS_MAILBOX_BLOCK, "app/sink/0");
    assert_ok(stage_spawn(&stage, "subscriber", "app/receiver/0", &options));
    stage_add(&stage, "filler", "app/filler/0", "app/receiver/0");
    stage_expect(&stage, "app/filler/0", "1000", "1000 ok");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", i);
        sink_expect(&sink, i, "app/receiver/0", text);
    }
    assert_int_equal(stage_totals(&stage).dead_letters, 0);
    stage_close(&stage);
    sink_free(&sink);
}

/* Several wait at the same door, and each one's messages keep their order. */
static void test_many_senders_wait(void **state) {
    (void)state;
    const size_t fillers = 8;
    enum { EACH = 200 };
    stage_t stage;
    sink_t sink;
    sink_t asker;
    sink_init(&sink);
    sink_init(&asker);
    asker.then = sink_ask;
    stage_open(&stage, 2);
    airs_spawn_options_t options = with_policy(AIRS_MAILBOX_BLOCK, "app/sink/0");
    options.mailbox_bytes = 64; /* small in bytes, too */
    options.max_message_bytes = 64;
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    sink_spawn(&stage, &asker, "app/asker/0", NULL);
    assert_ok(stage_spawn(&stage, "forwarder", "app/receiver/0", &options));
    for (size_t i = 0; i < fillers; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "app/filler/%zu", i);
        stage_add(&stage, "filler", id, "app/receiver/0");
    }
    for (size_t i = 0; i < fillers; i++) {
        char command[48];
        (void)snprintf(command, sizeof command, "app/filler/%zu 200", i);
        assert_ok(stage_send(&stage, "app/asker/0", command));
    }
    sink_await(&asker, 2 * fillers);
    stage_drain(&stage);
    for (size_t i = 0; i < 2 * fillers; i++) {
        heard_t heard = sink_heard(&asker, i);
        assert_true(heard.kind == AIRS_INCOMING_MESSAGE || strcmp((const char *)heard.data, "200 ok") == 0);
    }
    assert_int_equal(sink_count(&sink), fillers * EACH);
    /* Of 8 senders each number comes 8 times, and never before the one before it has come as often. */
    size_t seen[EACH] = {0};
    for (size_t i = 0; i < fillers * EACH; i++) {
        uint64_t number = EACH;
        assert_true(parse_numbers((const char *)sink_heard(&sink, i).data, &number, 1));
        assert_true(number < EACH);
        seen[number]++;
        assert_true(number == 0 || seen[number] <= seen[number - 1]);
    }
    for (size_t i = 0; i < EACH; i++) {
        assert_int_equal(seen[i], fillers);
    }
    stage_close(&stage);
    sink_free(&asker);
    sink_free(&sink);
}

/* A native receiver that is held, a guest that fills it, and somebody who asks that guest to. */
typedef struct scene {
    stage_t stage;
    sink_t held;
    sink_t asker;
} scene_t;

static void open_scene(scene_t *scene, uint64_t block_time_ms) {
    sink_init(&scene->held);
    sink_init(&scene->asker);
    scene->asker.then = sink_ask;
    stage_open(&scene->stage, 2);
    airs_spawn_options_t options = with_policy(AIRS_MAILBOX_BLOCK, "");
    options.block_time_ms = block_time_ms;
    sink_spawn(&scene->stage, &scene->held, "app/held/0", &options);
    sink_spawn(&scene->stage, &scene->asker, "app/asker/0", NULL);
    sink_close(&scene->held, true);
    assert_ok(stage_send(&scene->stage, "app/held/0", "in hand"));
    sink_await(&scene->held, 1);
    stage_add(&scene->stage, "filler", "app/filler/0", "app/held/0");
}

static void close_scene(scene_t *scene) {
    sink_close(&scene->held, false);
    stage_close(&scene->stage);
    sink_free(&scene->asker);
    sink_free(&scene->held);
}

/* Have the filler fill it, until there is no room. */
static void fill(scene_t *scene) {
    assert_ok(stage_send(&scene->stage, "app/asker/0", "app/filler/0 100"));
    for (uint64_t end = now_ms() + PATIENCE_MS; now_ms() < end;) {
        /* Nobody gets in before those who wait, and from outside nobody waits. */
        if (stage_counters(&scene->stage, "app/filler/0").sent >= ROOM - 1 &&
            stage_send(&scene->stage, "app/held/0", "me first") == AIRS_QUEUE_FULL) {
            return;
        }
    }
    fail_msg("the mailbox has not become full");
}

static void test_waiting_has_a_bound(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene, 40);
    uint64_t begun = now_ms();
    assert_ok(stage_call(&scene.stage, "app/filler/0", "20"));
    assert_true(now_ms() - begun >= 40);
    assert_non_null(strstr(scene.stage.answer, " queue full"));
    assert_status(stage_send(&scene.stage, "app/held/0", "hello"), AIRS_QUEUE_FULL);
    sink_close(&scene.held, false);
    stage_drain(&scene.stage);
    assert_in_range(sink_count(&scene.held), ROOM, ROOM + 1);
    close_scene(&scene);
}

/* Requests wait as messages do. */
static void test_request_waits(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene, PATIENCE_MS);
    stage_add(&scene.stage, "crowd", "app/crowd/0", "app/held/0");
    assert_ok(stage_send(&scene.stage, "app/crowd/0", "20"));
    for (uint64_t end = now_ms() + PATIENCE_MS; stage_requests(&scene.stage).pending < ROOM;) {
        assert_true(now_ms() < end);
    }
    sink_close(&scene.held, false);
    stage_drain(&scene.stage);
    assert_int_equal(sink_count(&scene.held), 21);
    /* A sink's answers are empty, so they are none of those that it knows. */
    stage_expect(&scene.stage, "app/crowd/0", "report", "0 0 20");
    close_scene(&scene);
}

/* ---- in a circle ---- */

/* Tells everybody to fill the next one's mailbox, within one call. */
static airs_status_t start_circle(airs_actor_context_t *context, sink_t *sink,
                                  const airs_incoming_t *incoming) {
    const int *members = sink->user;
    airs_status_t status = AIRS_OK;
    for (int i = 0; i < *members && incoming->kind == AIRS_INCOMING_MESSAGE && status == AIRS_OK; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%d", i);
        status = airs_actor_request(context, airs_id("app", "filler", instance), airs_bytes("100", 3),
                                    PATIENCE_MS, NULL);
    }
    return status;
}

/* Each would wait for the next one, and so for itself: the last one is told so, and the others go on. */
static void test_circle_is_refused(void **state) {
    (void)state;
    for (int members = 1; members <= 4; members++) {
        stage_t stage;
        sink_t sink;
        sink_init(&sink);
        sink.then = start_circle;
        sink.user = &members;
        stage_open(&stage, 1);
        sink_spawn(&stage, &sink, "app/sink/0", NULL);
        for (int i = 0; i < members; i++) {
            char id[32];
            char next[32];
            (void)snprintf(id, sizeof id, "app/filler/%d", i);
            (void)snprintf(next, sizeof next, "app/filler/%d", (i + 1) % members);
            airs_spawn_options_t options = with_policy(AIRS_MAILBOX_BLOCK, next);
            assert_ok(stage_spawn(&stage, "filler", id, &options));
        }
        uint64_t begun = now_ms();
        assert_ok(stage_send(&stage, "app/sink/0", "go"));
        sink_await(&sink, 1 + (size_t)members);
        stage_drain(&stage);
        assert_true(now_ms() - begun < PATIENCE_MS / 2);
        size_t refused = 0;
        for (size_t i = 1; i <= (size_t)members; i++) {
            heard_t heard = sink_heard(&sink, i);
            assert_int_equal(heard.kind, AIRS_INCOMING_RESPONSE);
            bool deadlock = strstr((const char *)heard.data, " deadlock") != NULL;
            assert_true(deadlock || strcmp((const char *)heard.data, "100 ok") == 0);
            refused += deadlock;
        }
        assert_int_equal(refused, 1);
        assert_int_equal(stage_totals(&stage).crashed, 0);
        stage_close(&stage);
        sink_free(&sink);
    }
}

/* ---- ends meanwhile ---- */

static void test_waiting_sender_is_stopped(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene, PATIENCE_MS);
    fill(&scene);
    uint64_t begun = now_ms();
    (void)airs_node_stop(scene.stage.node, id_of("app/filler/0"), AIRS_STOP_DROP, 2000, &scene.stage.error);
    assert_true(now_ms() - begun < PATIENCE_MS / 2);
    stage_await_end(&scene.stage, "app/filler/0");
    /* Who asked it hears of an end, and what it waited with never comes. */
    sink_await(&scene.asker, 2);
    sink_close(&scene.held, false);
    stage_drain(&scene.stage);
    assert_in_range(sink_count(&scene.held), ROOM, ROOM + 1);
    assert_int_equal(stage_requests(&scene.stage).pending, 0);
    close_scene(&scene);
}

static void test_receiver_is_stopped(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene, PATIENCE_MS);
    fill(&scene);
    /* It is held, so it does not end in time; but it takes nothing any more. */
    assert_status(
        airs_node_stop(scene.stage.node, id_of("app/held/0"), AIRS_STOP_DROP, 50, &scene.stage.error),
        AIRS_TIMEOUT);
    sink_await(&scene.asker, 2);
    heard_t heard = sink_heard(&scene.asker, 1);
    assert_int_equal(heard.kind, AIRS_INCOMING_RESPONSE);
    assert_true(strstr((const char *)heard.data, " target not found") != NULL ||
                strstr((const char *)heard.data, " delivery failed") != NULL);
    close_scene(&scene);
}

static void test_destroyed_while_somebody_waits(void **state) {
    (void)state;
    scene_t scene;
    open_scene(&scene, PATIENCE_MS);
    fill(&scene);
    close_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_is_dropped),   cmocka_unit_test(test_dropped_request_fails),
        cmocka_unit_test(test_sender_waits),        cmocka_unit_test(test_many_senders_wait),
        cmocka_unit_test(test_waiting_has_a_bound), cmocka_unit_test(test_request_waits),
        cmocka_unit_test(test_circle_is_refused),   cmocka_unit_test(test_waiting_sender_is_stopped),
        cmocka_unit_test(test_receiver_is_stopped), cmocka_unit_test(test_destroyed_while_somebody_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
