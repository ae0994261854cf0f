/* Messages in batches: what comes of them must be what comes of the same messages one by one. Each scene is played both
 * ways and tells what happened; there is one right answer for both. */
#include "actor_fixture.h"

#include "actor/mailbox.h"

static actor_fixture_t fixture;
static probe_t probe;
static probe_t other;
static airs_actor_spec_t other_spec;
static char told[4096];

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...) {
    size_t used = strlen(told);
    va_list arguments;
    if (used > 0) {
        told[used++] = ' ';
    }
    va_start(arguments, format);
    (void)vsnprintf(told + used, sizeof told - used, format, arguments);
    va_end(arguments);
}

/* ---- a guest that does what its messages say ---- */

#define ACTOR "t/a/0"

static airs_status_t answer_later(airs_scripted_call_t *call, bool answers) {
    static airs_correlation_id_t id;
    const airs_host_t *host = call->host;
    return answers ? host->router->ops->reply(host->router, host->self, &id, airs_bytes("late", 4),
                                              airs_str(NULL), call->error)
                   : host->router->ops->defer_reply(host->router, host->self, &id, call->error);
}

static airs_status_t timer(airs_scripted_call_t *call, bool starts) {
    static uint64_t id;
    const airs_host_t *host = call->host;
    if (!starts) {
        tell("cancelled=%d", host->router->ops->cancel_timer(host->router, host->self, id));
        return AIRS_OK;
    }
    return host->router->ops->start_timer(host->router, host->self, 1, 0, airs_bytes("tick", 4), &id,
                                          call->error);
}

static airs_status_t leave(airs_scripted_call_t *call) {
    const airs_host_t *host = call->host;
    airs_exit_reason_t reason = {.kind = AIRS_REASON_NORMAL, .text = ""};
    return host->router->ops->exit(host->router, host->self, &reason);
}

static airs_scripted_next_t handle(airs_scripted_call_t *call) {
    char text[64] = "";
    memcpy(text, call->message->payload.data,
           call->message->payload.size < sizeof text ? call->message->payload.size : sizeof text - 1);
    if (call->round == 0) {
        tell("%s", call->message->kind == AIRS_MESSAGE_FAILURE ? "failure" : text);
    }
    if (strcmp(text, "error") == 0) {
        return airs_scripted_error(call, "runtime-error: no");
    }
    if (strcmp(text, "trap") == 0) {
        return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
    }
    if (strcmp(text, "wait") == 0) {
        return call->round == 0 ? airs_scripted_wait(call) : airs_scripted_ok(call);
    }
    if (strcmp(text, "slice") == 0) {
        return call->round == 0 ? airs_scripted_yield(call) : airs_scripted_ok(call);
    }
    airs_status_t status = AIRS_OK;
    if (strcmp(text, "exit") == 0) {
        status = leave(call);
    } else if (strcmp(text, "defer") == 0 || strcmp(text, "answer") == 0) {
        status = answer_later(call, text[0] == 'a');
    } else if (strcmp(text, "arm") == 0 || strcmp(text, "cancel") == 0) {
        status = timer(call, text[0] == 'a');
    } else if (strcmp(text, "say") == 0) {
        status = airs_scripted_send(call, "t/probe/0", "said");
    } else if (strncmp(text, "tell ", 5) == 0) {
        /* "tell N": to the Nth of two. */
        status = airs_scripted_send(call, text[5] == '0' ? "t/probe/0" : "t/probe/1", text + 5);
        if (status == AIRS_QUEUE_FULL) {
            tell("full");
            status = AIRS_OK;
        }
    } else if (strcmp(text, "ask") == 0 || strcmp(text, "ask me") == 0) {
        status = airs_scripted_request(call, text[3] == ' ' ? ACTOR : "t/probe/0", "asked", 1000, NULL);
    }
    assert_ok(status);
    return airs_scripted_respond(call, "well");
}

