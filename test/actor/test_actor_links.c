/* Links and monitors, between native actors that do what they are told: "link t/b/0", "crash", … */
#include "actor_fixture.h"

#include "actor/supervisor.h"
#include "core/check.h"

#define ACTORS 4

static actor_fixture_t fixture;
static probe_t probes[ACTORS];
static airs_monitor_t last_monitor;
static airs_status_t last_status;
static airs_spawned_t last_spawned;
static const char *const ids[ACTORS] = {"t/a/0", "t/b/0", "t/c/0", "t/d/0"};

static airs_id_t id_in(airs_str_t text) {
    airs_id_t id;
    AIRS_ASSERT(airs_id_parse(text, &id, NULL) == AIRS_OK);
    return id;
}

/* Is the message "VERB REST"? */
static bool says(airs_str_t text, const char *verb, airs_str_t *rest) {
    size_t size = strlen(verb);
    if (text.size < size || memcmp(text.data, verb, size) != 0 ||
        (text.size > size && text.data[size] != ' ')) {
        return false;
    }
    size_t skip = text.size > size ? size + 1 : size;
    *rest = airs_str_n(text.data + skip, text.size - skip);
    return true;
}

static airs_status_t exit_for(airs_actor_context_t *context, airs_str_t name) {
    for (int kind = AIRS_REASON_NORMAL; kind < AIRS_REASON_NO_ACTOR; kind++) {
        if (airs_str_equal(name, airs_str(airs_reason_text((airs_reason_kind_t)kind)))) {
            airs_exit_reason_t reason = {.kind = (airs_reason_kind_t)kind, .text = "so be it"};
            return airs_actor_exit_with(context, &reason);
        }
    }
    return AIRS_INVALID_ARGUMENT;
}

/* "link t/guest/0 CONFIG", or with "monitor", "alone", "native". */
static void spawn(airs_actor_context_t *context, airs_str_t text) {
    airs_actor_spawn_t what = {.size = sizeof what};
    airs_str_t rest = text;
    bool native = false;
    (void)(says(text, "link", &rest) || says(text, "monitor", &rest) || says(text, "alone", &rest) ||
           (native = says(text, "native", &rest)));
    what.link = text.data[0] == 'l';
    what.monitor = text.data[0] == 'm' || native;
    const char *space = memchr(rest.data, ' ', rest.size);
    if (space != NULL) {
        what.config = airs_bytes(space + 1, rest.size - (size_t)(space + 1 - rest.data));
        rest.size = (size_t)(space - rest.data);
    }
    what.id = id_in(rest);
    memset(&last_spawned, 0, sizeof last_spawned);
    last_status =
        native ? airs_actor_spawn_native(context, &probe_native, &probes[3], &what, NULL, &last_spawned)
               : airs_actor_spawn(context, &what, &last_spawned);
}

static airs_status_t obey(airs_actor_context_t *context, probe_t *probe, const airs_incoming_t *incoming) {
    (void)probe;
    airs_str_t text = airs_str_n((const char *)incoming->payload.data, incoming->payload.size);
    airs_str_t rest;
    if (says(text, "monitor", &rest)) {
        last_status = airs_actor_monitor(context, id_in(rest), &last_monitor);
    } else if (says(text, "demonitor", &rest)) {
        last_status = airs_actor_demonitor(context, last_monitor);
    } else if (says(text, "link", &rest)) {
        last_status = airs_actor_link(context, id_in(rest));
    } else if (says(text, "unlink", &rest)) {
        airs_actor_unlink(context, id_in(rest));
    } else if (says(text, "trap", &rest)) {
        last_status = airs_actor_trap_exits(context, true);
    } else if (says(text, "untrap", &rest)) {
        last_status = airs_actor_trap_exits(context, false);
    } else if (says(text, "exit", &rest)) {
        last_status = exit_for(context, rest);
    } else if (says(text, "send", &rest)) {
        last_status = airs_actor_send(context, id_in(rest), airs_bytes("hello", 5));
    } else if (says(text, "kill", &rest)) {
        last_status = airs_actor_stop_other(context, id_in(rest), AIRS_STOP_KILL);
    } else if (says(text, "drain", &rest)) {
        last_status = airs_actor_stop_other(context, id_in(rest), AIRS_STOP_DRAIN);
    } else if (says(text, "drop", &rest)) {
        last_status = airs_actor_stop_other(context, id_in(rest), AIRS_STOP_DROP);
    } else if (says(text, "spawn", &rest)) {
        spawn(context, rest);
    } else if (says(text, "crash", &rest)) {
        return AIRS_INTERNAL;
    }
    return AIRS_OK;
}

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 3);
    last_monitor = 0;
    for (int i = 0; i < ACTORS; i++) {
        probe_init(&probes[i]);
        probes[i].then = obey;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    for (int i = 0; i < ACTORS; i++) {
        probes[i].destroyed = probes[i].destroyed || !probes[i].started;
        probe_free(&probes[i]);
    }
    return 0;
}

