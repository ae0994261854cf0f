#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "security/component_signature.h"
#include "security/wasm_builder.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

/* What wasmsign2 0.2.8 made of the component below with the keys 0 and 32: signed with the first one and its key id,
 * then with the second one too; and with the first one without a key id. */
#define CONTENT "000b05666972737431323334350009067365636f6e643637"
#define HASH "9e1222050f3ac890d7042005f73b1bf97dffa9ec4f748399b30c8928a94127f4"
#define FIRST_SIGNATURE                                                \
    "3bbeebd78e478374f35a80c083d797b0bfa12bb734faad5ff1e6e27cb71b9dc5" \
    "faf5e238b53ac6f7aa4ffab66c9f225b1a973775b2e7a018aece589079b3be0e"
#define SECOND_SIGNATURE                                               \
    "68eb63cc37a284142cd3e488da27b3e6eeabfa44d0f5de45cb03d0c873f56504" \
    "7cfa0c493c01f9133ec720bbcdf78c917fa26d333c7d4ba1958fd2b798a4970a"
#define SIGNED_ONCE                                                    \
    "0061736d0d000100 008101 097369676e6174757265 01010101 72 01" HASH \
    "01 4f 0c a87b10d4934d3a04633a3faf 01 40" FIRST_SIGNATURE CONTENT
#define SIGNED_TWICE                                                     \
    "0061736d0d000100 00d201 097369676e6174757265 01010101 c201 01" HASH \
    "02 4f 0c a87b10d4934d3a04633a3faf 01 40" FIRST_SIGNATURE            \
    "4f 0c 1b3e7ee50e0b7c24934a4e01 01 40" SECOND_SIGNATURE CONTENT
#define SIGNED_WITHOUT_ID \
    "0061736d0d000100 0075 097369676e6174757265 01010101 66 01" HASH "01 43 00 01 40" FIRST_SIGNATURE CONTENT

static airs_wasm_builder_t builder;

static const airs_signed_extent_t NOTHING = {false, 0};

static airs_public_key_t public_key(uint8_t first) {
    airs_signing_key_t key = airs_test_key(first);
    return airs_signing_key_public(&key);
}

static airs_bytes_t plain(void) {
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "first", "12345", 5);
    airs_wasm_custom(&builder, "second", "67", 2);
    return airs_wasm_built(&builder);
}

