#include "versions.h"

#include "actor/supervisor.h"
#include "support/failing_allocator.h"

static actor_fixture_t fixture;
static airs_error_t error;

static int set_up(void **state) {
    (void)state;
    actor_fixture_open_stepped(&fixture, 1);
    heard[0] = '\0';
    error.text[0] = '\0';
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

static airs_status_t update_in(airs_component_handle_t component, uint64_t window_ms, bool together) {
    airs_actor_update_t update = {
        .group = id_of("t/a/0"), .component = component, .window_ms = window_ms, .together = together};
    return airs_actor_system_update(fixture.system, &update, &error);
}

static airs_status_t update(airs_component_handle_t component) { return update_in(component, 10000, false); }

static void send(const char *target, const char *payload) {
    assert_ok(actor_fixture_send(&fixture, target, payload));
}

static void keep_answer(void *context, airs_bytes_t payload) {
    (void)snprintf(context, 32, "%.*s", (int)payload.size, (const char *)payload.data);
}

static const char *count_of(const char *target) {
    static char answer[32];
    assert_ok(airs_actor_system_call(fixture.system, id_of(target), airs_bytes("count", 5), airs_str(NULL),
                                     PATIENCE_MS, keep_answer, answer, NULL));
    return answer;
}

typedef struct sought {
    const char *id;
    char version[32];
} sought_t;

static bool note_version(void *context, const airs_actor_info_t *info) {
    sought_t *sought = context;
    char id[128];
    (void)snprintf(id, sizeof id, "%.*s/%.*s/%.*s", AIRS_STR_ARG(info->id.ns), AIRS_STR_ARG(info->id.name),
                   AIRS_STR_ARG(info->id.instance));
    if (strcmp(id, sought->id) == 0) {
        (void)snprintf(sought->version, sizeof sought->version, "%s", info->version);
    }
    return true;
}

static const char *version_of(const char *id) {
    static sought_t sought;
    sought = (sought_t){.id = id};
    airs_actor_system_list(fixture.system, note_version, &sought);
    return sought.version;
}

/* ---- what goes well ---- */

static void the_new_component_goes_on_with_the_mailbox_and_the_state(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    airs_component_handle_t old = version_add(&fixture.engine, &one);
    airs_component_handle_t next = version_add(&fixture.engine, &two);
    actor_fixture_spawn(&fixture, "t/a/0", old);
    send("t/a/0", "a");
    send("t/a/0", "b");
    actor_fixture_run(&fixture);
    assert_ok(update(next));
    send("t/a/0", "c");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:a 1:b 2:c ");
    assert_string_equal(count_of("t/a/0"), "3");
    assert_string_equal(two.from, "1");
    assert_string_equal(version_of("t/a/0"), "2");
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 1);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 0);
}

static void what_waits_is_handled_by_one_or_the_other_in_order(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    airs_component_handle_t old = version_add(&fixture.engine, &one);
    airs_component_handle_t next = version_add(&fixture.engine, &two);
    actor_fixture_spawn(&fixture, "t/a/0", old);
    for (const char *c = "abcde"; *c != '\0'; c++) {
        send("t/a/0", (char[]){*c, '\0'});
    }
    assert_ok(update(next));
    actor_fixture_run(&fixture);
    char payloads[16] = "";
    for (const char *at = strchr(heard, ':'); at != NULL; at = strchr(at + 1, ':')) {
        strncat(payloads, at + 1, 1);
    }
    assert_string_equal(payloads, "abcde");
    assert_string_equal(count_of("t/a/0"), "5");
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 0);
}

static void without_migration_the_new_component_begins_anew(void **state) {
    (void)state;
    for (int which = 0; which < 3; which++) {
        heard[0] = '\0';
        static version_t one;
        one = (version_t)VERSION_INIT("1");
        static version_t two;
        two = (version_t)VERSION_INIT("2");
        one.migrates = which == 1;
        two.migrates = which == 2;
        char id[16];
        (void)snprintf(id, sizeof id, "t/a/%d", which);
        actor_fixture_spawn(&fixture, id, version_add(&fixture.engine, &one));
        send(id, "a");
        actor_fixture_run(&fixture);
        assert_ok(update_in(version_add(&fixture.engine, &two), 0, false));
        assert_int_equal(two.initialized, 1);
        assert_int_equal(two.imported, 0);
        assert_string_equal(count_of(id), "0");
        assert_ok(actor_fixture_stop(&fixture, id, AIRS_STOP_DRAIN));
    }
}