static void start(int count) {
    for (int i = 0; i < count; i++) {
        probe_spawn(&fixture, &probes[i], ids[i], NULL);
    }
}

/* One after the other. */
static void tell(const char *id, const char *what) {
    assert_ok(actor_fixture_send(&fixture, id, what));
    actor_fixture_run(&fixture);
}

/* What it was told that was no order of this test. */
static void assert_heard(int index, const char *expected) {
    char heard[PROBE_TEXT] = "";
    char copy[PROBE_TEXT];
    memcpy(copy, probes[index].heard, sizeof copy);
    char *place = NULL;
    for (char *word = strtok_r(copy, " ", &place); word != NULL; word = strtok_r(NULL, " ", &place)) {
        bool order = strncmp(word, "m:", 2) == 0 && strcmp(word, "m:hello") != 0;
        order = order || strchr(word, ':') == NULL || strncmp(word, "t/", 2) == 0;
        if (!order) {
            (void)snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s%s",
                           heard[0] != '\0' ? " " : "", word);
        }
    }
    assert_string_equal(heard, expected);
}

static bool lives(const char *id) {
    airs_actor_counters_t counters;
    return airs_actor_system_counters(fixture.system, id_of(id), &counters) == AIRS_OK;
}

/* ---- monitors ---- */

static const struct {
    const char *order;
    const char *heard;
} ends[] = {
    {"exit normal", "d:b/0=normal"},  {"exit shutdown", "d:b/0=shutdown"},
    {"exit killed", "d:b/0=killed"},  {"exit error", "d:b/0=error:so"}, /* "be it" are words of their own */
    {"exit crash", "d:b/0=crash:so"}, {"crash", "d:b/0=crash:internal"},
};

static void a_monitor_tells_each_way_of_ending(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        start(2);
        tell("t/a/0", "monitor t/b/0");
        assert_ok(last_status);
        tell("t/b/0", ends[i].order);
        assert_false(lives("t/b/0"));
        assert_heard(0, ends[i].heard);
        assert_true(lives("t/a/0"));
        assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
        tear_down(state);
        set_up(state);
    }
}

static void a_monitor_tells_of_stops_and_kills(void **state) {
    (void)state;
    start(3);
    tell("t/a/0", "monitor t/b/0");
    tell("t/a/0", "monitor t/c/0");
    assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DRAIN));
    assert_ok(actor_fixture_stop(&fixture, "t/c/0", AIRS_STOP_DROP));
    actor_fixture_run(&fixture);
    assert_heard(0, "d:b/0=shutdown d:c/0=shutdown");
}

static void a_monitor_of_nobody_answers_at_once(void **state) {
    (void)state;
    start(1);
    tell("t/a/0", "monitor t/nobody/0");
    assert_ok(last_status);
    tell("t/a/0", "monitor t/nobody/");
    assert_heard(0, "d:nobody/0=no-actor d:nobody/=no-actor");
}

static void a_monitor_of_any_instance_names_it(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "monitor t/b/");
    tell("t/b/0", "exit normal");
    assert_heard(0, "d:b/0=normal");
}

static void each_monitor_tells_once(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "monitor t/b/0");
    airs_monitor_t first = last_monitor;
    tell("t/a/0", "monitor t/b/0");
    assert_int_not_equal(first, last_monitor);
    tell("t/b/0", "exit normal");
    assert_heard(0, "d:b/0=normal d:b/0=normal");
    tell("t/a/0", "demonitor");
    assert_int_equal(last_status, AIRS_NOT_FOUND);
}

static void nothing_comes_after_demonitor(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "monitor t/b/0");
    tell("t/a/0", "demonitor");
    assert_ok(last_status);
    tell("t/b/0", "exit normal");
    assert_heard(0, "");
    /* Also if it is on its way. */
    probe_spawn(&fixture, &probes[2], "t/b/0", NULL);
    tell("t/a/0", "monitor t/b/0");
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "demonitor"));
    assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DROP));
    actor_fixture_run(&fixture);
    assert_heard(0, "");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").queued, 0);
}

