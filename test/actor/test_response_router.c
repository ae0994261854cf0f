#include "actor_fixture.h"

#include "core/check.h"

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

/* A guest that asks whom it is told to and notes what it hears. */
typedef struct asker {
    const char *target;
    uint64_t timeout_ms;
    unsigned requests; /* for each message */
    airs_status_t asked;
    char error[256]; /* of the last one */
    airs_correlation_id_t id;
    unsigned responses;
    unsigned failures;
    char last[512];
    char last_sender[64];
    char last_type[64];
    bool right_id;
} asker_t;

static airs_scripted_next_t asking(airs_scripted_call_t *call) {
    asker_t *self = call->context;
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        for (unsigned i = 0; i < self->requests; i++) {
            self->asked = airs_scripted_request(call, self->target, "question", self->timeout_ms, &self->id);
            (void)snprintf(self->error, sizeof self->error, "%.250s", call->error->text);
        }
        return airs_scripted_ok(call);
    }
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        const airs_component_message_t *message = call->message;
        bool failed = message->kind == AIRS_MESSAGE_FAILURE;
        self->responses += !failed;
        self->failures += failed;
        (void)snprintf(self->last, sizeof self->last, "%.*s", (int)message->payload.size,
                       (const char *)message->payload.data);
        (void)snprintf(self->last_sender, sizeof self->last_sender, "%s",
                       airs_component_id_text(message->sender));
        (void)snprintf(self->last_type, sizeof self->last_type, "%.*s", AIRS_STR_ARG(message->content_type));
        self->right_id = airs_correlation_id_equal(&self->id, &message->correlation);
    }
    return airs_scripted_ok(call);
}

static asker_t start_asker(const char *target, uint64_t timeout_ms) {
    return (asker_t){.target = target, .timeout_ms = timeout_ms, .requests = 1};
}

static void ask(asker_t *asker) {
    actor_fixture_spawn(&fixture, "t/asker/0", actor_fixture_add(&fixture, asking, asker));
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
}

static airs_request_counters_t counters(void) {
    airs_request_counters_t out;
    airs_actor_system_requests(fixture.system, &out);
    return out;
}

static void assert_failure(const asker_t *asker, const char *status, const char *message) {
    char text[37];
    char expected[512];
    airs_correlation_id_format(&asker->id, text);
    (void)snprintf(expected, sizeof expected,
                   "{\"error\":\"%s\",\"message\":\"%s\",\"correlation-id\":\"%s\"}", status, message, text);
    assert_int_equal(asker->failures, 1);
    assert_int_equal(asker->responses, 0);
    assert_string_equal(asker->last, expected);
    assert_string_equal(asker->last_type, "application/vnd.airssys.error+json");
    assert_true(asker->right_id);
}

/* ---- targets ---- */

static airs_scripted_next_t answering(airs_scripted_call_t *call) {
    const char *how = call->context;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (strcmp(how, "error") == 0) {
        return airs_scripted_error(call, "runtime-error: \"no\"");
    }
    if (strcmp(how, "trap") == 0) {
        return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
    }
    if (strcmp(how, "wait") == 0 && call->round == 0) {
        return airs_scripted_wait(call);
    }
    return strcmp(how, "nothing") == 0 ? airs_scripted_ok(call) : airs_scripted_respond(call, "answer");
}

static void spawn_target(const char *how) {
    actor_fixture_spawn(&fixture, "t/target/0",
                        actor_fixture_add(&fixture, answering, (void *)(uintptr_t)how));
}

