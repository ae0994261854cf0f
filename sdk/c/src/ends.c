/* What a down or exit message says, read from the JSON object that the runtime makes of it. */
#include "memory.h"

static const char *const names[] = {"normal", "shutdown", "killed", "error", "crash", "no-actor"};

bool airs_is_down(const airs_message_t *message) {
    return airs_str_equal(message->content_type, airs_str("application/vnd.airssys.down+json"));
}

bool airs_is_exit(const airs_message_t *message) {
    return airs_str_equal(message->content_type, airs_str("application/vnd.airssys.exit+json"));
}

const char *airs_reason_name(airs_reason_kind_t reason) {
    return (unsigned)reason <= AIRS_REASON_NO_ACTOR ? names[reason] : "unknown";
}

/* What follows the first `key`; the runtime writes no spaces, and no other text before the one that is asked for has
 * a quote that is not escaped. */
static airs_bytes_t behind(airs_bytes_t json, const char *key) {
    airs_bytes_t rest = {NULL, 0};
    for (size_t i = 0; i < json.size; i++) {
        if (airs_starts_with(airs_bytes(json.data + i, json.size - i), key, &rest)) {
            break;
        }
    }
    return rest;
}

static airs_bytes_t reason_in(const airs_message_t *message) {
    return airs_is_down(message) || airs_is_exit(message) ? behind(message->payload, "\",\"reason\":\"")
                                                          : (airs_bytes_t){NULL, 0};
}

airs_monitor_t airs_down_monitor(const airs_message_t *message) {
    airs_bytes_t rest = {NULL, 0};
    uint64_t number = 0;
    if (airs_is_down(message) && airs_starts_with(message->payload, "{\"monitor\":", &rest)) {
        size_t size = 0;
        while (size < rest.size && rest.data[size] != ',') {
            size++;
        }
        (void)airs_parse_u64(airs_bytes(rest.data, size), &number);
    }
    return number;
}

airs_reason_kind_t airs_reason(const airs_message_t *message) {
    airs_bytes_t rest = reason_in(message);
    for (unsigned kind = AIRS_REASON_NORMAL; kind < AIRS_REASON_NO_ACTOR; kind++) {
        if (airs_starts_with(rest, names[kind], NULL)) {
            return (airs_reason_kind_t)kind;
        }
    }
    return AIRS_REASON_NO_ACTOR;
}

static unsigned hex(airs_bytes_t digits) {
    unsigned value = 0;
    for (size_t i = 0; i < 4 && i < digits.size; i++) {
        unsigned digit = digits.data[i];
        digit = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
        value = value * 16 + digit;
    }
    return value;
}

/* The character that the JSON string begins with, of which only control characters are written as \u. Returns how
 * much of the string it takes. */
static size_t unescape(airs_bytes_t json, char *out) {
    static const char escapes[] = "n\nr\rt\tb\bf\f";
    if (json.data[0] != '\\' || json.size < 2) {
        *out = (char)json.data[0];
        return 1;
    }
    *out = (char)json.data[1];
    if (json.data[1] == 'u') {
        unsigned code = hex(airs_bytes(json.data + 2, json.size - 2));
        *out = code < 0x80 ? (char)code : '?';
        return json.size < 6 ? json.size : 6;
    }
    for (size_t i = 0; i + 1 < sizeof escapes; i += 2) {
        if (json.data[1] == (uint8_t)escapes[i]) {
            *out = escapes[i + 1];
        }
    }
    return 2;
}

const char *airs_reason_text(const airs_message_t *message, char *buffer, size_t size) {
    airs_bytes_t rest = behind(reason_in(message), "\",\"text\":\"");
    size_t used = 0;
    if (size == 0) {
        return "";
    }
    while (rest.size != 0 && rest.data[0] != '"' && used + 1 < size) {
        size_t taken = unescape(rest, &buffer[used++]);
        rest = airs_bytes(rest.data + taken, rest.size - taken);
    }
    if (rest.size != 0 && rest.data[0] != '"') {
        while (used != 0 && ((uint8_t)buffer[used - 1] & 0xC0) == 0x80) {
            used--;
        }
        used -= used != 0 && ((uint8_t)buffer[used - 1] & 0x80) != 0;
    }
    buffer[used] = '\0';
    return buffer;
}
