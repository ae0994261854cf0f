#include "runtime/journal.h"

#include <stdlib.h>

#include "support/failing_allocator.h"
#include "support/test.h"

/* All that was written, in one piece; released by the caller. */
static airs_bytes_t whole_of(const airs_journal_t *journal) {
    uint8_t *bytes = malloc((size_t)journal->size + 1);
    size_t size = 0;
    assert_non_null(bytes);
    for (const airs_journal_chunk_t *chunk = journal->first; chunk != NULL; chunk = chunk->next) {
        memcpy(bytes + size, chunk->bytes, chunk->size);
        size += chunk->size;
    }
    assert_int_equal(size, journal->size);
    return airs_bytes(bytes, size);
}

static void append_pair(airs_journal_t *journal, airs_entry_kind_t kind, uint64_t number,
                        airs_bytes_t bytes) {
    const airs_field_t fields[] = {airs_field_number(number), airs_field_bytes(bytes)};
    airs_journal_append(journal, kind, fields, 2);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    static const size_t sizes[] = {0, 1, 127, 128, 4000, 5000, 70000, 3 << 20, 1};
    enum { ENTRIES = sizeof numbers / sizeof *numbers };
    uint8_t *data = malloc(3 << 20);
    airs_journal_t journal;
    airs_journal_init(&journal, airs_allocator_default(), UINT64_MAX);
    assert_non_null(data);
    memset(data, 0x5a, 3 << 20);
    for (size_t i = 0; i < ENTRIES; i++) {
        append_pair(&journal, i % 2 == 0 ? AIRS_ENTRY_SEND : AIRS_ENTRY_END, numbers[i],
                    airs_bytes(data, sizes[i]));
    }
    assert_status(journal.status, AIRS_OK);
    assert_int_equal(journal.counted, 5);
    airs_bytes_t bytes = whole_of(&journal);
    airs_journal_reader_t reader = airs_journal_reader(bytes);
    airs_entry_t entry;
    for (size_t i = 0; i < ENTRIES; i++) {
        assert_true(airs_journal_next(&reader, &entry));
        assert_int_equal(entry.kind, i % 2 == 0 ? AIRS_ENTRY_SEND : AIRS_ENTRY_END);
        /* The end of a call has no number of its own. */
        assert_int_equal(entry.number, i / 2 + 1);
        assert_false(airs_entry_is_whole(&entry));
        assert_true(airs_entry_number(&entry) == numbers[i]);
        airs_bytes_t read = airs_entry_bytes(&entry);
        assert_int_equal(read.size, sizes[i]);
        assert_true(read.size == 0 || memcmp(read.data, data, read.size) == 0);
        assert_true(airs_entry_is_whole(&entry));
    }
    assert_false(airs_journal_next(&reader, &entry));
    assert_false(reader.broken);
    free((void *)bytes.data);
    free(data);
    airs_journal_free(&journal);
}

static void an_entry_without_fields_is_one(void **state) {
    (void)state;
    airs_journal_t journal;
    airs_journal_init(&journal, airs_allocator_default(), 2);
    airs_journal_append(&journal, AIRS_ENTRY_HEALTH, NULL, 0);
    assert_int_equal(journal.size, 2);
    airs_bytes_t bytes = whole_of(&journal);
    airs_journal_reader_t reader = airs_journal_reader(bytes);
    airs_entry_t entry;
    assert_true(airs_journal_next(&reader, &entry));
    assert_true(airs_entry_is_whole(&entry));
    /* And asking for one that is not there breaks it. */
    assert_int_equal(airs_entry_number(&entry), 0);
    assert_false(airs_entry_is_whole(&entry));
    free((void *)bytes.data);
    airs_journal_free(&journal);
}

static void a_full_journal_drops_what_it_has(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_journal_t journal;
    airs_journal_init(&journal, &memory.allocator, 10000);
    static const uint8_t data[990];
    for (int i = 0; i < 10; i++) {
        append_pair(&journal, AIRS_ENTRY_SEND, 1, airs_bytes(data, sizeof data));
        assert_status(journal.status, AIRS_OK);
    }
    assert_true(journal.size <= 10000);
    append_pair(&journal, AIRS_ENTRY_SEND, 1, airs_bytes(data, sizeof data));
    assert_status(journal.status, AIRS_QUOTA_EXCEEDED);
    assert_int_equal(journal.size, 0);
    assert_int_equal(journal.counted, 10);
    assert_int_equal(memory.live_blocks, 0);
    /* Nothing is taken after that, however small. */
    airs_journal_append(&journal, AIRS_ENTRY_HEALTH, NULL, 0);
    assert_int_equal(journal.size, 0);
    airs_journal_free(&journal);
    assert_status(journal.status, AIRS_OK);
}

static airs_status_t write_many(const airs_allocator_t *allocator, void *context) {
    static const uint8_t data[3000];
    (void)context;
    airs_journal_t journal;
    airs_journal_init(&journal, allocator, UINT64_MAX);
    for (int i = 0; i < 400; i++) {
        append_pair(&journal, AIRS_ENTRY_SEND, 1, airs_bytes(data, sizeof data));
    }
    airs_status_t status = journal.status;
    airs_journal_free(&journal);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(write_many, NULL);
}

static airs_bytes_t some_journal(void) {
    airs_journal_t journal;
    airs_journal_init(&journal, airs_allocator_default(), UINT64_MAX);
    for (uint64_t i = 0; i < 20; i++) {
        append_pair(&journal, AIRS_ENTRY_SEND, i << (3 * i),
                    airs_bytes("0123456789012345678901234567890", i));
        airs_journal_append(&journal, AIRS_ENTRY_HEALTH, NULL, 0);
    }
    airs_bytes_t bytes = whole_of(&journal);
    airs_journal_free(&journal);
    return bytes;
}

