#include "actor_fixture.h"

#include <stdlib.h>

#include "core/check.h"

#define DEFERRED 1000

static actor_fixture_t fixture;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static airs_request_counters_t counters(void) {
    airs_request_counters_t out;
    airs_actor_system_requests(fixture.system, &out);
    return out;
}

/* ---- an actor that takes over every request, and answers when it is told to ---- */

typedef struct desk {
    probe_t probe;
    airs_request_id_t ids[DEFERRED];
    unsigned deferred;
    airs_status_t status;     /* of the last that it did */
    airs_status_t then;       /* what handle returns for a request */
    const char *content_type; /* of its answers */
} desk_t;

static airs_bytes_t bytes_of(const char *text) { return airs_bytes(text, strlen(text)); }

/* "reply N text", "fail N reason"; a request is deferred, twice if its payload is "twice", and answered at once
 * if that is "now" or "both". */
static airs_status_t work(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    desk_t *desk = (desk_t *)probe;
    char text[128] = "";
    memcpy(text, incoming->payload.data, incoming->payload.size);
    if (incoming->kind == AIRS_INCOMING_REQUEST) {
        airs_request_id_t *id = &desk->ids[desk->deferred];
        if (strcmp(text, "both") == 0) {
            AIRS_ASSERT(airs_actor_respond(context, bytes_of("first")) == AIRS_OK);
        }
        bool unasked = strcmp(text, "unasked") == 0; /* the id is what the request has anyway */
        desk->status = airs_actor_defer_reply(context, unasked ? NULL : id);
        if (unasked) {
            (void)snprintf(id->text, sizeof id->text, "%s", incoming->correlation_id);
        }
        if (desk->status == AIRS_OK) {
            AIRS_ASSERT(strcmp(id->text, incoming->correlation_id) == 0);
            AIRS_ASSERT(airs_actor_respond(context, bytes_of("no")) == AIRS_INVALID_STATE);
            desk->deferred++;
        }
        if (strcmp(text, "twice") == 0) {
            desk->status = airs_actor_defer_reply(context, id);
        }
        if (strcmp(text, "now") == 0) {
            desk->status = airs_actor_reply(context, id, bytes_of("at once"), airs_str(NULL));
        }
        return desk->then;
    }
    if (incoming->kind == AIRS_INCOMING_MESSAGE) {
        char *rest = NULL;
        unsigned long number = strtoul(strchr(text, ' '), &rest, 10);
        desk->status = text[0] == 'r' ? airs_actor_reply(context, &desk->ids[number], bytes_of(rest + 1),
                                                         airs_str(desk->content_type))
                                      : airs_actor_fail(context, &desk->ids[number], airs_str(rest + 1));
    }
    return AIRS_OK;
}

static void open_desk(desk_t *desk, const airs_actor_spec_t *spec) {
    memset(desk, 0, sizeof *desk);
    desk->content_type = "a/b";
    probe_init(&desk->probe);
    desk->probe.then = work;
    probe_spawn(&fixture, &desk->probe, "t/desk/0", spec);
}

static void tell(desk_t *desk, const char *text, airs_status_t expected) {
    assert_ok(actor_fixture_send(&fixture, "t/desk/0", text));
    actor_fixture_run(&fixture);
    assert_status(desk->status, expected);
}

/* ---- an actor that asks what it is told to ask ---- */

static airs_status_t ask(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    if (incoming->kind == AIRS_INCOMING_MESSAGE) {
        return airs_actor_request(context, id_of("t/desk/0"), incoming->payload, 1000, probe->user);
    }
    return AIRS_OK;
}

static void open_asker(probe_t *asker, const airs_actor_spec_t *spec) {
    probe_init(asker);
    asker->then = ask;
    probe_spawn(&fixture, asker, "t/asker/0", spec);
}

static void have_asked(const char *text) {
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", text));
    actor_fixture_run(&fixture);
}

static void close_all(desk_t *desk, probe_t *asker) {
    assert_ok(actor_fixture_stop(&fixture, "t/desk/0", AIRS_STOP_DRAIN));
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DRAIN));
    probe_free(&desk->probe);
    probe_free(asker);
    assert_int_equal(counters().pending, 0);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
}

