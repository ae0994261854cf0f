/* What is one component's is no other's: its storage, its requests, its timers and its topics; and one that is denied
 * things without end bothers nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "e2e/neighbours.h"
#include "support/temporary_folder.h"

/* ---- storage ----------------------------------------------------------------------------------------- */

static void storage_is_the_components_own(void **state) {
    (void)state;
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "store", "app/mine/0", NULL);
    stage_add(&stage, "store", "app/mine/1", NULL);
    stage_add(&stage, "store", "app/yours/0", NULL);
    stage_add(&stage, "store", "other/mine/0", NULL);
    stage_expect(&stage, "app/mine/0", "set secret value", "ok");
    stage_expect(&stage, "app/mine/1", "get secret", "value");
    static const char *const others[] = {"app/yours/0", "other/mine/0"};
    /* Whatever a key looks like, it is one in the space of who names it. */
    static const char *const keys[] = {"secret",          "../mine/secret",    "/app/mine/secret",
                                       "app/mine/secret", "app/mine/0/secret", "mine/secret"};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            char command[64];
            (void)snprintf(command, sizeof command, "exists %s", keys[k]);
            stage_expect(&stage, others[i], command, "no");
            (void)snprintf(command, sizeof command, "get %s", keys[k]);
            stage_expect_error(&stage, others[i], command, "not found");
            (void)snprintf(command, sizeof command, "delete %s", keys[k]);
            stage_expect_error(&stage, others[i], command, "not found");
        }
        stage_expect(&stage, others[i], "list", "");
        stage_expect(&stage, others[i], "set secret another", "ok");
    }
    stage_expect(&stage, "app/mine/0", "get secret", "value");
    stage_expect(&stage, "app/mine/0", "list", "secret\n");
    stage_close(&stage);
}

/* A namespace may end as a component's name, and a component's as an instance's. */
static void an_instances_storage_is_no_other_components(void **state) {
    (void)state;
    stage_t stage;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.storage_by_instance = true;
    stage_open(&stage, 1);
    assert_ok(stage_spawn(&stage, "store", "shop/eu/cart", &options));
    stage_add(&stage, "store", "shop/eu/cart/0", NULL);
    stage_expect(&stage, "shop/eu/cart", "set secret value", "ok");
    stage_expect(&stage, "shop/eu/cart/0", "exists secret", "no");
    stage_expect(&stage, "shop/eu/cart/0", "list", "");
    stage_expect(&stage, "shop/eu/cart", "get secret", "value");
    stage_close(&stage);
}

/* ---- requests ---------------------------------------------------------------------------------------- */

/* "later" of a request that waits, as an intruder's command. */
static void meddle(stage_t *stage, const char *intruder, const char *deed, const char *rest) {
    char command[128];
    (void)snprintf(command, sizeof command, "%s %s%s", deed, stage->request, rest);
    stage_expect_error(stage, intruder, command, "not found");
}

static void only_who_was_asked_answers(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    stage_add(&stage, "intruder", "app/intruder/0", NULL);
    stage_add(&stage, "intruder", "app/deferrer/1", NULL); /* nor another instance of the one that was */
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/deferrer/0", "3600000"));
    stage_ask(&stage, "app/requester/0", "later the truth");
    static const char *const intruders[] = {"app/intruder/0", "app/deferrer/1"};
    for (size_t i = 0; i < 2; i++) {
        meddle(&stage, intruders[i], "reply", " a lie");
        meddle(&stage, intruders[i], "fail", "");
        meddle(&stage, intruders[i], "cancel", "");
    }
    assert_int_equal(stage_requests(&stage).pending, 1);
    assert_int_equal(sink_count(&sink), 0);
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    sink_expect_report(&stage, &sink, 0, "response", "the truth");
    /* And once. */
    meddle(&stage, "app/intruder/0", "reply", " a lie");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    stage_close(&stage);
    sink_free(&sink);
}

/* Asked while nobody by that name was there any more but another one. */
static void who_takes_over_a_name_is_not_who_was_asked(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/deferrer/0", "3600000"));
    stage_ask(&stage, "app/requester/0", "later the truth");
    assert_ok(stage_stop(&stage, "app/deferrer/0", AIRS_STOP_DROP));
    sink_expect_report(&stage, &sink, 0, "failure", "stopped");
    stage_add(&stage, "intruder", "app/deferrer/0", NULL);
    meddle(&stage, "app/deferrer/0", "reply", " a lie");
    stage_drain(&stage);
    assert_int_equal(sink_count(&sink), 1);
    stage_close(&stage);
    sink_free(&sink);
}