static void a_response_comes_from_who_was_asked(void **state) {
    (void)state;
    spawn_target("answer");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    ask(&asker);
    assert_ok(asker.asked);
    assert_int_equal(asker.responses, 1);
    assert_string_equal(asker.last, "answer");
    assert_string_equal(asker.last_sender, "t/target/0");
    assert_true(asker.right_id);
    assert_int_equal(counters().completed, 1);
    assert_int_equal(counters().pending, 0);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

static void no_content_is_an_empty_response(void **state) {
    (void)state;
    spawn_target("nothing");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    ask(&asker);
    assert_int_equal(asker.responses, 1);
    assert_string_equal(asker.last, "");
}

static void an_error_answer_is_a_failure(void **state) {
    (void)state;
    spawn_target("error");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    ask(&asker);
    assert_failure(&asker, "handle-message-failed", "runtime-error: \\\"no\\\"");
    assert_string_equal(asker.last_sender, "t/target/0");
    /* The requester heard of it: it is no dead letter. */
    assert_int_equal(airs_dead_letters_total(airs_actor_system_dead_letters(fixture.system)), 0);
}

static void a_trap_is_a_failure_at_once(void **state) {
    (void)state;
    spawn_target("trap");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    ask(&asker);
    assert_failure(&asker, "trap", "unreachable");
    assert_int_equal(counters().failed, 1);
}

static void requests_in_line_fail_with_the_target(void **state) {
    (void)state;
    spawn_target("trap");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    asker.requests = 3;
    ask(&asker);
    assert_int_equal(asker.failures, 3);
    assert_non_null(strstr(asker.last, "\"error\":\"stopped\""));
}

static void a_deadline_ends_it(void **state) {
    (void)state;
    spawn_target("wait");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    ask(&asker);
    assert_int_equal(asker.failures + asker.responses, 0);
    actor_fixture_pass(&fixture, 999 * MS);
    assert_int_equal(asker.failures, 0);
    actor_fixture_pass(&fixture, 1 * MS);
    assert_failure(&asker, "timeout", "timed out");
    assert_int_equal(counters().timed_out, 1);
    /* The late reply is counted and dropped. */
    airs_scripted_engine_release(&fixture.engine, "t/target/0");
    actor_fixture_run(&fixture);
    assert_int_equal(asker.failures + asker.responses, 1);
    assert_int_equal(counters().late, 1);
}

static void zero_times_out_at_the_next_turn_of_the_timers(void **state) {
    (void)state;
    spawn_target("wait");
    static asker_t asker;
    asker = start_asker("t/target/0", 0);
    ask(&asker);
    assert_ok(asker.asked);
    actor_fixture_pass(&fixture, 0);
    assert_failure(&asker, "timeout", "timed out");
}

static void an_enormous_deadline_is_none(void **state) {
    (void)state;
    spawn_target("wait");
    static asker_t asker;
    asker = start_asker("t/target/0", UINT64_MAX);
    ask(&asker);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system) == UINT64_MAX,
                     0); /* the parked limit's */
    airs_scripted_engine_release(&fixture.engine, "t/target/0");
    actor_fixture_run(&fixture);
    assert_int_equal(asker.responses, 1);
}

static void a_stop_that_drops_fails_them(void **state) {
    (void)state;
    spawn_target("wait");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    asker.requests = 2;
    ask(&asker);
    assert_status(actor_fixture_stop(&fixture, "t/target/0", AIRS_STOP_DROP), AIRS_TIMEOUT);
    actor_fixture_run(&fixture);
    assert_int_equal(asker.failures, 2);
    assert_non_null(strstr(asker.last, "\"error\":\"stopped\""));
    assert_int_equal(actor_fixture_totals(&fixture).dropped, 2);
}

static void a_target_that_cannot_be_reached_is_an_error_of_the_call(void **state) {
    (void)state;
    static asker_t asker;
    asker = start_asker("t/nobody/0", 1000);
    ask(&asker);
    assert_status(asker.asked, AIRS_TARGET_NOT_FOUND);
    assert_int_equal(asker.failures + asker.responses, 0);
    assert_int_equal(counters().pending, 0);
}

static void a_full_mailbox_is_an_error_of_the_call(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, answering, (void *)(uintptr_t)"wait");
    airs_actor_spec_t spec = {.mailbox_messages = 2, .mailbox_bytes = 20};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/target/0"), &spec, NULL));
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    asker.requests = 3;
    ask(&asker);
    assert_status(asker.asked, AIRS_QUEUE_FULL);
    assert_int_equal(counters().pending, 2);
    assert_int_equal(counters().cancelled, 0); /* what could not be sent is no request */
    assert_int_equal(actor_fixture_counters(&fixture, "t/target/0").refused, 1);
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_int_equal(asker.failures, 2);
}

static void requests_outstanding_are_limited(void **state) {
    (void)state;
    spawn_target("wait");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    asker.requests = 4;
    airs_component_handle_t component = actor_fixture_add(&fixture, asking, &asker);
    airs_actor_spec_t spec = {.max_requests = 3};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/asker/0"), &spec, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    assert_status(asker.asked, AIRS_TOO_MANY_REQUESTS);
    assert_string_equal(asker.error, "t/asker/0 has 3 requests outstanding, as many as it may");
    assert_int_equal(counters().pending, 3);
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_int_equal(asker.failures, 3);
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    asker.requests = 3;
    actor_fixture_run(&fixture);
    assert_ok(asker.asked);
}

