#include "actor_fixture.h"

#include <stdlib.h>

static actor_fixture_t fixture;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 5);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

/* ---- who receives: a guest that keeps each message in hand until it is released ---- */

typedef struct receiver {
    char heard[512];
} receiver_t;

static airs_scripted_next_t receiving(airs_scripted_call_t *call) {
    receiver_t *self = call->context;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (call->round == 0) {
        size_t used = strlen(self->heard);
        (void)snprintf(self->heard + used, sizeof self->heard - used, "%s%.*s", used > 0 ? " " : "",
                       (int)call->message->payload.size, (const char *)call->message->payload.data);
        return airs_scripted_payload_is(call, "trap") ? airs_scripted_crash(call, AIRS_TRAP, "unreachable")
                                                      : airs_scripted_wait(call);
    }
    return airs_scripted_respond(call, "answer");
}

static void spawn_blocking(const char *id, airs_scripted_guest_t *guest, void *context,
                           const airs_actor_spec_t *more) {
    airs_actor_spec_t spec = more != NULL ? *more : (airs_actor_spec_t){.mailbox_messages = 1};
    spec.mailbox_policy = AIRS_MAILBOX_BLOCK;
    airs_component_handle_t component = actor_fixture_add(&fixture, guest, context);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of(id), &spec, NULL));
}

/* A receiver that has one message in hand and a full mailbox of one. */
static void spawn_full(receiver_t *receiver, const airs_actor_spec_t *more) {
    *receiver = (receiver_t){.heard = ""};
    spawn_blocking("t/r/0", receiving, receiver, more);
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "held"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "full"));
}

static void release(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        airs_scripted_engine_release(&fixture.engine, "t/r/0");
        actor_fixture_run(&fixture);
    }
}

/* ---- who sends: a guest that passes on what it is told ---- */

typedef struct sender {
    const char *target;
    bool asks;  /* sends requests */
    bool holds; /* keeps each message in hand until it is released, before it passes it on */
    uint64_t timeout_ms;
    unsigned began, done, parked;
    airs_status_t status; /* of the last one */
    char error[256];
    char heard[512]; /* the ends of its requests */
} sender_t;

static airs_scripted_next_t sending(airs_scripted_call_t *call) {
    sender_t *self = call->context;
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        size_t used = strlen(self->heard);
        (void)snprintf(self->heard + used, sizeof self->heard - used, "%.*s;",
                       (int)call->message->payload.size, (const char *)call->message->payload.data);
        return airs_scripted_ok(call);
    }
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (self->holds && call->round == 0) {
        return airs_scripted_wait(call);
    }
    airs_status_t status = call->waited;
    if (call->round == (self->holds ? 1 : 0)) {
        char payload[64];
        (void)snprintf(payload, sizeof payload, "%.*s", (int)call->message->payload.size,
                       (const char *)call->message->payload.data);
        self->began++;
        status = self->asks ? airs_scripted_request(call, self->target, payload, self->timeout_ms, NULL)
                            : airs_scripted_send(call, self->target, payload);
        if (status == AIRS_PENDING) {
            self->parked++;
            return airs_scripted_wait_for_room(call);
        }
    }
    self->status = status;
    (void)snprintf(self->error, sizeof self->error, "%.250s", call->error->text);
    self->done++;
    return airs_scripted_ok(call);
}

static void spawn_sender(sender_t *sender, const char *id, const char *target) {
    *sender = (sender_t){.target = target, .timeout_ms = 100000};
    actor_fixture_spawn(&fixture, id, actor_fixture_add(&fixture, sending, sender));
}

static void tell(const char *id, const char *payload) {
    assert_ok(actor_fixture_send(&fixture, id, payload));
    actor_fixture_run(&fixture);
}

/* Who tries to send and has to wait. */
static void park(sender_t *sender, const char *id, const char *payload) {
    unsigned parked = sender->parked;
    tell(id, payload);
    assert_int_equal(sender->parked, parked + 1);
    assert_int_equal(sender->done, sender->began - 1);
}