typedef struct forgery {
    airs_request_id_t request;
    airs_status_t reply, fail, cancel;
} forgery_t;

static airs_status_t forge(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming) {
    forgery_t *forgery = sink->user;
    (void)incoming;
    forgery->reply = airs_actor_reply(context, &forgery->request, airs_bytes("a lie", 5), airs_str(NULL));
    forgery->fail = airs_actor_fail(context, &forgery->request, airs_str("a lie"));
    forgery->cancel = airs_actor_cancel_request(context, &forgery->request);
    return AIRS_OK;
}

static void native_actors_cannot_either(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    sink_t forger;
    forgery_t forgery = {.reply = AIRS_OK};
    sink_init(&sink);
    sink_init(&forger);
    forger.then = forge;
    forger.user = &forgery;
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    sink_spawn(&stage, &forger, "app/forger/0", NULL);
    stage_add(&stage, "deferrer", "app/deferrer/0", NULL);
    assert_ok(stage_add_requester(&stage, "app/requester/0", "app/deferrer/0", "3600000"));
    stage_ask(&stage, "app/requester/0", "later the truth");
    (void)snprintf(forgery.request.text, sizeof forgery.request.text, "%.36s", stage.request);
    assert_ok(stage_send(&stage, "app/forger/0", "go"));
    stage_await_handled(&stage, "app/forger/0", 1);
    assert_status(forgery.reply, AIRS_NOT_FOUND);
    assert_status(forgery.fail, AIRS_NOT_FOUND);
    assert_status(forgery.cancel, AIRS_NOT_FOUND);
    stage_expect(&stage, "app/deferrer/0", "answer", "ok");
    sink_expect_report(&stage, &sink, 0, "response", "the truth");
    stage_close(&stage);
    sink_free(&sink);
    sink_free(&forger);
}

/* Version 4 of RFC 9562, of the node's source of randomness; six of the 122 bits say where in its table the node keeps
 * the request, the others nobody can guess. */
static void ids_of_requests_are_random(void **state) {
    (void)state;
    enum { COUNT = 500 };
    static char ids[COUNT][40];
    uint64_t ones[128] = {0};
    stage_t stage;
    stage_open(&stage, 1);
    stage_add(&stage, "echo", "app/echo/0", NULL);
    stage_add(&stage, "requester", "app/requester/0", "app/echo/0");
    for (int i = 0; i < COUNT; i++) {
        stage_ask(&stage, "app/requester/0", "x");
        (void)snprintf(ids[i], sizeof ids[i], "%.36s", stage.request);
        assert_int_equal(ids[i][14], '4');
        assert_non_null(strchr("89ab", ids[i][19]));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(ids[i], ids[k]);
        }
        unsigned bit = 0;
        for (const char *digit = ids[i]; *digit != '\0'; digit++) {
            if (*digit == '-') {
                continue;
            }
            unsigned value = (unsigned)(strchr("0123456789abcdef", *digit) - "0123456789abcdef");
            for (int k = 3; k >= 0; k--) {
                ones[bit++] += (value >> k) & 1;
            }
        }
    }
    /* Each of these is set about half the time: eight standard deviations. */
    for (unsigned bit = 0; bit < 122; bit++) {
        if ((bit < 48 || bit > 51) && bit != 64 && bit != 65) {
            assert_in_range(ones[bit], COUNT / 2 - 90, COUNT / 2 + 90);
        }
    }
    stage_close(&stage);
}

/* ---- timers and topics ---------------------------------------------------------------------------------- */

static void timers_are_ones_own(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    char command[64];
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "ticker", "app/ticker/0", "app/sink/0");
    stage_add(&stage, "intruder", "app/intruder/0", NULL);
    assert_ok(stage_call(&stage, "app/ticker/0", "after 300 tick"));
    (void)snprintf(command, sizeof command, "stop-timer %.40s", stage.answer);
    stage_expect(&stage, "app/intruder/0", command, "no such timer");
    for (int i = 0; i < 100; i++) {
        (void)snprintf(command, sizeof command, "stop-timer %d", i);
        stage_expect(&stage, "app/intruder/0", command, "no such timer");
    }
    sink_expect(&sink, 0, "app/ticker/0", "tick");
    stage_close(&stage);
    sink_free(&sink);
}

