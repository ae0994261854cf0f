#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "security/signature_data.h"
#include "security/wasm_builder.h"

/* A set with one hash and one signature, both as wasmsign2 writes it and as the conventions' text has it: bytes of
 * 11 and 22, key id "me". */
#define HASH "1111111111111111111111111111111111111111111111111111111111111111"
#define BYTES_32 "2222222222222222222222222222222222222222222222222222222222222222"
#define BYTES_64 BYTES_32 BYTES_32
#define SIZED "010101 01 68 01" HASH "01 45 02 6d65 01 40" BYTES_64
#define PLAIN "010101 01 01" HASH "01 02 6d65 01 40" BYTES_64

static airs_signature_data_t data;

static airs_status_t parse(airs_bytes_t payload, airs_error_t *error) {
    uint8_t *exact = airs_exact_copy(payload);
    airs_status_t status = airs_signature_data_parse(airs_bytes(exact, payload.size), &data, error);
    free(exact);
    return status;
}

static void expect_one(airs_bytes_t payload) {
    assert_ok(airs_signature_data_parse(payload, &data, NULL));
    assert_int_equal(data.set_count, 1);
    assert_int_equal(data.sets[0].hash_count, 1);
    assert_int_equal(data.sets[0].hashes.size, 32);
    assert_int_equal(data.sets[0].hashes.data[31], 0x11);
    assert_int_equal(data.sets[0].first, 0);
    assert_int_equal(data.sets[0].count, 1);
    assert_int_equal(data.signature_count, 1);
    assert_int_equal(data.signatures[0].key_id.size, 2);
    assert_memory_equal(data.signatures[0].key_id.data, "me", 2);
    assert_int_equal(data.signatures[0].algorithm, AIRS_SIGNATURE_ED25519);
    assert_int_equal(data.signatures[0].bytes.size, 64);
    assert_int_equal(data.signatures[0].bytes.data[63], 0x22);
}

static void both_forms_are_read_and_one_is_written(void **state) {
    uint8_t sized_bytes[256];
    uint8_t plain_bytes[256];
    airs_text_t text;
    (void)state;
    airs_bytes_t sized = airs_from_hex(SIZED, sized_bytes, sizeof sized_bytes);
    airs_bytes_t plain = airs_from_hex(PLAIN, plain_bytes, sizeof plain_bytes);
    expect_one(sized);
    expect_one(plain);
    airs_text_init(&text, airs_allocator_default());
    airs_signature_data_write(&data, &text);
    assert_ok(airs_text_status(&text));
    assert_int_equal(text.size, sized.size);
    assert_memory_equal(text.data, sized.data, sized.size);
    airs_text_free(&text);
}

static void cuts_and_additions_are_refused(void **state) {
    static const char *const forms[] = {SIZED, PLAIN};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[256];
        airs_error_t error;
        airs_bytes_t whole = airs_from_hex(forms[i], bytes, sizeof bytes);
        for (size_t size = 0; size < whole.size; size++) {
            assert_status(parse(airs_bytes(bytes, size), &error), AIRS_INVALID_COMPONENT);
            assert_non_null(strstr(error.text, "signature section"));
        }
        bytes[whole.size] = 0;
        assert_status(parse(airs_bytes(bytes, whole.size + 1), &error), AIRS_INVALID_COMPONENT);
        assert_status(parse(airs_bytes(bytes, whole.size + 1), NULL), AIRS_INVALID_COMPONENT);
    }
}

static void other_versions_are_refused_by_name(void **state) {
    static const char *const payloads[] = {"020101 00", "010201 00", "010102 00", "810101 00"};
    static const char *const texts[] = {"version 2, content type 1 and hash function 1",
                                        "version 1, content type 2 and hash function 1",
                                        "version 1, content type 1 and hash function 2", "version 129"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        uint8_t bytes[16];
        airs_error_t error;
        assert_status(parse(airs_from_hex(payloads[i], bytes, sizeof bytes), &error), AIRS_INVALID_COMPONENT);
        assert_non_null(strstr(error.text, texts[i]));
    }
}

static void sizes_that_lie_are_refused(void **state) {
    static const char *const payloads[] = {
        "010101 41",                         /* too many sets */
        "010101 ffffffff0f",                 /* far too many */
        "010101 01 ffffffff0f",              /* a set larger than the section */
        "010101 01 06 ffffffff0f 00",        /* hashes without end */
        "010101 01 01 41",                   /* too many hashes */
        "010101 01 03 00 8102",              /* too many signatures */
        "010101 01 07 00 ffffffff0f 00",     /* far too many */
        "010101 01 03 00 01 00",             /* an empty signature */
        "010101 01 08 00 01 05 ffffffff0f",  /* a key id larger than the section */
        "010101 01 06 00 01 03 00 01 00",    /* Ed25519 with no bytes */
        "010101 01 07 00 01 04 00 01 01 05", /* Ed25519 with one */
        "010101 02 02 00 00",                /* a set too few */
        "010101 00 00",                      /* one too many */
    };
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        uint8_t bytes[64];
        assert_status(parse(airs_from_hex(payloads[i], bytes, sizeof bytes), NULL), AIRS_INVALID_COMPONENT);
    }
}