static void an_answer_comes_later(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    open_desk(&desk, NULL);
    open_asker(&asker, NULL);
    have_asked("one");
    have_asked("unasked");
    have_asked("three");
    assert_string_equal(asker.heard, "m:one m:unasked m:three");
    assert_int_equal(counters().pending, 3);
    desk.content_type = "a/b\r\nX: y";
    tell(&desk, "reply 1 second", AIRS_INVALID_ARGUMENT);
    desk.content_type = "a/b";
    tell(&desk, "reply 1 second", AIRS_OK);
    assert_string_equal(asker.heard, "m:one m:unasked m:three r:second");
    assert_string_equal(asker.last_content_type, "a/b");
    assert_string_equal(asker.last_sender, "t/desk/0");
    assert_string_equal(asker.last_correlation, desk.ids[1].text);
    tell(&desk, "reply 1 again", AIRS_NOT_FOUND);
    tell(&desk, "fail 0 sold out", AIRS_OK);
    assert_non_null(strstr(asker.heard, "{\"error\":\"handle-message-failed\",\"message\":\"sold out\","));
    tell(&desk, "fail 0 again", AIRS_NOT_FOUND);
    tell(&desk, "fail 2 ", AIRS_OK);
    assert_non_null(strstr(asker.heard, "\"message\":\"the component's handle-message failed\""));
    assert_int_equal(counters().completed, 1);
    assert_int_equal(counters().failed, 2);
    assert_int_equal(counters().late, 0);
    close_all(&desk, &asker);
}

static void it_may_come_at_once(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    open_desk(&desk, NULL);
    open_asker(&asker, NULL);
    have_asked("now");
    assert_ok(desk.status);
    assert_string_equal(asker.heard, "m:now r:at once");
    close_all(&desk, &asker);
}

static void only_what_is_to_be_answered_is_taken_over(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    open_desk(&desk, NULL);
    open_asker(&asker, NULL);
    have_asked("twice");
    assert_status(desk.status, AIRS_INVALID_STATE);
    have_asked("both");
    assert_status(desk.status, AIRS_INVALID_STATE);
    assert_int_equal(desk.deferred, 1);
    assert_string_equal(asker.heard, "m:twice m:both r:first");
    (void)snprintf(desk.ids[5].text, sizeof desk.ids[5].text, "no id");
    tell(&desk, "reply 5 x", AIRS_NOT_FOUND);
    tell(&desk, "fail 5 x", AIRS_NOT_FOUND);
    close_all(&desk, &asker);
}

/* Nobody is in hand when a plain message is. */
static airs_status_t defer_anything(airs_actor_context_t *context, probe_t *probe,
                                    const airs_incoming_t *incoming) {
    (void)incoming;
    airs_request_id_t id;
    *(airs_status_t *)probe->user = airs_actor_defer_reply(context, &id);
    return AIRS_OK;
}

static void a_message_has_no_answer(void **state) {
    (void)state;
    airs_status_t status = AIRS_OK;
    probe_t probe;
    probe_init(&probe);
    probe.then = defer_anything;
    probe.user = &status;
    probe_spawn(&fixture, &probe, "t/p/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/p/0", "x"));
    actor_fixture_run(&fixture);
    assert_status(status, AIRS_INVALID_STATE);
    assert_ok(actor_fixture_stop(&fixture, "t/p/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

/* ---- ends ---- */

static void a_late_answer_is_counted(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    open_desk(&desk, NULL);
    open_asker(&asker, NULL);
    have_asked("one");
    have_asked("two");
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_int_equal(counters().timed_out, 2);
    tell(&desk, "reply 0 x", AIRS_TIMEOUT);
    tell(&desk, "fail 1 x", AIRS_TIMEOUT);
    assert_int_equal(counters().late, 2);
    tell(&desk, "reply 0 x", AIRS_NOT_FOUND);
    assert_int_equal(counters().late, 2);
    assert_int_equal(asker.count, 4);
    close_all(&desk, &asker);
}

static void they_fail_with_the_stop(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    open_desk(&desk, NULL);
    open_asker(&asker, NULL);
    have_asked("one");
    have_asked("two");
    actor_fixture_pass(&fixture, 500 * MS);
    assert_ok(actor_fixture_stop(&fixture, "t/desk/0", AIRS_STOP_DRAIN));
    actor_fixture_run(&fixture);
    assert_int_equal(asker.count, 4);
    assert_non_null(strstr(asker.heard, "{\"error\":\"stopped\",\"message\":\"stopped\""));
    assert_int_equal(counters().failed, 2);
    assert_int_equal(counters().late, 0);
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DRAIN));
    probe_free(&desk.probe);
    probe_free(&asker);
}

