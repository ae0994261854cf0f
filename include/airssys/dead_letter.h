/* Messages that were accepted, or published, and will not be handled: kept in a bounded ring, the oldest
 * goes first, and counted by reason. */
#ifndef AIRSSYS_DEAD_LETTER_H
#define AIRSSYS_DEAD_LETTER_H

#include <airssys/bytes.h>
#include <airssys/id.h>

/* X(name, text) */
#define AIRS_DEAD_LETTER_MAP(X)                                                                            \
    X(HANDLER_ERROR, "handler-error")     /* the receiver answered a plain message with an error */        \
    X(CRASHED, "crashed")                 /* the receiver ended while it had this one in hand */           \
    X(RECEIVER_ENDED, "receiver-ended")   /* it waited for an actor that ended otherwise than by a stop */ \
    X(STOPPED, "stopped")                 /* accepted behind the stop that the receiver drained to */      \
    X(DROPPED_OLDEST, "dropped-oldest")   /* made room for a newer one in a `drop-oldest` mailbox */       \
    X(SUBSCRIBER_FULL, "subscriber-full") /* published, and this subscriber's mailbox did not take it */

typedef enum airs_dead_letter_reason {
#define AIRS_DEAD_LETTER_ENUM(name, text) AIRS_DEAD_LETTER_##name,
    AIRS_DEAD_LETTER_MAP(AIRS_DEAD_LETTER_ENUM)
#undef AIRS_DEAD_LETTER_ENUM
        AIRS_DEAD_LETTER_REASONS /* how many there are */
} airs_dead_letter_reason_t;

/* "handler-error", … Static, never NULL. */
AIRS_API const char *airs_dead_letter_reason_text(airs_dead_letter_reason_t reason);

/* One letter; borrowed for the callback. */
typedef struct airs_dead_letter {
    uint64_t serial; /* counts from 1 over all letters, those no longer kept included */
    airs_dead_letter_reason_t reason;
    const char *detail; /* what the engine said ("trap: unreachable …"), may be cut; "" when there is none */
    airs_id_t sender;
    airs_id_t target;
    uint64_t sent_ns; /* since 1970 */
    uint64_t died_ns; /* since 1970 */
    const char *kind; /* "message", "request", "timer", … */
    airs_str_t content_type;
    airs_bytes_t payload;
} airs_dead_letter_t;

#endif
