/* What is recorded, when that ends, and the replay of what was tampered with. */
#include "runtime/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "runtime/crash_record.h"
#include "runtime/engine_fixture.h"
#include "runtime/replayer.h"
#include "security/capability.h"
#include "support/failing_allocator.h"
#include "support/parking_backend.h"
#include "support/temporary_folder.h"

#define JOURNAL_BYTES ((uint64_t)1 << 20)

/* Takes crashes, and keeps the last one's file. */
typedef struct catcher {
    airs_crash_sink_t sink;
    unsigned crashes;
    airs_status_t status;
    uint8_t *file;
    size_t size;
} catcher_t;

static airs_temporary_folder_t cache;

static void catch (airs_crash_sink_t *sink, airs_crash_t *crash) {
    catcher_t *self = (catcher_t *)(void *)sink;
    size_t count = 0;
    const airs_bytes_t *parts = crash->content(crash, &count);
    self->crashes++;
    self->status = crash->status;
    self->size = 0;
    free(self->file);
    self->file = malloc((size_t)crash->size);
    assert_non_null(self->file);
    for (size_t i = 0; i < count; i++) {
        memcpy(self->file + self->size, parts[i].data, parts[i].size);
        self->size += parts[i].size;
    }
    assert_int_equal(self->size, crash->size);
    crash->release(crash);
}

static void open_recorded(fixture_t *fixture, catcher_t *catcher, uint64_t bytes) {
    airs_wasm_engine_options_t options = {.max_instances = 4, .record = true, .cache_dir = cache.path};
    *catcher = (catcher_t){.sink = {.take = catch}};
    fixture_open(fixture, &options);
    fixture->record_bytes = bytes;
    fixture->crashes = &catcher->sink;
}

static void close_recorded(fixture_t *fixture, catcher_t *catcher) {
    fixture_close(fixture);
    free(catcher->file);
}

static int make_cache(void **state) {
    (void)state;
    airs_temporary_folder_create(&cache);
    return 0;
}

static int remove_cache(void **state) {
    (void)state;
    airs_temporary_folder_remove(&cache);
    return 0;
}

static const char *const life[] = {
    "note one",
    "clock",
    "monotonic",
    "random",
    "set key value",
    "get key",
    "get nothing",
    "exists key",
    "keys k",
    "usage",
    "delete key",
    "send app/other/0 text",
    "ask app/other/0 q",
    "publish a.b c",
    "subscribe a.*",
    "after 5 tick",
    "list",
    "describe app/other/0",
    "sleep 20",
    "nap 3",
    "log some line",
    "print some line",
    "defer answer",
};

#define LIFE (sizeof life / sizeof *life)

/* One of everything, then the end. */
static void live(fixture_t *fixture) {
    fixture_run(fixture, "faulty", "configuration");
    for (size_t i = 0; i < LIFE; i++) {
        assert_ok(fixture_message(fixture, life[i]));
    }
    assert_ok(fixture_request(fixture, "note more"));
    assert_ok(fixture_callback(fixture, AIRS_MESSAGE_RESPONSE, "answer"));
    assert_ok(fixture_call(fixture, AIRS_CALL_METADATA));
    assert_ok(fixture_call(fixture, AIRS_CALL_HEALTH));
    assert_status(fixture_message(fixture, "fall call"), AIRS_TRAP);
}

/* ---- replays ---- */

typedef struct seen {
    uint64_t steps;
    uint64_t last;
    char names[128][32];
} seen_t;

static void see(void *context, const airs_replay_step_t *step) {
    seen_t *seen = context;
    if (!step->is_end && step->number < 128) {
        (void)snprintf(seen->names[step->number], sizeof seen->names[0], "%s", step->name);
    }
    seen->steps += !step->is_end;
    seen->last = step->number;
}