static void they_fail_with_the_crash(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    open_desk(&desk, NULL);
    open_asker(&asker, NULL);
    have_asked("one");
    actor_fixture_pass(&fixture, 1000 * MS); /* this one has ended */
    have_asked("two");
    desk.then = AIRS_IO;
    have_asked("three"); /* taken over, and then it crashes */
    assert_non_null(strstr(asker.heard, "{\"error\":\"io\",\"message\":\"input or output failed\""));
    assert_int_equal(asker.count, 6);
    assert_int_equal(counters().failed, 2);
    assert_int_equal(counters().timed_out, 1);
    assert_int_equal(counters().late, 0); /* it has not answered the first */
    probe_free(&desk.probe);
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DRAIN));
    probe_free(&asker);
}

/* A guest that takes its request over and answers with an error all the same. */
static airs_scripted_next_t defer_and_err(airs_scripted_call_t *call) {
    airs_message_router_t *router = call->host->router;
    static airs_correlation_id_t id;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (call->message->kind == AIRS_MESSAGE_PLAIN) {
        assert_ok(router->ops->reply(router, call->host->self, &id, bytes_of("well"), airs_str(NULL), NULL));
        return airs_scripted_ok(call);
    }
    assert_ok(router->ops->defer_reply(router, call->host->self, &id, NULL));
    return airs_scripted_error(call, "runtime-error: no");
}

static void an_error_result_leaves_it_to_be_answered(void **state) {
    (void)state;
    probe_t asker;
    open_asker(&asker, NULL);
    actor_fixture_spawn(&fixture, "t/desk/0", actor_fixture_add(&fixture, defer_and_err, NULL));
    have_asked("one");
    assert_string_equal(asker.heard, "m:one");
    assert_int_equal(actor_fixture_counters(&fixture, "t/desk/0").errors, 1);
    assert_string_equal(fixture.last_log, "t/desk/0: a message was answered with an error "
                                          "status=handle-message-failed reason=runtime-error: no");
    assert_ok(actor_fixture_send(&fixture, "t/desk/0", ""));
    actor_fixture_run(&fixture);
    assert_string_equal(asker.heard, "m:one r:well");
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DRAIN));
    probe_free(&asker);
}

/* ---- what the requester does not take ---- */

static void what_is_refused_is_still_to_be_answered(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    airs_actor_spec_t spec = {.max_message_bytes = 6, .accepts = AIRS_CODEC_CBOR};
    open_desk(&desk, NULL);
    open_asker(&asker, &spec);
    have_asked("\x51one");
    have_asked("\x51two");
    tell(&desk, "reply 0 \x51too long", AIRS_MESSAGE_TOO_LARGE);
    tell(&desk, "reply 0 json", AIRS_UNSUPPORTED_CODEC);
    assert_int_equal(counters().pending, 2);
    assert_int_equal(counters().late, 0);
    tell(&desk, "reply 0 \x51yes", AIRS_OK);
    tell(&desk, "reply 1 ", AIRS_OK); /* no content is in no codec */
    assert_string_equal(asker.heard, "m:\x51one m:\x51two r:\x51yes r:");
    assert_int_equal(counters().completed, 2);
    close_all(&desk, &asker);
}

/* As guests are told. */
static airs_scripted_next_t try_all(airs_scripted_call_t *call) {
    airs_message_router_t *router = call->host->router;
    airs_actor_t *self = call->host->self;
    airs_correlation_id_t id = {{0}};
    airs_error_t error;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (call->message->kind == AIRS_MESSAGE_PLAIN) {
        assert_status(router->ops->defer_reply(router, self, &id, &error), AIRS_INVALID_STATE);
        assert_string_equal(error.text, "there is no request in hand that is to be answered");
        assert_status(router->ops->reply(router, self, &id, bytes_of(""), airs_str(NULL), &error),
                      AIRS_NOT_FOUND);
        assert_string_equal(error.text, "t/desk/0 has not taken over such a request, or has answered it");
        assert_status((router->ops->fail)(router, self, &id, airs_str(NULL), NULL), AIRS_NOT_FOUND);
        return airs_scripted_ok(call);
    }
    airs_status_t status = router->ops->defer_reply(router, self, &id, &error);
    if (status != AIRS_OK) {
        assert_status(status, AIRS_TOO_MANY_REQUESTS);
        assert_string_equal(error.text,
                            "t/desk/0 has taken over 1 answers, which is its limit (max-deferred)");
        return airs_scripted_respond(call, "no room");
    }
    assert_status(router->ops->reply(router, self, &id, bytes_of("too long"), airs_str(NULL), &error),
                  AIRS_MESSAGE_TOO_LARGE);
    assert_string_equal(error.text, "an answer of 8 bytes, and t/asker/0 takes 7 at most");
    assert_status(router->ops->reply(router, self, &id, bytes_of("json"), airs_str(NULL), &error),
                  AIRS_UNSUPPORTED_CODEC);
    assert_string_equal(error.text, "t/asker/0 accepts raw; this message has an unknown codec (0x6a)");
    return airs_scripted_ok(call);
}

