/* What the library's front offers for messages, from C, with native actors. */
#include <airssys/airssys.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/test.h"

#define PATIENCE_MS 60000

static airs_node_t *node;

static int set_up(void **state) {
    (void)state;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.max_actors = 2;
    options.cache_dir = "";
    options.log = airs_log_none();
    assert_ok(airs_node_create(&options, &node, NULL));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_node_destroy(node);
    return 0;
}

/* Answers what it is asked, with its payload; "fail" ends it. */
static airs_status_t echo(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)state;
    if (incoming->payload.size == 4 && memcmp(incoming->payload.data, "fail", 4) == 0) {
        return AIRS_INTERNAL;
    }
    return incoming->kind == AIRS_INCOMING_REQUEST ? airs_actor_respond(context, incoming->payload) : AIRS_OK;
}

static airs_id_t spawn_echo(const char *name, const airs_spawn_options_t *options) {
    static const airs_native_t native = {.size = sizeof native, .handle = echo};
    airs_id_t id = airs_id("test", name, "0");
    assert_ok(airs_node_spawn_native(node, &native, NULL, id, options, NULL));
    return id;
}

/* ---- requests ---- */

typedef struct heard {
    _Atomic int ends;
    airs_status_t status;
    char payload[64];
    char message[256];
} heard_t;

static void take_end(void *context, const airs_answer_t *answer) {
    heard_t *self = context;
    self->status = answer->status;
    (void)snprintf(self->payload, sizeof self->payload, "%.*s", (int)answer->payload.size,
                   (const char *)answer->payload.data);
    (void)snprintf(self->message, sizeof self->message, "%s", answer->message);
    atomic_fetch_add(&self->ends, 1);
}

static airs_status_t request(airs_id_t target, const char *payload, heard_t *heard, airs_request_id_t *id,
                             airs_error_t *error) {
    return airs_node_request(node, target, airs_bytes(payload, strlen(payload)), airs_str(NULL), PATIENCE_MS,
                             take_end, heard, id, error);
}

static void a_request_ends_in_a_function(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    airs_request_id_t id;
    airs_request_counters_t counters;
    airs_error_t error;
    airs_id_t target = spawn_echo("echo", NULL);
    assert_ok(request(target, "hello", &heard, &id, NULL));
    assert_ok(airs_node_drain(node, PATIENCE_MS));
    assert_int_equal(heard.ends, 1);
    assert_ok(heard.status);
    assert_string_equal(heard.payload, "hello");
    assert_status(airs_node_cancel_request(node, &id), AIRS_NOT_FOUND);
    assert_ok(request(target, "fail", &heard, NULL, NULL));
    assert_ok(airs_node_drain(node, PATIENCE_MS));
    assert_int_equal(heard.ends, 2);
    assert_status(heard.status, AIRS_INTERNAL);
    assert_string_equal(heard.message, "test/echo/0: internal error");
    assert_status(request(target, "gone", &heard, NULL, &error), AIRS_TARGET_NOT_FOUND);
    assert_string_equal(error.text, "no actor test/echo/0");
    assert_status(
        airs_node_request(node, target, airs_bytes(NULL, 0), airs_str(NULL), 1, NULL, NULL, NULL, &error),
        AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "airs_node_send"));
    airs_node_requests(node, &counters);
    assert_int_equal(counters.pending, 0);
    assert_int_equal(counters.completed, 1);
    assert_int_equal(counters.failed, 1);
    assert_int_equal(heard.ends, 2);
}

/* ---- topics ---- */

static void take_message(void *context, const airs_incoming_t *incoming) {
    heard_t *self = context;
    (void)snprintf(self->payload, sizeof self->payload, "%.*s", (int)incoming->payload.size,
                   (const char *)incoming->payload.data);
    atomic_fetch_add(&self->ends, 1);
}

static uint32_t publish(const char *topic, const char *payload) {
    uint32_t reached = 99;
    assert_ok(airs_node_publish(node, airs_str(topic), airs_bytes(payload, strlen(payload)), airs_str(NULL),
                                &reached, NULL));
    assert_ok(airs_node_drain(node, PATIENCE_MS));
    return reached;
}

