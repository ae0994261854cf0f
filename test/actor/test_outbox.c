/* What is kept back for one mailbox, and what becomes of it. */
#include "actor/outbox.h"

#include "actor/actor.h"
#include "actor_fixture.h"

#define TARGET "t/target/0"

static actor_fixture_t fixture;
static airs_outbox_t outbox;
static airs_actor_t *target;
static char heard[512];

static airs_scripted_next_t hears(airs_scripted_call_t *call) {
    target = call->host->self;
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        size_t used = strlen(heard);
        (void)snprintf(heard + used, sizeof heard - used, "%.*s ", (int)call->message->payload.size,
                       (const char *)call->message->payload.data);
    }
    return airs_scripted_ok(call);
}

static void spawn_target(const airs_actor_spec_t *spec) {
    airs_component_handle_t component = actor_fixture_add(&fixture, hears, NULL);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of(TARGET), spec, NULL));
    actor_fixture_run(&fixture);
}

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    outbox = (airs_outbox_t){0};
    heard[0] = '\0';
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

/* Have it something to do. */
static void occupy(void) { assert_ok(actor_fixture_send(&fixture, TARGET, "first")); }

static void add(const char *text) {
    airs_message_parts_t parts = {
        .kind = AIRS_MESSAGE_PLAIN, .sender = target->id, .payload = airs_bytes(text, strlen(text))};
    airs_component_message_t *message = NULL;
    assert_ok(airs_component_message_create(airs_actor_system_pool(fixture.system), &parts, &message));
    message->cost_slots = 1;
    airs_outbox_add(&outbox, message);
}

static uint32_t waiting(void) { return airs_mailbox_waiting(&target->mailbox); }

static void is_put_in_together_and_in_order(void **state) {
    (void)state;
    spawn_target(NULL);
    occupy();
    for (const char *text = "abcdef"; *text != '\0'; text++) {
        assert_true(airs_outbox_open(&outbox, target, 1, 6));
        add((char[]){*text, '\0'});
    }
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "first ");
    airs_outbox_close(&outbox);
    assert_null(outbox.target);
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "first a b c d e f ");
    assert_int_equal(waiting(), 0);
}

static void room_that_is_not_needed_is_given_back(void **state) {
    (void)state;
    spawn_target(NULL);
    occupy();
    assert_true(airs_outbox_open(&outbox, target, 100, 8));
    assert_int_equal(waiting(), 9);
    add("x");
    airs_outbox_close(&outbox);
    assert_int_equal(waiting(), 2);
    actor_fixture_run(&fixture);
    assert_int_equal(waiting(), 0);
    /* Its bytes as well: there is room for the largest that the mailbox takes. */
    assert_ok(airs_mailbox_reserve(&target->mailbox, target->mailbox.limits.bytes));
    airs_mailbox_unreserve(&target->mailbox, target->mailbox.limits.bytes);
    airs_outbox_close(&outbox); /* nothing is kept back: nothing happens */
}

static void another_target_or_size_makes_it_be_put_in(void **state) {
    (void)state;
    spawn_target(NULL);
    airs_actor_t *first = target;
    airs_component_handle_t component = actor_fixture_add(&fixture, hears, NULL);
    actor_fixture_spawn(&fixture, "t/other/0", component);
    actor_fixture_run(&fixture);
    airs_actor_t *other = target;
    target = first;
    occupy();
    assert_ok(actor_fixture_send(&fixture, "t/other/0", "first"));
    assert_true(airs_outbox_open(&outbox, first, 1, 4));
    add("a");
    /* Larger than what is left of the room. */
    assert_true(airs_outbox_open(&outbox, first, 4, 4));
    assert_int_equal(airs_mailbox_waiting(&first->mailbox), 6);
    add("bbbb");
    assert_true(airs_outbox_open(&outbox, other, 1, 4));
    assert_int_equal(airs_mailbox_waiting(&first->mailbox), 3);
    add("c");
    airs_outbox_close(&outbox);
    actor_fixture_run(&fixture);
    assert_non_null(strstr(heard, "a bbbb"));
    assert_non_null(strstr(heard, "c"));
}

static void who_idles_or_has_little_room_is_sent_to_at_once(void **state) {
    (void)state;
    airs_actor_spec_t spec = {.mailbox_messages = 10};
    spawn_target(&spec);
    assert_false(airs_outbox_open(&outbox, target, 1, 4));
    occupy();
    assert_false(airs_outbox_open(&outbox, target, 1, 1));
    assert_false(airs_outbox_open(&outbox, target, 1, 5));
    assert_int_equal(waiting(), 1);
    assert_true(airs_outbox_open(&outbox, target, 1, 4));
    airs_outbox_close(&outbox);
}

static void what_has_nobody_to_go_to_is_a_dead_letter(void **state) {
    (void)state;
    spawn_target(NULL);
    occupy();
    assert_true(airs_outbox_open(&outbox, target, 1, 4));
    add("a");
    add("b");
    assert_ok(actor_fixture_stop(&fixture, TARGET, AIRS_STOP_KILL));
    airs_dead_letters_t *letters = airs_actor_system_dead_letters(fixture.system);
    uint64_t before = airs_dead_letters_count(letters, AIRS_DEAD_LETTER_RECEIVER_ENDED);
    airs_outbox_close(&outbox);
    assert_int_equal(airs_dead_letters_count(letters, AIRS_DEAD_LETTER_RECEIVER_ENDED) - before, 2);
}

static void how_many_depends_on_how_long_they_take(void **state) {
    (void)state;
    assert_int_equal(airs_outbox_lot(0, 100), AIRS_OUTBOX_LOT_MAX);
    assert_int_equal(airs_outbox_lot(20000, 100), AIRS_OUTBOX_LOT_MAX);
    assert_int_equal(airs_outbox_lot(UINT64_C(100) * 1000, 100), 5);
    assert_int_equal(airs_outbox_lot(UINT64_C(100) * 10000, 100), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_put_in_together_and_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_that_is_not_needed_is_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_target_or_size_makes_it_be_put_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_idles_or_has_little_room_is_sent_to_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_nobody_to_go_to_is_a_dead_letter, set_up, tear_down),
        cmocka_unit_test(how_many_depends_on_how_long_they_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
