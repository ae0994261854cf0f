#include "actor_fixture.h"

#include <stdlib.h>
#include <time.h>

#include "core/check.h"

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

/* ---- an actor that is told what timers to start and to cancel ---- */

#define TIMERS 8

typedef struct sleeper {
    probe_t probe;
    airs_timer_id_t ids[TIMERS];
    unsigned started;
    uint64_t last_timer; /* whose message came last */
    uint64_t last_sent;
    airs_status_t status; /* of the last start */
    bool cancelled;       /* the last cancel's answer */
} sleeper_t;

/* "after MS payload", "every MS payload", "cancel N"; all else is a timer's message, or is ignored. */
static airs_status_t obey(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    sleeper_t *self = (sleeper_t *)probe;
    char text[128] = "";
    memcpy(text, incoming->payload.data, incoming->payload.size);
    AIRS_ASSERT(incoming->kind == AIRS_INCOMING_MESSAGE);
    self->last_timer = incoming->timer_id;
    self->last_sent = incoming->timestamp_ns;
    char *rest = strchr(text, ' ');
    if (incoming->timer_id != 0 || rest == NULL) {
        return AIRS_OK;
    }
    uint64_t number = strtoull(rest, &rest, 10);
    if (text[0] == 'c') {
        self->cancelled = airs_actor_cancel_timer(context, self->ids[number]);
        return AIRS_OK;
    }
    airs_bytes_t payload = airs_bytes(rest + 1, strlen(rest + 1));
    airs_timer_id_t *id = self->started < TIMERS ? &self->ids[self->started] : NULL;
    self->status = text[0] == 'a' ? airs_actor_send_after(context, number, payload, id)
                                  : airs_actor_send_every(context, number, payload, id);
    self->started += self->status == AIRS_OK;
    return AIRS_OK;
}

static void open_sleeper(sleeper_t *self, const airs_actor_spec_t *spec) {
    memset(self, 0, sizeof *self);
    probe_init(&self->probe);
    self->probe.then = obey;
    probe_spawn(&fixture, &self->probe, "t/s/0", spec);
}

static void tell(const char *text) {
    assert_ok(actor_fixture_send(&fixture, "t/s/0", text));
    actor_fixture_run(&fixture);
}

