#include "support/test.h"

#include <string.h>

#include "security/digest.h"

/* FIPS 180-4's own example. */
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void it_is_a_sha_256(void **state) {
    char text[AIRS_DIGEST_TEXT_MAX];
    (void)state;
    airs_digest_t digest = airs_digest_of(airs_bytes("abc", 3));
    assert_ptr_equal(airs_digest_text(&digest, text), text);
    assert_string_equal(text, ABC);
    digest = airs_digest_of(airs_bytes(NULL, 0));
    assert_string_equal(airs_digest_text(&digest, text), EMPTY);
}

static void text_is_read_back(void **state) {
    airs_digest_t digest;
    airs_digest_t other = airs_digest_of(airs_bytes("abc", 3));
    (void)state;
    assert_ok(airs_digest_parse(airs_str(ABC), &digest, NULL));
    assert_true(airs_digest_equal(&digest, &other));
    assert_ok(airs_digest_parse(airs_str(EMPTY), &digest, NULL));
    assert_false(airs_digest_equal(&digest, &other));
}

static void what_is_no_digest_is_refused(void **state) {
    static const char *const texts[] = {
        "",
        "sha256:",
        "sha256",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
        "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
        "sha256: a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        airs_digest_t digest;
        airs_error_t error;
        assert_status(airs_digest_parse(airs_str(texts[i]), &digest, &error), AIRS_INVALID_ARGUMENT);
        assert_string_equal(error.text,
                            "not a digest: it is \"sha256:\" and 64 lower-case hexadecimal digits, as "
                            "sha256sum prints them");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_sha_256),
        cmocka_unit_test(text_is_read_back),
        cmocka_unit_test(what_is_no_digest_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
