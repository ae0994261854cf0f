/* A request that awaits its end. The correlation tracker holds it until somebody takes it; from then on
 * it belongs to the taker alone. */
#ifndef AIRSSYS_CORE_PENDING_REQUEST_H
#define AIRSSYS_CORE_PENDING_REQUEST_H

#include <stdatomic.h>

#include "core/component_id.h"
#include "core/correlation_id.h"
#include "core/timer_service.h"

typedef struct airs_actor airs_actor_t;
typedef struct airs_pending_list airs_pending_list_t;
typedef struct airs_pending_request airs_pending_request_t;
typedef struct airs_correlation_tracker airs_correlation_tracker_t;

struct airs_pending_request {
    airs_correlation_id_t id;
    /* The tracker's own, beside the id because a look-up touches them. */
    airs_pending_request_t *bucket_next;
    airs_pending_request_t *list_next;
    airs_pending_request_t *list_previous;
    airs_pending_list_t *list;
    bool waiting; /* in the table; under its lock */
    /* Whoever registers it is still arming the timer: it may not be freed yet. */
    _Atomic bool arming;
    airs_timer_t timer;
    airs_correlation_tracker_t *tracker;
    /* For the taker. */
    airs_actor_t *requester;           /* as registered; the tracker does not look into it */
    uint64_t incarnation;              /* of the requester */
    airs_component_id_t *requester_id; /* a reference */
    airs_component_id_t *target_id;    /* a reference: who was asked */
    void *user;
};

/* Drops the references and gives the memory back. For whoever took it. NULL is fine. */
void airs_pending_request_destroy(airs_pending_request_t *request);

#endif