static void close_sleeper(sleeper_t *self) {
    assert_ok(actor_fixture_stop(&fixture, "t/s/0", AIRS_STOP_DRAIN));
    probe_free(&self->probe);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

/* What came since the last call. */
static const char *heard(sleeper_t *self) {
    static char text[PROBE_TEXT];
    memcpy(text, self->probe.heard, sizeof text);
    self->probe.heard[0] = '\0';
    return text;
}

/* ---- once ---- */

static void one_comes_when_it_is_due(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("after 10 ten");
    tell("after 5 five");
    tell("after 0 now");
    assert_true(self.ids[0] != 0 && self.ids[0] != self.ids[1]);
    (void)heard(&self);
    assert_ok(airs_actor_system_drain(fixture.system, 0)); /* they are armed, and all is quiet */
    actor_fixture_pass(&fixture, 0);
    assert_string_equal(heard(&self), "m:now");
    assert_int_equal(self.last_timer, self.ids[2]);
    actor_fixture_pass(&fixture, 5 * MS - 1);
    assert_string_equal(heard(&self), "");
    actor_fixture_pass(&fixture, 1);
    assert_string_equal(heard(&self), "m:five");
    assert_string_equal(self.probe.last_sender, "t/s/0");
    assert_int_equal(self.last_sent, airs_clock_wall(&fixture.clock.clock));
    actor_fixture_pass(&fixture, 5 * MS);
    assert_string_equal(heard(&self), "m:ten");
    assert_int_equal(self.last_timer, self.ids[0]);
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_string_equal(heard(&self), "");
    tell("cancel 0");
    assert_false(self.cancelled);
    close_sleeper(&self);
}

static void a_cancelled_one_does_not_come(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("after 10 ten");
    tell("cancel 0");
    assert_true(self.cancelled);
    tell("cancel 0");
    assert_false(self.cancelled);
    tell("cancel 7"); /* id 0 */
    assert_false(self.cancelled);
    (void)heard(&self);
    actor_fixture_pass(&fixture, 1000 * MS);
    assert_string_equal(heard(&self), "");
    close_sleeper(&self);
}

/* Moves the clock without letting anybody run. */
static void stall(uint64_t nanoseconds) {
    airs_fake_clock_advance(&fixture.clock, nanoseconds);
    (void)airs_actor_system_advance(fixture.system);
}

static void one_that_has_fired_comes_all_the_same(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("after 10 ten");
    assert_ok(actor_fixture_send(&fixture, "t/s/0", "cancel 0"));
    (void)heard(&self);
    stall(10 * MS);
    actor_fixture_run(&fixture);
    assert_false(self.cancelled);
    assert_string_equal(heard(&self), "m:cancel 0 m:ten");
    close_sleeper(&self);
}

static void the_end_of_time_never_comes(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("after 18446744073709551615 never");
    tell("every 18446744073709551615 never");
    tell("after 9007199254740993 never");
    assert_ok(self.status);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
    (void)heard(&self);
    actor_fixture_pass(&fixture, UINT64_C(1) << 60);
    assert_string_equal(heard(&self), "");
    tell("cancel 0");
    assert_true(self.cancelled);
    tell("cancel 1");
    assert_true(self.cancelled);
    close_sleeper(&self); /* with the third */
}

/* ---- repeating ---- */

static void one_that_repeats_does_not_drift(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("every 10 tick");
    (void)heard(&self);
    for (unsigned i = 0; i < 5; i++) {
        actor_fixture_pass(&fixture, 10 * MS - 1);
        assert_string_equal(heard(&self), "");
        actor_fixture_pass(&fixture, 1);
        assert_string_equal(heard(&self), "m:tick");
        assert_int_equal(self.last_timer, self.ids[0]);
    }
    /* Late by three: the next one is at the tenth again. */
    actor_fixture_pass(&fixture, 13 * MS);
    assert_string_equal(heard(&self), "m:tick");
    actor_fixture_pass(&fixture, 7 * MS - 1);
    assert_string_equal(heard(&self), "");
    actor_fixture_pass(&fixture, 1);
    assert_string_equal(heard(&self), "m:tick");
    tell("cancel 0");
    assert_true(self.cancelled);
    (void)heard(&self);
    actor_fixture_pass(&fixture, 100 * MS);
    assert_string_equal(heard(&self), "");
    close_sleeper(&self);
}

static void what_falls_due_while_one_waits_coalesces(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("every 10 tick");
    (void)heard(&self);
    for (unsigned i = 0; i < 10; i++) {
        stall(10 * MS);
    }
    stall(5 * MS);
    actor_fixture_run(&fixture);
    assert_string_equal(heard(&self), "m:tick");
    actor_fixture_pass(&fixture, 5 * MS - 1);
    assert_string_equal(heard(&self), "");
    actor_fixture_pass(&fixture, 1);
    assert_string_equal(heard(&self), "m:tick");
    actor_fixture_pass(&fixture, 10 * MS);
    assert_string_equal(heard(&self), "m:tick");
    close_sleeper(&self);
}

static void a_cancelled_ones_waiting_message_is_discarded(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("every 10 tick");
    assert_ok(actor_fixture_send(&fixture, "t/s/0", "cancel 0"));
    (void)heard(&self);
    stall(10 * MS);
    actor_fixture_run(&fixture);
    assert_true(self.cancelled);
    assert_string_equal(heard(&self), "m:cancel 0");
    assert_int_equal(actor_fixture_counters(&fixture, "t/s/0").dropped, 1);
    actor_fixture_pass(&fixture, 100 * MS);
    assert_string_equal(heard(&self), "");
    close_sleeper(&self);
}

/* ---- limits ---- */

static bool take_timers(void *context, const airs_actor_info_t *info) {
    *(uint64_t *)context = info->timers;
    return true;
}

static void they_are_limited(void **state) {
    (void)state;
    sleeper_t self;
    airs_actor_spec_t spec = {.max_timers = 2, .max_message_bytes = 20, .mailbox_messages = 1};
    open_sleeper(&self, &spec);
    tell("after 10 one");
    tell("every 10 two");
    tell("after 10 three");
    assert_status(self.status, AIRS_QUOTA_EXCEEDED);
    uint64_t listed = 0;
    airs_actor_system_list(fixture.system, take_timers, &listed);
    assert_int_equal(listed, 2);
    tell("cancel 1");
    tell("after 10 three");
    assert_ok(self.status);
    tell("every 0 never");
    assert_status(self.status, AIRS_INVALID_ARGUMENT);
    /* A full mailbox does not keep them out. */
    assert_ok(actor_fixture_send(&fixture, "t/s/0", "x"));
    assert_status(actor_fixture_send(&fixture, "t/s/0", "x"), AIRS_QUEUE_FULL);
    (void)heard(&self);
    stall(10 * MS);
    actor_fixture_run(&fixture);
    assert_string_equal(heard(&self), "m:x m:one m:three");
    assert_int_equal(actor_fixture_counters(&fixture, "t/s/0").received, 9);
    close_sleeper(&self);
}

/* Fires and cancels in one call, again and again, as one might that wants to fill the node's memory: what waits
 * in its mailbox is exempt from the bounds there. */
static airs_status_t hoard(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    unsigned *started = probe->user;
    airs_timer_id_t id = 0;
    AIRS_ASSERT(incoming->timer_id == 0);
    for (unsigned i = 0; i < 100 && airs_actor_send_every(context, 1, airs_bytes("much", 4), &id) == AIRS_OK;
         i++) {
        ++*started;
        stall(1 * MS);
        AIRS_ASSERT(airs_actor_cancel_timer(context, id));
        AIRS_ASSERT(!airs_actor_cancel_timer(context, id));
    }
    return AIRS_OK;
}

static void a_cancelled_one_counts_as_long_as_its_message_waits(void **state) {
    (void)state;
    sleeper_t self;
    unsigned started = 0;
    uint64_t listed = 0;
    airs_actor_spec_t spec = {.max_timers = 2};
    open_sleeper(&self, &spec);
    self.probe.then = hoard;
    self.probe.user = &started;
    assert_ok(actor_fixture_send(&fixture, "t/s/0", "go"));
    assert_true(airs_actor_system_step(fixture.system));
    assert_int_equal(started, 2);
    actor_fixture_run(&fixture);
    airs_actor_system_list(fixture.system, take_timers, &listed);
    assert_int_equal(listed, 0);
    assert_int_equal(actor_fixture_counters(&fixture, "t/s/0").dropped, 2);
    tell("again");
    assert_int_equal(started, 4);
    close_sleeper(&self);
}

/* As guests are told. */
static airs_scripted_next_t try_all(airs_scripted_call_t *call) {
    airs_message_router_t *router = call->host->router;
    airs_actor_t *self = call->host->self;
    airs_error_t error;
    uint64_t id = 0;
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (call->message->kind == AIRS_MESSAGE_TIMER) {
        assert_true(airs_scripted_payload_is(call, "four"));
        return airs_scripted_error(call, "runtime-error: no");
    }
    assert_status(router->ops->start_timer(router, self, 1, 0, airs_bytes("five!", 5), &id, &error),
                  AIRS_MESSAGE_TOO_LARGE);
    assert_string_equal(error.text, "5 bytes, and t/s/0 takes 4 at most");
    assert_ok(router->ops->start_timer(router, self, 1, 0, airs_bytes("four", 4), &id, &error));
    assert_status(router->ops->start_timer(router, self, 1, 1, airs_bytes(NULL, 0), &id, &error),
                  AIRS_QUOTA_EXCEEDED);
    assert_string_equal(error.text, "t/s/0 has 1 timers, which is its limit (max-timers)");
    return airs_scripted_ok(call);
}

static bool is_timers(void *context, const airs_dead_letter_t *letter) {
    *(bool *)context = letter->reason == AIRS_DEAD_LETTER_HANDLER_ERROR &&
                       strcmp(letter->kind, "timer") == 0 && letter->payload.size == 4;
    return true;
}

static void a_guests_error_makes_a_dead_letter(void **state) {
    (void)state;
    bool seen = false;
    airs_actor_spec_t spec = {.max_message_bytes = 4, .max_timers = 1};
    airs_component_handle_t component = actor_fixture_add(&fixture, try_all, NULL);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/s/0"), &spec, NULL));
    tell("go");
    actor_fixture_pass(&fixture, 1 * MS);
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), is_timers, &seen);
    assert_true(seen);
}