/* Asks once for a message, and from the callback again until it has asked ten times. */
static airs_scripted_next_t ask_again(airs_scripted_call_t *call) {
    unsigned *asked = call->context;
    bool told = call->kind == AIRS_CALL_HANDLE_MESSAGE || call->kind == AIRS_CALL_HANDLE_CALLBACK;
    if (told && *asked < 10) {
        *asked += airs_scripted_request(call, "t/target/0", "again", 1000, NULL) == AIRS_OK;
    }
    return airs_scripted_ok(call);
}

static void a_callback_may_ask_at_the_limit(void **state) {
    (void)state;
    static unsigned asked;
    asked = 0;
    spawn_target("answer");
    airs_component_handle_t component = actor_fixture_add(&fixture, ask_again, &asked);
    airs_actor_spec_t spec = {.max_requests = 1};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/asker/0"), &spec, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    assert_int_equal(asked, 10);
    assert_int_equal(counters().completed, 10);
}

static airs_scripted_next_t deep(airs_scripted_call_t *call) {
    unsigned *callbacks = call->context;
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE && airs_scripted_payload_is(call, "go")) {
        return airs_scripted_request(call, airs_component_id_text(call->host->id), "to myself", 1000, NULL) ==
                       AIRS_OK
                   ? airs_scripted_ok(call)
                   : airs_scripted_error(call, "cannot ask");
    }
    *callbacks += call->kind == AIRS_CALL_HANDLE_CALLBACK;
    return call->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_respond(call, "me")
                                                  : airs_scripted_ok(call);
}

static void a_request_to_oneself_works(void **state) {
    (void)state;
    static unsigned callbacks;
    callbacks = 0;
    actor_fixture_spawn(&fixture, "t/self/0", actor_fixture_add(&fixture, deep, &callbacks));
    assert_ok(actor_fixture_send(&fixture, "t/self/0", "go"));
    actor_fixture_run(&fixture);
    assert_int_equal(callbacks, 1);
}

static void the_requesters_end_cancels(void **state) {
    (void)state;
    spawn_target("wait");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    asker.requests = 2;
    ask(&asker);
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DRAIN));
    assert_int_equal(counters().pending, 0);
    assert_int_equal(counters().orphaned, 2);
    /* Its namesake hears nothing of it. */
    static asker_t second;
    second = start_asker("t/target/0", 1000);
    actor_fixture_spawn(&fixture, "t/asker/0", actor_fixture_add(&fixture, asking, &second));
    airs_scripted_engine_release(&fixture.engine, "t/target/0");
    airs_scripted_engine_release(&fixture.engine, "t/target/0");
    actor_fixture_run(&fixture);
    assert_int_equal(second.responses + second.failures, 0);
    assert_int_equal(counters().late, 2);
}

/* The end of a request is delivered though the requester's mailbox is full. */
static void callbacks_are_exempt_from_the_mailbox(void **state) {
    (void)state;
    spawn_target("answer");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    airs_component_handle_t component = actor_fixture_add(&fixture, asking, &asker);
    airs_actor_spec_t spec = {.mailbox_messages = 1};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/asker/0"), &spec, NULL));
    asker.requests = 10;
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    while (asker.requests == 10 && actor_fixture_counters(&fixture, "t/asker/0").sent == 0) {
        assert_true(airs_actor_system_step(fixture.system));
    }
    asker.requests = 0;
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    assert_status(actor_fixture_send(&fixture, "t/asker/0", ""), AIRS_QUEUE_FULL);
    actor_fixture_run(&fixture);
    assert_int_equal(asker.responses, 10);
}

/* What the requester does not take is a failure, not a response. */
static void a_response_may_be_too_large(void **state) {
    (void)state;
    spawn_target("answer");
    static asker_t asker;
    asker = start_asker("t/target/0", 1000);
    airs_component_handle_t component = actor_fixture_add(&fixture, asking, &asker);
    airs_actor_spec_t spec = {.max_message_bytes = 5};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/asker/0"), &spec, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    assert_failure(&asker, "message-too-large", "an answer of 6 bytes, and t/asker/0 takes 5 at most");
    assert_int_equal(counters().completed, 0);
    assert_int_equal(counters().failed, 1);
}

static void ask_accepting(asker_t *asker, const char *how) {
    spawn_target(how);
    *asker = start_asker("t/target/0", 1000);
    airs_component_handle_t component = actor_fixture_add(&fixture, asking, asker);
    airs_actor_spec_t spec = {.accepts = AIRS_CODEC_JSON};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/asker/0"), &spec, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", "\x80\x04"));
    actor_fixture_run(&fixture);
}

