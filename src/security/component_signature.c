#include "security/component_signature.h"

#include <sodium.h>

#include "core/memory.h"
#include "security/leb128.h"
#include "security/wasm_sections.h"

#define SIGNATURE_SECTION "signature"
#define DELIMITER_SECTION "signature_delimiter"
#define DELIMITER_SIZE 16
#define PARTS_MAX AIRS_SIGNED_HASHES_MAX

/* A delimiter as it lies in the file: number, size, size of the name, name, and random bytes. */
#define DELIMITER_HEAD_SIZE (3 + sizeof DELIMITER_SECTION - 1)
#define DELIMITER_WHOLE_SIZE (DELIMITER_HEAD_SIZE + DELIMITER_SIZE)

struct airs_signed_binary {
    const airs_allocator_t *allocator;
    airs_bytes_t header;
    airs_bytes_t content; /* what is signed: all sections but the one of the signatures */
    bool is_component;
    bool has_signatures;
    bool ends_in_delimiter;
    size_t part_count;
    uint8_t hashes[PARTS_MAX * AIRS_DIGEST_SIZE]; /* of the parts */
    airs_signature_data_t signatures;
};

static const uint8_t *part_hash(const airs_signed_binary_t *self, size_t part) {
    return self->hashes + part * AIRS_DIGEST_SIZE;
}

static airs_bytes_t all_hashes(const airs_signed_binary_t *self) {
    return airs_bytes(self->hashes, self->part_count * AIRS_DIGEST_SIZE);
}

/* The hash of everything so far is that of one more part. */
static airs_status_t end_part(airs_signed_binary_t *self, const crypto_hash_sha256_state *state,
                              airs_error_t *error) {
    if (self->part_count == PARTS_MAX) {
        return airs_error_set(error, AIRS_RESOURCE_LIMIT,
                              "its delimiters cut it into more than the %d parts that can be signed",
                              PARTS_MAX);
    }
    crypto_hash_sha256_state copy = *state;
    crypto_hash_sha256_final(&copy, self->hashes + self->part_count * AIRS_DIGEST_SIZE);
    self->part_count++;
    return AIRS_OK;
}

static airs_status_t read_section(airs_signed_binary_t *self, const airs_wasm_section_t *section,
                                  crypto_hash_sha256_state *state, airs_error_t *error) {
    if (airs_wasm_section_is(section, SIGNATURE_SECTION)) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "it has a signature section that is not its first section");
    }
    crypto_hash_sha256_update(state, section->whole.data, section->whole.size);
    self->ends_in_delimiter = airs_wasm_section_is(section, DELIMITER_SECTION);
    if (!self->ends_in_delimiter) {
        return AIRS_OK;
    }
    if (section->payload.size != DELIMITER_SIZE) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "it has a signature delimiter of %zu bytes, not of %d", section->payload.size,
                              DELIMITER_SIZE);
    }
    return end_part(self, state, error);
}

static airs_status_t read_sections(airs_signed_binary_t *self, airs_bytes_t binary, airs_error_t *error) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    crypto_hash_sha256_state state;
    airs_status_t status = airs_wasm_sections_begin(binary, &sections, error);
    if (status != AIRS_OK) {
        return status;
    }
    crypto_hash_sha256_init(&state);
    self->is_component = sections.is_component;
    self->header = airs_bytes(binary.data, sections.at);
    self->content = airs_bytes(binary.data + sections.at, binary.size - sections.at);
    status = airs_wasm_sections_next(&sections, &section, error);
    if (status == AIRS_OK && airs_wasm_section_is(&section, SIGNATURE_SECTION)) {
        status = airs_signature_data_parse(section.payload, &self->signatures, error);
        self->has_signatures = true;
        self->content = airs_bytes(binary.data + sections.at, binary.size - sections.at);
        if (status == AIRS_OK) {
            status = airs_wasm_sections_next(&sections, &section, error);
        }
    }
    while (status == AIRS_OK) {
        status = read_section(self, &section, &state, error);
        if (status == AIRS_OK) {
            status = airs_wasm_sections_next(&sections, &section, error);
        }
    }
    if (status != AIRS_NOT_FOUND) {
        return status;
    }
    return self->ends_in_delimiter ? AIRS_OK : end_part(self, &state, error);
}