/* The binary signed with the key `first`, to be freed. */
static airs_bytes_t sign(airs_bytes_t binary, uint8_t first) {
    airs_signing_key_t key = airs_test_key(first);
    airs_bytes_t out;
    airs_error_t error;
    if (airs_component_sign(airs_allocator_default(), binary, &key, NULL, &out, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    return out;
}

static void drop(airs_bytes_t bytes) { airs_allocator_default()->release(NULL, (void *)bytes.data); }

/* What the key `first` has signed of it. */
static airs_status_t read_extent(airs_bytes_t binary, uint8_t first, airs_signed_extent_t *extent,
                                 airs_error_t *error) {
    airs_signed_binary_t *read = NULL;
    airs_public_key_t key = public_key(first);
    uint8_t *exact = airs_exact_copy(binary);
    airs_status_t status =
        airs_signed_binary_read(airs_allocator_default(), airs_bytes(exact, binary.size), &read, error);
    if (status == AIRS_OK) {
        *extent = airs_signed_binary_extent(read, &key);
        assert_true(extent->parts <= airs_signed_binary_parts(read));
    }
    airs_signed_binary_destroy(read);
    free(exact);
    return status;
}

static void expect(airs_bytes_t binary, uint8_t first, bool whole, size_t parts) {
    airs_signed_extent_t extent = NOTHING;
    assert_ok(read_extent(binary, first, &extent, NULL));
    assert_int_equal(extent.whole, whole);
    assert_int_equal(extent.parts, parts);
}

static void expect_unreadable(airs_bytes_t binary, airs_status_t status, const char *text) {
    airs_signed_extent_t extent;
    airs_error_t error;
    assert_status(read_extent(binary, 0, &extent, &error), status);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
    }
}

static void expect_bytes(airs_bytes_t bytes, const char *hex) {
    uint8_t expected[512];
    airs_bytes_t whole = airs_from_hex(hex, expected, sizeof expected);
    assert_int_equal(bytes.size, whole.size);
    assert_memory_equal(bytes.data, whole.data, whole.size);
}

static void it_signs_byte_for_byte_as_the_reference_tool(void **state) {
    (void)state;
    airs_bytes_t once = sign(plain(), 0);
    expect_bytes(once, SIGNED_ONCE);
    airs_bytes_t twice = sign(once, 32);
    expect_bytes(twice, SIGNED_TWICE);
    drop(once);
    drop(twice);
}

static void it_believes_what_the_reference_tool_signed(void **state) {
    uint8_t bytes[512];
    (void)state;
    airs_bytes_t binary = airs_from_hex(SIGNED_ONCE, bytes, sizeof bytes);
    expect(binary, 0, true, 1);
    expect(binary, 32, false, 0);
    binary = airs_from_hex(SIGNED_TWICE, bytes, sizeof bytes);
    expect(binary, 0, true, 1);
    expect(binary, 32, true, 1);
    expect(binary, 64, false, 0);
    binary = airs_from_hex(SIGNED_WITHOUT_ID, bytes, sizeof bytes);
    expect(binary, 0, true, 1);
    expect(binary, 32, false, 0);
}

static void what_nobody_signed_is_signed_by_nobody(void **state) {
    airs_signed_binary_t *read = NULL;
    (void)state;
    expect(plain(), 0, false, 0);
    assert_ok(airs_signed_binary_read(airs_allocator_default(), plain(), &read, NULL));
    assert_null(airs_signed_binary_signatures(read));
    assert_true(airs_signed_binary_is_component(read));
    assert_int_equal(airs_signed_binary_parts(read), 1);
    airs_signed_binary_destroy(read);
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "signature", "\1\1\1\0", 4);
    airs_wasm_section(&builder, 1, "x", 1);
    expect(airs_wasm_built(&builder), 0, false, 0);
    airs_bytes_t added = sign(airs_wasm_built(&builder), 0);
    expect(added, 0, true, 1);
    drop(added);
}

static void everything_but_the_signatures_stays_as_it_was(void **state) {
    (void)state;
    airs_wasm_begin_module(&builder);
    airs_wasm_add(&builder,
                  "\x07\x83\x80\x80\x80\x00"
                  "abc",
                  9);
    airs_wasm_section(&builder, 0x0b, NULL, 0);
    airs_bytes_t built = airs_wasm_built(&builder);
    airs_bytes_t once = sign(built, 0);
    airs_bytes_t twice = sign(once, 32);
    assert_memory_equal(twice.data, built.data, 8);
    assert_memory_equal(twice.data + twice.size - (built.size - 8), built.data + 8, built.size - 8);
    expect(twice, 0, true, 1);
    expect(twice, 32, true, 1);
    drop(once);
    drop(twice);
}

/* Every bit of a signed binary: none can be turned without an end of the signature, but those of the key's id, which
 * nobody signs and which decides nothing. */
