#include "cli/visible_text.h"

#include "core/utf8.h"

static bool is_shown_as_it_is(uint32_t character, bool lines) {
    return (lines && (character == '\n' || character == '\t')) || !airs_utf8_is_control(character);
}

void airs_visible_print(airs_str_t text, bool lines, FILE *stream) {
    while (text.size > 0) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(text, &character);
        if (length > 0 && is_shown_as_it_is(character, lines)) {
            (void)fwrite(text.data, 1, length, stream);
        } else {
            length = length > 0 ? length : 1;
            for (size_t i = 0; i < length; i++) {
                (void)fprintf(stream, "\\x%02x", (unsigned char)text.data[i]);
            }
        }
        text = airs_str_n(text.data + length, text.size - length);
    }
}

void airs_visible_print_block(airs_str_t text, int indent, FILE *stream) {
    while (text.size > 0) {
        const char *newline = memchr(text.data, '\n', text.size);
        size_t size = newline != NULL ? (size_t)(newline - text.data) : text.size;
        airs_visible_print(airs_str_n(text.data, size), false, stream);
        if (newline == NULL) {
            return;
        }
        (void)fprintf(stream, "\n%*s", indent, "");
        text = airs_str_n(newline + 1, text.size - size - 1);
    }
}