static void topics_reach_functions_and_actors(void **state) {
    (void)state;
    static const char *const patterns[] = {"first.>", "first.a"};
    heard_t heard = {.ends = 0};
    airs_subscription_t *subscription = NULL;
    airs_actor_counters_t counters;
    airs_error_t error;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = patterns;
    options.subscription_count = 2;
    airs_id_t id = spawn_echo("subscriber", &options);
    assert_ok(airs_node_subscribe(node, airs_str("*.a"), take_message, &heard, &subscription, NULL));
    assert_int_equal(publish("first.a", "one"), 2);
    assert_string_equal(heard.payload, "one");
    assert_ok(airs_node_subscribe_actor(node, id, airs_str("second"), NULL));
    assert_int_equal(publish("second", "two"), 1);
    assert_ok(airs_node_unsubscribe_actor(node, id, airs_str("second"), NULL));
    assert_int_equal(publish("second", "three"), 0);
    airs_node_unsubscribe(node, subscription);
    airs_node_unsubscribe(node, NULL);
    assert_int_equal(publish("first.a", "four"), 1);
    assert_int_equal(heard.ends, 1);
    assert_ok(airs_node_counters(node, id, &counters));
    assert_int_equal(counters.handled, 3);

    assert_status(airs_node_publish(node, airs_str("a.*"), airs_bytes(NULL, 0), airs_str(NULL), NULL, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "wildcard"));
    assert_status(airs_node_subscribe(node, airs_str(""), take_message, &heard, &subscription, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_status(airs_node_subscribe(node, airs_str("a"), NULL, &heard, &subscription, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_status(airs_node_subscribe_actor(node, airs_id("test", "nobody", "0"), airs_str("a"), &error),
                  AIRS_TARGET_NOT_FOUND);
    assert_string_equal(error.text, "no actor test/nobody/0");
}

/* ---- dead letters ---- */

typedef struct letters {
    int count;
    int most; /* to look at */
    uint64_t serials[4];
    char last[256];
} letters_t;

static bool take_letter(void *context, const airs_dead_letter_t *letter) {
    letters_t *self = context;
    self->serials[self->count++ % 4] = letter->serial;
    (void)snprintf(self->last, sizeof self->last, "%s %s %.*s->%.*s %.*s", letter->kind,
                   airs_dead_letter_reason_text(letter->reason), AIRS_STR_ARG(letter->sender.name),
                   AIRS_STR_ARG(letter->target.name), (int)letter->payload.size,
                   (const char *)letter->payload.data);
    return self->count < self->most;
}

static void dead_letters_are_told_and_counted(void **state) {
    (void)state;
    uint64_t counts[AIRS_DEAD_LETTER_REASONS];
    for (int i = 0; i < 3; i++) {
        airs_id_t target = spawn_echo("short-lived", NULL);
        assert_ok(airs_node_send(node, target, airs_bytes("fail", 4), NULL));
        assert_ok(airs_node_drain(node, PATIENCE_MS));
    }
    letters_t all = {.most = 100};
    airs_node_dead_letters(node, take_letter, &all);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.serials[0], 1);
    assert_int_equal(all.serials[2], 3);
    assert_string_equal(all.last, "message crashed host->short-lived fail");
    letters_t two = {.most = 2};
    airs_node_dead_letters(node, take_letter, &two);
    assert_int_equal(two.count, 2);
    airs_node_dead_letter_counts(node, counts);
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        assert_int_equal(counts[reason], reason == AIRS_DEAD_LETTER_CRASHED ? 3 : 0);
    }
}

/* ---- who lives ---- */

typedef struct listed {
    int count;
    airs_actor_info_t last; /* without what is borrowed */
    char last_text[200];
} listed_t;

static bool take_info(void *context, const airs_actor_info_t *info) {
    listed_t *self = context;
    self->count++;
    self->last = *info;
    (void)snprintf(self->last_text, sizeof self->last_text, "%.*s/%.*s/%.*s %s \"%s\" %s",
                   AIRS_STR_ARG(info->id.ns), AIRS_STR_ARG(info->id.name), AIRS_STR_ARG(info->id.instance),
                   info->name, info->version, info->health);
    return self->count < 2;
}

static airs_status_t owe(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    airs_request_id_t id;
    AIRS_ASSERT(incoming->kind == AIRS_INCOMING_REQUEST);
    airs_status_t status = airs_actor_defer_reply(context, &id);
    AIRS_ASSERT(airs_actor_send_after(context, UINT64_C(1) << 40, airs_bytes(NULL, 0), NULL) == AIRS_OK);
    atomic_store((atomic_bool *)state, true);
    return status;
}

static void actors_are_listed_in_the_order_of_their_start(void **state) {
    (void)state;
    static const airs_native_t native = {.size = sizeof native, .handle = owe};
    static const char *const patterns[] = {"a.*", "b"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    atomic_bool owed = false;
    heard_t heard = {.ends = 0};
    listed_t listed = {.count = 0};
    options.mailbox_messages = 7;
    options.mailbox_policy = AIRS_MAILBOX_DROP_OLDEST;
    options.subscriptions = patterns;
    options.subscription_count = 2;
    airs_node_list(node, take_info, &listed);
    assert_int_equal(listed.count, 0);
    airs_id_t id = airs_id("test", "second", "0");
    (void)spawn_echo("first", NULL);
    assert_ok(airs_node_spawn_native(node, &native, &owed, id, &options, NULL));
    (void)spawn_echo("third", NULL);
    assert_ok(request(id, "later", &heard, NULL, NULL));
    while (!atomic_load(&owed)) {
        (void)sched_yield();
    }
    airs_node_list(node, take_info, &listed);
    assert_int_equal(listed.count, 2);
    assert_string_equal(listed.last_text, "test/second/0 second \"\" unknown");
    assert_true(listed.last.native);
    assert_int_equal(listed.last.counters.state, AIRS_ACTOR_RUNNING);
    assert_int_equal(listed.last.mailbox_messages, 7);
    assert_int_equal(listed.last.mailbox_policy, AIRS_MAILBOX_DROP_OLDEST);
    assert_int_equal(listed.last.requests, 0);
    assert_int_equal(listed.last.deferred, 1);
    assert_int_equal(listed.last.timers, 1);
    assert_int_equal(listed.last.subscriptions, 2);
    assert_true(listed.last.started_ns > UINT64_C(1700000000000000000));
    assert_ok(airs_node_stop(node, id, AIRS_STOP_DRAIN, PATIENCE_MS, NULL));
    assert_ok(airs_node_drain(node, PATIENCE_MS));
    assert_status(heard.status, AIRS_STOPPED);
}

/* ---- spawn options ---- */

static void note_destroyed(void *state) { ++*(int *)state; }

static void refuse(const airs_spawn_options_t *options, const char *text) {
    static const airs_native_t native = {.size = sizeof native, .handle = echo, .destroy = note_destroyed};
    airs_error_t error;
    int destroyed = 0;
    airs_status_t status =
        airs_node_spawn_native(node, &native, &destroyed, airs_id("test", "x", "0"), options, &error);
    assert_status(status, AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, text);
    assert_int_equal(destroyed, 1);
}

static void wrong_options_are_refused_in_words(void **state) {
    (void)state;
    static const char *const patterns[] = {"fine.*", "a..b"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.mailbox_policy = (airs_mailbox_policy_t)3;
    refuse(&options, "there is no mailbox policy 3");
    options = (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    options.accepts = AIRS_CODEC_JSON | 64;
    refuse(&options, "accepts has bits that stand for no codec: 0x40");
    options = (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    options.subscriptions = patterns;
    options.subscription_count = 2;
    refuse(&options,
           "the pattern \"a..b\" has an empty token: one dot stands between two tokens, none at the "
           "ends");
}

static void what_an_actor_accepts_is_checked_at_the_sender(void **state) {
    (void)state;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    airs_error_t error;
    options.accepts = AIRS_CODEC_JSON | AIRS_CODEC_CBOR;
    airs_id_t target = spawn_echo("strict", &options);
    assert_ok(airs_node_send(node, target, airs_bytes("\x80\x04{}", 4), NULL));
    assert_status(airs_node_send(node, target, airs_bytes("\x55raw", 4), &error), AIRS_UNSUPPORTED_CODEC);
    assert_string_equal(error.text, "test/strict/0 accepts json, cbor; this message is raw (0x55)");
}

/* ---- memory ---- */

static airs_status_t first_failure(airs_status_t status, airs_status_t next) {
    return status != AIRS_OK ? status : next;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    static const airs_native_t native = {.size = sizeof native, .handle = echo};
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    static const char *const patterns[] = {"a"};
    heard_t ends = {.ends = 0};
    heard_t messages = {.ends = 0};
    airs_subscription_t *subscription = NULL;
    airs_id_t id = airs_id("test", "echo", "0");
    (void)context;
    options.workers = 1;
    options.max_actors = 1;
    options.cache_dir = "";
    options.log = airs_log_none();
    options.allocator = allocator;
    spawn.subscriptions = patterns;
    spawn.subscription_count = 1;
    airs_status_t status = airs_node_create(&options, &node, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_node_spawn_native(node, &native, NULL, id, &spawn, NULL);
    if (status == AIRS_OK) {
        status = airs_node_subscribe(node, airs_str("*"), take_message, &messages, &subscription, NULL);
    }
    if (status == AIRS_OK) {
        uint32_t reached = 0;
        airs_status_t sent = request(id, "x", &ends, NULL, NULL);
        status = airs_node_publish(node, airs_str("a"), airs_bytes("x", 1), airs_str(NULL), &reached, NULL);
        assert_ok(airs_node_drain(node, PATIENCE_MS));
        assert_int_equal(ends.ends, sent == AIRS_OK ? 1 : 0);
        status = first_failure(status, first_failure(sent, ends.status));
        status = first_failure(status, reached == 2 ? AIRS_OK : AIRS_OUT_OF_MEMORY);
    }
    airs_node_unsubscribe(node, subscription);
    airs_node_destroy(node);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_ends_in_a_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_options_are_refused_in_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_an_actor_accepts_is_checked_at_the_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(topics_reach_functions_and_actors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(actors_are_listed_in_the_order_of_their_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_letters_are_told_and_counted, set_up, tear_down),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
