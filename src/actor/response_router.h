/* Who hears the end of a request.
 *
 * A request ends in exactly one way: response, failure, time-out or cancel; whoever takes it out of the
 * correlation tracker decides which. The requester hears of the first three by a callback, which is
 * exempt from its mailbox's bounds and can be made even when there is no memory left: a block for it is
 * set aside when the request is made.
 *
 * A request is answered only in the name of the actor that was asked. It ends silently with the
 * requester's incarnation. */
#ifndef AIRSSYS_ACTOR_RESPONSE_ROUTER_H
#define AIRSSYS_ACTOR_RESPONSE_ROUTER_H

#include "actor/actor.h"
#include "actor/actor_system.h"

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_response_router_create(airs_services_t *services, airs_response_router_t **out);

/* No request may be pending. NULL is fine. */
void airs_response_router_destroy(airs_response_router_t *router);

/* Before an actor's first request. */
void airs_response_router_attach(airs_response_router_t *router, airs_actor_t *requester);

/* What a requester that is no guest may want to know of an end beside its message: written by whoever ends the
 * request, before the message is in the requester's mailbox. */
typedef struct airs_request_note {
    uint32_t ticket;      /* the requester's: the message comes with it */
    airs_status_t status; /* of a failure */
    char *text;           /* likewise, for a person; from the system's allocator; NULL: no memory for it */
} airs_request_note_t;

/* What a request is made of. */
typedef struct airs_request_parts {
    airs_actor_t *requester;
    airs_worker_t *worker; /* the calling one, NULL for a thread from outside */
    airs_actor_t *target;
    uint64_t timeout_ms;
    airs_request_note_t *note; /* NULL: none; must live until the request has ended */
} airs_request_parts_t;

/* Register a request; *out is its id. Nothing has been sent yet. AIRS_TOO_MANY_REQUESTS,
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_response_router_open(airs_response_router_t *router, const airs_request_parts_t *parts,
                                        airs_correlation_id_t *out);

/* The request could not be sent: forget it. False when it had its end meanwhile (its deadline passed), of
 * which the requester hears: then it counts as sent, and its message as dropped. */
bool airs_response_router_abandon(airs_response_router_t *router, const airs_request_parts_t *parts,
                                  const airs_correlation_id_t *id);

/* Likewise of a request that is known to have had its end. */
void airs_response_router_count_unsent(airs_response_router_t *router, airs_worker_t *worker);

/* The requester's owner: AIRS_NOT_FOUND when it has ended, or is another actor's. */
airs_status_t airs_response_router_cancel(airs_response_router_t *router, airs_actor_t *requester,
                                          const airs_correlation_id_t *id);

/* The same by any thread, with the note that it was opened with; NULL: AIRS_NOT_FOUND. Every request of this
 * requester needs to have one. */
airs_request_note_t *airs_response_router_withdraw(airs_response_router_t *router, airs_actor_t *requester,
                                                   airs_worker_t *worker, const airs_correlation_id_t *id);

/* Is this callback one for an incarnation of the requester whose requests it goes on with no more? Its owner's. */
bool airs_response_router_is_stale(const airs_actor_t *requester, const airs_component_message_t *message);

/* A callback of the requester waits no longer: it is about to run, or was discarded. Its owner's. */
void airs_response_router_settle(airs_actor_t *requester);

/* The requester's incarnation has ended. */
void airs_response_router_cancel_all(airs_response_router_t *router, airs_actor_t *requester);

/* It is ending, and `most` of its requests at most end now (actor/actor_clearing.h). How many there were. */
size_t airs_response_router_cancel_few(airs_response_router_t *router, airs_actor_t *requester, size_t most);

/* Likewise, but only those made by this incarnation, or by all `others`. */
void airs_response_router_cancel_some(airs_response_router_t *router, airs_actor_t *requester,
                                      uint64_t incarnation, bool others);

/* What follows is for the owner of the actor that was asked. */

/* It answers. AIRS_TIMEOUT: the request has ended otherwise, which counts as a late answer.
 * AIRS_MESSAGE_TOO_LARGE and AIRS_UNSUPPORTED_CODEC (for the requester), with a text in `error` (may be NULL), and
 * AIRS_OUT_OF_MEMORY: it is still to be answered. */
airs_status_t airs_response_router_reply(airs_response_router_t *router, airs_actor_t *responder,
                                         const airs_correlation_id_t *id, airs_bytes_t payload,
                                         airs_str_t content_type, airs_error_t *error);

/* It answers for good: what the requester does not take is a failure. Late answers are counted and dropped. */
void airs_response_router_respond(airs_response_router_t *router, airs_actor_t *responder,
                                  const airs_correlation_id_t *id, airs_bytes_t payload,
                                  airs_str_t content_type);

/* It cannot: `status` and `reason` (NULL: the status's text) go into the failure's JSON object. Late ones are
 * counted, too. */
void airs_response_router_fail(airs_response_router_t *router, airs_actor_t *responder,
                               const airs_correlation_id_t *id, airs_status_t status, const char *reason);

/* It does not want to: AIRS_HANDLE_MESSAGE_FAILED with this reason. AIRS_TIMEOUT as above. */
airs_status_t airs_response_router_refuse(airs_response_router_t *router, airs_actor_t *responder,
                                          const airs_correlation_id_t *id, airs_str_t reason);

/* It ends without having answered. As airs_response_router_fail, but what had ended already is nothing late. */
void airs_response_router_leave(airs_response_router_t *router, airs_actor_t *responder,
                                const airs_correlation_id_t *id, airs_status_t status, const char *reason);

/* Likewise of a request that its mailbox has dropped, while somebody else may own it; `worker` is the calling
 * one. */
void airs_response_router_leave_for(airs_response_router_t *router, airs_worker_t *worker,
                                    airs_actor_t *responder, const airs_correlation_id_t *id,
                                    airs_status_t status, const char *reason);

/* Does the requester still await its end? Any thread, at once out of date. */
bool airs_response_router_awaited(airs_response_router_t *router, const airs_correlation_id_t *id);

void airs_response_router_counters(airs_response_router_t *router, airs_request_counters_t *out);

#endif
