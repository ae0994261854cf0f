/* Messaging against a model of it: native actors do what a seed decides, one after the other, and each answer
 * and each message that an actor sees is what the model (messaging_model.h) says. When a seed fails, its number
 * is printed; AIRS_MODEL_SEED=N runs that one alone. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/actor_system.h"
#include "messaging_model.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/scripted_engine.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)
#define SEEDS 200
#define DEEDS 3000
#define TIMERS_KNOWN 8

typedef struct life {
    bool crashes; /* the callback in hand fails */
    bool exits;
    bool stops;                    /* it was told to drop all */
    uint64_t timers[TIMERS_KNOWN]; /* ids of the last ones that were started */
    uint64_t started;
} life_t;

static struct {
    uint64_t seed;
    uint64_t deeds; /* that may still be done */
    airs_failing_allocator_t allocator;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t scheduling;
    airs_seeded_random_t choices;
    airs_actor_system_t *system;
    model_t model;
    life_t lives[MODEL_ACTORS];
    size_t numbers[MODEL_ACTORS];
    unsigned texts;
} world;

/* Over all seeds: how often each deed was done and went well, and how many ends the program heard. */
static uint64_t done[32];
static uint64_t heard_outside;

static void failed(int line, const char *what) {
    fail_msg("seed %llu, %llu deeds before its end, line %d: %s", (unsigned long long)world.seed,
             (unsigned long long)world.deeds, line, what);
}

#define EXPECT(condition) ((condition) ? (void)0 : failed(__LINE__, #condition))

static void expect_status(int line, airs_status_t status, airs_status_t expected) {
    if (status != expected) {
        char text[100];
        (void)snprintf(text, sizeof text, "%s, and the model says %s", airs_status_name(status),
                       airs_status_name(expected));
        failed(line, text);
    }
}

#define EXPECT_STATUS(status, expected) expect_status(__LINE__, status, expected)

static uint64_t choose(uint64_t bound) { return airs_seeded_random_below(&world.choices, bound); }

static airs_id_t id_of(size_t actor) {
    static const char *const instances[MODEL_ACTORS + 1] = {"0", "1", "2", "3", "4", "5", "6", "7", "*"};
    return airs_id("m", "a", instances[actor]);
}

/* Most are in a codec that most accept, and each is another one. */
static const char *make_text(void) {
    static char text[MODEL_TEXT];
    static const char kinds[] = "UUUUUPX";
    (void)snprintf(text, sizeof text, "%c%u", kinds[choose(sizeof kinds - 1)], world.texts++);
    return text;
}

static airs_bytes_t bytes_of(const char *text) { return airs_bytes(text, strlen(text)); }

/* ---- what actors do ---- */

static airs_status_t do_send(airs_actor_context_t *context, size_t self) {
    size_t to = choose(MODEL_ACTORS);
    const char *text = make_text();
    airs_status_t status = airs_actor_send(context, id_of(to), bytes_of(text));
    EXPECT_STATUS(status, model_send(&world.model, self, to, text));
    return status;
}

static uint64_t any_delay(void) {
    return choose(10) == 0 ? 0 : choose(20) == 0 ? UINT64_MAX - choose(2) : choose(30);
}

static airs_status_t do_ask(airs_actor_context_t *context, size_t self) {
    size_t to = choose(MODEL_ACTORS);
    const char *text = make_text();
    uint64_t timeout_ms = any_delay();
    size_t number = 0;
    airs_request_id_t id;
    airs_status_t status = airs_actor_request(context, id_of(to), bytes_of(text), timeout_ms, &id);
    EXPECT_STATUS(status, model_ask(&world.model, self, to, text, timeout_ms, &number));
    if (status == AIRS_OK) {
        EXPECT(model_find_request(&world.model, id.text) == MODEL_NONE);
        model_request(&world.model, number)->id = id;
    }
    return status;
}

/* One of the last, of whomever. */
static size_t any_request(void) {
    size_t count = world.model.requests.count;
    return count == 0 ? MODEL_NONE : count - 1 - choose(count < 20 ? count : 20);
}