/* ---- ends ---- */

static void an_ended_actors_timers_do_not_fire(void **state) {
    (void)state;
    sleeper_t self;
    sleeper_t second;
    open_sleeper(&self, NULL);
    tell("after 10 one");
    tell("every 10 two");
    close_sleeper(&self);
    open_sleeper(&second, NULL);
    actor_fixture_pass(&fixture, 100 * MS);
    assert_string_equal(heard(&second), "");
    close_sleeper(&second);
}

static void waiting_messages_end_with_it(void **state) {
    (void)state;
    sleeper_t self;
    open_sleeper(&self, NULL);
    tell("after 10 one");
    tell("every 10 two");
    tell("after 20 three");
    stall(10 * MS);
    assert_ok(actor_fixture_stop(&fixture, "t/s/0", AIRS_STOP_DROP));
    probe_free(&self.probe);
    assert_int_equal(actor_fixture_totals(&fixture).dropped, 2);
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 0);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

/* Timer messages and others wait behind the one it crashes on: those are dead letters, these are dropped. */
static airs_status_t crash(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    if (incoming->payload.size == 0) {
        return AIRS_IO;
    }
    (void)airs_actor_send_after(context, 0, airs_bytes("t", 1), NULL);
    return airs_actor_send_every(context, 1, airs_bytes("e", 1), NULL);
}

