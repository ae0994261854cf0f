/* How the handling of one message ends. */
#ifndef AIRSSYS_ACTOR_MESSAGE_END_H
#define AIRSSYS_ACTOR_MESSAGE_END_H

#include "actor/actor.h"

/* The parts of what follows that are not for every message: one that was answered with an error, and the response to a
 * request that has none yet. */
void airs_message_end_badly(airs_actor_t *actor, airs_component_message_t *message, const char *reason);
void airs_message_respond(airs_actor_t *actor, const airs_component_message_t *message,
                          const airs_call_result_t *result);

/* The owner's: what is in hand was handled, well or with an error (AIRS_OK, AIRS_GUEST_ERROR). It is counted, a request
 * that has no answer yet gets one, and there is nothing in hand. */
static inline void airs_message_end(airs_actor_t *actor, const airs_call_result_t *result) {
    airs_component_message_t *message = actor->in_hand;
    actor->in_hand = NULL;
    airs_count(&actor->handled, 1);
    if (!actor->internal) {
        airs_tally_t *tally = airs_actor_tally(actor);
        airs_tally_add(tally, &tally->handled, 1);
    }
    if (result->status != AIRS_OK) {
        airs_message_end_badly(actor, message, result->reason);
        return;
    }
    if (message->kind == AIRS_MESSAGE_REQUEST && !actor->answered) {
        airs_message_respond(actor, message, result);
    }
    airs_actor_discharge(actor, message);
}

#endif