static void down_comes_behind_what_was_sent(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "monitor t/b/0");
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "send t/a/0"));
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "send t/a/0"));
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "crash"));
    actor_fixture_run(&fixture);
    assert_heard(0, "m:hello m:hello d:b/0=crash:internal");
}

static void down_is_exempt_from_the_mailbox_but_not_from_the_limit(void **state) {
    (void)state;
    airs_actor_spec_t spec = {.mailbox_messages = 1, .max_monitors = 2, .max_links = 1};
    probe_spawn(&fixture, &probes[0], "t/a/0", &spec);
    probe_spawn(&fixture, &probes[1], "t/b/0", NULL);
    probe_spawn(&fixture, &probes[2], "t/c/0", NULL);
    tell("t/a/0", "monitor t/b/0");
    tell("t/a/0", "monitor t/b/0");
    assert_ok(last_status);
    tell("t/a/0", "monitor t/b/0");
    assert_int_equal(last_status, AIRS_QUOTA_EXCEEDED);
    tell("t/a/0", "link t/b/0");
    assert_ok(last_status);
    tell("t/a/0", "link t/b/0"); /* again, which is none more */
    assert_ok(last_status);
    tell("t/a/0", "link t/c/0");
    assert_int_equal(last_status, AIRS_QUOTA_EXCEEDED);
    tell("t/c/0", "link t/a/0");
    assert_int_equal(last_status, AIRS_QUOTA_EXCEEDED);
    tell("t/a/0", "trap");
    /* Its mailbox is full while both are told. */
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "crash"));
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "wait"));
    actor_fixture_run(&fixture);
    assert_heard(0, "d:b/0=crash:internal d:b/0=crash:internal x:b/0=crash:internal");
    tell("t/a/0", "monitor t/c/0");
    assert_ok(last_status);
    tell("t/a/0", "link t/c/0");
    assert_ok(last_status);
}

static void monitors_end_with_their_owner(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "monitor t/b/0");
    tell("t/a/0", "exit normal");
    tell("t/b/0", "exit normal");
    probe_spawn(&fixture, &probes[2], "t/a/0", NULL);
    actor_fixture_run(&fixture);
    assert_heard(2, "");
}

static void one_may_monitor_itself(void **state) {
    (void)state;
    start(1);
    tell("t/a/0", "monitor t/a/0");
    assert_ok(last_status);
    tell("t/a/0", "link t/a/0");
    assert_ok(last_status);
    tell("t/a/0", "crash");
    assert_false(lives("t/a/0"));
    assert_heard(0, "");
}

/* ---- links ---- */

static const struct {
    const char *order;
    bool ends;
} link_ends[] = {
    {"exit normal", false}, {"exit shutdown", true}, {"exit killed", true},
    {"exit error", true},   {"exit crash", true},    {"crash", true},
};

static void a_link_passes_on_all_but_normal(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof link_ends / sizeof *link_ends; i++) {
        start(3);
        tell("t/a/0", "link t/b/0");
        assert_ok(last_status);
        tell("t/c/0", "monitor t/a/0");
        tell("t/b/0", link_ends[i].order);
        assert_int_equal(lives("t/a/0"), !link_ends[i].ends);
        assert_false(lives("t/b/0"));
        assert_true(lives("t/c/0"));
        /* No shutdown call, and the reason is that of the one. */
        assert_false(probes[0].stopped);
        if (link_ends[i].ends) {
            char expected[64];
            (void)snprintf(expected, sizeof expected, "%s", ends[i].heard);
            memcpy(strchr(expected, 'b'), "a", 1);
            assert_heard(2, expected);
        }
        tear_down(state);
        set_up(state);
    }
}

static void links_go_both_ways_and_on(void **state) {
    (void)state;
    start(4);
    tell("t/a/0", "link t/b/0");
    tell("t/b/0", "link t/c/0");
    tell("t/c/0", "link t/d/0");
    tell("t/d/0", "link t/a/0");
    tell("t/b/0", "crash");
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
    /* One has crashed, the others went along. */
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
}

static void a_trapping_one_is_told(void **state) {
    (void)state;
    start(4);
    tell("t/a/0", "trap");
    tell("t/a/0", "link t/b/0");
    tell("t/c/0", "link t/a/0");
    tell("t/a/0", "link t/d/0");
    tell("t/b/0", "crash");
    tell("t/c/0", "exit normal");
    tell("t/d/0", "exit killed");
    assert_heard(0, "x:b/0=crash:internal x:c/0=normal x:d/0=killed");
    assert_true(lives("t/a/0"));
    assert_string_equal(probes[0].last_content_type, "application/vnd.airssys.exit+json");
}