static void all_instances_switch(void **state) {
    (void)state;
    for (int together = 0; together < 2; together++) {
        static version_t one;
        one = (version_t)VERSION_INIT("1");
        static version_t two;
        two = (version_t)VERSION_INIT("2");
        airs_component_handle_t old = version_add(&fixture.engine, &one);
        for (int i = 0; i < 5; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "t/a/%d", i);
            actor_fixture_spawn(&fixture, id, old);
        }
        actor_fixture_spawn(&fixture, "t/other/0", old);
        assert_ok(update_in(version_add(&fixture.engine, &two), 1000, together != 0));
        assert_int_equal(two.initialized, 5);
        for (int i = 0; i < 5; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "t/a/%d", i);
            assert_string_equal(version_of(id), "2");
            assert_ok(actor_fixture_stop(&fixture, id, AIRS_STOP_DRAIN));
        }
        assert_ok(actor_fixture_stop(&fixture, "t/other/0", AIRS_STOP_DRAIN));
    }
}

/* The first takes its time. */
static void one_after_the_other_unless_together(void **state) {
    (void)state;
    for (int together = 0; together < 2; together++) {
        static version_t one;
        one = (version_t)VERSION_INIT("1");
        static version_t two;
        two = (version_t)VERSION_INIT("2");
        two.parks_in = AIRS_CALL_INITIALIZE;
        airs_component_handle_t old = version_add(&fixture.engine, &one);
        actor_fixture_spawn(&fixture, "t/a/0", old);
        actor_fixture_spawn(&fixture, "t/a/1", old);
        /* Nobody lets go of it, so that it is taken back. */
        assert_status(update_in(version_add(&fixture.engine, &two), 1000, together != 0), AIRS_ROLLED_BACK);
        assert_int_equal(two.initialized, together != 0 ? 2 : 1);
        assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
        assert_ok(actor_fixture_stop(&fixture, "t/a/1", AIRS_STOP_DRAIN));
    }
}

static void its_configuration_can_change_with_it(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    airs_env_var_t env = {airs_str("NAME"), airs_str("value")};
    airs_actor_spec_t spec = {.env = &env, .env_count = 1, .limits = {.max_execution_time_ms = 5}};
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    airs_actor_update_t change = {
        .group = id_of("t/a/0"), .component = version_add(&fixture.engine, &two), .spec = &spec};
    assert_ok(airs_actor_system_update(fixture.system, &change, &error));
    assert_int_equal(two.initialized, 1);
}

/* ---- what is refused ---- */

static void a_component_without_instances_cannot_be_updated(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    airs_component_handle_t old = version_add(&fixture.engine, &one);
    assert_status(update(old), AIRS_TARGET_NOT_FOUND);
    actor_fixture_spawn(&fixture, "t/a/0", old);
    assert_status(update(old), AIRS_TARGET_NOT_FOUND); /* of another component */
    assert_string_equal(error.text, "t/a: no instance of it runs an older version");
}

static void native_actors_stay_as_they_are(void **state) {
    (void)state;
    probe_t probe;
    probe_init(&probe);
    probe_spawn(&fixture, &probe, "t/a/0", NULL);
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    assert_status(update(version_add(&fixture.engine, &one)), AIRS_TARGET_NOT_FOUND);
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    probe_free(&probe);
}

static void what_is_not_loaded_is_not_switched_to(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    assert_status(update(31), AIRS_ROLLED_BACK);
    send("t/a/0", "a");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:a ");
}

/* ---- what goes wrong in the switch: the old instance goes on as if nothing had been ---- */

typedef struct step {
    airs_call_kind_t in;
    airs_status_t failure;
    const char *text;
} step_t;

static void check_rollback(const step_t *what, bool together, const char *only) {
    heard[0] = '\0';
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    two.fails_in = what->in;
    two.failure = what->failure;
    two.only = only;
    airs_component_handle_t old = version_add(&fixture.engine, &one);
    airs_component_handle_t next = version_add(&fixture.engine, &two);
    for (int i = 0; i < 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        actor_fixture_spawn(&fixture, id, old);
        send(id, "a");
        send(id, "b");
    }
    assert_status(update_in(next, 1000, together), AIRS_ROLLED_BACK);
    assert_non_null(strstr(error.text, what->text));
    for (int i = 0; i < 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        send(id, "c");
        actor_fixture_run(&fixture);
        assert_string_not_equal(version_of(id), "2");
        bool may_have_switched = only != NULL;
        /* What was handled by the new one before it went back is forgotten by the state, not by the mailbox. */
        assert_true(strcmp(count_of(id), "3") == 0 || may_have_switched);
        assert_int_equal(actor_fixture_counters(&fixture, id).restarts > 0 && !may_have_switched, 0);
        assert_ok(actor_fixture_stop(&fixture, id, AIRS_STOP_DRAIN));
    }
    unsigned messages = 0;
    for (const char *at = strchr(heard, ':'); at != NULL; at = strchr(at + 1, ':')) {
        messages++;
    }
    assert_int_equal(messages, 9);
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 0);
    assert_int_equal(atomic_load(&fixture.engine.live_instances), 0);
}

