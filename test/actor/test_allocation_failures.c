/* Every allocation of the layer fails in turn: each function answers with a clean status, nothing leaks, and
 * every request still has its end. */
#include "actor_fixture.h"

#include "actor/supervisor.h"
#include "core/check.h"
#include "core/memory.h"
#include "support/failing_allocator.h"

typedef struct world {
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t random;
    airs_actor_system_t *system;
} world_t;

static bool jump(void *context) {
    world_t *world = context;
    uint64_t next = airs_actor_system_next_deadline(world->system);
    if (next == UINT64_MAX) {
        return false;
    }
    uint64_t now = airs_clock_monotonic(&world->clock.clock);
    airs_fake_clock_advance(&world->clock, next > now ? next - now : 0);
    (void)airs_actor_system_advance(world->system);
    return true;
}

static airs_status_t open_world(world_t *world, const airs_allocator_t *allocator, bool stepped) {
    memset(world, 0, sizeof *world);
    airs_scripted_engine_init(&world->engine, allocator);
    airs_fake_clock_init(&world->clock);
    airs_seeded_random_init(&world->random, 1);
    airs_actor_system_options_t options = {
        .engine = &world->engine.engine,
        .allocator = allocator,
        .clock = stepped ? &world->clock.clock : NULL,
        .random = &world->random.random,
        .workers = 2,
        .stepped = stepped,
        .idle = jump,
        .idle_context = world,
        .dead_letters = 4,
    };
    return airs_actor_system_create(&options, &world->system, NULL);
}

static void close_world(world_t *world) {
    airs_actor_system_destroy(world->system);
    airs_scripted_engine_free(&world->engine);
}

/* The first failure of a life counts; those after it may be its consequence. */
static void keep(airs_status_t *status, airs_status_t next) {
    if (*status == AIRS_OK) {
        *status = next;
    }
}

/* ---- natives: send, request, respond, stop ---- */

typedef struct party {
    airs_status_t status; /* the first failure of what it does */
    unsigned asked;
    unsigned ends;
    airs_request_id_t deferred; /* empty: none is */
    airs_timer_id_t ticking;
    unsigned ticks;
} party_t;

/* "later" is taken over, all else answered at once. */
static airs_status_t answer(airs_actor_context_t *context, party_t *self, airs_bytes_t question) {
    if (question.size == 5) {
        keep(&self->status, airs_actor_defer_reply(context, &self->deferred));
        return AIRS_OK;
    }
    return airs_actor_respond(context, airs_bytes("answer", 6));
}

/* To fail needs no memory. */
static void answer_later(airs_actor_context_t *context, party_t *self) {
    if (self->deferred.text[0] == '\0') {
        return;
    }
    airs_status_t status = airs_actor_reply(context, &self->deferred, airs_bytes("now", 3), airs_str(NULL));
    if (status == AIRS_OUT_OF_MEMORY) {
        AIRS_ASSERT(airs_actor_fail(context, &self->deferred, airs_str("no memory")) == AIRS_OK);
    }
    /* Without memory for the message that reminds of it, it is late. */
    keep(&self->status, status == AIRS_TIMEOUT ? AIRS_OUT_OF_MEMORY : status);
    self->deferred.text[0] = '\0';
}

