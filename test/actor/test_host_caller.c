/* The program's own requests: one end for each, whatever races for it. */
#include "actor_fixture.h"

#include <sched.h>

#include "core/check.h"

static actor_fixture_t fixture;

/* What the ends of requests said. */
typedef struct heard {
    _Atomic uint64_t ends;
    airs_status_t status;
    char payload[256];
    char content_type[64];
    char message[256];
    char sender[64];
    airs_request_id_t id;
} heard_t;

static void take_end(void *context, const airs_answer_t *answer) {
    heard_t *self = context;
    self->status = answer->status;
    self->id = answer->id;
    (void)snprintf(self->payload, sizeof self->payload, "%.*s", (int)answer->payload.size,
                   (const char *)answer->payload.data);
    (void)snprintf(self->content_type, sizeof self->content_type, "%.*s", AIRS_STR_ARG(answer->content_type));
    (void)snprintf(self->message, sizeof self->message, "%s", answer->message);
    (void)snprintf(self->sender, sizeof self->sender, "%.*s/%.*s/%.*s", AIRS_STR_ARG(answer->sender.ns),
                   AIRS_STR_ARG(answer->sender.name), AIRS_STR_ARG(answer->sender.instance));
    atomic_fetch_add(&self->ends, 1);
}

static airs_status_t request(const char *target, uint64_t timeout_ms, heard_t *heard, airs_request_id_t *id,
                             airs_error_t *error) {
    return airs_actor_system_request(fixture.system, id_of(target), airs_bytes("question", 8),
                                     airs_str("text/plain"), timeout_ms, take_end, heard, id, error);
}

static airs_request_counters_t counters(void) {
    airs_request_counters_t out;
    airs_actor_system_requests(fixture.system, &out);
    return out;
}

/* Answers as its context says: an error, a trap, or not before it is released. */
static airs_scripted_next_t answering(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    switch (*(const char *)call->context) {
    case 'e':
        return airs_scripted_error(call, "runtime-error: no");
    case 't':
        return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
    case 'w':
        return call->round == 0 ? airs_scripted_wait(call) : airs_scripted_respond(call, "late");
    default:
        return airs_scripted_respond(call, "answer");
    }
}

static void spawn(const char *id, const char *kind) {
    actor_fixture_spawn(&fixture, id, actor_fixture_add(&fixture, answering, (void *)(uintptr_t)kind));
}

static void an_answer_comes_once(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    airs_request_id_t id = {""};
    actor_fixture_open_frozen(&fixture, 1);
    spawn("t/answer/7", "a");
    assert_ok(request("t/answer/7", 1000, &heard, &id, NULL));
    assert_int_equal(heard.ends, 0);
    assert_int_equal(strlen(id.text), 36);
    assert_int_equal(counters().pending, 1);
    actor_fixture_run(&fixture);
    assert_int_equal(heard.ends, 1);
    assert_ok(heard.status);
    assert_string_equal(heard.payload, "answer");
    assert_string_equal(heard.message, "");
    assert_string_equal(heard.content_type, "");
    assert_string_equal(heard.sender, "t/answer/7");
    assert_string_equal(heard.id.text, id.text);
    assert_status(airs_actor_system_cancel_request(fixture.system, &id), AIRS_NOT_FOUND);
    actor_fixture_pass(&fixture, 2000 * MS);
    assert_int_equal(heard.ends, 1);
    assert_int_equal(counters().completed, 1);
    /* Any instance: the one that was picked is told. */
    assert_ok(airs_actor_system_request(fixture.system, airs_id("t", "answer", ""), airs_bytes(NULL, 0),
                                        airs_str(NULL), 1000, take_end, &heard, NULL, NULL));
    actor_fixture_run(&fixture);
    assert_int_equal(heard.ends, 2);
    assert_string_equal(heard.sender, "t/answer/7");
    actor_fixture_close(&fixture);
}

static void a_failure_says_what_happened(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    char json[256];
    actor_fixture_open_frozen(&fixture, 1);
    spawn("t/error/0", "e");
    spawn("t/trap/0", "t");
    assert_ok(request("t/error/0", 1000, &heard, NULL, NULL));
    actor_fixture_run(&fixture);
    assert_status(heard.status, AIRS_HANDLE_MESSAGE_FAILED);
    assert_string_equal(heard.message, "t/error/0: runtime-error: no");
    assert_string_equal(heard.content_type, "application/vnd.airssys.error+json");
    (void)snprintf(json, sizeof json,
                   "{\"error\":\"handle-message-failed\",\"message\":\"runtime-error: no\","
                   "\"correlation-id\":\"%s\"}",
                   heard.id.text);
    assert_string_equal(heard.payload, json);
    assert_string_equal(heard.sender, "t/error/0");
    assert_ok(request("t/trap/0", 1000, &heard, NULL, NULL));
    actor_fixture_run(&fixture);
    assert_status(heard.status, AIRS_TRAP);
    assert_string_equal(heard.message, "t/trap/0: unreachable");
    assert_int_equal(heard.ends, 2);
    actor_fixture_close(&fixture);
}

