/* Topics: who hears what is published (actor_system_subscriber, subscription_service). */
#include "actor_fixture.h"

#include "actor/actor_system_subscriber.h"
#include "core/check.h"
#include "support/failing_allocator.h"

static actor_fixture_t fixture;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    return 0;
}

static int set_up_threads(void **state) {
    (void)state;
    actor_fixture_open(&fixture, 4);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static uint32_t publish(const char *topic, const char *payload) {
    uint32_t reached = 1000000;
    assert_ok(airs_actor_system_publish(fixture.system, airs_str(topic), airs_bytes(payload, strlen(payload)),
                                        airs_str("text/plain"), &reached, NULL));
    return reached;
}

static void subscribe(const char *id, const char *pattern) {
    assert_ok(airs_actor_system_subscribe(fixture.system, id_of(id), airs_str(pattern), NULL));
}

static void unsubscribe(const char *id, const char *pattern) {
    assert_ok(airs_actor_system_unsubscribe(fixture.system, id_of(id), airs_str(pattern), NULL));
}

static void stop(const char *id, probe_t *probe) {
    assert_ok(actor_fixture_stop(&fixture, id, AIRS_STOP_DROP));
    probe_free(probe);
}

/* ---- from outside ---- */

static void subscribers_hear_what_matches(void **state) {
    (void)state;
    probe_t eu;
    probe_t all;
    probe_init(&eu);
    probe_init(&all);
    probe_spawn(&fixture, &eu, "t/eu/0", NULL);
    probe_spawn(&fixture, &all, "t/all/0", NULL);
    assert_int_equal(publish("orders.eu", "nobody"), 0);
    subscribe("t/eu/0", "orders.eu.*");
    subscribe("t/all/0", "orders.>");
    subscribe("t/all/0", "orders.>");
    assert_int_equal(publish("orders.eu.new", "one"), 2);
    assert_int_equal(publish("orders.us.new", "two"), 1);
    assert_int_equal(publish("news", "three"), 0);
    actor_fixture_run(&fixture);
    assert_string_equal(eu.heard, "m:one");
    assert_string_equal(all.heard, "m:one m:two");
    assert_string_equal(all.last_sender, "airssys/host/0");
    assert_string_equal(all.last_content_type, "text/plain");
    unsubscribe("t/all/0", "orders.>");
    unsubscribe("t/all/0", "orders.>");
    unsubscribe("t/all/0", "never.was");
    assert_int_equal(publish("orders.eu.new", "four"), 1);
    actor_fixture_run(&fixture);
    assert_string_equal(eu.heard, "m:one m:four");
    stop("t/eu/0", &eu);
    assert_int_equal(publish("orders.eu.new", "five"), 0);
    stop("t/all/0", &all);
}

static void several_patterns_are_one_message(void **state) {
    (void)state;
    static const char *const patterns[] = {"a.b.c", "a.*.c", "a.>", ">", "*.b.*", "*.>", "a.b.*"};
    probe_t many;
    probe_t one;
    probe_init(&many);
    probe_init(&one);
    probe_spawn(&fixture, &many, "t/many/0", NULL);
    probe_spawn(&fixture, &one, "t/one/0", NULL);
    subscribe("t/one/0", "a.>");
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        subscribe("t/many/0", patterns[i]);
        assert_int_equal(publish("a.b.c", "x"), 2);
    }
    actor_fixture_run(&fixture);
    assert_int_equal(many.count, 7);
    assert_int_equal(one.count, 7);
    stop("t/many/0", &many);
    assert_int_equal(publish("a.b.c", "x"), 1);
    stop("t/one/0", &one);
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    airs_error_t error;
    probe_t probe;
    probe_init(&probe);
    airs_actor_spec_t spec = {.max_subscriptions = 2};
    probe_spawn(&fixture, &probe, "t/p/0", &spec);
    uint32_t reached = 9;
    assert_status(airs_actor_system_publish(fixture.system, airs_str("a.*"), airs_bytes(NULL, 0),
                                            airs_str(NULL), &reached, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_int_equal(reached, 0);
    assert_non_null(strstr(error.text, "has a wildcard"));
    assert_status(airs_actor_system_publish(fixture.system, airs_str("a"), airs_bytes(NULL, 0),
                                            airs_str("text/\xff"), &reached, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a content type is UTF-8; its byte 6 is not");
    assert_status(airs_actor_system_subscribe(fixture.system, id_of("t/p/0"), airs_str("a..b"), &error),
                  AIRS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "an empty token"));
    assert_status(airs_actor_system_unsubscribe(fixture.system, id_of("t/p/0"), airs_str(""), &error),
                  AIRS_INVALID_ARGUMENT);
    assert_status(airs_actor_system_subscribe(fixture.system, id_of("t/q/0"), airs_str("a"), &error),
                  AIRS_TARGET_NOT_FOUND);
    assert_string_equal(error.text, "no actor t/q/0");
    assert_status(airs_actor_system_subscribe(fixture.system, airs_id("t", "p", ""), airs_str("a"), NULL),
                  AIRS_TARGET_NOT_FOUND);
    assert_status(airs_actor_system_unsubscribe(fixture.system, id_of("t/q/0"), airs_str("a"), NULL),
                  AIRS_TARGET_NOT_FOUND);
    subscribe("t/p/0", "a");
    subscribe("t/p/0", "b");
    subscribe("t/p/0", "a");
    assert_status(airs_actor_system_subscribe(fixture.system, id_of("t/p/0"), airs_str("c"), &error),
                  AIRS_QUOTA_EXCEEDED);
    assert_string_equal(error.text, "t/p/0 is subscribed to 2 patterns, which is its limit "
                                    "(max-subscriptions)");
    unsubscribe("t/p/0", "b");
    subscribe("t/p/0", "c");
    stop("t/p/0", &probe);
}

/* ---- at spawn ---- */

static void subscriptions_at_spawn_precede_the_start(void **state) {
    (void)state;
    static const char *const patterns[] = {"a.*", "b"};
    airs_actor_spec_t spec = {.subscriptions = patterns, .subscription_count = 2};
    probe_t probe;
    probe_init(&probe);
    probe_spawn(&fixture, &probe, "t/p/0", &spec);
    assert_int_equal(publish("a.x", "one"), 1);
    assert_int_equal(publish("b", "two"), 1);
    actor_fixture_run(&fixture);
    assert_string_equal(probe.heard, "m:one m:two");
    stop("t/p/0", &probe);
}

static void a_wrong_pattern_fails_the_spawn(void **state) {
    (void)state;
    static const char *const wrong[] = {"a", "b.>.c"};
    static const char *const many[] = {"a", "b", "c"};
    airs_error_t error;
    probe_t probe;
    probe_init(&probe);
    airs_actor_spec_t spec = {.subscriptions = wrong, .subscription_count = 2};
    assert_status(
        airs_actor_system_spawn_native(fixture.system, &probe_native, &probe, id_of("t/p/0"), &spec, &error),
        AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text,
                        "`>` is not the last token of the pattern \"b.>.c\": for one token write `*`");
    assert_false(probe.started);
    probe_free(&probe);

    probe_init(&probe);
    spec = (airs_actor_spec_t){.subscriptions = many, .subscription_count = 3, .max_subscriptions = 2};
    assert_status(
        airs_actor_system_spawn_native(fixture.system, &probe_native, &probe, id_of("t/p/0"), &spec, &error),
        AIRS_QUOTA_EXCEEDED);
    assert_non_null(strstr(error.text, "max-subscriptions"));
    assert_false(probe.started);
    probe_free(&probe);
    assert_int_equal(publish("a", "x"), 0);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
}

/* ---- from actors ---- */

static airs_str_t text_of(const airs_incoming_t *incoming) {
    return airs_str_n((const char *)incoming->payload.data, incoming->payload.size);
}

/* "+pattern", "-pattern", or a topic to publish its own name to; then it sends one to t/b/0 directly. */
static airs_status_t obey(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    airs_str_t text = text_of(incoming);
    airs_str_t rest = airs_str_n(text.data + 1, text.size - 1);
    if (text.data[0] == '+') {
        return airs_actor_subscribe(context, rest);
    }
    if (text.data[0] == '-') {
        return airs_actor_unsubscribe(context, rest);
    }
    if (text.data[0] == '!') {
        uint32_t reached = 0;
        airs_status_t status =
            airs_actor_publish(context, rest, airs_bytes(rest.data, rest.size), airs_str("x/y"), &reached);
        *(uint32_t *)probe->user = reached;
        return status == AIRS_OK ? airs_actor_send(context, id_of("t/b/0"), airs_bytes("after", 5)) : status;
    }
    return AIRS_OK;
}

static void actors_publish_to_each_other_and_themselves(void **state) {
    (void)state;
    probe_t a;
    probe_t b;
    uint32_t reached = 0;
    probe_init(&a);
    probe_init(&b);
    a.then = obey;
    b.then = obey;
    a.user = &reached;
    probe_spawn(&fixture, &a, "t/a/0", NULL);
    probe_spawn(&fixture, &b, "t/b/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "+x.>"));
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "+x.y"));
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "!x.y"));
    actor_fixture_run(&fixture);
    assert_int_equal(reached, 2);
    assert_string_equal(a.heard, "m:+x.> m:!x.y m:x.y");
    assert_string_equal(b.heard, "m:+x.y m:x.y m:after");
    assert_string_equal(a.last_sender, "t/a/0");
    assert_string_equal(a.last_content_type, "x/y");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").sent, 3);
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "-x.y"));
    actor_fixture_run(&fixture);
    assert_int_equal(publish("x.y", "z"), 1);
    stop("t/a/0", &a);
    stop("t/b/0", &b);
}