static airs_status_t take_part(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    party_t *self = state;
    if (incoming->timer_id != 0 && incoming->timer_id == self->ticking && ++self->ticks == 3) {
        AIRS_ASSERT(airs_actor_cancel_timer(context, self->ticking));
    }
    if (incoming->kind == AIRS_INCOMING_RESPONSE || incoming->kind == AIRS_INCOMING_FAILURE) {
        self->ends++;
        if (incoming->kind == AIRS_INCOMING_FAILURE) {
            keep(&self->status, AIRS_OUT_OF_MEMORY);
        }
        return AIRS_OK;
    }
    if (incoming->kind == AIRS_INCOMING_REQUEST) {
        return answer(context, self, incoming->payload);
    }
    if (incoming->payload.size == 0) {
        answer_later(context, self);
        return AIRS_OK;
    }
    for (int i = 0; i < 3; i++) {
        airs_status_t status = airs_actor_request(context, id_of("t/b/0"), airs_bytes("q", 1), 1000, NULL);
        self->asked += status == AIRS_OK;
        keep(&self->status, status);
    }
    airs_status_t asked = airs_actor_request(context, id_of("t/b/0"), airs_bytes("later", 5), 20, NULL);
    self->asked += asked == AIRS_OK;
    keep(&self->status, asked);
    keep(&self->status, airs_actor_send(context, id_of("t/b/0"), airs_bytes(NULL, 0)));
    keep(&self->status, airs_actor_send_after(context, 0, airs_bytes(NULL, 0), NULL));
    keep(&self->status, airs_actor_send_every(context, 1, airs_bytes(NULL, 0), &self->ticking));
    keep(&self->status, airs_actor_subscribe(context, airs_str("topic.*")));
    keep(&self->status,
         airs_actor_publish(context, airs_str("topic.a"), airs_bytes(NULL, 0), airs_str("x"), NULL));
    return AIRS_OK;
}

/* A request of the program's own. */
static void take_end(void *context, const airs_answer_t *answer) {
    party_t *self = context;
    self->ends++;
    keep(&self->status, answer->status);
}

static airs_status_t ask_from_outside(world_t *world, party_t *self) {
    airs_status_t first = AIRS_OK; /* self->status is the answering thread's */
    for (int i = 0; i < 3; i++) {
        airs_status_t status = airs_actor_system_request(world->system, id_of("t/b/0"), airs_bytes("q", 1),
                                                         airs_str(NULL), 1000, take_end, self, NULL, NULL);
        self->asked += status == AIRS_OK;
        keep(&first, status);
    }
    assert_ok(airs_actor_system_drain(world->system, PATIENCE_MS));
    return first;
}

/* A subscription of the program's own. */
static void take_published(void *context, const airs_incoming_t *incoming) {
    unsigned *count = context;
    (void)incoming;
    ++*count;
}

static airs_status_t subscribe_from_outside(world_t *world) {
    airs_subscription_t *subscription = NULL;
    unsigned count = 0;
    uint32_t reached = 0;
    airs_status_t status = airs_actor_system_subscribe_function(world->system, airs_str("a.*"),
                                                                take_published, &count, &subscription, NULL);
    keep(&status, airs_actor_system_publish(world->system, airs_str("a.b"), airs_bytes("x", 1),
                                            airs_str(NULL), &reached, NULL));
    assert_ok(airs_actor_system_drain(world->system, PATIENCE_MS));
    airs_actor_system_unsubscribe_function(world->system, subscription);
    assert_int_equal(count, reached);
    keep(&status, reached == 1 ? AIRS_OK : AIRS_OUT_OF_MEMORY);
    return status;
}

