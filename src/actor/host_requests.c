#include "actor/host_requests.h"

#include "core/check.h"
#include "core/memory.h"

#define FIRST_CAPACITY 64
#define NO_SLOT UINT32_MAX

union airs_host_slot {
    airs_host_request_t *request;
    uint32_t next_free;
};

void airs_host_requests_init(airs_host_requests_t *requests, const airs_allocator_t *allocator,
                             airs_block_pool_t *pool) {
    *requests = (airs_host_requests_t){.allocator = allocator, .pool = pool, .first_free = NO_SLOT};
    (void)pthread_mutex_init(&requests->lock, NULL);
}

void airs_host_requests_free(airs_host_requests_t *requests) {
    AIRS_ASSERT(requests->count == 0);
    pthread_mutex_destroy(&requests->lock);
    airs_release(requests->allocator, requests->slots);
}

/* Under the lock. */
static bool grow(airs_host_requests_t *requests) {
    uint32_t before = requests->capacity;
    uint32_t after = before > 0 ? 2 * before : FIRST_CAPACITY;
    airs_host_slot_t *slots =
        after > before ? airs_resize_array(requests->allocator, requests->slots, after, sizeof *slots) : NULL;
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = before; i < after; i++) {
        slots[i].next_free = i + 1 < after ? i + 1 : NO_SLOT;
    }
    requests->slots = slots;
    requests->capacity = after;
    requests->first_free = before;
    return true;
}

/* Under the lock. */
static bool give_ticket(airs_host_requests_t *requests, airs_host_request_t *request) {
    if (requests->first_free == NO_SLOT && !grow(requests)) {
        return false;
    }
    uint32_t ticket = requests->first_free;
    requests->first_free = requests->slots[ticket].next_free;
    requests->slots[ticket].request = request;
    requests->count++;
    request->note.ticket = ticket;
    return true;
}

airs_host_request_t *airs_host_requests_add(airs_host_requests_t *requests) {
    airs_host_request_t *request = airs_block_pool_alloc(requests->pool, sizeof *request);
    if (request == NULL) {
        return NULL;
    }
    *request = (airs_host_request_t){.note = {.status = AIRS_OK}};
    pthread_mutex_lock(&requests->lock);
    bool given = give_ticket(requests, request);
    pthread_mutex_unlock(&requests->lock);
    if (!given) {
        airs_block_pool_free(request);
        return NULL;
    }
    return request;
}

airs_host_request_t *airs_host_requests_find(airs_host_requests_t *requests, uint32_t ticket) {
    pthread_mutex_lock(&requests->lock);
    AIRS_ASSERT(ticket < requests->capacity);
    airs_host_request_t *request = requests->slots[ticket].request;
    pthread_mutex_unlock(&requests->lock);
    return request;
}

void airs_host_requests_forget(airs_host_requests_t *requests, airs_host_request_t *request) {
    uint32_t ticket = request->note.ticket;
    pthread_mutex_lock(&requests->lock);
    requests->slots[ticket].next_free = requests->first_free;
    requests->first_free = ticket;
    requests->count--;
    pthread_mutex_unlock(&requests->lock);
    airs_release(requests->allocator, request->note.text);
    airs_block_pool_free(request);
}
