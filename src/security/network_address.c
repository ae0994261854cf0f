#include "security/network_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t MAPPED[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

const char *airs_network_address_text(const airs_network_address_t *address,
                                      char out[AIRS_ADDRESS_TEXT_MAX]) {
    if (inet_ntop(address->size == 4 ? AF_INET : AF_INET6, address->bytes, out, AIRS_ADDRESS_TEXT_MAX) ==
        NULL) {
        out[0] = '\0';
    }
    return out;
}

/* The IPv4 address that begins at `at`. */
static airs_network_address_t inner(const airs_network_address_t *address, size_t at) {
    airs_network_address_t plain = {.size = 4, .port = address->port};
    memcpy(plain.bytes, address->bytes + at, 4);
    return plain;
}

airs_network_address_t airs_network_address_plain(const airs_network_address_t *address) {
    bool is_mapped = address->size == 16 && memcmp(address->bytes, MAPPED, sizeof MAPPED) == 0;
    return is_mapped ? inner(address, sizeof MAPPED) : *address;
}

bool airs_network_address_is_same_host(const airs_network_address_t *one,
                                       const airs_network_address_t *other) {
    return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    uint8_t seen = 0;
    for (size_t i = 0; i < size; i++) {
        seen |= bytes[i];
    }
    return seen == 0;
}

bool airs_network_address_is_unspecified(const airs_network_address_t *address) {
    return is_zero(address->bytes, address->size);
}

bool airs_network_address_is_loopback(const airs_network_address_t *address) {
    return address->size == 4 ? address->bytes[0] == 127
                              : is_zero(address->bytes, 15) && address->bytes[15] == 1;
}

bool airs_network_address_is_of_many(const airs_network_address_t *address) {
    static const uint8_t everybody[] = {0xff, 0xff, 0xff, 0xff};
    return address->size == 4
               ? (address->bytes[0] & 0xf0) == 0xe0 || memcmp(address->bytes, everybody, 4) == 0
               : address->bytes[0] == 0xff;
}

typedef struct block {
    uint8_t bytes[4];
    unsigned bits;
} block_t;

static bool is_within(const uint8_t *bytes, const block_t *block) {
    for (unsigned bit = 0; bit < block->bits; bit++) {
        unsigned mask = 0x80U >> (bit % 8);
        if (((bytes[bit / 8] ^ block->bytes[bit / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}

static bool is_in_any(const uint8_t *bytes, const block_t *blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (is_within(bytes, &blocks[i])) {
            return true;
        }
    }
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_public_4(const uint8_t *bytes) {
    static const block_t special[] = {
        {{0}, 8},             /* this network */
        {{10}, 8},            /* private */
        {{100, 64}, 10},      /* of carriers */
        {{127}, 8},           /* loopback */
        {{169, 254}, 16},     /* link-local, where clouds keep their credentials */
        {{172, 16}, 12},      /* private */
        {{192, 0, 0}, 24},    /* protocols */
        {{192, 0, 2}, 24},    /* documentation */
        {{192, 88, 99}, 24},  /* 6to4 relays, no longer used */
        {{192, 168}, 16},     /* private */
        {{198, 18}, 15},      /* benchmarks */
        {{198, 51, 100}, 24}, /* documentation */
        {{203, 0, 113}, 24},  /* documentation */
        {{224}, 3},           /* multicast, and what is reserved behind it */
    };
    return !is_in_any(bytes, special, COUNT(special));
}

bool airs_network_address_is_public(const airs_network_address_t *address) {
    static const uint8_t nat64[] = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
    static const block_t global = {{0x20}, 3};
    static const block_t special[] = {
        {{0x20, 0x01, 0x00}, 23},       /* protocols, Teredo among them */
        {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
        {{0x3f, 0xff, 0x00}, 20},       /* documentation */
    };
    static const block_t six_to_four = {{0x20, 0x02}, 16};
    airs_network_address_t plain = airs_network_address_plain(address);
    if (plain.size == 4) {
        return is_public_4(plain.bytes);
    }
    if (memcmp(plain.bytes, nat64, sizeof nat64) == 0) {
        return is_public_4(plain.bytes + sizeof nat64);
    }
    if (is_within(plain.bytes, &six_to_four)) {
        return is_public_4(plain.bytes + 2);
    }
    return is_within(plain.bytes, &global) && !is_in_any(plain.bytes, special, COUNT(special));
}