static void a_crash_ends_them(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe.then = crash;
    probe_spawn(&fixture, &probe, "t/s/0", NULL);
    tell("go");
    assert_ok(actor_fixture_send(&fixture, "t/s/0", ""));
    assert_ok(actor_fixture_send(&fixture, "t/s/0", "rest"));
    stall(1 * MS);
    actor_fixture_run(&fixture);
    assert_true(probe.destroyed);
    probe_free(&probe);
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 2);
    assert_int_equal(actor_fixture_totals(&fixture).dropped, 2);
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

/* ---- with threads: firing, cancelling and ends at once ---- */

#define RACERS 6
#define LIVES 60
#define ROUNDS 200

typedef struct racer {
    airs_timer_id_t once;
    airs_timer_id_t ticking;
    bool awaited; /* `once` was not cancelled: it comes */
    unsigned rounds;
    unsigned ticks;
} racer_t;

static airs_status_t next_round(airs_actor_context_t *context, racer_t *self) {
    AIRS_ASSERT(airs_actor_send_after(context, self->rounds % 2, airs_bytes("o", 1), &self->once) == AIRS_OK);
    self->awaited = true;
    if (self->rounds % 3 == 0) {
        self->awaited = !airs_actor_cancel_timer(context, self->once);
    }
    if (self->rounds % 5 == 0) {
        AIRS_ASSERT(airs_actor_cancel_timer(context, self->ticking) == (self->ticking != 0));
        AIRS_ASSERT(airs_actor_send_every(context, 1, airs_bytes("e", 1), &self->ticking) == AIRS_OK);
    }
    self->rounds++;
    if (!self->awaited) {
        airs_status_t status = airs_actor_send(context, airs_actor_self(context), airs_bytes("again", 5));
        AIRS_ASSERT(status == AIRS_OK || status == AIRS_NOT_RUNNING);
    }
    return AIRS_OK;
}

static airs_status_t race(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    racer_t *self = state;
    if (incoming->timer_id != 0 && incoming->timer_id == self->ticking) {
        self->ticks++;
        return AIRS_OK;
    }
    if (incoming->timer_id != 0) {
        /* Nothing that was cancelled comes. */
        AIRS_ASSERT(incoming->timer_id == self->once && self->awaited);
    }
    if (self->rounds == ROUNDS) {
        return AIRS_OK;
    }
    return next_round(context, self);
}

static void *live_and_die(void *argument) {
    static const airs_native_t native = {.size = sizeof native, .handle = race};
    char instance[16];
    (void)snprintf(instance, sizeof instance, "%u", (unsigned)(uintptr_t)argument);
    airs_id_t id = airs_id("t", "r", instance);
    for (unsigned i = 0; i < LIVES; i++) {
        racer_t racer = {0};
        /* Some drop their oldest messages: a mailbox of another kind. */
        airs_actor_spec_t spec = {.mailbox_policy = i % 2 == 0 ? AIRS_MAILBOX_REJECT
                                                               : AIRS_MAILBOX_DROP_OLDEST};
        AIRS_ASSERT(airs_actor_system_spawn_native(fixture.system, &native, &racer, id, &spec, NULL) ==
                    AIRS_OK);
        AIRS_ASSERT(airs_actor_system_send(fixture.system, id, airs_bytes("go", 2), airs_str(NULL), NULL) ==
                    AIRS_OK);
        struct timespec pause = {.tv_nsec = (long)(i % 7) * 500000};
        (void)nanosleep(&pause, NULL);
        AIRS_ASSERT(airs_actor_system_stop(fixture.system, id, i % 3 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP,
                                           PATIENCE_MS, NULL) == AIRS_OK);
    }
    return NULL;
}

static void they_race_with_their_ends(void **state) {
    (void)state;
    pthread_t threads[RACERS];
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, live_and_die, (void *)i), 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 0);
}

int main(void) {
#define STEPPED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STEPPED(one_comes_when_it_is_due),
        STEPPED(a_cancelled_one_does_not_come),
        STEPPED(one_that_has_fired_comes_all_the_same),
        STEPPED(the_end_of_time_never_comes),
        STEPPED(one_that_repeats_does_not_drift),
        STEPPED(what_falls_due_while_one_waits_coalesces),
        STEPPED(a_cancelled_ones_waiting_message_is_discarded),
        STEPPED(they_are_limited),
        STEPPED(a_cancelled_one_counts_as_long_as_its_message_waits),
        STEPPED(a_guests_error_makes_a_dead_letter),
        STEPPED(an_ended_actors_timers_do_not_fire),
        STEPPED(waiting_messages_end_with_it),
        STEPPED(a_crash_ends_them),
        cmocka_unit_test_setup_teardown(they_race_with_their_ends, set_up_threads, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
