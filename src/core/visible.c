#include "core/visible.h"

#include "core/utf8.h"

size_t airs_visible_next(airs_str_t *text, char out[AIRS_VISIBLE_MAX]) {
    static const char DIGITS[] = "0123456789abcdef";
    uint32_t character = 0;
    const char *from = text->data;
    size_t length = airs_utf8_decode(*text, &character);
    size_t taken = length > 0 ? length : 1;
    *text = airs_str_n(text->data + taken, text->size - taken);
    if (length > 0 && !airs_utf8_is_control(character)) {
        memcpy(out, from, length);
        return length;
    }
    size_t size = 0;
    for (size_t i = 0; i < taken; i++) {
        uint8_t byte = (uint8_t)from[i];
        out[size++] = '\\';
        out[size++] = 'x';
        out[size++] = DIGITS[byte >> 4];
        out[size++] = DIGITS[byte & 0x0f];
    }
    return size;
}

size_t airs_visible(airs_str_t text, bool lines, char *out, size_t size) {
    size_t used = 0;
    size_t whole = 0;
    while (text.size > 0) {
        char shown[AIRS_VISIBLE_MAX] = "\n";
        size_t length = 1;
        if (lines && text.data[0] == '\n') {
            text = airs_str_n(text.data + 1, text.size - 1);
        } else {
            length = airs_visible_next(&text, shown);
        }
        if (whole == used && length < size - used) {
            memcpy(out + used, shown, length);
            used += length;
        }
        whole += length;
    }
    out[used] = '\0';
    return whole;
}
