/* The program around the system, as a subscriber: an actor of its own for each subscription, beside the
 * registered ones, that hands what is published to a function. */
#ifndef AIRSSYS_ACTOR_HOST_SUBSCRIPTIONS_H
#define AIRSSYS_ACTOR_HOST_SUBSCRIPTIONS_H

#include <airssys/node.h>

#include <pthread.h>

#include "actor/services.h"

/* How many messages wait for the function. */
#define AIRS_HOST_SUBSCRIPTION_MESSAGES 1024

typedef struct airs_host_subscriptions {
    airs_services_t *services;
    pthread_mutex_t lock;
    airs_subscription_t *first;
    uint64_t last_number; /* the actors are airssys/subscriber/1, … */
} airs_host_subscriptions_t;

void airs_host_subscriptions_init(airs_host_subscriptions_t *subscriptions, airs_services_t *services);

/* Ends those that are left; no thread may be about to end one. */
void airs_host_subscriptions_free(airs_host_subscriptions_t *subscriptions);

/* airs_actor_system_subscribe_function. */
airs_status_t airs_host_subscriptions_add(airs_host_subscriptions_t *subscriptions, airs_str_t pattern,
                                          void (*message)(void *context, const airs_incoming_t *incoming),
                                          void *context, airs_subscription_t **out, airs_error_t *error);

/* airs_actor_system_unsubscribe_function. */
void airs_host_subscriptions_end(airs_host_subscriptions_t *subscriptions, airs_subscription_t *subscription);

#endif
