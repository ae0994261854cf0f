/* What an actor sends to one mailbox while it handles a batch: kept back for some microseconds and put in together.
 *
 * Senders write two words of a mailbox for each message, which its owner and other senders write too; so they are
 * written once for many. A worker has one outbox, for the actor whose turn it is. Room is taken first, for several
 * messages at once, so that nobody is told that a message was sent for which there is no room; and only where half of
 * it stays free, so that hardly anybody is refused for room that is not used. What is kept back is put in before the
 * actor does anything else to others, and when its call returns or pends. */
#ifndef AIRSSYS_ACTOR_OUTBOX_H
#define AIRSSYS_ACTOR_OUTBOX_H

#include "core/component_message.h"

typedef struct airs_actor airs_actor_t;

/* Messages kept back at most, and for how long. */
#define AIRS_OUTBOX_LOT_MAX 16
/* So far ahead a receiver is told where messages are. */
#define AIRS_OUTBOX_AHEAD 4
#define AIRS_OUTBOX_NS 5000

typedef struct airs_outbox {
    airs_actor_t *target; /* a reference; NULL: nothing is kept back, and no room is taken */
    airs_component_message_t
        *newest; /* linked as in the mailbox, each to the one before it; NULL: none yet */
    airs_component_message_t *oldest;
    airs_component_message_t *last[AIRS_OUTBOX_AHEAD]; /* of those that are kept back, in a ring */
    size_t bytes;                                      /* room that was taken and is not used yet */
    uint32_t room;                                     /* likewise, messages */
} airs_outbox_t;

/* Is there room for one more message to this target? Else what there is is put in, and for `lot` of the same size room
 * is taken, if the mailbox has plenty and its actor something to do meanwhile: who idles is to begin at once. */
bool airs_outbox_open(airs_outbox_t *outbox, airs_actor_t *target, size_t bytes, uint32_t lot);

/* Takes the message, for which airs_outbox_open said that there is room. */
static inline void airs_outbox_add(airs_outbox_t *outbox, airs_component_message_t *message) {
    /* Relaxed: the push publishes it. */
    atomic_store_explicit(&message->next, outbox->newest, memory_order_relaxed);
    outbox->oldest = outbox->newest != NULL ? outbox->oldest : message;
    outbox->newest = message;
    airs_component_message_t **place = &outbox->last[outbox->room % AIRS_OUTBOX_AHEAD];
    message->ahead = *place;
    *place = message;
    outbox->room--;
    outbox->bytes -= message->payload.size;
}

/* Put in what there is, and give back the room that it did not need. */
void airs_outbox_put_in(airs_outbox_t *outbox);

/* The same, if there is something. */
static inline void airs_outbox_close(airs_outbox_t *outbox) {
    if (outbox->target != NULL) {
        airs_outbox_put_in(outbox);
    }
}

/* How many may be kept back by who took `ns` for `count` messages of a batch; fewer than two: none. */
static inline uint32_t airs_outbox_lot(uint64_t ns, uint32_t count) {
    uint64_t lot = ns == 0 ? AIRS_OUTBOX_LOT_MAX : (uint64_t)count * AIRS_OUTBOX_NS / ns;
    return lot < AIRS_OUTBOX_LOT_MAX ? (uint32_t)lot : AIRS_OUTBOX_LOT_MAX;
}

#endif