typedef struct outcome {
    airs_status_t status; /* of create or run */
    airs_replay_end_t end;
    airs_status_t ended;
    uint64_t number;
    bool is_deep;    /* the backtrace has 20 frames, as it was recorded */
    char text[4096]; /* an error, or the trouble */
    seen_t seen;
} outcome_t;

static void replay(const airs_allocator_t *allocator, airs_bytes_t file, uint64_t until, outcome_t *out) {
    airs_replayer_t *replayer = NULL;
    airs_replay_result_t result;
    airs_error_t error = {AIRS_OK, ""};
    memset(out, 0, sizeof *out);
    out->status = airs_replayer_create(allocator, file, &replayer, &error);
    if (out->status == AIRS_OK) {
        airs_replay_options_t options = {.cache_dir = cache.path,
                                         .compiler = AIRS_TEST_COMPILER,
                                         .until = until,
                                         .step = see,
                                         .context = &out->seen};
        out->status = airs_replayer_run(replayer, &options, &result, &error);
    }
    if (out->status == AIRS_OK) {
        out->end = result.end;
        out->ended = result.status;
        out->number = result.number;
        (void)snprintf(out->text, sizeof out->text, "%s", result.trouble);
        if (result.end == AIRS_REPLAY_SAME) {
            const airs_crash_record_t *record = airs_replayer_record(replayer);
            assert_string_equal(result.reason, record->reason.data);
            out->is_deep = strstr(result.reason, "    19: ") != NULL;
        }
    } else {
        (void)snprintf(out->text, sizeof out->text, "%s", error.text);
    }
    airs_replayer_destroy(replayer);
}

static void one_of_everything_comes_again(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    assert_int_equal(catcher.crashes, 1);
    assert_status(catcher.status, AIRS_TRAP);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.end, AIRS_REPLAY_SAME);
    assert_status(outcome.ended, AIRS_TRAP);
    assert_int_equal(outcome.seen.steps, outcome.number);
    assert_true(outcome.is_deep);
    close_recorded(&fixture, &catcher);
}

/* A write that was waited for is one entry, and nothing waits when it is replayed. */
static void what_was_parked_comes_again(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    static airs_parking_backend_t parking;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    airs_parking_backend_init(&parking, fixture.storage);
    fixture.storage = &parking.backend;
    fixture_run(&fixture, "faulty", "configuration");
    static const char *const writes[] = {"set key value", "delete key"};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        assert_int_equal(fixture_begin_message(&fixture, writes[i]), AIRS_POLL_PENDING);
        assert_int_equal(fixture_resume(&fixture), AIRS_POLL_PENDING);
        airs_parking_backend_finish(&parking);
        assert_int_equal(fixture_resume(&fixture), AIRS_POLL_DONE);
        assert_ok(fixture.result.status);
        assert_ok(fixture_message(&fixture, "get key"));
    }
    assert_status(fixture_message(&fixture, "fall call"), AIRS_TRAP);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.end, AIRS_REPLAY_SAME);
    int found = 0;
    for (uint64_t i = 0; i < outcome.number; i++) {
        found += strcmp(outcome.seen.names[i], "storage.set") == 0;
        found += strcmp(outcome.seen.names[i], "storage.delete") == 0;
    }
    assert_int_equal(found, 2);
    fixture_drop(&fixture);
    fixture.storage = parking.real;
    close_recorded(&fixture, &catcher);
}

static void it_stops_before_any_entry(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    outcome_t whole;
    outcome_t outcome;
    airs_bytes_t file = airs_bytes(catcher.file, catcher.size);
    replay(airs_allocator_default(), file, 0, &whole);
    assert_true(whole.number > LIFE);
    for (uint64_t until = 1; until <= whole.number; until++) {
        replay(airs_allocator_default(), file, until, &outcome);
        assert_status(outcome.status, AIRS_OK);
        assert_int_equal(outcome.end, AIRS_REPLAY_STOPPED);
        assert_int_equal(outcome.number, until);
        assert_int_equal(outcome.seen.last, until);
        assert_int_equal(outcome.seen.steps, until);
    }
    close_recorded(&fixture, &catcher);
}

