#include "support/test.h"

#include <pthread.h>

#include "actor/mailbox.h"
#include "core/block_pool.h"
#include "core/check.h"

static airs_block_pool_t *pool;
static airs_component_id_t *sender;
static airs_mailbox_t mailbox;

static int set_up(void **state) {
    (void)state;
    assert_ok(airs_block_pool_create(airs_allocator_default(), &pool));
    assert_ok(airs_component_id_create(airs_allocator_default(), airs_id("t", "a", "0"), &sender, NULL));
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 1024, .bytes = 1 << 20});
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_component_id_unref(sender);
    airs_block_pool_destroy(pool);
    return 0;
}

static airs_component_message_t *make(uint64_t number, uint16_t slots) {
    airs_message_parts_t parts = {
        .kind = AIRS_MESSAGE_PLAIN, .sender = sender, .payload = airs_bytes(&number, sizeof number)};
    airs_component_message_t *message = NULL;
    AIRS_ASSERT(airs_component_message_create(pool, &parts, &message) == AIRS_OK);
    message->cost_slots = slots;
    return message;
}

static uint64_t number_of(const airs_component_message_t *message) {
    uint64_t number;
    memcpy(&number, message->payload.data, sizeof number);
    return number;
}

static airs_push_t put(uint64_t number) {
    assert_ok(airs_mailbox_reserve(&mailbox, sizeof number));
    airs_component_message_t *dropped = NULL;
    airs_push_t push = airs_mailbox_push_bounded(&mailbox, make(number, 1), &dropped);
    assert_null(dropped);
    return push;
}

static uint64_t take(void) {
    airs_component_message_t *message = airs_mailbox_take(&mailbox);
    assert_non_null(message);
    uint64_t number = number_of(message);
    airs_component_message_destroy(message);
    return number;
}

/* A new mailbox is its maker's. */
static void make_idle(void) { assert_true(airs_mailbox_release_ownership(&mailbox)); }

static void hands_over_in_order(void **state) {
    (void)state;
    make_idle();
    assert_int_equal(put(1), AIRS_PUSH_CLAIMED);
    assert_int_equal(put(2), AIRS_PUSH_QUEUED);
    assert_int_equal(take(), 1);
    assert_int_equal(put(3), AIRS_PUSH_QUEUED);
    assert_int_equal(take(), 2);
    assert_false(airs_mailbox_release_ownership(&mailbox));
    assert_int_equal(take(), 3);
    assert_null(airs_mailbox_take(&mailbox));
    airs_mailbox_settle(&mailbox);
    make_idle();
    assert_int_equal(airs_mailbox_received(&mailbox), 3);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
}

static void hands_over_many_at_once(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(put(i), AIRS_PUSH_QUEUED);
    }
    uint64_t expected = 0;
    for (size_t size = 4; expected < 10; size = 100) {
        airs_component_message_t *message = airs_mailbox_take_many(&mailbox, size);
        assert_non_null(message);
        while (message != NULL) {
            airs_component_message_t *next = atomic_load(&message->next);
            assert_int_equal(number_of(message), expected++);
            airs_component_message_destroy(message);
            message = next;
        }
        assert_int_equal(expected, size == 4 ? 4 : 10);
    }
    assert_null(airs_mailbox_take_many(&mailbox, 4));
}

static void is_bounded_in_messages(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 3, .bytes = 1000});
    for (uint64_t i = 0; i < 3; i++) {
        put(i);
    }
    assert_status(airs_mailbox_reserve(&mailbox, 0), AIRS_QUEUE_FULL);
    assert_int_equal(atomic_load(&mailbox.refused), 1);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 3);
    take();
    assert_true(airs_mailbox_settle_due(&mailbox));
    assert_false(airs_mailbox_settle(&mailbox));
    assert_ok(airs_mailbox_reserve(&mailbox, 0));
    airs_mailbox_unreserve(&mailbox, 0);
    take();
    take();
}