/* Mostly the last one of its own, while it has no end. */
static size_t to_cancel(size_t self) {
    for (size_t i = choose(4) == 0 ? 0 : world.model.requests.count; i > 0; i--) {
        const model_request_t *request = model_request(&world.model, i - 1);
        if (request->requester == self && request->pending) {
            return i - 1;
        }
    }
    return any_request();
}

static airs_status_t do_cancel(airs_actor_context_t *context, size_t self) {
    size_t number = to_cancel(self);
    if (number == MODEL_NONE) {
        return AIRS_NOT_FOUND;
    }
    airs_status_t status = airs_actor_cancel_request(context, &model_request(&world.model, number)->id);
    EXPECT_STATUS(status, model_cancel(&world.model, self, number));
    return status;
}

static airs_status_t do_respond(airs_actor_context_t *context, size_t self) {
    const char *text = make_text();
    airs_status_t status = airs_actor_respond(context, bytes_of(text));
    EXPECT_STATUS(status, model_respond(&world.model, self, text));
    return status;
}

static airs_status_t do_defer(airs_actor_context_t *context, size_t self) {
    airs_request_id_t id;
    airs_status_t status = airs_actor_defer_reply(context, &id);
    EXPECT_STATUS(status, model_defer(&world.model, self));
    if (status == AIRS_OK) {
        EXPECT(model_find_request(&world.model, id.text) == world.model.actors[self].hand.request);
    }
    return status;
}

/* One that the actor took over, or now and then any. */
static size_t to_answer(size_t self) {
    const model_list_t *deferred = &world.model.actors[self].deferred;
    bool any = deferred->count == 0 || choose(10) == 0;
    return any ? any_request() : ((const size_t *)deferred->items)[choose(deferred->count)];
}

static airs_status_t do_reply(airs_actor_context_t *context, size_t self) {
    size_t number = to_answer(self);
    if (number == MODEL_NONE) {
        return AIRS_NOT_FOUND;
    }
    const char *text = make_text();
    airs_status_t status =
        airs_actor_reply(context, &model_request(&world.model, number)->id, bytes_of(text), airs_str(NULL));
    EXPECT_STATUS(status, model_reply(&world.model, self, number, text));
    return status;
}

static airs_status_t do_fail(airs_actor_context_t *context, size_t self) {
    size_t number = to_answer(self);
    if (number == MODEL_NONE) {
        return AIRS_NOT_FOUND;
    }
    airs_status_t status =
        airs_actor_fail(context, &model_request(&world.model, number)->id, airs_str("I cannot"));
    EXPECT_STATUS(status, model_fail(&world.model, self, number));
    return status;
}

static airs_status_t do_subscribe(airs_actor_context_t *context, size_t self) {
    size_t pattern = choose(MODEL_PATTERNS);
    world.model.actors[self].subscribed[pattern] = true;
    EXPECT_STATUS(airs_actor_subscribe(context, airs_str(model_patterns[pattern])), AIRS_OK);
    return AIRS_OK;
}

static airs_status_t do_unsubscribe(airs_actor_context_t *context, size_t self) {
    size_t pattern = choose(MODEL_PATTERNS);
    world.model.actors[self].subscribed[pattern] = false;
    EXPECT_STATUS(airs_actor_unsubscribe(context, airs_str(model_patterns[pattern])), AIRS_OK);
    return AIRS_OK;
}

static const char *any_topic(void) {
    static const char *const topics[] = {"a.b", "a.c", "x.b", "c", "a.b.c", "c.c", "a"};
    return topics[choose(sizeof topics / sizeof *topics)];
}

static airs_status_t do_publish(airs_actor_context_t *context, size_t self) {
    const char *topic = any_topic();
    const char *text = make_text();
    uint32_t reached = 0;
    EXPECT_STATUS(airs_actor_publish(context, airs_str(topic), bytes_of(text), airs_str(NULL), &reached),
                  AIRS_OK);
    EXPECT(reached == model_publish(&world.model, self, topic, text));
    return AIRS_OK;
}

