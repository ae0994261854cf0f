#include "core/json_escape.h"

#include "core/utf8.h"

static char short_escape(uint32_t character) {
    switch (character) {
    case '"':
    case '\\':
        return (char)character;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

size_t airs_json_escape_next(airs_str_t *text, char out[AIRS_JSON_ESCAPE_MAX]) {
    static const char DIGITS[] = "0123456789abcdef";
    uint32_t character = 0;
    const char *from = text->data;
    size_t length = airs_utf8_decode(*text, &character);
    size_t taken = length > 0 ? length : 1;
    *text = airs_str_n(text->data + taken, text->size - taken);
    if (length == 0) {
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    if (short_escape(character) != '\0') {
        out[0] = '\\';
        out[1] = short_escape(character);
        return 2;
    }
    /* DEL and the C1 controls need no escape in JSON, but whoever prints the text is glad of it. */
    if (character < 0x20 || (character >= 0x7f && character < 0xa0)) {
        memcpy(out, "\\u00", 4);
        out[4] = DIGITS[character >> 4];
        out[5] = DIGITS[character & 0x0f];
        return 6;
    }
    memcpy(out, from, length);
    return length;
}