static void is_bounded_in_bytes(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 100, .bytes = 20});
    put(1);
    put(2);
    assert_status(airs_mailbox_reserve(&mailbox, 5), AIRS_QUEUE_FULL);
    assert_ok(airs_mailbox_reserve(&mailbox, 4));
    airs_mailbox_unreserve(&mailbox, 4);
    /* More than the whole mailbox, up to what cannot even be added. */
    assert_status(airs_mailbox_reserve(&mailbox, 21), AIRS_QUEUE_FULL);
    assert_status(airs_mailbox_reserve(&mailbox, SIZE_MAX), AIRS_QUEUE_FULL);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 2);
    take();
    take();
    airs_mailbox_settle(&mailbox);
    assert_ok(airs_mailbox_reserve(&mailbox, 20));
}

static void the_largest_bounds_work(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = AIRS_MAILBOX_MESSAGES_MAX,
                                                        .bytes = AIRS_MAILBOX_BYTES_MAX});
    assert_ok(airs_mailbox_reserve(&mailbox, AIRS_MAILBOX_BYTES_MAX));
    assert_status(airs_mailbox_reserve(&mailbox, AIRS_MAILBOX_BYTES_MAX), AIRS_QUEUE_FULL);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 1);
    for (uint32_t i = 1; i < AIRS_MAILBOX_MESSAGES_MAX; i++) {
        assert_true(airs_mailbox_reserve(&mailbox, 0) == AIRS_OK);
    }
    assert_status(airs_mailbox_reserve(&mailbox, 0), AIRS_QUEUE_FULL);
    assert_int_equal(airs_mailbox_waiting(&mailbox), AIRS_MAILBOX_MESSAGES_MAX);
}

/* Room comes back in lots, but never later than the owner lets go. */
static void room_comes_back_in_lots(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        put(i);
    }
    for (uint64_t i = 0; i < 31; i++) {
        take();
        assert_false(airs_mailbox_settle_due(&mailbox));
    }
    assert_int_equal(airs_mailbox_waiting(&mailbox), 40);
    take();
    assert_true(airs_mailbox_settle_due(&mailbox));
    airs_mailbox_settle(&mailbox);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 8);
    assert_int_equal(airs_mailbox_received(&mailbox), 40);
    for (uint64_t i = 0; i < 8; i++) {
        take();
    }
}

static void callbacks_cost_nothing(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 1, .bytes = 8});
    put(1);
    assert_int_equal(airs_mailbox_push(&mailbox, make(2, 0)), AIRS_PUSH_QUEUED);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 1);
    assert_int_equal(take(), 1);
    assert_int_equal(take(), 2);
    airs_mailbox_settle(&mailbox);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    assert_int_equal(airs_mailbox_received(&mailbox), 2);
}

static void control_comes_first_and_claims(void **state) {
    (void)state;
    make_idle();
    assert_int_equal(airs_mailbox_signal(&mailbox, AIRS_SIGNAL_STOP), AIRS_PUSH_CLAIMED);
    assert_int_equal(airs_mailbox_signals(&mailbox), AIRS_SIGNAL_STOP);
    assert_int_equal(airs_mailbox_signal(&mailbox, AIRS_SIGNAL_KILL), AIRS_PUSH_QUEUED);
    assert_int_equal(airs_mailbox_signals(&mailbox), AIRS_SIGNAL_STOP | AIRS_SIGNAL_KILL);
    assert_false(airs_mailbox_release_ownership(&mailbox));
    airs_mailbox_clear_signals(&mailbox, AIRS_SIGNAL_STOP | AIRS_SIGNAL_KILL);
    /* The mark of the second one is still there: one more look, then idle. */
    assert_false(airs_mailbox_release_ownership(&mailbox));
    make_idle();
    assert_true(airs_mailbox_claim(&mailbox));
    assert_false(airs_mailbox_claim(&mailbox));
}