/* ---- what was tampered with ---- */

static void seal(uint8_t *file, size_t size) {
    airs_bytes_t parts[] = {airs_bytes(file, size - AIRS_CRASH_CHECKSUM_SIZE), {NULL, 0}};
    airs_crash_record_seal(parts, 2, file + size - AIRS_CRASH_CHECKSUM_SIZE);
}

/* Where the nth entry of this kind is, of the journal in the file; the whole entry. */
static airs_bytes_t find_entry(const catcher_t *catcher, unsigned kind, unsigned nth) {
    airs_crash_record_t record;
    airs_bytes_t journal;
    assert_ok(airs_crash_record_decode(airs_bytes(catcher->file, catcher->size), &record, &journal, NULL));
    airs_journal_reader_t reader = airs_journal_reader(journal);
    airs_entry_t entry;
    for (const uint8_t *begin = reader.at; airs_journal_next(&reader, &entry); begin = reader.at) {
        if (entry.kind == kind && nth-- == 0) {
            return airs_bytes(begin, (size_t)(entry.end - begin));
        }
    }
    fail_msg("there is no such entry");
    return airs_bytes(NULL, 0);
}

static void expect_astray(const catcher_t *catcher, const char *text) {
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher->file, catcher->size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_int_equal(outcome.end, AIRS_REPLAY_DIVERGED);
    if (strstr(outcome.text, text) == NULL) {
        fail_msg("says: %s, not: %s", outcome.text, text);
    }
}

/* With the last byte of the nth entry of this kind changed. */
static void change(catcher_t *catcher, unsigned kind, unsigned nth, size_t from_end) {
    airs_bytes_t entry = find_entry(catcher, kind, nth);
    size_t at = (size_t)(entry.data - catcher->file) + entry.size - 1 - from_end;
    catcher->file[at] ^= 1;
    seal(catcher->file, catcher->size);
}

/* ---- settings ---- */

static airs_settings_t *some_settings(bool secret) {
    const airs_setting_view_t given[] = {{airs_str("b"), airs_str("two"), false},
                                         {airs_str("a"), airs_str("one"), secret}};
    airs_settings_t *settings = NULL;
    assert_ok(airs_settings_create(airs_allocator_default(), given, 2, &settings, NULL));
    return settings;
}

static void settings_are_recorded(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    outcome_t outcome;
    airs_settings_t *settings = some_settings(false);
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture.settings = settings;
    fixture_run(&fixture, "standard/settings", NULL);
    assert_ok(fixture_request(&fixture, "rc1 a"));
    assert_string_equal(fixture_response(&fixture), "a=one");
    assert_ok(fixture_request(&fixture, "draft"));
    assert_ok(fixture_request(&fixture, "rc1 none"));
    assert_ok(fixture_message(&fixture, "log 2 c text"));
    assert_status(fixture_message(&fixture, "trap"), AIRS_TRAP);
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.end, AIRS_REPLAY_SAME);
    /* Of other settings the guest answers something else. */
    change(&catcher, AIRS_ENTRY_SETTINGS, 0, 0);
    expect_astray(&catcher, "the call has answered something else than in the recording");
    close_recorded(&fixture, &catcher);
    airs_settings_unref(settings);
}

