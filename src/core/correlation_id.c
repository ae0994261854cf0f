#include "core/correlation_id.h"

/* Where each byte's two digits stand in the 8-4-4-4-12 form. */
static const uint8_t DIGIT_AT[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

airs_correlation_id_t airs_correlation_id_make(airs_random_t *random) {
    airs_correlation_id_t id;
    airs_random_fill(random, id.bytes, sizeof id.bytes);
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40); /* RFC 9562, 5.4: version 4 */
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80); /* RFC 9562, 4.1: variant 10 */
    return id;
}

void airs_correlation_id_format(const airs_correlation_id_t *id,
                                char out[AIRS_CORRELATION_ID_TEXT_SIZE + 1]) {
    static const char DIGITS[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        out[DIGIT_AT[i]] = DIGITS[id->bytes[i] >> 4];
        out[DIGIT_AT[i] + 1] = DIGITS[id->bytes[i] & 0x0f];
    }
    out[8] = out[13] = out[18] = out[23] = '-';
    out[AIRS_CORRELATION_ID_TEXT_SIZE] = '\0';
}

/* What a character stands for as a digit, and a bit that says that it is one. */
#define DIGIT 0x10
static const uint8_t DIGIT_OF[256] = {
    ['0'] = DIGIT | 0,  ['1'] = DIGIT | 1,  ['2'] = DIGIT | 2,  ['3'] = DIGIT | 3,  ['4'] = DIGIT | 4,
    ['5'] = DIGIT | 5,  ['6'] = DIGIT | 6,  ['7'] = DIGIT | 7,  ['8'] = DIGIT | 8,  ['9'] = DIGIT | 9,
    ['a'] = DIGIT | 10, ['b'] = DIGIT | 11, ['c'] = DIGIT | 12, ['d'] = DIGIT | 13, ['e'] = DIGIT | 14,
    ['f'] = DIGIT | 15, ['A'] = DIGIT | 10, ['B'] = DIGIT | 11, ['C'] = DIGIT | 12, ['D'] = DIGIT | 13,
    ['E'] = DIGIT | 14, ['F'] = DIGIT | 15,
};

airs_status_t airs_correlation_id_parse(airs_str_t text, airs_correlation_id_t *out) {
    if (text.size != AIRS_CORRELATION_ID_TEXT_SIZE) {
        return AIRS_INVALID_ARGUMENT;
    }
    const uint8_t *data = (const uint8_t *)text.data;
    if (data[8] != '-' || data[13] != '-' || data[18] != '-' || data[23] != '-') {
        return AIRS_INVALID_ARGUMENT;
    }
    airs_correlation_id_t id;
    unsigned all = DIGIT;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        unsigned high = DIGIT_OF[data[DIGIT_AT[i]]];
        unsigned low = DIGIT_OF[data[DIGIT_AT[i] + 1]];
        all &= high & low;
        id.bytes[i] = (uint8_t)(high << 4 | (low & 0x0f));
    }
    if (all != DIGIT) {
        return AIRS_INVALID_ARGUMENT;
    }
    *out = id;
    return AIRS_OK;
}
