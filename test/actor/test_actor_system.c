/* The whole, with worker threads: order, bounds, waiting, stopping, quiet. */
#include "actor_fixture.h"

#include <sched.h>
#include <time.h>

#include "core/check.h"

static actor_fixture_t fixture;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open(&fixture, 2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

/* ---- creation ---- */

static void an_engine_is_mandatory(void **state) {
    (void)state;
    airs_actor_system_options_t options = {0};
    airs_actor_system_t *system = NULL;
    airs_error_t error;
    assert_status(airs_actor_system_create(&options, &system, &error), AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "an actor system needs an engine");
    airs_actor_system_destroy(NULL);
}

static void has_as_many_workers_as_asked(void **state) {
    (void)state;
    assert_int_equal(airs_actor_system_workers(fixture.system), 2);
}

/* ---- order: eight senders, one receiver ---- */

#define SENDERS 8
#define EACH 5000

typedef struct order {
    uint32_t next[SENDERS];
    uint64_t count;
} order_t;

static airs_status_t check_order(airs_actor_context_t *context, void *state,
                                 const airs_incoming_t *incoming) {
    (void)context;
    order_t *self = state;
    uint32_t parts[2];
    AIRS_ASSERT(incoming->payload.size == sizeof parts);
    memcpy(parts, incoming->payload.data, sizeof parts);
    AIRS_ASSERT(self->next[parts[0]] == parts[1]);
    self->next[parts[0]]++;
    self->count++;
    return AIRS_OK;
}

typedef struct stream {
    uint32_t number;
    uint32_t sent;
} stream_t;

static airs_status_t stream_on(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)incoming;
    stream_t *self = state;
    for (int i = 0; i < 50 && self->sent < EACH; i++) {
        uint32_t parts[2] = {self->number, self->sent};
        airs_status_t status =
            airs_actor_send(context, id_of("t/receiver/0"), airs_bytes(parts, sizeof parts));
        if (status == AIRS_QUEUE_FULL) {
            break;
        }
        AIRS_ASSERT(status == AIRS_OK);
        self->sent++;
    }
    return self->sent < EACH ? airs_actor_send(context, airs_actor_self(context), airs_bytes(NULL, 0))
                             : AIRS_OK;
}

static void order_is_kept_for_each_sender(void **state) {
    (void)state;
    static const airs_native_t receiver = {.size = sizeof receiver, .handle = check_order};
    static const airs_native_t sender = {.size = sizeof sender, .handle = stream_on};
    order_t order = {{0}, 0};
    stream_t streams[SENDERS];
    assert_ok(
        airs_actor_system_spawn_native(fixture.system, &receiver, &order, id_of("t/receiver/0"), NULL, NULL));
    for (uint32_t i = 0; i < SENDERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/sender/%u", i);
        streams[i] = (stream_t){.number = i};
        assert_ok(
            airs_actor_system_spawn_native(fixture.system, &sender, &streams[i], id_of(id), NULL, NULL));
        assert_ok(actor_fixture_send(&fixture, id, ""));
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(actor_fixture_counters(&fixture, "t/receiver/0").handled, SENDERS * EACH);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/receiver/0");
    assert_int_equal(counters.received, SENDERS * EACH);
    assert_int_equal(counters.queued, 0);
    airs_actor_system_stop_all(fixture.system, AIRS_STOP_DRAIN, PATIENCE_MS);
    assert_int_equal(order.count, SENDERS * EACH);
}

static void *send_from_outside(void *argument) {
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t parts[2] = {number, i};
        AIRS_ASSERT(airs_actor_system_send_wait(fixture.system, id_of("t/receiver/0"),
                                                airs_bytes(parts, sizeof parts), airs_str(NULL), PATIENCE_MS,
                                                NULL) == AIRS_OK);
    }
    return NULL;
}

/* Threads from outside wait for room, lose nothing, and each is kept in order. */
static void outside_threads_wait_for_room(void **state) {
    (void)state;
    static const airs_native_t receiver = {.size = sizeof receiver, .handle = check_order};
    order_t order = {{0}, 0};
    airs_actor_spec_t spec = {.mailbox_messages = 16};
    assert_ok(airs_actor_system_spawn_native(fixture.system, &receiver, &order, id_of("t/receiver/0"), &spec,
                                             NULL));
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_from_outside, (void *)i), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/receiver/0");
    assert_int_equal(counters.handled, 4 * EACH);
    assert_int_equal(counters.refused, 0); /* each was accepted in the end */
    airs_actor_system_stop_all(fixture.system, AIRS_STOP_DRAIN, PATIENCE_MS);
    assert_int_equal(order.count, 4 * EACH);
}