static airs_scripted_next_t guest(airs_scripted_call_t *call) {
    bool is_message = call->kind == AIRS_CALL_HANDLE_MESSAGE || call->kind == AIRS_CALL_HANDLE_CALLBACK;
    return is_message ? handle(call) : airs_scripted_ok(call);
}

/* ---- scenes ---- */

/* What there is to see in the end. */
static bool tell_letter(void *context, const airs_dead_letter_t *letter) {
    (void)context;
    tell("%s(%.*s)", airs_dead_letter_reason_text(letter->reason), (int)letter->payload.size,
         (const char *)letter->payload.data);
    return true;
}

static void tell_end(void) {
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), tell_letter, NULL);
    tell("| handled %llu letters %llu dropped %llu", (unsigned long long)totals.messages,
         (unsigned long long)totals.dead_letters, (unsigned long long)totals.dropped);
}

static void spawn(const airs_actor_spec_t *spec) {
    airs_component_handle_t component = actor_fixture_add(&fixture, guest, NULL);
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of(ACTOR), spec, NULL));
}

/* All of these wait when the actor has its turn. */
static void send_all(const char *words) {
    char text[256];
    (void)snprintf(text, sizeof text, "%s", words);
    char *rest = NULL;
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        assert_ok(actor_fixture_send(&fixture, ACTOR, word));
    }
}

typedef void scene_t(void);

/* Both ways; of the messages at least so many come in batches the second time. */
static void play(scene_t *scene, uint64_t batched, const char *expected) {
    for (int way = 0; way < 2; way++) {
        actor_fixture_open_frozen(&fixture, 1);
        fixture.engine.batches = way == 1;
        probe_init(&probe);
        probe_init(&other);
        probe_spawn(&fixture, &probe, "t/probe/0", NULL);
        probe_spawn(&fixture, &other, "t/probe/1", &other_spec);
        told[0] = '\0';
        scene();
        tell_end();
        assert_string_equal(told, expected);
        uint64_t came = atomic_load(&fixture.engine.batched);
        assert_true(way == 0 ? came == 0 : came >= batched);
        actor_fixture_close(&fixture);
        probe_free(&probe);
        probe_free(&other);
    }
}

static void all_are_handled_scene(void) {
    spawn(NULL);
    send_all("a,b,c,d,e");
    actor_fixture_run(&fixture);
}

static void all_are_handled(void **state) {
    (void)state;
    play(all_are_handled_scene, 5, "a b c d e | handled 5 letters 0 dropped 0");
}

static void one_call_is_enough(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    fixture.engine.batches = true;
    spawn(NULL);
    uint64_t before = atomic_load(&fixture.engine.calls);
    send_all("a,b,c,d,e");
    actor_fixture_run(&fixture);
    assert_int_equal(atomic_load(&fixture.engine.calls) - before, 1);
    /* One that waits alone is no batch. */
    send_all("f");
    actor_fixture_run(&fixture);
    assert_int_equal(atomic_load(&fixture.engine.calls) - before, 2);
    assert_int_equal(atomic_load(&fixture.engine.batched), 5);
    actor_fixture_close(&fixture);
}

static void a_trap_scene(void) {
    spawn(NULL);
    send_all("a,b,trap,c,d");
    actor_fixture_run(&fixture);
}

/* Nobody restarts it, so what waited is dead with it. */
static void a_trap_names_the_one_in_hand(void **state) {
    (void)state;
    play(a_trap_scene, 3,
         "a b trap crashed(trap) receiver-ended(c) receiver-ended(d) | handled 2 letters 3 dropped 0");
}

static void errors_scene(void) {
    spawn(NULL);
    send_all("a,error,b,error");
    actor_fixture_run(&fixture);
    tell("errors=%llu", (unsigned long long)actor_fixture_counters(&fixture, ACTOR).errors);
}

static void an_error_is_that_of_its_message(void **state) {
    (void)state;
    play(
        errors_scene, 4,
        "a error b error errors=2 handler-error(error) handler-error(error) | handled 4 letters 0 dropped 0");
}