static void buckets_are_recorded(void **state) {
    (void)state;
    static const char *const guests[] = {"standard/keyvalue", "standard/keyvalue2"};
    static const char *const commands[] = {
        "open b",        "set a 1", "get a", "exists c", "put c 2 d 3", "many a c x", "list",
        "increment n 4", "drop c",  "open ", "list",     "delete a",    "get a"};
    for (size_t i = 0; i < 2; i++) {
        fixture_t fixture;
        catcher_t catcher;
        outcome_t outcome;
        open_recorded(&fixture, &catcher, JOURNAL_BYTES);
        fixture_run(&fixture, guests[i], NULL);
        for (size_t k = 0; k < sizeof commands / sizeof *commands; k++) {
            assert_ok(fixture_request(&fixture, commands[k]));
        }
        assert_status(fixture_request(&fixture, "open a/b"), AIRS_GUEST_ERROR);
        if (i == 1) {
            assert_ok(fixture_request(&fixture, "swap s 5"));
            assert_ok(fixture_request(&fixture, "race s 6"));
        }
        assert_status(fixture_message(&fixture, "trap"), AIRS_TRAP);
        replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
        assert_status(outcome.status, AIRS_OK);
        assert_string_equal(outcome.text, "");
        assert_int_equal(outcome.end, AIRS_REPLAY_SAME);
        close_recorded(&fixture, &catcher);
    }
}

static void who_has_secrets_is_not_recorded(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    airs_settings_t *settings = some_settings(true);
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture.settings = settings;
    assert_status(fixture_start(&fixture, fixture_load(&fixture, "standard/settings"), NULL),
                  AIRS_UNSUPPORTED);
    close_recorded(&fixture, &catcher);
    airs_settings_unref(settings);
}

