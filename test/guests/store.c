/* Its storage, by commands: "set KEY VALUE", "get KEY", "delete KEY", "exists KEY" ("yes" or "no"), "list"
 * or "list PREFIX" (keys, each with a newline), "usage" ("USED QUOTA KEYS"). A key has no spaces. Errors are
 * errors. */
#include <airssys.h>

#include <stdio.h>

static airs_outcome_t ended(airs_status_t status) {
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}

static airs_outcome_t set(airs_bytes_t rest) {
    const uint8_t *space = rest.size != 0 ? memchr(rest.data, ' ', rest.size) : NULL;
    size_t key_size = space != NULL ? (size_t)(space - rest.data) : rest.size;
    airs_bytes_t value = {NULL, 0};
    if (space != NULL) {
        value = airs_bytes(space + 1, rest.size - key_size - 1);
    }
    return ended(airs_storage_set(airs_str_n((const char *)rest.data, key_size), value));
}

static airs_outcome_t get(airs_bytes_t rest) {
    airs_buffer_t value = {NULL, 0};
    airs_status_t status = airs_storage_get(airs_as_str(rest), &value);
    if (status != AIRS_OK) {
        return airs_fail_status(status);
    }
    airs_outcome_t outcome = airs_answer(airs_buffer_bytes(value));
    airs_buffer_free(&value);
    return outcome;
}

static airs_outcome_t exists(airs_bytes_t rest) {
    bool found = false;
    airs_status_t status = airs_storage_exists(airs_as_str(rest), &found);
    return status == AIRS_OK ? airs_answer(airs_text(found ? "yes" : "no")) : airs_fail_status(status);
}

static char lines[65536];
static size_t lines_size;

static bool add_line(void *context, airs_str_t key) {
    (void)context;
    if (key.size + 1 > sizeof lines - lines_size) {
        return false;
    }
    memcpy(lines + lines_size, key.data, key.size);
    lines_size += key.size;
    lines[lines_size++] = '\n';
    return true;
}

static airs_outcome_t list(airs_bytes_t prefix) {
    lines_size = 0;
    airs_status_t status = airs_storage_list(airs_as_str(prefix), add_line, NULL);
    return status == AIRS_OK ? airs_answer(airs_bytes(lines, lines_size)) : airs_fail_status(status);
}

static airs_outcome_t usage(void) {
    airs_storage_usage_t usage;
    airs_status_t status = airs_storage_usage(&usage);
    if (status != AIRS_OK) {
        return airs_fail_status(status);
    }
    return airs_answer_text("%llu %llu %llu", (unsigned long long)usage.used_bytes,
                            (unsigned long long)usage.quota_bytes, (unsigned long long)usage.key_count);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest = {NULL, 0};
    if (airs_starts_with(message->payload, "set ", &rest)) {
        return set(rest);
    } else if (airs_starts_with(message->payload, "get ", &rest)) {
        return get(rest);
    } else if (airs_starts_with(message->payload, "delete ", &rest)) {
        return ended(airs_storage_delete(airs_as_str(rest)));
    } else if (airs_starts_with(message->payload, "exists ", &rest)) {
        return exists(rest);
    } else if (airs_is(message->payload, "list") || airs_starts_with(message->payload, "list ", &rest)) {
        return list(rest);
    } else if (airs_is(message->payload, "usage")) {
        return usage();
    }
    return airs_fail("not a command: %.*s", AIRS_STR_ARG(message->payload));
}