/* Parked in the middle, then ended. */
static void killed_scene(void) {
    spawn(NULL);
    send_all("a,wait,b,c");
    actor_fixture_run(&fixture);
    tell("queued=%llu", (unsigned long long)actor_fixture_counters(&fixture, ACTOR).queued);
    assert_ok(actor_fixture_stop(&fixture, ACTOR, AIRS_STOP_KILL));
}

static void a_kill_in_the_middle_drops_the_rest(void **state) {
    (void)state;
    play(killed_scene, 2, "a wait queued=2 | handled 1 letters 0 dropped 3");
}

static void parked_too_long_scene(void) {
    spawn(NULL);
    send_all("a,wait,b");
    actor_fixture_run(&fixture);
    actor_fixture_pass(&fixture, 61000 * MS);
}

static void one_that_is_parked_for_too_long_is_a_dead_letter(void **state) {
    (void)state;
    play(parked_too_long_scene, 2, "a wait crashed(wait) receiver-ended(b) | handled 1 letters 2 dropped 0");
}

static void parked_twice_scene(void) {
    spawn(NULL);
    send_all("wait,wait,b");
    actor_fixture_run(&fixture);
    for (int i = 0; i < 2; i++) {
        actor_fixture_pass(&fixture, 40000 * MS);
        airs_scripted_engine_release(&fixture.engine, ACTOR);
        actor_fixture_run(&fixture);
    }
}

/* A minute is what each message has for itself. */
static void each_message_may_be_parked_as_long(void **state) {
    (void)state;
    play(parked_twice_scene, 3, "wait wait b | handled 3 letters 0 dropped 0");
}

static airs_status_t have_stopped(airs_actor_context_t *context, probe_t *self,
                                  const airs_incoming_t *incoming) {
    (void)self, (void)incoming;
    return airs_actor_stop_other(context, id_of(ACTOR), AIRS_STOP_DROP);
}

static void stopped_scene(void) {
    probe.then = have_stopped;
    spawn(NULL);
    send_all("a,wait,b,c");
    actor_fixture_run(&fixture);
    assert_ok(actor_fixture_send(&fixture, "t/probe/0", "stop it"));
    actor_fixture_run(&fixture);
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
}

static void a_stop_comes_before_the_next_message(void **state) {
    (void)state;
    play(stopped_scene, 2, "a wait | handled 3 letters 0 dropped 2");
}

static void drained_scene(void) {
    spawn(NULL);
    send_all("a,b,c");
    assert_ok(actor_fixture_stop(&fixture, ACTOR, AIRS_STOP_DRAIN));
}

static void a_drain_stands_in_line(void **state) {
    (void)state;
    play(drained_scene, 3, "a b c | handled 3 letters 0 dropped 0");
}

static void exit_scene(void) {
    spawn(NULL);
    send_all("a,exit,b,c");
    actor_fixture_run(&fixture);
}

static void an_exit_ends_it_after_the_message_in_hand(void **state) {
    (void)state;
    play(exit_scene, 2, "a exit receiver-ended(b) receiver-ended(c) | handled 2 letters 2 dropped 0");
}

static void timers_scene(void) {
    spawn(NULL);
    send_all("arm");
    actor_fixture_run(&fixture);
    send_all("wait,a,cancel,b");
    actor_fixture_run(&fixture);
    actor_fixture_pass(&fixture, 5 * MS);
    send_all("c");
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
}

/* It was due and waits behind the one that cancels it. */
static void a_timer_can_be_cancelled_until_its_turn(void **state) {
    (void)state;
    play(timers_scene, 4, "arm wait a cancel cancelled=0 b tick c | handled 7 letters 0 dropped 0");
}

static airs_status_t ask(airs_actor_context_t *context, probe_t *self, const airs_incoming_t *incoming) {
    (void)self;
    return incoming->kind == AIRS_INCOMING_MESSAGE
               ? airs_actor_request(context, id_of(ACTOR), incoming->payload, 1000, NULL)
               : AIRS_OK;
}