static void another_answer_leads_elsewhere(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    /* The state that it answers messages with is another from there on. */
    static const struct {
        unsigned kind;
        size_t from_end;
    } cases[] = {
        {AIRS_ENTRY_RANDOM, 3}, /* WASI takes one byte of each four */
        {AIRS_ENTRY_STORAGE_GET, 0}, {AIRS_ENTRY_HANDLE_MESSAGE, 0},
        {AIRS_ENTRY_PUBLISH, 0},     {AIRS_ENTRY_REQUEST, 0},
        {AIRS_ENTRY_KEY, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        change(&catcher, cases[i].kind, 0, cases[i].from_end);
        expect_astray(&catcher, "the call has answered something else than in the recording");
        change(&catcher, cases[i].kind, 0, cases[i].from_end);
    }
    close_recorded(&fixture, &catcher);
}

static void other_arguments_are_found(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    airs_bytes_t entry = find_entry(&catcher, AIRS_ENTRY_SEND, 0);
    /* Behind kind and size the hash begins. */
    catcher.file[(size_t)(entry.data - catcher.file) + 2] ^= 1;
    seal(catcher.file, catcher.size);
    expect_astray(&catcher, "the guest asks for send with other arguments than in the recording");
    close_recorded(&fixture, &catcher);
}

static void another_import_is_found(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    airs_bytes_t entry = find_entry(&catcher, AIRS_ENTRY_STORAGE_SET, 0);
    size_t at = (size_t)(entry.data - catcher.file);
    assert_int_equal(catcher.file[at], AIRS_ENTRY_STORAGE_SET);
    catcher.file[at] = AIRS_ENTRY_STORAGE_REMOVE;
    seal(catcher.file, catcher.size);
    expect_astray(&catcher, "the guest asks for storage.set; in the recording there is storage.delete");
    close_recorded(&fixture, &catcher);
}

static void what_is_cut_off_or_damaged_is_refused(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    airs_replayer_t *replayer = NULL;
    airs_error_t error;
    for (size_t size = 0; size < catcher.size; size++) {
        /* Of exactly that size, for a sanitizer to see a byte too much. */
        uint8_t *cut = malloc(size + (size == 0));
        assert_non_null(cut);
        memcpy(cut, catcher.file, size);
        assert_status(
            airs_replayer_create(airs_allocator_default(), airs_bytes(cut, size), &replayer, &error),
            AIRS_INVALID_ARGUMENT);
        free(cut);
    }
    for (size_t bit = 0; bit < 8 * catcher.size; bit += 3) {
        catcher.file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_status(airs_replayer_create(airs_allocator_default(), airs_bytes(catcher.file, catcher.size),
                                           &replayer, &error),
                      AIRS_INVALID_ARGUMENT);
        assert_true(error.text[0] != '\0');
        catcher.file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    close_recorded(&fixture, &catcher);
}

/* Files that somebody made on purpose: whatever they say, there is an end, and nothing is read that is not there. */
static void what_was_forged_does_no_harm(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    live(&fixture);
    uint64_t seed = 7;
    unsigned refused = 0;
    unsigned ends[4] = {0};
    for (int run = 0; run < 400; run++) {
        uint8_t *forged = malloc(catcher.size);
        assert_non_null(forged);
        memcpy(forged, catcher.file, catcher.size);
        for (int flips = 0; flips < 1 + run % 3; flips++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = AIRS_CRASH_PREFIX_SIZE +
                        (size_t)(seed >> 33) % (catcher.size - AIRS_CRASH_PREFIX_SIZE);
            forged[at] ^= (uint8_t)(1u << (seed >> 30) % 8);
        }
        seal(forged, catcher.size);
        outcome_t outcome;
        replay(airs_allocator_default(), airs_bytes(forged, catcher.size), 0, &outcome);
        refused += outcome.status != AIRS_OK;
        ends[outcome.status == AIRS_OK ? outcome.end : 0] += outcome.status == AIRS_OK;
        assert_true(outcome.status == AIRS_OK || outcome.text[0] != '\0');
        free(forged);
    }
    /* Of each kind there were some, or this tests less than it says. */
    assert_true(refused > 10);
    assert_true(ends[AIRS_REPLAY_DIVERGED] > 10);
    close_recorded(&fixture, &catcher);
}

/* ---- when there is a file ---- */

static void the_bound_ends_recording_and_says_so(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, 4096);
    fixture_run(&fixture, "faulty", NULL);
    for (int i = 0; i < 200; i++) {
        assert_ok(fixture_message(&fixture, "note this"));
    }
    const char *told = strstr(fixture.logged,
                              "recording has stopped, until the actor starts anew: the journal has "
                              "reached its bound of 4096 bytes after ");
    assert_non_null(told);
    assert_null(strstr(told + 1, "recording has stopped"));
    assert_status(fixture_message(&fixture, "fall trap"), AIRS_TRAP);
    assert_non_null(
        strstr(fixture.logged, "this crash has no crash file: the journal has reached its bound"));
    assert_int_equal(catcher.crashes, 0);
    close_recorded(&fixture, &catcher);
}

static void ends_that_others_decide_are_recorded_too(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    const airs_runtime_engine_ops_t *ops = fixture.engine->ops;
    fixture_run(&fixture, "faulty", NULL);
    ops->instance_ended(fixture.instance, AIRS_OK, NULL);
    ops->instance_ended(fixture.instance, AIRS_STOPPED, NULL);
    ops->instance_ended(fixture.instance, AIRS_SHUTDOWN_FAILED, "why");
    assert_int_equal(catcher.crashes, 0);
    assert_int_equal(fixture_begin_message(&fixture, "sleep 100000"), AIRS_POLL_PENDING);
    ops->instance_ended(fixture.instance, AIRS_PARKED_TIME_EXCEEDED, NULL);
    assert_int_equal(catcher.crashes, 1);
    assert_status(catcher.status, AIRS_PARKED_TIME_EXCEEDED);
    ops->instance_ended(fixture.instance, AIRS_PARKED_TIME_EXCEEDED, NULL);
    assert_int_equal(catcher.crashes, 1);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_int_equal(outcome.end, AIRS_REPLAY_AS_RECORDED);
    close_recorded(&fixture, &catcher);
}

static void a_verdict_between_calls_is_taken_as_recorded(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture_run(&fixture, "faulty", NULL);
    assert_ok(fixture_call(&fixture, AIRS_CALL_HEALTH));
    fixture.engine->ops->instance_ended(fixture.instance, AIRS_HEALTH_CHECKS_FAILED, "unhealthy");
    assert_int_equal(catcher.crashes, 1);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_int_equal(outcome.end, AIRS_REPLAY_AS_RECORDED);
    close_recorded(&fixture, &catcher);
}

static void an_engine_that_was_not_made_for_it_refuses(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher = {.sink = {.take = catch}};
    fixture_open(&fixture, NULL);
    airs_component_handle_t component = fixture_load(&fixture, "echo");
    fixture.record_bytes = JOURNAL_BYTES;
    fixture.crashes = &catcher.sink;
    assert_status(fixture_start(&fixture, component, NULL), AIRS_UNSUPPORTED);
    fixture_close(&fixture);
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    component = fixture_load(&fixture, "echo");
    fixture.crashes = NULL;
    assert_status(fixture_start(&fixture, component, NULL), AIRS_INVALID_ARGUMENT);
    close_recorded(&fixture, &catcher);
}

/* What they answer could not come again. */
static void who_may_use_files_or_sockets_is_not_recorded(void **state) {
    (void)state;
    static const uint32_t actions[] = {AIRS_ACTION_BIT(FILE_READ), AIRS_ACTION_BIT(FILE_WRITE),
                                       AIRS_ACTION_BIT(OUTBOUND), AIRS_ACTION_BIT(INBOUND),
                                       AIRS_ACTION_BIT(SEND)};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        fixture_t fixture;
        catcher_t catcher;
        airs_capabilities_t *granted = NULL;
        const airs_permission_t permission = {.actions = actions[i], .scope = AIRS_SCOPE_ANY};
        const airs_capability_grant_t grant = {
            .permissions = &permission, .permission_count = 1, .expires_at_ns = AIRS_GRANT_FOREVER};
        assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &granted, NULL));
        open_recorded(&fixture, &catcher, JOURNAL_BYTES);
        airs_component_handle_t component = fixture_load(&fixture, "echo");
        fixture.capabilities = granted;
        bool is_message = i + 1 == sizeof actions / sizeof *actions;
        assert_status(fixture_start(&fixture, component, NULL), is_message ? AIRS_OK : AIRS_UNSUPPORTED);
        close_recorded(&fixture, &catcher);
        airs_capabilities_unref(granted);
    }
}

