/* Several messages given to an actor in one call (airssys:actor/batch-handler): which ones, and what happens when it
 * goes from one to the next, or ends between them.
 *
 * The messages of a batch stay in the mailbox until each has its turn, with what they took of its bounds, so that an
 * end in the middle of a batch is no special case: one message is in hand, as ever, and the others wait. */
#ifndef AIRSSYS_ACTOR_MESSAGE_BATCH_H
#define AIRSSYS_ACTOR_MESSAGE_BATCH_H

#include "actor/actor.h"

/* Messages in one batch, and the payload of one of them. */
#define AIRS_BATCH_MAX 100
#define AIRS_BATCH_PAYLOAD_MAX 4096
/* Smaller ones are not timed, and what is sent in them is not kept back. */
#define AIRS_BATCH_TIMED_FROM 4

/* What follows is the owner's. The present incarnation, or what has taken its place, runs: may it be given batches? */
void airs_message_batch_allow(airs_actor_t *actor);

/* Begin a batch of `most` messages at most with what waits, its first message in hand. False: there are no two that can
 * be told together. */
bool airs_message_batch_begin(airs_actor_t *actor, uint32_t most);

/* The call has ended well. */
void airs_message_batch_end(airs_actor_t *actor);

/* The call pends, so how long the batch takes says nothing of how long its messages do. */
static inline void airs_message_batch_interrupt(airs_actor_t *actor) {
    if (actor->worker != NULL) {
        actor->worker->batch_began_ns = 0;
    }
}

/* The incarnation ends, or the call ended otherwise: there is no batch any more. */
static inline void airs_message_batch_drop(airs_actor_t *actor) { actor->batch.count = 0; }

/* How many messages to one other actor may be kept back, of those that it sends now. */
static inline uint32_t airs_message_batch_lot(const airs_actor_t *actor) {
    uint32_t left = (uint32_t)(actor->batch.count - actor->batch.at);
    uint32_t lot = actor->batch.count < AIRS_BATCH_TIMED_FROM ? 0 : actor->batch.lot;
    return lot < left ? lot : left;
}

/* What the guest says meanwhile. */
extern const airs_batch_ops_t airs_message_batch_ops;

#endif