static void no_bit_can_be_turned(void **state) {
    (void)state;
    uint8_t bytes[512];
    airs_bytes_t binary = airs_from_hex(SIGNED_ONCE, bytes, sizeof bytes);
    airs_public_key_t key = public_key(0);
    airs_key_id_t id = airs_key_id_of(&key);
    size_t id_at = 0;
    while (memcmp(bytes + id_at, id.bytes, sizeof id.bytes) != 0) {
        id_at++;
    }
    size_t survived = 0;
    for (size_t bit = 0; bit < 8 * binary.size; bit++) {
        airs_signed_extent_t extent = NOTHING;
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        airs_status_t status = read_extent(binary, 0, &extent, NULL);
        assert_true(status == AIRS_OK || status == AIRS_INVALID_COMPONENT);
        bool in_id = bit / 8 >= id_at && bit / 8 < id_at + sizeof id.bytes;
        if (extent.parts > 0 && !in_id) {
            fail_msg("bit %zu of byte %zu can be turned", bit % 8, bit / 8);
        }
        survived += extent.parts > 0;
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    assert_int_equal(survived, 8 * sizeof id.bytes);
    expect(binary, 0, true, 1);
}

static void no_byte_can_be_left_out_put_in_or_cut_off(void **state) {
    (void)state;
    uint8_t bytes[512];
    uint8_t changed[512];
    airs_signed_extent_t extent;
    airs_bytes_t binary = airs_from_hex(SIGNED_TWICE, bytes, sizeof bytes);
    for (size_t i = 0; i < binary.size; i++) {
        extent = NOTHING;
        (void)read_extent(airs_bytes(bytes, i), 0, &extent, NULL);
        assert_int_equal(extent.parts, 0);
        memcpy(changed, bytes, i);
        memcpy(changed + i, bytes + i + 1, binary.size - i - 1);
        (void)read_extent(airs_bytes(changed, binary.size - 1), 0, &extent, NULL);
        assert_int_equal(extent.parts, 0);
        changed[i] = bytes[i];
        changed[i + 1] = 0;
        memcpy(changed + i + 2, bytes + i + 1, binary.size - i - 1);
        (void)read_extent(airs_bytes(changed, binary.size + 1), 0, &extent, NULL);
        assert_int_equal(extent.parts, 0);
    }
}

/* Sections put behind or between, taken away, or in another order. */
static void no_section_can_be_moved(void **state) {
    uint8_t bytes[512];
    (void)state;
    airs_bytes_t binary = airs_from_hex(SIGNED_ONCE, bytes, sizeof bytes);
    size_t content = binary.size - 24;
    builder.size = 0;
    airs_wasm_add(&builder, bytes, binary.size);
    airs_wasm_custom(&builder, "more", NULL, 0);
    expect(airs_wasm_built(&builder), 0, false, 0);
    builder.size = 0;
    airs_wasm_add(&builder, bytes, content);
    airs_wasm_custom(&builder, "second", "67", 2);
    airs_wasm_custom(&builder, "first", "12345", 5);
    expect(airs_wasm_built(&builder), 0, false, 0);
    builder.size = content;
    airs_wasm_custom(&builder, "first", "12345", 5);
    expect(airs_wasm_built(&builder), 0, false, 0);
    builder.size = content;
    expect(airs_wasm_built(&builder), 0, false, 0);
}

static void signatures_of_another_binary_do_not_count(void **state) {
    uint8_t bytes[512];
    (void)state;
    airs_bytes_t binary = airs_from_hex(SIGNED_ONCE, bytes, sizeof bytes);
    builder.size = 0;
    airs_wasm_add(&builder, bytes, binary.size - 24);
    airs_wasm_custom(&builder, "evil", NULL, 0);
    expect(airs_wasm_built(&builder), 0, false, 0);
    /* Nor does the right hash, when what was signed is another one. */
    airs_bytes_t other = sign(airs_wasm_built(&builder), 64);
    expect(other, 0, false, 0);
    expect(other, 64, true, 1);
    drop(other);
}

/* Parts a, b, c with a delimiter behind each. */
static void build_parts(const char *parts) {
    airs_wasm_begin_component(&builder);
    for (const char *part = parts; *part != '\0'; part++) {
        airs_wasm_section(&builder, 1, part, 1);
        airs_wasm_delimiter(&builder, (uint8_t)*part);
    }
}

/* The signatures of `from` before the content of what was built. */
static airs_bytes_t transplant(airs_bytes_t from, size_t content_of_from, uint8_t *out) {
    size_t head = from.size - content_of_from;
    memcpy(out, from.data, head);
    memcpy(out + head, builder.bytes + 8, builder.size - 8);
    return airs_bytes(out, head + builder.size - 8);
}

static void parts_can_be_taken_off_the_end(void **state) {
    static uint8_t bytes[AIRS_WASM_BUILT_MAX];
    (void)state;
    build_parts("abc");
    size_t content = builder.size - 8;
    airs_bytes_t whole = sign(airs_wasm_built(&builder), 0);
    expect(whole, 0, true, 3);
    build_parts("ab");
    expect(transplant(whole, content, bytes), 0, false, 2);
    build_parts("a");
    expect(transplant(whole, content, bytes), 0, false, 1);
    build_parts("abd");
    expect(transplant(whole, content, bytes), 0, false, 2);
    build_parts("adc");
    expect(transplant(whole, content, bytes), 0, false, 1);
    build_parts("bc");
    expect(transplant(whole, content, bytes), 0, false, 0);
    build_parts("abcd");
    expect(transplant(whole, content, bytes), 0, false, 3);
    /* The last part without its delimiter. */
    build_parts("ab");
    airs_wasm_section(&builder, 1, "c", 1);
    expect(transplant(whole, content, bytes), 0, false, 2);
    drop(whole);
}

static void parts_can_be_added_by_another_signer(void **state) {
    airs_signing_key_t key = airs_test_key(0);
    airs_random_t *random = airs_random_system();
    airs_bytes_t first;
    (void)state;
    assert_ok(airs_component_sign(airs_allocator_default(), plain(), &key, random, &first, NULL));
    expect(first, 0, true, 1);
    builder.size = 0;
    airs_wasm_add(&builder, first.data, first.size);
    airs_wasm_custom(&builder, "debug", "much", 4);
    expect(airs_wasm_built(&builder), 0, false, 1);
    airs_bytes_t second = sign(airs_wasm_built(&builder), 32);
    expect(second, 0, false, 1);
    expect(second, 32, true, 2);
    airs_bytes_t third = sign(second, 0);
    expect(third, 0, true, 2);
    expect(third, 32, true, 2);
    drop(first);
    drop(second);
    drop(third);
}

static void delimiters_are_random_and_only_put_where_they_hurt_nobody(void **state) {
    airs_signing_key_t key = airs_test_key(0);
    airs_signing_key_t other = airs_test_key(32);
    airs_bytes_t once;
    airs_bytes_t again;
    airs_bytes_t both;
    airs_error_t error;
    (void)state;
    assert_ok(
        airs_component_sign(airs_allocator_default(), plain(), &key, airs_random_system(), &once, NULL));
    assert_ok(
        airs_component_sign(airs_allocator_default(), plain(), &key, airs_random_system(), &again, NULL));
    assert_int_equal(once.size, again.size);
    assert_memory_not_equal(once.data + once.size - 16, again.data + again.size - 16, 16);
    assert_memory_equal(once.data + once.size - 16 - 22, "\0\x24\x13signature_delimiter", 22);
    drop(again);
    /* It ends in a delimiter already: nothing is added but the signature. */
    assert_ok(airs_component_sign(airs_allocator_default(), once, &other, airs_random_system(), &both, NULL));
    expect(both, 0, true, 1);
    expect(both, 32, true, 1);
    assert_memory_equal(both.data + both.size - 38, once.data + once.size - 38, 38);
    drop(both);
    drop(once);
    once = sign(plain(), 0);
    assert_status(
        airs_component_sign(airs_allocator_default(), once, &other, airs_random_system(), &both, &error),
        AIRS_INVALID_STATE);
    assert_non_null(strstr(error.text, "signed already"));
    drop(once);
}

static void a_key_signs_once(void **state) {
    airs_signing_key_t key = airs_test_key(0);
    airs_bytes_t out;
    airs_error_t error;
    (void)state;
    airs_bytes_t once = sign(plain(), 0);
    assert_status(airs_component_sign(airs_allocator_default(), once, &key, NULL, &out, &error),
                  AIRS_ALREADY_EXISTS);
    assert_string_equal(error.text, "it is signed with this key already");
    drop(once);
}

static void sections_that_do_not_belong_are_refused(void **state) {
    (void)state;
    airs_wasm_begin_component(&builder);
    airs_wasm_section(&builder, 1, "x", 1);
    airs_wasm_custom(&builder, "signature", "\1\1\1\0", 4);
    expect_unreadable(airs_wasm_built(&builder), AIRS_INVALID_COMPONENT, "not its first section");
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "signature", "\1\1\1\0", 4);
    airs_wasm_custom(&builder, "signature", "\1\1\1\0", 4);
    expect_unreadable(airs_wasm_built(&builder), AIRS_INVALID_COMPONENT, "not its first section");
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "signature", "\1\1\1", 3);
    expect_unreadable(airs_wasm_built(&builder), AIRS_INVALID_COMPONENT, "damaged");
    airs_wasm_begin_component(&builder);
    airs_wasm_custom(&builder, "signature_delimiter", "0123456789abcde", 15);
    expect_unreadable(airs_wasm_built(&builder), AIRS_INVALID_COMPONENT, "a signature delimiter of 15 bytes");
    expect_unreadable(airs_bytes("(component)", 11), AIRS_INVALID_COMPONENT, "not a WebAssembly binary");
    expect_unreadable(airs_bytes(NULL, 0), AIRS_INVALID_COMPONENT, "not a WebAssembly binary");
}

