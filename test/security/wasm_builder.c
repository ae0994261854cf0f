#include "support/test.h"

#include "security/wasm_builder.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "security/leb128.h"

void airs_wasm_add(airs_wasm_builder_t *self, const void *bytes, size_t size) {
    assert_true(size <= sizeof self->bytes - self->size);
    if (size > 0) {
        memcpy(self->bytes + self->size, bytes, size);
    }
    self->size += size;
}

void airs_wasm_begin_component(airs_wasm_builder_t *self) {
    self->size = 0;
    airs_wasm_add(self, "\0asm\x0d\0\1\0", 8);
}

void airs_wasm_begin_module(airs_wasm_builder_t *self) {
    self->size = 0;
    airs_wasm_add(self, "\0asm\1\0\0\0", 8);
}

static void add_number(airs_wasm_builder_t *self, size_t value) {
    uint8_t bytes[AIRS_LEB128_MAX];
    airs_wasm_add(self, bytes, airs_leb128_write((uint32_t)value, bytes));
}

void airs_wasm_section(airs_wasm_builder_t *self, uint8_t id, const void *payload, size_t size) {
    airs_wasm_add(self, &id, 1);
    add_number(self, size);
    airs_wasm_add(self, payload, size);
}

void airs_wasm_custom(airs_wasm_builder_t *self, const char *name, const void *payload, size_t size) {
    uint8_t number[AIRS_LEB128_MAX];
    size_t name_size = strlen(name);
    airs_wasm_add(self, "\0", 1);
    add_number(self, airs_leb128_write((uint32_t)name_size, number) + name_size + size);
    add_number(self, name_size);
    airs_wasm_add(self, name, name_size);
    airs_wasm_add(self, payload, size);
}

void airs_wasm_delimiter(airs_wasm_builder_t *self, uint8_t fill) {
    uint8_t random[16];
    memset(random, fill, sizeof random);
    airs_wasm_custom(self, "signature_delimiter", random, sizeof random);
}

airs_bytes_t airs_wasm_built(const airs_wasm_builder_t *self) { return airs_bytes(self->bytes, self->size); }

airs_signing_key_t airs_test_key(uint8_t first) {
    uint8_t seed[crypto_sign_SEEDBYTES];
    uint8_t public[AIRS_PUBLIC_KEY_SIZE];
    airs_signing_key_t key;
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)(first + i);
    }
    assert_int_equal(crypto_sign_seed_keypair(public, key.bytes, seed), 0);
    return key;
}

uint8_t *airs_exact_copy(airs_bytes_t bytes) {
    uint8_t *copy = malloc(bytes.size > 0 ? bytes.size : 1);
    assert_non_null(copy);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

airs_bytes_t airs_from_hex(const char *hex, uint8_t *out, size_t capacity) {
    size_t size = 0;
    assert_int_equal(sodium_hex2bin(out, capacity, hex, strlen(hex), " ", &size, NULL), 0);
    return airs_bytes(out, size);
}
