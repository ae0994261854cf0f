#include "node/admin/admin_target.h"

#include "core/utf8.h"

#define FORMS "NAME, NAME/INSTANCE, NAMESPACE/NAME/INSTANCE or NAMESPACE/NAME/"

/* Control characters would be refused by nobody else where no id has to be parsed. */
static bool is_printable(airs_str_t text) {
    while (text.size > 0) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(text, &character);
        if (length == 0 || airs_utf8_is_control(character)) {
            return false;
        }
        text = airs_str_n(text.data + length, text.size - length);
    }
    return true;
}

airs_status_t airs_admin_target_parse(airs_str_t text, airs_str_t ns, airs_id_t *out, airs_error_t *error) {
    if (text.size == 0 || text.size > AIRS_ID_MAX + 2 || !is_printable(text)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a target is " FORMS ", of %d bytes at most",
                              AIRS_ID_MAX);
    }
    const char *slash = memchr(text.data, '/', text.size);
    if (slash != NULL && memchr(slash + 1, '/', text.size - (size_t)(slash - text.data) - 1) != NULL) {
        return airs_id_parse(text, out, error);
    }
    size_t name = slash != NULL ? (size_t)(slash - text.data) : text.size;
    if (name == 0) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "\"%.*s\" has no name; a target is " FORMS,
                              AIRS_STR_ARG(text));
    }
    out->ns = ns;
    out->name = airs_str_n(text.data, name);
    out->instance = slash != NULL ? airs_str_n(slash + 1, text.size - name - 1) : airs_str_n(NULL, 0);
    return AIRS_OK;
}
