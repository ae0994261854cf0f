#include "actor_fixture.h"

static actor_fixture_t fixture;
static probe_t probes[3];

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 7);
    static const airs_actor_spec_t spec = {.mailbox_messages = 4, .max_message_bytes = 100};
    for (int i = 0; i < 3; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/p/%d", i);
        probe_init(&probes[i]);
        probe_spawn(&fixture, &probes[i], id, &spec);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    for (int i = 0; i < 3; i++) {
        probe_free(&probes[i]);
    }
    return 0;
}

/* A guest that does one thing with the router when it is told to. */
typedef struct deed {
    void (*act)(airs_scripted_call_t *call, struct deed *deed);
    airs_status_t status;
    airs_error_t error;
    size_t first;
    char text[512];
} deed_t;

static airs_scripted_next_t doing(airs_scripted_call_t *call) {
    deed_t *deed = call->context;
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE && airs_scripted_payload_is(call, "go")) {
        deed->act(call, deed);
    }
    return airs_scripted_ok(call);
}

static void act(deed_t *deed, void (*how)(airs_scripted_call_t *call, deed_t *deed)) {
    memset(deed, 0, sizeof *deed);
    deed->act = how;
    actor_fixture_spawn(&fixture, "t/actor/0", actor_fixture_add(&fixture, doing, deed));
    assert_ok(actor_fixture_send(&fixture, "t/actor/0", "go"));
    actor_fixture_run(&fixture);
}

static airs_status_t broadcast(airs_scripted_call_t *call, deed_t *deed, const airs_id_t *targets,
                               const uint8_t *allowed, size_t count, airs_bytes_t payload) {
    airs_message_router_t *router = call->host->router;
    return router->ops->broadcast(router, call->host->self, targets, allowed, count, payload, &deed->first,
                                  &deed->error);
}

/* ---- broadcast ---- */

static void to_two(airs_scripted_call_t *call, deed_t *deed) {
    airs_id_t targets[] = {airs_id("t", "p", "0"), airs_id("t", "p", "2")};
    deed->status = broadcast(call, deed, targets, NULL, 2, airs_bytes("all", 3));
}

static void one_payload_to_several(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, to_two);
    assert_ok(deed.status);
    assert_string_equal(probes[0].heard, "m:all");
    assert_string_equal(probes[1].heard, "");
    assert_string_equal(probes[2].heard, "m:all");
    assert_string_equal(probes[2].last_sender, "t/actor/0");
    assert_int_equal(actor_fixture_counters(&fixture, "t/actor/0").sent, 2);
}

static void to_all(airs_scripted_call_t *call, deed_t *deed) {
    airs_id_t target = airs_id("t", "p", "*");
    deed->status = broadcast(call, deed, &target, NULL, 1, airs_bytes("all", 3));
}

static void a_star_reaches_all_instances(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, to_all);
    assert_ok(deed.status);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(probes[i].heard, "m:all");
    }
}

static void to_some_that_fail(airs_scripted_call_t *call, deed_t *deed) {
    airs_id_t targets[] = {airs_id("t", "p", "0"), airs_id("t", "nobody", "0"), airs_id("t", "p", "1"),
                           airs_id("t", "p", "2"), airs_id("t", "nobody", "*")};
    uint8_t allowed[] = {1, 1, 0, 1, 1};
    deed->status = broadcast(call, deed, targets, allowed, 5, airs_bytes("all", 3));
}

static void what_can_be_delivered_is(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, to_some_that_fail);
    assert_status(deed.status, AIRS_TARGET_NOT_FOUND);
    assert_int_equal(deed.first, 1);
    assert_string_equal(deed.error.text,
                        "3 of 5 targets were not reached; the first, t/nobody/0: no actor with this id");
    assert_string_equal(probes[0].heard, "m:all");
    assert_string_equal(probes[1].heard, "");
    assert_string_equal(probes[2].heard, "m:all");
}

static void full_and_too_large(airs_scripted_call_t *call, deed_t *deed) {
    airs_id_t target = airs_id("t", "p", "*");
    for (int i = 0; i < 4; i++) {
        (void)airs_scripted_send(call, "t/p/1", "x");
    }
    deed->status = broadcast(call, deed, &target, NULL, 1, airs_bytes("all", 3));
    char large[101] = {0};
    airs_error_t error;
    airs_status_t status = call->host->router->ops->broadcast(call->host->router, call->host->self, &target,
                                                              NULL, 1, airs_bytes(large, sizeof large), NULL,
                                                              &error);
    (void)snprintf(deed->text, sizeof deed->text, "%s: %.400s", airs_status_name(status), error.text);
}

