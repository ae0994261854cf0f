#include <airssys/id.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/component_id.h"
#include "core/utf8.h"

static bool has_slash(airs_str_t text) { return text.size > 0 && memchr(text.data, '/', text.size) != NULL; }

/* The error texts must not carry what makes the id bad, so they name the part and the place. */
static airs_status_t check_part(const char *part, airs_str_t text, airs_error_t *error) {
    for (size_t at = airs_utf8_plain(text); at < text.size;) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(airs_str_n(text.data + at, text.size - at), &character);
        if (length == 0) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT, "the id's %s is not UTF-8 at byte %zu", part,
                                  at);
        }
        if (airs_utf8_is_control(character)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "the id's %s has the control character U+%04X at byte %zu", part,
                                  (unsigned)character, at);
        }
        at += length;
    }
    return AIRS_OK;
}

static airs_status_t check_shape(airs_id_t id, airs_error_t *error) {
    if (id.ns.size == 0 || id.name.size == 0) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "the id's %s is empty; an id is namespace/name/instance, and only the instance may be empty",
            id.ns.size == 0 ? "namespace" : "name");
    }
    /* One by one, so that sizes near SIZE_MAX cannot wrap around. */
    if (id.ns.size > AIRS_ID_MAX || id.name.size > AIRS_ID_MAX || id.instance.size > AIRS_ID_MAX ||
        id.ns.size + id.name.size + id.instance.size > AIRS_ID_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "the id is too long: its parts may have %d bytes together", AIRS_ID_MAX);
    }
    if (has_slash(id.name) || has_slash(id.instance)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "the id's %s has a slash; only the namespace may",
                              has_slash(id.name) ? "name" : "instance");
    }
    return AIRS_OK;
}

airs_status_t airs_id_check(airs_id_t id, airs_error_t *error) {
    airs_status_t status = check_shape(id, error);
    status = status != AIRS_OK ? status : check_part("namespace", id.ns, error);
    status = status != AIRS_OK ? status : check_part("name", id.name, error);
    return status != AIRS_OK ? status : check_part("instance", id.instance, error);
}

/* What stands before the last slash, in *rest, and after it. False when there is none. */
static bool split_last(airs_str_t text, airs_str_t *rest, airs_str_t *last) {
    const char *slash = text.size > 0 ? memrchr(text.data, '/', text.size) : NULL;
    if (slash == NULL) {
        return false;
    }
    size_t before = (size_t)(slash - text.data);
    *rest = airs_str_n(text.data, before);
    *last = airs_str_n(slash + 1, text.size - before - 1);
    return true;
}

airs_status_t airs_id_parse(airs_str_t text, airs_id_t *out, airs_error_t *error) {
    airs_id_t id = {0};
    airs_str_t rest = {0};
    if (!split_last(text, &rest, &id.instance) || !split_last(rest, &id.ns, &id.name)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "an id is written namespace/name/instance, like \"shop/cart/0\"");
    }
    airs_status_t status = airs_id_check(id, error);
    if (status == AIRS_OK) {
        *out = id;
    }
    return status;
}

bool airs_id_equal(airs_id_t a, airs_id_t b) {
    /* The instance first, in which most differ. */
    return airs_str_equal(a.instance, b.instance) && airs_str_equal(a.name, b.name) &&
           airs_str_equal(a.ns, b.ns);
}

/* Each part's hash seeds the next one's, so that a byte moved from one part to another shows. */
uint64_t airs_id_hash(airs_id_t id) { return airs_id_hash_instance(airs_id_hash_component(id), id.instance); }

uint64_t airs_id_hash_component(airs_id_t id) {
    uint64_t hash = XXH3_64bits(id.ns.data, id.ns.size);
    return XXH3_64bits_withSeed(id.name.data, id.name.size, hash);
}

uint64_t airs_id_hash_instance(uint64_t component, airs_str_t instance) {
    return XXH3_64bits_withSeed(instance.data, instance.size, component);
}
