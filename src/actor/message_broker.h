/* Takes a message and gives it to mailboxes: the way of every message, from guests (as
 * core/message_router.h), native actors and outside threads alike. */
#ifndef AIRSSYS_ACTOR_MESSAGE_BROKER_H
#define AIRSSYS_ACTOR_MESSAGE_BROKER_H

#include "actor/actor.h"

typedef struct airs_message_broker airs_message_broker_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_message_broker_create(airs_services_t *services, airs_message_broker_t **out);

/* NULL is fine. */
void airs_message_broker_destroy(airs_message_broker_t *broker);

airs_message_router_t *airs_message_broker_router(airs_message_broker_t *broker);

/* A message to one actor. `sender` is its sender, whose owner calls this, or NULL for a message from outside,
 * of which parts->sender tells; `worker` is the calling one. With `shared` its payload and content type are
 * used, by reference. AIRS_QUEUE_FULL, AIRS_MESSAGE_TOO_LARGE, AIRS_UNSUPPORTED_CODEC
 * (these two with a text), AIRS_NOT_RUNNING (it is stopping), AIRS_TARGET_NOT_FOUND (it has ended),
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_message_broker_deliver(airs_services_t *services, airs_worker_t *worker,
                                          airs_actor_t *sender, airs_actor_t *target,
                                          const airs_message_parts_t *parts, airs_payload_t *shared,
                                          airs_error_t *error);

/* May it give anything to a mailbox now, or has it sent as many messages in this second as it may? Then `error` (may be
 * NULL) says so. Its owner's. */
bool airs_message_broker_allows(airs_actor_t *sender, airs_error_t *error);

/* So many mailboxes took a message of its. Its owner's. */
void airs_message_broker_count(airs_actor_t *sender, uint32_t count);

/* The actor for `target`, remembered in `route` and looked up again when the one remembered has ended; NULL
 * when there is none. Valid as long as the route is not used again. An empty instance is picked anew each
 * time. */
airs_actor_t *airs_message_broker_resolve(airs_services_t *services, airs_route_t *route,
                                          const airs_id_t *target);

#endif