static airs_status_t do_broadcast(airs_actor_context_t *context, size_t self) {
    size_t numbers[4];
    airs_id_t targets[4];
    size_t count = 1 + choose(4);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = choose(MODEL_ACTORS + 1);
        targets[i] = id_of(numbers[i]);
    }
    const char *text = make_text();
    size_t first = 0;
    size_t expected_first = 0;
    uint64_t statuses = 0;
    airs_status_t status = airs_actor_broadcast(context, targets, count, bytes_of(text), &first);
    (void)model_broadcast(&world.model, self, numbers, count, text, &expected_first, &statuses);
    EXPECT((status == AIRS_OK) == (statuses == 0));
    EXPECT(status == AIRS_OK || (first == expected_first && (statuses >> status & 1) != 0));
    return status;
}

static airs_status_t start_timer(airs_actor_context_t *context, size_t self, uint64_t delay_ms,
                                 bool repeats) {
    const char *text = make_text();
    airs_timer_id_t id = 0;
    airs_status_t status = repeats ? airs_actor_send_every(context, delay_ms, bytes_of(text), &id)
                                   : airs_actor_send_after(context, delay_ms, bytes_of(text), &id);
    EXPECT_STATUS(status, model_start_timer(&world.model, self, delay_ms, repeats ? delay_ms : 0, text));
    if (status == AIRS_OK) {
        model_name_timer(&world.model, self, id);
        life_t *life = &world.lives[self];
        life->timers[life->started++ % TIMERS_KNOWN] = id;
    }
    return status;
}

static airs_status_t do_send_after(airs_actor_context_t *context, size_t self) {
    return start_timer(context, self, any_delay(), false);
}

static airs_status_t do_send_every(airs_actor_context_t *context, size_t self) {
    return start_timer(context, self, 1 + choose(30), true);
}

static airs_status_t do_cancel_timer(airs_actor_context_t *context, size_t self) {
    uint64_t id = world.lives[self].timers[choose(TIMERS_KNOWN)];
    bool cancelled = airs_actor_cancel_timer(context, id);
    EXPECT(cancelled == model_cancel_timer(&world.model, self, id));
    return cancelled ? AIRS_OK : AIRS_NOT_FOUND;
}

/* As often as they stand here. */
static airs_status_t (*const deeds[])(airs_actor_context_t *context, size_t self) = {
    do_send,    do_send,      do_send,        do_ask,       do_ask,        do_ask,        do_cancel,
    do_respond, do_respond,   do_defer,       do_defer,     do_reply,      do_reply,      do_fail,
    do_publish, do_subscribe, do_unsubscribe, do_broadcast, do_send_after, do_send_every, do_cancel_timer,
};
#define KINDS (sizeof deeds / sizeof *deeds)

/* ---- what actors see ---- */

static size_t number_of(airs_id_t id) {
    return airs_str_equal(id.ns, airs_str("m")) ? (size_t)(id.instance.data[0] - '0') : MODEL_HOST;
}

/* {"error":"NAME", … */
static airs_status_t status_in(airs_bytes_t payload) {
    static const airs_status_t statuses[] = {
#define STATUS(name, number, text) AIRS_##name,
        AIRS_STATUS_MAP(STATUS)
#undef STATUS
    };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char head[64];
        int size = snprintf(head, sizeof head, "{\"error\":\"%s\"", airs_status_name(statuses[i]));
        if (payload.size > (size_t)size && memcmp(payload.data, head, (size_t)size) == 0) {
            return statuses[i];
        }
    }
    return AIRS_OK;
}

