/* WebAssembly binaries for tests, section by section; and keys that are the same in each run. */
#ifndef AIRSSYS_TEST_SECURITY_WASM_BUILDER_H
#define AIRSSYS_TEST_SECURITY_WASM_BUILDER_H

#include <airssys/bytes.h>

#include "security/signing_key.h"

#define AIRS_WASM_BUILT_MAX 65536

typedef struct airs_wasm_builder {
    uint8_t bytes[AIRS_WASM_BUILT_MAX];
    size_t size;
} airs_wasm_builder_t;

void airs_wasm_begin_component(airs_wasm_builder_t *self);
void airs_wasm_begin_module(airs_wasm_builder_t *self);
void airs_wasm_add(airs_wasm_builder_t *self, const void *bytes, size_t size);

/* A section of any number but the custom ones', and a custom section. */
void airs_wasm_section(airs_wasm_builder_t *self, uint8_t id, const void *payload, size_t size);
void airs_wasm_custom(airs_wasm_builder_t *self, const char *name, const void *payload, size_t size);

/* A delimiter of 16 bytes, each of them `fill`. */
void airs_wasm_delimiter(airs_wasm_builder_t *self, uint8_t fill);

airs_bytes_t airs_wasm_built(const airs_wasm_builder_t *self);

/* The pair whose seed is `first`, `first` + 1, …. */
airs_signing_key_t airs_test_key(uint8_t first);

/* The same bytes in memory of exactly their size, so that a sanitizer sees what reads beyond. To be freed. */
uint8_t *airs_exact_copy(airs_bytes_t bytes);

/* The bytes that hexadecimal digits stand for, into `out` of `capacity` bytes. */
airs_bytes_t airs_from_hex(const char *hex, uint8_t *out, size_t capacity);

#endif
