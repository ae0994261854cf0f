#include "support/test.h"

#include <string.h>

#include "core/correlation_id.h"
#include "support/seeded_random.h"

static void made_ids_are_version_4(void **state) {
    (void)state;
    uint8_t all[16] = {0};
    for (int i = 0; i < 200; i++) {
        airs_correlation_id_t id = airs_correlation_id_make(airs_random_system());
        assert_int_equal(id.bytes[6] >> 4, 4);
        assert_int_equal(id.bytes[8] >> 6, 2);
        for (size_t k = 0; k < 16; k++) {
            all[k] |= id.bytes[k];
        }
    }
    static const uint8_t POSSIBLE[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x4f, 0xff,
                                         0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_memory_equal(all, POSSIBLE, 16);
}

static void texts_have_the_usual_form(void **state) {
    (void)state;
    /* RFC 9562, appendix A.3 */
    static const uint8_t BYTES[16] = {0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x43, 0x20,
                                      0x9b, 0xac, 0xf8, 0x47, 0xdb, 0x41, 0x48, 0xa8};
    airs_correlation_id_t id;
    memcpy(id.bytes, BYTES, 16);
    char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    airs_correlation_id_format(&id, text);
    assert_string_equal(text, "919108f7-52d1-4320-9bac-f847db4148a8");
    airs_correlation_id_t read;
    assert_ok(airs_correlation_id_parse(airs_str(text), &read));
    assert_true(airs_correlation_id_equal(&id, &read));
    assert_ok(airs_correlation_id_parse(airs_str("919108F7-52D1-4320-9BAC-F847DB4148A8"), &read));
    assert_true(airs_correlation_id_equal(&id, &read));
}

static void text_and_back_is_the_same(void **state) {
    (void)state;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 1);
    for (int i = 0; i < 1000; i++) {
        airs_correlation_id_t id = airs_correlation_id_make(&random.random);
        airs_correlation_id_t read;
        char text[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
        airs_correlation_id_format(&id, text);
        assert_ok(airs_correlation_id_parse(airs_str(text), &read));
        assert_true(airs_correlation_id_equal(&id, &read));
    }
}

/* Every other character at every place. */
static void one_wrong_character_is_refused(void **state) {
    (void)state;
    static const char RIGHT[] = "919108f7-52d1-4320-9bac-f847db4148a8";
    for (size_t at = 0; at < AIRS_CORRELATION_ID_TEXT_SIZE; at++) {
        for (int character = 0; character < 256; character++) {
            char text[sizeof RIGHT];
            memcpy(text, RIGHT, sizeof RIGHT);
            text[at] = (char)character;
            bool digit = strchr("0123456789abcdefABCDEF", character) != NULL && character != 0;
            bool right = RIGHT[at] == '-' ? character == '-' : digit;
            airs_correlation_id_t id;
            assert_status(airs_correlation_id_parse(airs_str_n(text, 36), &id),
                          right ? AIRS_OK : AIRS_INVALID_ARGUMENT);
        }
    }
}

static void other_lengths_are_refused(void **state) {
    (void)state;
    static const char TEXT[] = "919108f7-52d1-4320-9bac-f847db4148a8a";
    airs_correlation_id_t id;
    for (size_t size = 0; size < sizeof TEXT; size++) {
        assert_status(airs_correlation_id_parse(airs_str_n(TEXT, size), &id),
                      size == 36 ? AIRS_OK : AIRS_INVALID_ARGUMENT);
    }
    assert_status(airs_correlation_id_parse(airs_str(NULL), &id), AIRS_INVALID_ARGUMENT);
    assert_status(airs_correlation_id_parse(airs_str("{919108f7-52d1-4320-9bac-f847db4148a8}"), &id),
                  AIRS_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_ids_are_version_4),    cmocka_unit_test(texts_have_the_usual_form),
        cmocka_unit_test(text_and_back_is_the_same), cmocka_unit_test(one_wrong_character_is_refused),
        cmocka_unit_test(other_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