static void signals_and_messages_mix(void **state) {
    (void)state;
    assert_int_equal(airs_mailbox_signal(&mailbox, AIRS_SIGNAL_STOP), AIRS_PUSH_QUEUED);
    assert_int_equal(put(1), AIRS_PUSH_QUEUED);
    assert_int_equal(airs_mailbox_signal(&mailbox, AIRS_SIGNAL_KILL), AIRS_PUSH_QUEUED);
    assert_int_equal(airs_mailbox_signals(&mailbox), AIRS_SIGNAL_STOP | AIRS_SIGNAL_KILL);
    assert_int_equal(take(), 1);
    assert_false(airs_mailbox_release_ownership(&mailbox));
}

static void closing_gives_back_what_is_left_and_refuses(void **state) {
    (void)state;
    put(1);
    put(2);
    assert_int_equal(take(), 1);
    put(3);
    (void)airs_mailbox_refuse(&mailbox);
    assert_status(airs_mailbox_reserve(&mailbox, 0), AIRS_NOT_RUNNING);
    airs_component_message_t *rest = airs_mailbox_close(&mailbox);
    assert_true(airs_mailbox_closed(&mailbox));
    for (uint64_t expected = 2; expected <= 3; expected++) {
        airs_component_message_t *next = atomic_load(&rest->next);
        assert_int_equal(number_of(rest), expected);
        airs_component_message_destroy(rest);
        rest = next;
    }
    assert_null(rest);
    airs_component_message_t *late = make(4, 0);
    assert_int_equal(airs_mailbox_push(&mailbox, late), AIRS_PUSH_CLOSED);
    airs_component_message_destroy(late);
    assert_int_equal(airs_mailbox_signal(&mailbox, AIRS_SIGNAL_KILL), AIRS_PUSH_CLOSED);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    assert_false(airs_mailbox_claim(&mailbox));
}

static void waiters_are_told_when_there_is_room_worth_it(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 4, .bytes = 1000});
    for (uint64_t i = 0; i < 4; i++) {
        put(i);
    }
    assert_false(airs_mailbox_room(&mailbox, 0));
    atomic_fetch_add(&mailbox.room_waiters, 1);
    take();
    assert_false(airs_mailbox_settle(&mailbox));
    assert_true(airs_mailbox_room(&mailbox, 0));
    take();
    assert_true(airs_mailbox_settle(&mailbox));
    assert_false(airs_mailbox_room(&mailbox, 1000));
    (void)airs_mailbox_refuse(&mailbox);
    assert_true(airs_mailbox_room(&mailbox, 1000)); /* no use in waiting */
    take();
    take();
}

/* ---- a mailbox that drops its oldest ---- */

static void drop_oldest_of(uint32_t messages, uint64_t bytes) {
    airs_mailbox_init(
        &mailbox,
        (airs_mailbox_limits_t){.messages = messages, .policy = AIRS_MAILBOX_DROP_OLDEST, .bytes = bytes});
}

/* Put one in; the numbers of what had to go are returned as decimal digits. */
static uint64_t put_over(airs_component_message_t *message) {
    assert_ok(airs_mailbox_reserve(&mailbox, message->payload.size));
    airs_component_message_t *dropped = NULL;
    assert_int_not_equal(airs_mailbox_push_bounded(&mailbox, message, &dropped), AIRS_PUSH_CLOSED);
    uint64_t numbers = 0;
    while (dropped != NULL) {
        airs_component_message_t *next = atomic_load(&dropped->next);
        numbers = numbers * 10 + number_of(dropped);
        airs_component_message_destroy(dropped);
        dropped = next;
    }
    return numbers;
}