static void waits_for_room_come_again(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture_run(&fixture, "faulty", NULL);
    fixture.answer = AIRS_PENDING;
    fixture.wait_answer = AIRS_QUEUE_FULL;
    assert_ok(fixture_message(&fixture, "send app/other/0 text"));
    fixture.wait_answer = AIRS_OK;
    assert_ok(fixture_message(&fixture, "ask app/other/0 text"));
    assert_true(fixture.waits > 0);
    assert_status(fixture_message(&fixture, "fall divide"), AIRS_TRAP);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.end, AIRS_REPLAY_SAME);
    close_recorded(&fixture, &catcher);
}

/* The replay knows nothing of capabilities and policies: only what was denied. */
static void what_was_denied_is_denied_again(void **state) {
    (void)state;
    static const char *const denied[] = {"send app/other/0 text",
                                         "set key value",
                                         "get key",
                                         "keys k",
                                         "usage",
                                         "publish a.b c",
                                         "subscribe a.*",
                                         "list",
                                         "describe app/other/0",
                                         "log nothing",
                                         "send app/other/0 text"};
    fixture_t fixture;
    catcher_t catcher;
    airs_capabilities_t *nothing = NULL;
    assert_ok(airs_capabilities_create(airs_allocator_default(), NULL, 0, 0, &nothing, NULL));
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture.capabilities = nothing;
    fixture_run(&fixture, "faulty", NULL);
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        assert_ok(fixture_message(&fixture, denied[i]));
    }
    assert_int_equal(fixture.sends, 0);
    assert_status(fixture_message(&fixture, "fall divide"), AIRS_TRAP);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher.file, catcher.size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.end, AIRS_REPLAY_SAME);
    /* Had it been allowed, it would have been another end. */
    change(&catcher, AIRS_ENTRY_DENIED, 0, 0);
    expect_astray(&catcher, "");
    close_recorded(&fixture, &catcher);
    airs_capabilities_unref(nothing);
}