/* ---- bounds ---- */

static void a_full_mailbox_refuses_at_once(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe_block(&probe, true);
    airs_actor_spec_t spec = {.mailbox_messages = 4, .mailbox_bytes = 100, .max_message_bytes = 60};
    probe_spawn(&fixture, &probe, "t/probe/0", &spec);
    assert_ok(actor_fixture_send(&fixture, "t/probe/0", "in hand"));
    probe_await(&probe, 1);
    for (int i = 0; i < 4; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/probe/0", "x"));
    }
    assert_status(actor_fixture_send(&fixture, "t/probe/0", "x"), AIRS_QUEUE_FULL);
    airs_error_t error;
    char large[61] = {0};
    assert_status(airs_actor_system_send(fixture.system, id_of("t/probe/0"), airs_bytes(large, 61),
                                         airs_str(NULL), &error),
                  AIRS_MESSAGE_TOO_LARGE);
    assert_string_equal(error.text, "61 bytes, and t/probe/0 takes 60 at most");
    assert_status(airs_actor_system_send_wait(fixture.system, id_of("t/probe/0"), airs_bytes(large, 1),
                                              airs_str(NULL), 1, &error),
                  AIRS_QUEUE_FULL);
    assert_string_equal(error.text, "t/probe/0: the mailbox is full");
    assert_int_equal(actor_fixture_counters(&fixture, "t/probe/0").refused, 3);
    assert_int_equal(actor_fixture_counters(&fixture, "t/probe/0").queued, 4);
    probe_block(&probe, false);
    assert_ok(airs_actor_system_send_wait(fixture.system, id_of("t/probe/0"), airs_bytes(large, 60),
                                          airs_str(NULL), PATIENCE_MS, NULL));
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(probe_count(&probe), 6);
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

static void *stop_it(void *argument) {
    probe_t *probe = argument;
    probe_await(probe, 1);
    AIRS_ASSERT(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DROP) == AIRS_OK);
    return NULL;
}

/* Who waits for room in the mailbox of an actor that stops is told so. */
static void waiting_for_room_ends_with_the_actor(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe_block(&probe, true);
    airs_actor_spec_t spec = {.mailbox_messages = 1};
    probe_spawn(&fixture, &probe, "t/probe/0", &spec);
    assert_ok(actor_fixture_send(&fixture, "t/probe/0", "in hand"));
    probe_await(&probe, 1);
    assert_ok(actor_fixture_send(&fixture, "t/probe/0", "waiting"));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_it, &probe), 0);
    airs_status_t status = airs_actor_system_send_wait(fixture.system, id_of("t/probe/0"), airs_bytes("x", 1),
                                                       airs_str(NULL), PATIENCE_MS, NULL);
    assert_status(status, AIRS_NOT_RUNNING);
    probe_block(&probe, false);
    pthread_join(thread, NULL);
    /* Who came only after the refusal may have let go of the message in hand before the stop was asked for. */
    assert_int_equal(actor_fixture_totals(&fixture).dropped + probe_count(&probe), 2);
    probe_free(&probe);
}

/* ---- calls from outside ---- */

static void keep_answer(void *context, airs_bytes_t payload) {
    (void)snprintf(context, 64, "%.*s", (int)payload.size, (const char *)payload.data);
}

static airs_status_t call(const char *target, uint64_t timeout_ms, char *answer, airs_error_t *error) {
    return airs_actor_system_call(fixture.system, id_of(target), airs_bytes("question", 8),
                                  airs_str("text/plain"), timeout_ms, keep_answer, answer, error);
}

static void a_call_waits_for_its_answer(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe.response = "answer";
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    char answer[64] = "";
    assert_ok(call("t/probe/0", PATIENCE_MS, answer, NULL));
    assert_string_equal(answer, "answer");
    assert_string_equal(probe.heard, "q:question");
    assert_string_equal(probe.last_content_type, "text/plain");
    assert_ok(airs_actor_system_call(fixture.system, id_of("t/probe/0"), airs_bytes(NULL, 0), airs_str(NULL),
                                     PATIENCE_MS, NULL, NULL, NULL));
    /* The runtime's own actor is not one of the node's. */
    assert_int_equal(actor_fixture_totals(&fixture).messages, 2);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 1);
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

