/* The requests whose answers an actor has taken over (airssys:actor/replies): from then on what handle-message
 * returns for them is ignored. An error that it returns is logged and counted as any, and the request is still
 * to be answered.
 *
 * The table is the actor's owner's alone. A request may end otherwise meanwhile, of which the table does not
 * hear: such entries are swept out from time to time. An answer to a request that was swept out answers
 * AIRS_NOT_FOUND instead of AIRS_TIMEOUT. */
#ifndef AIRSSYS_ACTOR_DEFERRED_REPLIES_H
#define AIRSSYS_ACTOR_DEFERRED_REPLIES_H

#include "actor/actor.h"

/* These three as in core/message_router.h. */
airs_status_t airs_router_defer_reply(airs_message_router_t *router, airs_actor_t *self,
                                      airs_correlation_id_t *out, airs_error_t *error);
airs_status_t airs_router_reply(airs_message_router_t *router, airs_actor_t *self,
                                const airs_correlation_id_t *to, airs_bytes_t payload,
                                airs_str_t content_type, airs_error_t *error);
airs_status_t airs_router_fail(airs_message_router_t *router, airs_actor_t *self,
                               const airs_correlation_id_t *to, airs_str_t reason, airs_error_t *error);

/* Is there one that somebody still awaits? Forgets those that it finds ended otherwise, up to a bound: what is beyond that
 * counts as awaited. For the actor's owner. */
bool airs_deferred_replies_owed(airs_actor_t *actor);

/* The incarnation has ended: all fail, with this status and reason (NULL: the status's text). */
void airs_deferred_replies_end(airs_actor_t *actor, airs_status_t status, const char *reason);

/* The same with `most` of them at most (actor/actor_clearing.h). How many there were. */
size_t airs_deferred_replies_end_few(airs_actor_t *actor, size_t most, airs_status_t status,
                                     const char *reason);

/* Likewise, but only those that this incarnation took over, or that all others did. */
void airs_deferred_replies_end_some(airs_actor_t *actor, uint64_t incarnation, bool others,
                                    airs_status_t status, const char *reason);

#endif
