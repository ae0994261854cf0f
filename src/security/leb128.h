/* The numbers of the WebAssembly binary format: unsigned LEB128 of 32 bits, low groups of seven bits first. As the
 * format has it, needless groups are fine up to five bytes; a number that does not fit into 32 bits is not. */
#ifndef AIRSSYS_SECURITY_LEB128_H
#define AIRSSYS_SECURITY_LEB128_H

#include <airssys/bytes.h>

#define AIRS_LEB128_MAX 5

/* The number at *at, which moves behind it. False: there is none, or it does not end, or it is too large; *at is
 * then as it was. */
static inline bool airs_leb128_read(airs_bytes_t bytes, size_t *at, uint32_t *out) {
    uint32_t value = 0;
    for (unsigned i = 0; i < AIRS_LEB128_MAX && bytes.size - *at > i; i++) {
        uint8_t byte = bytes.data[*at + i];
        if (i == AIRS_LEB128_MAX - 1 && byte > 0x0f) {
            return false;
        }
        value |= (uint32_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *at += i + 1;
            *out = value;
            return true;
        }
    }
    return false;
}

/* In as few bytes as it takes; returns how many. */
static inline size_t airs_leb128_write(uint32_t value, uint8_t out[AIRS_LEB128_MAX]) {
    size_t size = 0;
    for (; value > 0x7f; value >>= 7) {
        out[size++] = (uint8_t)(value | 0x80);
    }
    out[size++] = (uint8_t)value;
    return size;
}

#endif