static void bounds_hold_for_each_receiver(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, full_and_too_large);
    assert_status(deed.status, AIRS_QUEUE_FULL);
    assert_string_equal(deed.error.text,
                        "1 of 3 targets were not reached; the first, t/p/1: the mailbox is full");
    assert_string_equal(deed.text, "message-too-large: 3 of 3 targets were not reached; the first, t/p/0: "
                                   "101 bytes, and t/p/0 takes 100 at most");
    assert_string_equal(probes[0].heard, "m:all");
    assert_string_equal(probes[1].heard, "m:x m:x m:x m:x");
}

static void to_nobody(airs_scripted_call_t *call, deed_t *deed) {
    deed->status = broadcast(call, deed, NULL, NULL, 0, airs_bytes("all", 3));
}

static void a_broadcast_to_nobody_is_fine(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, to_nobody);
    assert_ok(deed.status);
}

/* ---- codecs ---- */

#define JSON "\x80\x04"
#define MESSAGEPACK "\x81\x04"
#define CBOR "\x51"

static void spawn_choosy(probe_t *probe, const char *id) {
    static const airs_actor_spec_t spec = {.accepts = AIRS_CODEC_JSON | AIRS_CODEC_CBOR};
    probe_init(probe);
    probe_spawn(&fixture, probe, id, &spec);
}

static void end_choosy(probe_t *probe, const char *id) {
    assert_ok(actor_fixture_stop(&fixture, id, AIRS_STOP_DRAIN));
    probe_free(probe);
}

static void send_in(airs_scripted_call_t *call, deed_t *deed, const char *payload) {
    airs_message_router_t *router = call->host->router;
    airs_route_t route = {0};
    airs_correlation_id_t id;
    airs_id_t choosy = airs_id("t", "choosy", "0");
    airs_bytes_t bytes = airs_bytes(payload, strlen(payload));
    deed->error.text[0] = '\0';
    deed->status = router->ops->send(router, call->host->self, &route, &choosy, bytes, &deed->error);
    airs_error_t error = {.text = ""};
    airs_status_t status =
        router->ops->request(router, call->host->self, &route, &choosy, bytes, 1000, &id, &error);
    assert_status(status, deed->status);
    assert_string_equal(error.text, deed->error.text);
    router->ops->route_release(router, &route);
    size_t used = strlen(deed->text);
    (void)snprintf(deed->text + used, sizeof deed->text - used, "%.100s|", deed->error.text);
}

static void in_several_codecs(airs_scripted_call_t *call, deed_t *deed) {
    send_in(call, deed, JSON "1");
    send_in(call, deed, CBOR "2");
    send_in(call, deed, MESSAGEPACK "3");
    send_in(call, deed,
            "\xb4\x24"
            "4");
    send_in(call, deed, "");
    airs_id_t targets[] = {airs_id("t", "p", "0"), airs_id("t", "choosy", "0")};
    deed->status = broadcast(call, deed, targets, NULL, 2, airs_bytes("\x55raw", 4));
}

static void what_it_does_not_accept_is_refused_at_the_sender(void **state) {
    (void)state;
    probe_t choosy;
    spawn_choosy(&choosy, "t/choosy/0");
    static deed_t deed; /* the actor outlives the test */
    act(&deed, in_several_codecs);
    assert_string_equal(deed.text,
                        "||t/choosy/0 accepts json, cbor; this message is messagepack (0x0201)|"
                        "t/choosy/0 accepts json, cbor; this message has an unknown codec (0x1234)|"
                        "t/choosy/0 accepts json, cbor; this message has no codec prefix|");
    assert_status(deed.status, AIRS_UNSUPPORTED_CODEC);
    assert_string_equal(deed.error.text, "1 of 2 targets were not reached; the first, t/choosy/0: t/choosy/0 "
                                         "accepts json, cbor; this message is raw (0x55)");
    assert_string_equal(probes[0].heard, "m:\x55raw"); /* declared nothing: anything goes */
    assert_string_equal(choosy.heard, "m:" JSON "1 q:" JSON "1 m:" CBOR "2 q:" CBOR "2");
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/choosy/0");
    assert_int_equal(counters.received, 4);
    assert_int_equal(counters.refused, 7);
    assert_int_equal(actor_fixture_counters(&fixture, "t/actor/0").sent, 5);
    end_choosy(&choosy, "t/choosy/0");
}

