#include "said.h"

#include <stdio.h>

#include "core/check.h"
#include "core/utf8.h"

static bool is_cut(const airs_error_t *error) { return strlen(error->text) + 4 > sizeof error->text; }

static bool ends_in_ellipsis(const char *line, const char *end) {
    size_t size = end != NULL ? (size_t)(end - line) : strlen(line);
    return size >= 3 && strncmp(line + size - 3, "...", 3) == 0;
}

static void check_characters(const airs_error_t *error) {
    airs_str_t rest = airs_str(error->text);
    while (rest.size > 0) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(rest, &character);
        AIRS_ASSERT(length > 0);
        AIRS_ASSERT(character == '\n' || !airs_utf8_is_control(character));
        length = length > 0 ? length : rest.size;
        rest = airs_str_n(rest.data + length, rest.size - length);
    }
}

/* ":1:2: " */
static bool is_place(const char *text) {
    for (int i = 0; i < 2; i++) {
        size_t digits = text[0] == ':' ? strspn(text + 1, "0123456789") : 0;
        if (digits == 0) {
            return false;
        }
        text += digits + 1;
    }
    return strncmp(text, ": ", 2) == 0;
}

/* "FOLDER...:1:2: ": of this file or of one that it names. */
static bool begins_with_place(const char *line, const char *folder) {
    if (strncmp(line, folder, strlen(folder)) != 0) {
        return false;
    }
    const char *colon = strchr(line, ':');
    while (colon != NULL && !is_place(colon)) {
        colon = strchr(colon + 1, ':');
    }
    return colon != NULL;
}

void said_where(const airs_error_t *error, const char *folder) {
    check_characters(error);
    for (const char *line = error->text; line != NULL;) {
        const char *end = strchr(line, '\n');
        bool last = end == NULL && strncmp(line, "... and ", strlen("... and ")) == 0;
        if (!begins_with_place(line, folder) && !last && !ends_in_ellipsis(line, end) && !is_cut(error)) {
            (void)fprintf(stderr, "said without a place: %s\n", line);
            AIRS_ASSERT(false);
        }
        line = end != NULL ? end + 1 : NULL;
    }
}
