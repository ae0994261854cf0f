#include "runtime/compile_protocol.h"

#include <sodium.h>

static void authenticate(const airs_compile_answer_t *answer, const uint8_t *key, airs_bytes_t content,
                         uint8_t mac[AIRS_COMPILE_MAC_SIZE]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, AIRS_COMPILE_KEY_SIZE, AIRS_COMPILE_MAC_SIZE);
    crypto_generichash_update(&state, (const unsigned char *)&answer->status, sizeof answer->status);
    crypto_generichash_update(&state, (const unsigned char *)&answer->size, sizeof answer->size);
    crypto_generichash_update(&state, content.data, content.size);
    crypto_generichash_final(&state, mac, AIRS_COMPILE_MAC_SIZE);
}

void airs_compile_answer_authenticate(airs_compile_answer_t *answer, const uint8_t *key,
                                      airs_bytes_t content) {
    uint8_t mac[AIRS_COMPILE_MAC_SIZE];
    authenticate(answer, key, content, mac);
    memcpy(answer->mac, mac, sizeof mac);
}

bool airs_compile_answer_verify(const airs_compile_answer_t *answer, const uint8_t *key,
                                airs_bytes_t content) {
    uint8_t mac[AIRS_COMPILE_MAC_SIZE];
    authenticate(answer, key, content, mac);
    return sodium_memcmp(mac, answer->mac, sizeof mac) == 0;
}