static void one_that_traps_no_more_ends(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "trap");
    tell("t/a/0", "link t/b/0");
    tell("t/a/0", "untrap");
    tell("t/b/0", "crash");
    assert_false(lives("t/a/0"));
}

static void kill_cannot_be_trapped(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "trap");
    tell("t/b/0", "trap");
    tell("t/a/0", "link t/b/0");
    tell("t/a/0", "kill t/b/0");
    assert_ok(last_status);
    assert_false(lives("t/b/0"));
    assert_false(probes[1].stopped);
    assert_heard(0, "x:b/0=killed");
    tell("t/a/0", "kill t/b/0");
    assert_int_equal(last_status, AIRS_TARGET_NOT_FOUND);
}

static void one_stops_another(void **state) {
    (void)state;
    start(3);
    tell("t/a/0", "monitor t/b/0");
    tell("t/a/0", "monitor t/c/0");
    tell("t/a/0", "drain t/b/0");
    tell("t/a/0", "drop t/c/0");
    assert_heard(0, "d:b/0=shutdown d:c/0=shutdown");
    assert_true(probes[1].stopped && probes[2].stopped);
    tell("t/a/0", "drop t/b/");
    assert_int_equal(last_status, AIRS_TARGET_NOT_FOUND);
}

static void unlink_undoes_it(void **state) {
    (void)state;
    start(3);
    tell("t/a/0", "link t/b/0");
    tell("t/b/0", "unlink t/a/0");
    tell("t/a/0", "unlink t/b/0");
    tell("t/a/0", "unlink t/nobody/0");
    tell("t/b/0", "crash");
    assert_true(lives("t/a/0"));
    /* Also if the message is on its way. */
    tell("t/a/0", "trap");
    tell("t/a/0", "link t/c/0");
    assert_ok(actor_fixture_send(&fixture, "t/a/0", "unlink t/c/0"));
    assert_ok(actor_fixture_stop(&fixture, "t/c/0", AIRS_STOP_DROP));
    actor_fixture_run(&fixture);
    assert_heard(0, "");
}

static void a_link_with_nobody_is_refused(void **state) {
    (void)state;
    start(1);
    tell("t/a/0", "link t/nobody/0");
    assert_int_equal(last_status, AIRS_TARGET_NOT_FOUND);
    assert_true(lives("t/a/0"));
}

static void what_waits_for_one_that_goes_along_are_dead_letters(void **state) {
    (void)state;
    start(2);
    tell("t/a/0", "link t/b/0");
    assert_ok(actor_fixture_send(&fixture, "t/b/0", "crash"));
    for (int i = 0; i < 5; i++) {
        assert_ok(actor_fixture_send(&fixture, "t/a/0", "hello"));
    }
    actor_fixture_run(&fixture);
    airs_node_counters_t totals = actor_fixture_totals(&fixture);
    assert_int_equal(totals.dropped, 0);
    /* All are accounted for: "link" and what was handled before the end, "crash" and the rest. */
    assert_int_equal(totals.messages + totals.dead_letters, 7);
}

/* ---- guests ---- */

static airs_scripted_next_t waiting_guest(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE) {
        return call->round == 0 ? airs_scripted_wait(call) : airs_scripted_ok(call);
    }
    return airs_scripted_ok(call);
}

static void the_end_of_a_link_wakes_a_parked_call(void **state) {
    (void)state;
    start(2);
    airs_component_handle_t component = actor_fixture_add(&fixture, waiting_guest, NULL);
    actor_fixture_spawn(&fixture, "t/guest/0", component);
    tell("t/a/0", "link t/guest/0");
    assert_ok(last_status);
    tell("t/b/0", "monitor t/guest/0");
    tell("t/guest/0", "wait");
    assert_true(lives("t/guest/0"));
    tell("t/a/0", "crash");
    assert_false(lives("t/guest/0"));
    assert_heard(1, "d:guest/0=crash:internal");
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
    uint64_t letters = actor_fixture_totals(&fixture).dead_letters;
    assert_int_equal(letters, 2); /* "crash", and "wait" that was in hand */
}

static airs_scripted_next_t failing_guest(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_HANDLE_MESSAGE && airs_scripted_payload_is(call, "trap")) {
        return airs_scripted_crash(call, AIRS_TRAP, "unreachable");
    }
    return airs_scripted_ok(call);
}