static airs_status_t native_life(const airs_allocator_t *allocator, void *stepped) {
    static const airs_native_t native = {.size = sizeof native, .handle = take_part};
    static const char *const patterns[] = {"topic.a", "topic.>"};
    static const airs_actor_spec_t spec = {.subscriptions = patterns, .subscription_count = 2};
    world_t world;
    party_t a = {.status = AIRS_OK};
    party_t b = {.status = AIRS_OK};
    party_t outside = {.status = AIRS_OK};
    airs_status_t status = open_world(&world, allocator, stepped != NULL);
    if (status == AIRS_OK) {
        keep(&status, airs_actor_system_spawn_native(world.system, &native, &a, id_of("t/a/0"), NULL, NULL));
        keep(&status, airs_actor_system_spawn_native(world.system, &native, &b, id_of("t/b/0"), &spec, NULL));
    }
    if (status == AIRS_OK) {
        keep(&status,
             airs_actor_system_send(world.system, id_of("t/a/0"), airs_bytes("go", 2), airs_str(NULL), NULL));
        for (int i = 0; stepped != NULL && i < 4; i++) {
            (void)jump(&world); /* the repeating timer ticks */
            assert_ok(airs_actor_system_drain(world.system, PATIENCE_MS));
        }
        assert_ok(airs_actor_system_drain(world.system, PATIENCE_MS));
        keep(&status, airs_actor_system_send_wait(world.system, id_of("t/b/0"), airs_bytes(NULL, 0),
                                                  airs_str("x"), 10, NULL));
        keep(&status, airs_actor_system_call(world.system, id_of("t/b/0"), airs_bytes("q", 1), airs_str(NULL),
                                             1000, NULL, NULL, NULL));
        keep(&status, ask_from_outside(&world, &outside));
        keep(&status, subscribe_from_outside(&world));
        keep(&status,
             airs_actor_system_stop(world.system, id_of("t/b/0"), AIRS_STOP_DRAIN, PATIENCE_MS, NULL));
    }
    close_world(&world);
    assert_int_equal(a.asked, a.ends);
    assert_int_equal(outside.asked, outside.ends);
    keep(&status, a.status);
    keep(&status, b.status);
    keep(&status, outside.status);
    return status;
}

static void natives_by_hand(void **state) {
    (void)state;
    bool stepped = true;
    airs_fail_each_allocation(native_life, &stepped);
}

static void natives_with_threads(void **state) {
    (void)state;
    airs_fail_each_allocation(native_life, NULL);
}

/* ---- guests: start, park, broadcast, errors, traps, dead letters ---- */

typedef struct script {
    airs_status_t status;
} script_t;

static airs_scripted_next_t guest(airs_scripted_call_t *call) {
    script_t *self = call->context;
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        if (call->message->kind == AIRS_MESSAGE_FAILURE) {
            keep(&self->status, AIRS_OUT_OF_MEMORY);
        }
        return airs_scripted_ok(call);
    }
    if (call->kind == AIRS_CALL_INITIALIZE && call->round == 0) {
        return airs_scripted_sleep(call, MS);
    }
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "trap")) {
        return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
    }
    if (airs_scripted_payload_is(call, "error")) {
        return airs_scripted_error(call, "no");
    }
    if (airs_scripted_payload_is(call, "nap")) {
        return call->round == 0 ? airs_scripted_sleep(call, MS) : airs_scripted_respond(call, "rested");
    }
    if (airs_scripted_payload_is(call, "ask")) {
        keep(&self->status, airs_scripted_request(call, "t/g/1", "nap", 1000, NULL));
    }
    if (airs_scripted_payload_is(call, "all")) {
        airs_id_t targets[] = {airs_id("t", "g", "*"), airs_id("t", "g", "")};
        keep(&self->status, call->host->router->ops->broadcast(call->host->router, call->host->self, targets,
                                                               NULL, 2, airs_bytes("x", 1), NULL, NULL));
    }
    return airs_scripted_ok(call);
}

static airs_status_t guest_life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    world_t world;
    script_t script = {.status = AIRS_OK};
    airs_status_t status = open_world(&world, allocator, true);
    if (status == AIRS_OK) {
        airs_component_handle_t component = airs_scripted_engine_add(&world.engine, "guest", guest, &script);
        keep(&status, airs_actor_system_spawn_component(world.system, component, id_of("t/g/0"), NULL, NULL));
        keep(&status, airs_actor_system_spawn_component(world.system, component, id_of("t/g/1"), NULL, NULL));
    }
    static const char *const messages[] = {"ask", "all", "error", "nap", "trap", "left behind"};
    for (size_t i = 0; status == AIRS_OK && i < sizeof messages / sizeof messages[0]; i++) {
        airs_bytes_t payload = airs_bytes(messages[i], strlen(messages[i]));
        airs_status_t sent =
            airs_actor_system_send(world.system, id_of("t/g/0"), payload, airs_str(NULL), NULL);
        /* Without memory for the deadline of a sleep the guest has crashed: it is not found any more. */
        keep(&status, sent == AIRS_TARGET_NOT_FOUND ? AIRS_OUT_OF_MEMORY : sent);
        if (i != 4) {
            (void)airs_actor_system_drain(world.system, PATIENCE_MS);
        }
    }
    close_world(&world);
    keep(&status, script.status);
    return status;
}