/* ---- what is not taken ---- */

typedef struct letters {
    unsigned count;
    char last[512];
} letters_t;

static bool take_letter(void *context, const airs_dead_letter_t *letter) {
    letters_t *letters = context;
    assert_int_equal(letter->reason, AIRS_DEAD_LETTER_SUBSCRIBER_FULL);
    letters->count++;
    (void)snprintf(letters->last, sizeof letters->last, "%.*s to %.*s: %.*s (%.*s): %s",
                   AIRS_STR_ARG(letter->sender.name), AIRS_STR_ARG(letter->target.name),
                   (int)letter->payload.size, (const char *)letter->payload.data,
                   AIRS_STR_ARG(letter->content_type), letter->detail);
    return true;
}

static letters_t dead_letters(void) {
    letters_t letters = {0};
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), take_letter, &letters);
    return letters;
}

static void a_full_mailbox_loses_it_alone(void **state) {
    (void)state;
    static const char *const patterns[] = {"t"};
    airs_actor_spec_t small = {
        .mailbox_messages = 2, .max_message_bytes = 4, .subscriptions = patterns, .subscription_count = 1};
    probe_t full;
    probe_t other;
    probe_init(&full);
    probe_init(&other);
    probe_spawn(&fixture, &full, "t/full/0", &small);
    assert_int_equal(publish("t", "1"), 1);
    assert_int_equal(publish("t", "2"), 1);
    assert_int_equal(publish("t", "3"), 0); /* the only subscriber's message is a block of its own */
    letters_t letters = dead_letters();
    assert_int_equal(letters.count, 1);
    assert_string_equal(letters.last, "host to full: 3 (text/plain): the mailbox is full");
    probe_spawn(&fixture, &other, "t/other/0", NULL);
    subscribe("t/other/0", "t");
    assert_int_equal(publish("t", "4"), 1);
    letters = dead_letters();
    assert_int_equal(letters.count, 2);
    assert_string_equal(letters.last, "host to full: 4 (text/plain): the mailbox is full");
    assert_int_equal(actor_fixture_counters(&fixture, "t/full/0").refused, 2);
    actor_fixture_run(&fixture);
    assert_int_equal(publish("t", "large"), 1);
    letters = dead_letters();
    assert_int_equal(letters.count, 3);
    assert_string_equal(letters.last,
                        "host to full: large (text/plain): 5 bytes, and t/full/0 takes 4 at most");
    assert_int_equal(actor_fixture_counters(&fixture, "t/full/0").refused, 3);
    actor_fixture_run(&fixture);
    assert_string_equal(full.heard, "m:1 m:2");
    assert_string_equal(other.heard, "m:4 m:large");
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 3);
    stop("t/full/0", &full);
    stop("t/other/0", &other);
}

