#include "core/utf8.h"

/* Length, first byte's payload, and the range of the second byte, which excludes overlong forms,
 * surrogates and what is too large. */
typedef struct lead {
    size_t length;
    uint8_t payload;
    uint8_t second_min;
    uint8_t second_max;
} lead_t;

static lead_t lead_of(uint8_t byte) {
    if (byte >= 0xc2 && byte <= 0xdf) {
        return (lead_t){2, byte & 0x1f, 0x80, 0xbf};
    }
    if (byte >= 0xe0 && byte <= 0xef) {
        return (lead_t){3, byte & 0x0f, byte == 0xe0 ? 0xa0 : 0x80, byte == 0xed ? 0x9f : 0xbf};
    }
    if (byte >= 0xf0 && byte <= 0xf4) {
        return (lead_t){4, byte & 0x07, byte == 0xf0 ? 0x90 : 0x80, byte == 0xf4 ? 0x8f : 0xbf};
    }
    return (lead_t){0};
}

size_t airs_utf8_decode(airs_str_t text, uint32_t *out) {
    if (text.size == 0) {
        return 0;
    }
    const uint8_t *bytes = (const uint8_t *)text.data;
    if (bytes[0] < 0x80) {
        *out = bytes[0];
        return 1;
    }
    lead_t lead = lead_of(bytes[0]);
    if (lead.length == 0 || text.size < lead.length || bytes[1] < lead.second_min ||
        bytes[1] > lead.second_max) {
        return 0;
    }
    uint32_t character = ((uint32_t)lead.payload << 6) | (bytes[1] & 0x3f);
    for (size_t i = 2; i < lead.length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = (character << 6) | (bytes[i] & 0x3f);
    }
    *out = character;
    return lead.length;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

size_t airs_utf8_plain(airs_str_t text) {
    size_t at = 0;
    for (uint64_t word = 0; text.size - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        /* In the highest bit of a byte: it is not ASCII, or below 0x20, or 0x7f. What is carried over into others makes
         * them look bad beside one that is. */
        if (((word | (word - EACH(0x20)) | (word + EACH(0x01))) & EACH(0x80)) != 0) {
            break;
        }
    }
    while (at < text.size && text.data[at] >= 0x20 && text.data[at] < 0x7f) {
        at++;
    }
    return at;
}

bool airs_utf8_valid(airs_str_t text) {
    uint32_t character = 0;
    while (text.size > 0) {
        size_t length = airs_utf8_decode(text, &character);
        if (length == 0) {
            return false;
        }
        text = airs_str_n(text.data + length, text.size - length);
    }
    return true;
}

size_t airs_utf8_cut(airs_str_t text, size_t size) {
    if (size >= text.size) {
        return text.size;
    }
    /* Only what continues a character may be cut away; no character has more than three of these. */
    size_t cut = size;
    while (cut > 0 && size - cut < 3 && ((uint8_t)text.data[cut] & 0xc0) == 0x80) {
        cut--;
    }
    return ((uint8_t)text.data[cut] & 0xc0) == 0x80 ? size : cut;
}

size_t airs_utf8_cut_lines(airs_str_t text, size_t size) {
    if (text.size <= size) {
        return text.size;
    }
    for (size_t end = size; end > 0; end--) {
        if (text.data[end] == '\n') {
            return end;
        }
    }
    return airs_utf8_cut(text, size);
}

bool airs_utf8_is_control(uint32_t character) {
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}