/* Recorded to an end that somebody else decides: the replay goes through all of it. */
static void expect_all_of_it_again(fixture_t *fixture, const catcher_t *catcher) {
    fixture->engine->ops->instance_ended(fixture->instance, AIRS_HEALTH_CHECKS_FAILED, "unhealthy");
    assert_int_equal(catcher->crashes, 1);
    outcome_t outcome;
    replay(airs_allocator_default(), airs_bytes(catcher->file, catcher->size), 0, &outcome);
    assert_status(outcome.status, AIRS_OK);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.end, AIRS_REPLAY_AS_RECORDED);
    assert_true(outcome.number > 0);
    assert_int_equal(outcome.seen.steps, outcome.number);
}

static void what_is_done_with_others_comes_again(void **state) {
    (void)state;
    static const char *const orders[] = {
        "spawn echo",
        "spawn-link echo 7",
        "spawn-monitor echo 8 config",
        "monitor app/echo/0",
        "demonitor",
        "link app/echo/0",
        "unlink app/echo/0",
        "trap",
        "untrap",
        "stop app/echo/0",
        "kill app/echo/0",
        "exit error because",
    };
    for (int refused = 0; refused < 2; refused++) {
        fixture_t fixture;
        catcher_t catcher;
        open_recorded(&fixture, &catcher, JOURNAL_BYTES);
        fixture_run(&fixture, "family", NULL);
        fixture.answer = refused != 0 ? AIRS_TARGET_NOT_FOUND : AIRS_OK;
        for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
            airs_status_t status = fixture_message(&fixture, orders[i]);
            assert_true(status == AIRS_OK || status == AIRS_GUEST_ERROR);
        }
        expect_all_of_it_again(&fixture, &catcher);
        close_recorded(&fixture, &catcher);
    }
}

static void state_that_is_handed_on_comes_again(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture_run(&fixture, "update_first", NULL);
    assert_ok(fixture_message(&fixture, "one"));
    assert_ok(fixture_call(&fixture, AIRS_CALL_EXPORT_STATE));
    assert_true(fixture.result.has_response);
    char exported[256];
    size_t size = fixture.result.response.size;
    assert_true(size < sizeof exported);
    memcpy(exported, fixture.result.response.data, size);
    airs_call_t import = {.kind = AIRS_CALL_IMPORT_STATE,
                          .state = airs_bytes(exported, size),
                          .from_version = airs_str("1.0.0")};
    airs_call_result_t result = {0};
    assert_int_equal(fixture.engine->ops->call(fixture.instance, &import, &result), AIRS_POLL_DONE);
    expect_all_of_it_again(&fixture, &catcher);
    close_recorded(&fixture, &catcher);
}

static airs_status_t replay_once(const airs_allocator_t *allocator, void *context) {
    const catcher_t *catcher = context;
    static outcome_t outcome;
    replay(allocator, airs_bytes(catcher->file, catcher->size), 0, &outcome);
    /* What an import could not do for want of memory is no other way of the guest's. */
    bool astray = outcome.status == AIRS_OK && outcome.end != AIRS_REPLAY_SAME;
    return astray ? AIRS_OUT_OF_MEMORY : outcome.status;
}

static void every_allocation_of_a_replay_may_fail(void **state) {
    (void)state;
    fixture_t fixture;
    catcher_t catcher;
    open_recorded(&fixture, &catcher, JOURNAL_BYTES);
    fixture_run(&fixture, "faulty", "configuration");
    assert_ok(fixture_message(&fixture, "list"));
    assert_ok(fixture_message(&fixture, "describe app/other/0"));
    assert_ok(fixture_message(&fixture, "set key value"));
    assert_status(fixture_message(&fixture, "fall call"), AIRS_TRAP);
    airs_fail_each_allocation(replay_once, &catcher);
    close_recorded(&fixture, &catcher);
}

