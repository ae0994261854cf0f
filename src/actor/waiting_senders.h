/* Guests that wait in the middle of a send until a mailbox has room (AIRS_MAILBOX_BLOCK).
 *
 * Whoever waits stands in the receiver's line with its message, which was made already. When the receiver
 * has made room, the messages are put into its mailbox on the senders' behalf, in the order in which they
 * came, and their parked calls are woken. Nobody else gets in before them.
 *
 * A wait ends: with room; at its deadline, the receiver's block_time_ms; at once when the receiver takes
 * nothing any more; when the sender is stopped or ends. That of a request ends with the request too.
 *
 * An actor waits with one message at a time, so who waits for whom are chains. A wait that would close one to
 * a ring is refused, for nobody in it could make room any more.
 *
 * One lock is over all of it: to wait is rare, and slow anyway. Beneath it mailboxes are filled, timers armed
 * and actors woken; none of these calls back here. */
#ifndef AIRSSYS_ACTOR_WAITING_SENDERS_H
#define AIRSSYS_ACTOR_WAITING_SENDERS_H

#include "actor/actor.h"

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_waiting_senders_create(airs_services_t *services, airs_waiting_senders_t **out);

/* Nobody may wait. NULL is fine. */
void airs_waiting_senders_destroy(airs_waiting_senders_t *self);

/* A message for which its target had no room. */
typedef struct airs_wait {
    airs_actor_t *sender;
    airs_actor_t *target;
    airs_component_message_t *message;
    uint64_t request_timeout_ms; /* of the message, if it is a request */
} airs_wait_t;

/* The sender's owner, inside one of its calls, which can pend. AIRS_PENDING: it stands in line; its call is to
 * be parked, and airs_waiting_senders_outcome tells how it ended when it was woken. AIRS_OK: there was room in
 * the end. Otherwise the message is still the caller's: AIRS_QUEUE_FULL (the sender is being stopped),
 * AIRS_DEADLOCK (with the chain in `error`), AIRS_NOT_RUNNING, AIRS_TARGET_NOT_FOUND, AIRS_INVALID_STATE (an
 * earlier send of it waits), AIRS_OUT_OF_MEMORY. */
airs_status_t airs_waiting_senders_wait(airs_waiting_senders_t *self, const airs_wait_t *wait,
                                        airs_error_t *error);

/* The sender's owner: see core/message_router.h, `waited`. Counts the message as sent, or as refused. */
airs_status_t airs_waiting_senders_outcome(airs_waiting_senders_t *self, airs_actor_t *sender,
                                           airs_error_t *error);

/* The sender's incarnation ends. Its requests are ended by others. */
void airs_waiting_senders_withdraw(airs_waiting_senders_t *self, airs_actor_t *sender);

/* Any thread with a reference, `worker` being the calling one: those in this actor's line who have room now
 * get it; all of them hear of it if it takes nothing any more. */
void airs_waiting_senders_admit(airs_waiting_senders_t *self, airs_actor_t *target, airs_worker_t *worker);

#endif
