#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/json_escape.h"
#include "core/memory.h"

#define FIRST_CAPACITY 64

void airs_text_init(airs_text_t *text, const airs_allocator_t *allocator) {
    *text = (airs_text_t){.allocator = allocator};
}

void airs_text_free(airs_text_t *text) {
    airs_release(text->allocator, text->data);
    airs_text_init(text, text->allocator);
}

void airs_text_clear(airs_text_t *text) {
    text->size = 0;
    text->failed = false;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

/* Room for `more` bytes and the end. */
static bool reserve(airs_text_t *text, size_t more) {
    size_t needed = 0;
    if (text->failed || __builtin_add_overflow(text->size + 1, more, &needed)) {
        text->failed = true;
        return false;
    }
    if (needed <= text->capacity) {
        return true;
    }
    size_t capacity = text->capacity < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : text->capacity * 2;
    capacity = capacity > needed ? capacity : needed;
    char *data = airs_resize_array(text->allocator, text->data, capacity, 1);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void airs_text_append(airs_text_t *text, airs_str_t part) {
    if (reserve(text, part.size)) {
        char *end = airs_copy(text->data + text->size, part.data, part.size);
        *end = '\0';
        text->size += part.size;
    }
}

void airs_text_append_char(airs_text_t *text, char character) {
    airs_text_append(text, airs_str_n(&character, 1));
}

void airs_text_append_format(airs_text_t *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(text, (size_t)length)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text->data + text->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)length;
}

void airs_text_append_json(airs_text_t *text, airs_str_t part) {
    char escaped[AIRS_JSON_ESCAPE_MAX];
    airs_text_append_char(text, '"');
    while (part.size > 0 && !text->failed) {
        size_t length = airs_json_escape_next(&part, escaped);
        airs_text_append(text, airs_str_n(escaped, length));
    }
    airs_text_append_char(text, '"');
}

airs_status_t airs_text_status(const airs_text_t *text) {
    return text->failed ? AIRS_OUT_OF_MEMORY : AIRS_OK;
}

airs_str_t airs_text_view(const airs_text_t *text) { return airs_str_n(text->data, text->size); }

const char *airs_text_cstr(const airs_text_t *text) { return text->data != NULL ? text->data : ""; }