static void assert_ended(const sender_t *sender, airs_status_t status, const char *error) {
    assert_int_equal(sender->done, sender->began);
    assert_status(sender->status, status);
    assert_string_equal(sender->error, error);
}

static uint64_t refused(void) { return actor_fixture_counters(&fixture, "t/r/0").refused; }

/* ---- room ---- */

static void who_came_first_gets_in_first(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t senders[3];
    static const char *const ids[] = {"t/a/0", "t/b/0", "t/c/0"};
    static const char *const payloads[] = {"1", "2", "3"};
    spawn_full(&receiver, NULL);
    for (int i = 0; i < 3; i++) {
        spawn_sender(&senders[i], ids[i], "t/r/0");
        park(&senders[i], ids[i], payloads[i]);
    }
    for (int i = 0; i < 3; i++) {
        release(1);
        for (int j = 0; j < 3; j++) {
            assert_int_equal(senders[j].done, j <= i);
        }
    }
    release(3);
    assert_string_equal(receiver.heard, "held full 1 2 3");
    for (int i = 0; i < 3; i++) {
        assert_ended(&senders[i], AIRS_OK, "");
        assert_int_equal(actor_fixture_counters(&fixture, ids[i]).sent, 1);
    }
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/r/0");
    assert_int_equal(counters.received, 5);
    assert_int_equal(counters.handled, 5);
    assert_int_equal(counters.refused, 0);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
    assert_ok(airs_actor_system_drain(fixture.system, 0));
}

/* With room in bytes for it, but not for who came before it. */
static void nobody_overtakes_who_waits(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t large;
    static sender_t small;
    receiver = (receiver_t){.heard = ""};
    spawn_blocking("t/r/0", receiving, &receiver, &(airs_actor_spec_t){.mailbox_bytes = 10});
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "held"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "five5"));
    spawn_sender(&large, "t/a/0", "t/r/0");
    spawn_sender(&small, "t/b/0", "t/r/0");
    park(&large, "t/a/0", "large-ten!");
    park(&small, "t/b/0", "s");
    /* Nor do those who cannot wait. */
    assert_status(actor_fixture_send(&fixture, "t/r/0", "h"), AIRS_QUEUE_FULL);
    assert_int_equal(refused(), 1);
    release(4);
    assert_string_equal(receiver.heard, "held five5 large-ten! s");
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "h"));
    assert_int_equal(refused(), 1);
}

/* Whose place becomes free for one that fits. */
static void who_is_behind_a_large_one_gets_in_when_that_gives_up(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t large;
    static sender_t small;
    receiver = (receiver_t){.heard = ""};
    spawn_blocking("t/r/0", receiving, &receiver, &(airs_actor_spec_t){.mailbox_bytes = 10});
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "held"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "five5"));
    spawn_sender(&large, "t/a/0", "t/r/0");
    spawn_sender(&small, "t/b/0", "t/r/0");
    park(&large, "t/a/0", "large-ten!");
    park(&small, "t/b/0", "s");
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    actor_fixture_run(&fixture);
    assert_ended(&large, AIRS_STOPPED, "t/a/0 was stopped while it waited for room in t/r/0");
    assert_ended(&small, AIRS_OK, "");
    release(3);
    assert_string_equal(receiver.heard, "held five5 s");
}

static airs_status_t send_native(airs_actor_context_t *context, probe_t *probe,
                                 const airs_incoming_t *incoming) {
    (void)incoming;
    *(airs_status_t *)probe->user = airs_actor_send(context, id_of("t/r/0"), airs_bytes("n", 1));
    return AIRS_OK;
}