static const step_t steps[] = {
    {AIRS_CALL_INSTANTIATE, AIRS_INSTANTIATION_FAILED, "instantiation: bad luck"},
    {AIRS_CALL_INITIALIZE, AIRS_GUEST_ERROR, "initialize: no"},
    {AIRS_CALL_INITIALIZE, AIRS_TRAP, "initialize: bad luck"},
    {AIRS_CALL_IMPORT_STATE, AIRS_GUEST_ERROR, "import-state: no"},
    {AIRS_CALL_IMPORT_STATE, AIRS_TRAP, "import-state: bad luck"},
    {AIRS_CALL_METADATA, AIRS_TRAP, "metadata: bad luck"},
    {AIRS_CALL_HEALTH, AIRS_TRAP, "health: bad luck"},
};

static void each_step_that_fails_takes_the_update_back(void **state) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        check_rollback(&steps[i], false, NULL);
    }
    (void)state;
}

static void with_one_that_fails_all_go_back(void **state) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        tear_down(state);
        set_up(state);
        check_rollback(&steps[i], false, "2");
    }
}

static void together_too(void **state) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        tear_down(state);
        set_up(state);
        check_rollback(&steps[i], true, "1");
    }
}

static void an_unhealthy_one_is_not_switched_to(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    two.health = AIRS_UNHEALTHY;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/0: health: it is unhealthy");
    two.health = AIRS_DEGRADED;
    assert_ok(update(version_add(&fixture.engine, &two)));
}

static void a_start_that_waits_for_too_long_takes_it_back(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    two.parks_in = AIRS_CALL_INITIALIZE;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/0: initialize: the parked-time limit was exceeded");
    send("t/a/0", "a");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:a ");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 0);
}

static void who_does_not_let_go_of_its_state_goes_on(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    one.fails_in = AIRS_CALL_EXPORT_STATE;
    one.failure = AIRS_GUEST_ERROR;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    send("t/a/0", "a");
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/0: export-state: no");
    assert_string_equal(count_of("t/a/0"), "1");
    assert_int_equal(two.initialized, 0);
}

static void who_crashes_when_asked_for_its_state_begins_anew(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    one.fails_in = AIRS_CALL_EXPORT_STATE;
    one.failure = AIRS_TRAP;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    for (int i = 0; i < 3; i++) {
        send("t/a/0", "a");
    }
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/0: export-state: bad luck");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:a 1:a 1:a ");
    assert_int_equal(one.initialized, 2);
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 0);
}

/* ---- what goes wrong in the window ---- */

/* Tells actors something when a time has come, from a timer of its own. */
typedef struct whisperer {
    const char *target;
    const char *payloads[3]; /* in this order */
} whisperer_t;

static airs_status_t whisper_start(airs_actor_context_t *context, void *user) {
    (void)user;
    return airs_actor_send_after(context, 500, airs_bytes("now", 3), NULL);
}

static airs_status_t whisper(airs_actor_context_t *context, void *user, const airs_incoming_t *incoming) {
    const whisperer_t *self = user;
    (void)incoming;
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < 3 && self->payloads[i] != NULL && status == AIRS_OK; i++) {
        const char *payload = self->payloads[i];
        status = airs_actor_send(context, id_of(self->target), airs_bytes(payload, strlen(payload)));
    }
    return status;
}

static const airs_native_t whisperer = {
    .size = sizeof(airs_native_t), .start = whisper_start, .handle = whisper};

/* Half a second from now, on the system's clock. */
static void tell_later(whisperer_t *self, const char *id) {
    assert_ok(airs_actor_system_spawn_native(fixture.system, &whisperer, self, id_of(id), NULL, NULL));
}

static void a_crash_in_the_window_takes_it_back(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    two.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    two.failure = AIRS_TRAP;
    airs_component_handle_t old = version_add(&fixture.engine, &one);
    for (int i = 0; i < 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "t/a/%d", i);
        actor_fixture_spawn(&fixture, id, old);
        send(id, "a");
    }
    actor_fixture_run(&fixture);
    whisperer_t whispers[] = {{"t/a/0", {"good"}}, {"t/a/1", {"boom", "after"}}};
    tell_later(&whispers[0], "w/w/0");
    tell_later(&whispers[1], "w/w/1");
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/1: bad luck");
    actor_fixture_run(&fixture);
    assert_int_equal(one.imported, 3);
    assert_string_equal(one.from, "1");
    /* "good" was counted by the new one, if it came to it. */
    bool to_new = strstr(heard, "2:good ") != NULL;
    assert_string_equal(count_of("t/a/0"), to_new ? "1" : "2");
    assert_string_equal(version_of("t/a/0"), "1");
    assert_string_equal(version_of("t/a/1"), "1");
    assert_non_null(strstr(heard, ":good "));
    assert_non_null(strstr(heard, ":after "));
    /* The one that was in hand is a dead letter. */
    assert_int_equal(actor_fixture_totals(&fixture).dead_letters, 1);
    assert_int_equal(actor_fixture_totals(&fixture).crashed, 1);
    /* After the window it would have been a crash as any other. */
    send("t/a/2", "boom");
    actor_fixture_run(&fixture);
    assert_non_null(strstr(heard, "1:boom "));
}