/* A restart is an end to links and monitors. */
static void watches_are_of_an_incarnation(void **state) {
    (void)state;
    start(2);
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, failing_guest, NULL),
                               .id = id_of("t/guest/0")};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.intensity = 3;
    spec.children = &child;
    spec.child_count = 1;
    airs_supervisor_t *supervisor = NULL;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    tell("t/a/0", "trap");
    tell("t/a/0", "link t/guest/0");
    tell("t/a/0", "monitor t/guest/0");
    tell("t/guest/0", "trap");
    assert_int_equal(actor_fixture_counters(&fixture, "t/guest/0").restarts, 1);
    assert_heard(0, "x:guest/0=crash:unreachable d:guest/0=crash:unreachable");
    tell("t/guest/0", "trap");
    assert_int_equal(actor_fixture_counters(&fixture, "t/guest/0").restarts, 2);
    assert_heard(0, "x:guest/0=crash:unreachable d:guest/0=crash:unreachable");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

/* Between two incarnations: the next one is meant, or nobody if there will be none. */
static void a_monitor_between_incarnations_is_of_the_next(void **state) {
    (void)state;
    for (int comes_back = 0; comes_back < 2; comes_back++) {
        start(1);
        airs_child_spec_t child = {.component = actor_fixture_add(&fixture, failing_guest, NULL),
                                   .id = id_of("t/guest/0")};
        airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
        spec.intensity = 3;
        spec.backoff.first_ms = 100000;
        spec.backoff.max_ms = 100000;
        spec.children = &child;
        spec.child_count = 1;
        airs_supervisor_t *supervisor = NULL;
        assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
        tell("t/guest/0", "trap");
        assert_int_equal(actor_fixture_counters(&fixture, "t/guest/0").state, AIRS_ACTOR_RESTARTING);
        tell("t/a/0", "monitor t/guest/0");
        assert_heard(0, "");
        if (comes_back) {
            actor_fixture_pass(&fixture, 200000 * MS);
            assert_heard(0, "");
            tell("t/guest/0", "trap");
            assert_heard(0, "d:guest/0=crash:unreachable");
        }
        airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
        actor_fixture_run(&fixture);
        assert_heard(0, comes_back ? "d:guest/0=crash:unreachable" : "d:guest/0=no-actor");
        tear_down(state);
        set_up(state);
    }
}

/* A transient child that goes along with a crash comes back, one that goes along with a shutdown does not. */
static void the_reason_of_a_link_decides_for_a_transient_child(void **state) {
    (void)state;
    static const char *const orders[] = {"crash", "exit shutdown"};
    for (int i = 0; i < 2; i++) {
        start(1);
        airs_child_spec_t child = {.component = actor_fixture_add(&fixture, failing_guest, NULL),
                                   .id = id_of("t/guest/0"),
                                   .restart = AIRS_RESTART_TRANSIENT};
        airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
        spec.children = &child;
        spec.child_count = 1;
        airs_supervisor_t *supervisor = NULL;
        assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
        tell("t/a/0", "link t/guest/0");
        tell("t/a/0", orders[i]);
        assert_int_equal(lives("t/guest/0"), i == 0);
        airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
        tear_down(state);
        set_up(state);
    }
}

/* ---- spawning ---- */

static airs_scripted_next_t spawned_guest(airs_scripted_call_t *call) {
    if (call->kind == AIRS_CALL_INITIALIZE) {
        airs_bytes_t config = call->config->config;
        bool fails = config.size == 4 && memcmp(config.data, "fail", 4) == 0;
        return fails ? airs_scripted_error(call, "told to fail") : airs_scripted_ok(call);
    }
    return failing_guest(call);
}

static void offer(const char *id, const char *config) {
    airs_actor_spec_t spec = {.config = airs_bytes(config, config != NULL ? strlen(config) : 0),
                              .mailbox_messages = 77};
    assert_ok(airs_actor_system_offer_component(
        fixture.system, id_of(id), actor_fixture_add(&fixture, spawned_guest, NULL), &spec, NULL));
}

static void actors_spawn_others(void **state) {
    (void)state;
    start(1);
    char config[] = "mine";
    offer("t/guest/", config);
    memset(config, '#', sizeof config - 1); /* it was copied */
    tell("t/a/0", "spawn monitor t/guest/");
    assert_ok(last_status);
    assert_string_equal(last_spawned.id, "t/guest/s1");
    assert_int_not_equal(last_spawned.monitor, 0);
    tell("t/a/0", "spawn alone t/guest/");
    assert_string_equal(last_spawned.id, "t/guest/s2");
    assert_int_equal(last_spawned.monitor, 0);
    tell("t/a/0", "spawn link t/guest/x");
    assert_string_equal(last_spawned.id, "t/guest/x");
    assert_int_equal(actor_fixture_totals(&fixture).actors, 4);
    tell("t/guest/s1", "trap");
    assert_heard(0, "d:guest/s1=crash:unreachable");
    tell("t/guest/s2", "trap");
    tell("t/guest/x", "trap");
    assert_int_equal(actor_fixture_totals(&fixture).actors, 0);
}