static void have_asked(const char *words) {
    char text[256];
    (void)snprintf(text, sizeof text, "%s", words);
    char *rest = NULL;
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        assert_ok(actor_fixture_send(&fixture, "t/probe/0", word));
    }
}

/* Its requests wait while it is parked, so that they come together. */
static void ask_all(const char *words, airs_status_t (*then)(airs_actor_context_t *context, probe_t *self,
                                                             const airs_incoming_t *incoming)) {
    probe.then = then;
    spawn(NULL);
    send_all("wait");
    actor_fixture_run(&fixture);
    have_asked(words);
    actor_fixture_run(&fixture);
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
}

/* The answers, without what it was told to ask. */
static void tell_heard(void) {
    for (const char *at = probe.heard; at != NULL && *at != '\0'; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (*at != 'm') {
            int size = (int)strcspn(at, at[0] == 'f' ? "," : " ");
            tell("%.*s", size, at);
            at += *at == 'f' ? strcspn(at, "}") : 0;
        }
    }
}

static void requests_scene(void) {
    ask_all("one,error,defer,two,answer", ask);
    tell_heard();
    airs_request_counters_t counters;
    airs_actor_system_requests(fixture.system, &counters);
    tell("pending=%llu", (unsigned long long)counters.pending);
}

static void requests_are_answered(void **state) {
    (void)state;
    play(requests_scene, 5,
         "wait one error defer two answer r:well f:{\"error\":\"handle-message-failed\" r:well r:late r:well "
         "pending=0 "
         "| handled 16 letters 0 dropped 0");
}

static void request_trap_scene(void) {
    ask_all("one,defer,trap,two", ask);
    tell_heard();
}

static void a_trap_fails_what_is_in_hand_and_owed(void **state) {
    (void)state;
    play(request_trap_scene, 3,
         "wait one defer trap r:well f:{\"error\":\"trap\" f:{\"error\":\"trap\" f:{\"error\":\"stopped\" "
         "crashed(trap) "
         "receiver-ended(two) | handled 11 letters 2 dropped 0");
}

static void callbacks_scene(void) {
    probe.response = "answered";
    spawn(NULL);
    send_all("ask,ask,wait,a");
    actor_fixture_run(&fixture);
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
}

static void ends_of_requests_come_in_batches(void **state) {
    (void)state;
    play(callbacks_scene, 4, "ask ask wait a answered answered | handled 8 letters 0 dropped 0");
}

static void callback_trap_scene(void) {
    probe.response = "answered";
    spawn(NULL);
    send_all("ask,ask,wait,trap");
    actor_fixture_run(&fixture);
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
    airs_request_counters_t counters;
    airs_actor_system_requests(fixture.system, &counters);
    tell("pending=%llu", (unsigned long long)counters.pending);
}

static void ends_that_were_not_come_to_are_dropped_with_it(void **state) {
    (void)state;
    play(callback_trap_scene, 4, "ask ask wait trap pending=0 crashed(trap) | handled 5 letters 1 dropped 2");
}

static void bound_scene(void) {
    airs_actor_spec_t spec = {.mailbox_messages = 4};
    spawn(&spec);
    send_all("wait,a,b,c");
    actor_fixture_run(&fixture);
    /* The one in hand has left its place; the others have not. */
    assert_ok(actor_fixture_send(&fixture, ACTOR, "d"));
    assert_status(actor_fixture_send(&fixture, ACTOR, "e"), AIRS_QUEUE_FULL);
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, ACTOR);
    tell("received=%llu queued=%llu", (unsigned long long)counters.received,
         (unsigned long long)counters.queued);
}

static void what_waits_in_a_batch_takes_its_room(void **state) {
    (void)state;
    play(bound_scene, 4, "wait a b c d received=5 queued=0 | handled 5 letters 0 dropped 0");
}

