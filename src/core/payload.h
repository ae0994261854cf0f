/* A counted, immutable run of bytes that several messages may share (a broadcast or publish of N
 * has one payload). */
#ifndef AIRSSYS_CORE_PAYLOAD_H
#define AIRSSYS_CORE_PAYLOAD_H

#include <airssys/bytes.h>
#include <airssys/status.h>

typedef struct airs_block_pool airs_block_pool_t;
typedef struct airs_payload airs_payload_t;

/* Copies `bytes` and `content_type` (empty: none) into one block. The caller owns one reference. */
airs_status_t airs_payload_create(airs_block_pool_t *pool, airs_bytes_t bytes, airs_str_t content_type,
                                  airs_payload_t **out);

airs_payload_t *airs_payload_ref(airs_payload_t *payload);
void airs_payload_unref(airs_payload_t *payload);

airs_bytes_t airs_payload_bytes(const airs_payload_t *payload);
airs_str_t airs_payload_content_type(const airs_payload_t *payload);

#endif
