/* The program around the system, as a sender: messages and requests from outside threads.
 *
 * Requests need a requester that is an actor, because answers go to mailboxes. This one lives beside the
 * registered actors and hands each answer to the function that waits for it, or to the thread. Its id is
 * airssys/host/0. */
#ifndef AIRSSYS_ACTOR_HOST_CALLER_H
#define AIRSSYS_ACTOR_HOST_CALLER_H

#include "actor/actor.h"

typedef struct airs_host_caller airs_host_caller_t;

#define AIRS_HOST_ID airs_id("airssys", "host", "0")

airs_status_t airs_host_caller_create(airs_services_t *services, airs_host_caller_t **out);

/* No actor may be left, and nobody wait in a call. Returns after the last function has heard of its request's
 * end. NULL is fine. */
void airs_host_caller_destroy(airs_host_caller_t *caller);

/* Who a message from outside is from; lives as long as the caller. */
airs_component_id_t *airs_host_caller_id(airs_host_caller_t *caller);

/* airs_actor_system_send. */
airs_status_t airs_host_caller_send(airs_host_caller_t *caller, airs_id_t target, airs_bytes_t payload,
                                    airs_str_t content_type, airs_error_t *error);

/* airs_actor_system_send_wait. */
airs_status_t airs_host_caller_send_wait(airs_host_caller_t *caller, airs_id_t target, airs_bytes_t payload,
                                         airs_str_t content_type, uint64_t timeout_ms, airs_error_t *error);

typedef struct airs_host_call {
    airs_id_t target;
    airs_bytes_t payload;
    airs_str_t content_type;
    uint64_t timeout_ms;
} airs_host_call_t;

/* airs_actor_system_request, airs_actor_system_cancel_request. */
airs_status_t airs_host_caller_request(airs_host_caller_t *caller, const airs_host_call_t *call,
                                       void (*ended)(void *context, const airs_answer_t *answer),
                                       void *context, airs_request_id_t *out, airs_error_t *error);
airs_status_t airs_host_caller_cancel(airs_host_caller_t *caller, const airs_request_id_t *id);

/* airs_actor_system_call. */
airs_status_t airs_host_caller_call(airs_host_caller_t *caller, const airs_host_call_t *call,
                                    void (*answer)(void *context, airs_bytes_t payload), void *context,
                                    airs_error_t *error);

#endif