static void oldest_scene(void) {
    airs_actor_spec_t spec = {.mailbox_messages = 2, .mailbox_policy = AIRS_MAILBOX_DROP_OLDEST};
    spawn(&spec);
    send_all("wait,a,b");
    actor_fixture_run(&fixture);
    send_all("c");
    airs_scripted_engine_release(&fixture.engine, ACTOR);
    actor_fixture_run(&fixture);
}

static void what_may_be_dropped_comes_alone(void **state) {
    (void)state;
    play(oldest_scene, 0, "a b c dropped-oldest(wait) | handled 3 letters 1 dropped 0");
}

static void content_scene(void) {
    spawn(NULL);
    send_all("a,b");
    assert_ok(airs_actor_system_send(fixture.system, id_of(ACTOR), airs_bytes("typed", 5),
                                     airs_str("text/plain"), NULL));
    send_all("c,d");
    actor_fixture_run(&fixture);
}

static void what_an_item_cannot_say_comes_alone_and_in_order(void **state) {
    (void)state;
    play(content_scene, 4, "a b typed c d | handled 5 letters 0 dropped 0");
}

static void large_scene(void) {
    static const uint8_t large[5000] = "large";
    spawn(NULL);
    send_all("a,b");
    assert_ok(airs_actor_system_send(fixture.system, id_of(ACTOR), airs_bytes(large, sizeof large),
                                     airs_str(NULL), NULL));
    send_all("c,d");
    actor_fixture_run(&fixture);
}

static void a_large_one_comes_alone_and_in_order(void **state) {
    (void)state;
    play(large_scene, 4, "a b large c d | handled 5 letters 0 dropped 0");
}

static void sends_scene(void) {
    spawn(NULL);
    send_all("say,say,trap,say");
    actor_fixture_run(&fixture);
    tell("heard %llu", (unsigned long long)probe_count(&probe));
}

static void what_was_sent_before_a_trap_stays_sent(void **state) {
    (void)state;
    play(sends_scene, 3,
         "say say trap heard 2 crashed(trap) receiver-ended(say) | handled 4 letters 2 dropped 0");
}

static void tell_what_probes_heard(void) {
    tell("[%s]", probe.heard);
    tell("[%s]", other.heard);
}

static void order_scene(void) {
    spawn(NULL);
    send_all("tell 0a,tell 0b,tell 0c,ask,tell 0d,tell 1e,tell 1f,tell 0g,tell 0h,tell 1i");
    actor_fixture_run(&fixture);
    tell_what_probes_heard();
}

static void who_is_sent_to_hears_it_in_order(void **state) {
    (void)state;
    play(order_scene, 10,
         "tell 0a tell 0b tell 0c ask tell 0d tell 1e tell 1f tell 0g tell 0h tell 1i  "
         "[m:0a m:0b m:0c q:asked m:0d m:0g m:0h] [m:1e m:1f m:1i] | handled 21 letters 0 dropped 0");
}

/* What the actor sends to it ("0a") is no order to ask. */
static airs_status_t ask_if_told(airs_actor_context_t *context, probe_t *self,
                                 const airs_incoming_t *incoming) {
    return incoming->payload.size > 2 ? ask(context, self, incoming) : AIRS_OK;
}

static void before_the_answer_scene(void) {
    ask_all("tell 0a,tell 0b,tell 0c,tell 0d", ask_if_told);
    tell("[%s]", strstr(probe.heard, "m:0a"));
}

/* Its requester hears first what it was sent before the answer. */
static void what_is_sent_comes_before_the_answer(void **state) {
    (void)state;
    play(before_the_answer_scene, 4,
         "wait tell 0a tell 0b tell 0c tell 0d [m:0a r:well m:0b r:well m:0c r:well m:0d r:well] "
         "| handled 17 letters 0 dropped 0");
}