static void a_spawn_that_cannot_be_leaves_nothing(void **state) {
    (void)state;
    airs_actor_spec_t few = {.max_monitors = 1, .max_links = 1};
    probe_spawn(&fixture, &probes[0], "t/a/0", &few);
    tell("t/a/0", "spawn alone t/guest/");
    assert_int_equal(last_status, AIRS_COMPONENT_NOT_FOUND);
    offer("t/guest/", NULL);
    offer("t/guest/", "fail"); /* which replaces it */
    tell("t/a/0", "spawn alone t/guest/*");
    assert_int_equal(last_status, AIRS_INVALID_ARGUMENT);
    tell("t/a/0", "spawn alone t/guest/1 fine");
    assert_ok(last_status);
    tell("t/a/0", "spawn alone t/guest/1");
    assert_int_equal(last_status, AIRS_ALREADY_EXISTS);
    tell("t/a/0", "spawn link t/guest/2 fine");
    tell("t/a/0", "spawn link t/guest/3 fine");
    assert_int_equal(last_status, AIRS_QUOTA_EXCEEDED);
    assert_false(lives("t/guest/3"));
    tell("t/a/0", "spawn monitor t/guest/4");
    assert_heard(0, "d:guest/4=error:told"); /* "to fail" */
    airs_actor_system_withdraw_component(fixture.system, id_of("t/guest/"));
    tell("t/a/0", "spawn alone t/guest/");
    assert_int_equal(last_status, AIRS_COMPONENT_NOT_FOUND);
    assert_int_equal(airs_actor_system_change_component(fixture.system, id_of("t/guest/"), 1),
                     AIRS_COMPONENT_NOT_FOUND);
    airs_actor_system_withdraw_component(fixture.system, id_of("t/guest/"));
    assert_int_equal(actor_fixture_totals(&fixture).actors, 3);
}

static void natives_spawn_natives(void **state) {
    (void)state;
    start(1);
    probes[3].start_answer = AIRS_INTERNAL;
    tell("t/a/0", "spawn native t/d/0");
    assert_ok(last_status);
    assert_true(probes[3].destroyed);
    assert_heard(0, "d:d/0=error:internal");
    probes[3].destroyed = false;
    probes[3].start_answer = AIRS_OK;
    tell("t/a/0", "spawn native t/d/0");
    assert_true(lives("t/d/0"));
    tell("t/d/0", "hello");
    assert_string_equal(probes[3].heard, "m:hello");
    /* The state is the actor's whatever becomes of it. */
    tell("t/a/0", "drop t/d/0");
    probes[3].destroyed = false;
    tell("t/a/0", "spawn native t/a/0");
    assert_int_equal(last_status, AIRS_ALREADY_EXISTS);
    assert_true(probes[3].destroyed);
}

/* What is spawned of a simple-one-for-one supervisor's component is its child. */
static void spawned_children_are_supervised(void **state) {
    (void)state;
    start(1);
    airs_child_spec_t child = {.component = actor_fixture_add(&fixture, spawned_guest, NULL),
                               .id = id_of("t/guest/")};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.strategy = AIRS_SIMPLE_ONE_FOR_ONE;
    spec.children = &child;
    spec.child_count = 1;
    airs_supervisor_t *supervisor = NULL;
    tell("t/a/0", "spawn alone t/guest/");
    assert_int_equal(last_status, AIRS_COMPONENT_NOT_FOUND);
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    airs_child_counts_t counts;
    tell("t/a/0", "spawn monitor t/guest/");
    tell("t/a/0", "spawn alone t/guest/x with this");
    assert_ok(airs_supervisor_count_children(supervisor, &counts));
    assert_int_equal(counts.active, 2);
    tell("t/guest/s1", "trap");
    assert_heard(0, "d:guest/s1=crash:unreachable");
    assert_int_equal(actor_fixture_counters(&fixture, "t/guest/s1").restarts, 1);
    /* A first start that fails is the spawner's matter, and no restart. */
    tell("t/a/0", "spawn monitor t/guest/y fail");
    assert_ok(last_status);
    assert_heard(0, "d:guest/s1=crash:unreachable d:guest/y=error:told");
    assert_ok(airs_supervisor_count_children(supervisor, &counts));
    assert_int_equal(counts.active, 2);
    tell("t/a/0", "drop t/guest/x");
    assert_ok(airs_supervisor_count_children(supervisor, &counts));
    assert_int_equal(counts.active, 1);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
    assert_int_equal(actor_fixture_totals(&fixture).actors, 1);
    tell("t/a/0", "spawn alone t/guest/");
    assert_int_equal(last_status, AIRS_COMPONENT_NOT_FOUND);
}

