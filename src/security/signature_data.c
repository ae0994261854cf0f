#include "security/signature_data.h"

#include "core/memory.h"
#include "security/leb128.h"

#define VERSION 0x01
#define WEBASSEMBLY 0x01
#define SHA_256 0x01

static const uint8_t head[] = {VERSION, WEBASSEMBLY, SHA_256};

/* What is left of the payload, and in which of the two forms it is. */
typedef struct cursor {
    airs_bytes_t rest;
    bool sized;
} cursor_t;

static bool take_bytes(airs_bytes_t *rest, size_t size, airs_bytes_t *out) {
    if (size > rest->size) {
        return false;
    }
    *out = airs_bytes(rest->data, size);
    *rest = airs_bytes(rest->data + size, rest->size - size);
    return true;
}

static bool take_number(airs_bytes_t *rest, uint32_t *out) {
    size_t at = 0;
    airs_bytes_t number;
    return airs_leb128_read(*rest, &at, out) && take_bytes(rest, at, &number);
}

static bool take_sized(airs_bytes_t *rest, airs_bytes_t *out) {
    uint32_t size = 0;
    return take_number(rest, &size) && take_bytes(rest, size, out);
}

/* Where a set or a signature ends is said beforehand, or seen when it is read. */
static bool open_item(cursor_t *cursor, airs_bytes_t *item) {
    *item = cursor->rest;
    return !cursor->sized || take_sized(&cursor->rest, item);
}

static bool close_item(cursor_t *cursor, airs_bytes_t item) {
    if (!cursor->sized) {
        cursor->rest = item;
    }
    return !cursor->sized || item.size == 0;
}

static bool parse_signature(cursor_t *cursor, airs_signature_t *out) {
    airs_bytes_t item;
    airs_bytes_t algorithm;
    if (!open_item(cursor, &item) || !take_sized(&item, &out->key_id) || !take_bytes(&item, 1, &algorithm) ||
        !take_sized(&item, &out->bytes)) {
        return false;
    }
    out->algorithm = algorithm.data[0];
    return (out->algorithm != AIRS_SIGNATURE_ED25519 || out->bytes.size == AIRS_SIGNATURE_SIZE) &&
           close_item(cursor, item);
}

static bool parse_set(cursor_t *cursor, airs_signature_data_t *data) {
    airs_signed_set_t *set = &data->sets[data->set_count];
    cursor_t inner = {.sized = cursor->sized};
    uint32_t hashes = 0;
    uint32_t signatures = 0;
    if (!open_item(cursor, &inner.rest) || !take_number(&inner.rest, &hashes) ||
        hashes > AIRS_SIGNED_HASHES_MAX ||
        !take_bytes(&inner.rest, (size_t)hashes * AIRS_DIGEST_SIZE, &set->hashes) ||
        !take_number(&inner.rest, &signatures) || signatures > AIRS_SIGNATURES_MAX - data->signature_count) {
        return false;
    }
    set->hash_count = hashes;
    set->first = data->signature_count;
    set->count = signatures;
    for (uint32_t i = 0; i < signatures; i++) {
        if (!parse_signature(&inner, &data->signatures[data->signature_count++])) {
            return false;
        }
    }
    data->set_count++;
    return close_item(cursor, inner.rest);
}

static bool parse_sets(airs_bytes_t rest, bool sized, airs_signature_data_t *data) {
    cursor_t cursor = {rest, sized};
    uint32_t sets = 0;
    data->set_count = 0;
    data->signature_count = 0;
    if (!take_number(&cursor.rest, &sets) || sets > AIRS_SIGNED_SETS_MAX) {
        return false;
    }
    while (data->set_count < sets) {
        if (!parse_set(&cursor, data)) {
            return false;
        }
    }
    return cursor.rest.size == 0;
}

airs_status_t airs_signature_data_parse(airs_bytes_t payload, airs_signature_data_t *out,
                                        airs_error_t *error) {
    airs_bytes_t rest = payload;
    airs_bytes_t begin;
    if (!take_bytes(&rest, sizeof head, &begin)) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT, "its signature section is cut short");
    }
    if (memcmp(begin.data, head, sizeof head) != 0) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "its signature section has version %u, content type %u and hash function %u; "
                              "known is 1 of each",
                              begin.data[0], begin.data[1], begin.data[2]);
    }
    if (!parse_sets(rest, true, out) && !parse_sets(rest, false, out)) {
        return airs_error_set(
            error, AIRS_INVALID_COMPONENT,
            "its signature section is damaged, or has more than %d sets, %d hashes in a set "
            "or %d signatures",
            AIRS_SIGNED_SETS_MAX, AIRS_SIGNED_HASHES_MAX, AIRS_SIGNATURES_MAX);
    }
    return AIRS_OK;
}