static void before_a_wait_scene(void) {
    spawn(NULL);
    send_all("tell 0a,tell 0b,tell 0c,tell 0d,wait,tell 0e");
    actor_fixture_run(&fixture);
    tell_what_probes_heard();
    assert_ok(actor_fixture_stop(&fixture, ACTOR, AIRS_STOP_KILL));
}

static void what_is_sent_does_not_wait_with_its_sender(void **state) {
    (void)state;
    play(before_a_wait_scene, 5,
         "tell 0a tell 0b tell 0c tell 0d wait [m:0a m:0b m:0c m:0d] [] | handled 8 letters 0 dropped 2");
}

static void to_a_small_mailbox_scene(void) {
    spawn(NULL);
    send_all("tell 1a,tell 1b,tell 1c,tell 1d,tell 1e,tell 1f,tell 1g,tell 1h");
    while (actor_fixture_counters(&fixture, ACTOR).handled < 8) {
        assert_true(airs_actor_system_step(fixture.system));
    }
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/probe/1");
    tell("refused=%llu queued=%llu", (unsigned long long)counters.refused,
         (unsigned long long)counters.queued);
    actor_fixture_run(&fixture);
    tell_what_probes_heard();
}

static void a_full_mailbox_refuses_as_ever(void **state) {
    (void)state;
    other_spec.mailbox_messages = 6;
    play(to_a_small_mailbox_scene, 8,
         "tell 1a tell 1b tell 1c tell 1d tell 1e tell 1f tell 1g full tell 1h full refused=2 queued=6 "
         "[] [m:1a m:1b m:1c m:1d m:1e m:1f] | handled 14 letters 0 dropped 0");
    other_spec.mailbox_messages = 0;
}

static void slices_scene(void) {
    spawn(NULL);
    send_all("slice,a,slice,b");
    actor_fixture_run(&fixture);
}

static void a_slice_that_is_over_interrupts_a_batch(void **state) {
    (void)state;
    play(slices_scene, 4, "slice a slice b | handled 4 letters 0 dropped 0");
}

/* ---- how many ---- */

static airs_scripted_next_t takes_two_slices(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        atomic_fetch_add(&fixture.engine.slices, 2);
    }
    return airs_scripted_ok(call);
}

static void a_batch_that_takes_too_long_makes_way(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    fixture.engine.batches = true;
    atomic_store(&fixture.engine.slices, 1);
    actor_fixture_spawn(&fixture, ACTOR, actor_fixture_add(&fixture, takes_two_slices, NULL));
    send_all("a,b,c,d");
    assert_true(airs_actor_system_step(fixture.system));
    assert_int_equal(actor_fixture_counters(&fixture, ACTOR).handled, 1);
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, ACTOR).handled, 4);
    actor_fixture_close(&fixture);
}

static void a_turn_has_its_bound(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    fixture.engine.batches = true;
    actor_fixture_spawn(&fixture, ACTOR, actor_fixture_add(&fixture, NULL, NULL));
    for (int i = 0; i < 250; i++) {
        assert_ok(actor_fixture_send(&fixture, ACTOR, "x"));
    }
    uint64_t before = atomic_load(&fixture.engine.calls);
    assert_true(airs_actor_system_step(fixture.system));
    assert_int_equal(actor_fixture_counters(&fixture, ACTOR).handled, 100);
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, ACTOR).handled, 250);
    assert_int_equal(atomic_load(&fixture.engine.calls) - before, 3);
    actor_fixture_close(&fixture);
}

static void bytes_have_their_bound(void **state) {
    (void)state;
    static const uint8_t payload[4096];
    actor_fixture_open_frozen(&fixture, 1);
    fixture.engine.batches = true;
    actor_fixture_spawn(&fixture, ACTOR, actor_fixture_add(&fixture, NULL, NULL));
    for (int i = 0; i < 20; i++) {
        assert_ok(airs_actor_system_send(fixture.system, id_of(ACTOR), airs_bytes(payload, sizeof payload),
                                         airs_str(NULL), NULL));
    }
    uint64_t before = atomic_load(&fixture.engine.calls);
    actor_fixture_run(&fixture);
    assert_int_equal(atomic_load(&fixture.engine.calls) - before, 2); /* 64 KiB, and the rest */
    assert_int_equal(atomic_load(&fixture.engine.batched), 20);
    actor_fixture_close(&fixture);
}

