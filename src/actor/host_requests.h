/* The requests of the program around the system that await their end, by ticket.
 *
 * A ticket goes with the request and comes back with its end (airs_request_note_t), so that to find the request
 * again is to look into an array, however many there are. */
#ifndef AIRSSYS_ACTOR_HOST_REQUESTS_H
#define AIRSSYS_ACTOR_HOST_REQUESTS_H

#include <pthread.h>

#include "actor/response_router.h"

typedef struct airs_host_request {
    void (*ended)(void *context, const airs_answer_t *answer);
    void *context;
    bool awaited; /* a thread waits for it, which must hear of every end */
    airs_request_note_t note;
} airs_host_request_t;

typedef union airs_host_slot airs_host_slot_t;

typedef struct airs_host_requests {
    const airs_allocator_t *allocator;
    airs_block_pool_t *pool;
    pthread_mutex_t lock;
    airs_host_slot_t *slots; /* as many as there ever were requests at once */
    uint32_t capacity;
    uint32_t first_free; /* the free ones are a list */
    uint32_t count;
} airs_host_requests_t;

/* Both are borrowed. */
void airs_host_requests_init(airs_host_requests_t *requests, const airs_allocator_t *allocator,
                             airs_block_pool_t *pool);

/* No request may be left. */
void airs_host_requests_free(airs_host_requests_t *requests);

/* A new request with its ticket, the rest zeroed; NULL: no memory. Any thread. */
airs_host_request_t *airs_host_requests_add(airs_host_requests_t *requests);

/* The request with this ticket, which has had its end and is the caller's to forget. Any thread. */
airs_host_request_t *airs_host_requests_find(airs_host_requests_t *requests, uint32_t ticket);

/* Its ticket may be given out again. Any thread. */
void airs_host_requests_forget(airs_host_requests_t *requests, airs_host_request_t *request);

#endif
