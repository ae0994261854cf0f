#include "memory.h"

bool airs_starts_with(airs_bytes_t bytes, const char *text, airs_bytes_t *rest) {
    size_t size = strlen(text);
    if (bytes.size < size || (size != 0 && memcmp(bytes.data, text, size) != 0)) {
        return false;
    }
    if (rest != NULL) {
        *rest = airs_bytes(size == bytes.size ? NULL : bytes.data + size, bytes.size - size);
    }
    return true;
}

bool airs_parse_u64(airs_bytes_t bytes, uint64_t *out) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t digit = (uint8_t)(bytes.data[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value)) {
            return false;
        }
    }
    *out = value;
    return bytes.size != 0;
}

size_t airs_sdk_cut(airs_str_t text, size_t most) {
    if (text.size <= most) {
        return text.size;
    }
    while (most != 0 && ((uint8_t)text.data[most] & 0xC0) == 0x80) {
        most--;
    }
    return most;
}

/* The index of the last slash before `end`, or SIZE_MAX. */
static size_t last_slash(airs_str_t text, size_t end) {
    while (end != 0 && text.data[end - 1] != '/') {
        end--;
    }
    return end == 0 ? SIZE_MAX : end - 1;
}

bool airs_id_parse(airs_str_t text, airs_id_t *out) {
    size_t second = last_slash(text, text.size);
    size_t first = second == SIZE_MAX ? SIZE_MAX : last_slash(text, second);
    if (first == SIZE_MAX || first == 0 || second == first + 1) {
        return false;
    }
    out->ns = airs_str_n(text.data, first);
    out->name = airs_str_n(text.data + first + 1, second - first - 1);
    out->instance = airs_str_n(text.data + second + 1, text.size - second - 1);
    return true;
}

bool airs_id_equal(airs_id_t a, airs_id_t b) {
    return airs_str_equal(a.ns, b.ns) && airs_str_equal(a.name, b.name) &&
           airs_str_equal(a.instance, b.instance);
}