/* Each mailbox keeps to its policy; none has the publisher wait. */
static void policies_are_kept(void **state) {
    (void)state;
    static const char *const patterns[] = {"t"};
    airs_actor_spec_t spec = {.mailbox_messages = 2, .subscriptions = patterns, .subscription_count = 1};
    probe_t drops;
    probe_t blocks;
    probe_init(&drops);
    probe_init(&blocks);
    spec.mailbox_policy = AIRS_MAILBOX_DROP_OLDEST;
    probe_spawn(&fixture, &drops, "t/drops/0", &spec);
    spec.mailbox_policy = AIRS_MAILBOX_BLOCK;
    probe_spawn(&fixture, &blocks, "t/blocks/0", &spec);
    assert_int_equal(publish("t", "1"), 2);
    assert_int_equal(publish("t", "2"), 2);
    assert_int_equal(publish("t", "3"), 1);
    actor_fixture_run(&fixture);
    assert_string_equal(drops.heard, "m:2 m:3");
    assert_string_equal(blocks.heard, "m:1 m:2");
    airs_dead_letters_t *letters = airs_actor_system_dead_letters(fixture.system);
    assert_int_equal(airs_dead_letters_count(letters, AIRS_DEAD_LETTER_DROPPED_OLDEST), 1);
    assert_int_equal(airs_dead_letters_count(letters, AIRS_DEAD_LETTER_SUBSCRIBER_FULL), 1);
    stop("t/drops/0", &drops);
    stop("t/blocks/0", &blocks);
}