static void parts_are_bounded(void **state) {
    (void)state;
    airs_wasm_begin_component(&builder);
    for (size_t i = 0; i < AIRS_SIGNED_HASHES_MAX; i++) {
        airs_wasm_delimiter(&builder, (uint8_t)i);
    }
    airs_bytes_t full = sign(airs_wasm_built(&builder), 0);
    expect(full, 0, true, AIRS_SIGNED_HASHES_MAX);
    drop(full);
    airs_wasm_delimiter(&builder, 0xff);
    expect_unreadable(airs_wasm_built(&builder), AIRS_RESOURCE_LIMIT, "more than the 64 parts");
}

static void an_empty_component_can_be_signed(void **state) {
    (void)state;
    airs_wasm_begin_component(&builder);
    airs_bytes_t binary = sign(airs_wasm_built(&builder), 0);
    expect(binary, 0, true, 1);
    drop(binary);
}

/* Whatever the bytes are, reading them ends, and finds no signature of a key that signed nothing. */
static void noise_is_survived(void **state) {
    uint8_t bytes[512];
    uint8_t noisy[512];
    airs_seeded_random_t random;
    (void)state;
    airs_seeded_random_init(&random, 4711);
    airs_bytes_t binary = airs_from_hex(SIGNED_TWICE, bytes, sizeof bytes);
    for (int round = 0; round < 20000; round++) {
        airs_signed_extent_t extent = NOTHING;
        uint8_t choice[8];
        memcpy(noisy, bytes, binary.size);
        airs_random_fill(&random.random, choice, sizeof choice);
        for (size_t i = 0; i < 3; i++) {
            noisy[8 + choice[i] % (binary.size - 8)] = choice[4 + i];
        }
        size_t size = choice[3] < 128 ? binary.size : choice[3];
        (void)read_extent(airs_bytes(noisy, size), 64, &extent, NULL);
        assert_int_equal(extent.parts, 0);
    }
}

