/* What a node and airssys-compile say to each other: one request and one answer, each a file without a name that only the
 * two of them have open. The program is the node's own, from the same build: nothing is translated, and another version
 * is noticed by the first two members, which stay as they are. */
#ifndef AIRSSYS_RUNTIME_COMPILE_PROTOCOL_H
#define AIRSSYS_RUNTIME_COMPILE_PROTOCOL_H

#include <airssys/bytes.h>
#include <airssys/load.h>
#include <airssys/version.h>

#include "runtime/code_settings.h"

#define AIRS_COMPILE_REQUEST_MAGIC "airssys request"
#define AIRS_COMPILE_ANSWER_MAGIC "airssys answer\n"

/* What both are built of. */
#define AIRS_COMPILE_BUILD AIRS_VERSION "/" WASMTIME_VERSION

#define AIRS_COMPILE_KEY_SIZE 32
#define AIRS_COMPILE_MAC_SIZE 32

/* On standard input, followed by the name for messages and the component. */
typedef struct airs_compile_request {
    char magic[16];
    char build[48];
    uint8_t key[AIRS_COMPILE_KEY_SIZE]; /* with which the answer is authenticated; random */
    int64_t parent;                     /* the node's process */
    airs_code_settings_t settings;
    uint32_t reserved;
    airs_load_limits_t limits; /* resolved */
    uint64_t name_size;
    uint64_t component_size;
} airs_compile_request_t;

/* On standard output, followed by the code, or by a text that says why there is none. */
typedef struct airs_compile_answer {
    char magic[16];
    char build[48];
    /* BLAKE2b, keyed, over the two members that follow and what follows the answer: whatever else the request was handed
     * to instead, and what somebody else wrote here, is not believed. */
    uint8_t mac[AIRS_COMPILE_MAC_SIZE];
    int64_t status; /* airs_status_t */
    uint64_t size;
} airs_compile_answer_t;

/* Fill in answer->mac. libsodium is initialized. */
void airs_compile_answer_authenticate(airs_compile_answer_t *answer, const uint8_t *key,
                                      airs_bytes_t content);

/* Whether it is as it was made. */
bool airs_compile_answer_verify(const airs_compile_answer_t *answer, const uint8_t *key,
                                airs_bytes_t content);

#endif