static void a_response_in_another_codec_is_a_failure(void **state) {
    (void)state;
    static asker_t asker;
    ask_accepting(&asker, "answer");
    assert_failure(&asker, "unsupported-codec",
                   "t/asker/0 accepts json; this message has an unknown codec (0x61)");
    assert_int_equal(counters().pending, 0);
}

static void no_content_is_in_no_codec(void **state) {
    (void)state;
    static asker_t asker;
    ask_accepting(&asker, "nothing");
    assert_int_equal(asker.responses, 1);
    assert_int_equal(asker.failures, 0);
}

/* A call from outside, in a stepped system in which nothing can run any more. */
static void a_call_without_an_answer_gives_up(void **state) {
    (void)state;
    spawn_target("wait");
    airs_error_t error;
    assert_status(airs_actor_system_call(fixture.system, id_of("t/target/0"), airs_bytes(NULL, 0),
                                         airs_str(NULL), 1000, NULL, NULL, &error),
                  AIRS_TIMEOUT);
    assert_string_equal(error.text, "the answer does not come");
    assert_int_equal(counters().pending, 0);
    assert_int_equal(counters().cancelled, 1);
}

/* Its own request is still in its mailbox when it ends: nobody is left to hear. */
static void a_request_to_oneself_ends_with_oneself(void **state) {
    (void)state;
    static asker_t asker;
    asker = start_asker("t/asker/0", 1000);
    airs_component_handle_t component = actor_fixture_add(&fixture, asking, &asker);
    actor_fixture_spawn(&fixture, "t/asker/0", component);
    asker.requests = 200; /* more than one turn handles */
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    assert_true(airs_actor_system_step(fixture.system));
    asker.requests = 0;
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DROP));
    assert_int_equal(counters().pending, 0);
}

static airs_scripted_next_t cancelling(airs_scripted_call_t *call) {
    airs_status_t *statuses = call->context;
    static airs_correlation_id_t id;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "ask")) {
        statuses[0] = airs_scripted_request(call, "t/target/0", "", 1000, &id);
    } else {
        *(airs_scripted_payload_is(call, "other") ? &statuses[1] : &statuses[2]) =
            airs_scripted_cancel(call, &id);
    }
    return airs_scripted_ok(call);
}

static void only_the_requester_cancels(void **state) {
    (void)state;
    spawn_target("wait");
    static airs_status_t statuses[3] = {AIRS_INTERNAL, AIRS_INTERNAL, AIRS_INTERNAL};
    airs_component_handle_t component = actor_fixture_add(&fixture, cancelling, statuses);
    actor_fixture_spawn(&fixture, "t/mine/0", component);
    actor_fixture_spawn(&fixture, "t/other/0", component);
    assert_ok(actor_fixture_send(&fixture, "t/mine/0", "ask"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/other/0", "other"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/mine/0", "mine"));
    actor_fixture_run(&fixture);
    assert_ok(statuses[0]);
    assert_status(statuses[1], AIRS_NOT_FOUND);
    assert_ok(statuses[2]);
}

/* ---- natives: cycles, many, all that is counted ---- */

static void assert_counters(airs_request_counters_t expected) {
    airs_request_counters_t got = counters();
    assert_memory_equal(&got, &expected, sizeof got);
}

/* t/a/0 asks t/b/0, which asks t/a/0 before it answers. */
static airs_status_t in_a_cycle(airs_actor_context_t *context, probe_t *probe,
                                const airs_incoming_t *incoming) {
    airs_request_id_t *owed = probe->user;
    bool is_first = airs_id_equal(airs_actor_self(context), id_of("t/a/0"));
    switch (incoming->kind) {
    case AIRS_INCOMING_MESSAGE:
        return airs_actor_request(context, id_of("t/b/0"), airs_bytes("1", 1), 1000, NULL);
    case AIRS_INCOMING_REQUEST:
        if (is_first) {
            return airs_actor_respond(context, airs_bytes("3", 1));
        }
        AIRS_ASSERT(airs_actor_defer_reply(context, owed) == AIRS_OK);
        return airs_actor_request(context, incoming->sender, airs_bytes("2", 1), 1000, NULL);
    case AIRS_INCOMING_RESPONSE:
        return is_first ? AIRS_OK : airs_actor_reply(context, owed, airs_bytes("4", 1), airs_str(NULL));
    case AIRS_INCOMING_FAILURE:
    case AIRS_INCOMING_DOWN:
    case AIRS_INCOMING_EXIT:
        break;
    }
    return AIRS_INTERNAL;
}

