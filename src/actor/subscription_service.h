/* Which actors are subscribed to which patterns (core/topic.h): subscribe, unsubscribe, get_subscribers.
 *
 * Publishers read, often and from all workers; they do not wait for each other. Who subscribes waits for the
 * publishers that look at that moment. A subscription ends with the actor. */
#ifndef AIRSSYS_ACTOR_SUBSCRIPTION_SERVICE_H
#define AIRSSYS_ACTOR_SUBSCRIPTION_SERVICE_H

#include "actor/actor.h"

typedef struct airs_subscription_service airs_subscription_service_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_subscription_service_create(airs_services_t *services, airs_subscription_service_t **out);

/* All actors have ended. NULL is fine. */
void airs_subscription_service_destroy(airs_subscription_service_t *service);

/* Any thread with a reference to the actor. What it is subscribed to already stays as it is.
 * AIRS_INVALID_ARGUMENT, AIRS_QUOTA_EXCEEDED (actor->max_subscriptions), AIRS_TARGET_NOT_FOUND (it has ended),
 * AIRS_OUT_OF_MEMORY; `error` (NULL is fine) says more. */
airs_status_t airs_subscription_service_subscribe(airs_subscription_service_t *service, airs_actor_t *actor,
                                                  airs_str_t pattern, airs_error_t *error);

/* Likewise. AIRS_INVALID_ARGUMENT. What it is not subscribed to is fine. */
airs_status_t airs_subscription_service_unsubscribe(airs_subscription_service_t *service, airs_actor_t *actor,
                                                    airs_str_t pattern, airs_error_t *error);

/* The actor, whose mailbox is closed, has ended. Costs what it was subscribed to. */
void airs_subscription_service_end(airs_subscription_service_t *service, airs_actor_t *actor);

#define AIRS_SUBSCRIBERS_FEW 16

/* Actors, each once, a reference each; not to be copied or moved. The order is that of the patterns (a name
 * before `*`, what is short before what is long) and of their subscribers' coming. */
typedef struct airs_subscribers {
    airs_actor_t **actors;
    size_t count;
    airs_actor_t *few[AIRS_SUBSCRIBERS_FEW];
} airs_subscribers_t;

/* Whom a message to this valid topic goes to. `worker` is the calling one. AIRS_OUT_OF_MEMORY: *out is
 * empty. */
airs_status_t airs_subscription_service_get_subscribers(airs_subscription_service_t *service,
                                                        airs_worker_t *worker, airs_str_t topic,
                                                        airs_subscribers_t *out);

/* Give the references back, and the memory. */
void airs_subscribers_release(airs_subscribers_t *subscribers);

#endif