static void a_crash_after_the_window_is_one_as_any(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    two.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    two.failure = AIRS_TRAP;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    assert_ok(update(version_add(&fixture.engine, &two)));
    send("t/a/0", "boom");
    actor_fixture_run(&fixture);
    airs_actor_counters_t counters;
    assert_status(airs_actor_system_counters(fixture.system, id_of("t/a/0"), &counters),
                  AIRS_TARGET_NOT_FOUND);
}

static version_t *falls_ill;

static airs_status_t fall_ill(airs_actor_context_t *context, void *user, const airs_incoming_t *incoming) {
    (void)context;
    (void)user;
    (void)incoming;
    falls_ill->health = AIRS_UNHEALTHY;
    return AIRS_OK;
}

static void one_that_is_unhealthy_at_the_end_of_it_takes_it_back(void **state) {
    (void)state;
    static const airs_native_t native = {
        .size = sizeof(airs_native_t), .start = whisper_start, .handle = fall_ill};
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    two.only = "1";
    falls_ill = &two;
    airs_component_handle_t old = version_add(&fixture.engine, &one);
    actor_fixture_spawn(&fixture, "t/a/0", old);
    actor_fixture_spawn(&fixture, "t/a/1", old);
    assert_ok(airs_actor_system_spawn_native(fixture.system, &native, NULL, id_of("w/w/0"), NULL, NULL));
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_string_equal(error.text, "t/a/1: it is unhealthy at the end of the window");
    assert_int_equal(one.initialized, 4);
    send("t/a/0", "a");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:a ");
}

/* The old component's start fails when it is to come back with its state: then it comes back without. */
static void one_that_does_not_take_its_own_state_begins_anew(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    one.fails_in = AIRS_CALL_IMPORT_STATE;
    one.failure = AIRS_GUEST_ERROR;
    two.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    two.failure = AIRS_TRAP;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    send("t/a/0", "a");
    actor_fixture_run(&fixture);
    whisperer_t whispers = {"t/a/0", {"boom", "after"}};
    tell_later(&whispers, "w/w/0");
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    actor_fixture_run(&fixture);
    assert_non_null(strstr(heard, ":after "));
    assert_string_equal(version_of("t/a/0"), "1");
    assert_int_equal(one.initialized, 3);
}

/* ---- what is under way ---- */

static void with_migration_timers_and_answers_that_are_owed_stay(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    send("t/a/0", "every 60000");
    actor_fixture_run(&fixture);
    assert_ok(update_in(version_add(&fixture.engine, &two), 0, false));
    actor_fixture_pass(&fixture, 60000 * MS);
    assert_string_equal(heard, "1:every 60000 2:tick ");
    actor_fixture_pass(&fixture, 60000 * MS);
    assert_string_equal(heard, "1:every 60000 2:tick 2:tick ");
}

static void without_it_they_end(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = true;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    send("t/a/0", "every 60000");
    actor_fixture_run(&fixture);
    assert_ok(update_in(version_add(&fixture.engine, &two), 0, false));
    actor_fixture_pass(&fixture, 60000 * MS);
    assert_string_equal(heard, "1:every 60000 ");
    assert_int_equal(airs_actor_system_next_deadline(fixture.system), UINT64_MAX);
}

typedef struct ended {
    unsigned count;
    airs_status_t status;
    char payload[32];
} ended_t;

static void note_end(void *context, const airs_answer_t *answer) {
    ended_t *ended = context;
    ended->count++;
    ended->status = answer->status;
    (void)snprintf(ended->payload, sizeof ended->payload, "%.*s", (int)answer->payload.size,
                   (const char *)answer->payload.data);
}

static void ask(ended_t *ended, const char *payload) {
    assert_ok(airs_actor_system_request(fixture.system, id_of("t/a/0"), airs_bytes(payload, strlen(payload)),
                                        airs_str(NULL), 600000, note_end, ended, NULL, NULL));
    actor_fixture_run(&fixture);
}

static void an_answer_that_is_owed_is_given_by_the_new_one(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    ended_t ended = {0};
    ask(&ended, "defer");
    assert_ok(update(version_add(&fixture.engine, &two)));
    assert_int_equal(ended.count, 0);
    send("t/a/0", "owed");
    actor_fixture_run(&fixture);
    assert_int_equal(ended.count, 1);
    assert_ok(ended.status);
    assert_string_equal(ended.payload, "late");
}