static void a_cycle_works(void **state) {
    (void)state;
    probe_t probes[2];
    airs_request_id_t owed;
    for (int i = 0; i < 2; i++) {
        probe_init(&probes[i]);
        probes[i].then = in_a_cycle;
        probes[i].user = &owed;
        probe_spawn(&fixture, &probes[i], i == 0 ? "t/a/0" : "t/b/0", NULL);
    }
    for (int i = 0; i < 2; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "0"));
        actor_fixture_run(&fixture);
    }
    assert_string_equal(probes[0].heard, "m:0 q:2 r:4 m:0 q:2 r:4");
    assert_string_equal(probes[1].heard, "q:1 r:3 q:1 r:3");
    assert_counters((airs_request_counters_t){.completed = 4});
    airs_actor_system_stop_all(fixture.system, AIRS_STOP_DRAIN, PATIENCE_MS);
    probe_free(&probes[0]);
    probe_free(&probes[1]);
}

#define MANY 100000

typedef struct crowd {
    uint64_t deferred;
    uint64_t ends;
} crowd_t;

/* Asks for as much as it may at a message; takes over what it is asked. */
static airs_status_t be_many(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    crowd_t *self = state;
    airs_request_id_t id;
    if (incoming->kind == AIRS_INCOMING_MESSAGE) {
        for (unsigned i = 0; i < MANY; i++) {
            AIRS_ASSERT(airs_actor_request(context, id_of("t/target/0"), airs_bytes("x", 1), 1000 + i % 7,
                                           NULL) == AIRS_OK);
        }
        AIRS_ASSERT(airs_actor_request(context, id_of("t/target/0"), airs_bytes("x", 1), 1000, NULL) ==
                    AIRS_TOO_MANY_REQUESTS);
    } else if (incoming->kind == AIRS_INCOMING_REQUEST) {
        AIRS_ASSERT(airs_actor_defer_reply(context, &id) == AIRS_OK);
        self->deferred++;
    } else {
        self->ends++;
    }
    return AIRS_OK;
}