static void what_cannot_be_sent_is_an_error_and_no_end(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    airs_error_t error;
    airs_actor_spec_t spec = {.mailbox_messages = 1, .max_message_bytes = 8};
    probe_t probe;
    probe_init(&probe);
    actor_fixture_open_frozen(&fixture, 1);
    probe_spawn(&fixture, &probe, "t/probe/0", &spec);
    assert_status(request("t/nobody/0", 1000, &heard, NULL, &error), AIRS_TARGET_NOT_FOUND);
    assert_string_equal(error.text, "no actor t/nobody/0");
    assert_status(airs_actor_system_request(fixture.system, id_of("t/probe/0"), airs_bytes("123456789", 9),
                                            airs_str(NULL), 1000, take_end, &heard, NULL, &error),
                  AIRS_MESSAGE_TOO_LARGE);
    assert_string_equal(error.text, "9 bytes, and t/probe/0 takes 8 at most");
    assert_ok(request("t/probe/0", 1000, &heard, NULL, NULL));
    assert_status(request("t/probe/0", 1000, &heard, NULL, &error), AIRS_QUEUE_FULL);
    assert_string_equal(error.text, "t/probe/0: the mailbox is full");
    assert_int_equal(counters().pending, 1);
    actor_fixture_run(&fixture);
    assert_int_equal(heard.ends, 1);
    assert_ok(heard.status);
    actor_fixture_close(&fixture);
    probe_free(&probe);
}