static void note_kind(model_entry_t *seen, const airs_incoming_t *incoming) {
    switch (incoming->kind) {
    case AIRS_INCOMING_MESSAGE:
        seen->kind = incoming->timer_id != 0 ? MODEL_TIMER : MODEL_PLAIN;
        break;
    case AIRS_INCOMING_REQUEST:
        seen->kind = MODEL_REQUEST;
        break;
    case AIRS_INCOMING_RESPONSE:
        seen->kind = MODEL_RESPONSE;
        break;
    case AIRS_INCOMING_FAILURE:
        seen->kind = MODEL_FAILURE;
        seen->status = status_in(incoming->payload);
        EXPECT(airs_str_equal(incoming->content_type, airs_str("application/vnd.airssys.error+json")));
        break;
    case AIRS_INCOMING_DOWN:
    case AIRS_INCOMING_EXIT:
        EXPECT(false); /* nobody asked */
        break;
    }
}

static void see(size_t self, const airs_incoming_t *incoming) {
    model_entry_t seen = {.from = number_of(incoming->sender), .timer = incoming->timer_id};
    note_kind(&seen, incoming);
    if (incoming->correlation_id != NULL) {
        seen.request = model_find_request(&world.model, incoming->correlation_id);
    }
    if (seen.kind != MODEL_FAILURE) {
        EXPECT(incoming->payload.size < MODEL_TEXT);
        memcpy(seen.text, incoming->payload.data, incoming->payload.size);
    }
    EXPECT(model_take(&world.model, self, &seen));
}

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    size_t self = *(size_t *)state;
    life_t *life = &world.lives[self];
    see(self, incoming);
    for (uint64_t count = choose(5); count > 0 && world.deeds > 0; count--) {
        world.deeds--;
        size_t kind = choose(KINDS);
        done[kind] += deeds[kind](context, self) == AIRS_OK;
    }
    if (choose(60) == 0) {
        life->crashes = true;
        return AIRS_INTERNAL;
    }
    if (choose(80) == 0) {
        life->exits = true;
        airs_actor_exit(context);
    }
    model_done(&world.model, self);
    return AIRS_OK;
}

static void destroy(void *state) {
    size_t self = *(size_t *)state;
    const life_t *life = &world.lives[self];
    model_end_t end = life->crashes ? MODEL_CRASHED
                      : life->stops ? MODEL_DROPPED
                      : life->exits ? MODEL_EXITED
                                    : MODEL_DRAINED;
    EXPECT(model_ended(&world.model, self, end));
}

/* ---- the program around ---- */

static void check(void) {
    airs_request_counters_t requests;
    airs_actor_system_requests(world.system, &requests);
    EXPECT(memcmp(&requests, &world.model.ends, sizeof requests) == 0);
    airs_dead_letters_t *letters = airs_actor_system_dead_letters(world.system);
    for (int i = 0; i < AIRS_DEAD_LETTER_REASONS; i++) {
        EXPECT(airs_dead_letters_count(letters, (airs_dead_letter_reason_t)i) == world.model.dead[i]);
    }
    EXPECT(airs_actor_system_next_deadline(world.system) == model_next_deadline(&world.model));
}

static void check_quiet(void) {
    EXPECT(model_quiet(&world.model));
    check();
    airs_node_counters_t totals;
    airs_actor_system_totals(world.system, &totals);
    EXPECT(totals.messages == world.model.handled);
    EXPECT(totals.dropped == world.model.dropped);
}

static bool check_actor(void *context, const airs_actor_info_t *info) {
    size_t *seen = context;
    const model_actor_t *actor = &world.model.actors[number_of(info->id)];
    uint64_t subscriptions = 0;
    for (size_t i = 0; i < MODEL_PATTERNS; i++) {
        subscriptions += actor->subscribed[i];
    }
    EXPECT(actor->alive);
    EXPECT(info->subscriptions == subscriptions);
    EXPECT(info->timers == actor->timers.count);
    EXPECT(info->deferred == actor->deferred.count);
    EXPECT(info->requests == actor->outstanding);
    ++*seen;
    return true;
}

static void check_actors(void) {
    size_t seen = 0;
    size_t alive = 0;
    airs_actor_system_list(world.system, check_actor, &seen);
    for (size_t i = 0; i < MODEL_ACTORS; i++) {
        alive += world.model.actors[i].alive;
    }
    EXPECT(seen == alive);
}