static void topics_are_heard_where_that_is_granted(void **state) {
    (void)state;
    stage_t stage;
    sink_t sink;
    uint32_t reached = 0;
    static const airs_grant_t grants[] = {{.action = "topics.subscribe", .pattern = "public.>"}};
    const char *config = "app/sink/0";
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.config = airs_bytes(config, strlen(config));
    options.confined = true;
    options.grants = grants;
    options.grant_count = 1;
    sink_init(&sink);
    stage_open(&stage, 1);
    sink_spawn(&stage, &sink, "app/sink/0", NULL);
    stage_add(&stage, "subscriber", "app/friend/0", "app/sink/0");
    assert_ok(stage_spawn(&stage, "subscriber", "app/spy/0", &options));
    stage_add(&stage, "intruder", "app/intruder/0", NULL);
    stage_expect(&stage, "app/friend/0", "subscribe secret.plans", "ok");
    static const char *const wishes[] = {"secret.plans", "secret.*", "secret.>", "*.plans", ">", "*.*"};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        char command[64];
        (void)snprintf(command, sizeof command, "subscribe %s", wishes[i]);
        stage_expect_error(&stage, "app/spy/0", command, "capability-denied");
    }
    stage_expect(&stage, "app/spy/0", "subscribe public.plans", "ok");
    /* Giving up somebody else's changes nothing for him. */
    stage_expect(&stage, "app/intruder/0", "unsubscribe secret.plans", "ok");
    assert_ok(airs_node_publish(stage.node, airs_str("secret.plans"), airs_bytes("x", 1), airs_str(NULL),
                                &reached, &stage.error));
    assert_int_equal(reached, 1);
    sink_expect(&sink, 0, "app/friend/0", "x");
    stage_close(&stage);
    sink_free(&sink);
}

/* ---- a flood of denials ------------------------------------------------------------------------------- */

static uint64_t number_after(const char *line, const char *key) {
    const char *at = strstr(line, key);
    return at != NULL ? strtoul(at + strlen(key), NULL, 10) : 0;
}

/* How many denials the audit's lines tell of, and in how many lines. */
static void count_denials(const char *path, uint64_t *denials, uint64_t *lines) {
    airs_bytes_t content;
    assert_ok(airs_file_read(airs_allocator_default(), path, 1 << 22, &content, NULL));
    char *text = airs_alloc(airs_allocator_default(), content.size + 1);
    assert_non_null(text);
    memcpy(text, content.data, content.size);
    text[content.size] = '\0';
    *denials = *lines = 0;
    for (char *rest = text, *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (strstr(line, "\"decision\":\"denied\"") != NULL) {
            uint64_t several = number_after(line, "\"count\":") + number_after(line, "\"omitted\":");
            *denials += several > 0 ? several : 1;
            ++*lines;
        }
    }
    airs_release(airs_allocator_default(), text);
    airs_release(airs_allocator_default(), (void *)content.data);
}

static void a_flood_of_denials_bothers_nobody(void **state) {
    (void)state;
    enum { FLOOD = 20000 };
    airs_temporary_folder_t folder;
    char audit[AIRS_TEMPORARY_PATH_MAX];
    char command[64];
    stage_t stage;
    airs_pair_t pair;
    uint64_t denials = 0;
    uint64_t lines = 0;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "audit.jsonl", audit);
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 1;
    options.cache_dir = "";
    options.audit_file = audit;
    stage_open_with(&stage, options);
    neighbours_open(&stage, &pair);
    stage_add(&stage, "greedy", "app/greedy/0", NULL);
    neighbours_begin(&stage, &pair);
    /* Always the same, and each time another one. */
    (void)snprintf(command, sizeof command, "%d", FLOOD);
    stage_add(&stage, "deeds", "app/deeds/0", NULL);
    stage_expect(&stage, "app/deeds/0", "flood 20000 bank/vault/0", command);
    for (int i = 0; i < 100; i++) {
        char other[64];
        (void)snprintf(other, sizeof other, "flood 10 bank/vault/%d", i);
        stage_expect(&stage, "app/deeds/0", other, "10");
    }
    neighbours_get_on(&stage, &pair, 200);
    neighbours_end(&stage, &pair);
    airs_pair_close(&pair);
    stage_close(&stage);
    /* Every one of them is told of, in few lines. */
    count_denials(audit, &denials, &lines);
    assert_int_equal(denials, FLOOD + 1000);
    assert_in_range(lines, 2, 80);
    airs_temporary_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storage_is_the_components_own),
        cmocka_unit_test(an_instances_storage_is_no_other_components),
        cmocka_unit_test(only_who_was_asked_answers),
        cmocka_unit_test(who_takes_over_a_name_is_not_who_was_asked),
        cmocka_unit_test(native_actors_cannot_either),
        cmocka_unit_test(ids_of_requests_are_random),
        cmocka_unit_test(timers_are_ones_own),
        cmocka_unit_test(topics_are_heard_where_that_is_granted),
        cmocka_unit_test(a_flood_of_denials_bothers_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