airs_status_t airs_signed_binary_read(const airs_allocator_t *allocator, airs_bytes_t binary,
                                      airs_signed_binary_t **out, airs_error_t *error) {
    airs_signed_binary_t *self = airs_alloc_zeroed(allocator, sizeof *self);
    if (self == NULL) {
        airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
        return AIRS_OUT_OF_MEMORY;
    }
    self->allocator = allocator;
    airs_status_t status = read_sections(self, binary, error);
    if (status != AIRS_OK) {
        airs_signed_binary_destroy(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_signed_binary_destroy(airs_signed_binary_t *binary) {
    if (binary != NULL) {
        airs_release(binary->allocator, binary);
    }
}

bool airs_signed_binary_is_component(const airs_signed_binary_t *binary) { return binary->is_component; }

size_t airs_signed_binary_parts(const airs_signed_binary_t *binary) { return binary->part_count; }

const airs_signature_data_t *airs_signed_binary_signatures(const airs_signed_binary_t *binary) {
    return binary->has_signatures ? &binary->signatures : NULL;
}

/* What the set would cover if somebody signed it: as many parts as the last hash that is in it stands for. */
static airs_signed_extent_t set_extent(const airs_signed_binary_t *self, const airs_signed_set_t *set) {
    airs_bytes_t all = all_hashes(self);
    airs_signed_extent_t extent = {.whole = set->hashes.size == all.size &&
                                            memcmp(set->hashes.data, all.data, all.size) == 0};
    for (size_t part = self->part_count; extent.parts == 0 && part > 0; part--) {
        for (size_t i = 0; i < set->hash_count && extent.parts == 0; i++) {
            if (memcmp(set->hashes.data + i * AIRS_DIGEST_SIZE, part_hash(self, part - 1),
                       AIRS_DIGEST_SIZE) == 0) {
                extent.parts = part;
            }
        }
    }
    return extent;
}

static bool is_signed_by(const airs_signed_binary_t *self, const airs_signed_set_t *set,
                         const airs_public_key_t *key) {
    uint8_t message[AIRS_SIGNED_MESSAGE_MAX];
    airs_bytes_t signed_bytes = airs_bytes(message, airs_signed_message(set->hashes, message));
    for (size_t i = set->first; i < set->first + set->count; i++) {
        const airs_signature_t *signature = &self->signatures.signatures[i];
        if (signature->algorithm == AIRS_SIGNATURE_ED25519 &&
            airs_public_key_verify(key, signed_bytes, signature->bytes)) {
            return true;
        }
    }
    return false;
}

airs_signed_extent_t airs_signed_binary_extent(const airs_signed_binary_t *binary,
                                               const airs_public_key_t *key) {
    airs_signed_extent_t best = {false, 0};
    for (size_t i = 0; i < binary->signatures.set_count; i++) {
        airs_signed_extent_t extent = set_extent(binary, &binary->signatures.sets[i]);
        bool better = extent.parts > best.parts || (extent.whole && !best.whole);
        if (better && is_signed_by(binary, &binary->signatures.sets[i], key)) {
            best = extent;
        }
    }
    return best;
}

static void append(airs_text_t *out, airs_bytes_t bytes) {
    airs_text_append(out, airs_str_n((const char *)bytes.data, bytes.size));
}

/* A delimiter with fresh random bytes, or none. */
static airs_status_t make_delimiter(const airs_signed_binary_t *self, airs_random_t *random,
                                    uint8_t out[DELIMITER_WHOLE_SIZE], size_t *size, airs_error_t *error) {
    *size = 0;
    if (random == NULL || self->ends_in_delimiter) {
        return AIRS_OK;
    }
    if (self->signatures.signature_count > 0) {
        return airs_error_set(error, AIRS_INVALID_STATE,
                              "it is signed already, and a delimiter behind it would spoil those signatures");
    }
    uint8_t head[3] = {AIRS_WASM_CUSTOM_SECTION, (uint8_t)(DELIMITER_WHOLE_SIZE - 2),
                       (uint8_t)(sizeof DELIMITER_SECTION - 1)};
    uint8_t *end = airs_copy(out, head, sizeof head);
    end = airs_copy(end, DELIMITER_SECTION, sizeof DELIMITER_SECTION - 1);
    airs_random_fill(random, end, DELIMITER_SIZE);
    *size = DELIMITER_WHOLE_SIZE;
    return AIRS_OK;
}

/* The last part gets a delimiter at its end: its hash is another one. */
static void hash_delimiter(airs_signed_binary_t *self, airs_bytes_t delimiter) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, self->content.data, self->content.size);
    crypto_hash_sha256_update(&state, delimiter.data, delimiter.size);
    crypto_hash_sha256_final(&state, self->hashes + (self->part_count - 1) * AIRS_DIGEST_SIZE);
}

static airs_status_t add_signature(airs_signed_binary_t *self, const airs_signing_key_t *key,
                                   const airs_key_id_t *id, uint8_t bytes[AIRS_SIGNATURE_SIZE],
                                   airs_error_t *error) {
    uint8_t message[AIRS_SIGNED_MESSAGE_MAX];
    size_t size = airs_signed_message(all_hashes(self), message);
    airs_signing_key_sign(key, airs_bytes(message, size), bytes);
    airs_signature_t signature = {airs_bytes(id->bytes, sizeof id->bytes),
                                  airs_bytes(bytes, AIRS_SIGNATURE_SIZE), AIRS_SIGNATURE_ED25519};
    return airs_signature_data_add(&self->signatures, all_hashes(self), &signature, error);
}

/* Header, signatures, content and delimiter. */
static airs_status_t put_together(const airs_signed_binary_t *self, airs_bytes_t delimiter, airs_bytes_t *out,
                                  airs_error_t *error) {
    static const uint8_t name[] = {sizeof SIGNATURE_SECTION - 1, 's', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e'};
    uint8_t head[1 + AIRS_LEB128_MAX] = {AIRS_WASM_CUSTOM_SECTION};
    airs_text_t data;
    airs_text_t whole;
    airs_text_init(&data, self->allocator);
    airs_text_init(&whole, self->allocator);
    airs_signature_data_write(&self->signatures, &data);
    size_t head_size = 1 + airs_leb128_write((uint32_t)(sizeof name + data.size), head + 1);
    append(&whole, self->header);
    append(&whole, airs_bytes(head, head_size));
    append(&whole, airs_bytes(name, sizeof name));
    append(&whole, airs_bytes(data.data, data.size));
    append(&whole, self->content);
    append(&whole, delimiter);
    airs_status_t status = airs_text_status(&data);
    if (status == AIRS_OK) {
        status = airs_text_status(&whole);
    }
    airs_text_free(&data);
    if (status == AIRS_OK) {
        *out = airs_bytes(whole.data, whole.size);
        return AIRS_OK;
    }
    airs_text_free(&whole);
    return airs_error_set(error, status, "%s", airs_status_text(status));
}

airs_status_t airs_component_sign(const airs_allocator_t *allocator, airs_bytes_t binary,
                                  const airs_signing_key_t *key, airs_random_t *random, airs_bytes_t *out,
                                  airs_error_t *error) {
    airs_signed_binary_t *self = NULL;
    uint8_t delimiter[DELIMITER_WHOLE_SIZE];
    size_t delimiter_size = 0;
    uint8_t bytes[AIRS_SIGNATURE_SIZE];
    airs_public_key_t public = airs_signing_key_public(key);
    airs_key_id_t id = airs_key_id_of(&public);
    airs_status_t status = airs_signed_binary_read(allocator, binary, &self, error);
    if (status == AIRS_OK) {
        status = make_delimiter(self, random, delimiter, &delimiter_size, error);
    }
    if (status == AIRS_OK) {
        if (delimiter_size > 0) {
            hash_delimiter(self, airs_bytes(delimiter, delimiter_size));
        }
        status = add_signature(self, key, &id, bytes, error);
    }
    if (status == AIRS_OK) {
        status = put_together(self, airs_bytes(delimiter, delimiter_size), out, error);
    }
    airs_signed_binary_destroy(self);
    return status;
}