static void the_texts_say_why(void **state) {
    (void)state;
    probe_t asker;
    airs_actor_spec_t spec = {.max_message_bytes = 7, .accepts = AIRS_CODEC_RAW};
    airs_actor_spec_t one = {.max_deferred = 1};
    open_asker(&asker, &spec);
    airs_component_handle_t component = actor_fixture_add(&fixture, try_all, NULL);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/desk/0"), &one, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/desk/0", ""));
    have_asked("\x55one");
    have_asked("\x55two");
    assert_int_equal(asker.count, 3); /* "no room" is in no codec that it accepts: a failure */
    assert_int_equal(counters().pending, 1);
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DRAIN));
    probe_free(&asker);
}

/* ---- many ---- */

static bool take_numbers(void *context, const airs_actor_info_t *info) {
    uint64_t *numbers = context;
    numbers[0] += info->deferred;
    numbers[1] += info->requests;
    numbers[2] += info->subscriptions + info->timers;
    return true;
}

static void they_are_limited(void **state) {
    (void)state;
    desk_t desk;
    probe_t asker;
    airs_actor_spec_t spec = {.max_deferred = 3};
    open_desk(&desk, &spec);
    open_asker(&asker, NULL);
    for (unsigned i = 0; i < 3; i++) {
        have_asked("x");
        assert_ok(desk.status);
    }
    uint64_t numbers[3] = {0};
    airs_actor_system_list(fixture.system, take_numbers, numbers);
    assert_int_equal(numbers[0], 3);
    assert_int_equal(numbers[1], 3);
    assert_int_equal(numbers[2], 0);
    have_asked("y");
    assert_status(desk.status, AIRS_TOO_MANY_REQUESTS);
    assert_string_equal(asker.heard, "m:x m:x m:x m:y r:"); /* so it was answered as if it did nothing */
    tell(&desk, "reply 1 z", AIRS_OK);
    have_asked("x");
    assert_ok(desk.status);
    have_asked("x");
    assert_status(desk.status, AIRS_TOO_MANY_REQUESTS);
    /* What has ended makes room by itself. */
    actor_fixture_pass(&fixture, 1000 * MS);
    have_asked("x");
    assert_ok(desk.status);
    assert_int_equal(counters().late, 0);
    close_all(&desk, &asker);
}

static void what_has_ended_does_not_pile_up(void **state) {
    (void)state;
    static desk_t desk;
    probe_t asker;
    airs_actor_spec_t spec = {.max_deferred = 300};
    open_desk(&desk, &spec);
    open_asker(&asker, NULL);
    for (unsigned i = 0; i < 900; i++) {
        have_asked("x");
        assert_ok(desk.status);
        if (i % 30 == 29) {
            actor_fixture_pass(&fixture, 1000 * MS);
        }
    }
    assert_int_equal(counters().timed_out, 900);
    have_asked("x");
    tell(&desk, "reply 0 x", AIRS_NOT_FOUND); /* swept out */
    tell(&desk, "reply 899 x", AIRS_TIMEOUT);
    tell(&desk, "reply 900 x", AIRS_OK);
    close_all(&desk, &asker);
}

/* A limit that was just found full of live ones must not stay so when they have all ended. */
static void what_has_ended_makes_room_at_once(void **state) {
    (void)state;
    static desk_t desk;
    probe_t asker;
    airs_actor_spec_t spec = {.max_deferred = 600};
    open_desk(&desk, &spec);
    open_asker(&asker, NULL);
    for (unsigned i = 0; i < 600; i++) {
        have_asked("x");
        assert_ok(desk.status);
    }
    have_asked("x");
    assert_status(desk.status, AIRS_TOO_MANY_REQUESTS);
    actor_fixture_pass(&fixture, 1000 * MS);
    for (unsigned i = 0; i < 300; i++) {
        have_asked("x");
        assert_ok(desk.status);
    }
    close_all(&desk, &asker);
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_later),
        TEST(it_may_come_at_once),
        TEST(only_what_is_to_be_answered_is_taken_over),
        TEST(a_message_has_no_answer),
        TEST(a_late_answer_is_counted),
        TEST(they_fail_with_the_stop),
        TEST(they_fail_with_the_crash),
        TEST(an_error_result_leaves_it_to_be_answered),
        TEST(what_is_refused_is_still_to_be_answered),
        TEST(the_texts_say_why),
        TEST(they_are_limited),
        TEST(what_has_ended_makes_room_at_once),
        TEST(what_has_ended_does_not_pile_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