static void the_oldest_makes_room(void **state) {
    (void)state;
    drop_oldest_of(3, 1000);
    make_idle();
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(put_over(make(i, 1)), 0);
    }
    assert_int_equal(airs_mailbox_waiting(&mailbox), 3);
    assert_int_equal(put_over(make(4, 1)), 1);
    assert_int_equal(put_over(make(5, 1)), 2);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 3);
    assert_int_equal(airs_mailbox_received(&mailbox), 5);
    assert_int_equal(atomic_load(&mailbox.dropped), 2);
    assert_int_equal(atomic_load(&mailbox.refused), 0);
    assert_int_equal(take(), 3);
    assert_int_equal(put_over(make(6, 1)), 0); /* room comes back at once */
    assert_false(airs_mailbox_settle_due(&mailbox));
    assert_false(airs_mailbox_settle(&mailbox));
    assert_int_equal(take(), 4);
    assert_int_equal(take(), 5);
    assert_false(airs_mailbox_release_ownership(&mailbox));
    assert_int_equal(take(), 6);
    assert_null(airs_mailbox_take(&mailbox));
    assert_false(airs_mailbox_release_ownership(&mailbox)); /* the mark of what came: one more look */
    make_idle();
    assert_int_equal(airs_mailbox_received(&mailbox), 6);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
}

static airs_component_message_t *make_large(size_t size) {
    static const uint8_t zeroes[100];
    airs_message_parts_t parts = {
        .kind = AIRS_MESSAGE_PLAIN, .sender = sender, .payload = airs_bytes(zeroes, size)};
    airs_component_message_t *message = NULL;
    assert_ok(airs_component_message_create(pool, &parts, &message));
    message->cost_slots = 1;
    return message;
}

static void a_large_one_may_take_the_room_of_several(void **state) {
    (void)state;
    drop_oldest_of(100, 40);
    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(put_over(make(i, 1)), 0);
    }
    assert_int_equal(put_over(make_large(17)), 123);
    assert_int_equal(put_over(make_large(40)), 450);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 1);
    /* More than all of it: nothing goes. */
    assert_status(airs_mailbox_reserve(&mailbox, 41), AIRS_QUEUE_FULL);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 1);
    assert_int_equal(atomic_load(&mailbox.refused), 1);
    assert_int_equal(take(), 0);
}

static void what_is_exempt_is_never_dropped(void **state) {
    (void)state;
    drop_oldest_of(2, 1000);
    assert_int_equal(airs_mailbox_push(&mailbox, make(1, 0)), AIRS_PUSH_QUEUED);
    assert_int_equal(airs_mailbox_push(&mailbox, make(2, 0)), AIRS_PUSH_QUEUED);
    assert_int_equal(put_over(make(3, 1)), 0);
    assert_int_equal(put_over(make(4, 1)), 0);
    assert_int_equal(put_over(make(5, 1)), 3);
    assert_int_equal(airs_mailbox_push(&mailbox, make(6, 0)), AIRS_PUSH_QUEUED);
    assert_int_equal(put_over(make(7, 1)), 4);
    assert_int_equal(take(), 1);
    assert_int_equal(put_over(make(8, 1)), 5);
    assert_int_equal(take(), 2);
    assert_int_equal(take(), 6);
    assert_int_equal(put_over(make(9, 1)), 7);
    assert_int_equal(take(), 8);
    assert_int_equal(take(), 9);
    assert_null(airs_mailbox_take(&mailbox));
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    assert_int_equal(airs_mailbox_received(&mailbox), 9);
}

static void it_hands_over_many_and_closes_like_others(void **state) {
    (void)state;
    drop_oldest_of(5, 1000);
    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(put_over(make(i, 1)), 0);
    }
    airs_component_message_t *many = airs_mailbox_take_many(&mailbox, 2);
    assert_int_equal(number_of(many), 1);
    airs_component_message_t *second = atomic_load(&many->next);
    assert_int_equal(number_of(second), 2);
    assert_null(atomic_load(&second->next));
    airs_component_message_destroy(many);
    airs_component_message_destroy(second);
    assert_int_equal(airs_mailbox_signal(&mailbox, AIRS_SIGNAL_STOP), AIRS_PUSH_QUEUED);
    assert_int_equal(airs_mailbox_signals(&mailbox), AIRS_SIGNAL_STOP);
    /* A reservation that comes too late. */
    assert_ok(airs_mailbox_reserve(&mailbox, 8));
    airs_component_message_t *rest = airs_mailbox_close(&mailbox);
    assert_status(airs_mailbox_reserve(&mailbox, 8), AIRS_NOT_RUNNING);
    for (uint64_t i = 3; i <= 5; i++) {
        airs_component_message_t *next = atomic_load(&rest->next);
        assert_int_equal(number_of(rest), i);
        airs_component_message_destroy(rest);
        rest = next;
    }
    assert_null(rest);
    airs_component_message_t *late = make(6, 1);
    airs_component_message_t *dropped = NULL;
    assert_int_equal(airs_mailbox_push_bounded(&mailbox, late, &dropped), AIRS_PUSH_CLOSED);
    assert_null(dropped);
    airs_component_message_destroy(late);
    airs_mailbox_unreserve(&mailbox, 8);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    assert_int_equal(airs_mailbox_received(&mailbox), 5);
}

