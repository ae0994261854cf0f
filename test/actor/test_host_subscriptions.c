/* The program's own subscriptions. */
#include "actor_fixture.h"

#include <sched.h>

#include "core/check.h"

static actor_fixture_t fixture;

typedef struct heard {
    _Atomic uint64_t count;
    char text[512];
    _Atomic bool ended; /* the subscription has: nothing may come any more */
} heard_t;

static void take(void *context, const airs_incoming_t *incoming) {
    heard_t *self = context;
    AIRS_ASSERT(!self->ended);
    AIRS_ASSERT(incoming->kind == AIRS_INCOMING_MESSAGE && incoming->correlation_id == NULL);
    size_t used = strlen(self->text);
    (void)snprintf(self->text + used, sizeof self->text - used, "%.*s(%.*s)<%.*s ",
                   (int)incoming->payload.size, (const char *)incoming->payload.data,
                   AIRS_STR_ARG(incoming->content_type), AIRS_STR_ARG(incoming->sender.name));
    atomic_fetch_add(&self->count, 1);
}

static airs_subscription_t *subscribe(const char *pattern, heard_t *heard) {
    airs_subscription_t *subscription = NULL;
    assert_ok(airs_actor_system_subscribe_function(fixture.system, airs_str(pattern), take, heard,
                                                   &subscription, NULL));
    assert_non_null(subscription);
    return subscription;
}

static uint32_t publish(const char *topic, const char *payload) {
    uint32_t reached = 99;
    assert_ok(airs_actor_system_publish(fixture.system, airs_str(topic), airs_bytes(payload, strlen(payload)),
                                        airs_str("text/plain"), &reached, NULL));
    return reached;
}

static void what_is_published_comes_in_order_and_ends_with_the_subscription(void **state) {
    (void)state;
    heard_t orders = {.count = 0};
    heard_t all = {.count = 0};
    actor_fixture_open_frozen(&fixture, 1);
    airs_subscription_t *subscription = subscribe("orders.*", &orders);
    (void)subscribe(">", &all);
    assert_int_equal(publish("orders.new", "one"), 2);
    assert_int_equal(publish("stock.low", "two"), 1);
    assert_int_equal(publish("orders.paid", "three"), 2);
    actor_fixture_run(&fixture);
    assert_string_equal(orders.text, "one(text/plain)<host three(text/plain)<host ");
    assert_string_equal(all.text, "one(text/plain)<host two(text/plain)<host three(text/plain)<host ");
    assert_int_equal(publish("orders.lost", "four"), 2);
    airs_actor_system_unsubscribe_function(fixture.system, subscription);
    orders.ended = true;
    assert_int_equal(publish("orders.new", "five"), 1);
    actor_fixture_run(&fixture);
    assert_int_equal(orders.count, 2);
    assert_int_equal(all.count, 5);
    /* None of the node's actors. */
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    assert_int_equal(actor_fixture_totals(&fixture).messages, 0);
    airs_actor_system_unsubscribe_function(fixture.system, NULL);
    actor_fixture_close(&fixture); /* ends the other one */
}

static void a_wrong_pattern_is_refused(void **state) {
    (void)state;
    heard_t heard = {.count = 0};
    airs_subscription_t *subscription = NULL;
    airs_error_t error;
    actor_fixture_open_frozen(&fixture, 1);
    assert_status(airs_actor_system_subscribe_function(fixture.system, airs_str("a.>.b"), take, &heard,
                                                       &subscription, &error),
                  AIRS_INVALID_ARGUMENT);
    assert_string_equal(error.text,
                        "`>` is not the last token of the pattern \"a.>.b\": for one token write `*`");
    assert_null(subscription);
    actor_fixture_close(&fixture);
}

static bool count_letter(void *context, const airs_dead_letter_t *letter) {
    assert_int_equal(letter->reason, AIRS_DEAD_LETTER_SUBSCRIBER_FULL);
    assert_true(airs_str_equal(letter->target.name, airs_str("subscriber")));
    assert_true(airs_str_equal(letter->target.instance, airs_str("2")));
    ++*(int *)context;
    return true;
}

static void one_that_is_full_loses_alone(void **state) {
    (void)state;
    heard_t first = {.count = 0};
    heard_t second = {.count = 0};
    int letters = 0;
    actor_fixture_open_frozen(&fixture, 1);
    (void)subscribe("a", &first);
    (void)subscribe("b.c", &second);
    for (int i = 0; i < 1024; i++) {
        assert_int_equal(publish("b.c", "x"), 1);
    }
    assert_int_equal(publish("b.c", "lost"), 0);
    assert_int_equal(publish("a", "x"), 1);
    actor_fixture_run(&fixture);
    assert_int_equal(publish("b.c", "x"), 1);
    actor_fixture_run(&fixture);
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 1025);
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), count_letter, &letters);
    assert_int_equal(letters, 1);
    actor_fixture_close(&fixture);
}

/* ---- ends while messages come ---- */

static _Atomic bool over;

static void *publish_often(void *argument) {
    (void)argument;
    while (!atomic_load(&over)) {
        AIRS_ASSERT(airs_actor_system_publish(fixture.system, airs_str("a.b"), airs_bytes("x", 1),
                                              airs_str(NULL), NULL, NULL) == AIRS_OK);
    }
    return NULL;
}

static void count(void *context, const airs_incoming_t *incoming) {
    heard_t *self = context;
    (void)incoming;
    AIRS_ASSERT(!self->ended);
    atomic_fetch_add(&self->count, 1);
}

static void nothing_comes_after_the_end(void **state) {
    (void)state;
    pthread_t publishers[2];
    actor_fixture_open(&fixture, 2);
    atomic_store(&over, false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&publishers[i], NULL, publish_often, NULL), 0);
    }
    for (int i = 0; i < 200; i++) {
        heard_t heard = {.count = 0};
        airs_subscription_t *subscription = NULL;
        assert_ok(airs_actor_system_subscribe_function(fixture.system, airs_str("a.*"), count, &heard,
                                                       &subscription, NULL));
        while (atomic_load(&heard.count) < 3) {
            (void)sched_yield();
        }
        airs_actor_system_unsubscribe_function(fixture.system, subscription);
        atomic_store(&heard.ended, true);
    }
    atomic_store(&over, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(publishers[i], NULL);
    }
    actor_fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_comes_in_order_and_ends_with_the_subscription),
        cmocka_unit_test(a_wrong_pattern_is_refused),
        cmocka_unit_test(one_that_is_full_loses_alone),
        cmocka_unit_test(nothing_comes_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