static airs_scripted_next_t answering(airs_scripted_call_t *call_in_hand) {
    if (call_in_hand->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call_in_hand);
    }
    switch (*(const char *)call_in_hand->context) {
    case 'e':
        return airs_scripted_error(call_in_hand, "runtime-error: no");
    case 't':
        return airs_scripted_crash(call_in_hand, AIRS_TRAP, "unreachable");
    default:
        return call_in_hand->round == 0 ? airs_scripted_wait(call_in_hand) : airs_scripted_ok(call_in_hand);
    }
}

static void a_call_hears_what_went_wrong(void **state) {
    (void)state;
    char answer[64] = "";
    airs_error_t error;
    actor_fixture_spawn(&fixture, "t/error/0",
                        actor_fixture_add(&fixture, answering, (void *)(uintptr_t)"e"));
    assert_status(call("t/error/0", PATIENCE_MS, answer, &error), AIRS_HANDLE_MESSAGE_FAILED);
    assert_string_equal(error.text, "t/error/0: runtime-error: no");
    actor_fixture_spawn(&fixture, "t/trap/0", actor_fixture_add(&fixture, answering, (void *)(uintptr_t)"t"));
    assert_status(call("t/trap/0", PATIENCE_MS, answer, &error), AIRS_TRAP);
    assert_string_equal(error.text, "t/trap/0: unreachable");
    actor_fixture_spawn(&fixture, "t/wait/0", actor_fixture_add(&fixture, answering, (void *)(uintptr_t)"w"));
    assert_status(call("t/wait/0", 1, answer, &error), AIRS_TIMEOUT);
    assert_string_equal(error.text, "t/wait/0: timed out");
    assert_status(call("t/wait/0", 0, answer, NULL), AIRS_TIMEOUT);
    assert_status(call("t/nobody/0", 1000, answer, &error), AIRS_TARGET_NOT_FOUND);
    assert_string_equal(error.text, "no actor t/nobody/0");
    assert_string_equal(answer, "");
    airs_scripted_engine_release(&fixture.engine, "t/wait/0");
    airs_scripted_engine_release(&fixture.engine, "t/wait/0");
}

static void *call_often(void *argument) {
    for (int i = 0; i < 500; i++) {
        char answer[64] = "";
        AIRS_ASSERT(call("t/probe/0", PATIENCE_MS, answer, NULL) == AIRS_OK);
        AIRS_ASSERT(strcmp(answer, argument) == 0);
    }
    return NULL;
}

static void calls_from_many_threads(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe.response = "answer";
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, (void *)(uintptr_t)"answer"), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(probe_count(&probe), 2000);
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

/* ---- stopping ---- */

static void stopping_nobody(void **state) {
    (void)state;
    airs_error_t error;
    assert_status(airs_actor_system_stop(fixture.system, id_of("t/nobody/0"), AIRS_STOP_DRAIN, 1, &error),
                  AIRS_TARGET_NOT_FOUND);
    assert_string_equal(error.text, "no actor t/nobody/0");
}

static void a_busy_actor_drains(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe_block(&probe, true);
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    for (int i = 0; i < 10; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/probe/0", "x"));
    }
    probe_await(&probe, 1);
    assert_status(airs_actor_system_drain(fixture.system, 1), AIRS_TIMEOUT);
    probe_block(&probe, false);
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DRAIN));
    assert_int_equal(probe_count(&probe), 10);
    probe_free(&probe);
}

static airs_scripted_next_t waits_in_message(airs_scripted_call_t *call_in_hand) {
    return call_in_hand->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_wait(call_in_hand)
                                                          : airs_scripted_ok(call_in_hand);
}

static void a_parked_actor_is_killed_at_the_stops_deadline(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/wait/0", actor_fixture_add(&fixture, waits_in_message, NULL));
    assert_ok(actor_fixture_send(&fixture, "t/wait/0", "x"));
    assert_status(airs_actor_system_stop(fixture.system, id_of("t/wait/0"), AIRS_STOP_DRAIN, 1, NULL),
                  AIRS_TIMEOUT);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
}