/* Handed over while its supervisor ends: it ends too, and who monitors hears of it. */
static airs_status_t spawn_and_stay(airs_actor_context_t *context, probe_t *probe,
                                    const airs_incoming_t *incoming) {
    (void)probe;
    airs_actor_spawn_t what = {.size = sizeof what, .id = id_of("t/guest/"), .monitor = true};
    return incoming->kind == AIRS_INCOMING_MESSAGE ? airs_actor_spawn(context, &what, NULL) : AIRS_OK;
}

static void a_child_may_come_too_late(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        tear_down(state);
        set_up(state);
        airs_seeded_random_init(&fixture.random, seed);
        probes[0].then = spawn_and_stay;
        start(1);
        airs_child_spec_t child = {.component = actor_fixture_add(&fixture, spawned_guest, NULL),
                                   .id = id_of("t/guest/")};
        airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
        spec.strategy = AIRS_SIMPLE_ONE_FOR_ONE;
        spec.children = &child;
        spec.child_count = 1;
        airs_supervisor_t *supervisor = NULL;
        assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
        probes[0].answer = AIRS_OK;
        for (int i = 0; i < 3; i++) {
            assert_ok(actor_fixture_send(&fixture, "t/a/0", "go"));
        }
        for (uint64_t step = 0; step < seed % 8; step++) {
            (void)airs_actor_system_step(fixture.system);
        }
        airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
        /* The messages that come after it fail, and that is a crash of this probe. */
        actor_fixture_run(&fixture);
        assert_int_equal(actor_fixture_totals(&fixture).actors, lives("t/a/0"));
    }
}

/* ---- the program ---- */

static char told[256];

static void note_down(void *context, const airs_down_t *down) {
    (void)context;
    (void)snprintf(told + strlen(told), sizeof told - strlen(told), "%.*s=%s%s ",
                   AIRS_STR_ARG(down->actor.name), airs_reason_text(down->reason.kind), down->reason.text);
}

static void the_program_monitors(void **state) {
    (void)state;
    airs_host_monitor_t *monitors[4] = {NULL};
    told[0] = '\0';
    start(2);
    assert_ok(airs_actor_system_monitor(fixture.system, id_of("t/a/0"), note_down, NULL, &monitors[0], NULL));
    assert_ok(airs_actor_system_monitor(fixture.system, id_of("t/b/0"), note_down, NULL, &monitors[1], NULL));
    assert_ok(airs_actor_system_monitor(fixture.system, id_of("t/c/0"), note_down, NULL, &monitors[2], NULL));
    actor_fixture_run(&fixture);
    assert_string_equal(told, "c=no-actor ");
    airs_actor_system_demonitor(fixture.system, monitors[1]);
    tell("t/b/0", "exit normal");
    tell("t/a/0", "exit error");
    assert_string_equal(told, "c=no-actor a=errorso be it ");
    airs_actor_system_demonitor(fixture.system, monitors[0]);
    airs_actor_system_demonitor(fixture.system, NULL);
    airs_error_t error;
    assert_int_equal(
        airs_actor_system_monitor(fixture.system, airs_id("", "", ""), note_down, NULL, &monitors[3], &error),
        AIRS_INVALID_ARGUMENT);
}

/* ---- on threads ---- */

#define RACERS 8
#define ROUNDS 300

typedef struct racer {
    airs_id_t other;
    bool dies;
} racer_t;

static _Atomic uint64_t downs;
static _Atomic uint64_t monitors;
static _Atomic uint64_t undone;

