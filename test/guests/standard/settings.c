/* wasi:config and wasi:logging, by commands: "rc1 KEY" and "draft KEY" ("KEY=VALUE", or "none"), "rc1" and "draft" (all,
 * each with a newline), "log LEVEL CONTEXT TEXT" with the level as a number. What is refused is an error with its
 * case. */
#include <airssys.h>

#include <guest.h>

static guest_string_t string_of(airs_bytes_t bytes) {
    return (guest_string_t){(uint8_t *)(uintptr_t)bytes.data, bytes.size};
}

static airs_outcome_t refused(uint8_t tag, const guest_string_t *why) {
    return airs_fail("%s: %.*s", tag == WASI_CONFIG_0_2_0_RC_1_STORE_ERROR_UPSTREAM ? "upstream" : "io",
                     (int)why->len, (const char *)why->ptr);
}

static airs_outcome_t show(airs_bytes_t key, const guest_option_string_t *found) {
    if (!found->is_some) {
        return airs_answer(airs_text("none"));
    }
    return airs_answer_text("%.*s=%.*s", (int)key.size, (const char *)key.data, (int)found->val.len,
                            (const char *)found->val.ptr);
}

static airs_outcome_t show_all(const guest_list_tuple2_string_string_t *all) {
    static char text[4096];
    size_t size = 0;
    for (size_t i = 0; i < all->len; i++) {
        const guest_tuple2_string_string_t *pair = &all->ptr[i];
        if (size + pair->f0.len + pair->f1.len + 2 > sizeof text) {
            return airs_fail("too much to show");
        }
        memcpy(text + size, pair->f0.ptr, pair->f0.len);
        size += pair->f0.len;
        text[size++] = '=';
        memcpy(text + size, pair->f1.ptr, pair->f1.len);
        size += pair->f1.len;
        text[size++] = '\n';
    }
    return airs_answer(airs_bytes(text, size));
}

static airs_outcome_t get_rc1(airs_bytes_t key) {
    guest_string_t name = string_of(key);
    guest_option_string_t found;
    wasi_config_0_2_0_rc_1_store_error_t error;
    return wasi_config_0_2_0_rc_1_store_get(&name, &found, &error) ? show(key, &found)
                                                                   : refused(error.tag, &error.val.upstream);
}

static airs_outcome_t get_draft(airs_bytes_t key) {
    guest_string_t name = string_of(key);
    guest_option_string_t found;
    wasi_config_0_2_0_draft_store_error_t error;
    return wasi_config_0_2_0_draft_store_get(&name, &found, &error) ? show(key, &found)
                                                                    : refused(error.tag, &error.val.upstream);
}

static airs_outcome_t all_rc1(void) {
    guest_list_tuple2_string_string_t all;
    wasi_config_0_2_0_rc_1_store_error_t error;
    return wasi_config_0_2_0_rc_1_store_get_all(&all, &error) ? show_all(&all)
                                                              : refused(error.tag, &error.val.upstream);
}

static airs_outcome_t all_draft(void) {
    guest_list_tuple2_string_string_t all;
    wasi_config_0_2_0_draft_store_error_t error;
    return wasi_config_0_2_0_draft_store_get_all(&all, &error) ? show_all(&all)
                                                               : refused(error.tag, &error.val.upstream);
}

static airs_outcome_t say(airs_bytes_t rest) {
    const uint8_t *space = rest.size > 2 ? memchr(rest.data + 2, ' ', rest.size - 2) : NULL;
    if (space == NULL) {
        return airs_fail("not a command");
    }
    size_t context_size = (size_t)(space - rest.data) - 2;
    guest_string_t context = string_of(airs_bytes(rest.data + 2, context_size));
    guest_string_t text = string_of(airs_bytes(space + 1, rest.size - context_size - 3));
    wasi_logging_logging_log((wasi_logging_logging_level_t)(rest.data[0] - '0'), &context, &text);
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest = {NULL, 0};
    if (airs_starts_with(message->payload, "rc1 ", &rest)) {
        return get_rc1(rest);
    } else if (airs_starts_with(message->payload, "draft ", &rest)) {
        return get_draft(rest);
    } else if (airs_is(message->payload, "rc1")) {
        return all_rc1();
    } else if (airs_is(message->payload, "draft")) {
        return all_draft();
    } else if (airs_starts_with(message->payload, "log ", &rest)) {
        return say(rest);
    } else if (airs_is(message->payload, "trap")) {
        __builtin_trap();
    }
    return airs_fail("not a command");
}