static void codecs_hold_for_the_program_outside_too(void **state) {
    (void)state;
    probe_t choosy;
    spawn_choosy(&choosy, "t/choosy/0");
    airs_error_t error = {.text = ""};
    airs_id_t id = id_of("t/choosy/0");
    assert_ok(actor_fixture_send(&fixture, "t/choosy/0", CBOR));
    assert_status(airs_actor_system_send(fixture.system, id, airs_bytes("x", 1), airs_str(NULL), &error),
                  AIRS_UNSUPPORTED_CODEC);
    assert_string_equal(error.text,
                        "t/choosy/0 accepts json, cbor; this message has an unknown codec (0x78)");
    error.text[0] = '\0';
    assert_status(airs_actor_system_call(fixture.system, id, airs_bytes(MESSAGEPACK, 2), airs_str(NULL), 1000,
                                         NULL, NULL, &error),
                  AIRS_UNSUPPORTED_CODEC);
    assert_string_equal(error.text, "t/choosy/0 accepts json, cbor; this message is messagepack (0x0201)");
    end_choosy(&choosy, "t/choosy/0");
}

/* ---- a mailbox that drops its oldest ---- */

static void spawn_dropping(probe_t *probe, const airs_actor_spec_t *spec) {
    airs_actor_spec_t dropping = *spec;
    dropping.mailbox_policy = AIRS_MAILBOX_DROP_OLDEST;
    probe_init(probe);
    probe_spawn(&fixture, probe, "t/forgetful/0", &dropping);
}

typedef struct letters {
    char text[512];
} letters_t;

static bool note_letter(void *context, const airs_dead_letter_t *letter) {
    letters_t *self = context;
    size_t used = strlen(self->text);
    (void)snprintf(self->text + used, sizeof self->text - used, "%s %s %.*s/%.*s %.*s; ",
                   airs_dead_letter_reason_text(letter->reason), letter->kind,
                   AIRS_STR_ARG(letter->sender.ns), AIRS_STR_ARG(letter->target.name),
                   (int)letter->payload.size, (const char *)letter->payload.data);
    return true;
}

static const char *dead_letters(letters_t *letters) {
    letters->text[0] = '\0';
    airs_dead_letters_each(airs_actor_system_dead_letters(fixture.system), note_letter, letters);
    return letters->text;
}

static void send_too_many(airs_scripted_call_t *call, deed_t *deed) {
    deed->status = airs_scripted_send(call, "t/forgetful/0", "one");
    airs_status_t status = airs_scripted_request(call, "t/forgetful/0", "two", 1000, NULL);
    deed->status = deed->status == AIRS_OK ? status : deed->status;
    for (const char *payload = "345"; *payload != '\0'; payload++) {
        char text[2] = {*payload, '\0'};
        status = airs_scripted_send(call, "t/forgetful/0", text);
        deed->status = deed->status == AIRS_OK ? status : deed->status;
    }
}

/* What `act` told it, and the ends of its requests. */
static airs_scripted_next_t doing_and_hearing(airs_scripted_call_t *call) {
    deed_t *deed = call->context;
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        (void)snprintf(deed->text, sizeof deed->text, "%.*s", (int)call->message->payload.size,
                       (const char *)call->message->payload.data);
        return airs_scripted_ok(call);
    }
    return doing(call);
}

