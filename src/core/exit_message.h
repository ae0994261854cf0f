/* The message that tells of an actor's end: to who monitors it a down message, to who is linked to it and traps
 * exits an exit message. Its payload is a JSON object,
 *
 *     {"monitor": 7, "actor": "shop/cart/0", "reason": "crash", "text": "..."}
 *
 * in a down message with the monitor's number. Somebody hears of an end even if there is no memory left then: a
 * message for that is made beforehand, without room for the reason's text. */
#ifndef AIRSSYS_CORE_EXIT_MESSAGE_H
#define AIRSSYS_CORE_EXIT_MESSAGE_H

#include <airssys/actor.h>

#include "core/block_pool.h"
#include "core/component_message.h"

#define AIRS_DOWN_CONTENT_TYPE "application/vnd.airssys.down+json"
#define AIRS_EXIT_CONTENT_TYPE "application/vnd.airssys.exit+json"

/* Bytes of a reason's text that are kept, at most; the rest is cut. */
#define AIRS_REASON_TEXT_MAX 4096

/* How much of the text that is: no character is split. */
size_t airs_reason_text_size(const char *text);

/* A message about the end of `actor` (a reference is kept): DOWN or EXIT, with the number of the monitor or
 * link. Not filled yet. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_exit_message_reserve(airs_block_pool_t *pool, airs_message_kind_t kind,
                                        airs_component_id_t *actor, uint64_t number,
                                        airs_component_message_t **out);

/* Fill it: it becomes a longer one with the reason's text, if it has one and there is memory for it. Takes the
 * reserved message and returns the one that is to be sent. */
airs_component_message_t *airs_exit_message_fill(airs_component_message_t *reserved,
                                                 const airs_exit_reason_t *reason, uint64_t timestamp_ns);

/* The reason that it tells, borrowed. */
airs_exit_reason_t airs_exit_message_reason(const airs_component_message_t *message);

#endif