static void natives_and_threads_from_outside_never_wait_in_line(void **state) {
    (void)state;
    static receiver_t receiver;
    spawn_full(&receiver, NULL);
    probe_t probe;
    probe_init(&probe);
    airs_status_t status = AIRS_OK;
    probe.then = send_native;
    probe.user = &status;
    probe_spawn(&fixture, &probe, "t/native/0", NULL);
    tell("t/native/0", "go");
    assert_status(status, AIRS_QUEUE_FULL);
    airs_error_t error = {.text = ""};
    assert_status(
        airs_actor_system_send(fixture.system, id_of("t/r/0"), airs_bytes("x", 1), airs_str(NULL), &error),
        AIRS_QUEUE_FULL);
    assert_status(airs_actor_system_call(fixture.system, id_of("t/r/0"), airs_bytes("x", 1), airs_str(NULL),
                                         1000, NULL, NULL, &error),
                  AIRS_QUEUE_FULL);
    assert_int_equal(refused(), 3);
    assert_ok(actor_fixture_stop(&fixture, "t/native/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
    release(2);
}

/* A broadcast never waits. */
static airs_scripted_next_t broadcasting(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        airs_id_t target = airs_id("t", "r", "0");
        *(airs_status_t *)call->context = call->host->router->ops->broadcast(
            call->host->router, call->host->self, &target, NULL, 1, airs_bytes("x", 1), NULL, NULL);
    }
    return airs_scripted_ok(call);
}

static void a_broadcast_never_waits(void **state) {
    (void)state;
    static receiver_t receiver;
    static airs_status_t status;
    status = AIRS_OK;
    spawn_full(&receiver, NULL);
    actor_fixture_spawn(&fixture, "t/b/0", actor_fixture_add(&fixture, broadcasting, &status));
    tell("t/b/0", "go");
    assert_status(status, AIRS_QUEUE_FULL);
    release(2);
}

/* It waits with a thread, and comes after the line. */
static bool release_one(void *context) {
    unsigned *left = context;
    if (*left == 0) {
        return false;
    }
    --*left;
    airs_scripted_engine_release(&fixture.engine, "t/r/0");
    return true;
}

static void a_thread_that_waits_for_room_comes_after_the_line(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    memset(&fixture, 0, sizeof fixture);
    airs_scripted_engine_init(&fixture.engine, airs_allocator_default());
    airs_fake_clock_init(&fixture.clock);
    airs_seeded_random_init(&fixture.random, 1);
    unsigned releases = 4;
    airs_actor_system_options_t options = {
        .engine = &fixture.engine.engine,
        .clock = &fixture.clock.clock,
        .random = &fixture.random.random,
        .stepped = true,
        .idle = release_one,
        .idle_context = &releases,
    };
    assert_ok(airs_actor_system_create(&options, &fixture.system, NULL));
    static receiver_t receiver;
    static sender_t sender;
    spawn_full(&receiver, NULL);
    spawn_sender(&sender, "t/a/0", "t/r/0");
    park(&sender, "t/a/0", "guest");
    assert_ok(airs_actor_system_send_wait(fixture.system, id_of("t/r/0"), airs_bytes("host", 4),
                                          airs_str(NULL), 1000, NULL));
    assert_ended(&sender, AIRS_OK, "");
    (void)airs_actor_system_drain(fixture.system, 0);
    assert_string_equal(receiver.heard, "held full guest host");
    assert_int_equal(refused(), 0);
}

static airs_scripted_next_t sending_at_once(airs_scripted_call_t *call) {
    sender_t *self = call->context;
    if (call->kind != AIRS_CALL_INITIALIZE) {
        return airs_scripted_ok(call);
    }
    if (call->round == 0) {
        self->status = airs_scripted_send(call, "t/r/0", "early");
        if (self->status == AIRS_PENDING) {
            airs_scripted_engine_release(&fixture.engine, "t/r/0");
            return airs_scripted_wait_for_room(call);
        }
    }
    self->status = call->waited;
    self->done++;
    return airs_scripted_ok(call);
}

static void an_actor_may_wait_while_it_starts(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    sender = (sender_t){.target = "t/r/0"};
    spawn_full(&receiver, NULL);
    actor_fixture_spawn(&fixture, "t/a/0", actor_fixture_add(&fixture, sending_at_once, &sender));
    assert_ok(sender.status);
    assert_int_equal(sender.done, 1);
    release(2);
    assert_string_equal(receiver.heard, "held full early");
}

/* ---- deadlines ---- */

static void a_wait_ends_at_the_receivers_deadline(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    spawn_full(&receiver, &(airs_actor_spec_t){.mailbox_messages = 1, .block_time_ms = 50});
    spawn_sender(&sender, "t/a/0", "t/r/0");
    park(&sender, "t/a/0", "late");
    actor_fixture_pass(&fixture, 50 * MS - 1);
    assert_int_equal(sender.done, 0);
    actor_fixture_pass(&fixture, 1);
    assert_ended(&sender, AIRS_QUEUE_FULL, "t/r/0 had no room for 50 ms");
    assert_int_equal(refused(), 1);
    release(2);
    assert_string_equal(receiver.heard, "held full");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").sent, 0);
}

static void an_enormous_deadline_is_none(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    spawn_full(&receiver, &(airs_actor_spec_t){.mailbox_messages = 1,
                                               .block_time_ms = UINT64_MAX,
                                               .limits = {.max_parked_time_ms = UINT64_MAX}});
    airs_actor_spec_t patient = {.limits = {.max_parked_time_ms = UINT64_MAX}};
    sender = (sender_t){.target = "t/r/0"};
    assert_ok(airs_actor_system_spawn_component(fixture.system, actor_fixture_add(&fixture, sending, &sender),
                                                id_of("t/a/0"), &patient, NULL));
    park(&sender, "t/a/0", "x");
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
    release(3);
    assert_ended(&sender, AIRS_OK, "");
}

static void a_call_that_is_parked_for_too_long_has_crashed(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    spawn_full(&receiver, NULL);
    sender = (sender_t){.target = "t/r/0"};
    airs_actor_spec_t impatient = {.limits = {.max_parked_time_ms = 20}};
    assert_ok(airs_actor_system_spawn_component(fixture.system, actor_fixture_add(&fixture, sending, &sender),
                                                id_of("t/a/0"), &impatient, NULL));
    park(&sender, "t/a/0", "x");
    actor_fixture_pass(&fixture, 20 * MS);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
    assert_int_equal(refused(), 1);
    release(2);
    assert_string_equal(receiver.heard, "held full");
}

/* ---- the receiver's end ---- */

static void a_receiver_that_stops_sends_them_away(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t senders[2];
    spawn_full(&receiver, NULL);
    spawn_sender(&senders[0], "t/a/0", "t/r/0");
    spawn_sender(&senders[1], "t/b/0", "t/r/0");
    park(&senders[0], "t/a/0", "1");
    park(&senders[1], "t/b/0", "2");
    /* It cannot end, for it waits with a message in hand. */
    assert_status(airs_actor_system_stop(fixture.system, id_of("t/r/0"), AIRS_STOP_DRAIN, 0, NULL),
                  AIRS_TIMEOUT);
    actor_fixture_run(&fixture);
    assert_ended(&senders[0], AIRS_NOT_RUNNING, "");
    assert_ended(&senders[1], AIRS_NOT_RUNNING, "");
}

static void a_receiver_that_crashes_is_not_found(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    static sender_t asker;
    receiver = (receiver_t){.heard = ""};
    spawn_blocking("t/r/0", receiving, &receiver, NULL);
    tell("t/r/0", "held");
    assert_ok(actor_fixture_send(&fixture, "t/r/0", "trap"));
    spawn_sender(&sender, "t/a/0", "t/r/0");
    spawn_sender(&asker, "t/b/0", "t/r/0");
    asker.asks = true;
    park(&sender, "t/a/0", "1");
    park(&asker, "t/b/0", "2");
    airs_scripted_engine_release(&fixture.engine, "t/r/0");
    actor_fixture_run(&fixture);
    /* The first one got the place of the one that trapped, and is a dead letter. */
    assert_ended(&sender, AIRS_OK, "");
    assert_ended(&asker, AIRS_TARGET_NOT_FOUND, "");
    assert_string_equal(asker.heard, "");
    assert_string_equal(receiver.heard, "held trap");
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 2);
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.pending, 0);
}