static void the_oldest_make_room_and_are_dead_letters(void **state) {
    (void)state;
    probe_t probe;
    spawn_dropping(&probe, &(airs_actor_spec_t){.mailbox_messages = 2});
    static deed_t deed; /* the actor outlives the test */
    deed = (deed_t){.act = send_too_many};
    actor_fixture_spawn(&fixture, "t/actor/0", actor_fixture_add(&fixture, doing_and_hearing, &deed));
    assert_ok(actor_fixture_send(&fixture, "t/actor/0", "go"));
    actor_fixture_run(&fixture);
    assert_ok(deed.status);
    assert_string_equal(probe.heard, "m:4 m:5");
    letters_t letters;
    assert_string_equal(dead_letters(&letters),
                        "dropped-oldest message t/forgetful one; dropped-oldest request t/forgetful two; "
                        "dropped-oldest message t/forgetful 3; ");
    /* The one who asked heard at once. */
    assert_non_null(strstr(deed.text, "\"error\":\"queue-full\""));
    assert_non_null(strstr(deed.text, "it was dropped to make room for a newer message"));
    airs_request_counters_t requests;
    airs_actor_system_requests(fixture.system, &requests);
    assert_int_equal(requests.failed, 1);
    assert_int_equal(requests.pending, 0);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/forgetful/0");
    assert_int_equal(counters.received, 5);
    assert_int_equal(counters.handled, 2);
    assert_int_equal(counters.dropped, 3);
    assert_int_equal(counters.refused, 0);
    assert_int_equal(counters.queued, 0);
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 3);
    assert_int_equal(actor_fixture_totals(&fixture).dropped, 0);
    assert_ok(actor_fixture_stop(&fixture, "t/forgetful/0", AIRS_STOP_DRAIN));
    probe_free(&probe);
}

static void a_message_larger_than_the_mailbox_drops_nothing(void **state) {
    (void)state;
    probe_t probe;
    spawn_dropping(&probe, &(airs_actor_spec_t){.mailbox_bytes = 10});
    assert_ok(actor_fixture_send(&fixture, "t/forgetful/0", "12345"));
    assert_ok(actor_fixture_send(&fixture, "t/forgetful/0", "6789"));
    assert_status(actor_fixture_send(&fixture, "t/forgetful/0", "0123456789a"), AIRS_MESSAGE_TOO_LARGE);
    letters_t letters;
    assert_string_equal(dead_letters(&letters), "");
    assert_ok(actor_fixture_send(&fixture, "t/forgetful/0", "01"));
    assert_string_equal(dead_letters(&letters), "dropped-oldest message airssys/forgetful 12345; ");
    assert_ok(actor_fixture_stop(&fixture, "t/forgetful/0", AIRS_STOP_DRAIN));
    assert_string_equal(probe.heard, "m:6789 m:01");
    probe_free(&probe);
}

#define ASKERS 4
#define QUESTIONS 2000

typedef struct inquiry {
    _Atomic uint64_t accepted;
    _Atomic uint64_t responses;
    _Atomic uint64_t failures;
} inquiry_t;

static airs_scripted_next_t asking_a_lot(airs_scripted_call_t *call) {
    inquiry_t *inquiry = call->context;
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        bool failed = call->message->kind == AIRS_MESSAGE_FAILURE;
        atomic_fetch_add(failed ? &inquiry->failures : &inquiry->responses, 1);
    }
    for (int i = 0; call->kind == AIRS_CALL_HANDLE_MESSAGE && i < QUESTIONS; i++) {
        bool accepted = airs_scripted_request(call, "t/forgetful/0", "?", PATIENCE_MS, NULL) == AIRS_OK;
        atomic_fetch_add(&inquiry->accepted, accepted);
    }
    return airs_scripted_ok(call);
}

/* Whoever makes room fails the request of somebody else, while the receiver answers others. */
static void what_threads_drop_has_one_end_each(void **state) {
    (void)state;
    static inquiry_t inquiry;
    probe_t probe;
    actor_fixture_open(&fixture, 4);
    spawn_dropping(&probe, &(airs_actor_spec_t){.mailbox_messages = 3});
    probe.response = "!";
    airs_component_handle_t component = actor_fixture_add(&fixture, asking_a_lot, &inquiry);
    for (int i = 0; i < ASKERS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "t/asker/%d", i);
        actor_fixture_spawn(&fixture, id, component);
        assert_ok(actor_fixture_send(&fixture, id, "go"));
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    uint64_t responses = atomic_load(&inquiry.responses);
    uint64_t failures = atomic_load(&inquiry.failures);
    assert_int_equal(atomic_load(&inquiry.accepted), ASKERS * QUESTIONS);
    assert_int_equal(responses + failures, ASKERS * QUESTIONS);
    assert_true(failures > 0);
    airs_actor_counters_t counters = actor_fixture_counters(&fixture, "t/forgetful/0");
    assert_int_equal(counters.received, ASKERS * QUESTIONS);
    assert_int_equal(counters.handled, responses);
    assert_int_equal(counters.dropped, failures);
    assert_int_equal(airs_dead_letters_count(airs_actor_system_dead_letters(fixture.system),
                                             AIRS_DEAD_LETTER_DROPPED_OLDEST),
                     failures);
    actor_fixture_close(&fixture);
    probe_free(&probe);
}

