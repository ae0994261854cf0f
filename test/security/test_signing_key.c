#include "support/test.h"

#include <string.h>

#include "security/signing_key.h"
#include "security/wasm_builder.h"

/* RFC 8032, 7.1, TEST 2: one byte is signed. */
#define SEED "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
#define PUBLIC "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define SIGNATURE                                                      \
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" \
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"

static airs_signing_key_t read_pair(const char *hex) {
    uint8_t bytes[128];
    airs_signing_key_t key;
    assert_ok(airs_signing_key_parse(airs_from_hex(hex, bytes, sizeof bytes), &key, NULL));
    return key;
}

static void it_signs_as_the_standard_does(void **state) {
    uint8_t signature[AIRS_SIGNATURE_SIZE];
    uint8_t expected[AIRS_SIGNATURE_SIZE];
    airs_bytes_t message = airs_bytes("\x72", 1);
    (void)state;
    airs_signing_key_t key = read_pair("81" SEED PUBLIC);
    airs_signing_key_sign(&key, message, signature);
    airs_from_hex(SIGNATURE, expected, sizeof expected);
    assert_memory_equal(signature, expected, sizeof expected);
    airs_public_key_t public = airs_signing_key_public(&key);
    assert_true(airs_public_key_verify(&public, message, airs_bytes(signature, sizeof signature)));
    assert_false(
        airs_public_key_verify(&public, airs_bytes("\x73", 1), airs_bytes(signature, sizeof signature)));
    assert_false(airs_public_key_verify(&public, message, airs_bytes(signature, sizeof signature - 1)));
    assert_false(airs_public_key_verify(&public, message, airs_bytes(NULL, 0)));
    for (size_t i = 0; i < 8 * sizeof signature; i++) {
        signature[i / 8] ^= (uint8_t)(1U << (i % 8));
        assert_false(airs_public_key_verify(&public, message, airs_bytes(signature, sizeof signature)));
        signature[i / 8] ^= (uint8_t)(1U << (i % 8));
    }
}

static void generated_keys_differ_and_work(void **state) {
    airs_signing_key_t keys[2];
    uint8_t signature[AIRS_SIGNATURE_SIZE];
    uint8_t file[AIRS_SIGNING_KEY_FILE_SIZE];
    airs_signing_key_t again;
    (void)state;
    assert_ok(airs_signing_key_generate(&keys[0], NULL));
    assert_ok(airs_signing_key_generate(&keys[1], NULL));
    airs_public_key_t publics[2] = {airs_signing_key_public(&keys[0]), airs_signing_key_public(&keys[1])};
    assert_false(airs_public_key_equal(&publics[0], &publics[1]));
    airs_signing_key_sign(&keys[0], airs_bytes("hello", 5), signature);
    assert_true(
        airs_public_key_verify(&publics[0], airs_bytes("hello", 5), airs_bytes(signature, sizeof signature)));
    assert_false(
        airs_public_key_verify(&publics[1], airs_bytes("hello", 5), airs_bytes(signature, sizeof signature)));
    airs_signing_key_write(&keys[0], file);
    assert_int_equal(file[0], 0x81);
    assert_ok(airs_signing_key_parse(airs_bytes(file, sizeof file), &again, NULL));
    assert_memory_equal(again.bytes, keys[0].bytes, sizeof again.bytes);
    airs_signing_key_erase(&again);
    for (size_t i = 0; i < sizeof again.bytes; i++) {
        assert_int_equal(again.bytes[i], 0);
    }
}

static void public_keys_are_read_and_written(void **state) {
    uint8_t bytes[64];
    uint8_t file[AIRS_PUBLIC_KEY_FILE_SIZE];
    airs_public_key_t key;
    airs_public_key_t same;
    char text[AIRS_PUBLIC_KEY_TEXT_MAX];
    (void)state;
    assert_ok(airs_public_key_parse(airs_from_hex("01" PUBLIC, bytes, sizeof bytes), &key, NULL));
    airs_public_key_write(&key, file);
    assert_memory_equal(file, bytes, sizeof file);
    assert_string_equal(airs_public_key_text(&key, text), "01" PUBLIC);
    assert_ok(airs_public_key_from_text(airs_str(text), &same, NULL));
    assert_true(airs_public_key_equal(&key, &same));
}

typedef struct bad_file {
    const char *hex;
    const char *as_pair;
    const char *as_public;
} bad_file_t;

static void what_is_no_key_is_refused(void **state) {
    static const bad_file_t files[] = {
        {"", "it is no secret key (a key pair): 0 bytes", "it is no public key: 0 bytes"},
        {"01" PUBLIC, "it is a public key; a secret key (a key pair) is wanted here", NULL},
        {"81" SEED PUBLIC, NULL, "it is a secret key; a public key is wanted here"},
        {"02" PUBLIC, "it is no secret key (a key pair): 33 bytes", "it is no public key: 33 bytes"},
        {"01" PUBLIC "00", "34 bytes", "34 bytes"},
        {"81" SEED PUBLIC "00", "66 bytes", "66 bytes"},
        {"81" SEED, "33 bytes", "33 bytes"},
        {"82" SEED PUBLIC, "65 bytes", "65 bytes"},
        /* Halves of two pairs. */
        {"81" SEED "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         "its public half does not belong to its secret half", "it is a secret key"},
        /* Points of small order, for which many messages have one signature; and no point. */
        {"01"
         "0100000000000000000000000000000000000000000000000000000000000000",
         "it is a public key", "it is no public key that Ed25519 can have"},
        {"01"
         "0000000000000000000000000000000000000000000000000000000000000000",
         "it is a public key", "it is no public key that Ed25519 can have"},
        {"01"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "it is a public key", "it is no public key that Ed25519 can have"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        uint8_t bytes[128];
        airs_error_t error;
        airs_signing_key_t pair;
        airs_public_key_t public;
        airs_bytes_t file = airs_from_hex(files[i].hex, bytes, sizeof bytes);
        if (files[i].as_pair != NULL) {
            assert_status(airs_signing_key_parse(file, &pair, &error), AIRS_INVALID_ARGUMENT);
            assert_non_null(strstr(error.text, files[i].as_pair));
        }
        if (files[i].as_public != NULL) {
            assert_status(airs_public_key_parse(file, &public, &error), AIRS_INVALID_ARGUMENT);
            assert_non_null(strstr(error.text, files[i].as_public));
        }
    }
}

static void text_that_is_no_key_is_refused(void **state) {
    static const char *const texts[] = {"",          "01",        PUBLIC,         "01" PUBLIC "00",
                                        "02" PUBLIC, "0g" PUBLIC, "01" PUBLIC " "};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        airs_public_key_t key;
        airs_error_t error;
        assert_status(airs_public_key_from_text(airs_str(texts[i]), &key, &error), AIRS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, "it is no public key"));
    }
}

/* What wasmsign2 0.2.8 wrote as the id of this key. */
static void ids_are_those_of_the_reference_tool(void **state) {
    char text[AIRS_KEY_ID_TEXT_MAX];
    (void)state;
    airs_signing_key_t key = airs_test_key(0);
    airs_public_key_t public = airs_signing_key_public(&key);
    airs_key_id_t id = airs_key_id_of(&public);
    assert_string_equal(airs_key_id_text(&id, text), "a87b10d4934d3a04633a3faf");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_signs_as_the_standard_does),
        cmocka_unit_test(generated_keys_differ_and_work),
        cmocka_unit_test(public_keys_are_read_and_written),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(text_that_is_no_key_is_refused),
        cmocka_unit_test(ids_are_those_of_the_reference_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