static void advance(void) {
    uint64_t now = airs_clock_monotonic(&world.clock.clock);
    uint64_t next = model_next_deadline(&world.model);
    uint64_t ahead = choose(5) == 0 ? choose(60 * MS) : choose(3) * MS;
    if (next != UINT64_MAX && choose(2) == 0) {
        ahead = next > now ? next - now : 0;
    }
    airs_fake_clock_advance(&world.clock, ahead);
    size_t fired = airs_actor_system_advance(world.system);
    EXPECT(fired == model_advance(&world.model, now + ahead));
}

static void spawn(size_t actor) {
    static const airs_native_t native = {.size = sizeof native, .handle = handle, .destroy = destroy};
    static const airs_mailbox_policy_t policies[] = {AIRS_MAILBOX_REJECT, AIRS_MAILBOX_REJECT,
                                                     AIRS_MAILBOX_DROP_OLDEST, AIRS_MAILBOX_BLOCK};
    model_limits_t limits = {
        .messages = 1 + (uint32_t)choose(8),
        .policy = policies[choose(4)],
        .accepts = choose(3) == 0 ? AIRS_CODEC_RAW | (airs_codecs_t)(choose(2) * AIRS_CODEC_PROTOBUF) : 0,
        .message_bytes = choose(8) == 0 ? 4 : 1000,
        .requests = 1 + (uint32_t)choose(6),
        .timers = 1 + (uint32_t)choose(4),
    };
    airs_actor_spec_t spec = {
        .mailbox_messages = limits.messages,
        .mailbox_policy = limits.policy,
        .accepts = limits.accepts,
        .max_message_bytes = limits.message_bytes,
        .max_requests = limits.requests,
        .max_timers = limits.timers,
        .subscriptions = model_patterns,
        .subscription_count = choose(3),
    };
    world.lives[actor] = (life_t){.crashes = false};
    model_spawn(&world.model, actor, &limits);
    for (size_t i = 0; i < spec.subscription_count; i++) {
        world.model.actors[actor].subscribed[i] = true;
    }
    EXPECT_STATUS(airs_actor_system_spawn_native(world.system, &native, &world.numbers[actor], id_of(actor),
                                                 &spec, NULL),
                  AIRS_OK);
}

static void stop(size_t actor, airs_stop_mode_t mode) {
    if (!world.model.actors[actor].alive) {
        EXPECT_STATUS(airs_actor_system_stop(world.system, id_of(actor), mode, 1000, NULL),
                      AIRS_TARGET_NOT_FOUND);
        return;
    }
    world.lives[actor].stops = mode == AIRS_STOP_DROP;
    model_stop(&world.model, actor, mode);
    EXPECT_STATUS(airs_actor_system_stop(world.system, id_of(actor), mode, 1000, NULL), AIRS_OK);
    EXPECT(!world.model.actors[actor].alive);
}

static void send_from_outside(void) {
    size_t to = choose(MODEL_ACTORS);
    const char *text = make_text();
    EXPECT_STATUS(airs_actor_system_send(world.system, id_of(to), bytes_of(text), airs_str(NULL), NULL),
                  model_send(&world.model, MODEL_HOST, to, text));
}

static void publish_from_outside(void) {
    const char *topic = any_topic();
    const char *text = make_text();
    uint32_t reached = 0;
    EXPECT_STATUS(airs_actor_system_publish(world.system, airs_str(topic), bytes_of(text), airs_str(NULL),
                                            &reached, NULL),
                  AIRS_OK);
    EXPECT(reached == model_publish(&world.model, MODEL_HOST, topic, text));
}

/* The end of a request from outside. */
static void ended(void *context, const airs_answer_t *answer) {
    model_entry_t seen = {
        .kind = answer->status == AIRS_OK ? MODEL_RESPONSE : MODEL_FAILURE,
        .from = number_of(answer->sender),
        .request = model_find_request(&world.model, answer->id.text),
        .status = answer->status,
    };
    EXPECT(context == &world);
    if (seen.kind == MODEL_RESPONSE) {
        EXPECT(answer->payload.size < MODEL_TEXT);
        memcpy(seen.text, answer->payload.data, answer->payload.size);
    }
    EXPECT(model_take(&world.model, MODEL_HOST, &seen));
    model_done(&world.model, MODEL_HOST);
    heard_outside++;
}