/* ---- a guest that marks otherwise ---- */

static airs_status_t status_of_mark;

/* The engine's own scripts mark each message; these are the calls that they do not make. */
static airs_scripted_next_t marks(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        const airs_batch_ops_t *ops = airs_scripted_batch(call);
        airs_actor_t *self = call->host->self;
        tell("%.*s", (int)call->message->payload.size, (const char *)call->message->payload.data);
        if (airs_scripted_payload_is(call, "skip")) {
            status_of_mark = ops->begin(self, 2, false);
            tell("%d", ops->begin(self, 1, false) == AIRS_INVALID_ARGUMENT);
            tell("%d", ops->begin(self, 2, true) == AIRS_OK);
            tell("%d", ops->begin(self, 4, false) == AIRS_INVALID_ARGUMENT);
            return airs_scripted_leave(call);
        }
    }
    return airs_scripted_ok(call);
}

static void marks_go_upwards(void **state) {
    (void)state;
    actor_fixture_open_frozen(&fixture, 1);
    fixture.engine.batches = true;
    told[0] = '\0';
    actor_fixture_spawn(&fixture, ACTOR, actor_fixture_add(&fixture, marks, NULL));
    send_all("skip,a,b,c");
    actor_fixture_run(&fixture);
    assert_ok(status_of_mark);
    /* It left the call with the third in hand, so the fourth came again, alone. */
    assert_string_equal(told, "skip 1 1 1 c");
    assert_int_equal(actor_fixture_counters(&fixture, ACTOR).handled, 4);
    actor_fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_handled),
        cmocka_unit_test(one_call_is_enough),
        cmocka_unit_test(a_trap_names_the_one_in_hand),
        cmocka_unit_test(an_error_is_that_of_its_message),
        cmocka_unit_test(a_kill_in_the_middle_drops_the_rest),
        cmocka_unit_test(one_that_is_parked_for_too_long_is_a_dead_letter),
        cmocka_unit_test(each_message_may_be_parked_as_long),
        cmocka_unit_test(a_stop_comes_before_the_next_message),
        cmocka_unit_test(a_drain_stands_in_line),
        cmocka_unit_test(an_exit_ends_it_after_the_message_in_hand),
        cmocka_unit_test(a_timer_can_be_cancelled_until_its_turn),
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(a_trap_fails_what_is_in_hand_and_owed),
        cmocka_unit_test(ends_of_requests_come_in_batches),
        cmocka_unit_test(ends_that_were_not_come_to_are_dropped_with_it),
        cmocka_unit_test(what_waits_in_a_batch_takes_its_room),
        cmocka_unit_test(what_may_be_dropped_comes_alone),
        cmocka_unit_test(what_an_item_cannot_say_comes_alone_and_in_order),
        cmocka_unit_test(a_large_one_comes_alone_and_in_order),
        cmocka_unit_test(what_was_sent_before_a_trap_stays_sent),
        cmocka_unit_test(who_is_sent_to_hears_it_in_order),
        cmocka_unit_test(what_is_sent_comes_before_the_answer),
        cmocka_unit_test(what_is_sent_does_not_wait_with_its_sender),
        cmocka_unit_test(a_full_mailbox_refuses_as_ever),
        cmocka_unit_test(a_slice_that_is_over_interrupts_a_batch),
        cmocka_unit_test(a_batch_that_takes_too_long_makes_way),
        cmocka_unit_test(a_turn_has_its_bound),
        cmocka_unit_test(bytes_have_their_bound),
        cmocka_unit_test(marks_go_upwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
