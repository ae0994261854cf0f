#include "actor/host_subscriptions.h"

#include <inttypes.h>
#include <stdio.h>

#include "actor/actor_system_subscriber.h"
#include "actor/component_spawner.h"

struct airs_subscription {
    airs_subscription_t *next;
    airs_subscription_t *previous;
    airs_actor_t *actor; /* a reference */
    void (*message)(void *context, const airs_incoming_t *incoming);
    void *context;
};

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    const airs_subscription_t *self = state;
    (void)context;
    self->message(self->context, incoming);
    return AIRS_OK;
}

void airs_host_subscriptions_init(airs_host_subscriptions_t *subscriptions, airs_services_t *services) {
    *subscriptions = (airs_host_subscriptions_t){.services = services};
    (void)pthread_mutex_init(&subscriptions->lock, NULL);
}

/* An actor that has ended has left the function, and is subscribed to nothing. */
static void end(airs_services_t *services, airs_subscription_t *self) {
    if (self->actor != NULL) {
        airs_actor_signal(self->actor, AIRS_SIGNAL_KILL);
        (void)airs_actor_await_end(self->actor, UINT64_MAX);
        airs_actor_unref(self->actor);
    }
    airs_release(services->allocator, self);
}

void airs_host_subscriptions_free(airs_host_subscriptions_t *subscriptions) {
    while (subscriptions->first != NULL) {
        airs_host_subscriptions_end(subscriptions, subscriptions->first);
    }
    pthread_mutex_destroy(&subscriptions->lock);
}

static void link_up(airs_host_subscriptions_t *subscriptions, airs_subscription_t *self) {
    pthread_mutex_lock(&subscriptions->lock);
    self->next = subscriptions->first;
    if (self->next != NULL) {
        self->next->previous = self;
    }
    subscriptions->first = self;
    pthread_mutex_unlock(&subscriptions->lock);
}

static void unlink_from(airs_host_subscriptions_t *subscriptions, airs_subscription_t *self) {
    pthread_mutex_lock(&subscriptions->lock);
    if (self->previous != NULL) {
        self->previous->next = self->next;
    } else {
        subscriptions->first = self->next;
    }
    if (self->next != NULL) {
        self->next->previous = self->previous;
    }
    pthread_mutex_unlock(&subscriptions->lock);
}

static uint64_t next_number(airs_host_subscriptions_t *subscriptions) {
    pthread_mutex_lock(&subscriptions->lock);
    uint64_t number = ++subscriptions->last_number;
    pthread_mutex_unlock(&subscriptions->lock);
    return number;
}

static airs_status_t start(airs_host_subscriptions_t *subscriptions, airs_subscription_t *self) {
    static const airs_native_t native = {.size = sizeof native, .handle = handle};
    static const airs_actor_spec_t spec = {.mailbox_messages = AIRS_HOST_SUBSCRIPTION_MESSAGES,
                                           .max_message_bytes = AIRS_MAILBOX_BYTES_MAX};
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, next_number(subscriptions));
    airs_spawn_t spawn = {
        .native = &native, .state = self, .id = airs_id("airssys", "subscriber", number), .spec = &spec};
    return airs_component_spawner_spawn_internal(subscriptions->services, &spawn, &self->actor);
}

airs_status_t airs_host_subscriptions_add(airs_host_subscriptions_t *subscriptions, airs_str_t pattern,
                                          void (*message)(void *context, const airs_incoming_t *incoming),
                                          void *context, airs_subscription_t **out, airs_error_t *error) {
    airs_services_t *services = subscriptions->services;
    airs_subscription_t *self = airs_alloc_zeroed(services->allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    self->message = message;
    self->context = context;
    airs_status_t status = start(subscriptions, self);
    if (status == AIRS_OK) {
        airs_subscription_service_t *service = airs_actor_system_subscriber_service(services->subscriber);
        status = airs_subscription_service_subscribe(service, self->actor, pattern, error);
    } else {
        (void)airs_error_set(error, status, "%s", airs_status_text(status));
    }
    if (status != AIRS_OK) {
        end(services, self);
        return status;
    }
    link_up(subscriptions, self);
    *out = self;
    return AIRS_OK;
}

void airs_host_subscriptions_end(airs_host_subscriptions_t *subscriptions,
                                 airs_subscription_t *subscription) {
    unlink_from(subscriptions, subscription);
    end(subscriptions->services, subscription);
}
