#include "core/multicodec.h"

#include <inttypes.h>
#include <stdio.h>

enum { LONGEST_PREFIX = 9, GROUP_BITS = 7, MORE = 0x80 };

static airs_codecs_t codec_of(uint64_t code) {
    switch (code) {
#define CODEC_OF_CODE(name, bit, code, text) \
    case code:                               \
        return AIRS_CODEC_##name;
        AIRS_CODEC_MAP(CODEC_OF_CODE)
#undef CODEC_OF_CODE
    default:
        return 0;
    }
}

airs_multicodec_t airs_multicodec_read(airs_bytes_t payload) {
    uint64_t code = 0;
    for (size_t i = 0; i < payload.size && i < LONGEST_PREFIX; i++) {
        uint8_t byte = payload.data[i];
        code |= (uint64_t)(byte & (MORE - 1)) << (GROUP_BITS * i);
        if ((byte & MORE) != 0) {
            continue;
        }
        if (byte == 0 && i > 0) {
            break; /* the same number has a shorter form */
        }
        return (airs_multicodec_t){.size = i + 1, .code = code, .codec = codec_of(code)};
    }
    return (airs_multicodec_t){0};
}

bool airs_multicodec_accepts(airs_codecs_t accepted, airs_bytes_t payload) {
    return accepted == 0 || (airs_multicodec_read(payload).codec & accepted) != 0;
}

airs_codecs_t airs_multicodec_by_name(airs_str_t name) {
#define CODEC_OF_NAME(NAME, bit, code, text)    \
    if (airs_str_equal(name, airs_str(text))) { \
        return AIRS_CODEC_##NAME;               \
    }
    AIRS_CODEC_MAP(CODEC_OF_NAME)
#undef CODEC_OF_NAME
    return 0;
}

const char *airs_multicodec_name(airs_codecs_t codec) {
    switch (codec) {
#define NAME_OF_CODEC(name, bit, code, text) \
    case AIRS_CODEC_##name:                  \
        return text;
        AIRS_CODEC_MAP(NAME_OF_CODEC)
#undef NAME_OF_CODEC
    default:
        return NULL;
    }
}

/* What the text of all codecs together takes. */
struct all_names {
#define ROOM_FOR_NAME(name, bit, code, text) char name[sizeof(", " text)];
    AIRS_CODEC_MAP(ROOM_FOR_NAME)
#undef ROOM_FOR_NAME
};
_Static_assert(sizeof(struct all_names) <= AIRS_MULTICODEC_TEXT_MAX, "a set's text has room");

const char *airs_multicodec_set_text(airs_codecs_t set, char *out) {
    (void)snprintf(out, AIRS_MULTICODEC_TEXT_MAX, "none");
    size_t used = 0;
    for (airs_codecs_t left = set; left != 0; left &= left - 1) {
        const char *name = airs_multicodec_name(left & -left);
        if (name != NULL) {
            used += (size_t)snprintf(out + used, AIRS_MULTICODEC_TEXT_MAX - used, "%s%s",
                                     used > 0 ? ", " : "", name);
        }
    }
    return out;
}

const char *airs_multicodec_text(airs_multicodec_t multicodec, char *out) {
    /* As the table of codecs has it: whole bytes. */
    int digits = multicodec.code > UINT8_MAX ? 4 : 2;
    const char *name = airs_multicodec_name(multicodec.codec);
    if (name != NULL) {
        (void)snprintf(out, AIRS_MULTICODEC_TEXT_MAX, "is %s (0x%0*" PRIx64 ")", name, digits,
                       multicodec.code);
    } else if (multicodec.size > 0) {
        (void)snprintf(out, AIRS_MULTICODEC_TEXT_MAX, "has an unknown codec (0x%0*" PRIx64 ")", digits,
                       multicodec.code);
    } else {
        (void)snprintf(out, AIRS_MULTICODEC_TEXT_MAX, "has no codec prefix");
    }
    return out;
}