static airs_scripted_next_t loops(airs_scripted_call_t *call_in_hand) {
    return call_in_hand->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_yield(call_in_hand)
                                                          : airs_scripted_ok(call_in_hand);
}

static void looping_guests_hold_up_nobody(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, loops, NULL);
    airs_actor_spec_t spec = {.limits = {.max_execution_time_ms = UINT32_MAX}};
    for (int i = 0; i < 6; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/loop/%d", i);
        assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of(id), &spec, NULL));
        assert_ok(actor_fixture_send(&fixture, id, "x"));
    }
    probe_t probe;
    probe_init(&probe);
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/probe/0", "x"));
        probe_await(&probe, i);
    }
    for (int i = 0; i < 6; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/loop/%d", i);
        assert_status(airs_actor_system_stop(fixture.system, id_of(id), AIRS_STOP_DROP, 1, NULL),
                      AIRS_TIMEOUT);
    }
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

typedef struct stop_order {
    char text[256];
} stop_order_t;

static void note_stop(airs_actor_context_t *context, void *state) {
    stop_order_t *self = state;
    size_t used = strlen(self->text);
    airs_id_t id = airs_actor_self(context);
    (void)snprintf(self->text + used, sizeof self->text - used, "%.*s ", AIRS_STR_ARG(id.instance));
}

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    (void)state;
    (void)incoming;
    return AIRS_OK;
}

static bool note_listed(void *context, const airs_actor_info_t *info) {
    stop_order_t *self = context;
    assert_int_equal(info->counters.state, AIRS_ACTOR_RUNNING);
    assert_true(info->native);
    assert_string_equal(info->name, "a");
    size_t used = strlen(self->text);
    (void)snprintf(self->text + used, sizeof self->text - used, "%.*s ", AIRS_STR_ARG(info->id.instance));
    return strcmp(self->text, "0 1 2 3 ") != 0;
}

static void all_are_stopped_the_last_first(void **state) {
    (void)state;
    static const airs_native_t native = {.size = sizeof native, .handle = ignore, .stop = note_stop};
    stop_order_t order = {""};
    for (int i = 0; i < 5; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        assert_ok(airs_actor_system_spawn_native(fixture.system, &native, &order, id_of(id), NULL, NULL));
    }
    stop_order_t listed = {""};
    airs_actor_system_list(fixture.system, note_listed, &listed);
    assert_string_equal(listed.text, "0 1 2 3 ");
    airs_actor_system_stop_all(fixture.system, AIRS_STOP_DRAIN, PATIENCE_MS);
    assert_string_equal(order.text, "4 3 2 1 0 ");
}

/* ---- storms ---- */

static void *spawn_and_stop(void *argument) {
    uintptr_t number = (uintptr_t)argument;
    static const airs_native_t native = {.size = sizeof native, .handle = ignore};
    for (int i = 0; i < 500; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/mine/%lu", (unsigned long)number);
        AIRS_ASSERT(airs_actor_system_spawn_native(fixture.system, &native, NULL, id_of(id), NULL, NULL) ==
                    AIRS_OK);
        /* One name for all of them: one wins, whoever it is stops it. */
        airs_status_t status =
            airs_actor_system_spawn_native(fixture.system, &native, NULL, id_of("t/ours/0"), NULL, NULL);
        AIRS_ASSERT(status == AIRS_OK || status == AIRS_ALREADY_EXISTS);
        (void)actor_fixture_send(&fixture, "t/ours/0", "x");
        (void)actor_fixture_send(&fixture, id, "x");
        status = actor_fixture_stop(&fixture, "t/ours/0", i % 2 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP);
        AIRS_ASSERT(status == AIRS_OK || status == AIRS_TARGET_NOT_FOUND);
        AIRS_ASSERT(actor_fixture_stop(&fixture, id, AIRS_STOP_DRAIN) == AIRS_OK);
    }
    return NULL;
}

static void spawning_and_stopping_from_many_threads(void **state) {
    (void)state;
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, spawn_and_stop, (void *)i), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static airs_scripted_next_t naps(airs_scripted_call_t *call_in_hand) {
    if (call_in_hand->kind != AIRS_CALL_HANDLE_MESSAGE || call_in_hand->round == 3) {
        return airs_scripted_ok(call_in_hand);
    }
    return call_in_hand->round == 1 ? airs_scripted_yield(call_in_hand)
                                    : airs_scripted_sleep(call_in_hand, 1000);
}

