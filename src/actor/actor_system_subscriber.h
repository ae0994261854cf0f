/* Owns the delivery of what is published: asks the subscription service who is subscribed, and gives each of
 * them the message, with one payload that all share.
 *
 * It never waits. A subscriber whose mailbox does not take the message (it is full, the message is larger than
 * its limit or of a codec that it does not accept) loses it alone: that is counted as refused by it, and
 * becomes a dead letter of reason `subscriber-full` whose detail says which of these it was. One that is
 * stopping or has ended is none. A `drop-oldest` mailbox makes room as for any message; a `block` one is full
 * like any other. */
#ifndef AIRSSYS_ACTOR_ACTOR_SYSTEM_SUBSCRIBER_H
#define AIRSSYS_ACTOR_ACTOR_SYSTEM_SUBSCRIBER_H

#include "actor/subscription_service.h"

/* Starts it. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_actor_system_subscriber_create(airs_services_t *services,
                                                  airs_actor_system_subscriber_t **out);

/* Nothing is delivered after this: to publish answers AIRS_NOT_RUNNING. Subscriptions stay. NULL is fine. */
void airs_actor_system_subscriber_stop(airs_actor_system_subscriber_t *subscriber);

/* Stops it, too. All actors have ended, and nobody is publishing. NULL is fine. */
void airs_actor_system_subscriber_destroy(airs_actor_system_subscriber_t *subscriber);

airs_subscription_service_t *airs_actor_system_subscriber_service(airs_actor_system_subscriber_t *subscriber);

/* What is published, by whom. */
typedef struct airs_publication {
    airs_actor_t *publisher;     /* whose owner calls this; NULL: somebody outside */
    airs_component_id_t *sender; /* the publisher's id */
    airs_worker_t *worker;       /* the calling one */
    airs_str_t topic;
    airs_bytes_t payload;
    airs_str_t content_type; /* size 0: none */
} airs_publication_t;

/* *reached (may be NULL) is how many mailboxes took it. AIRS_INVALID_ARGUMENT, AIRS_NOT_RUNNING.
 * AIRS_OUT_OF_MEMORY: those that were not reached lost it without a dead letter. */
airs_status_t airs_actor_system_subscriber_publish(airs_actor_system_subscriber_t *subscriber,
                                                   const airs_publication_t *publication, uint32_t *reached,
                                                   airs_error_t *error);

/* These three as in core/message_router.h. */
airs_status_t airs_router_subscribe(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                    airs_error_t *error);
airs_status_t airs_router_unsubscribe(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                      airs_error_t *error);
airs_status_t airs_router_publish(airs_message_router_t *router, airs_actor_t *self, airs_str_t topic,
                                  airs_bytes_t payload, airs_str_t content_type, uint32_t *reached,
                                  airs_error_t *error);

#endif
