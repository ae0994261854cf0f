#include "core/content_type.h"

#include "core/utf8.h"

airs_status_t airs_content_type_check(airs_str_t content_type, airs_error_t *error) {
    if (content_type.size > AIRS_CONTENT_TYPE_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a content type of %zu bytes, and it has %d at most", content_type.size,
                              AIRS_CONTENT_TYPE_MAX);
    }
    for (size_t at = 0; at < content_type.size;) {
        uint32_t character = 0;
        airs_str_t rest = airs_str_n(content_type.data + at, content_type.size - at);
        size_t length = airs_utf8_decode(rest, &character);
        if (length == 0) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a content type is UTF-8; its byte %zu is not", at + 1);
        }
        if (airs_utf8_is_control(character)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a content type has no control characters; there is U+%04X at byte %zu",
                                  (unsigned)character, at + 1);
        }
        at += length;
    }
    return AIRS_OK;
}