/* ---- the sender's end ---- */

static void a_sender_that_is_killed_takes_its_message_with_it(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    spawn_full(&receiver, NULL);
    spawn_sender(&sender, "t/a/0", "t/r/0");
    sender.asks = true;
    park(&sender, "t/a/0", "never");
    /* A stop that drains waits for the call in hand; then there is no time left. */
    assert_status(airs_actor_system_stop(fixture.system, id_of("t/a/0"), AIRS_STOP_DRAIN, 0, NULL),
                  AIRS_TIMEOUT);
    actor_fixture_run(&fixture);
    assert_int_equal(sender.done, 0);
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(requests.orphaned, 1);
    assert_int_equal(refused(), 1);
    release(3);
    assert_string_equal(receiver.heard, "held full");
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

static void a_stop_that_drops_ends_the_wait_at_once(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t sender;
    spawn_full(&receiver, NULL);
    spawn_sender(&sender, "t/a/0", "t/r/0");
    park(&sender, "t/a/0", "never");
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    assert_ended(&sender, AIRS_STOPPED, "t/a/0 was stopped while it waited for room in t/r/0");
    release(2);
    assert_string_equal(receiver.heard, "held full");
}

/* ---- requests ---- */

static void a_request_that_waited_is_answered(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t asker;
    spawn_full(&receiver, NULL);
    spawn_sender(&asker, "t/a/0", "t/r/0");
    asker.asks = true;
    park(&asker, "t/a/0", "question");
    release(3);
    assert_ended(&asker, AIRS_OK, "");
    assert_string_equal(asker.heard, "answer;");
}

static void a_request_may_end_before_it_is_sent(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t asker;
    spawn_full(&receiver, NULL);
    spawn_sender(&asker, "t/a/0", "t/r/0");
    asker.asks = true;
    asker.timeout_ms = 30;
    park(&asker, "t/a/0", "question");
    actor_fixture_pass(&fixture, 30 * MS);
    assert_ended(&asker, AIRS_OK, "");
    assert_non_null(strstr(asker.heard, "\"error\":\"timeout\""));
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.timed_out, 1);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(refused(), 0);
    assert_int_equal(actor_fixture_totals(&fixture).dropped, 1);
    release(2);
    assert_string_equal(receiver.heard, "held full");
}

