/* Full mailboxes of real guests: refused (test_messaging.c), the oldest dropped, or the sender waits. */
#include "e2e/stage.h"

#include <stdio.h>
#include <string.h>

#define ROOM 4

static airs_spawn_options_t with_policy(airs_mailbox_policy_t policy, const char *config) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_messages = ROOM;
    options.mailbox_policy = policy;
    options.config = airs_bytes(config, strlen(config));
    return options;
}

/* ---- the oldest is dropped ---- */

typedef struct letters {
    size_t count;
    bool good;
} letters_t;

/* The numbers from 0 on, from the filler to the one who slept. */
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

static void test_oldest_is_dropped(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    airs_spawn_options_t options = with_policy(AIRS_MAILBOX_DROP_OLDEST, "app/sink/0");
    assert_ok(stage_spawn(&stage, "subscriber", "app/receiver/0", &options));
    stage_add(&stage, "filler", "app/filler/0", "app/receiver/0");
    assert_ok(stage_send(&stage, "app/receiver/0", "sleep 300"));
    stage_expect(&stage, "app/filler/0", "20", "20 ok");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), ROOM);
    for (size_t i = 0; i < ROOM; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%zu", 20 - ROOM + i);
        sink_expect(&sink, i, "app/receiver/0", text);
    }
    letters_t letters = {0, true};
    airs_node_dead_letters(stage.node, check_letter, &letters);
    assert_int_equal(letters.count, 20 - ROOM);
    assert_true(letters.good);
    assert_int_equal(stage_dead_letters(&stage, AIRS_DEAD_LETTER_DROPPED_OLDEST), 20 - ROOM);
    assert_int_equal(stage_counters(&stage, "app/receiver/0").refused, 0);
    stage_close(&stage);
    sink_free(&sink);
}

/* Whoever asked hears of it at once. */
static void test_dropped_request_fails(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    airs_spawn_options_t options = with_policy(AIRS_MAILBOX_DROP_OLDEST, "app/sink/0");
    assert_ok(stage_spawn(&stage, "subscriber", "app/receiver/0", &options));
    stage_add(&stage, "filler", "app/filler/0", "app/receiver/0");
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/receiver/0", "60000"));
    assert_ok(stage_send(&stage, "app/receiver/0", "sleep 300"));
    stage_ask(&stage, "app/requester/0", "hello");
    stage_expect(&stage, "app/filler/0", "4", "4 ok");
    sink_expect_report(&stage, &sink, 0, "failure", "\"queue-full\"");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1 + ROOM);
    stage_close(&stage);
    sink_free(&sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_is_dropped),
        cmocka_unit_test(test_dropped_request_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