static void a_hundred_thousand_are_outstanding_at_once(void **state) {
    (void)state;
    static const airs_native_t native = {.size = sizeof native, .handle = be_many};
    airs_actor_spec_t spec = {.mailbox_messages = MANY};
    crowd_t asker = {.ends = 0};
    crowd_t target = {.ends = 0};
    assert_ok(
        airs_actor_system_spawn_native(fixture.system, &native, &asker, id_of("t/asker/0"), NULL, NULL));
    assert_ok(
        airs_actor_system_spawn_native(fixture.system, &native, &target, id_of("t/target/0"), &spec, NULL));
    /* All time out. */
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    assert_int_equal(target.deferred, MANY);
    assert_counters((airs_request_counters_t){.pending = MANY});
    actor_fixture_pass(&fixture, 1006 * MS);
    assert_int_equal(asker.ends, MANY);
    assert_counters((airs_request_counters_t){.timed_out = MANY});
    /* All fail: those that have ended make room for as many again. */
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    assert_int_equal(target.deferred, 2 * MANY);
    assert_ok(actor_fixture_stop(&fixture, "t/target/0", AIRS_STOP_DRAIN));
    actor_fixture_run(&fixture);
    assert_int_equal(asker.ends, 2 * MANY);
    assert_counters((airs_request_counters_t){.timed_out = MANY, .failed = MANY});
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

/* Each end counts as what it is, and as nothing else. */
static void each_end_is_counted_once(void **state) {
    (void)state;
    airs_request_counters_t expected = {.completed = 1};
    static asker_t asker;
    spawn_target("answer");
    asker = start_asker("t/target/0", 1000);
    ask(&asker);
    assert_counters(expected);
    assert_ok(actor_fixture_stop(&fixture, "t/target/0", AIRS_STOP_DRAIN));

    spawn_target("error");
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    expected.failed++;
    assert_counters(expected);
    assert_ok(actor_fixture_stop(&fixture, "t/target/0", AIRS_STOP_DRAIN));

    assert_ok(actor_fixture_send(&fixture, "t/asker/0", "")); /* to nobody: no request */
    actor_fixture_run(&fixture);
    assert_counters(expected);

    spawn_target("wait");
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    expected.pending++;
    assert_counters(expected);
    actor_fixture_pass(&fixture, 1000 * MS);
    expected.pending--;
    expected.timed_out++;
    assert_counters(expected);
    airs_scripted_engine_release(&fixture.engine, "t/target/0");
    actor_fixture_run(&fixture);
    expected.late++;
    assert_counters(expected);

    asker.requests = 2;
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    actor_fixture_pass(&fixture, 1000 * MS);
    expected.timed_out += 2;
    /* The target ends without an answer to them: nothing is late. */
    assert_status(actor_fixture_stop(&fixture, "t/target/0", AIRS_STOP_DROP), AIRS_TIMEOUT);
    assert_counters(expected);

    spawn_target("wait");
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", ""));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_stop(&fixture, "t/asker/0", AIRS_STOP_DROP));
    expected.orphaned += 2;
    assert_counters(expected);
}

/* ---- races, with threads ---- */

#define RACERS 4
#define RACES 2000

typedef struct racer {
    uint64_t ends; /* its own: callbacks that came */
    uint64_t asked;
    uint64_t cancelled;
} racer_t;

static airs_status_t race(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    racer_t *self = state;
    if (incoming->kind == AIRS_INCOMING_RESPONSE || incoming->kind == AIRS_INCOMING_FAILURE) {
        self->ends++;
    }
    if (incoming->kind != AIRS_INCOMING_MESSAGE || self->asked >= RACES) {
        return AIRS_OK;
    }
    for (int i = 0; i < 4 && self->asked < RACES; i++) {
        airs_request_id_t id;
        /* Some have no time at all, some are cancelled at once, some are answered. */
        airs_status_t status = airs_actor_request(context, id_of("t/target/0"), airs_bytes("x", 1),
                                                  self->asked % 3 == 0 ? 0 : 1000, &id);
        if (status == AIRS_QUEUE_FULL) {
            return airs_actor_send(context, airs_actor_self(context), airs_bytes(NULL, 0));
        }
        if (status != AIRS_OK) {
            return status;
        }
        self->asked++;
        if (self->asked % 5 == 0 && airs_actor_cancel_request(context, &id) == AIRS_OK) {
            self->cancelled++;
        }
    }
    return airs_actor_send(context, airs_actor_self(context), airs_bytes(NULL, 0));
}

static void every_request_has_exactly_one_end(void **state) {
    (void)state;
    actor_fixture_t threads;
    actor_fixture_open(&threads, 2);
    static const airs_native_t native = {.size = sizeof native, .handle = race};
    racer_t racers[RACERS] = {{0}};
    racer_t target = {.asked = RACES};
    assert_ok(
        airs_actor_system_spawn_native(threads.system, &native, &target, id_of("t/target/0"), NULL, NULL));
    for (int i = 0; i < RACERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/racer/%d", i);
        assert_ok(airs_actor_system_spawn_native(threads.system, &native, &racers[i], id_of(id), NULL, NULL));
        assert_ok(actor_fixture_send(&threads, id, "go"));
    }
    assert_ok(airs_actor_system_drain(threads.system, PATIENCE_MS));
    airs_request_counters_t requests;
    airs_actor_system_requests(threads.system, &requests);
    airs_actor_system_stop_all(threads.system, AIRS_STOP_DRAIN, PATIENCE_MS);
    uint64_t asked = 0;
    uint64_t ended = 0;
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(racers[i].asked, RACES);
        asked += racers[i].asked;
        ended += racers[i].ends + racers[i].cancelled;
    }
    assert_int_equal(ended, asked);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(requests.completed + requests.failed + requests.timed_out + requests.cancelled, asked);
    assert_int_equal(requests.orphaned, 0);
    assert_int_equal(airs_dead_letters_total(airs_actor_system_dead_letters(threads.system)), 0);
    actor_fixture_close(&threads);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_response_comes_from_who_was_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_content_is_an_empty_response, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_answer_is_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trap_is_a_failure_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_in_line_fail_with_the_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deadline_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zero_times_out_at_the_next_turn_of_the_timers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_enormous_deadline_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_that_drops_fails_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_target_that_cannot_be_reached_is_an_error_of_the_call, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_mailbox_is_an_error_of_the_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_outstanding_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_callback_may_ask_at_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_to_oneself_works, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_requesters_end_cancels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(callbacks_are_exempt_from_the_mailbox, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_requester_cancels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_response_may_be_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_response_in_another_codec_is_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_content_is_in_no_codec, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_without_an_answer_gives_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_to_oneself_ends_with_oneself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cycle_works, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_are_outstanding_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_end_is_counted_once, set_up, tear_down),
        cmocka_unit_test(every_request_has_exactly_one_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
