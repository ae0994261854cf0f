/* One message on its way: an intrusive mailbox link, what the receiver is told, and the bytes.
 *
 * A message to one receiver is one block of the pool, bytes included; a message of a broadcast
 * carries a reference to the payload that all share. It has one owner at a time: the sender, then
 * the mailbox, then the worker that handles it. Nothing in it changes once it is in a mailbox. */
#ifndef AIRSSYS_CORE_COMPONENT_MESSAGE_H
#define AIRSSYS_CORE_COMPONENT_MESSAGE_H

#include <stdatomic.h>

#include "core/component_id.h"
#include "core/correlation_id.h"
#include "core/payload.h"

typedef enum airs_message_kind {
    AIRS_MESSAGE_PLAIN = 0,    /* inter-component: send, broadcast, publish */
    AIRS_MESSAGE_REQUEST = 1,  /* inter-component with correlation: the answer is awaited */
    AIRS_MESSAGE_RESPONSE = 2, /* a request's good end, for handle-callback */
    AIRS_MESSAGE_FAILURE = 3,  /* a request's bad end, for handle-callback */
    AIRS_MESSAGE_SYSTEM = 4,   /* the runtime's own: stop in line with the user's messages */
    AIRS_MESSAGE_TIMER = 5,    /* a message to oneself that was due; a plain one to whom it is handed */
    AIRS_MESSAGE_DOWN = 6,     /* an actor that was monitored has ended; likewise */
    AIRS_MESSAGE_EXIT = 7,     /* an actor that was linked to a trapping one has ended; likewise */
} airs_message_kind_t;

/* "message", "request", "response", "failure", "system", "timer", "down", "exit". Static. */
const char *airs_message_kind_text(airs_message_kind_t kind);

typedef struct airs_component_message airs_component_message_t;

struct airs_component_message {
    _Atomic(airs_component_message_t *) next; /* the mailbox's */
    airs_component_id_t *sender;              /* a reference; never NULL but in system messages */
    airs_bytes_t payload;                     /* into this block, or into `shared` */
    airs_str_t content_type;                  /* likewise; size 0: none */
    airs_payload_t *shared;                   /* a reference, or NULL */
    uint64_t timestamp_ns;                    /* when it was sent, since 1970 */
    union {
        airs_correlation_id_t correlation; /* of a request, response or failure */
        uint64_t timer_id;                 /* of a timer's message */
        uint64_t watch;                    /* of a down or exit message: the number of what it comes from */
        /* Of a plain message: one that was sent shortly before it to the same mailbox, which is there or was. Only for
         * airs_component_message_prefetch, never to be followed. NULL: none. */
        const airs_component_message_t *ahead;
    };
    uint8_t kind; /* airs_message_kind_t */
    /* What a system message asks (the actor layer's); of a down or exit message its airs_reason_kind_t. */
    uint8_t system;
    uint16_t cost_slots; /* what it took of the mailbox's bound; 0: exempt */
    uint32_t ticket;     /* of the end of a request: what the actor layer marks it with for the requester */
};

/* What a message is made of. Everything is borrowed for the call and copied or referenced. */
typedef struct airs_message_parts {
    airs_message_kind_t kind;
    airs_component_id_t *sender;
    airs_bytes_t payload;
    airs_str_t content_type;
    uint64_t timestamp_ns;
    const airs_correlation_id_t *correlation; /* NULL for kinds without one */
} airs_message_parts_t;

/* Have the memory come nearer in which this message is, or was, with a small payload. */
static inline void airs_component_message_prefetch(const airs_component_message_t *message) {
    const char *lines = (const char *)message;
    __builtin_prefetch(lines, 1);
    __builtin_prefetch(lines + 64, 1);
    __builtin_prefetch(lines + 128);
}

/* One block, payload copied. AIRS_OUT_OF_MEMORY. The caller owns the message. */
airs_status_t airs_component_message_create(airs_block_pool_t *pool, const airs_message_parts_t *parts,
                                            airs_component_message_t **out);

/* The same with a shared payload (parts->payload and ->content_type are ignored). */
airs_status_t airs_component_message_create_shared(airs_block_pool_t *pool, const airs_message_parts_t *parts,
                                                   airs_payload_t *shared, airs_component_message_t **out);

/* Drops its references and gives the block back. NULL is fine. */
void airs_component_message_destroy(airs_component_message_t *message);

static inline bool airs_component_message_has_correlation(const airs_component_message_t *message) {
    return message->kind >= AIRS_MESSAGE_REQUEST && message->kind <= AIRS_MESSAGE_FAILURE;
}

/* Does it tell of an actor's end? */
static inline bool airs_component_message_is_end(const airs_component_message_t *message) {
    return message->kind >= AIRS_MESSAGE_DOWN;
}

/* Does it tell of a request's end? */
static inline bool airs_component_message_is_callback(const airs_component_message_t *message) {
    return message->kind == AIRS_MESSAGE_RESPONSE || message->kind == AIRS_MESSAGE_FAILURE;
}

#endif