static void guests(void **state) {
    (void)state;
    airs_fail_each_allocation(guest_life, NULL);
}

/* ---- guests that wait for room, and mailboxes that drop ---- */

typedef struct traffic {
    airs_status_t status;
    bool done; /* with sending */
    unsigned asked;
    unsigned ends;
    unsigned waits;
} traffic_t;

static airs_scripted_next_t slow(airs_scripted_call_t *call) {
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE || call->round > 0) {
        return call->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_respond(call, "answer")
                                                      : airs_scripted_ok(call);
    }
    return airs_scripted_sleep(call, MS);
}

#define WAITING_DEEDS 6

static airs_scripted_next_t patient(airs_scripted_call_t *call) {
    traffic_t *self = call->context;
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        self->ends++;
        if (call->message->kind == AIRS_MESSAGE_FAILURE) {
            keep(&self->status, AIRS_OUT_OF_MEMORY);
        }
        return airs_scripted_ok(call);
    }
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    uint64_t *deed = &call->memory[0]; /* odd ones ask */
    airs_status_t status = call->waited;
    bool over = call->round > 0;
    for (; *deed < WAITING_DEEDS; ++*deed, over = false) {
        if (!over) {
            status = *deed % 2 != 0 ? airs_scripted_request(call, "t/slow/0", "q", 1000, NULL)
                                    : airs_scripted_send(call, "t/slow/0", "x");
        }
        if (status == AIRS_PENDING) {
            self->waits++;
            return airs_scripted_wait_for_room(call);
        }
        self->asked += *deed % 2 != 0 && status == AIRS_OK;
        keep(&self->status, status == AIRS_TARGET_NOT_FOUND ? AIRS_OUT_OF_MEMORY : status);
    }
    for (int i = 0; i < 3; i++) {
        status = airs_scripted_send(call, "t/forgetful/0", "x");
        keep(&self->status, status == AIRS_TARGET_NOT_FOUND ? AIRS_OUT_OF_MEMORY : status);
    }
    self->done = true;
    return airs_scripted_ok(call);
}

static airs_status_t waiting_life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    static const airs_actor_spec_t blocking = {.mailbox_messages = 1, .mailbox_policy = AIRS_MAILBOX_BLOCK};
    static const airs_actor_spec_t dropping = {.mailbox_messages = 1,
                                               .mailbox_policy = AIRS_MAILBOX_DROP_OLDEST};
    world_t world;
    traffic_t traffic = {.status = AIRS_OK};
    airs_status_t status = open_world(&world, allocator, true);
    if (status == AIRS_OK) {
        airs_component_handle_t receiver = airs_scripted_engine_add(&world.engine, "slow", slow, NULL);
        airs_component_handle_t sender =
            airs_scripted_engine_add(&world.engine, "patient", patient, &traffic);
        airs_actor_system_t *system = world.system;
        keep(&status,
             airs_actor_system_spawn_component(system, receiver, id_of("t/slow/0"), &blocking, NULL));
        keep(&status,
             airs_actor_system_spawn_component(system, receiver, id_of("t/forgetful/0"), &dropping, NULL));
        keep(&status, airs_actor_system_spawn_component(system, sender, id_of("t/g/0"), NULL, NULL));
    }
    if (status == AIRS_OK) {
        keep(&status,
             airs_actor_system_send(world.system, id_of("t/g/0"), airs_bytes("go", 2), airs_str(NULL), NULL));
        assert_ok(airs_actor_system_drain(world.system, PATIENCE_MS));
        /* Without memory for the deadline of its parked call it has crashed. */
        keep(&status, traffic.done || status != AIRS_OK ? AIRS_OK : AIRS_OUT_OF_MEMORY);
    }
    if (status == AIRS_OK) {
        assert_int_equal(traffic.ends, traffic.asked);
        assert_true(traffic.waits > 0 || traffic.status != AIRS_OK);
    }
    close_world(&world);
    keep(&status, traffic.status);
    return status;
}

