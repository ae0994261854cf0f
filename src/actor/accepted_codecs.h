/* Does an actor that declared which codecs it accepts take this payload? Asked before a message is put into
 * its mailbox, so that the sender hears of it, and before an answer is. An actor that declared nothing takes
 * all, and nobody looks at the payload. */
#ifndef AIRSSYS_ACTOR_ACCEPTED_CODECS_H
#define AIRSSYS_ACTOR_ACCEPTED_CODECS_H

#include "actor/actor.h"

/* Of an actor that takes no messages at all: a bit that is no codec's. */
#define AIRS_ACCEPTS_NOTHING (UINT32_C(1) << 31)

/* Of an actor with `accepts`: AIRS_UNSUPPORTED_CODEC, or AIRS_UNSUPPORTED if it takes no messages, and in `error` (may be NULL) both sides' codecs. */
airs_status_t airs_accepted_codecs_look(const airs_actor_t *receiver, airs_bytes_t payload,
                                        airs_error_t *error);

/* A message or request. Any thread. */
static inline airs_status_t airs_accepted_codecs_check(const airs_actor_t *receiver, airs_bytes_t payload,
                                                       airs_error_t *error) {
    return receiver->accepts == 0 ? AIRS_OK : airs_accepted_codecs_look(receiver, payload, error);
}

/* An answer, which may also have no content. Any thread. */
static inline airs_status_t airs_accepted_codecs_check_answer(const airs_actor_t *requester,
                                                              airs_bytes_t payload, airs_error_t *error) {
    return payload.size == 0 ? AIRS_OK : airs_accepted_codecs_check(requester, payload, error);
}

#endif