/* ---- with threads: an owner that runs until it is idle, and senders that claim ---- */

#define SENDERS 4
#define EACH 20000

static _Atomic uint64_t handled;
static _Atomic uint64_t dropped_by_senders;
static uint64_t next_of[SENDERS];
static atomic_int owners;

/* What a worker does; whoever claims is the worker here. */
static void run_owner(void) {
    AIRS_ASSERT(atomic_fetch_add(&owners, 1) == 0);
    for (;;) {
        airs_component_message_t *message = airs_mailbox_take(&mailbox);
        if (message == NULL) {
            (void)airs_mailbox_settle(&mailbox);
            atomic_fetch_sub(&owners, 1);
            if (airs_mailbox_release_ownership(&mailbox)) {
                return;
            }
            atomic_fetch_add(&owners, 1);
            airs_mailbox_clear_signals(&mailbox, AIRS_SIGNAL_STOP);
            continue;
        }
        uint64_t number = number_of(message);
        uint64_t expected = next_of[number / EACH];
        AIRS_ASSERT(mailbox.drops ? number % EACH >= expected : number % EACH == expected);
        next_of[number / EACH] = number % EACH + 1;
        airs_component_message_destroy(message);
        atomic_fetch_add(&handled, 1);
        if (airs_mailbox_settle_due(&mailbox)) {
            (void)airs_mailbox_settle(&mailbox);
        }
    }
}

static void *send_all(void *argument) {
    uint64_t first = (uint64_t)(uintptr_t)argument * EACH;
    for (uint64_t i = 0; i < EACH;) {
        if (airs_mailbox_reserve(&mailbox, sizeof i) != AIRS_OK) {
            (void)sched_yield();
            continue;
        }
        airs_component_message_t *dropped = NULL;
        if (airs_mailbox_push_bounded(&mailbox, make(first + i, 1), &dropped) == AIRS_PUSH_CLAIMED) {
            run_owner();
        }
        while (dropped != NULL) {
            airs_component_message_t *next = atomic_load(&dropped->next);
            airs_component_message_destroy(dropped);
            atomic_fetch_add(&dropped_by_senders, 1);
            dropped = next;
        }
        if (i % 1000 == 0 && airs_mailbox_signal(&mailbox, AIRS_SIGNAL_STOP) == AIRS_PUSH_CLAIMED) {
            run_owner();
        }
        i++;
    }
    return NULL;
}

static void send_from_threads(void) {
    atomic_store(&handled, 0);
    atomic_store(&dropped_by_senders, 0);
    memset(next_of, 0, sizeof next_of);
    make_idle();
    pthread_t threads[SENDERS];
    for (uintptr_t i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, (void *)i), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&handled) + atomic_load(&dropped_by_senders), SENDERS * EACH);
    assert_int_equal(atomic_load(&mailbox.dropped), atomic_load(&dropped_by_senders));
    assert_int_equal(airs_mailbox_received(&mailbox), SENDERS * EACH);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    assert_true(airs_mailbox_claim(&mailbox));
}

static void senders_keep_their_order_and_nothing_is_lost(void **state) {
    (void)state;
    send_from_threads();
    assert_int_equal(atomic_load(&dropped_by_senders), 0);
}