static void or_fails_without_migration(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    ended_t ended = {0};
    ask(&ended, "defer");
    assert_ok(update(version_add(&fixture.engine, &two)));
    assert_int_equal(ended.count, 1);
    assert_status(ended.status, AIRS_STOPPED);
}

static void an_answer_to_a_request_of_the_old_one_comes_to_the_new_one(void **state) {
    (void)state;
    for (int migrates = 0; migrates < 2; migrates++) {
        heard[0] = '\0';
        static version_t one;
        one = (version_t)VERSION_INIT("1");
        static version_t two;
        two = (version_t)VERSION_INIT("2");
        static version_t server;
        server = (version_t)VERSION_INIT("s");
        one.migrates = two.migrates = migrates != 0;
        actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
        actor_fixture_spawn(&fixture, "t/b/0", version_add(&fixture.engine, &server));
        server.parks_in = AIRS_CALL_HANDLE_MESSAGE;
        send("t/a/0", "ask t/b/0");
        actor_fixture_run(&fixture);
        assert_ok(update_in(version_add(&fixture.engine, &two), 0, false));
        server.parks_in = NEVER;
        airs_scripted_engine_release(&fixture.engine, "t/b/0");
        actor_fixture_run(&fixture);
        assert_string_equal(heard, migrates ? "1:ask t/b/0 s:question 2: " : "1:ask t/b/0 s:question ");
        assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DRAIN));
        assert_ok(actor_fixture_stop(&fixture, "t/b/0", AIRS_STOP_DRAIN));
    }
}

/* After a switch that fails the old one's are all there, and the new one's are gone. */
static void a_switch_that_fails_changes_nothing_of_it(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    two.fails_in = AIRS_CALL_IMPORT_STATE;
    two.failure = AIRS_TRAP;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    ended_t ended = {0};
    ask(&ended, "defer");
    send("t/a/0", "every 60000");
    actor_fixture_run(&fixture);
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    actor_fixture_pass(&fixture, 60000 * MS);
    send("t/a/0", "owed");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:defer 1:every 60000 1:tick 1:owed ");
    assert_int_equal(ended.count, 1);
    assert_ok(ended.status);
}

static void an_update_that_is_taken_back_keeps_what_was_before_it(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    two.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    two.failure = AIRS_TRAP;
    actor_fixture_spawn(&fixture, "t/a/0", version_add(&fixture.engine, &one));
    ended_t ended = {0};
    ask(&ended, "defer");
    send("t/a/0", "every 60000");
    actor_fixture_run(&fixture);
    whisperer_t whispers = {"t/a/0", {"timer 70000", "boom"}};
    tell_later(&whispers, "w/w/0");
    assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
    assert_non_null(strstr(heard, "2:timer 70000 "));
    heard[0] = '\0';
    actor_fixture_pass(&fixture, 60000 * MS);
    actor_fixture_pass(&fixture, 11000 * MS);
    send("t/a/0", "owed");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "1:tick 1:owed "); /* the new one's timer is gone with it */
    assert_int_equal(ended.count, 1);
    assert_ok(ended.status);
}

/* ---- supervised ones ---- */

static airs_supervisor_t *supervise(airs_component_handle_t component, unsigned children) {
    static const char *const names[] = {"t/a/0", "t/a/1", "t/a/2"};
    airs_child_spec_t specs[3];
    memset(specs, 0, sizeof specs);
    for (unsigned i = 0; i < children; i++) {
        specs[i].component = component;
        specs[i].id = id_of(names[i]);
    }
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.intensity = 0; /* any restart of its own would end it */
    spec.children = specs;
    spec.child_count = children;
    airs_supervisor_t *supervisor = NULL;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    return supervisor;
}

static void a_rollback_is_no_restart_to_the_supervisor(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    two.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    two.failure = AIRS_TRAP;
    airs_supervisor_t *supervisor = supervise(version_add(&fixture.engine, &one), 3);
    for (int i = 0; i < 3; i++) {
        whisperer_t boom = {"t/a/1", {"boom"}};
        tell_later(&boom, "w/w/0");
        assert_status(update(version_add(&fixture.engine, &two)), AIRS_ROLLED_BACK);
        assert_ok(actor_fixture_stop(&fixture, "w/w/0", AIRS_STOP_DROP));
        send("t/a/1", "a");
        actor_fixture_run(&fixture);
    }
    assert_string_equal(heard, "1:a 1:a 1:a ");
    airs_child_counts_t counts;
    assert_ok(airs_supervisor_count_children(supervisor, &counts));
    assert_int_equal(counts.active, 3);
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

static void what_is_started_again_is_the_new_one_or_after_a_rollback_the_old_one(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    static version_t bad;
    bad = (version_t)VERSION_INIT("3");
    bad.health = AIRS_UNHEALTHY;
    airs_supervisor_t *supervisor = supervise(version_add(&fixture.engine, &one), 2);
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/1", NULL));
    assert_ok(update(version_add(&fixture.engine, &two)));
    assert_ok(airs_supervisor_restart_child(supervisor, "t/a/1", NULL));
    send("t/a/1", "a");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "2:a ");
    assert_ok(airs_supervisor_stop_child(supervisor, "t/a/1", NULL));
    assert_status(update(version_add(&fixture.engine, &bad)), AIRS_ROLLED_BACK);
    assert_ok(airs_supervisor_restart_child(supervisor, "t/a/1", NULL));
    send("t/a/1", "b");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "2:a 2:b ");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