static atomic_bool waking;

static void *wake_for_nothing(void *argument) {
    (void)argument;
    for (unsigned i = 0; atomic_load(&waking); i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/nap/%u", i % 8);
        airs_scripted_engine_wake(&fixture.engine, id);
    }
    return NULL;
}

/* Wakers that race with parking, resuming and ending. */
static void wakes_at_any_moment(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, naps, NULL);
    atomic_store(&waking, true);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_for_nothing, NULL), 0);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 8; i++) {
            char id[32];
            (void)snprintf(id, sizeof id, "t/nap/%d", i);
            actor_fixture_spawn(&fixture, id, component);
            for (int j = 0; j < 50; j++) {
                assert_ok(actor_fixture_send(&fixture, id, "x"));
            }
        }
        if (round % 2 == 0) {
            assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
            assert_int_equal(actor_fixture_counters(&fixture, "t/nap/7").handled, 50);
        }
        airs_actor_system_stop_all(fixture.system, AIRS_STOP_DROP, PATIENCE_MS);
    }
    atomic_store(&waking, false);
    pthread_join(thread, NULL);
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.messages + totals.dropped, 5 * 8 * 50);
    assert_int_equal(totals.crashed, 0);
}

static airs_scripted_next_t traps_at_times(airs_scripted_call_t *call_in_hand) {
    if (call_in_hand->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call_in_hand);
    }
    return ++call_in_hand->memory[0] % 97 == 0 ? airs_scripted_crash(call_in_hand, AIRS_TRAP, "now and then")
                                               : airs_scripted_ok(call_in_hand);
}

/* Every message that was accepted is handled, a dead letter or dropped; every one that was not was refused. */
static void every_message_is_accounted_for(void **state) {
    (void)state;
    airs_component_handle_t component = actor_fixture_add(&fixture, traps_at_times, NULL);
    uint64_t accepted = 0;
    while (actor_fixture_totals(&fixture).crashed <= 50) {
        airs_status_t status = actor_fixture_send(&fixture, "t/trap/0", "x");
        if (status == AIRS_TARGET_NOT_FOUND) {
            airs_status_t spawned =
                airs_actor_system_spawn_component(fixture.system, component, id_of("t/trap/0"), NULL, NULL);
            assert_true(spawned == AIRS_OK || spawned == AIRS_ALREADY_EXISTS);
        }
        if (status == AIRS_QUEUE_FULL) {
            (void)sched_yield();
        }
        accepted += status == AIRS_OK;
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.messages + totals.dead_letters + totals.dropped, accepted);
}

static void ignore_end(void *context, const airs_answer_t *answer) {
    (void)answer;
    atomic_fetch_add((_Atomic uint64_t *)context, 1);
}

/* A full mailbox refuses a request, but its deadline has come first: it counts as sent, so its message does as
 * dropped. */