static void another_codec_is_lost_alone(void **state) {
    (void)state;
    static const char *const patterns[] = {"t"};
    airs_actor_spec_t spec = {.accepts = AIRS_CODEC_CBOR, .subscriptions = patterns, .subscription_count = 1};
    probe_t cbor;
    probe_t any;
    probe_init(&cbor);
    probe_init(&any);
    probe_spawn(&fixture, &cbor, "t/cbor/0", &spec);
    spec.accepts = 0;
    probe_spawn(&fixture, &any, "t/any/0", &spec);
    assert_int_equal(publish("t", "\x51yes"), 2);
    assert_int_equal(publish("t", "U no"), 1);
    actor_fixture_run(&fixture);
    assert_string_equal(cbor.heard, "m:\x51yes");
    assert_string_equal(any.heard, "m:\x51yes m:U no");
    letters_t letters = dead_letters();
    assert_int_equal(letters.count, 1);
    assert_string_equal(letters.last,
                        "host to cbor: U no (text/plain): t/cbor/0 accepts cbor; this message is raw (0x55)");
    stop("t/cbor/0", &cbor);
    stop("t/any/0", &any);
}

/* ---- many ---- */

#define CROWD 300

static void many_subscribers_hear_it_once(void **state) {
    (void)state;
    static probe_t crowd[CROWD];
    char id[32];
    for (unsigned i = 0; i < CROWD; i++) {
        (void)snprintf(id, sizeof id, "t/p/%u", i);
        probe_init(&crowd[i]);
        probe_spawn(&fixture, &crowd[i], id, NULL);
        subscribe(id, "all.*");
        for (unsigned j = 0; j < i % 24; j++) {
            /* Different patterns for the same topic, more than the service has room for by itself. */
            char pattern[] = "*.*.*.*.*";
            for (unsigned bit = 0; bit < 5; bit++) {
                pattern[2 * (size_t)bit] = (j >> bit & 1) != 0 ? 'x' : '*';
            }
            subscribe(id, pattern);
        }
    }
    assert_int_equal(publish("all.x", "one"), CROWD);
    assert_int_equal(publish("x.x.x.x.x", "two"), CROWD - 13);
    actor_fixture_run(&fixture);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_string_equal(crowd[i].heard, i % 24 > 0 ? "m:one m:two" : "m:one");
        (void)snprintf(id, sizeof id, "t/p/%u", i);
        stop(id, &crowd[i]);
    }
}

/* ---- with threads: publishers, subscribers and ends at once ---- */

#define PUBLISHERS 3
#define SUBSCRIBERS 6
#define ROUNDS 400

typedef struct numbers {
    uint32_t last[PUBLISHERS];
} numbers_t;

/* The numbers of each publisher come in order, with gaps where this was not subscribed. */
static airs_status_t check_order(airs_actor_context_t *context, void *state,
                                 const airs_incoming_t *incoming) {
    (void)context;
    numbers_t *self = state;
    uint32_t message[2];
    AIRS_ASSERT(incoming->payload.size == sizeof message);
    memcpy(message, incoming->payload.data, sizeof message);
    AIRS_ASSERT(message[1] > self->last[message[0]]);
    self->last[message[0]] = message[1];
    return AIRS_OK;
}