static void a_request_whose_wait_fails_was_never_made(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t asker;
    spawn_full(&receiver, &(airs_actor_spec_t){.mailbox_messages = 1, .block_time_ms = 50});
    spawn_sender(&asker, "t/a/0", "t/r/0");
    asker.asks = true;
    park(&asker, "t/a/0", "question");
    actor_fixture_pass(&fixture, 50 * MS);
    assert_ended(&asker, AIRS_QUEUE_FULL, "t/r/0 had no room for 50 ms");
    actor_fixture_pass(&fixture, 100000 * MS);
    assert_string_equal(asker.heard, "");
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(requests.timed_out, 0);
    assert_int_equal(requests.cancelled, 0);
    release(2);
}

/* ---- rings ---- */

#define RING 3
static const char *const ring_ids[RING] = {"t/a/0", "t/b/0", "t/c/0"};

/* Each of them has a message in hand, to be passed on to the next, and a mailbox that is full. */
static void spawn_ring(sender_t *senders, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        senders[i] = (sender_t){.target = ring_ids[(i + 1) % count], .holds = true};
        spawn_blocking(ring_ids[i], sending, &senders[i], NULL);
        tell(ring_ids[i], ring_ids[i]);
        assert_ok(actor_fixture_send(&fixture, ring_ids[i], "last"));
    }
}

static void pass_on(const char *id) {
    airs_scripted_engine_release(&fixture.engine, id);
    actor_fixture_run(&fixture);
}

static void a_wait_that_closes_a_ring_is_refused(void **state) {
    (void)state;
    static sender_t senders[RING];
    spawn_ring(senders, RING);
    pass_on("t/a/0");
    pass_on("t/b/0");
    assert_int_equal(senders[0].parked, 1);
    assert_int_equal(senders[1].parked, 1);
    assert_int_equal(senders[0].done + senders[1].done, 0);
    pass_on("t/c/0");
    assert_int_equal(senders[2].parked, 0);
    assert_status(senders[2].status, AIRS_DEADLOCK);
    assert_string_equal(senders[2].error,
                        "t/c/0 waits for t/a/0, which waits for t/b/0, which waits for t/c/0");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").refused, 1);
    /* That one goes on with its next message, which makes room for b, and that for a. */
    assert_int_equal(senders[2].began, 1);
    assert_int_equal(senders[1].done, 1);
    assert_ok(senders[1].status);
    assert_int_equal(senders[0].done, 1);
    assert_ok(senders[0].status);
}

