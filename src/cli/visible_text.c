#include "cli/visible_text.h"

#include "core/visible.h"

void airs_visible_print(airs_str_t text, bool lines, FILE *stream) {
    while (text.size > 0) {
        if (lines && (text.data[0] == '\n' || text.data[0] == '\t')) {
            (void)fputc(text.data[0], stream);
            text = airs_str_n(text.data + 1, text.size - 1);
        } else {
            char shown[AIRS_VISIBLE_MAX];
            (void)fwrite(shown, 1, airs_visible_next(&text, shown), stream);
        }
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