static airs_status_t sign_and_read(const airs_allocator_t *allocator, void *context) {
    airs_signing_key_t key = airs_test_key(0);
    airs_public_key_t public = public_key(0);
    airs_bytes_t out = {NULL, 0};
    airs_signed_binary_t *read = NULL;
    airs_error_t error = {AIRS_OK, ""};
    (void)context;
    airs_status_t status = airs_component_sign(allocator, plain(), &key, airs_random_system(), &out, &error);
    if (status == AIRS_OK) {
        status = airs_signed_binary_read(allocator, out, &read, &error);
    }
    if (status == AIRS_OK) {
        assert_true(airs_signed_binary_extent(read, &public).whole);
    } else {
        assert_status(error.status, status);
    }
    airs_signed_binary_destroy(read);
    if (out.data != NULL) {
        allocator->release(allocator->context, (void *)out.data);
    }
    return status;
}

static void memory_may_be_refused(void **state) {
    (void)state;
    airs_fail_each_allocation(sign_and_read, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_signs_byte_for_byte_as_the_reference_tool),
        cmocka_unit_test(it_believes_what_the_reference_tool_signed),
        cmocka_unit_test(what_nobody_signed_is_signed_by_nobody),
        cmocka_unit_test(everything_but_the_signatures_stays_as_it_was),
        cmocka_unit_test(no_bit_can_be_turned),
        cmocka_unit_test(no_byte_can_be_left_out_put_in_or_cut_off),
        cmocka_unit_test(no_section_can_be_moved),
        cmocka_unit_test(signatures_of_another_binary_do_not_count),
        cmocka_unit_test(parts_can_be_taken_off_the_end),
        cmocka_unit_test(parts_can_be_added_by_another_signer),
        cmocka_unit_test(delimiters_are_random_and_only_put_where_they_hurt_nobody),
        cmocka_unit_test(a_key_signs_once),
        cmocka_unit_test(sections_that_do_not_belong_are_refused),
        cmocka_unit_test(parts_are_bounded),
        cmocka_unit_test(an_empty_component_can_be_signed),
        cmocka_unit_test(noise_is_survived),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