static void *publish_numbers(void *argument) {
    uint32_t message[2] = {(uint32_t)(uintptr_t)argument, 0};
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        message[1] = i;
        uint32_t reached = 0;
        AIRS_ASSERT(airs_actor_system_publish(fixture.system, airs_str("n.x"),
                                              airs_bytes(message, sizeof message), airs_str(NULL), &reached,
                                              NULL) == AIRS_OK);
        AIRS_ASSERT(reached <= SUBSCRIBERS);
    }
    return NULL;
}

static void *come_and_go(void *argument) {
    static const airs_native_t native = {.size = sizeof native, .handle = check_order};
    static const char *const patterns[] = {"n.*", "n.x"};
    airs_actor_spec_t spec = {.subscriptions = patterns, .subscription_count = 2, .mailbox_messages = 2048};
    char instance[16];
    (void)snprintf(instance, sizeof instance, "%u", (unsigned)(uintptr_t)argument);
    airs_id_t id = airs_id("t", "s", instance);
    for (unsigned i = 0; i < ROUNDS / 8; i++) {
        numbers_t numbers = {.last = {0}};
        AIRS_ASSERT(airs_actor_system_spawn_native(fixture.system, &native, &numbers, id, &spec, NULL) ==
                    AIRS_OK);
        AIRS_ASSERT(airs_actor_system_unsubscribe(fixture.system, id, airs_str("n.x"), NULL) == AIRS_OK);
        AIRS_ASSERT(airs_actor_system_subscribe(fixture.system, id, airs_str(">"), NULL) == AIRS_OK);
        AIRS_ASSERT(airs_actor_system_stop(fixture.system, id, AIRS_STOP_DROP, PATIENCE_MS, NULL) == AIRS_OK);
    }
    return NULL;
}

static void all_at_once(void **state) {
    (void)state;
    pthread_t threads[PUBLISHERS + SUBSCRIBERS];
    for (size_t i = 0; i < PUBLISHERS + SUBSCRIBERS; i++) {
        void *(*run)(void *) = i < PUBLISHERS ? publish_numbers : come_and_go;
        assert_int_equal(pthread_create(&threads[i], NULL, run, (void *)i), 0);
    }
    for (size_t i = 0; i < PUBLISHERS + SUBSCRIBERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(publish("n.x", "x"), 0);
}

/* ---- its own life ---- */

static void after_its_stop_nothing_is_published(void **state) {
    (void)state;
    airs_services_t services = {
        .allocator = airs_allocator_default(), .random = airs_random_system(), .clock = airs_clock_system()};
    airs_actor_system_subscriber_t *subscriber = NULL;
    airs_error_t error;
    uint32_t reached = 7;
    assert_ok(airs_block_pool_create(services.allocator, &services.pool));
    assert_ok(airs_actor_system_subscriber_create(&services, &subscriber));
    airs_publication_t publication = {.topic = airs_str("a")};
    assert_ok(airs_actor_system_subscriber_publish(subscriber, &publication, &reached, NULL));
    assert_int_equal(reached, 0);
    airs_actor_system_subscriber_stop(subscriber);
    assert_status(airs_actor_system_subscriber_publish(subscriber, &publication, NULL, &error),
                  AIRS_NOT_RUNNING);
    assert_string_equal(error.text, "nothing is published any more: the system has stopped");
    airs_actor_system_subscriber_destroy(subscriber);
    airs_actor_system_subscriber_destroy(NULL);
    airs_actor_system_subscriber_stop(NULL);
    airs_block_pool_destroy(services.pool);
}

int main(void) {
#define STEPPED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STEPPED(subscribers_hear_what_matches),
        STEPPED(several_patterns_are_one_message),
        STEPPED(what_is_wrong_is_said),
        STEPPED(subscriptions_at_spawn_precede_the_start),
        STEPPED(a_wrong_pattern_fails_the_spawn),
        STEPPED(actors_publish_to_each_other_and_themselves),
        STEPPED(a_full_mailbox_loses_it_alone),
        STEPPED(policies_are_kept),
        STEPPED(another_codec_is_lost_alone),
        STEPPED(many_subscribers_hear_it_once),
        cmocka_unit_test_setup_teardown(all_at_once, set_up_threads, tear_down),
        cmocka_unit_test(after_its_stop_nothing_is_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