/* ---- groups and routes ---- */

static void to_any(airs_scripted_call_t *call, deed_t *deed) {
    for (int i = 0; i < 9 && deed->status == AIRS_OK; i++) {
        airs_message_router_t *router = call->host->router;
        static airs_route_t route;
        airs_id_t any = airs_id("t", "p", "");
        deed->status = router->ops->send(router, call->host->self, &route, &any, airs_bytes("x", 1), NULL);
        router->ops->route_release(router, &route);
    }
}

static void an_empty_instance_is_anyone(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, to_any);
    assert_ok(deed.status);
    assert_int_equal(probe_count(&probes[0]) + probe_count(&probes[1]) + probe_count(&probes[2]), 9);
    for (int i = 0; i < 3; i++) {
        assert_in_range(probe_count(&probes[i]), 2, 4); /* the shorter mailbox evens them out */
    }
}

static void to_what_may_have_ended(airs_scripted_call_t *call, deed_t *deed) {
    deed->status = airs_scripted_send(call, "t/p/0", "x");
}

static void a_stale_route_is_looked_up_again(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, to_what_may_have_ended);
    assert_ok(deed.status);
    assert_ok(actor_fixture_stop(&fixture, "t/p/0", AIRS_STOP_DRAIN));
    assert_ok(actor_fixture_send(&fixture, "t/actor/0", "go"));
    actor_fixture_run(&fixture);
    assert_status(deed.status, AIRS_TARGET_NOT_FOUND);
    probe_t second;
    probe_init(&second);
    probe_spawn(&fixture, &second, "t/p/0", NULL);
    assert_ok(actor_fixture_send(&fixture, "t/actor/0", "go"));
    actor_fixture_run(&fixture);
    assert_ok(deed.status);
    assert_string_equal(second.heard, "m:x");
    assert_ok(actor_fixture_stop(&fixture, "t/p/0", AIRS_STOP_DRAIN));
    probe_free(&second);
}

/* ---- who lives ---- */

static bool list_one(void *context, const airs_peer_info_t *info) {
    deed_t *deed = context;
    size_t used = strlen(deed->text);
    (void)snprintf(deed->text + used, sizeof deed->text - used, "%s(%s,%s,%s) ",
                   airs_component_id_text(info->id), info->name, info->version, info->health);
    return true;
}

static void take_one(void *context, const airs_peer_info_t *info) { (void)list_one(context, info); }

static void look(airs_scripted_call_t *call, deed_t *deed) {
    airs_message_router_t *router = call->host->router;
    router->ops->list(router, list_one, deed);
    deed->status = router->ops->describe(router, airs_id("t", "p", "1"), take_one, deed);
    deed->first = router->ops->describe(router, airs_id("t", "p", "9"), take_one, deed);
}

static void all_are_listed(void **state) {
    (void)state;
    static deed_t deed; /* the actor outlives the test */
    act(&deed, look);
    assert_string_equal(deed.text,
                        "t/p/0(p,,unknown) t/p/1(p,,unknown) t/p/2(p,,unknown) t/actor/0(actor,,unknown) "
                        "t/p/1(p,,unknown) ");
    assert_ok(deed.status);
    assert_int_equal(deed.first, AIRS_TARGET_NOT_FOUND);
}

/* A component is asked for its metadata when somebody first wants to know, between two of its calls. */
static airs_scripted_next_t self_describing(airs_scripted_call_t *call) {
    airs_scripted_next_t next = airs_scripted_ok(call);
    if (call->kind == AIRS_CALL_METADATA) {
        if (call->context != NULL) {
            return airs_scripted_crash(call, AIRS_TRAP, "in metadata");
        }
        if (call->round == 0) {
            return airs_scripted_sleep(call, MS);
        }
        call->result->name = "Counter";
        call->result->version = "1.2.3";
    }
    return next;
}

