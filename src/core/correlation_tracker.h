/* The table of requests that await their end. It knows of ends, not of who hears: that is the actor
 * layer's.
 *
 * A request is taken out of the table exactly once, whoever races for it (a response, a failure, the
 * deadline, a cancel, the requester's own end), and whoever took it gives it its one end.
 *
 * The requests of one requester lie in one of several shards, so that one lock guards both a request's
 * place in the table and its place in its requester's list; the shard is written into the id (which
 * leaves 116 random bits). Within a shard the table grows and shrinks by one bucket at a time, so that
 * registering costs the same with one request and with a million. */
#ifndef AIRSSYS_CORE_CORRELATION_TRACKER_H
#define AIRSSYS_CORE_CORRELATION_TRACKER_H

#include "core/block_pool.h"
#include "core/pending_request.h"

/* What one requester awaits, for embedding in it. `outstanding` may be read by anyone; the rest is the
 * tracker's own. */
struct airs_pending_list {
    airs_pending_request_t *first; /* the newest; under the shard's lock */
    uint32_t shard;
    _Atomic uint64_t outstanding; /* registered and not yet settled */
};

/* All of it outlives the tracker. */
typedef struct airs_correlation_tracker_options {
    const airs_allocator_t *allocator;
    airs_block_pool_t *pool;
    airs_random_t *random;
    airs_timer_service_t *timers;
    /* A request's deadline has passed: it was taken and is the callee's. Called by the timer service, so
     * it must be brief. */
    void (*timed_out)(void *context, airs_pending_request_t *request);
    void *context;
} airs_correlation_tracker_options_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_correlation_tracker_create(const airs_correlation_tracker_options_t *options,
                                              airs_correlation_tracker_t **out);

/* Nothing may be pending. NULL is fine. */
void airs_correlation_tracker_destroy(airs_correlation_tracker_t *tracker);

/* Before the first request of a requester. Nothing must be given back: a list is empty when its last
 * request was taken. */
void airs_pending_list_init(airs_pending_list_t *list, airs_correlation_tracker_t *tracker);

/* What a request is made of. The ids are referenced. `requester` and `user` are kept as they are: a
 * requester that may be gone before its last request was taken hands in a reference, which then is the
 * taker's. */
typedef struct airs_pending_parts {
    airs_actor_t *requester;
    uint64_t incarnation;
    airs_component_id_t *requester_id;
    airs_component_id_t *target_id;
    uint64_t deadline_ns; /* on the monotonic clock; UINT64_MAX: none */
    void *user;
    uint64_t limit; /* of requests outstanding in the list, this one included */
} airs_pending_parts_t;

/* Makes the id and starts the deadline: from now on the request has exactly one end, possibly before this
 * returns. AIRS_TOO_MANY_REQUESTS, AIRS_OUT_OF_MEMORY (then there is no request). Any thread. */
airs_status_t airs_correlation_tracker_register(airs_correlation_tracker_t *tracker,
                                                airs_pending_list_t *list, const airs_pending_parts_t *parts,
                                                airs_correlation_id_t *out);

/* The requester is done with one end (its callback runs or was discarded, or there is none): it counts
 * against the limit no longer. Once for each request that was registered, by whoever took it or by
 * whom that hands it to. Any thread. */
void airs_pending_list_settle(airs_pending_list_t *list);

/* Why a request is taken; only for the statistics. */
typedef enum airs_request_end {
    AIRS_REQUEST_COMPLETED, /* a response */
    AIRS_REQUEST_FAILED,    /* the target is missing, has stopped, trapped, refused, … */
    AIRS_REQUEST_CANCELLED, /* by the requester */
    AIRS_REQUEST_ORPHANED,  /* the requester's incarnation has ended */
    AIRS_REQUEST_UNSENT,    /* it could not be sent, so there was none: counted nowhere */
    AIRS_REQUEST_LEFT,      /* the target's has, and gives no answer: failed, and never late */
} airs_request_end_t;

/* The request with this id, which is the caller's from here on, with its deadline disarmed; NULL when it
 * has had its end or never was (which counts as late for COMPLETED and FAILED: somebody answered). Never waits for a
 * `timed_out` that runs. Any thread, not holding what the timer service's callbacks wait for. */
airs_pending_request_t *airs_correlation_tracker_take(airs_correlation_tracker_t *tracker,
                                                      const airs_correlation_id_t *id,
                                                      airs_request_end_t end);

/* The same, but only if `accept` (called under a lock: brief, no calls back) says so: a reply from who was
 * not asked must not end the request. */
airs_pending_request_t *airs_correlation_tracker_take_if(airs_correlation_tracker_t *tracker,
                                                         const airs_correlation_id_t *id,
                                                         bool (*accept)(const airs_pending_request_t *request,
                                                                        void *context),
                                                         void *context, airs_request_end_t end);

/* The same, but only if the request is in `list`: for cancelling one's own. */
airs_pending_request_t *airs_correlation_tracker_take_own(airs_correlation_tracker_t *tracker,
                                                          airs_pending_list_t *list,
                                                          const airs_correlation_id_t *id,
                                                          airs_request_end_t end);

/* Has the request with this id not had its end? Any thread, at once out of date. */
bool airs_correlation_tracker_pending(airs_correlation_tracker_t *tracker, const airs_correlation_id_t *id);

/* Any one request of `list`, NULL when none is left: for ending all of an incarnation. What others
 * register meanwhile is taken too. */
airs_pending_request_t *airs_correlation_tracker_take_next(airs_correlation_tracker_t *tracker,
                                                           airs_pending_list_t *list, airs_request_end_t end);

/* Likewise any one that the requester registered under this incarnation, or under another. Looks at each in turn. */
airs_pending_request_t *airs_correlation_tracker_take_of(airs_correlation_tracker_t *tracker,
                                                         airs_pending_list_t *list, uint64_t incarnation,
                                                         bool others, airs_request_end_t end);

typedef struct airs_correlation_statistics {
    uint64_t pending; /* now */
    uint64_t completed;
    uint64_t failed;
    uint64_t timed_out;
    uint64_t cancelled;
    uint64_t orphaned;
    uint64_t late; /* responses and failures whose request had ended */
} airs_correlation_statistics_t;

/* Each shard's part is exact, their sum is of no single moment while requests come and go. */
void airs_correlation_tracker_statistics(airs_correlation_tracker_t *tracker,
                                         airs_correlation_statistics_t *out);

#endif