static airs_status_t race(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    racer_t *self = state;
    if (incoming->kind == AIRS_INCOMING_DOWN) {
        atomic_fetch_add(&downs, 1);
        return AIRS_OK;
    }
    if (incoming->kind == AIRS_INCOMING_EXIT) {
        return AIRS_OK;
    }
    char what = (char)incoming->payload.data[0];
    if (what == 't') {
        return airs_actor_trap_exits(context, true);
    }
    if (what == 'm') {
        atomic_fetch_add(&monitors, 1);
        return airs_actor_monitor(context, self->other, NULL);
    }
    if (what == 'd') {
        airs_monitor_t monitor = 0;
        airs_status_t status = airs_actor_monitor(context, self->other, &monitor);
        if (status == AIRS_OK && airs_actor_demonitor(context, monitor) == AIRS_OK) {
            atomic_fetch_add(&undone, 1);
        }
        return status;
    }
    if (what == 'l') {
        (void)airs_actor_link(context, self->other);
        return AIRS_OK;
    }
    if (what == 'u') {
        airs_actor_unlink(context, self->other);
        return AIRS_OK;
    }
    return AIRS_INTERNAL;
}

static racer_t racers[2 * RACERS];

static void *drive(void *argument) {
    static const airs_native_t native = {.size = sizeof native, .handle = race};
    unsigned number = *(unsigned *)argument;
    /* Those that have not ended when this thread has still use them. */
    static char all_names[RACERS][2][24];
    char(*names)[24] = all_names[number];
    for (int side = 0; side < 2; side++) {
        (void)snprintf(names[side], sizeof names[side], "t/r%u/%d", number, side);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (int side = 0; side < 2; side++) {
            racers[2 * number + (unsigned)side].other = id_of(names[1 - side]);
            airs_status_t status = AIRS_ALREADY_EXISTS;
            while (status == AIRS_ALREADY_EXISTS) {
                status = airs_actor_system_spawn_native(fixture.system, &native,
                                                        &racers[2 * number + (unsigned)side],
                                                        id_of(names[side]), NULL, NULL);
            }
            /* One of the round before that still lives may have linked itself to it, and ended it by that. */
            AIRS_ASSERT(status == AIRS_OK || status == AIRS_STOPPED);
        }
        static const char *const scripts[] = {"lc", "mlc", "tlc", "dluc", "ludlmc", "c"};
        const char *const script[2] = {scripts[(round + number) % 6], scripts[(round / 6) % 6]};
        for (size_t i = 0; i < 6; i++) {
            for (int side = 0; side < 2; side++) {
                if (i < strlen(script[side])) {
                    char what[2] = {script[side][i], '\0'};
                    (void)actor_fixture_send(&fixture, names[side], what);
                }
            }
        }
    }
    return NULL;
}

/* Two that are linked end at once, one is linked while the other ends, and so on, on many threads. */
static void ends_and_watches_race(void **state) {
    (void)state;
    tear_down(state);
    actor_fixture_open(&fixture, 4);
    for (int i = 0; i < ACTORS; i++) {
        probe_init(&probes[i]);
    }
    pthread_t threads[RACERS];
    unsigned numbers[RACERS];
    for (unsigned i = 0; i < RACERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, drive, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_ok(airs_actor_system_drain(fixture.system, PATIENCE_MS));
    /* Each monitor tells at most once: not at all if its owner has ended. */
    assert_true(atomic_load(&downs) <= atomic_load(&monitors));
    assert_true(atomic_load(&undone) > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_monitor_tells_each_way_of_ending),
        TEST(a_monitor_tells_of_stops_and_kills),
        TEST(a_monitor_of_nobody_answers_at_once),
        TEST(a_monitor_of_any_instance_names_it),
        TEST(each_monitor_tells_once),
        TEST(nothing_comes_after_demonitor),
        TEST(down_comes_behind_what_was_sent),
        TEST(down_is_exempt_from_the_mailbox_but_not_from_the_limit),
        TEST(monitors_end_with_their_owner),
        TEST(one_may_monitor_itself),
        TEST(a_link_passes_on_all_but_normal),
        TEST(links_go_both_ways_and_on),
        TEST(a_trapping_one_is_told),
        TEST(one_that_traps_no_more_ends),
        TEST(kill_cannot_be_trapped),
        TEST(unlink_undoes_it),
        TEST(a_link_with_nobody_is_refused),
        TEST(what_waits_for_one_that_goes_along_are_dead_letters),
        TEST(the_end_of_a_link_wakes_a_parked_call),
        TEST(watches_are_of_an_incarnation),
        TEST(a_monitor_between_incarnations_is_of_the_next),
        TEST(the_reason_of_a_link_decides_for_a_transient_child),
        TEST(one_stops_another),
        TEST(actors_spawn_others),
        TEST(a_spawn_that_cannot_be_leaves_nothing),
        TEST(natives_spawn_natives),
        TEST(spawned_children_are_supervised),
        TEST(a_child_may_come_too_late),
        TEST(the_program_monitors),
        TEST(ends_and_watches_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