/* Reads all that can be read, in memory of exactly that size, so that a sanitizer sees a byte too much. */
static size_t read_all(airs_bytes_t bytes, bool *broken) {
    uint8_t *copy = malloc(bytes.size + (bytes.size == 0));
    size_t entries = 0;
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    airs_journal_reader_t reader = airs_journal_reader(airs_bytes(copy, bytes.size));
    airs_entry_t entry;
    while (airs_journal_next(&reader, &entry)) {
        uint64_t sum = airs_entry_number(&entry);
        airs_bytes_t read = airs_entry_bytes(&entry);
        for (size_t i = 0; i < read.size; i++) {
            sum += read.data[i];
        }
        (void)airs_entry_string(&entry);
        assert_true(sum != 1); /* which nothing here adds up to: it must have been read */
        entries++;
    }
    *broken = reader.broken;
    free(copy);
    return entries;
}

static void what_is_cut_off_is_broken_or_shorter(void **state) {
    (void)state;
    airs_bytes_t bytes = some_journal();
    size_t before = 0;
    for (size_t size = 0; size <= bytes.size; size++) {
        bool broken = false;
        size_t entries = read_all(airs_bytes(bytes.data, size), &broken);
        assert_true(entries >= before);
        /* Whole entries, or a broken one behind them. */
        assert_true(entries == before || !broken);
        before = entries;
    }
    assert_int_equal(before, 40);
    free((void *)bytes.data);
}

static void nothing_is_read_that_is_not_there(void **state) {
    (void)state;
    uint8_t noise[96];
    uint64_t seed = 5;
    for (int run = 0; run < 20000; run++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            noise[i] = (uint8_t)(seed >> 56);
        }
        /* A kind that exists, half of the time, so that more than the first byte is looked at. */
        noise[0] = run % 2 == 0 ? AIRS_ENTRY_SEND : noise[0];
        noise[1] = run % 2 == 0 ? noise[1] % 90 : noise[1];
        bool broken = false;
        airs_journal_reader_t reader = airs_journal_reader(airs_bytes(noise, sizeof noise));
        airs_entry_t entry;
        while (airs_journal_next(&reader, &entry)) {
            airs_bytes_t read = airs_entry_bytes(&entry);
            assert_true(read.size <= sizeof noise);
        }
        (void)broken;
        assert_true(reader.at <= reader.end);
    }
}

static void numbers_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const uint8_t too_large[] = {
        AIRS_ENTRY_SEND, 10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t endless[] = {
        AIRS_ENTRY_SEND, 11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    static const uint8_t size_beyond[] = {
        AIRS_ENTRY_SEND, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    airs_entry_t entry;
    airs_journal_reader_t reader = airs_journal_reader(airs_bytes(too_large, sizeof too_large));
    assert_true(airs_journal_next(&reader, &entry));
    assert_int_equal(airs_entry_number(&entry), 0);
    assert_true(entry.broken);
    reader = airs_journal_reader(airs_bytes(endless, sizeof endless));
    assert_true(airs_journal_next(&reader, &entry));
    assert_int_equal(airs_entry_number(&entry), 0);
    assert_true(entry.broken);
    reader = airs_journal_reader(airs_bytes(size_beyond, sizeof size_beyond));
    assert_false(airs_journal_next(&reader, &entry));
    assert_true(reader.broken);
}

static void text_is_utf8_or_nothing(void **state) {
    (void)state;
    static const uint8_t bytes[] = {AIRS_ENTRY_KEY, 3, 2, 0xc3, 0x28};
    airs_entry_t entry;
    airs_journal_reader_t reader = airs_journal_reader(airs_bytes(bytes, sizeof bytes));
    assert_true(airs_journal_next(&reader, &entry));
    assert_int_equal(airs_entry_string(&entry).size, 0);
    assert_true(entry.broken);
}

static void hashes_tell_parts_apart(void **state) {
    (void)state;
    uint32_t ab = airs_journal_hash(airs_journal_hash(0, airs_bytes("ab", 2)), airs_bytes("c", 1));
    uint32_t bc = airs_journal_hash(airs_journal_hash(0, airs_bytes("a", 1)), airs_bytes("bc", 2));
    assert_true(ab != bc);
    assert_true(airs_journal_hash(0, airs_bytes(NULL, 0)) != airs_journal_hash(1, airs_bytes(NULL, 0)));
}

static void every_kind_has_a_name(void **state) {
    (void)state;
    assert_string_equal(airs_entry_text(AIRS_ENTRY_SEND), "send");
    assert_string_equal(airs_entry_text(AIRS_ENTRY_HANDLE_MESSAGE), "handle-message");
    assert_null(airs_entry_text(0));
    assert_null(airs_entry_text(255));
    assert_true(airs_entry_is_call(AIRS_ENTRY_SHUTDOWN));
    assert_false(airs_entry_is_call(AIRS_ENTRY_END));
    assert_false(airs_entry_is_counted(AIRS_ENTRY_PEER));
    assert_true(airs_entry_is_counted(AIRS_ENTRY_RANDOM));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(an_entry_without_fields_is_one),
        cmocka_unit_test(a_full_journal_drops_what_it_has),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(what_is_cut_off_is_broken_or_shorter),
        cmocka_unit_test(nothing_is_read_that_is_not_there),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(text_is_utf8_or_nothing),
        cmocka_unit_test(hashes_tell_parts_apart),
        cmocka_unit_test(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
