#include "support/test.h"

#include <string.h>

#include "core/multicodec.h"

static airs_multicodec_t read_literal(const char *text, size_t size) {
    return airs_multicodec_read(airs_bytes(text, size));
}

/* A literal with its end left off, so that zeros can stand in it. */
#define READ(literal) read_literal(literal, sizeof(literal) - 1)

static void expect(airs_multicodec_t found, size_t size, uint64_t code, airs_codecs_t codec) {
    assert_int_equal(found.size, size);
    assert_int_equal(found.code, code);
    assert_int_equal(found.codec, codec);
}

static void every_codec_has_its_bytes(void **state) {
    (void)state;
    expect(READ("\x80\x04{}"), 2, 0x0200, AIRS_CODEC_JSON);
    expect(READ("\x81\x04\x80"), 2, 0x0201, AIRS_CODEC_MESSAGEPACK);
    expect(READ("\x51\xa0"), 1, 0x51, AIRS_CODEC_CBOR);
    expect(READ("\x50"), 1, 0x50, AIRS_CODEC_PROTOBUF);
    expect(READ("\x55raw"), 1, 0x55, AIRS_CODEC_RAW);
    expect(READ("\x81\x0e\x01"), 2, 0x0701, AIRS_CODEC_BORSH);
}

static void other_codes_are_unknown(void **state) {
    (void)state;
    expect(READ("\0"), 1, 0, 0);
    expect(READ("\x71"), 1, 0x71, 0);
    expect(READ("{}"), 1, '{', 0); /* JSON without a prefix is in no codec that it names */
    expect(READ("\x80\x05"), 2, 0x0280, 0);
    expect(READ("\xff\xff\x03"), 3, 0xffff, 0);
    expect(READ("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), 9, UINT64_MAX >> 1, 0);
}

static void what_is_no_varint_is_no_prefix(void **state) {
    (void)state;
    expect(airs_multicodec_read(airs_bytes(NULL, 0)), 0, 0, 0);
    /* It ends too early. */
    expect(READ("\x80"), 0, 0, 0);
    expect(READ("\x81\x82\x83"), 0, 0, 0);
    expect(READ("\xff\xff\xff\xff\xff\xff\xff\xff"), 0, 0, 0);
    /* It has more bytes than it needs. */
    expect(READ("\xd1\x00{}"), 0, 0, 0);
    expect(READ("\x80\x84\x00"), 0, 0, 0);
    expect(READ("\x80\x00"), 0, 0, 0);
    expect(READ("\xff\xff\xff\xff\xff\xff\xff\xff\x00"), 0, 0, 0);
    /* Ten bytes. */
    expect(READ("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, 0, 0);
    expect(READ("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), 0, 0, 0);
}

static bool accepts(airs_codecs_t accepted, const char *text) {
    return airs_multicodec_accepts(accepted, airs_bytes(text, strlen(text)));
}

static void a_set_takes_its_codecs(void **state) {
    (void)state;
    airs_codecs_t both = AIRS_CODEC_JSON | AIRS_CODEC_CBOR;
    assert_true(accepts(both, "\x80\x04{}"));
    assert_true(accepts(both, "\x51"));
    assert_false(accepts(both, "\x50"));
    assert_false(accepts(both, "\x81\x04"));
    assert_false(accepts(both, "\x71")); /* unknown */
    assert_false(accepts(both, "{}"));
    assert_false(accepts(both, ""));
    assert_false(accepts(both, "\xd1"));
    assert_true(accepts(0, ""));
    assert_true(accepts(0, "\x71"));
    assert_true(accepts(0, "\xff"));
}

static void names_go_both_ways(void **state) {
    (void)state;
    static const char *const names[] = {"json", "messagepack", "cbor", "protobuf", "raw", "borsh"};
    for (unsigned bit = 0; bit < 6; bit++) {
        assert_int_equal(airs_multicodec_by_name(airs_str(names[bit])), 1U << bit);
        assert_string_equal(airs_multicodec_name(1U << bit), names[bit]);
    }
    assert_int_equal(airs_multicodec_by_name(airs_str("JSON")), 0);
    assert_int_equal(airs_multicodec_by_name(airs_str("jso")), 0);
    assert_int_equal(airs_multicodec_by_name(airs_str("")), 0);
    assert_null(airs_multicodec_name(0));
    assert_null(airs_multicodec_name(AIRS_CODEC_JSON | AIRS_CODEC_CBOR));
    assert_null(airs_multicodec_name(1U << 6));
}

static void texts_are_for_people(void **state) {
    (void)state;
    char text[AIRS_MULTICODEC_TEXT_MAX];
    assert_string_equal(airs_multicodec_set_text(0, text), "none");
    assert_string_equal(airs_multicodec_set_text(AIRS_CODEC_RAW, text), "raw");
    assert_string_equal(airs_multicodec_set_text(AIRS_CODEC_CBOR | AIRS_CODEC_JSON, text), "json, cbor");
    assert_string_equal(airs_multicodec_set_text(UINT32_MAX, text),
                        "json, messagepack, cbor, protobuf, raw, borsh");
    assert_string_equal(airs_multicodec_text(READ("\x81\x0e"), text), "is borsh (0x0701)");
    assert_string_equal(airs_multicodec_text(READ("\x51"), text), "is cbor (0x51)");
    assert_string_equal(airs_multicodec_text(READ("\x71"), text), "has an unknown codec (0x71)");
    assert_string_equal(airs_multicodec_text(READ("\x01"), text), "has an unknown codec (0x01)");
    assert_string_equal(airs_multicodec_text(READ("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), text),
                        "has an unknown codec (0x7fffffffffffffff)");
    assert_string_equal(airs_multicodec_text(READ(""), text), "has no codec prefix");
    assert_string_equal(airs_multicodec_text(READ("\xd1\x00"), text), "has no codec prefix");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_has_its_bytes),
        cmocka_unit_test(other_codes_are_unknown),
        cmocka_unit_test(what_is_no_varint_is_no_prefix),
        cmocka_unit_test(a_set_takes_its_codecs),
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(texts_are_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
