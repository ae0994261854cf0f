/* Messages that were accepted and will not be handled, with the reason: a bounded ring, the oldest
 * goes first, and counters by reason that never go back. */
#ifndef AIRSSYS_ACTOR_DEAD_LETTERS_H
#define AIRSSYS_ACTOR_DEAD_LETTERS_H

#include <airssys/allocator.h>
#include <airssys/dead_letter.h>

#include "core/component_message.h"

typedef struct airs_dead_letters airs_dead_letters_t;

/* Keep `max_letters` (at least 1) with together `max_bytes` of payload. */
airs_status_t airs_dead_letters_create(const airs_allocator_t *allocator, size_t max_letters,
                                       size_t max_bytes, airs_dead_letters_t **out);
/* NULL is fine. */
void airs_dead_letters_destroy(airs_dead_letters_t *letters);

/* Takes `message`, and a reference of its own to `target`. `detail` may be NULL. Never fails: a payload
 * beyond `max_bytes` is counted and let go. Any thread. */
void airs_dead_letters_put(airs_dead_letters_t *letters, airs_dead_letter_reason_t reason, const char *detail,
                           airs_component_id_t *target, airs_component_message_t *message, uint64_t died_ns);

/* Calls each() for the letters that are kept, the oldest first; false stops. Letters that come
 * meanwhile wait: each() must be brief and must not send messages. Any thread. */
void airs_dead_letters_each(airs_dead_letters_t *letters,
                            bool (*each)(void *context, const airs_dead_letter_t *letter), void *context);

/* How many there were, those no longer kept included. Any thread. */
uint64_t airs_dead_letters_total(airs_dead_letters_t *letters);
uint64_t airs_dead_letters_count(airs_dead_letters_t *letters, airs_dead_letter_reason_t reason);

#endif
