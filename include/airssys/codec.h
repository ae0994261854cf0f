/* Codecs that a payload may name by a prefix: an unsigned varint, as multicodec has it
 * (https://github.com/multiformats/multicodec). The host never translates; it looks at the prefix only
 * where the receiver declared what it accepts. */
#ifndef AIRSSYS_CODEC_H
#define AIRSSYS_CODEC_H

#include <stdint.h>

#include <airssys/export.h>

/* X(name, bit, code, text): the bits make sets. */
#define AIRS_CODEC_MAP(X)                    \
    X(JSON, 0, 0x0200, "json")               \
    X(MESSAGEPACK, 1, 0x0201, "messagepack") \
    X(CBOR, 2, 0x51, "cbor")                 \
    X(PROTOBUF, 3, 0x50, "protobuf")         \
    X(RAW, 4, 0x55, "raw")                   \
    X(BORSH, 5, 0x0701, "borsh")

/* A set of codecs: AIRS_CODEC_JSON | AIRS_CODEC_CBOR; 0 is the empty set. */
typedef uint32_t airs_codecs_t;

enum {
#define AIRS_CODEC_ENUM(name, bit, code, text) AIRS_CODEC_##name = 1 << (bit),
    AIRS_CODEC_MAP(AIRS_CODEC_ENUM)
#undef AIRS_CODEC_ENUM
};

#endif