static void one_that_is_down_comes_up_as_the_new_one(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.fails_in = AIRS_CALL_HANDLE_MESSAGE;
    one.failure = AIRS_TRAP;
    airs_child_spec_t child = {.component = version_add(&fixture.engine, &one), .id = id_of("t/a/0")};
    airs_supervisor_spec_t spec = {.intensity = 3,
                                   .period_ms = 5000,
                                   .backoff = {.first_ms = 100000, .max_ms = 100000},
                                   .children = &child,
                                   .child_count = 1};
    airs_supervisor_t *supervisor = NULL;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    send("t/a/0", "boom");
    send("t/a/0", "a");
    actor_fixture_run(&fixture);
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").state, AIRS_ACTOR_RESTARTING);
    assert_ok(update_in(version_add(&fixture.engine, &two), 0, false));
    actor_fixture_pass(&fixture, 100000 * MS);
    assert_string_equal(heard, "2:a ");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

static void children_that_are_all_alike_are_new_ones_from_then_on(void **state) {
    (void)state;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    airs_child_spec_t model = {.component = version_add(&fixture.engine, &one)};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.strategy = AIRS_SIMPLE_ONE_FOR_ONE;
    spec.children = &model;
    spec.child_count = 1;
    airs_supervisor_t *supervisor = NULL;
    assert_ok(airs_actor_system_start_supervisor(fixture.system, &spec, &supervisor, NULL));
    assert_ok(airs_supervisor_start_like(supervisor, id_of("t/a/0"), airs_bytes(NULL, 0), NULL));
    assert_ok(update(version_add(&fixture.engine, &two)));
    assert_ok(airs_supervisor_start_like(supervisor, id_of("t/a/1"), airs_bytes(NULL, 0), NULL));
    send("t/a/0", "a");
    actor_fixture_run(&fixture);
    send("t/a/1", "b");
    actor_fixture_run(&fixture);
    assert_string_equal(heard, "2:a 2:b ");
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

/* ---- commands ------------------------------------------------------------------------------- */

/* What one version of a command does; its runs are in `heard`: "NAME+arguments+input ". */
typedef struct job {
    const char *name;
    uint64_t takes_ns;
    uint64_t takes_to_make_ns;
    int32_t code;
    bool cannot_be_made;
} job_t;

static airs_scripted_next_t job_guest(airs_scripted_call_t *call) {
    const job_t *job = call->context;
    if (call->kind == AIRS_CALL_INSTANTIATE) {
        if (call->round == 0 && job->takes_to_make_ns > 0) {
            return airs_scripted_sleep(call, job->takes_to_make_ns);
        }
        return job->cannot_be_made ? airs_scripted_crash(call, AIRS_TRAP, "it cannot start")
                                   : airs_scripted_ok(call);
    }
    if (call->round == 0) {
        size_t used = strlen(heard);
        (void)snprintf(heard + used, sizeof heard - used, "%s+%s+%.*s ", job->name,
                       (const char *)call->host->arguments.data, (int)call->host->standard_input.size,
                       (const char *)call->host->standard_input.data);
        if (job->takes_ns > 0) {
            return airs_scripted_sleep(call, job->takes_ns);
        }
    }
    return airs_scripted_exit(call, job->code);
}

static airs_component_handle_t job_add(job_t *job) {
    airs_component_handle_t component = actor_fixture_add(&fixture, job_guest, job);
    airs_scripted_engine_set_command(&fixture.engine, component);
    return component;
}

static void job_spawn(airs_component_handle_t component, uint64_t every_ms) {
    static const char *const args[] = {"x"};
    const airs_actor_spec_t spec = {
        .args = args, .arg_count = 1, .standard_input = airs_bytes("y", 1), .every_ms = every_ms};
    assert_ok(airs_actor_system_spawn_component(fixture.system, component, id_of("t/a/0"), &spec, NULL));
    actor_fixture_pass(&fixture, 0);
}

static bool is_there(void) {
    airs_actor_counters_t counters;
    return airs_actor_system_counters(fixture.system, id_of("t/a/0"), &counters) == AIRS_OK;
}

/* Called as before, and when it would have been. */
static void the_next_run_of_a_command_is_the_new_ones(void **state) {
    (void)state;
    static job_t one = {.name = "1"};
    static job_t two = {.name = "2"};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    job_spawn(old, 4000);
    assert_string_equal(heard, "1+x+y ");
    assert_ok(update(next));
    assert_string_equal(heard, "1+x+y 2+x+y 2+x+y ");
    actor_fixture_pass(&fixture, 4000 * MS);
    assert_string_equal(heard, "1+x+y 2+x+y 2+x+y 2+x+y ");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 0);
    assert_int_equal(fixture.engine.live_instances, 0);
}

static void a_run_in_hand_comes_to_its_end(void **state) {
    (void)state;
    static job_t one = {.name = "1", .takes_ns = 500 * MS};
    static job_t two = {.name = "2"};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    job_spawn(old, 4000);
    assert_int_equal(fixture.engine.live_instances, 1);
    assert_ok(update_in(next, 0, false));
    assert_string_equal(heard, "1+x+y ");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").handled, 1);
    actor_fixture_pass(&fixture, 4000 * MS);
    assert_string_equal(heard, "1+x+y 2+x+y ");
}

static void a_command_that_cannot_be_made_is_not_gone_on_with(void **state) {
    (void)state;
    static job_t one = {.name = "1"};
    static job_t two = {.name = "2", .cannot_be_made = true};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    job_spawn(old, 4000);
    assert_status(update(next), AIRS_ROLLED_BACK);
    assert_non_null(strstr(error.text, "t/a/0: instantiation: it cannot start"));
    actor_fixture_pass(&fixture, 4000 * MS);
    assert_string_equal(heard, "1+x+y 1+x+y ");
    assert_int_equal(actor_fixture_counters(&fixture, "t/a/0").restarts, 0);
    assert_int_equal(fixture.engine.live_instances, 0);
}

static void a_command_may_take_its_time_to_be_made(void **state) {
    (void)state;
    static job_t one = {.name = "1"};
    static job_t two = {.name = "2", .takes_to_make_ns = 5 * MS};
    static job_t three = {.name = "3", .takes_to_make_ns = 5 * MS, .cannot_be_made = true};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    airs_component_handle_t last = job_add(&three);
    job_spawn(old, 4000);
    assert_ok(update_in(next, 0, false));
    assert_status(update_in(last, 0, false), AIRS_ROLLED_BACK);
    actor_fixture_pass(&fixture, 4000 * MS);
    actor_fixture_pass(&fixture, 5 * MS);
    assert_string_equal(heard, "1+x+y 2+x+y ");
    assert_int_equal(fixture.engine.live_instances, 0);
}

static void a_command_that_fails_in_the_window_is_taken_back(void **state) {
    (void)state;
    static job_t one = {.name = "1"};
    static job_t two = {.name = "2", .code = 3};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    job_spawn(old, 4000);
    assert_status(update(next), AIRS_ROLLED_BACK);
    assert_non_null(strstr(error.text, "t/a/0: the command exited with code 3"));
    actor_fixture_pass(&fixture, 0);
    actor_fixture_pass(&fixture, 4000 * MS);
    /* It is started anew, and its interval with it. */
    assert_string_equal(heard, "1+x+y 2+x+y 1+x+y 1+x+y ");
    assert_int_equal(actor_fixture_totals(&fixture).spawned, 1);
}

/* It runs in the window to its end, for which it is there. */
static void a_command_that_runs_once_may_end_in_the_window(void **state) {
    (void)state;
    static job_t one = {.name = "1"};
    static job_t two = {.name = "2"};
    static const char *const args[] = {"x"};
    const airs_actor_spec_t spec = {.args = args, .arg_count = 1};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    assert_ok(airs_actor_system_spawn_component(fixture.system, old, id_of("t/a/0"), &spec, NULL));
    assert_ok(update(next));
    assert_string_equal(heard, "2+x+ ");
    assert_false(is_there());
}

static void a_command_that_ended_before_is_not_updated(void **state) {
    (void)state;
    static job_t one = {.name = "1", .takes_ns = 500 * MS};
    static job_t two = {.name = "2"};
    airs_component_handle_t old = job_add(&one);
    airs_component_handle_t next = job_add(&two);
    job_spawn(old, 0);
    assert_status(update(next), AIRS_STOPPED);
    assert_string_equal(heard, "1+x+y ");
    assert_false(is_there());
    assert_status(update(next), AIRS_TARGET_NOT_FOUND);
}

static void a_command_does_not_become_an_actor(void **state) {
    (void)state;
    static job_t job = {.name = "1"};
    static version_t actor;
    actor = (version_t)VERSION_INIT("2");
    airs_component_handle_t old = job_add(&job);
    airs_component_handle_t other = version_add(&fixture.engine, &actor);
    job_spawn(old, 4000);
    assert_status(update(other), AIRS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "t/a: it is a command, and the new component is none"));
    assert_ok(actor_fixture_stop(&fixture, "t/a/0", AIRS_STOP_DROP));
    actor_fixture_spawn(&fixture, "t/a/0", other);
    assert_status(update(old), AIRS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "t/a: it is an actor, and the new component is a command"));
}