static bool same_bytes(airs_bytes_t a, airs_bytes_t b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static airs_signed_set_t *find_set(airs_signature_data_t *data, airs_bytes_t hashes) {
    for (size_t i = 0; i < data->set_count; i++) {
        if (same_bytes(data->sets[i].hashes, hashes)) {
            return &data->sets[i];
        }
    }
    return NULL;
}

static bool has_signature(const airs_signature_data_t *data, const airs_signed_set_t *set,
                          const airs_signature_t *signature) {
    for (size_t i = set->first; i < set->first + set->count; i++) {
        const airs_signature_t *other = &data->signatures[i];
        if (other->algorithm == signature->algorithm && same_bytes(other->bytes, signature->bytes)) {
            return true;
        }
    }
    return false;
}

/* Room for one more at the end of `set`; the signatures of the sets behind it move up. */
static void insert(airs_signature_data_t *data, airs_signed_set_t *set, const airs_signature_t *signature) {
    size_t place = set->first + set->count;
    memmove(&data->signatures[place + 1], &data->signatures[place],
            (data->signature_count - place) * sizeof data->signatures[0]);
    data->signatures[place] = *signature;
    data->signature_count++;
    set->count++;
    for (airs_signed_set_t *later = set + 1; later < data->sets + data->set_count; later++) {
        later->first++;
    }
}

airs_status_t airs_signature_data_add(airs_signature_data_t *data, airs_bytes_t hashes,
                                      const airs_signature_t *signature, airs_error_t *error) {
    airs_signed_set_t *set = find_set(data, hashes);
    if (set != NULL && has_signature(data, set, signature)) {
        return airs_error_set(error, AIRS_ALREADY_EXISTS, "it is signed with this key already");
    }
    if (data->signature_count == AIRS_SIGNATURES_MAX ||
        (set == NULL && data->set_count == AIRS_SIGNED_SETS_MAX)) {
        return airs_error_set(error, AIRS_RESOURCE_LIMIT,
                              "it has %zu signatures of %zu sets of hashes; there is no room for another",
                              data->signature_count, data->set_count);
    }
    if (set == NULL) {
        set = &data->sets[data->set_count++];
        *set = (airs_signed_set_t){hashes, hashes.size / AIRS_DIGEST_SIZE, data->signature_count, 0};
    }
    insert(data, set, signature);
    return AIRS_OK;
}

static size_t number_size(size_t value) {
    uint8_t bytes[AIRS_LEB128_MAX];
    return airs_leb128_write((uint32_t)value, bytes);
}

static void append_bytes(airs_text_t *out, airs_bytes_t bytes) {
    airs_text_append(out, airs_str_n((const char *)bytes.data, bytes.size));
}

static void append_number(airs_text_t *out, size_t value) {
    uint8_t bytes[AIRS_LEB128_MAX];
    append_bytes(out, airs_bytes(bytes, airs_leb128_write((uint32_t)value, bytes)));
}

static size_t signature_size(const airs_signature_t *signature) {
    return number_size(signature->key_id.size) + signature->key_id.size + 1 +
           number_size(signature->bytes.size) + signature->bytes.size;
}

static size_t set_size(const airs_signature_data_t *data, const airs_signed_set_t *set) {
    size_t size = number_size(set->hash_count) + set->hashes.size + number_size(set->count);
    for (size_t i = set->first; i < set->first + set->count; i++) {
        size_t one = signature_size(&data->signatures[i]);
        size += number_size(one) + one;
    }
    return size;
}

static void append_signature(airs_text_t *out, const airs_signature_t *signature) {
    append_number(out, signature_size(signature));
    append_number(out, signature->key_id.size);
    append_bytes(out, signature->key_id);
    append_bytes(out, airs_bytes(&signature->algorithm, 1));
    append_number(out, signature->bytes.size);
    append_bytes(out, signature->bytes);
}

void airs_signature_data_write(const airs_signature_data_t *data, airs_text_t *out) {
    append_bytes(out, airs_bytes(head, sizeof head));
    append_number(out, data->set_count);
    for (size_t i = 0; i < data->set_count; i++) {
        const airs_signed_set_t *set = &data->sets[i];
        append_number(out, set_size(data, set));
        append_number(out, set->hash_count);
        append_bytes(out, set->hashes);
        append_number(out, set->count);
        for (size_t k = set->first; k < set->first + set->count; k++) {
            append_signature(out, &data->signatures[k]);
        }
    }
}

size_t airs_signed_message(airs_bytes_t hashes, uint8_t out[AIRS_SIGNED_MESSAGE_MAX]) {
    static const uint8_t domain[] = {'w', 'a', 's', 'm', 's', 'i', 'g'};
    uint8_t *end = airs_copy(out, domain, sizeof domain);
    end = airs_copy(end, head, sizeof head);
    end = airs_copy(end, hashes.data, hashes.size);
    return (size_t)(end - out);
}