static void ask_from_outside(void) {
    size_t to = choose(MODEL_ACTORS);
    const char *text = make_text();
    uint64_t timeout_ms = any_delay();
    size_t number = 0;
    airs_request_id_t id;
    airs_status_t status = airs_actor_system_request(world.system, id_of(to), bytes_of(text), airs_str(NULL),
                                                     timeout_ms, ended, &world, &id, NULL);
    EXPECT_STATUS(status, model_ask(&world.model, MODEL_HOST, to, text, timeout_ms, &number));
    if (status == AIRS_OK) {
        model_request(&world.model, number)->id = id;
    }
}

static void cancel_from_outside(void) {
    size_t number = to_cancel(MODEL_HOST);
    if (number != MODEL_NONE) {
        EXPECT_STATUS(
            airs_actor_system_cancel_request(world.system, &model_request(&world.model, number)->id),
            model_cancel(&world.model, MODEL_HOST, number));
    }
}

static void interfere(void) {
    size_t actor = choose(MODEL_ACTORS);
    switch (choose(16)) {
    case 0:
        stop(actor, choose(2) == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP);
        break;
    case 1:
    case 2:
    case 3:
        if (!world.model.actors[actor].alive) {
            spawn(actor);
        }
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        advance();
        break;
    case 8:
        check_actors();
        break;
    case 9:
        publish_from_outside();
        break;
    case 10:
    case 11:
    case 12:
        ask_from_outside();
        break;
    case 13:
        cancel_from_outside();
        break;
    default:
        send_from_outside();
        break;
    }
    check();
}

static void open_world(uint64_t seed) {
    memset(&world, 0, sizeof world);
    world.seed = seed;
    world.deeds = DEEDS;
    airs_failing_allocator_init(&world.allocator);
    airs_scripted_engine_init(&world.engine, &world.allocator.allocator);
    airs_fake_clock_init(&world.clock);
    airs_seeded_random_init(&world.scheduling, seed);
    airs_seeded_random_init(&world.choices, ~seed);
    model_init(&world.model, airs_clock_monotonic(&world.clock.clock));
    airs_actor_system_options_t options = {
        .engine = &world.engine.engine,
        .allocator = &world.allocator.allocator,
        .clock = &world.clock.clock,
        .random = &world.scheduling.random,
        .stepped = true,
    };
    assert_ok(airs_actor_system_create(&options, &world.system, NULL));
    for (size_t i = 0; i < MODEL_ACTORS; i++) {
        world.numbers[i] = i;
    }
}

static void close_world(void) {
    for (size_t i = 0; i < MODEL_ACTORS; i++) {
        stop(i, choose(2) == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP);
    }
    while (airs_actor_system_step(world.system)) {
    }
    check_quiet();
    check_actors();
    EXPECT(world.model.ends.pending == 0);
    airs_actor_system_destroy(world.system);
    airs_scripted_engine_free(&world.engine);
    model_free(&world.model);
    EXPECT(atomic_load(&world.allocator.live_blocks) == 0);
}

static void run(uint64_t seed) {
    open_world(seed);
    while (world.deeds > 0) {
        if (choose(6) == 0) {
            interfere();
        } else if (!airs_actor_system_step(world.system)) {
            check_quiet();
            interfere();
        }
    }
    close_world();
}

static void it_does_as_the_model_says(void **state) {
    (void)state;
    const char *only = getenv("AIRS_MODEL_SEED");
    if (only != NULL) {
        run(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed);
    }
    /* Each deed was done, many times. */
    for (size_t i = 0; i < KINDS; i++) {
        assert_true(done[i] > SEEDS);
    }
    assert_true(heard_outside > SEEDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_does_as_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