/* ---- memory ---- */

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    const airs_status_t expected = *(const airs_status_t *)context;
    static version_t one;
    one = (version_t)VERSION_INIT("1");
    static version_t two;
    two = (version_t)VERSION_INIT("2");
    one.migrates = two.migrates = true;
    two.health = expected == AIRS_OK ? AIRS_HEALTHY : AIRS_UNHEALTHY;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t random;
    airs_actor_system_t *system = NULL;
    airs_scripted_engine_init(&engine, allocator);
    airs_fake_clock_init(&clock);
    airs_seeded_random_init(&random, 1);
    airs_actor_system_options_t options = {.engine = &engine.engine,
                                           .allocator = allocator,
                                           .clock = &clock.clock,
                                           .random = &random.random,
                                           .stepped = true,
                                           .dead_letters = 4};
    airs_component_handle_t old = version_add(&engine, &one);
    airs_component_handle_t next = version_add(&engine, &two);
    airs_status_t status = airs_actor_system_create(&options, &system, NULL);
    if (status == AIRS_OK) {
        status = airs_actor_system_spawn_component(system, old, id_of("t/a/0"), NULL, NULL);
    }
    if (status == AIRS_OK) {
        airs_actor_update_t what = {.group = id_of("t/a/0"), .component = next};
        status = airs_actor_system_update(system, &what, NULL);
        /* Whatever came of it: the actor lives. */
        airs_actor_counters_t counters;
        assert_ok(airs_actor_system_counters(system, id_of("t/a/0"), &counters));
        assert_int_equal(atomic_load(&engine.live_instances), 1);
        bool as_expected = status == expected;
        status = as_expected ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    }
    airs_actor_system_destroy(system);
    airs_scripted_engine_free(&engine);
    return status;
}

