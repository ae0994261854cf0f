#include "actor/actor_system_subscriber.h"

#include "actor/message_broker.h"
#include "core/content_type.h"
#include "core/topic.h"

struct airs_actor_system_subscriber {
    airs_services_t *services;
    airs_subscription_service_t *service;
    atomic_bool running;
};

airs_status_t airs_actor_system_subscriber_create(airs_services_t *services,
                                                  airs_actor_system_subscriber_t **out) {
    airs_actor_system_subscriber_t *subscriber = airs_alloc_zeroed(services->allocator, sizeof *subscriber);
    if (subscriber == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    subscriber->services = services;
    airs_status_t status = airs_subscription_service_create(services, &subscriber->service);
    if (status != AIRS_OK) {
        airs_release(services->allocator, subscriber);
        return status;
    }
    atomic_init(&subscriber->running, true);
    *out = subscriber;
    return AIRS_OK;
}

void airs_actor_system_subscriber_stop(airs_actor_system_subscriber_t *subscriber) {
    if (subscriber != NULL) {
        /* Relaxed: nothing is published by it; who publishes at this very moment does so before the stop. */
        atomic_store_explicit(&subscriber->running, false, memory_order_relaxed);
    }
}

void airs_actor_system_subscriber_destroy(airs_actor_system_subscriber_t *subscriber) {
    if (subscriber != NULL) {
        airs_actor_system_subscriber_stop(subscriber);
        airs_subscription_service_destroy(subscriber->service);
        airs_release(subscriber->services->allocator, subscriber);
    }
}

airs_subscription_service_t *airs_actor_system_subscriber_service(
    airs_actor_system_subscriber_t *subscriber) {
    return subscriber->service;
}

/* ---- publishing ---- */

/* A message on its way to several. */
typedef struct airs_delivery {
    airs_services_t *services;
    const airs_publication_t *publication;
    airs_message_parts_t parts;
    airs_payload_t *shared; /* NULL: there is one subscriber, whose message has it inside */
    uint32_t reached;
    airs_status_t status;
} airs_delivery_t;

/* A subscriber's mailbox did not take it. */
static void lose(airs_delivery_t *delivery, airs_actor_t *actor, airs_status_t status, const char *detail) {
    airs_services_t *services = delivery->services;
    airs_message_parts_t parts = delivery->parts;
    parts.sender = delivery->publication->sender;
    airs_component_message_t *message = NULL;
    airs_status_t made =
        status == AIRS_OUT_OF_MEMORY ? status
        : delivery->shared != NULL
            ? airs_component_message_create_shared(services->pool, &parts, delivery->shared, &message)
            : airs_component_message_create(services->pool, &parts, &message);
    if (made != AIRS_OK) {
        delivery->status = made;
        return;
    }
    airs_dead_letters_put(services->dead_letters, AIRS_DEAD_LETTER_SUBSCRIBER_FULL,
                          detail[0] != '\0' ? detail : airs_status_text(status), actor->id, message,
                          parts.timestamp_ns);
}

static void deliver(airs_delivery_t *delivery, airs_actor_t *actor) {
    const airs_publication_t *publication = delivery->publication;
    airs_error_t error;
    error.text[0] = '\0';
    airs_status_t status = airs_message_broker_deliver(delivery->services, publication->worker,
                                                       publication->publisher, actor, &delivery->parts,
                                                       delivery->shared, &error);
    if (status == AIRS_OK) {
        delivery->reached++;
    } else if (status != AIRS_TARGET_NOT_FOUND && status != AIRS_NOT_RUNNING) {
        lose(delivery, actor, status, error.text);
    }
}

static airs_status_t deliver_all(airs_services_t *services, const airs_publication_t *publication,
                                 const airs_subscribers_t *subscribers, uint32_t *reached) {
    airs_delivery_t delivery = {
        .services = services,
        .publication = publication,
        .parts =
            {
                .kind = AIRS_MESSAGE_PLAIN,
                /* An actor's id is lent by the broker. */
                .sender = publication->publisher == NULL ? publication->sender : NULL,
                .payload = publication->payload,
                .content_type = publication->content_type,
                .timestamp_ns = airs_worker_now(publication->worker, services->clock),
            },
    };
    if (subscribers->count > 1) {
        airs_status_t status = airs_payload_create(services->pool, publication->payload,
                                                   publication->content_type, &delivery.shared);
        if (status != AIRS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < subscribers->count; i++) {
        deliver(&delivery, subscribers->actors[i]);
    }
    airs_payload_unref(delivery.shared);
    if (publication->publisher != NULL) {
        airs_message_broker_count(publication->publisher, delivery.reached);
    }
    *reached = delivery.reached;
    return delivery.status;
}

airs_status_t airs_actor_system_subscriber_publish(airs_actor_system_subscriber_t *subscriber,
                                                   const airs_publication_t *publication, uint32_t *reached,
                                                   airs_error_t *error) {
    uint32_t count = 0;
    airs_status_t status = airs_topic_check(publication->topic, error);
    status = status == AIRS_OK ? airs_content_type_check(publication->content_type, error) : status;
    /* Relaxed: see the stop. */
    if (status == AIRS_OK && !atomic_load_explicit(&subscriber->running, memory_order_relaxed)) {
        status =
            airs_error_set(error, AIRS_NOT_RUNNING, "nothing is published any more: the system has stopped");
    }
    if (status == AIRS_OK) {
        airs_subscribers_t subscribers;
        status = airs_subscription_service_get_subscribers(subscriber->service, publication->worker,
                                                           publication->topic, &subscribers);
        if (status == AIRS_OK && subscribers.count > 0) {
            status = deliver_all(subscriber->services, publication, &subscribers, &count);
        }
        airs_subscribers_release(&subscribers);
    }
    if (reached != NULL) {
        *reached = count;
    }
    return status;
}

/* ---- for actors ---- */

airs_status_t airs_router_subscribe(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                    airs_error_t *error) {
    (void)router;
    return airs_subscription_service_subscribe(self->services->subscriber->service, self, pattern, error);
}

airs_status_t airs_router_unsubscribe(airs_message_router_t *router, airs_actor_t *self, airs_str_t pattern,
                                      airs_error_t *error) {
    (void)router;
    return airs_subscription_service_unsubscribe(self->services->subscriber->service, self, pattern, error);
}

airs_status_t airs_router_publish(airs_message_router_t *router, airs_actor_t *self, airs_str_t topic,
                                  airs_bytes_t payload, airs_str_t content_type, uint32_t *reached,
                                  airs_error_t *error) {
    (void)router;
    airs_actor_put_out(self);
    if (!airs_message_broker_allows(self, error)) {
        return AIRS_QUOTA_EXCEEDED;
    }
    airs_publication_t publication = {
        .publisher = self,
        .sender = self->id,
        .worker = self->worker,
        .topic = topic,
        .payload = payload,
        .content_type = content_type,
    };
    return airs_actor_system_subscriber_publish(self->services->subscriber, &publication, reached, error);
}