static void requests_that_end_before_they_are_refused_are_accounted_for(void **state) {
    (void)state;
    enum { TRIES = 300000, ENOUGH = 20 };
    probe_t probe;
    probe_init(&probe);
    probe_block(&probe, true);
    airs_actor_spec_t spec = {.mailbox_messages = 1};
    probe_spawn(&fixture, &probe, "t/full/0", &spec);
    assert_ok(actor_fixture_send(&fixture, "t/full/0", "in hand"));
    probe_await(&probe, 1);
    assert_ok(actor_fixture_send(&fixture, "t/full/0", "waiting"));
    _Atomic uint64_t ends = 0;
    uint64_t sent = 0;
    for (unsigned i = 0; i < TRIES && sent < ENOUGH; i++) {
        sent += airs_actor_system_request(fixture.system, id_of("t/full/0"), airs_bytes("x", 1),
                                          airs_str(NULL), 0, ignore_end, &ends, NULL, NULL) == AIRS_OK;
    }
    probe_block(&probe, false);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(ends, sent);
    assert_int_equal(actor_fixture_totals(&fixture).dropped, sent);
    assert_int_equal(actor_fixture_totals(&fixture).messages, 2);
    assert_ok(actor_fixture_stop(&fixture, "t/full/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

static uint64_t cpu_ns(void) {
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Nothing polls: while nothing happens, no thread runs. */
static void an_idle_system_uses_no_time(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe_spawn(&fixture, &probe, "t/probe/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/probe/0", "x"));
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    struct timespec nap = {.tv_nsec = 200 * (long)MS};
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t before = cpu_ns();
        nanosleep(&nap, NULL);
        uint64_t used = cpu_ns() - before;
        best = used < best ? used : best;
    }
    assert_true(best < 2 * MS);
    assert_ok(actor_fixture_stop(&fixture, "t/probe/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

/* ---- quiet while others send ---- */

/* Counts what has "mine" as its payload. */
static airs_status_t count_mine(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    atomic_fetch_add((_Atomic uint64_t *)state, incoming->payload.size == 4);
    return AIRS_OK;
}

static void *send_now_and_then(void *over) {
    while (!atomic_load((atomic_bool *)over)) {
        (void)actor_fixture_send(&fixture, "t/counter/0", "other");
        for (volatile unsigned i = 0; i < 200; i++) {
        }
    }
    return NULL;
}

/* The actor may have been made ready by another thread, which has come no further. */
static void quiet_comes_after_what_was_accepted(void **state) {
    (void)state;
    static const airs_native_t counter = {.size = sizeof counter, .handle = count_mine};
    _Atomic uint64_t mine = 0;
    atomic_bool over = false;
    uint64_t sent = 0;
    unsigned early = 0;
    pthread_t others[2];
    assert_ok(
        airs_actor_system_spawn_native(fixture.system, &counter, &mine, id_of("t/counter/0"), NULL, NULL));
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&others[i], NULL, send_now_and_then, &over), 0);
    }
    /* While others are held up in the middle of a send there is no quiet: so not for ever, however slow it is. */
    uint64_t until = airs_clock_monotonic(airs_clock_system()) + 2000 * MS;
    for (unsigned i = 0; i < 50000 && airs_clock_monotonic(airs_clock_system()) < until; i++) {
        if (actor_fixture_send(&fixture, "t/counter/0", "mine") == AIRS_OK) {
            sent++;
            early += airs_actor_system_drain(fixture.system, 100) == AIRS_OK && mine != sent;
        }
    }
    atomic_store(&over, true);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(others[i], NULL);
    }
    /* The counter's state goes with this function. */
    assert_ok(actor_fixture_stop(&fixture, "t/counter/0", AIRS_STOP_DRAIN));
    assert_int_equal(early, 0);
    assert_int_equal(mine, sent);
}

/* ---- the last one's end ---- */

static void count_call(void *context) { atomic_fetch_add((atomic_uint *)context, 1); }

/* Once for each time that it was the last; and whoever is told finds nobody. */
static void the_end_of_the_last_actor_is_told(void **state) {
    (void)state;
    probe_t probes[3];
    atomic_uint told = 0;
    actor_fixture_open_stepped(&fixture, 1);
    airs_actor_system_on_empty(fixture.system, count_call, &told);
    for (unsigned round = 1; round <= 2; round++) {
        for (unsigned i = 0; i < 3; i++) {
            char id[32];
            (void)snprintf(id, sizeof id, "t/probe/%u", i);
            probe_init(&probes[i]);
            probe_spawn(&fixture, &probes[i], id, NULL);
        }
        for (unsigned i = 0; i < 3; i++) {
            char id[32];
            (void)snprintf(id, sizeof id, "t/probe/%u", i);
            assert_int_equal(told, round - 1);
            assert_ok(actor_fixture_stop(&fixture, id, AIRS_STOP_DRAIN));
            probe_free(&probes[i]);
        }
        actor_fixture_run(&fixture);
        assert_int_equal(told, round);
    }
    actor_fixture_close(&fixture);
    assert_int_equal(told, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_is_mandatory),
        cmocka_unit_test_setup_teardown(has_as_many_workers_as_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(order_is_kept_for_each_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outside_threads_wait_for_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_mailbox_refuses_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_for_room_ends_with_the_actor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_waits_for_its_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_hears_what_went_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_from_many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_busy_actor_drains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_parked_actor_is_killed_at_the_stops_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looping_guests_hold_up_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_are_stopped_the_last_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spawning_and_stopping_from_many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wakes_at_any_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_message_is_accounted_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_that_end_before_they_are_refused_are_accounted_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(quiet_comes_after_what_was_accepted, set_up, tear_down),
        cmocka_unit_test(the_end_of_the_last_actor_is_told),
        cmocka_unit_test_setup_teardown(an_idle_system_uses_no_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