static void full_mailboxes(void **state) {
    (void)state;
    airs_fail_each_allocation(waiting_life, NULL);
}

/* ---- supervisors ---- */

static airs_status_t supervised_life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    static const char *const patterns[] = {"topic.*"};
    static const airs_actor_spec_t spec = {.subscriptions = patterns, .subscription_count = 1};
    static const char *const messages[] = {"trap", "nap", "trap", "nap"};
    world_t world;
    script_t script = {.status = AIRS_OK};
    party_t party = {.status = AIRS_OK};
    airs_native_t native = {.size = sizeof native, .handle = take_part};
    airs_supervisor_t *supervisor = NULL;
    airs_status_t status = open_world(&world, allocator, true);
    if (status == AIRS_OK) {
        airs_component_handle_t component = airs_scripted_engine_add(&world.engine, "guest", guest, &script);
        airs_child_spec_t inner[] = {{.component = component, .id = id_of("t/g/0"), .actor = &spec},
                                     {.component = component, .id = id_of("t/g/1")}};
        airs_supervisor_spec_t inner_spec = {.strategy = AIRS_ONE_FOR_ALL,
                                             .intensity = 1,
                                             .period_ms = 5000,
                                             .children = inner,
                                             .child_count = 2};
        airs_child_spec_t outer[] = {
            {.supervisor = &inner_spec, .name = "inner"},
            {.native = &native, .state = &party, .id = id_of("t/n/0"), .restart = AIRS_RESTART_TEMPORARY}};
        airs_supervisor_spec_t outer_spec = {
            .intensity = 5, .period_ms = 5000, .children = outer, .child_count = 2};
        keep(&status, airs_actor_system_start_supervisor(world.system, &outer_spec, &supervisor, NULL));
    }
    for (size_t i = 0; status == AIRS_OK && i < sizeof messages / sizeof messages[0]; i++) {
        airs_bytes_t payload = airs_bytes(messages[i], strlen(messages[i]));
        airs_status_t sent =
            airs_actor_system_send(world.system, id_of("t/g/0"), payload, airs_str(NULL), NULL);
        /* Without memory there may have been too many restarts. */
        keep(&status, sent == AIRS_TARGET_NOT_FOUND ? AIRS_OUT_OF_MEMORY : sent);
        (void)airs_actor_system_drain(world.system, PATIENCE_MS);
    }
    if (status == AIRS_OK) {
        airs_child_spec_t late = {.component = 1, .id = id_of("t/g/2")};
        keep(&status, airs_supervisor_start_child(supervisor, &late, NULL));
        airs_status_t stopped = airs_supervisor_stop_child(supervisor, "inner", NULL);
        assert_true(stopped == AIRS_OK || stopped == AIRS_STOPPED);
    }
    close_world(&world);
    keep(&status, script.status);
    return status == AIRS_STOPPED ? AIRS_OUT_OF_MEMORY : status;
}

static void supervisors(void **state) {
    (void)state;
    airs_fail_each_allocation(supervised_life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(natives_by_hand), cmocka_unit_test(natives_with_threads), cmocka_unit_test(guests),
        cmocka_unit_test(full_mailboxes),  cmocka_unit_test(supervisors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