static void a_ring_of_two_is_refused(void **state) {
    (void)state;
    static sender_t senders[2];
    spawn_ring(senders, 2);
    pass_on("t/b/0");
    pass_on("t/a/0");
    assert_status(senders[0].status, AIRS_DEADLOCK);
    assert_string_equal(senders[0].error, "t/a/0 waits for t/b/0, which waits for t/a/0");
    assert_int_equal(senders[0].parked, 0);
    assert_int_equal(senders[1].done, 1);
    assert_ok(senders[1].status);
}

static void nobody_waits_for_itself(void **state) {
    (void)state;
    static sender_t sender;
    spawn_ring(&sender, 1);
    sender.asks = true;
    pass_on("t/a/0");
    assert_status(sender.status, AIRS_DEADLOCK);
    assert_string_equal(sender.error, "t/a/0 waits for itself: only it could make room");
    assert_int_equal(sender.parked, 0);
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.pending, 0);
    assert_string_equal(sender.heard, "");
}

/* A chain that ends is no ring, however long. */
static void a_chain_is_fine(void **state) {
    (void)state;
    static receiver_t receiver;
    static sender_t senders[RING];
    spawn_full(&receiver, NULL);
    spawn_ring(senders, RING);
    senders[2].target = "t/r/0";
    pass_on("t/a/0");
    pass_on("t/b/0");
    pass_on("t/c/0");
    for (int i = 0; i < RING; i++) {
        assert_int_equal(senders[i].parked, 1);
        assert_int_equal(senders[i].done, 0);
    }
    release(1);
    for (int i = 0; i < RING; i++) {
        assert_int_equal(senders[i].done, 1);
        assert_ok(senders[i].status);
    }
    release(2);
    assert_string_equal(receiver.heard, "held full t/c/0");
}

/* ---- with threads ---- */

#define SENDERS 8
#define EACH 2000

typedef struct crowd {
    const char *target;
    _Atomic uint64_t sent;
    _Atomic uint64_t turned_away;
    _Atomic uint64_t parked;
} crowd_t;

/* Sends its numbers to the target, one after the other, with waiting. */
static airs_scripted_next_t crowding(airs_scripted_call_t *call) {
    crowd_t *crowd = call->context;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    airs_status_t status = call->waited;
    bool waited = call->round > 0;
    uint64_t *number = &call->memory[0];
    for (;;) {
        if (waited) {
            atomic_fetch_add(status == AIRS_OK ? &crowd->sent : &crowd->turned_away, 1);
            waited = false;
            ++*number;
        }
        if (*number == EACH) {
            return airs_scripted_ok(call);
        }
        char payload[16];
        (void)snprintf(payload, sizeof payload, "%llu", (unsigned long long)*number);
        status = airs_scripted_send(call, crowd->target, payload);
        if (status == AIRS_PENDING) {
            atomic_fetch_add(&crowd->parked, 1);
            return airs_scripted_wait_for_room(call);
        }
        waited = true;
    }
}

typedef struct audience {
    uint64_t heard;
    uint64_t next_of[SENDERS];
    bool out_of_order;
    bool gaps; /* are fine; it sleeps now and then */
} audience_t;

static airs_scripted_next_t hearing(airs_scripted_call_t *call) {
    audience_t *audience = call->context;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE || call->round > 0) {
        return airs_scripted_ok(call);
    }
    char payload[16] = "";
    memcpy(payload, call->message->payload.data, call->message->payload.size);
    uint64_t number = strtoull(payload, NULL, 10);
    uint64_t from = strtoull(airs_component_id_view(call->message->sender).instance.data, NULL, 10);
    uint64_t expected = audience->next_of[from];
    audience->out_of_order |= audience->gaps ? number < expected : number != expected;
    audience->next_of[from] = number + 1;
    audience->heard++;
    return audience->gaps && audience->heard % 50 == 0 ? airs_scripted_sleep(call, 2 * MS)
                                                       : airs_scripted_ok(call);
}