/* An instance whose recorder gets no memory runs on; whether it leaves a file depends. */
static airs_status_t record_once(const airs_allocator_t *allocator, void *context) {
    airs_wasm_engine_options_t options = {
        .allocator = allocator, .max_instances = 2, .record = true, .cache_dir = cache.path};
    catcher_t *catcher = context;
    fixture_t fixture;
    airs_error_t error;
    airs_runtime_engine_t *engine = NULL;
    /* The engine's own failures are another test's. */
    airs_failing_allocator_t *memory = (airs_failing_allocator_t *)(void *)(uintptr_t)allocator;
    uint64_t fail_from = memory->fail_from;
    memory->fail_from = 0;
    fixture_open(&fixture, &options);
    fixture.record_bytes = JOURNAL_BYTES;
    fixture.crashes = &catcher->sink;
    airs_component_handle_t component = fixture_load(&fixture, "faulty");
    memory->fail_from = fail_from != 0 ? memory->requests + fail_from : 0;
    (void)engine, (void)error;
    airs_status_t status = fixture_start(&fixture, component, NULL);
    if (status == AIRS_OK) {
        status = fixture_initialize(&fixture, "configuration");
    }
    if (status == AIRS_OK) {
        (void)fixture_message(&fixture, "set key value");
        status = fixture_message(&fixture, "fall trap") == AIRS_TRAP ? AIRS_OK : AIRS_INTERNAL;
    }
    memory->fail_from = 0;
    fixture_close(&fixture);
    return status;
}

static void every_allocation_of_a_recording_may_fail(void **state) {
    (void)state;
    catcher_t catcher = {.sink = {.take = catch}};
    unsigned without_file = 0;
    for (uint64_t nth = 1; nth < 200; nth++) {
        airs_failing_allocator_t memory;
        airs_failing_allocator_init(&memory);
        memory.fail_count = 1;
        memory.fail_from = nth;
        catcher.crashes = 0;
        airs_status_t status = record_once(&memory.allocator, &catcher);
        assert_true(status == AIRS_OK || status == AIRS_OUT_OF_MEMORY);
        assert_int_equal(memory.live_blocks, 0);
        without_file += status == AIRS_OK && catcher.crashes == 0;
        if (memory.refused == 0) {
            assert_int_equal(catcher.crashes, 1);
            break;
        }
    }
    assert_true(without_file > 0);
    free(catcher.file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_everything_comes_again),
        cmocka_unit_test(what_was_parked_comes_again),
        cmocka_unit_test(it_stops_before_any_entry),
        cmocka_unit_test(settings_are_recorded),
        cmocka_unit_test(buckets_are_recorded),
        cmocka_unit_test(who_has_secrets_is_not_recorded),
        cmocka_unit_test(another_answer_leads_elsewhere),
        cmocka_unit_test(other_arguments_are_found),
        cmocka_unit_test(another_import_is_found),
        cmocka_unit_test(what_is_cut_off_or_damaged_is_refused),
        cmocka_unit_test(what_was_forged_does_no_harm),
        cmocka_unit_test(the_bound_ends_recording_and_says_so),
        cmocka_unit_test(ends_that_others_decide_are_recorded_too),
        cmocka_unit_test(a_verdict_between_calls_is_taken_as_recorded),
        cmocka_unit_test(an_engine_that_was_not_made_for_it_refuses),
        cmocka_unit_test(who_may_use_files_or_sockets_is_not_recorded),
        cmocka_unit_test(waits_for_room_come_again),
        cmocka_unit_test(what_was_denied_is_denied_again),
        cmocka_unit_test(what_is_done_with_others_comes_again),
        cmocka_unit_test(state_that_is_handed_on_comes_again),
        cmocka_unit_test(every_allocation_of_a_replay_may_fail),
        cmocka_unit_test(every_allocation_of_a_recording_may_fail),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
