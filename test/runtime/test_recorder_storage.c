/* Every operation of storage, recorded and answered again from the recording, whichever way it ended. */
#include "support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/recorder_state.h"
#include "runtime/replayer_state.h"
#include "storage/memory_backend.h"
#include "support/parking_backend.h"

#define JOURNAL_BYTES ((uint64_t)1 << 20)

typedef struct fixture {
    airs_storage_backend_t *memory;
    airs_parking_backend_t parking;
    airs_recorder_t recorder;
    airs_replayer_t replayer;
    uint8_t *bytes; /* of the journal */
} fixture_t;

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    assert_ok(airs_memory_backend_create(airs_allocator_default(), &self->memory));
    self->recorder.real.storage = self->memory;
    self->recorder.real.log = airs_log_none();
    self->recorder.storage.ops = &airs_recorder_storage_ops;
    airs_journal_init(&self->recorder.journal, airs_allocator_default(), JOURNAL_BYTES);
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_journal_free(&self->recorder.journal);
    airs_text_free(&self->replayer.trouble);
    airs_text_free(&self->replayer.detail);
    airs_text_free(&self->replayer.outcome);
    self->memory->ops->destroy(self->memory);
    free(self->bytes);
    free(self);
    return 0;
}

/* From here on the replayer answers. */
static airs_storage_backend_t *rewind_to_start(fixture_t *self) {
    size_t size = 0;
    assert_ok(self->recorder.journal.status);
    self->bytes = malloc((size_t)self->recorder.journal.size + 1);
    assert_non_null(self->bytes);
    for (const airs_journal_chunk_t *chunk = self->recorder.journal.first; chunk != NULL;
         chunk = chunk->next) {
        memcpy(self->bytes + size, chunk->bytes, chunk->size);
        size += chunk->size;
    }
    airs_replayer_t *replayer = &self->replayer;
    replayer->allocator = airs_allocator_default();
    replayer->state = AIRS_REPLAYING;
    replayer->reader = airs_journal_reader(airs_bytes(self->bytes, size));
    replayer->storage.ops = &airs_replayer_storage_ops;
    airs_text_init(&replayer->trouble, airs_allocator_default());
    airs_text_init(&replayer->detail, airs_allocator_default());
    airs_text_init(&replayer->outcome, airs_allocator_default());
    return &replayer->storage;
}

/* ---- what a guest does, and all that it was answered, as a text ---- */

typedef struct life {
    airs_storage_space_t *space;
    airs_parking_backend_t *parking; /* NULL: nothing waits */
    char text[4096];
} life_t;

static void say(life_t *life, const char *format, ...) AIRS_PRINTF(2, 3);

