#include "security/signing_key.h"

#include <sodium.h>

#define PUBLIC_KEY_MARK 0x01
#define KEY_PAIR_MARK 0x81

_Static_assert(AIRS_PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(AIRS_SIGNING_KEY_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519, the seed and the public key");
_Static_assert(AIRS_SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");

airs_status_t airs_signing_key_generate(airs_signing_key_t *out, airs_error_t *error) {
    airs_public_key_t public;
    if (sodium_init() < 0 || crypto_sign_keypair(public.bytes, out->bytes) != 0) {
        return airs_error_set(error, AIRS_INTERNAL, "libsodium cannot be initialized");
    }
    return AIRS_OK;
}

void airs_signing_key_erase(airs_signing_key_t *key) { sodium_memzero(key->bytes, sizeof key->bytes); }

airs_public_key_t airs_signing_key_public(const airs_signing_key_t *key) {
    airs_public_key_t public;
    crypto_sign_ed25519_sk_to_pk(public.bytes, key->bytes);
    return public;
}

/* What a file is that is not the kind of key it should be. */
static airs_status_t refuse_file(airs_bytes_t file, const char *wanted, airs_error_t *error) {
    bool is_public = file.size == AIRS_PUBLIC_KEY_FILE_SIZE && file.data[0] == PUBLIC_KEY_MARK;
    bool is_pair = file.size == AIRS_SIGNING_KEY_FILE_SIZE && file.data[0] == KEY_PAIR_MARK;
    if (is_public || is_pair) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "it is a %s key; a %s is wanted here",
                              is_public ? "public" : "secret", wanted);
    }
    return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                          "it is no %s: %zu bytes; a public key's file is 01 and 32 bytes, a key pair's 81 "
                          "and 64 bytes",
                          wanted, file.size);
}

/* A pair whose halves do not belong together would sign in a way that gives the secret away. */
static bool belongs_together(const airs_signing_key_t *key) {
    airs_signing_key_t remade;
    airs_public_key_t public;
    uint8_t seed[crypto_sign_SEEDBYTES];
    crypto_sign_ed25519_sk_to_seed(seed, key->bytes);
    crypto_sign_seed_keypair(public.bytes, remade.bytes, seed);
    bool same = sodium_memcmp(remade.bytes, key->bytes, sizeof remade.bytes) == 0;
    sodium_memzero(seed, sizeof seed);
    airs_signing_key_erase(&remade);
    return same;
}

airs_status_t airs_signing_key_parse(airs_bytes_t file, airs_signing_key_t *out, airs_error_t *error) {
    if (file.size != AIRS_SIGNING_KEY_FILE_SIZE || file.data[0] != KEY_PAIR_MARK) {
        return refuse_file(file, "secret key (a key pair)", error);
    }
    memcpy(out->bytes, file.data + 1, sizeof out->bytes);
    if (!belongs_together(out)) {
        airs_signing_key_erase(out);
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "its public half does not belong to its secret half: the file is damaged");
    }
    return AIRS_OK;
}

airs_status_t airs_public_key_parse(airs_bytes_t file, airs_public_key_t *out, airs_error_t *error) {
    if (file.size != AIRS_PUBLIC_KEY_FILE_SIZE || file.data[0] != PUBLIC_KEY_MARK) {
        return refuse_file(file, "public key", error);
    }
    memcpy(out->bytes, file.data + 1, sizeof out->bytes);
    if (!crypto_core_ed25519_is_valid_point(out->bytes)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "it is no public key that Ed25519 can have");
    }
    return AIRS_OK;
}

void airs_signing_key_write(const airs_signing_key_t *key, uint8_t out[AIRS_SIGNING_KEY_FILE_SIZE]) {
    out[0] = KEY_PAIR_MARK;
    memcpy(out + 1, key->bytes, sizeof key->bytes);
}

void airs_public_key_write(const airs_public_key_t *key, uint8_t out[AIRS_PUBLIC_KEY_FILE_SIZE]) {
    out[0] = PUBLIC_KEY_MARK;
    memcpy(out + 1, key->bytes, sizeof key->bytes);
}

airs_status_t airs_public_key_from_text(airs_str_t text, airs_public_key_t *out, airs_error_t *error) {
    uint8_t file[AIRS_PUBLIC_KEY_FILE_SIZE];
    size_t size = 0;
    if (text.size != 2 * sizeof file ||
        sodium_hex2bin(file, sizeof file, text.data, text.size, NULL, &size, NULL) != 0 ||
        size != sizeof file) {
        return airs_error_set(
            error, AIRS_INVALID_ARGUMENT,
            "it is no public key: as text that is the %zu bytes of its file in hexadecimal, "
            "01 and then the key",
            sizeof file);
    }
    return airs_public_key_parse(airs_bytes(file, sizeof file), out, error);
}

const char *airs_public_key_text(const airs_public_key_t *key, char out[AIRS_PUBLIC_KEY_TEXT_MAX]) {
    uint8_t file[AIRS_PUBLIC_KEY_FILE_SIZE];
    airs_public_key_write(key, file);
    return sodium_bin2hex(out, AIRS_PUBLIC_KEY_TEXT_MAX, file, sizeof file);
}

airs_key_id_t airs_key_id_of(const airs_public_key_t *key) {
    static const uint8_t name[] = {'k', 'e', 'y', '_', 'i', 'd'};
    crypto_auth_hmacsha256_state state;
    uint8_t whole[crypto_auth_hmacsha256_BYTES];
    airs_key_id_t id;
    crypto_auth_hmacsha256_init(&state, key->bytes, sizeof key->bytes);
    crypto_auth_hmacsha256_update(&state, name, sizeof name);
    crypto_auth_hmacsha256_final(&state, whole);
    memcpy(id.bytes, whole, sizeof id.bytes);
    return id;
}

const char *airs_key_id_text(const airs_key_id_t *id, char out[AIRS_KEY_ID_TEXT_MAX]) {
    return sodium_bin2hex(out, AIRS_KEY_ID_TEXT_MAX, id->bytes, sizeof id->bytes);
}

void airs_signing_key_sign(const airs_signing_key_t *key, airs_bytes_t message,
                           uint8_t out[AIRS_SIGNATURE_SIZE]) {
    crypto_sign_detached(out, NULL, message.data, message.size, key->bytes);
}

bool airs_public_key_verify(const airs_public_key_t *key, airs_bytes_t message, airs_bytes_t signature) {
    return signature.size == AIRS_SIGNATURE_SIZE &&
           crypto_sign_verify_detached(signature.data, message.data, message.size, key->bytes) == 0;
}