static void a_content_type_is_text(void **state) {
    (void)state;
    static const char expected[] = "a content type is UTF-8; its byte 6 is not";
    const airs_str_t type = airs_str("text/\xff");
    const airs_bytes_t nothing = airs_bytes(NULL, 0);
    heard_t heard = {.ends = 0};
    airs_error_t error;
    actor_fixture_open_frozen(&fixture, 1);
    spawn("t/answer/0", "a");
    airs_id_t id = id_of("t/answer/0");
    assert_status(airs_actor_system_send(fixture.system, id, nothing, type, &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_status(airs_actor_system_send_wait(fixture.system, id, nothing, type, 1, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_status(airs_actor_system_call(fixture.system, id, nothing, type, 1, NULL, NULL, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_status(
        airs_actor_system_request(fixture.system, id, nothing, type, 1, take_end, &heard, NULL, &error),
        AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_int_equal(counters().pending, 0);
    assert_int_equal(heard.ends, 0);
    actor_fixture_close(&fixture);
}

static void a_deadline_ends_it(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    heard_t patient = {.ends = 0};
    actor_fixture_open_frozen(&fixture, 1);
    spawn("t/wait/0", "w");
    assert_ok(request("t/wait/0", 50, &heard, NULL, NULL));
    assert_ok(request("t/wait/0", UINT64_MAX, &patient, NULL, NULL));
    actor_fixture_pass(&fixture, 49 * MS);
    assert_int_equal(heard.ends, 0);
    actor_fixture_pass(&fixture, 1 * MS);
    assert_int_equal(heard.ends, 1);
    assert_status(heard.status, AIRS_TIMEOUT);
    assert_string_equal(heard.message, "t/wait/0: timed out");
    assert_ok(request("t/wait/0", 0, &heard, NULL, NULL));
    actor_fixture_pass(&fixture, 0);
    assert_int_equal(heard.ends, 2);
    assert_status(heard.status, AIRS_TIMEOUT);
    airs_scripted_engine_release(&fixture.engine, "t/wait/0");
    actor_fixture_run(&fixture);
    assert_int_equal(counters().late, 1);
    assert_int_equal(patient.ends, 0);
    actor_fixture_close(&fixture);
    assert_int_equal(patient.ends, 1);
    assert_status(patient.status, AIRS_STOPPED);
    assert_int_equal(heard.ends, 2);
}

static void a_cancelled_one_ends_silently(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    airs_request_id_t id;
    airs_request_id_t garbage = {"not an id"};
    actor_fixture_open_frozen(&fixture, 1);
    spawn("t/wait/0", "w");
    assert_ok(request("t/wait/0", 1000, &heard, &id, NULL));
    actor_fixture_run(&fixture);
    assert_status(airs_actor_system_cancel_request(fixture.system, &garbage), AIRS_NOT_FOUND);
    assert_ok(airs_actor_system_cancel_request(fixture.system, &id));
    assert_status(airs_actor_system_cancel_request(fixture.system, &id), AIRS_NOT_FOUND);
    airs_scripted_engine_release(&fixture.engine, "t/wait/0");
    actor_fixture_pass(&fixture, 2000 * MS);
    assert_int_equal(heard.ends, 0);
    assert_int_equal(counters().cancelled, 1);
    assert_int_equal(counters().late, 1);
    actor_fixture_close(&fixture);
    assert_int_equal(heard.ends, 0);
}

/* A native actor that asks another one, and tells its request's id. */
static airs_request_id_t asked;

static airs_status_t ask_on(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    return incoming->kind == AIRS_INCOMING_MESSAGE
               ? airs_actor_request(context, id_of("t/wait/0"), airs_bytes(NULL, 0), 1000, &asked)
               : AIRS_OK;
}

static void an_actors_request_is_not_the_programs(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe.then = ask_on;
    actor_fixture_open_frozen(&fixture, 1);
    spawn("t/wait/0", "w");
    probe_spawn(&fixture, &probe, "t/asker/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/asker/0", "go"));
    actor_fixture_run(&fixture);
    assert_int_equal(counters().pending, 1);
    assert_status(airs_actor_system_cancel_request(fixture.system, &asked), AIRS_NOT_FOUND);
    assert_int_equal(counters().pending, 1);
    actor_fixture_close(&fixture);
    probe_free(&probe);
}

/* Each end asks once more, a few times. */
typedef struct chain {
    heard_t heard;
    unsigned left;
} chain_t;

static void ask_again(void *context, const airs_answer_t *answer) {
    chain_t *self = context;
    take_end(&self->heard, answer);
    if (self->left > 0) {
        self->left--;
        AIRS_ASSERT(airs_actor_system_request(fixture.system, id_of("t/answer/0"), airs_bytes(NULL, 0),
                                              airs_str(NULL), 1000, ask_again, self, NULL, NULL) == AIRS_OK);
    }
}

static void an_end_may_ask_again_and_draining_waits_for_all(void **state) {
    (void)state;
    chain_t chain = {.left = 1000};
    actor_fixture_open(&fixture, 2);
    spawn("t/answer/0", "a");
    assert_ok(airs_actor_system_request(fixture.system, id_of("t/answer/0"), airs_bytes(NULL, 0),
                                        airs_str(NULL), PATIENCE_MS, ask_again, &chain, NULL, NULL));
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(chain.heard.ends, 1001);
    actor_fixture_close(&fixture);
}

static void what_is_outstanding_is_no_quiet(void **state) {
    (void)state;
    heard_t heard = {.ends = 0};
    airs_request_id_t id;
    probe_t probe;
    probe_init(&probe);
    probe.blocked = true;
    actor_fixture_open(&fixture, 1);
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    assert_ok(request("t/probe/0", PATIENCE_MS, &heard, &id, NULL));
    assert_status(airs_actor_system_drain(fixture.system, 5), AIRS_TIMEOUT);
    assert_int_equal(counters().pending, 1);
    probe_block(&probe, false);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(heard.ends, 1);
    actor_fixture_close(&fixture);
    probe_free(&probe);
}

#define MANY 100000

/* All wait in one mailbox: a quarter is cancelled, half of the others time out, the rest ends with the node. */
static void many_outstanding_have_one_end_each(void **state) {
    (void)state;
    static airs_request_id_t ids[MANY];
    heard_t heard = {.ends = 0};
    airs_actor_spec_t spec = {.mailbox_messages = MANY};
    probe_t probe;
    probe_init(&probe);
    actor_fixture_open_frozen(&fixture, 1);
    probe_spawn(&fixture, &probe, "t/probe/0", &spec);
    for (size_t i = 0; i < MANY; i++) {
        assert_ok(request("t/probe/0", 1000 + i, &heard, &ids[i], NULL));
    }
    assert_int_equal(counters().pending, MANY);
    for (size_t i = 0; i < MANY; i += 4) {
        assert_ok(airs_actor_system_cancel_request(fixture.system, &ids[i]));
    }
    airs_fake_clock_advance(&fixture.clock, (1000 + MANY / 2) * MS);
    (void)airs_actor_system_advance(fixture.system);
    assert_int_equal(counters().timed_out, 3 * MANY / 8);
    assert_int_equal(counters().pending, 3 * MANY / 8);
    actor_fixture_close(&fixture);
    assert_int_equal(heard.ends, 3 * MANY / 4);
    probe_free(&probe);
}

/* A call's id is known to who is asked; if that reaches the program and it cancels it, the call ends. */
static airs_status_t cancel_it(airs_actor_context_t *context, probe_t *probe,
                               const airs_incoming_t *incoming) {
    (void)context;
    airs_request_id_t id;
    AIRS_ASSERT(incoming->correlation_id != NULL);
    memcpy(id.text, incoming->correlation_id, sizeof id.text);
    AIRS_ASSERT(airs_actor_system_cancel_request(probe->user, &id) == AIRS_OK);
    return AIRS_OK;
}

static void a_cancelled_call_comes_back(void **state) {
    (void)state;
    airs_error_t error;
    probe_t probe;
    probe_init(&probe);
    actor_fixture_open(&fixture, 1);
    probe.then = cancel_it;
    probe.user = fixture.system;
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    assert_status(airs_actor_system_call(fixture.system, id_of("t/probe/0"), airs_bytes(NULL, 0),
                                         airs_str(NULL), PATIENCE_MS, NULL, NULL, &error),
                  AIRS_CANCELLED);
    assert_string_equal(error.text, "cancelled");
    actor_fixture_close(&fixture);
    probe_free(&probe);
}

/* ---- races ---- */

#define THREADS 8
#define EACH 10000

typedef struct racer {
    pthread_t thread;
    uint64_t cancelled;
    _Atomic uint8_t ends[EACH];
} racer_t;

static void count_end(void *context, const airs_answer_t *answer) {
    AIRS_ASSERT(answer->status == AIRS_OK || answer->status == AIRS_TIMEOUT);
    atomic_fetch_add((_Atomic uint8_t *)context, 1);
}

/* Cancelled at once, left to be answered, or with no time to be. */
static void *race(void *argument) {
    racer_t *self = argument;
    for (unsigned i = 0; i < EACH; i++) {
        airs_request_id_t id;
        airs_status_t status = AIRS_QUEUE_FULL;
        while (status == AIRS_QUEUE_FULL) {
            status = airs_actor_system_request(fixture.system, id_of("t/answer/0"), airs_bytes("x", 1),
                                               airs_str(NULL), i % 3 == 1 ? 0 : PATIENCE_MS, count_end,
                                               &self->ends[i], &id, NULL);
            if (status == AIRS_QUEUE_FULL) {
                (void)sched_yield();
            }
        }
        AIRS_ASSERT(status == AIRS_OK);
        if (i % 2 == 0 && airs_actor_system_cancel_request(fixture.system, &id) == AIRS_OK) {
            atomic_fetch_add(&self->ends[i], 1);
            self->cancelled++;
        }
    }
    return NULL;
}

static void every_request_has_one_end_whatever_races(void **state) {
    (void)state;
    static racer_t racers[THREADS];
    memset(racers, 0, sizeof racers);
    actor_fixture_open(&fixture, 2);
    spawn("t/answer/0", "a");
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    uint64_t cancelled = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(racers[i].thread, NULL);
        cancelled += racers[i].cancelled;
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    for (unsigned i = 0; i < THREADS * EACH; i++) {
        assert_int_equal(racers[i / EACH].ends[i % EACH], 1);
    }
    airs_request_counters_t ended = counters();
    assert_int_equal(ended.pending, 0);
    assert_true(ended.cancelled >= cancelled);
    actor_fixture_close(&fixture);
}

/* The node goes while ends are on their way. */
static void no_end_is_lost_when_the_node_goes(void **state) {
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        heard_t heard = {.ends = 0};
        actor_fixture_open(&fixture, 2);
        spawn("t/answer/0", "a");
        unsigned accepted = 0;
        for (unsigned i = 0; i < 500; i++) {
            airs_status_t status = request("t/answer/0", i % 2 == 0 ? PATIENCE_MS : 0, &heard, NULL, NULL);
            accepted += status == AIRS_OK;
        }
        actor_fixture_close(&fixture);
        assert_int_equal(heard.ends, accepted);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_once),
        cmocka_unit_test(a_failure_says_what_happened),
        cmocka_unit_test(what_cannot_be_sent_is_an_error_and_no_end),
        cmocka_unit_test(a_content_type_is_text),
        cmocka_unit_test(a_deadline_ends_it),
        cmocka_unit_test(a_cancelled_one_ends_silently),
        cmocka_unit_test(an_actors_request_is_not_the_programs),
        cmocka_unit_test(an_end_may_ask_again_and_draining_waits_for_all),
        cmocka_unit_test(what_is_outstanding_is_no_quiet),
        cmocka_unit_test(many_outstanding_have_one_end_each),
        cmocka_unit_test(a_cancelled_call_comes_back),
        cmocka_unit_test(every_request_has_one_end_whatever_races),
        cmocka_unit_test(no_end_is_lost_when_the_node_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