static void say(life_t *life, const char *format, ...) {
    size_t size = strlen(life->text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(life->text + size, sizeof life->text - size, format, arguments);
    va_end(arguments);
}

static void say_status(life_t *life, airs_status_t status, const airs_error_t *error) {
    say(life, "%s%s%s\n", airs_status_name(status), status != AIRS_OK ? ": " : "",
        status != AIRS_OK ? error->text : "");
}

static void take_value(void *context, size_t index, airs_bytes_t value) {
    say(context, "%zu=%.*s ", index, (int)value.size, (const char *)value.data);
}

static void get(life_t *life, const airs_str_t *keys, size_t count) {
    airs_error_t error;
    airs_status_t status = life->space->backend->ops->get(life->space, keys, count, take_value, life, &error);
    say_status(life, status, &error);
}

static void put(life_t *life, const airs_storage_write_t *write) {
    airs_error_t error;
    airs_storage_result_t result = {0};
    airs_status_t status = life->space->backend->ops->write(life->space, write, &result, &error);
    if (status == AIRS_PENDING) {
        assert_status(life->space->backend->ops->waited(life->space, &result, &error), AIRS_PENDING);
        airs_parking_backend_finish(life->parking);
        status = life->space->backend->ops->waited(life->space, &result, &error);
    }
    say(life, "%llu ", (unsigned long long)result.number);
    say_status(life, status, &error);
}

static bool take_key(void *context, airs_str_t key) {
    say(context, "%.*s ", AIRS_STR_ARG(key));
    return true;
}

static void list(life_t *life, const char *prefix, const char *after) {
    airs_error_t error;
    airs_storage_range_t range = {airs_str(prefix), airs_str(after)};
    airs_status_t status = life->space->backend->ops->list(life->space, &range, take_key, life, &error);
    say_status(life, status, &error);
}

static airs_storage_change_t to(const char *key, const char *value) {
    return (airs_storage_change_t){.key = airs_str(key),
                                   .value = airs_bytes(value, value != NULL ? strlen(value) : 0),
                                   .removes = value == NULL};
}

static void write_one(life_t *life, airs_storage_write_kind_t kind, airs_storage_change_t change,
                      const char *expected, int64_t delta) {
    airs_storage_write_t write = {
        .kind = kind,
        .changes = &change,
        .count = 1,
        .expects_value = expected != NULL,
        .expected = airs_bytes(expected, expected != NULL ? strlen(expected) : 0),
        .is_signed = true,
        .delta = (uint64_t)delta,
    };
    put(life, &write);
}

static void wake(void *context) { (void)context; }

/* One of everything, well and not. */
static void live(life_t *life, airs_storage_backend_t *backend) {
    const airs_str_t keys[] = {airs_str("a"), airs_str("none"), airs_str("b")};
    const airs_str_t wrong[] = {airs_str("a"), airs_str("")};
    const airs_storage_change_t several[] = {to("a", "1"), to("b", "2"), to("gone", NULL)};
    const airs_storage_change_t invalid[] = {to("a", "1"), to("", "2")};
    const airs_storage_waker_t waker = {wake, NULL};
    airs_storage_write_t batch = {.kind = AIRS_STORAGE_CHANGE, .changes = several, .count = 3};
    airs_storage_write_t refused = {.kind = AIRS_STORAGE_CHANGE, .changes = invalid, .count = 2};
    assert_ok(backend->ops->open(backend, airs_str("app/tested"), 100, &waker, &life->space, NULL));
    put(life, &batch);
    put(life, &refused);
    get(life, keys, 3);
    get(life, keys, 0);
    get(life, wrong, 2);
    get(life, &keys[0], 1);
    get(life, &keys[1], 1);
    get(life, &wrong[1], 1);
    write_one(life, AIRS_STORAGE_SWAP, to("a", "5"), "1", 0);
    write_one(life, AIRS_STORAGE_SWAP, to("a", "6"), "1", 0);
    write_one(life, AIRS_STORAGE_SWAP, to("new", "6"), NULL, 0);
    write_one(life, AIRS_STORAGE_INCREMENT, to("a", NULL), NULL, -7);
    write_one(life, AIRS_STORAGE_INCREMENT, to("a", NULL), NULL, INT64_MIN);
    write_one(life, AIRS_STORAGE_CHANGE, to("c", "text"), NULL, 0);
    write_one(life, AIRS_STORAGE_CHANGE, to("c", NULL), NULL, 0);
    write_one(life, AIRS_STORAGE_REMOVE, to("b", NULL), NULL, 0);
    write_one(life, AIRS_STORAGE_REMOVE, to("b", NULL), NULL, 0);
    list(life, "", "");
    list(life, "", "a");
    life->space->backend->ops->close(life->space);
}

static const char *const wanted = "0 ok\n"
                                  "0 invalid-key: the key is empty; it must have 1 to 400 bytes\n"
                                  "0=1 2=2 ok\n"
                                  "ok\n"
                                  "invalid-key: the key is empty; it must have 1 to 400 bytes\n"
                                  "0=1 ok\n"
                                  "ok\n"
                                  "invalid-key: the key is empty; it must have 1 to 400 bytes\n"
                                  "0 ok\n"
                                  "0 conflict: the value of \"a\" is not the expected one\n"
                                  "0 ok\n"
                                  "18446744073709551614 ok\n"
                                  "0 invalid-argument: its value cannot become larger or smaller by so much: "
                                  "it has 64 bits\n"
                                  "0 ok\n"
                                  "0 ok\n"
                                  "0 ok\n"
                                  "0 not-found: there is no key \"b\"\n"
                                  "a new ok\n"
                                  "new ok\n";

static void everything_comes_again(void **state) {
    fixture_t *self = *state;
    life_t first = {.text = ""};
    life_t again = {.text = ""};
    live(&first, &self->recorder.storage);
    assert_string_equal(first.text, wanted);
    live(&again, rewind_to_start(self));
    assert_string_equal(again.text, wanted);
    assert_int_equal(self->replayer.state, AIRS_REPLAYING);
    assert_ptr_equal(self->replayer.reader.at, self->replayer.reader.end);
}

static void what_was_waited_for_comes_again_at_once(void **state) {
    fixture_t *self = *state;
    life_t first = {.text = "", .parking = &self->parking};
    life_t again = {.text = ""};
    airs_parking_backend_init(&self->parking, self->memory);
    self->recorder.real.storage = &self->parking.backend;
    live(&first, &self->recorder.storage);
    assert_string_equal(first.text, wanted);
    live(&again, rewind_to_start(self));
    assert_string_equal(again.text, wanted);
}

/* Whoever asks for something else than was recorded is found out. */
static void other_questions_are_found(void **state) {
    fixture_t *self = *state;
    const airs_storage_waker_t waker = {wake, NULL};
    const airs_storage_change_t recorded[] = {to("a", "1"), to("b", NULL)};
    const airs_storage_change_t others[][2] = {
        {to("a", "2"), to("b", NULL)}, {to("a", "1"), to("b", "")}, {to("a", "1"), to("c", NULL)}};
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = recorded, .count = 2};
    airs_storage_result_t result;
    airs_storage_space_t *space = NULL;
    airs_error_t error;
    airs_storage_backend_t *backend = &self->recorder.storage;
    assert_ok(backend->ops->open(backend, airs_str("s"), UINT64_MAX, &waker, &space, NULL));
    assert_ok(backend->ops->write(space, &write, &result, NULL));
    backend->ops->close(space);
    backend = rewind_to_start(self);
    airs_journal_reader_t start = self->replayer.reader;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        self->replayer.reader = start;
        self->replayer.state = AIRS_REPLAYING;
        airs_text_clear(&self->replayer.trouble);
        assert_ok(backend->ops->open(backend, airs_str("s"), UINT64_MAX, &waker, &space, &error));
        write.changes = others[i];
        assert_true(backend->ops->write(space, &write, &result, &error) != AIRS_OK);
        assert_int_equal(self->replayer.state, AIRS_REPLAY_ASTRAY);
        assert_non_null(strstr(airs_text_cstr(&self->replayer.trouble), "with other arguments"));
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(everything_comes_again),
        TEST(what_was_waited_for_comes_again_at_once),
        TEST(other_questions_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
