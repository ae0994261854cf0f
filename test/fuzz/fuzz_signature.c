/* Bytes as a binary with signatures: whatever they are, reading ends; what is read can be signed, and then is signed by
 * exactly that key, without a change of anything else; and signature data that is read and written is the same. */
#include <stdlib.h>

#include <sodium.h>

#include "core/check.h"
#include "core/memory.h"
#include "security/component_signature.h"
#include "security/wasm_sections.h"

static airs_signing_key_t key_of(uint8_t fill) {
    uint8_t seed[crypto_sign_SEEDBYTES];
    uint8_t public[AIRS_PUBLIC_KEY_SIZE];
    airs_signing_key_t key;
    memset(seed, fill, sizeof seed);
    crypto_sign_seed_keypair(public, key.bytes, seed);
    return key;
}

static airs_signed_extent_t extent_of(airs_bytes_t binary, const airs_signing_key_t *key, size_t *parts) {
    airs_signed_binary_t *read = NULL;
    airs_public_key_t public = airs_signing_key_public(key);
    AIRS_ASSERT(airs_signed_binary_read(airs_allocator_default(), binary, &read, NULL) == AIRS_OK);
    airs_signed_extent_t extent = airs_signed_binary_extent(read, &public);
    *parts = airs_signed_binary_parts(read);
    AIRS_ASSERT(extent.parts <= *parts);
    airs_signed_binary_destroy(read);
    return extent;
}

/* The last bytes are those of the content, whatever stands before them. */
static void check_kept(airs_bytes_t before, airs_bytes_t after) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    AIRS_ASSERT(airs_wasm_sections_begin(before, &sections, NULL) == AIRS_OK);
    size_t content = sections.at;
    if (airs_wasm_sections_next(&sections, &section, NULL) == AIRS_OK &&
        airs_wasm_section_is(&section, "signature")) {
        content = sections.at;
    }
    size_t size = before.size - content;
    AIRS_ASSERT(after.size > size && memcmp(after.data, before.data, AIRS_WASM_HEADER_SIZE) == 0);
    AIRS_ASSERT(size == 0 || memcmp(after.data + after.size - size, before.data + content, size) == 0);
}

static void sign(airs_bytes_t binary) {
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_signing_key_t key = key_of(7);
    airs_signing_key_t stranger = key_of(8);
    airs_bytes_t once;
    airs_bytes_t twice;
    size_t parts = 0;
    /* The fuzzer sees what is compared: it finds this key's signatures, and puts them in. */
    bool is_signed = extent_of(binary, &key, &parts).whole;
    AIRS_ASSERT(extent_of(binary, &stranger, &parts).parts == 0);
    airs_status_t status = airs_component_sign(allocator, binary, &key, NULL, &once, NULL);
    if (status == AIRS_RESOURCE_LIMIT || (is_signed && status == AIRS_ALREADY_EXISTS)) {
        return;
    }
    AIRS_ASSERT(status == AIRS_OK);
    airs_signed_extent_t extent = extent_of(once, &key, &parts);
    AIRS_ASSERT(extent.whole && extent.parts == parts);
    AIRS_ASSERT(extent_of(once, &stranger, &parts).parts == 0);
    check_kept(binary, once);
    AIRS_ASSERT(airs_component_sign(allocator, once, &key, NULL, &twice, NULL) == AIRS_ALREADY_EXISTS);
    airs_release(allocator, (void *)once.data);
}

static void parse(airs_bytes_t payload) {
    airs_signature_data_t *data = malloc(sizeof *data);
    airs_signature_data_t *again = malloc(sizeof *again);
    airs_text_t text;
    AIRS_ASSERT(data != NULL && again != NULL);
    airs_text_init(&text, airs_allocator_default());
    if (airs_signature_data_parse(payload, data, NULL) == AIRS_OK) {
        airs_signature_data_write(data, &text);
        AIRS_ASSERT(airs_signature_data_parse(airs_bytes(text.data, text.size), again, NULL) == AIRS_OK);
        AIRS_ASSERT(again->set_count == data->set_count && again->signature_count == data->signature_count);
        for (size_t i = 0; i < data->set_count; i++) {
            AIRS_ASSERT(again->sets[i].hash_count == data->sets[i].hash_count &&
                        again->sets[i].first == data->sets[i].first &&
                        again->sets[i].count == data->sets[i].count);
        }
    }
    airs_text_free(&text);
    free(data);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    airs_signed_binary_t *read = NULL;
    airs_bytes_t binary = airs_bytes(bytes, size);
    if (airs_signed_binary_read(airs_allocator_default(), binary, &read, NULL) == AIRS_OK) {
        airs_signed_binary_destroy(read);
        sign(binary);
    }
    parse(binary);
    return 0;
}
