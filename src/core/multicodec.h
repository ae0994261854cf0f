/* The prefix by which a payload may name its codec (include/airssys/codec.h): an unsigned varint, low
 * groups of seven bits first, of at most nine bytes and without needless ones, as
 * https://github.com/multiformats/unsigned-varint has it. */
#ifndef AIRSSYS_CORE_MULTICODEC_H
#define AIRSSYS_CORE_MULTICODEC_H

#include <airssys/bytes.h>
#include <airssys/codec.h>

typedef struct airs_multicodec {
    size_t size;         /* bytes of the prefix; 0: there is none (the payload is empty, or begins with
                            what is no varint) */
    uint64_t code;       /* 0 without a prefix */
    airs_codecs_t codec; /* the one codec that the code stands for; 0: none that airssys knows */
} airs_multicodec_t;

airs_multicodec_t airs_multicodec_read(airs_bytes_t payload);

/* Whether a payload begins with the prefix of one of `accepted`; the empty set takes everything without a
 * look at it. */
bool airs_multicodec_accepts(airs_codecs_t accepted, airs_bytes_t payload);

/* The codec of this name ("json"); 0 when there is none. */
airs_codecs_t airs_multicodec_by_name(airs_str_t name);

/* The name of one codec; NULL when `codec` is not exactly one that there is. */
const char *airs_multicodec_name(airs_codecs_t codec);

/* Room for each of the texts below. */
#define AIRS_MULTICODEC_TEXT_MAX 64

/* The names of a set in the order of codec.h ("json, cbor"), "none" for the empty one. `out` has room for
 * AIRS_MULTICODEC_TEXT_MAX bytes and is returned. */
const char *airs_multicodec_set_text(airs_codecs_t set, char *out);

/* What is to be said of a payload beside what is accepted: "is json (0x0200)", "has an unknown codec (0x71)",
 * "has no codec prefix". As airs_multicodec_set_text. */
const char *airs_multicodec_text(airs_multicodec_t multicodec, char *out);

#endif