static void spawn_crowd(crowd_t *crowd, audience_t *audience, const airs_actor_spec_t *spec) {
    spawn_blocking("t/r/0", hearing, audience, spec);
    airs_component_handle_t component = actor_fixture_add(&fixture, crowding, crowd);
    for (int i = 0; i < SENDERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/s/%d", i);
        actor_fixture_spawn(&fixture, id, component);
        assert_ok(actor_fixture_send(&fixture, id, "go"));
    }
}

static void nothing_is_lost_or_refused_among_many_senders(void **state) {
    (void)state;
    actor_fixture_open(&fixture, 4);
    static crowd_t crowd;
    static audience_t audience;
    crowd = (crowd_t){.target = "t/r/0"};
    audience = (audience_t){.heard = 0};
    airs_actor_spec_t spec = {.mailbox_messages = 3, .block_time_ms = PATIENCE_MS};
    spawn_crowd(&crowd, &audience, &spec);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(atomic_load(&crowd.sent), SENDERS * EACH);
    assert_int_equal(atomic_load(&crowd.turned_away), 0);
    assert_true(atomic_load(&crowd.parked) > 0);
    assert_int_equal(audience.heard, SENDERS * EACH);
    assert_false(audience.out_of_order);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/r/0");
    assert_int_equal(counters.received, SENDERS * EACH);
    assert_int_equal(counters.refused, 0);
    assert_int_equal(counters.queued, 0);
    actor_fixture_close(&fixture);
}

/* Deadlines of a millisecond, a receiver that is interrupted, senders that are killed: every send has its one
 * outcome. */
static void every_wait_has_one_end_whatever_races(void **state) {
    (void)state;
    actor_fixture_open(&fixture, 4);
    static crowd_t crowd;
    static audience_t audience;
    crowd = (crowd_t){.target = "t/r/0"};
    audience = (audience_t){.gaps = true};
    airs_actor_spec_t spec = {.mailbox_messages = 2, .block_time_ms = 1};
    spawn_crowd(&crowd, &audience, &spec);
    for (int i = 0; i < 1000; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/s/%d", i % SENDERS);
        airs_scripted_engine_wake(&fixture.engine, id);
        if (i % 250 == 249) {
            airs_status_t status = airs_actor_system_stop(fixture.system, id_of(id), AIRS_STOP_DROP, 0, NULL);
            assert_true(status == AIRS_OK || status == AIRS_TIMEOUT);
        }
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/r/0");
    assert_false(audience.out_of_order);
    assert_int_equal(counters.received, audience.heard);
    assert_int_equal(counters.handled, audience.heard);
    assert_int_equal(counters.queued, 0);
    /* What a sender was told, but for those that were killed before they could be. */
    uint64_t sent = atomic_load(&crowd.sent);
    assert_in_range(audience.heard, sent, sent + 4);
    assert_true(atomic_load(&crowd.turned_away) > 0);
    assert_true(counters.refused >= atomic_load(&crowd.turned_away));
    actor_fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_came_first_gets_in_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_overtakes_who_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_behind_a_large_one_gets_in_when_that_gives_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(natives_and_threads_from_outside_never_wait_in_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_never_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_thread_that_waits_for_room_comes_after_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_actor_may_wait_while_it_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wait_ends_at_the_receivers_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_enormous_deadline_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_is_parked_for_too_long_has_crashed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_receiver_that_stops_sends_them_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_receiver_that_crashes_is_not_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_that_is_killed_takes_its_message_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_that_drops_ends_the_wait_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_waited_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_may_end_before_it_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_whose_wait_fails_was_never_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wait_that_closes_a_ring_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ring_of_two_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_waits_for_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chain_is_fine, set_up, tear_down),
        cmocka_unit_test(nothing_is_lost_or_refused_among_many_senders),
        cmocka_unit_test(every_wait_has_one_end_whatever_races),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