static void memory_that_is_refused_leaves_the_actor_as_it_was_or_updated(void **state) {
    (void)state;
    airs_status_t expected = AIRS_OK;
    airs_fail_each_allocation(life, &expected);
    expected = AIRS_ROLLED_BACK;
    airs_fail_each_allocation(life, &expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(the_new_component_goes_on_with_the_mailbox_and_the_state),
        CASE(what_waits_is_handled_by_one_or_the_other_in_order),
        CASE(without_migration_the_new_component_begins_anew),
        CASE(all_instances_switch),
        CASE(one_after_the_other_unless_together),
        CASE(its_configuration_can_change_with_it),
        CASE(a_component_without_instances_cannot_be_updated),
        CASE(native_actors_stay_as_they_are),
        CASE(what_is_not_loaded_is_not_switched_to),
        CASE(each_step_that_fails_takes_the_update_back),
        CASE(with_one_that_fails_all_go_back),
        CASE(together_too),
        CASE(an_unhealthy_one_is_not_switched_to),
        CASE(a_start_that_waits_for_too_long_takes_it_back),
        CASE(who_does_not_let_go_of_its_state_goes_on),
        CASE(who_crashes_when_asked_for_its_state_begins_anew),
        CASE(a_crash_in_the_window_takes_it_back),
        CASE(a_crash_after_the_window_is_one_as_any),
        CASE(one_that_is_unhealthy_at_the_end_of_it_takes_it_back),
        CASE(one_that_does_not_take_its_own_state_begins_anew),
        CASE(with_migration_timers_and_answers_that_are_owed_stay),
        CASE(without_it_they_end),
        CASE(an_answer_that_is_owed_is_given_by_the_new_one),
        CASE(or_fails_without_migration),
        CASE(an_answer_to_a_request_of_the_old_one_comes_to_the_new_one),
        CASE(a_switch_that_fails_changes_nothing_of_it),
        CASE(an_update_that_is_taken_back_keeps_what_was_before_it),
        CASE(a_rollback_is_no_restart_to_the_supervisor),
        CASE(what_is_started_again_is_the_new_one_or_after_a_rollback_the_old_one),
        CASE(one_that_is_down_comes_up_as_the_new_one),
        CASE(children_that_are_all_alike_are_new_ones_from_then_on),
        CASE(the_next_run_of_a_command_is_the_new_ones),
        CASE(a_run_in_hand_comes_to_its_end),
        CASE(a_command_that_cannot_be_made_is_not_gone_on_with),
        CASE(a_command_may_take_its_time_to_be_made),
        CASE(a_command_that_fails_in_the_window_is_taken_back),
        CASE(a_command_that_runs_once_may_end_in_the_window),
        CASE(a_command_that_ended_before_is_not_updated),
        CASE(a_command_does_not_become_an_actor),
        cmocka_unit_test(memory_that_is_refused_leaves_the_actor_as_it_was_or_updated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