static void what_is_empty_is_fine(void **state) {
    uint8_t bytes[16];
    (void)state;
    assert_ok(airs_signature_data_parse(airs_from_hex("010101 00", bytes, sizeof bytes), &data, NULL));
    assert_int_equal(data.set_count, 0);
    assert_ok(
        airs_signature_data_parse(airs_from_hex("010101 01 02 00 00", bytes, sizeof bytes), &data, NULL));
    assert_int_equal(data.set_count, 1);
    assert_int_equal(data.sets[0].hash_count, 0);
    assert_int_equal(data.signature_count, 0);
}

/* Of an algorithm that somebody may add: three bytes. */
static void unknown_algorithms_are_kept(void **state) {
    uint8_t bytes[256];
    airs_text_t text;
    (void)state;
    airs_bytes_t payload = airs_from_hex("010101 01 29 01" HASH "01 06 00 02 03 616263", bytes, sizeof bytes);
    assert_ok(airs_signature_data_parse(payload, &data, NULL));
    assert_int_equal(data.signatures[0].algorithm, 2);
    assert_int_equal(data.signatures[0].bytes.size, 3);
    airs_text_init(&text, airs_allocator_default());
    airs_signature_data_write(&data, &text);
    assert_int_equal(text.size, payload.size);
    assert_memory_equal(text.data, payload.data, payload.size);
    airs_text_free(&text);
}

static uint8_t filler[AIRS_SIGNATURES_MAX + 1][AIRS_SIGNATURE_SIZE];
static uint8_t hashes[AIRS_SIGNED_SETS_MAX + 1][AIRS_DIGEST_SIZE];

static airs_status_t add(size_t set, size_t signature, airs_error_t *error) {
    filler[signature][0] = (uint8_t)signature;
    filler[signature][1] = (uint8_t)(signature >> 8);
    hashes[set][0] = (uint8_t)set;
    airs_signature_t added = {airs_bytes(NULL, 0), airs_bytes(filler[signature], AIRS_SIGNATURE_SIZE),
                              AIRS_SIGNATURE_ED25519};
    return airs_signature_data_add(&data, airs_bytes(hashes[set], AIRS_DIGEST_SIZE), &added, error);
}

static void signatures_are_added_to_their_set(void **state) {
    airs_text_t text;
    (void)state;
    memset(&data, 0, sizeof data);
    assert_ok(add(0, 10, NULL));
    assert_ok(add(1, 11, NULL));
    assert_ok(add(0, 12, NULL));
    assert_ok(add(2, 10, NULL));
    assert_ok(add(1, 13, NULL));
    assert_status(add(0, 12, NULL), AIRS_ALREADY_EXISTS);
    airs_text_init(&text, airs_allocator_default());
    airs_signature_data_write(&data, &text);
    airs_signature_data_t *read = malloc(sizeof *read);
    assert_non_null(read);
    assert_ok(airs_signature_data_parse(airs_bytes(text.data, text.size), read, NULL));
    static const uint8_t expected[] = {10, 12, 11, 13, 10};
    static const size_t firsts[] = {0, 2, 4};
    static const size_t counts[] = {2, 2, 1};
    assert_int_equal(read->set_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read->sets[i].hashes.data[0], i);
        assert_int_equal(read->sets[i].first, firsts[i]);
        assert_int_equal(read->sets[i].count, counts[i]);
    }
    assert_int_equal(read->signature_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(read->signatures[i].bytes.data[0], expected[i]);
    }
    free(read);
    airs_text_free(&text);
}

static void there_is_an_end_to_it(void **state) {
    airs_error_t error;
    (void)state;
    memset(&data, 0, sizeof data);
    for (size_t i = 0; i < AIRS_SIGNED_SETS_MAX; i++) {
        assert_ok(add(i, i, NULL));
    }
    assert_status(add(AIRS_SIGNED_SETS_MAX, 0, &error), AIRS_RESOURCE_LIMIT);
    assert_non_null(strstr(error.text, "64 signatures of 64 sets of hashes; there is no room for another"));
    for (size_t i = AIRS_SIGNED_SETS_MAX; i < AIRS_SIGNATURES_MAX; i++) {
        assert_ok(add(3, i, NULL));
    }
    assert_status(add(3, AIRS_SIGNATURES_MAX, NULL), AIRS_RESOURCE_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read_and_one_is_written),
        cmocka_unit_test(cuts_and_additions_are_refused),
        cmocka_unit_test(other_versions_are_refused_by_name),
        cmocka_unit_test(sizes_that_lie_are_refused),
        cmocka_unit_test(what_is_empty_is_fine),
        cmocka_unit_test(unknown_algorithms_are_kept),
        cmocka_unit_test(signatures_are_added_to_their_set),
        cmocka_unit_test(there_is_an_end_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