static void describe_it(airs_scripted_call_t *call, deed_t *deed) {
    deed->text[0] = '\0';
    airs_message_router_t *router = call->host->router;
    deed->status = router->ops->describe(router, airs_id("t", "counter", "0"), take_one, deed);
}

static void metadata_are_asked_for_once(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/counter/0", actor_fixture_add(&fixture, self_describing, NULL));
    static deed_t deed; /* the actor outlives the test */
    act(&deed, describe_it);
    assert_string_equal(deed.text, "t/counter/0(counter,,unknown) ");
    assert_ok(airs_actor_system_drain(fixture.system, 0));
    uint64_t before = atomic_load(&fixture.engine.calls);
    assert_ok(actor_fixture_send(&fixture, "t/actor/0", "go"));
    assert_ok(airs_actor_system_drain(fixture.system, 0));
    assert_string_equal(deed.text, "t/counter/0(Counter,1.2.3,unknown) ");
    assert_int_equal(atomic_load(&fixture.engine.calls), before + 1);
    assert_int_equal(actor_fixture_counters(&fixture, "t/counter/0").handled, 0);
}

static void a_trap_in_metadata_is_a_crash(void **state) {
    (void)state;
    actor_fixture_spawn(&fixture, "t/counter/0", actor_fixture_add(&fixture, self_describing, &fixture));
    static deed_t deed; /* the actor outlives the test */
    act(&deed, describe_it);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
}

/* ---- messages a second ---- */

typedef struct attempts {
    unsigned sent;
    airs_status_t last;
} attempts_t;

static airs_status_t send_many(airs_actor_context_t *context, probe_t *probe,
                               const airs_incoming_t *incoming) {
    attempts_t *attempts = probe->user;
    (void)incoming;
    *attempts = (attempts_t){0, AIRS_OK};
    for (int i = 0; i < 4; i++) {
        attempts->last = airs_actor_send(context, airs_id("t", "p", "0"), airs_bytes("x", 1));
        attempts->sent += attempts->last == AIRS_OK;
    }
    return AIRS_OK;
}

static void so_many_messages_a_second(void **state) {
    (void)state;
    static const airs_actor_spec_t spec = {.max_messages_per_s = 3};
    static const struct {
        uint64_t passed_ns;
        unsigned sent;
    } steps[] = {{0, 3}, {0, 0}, {333333334, 1}, {1000000000, 3}, {10000000000, 3}, {1, 0}};
    attempts_t attempts;
    probe_t sender;
    uint64_t sent = 0;
    probe_init(&sender);
    sender.then = send_many;
    sender.user = &attempts;
    probe_spawn(&fixture, &sender, "t/sender/0", &spec);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        actor_fixture_pass(&fixture, steps[i].passed_ns);
        assert_ok(actor_fixture_send(&fixture, "t/sender/0", "go"));
        actor_fixture_run(&fixture);
        assert_int_equal(attempts.sent, steps[i].sent);
        assert_status(attempts.last, AIRS_QUOTA_EXCEEDED);
        sent += steps[i].sent;
        assert_int_equal(probe_count(&probes[0]), sent);
        assert_int_equal(actor_fixture_counters(&fixture, "t/sender/0").sent, sent);
    }
    /* It was not refused by the one that was sent to. */
    assert_int_equal(actor_fixture_counters(&fixture, "t/p/0").refused, 0);
    assert_ok(actor_fixture_stop(&fixture, "t/sender/0", AIRS_STOP_DRAIN));
    probe_free(&sender);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(so_many_messages_a_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_payload_to_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_star_reaches_all_instances, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_can_be_delivered_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_hold_for_each_receiver, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broadcast_to_nobody_is_fine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_does_not_accept_is_refused_at_the_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(codecs_hold_for_the_program_outside_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_make_room_and_are_dead_letters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_larger_than_the_mailbox_drops_nothing, set_up, tear_down),
        cmocka_unit_test(what_threads_drop_has_one_end_each),
        cmocka_unit_test_setup_teardown(an_empty_instance_is_anyone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stale_route_is_looked_up_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_are_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata_are_asked_for_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trap_in_metadata_is_a_crash, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