static void what_is_dropped_under_senders_is_accounted_for(void **state) {
    (void)state;
    drop_oldest_of(2, 1000);
    send_from_threads();
}

static void asking_again_counts_no_refusal(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 1, .bytes = 100});
    put(1);
    assert_status(airs_mailbox_try_reserve(&mailbox, 1), AIRS_QUEUE_FULL);
    assert_status(airs_mailbox_try_reserve(&mailbox, 101), AIRS_QUEUE_FULL);
    assert_int_equal(atomic_load(&mailbox.refused), 0);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 1);
    airs_mailbox_refuse(&mailbox);
    assert_status(airs_mailbox_try_reserve(&mailbox, 1), AIRS_NOT_RUNNING);
    take();
}

static void room_for_many_leaves_half(void **state) {
    (void)state;
    airs_mailbox_init(&mailbox, (airs_mailbox_limits_t){.messages = 10, .bytes = 100});
    assert_false(airs_mailbox_reserve_lot(&mailbox, 6, 6));
    assert_false(airs_mailbox_reserve_lot(&mailbox, 2, 51));
    assert_true(airs_mailbox_reserve_lot(&mailbox, 4, 40));
    assert_int_equal(airs_mailbox_waiting(&mailbox), 4);
    assert_false(airs_mailbox_reserve_lot(&mailbox, 2, 2));
    assert_false(airs_mailbox_reserve_lot(&mailbox, 1, 11));
    airs_mailbox_unreserve_lot(&mailbox, 3, 30);
    assert_true(airs_mailbox_reserve_lot(&mailbox, 4, 40));
    airs_mailbox_unreserve_lot(&mailbox, 5, 50);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    airs_mailbox_refuse(&mailbox);
    assert_false(airs_mailbox_reserve_lot(&mailbox, 1, 1));
    airs_mailbox_init(&mailbox,
                      (airs_mailbox_limits_t){.messages = 10, .bytes = 100, .policy = AIRS_MAILBOX_BLOCK});
    assert_false(airs_mailbox_reserve_lot(&mailbox, 2, 2));
}

static void a_chain_goes_in_whole(void **state) {
    (void)state;
    make_idle();
    assert_true(airs_mailbox_idle(&mailbox));
    assert_int_equal(put(1), AIRS_PUSH_CLAIMED);
    assert_false(airs_mailbox_idle(&mailbox));
    airs_component_message_t *chain[3];
    assert_true(airs_mailbox_reserve_lot(&mailbox, 3, 3 * sizeof(uint64_t)));
    for (uint64_t i = 0; i < 3; i++) {
        chain[i] = make(2 + i, 1);
        atomic_store(&chain[i]->next, i > 0 ? chain[i - 1] : NULL);
    }
    assert_int_equal(airs_mailbox_push_chain(&mailbox, chain[2], chain[0]), AIRS_PUSH_QUEUED);
    put(5);
    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(take(), i);
    }
    airs_mailbox_settle(&mailbox);
    assert_int_equal(airs_mailbox_waiting(&mailbox), 0);
    assert_null(airs_mailbox_close(&mailbox));
    chain[0] = make(6, 1);
    assert_int_equal(airs_mailbox_push_chain(&mailbox, chain[0], chain[0]), AIRS_PUSH_CLOSED);
    assert_ptr_equal(airs_mailbox_in_order(chain[0]), chain[0]);
    airs_component_message_destroy(chain[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hands_over_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hands_over_many_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_bounded_in_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_bounded_in_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_largest_bounds_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_comes_back_in_lots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(callbacks_cost_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(control_comes_first_and_claims, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals_and_messages_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_gives_back_what_is_left_and_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiters_are_told_when_there_is_room_worth_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_one_may_take_the_room_of_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_exempt_is_never_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_hands_over_many_and_closes_like_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_again_counts_no_refusal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_for_many_leaves_half, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chain_goes_in_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_dropped_under_senders_is_accounted_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(senders_keep_their_order_and_nothing_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
